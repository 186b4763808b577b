"""A GTFS feed: its tables as they stand, the services of a day, stations, and trips with their calls."""

from __future__ import annotations

import datetime as dt
import io
import logging
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd

from ..checks import read_rows, require_path, require_whole
from ..crs import ELLIPSOID
from ..errors import DataFileError, EmptyInputError, InputError, InputTypeError
from ._headways import NAME, headways, runs_of

_LOG = logging.getLogger(__name__)

#: Rail in GTFS's route types and in the extended ones (100 to 117), metros and trams left out.
RAIL_ROUTE_TYPES: Final = (2, *range(100, 118))
#: A table of a feed may unpack to this much; the largest national feeds stay well below.
MAX_TABLE_BYTES: Final = 4 * 2**30

_NEEDED: Final = {
    "stops.txt": ("stop_id", "stop_lat", "stop_lon"),
    "routes.txt": ("route_id", "route_type"),
    "trips.txt": ("route_id", "service_id", "trip_id"),
    "stop_times.txt": ("trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"),
}
_ROUTE_TYPES: Final = {
    "0": "trams", "1": "metros", "2": "railways", "3": "buses", "4": "ferries", "5": "cable trams", "6": "aerial lifts",
    "7": "funiculars", "11": "trolleybuses", "12": "monorails", "200": "coaches", "400": "urban railways", "700": "buses",
    "900": "trams",
}  # fmt: skip
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, eq=False)
class Feed:
    """The tables of a feed that railways and timetables are made from, checked for what both need.

    Attributes
    ----------
    file : Path
    all_routes, routes : DataFrame
        routes.txt whole, and of the types wanted.
    trips : DataFrame
        Trips of these routes, of all days.
    stop_times, stops, calendar, exceptions, frequencies : DataFrame
        As in the feed; rows that stand there twice once.
    """

    file: Path
    all_routes: pd.DataFrame
    routes: pd.DataFrame
    trips: pd.DataFrame
    stop_times: pd.DataFrame
    stops: pd.DataFrame
    calendar: pd.DataFrame
    exceptions: pd.DataFrame
    frequencies: pd.DataFrame

    @classmethod
    def read(cls, path: str | PathLike[str], route_types: Iterable[int]) -> Self:
        """Read a zip file; its tables are read in place, nothing is unpacked to disk.

        Raises
        ------
        DataFileError
            If the file is missing, damaged or lacks a table or a column.
        InputTypeError, InputError
        """
        file = require_path(path, "path")
        if isinstance(route_types, str) or not isinstance(route_types, Iterable):  # type: ignore[redundant-expr] # callers aren't all typed
            raise InputTypeError(f"'route_types' should be numbers such as (2, 100), got {route_types!r}")
        with _open(file) as archive:
            tables = {name: _table(archive, file, name, columns) for name, columns in _NEEDED.items()}
            calendar = _optional(
                archive, file, "calendar.txt", ("service_id", "start_date", "end_date", *_WEEKDAYS)
            )
            extra = _optional(archive, file, "calendar_dates.txt", ("service_id", "date", "exception_type"))
            frequencies = _optional(
                archive, file, "frequencies.txt", ("trip_id", "start_time", "end_time", "headway_secs")
            )
        frequencies, extra = frequencies.drop_duplicates(), extra.drop_duplicates()
        if len(calendar) + len(extra) == 0:
            raise DataFileError(f"{file.name} has neither calendar.txt nor calendar_dates.txt")
        wanted = {str(require_whole(kind, "route_types")) for kind in route_types}
        every = tables["routes.txt"]
        routes = _once(every[every["route_type"].str.strip().isin(wanted)], ["route_id"], file, "routes.txt")
        trips = tables["trips.txt"]
        trips = _once(trips[trips["route_id"].isin(routes["route_id"])], ["trip_id"], file, "trips.txt")
        return cls(
            file=file,
            all_routes=every,
            routes=routes,
            trips=trips,
            stop_times=tables["stop_times.txt"],
            stops=tables["stops.txt"],
            calendar=calendar,
            exceptions=extra,
            frequencies=frequencies,
        )

    @cached_property
    def runs(self) -> pd.Series:
        """How often each trip runs on a day of its service."""
        return runs_of(self.trips["trip_id"], self.often)

    @cached_property
    def often(self) -> pd.DataFrame:
        """The trips that go by headway; see `headways`.

        Raises
        ------
        DataFileError
        """
        rows = self.frequencies[self.frequencies["trip_id"].isin(self.trips["trip_id"])]
        start, end = (seconds_of(rows[name], self.file, NAME) for name in ("start_time", "end_time"))
        return headways(rows, start, end, self.file)

    def day(self, date: str | dt.date | None) -> dt.date:
        """Return the day asked for; without one, the first of the days on which most trains run.

        Raises
        ------
        InputError
            If the date is no date.
        """
        per_service = self.runs.groupby(self.trips["service_id"].to_numpy()).sum()
        return _day(date, self.file, per_service, self.calendar, self.exceptions)

    def trips_on(self, day: dt.date) -> pd.DataFrame:
        """Return the trips whose service runs on a day; there may be none."""
        services = _services(day, self.file, self.calendar, self.exceptions)
        return self.trips[self.trips["service_id"].isin(services)]

    def require_trips_on(self, day: dt.date) -> pd.DataFrame:
        """Return the trips of a day.

        Raises
        ------
        EmptyInputError
            If there are none, with what the feed has.
        """
        trips = self.trips_on(day)
        if len(trips) == 0:
            raise EmptyInputError(
                f"{self.file.name}: no train of the chosen route types runs on {day}; "
                f"{_what_it_has(self.all_routes)}"
            )
        return trips

    @cached_property
    def _stations(self) -> tuple[pd.DataFrame, pd.Series]:
        return _placed(_once(self.stops, ["stop_id"], self.file, "stops.txt"), self.file)

    @property
    def stations(self) -> pd.DataFrame:
        """Return the stations: ``station_id, name, lon, lat``; a stop's parent where it has one."""
        return self._stations[0]

    def calls(self, trips: pd.DataFrame) -> pd.DataFrame:
        """Return where and when some trips call, in order.

        Returns
        -------
        pandas.DataFrame
            ``trip_id, sequence, station, arrival, departure`` (seconds since noon minus 12 h), ``board`` and
            ``alight``; calls where nobody may do either are left out. ``row`` is that of stop_times.txt.

        Raises
        ------
        DataFileError
            Naming what is wrong in stop_times.txt.
        """
        file, (stations, station_of) = self.file, self._stations
        times = self.stop_times[self.stop_times["trip_id"].isin(trips["trip_id"])]
        times = _once(times, ["trip_id", "stop_sequence"], file, "stop_times.txt")
        unknown = ~times["stop_id"].isin(station_of.index)
        if unknown.any():
            row = times[unknown].iloc[0]
            raise DataFileError(
                f"{file.name}: stop_times.txt, row {row.name}: the stop {row['stop_id']!r} isn't in stops.txt"
            )
        times["sequence"] = pd.to_numeric(times["stop_sequence"], errors="coerce")
        if times["sequence"].isna().any():
            row = times[times["sequence"].isna()].iloc[0]
            raise DataFileError(
                f"{file.name}: stop_times.txt, row {row.name}: stop_sequence should be a number, got {row['stop_sequence']!r}"
            )
        times["arrival"] = seconds_of(times["arrival_time"], file, "stop_times.txt")
        times["departure"] = seconds_of(times["departure_time"], file, "stop_times.txt")
        times["row"] = times.index
        times["station"] = station_of.loc[times["stop_id"]].to_numpy()
        for ours, column in (("board", "pickup_type"), ("alight", "drop_off_type")):
            times[ours] = times[column].str.strip() != "1" if column in times else True
        times = times[times["board"] | times["alight"]]
        times = times.sort_values(["trip_id", "sequence"], kind="stable", ignore_index=True)
        timed = _with_times(times, stations, file)
        columns = ["trip_id", "sequence", "station", "arrival", "departure", "board", "alight", "row"]
        return timed[columns].reset_index(drop=True)


def _what_it_has(routes: pd.DataFrame) -> str:
    """Say which types of routes a feed has, and how to take them."""
    counts = routes["route_type"].str.strip().value_counts().sort_index()
    told = ", ".join(
        f"{number} of type {kind} ({_ROUTE_TYPES.get(str(kind), 'see the GTFS reference')})"
        for kind, number in counts.items()
    )
    kinds = ", ".join(str(kind) for kind in counts.index)
    return f"its routes: {told or 'none'}; take them with route_types=({kinds},), or another day with date="


def _open(file: Path) -> zipfile.ZipFile:
    if file.exists() and not file.is_file():  # a device has no end
        raise DataFileError(f"{file} isn't a file; give the feed's zip file")
    try:
        return zipfile.ZipFile(file)
    except FileNotFoundError as error:
        raise DataFileError(f"no GTFS feed at {file}") from error
    except (zipfile.BadZipFile, IsADirectoryError, NotImplementedError, ValueError) as error:
        # a damaged directory may ask for a newer version of zip, or name files in no encoding
        raise DataFileError(f"{file} isn't a zip file or is cut short; fetch the feed again") from error
    except OSError as error:
        raise DataFileError(f"{file} can't be read ({error.strerror or error})") from error


def _table(archive: zipfile.ZipFile, file: Path, name: str, columns: Iterable[str]) -> pd.DataFrame:
    # Members are looked up by these fixed names only, so that no path in the archive matters.
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise DataFileError(f"{file.name} has no {name} at its top level; is it a GTFS feed?") from error
    if info.file_size > MAX_TABLE_BYTES:
        raise DataFileError(
            f"{file.name}: {name} would unpack to {info.file_size / 2**30:.1f} GiB; 4 at most"
        )
    try:
        raw = archive.read(info)
        frame = read_rows(
            io.BytesIO(raw), f"{file.name}: {name}", dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    except DataFileError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        # encrypted members come as RuntimeError; pandas' parser errors are ValueErrors
        raise DataFileError(f"{file.name}: {name} is damaged ({error}); fetch the feed again") from error
    frame.columns = [column.strip() for column in frame.columns]
    frame.index = pd.RangeIndex(2, len(frame) + 2)  # rows as a spreadsheet counts them
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DataFileError(f"{file.name}: {name} lacks the column(s) {', '.join(map(repr, missing))}")
    return frame


def _optional(archive: zipfile.ZipFile, file: Path, name: str, columns: Iterable[str]) -> pd.DataFrame:
    if name in archive.namelist():
        return _table(archive, file, name, columns)
    return pd.DataFrame(columns=list(columns), dtype=str)


def _dates(texts: pd.Series, file: Path, name: str) -> set[dt.date]:
    """Return the days of a column."""
    return {_date(text, file, f"{name}, row {row}") for row, text in texts.drop_duplicates().items()}


def _date(text: str, file: Path, name: str) -> dt.date:
    try:
        return dt.datetime.strptime(text.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a day, no time
    except ValueError as error:
        raise DataFileError(f"{file.name}: {name}: expected a date as YYYYMMDD, got {text!r}") from error


def _services(day: dt.date, file: Path, calendar: pd.DataFrame, extra: pd.DataFrame) -> set[str]:
    stamp = day.strftime("%Y%m%d")
    running = (
        (calendar["start_date"].str.strip() <= stamp)
        & (calendar["end_date"].str.strip() >= stamp)
        & (calendar[_WEEKDAYS[day.weekday()]].str.strip() == "1")
    )
    services = set(calendar.loc[running, "service_id"])
    today = extra[extra["date"].str.strip() == stamp]
    kind = today["exception_type"].str.strip()
    strange = kind[~kind.isin(["1", "2"])]
    if len(strange):
        raise DataFileError(
            f"{file.name}: calendar_dates.txt, row {strange.index[0]}: exception_type should be 1 or 2, got {strange.iloc[0]!r}"
        )
    return (services | set(today.loc[kind == "1", "service_id"])) - set(today.loc[kind == "2", "service_id"])


def _day(
    date: str | dt.date | None,
    file: Path,
    per_service: pd.Series,
    calendar: pd.DataFrame,
    extra: pd.DataFrame,
) -> dt.date:
    if date is not None:
        try:
            return dt.date.fromisoformat(str(date)[:10])
        except ValueError as error:
            raise InputError(f"'date' should be a day such as '2025-12-31', got {date!r}") from error
    # Between the days on which a service begins or ends or has an exception all weeks are alike: a week from
    # each of these days shows every kind of day, and the first of each.
    one = dt.timedelta(days=1)
    exceptions = _dates(extra["date"], file, "calendar_dates.txt")
    turns = exceptions | {day + one for day in exceptions}
    turns |= _dates(calendar["start_date"], file, "calendar.txt")
    turns |= {day + one for day in _dates(calendar["end_date"], file, "calendar.txt")}
    days = {day + k * one for day in turns for k in range(7)}

    def busy(day: dt.date) -> tuple[float, int]:
        services = _services(day, file, calendar, extra)
        return (float(per_service[per_service.index.isin(list(services))].sum()), -day.toordinal())

    return max(days, key=busy)


def _once(table: pd.DataFrame, key: list[str], file: Path, name: str) -> pd.DataFrame:
    """Return a table with each id once: rows that stand there twice are one, if they say the same."""
    table = table.drop_duplicates()
    twice = table.duplicated(key)
    if twice.any():
        row = table[twice].iloc[0]
        raise DataFileError(
            f"{file.name}: {name} has {' and '.join(f'{part} {row[part]!r}' for part in key)} more than once, "
            f"with different entries, in row {row.name} again; keep one row of each"
        )
    return table


def _placed(stops: pd.DataFrame, file: Path) -> tuple[pd.DataFrame, pd.Series]:
    parent = stops["parent_station"] if "parent_station" in stops else pd.Series("", index=stops.index)
    station_of = pd.Series(
        np.where(parent.str.strip() != "", parent, stops["stop_id"]), index=stops["stop_id"], dtype=object
    )
    lon = pd.to_numeric(stops["stop_lon"], errors="coerce")
    lat = pd.to_numeric(stops["stop_lat"], errors="coerce")
    bad = ~((lon.abs() <= 180) & (lat.abs() <= 90))
    is_station = stops["stop_id"].isin(set(station_of))
    if (bad & is_station).any():
        row = stops[bad & is_station].iloc[0]
        raise DataFileError(
            f"{file.name}: stops.txt, row {row.name}: {row['stop_id']!r} lies at "
            f"({row['stop_lon']!r}, {row['stop_lat']!r}), which is no longitude and latitude"
        )
    lost = ~station_of.isin(stops["stop_id"])
    if lost.any():
        raise DataFileError(
            f"{file.name}: stops.txt, row {stops.index[lost.to_numpy()][0]}: the parent station "
            f"{station_of[lost].iloc[0]!r} has no row of its own"
        )
    names = stops["stop_name"] if "stop_name" in stops else stops["stop_id"]
    frame = pd.DataFrame({"station_id": stops["stop_id"], "name": names, "lon": lon, "lat": lat})[is_station]
    return frame.drop_duplicates("station_id").reset_index(drop=True), station_of


def seconds_of(times: pd.Series, file: Path, name: str) -> pd.Series:
    """Seconds since noon minus 12 h; hours may pass 24, and blank means not timed."""
    blank = times.str.strip() == ""
    parts = times.str.strip().str.extract(r"^(\d{1,3}):([0-5]?\d):([0-5]?\d)$")
    bad = parts[0].isna() & ~blank
    if bad.any():
        raise DataFileError(
            f"{file.name}: {name}, row {times.index[bad.to_numpy()][0]}: expected a time as HH:MM:SS, got "
            f"{times[bad].iloc[0]!r}"
        )
    hours, minutes, seconds = (parts[column].astype(float) for column in range(3))
    return hours * 3600 + minutes * 60 + seconds


def _with_times(times: pd.DataFrame, stations: pd.DataFrame, file: Path) -> pd.DataFrame:
    """Complete arrivals and departures of calls, which are in order; leave out those that can't be.

    A stop with one time has it for both. Between stops with times those without any are called at in
    proportion to the straight distance.
    """
    times = times.copy()
    times["arrival"] = times["arrival"].fillna(times["departure"])
    times["departure"] = times["departure"].fillna(times["arrival"])
    known = times["arrival"].notna()
    if known.all():
        return times
    place = stations.set_index("station_id").loc[times["station"], ["lon", "lat"]].to_numpy(dtype=float)
    metres = np.zeros(len(times))
    metres[1:] = ELLIPSOID.inv(place[:-1, 0], place[:-1, 1], place[1:, 0], place[1:, 1])[2]
    along = np.cumsum(metres)
    # from the last timed stop before to the first one after, of the same trip
    at = np.arange(len(times), dtype=float)
    trip = times["trip_id"]
    before, after = (
        pd.Series(np.where(known, at, np.nan), index=times.index).groupby(trip).transform(way)
        for way in ("ffill", "bfill")
    )
    between = before.notna() & after.notna()
    lost = ~known & ~between
    if lost.any():
        _LOG.warning(
            "%s: stop_times.txt gives no time for %d first or last stops, such as that of trip %r; they are left out",
            file.name, int(lost.sum()), trip[lost].iloc[0],
        )  # fmt: skip
    row = np.flatnonzero((~known & between).to_numpy())
    low, high = (side.to_numpy()[row].astype(int) for side in (before, after))
    left, come = times["departure"].to_numpy()[low], times["arrival"].to_numpy()[high]
    whole = along[high] - along[low]
    share = np.where(whole > 0, (along[row] - along[low]) / np.where(whole > 0, whole, 1), 0.5)
    for column in ("arrival", "departure"):
        values = times[column].to_numpy(dtype=float).copy()
        values[row] = left + share * (come - left)
        times[column] = values
    return times[~lost]
