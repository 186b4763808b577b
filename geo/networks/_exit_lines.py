"""Where networks are entered and left: lines with an index to find them, and nodes that networks share a search tree of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled
from ..crs import to_ecef
from ..derived import Sealed, derived, derived_by, derived_kept
from ..sorting import distinct

if TYPE_CHECKING:
    from scipy.spatial import cKDTree

_METRES_PER_DEGREE = 111_000.0
#: Tolerances, of which each cell size has its own, that thinned lines are kept for.
_MOST_THINNED = 8


@dataclass(frozen=True, eq=False)
class ExitLines(Sealed):
    """Vertices of the links that may be left anywhere.

    Attributes
    ----------
    link : ndarray of int64, shape (q,)
        Numbers of these links in their network.
    offset : ndarray of int64, shape (q + 1,)
        Vertices of line ``k`` are ``offset[k]:offset[k + 1]``, in the direction of the link.
    lonlat : ndarray of float64, shape (v, 2)
    share : ndarray of float64, shape (v,)
        Part of the line's length that lies before the vertex, 0 to 1.
    cell_m : float
        Side of the index's cells.
    """

    link: NDArray[np.int64]
    offset: NDArray[np.int64]
    lonlat: NDArray[np.float64]
    cell_m: float

    @derived_kept(np.ndarray)
    def xyz(self) -> NDArray[np.float64]:
        """Earth-centred coordinates of the vertices in metres, shape (v, 3)."""
        return to_ecef(self.lonlat[:, 0], self.lonlat[:, 1])

    @derived_kept(np.ndarray)
    def share(self) -> NDArray[np.float64]:
        """Part of the line's length that lies before each vertex, shape (v,)."""
        step = np.zeros(len(self.xyz))
        step[1:] = np.linalg.norm(np.diff(self.xyz, axis=0), axis=1)
        step[self.offset[:-1]] = 0.0
        along = np.cumsum(step)
        first, last = along[self.offset[:-1]], along[self.offset[1:] - 1]
        total = np.where(last > first, last - first, 1.0)
        line = np.repeat(np.arange(len(self.link)), np.diff(self.offset))
        share = (along - first[line]) / total[line]
        # a line without length is passed at its end
        share[self.offset[1:] - 1] = 1.0
        return share

    def thinned(self, tolerance_m: float) -> ExitLines:
        """Return the same lines with fewer vertices, each place within a tolerance of where it was.

        Parameters
        ----------
        tolerance_m : float
            Metres. A place is found by its share of the line's length, so that what is left at it
            of a given time shifts by no more than that either.
        """
        return _thinned(self, tolerance_m)

    def near(self, lon: float, lat: float, reach_m: float) -> NDArray[np.int64]:
        """Return the lines that may come within `reach_m` of a point, ascending (positions in `link`)."""
        keys, lines = self._cells
        d_lat = reach_m / _METRES_PER_DEGREE
        d_lon = d_lat / max(np.cos(np.radians(min(abs(lat) + d_lat, 89.0))), 0.01)
        row0, row1 = self._row(lat - d_lat), self._row(lat + d_lat)
        rows = np.arange(row0, row1 + 1) * self._n_col
        found = [np.zeros(0, dtype=np.int64)]
        for turn in (-360.0, 0.0, 360.0):  # places on the other side of 180 degrees are near as well
            if lon + turn + d_lon < -180 or lon + turn - d_lon > 180:
                continue
            col0, col1 = self._col(lon + turn - d_lon), self._col(lon + turn + d_lon)
            first = np.searchsorted(keys, rows + col0, side="left")
            last = np.searchsorted(keys, rows + col1, side="right")
            found.extend(lines[begin:end] for begin, end in zip(first, last, strict=True))
        return _marked(np.concatenate(found))

    @derived_kept(tuple)
    def _step(self) -> tuple[float, float]:
        step = self.cell_m / _METRES_PER_DEGREE
        return step, step / max(float(np.cos(np.radians(np.abs(self.lonlat[:, 1]).max()))), 0.01)

    @derived
    def _n_col(self) -> int:
        return int(np.ceil(360 / self._step[1])) + 2

    def _row(self, lat: float) -> int:
        return int(np.floor((max(min(lat, 90.0), -90.0) + 90) / self._step[0]))

    def _col(self, lon: float) -> int:
        return int(np.floor((max(min(lon, 180.0), -180.0) + 180) / self._step[1]))

    @derived_kept(tuple)
    def _cells(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sorted cell numbers and, for each, a line whose segments' boxes touch the cell."""
        line = np.repeat(np.arange(len(self.link)), np.diff(self.offset))
        starts = np.ones(len(self.lonlat), dtype=bool)
        starts[self.offset[1:] - 1] = False
        start = np.flatnonzero(starts)
        step_lat, step_lon = self._step
        # a segment across 180 degrees lies in the cells at both ends of its rows, and not in those between
        over = np.flatnonzero(np.abs(self.lonlat[start + 1, 0] - self.lonlat[start, 0]) > 180)
        row = np.floor((self.lonlat[:, 1] + 90) / step_lat).astype(np.int64)
        col = np.floor((self.lonlat[:, 0] + 180) / step_lon).astype(np.int64)
        row0, row1 = np.minimum(row[start], row[start + 1]), np.maximum(row[start], row[start + 1])
        col0, col1 = np.minimum(col[start], col[start + 1]), np.maximum(col[start], col[start + 1])
        if len(over):
            last_col = int(np.floor(360 / step_lon))
            start, row0, row1 = (np.concatenate([part, part[over]]) for part in (start, row0, row1))
            col0, col1 = (
                np.concatenate([col0, col1[over]]),
                np.concatenate([col1, np.full(len(over), last_col)]),
            )
            col0[over], col1[over] = 0, col0[over].copy()
        rows, cols = row1 - row0 + 1, col1 - col0 + 1
        count = rows * cols
        which = np.repeat(np.arange(len(start)), count)
        nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        key = (row0[which] + nth // cols[which]) * self._n_col + col0[which] + nth % cols[which]
        of_line = line[start][which]
        # a line's next segment mostly lies in the same cell
        new = np.ones(len(key), dtype=bool)
        new[1:] = (key[1:] != key[:-1]) | (of_line[1:] != of_line[:-1])
        # cells on all the earth are fewer than 2**32, and lines than 2**31: one number to sort by
        pairs = distinct((key[new] << 31) | of_line[new])
        return pairs >> 31, pairs & (2**31 - 1)


def _marked(lines: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers each once, ascending, by marks on the stretch they lie in: those of one place lie close together."""
    if len(lines) == 0:
        return lines
    first = int(lines.min())
    marks = np.zeros(int(lines.max()) - first + 1, dtype=np.bool_)
    marks[lines - first] = True
    return first + np.flatnonzero(marks)


@derived_by(most=_MOST_THINNED, kept_as=ExitLines)
def _thinned(lines: ExitLines, tolerance_m: float) -> ExitLines:
    kept = _thin(lines.xyz, lines.share, lines.offset, tolerance_m)
    before = np.concatenate([[0], np.cumsum(kept)])
    offset = before[lines.offset].astype(np.int64)
    thin = ExitLines(lines.link, offset, lines.lonlat[kept], lines.cell_m)
    ExitLines.xyz.give(thin, lines.xyz[kept])
    ExitLines.share.give(thin, lines.share[kept])
    return thin


@compiled
def _thin(
    xyz: NDArray[np.float64], share: NDArray[np.float64], offset: NDArray[np.int64], tolerance_m: float
) -> NDArray[np.bool_]:  # pragma: no cover - compiled
    """Mark the vertices to keep: Douglas and Peucker's choice, with places compared by share."""
    kept = np.zeros(len(xyz), dtype=np.bool_)
    most = 2
    for k in range(len(offset) - 1):
        most = max(most, offset[k + 1] - offset[k])
    stack = np.empty((most, 2), dtype=np.int64)
    for k in range(len(offset) - 1):
        first, last = offset[k], offset[k + 1] - 1
        kept[first], kept[last] = True, True
        stack[0, 0], stack[0, 1] = first, last
        top = 1
        while top > 0:
            top -= 1
            a, b = stack[top]
            worst, at = tolerance_m * tolerance_m, -1
            span = share[b] - share[a]
            for v in range(a + 1, b):
                part = (share[v] - share[a]) / span if span > 0.0 else 0.0
                square = 0.0
                for axis in range(3):
                    square += (xyz[v, axis] - xyz[a, axis] - part * (xyz[b, axis] - xyz[a, axis])) ** 2
                if square > worst:
                    worst, at = square, v
            if at >= 0:
                kept[at] = True
                stack[top, 0], stack[top, 1] = a, at
                stack[top + 1, 0], stack[top + 1, 1] = at, b
                top += 2
    return kept


class ExitTree:
    """Search tree of points, of which the first are those of a tree that there is already.

    It is asked as a ``cKDTree`` of all of them, and answers as one does, with the points in the same order.

    Parameters
    ----------
    first : cKDTree or ExitTree
        Tree of the points that come first.
    more : ndarray of float64, shape (k, 3)
        Those that come after.

    Examples
    --------
    >>> from scipy.spatial import cKDTree
    >>> both = ExitTree(cKDTree(np.zeros((1, 3))), np.ones((1, 3)))
    >>> away, nearest = both.query(np.ones(3))
    >>> both.query_ball_point(np.zeros(3), 2.0), float(away), int(nearest)
    ([0, 1], 0.0, 1)
    """

    def __init__(self, first: cKDTree | ExitTree, more: NDArray[np.float64]) -> None:
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 26 MB that reading a network does without

        if isinstance(first, ExitTree):
            first, more = first._first, np.concatenate([first._more.data, more])  # noqa: SLF001 - its own kind
        self._first: cKDTree = first
        self._more = cKDTree(more)

    def query_ball_point(self, x: NDArray[np.float64], r: float, *, return_sorted: bool = True) -> Any:
        """Return the points within a distance of one place, or of each of several, ascending."""
        ask: dict[str, Any] = {"r": r, "return_sorted": return_sorted}
        near, more = (tree.query_ball_point(x, **ask) for tree in (self._first, self._more))
        if isinstance(near, list):
            return near + [self._first.n + one for one in more]
        for k in range(len(near)):
            near[k] = near[k] + [self._first.n + one for one in more[k]]
        return near

    def query(self, x: NDArray[np.float64], k: Any = 1, *, distance_upper_bound: float = np.inf) -> Any:
        """Return distances to the nearest points of one place, or of each of several, and which they are."""
        ask: dict[str, Any] = {"k": np.atleast_1d(k), "distance_upper_bound": distance_upper_bound}
        (away, at), (more_away, more_at) = self._first.query(x, **ask), self._more.query(x, **ask)
        none = self._first.n + self._more.n
        away = np.concatenate([away, more_away], axis=-1)
        at = np.concatenate([np.where(at < self._first.n, at, none), self._first.n + more_at], axis=-1)
        first = np.argsort(away, axis=-1, kind="stable")[..., : more_away.shape[-1]]
        found = (np.take_along_axis(one, first, axis=-1) for one in (away, at))
        return tuple(one if np.ndim(k) else one[..., 0][()] for one in found)
