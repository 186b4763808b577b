"""A corridor's line on the ground: read from a user's file, and where stops lie along it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.crs import ELLIPSOID, WGS84, to_ecef
from ...geo.errors import BorderReachError
from ...geo.places import read_vector_file
from ...geo.plane import LocalPlane

#: A stop farther from its corridor's line than this is taken for a slip, km.
MAX_OFF_TRACK_KM: Final = 5.0

Track = Sequence[tuple[float, float]]


def read_track(path: Path, layer: str | None = None) -> tuple[tuple[float, float], ...]:
    """Read the one line of a vector file as (lon, lat) in degrees.

    Parameters
    ----------
    path : pathlib.Path
        GeoJSON, Shapefile, GeoPackage, KML or what else GDAL reads; several parts that meet end to
        end are joined.
    layer : str, optional
        Of a file with several.

    Raises
    ------
    ValueError
        If it can't be read, has no CRS, or holds anything but one line. (A ValueError, so that the
        reader of the corridor file can say where it was named.)
    """
    try:
        frame = read_vector_file(path, layer=layer, argument="geometry")
    except BorderReachError as error:
        raise ValueError(str(error)) from error
    if frame.crs is None:
        raise ValueError(f"{path.name} has no CRS; add one (a .prj beside a Shapefile)")
    shapes = [shape for shape in frame.to_crs(WGS84).geometry if shape is not None and not shape.is_empty]
    other = [shape.geom_type for shape in shapes if shape.geom_type not in ("LineString", "MultiLineString")]
    if other or not shapes:
        raise ValueError(f"{path.name} should hold a line, got {other[0] if other else 'nothing'}")
    flat = shapely.force_2d(np.array(shapes, dtype=object))
    parts = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(shapely.get_parts(flat))))
    if len(parts) > 1:
        raise ValueError(
            f"{path.name} holds {len(parts)} lines that don't meet end to end; keep the corridor's alone and join them"
        )
    return tuple((float(lon), float(lat)) for lon, lat in shapely.get_coordinates(parts[0]))


def track_km(track: Track) -> float:
    """Return the length of a line on the ellipsoid, km."""
    lonlat = np.asarray(track, dtype=float)
    return float(ELLIPSOID.line_length(lonlat[:, 0], lonlat[:, 1])) / 1000


def along_track(track: Track, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far along a line points lie, and how far off it, km.

    Parameters
    ----------
    track : sequence of (lon, lat)
    points : ndarray of float, shape (n, 2)
        (lon, lat).

    Returns
    -------
    along, off : ndarray of float64, shape (n,)
    """
    lonlat = np.asarray(track, dtype=float)
    km = np.concatenate([[0.0], np.cumsum(ELLIPSOID.line_lengths(lonlat[:, 0], lonlat[:, 1]))]) / 1000
    along, off = np.empty(len(points)), np.empty(len(points))
    for k, (lon, lat) in enumerate(np.asarray(points, dtype=float)):
        # a plane around each stop: distances from its centre are true
        flat = LocalPlane(float(lon), float(lat)).project(to_ecef(lonlat[:, 0], lonlat[:, 1]))
        start, step = flat[:-1], np.diff(flat, axis=0)
        length = (step**2).sum(axis=1)
        share = np.clip(-(start * step).sum(axis=1) / np.where(length > 0, length, 1.0), 0.0, 1.0)
        metres = np.linalg.norm(start + share[:, None] * step, axis=1)
        best = int(metres.argmin())
        along[k] = km[best] + share[best] * (km[best + 1] - km[best])
        off[k] = metres[best] / 1000
    return along, off
