"""The field of tapered buffers at the points of a dense grid."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._tapers import field_of_row, prepare_tapers

#: Grid spacings per side of the small squares that sources are sorted out for.
_LEAF: Final = 4
#: Levels between them and the root squares.
_LEVELS: Final = 4


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
        Tapered buffers, see `tapers`.
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
    frame = _frame(np.ascontiguousarray(sources, dtype=np.float64), cell_m, _LEVELS, bounds)
    field: NDArray[np.float64] = _fill_grid(*frame, cell_m, _LEVELS)
    per_root = _LEAF << _LEVELS
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
    shapes = np.ascontiguousarray(prepare_tapers(rows, np.inf)[0].T)
    return shapes, start, member, n_x, n_y, first_x, first_y


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
                            value = field_of_row(shapes[here[k]], x, y)
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
        values[k] = field_of_row(shapes[candidates[k]], x, y)
        best = max(best, values[k])
    n = 0
    for k in range(len(candidates)):
        if values[k] >= best - 2 * half:
            kept[n] = candidates[k]
            n += 1
    return n
