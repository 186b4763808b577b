"""The panel of years: by hand on four seats, people by brute force, and nothing where there is nothing."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.corridors import minutes_between
from borderreach.analysis.studies import PANEL_COUNTIES, panel_counties
from borderreach.geo.networks import Links, build_network
from borderreach.geo.places import origins_table

LON = (106.0, 106.2, 106.4, 106.6)


def places():
    frame = pd.DataFrame(
        {"adcode": [1, 2, 3, 4], "name": list("一二三四"), "province": ["甲", "甲", "乙", "乙"], "lon": LON, "lat": 29.5,
         "people": [1.0, 10.0, 100.0, 1000.0]}
    )  # fmt: skip
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)


def road(minutes):
    seconds = [60.0 * minutes] * 3
    return build_network(LON, [29.5] * 4, Links([0, 1, 2], [1, 2, 3], [1.94e4] * 3, seconds), max_access_km=1)


NETWORKS = {2005: road(60), 2015: road(40), 2025: road(20)}
CENTRES = origins_table([(LON[0], 29.5), (LON[3], 29.5)])


def test_a_panel_by_hand():
    table = panel_counties(NETWORKS, places(), CENTRES, places(), cutoff_min=60)
    assert list(table.columns) == list(PANEL_COUNTIES)
    second = table[table["adcode"] == 2].set_index("year")
    assert second["travel_time_min"].tolist() == [60, 40, 20]
    assert np.isnan(second["delta_min"].iloc[0])
    assert second["delta_min"].tolist()[1:] == [-20, -20]
    assert second["inside"].all()
    # within the hour its neighbours in each year; in the last, everybody
    assert second["people_reached"].tolist() == [111, 111, 1111]


@pytest.mark.parametrize("cutoff", [10, 45, 90, 200])
def test_people_are_those_that_a_search_finds(cutoff):
    own = places()
    table = panel_counties(NETWORKS, own, CENTRES, own, cutoff_min=cutoff)
    for year, network in NETWORKS.items():
        expected = (minutes_between(network, own, own) <= cutoff) @ own["people"].to_numpy()
        assert table.loc[table["year"] == year, "people_reached"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(("lat", "kph"), [(68.0, 280), (0.0, 600), (-50.0, 120)])
def test_people_far_away_count_wherever_they_are_and_however_fast_one_gets_there(lat, kph):
    """Degrees of longitude are short in the north, and trains of magnets are fast."""
    km = 0.95 * kph
    lon = [10.0, 10.0 + km / (111.3 * math.cos(math.radians(lat)))]
    fast = build_network(
        lon,
        [lat] * 2,
        Links([0], [1], [1000 * km], [3600.0 * km / kph]),
        max_access_km=1,
        access_speed_kph=30,
    )
    frame = pd.DataFrame(
        {
            "adcode": [1, 2],
            "name": ["一", "二"],
            "province": "甲",
            "lon": lon,
            "lat": lat,
            "people": [1.0, 10.0],
        }
    )
    own = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["lon"], frame["lat"]), crs=4326)
    table = panel_counties({2030: fast}, own.iloc[:1], origins_table([(lon[0], lat)]), own, cutoff_min=60)
    assert table["people_reached"].tolist() == [11]


def test_where_nobody_is_counted_or_nothing_asked():
    table = panel_counties(NETWORKS, places(), CENTRES, places().iloc[:0], cutoff_min=60)
    assert table["people_reached"].isna().all()
    assert panel_counties({}, places(), CENTRES, places(), cutoff_min=60).empty
    assert panel_counties(NETWORKS, places().iloc[:0], CENTRES, places(), cutoff_min=60).empty
