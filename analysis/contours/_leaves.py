"""Leaves of the quadtree: the field at their points, and the pieces of edge in their cells."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing
from ._dominance import POINTS, field_on
from ._triangles import cell_pieces, crossed

#: Cells per side of a leaf of the quadtree.
LEAF: Final = 4
#: Cells per side of a quarter of a leaf.
_QUARTER: Final = LEAF // 2
#: Grid points are numbered over a plane that is so many points wide and high, the origin in its middle:
#: the same point has the same number in every drawing.
WIDTH: Final = 1 << 25


@borrowing
def leaf_pieces(
    pool_flat: NDArray[np.float64], pool_taper: NDArray[np.float64], m_flat: int, reach: float,
    number: NDArray[np.int32], m: int, corner_i: int, corner_j: int, cell_m: float, first_point: int,
    points: NDArray[np.float64],
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the pieces of edge in a leaf, from the field at all its points; return the new count."""
    across = LEAF + 1
    for p in range(POINTS):
        points[p] = (corner_i + p % across) * cell_m
        points[POINTS + p] = (corner_j + min(p // across, LEAF)) * cell_m
    field_on(pool_flat, pool_taper, 1, m_flat, reach, number, m, points)
    for quarter in range(4):
        for part in range(_QUARTER * _QUARTER):
            i = (quarter & 1) * _QUARTER + part % _QUARTER
            j = (quarter >> 1) * _QUARTER + part // _QUARTER
            at = 2 * POINTS + j * across + i
            sw, se, nw, ne = points[at], points[at + 1], points[at + across], points[at + across + 1]
            if crossed(sw, se, nw, ne):
                n = cell_pieces(
                    sw, se, nw, ne, corner_i + i, corner_j + j, cell_m, first_point + j * WIDTH + i, WIDTH,
                    edge_from, edge_to, xy, n,
                )  # fmt: skip
    return n
