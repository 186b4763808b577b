"""The example scripts run as they stand."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyproj
import pytest
import shapely
from PIL import Image

from borderreach.geo.errors import OutputsFailedError
from borderreach.maps.page._offline import external_references

from ..geo.osm.osm_files import reference_file


@pytest.fixture
def gallery(checkout, monkeypatch):
    spec = importlib.util.spec_from_file_location("gallery", checkout / "examples" / "gallery.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "gallery", module)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_batch_over_border_counties_goes_on_past_a_bad_origin(checkout, tmp_path):
    script = checkout / "examples" / "guizhou_border_counties.py"
    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, check=False, cwd=checkout, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    failures = pd.read_csv(tmp_path / "failures.csv")
    assert len(failures) == 1
    assert "farther from the network" in failures["reason"].item()
    areas = gpd.read_file(tmp_path / "isochrones.gpkg")
    n = areas["origin_id"].nunique()
    assert n == 32  # border counties of Guizhou
    assert len(areas) == 3 * n
    times = pd.read_csv(tmp_path / "travel_times.csv")
    assert len(times) == n * n
    assert times["travel_time_min"].notna().all()


def test_a_card_of_the_gallery_takes_names_as_text(gallery):
    evil = "<img src=x onerror=alert(1)>"
    cards = [
        gallery.Card("x", evil, evil, evil, figures=((evil, evil),)),
        gallery.Card("y", "y", "y", "", fault=evil),
    ]
    page = gallery.page_html(cards)
    assert "<img src=x " not in page
    assert page.count("&lt;img src=x onerror=alert(1)&gt;") == 6
    assert external_references(page) == ["x/picture.png"]


@pytest.mark.parametrize("missing", ["figure.png", "map.html", "report.html"])
def test_an_output_that_failed_is_named_on_its_card(gallery, yuqian, tmp_path, monkeypatch, capsys, missing):
    def run(_, *, out, overwrite):
        assert not overwrite
        out.mkdir()
        Image.new("RGB", (800, 900)).save(out / "figure.png")
        raise OutputsFailedError(out, {missing: "no <b>room</b>"}, results=yuqian)

    monkeypatch.setattr(gallery.br, "run_study", run)
    monkeypatch.setattr(sys, "argv", ["gallery.py", str(tmp_path), "yuqian"])
    assert gallery.main() == 1
    assert f"not written: {tmp_path / 'yuqian' / missing}: no <b>room</b>" in capsys.readouterr().err
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert f"Not written: {missing}" in page
    assert f"yuqian/{missing}" not in page
    assert ("picture.png" in page) == (missing != "figure.png")
    assert not (tmp_path / "yuqian" / "card.json").exists()  # with --reuse it's run again


def test_a_study_of_any_fault_is_named_on_its_card(gallery, tmp_path, monkeypatch):
    def run(*_, **__):
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr(gallery.br, "run_study", run)
    monkeypatch.setattr(sys, "argv", ["gallery.py", str(tmp_path), "yuqian", "guizhou"])
    assert gallery.main() == 1
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("ZeroDivisionError: by chance") == 2


def test_a_card_has_people_and_claims(gallery, yuqian):
    figures = dict(gallery.key_figures(yuqian))
    people = yuqian.circle_people.query("cutoff_min == 120").set_index("scenario")["people"] / 1e6
    first, last = f"{people['base']:.1f}", f"{people['all']:.1f}"
    assert figures["people in it"] == (f"{first} → {last} million" if first != last else f"{first} million")
    more = yuqian.circle_people.copy()
    more.loc[more["scenario"] == "all", "people"] += 1e7
    figures = dict(gallery.key_figures(replace(yuqian, circle_people=more)))
    assert figures["people in it"] == f"{people['base']:.1f} → {people['all'] + 10:.1f} million"
    checked = yuqian.claims[yuqian.claims["verdict"] != "not_checkable"]
    assert figures["claims that hold, of those checked"].endswith(f" of {len(checked)}")


@pytest.mark.slow
def test_a_region_of_ones_own_runs_from_one_extract(checkout, tmp_path):
    """The border of two regions of Iceland, as docs/own-region.md tells it."""
    extract = reference_file("iceland-2019-05-09.osm.pbf")
    done = subprocess.run(
        [sys.executable, checkout / "examples" / "own_region.py", extract, tmp_path],
        capture_output=True, check=False, cwd=checkout, encoding="utf-8",
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    units = gpd.read_file(tmp_path / "units.gpkg")
    assert units["region"].nunique() == 8
    manifest = json.loads((tmp_path / "results" / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["network"]["file"] == extract.name
    borders = pd.read_csv(tmp_path / "results" / "borders.csv")
    assert len(borders) == 1
    west, capital = (
        units[units["region"] == name].union_all() for name in ("Vesturland", "Höfuðborgarsvæðið")
    )
    land = west.boundary.intersection(capital.boundary)  # most of what parts them is the water of Hvalfjörður
    km = pyproj.Geod(ellps="WGS84").geometry_length(shapely.line_merge(land)) / 1000
    assert borders["length_km"].item() == pytest.approx(km, rel=0.01)
    assert 10 < km < 15
    circles = pd.read_csv(tmp_path / "results" / "circles.csv").set_index("cutoff_min")["area_km2"]
    assert 200 < circles[30.0] < circles[60.0] < 6000
