"""Service areas: what several centres reach, divided by who is there first."""

from __future__ import annotations

import itertools
from typing import Any, cast

import contourpy
import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_cell_m, require_cutoffs
from ...geo.crs import area_km2
from ...geo.networks import TransportNetwork, ms_per_metre
from ...geo.plane import LocalPlane
from .. import schemas
from ..times import Origin, enter, origin_list, require_network, search
from ._contours import as_multipolygon
from ._drawings import default_cell_m, polygons_of
from ._field_grid import field_grid
from ._reach import reach_sources, reached_within


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
        isochrones. Equal times go to the centre given first.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, UnknownPlaceError, AmbiguousPlaceError, OffNetworkError
        As `isochrones`.

    References
    ----------
    Okabe, A., Satoh, T., Furuta, T., Suzuki, A., Okano, K. (2008). Generalized network Voronoi
    diagrams: concepts, computational methods, and applications. International Journal of
    Geographical Information Science 22(9), 965-994.
    """
    checked = require_network(network)
    (cutoff,) = require_cutoffs(cutoff_min, "cutoff_min")
    points = origin_list(centres, argument="centres")
    limit = round(cutoff * 60_000)
    cell = require_cell_m(cell_m) or default_cell_m(checked, limit)
    isochrones = [polygons_of(checked, point, [cutoff], cell_m=cell)[0][0] for point in points]
    plane = LocalPlane(
        float(np.mean([point.lon for point in points])), float(np.mean([point.lat for point in points]))
    )
    ahead = _lead(checked, plane, points, limit, cell)
    areas: list[shapely.Geometry] = []
    taken: shapely.Geometry = shapely.MultiPolygon()
    for own, first_here in zip(isochrones, ahead, strict=True):
        area = shapely.difference(shapely.intersection(own, first_here), taken)
        areas.append(area)
        taken = shapely.union(taken, area)
    # slivers along the dividing lines, and land that the nominal winner can't reach itself
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


def _lead(
    network: TransportNetwork, plane: LocalPlane, points: list[Origin], limit_ms: int, cell_m: float
) -> list[shapely.MultiPolygon]:
    """Return, for each centre, the land where it is ahead of all others; EPSG:4326."""
    sources = []
    # without the cap on the reach the fields order times everywhere, not only near exits
    free = network.with_access(max_access_km=min(1000.0, limit_ms / ms_per_metre(network) / 1000 + 1))
    for point in points:
        entry = enter(network, point)
        times = search(network, entry, limit_ms=limit_ms)
        found = reached_within(free, entry, times, cutoff_ms=limit_ms)
        rows = reach_sources(free, plane, point.xyz, found, times, cutoff_ms=limit_ms, cell_m=cell_m)
        sources.append(rows)
    every = np.concatenate(sources)
    reach = np.maximum(every[:, 2], every[:, 5])
    bounds = (
        float((np.minimum(every[:, 0], every[:, 3]) - reach).min()),
        float((np.minimum(every[:, 1], every[:, 4]) - reach).min()),
        float((np.maximum(every[:, 0], every[:, 3]) + reach).max()),
        float((np.maximum(every[:, 1], every[:, 4]) + reach).max()),
    )
    grids = [field_grid(rows, cell_m=cell_m, bounds=bounds) for rows in sources]
    x, y, _ = grids[0]
    fields = np.stack([np.maximum(field, -1e9) for _, _, field in grids])
    lands = []
    for k in range(len(points)):
        others = np.delete(fields, k, axis=0)
        rival = others.max(axis=0) if len(others) else np.full(fields[k].shape, -2e9)
        lands.append(_positive(x, y, fields[k] - rival, plane))
    return lands


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
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return as_multipolygon(shapely.make_valid(shapely.MultiPolygon(polygons)))
