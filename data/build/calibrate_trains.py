"""Fit what usual trains take over the fastest, and hold the embedded railways against a timetable.

    python data/build/calibrate_trains.py TIMETABLE STATIONS [DAY]

TIMETABLE and STATIONS are what `timetable` takes, such as the timetable of 2016 of metromancn/Parse12306 and its stations;
neither is embedded. DAY is a Tuesday of March 2016 unless given. From station door to station door, the time that half of the
departures between 7:00 and 19:00 take is held against the joined network's. Prints the ride factor that fits best, errors with
each origin held out, and tables of errors by kind of journey, by trains a day and by minutes.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from borderreach.analysis.times import timetable_times
from borderreach.geo.crs import ELLIPSOID
from borderreach.geo.networks import (
    RAIL_RIDE_FACTOR,
    Links,
    TransportNetwork,
    build_network,
    join_networks,
    rail_network,
    rail_sections,
    rail_stations,
)
from borderreach.geo.timetables import Timetable, timetable

FACTORS = np.round(np.arange(1.0, 1.61, 0.02), 2)
#: Journeys whose way is so many times as long as the straight line are roundabout.
ROUNDABOUT = 1.6


def main() -> None:
    """Print the fit and the tables."""
    day = sys.argv[3] if len(sys.argv) > 3 else "2016-03-15"
    trains = timetable(sys.argv[1], date=day, stations=sys.argv[2])
    print(trains)
    pairs = observed(trains).merge(direct(trains), how="left", on=["from", "to"])
    pairs["trains"] = pairs["trains"].fillna(0)
    modelled = pd.DataFrame({factor: minutes(pairs, day, factor) for factor in FACTORS})
    known = modelled[1.0].notna() & pairs["p50"].notna()
    pairs, modelled = pairs[known].reset_index(drop=True), modelled[known].reset_index(drop=True)
    pairs["one_line"] = on_one_line(pairs, day) & (pairs["trains"] > 0)
    error = np.log(modelled.div(pairs["p50"], axis=0))
    own = error[pairs["trains"] > 0]
    print(f"ride factor with the least mean error where a train runs without a change: {own.abs().mean().idxmin()}, in use {RAIL_RIDE_FACTOR}")
    origins = pairs.loc[own.index, "from"]
    best = {name: own[origins != name].abs().mean().idxmin() for name in sorted(set(origins))}
    print("held out by origin:", pd.Series(best).value_counts().to_dict())
    held = np.array([own.loc[row, best[name]] for row, name in origins.items()])
    print(f"held out: median error {np.median(np.abs(np.expm1(held))):.1%}, mean {np.abs(np.expm1(held)).mean():.1%}")
    pairs["model"], pairs["before"] = modelled[RAIL_RIDE_FACTOR], modelled[1.0]
    pairs["ratio"] = pairs["model"] / pairs["p50"]
    one, more = pairs["one_line"], ~pairs["one_line"]
    rows = {
        "a train on one line": one,
        "  1 or 2 trains a day": one & (pairs["trains"] < 3),
        "  3 to 5": one & pairs["trains"].between(3, 5),
        "  6 to 15": one & pairs["trains"].between(6, 15),
        "  16 or more": one & (pairs["trains"] > 15),
        "a train over several lines": more & (pairs["trains"] > 0),
        "with a change": pairs["trains"] == 0,
        "with a change, half within 8 h": (pairs["trains"] == 0) & (pairs["p50"] <= 480),
        "all": pairs["ratio"] > 0,
        "all, half within 8 h": pairs["p50"] <= 480,
    }
    limits = [0, 60, 120, 180, 240, 360, np.inf]
    for a, b in pairwise(limits):
        band = pairs["model"].between(a, b, inclusive="right")
        rows[f"without a change, modelled {a:g} to {b:g} min"] = band & (pairs["trains"] > 0)
    print(pd.DataFrame({name: told(pairs[chosen]) for name, chosen in rows.items()}).T.to_string())


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
        "of them not roundabout": f"{(far & (pairs['detour'] < ROUNDABOUT)).sum()}",
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


def minutes(pairs: pd.DataFrame, day: str, factor: float) -> np.ndarray:
    """Return the joined network's minutes from door to door; also the length of the way over the straight line."""
    rail = rail_network(date=day, ride_factor=factor)
    joined = join_networks(alone(rail.node_lon, rail.node_lat), rail)
    by_name = {name: node for node, name in joined.node_names.items()}
    former = names_of_then()
    found, lengths = {}, {}
    graph, kilometres = (
        csr_array((values, joined.arc_head, joined.arc_start.astype(np.int32)), shape=(joined.n_nodes,) * 2)
        for values in (joined.arc_time_ms / 60_000, joined.arc_length_m / 1000)
    )
    for name in sorted(set(pairs["from"])):
        if former[name] not in by_name:
            continue
        time, before = dijkstra(graph, indices=by_name[former[name]], return_predecessors=True)
        found[name] = time
        if factor == RAIL_RIDE_FACTOR:
            lengths[name] = along(before, kilometres)
    out = np.full(len(pairs), np.nan)
    detour = np.full(len(pairs), np.nan)
    for row, (a, b) in enumerate(zip(pairs["from"], pairs["to"], strict=True)):
        if a in found and former[b] in by_name:
            i, j = by_name[former[a]], by_name[former[b]]
            out[row] = found[a][j] if np.isfinite(found[a][j]) else np.nan
            if a in lengths:
                ends = [joined.node_lon[i], joined.node_lat[i], joined.node_lon[j], joined.node_lat[j]]
                detour[row] = lengths[a][j] / (ELLIPSOID.inv(*ends)[2] / 1000)
    if lengths:
        pairs["detour"] = detour
    return out


def along(before: np.ndarray, kilometres: csr_array) -> np.ndarray:
    """Return kilometres of the quickest ways, by the nodes before."""
    step = np.array([kilometres[b, node] if b >= 0 else 0.0 for node, b in enumerate(before)])
    length, at = step.copy(), before.copy()
    while (at >= 0).any():  # twice as far back each time round
        on = at >= 0
        length[on] += length[at[on]]
        at[on] = at[at[on]]
    return length


def alone(lon: np.ndarray, lat: np.ndarray) -> TransportNetwork:
    """Return stations without a road between them."""
    return build_network(lon, lat, Links([], [], [], []), access_speed_kph=5, max_access_km=0.01)


def names_of_then() -> dict[str, str]:
    """Return the tables' name of each station by the one that it had in March 2016."""
    table = rail_stations()
    return {former or name: name for name, former in zip(table["name"], table["former_name"], strict=True)}


def on_one_line(pairs: pd.DataFrame, day: str) -> pd.Series:
    """Say whether both stations of a pair lie on one line."""
    table = rail_sections()
    table = table[(table["status"] == "open") & (table["opening_date"].astype(str) <= day)]
    lines: dict[str, set[str]] = {}
    for row in table.itertuples():
        for station in (row.from_station, row.to_station):
            lines.setdefault(station, set()).add(row.line_id)
    former = names_of_then()
    return pd.Series(
        [
            bool(lines.get(former[a], set()) & lines.get(former[b], set()))
            for a, b in zip(pairs["from"], pairs["to"], strict=True)
        ]
    )


if __name__ == "__main__":
    main()
