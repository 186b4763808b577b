"""The page in a real browser: opened from a file, with every request but the file's own stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from borderreach.maps.leaflet import study_map
from borderreach.maps.offline import save_map

from .test_layers import bare, changed

pytestmark = pytest.mark.browser
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
EVIL = '<img src=x onerror="window.pwned=1">'


@dataclass
class Opened:
    page: Any
    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def layer(self, name: str) -> bool:
        found: bool = self.page.evaluate(
            "name => { const item = borderreach.scene.items.get(name);"
            " return !!item && !!item.layer && borderreach.map.hasLayer(item.layer); }",
            name,
        )
        return found

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        x, y = self.page.evaluate(
            "at => { const p = borderreach.map.latLngToContainerPoint(at); return [p.x, p.y]; }", [lat, lon]
        )
        return x, y


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    program = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser found (looked for {', '.join(BROWSERS)})")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Any]:
    contexts = []

    def open_page(results: Any, *, width: int = 1400, height: int = 1000, **options: Any) -> Opened:
        path = save_map(study_map(results, **options), tmp_path / "map.html")
        context = browser.new_context(viewport={"width": width, "height": height})
        contexts.append(context)
        opened = Opened(context.new_page())
        context.route(
            "**/*", lambda route: route.continue_() if route.request.url == path.as_uri() else route.abort()
        )
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.on("console", lambda message: opened.messages.append(message.text))
        opened.page.on("pageerror", lambda error: opened.messages.append(str(error)))
        opened.page.goto(path.as_uri())
        opened.page.wait_for_function(
            "window.borderreach || typeof borderreach !== 'undefined' && borderreach.map"
        )
        assert opened.requests == [path.as_uri()]
        return opened

    yield open_page
    for context in contexts:
        context.close()


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
    fill = "borderreach.scene.items.get('circle-120-after').layer.options.fillOpacity"
    assert opened.page.evaluate(fill) == 0.75
    opened.page.click('[data-view="compare"]')
    assert state() == [True, True, True]
    assert opened.page.evaluate(fill) == 0


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
    assert f"{county['border_km']:.1f} km" in text
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


def test_counties_are_coloured_by_their_minutes(
    results: SimpleNamespace, times: pd.DataFrame, show: Any
) -> None:
    opened = show(results)
    opened.page.select_option("select", "base:520100")
    legend = opened.page.inner_text(".br-classes")
    minutes = times[times["centre_id"] == "520100"]["base_min"]
    counts = pd.cut(minutes, [0, 30, 60, 90, 120, 150, 180, 240, 10_000]).value_counts(sort=False)
    assert [int(line.split()[-1]) for line in legend.splitlines()] == counts.tolist()
    opened.page.select_option("select", "gain:500000")
    assert "≤ 0.5" in opened.page.inner_text(".br-classes")
    opened.page.select_option("select", "none")
    assert opened.page.locator(".br-classes").count() == 0
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


def test_a_name_with_markup_stays_text_everywhere(results: SimpleNamespace, show: Any) -> None:
    def rename(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
        frame = frame.copy()
        frame[list(columns)] = EVIL
        return frame

    evil = changed(
        results,
        study=SimpleNamespace(name="x", title=EVIL, title_en=EVIL, description=EVIL),
        provinces=rename(results.provinces, "name"),
        border_counties=rename(results.border_counties, "name", "city", "province", "neighbour_provinces"),
        borders=rename(results.borders, "province_a", "province_b"),
        junctions=rename(results.junctions, "provinces"),
        centres=rename(results.centres, "origin_name"),
        isochrones=rename(results.isochrones, "origin_name"),
        zones=rename(results.zones, "centre_name"),
        zone_counties=rename(results.zone_counties, "name"),
        county_times=rename(results.county_times, "centre_name"),
        corridors=rename(results.corridors, "name", "mode", "status", "source"),
        corridor_stops=rename(results.corridor_stops, "stop_name"),
        scenario_names={"base": EVIL, "all": EVIL}, attribution=[EVIL], notes=[EVIL],
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
    for closed in opened.page.locator("summary").all():
        closed.click()
    opened.page.select_option("select", "gain:500000")
    assert EVIL in opened.page.inner_text(".br-county-panel")
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
