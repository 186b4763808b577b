"""People of counties, where they are put, and how many are within an area."""

from __future__ import annotations

import logging
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.indicators._people import (
    CENSUS_TOTAL,
    PEOPLE,
    people,
    people_by_rule,
    people_points,
    people_within,
    with_people,
)
from borderreach.analysis.indicators._placed import _PLACED
from borderreach.geo.crs import CHINA_ALBERS, WGS84
from borderreach.geo.errors import (
    EmptyInputError,
    GeometryTypeError,
    InputError,
    InputTypeError,
    MissingColumnError,
    MissingCRSError,
)
from borderreach.geo.networks import Links, build_network
from borderreach.geo.places._boundaries import counties


@pytest.mark.parametrize("source", ["tianditu", "amap"])
def test_embedded_tables_hold_everyone(source: str):
    table = people(source)
    assert list(table.columns) == list(PEOPLE)
    assert table["people"].sum() == CENSUS_TOTAL
    assert (table["census_units"] == "").any()


def test_the_embedded_table_is_a_copy():
    table = people()
    table["people"] = 0.0
    assert people()["people"].sum() == CENSUS_TOTAL


@pytest.mark.parametrize("source", ["tianditu", "amap"])
def test_counties_find_their_own_table(source: str):
    units = counties(source)
    mainland = units[(units["province_adcode"] < 710_000) & ~units["adcode"].isin((350527, 440499))]
    result = with_people(mainland)
    assert result["people"].sum() == CENSUS_TOTAL
    assert result.index.equals(mainland.index)
    assert "people" not in mainland.columns
    expected = {"tianditu": 925_800, "amap": 925_800 + 2_191_493}  # 江北区 alone, or 两江新区
    assert result.set_index("adcode")["people"][500105] == expected[source]


def test_unmatched_counties_are_an_error_that_names_them():
    units = counties(provinces=["福建", "香港"])
    with pytest.raises(InputError, match=r"19 of 102 counties.*金门县 \(350527\).*missing='report'"):
        with_people(units)


def test_unmatched_counties_can_be_reported(caplog: pytest.LogCaptureFixture):
    units = counties(provinces=["福建", "香港"])
    with caplog.at_level(logging.WARNING):
        result = with_people(units, missing="report")
    assert "19 of 102" in caplog.text
    assert result["people"].isna().sum() == 19
    assert set(result.loc[result["people"].isna(), "people_basis"]) == {""}
    with pytest.raises(InputError, match=r"no people for .*350527"):
        people_points(result, rule="seat")


def test_it_matters_which_table_where_areas_differ():
    # 鄂伦春 holds 加格达奇 in one source and not in the other, under the same code and name
    units = counties(provinces="内蒙古")
    with pytest.raises(InputError, match=r"differ for 鄂伦春自治旗 \(150723\).*people=people\('tianditu'\)"):
        with_people(units)
    both = [with_people(units, people(source))["people"].sum() for source in ("tianditu", "amap")]
    assert both[0] - both[1] == 137_105


class TestOwnTable:
    def test_a_csv(self, tmp_path):
        file = tmp_path / "own.csv"
        file.write_bytes("代码,人口,name\n500110,100.5,綦江区\n520322,7,桐梓县\n".encode("gbk"))
        table = people(file, columns={"adcode": "代码", "people": "人口"}, encoding="GBK")
        assert table["people"].tolist() == [100.5, 7]
        assert set(table["basis"]) == {"own table"}
        units = counties(provinces="重庆")
        result = with_people(units[units["name"] == "綦江区"], table)
        assert result[["people", "people_basis"]].to_numpy().tolist() == [[100.5, "own table"]]

    @pytest.mark.parametrize(
        ("text", "error", "message"),
        [
            ("adcode,people\n1,-5\n", InputError, "below zero or infinite: -5 for '1'"),
            ("adcode,people\n1,\n", InputError, "row 2: adcode '1', people ''"),
            ("adcode,people\n1,5\n1,6\n", InputError, "adcode '1' more than once"),
            ("adcode,people\nx,5\n", InputError, "row 2: adcode 'x'"),
            ("adcode,people\n1,many\n", InputError, "row 2: adcode '1', people 'many'"),
            ("adcode,count\n1,5\n", MissingColumnError, "lacks the column.*'people'"),
            ("adcode,people\n", EmptyInputError, "has no rows"),
            ("", EmptyInputError, "has no rows"),
        ],
    )
    def test_tables_that_cannot_be_used(self, tmp_path, text, error, message):
        file = tmp_path / "own.csv"
        file.write_text(text)
        with pytest.raises(error, match=message):
            people(file)

    def test_a_file_that_isnt_there(self, tmp_path):
        with pytest.raises(InputError, match="'tianditu' or 'amap' or the path"):
            people(tmp_path / "no.csv")
        number: Any = 5
        with pytest.raises(InputTypeError, match="a path, got int"):
            people(number)

    def test_a_frame(self):
        units = counties(provinces="重庆").iloc[:1]
        mapping: Any = {500101: 5}
        with pytest.raises(InputTypeError, match="'people' should be a DataFrame"):
            with_people(units, mapping)
        with pytest.raises(InputError, match="below zero"):
            with_people(units, pd.DataFrame({"adcode": [500101], "people": [-1]}))


@pytest.fixture
def squares() -> gpd.GeoDataFrame:
    """Two counties side by side, a degree each, and one far off without a road."""
    return gpd.GeoDataFrame(
        {
            "adcode": [1, 2, 3],
            "people": [90.0, 40.0, 7.0],
            "lon": [106.5, 107.5, 120.5],
            "lat": [29.5, 29.5, 29.5],
        },
        geometry=[
            shapely.box(106, 29, 107, 30),
            shapely.box(107, 29, 108, 30),
            shapely.box(120, 29, 121, 30),
        ],
        crs=WGS84,
    )


@pytest.fixture
def network():
    """Three nodes in the first county, one on the border, one in the second."""
    return build_network(
        [106.1, 106.2, 106.3, 107.0, 107.9],
        [29.1, 29.2, 29.3, 29.5, 29.9],
        Links([0, 1, 2, 3], [1, 2, 3, 4], [1e4] * 4, [600.0] * 4),
    )


def test_all_at_the_seat(squares):
    points = people_points(squares, rule="seat")
    assert points["people"].tolist() == [90, 40, 7]
    assert points["lon"].tolist() == [106.5, 107.5, 120.5]
    assert set(points["rule"]) == {"seat"}
    assert points.crs == WGS84


def test_shared_out_over_nodes(squares, network):
    points = people_points(squares, rule="nodes", network=network)
    # the node on the border goes to the county that comes first
    assert points["adcode"].tolist() == [1, 1, 1, 1, 2, 3]
    assert points["people"].tolist() == [22.5] * 4 + [40, 7]
    assert points["rule"].tolist() == ["nodes"] * 5 + ["seat"]
    assert points["lon"].iloc[-1] == 120.5


def test_rules_and_networks_go_together(squares, network):
    with pytest.raises(InputError, match="needs a 'network'"):
        people_points(squares)
    with pytest.raises(InputError, match="no use for it"):
        people_points(squares, rule="seat", network=network)
    unknown: Any = "area"
    with pytest.raises(InputError, match="'rule' should be one of"):
        people_points(squares, rule=unknown)
    with pytest.raises(InputError, match="below zero"):
        people_points(squares.assign(people=[1.0, -1.0, 2.0]), rule="seat")


def test_people_within_areas(squares, network):
    points = people_points(squares, rule="nodes", network=network)
    areas = gpd.GeoDataFrame(
        {"origin_id": ["half", "none"]},
        geometry=[shapely.box(106, 29, 106.2, 30), shapely.box(0, 0, 1, 1)],
        index=[7, 9],
        crs=WGS84,
    )
    result = people_within(areas.to_crs(CHINA_ALBERS), points)
    assert result["people"].tolist() == [45, 0]  # a node on the edge is inside
    assert result["share_of_people"].tolist() == pytest.approx([45 / 137, 0])
    assert result.index.tolist() == [7, 9]
    assert result.crs == areas.to_crs(CHINA_ALBERS).crs
    assert "people" not in areas.columns


def test_no_areas_and_no_people(squares):
    points = people_points(squares, rule="seat")
    none = gpd.GeoDataFrame({"origin_id": []}, geometry=[], crs=WGS84)
    assert people_within(none, points)["people"].dtype == "float64"
    with pytest.raises(EmptyInputError, match="'points' has no rows"):
        people_within(squares, points.iloc[:0])
    with pytest.raises(EmptyInputError, match="no people at all"):
        people_within(squares, points.assign(people=0.0))
    with pytest.raises(MissingCRSError, match="'areas' has no coordinate"):
        people_within(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)]), points)
    with pytest.raises(GeometryTypeError, match="'points' has geometries of type Polygon"):
        people_within(squares, squares)


def test_the_choice_of_rule_is_reported(squares, network):
    areas = gpd.GeoDataFrame(geometry=[shapely.box(106, 29, 106.35, 30), shapely.box(0, 0, 1, 1)], crs=WGS84)
    result = people_by_rule(areas, squares, network)
    assert result["people_seat"].tolist() == [0, 0]
    assert result["people_nodes"].tolist() == [67.5, 0]
    assert result["rule_difference"].tolist() == [67.5, 0]
    assert result["rule_difference_share"][0] == 2
    assert np.isnan(result["rule_difference_share"][1])


@given(st.floats(0.01, 1.5), st.floats(0, 1.5))
def test_a_larger_area_never_holds_fewer(small, more):
    frame = gpd.GeoDataFrame(
        {"people": np.arange(1.0, 101.0)},
        geometry=shapely.points(*np.random.default_rng(5).uniform(100, 103, (2, 100)) - [[0], [70]]),
        crs=WGS84,
    )
    centre = shapely.Point(101.5, 31.5)
    areas = gpd.GeoDataFrame(geometry=[centre.buffer(small), centre.buffer(small + more)], crs=WGS84)
    inner, outer = people_within(areas, frame)["people"]
    assert inner <= outer


def test_networks_that_begin_with_the_same_nodes_have_people_where_each_has_them_alone():
    square = [shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)]
    frame = gpd.GeoDataFrame(
        {"adcode": [1, 2], "people": [30.0, 40.0], "lon": [106.5, 107.5], "lat": [29.5, 29.5]},
        geometry=square,
        crs=WGS84,
    )
    lon = [106.2, 107.0, 107.8, 109.0, 106.4, 107.1]  # on the border of both, and outside
    networks = [
        build_network(ends, [29.5] * len(ends), Links([0], [1], [9e4], [3600.0]))
        for ends in (lon[:4], lon, lon[:3], [106.2, 106.9, 107.8, 109.0])
    ]
    one_by_one = []
    for network in networks:
        _PLACED.clear()
        one_by_one.append(people_points(frame, network=network))
    _PLACED.clear()
    for network, alone in zip(networks, one_by_one, strict=True):
        pd.testing.assert_frame_equal(
            pd.DataFrame(people_points(frame, network=network)), pd.DataFrame(alone)
        )
    assert one_by_one[1]["lon"].tolist() == [106.2, 107.0, 106.4, 107.8, 107.1]
