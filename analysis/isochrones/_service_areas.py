"""Service areas: what several centres reach, divided by who is there first."""

from __future__ import annotations

import itertools
import math
from typing import Any, Final, cast

import contourpy
import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.antimeridian import beside, cut_at_antimeridian
from ...geo.checks import require_cell_m, require_cutoffs
from ...geo.compiling import compiled
from ...geo.crs import area_km2
from ...geo.networks import TransportNetwork, ms_per_metre
from ...geo.plane import LocalPlane
from .. import schemas
from ..contours import as_multipolygon, capped_field_of_row, prepare_tapers
from ..times import Origin, enter, node_times, origin_list, require_network, search
from ._drawings import default_cell_m, polygons_of
from ._reach import reach_sources, reached_within

#: Field, in metres, of what can't be reached at all.
_NOWHERE_M: Final = 1e9


def service_areas(
    network: TransportNetwork,
    centres: Any,
    *,
    cutoff_min: float = 120,
    cell_m: float | None = None,
) -> gpd.GeoDataFrame:
    """Divide what several centres reach within a cutoff: each point goes to the centre first there.

    Parameters
    ----------
    network : TransportNetwork
    centres : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
    cutoff_min : float
        Minutes.
    cell_m : float, optional
        As in `isochrones`.

    Returns
    -------
    geopandas.GeoDataFrame
        ``centre_id, centre_name, cutoff_min, area_km2, geometry``, one row per centre in the order
        given; EPSG:4326. The areas don't overlap, and together they are the union of the centres'
        isochrones. Equal times go to the centre given first. The dividing lines are drawn as the
        isochrones' edges are, to a part of a cell; where the first centre changes all at once, at the
        end of an exit's reach, to a cell.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, UnknownPlaceError, AmbiguousPlaceError, OffNetworkError
        As `isochrones`.

    References
    ----------
    Okabe, A., Satoh, T., Furuta, T., Suzuki, A., Okano, K. (2008). Generalized network Voronoi
    diagrams: concepts, computational methods, and applications. International Journal of
    Geographical Information Science 22(9), 965-994.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> found = br.service_areas(road, [(106.5, 29.5), (106.6, 29.5)], cutoff_min=30)
    >>> ratio = found["area_km2"][0] / found["area_km2"][1]
    >>> round(float(ratio), 2)
    1.0
    """
    checked = require_network(network)
    (cutoff,) = require_cutoffs(cutoff_min, "cutoff_min")
    points = origin_list(centres, argument="centres")
    limit = round(cutoff * 60_000)
    cell = require_cell_m(cell_m) or default_cell_m(checked, limit)
    isochrones = [polygons_of(checked, point, [cutoff], cell_m=cell)[0][0] for point in points]
    # longitudes have no mean across 180 degrees
    lon = beside(np.array([point.lon for point in points]), points[0].lon)
    plane = LocalPlane(float(lon.mean()), float(np.mean([point.lat for point in points])))
    ahead = _ahead(checked, plane, points, limit, cell)
    areas: list[shapely.Geometry] = []
    taken: shapely.Geometry = shapely.MultiPolygon()
    for own, first_here in zip(isochrones, ahead, strict=True):
        area = shapely.difference(shapely.intersection(own, first_here), taken)
        areas.append(area)
        taken = shapely.union(taken, area)
    # slivers along the dividing lines and along the isochrones' edges
    for k, own in enumerate(isochrones):
        rest = shapely.difference(own, taken)
        areas[k] = shapely.union(areas[k], rest)
        taken = shapely.union(taken, rest)
    rows = [
        {
            "centre_id": point.id,
            "centre_name": point.name,
            "cutoff_min": cutoff,
            "area_km2": 0.0,
            "geometry": as_multipolygon(area),
        }
        for point, area in zip(points, areas, strict=True)
    ]
    result = gpd.GeoDataFrame(schemas.conform(rows, schemas.SERVICE_AREAS))
    result["area_km2"] = area_km2(result.geometry)
    return result


def _ahead(
    network: TransportNetwork, plane: LocalPlane, points: list[Origin], limit_ms: int, cell_m: float
) -> list[shapely.MultiPolygon]:
    """Return, for each centre, the land where it is ahead of all others; EPSG:4326."""
    sources = []
    # what is left of the time, as a distance, and not only of the reach: so sources tell who is first
    left = network.with_access(max_access_km=min(1000.0, limit_ms / ms_per_metre(network) / 1000 + 1))
    for point in points:
        entry = enter(network, point)
        times = search(network, entry, limit_ms=limit_ms)
        found = reached_within(left, entry, node_times(times), cutoff_ms=limit_ms)
        rows = reach_sources(left, plane, point.xyz, found, times, cutoff_ms=limit_ms, cell_m=cell_m)
        sources.append(rows)
    every = np.concatenate(sources)
    reach = min(network.max_access_km * 1000, float(np.maximum(every[:, 2], every[:, 5]).max()))
    low = np.floor((np.minimum(every[:, :2], every[:, 3:5]).min(axis=0) - reach) / cell_m).astype(int) - 2
    high = np.ceil((np.maximum(every[:, :2], every[:, 3:5]).max(axis=0) + reach) / cell_m).astype(int) + 2
    x, y = (np.arange(a, b + 1) * cell_m for a, b in zip(low, high, strict=True))
    fields = np.stack([_field_within_reach(rows, x, y, reach, cell_m) for rows in sources])
    lands = []
    for k in range(len(points)):
        others = np.delete(fields, k, axis=0)
        rival = others.max(axis=0) if len(others) else np.full(fields[k].shape, -2 * _NOWHERE_M)
        lands.append(_positive(x, y, fields[k] - rival, plane))
    return lands


def _field_within_reach(
    sources: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], reach: float, cell_m: float
) -> NDArray[np.float64]:
    """Return the isochrone's field at the points of a grid, from exits within reach, shape (n_y, n_x).

    Next to the isochrone's edge, up to a cell and a half beyond it, from exits that far out of reach as
    well, so that lines can be drawn up to the edge; nowhere farther.
    """
    shapes = np.ascontiguousarray(prepare_tapers(sources, np.inf)[0].T)
    inside = np.full((len(y), len(x)), -_NOWHERE_M)
    beside = inside.copy()
    _fill(shapes, x, y, reach, 1.5 * cell_m, inside, beside)
    return np.where(inside > -_NOWHERE_M, inside, beside)


@compiled
def _fill(
    shapes: NDArray[np.float64], x: NDArray[np.float64], y: NDArray[np.float64], reach: float, more: float,
    inside: NDArray[np.float64], beside: NDArray[np.float64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Raise the field at grid points by each source, as far as it can be left to there."""
    cell = x[1] - x[0]
    far = reach + more
    for k in range(len(shapes)):
        x0, y0, ux, uy, length = shapes[k, 0], shapes[k, 1], shapes[k, 2], shapes[k, 3], shapes[k, 4]
        x1, y1 = x0 + length * ux, y0 + length * uy
        i0 = max(0, math.floor((min(x0, x1) - far - x[0]) / cell))
        i1 = min(len(x) - 1, math.ceil((max(x0, x1) + far - x[0]) / cell))
        j0 = max(0, math.floor((min(y0, y1) - far - y[0]) / cell))
        j1 = min(len(y) - 1, math.ceil((max(y0, y1) + far - y[0]) / cell))
        for j in range(j0, j1 + 1):
            for i in range(i0, i1 + 1):
                value = capped_field_of_row(shapes[k], x[i], y[j], reach)
                inside[j, i] = max(inside[j, i], value)
                if value == -np.inf:
                    value = capped_field_of_row(shapes[k], x[i], y[j], far)
                    beside[j, i] = max(beside[j, i], value)


def _positive(
    x: NDArray[np.float64], y: NDArray[np.float64], values: NDArray[np.float64], plane: LocalPlane
) -> shapely.MultiPolygon:
    """Outline the land where values on a grid are at least zero; EPSG:4326."""
    generator = contourpy.contour_generator(
        x, y, values, name="serial", fill_type=contourpy.FillType.OuterOffset, quad_as_tri=True
    )
    outlines, offsets = cast("tuple[list[Any], list[Any]]", generator.filled(0.0, np.inf))
    polygons = []
    for outline, offset in zip(outlines, offsets, strict=True):
        rings = [plane.to_lonlat(outline[a:b]) for a, b in itertools.pairwise(offset)]
        for ring in rings:
            ring[:, 0] = beside(ring[:, 0], plane.lon)
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    land = as_multipolygon(shapely.make_valid(shapely.MultiPolygon(polygons)))
    (cut,) = cut_at_antimeridian(np.array([land], dtype=object))
    return as_multipolygon(cut)
