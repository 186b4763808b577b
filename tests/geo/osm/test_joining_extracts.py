from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.errors import DataFileError, EmptyInputError, InputTypeError
from borderreach.geo.networks import TransportNetwork
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._speeds import speed_table

from ... import chance
from .osm_files import FAST, GRID, ROAD, mutable, read, reference_file, restriction, seconds, write_osm
from .test_pbf_by_chance import made_up_streets

#: How programs cut extracts: ways whole with all nodes, whole with the nodes outside missing, or cut at the edge.
CUTS = ("complete_ways", "nodes_missing", "refs_cut")


def cut(streets, nodes, inside, how):
    """What an extract with the nodes `inside` holds; relations that name one of its ways, in full."""
    ways, _, relations = streets
    own = {}
    for number, (refs, tags) in enumerate(ways, start=1):
        if not inside & set(refs):
            continue
        known = refs
        if how == "refs_cut":
            # what lies between the first and the last node inside, and one beyond, as at a real edge
            within = [i for i, node in enumerate(refs) if node in inside]
            known = refs[max(0, within[0] - 1) : within[-1] + 2]
        own[number] = (known, tags)
    used = {node for refs, _ in own.values() for node in refs}
    here = inside if how == "nodes_missing" else inside | used
    named = {
        number: (tags, members)
        for number, (tags, members) in enumerate(relations, start=1)
        if any(kind == "w" and ref in own for kind, ref, _ in members)
    }
    return {node: nodes[node] for node in here}, own, named


def write(path, nodes, ways, relations):
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, (lon, lat, *own) in sorted(nodes.items()):
            writer.add_node(mutable.Node(id=number, version=1, location=(lon, lat), tags=dict(*own)))
        for number, (refs, tags) in ways.items():
            writer.add_way(mutable.Way(id=number, version=1, nodes=list(refs), tags=dict(tags)))
        for number, (tags, members) in relations.items():
            writer.add_relation(
                mutable.Relation(
                    id=number, version=1, tags={"type": "restriction", **tags}, members=list(members)
                )
            )
    return path


def assert_same(one: TransportNetwork, other: TransportNetwork) -> None:
    """Everything but what they say of their files."""
    for field in dataclasses.fields(one):
        if field.name != "provenance":
            a, b = getattr(one, field.name), getattr(other, field.name)
            assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, field.name
    for key in ("components", "turn_restrictions", "conditional", "missing_nodes"):
        assert one.provenance.get(key) == other.provenance.get(key), key


@settings(max_examples=chance.examples(60), deadline=None)
@given(
    made_up_streets(),
    st.sampled_from(CUTS),
    st.sampled_from([(".osm.pbf", ".osm.pbf"), (".osm.pbf", ".osm"), (".osm", ".osm.pbf"), (".osm", ".osm")]),
    st.integers(1, 3),
    st.booleans(),
)
def test_two_overlapping_extracts_are_the_whole(tmp_path, streets, how, suffixes, overlap, turned):
    ways, special, relations = streets
    nodes = {n: (*GRID[n], special.get(n, {})) for n in GRID}
    whole = write_osm(tmp_path / "whole.osm.pbf", nodes, ways, relations)
    columns = {n: (n - 1) % 5 for n in GRID}
    west = {n for n in GRID if columns[n] <= 1 + overlap // 2}
    east = {n for n in GRID if columns[n] >= 2 - (overlap - 1) // 2}
    if how == "refs_cut":  # a piece that both know tells that they belong together
        ways = [(refs, tags) for refs, tags in ways if len(set(refs)) == len(refs)]
        streets = (ways, special, [])
        whole = write_osm(tmp_path / "whole.osm.pbf", nodes, ways)
        if not ways:
            return
    halves = [
        write(tmp_path / f"{name}{suffix}", *cut(streets, nodes, inside, how))
        for name, suffix, inside in zip("we", suffixes, (west, east), strict=True)
    ]
    table = speed_table("CN")
    try:
        expected = read(whole, speeds=table)
    except EmptyInputError:
        with pytest.raises(EmptyInputError):
            read(halves, speeds=table)
        return
    found = read(halves[::-1] if turned else halves, speeds=table)
    assert_same(found, expected)


WEST = {node: GRID[node] for node in (6, 7, 8)}
EAST = {node: GRID[node] for node in (8, 9, 10)}


def test_roads_meet_at_the_node_that_both_have(tmp_path, table):
    west = write(tmp_path / "west.osm.pbf", WEST, {1: ((6, 7, 8), ROAD)}, {})
    east = write(tmp_path / "east.osm", EAST, {2: ((8, 9, 10), ROAD)}, {})
    both = read([west, east], speeds=table)
    assert (both.n_nodes, both.n_links) == (2, 1)  # passed through at 8, where two of a kind meet
    assert seconds(both, 6, 10) == pytest.approx(4 * seconds(read(west, speeds=table), 6, 8) / 2, abs=0.002)
    assert both.provenance["file"] == "west.osm.pbf + east.osm"
    assert both.provenance["area"] == "the whole files, joined"


def test_a_restriction_holds_whose_ways_lie_in_different_files(tmp_path, table):
    rule = {1: restriction("no_left_turn", 1, 8, 2)}
    west = write(tmp_path / "west.osm.pbf", WEST, {1: ((7, 8), ROAD)}, rule)
    east = write(
        tmp_path / "east.osm.pbf", {**EAST, 13: GRID[13]}, {2: ((8, 13), ROAD), 3: ((8, 9), ROAD)}, rule
    )
    free = read(
        [
            west,
            write(
                tmp_path / "free.osm.pbf", {**EAST, 13: GRID[13]}, {2: ((8, 13), ROAD), 3: ((8, 9), ROAD)}, {}
            ),
        ],
        speeds=table,
    )
    both = read([west, east], speeds=table)
    assert both.provenance["turn_restrictions"].startswith("1 honoured")
    # the free file lacks the relation, the first has it: it holds all the same
    assert seconds(free, 7, 13) == seconds(both, 7, 13) > seconds(both, 7, 8) + seconds(both, 8, 13) + 1
    assert seconds(both, 7, 9) == pytest.approx(seconds(both, 7, 8) + seconds(both, 8, 9), abs=0.01)


def test_of_files_of_different_days_the_newer_state_counts(tmp_path, table):
    """The older file is read last; its road is a footway by now, and another is faster."""
    old, new = tmp_path / "old.osm.pbf", tmp_path / "new.osm.pbf"
    for path, version, first, second in ((old, 1, ROAD, ROAD), (new, 2, {"highway": "footway"}, FAST)):
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for number in (6, 7, 8):
                lon, lat = GRID[number]
                writer.add_node(
                    mutable.Node(id=number, version=version, location=(lon, lat + 0.0001 * version))
                )
            writer.add_way(mutable.Way(id=1, version=version, nodes=[6, 7], tags=first))
            writer.add_way(mutable.Way(id=2, version=version, nodes=[7, 8], tags=second))
    for order in ([old, new], [new, old]):
        both = read(order, speeds=table)
        assert_same(both, read(new, speeds=table))
        assert np.allclose(both.node_lat, GRID[7][1] + 0.0002)


@pytest.mark.parametrize("suffixes", [(".osm.pbf", ".osm"), (".osm", ".osm.pbf"), (".osm", ".osm")])
def test_of_a_node_in_both_files_the_newer_counts(tmp_path, table, suffixes):
    """Also what stands on it: the gate is gone in version 2."""
    paths = []
    for suffix, version, tags in zip(suffixes, (2, 1), ({}, {"barrier": "bollard"}), strict=True):
        paths.append(tmp_path / f"v{version}{suffix}")
        with osmium.SimpleWriter(str(paths[-1]), overwrite=True) as writer:
            for number in (6, 7, 8):
                own = tags if number == 7 else {}
                lon, lat = GRID[number]
                place = (lon, lat + 0.0001 * version)
                writer.add_node(mutable.Node(id=number, version=version, location=place, tags=own))
            writer.add_way(mutable.Way(id=1, version=1, nodes=[6, 7, 8], tags=ROAD))
    for order in (paths, paths[::-1]):
        both = read(order, speeds=table)
        assert (both.n_nodes, both.n_links) == (2, 1)
        assert np.allclose(both.node_lat, GRID[7][1] + 0.0002)


@pytest.mark.parametrize(
    ("pieces", "km_links"),
    [
        ([(6, 7, 8), (7, 8, 9, 10)], 1),  # they overlap
        ([(6, 7), (7, 8, 9, 10)], 1),  # they meet
        ([(6, 7, 8, 9, 10), (7, 8)], 1),  # one is a part of the other
        ([(6, 7), (9, 10), (7, 8, 9)], 1),  # the last closes the gap
        ([(6, 7), (9, 10)], 2),  # nobody has what lies between
    ],
)
def test_a_way_that_was_cut_short_is_put_together(tmp_path, table, pieces, km_links):
    paths = [
        write(tmp_path / f"{i}.osm.pbf", {node: GRID[node] for node in refs}, {1: (refs, ROAD)}, {})
        for i, refs in enumerate(pieces)
    ]
    network = read(paths, speeds=table)
    assert network.n_links == km_links
    whole = read(
        write(
            tmp_path / "whole.osm.pbf", {n: GRID[n] for n in range(6, 11)}, {1: ((6, 7, 8, 9, 10), ROAD)}, {}
        ),
        speeds=table,
    )
    if km_links == 1:
        assert_same(network, whole)


def test_faults_name_the_file_among_several(tmp_path):
    good = write(tmp_path / "good.osm.pbf", WEST, {1: ((6, 7, 8), ROAD)}, {})
    bad = tmp_path / "bad.osm.pbf"
    bad.write_bytes(good.read_bytes()[:-40])
    with pytest.raises(DataFileError, match=r"bad\.osm\.pbf"):
        pbf_network([good, bad])
    with pytest.raises(DataFileError, match=r"there is no file .*none\.osm"):
        pbf_network([good, tmp_path / "none.osm"])
    with pytest.raises(EmptyInputError, match="names no file"):
        pbf_network([])
    with pytest.raises(InputTypeError, match="or several, got 5"):
        pbf_network([good, 5])  # type: ignore[list-item]
    twice = pbf_network([good, good])
    assert twice.provenance["file"] == "good.osm.pbf"


def test_main_roads_are_read_alone(tmp_path, table):
    ways = {
        1: ((6, 7), {"highway": "motorway", "oneway": "no"}),
        2: ((7, 8), {"highway": "secondary_link"}),
        3: ((8, 9), {"highway": "tertiary"}),
        4: ((8, 13), {"highway": "service", "motor_vehicle": "yes"}),
        5: ((8, 3), {"route": "ferry", "motor_vehicle": "yes"}),
    }
    for suffix in (".osm.pbf", ".osm"):
        path = write(tmp_path / f"a{suffix}", {n: GRID[n] for n in (3, 6, 7, 8, 9, 13)}, ways, {})
        network = read(path, roads="main", speeds=table)
        assert set(network.classes) - {"turn"} == {"motorway", "secondary_link", "ferry"}
        assert network.provenance["roads"].startswith("only motorway, trunk, primary, secondary")
        assert_same(network, read([path, path], roads="main", speeds=table))
    small = write(tmp_path / "small.osm", EAST, {1: ((8, 9), {"highway": "tertiary"})}, {})
    with pytest.raises(EmptyInputError, match="no main roads"):
        read(small, roads="main")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["andorra.osm.pbf", "isle-of-wight-2020-04-22.osm.pbf"])
@pytest.mark.parametrize("whole_ways", [True, False])
def test_two_halves_of_a_real_extract_are_the_whole(tmp_path, name, whole_ways):
    """Cut along a meridian with an overlap of some 500 m, as geofabrik cuts (ways whole) and as simple cuts do."""
    source = reference_file(name)
    lon = [
        node.location.lon
        for node in osmium.FileProcessor(str(source), osmium.osm.NODE)
        if isinstance(node, osmium.osm.Node)
    ]
    middle = float(np.median(lon))
    halves = [
        cut_extract(source, tmp_path / "west.osm.pbf", -180.0, middle + 0.004, whole_ways=whole_ways),
        cut_extract(source, tmp_path / "east.osm.pbf", middle - 0.004, 180.0, whole_ways=whole_ways),
    ]
    whole = pbf_network(source)
    assert_same(pbf_network(halves), whole)
    assert pbf_network(halves[0]).n_nodes < 0.8 * whole.n_nodes
    main = pbf_network(source, roads="main")
    assert_same(pbf_network(halves, roads="main"), main)
    shutil.copy(halves[0], tmp_path / "again.osm.pbf")
    assert_same(pbf_network([*halves, tmp_path / "again.osm.pbf"]), whole)


def cut_extract(source: Path, target: Path, west: float, east: float, *, whole_ways: bool) -> Path:
    """Nodes between two meridians, the ways that have one of them, and the relations that name one of these."""
    inside, ways, more = set(), set(), set()
    for one in osmium.FileProcessor(str(source)):
        if isinstance(one, osmium.osm.Node) and west <= one.location.lon <= east:
            inside.add(one.id)
        elif isinstance(one, osmium.osm.Way):
            refs = [node.ref for node in one.nodes]
            if not inside.isdisjoint(refs):
                ways.add(one.id)
                more |= set(refs) if whole_ways else set()
    with osmium.SimpleWriter(str(target), overwrite=True) as writer:
        for one in osmium.FileProcessor(str(source)):
            if isinstance(one, osmium.osm.Node):
                keep = one.id in inside or one.id in more
            elif isinstance(one, osmium.osm.Way):
                keep = one.id in ways
            elif isinstance(one, osmium.osm.Relation):
                keep = any(
                    member.ref in (ways if member.type == "w" else inside)
                    for member in one.members
                    if member.type != "r"
                )
            else:
                keep = False
            if keep:
                writer.add(one)
    return target
