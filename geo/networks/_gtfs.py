"""Railways from a GTFS feed, reduced to stations, fastest run times and trains per day."""

from __future__ import annotations

import datetime as dt
import io
import logging
import zipfile
import zlib
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ..checks import read_rows, require_path, require_whole
from ..crs import ELLIPSOID
from ..errors import DataFileError, EmptyInputError, InputError, InputTypeError
from ._rail import LineNetwork, network_from_sections

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


def gtfs_rail_network(
    path: str | PathLike[str],
    *,
    date: str | dt.date | None = None,
    route_types: Iterable[int] = RAIL_ROUTE_TYPES,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
) -> LineNetwork:
    r"""Build a railway network from a GTFS feed.

    Each route becomes a line; each pair of stations between which one of its trips runs without
    a stop becomes a section, with the fastest run of the day (departure to arrival) in either
    direction and the trains per day of the busier direction. At a stop with one time the train arrives and
    leaves then. At stops without a time, between others with one, it calls in proportion to the straight
    distance. Where nobody may get on or off, it doesn't stop.

    Parameters
    ----------
    path : str or path
        A GTFS zip file. Its tables are read in place; nothing is unpacked to disk.
    date : str or datetime.date, optional
        Day of service (ISO 8601); the first of the days on which most trains run when left out.
    route_types : iterable of int
        GTFS route types to take.
    access_speed_kph, max_access_km : float
        Speed and reach off the network, km/h and km.

    Returns
    -------
    LineNetwork
        Stations (a stop's parent station where it has one) are nodes; mode "rail", the route as
        class. Lengths are straight distances, because feeds seldom hold others.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or lacks a table or a column.
    InputError
        If the date is no date, or the feed has more than 250 routes of these types.
    EmptyInputError
        If no such train runs on that day.

    References
    ----------
    General Transit Feed Specification, https://gtfs.org/documentation/schedule/reference/

    Examples
    --------
    >>> import zipfile
    >>> tables = {
    ...     "stops": "stop_id,stop_name,stop_lat,stop_lon\nA,Alpha,29,106\nB,Beta,29,106.5\n",
    ...     "routes": "route_id,route_type\nR,2\n",
    ...     "trips": "route_id,service_id,trip_id\nR,all,t\n",
    ...     "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    ...     "t,08:00:00,08:00:00,A,1\nt,08:20:00,08:20:00,B,2\n",
    ...     "calendar_dates": "service_id,date,exception_type\nall,20260501,1\n",
    ... }
    >>> with zipfile.ZipFile("feed.zip", "w") as feed:
    ...     for name, text in tables.items():
    ...         feed.writestr(f"{name}.txt", text)
    >>> br.gtfs_rail_network("feed.zip")
    <TransportNetwork rail: 2 nodes, 1 links, 2 arcs, 49 km>
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
    routes = tables["routes.txt"]
    routes = _once(routes[routes["route_type"].str.strip().isin(wanted)], ["route_id"], file, "routes.txt")
    trips = tables["trips.txt"]
    trips = _once(trips[trips["route_id"].isin(routes["route_id"])], ["trip_id"], file, "trips.txt")
    if routes["route_id"].nunique() > 250:
        raise InputError(
            f"{file.name} has {routes['route_id'].nunique()} routes of these types, 250 at most; "
            "choose fewer with 'route_types' or cut the feed"
        )
    runs = _runs(trips, frequencies, file)
    per_service = runs.groupby(trips["service_id"].to_numpy()).sum()
    day = _day(date, file, per_service, calendar, extra)
    trips = trips[trips["service_id"].isin(_services(day, file, calendar, extra))]
    if len(trips) == 0:
        raise EmptyInputError(
            f"{file.name}: no train of the chosen route types runs on {day}; {_what_it_has(tables['routes.txt'])}"
        )
    stations, station_of = _stations(_once(tables["stops.txt"], ["stop_id"], file, "stops.txt"), file)
    sections = _sections(trips, tables["stop_times.txt"], runs, stations, station_of, file)
    if len(sections) == 0:
        raise EmptyInputError(f"{file.name}: the trains of {day} stop at one station each")
    place = stations.set_index("station_id")
    a, b = place.loc[sections["from_station"]], place.loc[sections["to_station"]]
    metres = ELLIPSOID.inv(a["lon"], a["lat"], b["lon"], b["lat"])[2]
    sections["length_km"] = np.asarray(metres, dtype=float) / 1000
    return network_from_sections(
        stations,
        sections,
        pd.DataFrame(columns=["station_id", "line_a", "line_b"]),
        provenance={"rail": f"GTFS feed {file.name}, {day}; straight lengths"},
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
    )


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
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise DataFileError(f"{file.name}: {name} lacks the column(s) {', '.join(map(repr, missing))}")
    return frame


def _optional(archive: zipfile.ZipFile, file: Path, name: str, columns: Iterable[str]) -> pd.DataFrame:
    if name in archive.namelist():
        return _table(archive, file, name, columns)
    return pd.DataFrame(columns=list(columns), dtype=str)


def _date(text: str, file: Path, name: str) -> dt.date:
    try:
        return dt.datetime.strptime(text.strip(), "%Y%m%d").date()  # noqa: DTZ007 - a day, no time
    except ValueError as error:
        raise DataFileError(f"{file.name}: {name} has the date {text!r}; expected YYYYMMDD") from error


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
    if not kind.isin(["1", "2"]).all():
        raise DataFileError(f"{file.name}: calendar_dates.txt has an exception_type other than 1 and 2")
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
    exceptions = {_date(text, file, "calendar_dates.txt") for text in extra["date"].unique()}
    turns = exceptions | {day + one for day in exceptions}
    turns |= {_date(text, file, "calendar.txt") for text in calendar["start_date"].unique()}
    turns |= {_date(text, file, "calendar.txt") + one for text in calendar["end_date"].unique()}
    days = {day + k * one for day in turns for k in range(7)}

    def busy(day: dt.date) -> tuple[float, int]:
        services = _services(day, file, calendar, extra)
        return (float(per_service[per_service.index.isin(list(services))].sum()), -day.toordinal())

    return max(days, key=busy)


def _once(table: pd.DataFrame, key: list[str], file: Path, name: str) -> pd.DataFrame:
    """Return a table with each id once: rows that stand there twice are one, if they say the same."""
    table = table.drop_duplicates(ignore_index=True)
    twice = table.duplicated(key)
    if twice.any():
        row = table[twice].iloc[0]
        raise DataFileError(
            f"{file.name}: {name} has {' and '.join(f'{part} {row[part]!r}' for part in key)} more than once, "
            "with different entries; keep one row of each"
        )
    return table


def _stations(stops: pd.DataFrame, file: Path) -> tuple[pd.DataFrame, pd.Series]:
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
            f"{file.name}: stops.txt places {row['stop_id']!r} at "
            f"({row['stop_lon']!r}, {row['stop_lat']!r}), which is no longitude and latitude"
        )
    lost = set(station_of) - set(stops["stop_id"])
    if lost:
        raise DataFileError(f"{file.name}: stops.txt has no row for the parent station {min(lost)!r}")
    names = stops["stop_name"] if "stop_name" in stops else stops["stop_id"]
    frame = pd.DataFrame({"station_id": stops["stop_id"], "name": names, "lon": lon, "lat": lat})[is_station]
    return frame.drop_duplicates("station_id").reset_index(drop=True), station_of


def _seconds(times: pd.Series, file: Path, name: str) -> pd.Series:
    """Seconds since noon minus 12 h; hours may pass 24, and blank means not timed."""
    blank = times.str.strip() == ""
    parts = times.str.strip().str.extract(r"^(\d{1,3}):([0-5]?\d):([0-5]?\d)$")
    bad = parts[0].isna() & ~blank
    if bad.any():
        raise DataFileError(f"{file.name}: {name} has the time {times[bad].iloc[0]!r}; expected HH:MM:SS")
    hours, minutes, seconds = (parts[column].astype(float) for column in range(3))
    return hours * 3600 + minutes * 60 + seconds


def _runs(trips: pd.DataFrame, frequencies: pd.DataFrame, file: Path) -> pd.Series:
    """How often each trip runs on the day."""
    runs = pd.Series(1.0, index=trips["trip_id"])
    if len(frequencies):
        start = _seconds(frequencies["start_time"], file, "frequencies.txt")
        end = _seconds(frequencies["end_time"], file, "frequencies.txt")
        headway = pd.to_numeric(frequencies["headway_secs"], errors="coerce")
        if not (headway > 0).all():
            raise DataFileError(f"{file.name}: frequencies.txt has a headway_secs that isn't above 0")
        departures = (-((start - end) // headway)).clip(lower=0)  # rounded up
        counts = departures.groupby(frequencies["trip_id"]).sum()
        common = runs.index.intersection(counts.index)
        runs.loc[common] = counts.loc[common]
    return runs


def _may_board(times: pd.DataFrame) -> pd.Series:
    """Whether passengers may get on or off."""
    closed = pd.Series(data=True, index=times.index)
    for column in ("pickup_type", "drop_off_type"):
        closed &= times[column].str.strip() == "1" if column in times else False
    return ~closed


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


def _sections(
    trips: pd.DataFrame,
    stop_times: pd.DataFrame,
    runs: pd.Series,
    stations: pd.DataFrame,
    station_of: pd.Series,
    file: Path,
) -> pd.DataFrame:
    times = stop_times[stop_times["trip_id"].isin(trips["trip_id"])]
    times = _once(times, ["trip_id", "stop_sequence"], file, "stop_times.txt")
    unknown = ~times["stop_id"].isin(station_of.index)
    if unknown.any():
        raise DataFileError(
            f"{file.name}: stop_times.txt names the stop {times.loc[unknown, 'stop_id'].iloc[0]!r}, "
            "which stops.txt doesn't hold"
        )
    times["sequence"] = pd.to_numeric(times["stop_sequence"], errors="coerce")
    if times["sequence"].isna().any():
        raise DataFileError(f"{file.name}: stop_times.txt has a stop_sequence that isn't a number")
    times["arrival"] = _seconds(times["arrival_time"], file, "stop_times.txt")
    times["departure"] = _seconds(times["departure_time"], file, "stop_times.txt")
    times["station"] = station_of.loc[times["stop_id"]].to_numpy()
    times = times[_may_board(times)].sort_values(["trip_id", "sequence"], kind="stable", ignore_index=True)
    timed = _with_times(times, stations, file)
    following = timed.groupby("trip_id")[["station", "arrival"]].shift(-1)
    steps = pd.DataFrame(
        {
            "line_id": timed["trip_id"].map(trips.set_index("trip_id")["route_id"]),
            "from_station": timed["station"],
            "to_station": following["station"],
            "minutes": (following["arrival"] - timed["departure"]) / 60,
            "runs": timed["trip_id"].map(runs),
        }
    ).dropna(subset=["to_station"])
    if (steps["minutes"] < 0).any():
        row = steps[steps["minutes"] < 0].iloc[0]
        raise DataFileError(
            f"{file.name}: a trip of route {row['line_id']!r} arrives at {row['to_station']!r} before it "
            f"leaves {row['from_station']!r}"
        )
    # Feeds round to whole minutes; a run within one minute still takes half of one.
    steps["minutes"] = steps["minutes"].clip(lower=0.5)
    steps = steps[steps["from_station"] != steps["to_station"]]
    directed = steps.groupby(["line_id", "from_station", "to_station"], as_index=False).agg(
        minutes=("minutes", "min"), runs=("runs", "sum")
    )
    low = directed[["from_station", "to_station"]].min(axis=1)
    high = directed[["from_station", "to_station"]].max(axis=1)
    both = directed.assign(from_station=low, to_station=high)
    return both.groupby(["line_id", "from_station", "to_station"], as_index=False).agg(
        minutes=("minutes", "min"), trains_per_day=("runs", "max")
    )
