"""Fast marching: times over ground of any speed, from starts on a grid; and the edge of what is reached.

Times grow from the starts in the order in which points are come to, as in Dijkstra's search, but each
point asks where between two of its neighbours the front came from. The triangles it looks through are
the eight around it, with 45° at the point: they let no point be earlier than those it depends on, and
bend fronts about a quarter as much as the four right angles of the usual scheme do.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ..contours import Edge, cell_pieces, crossed

#: Steps to the eight neighbours, anticlockwise from the east: even ones straight, odd ones diagonal.
_STEP_I: Final = np.array([1, 1, 0, -1, -1, -1, 0, 1])
_STEP_J: Final = np.array([0, 1, 1, 1, 0, -1, -1, -1])
#: Cells on each side of a place that are started on at once where the ground is even.
_EVEN: Final = 4
#: Field of points that aren't reached; finite, for crossings are interpolated.
_NEVER: Final = -1e15


@compiled
def start_times(
    sources: NDArray[np.float64],
    cutoff_ms: float,
    pace: float,
    slowness: NDArray[np.float64],
    first_i: int,
    first_j: int,
    cell_m: float,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Return when the corners of the cells that sources touch are come to straight from them.

    Around the ends of sources, where the ground is even, a few cells farther.

    Parameters
    ----------
    sources : ndarray of float64, shape (k, 6)
        Tapered buffers, see `tapers`; what they have left at `pace` is left until the cutoff.
    cutoff_ms, pace : float
        Milliseconds; milliseconds per metre.
    slowness : ndarray of float64, shape (n_y, n_x)
        Milliseconds per metre at the grid points; infinite where there's no way.
    first_i, first_j : int
        Numbers of the first grid point, counted from the plane's centre.
    cell_m : float

    Returns
    -------
    ndarray of float64, shape (n_y, n_x)
        Milliseconds; infinite elsewhere.
    """
    n_y, n_x = slowness.shape
    out = np.full((n_y, n_x), np.inf)
    touch = 1e-9  # cells: a source on a side belongs to the cells on both sides
    for k in range(len(sources)):
        x0, y0 = sources[k, 0] / cell_m - first_i, sources[k, 1] / cell_m - first_j
        x1, y1 = sources[k, 3] / cell_m - first_i, sources[k, 4] / cell_m - first_j
        t0, t1 = cutoff_ms - sources[k, 2] * pace, cutoff_ms - sources[k, 5] * pace
        length = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
        rise = (t1 - t0) / (length * cell_m) if length > 0.0 else 0.0
        ux, uy = ((x1 - x0) / length, (y1 - y0) / length) if length > 0.0 else (1.0, 0.0)
        for j in range(math.floor(min(y0, y1) - touch), math.floor(max(y0, y1) + touch) + 1):
            low, high = min(x0, x1), max(x0, x1)
            if abs(uy) > 1e-12:  # what of it lies in this row of cells
                a = x0 + (j - touch - y0) / uy * ux
                b = x0 + (j + 1 + touch - y0) / uy * ux
                low, high = max(low, min(a, b)), min(high, max(a, b))
            for i in range(math.floor(low - touch), math.floor(high + touch) + 1):
                for corner in range(4):
                    p, q = i + (corner & 1), j + (corner >> 1)
                    if p < 0 or q < 0 or p >= n_x or q >= n_y or slowness[q, p] == np.inf:
                        continue
                    slow = slowness[q, p]
                    along = (p - x0) * ux + (q - y0) * uy
                    height = abs((q - y0) * ux - (p - x0) * uy)
                    if rise >= slow:  # leaving at once is faster than following
                        along = 0.0
                    elif rise > 0.0:
                        along -= height * rise / math.sqrt(slow * slow - rise * rise)
                    along = min(max(along, 0.0), length)
                    away = math.sqrt((p - x0 - along * ux) ** 2 + (q - y0 - along * uy) ** 2)
                    time = t0 + (rise * along + slow * away) * cell_m
                    out[q, p] = min(out[q, p], time)
        _start_around(out, slowness, cell_m, x0, y0, t0)
        if length > 0.0:
            _start_around(out, slowness, cell_m, x1, y1, t1)
    return out


@compiled
def _start_around(
    out: NDArray[np.float64], slowness: NDArray[np.float64], cell_m: float, x: float, y: float, time: float
) -> None:  # pragma: no cover - compiled
    """Where the ground around a place is even, start from it on all of that: there fronts bend most."""
    n_y, n_x = slowness.shape
    i, j = math.floor(x), math.floor(y)
    if i < _EVEN - 1 or j < _EVEN - 1 or i + _EVEN >= n_x or j + _EVEN >= n_y:
        return
    slow = slowness[j, i]
    for q in range(j - _EVEN + 1, j + _EVEN + 1):
        for p in range(i - _EVEN + 1, i + _EVEN + 1):
            if abs(slowness[q, p] - slow) > 1e-6 * slow or slow == np.inf:
                return
    for q in range(j - _EVEN + 1, j + _EVEN + 1):
        for p in range(i - _EVEN + 1, i + _EVEN + 1):
            away = math.sqrt((p - x) ** 2 + (q - y) ** 2)
            out[q, p] = min(out[q, p], time + slow * away * cell_m)


@compiled
def march(
    start_ms: NDArray[np.float64], slowness: NDArray[np.float64], cell_m: float, until_ms: float
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Return when each grid point is come to, milliseconds; infinite where it isn't.

    Parameters
    ----------
    start_ms : ndarray of float64, shape (n_y, n_x)
        Infinite where nothing starts.
    slowness : ndarray of float64, shape (n_y, n_x)
        Milliseconds per metre; infinite where there's no way.
    cell_m : float
    until_ms : float
        Points later than this pass nothing on: beyond their neighbours all is infinite.
    """
    n_y, n_x = slowness.shape
    time = start_ms.copy()
    done = np.zeros((n_y, n_x), dtype=np.bool_)
    keys, points = np.empty(1024), np.empty(1024, dtype=np.int64)
    n = 0
    for q in range(n_y):
        for p in range(n_x):
            if time[q, p] < np.inf:
                if n == len(keys):
                    keys, points = _doubled(keys, points)
                _push(keys, points, n, time[q, p], q * n_x + p)
                n += 1
    while n > 0:
        point = points[0]
        n -= 1
        _pop(keys, points, n)
        q, p = point // n_x, point % n_x
        if done[q, p]:
            continue
        done[q, p] = True
        if time[q, p] > until_ms:
            continue
        for way in range(8):
            i, j = p + _STEP_I[way], q + _STEP_J[way]
            if i < 0 or j < 0 or i >= n_x or j >= n_y or done[j, i] or slowness[j, i] == np.inf:
                continue
            new = _time_through(time, done, slowness, cell_m, p, q, way, i, j)
            if new < time[j, i]:
                time[j, i] = new
                if n == len(keys):
                    keys, points = _doubled(keys, points)
                _push(keys, points, n, new, j * n_x + i)
                n += 1
    return time


@compiled
def _time_through(
    time: NDArray[np.float64], done: NDArray[np.bool_], slowness: NDArray[np.float64], cell_m: float,
    p: int, q: int, way: int, i: int, j: int,
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Least time at (i, j) if the front comes through (p, q) or between it and the points beside it.

    `way` leads from (p, q) to (i, j). A piece of way has the mean slowness of where it is.
    """
    n_y, n_x = time.shape
    own = slowness[j, i]
    here = 0.5 * (own + slowness[q, p])
    best = np.inf
    if way % 2 == 0:
        best = time[q, p] + here * cell_m
    for turn in range(2):
        # seen from (i, j), the neighbour beside (p, q) on either side
        side = (way + 4 + (1 if turn == 0 else 7)) % 8
        a, b = i + _STEP_I[side], j + _STEP_J[side]
        if a < 0 or b < 0 or a >= n_x or b >= n_y or slowness[b, a] == np.inf:
            continue
        if way % 2 == 1:
            # across a corner only beside a point with a way: water that touches at corners is closed
            best = min(best, time[q, p] + here * math.sqrt(2.0) * cell_m)
        if not done[b, a]:
            continue
        if way % 2 == 0:
            straight, diagonal = time[q, p], time[b, a]
        else:
            straight, diagonal = time[b, a], time[q, p]
        across = (0.5 * own + 0.25 * (slowness[q, p] + slowness[b, a])) * cell_m
        lead = (straight - diagonal) / across
        if 0.0 < lead < math.sqrt(0.5):
            best = min(best, straight + across * math.sqrt(1.0 - lead * lead))
    return best


@compiled
def _doubled(
    keys: NDArray[np.float64], points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:  # pragma: no cover - compiled
    n = len(keys)
    new_keys, new_points = np.empty(2 * n), np.empty(2 * n, dtype=np.int64)
    new_keys[:n], new_points[:n] = keys, points
    return new_keys, new_points


@compiled
def _push(
    keys: NDArray[np.float64], points: NDArray[np.int64], n: int, key: float, point: int
) -> None:  # pragma: no cover - compiled
    """Add to a binary heap that holds n; equal keys are told apart by their points."""
    at = n
    while at > 0:
        up = (at - 1) >> 1
        if keys[up] < key or (keys[up] == key and points[up] <= point):
            break
        keys[at], points[at] = keys[up], points[up]
        at = up
    keys[at], points[at] = key, point


@compiled
def _pop(keys: NDArray[np.float64], points: NDArray[np.int64], n: int) -> None:  # pragma: no cover - compiled
    """Take the least off a binary heap, which holds n without it."""
    key, point = keys[n], points[n]
    at = 0
    while True:
        down = 2 * at + 1
        if down >= n:
            break
        right = down + 1
        if right < n and (
            keys[right] < keys[down] or (keys[right] == keys[down] and points[right] < points[down])
        ):
            down = right
        if key < keys[down] or (key == keys[down] and point <= points[down]):
            break
        keys[at], points[at] = keys[down], points[down]
        at = down
    keys[at], points[at] = key, point


@compiled
def field_left(
    time_ms: NDArray[np.float64], slowness: NDArray[np.float64], cell_m: float, cutoff_ms: float
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Return what is left of a cutoff at the grid points, milliseconds, below zero where it isn't reached.

    Shores are put half-way between points with a way and points without: both get the same amount
    with opposite signs, at least what it takes to the farthest neighbour, and none that depends on the
    cutoff, so that a larger cutoff's field is nowhere smaller.
    """
    n_y, n_x = time_ms.shape
    field = np.empty((n_y, n_x))
    for q in range(n_y):
        for p in range(n_x):
            left = cutoff_ms - time_ms[q, p]
            closed, slowest = False, 0.0
            for b in range(max(q - 1, 0), min(q + 2, n_y)):
                for a in range(max(p - 1, 0), min(p + 2, n_x)):
                    if slowness[b, a] == np.inf:
                        closed = True
                    else:
                        slowest = max(slowest, slowness[b, a])
            if slowness[q, p] == np.inf:
                field[q, p] = -math.sqrt(2.0) * cell_m * slowest if slowest > 0.0 else _NEVER
            elif time_ms[q, p] == np.inf:
                field[q, p] = _NEVER
            elif closed:
                field[q, p] = min(left, math.sqrt(2.0) * cell_m * slowest)
            else:
                field[q, p] = left
    return field


def grid_edge(field: NDArray[np.float64], *, first_i: int, first_j: int, cell_m: float) -> Edge:
    """Return the edge of the set where a field on a dense grid is above zero.

    Parameters
    ----------
    field : ndarray of float64, shape (n_y, n_x)
        Finite; not above zero on the grid's rim.
    first_i, first_j : int
        Numbers of the first grid point, counted from the plane's centre.
    cell_m : float
    """
    side_from, side_to, xy = _grid_edge(field, first_i, first_j, cell_m)
    return Edge(side_from, side_to, xy, field.shape[1], cell_m)


@compiled
def _grid_edge(
    field: NDArray[np.float64], first_i: int, first_j: int, cell_m: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    n_y, n_x = field.shape
    room = 0
    for q in range(n_y - 1):
        for p in range(n_x - 1):
            inside = field[q, p] > 0
            if (
                (field[q, p + 1] > 0) != inside
                or (field[q + 1, p] > 0) != inside
                or (field[q + 1, p + 1] > 0) != inside
            ):
                room += 2
    edge_from, edge_to = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    xy = np.empty((room, 2))
    n = 0
    for q in range(n_y - 1):
        for p in range(n_x - 1):
            sw, se, nw, ne = field[q, p], field[q, p + 1], field[q + 1, p], field[q + 1, p + 1]
            if crossed(sw, se, nw, ne):
                n = cell_pieces(
                    sw, se, nw, ne, first_i + p, first_j + q, cell_m, q * n_x + p, n_x,
                    edge_from, edge_to, xy, n,
                )  # fmt: skip
    return edge_from[:n].copy(), edge_to[:n].copy(), xy[:n].copy()
