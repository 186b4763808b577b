"""The price of a border on made-up times whose answers are known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.borders._border_effect import border_effect, efficiency_across_borders, place_pairs
from borderreach.geo.crs import ELLIPSOID
from borderreach.geo.errors import InputError, MissingColumnError


@pytest.fixture
def places() -> gpd.GeoDataFrame:
    """A line of eight places 0.3 degrees apart along 29 N: four in one province, four in the next."""
    lon = 106 + 0.3 * np.arange(8)
    return gpd.GeoDataFrame(
        {
            "adcode": np.arange(8) + 500101,
            "name": [f"县{k}" for k in range(8)],
            "province": ["甲省"] * 4 + ["乙省"] * 4,
            "lon": lon,
            "lat": 29.0,
            "people": [100.0, 200, 300, 400, 500, 600, 700, 800],
        },
        geometry=gpd.points_from_xy(lon, np.full(8, 29.0)),
        crs="EPSG:4326",
    )


def times_between(
    places: gpd.GeoDataFrame, *, detour_within: float = 1.2, detour_across: float = 1.2
) -> pd.DataFrame:
    """Times at 60 km/h over the straight distance times a detour factor."""
    rows = []
    for a in places.itertuples():
        for b in places.itertuples():
            _, _, metres = ELLIPSOID.inv(a.lon, a.lat, b.lon, b.lat)
            km = metres / 1000 * (detour_within if a.province == b.province else detour_across)
            rows.append((str(a.adcode), str(b.adcode), km, km))
    return pd.DataFrame(rows, columns=["from_id", "to_id", "travel_time_min", "distance_km"])


def test_a_border_that_doubles_the_detours(places: gpd.GeoDataFrame) -> None:
    times = times_between(places, detour_within=1.2, detour_across=2.4)
    result = border_effect(times, places, tolerance=0.02)
    assert len(result) == 1
    row = result.iloc[0]
    assert row.detour_across == pytest.approx(2.4)
    assert row.detour_within == pytest.approx(1.2)
    assert (row.detour_ratio_low, row.detour_ratio, row.detour_ratio_high) == pytest.approx((2, 2, 2))
    assert (row.kph_across, row.kph_within) == pytest.approx((25, 50))
    # pairs of 1, 2 and 3 steps have matches within a province; in each direction 1 + 2 + 3 of them
    assert row.n_pairs == 12
    step = ELLIPSOID.inv(106.0, 29.0, 106.3, 29.0)[2] / 1000
    assert row.mean_straight_km == pytest.approx(step * (1 * 1 + 2 * 2 + 3 * 3) / 6, rel=1e-4)
    assert row.extra_min == pytest.approx(1.2 * row.mean_straight_km, rel=1e-6)


def test_a_border_that_costs_nothing(places: gpd.GeoDataFrame) -> None:
    row = border_effect(times_between(places), places).iloc[0]
    assert row.detour_ratio == pytest.approx(1)
    assert row.extra_min == pytest.approx(0, abs=1e-9)


def test_pairs_leave_out_self_and_unconnected(places: gpd.GeoDataFrame) -> None:
    times = times_between(places)
    times.loc[1, ["travel_time_min", "distance_km"]] = np.nan
    assert len(place_pairs(times, places)) == 64 - 8 - 1


def test_efficiency_by_hand(places: gpd.GeoDataFrame) -> None:
    # neighbours are 29.2 km apart: within 60 km two steps; within 60 min at 50 km/h one step (35 min)
    table = efficiency_across_borders(times_between(places), places, minutes=60, radius_km=60)
    third = table.iloc[3]
    assert third["people_near_own"] == 200 + 300 + 400
    assert third["people_near_across"] == 500 + 600
    assert third["people_reached_own"] == 300 + 400
    assert third["people_reached_across"] == 500
    assert third["efficiency"] == pytest.approx(1200 / 2000)
    assert third["efficiency_own"] == pytest.approx(700 / 900)
    assert third["efficiency_across"] == pytest.approx(500 / 1100)
    assert np.isnan(table.iloc[0]["efficiency_across"])  # nobody near on the other side


def test_bad_input_has_its_own_error(places: gpd.GeoDataFrame) -> None:
    times = times_between(places)
    with pytest.raises(MissingColumnError, match="distance_km"):
        border_effect(times.drop(columns="distance_km"), places)
    with pytest.raises(InputError, match="give the places that the times are of"):
        border_effect(times, places.iloc[:3])
    with pytest.raises(InputError, match="people"):
        efficiency_across_borders(times, places.assign(people=-1.0))
