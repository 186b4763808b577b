"""The embedded trunk network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from borderreach import data
from borderreach.geo.errors import InputError, InputTypeError
from borderreach.geo.networks._trunk import TRUNK_SPEED_KPH, trunk_network


@pytest.fixture(scope="module")
def network():
    return trunk_network()


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
