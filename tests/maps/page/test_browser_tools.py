"""Swipe, slider, link, print, keys: what a reader does with the page, in a real browser without a network."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import borderreach as br
from borderreach.geo.crs import area_km2
from borderreach.maps import style

from ..conftest import STEPS

pytestmark = pytest.mark.browser


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def circle(results: SimpleNamespace, scenario: str, cutoff: float) -> Any:
    table = results.slider_circles
    return table[(table["scenario"] == scenario) & (table["cutoff_min"] == cutoff)].iloc[0]


def drawn_km2(opened: Any, name: str) -> float:
    """Area of a layer that is on the map, from the page's own coordinates."""
    parts = opened.page.evaluate(
        "name => { const parts = []; const add = l => l.getLayers ? l.getLayers().forEach(add)"
        " : l instanceof L.Polygon && parts.push(...l.getLatLngs());"
        " add(borderreach.scene.items.get(name).layer);"
        " return parts.map(rings => rings.map(ring => ring.map(p => [p.lng, p.lat]))); }",
        name,
    )
    shapes = [shapely.Polygon(rings[0], rings[1:]) for rings in parts]
    return float(area_km2(gpd.GeoSeries(shapes, crs=4326)).sum())


def slide(opened: Any, step: int) -> None:
    opened.page.locator('[data-slider="minutes"]').evaluate(
        "(input, step) => { input.value = step; input.dispatchEvent(new Event('input'));"
        " input.dispatchEvent(new Event('change')); }",
        step,
    )


def test_the_slider_moves_the_circle(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    for step, cutoff in enumerate(STEPS):
        slide(opened, step)
        assert drawn_km2(opened, "slider-base") == pytest.approx(
            circle(results, "base", cutoff)["area_km2"], rel=0.03
        )
        assert f"{cutoff:g} 分钟圈" in opened.page.inner_text(".br-slider output")
        base, after = (f"{circle(results, s, cutoff)['area_km2']:,.0f} km²" for s in ("base", "all"))
        assert f"{base} → {after}" in opened.page.inner_text(".br-slider-area")
    assert opened.layer("slider-gained")
    assert not opened.layer("circle-120-base")
    opened.page.uncheck('[data-slider="on"]')
    assert not opened.layer("slider-base")
    assert opened.layer("circle-120-base")
    assert opened.messages == []


def test_the_slider_moves_by_keys(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    opened.page.focus('[data-slider="minutes"]')
    for expected in STEPS[1:]:
        opened.page.keyboard.press("ArrowRight")
        assert opened.page.evaluate("borderreach.scene.minutes") == expected
        assert opened.page.evaluate("document.activeElement.getAttribute('data-slider')") == "minutes"
    shown = opened.page.get_attribute('[data-slider="minutes"]', "aria-valuetext")
    assert shown == f"{STEPS[-1]:g} 分钟圈"


def test_the_swipe_shows_before_on_one_side_and_after_on_the_other(
    results: SimpleNamespace, show: Any
) -> None:
    opened = show(results)
    base = circle(results, "base", 120)["geometry"]
    gained = circle(results, "all", 120)["geometry"].difference(base.buffer(0.02)).buffer(-0.03)
    # A place that only the scenario reaches, away from counties and lines that lie above.
    gained = (
        gained.intersection(shapely.union_all(list(results.provinces.geometry)))
        .difference(shapely.union_all(list(results.border_counties.geometry)).buffer(0.03))
        .difference(shapely.union_all(list(results.corridors.geometry)).buffer(0.1))
    )
    spot = max(shapely.get_parts(gained), key=lambda part: part.area).representative_point()
    x, _ = opened.pixel(spot.x, spot.y)
    opened.page.click('[data-view="split"]')
    line = opened.page.locator(".br-split")
    share = x / 1400
    opened.page.evaluate("at => borderreach.scene.split.move(at)", share - 0.05)
    after = opened.colour(spot.x, spot.y)
    opened.page.evaluate("at => borderreach.scene.split.move(at)", share + 0.05)
    before = opened.colour(spot.x, spot.y)
    assert before[:3] == rgb(style.LAND)
    assert after != before
    # By mouse, and by keys.
    box = line.bounding_box()
    opened.page.mouse.move(box["x"] + 14, 300)
    opened.page.mouse.down()
    opened.page.mouse.move(500, 320, steps=4)
    opened.page.mouse.up()
    assert opened.page.evaluate("borderreach.scene.split.at") == pytest.approx(500 / 1400, abs=0.002)
    line.focus()
    opened.page.keyboard.press("ArrowRight")
    assert opened.page.evaluate("borderreach.scene.split.at") == pytest.approx(500 / 1400 + 0.02, abs=0.002)
    assert line.get_attribute("aria-valuenow") == "38"
    opened.page.keyboard.press("Home")
    assert line.get_attribute("aria-valuenow") == "0"
    opened.page.click('[data-view="compare"]')
    assert line.is_hidden()


def test_a_split_map_colours_counties_by_both_states(
    results: SimpleNamespace, times: pd.DataFrame, show: Any
) -> None:
    opened = show(results)
    rows = times[times["centre_id"] == "520100"].set_index("adcode")
    classes = [
        pd.cut(rows[name], [0, 30, 60, 90, 120, 150, 180, 240, 10_000], labels=False)
        for name in ("base_min", "scenario_min")
    ]
    changed = classes[0][classes[0] != classes[1]].index
    counties = results.border_counties.set_index("adcode")
    # The largest county that changes its class, at a place clear of names and lines.
    adcode = changed[shapely.area(counties.loc[changed].geometry.to_numpy()).argmax()]
    lines = shapely.union_all(
        [*results.corridors.geometry, *results.borders.geometry, *results.corridor_stops.geometry]
    ).buffer(0.08)
    inner = counties.loc[adcode, "geometry"].buffer(-0.04).difference(lines)
    spot = max(shapely.get_parts(inner), key=lambda part: part.area).representative_point()
    opened.page.select_option("[data-colouring]", "base:520100")
    opened.page.click('[data-view="split"]')
    for share, state in ((1, 0), (0, 1)):
        opened.page.evaluate("at => borderreach.scene.split.move(at)", share)
        assert opened.colour(spot.x, spot.y)[:3] == rgb(style.MINUTE_COLOURS[classes[state][adcode]])


def test_a_link_brings_back_what_was_seen(results: SimpleNamespace, show: Any, open_file: Any) -> None:
    opened = show(results)
    opened.page.click('[data-view="split"]')
    opened.page.locator('[data-layer="junctions"]').uncheck()
    opened.page.locator('[data-layer="zones-base"]').check()
    slide(opened, 1)
    opened.page.select_option("[data-colouring]", "after:500000")
    opened.page.evaluate("borderreach.scene.select(500110); borderreach.scene.split.move(0.4)")
    opened.page.evaluate("void borderreach.map.setView([28.5, 107], 8.5, {animate: false})")
    opened.page.click(".br-language")
    opened.page.click(".br-share-button")
    link = opened.page.input_value(".br-share input")
    assert link.startswith(opened.path.as_uri() + "#")
    state = (
        "() => { const s = borderreach.scene, m = borderreach.map, c = m.getCenter();"
        " return [[...s.items.values()].filter(i => i.on).map(i => i.id), s.view, s.minutes, s.colouring, s.selected,"
        " s.split.at, m.getZoom(), +c.lat.toFixed(3), +c.lng.toFixed(3), document.documentElement.lang]; }"
    )
    again = open_file(opened.path, fragment="#" + link.split("#")[1])
    assert again.page.evaluate(state) == opened.page.evaluate(state)
    assert again.page.evaluate(state)[-1] == "en"
    assert "Qijiang" in again.page.inner_text(".br-county-panel")
    assert again.messages == opened.messages == []


@pytest.mark.parametrize(
    "fragment",
    [
        "#v=x_y&m=nothing&s=9&t=77&l=no-such*layer&k=base:none&c=1&g=fr",
        "#",
        "#<img src=x>",
        "#v=28_107_99",
        "#g=constructor&k=constructor:constructor&m=constructor&c=constructor",
    ],
)
def test_a_link_that_does_not_fit_is_left_aside(results: SimpleNamespace, show: Any, fragment: str) -> None:
    opened = show(results, fragment=fragment)
    assert opened.layer("circle-120-base")
    assert opened.page.evaluate("[borderreach.scene.view, borderreach.scene.selected]") == ["compare", None]
    assert opened.messages == []
    assert opened.page.inner_text(".br-language") in (
        "English",
        "中文",
    )  # words of a language that the page has


def test_the_county_panel_shows_the_tables_own_figures(
    results: SimpleNamespace, times: pd.DataFrame, show: Any
) -> None:
    opened = show(results)
    county = results.border_counties[results.border_counties["name"] == "正安县"].iloc[0]
    opened.page.mouse.click(*opened.pixel(county["lon"], county["lat"]))
    panel = opened.page.inner_text(".br-county-panel")
    assert county["name"] in panel
    assert county["neighbour_provinces"] in panel
    assert f"{county['border_km']:.0f} km" in panel
    rows = times[times["adcode"] == county["adcode"]]
    for row in rows.itertuples():
        for figure in (f"{row.base_min:.1f} 分钟", f"{row.scenario_min:.1f} 分钟", f"−{-row.delta_min:.1f}"):
            assert figure in panel
        assert f"120 分钟圈{'内' if row.base_inside else '外'}" in panel
    gains = results.comparison[results.comparison["origin_id"] == str(county["adcode"])].iloc[0]
    for name, column in (
        ("沿河—印江—松桃高速公路", "contribution_yys_min"),
        ("渝贵高铁", "contribution_cqgy_min"),
    ):
        line = re.search(rf"{name}\s*(−[\d.]+) 分钟", panel)
        assert line is not None
        assert line[1] == f"−{-gains[column]:.1f}"
    nearest = [
        next((f"{c} 分钟圈" for c in (60, 120) if v <= c), "120 分钟圈外")
        for v in (rows["base_min"].min(), rows["scenario_min"].min())
    ]
    assert f"{nearest[0]} → {nearest[1]}" in panel


def test_search_by_keys(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    field = opened.page.locator("input[type=search]")
    field.focus()
    opened.page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-expanded") == "true"
    assert opened.page.locator(".br-found button").count() == min(40, len(results.border_counties))
    opened.page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "br-found-1"
    opened.page.keyboard.press("Enter")
    second = results.border_counties.iloc[1]
    assert opened.page.evaluate("borderreach.scene.selected") == int(second["adcode"])
    field.fill(str(results.border_counties.iloc[2]["adcode"])[:6])
    assert opened.page.locator(".br-found button").count() == 1
    opened.page.keyboard.press("Escape")
    assert field.get_attribute("aria-expanded") == "false"
    field.fill("遵义市")
    counties = results.border_counties
    assert set(opened.page.locator(".br-found button").all_inner_texts()) == {
        f"{row.name} {row.province}" for row in counties[counties["city"] == "遵义市"].itertuples()
    }


def test_keys_go_through_the_page_in_reading_order(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    opened.page.focus("input[type=search]")
    stops = []
    for _ in range(10):
        stops.append(
            opened.page.evaluate(
                "(document.activeElement.getAttribute('data-view') || document.activeElement.getAttribute('data-layer')"
                " || document.activeElement.className || document.activeElement.type)"
            )
        )
        opened.page.keyboard.press("Tab")
    assert stops == [
        "search",
        "br-language",
        "br-share-button",
        "br-save-button",
        "br-print-button",
        "br-fold",
        "compare",
        "base",
        "after",
        "split",
    ]


def test_focus_stays_where_it_was_after_a_box(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    opened.page.focus('[data-layer="circle-60-gained"]')
    opened.page.keyboard.press("Space")
    assert not opened.layer("circle-60-gained")
    assert opened.page.evaluate("document.activeElement.getAttribute('data-layer')") == "circle-60-gained"


def test_the_short_legend_follows_what_is_seen(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=1024, height=768)
    legend = opened.page.locator(".br-legend")
    assert "120 分钟圈 新增" in legend.inner_text()
    opened.page.evaluate("borderreach.scene.setView('base')")
    text = legend.inner_text()
    assert "120 分钟圈 现状" in text
    assert "新增" not in text
    assert "渝贵高铁" not in text
    opened.page.evaluate("borderreach.scene.recolour('base:*')")
    assert "至最近中心，现状" in legend.inner_text()
    opened.page.click(".br-fold")
    assert legend.is_hidden()


def test_on_paper_there_is_a_map_with_its_legend_and_no_buttons(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=390, height=844)
    before = opened.page.evaluate("borderreach.map.getZoom()")
    opened.page.emulate_media(media="print")
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert opened.page.locator(".br-legend").is_visible()
    for hidden in (".leaflet-control-zoom", ".br-layers", ".br-tools", "input[type=search]"):
        assert opened.page.locator(hidden).is_hidden(), hidden
    size = opened.page.evaluate("(() => { const s = borderreach.map.getSize(); return [s.x, s.y]; })()")
    assert size == [1040, 710]
    assert "OpenStreetMap contributors" in opened.page.inner_text(".leaflet-control-attribution")
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    opened.page.emulate_media(media="screen")
    assert opened.page.evaluate("borderreach.map.getZoom()") == before
    assert opened.page.evaluate("borderreach.map.getSize().x") == 390
    assert opened.messages == []


@pytest.mark.parametrize("wide", [0.6, 2])
def test_on_paper_the_study_fills_the_room_beside_the_panels(
    results: SimpleNamespace, show: Any, wide: float
) -> None:
    shift = results.provinces.total_bounds[[0, 2]].mean() * (1 - wide)  # around where the study lies

    def stretched(frame: Any) -> Any:
        return frame.assign(geometry=frame.affine_transform([wide, 0, 0, 1, shift, 0]))

    frames = {name: stretched(getattr(results, name)) for name in ("provinces", "circles")}
    opened = show(SimpleNamespace(**{**vars(results), **frames}), context=br.provinces(), width=1024)
    page = opened.page
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    a, b, c, d = page.evaluate(
        "() => { const [[s, w], [n, e]] = JSON.parse(document.getElementById('study-data').textContent).bounds;"
        " const [a, b] = [[n, w], [s, e]].map((at) => borderreach.map.latLngToContainerPoint(at));"
        " return [a.x, a.y, b.x, b.y]; }"
    )
    title, legend = (page.locator(name).bounding_box() for name in (".br-title", ".br-legend"))
    left = title["x"] + title["width"]
    if wide > 1:
        assert legend["y"] + legend["height"] <= page.locator(".br-locator").bounding_box()["y"]
    right = 1040 if legend["x"] < 500 else legend["x"]
    assert (legend["x"] < 500) == (wide > 1)  # a wide region has the legend below the title
    assert left <= a < c <= right
    assert 0 <= b < d <= 710
    # Leaflet zooms in quarters of a step, 19 %
    assert max((c - a) / (right - left), (d - b) / 650) > 0.8
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.className") == ""


def test_the_finding_is_on_paper_whatever_was_open(show: Any, results: SimpleNamespace) -> None:
    """A sheet is as narrow as a screen on which an open list of layers takes the finding's room."""
    page = show(results, width=1440, height=900).page
    assert page.get_attribute(".br-fold", "aria-expanded") == "true"
    page.set_viewport_size({"width": 1040, "height": 710})
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.is_visible(".br-finding")
    assert page.is_visible(".br-title .br-caveat")


def test_a_countys_panel_is_whole_on_paper(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=1440, height=500)
    opened.page.fill("input[type=search]", "綦江")
    opened.page.keyboard.press("Enter")
    opened.page.emulate_media(media="print")
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    panel = opened.page.locator(".br-county-panel")
    assert "渝贵高铁" in panel.inner_text()
    assert panel.evaluate("panel => panel.scrollHeight - panel.clientHeight") <= 1


def test_on_paper_nothing_is_cut_off(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=1100, height=500)
    opened.page.evaluate(
        "() => { for (const [name, item] of borderreach.scene.items) borderreach.scene.show(name, true);"
        f" borderreach.scene.select({results.border_counties['adcode'].iloc[0]}); borderreach.scene.refresh(); }}"
    )
    panel = opened.page.locator(".br-county-panel")
    # It takes more than the sheet leaves it, and one has scrolled down.
    panel.evaluate(
        "e => { e.append(Object.assign(document.createElement('p'), { style: 'height: 350px' })); e.scrollTop = 300; }"
    )
    opened.page.emulate_media(media="print")
    opened.page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    for name in (".br-county-panel", ".br-legend"):
        box = opened.page.locator(name).evaluate(
            "e => { const b = e.getBoundingClientRect(); return [b.top, b.bottom, e.scrollHeight - e.clientHeight, e.scrollTop]; }"
        )
        assert 0 <= box[0] < box[1] <= 710, name
        assert box[2:] == [0, 0], name
    opened.page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert panel.evaluate("e => e.style.zoom") == ""
    assert opened.messages == []


def test_a_sheet_of_paper_is_enough(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    pdf = opened.page.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def test_stops_close_to_each_other_have_no_names_until_zoomed(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    names = (
        "() => [...document.querySelectorAll('.br-stop')].filter(e => e.isConnected).map(e => e.textContent)"
    )
    opened.page.evaluate("void borderreach.map.setZoom(5, {animate: false})")
    assert "印江" not in opened.page.evaluate(names)
    opened.page.evaluate("void borderreach.map.setView([28.1, 108.6], 9, {animate: false})")
    assert "印江" in opened.page.evaluate(names)


def test_names_do_not_cover_each_other(results: SimpleNamespace, show: Any) -> None:
    opened = show(results)
    for zoom in (5, 7, 8.5):
        opened.page.evaluate("zoom => { borderreach.map.setZoom(zoom, {animate: false}); }", zoom)
        boxes = opened.page.evaluate(
            "() => [...document.querySelectorAll('.br-label')].map(e => { const b = e.getBoundingClientRect();"
            " return [b.left, b.top, b.right, b.bottom]; })"
        )
        shapes = [shapely.box(*box).buffer(-2) for box in boxes]
        pairs = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        assert pairs.shape[1] == len(shapes), zoom
