"""The meridian of 180°, where longitudes jump: shapes across it are cut there (RFC 7946, 3.1.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray


def beside(lon: NDArray[np.float64], near: float) -> NDArray[np.float64]:
    """Return longitudes within 180° of another, so that they don't jump at ±180; others stay to the bit.

    Parameters
    ----------
    lon : ndarray of float64, shape (n,)
        Degrees.
    near : float
        Degrees.

    Examples
    --------
    >>> beside(np.array([179.5, -179.5]), 180.0).tolist()
    [179.5, 180.5]
    """
    turn = np.where(lon - near > 180, -360.0, np.where(lon - near < -180, 360.0, 0.0))
    return np.where(turn != 0, lon + turn, lon)


def cut_at_antimeridian(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return polygons that go on beyond ±180° cut along it, with longitudes from -180 to 180.

    Parameters
    ----------
    shapes : ndarray of Polygon and MultiPolygon, shape (n,)
        Degrees, without jumps: what lies east of 180 has longitudes above it. Those that stay within
        ±180 are returned as they are.

    Returns
    -------
    ndarray of Polygon and MultiPolygon, shape (n,)
        Cut ones are MultiPolygons.

    References
    ----------
    Butler, H., and others (2016). The GeoJSON format. RFC 7946, section 3.1.9.

    Examples
    --------
    >>> (cut,) = cut_at_antimeridian(np.array([shapely.box(179, 0, 181, 1)]))
    >>> [part.bounds for part in cut.geoms]
    [(-180.0, 0.0, -179.0, 1.0), (179.0, 0.0, 180.0, 1.0)]
    """
    bounds = shapely.bounds(shapes)
    beyond = np.flatnonzero((bounds[:, 0] < -180) | (bounds[:, 2] > 180))
    if not len(beyond):
        return shapes
    result = shapes.copy()
    for k in beyond:
        parts: list[Any] = []
        for turn in (360.0, 0.0, -360.0):
            strip = shapely.intersection(shapes[k], shapely.box(-180 - turn, -90, 180 - turn, 90))
            moved = shapely.transform(strip, lambda xy, turn=turn: xy + np.array([turn, 0.0]))
            pieces = shapely.get_parts(shapely.get_parts(moved))
            parts.extend(part for part in pieces if part.geom_type == "Polygon")
        parts.sort(key=lambda part: part.bounds)
        result[k] = shapely.MultiPolygon(parts)
    return result


def cut_line(lonlat: NDArray[np.float64]) -> Any:
    """Return a line as shapely's, in two or more parts if it leads across ±180°.

    Parameters
    ----------
    lonlat : ndarray of float64, shape (k, 2)
        Degrees from -180 to 180; where longitudes jump by more than 180 it leads across.

    Returns
    -------
    LineString or MultiLineString
        Parts in the order of the line.

    References
    ----------
    Butler, H., and others (2016). The GeoJSON format. RFC 7946, section 3.1.9.

    Examples
    --------
    >>> cut_line(np.array([[179.0, 10.0], [-179.0, 12.0]])).wkt
    'MULTILINESTRING ((179 10, 180 11), (-180 11, -179 12))'
    """
    jumps = np.flatnonzero(np.abs(np.diff(lonlat[:, 0])) > 180)
    if not len(jumps):
        return shapely.LineString(lonlat)
    parts, start, first = [], lonlat[:0], 0
    for k in jumps.tolist():
        (lon, lat), (to_lon, to_lat) = lonlat[k], lonlat[k + 1]
        wide = 360 - abs(lon - to_lon)
        at = lat + (to_lat - lat) * ((180 - abs(lon)) / wide if wide > 0 else 0.0)
        edge = np.copysign(180.0, lon)
        parts.append(np.concatenate([start, lonlat[first : k + 1], [[edge, at]]]))
        start, first = np.array([[-edge, at]]), k + 1
    parts.append(np.concatenate([start, lonlat[first:]]))
    # a line that begins or ends on the meridian has no length beyond it
    long = [part for part in parts if (part != part[0]).any()] or parts[:1]
    lines = [shapely.LineString(part[np.r_[True, (np.diff(part, axis=0) != 0).any(axis=1)]]) if len(part) > 2 else
             shapely.LineString(part) for part in long]  # fmt: skip
    return lines[0] if len(lines) == 1 else shapely.MultiLineString(lines)


def lies_across(shapes: NDArray[np.object_]) -> bool:
    """Say whether shapes of a region lie across 180°: they are narrower with western longitudes beyond 180.

    Parameters
    ----------
    shapes : ndarray of geometry, shape (n,)
        Degrees, cut at ±180 where they cross it.
    """
    parts = shapely.bounds(shapely.get_parts(shapes))
    parts = parts[np.isfinite(parts).all(axis=1)]
    if not len(parts):
        return False
    east = np.where(parts[:, 2] <= 0, 360.0, 0.0)
    whole = parts[:, 2].max() - parts[:, 0].min()
    moved = (parts[:, 2] + east).max() - (parts[:, 0] + east).min()
    return bool(whole > 180 > moved)
