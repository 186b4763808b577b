"""Isochrones: the places that lie within a travel time of an origin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from ..geo.checks import require_cutoffs, require_number
from ..geo.crs import WGS84, area_km2
from ..geo.network import TransportNetwork
from ..geo.plane import LocalPlane
from . import schemas
from .access import ms_per_metre
from .origins import Direction, Origin, directed, each, enter, origin_list, search
from .reach import reach_sources
from .surface import assemble, isochrone_polygon

#: Cells per reach off the network, and bounds of the default cell size in metres.
_CELLS_PER_REACH: Final = 60
_CELL_BOUNDS_M: Final = (100.0, 500.0)
#: Least number of cells across the radius of the disc that the cutoff allows off the network.
_CELLS_PER_RADIUS: Final = 16


def isochrones(
    network: TransportNetwork,
    origins: Any,
    *,
    cutoffs_min: Any = (60, 120),
    direction: Direction = "from",
    cell_m: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    """Compute the isochrones of one or more origins.

    The isochrone of an origin and a cutoff T holds all points x with t(origin, x) <= T. t is the
    least of moving straight to x off the network, and of access to the network, the shortest time
    on it, and egress from an exit point to x; movement off the network has a speed and a reach
    that belong to the network. Cumulative and nested: a larger cutoff covers a smaller one.

    Parameters
    ----------
    network : TransportNetwork
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
        Frames of points or polygons with a CRS; names and adcodes are looked up in the embedded
        boundaries, and a county stands for its seat.
    cutoffs_min : number or sequence of numbers
        Minutes, positive, ascending.
    direction : {"from", "to"}
        Away from the origins, or towards them.
    cell_m : float, optional
        Side of the grid cells that the edge is drawn on, metres. The default is a sixtieth of the
        network's reach, between 100 and 500 m, halved until a cutoff's own walking radius has
        sixteen cells. Edges are interpolated within cells, so that errors are a small part of one.
    workers : int, optional
        Threads; one per processor when left out. Results don't depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    geopandas.GeoDataFrame
        ``origin_id, origin_name, mode, direction, cutoff_min, area_km2, geometry`` (MultiPolygon,
        EPSG:4326); for each origin in the order given one row per cutoff, the largest first.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingCRSError
        If an argument can't be used.
    UnknownPlaceError, AmbiguousPlaceError
        If a name isn't that of exactly one place.
    OffNetworkError
        If an origin is farther from the network than its reach.

    See Also
    --------
    travel_times, travel_time_circle, commuting_zone

    References
    ----------
    O'Sullivan, D., Morrison, A., Shearer, J. (2000). Using desktop GIS for the investigation of
    accessibility by public transport: an isochrone approach. International Journal of
    Geographical Information Science 14(1), 85-104.

    Examples
    --------
    Half an hour at 25 km/h off a road that isn't of use: a disc of 12.5 km.

    >>> from borderreach.geo.network import Links, build_network
    >>> network = build_network(
    ...     [106.5, 106.6], [29.5, 29.5], Links([0], [1], [9.7e3], [3.6e3]),
    ...     access_speed_kph=25, max_access_km=30,
    ... )
    >>> result = isochrones(network, (106.5, 29.5), cutoffs_min=30)
    >>> f"{result.area_km2[0] / (3.14159 * 12.5**2):.3f}"
    '1.000'
    """
    turned = directed(network, direction)
    cutoffs = require_cutoffs(cutoffs_min)
    cell = (
        None if cell_m is None else require_number(cell_m, "cell_m", unit="metres", minimum=1, maximum=10_000)
    )
    points = origin_list(origins)
    prepare(turned)
    found = each(
        lambda origin: polygons_of(turned, origin, cutoffs, cell_m=cell),
        points,
        progress=progress,
        label="isochrones",
        workers=workers,
    )
    mode = "+".join(network.modes)
    rows = [
        {
            "origin_id": origin.id,
            "origin_name": origin.name,
            "mode": mode,
            "direction": direction,
            "cutoff_min": cutoff,
            "area_km2": 0.0,
            "geometry": polygon,
        }
        for origin, polygons in zip(points, found, strict=True)
        for cutoff, polygon in zip(reversed(cutoffs), reversed(polygons), strict=True)
    ]
    result = gpd.GeoDataFrame(schemas.conform(rows, schemas.ISOCHRONES))
    result["area_km2"] = area_km2(result.geometry)
    return result


def polygons_of(
    network: TransportNetwork, origin: Origin, cutoffs_min: Sequence[float], *, cell_m: float | None = None
) -> list[shapely.MultiPolygon]:
    """Return one origin's isochrones in EPSG:4326, in the order of the cutoffs (ascending).

    Parameters
    ----------
    network : TransportNetwork
        Already turned into the direction of the search.
    origin : Origin
    cutoffs_min : sequence of float
    cell_m : float, optional

    Raises
    ------
    OffNetworkError
    """
    entry = enter(network, origin)
    limits = [round(cutoff * 60_000) for cutoff in cutoffs_min]
    times = search(network, entry, limit_ms=limits[-1])
    plane = LocalPlane(origin.lon, origin.lat)
    polygons: list[shapely.MultiPolygon] = []
    for limit in limits:
        sources = reach_sources(network, plane, origin.xyz, entry, times, cutoff_ms=limit)
        cell = cell_m if cell_m is not None else default_cell_m(network, limit)
        rings = isochrone_polygon(sources, cell_m=cell)
        polygon = assemble([plane.to_lonlat(ring) for ring in rings])
        if not polygon.is_valid:
            polygon = as_multipolygon(shapely.make_valid(polygon))
        if polygons and not polygon.covers(polygons[-1]):
            # cutoffs so close that they differ by less than a cell, drawn on cells of two sizes
            polygon = as_multipolygon(shapely.union(polygon, polygons[-1]))
        polygons.append(polygon)
    return polygons


def default_cell_m(network: TransportNetwork, cutoff_ms: int) -> float:
    """Return the grid's cell size in metres; it depends on the network and on this cutoff alone."""
    low, high = _CELL_BOUNDS_M
    cell = min(max(network.max_access_km * 1000 / _CELLS_PER_REACH, low), high)
    radius = min(cutoff_ms / ms_per_metre(network), max(network.max_access_km * 1000, low))
    halvings = max(0, math.ceil(math.log2(_CELLS_PER_RADIUS * cell / radius)))
    return float(cell * 0.5**halvings)


def prepare(network: TransportNetwork) -> None:
    """Build what is shared between origins before threads start."""
    _ = network.exit_node_tree, network.link_ends, network.link_arcs
    if network.has_exits_along:
        lines = network.exit_lines
        _ = lines.share
        lines.near(float(network.node_lon[0]), float(network.node_lat[0]), 1.0)


def as_multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the polygons in a geometry as one MultiPolygon; lines and points are left out."""
    parts = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def union_in_order(polygons: gpd.GeoSeries) -> shapely.MultiPolygon:
    """Return the union of polygons in EPSG:4326 as one MultiPolygon, the same for any order."""
    ordered = sorted(polygons.to_crs(WGS84), key=lambda shape: (shape.bounds, shapely.to_wkb(shape)))
    return as_multipolygon(shapely.union_all(np.array(ordered, dtype=object)))
