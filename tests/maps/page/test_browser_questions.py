"""Answers to a study's questions on the map: who gains and loses, who stands at the poor end, which circles are missed."""

from __future__ import annotations

import re
from copy import copy
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from borderreach.maps import style
from borderreach.maps.layers import map_layers
from borderreach.maps.page._content import page_content
from borderreach.maps.page._question_words import QUESTION_WORDS
from borderreach.maps.wording import ZH

pytestmark = pytest.mark.browser


@pytest.fixture
def asked(results: SimpleNamespace) -> SimpleNamespace:
    """Results whose counties gain and lose by turns, miss a circle more each, and are measured against 10 million people."""
    counties = results.border_counties
    codes, n = counties["adcode"].to_numpy(), np.arange(len(counties))
    share = np.where(n % 2 == 0, 3.0, -1.5) + n / 100
    yardsticks = [
        pd.DataFrame(
            {
                "scenario": scenario, "adcode": codes, "own_city": "遵义市", "own_city_min": 50.0 + 20.0 * (n % 2),
                "across_city": np.where(n == 3, "", "重庆市"), "across_city_min": np.where(n == 3, np.nan, 110.0),
                "main_city": "贵阳市", "main_city_min": 200.04 - quicker, "within_1h": n % 2 == 0, "within_2h": n != 3,
                "within_3h": quicker > 0,
            }
        )
        for scenario, quicker in (("base", 0.0), ("all", 60.0))
    ]  # fmt: skip
    codes_twice, city = np.repeat(codes.astype(str), 2), "重庆市"
    ways = pd.DataFrame(
        {
            "from_id": codes_twice, "to_name": city, "option": ["road", "after"] * len(codes),
            "minutes": np.tile([90.0, 45.5], len(codes)), "yuan": np.tile([80.0, 52.0], len(codes)),
            "generalised_yuan": 100.0 + np.arange(2 * len(codes))[::-1],
        }
    )  # fmt: skip
    links = pd.DataFrame(
        {
            "scenario": "base", "a_name": ["重庆市", "贵阳市"], "a_province": ["重庆市", "贵州省"], "b_name": "遵义市",
            "b_province": "贵州省", "across": [True, False], "minutes": [150.0, 100.0], "share": [0.123, 0.0004],
            "breaking_min": [105.0, 60.0],
        }
    )  # fmt: skip
    shown = copy(results)
    vars(shown).update(
        study=SimpleNamespace(**vars(results.study) | {"boundary_source": "tianditu"}),
        way_costs=ways,
        city_links=links,
        access_changes=pd.DataFrame(
            {"theta": 4.1, "adcode": codes, "change_pct": 4.0, "relative_pct": share}
        ),
        equity=pd.DataFrame({"scenario": ["base"], "measure": ["poverty_line"], "value": [1e7]}),
        yardsticks=pd.concat(yardsticks, ignore_index=True),
    )
    return shown


def counts(opened: Any) -> list[tuple[str, int]]:
    """Labels of the legend's classes, and how many counties are of each."""
    lines = opened.page.inner_text(".br-layers .br-classes").splitlines()
    return [(line.rstrip("0123456789").strip(), int(line.split()[-1])) for line in lines]


def fills(opened: Any) -> list[str]:
    found: list[str] = opened.page.evaluate(
        "borderreach.scene.items.get('counties').layer.getLayers().map((layer) => layer.options.fillColor)"
    )
    return found


def test_who_gains_and_who_loses_market_access_is_seen_and_read(asked: SimpleNamespace, show: Any) -> None:
    opened = show(asked)
    opened.page.select_option("[data-colouring]", "gain:~access-4.1")
    share = asked.access_changes["relative_pct"]
    rows = counts(opened)
    assert all(label.endswith("%") for label, _ in rows)
    middle = len(rows) // 2
    assert sum(n for _, n in rows[:middle]) == int((share <= -0.1).sum())
    assert sum(n for _, n in rows[middle + 1 :]) == int((share > 0.1).sum())
    purple, orange = style.CHANGE_COLOURS[:3], style.CHANGE_COLOURS[4:]
    for value, colour in zip(share, fills(opened), strict=True):
        assert colour in (orange if value > 0 else purple)
    opened.page.evaluate(
        "code => borderreach.scene.select(code)", int(asked.access_changes["adcode"].iloc[1])
    )
    assert "市场可达性的份额（θ=4.1）\t−1.49%" in opened.page.inner_text(".br-county-panel")
    assert "base:~access-4.1" not in opened.page.evaluate("borderreach.scene.colourings().figures")
    opened.page.click(".br-language")
    assert "share in market access (θ=4.1), change" in opened.page.inner_text("[data-colouring]")
    assert opened.messages == []


def test_which_counties_stand_below_the_line(asked: SimpleNamespace, show: Any) -> None:
    opened = show(asked)
    for colouring, column in (
        ("base:~equity", "base_people_reached"),
        ("after:~equity", "scenario_people_reached"),
    ):
        opened.page.select_option("[data-colouring]", colouring)
        rows = dict(counts(opened))
        assert list(rows) == ["不到贫困线", "贫困线之上、最少的四成人", "居中的五成人", "最多的一成人"]
        below = asked.indicators[column] < 1e7
        assert rows["不到贫困线"] == int(below.sum())
        assert [colour == style.EQUITY_COLOURS[0] for colour in fills(opened)] == below.tolist()
    opened.page.evaluate("code => borderreach.scene.select(code)", int(asked.indicators["adcode"].iloc[0]))
    assert "可达人口的多寡\t不到贫困线" in opened.page.inner_text(".br-county-panel")
    assert opened.messages == []


def test_which_county_misses_which_circle(asked: SimpleNamespace, show: Any) -> None:
    opened = show(asked)
    opened.page.select_option("[data-colouring]", "base:~yardsticks")
    base = asked.yardsticks[asked.yardsticks["scenario"] == "base"]
    rows = dict(counts(opened))
    assert rows["在 3 小时圈外"] == int(base["within_1h"].sum())
    assert rows["在 1、2、3 小时圈外"] == 1
    assert rows["都在圈内"] == 0
    opened.page.select_option("[data-colouring]", "after:~yardsticks")
    assert dict(counts(opened))["都在圈内"] == int(base["within_1h"].sum())
    opened.page.evaluate("code => borderreach.scene.select(code)", int(base["adcode"].iloc[3]))
    panel = opened.page.inner_text(".br-county-panel")
    assert re.search(r"1 小时：本市\s+遵义市 70\.0 分钟\s*60 分钟圈外", panel)
    assert re.search(rf"2 小时：外省最近的市\s+{ZH['not_reached']}\s*120 分钟圈外", panel)
    assert re.search(r"3 小时：主要城市\s+贵阳市 200\.0 分钟 → 贵阳市 140\.0 分钟\s*180 分钟圈内", panel)
    opened.page.click(".br-language")
    assert "Zunyi" in opened.page.inner_text(".br-county-panel")
    assert opened.messages == []


def test_how_much_nearer_the_city_across_is(asked: SimpleNamespace, show: Any) -> None:
    opened = show(asked)
    opened.page.select_option("[data-colouring]", "base:~nearer")
    today = asked.yardsticks[asked.yardsticks["scenario"] == "base"]
    nearer = today["own_city_min"] - today["across_city_min"]  # -60, -40, and one without a city across
    rows = counts(opened)
    assert all(label.endswith("分钟") for label, _ in rows)
    assert sum(n for _, n in rows[: len(rows) // 2]) == int(nearer.notna().sum())
    assert fills(opened)[3] == style.NO_VALUE_COLOUR
    assert opened.messages == []


def test_ways_are_read_in_minutes_and_money(asked: SimpleNamespace, show: Any) -> None:
    opened = show(asked)
    opened.page.select_option("[data-colouring]", "after:~cost")
    assert all("元" in label for label, _ in counts(opened))
    adcode = int(asked.border_counties["adcode"].iloc[0])
    value = (
        "code => borderreach.scene.valueOf(borderreach.scene.counties.get(code), borderreach.scene.colouring)"
    )
    costs = asked.way_costs.loc[asked.way_costs["from_id"] == str(adcode), "generalised_yuan"]
    assert opened.page.evaluate(value, adcode) == costs.min()
    opened.page.evaluate("code => borderreach.scene.select(code)", adcode)
    panel = opened.page.inner_text(".br-county-panel")
    assert "到重庆市的走法" in panel
    assert re.search(rf"最快的公路\s+90\s+80\s+{costs.iloc[0]:.0f}", panel)
    assert re.search(rf"公铁联程，规划后\s+4[56]\s+52\s+{costs.iloc[1]:.0f}", panel)
    assert opened.messages == []


def test_links_between_cities_are_as_wide_as_they_are_strong(asked: SimpleNamespace, show: Any) -> None:
    opened = show(asked)
    assert not opened.layer("links-across")
    opened.page.click('[data-group="border"] > summary')
    for name, width in (("links-across", 9.0), ("links-within", 1.5)):
        opened.page.check(f'[data-layer="{name}"]')
        assert opened.layer(name)
        line = f"borderreach.scene.items.get('{name}').layer.getLayers()[0]"
        assert opened.page.evaluate(f"{line}.options.weight") == width
    told = opened.page.evaluate(
        "borderreach.scene.items.get('links-across').layer.getLayers()[0].getTooltip()._content().innerText"
    )
    assert "占全部城市联系的 12.3%，现状 150 分钟" in told
    assert "距重庆市 105 分钟" in told
    # the dot lies seven tenths of the way from Chongqing
    ends, dot = opened.page.evaluate(
        "(() => { const [line, dot] = borderreach.scene.items.get('links-across').layer.getLayers();"
        " return [line.getLatLngs().map((at) => [at.lat, at.lng]), [dot.getLatLng().lat, dot.getLatLng().lng]]; })()"
    )
    (a, b), (c, d) = ends
    assert dot == pytest.approx([a + 0.7 * (c - a), b + 0.7 * (d - b)], abs=1e-6)
    assert opened.messages == []


def test_a_page_without_the_questions_has_none_of_their_words(
    results: SimpleNamespace, asked: SimpleNamespace
) -> None:
    def words(shown: SimpleNamespace) -> set[str]:
        content = page_content(shown, map_layers(shown), "zh", tiles=None, classes={}, china=False)
        return set(content["words"]["zh"])

    new = words(asked) - words(results)
    assert {
        "measure_access", "equity_below", "missed_none", "circle_main", "measure_yardsticks", "links_across", "way_free",
        "measure_cost", "unit_yuan",
    } <= new  # fmt: skip


def test_words_of_questions_are_in_both_languages() -> None:
    for words in QUESTION_WORDS.values():
        assert words["zh"].keys() == words["en"].keys()
        for key, text in words["zh"].items():
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", words["en"][key]))
        assert not words["zh"].keys() & ZH.keys()
