"""Layers beyond circles and corridors: trains, crossings, gaps, claims, indicators; in a browser without a network."""

from __future__ import annotations

import re
from copy import copy
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from borderreach.maps import style
from borderreach.maps.measures import measures
from borderreach.maps.wording import ZH

from ..conftest import CLAIMS
from .test_browser_tools import drawn_km2, rgb

pytestmark = pytest.mark.browser
COUNT = "name => borderreach.scene.items.get(name).layer.getLayers().length"


def unfold(opened: Any, group: str) -> None:
    opened.page.click(f'[data-group="{group}"] > summary')


def hover(opened: Any, lon: float, lat: float) -> None:
    x, y = opened.pixel(lon, lat)
    opened.page.mouse.move(x - 40, y - 40)
    opened.page.wait_for_timeout(60)  # Leaflet looks at the mouse thirty times a second
    opened.page.mouse.move(x, y)


def in_ten_thousands(people: float) -> str:
    return f"{people / 1e4:,.{0 if people >= 1e7 else 1}f}"


def place(shape: Any) -> tuple[float, float]:
    return shape.x, shape.y


def test_the_first_view_is_calm(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    for name in (
        "rail-60-base", "rail-120-gained", "crossings", "gaps", "change-slide", "claims", "zones-base",
    ):  # fmt: skip
        assert not opened.layer(name), name
    for group in ("rail", "centres", "border", "changes", "claims", "notes"):
        assert not opened.page.locator(f'[data-group="{group}"]').evaluate("e => e.open"), group


def test_every_layer_can_be_shown_and_draws_something(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    names = opened.page.evaluate("[...borderreach.scene.items.keys()]")
    unboxed = {"selected-zone", "selected-claim", "context", "slider-base", "slider-after", "slider-gained"}
    for group in ("rail", "centres", "border", "changes", "claims"):
        unfold(opened, group)
    boxes = opened.page.evaluate("[...document.querySelectorAll('[data-layer]')].map(e => e.dataset.layer)")
    assert set(names) - unboxed == set(boxes)
    canvas = (
        "() => { const r = borderreach.map.options.renderer; r._redrawBounds = null; r._redraw();"
        " return r._container.toDataURL().length; }"
    )
    # One at a time, on an empty map.
    opened.page.evaluate("names => names.forEach(name => borderreach.scene.show(name, false))", names)
    empty = opened.page.evaluate(canvas)
    for name in boxes:
        if name == "county-names":  # words, no shapes
            continue
        opened.page.evaluate("name => borderreach.scene.toggle(name, true)", name)
        assert opened.layer(name), name
        assert opened.page.evaluate(canvas) > empty, name
        opened.page.evaluate("name => borderreach.scene.show(name, false)", name)
    assert opened.messages == []


def test_closed_links_and_changed_speeds_say_what_they_are(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    unfold(opened, "changes")
    for row in results.changes.itertuples():
        opened.page.click(f'[data-layer="change-{row.change_id}"]')
        longest = max(row.geometry.geoms, key=lambda line: line.length)
        hover(opened, *place(longest.interpolate(0.5, normalized=True)))
        tip = opened.page.locator(".br-tooltip", has_text=row.name)
        tip.wait_for()
        kind = "中断" if row.closed else "88 → 60"
        for words in (f"{row.n_links} 个路段", f"{row.length_km:,.1f} km", kind):
            assert words in tip.inner_text()
        opened.page.click(f'[data-layer="change-{row.change_id}"]')


def test_circles_tell_the_people_in_them(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    unfold(opened, "rail")
    text = opened.page.inner_text(".br-layers")
    for table in (results.circle_people, results.road_circle_people):
        for cutoff in (60, 120):
            people = table[table["cutoff_min"] == cutoff].set_index("scenario")["people"]
            assert f"{in_ten_thousands(people['base'])} → {in_ten_thousands(people['all'])} 万人" in text
    opened.page.click(".br-language")
    people = results.circle_people.set_index(["scenario", "cutoff_min"])["people"]
    shown = [
        f"{value / 1e6:,.{1 if value >= 1e7 else 2}f}"
        for value in (people["base", 120.0], people["all", 120.0])
    ]
    english = opened.page.inner_text(".br-layers")
    assert f"{shown[0]} → {shown[1]} million" in english


def test_no_controls_cover_each_other(results: SimpleNamespace, show: Any) -> None:
    boxes = (
        "() => [...document.querySelectorAll('.leaflet-control')].filter(e => e.offsetParent && e.offsetHeight)"
        ".map(e => { const b = e.getBoundingClientRect(); return [e.className, [b.left, b.top, b.right, b.bottom]]; })"
    )
    for width, height in ((1400, 900), (1280, 720), (1100, 500), (1000, 640), (390, 844), (844, 390)):
        opened = show(results, width=width, height=height)
        for state in (
            "null",
            # Where the layers are folded, their legend stands in the open, and the other way round.
            "document.querySelector('.br-fold').click()",
            "scene.select(500110)",
            "scene.recolour('base:~reached')",
            "scene.selectClaim('door')",
        ):
            opened.page.evaluate(f"(() => {{ const scene = borderreach.scene; {state}; }})()")
            found = opened.page.evaluate(boxes)
            for (one, a), (other, b) in combinations(found, 2):
                apart = shapely.intersection(shapely.box(*a).buffer(-1), shapely.box(*b)).area
                assert apart == 0, (width, state, one, other)
            for name, box in found:
                assert box[0] >= -1, (width, state, name)
                assert box[2] <= width + 1, (width, state, name)


def test_circles_by_road_alone_are_those_of_the_table(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    unfold(opened, "rail")
    table = results.road_circles
    shown = opened.page.inner_text('[data-group="rail"]')
    for cutoff in (60, 120):
        rows = table[table["cutoff_min"] == cutoff].set_index("scenario")["area_km2"]
        for column, scenario in (("base", "base"), ("after", "all")):
            opened.page.locator(f'[data-layer="rail-{cutoff}-{column}"]').check()
            assert opened.layer(f"rail-{cutoff}-{column}")
            assert f"{rows[scenario]:,.0f} km²" in shown
        assert drawn_km2(opened, f"rail-{cutoff}-base") == pytest.approx(rows["base"], rel=0.03)
    assert opened.page.inner_text('[data-group="rail"] .br-count') == "4/6"
    # Lines alone, above the circles by road and rail: where both are, the colour is still that of these.
    order = "['rail-120-base', 'circle-120-base'].map(id => borderreach.scene.items.get(id).order)"
    road_alone, with_trains = opened.page.evaluate(order)
    assert road_alone > with_trains
    spot = (106.55, 30.2)
    with_rail = opened.colour(*spot)
    for name in ("rail-60-base", "rail-60-after", "rail-120-base", "rail-120-after"):
        opened.page.locator(f'[data-layer="{name}"]').uncheck()
    assert opened.colour(*spot) == pytest.approx(with_rail, abs=2)
    assert "只走公路的等时圈" in shown
    assert "不计列车；只画边线" in shown
    assert opened.messages == []


def test_the_circle_of_a_past_year_is_a_line_with_its_figures(results: SimpleNamespace, show: Any) -> None:
    circle = results.circles.loc[results.circles["cutoff_min"] == 120].geometry.iloc[0]
    past = gpd.GeoDataFrame(
        {"year": [2005, 2025], "cutoff_min": 120.0, "area_km2": [12_345.0, 2e4], "n_counties": [4, 8]},
        geometry=[circle] * 2, crs="EPSG:4326",
    )  # fmt: skip
    shown = copy(results)
    vars(shown).update(year_circles=past)
    opened = show(shown)
    unfold(opened, "border")
    assert "2005 年的 120 分钟圈" in opened.page.inner_text('[data-group="border"]')
    assert not opened.layer("past-2005")
    opened.page.locator('[data-layer="past-2005"]').check()
    assert opened.layer("past-2005")
    assert opened.page.locator('[data-layer="past-2025"]').count() == 0  # that is today's
    box = opened.page.evaluate(
        "() => { const b = borderreach.scene.items.get('past-2005').layer.getBounds();"
        " return [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()]; }"
    )
    assert box == pytest.approx(circle.bounds, abs=0.02)
    text = opened.page.evaluate(
        "() => borderreach.scene.items.get('past-2005').layer.getTooltip()._content().innerText"
    )
    assert text.split() == [
        "2005",
        "年的",
        "120",
        "分钟圈12,345",
        "km²，区县驻地",
        "4",
        "个，按该年年底已通车的高速公路",
    ]
    assert opened.messages == []


def test_crossings_and_gaps_say_what_they_are(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    unfold(opened, "border")
    for name in ("crossings", "gaps"):
        opened.page.locator(f'[data-layer="{name}"]').check()
        assert opened.layer(name)
    assert opened.page.evaluate(COUNT, "crossings") == 3
    text = opened.page.inner_text('[data-group="border"]')
    assert "跨省通道（公路） 3" in text
    assert "省界断头路 1" in text
    x, y = place(results.crossings.geometry.iloc[1])
    assert opened.colour(x, y)[:3] == rgb(style.CROSSING_FILL)
    hover(opened, x, y)
    opened.page.locator(".br-tooltip", has_text="南川区 – 正安县 · 干线公路").wait_for()
    hover(opened, *results.gaps.geometry.iloc[0].coords[0])
    opened.page.locator(".br-tooltip", has_text="断头：酉阳县 – 沿河县").wait_for()
    opened.page.locator(".br-tooltip", has_text="相距 7.2 km；绕行 93.4 km、63.8 分钟").wait_for()
    # A class that has no word is shown as the data has it.
    hover(opened, *place(results.crossings.geometry.iloc[2]))
    opened.page.locator(".br-tooltip", has_text="track").wait_for()
    opened.page.click(".br-language")
    assert "Road crossings 3" in opened.page.inner_text('[data-group="border"]')
    assert opened.messages == []


def test_a_border_says_how_often_it_is_crossed(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    text = opened.page.evaluate(
        "(() => { const [row] = borderreach.scene.items.get('borders').layer.getLayers().filter(l => l.getTooltip());"
        " return row.getTooltip()._content().textContent; })()"
    )
    assert "跨省通道 3 处，平均间距 255.7 km，最长 311.2 km 无通道" in text


def test_every_claim_has_its_place_verdict_and_value(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    unfold(opened, "claims")
    opened.page.locator('[data-layer="claims"]').check()
    placed = [claim for claim in CLAIMS if not claim[-1].is_empty]
    assert opened.page.evaluate(COUNT, "claims") == len(placed) == 4
    text = " ".join(opened.page.inner_text('[data-group="claims"]').split())
    for words in ("不成立 2", "成立 1", "建成廊道后成立 1", "无法检验 1"):
        assert words in text
    # The sign of the claim about an area lies in it, and a click tells everything of it.
    x, y = place(shapely.box(106, 27, 107, 28).representative_point())
    opened.page.mouse.click(*opened.pixel(x, y))
    panel = opened.page.inner_text(".br-county-panel")
    for words in (
        "两小时圈覆盖",
        "第 4 条论断",
        "不成立",
        "40 %",
        "不少于 60 %",
        "结论3",
        "车速达到",
        "公路门到门",
    ):
        assert words in panel, words
    assert opened.page.evaluate("borderreach.scene.claim") == "circle"
    # Two claims of one place stand side by side.
    shifts = "() => borderreach.scene.items.get('claims').layer.getLayers().slice(0, 2).map(l => l.options.shift[0])"
    assert opened.page.evaluate(shifts) == [-10, 10]
    assert opened.messages == []


def test_on_a_phone_a_claim_picked_from_the_list_is_seen(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=390, height=844)
    opened.page.click(".br-fold")
    unfold(opened, "claims")
    opened.page.click('[data-claim="door"]')
    assert opened.page.get_attribute(".br-fold", "aria-expanded") == "false"
    assert opened.page.locator('[data-claim="door"]').count() == 0
    panel = opened.page.locator(".br-county-panel").bounding_box()
    for lon, lat in CLAIMS[0][-1].coords:
        assert 130 < opened.pixel(lon, lat)[1] < panel["y"]


def test_a_claim_is_picked_from_the_list(results: SimpleNamespace, show: Any, open_file: Any) -> None:
    opened = show(results)
    unfold(opened, "claims")
    opened.page.click('[data-claim="door"]')
    panel = opened.page.inner_text(".br-county-panel")
    for words in ("渝黔省会两小时交通圈", "166.1 分钟", "不超过 120 分钟", "126.2 分钟"):
        assert words in panel, words
    selected = "borderreach.scene.items.get('selected-claim').layer.getLayers().length"
    assert opened.page.evaluate(selected) == 3  # a line with its halo, and the sign
    for lon, lat in CLAIMS[0][-1].coords:
        x, y = opened.pixel(lon, lat)
        assert 300 < x < 1100
        assert 0 < y < 1000
    assert opened.page.get_attribute('[data-claim="door"]', "aria-pressed") == "true"
    link = opened.page.evaluate("location.hash")
    again = open_file(opened.path, fragment=link)
    assert again.page.evaluate("borderreach.scene.claim") == "door"
    assert "渝黔省会两小时交通圈" in again.page.inner_text(".br-county-panel")
    # A claim without a place is told all the same; a county takes its place in the panel.
    opened.page.click('[data-claim="name"]')
    assert "图上无位置" in opened.page.inner_text(".br-county-panel")
    assert opened.page.evaluate(selected) == 0
    opened.page.evaluate("borderreach.scene.select(500110)")
    assert "綦江区" in opened.page.inner_text(".br-county-panel")
    assert opened.page.evaluate("borderreach.scene.claim") is None
    opened.page.focus('[data-claim="train"]')
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("borderreach.scene.claim") == "train"
    assert opened.page.evaluate("document.activeElement.getAttribute('data-claim')") == "train"
    opened.page.click(".br-language")
    text = opened.page.inner_text(".br-county-panel")
    assert "at most 120 min" in text
    assert "holds" in text
    assert opened.messages == again.messages == []


@pytest.mark.parametrize(
    ("colouring", "column", "unit"),
    [
        ("base:~reached", "base_people_reached", "万人"),
        ("after:~reached", "scenario_people_reached", "万人"),
        ("base:~potential", "base_potential", "万人/分钟"),
        ("gain:~potential", "potential_change", "%"),
    ],
)
def test_counties_are_coloured_by_the_table_of_indicators(
    results: SimpleNamespace, show: Any, colouring: str, column: str, unit: str
) -> None:
    opened = show(results)
    opened.page.select_option("[data-colouring]", colouring)
    kind, key = colouring.split(":~")
    measure = next(each for each in measures(results.indicators) if each.key == key)
    classes = measure.changes if kind == "gain" else measure.levels
    values = results.indicators[column] * (100 if unit == "%" else 1)
    wanted = pd.cut(values, [-1, *classes.breaks, 1e12]).value_counts(sort=False).tolist()
    lines = opened.page.inner_text(".br-layers .br-classes").splitlines()
    assert [int(line.split()[-1]) for line in lines] == wanted
    assert all(unit in line for line in lines)
    colours = opened.page.evaluate(
        "() => Object.fromEntries(borderreach.scene.items.get('counties').layer.getLayers()"
        ".map((layer, i) => [[...borderreach.scene.counties.keys()][i], layer.options.fillColor]))"
    )
    for adcode, value in zip(results.indicators["adcode"], values, strict=True):
        number = style.class_of(value, classes.breaks)
        assert number is not None
        assert colours[str(adcode)] == classes.colours[number]
    assert opened.messages == []


def test_types_are_shown_today_and_with_corridors(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    for colouring, column in (("base:~type", "county_type"), ("after:~type", "scenario_county_type")):
        opened.page.select_option("[data-colouring]", colouring)
        counts = results.indicators[column].value_counts()
        lines = opened.page.inner_text(".br-layers .br-classes").splitlines()
        assert [re.split(r"\s+", line.strip()) for line in lines] == [
            [ZH[f"type_{name}"], str(counts.get(name, 0))]
            for name in ("core-adjacent", "corridor", "sag", "remote")
        ]
    opened.page.click(".br-language")
    assert "near a core" in opened.page.inner_text(".br-layers .br-classes")


def test_the_panel_has_the_tables_own_indicators(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    row = results.indicators.iloc[5]
    opened.page.evaluate("code => borderreach.scene.select(code)", int(row["adcode"]))
    panel = opened.page.inner_text(".br-county-panel")
    for figure in (
        f"{row['people'] / 1e4:,.1f} 万人",
        f"{in_ten_thousands(row['base_people_reached'])} → {in_ten_thousands(row['scenario_people_reached'])} 万人",
        f"{row['base_potential'] / 1e4:,.1f}",
        f"{100 * row['efficiency']:.1f}% → {100 * row['scenario_efficiency']:.1f}%",
        f"{ZH['type_' + row['county_type']]} → {ZH['type_' + row['scenario_county_type']]}",
    ):
        assert figure in panel, figure
    opened.page.click(".br-language")
    assert f"{row['people'] / 1e6:.2f} million" in opened.page.inner_text(".br-county-panel")


def test_a_county_without_figures_has_no_colour(results: SimpleNamespace, show: Any) -> None:
    shown = SimpleNamespace(**{**vars(results), "indicators": results.indicators.iloc[1:]})
    opened = show(shown, fragment="#k=base%3A%7Ereached&v=28_107_7")
    assert opened.page.evaluate("borderreach.scene.colouring") == "base:~reached"
    first = "borderreach.scene.items.get('counties').layer.getLayers()[0].options.fillColor"
    assert opened.page.evaluate(first) == style.NO_VALUE_COLOUR
    opened.page.evaluate(
        "code => borderreach.scene.select(code)", int(results.border_counties["adcode"].iloc[0])
    )
    assert "常住人口" not in opened.page.inner_text(".br-county-panel")
    assert opened.messages == []


def test_groups_of_many_layers_have_all_and_none(results: SimpleNamespace, show: Any) -> None:
    lines = results.corridors
    many = pd.concat(
        [lines.assign(corridor_id=lines["corridor_id"] + str(i)) for i in range(5)], ignore_index=True
    )
    stops = results.corridor_stops
    all_stops = pd.concat(
        [stops.assign(corridor_id=stops["corridor_id"] + str(i)) for i in range(5)], ignore_index=True
    )
    shown = {**vars(results), "corridors": many, "corridor_stops": all_stops}
    opened = show(SimpleNamespace(**shown))
    group = opened.page.locator('[data-group="corridors"]')
    assert not group.evaluate("e => e.open")  # ten corridors would fill the panel
    assert group.locator(".br-count").inner_text() == "10/10"
    unfold(opened, "corridors")
    group.locator("button >> nth=1").click()
    assert group.locator(".br-count").inner_text() == "0/10"
    assert not opened.layer("corridor-yys3")
    group.locator("button >> nth=0").click()
    assert opened.layer("corridor-yys3")
    assert opened.messages == []


def test_an_area_that_a_scenario_leaves_as_it_is_stands_on_the_page_once(
    results: SimpleNamespace, show: Any
) -> None:
    """Zones whose scenario is their base are drawn in both, and held in one."""
    base = results.zones[results.zones["scenario"] == "base"]
    same = pd.concat([base, base.assign(scenario="all")], ignore_index=True)
    opened = show(SimpleNamespace(**{**vars(results), "zones": same}))
    held = opened.page.evaluate("JSON.parse(document.getElementById('study-data').textContent).zones")
    assert len(held) == len(base)
    for row in held:
        assert row["base"]
        assert row["after"] is None
        assert row["gained"] == row["edge"] == []
    opened.page.check('[data-layer="zones-after"]')
    opened.page.click('[data-view="after"]')
    assert opened.layer("zones-after")
    key = int(base["centre_id"].iloc[0])
    opened.page.evaluate("code => borderreach.scene.select(code)", key)
    drawn = "borderreach.scene.items.get('selected-zone').layer.getLayers().length"
    assert opened.page.evaluate(drawn) == 1
    assert opened.messages == []
