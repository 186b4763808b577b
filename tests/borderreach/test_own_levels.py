"""A study elsewhere says nowhere that it is one of China's: no output has words for levels that it hasn't."""

from __future__ import annotations

import ast
import html
import re
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import pytest
from matplotlib.text import Text

from borderreach.analysis.levels import Levels, levels_of
from borderreach.geo.errors import ConfigError
from borderreach.maps.charts import charts_of, study_chart
from borderreach.maps.figures import study_figure
from borderreach.maps.folders import ResultsFolder
from borderreach.maps.page import save_border_maps
from borderreach.output import output_names, write_results
from borderreach.studies import run_study, study, study_ground

from ..analysis.batches.batch_material import grid
from ..analysis.batches.test_own_files import units
from .test_texts import page_and_data

#: Words for the levels of China, its census and its maps. What saves time is 省, too, and isn't meant.
WORDS = re.compile(
    "区县|县级|县内|县城|县对|本县|整县|逐县|各县|邻县|省界|省级|省域|省会|省内|省外|跨省|邻省|外省|本省|该省|各省|两省|三省|多省|另一省|某省"
    "|个省|个县|地级|普查|全国|中国|南海|国家统计局"
    r"|\bcensus\b|\bcount(?:y|ies)\b|\bprovinces?\b|\bprovincial\b|\bChin(?:a|ese)\b",
    re.IGNORECASE,
)
STUDY = """\
name = "mine"
title = "两地之间"
title_en = "Between two"
provinces = [{a}, {b}]
between = [{a}, {b}]
boundary_source = "units.gpkg"
boundary_columns = {{ province = "LAND" }}
{levels}
centres = ["{centre}"]
circle_cutoffs_min = [20, 40]
zone_min = 30
railways = false
{people}
"""
#: By country: names of units and of what they belong to, and what these are called.
PLACES = {
    "Germany": (["Ahrweiler", "Altenkirchen", "Euskirchen", "Siegen"], ["Rheinland-Pfalz", "Nordrhein"], ""),
    "United States": (
        ["Orange County", "Kings County", "Essex County", "Bergen County"],
        ["New York", "New Jersey"],
        'boundary_levels = { unit = "郡", unit_en = "county", province = "州", province_en = "state" }',
    ),
}


@pytest.fixture(scope="module", params=["Germany", "United States"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """A study's results, its folder, the names that are the user's own, and what its levels are called."""
    folder = tmp_path_factory.mktemp("elsewhere")
    names, lands, levels = PLACES[request.param]
    frame = units()
    frame["名称"] = names
    frame["LAND"] = frame["LAND"].map(dict(zip(["甲省", "乙省"], lands, strict=True)))
    frame.drop(columns=["i", "k", "people"]).to_file(folder / "units.gpkg")
    people = ""
    if levels:
        frame[["代码", "people"]].assign(people=[150, 250, 400, 800]).to_csv(
            folder / "people.csv", index=False
        )
        people = 'people_file = "people.csv"'
    a, b = (f'"{land}"' for land in lands)
    (folder / "mine.toml").write_text(
        STUDY.format(a=a, b=b, levels=levels, centre=names[0], people=people), encoding="utf-8"
    )
    results = run_study(folder / "mine.toml", network=grid())
    with ResultsFolder(folder / "out", holds="study mine", names=output_names()) as out:
        write_results(results, out, started=0.0)
    assert out.failed == {}
    return results, folder, [*names, *lands], Levels(results.study.boundary_levels)


def found_in(text: str, own: list[str]) -> list[str]:
    """Words for levels in a text, with what stands around them, without the user's own names."""
    plain = re.sub(r"<[^>]*>|\{\w+\}", " ", html.unescape(text))  # markup and placeholders
    for name in own:
        plain = plain.replace(name, " ")
    return sorted({plain[max(0, m.start() - 12) : m.end() + 12] for m in WORDS.finditer(plain)})


def allowed(own: Levels, hits: list[str]) -> list[str]:
    """Those that a study with counties of its own doesn't mean."""
    if own("county") == "county":
        hits = [hit for hit in hits if not re.search(r"\bcount(y|ies)\b", hit, re.IGNORECASE)]
    return hits


def texts_of(out: Path) -> Iterator[tuple[str, str]]:
    for name in ("report.md", "report.html"):
        yield name, (out / name).read_text(encoding="utf-8")
    for name in ("report.docx", "tables.xlsx"):
        with zipfile.ZipFile(out / name) as file:
            for part in file.namelist():
                if part.endswith(".xml"):
                    # a table's name in the API, whose rows are counted
                    yield f"{name}/{part}", file.read(part).decode("utf-8").replace("counties 的行数", "")
    with sqlite3.connect(out / "results.gpkg") as file:
        for query in (
            "SELECT identifier, description FROM gpkg_contents",
            "SELECT title, description FROM gpkg_data_columns",
            "SELECT styleQML, description FROM layer_styles",
        ):
            rows = [" ".join(str(cell) for cell in row) for row in file.execute(query)]
            # the names of tables and columns are those of the API
            told = re.sub(r'(field|styleName)="[^"]*"', "", "\n".join(rows))
            yield f"results.gpkg: {query}", re.sub(r"\b(border_)?counties\b|\bprovinces\b", "", told)


def test_no_document_has_words_of_levels_that_the_study_has_not(made):
    _, folder, own, levels = made
    for name, text in texts_of(folder / "out"):
        assert allowed(levels, found_in(text, own)) == [], name


def page_texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from page_texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from page_texts(each)


def test_no_map_has_them_in_either_language(made, tmp_path):
    results, folder, own, levels = made
    save_border_maps(results, tmp_path / "borders")
    save_border_maps(results, tmp_path / "english", language="en")
    pages = [folder / "out" / "map.html", *(tmp_path / "borders").glob("[0-9]*.html")]
    assert len(pages) == 2
    for page in pages:
        _, data = page_and_data(page)
        data.pop("alphabet")
        told = "\n".join(page_texts(data))
        assert allowed(levels, found_in(told, own)) == [], page.name
        assert levels("毗邻区县") in told
    for index in tmp_path.glob("*/index.html"):
        assert allowed(levels, found_in(index.read_text(encoding="utf-8"), own)) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_picture_has_them(made, language):
    results, _, own, levels = made
    figures = [study_figure(results, language=language, context=results.provinces)]
    figures += [study_chart(results, kind, language=language) for kind in charts_of(results)]
    assert len(figures) > 1
    for figure in figures:
        told = "\n".join(each.get_text() for each in figure.findobj(Text))
        assert allowed(levels, found_in(told, own)) == []


def test_the_levels_are_called_as_the_study_says(made):
    results, folder, _, levels = made
    text = (folder / "out" / "report.md").read_text(encoding="utf-8")
    assert f"毗邻{levels('区县')}" in text
    assert levels("省界") in text
    assert levels("border counties") in text
    if results.study.boundary_levels:
        assert (levels("省界"), levels("counties"), levels("Province border")) == (
            "州界",
            "counties",
            "State border",
        )
    else:
        assert (levels("毗邻区县"), levels("counties"), levels("a province")) == (
            "毗邻单元",
            "units",
            "a region",
        )


def test_names_of_the_users_own_stay(made):
    results, folder, own, _ = made
    text = (folder / "out" / "report.md").read_text(encoding="utf-8")
    assert [name for name in own if name not in text] == []
    say = levels_of(results)
    assert say("Orange County and other counties") == (
        "Orange County and other counties" if results.study.boundary_levels else "Orange Unit and other units"
    )


def test_embedded_boundaries_and_own_ones_of_china_are_told_as_they_are():
    ground = study_ground("guizhou")

    class Of:
        study = study("guizhou")
        provinces = ground.provinces

    assert levels_of(Of).as_they_are
    Of.study = Of.study.model_copy(update={"boundary_source": "mine.gpkg"})
    assert levels_of(Of)("毗邻区县") == "毗邻区县"
    Of.provinces = gpd.GeoDataFrame({"name": ["Bayern"]})
    assert levels_of(Of)("毗邻区县") == "毗邻单元"


def test_levels_go_with_a_file_alone(tmp_path):
    text = STUDY.format(
        a='"重庆"', b='"贵州"', levels='boundary_levels = { unit = "县" }', centre="重庆市", people=""
    )
    text = text.replace('boundary_source = "units.gpkg"\n', "").replace(
        'boundary_columns = { province = "LAND" }\n', ""
    )
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="'boundary_levels' is for a file"):
        study_ground(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text(text.replace('"县"', '"<b>"'), encoding="utf-8")
    with pytest.raises(ConfigError, match="boundary_levels"):
        study(tmp_path / "mine.toml")


#: What is said of China alone: where its own boundaries or its census are read, and of its yardsticks.
OF_CHINA = (
    "国家",
    "交通强国",
    "123",
    "直辖市",
    "全国",
    "2020 年普查",
    "census of 2020",
    "leiii/census",
    "South China Sea",
)


def test_every_text_of_the_package_can_be_said_of_other_levels(checkout):
    """Also those that no study of the tests comes to."""
    say = Levels({"unit": "郡", "province": "州"})
    files = [*(checkout / "borderreach" / "reports").glob("*.py"), *(checkout / "maps").rglob("*.py")]
    files += [
        *(checkout / "borderreach" / "workbook").glob("*.py"),
        checkout / "borderreach" / "study_words.py",
    ]
    seen = 0
    for path in files:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if (
                not isinstance(node, ast.Constant)
                or not isinstance(node.value, str)
                or id(node) in documentation
            ):
                continue
            if not re.search("[\u4e00-\u9fff]", node.value):
                continue  # names of columns
            seen += 1
            told = say(node.value)
            if any(word in told for word in OF_CHINA):
                continue
            told = told.replace("counties 的行数", "")  # a table's name
            assert found_in(told, []) == [], f"{path.name}:{node.lineno}"
    assert seen > 500
