"""Text stays text: every field that a file can fill, through every output of a study."""

from __future__ import annotations

import ast
import csv
import html
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, fields, replace
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import docx
import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from markdown_it import MarkdownIt
from matplotlib.text import Text
from python_calamine import CalamineWorkbook

from borderreach.analysis.batches import run_batch
from borderreach.analysis.config import Strict
from borderreach.analysis.studies import StudyResults
from borderreach.documents._markdown import plain
from borderreach.geo.text import closed, one_line, spreadsheet_text
from borderreach.geo.timetables import save_network
from borderreach.maps.figures import study_figure
from borderreach.maps.folders import ResultsFolder
from borderreach.maps.page._border_maps import save_border_maps
from borderreach.output import output_names, write_results
from borderreach.reports import report, report_docx, report_html
from borderreach.reports._key_figures import results_corridors
from borderreach.workbook import workbook

from ..analysis.batches.batch_material import SOUTH, WEST, grid
from ..hostile import (
    FIXED_COLUMNS,
    FREE_COLUMNS,
    HOSTILE,
    MARK,
    spoiled,
    spoiled_model,
    text_columns,
    texts_of,
)

FORM = "an identifier, whose form the model prescribes"
KNOWN = "has to name what there is: a place, a corridor, a file, a class"
TABLE = "read into a table of the results, and followed from there"
UNSHOWN = "read and not handed on"
#: Every field of every model that can hold a text, and the outputs that show it, or why it can't be hostile there.
FIELDS: dict[str, str | tuple[str, ...]] = {
    "Study.name": FORM,
    "Study.title": ("manifest", "map", "report", "figure", "index", "terminal"),
    "Study.title_en": ("manifest", "map", "report"),
    "Study.description": ("manifest", "map", "report"),
    "Study.text": ("manifest",),  # the report cites it by its title
    "Study.text_title": ("manifest", "report"),
    "Study.review_number": ("manifest", "map", "report", "figure"),
    "Questions.road_yuan_per_km": KNOWN,
    "Questions.rail_yuan_per_km": KNOWN,
    "Study.provinces": KNOWN,
    "Study.between": KNOWN,
    "Study.centres": KNOWN,
    "Study.corridors": KNOWN,
    "Study.corridor_files": KNOWN,
    "Study.gtfs": KNOWN,
    "Study.statistic": KNOWN,
    "Study.departures": KNOWN,
    "Study.people_file": KNOWN,
    "Study.rail_sections": KNOWN,
    "Study.rail_stations": KNOWN,
    "Study.rail_through": KNOWN,
    "Study.rail_direct": KNOWN,
    "Study.boundary_source": KNOWN,
    "Study.boundary_columns": KNOWN,
    "Study.boundary_crs": KNOWN,
    "Study.boundary_levels": FORM,
    "BoundaryKeys.boundary_columns": KNOWN,
    "BoundaryKeys.boundary_crs": KNOWN,
    **dict.fromkeys(
        (
            f"{model}.{key}"
            for model in ("NetworkKeys", "BatchNetwork")
            for key in ("area", "oneway", "rail", "road_class", "roads", "speed_kph", "speeds")
        ),
        KNOWN,
    ),
    "PeopleKeys.people_file": KNOWN,
    "RailKeys.gtfs": KNOWN,
    "RailKeys.statistic": KNOWN,
    "RailKeys.departures": KNOWN,
    "RailKeys.rail_sections": KNOWN,
    "RailKeys.rail_stations": KNOWN,
    "RailKeys.rail_through": KNOWN,
    "RailKeys.rail_direct": KNOWN,
    "Study.notes": ("manifest",),  # and as part of the results' notes
    "Change.id": FORM,
    "Change.name": ("manifest",),  # and in the table of changes
    "Change.near": KNOWN,
    "Change.file": KNOWN,
    "Change.road_classes": KNOWN,
    "Change.modes": KNOWN,
    "Change.notes": ("manifest",),
    "Corridor.id": FORM,
    "Corridor.name": ("manifest", "report"),
    "Corridor.name_en": ("manifest", "map", "report"),
    "Corridor.road_class": ("manifest",),
    "Corridor.open_between": KNOWN,
    "Corridor.notes": ("manifest",),
    "Stop.name": ("manifest",),  # the report names the first and the last
    "Stop.note": ("manifest",),
    "Service.name": ("manifest",),
    "Service.calls": ("manifest",),
    "Mention.text": ("manifest", "report"),
    "Mention.words": ("manifest", "report"),
    "Source.title": ("manifest", "report"),
    "Source.says": ("manifest",),
    "Claim.id": FORM,
    "Claim.words": TABLE,
    "Claim.reading": TABLE,
    "Claim.places": KNOWN,
    "Claim.centres": KNOWN,
    "Claim.against": KNOWN,
    "Claim.of": KNOWN,
    "Claim.unit": TABLE,
    "Claim.corridors": KNOWN,
    "Claim.assumptions": TABLE,
    "Claim.reason": TABLE,
    "Claim.reported_by": TABLE,
    "Claim.sentence": FORM,
    "Claim.differs": TABLE,
    "Group.id": FORM,
    "Group.name": TABLE,
    "Group.members": KNOWN,
    "Group.words": UNSHOWN,
    "Group.note": UNSHOWN,
    "ClaimsFile.study": KNOWN,
    "ClaimsFile.text": TABLE,
    "ClaimsFile.stations": KNOWN,
    "ClaimsFile.also": KNOWN,
    "BatchNetwork.source": KNOWN,
    "BatchNetwork.corridor_files": KNOWN,
    "BatchNetwork.gtfs": KNOWN,
    "BatchNetwork.statistic": KNOWN,
    "BatchNetwork.departures": KNOWN,
    "BatchNetwork.rail_sections": KNOWN,
    "BatchNetwork.rail_stations": KNOWN,
    "BatchNetwork.rail_through": KNOWN,
    "BatchNetwork.rail_direct": KNOWN,
    "BatchOrigins.border_counties": KNOWN,
    "BatchOrigins.boundaries": KNOWN,
    "BatchOrigins.boundary_columns": KNOWN,
    "BatchOrigins.boundary_crs": KNOWN,
    "BatchOutputs.people_file": KNOWN,
    "BatchOrigins.counties": KNOWN,
    "BatchOrigins.places": ("batch",),
    "BatchOrigins.file": KNOWN,
    "BatchOrigins.columns": KNOWN,
    "BatchOutputs.travel_times_to": KNOWN,
    "BatchRun.scheduler": FORM,
    "BatchJob.name": FORM,
    "BatchJob.title": UNSHOWN,
    "BatchJob.scenarios": ("batch",),
}
#: Columns that the map, the report and the figure show, by table; every column is in the tables that are written.
SHOWN = {
    "map": (
        "provinces.name", "border_counties.name", "border_counties.city", "border_counties.province",
        "border_counties.neighbour_provinces", "borders.province_a", "borders.province_b", "junctions.provinces",
        "centres.origin_name", "corridors.name", "corridors.source", "corridor_stops.stop_name",
        "crossings.road_class", "crossings.county_a", "crossings.county_b", "crossings.province_a",
        "crossings.province_b", "missing_links.from_name", "missing_links.to_name", "gaps.county", "gaps.beyond_county", "changes.name", "claims.words", "claims.reading",
        "claims.verdict_text", "claims.unit", "claims.flip", "claims.method", "county_times.centre_name",
        "zone_counties.name",
    ),
    "report": (
        "border_counties.name", "border_counties.province", "borders.province_a", "borders.province_b",
        "junctions.provinces", "centres.origin_name", "isochrones.origin_name", "zones.centre_name", "audit.origin_name",
        "pair_times.from_name", "pair_times.to_name", "journeys.from_name", "journeys.to_name", "indicators.name",
        "border_crossings.province_a", "border_crossings.province_b", "border_effect.province_a",
        "border_effect.province_b", "changes.name", "claims.words", "claims.reading", "claims.verdict_text",
        "claims.detail", "claims.flip", "claims.other_reading", "claims.method", "claims.data", "claims.assumptions",
        "group_cohesion.group_name", "corridor_segments.service",
        "missing_links.from_name", "missing_links.to_name",
    ),
    "figure": ("centres.origin_name",),
}  # fmt: skip
#: Ends of names of a spreadsheet's formula.
FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
HARMLESS = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?|=+", re.IGNORECASE)


@dataclass
class Run:
    """Results that are hostile all over, the same with plain names, and what was written of them."""

    results: StudyResults
    plain: StudyResults
    out: Path
    borders: Path


@pytest.fixture(scope="module")
def run(yuqian: StudyResults, tmp_path_factory: pytest.TempPathFactory) -> Run:
    gap = {
        "node": 1, "beyond_node": 2, "province": "重庆市", "county": "綦江区", "beyond_province": "贵州省",
        "beyond_county": "桐梓县", "border_distance_km": 1.5, "gap_km": 7.25, "network_km": 93.4,
        "network_min": 63.75, "detour_factor": 12.9, "geometry": shapely.LineString([(106.8, 28.6), (106.9, 28.5)]),
    }  # fmt: skip
    line = {
        "rank": 1, "from_id": "500110", "to_id": "520322", "from_name": "綦江区", "to_name": "桐梓县",
        "from_province": "重庆市", "to_province": "贵州省", "straight_km": 50.0, "road_km": 130.0, "base_min": 90.0,
        "detour_factor": 2.6, "usual_detour": 1.3, "line_km": 65.0, "line_min": 48.75, "saved_min": 41.25,
        "gain_person_min": 5e5, "gain_per_km": 7e3, "geometry": shapely.LineString([(106.8, 28.6), (106.9, 28.5)]),
    }  # fmt: skip
    original = replace(
        yuqian,
        missing_links=gpd.GeoDataFrame([line], crs=4326)[list(yuqian.missing_links.columns)].astype(
            yuqian.missing_links.dtypes
        ),
        gaps=gpd.GeoDataFrame([gap], crs=4326)[list(yuqian.gaps.columns)].astype(yuqian.gaps.dtypes),
        critical_links=yuqian.critical_links.assign(cut_off="綦江区、桐梓县"),
        gains=yuqian.gains.assign(counties_gained="正安县", counties_lost="綦江区、桐梓县"),
        study=yuqian.study.model_copy(
            update={"text": "plan.docx", "text_title": "纲要"}
        ),  # corridors name others
    )
    free = {name for name, outputs in FIELDS.items() if isinstance(outputs, tuple)}
    study = spoiled_model(original.study, free)
    corridors = [spoiled_model(one, free) for one in results_corridors(original)]
    tables = {item.name: spoiled(getattr(original, item.name)) for item in fields(original)}
    tables["parameters"] = {
        **original.parameters,
        "study": study.model_dump(mode="json"),
        "corridors": [one.model_dump(mode="json") for one in corridors],
    }
    results = replace(original, **{**tables, "study": study})
    out = tmp_path_factory.mktemp("hostile") / "out"
    with ResultsFolder(out, holds="study yuqian", names=output_names()) as folder:
        write_results(results, folder, started=0.0)
    assert folder.failed == {}
    save_border_maps(results, out.with_name("borders"))
    return Run(results, original, out, out.with_name("borders"))


def texts_shown(run: Run, output: str) -> list[str]:
    """The hostile texts that an output has to show, those of columns and those of the models' fields."""
    found = []
    for place in SHOWN.get(output, ()):
        table, column = place.split(".")
        rows = getattr(run.results, table)
        rows = rows[rows["belongs"]] if "belongs" in rows else rows
        values = [each for each in rows[column].unique() if isinstance(each, str) and each]
        assert values, f"nothing to be seen in {place}"
        assert all(MARK in value for value in values)
        found += values
    if output == "report":
        found += [one.stops[at].name for one in results_corridors(run.results) for at in (0, -1)]
    models: list[Any] = [run.results.study, *results_corridors(run.results)]
    models += [each for one in models for _, value in one if isinstance(value, tuple) for each in value]
    for model in models:
        if isinstance(model, Strict):
            for name, value in model:
                if output in FIELDS.get(f"{type(model).__name__}.{name}", ()):
                    found += [value] if isinstance(value, str) else list(value)
    return list(filter(None, found))


# Nothing is forgotten ---------------------------------------------------------------------------


def holds_text(annotation: Any) -> bool:
    if annotation is str:
        return True
    return get_origin(annotation) is not Literal and any(map(holds_text, get_args(annotation)))


def models(base: type[Strict] = Strict) -> list[type[Strict]]:
    return [each for one in base.__subclasses__() for each in (one, *models(one))]


def test_every_field_of_every_model_is_followed():
    for name in ("batches._job", "claims._files", "corridors._files", "study_file"):
        import_module(f"borderreach.analysis.{name}")
    found = {
        f"{model.__name__}.{name}"
        for model in models()
        if model.__module__.startswith("borderreach.")
        for name, field in model.model_fields.items()
        if holds_text(field.annotation)
    }
    assert found == set(FIELDS)


def test_a_field_of_a_fixed_form_has_one():
    for model in models():
        for name, field in model.model_fields.items():
            if FIELDS.get(f"{model.__name__}.{name}") == FORM:
                assert "pattern" in repr(field)


def test_every_column_is_followed(yuqian):
    found = {
        column
        for item in fields(yuqian)
        if isinstance(table := getattr(yuqian, item.name), pd.DataFrame)
        for column in text_columns(table)
    }
    assert found == FREE_COLUMNS | FIXED_COLUMNS


def test_every_free_column_is_hostile(run):
    for name, table in run.results.tables():
        for column in set(text_columns(table)) & FREE_COLUMNS:
            values = [value for value in table[column] if isinstance(value, str) and value]
            assert values, f"{name}.{column}"
            assert all(MARK in value for value in values), f"{name}.{column}"


# Each output ------------------------------------------------------------------------------------


def page_and_data(path: Path) -> tuple[str, Any]:
    """A map's page without its data, and the data."""
    page = path.read_text(encoding="utf-8")
    before, data, after = re.split(
        r'(?<=<script type="application/json" id="study-data">)(.*?)(?=</script>)',
        page,
        maxsplit=1,
        flags=re.DOTALL,
    )
    return before + after, json.loads(data)


@pytest.mark.parametrize("which", ["map", "border"])
def test_a_map_has_texts_as_data(run, which):
    path = run.out / "map.html" if which == "map" else next(run.borders.glob("[0-9]*.html"))
    page, data = page_and_data(path)
    # Outside the data they stand in the title alone, escaped.
    title = re.search(r"<title>([^<]*)</title>", page)
    assert title is not None
    assert html.unescape(title[1]) == data["title"]["zh"].replace("\r\n", "\n")
    assert MARK not in page.replace(title[0], "")
    assert str(654 * 321) not in page
    assert len(re.findall(r"<script", page)) == page.count("</script>")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "unsafe-eval" not in policy[1]
    assert re.search(r"script-src ('sha256-[\w+/=]+' ?)+;", policy[1])
    if which == "map":
        known = "\n".join(texts_of(data))
        for text in texts_shown(run, "map"):
            assert text in known


def test_results_are_not_executed(run):
    assert not Path("ran").exists()
    assert not (run.out / "ran").exists()


def test_the_report_is_the_same_markdown_with_other_texts(run):
    text = (run.out / "report.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens, expected = markdown.parse(text), markdown.parse(report(run.plain))
    assert [token.type for token in tokens] == [token.type for token in expected]
    shown = []
    for token, other in zip(tokens, expected, strict=True):
        marks = [
            Counter(child.type for child in each.children or () if not child.type.startswith("text"))
            for each in (token, other)
        ]
        assert marks[0] == marks[1], token.content[:300]
        shown += ["".join(child.content for child in token.children or ())]
    assert not re.search(r"\{[{%#]", text)
    assert not re.search("[\u2028\u2029\x00-\x09\x0b-\x1f]", text)
    known = "\n".join(shown)
    for each in texts_shown(run, "report"):
        for part in each.split("、"):
            assert one_line(part).removesuffix(closed(part)[len(part) :]) in known


def test_the_page_of_the_report_has_texts_as_text(run):
    page = Page((run.out / "report.html").read_text(encoding="utf-8"))
    plain_page = Page(report_html(run.plain, lambda name: b"x" if (run.out / name).is_file() else None))
    assert page.tags == plain_page.tags
    assert "script" not in page.tags
    known = re.sub(r"\s", "", page.text)
    for each in texts_shown(run, "report"):
        for part in each.split("、"):
            assert re.sub(r"\s", "", one_line(part).removesuffix(closed(part)[len(part) :])) in known


def test_the_word_file_of_the_report_has_texts_as_text(run):
    word, other = (
        docx.Document(io.BytesIO(content))
        for content in (
            (run.out / "report.docx").read_bytes(),
            report_docx(run.plain, lambda name: read_if_there(run.out / name)),
        )
    )
    styles = [[one.style and one.style.name for one in each.paragraphs] for each in (word, other)]
    assert styles[0] == styles[1]
    assert [len(one.rows) for one in word.tables] == [len(one.rows) for one in other.tables]
    assert len(word.inline_shapes) == len(other.inline_shapes) > 3
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    known = re.sub(r"\s", "", "".join([*(one.text for one in word.paragraphs), *cells]))
    for each in texts_shown(run, "report"):
        for part in each.split("、"):
            assert re.sub(r"\s", "", one_line(part).removesuffix(closed(part)[len(part) :])) in known
    # nothing in the package points outside, whatever texts say
    package = zipfile.ZipFile(run.out / "report.docx")
    for name in package.namelist():
        if name.endswith(".rels"):
            assert b'TargetMode="External"' not in package.read(name)


def test_the_workbook_has_texts_and_no_formulas(run):
    book = CalamineWorkbook.from_path(run.out / "tables.xlsx")
    sheets = {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    plain_book = CalamineWorkbook.from_filelike(io.BytesIO(workbook(run.plain)))
    assert list(sheets) == plain_book.sheet_names
    for name, rows in sheets.items():
        assert len(rows) == len(plain_book.get_sheet_by_name(name).to_python())
    package = zipfile.ZipFile(run.out / "tables.xlsx")
    for name in [name for name in package.namelist() if name.startswith("xl/worksheets/sheet")]:
        assert b"<f>" not in package.read(name)
    assert not [name for name in package.namelist() if "sheet" in name and name.endswith(".rels")]
    known = {cell for rows in sheets.values() for row in rows for cell in row if isinstance(cell, str)}
    for place in ("border_counties.name", "borders.province_a", "claims.words", "group_cohesion.group_name"):
        table, column = place.split(".")
        for text in getattr(run.results, table)[column]:
            assert one_line(text)[:32_000] in {cell[:32_000] for cell in known}


def read_if_there(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def test_a_figure_has_texts_in_one_line_and_no_formulas(run):
    figure = study_figure(run.results, colour_by="base")
    texts = [each for each in figure.findobj(Text) if each.get_text()]
    assert not any(each.get_parse_math() or each.get_usetex() for each in texts)
    written = [each.get_text() for each in texts]
    for line in (line for text in written for line in text.split("\n")):
        assert line.isprintable()
        assert len(line) <= 200
    known = "\n".join(written)
    for text in texts_shown(run, "figure"):
        start = "".join(letter for letter in one_line(text) if letter.isprintable())[:30]
        assert start in known
    assert (run.out / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_tables_for_spreadsheets_have_no_formula(run):
    for name, table in run.results.tables():
        with (run.out / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) == len(table) + 1
        for cell in (cell for row in rows for cell in row):
            assert not FORMULA.match(cell) or HARMLESS.fullmatch(cell), f"{name}: {cell[:80]!r}"
        for column in set(text_columns(table)) & FREE_COLUMNS:
            place = rows[0].index(column)
            expected = ["" if pd.isna(value) else spreadsheet_text(value) for value in table[column]]
            assert [row[place] for row in rows[1:]] == expected


def test_no_figure_of_a_real_study_is_taken_for_a_formula(yuqian, yuqian_out):
    for name, _ in yuqian.tables():
        assert "'" not in (yuqian_out / f"{name}.csv").read_text(encoding="utf-8-sig")


def test_the_geopackage_has_texts_as_they_are(run):
    for name, table in run.results.tables():
        columns = [column for column in text_columns(table) if column in FREE_COLUMNS]
        if columns and len(table):
            layer = pyogrio.read_dataframe(
                run.out / "results.gpkg", layer=name, columns=columns, read_geometry=False
            )
            for column in columns:
                assert layer[column].fillna("").to_list() == table[column].fillna("").to_list()


def test_the_manifest_has_texts_as_they_are(run):
    manifest = json.loads((run.out / "manifest.json").read_text(encoding="utf-8"))
    known = set(texts_of(manifest["parameters"]))
    for text in texts_shown(run, "manifest"):
        assert text in known


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_index_of_border_maps_has_no_other_tags(run):
    page = Page((run.borders / "index.html").read_text(encoding="utf-8"))
    assert set(page.tags) == {"html", "meta", "title", "style", "h1", "table", "tr", "th", "td", "a"}
    row = run.results.borders.iloc[0]
    for text in (run.results.study.title, row["province_a"], row["province_b"]):
        assert text.replace("\r\n", "\n") in page.text.replace("\r\n", "\n")


def test_files_are_named_by_the_package(run):
    written = [path.name for folder in (run.out, run.borders) for path in folder.iterdir()]
    assert [name for name in written if not re.fullmatch(r"[a-z0-9_-]{1,40}\.[a-z]{2,4}", name)] == []


def test_a_terminal_gets_lines(run, monkeypatch, capsys, tmp_path):
    from borderreach import cli, terminal

    monkeypatch.setattr("borderreach.studies.run_study", lambda *_, **__: run.results)
    assert cli.main(["run", "yuqian", "--out", str(tmp_path)]) == 0
    terminal.print_table(("a", "b"), [(text, "1") for text in HOSTILE.values()])
    said = capsys.readouterr().out
    assert said.count("\n") == 4 + 1 + len(HOSTILE)
    assert not re.search("[\x00-\x09\x0b-\x1f]", said)
    assert one_line(run.results.study.title) in said
    assert MARK in said


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "template", ["{}", "# {}", "- {}", "**{}**：", "| {} |\n| --- |\n| {} |", "《{}》（{}）"]
)
def test_markdown_shows_any_text_as_it_stands(name, template):
    """Each hostile text first in its place, which the study's single fields can't have all of."""
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    text = HOSTILE[name]
    made = template.replace("{}", plain(text).replace("|", "\\|") if "---" in template else plain(text))
    tokens, expected = markdown.parse(made), markdown.parse(template.replace("{}", "x"))
    assert [token.type for token in tokens] == [token.type for token in expected]
    inline = ["".join(child.content for child in token.children or ()) for token in tokens if token.children]
    assert inline == [
        "".join(child.content for child in token.children or ()).replace("x", one_line(text))
        for token in expected
        if token.children
    ]


# Elsewhere --------------------------------------------------------------------------------------


def test_a_batch_takes_hostile_names_of_scenarios_and_places(tmp_path):
    names = [text for text in HOSTILE.values() if text == text.strip()]
    save_network(grid(), tmp_path / "grid.network")
    points = pd.DataFrame({"origin_id": names, "origin_name": names, "lon": WEST, "lat": SOUTH})
    points.loc[::2, "lon"] = 124.0  # at sea
    points.to_csv(tmp_path / "points.csv", index=False)
    (tmp_path / "job.toml").write_text(
        f"name = 'job'\ntitle = {json.dumps(names[0])}\n"
        "[network]\nsource = 'grid.network'\n[origins]\nfile = 'points.csv'\n"
        f"[scenarios]\n{json.dumps(HOSTILE['formula'])} = []\n"
        "[outputs]\nisochrones_min = [20]\n[run]\nexecutor = 'here'\nworkers = 1\n",
        encoding="utf-8",
    )
    done = run_batch(tmp_path / "job.toml", out=tmp_path / "out")
    with (tmp_path / "out" / "errors.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert done.n_failed == len(rows) - 1 == len(names[::2])
    assert [row[rows[0].index("origin_name")] for row in rows[1:]] == list(map(spreadsheet_text, names[::2]))
    assert not any(FORMULA.match(cell) and not HARMLESS.fullmatch(cell) for row in rows for cell in row)
    areas = pd.read_parquet(tmp_path / "out" / "isochrones")
    assert areas["origin_name"].to_list() == names[1::2]
    assert set(areas["scenario"]) == {HOSTILE["formula"]}


def test_tables_are_written_for_spreadsheets_in_one_place(checkout):
    """Whoever writes CSV goes through `geo.text.csv_text`, scripts to copy from included."""
    folders = ("geo", "analysis", "maps", "borderreach", "examples")
    found = [
        f"{path.relative_to(checkout)}:{node.lineno}"
        for folder in folders
        for path in (checkout / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"to_csv", "writer", "DictWriter", "to_excel"}
    ]
    assert [place.split(":")[0] for place in found] == ["geo/text.py"]


def test_nothing_compiles_or_inserts_markup(checkout):
    """No output evaluates: no `eval`, no HTML made of texts in the page's scripts, no template of data."""
    for path in (checkout / "maps").glob("**/*.js"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        )
    for folder in ("geo", "analysis", "maps", "borderreach"):
        for path in (checkout / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Name)
                    and node.func.id in {"eval", "exec"}
                ):
                    pytest.fail(f"{path}:{node.lineno} evaluates")
