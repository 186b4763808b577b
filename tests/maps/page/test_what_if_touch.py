"""A what-if under a finger on a phone, and by the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Opened, until

pytestmark = pytest.mark.browser

AREA = "borderreach.whatIf.found.circles[1].km2"
LINES = "borderreach.whatIf.state.lines"


def settled(page: Any) -> None:
    # a change is drawn with the next frame
    page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")


@pytest.fixture
def phone(asked: Path, browser: Any) -> Iterator[Any]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, offline=True, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    messages: list[str] = []
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("console", lambda message: messages.append(message.text) if message.type == "error" else None)
    page.goto(asked.as_uri())
    until(page, "typeof borderreach !== 'undefined' && borderreach.map")
    page.tap(".br-what-if-button")
    settled(page)
    yield page
    context.close()
    assert messages == []


def drag(page: Any, start: tuple[float, float], by: tuple[float, float], *, steps: int = 6) -> None:
    """Drag a finger: real touches, as the browser gets them from a screen."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, points: list[tuple[float, float]]) -> None:
        given = [{"x": x, "y": y, "id": 1} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

    touch("touchStart", [start])
    for step in range(1, steps + 1):
        touch("touchMove", [(start[0] + by[0] * step / steps, start[1] + by[1] * step / steps)])
        settled(page)
    touch("touchEnd", [])
    settled(page)


def middle(page: Any, selector: str, nth: int = 0) -> tuple[float, float]:
    box = page.locator(selector).nth(nth).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_finger_drags_a_centre_and_the_circles_follow(phone: Any) -> None:
    before, view = phone.evaluate(AREA), phone.evaluate("borderreach.map.getCenter()")
    at = middle(phone, ".br-handle-centre")
    drag(phone, at, (25, 30))
    x, y = middle(phone, ".br-handle-centre")
    assert (x - at[0], y - at[1]) == pytest.approx((25, 30), abs=3)
    assert phone.evaluate(AREA) != before
    assert phone.evaluate("borderreach.whatIf.state.moved()")
    # the handle was dragged, not the map under it
    assert phone.evaluate("borderreach.map.getCenter()") == pytest.approx(view)
    assert "中心在原处" in phone.inner_text(".br-what-if")


def test_a_finger_drags_a_stop_and_pulls_a_new_one_out_of_the_line(phone: Any) -> None:
    phone.tap('[data-tool="draw"]')
    phone.tap('[data-mode="rail"]')
    for y in (280, 400):
        phone.touchscreen.tap(190, y)
        phone.wait_for_timeout(400)  # or two taps are one double tap
    phone.tap('[data-act="finish"]')
    before = phone.evaluate(f"{LINES}[0].stops.map((stop) => stop.at)")
    at = middle(phone, ".br-handle-stop")
    drag(phone, at, (30, -20))
    after = phone.evaluate(f"{LINES}[0].stops.map((stop) => stop.at)")
    pixel = phone.evaluate("360 / (256 * 2 ** borderreach.map.getZoom())")
    assert after[0][1] - before[0][1] == pytest.approx(30 * pixel, abs=3 * pixel)
    assert after[0][0] > before[0][0]
    assert after[1] == before[1]
    drag(phone, middle(phone, ".br-handle-middle"), (40, 0))
    assert phone.evaluate(f"{LINES}[0].stops.length") == 3
    assert phone.evaluate(f"{LINES}[0].stops[1].at") not in after


def test_a_handle_is_as_large_as_a_fingertip_where_it_is_touched(phone: Any) -> None:
    """A finger that comes down beside the dot takes it along, too."""
    for off in ((12, 0), (0, 12), (-12, 0)):
        before = phone.evaluate("borderreach.whatIf.state.places[0].at")
        x, y = middle(phone, ".br-handle-centre")
        drag(phone, (x + off[0], y + off[1]), (20, 12))
        assert phone.evaluate("borderreach.whatIf.state.places[0].at") != before


def test_all_of_it_by_keyboard(asked: Path, open_file: Callable[..., Opened]) -> None:
    page = open_file(asked).page
    press = page.keyboard.press

    def tab_to(selector: str) -> None:
        for _ in range(120):
            press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the Tab key never comes to {selector}")

    tab_to(".br-what-if-button")
    press("Enter")
    settled(page)
    assert page.evaluate("borderreach.whatIf.isOn()")
    assert page.evaluate("document.activeElement.matches('.br-what-if [data-tool=move]')")
    # a centre, by arrows
    home = page.evaluate(AREA)
    tab_to(".leaflet-marker-icon:has(.br-handle-centre)")
    for _ in range(3):
        press("ArrowRight")
    settled(page)
    assert page.evaluate(AREA) != home
    # the focus stays on it, so that the next arrow moves it on
    assert page.evaluate("document.activeElement.matches('.leaflet-marker-icon:has(.br-handle-centre)')")
    # a line from centre to centre, with a stop put between them
    tab_to('[data-tool="draw"]')
    press("Enter")
    tab_to('[data-mode="rail"]')
    press("Enter")
    for nth in (0, 1):
        page.locator(".leaflet-marker-icon:has(.br-handle-centre)").nth(nth).focus()
        press("Enter")
        settled(page)
    tab_to('[data-act="finish"]')
    press("Enter")
    assert page.evaluate(f"{LINES}[0].stops.length") == 2
    tab_to(".leaflet-marker-icon:has(.br-handle-middle)")
    press("Enter")
    settled(page)
    assert page.evaluate(f"{LINES}[0].stops.length") == 3
    before = page.evaluate(f"{LINES}[0].stops[1].at")
    stops = page.locator(".leaflet-marker-icon:has(.br-handle-stop)")
    stops.nth(1).focus()
    press("ArrowUp")
    press("ArrowUp")
    settled(page)
    assert page.evaluate(f"{LINES}[0].stops[1].at")[0] > before[0]
    # a corridor of the study, and out again
    tab_to("[data-corridor]")
    press("Space")
    settled(page)
    assert page.evaluate("borderreach.whatIf.state.corridors.size") == 1
    page.focus('[data-tool="cut"]')
    press("Enter")
    press("Escape")
    settled(page)
    assert page.get_attribute('[data-tool="move"]', "aria-pressed") == "true"
    press("Escape")
    settled(page)
    assert not page.evaluate("borderreach.whatIf.isOn()")
    assert page.evaluate("document.activeElement.matches('.br-what-if-button')")
