"""What a run writes: whole or not at all, and the same on every run."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from importlib.metadata import version
from xml.etree import ElementTree as ET

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from borderreach import data
from borderreach.geo.errors import InputError, OutputError
from borderreach.maps.folders import OutputFolder
from borderreach.output import write_csv, write_geopackage, write_table
from borderreach.studies import run_study
from borderreach.workbook._qgis import LAYERS


def points():
    return gpd.GeoDataFrame(
        {"name": ["重庆", "贵阳"], "lon": [106.55, 106.63], "area_km2": [1.23456, 2.0], "n": [1, 2]},
        geometry=gpd.points_from_xy([106.55, 106.63], [29.56, 26.65]),
        crs=4326,
    )


def test_a_run_writes_every_file(yuqian, yuqian_out):
    names = {file.name for file in yuqian_out.iterdir()}
    assert {"map.html", "figure.png", "results.gpkg", "report.md", "manifest.json"} <= names
    assert {f"{name}.csv" for name, _ in yuqian.tables()} <= names
    assert not [name for name in names if name.startswith(".")]


@pytest.mark.slow
def test_a_second_run_gives_the_same_bytes(yuqian_out, tmp_path):
    run_study("yuqian", out=tmp_path)
    for file in sorted(tmp_path.iterdir()):
        if file.suffix in {".csv", ".md", ".gpkg"}:
            assert file.read_bytes() == (yuqian_out / file.name).read_bytes(), file.name


def test_the_geopackage_holds_every_table_with_rows(yuqian, yuqian_out):
    layers = dict(pyogrio.list_layers(yuqian_out / "results.gpkg"))
    for name, table in yuqian.tables():
        if len(table) == 0:
            assert name not in layers
            continue
        assert (layers[name] is not None) == isinstance(table, gpd.GeoDataFrame), name
        info = pyogrio.read_info(yuqian_out / "results.gpkg", layer=name)
        assert info["features"] == len(table)
    read = gpd.read_file(yuqian_out / "results.gpkg", layer="circles")
    assert read["area_km2"].to_numpy() == pytest.approx(yuqian.circles["area_km2"].to_numpy())
    assert read.crs == "EPSG:4326"


def test_qgis_opens_the_geopackage_with_styles_and_names_of_columns(yuqian, yuqian_out):
    tables = dict(yuqian.tables())
    with contextlib.closing(sqlite3.connect(yuqian_out / "results.gpkg")) as file:
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        styles = list(
            file.execute("SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles")
        )
        assert {name for name, *_ in styles} == {name for name in LAYERS if len(tables[name])}
        for name, geometry, text, default in styles:
            root = ET.fromstring(text.split("\n", 1)[1])  # noqa: S314 - our own
            assert (geometry, default) == ("geom", 1)
            symbols = {each.get("name") for each in root.iterfind(".//symbols/symbol")}
            rules = list(root.iterfind(".//rules/rule"))
            assert {rule.get("symbol") for rule in rules} == symbols
            # Each row has a symbol, and what the rules ask for are columns of the layer.
            conditions = [rule.get("filter") or "1" for rule in rules]
            every = " OR ".join(f"({each})" for each in conditions)
            (without,) = file.execute(f'SELECT count(*) FROM "{name}" WHERE NOT ({every})').fetchone()  # noqa: S608 - our own
            assert without == 0, name
            for label in root.iterfind(".//text-style"):
                assert label.get("fieldName") in tables[name].columns
            for alias in root.iterfind(".//alias"):
                assert alias.get("field") in tables[name].columns
        named = dict(
            file.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'circles'")
        )
        assert named["area_km2"] == "面积"
        told = dict(file.execute("SELECT table_name, description FROM gpkg_contents"))
        assert told["border_counties"] == "毗邻区县"
        first = [name for (name,) in file.execute("SELECT table_name FROM gpkg_contents ORDER BY rowid")]
        assert first[0] == "centres"


def test_csv_opens_in_excel_and_reads_back(yuqian, yuqian_out):
    file = yuqian_out / "county_times.csv"
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(file)
    assert list(read["name"]) == list(yuqian.county_times["name"])
    assert read["base_min"].to_numpy() == pytest.approx(yuqian.county_times["base_min"].to_numpy(), abs=0.006)


def test_no_zero_has_a_sign_in_csv(tmp_path):
    table = pd.DataFrame({
        "delta_min": [-0.001, -0.0, -0.006], "name": ["-0.0 千米", "b", "c"], "n": [0, 1, -2],
        "gap_km": pd.array([-0.0001, None, -7.25], dtype="Float64"),
    })  # fmt: skip
    write_csv(table, tmp_path / "zeros.csv")
    lines = (tmp_path / "zeros.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[1:] == ["0.0,'-0.0 千米,0,0.0", "0.0,b,1,", "-0.01,c,-2,-7.25"]
    write_csv(table[["name", "n"]], tmp_path / "no.csv")


def test_the_manifest_accounts_for_the_run(yuqian, yuqian_out):
    manifest = json.loads((yuqian_out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["package"]["version"] == version("borderreach")
    assert manifest["data"] == json.loads(json.dumps(data.embedded(), default=str))
    assert manifest["parameters"]["network"]["nodes"] > 100_000
    assert manifest["parameters"]["study"]["name"] == "yuqian"
    assert {one["id"] for one in manifest["parameters"]["corridors"]} == set(yuqian.corridors["corridor_id"])
    assert manifest["run_time_s"] > 0
    for name, entry in manifest["files"].items():
        assert hashlib.sha256((yuqian_out / name).read_bytes()).hexdigest() == entry["sha256"]


def test_other_files_are_left_alone_and_known_ones_replaced(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    (tmp_path / "a.csv").write_text("old")
    with OutputFolder(tmp_path) as folder:
        write_csv(points(), folder.staging / "a.csv")
        assert (tmp_path / "a.csv").read_text() == "old"
    assert "重庆" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.csv", "mine.txt"]


def test_a_fault_leaves_no_trace(tmp_path):
    out = tmp_path / "deep" / "out"

    def fail():
        with OutputFolder(out) as folder:
            (folder.staging / "half.csv").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_found_out_before_computing(tmp_path, monkeypatch, place):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("borderreach.running.StudyRun.results", lambda *_: pytest.fail("computed first"))
    with pytest.raises(OutputError, match="file"):
        run_study("yuqian", out=tmp_path / place)
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere, Windows has no modes"
)
def test_a_folder_without_the_right_to_write(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with (
            pytest.raises(OutputError, match="choose one that you may write to"),
            OutputFolder(tmp_path / "x"),
        ):
            pass
    finally:
        tmp_path.chmod(0o700)


def test_geopackages_of_the_same_tables_are_the_same(tmp_path):
    plain = pd.DataFrame({"name": ["重庆"], "n": [1]})
    for name in ("a.gpkg", "b.gpkg"):
        write_geopackage([("points", points()), ("plain", plain)], tmp_path / name)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    assert len(gpd.read_file(tmp_path / "a.gpkg", layer="plain")) == 1


def test_empty_tables_keep_their_columns(tmp_path):
    empty = points().iloc[:0]
    write_geopackage([("points", empty)], tmp_path / "a.gpkg")
    read = gpd.read_file(tmp_path / "a.gpkg")
    assert list(read.columns) == list(empty.columns)
    write_csv(empty, tmp_path / "a.csv")
    assert list(pd.read_csv(tmp_path / "a.csv").columns) == ["name", "lon", "area_km2", "n"]


@pytest.mark.parametrize("suffix", [".csv", ".gpkg", ".geojson"])
def test_one_table_in_any_format(tmp_path, suffix):
    path = tmp_path / "new" / f"t{suffix}"
    write_table(points(), path, layer="points")
    read = pd.read_csv(path) if suffix == ".csv" else gpd.read_file(path)
    assert list(read["name"]) == ["重庆", "贵阳"]
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    if suffix != ".csv":
        assert read.geometry.iloc[0].equals(shapely.Point(106.55, 29.56))


def test_a_format_that_is_not_known(tmp_path):
    with pytest.raises(InputError, match=r"end its name in \.csv, \.gpkg, \.geojson"):
        write_table(points(), tmp_path / "t.xlsx", layer="points")
    assert list(tmp_path.iterdir()) == []
