"""Nearest and second centres, hinterlands, overlaps, and cities across the border."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from borderreach.analysis.indicators._competition import (
    ACROSS_BORDER,
    OVERLAPS,
    competing_centres,
    hinterlands,
    nearer_across_border,
    overlaps,
)
from borderreach.geo.crs import CHINA_ALBERS, WGS84
from borderreach.geo.errors import EmptyInputError, InputError

from ..tables import long_table

#: Places w, x, y, z to centres p, q, r; z reaches none and y only one; x can't tell p from q.
MATRIX = [[10, 20, 90], [40, 40, 41], [np.nan, np.nan, 70], [np.nan, np.nan, np.nan]]


def table():
    return long_table(MATRIX, "wxyz", "pqr")


def test_nearest_and_rival():
    result = competing_centres(table(), contested_min=5)
    assert result["from_id"].tolist() == ["w", "x", "y", "z"]
    assert result["centre_id"].tolist() == ["p", "p", "r", ""]
    assert result["rival_id"].tolist() == ["q", "q", "", ""]
    assert result["lead_min"].iloc[:2].tolist() == [10, 0]
    assert result["lead_min"].iloc[2:].isna().all()
    assert result["contested"].tolist() == [False, True, False, False]
    assert result["n_contenders"].tolist() == [1, 3, 1, 0]


def test_a_centre_belongs_to_itself():
    # its own pair costs the way to the network and back; another centre across the street costs less
    result = competing_centres(long_table([[6, 4], [4, 6]], "pq", "pq"))
    assert result["centre_id"].tolist() == ["p", "q"]
    assert result["centre_min"].tolist() == [0, 0]


def test_hinterlands_add_up():
    people = {"w": 100, "x": 50, "y": 8, "z": 1}
    result = hinterlands(table(), people, contested_min=5)
    assert result["centre_id"].tolist() == ["p", "q", "r"]
    assert result["n_places"].tolist() == [2, 0, 1]
    assert result["people"].tolist() == [150, 0, 8]
    assert result["mean_min"].iloc[[0, 2]].tolist() == pytest.approx([(100 * 10 + 50 * 40) / 150, 70])
    assert np.isnan(result["mean_min"][1])
    assert result["contested_people"].tolist() == [50, 0, 0]


def test_no_centre_reached_at_all():
    result = competing_centres(long_table([[np.nan, np.nan]], "w", "pq"))
    assert result["centre_id"].tolist() == [""]
    assert not result["contested"].any()


def squares(*boxes):
    """Isochrones that are squares of an equal-area projection, km."""
    shapes = [shapely.box(x, 3.4e6, x + 1e5, 3.5e6) for x in np.array(boxes) * 1e3]
    return gpd.GeoDataFrame(
        {"origin_id": ["a", "b", "c"][: len(boxes)], "cutoff_min": 60.0}, geometry=shapes, crs=CHINA_ALBERS
    ).to_crs(WGS84)


def test_overlap_by_hand():
    result = overlaps(squares(0, 75, 400))
    (row,) = result.to_dict("records")
    assert (row["origin_a"], row["origin_b"]) == ("a", "b")
    assert row["overlap_km2"] == pytest.approx(2500, rel=1e-6)
    assert row["share_of_a"] == pytest.approx(0.25, rel=1e-6)


def test_overlaps_of_nothing_are_a_typed_empty_table():
    for frame in (squares(0, 400), squares(0).iloc[:0]):
        result = overlaps(frame)
        assert len(result) == 0
        assert list(result.columns) == list(OVERLAPS)


def test_overlaps_need_one_scenario():
    twice = pd.concat([squares(0, 50), squares(0, 50)])
    with pytest.raises(InputError, match="several rows for 'a', 'b'"):
        overlaps(twice)


COUNTIES = pd.DataFrame(
    {
        "adcode": [520322, 500110, 511922],
        "name": ["桐梓县", "綦江区", "南江县"],
        "province": ["贵州省", "重庆市", "四川省"],
    }
)
CITIES = pd.DataFrame({"adcode": [520300, 500000, 510100], "province": ["贵州省", "重庆市", "四川省"]})


def test_nearer_to_a_city_of_another_province():
    times = long_table(
        [[60, 90, 300], [100, 60, 240], [np.nan, 200, np.nan]], COUNTIES["adcode"], CITIES["adcode"]
    )
    result = nearer_across_border(times, COUNTIES, CITIES)
    assert list(result.columns) == list(ACROSS_BORDER)
    assert result["nearer_across"].tolist() == [False, False, True]
    assert result["own_id"].tolist() == ["520300", "500000", ""]
    assert result["other_province"].tolist() == ["重庆市", "贵州省", "重庆市"]
    assert result["lead_min"].iloc[:2].tolist() == [-30, -40]
    times.loc[times["to_id"] == 500000, "travel_time_min"] = 50.0
    again = nearer_across_border(times, COUNTIES, CITIES)
    assert again["nearer_across"].tolist() == [True, False, True]
    assert again["lead_min"][0] == 10


def test_a_tie_is_not_nearer():
    times = long_table([[60, 60, 60]], [520322], CITIES["adcode"])
    assert nearer_across_border(times, COUNTIES.iloc[:1], CITIES)["nearer_across"].tolist() == [False]


def test_counties_without_times_are_named():
    times = long_table([[60, 60, 60]], [520322], CITIES["adcode"])
    with pytest.raises(InputError, match="no journeys from '500110', '511922'"):
        nearer_across_border(times, COUNTIES, CITIES)
    with pytest.raises(EmptyInputError, match="'centres' has no rows"):
        nearer_across_border(times, COUNTIES, CITIES.iloc[:0])
    assert len(nearer_across_border(times, COUNTIES.iloc[:0], CITIES)) == 0
