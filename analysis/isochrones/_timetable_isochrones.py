"""Isochrones by road and by trains as they run, for a statistic of a window of departures."""

from __future__ import annotations

import re
from typing import Any, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_cell_m, require_cutoffs
from ...geo.errors import InputError, OffNetworkError
from ...geo.networks import TransferRules, TransportNetwork
from ...geo.timetables import Timetable
from .. import schemas
from ..times import UNREACHED, Egress, Origin, RoadsAndTrains, each, enter, origin_list, search
from ._drawings import draw_isochrones, nested
from ._isochrones import isochrone_rows, prepare


def timetable_isochrones(
    network: TransportNetwork,
    timetable: Timetable,
    origins: Any,
    *,
    cutoffs_min: Any = (60, 120),
    statistic: str = "p50",
    window: tuple[str, str] = ("07:00", "19:00"),
    rules: TransferRules | None = None,
    station_reach_min: float = 90.0,
    between_stations_min: float = 60.0,
    cell_m: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Compute isochrones by road and by trains as they run.

    With ``statistic="p50"`` the isochrone holds what half of the departures of the window reach within the cutoff.

    Parameters
    ----------
    network : TransportNetwork
        Roads.
    timetable : Timetable
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
    cutoffs_min : number or sequence of numbers
        Minutes, positive, ascending.
    statistic : str
        As the columns of `timetable_times` are called: ``p50`` and so on for a percentile, ``fastest`` for who sets
        out at the best moment.
    window, rules, station_reach_min, between_stations_min
        As in `timetable_times`.
    cell_m, workers, progress
        As in `isochrones`.

    Returns
    -------
    geopandas.GeoDataFrame
        As from `isochrones`, mode ``road+rail``, and ``statistic``.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError
        If an argument can't be used.
    UnknownPlaceError, AmbiguousPlaceError, OffNetworkError

    See Also
    --------
    timetable_times, isochrones

    Notes
    -----
    The statistic is exact at every node of the network; from there on, time off the network and along lines is added
    to it. Where trains bring one to both ends of a road at different hours, a percentile between the ends is a little
    more than it could be: what is drawn is reached.

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     [(h, "A", f"{h:02}:00") for h in range(6, 24)] + [(h, "B", f"{h:02}:30") for h in range(6, 24)],
    ...     columns=["train", "station", "depart"],
    ... ).assign(arrive="", stop_no=lambda t: (t["station"] == "B") + 1)
    >>> stations = pd.DataFrame({"name": ["A", "B"], "lon": [106.5, 107.5], "lat": [29.5, 29.5]})
    >>> trains = br.timetable(calls, stations=stations)
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [7200.0]))
    >>> half, best = (
    ...     br.timetable_isochrones(road, trains, (106.5, 29.5), cutoffs_min=60, statistic=statistic)
    ...     for statistic in ("p50", "fastest")
    ... )
    >>> bool(best["area_km2"][0] > half["area_km2"][0])
    True
    """
    column, percentile = _statistic(statistic)
    cutoffs = require_cutoffs(cutoffs_min)
    cell = require_cell_m(cell_m)
    both = RoadsAndTrains(
        network,
        timetable,
        rules=rules,
        window=window,
        station_reach_min=station_reach_min,
        between_stations_min=between_stations_min,
    )
    points = origin_list(origins)
    prepare(network, searches=len(points) + len(both.stations))
    access = both.access_s(origins)
    limit_ms = round(cutoffs[-1] * 60_000)
    egress = _to_nodes(both, workers=workers)

    def row(k: int) -> list[tuple[shapely.MultiPolygon, float]]:
        entry = enter(network, points[k])
        road_ms = search(network, entry, limit_ms=limit_ms)
        road_s = np.where(road_ms == UNREACHED, np.inf, road_ms / 1000)
        found = both.statistics(both.arrivals(access[k]), egress, road_s, percentiles=percentile)
        chosen = found[:, column]
        by_train = np.isfinite(chosen) & (chosen < road_s) & (chosen * 1000 <= limit_ms)
        times = road_ms.copy()
        times[by_train] = np.rint(chosen[by_train] * 1000).astype(np.int32)
        drawings = draw_isochrones(
            network, points[k], entry, cutoffs, cell_m=cell, workers=apart, time_ms=times
        )
        return nested(drawings, cutoffs)

    apart = workers if len(points) == 1 else 1
    found = each(row, range(len(points)), progress=progress, label="isochrones", workers=workers)
    rows = isochrone_rows(network, points, list(found), cutoffs, "from")
    frame = cast("gpd.GeoDataFrame", schemas.conform(rows, schemas.ISOCHRONES))
    frame["mode"] = "+".join(dict.fromkeys([*network.modes, "rail"]))
    frame["statistic"] = statistic
    return frame


def _statistic(statistic: object) -> tuple[int, tuple[float, ...]]:
    """Return the column of `RoadsAndTrains.statistics` and the percentiles to ask for."""
    if isinstance(statistic, str) and statistic == "fastest":
        return 1, ()
    found = re.fullmatch(r"p(\d{1,3}(?:\.\d+)?)", statistic) if isinstance(statistic, str) else None
    if found is None or float(found[1]) > 100:
        raise InputError(f"'statistic' should be 'fastest' or a percentile such as 'p50', got {statistic!r}")
    return 3, (float(found[1]),)


def _to_nodes(both: RoadsAndTrains, *, workers: int | None) -> Egress:
    """Return the ways from stations to all nodes within their reach."""
    network, places = both.network, origin_list(both.stations)

    def reached(station: Origin) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        try:
            entry = enter(network, station)
        except OffNetworkError:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing
        time_ms = search(network, entry, limit_ms=round(both.reach_s * 1000))
        node = np.flatnonzero(time_ms != UNREACHED)
        return node, np.rint(time_ms[node] / 1000).astype(np.int64)

    found = list(each(reached, places, progress=False, label="stations", workers=workers))
    node = np.concatenate([part for part, _ in found])
    seconds = np.concatenate([part for _, part in found]) + both.alighting_s
    station = np.repeat(np.arange(len(found)), [len(part) for part, _ in found])
    order = np.argsort(node, kind="stable")
    start = np.searchsorted(node[order], np.arange(network.n_nodes + 1))
    return Egress(start, station[order], seconds[order])
