"""Which lines lie so deep inside an isochrone that its edge doesn't depend on them.

The network's lines are put on a lattice of squares so small that a place with the full reach covers
its own square and the eight around it. A line whose every square is surrounded by covered ones, as
far as it reaches, can't touch the edge; one point of each square stays in its place, so that what
they covered stays covered. Edges are the same to the bit with and without.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..geo.exit_lines import ExitLines

#: Side of a square in parts of the reach: two diagonals stay below the reach.
_SIDE_IN_REACHES: Final = 0.35
#: Largest lattice worth its time, squares.
_MOST_SQUARES: Final = 1_000_000
_MOST_M_PER_DEGREE: Final = 111_700.0
_LEAST_M_PER_DEGREE: Final = 110_500.0


@dataclass(frozen=True, eq=False)
class Lattice:
    """Squares that the vertices of lines lie in.

    Attributes
    ----------
    row, col : ndarray of int32, shape (vertices,)
    compact : ndarray of bool, shape (lines,)
        Whether none of a line's stretches is longer than a square's side.
    side_m : float
    least_width_m : float
        Width of a square where squares are narrowest.
    """

    row: NDArray[np.int32]
    col: NDArray[np.int32]
    compact: NDArray[np.bool_]
    side_m: float
    least_width_m: float


_LATTICES: Final[weakref.WeakKeyDictionary[ExitLines, dict[float, Lattice]]] = weakref.WeakKeyDictionary()


def lattice(lines: ExitLines, reach_m: float) -> Lattice:
    """Return the lattice of some lines for a reach, made once."""
    known = _LATTICES.setdefault(lines, {})
    if reach_m not in known:
        side = max(_SIDE_IN_REACHES * reach_m, 1.0)
        lat = np.abs(lines.lonlat[:, 1])
        widest, narrowest = (max(math.cos(math.radians(v)), 0.01) for v in (lat.min(), lat.max()))
        step_lat, step_lon = side / _MOST_M_PER_DEGREE, side / (_MOST_M_PER_DEGREE * widest)
        length = np.zeros(len(lines.xyz))
        length[1:] = np.linalg.norm(np.diff(lines.xyz, axis=0), axis=1)
        length[lines.offset[:-1]] = 0.0
        known[reach_m] = Lattice(
            np.floor((lines.lonlat[:, 1] + 90) / step_lat).astype(np.int32),
            np.floor((lines.lonlat[:, 0] + 180) / step_lon).astype(np.int32),
            np.maximum.reduceat(length, lines.offset[:-1]) <= side,
            side,
            step_lon * _LEAST_M_PER_DEGREE * narrowest,
        )
    return known[reach_m]


def needless(
    lines: ExitLines, reach_m: float, line: NDArray[np.int64], full: NDArray[np.bool_], *, margin_m: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Tell which lines an isochrone's edge can't depend on.

    Parameters
    ----------
    lines : ExitLines
    reach_m : float
        The network's reach off it.
    line : ndarray of int64, shape (k,)
        Lines reached.
    full : ndarray of bool, shape (k,)
        Whether all of the line has the full reach.
    margin_m : float
        Distance from the edge up to which the field must stay as it is.

    Returns
    -------
    drop : ndarray of bool, shape (k,)
    stand_in : ndarray of int64
        Vertices that have the full reach and stand for the lines dropped.
    """
    squares = lattice(lines, reach_m)
    far = reach_m + margin_m
    rows = math.ceil(far / (squares.side_m * _LEAST_M_PER_DEGREE / _MOST_M_PER_DEGREE)) + 1
    cols = math.ceil(far / squares.least_width_m) + 1
    drop, stand_in = _needless(
        line, full, lines.offset, squares.row, squares.col, squares.compact, rows, cols, _MOST_SQUARES
    )
    return np.asarray(drop), np.asarray(stand_in)


@njit(cache=True, nogil=True)
def _needless(
    line: NDArray[np.int64],
    full: NDArray[np.bool_],
    offset: NDArray[np.int64],
    row: NDArray[np.int32],
    col: NDArray[np.int32],
    compact: NDArray[np.bool_],
    far_rows: int,
    far_cols: int,
    most: int,
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:  # pragma: no cover - compiled
    drop = np.zeros(len(line), dtype=np.bool_)
    nothing = np.zeros(0, dtype=np.int64)
    r0, r1, c0, c1 = 2**31 - 1, -1, 2**31 - 1, -1
    for k in range(len(line)):
        if full[k]:
            for v in range(offset[line[k]], offset[line[k] + 1]):
                r0, r1 = min(r0, row[v]), max(r1, row[v])
                c0, c1 = min(c0, col[v]), max(c1, col[v])
    n_r, n_c = r1 - r0 + 1, c1 - c0 + 1
    if r1 < 0 or n_r <= 2 * far_rows or n_c <= 2 * far_cols or n_r * n_c > most:
        return drop, nothing
    holder = np.full((n_r, n_c), -1, dtype=np.int32)
    for k in range(len(line)):
        if full[k]:
            for v in range(offset[line[k]], offset[line[k] + 1]):
                if holder[row[v] - r0, col[v] - c0] < 0:
                    holder[row[v] - r0, col[v] - c0] = v
    # covered: the square or one of the eight around it has a holder
    covered = np.zeros((n_r, n_c), dtype=np.bool_)
    for r in range(n_r):
        for c in range(n_c):
            if holder[r, c] >= 0:
                covered[max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2] = True
    # deep: all squares as far as a line reaches are covered, first along the row, then along the column
    along = np.zeros((n_r, n_c), dtype=np.bool_)
    for r in range(n_r):
        run = 0
        for c in range(n_c):
            run = run + 1 if covered[r, c] else 0
            if run >= 2 * far_cols + 1:
                along[r, c - far_cols] = True
    deep = np.zeros((n_r, n_c), dtype=np.bool_)
    run_of = np.zeros(n_c, dtype=np.int32)
    for r in range(n_r):
        for c in range(n_c):
            run_of[c] = run_of[c] + 1 if along[r, c] else 0
            if run_of[c] >= 2 * far_rows + 1:
                deep[r - far_rows, c] = True
    stand_in = np.empty(n_r * n_c, dtype=np.int64)
    n = 0
    for k in range(len(line)):
        if not full[k] or not compact[line[k]]:
            continue
        inside = True
        for v in range(offset[line[k]], offset[line[k] + 1]):
            inside = inside and deep[row[v] - r0, col[v] - c0]
        if not inside:
            continue
        drop[k] = True
        for v in range(offset[line[k]], offset[line[k] + 1]):
            r, c = row[v] - r0, col[v] - c0
            if holder[r, c] >= 0:
                stand_in[n] = holder[r, c]
                n += 1
                holder[r, c] = -1
    return drop, stand_in[:n].copy()
