"""Leaves of the quadtree: the field at their points, and the pieces of edge in their cells."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._dominance import beaten, field_of_chosen, field_on, unbeaten
from ._triangles import cell_pieces, crossed

#: Cells per side of a leaf of the quadtree.
LEAF: Final = 4
#: Cells per side of a quarter of a leaf.
_QUARTER: Final = LEAF // 2
#: Grid points are numbered over a plane that is so many points wide and high, the origin in its middle:
#: the same point has the same number in every drawing.
WIDTH: Final = 1 << 25


@njit(cache=True, nogil=True, inline="always")
def leaf_at_once(
    pool_flat: NDArray[np.float64], pool_taper: NDArray[np.float64], m_flat: int, m_taper: int, reach: float,
    corner_i: int, corner_j: int, cell_m: float, first_point: int,
    gx: NDArray[np.float64], gy: NDArray[np.float64], field: NDArray[np.float64],
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the pieces of edge in a leaf, from the field at all its points; return the new count."""
    across = LEAF + 1
    for p in range(len(gx)):
        gx[p] = (corner_i + p % across) * cell_m
        gy[p] = (corner_j + min(p // across, LEAF)) * cell_m
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
def leaf_by_quarters(
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
