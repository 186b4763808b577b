"""Timetables: trains of a day as they run, with every call's times; what is read, checked."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..crs import ELLIPSOID
from ..errors import DataFileError, EmptyInputError, InputError

_LOG = logging.getLogger(__name__)

#: No train is faster between two calls, km/h, once a minute is granted for rounding.
MAX_TRAIN_KPH: Final = 400.0
DAY_S: Final = 24 * 3600
_ROUNDING_S: Final = 60


@dataclass(frozen=True, eq=False, repr=False)
class Timetable:
    """Trains as they run on a day, and on the day before and after as far as they matter for it.

    Made by `timetable`. Times are seconds after the day's midnight; those of the day before are negative
    or small, those of the day after above 86,400.

    Attributes
    ----------
    date : datetime.date or None
        The day; None where every train runs every day.
    stations : geopandas.GeoDataFrame
        ``station_id, name, geometry``, EPSG:4326; only those where a train calls.
    runs : pandas.DataFrame
        ``run_id, train, day``; day is -1, 0 or 1: the service day that the run belongs to.
    calls : pandas.DataFrame
        ``run, station`` (rows of the two above), ``arrive_s, depart_s, board, alight``; by run, in order.
    provenance : mapping of str to str

    Examples
    --------
    >>> calls = pd.DataFrame(
    ...     {
    ...         "run": [1, 1],
    ...         "train": ["G1", "G1"],
    ...         "stop_no": [1, 2],
    ...         "station": ["重庆北", "成都东"],
    ...         "arrive": ["", "09:30"],
    ...         "depart": ["08:00", ""],
    ...     }
    ... )
    >>> isinstance(br.timetable(calls), br.Timetable)
    True
    """

    date: dt.date | None
    stations: gpd.GeoDataFrame
    runs: pd.DataFrame
    calls: pd.DataFrame
    provenance: Mapping[str, str]

    def __repr__(self) -> str:
        today = int((self.runs["day"] == 0).sum())
        day = "daily" if self.date is None else self.date.isoformat()
        return f"<Timetable {day}: {today:,} trains, {len(self.stations):,} stations>"

    def __reduce__(self) -> tuple[object, ...]:
        parts = (self.date, self.stations, self.runs, self.calls, dict(self.provenance))
        return _restored, parts


def _restored(
    date: dt.date | None,
    stations: gpd.GeoDataFrame,
    runs: pd.DataFrame,
    calls: pd.DataFrame,
    provenance: dict[str, str],
) -> Timetable:
    return Timetable(date, stations, runs, calls, MappingProxyType(provenance))


def made_timetable(
    calls: pd.DataFrame,
    stations: gpd.GeoDataFrame,
    day: dt.date | None,
    *,
    strict: bool,
    provenance: dict[str, str],
    name: str,
) -> Timetable:
    """Check calls and put them together; `where` says where each was read."""
    lost = calls["station_id"].isna()
    if lost.any():
        row = calls[lost].iloc[0]
        missing = sorted(calls.loc[lost, "station"].unique())
        told = (
            f"{row['where']}: no place is known for the station {row['station']!r}"
            + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")
            + "; give a table with name, lon and lat as 'stations'"
        )
        if strict or lost.all():
            raise InputError(told)
        _LOG.warning("%s; these calls are left out", told)
        calls = calls[~lost]
    number = pd.Series(np.arange(len(stations)), index=stations["station_id"])
    calls = calls.assign(station=number.loc[calls["station_id"]].to_numpy()).reset_index(drop=True)
    run, _ = pd.factorize(pd.MultiIndex.from_frame(calls[["day", "run_id"]]))
    calls = calls.assign(run=run)
    calls = _sound(calls, stations, strict=strict)
    calls = calls.assign(
        arrive_s=calls["arrive_s"] + DAY_S * calls["day"], depart_s=calls["depart_s"] + DAY_S * calls["day"]
    )
    # of the day before only what still runs after midnight; and no run with a single call
    ends = calls.groupby("run")["arrive_s"].transform("max")
    size = calls.groupby("run")["arrive_s"].transform("size")
    calls = calls[(size > 1) & ((calls["day"] >= 0) | (ends > 0))]
    if not (calls["day"] == 0).any():
        raise EmptyInputError(f"{name}: no train of {day or 'the day'} calls at two stations")
    calls["run"] = pd.factorize(calls["run"])[0]
    used, position = np.unique(calls["station"], return_inverse=True)
    heads = calls.drop_duplicates("run")
    return Timetable(
        date=day,
        stations=stations.iloc[used].reset_index(drop=True),
        runs=heads[["run_id", "train", "day"]].astype({"run_id": str, "train": str}).reset_index(drop=True),
        calls=pd.DataFrame(
            {
                "run": calls["run"].to_numpy(dtype=np.int32),
                "station": position.astype(np.int32),
                "arrive_s": np.rint(calls["arrive_s"].to_numpy(dtype=float)).astype(np.int32),
                "depart_s": np.rint(calls["depart_s"].to_numpy(dtype=float)).astype(np.int32),
                "board": calls["board"].to_numpy(dtype=bool),
                "alight": calls["alight"].to_numpy(dtype=bool),
            }
        ),
        provenance=MappingProxyType(provenance),
    )


def _sound(calls: pd.DataFrame, stations: gpd.GeoDataFrame, *, strict: bool) -> pd.DataFrame:
    """Refuse times that run backwards; leave out misplaced stations, and runs that are faster than any train."""
    same, kph, backwards = _steps(calls, stations)
    if backwards.any():
        row = calls[backwards].iloc[0]
        raise DataFileError(
            f"{row['where']}: a train arrives before it leaves the station before, or leaves before it arrives; mend or "
            "drop it"
        )
    names = stations["name"].to_numpy()
    while (fast := kph > MAX_TRAIN_KPH).any():
        at = int(np.argmax(kph))
        station = calls["station"].to_numpy()
        a, b = station[at - 1], station[at]
        told = f"{calls['where'].iloc[at]}: from {names[a]!r} to {names[b]!r} the train would run at {kph[at]:,.0f} km/h"
        if strict:
            raise DataFileError(f"{told}; a time or the place of a station is wrong")
        # a station where most ways are too fast lies elsewhere; otherwise the run's times are wrong
        here, there = np.flatnonzero(fast), np.flatnonzero(fast) - 1
        ends = np.r_[station[here], station[there]]
        wrong = np.bincount(ends, minlength=len(names))
        step = np.flatnonzero(same)
        whole = np.bincount(np.r_[station[step], station[step - 1]], minlength=len(names))
        share = wrong / np.maximum(whole, 1)
        worst = int(np.lexsort((wrong, share))[-1])
        if share[worst] > 0.5:
            calls = calls[station != worst].reset_index(drop=True)
            _LOG.warning(
                "%s: %r seems to lie elsewhere (%d of its %d sections are too fast); its calls are left out",
                told, names[worst], wrong[worst], whole[worst],
            )  # fmt: skip
        else:
            run = calls["run"].to_numpy()
            lost = np.unique(run[fast])
            calls = calls[~np.isin(run, lost)].reset_index(drop=True)
            _LOG.warning("%s; a time is wrong; %d run(s) like this are left out", told, len(lost))
        same, kph, _ = _steps(calls, stations)
    return calls


def _steps(
    calls: pd.DataFrame, stations: gpd.GeoDataFrame
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.bool_]]:
    """Say of each call whether it follows another of its run, how fast the train came, and whether time ran back."""
    run, station = calls["run"].to_numpy(), calls["station"].to_numpy()
    arrive, depart = (calls[column].to_numpy(dtype=float) for column in ("arrive_s", "depart_s"))
    same = np.r_[False, run[1:] == run[:-1]][: len(run)]
    before = np.r_[0.0, depart[:-1]][: len(run)]
    lon, lat = (coordinate.to_numpy() for coordinate in (stations.geometry.x, stations.geometry.y))
    metres = np.zeros(len(run))
    if len(run) > 1:
        metres[1:] = ELLIPSOID.inv(lon[station[:-1]], lat[station[:-1]], lon[station[1:]], lat[station[1:]])[
            2
        ]
    taken = np.maximum(arrive - before, 0) + _ROUNDING_S
    return same, np.where(same, metres / taken * 3.6, 0.0), (depart < arrive) | (same & (arrive < before))


def with_runs(
    timetable: Timetable,
    stations: gpd.GeoDataFrame,
    runs: pd.DataFrame,
    calls: pd.DataFrame,
    *,
    provenance: Mapping[str, str],
) -> Timetable:
    """Return a timetable with further runs.

    Parameters
    ----------
    timetable : Timetable
    stations : geopandas.GeoDataFrame
        ``station_id, name, geometry``, EPSG:4326; those that the timetable has stay as they are.
    runs : pandas.DataFrame
        ``run_id, train, day``.
    calls : pandas.DataFrame
        ``run`` (rows of `runs`), ``station_id, arrive_s, depart_s``; by run, in order.
    provenance : mapping of str to str
        To be added.
    """
    columns = ["station_id", "name", "geometry"]
    new = stations[~stations["station_id"].isin(timetable.stations["station_id"])]
    every = pd.concat([timetable.stations[columns], new[columns]], ignore_index=True)
    number = pd.Series(np.arange(len(every)), index=every["station_id"])
    more = pd.DataFrame(
        {
            "run": calls["run"].to_numpy(dtype=np.int32) + len(timetable.runs),
            "station": number.loc[calls["station_id"]].to_numpy(dtype=np.int32),
            "arrive_s": np.rint(calls["arrive_s"].to_numpy(dtype=float)).astype(np.int32),
            "depart_s": np.rint(calls["depart_s"].to_numpy(dtype=float)).astype(np.int32),
            "board": True,
            "alight": True,
        }
    )
    return Timetable(
        date=timetable.date,
        stations=gpd.GeoDataFrame(every, crs=timetable.stations.crs),
        runs=pd.concat([timetable.runs, runs.astype({"run_id": str, "train": str})], ignore_index=True),
        calls=pd.concat([timetable.calls, more.astype(timetable.calls.dtypes.to_dict())], ignore_index=True),
        provenance=MappingProxyType({**timetable.provenance, **provenance}),
    )
