"""Names on the map: centres always, then lines, counties and stops, none across another or across a circle's edge."""

from __future__ import annotations

from itertools import combinations
from types import SimpleNamespace
from typing import Any

import pytest
import shapely

from borderreach.maps.page._places import short_names

from ..conftest import CENTRES, CORRIDOR_STOPS, Opened, until

pytestmark = pytest.mark.browser

SCREENS = ((390, 844), (1024, 768), (1440, 900))
BOXES = (
    "() => [...document.querySelectorAll('.br-label')].filter((e) => e.isConnected).map((e) => {"
    " const b = e.getBoundingClientRect(); return [e.textContent, e.className.replace('br-label ', ''), b.left, b.top, b.right, b.bottom]; })"
)
#: What stands around the map: panels, buttons, scale and sources.
PANELS = (
    "() => [...document.querySelectorAll('.leaflet-control')].map((e) => e.getBoundingClientRect())"
    ".filter((b) => b.width > 0).map((b) => [b.left, b.top, b.right, b.bottom])"
)
#: The drawn edges of all that is shown of circles, in pixels of the window.
EDGES = """() => {
  const found = [], { map, scene } = borderreach, box = map.getContainer().getBoundingClientRect();
  const take = (layer) => {
    if (layer.eachLayer) return layer.eachLayer(take);
    if (layer.options.stroke === false) return;
    for (const part of layer._parts) {
      const line = part.map((p) => map.layerPointToContainerPoint(p)).map((p) => [p.x + box.left, p.y + box.top]);
      if (layer instanceof L.Polygon && line.length) line.push(line[0]);
      if (line.length > 1) found.push(line);
    }
  };
  for (const item of scene.items.values()) if (item.on && /^(circle|rail|slider)-/.test(item.id)) take(item.layer);
  return found;
}"""


def named(opened: Opened) -> list[tuple[str, str, Any]]:
    """Text, kind and box of each name; a letter's box reaches beyond its ink, and so a pixel less counts."""
    found = opened.page.evaluate(BOXES)
    return [(text, kind, shapely.box(a + 1, b + 2, c - 1, d - 2)) for text, kind, a, b, c, d in found]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_no_name_lies_across_another_or_an_edge(
    results: SimpleNamespace, show: Any, width: int, height: int
) -> None:
    opened = show(results, width=width, height=height)
    for step in (0, 1, 1):
        opened.page.evaluate(
            f"void borderreach.map.setZoom(borderreach.map.getZoom() + {step}, {{animate: false}})"
        )
        names = named(opened)
        assert {text for text, kind, _ in names if kind == "br-centre"} <= {
            name for name, *_ in CENTRES.values()
        }
        if not step:
            assert sum(kind == "br-centre" for _, kind, _ in names) == len(CENTRES)
            lines = sum(kind == "br-line-name" for _, kind, _ in names)
            assert lines >= {390: 0, 1024: 1, 1440: len(CORRIDOR_STOPS)}[width]  # where there is room
            assert sum(kind == "br-county" for _, kind, _ in names) >= (3 if width > 640 else 1)
        for (text, _, one), (other, _, two) in combinations(names, 2):
            assert not one.intersects(two), (text, other)
        window = shapely.box(0, 0, width, height)
        for text, _, box in names:
            assert window.covers(box) or window.disjoint(box), text
        panels = shapely.MultiPolygon([shapely.box(*box) for box in opened.page.evaluate(PANELS)])
        for text, _, box in names:
            assert shapely.area(shapely.intersection(panels.buffer(0), box)) == 0, text
        edges = shapely.MultiLineString(opened.page.evaluate(EDGES))
        assert not edges.is_empty
        for text, kind, box in names:
            assert kind == "br-centre" or not edges.intersects(box), text


def test_names_make_way_for_a_panel_that_opens(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=1024)
    page = opened.page
    page.evaluate(
        "void borderreach.map.setView(borderreach.scene.counties.values().next().value.at, 8, {animate: false})"
    )
    page.click(".br-fold")
    until(
        page,
        f"(() => {{ const panels = ({PANELS})(); return ({BOXES})().every(([, , a, b, c, d]) => panels.every(([e, f, g, h]) => c <= e || g <= a || d <= f || h <= b)); }})()",
    )


def test_lines_of_one_mode_differ_and_bear_their_names(results: SimpleNamespace, show: Any) -> None:
    corridors = results.corridors.assign(mode="road", status="planned")
    opened = show(SimpleNamespace(**{**vars(results), "corridors": corridors}))
    looks = opened.page.evaluate(
        "borderreach.scene.items.keys().filter((id) => id.startsWith('corridor-')).toArray()"
        ".map((id) => borderreach.scene.items.get(id).layer.getLayers()[1].options.color)"
    )
    assert len(set(looks)) == len(CORRIDOR_STOPS)
    colours = opened.page.evaluate(
        "[...document.querySelectorAll('.br-line-name')].map((e) => [e.textContent, e.style.color])"
    )
    assert len({colour for _, colour in colours}) == len(CORRIDOR_STOPS)
    opened.page.click(".br-language")
    english = opened.page.evaluate(
        "[...document.querySelectorAll('.br-line-name')].map((e) => e.textContent)"
    )
    assert len(english) == len(CORRIDOR_STOPS)
    assert opened.messages == []


def test_a_phone_has_one_button_for_layers_and_legend_below(results: SimpleNamespace, show: Any) -> None:
    opened = show(results, width=390, height=844)
    page = opened.page
    assert page.locator(".br-legend").is_hidden()
    button = page.locator(".br-fold")
    assert button.count() == 1
    assert button.bounding_box()["y"] > 844 / 2  # where a thumb reaches
    before = page.evaluate(
        "(() => { const c = borderreach.map.getCenter(); return [c.lat, c.lng, borderreach.map.getZoom()]; })()"
    )
    button.click()
    assert page.locator(".br-swatch").count() > 5
    box = page.locator(".br-layers").bounding_box()
    assert box["y"] > 844 * 0.4
    button.click()
    after = page.evaluate(
        "(() => { const c = borderreach.map.getCenter(); return [c.lat, c.lng, borderreach.map.getZoom()]; })()"
    )
    assert after == before
    assert opened.messages == []


def test_names_with_peoples_in_them_are_short_on_the_map_and_whole_in_panels(
    results: SimpleNamespace, show: Any
) -> None:
    assert short_names(["彭水苗族土家族自治县", "恩施土家族苗族自治州", "鄂伦春自治旗", "武隆区"]) == {
        "彭水苗族土家族自治县": "彭水县", "恩施土家族苗族自治州": "恩施州", "鄂伦春自治旗": "鄂伦春旗",
    }  # fmt: skip
    # where two would be called the same, both keep their names
    assert short_names(["彭水苗族土家族自治县", "彭水县"]) == {}
    opened = show(results, width=1440)
    opened.page.evaluate("void borderreach.map.setView([29.3, 108.2], 9, { animate: false })")
    assert "彭水县" in {text for text, *_ in named(opened)}
    assert not any("自治" in text for text, kind, _ in named(opened) if kind == "br-county")
    code = int(results.border_counties.set_index("name").loc["彭水苗族土家族自治县", "adcode"])
    opened.page.evaluate(f"borderreach.scene.select({code})")
    assert "彭水苗族土家族自治县" in opened.page.inner_text(".br-county-panel h2")
