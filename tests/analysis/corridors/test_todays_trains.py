"""Planned railways on a network that has today's trains: as slow as these, and only where they don't run yet."""

import pandas as pd
import pytest
from pydantic import ValidationError

import borderreach as br
from borderreach.analysis.corridors import Scenarios
from borderreach.geo.networks import rail_network

LON = [106.0, 107.0, 108.0]
WAIT = br.TransferRules().wait_min(48)
STOPS = [
    {"name": name, "lon": lon, "lat": 29.0, "kind": "station", "position": "existing"}
    for name, lon in zip("ABC", LON, strict=True)
]


def line(**changes):
    given = {
        "id": "new-line", "name": "新线", "mode": "rail", "status": "building", "status_date": "2025-01-01",
        "design_speed_kph": 300, "speed_factor": 1.0, "trains_per_day": 48, "stop_penalty_min": 0, "board_min": 10,
        "alight_min": 5, "stops": STOPS, "join_km": 5,
    }  # fmt: skip
    return br.Corridor(**{**given, **changes})


def networks(ride_factor):
    """Roads of ten hours from A to B and from B to C, and the same with trains of 40 minutes from A to B."""
    road = br.build_network(LON, [29.0] * 3, br.Links([0, 1], [1, 2], [97e3] * 2, [36e3] * 2))
    stations = pd.DataFrame({"name": ["A", "B"], "lon": LON[:2], "lat": [29.0] * 2})
    columns = ["line_id", "from_station", "to_station", "minutes", "length_km", "trains_per_day"]
    sections = pd.DataFrame([("x", "A", "B", 40, 100, 48)], columns=columns)
    rail = rail_network(stations=stations, sections=sections, ride_factor=ride_factor)
    return road, br.with_railways(road, rail=rail)


def minutes(network, one, a, b):
    points = [(LON["ABC".index(place)], 29.0) for place in (a, b)]
    scenarios = Scenarios(network, [one])
    found = br.minutes_between(scenarios.network(scenarios.ids), points[:1], points[1:])[0, 0]
    assert scenarios.times(points[:1], points[1:]).minutes(scenarios.ids)[0, 0] == pytest.approx(found)
    return found


@pytest.mark.parametrize("ride_factor", [1.0, 1.4])
def test_planned_trains_are_slower_than_their_fastest_as_todays_are(ride_factor):
    road, trains = networks(ride_factor)
    run = br.corridor_segments(line()).query("from_stop == 'B'")["line_haul_min"].sum()
    around = 10 + WAIT + 5  # board, wait, alight
    assert minutes(trains, line(), "B", "C") == pytest.approx(around + run * ride_factor, abs=0.01)
    assert minutes(road, line(), "B", "C") == pytest.approx(around + run, abs=0.01)


def test_what_is_open_counts_as_todays_trains_and_no_more():
    road, trains = networks(1.4)
    opened = line(open_between=("A", "B"))
    # today's line is 100 km long, and its trains leave more evenly than a planned line's, whose length doesn't count
    today = 10 + br.TransferRules().wait_min(48, line_km=100) + 40 * 1.4 + 5
    assert minutes(trains, line(), "A", "B") < today - 10
    assert minutes(trains, opened, "A", "B") == pytest.approx(today, abs=0.01)
    assert minutes(trains, opened, "B", "C") == minutes(trains, line(), "B", "C")
    # the new trains run through from A, where they may be got on, and back
    run = br.corridor_segments(line())["line_haul_min"].sum() * 1.4
    assert minutes(trains, opened, "A", "C") == pytest.approx(10 + WAIT + run + 5, abs=0.01)
    assert minutes(trains, opened, "C", "A") == pytest.approx(10 + WAIT + run + 5, abs=0.01)
    # held against driving, all of it counts
    for a, b in ("AB", "AC", "BC"):
        assert minutes(road, opened, a, b) == minutes(road, line(), a, b)


@pytest.mark.parametrize("ends", [("A", "Z"), ("B", "B")])
def test_the_open_part_lies_between_two_stops(ends):
    with pytest.raises(ValidationError, match="open_between should be two stops of a railway"):
        line(open_between=ends)
