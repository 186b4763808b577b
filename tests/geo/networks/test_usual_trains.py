"""What a journey takes beyond the fastest train: waiting for one that calls, slower trains, and marks."""

import numpy as np
import pandas as pd
import pytest

import borderreach as br
from borderreach.geo.errors import InputError
from borderreach.geo.networks import (
    Links,
    TransferRules,
    build_network,
    join_networks,
    journey_components,
    rail_network,
)

RULES = TransferRules(boarding_min=5, alighting_min=5, transfer_min=7, service_day_h=16, unevenness=0)
STATIONS = pd.DataFrame({"name": list("ABCD"), "lon": [106.0, 106.5, 107.0, 107.5], "lat": [29.0] * 4})


def network(rows, **options):
    columns = [
        "line_id",
        "from_station",
        "to_station",
        "minutes",
        "length_km",
        "trains_per_day",
        "calls_from",
        "calls_to",
    ]
    sections = pd.DataFrame(rows, columns=columns)
    return rail_network(stations=STATIONS, sections=sections, **options)


def trip(rail, a, b, rules=RULES):
    road = build_network([100.0], [29.0], Links([], [], [], []))
    return journey_components(join_networks(road, rail, rules=rules), [(a, b)]).iloc[0]


def test_one_waits_for_a_train_that_calls_at_both_ends():
    # 48 trains a day, of which 24 call at A, all at B, and 12 at C
    rail = network([("x", "A", "B", 20, 50, 48, 24, 48), ("x", "B", "C", 20, 50, 48, 48, 12)])
    there, back = trip(rail, "A", "C"), trip(rail, "C", "A")
    half_day = 16 * 60 / 2
    assert there["waiting_min"] == pytest.approx(half_day / 24 + half_day * (1 / 12 - 1 / 48))
    assert back["waiting_min"] == pytest.approx(half_day / 12 + half_day * (1 / 24 - 1 / 48))
    assert there["waiting_min"] == pytest.approx(back["waiting_min"])
    assert trip(rail, "A", "B")["waiting_min"] == pytest.approx(half_day / 24)
    assert there["total_min"] == pytest.approx(5 + there["waiting_min"] + 40 + 5)
    assert there["n_boardings"] == 1


def test_changing_waits_for_a_train_that_calls_where_one_changes():
    rail = network([("x", "A", "B", 20, 50, 48, 48, 12), ("y", "B", "C", 20, 50, 48, 24, 48)])
    row = trip(rail, "A", "C")
    half_day = 16 * 60 / 2
    assert row["waiting_min"] == pytest.approx(half_day * (1 / 48 + 1 / 12 - 1 / 48 + 1 / 24))
    assert (row["n_boardings"], row["transfer_min"]) == (2, 7)


def test_usual_trains_take_longer_and_the_fastest_stay_what_they_are():
    rows = [("x", "A", "B", 20, 50, 48, "", ""), ("x", "B", "C", 30, 50, 48, "", "")]
    fast, usual = trip(network(rows), "A", "C"), trip(network(rows, ride_factor=1.4), "A", "C")
    assert (fast["line_haul_min"], fast["slower_trains_min"]) == (50, 0)
    assert (usual["line_haul_min"], usual["slower_trains_min"]) == (50, pytest.approx(20))
    assert usual["total_min"] == pytest.approx(fast["total_min"] + 20)
    alone = join_networks(None, network(rows, ride_factor=1.4), line_haul_only=True)
    assert journey_components(alone, [("A", "C")])["total_min"].iloc[0] == pytest.approx(50)
    with pytest.raises(InputError, match="'ride_factor'"):
        network(rows, ride_factor=0.5)
    with pytest.raises(InputError, match="column 'calls_to': expected a number of at most trains_per_day"):
        network([("x", "A", "B", 20, 50, 48, "", 49)])


def test_usual_trains_call_on_the_way_and_the_fastest_dont():
    # of 48 trains 24 call at B, so that a usual one loses half a stop there; at A and C one gets on and off
    rows = [("x", "A", "B", 20, 50, 48, 48, 24), ("x", "B", "C", 30, 50, 48, 24, 48)]
    fast, usual = trip(network(rows), "A", "C"), trip(network(rows, stop_min=8), "A", "C")
    assert (usual["line_haul_min"], usual["slower_trains_min"]) == (50, pytest.approx(4))
    assert usual["total_min"] == pytest.approx(fast["total_min"] + 4)
    assert trip(network(rows, stop_min=8), "A", "B")["slower_trains_min"] == 0
    # where all call they all lose it; where nobody has counted them, 0.42 do
    for trains, share in ((48, 1), ("", 0.42)):
        same = [("x", "A", "B", 20, 50, trains, "", ""), ("x", "B", "C", 30, 50, trains, "", "")]
        row = trip(network(same, stop_min=8), "A", "C")
        assert row["slower_trains_min"] == pytest.approx(8 * share), trains
    alone = join_networks(None, network(same, stop_min=8), line_haul_only=True)
    assert journey_components(alone, [("A", "C")])["total_min"].iloc[0] == pytest.approx(50)
    with pytest.raises(InputError, match="'stop_min'"):
        network(same, stop_min=-1)


def test_one_waits_longer_than_half_the_headway_where_many_trains_leave():
    rules = TransferRules(max_wait_min=500)
    waits = {n: rules.wait_min(n) / (16 * 60 / n / 2) for n in (1, 5, 20, 80)}
    assert waits == pytest.approx({1: 0.2**0.25, 5: 1, 20: 4**0.25, 80: 2})
    # more trains never make one wait longer, however unevenly they leave
    for uneven in (0, 0.25, 0.9):
        rules = TransferRules(unevenness=uneven)
        some = [rules.wait_min(n) for n in range(1, 400)]
        assert some == sorted(some, reverse=True)
        assert rules.wait_min(12) + rules.calling_min(48, 12) >= rules.wait_min(48)
    # beyond what it was fitted on, the wait is the same share of the headway
    assert TransferRules().wait_min(252) == pytest.approx(TransferRules().wait_min(126) / 2)
    assert TransferRules().wait_min(1260) == pytest.approx(16 * 60 / 1260 / 2 * 25.2**0.25)
    assert TransferRules().wait_min(8, air=True) == TransferRules(unevenness=0).wait_min(8, air=True)
    with pytest.raises(InputError, match="'unevenness'"):
        TransferRules(unevenness=1)


def test_trains_of_long_lines_leave_in_bunches_and_those_of_short_ones_evenly():
    rules = TransferRules(max_wait_min=500)
    for km, factor in ((300, 1), (None, 1), (4800, 4**0.25), (18.75, 0.5**0.5)):
        assert rules.wait_min(20, line_km=km) == pytest.approx(rules.wait_min(20) * factor), km
        longer = rules.calling_min(48, 12, line_km=km)
        assert longer == pytest.approx(rules.wait_min(12, line_km=km) - rules.wait_min(48, line_km=km)), km
    assert RULES.wait_min(20, line_km=4800) == RULES.wait_min(20)
    # of a line in sections all count, on whichever of them one travels, and those of other lines don't
    rows = [("x", "A", "B", 20, 50, 48, "", ""), ("x", "B", "C", 400, 1150, 48, 48, 12)]
    rail = network([*rows, ("y", "C", "D", 30, 75, 48, "", "")])
    for a, b, km in (("A", "B", 1200), ("B", "A", 1200), ("C", "D", 75)):
        assert trip(rail, a, b, rules)["waiting_min"] == pytest.approx(rules.wait_min(48, line_km=km)), (a, b)
    expected = rules.wait_min(48, line_km=1200) + rules.calling_min(48, 12, line_km=1200)
    assert trip(rail, "A", "C", rules)["waiting_min"] == pytest.approx(expected)


def test_one_waits_for_a_train_that_runs_on_to_another_line():
    columns = ["station_id", "line_a", "line_b"]
    through = pd.DataFrame([("B", "x", "y")], columns=columns)
    rows = [("x", "A", "B", 20, 50, 48, "", ""), ("y", "B", "C", 30, 50, 48, "", "")]
    rail = network(rows, through=through)
    at_once, later = (
        trip(rail, "A", "C", TransferRules(transfer_min=60, unevenness=0, through_wait_min=wait))
        for wait in (0, 12)
    )
    assert (later["n_boardings"], later["line_haul_min"]) == (1, 50)
    assert later["waiting_min"] == pytest.approx(at_once["waiting_min"] + 12)
    assert later["total_min"] == pytest.approx(at_once["total_min"] + 12)
    alone = join_networks(None, rail, line_haul_only=True, rules=TransferRules(through_wait_min=12))
    assert journey_components(alone, [("A", "C")])["total_min"].iloc[0] == pytest.approx(50)


def test_who_cannot_arrive_the_same_day_stays_overnight_or_drives():
    minutes = 540  # 5 to board, 10 to wait, 5 to alight: 560 of the 570 minutes that are left to half
    for more, night in ((0, 0), (20, 480)):
        rail = network([("x", "A", "B", minutes + more, 60, 48, "", "")])
        row = trip(rail, "A", "B")
        assert (row["night_min"], row["mark"]) == (night, "night" if night else "")
        assert row["total_min"] == pytest.approx(560 + more)
    # a road of 15 hours costs less than a train and a night, one of 20 hours doesn't
    for hours in (15, 20):
        road = build_network([106.0, 106.5], [29.0] * 2, Links([0], [1], [1500e3], [hours * 3600.0]))
        ends = [(106.0, 29.0)], [(106.5, 29.0)]
        joined = join_networks(road, rail, rules=RULES)
        row = journey_components(joined, [(ends[0][0], ends[1][0])]).iloc[0]
        assert row["n_boardings"] == 1
        assert row["total_min"] == pytest.approx(580)
        assert row["total_min"] + row["night_min"] == pytest.approx(min(580 + 480, hours * 60))
        assert row["total_min"] == pytest.approx(br.travel_times(joined, *ends)["travel_time_min"].iloc[0])
        parts = ["line_haul_min", "slower_trains_min", "road_min", "access_min", "boarding_min", "waiting_min",
                 "transfer_min", "alighting_min"]  # fmt: skip
        assert row["total_min"] == pytest.approx(row[parts].sum())
    alone = join_networks(None, rail, line_haul_only=True)
    assert journey_components(alone, [("A", "B")])["total_min"].iloc[0] == pytest.approx(560)


def test_journeys_to_be_taken_with_care_are_marked():
    # from A to D by way of C, which lies far beyond both, is no fair way; one train a day is no service
    rail = network([("x", "A", "C", 60, 100, 48, "", ""), ("x", "C", "D", 60, 400, 48, "", "")])
    assert trip(rail, "A", "C")["mark"] == ""
    row = trip(rail, "A", "D")
    assert row["mark"] == "roundabout"
    assert row["way_km"] == pytest.approx(500)
    assert row["straight_km"] == pytest.approx(146, abs=1)
    rare = network([("x", "A", "B", 20, 50, 2, "", "")])
    assert trip(rare, "A", "B")["mark"] == "rare trains"
    assert trip(rail, "A", "A")["mark"] == ""
    assert np.isnan(
        trip(network([("x", "A", "B", 20, 50, 2, "", ""), ("y", "C", "D", 9, 50, 2, "", "")]), "A", "C")[
            "total_min"
        ]
    )
