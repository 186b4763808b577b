"""Tables of points: longitude and latitude in degrees, of any of China's datums."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from os import PathLike
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ..checks import require_path
from ..crs import WGS84, datum_to_wgs84, require_datum
from ..errors import InputError, InputTypeError
from ._numbers import to_degrees
from ._tables import TABLE_SUFFIXES, read_table
from ._vectors import holds_geometry, read_vector_file

#: What is taken from a table of points under our names.
POINT_COLUMNS: Final = ("origin_id", "origin_name", "adcode", "name", "lon", "lat")

_log = logging.getLogger(__name__)


def read_points(
    path: str | PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    datum: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
    strict: bool = False,
    argument: str = "path",
) -> gpd.GeoDataFrame:
    r"""Read a table of points, or a vector file, into a frame that every function takes as origins.

    Parameters
    ----------
    path : str or path
        .csv (UTF-8, UTF-16, GBK), .xlsx, .xls or .parquet with longitude and latitude in degrees, also written as
        113°51′0″; or what `read_vector_file` reads. Headers are understood in Chinese and as maps export them:
        经度, lng, x; 名称, 县名.
    columns : mapping of str to str, optional
        Our name -> the file's, such as ``{"lon": "E", "lat": "N"}``.
    datum : {"WGS84", "GCJ-02", "BD-09"}, optional
        What the coordinates are in: GCJ-02 for those of AMap (高德) and Tencent, BD-09 for Baidu's. WGS 84 when left
        out, unless the header says otherwise (``lng_gcj02``, 百度经度).
    layer : str, optional
        Of a vector file with several.
    encoding : str, optional
        Of the text; found out when left out.
    strict : bool
        Raise on the first row without usable coordinates. Otherwise it stays, with an empty geometry, and is named
        in the log.
    argument : str
        Name of the caller's argument, for messages.

    Returns
    -------
    geopandas.GeoDataFrame
        The file's columns without those of the coordinates, and `geometry` (Point) in EPSG:4326. The index is the row
        in the file, counted as a spreadsheet does.

    Raises
    ------
    DataFileError, MissingColumnError, MissingCRSError, EmptyInputError
    InputError
        If coordinates are metres, or longitude and latitude are swapped, in every row; or the header names another
        datum than `datum`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "towns.csv"
    ...     size = path.write_bytes("名称,经度,纬度\n萍乡,113°51′0″,27.62\n".encode("gbk"))
    ...     towns = br.read_points(path)
    >>> towns["name"].item(), towns.geometry.x.item()
    ('萍乡', 113.85)
    """
    file = require_path(path, argument)
    if datum is not None:
        datum = require_datum(datum)
    if file.suffix.lower() not in TABLE_SUFFIXES or holds_geometry(file):
        return read_vector_file(file, layer=layer, encoding=encoding, crs=datum, argument=argument)
    table = read_table(
        file,
        wanted=POINT_COLUMNS,
        needed=("lon", "lat"),
        columns=columns,
        encoding=encoding,
        argument=argument,
    )
    return table_points(table, f"'{argument}': {file.name}", datum=datum, strict=strict)


def table_points(
    table: pd.DataFrame, where: str, *, datum: str | None = None, strict: bool = False
) -> gpd.GeoDataFrame:
    """Return a table with columns `lon` and `lat` as points; see `read_points`.

    Parameters
    ----------
    table : pandas.DataFrame
        Its index names the rows in messages.
    where : str
        What to call it in messages.
    datum, strict
        As in `read_points`.
    """
    said = table.attrs.get("datum", "")
    if "/" in said:
        raise InputError(
            f"{where}: the headers of lon and lat name two datums, {said}; map one pair with columns="
        )
    chosen = require_datum(datum if datum is not None else said or "WGS84")
    if said and chosen != said:
        raise InputError(f"{where}: 'datum' is {chosen!r}, but the header says {said}; leave datum out")
    lon = np.array([to_degrees(value) for value in table["lon"]], dtype=float)
    lat = np.array([to_degrees(value) for value in table["lat"]], dtype=float)
    known = np.isfinite(lon) & np.isfinite(lat)
    good = known & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if known.any() and not good.any():
        row = int(np.argmax(known))
        swapped = bool(((np.abs(lat[known]) <= 180) & (np.abs(lon[known]) <= 90)).all())
        hint = (
            "longitude and latitude are swapped; map them with columns={'lon': ..., 'lat': ...}"
            if swapped
            else "these are metres; bring them to longitude and latitude in degrees first"
        )
        raise InputError(f"{where}, row {table.index[row]}: lon {lon[row]:g}, lat {lat[row]:g}: {hint}")
    if strict and not good.all():
        row = int(np.argmin(good))
        raise InputError(
            f"{where}, row {table.index[row]}: lon {_shown(table['lon'].iloc[row])}, lat {_shown(table['lat'].iloc[row])} isn't a "
            "position in degrees; mend or drop the row"
        )
    missing = table.index[~known].tolist()
    if missing:
        _log.warning(
            "%s: %d row(s) without coordinates that are numbers, the first: row %s",
            where, len(missing), missing[0],
        )  # fmt: skip
    if chosen != "WGS84":
        lon[good], lat[good] = datum_to_wgs84(lon[good], lat[good], chosen)
        _log.warning("%s: read as %s and shifted to WGS 84", where, chosen)
    points = np.full(len(table), None, dtype=object)
    points[known] = shapely.points(lon[known], lat[known])
    return gpd.GeoDataFrame(table.drop(columns=["lon", "lat"]), geometry=points, crs=WGS84)


def _shown(value: Any) -> str:
    """Return a cell as its file has it."""
    return repr(value) if isinstance(value, str) else str(value)


def frame_points(table: Any, argument: str, *, datum: str | None = None) -> gpd.GeoDataFrame:
    """Return a caller's DataFrame with coordinates under any of their names as points; see `read_points`.

    Raises
    ------
    InputTypeError, MissingColumnError, InputError
    """
    from ._headers import find_columns  # noqa: PLC0415

    if not isinstance(table, pd.DataFrame):
        raise InputTypeError(f"'{argument}' should be a DataFrame, got {type(table).__name__}")
    found = find_columns(table.columns, POINT_COLUMNS, f"'{argument}'", needed=("lon", "lat"))
    named = table.rename(columns={header: own for own, header in found.items()})
    return table_points(named, f"'{argument}'", datum=datum, strict=True)
