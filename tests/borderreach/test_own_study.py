"""A study, corridors, lines and changes of one's own, from files beside each other, end to end."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis.corridors._files import resolve_corridors
from borderreach.geo.errors import ConfigError, InputError
from borderreach.reports import report
from borderreach.studies import run_study, study

STUDY = """\
name = "mine"
title = "宁夏与邻省"
title_en = "Ningxia and its neighbours"
provinces = ["宁夏回族自治区"]
between = ["宁夏回族自治区"]
centres = ["银川市"]
circle_cutoffs_min = [60]
railways = false
corridors = ["yin-wu"]
corridor_files = ["lines.toml"]
years = [2025, 2030]

[[change]]
id = "bridge"
name = "灵武一带中断"
near = "灵武市"
within_km = 8
close = true
"""
LINES = """\
[[corridor]]
id = "yin-wu"
name = "银川—乌海高速"
mode = "road"
status = "proposed"
status_date = 2024-01-01
opening_year = 2030
design_speed_kph = 200
geometry = "geo/line.gpkg"
stops = [
  { name = "银川", lon = 106.23, lat = 38.49, kind = "interchange", position = "approximate" },
  { name = "石嘴山", lon = 106.38, lat = 39.02, kind = "interchange", position = "approximate" },
  { name = "乌海", lon = 106.79, lat = 39.66, kind = "interchange", position = "approximate" },
]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("own")
    (found / "mine.toml").write_text(STUDY, encoding="utf-8")
    (found / "lines.toml").write_text(LINES, encoding="utf-8")
    (found / "geo").mkdir()
    line = shapely.LineString([(106.23, 38.49), (106.30, 38.8), (106.38, 39.02), (106.79, 39.66)])
    gpd.GeoSeries([line], crs=4326).to_file(found / "geo" / "line.gpkg")
    return found


@pytest.fixture(scope="module")
def results(folder, tmp_path_factory):
    # another working folder: paths are relative to the files that name them
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        return run_study(folder / "mine.toml")


def test_corridors_of_the_users_files_are_found(folder):
    one = resolve_corridors(study(folder / "mine.toml"))[0]
    assert one.id == "yin-wu"
    assert one.geometry is not None
    assert one.where == f"{folder / 'lines.toml'}:1"


def test_one_province_means_all_its_borders_and_both_sides(results):
    own = results.border_counties["province"] == "宁夏回族自治区"
    assert set(results.border_counties["province"]) == {
        "宁夏回族自治区", "内蒙古自治区", "甘肃省", "陕西省",
    }  # fmt: skip
    assert set(results.border_counties.loc[~own, "neighbour_provinces"]) == {"宁夏回族自治区"}
    assert len(results.borders) == 3
    assert all("宁夏回族自治区" in names for names in results.junctions["provinces"])
    # each border's length is what its counties have of it, on either side
    lengths = results.border_counties.groupby(own)["border_km"].sum()
    assert lengths[True] == pytest.approx(results.borders["length_km"].sum(), rel=1e-6)
    assert lengths[False] == pytest.approx(lengths[True], rel=1e-6)
    assert set(results.border_counties["adcode"]) <= set(results.counties["adcode"])
    assert results.provinces["name"].to_list() == ["宁夏回族自治区"]
    assert results.county_times["adcode"].nunique() == len(results.border_counties)


def test_years_and_changes_are_scenarios_of_their_own(results):
    assert list(results.scenario_names) == ["base", "2025", "2030", "bridge", "all"]
    gained = results.gains.set_index("scenario")["delta_area_km2"]
    assert gained["2025"] == 0
    assert gained["2030"] == gained["all"] > 100
    assert gained["bridge"] < 0
    assert results.scenario_circles["scenario"].to_list() == list(results.scenario_names)
    assert results.circle_people["scenario"].nunique() == 5
    change = results.changes.iloc[0]
    assert change["closed"]
    assert change["n_links"] > 0
    assert (results.change_times["delta_min"].fillna(0) >= 0).all()
    assert results.change_times["delta_min"].max() > 5
    assert set(results.change_times["change_id"]) == {"bridge"}


def test_the_report_tells_of_them(results):
    text = report(results)
    for words in (
        "到2025年（尚无廊道建成）",
        "到2030年（建成1条廊道）",
        "、线路中断或变速会怎样\n",
        "- 灵武一带中断：",
        "银川市至灵武市",
    ):
        assert words in text
    assert not re.search("(?<![a-z])nan(?![a-z])", text.lower())  # names such as Hainan aside


def test_a_users_corridor_may_not_take_an_embedded_name(folder):
    (folder / "lines2.toml").write_text(LINES.replace('"yin-wu"', '"yugui-hsr"'), encoding="utf-8")
    (folder / "mine2.toml").write_text(
        STUDY.replace('"mine"', '"mine2"').replace("lines.toml", "lines2.toml"), encoding="utf-8"
    )
    with pytest.raises(ConfigError, match="embedded corridor is called 'yugui-hsr'"):
        resolve_corridors(study(folder / "mine2.toml"))
    (folder / "mine3.toml").write_text(
        STUDY.replace('"mine"', '"mine3"').replace('["yin-wu"]', '["yin-wuu"]'), encoding="utf-8"
    )
    with pytest.raises(InputError, match="yin-wuu"):
        run_study(folder / "mine3.toml")


def test_contributions_of_one_corridor_are_all_of_it(results):
    table = results.contributions.set_index(["corridor_id", "measure"])["contribution"]
    assert table["yin-wu", "circle_km2"] == pytest.approx(table["total", "circle_km2"])
    assert np.isfinite(table["yin-wu", "county_min"])
