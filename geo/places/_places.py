"""Places by name, adcode or position, and origins of any kind as a table of points."""

from __future__ import annotations

import difflib
import functools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..checks import first_index, require_choice, require_frame, require_lonlat
from ..crs import WGS84
from ..errors import (
    AmbiguousPlaceError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    UnknownPlaceError,
)
from ..files import code_text, frame_points
from ._boundaries import Boundaries, Level, cities, counties, provinces
from ._embedded import CODE_COLUMN, SOURCES
from ._identity import ROW_NUMBERS, code_of
from ._names import stem
from ._parents import are_counties, parents

ORIGIN_COLUMNS: Final = ("origin_id", "origin_name", "lon", "lat", "geometry")
LEVELS: Final = ("province", "city", "county")
#: Names with all that a place belongs to before it are shorter by far; comparing longer ones takes minutes.
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """A point that stands for an administrative unit or was given by its coordinates.

    Attributes
    ----------
    name : str
        Official name; ``"106.5000, 29.5000"`` for coordinates.
    adcode : int
        Six digits; 0 for coordinates.
    level : str
        "province", "city", "county" or "point".
    lon, lat : float
        Degrees, WGS 84.
    city, province : str
        What it belongs to, the names empty for coordinates.
    point_source : str
        "seat" of government, point on the "surface", or "given".

    Examples
    --------
    >>> br.place("綦江区") == br.place(500110)
    True
    >>> isinstance(br.place((106.5, 29.5)), br.Place)
    True
    """

    name: str
    adcode: int
    level: str
    lon: float
    lat: float
    city: str
    province: str
    point_source: str

    @property
    def geometry(self) -> shapely.Point:
        """The place as a point in EPSG:4326."""
        return shapely.Point(self.lon, self.lat)

    @property
    def __geo_interface__(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.geometry.__geo_interface__)

    def __str__(self) -> str:
        parents = [p for p in dict.fromkeys((self.province, self.city)) if p and p != self.name]
        within = f" ({', '.join(parents)})" if parents else ""
        return f"{self.name} {self.adcode}{within}" if self.adcode else self.name


def place(query: Any, *, source: Boundaries = "tianditu", level: Level | None = None) -> Place:
    """Return the place that a name, an adcode or a pair of coordinates stands for.

    Parameters
    ----------
    query : str, int, (lon, lat) or Place
        A Chinese name with or without suffix (綦江区, 綦江), also with what it belongs to
        before it (重庆市綦江区, "福建/福州/鼓楼区"); an adcode (500110, "500110"); or degrees
        in WGS 84.
    source : {"tianditu", "amap"}, path or GeoDataFrame
        Whose units to look in; counties of one's own, as `counties` takes them, and the cities and provinces that they
        make up. Codes that are text (NUTS) stand for their units too.
    level : {"province", "city", "county"}, optional
        Look among these only.

    Returns
    -------
    Place

    Raises
    ------
    UnknownPlaceError
        With names that come close.
    AmbiguousPlaceError
        With the places that match, where several of one level do.
    InputError, InputTypeError
        If coordinates are out of range, or `query` is none of the above.

    Notes
    -----
    An official name wins over a name without its suffix, and among these the higher level wins:
    长沙 is the city 长沙市, 长沙县 is the county. A municipality is one place, not a province and
    a city.

    Examples
    --------
    >>> br.place("綦江").adcode
    500110
    >>> br.place("长沙").name, br.place("长沙", level="county").name
    ('长沙市', '长沙县')
    """
    if level is not None:
        require_choice(level, "level", LEVELS)
    if isinstance(query, Place):
        return query
    if _is_pair(query):
        lon, lat = require_lonlat(query[0], query[1], "query")
        return Place(f"{lon:.4f}, {lat:.4f}", 0, "point", lon, lat, "", "", "given")
    if isinstance(query, bool) or not isinstance(query, (str, Integral)):
        raise InputTypeError(
            f"a place is a name such as '綦江区', an adcode such as 500110 or (lon, lat), got {query!r}"
        )
    table = _gazetteer(source)
    if level is not None:
        table = table[table["level"] == level]
    else:
        table = table.drop_duplicates(["adcode", "name"])  # codes of other countries count anew at each level
    text = query.strip() if isinstance(query, str) else _digits(query)
    if text.isascii() and text.isdecimal():
        text = code_text(text)  # nine and twelve digits as well
    if len(text) > _LONGEST_NAME or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UnknownPlaceError(f"no place has a name like {text[:40]!a}, of {len(text)} character(s)")
    found = _by_code(table, text) if text.isdecimal() else _by_name(table, text)
    if len(found) == 0 and CODE_COLUMN in table.columns:
        found = table[table[CODE_COLUMN] == text]  # text codes, such as NUTS'
    if len(found) == 0:
        raise UnknownPlaceError(_unknown(table, text, level))
    if len(found) > 1:
        candidates = tuple(str(_as_place(row)) for row in found.itertuples())
        raise AmbiguousPlaceError(
            f"{text!r} could be {len(found)} places: {'; '.join(candidates)}. "
            f"Give the adcode, or what it belongs to: {_prefixed(found)!r}",
            candidates,
        )
    return _as_place(next(found.itertuples()))


def origins_table(
    origins: Any, *, argument: str = "origins", source: Boundaries = "tianditu"
) -> gpd.GeoDataFrame:
    """Return anything that names points as a table of points.

    Parameters
    ----------
    origins : DataFrame, Place, str, int, (lon, lat), or an iterable of the last four
        Of a DataFrame, `lon` and `lat` in WGS 84, also under names such as 经度 and lng. Of a GeoDataFrame, points are taken as they are; polygons by their columns `lon`, `lat`
        (degrees in WGS 84, as counties have them) where there are such, else by a point on the
        surface. `origin_id` comes from the column `origin_id` or `adcode`, else from the index,
        and `origin_name` from `origin_name` or `name`, else from the id.
    argument : str
        Name of the caller's argument, for messages.
    source : {"tianditu", "amap"}, path or GeoDataFrame
        Where names and adcodes are looked up, as in :func:`place`.

    Returns
    -------
    geopandas.GeoDataFrame
        `origin_id, origin_name, lon, lat, geometry` (Point) in EPSG:4326, one row per origin, in
        the order given. The id of a place is its adcode, that of a position its coordinates. Row
        numbers name rows and no places: `same_places` tells which of two tables' rows are one place.

    Raises
    ------
    EmptyInputError
        If there is none.
    MissingCRSError, GeometryTypeError
        If a frame has no CRS, or geometries that are neither points nor polygons.
    InputError
        If coordinates aren't finite or out of range (with the row), or an id occurs twice.
    UnknownPlaceError, AmbiguousPlaceError, InputTypeError
        As in :func:`place`.

    Examples
    --------
    >>> br.origins_table(["綦江区", (106.55, 29.56)])["origin_id"].tolist()
    ['500110', '106.550000,29.560000']
    """
    if not isinstance(origins, (pd.DataFrame, gpd.GeoSeries)):
        asked = _from_queries(origins, argument, source)
        _require_distinct(asked[0], argument)
        return _table(*asked)
    ids, names, lon, lat, are_row_numbers = _from_rows(origins, argument)
    table = _table(ids, names, lon, lat)
    if are_row_numbers:
        table.attrs[ROW_NUMBERS] = True
    return table


def origin_points(
    origins: Any, *, argument: str = "origins", source: Boundaries = "tianditu"
) -> list[tuple[str, str, float, float, str]]:
    """Return what `origins_table` returns as a list of (id, name, lon, lat, code), without making a frame.

    The code is that by which `same_places` knows a place; empty where it has none.

    Parameters
    ----------
    origins, argument, source
        As for `origins_table`; the same errors are raised.

    Examples
    --------
    >>> origin_points((106.55, 29.56))
    [('106.550000,29.560000', '106.5500, 29.5600', 106.55, 29.56, '')]
    """
    if isinstance(origins, (pd.DataFrame, gpd.GeoSeries)):
        ids, names, lon, lat, are_row_numbers = _from_rows(origins, argument)
    else:
        (ids, names, lon, lat), are_row_numbers = _from_queries(origins, argument, source), False
        _require_distinct(ids, argument)
    codes = ["" if are_row_numbers else code_of(name) for name in ids]
    return list(zip(ids, names, lon.tolist(), lat.tolist(), codes, strict=True))


def _require_distinct(ids: list[str], argument: str) -> None:
    """Raise unless every id occurs once."""
    twice = [name for name, times in Counter(ids).items() if times > 1]
    if twice:
        raise InputError(
            f"'{argument}' has {len(twice)} origin(s) whose id occurs before, such as {twice[0]!r}; "
            "drop the duplicates or give a column 'origin_id' with different values"
        )


def _from_queries(
    origins: Any, argument: str, source: Boundaries
) -> tuple[list[str], list[str], NDArray[np.float64], NDArray[np.float64]]:
    if isinstance(origins, (str, Integral, Place)) or _is_pair(origins):
        origins = [origins]
    if not isinstance(origins, Iterable):
        raise InputTypeError(
            f"'{argument}' should be a GeoDataFrame, or names, adcodes or (lon, lat) pairs, "
            f"got {type(origins).__name__}"
        )
    places = []
    for number, item in enumerate(origins):
        try:
            places.append(place(item, source=source))
        except (InputError, InputTypeError) as error:
            raise type(error)(f"'{argument}', item {number}: {error}") from error
    if not places:
        raise EmptyInputError(f"'{argument}' is empty; give at least one name, adcode or (lon, lat)")
    ids = [str(p.adcode) if p.adcode else f"{p.lon:.6f},{p.lat:.6f}" for p in places]
    lon, lat = np.array([p.lon for p in places]), np.array([p.lat for p in places])
    return ids, [p.name for p in places], lon, lat


def _from_rows(
    origins: pd.DataFrame | gpd.GeoSeries, argument: str
) -> tuple[list[str], list[str], NDArray[np.float64], NDArray[np.float64], bool]:
    """Return ids, names, longitudes and latitudes of a table's rows, and whether its ids are row numbers."""
    if isinstance(origins, gpd.GeoSeries):
        frame = gpd.GeoDataFrame(geometry=origins)
    else:
        frame = origins if isinstance(origins, gpd.GeoDataFrame) else frame_points(origins, argument)
    frame = require_frame(
        frame, argument, geometry_types=("Point", "MultiPoint", "Polygon", "MultiPolygon"), allow_empty=False
    )
    shapes = frame.geometry.to_numpy().copy()
    several = shapely.get_type_id(shapes) == 4
    if several.any():  # GIS programs write single points so
        many = several & (shapely.get_num_geometries(shapes) > 1)
        if many.any():
            raise GeometryTypeError(
                f"'{argument}' has several points in one row, the first at index {first_index(frame, many)}; an origin "
                "is one point: call explode() and give each an id"
            )
        shapes[several] = shapely.get_geometry(shapes[several], 0)
    is_point = shapely.get_type_id(shapes) == 0
    if {"lon", "lat"} <= set(frame.columns):
        lon, lat = (
            np.array(pd.to_numeric(frame[name], errors="coerce"), dtype=float) for name in ("lon", "lat")
        )
    else:
        inner = shapes.copy()
        inner[~is_point] = shapely.point_on_surface(shapes[~is_point])
        lon, lat = shapely.get_x(inner), shapely.get_y(inner)
    lon[is_point], lat[is_point] = shapely.get_x(shapes[is_point]), shapely.get_y(shapes[is_point])
    bad = ~(np.isfinite(lon) & np.isfinite(lat)) | (np.abs(lon) > 180) | (np.abs(lat) > 90)
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"'{argument}' has {int(bad.sum())} row(s) without usable coordinates, the first at index "
            f"{first_index(frame, bad)}: lon {lon[row]}, lat {lat[row]}; expected degrees in WGS 84"
        )
    ids = _first_column(frame, ("origin_id", "adcode"), argument)
    names = _first_column(frame, ("origin_name", "name"), argument)
    labels = [str(value) for value in frame.index] if ids is None else ids
    _require_distinct(labels, argument)
    return labels, labels if names is None else names, lon, lat, _are_row_numbers(frame, ids)


def _are_row_numbers(frame: gpd.GeoDataFrame, ids: list[str] | None) -> bool:
    """Whether ids come from an index of whole numbers that nobody gave a name."""
    if ids is None:
        return frame.index.name is None and pd.api.types.is_integer_dtype(frame.index)
    return bool(frame.attrs.get(ROW_NUMBERS, False)) and "origin_id" in frame.columns


def _first_column(frame: gpd.GeoDataFrame, names: tuple[str, ...], argument: str) -> list[str] | None:
    for name in names:
        if name not in frame.columns:
            continue
        values = frame[name]
        if values.isna().any():
            raise InputError(
                f"'{argument}' has rows without a value in {name!r}, the first at index "
                f"{first_index(frame, values.isna())}; fill them or drop the column"
            )
        if name == "adcode":
            return [code_text(value) for value in values]
        if pd.api.types.is_float_dtype(values) and (values % 1 == 0).all():
            values = values.astype("int64")
        return [str(value) for value in values]
    return None


def _table(ids: list[str], names: list[str], lon: Any, lat: Any) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"origin_id": ids, "origin_name": names, "lon": lon, "lat": lat})
    frame = frame.astype({"origin_id": "str", "origin_name": "str", "lon": "float64", "lat": "float64"})
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(lon, lat), crs=WGS84)


def _digits(number: Any) -> str:
    """Return a whole number as text; of one that no code can be, as much as says so."""
    return str(int(number)) if abs(int(number)) < 10**18 else f"{'-' if number < 0 else ''}10**18 or more"


def _is_pair(query: Any) -> bool:
    """Tell (lon, lat) from a list of two adcodes: a pair of numbers with degrees in it."""
    if isinstance(query, (str, bytes)) or not isinstance(query, (tuple, list, np.ndarray)) or len(query) != 2:
        return False
    if not all(isinstance(value, Real) and not isinstance(value, bool) for value in query):
        return False
    both_codes = all(isinstance(value, Integral) and abs(int(value)) >= 100_000 for value in query)
    return not both_codes


def _gazetteer(source: Boundaries) -> pd.DataFrame:
    if isinstance(source, str) and source in SOURCES:
        return _embedded_gazetteer(source)
    units = source if are_counties(source) else counties(source)
    return _listed(parents("province", units, outlines=False), parents("city", units, outlines=False), units)


@functools.cache
def _embedded_gazetteer(source: str) -> pd.DataFrame:
    top, mid = (one.assign(point_source="seat") for one in (provinces(source), cities(source)))
    return _listed(top, mid, counties(source))


def _listed(top: gpd.GeoDataFrame, mid: gpd.GeoDataFrame, low: gpd.GeoDataFrame) -> pd.DataFrame:
    """Names, stems, levels and parents of all units; a unit of two levels stands at the higher."""
    top = top.assign(level="province", province=top["name"], city="")
    mid = mid.assign(level="city", city=mid["name"])
    frames = [pd.DataFrame(one.drop(columns="geometry")) for one in (top, mid, low.assign(level="county"))]
    table = pd.concat(frames, ignore_index=True)
    return table.assign(stem=table["name"].map(stem))


def _by_code(table: pd.DataFrame, text: str) -> pd.DataFrame:
    return table[table["adcode"] == int(text)]


def _by_name(table: pd.DataFrame, text: str) -> pd.DataFrame:
    if "/" in text and (table["name"] == text).any():  # Bolzano/Bozen
        return _highest(table[table["name"] == text])
    parts = [part.strip() for part in text.split("/")]
    if not all(parts):
        return table.iloc[:0]
    found = _last_part(table, parts[-1]) if len(parts) == 1 else _named(table, parts[-1])
    for parent in parts[:-1]:
        found = found[_belongs(found, parent)]
    return _highest(found)


def _named(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows with the official name, else with it as stem, else with it as the short form."""
    exact = table[table["name"] == name]
    if len(exact):
        return exact
    stemmed = table[table["stem"] == name]
    if len(stemmed) or len(name) < 3:
        return stemmed
    # 酉阳县 and 海南州 for autonomous units
    short = (table["stem"] == name[:-1]) & table["name"].str.endswith(name[-1])
    return table[short & table["name"].str.contains("自治")]


def _last_part(table: pd.DataFrame, text: str) -> pd.DataFrame:
    """Rows named `text`, or named as its end where its beginning says what they belong to."""
    found = _named(table, text)
    if len(found):
        return found
    for cut in range(2, len(text) - 1):
        found = _named(table, text[cut:])
        if len(found) == 0:
            continue
        before = text[:cut]
        inside = found[_belongs(found, before)]
        if len(inside) == 0:  # province and city in one string
            inside = found[
                [
                    any(before[:mid] in _names(p) and before[mid:] in _names(c) for mid in range(2, cut - 1))
                    for p, c in zip(found["province"], found["city"], strict=True)
                ]
            ]
        if len(inside):
            return inside
    return table.iloc[:0]


def _belongs(found: pd.DataFrame, parent: str) -> pd.Series[bool]:
    inside = [
        parent in _names(province) or parent in _names(city)
        for province, city in zip(found["province"], found["city"], strict=True)
    ]
    return pd.Series(inside, index=found.index, dtype=bool)


def _names(name: str) -> set[str]:
    return {name, stem(name)} if name else set()


def _highest(found: pd.DataFrame) -> pd.DataFrame:
    for level in LEVELS:
        at_level = found[found["level"] == level]
        if len(at_level):
            return at_level
    return found


def _as_place(row: Any) -> Place:
    return Place(
        name=str(row.name),
        adcode=int(row.adcode),
        level=str(row.level),
        lon=float(row.lon),
        lat=float(row.lat),
        city=str(row.city),
        province=str(row.province),
        point_source=str(row.point_source),
    )


def _prefixed(found: pd.DataFrame) -> str:
    first = found.iloc[0]
    return "/".join(dict.fromkeys(p for p in (first["province"], first["city"], first["name"]) if p))


def _unknown(table: pd.DataFrame, text: str, level: Level | None) -> str:
    among = "place" if level is None else level
    if text.isdecimal():
        return f"no {among} has adcode {text}; adcodes have six digits, such as 500110 for 綦江区"
    names = pd.unique(pd.concat([table["name"], table["stem"]]))
    close = difflib.get_close_matches(text.rsplit("/", maxsplit=1)[-1], names.tolist(), n=4, cutoff=0.5)
    hint = f"; did you mean {'、'.join(close)}?" if close else "; give a Chinese name or an adcode"
    return f"no {among} is called {text!r}{hint}"
