"""What of a network lies in areas or nearest to points: for many of them at once, without making a shape of each node."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ..compiling import compiled
from ..derived import derived_by
from ._access import (
    Access,
    at_nodes,
    enter_lines,
    exit_nodes_near,
    least_access,
    ms_per_metre,
    nearest_in_time,
    no_pieces,
    straight_to,
)
from ._network import TransportNetwork

#: Stations whose ways onto one network are kept.
_MOST_STATIONS: Final = 4096
#: Nodes whose millimetres are the same are one place, and no farther apart than this, metres.
_SAME_PLACE_M: Final = 0.005


def nodes_inside(
    network: TransportNetwork, areas: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return areas and nodes that lie in them or on their edges; see `positions_inside`."""
    return positions_inside(network.node_lon, network.node_lat, areas)


def positions_inside(
    lon: NDArray[np.float64], lat: NDArray[np.float64], areas: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return areas and positions that lie in them or on their edges, as pairs of numbers in order of the areas.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
        Degrees.
    areas : ndarray of shapely geometry, shape (k,)
        In degrees.
    """
    by_lon = np.argsort(lon, kind="stable")
    lon, lat = lon[by_lon], lat[by_lon]
    west, south, east, north = shapely.bounds(areas).T
    first, last = np.searchsorted(lon, west, side="left"), np.searchsorted(lon, east, side="right")
    which, found = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for k, area in enumerate(areas):
        near = first[k] + np.flatnonzero(
            (lat[first[k] : last[k]] >= south[k]) & (lat[first[k] : last[k]] <= north[k])
        )
        if len(near) == 0:
            continue
        own = shapely.force_2d(
            area
        )  # a copy, whose index goes with it: the area's own would stay as long as the area
        shapely.prepare(own)
        inside = near[shapely.intersects_xy(own, lon[near], lat[near])]
        found.append(np.sort(by_lon[inside]))
        which.append(np.full(len(inside), k, dtype=np.int64))
    return np.concatenate(which), np.concatenate(found)


def nearest_access(
    network: TransportNetwork, *, lon: float, lat: float, xyz: NDArray[np.float64], k: int
) -> Access:
    """Return the ways from a point onto a network at the places nearest to it.

    As `access`, but over the nearest `k` places only: nodes at one point, as where turns are banned, are
    one place, and so is a line, wherever it is entered.

    Parameters
    ----------
    network : TransportNetwork
        Its reverse, for the ways from the network to the point.
    lon, lat : float
        The point, degrees.
    xyz : ndarray of float64, shape (3,)
        The same in earth-centred metres.
    k : int
        At least 1.
    """
    reach = network.max_access_km * 1000
    node, line = exit_nodes_near(network, xyz), np.zeros(0, dtype=np.int64)
    if network.has_exits_along:
        lines = network.exit_lines
        line = lines.near(lon, lat, reach)
    walk, time = straight_to(network, node, xyz)
    away = np.zeros(0)
    if len(line):
        away = _line_distances(xyz, lines.xyz, lines.offset, line)
        line, away = line[away <= reach], away[away <= reach]
    _, place = np.unique(network.node_xyz[node].round(3), axis=0, return_inverse=True)
    n_places = int(place.max()) + 1 if len(node) else 0
    metres = np.full(n_places, np.inf)
    np.minimum.at(metres, place.ravel(), walk)
    chosen = np.argsort(np.concatenate([metres, away]), kind="stable")[:k]
    near = np.isin(place.ravel(), chosen[chosen < n_places])
    node, walk, time = node[near], walk[near], time[near]
    if not len(line):
        return at_nodes(node, time, walk)
    taken = np.sort(line[chosen[chosen >= n_places] - n_places])
    arc, _, ends_ms, ends_m, _ = enter_lines(network, xyz, taken, 0)
    return least_access(
        np.concatenate([node, network.arc_head[arc].astype(np.int64)]),
        np.concatenate([time, np.rint(ends_ms).astype(np.int64)]),
        np.concatenate([walk, ends_m]),
        np.zeros(0, dtype=np.int64),
        no_pieces,
    )


@derived_by(most=_MOST_STATIONS)
def station_access(
    network: TransportNetwork, lon: float, lat: float, x: float, y: float, z: float, k: int
) -> Access:
    """Return `nearest_access`, kept: the stations of one day's railways are mostly those of another's."""
    return nearest_access(network, lon=lon, lat=lat, xyz=np.array([x, y, z]), k=k)


def station_accesses(
    network: TransportNetwork,
    *,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    xyz: NDArray[np.float64],
    k: int,
) -> list[tuple[Access, Access]]:
    """Return the ways from points onto a network and off it at the places nearest to each, as `nearest_access` has them.

    Parameters
    ----------
    network : TransportNetwork
    lon, lat : ndarray of float64, shape (n,)
        The points, degrees.
    xyz : ndarray of float64, shape (n, 3)
        The same in earth-centred metres.
    k : int
        At least 1.
    """
    if network.has_exits_along or len(network.exit_nodes) == 0:
        return [
            (station_access(network, x, y, a, b, c, k), station_access(network.reverse, x, y, a, b, c, k))
            for x, y, (a, b, c) in zip(lon.tolist(), lat.tolist(), xyz.tolist(), strict=True)
        ]
    reach, room = network.max_access_km * 1000, 2 * k
    # a little more than within reach, so that nobody depends on how a distance at its very edge is rounded
    away, at = network.exit_node_tree.query(
        xyz, k=np.arange(1, room + 1), distance_upper_bound=reach + 2 * _SAME_PLACE_M
    )
    some = np.isfinite(away)
    node = network.exit_nodes[np.where(some, at, 0)]
    walk = np.sqrt(((network.node_xyz[node] - xyz[:, None, :]) ** 2).sum(axis=2))
    time = np.rint(walk * ms_per_metre(network)).astype(np.int64)
    near, known = _nearest_places(network.node_xyz[node].round(3), walk, some.sum(axis=1), reach, k)
    found = []
    for i in range(len(xyz)):
        if not known[i]:
            way = nearest_access(network, lon=lon[i], lat=lat[i], xyz=xyz[i], k=k)
        else:
            chosen = np.flatnonzero(near[i])
            chosen = chosen[np.argsort(node[i, chosen])]
            way = at_nodes(node[i, chosen], time[i, chosen], walk[i, chosen])
        found.append((way, way))  # where it's left and entered at nodes alone, it is so the same way
    return found


@compiled
def _nearest_places(
    xyz: NDArray[np.float64], walk: NDArray[np.float64], count: NDArray[np.int64], reach: float, k: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # pragma: no cover - compiled
    """Say for each point which of its nearest nodes lie at its nearest `k` places, and whether that is known.

    Parameters
    ----------
    xyz : ndarray of float64, shape (n, m, 3)
        Nodes, rounded: those alike are one place.
    walk : ndarray of float64, shape (n, m)
        Metres to each, rising but for rounding.
    count : ndarray of int64, shape (n,)
        How many of them there are.
    reach : float
        No node farther than that counts.
    k : int
    """
    n, m = walk.shape
    near, known = np.zeros((n, m), dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    place, least, first = np.empty(m, dtype=np.int64), np.empty(m), np.empty(m, dtype=np.int64)
    for i in range(n):
        n_places, sure = 0, True
        for a in range(count[i]):
            if abs(walk[i, a] - reach) <= 2 * _SAME_PLACE_M:
                sure = False
            place[a] = -1
            for p in range(n_places):
                b = first[p]
                if (
                    xyz[i, a, 0] == xyz[i, b, 0]
                    and xyz[i, a, 1] == xyz[i, b, 1]
                    and xyz[i, a, 2] == xyz[i, b, 2]
                ):
                    place[a] = p
                    least[p] = min(least[p], walk[i, a])
                    break
            if place[a] < 0:
                place[a], first[n_places], least[n_places] = n_places, a, walk[i, a]
                n_places += 1
        order = np.argsort(least[:n_places])
        taken = min(k, n_places)
        # which of two places as far away comes first, and whether a node of the last lies behind those at hand
        if n_places > taken and least[order[taken]] <= least[order[taken - 1]]:
            sure = False
        if count[i] == m and (taken < k or walk[i, m - 1] <= least[order[taken - 1]] + 2 * _SAME_PLACE_M):
            sure = False
        known[i] = sure
        for p in order[:taken]:
            for a in range(count[i]):
                if place[a] == p:
                    near[i, a] = True
    return near, known


@compiled
def _line_distances(
    p: NDArray[np.float64], xyz: NDArray[np.float64], offset: NDArray[np.int64], near: NDArray[np.int64]
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Metres from a point to some lines."""
    found = np.full(len(near), np.inf)
    for k in range(len(near)):
        for b in range(offset[near[k]] + 1, offset[near[k] + 1]):
            a = b - 1
            # as far from a segment as from where it's left at once
            _, away, _, _ = nearest_in_time(
                p[0], p[1], p[2], xyz[a, 0], xyz[a, 1], xyz[a, 2], xyz[b, 0], xyz[b, 1], xyz[b, 2],
                0.0, 1.0, np.inf,
            )  # fmt: skip
            found[k] = min(found[k], away)
    return found
