"""People from population rasters: WorldPop, GHSL and others, read window by window."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_frame, require_path
from ...geo.crs import WGS84
from ...geo.errors import DataFileError, InputError, InputTypeError, MissingCRSError, MissingDependencyError
from ...geo.files import require_plain_file

#: Cells read at a time: 32 MB of 64-bit numbers.
_BLOCK_CELLS: Final = 4_000_000
#: Cells in an area at most: all of China in cells of 10 m.
_MOST_CELLS: Final = 1e11
#: Longest piece of an outline, in cells, before it is bent by a change of projection.
_SEGMENT_CELLS: Final = 20

_log = logging.getLogger(__name__)


def people_in_raster(
    areas: gpd.GeoDataFrame, raster: str | os.PathLike[str], *, band: int = 1
) -> gpd.GeoDataFrame:
    r"""Count the people of a population raster within areas.

    Cells hold numbers of people (not densities); a cell belongs to an area if its centre lies inside.
    Only windows around the areas are read, a few million cells at a time.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        Polygons with a CRS.
    raster : path
        A GeoTIFF or whatever else rasterio reads, with a coordinate system.
    band : int
        Counted from 1.

    Returns
    -------
    geopandas.GeoDataFrame
        The areas with `people`, `n_cells` (cells with a value whose centres lie inside) and
        `raster_cover` (their share of all cells whose centres lie inside, cells off the raster
        included), same rows and index. `people` is NaN where there is no cell with a value: such an
        area is logged, and an error if it is all of them.

    Raises
    ------
    MissingDependencyError
        If rasterio isn't installed: ``pip install "borderreach[raster]"``.
    MissingCRSError
        If the areas or the raster have no coordinate system.
    DataFileError
        If the file can't be read.
    InputError
        If the raster has no value anywhere in the areas, holds negative numbers that aren't marked as
        nodata, or has no such band.
    InputTypeError, GeometryTypeError

    References
    ----------
    Tatem, A. J. (2017). WorldPop, open data for spatial demography. Scientific Data 4, 170004.

    Schiavina, M., Freire, S., Carioli, A., MacManus, K. (2023). GHS-POP R2023A: GHS population grid
    multitemporal (1975-2030). European Commission, Joint Research Centre.

    Examples
    --------
    Two cells with 10 and 20 people:

    >>> import pyproj
    >>> from pathlib import Path
    >>> written = (
    ...     Path("people.asc").write_text("ncols 2\nnrows 1\nxllcorner 106\nyllcorner 29\ncellsize 1\n10 20\n"),
    ...     Path("people.prj").write_text(pyproj.CRS(4326).to_wkt("WKT1_ESRI")),
    ... )
    >>> area = gpd.GeoDataFrame(geometry=[shapely.box(106, 29, 107, 30)], crs=4326)
    >>> br.people_in_raster(area, "people.asc")[["people", "n_cells", "raster_cover"]].values.tolist()
    [[10.0, 1.0, 1.0]]
    """
    frame = require_frame(areas, "areas", geometry_types=("Polygon", "MultiPolygon"))
    rasterio = _rasterio()
    with open_raster(raster, "raster", band=band) as source:
        file = Path(raster)
        shapes = _projected(frame, source)
        counts = np.array(
            [_count(rasterio, source, band, shape, file) for shape in shapes], dtype=float
        ).reshape(-1, 3)
    total, valid, inside = counts.T
    bare = valid == 0
    if len(frame) and bare.all():
        raise InputError(
            f"'raster': {file.name} has no value anywhere in the areas (nodata everywhere, or they lie beside "
            "it or between its cells); check that it covers them, in the right coordinate system"
        )
    if bare.any():
        _log.warning("%s has no value in %d of %d areas", file.name, int(bare.sum()), len(frame))
    with np.errstate(invalid="ignore", divide="ignore"):
        cover = np.where(inside > 0, valid / inside, 0.0)
    return areas.assign(
        people=np.where(bare, np.nan, total), n_cells=valid.astype(np.int64), raster_cover=cover
    )


@contextmanager
def open_raster(raster: object, argument: str, *, band: int = 1) -> Iterator[Any]:
    """Open a raster, north up and with a coordinate system.

    Parameters
    ----------
    raster : path
    argument : str
        Name of the caller's argument, for messages.
    band : int
        Counted from 1.

    Yields
    ------
    rasterio.DatasetReader

    Raises
    ------
    MissingDependencyError, InputTypeError, DataFileError, MissingCRSError, InputError
    """
    rasterio = _rasterio()
    if not isinstance(raster, (str, os.PathLike)):
        raise InputTypeError(f"'{argument}' should be a path, got {type(raster).__name__}")
    file = require_path(raster, argument)
    require_plain_file(file, argument)
    try:
        source = rasterio.open(file)
    except rasterio.errors.RasterioIOError as error:
        raise DataFileError(f"'{argument}': {file} can't be read: {error}") from error
    with source:
        _require_usable(source, file, argument, band)
        try:
            yield source
        except rasterio.errors.RasterioIOError as error:  # damage shows when the cells are read
            raise DataFileError(f"'{argument}': {file} is damaged: {error}") from error


def _rasterio() -> ModuleType:
    try:
        rasterio = importlib.import_module("rasterio")
        for part in ("errors", "features", "windows"):
            importlib.import_module(f"rasterio.{part}")
    except ImportError as error:
        raise MissingDependencyError(
            'rasters need rasterio; install it with pip install "borderreach[raster]"'
        ) from error
    return rasterio


def _require_usable(source: Any, file: Path, argument: str, band: int) -> None:
    if source.crs is None:
        raise MissingCRSError(
            f"'{argument}': {file.name} has no coordinate reference system; assign one first, such as "
            f"with gdal_edit.py -a_srs EPSG:4326 {file.name}"
        )
    if band not in range(1, source.count + 1):
        raise InputError(f"'band' should be a whole number from 1 to {source.count}, got {band!r}")
    transform = source.transform
    if not np.isfinite(tuple(transform)).all() or transform.a == 0 or transform.e == 0:
        raise DataFileError(f"'{argument}': {file.name} says that its cells have no size; make it again")
    if transform.b or transform.d:
        raise InputError(
            f"'{argument}': {file.name} is rotated; warp it to a north-up grid with gdalwarp first"
        )


def _projected(frame: gpd.GeoDataFrame, source: Any) -> NDArray[np.object_]:
    """Outlines in the raster's system; long straight edges follow their bend there."""
    crs = pyproj.CRS.from_wkt(source.crs.to_wkt())
    shapes: NDArray[np.object_] = frame.geometry.to_numpy()
    if crs == pyproj.CRS(WGS84):
        return shapes
    per_unit = 1.0 if crs.is_geographic else 1 / 111_000
    cell = max(abs(source.transform.a), abs(source.transform.e)) * per_unit
    dense = shapely.segmentize(shapes, cell * _SEGMENT_CELLS)
    try:
        projected: NDArray[np.object_] = gpd.GeoSeries(dense, crs=WGS84).to_crs(crs).to_numpy()
    except pyproj.exceptions.ProjError as error:  # a damaged description of a system
        raise DataFileError(f"'areas' can't be put into the raster's projection: {error}") from error
    if len(projected) and not np.isfinite(shapely.bounds(projected)).all():
        raise InputError("'areas' reach beyond where the raster's projection is defined; clip them first")
    return projected


def _count(
    rasterio: ModuleType, source: Any, band: int, shape: shapely.Geometry, file: Path
) -> tuple[float, int, int]:
    """Sum of values, number of cells with a value, and number of cells inside, on the raster or off it."""
    total, valid, inside = 0.0, 0, 0
    for window, on_raster in _windows(rasterio, source, shape):
        transform = source.window_transform(window)
        size = (int(window.height), int(window.width))
        mask = rasterio.features.geometry_mask([shape], size, transform, invert=True)
        inside += int(mask.sum())
        if not on_raster or not mask.any():
            continue
        values = source.read(band, window=window, masked=True, boundless=True)
        numbers = np.ma.getdata(values).astype(float)
        known = mask & ~np.ma.getmaskarray(values) & np.isfinite(numbers)
        found = numbers[known]
        if (found < 0).any():
            raise InputError(
                f"'raster': {file.name} holds {float(found.min()):g}, which isn't a number of people; if it "
                f"stands for nodata, mark it with gdal_edit.py -a_nodata {float(found.min()):g} {file.name}"
            )
        total += float(found.sum())
        valid += int(known.sum())
    return total, valid, inside


def _windows(rasterio: ModuleType, source: Any, shape: shapely.Geometry) -> Iterator[tuple[Any, bool]]:
    """Yield strips of whole cells around a shape, and whether each meets the raster."""
    transform = source.transform
    minx, miny, maxx, maxy = shapely.bounds(shape)
    columns = np.sort([(minx - transform.c) / transform.a, (maxx - transform.c) / transform.a])
    rows = np.sort([(miny - transform.f) / transform.e, (maxy - transform.f) / transform.e])
    cells = (columns[1] - columns[0]) * (rows[1] - rows[0])
    if not (cells <= _MOST_CELLS and np.abs([*columns, *rows]).max() <= _MOST_CELLS):
        raise DataFileError(
            f"the raster's cells of {abs(transform.a):g} by {abs(transform.e):g} are too small to be true; an area "
            f"would hold {cells:.0e} of them"
        )
    left, right = int(np.floor(columns[0])), int(np.ceil(columns[1]))
    top, bottom = int(np.floor(rows[0])), int(np.ceil(rows[1]))
    width = max(right - left, 1)
    step = max(1, _BLOCK_CELLS // width)
    for row in range(top, max(bottom, top + 1), step):
        height = min(step, max(bottom, top + 1) - row)
        meets = row < source.height and row + height > 0 and left < source.width and left + width > 0
        yield rasterio.windows.Window(left, row, width, height), meets
