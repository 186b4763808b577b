"""Tables of times know how they were cut: indicators say of one what they say of the whole, or refuse it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from borderreach.analysis.borders._border_effect import border_effect, efficiency_across_borders
from borderreach.analysis.borders._typology import classify_counties
from borderreach.analysis.indicators._centrality import closeness, daily_accessibility, day_return_reach
from borderreach.analysis.indicators._competition import competing_centres, hinterlands, nearer_across_border
from borderreach.analysis.indicators._decay import StepDecay
from borderreach.analysis.indicators._floating_catchment import three_step_catchment, two_step_catchment
from borderreach.analysis.indicators._potential import cumulative_opportunities, gravity, weighted_mean_time
from borderreach.analysis.indicators._transport_performance import rail_performance, transport_performance
from borderreach.analysis.times._matrices import od_matrix, write_od_matrix
from borderreach.analysis.times._tables import read_pairs
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.crs import WGS84
from borderreach.geo.errors import InputError
from borderreach.geo.networks import Links, build_network

LON = np.array([106.0, 106.2, 106.8])


@pytest.fixture(scope="module")
def three_towns():
    """20 minutes from the first to the second, 150 more to the third; 19 and 78 km in a straight line."""
    return build_network(LON, [29.0] * 3, Links([0, 1], [1, 2], [19.4e3, 58e3], [1200, 9000]))


def towns(rows=slice(None)) -> gpd.GeoDataFrame:
    """Three towns on a plain index, some of them."""
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(LON, [29.0] * 3), crs=WGS84).iloc[rows]


def random_case(seed: int):
    """A network of towns, frames of the same, people, and a cutoff that leaves pairs out."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 9))
    lon, lat = 106 + rng.random(n) * 0.8, 29 + rng.random(n) * 0.8
    tail = np.arange(n - 1)
    links = Links(tail, tail + 1, np.full(n - 1, 3e4), rng.uniform(600, 5400, n - 1))
    network = build_network(lon, lat, links)
    ids = [str(510100 + k) for k in range(n)]
    frame = gpd.GeoDataFrame(
        {
            "adcode": [int(name) for name in ids],
            "name": ids,
            "province": ["P", "Q"] * (n // 2) + ["P"] * (n % 2),
        },
        geometry=gpd.points_from_xy(lon, lat),
        crs=WGS84,
    ).assign(lon=lon, lat=lat, people=rng.integers(1, 100, n).astype(float))
    return network, frame, float(rng.uniform(15, 150))


def test_people_nearby_are_those_within_the_radius_whether_or_not_they_can_be_reached(three_towns):
    ids = [f"{x:.6f},29.000000" for x in LON]
    places = pd.DataFrame({"people": [1.0, 10.0, 100.0], "lon": LON, "lat": 29.0}, index=ids)
    pairs = [(x, 29.0) for x in LON]
    for cutoff in (None, 90):
        result = transport_performance(od_matrix(three_towns, pairs[:1], pairs, cutoff_min=cutoff), places)
        assert result["people_nearby"].tolist() == [111]
        assert result["people_reached"].tolist() == [11]
        assert result["performance"][0] == pytest.approx(11 / 111)


def test_a_limit_is_remembered_by_dense_tables_as_well(three_towns, tmp_path):
    table = travel_times(three_towns, towns(), towns(), limit_min=60)
    assert table.attrs["limit_min"] == 60
    with pytest.raises(InputError, match="up to 60 min only, and journeys up to 90 min"):
        cumulative_opportunities(table, {"0": 1, "1": 1, "2": 1}, cutoffs_min=90)
    file = write_od_matrix(three_towns, towns(), tmp_path / "od.parquet", cutoff_min=60)
    assert pd.read_parquet(file).attrs["to_ids"] == ["0", "1", "2"]


def test_a_place_that_reaches_nothing_in_time_has_nought_and_one_off_the_network_is_not_known(three_towns):
    ends = {"1": 1.0, "2": 1.0}
    for table in (
        travel_times(three_towns, towns(slice(0, 1)), towns(slice(1, 3)), limit_min=10),
        od_matrix(three_towns, towns(slice(0, 1)), towns(slice(1, 3)), cutoff_min=30),
    ):
        few = cumulative_opportunities(table, ends, cutoffs_min=5)
        assert few["opportunities"].tolist() == [0]
    far = gpd.GeoDataFrame(geometry=gpd.points_from_xy([106.0, 110.0], [29.0, 29.0]), crs=WGS84)
    table = od_matrix(three_towns, far, towns(), off_network="unreachable", cutoff_min=30)
    assert read_pairs(table).cut_off.tolist() == [False]
    table = travel_times(three_towns, far.iloc[:1], towns()).assign(travel_time_min=np.nan)
    assert read_pairs(table).cut_off.tolist() == [True]


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_a_sparse_table_answers_as_the_whole_one_does_or_not_at_all(seed: int):
    network, frame, cutoff = random_case(seed)
    people = frame.set_index("adcode")["people"]
    places = frame.set_index("adcode")[["people", "lon", "lat"]]
    full, cut = od_matrix(network, frame), od_matrix(network, frame, cutoff_min=cutoff)
    asked: dict[str, Callable[..., Any]] = {
        "cumulative": lambda t, m: cumulative_opportunities(t, people, cutoffs_min=m),
        "performance": lambda t, m: transport_performance(t, places, minutes=m),
        "rail": lambda t, m: rail_performance(t, places, minutes=m, waiting_min=5),
        "daily": lambda t, m: daily_accessibility(t, people, minutes=m),
        "day trips": lambda t, m: day_return_reach(t, people, day_min=m + 60, stay_min=60),
        "2SFCA": lambda t, m: two_step_catchment(t, people, people, minutes=m),
        "3SFCA": lambda t, m: three_step_catchment(t, people, people, StepDecay((m,), (1,)), minutes=m),
        "efficiency": lambda t, m: efficiency_across_borders(t, frame, minutes=m),
    }
    for name, ask in asked.items():
        whole, part = ask(full, cutoff * 0.8), ask(cut, cutoff * 0.8)
        assert_frame_equal(part, whole, obj=name)
        with pytest.raises(InputError, match="min only"):
            ask(cut, cutoff * 1.2)
    for whole_only in (
        closeness,
        lambda t: weighted_mean_time(t, people),
        lambda t: gravity(t, people, StepDecay((10,), (1,))),
        lambda t: border_effect(t, frame),
        lambda t: classify_counties(frame, t, full),
    ):
        with pytest.raises(InputError, match="all journeys"):
            whole_only(cut)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_nearest_centres_of_a_cut_table_are_those_of_the_whole_or_it_is_refused(seed: int):
    network, frame, cutoff = random_case(seed)
    full = od_matrix(network, frame)
    people = frame.set_index("adcode")["people"]
    for limit, kept in ((cutoff, None), (None, 2), (None, 3), (None, 99)):
        cut = od_matrix(network, frame, cutoff_min=limit, k_nearest=kept)
        for ask in (
            competing_centres,
            lambda t: hinterlands(t, people),
            lambda t: nearer_across_border(t, frame, frame),
        ):
            try:
                found = ask(cut)
            except InputError as error:
                assert "doesn't tell all that is asked" in str(error)  # noqa: PT017 - either will do
                continue
            assert_frame_equal(found, ask(full))
    assert_frame_equal(competing_centres(cut), competing_centres(full))


def test_two_nearest_tell_the_rival_but_not_all_contenders():
    times = pd.DataFrame(
        {"from_id": ["x", "x"], "to_id": ["a", "b"], "travel_time_min": [10.0, 30.0], "distance_km": 1.0}
    )
    times.attrs = {"limit_min": None, "k_nearest": 2, "to_ids": ["a", "b", "c"]}
    assert competing_centres(times, contested_min=15)["n_contenders"].tolist() == [1]
    with pytest.raises(InputError, match=r"the 2 nearest destinations.*'x'"):
        competing_centres(times, contested_min=20)
    times.attrs = {"limit_min": 40.0, "k_nearest": None, "to_ids": ["a", "b", "c"]}
    assert competing_centres(times, contested_min=30)["n_contenders"].tolist() == [2]
    with pytest.raises(InputError, match="journeys up to 40 min"):
        competing_centres(times, contested_min=31)


def test_row_numbers_of_two_frames_are_not_one_place(three_towns):
    """Destination "0" is another place than origin "0", and destination "1" is origin "0" itself."""
    swapped = towns([1, 0, 2]).reset_index(drop=True)
    for compute in (travel_times, od_matrix):
        table = compute(three_towns, towns(), swapped)
        assert read_pairs(table).itself.tolist() == [1, 0, 2]
        mean = weighted_mean_time(table, {"0": 1.0, "1": 1.0, "2": 1.0})["mean_time_min"]
        assert mean.tolist() == pytest.approx([(20 + 170) / 2, (20 + 150) / 2, (170 + 150) / 2])
        assert closeness(table)["n_reached"].tolist() == [2, 2, 2]
        assert daily_accessibility(table, minutes=30)["n_centres"].tolist() == [1, 1, 0]
        alone = compute(three_towns, towns(slice(0, 1)), towns(slice(1, 3)).reset_index(drop=True))
        assert weighted_mean_time(alone, {"0": 1.0, "1": 1.0})["mean_time_min"].tolist() == [95]
        assert math.isclose(day_return_reach(alone, {"0": 1.0, "1": 4.0}, day_min=600)["people"][0], 0)


def test_a_position_and_a_row_at_it_are_one_place(three_towns):
    table = travel_times(three_towns, towns(), [(x, 29.0) for x in LON[::-1]])
    assert read_pairs(table).itself.tolist() == [2, 1, 0]
