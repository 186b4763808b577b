"""Journeys by train in few links: whatever the steps, no time between nodes that stay changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from borderreach.analysis.studies._what_if_trains import join_steps
from borderreach.geo.networks import Links, TransportNetwork, build_network

N = 9


def times(network: TransportNetwork) -> np.ndarray:
    """From each node to each, ms; steps between the same two are one here, as scipy would add them up."""
    least = np.zeros((network.n_nodes,) * 2)
    for tail, head, ms in zip(network.arc_tail, network.arc_head, network.arc_time_ms, strict=True):
        least[tail, head] = min(ms, least[tail, head] or np.inf)
    return np.asarray(dijkstra(csr_matrix(least)))


def station(places, steps):
    """Nodes at places, and steps (tail, head, seconds) that lead one way."""
    tail, head, seconds = zip(*steps, strict=True)
    at = np.array(places)
    return build_network(
        106 + at / 10, np.full(len(at), 29.5), Links(list(tail), list(head), [1e3] * len(tail), list(seconds),
        back_time_s=[np.inf] * len(tail), mode="rail", road_class="line"), max_access_km=1,
    )  # fmt: skip


def joined(network, stays):
    free = ~np.isin(np.arange(network.n_nodes), stays)
    return join_steps(network, free, np.ones(network.n_links, dtype=bool))


def test_by_hand_boarding_waiting_and_two_rides_are_two_links():
    """Two stations beyond: the wait goes into each ride, what trains take longer into its own, getting off stands for both."""
    network = station([0, 0, 0, 1, 1, 1, 2, 2], [(0, 1, 60), (1, 2, 600), (2, 3, 1200), (3, 4, 120), (4, 5, 30), (2, 6, 2400), (6, 7, 30)])  # fmt: skip
    less, nodes, links = joined(network, [0, 5, 7])
    assert np.flatnonzero(nodes).tolist() == [0, 5, 7]
    assert links.sum() == less.n_arcs == 2
    assert sorted(zip(less.arc_head.tolist(), (less.arc_time_ms / 1000).tolist(), strict=True)) == [
        (5, 60 + 600 + 1200 + 120 + 30),
        (7, 60 + 600 + 2400 + 30),
    ]


def test_of_two_ways_of_a_line_the_slower_goes_and_a_dead_end_with_it():
    network = station([0, 0, 1, 0, 1], [(0, 1, 60), (1, 2, 600), (0, 3, 90), (3, 2, 700), (3, 4, 5)])
    less, nodes, _ = joined(network, [0, 2])
    assert np.flatnonzero(nodes).tolist() == [0, 2]
    assert less.arc_time_ms.tolist() == [660_000]


@given(st.data())
def test_times_between_nodes_that_stay_are_the_same(data):
    places = data.draw(st.lists(st.integers(0, 3), min_size=N, max_size=N))
    pairs = st.tuples(st.integers(0, N - 1), st.integers(0, N - 1), st.integers(1, 50)).filter(
        lambda row: row[0] != row[1]
    )
    network = station(places, data.draw(st.lists(pairs, min_size=1, max_size=30)))
    stays = sorted(data.draw(st.sets(st.integers(0, N - 1), min_size=2)))
    less, nodes, links = joined(network, stays)
    assert nodes[stays].all()
    assert less.n_arcs <= network.n_arcs
    assert links.sum() == less.n_arcs
    kept = np.ix_(stays, stays)
    np.testing.assert_array_equal(times(less)[kept], times(network)[kept])


@pytest.mark.parametrize("seconds", [1, 10])
def test_what_is_no_train_stays(seconds):
    """A road with a bend at a node that nobody needs."""
    network = build_network(
        [106, 106.1, 106.2],
        [29.5] * 3,
        Links([0, 1], [1, 2], [1e4] * 2, [seconds * 60.0] * 2),
        max_access_km=1,
    )
    less, nodes, links = join_steps(network, np.ones(3, dtype=bool), np.zeros(2, dtype=bool))
    assert nodes.all()
    assert links.all()
    np.testing.assert_array_equal(less.arc_time_ms, network.arc_time_ms)
