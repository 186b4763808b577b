"""Times over a window of departures: by hand, and minute by minute through a graph of all calls."""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import borderreach as br

from ... import chance

#: Stations along a road, an hour's drive from one to the next.
PLACES = pd.DataFrame({"name": list("ABCD"), "lon": [106.0, 106.5, 107.0, 107.5], "lat": [29.0] * 4})
ENDS = [(float(lon), 29.0) for lon in PLACES["lon"]]
RULES = br.TransferRules(boarding_min=7, alighting_min=3, transfer_min=4)


@cache
def road() -> br.TransportNetwork:
    return br.build_network(
        PLACES["lon"], PLACES["lat"], br.Links([0, 1, 2], [1, 2, 3], [48.6e3] * 3, [3600.0, 3000.0, 4000.0])
    )


def timetable_of(runs: list[list[tuple[int, int, int]]]) -> br.Timetable:
    """Runs of calls: station, arrival and departure in minutes after midnight."""
    names = PLACES["name"].tolist()
    rows = [
        (f"T{k}", n, names[station], *(f"{t // 60 % 24:02}:{t % 60:02}" for t in (arrive, leave)))
        for k, run in enumerate(runs)
        for n, (station, arrive, leave) in enumerate(run)
    ]
    frame = pd.DataFrame(rows, columns=["train", "stop_no", "station", "arrive", "depart"])
    return br.timetable(frame, stations=PLACES)


def hourly(minutes: int = 30) -> br.Timetable:
    return timetable_of([[(0, 60 * h, 60 * h), (1, 60 * h + minutes, 60 * h + minutes)] for h in range(24)])


def test_an_hourly_train_by_hand():
    found = br.timetable_times(road(), hourly(), ENDS[0], ENDS[1], rules=RULES, within_min=(45, 60)).iloc[0]
    assert found["road_min"] == 60
    assert found["fastest_min"] == 40  # 7 to board, 30 to ride, 3 to leave
    # who sets out 0 to 59 minutes before the last moment takes 40 to 99; from 60 on the road is as fast
    assert found["p50_min"] == 60
    assert found["p10_min"] == 45  # 72 of 720: the sixth minute of each hour
    assert found["by_train"] == pytest.approx(20 / 60)
    assert found["within_45"] == pytest.approx(6 / 60)
    assert found["within_60"] == 1
    assert found["planned_min"] == 60


def test_without_a_road_there_is_the_train_alone_and_after_the_last_one_nothing():
    apart = br.build_network(
        [106.0, 106.001, 106.5, 106.501], [29.0] * 4, br.Links([0, 2], [1, 3], [97.0, 97.0], [7.0, 7.0])
    )
    trains = timetable_of([[(0, 8 * 60, 8 * 60), (1, 9 * 60, 9 * 60)]])
    found = br.timetable_times(apart, trains, ENDS[0], ENDS[1], rules=RULES, window=("07:00", "09:00")).iloc[
        0
    ]
    assert math.isnan(found["road_min"])
    assert found["fastest_min"] == 70
    assert found["planned_min"] == 70
    # the next day's train comes within 24 hours for all who set out after 8:53 of the day before, to arrive at 9:03
    assert found["p90_min"] == pytest.approx(24 * 60 + 9 * 60 + 3 - (7 * 60 + 108 - 1), abs=1) or math.isnan(
        found["p90_min"]
    )
    assert found["within_120"] == pytest.approx(51 / 120)


def test_the_train_that_leaves_when_one_arrives_is_missed_where_a_change_takes_longer():
    to_b = [(0, 480, 480), (1, 510, 510)]
    changing = timetable_of([to_b, [(1, 514, 514), (2, 530, 530)]])
    missed = timetable_of([to_b, [(1, 513, 513), (2, 530, 530)]])
    options: dict[str, Any] = {"rules": RULES, "window": ("07:53", "07:54")}
    assert br.timetable_times(road(), changing, ENDS[0], ENDS[2], **options)["p50_min"][0] == 60
    assert br.timetable_times(road(), missed, ENDS[0], ENDS[2], **options)["p50_min"][0] > 60


@st.composite
def trains(draw: st.DrawFn) -> list[list[tuple[int, int, int]]]:
    runs = []
    for _ in range(draw(st.integers(1, 8))):
        now = draw(st.integers(5 * 60, 13 * 60))
        run: list[tuple[int, int, int]] = []
        for station in draw(st.lists(st.integers(0, 3), min_size=2, max_size=4)):
            leaves = now + draw(st.integers(0, 5))
            run.append((station, now, leaves))
            now = leaves + draw(
                st.sampled_from([14, 20, 35, 60])
            )  # no train is too fast for a minute's rounding
        far = max(abs(a[0] - b[0]) for a, b in pairwise(run))
        if far > 1:
            run = [(station, now + 20 * k, now + 20 * k) for k, (station, now, _) in enumerate(run)]
        run[0], run[-1] = (run[0][0], run[0][2], run[0][2]), (run[-1][0], run[-1][1], run[-1][1])
        runs.append(run)
    return runs


class Graph:
    """All that passengers can do, as a graph of getting on and off: what the sweep is held against."""

    def __init__(self, timetable: br.Timetable, minutes: np.ndarray[Any, Any]) -> None:
        graph: nx.DiGraph[Any] = nx.DiGraph()
        calls: list[Any] = list(timetable.calls.itertuples(index=False))
        self.calls = calls
        names = PLACES["name"].tolist()
        self.place = place = [names.index(timetable.stations["name"][call.station]) for call in calls]
        self.minutes = minutes
        goes_on = [k + 1 < len(calls) and calls[k + 1].run == call.run for k, call in enumerate(calls)]
        for k, call in enumerate(calls):
            if goes_on[k]:
                graph.add_edge(("on", k), ("off", k + 1))
                graph.add_edge(("off", k), ("on", k))
            for j, other in enumerate(calls):
                drive = minutes[place[k], place[j]]
                change = 4 if place[j] == place[k] else 3 + drive + 7
                if goes_on[j] and drive <= 60 and call.arrive_s + 60 * change <= other.depart_s:
                    graph.add_edge(("off", k), ("on", j))
        self.after = {k: nx.descendants(graph, ("on", k)) for k in range(len(calls)) if goes_on[k]}

    def arrival(self, start: int, end: int, now_s: int, *, by_road: bool = True) -> float:
        """Earliest arrival, seconds after midnight, of who sets out now."""
        calls, place, minutes = self.calls, self.place, self.minutes
        boarded = [
            k
            for k in self.after
            if minutes[start, place[k]] <= 90
            and now_s + 60 * (minutes[start, place[k]] + 7) <= calls[k].depart_s
        ]
        off = {k for one in boarded for what, k in self.after[one] if what == "off"}
        by_train = [
            calls[k].arrive_s + 60 * (3 + minutes[place[k], end]) for k in off if minutes[place[k], end] <= 90
        ]
        return min([now_s + 60 * minutes[start, end] if by_road else math.inf, *by_train], default=math.inf)


@settings(max_examples=chance.examples(30))
@given(runs=trains(), start=st.integers(0, 3), end=st.integers(0, 3), first=st.integers(6, 11))
def test_every_minute_of_a_window_is_as_a_graph_of_all_calls_says(
    runs: list[list[tuple[int, int, int]]], start: int, end: int, first: int
):
    trains, network = timetable_of(runs), road()
    minutes = br.od_matrix(network, ENDS)["travel_time_min"].to_numpy().reshape(4, 4)
    window = (f"{first:02}:00", f"{first + 1:02}:30")
    asked = (0, 25, 50, 75, 100)
    found = br.timetable_times(
        network,
        trains,
        ENDS[start],
        ENDS[end],
        rules=RULES,
        window=window,
        percentiles=asked,
        within_min=(30, 75),
    ).iloc[0]
    graph = Graph(trains, minutes)
    window_s = range(first * 3600, first * 3600 + 90 * 60, 60)
    taken = np.array([round(graph.arrival(start, end, now)) - now for now in window_s])
    expected = np.percentile(taken, asked, method="inverted_cdf")
    # roads' times are rounded to seconds, at two ends
    assert (60 * found[[f"p{p}_min" for p in asked]]).tolist() == pytest.approx(expected.tolist(), abs=2)
    assert (taken <= 75 * 60 - 2).mean() <= found["within_75"] <= (taken <= 75 * 60 + 2).mean()
    assert 60 * found["fastest_min"] <= taken.min() + 2
    assert found["planned_min"] <= found["p50_min"]
    assert (taken < 60 * minutes[start, end] - 2).mean() <= found["by_train"]
    assert found["by_train"] <= (taken < 60 * minutes[start, end] + 2).mean()


@settings(max_examples=20)
@given(runs=trains(), more=trains(), start=st.integers(0, 3), end=st.integers(0, 3))
def test_another_train_makes_no_departure_later(
    runs: list[list[tuple[int, int, int]]], more: list[list[tuple[int, int, int]]], start: int, end: int
):
    def times(chosen: list[list[tuple[int, int, int]]]) -> pd.Series:
        return br.timetable_times(road(), timetable_of(chosen), ENDS[start], ENDS[end], rules=RULES).iloc[0]

    before, after = times(runs), times(runs + more)
    for column in ("fastest_min", "p10_min", "p50_min", "p90_min", "planned_min"):
        assert after[column] <= before[column]
    assert after["within_120"] >= before["within_120"]


def test_results_do_not_depend_on_threads_or_on_company():
    many = br.timetable_times(road(), hourly(), ENDS, rules=RULES, workers=3)
    alone = [
        br.timetable_times(road(), hourly(), a, b, rules=RULES, workers=1).drop(columns=["from_id", "to_id"])
        for a in ENDS
        for b in ENDS
    ]
    pd.testing.assert_frame_equal(
        many.drop(columns=["from_id", "to_id"]), pd.concat(alone, ignore_index=True)
    )


def test_a_day_away_by_hand():
    there = [[(0, 60 * h, 60 * h), (1, 60 * h + 30, 60 * h + 30)] for h in (6, 9, 12)]
    back = [[(1, 60 * h + 10, 60 * h + 10), (0, 60 * h + 40, 60 * h + 40)] for h in (8, 17, 21)]
    trains = timetable_of(there + back)
    found = br.day_trips(road(), trains, ENDS[0], ENDS[1], between=("06:30", "21:50"), rules=RULES).iloc[0]
    assert found["first_arrival_min"] == 9 * 60 + 30 + 3  # the train of 6:00 has left
    assert found["last_departure_min"] == 21 * 60 + 10 - 7  # at home at 21:43
    assert found["stay_min"] == found["last_departure_min"] - found["first_arrival_min"]
    early = br.day_trips(road(), trains, ENDS[0], ENDS[1], between=("06:30", "21:42"), rules=RULES).iloc[0]
    assert early["last_departure_min"] == 17 * 60 + 10 - 7


@settings(max_examples=chance.examples(30))
@given(runs=trains(), ends=st.permutations(range(4)))
def test_a_day_away_is_as_every_minute_says(runs: list[list[tuple[int, int, int]]], ends: list[int]):
    trains, network = timetable_of(runs), road()
    minutes = br.od_matrix(network, ENDS)["travel_time_min"].to_numpy().reshape(4, 4)
    start, end = ends[:2]
    first, by = 7 * 3600, 12 * 3600
    found = br.day_trips(
        network, trains, ENDS[start], ENDS[end], between=("07:00", "12:00"), rules=RULES
    ).iloc[0]
    graph = Graph(trains, minutes)
    there = graph.arrival(start, end, first, by_road=False)
    if there > by:
        assert math.isnan(found["first_arrival_min"])
    else:
        assert 60 * found["first_arrival_min"] == pytest.approx(there, abs=1)
    back = [now for now in range(first, by, 60) if graph.arrival(end, start, now, by_road=False) <= by]
    if back:
        assert back[-1] <= 60 * found["last_departure_min"] + 1 <= back[-1] + 61
    else:
        assert not 60 * found["last_departure_min"] >= first + 60
