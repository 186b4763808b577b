"""What is on the screen, saved as a picture and as shapes, in a real browser without a network."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from PIL import Image

from borderreach.geo.crs import area_km2

from ..conftest import Opened, until

pytestmark = pytest.mark.browser


def saved(opened: Opened, key: str) -> Path:
    if not opened.page.locator(f'[data-export="{key}"]').count():
        opened.page.click(".br-save-button")
    with opened.page.expect_download() as download:
        opened.page.click(f'[data-export="{key}"]')
    return Path(download.value.path())


def test_shapes_are_those_that_are_shown(results: Any, show: Any, tmp_path: Path) -> None:
    opened = show(results)
    opened.page.click('[data-view="base"]')
    shapes = gpd.read_file(io.BytesIO(saved(opened, "geojson").read_bytes()))
    circle = shapes[shapes["layer"] == "circle-120-base"]
    table = results.circles[(results.circles["scenario"] == "base") & (results.circles["cutoff_min"] == 120)]
    assert area_km2(circle.geometry).sum() == pytest.approx(table["area_km2"].iloc[0], rel=0.02)
    assert set(shapes.loc[shapes["layer"] == "counties", "name"]) == set(results.border_counties["name"])
    assert not shapes["layer"].str.startswith(("corridor", "circle-120-after")).any()
    kml = tmp_path / "map.kml"
    kml.write_bytes(saved(opened, "kml").read_bytes())
    marks = ET.parse(kml).getroot().iter("{http://www.opengis.net/kml/2.2}Placemark")  # noqa: S314 - our own
    assert len(list(marks)) == len(shapes)
    assert pyogrio.read_info(kml)["features"] == len(shapes)
    assert opened.messages == []


def test_a_picture_has_map_names_and_sources(asked_page: Opened) -> None:
    until(asked_page.page, "borderreach.scene.roadsReady")
    picture = Image.open(saved(asked_page, "png")).convert("RGB")
    assert picture.size == (2800, 2000)
    seen = asked_page.page.evaluate(
        "() => { const c = document.querySelector('.leaflet-overlay-pane canvas'), b = c.getBoundingClientRect();"
        " return [b.left, b.top]; }"
    )
    assert len(seen) == 2
    colours = {tuple(pixel) for pixel in np.asarray(picture.resize((280, 200))).reshape(-1, 3).tolist()}
    assert len(colours) > 200


@pytest.mark.parametrize(("wide", "ratio"), [(40_000, 1), (100_000, 0.5), (140_000, None)])
def test_a_picture_too_large_for_the_browser_is_saved_smaller_or_told(
    asked_page: Opened, wide: int, ratio: float | None
) -> None:
    """Chromium's canvases have 65,535 pixels along a side at most, and draw nothing beyond that, without a word."""
    page = asked_page.page
    asked_page.page.click(".br-save-button")
    page.evaluate(
        f"Object.assign(borderreach.map.getContainer().style, {{ width: '{wide}px', height: '30px' }})"
    )
    status = page.locator(".br-exports [role=status]")
    if ratio is None:
        page.evaluate("document.querySelector('[data-export=png]').click()")
        assert "请缩小窗口" in status.text_content()
        page.evaluate("Object.assign(borderreach.map.getContainer().style, { width: '', height: '' })")
        assert Image.open(saved(asked_page, "png")).convert("RGB").size == (2800, 2000)
        assert status.text_content() == ""
    else:
        with page.expect_download() as download:
            page.evaluate("document.querySelector('[data-export=png]').click()")
        picture = Image.open(download.value.path()).convert("RGB")
        assert picture.size == (wide * ratio, 30 * ratio)
        assert picture.getextrema() != ((0, 0), (0, 0), (0, 0))
        assert "清晰度" in status.text_content()


def test_a_what_if_is_saved_with_the_rest(asked_page: Opened) -> None:
    asked_page.page.click(".br-what-if-button")
    features = json.loads(saved(asked_page, "geojson").read_text(encoding="utf-8"))["features"]
    kinds = [each["properties"].get("kind") for each in features]
    assert kinds.count("circle") == 2
    assert not [each for each in features if str(each["properties"].get("layer")).startswith("circle-")]


def test_names_stay_text_in_kml(results: Any, show: Any) -> None:
    evil = results.border_counties.assign(name='<a>&"]]>\x07')
    opened = show(type(results)(**{**vars(results), "border_counties": evil}))
    root = ET.fromstring(saved(opened, "kml").read_bytes())  # noqa: S314 - our own
    names = [each.text for each in root.iter("{http://www.opengis.net/kml/2.2}name")]
    assert names.count('<a>&"]]> ') == len(evil)
