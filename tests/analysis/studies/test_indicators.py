"""Indicators of a study's border counties: the cores of their types, and both networks in every figure."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.studies._indicators import _kept, county_indicators, people_of, typology_cores
from borderreach.geo.networks._trunk import trunk_network
from borderreach.geo.places._boundaries import counties
from borderreach.geo.places._places import origins_table


def test_cores_are_centres_and_the_capitals_of_the_counties_provinces():
    border = counties(provinces=["四川", "重庆", "陕西"])
    cores = typology_cores(border, origins_table(["巴中市"]))
    assert cores["adcode"].tolist() == ["511900", "500000", "510100", "610100"]
    assert cores["lon"].between(104, 109).all()


def test_a_capital_that_is_a_centre_or_beside_one_is_one_core():
    border = counties(provinces=["重庆", "贵州"])
    assert typology_cores(border, origins_table(["重庆市", "贵阳市"]))["adcode"].tolist() == [
        "500000",
        "520100",
    ]
    # 渝中区 lies in the middle of Chongqing
    beside = typology_cores(border, origins_table(["渝中区"]))
    assert beside["adcode"].tolist() == ["500103", "520100"]


@pytest.fixture(scope="module")
def border() -> gpd.GeoDataFrame:
    units = counties(provinces=["重庆", "贵州"])
    return units[units["name"].isin(["綦江区", "桐梓县"])]


def test_faster_roads_show_in_every_figure_with_corridors(border: gpd.GeoDataFrame):
    around = people_of(counties(provinces=["重庆", "贵州"]))
    centres = origins_table(["重庆市", "贵阳市"])
    base, faster = trunk_network(speed_kph=88), trunk_network(speed_kph=200, access_speed_kph=60)
    table = county_indicators(base, faster, border, around, centres, cutoff_min=90).set_index("name")
    same = county_indicators(base, base, border, around, centres, cutoff_min=90).set_index("name")
    assert table["people"].to_dict() == {"綦江区": 1_011_334, "桐梓县": 529_471}
    assert same["core_id"].to_dict() == {"綦江区": "500000", "桐梓县": "500000"}
    for before, after in (
        ("base_people_reached", "scenario_people_reached"),
        ("base_potential", "scenario_potential"),
        ("efficiency", "scenario_efficiency"),
    ):
        assert (table[after] > table[before]).all()
        assert same[after].tolist() == same[before].tolist()
        assert table[before].tolist() == same[before].tolist()
    assert (same["potential_change"] == 0).all()
    assert table["county_type"].tolist() == same["scenario_county_type"].tolist()
    # Tongzi lies halfway between Chongqing and Guiyang, two hours from both and then less than one
    assert table["county_type"].to_dict()["桐梓县"] == "corridor"
    assert table["scenario_county_type"].to_dict()["桐梓县"] == "core-adjacent"


def test_a_line_that_passes_a_county_by_lowers_no_type():
    """The rule alone would move who lies between two cores off the way, because these come nearer to each other."""
    order = pd.Series(["corridor", "corridor", "remote", "sag"])
    then = pd.Series(["sag", "sag", "sag", "corridor"])
    before = np.array([[80.0, 90.0], [80.0, 90.0], [200.0, np.inf], [100.0, 120.0]])
    after = before - [[10.0, 0.0], [-5.0, 0.0], [30.0, 0.0], [40.0, 0.0]]
    # The second is farther from a core than before, so that its type is whatever the rule says.
    assert _kept(order, then, before, after) == ["corridor", "sag", "sag", "corridor"]
