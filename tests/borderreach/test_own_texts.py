"""Text stays text in what a user's own boundaries, tables and feeds bring with them, in a study and in a batch."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
from markdown_it import MarkdownIt

from borderreach.analysis.batches import read_batch, run_batch
from borderreach.analysis.studies import StudyResults
from borderreach.geo.text import spreadsheet_text
from borderreach.geo.timetables import save_network
from borderreach.maps.folders import ResultsFolder
from borderreach.output import output_names, write_results
from borderreach.studies import run_study

from ..analysis.batches.batch_material import grid
from ..analysis.batches.test_own_files import SECTIONS, STATIONS, units
from ..hostile import HOSTILE, MARK
from .test_own_files import FEED
from .test_texts import FORMULA, HARMLESS, page_and_data

#: Of each unit, province, stop, station and line one. Slashes part a place from what it belongs to, so a centre has none.
UNITS = ["formula", "jinja", "bar", "list"]
PROVINCES = {"甲省": "script", "乙省": "minus"}


def named(key: str) -> str:
    return f"{HOSTILE[key].strip()}{MARK}{key}"


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def ground() -> gpd.GeoDataFrame:
    frame = units()
    frame["LAND"] = frame["LAND"].map(lambda name: named(PROVINCES[name]))
    frame["名称"] = [named(key) for key in UNITS]
    return frame


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("texts")
    ground().drop(columns=["i", "k", "people"]).to_file(found / "units.gpkg")
    table = ground()[["代码", "名称", "people"]].assign(备注=list(HOSTILE.values())[:4])
    table.rename(columns={"people": "人口（万人）"}).to_csv(found / "people.csv", index=False)
    feed = {
        **FEED,
        "stops.txt": FEED["stops.txt"]
        .replace("甲站", '"</script>' + MARK + '"')
        .replace("乙站", '"=1+1\n' + MARK + '"'),
        "routes.txt": FEED["routes.txt"].replace(",R,", ',"=1+1|<img src=x onerror=1>",'),
    }
    with zipfile.ZipFile(found / "feed.zip", "w") as file:
        for name, text in feed.items():
            file.writestr(name, text)
    (found / "stations.csv").write_text(
        STATIONS.replace("\na,", "\n=1+1,").replace("\nb,", "\n</script>,"), "utf-8"
    )
    (found / "sections.csv").write_text(SECTIONS.replace("x,a,b,", "@SUM(1),=1+1,</script>,"), "utf-8")
    save_network(grid(), found / "grid.network")
    return found


@pytest.fixture(scope="module")
def written(folder: Path) -> tuple[StudyResults, Path]:
    """A study whose places, trains and people have hostile names, with all its outputs."""
    provinces = ", ".join(quoted(named(key)) for key in PROVINCES.values())
    (folder / "mine.toml").write_text(
        f'name = "mine"\ntitle = "t"\ntitle_en = "t"\nprovinces = [{provinces}]\nbetween = [{provinces}]\n'
        'boundary_source = "units.gpkg"\nboundary_columns = { province = "LAND" }\n'
        f'centres = ["1", {quoted(named("list"))}]\ncircle_cutoffs_min = [40]\nzone_min = 30\n'
        'people_file = "people.csv"\ngtfs = "feed.zip"\n'.replace('"1"', quoted(named("jinja"))),
        encoding="utf-8",
    )
    results = run_study(folder / "mine.toml", network=grid())
    with ResultsFolder(folder / "out", holds="study mine", names=output_names()) as out:
        write_results(results, out, started=0.0)
    assert out.failed == {}
    return results, folder / "out"


def test_the_names_are_there_as_they_are(written):
    results, out = written
    frame = ground()
    assert set(results.border_counties["name"]) <= set(frame["名称"])
    assert set(results.provinces["name"]) == set(frame["LAND"])
    assert len(results.border_counties) == 4
    layer = pyogrio.read_dataframe(out / "results.gpkg", layer="border_counties", read_geometry=False)
    assert layer["name"].to_list() == results.border_counties["name"].to_list()


def test_no_table_has_a_formula(written):
    results, out = written
    for name, table in results.tables():
        with (out / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == len(table) + 1
        assert not [c for row in rows for c in row if FORMULA.match(c) and not HARMLESS.fullmatch(c)], name


def test_the_report_has_no_markup_of_theirs(written):
    _, out = written
    text = (out / "report.md").read_text(encoding="utf-8")
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    inner = [child for token in tokens for child in token.children or ()]
    assert not {"html_block", "code_block", "fence", "blockquote_open"} & {token.type for token in tokens}
    assert not {"html_inline", "link_open", "code_inline", "s_open"} & {child.type for child in inner}
    images = [
        child for child in inner if child.type == "image"
    ]  # the report's own figures, in order, and no other
    assert [image.content for image in images] == [f"图 {n}" for n in range(1, len(images) + 1)]
    assert {image.attrGet("src") for image in images} <= {path.name for path in out.glob("*.png")}
    shown = "".join(child.content for child in inner)
    for key in UNITS:
        assert f"{MARK}{key}" in shown
    headings = [tokens[k + 1].content for k, token in enumerate(tokens) if token.type == "heading_open"]
    assert all("section" not in heading for heading in headings)


def test_the_map_has_them_as_data_alone(written):
    _, out = written
    page, _ = page_and_data(out / "map.html")
    assert MARK not in page
    assert page.count("<script") == page.count("</script>")


def test_a_batch_has_them_as_they_are(folder):
    (folder / "job.toml").write_text(
        'name = "job"\n[network]\nsource = "grid.network"\nrail_stations = "stations.csv"\n'
        'rail_sections = "sections.csv"\n[origins]\nborder_counties = "all"\nplaces = ["=nowhere+1"]\n'
        'boundaries = "units.gpkg"\nboundary_columns = { province = "LAND" }\n'
        '[outputs]\nisochrones_min = [20]\nzones_min = 30\npeople = true\npeople_file = "people.csv"\n'
        f'travel_times_to = [{quoted(named("list"))}]\n[run]\nexecutor = "here"\n',
        encoding="utf-8",
    )
    summary = run_batch(folder / "job.toml", out=folder / "batch")
    assert summary.n_failed == 1
    names = set(ground()["名称"])
    for table, column in (("isochrones", "origin_name"), ("zones", "centre_name"), ("people", "origin_name"),
                          ("zone_counties", "name")):  # fmt: skip
        assert set(read_batch(folder / "batch", table)[column]) == names
    assert set(read_batch(folder / "batch", "zone_counties")["province"]) == set(ground()["LAND"])
    with (folder / "batch" / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert spreadsheet_text("=nowhere+1") in rows[1]
    assert not [c for row in rows for c in row if FORMULA.match(c) and not HARMLESS.fullmatch(c)]
    assert isinstance(read_batch(folder / "batch", "errors"), pd.DataFrame)
