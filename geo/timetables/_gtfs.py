"""Railways from a GTFS feed, reduced to stations, fastest run times and trains per day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from os import PathLike

import numpy as np
import pandas as pd

from ..crs import ELLIPSOID
from ..errors import DataFileError, EmptyInputError, InputError
from ..networks import LineNetwork, network_from_sections
from ._gtfs_feed import RAIL_ROUTE_TYPES, Feed


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
    feed = Feed.read(path, route_types)
    name = feed.file.name
    if feed.routes["route_id"].nunique() > 250:
        raise InputError(
            f"{name} has {feed.routes['route_id'].nunique()} routes of these types, 250 at most; "
            "choose fewer with 'route_types' or cut the feed"
        )
    day = feed.day(date)
    trips = feed.require_trips_on(day)
    stations = feed.stations
    sections = _sections(feed, trips)
    if len(sections) == 0:
        raise EmptyInputError(f"{name}: the trains of {day} stop at one station each")
    place = stations.set_index("station_id")
    a, b = place.loc[sections["from_station"]], place.loc[sections["to_station"]]
    metres = ELLIPSOID.inv(a["lon"], a["lat"], b["lon"], b["lat"])[2]
    sections["length_km"] = np.asarray(metres, dtype=float) / 1000
    return network_from_sections(
        stations,
        sections,
        pd.DataFrame(columns=["station_id", "line_a", "line_b"]),
        provenance={"rail": f"GTFS feed {name}, {day}; straight lengths"},
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
    )


def _sections(feed: Feed, trips: pd.DataFrame) -> pd.DataFrame:
    timed = feed.calls(trips)
    following = timed.groupby("trip_id")[["station", "arrival"]].shift(-1)
    steps = pd.DataFrame(
        {
            "line_id": timed["trip_id"].map(trips.set_index("trip_id")["route_id"]),
            "from_station": timed["station"],
            "to_station": following["station"],
            "minutes": (following["arrival"] - timed["departure"]) / 60,
            "runs": timed["trip_id"].map(feed.runs),
            "row": timed["row"].shift(-1),
        }
    ).dropna(subset=["to_station"])
    if (steps["minutes"] < 0).any():
        row = steps[steps["minutes"] < 0].iloc[0]
        raise DataFileError(
            f"{feed.file.name}: stop_times.txt, row {row['row']:.0f}: a trip of route {row['line_id']!r} arrives at "
            f"{row['to_station']!r} before it leaves {row['from_station']!r}"
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
