"""The sweep through a timetable against a graph of its calls, for every minute of a window."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.times._connections import FAR_S, Connections, arrivals, connections
from borderreach.geo.timetables import Timetable

N_STATIONS = 5
WINDOW = (6 * 3600, 9 * 3600)


def made(runs: list[list[tuple[int, int, int, bool, bool]]]) -> Timetable:
    """A timetable of runs of calls: station, arrival and departure in seconds, board, alight."""
    rows = [(k, *call) for k, run in enumerate(runs) for call in run]
    calls = pd.DataFrame(rows, columns=["run", "station", "arrive_s", "depart_s", "board", "alight"])
    calls = calls.astype({"run": "int32", "station": "int32", "arrive_s": "int32", "depart_s": "int32"})
    stations = gpd.GeoDataFrame(
        {"station_id": list("ABCDE"), "name": list("ABCDE")},
        geometry=gpd.points_from_xy(106 + np.arange(N_STATIONS), np.full(N_STATIONS, 29.0)),
        crs=4326,
    )
    heads = pd.DataFrame({"run_id": [str(k) for k in range(len(runs))], "train": "G", "day": 0})
    return Timetable(None, stations, heads, calls, MappingProxyType({}))


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    """Runs with loops, calls of no time, equal times, closed doors, and ways over midnight."""
    runs = []
    for _ in range(draw(st.integers(1, 9))):
        now = draw(st.integers(4 * 60, 10 * 60)) * 60
        run = []
        for _ in range(draw(st.integers(2, 5))):
            arrive = now
            depart = arrive + 60 * draw(st.integers(0, 6))
            station = draw(st.integers(0, N_STATIONS - 1))
            run.append((station, arrive, depart, draw(st.integers(0, 5)) > 0, draw(st.integers(0, 5)) > 0))
            now = depart + 60 * draw(st.sampled_from([0, 1, 5, 20, 45, 16 * 60]))
        runs.append(run)
    return made(runs)


def what_passengers_can_do(laid: Connections, change_s: int, walks: np.ndarray[Any, Any]) -> nx.DiGraph[Any]:
    """The graph of calls: riding, staying aboard, changing, going to another station."""
    graph: nx.DiGraph[Any] = nx.DiGraph()
    n = len(laid.run)
    for c in range(n):
        graph.add_edge(("leaves", c), ("arrives", c))
        if c + 1 < n and laid.run[c + 1] == laid.run[c]:
            graph.add_edge(("arrives", c), ("leaves", c + 1))
        if not laid.alight[c]:
            continue
        ready = {(int(laid.target[c]), int(laid.arrive_s[c]) + max(change_s, 1))}
        ready |= {(b, int(laid.arrive_s[c]) + max(s, 1)) for a, b, s in walks.tolist() if a == laid.target[c]}
        for station, when in ready:
            for d in range(n):
                if laid.board[d] and laid.origin[d] == station and when <= laid.leave_s[d]:
                    graph.add_edge(("arrives", c), ("leaves", d))
    return graph


def earliest(
    graph: nx.DiGraph[Any], laid: Connections, access_s: np.ndarray[Any, Any], now_s: int
) -> list[float]:
    """Earliest arrival at each station for who sets out now."""
    boarded = [
        ("leaves", c)
        for c in range(len(laid.run))
        if laid.board[c] and access_s[laid.origin[c]] <= laid.leave_s[c] - now_s
    ]
    seen = {node for source in boarded for node in nx.descendants(graph, source)}
    best = [float("inf")] * N_STATIONS
    for c in range(len(laid.run)):
        if ("arrives", c) in seen and laid.alight[c]:
            best[laid.target[c]] = min(best[laid.target[c]], int(laid.arrive_s[c]))
    return best


@given(
    timetable=timetables(),
    change_min=st.sampled_from([0, 3, 10]),
    walks=st.dictionaries(
        st.tuples(st.integers(0, N_STATIONS - 1), st.integers(0, N_STATIONS - 1)).filter(
            lambda ab: ab[0] != ab[1]
        ),
        st.integers(0, 40),
        max_size=4,
    ),
    access=st.lists(st.none() | st.integers(0, 90), min_size=N_STATIONS, max_size=N_STATIONS),
)
def test_every_departure_arrives_when_a_graph_of_the_calls_says(
    timetable: Timetable, change_min: int, walks: dict[tuple[int, int], int], access: list[int | None]
):
    ways = np.array([(a, b, 60 * m) for (a, b), m in walks.items()], dtype=np.int64).reshape(-1, 3)
    laid = connections(timetable, change_s=60 * change_min, walks=ways)
    access_s = np.array([FAR_S if m is None else 60 * m for m in access], dtype=np.int32)
    first, end = WINDOW
    found = arrivals(laid, access_s, first_s=first, last_s=end - 60, until_s=100 * 3600)
    graph = what_passengers_can_do(laid, 60 * change_min, ways)
    for now in range(first, end, 60 * 9):
        expected = earliest(graph, laid, access_s, now)
        for station in range(N_STATIONS):
            part = slice(found.start[station], found.start[station + 1])
            open_to_us = found.arrive_s[part][found.set_out_s[part] >= now]
            assert (open_to_us[0] if len(open_to_us) else float("inf")) == expected[station]


def test_who_sets_out_later_arrives_later():
    laid = connections(
        made(
            [
                [(0, 0, 3600 * h, True, True), (1, 3600 * h + 1800, 3600 * h + 1800, True, True)]
                for h in range(24)
            ]
        ),
        change_s=600,
        walks=np.zeros((0, 3), dtype=np.int64),
    )
    access = np.array([600, *[FAR_S] * 4], dtype=np.int32)
    found = arrivals(laid, access, first_s=6 * 3600, last_s=9 * 3600, until_s=30 * 3600)
    at_b = slice(found.start[1], found.start[2])
    # set out at 6:50, 7:50, 8:50; the one of 9:50 serves those of 9:00
    assert found.set_out_s[at_b].tolist() == [int(h * 3600 - 600) for h in (7, 8, 9, 10)]
    assert found.arrive_s[at_b].tolist() == [int(h * 3600 + 1800) for h in (7, 8, 9, 10)]
