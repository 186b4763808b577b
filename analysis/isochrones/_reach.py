"""From search times to sources of the surface: discs at exits, tapered buffers along lines."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing, compiled
from ...geo.derived import Sealed, derived, derived_kept
from ...geo.networks import Access, ExitLines, TransportNetwork, ms_per_metre
from ...geo.plane import LocalPlane, project_one
from ...geo.sorting import distinct
from ..times import NODE_BLOCK, NodeTimes

#: Lines are drawn on a grid with vertices within this part of a cell of where they are.
_TOLERANCE_IN_CELLS: Final = 1 / 25
#: Larger cutoffs get larger buffers, metres per minute: else rounding could draw an edge that two
#: cutoffs share a billionth of a metre apart, and break their nesting.
_LIFT_M_PER_MIN: Final = 1e-6
#: Lines looked at together: a power of two.
_LINE_BLOCK: Final = 64
#: Tables of lines that networks with the same lines share: there and back, with and without a change.
_MOST_TABLES: Final = 4
#: Chords per stretch that is come to on foot, whose times aren't linear along it.
_CHORDS: Final = 8


@dataclass(frozen=True, eq=False)
class Reached:
    """What a search reaches within a cutoff.

    Attributes
    ----------
    node : ndarray of int64
        Nodes with an exit that no line stands for.
    line : ndarray of int64, shape (k,)
        Lines, ascending (positions in the network's exit lines).
    line_times : ndarray of float64, shape (k, 4)
        Times at both ends, infinite where it isn't followed from there, and what it takes each way, ms.
    full : ndarray of bool, shape (k,)
        Whether all of the line has the full reach off the network.
    pieces : ndarray of float64, shape (p, 6)
        Stretches of other lines that the origin enters part-way: line, 1 if it's come to on foot at each
        point, shares of the line and times at start and end.
    """

    node: NDArray[np.int64]
    line: NDArray[np.int64]
    line_times: NDArray[np.float64]
    full: NDArray[np.bool_]
    pieces: NDArray[np.float64]


def reached_within(network: TransportNetwork, entry: Access, times: NodeTimes, *, cutoff_ms: int) -> Reached:
    """Return what is reached within a cutoff that is no larger than the limit of the search.

    Parameters
    ----------
    network : TransportNetwork
    entry : Access
        The origin's ways onto the network.
    times : NodeTimes
    cutoff_ms : int
        Time to be spent, milliseconds.
    """
    table = line_table(network)
    node = _reached_nodes(times.time_ms, times.block, table.alone, cutoff_ms)
    if not network.has_exits_along:
        nothing = np.zeros(0, dtype=np.int64)
        return Reached(node, nothing, np.zeros((0, 4)), np.zeros(0, dtype=np.bool_), np.zeros((0, 6)))
    entered = distinct(entry.line)
    line, line_times, full = _reached_lines(
        times.time_ms, times.block, table.near_start, table.near, table.tail, table.head, table.takes, entered,
        cutoff_ms, cutoff_ms - network.max_access_km * 1000 * ms_per_metre(network),
    )  # fmt: skip
    # where the whole line has the full reach, pieces add nothing
    pieces = entry.pieces_on(entered[~full[np.searchsorted(line, entered)]])
    pieces = pieces[np.minimum(pieces[:, 6], pieces[:, 7]) < cutoff_ms]
    return Reached(node, line, line_times, full, pieces[:, [8, 9, 10, 11, 6, 7]])


def reach_sources(
    network: TransportNetwork,
    plane: LocalPlane,
    origin_xyz: NDArray[np.float64],
    found: Reached,
    time_ms: NDArray[np.int32],
    *,
    cutoff_ms: int,
    cell_m: float,
    leave_out: NDArray[np.bool_] | None = None,
    laid: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Return the tapered buffers whose union is the isochrone, in plane coordinates.

    Parameters
    ----------
    network : TransportNetwork
    plane : LocalPlane
        Centred on the origin of the search, or not far from it.
    origin_xyz : ndarray of float64, shape (3,)
        The origin in earth-centred metres.
    found : Reached
        What is reached within the cutoff.
    time_ms : ndarray of int32, shape (n,)
        Times at the nodes.
    cutoff_ms : int
        Time to be spent, milliseconds.
    cell_m : float
        Side of the grid's cells: lines are drawn with a twenty-fifth of it as their tolerance.
    leave_out : ndarray of bool, shape (k,), optional
        Lines reached that are taken care of otherwise.
    laid : ndarray of float64, shape (v, 2), optional
        Vertices of all lines in the plane, if known.

    Returns
    -------
    ndarray of float64, shape (k, 6)
        x0, y0, r0, x1, y1, r1 in metres, as `_quadtree.isochrone_edge` takes them. The first is
        the disc around the origin.
    """
    offset, xyz, share = np.zeros(1, dtype=np.int64), np.zeros((0, 3)), np.zeros(0)
    if network.has_exits_along:
        lines = network.exit_lines.thinned(line_tolerance_m(cell_m))
        offset, xyz, share = lines.offset, lines.xyz, lines.share
    rows = _all_sources(
        origin_xyz, network.node_xyz[found.node], time_ms[found.node].astype(np.float64),
        xyz, np.zeros((0, 2)) if laid is None else laid, share, offset, found.line, found.line_times, found.full,
        np.zeros(len(found.line), dtype=np.bool_) if leave_out is None else leave_out, found.pieces,
        float(cutoff_ms), ms_per_metre(network), network.max_access_km * 1000,
        _LIFT_M_PER_MIN * cutoff_ms / 60_000, *plane.frame,
    )  # fmt: skip
    return np.asarray(rows)


def line_tolerance_m(cell_m: float) -> float:
    """Return how exactly lines are drawn on cells of a size, metres: a power of two."""
    return 2.0 ** math.floor(math.log2(cell_m * _TOLERANCE_IN_CELLS))


@dataclass(frozen=True, eq=False)
class LineTable(Sealed):
    """The lines that may be left anywhere, as a search sees them.

    Attributes
    ----------
    tail, head : ndarray of int32, shape (lines,)
        Nodes that each direction begins at.
    takes : ndarray of int32, shape (lines, 2)
        Milliseconds with the line and against it; -1 where it can't be passed that way.
    alone : ndarray of bool, shape (nodes,)
        Nodes with an exit where no line begins that could stand for it.
    near_start, near : ndarray of int64 and int32
        Blocks of lines that begin at nodes of each block of nodes, in CSR form.
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    takes: NDArray[np.int32]
    alone: NDArray[np.bool_]
    near_start: NDArray[np.int64]
    near: NDArray[np.int32]


@derived_kept(LineTable)
def line_table(network: TransportNetwork) -> LineTable:
    """Return a network's line table, made once."""
    if not network.has_exits_along:
        nothing = np.zeros(0, dtype=np.int32)
        return LineTable(
            nothing, nothing, np.zeros((0, 2), dtype=np.int32), network.node_exit, np.zeros(1, dtype=np.int64), nothing
        )  # fmt: skip
    link = network.exit_lines.link
    tail, head = (ends[link].copy() for ends in network.link_ends)
    takes = np.full((len(link), 2), -1, dtype=np.int32)
    speaks = np.zeros(network.n_nodes, dtype=bool)
    for way, (arcs, start) in enumerate(zip(network.link_arcs, (tail, head), strict=True)):
        arc = arcs[link]
        usable = arc >= 0
        usable[usable] = network.arc_exit[arc[usable]]
        # where a turn is banned, the two directions end at different nodes of one place
        start[usable] = network.arc_tail[arc[usable]]
        takes[usable, way] = network.arc_time_ms[arc[usable]]
        speaks[start[usable]] = True
    return _sharing(
        network.exit_lines,
        LineTable(tail, head, takes, network.node_exit & ~speaks, *_near_blocks(tail, head, takes, network.n_nodes)),
    )  # fmt: skip


@derived
def _tables(_: ExitLines) -> list[LineTable]:
    """Tables of the last networks that have these lines."""
    return []


def _sharing(lines: ExitLines, table: LineTable) -> LineTable:
    """Return a table with the arrays of another network's, where its lines begin and take as in that one."""
    tables, same = _tables(lines), ("tail", "head", "takes", "near")
    for known in tables:
        if all(np.array_equal(getattr(known, name), getattr(table, name)) for name in same):
            return replace(table, **{name: getattr(known, name) for name in same})
    tables.append(table)
    del tables[:-_MOST_TABLES]
    return table


def _near_blocks(
    tail: NDArray[np.int32], head: NDArray[np.int32], takes: NDArray[np.int32], n_nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Blocks of lines by blocks of the nodes that they begin at, in CSR form."""
    pairs = []
    for way, node in enumerate((tail, head)):
        line = np.flatnonzero(takes[:, way] >= 0)
        pair = (node[line].astype(np.int64) // NODE_BLOCK << 32) | (line // _LINE_BLOCK)
        # the next line mostly begins nearby
        pairs.append(pair[np.append(True, pair[1:] != pair[:-1])[: len(pair)]])
    both = distinct(np.concatenate(pairs))
    start = np.zeros(n_nodes // NODE_BLOCK + 2, dtype=np.int64)
    np.cumsum(np.bincount(both >> 32, minlength=len(start) - 1), out=start[1:])
    return start, (both & 0xFFFFFFFF).astype(np.int32)


@compiled
def _reached_nodes(
    time_ms: NDArray[np.int32], block: NDArray[np.int64], alone: NDArray[np.bool_], cutoff_ms: int
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Keep nodes that are reached, of blocks in which any is."""
    kept = np.empty(NODE_BLOCK * len(block), dtype=np.int64)
    n = 0
    for b in range(len(block)):
        first = NODE_BLOCK * block[b]
        for k in range(first, min(first + NODE_BLOCK, len(time_ms))):
            kept[n] = k
            n += alone[k] & (time_ms[k] <= cutoff_ms)
    return kept[:n].copy()


@compiled
def _reached_lines(
    time_ms: NDArray[np.int32],
    block: NDArray[np.int64],
    near_start: NDArray[np.int64],
    near: NDArray[np.int32],
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    takes: NDArray[np.int32],
    entered: NDArray[np.int64],
    cutoff_ms: int,
    capped_until: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]:  # pragma: no cover - compiled
    """Lines followed from an end, or entered part-way; their times; whether all of one has full reach.

    Blocks of lines are looked at which begin in a block of nodes that is reached, or hold one that is entered.
    """
    marked = np.zeros(len(tail) // _LINE_BLOCK + 1, dtype=np.bool_)
    for b in range(len(block)):
        for at in range(near_start[block[b]], near_start[block[b] + 1]):
            marked[near[at]] = True
    for k in range(len(entered)):
        marked[entered[k] // _LINE_BLOCK] = True
    blocks = np.flatnonzero(marked)
    line = np.empty(_LINE_BLOCK * len(blocks), dtype=np.int64)
    n, at = 0, 0
    for b in range(len(blocks)):
        first = _LINE_BLOCK * blocks[b]
        for k in range(first, min(first + _LINE_BLOCK, len(tail))):
            wanted = at < len(entered) and entered[at] == k
            at += wanted
            line[n] = k
            n += (
                (time_ms[tail[k]] <= cutoff_ms and takes[k, 0] >= 0)
                or (time_ms[head[k]] <= cutoff_ms and takes[k, 1] >= 0)
                or wanted
            )
    times = np.empty((n, 4))
    full = np.empty(n, dtype=np.bool_)
    for at in range(n):
        k = line[at]
        forward, backward = np.inf, np.inf
        if takes[k, 0] >= 0 and time_ms[tail[k]] <= cutoff_ms:
            forward = float(time_ms[tail[k]])
        if takes[k, 1] >= 0 and time_ms[head[k]] <= cutoff_ms:
            backward = float(time_ms[head[k]])
        times[at, 0], times[at, 1], times[at, 2], times[at, 3] = forward, backward, takes[k, 0], takes[k, 1]
        full[at] = forward + takes[k, 0] <= capped_until or backward + takes[k, 1] <= capped_until
    return line[:n].copy(), times, full


@compiled
def _all_sources(
    origin_xyz: NDArray[np.float64],
    disc_xyz: NDArray[np.float64],
    disc_ms: NDArray[np.float64],
    xyz: NDArray[np.float64],
    laid: NDArray[np.float64],
    share: NDArray[np.float64],
    offset: NDArray[np.int64],
    line: NDArray[np.int64],
    line_times: NDArray[np.float64],
    full: NDArray[np.bool_],
    drop: NDArray[np.bool_],
    pieces: NDArray[np.float64],
    cutoff: float,
    pace: float,
    cap: float,
    lift: float,
    axes: NDArray[np.float64],
    centre: NDArray[np.float64],
    radius: float,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Put discs, pieces of lines, and lines but those to drop into the plane, as tapered buffers."""
    room, longest = 1 + len(disc_ms) + 2 * (2 * _CHORDS + 2) * len(pieces), 0
    for k in range(len(line)):
        if drop[k]:
            continue
        n = offset[line[k] + 1] - offset[line[k]]
        room += n if full[k] else 4 * n + 4
        longest = max(longest, n)
    for k in range(len(pieces)):
        at = int(pieces[k, 0])
        longest = max(longest, offset[at + 1] - offset[at])
    rows, xy = np.empty((room, 6)), np.empty((longest, 2))
    x, y = project_one(origin_xyz[0], origin_xyz[1], origin_xyz[2], axes, centre, radius)
    origin = np.array([x, y])
    count = _taper(rows, 0, x, y, 0.0, x, y, 0.0, cutoff, pace, cap)
    for k in range(len(disc_ms)):
        if disc_ms[k] <= cutoff:
            x, y = project_one(disc_xyz[k, 0], disc_xyz[k, 1], disc_xyz[k, 2], axes, centre, radius)
            reach = min(cap, (cutoff - disc_ms[k]) / pace)
            rows[count, 0], rows[count, 1], rows[count, 2] = x, y, reach
            rows[count, 3], rows[count, 4], rows[count, 5] = x, y, reach
            count += 1
    for k in range(len(line)):
        if drop[k]:
            continue
        first, last = offset[line[k]], offset[line[k] + 1] - 1
        _place_line(xyz, laid, first, last, axes, centre, radius, xy)
        if full[k]:
            for v in range(last - first):
                rows[count, 0], rows[count, 1], rows[count, 2] = xy[v, 0], xy[v, 1], cap
                rows[count, 3], rows[count, 4], rows[count, 5] = xy[v + 1, 0], xy[v + 1, 1], cap
                count += 1
        else:
            parts = share[first : last + 1]
            count = _taper_line(rows, count, xy, parts, line_times[k], cutoff, pace, cap)
    for k in range(len(pieces)):
        at, walked, s0, s1, t0, t1 = pieces[k]
        first, last = offset[int(at)], offset[int(at) + 1] - 1
        _place_line(xyz, laid, first, last, axes, centre, radius, xy)
        parts = share[first : last + 1]
        x0, y0 = _along(xy, parts, s0)
        x1, y1 = _along(xy, parts, s1)
        if walked == 0.0:
            count = _taper(rows, count, x0, y0, t0, x1, y1, t1, cutoff, pace, cap)
        elif cutoff > cap * pace:  # else the disc around the origin reaches farther
            count = _taper_on_foot(rows, count, origin, x0, y0, x1, y1, cutoff, pace, cap)
    for k in range(count):
        rows[k, 2] += lift
        rows[k, 5] += lift
    return rows[:count]


@borrowing
def _place_line(
    xyz: NDArray[np.float64], laid: NDArray[np.float64], first: int, last: int,
    axes: NDArray[np.float64], centre: NDArray[np.float64], radius: float, xy: NDArray[np.float64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Put a line's vertices into the plane, at the start of `xy`."""
    if len(laid):
        for v in range(first, last + 1):
            xy[v - first, 0], xy[v - first, 1] = laid[v, 0], laid[v, 1]
        return
    for v in range(first, last + 1):
        xy[v - first, 0], xy[v - first, 1] = project_one(
            xyz[v, 0], xyz[v, 1], xyz[v, 2], axes, centre, radius
        )


@borrowing
def _along(
    xy: NDArray[np.float64], share: NDArray[np.float64], at: float
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Where a share of a line lies."""
    v = 0
    while v < len(share) - 2 and share[v + 1] < at:
        v += 1
    span = share[v + 1] - share[v]
    part = (at - share[v]) / span if span > 0.0 else 0.0
    return xy[v, 0] + part * (xy[v + 1, 0] - xy[v, 0]), xy[v, 1] + part * (xy[v + 1, 1] - xy[v, 1])


@borrowing
def _taper_on_foot(
    rows: NDArray[np.float64], count: int, origin: NDArray[np.float64],
    x0: float, y0: float, x1: float, y1: float, cutoff: float, pace: float, cap: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add a stretch each point of which is come to straight from the origin, in chords."""
    dx, dy = x1 - x0, y1 - y0
    square = dx * dx + dy * dy
    foot = ((origin[0] - x0) * dx + (origin[1] - y0) * dy) / square if square > 0.0 else 0.0
    foot = min(max(foot, 0.0), 1.0)
    for side in range(2):
        low, high = (0.0, foot) if side == 0 else (foot, 1.0)
        if high <= low:
            continue
        for chord in range(_CHORDS):
            a = low + (high - low) * chord / _CHORDS
            b = low + (high - low) * (chord + 1) / _CHORDS
            if side == 0:
                a, b = b, a  # away from the foot, so that the reach falls
            ax, ay, bx, by = x0 + a * dx, y0 + a * dy, x0 + b * dx, y0 + b * dy
            ta = pace * math.sqrt((ax - origin[0]) ** 2 + (ay - origin[1]) ** 2)
            tb = pace * math.sqrt((bx - origin[0]) ** 2 + (by - origin[1]) ** 2)
            if ta < cutoff:
                count = _taper(rows, count, ax, ay, ta, bx, by, tb, cutoff, pace, cap)
    return count


@borrowing
def _taper(
    rows: NDArray[np.float64], count: int,
    x0: float, y0: float, t0: float, x1: float, y1: float, t1: float,
    cutoff: float, pace: float, cap: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the stretch passed from time t0 to t1, cut where the time runs out, split where the cap ends."""
    if t0 > cutoff:
        return count
    if t1 > cutoff:
        part = (cutoff - t0) / (t1 - t0)
        x1, y1, t1 = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part, cutoff
    capped_until = cutoff - cap * pace
    if t0 < capped_until < t1:
        part = (capped_until - t0) / (t1 - t0)
        xm, ym = x0 + (x1 - x0) * part, y0 + (y1 - y0) * part
        rows[count, 0], rows[count, 1], rows[count, 2] = x0, y0, cap
        rows[count, 3], rows[count, 4], rows[count, 5] = xm, ym, cap
        count += 1
        x0, y0, t0 = xm, ym, capped_until
    rows[count, 0], rows[count, 1], rows[count, 2] = x0, y0, min(cap, (cutoff - t0) / pace)
    rows[count, 3], rows[count, 4], rows[count, 5] = x1, y1, min(cap, (cutoff - t1) / pace)
    return count + 1


@borrowing
def _taper_line(
    rows: NDArray[np.float64], count: int,
    xy: NDArray[np.float64], share: NDArray[np.float64], times: NDArray[np.float64],
    cutoff: float, pace: float, cap: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Follow a line from both ends, each up to where the two meet or the time runs out.

    Beyond the meeting point the other direction is ahead at every exit, so that nothing is lost.
    """
    forward, backward, forward_takes, backward_takes = times
    last = len(share) - 1
    go_f, go_b = forward < cutoff, backward < cutoff
    until_f, until_b = 1.0, 1.0  # shares of the line covered from each end
    if go_f and go_b:
        total = forward_takes + backward_takes
        meet = (backward + backward_takes - forward) / total if total > 0.0 else 1.0
        until_f = min(max(meet, 0.0), 1.0)
        until_b = 1.0 - until_f
    if go_f:
        for v in range(last):
            s0, s1 = share[v], share[v + 1]
            if s0 > until_f or (s0 == until_f and v > 0):
                break
            e = 1.0 if s1 <= until_f or s1 == s0 else (until_f - s0) / (s1 - s0)
            count = _taper(
                rows, count, xy[v, 0], xy[v, 1], forward + s0 * forward_takes,
                xy[v, 0] + (xy[v + 1, 0] - xy[v, 0]) * e, xy[v, 1] + (xy[v + 1, 1] - xy[v, 1]) * e,
                forward + (s0 + (s1 - s0) * e) * forward_takes, cutoff, pace, cap,
            )  # fmt: skip
    if go_b and until_b > 0.0:
        for w in range(last):
            v = last - w
            s0, s1 = 1.0 - share[v], 1.0 - share[v - 1]
            if s0 > until_b or (s0 == until_b and w > 0):
                break
            e = 1.0 if s1 <= until_b or s1 == s0 else (until_b - s0) / (s1 - s0)
            count = _taper(
                rows, count, xy[v, 0], xy[v, 1], backward + s0 * backward_takes,
                xy[v, 0] + (xy[v - 1, 0] - xy[v, 0]) * e, xy[v, 1] + (xy[v - 1, 1] - xy[v, 1]) * e,
                backward + (s0 + (s1 - s0) * e) * backward_takes, cutoff, pace, cap,
            )  # fmt: skip
    return count
