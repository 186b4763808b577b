"""Whether coordinates can be in the system that they are said to be in."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pyproj
import shapely

from .crs import WGS84
from .errors import InputError, MissingCRSError

#: Coordinates farther than this from where a system is meant for are in another one, degrees.
_BEYOND_DEG: Final = 15.0
#: Rounding may carry a coordinate over the edge of the world by so much, degrees.
_EDGE_DEG: Final = 1e-6


def require_possible(bounds: Any, crs: pyproj.CRS, where: str, *, said: bool) -> None:
    """Raise where coordinates can't be in a system.

    Parameters
    ----------
    bounds : sequence of float, shape (4,)
        Least and largest x and y, as ``total_bounds`` gives them; NaN where there are no coordinates.
    crs : pyproj.CRS
    where : str
        What to call the file in messages.
    said : bool
        Whether the file itself names the system.

    Raises
    ------
    MissingCRSError
        If degrees are expected, and these are metres.
    InputError
        If longitude and latitude are swapped; if these are degrees, and metres are expected; if they lie far from
        where the system is meant for.
    """
    least_x, least_y, most_x, most_y = (float(value) for value in bounds)
    if not all(map(math.isfinite, (least_x, least_y, most_x, most_y))):
        return  # nothing there, or what each reader refuses by row
    wide, high = max(abs(least_x), abs(most_x)), max(abs(least_y), abs(most_y))
    seen = f"coordinates such as ({least_x:.10g}, {least_y:.10g})"
    degrees = wide <= 180 + _EDGE_DEG and high <= 90 + _EDGE_DEG
    if crs.is_geographic:
        if degrees or (wide <= 360 and high <= 90):
            return
        if wide <= 90 and high <= 180:
            raise InputError(
                f"{where} has {seen}: are longitude and latitude swapped? GeoJSON, KML and all others here take "
                "longitude first; swap them (QGIS: Swap X and Y coordinates)"
            )
        declares = f"says {crs.to_string()}, degrees, but" if said else "names no coordinate system and"
        raise MissingCRSError(
            f"{where} {declares} has {seen}, which are metres; say what they are in with crs=, such as "
            "crs='EPSG:3857' for web maps or crs='EPSG:4526' for a zone of CGCS2000"
        )
    if crs.is_projected and degrees and (wide > 1 or high > 1):
        raise InputError(
            f"{where} {'says' if said else 'is to be in'} {crs.to_string()}, metres, but has {seen}, which are "
            "degrees; give crs='EPSG:4326', or mend the .prj"
        )
    _require_near(np.array([[least_x, least_y], [most_x, most_y]]), crs, where, seen)


def require_possible_rows(shapes: Any, labels: Any, crs: pyproj.CRS, where: str, *, called: str) -> None:
    """Raise where some rows, and not all of them, have coordinates that degrees can't be.

    What a whole file or frame is in shows in all of its rows; a few that can't be are faults of their own.

    Parameters
    ----------
    shapes : array of geometries
    labels : sequence
        What rows are called in messages.
    crs : pyproj.CRS
    where : str
        What to call the file or frame in messages.
    called : str
        "row" or "index": what a label is.

    Raises
    ------
    InputError
        With the first of these rows and its coordinates.
    """
    if not crs.is_geographic:
        return
    bounds = shapely.bounds(shapes)
    there = np.isfinite(bounds).all(axis=1)
    wide, high = np.abs(bounds[:, [0, 2]]).max(axis=1), np.abs(bounds[:, [1, 3]]).max(axis=1)
    bad = there & ((wide > 360) | (high > 90 + _EDGE_DEG))
    if not bad.any() or (bad == there).all():
        return
    row = int(np.argmax(bad))
    label = getattr(labels[row], "item", lambda: labels[row])()  # a number rather than numpy's word for it
    x, y = bounds[row, :2]
    swapped = wide[row] <= 90 and high[row] <= 180
    hint = "are longitude and latitude swapped in it? " if swapped else ""
    raise InputError(
        f"{where} has {int(bad.sum())} of {int(there.sum())} rows whose coordinates degrees can't be, the first at {called} "
        f"{label!r}: ({x:.10g}, {y:.10g}); {hint}mend or drop {'it' if bad.sum() == 1 else 'them'}"
    )


def _require_near(corners: Any, crs: pyproj.CRS, where: str, seen: str) -> None:
    area = crs.area_of_use
    to_degrees = pyproj.Transformer.from_crs(crs, WGS84, always_xy=True)
    lon, lat = to_degrees.transform(corners[:, 0], corners[:, 1])
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise InputError(
            f"{where} has {seen}, which {crs.to_string()} can't have; is it another zone or system?"
        )
    if area is None or area.west > area.east:
        return
    away = max(
        area.west - float(np.max(lon)),
        float(np.min(lon)) - area.east,
        area.south - float(np.max(lat)),
        float(np.min(lat)) - area.north,
    )
    if away > _BEYOND_DEG:
        raise InputError(
            f"{where} has {seen}, {away:.0f} degrees from where {crs.to_string()} is meant for "
            f"({area.name}); is it another zone? Coordinates with the zone's number before them, such as 38,500,000, "
            "need a system with a zone number too"
        )
