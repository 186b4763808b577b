"""From tapered buffers to the edge of what they cover: quadtree, then lines through its small cells.

The isochrone of a cutoff is where the *field* of its sources, the largest of theirs (see `tapers`),
is at least zero.

The field changes by at most the distance moved. So a square whose centre has it above its half
diagonal, or as far below zero, holds no edge of the isochrone, and few of the sources can matter inside
(see `_dominance`): the quadtree drops everything else and evaluates the field on grid points near the edge
alone. The edge is then drawn on triangles (each cell cut along its rising diagonal) by linear interpolation.
Where the field is larger at every grid point, as for a larger cutoff, the polygon covers the smaller one's.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing, compiled, inlined
from ..thread_pool import ThreadPool
from ._contours import Edge
from ._dominance import (
    FLAT,
    POINTS,
    TANGENT,
    beaten,
    best_value,
    distance_square,
    hand_down,
    tangents,
    unbeaten,
)
from ._leaves import LEAF, WIDTH, leaf_pieces
from ._root_squares import (
    DRAW,
    MOST_LEVELS,
    SKIP,
    TAKE,
    Frame,
    affected,
    bands_of,
    far_from_root,
    levels_of,
    reaching,
    root_side_m,
    sort_sources,
)
from ._tapers import SHAPE, field_of, prepare_tapers

#: Sources looked at before a root square's are gathered: if one of them covers it, that's that.
_GLANCE: Final = 128
#: More sources than this in a square are compared with a dominating one.
_WORTH_DOMINANCE: Final = 8
#: So many sources that it pays to share them between threads.
_WORTH_THREADS: Final = 5000
#: Towns take longer than what their number of streets says: so there are parts left for who is done first.
_PARTS_PER_THREAD: Final = 6
#: Sources and pieces of edge that a thread has room for at first.
_FIRST_ROOM, _FIRST_PIECES = 512, 4096


class _Scratch(NamedTuple):
    """Room to work in, which a thread keeps: to fetch it anew takes longer than to use it.

    Attributes
    ----------
    flat, taper : ndarray of float64, shapes (slots, FLAT, room) and (slots, SHAPE, room)
        Lists of sources by level: a leaf's as handed down to it, then those of larger squares, a root square's as
        gathered last.
    planes : ndarray of float64, shape (TANGENT, room)
        Tangent planes of a list's sources.
    work : ndarray of float64, shape (room,)
        A number for each.
    number : ndarray of int32, shape (room,)
        Sources' places in a list.
    edge_from, edge_to, xy : ndarray
        Pieces of edge.
    """

    flat: NDArray[np.float64]
    taper: NDArray[np.float64]
    planes: NDArray[np.float64]
    work: NDArray[np.float64]
    number: NDArray[np.int32]
    edge_from: NDArray[np.int64]
    edge_to: NDArray[np.int64]
    xy: NDArray[np.float64]


_SCRATCH: Final = threading.local()


def _own_scratch() -> _Scratch:
    """Return this thread's scratch buffers."""
    if not hasattr(_SCRATCH, "own"):
        nothing = np.empty(_FIRST_PIECES, dtype=np.int64)
        _SCRATCH.own = _Scratch(*_lists(_FIRST_ROOM), nothing, nothing.copy(), np.empty((_FIRST_PIECES, 2)))
    scratch: _Scratch = _SCRATCH.own
    return scratch


def isochrone_edge(sources: NDArray[np.float64], *, cell_m: float, pool: ThreadPool | None = None) -> Edge:
    """Return the edge of the set where the field of `sources` is at least zero.

    Parameters
    ----------
    sources : ndarray of float64, shape (k, 6)
        x0, y0, r0, x1, y1, r1 in metres in a plane: a tapered buffer each, with r0 >= r1; a disc
        where both ends agree.
    cell_m : float
        Side of a grid cell. The grid is fixed to the plane's origin, so that equal cell sizes
        give equal grids.
    pool : ThreadPool, optional
        Threads. The edge doesn't depend on it.

    Returns
    -------
    Edge
        Its rings are simple, don't touch each other, and enclose the set.

    References
    ----------
    Apollonius-type (additively weighted) distance: Okabe et al. (2000), Spatial Tessellations,
    2nd ed., sec. 3.1. Branch and bound on Lipschitz functions: Piyavskii (1972).
    """
    return draw_sources(sources, cell_m=cell_m, pool=pool).edge


def draw_sources(
    sources: NDArray[np.float64],
    *,
    cell_m: float,
    like: Drawn | None = None,
    but_for: NDArray[np.float64] | None = None,
    pool: ThreadPool | None = None,
) -> Drawn:
    """Draw the edge of sources; what lies where they're the same as another drawing's is taken over from it.

    Parameters
    ----------
    sources, cell_m, pool
        As for `isochrone_edge`.
    like : Drawn, optional
        A drawing of other sources in the same plane. Where its grid or full reach differ, it's of no use.
    but_for : ndarray of float64, shape (m, 6)
        Sources that one of the two has and the other has not.
    """
    if len(sources) == 0:
        return _nothing(cell_m)
    rows = np.ascontiguousarray(sources, dtype=np.float64)
    reach = float(rows[:, 2].max())
    levels = levels_of(reach / cell_m)
    root = root_side_m(levels, cell_m)
    shapes, far = prepare_tapers(rows, 0.5 * root)
    far = far_from_root(far, root, cell_m)
    around = math.floor(far / root + 0.5)
    low = np.floor(shapes[8:10].min(axis=1) / root).astype(np.int64) - around
    high = np.floor(shapes[8:10].max(axis=1) / root).astype(np.int64) + around
    first_x, first_y, n_x, n_y = int(low[0]), int(low[1]), *(int(n) for n in high - low + 1)
    # where the full reach differs, the same sources are reckoned in another way
    known = None if like is None or (like.reach, like.edge.cell_m) != (reach, cell_m) else like
    if known is None or but_for is None:
        state = np.full(n_x * n_y, DRAW, dtype=np.uint8)
    else:
        state = affected(
            np.ascontiguousarray(but_for, dtype=np.float64), first_x, first_y, n_x, n_y, root, cell_m,
            known.first_x, known.first_y, known.n_x, known.n_y,
        )  # fmt: skip
    frame = Frame(
        first_x, first_y, n_x, n_y, levels, cell_m, reach, far,
        *sort_sources(shapes, reach, root, first_x, first_y, n_x, n_y), state,
    )  # fmt: skip
    return draw(frame, known=known, pool=pool)


@dataclass(frozen=True, eq=False)
class Drawn:
    """An edge by root squares: what a later drawing may take over.

    Attributes
    ----------
    edge : Edge
    begin : ndarray of int64, shape (n_x * n_y + 1,)
        Where each square's pieces begin.
    first_x, first_y, n_x, n_y : int
    reach : float
        As of the frame that it was drawn on.
    """

    edge: Edge
    begin: NDArray[np.int64]
    first_x: int
    first_y: int
    n_x: int
    n_y: int
    reach: float


def draw(frame: Frame, *, known: Drawn | None = None, pool: ThreadPool | None = None) -> Drawn:
    """Draw the edge on a frame.

    Parameters
    ----------
    frame : Frame
    known : Drawn, optional
        Where the pieces of squares to `TAKE` come from.
    pool : ThreadPool, optional
        Threads. The edge doesn't depend on it.
    """
    held = known or _nothing(frame.cell_m)

    def trace(rows: tuple[int, int]) -> tuple[Edge, NDArray[np.int64]]:
        scratch, side_from, side_to, xy, begin = _trace(
            frame.flat, frame.flat_start, frame.taper, frame.taper_start, frame.taper_far,
            frame.state, frame.reach,
            frame.n_x, frame.n_y, frame.first_x, frame.first_y, frame.cell_m, frame.levels, frame.far,
            *rows, held.edge.side_from, held.edge.side_to, held.edge.xy, held.begin,
            held.first_x, held.first_y, held.n_x, _own_scratch(),
        )  # fmt: skip
        _SCRATCH.own = scratch
        return Edge(side_from, side_to, xy, WIDTH, frame.cell_m), begin

    n_sources = frame.flat.shape[1] + frame.taper.shape[1]
    if pool is None or pool.workers == 1 or n_sources < _WORTH_THREADS:
        edge, begin = trace((0, frame.n_y))
    else:
        bands = bands_of(frame, min(_PARTS_PER_THREAD * pool.workers, frame.n_y))
        edges, begins = zip(*pool.map(trace, bands), strict=True)
        edge = Edge(
            np.concatenate([edge.side_from for edge in edges]),
            np.concatenate([edge.side_to for edge in edges]),
            np.concatenate([edge.xy for edge in edges]),
            WIDTH,
            frame.cell_m,
        )
        begin = np.concatenate([[0], np.cumsum(np.concatenate([np.diff(begin) for begin in begins]))])
    return Drawn(edge, begin, frame.first_x, frame.first_y, frame.n_x, frame.n_y, frame.reach)


def _nothing(cell_m: float) -> Drawn:
    """Return the drawing of no source at all."""
    none = np.zeros(0, dtype=np.int64)
    return Drawn(
        Edge(none, none, np.zeros((0, 2)), WIDTH, cell_m), np.zeros(1, dtype=np.int64), 0, 0, 0, 0, reach=0.0
    )


@borrowing
def _covered(
    flat: NDArray[np.float64], flat_from: int, flat_to: int,
    taper: NDArray[np.float64], taper_from: int, taper_to: int,
    reach: float, x: float, y: float, half: float,
) -> bool:  # fmt: skip  # pragma: no cover - compiled
    """Whether one of the first of some sources covers a square: often one does, and that's that."""
    if reach > half:
        enough = (reach - half) ** 2
        for k in range(flat_from, min(flat_to, flat_from + _GLANCE)):
            if distance_square(flat[0, k], flat[1, k], flat[2, k], flat[3, k], flat[4, k], x, y) < enough:
                return True
    for k in range(taper_from, min(taper_to, taper_from + _GLANCE)):
        value = field_of(
            taper[0, k], taper[1, k], taper[2, k], taper[3, k],
            taper[4, k], taper[5, k], taper[6, k], taper[7, k], x, y,
        )  # fmt: skip
        if value > half:
            return True
    return False


@compiled
def _trace(
    flat: NDArray[np.float64],
    flat_start: NDArray[np.int64],
    taper: NDArray[np.float64],
    taper_start: NDArray[np.int64],
    taper_far: NDArray[np.float64],
    state: NDArray[np.uint8],
    reach: float,
    n_x: int,
    n_y: int,
    first_x: int,
    first_y: int,
    cell_m: float,
    levels: int,
    far: float,
    first_row: int,
    end_row: int,
    known_from: NDArray[np.int64],
    known_to: NDArray[np.int64],
    known_xy: NDArray[np.float64],
    known_begin: NDArray[np.int64],
    known_x: int,
    known_y: int,
    known_n_x: int,
    scratch: _Scratch,
) -> tuple[
    _Scratch, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]
]:  # pragma: no cover - compiled
    """Return one directed piece of the edge per triangle it crosses in a band of root squares, inside on the left.

    A piece runs from one triangle side to another; sides are numbered over the whole plane, so that
    pieces are joined by number and not by comparing coordinates. Before the pieces come the scratch buffers, which
    may have grown; last, where each square's pieces begin.
    """
    per_root = LEAF << levels
    root = per_root * cell_m
    # how many squares to the side a source that matters may lie, by rows up or down
    rows = math.floor(far / root + 0.5)
    across = np.empty(rows + 1, dtype=np.int64)
    for dj in range(rows + 1):
        off = max(0.0, dj - 0.5) * root
        across[dj] = math.floor(math.sqrt(max(far * far - off * off, 0.0)) / root + 0.5)
    raw = levels + 1
    pool_flat, pool_taper, planes, work, number, edge_from, edge_to, xy = scratch
    room, capacity = len(work), len(edge_from)
    most = 2 * per_root * per_root  # pieces of edge in a root square
    n_kept = np.zeros((raw + 1, 2), dtype=np.int64)
    stack = np.empty((4 * (levels + 1), 3), dtype=np.int64)
    points = np.empty(3 * POINTS)  # a leaf's, and the field there
    # where the sources of a row of squares begin and end, flat ones and tapers
    spans = np.empty((2 * rows + 1, 4), dtype=np.int64)
    nearest = -math.sqrt(2.0) * cell_m * (1 + 1e-9)  # of a grid point outside, next to one inside
    n = 0
    begin = np.zeros((end_row - first_row) * n_x + 1, dtype=np.int64)
    for square in range(first_row * n_x, end_row * n_x):
        begin[square - first_row * n_x] = n
        if state[square] == SKIP:
            continue
        i, j = square % n_x, square // n_x
        if n + most > capacity:
            capacity = 2 * (n + most)
            edge_from, edge_to, xy = _grown(edge_from, edge_to, xy, capacity)
        if state[square] == TAKE:
            at = (first_y + j - known_y) * known_n_x + first_x + i - known_x
            count = known_begin[at + 1] - known_begin[at]
            for k in range(count):
                piece = known_begin[at] + k
                edge_from[n + k], edge_to[n + k] = known_from[piece], known_to[piece]
                xy[n + k, 0], xy[n + k, 1] = known_xy[piece, 0], known_xy[piece, 1]
            n += count
            continue
        half = _half_diagonal(per_root, cell_m)
        x = (first_x * per_root + i * per_root + 0.5 * per_root) * cell_m
        y = (first_y * per_root + j * per_root + 0.5 * per_root) * cell_m
        if _covered(
            flat, flat_start[square], flat_start[square + 1], taper, taper_start[square],
            taper_start[square + 1], reach, x, y, half,
        ):  # fmt: skip
            continue
        first_dj, end_dj = max(-rows, -j), min(rows, n_y - 1 - j) + 1
        m_flat, m_taper = 0, 0
        for dj in range(first_dj, end_dj):
            west = (j + dj) * n_x + max(i - across[abs(dj)], 0)
            east = (j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1
            spans[dj + rows, 0], spans[dj + rows, 1] = flat_start[west], flat_start[east]
            west, east = reaching(taper_far, west, east, (j + dj) * n_x + i, abs(dj), root, half + 2 * cell_m)
            spans[dj + rows, 2], spans[dj + rows, 3] = taper_start[west], taper_start[east]
            m_flat += spans[dj + rows, 1] - spans[dj + rows, 0]
            m_taper += spans[dj + rows, 3] - spans[dj + rows, 2]
        if m_flat + m_taper == 0:
            continue
        if m_flat + m_taper > room:
            room = 2 * (m_flat + m_taper)
            pool_flat, pool_taper, planes, work, number = _lists(room)
        m_flat, m_taper = 0, 0
        for dj in range(first_dj, end_dj):
            m_flat = _append(flat, spans[dj + rows, 0], spans[dj + rows, 1], pool_flat, raw, m_flat)
            m_taper = _append(taper, spans[dj + rows, 2], spans[dj + rows, 3], pool_taper, raw, m_taper)
        n_kept[raw, 0], n_kept[raw, 1] = m_flat, m_taper
        stack[0, 0], stack[0, 1], stack[0, 2] = levels, i * per_root, j * per_root
        top = 1
        while top > 0:
            top -= 1
            # not as rows: a view of an array costs more than the numbers in it
            level, cell_i, cell_j = stack[top, 0], stack[top, 1], stack[top, 2]
            m_flat, m_taper = n_kept[level + 1, 0], n_kept[level + 1, 1]
            side = LEAF << level
            half = _half_diagonal(side, cell_m)
            x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
            y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
            m = m_flat + m_taper
            if m > _WORTH_DOMINANCE:
                tangents(pool_flat, pool_taper, level + 1, m_flat, m_taper, reach, x, y, planes)
                if beaten(
                    pool_flat, pool_taper, level + 1, m_flat, reach, x, y, planes, m,
                    0.5 * side * cell_m, half, nearest, work,
                ):  # fmt: skip
                    continue
                m = unbeaten(work, m, number)
                if m == 0:
                    continue
            else:
                best = best_value(pool_flat, pool_taper, level + 1, m_flat, m_taper, reach, x, y, work)
                if best > half or best < -half:
                    continue
                for k in range(m):
                    number[k] = k
            if level > 0:
                m_flat, m_taper = hand_down(pool_flat, pool_taper, level + 1, m_flat, number, m, level)
                n_kept[level, 0], n_kept[level, 1] = m_flat, m_taper
                top = _push_children(stack, top, level, cell_i, cell_j, side)
                continue
            corner_i, corner_j = first_x * per_root + cell_i, first_y * per_root + cell_j
            point = (corner_j + WIDTH // 2) * WIDTH + corner_i + WIDTH // 2
            n = leaf_pieces(
                pool_flat, pool_taper, m_flat, reach, number, m, corner_i, corner_j, cell_m, point,
                points, edge_from, edge_to, xy, n,
            )  # fmt: skip
    begin[-1] = n
    scratch = _Scratch(pool_flat, pool_taper, planes, work, number, edge_from, edge_to, xy)
    return scratch, edge_from[:n].copy(), edge_to[:n].copy(), xy[:n].copy(), begin


@compiled
def _lists(
    room: int,
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64],
    NDArray[np.int32],
]:  # fmt: skip  # pragma: no cover - compiled
    """Return the room for sources in scratch buffers."""
    slots = MOST_LEVELS + 2
    return (
        np.empty((slots, FLAT, room)), np.empty((slots, SHAPE, room)), np.empty((TANGENT, room)),
        np.empty(room), np.empty(room, dtype=np.int32),
    )  # fmt: skip


@borrowing
def _append(
    rows: NDArray[np.float64], first: int, last: int, pool: NDArray[np.float64], slot: int, m: int
) -> int:  # pragma: no cover - compiled
    """Add sources to m in a list; return how many there are."""
    # unsigned numbers need no look at whether they count from the end
    start, count, at = np.uint64(first), np.uint64(last - first), np.uint64(m)
    for c in range(len(rows)):
        for k in range(count):
            pool[slot, c, at + k] = rows[c, start + k]
    return m + last - first


@inlined
def _half_diagonal(side: int, cell_m: float) -> float:  # pragma: no cover - compiled
    return 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6


@borrowing
def _push_children(
    stack: NDArray[np.int64], top: int, level: int, cell_i: int, cell_j: int, side: int
) -> int:  # pragma: no cover - compiled
    """Put a square's four quarters on the stack; return its new height."""
    for child in range(4):
        stack[top, 0] = level - 1
        stack[top, 1] = cell_i + (child & 1) * (side >> 1)
        stack[top, 2] = cell_j + (child >> 1) * (side >> 1)
        top += 1
    return top


@compiled
def _grown(
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], capacity: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    n = len(edge_from)
    new_from, new_to = np.empty(capacity, dtype=np.int64), np.empty(capacity, dtype=np.int64)
    new_xy = np.empty((capacity, 2))
    new_from[:n], new_to[:n], new_xy[:n] = edge_from, edge_to, xy
    return new_from, new_to, new_xy
