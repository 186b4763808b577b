"""What a journey takes beyond the fastest train: waiting for one that calls, slower trains, and marks."""

import numpy as np
import pandas as pd
import pytest

import borderreach as br
from borderreach.geo.errors import InputError, MissingColumnError
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


DIRECT = ["line_id", "from_station", "to_station", "trains_there", "trains_back"]


def test_trains_known_to_call_at_both_stations_are_waited_for_as_such():
    # of 48 trains half call at A, half at B, and all at C, but hardly any at A and B, and from B to D none
    rows = [
        ("x", "A", "B", 20, 50, 48, 24, 24),
        ("x", "B", "C", 20, 50, 48, 24, 48),
        ("x", "C", "D", 20, 50, 48, 48, 24),
    ]
    pairs = [("x", "A", "B", 2, 3), ("x", "A", "C", 24, 24), ("x", "B", "C", 20, 24), ("x", "C", "D", 9, 9),
             ("x", "D", "A", 12, 8)]  # fmt: skip
    rail = network(rows, direct=pd.DataFrame(pairs, columns=DIRECT), stop_min=8)
    half_day = 16 * 60 / 2
    for a, b, trains, slower in (("C", "A", 24, 4), ("B", "C", 20, 0), ("A", "D", 8, 12), ("D", "A", 12, 12)):
        row = trip(rail, a, b)
        assert row["waiting_min"] == pytest.approx(half_day / trains), (a, b)
        assert row["slower_trains_min"] == pytest.approx(slower), (a, b)
        assert (row["n_boardings"], row["lines"]) == (1, "x")
        assert row["way_km"] == pytest.approx(50 * row["line_haul_min"] / 20)
        parts = [
            "line_haul_min",
            "slower_trains_min",
            "boarding_min",
            "waiting_min",
            "transfer_min",
            "alighting_min",
        ]
        assert row["total_min"] == pytest.approx(row[parts].sum())
    # a wait is as long as the two of trains that are known one by one, at most: here it's shorter by way of C and back
    row = trip(rail, "A", "B")
    assert (row["n_boardings"], row["line_haul_min"]) == (2, 60)
    assert row["waiting_min"] == pytest.approx(half_day / 24 * 2)
    few = TransferRules(unevenness=0, max_wait_min=40, transfer_min=600)
    assert trip(rail, "A", "B", few)["waiting_min"] == 80
    # from B to D no train: one changes at C
    row = trip(rail, "B", "D")
    assert (row["n_boardings"], row["transfer_min"], row["line_haul_min"]) == (2, 7, 40)
    assert row["waiting_min"] == pytest.approx(half_day / 20 + half_day / 9)
    # the train alone goes as before
    alone = join_networks(None, rail, line_haul_only=True)
    assert journey_components(alone, [("B", "D")])["total_min"].iloc[0] == pytest.approx(40)


def test_trains_run_on_from_and_to_lines_whose_pairs_are_known():
    through = pd.DataFrame([("B", "x", "y")], columns=["station_id", "line_a", "line_b"])
    rows = [
        ("x", "A", "B", 20, 50, 48, 24, 12),
        ("y", "B", "C", 30, 50, 48, 48, 12),
        ("y", "C", "D", 30, 50, 48, 12, 48),
    ]
    rules = TransferRules(transfer_min=600, unevenness=0, through_wait_min=15)
    half_day = 16 * 60 / 2
    known = [("x", "A", "B", 8, 8)], [("y", "B", "C", 6, 6), ("y", "C", "D", 12, 12)]
    for direct in (known[0], known[1], known[0] + known[1], []):
        rail = network(rows, through=through, direct=pd.DataFrame(direct, columns=DIRECT))
        there, back = trip(rail, "A", "C", rules), trip(rail, "C", "A", rules)
        assert (there["n_boardings"], there["lines"], there["line_haul_min"]) == (1, "x > y", 50)
        assert there["waiting_min"] == pytest.approx(half_day / 24 + 15 + half_day * (1 / 12 - 1 / 48))
        assert back["waiting_min"] == pytest.approx(half_day / 12 + 15 + half_day * (1 / 24 - 1 / 48))
        # who gets on along a line whose pairs are known gets off there by these alone
        waits = (
            half_day / 8 if ("x", "A", "B", 8, 8) in direct else half_day / 24 + half_day * (1 / 12 - 1 / 48)
        )
        assert trip(rail, "A", "B", rules)["waiting_min"] == pytest.approx(waits)
    # no train calls at B and D: from A one runs through
    rail = network(rows, through=through, direct=pd.DataFrame(known[0] + known[1], columns=DIRECT))
    assert trip(rail, "B", "D", TransferRules(transfer_min=7, unevenness=0))["n_boardings"] == 2
    assert trip(rail, "A", "D", rules)["n_boardings"] == 1


def test_pairs_of_stations_without_a_section_on_the_day_are_left_out():
    rows = [("x", "A", "B", 20, 50, 48, 48, 48), ("x", "B", "C", 20, 50, 48, 48, 48)]
    sections = pd.DataFrame(
        [(*row, opened) for row, opened in zip(rows, ("2010-01-01", "2020-01-01"), strict=True)],
        columns=["line_id", "from_station", "to_station", "minutes", "length_km", "trains_per_day", "calls_from",
                 "calls_to", "opening_date"],
    )  # fmt: skip
    direct = pd.DataFrame([("x", "A", "B", 24, 24), ("x", "A", "C", 12, 12)], columns=DIRECT)
    rail = rail_network(stations=STATIONS, sections=sections, direct=direct, date="2015-01-01")
    assert rail.direct_per_day == {(0, 1, "x"): 24, (1, 0, "x"): 24}
    assert trip(rail, "A", "B")["waiting_min"] == pytest.approx(20)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("z", "A", "B", 1, 1), "row 2, column 'line_id': expected a line_id of the sections, got 'z'"),
        (("x", "A", "D", 1, 1), "column 'to_station': expected a station of the line, got 'D'"),
        (("x", "A", "A", 1, 1), "column 'to_station': expected another station than from_station"),
        (("x", "A", "B", -1, 1), "column 'trains_there': expected a number of at least 0, got"),
        (("x", "A", "B", 1, ""), "column 'trains_back': expected a number of at least 0, got ''"),
    ],
)
def test_a_wrong_pair_of_stations_is_named(row, told):
    rows = [("x", "A", "B", 20, 50, 48, "", ""), ("y", "C", "D", 20, 50, 48, "", "")]
    with pytest.raises(InputError, match=f"'direct', .*{told}"):
        network(rows, direct=pd.DataFrame([row], columns=DIRECT))
    for again in (("x", "A", "B", 1, 1), ("x", "B", "A", 1, 1)):
        with pytest.raises(InputError, match="'direct', row 3, column 'to_station': expected"):
            network(rows, direct=pd.DataFrame([("x", "A", "B", 1, 1), again], columns=DIRECT))
    with pytest.raises(MissingColumnError, match="'trains_back'"):
        network(rows, direct=pd.DataFrame([row], columns=DIRECT)[DIRECT[:-1]])


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
    waits = {n: rules.wait_min(n) / (16 * 60 / n / 2) for n in (2, 14, 56, 112)}
    assert waits == pytest.approx({2: (1 / 7) ** 0.2, 14: 1, 56: 4**0.2, 112: 8**0.2})
    # more trains never make one wait longer, however unevenly they leave
    for uneven in (0, 0.25, 0.9):
        rules = TransferRules(unevenness=uneven)
        some = [rules.wait_min(n) for n in range(1, 400)]
        assert some == sorted(some, reverse=True)
        assert rules.wait_min(12) + rules.calling_min(48, 12) >= rules.wait_min(48)
    # beyond what it was fitted on, the wait is the same share of the headway
    assert TransferRules().wait_min(252) == pytest.approx(TransferRules().wait_min(126) / 2)
    assert TransferRules().wait_min(1260) == pytest.approx(16 * 60 / 1260 / 2 * 9**0.2)
    assert TransferRules().wait_min(8, air=True) == TransferRules(unevenness=0).wait_min(8, air=True)
    with pytest.raises(InputError, match="'unevenness'"):
        TransferRules(unevenness=1)


def test_trains_of_long_lines_leave_in_bunches_and_those_of_short_ones_evenly():
    rules = TransferRules(max_wait_min=500)
    for km, factor in ((300, 1), (None, 1), (4800, 4**0.2), (18.75, 0.25**0.2)):
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
