"""From pieces of an edge on a grid's triangles to polygons in degrees."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.antimeridian import beside, cut_at_antimeridian
from ...geo.compiling import borrowing, compiled
from ...geo.crs import ELLIPSOID
from ...geo.plane import LocalPlane
from ..thread_pool import ThreadPool

#: Side, in metres, of the patches in which plane coordinates are turned into degrees by interpolation.
_PATCH_M: Final = 10_000.0
#: Nearer to a pole or farther from the centre than this, degrees are reckoned point by point.
_MAX_LATITUDE: Final = 80.0


@dataclass(frozen=True, eq=False)
class Edge:
    """The edge of an area on a grid, one directed piece per triangle that it crosses.

    Attributes
    ----------
    side_from, side_to : ndarray of int64, shape (n,)
        Sides of triangles that a piece runs between, the area on its left. Grid point ``p`` owns
        three sides: ``3 p`` to its east, ``3 p + 1`` to its north, ``3 p + 2`` to its north-east.
    xy : ndarray of float64, shape (n, 2)
        Where the piece starts, metres in the plane.
    width : int
        Grid points per row.
    cell_m : float
    """

    side_from: NDArray[np.int64]
    side_to: NDArray[np.int64]
    xy: NDArray[np.float64]
    width: int
    cell_m: float

    def same(self, other: Edge) -> bool:
        """Whether another edge is the same to the bit."""
        return (
            (self.width, self.cell_m) == (other.width, other.cell_m)
            and np.array_equal(self.side_from, other.side_from)
            and np.array_equal(self.side_to, other.side_to)
            and np.array_equal(self.xy, other.xy)
        )


@dataclass(frozen=True, eq=False)
class Rings:
    """Closed rings and who lies in whom.

    Attributes
    ----------
    piece : ndarray of int64, shape (n,)
        Pieces of the edge ring by ring.
    offset : ndarray of int64, shape (rings + 1,)
        Ring ``k`` is ``piece[offset[k]:offset[k + 1]]``, its last point not repeated.
    shell : ndarray of int64, shape (rings,)
        The ring itself for a shell, the shell around it for a hole.
    """

    piece: NDArray[np.int64]
    offset: NDArray[np.int64]
    shell: NDArray[np.int64]


def rings_of(edge: Edge) -> Rings:
    """Join pieces to rings and find the shell of each hole."""
    return Rings(*_join(edge.side_from, edge.side_to, edge.xy, edge.width))


def ring_coordinates(edge: Edge) -> list[NDArray[np.float64]]:
    """Return closed rings in plane coordinates; shells run anticlockwise, holes clockwise."""
    rings = rings_of(edge)
    return [edge.xy[np.append(rings.piece[a:b], rings.piece[a])] for a, b in itertools.pairwise(rings.offset)]


def polygons_in_degrees(
    edge: Edge, plane: LocalPlane, *, pool: ThreadPool | None = None
) -> tuple[shapely.MultiPolygon, float]:
    """Return the area inside an edge as polygons in EPSG:4326, and its size in km².

    The size is that on the ellipsoid, between vertices joined by straight lines in an equal-area
    cylindrical projection.

    Parameters
    ----------
    edge : Edge
    plane : LocalPlane
        The plane that the edge's coordinates are in.
    pool : ThreadPool, optional
        Threads. The polygons don't depend on it.
    """
    if len(edge.xy) == 0:
        return shapely.MultiPolygon(), 0.0
    rings, (lonlat, authalic) = (pool or ThreadPool(1)).both(
        lambda: rings_of(edge), lambda: _to_degrees(edge, plane)
    )
    sizes = np.diff(rings.offset)
    order = np.lexsort((rings.shell != np.arange(len(sizes)), rings.shell))  # each shell before its holes
    coords, index, doubled_m2 = _closed(lonlat, authalic, rings.piece, rings.offset, order, ELLIPSOID.a)
    least, most = _extent(coords)
    lines = shapely.linearrings(coords, indices=index)
    # a shell and its holes are the rings of one polygon
    polygons = shapely.polygons(lines, indices=np.cumsum(rings.shell[order] == order) - 1)
    shape = shapely.multipolygons(polygons)
    if least[0] < -180 or most[0] > 180:
        (shape,) = cut_at_antimeridian(np.array([shape], dtype=object))
    return shape, doubled_m2 / 2e6


def as_multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the polygons in a geometry as one MultiPolygon; lines and points are left out."""
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def _to_degrees(edge: Edge, plane: LocalPlane) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (lon, lat) in degrees and the authalic ordinate in metres of the edge's points.

    Exact at the corners, sides' middles and centre of patches of the plane, and between them by
    quadratic interpolation, which is a centimetre off at most.
    """
    side = _PATCH_M
    least, most = _extent(edge.xy)
    low = np.floor(least / side)
    count = (np.floor(most / side) - low).astype(np.int64) + 1
    patch, first, node_of, node = _patches(edge.xy, low, side, int(count[0]), int(count[1]))
    exact = plane.to_lonlat(np.asarray((2 * low + node) * (0.5 * side), dtype=np.float64))
    if np.abs(exact[:, 1]).max() > _MAX_LATITUDE:
        lonlat = plane.to_lonlat(edge.xy)
        lonlat[:, 0] = beside(lonlat[:, 0], plane.lon)
        return lonlat, _authalic(lonlat[:, 1])
    # whole turns off, so that longitudes don't jump inside a patch
    exact[:, 0] = plane.lon + (exact[:, 0] - plane.lon + 180) % 360 - 180
    values = np.column_stack([exact, _authalic(exact[:, 1])])[node_of]
    corner = np.asarray((low + first) * side, dtype=np.float64)
    out = _interpolate(edge.xy, patch, values, corner, side)
    return out[:, :2], out[:, 2]


def _authalic(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ordinate in metres of the ellipsoid's equal-area cylindrical projection (Snyder 1987, 10-17)."""
    e2 = ELLIPSOID.es
    e = math.sqrt(e2)
    sine = np.sin(np.radians(lat))
    q = (1 - e2) * (sine / (1 - e2 * sine**2) + np.arctanh(e * sine) / e)
    return np.asarray(ELLIPSOID.a * q / 2)


@compiled
def _extent(
    xy: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Least and greatest coordinates: one pass, where numpy would take two slow ones."""
    x0, y0, x1, y1 = xy[0, 0], xy[0, 1], xy[0, 0], xy[0, 1]
    for k in range(1, len(xy)):
        x, y = xy[k, 0], xy[k, 1]
        x0, x1 = min(x0, x), max(x1, x)
        y0, y1 = min(y0, y), max(y1, y)
    return np.array([x0, y0]), np.array([x1, y1])


@compiled
def _patches(
    xy: NDArray[np.float64], low: NDArray[np.float64], side: float, n_x: int, n_y: int
) -> tuple[
    NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]
]:  # pragma: no cover - compiled
    """Give numbers to the patches that hold points, and to the corners, middles and centres of these.

    Returns the patch of each point; column and row of each patch; its nine nodes, row by row; column and row
    of each node, counted in half patches.
    """
    number = np.full(n_x * n_y, -1, dtype=np.int32)
    used = np.empty((min(n_x * n_y, len(xy)), 2), dtype=np.int64)
    patch = np.empty(len(xy), dtype=np.int32)
    n = 0
    for k in range(len(xy)):
        i = min(max(int(math.floor(xy[k, 0] / side) - low[0]), 0), n_x - 1)
        j = min(max(int(math.floor(xy[k, 1] / side) - low[1]), 0), n_y - 1)
        at = j * n_x + i
        if number[at] < 0:
            number[at] = n
            used[n, 0], used[n, 1] = i, j
            n += 1
        patch[k] = number[at]
    across = 2 * n_x + 1
    known = np.full(across * (2 * n_y + 1), -1, dtype=np.int32)
    node_of = np.empty((n, 9), dtype=np.int64)
    node = np.empty((9 * n, 2), dtype=np.int64)
    m = 0
    for p in range(n):
        for c in range(9):
            i, j = 2 * used[p, 0] + c % 3, 2 * used[p, 1] + c // 3
            if known[j * across + i] < 0:
                known[j * across + i] = m
                node[m, 0], node[m, 1] = i, j
                m += 1
            node_of[p, c] = known[j * across + i]
    return patch, used[:n].copy(), node_of, node[:m].copy()


@compiled
def _interpolate(
    xy: NDArray[np.float64],
    patch: NDArray[np.int32],
    values: NDArray[np.float64],
    corner: NDArray[np.float64],
    side: float,
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    out = np.empty((len(xy), 3))
    for k in range(len(xy)):
        p = patch[k]
        u, v = (xy[k, 0] - corner[p, 0]) / side, (xy[k, 1] - corner[p, 1]) / side
        u0, u1, u2 = (1 - u) * (1 - 2 * u), 4 * u * (1 - u), u * (2 * u - 1)
        v0, v1, v2 = (1 - v) * (1 - 2 * v), 4 * v * (1 - v), v * (2 * v - 1)
        for c in range(3):
            a = u0 * values[p, 0, c] + u1 * values[p, 1, c] + u2 * values[p, 2, c]
            b = u0 * values[p, 3, c] + u1 * values[p, 4, c] + u2 * values[p, 5, c]
            d = u0 * values[p, 6, c] + u1 * values[p, 7, c] + u2 * values[p, 8, c]
            out[k, c] = v0 * a + v1 * b + v2 * d
    return out


@compiled
def _closed(
    lonlat: NDArray[np.float64],
    authalic: NDArray[np.float64],
    piece: NDArray[np.int64],
    offset: NDArray[np.int64],
    order: NDArray[np.int64],
    radius: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64], float]:  # pragma: no cover - compiled
    """Lay out rings one after the other, closed; and twice the area between them in m²."""
    coords = np.empty((len(piece) + len(order), 2))
    index = np.empty(len(piece) + len(order), dtype=np.int64)
    doubled = 0.0
    n = 0
    for k in range(len(order)):
        first, last = offset[order[k]], offset[order[k] + 1]
        before = piece[last - 1]
        own = 0.0
        for at in range(first, last):
            here = piece[at]
            coords[n, 0], coords[n, 1] = lonlat[here, 0], lonlat[here, 1]
            index[n] = k
            n += 1
            # anticlockwise rings have a positive area: the integral of -y dx
            own -= (lonlat[here, 0] - lonlat[before, 0]) * (authalic[here] + authalic[before])
            before = here
        doubled += own
        coords[n, 0], coords[n, 1] = lonlat[piece[first], 0], lonlat[piece[first], 1]
        index[n] = k
        n += 1
    return coords, index, doubled * radius * math.pi / 180


@borrowing
def _slot(keys: NDArray[np.int64], key: int, mask: int) -> int:  # pragma: no cover - compiled
    """Find where a key is, or would be, in a hash table with linear probing."""
    mixed = key * -7046029254386353131
    at = (mixed ^ (mixed >> 32)) & mask
    while keys[at] != key and keys[at] >= 0:
        at = (at + 1) & mask
    return at


@compiled
def _join(
    side_from: NDArray[np.int64], side_to: NDArray[np.int64], xy: NDArray[np.float64], width: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Follow pieces round each ring, from the piece with the least number on; then sort holes to shells."""
    n = len(side_from)
    size = 16
    while size < 2 * n:
        size *= 2
    mask = size - 1
    keys = np.full(size, -1, dtype=np.int64)
    held = np.empty(size, dtype=np.int32)
    for k in range(n):
        at = _slot(keys, side_from[k], mask)
        keys[at], held[at] = side_from[k], k

    ring_of = np.full(n, -1, dtype=np.int32)
    sequence = np.empty(n, dtype=np.int64)
    offset = np.empty(n + 1, dtype=np.int64)
    area = np.empty(n)
    gate = np.empty(n, dtype=np.int64)  # westernmost row side with the area to its west, per ring
    offset[0] = 0
    n_rings, at = 0, 0
    for first in range(n):
        if ring_of[first] >= 0:
            continue
        piece, doubled, gate[n_rings] = first, 0.0, -1
        while ring_of[piece] < 0:
            ring_of[piece] = n_rings
            sequence[at] = piece
            at += 1
            following = held[_slot(keys, side_to[piece], mask)]
            doubled += (xy[piece, 0] - xy[first, 0]) * (xy[following, 1] - xy[first, 1])
            doubled -= (xy[following, 0] - xy[first, 0]) * (xy[piece, 1] - xy[first, 1])
            side = side_from[piece]
            # upwards across a row: the area, on the left, lies to the west
            if side % 3 == 0 and xy[following, 1] > xy[piece, 1]:
                best = gate[n_rings]
                if best < 0 or (side // 3) % width < (best // 3) % width:
                    gate[n_rings] = side
            piece = following
        area[n_rings] = doubled
        n_rings += 1
        offset[n_rings] = at

    # west of a hole lies the area, and at its west end either the shell or another hole farther west
    west = np.empty(n_rings, dtype=np.int64)
    for k in range(n_rings):
        west[k] = k
        if area[k] < 0:
            side = gate[k] - 3
            while side >= 0:
                found = _slot(keys, side, mask)
                if keys[found] >= 0:
                    west[k] = ring_of[held[found]]
                    break
                side -= 3
    for k in range(n_rings):
        shell = k
        while west[shell] != shell:
            shell = west[shell]
        west[k] = shell
    return sequence, offset[: n_rings + 1].copy(), west
