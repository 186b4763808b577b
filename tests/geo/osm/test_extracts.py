from __future__ import annotations

import math
import random
from collections import defaultdict

import networkx as nx
import numpy as np
import osmium
import osmnx as ox
import pytest

from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.osm._tags import FERRY, NODE_KEYS, ROAD_CLASSES, WAY_KEYS, read_node, read_road

from .osm_files import (
    links_by_class,
    node_at,
    read,
    reference_file,
    times_from,
)
from .osm_naive import Streets


@pytest.mark.slow
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
