"""One origin's isochrones: from the search to the polygons of each cutoff."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.crs import WGS84, area_km2
from ...geo.networks import Access, TransportNetwork, ms_per_metre
from ...geo.plane import LocalPlane
from ..contours import Drawn, as_multipolygon, draw_sources, polygons_in_degrees
from ..thread_pool import ThreadPool
from ..times import NodeTimes, Origin, enter, node_times, searched
from ._full_reach import edge_on_full_reach, fixed_plane, full_reach_edge_of, left_to_full_reach
from ._reach import reach_sources, reached_within
from ._rows import odd_rows

#: Cells per reach off the network, and bounds of the default cell size in metres.
_CELLS_PER_REACH: Final = 10
_CELL_BOUNDS_M: Final = (100.0, 500.0)
#: Cells per radius of the disc that a cutoff allows off the network, at least, up to the network's reach.
_CELLS_PER_RADIUS: Final = 25
#: Cutoffs nearer to each other than this are checked for crossing edges, ms.
_MOMENT_MS: Final = 1000


@dataclass(frozen=True, eq=False)
class Drawing:
    """One isochrone, with what the same origin's on a network that differs in places may take over.

    Attributes
    ----------
    polygon : shapely.MultiPolygon
        EPSG:4326.
    area_km2 : float
    grid : tuple of float
        Longitude and latitude that its plane is centred on, and the cell size in metres.
    sources : ndarray of float64, shape (k, 6)
        Tapered buffers, as `_quadtree.isochrone_edge` takes them.
    drawn : Drawn, optional
        Their edge; none where part of it is taken from a full-reach edge.
    """

    polygon: shapely.MultiPolygon
    area_km2: float
    grid: tuple[float, float, float]
    sources: NDArray[np.float64]
    drawn: Drawn | None


def polygons_of(
    network: TransportNetwork,
    origin: Origin,
    cutoffs_min: Sequence[float],
    *,
    cell_m: float | None = None,
    workers: int | None = 1,
) -> list[tuple[shapely.MultiPolygon, float]]:
    """Return one origin's isochrones in EPSG:4326 and their km², in the order of the cutoffs (ascending).

    Parameters
    ----------
    network, origin, cutoffs_min, cell_m, workers
        As for `draw_isochrones`.

    Raises
    ------
    OffNetworkError
    """
    drawings = draw_isochrones(
        network, origin, enter(network, origin), cutoffs_min, cell_m=cell_m, workers=workers
    )
    return nested(drawings, cutoffs_min)


def draw_isochrones(
    network: TransportNetwork,
    origin: Origin,
    entry: Access,
    cutoffs_min: Sequence[float],
    *,
    cell_m: float | None = None,
    workers: int | None = 1,
    known: Sequence[Drawing] | None = None,
    time_ms: NDArray[np.int32] | None = None,
) -> list[Drawing]:
    """Draw one origin's isochrones, in the order of the cutoffs (ascending); see `nested`.

    Parameters
    ----------
    network : TransportNetwork
        Already turned into the direction of the search.
    origin : Origin
    entry : Access
        The origin's ways onto the network.
    cutoffs_min : sequence of float
    cell_m : float, optional
    workers : int, optional
        Threads to draw on; one per processor when None.
    known : sequence of Drawing, optional
        Those of the same origin and cutoffs on another network. What is the same there is taken over;
        results don't depend on it.
    time_ms : ndarray of int32, shape (n,), optional
        Times at the nodes, in place of a search's.
    """

    def draw(job: tuple[float, int, Drawing | None], times: NodeTimes) -> Drawing:
        cell, limit, like = job
        found = reached_within(network, entry, times, cutoff_ms=limit)
        plane = fixed_plane(network, origin.lon, origin.lat, limit)
        if plane is not None:
            full_reach = full_reach_edge_of(network, plane, cell)
            left = left_to_full_reach(full_reach, found)
            sources = reach_sources(
                network, plane, origin.xyz, found, times.time_ms, cutoff_ms=limit, cell_m=cell, leave_out=left,
                laid=full_reach.xy,
            )  # fmt: skip
            edge = edge_on_full_reach(full_reach, found, left, sources, pool=pool)
            return Drawing(
                *polygons_in_degrees(edge, plane, pool=pool),
                (plane.lon, plane.lat, cell),
                sources,
                drawn=None,
            )
        sources = reach_sources(
            network, around, origin.xyz, found, times.time_ms, cutoff_ms=limit, cell_m=cell
        )
        grid = around.lon, around.lat, cell
        if like is None or like.drawn is None or like.grid != grid:
            drawn = draw_sources(sources, cell_m=cell, pool=pool)
        else:
            odd = odd_rows(like.sources, sources)
            if len(odd) == 0:
                return like
            drawn = draw_sources(sources, cell_m=cell, like=like.drawn, but_for=odd, pool=pool)
            if drawn.edge.same(like.drawn.edge):
                return Drawing(like.polygon, like.area_km2, grid, sources, drawn)
        return Drawing(*polygons_in_degrees(drawn.edge, around, pool=pool), grid, sources, drawn)

    pool = ThreadPool(workers)
    limits = [round(cutoff * 60_000) for cutoff in cutoffs_min]
    cells = [cell_m if cell_m is not None else default_cell_m(network, limit) for limit in limits]
    around = LocalPlane(origin.lon, origin.lat)
    others: Sequence[Drawing | None] = known or [None] * len(limits)
    jobs = list(zip(cells, limits, others, strict=True))
    if time_ms is not None:
        given = node_times(time_ms)
        return pool.map(lambda job: draw(job, given), jobs)
    with searched(network, entry, limit_ms=limits[-1]) as times:
        return pool.map(lambda job: draw(job, times), jobs)


def nested(
    drawings: Sequence[Drawing], cutoffs_min: Sequence[float]
) -> list[tuple[shapely.MultiPolygon, float]]:
    """Return polygons and their km², each covering those of smaller cutoffs.

    On one grid it does so by construction. Cutoffs that differ by a moment, or are drawn on two grids, may
    cross by a part of a cell: there the larger one takes the smaller in.

    Parameters
    ----------
    drawings : sequence of Drawing
    cutoffs_min : sequence of float
        Ascending.
    """
    found = [(one.polygon, one.area_km2) for one in drawings]
    mended = False
    for k in range(1, len(found)):
        a_moment = (cutoffs_min[k] - cutoffs_min[k - 1]) * 60_000 < _MOMENT_MS
        crossing = mended or a_moment or drawings[k].grid != drawings[k - 1].grid
        mended = crossing and not found[k][0].covers(found[k - 1][0])
        if mended:
            polygon = as_multipolygon(shapely.union(found[k][0], found[k - 1][0]))
            found[k] = polygon, float(area_km2(gpd.GeoSeries([polygon], crs=WGS84))[0])
    return found


def default_cell_m(network: TransportNetwork, cutoff_ms: int) -> float:
    """Return the grid's cell size in metres; it depends on the network and on this cutoff alone."""
    low, high = _CELL_BOUNDS_M
    reach = network.max_access_km * 1000
    cell = min(max(reach / _CELLS_PER_REACH, low), high)
    radius = cutoff_ms / ms_per_metre(network)
    # one size for all cutoffs that allow the full reach: on equal cells their polygons are nested
    wanted = _CELLS_PER_RADIUS if radius < reach else min(reach / cell, _CELLS_PER_RADIUS)
    if radius <= 0 or wanted <= 0:
        return cell
    halvings = max(0, math.ceil(math.log2(wanted * cell / radius)))
    return math.ldexp(cell, -halvings)
