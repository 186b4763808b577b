"""What the expressways of past years brought: by hand on a small ground, and years that can't be told."""

from __future__ import annotations

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.studies import past_years, year_borders, year_counties
from borderreach.geo.errors import InputError
from borderreach.geo.networks import Links, build_network
from borderreach.geo.places import origins_table
from borderreach.studies import study

#: Four seats from west to east: two of province 甲, two of 乙; the border lies in the middle.
LON = (106.0, 106.2, 106.4, 106.6)


def places():
    frame = pd.DataFrame(
        {
            "adcode": [1, 2, 3, 4],
            "name": ["一", "二", "三", "四"],
            "province": ["甲", "甲", "乙", "乙"],
            "neighbour_provinces": ["丙", "乙、丙", "甲", "甲"],
            "lon": LON,
            "lat": 29.5,
        }
    )
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)


def road(*, minutes):
    """Seat to seat in so many minutes each."""
    return build_network(
        LON, [29.5] * 4, Links([0, 1, 2], [1, 2, 3], [19.4e3] * 3, [m * 60 for m in minutes])
    )


def ground():
    return SimpleNamespace(
        counties=places(),
        centres=origins_table([(LON[0], 29.5)]),
        borders=pd.DataFrame({"province_a": ["甲"], "province_b": ["乙"]}),
    )


ROADS = {2005: (30.0, 70.0, 30.0), 2015: (30.0, 50.0, 30.0), 2025: (20.0, 40.0, 30.0)}


def of_year():
    return {year: road(minutes=minutes) for year, minutes in ROADS.items()}


def test_minutes_of_counties_by_hand():
    table = year_counties(of_year(), ground(), cutoff_min=100)
    # a row per county, year after year
    assert table["travel_time_min"].round(6).tolist() == [0, 30, 100, 130, 0, 30, 80, 110, 0, 20, 60, 90]
    assert table["delta_min"].round(6).tolist()[4:] == [0, 0, -20, -20, 0, -10, -20, -20]
    assert table.loc[table["year"] == 2005, "delta_min"].isna().all()
    assert table.groupby("year")["inside"].sum().tolist() == [3, 3, 4]
    assert table["nearest"].all()


def test_how_near_the_sides_of_a_border_are_by_hand():
    people = pd.DataFrame({"adcode": [2, 3, 4], "people": [1000.0, 200.0, 30.0]})
    table = year_borders(of_year(), ground(), places(), people, cutoff_min=100, zone_min=60)
    # 二 and 三 face each other, 四 lies behind; 一 isn't on this border
    assert table["n_counties"].tolist() == [3, 3, 3]
    assert table["across_min"].round(6).tolist() == [
        pytest.approx((70 + 70 + 100) / 3), pytest.approx((50 + 50 + 80) / 3), pytest.approx((40 + 40 + 70) / 3),
    ]  # fmt: skip
    assert table["delta_min"].round(6).tolist()[1:] == [-20, -10]
    assert np.isnan(table["delta_min"].iloc[0])
    assert table["n_across"].tolist() == [0, 2, 2]
    assert table["people_across"].tolist() == [0, 1200, 1200]
    assert table["n_inside"].tolist() == [2, 2, 3]
    assert table["people_inside"].tolist() == [1200, 1200, 1230]


def test_nobody_is_counted_where_nobody_is_known():
    table = year_borders(
        of_year(), ground(), places(), pd.DataFrame(columns=["adcode", "people"]), cutoff_min=100, zone_min=60
    )
    assert table[["people_across", "people_inside"]].isna().all(axis=None)


def test_past_years_are_those_before_the_latest_roads():
    chosen = study("yuqian").model_copy(update={"years": (1990, 2005, 2024, 2025, 2030)})
    assert past_years(chosen) == (1990, 2005, 2024)
    with pytest.raises(InputError, match=r"1989.*1990 or later"):
        past_years(chosen.model_copy(update={"years": (1989, 2005)}))
