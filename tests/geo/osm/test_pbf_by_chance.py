from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.errors import (
    EmptyInputError,
)
from borderreach.geo.osm._speeds import speed_table

from .osm_files import (
    GEOD,
    GRID,
    ROAD,
    links_by_class,
    node_at,
    read,
    restriction,
    times_from,
    write_osm,
)
from .osm_naive import Streets

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
