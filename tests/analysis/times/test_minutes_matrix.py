"""Minutes alone, as flip points of claims ask for them: the same as the table of travel times, whoever begins."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors import minutes_between
from borderreach.analysis.times import prepared, travel_times, within_reach
from borderreach.analysis.times._around_nodes import is_kept_around
from borderreach.analysis.times._hierarchy import hierarchy
from borderreach.geo.errors import NetworkError, OffNetworkError
from borderreach.geo.networks import Links, TransportNetwork, build_network

from ..networks import Case, cases


def by_the_table(network, starts, ends, limit_min):
    """Each pair on its own; NaN where an end is out of reach."""
    found = np.full((len(starts), len(ends)), np.nan)
    for i, start in enumerate(starts):
        for k, end in enumerate(ends):
            if within_reach(network, [start])[0] and within_reach(network.reverse, [end])[0]:
                found[i, k] = travel_times(network, start, end, limit_min=limit_min)["travel_time_min"].iloc[
                    0
                ]
    return found


@settings(max_examples=25, deadline=None)
@given(
    cases(),
    st.integers(1, 4),
    st.sampled_from([None, 4.0, 15.0]),
    st.sampled_from(["nothing", "prepared", "hierarchy"]),
)
def test_minutes_are_those_of_the_table(case: Case, n_ends, limit_min, ready):
    network = case.network
    lon, lat = network.node_lon, network.node_lat
    near = [(float(lon[k % len(lon)]) + 0.001, float(lat[k % len(lat)])) for k in range(n_ends)]
    starts = [case.origin, (case.origin[0] + 5.0, case.origin[1])]  # the second is off the network
    ends = list(
        {(round(x, 6), round(y, 6)): (x, y) for x, y in [*near, case.origin]}.values()
    )  # as ids tell apart
    if ready == "prepared":
        prepared(network)
    elif ready == "hierarchy":  # sweeps over it take the place of searches
        hierarchy(network)
    found = minutes_between(network, starts, ends, limit_min=limit_min)
    assert np.array_equal(found, by_the_table(network, starts, ends, limit_min), equal_nan=True)
    other = minutes_between(network, ends, starts, limit_min=limit_min)
    assert np.array_equal(other, by_the_table(network, ends, starts, limit_min), equal_nan=True)


def test_many_places_are_worth_a_hierarchy_unless_there_is_a_limit():
    rng = np.random.default_rng(3)
    lon, lat = 106 + rng.random(40), 29 + rng.random(40)
    links = Links(np.arange(39), np.arange(1, 40), np.full(39, 5e3), np.full(39, 300.0))
    places = list(zip(106 + rng.random(200), 29 + rng.random(200), strict=True))
    roads = [build_network(lon, lat, links, access_speed_kph=25, max_access_km=200) for _ in range(3)]
    few = np.concatenate([minutes_between(roads[0], places[k : k + 50], places) for k in range(0, 200, 50)])
    many = minutes_between(roads[1], places, places)
    within = minutes_between(roads[2], places, places, limit_min=200)
    assert [hierarchy.known(road) is not None for road in roads] == [False, True, False]
    assert np.array_equal(few, many)
    assert np.array_equal(within, np.where(many <= 200, many, np.nan), equal_nan=True)


def test_searches_that_end_early_leave_the_network_as_it_is():
    n = 4000
    lon = 106 + np.arange(n) * 0.01
    links = Links(np.arange(n - 1), np.arange(1, n), np.full(n - 1, 1e3), np.full(n - 1, 60.0))
    roads = [
        build_network(lon, np.full(n, 29.5), links, access_speed_kph=5, max_access_km=0.1) for _ in range(2)
    ]
    places = [(x, 29.5) for x in lon[:400:20]]
    near = minutes_between(roads[0], places, places, limit_min=10)
    spread = [(x, 29.5) for x in lon[:: n // 20]]
    far = minutes_between(roads[1], spread, spread)
    minutes = np.abs(np.subtract.outer(np.arange(20), np.arange(20))) * (n // 20.0)
    assert np.array_equal(near, np.where(np.eye(20, dtype=bool), 0.0, np.nan), equal_nan=True)
    assert np.array_equal(far, minutes)
    assert [is_kept_around(road, np.arange(1)) for road in roads] == [False, True]


@settings(max_examples=10, deadline=None)
@given(cases(), st.floats(0.3, 3.0))
def test_other_times_on_the_same_network_are_a_network_made_anew(case: Case, factor):
    """What is handed on, in whichever order things were asked for, is what would be worked out."""
    first = case.network
    times = np.rint(first.arc_time_ms * factor)
    lazy = first.with_times(times)
    _ = first.reverse, first.exit_lines, first.link_arcs
    shared = first.with_times(times)
    fresh = dataclasses.replace(first, arc_time_ms=times.astype(np.int32))
    for one in (lazy, shared):
        for a, b in (
            (one, fresh),
            (one.reverse, fresh.reverse),
            (one.reverse.reverse, fresh.reverse.reverse),
        ):
            for field in dataclasses.fields(TransportNetwork):
                x, y = getattr(a, field.name), getattr(b, field.name)
                assert np.array_equal(x, y) if isinstance(x, np.ndarray) else x == y, field.name
    here = [case.origin]
    wanted = travel_times(fresh, here, here)["travel_time_min"].to_numpy()
    assert minutes_between(shared, here, here)[0] == pytest.approx(wanted, nan_ok=True)


@settings(max_examples=5, deadline=None)
@given(cases())
def test_what_cannot_be_asked(case: Case):
    network = case.network
    far = (case.origin[0] + 5.0, case.origin[1])
    for starts, ends in (([far], [case.origin]), ([case.origin], [far])):
        with pytest.raises(OffNetworkError):
            minutes_between(network, starts, ends)
    with pytest.raises(NetworkError, match="arc_time_ms"):
        network.with_times(network.arc_time_ms[:-1])
    with pytest.raises(NetworkError, match="0 ms or more"):
        network.with_times(network.arc_time_ms - 10**9)
