"""Timetable networks: every statistic at every node as a graph of all calls says, and what stands on it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import borderreach as br
from borderreach.analysis.times import enter, origin_list, search
from borderreach.geo.errors import InputError, InputTypeError

from ... import chance
from .test_timetable_times import ENDS, PLACES, RULES, Graph, hourly, road, timetable_of, trains

STATISTICS = ("fastest", "p10", "median", "p90", "mean")
#: Far beyond any journey here.
LIMIT_MS = 2**30
DAY_S = 24 * 3600
#: Minutes along the road.
BY_ROAD = np.array(
    [[abs(a - b) for b in (0, 60, 110, 110 + 4000 / 60)] for a in (0, 60, 110, 110 + 4000 / 60)]
)


def net(timetable: br.Timetable, **options: Any) -> br.TimetableNetwork:
    return br.timetable_network(road(), timetable, rules=RULES, **options)


def minutes(network: br.TransportNetwork, start: int, end: int) -> float:
    return float(br.travel_times(network, ENDS[start], ENDS[end])["travel_time_min"].iloc[0])


def told(statistic: str, taken: list[float]) -> float:
    """What a statistic says of the seconds that departures take, as anybody would count it."""
    taken = sorted(math.inf if one > DAY_S else one for one in taken)
    if statistic == "mean":
        return sum(taken) / len(taken)
    share = {"fastest": 0.0, "median": 0.5}.get(statistic)
    share = float(statistic[1:]) / 100 if share is None else share
    return taken[max(math.ceil(share * len(taken)) - 1, 0)]


@settings(max_examples=chance.examples(15))
@given(
    runs=trains(),
    start=st.integers(0, 3),
    first=st.integers(5, 22),
    late=st.integers(0, 11),
    lasts=st.integers(1, 40),
)
@example(  # the best moment lies between two minutes
    runs=[[(2, 494, 494), (0, 528, 528)]], start=3, first=7, late=0, lasts=2
)
def test_every_statistic_is_as_a_graph_of_all_calls_says_from_and_to(
    runs: list[list[tuple[int, int, int]]], start: int, first: int, late: int, lasts: int
) -> None:
    # some runs pass midnight
    timetable = timetable_of([[(s, a + 60 * late, b + 60 * late) for s, a, b in run] for run in runs])
    begin = 60 * first
    until = begin + lasts
    window = (f"{begin // 60:02}:{begin % 60:02}", f"{until // 60:02}:{until % 60:02}")
    network = net(timetable, window=window)
    graph = Graph(timetable, BY_ROAD)
    places = [origin_list(end)[0] for end in ENDS]
    last_moments = [  # for each train that may be boarded, between the window's ends
        call.depart_s - round(60 * (BY_ROAD[start, at] + RULES.boarding_min))
        for call, at in zip(graph.calls, graph.place, strict=True)
    ]
    best = [now for now in last_moments if 60 * begin <= now <= 60 * (until - 1)]

    def taken(end: int, moments: Iterable[int]) -> list[float]:
        return [graph.arrival(start, end, now) - now for now in moments]

    minutes_of_window = [60 * now for now in range(begin, until)]
    for statistic in STATISTICS:
        one = network.with_departures(statistic=statistic)
        moments = [*minutes_of_window, *best] if statistic == "fastest" else minutes_of_window
        wanted = [told(statistic, taken(end, moments)) / 60 for end in range(4)]
        forth = search(one, enter(one, places[start]), limit_ms=LIMIT_MS)
        assert forth[:4] / 60_000 == pytest.approx(wanted)
        # towards each end, told at the start
        back = [search(one.reverse, enter(one.reverse, place), limit_ms=LIMIT_MS)[start] for place in places]
        assert np.array(back) / 60_000 == pytest.approx(wanted)


@settings(max_examples=chance.examples(8))
@given(runs=trains(), start=st.integers(0, 3), end=st.integers(0, 3), limit=st.integers(20, 200))
def test_it_says_what_timetable_times_says_and_a_limit_leaves_out_what_is_beyond(
    runs: list[list[tuple[int, int, int]]], start: int, end: int, limit: int
) -> None:
    timetable = timetable_of(runs)
    found = br.timetable_times(road(), timetable, ENDS[start], ENDS[end], rules=RULES).iloc[0]
    for statistic, column in (
        ("p10", "p10_min"),
        ("p90", "p90_min"),
        ("planned", "planned_min"),
        ("fastest", "fastest_min"),
    ):
        network = net(timetable, statistic=statistic)
        assert minutes(network, start, end) == pytest.approx(found[column])
        within = br.travel_times(network, ENDS[start], ENDS[end], limit_min=limit)["travel_time_min"][0]
        assert math.isnan(within) if found[column] > limit else within == pytest.approx(found[column])
    mean = minutes(net(timetable, statistic="mean"), start, end)
    within = br.travel_times(net(timetable, statistic="mean"), ENDS[start], ENDS[end], limit_min=limit)
    assert (
        within["travel_time_min"].isna()[0]
        if mean > limit
        else within["travel_time_min"][0] == pytest.approx(mean)
    )


def test_stations_of_one_city_are_changed_between_by_road_and_loops_lead_nowhere():
    # B is left by a train that comes to it again, and A and B are an hour apart by road
    timetable = timetable_of(
        [
            [(1, 480, 480), (0, 500, 500), (1, 520, 520)],
            [(2, 470, 470), (1, 490, 490)],
            [(0, 561, 561), (3, 640, 640)],
        ]
    )
    network = net(timetable, window=("07:00", "07:01"), statistic="fastest")
    # 7:43 from C at the latest, at B 8:10; 3 to leave, 60 by road, 7 to board: 9:20, and the train to D leaves 9:21
    assert minutes(network, 2, 3) == pytest.approx(4000 / 60)
    alone = br.build_network(
        [*PLACES["lon"], 107.51], [29.0] * 5, br.Links([0, 3], [1, 4], [48.6e3, 970.0], [3600.0, 600.0])
    )
    apart = br.timetable_network(
        alone, timetable, rules=RULES, window=("07:00", "07:44"), statistic="fastest"
    )
    assert minutes(apart, 2, 3) == pytest.approx(643 - 463)
    missed = apart.with_departures(window=("07:44", "07:45"))
    assert math.isnan(
        minutes(missed, 2, 3)
    )  # the change by road is too late, and there is no other day's train by then


def test_days_on_which_a_train_does_not_run_are_missing():
    rows = [("G1", 1, "A", "", "08:00", "2026-05-01"), ("G1", 2, "B", "08:20", "", "2026-05-01")]
    rows += [("G2", 1, "A", "", "08:00", "2026-05-03"), ("G2", 2, "B", "08:20", "", "2026-05-03")]
    calls = pd.DataFrame(rows, columns=["train", "stop_no", "station", "arrive", "depart", "dates"])
    for date, by_train in (("2026-05-01", True), ("2026-05-03", True)):
        network = net(br.timetable(calls, date=date, stations=PLACES), statistic="fastest")
        assert minutes(network, 0, 1) == (30 if by_train else 60)
    with pytest.raises(br.BorderReachError, match="2026-05-02"):
        br.timetable(calls, date="2026-05-02", stations=PLACES)


@settings(max_examples=chance.examples(6))
@given(runs=trains(), more=trains(), start=st.integers(0, 3), end=st.integers(0, 3))
def test_more_trains_and_a_higher_percentile_never_the_other_way(
    runs: list[Any], more: list[Any], start: int, end: int
) -> None:
    few, many = net(timetable_of(runs)), net(timetable_of(runs + more))
    for statistic in STATISTICS:
        now, then = (minutes(one.with_departures(statistic=statistic), start, end) for one in (few, many))
        assert then <= now + 1e-9
    by_share = [minutes(many.with_departures(statistic=f"p{p}"), start, end) for p in (5, 30, 50, 80, 100)]
    assert by_share == sorted(by_share)
    assert minutes(many.with_departures(statistic="fastest"), start, end) <= by_share[0]


def test_isochrones_are_those_of_the_statistic_and_name_it():
    network = net(hourly(), statistic="p80")
    options: dict[str, Any] = {"cutoffs_min": (45, 75, 95)}
    found = br.isochrones(network, ENDS[0], **options)
    assert found["statistic"].unique().tolist() == ["p80"]
    assert found["window"].unique().tolist() == ["07:00-19:00"]
    same = br.timetable_isochrones(road(), hourly(), ENDS[0], statistic="p80", rules=RULES, **options)
    assert found["area_km2"].to_numpy() == pytest.approx(same["area_km2"].to_numpy(), rel=1e-3)
    # they hold what travel times say
    for cutoff, shape in zip(found["cutoff_min"], found.geometry, strict=True):
        for end in range(4):
            taken = minutes(network, 0, end)
            inside = shape.contains(br.origins_table(ENDS[end]).geometry.iloc[0])
            assert inside == (taken < cutoff) or taken == pytest.approx(cutoff)
    circle = br.travel_time_circle(found)
    assert circle["statistic"].unique().tolist() == ["p80"]
    both: Any = pd.concat(
        [found, br.isochrones(network.with_departures(statistic="mean"), ENDS[1], **options)]
    )
    with pytest.raises(InputError, match=r"more than one 'statistic'"):
        br.travel_time_circle(both)
    side_by_side = br.scenario_isochrones({"road": road(), "trains": network}, ENDS[0], **options)
    assert side_by_side.groupby("scenario")["window"].first().to_dict() == {
        "road": "",
        "trains": "07:00-19:00",
    }
    assert (
        side_by_side.loc[side_by_side["scenario"] == "trains", "area_km2"].tolist()
        == found["area_km2"].tolist()
    )


def test_tables_and_files_of_times_name_statistic_and_window(tmp_path):
    network = net(hourly(), statistic="mean", window=("08:00", "10:00"))
    frame = br.travel_times(network, ENDS[0], [ENDS[1], ENDS[3]])
    assert (frame.attrs["statistic"], frame.attrs["window"]) == ("mean", "08:00-10:00")
    assert frame["distance_km"].isna().tolist() == [True, False]  # D is farther from B than stations reach
    path = br.write_od_matrix(network, ENDS, tmp_path / "times.parquet")
    assert pd.read_parquet(path).attrs["statistic"] == "mean"
    assert pd.read_parquet(path)["travel_time_min"].tolist() == [
        minutes(network, start, end) for start in range(4) for end in range(4)
    ]
    provenance = json.loads(pq.read_schema(path).metadata[b"network"])
    assert (provenance["statistic"], provenance["window"]) == ("mean", "08:00-10:00")
    both = br.compare(road(), network, ENDS)
    assert both.attrs["statistic"] == "mean"
    assert (both["delta_mean_min"] <= 0).all()


def test_a_day_of_work_needs_a_train_home():
    out = [
        [(1, 420 + 10 * k, 420 + 10 * k), (0, 440 + 10 * k, 440 + 10 * k)] for k in range(13)
    ]  # B to A, 7:00 to 9:00
    home = [
        [(0, 960 + 10 * k, 960 + 10 * k), (1, 980 + 10 * k, 980 + 10 * k)] for k in range(19)
    ]  # 16:00 to 19:00
    options: dict[str, Any] = {"minutes": 45, "outward": ("07:00", "08:30")}
    town = br.origins_table(ENDS[1]).geometry.iloc[0]

    def is_in(timetable: br.Timetable, **more: Any) -> bool:
        zone = br.commuting_zone(net(timetable), ENDS[0], **{**options, **more})
        return bool(zone.geometry.iloc[0].contains(town))

    # 7 to board, up to 10 to wait, 20 to ride, 3 to leave
    assert is_in(timetable_of(out + home))
    assert not is_in(timetable_of(out))
    assert not is_in(timetable_of(home))
    assert not is_in(timetable_of(out + home), work_h=12)  # the last train home leaves at 19:00
    zone = br.commuting_zone(net(timetable_of(out + home)), ENDS[0], **options).iloc[0]
    assert (zone["window"], zone["window_back"], zone["statistic"]) == ("07:00-08:30", "15:45-17:15", "p50")
    with pytest.raises(InputError, match="after midnight"):
        br.commuting_zone(net(timetable_of(out)), ENDS[0], outward=("18:00", "20:00"), work_h=8)


def line(**given: Any) -> br.Corridor:
    stops = [
        {"name": name, "lon": lon, "lat": 29.0, "kind": "station", "position": "approximate"}
        for name, lon in (("A", 106.0), ("E", 107.25))
    ]
    facts = {"id": "new", "name": "新线", "mode": "rail", "status": "planned", "status_date": "2025-01-01"}
    return br.Corridor(**{**facts, "design_speed_kph": 250, "trains_per_day": 48, "stops": stops, **given})


def test_rail_corridors_are_trains_and_roads_are_roads():
    base = net(hourly())
    highway = line(id="road", mode="road", design_speed_kph=120, trains_per_day=None,
                   stops=[{"name": n, "lon": x, "lat": 29.0, "kind": "interchange", "position": "approximate"} for n, x in (("A", 106.0), ("D", 107.5))])  # fmt: skip
    with_line = br.add_corridors(base, line())
    assert isinstance(with_line, br.TimetableNetwork)
    by_hand = br.timetable_network(road(), br.with_corridor_trains(hourly(), line()), rules=RULES)
    assert minutes(with_line, 0, 2) == pytest.approx(minutes(by_hand, 0, 2))
    assert with_line.provenance["corridors"] == "new"
    both = br.add_corridors(base, [line(), highway])
    assert (
        minutes(both, 0, 3)
        <= min(minutes(with_line, 0, 3), minutes(br.add_corridors(base, highway), 0, 3)) + 1e-9
    )
    assert minutes(br.add_corridors(base, highway), 0, 3) < minutes(base, 0, 3)
    found = br.compare(base, None, ENDS, corridors=[line(), highway])
    shares = found.filter(like="contribution_").sum(axis=1)
    assert shares.to_numpy() == pytest.approx(found["delta_mean_min"].to_numpy())
    assert (found["delta_mean_min"] <= 1e-9).all()


def test_what_needs_times_on_arcs_says_so():
    network = net(hourly())
    for call in (
        partial(br.critical_links, network, ENDS),
        partial(br.missing_links, network, ENDS),
        partial(br.best_corridors, network, [line()], ENDS, budget=1e9),
        partial(br.journey_components, network, [(ENDS[0], ENDS[1])]),
    ):
        with pytest.raises(InputTypeError, match=r"TimetableNetwork|as a timetable has them"):
            call()
    with pytest.raises(InputTypeError, match="trains already"):
        br.timetable_network(network, hourly())
