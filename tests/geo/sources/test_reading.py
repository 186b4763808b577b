from __future__ import annotations

import json
import time
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.geo.errors import ConfigError, InputError
from borderreach.geo.networks import trunk_network
from borderreach.geo.osm import pbf_network
from borderreach.geo.sources import _kept, _reading, read_network
from borderreach.geo.sources._simplifying import simplified
from borderreach.geo.timetables import save_network

from ..osm.osm_files import GRID, ROAD, write_osm
from ..osm.test_joining_extracts import EAST, WEST, assert_same, write

NODES = {**WEST, **EAST}
WAYS = [((6, 7, 8), ROAD), ((8, 9, 10), {"highway": "residential"})]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two extracts that meet at a node; the user's cache lies beside them."""
    monkeypatch.setattr("borderreach.geo.downloads.user_cache", lambda part: tmp_path / "cache" / part)
    write(tmp_path / "west.osm.pbf", WEST, {1: WAYS[0]}, {})
    write(tmp_path / "east.osm", EAST, {2: WAYS[1]}, {})
    return tmp_path


def counted(monkeypatch, name="pbf_network"):
    """Count how often an extract is read."""
    calls = []
    real = getattr(_reading, name)

    def read(*given, **options):
        calls.append(given)
        return real(*given, **options)

    monkeypatch.setattr(_reading, name, read)
    return calls


def test_extracts_are_joined_and_kept(folder, monkeypatch):
    calls = counted(monkeypatch)
    first = read_network(["west.osm.pbf", "east.osm"], folder=folder)
    again = read_network(["west.osm.pbf", "east.osm"], folder=folder)
    assert len(calls) == 1
    assert_same(first, again)
    assert dict(first.provenance) == dict(again.provenance)
    assert_same(first, pbf_network([folder / "west.osm.pbf", folder / "east.osm"]))
    (kept,) = (folder / "cache" / "networks").glob("*.network")
    kept.write_bytes(kept.read_bytes()[:-8])
    assert_same(
        read_network(["west.osm.pbf", "east.osm"], folder=folder), first
    )  # damaged ones are read anew
    assert len(calls) == 2


def test_what_is_kept_depends_on_content_and_options(folder, monkeypatch):
    calls = counted(monkeypatch)
    (folder / "own.toml").write_text("[classes]\n", encoding="utf-8")
    variants: list[dict[str, Any]] = [
        {}, {"keep": "all"}, {"max_access_km": 3}, {"access_speed_kph": 6}, {"speeds": "GB"}, {"speeds": {"primary": 50}},
        {"area": shapely.box(9.9, 49.9, 10.0025, 50.1)}, {"area": shapely.box(9.9, 49.9, 10.0015, 50.1), "margin_km": 0.05},
        {"main_roads": True},
    ]  # fmt: skip
    for done, options in enumerate(variants):
        for _ in range(2):
            read_network("west.osm.pbf", folder=folder, **options)
        assert len(calls) == done + 1, options
    n = len(calls)
    write(folder / "west.osm.pbf", WEST, {1: ((6, 7), ROAD)}, {})
    assert read_network("west.osm.pbf", folder=folder).link_length_m.sum() < 100
    assert len(calls) == n + 1
    monkeypatch.setattr(_kept, "version", lambda _: "another")
    read_network("west.osm.pbf", folder=folder)
    assert len(calls) == n + 2


def test_a_table_of_speeds_is_part_of_the_key(folder, monkeypatch):
    calls = counted(monkeypatch)
    times = []
    for kph in (36, 72):
        (folder / "own.toml").write_text(f"[classes]\nresidential = {kph}\n", encoding="utf-8")
        times.append(read_network("east.osm", folder=folder, speeds="own.toml").arc_time_ms.max())
    assert len(calls) == 2
    assert times[0] > times[1]


def test_only_the_latest_are_kept_and_a_full_disk_costs_nothing(folder, monkeypatch, caplog):
    monkeypatch.setattr(_kept, "_MOST", 2)
    for km in (1, 2, 3):
        read_network("west.osm.pbf", folder=folder, max_access_km=km)
        time.sleep(0.01)
    assert len(list((folder / "cache" / "networks").glob("*.network"))) == 2
    (folder / "full").write_text("a file where a folder should be", encoding="utf-8")
    network = read_network("west.osm.pbf", folder=folder, cache_folder=folder / "full")
    assert network.n_links == 1
    assert "isn't kept" in caplog.text


def test_every_kind_of_file_is_told_by_what_it_is(folder, monkeypatch):
    whole = read_network(["west.osm.pbf", "east.osm"], folder=folder)
    save_network(whole, folder / "saved.anything")
    assert_same(read_network(folder / "saved.anything"), whole)
    far = read_network(folder / "saved.anything", max_access_km=7)
    assert (far.max_access_km, far.access_speed_kph) == (7, whole.access_speed_kph)
    trunk = read_network("trunk", max_access_km=20)
    assert trunk.max_access_km == 20
    assert trunk.n_nodes == trunk_network().n_nodes
    lines = gpd.GeoDataFrame({"限速": [36.0]}, geometry=[shapely.LineString([GRID[6], GRID[8]])], crs=4326)
    lines.to_file(folder / "drawn.gpkg")
    drawn = read_network("drawn.gpkg", folder=folder, speed_kph="限速")
    assert drawn.arc_time_ms.tolist() == pytest.approx([14300] * 2, rel=0.01)
    assert drawn.provenance["file"] == "drawn.gpkg"
    fetched = []

    def fetch(name, **_):
        fetched.append(name)
        return folder / "east.osm"

    monkeypatch.setattr(_reading, "_fetched", fetch)
    both = read_network(["west.osm.pbf", "guizhou"], folder=folder)
    assert fetched == ["guizhou"]
    assert_same(both, whole)


@pytest.mark.parametrize(
    ("roads", "options", "words"),
    [
        (["west.osm.pbf", "saved"], {}, "'saved' isn't an extract"),
        ("saved", {"speeds": "CN"}, "'speeds' isn't for a saved network"),
        ("west.osm.pbf", {"speed_kph": 50}, "'speed_kph' isn't for extracts"),
        ("notes.txt", {}, "notes.txt isn't a network"),
        ("trunk", {"main_roads": True}, "'main_roads' isn't for the embedded roads"),
        ("guizhuo", {}, "did you mean guizhou"),
    ],
)
def test_what_does_not_go_together_is_told(folder, roads, options, words):
    save_network(read_network("west.osm.pbf", folder=folder), folder / "saved")
    (folder / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_network(roads, folder=folder, **options)


def test_a_margin_is_kilometres_around_the_area(folder):
    """A box up to half way along the second piece, and 100 m more: what of the road is inside."""
    box = shapely.box(9.9, 49.9, 10.0015, 50.1)
    km = [
        read_network("west.osm.pbf", folder=folder, area=box, margin_km=margin).link_length_m.sum()
        for margin in (0.0, 0.02)
    ]
    assert km[1] - km[0] == pytest.approx(20, abs=0.5)


def test_a_faulty_table_of_speeds_is_told(folder):
    (folder / "own.toml").write_text("[speeds\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml"):
        read_network("east.osm", folder=folder, speeds="own.toml")


def test_simplified_lines_stay_near_and_keep_times(tmp_path):
    rng = np.random.default_rng(1)
    nodes = {i + 1: (10.0 + i / 2000, 50.0 + float(rng.normal(0, 0.0001))) for i in range(40)}
    ring = {
        100 + i: (10.0 + 0.01 * np.cos(a), 50.02 + 0.01 * np.sin(a))
        for i, a in enumerate(np.linspace(0, 6, 30))
    }
    path = write_osm(
        tmp_path / "a.osm", {**nodes, **ring}, [(tuple(nodes), ROAD), ((1, 100), ROAD), ((*ring, 100), ROAD)]
    )
    network = pbf_network(path, keep="all")
    found = simplified(network, metres=10)
    assert len(found.link_coords) < 0.8 * len(network.link_coords)
    for link in range(network.n_links):
        before, after = (shapely.LineString(one.link_line(link)) for one in (network, found))
        assert before.hausdorff_distance(after) <= 10 / 111_000
        assert after.coords[0] == before.coords[0]
        assert after.coords[-1] == before.coords[-1]
        assert after.length > 0
    assert (found.arc_time_ms == network.arc_time_ms).all()
    assert (found.arc_length_m == network.arc_length_m).all()
    assert json.dumps(dict(found.provenance)).count("simplified, within 10 m") == 1
