from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import folium
import pytest
from folium.plugins import MiniMap

from borderreach.geo.errors import InputError, InputTypeError, OutputError
from borderreach.maps.page._leaflet import study_map
from borderreach.maps.page._offline import external_references, offline_html, save_map

EVIL = '<img src=x onerror="window.pwned=1"></script><script>window.pwned=1</script>'


@pytest.fixture(scope="module")
def page(results: SimpleNamespace) -> str:
    return offline_html(study_map(results))


def test_the_page_loads_nothing_from_outside(page: str) -> None:
    assert external_references(page) == []
    assert "Content-Security-Policy" in page
    assert not re.search(r'<(script|link)[^>]*(src|href)="', page)
    assert "sourceMappingURL" not in page
    for unused in ("jquery", "bootstrap", "fontawesome", "AwesomeMarkers"):
        assert unused not in page.lower()


def test_the_page_says_its_language_and_charset_first(page: str) -> None:
    assert page.startswith('<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">')
    assert "<title>渝黔边界地区的可达性</title>" in page


def test_the_licence_of_leaflet_stays(page: str) -> None:
    assert "Leaflet 1.9" in page


def test_a_second_page_is_the_same_byte_for_byte(results: SimpleNamespace, page: str) -> None:
    assert offline_html(study_map(results)) == page


def test_the_page_is_small(page: str) -> None:
    assert len(page.encode()) < 3_000_000


def test_folium_is_left_as_it_was(results: SimpleNamespace) -> None:
    before = list(folium.Map.default_js), list(folium.Map.default_css)
    offline_html(study_map(results))
    assert (list(folium.Map.default_js), list(folium.Map.default_css)) == before
    assert len(before[0]) > 2


def test_online_keeps_the_links_of_folium(results: SimpleNamespace, tmp_path: Path) -> None:
    text = save_map(study_map(results), tmp_path / "online.html", offline=False).read_text("utf-8")
    assert folium.Map.default_js[0][1] in text
    assert "Content-Security-Policy" not in text


def test_a_map_can_be_saved_both_ways(results: SimpleNamespace, tmp_path: Path) -> None:
    m = study_map(results)
    first = save_map(m, tmp_path / "a.html").read_bytes()
    save_map(m, tmp_path / "b.html", offline=False)
    assert save_map(m, tmp_path / "c.html").read_bytes() == first


def test_any_folium_map_can_be_saved(tmp_path: Path) -> None:
    m = folium.Map(tiles=None)
    folium.GeoJson({"type": "Point", "coordinates": [106.5, 29.5]}, marker=folium.CircleMarker()).add_to(m)
    folium.LayerControl().add_to(m)
    assert external_references(save_map(m, tmp_path / "plain.html").read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("addition", "named"),
    [
        (folium.TileLayer("OpenStreetMap"), "tile.openstreetmap.org"),
        (folium.Popup("text"), "jquery"),
        (MiniMap(tile_layer=folium.TileLayer("OpenStreetMap")), "MiniMap|openstreetmap"),
        (folium.Marker([29, 106], icon=folium.Icon()), "awesome_markers"),
        (folium.Element('<img src="https://example.org/a.png">'), "example.org"),
    ],
)  # fmt: skip
def test_what_needs_a_network_is_refused_and_nothing_is_written(
    addition: Any, named: str, tmp_path: Path
) -> None:
    m = folium.Map(tiles=None)
    if type(addition) is folium.Element:
        root: Any = m.get_root()
        root.html.add_child(addition)
    elif isinstance(addition, folium.Popup):
        folium.CircleMarker([29, 106], popup=addition).add_to(m)
    else:
        addition.add_to(m)
    with pytest.raises(OutputError, match=f"(?i){named}"):
        save_map(m, tmp_path / "map.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ('<script src="//a.b/c.js"></script>', ["//a.b/c.js"]),
        ('<link rel="stylesheet" href="style.css">', ["style.css"]),
        ("<style>@import 'https://a.b/c.css'; p { background: url(x.png) }</style>", ["https://a.b/c.css", "x.png"]),
        ('<p style="background: url(&quot;https://a.b/c.png&quot;)">', ["https://a.b/c.png"]),
        ('<img srcset="a.png 1x, b.png 2x">', ["a.png", "b.png"]),
        ('<a href="https://a.b">x</a><img src="data:image/png;base64,AA"><use href="#a"/>', []),
        ("<script>const a = '<img src=https://a.b>';</script>", []),
    ],
)  # fmt: skip
def test_references_are_found_where_browsers_follow_them(page: str, found: list[str]) -> None:
    assert external_references(page) == found


def test_names_never_become_markup(results: SimpleNamespace) -> None:
    counties = results.border_counties.copy()
    counties["name"] = EVIL
    study = SimpleNamespace(name="x", title=EVIL, title_en=EVIL, description=EVIL, circle_min=120.0)
    page = offline_html(
        study_map(
            SimpleNamespace(
                **{**vars(results), "border_counties": counties, "study": study, "attribution": [EVIL]}
            )
        )
    )
    assert "<img src=x" not in page
    assert page.count("</script>") == page.count("<script")


def test_folders_are_made_and_a_file_is_replaced(results: SimpleNamespace, tmp_path: Path) -> None:
    path = tmp_path / "结果" / "deep" / "map.html"
    m = study_map(results)
    assert save_map(m, path) == path
    path.write_text("old", encoding="utf-8")
    save_map(m, str(path))
    assert path.stat().st_size > 100_000
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(results: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    m = study_map(results)
    with pytest.raises(OutputError, match=r"map\.html"):
        save_map(m, tmp_path / "file" / "map.html")
    with pytest.raises(OutputError, match="is a folder"):
        save_map(m, tmp_path)
    with pytest.raises(InputTypeError, match="path"):
        save_map(m, 3)  # type: ignore[arg-type]
    with pytest.raises(InputTypeError, match=r"folium\.Map"):
        save_map("map", tmp_path / "map.html")  # type: ignore[arg-type]
    assert (tmp_path / "file").read_text("utf-8") == "x"


def test_an_unknown_language_is_refused(results: SimpleNamespace) -> None:
    with pytest.raises(InputError, match="language"):
        study_map(results, language="fr")  # type: ignore[arg-type]


def test_a_notebook_shows_the_map_without_a_network(results: SimpleNamespace) -> None:
    shown = study_map(results)._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "cdn.jsdelivr.net" not in shown
