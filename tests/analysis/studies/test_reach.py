"""What the centres of a study reach: drawn once per set of corridors in reach, and never otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from borderreach.analysis.config import read_toml
from borderreach.analysis.corridors._comparison import minutes_between
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._scenarios import Scenarios
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._zones import travel_time_circle
from borderreach.analysis.studies._reach import MEASURES, Ground, Reach
from borderreach.analysis.study_file import Study
from borderreach.data import path
from borderreach.geo.networks._trunk import trunk_network


@pytest.fixture(scope="module")
def reach():
    chosen = read_toml(path("studies/yuqian.toml"), Study).model_copy(
        update={"corridors": ("yugui-hsr", "wenfu-hsr", "luzun-hsr")}
    )
    return Reach(chosen, Scenarios(trunk_network(speed_kph=88), chosen), Ground(chosen))


def test_the_area_with_any_subset_is_that_of_its_own_network(reach):
    centres = ["重庆市", "贵阳市"]
    for ids in [(), ("wenfu-hsr",), ("yugui-hsr",), ("yugui-hsr", "luzun-hsr"), ("yugui-hsr", "wenfu-hsr")]:
        own = add_corridors(trunk_network(speed_kph=88), list(ids))
        expected = travel_time_circle(isochrones(own, centres, cutoffs_min=120))["area_km2"].iloc[0]
        assert reach.largest_area(ids) == expected


def test_a_corridor_out_of_reach_costs_nothing(reach):
    base = reach.largest_area(())
    drawn = len(reach._polygons)
    assert reach.largest_area(("wenfu-hsr",)) == base  # in Fujian
    assert len(reach._polygons) == drawn


def test_measures_are_those_of_a_search_on_the_subsets_own_network(reach):
    ids = frozenset(("yugui-hsr", "luzun-hsr"))
    found = dict(zip(MEASURES, reach.measures(ids), strict=True))
    own, ground = add_corridors(trunk_network(speed_kph=88), sorted(ids)), reach._ground
    assert found["centre_pair_min"] == pytest.approx(
        np.mean([minutes_between(own, *pair)[0, 0] for pair in (("重庆市", "贵阳市"), ("贵阳市", "重庆市"))])
    )
    to_counties = minutes_between(own, ground.centres, ground.counties)
    assert found["circle_counties"] == (np.nanmin(to_counties, axis=0) <= 120).sum()
    rows = ground.counties["adcode"].isin(ground.border_counties["adcode"]).to_numpy()
    assert found["county_min"] == pytest.approx(to_counties[:, rows].mean())


def test_counties_of_one_name_are_told_apart():
    chosen = read_toml(path("studies/yuqian.toml"), Study).model_copy(
        update={"provinces": ("四川省",), "between": None, "centres": ("成都市",), "corridors": ()}
    )
    inside = Reach(chosen, Scenarios(trunk_network(speed_kph=88), ()), Ground(chosen)).inside(())[120]
    assert {"内江市市中区", "乐山市市中区"} <= set(inside)
    assert len(set(inside)) == len(inside)
