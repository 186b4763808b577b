"""Files as editors, Overpass and osmium write them; objects that stand in them several times."""

from __future__ import annotations

import json
import math
import random
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.errors import DataFileError, EmptyInputError
from borderreach.geo.osm._extract import read_extracts
from borderreach.geo.osm._pbf import pbf_network

from ... import chance
from .osm_files import GRID, ROAD, links_by_class, metres, node_at, read, seconds, times_from

NODES = {n: GRID[n] for n in (1, 2, 3, 7, 8)}


def tags_xml(tags):
    return "".join(f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items())


def node_xml(number, tags=(), **attributes):
    lon, lat = NODES[number]
    own = "".join(f" {k}={quoteattr(str(v))}" for k, v in attributes.items())
    return f'<node id="{number}" lon="{lon}" lat="{lat}"{own}>{tags_xml(dict(tags))}</node>'


def way_xml(number, refs, tags, *, geometry=False, **attributes):
    own = "".join(f" {k}={quoteattr(str(v))}" for k, v in attributes.items())
    places = {n: f' lon="{NODES[n][0]}" lat="{NODES[n][1]}"' if geometry else "" for n in refs}
    nodes = "".join(f'<nd ref="{n}"{places[n]}/>' for n in refs)
    return f'<way id="{number}"{own}>{nodes}{tags_xml(tags)}</way>'


def write(path, *parts, head=""):
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{head}{"".join(parts)}</osm>')
    return path


ALL_NODES = "".join(node_xml(n) for n in NODES)


@pytest.mark.parametrize(
    "mark", [{"action": "delete"}, {"visible": "false"}, {"visible": "false", "version": 4}]
)
def test_deleted_objects_are_gone(tmp_path, mark):
    ways = way_xml(10, (1, 2), ROAD, version=3), way_xml(11, (2, 3), ROAD, **mark)
    network = read(write(tmp_path / "a.osm", ALL_NODES, *ways))
    assert network.link_length_m.sum() == pytest.approx(metres(1, 2), abs=0.01)
    # A deleted node interrupts its ways, a deleted restriction binds nobody.
    nodes = "".join(node_xml(n, **(mark if n == 3 else {})) for n in NODES)
    network = read(write(tmp_path / "b.osm", nodes, way_xml(10, (1, 2, 3), ROAD)))
    assert network.link_length_m.sum() == pytest.approx(metres(1, 2), abs=0.01)
    own = "".join(f' {k}="{v}"' for k, v in mark.items())
    relation = (
        f'<relation id="5"{own}><member type="way" ref="10" role="from"/><member type="node" ref="2" role="via"/>'
        f'<member type="way" ref="11" role="to"/>{tags_xml({"type": "restriction", "restriction": "no_left_turn"})}</relation>'
    )
    three = way_xml(10, (1, 2), ROAD), way_xml(11, (2, 3), ROAD), way_xml(12, (2, 7), ROAD)
    network = read(write(tmp_path / "c.osm", ALL_NODES, *three, relation))
    assert network.provenance["turn_restrictions"].startswith("0 honoured")


def test_new_objects_of_editors_have_ids_below_zero(tmp_path):
    nodes = '<node id="-1" lon="10.0" lat="50.0"/><node id="-2" lon="10.001" lat="50.0"/>'
    way = f'<way id="-3" action="modify" visible="true"><nd ref="-1"/><nd ref="-2"/>{tags_xml(ROAD)}</way>'
    assert read(write(tmp_path / "a.osm", nodes, way)).n_links == 1


mutable = osmium.osm.mutable


def write_versions(path, nodes, ways):
    """Objects in the order in which they are given, whatever their ids; ".osm" or ".osm.pbf"."""
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, version, place, tags in nodes:
            writer.add_node(mutable.Node(id=number, version=version, location=place, tags=tags))
        for number, version, refs, tags in ways:
            writer.add_way(mutable.Way(id=number, version=version, nodes=list(refs), tags=tags))
    return path


@settings(max_examples=chance.examples(40), deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([".osm", ".osm.pbf"]))
def test_of_several_versions_the_newest_counts(tmp_path, seed, suffix):
    """As where extracts of two provinces and two dates were put together without merging."""
    rng = random.Random(seed)
    kinds = [ROAD, {"highway": "residential"}, {"highway": "footway"}, {}, {**ROAD, "oneway": "yes"}]
    marks = [{}, {"barrier": "bollard"}, {"highway": "traffic_signals"}]
    ways = [
        (number, version, rng.sample(sorted(NODES), 3), rng.choice(kinds))
        for number in range(1, 5)
        for version in rng.sample(range(1, 6), rng.randint(1, 3))
    ]
    nodes = [
        (n, version, tuple(x + rng.choice([0, 1e-4]) for x in NODES[n]), rng.choice(marks))
        for n in NODES
        for version in rng.sample(range(1, 6), rng.randint(1, 2))
    ]
    rng.shuffle(ways)
    rng.shuffle(nodes)
    newest = [
        sorted({o[0]: o for o in sorted(objects, key=lambda o: o[1])}.values()) for objects in (nodes, ways)
    ]
    messy, clean = (tmp_path / f"{name}{suffix}" for name in ("messy", "clean"))
    write_versions(clean, *newest)
    write_versions(messy, nodes + rng.sample(nodes, 2), ways + rng.sample(ways, 2))
    try:
        expected = read(clean)
    except (EmptyInputError, DataFileError) as error:
        with pytest.raises(type(error)):
            read(messy)
        return
    found = read(messy)
    by_class = [links_by_class(network) for network in (found, expected)]
    assert [(name, count) for name, (count, _) in by_class[0].items()] == [
        (name, count) for name, (count, _) in by_class[1].items()
    ]
    assert [km for _, km in by_class[0].values()] == pytest.approx([km for _, km in by_class[1].values()])
    places = [place for _, _, place, _ in newest[0]]
    for start in places:
        times = [times_from(network, node_at(network, *start)) for network in (found, expected)]
        for goal in places:
            mine, theirs = (
                min((table[n] for n in node_at(network, *goal)), default=math.inf)
                for table, network in zip(times, (found, expected), strict=True)
            )
            assert mine == pytest.approx(theirs, abs=2e-3)


def test_a_skeleton_at_the_end_takes_no_tags_away(tmp_path):
    path = write(tmp_path / "a.osm", ALL_NODES, way_xml(10, (1, 2), ROAD), way_xml(10, (1, 2), {}))
    assert read(path).n_links == 1


OVERPASS = '<note>x</note><meta osm_base="2026-06-02T16:40:02Z"/>'


def test_overpass_in_xml(tmp_path, table):
    ways = way_xml(10, (1, 2, 3), ROAD), way_xml(11, (7, 2), ROAD)
    usual = read(write(tmp_path / "a.osm", ALL_NODES, *ways, head=OVERPASS), speeds=table)
    assert usual.provenance["date"] == "2026-06-02"
    turned = read(write(tmp_path / "b.osm", *ways, ALL_NODES), speeds=table)
    placed = [way_xml(10, (1, 2, 3), ROAD, geometry=True), way_xml(11, (7, 2), ROAD, geometry=True)]
    alone = read(write(tmp_path / "c.osm", *placed, head=OVERPASS), speeds=table)
    assert alone.provenance["located_by_ways"].startswith("4 nodes lie where their ways say")
    assert "located_by_ways" not in usual.provenance
    for other in (turned, alone):
        assert np.array_equal(usual.arc_time_ms, other.arc_time_ms)
        assert np.array_equal(usual.node_lon, other.node_lon)


def overpass_json(path, elements, **more):
    path.write_text(json.dumps({"version": 0.6, "osm3s": {"timestamp_osm_base": "2026-06-02T16:40:02Z"},
                                "elements": elements, **more}))  # fmt: skip
    return path


def test_overpass_in_json(tmp_path, table):
    nodes = [{"type": "node", "id": n, "lon": x, "lat": y} for n, (x, y) in NODES.items()]
    nodes[2]["tags"] = {"barrier": "bollard"}  # node 3
    refs = {10: (1, 2, 3, 8), 11: (7, 2)}
    ways: list[dict[str, Any]] = [
        {"type": "way", "id": i, "nodes": list(r), "tags": ROAD} for i, r in refs.items()
    ]
    relation = {
        "type": "relation", "id": 5, "tags": {"type": "restriction", "restriction": "no_left_turn"},
        "members": [{"type": "way", "ref": 11, "role": "from"}, {"type": "node", "ref": 2, "role": "via"},
                    {"type": "way", "ref": 10, "role": "to"}],
    }  # fmt: skip
    network = read(overpass_json(tmp_path / "a.json", [*nodes, *ways, relation]), speeds=table)
    xml = write(
        tmp_path / "a.osm",
        "".join(node_xml(n, {"barrier": "bollard"} if n == 3 else {}) for n in NODES),
        *(way_xml(i, r, ROAD) for i, r in refs.items()),
    )
    same = read(xml, speeds=table)
    assert np.array_equal(network.arc_time_ms, same.arc_time_ms)
    assert network.provenance["date"] == "2026-06-02"
    assert "1 unclear" in network.provenance["turn_restrictions"]  # way 10 goes through node 2
    for way in ways:
        way["geometry"] = [{"lon": NODES[n][0], "lat": NODES[n][1]} for n in way["nodes"]]
    placed = read(overpass_json(tmp_path / "b.json", ways), speeds=table)
    assert placed.link_length_m.sum() == pytest.approx(same.link_length_m.sum())
    assert math.isinf(seconds(same, 1, 8))  # the bollard
    assert math.isfinite(seconds(placed, 1, 8))  # which the second answer doesn't tell
    ways[0]["geometry"][2] = None  # outside the asked-for area
    ways[0]["geometry"][1] = None  # told by the other way
    cut = read(overpass_json(tmp_path / "c.json", ways), speeds=table)
    assert cut.link_length_m.sum() == pytest.approx(metres(1, 2) + metres(7, 2), abs=0.01)


TIMED_OUT = 'runtime error: Query timed out in "query" at line 3 after 26 seconds.'


def test_answers_that_were_cut_short_are_refused(tmp_path, caplog):
    parts = ALL_NODES, way_xml(10, (1, 2), ROAD)
    with pytest.raises(DataFileError, match=r"cut the answer short.*timed out.*\[timeout:\]"):
        read(write(tmp_path / "a.osm", *parts, f"<remark>{TIMED_OUT}</remark>"))
    elements = [{"type": "node", "id": n, "lon": x, "lat": y} for n, (x, y) in NODES.items()]
    elements.append({"type": "way", "id": 10, "nodes": [1, 2], "tags": ROAD})
    with pytest.raises(DataFileError, match="cut the answer short"):
        read(overpass_json(tmp_path / "a.json", elements, remark=TIMED_OUT))
    network = read(overpass_json(tmp_path / "b.json", elements, remark="served from a mirror"))
    assert network.provenance["remark"] == "served from a mirror"
    assert "served from a mirror" in caplog.text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.osm", f"<osm>{way_xml(10, (1, 2), ROAD)}</osm>", "1 roads, but not where their nodes lie"),
        ("a.osm", '<osm><way id="1"><nd lat="50" lon="10"/></way></osm>', "not the numbers of their nodes"),
        ("a.osm", "<osmChange/>", "<osmChange> instead of <osm>"),
        ("a.osm", '<osm><node id="x" lon="1" lat="1"/></osm>', "damaged"),
        ("a.osm", '<osm><way id="1"><nd ref="99999999999999999999"/></way></osm>', "damaged"),
        ("a.json", '{"type": "FeatureCollection"}', "GeoJSON"),
        ("a.json", '{"elements": [', "cut short"),
        ("a.json", '{"elements": [{"type": "way"}]}', "damaged"),
        ("a.json", '{"elements": [{"type": "way", "id": 1, "geometry": [{"lat": 1, "lon": 1}]}]}', "numbers of their nodes"),
    ],
)  # fmt: skip
def test_files_that_say_too_little_are_told_apart(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(DataFileError, match=message):
        read(path)


@pytest.mark.parametrize("keep_nodes", [True, False])
def test_pbf_with_locations_on_ways(tmp_path, keep_nodes, table):
    nodes = [(n, 1, place, {"barrier": "bollard"} if n == 8 else {}) for n, place in NODES.items()]
    plain = write_versions(
        tmp_path / "a.osm.pbf", nodes, [(10, 1, (1, 2, 3), ROAD), (11, 1, (2, 8, 7), ROAD)]
    )
    target = osmium.io.File(str(tmp_path / "b.osm.pbf"), "pbf,locations_on_ways=true")
    with osmium.SimpleWriter(target) as writer:
        for entity in osmium.FileProcessor(str(plain)).with_locations():
            if keep_nodes or not isinstance(entity, osmium.osm.Node) or len(entity.tags):
                writer.add(entity)
    usual, other = read(plain, speeds=table), read(tmp_path / "b.osm.pbf", speeds=table)
    assert np.array_equal(usual.arc_time_ms, other.arc_time_ms)
    assert np.array_equal(usual.node_lat, other.node_lat)
    assert ("located_by_ways" in other.provenance) != keep_nodes


FAR = {i: (10.0 + i / 50, 50.0) for i in range(1, 9)}
SEA = ((12, (3, 4)), (13, (4, 5, 6)))


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf"])
@pytest.mark.parametrize(
    ("on_ways", "on_relation", "minutes"),
    [
        ({"route": "ferry"}, {"motorcar": "yes", "duration": "00:20"}, 20),
        ({}, {"motor_vehicle": "yes", "duration": "00:20"}, 20),
        (
            {"route": "ferry", "motorcar": "yes", "duration": "00:30"},
            {"motorcar": "yes", "duration": "00:20"},
            60,
        ),
        ({"route": "ferry"}, {"hgv": "yes", "duration": "00:20"}, None),
        ({"route": "ferry", "motor_vehicle": "no"}, {"motor_vehicle": "yes"}, None),
    ],
)
def test_ferries_whose_relation_speaks_for_them(tmp_path, suffix, on_ways, on_relation, minutes):
    """The relation's duration is that of all its ways; what a way says itself goes first."""
    path = tmp_path / f"a{suffix}"
    members = [("w", 12, ""), ("w", 13, "forward"), ("w", 14, "platform")]
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for n, place in FAR.items():
            writer.add_node(mutable.Node(id=n, version=1, location=place))
        for number, refs, tags in (
            (10, (1, 2, 3), ROAD), (11, (6, 7, 8), ROAD), *((w, r, on_ways) for w, r in SEA), (14, (1, 8), {}),
        ):  # fmt: skip
            writer.add_way(mutable.Way(id=number, version=1, nodes=list(refs), tags=tags))
        writer.add_relation(
            mutable.Relation(
                id=20, version=1, members=members, tags={"type": "route", "route": "ferry", **on_relation}
            )
        )
    network = pbf_network(path, keep="all")
    ferry = [i for i, name in enumerate(network.classes) if name == "ferry"]
    if minutes is None:
        assert not ferry
        return
    at_sea = np.isin(network.arc_class, ferry)
    assert network.arc_time_ms[at_sea].sum() / 2 == pytest.approx(minutes * 60_000, abs=5)


def test_conditional_access_is_counted(tmp_path):
    ways = [
        way_xml(10, (1, 2), {**ROAD, "access:conditional": "no @ (22:00-06:00)"}),
        way_xml(11, (2, 3), {**ROAD, "motor_vehicle:backward:conditional": "no @ (Mo-Fr)"}),
        way_xml(12, (3, 8), ROAD),
    ]
    path = write(tmp_path / "a.osm", ALL_NODES, *ways)
    assert read_extracts([path]).n_conditional == 2
    assert read(path).provenance["conditional"].startswith("2 roads")
