"""From a place to the network over ground of any speed."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.errors import OffNetworkError
from ...geo.networks import PIECE_COLUMNS, Access, TransportNetwork, least_access, ms_per_metre
from ...geo.plane import LocalPlane, project_one
from ..times import Origin, enter
from ._marching import march, start_times
from ._speeds import Terrain

#: Places along a line per cell of the grid that they are come to on.
_PLACES_PER_CELL: Final = 2.0


def terrain_access(
    network: TransportNetwork, origin: Origin, plane: LocalPlane, terrain: Terrain, speed: str
) -> Access:
    """Return the ways from an origin onto the network, over the ground.

    Parameters
    ----------
    network : TransportNetwork
        Already turned into the direction of the search.
    origin : Origin
    plane : LocalPlane
        Centred on the origin.
    terrain : Terrain
        At least as far as the network's reach.
    speed : str
        Name of the raster, for the message.

    Returns
    -------
    Access
        Its lengths are metres at the network's own speed off it; stretches of line that one comes to
        at each point are given as if they were followed, with the times at their ends.

    Raises
    ------
    OffNetworkError
        If there is no way within the time that the network's reach stands for.
    """
    pace = ms_per_metre(network)
    cap_m = network.max_access_km * 1000
    limit = cap_m * pace
    grid = (terrain.first_i, terrain.first_j, terrain.cell_m)
    here = np.array([[0.0, 0.0, cap_m, 0.0, 0.0, cap_m]])
    time = march(
        start_times(here, limit, pace, terrain.slowness, *grid), terrain.slowness, terrain.cell_m, limit
    )
    far = cap_m * max(1.0, terrain.fastest_kph / network.access_speed_kph) + terrain.cell_m
    node = np.zeros(0, dtype=np.int64)
    if len(network.exit_nodes):
        found = network.exit_node_tree.query_ball_point(origin.xyz, far, return_sorted=True)
        node = network.exit_nodes[np.asarray(found, dtype=np.int64)]
    came = _times_at(plane.project(network.node_xyz[node]), time, terrain.slowness, *grid)
    node, came = node[came <= limit], came[came <= limit]
    pieces = np.zeros((0, PIECE_COLUMNS))
    if network.has_exits_along:
        lines = network.exit_lines
        nearby = lines.near(origin.lon, origin.lat, far)
        with_line, against = network.link_arcs
        link = lines.link[nearby]
        arcs = np.concatenate([with_line[link], against[link]])
        backward = np.repeat([False, True], len(link))
        both = np.concatenate([nearby, nearby])
        usable = (arcs >= 0) & network.arc_exit[arcs]
        arcs, backward, both = arcs[usable], backward[usable], both[usable]
        ends, pieces = _enter_lines(
            lines.xyz, lines.share, both, lines.offset[both], lines.offset[both + 1], backward,
            network.arc_time_ms[arcs], time, terrain.slowness, *grid, limit, far, *plane.frame,
        )  # fmt: skip
        come = np.isfinite(ends)
        node = np.concatenate([node, network.arc_head[arcs[come]].astype(np.int64)])
        came = np.concatenate([came, ends[come]])
    entry = least_access(
        node,
        np.rint(came).astype(np.int64),
        came / pace,
        pieces[:, 8].astype(np.int64),
        lambda lines: np.asarray(pieces[np.isin(pieces[:, 8], lines)]),
    )
    if entry.is_empty:
        enter(network, origin)  # which says so where it is too far as the crow flies
        raise OffNetworkError(
            f"origin '{origin.name}' ({origin.lon:.4f}, {origin.lat:.4f}) has no way to the network over the "
            f"ground of {speed} within the {limit / 60_000:.0f} minutes that the network's reach of "
            f"{network.max_access_km:g} km stands for; move it to a road, or check the raster there"
        )
    return entry


@compiled
def _time_at(
    x: float, y: float, time: NDArray[np.float64], slowness: NDArray[np.float64],
    first_i: int, first_j: int, cell_m: float,
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Time at a place: within a cell of the plane's centre straight, else from the cell's corners."""
    n_y, n_x = time.shape
    u, v = x / cell_m - first_i, y / cell_m - first_j
    p, q = math.floor(u), math.floor(v)
    if p < 0 or q < 0 or p >= n_x - 1 or q >= n_y - 1:
        return np.inf
    least, mean, walkable = np.inf, 0.0, np.inf
    for corner in range(4):
        a, b = p + (corner & 1), q + (corner >> 1)
        du, dv = abs(u - a), abs(v - b)
        walkable = min(walkable, slowness[b, a])
        mean += (1 - du) * (1 - dv) * time[b, a] if du < 1 and dv < 1 else 0.0
        if time[b, a] < np.inf:
            least = min(least, time[b, a] + math.sqrt(du * du + dv * dv) * cell_m * slowness[b, a])
    if abs(x) <= cell_m and abs(y) <= cell_m and walkable < np.inf:
        return walkable * math.sqrt(x * x + y * y)
    return mean if mean < np.inf else least


@compiled
def _times_at(
    xy: NDArray[np.float64], time: NDArray[np.float64], slowness: NDArray[np.float64],
    first_i: int, first_j: int, cell_m: float,
) -> NDArray[np.float64]:  # fmt: skip  # pragma: no cover - compiled
    out = np.empty(len(xy))
    for k in range(len(xy)):
        out[k] = _time_at(xy[k, 0], xy[k, 1], time, slowness, first_i, first_j, cell_m)
    return out


@compiled
def _places(
    ax: float, ay: float, bx: float, by: float, step: float, far: float
) -> int:  # pragma: no cover - compiled
    """Into how many parts to cut a segment: one where it stays out of reach."""
    if min(ax, bx) > far or max(ax, bx) < -far or min(ay, by) > far or max(ay, by) < -far:
        return 1
    return max(1, math.ceil(math.sqrt((bx - ax) ** 2 + (by - ay) ** 2) / step))


@compiled
def _add_piece(
    pieces: NDArray[np.float64], n: int, line: int,
    xyz: NDArray[np.float64], share: NDArray[np.float64], a: int, b: int,
    u0: float, u1: float, t0: float, t1: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the stretch of a segment between two of its parts, the earlier end first."""
    if t1 < t0:
        u0, u1, t0, t1 = u1, u0, t1, t0
    for axis in range(3):
        pieces[n, axis] = xyz[a, axis] + u0 * (xyz[b, axis] - xyz[a, axis])
        pieces[n, 3 + axis] = xyz[a, axis] + u1 * (xyz[b, axis] - xyz[a, axis])
    pieces[n, 6], pieces[n, 7] = t0, t1
    pieces[n, 8], pieces[n, 9] = line, 0.0
    pieces[n, 10] = share[a] + u0 * (share[b] - share[a])
    pieces[n, 11] = share[a] + u1 * (share[b] - share[a])
    pieces[n, 12], pieces[n, 13] = np.nan, np.nan  # ways over the ground aren't measured
    return n + 1


@compiled
def _enter_lines(
    xyz: NDArray[np.float64],
    share: NDArray[np.float64],
    line: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    backward: NDArray[np.bool_],
    arc_time_ms: NDArray[np.int32],
    time: NDArray[np.float64],
    slowness: NDArray[np.float64],
    first_i: int,
    first_j: int,
    cell_m: float,
    limit: float,
    far: float,
    axes: NDArray[np.float64],
    centre: NDArray[np.float64],
    radius: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Come to places along each line and follow it from there: times at its ends, and the pieces."""
    step = cell_m / _PLACES_PER_CELL
    ends = np.full(len(first), np.inf)
    room = 1
    for k in range(len(first)):
        for a in range(first[k], last[k] - 1):
            ax, ay = project_one(xyz[a, 0], xyz[a, 1], xyz[a, 2], axes, centre, radius)
            bx, by = project_one(xyz[a + 1, 0], xyz[a + 1, 1], xyz[a + 1, 2], axes, centre, radius)
            room += 2 * _places(ax, ay, bx, by, step, far) + 2
    pieces = np.empty((room, PIECE_COLUMNS))
    n = 0
    for k in range(len(first)):
        now = np.inf
        for s in range(last[k] - first[k] - 1):
            a, b = first[k] + s, first[k] + s + 1
            if backward[k]:
                a, b = last[k] - 1 - s, last[k] - 2 - s
            ax, ay = project_one(xyz[a, 0], xyz[a, 1], xyz[a, 2], axes, centre, radius)
            bx, by = project_one(xyz[b, 0], xyz[b, 1], xyz[b, 2], axes, centre, radius)
            if s == 0:
                now = _time_at(ax, ay, time, slowness, first_i, first_j, cell_m)
                now = now if now <= limit else np.inf
            parts = _places(ax, ay, bx, by, step, far)
            takes = abs(share[b] - share[a]) * arc_time_ms[k] / parts
            since, began = 0.0, now  # where the line has been followed from
            for part in range(1, parts + 1):
                before, u = (part - 1) / parts, part / parts
                come = _time_at(
                    ax + u * (bx - ax), ay + u * (by - ay), time, slowness, first_i, first_j, cell_m
                )
                if come <= limit and come < now + takes:
                    # here one is there first over the ground, and may leave again at once
                    if began < np.inf and before > since:
                        n = _add_piece(pieces, n, line[k], xyz, share, a, b, since, before, began, now)
                    if now < np.inf:
                        n = _add_piece(pieces, n, line[k], xyz, share, a, b, before, u, now, come)
                    now = come
                    since, began = u, come
                else:
                    now += takes
            if began < np.inf and since < 1.0:
                n = _add_piece(pieces, n, line[k], xyz, share, a, b, since, 1.0, began, now)
        ends[k] = now
    return ends, pieces[:n].copy()
