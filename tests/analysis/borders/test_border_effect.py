"""The price of a border on made-up times whose answers are known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders._border_effect import (
    _nearest,
    border_effect,
    border_effect_on,
    efficiency_across_borders,
    place_pairs,
)
from borderreach.analysis.times import travel_times
from borderreach.geo.crs import ELLIPSOID
from borderreach.geo.errors import InputError, MissingColumnError
from borderreach.geo.networks import Links, build_network
from tests import chance


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


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_searching_near_pairs_alone_tells_the_same_as_all_pairs(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n = 30
    lon, lat = generator.uniform(105, 109, n), generator.uniform(28, 31, n)
    a, b = generator.integers(0, n, 60), generator.integers(0, n, 60)
    a, b = a[a != b], b[a != b]
    km = ELLIPSOID.inv(lon[a], lat[a], lon[b], lat[b])[2] / 1000 * generator.uniform(1, 2, len(a))
    road = build_network(lon, lat, Links(a, b, km * 1000, km * 60), max_access_km=2)
    places = gpd.GeoDataFrame(
        {
            "adcode": np.arange(n) + 500101,
            "name": [f"县{k}" for k in range(n)],
            "province": [f"{'甲乙丙'[k % 3]}省" for k in range(n)],
            "lon": lon,
            "lat": lat,
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    whole = border_effect(travel_times(road, places, places), places, straight_km=(5.0, 120.0))
    pd.testing.assert_frame_equal(
        border_effect_on(road, places, straight_km=(5.0, 120.0)), whole, check_exact=True
    )


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_the_nearest_are_those_of_all_within_the_tolerance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(200):
        some = rng.uniform(20, 150, rng.integers(0, 60)).round(rng.integers(-1, 3))
        ascending = np.sort(np.concatenate([some, some[::2]]))  # a pair and the way back are as far apart
        value, count = round(float(rng.uniform(20, 150)), 1), int(rng.integers(1, 12))
        tolerance = float(rng.uniform(0.01, 0.5))
        near = np.flatnonzero((ascending >= value * (1 - tolerance)) & (ascending <= value * (1 + tolerance)))
        order = np.argsort(np.abs(ascending[near] - value), kind="stable")
        assert _nearest(ascending, value, count, tolerance).tolist() == near[order[:count]].tolist()


def test_efficiency_of_one_province_alone_has_no_other_side(places: gpd.GeoDataFrame) -> None:
    alone = places.head(4)
    found = efficiency_across_borders(times_between(alone), alone)
    assert found["efficiency_across"].isna().all()
    assert (found["people_near_across"] == 0).all()
    assert found["efficiency"].equals(found["efficiency_own"])
