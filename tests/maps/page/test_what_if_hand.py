"""What a stranger's hand does in a what-if: lines changed afterwards, choices that lead there, taps that miss, panels that stay."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..conftest import CENTRES, Opened, until

pytestmark = pytest.mark.browser

#: Boxes of all that is told by name on the map, in pixels.
NAMES = """() => [...document.querySelectorAll(".br-label, .br-handle, .br-handle-name")]
  .filter((one) => getComputedStyle(one).visibility !== "hidden" && one.getBoundingClientRect().width)
  .map((one) => {
    const b = one.getBoundingClientRect(), empty = one.classList.contains("br-handle") ? 0 : 1; // a letter's box reaches beyond its ink
    return [one.textContent, one.className, b.left + empty, b.top + 2 * empty, b.right - empty, b.bottom - 2 * empty];
  })"""
STOPS = "borderreach.whatIf.state.lines[0].stops.map((stop) => stop.name)"


@pytest.fixture
def opened(asked: Path, open_file: Callable[..., Opened]) -> Opened:
    return open_file(asked)


def settled(page: Any) -> None:
    # a change is drawn with the next frame
    page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")


def drawn_line(opened: Opened, *places: tuple[float, float]) -> None:
    page = opened.page
    page.click('[data-tool="draw"]')
    page.click('[data-mode="rail"]')
    for at in places:
        page.mouse.click(*opened.pixel(*at))
        page.wait_for_timeout(350)  # or two taps are one double tap
    page.click('[data-act="finish"]')


def middle_of(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_stops_are_inserted_reordered_and_added(opened: Opened) -> None:
    page = opened.page
    page.click(".br-what-if-button")
    drawn_line(opened, (106.9, 29.2), (107.3, 27.6))
    first, last = page.evaluate(STOPS)
    # pulled out of the line with the mouse
    x, y = middle_of(page, ".br-handle-middle")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)
    page.mouse.move(x + 45, y)
    page.mouse.up()
    settled(page)
    names = page.evaluate(STOPS)
    assert [names[0], names[2]] == [first, last]
    stops = page.evaluate("borderreach.whatIf.state.lines[0].stops.map((stop) => stop.at)")
    assert opened.pixel(stops[1][1], stops[1][0]) == pytest.approx((x + 45, y), abs=8)
    # by key
    page.focus(".leaflet-marker-icon:has(.br-handle-middle)")
    page.keyboard.press("Enter")
    assert len(page.evaluate(STOPS)) == 4
    # one stop forward, and back again
    names = page.evaluate(STOPS)
    page.click('[data-line="0-up-3"]')
    assert page.evaluate(STOPS) == [names[0], names[1], names[3], names[2]]
    assert page.evaluate("document.activeElement.dataset.line") == "0-up-3"
    page.click('[data-line="0-up-3"]')
    # a line that was ended is drawn on
    page.click('[data-line="0-extend"]')
    page.mouse.click(*opened.pixel(107.6, 27.2))
    assert page.evaluate(STOPS)[:4] == names
    assert len(page.evaluate(STOPS)) == 5
    assert len(set(page.evaluate(STOPS))) == 5
    assert opened.messages == []


def test_a_scenario_says_where_it_has_led(opened: Opened) -> None:
    page = opened.page
    page.select_option("[data-choice]", "yugui-hsr")
    chosen = page.locator("[data-scenario] option:checked").inner_text()
    assert chosen in page.inner_text(".br-notice")
    drawn_line(opened, (106.9, 29.2), (107.3, 27.6))
    assert page.locator(".br-notice").count() == 0
    # it isn't the scenario alone any more
    assert page.locator("[data-scenario] option:checked").inner_text() == chosen + "，另加所画所断"
    assert "第 2 站" in page.evaluate(STOPS) or len(page.evaluate(STOPS)) == 2
    page.click('[data-act="leave"]')
    page.click(".br-what-if-button")
    assert page.locator(".br-notice").count() == 0
    assert opened.messages == []


def test_a_tap_far_from_any_road_is_told(opened: Opened) -> None:
    page = opened.page
    page.click(".br-what-if-button")
    off = page.evaluate("borderreach.whatIf.found.off")
    page.evaluate(
        "borderreach.map.setMaxBounds(null); void borderreach.map.setView([24, 115], 6, { animate: false })"
    )
    page.mouse.click(*opened.pixel(115.5, 24))
    until(page, "borderreach.whatIf.found.off.length")
    assert off == []
    assert "30 千米内没有图中的路" in page.inner_text(".br-what-if")
    page.click('[data-act="centres"]')
    settled(page)
    assert "千米内没有图中的路" not in page.inner_text(".br-what-if")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768), (1440, 900)])
def test_nothing_is_hidden_under_the_panel_and_no_name_under_another(
    asked: Path, open_file: Callable[..., Opened], width: int, height: int
) -> None:
    opened = open_file(asked, width=width, height=height)
    page = opened.page
    seen = "[...Object.values(borderreach.map.getCenter()), borderreach.map.getZoom()]"
    before = page.evaluate(seen)
    page.click(".br-what-if-button")
    page.check('[data-corridor="yugui-hsr"]')
    page.evaluate(
        "borderreach.whatIf.state.lines.push({ name: '新线', mode: 'road', kph: 100, perDay: null, stops: ["
        "{ name: '重庆南', at: [29.5, 106.56] }, { name: '綦江', at: [29.03, 106.65] }, { name: '桐梓', at: [28.13, 106.82] },"
        " { name: '遵义', at: [27.7, 106.93] }] }); borderreach.whatIf.words()"
    )
    page.mouse.wheel(0, 0)
    settled(page)
    panels = [page.locator(name).bounding_box() for name in (".br-what-if", ".br-title")]
    if width > 640:
        assert sum(box["width"] * box["height"] for box in panels) < width * height / 2
    for centre in page.locator(".br-handle-centre").all():
        box = centre.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        assert not any(p["x"] < x < p["x"] + p["width"] and p["y"] < y < p["y"] + p["height"] for p in panels)
    named = page.evaluate(NAMES)
    assert {name for name, *_ in CENTRES.values()} <= {text for text, *_ in named}
    for i, (one, kind, *a) in enumerate(named):
        for other, kind2, *b in named[:i]:
            apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
            within = (
                "br-handle" in (kind.split()[0], kind2.split()[0]) and one == other
            )  # a handle and its own name
            handles = kind.startswith("br-handle ") and kind2.startswith(
                "br-handle "
            )  # these stand where they are
            assert apart or within or handles, (one, other)
    page.click('[data-act="leave"]')
    assert page.evaluate(seen) == pytest.approx(before)
    assert opened.messages == []


def test_close_buttons_stay_in_sight(asked: Path, open_file: Callable[..., Opened]) -> None:
    opened = open_file(asked, width=1024, height=560)
    page = opened.page
    page.evaluate("borderreach.scene.select(500110)")
    for panel, button in ((".br-county-panel", ".br-close"), (".br-what-if", '[data-act="leave"]')):
        if panel == ".br-what-if":
            page.set_viewport_size({"width": 1024, "height": 400})
            page.click(".br-what-if-button")
        scrolls = page.evaluate(
            "name => { const panel = document.querySelector(name); panel.scrollTop = 1e5; return panel.scrollTop; }",
            panel,
        )
        assert scrolls > 0
        page.locator(f"{panel} {button}").first.click(timeout=2000)
        assert page.locator(panel).is_hidden()


def test_people_who_come_into_reach_elsewhere_are_explained(opened: Opened) -> None:
    page = opened.page
    page.evaluate(
        "() => { const row = borderreach.scene.counties.get(520322);"
        " row.times.forEach((time) => { time.after = time.base; time.change = 0; }); row.figures.reached = [1e7, 1.1e7];"
        " borderreach.scene.select(520322); }"
    )
    assert "多出来的人住在别处" in page.inner_text(".br-county-panel")
    page.evaluate(
        "() => { borderreach.scene.counties.get(520322).times[0].change = -3; borderreach.scene.select(null); borderreach.scene.select(520322); }"
    )
    assert "多出来的人住在别处" not in page.inner_text(".br-county-panel")


def test_a_what_if_is_printed_without_a_legend_over_it(opened: Opened) -> None:
    page = opened.page
    page.select_option("[data-choice]", "yugui-hsr")
    page.evaluate("void window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".br-what-if").is_visible()
    assert page.locator(".br-legend").is_hidden()
    assert page.locator(".br-notice").is_hidden()
    page.evaluate("void window.dispatchEvent(new Event('afterprint'))")
    page.click('[data-act="leave"]')
    page.evaluate("void window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".br-legend").is_visible()
