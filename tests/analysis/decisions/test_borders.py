"""Crossings and missing lines at a study's borders: by hand on a ladder of towns, and empty where there is nothing."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.decisions import (
    CRITICAL_CROSSINGS,
    MISSING_LINKS,
    critical_crossings,
    missing_at_borders,
)
from borderreach.geo.networks import Links, build_network

#: Three towns in a row on either side of a border along 29.1 degrees north, 20 km apart.
LON, LAT = [106.0, 106.2, 106.4] * 2, [29.0] * 3 + [29.2] * 3


def towns(people=(10.0,) * 6):
    frame = pd.DataFrame(
        {
            "name": list("abcdef"),
            "province": ["南"] * 3 + ["北"] * 3,
            "people": people,
            "lon": LON,
            "lat": LAT,
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(LON, LAT), crs=4326)


def roads(*across):
    """Along either side 20 minutes from town to town; across, 22 minutes each, at the towns given."""
    a, b = [0, 1, 3, 4, *across], [1, 2, 4, 5, *(k + 3 for k in across)]
    minutes = [1200] * 4 + [1320] * len(across)
    return build_network(LON, LAT, Links(a, b, [2e4] * 4 + [2.2e4] * len(across), minutes), max_access_km=1)


def crossings(*across):
    frame = pd.DataFrame(
        {"link": [4 + k for k in range(len(across))], "province_a": "南", "province_b": "北",
         "county_a": [list("abc")[k] for k in across], "county_b": [list("def")[k] for k in across]}
    )  # fmt: skip
    lines = [shapely.LineString([(LON[k], 29.0), (LON[k], 29.2)]) for k in across]
    return gpd.GeoDataFrame(frame, geometry=lines, crs=4326)


BORDERS = gpd.GeoDataFrame(
    {"province_a": ["南"], "province_b": ["北"]},
    geometry=[shapely.LineString([(105.9, 29.1), (106.5, 29.1)])],
    crs=4326,
)


def test_the_only_crossing_cuts_everybody_off():
    found = critical_crossings(roads(0), towns(), crossings(0), BORDERS, cutoff_min=120)
    (row,) = found.itertuples()
    assert list(found.columns) == list(CRITICAL_CROSSINGS)
    assert (row.province_a, row.province_b, row.name) == ("南", "北", "a—d")
    assert row.delay_person_min == 0
    # towns at the end have most of their trips on their own side, where the other side lies far
    assert row.cut_off_trips > 0
    assert set(row.cut_off.split("、")) >= {"a", "d"}
    assert row.leaving_people == 30  # from a, the whole other side lies within 62 minutes


def test_of_two_crossings_each_stands_in_for_the_other():
    found = critical_crossings(roads(0, 2), towns(), crossings(0, 2), BORDERS, cutoff_min=120)
    assert (found["cut_off_trips"] == 0).all()
    west, east = (found.loc[found["name"] == name].iloc[0] for name in ("a—d", "c—f"))
    assert west["cost_person_min"] == pytest.approx(east["cost_person_min"])  # they are each other's mirror
    assert west["worst_delay_min"] == pytest.approx(80)  # a to d: 22 minutes, and 40 + 22 + 40 around


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 100), min_size=6, max_size=6))
def test_a_crossing_more_never_makes_the_loss_of_one_worse_for_those_cut_off(people):
    one = critical_crossings(roads(0), towns(people), crossings(0), BORDERS, cutoff_min=120)
    two = critical_crossings(roads(0, 2), towns(people), crossings(0, 2), BORDERS, cutoff_min=120)
    assert (two["cost_person_min"] >= 0).all()
    assert two["cut_off_trips"].max() <= one["cut_off_trips"].max()


def test_the_far_end_misses_a_line():
    found = missing_at_borders(roads(0), towns([1, 1, 100, 1, 1, 100]), BORDERS)
    assert list(found.columns) == list(MISSING_LINKS)
    first = found.iloc[0]
    assert {first["from_name"], first["to_name"]} == {"c", "f"}
    assert first["base_min"] == pytest.approx(102)
    assert found["rank"].tolist() == list(range(1, len(found) + 1))
    assert missing_at_borders(roads(0, 1, 2), towns(), BORDERS).empty


def test_towns_far_from_the_border_have_no_part_in_it():
    far = BORDERS.assign(geometry=[shapely.LineString([(105.9, 39.1), (106.5, 39.1)])])
    found = critical_crossings(roads(0), towns(), crossings(0), far, cutoff_min=120)
    assert found.empty
    assert list(found.columns) == list(CRITICAL_CROSSINGS)
    assert missing_at_borders(roads(0), towns(), far).empty
    other = BORDERS.assign(province_b="东")
    assert critical_crossings(roads(0), towns(), crossings(0), other, cutoff_min=120).empty


def test_trips_add_up_to_people():
    """Without any way but one, what is cut off and what stays are all trips."""
    people = np.array([5.0, 7.0, 11.0, 13.0, 17.0, 19.0])
    found = critical_crossings(roads(0), towns(people), crossings(0), BORDERS, cutoff_min=120)
    assert 0 < found["cut_off_trips"].iloc[0] < people.sum()
