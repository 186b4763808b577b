"""What a reader asks of the map, in a real browser without a network: its answers are the package's."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shapely

import borderreach as br
from borderreach.analysis.corridors import Scenarios, with_railways
from borderreach.analysis.studies import WhatIf, what_if
from borderreach.analysis.times import within_reach
from borderreach.geo.errors import NetworkError
from borderreach.maps.page._what_if import what_if_content

from ...chance import seeds
from ..conftest import CENTRES, Opened, until
from .conftest import CUTOFFS

pytestmark = pytest.mark.browser

#: What the page is asked in place of a hand: the rules that a scenario is made by, times and areas.
ASK = """
([wanted, at]) => {
  const data = window.asked || JSON.parse(document.getElementById("study-data").textContent).whatIf;
  const net = window.net = window.net || borderreach.openNetwork(data);
  const scenario = borderreach.makeScenario(net, data);
  const none = { corridors: new Set(), closed: new Set(), lines: [] };
  const places = borderreach.unpackLine(data.countiesAt, 1e-5).map((at) => ({ at, ...borderreach.accessOf(scenario.set(none), data, at, true) }));
  scenario.set({ corridors: new Set(wanted.corridors), closed: new Set(wanted.closed), lines: wanted.lines });
  const way = borderreach.accessOf(scenario, data, at);
  const time = borderreach.search(scenario, [way], Infinity);
  const circles = data.cutoffs.map((minutes, i) => {
    const discs = borderreach.discsOf(scenario, data, time, [at], minutes * 60000, way.pieces);
    const rings = borderreach.edgeOf(discs, data.cellM[i] * borderreach.ground.scale(at[0]));
    const people = borderreach.peopleIn(scenario, data, [{ at, time }], time, minutes * 60000, discs, data.cellM[i], rings);
    return { km2: borderreach.ground.km2(rings), shape: borderreach.polygonsOf(rings), people };
  });
  return {
    minutes: borderreach.minutesTo(scenario, data, time, at, places, way.pieces), circles, edge: borderreach.timeToEdge(scenario, time) / 60000,
    file: borderreach.corridorFile(wanted.lines, data.lines, "2026-01-01", "drawn"),
  };
}
"""


@pytest.fixture
def opened(asked: Path, open_file: Callable[..., Opened]) -> Opened:
    return open_file(asked)


@pytest.fixture
def asking(opened: Opened) -> Opened:
    opened.page.click(".br-what-if-button")
    return opened


def ask(opened: Opened, at: tuple[float, float], **wanted: Any) -> dict[str, Any]:
    """Ask the page for one place (lon, lat)."""
    given = {"corridors": [], "closed": [], "lines": [], **wanted}
    found: dict[str, Any] = opened.page.evaluate(ASK, [given, [at[1], at[0]]])
    return found


def place_within(
    results: SimpleNamespace, network: br.TransportNetwork, draws: np.random.Generator
) -> tuple[float, float]:
    region = results.provinces.union_all()
    west, south, east, north = region.bounds
    while True:
        at = float(draws.uniform(west, east)), float(draws.uniform(south, north))
        at = round(at[0], 5), round(at[1], 5)
        if region.contains(shapely.Point(at)) and within_reach(network, [at])[0]:
            return at


def line_near(at: tuple[float, float], draws: np.random.Generator, mode: str) -> dict[str, Any]:
    step = {"road": 0.25, "rail": 0.6, "air": 1.0}[mode]
    way = draws.uniform(0, 2 * math.pi)
    stops = [
        {
            "name": f"站{k + 1}",
            "at": [round(at[1] + k * step * math.sin(way), 5), round(at[0] + k * step * math.cos(way), 5)],
        }
        for k in range(int(draws.integers(2, 5)))
    ]
    kph = float({"road": [80, 120], "rail": [200, 350], "air": [250]}[mode][-1])
    per_day = None if mode == "road" else float(draws.integers(4, 300))
    return {"name": '新"线\\', "mode": mode, "kph": kph, "perDay": per_day, "stops": stops}


def same_times(
    found: dict[str, Any], network: br.TransportNetwork, part: WhatIf, at: tuple[float, float]
) -> int:
    """Assert the minutes that a page says of a place against the package; return how many it's sure of."""
    times = br.travel_times(network, at, part.counties)["travel_time_min"].to_numpy()
    said = np.array([np.nan if each is None else each for each in found["minutes"]])
    sure = times <= found["edge"]
    np.testing.assert_allclose(said[sure], times[sure], atol=0.1)
    assert (said >= times - 0.1)[~np.isnan(times)].all()  # beyond, the page says "at most"
    return int(sure.sum())


def same_answers(
    found: dict[str, Any],
    network: br.TransportNetwork,
    part: WhatIf,
    at: tuple[float, float],
    *,
    people: float = 1e-3,
) -> int:
    """Assert what a page says of a place against the package on the whole network; return how many times it's sure of."""
    sure = same_times(found, network, part, at)
    for circle, row in zip(
        found["circles"],
        br.isochrones(network, at, cutoffs_min=CUTOFFS)[::-1].itertuples(),
        strict=True,
    ):
        if found["edge"] >= row.cutoff_min:
            assert circle["km2"] == pytest.approx(row.area_km2, rel=0.01)
            inside = shapely.contains_xy(row.geometry, part.network.node_lon, part.network.node_lat)
            assert circle["people"] == pytest.approx(
                part.node_people[inside].sum(), rel=people, abs=1e6 * people
            )
            shape = shapely.MultiPolygon([shapely.Polygon(rings[0], rings[1:]) for rings in circle["shape"]])
            assert shape.is_valid, shapely.is_valid_reason(shape)
            assert shape.symmetric_difference(row.geometry).area < 0.02 * row.geometry.area
    return sure


def until_sure(same: Callable[[list[int]], int]) -> None:
    """Try drawn places with corridors by turns: where all lie by the part's edge, no time is sure, so draw more."""
    chosen: tuple[list[int], ...] = ([], [1], [0, 1])
    sure = sum(map(same, chosen))
    for k in range(30):
        if sure > 0:
            return
        sure = same(chosen[k % len(chosen)])
    pytest.fail("the page was sure of no time from any place")


@pytest.mark.parametrize("number", seeds(1))
def test_times_and_areas_are_the_packages(
    results: SimpleNamespace, scenarios: Scenarios, part: WhatIf, opened: Opened, number: int
) -> None:
    draws = np.random.default_rng(number)

    def same(chosen: list[int]) -> int:
        at = place_within(results, scenarios.base, draws)
        found = ask(opened, at, corridors=chosen)
        return same_answers(found, scenarios.network([scenarios.ids[k] for k in chosen]), part, at)

    until_sure(same)


@pytest.mark.parametrize("number", seeds(1))
def test_a_drawn_corridor_is_the_one_that_its_file_makes(
    results: SimpleNamespace,
    scenarios: Scenarios,
    part: WhatIf,
    opened: Opened,
    tmp_path: Path,
    number: int,
) -> None:
    draws = np.random.default_rng(number)
    for mode in ("road", "rail", "air"):
        at = place_within(results, scenarios.base, draws)
        line = line_near(at, draws, mode)
        found = ask(opened, at, corridors=[1], lines=[line])
        (tmp_path / "drawn.toml").write_text(found["file"], encoding="utf-8")
        (drawn,) = br.read_corridors(tmp_path / "drawn.toml")
        assert (drawn.name, drawn.mode, drawn.design_speed_kph) == (line["name"], mode, line["kph"])
        assert [[stop.lat, stop.lon] for stop in drawn.stops] == [stop["at"] for stop in line["stops"]]
        assert not drawn.assumed  # the file says all that the page reckoned with
        try:
            network = br.add_corridors(br.trunk_network(), ["yugui-hsr", drawn])
        except NetworkError:  # nothing lies near any stop
            network = br.add_corridors(br.trunk_network(), "yugui-hsr")
        same_answers(found, network, part, at)


def asked_of(opened: Opened, part: WhatIf) -> None:
    """Hand the page another network to be asked of."""
    content = json.dumps(what_if_content(part))
    opened.page.evaluate("content => { window.asked = JSON.parse(content); window.net = null; }", content)


@pytest.mark.parametrize("number", seeds(1))
def test_streets_may_be_entered_and_left_anywhere(
    results: SimpleNamespace, part: WhatIf, opened: Opened, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    from borderreach.maps.page import _what_if as packing

    monkeypatch.setattr(packing, "MOST_STREET_NODES", 10**6)
    monkeypatch.setattr(packing, "MOST_CHARACTERS", 10**7)
    draws = np.random.default_rng(number)
    network, roads = part.network, np.asarray((part.link_owners < 0).all(axis=1))
    # every road with a bend in its middle
    tail, head = network.link_ends
    ends = [np.column_stack([network.node_lon[at], network.node_lat[at]]) for at in (tail, head)]
    across = (ends[1] - ends[0])[:, ::-1] * [-0.15, 0.15]
    lines = np.stack([ends[0], (ends[0] + ends[1]) / 2 + across, ends[1]], axis=1)
    network = replace(
        network, arc_exit=roads[network.arc_link], link_coords=lines.reshape(-1, 2),
        link_offset=np.arange(0, 3 * len(lines) + 1, 3), access_speed_kph=12.0, max_access_km=12.0,
    )  # fmt: skip
    streets = replace(part, network=network)
    asked_of(opened, streets)

    def same(_: list[int]) -> int:
        at = place_within(results, network, draws)
        # streets' circles are drawn on grids of their own: a node on an edge may count in one of them
        return same_answers(ask(opened, at, corridors=[0, 1]), network, streets, at, people=0.03)

    until_sure(same)


def with_todays_trains(results: SimpleNamespace) -> tuple[Scenarios, WhatIf]:
    """Roads and today's trains with the corridors of yuqian, and the part of them that a page has."""
    trunk = br.trunk_network()
    joined = Scenarios(with_railways(trunk), "yuqian")
    counties = results.border_counties
    part = what_if(
        joined.joined, br.with_people(counties), provinces=results.provinces, counties=counties, border_counties=counties,
        centres=results.centres, cutoffs_min=CUTOFFS, scenarios=joined.names(), roads=trunk,
    )  # fmt: skip
    return joined, part


@pytest.mark.parametrize("number", seeds(1, 1789308744))
def test_todays_trains_and_drawn_ones_run_as_in_the_package(
    results: SimpleNamespace, opened: Opened, tmp_path: Path, number: int
) -> None:
    joined, part = with_todays_trains(results)
    assert "rail" in part.network.modes
    asked_of(opened, part)
    draws = np.random.default_rng(number)

    def same(chosen: list[int]) -> int:
        at = place_within(results, joined.base, draws)
        line = line_near(at, draws, "rail")
        ids = [joined.ids[k] for k in chosen]
        sure = same_answers(ask(opened, at, corridors=chosen), joined.network(ids), part, at)
        found = ask(opened, at, corridors=chosen, lines=[line])
        (tmp_path / "drawn.toml").write_text(found["file"], encoding="utf-8")
        (drawn,) = br.read_corridors(tmp_path / "drawn.toml")
        assert drawn.trains_per_day == line["perDay"]
        try:
            network = br.add_corridors(joined.base, [*ids, drawn])
        except NetworkError:  # nothing lies near any stop
            return sure
        return sure + same_answers(found, network, part, at)

    until_sure(same)


def test_a_road_that_is_cut_is_closed(results: SimpleNamespace, part: WhatIf, opened: Opened) -> None:
    at = results.centres["lon"].iloc[0], results.centres["lat"].iloc[0]
    before = ask(opened, at)
    n_links = opened.page.evaluate("net.tail.length")
    assert n_links == part.network.n_links
    # every tenth link on the way out of the city
    near = opened.page.evaluate(
        "([lat, lon]) => Array.from(net.tail, (node, k) => [k, node]).filter(([k, node]) => k % 10 === 0 &&"
        " Math.hypot(net.lat[node] - lat, net.lon[node] - lon) < 0.6).map(([k]) => k)",
        [at[1], at[0]],
    )
    tails, heads, modes = opened.page.evaluate(
        "ks => [ks.map(k => net.tail[k]), ks.map(k => net.head[k]), ks.map(k => net.kind[k])]", near
    )
    after = ask(opened, at, closed=near)
    network, cut = part.network, set(zip(tails, heads, strict=True))
    assert len(modes) > 50
    arcs = zip(network.arc_tail.tolist(), network.arc_head.tolist(), strict=True)
    keep = np.array([(a, b) not in cut and (b, a) not in cut for a, b in arcs])
    roads = np.asarray((part.link_owners < 0).all(axis=1))
    keep &= roads[network.arc_link]
    links = br.Links(
        network.arc_tail[keep], network.arc_head[keep], network.arc_length_m[keep],
        network.arc_time_ms[keep] / 1000, back_time_s=np.full(keep.sum(), np.inf), exit_along=False,
    )  # fmt: skip
    closed = br.build_network(
        network.node_lon, network.node_lat, links, node_exit=network.node_exit & (part.node_owner < 0),
        access_speed_kph=network.access_speed_kph, max_access_km=network.max_access_km,
    )  # fmt: skip
    same_answers(after, closed, part, at)
    assert after["circles"][1]["km2"] < before["circles"][1]["km2"]


def test_the_part_of_the_network_has_the_times_of_the_whole(
    results: SimpleNamespace, scenarios: Scenarios, part: WhatIf
) -> None:
    for at in CENTRES.values():
        whole, less = (
            br.travel_times(network, at[1:], part.counties)["travel_time_min"].to_numpy()
            for network in (scenarios.network(scenarios.ids), part.network)
        )
        np.testing.assert_array_equal(whole[whole <= 120], less[whole <= 120])
    assert part.node_people.sum() == pytest.approx(br.with_people(results.border_counties)["people"].sum())


def drawn(opened: Opened) -> dict[str, Any]:
    # a change is drawn with the next frame
    opened.page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")
    found: dict[str, Any] = opened.page.evaluate(
        "(({ circles, starts, between }) => ({ km2: circles.map((c) => c.km2), before: circles.map((c) => c.before && c.before.km2),"
        " people: circles.map((c) => c.people), starts, between }))(borderreach.whatIf.found)"
    )
    return found


def test_circles_follow_a_centre_while_it_is_dragged(asking: Opened, scenarios: Scenarios) -> None:
    page = asking.page
    at_home = drawn(asking)
    both = br.isochrones(scenarios.base, [lonlat[1:] for lonlat in CENTRES.values()], cutoffs_min=CUTOFFS)
    whole = br.travel_time_circle(both).set_index("cutoff_min")["area_km2"]
    for minutes, km2 in zip(CUTOFFS, at_home["km2"], strict=True):
        assert km2 == pytest.approx(whole[minutes], rel=0.01)
    box = page.locator(".br-handle-centre").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20)
    page.mouse.move(x + 60, y + 60)
    until(page, "km2 => Math.abs(borderreach.whatIf.found.circles[1].km2 - km2) > 100", arg=at_home["km2"][1])
    page.mouse.up()
    assert "中心在原处" in page.inner_text(".br-what-if")
    page.click('[data-act="reset"]')
    assert drawn(asking)["km2"] == at_home["km2"]
    assert asking.messages == []


def test_a_tap_asks_from_there_and_keys_move_it(asking: Opened) -> None:
    page = asking.page
    page.mouse.click(*asking.pixel(107.5, 28.5))
    assert drawn(asking)["starts"] != ["重庆市", "贵阳市"]
    before = drawn(asking)["km2"]
    page.focus(".leaflet-marker-icon:has(.br-handle-here)")
    page.keyboard.press("ArrowRight")
    until(page, "km2 => borderreach.whatIf.found.circles[1].km2 !== km2", arg=before[1])
    page.click('[data-act="centres"]')
    assert drawn(asking)["starts"] == ["重庆市", "贵阳市"]


def test_corridors_of_the_study_are_switches(asking: Opened, scenarios: Scenarios) -> None:
    page = asking.page
    assert drawn(asking)["before"] == [None, None]
    page.check('[data-corridor="yugui-hsr"]')
    found = drawn(asking)
    ends = [lonlat[1:] for lonlat in CENTRES.values()]
    for key, network in (("before", scenarios.base), ("now", scenarios.network(["yugui-hsr"]))):
        minutes = br.travel_times(network, ends[0], ends[1])["travel_time_min"].iloc[0]
        assert found["between"][1]["cells"][0][key] == pytest.approx(minutes, abs=0.1)
    assert asking.layer("corridor-yugui-hsr")
    assert not asking.layer("corridor-yanyinsong-expressway")
    page.uncheck('[data-corridor="yugui-hsr"]')
    assert drawn(asking)["before"] == [None, None]


def test_a_line_is_drawn_saved_and_comes_back_by_a_link(
    asking: Opened, open_file: Callable[..., Opened], tmp_path: Path
) -> None:
    page = asking.page
    page.click('[data-tool="draw"]')
    page.click('[data-mode="rail"]')
    for at in ((107.0, 29.3), (107.1, 28.9), (107.3, 28.2)):
        page.mouse.click(*asking.pixel(*at))
        page.wait_for_timeout(350)  # or two taps are one double tap
    page.click('[data-act="finish"]')
    page.fill('[data-line="0-name"]', "渝南快线")
    page.fill('[data-line="0-perDay"]', "24")
    page.keyboard.press("Enter")
    with page.expect_download() as saved:
        page.click('[data-act="toml"]')
    saved.value.save_as(tmp_path / "corridors.toml")
    (line,) = br.read_corridors(tmp_path / "corridors.toml")
    assert (line.name, line.mode, line.trains_per_day, len(line.stops)) == ("渝南快线", "rail", 24, 3)
    with page.expect_download() as saved:
        page.click('[data-act="geojson"]')
    shapes = json.loads(Path(saved.value.path()).read_text(encoding="utf-8"))["features"]
    assert [each["properties"]["kind"] for each in shapes] == [
        "circle",
        "circle",
        "corridor",
        *["stop"] * 3,
        *["centre"] * 2,
    ]
    before = drawn(asking)
    again = open_file(asking.path, fragment=page.evaluate("location.hash"))
    until(again.page, "borderreach.whatIf.found")
    assert drawn(again) == before
    assert again.page.input_value('[data-line="0-name"]') == "渝南快线"
    assert asking.messages == again.messages == []


def test_a_line_may_stop_where_a_centre_is(asking: Opened) -> None:
    page = asking.page
    page.click('[data-tool="draw"]')
    page.click('[data-mode="rail"]')
    page.locator(".br-handle-centre").first.click()
    page.wait_for_timeout(350)  # or two taps are one double tap
    page.mouse.click(*asking.pixel(107.3, 28.2))
    page.wait_for_timeout(350)
    page.locator(".br-handle-stop").first.click()  # where it stops already
    page.wait_for_timeout(350)
    page.click('[data-act="finish"]')
    stops = page.evaluate("borderreach.whatIf.state.lines[0].stops")
    name, *at = CENTRES["500000"]
    assert len(stops) == 2
    assert stops[0]["name"] == name
    assert stops[0]["at"] == pytest.approx(at[::-1], abs=1e-4)
    assert asking.messages == []


def test_circles_follow_the_map_when_they_are_asked_for_again(asking: Opened) -> None:
    page = asking.page
    home, away = (
        "void borderreach.map.setView([28.3, 107], 7, { animate: false })",
        "void borderreach.map.setView([29.2, 107.2], 9, { animate: false })",
    )
    inked = (
        "() => { const c = document.querySelector('.leaflet-br-what-if-pane canvas');"
        " const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] > 0; return n; }"
    )
    drawn(asking)
    page.evaluate(f"void {away}")
    drawn(asking)
    there = page.evaluate(inked)
    page.evaluate(f"void {home}")
    drawn(asking)
    assert page.evaluate(inked) != there
    page.click('[data-act="leave"]')
    page.evaluate(f"void {away}")
    page.click(".br-what-if-button")
    drawn(asking)
    assert page.evaluate(inked) == there
    assert asking.messages == []


def test_a_link_from_elsewhere_is_checked(asked: Path, open_file: Callable[..., Opened]) -> None:
    from urllib.parse import quote

    evil = "<img src=x onerror=window.pwned=1>"
    given = {
        "p": [[1e9, 0], "x"], "h": [29.0, 107.0], "c": [evil, "yugui-hsr"], "x": [-1, 10**9, 0.5, 3],
        "l": [[evil, "road", 100, None, [[evil, 29.0, 107.0], [evil, 29.2, 107.2]]], ["a", evil, 1, 1, []], 7, None,
              ["a", "constructor", 100, 1, [["a", 29.0, 107.0], ["b", 29.2, 107.2]]]],
    }  # fmt: skip
    opened = open_file(asked, fragment="#w=" + quote(json.dumps(given)))
    until(opened.page, "borderreach.whatIf.found")
    state = opened.page.evaluate(
        "(({ state }) => [state.places.map((p) => p.at), [...state.closed], [...state.corridors], state.lines.length])(borderreach.whatIf)"
    )
    assert state[1:] == [[3], [1], 1]
    assert state[0] == [
        [pytest.approx(lat, abs=1e-4), pytest.approx(lon, abs=1e-4)] for _, lon, lat in CENTRES.values()
    ]
    assert opened.page.input_value('[data-line="0-name"]') == evil
    assert opened.page.evaluate("window.pwned") is None
    assert opened.page.locator("img[src=x]").count() == 0
    for fragment in ("#w=%7B", "#w=null"):
        assert open_file(asked, fragment=fragment).messages == []


def test_leaving_brings_back_what_was_shown(opened: Opened) -> None:
    page = opened.page
    first = page.evaluate("location.hash")
    names = ("circle-120-base", "circle-120-gained", "centres")
    assert all(opened.layer(name) for name in names)
    page.click(".br-what-if-button")
    assert not any(opened.layer(name) for name in names)
    page.click(".br-language")
    assert "From Chongqing, Guiyang" in page.inner_text(".br-what-if")
    page.click(".br-language")
    page.click('[data-act="leave"]')
    assert all(opened.layer(name) for name in names)
    assert page.locator(".br-what-if").is_hidden()
    assert (
        page.evaluate("location.hash").replace("#", "").split("&l=")[0]
        == (first.replace("#", "") or page.evaluate("location.hash")[1:]).split("&l=")[0]
    )


def test_a_cut_is_made_by_a_tap_and_mended(asking: Opened) -> None:
    page = asking.page
    page.click('[data-tool="cut"]')
    page.evaluate("void borderreach.map.setView([29.2, 106.6], 10, { animate: false })")
    middle = page.evaluate(
        "() => { const net = borderreach.openNetwork(JSON.parse(document.getElementById('study-data').textContent).whatIf);"
        " const k = Array.from(net.tail, (_, k) => k).find((k) => Math.abs(net.lat[net.tail[k]] - 29.2) < 0.1 && Math.abs(net.lon[net.tail[k]] - 106.6) < 0.1"
        " && Math.hypot(net.lat[net.tail[k]] - net.lat[net.head[k]], net.lon[net.tail[k]] - net.lon[net.head[k]]) > 0.03);"
        " return [(net.lon[net.tail[k]] + net.lon[net.head[k]]) / 2, (net.lat[net.tail[k]] + net.lat[net.head[k]]) / 2]; }"
    )
    page.mouse.click(*asking.pixel(*middle))
    assert "断开路段 1 处" in page.inner_text(".br-what-if")
    page.click('[data-act="reopen"]')
    assert page.locator('[data-act="reopen"]').count() == 0


def test_on_a_phone_a_finger_does_all_this(asked: Path, browser: Any) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, offline=True, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(asked.as_uri())
    until(page, "typeof borderreach !== 'undefined' && borderreach.map")
    page.tap(".br-what-if-button")
    page.tap('[data-tool="draw"]')
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    panel = page.locator(".br-what-if").bounding_box()
    assert panel["y"] > 844 / 2
    for y in (300, 360):
        page.touchscreen.tap(200, y)
        page.wait_for_timeout(400)
    assert page.evaluate("borderreach.whatIf.state.lines[0].stops.length") == 2
    context.close()


def test_a_large_network_is_thinned_to_its_main_roads(part: WhatIf, monkeypatch: pytest.MonkeyPatch) -> None:
    from borderreach.maps.page import _what_if as packing

    monkeypatch.setattr(packing, "MOST_CHARACTERS", 120_000)
    content = packing.what_if_content(part)
    assert content is not None
    assert content["leftOut"] == ["unknown", "ordinary"]
    kinds = {road_class for _, road_class in content["kinds"]}
    less = part.without("ordinary")  # its people are counted where roads are left
    assert less.network.n_nodes < part.network.n_nodes
    assert less.node_people.sum() == pytest.approx(part.node_people.sum())
    assert "motorway" in kinds
    assert "ordinary" not in kinds


def test_a_network_too_large_goes_without_trains_before_it_loses_roads(
    results: SimpleNamespace, part: WhatIf, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left answers as roads with the same corridors do, and the page says what it goes without."""
    from borderreach.maps.page import _what_if as packing
    from borderreach.maps.page._packed_network import packed_network

    _, whole = with_todays_trains(results)
    less = whole.without_trains()
    assert less.left_out == ("trains",)
    assert less.network.n_nodes < whole.network.n_nodes
    assert less.node_people.sum() == pytest.approx(whole.node_people.sum())
    monkeypatch.setattr(packing, "MOST_CHARACTERS", packing._size(packed_network(less)) + 5000)
    content = packing.what_if_content(whole)
    assert content is not None
    assert content["leftOut"] == ["trains"]
    roads_alone = packing.what_if_content(part)
    assert roads_alone is not None
    assert {kind for kind, _ in content["kinds"]} == {kind for kind, _ in roads_alone["kinds"]}
    asked_of(opened, less)
    roads = Scenarios(br.trunk_network(), "yuqian")
    at = results.centres["lon"].iloc[0], results.centres["lat"].iloc[0]
    assert same_answers(ask(opened, at, corridors=[0, 1]), roads.network(roads.ids), less, at)


def test_a_scenario_is_chosen_in_one_place(opened: Opened, scenarios: Scenarios) -> None:
    page = opened.page
    options = page.locator("[data-choice] option").evaluate_all("all => all.map((option) => option.value)")
    assert options == ["", "base", *scenarios.ids, "all"]
    page.select_option("[data-choice]", "base")
    assert not opened.layer("circle-120-after")
    page.select_option("[data-choice]", "all")
    assert opened.layer("circle-120-after")
    page.select_option("[data-choice]", "yugui-hsr")
    assert page.input_value("[data-scenario]") == "yugui-hsr"
    ends = [lonlat[1:] for lonlat in CENTRES.values()]
    minutes = br.travel_times(scenarios.network(["yugui-hsr"]), *ends)["travel_time_min"].iloc[0]
    assert drawn(opened)["between"][1]["cells"][0]["now"] == pytest.approx(minutes, abs=0.1)
    page.select_option("[data-scenario]", "base")
    assert drawn(opened)["before"] == [None, None]
    page.check('[data-corridor="yugui-hsr"]')
    page.check('[data-corridor="yanyinsong-expressway"]')
    assert page.input_value("[data-scenario]") == "all"
    assert opened.messages == []
