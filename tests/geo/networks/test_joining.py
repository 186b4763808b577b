"""Joined networks: times worked out by hand, and what must hold of any."""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from borderreach.geo.crs import to_ecef
from borderreach.geo.errors import (
    AmbiguousPlaceError,
    EmptyInputError,
    InputError,
    InputTypeError,
    OffNetworkError,
    UnknownPlaceError,
)
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._air import air_network
from borderreach.geo.networks._joining import JOURNEY_COLUMNS, join_networks
from borderreach.geo.networks._journeys import journey_components
from borderreach.geo.networks._line_network import TransferRules
from borderreach.geo.networks._rail import rail_network

from ... import chance

LAT = 29.0
RULES = TransferRules(
    boarding_min=5,
    alighting_min=5,
    transfer_min=7,
    default_headway_min=30,
    max_wait_min=40,
    unevenness=0,
    through_wait_min=0,
    n_access_points=4,
)


def east(metres):
    """Longitude that many metres east of 106 E on the parallel LAT."""
    per_degree = np.linalg.norm(to_ecef([106.0], [LAT]) - to_ecef([106.01], [LAT])) * 100
    return 106.0 + metres / per_degree


def tables(sections, lon):
    names = list("ABCDEFGH")[: len(lon)]
    stations = pd.DataFrame({"station_id": names, "name": names, "lon": lon, "lat": LAT, "source": "test"})
    rows = pd.DataFrame(
        sections, columns=["line_id", "from_station", "to_station", "minutes", "trains_per_day"]
    )
    place = dict(zip(names, lon, strict=True))
    rows["length_km"] = [
        100 * abs(place[a] - place[b]) for a, b in zip(rows["from_station"], rows["to_station"], strict=True)
    ]
    rows = rows.assign(status="open", opening_date="", design_speed_kph=np.nan, source="test")
    return {"stations": stations, "sections": rows}


def times_from(network, node):
    graph = csr_array(
        (network.arc_time_ms.astype(float), network.arc_head, network.arc_start.astype(np.int32)),
        shape=(network.n_nodes, network.n_nodes),
    )
    return dijkstra(graph, indices=node) / 60_000


def two_towns(**options):
    """Road nodes 0 and 1, each 10 minutes' walk west and east of stations A and B."""
    walk_m = 10 * 5000 / 60
    lon = [106.0, east(walk_m), 108.0, 108.0 + east(walk_m) - 106.0]
    road = build_network(
        [lon[0], lon[3]], [LAT, LAT], Links([], [], [], []), access_speed_kph=5, max_access_km=1
    )
    rail = rail_network(**tables([("x", "A", "B", 118.0, options.get("trains"))], [lon[1], lon[2]]))
    return road, rail


def test_walk_wait_board_ride_alight_walk():
    road, rail = two_towns()
    joined = join_networks(road, rail, rules=RULES)
    # walk 10, board 5, wait half of 30, train 118, alight 5, walk 10
    assert times_from(joined, 0)[1] == pytest.approx(10 + 5 + 15 + 118 + 5 + 10, abs=0.001)
    assert times_from(joined, 1)[0] == pytest.approx(163, abs=0.001)


def test_components_add_up_to_the_journey():
    road, rail = two_towns()
    joined = join_networks(road, rail, rules=RULES)
    row = journey_components(joined, [(0, 1)]).iloc[0]
    assert tuple(journey_components(joined, [(0, 1)]).columns) == JOURNEY_COLUMNS
    assert row["access_min"] == pytest.approx(20, abs=0.001)
    assert (row["boarding_min"], row["waiting_min"], row["alighting_min"]) == (5, 15, 5)
    assert (row["rail_min"], row["line_haul_min"], row["road_min"]) == (118, 118, 0)
    assert row["total_min"] == pytest.approx(163, abs=0.001)
    assert (row["n_boardings"], row["lines"]) == (1, "x")


@pytest.mark.parametrize(("trains", "wait"), [(64, 7.5), (16, 30), (2, 40), (None, 15)])
def test_waiting_is_half_the_headway_and_capped(trains, wait):
    road, rail = two_towns(trains=trains)
    joined = join_networks(road, rail, rules=RULES)
    assert times_from(joined, 0)[1] == pytest.approx(148 + wait, abs=0.001)


def test_a_station_is_no_bridge_between_roads():
    west, middle, far = 106.0, east(500), east(1000)
    road = build_network([west, far], [LAT, LAT], Links([], [], [], []), access_speed_kph=5, max_access_km=1)
    rail = rail_network(**tables([("x", "A", "B", 60.0, None)], [middle, 108.0]))
    joined = join_networks(road, rail, rules=RULES)
    # 6 minutes on foot to the station and from it, but nobody passes it without riding, and the
    # train that returns from B is another one: alight and board again there
    there_and_back = 2 * (5 + 15 + 60 + 5)
    assert times_from(joined, 0)[1] == pytest.approx(6 + there_and_back + 6, abs=0.01)


def test_frequent_trains_the_wrong_way_are_no_short_cut_to_a_rare_one():
    # Line x leaves B every 10 minutes westwards, y every hour eastwards, and trains run through.
    frames = tables([("x", "A", "B", 5.0, 96), ("y", "B", "C", 50.0, 16)], [106.5, 107.0, 107.5])
    through = pd.DataFrame({"station_id": ["B"], "line_a": ["x"], "line_b": ["y"]})
    road = build_network([100.0], [LAT], Links([], [], [], []))
    joined = join_networks(road, rail_network(**frames, through=through), rules=RULES)
    row = journey_components(joined, [("B", "C")]).iloc[0]
    assert row["total_min"] == pytest.approx(5 + 30 + 50 + 5)
    assert row["lines"] == "y"


def test_station_beside_a_road_is_reached_part_way_along_it():
    # 10 km of road in 10 minutes; the station stands 100 m off its point at 3 km
    ends = [106.0, east(10_000)]
    north = LAT + 100 / 110_850
    road = build_network(
        ends, [LAT, LAT], Links([0], [1], [10_000.0], [600.0], exit_along=True), node_exit=False,
        access_speed_kph=6, max_access_km=1,
    )  # fmt: skip
    stations = tables([("x", "A", "B", 60.0, None)], [east(3000), 108.0])
    stations["stations"]["lat"] = [north, LAT]
    joined = join_networks(road, rail_network(**stations), rules=RULES)
    b = next(node for node, name in joined.node_names.items() if name == "B")
    # 3 of the road's 10 minutes, 1 on foot, board 5, wait 15, ride 60, alight 5
    assert times_from(joined, 0)[b] == pytest.approx(3 + 1 + 5 + 15 + 60 + 5, abs=0.02)
    assert times_from(joined, 1)[b] == pytest.approx(7 + 1 + 5 + 15 + 60 + 5, abs=0.02)
    assert times_from(joined, b)[1] == pytest.approx(5 + 15 + 60 + 5 + 1 + 7, abs=0.02)
    assert joined.provenance["stations_without_road"] == "B"


def test_one_way_road_is_not_driven_backwards():
    road = build_network(
        [106.0, east(10_000)], [LAT, LAT],
        Links([0], [1], [10_000.0], [600.0], back_time_s=[np.inf], exit_along=True), node_exit=False,
        access_speed_kph=6, max_access_km=1,
    )  # fmt: skip
    joined = join_networks(
        road, rail_network(**tables([("x", "A", "B", 60.0, None)], [east(3000), 108.0])), rules=RULES
    )
    b = next(node for node, name in joined.node_names.items() if name == "B")
    assert times_from(joined, 0)[b] == pytest.approx(3 + 5 + 15 + 60 + 5, abs=0.02)
    assert np.isinf(times_from(joined, 1)[b])
    assert times_from(joined, b)[1] == pytest.approx(5 + 15 + 60 + 5 + 7, abs=0.02)
    assert np.isinf(times_from(joined, b)[0])


def test_changing_lines_costs_a_transfer_and_a_wait_unless_trains_run_through():
    frames = tables([("x", "A", "B", 40.0, 64), ("y", "B", "C", 50.0, 32)], [106.5, 107.0, 107.5])
    road = build_network([100.0], [LAT], Links([], [], [], []))
    change = join_networks(road, rail_network(**frames), rules=RULES)
    row = journey_components(change, [("A", "C")]).iloc[0]
    # board 5 + wait 7.5, ride 40, change 7 + wait 15, ride 50, alight 5
    assert row["total_min"] == pytest.approx(5 + 7.5 + 40 + 7 + 15 + 50 + 5)
    assert (row["transfer_min"], row["n_boardings"], row["lines"]) == (7, 2, "x > y")
    through = pd.DataFrame({"station_id": ["B"], "line_a": ["y"], "line_b": ["x"]})
    stay = join_networks(road, rail_network(**frames, through=through), rules=RULES)
    both = journey_components(stay, [("A", "C"), ("C", "A")])
    assert both["total_min"].tolist() == pytest.approx([5 + 7.5 + 90 + 5, 5 + 15 + 90 + 5])
    alone = join_networks(None, rail_network(**frames), line_haul_only=True, rules=RULES)
    assert journey_components(alone, [("A", "C")])["total_min"].iloc[0] == pytest.approx(40 + 7 + 15 + 50)
    alone = join_networks(None, rail_network(**frames, through=through), line_haul_only=True)
    assert journey_components(alone, [("A", "C")])["total_min"].iloc[0] == pytest.approx(90)


def test_trains_run_on_in_the_directions_named_and_stay_as_long_as_said():
    #     C        x runs A - B - D, y runs B - C: trains turn from A's side into y and stay 4 minutes,
    # A - B - D    from D's side they don't.
    frames = tables(
        [("x", "A", "B", 40.0, 64), ("x", "B", "D", 30.0, 64), ("y", "B", "C", 50.0, 32)],
        [106.5, 107.0, 107.5, 107.8],
    )
    through = pd.DataFrame(
        {
            "station_id": ["B"],
            "line_a": ["x"],
            "line_b": ["y"],
            "next_a": ["A"],
            "next_b": [""],
            "minutes": [4],
        }
    )
    rail = rail_network(**frames, through=through)
    alone = join_networks(None, rail, line_haul_only=True, rules=RULES)
    table = journey_components(alone, [("A", "C"), ("C", "A"), ("A", "D"), ("D", "C"), ("C", "D")])
    turn, back = 30 + 7 + 15 + 50, 50 + 7 + 7.5 + 30  # alight, 7 to change, then wait
    assert table["total_min"].tolist() == pytest.approx([94, 94, 70, turn, back])
    assert table["n_boardings"].tolist() == [0, 0, 0, 1, 1]
    assert rail.stay_min(0, "x", 1, "y", 2) == 4
    assert rail.stay_min(3, "x", 1, "y", 2) is None
    longer = RULES.__class__(**{**vars(RULES), "through_min": 3})
    both = join_networks(None, rail, line_haul_only=True, rules=longer)
    assert journey_components(both, [("A", "C")])["total_min"].iloc[0] == pytest.approx(97)


def some_flights():
    lon = [106.5, 107.0, 107.5]
    airports = gpd.GeoDataFrame(
        {"iata": ["AAA", "BBB", "CCC"], "name": ["A", "B", "C"]},
        geometry=[shapely.Point(x, LAT) for x in lon], crs="EPSG:4326",
    )  # fmt: skip
    flights = pd.DataFrame(
        {
            "from_iata": ["AAA", "BBB"], "to_iata": ["BBB", "CCC"],
            "minutes": [50.0, 60.0], "flights_per_day": [16.0, np.nan],
        }
    )  # fmt: skip
    return air_network(airports, flights)


def test_flights_connect_through_the_terminal():
    road = build_network([100.0], [LAT], Links([], [], [], []))
    joined = join_networks(road, air=some_flights())
    row = journey_components(joined, [("A", "C"), ("C", "A")]).iloc[0]
    # each time: 60 to board, then wait 30 (16 flights in 16 hours) or 60 (unknown: capped), 20 to alight
    assert row["total_min"] == pytest.approx(60 + 30 + 50 + 20 + 60 + 60 + 60 + 20)
    assert (row["air_min"], row["n_boardings"]) == (110, 2)
    assert np.isnan(journey_components(joined, [("C", "A")])["total_min"].iloc[0])
    alone = join_networks(None, air=some_flights(), line_haul_only=True)
    haul = journey_components(alone, [("A", "B"), ("A", "C")])["total_min"]
    assert haul.tolist() == pytest.approx([50, 50 + 20 + 60 + 60 + 60])


def test_rail_and_air_meet_on_the_ground():
    frames = tables([("x", "A", "B", 40.0, None)], [107.5, 108.0])
    frames["stations"]["name"] = ["station C", "town"]
    road = build_network([107.5], [LAT], Links([], [], [], []), access_speed_kph=5, max_access_km=1)
    joined = join_networks(road, rail_network(**frames), some_flights(), rules=RULES)
    assert set(joined.modes) >= {"rail", "air", "access"}
    row = journey_components(joined, [("B", "town")]).iloc[0]
    # flight: 60 + 60 + 60 + 20; train: 5 + 15 + 40 + 5; both stand at the road's only node
    assert row["total_min"] == pytest.approx(200 + 65, abs=0.01)


def test_rules_are_written_into_the_result_and_checked():
    road, rail = two_towns()
    joined = join_networks(road, rail, rules=RULES)
    for item in dataclasses.fields(TransferRules):
        assert f"{item.name}={getattr(RULES, item.name)}" in joined.provenance["transfer_rules"]
    assert joined.provenance["rail"] == "sections given by the user"
    assert (joined.access_speed_kph, joined.max_access_km) == (5, 1)
    assert joined.node_exit[: road.n_nodes].tolist() == [True, True]
    for wrong in (
        {"boarding_min": -1},
        {"default_headway_min": 0},
        {"service_day_h": 25},
        {"n_access_points": 0},
    ):
        with pytest.raises(InputError, match=next(iter(wrong))):
            TransferRules(**wrong)


def test_wrong_arguments_are_named():
    road, rail = two_towns()
    with pytest.raises(EmptyInputError):
        join_networks(road)
    with pytest.raises(InputTypeError, match="'road'"):
        join_networks(None, rail)
    with pytest.raises(InputTypeError, match="'rail'"):
        join_networks(road, "rail.csv")  # type: ignore[arg-type]
    joined = join_networks(road, rail)
    with pytest.raises(UnknownPlaceError, match="'Z'"):
        journey_components(joined, [("A", "Z")])
    with pytest.raises(UnknownPlaceError, match="no node"):
        journey_components(joined, [(0, joined.n_nodes)])
    with pytest.raises(OffNetworkError, match="max_access_km"):
        journey_components(joined, [("A", (120.0, 40.0))])
    with pytest.raises(InputTypeError, match="pairs"):
        journey_components(joined, [("A", 1.5)])
    twice = joined.extended(
        Links([], [], [], []), node_lon=[106.0], node_lat=[LAT], node_names={joined.n_nodes: "A"}
    )
    with pytest.raises(AmbiguousPlaceError):
        journey_components(twice, [("A", "B")])
    assert journey_components(joined, []).columns.tolist() == list(JOURNEY_COLUMNS)


def test_points_reach_the_network_like_places():
    road, rail = two_towns()
    joined = join_networks(road, rail, rules=RULES)
    home = (106.0, LAT)
    row = journey_components(joined, [(home, "B"), (home, home)])
    assert row["total_min"].tolist() == pytest.approx([10 + 5 + 15 + 118 + 5, 0], abs=0.001)


def test_capitals_door_to_door_and_line_haul_side_by_side():
    rail = rail_network()
    chongqing, guiyang = (106.5516, 29.5628), (106.7135, 26.5783)
    road = build_network(
        [106.5516, 106.4335, 106.6706, 106.7135], [29.5628, 29.504, 26.6229, 26.5783],
        Links([0, 2], [1, 3], [16_000.0, 9_000.0], [1500.0, 1200.0]), access_speed_kph=25, max_access_km=30,
    )  # fmt: skip
    door = journey_components(join_networks(road, rail), [(chongqing, guiyang)]).iloc[0]
    alone = join_networks(None, rail, line_haul_only=True)
    haul = journey_components(alone, [("重庆西", "贵阳北")]).iloc[0]
    assert haul["total_min"] == pytest.approx(118, abs=0.5)
    assert door["line_haul_min"] == pytest.approx(haul["total_min"], abs=0.5)
    parts = [
        name
        for name in JOURNEY_COLUMNS
        if name.endswith("_min") and name not in {"total_min", "line_haul_min"}
    ]
    assert door[parts].sum() == pytest.approx(door["total_min"], abs=0.01)
    assert door["total_min"] > 150


@settings(max_examples=chance.examples(25), deadline=None)
@given(st.data())
def test_what_holds_of_every_joined_network(data):
    n = data.draw(st.integers(2, 5))
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    chosen = data.draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=6, unique=True))
    minutes = st.floats(1, 300)
    rows = [
        (f"L{k % 2}", "ABCDE"[a], "ABCDE"[b], data.draw(minutes), data.draw(st.sampled_from([None, 4, 40])))
        for k, (a, b) in enumerate(chosen)
    ]
    lon = [106 + i / 2 for i in range(n)]
    road = build_network([106.0], [LAT], Links([], [], [], []))
    # with longer waits, whoever leaves a station to get on again may find a better train than who stays in it
    rules = TransferRules(max_wait_min=30)

    def total(rows):
        rail = rail_network(**tables(rows, lon))
        used = list(rail.node_names.values())
        want = [(a, b) for a in used for b in used]
        door = journey_components(join_networks(road, rail, rules=rules), want)
        haul = journey_components(join_networks(None, rail, line_haul_only=True, rules=rules), want)
        return door, haul

    door, haul = total(rows)
    away = (door["from"] != door["to"]) & door["total_min"].notna()
    assert (door["total_min"].isna() == haul["total_min"].isna())[door["from"] != door["to"]].all()
    # Every ride costs boarding 10, waiting at most 30 and alighting 5 on top of the train.
    assert (door["total_min"] >= haul["total_min"] + 15 - 0.001)[away].all()
    parts = [
        "rail_min",
        "road_min",
        "access_min",
        "boarding_min",
        "waiting_min",
        "transfer_min",
        "alighting_min",
    ]
    assert np.allclose(door[parts].sum(axis=1)[away], door["total_min"][away])
    k = data.draw(st.integers(0, len(rows) - 1))
    faster = [(*row[:3], row[3] / 2, row[4]) if i == k else row for i, row in enumerate(rows)]
    more = [(*row[:4], 80) if i == k else row for i, row in enumerate(rows)]
    for better in (faster, more):
        sooner, _ = total(better)
        assert (sooner["total_min"] <= door["total_min"] + 0.001)[away].all()
