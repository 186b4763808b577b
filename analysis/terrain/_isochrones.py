"""Isochrones over ground of any speed off the network: water stops, slopes slow down."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_cell_m, require_cutoffs
from ...geo.networks import TransportNetwork, ms_per_metre
from ...geo.plane import LocalPlane
from .. import schemas
from ..contours import polygons_in_degrees
from ..isochrones import default_cell_m, isochrone_rows, prepare, reach_sources, reached_within
from ..thread_pool import ThreadPool
from ..times import Direction, Origin, directed, each, node_times, origin_list, search
from ._access import terrain_access
from ._marching import field_left, grid_edge, march, start_times
from ._speeds import terrain_around

#: Cells per reach of the grid that the network is come to on, and bounds of their size in metres.
_ACCESS_CELLS: Final = 100
_ACCESS_BOUNDS_M: Final = (10.0, 500.0)
#: Cells at the network's own speed beyond the cutoff up to which the front is followed.
_BEYOND_CELLS: Final = 2
#: So many grid points that the default cells are made larger.
_COARSEN_FROM: Final = 4_000_000

_log = logging.getLogger(__name__)


def terrain_isochrones(
    network: TransportNetwork,
    origins: Any,
    speed: str | os.PathLike[str],
    *,
    cutoffs_min: Any = (60, 120),
    direction: Direction = "from",
    cell_m: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> gpd.GeoDataFrame:
    r"""Compute isochrones with speeds off the network that differ from place to place.

    As `isochrones`, but where that moves straight at one speed off the network, here one moves over
    ground whose speed a raster gives, around what can't be passed: the time T off the network solves
    the eikonal equation ``|grad T| = 1 / speed``, with the times of the exits as its start. That
    holds for the way from the origin to the network, from the network to a place, and from the origin
    straight to a place. The network itself is passed as ever: roads cross water on bridges.

    Where `isochrones` ends at ``max_access_km`` off the network, here the time for it ends that
    ``max_access_km`` stands for at ``access_speed_kph``. A raster that holds ``access_speed_kph``
    everywhere gives the isochrones of `isochrones`.

    Parameters
    ----------
    network : TransportNetwork
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
        As `isochrones` takes them.
    speed : path
        A GeoTIFF or whatever else rasterio reads, north up, with a coordinate system: its first band
        holds km/h off the network, the same in all directions. 0 and nodata can't be passed, nor can
        what lies beside the raster (a warning is logged). Only what can be reached is read.
    cutoffs_min : number or sequence of numbers
        Minutes, positive, ascending.
    direction : {"from", "to"}
        Away from the origins, or towards them.
    cell_m : float, optional
        Distance of the grid points that times are reckoned at, metres. The default is that of
        `isochrones` for the smallest cutoff, doubled until there are fewer than four million points.
        The ground counts as it is at these points: rivers and cliffs narrower than a cell may be
        missed; a warning is logged if the raster's cells are smaller.
    workers : int, optional
        Threads; one per processor when left out. Results don't depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    geopandas.GeoDataFrame
        ``origin_id, origin_name, mode, direction, cutoff_min, area_km2, geometry`` (MultiPolygon,
        EPSG:4326); for each origin in the order given one row per cutoff, the largest first. Nested.
        What can't be passed lies outside, up to half a cell.

    Raises
    ------
    MissingDependencyError
        If rasterio isn't installed: ``pip install "borderreach[raster]"``.
    MissingCRSError
        If the raster, or a frame of origins, has no coordinate system.
    DataFileError
        If the raster can't be read.
    InputError
        If the raster doesn't cover an origin's surroundings, has no speed above zero there, or holds
        negative numbers or more than 300 km/h; if the grid would have more than 40 million points.
    OffNetworkError
        If an origin has no way to the network within that time.
    InputTypeError, EmptyInputError, UnknownPlaceError, AmbiguousPlaceError
        As `isochrones`.

    See Also
    --------
    isochrones

    Notes
    -----
    Fast marching with a binary heap, O(n log n) for n grid points. What is marched is the time that is
    spent of what an exit has left, min(cutoff - time at the exit, time for the reach), so that one
    front holds both the cutoff and the reach, and a late exit isn't lost behind an early one whose
    reach has ended. Exits and lines start it with their exact times at the corners of the cells that they
    lie in or pass through, and at four cells around where the ground is even. The update looks through
    eight triangles with 45° at the point instead of four with 90°. It is of first order: times come out
    too long, from one place on even ground by less than 0.1 (1 + ln n) times what a cell takes, n cells
    away, and by nothing in front of straight lines. Where the speed jumps, the place of the jump is off by up
    to half a cell. On even ground areas are a few thousandths smaller than those of `isochrones`.

    References
    ----------
    Sethian, J. A. (1996). A fast marching level set method for monotonically advancing fronts.
    Proceedings of the National Academy of Sciences 93(4), 1591-1595.

    Kimmel, R., Sethian, J. A. (1998). Computing geodesic paths on manifolds. Proceedings of the National
    Academy of Sciences 95(15), 8431-8435.

    Examples
    --------
    A raster with 25 km/h up to 106.5 E, and water, which can't be passed, beyond:

    >>> road = br.build_network(
    ...     [106.5, 106.6],
    ...     [29.5, 29.5],
    ...     br.Links([0], [1], [9.7e3], [3600.0]),
    ...     access_speed_kph=25,
    ...     max_access_km=30,
    ... )
    >>> import pyproj
    >>> from pathlib import Path
    >>> row = "25 " * 10 + "0 " * 10 + "\n"
    >>> head = "ncols 20\nnrows 10\nxllcorner 105.5\nyllcorner 29\ncellsize 0.1\n"
    >>> written = (
    ...     Path("speed.asc").write_text(head + row * 10),
    ...     Path("speed.prj").write_text(pyproj.CRS(4326).to_wkt("WKT1_ESRI")),
    ... )
    >>> west = br.terrain_isochrones(road, (106.45, 29.5), "speed.asc", cutoffs_min=15)
    >>> bool(west.total_bounds[2] < 106.51)
    True
    """
    turned = directed(network, direction)
    cutoffs = require_cutoffs(cutoffs_min)
    cell = require_cell_m(cell_m)
    points = origin_list(origins)
    prepare(turned, searches=len(points))
    # a single origin's cutoffs are drawn side by side, many origins' one origin per thread
    apart = workers if len(points) == 1 else 1
    found = each(
        lambda origin: _polygons_of(turned, origin, speed, cutoffs, cell_m=cell, workers=apart),
        points,
        progress=progress,
        label="isochrones",
        workers=workers,
    )
    rows = isochrone_rows(network, points, list(found), cutoffs, direction)
    return cast("gpd.GeoDataFrame", schemas.conform(rows, schemas.ISOCHRONES))


def _polygons_of(
    network: TransportNetwork,
    origin: Origin,
    speed: str | os.PathLike[str],
    cutoffs_min: Sequence[float],
    *,
    cell_m: float | None,
    workers: int | None,
) -> list[tuple[shapely.MultiPolygon, float]]:
    """Return one origin's isochrones in EPSG:4326 and their km², in the order of the cutoffs (ascending)."""
    plane = LocalPlane(origin.lon, origin.lat)
    limits = [round(cutoff * 60_000) for cutoff in cutoffs_min]
    pace, reach_m, access_kph = ms_per_metre(network), network.max_access_km * 1000, network.access_speed_kph
    fine = min(max(reach_m / _ACCESS_CELLS, _ACCESS_BOUNDS_M[0]), _ACCESS_BOUNDS_M[1], cell_m or np.inf)
    disc = np.array([[0.0, 0.0, reach_m]])
    around = terrain_around(speed, plane, origin, disc, cell_m=fine, access_kph=access_kph)
    entry = terrain_access(network, origin, plane, around, Path(speed).name)
    times = node_times(search(network, entry, limit_ms=limits[-1]))
    first_cell = cell_m if cell_m is not None else default_cell_m(network, limits[0])

    def sources(limit: int, cell: float) -> NDArray[np.float64]:
        found = reached_within(network, entry, times, cutoff_ms=limit)
        return reach_sources(network, plane, origin.xyz, found, times.time_ms, cutoff_ms=limit, cell_m=cell)

    rows = sources(limits[-1], first_cell)
    # one grid for all cutoffs, so that they see the same ground
    ground = terrain_around(
        speed, plane, origin, np.concatenate([rows[:, :3], rows[:, 3:]]), cell_m=first_cell,
        access_kph=access_kph, coarsen_from=_COARSEN_FROM if cell_m is None else None,
    )  # fmt: skip
    cell, slowness = ground.cell_m, ground.slowness
    if ground.raster_cell_m < 0.99 * cell:
        _log.warning(
            "%s has cells of %.0f m and the grid around '%s' of %.0f m, which may miss rivers and cliffs "
            "narrower than that; give a smaller cell_m",
            Path(speed).name,
            ground.raster_cell_m,
            origin.name,
            cell,
        )

    def left(limit: int) -> NDArray[np.float64]:
        start = start_times(
            sources(limit, cell), float(limit), pace, slowness, ground.first_i, ground.first_j, cell
        )
        time = march(start, slowness, cell, limit + _BEYOND_CELLS * cell * pace)
        return np.asarray(field_left(time, slowness, cell, float(limit)))

    def draw(field: NDArray[np.float64]) -> tuple[shapely.MultiPolygon, float]:
        edge = grid_edge(field, first_i=ground.first_i, first_j=ground.first_j, cell_m=cell)
        return polygons_in_degrees(edge, plane, pool=pool)

    pool = ThreadPool(workers)
    fields = pool.map(left, limits)
    for smaller, larger in pairwise(fields):
        # Exits have at least as much left of a larger cutoff. Lines are cut at other places, though, and
        # the scheme's errors with them: what the smaller one has is nowhere lost.
        np.maximum(smaller, larger, out=larger)
    return pool.map(draw, fields)
