"""What a what-if tells of itself: its colours, lines that don't count, values that can't be, names in the reader's language, odd links."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import borderreach as br
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

from ..conftest import Opened

pytestmark = pytest.mark.browser

#: A railway between the capitals, and one in the hills, far from any road.
LINES = """() => {
  borderreach.whatIf.state.lines.push(
    { name: "快线", mode: "rail", kph: 300, perDay: 100, stops: [{ name: "甲", at: [29.56, 106.55] }, { name: "乙", at: [28.13, 106.83] }, { name: "丙", at: [26.65, 106.63] }] },
    { name: "山线", mode: "rail", kph: 300, perDay: 100, stops: [{ name: "丁", at: [29.0, 95.0] }, { name: "戊", at: [29.6, 95.4] }] });
  borderreach.whatIf.words();
}"""


@pytest.fixture
def opened(asked: Path, open_file: Callable[..., Opened]) -> Opened:
    opened = open_file(asked)
    opened.page.click(".br-what-if-button")
    return opened


def settled(page: Any) -> None:
    # a change is drawn with the next frame
    page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")


def test_colours_are_explained_where_they_are_seen(opened: Opened) -> None:
    page = opened.page
    assert page.locator(".br-wi-reach tbody .br-swatch").count() == 2
    assert page.locator(".br-wi-key").count() == 0
    page.evaluate(LINES)
    key = page.inner_text(".br-wi-key")
    assert "新增" in key
    assert "试算后的圈" in key
    assert "失去" not in key
    page.evaluate(
        "() => { borderreach.whatIf.state.lines.splice(0, 1); borderreach.whatIf.words(); }"
    )  # nothing but the line that doesn't count
    assert page.locator(".br-wi-key").count() == 0
    page.check('[data-corridor="yanyinsong-expressway"]')  # open already: it's in today's network
    assert "圈没有变化" in page.inner_text(".br-wi-results")
    page.evaluate(
        "() => { for (let link = 0; link < 300; link += 1) borderreach.whatIf.state.closed.add(link); borderreach.whatIf.words(); }"
    )
    assert opened.messages == []


def test_lines_that_do_not_count_are_told_beside_the_results_and_not_saved(
    opened: Opened, tmp_path: Path
) -> None:
    page = opened.page
    page.evaluate(LINES)
    told = page.inner_text(".br-wi-results")
    assert "未计入：山线" in told
    assert "快线" not in told
    with page.expect_download() as saved:
        page.click('[data-act="toml"]')
    saved.value.save_as(tmp_path / "corridors.toml")
    assert [line.name for line in br.read_corridors(tmp_path / "corridors.toml")] == ["快线"]
    page.evaluate("() => { borderreach.whatIf.state.lines.shift(); borderreach.whatIf.words(); }")
    assert page.locator('[data-act="toml"]').count() == 0  # a file without a line is none
    page.evaluate("() => { borderreach.whatIf.state.lines = []; borderreach.whatIf.words(); }")
    assert "未计入" not in page.inner_text(".br-wi-results")


def test_a_field_shows_what_is_reckoned_with(opened: Opened) -> None:
    page = opened.page
    page.evaluate(LINES)
    for field, typed, kept in (
        ("kph", "0", 300), ("kph", "-5", 300), ("kph", "", 300), ("kph", "9999", 300), ("kph", "250", 250),
        ("perDay", "0", 100), ("perDay", "-5", 100), ("perDay", "1e9", 100), ("perDay", "40", 40), ("perDay", "", None),
    ):  # fmt: skip
        page.fill(f'[data-line="0-{field}"]', typed)
        page.keyboard.press("Tab")
        assert page.evaluate(f"borderreach.whatIf.state.lines[0].{field}") == kept
        assert page.input_value(f'[data-line="0-{field}"]') == ("" if kept is None else str(kept))


def test_names_that_the_page_gave_follow_its_language(opened: Opened) -> None:
    page = opened.page
    page.evaluate(
        "() => { borderreach.whatIf.state.lines.push({ name: '廊道 1', mode: 'rail', kph: 300, perDay: 100, stops: ["
        "{ name: '重庆市', at: [29.56, 106.55] }, { name: '第 2 站', at: [28.1, 106.8] }, { name: '我的站', at: [26.65, 106.63] }] });"
        " borderreach.whatIf.words(); }"
    )
    page.click('[data-edit="yugui-hsr"]')
    stops = '[data-line^="0-stop"]'
    names = "borderreach.whatIf.state.lines.map((line) => line.name)"
    before = page.evaluate(names)
    page.click(".br-language")
    first, edited = page.evaluate(names)
    assert first == "Corridor 1"
    assert edited.endswith("(edited)")
    shown = [each.input_value() for each in page.locator(stops).all()]
    assert shown == ["Chongqing", "Stop 2", "我的站"]  # the reader's own names stay
    handles = page.locator(".br-handle-stop .br-handle-name").all_text_contents()
    assert handles[:3] == shown
    page.click(".br-language")
    assert page.evaluate(names) == before
    assert page.evaluate("borderreach.whatIf.state.lines[0].stops.map((stop) => stop.name)") == [
        "重庆市", "第 2 站", "我的站",
    ]  # fmt: skip


def test_a_centre_set_down_on_another_is_no_tap_on_the_map(opened: Opened) -> None:
    page = opened.page
    page.evaluate(
        "() => { const { places } = borderreach.whatIf.state; places[1].at = [places[0].at[0] - 1.2, places[0].at[1]]; borderreach.whatIf.words(); }"
    )
    boxes = [each.bounding_box() for each in page.locator(".br-handle-centre").all()]
    (x, y), (to_x, to_y) = ((box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x + (to_x - x) * step / 10, y + (to_y - 3 - y) * step / 10)
    page.mouse.up()
    settled(page)
    assert page.evaluate("borderreach.whatIf.state.here") is None
    assert page.evaluate("borderreach.whatIf.state.moved()")
    # the next tap is one
    page.wait_for_timeout(50)
    page.mouse.click(*opened.pixel(107.2, 27.6))
    settled(page)
    assert page.evaluate("borderreach.whatIf.state.here !== null")


def test_places_of_an_odd_link_are_left_aside(opened: Opened) -> None:
    page = opened.page
    seen = "[...Object.values(borderreach.map.getCenter()), borderreach.map.getZoom()]"
    before = page.evaluate(seen)
    for place in ("1e9_1e9_1e9", "28_107_1e300", "a_b_c", "28_1e9_7"):
        page.evaluate(f"void (location.hash = '#v={place}')")
        page.wait_for_timeout(30)
        assert page.evaluate(seen) == pytest.approx(before)
    assert opened.messages == []


def test_a_place_in_focus_is_seen(opened: Opened) -> None:
    page = opened.page
    page.focus(".leaflet-marker-icon:has(.br-handle-centre)")
    page.keyboard.press("ArrowRight")
    ring = page.evaluate(
        "() => { const style = getComputedStyle(document.activeElement.querySelector('.br-handle')); return [style.outlineStyle, parseFloat(style.outlineWidth)]; }"
    )
    assert ring == ["solid", 3]


def test_what_a_study_without_plans_does_not_have_is_not_shown(
    results: SimpleNamespace, tmp_path: Path, open_file: Callable[..., Opened]
) -> None:
    """As a study has it: minutes with plans are today's where nothing is planned."""
    times = results.county_times.assign(
        scenario_min=results.county_times["base_min"], delta_min=0.0, scenario_inside=results.county_times["base_inside"]
    )  # fmt: skip
    of_today = (
        "isochrones",
        "circles",
        "road_circles",
        "slider_circles",
        "zones",
        "zone_counties",
        "circle_people",
        "road_circle_people",
    )
    tables = {name: getattr(results, name) for name in of_today}
    now = {
        **{name: table[table["scenario"] == "base"] for name, table in tables.items()},
        "corridors": results.corridors.iloc[:0], "corridor_stops": results.corridor_stops.iloc[:0],
        "scenario_names": {"base": "现状"}, "county_times": times,
    }  # fmt: skip
    shown = SimpleNamespace(**{**vars(results), **now})
    opened = open_file(save_map(study_map(shown), tmp_path / "map.html"), width=1024, height=768)
    opened.page.evaluate("borderreach.scene.select(500110)")
    for panel in (".br-county-panel table >> nth=0", ".br-legend"):
        told = opened.page.locator(panel).text_content()
        assert told
        assert "规划后" not in told
        assert "→" not in told
    # the report's first sentence: how many seats of border counties lie in the circle
    inside = times[times["base_inside"]].drop_duplicates("adcode")
    assert f"{len(inside)} / {len(shown.border_counties)}" in opened.page.inner_text(".br-finding")
