"""Our Dijkstra agrees with scipy's, on generated graphs and on the trunk network."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from borderreach.analysis.times._search import (
    UNREACHED,
    bucketed_times,
    shortest_times_and_lengths,
)
from borderreach.geo.networks._trunk import trunk_network

from ... import chance


def csr(n: int, arcs: list[tuple[int, int, int]]):
    """Arcs (tail, head, ms) in CSR form."""
    arcs = sorted(arcs)
    tail = np.array([a for a, _, _ in arcs], dtype=np.int64)
    start = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))]).astype(np.int64)
    head = np.array([b for _, b, _ in arcs], dtype=np.int32)
    return start, head, np.array([t for _, _, t in arcs], dtype=np.int32)


@st.composite
def graphs(draw: st.DrawFn):
    n = draw(st.integers(1, 25))
    node = st.integers(0, n - 1)
    arcs = draw(st.lists(st.tuples(node, node, st.integers(0, 500)), max_size=80))
    seeds = draw(st.lists(st.tuples(node, st.integers(0, 300)), min_size=1, max_size=4))
    return n, arcs, seeds, draw(st.integers(0, 2500))


def brute(n: int, arcs, seeds, limit: int) -> np.ndarray:
    """Bellman and Ford."""
    best = np.full(n, np.inf)
    for node, time in seeds:
        best[node] = min(best[node], time)
    for _ in range(n):
        for a, b, t in arcs:
            best[b] = min(best[b], best[a] + t)
    return np.where(best <= limit, best, UNREACHED)


@settings(max_examples=chance.examples(150), deadline=None)
@given(graph=graphs())
def test_agrees_with_bellman_and_ford(graph):
    n, arcs, seeds, limit = graph
    start, head, time = csr(n, arcs)
    out = np.full(n, UNREACHED, dtype=np.int32)
    nodes = np.array([s for s, _ in seeds], dtype=np.int64)
    spent = np.array([t for _, t in seeds], dtype=np.int64)
    bucketed_times(start, head, time, nodes, spent, limit, out)
    assert (out == brute(n, arcs, seeds, limit)).all()


@settings(max_examples=chance.examples(80), deadline=None)
@given(graph=graphs())
def test_lengths_are_those_of_a_fastest_path(graph):
    n, arcs, seeds, limit = graph
    start, head, time = csr(n, arcs)
    length = (np.arange(len(head)) % 7 + 1).astype(float)
    out, metres = np.full(n, UNREACHED, dtype=np.int32), np.full(n, np.inf)
    nodes = np.array([s for s, _ in seeds], dtype=np.int64)
    spent = np.array([t for _, t in seeds], dtype=np.int64)
    shortest_times_and_lengths(
        start, head, time, length, nodes, spent, np.zeros(len(nodes)), limit, out, metres
    )
    assert (out == brute(n, arcs, seeds, limit)).all()
    assert (np.isfinite(metres) == (out != UNREACHED)).all()
    # time and then length, as one sum with a weight that keeps lengths below a millisecond
    tail = np.repeat(np.arange(n), np.diff(start))
    both = brute(
        n,
        [(a, b, t + x * 1e-6) for a, b, t, x in zip(tail, head, time, length, strict=True)],
        [(s, t) for s, t in seeds],
        limit + 0.5,
    )
    reached = out != UNREACHED
    assert metres[reached] * 1e-6 == pytest.approx((both - out)[reached], abs=1e-7)


def test_the_shorter_of_two_equally_fast_ways_is_found_behind_an_arc_of_no_time():
    """0 → 1 takes 9 m, 0 → 2 → 1 takes 2 m, all of them no time; 3 lies 1 m and a second behind 1."""
    start, head, time = csr(4, [(0, 1, 0), (0, 2, 0), (2, 1, 0), (1, 3, 1000)])
    length = {(0, 1): 9.0, (0, 2): 1.0, (2, 1): 1.0, (1, 3): 1.0}
    tail = np.repeat(np.arange(4), np.diff(start))
    metres = np.array([length[a, b] for a, b in zip(tail.tolist(), head.tolist(), strict=True)])
    for own in (np.array([0]), np.array([0, 3])):
        out, far = np.full(4, UNREACHED, dtype=np.int32), np.full(4, np.inf)
        spent = np.array([0, 1000])[: len(own)]
        shortest_times_and_lengths(
            start, head, time, metres, own, spent, np.array([0.0, 8.0])[: len(own)], 10_000, out, far
        )
        assert out.tolist() == [0, 0, 0, 1000]
        assert far.tolist() == [0, 2, 1, 3]


def test_a_node_exactly_at_the_limit_is_reached():
    start, head, time = csr(3, [(0, 1, 100), (1, 2, 100)])
    out = np.full(3, UNREACHED, dtype=np.int32)
    bucketed_times(start, head, time, np.array([0]), np.array([0]), 200, out)
    assert out.tolist() == [0, 100, 200]
    out[:] = UNREACHED
    bucketed_times(start, head, time, np.array([0]), np.array([0]), 199, out)
    assert out.tolist() == [0, 100, UNREACHED]


def test_agrees_with_scipy_on_the_trunk_network():
    network = trunk_network(speed_kph=88)
    graph = csr_array(
        (network.arc_time_ms.astype(float), network.arc_head, network.arc_start.astype(np.int32)),
        shape=(network.n_nodes, network.n_nodes),
    )
    # scipy takes stored zeros for missing arcs, and of parallel arcs the sum
    tail = network.arc_tail
    assert (network.arc_time_ms > 0).all()
    assert len(np.unique(tail.astype(np.int64) * network.n_nodes + network.arc_head)) == network.n_arcs
    for origin in np.random.default_rng(chance.seed(4)).integers(network.n_nodes, size=5):
        limit = 3 * 3_600_000
        ours = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
        bucketed_times(
            network.arc_start, network.arc_head, network.arc_time_ms,
            np.array([origin]), np.array([0]), limit, ours,
        )  # fmt: skip
        farther = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
        bucketed_times(
            network.arc_start, network.arc_head, network.arc_time_ms,
            np.array([origin]), np.array([0]), 2**30, farther,
        )  # fmt: skip
        assert (farther[ours != UNREACHED] == ours[ours != UNREACHED]).all()
        theirs = dijkstra(graph, indices=origin, limit=limit)
        assert (ours == np.where(np.isfinite(theirs), theirs, UNREACHED)).all()


@settings(max_examples=chance.examples(60), deadline=None)
@given(graph=graphs(), data=st.data())
def test_a_search_for_some_places_tells_their_times_as_one_for_all(graph, data):
    n, arcs, seeds, limit = graph
    start, head, time = csr(n, arcs)
    length = (np.arange(len(head)) % 7 + 1).astype(float)
    nodes = np.array([s for s, _ in seeds], dtype=np.int64)
    spent = np.array([t for _, t in seeds], dtype=np.int64)
    way = st.tuples(st.integers(0, n - 1), st.integers(0, 400))
    ways = data.draw(
        st.lists(st.lists(way, max_size=3), max_size=4)
    )  # also places that no way leads to, and none
    begin = np.concatenate([[0], np.cumsum([len(one) for one in ways])]).astype(np.int64)
    ends = np.array([end for one in ways for end in one], dtype=np.int64).reshape(-1, 2)
    wanted = (begin, ends[:, 0].copy(), ends[:, 1].copy())

    def least(found):
        """Least time, and least length of those that take it, to each place."""
        out, metres = found
        sums = [
            [(int(out[k]) + int(t), float(metres[k])) for k, t in ends[b:e] if out[k] != UNREACHED]
            for b, e in pairwise(begin)
        ]
        return [min(one, default=None) for one in sums]

    def searched(asked):
        out, metres = np.full(n, UNREACHED, dtype=np.int32), np.full(n, np.inf)
        shortest_times_and_lengths(
            start, head, time, length, nodes, spent, np.zeros(len(nodes)), limit, out, metres, asked
        )
        times = np.full(n, UNREACHED, dtype=np.int32)
        bucketed_times(start, head, time, nodes, spent, limit, times, asked)
        return least((out, metres)), least((times, np.zeros(n)))

    assert searched(wanted) == searched(None)
