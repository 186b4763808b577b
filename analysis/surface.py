"""From tapered buffers to the edge of what they cover: quadtree, then lines through its small cells.

The isochrone of a cutoff is where the *field* of its sources, the largest of theirs (see `tapers`),
is at least zero.

The field changes by at most the distance moved. So a square whose centre has it above its half
diagonal, or as far below zero, holds no edge of the isochrone, and of the sources only those whose
value at the centre is within a full diagonal of the best can matter inside the square: the
quadtree drops everything else and evaluates the field on grid points near the edge alone. The edge is
then drawn on triangles (each cell cut along its rising diagonal) by linear interpolation. Where the
field is larger at every grid point, as for a larger cutoff, the polygon covers the smaller one's.

Most sources near an edge have the full reach R from end to end. Theirs is R less the distance, and
so the nearest is the best: they are compared by squares of distances, and a root is drawn once per point.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .contour import Edge
from .tapers import SHAPE, field_of, prepare_tapers

#: Cells per side of a leaf of the quadtree.
_LEAF: Final = 4
#: Most levels between a leaf and a root square, which is about as large as the largest reach.
_MOST_LEVELS: Final = 6
#: Sources looked at before a root square's are gathered: if one of them covers it, that's that.
_GLANCE: Final = 128
#: More sources than this in a square are compared by their tangents, too.
_WORTH_RIVALRY: Final = 16
#: So many sources that it pays to share them between threads.
_WORTH_THREADS: Final = 5000
#: Edges cross the sides of triangles at whole parts of the side, the ends left out: so that rings
#: touch neither themselves nor each other, and equal edges are equal to the bit.
_NOTCHES: Final = 1024
#: Rows of a source with the full reach: start, direction, length.
_FLAT: Final = 5


def isochrone_edge(sources: NDArray[np.float64], *, cell_m: float, workers: int = 1) -> Edge:
    """Return the edge of the set where the field of `sources` is at least zero.

    Parameters
    ----------
    sources : ndarray of float64, shape (k, 6)
        x0, y0, r0, x1, y1, r1 in metres in a plane: a tapered buffer each, with r0 >= r1; a disc
        where both ends agree.
    cell_m : float
        Side of a grid cell. The grid is fixed to the plane's origin, so that equal cell sizes
        give equal grids.
    workers : int
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
    if len(sources) == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return Edge(nothing, nothing, np.zeros((0, 2)), 1, cell_m)
    rows = np.ascontiguousarray(sources, dtype=np.float64)
    reach = float(rows[:, 2].max())
    levels = _levels(reach / cell_m)
    root = cell_m * (_LEAF << levels)
    shapes, far = prepare_tapers(rows, 0.5 * root)
    # beyond this distance from its centre a source can't matter in a root square
    far += 0.5 * math.sqrt(2.0) * root + 2 * cell_m
    around = math.floor(far / root + 0.5)
    low = np.floor(shapes[8:10].min(axis=1) / root).astype(np.int64) - around
    high = np.floor(shapes[8:10].max(axis=1) / root).astype(np.int64) + around
    n_x, n_y = (int(n) for n in high - low + 1)
    flat, flat_start, taper, taper_start = _sort(shapes, reach, root, int(low[0]), int(low[1]), n_x, n_y)

    def trace(rows: tuple[int, int]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        return _trace(
            flat, flat_start, taper, taper_start, reach,
            n_x, n_y, int(low[0]), int(low[1]), cell_m, levels, far, *rows,
        )  # fmt: skip

    n_parts = min(workers, n_y) if shapes.shape[1] >= _WORTH_THREADS else 1
    if n_parts == 1:
        side_from, side_to, xy = trace((0, n_y))
    else:
        with ThreadPoolExecutor(max_workers=n_parts) as pool:
            found = pool.map(trace, _bands(flat_start, taper_start, n_x, n_y, n_parts))
            side_from, side_to, xy = (np.concatenate(column) for column in zip(*found, strict=True))
    return Edge(side_from, side_to, xy, n_x * (_LEAF << levels) + 1, cell_m)


def _bands(
    flat_start: NDArray[np.int64], taper_start: NDArray[np.int64], n_x: int, n_y: int, n_parts: int
) -> list[tuple[int, int]]:
    """Cut rows of root squares into bands with about as many sources each: first and last but one."""
    before = (flat_start + taper_start)[::n_x]
    cuts = np.searchsorted(before, before[-1] * np.arange(1, n_parts) / n_parts)
    return list(pairwise([0, *(int(cut) for cut in cuts), n_y]))


def _levels(reach_cells: float) -> int:
    """Levels that make a root square about as large as the largest reach."""
    return min(max(round(math.log2(max(reach_cells, 1.0) / _LEAF)), 1), _MOST_LEVELS)


@njit(cache=True, nogil=True)
def _sort(
    shapes: NDArray[np.float64], reach: float, root: float, first_x: int, first_y: int, n_x: int, n_y: int
) -> tuple[
    NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]
]:  # pragma: no cover - compiled
    """Sort sources by the root square their middle lies in, row by row; say where each square begins.

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
    flat = np.empty((_FLAT, start[0, -1]))
    taper = np.empty((SHAPE, start[1, -1]))
    for k in range(n):
        kind = square[k] & 1
        at = fill[kind, square[k] >> 1]
        fill[kind, square[k] >> 1] = at + 1
        if kind == 0:
            for c in range(_FLAT):
                flat[c, at] = shapes[c, k]
        else:
            for c in range(SHAPE):
                taper[c, at] = shapes[c, k]
    return flat, start[0].copy(), taper, start[1].copy()


@njit(cache=True, nogil=True, inline="always")
def _square(
    x0: float, y0: float, ux: float, uy: float, length: float, x: float, y: float
) -> float:  # pragma: no cover - compiled
    """Square of the distance of a line; without branches, so that it's computed for many at once."""
    dx, dy = x - x0, y - y0
    along = dx * ux + dy * uy
    height = dy * ux - dx * uy
    best = max(0.0, along)
    best = min(length, best)
    over = along - best
    return over * over + height * height


@njit(cache=True, nogil=True)
def _squares_of(
    flat: NDArray[np.float64], first: int, last: int, x: float, y: float, into: NDArray[np.float64], at: int
) -> float:  # pragma: no cover - compiled
    """Write squares of the distances of sources with the full reach; return the least."""
    x0, y0, ux, uy = flat[0, first:last], flat[1, first:last], flat[2, first:last], flat[3, first:last]
    length, out = flat[4, first:last], into[at:]
    for k in range(last - first):
        out[k] = _square(x0[k], y0[k], ux[k], uy[k], length[k], x, y)
    return _least(out, last - first)


@njit(cache=True, nogil=True)
def _drops_of(
    taper: NDArray[np.float64], first: int, last: int, x: float, y: float, into: NDArray[np.float64], at: int
) -> float:  # pragma: no cover - compiled
    """Write the values of other sources, their signs turned; return the least."""
    x0, y0, ux, uy = taper[0, first:last], taper[1, first:last], taper[2, first:last], taper[3, first:last]
    length, r0, fall = taper[4, first:last], taper[5, first:last], taper[6, first:last]
    lead, out = taper[7, first:last], into[at:]
    for k in range(last - first):
        out[k] = -field_of(x0[k], y0[k], ux[k], uy[k], length[k], r0[k], fall[k], lead[k], x, y)
    return _least(out, last - first)


@njit(cache=True, nogil=True)
def _best_kept(
    flat: NDArray[np.float64], taper: NDArray[np.float64], level: int, m_flat: int, m_taper: int,
    reach: float, x: float, y: float, squares: NDArray[np.float64], drops: NDArray[np.float64],
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Return the field at a point by the sources kept on a level; write what each contributes."""
    for k in range(m_flat):
        squares[k] = _square(
            flat[level, 0, k],
            flat[level, 1, k],
            flat[level, 2, k],
            flat[level, 3, k],
            flat[level, 4, k],
            x,
            y,
        )
    best = reach - math.sqrt(_least(squares, m_flat))
    if m_taper > 0:
        for k in range(m_taper):
            drops[k] = -field_of(
                taper[level, 0, k], taper[level, 1, k], taper[level, 2, k], taper[level, 3, k],
                taper[level, 4, k], taper[level, 5, k], taper[level, 6, k], taper[level, 7, k], x, y,
            )  # fmt: skip
        best = max(best, -_least(drops, m_taper))
    return best


@njit(cache=True, nogil=True, inline="always")
def _least(values: NDArray[np.float64], n: int) -> float:  # pragma: no cover - compiled
    """Return the least of the first n: four at a time, none of which waits for the others."""
    a, b, c, d = np.inf, np.inf, np.inf, np.inf
    for k in range(0, n - 3, 4):
        a, b = min(a, values[k]), min(b, values[k + 1])
        c, d = min(c, values[k + 2]), min(d, values[k + 3])
    for k in range(n - n % 4, n):
        a = min(a, values[k])
    return min(a, b, c, d)


@njit(cache=True, nogil=True)
def _gather_flat(
    flat: NDArray[np.float64], first: int, last: int, squares: NDArray[np.float64], at: int, farthest: float,
    kept: NDArray[np.float64], level: int, m: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add to a level, which holds m, the sources near enough; return their number."""
    for k in range(last - first):
        if squares[at + k] <= farthest:
            for c in range(_FLAT):
                kept[level, c, m] = flat[c, first + k]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _gather_taper(
    taper: NDArray[np.float64], first: int, last: int, drops: NDArray[np.float64], at: int, most: float,
    kept: NDArray[np.float64], level: int, m: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add to a level, which holds m, the sources good enough; return their number."""
    for k in range(last - first):
        if drops[at + k] <= most:
            for c in range(SHAPE):
                kept[level, c, m] = taper[c, first + k]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _keep_flat(
    kept: NDArray[np.float64], level: int, n: int, squares: NDArray[np.float64], farthest: float
) -> int:  # pragma: no cover - compiled
    """Hand down to a level, of the n on the one above, the sources near enough; return their number."""
    m = 0
    for k in range(n):
        if squares[k] <= farthest:
            for c in range(_FLAT):
                kept[level, c, m] = kept[level + 1, c, k]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _keep_taper(
    kept: NDArray[np.float64], level: int, n: int, drops: NDArray[np.float64], most: float
) -> int:  # pragma: no cover - compiled
    """Hand down to a level, of the n on the one above, the sources good enough; return their number."""
    m = 0
    for k in range(n):
        if drops[k] <= most:
            for c in range(SHAPE):
                kept[level, c, m] = kept[level + 1, c, k]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _keep_rivals(
    flat: NDArray[np.float64], taper: NDArray[np.float64], level: int, m_flat: int, m_taper: int,
    reach: float, x: float, y: float, side: float, half: float, tangents: NDArray[np.float64],
) -> tuple[int, int]:  # fmt: skip  # pragma: no cover - compiled
    """Drop sources, in place, that stay below the best one all over a square around (x, y).

    Each source's field is concave, so that it stays below its tangent at the centre; and the best
    one's lies above its own tangent less h² / 2(d - h), h the half diagonal and d the distance of
    its exit.
    """
    for k in range(m_flat):
        ux, uy = flat[level, 2, k], flat[level, 3, k]
        dx, dy = x - flat[level, 0, k], y - flat[level, 1, k]
        at = max(0.0, dx * ux + dy * uy)
        at = min(flat[level, 4, k], at)
        ex, ey = dx - at * ux, dy - at * uy
        distance = math.sqrt(ex * ex + ey * ey) + 1e-9
        tangents[0, k] = reach - distance
        tangents[1, k] = ex / distance
        tangents[2, k] = ey / distance
        tangents[3, k] = distance
    for k in range(m_taper):
        ux, uy = taper[level, 2, k], taper[level, 3, k]
        dx, dy = x - taper[level, 0, k], y - taper[level, 1, k]
        along = dx * ux + dy * uy
        height = abs(dy * ux - dx * uy)
        at = min(max(along - height * taper[level, 7, k], 0.0), taper[level, 4, k])
        ex, ey = dx - at * ux, dy - at * uy
        distance = math.sqrt(ex * ex + ey * ey) + 1e-9
        tangents[0, m_flat + k] = taper[level, 5, k] - taper[level, 6, k] * at - distance
        tangents[1, m_flat + k] = ex / distance
        tangents[2, m_flat + k] = ey / distance
        tangents[3, m_flat + k] = distance
    best = 0
    for k in range(m_flat + m_taper):
        if tangents[0, k] > tangents[0, best]:
            best = k
    px, py, distance = tangents[1, best], tangents[2, best], tangents[3, best]
    if distance < 1.5 * half:
        return m_flat, m_taper
    least = tangents[0, best] - half * half / (2 * (distance - half)) - 1e-6
    n_flat, n_taper = 0, 0
    for k in range(m_flat):
        if tangents[0, k] + side * (abs(tangents[1, k] - px) + abs(tangents[2, k] - py)) >= least:
            for c in range(_FLAT):
                flat[level, c, n_flat] = flat[level, c, k]
            n_flat += 1
    for k in range(m_taper):
        at = m_flat + k
        if tangents[0, at] + side * (abs(tangents[1, at] - px) + abs(tangents[2, at] - py)) >= least:
            for c in range(SHAPE):
                taper[level, c, n_taper] = taper[level, c, k]
            n_taper += 1
    return n_flat, n_taper


@njit(cache=True, nogil=True)
def _field_on(
    flat: NDArray[np.float64], taper: NDArray[np.float64], m_flat: int, m_taper: int, reach: float,
    gx: NDArray[np.float64], gy: NDArray[np.float64], field: NDArray[np.float64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Write the field at a leaf's points, by the sources kept on the lowest level."""
    for p in range(len(field)):
        field[p] = np.inf
    for k in range(m_flat):
        x0, y0, ux, uy = flat[0, 0, k], flat[0, 1, k], flat[0, 2, k], flat[0, 3, k]
        length = flat[0, 4, k]
        for p in range(len(field)):
            field[p] = min(field[p], _square(x0, y0, ux, uy, length, gx[p], gy[p]))
    for p in range(len(field)):
        field[p] = reach - math.sqrt(field[p])
    for k in range(m_taper):
        x0, y0, ux, uy = taper[0, 0, k], taper[0, 1, k], taper[0, 2, k], taper[0, 3, k]
        length, r0, fall, lead = taper[0, 4, k], taper[0, 5, k], taper[0, 6, k], taper[0, 7, k]
        for p in range(len(field)):
            value = field_of(x0, y0, ux, uy, length, r0, fall, lead, gx[p], gy[p])
            field[p] = max(field[p], value)


@njit(cache=True, nogil=True)
def _count_near(
    start: NDArray[np.int64], i: int, j: int, n_x: int, n_y: int, rows: int, across: NDArray[np.int64]
) -> int:  # pragma: no cover - compiled
    """Count the sources in the squares around one."""
    count = 0
    for dj in range(-rows, rows + 1):
        if 0 <= j + dj < n_y:
            a = start[(j + dj) * n_x + max(i - across[abs(dj)], 0)]
            b = start[(j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1]
            count += b - a
    return count


@njit(cache=True, nogil=True)
def _trace(
    flat: NDArray[np.float64],
    flat_start: NDArray[np.int64],
    taper: NDArray[np.float64],
    taper_start: NDArray[np.int64],
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
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Return one directed piece of the edge per triangle it crosses in a band of root squares, inside on the left.

    A piece runs from one triangle side to another; sides are numbered over the whole grid, so that
    pieces are joined by number and not by comparing coordinates.
    """
    per_root = _LEAF << levels
    root = per_root * cell_m
    width = n_x * per_root + 1  # grid points per row
    # how many squares to the side a source that matters may lie, by rows up or down
    rows = math.floor(far / root + 0.5)
    across = np.empty(rows + 1, dtype=np.int64)
    for dj in range(rows + 1):
        off = max(0.0, dj - 0.5) * root
        across[dj] = math.floor(math.sqrt(max(far * far - off * off, 0.0)) / root + 0.5)
    most_flat, most_taper = 1, 1
    for square in range(first_row * n_x, end_row * n_x):
        i, j = square % n_x, square // n_x
        most_flat = max(most_flat, _count_near(flat_start, i, j, n_x, n_y, rows, across))
        most_taper = max(most_taper, _count_near(taper_start, i, j, n_x, n_y, rows, across))
    kept_flat = np.empty((levels + 1, _FLAT, most_flat))
    kept_taper = np.empty((levels + 1, SHAPE, most_taper))
    squares, drops = np.empty(most_flat), np.empty(most_taper)
    tangents = np.empty((4, most_flat + most_taper))
    n_kept = np.zeros((levels + 1, 2), dtype=np.int64)
    stack = np.empty((4 * (levels + 1), 3), dtype=np.int64)
    points = ((_LEAF + 1) * (_LEAF + 1) + 3) // 4 * 4  # whole vectors
    gx, gy, field = np.empty(points), np.empty(points), np.empty(points)
    capacity = 4096
    edge_from = np.empty(capacity, dtype=np.int64)
    edge_to = np.empty(capacity, dtype=np.int64)
    xy = np.empty((capacity, 2))
    n = 0
    for square in range(first_row * n_x, end_row * n_x):
        i, j = square % n_x, square // n_x
        half = _half_diagonal(per_root, cell_m)
        x = (first_x * per_root + i * per_root + 0.5 * per_root) * cell_m
        y = (first_y * per_root + j * per_root + 0.5 * per_root) * cell_m
        # a glance at the square's own sources: often one of them covers it, and that's that
        a, b = flat_start[square], flat_start[square + 1]
        if b > a and reach - math.sqrt(_squares_of(flat, a, min(b, a + _GLANCE), x, y, squares, 0)) > half:
            continue
        a, b = taper_start[square], taper_start[square + 1]
        if b > a and -_drops_of(taper, a, min(b, a + _GLANCE), x, y, drops, 0) > half:
            continue
        best = -np.inf
        at_flat, at_taper = 0, 0
        for turn in range(2 * rows + 1):  # own row first, then those beside it
            dj = (turn + 1) // 2 if turn % 2 else -(turn // 2)
            if 0 <= j + dj < n_y:
                west = (j + dj) * n_x + max(i - across[abs(dj)], 0)
                east = (j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1
                a, b = flat_start[west], flat_start[east]
                if b > a:
                    best = max(best, reach - math.sqrt(_squares_of(flat, a, b, x, y, squares, at_flat)))
                    at_flat += b - a
                a, b = taper_start[west], taper_start[east]
                if b > a:
                    best = max(best, -_drops_of(taper, a, b, x, y, drops, at_taper))
                    at_taper += b - a
                if best > half:
                    break
        if best > half or best < -half:
            continue
        least = best - 2 * half
        farthest = max(0.0, reach - least) ** 2
        m_flat, m_taper, at_flat, at_taper = 0, 0, 0, 0
        for turn in range(2 * rows + 1):
            dj = (turn + 1) // 2 if turn % 2 else -(turn // 2)
            if 0 <= j + dj < n_y:
                west = (j + dj) * n_x + max(i - across[abs(dj)], 0)
                east = (j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1
                a, b = flat_start[west], flat_start[east]
                m_flat = _gather_flat(flat, a, b, squares, at_flat, farthest, kept_flat, levels, m_flat)
                at_flat += b - a
                a, b = taper_start[west], taper_start[east]
                m_taper = _gather_taper(taper, a, b, drops, at_taper, -least, kept_taper, levels, m_taper)
                at_taper += b - a
        n_kept[levels, 0], n_kept[levels, 1] = m_flat, m_taper
        top = _push_children(stack, 0, levels, i * per_root, j * per_root, per_root)
        while top > 0:
            top -= 1
            level, cell_i, cell_j = stack[top]
            m_flat, m_taper = n_kept[level + 1]
            side = _LEAF << level
            half = _half_diagonal(side, cell_m)
            x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
            y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
            best = _best_kept(kept_flat, kept_taper, level + 1, m_flat, m_taper, reach, x, y, squares, drops)
            if best > half or best < -half:
                continue
            least = best - 2 * half
            farthest = max(0.0, reach - least) ** 2
            m_flat = _keep_flat(kept_flat, level, m_flat, squares, farthest)
            m_taper = _keep_taper(kept_taper, level, m_taper, drops, -least)
            if m_flat + m_taper > _WORTH_RIVALRY and half < 0.5 * reach:  # else tangents say little
                m_flat, m_taper = _keep_rivals(
                    kept_flat, kept_taper, level, m_flat, m_taper, reach,
                    x, y, 0.5 * side * cell_m, half, tangents,
                )  # fmt: skip
            n_kept[level, 0], n_kept[level, 1] = m_flat, m_taper
            if level > 0:
                top = _push_children(stack, top, level, cell_i, cell_j, side)
                continue
            for p in range(len(field)):
                gx[p] = (first_x * per_root + cell_i + p % (_LEAF + 1)) * cell_m
                gy[p] = (first_y * per_root + cell_j + p // (_LEAF + 1)) * cell_m
            _field_on(kept_flat, kept_taper, m_flat, m_taper, reach, gx, gy, field)
            if n + 2 * _LEAF * _LEAF > capacity:
                capacity *= 2
                edge_from, edge_to, xy = _grown(edge_from, edge_to, xy, capacity)
            n = _draw(
                field, first_x * per_root, first_y * per_root, cell_i, cell_j, cell_m, width,
                edge_from, edge_to, xy, n,
            )  # fmt: skip
    return edge_from[:n].copy(), edge_to[:n].copy(), xy[:n].copy()


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


@njit(cache=True, nogil=True)
def _draw(
    field: NDArray[np.float64],
    origin_i: int,
    origin_j: int,
    cell_i: int,
    cell_j: int,
    cell_m: float,
    width: int,
    edge_from: NDArray[np.int64],
    edge_to: NDArray[np.int64],
    xy: NDArray[np.float64],
    n: int,
) -> int:  # pragma: no cover - compiled
    """Add the pieces of edge in the cells of a leaf; return the new count."""
    for j in range(_LEAF):
        for i in range(_LEAF):
            corner = j * (_LEAF + 1) + i
            sw, se = field[corner], field[corner + 1]
            nw, ne = field[corner + _LEAF + 1], field[corner + _LEAF + 2]
            inside = (sw > 0) + (se > 0) + (nw > 0) + (ne > 0)
            if inside in (0, 4):
                continue
            point = (cell_j + j) * width + cell_i + i
            x = (origin_i + cell_i + i) * cell_m
            y = (origin_j + cell_j + j) * cell_m
            # sides of the cell's two triangles, numbered by their lower-left grid point
            south, west, diagonal = 3 * point, 3 * point + 1, 3 * point + 2
            east, north = 3 * (point + 1) + 1, 3 * (point + width)
            n = triangle_piece(
                sw, se, ne, x, y, x + cell_m, y, x + cell_m, y + cell_m,
                south, east, diagonal, edge_from, edge_to, xy, n,
            )  # fmt: skip
            n = triangle_piece(
                sw, ne, nw, x, y, x + cell_m, y + cell_m, x, y + cell_m,
                diagonal, north, west, edge_from, edge_to, xy, n,
            )  # fmt: skip
    return n


@njit(cache=True, nogil=True)
def triangle_piece(
    a: float, b: float, c: float,
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float,
    ab: int, bc: int, ca: int,
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the piece of edge in an anticlockwise triangle, if there is one; return the new count.

    The crossing of a side depends on the side alone: it is reckoned from the end that comes first in
    (y, x), whichever triangle asks.
    """
    pa, pb, pc = a > 0, b > 0, c > 0
    if pa == pb and pb == pc:
        return n
    if pb == pc:  # the corner a is alone
        if pa:
            start, end = ab, ca
            x0, y0, v0, x1, y1, v1 = ax, ay, a, bx, by, b
        else:
            start, end = ca, ab
            x0, y0, v0, x1, y1, v1 = cx, cy, c, ax, ay, a
    elif pa == pc:
        if pb:
            start, end = bc, ab
            x0, y0, v0, x1, y1, v1 = bx, by, b, cx, cy, c
        else:
            start, end = ab, bc
            x0, y0, v0, x1, y1, v1 = ax, ay, a, bx, by, b
    elif pc:
        start, end = ca, bc
        x0, y0, v0, x1, y1, v1 = cx, cy, c, ax, ay, a
    else:
        start, end = bc, ca
        x0, y0, v0, x1, y1, v1 = bx, by, b, cx, cy, c
    if y1 < y0 or (y1 == y0 and x1 < x0):
        x0, y0, v0, x1, y1, v1 = x1, y1, v1, x0, y0, v0
    notch = math.floor(v0 / (v0 - v1) * _NOTCHES + 0.5)
    share = min(max(notch, 1), _NOTCHES - 1) / _NOTCHES
    edge_from[n] = start
    edge_to[n] = end
    xy[n, 0] = x0 + (x1 - x0) * share
    xy[n, 1] = y0 + (y1 - y0) * share
    return n + 1
