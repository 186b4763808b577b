"""What-ifs on a base map in GCJ-02: drawn where the map is, reckoned and saved in WGS 84."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

import borderreach as br
from borderreach.analysis.corridors import Scenarios
from borderreach.analysis.studies import WhatIf
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

from ..conftest import CENTRES, Opened
from .conftest import CUTOFFS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shifted(results: SimpleNamespace, part: WhatIf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    fields = {**vars(results), "what_if": part, "corridors": br.corridors("yuqian")}
    page = study_map(SimpleNamespace(**fields), base_map="gaode")
    return save_map(page, tmp_path_factory.mktemp("shifted") / "map.html", offline=False)


@pytest.fixture
def opened(shifted: Path, open_file: Callable[..., Opened]) -> Opened:
    return open_file(shifted, answer=lambda route: route.abort())


@pytest.fixture
def asking(opened: Opened) -> Opened:
    opened.page.click(".br-what-if-button")
    return opened


def settled(page: Any) -> None:
    page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")


def gcj(lon: float, lat: float) -> tuple[float, float]:
    x, y = br.wgs84_to_gcj02(lon, lat)
    return float(x), float(y)


def middle(page: Any, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_page_shifts_as_the_package_does(opened: Opened) -> None:
    draws = np.random.default_rng(2)
    places = np.column_stack([draws.uniform(2, 54, 200), draws.uniform(73, 136, 200)]).tolist()
    places += [[48.85, 2.35], [60.0, 100.0]]  # outside the transform's rectangle
    there = np.array(opened.page.evaluate("rows => rows.map(borderreach.datum.onMap)", places))
    back = np.array(opened.page.evaluate("rows => rows.map(borderreach.datum.onGround)", there.tolist()))
    lat, lon = np.array(places).T
    x, y = br.wgs84_to_gcj02(lon, lat)
    np.testing.assert_allclose(there, np.column_stack([y, x]), atol=1e-9)
    np.testing.assert_allclose(back, places, atol=1e-8)  # a millimetre
    rings = opened.page.evaluate(
        "rows => rows.map(([lat, lon]) => { const g = borderreach.ground;"
        " const [x, y] = borderreach.datum.ringOnMap(Float64Array.of(g.toX(lon), g.toY(lat))); return [g.toLat(y), g.toLon(x)]; })",
        places,
    )
    np.testing.assert_allclose(rings, there, atol=1e-9)


def test_a_page_in_wgs84_goes_without_the_shift(asked: Path, open_file: Callable[..., Opened]) -> None:
    page = open_file(asked).page
    assert page.evaluate("borderreach.datum.onMap([29, 106])") == [29, 106]
    assert "72.004" not in asked.read_text(encoding="utf-8")


def test_times_and_areas_are_the_packages(asking: Opened, scenarios: Scenarios, part: WhatIf) -> None:
    page = asking.page
    page.check('[data-corridor="yugui-hsr"]')
    settled(page)
    ends = [lonlat[1:] for lonlat in CENTRES.values()]
    found = page.evaluate(
        "(({ between, circles, counties }) => ({ between: between[1].cells[0].now, km2: circles.map((row) => row.km2),"
        " before: circles.map((row) => row.before.km2), counties: counties.map((row) => row.cells.map((cell) => [cell.now, cell.sure])) }))(borderreach.whatIf.found)"
    )
    network = scenarios.network(["yugui-hsr"])
    assert found["between"] == pytest.approx(
        br.travel_times(network, *ends)["travel_time_min"].iloc[0], abs=0.1
    )
    for key, one in (("km2", network), ("before", scenarios.base)):
        areas = br.travel_time_circle(br.isochrones(one, ends, cutoffs_min=CUTOFFS)).set_index("cutoff_min")
        for minutes, km2 in zip(CUTOFFS, found[key], strict=True):
            assert km2 == pytest.approx(areas["area_km2"][minutes], rel=0.01)
    sure = 0
    for k, at in enumerate(ends):
        times = br.travel_times(network, at, part.counties.iloc[: part.n_border])["travel_time_min"]
        for wanted, (now, is_sure) in zip(times, [row[k] for row in found["counties"]], strict=True):
            if is_sure and now is not None:
                assert now == pytest.approx(wanted, abs=0.1)
                sure += 1
    assert sure > 10
    assert asking.messages == [] or all("ERR_FAILED" in line for line in asking.messages)


def test_handles_lie_where_the_map_is(asking: Opened) -> None:
    page = asking.page
    page.evaluate("void borderreach.map.setView([29.5, 106.55], 14, { animate: false })")
    settled(page)
    around = page.locator("#study, .leaflet-container").first.bounding_box()
    _, lon, lat = CENTRES["500000"]
    x, y = page.evaluate(
        "([lat, lon]) => { const p = borderreach.map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }",
        gcj(lon, lat)[::-1],
    )
    at_home = page.evaluate("borderreach.whatIf.state.places.map((row) => row.at)")
    for found, (_, home_lon, home_lat) in zip(at_home, CENTRES.values(), strict=True):
        assert found == pytest.approx([home_lat, home_lon], abs=2e-5)
    icons = page.evaluate(
        "() => [...document.querySelectorAll('.br-handle-centre')].map((one) => { const b = one.getBoundingClientRect(); return [b.left + b.width / 2, b.top + b.height / 2]; })"
    )
    assert min(np.hypot(px - x - around["x"], py - y - around["y"]) for px, py in icons) < 3
    # a pixel is eight metres here: the shift of some 400 m can't be missed
    wgs = page.evaluate(
        "([lat, lon]) => { const p = borderreach.map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }",
        [lat, lon],
    )
    assert np.hypot(wgs[0] - x, wgs[1] - y) > 20


def test_a_circle_is_painted_shifted(asking: Opened) -> None:
    """Its easternmost point lies on the painted edge where GCJ-02 has it, and not where WGS 84 has it."""
    page = asking.page
    settled(page)
    edge = page.evaluate(
        "() => { const { ground } = borderreach; let best = null; for (const ring of borderreach.whatIf.found.circles[1].now)"
        " for (let i = 0; i < ring.length; i += 2) if (!best || ring[i] > best[0]) best = [ring[i], ring[i + 1]];"
        " return [ground.toLat(best[1]), ground.toLon(best[0])]; }"
    )
    lon, lat = gcj(edge[1], edge[0])
    page.evaluate(
        "([lat, lon]) => void borderreach.map.setView([lat, lon], 15, { animate: false })", [lat, lon]
    )
    settled(page)
    inked = page.evaluate(
        """([lat, lon]) => {
          const c = document.querySelector(".leaflet-br-what-if-pane canvas"), b = c.getBoundingClientRect();
          const around = borderreach.map.getContainer().getBoundingClientRect();
          const p = borderreach.map.latLngToContainerPoint([lat, lon]);
          const [x, y] = [(p.x + around.left - b.left) * c.width / b.width, (p.y + around.top - b.top) * c.height / b.height];
          const d = c.getContext("2d").getImageData(0, Math.round(y), c.width, 1).data;
          let last = -1;
          for (let i = 0; i < c.width; i += 1) if (d[4 * i + 3] > 0) last = i;
          return (last - x) * b.width / c.width;
        }""",
        [lat, lon],
    )
    assert abs(inked) < 6  # the shift is more than 80 pixels at this zoom


def test_a_line_drawn_on_the_map_is_saved_where_it_is_on_the_ground(asking: Opened, tmp_path: Path) -> None:
    page = asking.page
    wanted = [(107.02, 29.31), (107.3, 28.2)]
    page.click('[data-tool="draw"]')
    page.click('[data-mode="rail"]')
    for lon, lat in wanted:
        page.mouse.click(*asking.pixel(*gcj(lon, lat)))
        page.wait_for_timeout(350)  # or two taps are one double tap
    page.click('[data-act="finish"]')
    pixel = page.evaluate("360 / (256 * 2 ** borderreach.map.getZoom())")
    with page.expect_download() as saved:
        page.click('[data-act="toml"]')
    saved.value.save_as(tmp_path / "corridors.toml")
    (line,) = br.read_corridors(tmp_path / "corridors.toml")
    for stop, (lon, lat) in zip(line.stops, wanted, strict=True):
        assert (stop.lon, stop.lat) == pytest.approx((lon, lat), abs=pixel)
    # dragged, by pixels of the map
    x, y = middle(page, ".br-handle-stop")
    before = page.evaluate("borderreach.whatIf.state.lines[0].stops[0].at")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 60, y + 20, steps=4)
    page.mouse.up()
    there = page.evaluate(
        "([lat, lon]) => { const p = borderreach.map.containerPointToLatLng(borderreach.map.latLngToContainerPoint([lat, lon]).add([60, 20])); return [p.lat, p.lng]; }",
        gcj(before[1], before[0])[::-1],
    )
    after = page.evaluate("borderreach.whatIf.state.lines[0].stops[0].at")
    assert gcj(after[1], after[0])[::-1] == pytest.approx(there, abs=pixel)


def test_a_finer_zoom_tells_the_datums_apart_in_what_is_saved(asking: Opened) -> None:
    page = asking.page
    lon, lat = 106.9, 28.7
    x, y = gcj(lon, lat)
    page.evaluate("([lat, lon]) => void borderreach.map.setView([lat, lon], 14, { animate: false })", [y, x])
    settled(page)
    page.mouse.click(*asking.pixel(x, y))
    settled(page)
    at = page.evaluate("borderreach.whatIf.state.here.at")
    assert at == pytest.approx([lat, lon], abs=2e-4)  # a pixel is ten metres, the shift 400 m
    fragment = page.evaluate("decodeURIComponent(location.hash)")
    assert json.dumps(at, separators=(",", ":")) in fragment


def test_a_road_is_cut_where_it_is_drawn(asking: Opened) -> None:
    page = asking.page
    page.click('[data-tool="cut"]')
    page.evaluate("void borderreach.map.setView([29.2, 106.6], 12, { animate: false })")
    link, lat, lon = page.evaluate(
        "() => { const net = borderreach.networkOf({ whatIf: JSON.parse(document.getElementById('study-data').textContent).whatIf });"
        " let best = null; for (let k = 0; k < net.tail.length; k += 1) { const [a, b] = [net.tail[k], net.head[k]];"
        " if (net.owners[2 * k] >= 0 || net.kinds[net.kind[k]][0] !== 'road') continue;"
        " const at = [(net.lat[a] + net.lat[b]) / 2, (net.lon[a] + net.lon[b]) / 2];"
        " const far = Math.hypot(at[0] - 29.2, at[1] - 106.6);"
        " if (Math.hypot(net.lat[a] - net.lat[b], net.lon[a] - net.lon[b]) > 0.02 && (!best || far < best[3])) best = [k, ...at, far]; }"
        " return best.slice(0, 3); }"
    )
    page.mouse.click(*asking.pixel(*gcj(lon, lat)))
    assert page.evaluate("[...borderreach.whatIf.state.closed]") == [link]


def test_files_of_what_is_on_the_screen_are_in_wgs84(results: SimpleNamespace, opened: Opened) -> None:
    page = opened.page
    page.click(".br-save-button")
    with page.expect_download() as saved:
        page.click('[data-export="geojson"]')
    shapes = gpd.read_file(saved.value.path())
    centres = shapes[shapes["layer"] == "centres"]
    for point, (_, lon, lat) in zip(centres.geometry, CENTRES.values(), strict=True):
        assert (point.x, point.y) == pytest.approx((lon, lat), abs=2e-5)
    counties = shapes[shapes["layer"] == "counties"].set_index("adcode")
    for row in results.border_counties.iloc[:4].itertuples():
        drawn = counties.geometry[row.adcode]
        shift = shapely.hausdorff_distance(drawn.envelope, row.geometry.envelope)
        assert shift < 0.0015  # boundaries are simplified by 50 m; the datums are 0.004 apart
