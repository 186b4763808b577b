"""Isochrones: the places that lie within a travel time of an origin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import shapely

from ...geo.checks import require_cell_m, require_cutoffs
from ...geo.crs import WGS84
from ...geo.networks import TransportNetwork
from .. import schemas
from ..contours import as_multipolygon
from ..times import Direction, Origin, directed, each, origin_list, prepared, with_departures_told
from ._drawings import polygons_of
from ._reach import line_table

#: So many searches that preparing a road network for them takes less time than it saves. Streets have more
#: dead ends and chains, and their lines' index takes many times longer.
_WORTH_PREPARING: Final = 200
#: Nodes beyond which a few searches on streets are sooner done without: of a large network an isochrone sees a part,
#: but all of its dead ends and chains have to be set aside.
_LARGE: Final = 200_000
#: A polygon with more points is drawn along every street, with hundreds of small parts. United two by two it takes an
#: eighth of the time that it takes to unite all parts one by one; the parts stand in another order then.
_MOST_POINTS: Final = 20_000


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
        Side of the grid cells that the edge is drawn on, metres. The default is a tenth of the
        network's reach, between 100 and 500 m; halved for short cutoffs, until what they allow off
        the network has 25 cells. Edges are interpolated within cells, so that errors are a small
        part of one; see `audit_isochrones`.
    workers : int, optional
        Threads; one per processor when left out. Results don't depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    geopandas.GeoDataFrame
        ``origin_id, origin_name, mode, direction, cutoff_min, area_km2, geometry`` (MultiPolygon,
        EPSG:4326); for each origin in the order given one row per cutoff, the largest first. On a timetable network
        also ``statistic, window``: of which departures, those from elsewhere towards the origins with ``"to"``.

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

    >>> road = br.build_network(
    ...     [106.5, 106.6],
    ...     [29.5, 29.5],
    ...     br.Links([0], [1], [9.7e3], [3600.0]),
    ...     access_speed_kph=25,
    ...     max_access_km=30,
    ... )
    >>> result = br.isochrones(road, (106.5, 29.5), cutoffs_min=30)
    >>> f"{result['area_km2'][0] / (3.14159 * 12.5**2):.3f}"
    '1.000'
    """
    turned = directed(network, direction)
    cutoffs = require_cutoffs(cutoffs_min)
    cell = require_cell_m(cell_m)
    points = origin_list(origins)
    prepare(turned, searches=len(points))
    # a single origin's cutoffs are drawn side by side, many origins' one origin per thread
    apart = workers if len(points) == 1 else 1
    drawn = each(
        lambda origin: polygons_of(turned, origin, cutoffs, cell_m=cell, workers=apart),
        points,
        progress=progress,
        label="isochrones",
        workers=workers,
    )
    rows = isochrone_rows(network, points, list(drawn), cutoffs, direction)
    found = cast("gpd.GeoDataFrame", schemas.conform(rows, schemas.ISOCHRONES))
    return with_departures_told(found, network)


def isochrone_rows(
    network: TransportNetwork,
    origins: Sequence[Origin],
    polygons: Sequence[Sequence[tuple[shapely.MultiPolygon, float]]],
    cutoffs_min: Sequence[float],
    direction: Direction,
) -> list[dict[str, Any]]:
    """Return the rows of `schemas.ISOCHRONES`: origin by origin, the largest cutoff first.

    Parameters
    ----------
    network : TransportNetwork
    origins : sequence of Origin
    polygons : sequence of sequences of (shapely.MultiPolygon, float)
        Of each origin one polygon and its km² per cutoff.
    cutoffs_min : sequence of float
        Ascending.
    direction : {"from", "to"}
    """
    return [
        {
            "origin_id": origin.id,
            "origin_name": origin.name,
            "mode": "+".join(network.modes),
            "direction": direction,
            "cutoff_min": cutoff,
            "area_km2": size_km2,
            "geometry": polygon,
        }
        for origin, own in zip(origins, polygons, strict=True)
        for cutoff, (polygon, size_km2) in zip(reversed(cutoffs_min), reversed(own), strict=True)
    ]


def prepare(network: TransportNetwork, *, searches: int = 1) -> None:
    """Build what is shared between origins before threads start.

    Parameters
    ----------
    network : TransportNetwork
    searches : int
        How many will follow: for many it pays to set dead ends and chains aside first.
    """
    _ = network.exit_node_tree, line_table(network)
    few_on_streets = network.has_exits_along and network.n_nodes <= _LARGE
    if searches >= _WORTH_PREPARING or few_on_streets:
        prepared(network)
    if network.has_exits_along:
        lines = network.exit_lines
        _ = lines.share
        lines.near(float(network.node_lon[0]), float(network.node_lat[0]), 1.0)


def union_in_order(polygons: gpd.GeoSeries) -> shapely.MultiPolygon:
    """Return the union of polygons in EPSG:4326 as one MultiPolygon, the same for any order."""
    shapes = sorted(polygons.to_crs(WGS84), key=lambda shape: (shape.bounds, shapely.to_wkb(shape)))
    if max((shapely.get_num_coordinates(shape) for shape in shapes), default=0) <= _MOST_POINTS:
        return as_multipolygon(shapely.union_all(np.array(shapes, dtype=object)))
    while len(shapes) > 1:
        shapes = [
            shapely.union(*shapes[k : k + 2]) if k + 1 < len(shapes) else shapes[k]
            for k in range(0, len(shapes), 2)
        ]
    return as_multipolygon(shapes[0])
