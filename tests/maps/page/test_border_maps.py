"""One map per border of two provinces."""

from __future__ import annotations

import re
from copy import copy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import shapely

from borderreach.geo.errors import EmptyInputError, OutputError
from borderreach.maps.layers import map_layers
from borderreach.maps.page._border_maps import results_between, save_border_maps
from borderreach.maps.page._counties import counties_content
from borderreach.maps.page._offline import external_references


def changed(results: SimpleNamespace, **parts: Any) -> SimpleNamespace:
    other = copy(results)
    vars(other).update(parts)
    return other


def test_a_map_per_border_and_a_page_that_lists_them(results: SimpleNamespace, tmp_path: Path):
    table = save_border_maps(results, tmp_path / "borders")
    assert list(table["file"]) == ["500000-520000.html"]
    assert list(table["n_counties"]) == [len(results.border_counties)]
    assert {path.name for path in (tmp_path / "borders").iterdir()} == {
        "index.html",
        "manifest.json",
        "500000-520000.html",
    }
    page = (tmp_path / "borders" / "500000-520000.html").read_text(encoding="utf-8")
    assert [address for address in external_references(page) if re.match(r"(https?:)?//", address)] == []
    assert "綦江区" in page
    listing = (tmp_path / "borders" / "index.html").read_text(encoding="utf-8")
    assert 'href="500000-520000.html">重庆市—贵州省</a>' in listing
    again = save_border_maps(results, tmp_path / "again")
    assert again.equals(table)
    for name in ("index.html", "500000-520000.html", "manifest.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "borders" / name).read_bytes()


def test_lengths_are_told_as_both_boundary_sources_have_them(results: SimpleNamespace, tmp_path: Path):
    lengths = results.border_counties["border_km"]
    both = changed(
        results,
        borders=results.borders.assign(length_low_km=766.6, length_high_km=896.2),
        border_counties=results.border_counties.assign(border_low_km=lengths, border_high_km=lengths + 7),
    )
    table = save_border_maps(both, tmp_path / "borders")
    assert table[["length_low_km", "length_high_km"]].to_numpy()[0].tolist() == [766.6, 896.2]
    assert "<td>767–896</td>" in (tmp_path / "borders" / "index.html").read_text(encoding="utf-8")
    told = {one["adcode"]: one["km"] for one in counties_content(map_layers(both), ())["counties"]}
    row = both.border_counties.iloc[0].to_dict()
    assert told[row["adcode"]] == f"{row['border_km']:,.0f}–{row['border_km'] + 7:,.0f}"
    # a boundary of the user's own has one length
    assert counties_content(map_layers(results), ())["counties"][0]["km"] == f"{lengths.iloc[0]:,.0f}"


def test_only_what_lies_at_the_border_is_kept(results: SimpleNamespace):
    elsewhere = results.border_counties.iloc[[0]].assign(
        adcode=999999, name="别县", province="湖南省", neighbour_provinces="贵州省"
    )
    counties = pd.concat([results.border_counties, elsewhere], ignore_index=True)
    part = results_between(changed(results, border_counties=counties), "重庆市", "贵州省")
    assert 999999 not in set(part.border_counties["adcode"])
    assert set(part.county_times["adcode"]) <= set(part.border_counties["adcode"])
    assert set(part.zones["centre_id"]) <= set(part.border_counties["adcode"].astype(str))
    assert list(part.centres["origin_id"]) == list(results.centres["origin_id"])


def test_circles_are_those_of_the_centres_in_the_two_provinces(results: SimpleNamespace):
    both = results_between(results, "重庆市", "贵州省")
    assert set(both.circles["n_centres"]) == {2}
    far = results.centres.copy()
    far.loc[far.index[1], "geometry"] = shapely.Point(150.0, 20.0)
    one = results_between(changed(results, centres=far), "重庆市", "贵州省")
    assert list(one.centres["origin_id"]) == [results.centres["origin_id"].iloc[0]]
    assert set(one.circles["n_centres"]) == {1}
    assert (one.circles["area_km2"].to_numpy() < both.circles["area_km2"].to_numpy()).all()
    far["geometry"] = far.translate(xoff=40)
    none = results_between(changed(results, centres=far), "重庆市", "贵州省")
    assert len(none.centres) == 2  # then those of all
    # each says in its title whose circles it shows
    for part in (both, one, none):
        names = "、".join(part.centres["origin_name"])
        assert part.study.title == f"重庆市—贵州省：毗邻区县与{names}的交通圈"
    assert (
        one.study.title_en
        == "Border of Chongqing and Guizhou: its counties, and travel-time circles of Chongqing"
    )
    many = pd.concat([far] * 4, ignore_index=True)
    assert (
        "8 个中心的交通圈" in results_between(changed(results, centres=many), "重庆市", "贵州省").study.title
    )


def test_errors_leave_nothing_behind(results: SimpleNamespace, tmp_path: Path):
    alone = changed(results, provinces=results.provinces.iloc[:1])
    with pytest.raises(EmptyInputError, match="no border between two"):
        save_border_maps(alone, tmp_path / "borders")
    assert not (tmp_path / "borders").exists()
    (tmp_path / "taken").touch()
    with pytest.raises(OutputError, match="is a file"):
        save_border_maps(results, tmp_path / "taken")


@pytest.mark.browser
def test_it_opens(results: SimpleNamespace, tmp_path: Path, open_file: Any):
    save_border_maps(results, tmp_path)
    opened = open_file(tmp_path / "500000-520000.html")
    assert "重庆市—贵州省" in opened.page.title()
    assert opened.messages == []


@pytest.mark.browser
def test_in_english_nothing_is_left_in_chinese(results: SimpleNamespace, tmp_path: Path, open_file: Any):
    named = changed(
        results, corridor_names_en={"yys": "Yanhe–Songtao expressway", "cqgy": "Chongqing–Guiyang HSR"}
    )
    save_border_maps(named, tmp_path, language="en")
    assert ">Chongqing–Guizhou</a>" in (tmp_path / "index.html").read_text(encoding="utf-8")
    opened = open_file(tmp_path / "500000-520000.html")
    seen = opened.page.evaluate(
        "[...document.querySelectorAll('.br-label, .br-title, .br-legend')].map((one) => one.textContent).join('|')"
    )
    assert "Chongqing–Guiyang HSR" in seen
    # the other language's button, and the sign that stands for names of counties
    assert set(re.findall("[\u4e00-\u9fff]", seen)) <= set("中文县")
