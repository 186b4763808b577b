"""Trains of planned lines in a timetable: their minutes, their number, and that chance plays no part."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import borderreach as br

STOPS = [("甲", 106.0), ("乙", 106.5), ("丙", 107.0)]


def line(**changes: Any) -> br.Corridor:
    return br.Corridor.model_validate(
        {
            "id": "line",
            "name": "新线",
            "mode": "rail",
            "status": "planned",
            "status_date": "2025-01-01",
            "design_speed_kph": 250,
            "speed_factor": 0.8,
            "sinuosity": 1.0,
            "stop_penalty_min": 4,
            "board_min": 10,
            "alight_min": 5,
            "trains_per_day": 16,
            "stops": [
                {"name": name, "lon": lon, "lat": 29.0, "kind": "station", "position": "approximate"}
                for name, lon in STOPS
            ],
            **changes,
        }
    )


def today() -> br.Timetable:
    calls = pd.DataFrame(
        [("K1", 1, "甲", "", "08:00"), ("K1", 2, "乙", "09:30", "")],
        columns=["train", "stop_no", "station", "arrive", "depart"],
    )
    stations = pd.DataFrame({"name": ["甲", "乙"], "lon": [106.001, 106.9], "lat": [29.0, 29.0]})
    return br.timetable(calls, stations=stations)


def test_trains_run_as_often_and_as_long_as_the_line_says():
    planned = br.with_corridor_trains(today(), [line()])
    new = planned.runs[(planned.runs["train"] == "新线") & (planned.runs["day"] == 0)]
    assert len(new) == 32  # 16 in either direction
    calls = planned.calls[planned.calls["run"].isin(new.index)]
    segments = br.corridor_segments([line()])
    ride = calls.groupby("run")["arrive_s"].agg(["min", "max"])
    assert np.allclose((ride["max"] - ride["min"]) / 60, segments["line_haul_min"].sum(), atol=0.02)
    for _, own in new.groupby(new["run_id"].str.rsplit("/", n=1).str[0]):
        begins = np.sort(ride.loc[own.index, "min"].to_numpy())
        assert np.allclose(np.diff(begins), 3600, atol=1)  # 16 hours, 16 trains
        assert 6.5 * 3600 <= begins[0] < 7.5 * 3600


def test_a_stop_is_the_station_of_its_name_only_where_that_lies_near():
    planned = br.with_corridor_trains(today(), [line()])
    assert planned.stations["name"].tolist() == ["甲", "乙", "乙", "丙"]
    assert planned.stations["station_id"].tolist() == ["甲", "乙", "line/乙", "line/丙"]


def test_scenarios_share_what_would_be_chance():
    one = br.with_corridor_trains(today(), [line()])
    both = br.with_corridor_trains(today(), [line(), line(id="other", name="另线")])
    ids = one.runs["run_id"]
    begin = [
        t.calls.groupby("run")["depart_s"].first().set_axis(t.runs["run_id"] + t.runs["day"].astype(str))
        for t in (one, both)
    ]
    pd.testing.assert_series_equal(begin[0], begin[1].loc[begin[0].index])
    assert len(both.runs) > len(ids)


def test_another_line_makes_nobody_later():
    road = br.build_network(
        [106.0, 106.5, 107.0], [29.0] * 3, br.Links([0, 1], [1, 2], [48.6e3] * 2, [3600.0] * 2)
    )
    ends = [(lon, 29.0) for _, lon in STOPS]
    before, after = (
        br.timetable_times(road, trains, ends)
        for trains in (today(), br.with_corridor_trains(today(), [line()]))
    )
    columns = ["fastest_min", "p10_min", "p50_min", "p90_min", "planned_min"]
    assert (after[columns].to_numpy() <= before[columns].to_numpy()).all()
    assert after["by_train"].max() > 0.5


def test_roads_bring_no_trains_and_hours_are_checked():
    road = line(mode="road", stops=[{"name": n, "lon": x, "lat": 29.0, "kind": "interchange", "position": "approximate"} for n, x in STOPS])  # fmt: skip
    assert br.with_corridor_trains(today(), [road]).runs["run_id"].tolist() == today().runs["run_id"].tolist()
    with pytest.raises(br.BorderReachError, match="'hours'"):
        br.with_corridor_trains(today(), [line()], hours=("22:00", "06:00"))
