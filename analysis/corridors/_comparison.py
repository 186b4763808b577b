"""Base against scenario: what corridors change, for places, circles and each corridor by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_cutoffs, require_frame
from ...geo.crs import WGS84
from ...geo.errors import InputTypeError
from ...geo.networks import TransportNetwork, access, past_no_node
from ...geo.places import origins_table, same_places
from ..isochrones import isochrones
from ..schemas import COUNTY_TIMES, Schema, conform
from ..times import (
    NO_LIMIT_MS,
    UNREACHED,
    Targets,
    each,
    limit_to_ms,
    minutes_matrix,
    origin_list,
    require_network,
    search,
    told_of,
)
from ._corridors import corridor_segments, met_stops
from ._files import Corridor, resolve_corridors
from ._scenarios import Scenarios
from ._shapley import MAX_EXACT, shares_of

#: One row per scenario and cutoff: the circle of all centres together, and the counties whose seat
#: lies inside; the gains are against the base scenario.
GAINS: Final[Schema] = {
    "scenario": "str",
    "cutoff_min": "float64",
    "base_area_km2": "float64",
    "scenario_area_km2": "float64",
    "delta_area_km2": "float64",
    "base_counties": "int64",
    "scenario_counties": "int64",
    "delta_counties": "int64",
    "counties_gained": "str",
    "counties_lost": "str",
}
#: One row per stretch of a corridor between stops that meet the network, see `corridor_overlap`.
CORRIDOR_OVERLAP: Final[Schema] = {
    "corridor_id": "str",
    "from_stop": "str",
    "to_stop": "str",
    "length_km": "float64",
    "corridor_min": "float64",
    "base_min": "float64",
    "already_there": "bool",
}
#: The network holds a stretch already where it takes at most so many times the corridor's minutes.
ALREADY_THERE: Final = 1.15


def minutes_between(
    network: TransportNetwork, origins: Any, destinations: Any, *, limit_min: float | None = None
) -> NDArray[np.float64]:
    """Return travel times as a matrix.

    Parameters
    ----------
    network : TransportNetwork
    origins, destinations
        As `origins_table` takes them.
    limit_min : float, optional
        Longer journeys count as unreachable; a search that needn't go farther is faster.

    Returns
    -------
    ndarray of float, shape (number of origins, number of destinations)
        Minutes; NaN where unreachable, or where one end is farther from the network than its
        reach.

    Raises
    ------
    OffNetworkError
        If all origins or all destinations are out of reach.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> br.minutes_between(road, [(106.5, 29.5)], [(106.5, 29.5), (106.6, 29.5)])
    array([[ 0., 10.]])
    """
    require_network(network)
    limit_ms = limit_to_ms(limit_min, "limit_min")
    starts, ends = origin_list(origins), origin_list(destinations, argument="destinations")
    return minutes_matrix(network, starts, ends, limit_ms=limit_ms)


def minutes_to_nearest(
    network: TransportNetwork,
    places: gpd.GeoDataFrame,
    asked: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> list[NDArray[np.float64]]:
    """Return the minutes from some places to the nearest of others; a search ends where that is known.

    Parameters
    ----------
    network : TransportNetwork
    places : geopandas.GeoDataFrame
    asked : sequence of (ndarray of int64, ndarray of int64)
        Each time rows of `places` to set out from, and rows of which the nearest counts.

    Returns
    -------
    list of ndarray of float, shape (number of starts,)
        For each of `asked`: minutes; infinite where none can be reached, or a place is farther from the network than its
        reach.
    """
    checked = require_network(network)
    points = origin_list(places, argument="places")
    onto, off = (
        [access(one, lon=point.lon, lat=point.lat, xyz=point.xyz) for point in points]
        for one in (checked, checked.reverse)
    )
    jobs = []
    for starts, ends in asked:
        there = [end for end in ends.tolist() if not off[end].is_empty]
        xyz = np.array([points[end].xyz for end in there], dtype=np.float64).reshape(-1, 3)
        ways = Targets.of([off[end] for end in there], list(xyz))
        # the ways to all of them are ways to one target
        nearest = Targets(
            np.zeros((1, 3)), np.array([0, len(ways.node)]), ways.node, ways.time_ms, ways.length_m
        )
        jobs += [(start, nearest, xyz) for start in starts.tolist()]

    def one(job: tuple[int, Targets, NDArray[np.float64]]) -> float:
        start, nearest, xyz = job
        entry = onto[start]
        if entry.is_empty or len(xyz) == 0:
            return np.inf
        time_ms = search(checked, entry, limit_ms=NO_LIMIT_MS, wanted=nearest.ways)
        known = time_ms[nearest.node] != UNREACHED
        by_network = (time_ms[nearest.node][known] + nearest.time_ms[known]).astype(float).min(initial=np.inf)
        beside, _ = past_no_node(checked, entry.pieces, points[start].xyz, xyz)
        return float(min(by_network, beside.min()))

    found = np.array(list(each(one, jobs, progress=False, label="")), dtype=np.float64) / 60_000
    return np.split(found, np.cumsum([len(starts) for starts, _ in asked])[:-1]) if asked else []


def compare(
    base: TransportNetwork,
    scenario: TransportNetwork | None,
    origins: Any,
    *,
    destinations: Any = None,
    cutoffs_min: Any = (),
    counties: gpd.GeoDataFrame | None = None,
    corridors: Any = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Compare two networks place by place.

    Parameters
    ----------
    base, scenario : TransportNetwork
        Before and after. `scenario` may be None where `corridors` is given: it is then the base
        with all of them.
    origins : anything that `origins_table` takes
    destinations : the same, optional
        Where to; the origins among themselves when left out.
    cutoffs_min : iterable of float
        Also compare the areas of isochrones of these cutoffs; empty for none.
    counties : geopandas.GeoDataFrame, optional
        With columns `lon`, `lat`: also count the seats reached within each cutoff.
    corridors : optional
        As `resolve_corridors` takes it: also give each corridor's own contribution to the minutes
        saved, exact up to 8 corridors and sampled above.
    progress : bool
        Show a progress bar while isochrones are computed.

    Returns
    -------
    pandas.DataFrame
        One row per origin: ``origin_id, origin_name, n_destinations``, then
        ``base_mean_min, scenario_mean_min, delta_mean_min`` (mean over the destinations that
        are reached in both, the origin itself left out (`geo.places.same_places`); NaN where
        there is none; negative
        deltas are minutes saved), ``new_destinations`` (reached in the scenario only); per
        cutoff T ``base_T_km2, scenario_T_km2, delta_T_km2`` and, with `counties`,
        ``base_T_counties, scenario_T_counties, delta_T_counties``; per corridor
        ``contribution_<id>_min``, the Shapley value of `delta_mean_min`: their sum is the delta. With
        more than 8 corridors also ``contribution_<id>_se_min``, its standard error from sampling. `attrs` has
        ``statistic`` and ``window`` of timetable networks.

    Raises
    ------
    InputError, EmptyInputError, NetworkError

    Examples
    --------
    A road between two towns made twice as fast:

    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [1200.0]))
    >>> faster = br.changed_network(road, speed_factor=2)
    >>> found = br.compare(road, faster, [(106.5, 29.5), (106.6, 29.5)])
    >>> found[["base_mean_min", "scenario_mean_min", "delta_mean_min"]].values.tolist()
    [[20.0, 10.0, -10.0], [20.0, 10.0, -10.0]]
    """
    if scenario is None and corridors is None:
        raise InputTypeError("'scenario' is None; give a network, or 'corridors' to build it from")
    require_network(base, "base")
    if scenario is not None:
        require_network(scenario, "scenario")
    if counties is not None:
        require_frame(counties, "counties", columns=("lon", "lat"))
    scenarios = None if corridors is None else Scenarios(base, corridors)
    after_network = scenario
    if after_network is None and scenarios is not None:
        after_network = scenarios.network(scenarios.ids)
    assert after_network is not None  # noqa: S101 - one of the two was given
    places = origins_table(origins)
    ends = places if destinations is None else origins_table(destinations, argument="destinations")
    other = ~same_places(places, ends)

    before = minutes_between(base, places, ends)
    after = minutes_between(after_network, places, ends)
    both = np.isfinite(before) & np.isfinite(after) & other
    table = pd.DataFrame(
        {
            "origin_id": places["origin_id"],
            "origin_name": places["origin_name"],
            "n_destinations": both.sum(axis=1).astype("int64"),
            "base_mean_min": _row_mean(before, both),
            "scenario_mean_min": _row_mean(after, both),
        }
    )
    table["delta_mean_min"] = table["scenario_mean_min"] - table["base_mean_min"]
    table["new_destinations"] = (
        (np.isfinite(after) & ~np.isfinite(before) & other).sum(axis=1).astype("int64")
    )

    cutoffs = () if _is_empty(cutoffs_min) else require_cutoffs(cutoffs_min)
    for label, network in (("base", base), ("scenario", after_network)):
        if cutoffs:
            found = isochrones(network, places, cutoffs_min=cutoffs, progress=progress)
            area = found.pivot_table(index="origin_id", columns="cutoff_min", values="area_km2", dropna=False)
            for cutoff in cutoffs:
                table[f"{label}_{cutoff:g}_km2"] = (
                    area[cutoff].reindex(places["origin_id"]).to_numpy(dtype=float)
                )
        if cutoffs and counties is not None:
            seats = require_frame(counties, "counties", columns=("lon", "lat"))
            minutes = minutes_between(network, places, seats)
            for cutoff in cutoffs:
                table[f"{label}_{cutoff:g}_counties"] = (minutes <= cutoff).sum(axis=1).astype("int64")
    for cutoff in cutoffs:
        for unit in ("km2", "counties"):
            if f"base_{cutoff:g}_{unit}" in table:
                table[f"delta_{cutoff:g}_{unit}"] = (
                    table[f"scenario_{cutoff:g}_{unit}"] - table[f"base_{cutoff:g}_{unit}"]
                )
    if scenarios is not None:
        times = scenarios.times(places, ends)

        def mean_min(ids: frozenset[str]) -> NDArray[np.float64]:
            # Every subset is measured over the same pairs, those that base and scenario both reach.
            return _row_mean(times.minutes(ids), both)

        for identifier, (share, error) in shares_of(scenarios.ids, mean_min).items():
            table[f"contribution_{identifier}_min"] = share
            if len(scenarios.ids) > MAX_EXACT:
                table[f"contribution_{identifier}_se_min"] = error
    table.attrs.update(told_of(base) | told_of(after_network))
    return table


def county_times(
    base: TransportNetwork,
    scenario: TransportNetwork,
    counties: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame,
    *,
    cutoff_min: float,
) -> pd.DataFrame:
    """Return the minutes from each centre to each county's seat, before and after.

    Parameters
    ----------
    base, scenario : TransportNetwork
    counties : geopandas.GeoDataFrame
        In the schema of `counties`.
    centres : geopandas.GeoDataFrame
        As `origins_table` returns it.
    cutoff_min : float
        A county is inside where its seat is reached within so many minutes.

    Returns
    -------
    pandas.DataFrame
        One row per county and centre in the schema ``COUNTY_TIMES``.
    """
    seats = origins_table(counties) if len(counties) else counties
    if len(counties) == 0:
        return conform([], COUNTY_TIMES)
    before = minutes_between(base, centres, seats)
    after = minutes_between(scenario, centres, seats)
    rows = [
        {
            "adcode": adcode,
            "name": name,
            "province": province,
            "centre_id": centre_id,
            "centre_name": centre_name,
            "base_min": before[i, j],
            "scenario_min": after[i, j],
            "delta_min": after[i, j] - before[i, j],
            "base_inside": bool(before[i, j] <= cutoff_min),
            "scenario_inside": bool(after[i, j] <= cutoff_min),
        }
        for j, (adcode, name, province) in enumerate(
            zip(counties["adcode"], counties["name"], counties["province"], strict=True)
        )
        for i, (centre_id, centre_name) in enumerate(
            zip(centres["origin_id"], centres["origin_name"], strict=True)
        )
    ]
    return conform(rows, COUNTY_TIMES)


def gains(
    areas: Mapping[str, Mapping[float, float]], inside: Mapping[str, Mapping[float, Sequence[str]]]
) -> pd.DataFrame:
    """Return what each scenario adds to the circle, against the scenario "base".

    Parameters
    ----------
    areas : mapping of scenario to mapping of cutoff to km²
    inside : mapping of scenario to mapping of cutoff to county names
        Counties whose seat lies in the circle; no two may have the same name.

    Returns
    -------
    pandas.DataFrame
        In the schema `GAINS`, every scenario but the base, cutoffs ascending.
    """
    rows = []
    for scenario, of_cutoff in areas.items():
        if scenario == "base":
            continue
        for cutoff in sorted(of_cutoff):
            before, after = inside["base"][cutoff], inside[scenario][cutoff]
            new = [name for name in after if name not in set(before)]
            lost = [name for name in before if name not in set(after)]
            base_area = areas["base"][cutoff]
            rows.append(
                {
                    "scenario": scenario,
                    "cutoff_min": cutoff,
                    "base_area_km2": base_area,
                    "scenario_area_km2": of_cutoff[cutoff],
                    "delta_area_km2": of_cutoff[cutoff] - base_area,
                    "base_counties": len(before),
                    "scenario_counties": len(after),
                    "delta_counties": len(after) - len(before),
                    "counties_gained": "、".join(new),
                    "counties_lost": "、".join(lost),
                }
            )
    return conform(rows, GAINS)


def _row_mean(values: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    count = chosen.sum(axis=1)
    total = np.where(chosen, values, 0.0).sum(axis=1)
    mean: NDArray[np.float64] = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return mean


def _is_empty(cutoffs_min: Any) -> bool:
    return isinstance(cutoffs_min, (list, tuple)) and len(cutoffs_min) == 0


def corridor_overlap(network: TransportNetwork, corridors: Any) -> pd.DataFrame:
    """Return how fast the network already goes where a corridor would run.

    Parameters
    ----------
    network : TransportNetwork
        Without the corridors.
    corridors
        As `resolve_corridors` takes it.

    Returns
    -------
    pandas.DataFrame
        One row per pair of consecutive stops that meet the network (`corridor_joins`):
        ``corridor_id, from_stop, to_stop, length_km, corridor_min, base_min, already_there``.
        `corridor_min` is the line-haul time of the fastest service between them, `base_min` the
        network's own time between the nodes they meet; a stretch is already there where the
        network takes at most `ALREADY_THERE` times as long. A gap between the two that is small
        says that the network holds the line, or one as good, already.

    Examples
    --------
    The network takes as long as the new road would, so that there is nothing new in it:

    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [420.0]))
    >>> line = br.Corridor(
    ...     id="new-road",
    ...     name="新路",
    ...     mode="road",
    ...     status="planned",
    ...     status_date="2025-01-01",
    ...     design_speed_kph=100,
    ...     speed_factor=1.0,
    ...     stops=[
    ...         {"name": "甲", "lon": 106.5, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...         {"name": "乙", "lon": 106.6, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...     ],
    ... )
    >>> br.corridor_overlap(road, line)[["corridor_min", "base_min", "already_there"]].round(2)
       corridor_min  base_min  already_there
    0          6.98       7.0           True
    """
    at_nodes = require_network(network).with_access(max_access_km=0.001)
    rows = []
    for one in resolve_corridors(corridors):
        met = met_stops(network, one)
        if len(met) < 2:
            continue
        node = np.array([stop.node for stop in met])
        points = gpd.GeoDataFrame(
            {"origin_id": [str(n) for n in node]},
            geometry=gpd.points_from_xy(network.node_lon[node], network.node_lat[node]),
            crs=WGS84,
        )
        minutes = minutes_between(at_nodes, points, points)
        along = np.concatenate([[0.0], np.cumsum(one.lengths_km)])
        haul = _line_haul_min(one)
        for k in range(len(met) - 1):
            first, last = met[k].number, met[k + 1].number
            own, there = haul[first, last], minutes[k, k + 1]
            rows.append(
                {
                    "corridor_id": one.id,
                    "from_stop": one.stops[first].name,
                    "to_stop": one.stops[last].name,
                    "length_km": along[last] - along[first],
                    "corridor_min": own,
                    "base_min": there,
                    "already_there": bool(there <= ALREADY_THERE * own),
                }
            )
    return conform(rows, CORRIDOR_OVERLAP)


def _line_haul_min(one: Corridor) -> NDArray[np.float64]:
    """Least line-haul minutes between any two stops, changing trains at no cost."""
    n = len(one.stops)
    best = np.full((n, n), np.inf)
    np.fill_diagonal(best, 0.0)
    position = {stop.name: number for number, stop in enumerate(one.stops)}
    segments = corridor_segments(one)
    for start, end, minutes in zip(
        segments["from_stop"], segments["to_stop"], segments["line_haul_min"], strict=True
    ):
        a, b = position[start], position[end]
        best[a, b] = best[b, a] = min(best[a, b], minutes)
    for k in range(n):
        best = np.minimum(best, best[:, k, None] + best[None, k, :])
    return best
