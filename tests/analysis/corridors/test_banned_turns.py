"""Stations and stops at junctions with banned turns are come to and left as any place is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors import add_corridors
from borderreach.analysis.corridors._files import Corridor
from borderreach.analysis.isochrones import isochrones
from borderreach.analysis.isochrones._scenarios import scenario_isochrones
from borderreach.analysis.times import travel_times
from borderreach.geo.networks import TransferRules, TransportNetwork, join_networks, rail_network
from borderreach.geo.osm import pbf_network

from ... import chance
from ...geo.osm.osm_files import write_osm

#: A crossing of five arms, bent so that none runs straight into another.
ARMS = {1: (106.50, 29.50), 3: (106.58, 29.501), 4: (106.541, 29.54), 5: (106.51, 29.47), 6: (106.57, 29.48)}
MIDDLE = (106.54, 29.50)
FAR = (109.0, 29.52)
RIDE_MIN = 60.0


def crossing(bans: list[tuple[int, int]], speeds: list[int], *, reach_km: float) -> TransportNetwork:
    """The crossing with turns banned from one arm into another."""
    ways = {
        10 + arm: ([arm, 2], {"highway": "primary", "maxspeed": str(kph)})
        for arm, kph in zip(ARMS, speeds, strict=True)
    }
    relations = [
        ({"restriction": "no_left_turn"}, [("w", 10 + a, "from"), ("n", 2, "via"), ("w", 10 + b, "to")])
        for a, b in bans
    ]
    with TemporaryDirectory() as folder:
        file = write_osm(Path(folder) / "crossing.osm", {**ARMS, 2: MIDDLE}, ways, relations)
        return pbf_network(
            file, access_speed_kph=5, max_access_km=reach_km, keep="all"
        )  # even where nobody may turn in


def with_train(road: TransportNetwork, lon: float, lat: float) -> TransportNetwork:
    """An hour's train from a station at a place to one far from all roads, at no cost at the stations."""
    stations = pd.DataFrame(
        {"station_id": ["a", "b"], "name": ["Near", "Far"], "lon": [lon, FAR[0]], "lat": [lat, FAR[1]]}
    ).assign(source="x")
    sections = pd.DataFrame(
        {"line_id": ["L"], "from_station": ["a"], "to_station": ["b"], "minutes": [RIDE_MIN]}
    ).assign(
        length_km=300.0, status="open", design_speed_kph=350.0, trains_per_day=np.nan, opening_date="",
        source="x", minutes_kind="published",
    )  # fmt: skip
    rules = TransferRules(boarding_min=0, alighting_min=0, max_wait_min=0)
    return join_networks(road, rail_network(stations=stations, sections=sections), rules=rules)


bans = st.lists(
    st.tuples(st.sampled_from([*ARMS]), st.sampled_from([*ARMS])).filter(lambda pair: pair[0] != pair[1]),
    max_size=4, unique=True,
)  # fmt: skip
speeds = st.lists(st.sampled_from([20, 40, 60]), min_size=len(ARMS), max_size=len(ARMS))


@settings(max_examples=12)
@given(bans, speeds, st.sampled_from([*ARMS]), st.floats(0, 0.9))
def test_a_station_is_come_to_as_a_place_there_is(bans, speeds, arm: int, share: float):
    """Anywhere on an arm, at the crossing itself as well; by the ms, for the access is the same."""
    (x0, y0), (x1, y1) = MIDDLE, ARMS[arm]
    spot = (x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    road = crossing(bans, speeds, reach_km=0.4)
    both = with_train(road, *spot)
    ends = list(ARMS.values())
    leaving = travel_times(both, FAR, ends)["travel_time_min"] - RIDE_MIN
    coming = travel_times(both, ends, FAR)["travel_time_min"] - RIDE_MIN
    # an end within reach on foot isn't gone to by way of the road
    apart = travel_times(road, spot, ends)["distance_km"].to_numpy() > 0.8
    np.testing.assert_allclose(
        leaving[apart], travel_times(road, spot, ends)["travel_time_min"][apart], atol=1e-4
    )
    np.testing.assert_allclose(
        coming[apart], travel_times(road, ends, spot)["travel_time_min"][apart], atol=1e-4
    )


def stop_near(road: TransportNetwork) -> tuple[Corridor, float]:
    """A corridor that meets the crossing 111 m south of it, and minutes from its other end to the crossing."""
    stops = [
        {"name": name, "lon": 106.54, "lat": lat, "kind": "interchange", "position": "approximate"}
        for name, lat in (("J", 29.499), ("S", 29.30))
    ]
    given = {
        "id": "x", "name": "x", "mode": "road", "status": "planned", "status_date": dt.date(2024, 1, 1),
        "design_speed_kph": 100, "join_km": 1, "stops": stops,
    }  # fmt: skip
    one = Corridor.model_validate(given)
    joined = add_corridors(road, [one])
    seconds = joined.arc_time_ms[joined.arc_tail >= road.n_nodes].max() / 1000
    join = joined.arc_time_ms[(joined.arc_tail >= road.n_nodes) & (joined.arc_head < road.n_nodes)].min()
    return one, float(seconds / 60 + join / 60_000)


@settings(max_examples=12)
@given(bans, speeds)
def test_a_stop_is_joined_to_all_that_a_junction_was_split_into(bans, speeds):
    road = crossing(bans, speeds, reach_km=0.05)
    one, way = stop_near(road)
    joined = add_corridors(road, [one])
    south, ends = (106.54, 29.30), list(ARMS.values())
    for there, back in (
        (travel_times(joined, south, ends), travel_times(road, MIDDLE, ends)),
        (travel_times(joined, ends, south), travel_times(road, ends, MIDDLE)),
    ):
        np.testing.assert_allclose(there["travel_time_min"], back["travel_time_min"] + way, atol=1e-4)


def line_to(name: str, mode: str, lonlat: tuple[float, float], kind: str) -> Corridor:
    """A corridor from a stop beside the crossing to one far from all roads."""
    stops = [
        {"name": f"{name}{lat}", "lon": lon, "lat": lat, "kind": own, "position": "approximate"}
        for (lon, lat), own in [
            (lonlat, kind),
            ((106.54, 28.9), "station" if mode == "rail" else "interchange"),
        ]
    ]
    given = {
        "id": name, "name": name, "mode": mode, "status": "planned", "status_date": dt.date(2024, 1, 1),
        "design_speed_kph": 120, "join_km": 1, "stops": stops,
    }  # fmt: skip
    return Corridor.model_validate(given)


beside = st.tuples(st.sampled_from([0, 0, 1, 50]), st.sampled_from([0, 0, 3])).map(
    lambda step: (MIDDLE[0] + step[0] * 1e-5, MIDDLE[1] + step[1] * 1e-5)
)
stops_there = st.tuples(
    st.sampled_from([("road", "interchange"), ("road", "hub"), ("rail", "station")]), beside
)


@settings(max_examples=chance.examples(25))
@given(bans, speeds, st.lists(stops_there, min_size=1, max_size=3))
def test_nobody_gets_past_a_ban_by_way_of_a_stop(bans, speeds, there):
    """Corridors that lead nowhere else make no way between the arms shorter, nor any longer."""
    road = crossing(bans, speeds, reach_km=0.05)
    lines = [line_to(f"c{i}", mode, at, kind) for i, ((mode, kind), at) in enumerate(there)]
    ends = list(ARMS.values())
    for n in range(1, len(lines) + 1):
        joined = add_corridors(road, lines[:n])
        np.testing.assert_array_equal(
            travel_times(joined, ends, ends)["travel_time_min"],
            travel_times(road, ends, ends)["travel_time_min"],
        )
        far = travel_times(joined, (106.54, 28.9), ends)["travel_time_min"]
        assert far.notna().all()


def test_times_by_hand_with_the_straight_way_banned():
    """4 km of arm at 40 km/h are 6 minutes, whatever is banned at its other end."""
    road = crossing([(1, 3), (3, 1)], [40] * 5, reach_km=0.3)
    arm_km = travel_times(road, MIDDLE, list(ARMS.values()))["distance_km"].to_numpy()
    both = with_train(road, *MIDDLE)
    minutes = travel_times(both, FAR, list(ARMS.values()))["travel_time_min"].to_numpy() - RIDE_MIN
    # primary roads are driven at a share of the limit, the same on all arms
    np.testing.assert_allclose(minutes / arm_km, (minutes / arm_km)[0], rtol=2e-2)


@pytest.mark.parametrize("arm", [1, 4])
def test_a_scenario_at_a_banned_turn_is_drawn_where_it_differs(arm: int):
    road = crossing([(1, 3), (4, 3), (3, 5)], [40] * 5, reach_km=0.4)
    one, _ = stop_near(road)
    networks = {"base": road, "corridor": add_corridors(road, [one])}
    table = scenario_isochrones(networks, [ARMS[arm]], cutoffs_min=(10, 20))
    for name, network in networks.items():
        alone = isochrones(network, [ARMS[arm]], cutoffs_min=(10, 20))
        found = table[table["scenario"] == name].reset_index(drop=True)
        assert found.geometry.geom_equals_exact(alone.geometry, 0).all()
