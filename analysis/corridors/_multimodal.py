"""By road and rail: the journeys and circles of a study when today's trains may be used."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Hashable, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.crs import ELLIPSOID
from ...geo.derived import derived_by
from ...geo.errors import InputTypeError
from ...geo.networks import (
    RAIL_RIDE_ERROR,
    RAIL_WAIT_ERROR,
    TRUNK_TIME_ERRORS,
    LineNetwork,
    TransferRules,
    TransportNetwork,
    join_networks,
    journey_components,
    rail_network,
)
from ...geo.timetables import TimetableNetwork
from .. import schemas
from ..times import require_network
from ._comparison import minutes_between
from ._corridors import add_corridors
from ._files import resolve_corridors
from ._lines import add_corridor_lines

_PARTS: Final = (
    "line_haul_min",
    "slower_trains_min",
    "waiting_min",
    "night_min",
    "boarding_min",
    "alighting_min",
    "transfer_min",
    "road_min",
    "access_min",
    "n_boardings",
    "lines",
    "way_km",
    "straight_km",
    "mark",
)

#: More than the exits of any network within its reach of a place: journeys then take what searches find.
_ALL_NEAR: Final = 4096


@functools.lru_cache(maxsize=8)
def embedded_railways(date: dt.date | None) -> LineNetwork:
    """Return the embedded railways in service on a day; today's when None."""
    return rail_network(date=date)


@derived_by(most=2)
def _joined(road: TransportNetwork, lines: LineNetwork) -> TransportNetwork:
    """Return roads and lines joined by the usual rules: several parts of a study ask for the same."""
    return join_networks(road, lines)


def with_railways(
    road: TransportNetwork,
    *,
    corridors: Any = (),
    rules: TransferRules | None = None,
    rail: LineNetwork | None = None,
) -> TransportNetwork:
    """Return a road network joined with the embedded railways in service, and with corridors.

    Parameters
    ----------
    road : TransportNetwork
    corridors
        As `analysis.corridors.resolve_corridors` takes it. Railways become lines of the railway
        network, so that trains run through between old and new; roads and air lanes are added as
        `add_corridors` does.
    rules : TransferRules, optional
        Minutes for boarding, waiting, changing and alighting; the documented defaults when left
        out.
    rail : LineNetwork, optional
        Railways from tables or a feed of one's own; the embedded ones when left out.

    See Also
    --------
    geo.networks.join_networks, geo.networks.rail_network, analysis.corridors.add_corridor_lines

    Examples
    --------
    From Chongqing's western station to Guiyang's northern one, by road alone and with today's
    trains, minutes:

    >>> road = br.build_network([106.435, 106.674], [29.506, 26.619], br.Links([0], [1], [390e3], [18e3]))
    >>> joined = br.with_railways(road)
    >>> ends = [(106.435, 29.506)], [(106.674, 26.619)]
    >>> [br.minutes_between(n, *ends).round().tolist() for n in (road, joined)]
    [[[300.0]], [[183.0]]]
    """
    require_network(road, "road")
    if rail is not None and not isinstance(rail, LineNetwork):
        raise InputTypeError(
            f"'rail' should be a LineNetwork, as rail_network makes it, got {type(rail).__name__}"
        )
    chosen = resolve_corridors(corridors)
    lines = add_corridor_lines(
        embedded_railways(None) if rail is None else rail, [one for one in chosen if one.mode == "rail"]
    )
    joined = _joined(road, lines) if rules is None else join_networks(road, lines, rules=rules)
    return add_corridors(joined, [one for one in chosen if one.mode != "rail"])


def journeys(road: TransportNetwork, joined: TransportNetwork, centres: gpd.GeoDataFrame) -> pd.DataFrame:
    """Take the fastest journeys between centres apart, beside the time by road alone.

    Parameters
    ----------
    road, joined : TransportNetwork
        Roads alone, and the same with railways.
    centres : geopandas.GeoDataFrame
        ``origin_id, origin_name, lon, lat``, as `origins_table` gives them.

    Returns
    -------
    pandas.DataFrame
        Columns of `schemas.JOURNEYS`, one row per ordered pair. ``line_haul_min`` is what is spent
        in trains as fast as the fastest; it is 0 where driving all the way is fastest.
        ``door_to_door_min`` is the sum of all parts, NaN where there is no way; about two in three true
        times lie between ``low_min`` and ``high_min``. ``mark`` as in `journey_components`. On a timetable network
        there are no parts (NaN): a tenth of the departures take ``low_min`` at most, nine tenths ``high_min``.
    """
    by_road = minutes_between(road, centres, centres)
    pairs = [(i, j) for i in range(len(centres)) for j in range(len(centres)) if i != j]
    if not pairs:
        return schemas.empty(schemas.JOURNEYS)
    ids, names = centres["origin_id"].tolist(), centres["origin_name"].tolist()
    if isinstance(joined, TimetableNetwork):
        return _by_departures(joined, centres, by_road, pairs)
    points = list(zip(centres["lon"].astype(float), centres["lat"].astype(float), strict=True))
    parts = journey_components(joined, [(points[i], points[j]) for i, j in pairs], n_access_points=_ALL_NEAR)
    rows = [
        {
            "from_id": ids[i],
            "from_name": names[i],
            "to_id": ids[j],
            "to_name": names[j],
            "road_only_min": by_road[i, j],
            "door_to_door_min": part["total_min"],
            **_spread(part),
            **{name: part[name] for name in _PARTS},
        }
        for part, (i, j) in zip(parts.to_dict("records"), pairs, strict=True)
    ]
    return schemas.conform(rows, schemas.JOURNEYS)


def _by_departures(
    joined: TimetableNetwork,
    centres: gpd.GeoDataFrame,
    by_road: NDArray[np.float64],
    pairs: list[tuple[int, int]],
) -> pd.DataFrame:
    """Tell journeys on a timetable network, by what its departures take."""
    took, low, high = (
        minutes_between(joined.with_departures(statistic=one), centres, centres)
        for one in (joined.statistic, "p10", "p90")
    )
    lon, lat = (centres[column].to_numpy(dtype=float) for column in ("lon", "lat"))
    ids, names = centres["origin_id"].tolist(), centres["origin_name"].tolist()
    rows = [
        {
            **dict.fromkeys(_PARTS, np.nan),
            "from_id": ids[i],
            "from_name": names[i],
            "to_id": ids[j],
            "to_name": names[j],
            "road_only_min": by_road[i, j],
            "door_to_door_min": took[i, j],
            "low_min": low[i, j],
            "high_min": high[i, j],
            "n_boardings": 0,
            "lines": "",
            "mark": "",
            "straight_km": float(ELLIPSOID.inv(lon[i], lat[i], lon[j], lat[j])[2]) / 1000,
        }
        for i, j in pairs
    ]
    return schemas.conform(rows, schemas.JOURNEYS)


def _spread(parts: Mapping[Hashable, Any]) -> dict[str, float]:
    """Return between what times about two in three true ones lie, as found where these are known.

    By train it is the waiting that nobody knows beforehand: the fewer trains, the wider.
    """
    total, road = float(parts["total_min"]), float(parts["road_min"] + parts["access_min"])
    if not total > 0:
        return {"low_min": total, "high_min": total}
    error = next(error for until, error in TRUNK_TIME_ERRORS if road <= until or until == math.inf)
    if parts["n_boardings"]:
        ride = parts["line_haul_min"] + parts["slower_trains_min"]
        wait = RAIL_WAIT_ERROR * parts["waiting_min"]
        error = math.hypot(error * road, RAIL_RIDE_ERROR * ride, wait) / total
    return {"low_min": total * math.exp(-error), "high_min": total * math.exp(error)}
