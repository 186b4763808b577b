"""Isochrones on several networks that differ in places: what can't have changed is taken over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.checks import require_cell_m, require_cutoffs
from ...geo.errors import EmptyInputError, InputTypeError
from ...geo.networks import Access, TransportNetwork, access_with_more
from ...geo.timetables import TimetableNetwork
from ..schemas import ISOCHRONES, Schema, conform
from ..times import (
    UNREACHED,
    Direction,
    Origin,
    bucketed_times,
    directed,
    each,
    enter,
    origin_list,
    require_network,
    told_of,
)
from ._drawings import draw_isochrones, nested
from ._isochrones import isochrone_rows, prepare

#: As ``ISOCHRONES``, scenario by scenario.
SCENARIO_ISOCHRONES: Final[Schema] = {"scenario": "str", **ISOCHRONES}

_ODD: Final = tuple(
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)
)


def scenario_isochrones(
    networks: Mapping[str, TransportNetwork],
    origins: Any,
    *,
    cutoffs_min: Any = (60, 120),
    direction: Direction = "from",
    cell_m: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Compute isochrones of the same origins in several scenarios, each polygon that differs once.

    The first network is the base. Where another differs from it (nodes with other ways out, added
    ones, places to get on or off), only origins that get to such a place within the largest cutoff
    can have another isochrone; the others' are the base's. The table is the same, to the bit, as
    that of `isochrones` called for each network by itself.

    Parameters
    ----------
    networks : mapping of str to TransportNetwork
        Name of each scenario and its network. Those that `add_corridors` and `changed_network` make
        of the first share its nodes; others are computed from scratch.
    origins : anything that `origins_table` takes
    cutoffs_min, direction, cell_m, workers, progress
        As `isochrones` takes them.

    Returns
    -------
    geopandas.GeoDataFrame
        ``scenario`` and the columns of `isochrones`, scenario by scenario in the order given.

    Raises
    ------
    EmptyInputError
        If there is no network.
    InputError, InputTypeError, MissingCRSError, UnknownPlaceError, AmbiguousPlaceError, OffNetworkError
        As `isochrones`.

    See Also
    --------
    isochrones, borderreach.compare

    Notes
    -----
    One search backwards from all places that differ, on the base network, tells for every
    node how long the way to the nearest of them takes. Up to there both networks are the same, so
    an origin whose ways onto the network all need longer than the cutoff for it has the same
    times within the cutoff in both. Where the network can be left at its nodes alone, the other origins'
    edges are drawn anew only near nodes whose times differ, and taken over elsewhere.

    Examples
    --------
    >>> before = br.build_network(
    ...     [106.5, 106.6, 107.9], [29.5] * 3, br.Links([0], [1], [9.7e3], [3.6e3]), access_speed_kph=20,
    ... )
    >>> after = before.extended(br.Links([1], [2], [126e3], [3.6e3]))
    >>> table = br.scenario_isochrones({"now": before, "road": after}, (106.5, 29.5), cutoffs_min=(30, 150))
    >>> print(table[["scenario", "cutoff_min", "area_km2"]].round().to_string(index=False))
    scenario  cutoff_min  area_km2
         now       150.0      25.0
         now        30.0      13.0
        road       150.0      38.0
        road        30.0      13.0
    """
    if not isinstance(networks, Mapping):
        raise InputTypeError(
            f"'networks' should map names of scenarios to networks, got {type(networks).__name__}; "
            "give for example {'base': roads, 'corridor': add_corridors(roads, 'yuqian')}"
        )
    if not networks:
        raise EmptyInputError("'networks' is empty; give at least one scenario's name and its network")
    for name, network in networks.items():
        require_network(network, f"networks[{name!r}]")
    cutoffs = require_cutoffs(cutoffs_min)
    cell = require_cell_m(cell_m)
    points = origin_list(origins)

    base, *others = (directed(network, direction) for network in networks.values())
    prepare(base, searches=len(points))
    ways_in = [_entering(base, network) for network in others]
    checks = [_difference(base, network, limit_ms=round(cutoffs[-1] * 60_000)) for network in others]

    def drawn(point: Origin) -> list[list[tuple[shapely.MultiPolygon, float]]]:
        options: dict[str, Any] = {"cell_m": cell, "workers": apart}
        way = enter(base, point)
        first = draw_isochrones(base, point, way, cutoffs, **options)
        found = [nested(first, cutoffs)]
        for network, entering, may_differ in zip(others, ways_in, checks, strict=True):
            entry = entering(point, way)
            if may_differ(entry, way):
                drawings = draw_isochrones(network, point, entry, cutoffs, known=first, **options)
                found.append(nested(drawings, cutoffs))
            else:
                found.append(found[0])
        return found

    apart = workers if len(points) == 1 else 1
    by_origin = list(each(drawn, points, progress=progress, label="isochrones", workers=workers))
    rows = [
        {"scenario": str(name), **row}
        for (name, network), found in zip(networks.items(), zip(*by_origin, strict=True), strict=True)
        for row in isochrone_rows(network, points, found, cutoffs, direction)
    ]
    found = cast("gpd.GeoDataFrame", conform(rows, SCENARIO_ISOCHRONES))
    told = {str(name): told_of(network) for name, network in networks.items()}
    for column in ("statistic", "window") if any(told.values()) else ():
        found[column] = [told[name].get(column, "") for name in found["scenario"]]
    return found


def _entering(base: TransportNetwork, network: TransportNetwork) -> Callable[[Origin, Access], Access]:
    """Return what finds an origin's ways onto a network, given those onto the base."""
    n = base.n_nodes
    if (
        base.has_exits_along
        or _scheduled(base, network)
        or not _same_ground(base, network)
        or not np.array_equal(base.node_exit, network.node_exit[:n])
    ):
        prepare(network)
        return lambda point, _: enter(network, point)
    more = n + np.flatnonzero(network.node_exit[n:])
    tree = cKDTree(network.node_xyz[more].reshape(-1, 3))
    return lambda point, way: access_with_more(way, network, more, tree, point.xyz)


def _difference(
    base: TransportNetwork, network: TransportNetwork, *, limit_ms: int
) -> Callable[[Access, Access], bool]:
    """Return what tells whether isochrones of an origin may differ between two networks, already turned.

    It takes the origin's ways onto the network and onto the base.
    """
    if _scheduled(base, network) or not _same_ground(base, network):
        return lambda _entry, _way: True
    along = base.has_exits_along
    touched = _touched(base, network, along=along)
    n = base.n_nodes
    # On the base's own reverse, which scenarios share: up to the first place that differs both networks
    # are the same, and new nodes are come to through old ones that have other arcs, or got on at.
    backwards = base.reverse
    seeds = np.flatnonzero(touched[:n])
    until = np.zeros(network.n_nodes, dtype=np.int32)
    until[:n] = UNREACHED
    bucketed_times(
        backwards.arc_start, backwards.arc_head, backwards.arc_time_ms,
        seeds, np.zeros(len(seeds), dtype=np.int64), limit_ms, until[:n],
    )  # fmt: skip
    # where one can no longer get on, the way in that is lost is known to the base alone
    lost = bool((base.node_exit & ~network.node_exit[:n]).any()) or (
        along and bool((_arc_sums(base, exits_only=True) != _arc_sums(network, exits_only=True)[:n]).any())
    )
    lines = {}
    for one in (base, network):
        # by arcs: where a turn is banned, a link's two arcs end at different nodes of one place
        link = np.zeros(one.n_links, dtype=bool)
        link[one.arc_link[touched[one.arc_tail] | touched[one.arc_head]]] = True
        lines[one] = link[one.exit_lines.link] if one.has_exits_along else link[:0]

    def may_differ(entry: Access, way: Access) -> bool:
        ways = {network: entry, base: way} if lost else {network: entry}
        return any(
            (one.time_ms + until[one.node] <= limit_ms).any() or lines[entered][one.line].any()
            for entered, one in ways.items()
        )

    return may_differ


def _scheduled(base: TransportNetwork, network: TransportNetwork) -> bool:
    """Whether trains run in either as a timetable says: what differs then can't be told from arcs."""
    return isinstance(base, TimetableNetwork) or isinstance(network, TimetableNetwork)


def _same_ground(base: TransportNetwork, network: TransportNetwork) -> bool:
    """Whether a network has the base's nodes first, and the same movement off it.

    Where only one can be left along its lines, isochrones are drawn on other grids.
    """
    n = base.n_nodes
    return (
        n <= network.n_nodes
        and base.access_speed_kph == network.access_speed_kph
        and base.max_access_km == network.max_access_km
        and base.has_exits_along == network.has_exits_along
        and np.array_equal(base.node_lon, network.node_lon[:n])
        and np.array_equal(base.node_lat, network.node_lat[:n])
    )


def _touched(base: TransportNetwork, network: TransportNetwork, *, along: bool) -> NDArray[np.bool_]:
    """Nodes of a network that are new, or have other arcs or another right of way in and out than in the base.

    Where lines run matters if one may get off `along` them.
    """
    touched = np.ones(network.n_nodes, dtype=bool)
    n = base.n_nodes
    touched[:n] = (_arc_sums(base, along=along) != _arc_sums(network, along=along)[:n]) | (
        base.node_exit != network.node_exit[:n]
    )
    return touched


def _arc_sums(
    network: TransportNetwork, *, along: bool = True, exits_only: bool = False
) -> NDArray[np.uint64]:
    """Return a number for each node that its arcs' heads, times, exits and lines make, in any order.

    Lines are left out unless one may get off `along` them; with `exits_only`, arcs that may not be left
    anywhere.
    """
    a, b, c, d = _ODD
    if not along:
        arcs = _mixed(network.arc_head.astype(np.uint64) * a + network.arc_time_ms.astype(np.uint64) * b)
        return _sums(arcs, network.arc_start)
    coords = network.link_coords
    place = np.arange(len(coords), dtype=np.uint64) - np.repeat(
        network.link_offset[:-1], np.diff(network.link_offset)
    ).astype(np.uint64)
    lon, lat = (np.ascontiguousarray(coords[:, k]).view(np.uint64) for k in (0, 1))
    lines = _sums(_mixed(lon * a + lat * b + place * c), network.link_offset)
    arcs = _mixed(network.arc_head.astype(np.uint64) * a + network.arc_time_ms.astype(np.uint64) * b)
    ways = network.arc_exit.astype(np.uint64) * c + network.arc_reversed.astype(np.uint64) * d
    sums = _mixed(arcs + ways + lines[network.arc_link] * d)
    return _sums(sums * network.arc_exit if exits_only else sums, network.arc_start)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread differences over all bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    _, b, c, _ = _ODD
    values = (values ^ (values >> np.uint64(30))) * b
    values = (values ^ (values >> np.uint64(27))) * c
    return values ^ (values >> np.uint64(31))


def _sums(values: NDArray[np.uint64], offset: NDArray[np.int64]) -> NDArray[np.uint64]:
    before = np.zeros(len(values) + 1, dtype=np.uint64)
    np.cumsum(values, out=before[1:])
    return before[offset[1:]] - before[offset[:-1]]
