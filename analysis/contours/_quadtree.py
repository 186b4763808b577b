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
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..thread_pool import ThreadPool
from ._contours import Edge
from ._dominance import (
    FLAT,
    TANGENT,
    beaten,
    best_value,
    distance_square,
    field_of_chosen,
    field_on,
    hand_down,
    tangents,
    unbeaten,
)
from ._tapers import SHAPE, field_of, prepare_tapers
from ._triangles import cell_pieces, crossed

#: Cells per side of a leaf of the quadtree.
_LEAF: Final = 4
#: Most levels between a leaf and a root square, which is about as large as the largest reach.
_MOST_LEVELS: Final = 6
#: Sources looked at before a root square's are gathered: if one of them covers it, that's that.
_GLANCE: Final = 128
#: More sources than this in a square are compared with a dominating one.
_WORTH_DOMINANCE: Final = 8
#: What is done with a root square: nothing, drawing, taking over what was drawn before.
SKIP, DRAW, TAKE = 0, 1, 2
#: Grid points are numbered over a plane that is so many points wide and high, the origin in its middle:
#: the same point has the same number in every drawing.
WIDTH: Final = 1 << 25
#: So many sources that it pays to share them between threads.
_WORTH_THREADS: Final = 5000
#: Towns take longer than what their number of streets says: so there are parts left for who is done first.
_PARTS_PER_THREAD: Final = 6
#: Sources and pieces of edge that a thread has room for at first.
_FIRST_ROOM, _FIRST_PIECES = 512, 4096
#: Cells per side of a quarter of a leaf.
_QUARTER: Final = _LEAF // 2


class _Scratch(NamedTuple):
    """Room to work in, which a thread keeps: to fetch it anew takes longer than to use it.

    Attributes
    ----------
    flat, taper : ndarray of float64, shapes (slots, FLAT, room) and (slots, SHAPE, room)
        Lists of sources: a quarter's first, then those of larger squares, a root square's as gathered last.
    planes : ndarray of float64, shape (TANGENT, room)
        Tangent planes of a list's sources.
    work : ndarray of float64, shape (room,)
        A number for each.
    number, chosen : ndarray of int32, shape (room,)
        Sources' places in a list.
    edge_from, edge_to, xy : ndarray
        Pieces of edge.
    """

    flat: NDArray[np.float64]
    taper: NDArray[np.float64]
    planes: NDArray[np.float64]
    work: NDArray[np.float64]
    number: NDArray[np.int32]
    chosen: NDArray[np.int32]
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
        state = _affected(
            np.ascontiguousarray(but_for, dtype=np.float64), first_x, first_y, n_x, n_y, root, cell_m,
            known.first_x, known.first_y, known.n_x, known.n_y,
        )  # fmt: skip
    frame = Frame(
        first_x, first_y, n_x, n_y, levels, cell_m, reach, far,
        *sort_sources(shapes, reach, root, first_x, first_y, n_x, n_y), state,
    )  # fmt: skip
    return draw(frame, known=known, pool=pool)


@dataclass(frozen=True, eq=False)
class Frame:
    """Root squares of a plane, row by row, with the sources whose middles lie in them.

    Attributes
    ----------
    first_x, first_y : int
        Number of the first column and row, counted in squares from the plane's origin.
    n_x, n_y : int
    levels : int
        Of the quadtree below a root square.
    cell_m : float
    reach : float
        Reach of flat sources, metres.
    far : float
        How far from a root square's centre the middle of a source that matters in it may lie, metres.
    flat, taper : ndarray of float64, shapes (FLAT, n) and (SHAPE, m)
        Sources with the full reach, and others, sorted by square.
    flat_start, taper_start : ndarray of int64, shape (n_x * n_y + 1,)
        Where each square's sources begin.
    taper_far : ndarray of float64, shape (n_x * n_y,)
        How far from their middles a square's tapers reach at most, metres; minus infinity for none.
    state : ndarray of uint8, shape (n_x * n_y,)
        `SKIP`, `DRAW` or `TAKE`.
    """

    first_x: int
    first_y: int
    n_x: int
    n_y: int
    levels: int
    cell_m: float
    reach: float
    far: float
    flat: NDArray[np.float64]
    flat_start: NDArray[np.int64]
    taper: NDArray[np.float64]
    taper_start: NDArray[np.int64]
    taper_far: NDArray[np.float64]
    state: NDArray[np.uint8]


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
        bands = _bands(frame, min(_PARTS_PER_THREAD * pool.workers, frame.n_y))
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


def levels_of(reach_cells: float) -> int:
    """Levels that make a root square about as large as the largest reach."""
    return min(max(round(math.log2(max(reach_cells, 1.0) / _LEAF)), 1), _MOST_LEVELS)


def root_side_m(levels: int, cell_m: float) -> float:
    """Side of a root square, metres."""
    return cell_m * (_LEAF << levels)


def far_from_root(far: float, root: float, cell_m: float) -> float:
    """How far from a root square's centre a source that matters in it may be, metres.

    Parameters
    ----------
    far : float
        How far from its middle a source reaches at most.
    root, cell_m : float
    """
    return far + 0.5 * math.sqrt(2.0) * root + 2 * cell_m


def _bands(frame: Frame, n_parts: int) -> list[tuple[int, int]]:
    """Cut rows of root squares into bands with about as much to draw each: first and last but one."""
    weight = (np.diff(frame.flat_start + frame.taper_start) + 1) * (frame.state == DRAW)
    before = np.concatenate([[0], np.cumsum(weight.reshape(frame.n_y, frame.n_x).sum(axis=1))])
    cuts = np.searchsorted(before, before[-1] * np.arange(1, n_parts) / n_parts)
    return list(pairwise([0, *(int(cut) for cut in cuts), frame.n_y]))


@njit(cache=True, nogil=True)
def _affected(
    rows: NDArray[np.float64], first_x: int, first_y: int, n_x: int, n_y: int, root: float, cell_m: float,
    known_x: int, known_y: int, known_n_x: int, known_n_y: int,
) -> NDArray[np.uint8]:  # fmt: skip  # pragma: no cover - compiled
    """Say what to do with root squares: those that one of some sources comes near are to be drawn."""
    state = np.full(n_x * n_y, SKIP, dtype=np.uint8)
    for j in range(max(first_y, known_y), min(first_y + n_y, known_y + known_n_y)):
        for i in range(max(first_x, known_x), min(first_x + n_x, known_x + known_n_x)):
            state[(j - first_y) * n_x + i - first_x] = TAKE
    for k in range(len(rows)):
        x, y = 0.5 * (rows[k, 0] + rows[k, 3]), 0.5 * (rows[k, 1] + rows[k, 4])
        length = math.sqrt((rows[k, 3] - rows[k, 0]) ** 2 + (rows[k, 4] - rows[k, 1]) ** 2)
        # what lies farther outside than a cell's diagonal has no part in the edge
        near = max(rows[k, 2], rows[k, 5]) + 0.5 * length + 2 * cell_m
        west, east = math.floor((x - near) / root) - first_x, math.floor((x + near) / root) - first_x
        south, north = math.floor((y - near) / root) - first_y, math.floor((y + near) / root) - first_y
        for j in range(max(south, 0), min(north, n_y - 1) + 1):
            dy = max((first_y + j) * root - y, y - (first_y + j + 1) * root, 0.0)
            for i in range(max(west, 0), min(east, n_x - 1) + 1):
                dx = max((first_x + i) * root - x, x - (first_x + i + 1) * root, 0.0)
                if dx * dx + dy * dy <= near * near:
                    state[j * n_x + i] = DRAW
    return state


@njit(cache=True, nogil=True)
def sort_sources(
    shapes: NDArray[np.float64], reach: float, root: float, first_x: int, first_y: int, n_x: int, n_y: int
) -> tuple[
    NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]
]:  # pragma: no cover - compiled
    """Sort sources by the root square their middle lies in, row by row, as a `Frame` holds them.

    Those with the full reach, with five rows each, and the others, with eight, apart.
    """
    n = shapes.shape[1]
    square = np.empty(n, dtype=np.int32)
    start = np.zeros((2, n_x * n_y + 1), dtype=np.int64)
    for k in range(n):
        i = math.floor(shapes[8, k] / root) - first_x
        j = math.floor(shapes[9, k] / root) - first_y
        kind = 0 if shapes[5, k] == reach and shapes[6, k] == 0.0 else 1
        square[k] = 2 * (j * n_x + i) + kind
        start[kind, j * n_x + i + 1] += 1
    for at in range(n_x * n_y):
        start[0, at + 1] += start[0, at]
        start[1, at + 1] += start[1, at]
    fill = start[:, :-1].copy()
    flat = np.empty((FLAT, start[0, -1]))
    taper = np.empty((SHAPE, start[1, -1]))
    taper_far = np.full(n_x * n_y, -np.inf)
    for k in range(n):
        kind = square[k] & 1
        at = fill[kind, square[k] >> 1]
        fill[kind, square[k] >> 1] = at + 1
        if kind == 0:
            for c in range(FLAT):
                flat[c, at] = shapes[c, k]
        else:
            for c in range(SHAPE):
                taper[c, at] = shapes[c, k]
            taper_far[square[k] >> 1] = max(taper_far[square[k] >> 1], shapes[5, k] + 0.5 * shapes[4, k])
    return flat, start[0].copy(), taper, start[1].copy(), taper_far


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
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
    per_root = _LEAF << levels
    root = per_root * cell_m
    # how many squares to the side a source that matters may lie, by rows up or down
    rows = math.floor(far / root + 0.5)
    across = np.empty(rows + 1, dtype=np.int64)
    for dj in range(rows + 1):
        off = max(0.0, dj - 0.5) * root
        across[dj] = math.floor(math.sqrt(max(far * far - off * off, 0.0)) / root + 0.5)
    raw = levels + 1
    pool_flat, pool_taper, planes, work, number, chosen, edge_from, edge_to, xy = scratch
    room, capacity = len(work), len(edge_from)
    most = 2 * per_root * per_root  # pieces of edge in a root square
    n_kept = np.zeros((raw + 1, 2), dtype=np.int64)
    stack = np.empty((4 * (levels + 1), 3), dtype=np.int64)
    # the field at a leaf's points, and at a quarter's: whole vectors, since loops over a rest take longer
    field, small = np.empty(32), np.empty(16)
    gx, gy = np.empty(32), np.empty(32)
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
        m_flat, m_taper = 0, 0
        for dj in range(-rows, rows + 1):
            if 0 <= j + dj < n_y:
                west = (j + dj) * n_x + max(i - across[abs(dj)], 0)
                east = (j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1
                m_flat += flat_start[east] - flat_start[west]
                west, east = _reaching(
                    taper_far, west, east, (j + dj) * n_x + i, abs(dj), root, half + 2 * cell_m
                )
                m_taper += taper_start[east] - taper_start[west]
        if m_flat + m_taper == 0:
            continue
        if m_flat + m_taper > room:
            room = 2 * (m_flat + m_taper)
            pool_flat, pool_taper, planes, work, number, chosen = _lists(room)
        m_flat, m_taper = 0, 0
        for dj in range(-rows, rows + 1):
            if 0 <= j + dj < n_y:
                west = (j + dj) * n_x + max(i - across[abs(dj)], 0)
                east = (j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1
                m_flat = _append(flat, flat_start[west], flat_start[east], pool_flat, raw, m_flat)
                west, east = _reaching(
                    taper_far, west, east, (j + dj) * n_x + i, abs(dj), root, half + 2 * cell_m
                )
                m_taper = _append(taper, taper_start[west], taper_start[east], pool_taper, raw, m_taper)
        n_kept[raw, 0], n_kept[raw, 1] = m_flat, m_taper
        stack[0, 0], stack[0, 1], stack[0, 2] = levels, i * per_root, j * per_root
        top = 1
        while top > 0:
            top -= 1
            # not as rows: a view of an array costs more than the numbers in it
            level, cell_i, cell_j = stack[top, 0], stack[top, 1], stack[top, 2]
            m_flat, m_taper = n_kept[level + 1, 0], n_kept[level + 1, 1]
            side = _LEAF << level
            half = _half_diagonal(side, cell_m)
            x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
            y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
            m = m_flat + m_taper
            for k in range(m):
                number[k] = k
            if m > _WORTH_DOMINANCE:
                tangents(pool_flat, pool_taper, level + 1, m_flat, m_taper, reach, x, y, planes)
                if beaten(
                    pool_flat, pool_taper, level + 1, m_flat, reach, x, y, planes, number, m,
                    0.0, 0.0, 0.5 * side * cell_m, half, nearest, work,
                ):  # fmt: skip
                    continue
                m = unbeaten(work, m, number, number)
            else:
                best = best_value(pool_flat, pool_taper, level + 1, m_flat, m_taper, reach, x, y, work)
                if best > half or best < -half:
                    continue
            if level > 0:
                m_flat, m_taper = hand_down(pool_flat, pool_taper, level + 1, m_flat, number, m, level)
                n_kept[level, 0], n_kept[level, 1] = m_flat, m_taper
                top = _push_children(stack, top, level, cell_i, cell_j, side)
                continue
            corner_i, corner_j = first_x * per_root + cell_i, first_y * per_root + cell_j
            point = (corner_j + WIDTH // 2) * WIDTH + corner_i + WIDTH // 2
            if m <= _WORTH_DOMINANCE:
                m_flat, m_taper = hand_down(pool_flat, pool_taper, 1, m_flat, number, m, 0)
                n = _leaf_at_once(
                    pool_flat, pool_taper, m_flat, m_taper, reach, corner_i, corner_j, cell_m, point,
                    gx, gy, field, edge_from, edge_to, xy, n,
                )  # fmt: skip
                continue
            for c in range(TANGENT):
                for k in range(m):
                    planes[c, k] = planes[c, number[k]]
            n = _leaf_by_quarters(
                pool_flat, pool_taper, m_flat, reach, x, y, corner_i, corner_j, cell_m, point, nearest,
                planes, work, number, m, chosen, gx, gy, small, edge_from, edge_to, xy, n,
            )  # fmt: skip
    begin[-1] = n
    scratch = _Scratch(pool_flat, pool_taper, planes, work, number, chosen, edge_from, edge_to, xy)
    return scratch, edge_from[:n].copy(), edge_to[:n].copy(), xy[:n].copy(), begin


@njit(cache=True, nogil=True)
def _reaching(
    taper_far: NDArray[np.float64],
    first: int,
    end: int,
    middle: int,
    rows_apart: int,
    root: float,
    margin: float,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Leave squares out, at both ends of a part of a row, whose tapers don't reach a certain square.

    Parameters
    ----------
    taper_far : ndarray
        Of all squares.
    first, end : int
        First square and last but one.
    middle, rows_apart : int
        The square in this row that lies above or below that one, and how many rows apart they are.
    root : float
        Side of a square, metres.
    margin : float
        How near to the other's centre tapers have to come, metres.
    """
    dy = max(rows_apart - 0.5, 0.0) * root
    for turn in range(2):
        while first < end:
            at = first if turn == 0 else end - 1
            dx = max(abs(at - middle) - 0.5, 0.0) * root
            if taper_far[at] >= 0.0 and dx * dx + dy * dy <= (taper_far[at] + margin) ** 2:
                break
            if turn == 0:
                first += 1
            else:
                end -= 1
    return first, end


@njit(cache=True, nogil=True)
def _lists(
    room: int,
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64],
    NDArray[np.int32], NDArray[np.int32],
]:  # fmt: skip  # pragma: no cover - compiled
    """Return the room for sources in scratch buffers."""
    slots = _MOST_LEVELS + 2
    return (
        np.empty((slots, FLAT, room)), np.empty((slots, SHAPE, room)), np.empty((TANGENT, room)),
        np.empty(room), np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32),
    )  # fmt: skip


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True, inline="always")
def _leaf_at_once(
    pool_flat: NDArray[np.float64], pool_taper: NDArray[np.float64], m_flat: int, m_taper: int, reach: float,
    corner_i: int, corner_j: int, cell_m: float, first_point: int,
    gx: NDArray[np.float64], gy: NDArray[np.float64], field: NDArray[np.float64],
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the pieces of edge in a leaf, from the field at all its points; return the new count."""
    across = _LEAF + 1
    for p in range(len(gx)):
        gx[p] = (corner_i + p % across) * cell_m
        gy[p] = (corner_j + min(p // across, _LEAF)) * cell_m
    field_on(pool_flat, pool_taper, 0, m_flat, m_taper, reach, gx, gy, field)
    for quarter in range(4):
        for part in range(_QUARTER * _QUARTER):
            i = (quarter & 1) * _QUARTER + part % _QUARTER
            j = (quarter >> 1) * _QUARTER + part // _QUARTER
            at = j * across + i
            sw, se, nw, ne = field[at], field[at + 1], field[at + across], field[at + across + 1]
            if crossed(sw, se, nw, ne):
                n = cell_pieces(
                    sw, se, nw, ne, corner_i + i, corner_j + j, cell_m, first_point + j * WIDTH + i, WIDTH,
                    edge_from, edge_to, xy, n,
                )  # fmt: skip
    return n


@njit(cache=True, nogil=True, inline="always")
def _leaf_by_quarters(
    pool_flat: NDArray[np.float64], pool_taper: NDArray[np.float64], m_flat: int, reach: float,
    x: float, y: float, corner_i: int, corner_j: int, cell_m: float, first_point: int,
    nearest: float, planes: NDArray[np.float64], work: NDArray[np.float64],
    number: NDArray[np.int32], m: int, chosen: NDArray[np.int32],
    gx: NDArray[np.float64], gy: NDArray[np.float64], small: NDArray[np.float64],
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Do the same for many sources: of each quarter first which ones matter."""
    half_side = 0.5 * _QUARTER * cell_m
    for quarter in range(4):
        i, j = (quarter & 1) * _QUARTER, (quarter >> 1) * _QUARTER
        off_x, off_y = (2 * (quarter & 1) - 1) * half_side, (2 * (quarter >> 1) - 1) * half_side
        if beaten(
            pool_flat, pool_taper, 1, m_flat, reach, x, y, planes, number, m,
            off_x, off_y, half_side, np.inf, nearest, work,
        ):  # fmt: skip
            continue
        k = unbeaten(work, m, number, chosen)
        for p in range(len(small)):
            gx[p] = (corner_i + i + p % 3) * cell_m
            gy[p] = (corner_j + j + min(p // 3, 2)) * cell_m
        field_of_chosen(pool_flat, pool_taper, 1, m_flat, reach, chosen, k, gx, gy, small)
        for part in range(_QUARTER * _QUARTER):
            at = part // 2 * 3 + part % 2
            sw, se, nw, ne = small[at], small[at + 1], small[at + 3], small[at + 4]
            if crossed(sw, se, nw, ne):
                n = cell_pieces(
                    sw, se, nw, ne, corner_i + i + part % 2, corner_j + j + part // 2, cell_m,
                    first_point + (j + part // 2) * WIDTH + i + part % 2, WIDTH, edge_from, edge_to, xy, n,
                )  # fmt: skip
    return n


@njit(cache=True, nogil=True, inline="always")
def _half_diagonal(side: int, cell_m: float) -> float:  # pragma: no cover - compiled
    return 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def _grown(
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], capacity: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    n = len(edge_from)
    new_from, new_to = np.empty(capacity, dtype=np.int64), np.empty(capacity, dtype=np.int64)
    new_xy = np.empty((capacity, 2))
    new_from[:n], new_to[:n], new_xy[:n] = edge_from, edge_to, xy
    return new_from, new_to, new_xy
