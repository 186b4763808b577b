"""The page in a real browser: opened from a file, with every request but the file's own stopped."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import shapely

from ..test_layers import bare, changed

pytestmark = pytest.mark.browser
EVIL = '<img src=x onerror="window.pwned=1">'


def test_it_opens_without_a_network_and_shows_every_layer(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    for name in ("provinces", "counties", "borders", "junctions", "centres", "circle-60-base", "circle-120-base",
                 "circle-120-after", "circle-120-gained", "corridor-yys", "corridor-cqgy"):  # fmt: skip
        assert opened.layer(name), name
    text = opened.page.inner_text("body")
    for words in (
        "渝黔边界地区的可达性",
        "时间由模型估算",
        "120 分钟圈",
        "OpenStreetMap contributors",
        "渝贵高铁",
        "100 km",
    ):
        assert words in text, words
    # Something is drawn: many colours lie on the canvas.
    colours = opened.page.evaluate(
        "() => { const c = document.querySelector('canvas'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; const seen = new Set();"
        " for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);"
        " return seen.size; }"
    )
    assert colours > 20
    assert opened.messages == []


def test_chinese_is_drawn_with_a_font_that_has_it(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    # Two different characters have one and the same picture where a font lacks both.
    same = opened.page.evaluate(
        "() => { const draw = text => { const c = document.createElement('canvas'); c.width = c.height = 40;"
        " const p = c.getContext('2d'); p.font = '30px ' + getComputedStyle(borderreach.map.getContainer()).fontFamily;"
        " p.fillText(text, 2, 32); return c.toDataURL(); }; return draw('渝') === draw('黔'); }"
    )
    if same:
        pytest.skip("no font with Chinese characters is installed")
    assert opened.page.get_attribute("html", "lang") == "zh-CN"


def test_boxes_show_and_hide_layers(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    for name in ("circle-120-base", "circle-60-gained", "corridor-cqgy", "counties", "provinces"):
        box = opened.page.locator(f'[data-layer="{name}"]')
        assert box.is_checked()
        box.uncheck()
        assert not opened.layer(name)
        opened.page.locator(f'[data-layer="{name}"]').check()
        assert opened.layer(name)
    for name in ("zones-base", "zones-after", "zones-gained"):
        assert not opened.layer(name)
        opened.page.locator(f'[data-layer="{name}"]').check()
        assert opened.layer(name)
    assert not opened.layer("centre-500000-60-base")
    opened.page.click("summary >> text=单中心等时圈")
    opened.page.locator('[data-layer="centre-500000-60-base"]').check()
    assert opened.layer("centre-500000-60-base")
    assert opened.messages == []


def test_before_and_after_by_one_click(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    columns = ("base", "after", "gained")

    def state() -> list[bool]:
        return [opened.layer(f"circle-120-{column}") for column in columns]

    opened.page.click('[data-view="base"]')
    assert state() == [True, False, False]
    assert not opened.layer("corridor-cqgy")
    opened.page.click('[data-view="after"]')
    assert state() == [False, True, False]
    assert opened.layer("corridor-cqgy")
    # Alone, the circle after is filled like the one before.
    filled = (
        "() => borderreach.scene.items.get('circle-120-after').layer.getLayers()"
        ".map(layer => layer.options.fill ? layer.options.fillOpacity : null)"
    )
    assert opened.page.evaluate(filled) == [0.75]
    opened.page.click('[data-view="compare"]')
    assert state() == [True, True, True]
    assert opened.page.evaluate(filled) == [None]  # a line: only where the edge is new
    assert opened.page.get_attribute('[data-view="compare"]', "aria-pressed") == "true"


def test_a_tooltip_shows_the_tables_own_figures(
    results: SimpleNamespace, times: pd.DataFrame, show: Any
) -> None:
    opened = show(results)
    county = results.border_counties[results.border_counties["name"] == "正安县"].iloc[0]
    opened.page.mouse.move(*opened.pixel(county["lon"], county["lat"]))
    tooltip = opened.page.locator(".br-tooltip")
    tooltip.wait_for()
    text = tooltip.inner_text()
    assert "正安县" in text
    assert "相邻 重庆市" in text
    assert f"{county['border_km']:.0f} km" in text
    for row in times[times["adcode"] == county["adcode"]].itertuples():
        assert f"至 {row.centre_name}：{row.base_min:.1f} 分钟 → {row.scenario_min:.1f} 分钟" in text
        assert f"−{abs(row.delta_min):.1f}" in text


def test_search_and_panel(results: SimpleNamespace, times: pd.DataFrame, show: Any) -> None:
    opened = show(results)
    opened.page.fill("input[type=search]", "綦江")
    opened.page.keyboard.press("Enter")
    panel = opened.page.locator(".br-county-panel").inner_text()
    assert "綦江区" in panel
    rows = times[times["name"] == "綦江区"]
    assert len(rows) == 2
    for row in rows.itertuples():
        assert f"{row.base_min:.1f}" in panel
        assert f"{row.scenario_min:.1f}" in panel
    zone = results.zones[
        (results.zones["centre_name"] == "綦江区") & (results.zones["scenario"] == "base")
    ].iloc[0]
    assert f"{zone['area_km2']:,.0f} km²" in panel
    drawn = "borderreach.scene.items.get('selected-zone').layer.getLayers().length"
    assert opened.page.evaluate(drawn) == 3
    opened.page.click(".br-close")
    assert opened.page.evaluate(drawn) == 0
    assert opened.page.locator(".br-county-panel").is_hidden()
    opened.page.fill("input[type=search]", "没有这个县")
    assert "没有找到" in opened.page.inner_text(".br-found")


def test_leaving_the_search_closes_its_list_unless_one_comes_back(
    results: SimpleNamespace, show: Any
) -> None:
    opened = show(results)
    listed = opened.page.locator(".br-found")
    opened.page.fill("input[type=search]", "正安")
    opened.page.evaluate(
        "() => { const input = document.querySelector('input[type=search]'); input.blur(); input.focus();"
        " input.value = '綦江'; input.dispatchEvent(new Event('input')); }"
    )
    opened.page.wait_for_timeout(400)  # longer than the list waits before it closes
    assert "綦江区" in listed.inner_text()
    opened.page.evaluate("document.querySelector('input[type=search]').blur()")
    listed.wait_for(state="hidden")


def test_counties_are_coloured_by_their_minutes(
    results: SimpleNamespace, times: pd.DataFrame, show: Any
) -> None:
    opened = show(results)
    opened.page.select_option("select", "base:520100")
    legend = opened.page.inner_text(".br-layers .br-classes")
    minutes = times[times["centre_id"] == "520100"]["base_min"]
    counts = pd.cut(minutes, [0, 30, 60, 90, 120, 150, 180, 240, 10_000]).value_counts(sort=False)
    assert [int(line.split()[-1]) for line in legend.splitlines()] == counts.tolist()
    opened.page.select_option("select", "gain:500000")
    assert "≤ 0.5" in opened.page.inner_text(".br-layers .br-classes")
    opened.page.select_option("select", "none")
    assert opened.page.locator(".br-layers .br-classes").count() == 0
    assert opened.messages == []


def test_english_by_one_click(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    opened.page.click(".br-language")
    text = opened.page.inner_text("body")
    assert "Chongqing–Guizhou border region" in text
    assert "Times are modelled" in text
    assert opened.page.get_attribute("html", "lang") == "en"
    opened.page.click(".br-language")
    assert "时间由模型估算" in opened.page.inner_text("body")


def test_english_has_english_names_of_corridors_and_its_own_punctuation(
    results: SimpleNamespace, show: Any
) -> None:
    names = {"yys": "Yanhe–Songtao expressway"}
    opened = show(changed(results, corridor_names_en=names, attribution=["roads"], notes=["none"]))
    assert "沿河—印江—松桃高速公路（" in opened.page.text_content(".br-layers")
    opened.page.click(".br-language")
    layers = opened.page.text_content(".br-layers")
    assert "Yanhe–Songtao expressway (" in layers
    assert "沿河—印江—松桃高速公路" not in layers
    opened.page.fill("input[type=search]", "綦江")
    opened.page.keyboard.press("Enter")
    panel = opened.page.text_content(".br-county-panel")
    assert "Yanhe–Songtao expressway" in panel
    assert "Neighbours: Guizhou" in panel
    assert not set("（）：，") & set(layers + panel)
    assert opened.messages == []


def test_a_name_with_markup_stays_text_everywhere(results: SimpleNamespace, show: Any) -> None:
    def rename(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
        frame = frame.copy()
        frame[list(columns)] = EVIL
        return frame

    evil = changed(
        results,
        study=SimpleNamespace(name="x", title=EVIL, title_en=EVIL, description=EVIL, circle_min=120.0),
        provinces=rename(results.provinces, "name"),
        border_counties=rename(results.border_counties, "name", "city", "province", "neighbour_provinces"),
        borders=rename(results.borders, "province_a", "province_b"),
        junctions=rename(results.junctions, "provinces"),
        centres=rename(results.centres, "origin_name"),
        isochrones=rename(results.isochrones, "origin_name"),
        zones=rename(results.zones, "centre_name"),
        zone_counties=rename(results.zone_counties, "name"),
        crossings=rename(results.crossings, "county_a", "county_b", "road_class"),
        gaps=rename(results.gaps, "county", "beyond_county"),
        changes=rename(results.changes, "change_id", "name"),
        claims=rename(results.claims, "words", "reading", "unit", "compare", "verdict_text", "flip", "method"),
        county_times=rename(results.county_times, "centre_name"),
        corridors=rename(results.corridors, "name", "mode", "status", "source"),
        corridor_stops=rename(results.corridor_stops, "stop_name"),
        scenario_names={"base": EVIL, "all": EVIL}, attribution=[EVIL], notes=[EVIL],
        corridor_names_en=dict.fromkeys(results.corridors["corridor_id"], "EN" + EVIL),
    )  # fmt: skip
    opened = show(evil)
    county = results.border_counties.iloc[3]
    stop = results.corridor_stops.iloc[1]
    opened.page.mouse.move(*opened.pixel(county["lon"], county["lat"]))
    opened.page.locator(".br-tooltip").first.wait_for()
    assert EVIL in opened.page.locator(".br-tooltip").first.inner_text()
    opened.page.mouse.click(*opened.pixel(county["lon"], county["lat"]))
    opened.page.mouse.move(*opened.pixel(stop["lon"], stop["lat"]))
    opened.page.fill("input[type=search]", "img")
    assert EVIL in opened.page.inner_text(".br-found")
    opened.page.keyboard.press("Enter")
    for closed in opened.page.locator(".br-layers summary").all():
        closed.click()
    opened.page.select_option("select", "gain:500000")
    assert EVIL in opened.page.inner_text(".br-county-panel")
    for name in ("crossings", "gaps", "claims"):
        opened.page.locator(f'[data-layer="{name}"]').check()
    for spot in (results.crossings.geometry.iloc[1], shapely.Point(results.gaps.geometry.iloc[0].coords[0])):
        opened.page.mouse.move(*opened.pixel(spot.x, spot.y))
        assert EVIL in opened.page.locator(".br-tooltip").first.inner_text()
    opened.page.click('[data-claim="door"]')
    assert EVIL in opened.page.inner_text(".br-county-panel")
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")  # the legend for paper
    assert EVIL in opened.page.inner_text(".br-legend")
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    opened.page.click(".br-language")
    assert opened.page.evaluate("window.pwned") is None
    assert opened.page.locator("img[src=x]").count() == 0
    assert [
        message for message in opened.messages if "pwned" in message or "Content Security" in message
    ] == []
    assert len(opened.requests) == 1


def test_a_phone_shows_title_and_map_with_layers_folded(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=390, height=844)
    fold = opened.page.locator(".br-fold")
    assert fold.get_attribute("aria-expanded") == "false"
    title, layers = (opened.page.locator(name).bounding_box() for name in (".br-title", ".br-layers"))
    assert layers["y"] >= title["y"] + title["height"]
    fold.click()
    assert opened.page.locator('[data-layer="counties"]').count() == 1
    assert opened.page.locator(".br-layers").bounding_box()["width"] <= 390
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert opened.messages == []


def test_a_countys_panel_on_a_phone_covers_no_credit_and_is_not_covered(
    results: SimpleNamespace, show: Any
) -> None:
    opened = show(results, width=390, height=844)
    opened.page.fill("input[type=search]", "綦江")
    opened.page.keyboard.press("Enter")
    on_top = (
        "name => { const element = document.querySelector(name), box = element.getBoundingClientRect();"
        " return [0.1, 0.5, 0.9].map(x => [0.1, 0.5, 0.9].map(y => element.contains(document.elementFromPoint("
        "box.left + x * box.width, box.top + y * box.height)))).flat().every(Boolean); }"
    )
    for name in (".br-county-panel", ".leaflet-control-attribution"):
        assert opened.page.evaluate(on_top, name), name
    county = results.border_counties[results.border_counties["name"] == "綦江区"].iloc[0]
    _, y = opened.pixel(county["lon"], county["lat"])
    assert y < opened.page.locator(".br-county-panel").bounding_box()["y"]


def test_every_control_has_a_name_for_screen_readers(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    unnamed = opened.page.evaluate(
        "() => [...document.querySelectorAll('input, select, button')].filter(e =>"
        " !(e.getAttribute('aria-label') || e.textContent.trim())).map(e => e.outerHTML)"
    )
    assert unnamed == []


def test_a_study_with_nothing_but_provinces_opens(results: SimpleNamespace, show: Any) -> None:
    opened = show(bare(results))
    assert opened.layer("provinces")
    assert "省域" in opened.page.inner_text(".br-layers")
    assert opened.messages == []
