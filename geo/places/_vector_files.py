"""Read a user's vector file; what isn't plainly data is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import geopandas as gpd
import pyogrio

from ..checks import unsound_text
from ..errors import DataFileError, GeometryTypeError, InputError

PARQUET_SUFFIXES: Final = (".parquet", ".geoparquet", ".pq")
#: GDAL tells formats by content: a file of any name that begins like this makes it open others.
_POINTS_ELSEWHERE: Final = (b"<OGRVRT", b"<VRTDataset", b"<OGRWFS", b"<GDAL_WMS", b"<WFS")
_HEAD_BYTES: Final = 4096


def read_vector_file(
    path: Path, *, layer: str | None = None, encoding: str | None = None, argument: str = "source"
) -> gpd.GeoDataFrame:
    """Read a GeoPackage, Shapefile, GeoJSON, GeoParquet or what else GDAL reads from one file.

    Parameters
    ----------
    path : pathlib.Path
    layer : str, optional
        Which layer to read, of a file with several.
    encoding : str, optional
    argument : str
        Name of the caller's argument, for messages.

    Raises
    ------
    DataFileError
        If the file isn't there, can't be read, or leads GDAL to other files or servers.
    InputError
        If it has several layers and none is chosen.
    GeometryTypeError
        If it holds a table without geometry.
    """
    require_plain_file(path, argument)
    try:
        if path.suffix.lower() in PARQUET_SUFFIXES:
            frame = gpd.read_parquet(path)
        else:
            frame = _read_with_gdal(path, layer, encoding)
    except InputError:
        raise
    except Exception as error:  # GDAL, Arrow and codecs each have their own kinds
        raise DataFileError(
            f"'{argument}': {path} can't be read as GeoPackage, Shapefile, GeoJSON or GeoParquet "
            f"({type(error).__name__}: {error})"
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise GeometryTypeError(f"'{argument}': {path.name} holds a table without geometry")
    column = unsound_text(frame)
    if column is not None:
        raise DataFileError(
            f"'{argument}': {path} is damaged: it holds text in {column!r} that isn't UTF-8; write it anew"
        )
    return frame


def _read_with_gdal(path: Path, layer: str | None, encoding: str | None) -> gpd.GeoDataFrame:
    if layer is None:
        layers = pyogrio.list_layers(path)[:, 0]
        if len(layers) > 1:
            raise InputError(
                f"{path.name} has several layers; choose one with layer=: {', '.join(map(repr, layers))}"
            )
    options = {} if encoding is None else {"encoding": encoding}
    return gpd.read_file(path, layer=layer, **options)


def require_plain_file(path: Path, argument: str) -> None:
    """Raise unless a path is one of the file system, and holds data rather than addresses of some.

    Parameters
    ----------
    path : pathlib.Path
    argument : str
        Name of the caller's argument, for messages.

    Raises
    ------
    DataFileError
        If there is no such file, it can't be read, or it leads GDAL to other files or servers.
    """
    if not path.exists():  # nor one of GDAL's names for what lies in archives and on servers
        raise DataFileError(f"'{argument}': there is no file {path}")
    head = b""
    if path.is_file():  # a .gdb is a folder
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES)
        except OSError as error:
            raise DataFileError(f"'{argument}': {path} can't be read ({error.strerror})") from error
    if any(mark in head for mark in _POINTS_ELSEWHERE):
        raise DataFileError(
            f"'{argument}': {path.name} holds no data but the address of some; give the file that it points to"
        )
