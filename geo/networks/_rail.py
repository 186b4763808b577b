"""Railways from tables: stations, sections with their fastest scheduled minutes, through trains."""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from ... import data
from ..checks import require_number, require_path, require_sound_text
from ..crs import ELLIPSOID, WGS84, datum_to_wgs84, require_datum
from ..errors import EmptyInputError, InputError, InputTypeError, MissingColumnError
from ..files import find_columns, read_table, to_degrees, to_number
from ._line_network import (
    CALL_COLUMNS,
    DIRECT_COLUMNS,
    RAIL_STOP_MIN,
    THROUGH_COLUMNS,
    LineNetwork,
    network_from_sections,
)

#: What a station table holds; those that `_UNSAID` names may be missing, and further columns are kept.
STATION_COLUMNS: Final = ("station_id", "name", "lon", "lat", "source")
#: What a section table holds; those that `_UNSAID` names may be missing, and further columns are kept.
SECTION_COLUMNS: Final = (
    "line_id",
    "from_station",
    "to_station",
    "minutes",
    "length_km",
    "status",
    "opening_date",
    "design_speed_kph",
    "trains_per_day",
    "source",
)
#: What stands in columns that a user's own table leaves out: trains run today, and nothing more is known of them.
_UNSAID: Final = {
    "source": "own table", "status": "open", "opening_date": "", "design_speed_kph": "", "trains_per_day": "",
}  # fmt: skip
STATUSES: Final = ("open", "building", "planned")
_STATUS_WORDS: Final = {
    "已开通": "open", "开通": "open", "运营": "open", "营业": "open", "既有": "open", "已通车": "open",
    "在建": "building", "建设中": "building", "规划": "planned", "拟建": "planned", "规划建设": "planned",
}  # fmt: skip
#: Scheduled trains average at most this share of the design speed over a section.
MAX_SPEED_SHARE: Final = 0.95
#: The embedded tables hold what had opened by this day; later openings are not in them.
EMBEDDED_AS_OF: Final = dt.date(2026, 3, 31)

_EMBEDDED: Final = ("rail/stations.csv", "rail/sections.csv", "rail/through.csv", "rail/direct.csv")

Table = pd.DataFrame | str | PathLike[str]


def rail_stations(stations: Table | None = None, *, datum: str | None = None) -> gpd.GeoDataFrame:
    """Return a station table as points.

    Parameters
    ----------
    stations : DataFrame or path of a table (.csv, .xlsx), optional
        Columns `STATION_COLUMNS`, also under names that mean them, such as 站名 and 经度; the embedded table
        when left out.
    datum : {"WGS84", "GCJ-02", "BD-09"}, optional
        What the coordinates are in; the frame returned, which `rail_network` takes, is in WGS 84.

    Returns
    -------
    geopandas.GeoDataFrame
        The table's columns and ``geometry``, EPSG:4326. In the embedded table, ``position`` is
        "surveyed" (from a published table), "mapped" (from a map) or "approximate" (placed by hand,
        good to about 3 km).

    Raises
    ------
    DataFileError, MissingColumnError, InputError
        Naming file, row and column.

    Examples
    --------
    >>> stations = br.rail_stations()
    >>> stations.loc[stations["name"] == "重庆北", ["lon", "lat"]].round(2).values.tolist()
    [[106.55, 29.61]]
    """
    table = _station_table(stations, datum)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=WGS84)


def rail_sections(sections: Table | None = None, *, stations: Table | None = None) -> pd.DataFrame:
    """Return a section table after checking it against its stations.

    Parameters
    ----------
    sections : DataFrame or path of a table (.csv, .xlsx), optional
        Columns `SECTION_COLUMNS`; the embedded table when left out.
    stations : DataFrame or path of a table (.csv, .xlsx), optional
        The stations that the sections name; the embedded table when left out.

    Returns
    -------
    pandas.DataFrame
        The table's columns; ``opening_date`` holds dates or None. In the embedded table,
        ``minutes_kind`` is "published", "interpolated" (a published run split by length) or
        "estimated" (design speed times the usual share), and ``length_kind`` is "published",
        "apportioned" or "estimated"; ``trains_kind`` and ``calls_kind`` tell whether trains were
        published, counted in the timetable of March 2016, or estimated.

    Raises
    ------
    DataFileError, MissingColumnError, InputError
        Naming file, row and column.

    Examples
    --------
    >>> sections = br.rail_sections()
    >>> sorted(sections["status"].unique())
    ['building', 'open']
    """
    return _section_table(sections, _station_table(stations))


def rail_sources() -> dict[str, str]:
    """Return the citations that the keys in the embedded tables' ``source`` columns stand for."""
    table, _ = _read(None, "sources", "rail/sources.csv", ("source_id", "citation"))
    return dict(zip(table["source_id"], table["citation"], strict=True))


def rail_network(
    *,
    stations: Table | None = None,
    sections: Table | None = None,
    through: Table | None = None,
    direct: Table | None = None,
    date: str | dt.date | None = None,
    include: Iterable[str] = ("open",),
    ride_factor: float = 1.0,
    stop_min: float | None = None,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
) -> LineNetwork:
    """Build a railway network from tables: trains alone, entered and left at stations only.

    A section's minutes are the fastest scheduled running time of through trains: over a published
    run they add up to that run's time. What usual trains take longer, dwell at stations in between,
    waiting and changing trains are not in them; `join_networks` adds those.

    Parameters
    ----------
    stations, sections : DataFrame or path of a table (.csv, .xlsx), optional
        The format of docs/rail-tables.md; the embedded tables when left out.
    through : DataFrame or path of a table (.csv, .xlsx), optional
        Stations where trains run on from one line to another, columns `THROUGH_COLUMNS`, and
        `TURN_COLUMNS` where they don't do so from every direction, or not at once. When left out,
        the embedded table goes with the embedded sections, and none with others.
    direct : DataFrame or path of a table (.csv, .xlsx), optional
        Trains a day that call at two stations of a line, columns `DIRECT_COLUMNS`: ``trains_there`` from the first to the
        second, and ``trains_back``. A line that is in it has none on the pairs that aren't. When left out, the embedded
        table goes with the embedded sections, and none with others.
    date : str or datetime.date, optional
        Leave out what opened after this day (ISO 8601).
    include : iterable of str
        Which of "open", "building", "planned" to take.
    ride_factor : float
        How many times the sections' minutes usual trains take between calls.
    stop_min : float, optional
        What usual trains take longer than the sections' minutes for each station on the way at which they call,
        minutes; a station counts by the share of its trains that call there. When left out, 5.5 with the embedded
        sections, fitted on the timetable of March 2016 (docs/rail-tables.md), and 0 with others.
    access_speed_kph, max_access_km : float
        Speed and reach off the network, km/h and km.

    Returns
    -------
    LineNetwork
        Nodes are stations, with their names; arcs have mode "rail" and the line as class.

    Raises
    ------
    DataFileError, MissingColumnError, InputError, EmptyInputError
        Naming file, row and column.

    Examples
    --------
    >>> br.rail_network(include=("open",)).modes
    ('rail',)
    """
    embedded = stations is None and sections is None and through is None and direct is None
    if embedded:
        station_table, section_table, through_table, direct_table = _embedded_tables(
            *map(data.path, _EMBEDDED)
        )
    else:
        station_table = _station_table(stations)
        section_table = _section_table(sections, station_table)
    factor = require_number(ride_factor, "ride_factor", minimum=1, maximum=5)
    usual = RAIL_STOP_MIN if sections is None else 0.0
    per_stop = require_number(
        usual if stop_min is None else stop_min, "stop_min", unit="minutes", minimum=0, maximum=60
    )
    wanted = _statuses(include)
    chosen = section_table[section_table["status"].isin(wanted)]
    as_of = _as_date(date)
    if as_of is not None:
        opened = chosen["opening_date"].map(lambda day: day is None or day <= as_of).to_numpy(dtype=bool)
        chosen = chosen[opened]
    if len(chosen) == 0:
        raise EmptyInputError(
            f"no section is left with include={tuple(wanted)} and date={date!r}; "
            f"statuses are {', '.join(STATUSES)}"
        )
    if not embedded:
        given = through is not None or sections is None
        through_table = (
            _through_table(through, station_table) if given else pd.DataFrame(columns=list(THROUGH_COLUMNS))
        )
        given = direct is not None or sections is None
        direct_table = _direct_table(direct, section_table) if given else None
    provenance = {
        "rail": "sections given by the user" if sections is not None else _embedded_note(chosen),
        "rail_include": ", ".join(wanted) + (f"; opened by {as_of}" if as_of else ""),
    }
    return network_from_sections(
        station_table,
        chosen,
        through_table,
        direct=direct_table,
        ride_factor=factor,
        stop_min=per_stop,
        provenance=provenance,
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
    )


@functools.lru_cache(maxsize=1)
def _embedded_tables(
    *_: Path,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """Return the embedded stations, sections, ways on and pairs with trains, checked; not to be changed."""
    stations = _station_table(None)
    sections = _section_table(None, stations)
    return stations, sections, _through_table(None, stations), _direct_table(None, sections)


def _embedded_note(sections: pd.DataFrame) -> str:
    kinds = sections["minutes_kind"].value_counts()
    counts = ", ".join(f"{kinds.get(kind, 0)} {kind}" for kind in ("published", "interpolated", "estimated"))
    return f"embedded tables as of {EMBEDDED_AS_OF}; minutes of {len(sections)} sections: {counts}"


def _statuses(include: Iterable[str]) -> list[str]:
    if isinstance(include, str) or not isinstance(include, Iterable):
        raise InputTypeError(f"'include' should be a sequence such as ('open',), got {include!r}")
    given = list(include)
    strange = [status for status in given if not isinstance(status, str)]  # type: ignore[redundant-expr] # as above
    unknown = strange or [status for status in given if status not in STATUSES]
    if unknown:
        raise InputError(f"'include' has {unknown[0]!r}; statuses are {', '.join(STATUSES)}")
    wanted = list(dict.fromkeys(given))
    if not wanted:
        raise EmptyInputError(f"'include' is empty; give some of {', '.join(STATUSES)}")
    return wanted


def _as_date(date: str | dt.date | None) -> dt.date | None:
    if date is None or type(date) is dt.date:
        return date
    if isinstance(date, dt.datetime):
        return date.date()
    try:
        return dt.date.fromisoformat(cast("str", date))
    except (TypeError, ValueError) as error:
        raise InputError(f"'date' should be a day such as '2025-12-31', got {date!r}") from error


def _read(
    table: Table | None, argument: str, embedded: str, columns: Iterable[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table as text columns, and what to call it in messages."""
    wanted = list(columns)
    if isinstance(table, pd.DataFrame):
        require_sound_text(table, argument)
        name = f"'{argument}'"
        found = find_columns(table.columns, wanted, name)
        frame = table.rename(columns={header: own for own, header in found.items()})
        frame = frame.reset_index(drop=True).set_index(pd.RangeIndex(2, len(frame) + 2))
    else:
        path = data.path(embedded) if table is None else require_path(table, argument)
        name = f"'{argument}' ({path.name})"
        frame = read_table(path, wanted=wanted, argument=argument)
    if argument == "stations":  # one name is both, where there is only one
        for own, other in (("station_id", "name"), ("name", "station_id")):
            if own not in frame.columns and other in frame.columns:
                frame[own] = frame[other]
    for column in wanted:
        if column in _UNSAID and column not in frame.columns:
            frame[column] = _UNSAID[column]
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise MissingColumnError(
            f"{name} lacks the column(s) {', '.join(map(repr, missing))}; "
            f"it has {', '.join(map(repr, frame.columns))} (format: docs/rail-tables.md)"
        )
    return frame, name


def _station_table(stations: Table | None, datum: str | None = None) -> pd.DataFrame:
    frame, name = _read(stations, "stations", "rail/stations.csv", STATION_COLUMNS)
    chosen = require_datum(frame.attrs.get("datum", "WGS84") if datum is None else datum)
    gate = _Gate(frame, name)
    for column in ("station_id", "name", "source"):
        gate.text(column)
    gate.number("lon", lambda x: -180 <= x <= 180, "a longitude in [-180, 180]", read=to_degrees)
    gate.number("lat", lambda x: -90 <= x <= 90, "a latitude in [-90, 90]", read=to_degrees)
    gate.unique(["station_id"])
    if chosen != "WGS84":
        frame["lon"], frame["lat"] = datum_to_wgs84(frame["lon"], frame["lat"], chosen)
    return frame.reset_index(drop=True)


def _section_table(sections: Table | None, stations: pd.DataFrame) -> pd.DataFrame:
    frame, name = _read(sections, "sections", "rail/sections.csv", SECTION_COLUMNS)
    gate = _Gate(frame, name)
    for column in ("line_id", "from_station", "to_station", "status", "source"):
        gate.text(column)
    for column in ("minutes", "length_km"):
        gate.number(column, lambda x: x > 0, "a number above 0")
    for column in ("design_speed_kph", "trains_per_day", *(set(CALL_COLUMNS) & set(frame.columns))):
        gate.number(column, lambda x: x > 0, "a number above 0 or empty", empty=True)
    for column in set(CALL_COLUMNS) & set(frame.columns):
        fits = frame[column].isna() | (frame[column] <= frame["trains_per_day"])
        gate.all(fits, column, "a number of at most trains_per_day")
    frame["status"] = frame["status"].replace(_STATUS_WORDS)
    gate.all(frame["status"].isin(STATUSES), "status", f"one of {', '.join(STATUSES)}")
    known = set(stations["station_id"])
    for column in ("from_station", "to_station"):
        gate.all(frame[column].isin(known), column, "a station_id of the stations")
    gate.all(frame["from_station"] != frame["to_station"], "to_station", "another station than from_station")
    frame["opening_date"] = gate.dates("opening_date")
    gate.unique(["line_id", "from_station", "to_station"])
    gate.minutes()
    gate.lengths(stations)
    return frame.reset_index(drop=True)


def _through_table(through: Table | None, stations: pd.DataFrame) -> pd.DataFrame:
    frame, name = _read(through, "through", "rail/through.csv", THROUGH_COLUMNS)
    gate = _Gate(frame, name)
    for column in THROUGH_COLUMNS:
        gate.text(column)
    known = {"", *stations["station_id"]}
    for column in ("next_a", "next_b"):
        if column in frame:
            frame[column] = frame[column].fillna("")
            gate.all(frame[column].isin(known), column, "a station_id of the stations, or empty")
    if "minutes" in frame:
        gate.number("minutes", lambda x: x >= 0, "a number of at least 0, or empty", empty=True)
    return frame.reset_index(drop=True)


def _direct_table(direct: Table | None, sections: pd.DataFrame) -> pd.DataFrame:
    frame, name = _read(direct, "direct", "rail/direct.csv", DIRECT_COLUMNS)
    gate = _Gate(frame, name)
    gate.text("line_id")
    gate.all(frame["line_id"].isin(sections["line_id"]), "line_id", "a line_id of the sections")
    on_lines = {
        pair
        for column in ("from_station", "to_station")
        for pair in zip(sections["line_id"], sections[column], strict=True)
    }
    for column in ("from_station", "to_station"):
        gate.text(column)
        found = [pair in on_lines for pair in zip(frame["line_id"], frame[column], strict=True)]
        gate.all(pd.Series(found, index=frame.index, dtype=bool), column, "a station of the line")
    gate.all(frame["from_station"] != frame["to_station"], "to_station", "another station than from_station")
    for column in ("trains_there", "trains_back"):
        gate.number(column, lambda x: x >= 0, "a number of at least 0")
    ends = [frozenset(pair) for pair in zip(frame["from_station"], frame["to_station"], strict=True)]
    again = pd.DataFrame({"line": frame["line_id"], "ends": ends}).duplicated()
    gate.all(~again, "to_station", "a pair of stations that no row before has, either way")
    return frame.reset_index(drop=True)


class _Gate:
    """Checks of one table; every message names table, row and column.

    The index of the table holds its rows as a spreadsheet counts them, the header being row 1.
    """

    def __init__(self, frame: pd.DataFrame, name: str) -> None:
        self.frame = frame
        self.name = name

    def fail(self, row: int, column: str, expected: str) -> InputError:
        seen = self.frame[column].iloc[row]
        return InputError(
            f"{self.name}, row {self.frame.index[row]}, column {column!r}: expected {expected}, got {seen!r}"
        )

    def all(self, good: pd.Series, column: str, expected: str) -> None:
        bad = np.flatnonzero(~good.to_numpy(dtype=bool))
        if len(bad):
            raise self.fail(int(bad[0]), column, expected)

    def text(self, column: str) -> None:
        values = self.frame[column]
        good = values.map(lambda value: isinstance(value, str) and value.strip() != "")
        self.all(good, column, "a text that isn't empty")

    def number(
        self,
        column: str,
        allowed: Callable[[float], bool],
        expected: str,
        *,
        empty: bool = False,
        read: Callable[[Any], float] = to_number,
    ) -> None:
        parsed = np.full(len(self.frame), np.nan)
        for row, value in enumerate(self.frame[column]):
            blank = bool(pd.isna(value)) if pd.api.types.is_scalar(value) else False
            blank |= isinstance(value, str) and not value.strip()
            x = math.nan if blank else read(value)
            if (
                (math.isnan(x) and not (blank and empty))
                or math.isinf(x)
                or not (math.isnan(x) or allowed(x))
            ):
                raise self.fail(row, column, expected)
            parsed[row] = x
        self.frame[column] = parsed

    def dates(self, column: str) -> list[dt.date | None]:
        days: list[dt.date | None] = []
        for row, value in enumerate(self.frame[column]):
            if isinstance(value, dt.date):
                days.append(_as_date(value))
            elif value is None or value != value or not str(value).strip():  # noqa: PLR0124 - NaN
                days.append(None)
            else:
                try:
                    days.append(dt.date.fromisoformat(str(value).strip()))
                except ValueError as error:
                    raise self.fail(row, column, "a day such as 2025-12-31, or empty") from error
        return days

    def unique(self, columns: list[str]) -> None:
        repeated = np.flatnonzero(self.frame.duplicated(columns).to_numpy())
        if len(repeated):
            raise self.fail(int(repeated[0]), columns[-1], f"one row per {', '.join(columns)}")

    def minutes(self) -> None:
        frame = self.frame
        least = frame["length_km"] / (MAX_SPEED_SHARE * frame["design_speed_kph"]) * 60
        fast = np.flatnonzero((frame["minutes"] < least - 0.01).to_numpy(dtype=bool))
        if len(fast):
            row = int(fast[0])
            raise self.fail(
                row,
                "minutes",
                f"at least {least.iloc[row]:.2f} min ({frame['length_km'].iloc[row]:g} km at "
                f"{MAX_SPEED_SHARE} of {frame['design_speed_kph'].iloc[row]:g} km/h)",
            )

    def lengths(self, stations: pd.DataFrame) -> None:
        place = stations.set_index("station_id")[["lon", "lat"]].astype(float)
        a, b = place.loc[self.frame["from_station"]], place.loc[self.frame["to_station"]]
        metres = ELLIPSOID.inv(a["lon"], a["lat"], b["lon"], b["lat"])[2]
        straight = np.asarray(metres, dtype=float) / 1000
        # Approximate positions may stand a little off the line; swapped coordinates don't.
        short = np.flatnonzero(self.frame["length_km"].to_numpy() < 0.9 * straight - 1)
        if len(short):
            row = int(short[0])
            raise self.fail(
                row, "length_km", f"at least the straight distance of its stations, {straight[row]:.1f} km"
            )
