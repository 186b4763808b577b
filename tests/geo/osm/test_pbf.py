from __future__ import annotations

import math
from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from borderreach.geo.errors import (
    EmptyInputError,
)
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.osm._tags import FERRY

from .osm_files import (
    FAST,
    GEOD,
    GRID,
    ROAD,
    Nodes,
    line_of,
    metres,
    node_at,
    read,
    restriction,
    seconds,
    times_from,
    write_osm,
)


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
        ({"oneway": "yes", "motor_vehicle:backward": "yes"}, True, False),
        ({"oneway": "yes", "oneway:motor_vehicle": "no", "motor_vehicle:backward": "yes"}, True, True),
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
