from __future__ import annotations

import json
import math
import runpy
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmnx as ox
import platformdirs
import pytest
import shapely
from pyproj import Geod

from borderreach.geo.errors import (
    DataFileError,
    EmptyInputError,
    InputError,
    InputTypeError,
    NetworkError,
    UnknownPlaceError,
)
from borderreach.geo.osm._osm import osm_network
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.osm._speeds import speed_table
from borderreach.geo.osm._tags import NODE_KEYS, WAY_KEYS

from .osm_files import GRID, ROAD, links_by_class, node_at, times_from, write_osm

FOLDER = Path(__file__).parent.parent / "data"
YARMOUTH = FOLDER / "yarmouth.osm"
BOX = (-1.512, 50.690, -1.480, 50.710)


@pytest.fixture(autouse=True)
def tags(monkeypatch):
    """Let osmnx keep the tags that matter, as osm_network does for its downloads."""
    monkeypatch.setattr(ox.settings, "useful_tags_way", list(WAY_KEYS))
    monkeypatch.setattr(ox.settings, "useful_tags_node", list(NODE_KEYS))


@pytest.fixture
def graph():
    return ox.graph_from_xml(YARMOUTH, simplify=False, retain_all=True)


class Overpass:
    """A server on loopback that answers with the recorded town."""

    def __init__(self, answer: bytes, *, status: int = 200) -> None:
        seen: list[tuple[str, str]] = []
        self.seen = seen

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append(("GET", self.path))
                body = (FOLDER / "nominatim.json").read_bytes() if "/search" in self.path else (
                    b"Connected as: 1\nCurrent time: now\nAnnounced endpoint: none\nRate limit: 2\n2 slots available now.\n"
                )  # fmt: skip
                self.reply(200, body)

            def do_POST(self):
                size = int(self.headers["Content-Length"])
                seen.append(("POST", self.rfile.read(size).decode()))
                self.reply(status, answer)

            def reply(self, code, body):
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def posts(self):
        return [body for method, body in self.seen if method == "POST"]


@pytest.fixture
def overpass():
    with Overpass((FOLDER / "yarmouth.overpass.json").read_bytes()) as server:
        yield server


def test_the_graph_and_the_file_agree(graph):
    by_graph = osm_network(graph, keep="all")
    by_file = pbf_network(YARMOUTH, keep="all")
    assert (by_graph.n_nodes, by_graph.n_links, by_graph.n_arcs) == (
        by_file.n_nodes,
        by_file.n_links,
        by_file.n_arcs,
    )
    mine, theirs = links_by_class(by_graph), links_by_class(by_file)
    assert set(mine) == set(theirs)
    for name in mine:
        assert mine[name][0] == theirs[name][0]
        assert mine[name][1] == pytest.approx(theirs[name][1], rel=1e-9)
    start = by_file.node_lon[0], by_file.node_lat[0]
    a, b = times_from(by_file, [0]), times_from(by_graph, node_at(by_graph, *start))
    for node in range(by_file.n_nodes):
        # Where roads for those alone who have to do with them begin, two nodes lie at one place.
        place = by_file.node_lon[node], by_file.node_lat[node]
        nodes, others = node_at(by_file, *place), node_at(by_graph, *place)
        assert sorted(a[n] for n in nodes) == pytest.approx(sorted(b[n] for n in others), abs=0.05)
    assert by_graph.node_exit.sum() == by_file.node_exit.sum()


def test_totals_agree_with_osmnx(graph):
    """Kilometres by class as osmnx itself has them, of the roads that cars may use."""
    expected: dict[str, float] = {}
    for _, _, data in graph.edges(data=True):
        closed = any(
            data.get(k) in {"private", "no"} for k in ("access", "motor_vehicle", "vehicle", "motorcar")
        )
        if (
            not data["reversed"]
            and data.get("highway") in {"primary", "secondary", "tertiary", "residential"}
            and not closed
        ):
            expected[data["highway"]] = expected.get(data["highway"], 0.0) + data["length"] / 1000
    found = links_by_class(osm_network(graph, keep="all"))
    assert len(expected) == 4
    for name, km in expected.items():
        assert found[name][1] == pytest.approx(km, rel=0.005)


def test_shortest_times_agree_with_networkx(graph):
    table = speed_table("GB")
    table = replace(table, delays=dict.fromkeys(table.delays, 0.0))
    network = osm_network(graph, speeds=table, keep="all")
    plain = nx.DiGraph()
    for u, v, data in graph.edges(data=True):
        access = [data.get(k) for k in ("motorcar", "motor_vehicle", "vehicle", "access") if data.get(k)]
        service = data.get("service") in {"parking_aisle", "drive-through"}
        if (
            "highway" not in data
            or data["highway"] == "track"
            or service
            or access[:1] in (["private"], ["no"])
        ):
            continue
        kph = table.speeds_kph(data_tags(data), data["highway"])
        assert kph is not None
        seconds = data["length"] * 3.6 / kph[0]
        if seconds < plain.get_edge_data(u, v, {"s": math.inf})["s"]:
            plain.add_edge(u, v, s=seconds)
    for node, data in graph.nodes(data=True):
        if node in plain and data.get("barrier") == "bollard":
            plain.remove_node(node)
    # Tracks and ferries are left out of both, so that only roads are compared.
    source = max(nx.strongly_connected_components(plain), key=len)
    where = {n: (graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in source}
    start = next(n for n in sorted(source) if node_at(network, *where[n]))
    expected = nx.single_source_dijkstra_path_length(plain, start, weight="s")
    times = times_from(network, node_at(network, *where[start]))
    compared = 0
    for node in source:
        for there in node_at(network, *where[node]):
            # osmnx measures on a sphere: up to 0.3 % off.
            assert times[there] <= expected[node] * 1.005 + 0.1
            compared += times[there] == pytest.approx(expected[node], rel=0.005, abs=0.1)
    assert compared > 80


def data_tags(data):
    return {k: v for k, v in data.items() if k in WAY_KEYS and isinstance(v, str)}


def test_simplified_graphs(graph):
    full, simple = osm_network(graph, keep="all"), osm_network(ox.simplify_graph(graph), keep="all")
    a, b = links_by_class(full), links_by_class(simple)
    # Edges that join ways of several classes count as the first of them.
    for name in ("primary", "secondary", "tertiary", "residential"):
        assert b[name][1] == pytest.approx(a[name][1], rel=0.1)
    assert simple.n_nodes <= full.n_nodes
    assert len(simple.link_coords) > simple.n_links


def test_lists_of_limits_are_averaged():
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node(1, x=10.0, y=50.0)
    graph.add_node(2, x=10.01, y=50.0)
    graph.add_edge(
        1, 2, osmid=[5, 6], highway=["primary", "secondary"], maxspeed=["30", "50 mph"], length=716.0
    )
    graph.add_edge(2, 1, osmid=7, highway="primary", maxspeed=float("nan"), length=716.0, oneway=True)
    network = osm_network(graph, speeds="default")
    kph = network.arc_length_m / network.arc_time_ms * 3600
    assert sorted(kph) == pytest.approx(sorted([(30 + 80.4672) / 2, 65.0]), rel=1e-4)
    assert network.classes == ("primary",)


def test_one_ways_and_motorways_of_graphs(tmp_path):
    ways = [
        ((1, 2), {**ROAD, "oneway": "-1"}), ((2, 3), {"highway": "motorway"}), ((3, 4), ROAD),
        ((4, 9, 8, 7, 2), {**ROAD, "maxspeed:backward": "18"}), ((3, 8), {**ROAD, "junction": "roundabout"}),
    ]  # fmt: skip
    path = write_osm(tmp_path / "a.osm", GRID, ways)
    by_file = pbf_network(path, keep="all", speeds="CN")
    by_graph = osm_network(ox.graph_from_xml(path, simplify=False, retain_all=True), keep="all", speeds="CN")
    assert by_graph.n_arcs == by_file.n_arcs
    for node in (1, 2, 3, 4, 8):
        mine = times_from(by_graph, node_at(by_graph, *GRID[node]))
        theirs = times_from(by_file, node_at(by_file, *GRID[node]))
        for other in (1, 2, 3, 4, 8):
            a, b = mine[node_at(by_graph, *GRID[other])[0]], theirs[node_at(by_file, *GRID[other])[0]]
            assert a == pytest.approx(b, abs=0.01)


@pytest.mark.parametrize("reverse_first", [False, True])
@pytest.mark.parametrize("drawn", [False, True])
def test_lines_of_edges_drawn_against_them(reverse_first, drawn):
    """Graphs of others give both edges of a street the same line."""
    line = shapely.LineString([(7.0, 50.0), (7.07, 50.03), (7.2, 50.05), (7.28, 50.0)])
    line = shapely.reverse(line) if drawn else line
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    for node in (2, 1) if reverse_first else (1, 2):
        graph.add_node(node, x=7.0 if node == 1 else 7.28, y=50.0)
    for u, v in ((2, 1), (1, 2)) if reverse_first else ((1, 2), (2, 1)):
        graph.add_edge(u, v, osmid=10, highway="primary", length=23_000.0, reversed=u == 2, geometry=line)
    network = osm_network(graph)
    assert (network.n_links, network.n_arcs) == (1, 2)
    assert network.link_length_m[0] == pytest.approx(Geod(ellps="WGS84").geometry_length(line), rel=1e-6)


def test_lines_of_edges_that_lie_elsewhere_are_refused():
    graph = nx.MultiDiGraph(crs="EPSG:4326")
    graph.add_node(1, x=7.0, y=50.0)
    graph.add_node(2, x=7.1, y=50.0)
    line = shapely.LineString([(8.0, 51.0), (8.1, 51.0)])
    graph.add_edge(1, 2, osmid=10, highway="primary", length=7000.0, geometry=line)
    with pytest.raises(NetworkError, match=r"edge from 1 to 2 ends .* km from its node"):
        osm_network(graph)


def test_graphs_keep_to_what_osmnx_does_not_read(tmp_path):
    ways = [((1, 2), {**ROAD, "oneway:motorcar": "yes"}), ((2, 3), {**ROAD, "motor_vehicle:forward": "no"}),
            ((3, 4), {"highway": "pedestrian", "motor_vehicle": "yes"}), ((4, 9), {**ROAD, "maxwidth": "1.5"})]  # fmt: skip
    path = write_osm(tmp_path / "a.osm", GRID, ways)
    by_file = pbf_network(path, keep="all")
    by_graph = osm_network(ox.graph_from_xml(path, simplify=False, retain_all=True), keep="all")
    assert links_by_class(by_graph) == links_by_class(by_file)
    assert by_graph.n_arcs == by_file.n_arcs == 4


def test_graphml(tmp_path, graph):
    path = tmp_path / "town.graphml"
    ox.save_graphml(graph, path)
    direct, loaded = osm_network(graph), osm_network(path)
    assert np.array_equal(direct.arc_time_ms, loaded.arc_time_ms)
    assert np.array_equal(direct.link_coords, loaded.link_coords)
    assert loaded.provenance["file"] == "town.graphml"
    assert osm_network(str(path)).n_arcs == direct.n_arcs
    simple = tmp_path / "simple.graphml"
    ox.save_graphml(ox.simplify_graph(graph), simple)
    assert osm_network(simple).n_arcs == osm_network(ox.simplify_graph(graph)).n_arcs
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataFileError, match=r"town\.graphml"):
        osm_network(path)
    with pytest.raises(DataFileError, match="no file"):
        osm_network(tmp_path / "none.graphml")


def test_projected_graphs_come_back_to_degrees(graph):
    network = osm_network(ox.project_graph(graph))
    assert np.sort(network.node_lon) == pytest.approx(np.sort(osm_network(graph).node_lon), abs=1e-7)


def test_download(tmp_path, overpass):
    before = {name: getattr(ox.settings, name) for name in dir(ox.settings) if not name.startswith("_")}
    resolve = socket.getaddrinfo
    options = {"overpass_urls": overpass.url, "cache_folder": tmp_path / "cache"}
    network = osm_network(BOX, **options)
    assert ("GET", "/api/status") in overpass.seen
    asked = len(overpass.posts)
    assert asked == 3  # roads, streets that cars may use, ferries
    assert "highway" in overpass.posts[0]
    assert "timeout%3A180" in overpass.posts[0]
    by_class = links_by_class(network)
    expected = links_by_class(pbf_network(YARMOUTH, area=shapely.box(*BOX)))
    # osmnx ends roads at their last node in the area, pbf_network at its edge.
    assert by_class["residential"] == pytest.approx(expected["residential"], rel=0.01)
    assert network.provenance["server"] == overpass.url
    # What was fetched once comes from the cache.
    again = osm_network(BOX, **options)
    assert len(overpass.posts) == asked
    assert np.array_equal(again.arc_time_ms, network.arc_time_ms)
    # A polygon and a frame ask for the same area.
    frame = gpd.GeoDataFrame(geometry=[shapely.box(*BOX)], crs="EPSG:4326")
    assert osm_network(frame, **options).n_arcs == network.n_arcs
    assert osm_network(shapely.box(*BOX), **options).n_arcs == network.n_arcs
    assert {name: getattr(ox.settings, name) for name in before} == before
    assert socket.getaddrinfo is resolve


def closed_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/api"


def test_mirrors_are_tried_in_turn(tmp_path, overpass):
    with Overpass(b"busy", status=500) as broken:
        network = osm_network(
            BOX, overpass_urls=[closed_port(), broken.url, overpass.url], cache_folder=tmp_path
        )
    assert len(broken.posts) == 1
    assert network.provenance["server"] == overpass.url
    # Without any server, the cache of the one that answered is found.
    overpass.server.shutdown()
    overpass.server.server_close()
    again = osm_network(BOX, overpass_urls=[overpass.url], cache_folder=tmp_path)
    assert again.n_arcs == network.n_arcs


def test_no_server(tmp_path):
    before = ox.settings.overpass_url
    with pytest.raises(DataFileError, match=r"no Overpass server.*pbf_network"):
        osm_network(BOX, overpass_urls=[closed_port()], cache_folder=tmp_path)
    assert ox.settings.overpass_url == before


def test_places(tmp_path, overpass):
    host = overpass.url.removesuffix("/api")
    options = {"overpass_urls": overpass.url, "nominatim_url": f"{host}/", "cache_folder": tmp_path}
    assert osm_network("Yarmouth, Isle of Wight", **options).n_arcs == osm_network(BOX, **options).n_arcs
    with pytest.raises(DataFileError, match="can't look up 'Atlantis'"):
        osm_network(
            "Atlantis", overpass_urls=closed_port(), nominatim_url=closed_port(), cache_folder=tmp_path
        )


def test_unknown_place(tmp_path, monkeypatch):
    with Overpass(b"{}") as server:
        monkeypatch.setattr("tests.geo.osm.test_osm.FOLDER", tmp_path)
        (tmp_path / "nominatim.json").write_text("[]")
        host = server.url.removesuffix("/api")
        with pytest.raises(UnknownPlaceError, match="'Atlantis'"):
            osm_network("Atlantis", overpass_urls=server.url, nominatim_url=f"{host}/", cache_folder=tmp_path)


def test_nothing_there(tmp_path):
    empty = json.dumps({"version": 0.6, "elements": []}).encode()
    with Overpass(empty) as server, pytest.raises(EmptyInputError, match="no roads"):
        osm_network(BOX, overpass_urls=server.url, cache_folder=tmp_path)


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        (7, InputTypeError, "'where'"),
        ("  ", InputError, "empty name"),
        ((1, 2, 3), InputTypeError, "'where'"),
        ((3, 2, 1, 4), InputError, "west, south, east, north"),
        ((500_000, 3_000_000, 510_000, 3_010_000), InputError, "'where'"),
        (nx.Graph([(1, 2)]), InputTypeError, "MultiDiGraph"),
        (nx.MultiDiGraph(), EmptyInputError, "no edges"),
        (nx.MultiDiGraph([(1, 2)]), InputError, "'x' and 'y'"),
    ],
)
def test_arguments(where, error, message):
    with pytest.raises(error, match=message):
        osm_network(where)


def test_more_arguments():
    graph = nx.MultiDiGraph()
    graph.add_node(1, x=0.0, y=0.0)
    graph.add_edge(1, 1)
    with pytest.raises(InputError, match="'crs'"):
        osm_network(graph)
    graph.graph["crs"] = "EPSG:4326"
    with pytest.raises(EmptyInputError, match="no road"):
        osm_network(graph)
    with pytest.raises(InputError, match="'timeout_s'"):
        osm_network(BOX, timeout_s=0)
    for urls in ([], "", [""], [7], 7):
        with pytest.raises(InputError, match="'overpass_urls'"):
            osm_network(BOX, overpass_urls=urls)  # type: ignore[arg-type]


def test_the_example_runs_on_a_recorded_answer(checkout, tmp_path, overpass, monkeypatch, capsys):
    path = checkout / "examples" / "osm_city.py"
    scope = runpy.run_path(str(path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    for name, value in {"AREA": BOX, "SERVERS": [overpass.url], "START": (-1.4997, 50.7055)}.items():
        monkeypatch.setitem(scope["main"].__globals__, name, value)
    scope["main"]()
    first = capsys.readouterr().out
    scope["main"]()  # from the saved file
    assert capsys.readouterr().out == first
    assert len(overpass.posts) == 3
    assert (tmp_path / "cache" / "osmnx").is_dir()
    counts = [int(line.split()[3]) for line in first.splitlines() if line.startswith("within")]
    assert 20 < counts[0] < counts[1]
