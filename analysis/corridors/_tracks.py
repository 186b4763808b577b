"""A corridor's line on the ground: read from a user's file, and where stops lie along it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.crs import ELLIPSOID, to_ecef
from ...geo.errors import BorderReachError
from ...geo.files import read_line
from ...geo.plane import LocalPlane

#: A stop farther from its corridor's line than this is taken for a slip, km.
MAX_OFF_TRACK_KM: Final = 5.0
#: Stops are out of order where turning a stretch of the line round shortens it by more than this share.
DISORDER_SHARE: Final = 0.15

Track = Sequence[tuple[float, float]]


def read_track(
    path: Path, layer: str | None = None, crs: str | None = None
) -> tuple[tuple[float, float], ...]:
    """Read the one line of a file as (lon, lat) in degrees.

    Parameters
    ----------
    path : pathlib.Path
        As `geo.files.read_line` takes it: GeoJSON, Shapefile, GeoPackage, KML, GPX, a table of points ...
    layer : str, optional
        Of a file with several; all of them when left out.
    crs : str, optional
        What its coordinates are in, such as ``"GCJ-02"``.

    Raises
    ------
    ValueError
        If it can't be read, has no CRS, or holds anything but one line. (A ValueError, so that the
        reader of the corridor file can say where it was named.)
    """
    try:
        lonlat = read_line(path, layer=layer, crs=crs, argument="geometry")
    except BorderReachError as error:
        raise ValueError(str(error)) from error
    return tuple((float(lon), float(lat)) for lon, lat in lonlat)


def cut_track(track: Track, first: tuple[float, float], last: tuple[float, float]) -> NDArray[np.float64]:
    """Return the part of a line between two points on or by it, running from the first to the last.

    Parameters
    ----------
    track : sequence of (lon, lat)
    first, last : tuple of float
        (lon, lat); where they lie off the line, it is cut where it comes nearest.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        (lon, lat), two points or more.
    """
    lonlat = np.asarray(track, dtype=float)
    km = np.concatenate([[0.0], np.cumsum(ELLIPSOID.line_lengths(lonlat[:, 0], lonlat[:, 1]))]) / 1000
    (start, end), _ = along_track(track, np.array([first, last]))
    low, high = min(start, end), max(start, end)
    inside = (km > low) & (km < high)
    ends = np.column_stack([np.interp([low, high], km, lonlat[:, axis]) for axis in (0, 1)])
    part = np.concatenate([ends[:1], lonlat[inside], ends[1:]])
    return part if start <= end else part[::-1]


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


def disorder(points: NDArray[np.float64]) -> tuple[int, int, float] | None:
    """Return the stretch of stops whose reversal shortens the line most, if by too much.

    Returns the numbers of its first and last stop and the km saved, or None.
    """
    xyz = to_ecef(points[:, 0], points[:, 1])
    distance = np.linalg.norm(xyz[:, None] - xyz[None, :], axis=2) / 1000
    n = len(points)
    total = float(distance[np.arange(n - 1), np.arange(1, n)].sum())
    ring = distance[0, -1] < 1e-6
    best: tuple[int, int, float] | None = None
    for first in range(1 if ring else 0, n):
        for last in range(first + 1, n - 1 if ring else n):
            before = distance[first - 1, first] if first > 0 else 0.0
            after = distance[last, last + 1] if last < n - 1 else 0.0
            new_before = distance[first - 1, last] if first > 0 else 0.0
            new_after = distance[first, last + 1] if last < n - 1 else 0.0
            saved = float(before + after - new_before - new_after)
            if saved > DISORDER_SHARE * total and (best is None or saved > best[2]):
                best = (first, last, saved)
    return best
