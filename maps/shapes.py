"""Geometry made small for a page: simplified without opening gaps, then packed into text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

#: A line or polygon as nested lists of texts, one per line or ring; see `pack`.
Packed: TypeAlias = list[Any]

#: Packed coordinates of boundaries, lines and points are multiples of this: 1.1 m north, less east.
QUANTUM_DEG: Final = 1e-5
#: The grid of travel-time areas, whose edges are known to some hundred metres at best: 11 m.
REACH_QUANTUM_DEG: Final = 1e-4
#: Pieces of what is gained or lost smaller than this are left out: 1 ha.
_LEAST_PIECE_DEG2: Final = 1e-6
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


def snapped(geometry: BaseGeometry | None) -> BaseGeometry:
    """Return the areas of a geometry on the grid of travel-time areas, valid, so that shapes share edges."""
    areas = polygons_only(geometry)
    return polygons_only(shapely.set_precision(shapely.make_valid(areas), REACH_QUANTUM_DEG))


def difference(left: BaseGeometry, right: BaseGeometry) -> BaseGeometry:
    """Return the areas of `left` outside `right`, both snapped, without pieces too small to see."""
    rest = polygons_only(shapely.difference(left, right, grid_size=REACH_QUANTUM_DEG))
    return shapely.MultiPolygon([part for part in rest.geoms if part.area >= _LEAST_PIECE_DEG2])


def union(geometries: Sequence[BaseGeometry]) -> BaseGeometry:
    """Return the union of snapped areas."""
    return snapped(shapely.union_all(list(geometries)))


def new_edge(after: BaseGeometry, before: BaseGeometry) -> BaseGeometry:
    """Return the stretches of the edge of `after` that aren't an edge of `before`, as lines."""
    if after.is_empty or before.is_empty:
        return shapely.boundary(after)
    kept = shapely.buffer(shapely.boundary(before), 1.5 * REACH_QUANTUM_DEG, quad_segs=1)
    rest = shapely.difference(shapely.boundary(after), kept)
    lines = [part for part in shapely.get_parts(shapely.line_merge(rest)) if part.length >= _LEAST_EDGE_DEG]
    return shapely.MultiLineString(lines)


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
