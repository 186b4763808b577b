"""Fit what usual trains and waiting take beyond the fastest train, and hold the embedded railways against a timetable.

    python data/build/calibrate_trains.py TIMETABLE STATIONS [DAY]

TIMETABLE and STATIONS are what `timetable` takes, such as the timetable of 2016 of metromancn/Parse12306 and its stations;
neither is embedded. DAY is a Tuesday of March 2016 unless given. From station door to station door, the time that half of the
departures between 7:00 and 19:00 take is held against the joined network's. Prints what fits best, errors with the pairs of each
origin and of each line held out in turn, and tables of errors by kind of journey, by trains a day and by minutes.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise, product

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from borderreach.analysis.times import timetable_times
from borderreach.geo.networks import (
    EVEN_PER_DAY,
    RAIL_STOP_MIN,
    Links,
    TransferRules,
    TransportNetwork,
    build_network,
    join_networks,
    journey_components,
    rail_network,
    rail_sections,
    rail_stations,
)
from borderreach.geo.timetables import Timetable, timetable

#: What is fitted: minutes per stop on the way, minutes of waiting for a train that runs on, unevenness of departures, and how
#: many a day bring half the headway on a line of 300 km.
STOPS, RUNNING_ON, UNEVEN, EVEN = (5.5, 6.0, 6.5), (20.0, 25.0), (0.15, 0.2), (14.0, 16.0)
USED = (RAIL_STOP_MIN, TransferRules().through_wait_min, TransferRules().unevenness, EVEN_PER_DAY)
#: Journeys that take half of the departures longer than this need a night on the way for many of them, minutes.
DAY_MIN = 480


def main() -> None:
    """Print the fit and the tables."""
    day = sys.argv[3] if len(sys.argv) > 3 else "2016-03-15"
    trains = timetable(sys.argv[1], date=day, stations=sys.argv[2])
    print(trains)
    pairs = observed(trains).merge(direct(trains), how="left", on=["from", "to"])
    pairs["trains"] = pairs["trains"].fillna(0)
    pairs["line"] = common_line(pairs, day)
    pairs = pairs[pairs["p50"].notna()].reset_index(drop=True)
    pairs["model"], pairs["mark"] = marked(pairs, day)
    pairs["no_night"] = minutes(pairs, day, *USED)
    pairs = pairs[pairs["no_night"].notna()].reset_index(drop=True)
    pairs["one_line"] = (pairs["line"] != "") & (pairs["trains"] > 0)
    pairs["day"] = pairs["p50"] <= DAY_MIN
    pairs["ratio"] = pairs["model"] / pairs["p50"]
    tell(pairs)
    fit(pairs[pairs["one_line"] | pairs["day"]].reset_index(drop=True), day)


def fit(pairs: pd.DataFrame, day: str) -> None:
    """Print what fits best, and errors with origins and lines held out in turn.

    Best is what has the least median error, the mean of that on one line and of that of all journeys of a day.
    """
    grid = list(product(STOPS, RUNNING_ON, UNEVEN, EVEN))
    off = np.stack([minutes(pairs, day, *chosen) / pairs["p50"] - 1 for chosen in grid], axis=1)
    error = np.abs(off).astype(np.float32)
    kinds = [(np.flatnonzero(pairs[kind]), Medians(error[pairs[kind]])) for kind in ("one_line", "day")]

    def loss(out: np.ndarray) -> np.ndarray:
        return sum(medians.without(np.flatnonzero(out[rows])) for rows, medians in kinds)

    everything = loss(np.zeros(len(pairs), dtype=bool))
    print(f"best: {grid[np.argmin(everything)]}, in use {USED} (minutes per stop, to run on, unevenness, even departures a day)")
    for held in ("from", "line"):
        chosen, found = {}, np.full(len(pairs), np.nan)
        for name in sorted(set(pairs[held]) - {""}):
            out = pairs[held] == name
            if held == "line":  # no journey from or to its stations teaches
                stations = set(pairs.loc[out, "from"]) | set(pairs.loc[out, "to"])
                untaught = pairs["from"].isin(stations) | pairs["to"].isin(stations)
            else:
                untaught = out | (pairs["to"] == name)
            k = int(np.argmin(loss(untaught.to_numpy())))
            chosen[name], found[out] = grid[k], error[out, k]
        print(f"held out by {held}:")
        print("  ", pd.Series(chosen).value_counts().head(8).to_dict())
        for label, rows in (("one line", pairs["one_line"]), ("half within 8 h", pairs["day"])):
            print(
                f"  {label}: median error {np.nanmedian(found[rows]):.1%}, mean {np.nanmean(found[rows]):.1%}"
            )


class Medians:
    """Medians of columns, quick to tell again without some rows."""

    def __init__(self, values: np.ndarray) -> None:
        order = np.argsort(values, axis=0, kind="stable")
        self.values = np.take_along_axis(values, order, axis=0)
        self.rank = np.empty_like(order)
        np.put_along_axis(self.rank, order, np.arange(len(values))[:, None], axis=0)

    def without(self, rows: np.ndarray) -> np.ndarray:
        """Return the medians (the lower of two) of the other rows."""
        middle = (len(self.values) - len(rows) - 1) // 2
        gone = np.sort(self.rank[rows], axis=0)
        found = []
        for column, left_out in enumerate(gone.T):
            # the place in the full column of what is in the middle once those before it are gone
            place = middle
            while (now := middle + int(np.searchsorted(left_out, place, side="right"))) != place:
                place = now
            found.append(self.values[place, column])
        return np.array(found)


def tell(pairs: pd.DataFrame) -> None:
    """Print errors by kind of journey, by trains a day and by minutes."""
    one, more = pairs["one_line"], ~pairs["one_line"]
    rows = {
        "a train on one line": one,
        "  1 or 2 trains a day": one & (pairs["trains"] < 3),
        "  3 to 5": one & pairs["trains"].between(3, 5),
        "  6 to 15": one & pairs["trains"].between(6, 15),
        "  16 to 40": one & pairs["trains"].between(16, 40),
        "  more than 40": one & (pairs["trains"] > 40),
        "a train over several lines": more & (pairs["trains"] > 0),
        "with a change": pairs["trains"] == 0,
        "with a change, half within 8 h": (pairs["trains"] == 0) & pairs["day"],
        "all": pairs["ratio"] > 0,
        "all, half within 8 h": pairs["day"],
    }
    limits = [0, 60, 120, 180, 240, 360, np.inf]
    for a, b in pairwise(limits):
        band = pairs["model"].between(a, b, inclusive="right")
        rows[f"without a change, modelled {a:g} to {b:g} min"] = band & (pairs["trains"] > 0)
    print(pd.DataFrame({name: told(pairs[chosen]) for name, chosen in rows.items()}).T.to_string())
    for hours in (8, 9, 9.5, 10, 12, 24, 48):
        found = pairs[pairs["p50"] <= hours * 60]
        off = (found["no_night"] / found["p50"] - 1).abs().median(), (found["ratio"] - 1).abs().median()
        print(
            f"half within {hours:g} h: {len(found):,} pairs, median error {off[0]:.1%} without nights, {off[1]:.1%} with"
        )


def told(pairs: pd.DataFrame) -> dict[str, str]:
    """Return the figures of a row."""
    error = pairs["ratio"] - 1
    spread = np.sqrt((np.log(pairs["ratio"]) ** 2).mean())
    far = pairs["ratio"] > 1.5
    return {
        "pairs": f"{len(pairs):,}",
        "bias": f"{error.median():+.0%}",
        "median": f"{error.abs().median():.1%}",
        "mean": f"{error.abs().mean():.1%}",
        "rms log": f"{spread:.2f}",
        "> 1.5": f"{far.sum()}",
        "of them not marked": f"{(far & (pairs['mark'] == '')).sum()}",
        "< 1/1.5": f"{(pairs['ratio'] < 1 / 1.5).sum()}",
    }


def observed(trains: Timetable) -> pd.DataFrame:
    """Return the minutes of half of the departures between the tables' stations, from door to door."""
    former = names_of_then()
    stations = trains.stations[trains.stations["name"].isin(former)].reset_index(drop=True)
    points = gpd.GeoDataFrame({"name": stations["name"]}, geometry=stations.geometry, crs=stations.crs)
    apart = alone(trains.stations.geometry.x.to_numpy(), trains.stations.geometry.y.to_numpy())
    found = timetable_times(
        apart, trains, points, off_network="unreachable", station_reach_min=1, between_stations_min=0
    )
    names = stations["name"].to_numpy()
    found["from"], found["to"] = np.repeat(names, len(names)), np.tile(names, len(names))
    found = found[found["from"] != found["to"]].rename(columns={"p50_min": "p50"})
    return found[["from", "to", "p10_min", "p50", "p90_min"]].reset_index(drop=True)


def direct(trains: Timetable) -> pd.DataFrame:
    """Return trains of the day from station to station without a change."""
    names = trains.stations["name"].to_numpy()
    calls = trains.calls[(trains.runs["day"].to_numpy() == 0)[trains.calls["run"]]].reset_index()
    both = calls.merge(calls, on="run")
    both = both[both["index_x"] < both["index_y"]].drop_duplicates(["run", "station_x", "station_y"])
    count = both.groupby(["station_x", "station_y"]).size().rename("trains").reset_index()
    return pd.DataFrame(
        {"from": names[count["station_x"]], "to": names[count["station_y"]], "trains": count["trains"]}
    )


def minutes(
    pairs: pd.DataFrame, day: str, per_stop: float, running_on: float, uneven: float, even: float
) -> np.ndarray:
    """Return the joined network's minutes from door to door."""
    rules = TransferRules(through_wait_min=running_on, unevenness=uneven)
    joined, by_name = joined_network(day, rules, per_stop, even)
    former = names_of_then()
    graph = csr_array(
        (joined.arc_time_ms / 60_000, joined.arc_head, joined.arc_start.astype(np.int32)),
        shape=(joined.n_nodes,) * 2,
    )
    names = [name for name in sorted({*pairs["from"], *pairs["to"]}) if former[name] in by_name]
    nodes = [by_name[former[name]] for name in names]
    time = dijkstra(graph, indices=nodes)[:, nodes]
    place = pd.Series(range(len(names)), index=names)
    first, last = (pairs[end].map(place) for end in ("from", "to"))
    known = (first.notna() & last.notna()).to_numpy()
    found = np.full(len(pairs), np.nan)
    found[known] = time[first[known].astype(int), last[known].astype(int)]
    return np.where(np.isfinite(found), found, np.nan)


def marked(pairs: pd.DataFrame, day: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the minutes and marks of `journey_components`."""
    joined, by_name = joined_network(day, TransferRules(), RAIL_STOP_MIN)
    former = names_of_then()
    ends = [
        (by_name.get(former[a]), by_name.get(former[b]))
        for a, b in zip(pairs["from"], pairs["to"], strict=True)
    ]
    known = [k for k, (a, b) in enumerate(ends) if a is not None and b is not None]
    found = journey_components(joined, [ends[k] for k in known])
    total, mark = np.full(len(pairs), np.nan), np.full(len(pairs), "", dtype=object)
    total[known], mark[known] = found["total_min"] + found["night_min"], found["mark"]
    return total, mark


def joined_network(
    day: str, rules: TransferRules, per_stop: float, even: float = EVEN_PER_DAY
) -> tuple[TransportNetwork, dict[str, int]]:
    """Return the trains of a day, joined, and the nodes of stations by name."""
    rail = rail_network(date=day, stop_min=per_stop)
    # the wait goes with trains a day times the root of the length
    as_if = {line: km * (EVEN_PER_DAY / even) ** 2 for line, km in rail.line_km.items()}
    rail = replace(rail, line_km=as_if)
    joined = join_networks(alone(rail.node_lon, rail.node_lat), rail, rules=rules)
    return joined, {name: node for node, name in joined.node_names.items()}


def alone(lon: np.ndarray, lat: np.ndarray) -> TransportNetwork:
    """Return stations without a road between them."""
    return build_network(lon, lat, Links([], [], [], []), access_speed_kph=5, max_access_km=0.01)


def names_of_then() -> dict[str, str]:
    """Return the tables' name of each station by the one that it had in March 2016."""
    table = rail_stations()
    return {former or name: name for name, former in zip(table["name"], table["former_name"], strict=True)}


def common_line(pairs: pd.DataFrame, day: str) -> list[str]:
    """Return a line on which both stations of a pair lie, empty for none."""
    table = rail_sections()
    table = table[(table["status"] == "open") & (table["opening_date"].astype(str) <= day)]
    lines: dict[str, set[str]] = {}
    for row in table.itertuples():
        for station in (row.from_station, row.to_station):
            lines.setdefault(station, set()).add(row.line_id)
    former = names_of_then()
    return [
        min(lines.get(former[a], set()) & lines.get(former[b], set()), default="")
        for a, b in zip(pairs["from"], pairs["to"], strict=True)
    ]


if __name__ == "__main__":
    main()
