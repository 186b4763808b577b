"""From a place to the network: where one may enter, and when one is then where.

Leaving the network is entering the reversed network, so that the same functions serve both ends of
a journey.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled, inlined
from ..sorting import distinct
from ._network import TransportNetwork

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

#: Columns of a piece: start (x, y, z) and end (x, y, z) in space, metres; time at start and end, ms;
#: position of its line in the network's exit lines; 1 if it's come to on foot at each of its points,
#: 0 if it's entered at its start and followed; share of the line before start and end; distance covered
#: until start and end, metres.
PIECE_COLUMNS: Final = 14
#: Pieces per segment of a line at most: three each way.
_PIECES_PER_STEP: Final = 6
#: Longer journeys than 24 days are as long as that.
_LONGEST_MS: Final = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Access:
    """Ways from one point onto the network.

    Attributes
    ----------
    node : ndarray of int64, shape (k,)
        Nodes that can be come to first, ascending.
    time_ms : ndarray of int64, shape (k,)
        Time to be there, movement off the network included.
    length_m : ndarray of float64, shape (k,)
        Distance covered until there.
    line : ndarray of int64
        Lines that are entered part-way (positions in the network's exit lines), some of them more than once.
    pieces_on : callable
        Returns the pieces on some lines, ascending and each given once: a float64 array of shape (p, 14)
        with `PIECE_COLUMNS`. Pieces are stretches of line between an entry part-way and the line's end,
        and those before the best entry, where one can leave again at once.
    """

    node: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    length_m: NDArray[np.float64]
    line: NDArray[np.int64]
    pieces_on: Callable[[NDArray[np.int64]], NDArray[np.float64]]

    @cached_property
    def pieces(self) -> NDArray[np.float64]:
        """All pieces, shape (p, 14)."""
        return self.pieces_on(distinct(self.line))

    @property
    def is_empty(self) -> bool:
        """Whether the network is out of reach."""
        return len(self.node) == 0


def ms_per_metre(network: TransportNetwork) -> float:
    """Milliseconds that a metre off the network takes."""
    return 3600.0 / network.access_speed_kph


def exit_nodes_near(network: TransportNetwork, xyz: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nodes within reach of a point at which one may leave the network, ascending."""
    if not len(network.exit_nodes):
        return np.zeros(0, dtype=np.int64)
    reach = network.max_access_km * 1000
    found = network.exit_node_tree.query_ball_point(xyz, reach, return_sorted=True)
    return network.exit_nodes[np.asarray(found, dtype=np.int64)]


def access(network: TransportNetwork, *, lon: float, lat: float, xyz: NDArray[np.float64]) -> Access:
    """Return the ways from a point onto a network.

    Parameters
    ----------
    network : TransportNetwork
        Its reverse, for the ways from the network to the point.
    lon, lat : float
        The point, degrees.
    xyz : ndarray of float64, shape (3,)
        The same in earth-centred metres.
    """
    reach = network.max_access_km * 1000
    node = exit_nodes_near(network, xyz)
    walk, time = straight_to(network, node, xyz)
    if not network.has_exits_along:
        return at_nodes(node, time, walk)

    lines = network.exit_lines

    def pieces_on(near: NDArray[np.int64]) -> NDArray[np.float64]:
        steps = int((lines.offset[near + 1] - lines.offset[near] - 1).sum())
        return enter_lines(network, xyz, near, _PIECES_PER_STEP * steps)[-1]

    arc, line, ends_ms, ends_m, _ = enter_lines(network, xyz, lines.near(lon, lat, reach), 0)
    return least_access(
        np.concatenate([node, network.arc_head[arc].astype(np.int64)]),
        np.concatenate([time, np.rint(ends_ms).astype(np.int64)]),
        np.concatenate([walk, ends_m]),
        line,
        pieces_on,
    )


def enter_lines(
    network: TransportNetwork, xyz: NDArray[np.float64], near: NDArray[np.int64], room: int
) -> tuple[NDArray[Any], ...]:
    lines = network.exit_lines
    found: tuple[NDArray[Any], ...] = _enter_lines(
        xyz, lines.xyz, lines.share, lines.offset, near, lines.link, *network.link_arcs,
        network.arc_exit, network.arc_time_ms, network.arc_length_m,
        ms_per_metre(network), network.max_access_km * 1000, room,
    )  # fmt: skip
    return found


def access_with_more(
    way: Access, network: TransportNetwork, more: NDArray[np.int64], tree: cKDTree, xyz: NDArray[np.float64]
) -> Access:
    """Return the ways onto a network that has nodes to get on at, numbered last, beside those of another.

    Parameters
    ----------
    way : Access
        Those onto the other one. Neither can be entered part-way.
    network : TransportNetwork
    more : ndarray of int64
        These nodes, ascending.
    tree : scipy.spatial.cKDTree
        Over their earth-centred coordinates.
    xyz : ndarray of float64, shape (3,)
        The point in earth-centred metres.
    """
    found = tree.query_ball_point(xyz, network.max_access_km * 1000, return_sorted=True)
    if not found:
        return way
    node = more[found]
    walk, time = straight_to(network, node, xyz)
    return replace(
        way,
        node=np.concatenate([way.node, node]),
        time_ms=np.concatenate([way.time_ms, time]),
        length_m=np.concatenate([way.length_m, walk]),
    )


def straight_to(
    network: TransportNetwork, node: NDArray[np.int64], xyz: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Metres and milliseconds from a point straight to nodes."""
    walk = np.sqrt(((network.node_xyz[node] - xyz) ** 2).sum(axis=1))
    return walk, np.rint(walk * ms_per_metre(network)).astype(np.int64)


def least_access(
    node: NDArray[np.int64],
    time: NDArray[np.int64],
    length: NDArray[np.float64],
    line: NDArray[np.int64],
    pieces_on: Callable[[NDArray[np.int64]], NDArray[np.float64]],
) -> Access:
    """Keep the fastest way to each node, of equally fast ones the shortest."""
    if len(node) == 0:
        return Access(node, time, length, line, pieces_on)
    key = (node << 32) | np.minimum(time, _LONGEST_MS)
    order = np.argsort(key)
    key, length = key[order], length[order]
    first = np.ones(len(key), dtype=bool)
    np.not_equal(key[1:] >> 32, key[:-1] >> 32, out=first[1:])
    start = np.flatnonzero(first)
    slower = key > np.repeat(key[start], np.diff(np.append(start, len(key))))
    length[slower] = np.inf
    return Access(
        key[start] >> 32, key[start] & 0xFFFFFFFF, np.minimum.reduceat(length, start), line, pieces_on
    )


def at_nodes(node: NDArray[np.int64], time: NDArray[np.int64], length: NDArray[np.float64]) -> Access:
    """Return the ways to nodes that each stand once, ascending: each is the only one to its node."""
    return Access(node, np.minimum(time, _LONGEST_MS), length, np.zeros(0, dtype=np.int64), no_pieces)


def no_pieces(_: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.zeros((0, PIECE_COLUMNS))


@inlined
def nearest_in_time(
    px: float, py: float, pz: float,
    ax: float, ay: float, az: float, bx: float, by: float, bz: float,
    per_metre: float, pace: float, reach: float,
) -> tuple[float, float, float, float]:  # fmt: skip  # pragma: no cover - compiled
    """Where to enter a segment a-b, from p, so as to be at b first.

    Returns metres along, metres from p to there, and metres along where the segment comes within reach
    and where it leaves it.

    Minimises pace * |p - s| + per_metre * (length - s) over the positions s that lie within reach:
    with h the height of p over the line and u its foot, s = u + h m / sqrt(1 - m²), m = per_metre /
    pace; at the segment's end where the line is slower than going straight. -1 when out of reach.
    """
    dx, dy, dz = bx - ax, by - ay, bz - az
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    qx, qy, qz = px - ax, py - ay, pz - az
    foot = 0.0
    if length > 0.0:
        foot = (qx * dx + qy * dy + qz * dz) / length
    square = qx * qx + qy * qy + qz * qz - foot * foot
    height = math.sqrt(max(square, 0.0))
    if height > reach:
        return -1.0, 0.0, 0.0, 0.0
    half = math.sqrt(reach * reach - height * height)
    low, high = max(0.0, foot - half), min(length, foot + half)
    if low > high:
        return -1.0, 0.0, 0.0, 0.0
    ratio = per_metre / pace
    best = foot + height * ratio / math.sqrt(1 - ratio * ratio) if ratio < 1.0 else high
    best = min(max(best, low), high)
    return best, math.sqrt((best - foot) ** 2 + height * height), low, high


@compiled
def _enter_lines(
    p: NDArray[np.float64],
    xyz: NDArray[np.float64],
    share: NDArray[np.float64],
    offset: NDArray[np.int64],
    near: NDArray[np.int64],
    link: NDArray[np.int64],
    with_line: NDArray[np.int32],
    against: NDArray[np.int32],
    arc_exit: NDArray[np.bool_],
    arc_time_ms: NDArray[np.int32],
    arc_length_m: NDArray[np.float64],
    pace: float,
    reach: float,
    room: int,
) -> tuple[
    NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]
]:  # pragma: no cover - compiled
    """Enter lines anywhere and follow them to their ends.

    Returns the arcs that are entered, their lines, times and distances at their ends, and the pieces
    if there's room for them.
    """
    most, keep = 2 * len(near), room > 0
    pieces = np.empty((room, PIECE_COLUMNS))
    entered, lines = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.int64)
    ends_ms, ends_m = np.empty(most), np.empty(most)
    count, n = 0, 0
    for turn in range(most):
        line = near[turn % len(near)]
        backward = turn >= len(near)
        arc = against[link[line]] if backward else with_line[link[line]]
        if arc < 0 or not arc_exit[arc]:
            continue
        first, last = offset[line], offset[line + 1]
        now, gone = np.inf, np.inf  # time and distance at the vertex at hand
        for step in range(last - first - 1):
            if backward:
                a, b = last - 1 - step, last - 2 - step
            else:
                a, b = first + step, first + step + 1
            part = abs(share[b] - share[a])
            dx, dy, dz = xyz[b, 0] - xyz[a, 0], xyz[b, 1] - xyz[a, 1], xyz[b, 2] - xyz[a, 2]
            length = math.sqrt(dx * dx + dy * dy + dz * dz)
            takes, long = part * arc_time_ms[arc], part * arc_length_m[arc]
            s, away, low, _ = nearest_in_time(
                p[0], p[1], p[2], xyz[a, 0], xyz[a, 1], xyz[a, 2], xyz[b, 0], xyz[b, 1], xyz[b, 2],
                takes / length if length > 0.0 else 0.0, pace, reach,
            )  # fmt: skip
            then, far = now + takes, gone + long
            if s > low and keep:
                # before the best entry one can come to any point on foot, and leave there again
                u0, u1 = low / length, s / length
                pieces[count, 0], pieces[count, 3] = xyz[a, 0] + u0 * dx, xyz[a, 0] + u1 * dx
                pieces[count, 1], pieces[count, 4] = xyz[a, 1] + u0 * dy, xyz[a, 1] + u1 * dy
                pieces[count, 2], pieces[count, 5] = xyz[a, 2] + u0 * dz, xyz[a, 2] + u1 * dz
                pieces[count, 6] = pace * math.sqrt(
                    (pieces[count, 0] - p[0]) ** 2
                    + (pieces[count, 1] - p[1]) ** 2
                    + (pieces[count, 2] - p[2]) ** 2
                )
                pieces[count, 7] = away * pace
                pieces[count, 8], pieces[count, 9] = line, 1.0
                pieces[count, 10] = share[a] + u0 * (share[b] - share[a])
                pieces[count, 11] = share[a] + u1 * (share[b] - share[a])
                pieces[count, 12], pieces[count, 13] = pieces[count, 6] / pace, away
                count += 1
            if s >= 0.0:
                rest = 1.0 - s / length if length > 0.0 else 1.0
                start = away * pace
                if start + rest * takes < then:
                    if keep:
                        pieces[count, 0] = xyz[b, 0] - rest * dx
                        pieces[count, 1] = xyz[b, 1] - rest * dy
                        pieces[count, 2] = xyz[b, 2] - rest * dz
                        pieces[count, 3:6] = xyz[b]
                        pieces[count, 6] = start
                        pieces[count, 7] = start + rest * takes
                        pieces[count, 8], pieces[count, 9] = line, 0.0
                        pieces[count, 10] = share[b] - rest * (share[b] - share[a])
                        pieces[count, 11] = share[b]
                        pieces[count, 12], pieces[count, 13] = away, away + rest * long
                        count += 1
                    then, far = start + rest * takes, away + rest * long
            if math.isfinite(now) and keep:
                pieces[count, 0:3] = xyz[a]
                pieces[count, 3:6] = xyz[b]
                pieces[count, 6] = now
                pieces[count, 7] = now + takes
                pieces[count, 8], pieces[count, 9] = line, 0.0
                pieces[count, 10], pieces[count, 11] = share[a], share[b]
                pieces[count, 12], pieces[count, 13] = gone, gone + long
                count += 1
            now, gone = then, far
        if now < np.inf:
            entered[n], lines[n], ends_ms[n], ends_m[n] = arc, line, now, gone
            n += 1
    return entered[:n], lines[:n], ends_ms[:n], ends_m[:n], pieces[:count].copy()


def past_no_node(
    network: TransportNetwork,
    pieces: NDArray[np.float64],
    origin: NDArray[np.float64],
    targets: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return time in ms and length in m of journeys that pass no node; infinite where there is none.

    They lead straight off the network, or along a single line that is entered and left part-way. Of
    equally fast ones the shortest.

    Parameters
    ----------
    network : TransportNetwork
    pieces : ndarray of float64, shape (p, 14)
        Those of the origin's `Access`.
    origin : ndarray of float64, shape (3,)
    targets : ndarray of float64, shape (n, 3)
        Earth-centred metres.
    """
    pace, reach = ms_per_metre(network), network.max_access_km * 1000
    straight = np.sqrt(((targets - origin) ** 2).sum(axis=1))
    near = straight <= reach
    times = np.where(near, np.rint(straight * pace), np.inf)
    lengths = np.where(near, straight, np.inf)
    if len(pieces):
        # no piece lies farther from where it was entered than the sum of all
        along = float(np.linalg.norm(pieces[:, 3:6] - pieces[:, 0:3], axis=1).sum())
        for k in np.flatnonzero(straight <= 2 * reach + along):
            time, length = _leave_pieces(pieces, origin, targets[k], pace, reach)
            time = float(np.rint(time))
            if time < times[k] or (time == times[k] and length < lengths[k]):
                times[k], lengths[k] = time, length
    return times, lengths


@compiled
def _leave_pieces(
    pieces: NDArray[np.float64],
    origin: NDArray[np.float64],
    p: NDArray[np.float64],
    pace: float,
    reach: float,
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Least time in ms to be at a point by leaving one of the pieces part-way, and metres covered until then.

    Infinite if out of reach.
    """
    least, metres = np.inf, np.inf
    for k in range(len(pieces)):
        ax, ay, az, bx, by, bz, t0, t1 = pieces[k, :8]
        dx, dy, dz = bx - ax, by - ay, bz - az
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        on_foot = pieces[k, 9] == 1.0
        # leaving a-b early is entering b-a late
        s, away, low, high = nearest_in_time(
            p[0], p[1], p[2], bx, by, bz, ax, ay, az,
            (t1 - t0) / length if length > 0.0 and not on_foot else 0.0, pace, reach,
        )  # fmt: skip
        if s < 0.0:
            continue
        if on_foot:
            far = _least_bend(origin, p, pieces[k], low / length, high / length)
            time = pace * far
        else:
            kept = 1.0 - s / length if length > 0.0 else 0.0
            time = t0 + kept * (t1 - t0) + away * pace
            far = pieces[k, 12] + kept * (pieces[k, 13] - pieces[k, 12]) + away
        if time < least or (time == least and far < metres):
            least, metres = time, far
    return least, metres


@compiled
def _least_bend(
    origin: NDArray[np.float64], p: NDArray[np.float64], piece: NDArray[np.float64], low: float, high: float
) -> float:  # pragma: no cover - compiled
    """Least |origin - u| + |u - p| over the shares low to high of a piece, counted from its end (convex)."""
    for _ in range(100):
        one, two = low + (high - low) / 3, high - (high - low) / 3
        if _bend(origin, p, piece, one) <= _bend(origin, p, piece, two):
            high = two
        else:
            low = one
    return _bend(origin, p, piece, 0.5 * (low + high))


@compiled
def _bend(
    origin: NDArray[np.float64], p: NDArray[np.float64], piece: NDArray[np.float64], share: float
) -> float:  # pragma: no cover - compiled
    to, on = 0.0, 0.0
    for axis in range(3):
        u = piece[3 + axis] + share * (piece[axis] - piece[3 + axis])
        to += (u - origin[axis]) ** 2
        on += (p[axis] - u) ** 2
    return math.sqrt(to) + math.sqrt(on)
