"""A street network laid out on the ground once, for the isochrones of many origins.

Most of an isochrone's edge runs along streets where the full reach off the network is left: there it
depends on the network alone. So the plane of street networks is fixed to the ground, their lines are put
into it once, and the edge of all of them together is drawn once. An origin's edge takes that over
wherever every street that matters has the full reach, and is drawn where some have not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.derived import Sealed, derived_by
from ...geo.networks import ExitLines, TransportNetwork, ms_per_metre
from ...geo.plane import LocalPlane
from ...geo.sorting import distinct
from ..contours import (
    DRAW,
    FLAT,
    SHAPE,
    SKIP,
    TAKE,
    Drawn,
    Edge,
    Frame,
    decisive_sources,
    draw,
    far_from_root,
    levels_of,
    prepare_tapers,
    root_side_m,
    sort_sources,
)
from ..thread_pool import ThreadPool
from ._reach import Reached, line_tolerance_m

#: Networks with a shorter reach off them than this have a full-reach edge, km.
_LONGEST_REACH_KM: Final = 5.0
#: Full-reach edges are centred on points so many degrees apart, and hold lines up to so far from their centre.
_STEP_LON_DEG: Final = 6.0
_STEP_LAT_DEG: Final = 4.0
_TILE_M: Final = 600_000.0
#: Full-reach edges kept per network.
_MOST_EDGES: Final = 6
#: The full reach is longer by this, in metres: by more than any cutoff adds to what is left elsewhere
#: (`reach`), and the same for all.
_LIFT_M: Final = 0.02


def fixed_plane(network: TransportNetwork, lon: float, lat: float, cutoff_ms: int) -> LocalPlane | None:
    """Return the plane of the full-reach edge that an isochrone is drawn on; none, where it isn't worth one.

    It is where the network may be left anywhere, but not for long, and the cutoff allows the full reach.

    Parameters
    ----------
    network : TransportNetwork
    lon, lat : float
        The origin, degrees.
    cutoff_ms : int
        Milliseconds.
    """
    reach_km = network.max_access_km
    if not network.has_exits_along or reach_km > _LONGEST_REACH_KM:
        return None
    if cutoff_ms < reach_km * 1000 * ms_per_metre(network):
        return None
    return _plane(
        math.floor(lon / _STEP_LON_DEG + 0.5) * _STEP_LON_DEG,
        min(max(math.floor(lat / _STEP_LAT_DEG + 0.5) * _STEP_LAT_DEG, -88.0), 88.0),
    )


@lru_cache(maxsize=64)
def _plane(lon: float, lat: float) -> LocalPlane:
    return LocalPlane(lon, lat)


@dataclass(frozen=True, eq=False)
class FullReachEdge(Sealed):
    """Lines in a plane, cut into flat sources and sorted by root square.

    Attributes
    ----------
    xy : ndarray of float64, shape (v, 2)
        Vertices of all lines, thinned as `reach_sources` takes them, those too far away among them.
    cell_m : float
    levels : int
    first_x, first_y, n_x, n_y : int
        Root squares that hold lines or may hold the edge of all.
    reach, far : float
        As a `Frame` has them.
    flat : ndarray of float64, shape (FLAT, k)
    start : ndarray of int64, shape (n_x * n_y + 1,)
        Where each square's sources begin.
    line : ndarray of int32, shape (k,)
        The line that a source is part of.
    held : ndarray of bool, shape (lines,)
        Which lines are on the full_reach.
    own_start, own : ndarray of int64 and int32
        Squares that each line's sources lie in, in CSR form.
    decisive_start, decisive : ndarray of int64 and int32
        Lines that decide what the edge is in each square, in CSR form: as long as they have the full reach, others
        change nothing.
    over_start, over : ndarray of int64 and int32
        Squares that it covers with the full reach, in CSR form.
    drawn : Drawn
        The edge where all lines have the full reach.
    """

    xy: NDArray[np.float64]
    cell_m: float
    levels: int
    first_x: int
    first_y: int
    n_x: int
    n_y: int
    reach: float
    far: float
    flat: NDArray[np.float64]
    start: NDArray[np.int64]
    line: NDArray[np.int32]
    held: NDArray[np.bool_]
    own_start: NDArray[np.int64]
    own: NDArray[np.int32]
    decisive_start: NDArray[np.int64]
    decisive: NDArray[np.int32]
    over_start: NDArray[np.int64]
    over: NDArray[np.int32]
    drawn: Drawn

    def holds_all(self, found: Reached) -> bool:
        """Whether it holds all lines of what is reached."""
        return bool(self.held[found.line].all() and self.held[found.pieces[:, 0].astype(np.int64)].all())


def full_reach_edge_of(network: TransportNetwork, plane: LocalPlane, cell_m: float) -> FullReachEdge:
    """Return a network's full_reach for a plane and a cell size, made when it's first asked for.

    Parameters
    ----------
    network : TransportNetwork
    plane : LocalPlane
        As `fixed_plane` gives it.
    cell_m : float
    """
    return _lay_out(network.exit_lines, plane.lon, plane.lat, network.max_access_km, cell_m)


@derived_by(most=_MOST_EDGES, kept_as=FullReachEdge)
def _lay_out(lines: ExitLines, lon: float, lat: float, reach_km: float, cell_m: float) -> FullReachEdge:
    plane, reach_m = _plane(lon, lat), reach_km * 1000
    thin = lines.thinned(line_tolerance_m(cell_m))
    xy = plane.project(thin.xyz)
    away = np.maximum.reduceat(np.abs(xy).max(axis=1), thin.offset[:-1])
    held = away <= _TILE_M
    begins = np.ones(len(xy), dtype=bool)
    begins[thin.offset[1:] - 1] = False
    of_line = np.repeat(np.arange(len(held)), np.diff(thin.offset))
    vertex = np.flatnonzero(begins & held[of_line])
    reach = reach_m + _LIFT_M
    full = np.full(len(vertex), reach)
    rows = np.column_stack([xy[vertex], full, xy[vertex + 1], full])
    levels = levels_of(reach / cell_m)
    root = root_side_m(levels, cell_m)
    shapes, far = prepare_tapers(rows, 0.5 * root)
    far = far_from_root(max(far, reach + 0.25 * root), root, cell_m)
    parts = np.maximum(np.ceil(np.hypot(*(rows[:, 3:5] - rows[:, :2]).T) / (0.5 * root)), 1).astype(np.int64)
    line = np.repeat(of_line[vertex], parts).astype(np.int32)
    around = math.floor(far / root + 0.5)
    square = np.floor(shapes[8:10] / root).astype(np.int64)
    low, high = (
        (square.min(axis=1) - around, square.max(axis=1) + around + 1)
        if len(vertex)
        else (np.zeros(2, dtype=np.int64), np.ones(2, dtype=np.int64))
    )
    first_x, first_y, n_x, n_y = int(low[0]), int(low[1]), *(int(n) for n in high - low)
    place = (square[1] - first_y) * n_x + square[0] - first_x
    order = np.argsort(place, kind="stable")
    start = np.zeros(n_x * n_y + 1, dtype=np.int64)
    np.cumsum(np.bincount(place, minlength=n_x * n_y), out=start[1:])
    flat = np.ascontiguousarray(shapes[:FLAT, order])
    line, place = line[order], place[order].astype(np.int32)
    centre = np.asarray((square.T[order] + 0.5) * root, dtype=np.float64)
    covers = _distance(flat, centre) < reach - 0.5 * math.sqrt(2.0) * root * (1 + 1e-9) - 1e-6
    nothing = np.zeros(n_x * n_y + 1, dtype=np.int64)
    frame = Frame(
        first_x, first_y, n_x, n_y, levels, cell_m, reach, far, flat, start,
        np.zeros((SHAPE, 0)), nothing, np.full(n_x * n_y, -np.inf), np.full(n_x * n_y, DRAW, dtype=np.uint8),
    )  # fmt: skip
    own_start, own = _pairs(line, place, len(held))
    return FullReachEdge(
        xy, cell_m, levels, first_x, first_y, n_x, n_y, reach, far, flat, start, line, held,
        own_start, own, *_decisive_lines(frame, line), *_pairs(line[covers], place[covers], len(held)), draw(frame),
    )  # fmt: skip


def _distance(flat: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distance of each source from a point of its own, shape (k,)."""
    dx, dy = points[:, 0] - flat[0], points[:, 1] - flat[1]
    along = dx * flat[2] + dy * flat[3]
    over = along - np.clip(along, 0.0, flat[4])
    return np.asarray(np.hypot(over, dy * flat[2] - dx * flat[3]))


def _decisive_lines(frame: Frame, line: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Lines that decide in each square of a frame, by those that its sources are part of."""
    start, source = decisive_sources(frame)
    squares = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
    return _pairs(squares, line[source], len(start) - 1)


def _pairs(
    of: NDArray[np.int32], other: NDArray[np.int32], n: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return what belongs to each of n, such as a line's squares, each once, in CSR form."""
    pairs = distinct((of.astype(np.int64) << 32) | other)
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(pairs >> 32, minlength=n), out=start[1:])
    return start, (pairs & 0xFFFFFFFF).astype(np.int32)


def left_to_full_reach(full_reach: FullReachEdge, found: Reached) -> NDArray[np.bool_]:
    """Say which of the lines reached the full-reach edge takes care of, shape (k,)."""
    return np.asarray(found.full & full_reach.held[found.line])


def edge_on_full_reach(
    full_reach: FullReachEdge,
    found: Reached,
    left: NDArray[np.bool_],
    sources: NDArray[np.float64],
    *,
    pool: ThreadPool | None = None,
) -> Edge:
    """Return the edge of an isochrone on a full_reach.

    Parameters
    ----------
    full_reach : FullReachEdge
    found : Reached
        What is reached within the cutoff.
    left : ndarray of bool, shape (k,)
        Lines that `left_to_full_reach` tells; all of each has the full reach.
    sources : ndarray of float64, shape (n, 6)
        All other tapered buffers, as `isochrone_edge` takes them.
    pool : ThreadPool, optional
        Threads. The edge doesn't depend on it.
    """
    root = root_side_m(full_reach.levels, full_reach.cell_m)
    # the first, discs, are of no line; where lines are that it doesn't hold, neither may others be
    strange = 1 + len(found.node) if full_reach.holds_all(found) else None
    (shapes, _), (n_full, covered, box) = (pool or ThreadPool(1)).both(
        lambda: prepare_tapers(np.ascontiguousarray(sources), 0.5 * root),
        lambda: _marks(
            found.line,
            left,
            full_reach.own_start,
            full_reach.own,
            full_reach.over_start,
            full_reach.over,
            full_reach.n_x,
            full_reach.n_y,
        ),
    )
    around = math.floor(full_reach.far / root + 0.5)
    first, full = _stretch(found.line[left])
    middle = np.floor(shapes[8:10] / root).astype(np.int64) - np.array(
        [[full_reach.first_x], [full_reach.first_y]]
    )
    # columns and rows of the frame, counted from the full-reach edge's first; beyond what anything reaches
    low = np.minimum(box[:2], middle.min(axis=1)) - 2 * around
    high = np.maximum(box[2:], middle.max(axis=1)) + 2 * around + 1
    off_x, off_y = int(low[0]), int(low[1])
    n_x, n_y = (int(n) for n in high - low)
    first_x, first_y = full_reach.first_x + off_x, full_reach.first_y + off_y
    _, _, taper, taper_start, taper_far = sort_sources(shapes, math.inf, root, first_x, first_y, n_x, n_y)
    state, flat, flat_start = _plan(
        n_full, full_reach.decisive_start, full_reach.decisive, covered, full_reach.n_x, full_reach.n_y,
        off_x, off_y, n_x, n_y, around, taper_start, middle[:, :strange],
        full_reach.flat, full_reach.start, full_reach.line, first, full,
    )  # fmt: skip
    frame = Frame(
        first_x, first_y, n_x, n_y, full_reach.levels, full_reach.cell_m, full_reach.reach, full_reach.far,
        flat, flat_start, taper, taper_start, taper_far, state,
    )  # fmt: skip
    return draw(frame, known=full_reach.drawn, pool=pool).edge


def _stretch(lines: NDArray[np.int64]) -> tuple[int, NDArray[np.bool_]]:
    """Return the first of some lines, ascending, and which of those from there to the last are among them."""
    if len(lines) == 0:
        return 0, np.zeros(0, dtype=np.bool_)
    first = int(lines[0])
    among = np.zeros(int(lines[-1]) - first + 1, dtype=np.bool_)
    among[lines - first] = True
    return first, among


@compiled
def _marks(
    lines: NDArray[np.int64], left: NDArray[np.bool_],
    own_start: NDArray[np.int64], own: NDArray[np.int32],
    over_start: NDArray[np.int64], over: NDArray[np.int32], n_x: int, n_y: int,
) -> tuple[
    NDArray[np.int32], NDArray[np.bool_], NDArray[np.int64]
]:  # fmt: skip  # pragma: no cover - compiled
    """Count lines with the full reach by square, and say which squares one covers.

    With them the first and last column and row of squares with any: x, y, x, y.
    """
    n_full = np.zeros(n_x * n_y, dtype=np.int32)
    covered = np.zeros(n_x * n_y, dtype=np.bool_)
    x0, y0, x1, y1 = n_x, n_y, -1, -1
    for k in range(len(lines)):
        if not left[k]:
            continue
        line = lines[k]
        for at in range(own_start[line], own_start[line + 1]):
            square = own[at]
            n_full[square] += 1
            if n_full[square] == 1:
                i, j = square % n_x, square // n_x
                x0, x1, y0, y1 = min(x0, i), max(x1, i), min(y0, j), max(y1, j)
        for at in range(over_start[line], over_start[line + 1]):
            covered[over[at]] = True
    return n_full, covered, np.array([x0, y0, x1, y1])


@compiled
def _plan(
    n_full: NDArray[np.int32], decisive_start: NDArray[np.int64], decisive: NDArray[np.int32],
    covered: NDArray[np.bool_],
    full_reach_x: int, full_reach_y: int, off_x: int, off_y: int, n_x: int, n_y: int, around: int,
    taper_start: NDArray[np.int64], strange: NDArray[np.int64],
    full_reach_flat: NDArray[np.float64], full_reach_start: NDArray[np.int64],
    line: NDArray[np.int32], first_line: int, full: NDArray[np.bool_],
) -> tuple[
    NDArray[np.uint8], NDArray[np.float64], NDArray[np.int64]
]:  # fmt: skip  # pragma: no cover - compiled
    """Decide what to do with each of the frame's squares; gather the flat sources that drawing needs."""
    any_near = np.zeros((n_y, n_x), dtype=np.bool_)
    strange_near = np.zeros((n_y, n_x), dtype=np.bool_)
    for j in range(n_y):
        for i in range(n_x):
            some = taper_start[j * n_x + i + 1] > taper_start[j * n_x + i]
            if 0 <= i + off_x < full_reach_x and 0 <= j + off_y < full_reach_y:
                some = some or n_full[(j + off_y) * full_reach_x + i + off_x] > 0
            any_near[j, i] = some
    for k in range(strange.shape[1]):
        strange_near[strange[1, k] - off_y, strange[0, k] - off_x] = True
    _spread(any_near, around)
    _spread(strange_near, around)
    state = np.empty(n_x * n_y, dtype=np.uint8)
    needed = np.zeros((n_y, n_x), dtype=np.bool_)
    for j in range(n_y):
        for i in range(n_x):
            inside = 0 <= i + off_x < full_reach_x and 0 <= j + off_y < full_reach_y
            at = (j + off_y) * full_reach_x + i + off_x
            if not any_near[j, i] or (inside and covered[at]):
                state[j * n_x + i] = SKIP
                continue
            as_before = not strange_near[j, i]
            if as_before and inside:
                for k in range(decisive_start[at], decisive_start[at + 1]):
                    nth = decisive[k] - first_line
                    if not (0 <= nth < len(full) and full[nth]):
                        as_before = False
                        break
            state[j * n_x + i] = TAKE if as_before and inside else SKIP if as_before else DRAW
            needed[j, i] = not as_before
    _spread(needed, around)
    room = 0
    for j in range(max(0, -off_y), min(n_y, full_reach_y - off_y)):
        for i in range(max(0, -off_x), min(n_x, full_reach_x - off_x)):
            at = (j + off_y) * full_reach_x + i + off_x
            if needed[j, i] and n_full[at] > 0:
                room += full_reach_start[at + 1] - full_reach_start[at]
    flat = np.empty((FLAT, room))
    start = np.zeros(n_x * n_y + 1, dtype=np.int64)
    n = 0
    for j in range(n_y):
        for i in range(n_x):
            if needed[j, i] and 0 <= i + off_x < full_reach_x and 0 <= j + off_y < full_reach_y:
                at = (j + off_y) * full_reach_x + i + off_x
                for k in range(
                    full_reach_start[at], full_reach_start[at + 1] if n_full[at] > 0 else full_reach_start[at]
                ):
                    nth = line[k] - first_line
                    if 0 <= nth < len(full) and full[nth]:
                        for c in range(FLAT):
                            flat[c, n] = full_reach_flat[c, k]
                        n += 1
            start[j * n_x + i + 1] = n
    return state, flat, start


@compiled
def _spread(marked: NDArray[np.bool_], around: int) -> None:  # pragma: no cover - compiled
    """Mark all squares up to so many columns and rows from a marked one, in place."""
    n_y, n_x = marked.shape
    for j in range(n_y):
        last = -around - 1
        row = marked[j].copy()
        for i in range(n_x):
            if row[i]:
                for k in range(max(last + around + 1, i - around, 0), min(i + around + 1, n_x)):
                    marked[j, k] = True
                last = i
    for i in range(n_x):
        last = -around - 1
        column = marked[:, i].copy()
        for j in range(n_y):
            if column[j]:
                for k in range(max(last + around + 1, j - around, 0), min(j + around + 1, n_y)):
                    marked[k, i] = True
                last = j
