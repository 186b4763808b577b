from __future__ import annotations

import bz2
import gzip
import math
import random
import struct
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx as ox
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from borderreach.geo.errors import (
    BorderReachError,
    DataFileError,
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
)
from borderreach.geo.networks._network import Links, TransportNetwork
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._pbf_blocks import Block, BlockError
from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.osm._tags import FERRY, NODE_KEYS, ROAD_CLASSES, WAY_KEYS, read_node, read_road

from ... import chance
from .osm_files import Nodes, links_by_class, node_at, reference_file, times_from, write_osm
from .osm_naive import Streets

GEOD = Geod(ellps="WGS84")
ROAD = {"highway": "primary", "maxspeed": "36"}  # 10 m/s
FAST = {**ROAD, "maxspeed": "72"}
#: A lattice of nodes 0.001 degrees apart: 1 at the south-west, 5 a row.
GRID = {1 + i + 5 * j: (10.0 + i / 1000, 50.0 + j / 1000) for j in range(5) for i in range(5)}


@pytest.fixture
def table():
    """No delays, so that times are lengths over speeds."""
    return replace(speed_table("default"), delays=dict.fromkeys(speed_table("default").delays, 0.0))


def read(path, **options) -> TransportNetwork:
    return pbf_network(path, **{"keep": "all", **options})


def seconds(network, a, b):
    """From node a of the lattice to node b."""
    times = times_from(network, node_at(network, *GRID[a]))
    return min((times[n] for n in node_at(network, *GRID[b])), default=math.inf)


def metres(*nodes):
    return sum(GEOD.inv(*GRID[a], *GRID[b])[2] for a, b in pairwise(nodes))


def test_bends_are_joined_and_keep_their_shape(tmp_path, table):
    path = write_osm(tmp_path / "a.osm.pbf", GRID, [((1, 2, 7), ROAD), ((13, 8, 7), ROAD)])
    network = read(path, speeds=table)
    assert (network.n_nodes, network.n_links, network.n_arcs) == (2, 1, 2)
    line = network.link_line(0).tolist()
    expected = [list(GRID[n]) for n in (1, 2, 7, 8, 13)]
    assert line in (expected, expected[::-1])
    assert seconds(network, 1, 13) == pytest.approx(metres(1, 2, 7, 8, 13) / 10, abs=2e-3)
    assert network.arc_length_m == pytest.approx([metres(1, 2, 7, 8, 13)] * 2, abs=1e-3)


@pytest.mark.parametrize(
    "other",
    [
        {**ROAD, "highway": "secondary"},
        FAST,
        {**ROAD, "oneway": "yes"},
        {**ROAD, "bridge": "yes"},
        {**ROAD, "surface": "sand"},
    ],
)
def test_roads_that_differ_are_not_joined(tmp_path, table, other):
    network = read(write_osm(tmp_path / "a.osm", GRID, [((1, 2), ROAD), ((2, 3), other)]), speeds=table)
    assert network.n_links == 2


def test_tags_without_meaning_do_not_part_roads(tmp_path):
    ways = [((1, 2), {**ROAD, "name": "A", "lit": "yes"}), ((2, 3), {**ROAD, "name": "B"})]
    assert read(write_osm(tmp_path / "a.osm", GRID, ways)).n_links == 1


def test_ways_are_cut_where_they_meet(tmp_path):
    ways = [((1, 2, 3), ROAD), ((7, 2), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", GRID, ways))
    assert (network.n_nodes, network.n_links) == (4, 3)


def test_crossing_without_a_shared_node_is_no_junction(tmp_path):
    nodes = {**GRID, 100: GRID[2]}  # a bridge over node 2
    network = read(write_osm(tmp_path / "a.osm", nodes, [((1, 2, 3), ROAD), ((7, 100), ROAD)]))
    assert network.n_links == 2
    assert network.n_nodes == 4


def test_parallel_roads_and_loops_stay(tmp_path):
    ways = [
        ((11, 1), ROAD), ((1, 2), ROAD), ((1, 6, 7, 2), ROAD),  # two ways round
        ((2, 3), ROAD), ((3, 4, 9, 8, 3), ROAD),  # a loop at the end
    ]  # fmt: skip
    network = read(write_osm(tmp_path / "a.osm", GRID, ways))
    pairs = sorted(zip(*(e.tolist() for e in network.link_ends), strict=True))
    assert network.n_links == 5
    assert sum(a == b for a, b in pairs) == 1
    assert len({frozenset(p) for p in pairs}) == 4


def test_a_ring_on_its_own_keeps_one_node(tmp_path):
    network = read(write_osm(tmp_path / "a.osm", GRID, [((7, 8, 13, 12, 7), ROAD)]))
    assert (network.n_nodes, network.n_links) == (1, 1)
    assert network.arc_length_m == pytest.approx([metres(7, 8, 13, 12, 7)] * 2, abs=1e-3)


def test_roundabout_is_one_way(tmp_path, table):
    ring = (7, 8, 13, 12, 7)
    ways = [(ring, {**ROAD, "junction": "roundabout"}), ((7, 2), ROAD), ((8, 3), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", GRID, ways), speeds=table)
    assert seconds(network, 2, 3) == pytest.approx(metres(2, 7, 8, 3) / 10, abs=0.01)
    assert seconds(network, 3, 2) == pytest.approx(metres(3, 8, 13, 12, 7, 2) / 10, abs=0.01)


@pytest.mark.parametrize(
    ("tags", "forward", "backward"),
    [
        ({}, True, True),
        *[({"oneway": value}, True, False) for value in ("yes", "true", "1", "Yes")],
        *[({"oneway": value}, False, True) for value in ("-1", "reverse")],
        *[({"oneway": value}, True, True) for value in ("no", "false", "0", "alternating")],
        ({"oneway": "reversible"}, False, False),
        ({"highway": "motorway"}, True, False),
        ({"highway": "motorway", "oneway": "no"}, True, True),
        ({"highway": "motorway", "oneway": "-1"}, False, True),
        ({"highway": "motorway_link"}, True, True),
        ({"junction": "roundabout"}, True, False),
        ({"junction": "circular"}, True, False),
        ({"junction": "roundabout", "oneway": "no"}, True, True),
    ],
)
def test_oneway(tmp_path, tags, forward, backward):
    ways = [((1, 2), {**ROAD, **tags}), ((11, 12), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", GRID, ways))
    assert math.isfinite(seconds(network, 1, 2)) == forward
    assert math.isfinite(seconds(network, 2, 1)) == backward


@pytest.mark.parametrize(
    ("tags", "open_to_cars"),
    [
        ({"access": "private"}, False),
        ({"access": "no"}, False),
        ({"access": "destination"}, True),
        ({"access": "customers"}, True),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"access": "yes", "motor_vehicle": "no"}, False),
        ({"vehicle": "no"}, False),
        ({"vehicle": "no", "motorcar": "yes"}, True),
        ({"motor_vehicle": "yes", "motorcar": "private"}, False),
        ({"motor_vehicle": "agricultural"}, False),
        ({"access": "unknown"}, True),
        ({"highway": "footway"}, False),
        ({"highway": "construction"}, False),
        ({"highway": "service"}, True),
        ({"highway": "service", "service": "driveway"}, True),
        ({"highway": "service", "service": "parking_aisle"}, False),
        ({"highway": "service", "service": "drive-through"}, True),
        ({"highway": "track"}, False),
        ({"highway": "track", "tracktype": "grade2"}, True),
        ({"highway": "track", "tracktype": "grade4"}, False),
        ({"highway": "track", "motor_vehicle": "permissive"}, True),
        ({"area": "yes"}, False),
        ({"smoothness": "impassable"}, False),
        ({"ice_road": "yes"}, False),
    ],
)
def test_access(tmp_path, tags, open_to_cars):
    ways = [((1, 2), {**ROAD, **tags}), ((11, 12), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", GRID, ways))
    assert math.isfinite(seconds(network, 1, 2)) == open_to_cars


@pytest.mark.parametrize(
    ("tags", "minutes"),
    [
        ({"motor_vehicle": "yes", "duration": "00:20"}, 20),
        ({"motorcar": "yes", "duration": "PT25M"}, 25),
        ({"motorcar": "yes", "duration": "30"}, 30),
        ({"ferry": "primary", "duration": "0:40:30"}, 40.5),
        ({"motorcar": "yes", "duration": "00:20", "motor_vehicle": "no"}, 20),
        ({"duration": "00:20"}, None),  # of unknown use
        ({"motor_vehicle": "no", "duration": "00:20"}, None),
        ({"foot": "yes", "motor_vehicle": "private"}, None),
    ],
)
def test_ferries(tmp_path, tags, minutes):
    nodes = {**GRID, 50: (10.1, 50.0), 51: (10.15, 50.05), 52: (10.2, 50.0)}
    ways = [((1, 50), ROAD), ((50, 51, 52), {"route": "ferry", **tags}), ((52, 5), FAST), ((51, 6), FAST)]
    network = read(write_osm(tmp_path / "a.osm", nodes, ways))
    if minutes is None:
        assert FERRY not in network.classes
        return
    here = network.arc_class == network.classes.index(FERRY)
    assert here.sum() == 4  # two pieces, because a road meets it on the way
    assert network.arc_time_ms[here].sum() / 2 == pytest.approx(minutes * 60_000, abs=3)
    assert not network.arc_exit[here].any()


def test_ferry_without_duration_takes_the_default_speed(tmp_path):
    nodes = {1: (10.0, 50.0), 2: (10.1, 50.0)}
    for tags in ({}, {"duration": "soon"}, {"duration": "00:01"}):  # a minute would be 430 km/h
        ways = [((1, 2), {"route": "ferry", "motor_vehicle": "yes", **tags})]
        network = read(write_osm(tmp_path / "a.osm", nodes, ways), speeds="default")
        length = GEOD.inv(10.0, 50.0, 10.1, 50.0)[2]
        assert network.arc_time_ms == pytest.approx([length / 15 * 3600] * 2, abs=2)


@pytest.mark.parametrize(
    ("tags", "passes"),
    [
        ({"barrier": "bollard"}, False),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, True),
        ({"barrier": "gate"}, True),
        ({"barrier": "gate", "access": "private"}, False),
        ({"barrier": "gate", "access": "no", "motorcar": "yes"}, True),
        ({"barrier": "cattle_grid"}, True),
        ({"barrier": "toll_booth"}, True),
        ({"barrier": "block"}, False),
        ({"access": "private"}, False),  # no barrier
        ({"highway": "crossing", "motor_vehicle": "no"}, False),
        ({"highway": "crossing", "foot": "yes"}, True),
    ],
)
def test_barriers(tmp_path, tags, passes):
    nodes: Nodes = {**GRID, 2: (*GRID[2], tags)}
    network = read(write_osm(tmp_path / "a.osm", nodes, [((1, 2, 3), ROAD), ((2, 7), ROAD)]))
    assert math.isfinite(seconds(network, 1, 3)) == passes
    assert math.isfinite(seconds(network, 3, 7)) == passes
    assert math.isfinite(seconds(network, 1, 2))  # one gets as far as the barrier


def test_delays_at_nodes(tmp_path):
    nodes: Nodes = {
        **GRID,
        2: (*GRID[2], {"highway": "traffic_signals"}),
        3: (*GRID[3], {"highway": "stop"}),
    }
    ways = [((1, 2, 3, 4), ROAD), ((4, 9), ROAD), ((4, 5), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", nodes, ways), speeds="default")
    # Both nodes are passed; at 4 three roads meet.
    delays = speed_table("default").delays
    extra = delays["traffic_signals"] + delays["stop"] + delays["junction"]
    assert seconds(network, 1, 9) == pytest.approx(metres(1, 2, 3, 4, 9) / 10 + extra, abs=0.01)


def line_of(metres_apart):
    """Nodes along a parallel, some metres apart."""
    degree = GEOD.inv(10.0, 50.0, 11.0, 50.0)[2]
    places = np.cumsum([0.0, *metres_apart])
    return {i: (round(10.0 + m / degree, 7), 50.0) for i, m in enumerate(places, start=1)}


@pytest.mark.parametrize(
    ("said", "ahead", "back"),
    [
        ({}, True, False),  # it stands 20 m before the junction
        ({"direction": "both"}, True, True),
        ({"direction": "forward"}, True, False),
        ({"direction": "backward"}, False, True),
        ({"direction": "north"}, True, False),
    ],
)
@pytest.mark.parametrize("cut", [False, True])
def test_signs_cost_those_whom_they_face(tmp_path, said, ahead, back, cut):
    """A stop sign 20 m before a junction; whether the way is cut there makes no difference."""
    places = line_of([300, 20, 300])
    nodes: Nodes = {**places, 2: (*places[2], {"highway": "stop", **said}), 9: (places[3][0], 50.01)}
    main = [((1, 2, 3), ROAD)] if not cut else [((1, 2), ROAD), ((2, 3), {**ROAD, "highway": "secondary"})]
    network = read(
        write_osm(tmp_path / "a.osm", nodes, [*main, ((3, 4), ROAD), ((3, 9), ROAD)]), speeds="default"
    )
    delays = speed_table("default").delays
    for a, b, faced in ((1, 4, ahead), (4, 1, back)):
        times = times_from(network, node_at(network, *places[a]))
        expected = 62 + delays["junction"] + (delays["stop"] if faced else 0)
        assert min(times[n] for n in node_at(network, *places[b])) == pytest.approx(expected, abs=0.01)


def test_a_crossing_with_a_signal_on_each_arm_costs_once(tmp_path):
    places = line_of([300, 15, 15, 300])
    signal = {"highway": "traffic_signals"}
    nodes: Nodes = {
        **places, 2: (*places[2], signal), 4: (*places[4], signal), 9: (places[3][0], 50.01),
    }  # fmt: skip
    path = write_osm(tmp_path / "a.osm", nodes, [((1, 2, 3, 4, 5), ROAD), ((3, 9), ROAD)])
    network = read(path, speeds="default")
    delays = speed_table("default").delays
    for a, b in ((1, 5), (5, 1)):
        times = times_from(network, node_at(network, *places[a]))
        expected = 63 + delays["junction"] + delays["traffic_signals"]
        assert min(times[n] for n in node_at(network, *places[b])) == pytest.approx(expected, abs=0.01)


def test_a_stop_for_the_smaller_roads_stops_these_alone(tmp_path):
    nodes: Nodes = {**GRID, 8: (*GRID[8], {"highway": "stop", "stop": "minor"})}
    ways = [((3, 8, 13), FAST), ((7, 8, 9), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", nodes, ways), speeds="default")
    delays = speed_table("default").delays
    assert seconds(network, 3, 13) == pytest.approx(metres(3, 8, 13) / 20 + delays["junction"], abs=0.01)
    assert seconds(network, 7, 9) == pytest.approx(
        metres(7, 8, 9) / 10 + delays["junction"] + delays["stop"], abs=0.01
    )


def test_through_traffic_is_charged_for(tmp_path, table):
    """3-8-13 is for those who have to do with it; 1 to 11 is a road around it."""
    charged = replace(table, delays={**table.delays, "destination": 120.0})
    local = {**ROAD, "access": "destination"}
    ways = [((2, 3), ROAD), ((3, 8), local), ((8, 13), local), ((13, 14), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", GRID, ways), speeds=charged)
    assert seconds(network, 2, 14) == pytest.approx(metres(2, 3, 8, 13, 14) / 10 + 120, abs=0.01)
    assert seconds(network, 3, 13) == pytest.approx(metres(3, 8, 13) / 10, abs=0.01)  # from and to its ends
    # Into it and out of it costs half; the charge stands at the gate, not along the road.
    mixed = [*ways, ((8, 9), {**local, "highway": "service", "maxspeed": "36"})]
    network = read(write_osm(tmp_path / "b.osm", GRID, mixed), speeds=charged)
    for a, b in ((2, 9), (9, 2)):
        assert seconds(network, a, b) == pytest.approx(metres(2, 3, 8, 9) / 10 + 60, abs=0.01)
    # A restriction at the gate doesn't do away with it.
    rule = restriction("no_u_turn", 1, 3, 1)
    bound = read(write_osm(tmp_path / "c.osm", GRID, [*ways, ((3, 4), ROAD)], [rule]), speeds=charged)
    assert seconds(bound, 2, 14) == pytest.approx(metres(2, 3, 8, 13, 14) / 10 + 120, abs=0.01)


@pytest.mark.parametrize("lat", [66.6, -16.8])
def test_roads_are_joined_at_the_date_line(tmp_path, table, lat):
    lon = {1: 179.9, 2: 180.0, 3: -180.0, 4: -179.9, 7: -179.8, 5: 180.0, 6: -180.0}
    nodes: Nodes = {i: (x, lat + 0.01 if i in {5, 6} else lat) for i, x in lon.items()}
    ways = [((1, 2), ROAD), ((3, 4), ROAD), ((2, 5), ROAD), ((6, 4), ROAD), ((4, 7), ROAD)]
    network = read(write_osm(tmp_path / "a.osm", nodes, ways), speeds=table)
    across = times_from(network, node_at(network, 179.9, lat))
    expected = 2 * GEOD.inv(179.9, lat, 180.0, lat)[2] / 10
    assert across[node_at(network, -179.9, lat)[0]] == pytest.approx(expected, abs=0.05)
    assert len(pbf_network(tmp_path / "a.osm", speeds=table).link_length_m) == network.n_links
    # What blocks the one half blocks the other.
    nodes = {
        **nodes,
        3: (-180.0, lat, {"barrier": "bollard"}),
        6: (-180.0, lat + 0.01, {"barrier": "bollard"}),
    }
    shut = read(write_osm(tmp_path / "b.osm", nodes, ways), speeds=table)
    times = times_from(shut, node_at(shut, 179.9, lat))
    assert all(math.isinf(times[n]) for n in node_at(shut, -179.9, lat))


def test_exits(tmp_path):
    motorway = {"highway": "motorway"}
    ways = [
        ((1, 2, 3, 4), motorway),
        ((2, 7), {"highway": "motorway_link", "oneway": "yes"}),
        ((7, 8), ROAD),
        ((8, 9), {**ROAD, "tunnel": "yes"}),
        ((9, 10), {**ROAD, "bridge": "yes"}),
        ((10, 15), {"highway": "trunk", "motorroad": "yes"}),
    ]
    network = read(write_osm(tmp_path / "a.osm", GRID, ways))
    along = {network.classes[c]: bool(e) for c, e in zip(network.arc_class, network.arc_exit, strict=True)}
    assert not along["motorway"]
    assert not along["motorway_link"]
    assert not along["trunk"]
    exits = {
        n: [bool(network.node_exit[i]) for i in node_at(network, *GRID[n])]
        for n in (1, 2, 4, 7, 8, 9, 10, 15)
    }
    # 7 and 8 touch an ordinary road; elsewhere only motorways, a tunnel and a bridge meet.
    no, yes = [False], [True]
    assert exits == {1: no, 2: no, 4: no, 7: yes, 8: yes, 9: [], 10: no, 15: no}


CROSS = [((3, 8), ROAD), ((8, 13), ROAD), ((7, 8), ROAD), ((8, 9), ROAD)]  # ways 1 to 4 meet at 8


def restriction(kind, start, via, end, **tags):
    return ({"restriction": kind, **tags}, [("w", start, "from"), ("n", via, "via"), ("w", end, "to")])


@pytest.mark.parametrize(
    ("kind", "open_to"),
    [("no_left_turn", {9, 13}), ("only_straight_on", {13})],
)
def test_turn_restrictions(tmp_path, table, kind, open_to):
    end = 3 if kind.startswith("no") else 2
    path = write_osm(tmp_path / "a.osm.pbf", GRID, CROSS, [restriction(kind, 1, 8, end)])
    network = read(path, speeds=table)
    for goal in (7, 9, 13):
        direct = metres(3, 8, goal) / 10
        time = seconds(network, 3, goal)
        if goal in open_to:
            assert time == pytest.approx(direct, abs=0.01)
        else:  # only by turning round at the end of another road
            assert time > direct + 1
        assert seconds(network, goal, 3) == pytest.approx(direct, abs=0.01)
    # The roads are what they were; turns have neither length nor class.
    by_class = links_by_class(network)
    assert by_class["primary"] == pytest.approx((4, (metres(3, 8, 13) + metres(7, 8, 9)) / 1000))
    assert by_class["turn"][1] == 0
    assert "1 honoured" in network.provenance["turn_restrictions"]


@pytest.mark.parametrize(
    ("relation", "text"),
    [
        (restriction("no_left_turn", 1, 8, 3, **{"except": "motorcar"}), "0 honoured"),
        (restriction("no_left_turn", 1, 8, 99), "0 honoured, 0 of them over ways; 1 forbid"),
        (({"restriction": "no_u_turn"}, [("w", 1, "from"), ("w", 2, "via"), ("w", 3, "to")]), "1 forbid"),
        (({"restriction:hgv": "no_left_turn"}, restriction("", 1, 8, 3)[1]), "0 honoured"),
        (restriction("no_left_turn_on_red", 1, 8, 3), "0 honoured"),
        (restriction("give_way", 1, 8, 3), "0 honoured"),
        (
            ({"restriction:conditional": "no_left_turn @ (07:00-09:00)"}, restriction("", 1, 8, 3)[1]),
            "1 at certain hours",
        ),
        (restriction("no_left_turn", 1, 8, 3, day_on="Monday", hour_on="07:00"), "1 at certain hours"),
        (({"restriction": "no_left_turn"}, [("w", 1, "from"), ("w", 3, "to")]), "1 incomplete"),
        (
            (
                {"restriction": "no_left_turn"},
                [("w", 1, "from"), ("w", 2, "from"), ("n", 8, "via"), ("w", 3, "to")],
            ),
            "1 incomplete",
        ),
    ],
)
def test_restrictions_that_do_not_bind(tmp_path, table, relation, text):
    network = read(write_osm(tmp_path / "a.osm", GRID, CROSS, [relation]), speeds=table)
    assert seconds(network, 3, 7) == pytest.approx(metres(3, 8, 7) / 10, abs=0.01)
    assert text in network.provenance["turn_restrictions"]


@pytest.mark.parametrize("value", ["No_Left_Turn", "no_left_turn;no_u_turn", " no_left_turn "])
@pytest.mark.parametrize(
    "members",
    [
        [("w", 1, "from"), ("n", 8, "via"), ("w", 3, "to")],
        [("w", 1, "From"), ("n", 8, "Via"), ("w", 3, "to "), ("n", 13, "location_hint")],
        [("w", 1, "from"), ("n", 8, "via"), ("n", 8, "via"), ("w", 3, "to")],
    ],
)
def test_restrictions_as_mappers_write_them(tmp_path, table, value, members):
    path = write_osm(tmp_path / "a.osm", GRID, CROSS, [({"restriction": value}, members)])
    network = read(path, speeds=table)
    assert network.provenance["turn_restrictions"].startswith("1 honoured")
    assert seconds(network, 3, 7) > metres(3, 8, 7) / 10 + 1


def test_entries_and_exits_may_be_several(tmp_path, table):
    relations = [
        ({"restriction": "no_entry"}, [("w", 1, "from"), ("w", 4, "from"), ("n", 8, "via"), ("w", 3, "to")]),
        ({"restriction": "no_exit"}, [("w", 3, "from"), ("n", 8, "via"), ("w", 1, "to"), ("w", 2, "to")]),
    ]
    network = read(write_osm(tmp_path / "a.osm", GRID, CROSS, relations), speeds=table)
    assert network.provenance["turn_restrictions"].startswith("4 honoured")
    for a, b in ((3, 7), (9, 7), (7, 3), (7, 13)):
        assert seconds(network, a, b) > metres(a, 8, b) / 10 + 1
    assert seconds(network, 13, 7) == pytest.approx(metres(13, 8, 7) / 10, abs=0.01)


#: Three by three junctions, every street between two a way of its own.
BLOCK_NODES = {n: GRID[n] for n in (1, 2, 3, 6, 7, 8, 11, 12, 13)}
BLOCK_STREETS = [(a, b) for a in BLOCK_NODES for b in (a + 1, a + 5) if b in BLOCK_NODES]


@st.composite
def restricted_blocks(draw):
    """A few blocks of streets, some one-way, and restrictions along walks over them."""
    ways = [
        ((a, b), {**ROAD, "oneway": draw(st.sampled_from(["no", "no", "yes", "-1"]))})
        for a, b in BLOCK_STREETS
    ]
    relations = []
    for _ in range(draw(st.integers(1, 4))):
        walk = [draw(st.sampled_from(sorted(BLOCK_NODES)))]
        for _ in range(draw(st.integers(2, 5))):
            near = [n for street in BLOCK_STREETS for n in street if walk[-1] in street and n != walk[-1]]
            walk.append(draw(st.sampled_from(near)))
        number = [BLOCK_STREETS.index((min(step), max(step))) + 1 for step in pairwise(walk)]
        if len(set(number)) < len(number):
            continue
        via = [("n", walk[1], "via")] if len(number) == 2 else [("w", way, "via") for way in number[1:-1]]
        kind = draw(st.sampled_from(["no_u_turn", "only_straight_on"]))
        relations.append(({"restriction": kind}, [("w", number[0], "from"), *via, ("w", number[-1], "to")]))
    return ways, relations


@settings(max_examples=150, deadline=None)
@given(restricted_blocks())
def test_restrictions_over_ways_hold(tmp_path, table, blocks):
    ways, relations = blocks
    path = write_osm(tmp_path / "a.osm", BLOCK_NODES, ways, relations)
    naive, network = Streets.read(path, table), read(path, speeds=table)
    by_place = {node: node_at(network, *GRID[node]) for node in BLOCK_NODES}
    for source in BLOCK_NODES:
        expected = naive.times(source, set(naive.where))
        times = times_from(network, by_place[source])
        for node, there in by_place.items():
            if there and by_place[source]:
                assert min(times[n] for n in there) == pytest.approx(expected.get(node, math.inf), abs=0.02)


def test_networks_with_restrictions_can_be_extended(tmp_path, table):
    path = write_osm(tmp_path / "a.osm.pbf", GRID, CROSS, [restriction("no_left_turn", 1, 8, 3)])
    network = read(path, speeds=table)
    ends = [node_at(network, *GRID[n])[0] for n in (7, 13)]
    wider = network.extended(Links([ends[0]], [ends[1]], [5000.0], [9000.0]))
    assert wider.n_arcs == network.n_arcs + 2
    for a in (3, 7, 9, 13):
        for b in (3, 7, 9, 13):
            assert seconds(wider, a, b) == pytest.approx(seconds(network, a, b), abs=1e-6)


def test_disconnected_parts(tmp_path, caplog):
    # 4 -> 5 leads out of the network and 6 -> 1 into it; 21-22 is an island.
    ways = [
        ((1, 2, 3), ROAD), ((3, 8, 7, 2), ROAD), ((3, 4), {**ROAD, "oneway": "yes"}),
        ((6, 1), {**ROAD, "oneway": "yes"}), ((21, 22), ROAD),
    ]  # fmt: skip
    path = write_osm(tmp_path / "a.osm", GRID, ways)
    with caplog.at_level("INFO", logger="borderreach"):
        network = pbf_network(path)
    assert node_at(network, *GRID[21]) == node_at(network, *GRID[4]) == node_at(network, *GRID[6]) == []
    reach = times_from(network, [0])
    assert all(math.isfinite(time) for time in reach)
    text = network.provenance["components"]
    lost = (metres(3, 4) + metres(6, 1) + metres(21, 22)) / 1000
    assert f"{lost:,.1f} km of road" in text
    assert text in caplog.text
    everything = read(path)
    assert node_at(everything, *GRID[21])
    assert "all kept" in everything.provenance["components"]


def test_clipping(tmp_path, table):
    path = write_osm(
        tmp_path / "a.osm.pbf", GRID, [((1, 2, 3, 4, 5), ROAD), ((2, 7), ROAD), ((14, 15), ROAD)]
    )
    area = shapely.box(9.999, 49.9995, 10.0025, 50.0005)
    network = read(path, speeds=table, area=area)
    cut = GEOD.inv(*GRID[3], 10.0025, 50.0)[2]
    up = GEOD.inv(*GRID[2], 10.001, 50.0005)[2]
    assert network.link_length_m.sum() == pytest.approx(metres(1, 2, 3) + cut + up, abs=0.01)
    assert node_at(network, 10.0025, 50.0)
    assert network.node_lon.max() <= 10.0025
    frame = gpd.GeoDataFrame(geometry=[area], crs="EPSG:4326").to_crs(3857)
    same = read(path, speeds=table, area=frame)
    assert same.link_length_m.sum() == pytest.approx(network.link_length_m.sum(), abs=0.01)
    with pytest.raises(EmptyInputError, match="no road"):
        read(path, area=shapely.box(0, 0, 1, 1))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_clipped_length_is_the_length_inside(tmp_path, seed):
    rng = np.random.default_rng(seed)
    ways = [(tuple(rng.permutation(25)[:3].tolist()), ROAD) for _ in range(4)]
    ways = [(tuple(n + 1 for n in refs), tags) for refs, tags in ways]
    path = write_osm(tmp_path / "a.osm", GRID, ways)
    # A half plane meets each straight piece at most once, as the cut assumes.
    x = 10.0 + rng.uniform(0.0002, 0.0038)
    area = shapely.box(x, 49.9, 11, 50.1)
    steps = [step for refs, _ in ways for step in pairwise(refs)]
    inside = [shapely.LineString([GRID[a], GRID[b]]).intersection(area) for a, b in steps]
    expected = sum(GEOD.geometry_length(part) for part in inside if not part.is_empty)
    if expected:
        assert read(path, area=area).link_length_m.sum() == pytest.approx(expected, abs=0.01)


def test_missing_nodes_interrupt_ways(tmp_path):
    nodes = {n: where for n, where in GRID.items() if n != 3}
    for name in ("a.osm.pbf", "a.osm"):
        network = read(write_osm(tmp_path / name, nodes, [((1, 2, 3, 4, 5), ROAD)]))
        assert network.n_links == 2
        assert network.link_length_m.sum() == pytest.approx(metres(1, 2) + metres(4, 5), abs=0.01)
        assert network.provenance["missing_nodes"].startswith("1 ")


def test_repeated_nodes_do_no_harm(tmp_path):
    path = write_osm(tmp_path / "a.osm", GRID, [((1, 1, 2, 2, 3, 3), ROAD), ((3, 3), ROAD), ((4,), ROAD)])
    network = read(path)
    assert (network.n_nodes, network.n_links) == (2, 1)
    assert network.link_length_m[0] == pytest.approx(metres(1, 2, 3), abs=1e-3)


ONEWAYS = [None, "yes", "no", "-1", "true", "reverse", "reversible", "1"]
LIMITS = [None, "36", "50 mph", "50;30", "none", "walk", "CN:urban", "signals", "30 knots", "0"]


@st.composite
def made_up_streets(draw):
    """Ways on a lattice with all kinds of tags, barriers, signals and restrictions."""
    lines = draw(
        st.lists(st.lists(st.integers(1, 25), min_size=2, max_size=6).map(tuple), min_size=3, max_size=12)
    )
    ways = []
    for refs in lines:
        tags = {"highway": draw(st.sampled_from(["primary", "residential", "motorway", "trunk_link"]))}
        for key, values in (
            ("oneway", ONEWAYS), ("maxspeed", LIMITS), ("maxspeed:backward", [None, None, "20"]),
            ("junction", [None, None, "roundabout"]), ("surface", [None, None, "sand"]),
            ("access", [None, None, None, "private", "destination"]), ("motor_vehicle:backward", [None, None, "no"]),
            ("bridge", [None, None, "yes"]),
        ):  # fmt: skip
            value = draw(st.sampled_from(values))
            if value is not None:
                tags[key] = value
        if draw(st.integers(0, 9)) == 0:
            tags = {
                "route": "ferry",
                "motorcar": "yes",
                "duration": draw(st.sampled_from(["0:10", "PT4M", "7"])),
            }
        ways.append((refs, tags))
    special = draw(st.dictionaries(st.integers(1, 25), st.sampled_from(
        [{"barrier": "bollard"}, {"barrier": "gate"}, {"highway": "traffic_signals"}, {"highway": "crossing"},
         {"highway": "traffic_signals", "traffic_signals:direction": "forward"}, {"highway": "stop"},
         {"highway": "give_way", "direction": "backward"}, {"highway": "stop", "stop": "minor"}]
    ), max_size=7))  # fmt: skip
    relations = []
    for _ in range(draw(st.integers(0, 5))):
        # At a node where one way ends and another begins, which makes it a sound restriction.
        start, end = draw(st.integers(1, len(ways))), draw(st.integers(1, len(ways)))
        via = draw(st.sampled_from(lines[start - 1]))
        kind = draw(st.sampled_from(["no_left_turn", "only_straight_on", "no_u_turn"]))
        relations.append(restriction(kind, start, via, end))
    return ways, special, relations


@settings(max_examples=120, deadline=None)
@given(made_up_streets(), st.integers(1, 25), st.sampled_from([".osm.pbf", ".osm"]))
def test_times_agree_with_a_search_node_by_node(tmp_path, streets, source, suffix):
    ways, special, relations = streets
    nodes = {n: (*GRID[n], special.get(n, {})) for n in GRID}
    path = write_osm(tmp_path / f"a{suffix}", nodes, ways, relations)
    table = speed_table("CN")
    naive = Streets.read(path, table)
    sound = [
        relation
        for relation, read_back in zip(relations, naive.relations, strict=True)
        if (rule := naive.rule_for(*read_back)) is not None and naive.is_sound(rule)
    ]
    if len(sound) < len(relations):
        path = write_osm(path, nodes, ways, sound)
        naive = Streets.read(path, table)
    if not naive.where:
        with pytest.raises(EmptyInputError):
            read(path, speeds=table)
        return
    network = read(path, speeds=table)
    by_class = links_by_class(network)
    for name, km in naive.km.items():
        assert by_class.get(name, (0, 0.0))[1] == pytest.approx(km, rel=1e-6, abs=1e-6)
    if source not in naive.where:
        return
    expected = naive.times(source, set(naive.where))
    times = times_from(network, node_at(network, *GRID[source]))
    for node in naive.where:
        found = node_at(network, *GRID[node])
        if found and node_at(network, *GRID[source]):
            mine = min(times[n] for n in found)
            wanted = expected.get(node, math.inf)
            if node == source or node in naive.closed or source in naive.closed:
                continue
            assert mine == pytest.approx(wanted, abs=0.02), (source, node)


def test_all_formats_give_the_same(tmp_path):
    yarmouth = Path(__file__).parent.parent / "data" / "yarmouth.osm"
    base = pbf_network(yarmouth)
    packed = {
        "y.osm.gz": gzip.compress(yarmouth.read_bytes()),
        "y.osm.bz2": bz2.compress(yarmouth.read_bytes()),
    }
    for name, content in packed.items():
        (tmp_path / name).write_bytes(content)
    for options in ("", "pbf_dense_nodes=false", "pbf_compression=none"):
        target = osmium.io.File(str(tmp_path / f"y{options}.osm.pbf"), f"pbf,{options}" if options else "pbf")
        with osmium.SimpleWriter(target) as writer:
            for entity in osmium.FileProcessor(str(yarmouth)):
                writer.add(entity)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 5
    for file in files:
        other = pbf_network(file)
        for name, value in base.__dict__.items():
            if isinstance(value, np.ndarray):
                assert np.array_equal(value, getattr(other, name)), (file.name, name)


def sample_pbf(tmp_path) -> Path:
    nodes = {n: (*GRID[n], {"highway": "crossing"} if n % 7 == 0 else {}) for n in GRID}
    relations = [restriction("no_left_turn", 1, 8, 3)]
    return write_osm(tmp_path / "sample.osm.pbf", nodes, [*CROSS, ((1, 2, 3), FAST)], relations)


def outcome(path):
    """The network's arrays, or the error: anything but a DataFileError or no roads is a fault."""
    try:
        return read(path)
    except (DataFileError, EmptyInputError) as error:
        return error


def test_cut_short(tmp_path):
    whole = sample_pbf(tmp_path).read_bytes()
    target = tmp_path / "cut.osm.pbf"
    for size in range(0, len(whole), 3):
        target.write_bytes(whole[:size])
        result = outcome(target)
        # A cut between two blocks leaves a sound file, in which objects are missing.
        assert isinstance(result, (DataFileError, EmptyInputError))
        if isinstance(result, DataFileError):
            assert "cut.osm.pbf" in str(result)


def test_flipped_bits(tmp_path):
    whole = sample_pbf(tmp_path).read_bytes()
    sound = read(sample_pbf(tmp_path))
    rng = random.Random(chance.seed(7))
    target = tmp_path / "flipped.osm.pbf"
    refused = 0
    for _ in range(300):
        at, bit = rng.randrange(len(whole)), rng.randrange(8)
        target.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << bit]) + whole[at + 1 :])
        result = outcome(target)
        if isinstance(result, Exception):
            refused += 1
        else:  # only what no checksum covers and what isn't used may differ: the header
            assert np.array_equal(result.arc_time_ms, sound.arc_time_ms)
    assert refused > 200


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12))
def test_damaged_blocks_are_refused_or_read(seed, flips):
    """Flips inside the blocks, where a checksum would normally catch them first."""
    rng = random.Random(seed)
    raw = bytearray(BLOCK)
    for _ in range(flips):
        raw[rng.randrange(len(raw))] = rng.randrange(256)
    block = Block(bytes(raw))
    ids = np.arange(1, 26)
    lon, lat = np.zeros(25), np.zeros(25)
    keys = {b"highway": 0, b"route": 1, b"maxspeed": 2}
    try:
        for ways in block.ways(keys, frozenset({b"primary"})):
            assert ways.n_refs.sum() == len(ways.refs)
        for relations in block.relations({b"type": 0, b"restriction": 1}, frozenset({b"restriction"})):
            assert relations.n_members.sum() == len(relations.member_ids)
        for where, tags in block.locate({b"highway": 0}, ids, np.full(25, -1, dtype=np.int32), lon, lat):
            assert len(where) == len(tags)
            assert ((where >= 0) & (where < 25)).all()
    except BlockError:
        pass


def make_block() -> bytes:
    """A block with nodes, ways and a relation, made with a writer of our own in a few lines."""

    def varint(value: int) -> bytes:
        out = b""
        while value > 127:
            out += bytes([value & 127 | 128])
            value >>= 7
        return out + bytes([value])

    def message(number: int, content: bytes) -> bytes:
        return varint(number << 3 | 2) + varint(len(content)) + content

    def packed(values: Iterable[int], *, signed: bool = False) -> bytes:
        return b"".join(varint((v << 1) ^ (v >> 63) if signed else v) for v in values)

    def deltas(values: Sequence[int]) -> bytes:
        return packed([b - a for a, b in zip([0, *values], values, strict=False)], signed=True)

    strings = [b"", b"highway", b"primary", b"crossing", b"type", b"restriction", b"no_left_turn", b"from"]
    table = b"".join(message(1, s) for s in strings)
    dense = message(1, deltas(range(1, 26))) + message(8, deltas([10**9 + i for i in range(25)]))
    dense += message(9, deltas([10**8 + i for i in range(25)])) + message(10, packed([1, 3, 0] + [0] * 24))
    way = (
        varint(8)
        + varint(5)
        + message(2, packed([1]))
        + message(3, packed([2]))
        + message(8, deltas([1, 5, 9]))
    )
    relation = varint(8) + varint(6) + message(2, packed([4, 5])) + message(3, packed([5, 6]))
    relation += message(8, packed([7])) + message(9, deltas([5])) + message(10, packed([1]))
    group = message(2, dense), message(3, way), message(4, relation)
    return message(1, table) + b"".join(message(2, part) for part in group)


BLOCK = make_block()


def test_the_block_used_above_is_sound():
    block = Block(BLOCK)
    (ways,) = block.ways({b"highway": 0, b"route": 1}, frozenset({b"primary"}))
    assert ways.refs.tolist() == [1, 5, 9]
    lon, lat = np.zeros(25), np.zeros(25)
    versions = np.full(25, -1, dtype=np.int32)
    ((where, _),) = block.locate({b"highway": 0}, np.arange(1, 26), versions, lon, lat)
    assert where.tolist() == [0]
    assert lat[3] == (10**9 + 3) * 100 / 1e9
    assert lon[3] == (10**8 + 3) * 100 / 1e9
    (relations,) = block.relations({b"type": 0}, frozenset({b"restriction"}))
    assert relations.member_ids.tolist() == [5]


def test_xml_cut_short(tmp_path):
    whole = (Path(__file__).parent.parent / "data" / "yarmouth.osm").read_bytes()
    target = tmp_path / "cut.osm"
    for size in (0, 10, 1000, len(whole) // 2, len(whole) - 20):
        target.write_bytes(whole[:size])
        with pytest.raises(DataFileError, match=r"cut\.osm"):
            read(target)
    packed = tmp_path / "cut.osm.gz"
    packed.write_bytes(gzip.compress(whole)[:5000])
    with pytest.raises(DataFileError, match=r"cut\.osm\.gz"):
        read(packed)


def blob(kind: bytes, content: bytes) -> bytes:
    """A block of a file, its content a Blob message."""
    header = (
        b"\x0a" + bytes([len(kind)]) + kind + b"\x18" + bytes([len(content) & 127 | 128, len(content) >> 7])
    )
    return struct.pack(">I", len(header)) + header + content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"hello", "PBF"),
        (b"\x00\x00\x00\x05hello", "damaged|PBF"),
        (blob(b"OSMData", b""), "PBF"),
        (blob(b"OSMHeader", b"\x10\x04\x32\x04abcd"), "lz4"),
        (blob(b"OSMHeader", b"\x0a\x10\x22\x0eOsmSchema-V0.7"), "OsmSchema-V0.7"),
        (blob(b"OSMHeader", b"\x10\x80\x80\x80\x80\x08\x1a\x08" + zlib.compress(b"")), "bytes"),
        (blob(b"OSMHeader", b"\x10\x05\x1a\x0d" + zlib.compress(b"hello")), "."),
        (blob(b"OSMHeader", b"\x10\x02\x1a\x0d" + zlib.compress(b"hello")), "another size"),
    ],
)
def test_files_of_another_kind(tmp_path, content, message):
    path = tmp_path / "x.osm.pbf"
    path.write_bytes(content)
    with pytest.raises((DataFileError, EmptyInputError), match=message):
        read(path)


def test_arguments(tmp_path):
    with pytest.raises(DataFileError, match="no file"):
        pbf_network(tmp_path / "none.osm.pbf")
    with pytest.raises(InputError, match="should end in"):
        pbf_network(tmp_path / "roads.shp")
    with pytest.raises(InputTypeError, match="'path'"):
        pbf_network(7)  # type: ignore[arg-type]
    path = sample_pbf(tmp_path)
    with pytest.raises(InputError, match="'keep'"):
        pbf_network(path, keep="most")
    with pytest.raises(InputError, match="'mode'"):
        pbf_network(path, mode="fly")
    with pytest.raises(InputError, match="'speeds'"):
        pbf_network(path, speeds="XX")
    with pytest.raises(InputTypeError, match="'area'"):
        pbf_network(path, area=(1, 2, 3, 4))
    with pytest.raises(GeometryTypeError, match="degrees"):
        pbf_network(path, area=shapely.box(500_000, 3_000_000, 600_000, 3_100_000))
    with pytest.raises(GeometryTypeError, match="valid polygon"):
        pbf_network(path, area=shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]))
    empty = write_osm(tmp_path / "empty.osm.pbf", GRID, [((1, 2), {"highway": "footway"})])
    with pytest.raises(EmptyInputError, match="no roads"):
        pbf_network(empty)
    assert issubclass(DataFileError, BorderReachError)


def test_progress_is_shown_when_asked_for(tmp_path, capsys):
    path = sample_pbf(tmp_path)
    read(path)
    assert capsys.readouterr().err == ""
    read(path, progress=True)
    assert "Reading OSM" in capsys.readouterr().err


def test_isle_of_wight_agrees_with_a_count_node_by_node():
    path = reference_file("isle-of-wight-2020-04-22.osm.pbf")
    table = speed_table("GB")
    naive = Streets.read(path, table)
    network = read(path)
    assert network.provenance["speeds"] == table.name
    n_nodes, links = naive.junctions()
    by_class = links_by_class(network)
    turns = by_class.pop("turn")
    assert set(by_class) == set(naive.km)
    for name, (count, km) in by_class.items():
        assert km == pytest.approx(naive.km[name], rel=1e-3)
        assert count == pytest.approx(links[name], rel=0.005)
    assert turns[1] == 0
    places = np.unique(np.column_stack([network.node_lon, network.node_lat]), axis=0)
    assert len(places) == pytest.approx(n_nodes, rel=0.005)
    rng = random.Random(3)
    junctions = sorted(node for node, ends in naive.ends.items() if len(ends) >= 3)
    for source in rng.sample(junctions, 3):
        targets = set(rng.sample(junctions, 100))
        expected = naive.times(source, targets)
        times = times_from(network, node_at(network, *naive.where[source]))
        for node in targets:
            mine = min(times[n] for n in node_at(network, *naive.where[node]))
            assert mine == pytest.approx(expected.get(node, math.inf), abs=0.05)
    main = pbf_network(path)
    assert 0.95 * network.n_nodes < main.n_nodes < network.n_nodes
    assert all(math.isfinite(time) for time in times_from(main, [0]))


def test_iceland_agrees_with_pyosmium():
    path = reference_file("iceland-2019-05-09.osm.pbf")
    km: dict[str, float] = defaultdict(float)
    sailed: dict[int, dict[str, str]] = {}  # by ferries whose relation says that they take cars
    for relation in osmium.FileProcessor(str(path), osmium.osm.RELATION):
        tags = dict(relation.tags)
        if tags.get("route") == FERRY and "yes" in {tags.get("motorcar"), tags.get("motor_vehicle")}:
            assert isinstance(relation, osmium.osm.Relation)
            sailed.update(
                (member.ref, {"motorcar": "yes"}) for member in relation.members if member.type == "w"
            )
    ways = (
        osmium.FileProcessor(str(path))
        .with_locations()
        .with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    )
    for way in ways.with_filter(osmium.filter.KeyFilter("highway", "route")):
        assert isinstance(way, osmium.osm.Way)
        tags = dict(way.tags)
        if not {"motorcar", "motor_vehicle", "vehicle", "access", "highway"} & set(tags):
            tags |= sailed.get(way.id, {})
        if tags.get("highway") in ROAD_CLASSES or tags.get("route") == FERRY:
            road = read_road(tags)
            if road is not None:
                km[road.road_class] += osmium.geom.haversine_distance(way.nodes) / 1000
    network = read(path)
    by_class = links_by_class(network)
    by_class.pop("turn")
    assert set(by_class) == set(km)
    for name, (_, mine) in by_class.items():
        assert mine == pytest.approx(km[name], rel=0.005), name
    assert network.provenance["date"] == "2019-05-09"
    assert network.provenance["speeds"] == "Iceland"


@pytest.mark.slow
def test_iceland_agrees_with_a_count_node_by_node():
    path = reference_file("iceland-2019-05-09.osm.pbf")
    naive = Streets.read(path, speed_table("IS"))
    network = read(path)
    n_nodes, links = naive.junctions()
    by_class = links_by_class(network)
    by_class.pop("turn")
    assert set(by_class) == set(naive.km)
    for name, (count, km) in by_class.items():
        if name == FERRY:  # straight lines between nodes far apart at sea run below its surface
            assert km == pytest.approx(naive.km[name], rel=2e-4)
        else:  # ways between two turns of a restriction stand once more, for those who come along its first
            assert naive.km[name] * (1 - 1e-6) <= km <= naive.km[name] + 0.2, name
        assert count == pytest.approx(links[name], rel=0.02), name
    twice = sum(km - naive.km[name] for name, (_, km) in by_class.items() if name != FERRY)
    assert 0.1 < twice < 0.5
    places = np.unique(np.column_stack([network.node_lon, network.node_lat]), axis=0)
    assert len(places) == pytest.approx(n_nodes, rel=0.005)


@pytest.mark.slow
def test_isle_of_wight_agrees_with_osmnx(tmp_path, table, monkeypatch):
    """Kilometres by class and shortest times on osmnx's graph of the same roads at the same speeds."""
    path = reference_file("isle-of-wight-2020-04-22.osm.pbf")
    roads = tmp_path / "roads.osm"  # ways and their nodes alone: no restrictions
    with osmium.BackReferenceWriter(str(roads), ref_src=str(path)) as writer:
        entities = osmium.filter.EntityFilter(osmium.osm.WAY)
        for way in osmium.FileProcessor(str(path)).with_filter(entities):
            if way.tags.get("highway") in ROAD_CLASSES:
                writer.add(way)
    monkeypatch.setattr(ox.settings, "useful_tags_way", list(WAY_KEYS))
    monkeypatch.setattr(ox.settings, "useful_tags_node", list(NODE_KEYS))
    graph = ox.graph_from_xml(roads, simplify=False, retain_all=True)
    km: dict[str, float] = defaultdict(float)
    plain = nx.DiGraph()
    for u, v, data in graph.edges(data=True):
        tags = {key: text for key, text in data.items() if key in WAY_KEYS and isinstance(text, str)}
        road = read_road(tags)
        if road is None:
            continue
        kph = table.speeds_kph(tags, road.road_class)
        assert kph is not None
        time = data["length"] * 3.6 / kph[data["reversed"]]
        km[road.road_class] += 0 if data["reversed"] else data["length"] / 1000
        if time < plain.get_edge_data(u, v, {"s": math.inf})["s"]:
            plain.add_edge(u, v, s=time)
    for node, data in graph.nodes(data=True):
        if node in plain and read_node({k: data[k] for k in NODE_KEYS if isinstance(data.get(k), str)})[0]:
            plain.remove_node(node)

    free, bound = read(roads, speeds=table), read(path, speeds=table)
    by_class = links_by_class(free)
    assert by_class.pop("turn")[1] == 0  # links without length: gates of roads for residents
    assert set(by_class) == set(km)
    for name, (_, mine) in by_class.items():
        assert mine == pytest.approx(km[name], rel=0.005), name

    where = {node: (graph.nodes[node]["x"], graph.nodes[node]["y"]) for node in plain}
    parts: list[list[int]] = [sorted(part) for part in nx.strongly_connected_components(plain)]
    main = max(parts, key=len)
    rng = random.Random(1)
    pairs = longer = 0
    for source in [node for node in rng.sample(main, 60) if node_at(free, *where[node])][:24]:
        expected = nx.single_source_dijkstra_path_length(plain, source, weight="s")
        unbound = times_from(free, node_at(free, *where[source]))
        restricted = times_from(bound, node_at(bound, *where[source]))
        for node in rng.sample(main, 250):
            for there in node_at(free, *where[node]):
                # osmnx measures on a sphere: up to 0.3 % off.
                assert unbound[there] == pytest.approx(expected[node], rel=0.005, abs=0.1)
                least = min(restricted[n] for n in node_at(bound, *where[node]))
                assert least >= unbound[there] - 0.1  # restrictions of turns, which osmnx doesn't know
                longer += least > unbound[there] * 1.005
                pairs += 1
    assert pairs > 900
    assert 0 < longer < 0.15 * pairs
