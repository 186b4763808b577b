"""Isochrones clipped to an area, or drawn with fewer points, still nested."""

from __future__ import annotations

import itertools
import math
from typing import Final, cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.antimeridian import cut_at_antimeridian
from ...geo.checks import require_frame, require_number
from ...geo.crs import WGS84, area_km2
from ...geo.errors import GeometryTypeError
from ..contours import as_multipolygon

_COLUMNS: Final = ("origin_id", "cutoff_min", "area_km2")
_KEYS: Final = ("scenario", "origin_id", "mode", "direction")
_POLYGONS: Final = ("Polygon", "MultiPolygon")
_M_PER_DEGREE: Final = 111_195.0


def clip_isochrones(isochrones: gpd.GeoDataFrame, area: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Cut isochrones along the border of an area, such as the land or a study's provinces.

    Parameters
    ----------
    isochrones : geopandas.GeoDataFrame
        As `isochrones` returns them.
    area : geopandas.GeoDataFrame
        Polygons with a CRS; their union counts. `borderreach.provinces` gives China's land.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows in EPSG:4326 with the parts inside the area and their `area_km2`; an empty
        MultiPolygon and 0 where nothing is left. Isochrones that lie inside stay as they are, to
        the bit. Nested ones stay nested.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError, EmptyInputError

    See Also
    --------
    simplify_isochrones

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> circles = br.isochrones(road, (106.5, 29.5), cutoffs_min=(30, 60))
    >>> west = gpd.GeoDataFrame(geometry=[shapely.box(100, 20, 106.5, 40)], crs="EPSG:4326")
    >>> bool((br.clip_isochrones(circles, west)["area_km2"] < circles["area_km2"] / 2).all())
    True
    """
    frame = require_frame(
        isochrones, "isochrones", geometry_types=_POLYGONS, columns=_COLUMNS, empty_shapes=True
    )
    ground = require_frame(area, "area", geometry_types=_POLYGONS, allow_empty=False)
    invalid = ~ground.geometry.is_valid
    if invalid.any():
        raise GeometryTypeError(
            f"'area' has {int(invalid.sum())} invalid polygon(s); mend them with area.make_valid() first"
        )
    whole = shapely.union_all(cut_at_antimeridian(ground.geometry.to_numpy()))
    shapely.prepare(whole)
    shapes = frame.geometry.to_numpy()
    cut = ~shapely.covers(whole, shapes)
    return _with_shapes(frame, cut, np.array([as_multipolygon(s & whole) for s in shapes[cut]], dtype=object))


def simplify_isochrones(isochrones: gpd.GeoDataFrame, *, tolerance_m: float) -> gpd.GeoDataFrame:
    """Draw isochrones with fewer points, so that those of one origin stay nested.

    The bands between one origin's cutoffs are simplified together: an edge that two of them share is
    the same in both afterwards.

    Parameters
    ----------
    isochrones : geopandas.GeoDataFrame
        As `isochrones` or `scenario_isochrones` returns them.
    tolerance_m : float
        Metres. Corners are dropped, the flattest first, as long as the triangle with their
        neighbours is smaller than the square of it; edges move by less than about as much.

    Returns
    -------
    geopandas.GeoDataFrame
        The same rows in EPSG:4326, simpler shapes with their `area_km2`. Valid; small parts and
        holes may vanish, and with them the surroundings of an origin that are no larger.

    Raises
    ------
    InputTypeError, InputError, MissingCRSError, MissingColumnError, GeometryTypeError

    See Also
    --------
    clip_isochrones

    References
    ----------
    Visvalingam, M., Whyatt, J. D. (1993). Line generalisation by repeated elimination of points. The
    Cartographic Journal 30(1), 46-51; GEOS' `CoverageSimplifier` keeps what is shared.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> circles = br.isochrones(road, (106.5, 29.5), cutoffs_min=(30, 60))
    >>> simple = br.simplify_isochrones(circles, tolerance_m=500)
    >>> bool(simple.count_coordinates().sum() < circles.count_coordinates().sum() / 5)
    True
    """
    frame = require_frame(
        isochrones, "isochrones", geometry_types=_POLYGONS, columns=_COLUMNS, empty_shapes=True
    )
    tolerance = require_number(tolerance_m, "tolerance_m", unit="metres", above=0, maximum=100_000)
    shapes = frame.geometry.to_numpy().copy()
    keys = [name for name in _KEYS if name in frame.columns]
    for rows in frame.reset_index(drop=True).groupby(keys, sort=False).indices.values():
        ascending = rows[np.argsort(frame["cutoff_min"].to_numpy()[rows], kind="stable")]
        shapes[ascending] = _simplified(shapes[ascending], tolerance)
    return _with_shapes(frame, np.ones(len(frame), dtype=bool), shapes)


def _simplified(nested: NDArray[np.object_], tolerance_m: float) -> NDArray[np.object_]:
    """Simplify polygons each of which covers the one before it."""
    if nested[-1].is_empty:
        return nested
    middle = math.radians((nested[-1].bounds[1] + nested[-1].bounds[3]) / 2)
    scale = np.array([_M_PER_DEGREE * max(math.cos(middle), 0.01), _M_PER_DEGREE])
    plane = shapely.transform(nested, lambda xy: xy * scale)
    bands = [plane[0], *(shapely.difference(b, a) for a, b in itertools.pairwise(plane))]
    simple = shapely.coverage_simplify(np.array(bands, dtype=object), tolerance_m)
    found, grown = [], shapely.MultiPolygon()
    # put together in degrees: what is valid in the plane needn't be once its corners are rounded again
    for band in shapely.transform(simple, lambda xy: xy / scale):
        # a union, not a coverage's: where bands met in a point, what is left of them may overlap
        grown = as_multipolygon(shapely.union(grown, shapely.make_valid(band)))
        if not grown.is_valid:
            grown = as_multipolygon(shapely.make_valid(grown))
        found.append(grown)
    return np.array(found, dtype=object)


def _with_shapes(
    frame: gpd.GeoDataFrame, rows: NDArray[np.bool_], shapes: NDArray[np.object_]
) -> gpd.GeoDataFrame:
    """Return the frame with other shapes in some rows, and their areas."""
    result = frame.copy()
    if rows.any():
        every = frame.geometry.to_numpy().copy()
        every[rows] = shapes
        areas = frame["area_km2"].to_numpy(dtype=float).copy()
        areas[rows] = area_km2(gpd.GeoSeries(every[rows], crs=WGS84))
        result = result.set_geometry(gpd.GeoSeries(every, index=frame.index, crs=WGS84))
        result["area_km2"] = areas
    return cast("gpd.GeoDataFrame", result)
