from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.networks import Links

from ... import chance
from .osm_files import (
    CROSS,
    GRID,
    ROAD,
    links_by_class,
    metres,
    node_at,
    read,
    restriction,
    seconds,
    times_from,
    write_osm,
)
from .osm_naive import Streets


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


@settings(max_examples=chance.examples(150), deadline=None)
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
