"""Fewer points for drawing: areas on a grid, whose shared edges stay shared, and lines without points that don't matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from .compiling import compiled, inlined

#: Of corners that stay whatever the tolerance.
_ALWAYS: Final = np.iinfo(np.int64).max
#: Corners that count so much stay, squares of the grid.
_MOST_AREA: Final = 2**30
#: Of latitude, and of longitude at the equator; nowhere more.
_METRES_PER_DEGREE: Final = 111_700.0
#: Numbers of a column of the grid and of a row in one.
_ROWS: Final = 2**32


@dataclass(frozen=True, eq=False)
class Corners:
    """Areas on a grid, corner by corner, and what each corner counts.

    Corners go one after another, those whose triangle with both neighbours is the smallest first; what a corner counts is the
    area that was reached when it went. Where edges of two areas part, a corner stays, so that what they share stays shared.
    The last three corners of a ring count its area.

    Parameters
    ----------
    areas : sequence of shapely geometry
        Polygons and MultiPolygons in degrees, each valid by itself; they may overlap. What isn't an area is left out.
    quantum_deg : float
        Side of the grid that corners are moved to, degrees.

    References
    ----------
    Visvalingam and Whyatt 1993, Line generalisation by repeated elimination of points, The Cartographic Journal 30(1).

    Examples
    --------
    >>> import shapely
    >>> corners = Corners([shapely.Point(106, 29).buffer(0.5, quad_segs=64)], 1e-4)
    >>> corners.count(0.0).tolist(), corners.count(0.05).tolist()
    ([256], [15])
    >>> round(corners.thinned(0.05)[0].area, 2)
    0.76
    """

    areas: Sequence[BaseGeometry]
    quantum_deg: float

    @cached_property
    def _rings(self) -> _Rings:
        return _Rings.of(self.areas, self.quantum_deg)

    @cached_property
    def _counts(self) -> NDArray[np.int64]:
        """Twice the area of a corner's triangle, squares of the grid."""
        rings = self._rings
        return _count_corners(rings.xy, rings.offset, rings.part)

    def count(self, tolerance_deg: float) -> NDArray[np.int64]:
        """Return how many corners of each area stay at a tolerance."""
        rings = self._rings
        stays = np.concatenate([[0], np.cumsum(self._counts >= self._limit(tolerance_deg))])
        of_ring = stays[rings.offset[1:]] - stays[rings.offset[:-1]]
        found = np.bincount(rings.area[rings.polygon], weights=of_ring, minlength=len(self.areas))
        return found.astype(np.int64)

    def count_together(self, tolerance_deg: float) -> int:
        """Return how many corners of all areas stay, those that several have counted once."""
        return int(np.count_nonzero((self._counts >= self._limit(tolerance_deg)) & ~self._rings.again))

    def thinned(self, tolerance_deg: float) -> list[BaseGeometry]:
        """Return the areas without corners whose triangle is smaller than a tolerance squared.

        They are MultiPolygons on the grid, not always valid: edges may cross where they run closer to each other than the
        tolerance.
        """
        return self._rings.shapes(
            self._counts >= self._limit(tolerance_deg), len(self.areas), self.quantum_deg
        )

    def _limit(self, tolerance_deg: float) -> float:
        return 2 * (tolerance_deg / self.quantum_deg) ** 2


@dataclass(frozen=True, eq=False)
class _Rings:
    """Rings one after another, not closed.

    Attributes
    ----------
    xy : ndarray of int64, shape (n, 2)
        On the grid, no corner twice in a row.
    offset : ndarray of int64, shape (r + 1,)
    part, again : ndarray of bool, shape (n,)
        Whether edges part there; whether a corner before stands at the same place.
    polygon, area : ndarray of int64, shape (r,) and (p,)
        Of a ring, its polygon, the outer ring first; of a polygon, its area.
    """

    xy: NDArray[np.int64]
    offset: NDArray[np.int64]
    part: NDArray[np.bool_]
    again: NDArray[np.bool_]
    polygon: NDArray[np.int64]
    area: NDArray[np.int64]

    @classmethod
    def of(cls, areas: Sequence[BaseGeometry], quantum_deg: float) -> _Rings:
        parts, area = shapely.get_parts(np.array(list(areas), dtype=object), return_index=True)
        # of a collection, its own parts
        parts, inner = shapely.get_parts(parts, return_index=True)
        area = area[inner]
        are = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
        parts, area = parts[are], area[are]
        rings, polygon = shapely.get_rings(parts, return_index=True)
        lonlat, ring = shapely.get_coordinates(rings, return_index=True)
        xy = np.rint(lonlat / quantum_deg).astype(np.int64)
        # the last corner is the first one once more
        new = np.zeros(len(xy), dtype=bool)
        new[1:] = (xy[1:] != xy[:-1]).any(axis=1) & (ring[1:] == ring[:-1])
        sizes = np.bincount(ring[new], minlength=len(rings))
        whole = sizes > 2
        new &= whole[ring]
        xy, sizes, polygon = xy[new], sizes[whole], polygon[whole]
        offset = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return cls(xy, offset, *_partings(xy, offset), polygon, area)

    def shapes(self, stays: NDArray[np.bool_], n: int, quantum_deg: float) -> list[BaseGeometry]:
        """Return areas of the corners that stay; rings without an area are left out, and with an outer one its holes."""
        ring = np.repeat(np.arange(len(self.polygon)), np.diff(self.offset))
        sizes = np.bincount(ring[stays], minlength=len(self.polygon))
        xy = self.xy[stays]
        starts = np.concatenate([[0], np.cumsum(sizes)])[:-1]
        has = sizes > 2
        flat = np.zeros(len(sizes), dtype=bool)
        flat[has] = _twice_areas(xy, starts[has], sizes[has]) == 0
        outer = np.ones(len(sizes), dtype=bool)
        outer[1:] = self.polygon[1:] != self.polygon[:-1]
        drawn = has & ~flat
        drawn &= np.isin(self.polygon, self.polygon[drawn & outer])
        points = xy[drawn[ring[stays]]] / (1 / quantum_deg)
        sizes, polygon = sizes[drawn], self.polygon[drawn]
        if len(sizes) == 0:
            return [shapely.MultiPolygon()] * n
        lines = shapely.linearrings(points, indices=np.repeat(np.arange(len(sizes)), sizes))
        numbers, of_ring = np.unique(polygon, return_inverse=True)
        polygons = shapely.polygons(lines, indices=of_ring)
        shapes = np.full(n, shapely.MultiPolygon(), dtype=object)
        shapely.multipolygons(polygons, indices=self.area[numbers], out=shapes)
        return list(shapes)


def _twice_areas(
    xy: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Twice the areas of rings, squares of the grid."""
    if len(starts) == 0:
        return np.zeros(0, dtype=np.int64)
    ring = np.repeat(np.arange(len(starts)), sizes)
    begin = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    at = np.arange(len(ring)) - begin[ring] + starts[ring]
    following = at + 1
    following[np.cumsum(sizes) - 1] = starts
    x, y = (xy[at] - xy[starts][ring]).T
    next_x, next_y = (xy[following] - xy[starts][ring]).T
    return np.add.reduceat(x * next_y - next_x * y, begin)


def _partings(
    xy: NDArray[np.int64], offset: NDArray[np.int64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Say at which corners edges part (they stand elsewhere too, with other neighbours), and which stand elsewhere before."""
    key = xy[:, 0] * _ROWS + xy[:, 1]
    before, after = np.arange(-1, len(xy) - 1), np.arange(1, len(xy) + 1)
    before[offset[:-1]], after[offset[1:] - 1] = offset[1:] - 1, offset[:-1]
    low, high = np.minimum(key[before], key[after]), np.maximum(key[before], key[after])
    order = np.argsort(key, kind="stable")
    same = key[order[1:]] == key[order[:-1]]
    differ = same & ((low[order[1:]] != low[order[:-1]]) | (high[order[1:]] != high[order[:-1]]))
    group = np.concatenate([[0], np.cumsum(~same)]) if len(order) else np.zeros(0, dtype=np.int64)
    parted = np.zeros(int(group[-1]) + 1 if len(group) else 0, dtype=bool)
    parted[group[1:][differ]] = True
    found, again = np.zeros(len(xy), dtype=bool), np.zeros(len(xy), dtype=bool)
    found[order] = parted[group]
    again[order[1:]] = same
    return found, again


@compiled
def bends_along(
    lonlat: NDArray[np.float64], offset: NDArray[np.int64], tolerance_m: float
) -> NDArray[np.bool_]:
    """Say which points of lines matter: without the others a line is nowhere farther from where it was than a tolerance.

    Each point that stays is the last that can be seen from the one before within the tolerance of all that lie between.
    Ends stay.

    Parameters
    ----------
    lonlat : ndarray of float64, shape (n, 2)
        Degrees, one line after another.
    offset : ndarray of int64, shape (k + 1,)
        Line ``i`` is ``lonlat[offset[i]:offset[i + 1]]``.
    tolerance_m : float
        Metres, to a hundredth, between the 80th parallels.

    References
    ----------
    Sklansky and Gonzalez 1980, Fast polygonal approximation of digitized curves, Pattern Recognition 12(5).

    Examples
    --------
    >>> lonlat = np.array([[106.0, 29.0], [106.001, 29.0001], [106.002, 29.0], [106.002, 29.002]])
    >>> bends_along(lonlat, np.array([0, 4]), 50.0).tolist()
    [True, False, True, True]
    """
    kept = np.zeros(len(lonlat), np.bool_)
    for line in range(len(offset) - 1):
        first, end = offset[line], offset[line + 1] - 1
        if end < first:
            continue
        kept[first] = kept[end] = True
        last, at = first, first + 1
        seen, low, high, farthest = 0.0, -np.pi, np.pi, 0.0
        while at <= end:
            east = (lonlat[at, 0] - lonlat[last, 0]) * _METRES_PER_DEGREE * np.cos(np.radians(lonlat[at, 1]))
            north = (lonlat[at, 1] - lonlat[last, 1]) * _METRES_PER_DEGREE
            far = np.hypot(east, north)
            turn = 0.0
            if far > tolerance_m:
                if farthest <= tolerance_m:
                    seen = np.arctan2(north, east)
                turn = (np.arctan2(north, east) - seen + np.pi) % (2 * np.pi) - np.pi
            if (far < farthest and farthest > tolerance_m) or turn < low or turn > high:
                last = at - 1
                kept[last] = True
                low, high, farthest = -np.pi, np.pi, 0.0
                continue
            if far > tolerance_m:
                wide = np.arcsin(tolerance_m / far)
                low, high = max(low, turn - wide), min(high, turn + wide)
            farthest = max(far, farthest)
            at += 1
    return kept


@inlined
def _twice_area(xy: NDArray[np.int64], a: int, b: int, c: int) -> int:
    found = (xy[b, 0] - xy[a, 0]) * (xy[c, 1] - xy[a, 1]) - (xy[c, 0] - xy[a, 0]) * (xy[b, 1] - xy[a, 1])
    return int(abs(found))


@inlined
def _turn(xy: NDArray[np.int64], at: int, area: int) -> int:
    """Return a number by which corners go: by area, and among the same by their place, in whichever ring they stand."""
    mixed = (xy[at, 0] * 2_654_435_761 + xy[at, 1] * 2_246_822_519) & 0xFFFFFFFF
    return int((min(area, _MOST_AREA) << 32) | mixed)


@compiled
def _sift(
    turn: NDArray[np.int64], heap: NDArray[np.int64], place: NDArray[np.int64], at: int, n: int
) -> None:
    """Move what stands at a place of a heap up or down to where it belongs."""
    moved, own = heap[at], turn[at]
    while at > 0 and own < turn[(at - 1) // 2]:
        above = (at - 1) // 2
        heap[at], turn[at] = heap[above], turn[above]
        place[heap[at]] = at
        at = above
    while 2 * at + 1 < n:
        child = 2 * at + 1
        if child + 1 < n and turn[child + 1] < turn[child]:
            child += 1
        if turn[child] >= own:
            break
        heap[at], turn[at] = heap[child], turn[child]
        place[heap[at]] = at
        at = child
    heap[at], turn[at] = moved, own
    place[moved] = at


@compiled
def _count_corners(
    xy: NDArray[np.int64], offset: NDArray[np.int64], part: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return twice the area that was reached when a corner went, `_ALWAYS` where edges part."""
    counts = np.full(len(xy), _ALWAYS, np.int64)
    before, after = np.empty(len(xy), np.int64), np.empty(len(xy), np.int64)
    heap, turn = np.empty(len(xy), np.int64), np.empty(len(xy), np.int64)
    place = np.full(len(xy), -1, np.int64)
    for ring in range(len(offset) - 1):
        first, last = offset[ring], offset[ring + 1]
        n = 0
        for at in range(first, last):
            before[at] = at - 1 if at > first else last - 1
            after[at] = at + 1 if at + 1 < last else first
            if not part[at]:
                turn[n] = _turn(xy, at, _twice_area(xy, before[at], at, after[at]))
                heap[n] = at
                n += 1
                _sift(turn, heap, place, n - 1, n)
        whole = n == last - first
        left = last - first
        reached = 0
        while n > 0 and left > 3 and turn[0] >> 32 < _MOST_AREA:
            gone = heap[0]
            reached = max(reached, turn[0] >> 32)
            counts[gone] = reached
            place[gone] = -1
            n -= 1
            left -= 1
            if n > 0:
                heap[0], turn[0] = heap[n], turn[n]
                place[heap[0]] = 0
                _sift(turn, heap, place, 0, n)
            one, other = before[gone], after[gone]
            after[one], before[other] = other, one
            for at in (one, other):
                if place[at] >= 0:
                    turn[place[at]] = _turn(xy, at, _twice_area(xy, before[at], at, after[at]))
                    _sift(turn, heap, place, place[at], n)
        if whole:
            twice = 0
            for at in range(first, last):
                following = at + 1 if at + 1 < last else first
                x, y = xy[at, 0] - xy[first, 0], xy[at, 1] - xy[first, 1]
                twice += x * (xy[following, 1] - xy[first, 1]) - (xy[following, 0] - xy[first, 0]) * y
            for at in range(first, last):
                counts[at] = min(counts[at], abs(twice))
    return counts
