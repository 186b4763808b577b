"""Which sources decide what an edge is in each root square: as long as these are there, others change nothing.

The edge in a square depends on the field at the corners of the cells that it passes, and on its sign elsewhere. So
those sources that are the best at such a corner decide, and of those that put the rest inside one each. As long as
they're there and none is better than before, the edge in the square is what it was.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing, compiled
from ._dominance import FLAT, TANGENT, beaten, distance_square, hand_down, tangents, unbeaten
from ._leaves import LEAF
from ._root_squares import DRAW, Frame
from ._tapers import SHAPE
from ._triangles import crossed


def decisive_sources(frame: Frame) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the sources that decide in each square of a frame without tapers, in CSR form.

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    start : ndarray of int64, shape (n_x * n_y + 1,)
        Where each square's sources begin: none outside what the sources cover, and for squares not to draw.
    source : ndarray of int32
        Columns of the frame's flat sources.
    """
    return _decisive(
        frame.flat, frame.flat_start, frame.state, frame.reach, frame.n_x, frame.n_y,
        frame.first_x, frame.first_y, frame.cell_m, frame.levels, frame.far,
    )  # fmt: skip


@compiled
def _decisive(
    flat: NDArray[np.float64], flat_start: NDArray[np.int64], state: NDArray[np.uint8], reach: float,
    n_x: int, n_y: int, first_x: int, first_y: int, cell_m: float, levels: int, far: float,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:  # fmt: skip  # pragma: no cover - compiled
    per_root = LEAF << levels
    around = math.floor(far / (per_root * cell_m) + 0.5)
    most = _most_near(flat_start, n_x, n_y, around)
    # lists of sources by level, as the drawing has them, and which these are
    listed, which = np.empty((levels + 2, FLAT, most)), np.empty((levels + 2, most), dtype=np.int32)
    no_taper = np.empty((levels + 2, SHAPE, 0))
    planes, work, number = np.empty((TANGENT, most)), np.empty(most), np.empty(most, dtype=np.int32)
    kept = np.zeros(levels + 2, dtype=np.int64)
    stack = np.empty((4 * (levels + 1), 3), dtype=np.int64)
    field, best = np.empty((LEAF + 1) ** 2), np.empty((LEAF + 1) ** 2, dtype=np.int32)
    nearest = -math.sqrt(2.0) * cell_m * (1 + 1e-9)
    seen_in = np.full(flat.shape[1], -1, dtype=np.int32)
    start = np.zeros(n_x * n_y + 1, dtype=np.int64)
    found = np.empty(1024, dtype=np.int32)
    n = 0
    for square in range(n_x * n_y):
        start[square] = n
        if state[square] != DRAW:
            continue
        i, j = square % n_x, square // n_x
        m = 0
        for row in range(max(j - around, 0), min(j + around, n_y - 1) + 1):
            first = flat_start[row * n_x + max(i - around, 0)]
            last = flat_start[row * n_x + min(i + around, n_x - 1) + 1]
            for k in range(last - first):
                which[levels + 1, m + k] = first + k
                for c in range(FLAT):
                    listed[levels + 1, c, m + k] = flat[c, first + k]
            m += last - first
        kept[levels + 1] = m
        stack[0, 0], stack[0, 1], stack[0, 2] = levels, i * per_root, j * per_root
        top = 1 if m > 0 else 0
        while top > 0:
            top -= 1
            level, cell_i, cell_j = stack[top, 0], stack[top, 1], stack[top, 2]
            m = kept[level + 1]
            side = LEAF << level
            half = 0.5 * side * cell_m * math.sqrt(2.0) * (1 + 1e-9) + 1e-6
            x = ((first_x * per_root + cell_i) + 0.5 * side) * cell_m
            y = ((first_y * per_root + cell_j) + 0.5 * side) * cell_m
            tangents(listed, no_taper, level + 1, m, 0, reach, x, y, planes)
            middle = 0
            for k in range(m):
                if planes[0, k] > planes[0, middle]:
                    middle = k
            if n + (LEAF + 1) ** 2 > len(found):
                grown = np.empty(2 * len(found) + (LEAF + 1) ** 2, dtype=np.int32)
                grown[:n] = found[:n]
                found = grown
            if beaten(
                listed, no_taper, level + 1, m, reach, x, y, planes, m, 0.5 * side * cell_m, half, nearest, work
            ):  # fmt: skip
                if planes[0, middle] >= -half:
                    n = _noted(which[level + 1, middle], square, seen_in, found, n)
                continue
            m = unbeaten(work, m, number)
            if level > 0:
                for k in range(m):
                    which[level, k] = which[level + 1, number[k]]
                hand_down(listed, no_taper, level + 1, kept[level + 1], number, m, level)
                kept[level] = m
                for child in range(4):
                    stack[top, 0] = level - 1
                    stack[top, 1] = cell_i + (child & 1) * (side >> 1)
                    stack[top, 2] = cell_j + (child >> 1) * (side >> 1)
                    top += 1
                continue
            _best_at_points(
                listed, number, m, reach, first_x * per_root + cell_i, first_y * per_root + cell_j, cell_m, field, best
            )  # fmt: skip
            n = _leaf(field, best, which, square, seen_in, found, n)
    start[-1] = n
    return start, found[:n].copy()


@borrowing
def _most_near(
    flat_start: NDArray[np.int64], n_x: int, n_y: int, around: int
) -> int:  # pragma: no cover - compiled
    """Most sources that lie so many squares or less from one."""
    most = 1
    for j in range(n_y):
        for i in range(n_x):
            m = 0
            for row in range(max(j - around, 0), min(j + around, n_y - 1) + 1):
                m += flat_start[row * n_x + min(i + around, n_x - 1) + 1]
                m -= flat_start[row * n_x + max(i - around, 0)]
            most = max(most, m)
    return most


@borrowing
def _noted(
    source: int, square: int, seen_in: NDArray[np.int32], found: NDArray[np.int32], n: int
) -> int:  # pragma: no cover - compiled
    """Add a source to those of a square, unless it's among them; return how many there are."""
    if seen_in[source] == square:
        return n
    seen_in[source] = square
    found[n] = source
    return n + 1


@borrowing
def _best_at_points(
    listed: NDArray[np.float64], number: NDArray[np.int32], m: int, reach: float,
    corner_i: int, corner_j: int, cell_m: float, field: NDArray[np.float64], best: NDArray[np.int32],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Write the field at a leaf's points, and the place in its list of the source that has it."""
    for p in range(len(field)):
        x, y = (corner_i + p % (LEAF + 1)) * cell_m, (corner_j + p // (LEAF + 1)) * cell_m
        least = np.inf
        for turn in range(m):
            k = number[turn]
            square = distance_square(
                listed[1, 0, k], listed[1, 1, k], listed[1, 2, k], listed[1, 3, k], listed[1, 4, k], x, y
            )
            if square < least:
                least, best[p] = square, k
        field[p] = reach - math.sqrt(least)


@borrowing
def _leaf(
    field: NDArray[np.float64], best: NDArray[np.int32], which: NDArray[np.int32], square: int,
    seen_in: NDArray[np.int32], found: NDArray[np.int32], n: int,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add what decides in a leaf: the best at corners of cells that the edge passes, and at points inside."""
    across = LEAF + 1
    for p in range(len(field)):
        wanted = field[p] > 0.0
        for part in range(4):
            i, j = p % across - (part & 1), p // across - (part >> 1)
            if not wanted and 0 <= i < LEAF and 0 <= j < LEAF:
                at = j * across + i
                wanted = crossed(field[at], field[at + 1], field[at + across], field[at + across + 1])
        if wanted:
            n = _noted(which[1, best[p]], square, seen_in, found, n)
    return n
