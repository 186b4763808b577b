"""What a plan asks of a study's borders: which crossing can least be spared, and between which towns a line is missing."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.crs import rows_xyz, to_ecef
from ...geo.networks import TransportNetwork
from ...geo.places import origins_table
from .. import schemas
from ..indicators import ExponentialDecay
from ..times import origin_list, require_times_on_arcs, within_reach
from ._closures import Ports
from ._critical import (
    CRITICAL_LINKS,
    CRITICAL_PAIRS,
    CUT_OFF_MIN,
    WITHIN_KM,
    alone_and_together,
    links_table,
    pairs_table,
    place_weights,
)
from ._cuts import Beside, cuts_of
from ._losses import Question, Roads, Total, Trips, answers
from ._missing import MISSING_LINKS, missing_links

#: A trip is half as likely to go so many minutes farther.
TRIPS_HALVE_MIN: Final = 60.0
#: Trips over a border are those between towns so near to it; a journey of an hour or two.
NEAR_BORDER_KM: Final = 150.0
#: Towns between which a line is looked for lie so near to the border.
MENDED_WITHIN_KM: Final = 80.0
#: So many lines are looked for at each border.
MOST_LINES: Final = 3

#: What the loss of each crossing costs, with the provinces that it joins.
CRITICAL_CROSSINGS: Final[schemas.Schema] = {"province_a": "str", "province_b": "str", **CRITICAL_LINKS}

#: The same of two crossings of one border, closed together.
CRITICAL_CROSSING_PAIRS: Final[schemas.Schema] = {"province_a": "str", "province_b": "str", **CRITICAL_PAIRS}
#: So many crossings of each border are closed two at a time, those that cost most alone.
PAIRED: Final = 5


class ClosedCrossings:
    """What the loss of crossings costs the counties on both sides of their border, one at a time and two at a time.

    All borders share one network of ports: with every crossing closable, what is left around a county is its province.

    Parameters
    ----------
    roads : TransportNetwork
    places : geopandas.GeoDataFrame
        Counties with ``province, people``; those within 150 km of a border make its trips.
    crossings : geopandas.GeoDataFrame
        As `borders.crossings` gives them.
    borders : geopandas.GeoDataFrame
        ``province_a, province_b`` and the lines.
    cutoff_min : float
        Minutes of a circle that people leave.
    """

    def __init__(
        self,
        roads: TransportNetwork,
        places: gpd.GeoDataFrame,
        crossings: gpd.GeoDataFrame,
        borders: gpd.GeoDataFrame,
        *,
        cutoff_min: float,
    ) -> None:
        self._network = require_times_on_arcs(roads)
        self._places = places
        self._cutoff_min = cutoff_min
        self._beside = Beside(self._network, WITHIN_KM * 1000)
        near = [
            (line, _near(places, line, NEAR_BORDER_KM), _own(crossings, line))
            for line in borders.itertuples()
        ]
        #: Of each border with crossings and counties: its row, which counties, and its crossings.
        self._borders = [(line, rows, own) for line, rows, own in near if len(rows) and len(own)]

    @cached_property
    def _cuts(self) -> list[Roads]:
        return [self._roads(own) for _, _, own in self._borders]

    def _roads(self, crossings: gpd.GeoDataFrame) -> Roads:
        return Roads(
            self._network, cuts_of(self._network, crossings, within_km=WITHIN_KM, beside=self._beside)
        )

    @cached_property
    def _used(self) -> NDArray[np.int64]:
        """Rows of the counties that make any trips."""
        return np.unique(np.concatenate([rows for _, rows, _ in self._borders]))

    @cached_property
    def _ports(self) -> Ports:
        table = origins_table(self._places.iloc[self._used].reset_index(drop=True), argument="places")
        closable = [arcs for roads in self._cuts for arcs in roads.arcs]
        return Ports(self._network, origin_list(table, argument="places"), np.concatenate(closable))

    def _question(self, rows: NDArray[np.int64], closures: list[NDArray[np.int64]]) -> Question | None:
        """Return what is asked of a border, by those of its counties that are within reach; None where none is."""
        ports = self._ports
        number = np.searchsorted(self._used, rows)
        number = number[[not ports.entries[k].is_empty for k in number]]
        if len(number) == 0:
            return None
        some = self._places.iloc[self._used[number]].reset_index(drop=True)
        trips = Trips(
            table=origins_table(some, argument="places"),
            places=[ports.places[k] for k in number],
            people=place_weights("people", some, len(some)),
            decay=ExponentialDecay.half_life(TRIPS_HALVE_MIN),
            cutoff_ms=round(self._cutoff_min * 60_000),
            cut_off_min=CUT_OFF_MIN,
        )
        return Question(trips, number, closures)

    @cached_property
    def alone(self) -> gpd.GeoDataFrame:
        """The loss of each crossing; columns of `CRITICAL_CROSSINGS`, what costs most first."""
        asked = [
            (line, roads, question)
            for (line, rows, _), roads in zip(self._borders, self._cuts, strict=True)
            if (question := self._question(rows, roads.arcs)) is not None
        ]
        found = [
            links_table(roads, total).assign(province_a=line.province_a, province_b=line.province_b)
            for (line, roads, _), total in zip(asked, self._answers([one for *_, one in asked]), strict=True)
        ]
        return _joined(found, CRITICAL_CROSSINGS, ["cost_person_min", "link"], [False, True])

    @cached_property
    def pairs(self) -> gpd.GeoDataFrame:
        """The loss of two of each border's `PAIRED` costliest; columns of `CRITICAL_CROSSING_PAIRS`, most first."""
        lost = self.alone
        asked = []
        for line, rows, own in self._borders:
            of_line = (lost["province_a"] == line.province_a) & (lost["province_b"] == line.province_b)
            most = lost[of_line & (lost["cost_person_min"] > 0)].head(PAIRED)
            if len(most) > 1:
                roads = self._roads(own[own["link"].isin(most["link"])])
                question = self._question(rows, alone_and_together(roads))
                if question is not None:
                    asked.append((line, roads, question))
        found = [
            pairs_table(roads, total).assign(province_a=line.province_a, province_b=line.province_b)
            for (line, roads, _), total in zip(asked, self._answers([one for *_, one in asked]), strict=True)
        ]
        return _joined(
            found, CRITICAL_CROSSING_PAIRS, ["cost_person_min", "link_a", "link_b"], [False, True, True]
        )

    def _answers(self, questions: list[Question]) -> list[Total]:
        return answers(self._ports, questions, workers=None, progress=False) if questions else []


def missing_at_borders(
    roads: TransportNetwork, places: gpd.GeoDataFrame, borders: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Find the lines that are missing at each border, among the towns that lie near to it.

    Parameters
    ----------
    roads, places, borders
        As `ClosedCrossings` takes them; towns within 80 km of a border count.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `MISSING_LINKS`, the most gain per kilometre first.
    """
    found = []
    for line in borders.itertuples():
        near = _reached(roads, places.iloc[_near(places, line, MENDED_WITHIN_KM)].reset_index(drop=True))
        if near["province"].nunique() < 2 or not near["province"].duplicated().any():
            continue
        lines = missing_links(
            roads,
            near,
            weights="people",
            decay=ExponentialDecay.half_life(TRIPS_HALVE_MIN),
            most=MOST_LINES,
        )
        found.append(lines)
    table = _joined(found, MISSING_LINKS, ["gain_per_km", "from_id", "to_id"], [False, True, True])
    table["rank"] = np.arange(1, len(table) + 1, dtype="int64")
    return table


def _own(crossings: gpd.GeoDataFrame, line: Any) -> gpd.GeoDataFrame:
    """Return the crossings of a border."""
    found: gpd.GeoDataFrame = crossings[
        (crossings["province_a"] == line.province_a) & (crossings["province_b"] == line.province_b)
    ]
    return found


def _near(places: gpd.GeoDataFrame, line: Any, km: float) -> NDArray[np.int64]:
    """Return the rows of places of a border's two provinces that lie within so many kilometres of it."""
    of_two = np.flatnonzero(places["province"].isin([line.province_a, line.province_b]))
    if len(of_two) == 0:
        return of_two
    vertices = shapely.get_coordinates(shapely.segmentize(line.geometry, 0.02))
    tree = cKDTree(to_ecef(vertices[:, 0], vertices[:, 1]))
    away = tree.query(rows_xyz(places.iloc[of_two]))[0]
    near: NDArray[np.int64] = of_two[away <= km * 1000]
    return near


def _reached(roads: TransportNetwork, places: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if places.empty:
        return places
    found: gpd.GeoDataFrame = places[within_reach(roads, places)].reset_index(drop=True)
    return found


def _joined(
    frames: list[gpd.GeoDataFrame], schema: schemas.Schema, order: list[str], ascending: list[bool]
) -> gpd.GeoDataFrame:
    """Return the tables of all borders as one, in order."""
    held = [frame for frame in frames if len(frame)]
    if not held:
        return gpd.GeoDataFrame(schemas.empty(schema))
    table = pd.concat(held, ignore_index=True)[list(schema)]
    return gpd.GeoDataFrame(
        table.sort_values(order, ascending=ascending, ignore_index=True, kind="stable"), crs=held[0].crs
    )
