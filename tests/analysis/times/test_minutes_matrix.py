"""Minutes alone, as flip points of claims ask for them: the same as the table of travel times, whoever begins."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors import minutes_between
from borderreach.analysis.times import prepared, travel_times, within_reach
from borderreach.geo.errors import NetworkError, OffNetworkError
from borderreach.geo.networks import TransportNetwork

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
@given(cases(), st.integers(1, 4), st.sampled_from([None, 4.0, 15.0]), st.booleans())
def test_minutes_are_those_of_the_table(case: Case, n_ends, limit_min, ready):
    network = case.network
    lon, lat = network.node_lon, network.node_lat
    near = [(float(lon[k % len(lon)]) + 0.001, float(lat[k % len(lat)])) for k in range(n_ends)]
    starts = [case.origin, (case.origin[0] + 5.0, case.origin[1])]  # the second is off the network
    ends = list(
        {(round(x, 6), round(y, 6)): (x, y) for x, y in [*near, case.origin]}.values()
    )  # as ids tell apart
    if ready:
        prepared(network)
    found = minutes_between(network, starts, ends, limit_min=limit_min)
    assert np.array_equal(found, by_the_table(network, starts, ends, limit_min), equal_nan=True)
    other = minutes_between(network, ends, starts, limit_min=limit_min)
    assert np.array_equal(other, by_the_table(network, ends, starts, limit_min), equal_nan=True)


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
