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

import itertools
import math
from typing import Any, Final

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

#: Cells per side of a leaf of the quadtree.
_LEAF: Final = 4
#: Levels between a leaf and a root square.
_LEVELS: Final = 4


def isochrone_polygon(sources: NDArray[np.float64], *, cell_m: float) -> list[NDArray[np.float64]]:
    """Return the rings of the set where the field of `sources` is at least zero.

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
    list of ndarray of float64, shape (n, 2)
        Closed rings; shells run anticlockwise, holes clockwise.

    References
    ----------
    Apollonius-type (additively weighted) distance: Okabe et al. (2000), Spatial Tessellations,
    2nd ed., sec. 3.1. Branch and bound on Lipschitz functions: Piyavskii (1972).
    """
    if len(sources) == 0:
        return []
    frame = _frame(np.ascontiguousarray(sources, dtype=np.float64), cell_m)
    edge_from, edge_to, xy = _trace_cells(*frame, cell_m)
    return _rings(edge_from, edge_to, xy)


def assemble(rings: list[NDArray[np.float64]]) -> shapely.MultiPolygon:
    """Return rings as one MultiPolygon: each hole goes to the smallest shell around it.

    Parameters
    ----------
    rings : list of ndarray of float64, shape (n, 2)
        Closed; shells anticlockwise, holes clockwise; not crossing each other.
    """
    if not rings:
        return shapely.MultiPolygon()
    signed = np.array([_signed_area(ring) for ring in rings])
    shells = [ring for ring, area in zip(rings, signed, strict=True) if area > 0]
    holes = [ring for ring, area in zip(rings, signed, strict=True) if area < 0]
    if not shells:
        return shapely.MultiPolygon()
    outlines = np.array([shapely.Polygon(ring) for ring in shells], dtype=object)
    inside: list[list[NDArray[np.float64]]] = [[] for _ in shells]
    if holes:
        points = shapely.points(np.array([ring[0] for ring in holes]))
        hole, shell = shapely.STRtree(outlines).query(points, predicate="intersects")
        size = shapely.area(outlines)[shell]
        order = np.lexsort((size, hole))
        hole, shell = hole[order], shell[order]
        _, firsts = np.unique(hole, return_index=True)
        for k in firsts:
            inside[shell[k]].append(holes[hole[k]])
    return shapely.MultiPolygon(
        [shapely.Polygon(ring, inner) for ring, inner in zip(shells, inside, strict=True)]
    )


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
    shapes = _prepare(sources)
    out = np.full(len(points), -np.inf)
    for i in range(len(points)):
        for k in range(len(shapes)):
            out[i] = max(out[i], _field(shapes[k], points[i, 0], points[i, 1]))
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
    frame = _frame(np.ascontiguousarray(sources, dtype=np.float64), cell_m, bounds)
    field: NDArray[np.float64] = _fill_grid(*frame, cell_m)
    per_root = _LEAF << _LEVELS
    x = (frame[5] * per_root + np.arange(field.shape[1], dtype=np.float64)) * cell_m
    y = (frame[6] * per_root + np.arange(field.shape[0], dtype=np.float64)) * cell_m
    return x, y, field


def _frame(
    sources: NDArray[np.float64], cell_m: float, bounds: tuple[float, float, float, float] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int32], int, int, int, int]:
    """Prepare sources and sort them into root squares; the squares' count and first numbers follow."""
    root = cell_m * _LEAF * 2**_LEVELS
    # two cells more than needed, so that the field is known on both sides of the edge
    reach = np.maximum(sources[:, 2], sources[:, 5]) + 2 * cell_m
    low_x = np.minimum(sources[:, 0], sources[:, 3]) - reach
    high_x = np.maximum(sources[:, 0], sources[:, 3]) + reach
    low_y = np.minimum(sources[:, 1], sources[:, 4]) - reach
    high_y = np.maximum(sources[:, 1], sources[:, 4]) + reach
    if bounds is None:
        bounds = (low_x.min(), low_y.min(), high_x.max(), high_y.max())
    first_x, first_y = math.floor(bounds[0] / root), math.floor(bounds[1] / root)
    n_x = math.floor(bounds[2] / root) - first_x + 1
    n_y = math.floor(bounds[3] / root) - first_y + 1
    box = np.stack(
        [
            np.clip(np.floor(low_x / root) - first_x, 0, n_x),
            np.clip(np.floor(high_x / root) - first_x, -1, n_x - 1),
            np.clip(np.floor(low_y / root) - first_y, 0, n_y),
            np.clip(np.floor(high_y / root) - first_y, -1, n_y - 1),
        ],
        axis=1,
    ).astype(np.int64)
    start, member = _bin(box, n_x, n_y)
    return _prepare(sources), start, member, n_x, n_y, first_x, first_y


@njit(cache=True, nogil=True)
def _prepare(sources: NDArray[np.float64]) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Start, direction, length, r0, fall of r per metre and the lead of the best exit per height."""
    out = np.empty((len(sources), 8))
    for i in range(len(sources)):
        x0, y0, r0, x1, y1, r1 = sources[i]
        length = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        fall, lead = 0.0, 0.0
        if length > 1e-9:
            fall = (r0 - r1) / length
            lead = fall / math.sqrt(1 - fall * fall) if fall < 1 else np.inf
            out[i, 2], out[i, 3] = (x1 - x0) / length, (y1 - y0) / length
        else:
            length = 0.0
            out[i, 2], out[i, 3] = 1.0, 0.0
        out[i, 0], out[i, 1] = x0, y0
        out[i, 4], out[i, 5], out[i, 6], out[i, 7] = length, r0, fall, lead
    return out


@njit(cache=True, nogil=True, inline="always")
def _field(shape: NDArray[np.float64], x: float, y: float) -> Any:  # pragma: no cover - compiled
    dx, dy = x - shape[0], y - shape[1]
    length = shape[4]
    if length == 0.0:
        return shape[5] - math.sqrt(dx * dx + dy * dy)
    along = dx * shape[2] + dy * shape[3]
    height = abs(dy * shape[2] - dx * shape[3])
    best = along - height * shape[7] if height > 0.0 else along
    best = min(max(best, 0.0), length)
    return shape[5] - shape[6] * best - math.sqrt((along - best) ** 2 + height * height)


@njit(cache=True, nogil=True)
def _bin(
    box: NDArray[np.int64], n_x: int, n_y: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:  # pragma: no cover - compiled
    """List, for each root square, the sources whose bounding box touches it."""
    start = np.zeros(n_x * n_y + 1, dtype=np.int64)
    for k in range(len(box)):
        for j in range(box[k, 2], box[k, 3] + 1):
            for i in range(box[k, 0], box[k, 1] + 1):
                start[j * n_x + i + 1] += 1
    for square in range(n_x * n_y):
        start[square + 1] += start[square]
    fill = start[:-1].copy()
    member = np.empty(start[-1], dtype=np.int32)
    for k in range(len(box)):
        for j in range(box[k, 2], box[k, 3] + 1):
            for i in range(box[k, 0], box[k, 1] + 1):
                square = j * n_x + i
                member[fill[square]] = k
                fill[square] += 1
    return start, member


@njit(cache=True, nogil=True)
def _trace_cells(
    shapes: NDArray[np.float64],
    start: NDArray[np.int64],
    member: NDArray[np.int32],
    n_x: int,
    n_y: int,
    first_x: int,
    first_y: int,
    cell_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Return one directed piece of the edge per triangle it crosses, inside on the left.

    A piece runs from one triangle side to another; sides are numbered over the whole grid, so that
    pieces are joined by number and not by comparing coordinates.
    """
    per_root = _LEAF << _LEVELS
    width = n_x * per_root + 1  # grid points per row
    most = 1
    for square in range(n_x * n_y):
        most = max(most, start[square + 1] - start[square])
    kept = np.empty((_LEVELS + 2, most), dtype=np.int32)
    n_kept = np.zeros(_LEVELS + 2, dtype=np.int64)
    stack = np.empty((4 * (_LEVELS + 2), 3), dtype=np.int64)
    values = np.empty(most)
    field = np.empty((_LEAF + 1, _LEAF + 1))
    capacity = 4096
    edge_from = np.empty(capacity, dtype=np.int64)
    edge_to = np.empty(capacity, dtype=np.int64)
    xy = np.empty((capacity, 2))
    n = 0
    for square in range(n_x * n_y):
        count = start[square + 1] - start[square]
        if count == 0:
            continue
        kept[_LEVELS + 1, :count] = member[start[square] : start[square + 1]]
        n_kept[_LEVELS + 1] = count
        stack[0, 0] = _LEVELS
        stack[0, 1] = (square % n_x) * per_root
        stack[0, 2] = (square // n_x) * per_root
        top = 1
        while top > 0:
            top -= 1
            level, cell_i, cell_j = stack[top]
            side = _LEAF << level
            half = 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6
            x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
            y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
            best = -np.inf
            for k in range(n_kept[level + 1]):
                value = _field(shapes[kept[level + 1, k]], x, y)
                values[k] = value
                if value > best:
                    best = value
                    if best > half:
                        break
            if best > half or best < -half:
                continue
            m = 0
            for k in range(n_kept[level + 1]):
                if values[k] >= best - 2 * half:
                    kept[level, m] = kept[level + 1, k]
                    m += 1
            n_kept[level] = m
            if level > 0:
                step = side >> 1
                for child in range(4):
                    stack[top, 0] = level - 1
                    stack[top, 1] = cell_i + (child & 1) * step
                    stack[top, 2] = cell_j + (child >> 1) * step
                    top += 1
                continue
            for j in range(_LEAF + 1):
                gy = (first_y * per_root + cell_j + j) * cell_m
                for i in range(_LEAF + 1):
                    gx = (first_x * per_root + cell_i + i) * cell_m
                    value = -np.inf
                    for k in range(m):
                        value = max(value, _field(shapes[kept[0, k]], gx, gy))
                    # a grid point exactly on the edge counts as inside, by a millionth of a metre,
                    # so that no ring touches itself at a point
                    field[j, i] = value if abs(value) > 1e-6 else 1e-6
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
                    sw, se = field[j, i], field[j, i + 1]
                    nw, ne = field[j + 1, i], field[j + 1, i + 1]
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
def _fill_grid(
    shapes: NDArray[np.float64],
    start: NDArray[np.int64],
    member: NDArray[np.int32],
    n_x: int,
    n_y: int,
    first_x: int,
    first_y: int,
    cell_m: float,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Evaluate the field at every grid point, with the exits that can matter in its small square."""
    per_root = _LEAF << _LEVELS
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
                shapes, member[first:last], base_i, base_j, middle, first_x, first_y, cell_m, values, near
            )
            for quarter in range(4):
                i0, j0 = base_i + (quarter & 1) * _LEAF, base_j + (quarter >> 1) * _LEAF
                n_here = _nearest(
                    shapes, near[:n_near], i0, j0, _LEAF, first_x, first_y, cell_m, values, here
                )
                for j in range(_LEAF + 1):
                    y = (first_y * per_root + j0 + j) * cell_m
                    for i in range(_LEAF + 1):
                        x = (first_x * per_root + i0 + i) * cell_m
                        for k in range(n_here):
                            value = _field(shapes[here[k]], x, y)
                            field[j0 + j, i0 + i] = max(field[j0 + j, i0 + i], value)
    return field


@njit(cache=True, nogil=True)
def _nearest(
    shapes: NDArray[np.float64], candidates: NDArray[np.int32],
    cell_i: int, cell_j: int, side: int, first_x: int, first_y: int, cell_m: float,
    values: NDArray[np.float64], kept: NDArray[np.int32],
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Keep the sources that can be the best somewhere in a square; return their number."""
    per_root = _LEAF << _LEVELS
    half = 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6
    x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
    y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
    best = -np.inf
    for k in range(len(candidates)):
        values[k] = _field(shapes[candidates[k]], x, y)
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
    share = v0 / (v0 - v1)
    edge_from[n] = start
    edge_to[n] = end
    xy[n, 0] = x0 + (x1 - x0) * share
    xy[n, 1] = y0 + (y1 - y0) * share
    return n + 1


def _rings(
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    if len(edge_from) == 0:
        return []
    order = np.argsort(edge_from)
    following = order[np.searchsorted(edge_from, edge_to, sorter=order)]
    sequence, offset = _walk(following)
    closed = []
    for start, stop in itertools.pairwise(offset):
        ring = xy[sequence[start:stop]]
        ring = ring[np.any(ring != np.roll(ring, 1, axis=0), axis=1)]
        if len(ring) >= 3:
            closed.append(np.concatenate([ring, ring[:1]]))
    return closed


@njit(cache=True, nogil=True)
def _walk(
    following: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Follow pieces round each ring, from the piece with the least number on."""
    n = len(following)
    seen = np.zeros(n, dtype=np.bool_)
    sequence = np.empty(n, dtype=np.int64)
    offset = np.empty(n + 1, dtype=np.int64)
    offset[0] = 0
    n_rings, at = 0, 0
    for first in range(n):
        if seen[first]:
            continue
        piece = first
        while not seen[piece]:
            seen[piece] = True
            sequence[at] = piece
            at += 1
            piece = following[piece]
        n_rings += 1
        offset[n_rings] = at
    return sequence, offset[: n_rings + 1].copy()


def _signed_area(ring: NDArray[np.float64]) -> float:
    x, y = ring[:, 0] - ring[0, 0], ring[:, 1] - ring[0, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)
