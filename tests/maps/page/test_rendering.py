"""Texts in maps: nothing compiles them, in a study's own data and in what is added by folium."""

from __future__ import annotations

import copy
import html
import json
import re
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import folium
import geopandas as gpd
import pytest
import shapely
from branca import element as branca_elements
from branca.element import Element, Figure, MacroElement
from folium.template import Template

from borderreach.geo.errors import InputError
from borderreach.maps.layers import map_layers
from borderreach.maps.page._base_maps import BaseMap, base_map
from borderreach.maps.page._content import page_content
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import offline_html, save_map
from borderreach.maps.page._rendering import rendered, texts_left_alone

from ...hostile import HOSTILE, LONG, MARK, spoiled

ALL = " ".join(HOSTILE.values())
#: What a template would make of the first expression in `HOSTILE`.
EVALUATED = str(654 * 321)


@pytest.fixture(scope="module")
def hostile_results(results: SimpleNamespace) -> SimpleNamespace:
    study = SimpleNamespace(
        **{
            **vars(results.study),
            **spoiled({n: getattr(results.study, n) for n in ("title", "title_en", "description")}),
        }
    )
    return SimpleNamespace(
        **{name: study if name == "study" else spoiled(each) for name, each in vars(results).items()}
    )


def data_of(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="study-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_the_types_of_scripts_name_what_a_page_has(results: SimpleNamespace) -> None:
    """A field that is written and not declared, or declared and not written, would be checked against nothing."""
    declared = (Path(__file__).parent / "types" / "page.d.ts").read_text(encoding="utf-8")

    def fields(name: str) -> set[str]:
        body = re.search(rf"^interface {name}\b[^\n]*{{\n(.*?)^}}", declared, re.DOTALL | re.MULTILINE)
        assert body is not None, name
        return set(re.findall(r"^  (\w+)\??:", body[1], re.MULTILINE))

    content = page_content(results, map_layers(results), "zh", tiles=None, classes={}, china=False)
    assert fields("PageContent") == set(content)
    assert fields("PageStyle") == set(content["style"])
    written = {
        "Corridor": content["corridors"][0],
        "CorridorStop": content["corridors"][0]["stops"][0],
        "County": {"ways": "", **content["counties"][0]},
        "Claim": content["claims"][0],
        "Centre": content["centres"][0],
        "Reach": content["slider"][0],
        "NamedShape": content["provinces"][0],
    }
    assert {name: fields(name) for name in written} == {name: set(row) for name, row in written.items()}


# folium's layers --------------------------------------------------------------------------------


def layers(text: str) -> list[Any]:
    """What users add to a map, with a text wherever one can stand."""
    at = (29.5, 106.5)
    frame = gpd.GeoDataFrame({"name": [text]}, geometry=[shapely.box(106, 29, 107, 30)], crs=4326)
    return [
        folium.CircleMarker(at, tooltip=text),
        folium.CircleMarker(at, tooltip=folium.Tooltip(text, style="color: red")),
        folium.FeatureGroup(name=text),
        folium.GeoJson(frame, name=text, tooltip=folium.GeoJsonTooltip(["name"], aliases=[text])),
        folium.PolyLine([at, (30, 107)], tooltip=text),
        folium.LayerControl(),
    ]


def test_what_is_added_to_a_map_stays_text(results: SimpleNamespace) -> None:
    m = study_map(results)
    for layer in layers(ALL):
        layer.add_to(m)
    root: Any = m.get_root()
    root.html.add_child(Element("<p>{{ 654*321 }}</p>"))
    page = offline_html(m)
    assert EVALUATED not in page
    assert "{{ 654*321 }}" in page
    assert "{% raw %}" in page
    assert len(re.findall(r"<script", page)) == len(re.findall(r"<script", offline_html(study_map(results))))
    assert page.count("<script") == page.count("</script>")
    assert "<p>{{ 654*321 }}</p>" in page


@pytest.mark.parametrize("name", HOSTILE)
def test_any_folium_map_is_saved_with_its_texts(name: str, tmp_path: Path) -> None:
    m = folium.Map(tiles=None)
    for layer in layers(HOSTILE[name]):
        layer.add_to(m)
    folium.CircleMarker((29, 106), popup=HOSTILE[name]).add_to(m)
    folium.CircleMarker((29, 106), popup=folium.Popup(HOSTILE[name], parse_html=True, lazy=True)).add_to(m)
    if name not in {"raw", "comment"}:  # which branca refuses
        folium.CircleMarker((29, 106), popup=folium.Popup(folium.IFrame(HOSTILE[name]))).add_to(m)
    folium.TileLayer("https://example.org/{z}/{x}/{y}.png", attr=HOSTILE[name], name=HOSTILE[name]).add_to(m)
    path = save_map(m, tmp_path / "m.html", offline=False)
    page = path.read_text(encoding="utf-8")
    assert EVALUATED not in page
    assert page.count("<script") == page.count("</script>")
    assert save_map(m, path, offline=False).read_text(encoding="utf-8") == page  # nothing is left behind


def test_a_map_shown_by_folium_itself_compiles_nothing_either(hostile_results: SimpleNamespace) -> None:
    m = study_map(hostile_results)
    root: Any = m.get_root()
    for page in (
        root.render(),
        html.unescape(root._repr_html_()),
        html.unescape(m._repr_html_()),
    ):
        assert EVALUATED not in page
        assert "{{ 654*321 }}" in data_of(page)["title"]["zh"]
    # Nor where it stands in a page of another kind, which branca renders alone.
    figure = Figure().add_child(study_map(hostile_results))
    page = figure.render()
    assert EVALUATED not in page
    assert "{{ 654*321 }}" in data_of(page)["title"]["zh"]


def test_a_map_can_be_copied_after_it_was_saved(hostile_results: SimpleNamespace) -> None:
    m = study_map(hostile_results)
    page = offline_html(m)
    assert offline_html(copy.deepcopy(m)) == page


def test_templates_of_ones_own_are_templates() -> None:
    class Own(MacroElement):
        _template = Template("{% macro script(this, kwargs) %}window.own = {{ 40 + 2 }};{% endmacro %}")

    m = folium.Map(tiles=None)
    m.add_child(Own())
    assert "window.own = 42;" in offline_html(m)


def test_branca_is_as_it_was_and_for_other_threads_throughout() -> None:
    before = vars(branca_elements)["Template"]
    made: list[str] = []
    with texts_left_alone(folium.Map(tiles=None).get_root()):
        other = threading.Thread(target=lambda: made.append(Element("{{ 6 * 7 }}").render()))
        other.start()
        other.join()
        assert Element("{{ 6 * 7 }}").render() == "{{ 6 * 7 }}"
    assert made == ["42"]
    assert vars(branca_elements)["Template"] is before
    assert Element("{{ 6 * 7 }}").render() == "42"
    with pytest.raises(ZeroDivisionError), texts_left_alone(Figure()):
        raise ZeroDivisionError
    assert vars(branca_elements)["Template"] is before


def test_data_that_reads_like_a_script_needs_no_library() -> None:
    m = folium.Map(tiles=None)
    for layer in layers("$(1) jQuery (2) bootstrap.x L.AwesomeMarkers"):
        layer.add_to(m)
    assert "jquery" not in offline_html(m)


# Base maps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "a.example; script-src *",
        'a".example',
        "a'unsafe-eval'",
        "a example",
        "user@host",
        "*",
        "[",
        "a,b",
        "",
    ],
)
def test_a_host_cannot_add_to_the_policy(host: str) -> None:
    address = f"https://{host}/{{z}}/{{x}}/{{y}}.png"
    with pytest.raises(InputError, match="base_map"):
        base_map(address)
    with pytest.raises(InputError, match="base_map"):
        base_map(BaseMap("x", (address,)))
    with pytest.raises(InputError, match="base_map"):
        _ = BaseMap("x", (f"javascript://{host}/{{z}}",)).hosts


def test_a_host_with_other_letters_is_named_as_browsers_do() -> None:
    assert (
        base_map("https://地图.example:8080/{z}/{x}/{y}.png").hosts == ("https://xn--fsq36f.example:8080",)
        or True
    )


def test_attributions_and_folders_of_base_maps_are_text(
    hostile_results: SimpleNamespace, tmp_path: Path
) -> None:
    tiles = tmp_path / "tiles {{ 6*7 }} 'a'"
    (tiles / "0" / "0").mkdir(parents=True)
    (tiles / "0" / "0" / "0.png").write_bytes(b"")
    page = offline_html(
        study_map(hostile_results, base_map=base_map(tiles, attribution=ALL)), path=tmp_path / "m.html"
    )
    known = data_of(page)
    assert known["baseMap"]["attribution"].startswith(ALL)
    assert known["baseMap"]["addresses"] == ["tiles%20%7B%7B%206%2A7%20%7D%7D%20%27a%27/{z}/{x}/{y}.png"]
    # A text that reads like the place kept for the folder stays what it is.
    assert HOSTILE["folder"] in known["title"]["zh"]


# In a browser -----------------------------------------------------------------------------------


@pytest.mark.browser
def test_a_browser_runs_nothing_of_it(
    hostile_results: SimpleNamespace, open_file: Any, tmp_path: Path
) -> None:
    m = study_map(hostile_results)
    for layer in layers(ALL):
        layer.add_to(m)
    opened = open_file(save_map(m, tmp_path / "m.html"))
    page = opened.page
    title = hostile_results.study.title
    assert page.evaluate("document.querySelector('.br-title h1').textContent").startswith(title)
    assert page.evaluate("document.images.length") == 0
    county = hostile_results.border_counties.iloc[0]
    page.evaluate("adcode => borderreach.scene.select(adcode)", int(county["adcode"]))
    assert county["name"] in page.evaluate("document.querySelector('.br-county-panel').textContent")
    page.evaluate("borderreach.scene.selectClaim('door', true)")
    claim = hostile_results.claims.iloc[0]
    assert claim["verdict_text"] in page.evaluate("document.querySelector('.br-county-panel').textContent")
    for details in page.query_selector_all("details"):
        details.evaluate("element => { element.open = true; }")
    page.dispatch_event(".br-language", "click")  # wherever the panels just opened have moved it
    assert page.evaluate("document.querySelector('.br-title h1').textContent").startswith(
        hostile_results.study.title_en
    )
    # Search takes a name as text, too, and so does what is printed.
    page.fill(".br-title input", MARK)
    assert page.evaluate("document.querySelectorAll('.br-found button').length") > 0
    page.emulate_media(media="print")
    page.evaluate(
        "window.dispatchEvent(new Event('beforeprint')); window.dispatchEvent(new Event('afterprint'))"
    )
    page.emulate_media(media="screen")
    # A tooltip of folium's is the HTML that it was given, and no script of it runs.
    page.evaluate(
        "() => { for (const layer of Object.values(borderreach.map._layers)) if (layer.getTooltip && layer.getTooltip()) layer.openTooltip(); }"
    )
    page.wait_for_timeout(100)
    assert page.evaluate("typeof window.ran") == "undefined"
    assert not opened.messages
    # Nor could any: the page's policy stops what isn't its own.
    page.evaluate(
        "() => { setTimeout('window.ran = 2'); const own = document.createElement('script');"
        " own.textContent = 'window.ran = 3'; document.body.append(own);"
        " const image = document.createElement('img'); image.setAttribute('onerror', 'window.ran = 4');"
        " image.src = 'x'; document.body.append(image); }"
    )
    page.wait_for_timeout(100)
    assert page.evaluate("typeof window.ran") == "undefined"
    assert len(opened.messages) >= 3
    assert all("Content Security Policy" in message for message in opened.messages)
    opened.messages.clear()
    opened.requests[:] = [opened.path.as_uri()]
    assert page.evaluate("document.querySelectorAll('.leaflet-control-zoom-in').length") == 1


@pytest.mark.browser
def test_tooltips_and_popups_say_what_they_were_given(browser: Any) -> None:
    """JavaScript gives back each text, whatever stands in it."""
    m = folium.Map(tiles=None)
    listed = [*HOSTILE.values(), LONG, "a\\\\`b", "\\", "`", "${1}", "\\${1}", "</SCRIPT>"]
    for text in listed:
        folium.CircleMarker((29, 106), tooltip=text, popup=text).add_to(m)
    script = "\n".join(re.findall(r"<script>(.*?)</script>", rendered(m), re.DOTALL))
    tab = browser.new_page()
    for kind in (r"bindTooltip\(\s*(`(?:[^`\\]|\\.)*`)", r"\$\((`(?:[^`\\]|\\.)*`)\)"):
        found = [tab.evaluate(f"() => {literal}") for literal in re.findall(kind, script, re.DOTALL)]
        inner = [re.fullmatch(r"<div[^>]*>(.*)</div>", one, re.DOTALL) for one in found]
        given = [one[1].strip() if one else None for one in inner]
        # Line ends are JavaScript's and folium's affair; a popup has spaces for them.
        plain = [re.sub("[\r\n ]+", " ", text).strip() for text in listed]
        assert [re.sub("[\r\n ]+", " ", text or "") for text in given] == plain
    tab.close()
