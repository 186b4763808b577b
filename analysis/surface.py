"""From what is left of the time at exit points to polygons: quadtree over tapered buffers, contour.

The isochrone of a cutoff is where the *field*

    f(x) = max over exits of (r - |x - exit|)

is at least zero; r is the reach left at the exit, in metres. Along a line that may be left
anywhere, r falls linearly from r0 to r1, and the best exit for a point x at height h over the
line and position u along it is s = u - h k / sqrt(1 - k²), k = (r0 - r1) / length (clamped to the
line): the field of a line is exact without cutting the line into points.

f changes by at most the distance moved. So a square whose centre has |f| above its half
diagonal holds no edge of the isochrone, and of the exits only those whose value at the centre is
within a full diagonal of the best can matter inside the square: the quadtree drops everything else
and evaluates f on grid points near the edge alone. The edge is then drawn on triangles (each cell
cut along its rising diagonal) by linear interpolation. Where f is larger at every grid point, as for
a larger cutoff, the polygon covers the smaller one's.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .contour import Edge

#: Cells per side of a leaf of the quadtree.
_LEAF: Final = 4
#: Levels of the squares that `field_grid` works in.
_GRID_LEVELS: Final = 4
#: Most levels between a leaf and a root square, which is about as large as the largest reach.
_MOST_LEVELS: Final = 5
#: Sources looked at before a root square's are gathered: if one of them covers it, that's that.
_GLANCE: Final = 128
#: Edges cross the sides of triangles at whole parts of the side, the ends left out: so that rings
#: touch neither themselves nor each other, and equal edges are equal to the bit.
_NOTCHES: Final = 1024
#: Columns of a prepared source.
_SHAPE: Final = 8


def isochrone_edge(sources: NDArray[np.float64], *, cell_m: float) -> Edge:
    """Return the edge of the set where the field of `sources` is at least zero.

    Parameters
    ----------
    sources : ndarray of float64, shape (k, 6)
        x0, y0, r0, x1, y1, r1 in metres in a plane: a tapered buffer each, with r0 >= r1; a disc
        where both ends agree.
    cell_m : float
        Side of a grid cell. The grid is fixed to the plane's origin, so that equal cell sizes
        give equal grids.

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
    levels = _levels(float(rows[:, 2].max()) / cell_m)
    root = cell_m * (_LEAF << levels)
    shapes, far = _prepare(rows, 0.5 * root)
    # beyond this distance from its centre a source can't matter in a root square
    far += 0.5 * math.sqrt(2.0) * root + 2 * cell_m
    around = math.floor(far / root + 0.5)
    low = np.floor(shapes[8:10].min(axis=1) / root).astype(np.int64) - around
    high = np.floor(shapes[8:10].max(axis=1) / root).astype(np.int64) + around
    n_x, n_y = (int(n) for n in high - low + 1)
    shapes, start = _sort(shapes, root, int(low[0]), int(low[1]), n_x, n_y)
    side_from, side_to, xy = _trace_cells(
        shapes, start, n_x, n_y, int(low[0]), int(low[1]), cell_m, levels, far
    )
    return Edge(side_from, side_to, xy, n_x * (_LEAF << levels) + 1, cell_m)


@njit(cache=True, nogil=True)
def field_at(
    points: NDArray[np.float64], sources: NDArray[np.float64]
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Return the field of `sources` at points by brute force, shape (n,).

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
    sources : ndarray of float64, shape (k, 6)
        As `isochrone_polygon` takes them.
    """
    shapes = np.ascontiguousarray(_prepare(sources, np.inf)[0].T)
    out = np.full(len(points), -np.inf)
    for i in range(len(points)):
        for k in range(len(shapes)):
            out[i] = max(out[i], _field_of(shapes[k], points[i, 0], points[i, 1]))
    return out


def field_grid(
    sources: NDArray[np.float64],
    *,
    cell_m: float,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the field of `sources` at the points of a grid.

    Parameters
    ----------
    sources : ndarray of float64, shape (k, 6)
        As `isochrone_polygon` takes them.
    cell_m : float
        Distance of neighbouring grid points, metres.
    bounds : tuple of float, optional
        Least x, y and greatest x, y to cover; what the sources reach when left out.

    Returns
    -------
    x, y : ndarray of float64, shapes (n_x,) and (n_y,)
    field : ndarray of float64, shape (n_y, n_x)
        Exact where it is at least zero and, elsewhere, within `cell_m` of such places; minus
        infinity far from every source.
    """
    frame = _frame(np.ascontiguousarray(sources, dtype=np.float64), cell_m, _GRID_LEVELS, bounds)
    field: NDArray[np.float64] = _fill_grid(*frame, cell_m, _GRID_LEVELS)
    per_root = _LEAF << _GRID_LEVELS
    x = (frame[5] * per_root + np.arange(field.shape[1], dtype=np.float64)) * cell_m
    y = (frame[6] * per_root + np.arange(field.shape[0], dtype=np.float64)) * cell_m
    return x, y, field


def _frame(
    rows: NDArray[np.float64],
    cell_m: float,
    levels: int,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32], int, int, int, int]:
    """Prepare sources and sort them into root squares; the squares' count and first numbers follow."""
    root = cell_m * (_LEAF << levels)
    box = _boxes(rows, root, 2 * cell_m)
    if bounds is None:
        lows, highs = box.min(axis=0), box.max(axis=0)
        first_x, first_y, last_x, last_y = int(lows[0]), int(lows[2]), int(highs[1]), int(highs[3])
    else:
        first_x, first_y, last_x, last_y = (math.floor(value / root) for value in bounds)
    n_x, n_y = last_x - first_x + 1, last_y - first_y + 1
    start, member = _bin(box, first_x, first_y, n_x, n_y)
    shapes = np.ascontiguousarray(_prepare(rows, np.inf)[0].T)
    return shapes, start, member, n_x, n_y, first_x, first_y


def _levels(reach_cells: float) -> int:
    """Levels that make a root square about as large as the largest reach."""
    return min(max(round(math.log2(max(reach_cells, 1.0) / _LEAF)), 1), _MOST_LEVELS)


@njit(cache=True, nogil=True)
def _boxes(
    sources: NDArray[np.float64], root: float, margin: float
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Root squares that each source can matter in: first and last column, first and last row.

    The margin is more than what is needed for the field to be known on both sides of the edge.
    """
    box = np.empty((len(sources), 4), dtype=np.int32)
    for k in range(len(sources)):
        x0, y0, r0, x1, y1, r1 = sources[k]
        reach = max(r0, r1) + margin
        box[k, 0] = math.floor((min(x0, x1) - reach) / root)
        box[k, 1] = math.floor((max(x0, x1) + reach) / root)
        box[k, 2] = math.floor((min(y0, y1) - reach) / root)
        box[k, 3] = math.floor((max(y0, y1) + reach) / root)
    return box


@njit(cache=True, nogil=True)
def _prepare(
    sources: NDArray[np.float64], longest: float
) -> tuple[NDArray[np.float64], float]:  # pragma: no cover - compiled
    """Bring sources into the form that `_field` takes, long ones cut into parts of equal length.

    Rows: start, direction, length, r0, fall of r per metre, lead of the best exit per metre of
    height; and the middle. With them, how far from its middle a source reaches at most.
    """
    n = 0
    for i in range(len(sources)):
        length = math.sqrt((sources[i, 3] - sources[i, 0]) ** 2 + (sources[i, 4] - sources[i, 1]) ** 2)
        n += max(1, math.ceil(length / longest))
    out = np.empty((_SHAPE + 2, n))
    far = 0.0
    k = 0
    for i in range(len(sources)):
        x0, y0, r0, x1, y1, r1 = sources[i]
        length = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        fall, lead, ux, uy = 0.0, 0.0, 1.0, 0.0
        if length > 1e-9:
            fall = (r0 - r1) / length
            ux, uy = (x1 - x0) / length, (y1 - y0) / length
        if length <= 1e-9 or fall >= 1.0:
            # where following the line is slower than leaving it, its start stands for all of it
            length, fall = 0.0, 0.0
        elif fall > 0.0:
            lead = fall / math.sqrt(1 - fall * fall)
        parts = max(1, math.ceil(length / longest))
        for part in range(parts):
            along = length * part / parts
            out[0, k], out[1, k], out[2, k], out[3, k] = x0 + along * ux, y0 + along * uy, ux, uy
            out[4, k], out[5, k], out[6, k], out[7, k] = length / parts, r0 - fall * along, fall, lead
            out[8, k] = out[0, k] + 0.5 * out[4, k] * ux
            out[9, k] = out[1, k] + 0.5 * out[4, k] * uy
            far = max(far, out[5, k] + 0.5 * out[4, k])
            k += 1
    return out[:, :k].copy() if k < n else out, far


@njit(cache=True, nogil=True)
def _sort(
    shapes: NDArray[np.float64], root: float, first_x: int, first_y: int, n_x: int, n_y: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Sort sources by the root square their middle lies in, row by row; say where each square begins."""
    n = shapes.shape[1]
    square = np.empty(n, dtype=np.int32)
    start = np.zeros(n_x * n_y + 1, dtype=np.int64)
    for k in range(n):
        i = math.floor(shapes[8, k] / root) - first_x
        j = math.floor(shapes[9, k] / root) - first_y
        square[k] = j * n_x + i
        start[square[k] + 1] += 1
    for at in range(n_x * n_y):
        start[at + 1] += start[at]
    fill = start[:-1].copy()
    out = np.empty((_SHAPE, n))
    for k in range(n):
        at = fill[square[k]]
        fill[square[k]] = at + 1
        for c in range(_SHAPE):
            out[c, at] = shapes[c, k]
    return out, start


@njit(cache=True, nogil=True, inline="always")
def _field(
    x0: float, y0: float, ux: float, uy: float, length: float, r0: float, fall: float, lead: float,
    x: float, y: float,
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Value at (x, y) of one prepared source; without branches, so that it's computed for many at once."""
    dx, dy = x - x0, y - y0
    along = dx * ux + dy * uy
    height = abs(dy * ux - dx * uy)
    best = along - height * lead
    best = max(0.0, best)
    best = min(length, best)
    rest = along - best
    return r0 - fall * best - math.sqrt(rest * rest + height * height)


@njit(cache=True, nogil=True, inline="always")
def _field_of(shape: NDArray[np.float64], x: float, y: float) -> float:  # pragma: no cover - compiled
    return _field(shape[0], shape[1], shape[2], shape[3], shape[4], shape[5], shape[6], shape[7], x, y)


@njit(cache=True, nogil=True)
def _values(
    kept: NDArray[np.float64], first: int, last: int, x: float, y: float, values: NDArray[np.float64]
) -> float:  # pragma: no cover - compiled
    """Evaluate sources first to last at a point, into the start of `values`; return the best value."""
    n = last - first
    x0, y0, ux, uy = kept[0, first:last], kept[1, first:last], kept[2, first:last], kept[3, first:last]
    length, r0, fall = kept[4, first:last], kept[5, first:last], kept[6, first:last]
    lead = kept[7, first:last]
    for k in range(n):
        values[k] = _field(x0[k], y0[k], ux[k], uy[k], length[k], r0[k], fall[k], lead[k], x, y)
    best = -np.inf
    for k in range(n):
        best = max(best, values[k])
    return best


@njit(cache=True, nogil=True)
def _keep(
    kept: NDArray[np.float64], first: int, last: int,
    values: NDArray[np.float64], least: float, into: NDArray[np.float64], m: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add to `into`, which holds m, the sources whose value is at least `least`; return their number."""
    for k in range(last - first):
        if values[k] >= least:
            for c in range(_SHAPE):
                into[c, m] = kept[c, first + k]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _keep_rivals(
    kept: NDArray[np.float64], n: int, x: float, y: float, side: float, half: float,
    values: NDArray[np.float64], slope_x: NDArray[np.float64], slope_y: NDArray[np.float64],
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Drop sources, in place, that stay below the best one all over a square around (x, y).

    Each source's field is concave, so that it stays below its tangent at the centre; and the best
    one's lies above its own tangent less h² / 2(d - h), h the half diagonal and d the distance of
    its exit.
    """
    x0, y0, ux, uy = kept[0, :n], kept[1, :n], kept[2, :n], kept[3, :n]
    length, r0, fall, lead = kept[4, :n], kept[5, :n], kept[6, :n], kept[7, :n]
    for k in range(n):
        dx, dy = x - x0[k], y - y0[k]
        along = dx * ux[k] + dy * uy[k]
        height = abs(dy * ux[k] - dx * uy[k])
        at = along - height * lead[k]
        at = max(0.0, at)
        at = min(length[k], at)
        ex, ey = dx - at * ux[k], dy - at * uy[k]
        distance = math.sqrt(ex * ex + ey * ey) + 1e-9
        values[k] = r0[k] - fall[k] * at - distance
        slope_x[k] = -ex / distance
        slope_y[k] = -ey / distance
    best = 0
    for k in range(n):
        if values[k] > values[best]:
            best = k
    ex, ey = x - x0[best], y - y0[best]
    along = ex * ux[best] + ey * uy[best]
    at = min(max(along - abs(ey * ux[best] - ex * uy[best]) * lead[best], 0.0), length[best])
    best_distance = math.sqrt((ex - at * ux[best]) ** 2 + (ey - at * uy[best]) ** 2)
    if best_distance < 1.5 * half:
        return n
    least = values[best] - half * half / (2 * (best_distance - half)) - 1e-6
    px, py = slope_x[best], slope_y[best]
    m = 0
    for k in range(n):
        if values[k] + side * (abs(slope_x[k] - px) + abs(slope_y[k] - py)) >= least:
            for c in range(_SHAPE):
                kept[c, m] = kept[c, k]
            m += 1
    return m


@njit(cache=True, nogil=True)
def _bin(
    box: NDArray[np.int32], first_x: int, first_y: int, n_x: int, n_y: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:  # pragma: no cover - compiled
    """List, for each root square, the sources whose box touches it."""
    start = np.zeros(n_x * n_y + 1, dtype=np.int64)
    for k in range(len(box)):
        for j in range(max(box[k, 2] - first_y, 0), min(box[k, 3] - first_y, n_y - 1) + 1):
            for i in range(max(box[k, 0] - first_x, 0), min(box[k, 1] - first_x, n_x - 1) + 1):
                start[j * n_x + i + 1] += 1
    for square in range(n_x * n_y):
        start[square + 1] += start[square]
    fill = start[:-1].copy()
    member = np.empty(start[-1], dtype=np.int32)
    for k in range(len(box)):
        for j in range(max(box[k, 2] - first_y, 0), min(box[k, 3] - first_y, n_y - 1) + 1):
            for i in range(max(box[k, 0] - first_x, 0), min(box[k, 1] - first_x, n_x - 1) + 1):
                square = j * n_x + i
                member[fill[square]] = k
                fill[square] += 1
    return start, member


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
def _trace_cells(
    shapes: NDArray[np.float64],
    start: NDArray[np.int64],
    n_x: int,
    n_y: int,
    first_x: int,
    first_y: int,
    cell_m: float,
    levels: int,
    far: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Return one directed piece of the edge per triangle it crosses, inside on the left.

    A piece runs from one triangle side to another; sides are numbered over the whole grid, so that
    pieces are joined by number and not by comparing coordinates.
    """
    per_root = _LEAF << levels
    root = per_root * cell_m
    reach = 0.0
    for k in range(shapes.shape[1]):
        reach = max(reach, shapes[5, k])
    width = n_x * per_root + 1  # grid points per row
    # how many squares to the side a source that matters may lie, by rows up or down
    rows = math.floor(far / root + 0.5)
    across = np.empty(rows + 1, dtype=np.int64)
    for dj in range(rows + 1):
        off = max(0.0, dj - 0.5) * root
        across[dj] = math.floor(math.sqrt(max(far * far - off * off, 0.0)) / root + 0.5)
    most = 1
    for square in range(n_x * n_y):
        most = max(most, _count_near(start, square % n_x, square // n_x, n_x, n_y, rows, across))
    kept = np.empty((levels + 1, _SHAPE, most))
    n_kept = np.zeros(levels + 1, dtype=np.int64)
    stack = np.empty((4 * (levels + 1), 3), dtype=np.int64)
    values, slope_x, slope_y = np.empty(most), np.empty(most), np.empty(most)
    points = ((_LEAF + 1) * (_LEAF + 1) + 3) // 4 * 4  # whole vectors
    gx, gy, field = np.empty(points), np.empty(points), np.empty(points)
    capacity = 4096
    edge_from = np.empty(capacity, dtype=np.int64)
    edge_to = np.empty(capacity, dtype=np.int64)
    xy = np.empty((capacity, 2))
    n = 0
    for square in range(n_x * n_y):
        i, j = square % n_x, square // n_x
        half = 0.5 * per_root * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6
        x = (first_x * per_root + i * per_root + 0.5 * per_root) * cell_m
        y = (first_y * per_root + j * per_root + 0.5 * per_root) * cell_m
        # a glance at the square's own sources: often one of them covers it, and that's that
        own = min(start[square + 1] - start[square], _GLANCE)
        if own > 0 and _values(shapes, start[square], start[square] + own, x, y, values) > half:
            continue
        best = -np.inf
        at = 0
        for turn in range(2 * rows + 1):  # own row first, then those beside it
            dj = (turn + 1) // 2 if turn % 2 else -(turn // 2)
            if 0 <= j + dj < n_y:
                a = start[(j + dj) * n_x + max(i - across[abs(dj)], 0)]
                b = start[(j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1]
                if b > a:
                    best = max(best, _values(shapes, a, b, x, y, values[at:]))
                    at += b - a
                    if best > half:
                        break
        if best > half or best < -half:
            continue
        m, at = 0, 0
        for turn in range(2 * rows + 1):
            dj = (turn + 1) // 2 if turn % 2 else -(turn // 2)
            if 0 <= j + dj < n_y:
                a = start[(j + dj) * n_x + max(i - across[abs(dj)], 0)]
                b = start[(j + dj) * n_x + min(i + across[abs(dj)], n_x - 1) + 1]
                m = _keep(shapes, a, b, values[at:], best - 2 * half, kept[levels], m)
                at += b - a
        n_kept[levels] = m
        top = 0
        for child in range(4):
            stack[top, 0] = levels - 1
            stack[top, 1] = i * per_root + (child & 1) * (per_root >> 1)
            stack[top, 2] = j * per_root + (child >> 1) * (per_root >> 1)
            top += 1
        while top > 0:
            top -= 1
            level, cell_i, cell_j = stack[top]
            side = _LEAF << level
            half = 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6
            x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
            y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
            best = _values(kept[level + 1], 0, n_kept[level + 1], x, y, values)
            if best > half or best < -half:
                continue
            m = _keep(kept[level + 1], 0, n_kept[level + 1], values, best - 2 * half, kept[level], 0)
            if m > 8 and half < 0.5 * reach:  # else tangents say little
                m = _keep_rivals(kept[level], m, x, y, 0.5 * side * cell_m, half, values, slope_x, slope_y)
            n_kept[level] = m
            if level > 0:
                step = side >> 1
                for child in range(4):
                    stack[top, 0] = level - 1
                    stack[top, 1] = cell_i + (child & 1) * step
                    stack[top, 2] = cell_j + (child >> 1) * step
                    top += 1
                continue
            for p in range(points):
                gx[p] = (first_x * per_root + cell_i + p % (_LEAF + 1)) * cell_m
                gy[p] = (first_y * per_root + cell_j + p // (_LEAF + 1)) * cell_m
                field[p] = -np.inf
            _raise_field(kept[0], m, gx, gy, field)
            if n + 2 * _LEAF * _LEAF > capacity:
                capacity *= 2
                edge_from = _grown(edge_from, capacity)
                edge_to = _grown(edge_to, capacity)
                larger = np.empty((capacity, 2))
                larger[:n] = xy[:n]
                xy = larger
            for j in range(_LEAF):
                for i in range(_LEAF):
                    point = (cell_j + j) * width + cell_i + i
                    corner = j * (_LEAF + 1) + i
                    sw, se = field[corner], field[corner + 1]
                    nw, ne = field[corner + _LEAF + 1], field[corner + _LEAF + 2]
                    inside = (sw > 0) + (se > 0) + (nw > 0) + (ne > 0)
                    if inside in (0, 4):
                        continue
                    x = (first_x * per_root + cell_i + i) * cell_m
                    y = (first_y * per_root + cell_j + j) * cell_m
                    # sides of the cell's two triangles, numbered by their lower-left grid point
                    south, west, diagonal = 3 * point, 3 * point + 1, 3 * point + 2
                    east, north = 3 * (point + 1) + 1, 3 * (point + width)
                    n = _triangle(
                        sw, se, ne, x, y, x + cell_m, y, x + cell_m, y + cell_m,
                        south, east, diagonal, edge_from, edge_to, xy, n,
                    )  # fmt: skip
                    n = _triangle(
                        sw, ne, nw, x, y, x + cell_m, y + cell_m, x, y + cell_m,
                        diagonal, north, west, edge_from, edge_to, xy, n,
                    )  # fmt: skip
    return edge_from[:n].copy(), edge_to[:n].copy(), xy[:n].copy()


@njit(cache=True, nogil=True)
def _raise_field(
    kept: NDArray[np.float64],
    m: int,
    gx: NDArray[np.float64],
    gy: NDArray[np.float64],
    field: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Raise the field at points to the best of the first m sources."""
    for k in range(m):
        x0, y0, ux, uy = kept[0, k], kept[1, k], kept[2, k], kept[3, k]
        length, r0, fall, lead = kept[4, k], kept[5, k], kept[6, k], kept[7, k]
        for p in range(len(gx)):
            value = _field(x0, y0, ux, uy, length, r0, fall, lead, gx[p], gy[p])
            field[p] = max(field[p], value)


@njit(cache=True, nogil=True)
def _fill_grid(
    shapes: NDArray[np.float64],
    start: NDArray[np.int64],
    member: NDArray[np.int32],
    n_x: int,
    n_y: int,
    first_x: int,
    first_y: int,
    cell_m: float,
    levels: int,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Evaluate the field at every grid point, with the exits that can matter in its small square."""
    per_root = _LEAF << levels
    field = np.full((n_y * per_root + 1, n_x * per_root + 1), -np.inf)
    most = 1
    for square in range(n_x * n_y):
        most = max(most, start[square + 1] - start[square])
    near = np.empty(most, dtype=np.int32)
    here = np.empty(most, dtype=np.int32)
    values = np.empty(most)
    middle = 2 * _LEAF
    for square in range(n_x * n_y):
        first, last = start[square], start[square + 1]
        for part in range((per_root // middle) ** 2 if last > first else 0):
            base_i = (square % n_x) * per_root + (part % (per_root // middle)) * middle
            base_j = (square // n_x) * per_root + (part // (per_root // middle)) * middle
            n_near = _nearest(
                shapes,
                member[first:last],
                base_i,
                base_j,
                middle,
                per_root,
                first_x,
                first_y,
                cell_m,
                values,
                near,
            )
            for quarter in range(4):
                i0, j0 = base_i + (quarter & 1) * _LEAF, base_j + (quarter >> 1) * _LEAF
                n_here = _nearest(
                    shapes, near[:n_near], i0, j0, _LEAF, per_root, first_x, first_y, cell_m, values, here
                )
                for j in range(_LEAF + 1):
                    y = (first_y * per_root + j0 + j) * cell_m
                    for i in range(_LEAF + 1):
                        x = (first_x * per_root + i0 + i) * cell_m
                        for k in range(n_here):
                            value = _field_of(shapes[here[k]], x, y)
                            field[j0 + j, i0 + i] = max(field[j0 + j, i0 + i], value)
    return field


@njit(cache=True, nogil=True)
def _nearest(
    shapes: NDArray[np.float64], candidates: NDArray[np.int32],
    cell_i: int, cell_j: int, side: int, per_root: int, first_x: int, first_y: int, cell_m: float,
    values: NDArray[np.float64], kept: NDArray[np.int32],
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Keep the sources that can be the best somewhere in a square; return their number."""
    half = 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6
    x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
    y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
    best = -np.inf
    for k in range(len(candidates)):
        values[k] = _field_of(shapes[candidates[k]], x, y)
        best = max(best, values[k])
    n = 0
    for k in range(len(candidates)):
        if values[k] >= best - 2 * half:
            kept[n] = candidates[k]
            n += 1
    return n


@njit(cache=True, nogil=True)
def _grown(array: NDArray[np.int64], capacity: int) -> NDArray[np.int64]:  # pragma: no cover - compiled
    larger = np.empty(capacity, dtype=np.int64)
    larger[: len(array)] = array
    return larger


@njit(cache=True, nogil=True)
def _triangle(
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
