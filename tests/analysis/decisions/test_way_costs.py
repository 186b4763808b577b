"""Minutes and money of ways, worked out by hand on a small network; and that ways are what their minutes say."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import borderreach as br
from borderreach.analysis.corridors import minutes_between
from borderreach.analysis.decisions import WAY_COSTS, ways_between
from borderreach.geo.errors import InputError
from borderreach.geo.networks import Links, build_network, journey_legs

TOWNS = [(106.0, 29.0), (106.5, 29.0)]


@pytest.fixture
def roads() -> br.TransportNetwork:
    """An expressway of 50 km and 30 minutes, and a road of 48 km and an hour beside it."""
    lon, lat = np.array(TOWNS).T
    return build_network(
        lon, lat, Links([0, 0], [1, 1], [50e3, 48e3], [1800, 3600], road_class=["motorway", "ordinary"]), max_access_km=1
    )  # fmt: skip


def frame(ids: list[str], points: list[tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    lon, lat = np.array(points).T
    return gpd.GeoDataFrame(
        {"lon": lon, "lat": lat, "adcode": range(len(ids)), "name": ids, "origin_id": ids, "origin_name": ids, **columns},
        geometry=gpd.points_from_xy(lon, lat), crs="EPSG:4326",
    )  # fmt: skip


def asked(roads: br.TransportNetwork, **prices: object) -> pd.DataFrame:
    centres = frame(["a", "b"], TOWNS)
    given = {
        "road_yuan_per_km": {"motorway": 0.6, "ordinary": 0.1},
        "rail_yuan_per_km": {},
        "value_of_time_yuan_per_h": 40.0,
    }
    return ways_between({"road": roads}, centres, centres.iloc[:0], **given | prices)  # type: ignore[arg-type]


def test_the_expressway_against_the_road_without_tolls(roads: br.TransportNetwork) -> None:
    found = asked(roads)
    assert list(found.columns) == list(WAY_COSTS)
    found = found.set_index("option")
    assert found["minutes"].round(3).to_dict() == {"road": 30.0, "free": 60.0}
    assert found["yuan"].round(3).to_dict() == {"road": 30.0, "free": 4.8}
    # half an hour at 40 yuan and 30 yuan; an hour and 4.80
    assert found["generalised_yuan"].round(3).to_dict() == {"road": 50.0, "free": 44.8}
    assert found["best"].to_dict() == {"road": False, "free": True}
    # 25.20 yuan for half an hour
    assert found["from_value"].round(3).to_dict() == {"road": 50.4, "free": 0.0}
    assert found["to_value"].round(3).fillna(-1).to_dict() == {"road": -1.0, "free": 50.4}


def test_a_higher_value_of_time_takes_the_expressway(roads: br.TransportNetwork) -> None:
    assert asked(roads, value_of_time_yuan_per_h=60.0).set_index("option")["best"].to_dict() == {
        "road": True,
        "free": False,
    }


def test_a_county_goes_to_its_nearest_centre(roads: br.TransportNetwork) -> None:
    centres, county = frame(["a", "b"], TOWNS).iloc[:1], frame(["c"], TOWNS[1:])
    found = ways_between(
        {"road": roads}, centres, county, road_yuan_per_km={"motorway": 1}, rail_yuan_per_km={}, value_of_time_yuan_per_h=1
    )  # fmt: skip
    assert set(zip(found["from_name"], found["to_name"], strict=True)) == {("c", "a")}


def test_legs_take_as_long_as_the_way_and_tell_fast_trains() -> None:
    joined = br.with_railways(br.trunk_network())
    points = br.counties(provinces=["重庆", "贵州"])
    points = points[points["name"].isin(["渝中区", "云岩区", "红花岗区"])].reset_index(drop=True)
    pairs = [(i, j) for i in range(len(points)) for j in range(len(points)) if i != j]
    place = list(zip(points["lon"], points["lat"], strict=True))
    legs = journey_legs(joined, [(place[i], place[j]) for i, j in pairs])
    minutes = minutes_between(joined, points, points)
    for number, (i, j) in enumerate(pairs):
        own = legs[legs["pair"] == number]
        assert own["minutes"].sum() == pytest.approx(minutes[i, j], abs=0.05)
        assert (own["fast_km"] <= own["km"] + 1e-9).all()
    by_train = legs[(legs["mode"] == "rail") & (legs["km"] > 0)]
    # the railway of 2018 from Chongqing is one for 200 km/h, on which some stretches are run at 150 and more
    assert 0 < by_train["fast_km"].sum() <= by_train["km"].sum()


def test_a_price_of_no_class_is_named(roads: br.TransportNetwork) -> None:
    with pytest.raises(InputError, match="'road_yuan_per_km' has 'motorwy'"):
        asked(roads, road_yuan_per_km={"motorwy": 0.5})
