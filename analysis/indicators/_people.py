"""People: residents of counties, where in the county they are taken to live, and how many an area holds."""

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
from numpy.typing import NDArray

from ... import data
from ...geo.antimeridian import cut_at_antimeridian
from ...geo.checks import require_choice, require_frame, require_path, require_sound_text
from ...geo.crs import WGS84
from ...geo.errors import EmptyInputError, InputError, InputTypeError
from ...geo.files import code_numbers, code_text, find_columns, read_table, to_number
from ...geo.networks import TransportNetwork
from ...geo.places import SOURCES
from ..schemas import Schema
from ..times import listed, require_network
from ._placed import nodes_placed

Rule = Literal["seat", "nodes"]
RULES: Final = ("seat", "nodes")

PEOPLE: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "people": "float64",
    "zone_people": "float64",
    "basis": "str",
    "census_units": "str",
}
PEOPLE_POINTS: Final[Schema] = {
    "adcode": "int64",
    "people": "float64",
    "lon": "float64",
    "lat": "float64",
    "rule": "str",
    "geometry": "geometry",
}
#: Residents of the 31 provinces by the census' communiqué; servicemen aren't in any county.
CENSUS_TOTAL: Final = 1_409_778_724

_POLYGONS: Final = ("Polygon", "MultiPolygon")
#: Rows that are left out are named one by one up to here.
_MOST_NAMED: Final = 10
#: Hardly any county of China has fewer people than this.
_THOUSANDS: Final = 2000
_log = logging.getLogger(__name__)


def people(
    source: str | os.PathLike[str] = "tianditu",
    *,
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    strict: bool = False,
    units: gpd.GeoDataFrame | None = None,
) -> pd.DataFrame:
    """Return residents of county-level units, one row each.

    Parameters
    ----------
    source : {"tianditu", "amap"} or path
        The seventh census (1 November 2020), brought to the units of these boundaries, which differ
        in a few; or a table of one's own: .csv, .xlsx, .xls, .parquet. A column that counts in ten
        thousands says so, 人口（万人）.
    columns : mapping of str to str, optional
        For a file: the schema's column -> the file's; `adcode` and `people` are needed, also under
        names that mean them, such as 行政区划代码 and 常住人口.
    encoding : str, optional
        Encoding of a text file; found out when left out.
    strict : bool
        Refuse a file with a row without code or number. Otherwise such rows (notes, sums) are left
        out, each with a line in the log.
    units : geopandas.GeoDataFrame, optional
        For a file whose codes are text, such as NUTS': counties as `counties` returns them, with these in `code`.

    Returns
    -------
    pandas.DataFrame
        ``adcode, name, people, zone_people, basis, census_units``. `zone_people` are those of
        development zones, counted by the census as units of their own, that were added to the county
        (they are part of `people`). `basis` says what the rest is: ``census`` the county's own
        figure; ``renamed`` that of the same unit under its former name or code; ``merged`` the sum
        of former units (`census_units`); ``published`` the communiqué's figure for a new unit;
        ``split by area`` a part of former units by area; ``counted elsewhere`` none, because its
        people are in other rows; ``own table`` for a file.

    Raises
    ------
    InputError
        If `source` is neither known nor a file, people are negative or missing, or a code comes twice.
    DataFileError, MissingColumnError, EmptyInputError
        If a file can't be read, lacks a column or has no rows.

    Notes
    -----
    The rows of either source add up to the census' 31 provinces, 1,409,778,724. The census' national
    total of 1,411,778,724 adds servicemen, whom no county counts. Hong Kong, Macao and Taiwan (with
    Jinmen) weren't part of it and have no rows. How each figure came about: `data/build/people_2020.py`.

    Examples
    --------
    >>> table = br.people().set_index("adcode")
    >>> f"{table.people[500110]:,.0f} {table.people.sum():,.0f}"
    '1,011,334 1,409,778,724'
    """
    if not isinstance(source, (str, os.PathLike)):
        raise InputTypeError(f"'source' should be 'tianditu', 'amap' or a path, got {type(source).__name__}")
    if source in SOURCES:
        return _embedded(str(source)).copy()
    if columns is not None and not isinstance(columns, Mapping):
        raise InputTypeError(f"'columns' should map the schema's columns to the file's, got {columns!r}")
    if units is not None:
        require_frame(units, "units", columns=("adcode",))
    return _from_file(require_path(source, "source"), dict(columns or {}), encoding, units, strict=strict)


def with_people(
    counties: gpd.GeoDataFrame,
    people: pd.DataFrame | None = None,
    *,
    missing: Literal["raise", "report"] = "raise",
) -> gpd.GeoDataFrame:
    """Return counties with their residents.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        With `adcode` (and `name`), as `counties` returns them.
    people : pandas.DataFrame, optional
        ``adcode, people``, as `people` returns them or of one's own. By default that of the embedded
        tables in which more counties have the same code and name.
    missing : {"raise", "report"}
        What to do with counties that the table doesn't have: an error that names them, or NaN and a
        warning in the log.

    Returns
    -------
    geopandas.GeoDataFrame
        The counties with `people` and `people_basis` (empty where unknown), same rows and index.

    Raises
    ------
    InputError
        If counties are missing from the table, both embedded tables fit and differ, or people are
        negative, missing or come twice.
    InputTypeError, MissingCRSError, MissingColumnError

    Examples
    --------
    >>> frame = br.with_people(br.counties(provinces="重庆"))
    >>> f"{frame['people'].sum():,.0f}"
    '32,054,159'
    """
    on_missing = require_choice(missing, "missing", ("raise", "report"))
    require_frame(counties, "counties", columns=("adcode",))
    table = _choose(counties) if people is None else _checked(people, "people")
    table = table.set_index("adcode")
    unmatched = counties[~counties["adcode"].isin(table.index)]
    if len(unmatched):
        text = (
            f"{len(unmatched)} of {len(counties)} counties have no people in the table: {_named(unmatched)}"
        )
        if on_missing == "raise":
            raise InputError(
                f"'counties': {text}; drop these rows, add them to a table of your own and give it as "
                "people=, or pass missing='report' to have NaN there (the census covers neither Hong Kong, "
                "Macao nor Taiwan)"
            )
        _log.warning("%s", text)
    basis = table["basis"] if "basis" in table.columns else pd.Series("own table", index=table.index)
    return counties.assign(
        people=counties["adcode"].map(table["people"]).astype("float64"),
        people_basis=counties["adcode"].map(basis).fillna("").astype("str"),
    )


def people_points(
    counties: gpd.GeoDataFrame, *, rule: Rule = "nodes", network: TransportNetwork | None = None
) -> gpd.GeoDataFrame:
    """Put the residents of counties at points, by a stated rule.

    Parameters
    ----------
    counties : geopandas.GeoDataFrame
        Polygons with `adcode, people, lon, lat`; see `with_people`.
    rule : {"nodes", "seat"}
        ``nodes``: in equal shares at the nodes of a network that lie in the county, since roads
        are dense where people live; at the seat where there is none. ``seat``: all at (lon, lat),
        the seat of government.
    network : TransportNetwork, optional
        For ``nodes``, whose result depends on it; not for ``seat``.

    Returns
    -------
    geopandas.GeoDataFrame
        ``adcode, people, lon, lat, rule, geometry`` (Point, EPSG:4326), in the order of the counties;
        the sum of people is that of the counties. `rule` says what was done for the county.

    Raises
    ------
    InputError
        If people are negative or missing, or `network` doesn't go with `rule`.
    InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError

    Examples
    --------
    >>> frame = br.with_people(br.counties(provinces="重庆"))
    >>> points = br.people_points(frame, rule="seat")
    >>> len(points) == len(frame), bool(points["people"].sum() == frame["people"].sum())
    (True, True)
    """
    chosen = require_choice(rule, "rule", RULES)
    frame = require_frame(
        counties, "counties", columns=("adcode", "people", "lon", "lat"), geometry_types=_POLYGONS
    )
    _require_people(frame["people"], "counties", frame["adcode"])
    if chosen == "seat":
        if network is not None:
            raise InputError("'network' is given, and rule='seat' has no use for it; leave it out")
        row, lon, lat = np.arange(len(frame)), frame["lon"].to_numpy(), frame["lat"].to_numpy()
        return _points(
            frame, row, lon, lat, shapely.points(lon, lat), np.full(len(frame), "seat", dtype=object)
        )
    if network is None:
        raise InputError("rule='nodes' needs a 'network' whose nodes to put people at, or take rule='seat'")
    checked = require_network(network)
    placed = nodes_placed(frame.geometry.to_numpy(), checked)
    node = np.flatnonzero(placed.row >= 0)
    row = placed.row[node]
    empty = np.setdiff1d(np.arange(len(frame)), row)
    every = np.concatenate([row, empty])
    lon = np.concatenate([checked.node_lon[node], frame["lon"].to_numpy()[empty]])
    lat = np.concatenate([checked.node_lat[node], frame["lat"].to_numpy()[empty]])
    seats = shapely.points(lon[len(node) :], lat[len(node) :])
    point = np.concatenate([placed.point[node], seats])
    how = np.where(np.arange(len(every)) < len(row), "nodes", "seat").astype(object)
    order = np.argsort(every, kind="stable")
    return _points(frame, every[order], lon[order], lat[order], point[order], how[order])


def people_within(areas: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Count the people within isochrones, zones or any other areas.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        Polygons, such as `isochrones` returns.
    points : geopandas.GeoDataFrame
        Points with `people`, such as `people_points` returns.

    Returns
    -------
    geopandas.GeoDataFrame
        The areas with `people` and `share_of_people` (of all points), same rows and index. A point on
        an edge is inside. Areas that overlap each count their own.

    Raises
    ------
    EmptyInputError
        If there are no points, or nobody at them.
    InputError, InputTypeError, MissingCRSError, MissingColumnError, GeometryTypeError

    Examples
    --------
    >>> points = br.people_points(br.with_people(br.counties(provinces="重庆")), rule="seat")
    >>> area = gpd.GeoDataFrame(geometry=[shapely.box(106.4, 29.3, 106.7, 29.7)], crs=4326)
    >>> br.people_within(area, points)["share_of_people"].round(2).tolist()
    [0.23]
    """
    frame = require_frame(areas, "areas", empty_shapes=True)
    there = require_frame(points, "points", columns=("people",), geometry_types=("Point",), allow_empty=False)
    _require_people(there["people"], "points", there.index)
    size = there["people"].to_numpy(dtype=float)
    if size.sum() == 0:
        raise EmptyInputError("'points' hold no people at all")
    found = count_within(cut_at_antimeridian(frame.geometry.to_numpy()), there.geometry.to_numpy(), size)
    return areas.assign(people=found, share_of_people=found / size.sum())


def people_by_rule(
    areas: gpd.GeoDataFrame, counties: gpd.GeoDataFrame, network: TransportNetwork
) -> gpd.GeoDataFrame:
    """Count the people within areas by both rules, and report what the choice changes.

    Parameters
    ----------
    areas : geopandas.GeoDataFrame
        Polygons, such as `isochrones` returns.
    counties : geopandas.GeoDataFrame
        With people; see `with_people`.
    network : TransportNetwork
        Whose nodes stand for where people live.

    Returns
    -------
    geopandas.GeoDataFrame
        The areas with `people_seat`, `people_nodes`, `rule_difference` (nodes less seat) and
        `rule_difference_share` (its part of the mean of both, NaN where both are 0).

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingCRSError, MissingColumnError, GeometryTypeError

    Examples
    --------
    By one rule a county's people live at its seat, by the other at the one road node in it, 106.6
    E:

    >>> frame = br.with_people(br.counties(provinces="重庆"))
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> area = gpd.GeoDataFrame(geometry=[shapely.box(106.59, 29.49, 106.61, 29.51)], crs=4326)
    >>> found = br.people_by_rule(area, frame, road)
    >>> found[["people_seat", "people_nodes"]].values.tolist()
    [[0.0, 1197639.0]]
    """
    seat = people_within(areas, people_points(counties, rule="seat"))["people"]
    nodes = people_within(areas, people_points(counties, rule="nodes", network=network))["people"]
    mean = (seat + nodes) / 2
    return areas.assign(
        people_seat=seat,
        people_nodes=nodes,
        rule_difference=nodes - seat,
        rule_difference_share=(nodes - seat) / mean.where(mean > 0),
    )


def count_within(
    shapes: NDArray[np.object_], points: NDArray[np.object_], size: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum the sizes of the points in each shape, shape (number of shapes,); all in one CRS."""
    if len(shapes) == 0:
        return np.zeros(0)
    shape, point = shapely.STRtree(points).query(shapes, predicate="intersects")
    return np.asarray(np.bincount(shape, size[point], minlength=len(shapes)), dtype=float)


@functools.cache
def _embedded(source: str) -> pd.DataFrame:
    raw = pd.read_csv(data.path("people_2020.csv"), dtype={"census_units": "str"}, encoding="utf-8")
    raw["census_units"] = raw["census_units"].fillna("")
    table = raw[raw["boundaries"].isin(("both", source))].reset_index(drop=True)
    kinds: dict[Any, Any] = dict(PEOPLE)
    return table[list(PEOPLE)].astype(kinds)


def _from_file(
    file: Path,
    columns: dict[str, str],
    encoding: str | None,
    units: gpd.GeoDataFrame | None,
    *,
    strict: bool,
) -> pd.DataFrame:
    if not file.exists():
        known = " or ".join(map(repr, SOURCES))
        raise InputError(f"'source' should be {known} or the path of a table that exists, got {str(file)!r}")
    raw = read_table(
        file,
        wanted=("adcode", "name", "people"),
        needed=("adcode", "people"),
        columns=columns,
        encoding=encoding,
    )
    if units is not None and "code" in units.columns:
        number = dict(zip(units["code"].map(code_text), units["adcode"], strict=True))
        raw["adcode"] = [number.get(code_text(code), code) for code in raw["adcode"]]
    checked = _checked(_usable_rows(raw, f"'source': {file.name}", strict=strict), file.name)
    kinds: dict[Any, Any] = dict(PEOPLE)
    return (
        pd.DataFrame(
            {
                "adcode": checked["adcode"],
                "name": checked["name"].astype("str") if "name" in checked.columns else "",
                "people": checked["people"].astype("float64"),
                "zone_people": 0.0,
                "basis": "own table",
                "census_units": "",
            }
        )
        .astype(kinds)
        .reset_index(drop=True)
    )


def _usable_rows(raw: pd.DataFrame, where: str, *, strict: bool) -> pd.DataFrame:
    """Return rows with a code and a number; notes and sums at the end of a table have none, and are named."""
    people = raw["people"].map(to_number).astype("float64")
    codes = code_numbers(raw["adcode"])
    bad = (people.isna() | codes.isna()).to_numpy(dtype=bool)
    faults = [
        f"row {number}: adcode {code!r}, people {count!r}"
        for number, code, count in zip(raw.index[bad], raw["adcode"][bad], raw["people"][bad], strict=True)
    ]
    if faults and (strict or bad.all()):
        raise InputError(
            f"{where}, {faults[0]}: a code such as 500110 and a number are needed; mend or drop the row"
        )
    for fault in faults[:_MOST_NAMED]:
        _log.warning("%s, %s; left out", where, fault)
    if len(faults) > _MOST_NAMED:
        _log.warning("%s: %d more rows left out", where, len(faults) - _MOST_NAMED)
    kept = raw.assign(people=people)[~bad]
    if (kept["people"] < _THOUSANDS).all() and (kept["people"] % 1 != 0).mean() > 0.5:
        _log.warning(
            "%s: no row has as many as %d people, and most have decimals; if they are counted in ten thousands, "
            "call the column 人口（万人）", where, _THOUSANDS,
        )  # fmt: skip
    return kept


def _checked(table: object, argument: str) -> pd.DataFrame:
    """Check a table of people of one's own."""
    if not isinstance(table, pd.DataFrame):
        raise InputTypeError(
            f"'{argument}' should be a DataFrame of adcode, people, got {type(table).__name__}"
        )
    require_sound_text(table, argument)
    found = find_columns(
        table.columns, ("adcode", "name", "people"), f"'{argument}'", needed=("adcode", "people")
    )
    table = table.rename(columns={header: own for own, header in found.items()})
    if len(table) == 0:
        raise EmptyInputError(f"'{argument}' has no rows")
    codes = code_numbers(table["adcode"])
    bad = codes.isna().to_numpy(dtype=bool)
    if bad.any():
        raise InputError(
            f"'{argument}' has adcodes that aren't whole numbers, such as {table['adcode'][bad].iloc[0]!r}"
        )
    twice = codes[codes.duplicated()]
    if len(twice):
        raise InputError(f"'{argument}' has adcode {listed(twice.astype('int64').unique())} more than once")
    _require_people(table["people"], argument, codes.astype("int64"))
    return table.assign(adcode=codes.astype("int64"))


def _require_people(values: pd.Series[Any], argument: str, labels: Any) -> None:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        raise InputTypeError(f"'{argument}': column 'people' should hold numbers, got {values.dtype}")
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    names = np.asarray(labels)
    unknown, wrong = np.isnan(numbers), (numbers < 0) | np.isinf(numbers)
    if unknown.any():
        raise InputError(
            f"'{argument}' has no people for {listed(names[unknown])}; fill these values or drop the rows"
        )
    if wrong.any():
        raise InputError(
            f"'{argument}' has people below zero or infinite: {numbers[wrong][0]:g} for {listed(names[wrong])}"
        )


def _choose(counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the embedded table that fits counties better, if it matters."""
    names = counties["name"] if "name" in counties.columns else pd.Series("", index=counties.index)
    wanted = pd.MultiIndex.from_arrays([counties["adcode"], names])
    tables = [_embedded(source) for source in SOURCES]
    fits = [int(wanted.isin(pd.MultiIndex.from_frame(table[["adcode", "name"]])).sum()) for table in tables]
    if fits[0] == fits[1]:
        first, second = (counties["adcode"].map(table.set_index("adcode")["people"]) for table in tables)
        differs = (first != second) & ~(first.isna() & second.isna())
        if differs.any():
            raise InputError(
                f"'counties': the embedded tables differ for {_named(counties[differs])}, whose area isn't "
                f"the same in both; say which with people=people({SOURCES[0]!r}) or people=people({SOURCES[1]!r})"
            )
    return tables[int(np.argmax(fits))]


def _named(rows: pd.DataFrame) -> str:
    labels = rows["adcode"].astype(str)
    if "name" in rows.columns:
        labels = rows["name"].astype(str) + " (" + labels + ")"
    most = 12
    rest = f" and {len(labels) - most} more" if len(labels) > most else ""
    return "、".join(labels[:most]) + rest


def _points(
    frame: gpd.GeoDataFrame,
    row: NDArray[np.int64],
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    point: NDArray[np.object_],
    rule: NDArray[np.object_],
) -> gpd.GeoDataFrame:
    parts = np.bincount(row, minlength=len(frame))
    table = pd.DataFrame(
        {
            "adcode": frame["adcode"].to_numpy()[row],
            "people": frame["people"].to_numpy(dtype=float)[row] / parts[row],
            "lon": lon,
            "lat": lat,
            "rule": rule,
        }
    )
    kinds: dict[Any, Any] = {name: kind for name, kind in PEOPLE_POINTS.items() if kind != "geometry"}
    return gpd.GeoDataFrame(table.astype(kinds), geometry=point, crs=WGS84)
