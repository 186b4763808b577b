"""The years of a panel on the map: one at a time, by keyboard and by finger, with what it comes to; and when they stay away."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from borderreach.geo.networks import TRUNK_YEARS
from borderreach.maps.layers import map_layers
from borderreach.maps.page import _years
from borderreach.maps.page._content import page_content
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import save_map

from ..conftest import until

YEARS = [2005, 2015, TRUNK_YEARS[1]]


@pytest.fixture
def with_years(results: SimpleNamespace) -> SimpleNamespace:
    """Results whose first county was 200, 150 and 100 minutes from its nearest centre, the next one minute more."""
    counties, centre = results.border_counties, str(results.centres["origin_name"].iloc[0])
    frames = [
        pd.DataFrame(
            {
                "adcode": counties["adcode"], "name": counties["name"], "province": counties["province"], "year": year,
                "centre_name": centre, "travel_time_min": 200.0 - 50 * at + np.arange(len(counties)),
                "delta_min": np.nan if at == 0 else -50.0, "inside": at == 2, "people_reached": 1e6 * (at + 1),
            }
        )
        for at, year in enumerate(YEARS)
    ]  # fmt: skip
    table = pd.concat(frames, ignore_index=True)
    never = table["adcode"] == counties["adcode"].iloc[-1]
    table.loc[never & (table["year"] == 2005), "centre_name"] = ""
    table.loc[never & (table["year"] == 2005), "travel_time_min"] = np.nan
    circle = results.circles.loc[results.circles["cutoff_min"] == 120].geometry.iloc[0]
    circles = gpd.GeoDataFrame(
        {
            "year": YEARS, "cutoff_min": 120.0, "area_km2": [1e4, 1.5e4, 2e4], "n_counties": [4, 6, 8], "people": 3e6,
        },
        geometry=[circle.buffer(-0.3), circle.buffer(-0.1), circle], crs="EPSG:4326",
    )  # fmt: skip
    shown = copy(results)
    vars(shown).update(panel_counties=table, panel_circles=circles)
    return shown


def content_of(results: SimpleNamespace) -> dict[str, Any]:
    return page_content(results, map_layers(results), "zh", tiles=None, classes={}, china=False)


def test_a_page_without_a_panel_has_no_years_and_none_of_their_words(results: SimpleNamespace) -> None:
    content = content_of(results)
    assert content["years"] is None
    assert not content["yearsLeftOut"]
    assert not [key for words in content["words"].values() for key in words if key.startswith("year_")]


def test_years_of_a_whole_country_are_left_to_the_tables(
    with_years: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert content_of(with_years)["years"]["inside"] == [0, 0, len(with_years.border_counties)]
    monkeypatch.setattr(_years, "MOST_COUNTIES", 1)
    content = content_of(with_years)
    assert content["years"] is None
    assert content["yearsLeftOut"]


@pytest.mark.browser
class TestInABrowser:
    def test_a_year_by_keyboard(self, with_years: SimpleNamespace, show: Any) -> None:
        opened = show(with_years)
        page = opened.page
        first = int(with_years.border_counties["adcode"].iloc[0])
        value = (
            f"borderreach.scene.valueOf(borderreach.scene.counties.get({first}), borderreach.scene.colouring)"
        )
        slider = page.locator('[data-slider="year"]')
        before = page.evaluate("borderreach.scene.colouring")
        slider.focus()
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("borderreach.scene.years.year()") == 2015
        assert page.evaluate(value) == 150
        assert opened.layer("year-circle")
        assert not opened.layer("circle-120-base")
        assert "15,000 km²" in page.inner_text(".br-years")
        assert slider.get_attribute("aria-valuetext") == "2015"
        page.keyboard.press("Home")
        assert page.evaluate(value) == 200
        assert page.evaluate("document.activeElement.dataset.slider") == "year"
        # What is shown stands in the legend, in the county's panel and in the address.
        page.click(".br-fold")
        assert "2005 年的 120 分钟圈" in page.inner_text(".br-legend")
        assert "10,000 km²" in page.inner_text(".br-year-bar")
        page.click(".br-fold")
        page.evaluate(f"borderreach.scene.select({first})")
        assert page.inner_text(".br-years-of table").split() == [*map(str, YEARS), "200", "150", "100"]
        # when a county comes into the circle is what readers ask
        assert f"{YEARS[2]} 年已在 120 分钟圈内，{YEARS[1]} 年还不在" in page.inner_text(".br-years-of")
        assert "&y=2005" in page.url
        # No county without a way is given minutes.
        last = int(with_years.border_counties["adcode"].iloc[-1])
        assert page.evaluate(value.replace(str(first), str(last))) is None
        page.locator('[data-slider="year-on"]').uncheck()
        assert opened.layer("circle-120-base")
        assert not opened.layer("year-circle")
        assert page.evaluate("borderreach.scene.colouring") == before
        assert "&y=" not in page.url
        assert opened.messages == []

    def test_a_link_opens_the_year_and_another_view_leaves_it(
        self, with_years: SimpleNamespace, show: Any
    ) -> None:
        opened = show(with_years)
        page = opened.page
        page.evaluate("borderreach.scene.years.set(0)")
        link = page.evaluate("location.hash")
        page.evaluate("borderreach.scene.years.set(null)")
        page.evaluate("text => { location.hash = text; }", link)
        until(page, "borderreach.scene.years.year() === 2005")
        assert opened.layer("year-circle")
        page.click('[data-view="base"]')
        assert page.evaluate("borderreach.scene.years.year()") is None
        assert opened.layer("circle-120-base")
        assert not opened.layer("circle-120-after")
        assert opened.messages == []

    def test_on_a_phone_the_year_is_moved_by_a_finger_while_the_map_is_seen(
        self, with_years: SimpleNamespace, browser: Any, tmp_path: Path
    ) -> None:
        path = save_map(study_map(with_years), tmp_path / "map.html")
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, offline=True, has_touch=True, is_mobile=True
        )
        page = context.new_page()
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        until(page, "typeof borderreach !== 'undefined' && borderreach.map")
        page.tap(".br-fold")
        page.locator('[data-slider="year-on"]').tap()
        page.tap(".br-fold")
        bar = page.locator(".br-year-bar")
        box = bar.locator('[data-slider="year"]').bounding_box()
        page.touchscreen.tap(box["x"] + 3, box["y"] + box["height"] / 2)
        until(page, "borderreach.scene.years.year() === 2005")
        assert "10,000 km²" in bar.inner_text()
        assert bar.bounding_box()["y"] > 844 / 2
        assert said == []
        context.close()
