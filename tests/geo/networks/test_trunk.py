"""The embedded trunk network."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from borderreach import data
from borderreach.geo.errors import InputError, InputTypeError
from borderreach.geo.networks._trunk import (
    TRUNK_CLASS_SPEEDS_KPH,
    TRUNK_DETOUR_PER_100_M,
    TRUNK_JUNCTION_S,
    TRUNK_SPEED_KPH,
    trunk_network,
)


@pytest.fixture(scope="module")
def network():
    return trunk_network(speed_kph=TRUNK_SPEED_KPH)


def test_size_and_extent(network):
    assert network.n_nodes == 122_454
    assert network.n_links > 190_000
    assert network.n_arcs == 2 * network.n_links
    assert 73 <= network.node_lon.min() < network.node_lon.max() <= 136
    assert 18 <= network.node_lat.min() < network.node_lat.max() <= 54


def test_times_follow_from_lengths_and_speed(network):
    seconds = network.arc_length_m / TRUNK_SPEED_KPH * 3.6
    assert np.abs(network.arc_time_ms - seconds * 1000).max() <= 0.5 + 1e-6
    fast = trunk_network(speed_kph=176)
    assert np.abs(network.arc_time_ms - 2.0 * fast.arc_time_ms).max() <= 1.5


def test_no_link_is_shorter_than_the_straight_line(network):
    tail, head = network.link_ends
    straight = np.linalg.norm(network.node_xyz[tail] - network.node_xyz[head], axis=1)
    # coordinates are rounded to a thousandth of a degree
    assert (network.link_length_m >= straight - 250).mean() > 0.999


def test_exits_are_at_junctions_only(network):
    assert network.node_exit.all()
    assert not network.has_exits_along


def test_provenance_names_source_and_licence(network):
    assert {"license", "source"} <= set(network.provenance) or {"licence", "source"} <= set(
        network.provenance
    )
    assert str(TRUNK_SPEED_KPH).removesuffix(".0") in network.provenance["travel_time_model"]
    assert data.path("trunk_network.npz").stat().st_size < 5_000_000


@pytest.mark.parametrize("speed", [0, -1, 500, math.nan])
def test_bad_speeds(speed):
    with pytest.raises(InputError, match="speed_kph"):
        trunk_network(speed_kph=speed)


def test_a_speed_is_a_number():
    with pytest.raises(InputTypeError, match="speed_kph"):
        trunk_network(speed_kph="fast")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def by_year():
    return {year: trunk_network(year=year) for year in (1990, 2010, 2025)}


def class_km(network):
    """Return kilometres by class; each link has two arcs."""
    names = np.array(network.classes, dtype=object)[network.arc_class]
    return {name: network.arc_length_m[names == name].sum() / 2e3 for name in network.classes}


def test_expressways_grow_like_the_published_totals(by_year):
    # end of 2010: 74,100 km. The two carriageways of some roads are two links each, so that more is allowed.
    km = {year: class_km(network).get("motorway", 0.0) for year, network in by_year.items()}
    assert km[1990] < 3_000
    assert 0.85 * 74_100 < km[2010] < 1.25 * 74_100
    assert km[2010] < km[2025]
    assert by_year[1990].n_links < by_year[2025].n_links


def test_every_link_goes_at_the_speed_of_its_class(by_year):
    network = by_year[2025]
    kph = TRUNK_CLASS_SPEEDS_KPH | {"join": TRUNK_CLASS_SPEEDS_KPH["ordinary"]}
    assert set(network.classes) == set(kph)
    names = np.array(network.classes, dtype=object)[network.arc_class]
    expected = network.arc_length_m / np.array([kph[name] for name in names]) * 3600
    slow = network.arc_length_m / kph["ordinary"] * 3600
    expected = np.where(names == "motorway", np.minimum(expected + TRUNK_JUNCTION_S * 1000, slow), expected)
    assert np.abs(network.arc_time_ms - expected).max() <= 0.5 + 1e-6


def test_the_latest_year_is_the_default(by_year):
    network = trunk_network()
    assert (network.arc_time_ms == by_year[2025].arc_time_ms).all()
    assert network.provenance == by_year[2025].provenance


def test_only_links_that_lost_their_bends_grow_and_by_relief(network, by_year):
    # links of 1990 that the source has, but for those that a later expressway crosses, which are in two
    kept, numbers = [
        pd.Series(np.arange(one.n_links), index=pd.MultiIndex.from_arrays(one.link_ends))
        for one in (network, by_year[1990])
    ]
    kept, numbers = (one[~one.index.duplicated(keep=False)] for one in (kept, numbers))
    both = kept.index.intersection(numbers.index)
    assert len(both) > 0.985 * network.n_links
    before, after = network.link_length_m[kept[both]], by_year[1990].link_length_m[numbers[both]]
    tail, head = (ends[kept[both]] for ends in network.link_ends)
    lon, lat = np.radians(network.node_lon), np.radians(network.node_lat)
    cos = np.sin(lat[tail]) * np.sin(lat[head]) + np.cos(lat[tail]) * np.cos(lat[head]) * np.cos(
        lon[tail] - lon[head]
    )
    gap = 6_371_000 * np.arccos(np.minimum(cos, 1))
    factor = after / before
    assert (factor[before > 1.01 * gap + 20] == 1).all()  # the source knows their bends
    assert factor.min() >= 1
    assert factor.max() <= 1 + TRUNK_DETOUR_PER_100_M * 3 + 1e-3  # relief is cut at 300 m
    grown = factor > 1
    assert 0.5 < grown.mean() < 0.85
    plain = grown & (network.node_lon[tail] > 113) & (abs(network.node_lat[tail] - 34) < 1.5)
    mountains = grown & (abs(network.node_lon[tail] - 100) < 2) & (abs(network.node_lat[tail] - 27) < 2)
    assert factor[plain].mean() < 1.03
    assert factor[mountains].mean() > 1.1


def test_no_later_year_is_slower(by_year):
    # links keep their numbers, and those that an early year lacks come last
    early, late = (link_times(by_year[year]) for year in (1990, 2025))
    assert (late[: len(early)] <= early).all()
    assert (late[: len(early)] < early).mean() > 0.1


def link_times(network):
    times = np.zeros(network.n_links)
    times[network.arc_link] = network.arc_time_ms
    return times


def test_a_speed_for_all_and_a_year_exclude_each_other():
    with pytest.raises(InputError, match="give one of them"):
        trunk_network(speed_kph=88, year=2020)


@pytest.mark.parametrize("year", [1989, 2026])
def test_years_beyond_the_table(year):
    with pytest.raises(InputError, match="year"):
        trunk_network(year=year)
