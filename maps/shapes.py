"""Geometry made small for a page: simplified without opening gaps, then packed into text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from ..geo.thinning import Corners

#: A line or polygon as nested lists of texts, one per line or ring; see `pack`.
Packed: TypeAlias = list[Any]

#: Packed coordinates of boundaries, lines and points are multiples of this: 1.1 m north, less east.
QUANTUM_DEG: Final = 1e-5
#: The grid of travel-time areas, whose edges are known to some hundred metres at best: 11 m.
REACH_QUANTUM_DEG: Final = 1e-4
#: Pieces of what is gained or lost smaller than this are left out: 1 ha.
_LEAST_PIECE_DEG2: Final = 1e-6
#: Areas have no more vertices than this for each that is left of them at the finest tolerance.
_VERTICES_PER_DRAWN: Final = 6.5
#: Share of an area that thinning may turn over where edges run close to each other.
_MOST_CROSSED: Final = 0.01
#: Stretches of a new edge shorter than this are left out: about 500 m.
_LEAST_EDGE_DEG: Final = 5e-3
#: What boundaries are simplified by: about 50 m, half a pixel at zoom 11.
BOUNDARY_TOLERANCE_DEG: Final = 0.0005
_METRES_PER_DEGREE: Final = 111_320.0
#: Characters of packed numbers, for 0 to 63.
ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ALPHABET_BYTES: Final = np.frombuffer(ALPHABET.encode("ascii"), dtype=np.uint8)
#: Seven digits of five bits hold every number of a grid of 1e-5 degrees.
_SHIFTS: Final = np.arange(0, 35, 5, dtype=np.int64)


def polygons_only(geometry: BaseGeometry | None) -> BaseGeometry:
    """Return the areas of a geometry as one MultiPolygon, empty where there is none."""
    if geometry is None or geometry.is_empty:
        return shapely.MultiPolygon()
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])


@dataclass(frozen=True, eq=False)
class Undrawn:
    """Areas before they're brought onto the drawing grid, in groups that may overlap.

    Parameters
    ----------
    groups : sequence of sequences of shapely geometry or None
        Degrees.
    """

    groups: Sequence[Sequence[BaseGeometry | None]]

    @cached_property
    def _areas(self) -> list[list[BaseGeometry]]:
        return [[polygons_only(each) for each in group] for group in self.groups]

    @cached_property
    def _corners(self) -> list[Corners]:
        return [Corners(group, REACH_QUANTUM_DEG) for group in self._areas]

    def drawn(self, tolerance_deg: float, max_vertices: float) -> tuple[list[list[BaseGeometry]], float]:
        """Bring areas onto the drawing grid, thinned a little, so that what follows takes a fraction of the time.

        Corners are dropped by their own neighbourhood alone, so that two areas of a group with a stretch of edge in common
        still have it in common.

        Parameters
        ----------
        tolerance_deg : float
            What the areas will be simplified by at least; they're thinned by half of it.
        max_vertices : float
            What `thin_to_budget` will be asked for. Areas that will need a coarser tolerance for it are thinned by half of
            that one.

        Returns
        -------
        tuple of list and float
            MultiPolygons by group, and the tolerance that will be needed, `tolerance_deg` or coarser.
        """
        wanted = tolerance_deg
        if sum(map(vertices, self._areas)) > _VERTICES_PER_DRAWN * max_vertices:
            while sum(each.count_together(wanted) for each in self._corners) > max_vertices and wanted <= 0.1:
                wanted *= 2
        if wanted > tolerance_deg:
            thin = [each.thinned(wanted / 2) for each in self._corners]
            return [[snapped(_uncrossed(each)) for each in group] for group in thin], wanted
        thin = [[thin_coverage([each], tolerance_deg / 2)[0] for each in group] for group in self._areas]
        return [[snapped(each) for each in group] for group in thin], tolerance_deg


def _uncrossed(areas: BaseGeometry) -> BaseGeometry:
    """Return areas whose edges may cross by a little, valid: what lies outside both edges there is left out."""
    found = shapely.buffer(areas, 0)
    # an edge that crosses itself more than a little would cost a part of the area
    return found if abs(found.area - areas.area) <= _MOST_CROSSED * areas.area else areas


def snapped(geometry: BaseGeometry | None) -> BaseGeometry:
    """Return the areas of a geometry on the grid of travel-time areas, valid, so that shapes share edges."""
    areas = polygons_only(geometry)
    return polygons_only(shapely.set_precision(shapely.make_valid(areas), REACH_QUANTUM_DEG))


def difference(
    left: BaseGeometry, right: BaseGeometry, *, least_deg2: float = _LEAST_PIECE_DEG2
) -> BaseGeometry:
    """Return the areas of `left` outside `right`, both snapped, without pieces too small to see."""
    rest = polygons_only(shapely.difference(left, right, grid_size=REACH_QUANTUM_DEG))
    return shapely.MultiPolygon([part for part in rest.geoms if part.area >= least_deg2])


def pieces(
    before: BaseGeometry,
    after: BaseGeometry,
    *,
    whole: tuple[BaseGeometry, BaseGeometry],
    thinned_deg: float | None = None,
) -> list[BaseGeometry]:
    """Split areas into pieces that don't overlap: what is lost, what stays, what is gained.

    Parameters
    ----------
    before, after : shapely geometry
        Snapped.
    whole : pair of shapely geometry
        Both before they were thinned.
    thinned_deg : float, optional
        Tolerance that both were thinned by, where that was more than a little: then pieces smaller than its square are too
        small to see, and those that aren't there in the whole areas come of edges that run close to each other.
    """
    if after.is_empty:
        return [polygons_only(None), before, polygons_only(None)]
    if thinned_deg is None:
        lost, gained = difference(before, after), difference(after, before)
    else:
        least = max(_LEAST_PIECE_DEG2, thinned_deg**2)
        shapely.prepare(whole)
        lost = _held(difference(before, after, least_deg2=least), *whole)
        gained = _held(difference(after, before, least_deg2=least), *reversed(whole))
    return [lost, before if lost.is_empty else difference(before, lost), gained]


def _held(areas: BaseGeometry, inside: BaseGeometry, outside: BaseGeometry) -> BaseGeometry:
    """Return those of some areas of which a point in the middle is inside one other area and outside another."""
    parts = shapely.get_parts(areas)
    middle = shapely.point_on_surface(parts)
    return shapely.multipolygons(parts[shapely.covers(inside, middle) & ~shapely.covers(outside, middle)])


def union(geometries: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return the union of snapped areas."""
    return snapped(shapely.union_all(list(geometries)))


def new_edge(after: BaseGeometry, before: BaseGeometry) -> BaseGeometry:
    """Return the stretches of the edge of `after` that aren't an edge of `before`, as lines."""
    if after.is_empty or before.is_empty:
        return shapely.boundary(after)
    edge, old = _sides(after), _sides(before)
    both = np.sort(np.concatenate([edge, old]).view(np.complex128)[..., 0], axis=1)
    numbers = np.unique(both, axis=0, return_inverse=True)[1].ravel()
    # where they are the same nothing can be left
    edge = edge[~np.isin(numbers[: len(edge)], numbers[len(edge) :])]
    if len(edge) == 0:
        return shapely.MultiLineString()
    lines = shapely.linestrings(edge)
    near = shapely.STRtree(lines).query(shapely.linestrings(old), "dwithin", 2 * REACH_QUANTUM_DEG)[0]
    kept = shapely.buffer(
        shapely.multilinestrings(old[np.unique(near)]), 1.5 * REACH_QUANTUM_DEG, quad_segs=1
    )
    rest = shapely.difference(shapely.line_merge(shapely.multilinestrings(lines)), kept)
    merged = shapely.get_parts(shapely.line_merge(rest))
    return shapely.multilinestrings(merged[shapely.length(merged) >= _LEAST_EDGE_DEG])


def _sides(areas: BaseGeometry) -> NDArray[np.float64]:
    """Return the sides of all rings of areas, shape (n, 2, 2)."""
    lonlat, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(areas)), return_index=True)
    sides: NDArray[np.float64] = np.stack([lonlat[:-1], lonlat[1:]], axis=1)[ring[1:] == ring[:-1]]
    return sides


def together(pieces: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return pieces that touch along their edges as one; where they overlap by a hair, too."""
    return polygons_only(shapely.union_all(shapely.make_valid(np.array(list(pieces), dtype=object))))


def thin_coverage(polygons: Sequence[BaseGeometry], tolerance_deg: float) -> list[BaseGeometry]:
    """Simplify polygons so that an edge shared by two of them is simplified once.

    Parameters
    ----------
    polygons : sequence of shapely polygons
        Degrees; neighbours share vertices along common edges.
    tolerance_deg : float
        Corners whose triangle has less than this side squared as area are dropped
        (Visvalingam-Whyatt).

    Returns
    -------
    list of shapely geometry
        One per input, in order.
    """
    array = np.array(list(polygons), dtype=object)
    if len(array) == 0:
        return []
    return list(shapely.coverage_simplify(array, tolerance_deg))


def thin_to_budget(
    groups: Sequence[Sequence[BaseGeometry]], *, tolerance_deg: float, max_vertices: float
) -> tuple[list[list[BaseGeometry]], float]:
    """Simplify groups of polygons until all together have at most so many vertices.

    Parameters
    ----------
    groups : sequence of sequences of polygons
        Each group is a coverage whose members keep fitting each other.
    tolerance_deg : float
        Tolerance tried first; doubled while there are too many vertices.
    max_vertices : float
        Rings too small to be simplified further may exceed it; then the result of the coarsest
        tolerance (about 11 km) is returned.

    Returns
    -------
    tuple of list and float
        Groups in order, and the tolerance used, in degrees.
    """
    thin = [thin_coverage(group, tolerance_deg) for group in groups]
    while sum(vertices(group) for group in thin) > max_vertices and tolerance_deg <= 0.1:
        tolerance_deg *= 2
        # From what is left: coarser steps drop the corners that finer steps would drop first.
        thin = [thin_coverage(group, tolerance_deg) for group in thin]
    return thin, tolerance_deg


def vertices(geometries: Sequence[BaseGeometry]) -> int:
    """Return the number of vertices of all geometries together."""
    return int(shapely.get_num_coordinates(np.array(list(geometries), dtype=object)).sum())


def metres(tolerance_deg: float) -> float:
    """Return a tolerance in degrees as metres along a meridian, to two digits."""
    return float(f"{tolerance_deg * _METRES_PER_DEGREE:.2g}")


def pack(geometry: BaseGeometry | None, quantum_deg: float = QUANTUM_DEG) -> Packed:
    """Return lines or polygons as nested lists of texts that a page's script unpacks.

    Every ring or line is one text: its first point in units of `quantum_deg`, lon then lat, then
    the steps from point to point. Each number n is written as 2n, or -2n - 1 where it is negative,
    in digits of five bits, the lowest first; every digit but the last has 32 added; and digits
    become characters of `ALPHABET`. Rings aren't closed. Rings and lines that shrink to fewer
    points than they need on this grid are left out.

    Parameters
    ----------
    geometry : shapely geometry or None
        Degrees. Points are ignored.
    quantum_deg : float
        Side of the grid that coordinates are rounded to, degrees.

    Returns
    -------
    list
        Of polygons, each a list of rings (outer first), or of lines; empty without geometry.

    References
    ----------
    The numbers are those of Google's encoded polyline format, in an alphabet that neither JSON nor
    HTML has to escape.

    Examples
    --------
    >>> pack(shapely.LineString([(0, 0), (0.00016, 0), (0.00016, -0.00001)]))
    ['AAgBAAB']
    >>> pack(shapely.Polygon([(0, 0), (1, 0), (1, 1)]))
    [['AAgqjGAAgqjG']]
    """
    if geometry is None or geometry.is_empty:
        return []
    packed: Packed = []
    for part in shapely.get_parts(shapely.get_parts(geometry)):
        if part.geom_type == "Polygon":
            outer = _steps(part.exterior, quantum_deg, ring=True)
            if outer:
                holes = (_steps(ring, quantum_deg, ring=True) for ring in part.interiors)
                packed.append([outer, *(hole for hole in holes if hole)])
        elif part.geom_type in ("LineString", "LinearRing"):
            line = _steps(part, quantum_deg, ring=False)
            if line:
                packed.append(line)
    return packed


def _steps(line: BaseGeometry, quantum_deg: float, *, ring: bool) -> str:
    points: NDArray[np.int64] = np.rint(shapely.get_coordinates(line) / quantum_deg).astype(np.int64)
    moved = np.ones(len(points), dtype=bool)
    moved[1:] = (np.diff(points, axis=0) != 0).any(axis=1)
    points = points[moved]
    if ring and len(points) > 1 and (points[0] == points[-1]).all():
        points = points[:-1]
    if len(points) < (3 if ring else 2):
        return ""
    return pack_numbers(np.diff(points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel())


def milliseconds(minutes: ArrayLike) -> NDArray[np.int64]:
    """Return minutes as the whole milliseconds that they were searched in, 0 where they aren't known.

    A page that has these rounds them once, as tables and reports do: minutes of one decimal, rounded again, come out
    one too many in one of twenty.
    """
    values = np.asarray(minutes, dtype=float)
    found: NDArray[np.int64] = np.rint(np.where(np.isfinite(values), values, 0.0) * 60_000).astype(np.int64)
    return found


def pack_numbers(numbers: NDArray[np.int64]) -> str:
    """Return whole numbers as one text, in the digits that `pack` describes.

    Examples
    --------
    >>> pack_numbers(np.array([0, 1, -1, 16]))
    'ACBgB'
    """
    signless = np.where(numbers < 0, -2 * numbers - 1, 2 * numbers)
    digits = (signless[:, None] >> _SHIFTS) & 31
    used = (signless[:, None] >> _SHIFTS) > 0
    used[:, 0] = True
    digits[:, :-1] += 32 * used[:, 1:]
    text: bytes = _ALPHABET_BYTES[digits[used]].tobytes()
    return text.decode("ascii")
