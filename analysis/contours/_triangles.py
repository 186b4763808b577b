"""Where an edge crosses the cells of a grid: linear interpolation on two triangles per cell."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing, inlined

#: Edges cross the sides of triangles at whole parts of the side, the ends left out: so that rings
#: touch neither themselves nor each other, and equal edges are equal to the bit.
_NOTCHES: Final = 1024


@inlined
def crossed(sw: float, se: float, nw: float, ne: float) -> bool:  # pragma: no cover - compiled
    """Whether the edge passes a cell, by the field at its corners; above zero is inside."""
    inside = (sw > 0) + (se > 0) + (nw > 0) + (ne > 0)
    return 0 < inside < 4


@borrowing
def cell_pieces(
    sw: float, se: float, nw: float, ne: float,
    i: int, j: int, cell_m: float, point: int, width: int,
    edge_from: NDArray[np.int64], edge_to: NDArray[np.int64], xy: NDArray[np.float64], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add the pieces of edge in a cell that it passes; return the new count.

    Parameters
    ----------
    sw, se, nw, ne : float
        Field at the corners.
    i, j : int
        Column and row of the cell, counted from the plane's origin.
    cell_m : float
    point, width : int
        Number of the south-western grid point, and grid points per row.
    edge_from, edge_to, xy : ndarray
        Pieces, as `contour.Edge` holds them; there is room for two more.
    n : int
        Pieces so far.
    """
    x, y = i * cell_m, j * cell_m
    # sides of the cell's two triangles, numbered by their lower-left grid point
    south, west, diagonal = 3 * point, 3 * point + 1, 3 * point + 2
    east, north = 3 * (point + 1) + 1, 3 * (point + width)
    n = triangle_piece(
        sw, se, ne, x, y, x + cell_m, y, x + cell_m, y + cell_m,
        south, east, diagonal, edge_from, edge_to, xy, n,
    )  # fmt: skip
    return triangle_piece(
        sw, ne, nw, x, y, x + cell_m, y + cell_m, x, y + cell_m,
        diagonal, north, west, edge_from, edge_to, xy, n,
    )  # fmt: skip


@borrowing
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
