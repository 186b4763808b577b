"""A study on roads of a user's own, named in its file or on the command line; and roads and trains that lie elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

import borderreach as br
from borderreach.analysis.config import read_toml
from borderreach.analysis.study_file import NetworkKeys, Study
from borderreach.checking import check_file
from borderreach.cli import main
from borderreach.geo.errors import ConfigError, InputError, InputTypeError
from borderreach.geo.osm import pbf_network
from borderreach.geo.timetables import open_network
from borderreach.reports import report
from borderreach.studies import run_study, study, study_run

from ..analysis.batches.batch_material import SIDE, SOUTH, STEP, WEST
from ..analysis.batches.test_own_files import SECTIONS, STATIONS, units
from ..geo.osm.test_joining_extracts import write
from ..geo.timetables.test_gtfs import FEED, feed

STUDY = """\
name = "mine"
title = "甲与乙"
title_en = "A and B"
provinces = ["甲省", "乙省"]
between = ["甲省", "乙省"]
boundary_source = "units.gpkg"
boundary_columns = { province = "LAND" }
centres = ["甲一县"]
circle_cutoffs_min = [20, 40]
zone_min = 30
railways = false
[network]
roads = ["west.osm.pbf", "east.osm.pbf"]
max_access_km = 5
"""
TABLES = ("circles", "county_times", "zones", "crossings", "border_crossings", "borders", "isochrones")


def streets(path, columns, *, highway="primary", north=0.0):
    """A lattice of streets over the units, those in some columns, as an extract that leaves ways whole."""
    nodes = {
        1 + i + SIDE * j: (round(WEST + i * STEP, 7), round(SOUTH + north + j * STEP, 7))
        for j in range(SIDE)
        for i in range(SIDE)
    }
    rows = {1 + k: tuple(1 + i + SIDE * k for i in range(SIDE)) for k in range(SIDE)}
    lines = {1 + SIDE + k: tuple(1 + k + SIDE * j for j in range(SIDE)) for k in range(SIDE)}
    inside = {node for node in nodes if (node - 1) % SIDE in columns}
    ways = {
        n: (refs, {"highway": highway, "maxspeed": "60"})
        for n, refs in (rows | lines).items()
        if inside & set(refs)
    }
    used = {node for refs, _ in ways.values() for node in refs}
    return write(path, {node: nodes[node] for node in used}, ways, {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("roads")
    units().drop(columns=["i", "k", "people"]).to_file(found / "units.gpkg")
    # the first knows what lies west of the border and the ways across it, the second what lies east
    streets(found / "west.osm.pbf", range(SIDE // 2))
    streets(found / "east.osm.pbf", range(SIDE // 2 - 1, SIDE))
    streets(found / "whole.osm.pbf", range(SIDE))
    streets(found / "paths.osm.pbf", range(SIDE), highway="footway")
    streets(found / "far.osm.pbf", range(SIDE), north=5.0)
    return found


@pytest.fixture
def folder(made, tmp_path, monkeypatch):
    monkeypatch.setattr("borderreach.geo.downloads.user_cache", lambda part: tmp_path / "cache" / part)
    for file in made.iterdir():
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / "mine.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path


def assert_equal(one, other):
    for name in TABLES:
        a, b = getattr(one, name), getattr(other, name)
        if isinstance(a, gpd.GeoDataFrame):
            assert a.geometry.to_wkb().tolist() == b.geometry.to_wkb().tolist(), name
        pd.testing.assert_frame_equal(
            pd.DataFrame(a).drop(columns="geometry", errors="ignore"),
            pd.DataFrame(b).drop(columns="geometry", errors="ignore"),
        )


def test_a_study_names_its_roads_and_two_halves_are_the_whole(folder):
    named = run_study(folder / "mine.toml")
    given = run_study(folder / "mine.toml", network=pbf_network(folder / "whole.osm.pbf", max_access_km=5))
    optional = run_study(
        folder / "mine.toml", network=[str(folder / "east.osm.pbf"), folder / "west.osm.pbf"]
    )
    assert_equal(named, given)
    assert_equal(named, optional)
    assert len(named.circles) == 2
    assert len(named.crossings) > 4
    assert any("west.osm.pbf" in line or "OpenStreetMap" in line for line in named.attribution)
    assert named.parameters["network"]["file"] == "west.osm.pbf + east.osm.pbf"
    assert len(list((folder / "cache" / "networks").glob("*.network"))) == 2


def test_the_command_line_takes_roads_as_well(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    text = STUDY[: STUDY.index("[network]")] + "[network]\nmax_access_km = 5\n"
    (folder / "bare.toml").write_text(text.replace('"mine"', '"bare"'), encoding="utf-8")
    both = ["--network", "west.osm.pbf", "--network", "east.osm.pbf"]
    assert main(["run", "bare.toml", "--out", "out", *both, "--only", "tables"]) == 0
    manifest = json.loads((folder / "out" / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["network"]["file"] == "west.osm.pbf + east.osm.pbf"
    assert main(["isochrones", f"{WEST + 0.1},{SOUTH + 0.1}", "--cutoffs", "20", *both]) == 0
    assert main(["audit", "bare.toml", "--samples", "20", *both]) == 0
    assert (
        main(["run", "bare.toml", "--out", "out2", "--network", "west.osm.pbf", "--network", "gone.osm.pbf"])
        == 2
    )
    assert "gone.osm.pbf" in capsys.readouterr().err
    assert not (folder / "out2").exists()


def test_a_network_is_built_described_and_used(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    build = [
        "network",
        "build",
        "west.osm.pbf",
        "east.osm.pbf",
        "--out",
        "mine.network",
        "--max-access-km",
        "5",
    ]
    assert main(build) == 0
    out = capsys.readouterr().out
    for words in (
        "west.osm.pbf + east.osm.pbf",
        "primary",
        "1 strongly connected",
        "mine.network",
        "nothing unusual",
    ):
        assert words in out, out
    assert main(["network", "info", "mine.network"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == out.splitlines()[0]
    text = STUDY.replace(
        'roads = ["west.osm.pbf", "east.osm.pbf"]\nmax_access_km = 5\n', 'roads = "mine.network"\n'
    )
    (folder / "saved.toml").write_text(text.replace('name = "mine"', 'name = "saved"'), encoding="utf-8")
    assert check_file(folder / "saved.toml") == ("study", [])
    assert_equal(run_study(folder / "saved.toml"), run_study(folder / "mine.toml"))
    assert main([*build, "--area", "106.2,28.9,106.5,29.3", "--margin-km", "1", "--main-roads"]) == 0
    assert open_network("mine.network").node_lon.max() == pytest.approx(106.5 + 1 / 97.4, abs=0.001)
    assert main([*build, "--area", "1,2,1,4"]) == 2
    assert "--area" in capsys.readouterr().err
    assert main(["network", "info", "paths.osm.pbf"]) == 2
    assert "no roads for cars" in capsys.readouterr().err


#: What the [network] says, and what is told of it.
WRONG = {
    'roads = "west.osm.pbf"\nmax_access_km = 1': [
        "network.roads",
        "within 1 km of any border county of 乙省",
    ],
    'roads = "east.osm.pbf"\narea = [106.5, 29, 107, 30]': [
        "network.roads",
        "within 2 km of 甲一县",
        "'centres'",
    ],
    'roads = "far.osm.pbf"': ["different places", "boundary_crs"],
    'roads = "paths.osm.pbf"': ["paths.osm.pbf holds no roads for cars"],
    'roads = "gone.osm.pbf"': ["there is no file", "gone.osm.pbf"],
    'roads = "gizhou"': ["neither 'trunk'", "guizhou"],
    'roads = ["trunk", "west.osm.pbf"]': ["can't be joined"],
    'roads = "west.osm.pbf"\nmargin_km = 5': ["margin_km", "area"],
    'roads = "west.osm.pbf"\narea = [107, 29, 106, 30]': ["west, south, east, north"],
    'roads = "west.osm.pbf"\narea = "none.gpkg"': ["none.gpkg"],
    'roads = "west.osm.pbf"\narea = [10.0, 29, 11, 30]': ["no road for cars"],
    'roads = "units.gpkg"\nspeed_kph = 50': ["Polygon"],
    "access_speed_kph = 5\nmain_roads = true": ["main_roads", "embedded"],
    'rail = "none"\nroad = "trunk"': ["unknown key 'road'", "roads"],
}


@pytest.mark.parametrize("network", WRONG)
def test_roads_that_cannot_be_used_are_told_before_anything_is_computed(folder, monkeypatch, network):
    text = STUDY[: STUDY.index("roads = ")] + network + "\n"
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    _, faults = check_file(folder / "mine.toml")
    told = "\n".join(faults)
    assert f"{folder / 'mine.toml'}:" in told
    for words in WRONG[network]:
        assert words in told, told
    monkeypatch.setattr("borderreach.stages._circles", lambda _: pytest.fail("it was computed"))
    with pytest.raises(ConfigError) as caught:
        run_study(folder / "mine.toml", out=folder / "out")
    assert str(caught.value) in told
    assert not (folder / "out").exists()


def test_a_province_without_roads_is_named(folder):
    """The extract of one province alone, cut at its border."""
    cut = STUDY.replace(
        "max_access_km = 5\n", f"max_access_km = 5\narea = [{WEST - 1}, 28, {WEST + 4.5 * STEP}, 31]\n"
    )
    (folder / "mine.toml").write_text(cut, encoding="utf-8")
    _, faults = check_file(folder / "mine.toml")
    (told,) = faults
    assert "within 5 km of any border county of 乙省" in told
    assert "add the extract" in told


def test_places_of_the_text_beyond_the_roads_are_left_out_and_named(folder, monkeypatch):
    """Of a group with a single member left nothing is told; what a text says of places elsewhere stops no study."""
    lon = [WEST, WEST + STEP, WEST + 2 * STEP, WEST + 9.0]
    table = {
        "group_id": ["near", "near", "split", "split"],
        "group_name": ["近组", "近组", "远近", "远近"],
        "kind": "cluster",
        "limit_min": 60.0,
        "member_id": ["a", "b", "c", "d"],
        "member_name": ["甲", "乙", "丙", "远方"],
        "lon": lon,
        "lat": SOUTH,
    }
    members = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lon, [SOUTH] * 4), crs=4326)
    monkeypatch.setattr("borderreach.stage_inputs.groups", lambda _: members)
    results = run_study(folder / "mine.toml")
    assert results.group_cohesion["group_id"].tolist() == ["near"]
    assert results.group_cohesion["n_members"].tolist() == [2]
    assert set(results.nearest_groups["member_id"]) <= {"a", "b"}
    assert any("远方不在路网可及之处" in note for note in results.notes)
    assert "nan" not in report(results)


def test_trains_elsewhere_are_told(folder):
    (folder / "stations.csv").write_text(STATIONS.replace("106.", "76."), encoding="utf-8")
    (folder / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    text = STUDY.replace(
        "railways = false\n", 'rail_stations = "stations.csv"\nrail_sections = "sections.csv"\n'
    )
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    _, (told,) = check_file(folder / "mine.toml")
    for words in ("'rail_sections'", "2 stations of sections.csv", "76.", "106."):
        assert words in told
    with pytest.raises(ConfigError, match="rail_sections"):
        run_study(folder / "mine.toml")


def test_a_feed_elsewhere_is_told_before_anything_is_computed(folder):
    """A whole feed in small, of stations far from the study's counties, outside and inside of [network]."""
    stops = FEED["stops.txt"].replace("106.", "76.").replace("107.", "77.")
    feed(folder / "feed.zip", **{"stops.txt": stops})
    keys = ("railways = false\n", 'gtfs = "feed.zip"\n'), ("railways = false\n", "")
    inside = ("max_access_km = 5\n", 'max_access_km = 5\nrail = "feed.zip"\n')
    for text in (STUDY.replace(*keys[0]), STUDY.replace(*keys[1]).replace(*inside)):
        (folder / "mine.toml").write_text(text, encoding="utf-8")
        _, (told,) = check_file(folder / "mine.toml")
        for words in ("'gtfs'", "stations of feed.zip lie at", "the study's counties at"):
            assert words in told
        with pytest.raises(ConfigError, match="'gtfs'"):
            run_study(folder / "mine.toml", out=folder / "out")
        assert not (folder / "out").exists()


def test_roads_that_have_trains_already_are_told(folder):
    """A network saved with a timetable is for batches; a study joins trains to roads of several years."""
    stops = FEED["stops.txt"].replace("29.0", f"{SOUTH + STEP}").replace("107.0", "106.4")
    trains = br.timetable(feed(folder / "feed.zip", **{"stops.txt": stops}), date="2026-05-12")
    roads = br.read_network("whole.osm.pbf", folder=folder)
    both = br.timetable_network(roads, trains)
    br.save_network(both, folder / "both.network")
    text = STUDY.replace('["west.osm.pbf", "east.osm.pbf"]', '"both.network"')
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    _, (told,) = check_file(folder / "mine.toml")
    assert "the trains of a timetable already" in told
    for call in (
        lambda: run_study(folder / "mine.toml", out=folder / "out"),
        lambda: run_study(folder / "mine.toml", network=both, out=folder / "out"),
    ):
        with pytest.raises(ConfigError, match="the timetable as 'gtfs'"):
            call()
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("rail", "outside", "means"),
    [
        ("none", "", {"railways": False}),
        ("embedded", "", {"railways": True}),
        ("feed.zip", "", {"gtfs": "feed.zip", "railways": None}),
        ("sections.csv", 'rail_stations = "stations.csv"\n', {"rail_sections": "sections.csv"}),
        ("feed.zip", "railways = true\n", {"gtfs": "feed.zip", "railways": True}),
        ("none", "railways = true\n", "'network.rail' is 'none' and 'railways' is True"),
        ("feed.zip", "railways = false\n", "'railways' is False"),
        ("embedded", 'gtfs = "feed.zip"\n', "'gtfs' is 'feed.zip'"),
        ("feed.zip", 'gtfs = "other.zip"\n', "'gtfs' is 'other.zip'"),
    ],
)
def test_trains_are_said_in_one_place(tmp_path, rail, outside, means):
    text = STUDY.replace("railways = false\n", outside).replace("max_access_km = 5", f'rail = "{rail}"')
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    if isinstance(means, str):
        with pytest.raises(ConfigError, match=means):
            read_toml(file, Study)
        return
    found = read_toml(file, Study)
    assert {name: getattr(found, name) for name in means} == means
    assert Study.model_validate(found.model_dump()).model_dump() == found.model_dump()


def test_past_years_and_other_roads_do_not_go_together(folder):
    text = STUDY.replace("zone_min = 30\n", "zone_min = 30\nyears = [2010]\n")
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="2010"):
        study_run(folder / "mine.toml")


def test_what_a_run_cannot_take_for_roads():
    some: list[Any] = [5, [], [None], {"a": 1}]
    for wrong in some:
        with pytest.raises(InputTypeError, match="'network'"):
            study_run("yuqian", network=wrong)


def test_embedded_studies_are_on_embedded_roads():
    assert study("yuqian").network.model_dump() == NetworkKeys().model_dump()
    assert study("yuqian").network.is_embedded
    assert study_run("yuqian").base.n_nodes == study_run("yuqian", network="trunk").base.n_nodes
