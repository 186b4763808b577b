from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

from borderreach.geo.crs import wgs84_to_gcj02
from borderreach.geo.errors import InputError, InputTypeError, OutputError
from borderreach.maps.page._base_maps import BaseMap, base_map, folder_address
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

from ..conftest import until


def png(colour: tuple[int, int, int]) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    folder = tmp_path / "瓦片 tiles"
    for zoom in (4, 5, 6):
        for x in range(2**zoom):
            for y in range(2**zoom):
                if abs(x / 2**zoom - 0.797) < 0.05 and abs(y / 2**zoom - 0.418) < 0.05:
                    path = folder / str(zoom) / str(x) / f"{y}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(png((10, 200, 30)))
    return folder


def test_services_by_name() -> None:
    assert base_map("osm").hosts == ("https://tile.openstreetmap.org",)
    gaode = base_map("gaode")
    assert gaode.datum == "gcj02"
    assert gaode.hosts[0] == "https://webrd01.is.autonavi.com"
    assert len(gaode.hosts) == 4
    tianditu = base_map("tianditu-image", key="a&b")
    assert [re.findall(r"LAYER=(\w+)", address) for address in tianditu.addresses] == [["img"], ["cia"]]
    assert all(address.endswith("tk=a%26b") for address in tianditu.addresses)
    assert tianditu.datum == "wgs84"
    assert base_map(gaode, max_zoom=15).max_zoom == 15


def test_tianditu_needs_the_users_key() -> None:
    with pytest.raises(InputError, match=r"your own key.*tianditu\.gov\.cn"):
        base_map("tianditu")


@pytest.mark.parametrize(
    ("template", "address", "tms"),
    [
        ("https://a.example/{z}/{x}/{y}.png", "https://a.example/{z}/{x}/{y}.png", False),
        ("http://{s}.example/{z}/{x}/{-y}.png", "http://{s}.example/{z}/{x}/{y}.png", True),
        (
            "https://a.example/wmts/l/g/{TileMatrix}/{TileRow}/{TileCol}",
            "https://a.example/wmts/l/g/{z}/{y}/{x}",
            False,
        ),
        (
            "https://a.example/?SERVICE=WMTS&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
            "https://a.example/?SERVICE=WMTS&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
            False,
        ),
    ],
)
def test_templates_of_ones_own(template: str, address: str, tms: bool) -> None:
    found = base_map(template, attribution="mine")
    assert (found.addresses, found.tms, found.attribution) == ((address,), tms, "mine")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("https://a.example/{z}/{x}.png", r"lacks \{y\}"),
        ("ftp://a.example/{z}/{x}/{y}.png", "https://host"),
        ("https://a.example/{style}/{z}/{x}/{y}.png", r"\{style\}"),
        ("javascript:alert(1)//{z}{x}{y}", "https://host"),
        ("no such folder", "no such folder"),
    ],
)
def test_a_source_that_cannot_be_used_is_named(source: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        base_map(source)


def test_other_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without tiles"):
        base_map(tmp_path)
    with pytest.raises(InputTypeError, match="base_map"):
        base_map(3)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="datum"):
        base_map("osm", datum="bd09")  # type: ignore[arg-type]


def test_a_folder_is_read_for_its_levels(tiles: Path) -> None:
    found = base_map(tiles, attribution="自制")
    assert (found.min_zoom, found.max_zoom, found.hosts) == (4, 6, ())
    assert folder_address(tiles, tiles.parent / "deep" / "map.html") == "../%E7%93%A6%E7%89%87%20tiles"
    assert folder_address(tiles, None) == tiles.resolve().as_uri()


def test_offline_refuses_tiles_from_outside_and_writes_nothing(
    results: SimpleNamespace, tmp_path: Path
) -> None:
    m = study_map(results, base_map="osm")
    with pytest.raises(OutputError, match=r"tile\.openstreetmap\.org.*offline=False"):
        save_map(m, tmp_path / "map.html")
    assert list(tmp_path.iterdir()) == []


def test_online_allows_the_tiles_and_nothing_else(results: SimpleNamespace, tmp_path: Path) -> None:
    m = study_map(results, base_map=base_map("tianditu", key="0123"))
    page = save_map(m, tmp_path / "map.html", offline=False).read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert re.findall(r"https://\S+?(?=[ ;])", policy[1]) == [
        f"https://t{i}.tianditu.gov.cn" for i in range(8)
    ]
    assert "cdn.jsdelivr.net" not in page


def test_shapes_are_shifted_for_gaode_and_only_for_it(results: SimpleNamespace) -> None:
    def stop(base: Any) -> list[float]:
        overlay = next(
            child
            for child in study_map(results, base_map=base)._children.values()
            if hasattr(child, "content")
        )
        found: list[float] = overlay.content["corridors"][0]["stops"][0]["at"]
        return found

    lat, lon = stop(None)
    assert stop("osm") == [lat, lon]
    shifted_lon, shifted_lat = wgs84_to_gcj02(lon, lat)
    assert np.allclose(stop("gaode"), [shifted_lat, shifted_lon], atol=2e-5)
    assert results.corridor_stops["lon"].iloc[0] == 108.503


@pytest.mark.browser
class TestInABrowser:
    def open_with(
        self, results: Any, open_file: Any, tmp_path: Path, base: str | BaseMap
    ) -> tuple[Any, list[str]]:
        asked: list[str] = []

        def answer(route: Any) -> None:
            asked.append(route.request.url)
            route.fulfill(body=png((10, 200, 30)), content_type="image/png")

        path = save_map(study_map(results, base_map=base), tmp_path / "map.html", offline=False)
        opened = open_file(path, answer=answer)
        until(opened.page, "document.querySelectorAll('.leaflet-tile-loaded').length > 3")
        return opened, asked

    def test_tiles_are_asked_of_the_service_alone(self, results: Any, open_file: Any, tmp_path: Path) -> None:
        opened, asked = self.open_with(results, open_file, tmp_path, "osm")
        assert {urlsplit(address).netloc for address in asked} == {"tile.openstreetmap.org"}
        assert opened.messages == []
        # The tiles show through the land until they are switched off.
        assert opened.colour(104.9, 26.0)[3] == 0
        opened.page.locator('[data-layer="tiles"]').uncheck()
        assert opened.colour(104.9, 26.0)[3] == 255
        assert "底图：© OpenStreetMap contributors (ODbL)" in opened.page.locator(".br-layers").text_content()

    def test_gaode_says_that_shapes_are_shifted(self, results: Any, open_file: Any, tmp_path: Path) -> None:
        opened, asked = self.open_with(results, open_file, tmp_path, "gaode")
        assert {urlsplit(address).netloc for address in asked} <= {
            f"webrd0{i}.is.autonavi.com" for i in "1234"
        }
        assert "GCJ-02" in opened.page.inner_text(".leaflet-control-attribution")
        lon, lat = (results.centres[name].iloc[0] for name in ("lon", "lat"))
        gcj_lon, gcj_lat = (float(value) for value in wgs84_to_gcj02(lon, lat))
        at = opened.page.evaluate(
            "(() => { const p = borderreach.scene.items.get('centres').layer.getLayers()[0].getLatLng(); return [p.lat, p.lng]; })()"
        )
        assert at == pytest.approx([gcj_lat, gcj_lon], abs=2e-5)

    def test_local_tiles_travel_with_the_page(
        self, results: Any, open_file: Any, tmp_path: Path, tiles: Path
    ) -> None:
        path = save_map(study_map(results, base_map=tiles), tmp_path / "deep" / "map.html")
        moved = tmp_path / "stick"
        moved.mkdir()
        for part in (path.parent, tiles):
            part.rename(moved / part.name)
        opened = open_file(moved / "deep" / "map.html", answer=lambda route: route.continue_())
        until(opened.page, "document.querySelectorAll('.leaflet-tile-loaded').length > 1")
        assert opened.messages == [] or all("ERR_FILE_NOT_FOUND" in message for message in opened.messages)
        assert all(address.startswith(moved.as_uri()) for address in opened.requests)
