"""Timetables from GTFS feeds and from tables of calls."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from ..checks import require_flag, require_path, require_sound_text
from ..crs import WGS84
from ..errors import EmptyInputError, InputError, InputTypeError
from ..files import find_columns, read_table, table_points
from ..networks import rail_stations
from ._gtfs_feed import RAIL_ROUTE_TYPES, Feed
from ._headways import laid_out
from ._timetable import DAY_S, Timetable, made_timetable

Table = pd.DataFrame | str | PathLike[str]

#: What a table of calls holds; `dates` may be missing, and then each train runs every day.
CALL_COLUMNS: Final = ("run", "train", "stop_no", "station", "arrive", "depart", "dates")


def timetable(
    source: Table,
    *,
    date: str | dt.date | None = None,
    stations: Table | None = None,
    datum: str | None = None,
    columns: Mapping[str, str] | None = None,
    route_types: Iterable[int] = RAIL_ROUTE_TYPES,
    strict: bool = False,
) -> Timetable:
    r"""Read a timetable from a GTFS feed, or from a table of calls.

    Parameters
    ----------
    source : path or DataFrame
        A GTFS zip file; or a table (.csv, .xlsx, .parquet) with a row per call: ``run, train, stop_no, station,
        arrive, depart, dates``, also under names that mean them (车次, 站序, 站名, 到达时间, 发车时间, 开行日期). Without
        ``run`` the train's number is the run. Times are ``HH:MM`` or ``HH:MM:SS``; one that lies before the
        call before it is past midnight. ``dates`` is empty or ``ALL`` for every day, or days and spans of days,
        ``2016-01-30|2016-02-01/2016-02-05``; the first row of a run counts, where the others are empty.
    date : str or datetime.date, optional
        Day of service (ISO 8601); the first of the days on which most trains run when left out.
    stations : path or DataFrame, optional
        For a table: where its stations lie, ``name`` (or ``station_id``), ``lon``, ``lat``; those of the embedded
        railway tables when left out.
    datum : {"WGS84", "GCJ-02", "BD-09"}, optional
        What the coordinates of `stations` are in.
    columns : mapping of str to str, optional
        For a table: our column -> its header, where it is called otherwise.
    route_types : iterable of int
        For a feed: GTFS route types to take.
    strict : bool
        Refuse what is otherwise left out with a line in the log: runs faster than 400 km/h between two calls, and
        runs that call at a station whose place isn't known.

    Returns
    -------
    Timetable

    Raises
    ------
    DataFileError, MissingColumnError, InputError
        Naming file, row and column.
    EmptyInputError
        If no train runs on that day.

    Notes
    -----
    Runs of a feed that go by headway and have no times of their own (``exact_times=0``) begin at a random moment
    within the first headway, drawn from the trip's id: the same in every network that holds the trip, so that
    comparing two of them is no matter of luck.

    References
    ----------
    General Transit Feed Specification, https://gtfs.org/documentation/schedule/reference/

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "train": ["G1", "G1"],
    ...         "stop_no": [1, 2],
    ...         "station": ["重庆北", "成都东"],
    ...         "arrive": ["", "09:30"],
    ...         "depart": ["08:00", ""],
    ...     }
    ... )
    >>> br.timetable(calls)
    <Timetable daily: 1 trains, 2 stations>
    """
    require_flag(strict, "strict")
    if columns is not None and not isinstance(columns, Mapping):
        raise InputTypeError(f"'columns' should map our columns to the table's, got {columns!r}")
    if not isinstance(source, pd.DataFrame):
        path = require_path(source, "source")
        if path.suffix.lower() == ".zip":
            return _from_feed(path, date, route_types, strict=strict)
    return _from_table(source, date, stations, datum, columns, strict=strict)


# A GTFS feed


def _from_feed(
    path: Path, date: str | dt.date | None, route_types: Iterable[int], *, strict: bool
) -> Timetable:
    feed = Feed.read(path, route_types)
    day = feed.day(date)
    feed.require_trips_on(day)
    routes = feed.routes.set_index("route_id")
    short = routes["route_short_name"] if "route_short_name" in routes else pd.Series("", index=routes.index)
    parts = []
    for offset in (-1, 0, 1):
        trips = feed.trips_on(day + dt.timedelta(days=offset))
        calls = laid_out(feed.calls(trips), feed.often)
        number = trips.set_index("trip_id")
        name = number["trip_short_name"] if "trip_short_name" in number else pd.Series("", index=number.index)
        line = number["route_id"].map(short)
        named = name.where(name.str.strip() != "", line)
        train = calls["trip_id"].map(named).fillna("").astype(str)  # of no calls, a column of numbers
        parts.append(
            pd.DataFrame(
                {
                    "run_id": calls["run_id"],
                    "train": train.where(train.str.strip() != "", calls["trip_id"]),
                    "day": offset,
                    "station_id": calls["station"],
                    "arrive_s": calls["arrival"],
                    "depart_s": calls["departure"],
                    "board": calls["board"],
                    "alight": calls["alight"],
                    "where": f"{path.name}: stop_times.txt, row "
                    + calls["row"].astype(str)
                    + ", trip "
                    + calls["trip_id"].map(repr),
                }
            )
        )
    return made_timetable(
        pd.concat(parts, ignore_index=True),
        gpd.GeoDataFrame(
            feed.stations[["station_id", "name"]],
            geometry=gpd.points_from_xy(feed.stations["lon"], feed.stations["lat"]),
            crs=WGS84,
        ),
        day,
        strict=strict,
        provenance={"timetable": f"GTFS feed {path.name}, {day}"},
        name=path.name,
    )


# A table of calls


def _from_table(
    source: Table,
    date: str | dt.date | None,
    stations: Table | None,
    datum: str | None,
    columns: Mapping[str, str] | None,
    *,
    strict: bool,
) -> Timetable:
    wanted = date if date is None else _day(date)
    needed = ("train", "stop_no", "station", "arrive", "depart")
    if isinstance(source, pd.DataFrame):
        name = "'source'"
        require_sound_text(source, "source")
        found = find_columns(source.columns, CALL_COLUMNS, name, columns=columns, needed=needed)
        frame = source.rename(columns={header: own for own, header in found.items()})
        frame = frame.set_index(pd.RangeIndex(2, len(frame) + 2))
    else:
        path = require_path(source, "source")
        name = f"'source' ({path.name})"
        frame = read_table(path, wanted=CALL_COLUMNS, needed=needed, columns=columns, argument="source")
    text = frame.fillna("").astype(str).apply(lambda column: column.str.strip())
    if len(text) == 0:
        raise EmptyInputError(f"{name} has no rows")
    run = text["run"] if "run" in text else text["train"]
    order = pd.to_numeric(text["stop_no"], errors="coerce")
    _all(order.notna(), text, name, "stop_no", "a number")
    for column in ("train", "station"):
        _all(text[column] != "", text, name, column, "text, not empty")
    times = {column: _clock(text, name, column) for column in ("arrive", "depart")}
    arrive = times["arrive"].fillna(times["depart"])
    depart = times["depart"].fillna(times["arrive"])
    _all(arrive.notna(), text, name, "arrive", "a time such as 08:05, here or in 'depart'")
    calls = pd.DataFrame(
        {
            "run_id": run,
            "train": text["train"],
            "stop_no": order,
            "station": text["station"],
            "arrive_s": arrive,
            "depart_s": depart,
            "dates": text.get("dates", ""),
        }
    )
    calls["row"] = calls.index
    calls = calls.sort_values(["run_id", "stop_no"], kind="stable", ignore_index=True)
    twice = calls.duplicated(["run_id", "stop_no"])
    if twice.any():
        row = calls[twice].iloc[0]
        raise InputError(
            f"{name}, row {row['row']}: run {row['run_id']!r} has the stop_no {row['stop_no']:g} twice; number its "
            "stops in order, and give trains that run twice a day a 'run' of their own"
        )
    calls = _over_midnight(calls, name)
    days = _running_days(calls, name)
    chosen = _busiest(days) if wanted is None else wanted
    place = _places(stations, datum)
    calls["station_id"] = calls["station"].map(place.by_name)
    calls["where"] = f"{name}, row " + calls["row"].astype(str)
    calls["board"] = calls["alight"] = True
    parts = []
    for offset in (-1, 0, 1):
        day = None if chosen is None else chosen + dt.timedelta(days=offset)
        runs_then = [run for run, on in days.items() if on is None or day in on]
        parts.append(calls[calls["run_id"].isin(runs_then)].assign(day=offset))
        if offset == 0 and not runs_then:
            first = min(min(on) for on in days.values() if on)
            last = max(max(on) for on in days.values() if on)
            raise EmptyInputError(f"{name}: no train runs on {day}; it has days from {first} to {last}")
    day_said = "every day" if chosen is None else str(chosen)
    return made_timetable(
        pd.concat(parts, ignore_index=True),
        place.points,
        chosen,
        strict=strict,
        provenance={"timetable": f"table of calls, {name.strip(chr(39))}, {day_said}"},
        name=name,
    )


def _all(good: pd.Series, table: pd.DataFrame, name: str, column: str, expected: str) -> None:
    if not good.all():
        row = good.index[~good.to_numpy()][0]
        raise InputError(
            f"{name}, row {row}: '{column}' should be {expected}, got {table.loc[row, column]!r}; mend or drop the row"
        )


def _day(date: str | dt.date) -> dt.date:
    try:
        return dt.date.fromisoformat(str(date)[:10])
    except ValueError as error:
        raise InputError(f"'date' should be a day such as '2025-12-31', got {date!r}") from error


def _clock(text: pd.DataFrame, name: str, column: str) -> pd.Series:
    """Seconds after midnight; NaN where nothing or a dash stands."""
    values = text[column].str.replace("：", ":", regex=False)
    values = values.where(~values.isin(["-", "--", "----", "—", "——"]), "")
    parts = values.str.extract(r"^(\d{1,2}):([0-5]?\d)(?::([0-5]?\d)(?:\.0+)?)?$")
    _all(parts[0].notna() | (values == ""), text, name, column, "a time such as 08:05")
    hours, minutes, seconds = (parts[k].astype(float) for k in range(3))
    return hours * 3600 + minutes * 60 + seconds.fillna(0)


def _over_midnight(calls: pd.DataFrame, name: str) -> pd.DataFrame:
    """Add a day to what lies before the time before it in the same run."""
    both = calls[["arrive_s", "depart_s"]].to_numpy(dtype=float).copy()
    run = pd.factorize(calls["run_id"])[0]
    first = np.r_[True, run[1:] != run[:-1]]
    flat = both.ravel()
    back = np.diff(flat) < 0
    begins = np.zeros(len(flat), dtype=bool)
    begins[::2] = first
    # at a first stop 'arrive' says nothing, at a last one 'depart' says nothing
    last = np.r_[first[1:], True]
    both[first, 0], both[last, 1] = both[first, 1], both[last, 0]
    flat = both.ravel()
    back = np.r_[False, np.diff(flat) < 0] & ~begins
    days = np.cumsum(back)
    start = np.maximum.accumulate(np.where(begins, np.arange(len(flat)), 0))
    flat = flat + DAY_S * (days - days[start])
    step = np.r_[0.0, np.diff(flat)]
    long = (step > DAY_S / 2) & ~begins
    if long.any():
        row = calls.iloc[int(np.argmax(long)) // 2]
        raise InputError(
            f"{name}, row {row['row']}: the times of run {row['run_id']!r} run backwards, or it takes more than half a "
            f"day to {row['station']!r}; mend or drop the run"
        )
    return calls.assign(arrive_s=flat[0::2], depart_s=flat[1::2])


def _running_days(calls: pd.DataFrame, name: str) -> dict[str, frozenset[dt.date] | None]:
    """Days on which each run goes; None for every day."""
    said = calls[calls["dates"] != ""].groupby("run_id", sort=False)
    heads = calls.groupby("run_id", sort=False)[["row"]].first()
    texts = said["dates"].first().reindex(heads.index).fillna("")
    known: dict[str, frozenset[dt.date] | None] = {}
    found: dict[str, frozenset[dt.date] | None] = {}
    for (run, text), row in zip(texts.items(), heads["row"], strict=True):
        if text not in known:
            known[text] = _dates(text, f"{name}, row {row}")
        found[str(run)] = known[text]
    return found


def _dates(text: str, where: str) -> frozenset[dt.date] | None:
    if text.casefold() in ("", "all", "daily", "每日", "每天", "天天"):
        return None
    text = re.sub(r"[ T]00:00(:00)?(\.0+)?", "", text)  # as spreadsheets write days
    days: set[dt.date] = set()
    for part in re.split(r"[|;,，、\s]+", text):
        if not part:
            continue
        try:
            ends = [dt.date.fromisoformat(end) for end in re.split(r"[/~至]", part)]
        except ValueError as error:
            raise InputError(
                f"{where}: 'dates' should be ALL, or days such as 2016-01-30|2016-02-01/2016-02-05, got {part!r}"
            ) from error
        if len(ends) > 2 or ends[-1] < ends[0]:
            raise InputError(f"{where}: 'dates' has the span {part!r}; give its first and its last day")
        days |= {ends[0] + dt.timedelta(days=k) for k in range((ends[-1] - ends[0]).days + 1)}
    return frozenset(days)


def _busiest(days: Mapping[str, frozenset[dt.date] | None]) -> dt.date | None:
    """Return the first of the days on which most runs go; None where all go every day."""
    counts: dict[dt.date, int] = {}
    for on in days.values():
        for day in on or ():
            counts[day] = counts.get(day, 0) + 1
    return max(counts, key=lambda day: (counts[day], -day.toordinal()), default=None)


@dataclass(frozen=True)
class _Places:
    points: gpd.GeoDataFrame
    by_name: Mapping[str, str]


def _places(stations: Table | None, datum: str | None) -> _Places:
    """Stations as points, and which one a name of the table of calls means."""
    if stations is None:
        if datum is not None:
            raise InputError("'datum' is that of 'stations', which is missing")
        points = rail_stations()[["station_id", "name", "geometry"]]
        where = "the embedded stations"
    else:
        columns = ("station_id", "name", "lon", "lat")
        if isinstance(stations, pd.DataFrame):
            where = "'stations'"
            require_sound_text(stations, "stations")
            found = find_columns(stations.columns, columns, where, needed=("name", "lon", "lat"))
            table = stations.rename(columns={header: own for own, header in found.items()})
            table = table.set_index(pd.RangeIndex(2, len(table) + 2))
        else:
            where = f"'stations' ({require_path(stations, 'stations').name})"
            table = read_table(stations, wanted=columns, needed=("name", "lon", "lat"), argument="stations")
        points = table_points(table, where, datum=datum, strict=True)
        points["name"] = points["name"].astype(str).str.strip()
        points["station_id"] = (points["station_id"] if "station_id" in points else points["name"]).astype(
            str
        )
        for column in ("station_id", "name"):
            twice = points.duplicated(column) & (points[column] != "")
            if twice.any():
                raise InputError(
                    f"{where}, row {points.index[twice.to_numpy()][0]}: the {column} "
                    f"{points.loc[twice, column].iloc[0]!r} stands there twice; keep one row"
                )
        points = points[["station_id", "name", "geometry"]].reset_index(drop=True)
    by_name = dict(zip(points["station_id"], points["station_id"], strict=True))
    unique = points[~points.duplicated("name", keep=False)]
    by_name.update(zip(unique["name"], unique["station_id"], strict=True))
    # public queries say 重庆北, tables now and then 重庆北站
    by_name = {**{f"{key}站": value for key, value in by_name.items()}, **by_name}
    return _Places(points, by_name)
