"""The workbook holds what the tables hold: numbers as numbers, texts as texts, and every figure of the first page."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from borderreach.documents import Column, Sheet, workbook_bytes
from borderreach.reports import key_figures, report
from borderreach.workbook import workbook
from borderreach.workbook._dictionary import WORDS

from ...hostile import HOSTILE, LONG


def read(content: bytes) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


@pytest.fixture(scope="module")
def content(yuqian) -> bytes:
    return workbook(yuqian)


@pytest.fixture(scope="module")
def sheets(content: bytes) -> dict[str, list[list[Any]]]:
    return read(content)


def cells_of(sheets: dict[str, list[list[Any]]]) -> set[float]:
    return {
        cell for rows in sheets.values() for row in rows[1:] for cell in row if isinstance(cell, int | float)
    }


def test_counties_come_first_and_the_dictionary_last(sheets):
    names = list(sheets)
    assert names[:3] == ["区县", "中心矩阵", "要点"]
    assert names[-1] == "数据字典"


def test_a_row_of_counties_is_what_the_tables_have(yuqian, sheets):
    head, *rows = sheets["区县"]
    assert len(rows) == len(yuqian.border_counties)
    times = yuqian.county_times.set_index(["adcode", "centre_name"])
    roads = yuqian.road_county_times.set_index(["adcode", "centre_name"])
    chances = yuqian.chances.set_index(["adcode", "centre_name"])
    for row in rows:
        cell = dict(zip(head, row, strict=True))
        code = int(cell["代码"])
        for centre in yuqian.centres["origin_name"]:
            assert cell[f"至{centre}：公铁联程，现状（分钟）"] == pytest.approx(
                times.loc[(code, centre), "base_min"]
            )
            assert cell[f"至{centre}：公铁联程，规划后（分钟）"] == pytest.approx(
                times.loc[(code, centre), "scenario_min"]
            )
            assert cell[f"至{centre}：只走公路，现状（分钟）"] == pytest.approx(
                roads.loc[(code, centre), "base_min"]
            )
            inside = "是" if times.loc[(code, centre), "base_inside"] else "否"
            assert cell[f"至{centre}：圈内，现状"] == inside
            assert cell[f"至{centre}：在圈内的概率，现状（概率）"] == pytest.approx(
                chances.loc[(code, centre), "base_chance"]
            )
        people = yuqian.indicators.set_index("adcode").loc[code, "people"]
        assert cell["人口（人）"] == people
        assert cell["类型，现状"] in {"邻近核心", "通道沿线", "通道外侧", "远离核心"}


def test_the_matrix_is_that_of_the_pairs(yuqian, sheets):
    head, *rows = sheets["中心矩阵"]
    base = yuqian.pair_times.query("scenario == 'base'").set_index(["from_name", "to_name"])[
        "travel_time_min"
    ]
    for row in rows:
        for name, value in zip(head[1:], row[1:], strict=True):
            other = re.sub(r"^至|（分钟）$", "", name)
            if other != row[0]:
                assert value == pytest.approx(base[row[0], other])


def shown_in(text: str, numbers: set[float]) -> bool:
    """Whether a figure of a text, such as 6,071 万, is a number of the workbook, rounded as the text has it."""
    digits = len(text.split(".")[1]) if "." in text else 0
    value = float(text.replace(",", ""))
    return any(round(cell / scale, digits) == value for cell in numbers for scale in (1.0, 1e4))


def test_every_number_of_the_findings_is_in_the_workbook(yuqian, sheets):
    text = report(yuqian).split("## 摘要")[1].split("![")[0]
    text = re.sub(r"(?m)^\d\. ", "", text)  # numbers of the findings themselves
    text = text.replace("2020 年普查", "").replace("10 分钟以上", "")
    numbers = cells_of(sheets)
    counted = {float(len(rows) - 1) for rows in sheets.values()}
    by_province = set(yuqian.border_counties["province"].value_counts().astype(float))
    found = re.findall(r"\d[\d,]*(?:\.\d+)?", text)
    assert len(found) > 25
    for figure in found:
        assert shown_in(figure, numbers | counted | by_province), figure


def test_the_figures_of_the_first_page_come_out_a_second_time(yuqian):
    """Each computed anew, straight from the tables, without what the report uses."""
    found = {key: fact.value for key, fact in key_figures(yuqian).items()}
    circle = yuqian.study.circle_min
    areas = yuqian.circles[yuqian.circles["cutoff_min"] == circle].set_index("scenario")["area_km2"]
    people = yuqian.circle_people[yuqian.circle_people["cutoff_min"] == circle].set_index("scenario")[
        "people"
    ]
    roads = yuqian.road_circles[yuqian.road_circles["cutoff_min"] == circle].set_index("scenario")["area_km2"]
    best = yuqian.county_times.groupby("adcode")["delta_min"].min()
    inside = yuqian.county_times.groupby("adcode")[["base_inside", "scenario_inside"]].any().sum()
    across = yuqian.zone_counties.merge(
        yuqian.border_counties.assign(centre_id=yuqian.border_counties["adcode"].astype(str))[
            ["centre_id", "province"]
        ],
        on="centre_id", suffixes=("", "_home"),
    )  # fmt: skip
    across = across[across["belongs"] & (across["province"] != across["province_home"])]
    expected = {
        "border_counties": len(yuqian.border_counties),
        "border_low": yuqian.borders["length_low_km"].sum(),
        "border_high": yuqian.borders["length_high_km"].sum(),
        "study_counties": len(yuqian.counties),
        "area": areas["base"],
        "area_after": areas["all"],
        "area_gain": areas["all"] - areas["base"],
        "inside": inside["base_inside"],
        "inside_after": inside["scenario_inside"],
        "people": people["base"] / 1e4,
        "people_after": people["all"] / 1e4,
        "road_area": roads["base"],
        "savers": (best <= -10).sum(),
        "most_saved": -best.min(),
        "pair": yuqian.pair_times.query("scenario == 'base'")["travel_time_min"].max(),
        "pair_after": yuqian.pair_times.query("scenario == 'all'")["travel_time_min"].max(),
        "pair_road": yuqian.journeys["road_only_min"].max(),
        "zone_area": yuqian.zones.query("scenario == 'base'")["area_km2"].mean(),
        "zone_cross": across.query("scenario == 'base'")["centre_id"].nunique(),
        "zone_cross_after": across.query("scenario == 'all'")["centre_id"].nunique(),
        "crossings": yuqian.border_crossings["n_crossings"].sum(),
        "longest_without": yuqian.border_crossings["longest_without_km"].max(),
        "claims": yuqian.claims["sentence"].nunique(),
    }
    parts = yuqian.claims[yuqian.claims["role"] == "part"]
    worst = ["fails", "undecided", "differs", "holds_with", "holds", "not_checkable"]
    ranked = parts.assign(rank=parts["verdict"].map(worst.index)).sort_values("rank", kind="stable")
    one_each = ranked.drop_duplicates("sentence")
    for stance, own in one_each.groupby("stance"):
        expected[f"claims_{stance}"] = len(own)
        for verdict, n in own["verdict"].value_counts().items():
            expected[f"claims_{stance}_{verdict}"] = n
    assert set(found) - set(expected) <= {"seats", "seats_gain"}  # counted where circles are drawn
    for key, value in expected.items():
        assert found[key] == pytest.approx(float(value), rel=1e-6), key


def test_claims_have_the_numbers_of_their_sentences_and_the_reports_verdicts(yuqian, sheets):
    head, *rows = sheets["论断"]
    assert len(rows) == len(yuqian.claims)
    first = [
        yuqian.claims["sentence"].unique().tolist().index(each) + 1 for each in yuqian.claims["sentence"]
    ]
    assert [row[head.index("句")] for row in rows] == first
    shown = [row[head.index("结论")] for row in rows]
    text = report(yuqian)
    goals = (yuqian.claims["stance"] == "goal").tolist()
    assert {verdict for verdict, goal in zip(shown, goals, strict=True) if goal} & {
        "已达到",
        "尚未达到",
        "建成廊道后可达到",
    }
    assert all(f"| {verdict} |" in text for verdict in set(shown) - {"无法检验"})
    assert "不成立" not in {verdict for verdict, goal in zip(shown, goals, strict=True) if goal}


def test_every_column_is_in_the_dictionary(sheets):
    rows = sheets["数据字典"][1:]
    listed = {(row[0], row[2] + (f"（{row[3]}）" if row[3] else "")) for row in rows}
    for name, (head, *_) in sheets.items():
        if name != "数据字典":
            assert {(name, cell) for cell in head} <= listed
    assert len({word.head for word in WORDS.values()}) > 60


def test_heads_stay_and_columns_can_be_filtered(content):
    package = zipfile.ZipFile(io.BytesIO(content))
    for name in [name for name in package.namelist() if name.startswith("xl/worksheets/sheet")]:
        xml = package.read(name).decode()
        assert 'state="frozen"' in xml
        assert "<autoFilter" in xml
        assert "<f>" not in xml, "a formula"


def test_the_same_tables_give_the_same_bytes(yuqian, content):
    assert workbook(yuqian) == content


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_are_texts_and_never_formulas(name):
    from borderreach.geo.text import one_line

    text = HOSTILE[name]
    cells = pd.Series([text, "x"], dtype=object)
    made = workbook_bytes((Sheet("表", text, (Column(text, cells, text, text),)),), title=text)
    (rows,) = read(made).values()
    line = one_line(text)
    assert rows[1][0] == line
    assert str(rows[0][0]).startswith(line)
    assert str(rows[0][0]).endswith(f"（{line}）")
    assert b"<f>" not in zipfile.ZipFile(io.BytesIO(made)).read("xl/worksheets/sheet1.xml")
    assert not [each for each in zipfile.ZipFile(io.BytesIO(made)).namelist() if "sheet1.xml.rels" in each]


def test_what_a_cell_cannot_hold_is_left_out_or_cut():
    cells = pd.Series(
        ["a\x00b\ud800c\ufffe", LONG * 4, None, float("nan"), float("inf"), True, 3, 2.5], dtype=object
    )
    (rows,) = read(workbook_bytes((Sheet("表", "", (Column("列", cells),)),), title="")).values()
    values = [row[0] for row in rows[1:]]
    assert values[0] == "abc"
    assert len(values[1]) == 32_767
    assert values[1].endswith("…")
    assert values[2:4] == ["", ""]
    assert values[4:] == ["不可达", "是", 3.0, 2.5]
