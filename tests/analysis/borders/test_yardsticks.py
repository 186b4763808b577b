"""China's yardsticks: by hand on a star of towns, the longer way of both, and what a faster network can't take away."""

from __future__ import annotations

import geopandas as gpd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders import yardsticks
from borderreach.geo.networks import Links, build_network

#: A county in the middle; its own city, the neighbour's city and the capital around it.
LON = [106.0, 106.4, 107.0, 108.0]


def table(**columns):
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(columns["lon"], columns["lat"]), crs=4326)


COUNTY = table(adcode=[520325], name=["县"], province=["甲"], city_adcode=[520300], lon=[106.0], lat=[29.0])
CITIES = table(
    adcode=[520300, 510500, 520100], name=["市", "邻市", "省会"], province=["甲", "乙", "甲"], lon=LON[1:], lat=[29.0] * 3
)  # fmt: skip


def star(minutes, back=None):
    """Ways from the county to each city, and back."""
    back = minutes if back is None else back
    times, times_back = ([60.0 * one for one in each] for each in (minutes, back))
    links = Links([0, 0, 0], [1, 2, 3], [1e4] * 3, times, back_time_s=times_back)
    return build_network(LON, [29.0] * 4, links, max_access_km=1)


@pytest.mark.parametrize(
    ("minutes", "inside", "missed"),
    [
        ((60, 120, 180), (True, True, True, False), 0),
        ((61, 120, 60), (False, True, True, True), 1),
        ((61, 121, 181), (False, False, False, False), 3),
    ],
)
def test_limits_are_part_of_the_circle(minutes, inside, missed):
    (row,) = yardsticks(star(minutes), COUNTY, cities=CITIES).itertuples()
    assert (row.own_city, row.across_city, row.main_city) == ("市", "邻市", "省会")
    assert [row.own_city_min, row.across_city_min, row.main_city_min] == list(minutes)
    assert (row.within_1h, row.within_2h, row.within_3h, row.metropolitan) == inside
    assert row.n_missed == missed


def test_the_longer_way_of_both_counts():
    (row,) = yardsticks(star((50, 50, 50), (70, 40, 40)), COUNTY, cities=CITIES).itertuples()
    assert [row.own_city_min, row.across_city_min, row.main_city_min] == [70, 50, 50]


def test_a_county_without_a_city_takes_the_nearest_of_its_province():
    (row,) = yardsticks(star((90, 20, 30)), COUNTY.assign(city_adcode=429000), cities=CITIES).itertuples()
    assert (row.own_city, row.own_city_min) == ("省会", 30)


def test_main_cities_may_be_others():
    (row,) = yardsticks(star((50, 70, 90)), COUNTY, cities=CITIES, main_cities=[510500]).itertuples()
    assert (row.main_city, row.main_city_min) == ("邻市", 70)


def test_without_a_city_across_there_are_no_minutes():
    found = yardsticks(star((50, 70, 90)), COUNTY, cities=CITIES.iloc[[0, 2]])
    assert found["across_city"].tolist() == [""]
    assert found["across_city_min"].isna().all()
    assert not found["within_2h"].any()
    assert yardsticks(star((50, 70, 90)), COUNTY.iloc[:0], cities=CITIES).empty


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=3, max_size=3), st.integers(0, 2), st.integers(0, 300))
def test_a_faster_way_misses_no_more(minutes, which, less):
    faster = [max(1, one - less) if k == which else one for k, one in enumerate(minutes)]
    before = yardsticks(star(minutes), COUNTY, cities=CITIES)["n_missed"].iloc[0]
    assert yardsticks(star(faster), COUNTY, cities=CITIES)["n_missed"].iloc[0] <= before
