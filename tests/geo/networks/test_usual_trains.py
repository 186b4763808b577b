"""What a journey takes beyond the fastest train: waiting for one that calls, slower trains, and marks."""

import numpy as np
import pandas as pd
import pytest

from borderreach.geo.errors import InputError
from borderreach.geo.networks import (
    Links,
    TransferRules,
    build_network,
    join_networks,
    journey_components,
    rail_network,
)

RULES = TransferRules(boarding_min=5, alighting_min=5, transfer_min=7, service_day_h=16)
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


def trip(rail, a, b):
    road = build_network([100.0], [29.0], Links([], [], [], []))
    return journey_components(join_networks(road, rail, rules=RULES), [(a, b)]).iloc[0]


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
