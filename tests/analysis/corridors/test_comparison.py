"""Base against scenario, on networks small enough to know the answers."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors._comparison import (
    GAINS,
    compare,
    county_times,
    gains,
    minutes_between,
    minutes_to_nearest,
)
from borderreach.analysis.corridors._corridors import add_corridors
from borderreach.analysis.corridors._files import Corridor
from borderreach.analysis.corridors._scenarios import Scenarios
from borderreach.analysis.schemas import COUNTY_TIMES
from borderreach.geo.errors import InputError, InputTypeError, OffNetworkError
from borderreach.geo.networks import Links, build_network


def towns(n=4):
    return gpd.GeoDataFrame(
        {"origin_id": [str(k) for k in range(n)], "origin_name": list("甲乙丙丁戊己")[:n]},
        geometry=gpd.points_from_xy(105.0 + np.arange(n), np.full(n, 29.0)),
        crs=4326,
    )


def road(n=4, minutes=100.0):
    return build_network(
        105.0 + np.arange(n),
        np.full(n, 29.0),
        Links(np.arange(n - 1), np.arange(1, n), np.full(n - 1, 97437.4), np.full(n - 1, minutes * 60)),
        access_speed_kph=25.0,
        max_access_km=30.0,
    )


def line(identifier, first, last, speed=120.0):
    return Corridor.model_validate(
        {
            "id": identifier,
            "name": identifier,
            "mode": "road",
            "status": "planned",
            "status_date": dt.date(2024, 1, 1),
            "design_speed_kph": speed,
            "speed_factor": 1.0,
            "sinuosity": 1.0,
            "stops": tuple(
                {"name": str(k), "lon": 105.0 + k, "lat": 29.0, "kind": "interchange", "position": "existing"}
                for k in range(first, last + 1)
            ),
        }
    )


#: Minutes per degree on a line of 120 km/h.
FAST = 97.4374 / 120 * 60


def test_minutes_between_is_the_same_from_either_side():
    network = road()
    wide = minutes_between(network, towns(), towns())
    assert wide == pytest.approx(np.abs(np.subtract.outer(range(4), range(4))) * 100.0)
    assert minutes_between(network, towns(), towns().iloc[:2]) == pytest.approx(wide[:, :2])
    assert minutes_between(network, towns().iloc[:2], towns()) == pytest.approx(wide[:2])


def test_a_place_out_of_reach_is_nan_and_the_rest_goes_on():
    places = towns()
    places.loc[0, "geometry"] = gpd.points_from_xy([130.0], [20.0])[0]
    found = minutes_between(road(), places, towns())
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1:]).all()
    with pytest.raises(OffNetworkError, match="甲"):
        minutes_between(road(), places.iloc[:1], towns())


def test_compare_tells_minutes_saved_per_place():
    base = road()
    table = compare(base, add_corridors(base, line("ab", 0, 1)), towns()).set_index("origin_name")
    saved = 100 - FAST
    assert table.loc["甲", "base_mean_min"] == pytest.approx(200)
    assert table.loc["甲", "delta_mean_min"] == pytest.approx(-saved, rel=1e-4)  # on the way to all three
    assert table.loc["丁", "delta_mean_min"] == pytest.approx(-saved / 3, rel=1e-4)  # to one of three
    assert (table["n_destinations"] == 3).all()
    assert (table["new_destinations"] == 0).all()


def test_compare_counts_areas_and_counties():
    base = road()
    counties = towns().assign(
        adcode=[1, 2, 3, 4], name=list("甲乙丙丁"), province="省", lon=[105.0, 106, 107, 108], lat=29.0
    )
    after = add_corridors(base, line("abc", 0, 2))
    table = compare(
        base, after, towns().iloc[:1], cutoffs_min=(60, 120), counties=counties, destinations=towns()
    )
    row = table.iloc[0]
    assert (row["base_60_counties"], row["base_120_counties"]) == (1, 2)
    assert (row["scenario_60_counties"], row["scenario_120_counties"]) == (2, 3)
    assert row["delta_120_counties"] == 1
    assert row["delta_120_km2"] == pytest.approx(row["scenario_120_km2"] - row["base_120_km2"])
    assert row["delta_120_km2"] > 0


def test_nothing_added_changes_nothing_to_the_bit():
    base = road()
    table = compare(base, None, towns(), corridors=(), cutoffs_min=(60,))
    assert (table["delta_mean_min"] == 0).all()
    assert (table["delta_60_km2"] == 0).all()


def test_contributions_add_up_for_every_place():
    base = road(5)
    lines = [line("ab", 0, 1), line("bc", 1, 2), line("abc", 0, 2, speed=200.0)]
    table = compare(base, None, towns(5), corridors=lines)
    shares = table[[f"contribution_{one.id}_min" for one in lines]].sum(axis=1)
    assert shares.to_numpy() == pytest.approx(table["delta_mean_min"].to_numpy(), abs=1e-9)
    assert (table["contribution_ab_min"] <= 0).all()


def test_a_scenario_is_needed():
    with pytest.raises(InputTypeError, match="'scenario' is None"):
        compare(road(), None, towns())


def test_scenarios_name_each_corridor_alone_and_all():
    scenarios = Scenarios(road(), [line("ab", 0, 1), line("bc", 1, 2)])
    assert scenarios.names() == {"base": (), "ab": ("ab",), "bc": ("bc",), "all": ("ab", "bc")}
    assert scenarios.network(("bc", "ab")) is scenarios.network(("ab", "bc"))
    assert Scenarios(road(), [line("ab", 0, 1)]).names() == {"base": (), "all": ("ab",)}
    assert Scenarios(road(), ()).names() == {"base": ()}
    with pytest.raises(InputError, match="no corridor 'zz'"):
        scenarios.network(("zz",))


def test_networks_of_subsets_are_forgotten_when_asked_to():
    scenarios = Scenarios(road(), [line("ab", 0, 1), line("bc", 1, 2)])
    one, whole = scenarios.network(["ab"]), scenarios.network(["ab", "bc"])
    assert scenarios.network(["ab"]) is one
    scenarios.let_go()
    again = scenarios.network(["ab"])
    assert again is not one
    assert again.arc_time_ms.tolist() == one.arc_time_ms.tolist()
    assert scenarios.network(["ab", "bc"]) is whole


def test_gains_name_the_counties_gained():
    table = gains(
        {"base": {60.0: 10.0}, "all": {60.0: 25.0}},
        {"base": {60.0: ["甲"]}, "all": {60.0: ["甲", "乙", "丙"]}},
    )
    assert list(table.columns) == list(GAINS)
    row = table.iloc[0]
    assert (row["delta_area_km2"], row["delta_counties"], row["counties_gained"]) == (15, 2, "乙、丙")
    assert row["counties_lost"] == ""
    back = gains(
        {"base": {60.0: 10.0}, "closed": {60.0: 4.0}},
        {"base": {60.0: ["甲", "乙"]}, "closed": {60.0: ["甲"]}},
    ).iloc[0]
    assert (back["delta_area_km2"], back["delta_counties"], back["counties_lost"]) == (-6, -1, "乙")


def test_county_times_before_and_after():
    base = road()
    counties = towns().assign(
        adcode=[1, 2, 3, 4], name=list("甲乙丙丁"), province="省", lon=[105.0, 106, 107, 108], lat=29.0
    )
    counties = counties.drop(columns=["origin_id", "origin_name"])
    centres = towns().iloc[[0]].assign(origin_id="c", origin_name="中心")
    table = county_times(base, add_corridors(base, line("ab", 0, 1)), counties, centres, cutoff_min=60)
    assert list(table.columns) == list(COUNTY_TIMES)
    assert table["base_min"].to_list() == pytest.approx([0, 100, 200, 300])
    assert table["scenario_inside"].to_list() == [True, True, False, False]
    assert table["base_inside"].to_list() == [True, False, False, False]
    assert county_times(base, base, counties.iloc[:0], centres, cutoff_min=60).empty


def test_destinations_are_left_out_for_what_they_are_and_not_for_their_row():
    """A plain frame's row 0 among the destinations isn't row 0 among the origins."""
    net = build_network(
        [106.0, 106.1, 106.3], [29.0] * 3, Links([0, 1], [1, 2], [9.7e3, 19.4e3], [600, 1200])
    )
    faster = net.extended(Links([0, 1], [1, 2], [9.7e3, 19.4e3], [300, 600]))
    plain = gpd.GeoDataFrame(geometry=gpd.points_from_xy([106.0, 106.1, 106.3], [29.0] * 3), crs=4326)
    ends = plain.iloc[[1, 2, 0]].reset_index(drop=True)
    for origins, destinations in ((plain.iloc[:1], ends), ([(106.0, 29.0)], ends), (plain.iloc[:1], plain)):
        table = compare(net, faster, origins, destinations=destinations)
        assert table["n_destinations"].tolist() == [2]
        assert table["base_mean_min"].tolist() == [20]
        assert table["delta_mean_min"].tolist() == [-10]


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_a_frame_compares_as_its_positions_do(seed: int, n: int):
    rng = np.random.default_rng(seed)
    lon, lat = 106 + rng.random(n), 29 + rng.random(n)
    tail = np.arange(n - 1)
    net = build_network(lon, lat, Links(tail, tail + 1, np.full(n - 1, 3e4), rng.uniform(600, 5400, n - 1)))
    faster = net.extended(Links([0], [n - 1], [5e4], [900]))
    points = list(zip(lon.tolist(), lat.tolist(), strict=True))
    picks = [rng.permutation(n)[: rng.integers(1, n + 1)] for _ in range(2)]
    frames = [gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon[k], lat[k]), crs=4326) for k in picks]
    lists = [[points[k] for k in pick] for pick in picks]
    numbers = ["n_destinations", "base_mean_min", "scenario_mean_min", "delta_mean_min", "new_destinations"]
    expected = compare(net, faster, lists[0], destinations=lists[1])[numbers]
    for origins, ends in ((frames[0], frames[1]), (frames[0], lists[1]), (lists[0], frames[1])):
        assert compare(net, faster, origins, destinations=ends)[numbers].equals(expected)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_nearest_of_some_is_the_least_of_all_minutes(seed: int):
    """Also from places off the network, to none, and straight over the ground."""
    generator = np.random.default_rng(seed)
    n = 14
    lon, lat = generator.uniform(106, 106.6, n), generator.uniform(29, 29.5, n)
    tail, head = generator.integers(0, 8, (2, 12))
    network = build_network(
        lon[:8],
        lat[:8],
        Links(tail, head, np.full(12, 1e4), generator.uniform(60, 3600, 12)),
        max_access_km=8,
    )
    places = gpd.GeoDataFrame(
        {"origin_id": [str(k) for k in range(n)], "origin_name": [str(k) for k in range(n)]},
        geometry=gpd.points_from_xy(lon, lat),
        crs=4326,
    )
    every = minutes_between(network, places, places)
    every = np.where(np.isfinite(every), every, np.inf)
    asked = [
        (np.flatnonzero(generator.random(n) < 0.5), np.flatnonzero(generator.random(n) < share))
        for share in (0.5, 0.1, 0.0)
    ]
    for (starts, ends), found in zip(asked, minutes_to_nearest(network, places, asked), strict=True):
        assert found.tolist() == every[np.ix_(starts, ends)].min(axis=1, initial=np.inf).tolist()
    assert minutes_to_nearest(network, places, []) == []
