"""Searching a prepared network gives the same times to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.times._prepared import prepared
from borderreach.analysis.times._search import UNREACHED, bucketed_times
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.networks._trunk import trunk_network

from ... import chance


def plain(network: TransportNetwork, nodes, times, limit: int) -> np.ndarray:
    out = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    bucketed_times(
        network.arc_start, network.arc_head, network.arc_time_ms,
        np.asarray(nodes, dtype=np.int64), np.asarray(times, dtype=np.int64), limit, out,
    )  # fmt: skip
    return out


@st.composite
def networks(draw: st.DrawFn) -> TransportNetwork:
    """Sparse graphs: trees, chains, rings, lollipops, one-ways, parallel links, loops, single nodes."""
    n = draw(st.integers(1, 30))
    joined = [node for node in range(1, n) if draw(st.sampled_from([True, True, True, False]))]
    links = [(a, draw(st.sampled_from([a - 1, draw(st.integers(0, a - 1))]))) for a in joined]
    node = st.integers(0, n - 1)
    links += draw(st.lists(st.tuples(node, node), max_size=8))
    seconds = st.sampled_from([0.0, 1.0, 2.5, 7.0, 60.0])
    closed = st.sampled_from([False, False, False, True])
    time = [draw(seconds) for _ in links]
    back = [np.inf if draw(closed) else draw(seconds) for _ in links]
    time = [np.inf if draw(closed) else t for t in time]
    lon = [106 + 0.01 * draw(st.integers(0, 50)) for _ in range(n)]
    lat = [29 + 0.01 * draw(st.integers(0, 50)) for _ in range(n)]
    tails, heads = ([a for a, _ in links], [b for _, b in links])
    return build_network(lon, lat, Links(tails, heads, [1.0] * len(links), time, back))


@settings(max_examples=chance.examples(300), deadline=None)
@given(network=networks(), data=st.data())
def test_same_times(network: TransportNetwork, data: st.DataObject):
    ready = prepared(network)
    assert sorted([*ready.core, *ready.chain_node, *ready.tree[:, 0]]) == list(range(network.n_nodes))
    for _ in range(3):
        seeds = data.draw(
            st.lists(
                st.tuples(st.integers(0, network.n_nodes - 1), st.integers(0, 20_000)), min_size=1, max_size=3
            )
        )
        limit = data.draw(st.integers(0, 120_000))
        nodes, times = (np.array(column, dtype=np.int64) for column in zip(*seeds, strict=True))
        got = ready.times(nodes, times, limit_ms=limit)
        assert got.tolist() == plain(network, nodes, times, limit).tolist()


@pytest.mark.parametrize("hours", [1, 2, 6])
def test_same_times_on_the_trunk_network(hours):
    network = trunk_network(speed_kph=88)
    ready = prepared(network)
    assert len(ready.core) < network.n_nodes
    assert prepared(network) is ready
    for node in np.random.default_rng(chance.seed(hours)).integers(network.n_nodes, size=5):
        limit = hours * 3_600_000
        seeds = np.array([node, node + 1 if node + 1 < network.n_nodes else 0])
        spent = np.array([0, 90_000])
        assert (ready.times(seeds, spent, limit_ms=limit) == plain(network, seeds, spent, limit)).all()
