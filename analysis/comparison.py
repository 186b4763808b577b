"""Base against scenario: what corridors change, for places, circles and each corridor by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Final, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..geo.checks import require_cutoffs, require_frame
from ..geo.crs import WGS84
from ..geo.errors import InputError, InputTypeError
from ..geo.network import TransportNetwork
from ..geo.places import origins_table
from .corridor_files import Corridor, resolve_corridors
from .corridors import add_corridors, corridor_joins, corridor_segments
from .isochrones import isochrones
from .origins import require_network, within_reach
from .schemas import COUNTY_TIMES, Schema, conform
from .travel_times import travel_times

Player = TypeVar("Player", bound=Hashable)

#: Shapley values are exact up to this many corridors: 2 to its power networks are searched.
MAX_EXACT: Final = 8

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
}
#: One row per corridor and measure; over all corridors they add up to the row "total".
CONTRIBUTIONS: Final[Schema] = {
    "corridor_id": "str",
    "measure": "str",
    "contribution": "float64",
    "alone": "float64",
    "last": "float64",
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


class Scenarios:
    """The networks that subsets of corridors make on one base, each built once.

    Parameters
    ----------
    base : TransportNetwork
    corridors
        As `analysis.corridors.resolve_corridors` takes it.

    Attributes
    ----------
    base : TransportNetwork
    corridors : tuple of Corridor
    """

    def __init__(self, base: TransportNetwork, corridors: Any) -> None:
        self.base = base
        self.corridors: tuple[Corridor, ...] = tuple(resolve_corridors(corridors))
        self._networks: dict[frozenset[str], TransportNetwork] = {frozenset(): base}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the corridors, in the order given."""
        return tuple(one.id for one in self.corridors)

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the ids in each scenario: "base", every corridor alone under its id, and "all".

        With one corridor, "all" is that corridor alone; without any, there is "base" only.
        """
        found: dict[str, tuple[str, ...]] = {"base": ()}
        if len(self.corridors) > 1:
            found.update({identifier: (identifier,) for identifier in self.ids})
        if self.corridors:
            found["all"] = self.ids
        return found

    def network(self, ids: Iterable[str]) -> TransportNetwork:
        """Return the network with the corridors of these ids added.

        Raises
        ------
        InputError
            If one isn't among `corridors`.
        """
        chosen = frozenset(ids)
        unknown = chosen - set(self.ids)
        if unknown:
            raise InputError(f"no corridor {min(unknown)!r} among {', '.join(self.ids)}")
        if chosen not in self._networks:
            members = [one for one in self.corridors if one.id in chosen]
            self._networks[chosen] = add_corridors(self.base, members)
        return self._networks[chosen]


def shapley(
    players: Sequence[Player], value: Callable[[frozenset[Player]], NDArray[np.float64]]
) -> dict[Player, NDArray[np.float64]]:
    """Return each player's share of what all of them gain together.

    The share is the mean, over all orders in which the players may come, of what a player adds
    to those before it: it doesn't depend on an order, gives equal shares to equal players,
    nothing to one who never adds anything, and the shares add up to the total.

    Parameters
    ----------
    players : sequence
        At most 8.
    value : callable
        Gets a frozenset of players, returns numbers (always in the same shape).

    Returns
    -------
    dict
        Player to share, in the shape that `value` returns.

    Raises
    ------
    InputError
        If there are more than 8 players.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games 2.

    Examples
    --------
    Two lines that only together make a link worth 10:

    >>> shares = shapley(["a", "b"], lambda s: np.array(10.0 if len(s) == 2 else 0.0))
    >>> float(shares["a"]), float(shares["b"])
    (5.0, 5.0)
    """
    n = len(players)
    if n > MAX_EXACT:
        raise InputError(
            f"exact contributions need {2**n} networks for {n} corridors; give {MAX_EXACT} at most"
        )
    known = {
        frozenset(group): np.asarray(value(frozenset(group)), dtype=float)
        for size in range(n + 1)
        for group in combinations(players, size)
    }
    shares = {}
    for player in players:
        share = np.zeros_like(known[frozenset()])
        for group, worth in known.items():
            if player in group:
                continue
            k = len(group)
            weight = math.factorial(k) * math.factorial(n - k - 1) / math.factorial(n)
            share = share + weight * (known[group | {player}] - worth)
        shares[player] = share
    return shares


def minutes_between(network: TransportNetwork, origins: Any, destinations: Any) -> NDArray[np.float64]:
    """Return travel times as a matrix.

    Parameters
    ----------
    network : TransportNetwork
    origins, destinations
        As `geo.places.origins_table` takes them.

    Returns
    -------
    ndarray of float, shape (number of origins, number of destinations)
        Minutes; NaN where unreachable, or where one end is farther from the network than its
        reach.

    Raises
    ------
    OffNetworkError
        If all origins or all destinations are out of reach.
    """
    starts, ends = origins_table(origins), origins_table(destinations, argument="destinations")
    minutes = np.full((len(starts), len(ends)), np.nan)
    near_start, near_end = within_reach(network, starts), within_reach(network, ends)
    if not near_start.any() or not near_end.any():
        travel_times(network, starts, ends)  # tells which point is how far off the network
    near = np.ix_(near_start, near_end)
    starts, ends = starts[near_start], ends[near_end]
    if len(starts) <= len(ends):
        table = travel_times(network, starts, ends)
        minutes[near] = table["travel_time_min"].to_numpy().reshape(len(starts), len(ends))
    else:  # one search per origin: start from the few
        table = travel_times(network.reverse, ends, starts)
        minutes[near] = table["travel_time_min"].to_numpy().reshape(len(ends), len(starts)).T
    return minutes


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
        As `resolve_corridors` takes it, 8 at most: also give each corridor's own contribution
        to the minutes saved.
    progress : bool
        Show a progress bar while isochrones are computed.

    Returns
    -------
    pandas.DataFrame
        One row per origin: ``origin_id, origin_name, n_destinations``, then
        ``base_mean_min, scenario_mean_min, delta_mean_min`` (mean over the destinations that
        are reached in both, the origin itself left out; NaN where there is none; negative
        deltas are minutes saved), ``new_destinations`` (reached in the scenario only); per
        cutoff T ``base_T_km2, scenario_T_km2, delta_T_km2`` and, with `counties`,
        ``base_T_counties, scenario_T_counties, delta_T_counties``; per corridor
        ``contribution_<id>_min``, the Shapley value of `delta_mean_min`: their sum is the delta.

    Raises
    ------
    InputError, EmptyInputError, NetworkError
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
    other = places["origin_id"].to_numpy()[:, None] != ends["origin_id"].to_numpy()[None, :]

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
        # Every subset is measured over the same pairs, those that base and scenario both reach.
        known = {frozenset[str](): before}
        if scenario is None:
            known[frozenset(scenarios.ids)] = after

        def mean_min(ids: frozenset[str]) -> NDArray[np.float64]:
            minutes = known[ids] if ids in known else minutes_between(scenarios.network(ids), places, ends)
            return _row_mean(minutes, both)

        shares = shapley(scenarios.ids, mean_min)
        for identifier, share in shares.items():
            table[f"contribution_{identifier}_min"] = share
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
        In the schema of `geo.boundaries.counties`.
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
        Counties whose seat lies in the circle.

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
            known = set(inside["base"][cutoff])
            new = [name for name in inside[scenario][cutoff] if name not in known]
            base_area = areas["base"][cutoff]
            rows.append(
                {
                    "scenario": scenario,
                    "cutoff_min": cutoff,
                    "base_area_km2": base_area,
                    "scenario_area_km2": of_cutoff[cutoff],
                    "delta_area_km2": of_cutoff[cutoff] - base_area,
                    "base_counties": len(known),
                    "scenario_counties": len(inside[scenario][cutoff]),
                    "delta_counties": len(inside[scenario][cutoff]) - len(known),
                    "counties_gained": "、".join(new),
                }
            )
    return conform(rows, GAINS)


def contributions(
    ids: Sequence[str], measures: Sequence[str], value: Callable[[frozenset[str]], Sequence[float]]
) -> pd.DataFrame:
    """Return each corridor's own contribution to several measures.

    Parameters
    ----------
    ids : sequence of str
        Corridors, 8 at most.
    measures : sequence of str
        Names of the measures, with their unit.
    value : callable
        Gets a frozenset of ids, returns one number per measure.

    Returns
    -------
    pandas.DataFrame
        ``corridor_id, measure, contribution, alone, last``: the Shapley value, what the corridor
        changes when it is the first to be added, and when it is the last; under the id "total"
        what all of them change together, which the contributions add up to.
    """
    cache: dict[frozenset[str], NDArray[np.float64]] = {}

    def known(group: frozenset[str]) -> NDArray[np.float64]:
        if group not in cache:
            cache[group] = np.asarray(value(group), dtype=float)
        return cache[group]

    if not ids:
        return conform([], CONTRIBUTIONS)
    shares = shapley(list(ids), known)
    everything, nothing = frozenset(ids), frozenset[str]()
    rows = [
        {
            "corridor_id": identifier,
            "measure": measure,
            "contribution": shares[identifier][m],
            "alone": known(frozenset({identifier}))[m] - known(nothing)[m],
            "last": known(everything)[m] - known(everything - {identifier})[m],
        }
        for m, measure in enumerate(measures)
        for identifier in ids
    ]
    total = known(everything) - known(nothing)
    rows += [
        {
            "corridor_id": "total",
            "measure": measure,
            "contribution": total[m],
            "alone": total[m],
            "last": total[m],
        }
        for m, measure in enumerate(measures)
    ]
    return conform(rows, CONTRIBUTIONS)


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
    """
    rows = []
    for one in resolve_corridors(corridors):
        joins = corridor_joins(network, one)
        met = joins[joins["node"] >= 0].sort_values("distance_km", kind="stable")
        met = met.drop_duplicates("node").sort_values("stop_no")
        if len(met) < 2:
            continue
        node = met["node"].to_numpy()
        points = gpd.GeoDataFrame(
            {"origin_id": [str(n) for n in node]},
            geometry=gpd.points_from_xy(network.node_lon[node], network.node_lat[node]),
            crs=WGS84,
        )
        minutes = minutes_between(network.with_access(max_access_km=0.001), points, points)
        along = np.concatenate([[0.0], np.cumsum(one.lengths_km)])
        haul = _line_haul_min(one)
        numbers = met["stop_no"].to_numpy() - 1
        for k in range(len(met) - 1):
            first, last = int(numbers[k]), int(numbers[k + 1])
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
