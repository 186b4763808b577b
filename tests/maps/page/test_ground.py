"""Roads, towns and the way back: what a reader finds one's way by, in a real browser without a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

from borderreach.analysis.studies import WhatIf
from borderreach.geo.places import provinces
from borderreach.maps.page import _what_if

from ..conftest import Opened, until

pytestmark = pytest.mark.browser

#: Pixels of the roads' canvas that something is painted on.
INKED = (
    "() => { const c = document.querySelector('.leaflet-br-roads-pane canvas');"
    " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
    " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"
)


def labels(opened: Opened, name: str) -> list[str]:
    found: list[str] = opened.page.locator(f".{name}").all_inner_texts()
    return found


def test_roads_lie_below_by_class_and_zoom(asked_page: Opened) -> None:
    page = asked_page.page
    until(page, "borderreach.scene.roadsReady")
    far = page.evaluate(INKED)
    assert far > 5000
    page.evaluate("void borderreach.map.setView([27.5, 107], 7.75, { animate: false })")
    before = page.evaluate(INKED)
    page.evaluate("void borderreach.map.setView([27.5, 107], 8, { animate: false })")
    assert page.evaluate(INKED) > 1.15 * before  # roads below motorways come
    page.uncheck('[data-layer="roads"]')
    assert page.locator(".leaflet-br-roads-pane canvas").count() == 0
    page.check('[data-layer="roads"]')
    assert page.evaluate(INKED) > 5000
    assert asked_page.messages == []


def test_streets_to_be_left_anywhere_are_drawn_and_asked(
    results: SimpleNamespace, part: WhatIf, show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = np.ones(len(part.network.arc_exit), dtype=bool)
    streets = replace(part, network=replace(part.network, arc_exit=every))
    monkeypatch.setattr(_what_if, "MOST_CHARACTERS", 100_000)
    content = _what_if.what_if_content(streets)
    assert content is not None
    assert content["leftOut"]
    assert sum(len(content[key]) for key in ("nodes", "links")) <= 100_000
    opened = show(SimpleNamespace(**{**vars(results), "what_if": streets}))
    until(opened.page, "borderreach.scene.roadsReady")
    assert opened.page.evaluate(INKED) > 3000
    opened.page.click(".br-what-if-button")
    until(opened.page, "borderreach.whatIf.found.circles[0].km2 > 0")
    assert "只带干线公路" in opened.page.inner_text(".br-what-if")
    assert opened.messages == []


def test_home_and_limits(asked_page: Opened) -> None:
    page = asked_page.page
    state = "() => { const m = borderreach.map, c = m.getCenter(); return [c.lat, c.lng, m.getZoom()]; }"
    first = page.evaluate(state)
    page.evaluate("void borderreach.map.setView([26.5, 106], 9, { animate: false })")
    page.click(".br-home")
    assert page.evaluate(state) == pytest.approx(first)
    for _ in range(12):
        page.evaluate("void borderreach.map.zoomOut(1, { animate: false })")
    assert page.evaluate("borderreach.map.getZoom()") >= first[2] - 2
    page.evaluate("void borderreach.map.panBy([1e5, 0], { animate: false })")
    page.wait_for_timeout(600)
    assert page.evaluate("borderreach.map.getCenter().lng") < 130
    assert page.get_attribute(".br-home", "aria-label") == "回到全图"


def test_towns_are_named_where_there_is_room(asked_page: Opened, part: Any) -> None:
    towns = part.counties.iloc[part.n_border :]
    assert len(towns)
    row = towns.iloc[0]
    asked_page.page.evaluate(
        f"void borderreach.map.setView([{row.lat}, {row.lon}], 6.5, {{ animate: false }})"
    )
    assert labels(asked_page, "br-town") == []
    asked_page.page.evaluate(
        f"void borderreach.map.setView([{row.lat}, {row.lon}], 10, {{ animate: false }})"
    )
    assert row["name"] in labels(asked_page, "br-town")


def test_the_first_view_says_what_was_found(results: Any, show: Any) -> None:
    opened = show(results)
    told = opened.page.inner_text(".br-finding")
    circle = results.circles[results.circles["cutoff_min"] == 120].set_index("scenario")["area_km2"]
    people = results.circle_people[results.circle_people["cutoff_min"] == 120].set_index("scenario")["people"]
    assert f"今天有 {people['base'] / 1e4:,.0f} 万人" in told
    assert f"规划后扩大 {circle['all'] - circle['base']:,.0f} km²" in told
    row = results.county_times.loc[results.county_times["delta_min"].idxmin()]
    assert (
        f"{row['name']}到{row['centre_name']}由 {row['base_min']:.0f} 分钟减到 {row['scenario_min']:.0f} 分钟"
        in told
    )
    assert opened.page.locator(".br-finding strong").count() == 2
    tops = [
        opened.page.locator(name).first.bounding_box()["y"]
        for name in (".br-finding", ".br-title input", ".br-tools")
    ]
    assert tops == sorted(tops)  # before any control
    opened.page.click(".br-language")
    assert "The 120-minute circle of" in opened.page.inner_text(".br-finding")


def test_where_nobody_is_counted_and_nothing_planned_two_other_numbers_are_told(
    results: Any, show: Any
) -> None:
    fields = {
        **vars(results),
        "circle_people": results.circle_people.iloc[:0],
        "corridors": results.corridors.iloc[:0],
    }
    fields["circles"] = results.circles[results.circles["scenario"] == "base"]
    fields["scenario_names"] = {"base": "现状"}
    times = results.county_times.assign(scenario_min=np.nan, delta_min=np.nan, scenario_inside=False)
    opened = show(SimpleNamespace(**{**fields, "county_times": times}))
    area, inside = opened.page.locator(".br-finding strong").all_inner_texts()
    circle = fields["circles"].set_index("cutoff_min")["area_km2"][120]
    assert area == f"{circle:,.0f} km²"
    seats = times[times["base_inside"]]["adcode"].nunique()
    assert inside == f"{seats} / {times['adcode'].nunique()}"


#: The part of the window that panels take.
COVERED = (
    "() => [...document.querySelectorAll('.br-panel')].filter((p) => !p.hidden).reduce((sum, p) =>"
    " sum + p.getBoundingClientRect().width * p.getBoundingClientRect().height, 0) / innerWidth / innerHeight"
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_panels_leave_two_thirds_of_a_small_screen_whatever_is_open(
    asked: Path, open_file: Callable[..., Opened], language: str
) -> None:
    page = open_file(asked, width=1024, height=768).page
    if language == "en":
        page.click(".br-language")
    assert page.evaluate(COVERED) < 1 / 3
    assert page.locator(".br-finding").is_visible()
    page.evaluate("borderreach.scene.select([...borderreach.scene.counties.keys()][0])")
    assert page.evaluate(COVERED) < 1 / 3
    page.click(".br-fold")
    page.evaluate("for (const one of document.querySelectorAll('.br-layers details')) one.open = true")
    assert page.evaluate(COVERED) < 1 / 3
    page.click(".br-fold")
    assert page.locator(".br-finding").is_visible()
    page.click(".br-what-if-button")
    page.select_option("[data-scenario]", "all")
    page.evaluate("for (const one of document.querySelectorAll('.br-what-if details')) one.open = true")
    assert page.evaluate(COVERED) < 1 / 3


def test_the_legend_names_no_edge_that_nobody_sees(results: Any, show: Any) -> None:
    """A circle that corridors don't change has no new edge."""
    fields = dict(vars(results))
    circles = fields["circles"].copy()
    small = circles["cutoff_min"] == 60
    base, after = (circles.index[small & (circles["scenario"] == name)][0] for name in ("base", "all"))
    for column in ("geometry", "area_km2"):
        circles.loc[after, column] = circles.loc[base, column]
    opened = show(SimpleNamespace(**{**fields, "circles": circles}), width=1024, height=768)
    said = opened.page.locator(".br-legend").text_content()
    assert "60 分钟圈 现状" in said
    assert "60 分钟圈 规划后" not in said
    assert "120 分钟圈 规划后" in said
    opened.page.evaluate("borderreach.scene.setView('after')")
    assert "60 分钟圈 规划后" in opened.page.locator(".br-legend").text_content()


def test_a_locator_shows_where_it_lies(results: Any, show: Any) -> None:
    inked = (
        "() => { const c = document.querySelector('.br-locator canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n / (c.width * c.height); }"
    )
    every = provinces()
    opened = show(results, context=every)
    assert opened.page.locator(".br-locator canvas").get_attribute("aria-label") == "在全国的位置"
    assert 0.2 < opened.page.evaluate(inked) < 0.8  # land, and sea around it
    assert opened.page.evaluate(
        "borderreach.scene.items.has('national-lines')"
    )  # a map that shows the country has them
    assert opened.messages == []
    neighbours = show(results, context=every[every["short_name"].isin(["湖南", "湖北"])])
    assert not neighbours.page.evaluate("borderreach.scene.items.has('national-lines')")
    assert show(results).page.locator(".br-locator").count() == 0  # nothing around
    assert show(results, context=every, width=390, height=844).page.locator(".br-locator").is_hidden()


def test_english_has_english_names_of_places(results: Any, show: Any) -> None:
    opened = show(results)
    page = opened.page
    assert "重庆市" in labels(opened, "br-centre")
    page.click(".br-language")
    assert {"Chongqing", "Guiyang"} <= set(labels(opened, "br-centre"))
    assert {"Qijiang", "Youyang"} <= set(labels(opened, "br-county"))
    chinese = re.compile("[\u4e00-\u9fff]")
    for name in ("br-centre", "br-county", "br-stop", "br-province"):
        assert [text for text in labels(opened, name) if chinese.search(text)] == []
    assert not chinese.search(page.inner_text(".br-finding"))
    page.fill(".br-title input", "Qijiang")
    page.keyboard.press("Enter")
    assert page.inner_text(".br-county-panel h2").startswith("Qijiang")
    assert "Guizhou" in page.inner_text(".br-county-panel p >> nth=0")
    page.click(".br-language")
    assert "重庆市" in labels(opened, "br-centre")
    assert opened.messages == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768), (1440, 900)])
def test_the_first_view_is_of_the_study_and_none_of_it_under_a_panel(
    results: SimpleNamespace, show: Any, width: int, height: int
) -> None:
    opened = show(results, width=width, height=height)
    parts = [results.border_counties, results.centres, results.corridors, results.circles]
    west, south, east, north = shapely.union_all([shapely.box(*part.total_bounds) for part in parts]).bounds
    (left, top), (right, bottom) = opened.pixel(west, north), opened.pixel(east, south)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    # as large as it gets, zoomed in quarters of a step
    title = opened.page.locator(".br-title").bounding_box()
    if width > 640:
        assert title["x"] + title["width"] <= left
        assert (bottom - top) / height > 0.6
    else:
        assert title["y"] + title["height"] <= top
        assert max((right - left) / width, (bottom - top) / height) > 0.4
