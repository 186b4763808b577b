"""What a plan asks of a study's borders: which crossing can least be spared, and between which towns a line is missing."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from ...geo.crs import rows_xyz, to_ecef
from ...geo.networks import TransportNetwork
from .. import schemas
from ..indicators import ExponentialDecay
from ..times import within_reach
from ._critical import CRITICAL_LINKS, CRITICAL_PAIRS, critical_links, critical_pairs
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


def critical_crossings(
    roads: TransportNetwork,
    places: gpd.GeoDataFrame,
    crossings: gpd.GeoDataFrame,
    borders: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
) -> gpd.GeoDataFrame:
    """Compute what the loss of each crossing costs the counties on both sides of its border.

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

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `CRITICAL_CROSSINGS`, what costs most first.
    """
    found = []
    for line in borders.itertuples():
        own = crossings[
            (crossings["province_a"] == line.province_a) & (crossings["province_b"] == line.province_b)
        ]
        near = _reached(roads, _near(places, line, NEAR_BORDER_KM))
        if own.empty or near.empty:
            continue
        lost = critical_links(
            roads,
            near,
            own,
            weights="people",
            decay=ExponentialDecay.half_life(TRIPS_HALVE_MIN),
            cutoff_min=cutoff_min,
        )
        found.append(lost.assign(province_a=line.province_a, province_b=line.province_b))
    return _joined(found, CRITICAL_CROSSINGS, ["cost_person_min", "link"], [False, True])


def critical_crossing_pairs(
    roads: TransportNetwork,
    places: gpd.GeoDataFrame,
    crossings: gpd.GeoDataFrame,
    borders: gpd.GeoDataFrame,
    lost: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
) -> gpd.GeoDataFrame:
    """Compute what the loss of two crossings of a border at a time costs, among those that cost most alone.

    Parameters
    ----------
    roads, places, crossings, borders, cutoff_min
        As `critical_crossings` takes them.
    lost : geopandas.GeoDataFrame
        What that gives: of each border the `PAIRED` crossings that cost most are closed two at a time.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `CRITICAL_CROSSING_PAIRS`, what costs most first.
    """
    found = []
    for line in borders.itertuples():
        of_line = (lost["province_a"] == line.province_a) & (lost["province_b"] == line.province_b)
        most = lost[of_line & (lost["cost_person_min"] > 0)].head(PAIRED)
        own = crossings[crossings["link"].isin(most["link"])]
        near = _reached(roads, _near(places, line, NEAR_BORDER_KM))
        if own["link"].nunique() < 2 or near.empty:
            continue
        pairs = critical_pairs(
            roads,
            near,
            own,
            weights="people",
            decay=ExponentialDecay.half_life(TRIPS_HALVE_MIN),
            cutoff_min=cutoff_min,
        )
        found.append(pairs.assign(province_a=line.province_a, province_b=line.province_b))
    return _joined(
        found, CRITICAL_CROSSING_PAIRS, ["cost_person_min", "link_a", "link_b"], [False, True, True]
    )


def missing_at_borders(
    roads: TransportNetwork, places: gpd.GeoDataFrame, borders: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Find the lines that are missing at each border, among the towns that lie near to it.

    Parameters
    ----------
    roads, places, borders
        As `critical_crossings` takes them; towns within 80 km of a border count.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `MISSING_LINKS`, the most gain per kilometre first.
    """
    found = []
    for line in borders.itertuples():
        near = _reached(roads, _near(places, line, MENDED_WITHIN_KM))
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


def _near(places: gpd.GeoDataFrame, line: object, km: float) -> gpd.GeoDataFrame:
    """Return the places of a border's two provinces that lie within so many kilometres of it."""
    of_two = places[places["province"].isin([line.province_a, line.province_b])]  # type: ignore[attr-defined]
    if of_two.empty:
        return of_two
    vertices = shapely.get_coordinates(shapely.segmentize(line.geometry, 0.02))  # type: ignore[attr-defined]
    tree = cKDTree(to_ecef(vertices[:, 0], vertices[:, 1]))
    away = tree.query(rows_xyz(of_two))[0]
    found: gpd.GeoDataFrame = of_two[away <= km * 1000].reset_index(drop=True)
    return found


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
