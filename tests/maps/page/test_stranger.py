"""What somebody who has never seen the map finds out from it alone, with the mouse and by reading."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import borderreach as br
from borderreach.analysis.corridors import Scenarios, corridor

from ..conftest import CENTRES, Opened

pytestmark = pytest.mark.browser

ENDS = [lonlat[1:] for lonlat in CENTRES.values()]


@pytest.fixture
def page(asked: Path, open_file: Callable[..., Opened]) -> Any:
    return open_file(asked, width=1440, height=900).page


def settled(page: Any) -> None:
    # a change is drawn with the next frame
    page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")


def minutes_between(page: Any) -> list[float]:
    """What stands in the panel's table of centres: today's minutes, and those of the what-if."""
    cell = page.locator(".br-wi-minutes tbody tr").nth(1).locator("td").first.inner_text()
    return [float(number) for number in re.findall(r"[\d.]+", cell)]


def test_is_tongzi_inside_the_two_hour_circle(page: Any, results: Any) -> None:
    page.fill(".br-title input", "桐梓")
    page.keyboard.press("Enter")
    said = page.inner_text(".br-county-panel")
    times = results.county_times[results.county_times["name"] == "桐梓县"]
    inside = bool(times["base_inside"].any())
    assert ("120 分钟圈内" in said) == inside
    assert f"{times['base_min'].min():.1f} 分钟" in said
    # the map is where the county is, and names it
    at = page.evaluate(
        "() => { const row = [...borderreach.scene.counties.values()].find((one) => one.name === '桐梓县');"
        " return borderreach.map.getBounds().contains(borderreach.scene.boundsOf(row)); }"
    )
    assert at


def test_what_does_the_new_railway_change(page: Any, scenarios: Scenarios) -> None:
    # the list of scenarios is the first control of the panel
    page.select_option("[data-choice]", "yugui-hsr")
    settled(page)
    today, after = minutes_between(page)
    networks = (scenarios.base, scenarios.network(["yugui-hsr"]))
    wanted = [br.travel_times(one, *ENDS)["travel_time_min"].iloc[0] for one in networks]
    assert [today, after] == pytest.approx(wanted, abs=0.1)
    # area, seats and people of the circle, each with what is gained
    row = page.locator(".br-wi-reach tbody tr").last.inner_text()
    gained = br.travel_time_circle(br.isochrones(networks[1], ENDS, cutoffs_min=120))["area_km2"].iloc[0]
    assert re.search(r"[\d,]+ km²\s*[+−][\d,]+", row)
    assert int(re.search(r"([\d,]+) km²", row)[1].replace(",", "")) == pytest.approx(gained, rel=0.01)  # type: ignore[index]


def slow_network(study: br.Corridor) -> br.TransportNetwork:
    """The roads with a study's line, all of whose trains call everywhere."""
    return br.add_corridors(br.trunk_network(), [study.model_copy(update={"services": ()})])


def test_what_if_the_railway_had_one_more_stop(page: Any, scenarios: Scenarios, tmp_path: Path) -> None:
    """The study's own line is taken over with its speed and stops, and a stop put into it on the map."""
    page.click(".br-what-if-button")
    page.click('[data-edit="yugui-hsr"]')
    settled(page)
    stops = page.evaluate("borderreach.whatIf.state.lines[0].stops")
    study = corridor("yugui-hsr")
    assert [stop["name"] for stop in stops] == [stop.name for stop in study.stops]
    assert not page.is_checked('[data-corridor="yugui-hsr"]')
    edited = minutes_between(page)[1]
    # all its trains call everywhere now; the study's fast ones leave out three stops
    networks = (scenarios.network(["yugui-hsr"]), slow_network(study))
    minutes = [br.travel_times(one, *ENDS)["travel_time_min"].iloc[0] for one in networks]
    assert edited == pytest.approx(minutes[1], abs=0.5)
    assert minutes[0] < edited < minutes[0] + 15
    # one more stop, pulled out of the line between 重庆东 and 綦江
    box = page.locator(".br-handle-middle").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 3, box["y"] + box["height"] / 2, steps=3)
    page.mouse.up()
    settled(page)
    names = page.evaluate("borderreach.whatIf.state.lines[0].stops.map((stop) => stop.name)")
    assert len(names) == len(stops) + 1
    # the whole journey takes the stop's minutes longer, and stays far below today's
    today, after = minutes_between(page)
    assert study.stop_penalty_min - 0.1 < after - edited < study.stop_penalty_min + 4
    assert after < today - 30
    with page.expect_download() as saved:
        page.click('[data-act="toml"]')
    saved.value.save_as(tmp_path / "corridors.toml")
    (line,) = br.read_corridors(tmp_path / "corridors.toml")
    assert [stop.name for stop in line.stops] == names
