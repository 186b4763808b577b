"""Checking isochrones by routing to random points: how much is wrongly inside or wrongly outside."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import betaincinv

from ...geo.checks import require_frame, require_number, require_whole
from ...geo.crs import to_ecef
from ...geo.errors import InputError
from ...geo.networks import TransportNetwork, access
from ...geo.plane import LocalPlane
from .. import schemas
from ..times import Origin, Targets, directed, each, origin_list, require_network, times_from
from ._drawings import default_cell_m
from ._isochrones import prepare

_COLUMNS: Final = ("origin_id", "origin_name", "direction", "cutoff_min")
_POSITION: Final = re.compile(r"(-?\d+\.\d+),(-?\d+\.\d+)")
#: Draws at most so many candidates for one point that is wanted.
_MOST_DRAWS: Final = 10_000


def audit_isochrones(
    network: TransportNetwork,
    isochrones: gpd.GeoDataFrame,
    *,
    origins: Any = None,
    samples: int = 2000,
    band_m: float | None = None,
    confidence: float = 0.95,
    seed: int = 0,
    workers: int | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Route to random points and report how much of each isochrone is wrongly inside or outside.

    Half of the points lie inside the isochrone, the other half outside and near its edge, both
    uniform by area. The travel time to each is computed exactly, as `travel_times` does it and
    without any surface. A point inside that takes longer than the cutoff is a false inclusion, one
    outside that can be reached in time a false exclusion; both are given in per cent of the
    isochrone's area.

    Parameters
    ----------
    network : TransportNetwork
        The one that the isochrones were computed on.
    isochrones : geopandas.GeoDataFrame
        As `isochrones` returns them, whole: not clipped to land or a study area.
    origins : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these, optional
        Where the isochrones start; matched by ``origin_id``. Needed only for points from a frame
        of one's own: places and positions are known by their ids.
    samples : int
        Points per isochrone, 20 to 10,000,000.
    band_m : float, optional
        Width of the band outside that is searched for false exclusions, metres. The default is a
        tenth of the network's reach, four cells of the isochrones' grid at least.
    confidence : float
        Of the intervals, between 0 and 1.
    seed : int
        The points depend on it, on the origin's id, the direction and the cutoff, and on nothing else.
    workers : int, optional
        Threads; one per processor when left out. Results don't depend on it.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        One row per isochrone in the order given: ``origin_id, origin_name, direction, cutoff_min,
        samples, area_km2, band_m, band_km2, n_inside, n_outside, n_false_inclusion,
        n_false_exclusion, false_inclusion_pct, false_inclusion_low_pct, false_inclusion_high_pct,
        false_exclusion_pct, false_exclusion_low_pct, false_exclusion_high_pct, worst_distance_m,
        mean_distance_m``. The distances are those of the points that fall on the wrong side to the
        isochrone's edge, 0 where there are none.

    Raises
    ------
    InputError, InputTypeError, MissingCRSError, MissingColumnError
        If an argument can't be used, or an origin can't be found by its id.
    OffNetworkError
        If an origin is farther from the network than its reach.

    Notes
    -----
    The intervals are Clopper and Pearson's for the share of points, scaled to area; they hold for
    the number of points and don't rest on a normal approximation. Land farther outside than the
    band is not searched: that whole pieces aren't missing is for the tests to show.

    References
    ----------
    Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in
    the case of the binomial. Biometrika 26(4), 404-413.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> found = br.audit_isochrones(road, br.isochrones(road, (106.5, 29.5), cutoffs_min=15), samples=200)
    >>> bool(found["false_inclusion_pct"][0] < 2 and found["worst_distance_m"][0] < 50)
    True
    """
    checked = require_network(network)
    frame = require_frame(isochrones, "isochrones", columns=_COLUMNS)
    plan = _Plan(
        samples=require_whole(samples, "samples", minimum=20, maximum=10_000_000),
        band_m=None
        if band_m is None
        else require_number(band_m, "band_m", unit="metres", above=0, maximum=1_000_000),
        alpha=1 - require_number(confidence, "confidence", above=0, maximum=0.999999),
        seed=require_whole(seed, "seed", minimum=0),
    )
    starts = _starts(frame, origins)
    jobs = [
        _Job(starts[origin_id], str(direction), float(cutoff), shape)
        for origin_id, direction, cutoff, shape in zip(
            frame["origin_id"].astype(str),
            frame["direction"],
            frame["cutoff_min"],
            frame.geometry,
            strict=True,
        )
    ]
    _require_inside(jobs, checked)
    for direction in {job.direction for job in jobs}:
        prepare(directed(checked, direction))
    rows = list(
        each(lambda job: _audit(checked, job, plan), jobs, progress=progress, label="audit", workers=workers)
    )
    names = frame["origin_name"].astype(str)
    return schemas.conform(
        [{"origin_name": name, **row} for name, row in zip(names, rows, strict=True)], schemas.AUDIT
    )


@dataclass(frozen=True)
class _Plan:
    samples: int
    band_m: float | None
    alpha: float
    seed: int


@dataclass(frozen=True, eq=False)
class _Job:
    origin: Origin
    direction: str
    cutoff_min: float
    shape: shapely.Geometry


def _starts(frame: gpd.GeoDataFrame, origins: Any) -> dict[str, Origin]:
    """Find the origin of each id."""
    ids = list(dict.fromkeys(frame["origin_id"].astype(str)))
    if origins is not None:
        known = {origin.id: origin for origin in origin_list(origins)}
        missing = [name for name in ids if name not in known]
        if missing:
            raise InputError(
                f"'origins' lacks {len(missing)} origin(s) that 'isochrones' names in its column "
                f"'origin_id', such as {missing[0]!r}; give the same origins that the isochrones were made of"
            )
        return known
    queries: list[Any] = []
    for name in ids:
        position = _POSITION.fullmatch(name)
        if position:
            queries.append((float(position[1]), float(position[2])))
        elif re.fullmatch(r"\d{6}", name):
            queries.append(name)
        else:
            raise InputError(
                f"'isochrones' has an origin whose id {name!r} is neither an adcode nor a position; "
                "pass the points that the isochrones were made of as origins=..."
            )
    return {origin.id: origin for origin in origin_list(queries)} if queries else {}


def _require_inside(jobs: list[_Job], network: TransportNetwork) -> None:
    """Raise where an id is the number of a row, and the origin in it isn't where the isochrone was made of."""
    for job in jobs:
        origin = job.origin
        if origin.code or _POSITION.fullmatch(origin.id) or job.shape.is_empty:
            continue
        away = math.degrees(1 / 6371.0) * (network.max_access_km + 1)
        if job.shape.distance(shapely.Point(origin.lon, origin.lat)) > away / math.cos(
            math.radians(origin.lat)
        ):
            raise InputError(
                f"'origins': row {origin.id} lies at ({origin.lon:.4f}, {origin.lat:.4f}), far outside the "
                f"isochrone of that id; give the points that the isochrones were made of, in the same rows"
            )


def _audit(network: TransportNetwork, job: _Job, plan: _Plan) -> dict[str, Any]:
    turned = directed(network, job.direction)
    limit_ms = round(job.cutoff_min * 60_000)
    plane = LocalPlane(job.origin.lon, job.origin.lat)
    shape = shapely.transform(job.shape, lambda lonlat: plane.project(to_ecef(lonlat[:, 0], lonlat[:, 1])))
    shapely.prepare(shape)
    cell = default_cell_m(network, limit_ms)
    band = plan.band_m if plan.band_m is not None else max(network.max_access_km * 100, 4 * cell)
    seed = [plan.seed, limit_ms, *job.origin.id.encode(), 0, *job.direction.encode()]
    draw = np.random.default_rng(seed)

    half = plan.samples // 2
    inside = _draw(half, lambda n: _in_bounds(draw, n, shape.bounds), shape, inside=True)
    squares = _squares_near(shape, band)
    outside = _draw(half, lambda n: _in_squares(draw, n, squares, band), shape, inside=False)
    # the share of the squares that lies outside: exact, not another estimate
    row, col = squares.T
    cells = shapely.box(col * band, row * band, (col + 1) * band, (row + 1) * band)
    area = float(shape.area)
    band_area = float(len(squares) * band**2 - _shared_area(shape, cells))

    late = _times(turned, job.origin, plane, inside, limit_ms) > limit_ms
    early = _times(turned, job.origin, plane, outside, limit_ms) <= limit_ms
    wrong = np.concatenate([inside[late], outside[early]])
    away = shapely.distance(shapely.boundary(shape), shapely.points(wrong)) if len(wrong) else np.zeros(0)
    row_of: dict[str, Any] = {
        "origin_id": job.origin.id,
        "direction": job.direction,
        "cutoff_min": job.cutoff_min,
        "samples": len(inside) + len(outside),
        "area_km2": area / 1e6,
        "band_m": band,
        "band_km2": band_area / 1e6,
        "n_inside": len(inside),
        "n_outside": len(outside),
        "n_false_inclusion": int(late.sum()),
        "n_false_exclusion": int(early.sum()),
        "worst_distance_m": float(away.max()) if len(away) else 0.0,
        "mean_distance_m": float(away.mean()) if len(away) else 0.0,
    }
    for name, wrongs, total, of_km2 in (
        ("inclusion", late, len(inside), area),
        ("exclusion", early, len(outside), band_area),
    ):
        scale = 100 * of_km2 / area if area > 0 else 0.0
        low, high = _interval(int(wrongs.sum()), total, plan.alpha)
        row_of[f"false_{name}_pct"] = scale * float(wrongs.mean()) if total else 0.0
        row_of[f"false_{name}_low_pct"] = scale * low
        row_of[f"false_{name}_high_pct"] = scale * high
    return row_of


def _draw(
    wanted: int, candidates: Callable[[int], NDArray[np.float64]], shape: shapely.Geometry, *, inside: bool
) -> NDArray[np.float64]:
    """Draw points uniformly among the candidates that lie on one side of the edge, shape (n, 2)."""
    found: list[NDArray[np.float64]] = []
    have, drawn = 0, 0
    while have < wanted and drawn < _MOST_DRAWS * wanted:
        points = candidates(4 * wanted)
        drawn += len(points)
        kept = points[shapely.intersects_xy(shape, points[:, 0], points[:, 1]) == inside]
        found.append(kept)
        have += len(kept)
        if len(points) == 0:
            break
    return np.concatenate([np.zeros((0, 2)), *found])[:wanted]


def _in_bounds(
    draw: np.random.Generator, n: int, bounds: tuple[float, float, float, float]
) -> NDArray[np.float64]:
    if not np.isfinite(bounds).all():
        return np.zeros((0, 2))
    return np.asarray(draw.uniform(bounds[:2], bounds[2:], size=(n, 2)))


def _in_squares(
    draw: np.random.Generator, n: int, squares: NDArray[np.int64], side: float
) -> NDArray[np.float64]:
    if len(squares) == 0:
        return np.zeros((0, 2))
    chosen = squares[draw.integers(len(squares), size=n)]
    return np.asarray((chosen[:, ::-1] + draw.uniform(size=(n, 2))) * side)


def _squares_near(shape: shapely.Geometry, side: float) -> NDArray[np.int64]:
    """Return (row, column) of the squares of a grid that the edge passes, and of their neighbours."""
    if shape.is_empty:
        return np.zeros((0, 2), dtype=np.int64)
    edge = shapely.get_coordinates(shapely.segmentize(shapely.boundary(shape), side / 2))
    at = np.unique(np.floor(edge[:, ::-1] / side).astype(np.int64), axis=0)
    around = [at + np.array([i, j]) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return np.unique(np.concatenate(around), axis=0)


def _shared_area(shape: shapely.Geometry, cells: NDArray[np.object_]) -> float:
    """Area that a polygon shares with disjoint squares."""
    whole = shapely.contains_properly(shape, cells)
    touched = cells[~whole & shapely.intersects(shape, cells)]
    parts = shapely.get_parts(shape)
    piece, square = shapely.STRtree(touched).query(parts, predicate="intersects")
    shared = sum(
        float(shapely.intersection(parts[p], shapely.union_all(touched[square[piece == p]])).area)
        for p in np.unique(piece)
    )
    return float(shapely.area(cells[whole]).sum()) + shared


def _times(
    network: TransportNetwork,
    origin: Origin,
    plane: LocalPlane,
    points: NDArray[np.float64],
    limit_ms: int,
) -> NDArray[np.float64]:
    """Exact times in ms to points of the plane; infinite beyond the limit or off the network."""
    if len(points) == 0:
        return np.zeros(0)
    lonlat = plane.to_lonlat(points)
    xyz = to_ecef(lonlat[:, 0], lonlat[:, 1])
    ways = [
        access(network.reverse, lon=lon, lat=lat, xyz=at)
        for (lon, lat), at in zip(_pairs(lonlat), xyz, strict=True)
    ]
    times, _ = times_from(network, origin, Targets.of(ways, list(xyz)), limit_ms=limit_ms)
    return times


def _pairs(lonlat: NDArray[np.float64]) -> Iterable[tuple[float, float]]:
    return ((float(lon), float(lat)) for lon, lat in lonlat)


def _interval(wrong: int, total: int, alpha: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share."""
    if total == 0:
        return 0.0, 0.0
    low = 0.0 if wrong == 0 else float(betaincinv(wrong, total - wrong + 1, alpha / 2))
    high = 1.0 if wrong == total else float(betaincinv(wrong + 1, total - wrong, 1 - alpha / 2))
    return low, high
