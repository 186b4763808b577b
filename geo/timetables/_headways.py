"""Trips that go by headway (GTFS's frequencies.txt): how often each runs, and its runs laid out over the day."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ..errors import DataFileError

NAME: Final = "frequencies.txt"
#: More runs of one row aren't those of trains: a headway of milliseconds, or hours without end.
MAX_RUNS: Final = 10_000


def headways(
    rows: pd.DataFrame, start_s: pd.Series[float], end_s: pd.Series[float], file: Path
) -> pd.DataFrame:
    """Return the headways of trips, checked.

    Parameters
    ----------
    rows : pandas.DataFrame
        Those of the trips that are taken, as the feed has them, by their row in it.
    start_s, end_s : pandas.Series
        Their times, seconds; NaN where there is none.
    file : pathlib.Path

    Returns
    -------
    pandas.DataFrame
        ``trip_id, start_s, end_s, headway_s, exact, runs``.

    Raises
    ------
    DataFileError
        With the row.
    """
    found = pd.DataFrame(
        {
            "trip_id": rows["trip_id"],
            "start_s": start_s,
            "end_s": end_s,
            "headway_s": pd.to_numeric(rows["headway_secs"], errors="coerce"),
            "exact": rows["exact_times"].str.strip() == "1" if "exact_times" in rows else False,
        }
    )
    wrong = ~((found["headway_s"] > 0) & np.isfinite(found["headway_s"]))
    if wrong.any():
        row = rows[wrong].iloc[0]
        raise DataFileError(
            f"{file.name}: frequencies.txt, row {row.name}: headway_secs should be above 0, got {row['headway_secs']!r}"
        )
    wrong = ~(found["end_s"] >= found["start_s"])
    if wrong.any():
        row = rows[wrong].iloc[0]
        raise DataFileError(
            f"{file.name}: frequencies.txt, row {row.name}: should run from start_time to a later end_time, got {row['start_time']!r} to "
            f"{row['end_time']!r}; hours after midnight go on from 24"
        )
    spans = (found["end_s"] - found["start_s"]) / found["headway_s"]
    runs = pd.Series(np.ceil(spans.to_numpy(dtype=float)), index=rows.index)
    if (runs > MAX_RUNS).any():
        row = rows.iloc[int(np.argmax(runs.to_numpy()))]
        raise DataFileError(
            f"{file.name}: frequencies.txt, row {row.name}: a train every {row['headway_secs']} seconds from {row['start_time']} to "
            f"{row['end_time']} makes {runs.max():,.0f} trains, and at most {MAX_RUNS:,} are taken; mend headway_secs"
        )
    return found.assign(runs=runs.astype(int))


def runs_of(trips: pd.Series[str], often: pd.DataFrame) -> pd.Series[float]:
    """Return how often each trip runs on a day of its service, by its id.

    Parameters
    ----------
    trips : pandas.Series
    often : pandas.DataFrame
        As `headways` returns it.
    """
    counts = often.groupby("trip_id")["runs"].sum()
    return pd.Series(trips.map(counts).fillna(1.0).to_numpy(dtype=float), index=trips.to_numpy())


def laid_out(calls: pd.DataFrame, often: pd.DataFrame) -> pd.DataFrame:
    """Lay out the runs of trips that go by headway; every run gets an id of its own, ``run_id``.

    Parameters
    ----------
    calls : pandas.DataFrame
        ``trip_id, arrival, departure`` and more; by trip, in order.
    often : pandas.DataFrame
        As `headways` returns it.
    """
    calls = calls.assign(run_id=calls["trip_id"])
    often = often[often["trip_id"].isin(set(calls["trip_id"]))]
    if len(often) == 0:
        return calls
    by_trip = dict(tuple(calls.groupby("trip_id", sort=False)))
    laid = [calls[~calls["trip_id"].isin(often["trip_id"])]]
    taken: set[str] = set()
    columns = (often[name].tolist() for name in ("trip_id", "start_s", "end_s", "headway_s", "exact"))
    for trip, start, end, headway, exact in zip(*columns, strict=True):
        own = by_trip[trip]
        departures = np.arange(start + (0.0 if exact else phase(trip) * headway), end, headway)
        names = []
        for departure in departures:
            name = f"{trip}@{round(departure)}"
            while name in taken:  # another row of the trip has a train at this second
                name += "+"
            taken.add(name)
            names.append(name)
        shift = np.repeat(np.rint(departures - float(own["departure"].iloc[0])), len(own))
        every = own.iloc[np.tile(np.arange(len(own)), len(departures))]
        laid.append(
            every.assign(
                run_id=np.repeat(np.array(names, dtype=object), len(own)),
                arrival=every["arrival"].to_numpy() + shift,
                departure=every["departure"].to_numpy() + shift,
            )
        )
    return pd.concat(laid, ignore_index=True)


def phase(name: str) -> float:
    """Return a number in [0, 1) drawn from a name: the same for it everywhere, as if at random among names.

    Examples
    --------
    >>> phase("渝贵高铁") == phase("渝贵高铁"), 0 <= phase("西渝高铁") < 1
    (True, True)
    """
    return zlib.crc32(name.encode()) / 2**32
