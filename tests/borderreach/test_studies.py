"""The study of Chongqing and Guizhou from end to end, and studies that can't be run."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach import data
from borderreach.analysis.corridors._comparison import GAINS
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._files import resolve_corridors
from borderreach.analysis.schemas import CIRCLES, COUNTY_TIMES, ISOCHRONES, ZONE_COUNTIES, ZONES
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.errors import (
    AmbiguousPlaceError,
    ConfigError,
    InputError,
    UnknownPlaceError,
    UnknownStudyError,
)
from borderreach.geo.networks._trunk import trunk_network
from borderreach.studies import run_study, study, study_names

STUDY = """\
name = "mine"
title = "示例"
title_en = "Demo"
provinces = ["重庆市", "贵州省"]
centres = ["贵阳市"]
"""


def write(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_embedded_study_can_be_read_and_names_its_file():
    assert "yuqian" in study_names()
    for name in study_names():
        found = study(name)
        assert found.name == name
        assert resolve_corridors(found) is not None


def test_mentions_are_words_of_the_texts(reference):
    for one in resolve_corridors(None):
        for mention in one.mentions:
            text = (reference / "seeds" / mention.text).read_text(encoding="utf-8")
            assert mention.words in text.replace("\n", ""), (one.id, mention.words)


def test_schemas(yuqian):
    assert list(yuqian.isochrones.columns) == ["scenario", *ISOCHRONES]
    assert list(yuqian.circles.columns) == list(CIRCLES)
    assert list(yuqian.zones.columns) == list(ZONES)
    assert list(yuqian.zone_counties.columns) == list(ZONE_COUNTIES)
    assert list(yuqian.county_times.columns) == list(COUNTY_TIMES)
    assert list(yuqian.gains.columns) == list(GAINS)
    # nor do pairs of towns across have a way half as long again as is usual
    not_asked = {
        "build_order",
        "build_front",
        "build_pairs",
        "access_changes",
        "equity",
        "missing_links",
        "critical_pairs",
        "way_costs",
    }
    for name, table in yuqian.tables():
        # no dead end of a trunk road lies at this border, and the study asks for no past years
        assert (len(table) > 0) == (
            name not in {"gaps", "year_circles", "year_borders", "year_counties", *not_asked}
        )
        if isinstance(table, gpd.GeoDataFrame):
            assert table.crs == "EPSG:4326"
            assert table.geometry.is_valid.all()


def test_border_counties_are_those_of_the_two_provinces(yuqian):
    assert set(yuqian.border_counties["province"]) == {"重庆市", "贵州省"}
    assert {"綦江区", "桐梓县", "道真仡佬族苗族自治县"} <= set(yuqian.border_counties["name"])
    assert "遵义市" not in set(yuqian.border_counties["name"])
    assert len(yuqian.borders) == 1
    assert {"重庆市", "贵州省"} <= set(yuqian.junctions["provinces"].iloc[0].split("、"))


def test_a_county_is_inside_the_circle_by_its_own_shortest_path(yuqian):
    """Minutes from a search to the seat and the polygon drawn on a grid agree."""
    for scenario, column in (("base", "base_min"), ("all", "scenario_min")):
        rows = yuqian.circles[
            (yuqian.circles["scenario"] == scenario) & (yuqian.circles["cutoff_min"] == 120)
        ]
        circle = rows.geometry.iloc[0]
        nearest = yuqian.county_times.groupby("adcode")[column].min()
        seats = yuqian.border_counties.set_index("adcode")
        for adcode, minutes in nearest.items():
            if abs(minutes - 120) > 1:  # the edge itself is drawn to a fraction of a cell
                seat = shapely.Point(seats.loc[adcode, "lon"], seats.loc[adcode, "lat"])
                assert circle.contains(seat) == (minutes < 120), (scenario, adcode, minutes)


def test_circles_are_nested_and_grow(yuqian):
    shapes = {(row.scenario, row.cutoff_min): row.geometry for row in yuqian.circles.itertuples(index=False)}
    assert shapes["base", 120].covers(shapes["base", 60])
    lost = shapely.difference(shapes["base", 120], shapes["all", 120])
    # Both are drawn on the same grid, but exits added near the edge move it by parts of a cell.
    assert lost.area <= 1e-4 * shapes["base", 120].area


def test_no_corridor_lengthens_a_trip(yuqian):
    assert (yuqian.county_times["delta_min"] <= 0).all()
    changed = yuqian.pair_times["scenario"].isin(yuqian.changes["change_id"])
    assert (yuqian.pair_times.loc[~changed, "delta_min"] <= 0).all()
    assert (yuqian.pair_times.loc[changed, "delta_min"] >= 0).all()
    assert (yuqian.comparison["delta_mean_min"] <= 1e-9).all()
    # nor do through trains on new lines; what is closed lengthens some
    assert (yuqian.road_county_times["delta_min"].dropna() <= 0).all()
    changed = yuqian.gains["scenario"].isin(yuqian.changes["change_id"])
    assert (yuqian.gains.loc[~changed, "delta_counties"] >= 0).all()
    assert (yuqian.change_times["delta_min"].dropna() >= 0).all()


def test_contributions_add_up(yuqian):
    table = yuqian.contributions
    total = table[table["corridor_id"] == "total"].set_index("measure")["contribution"]
    parts = table[table["corridor_id"] != "total"].groupby("measure")["contribution"].sum()
    for measure, value in total.items():
        assert parts[measure] == pytest.approx(value, abs=1e-6)
    gained = yuqian.gains[(yuqian.gains["scenario"] == "all") & (yuqian.gains["cutoff_min"] == 120)].iloc[0]
    assert total["circle_km2"] == pytest.approx(gained["delta_area_km2"])
    assert total["circle_counties"] == gained["delta_counties"]
    shares = yuqian.comparison.filter(like="contribution_").sum(axis=1)
    assert shares.to_numpy() == pytest.approx(yuqian.comparison["delta_mean_min"].to_numpy(), abs=1e-6)


def test_the_railway_brings_the_capitals_near_to_two_hours(yuqian):
    pairs = yuqian.pair_times.set_index(["scenario", "from_name"])["travel_time_min"]
    today = yuqian.journeys.set_index("from_name").loc["重庆市"]
    assert 210 < today["road_only_min"] < 290  # about 380 road kilometres
    # the fastest trains take 118 minutes, and one also waits, goes to the station and from it
    assert 118 + 60 < pairs["base", "重庆市"] < today["road_only_min"]
    line_haul = yuqian.corridor_segments.query("service == '直达'")["line_haul_min"].sum()
    assert 65 < line_haul < 75
    assert line_haul + 15 + 5 < pairs["yugui-hsr", "重庆市"] < line_haul + 15 + 5 + 60
    assert pairs["yanyinsong-expressway", "重庆市"] == pytest.approx(pairs["base", "重庆市"])


def test_the_expressway_serves_the_counties_it_was_built_for():
    base = trunk_network(speed_kph=88)
    after = add_corridors(base, "yanyinsong-expressway")
    yanhe, yinjiang = 520627, 520625
    before_min = travel_times(base, yanhe, yinjiang)["travel_time_min"].item()
    after_min = travel_times(after, yanhe, yinjiang)["travel_time_min"].item()
    assert 60 < after_min < before_min - 2
    # Yinjiang isn't on the border, and between Yanhe and Songtao the roads of 2024 by Xiushan are as fast
    songtao = 520628
    assert travel_times(after, yanhe, songtao)["travel_time_min"].item() == pytest.approx(
        travel_times(base, yanhe, songtao)["travel_time_min"].item()
    )


@pytest.mark.slow
def test_results_with_another_name_and_no_corridor(tmp_path):
    network = trunk_network(speed_kph=88)
    results = run_study(write(tmp_path, STUDY), network=network)
    assert set(results.scenario_names) == {"base"}
    assert results.gains.empty
    assert len(results.contributions) == 0
    assert np.allclose(results.county_times["delta_min"].dropna(), 0)
    assert len(results.pair_times) == 0
    assert isinstance(results.zones, gpd.GeoDataFrame)
    assert isinstance(results.zone_counties, pd.DataFrame)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        (STUDY.replace("centres", "centers"), ConfigError, "did you mean 'centres'"),
        (STUDY.replace('"mine"', '"yours"'), ConfigError, "make them equal"),
        (STUDY.replace("贵阳市", "贵羊市"), UnknownPlaceError, "贵羊市"),
        (STUDY.replace("贵阳市", "鼓楼区"), AmbiguousPlaceError, "350102"),
        (STUDY + 'corridors = ["yugui-hrs"]\n', InputError, "did you mean 'yugui-hsr'"),
        (STUDY.replace('["贵阳市"]', "[]"), ConfigError, "centres"),
    ],
)
def test_studies_that_cannot_be_run(tmp_path, text, error, words):
    out = tmp_path / "out"
    with pytest.raises(error, match=words):
        run_study(write(tmp_path, text), out=out)
    assert not out.exists()


def test_an_unknown_study_suggests():
    with pytest.raises(UnknownStudyError, match="did you mean 'yuqian'"):
        study("yuqan")
    with pytest.raises(UnknownStudyError, match="no study file"):
        study("nowhere/mine.toml")


def test_study_files_are_where_they_are_looked_for():
    assert {path.stem for path in data.path("studies").glob("*.toml")} == set(study_names())
