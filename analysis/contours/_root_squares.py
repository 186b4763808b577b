"""Root squares of a plane, and the sources whose middles lie in each: what a quadtree begins with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import borrowing, compiled
from ._dominance import FLAT
from ._leaves import LEAF
from ._tapers import SHAPE

#: Most levels between a leaf and a root square, which is about as large as the largest reach.
MOST_LEVELS: Final = 6
#: What is done with a root square: nothing, drawing, taking over what was drawn before.
SKIP, DRAW, TAKE = 0, 1, 2


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


def levels_of(reach_cells: float) -> int:
    """Levels that make a root square about as large as the largest reach."""
    return min(max(round(math.log2(max(reach_cells, 1.0) / LEAF)), 1), MOST_LEVELS)


def root_side_m(levels: int, cell_m: float) -> float:
    """Side of a root square, metres."""
    return cell_m * (LEAF << levels)


def far_from_root(far: float, root: float, cell_m: float) -> float:
    """How far from a root square's centre a source that matters in it may be, metres.

    Parameters
    ----------
    far : float
        How far from its middle a source reaches at most.
    root, cell_m : float
    """
    return far + 0.5 * math.sqrt(2.0) * root + 2 * cell_m


def bands_of(frame: Frame, n_parts: int) -> list[tuple[int, int]]:
    """Cut rows of root squares into bands with about as much to draw each: first and last but one."""
    weight = (np.diff(frame.flat_start + frame.taper_start) + 1) * (frame.state == DRAW)
    before = np.concatenate([[0], np.cumsum(weight.reshape(frame.n_y, frame.n_x).sum(axis=1))])
    cuts = np.searchsorted(before, before[-1] * np.arange(1, n_parts) / n_parts)
    return list(pairwise([0, *(int(cut) for cut in cuts), frame.n_y]))


@compiled
def affected(
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


@compiled
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


@borrowing
def reaching(
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
