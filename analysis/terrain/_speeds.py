"""Speeds off the network: from a raster onto the points of a grid in a local plane."""

from __future__ import annotations

import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyproj
from numpy.typing import NDArray

from ...geo.crs import WGS84
from ...geo.errors import InputError
from ...geo.plane import LocalPlane
from ..times import Origin
from ._rasters import open_raster

#: Faster than this isn't a speed off the network, but another unit or a mark for nodata.
_MAX_KPH: Final = 300.0
#: Grid points whose raster cells are read at a time.
_STRIP_POINTS: Final = 20_000
#: Largest grid, points: a gigabyte or two while it is marched over.
_MOST_POINTS: Final = 40_000_000
#: Cells of grid beyond what can be reached.
_MARGIN: Final = 3
_METRES_PER_DEGREE: Final = 111_000.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Terrain:
    """How slow the ground is at the points of a grid.

    Attributes
    ----------
    slowness : ndarray of float64, shape (n_y, n_x)
        Milliseconds per metre; infinite where there's no way.
    first_i, first_j : int
        Numbers of the first grid point, counted from the plane's centre.
    cell_m : float
    raster_cell_m : float
        Side of the raster's cells, about.
    """

    slowness: NDArray[np.float64]
    first_i: int
    first_j: int
    cell_m: float
    raster_cell_m: float

    @property
    def fastest_kph(self) -> float:
        """The greatest speed on the grid."""
        return 3600.0 / float(self.slowness.min())


def terrain_around(
    speed: str | os.PathLike[str],
    plane: LocalPlane,
    origin: Origin,
    reaches: NDArray[np.float64],
    *,
    cell_m: float,
    access_kph: float,
    coarsen_from: int | None = None,
) -> Terrain:
    """Read the speeds of all places that can be reached.

    Parameters
    ----------
    speed : path
    plane : LocalPlane
    origin : Origin
        Whose surroundings they are, for messages.
    reaches : ndarray of float64, shape (k, 3)
        x, y, r: places in the plane and how far one gets from them at `access_kph`, metres.
    cell_m, access_kph : float
    coarsen_from : int, optional
        Grid points from which on the cells' side is doubled.

    Raises
    ------
    MissingDependencyError, InputTypeError, DataFileError, MissingCRSError
        If the raster can't be read.
    InputError
        If the raster has no speed above zero there, negative ones or impossible ones, or the grid would
        be too large.
    """
    with open_raster(speed, "speed") as source:
        file = Path(speed).name
        fastest = access_kph
        while True:
            far = reaches[:, 2] * (fastest / access_kph)
            low = [math.floor((reaches[:, k] - far).min() / cell_m) - _MARGIN for k in (0, 1)]
            high = [math.ceil((reaches[:, k] + far).max() / cell_m) + _MARGIN for k in (0, 1)]
            n_x, n_y = high[0] - low[0] + 1, high[1] - low[1] + 1
            if coarsen_from is not None and n_x * n_y >= coarsen_from:
                cell_m *= 2
                continue
            if n_x * n_y > _MOST_POINTS:
                raise InputError(
                    f"'cell_m' of {cell_m:g} m makes a grid of {n_x:,} by {n_y:,} points around "
                    f"'{origin.name}' with speeds up to {fastest:g} km/h; give a larger cell_m or shorter cutoffs"
                )
            kph, n_beside = _sample(source, file, plane, low[0], low[1], n_x, n_y, cell_m)
            found = float(kph.max())
            if found <= 0:
                raise InputError(_nowhere(source, file, origin, all_beside=n_beside == kph.size))
            if found <= fastest:
                break
            fastest = found  # what is faster reaches farther
        unit = _METRES_PER_DEGREE if source.crs.is_geographic else source.crs.linear_units_factor[1]
        raster_cell_m = max(abs(source.transform.a), abs(source.transform.e)) * unit
    if n_beside:
        _log.warning(
            "%s doesn't cover all that '%s' may reach: %s of %s grid points around it lie beside it, "
            "and count as no way",
            file,
            origin.name,
            f"{n_beside:,}",
            f"{kph.size:,}",
        )
    slowness = np.full(kph.shape, np.inf)
    np.divide(3600.0, kph, out=slowness, where=kph > 0)
    return Terrain(slowness, low[0], low[1], cell_m, raster_cell_m)


def _nowhere(source: Any, file: str, origin: Origin, *, all_beside: bool) -> str:
    where = f"'{origin.name}' ({origin.lon:.4f}, {origin.lat:.4f})"
    if all_beside:
        bounds = ", ".join(f"{value:g}" for value in source.bounds)
        return (
            f"'speed': {file} doesn't cover the surroundings of {where}; it spans {bounds} in "
            f"{source.crs.to_string()}: check its coordinate system, or give one that covers them"
        )
    return (
        f"'speed': {file} has no speed above 0 around {where} (0 or nodata everywhere); check that it holds "
        "km/h, and which value is marked as nodata"
    )


def _sample(
    source: Any, file: str, plane: LocalPlane, first_i: int, first_j: int, n_x: int, n_y: int, cell_m: float
) -> tuple[NDArray[np.float64], int]:
    """Speeds in km/h of the raster's cells that hold the grid's points, 0 for none; how many lie beside it."""
    crs = pyproj.CRS.from_wkt(source.crs.to_wkt())
    turn = None if crs == pyproj.CRS(WGS84) else pyproj.Transformer.from_crs(WGS84, crs, always_xy=True)
    out = np.zeros((n_y, n_x))
    beside = 0
    rows = max(1, _STRIP_POINTS // n_x)
    x = (first_i + np.arange(n_x)) * cell_m
    for top in range(0, n_y, rows):
        y = (first_j + np.arange(top, min(top + rows, n_y))) * cell_m
        points = plane.to_lonlat(np.column_stack([np.tile(x, len(y)), np.repeat(y, n_x)]))
        east, north = points.T if turn is None else turn.transform(points[:, 0], points[:, 1])
        if crs.is_geographic:  # whole turns, so that rasters across 180° or from 0° to 360° serve
            east = source.bounds.left + (east - source.bounds.left) % 360
        with np.errstate(invalid="ignore"):
            col = np.floor((east - source.transform.c) / source.transform.a)
            row = np.floor((north - source.transform.f) / source.transform.e)
            on = (col >= 0) & (col < source.width) & (row >= 0) & (row < source.height)
        beside += int((~on).sum())
        if on.any():
            out[top : top + len(y)].reshape(-1)[on] = _read(
                source, file, col[on].astype(np.int64), row[on].astype(np.int64)
            )
    return out, beside


def _read(source: Any, file: str, col: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.float64]:
    """Values of cells, read as the window around all of them; 0 for nodata."""
    left, top = int(col.min()), int(row.min())
    window = ((top, int(row.max()) + 1), (left, int(col.max()) + 1))
    values = source.read(1, window=window, masked=True)[row - top, col - left]
    numbers = np.ma.getdata(values).astype(float)
    known = ~np.ma.getmaskarray(values) & np.isfinite(numbers)
    numbers = np.where(known, numbers, 0.0)
    least, most = float(numbers.min()), float(numbers.max())
    if least < 0:
        raise InputError(
            f"'speed': {file} holds {least:g}, which isn't a speed; if it stands for nodata, mark it with "
            f"gdal_edit.py -a_nodata {least:g} {file}"
        )
    if most > _MAX_KPH:
        raise InputError(
            f"'speed': {file} holds {most:g}, above {_MAX_KPH:g} km/h, which isn't a speed off the network; if "
            f"it stands for nodata, mark it with gdal_edit.py -a_nodata {most:g} {file}, and give km/h"
        )
    return numbers
