"""Times between some nodes on what is left of a network around them are those on the whole network."""

from __future__ import annotations

import numpy as np
import pytest

from borderreach.analysis.times import NO_LIMIT_MS, UNREACHED, around_nodes, bucketed_times, times_around
from borderreach.analysis.times._around_nodes import is_worth_it, kept_around
from borderreach.geo.networks import Links, build_network
from tests import chance


def searched(n, tail, head, ms, node: int) -> np.ndarray:
    order = np.argsort(tail, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=n))]).astype(np.int64)
    found = np.full(n, UNREACHED, dtype=np.int32)
    bucketed_times(
        start, head[order], ms[order], np.array([node]), np.zeros(1, dtype=np.int64), NO_LIMIT_MS, found
    )
    return found


@pytest.mark.parametrize("seed", chance.seeds(6))
def test_times_between_the_nodes_that_stay_are_the_same(seed: int):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 400))
    # streets: most nodes have two or three neighbours, some arcs run one way, some stand twice or lead nowhere
    m = int(n * rng.uniform(1.0, 3.0))
    tail = rng.integers(0, n, m).astype(np.int32)
    head = np.clip(tail + rng.integers(-9, 10, m), 0, n - 1).astype(np.int32)
    ms = rng.integers(0, 100_000, m).astype(np.int32)
    stays = rng.choice(n, size=int(rng.integers(1, min(n, 30) + 1)), replace=False)
    left = around_nodes(n, tail, head, ms, stays)
    assert (left.number[stays] >= 0).all()
    for node in stays[:5].tolist():
        start, nothing = left.number[[node]], np.zeros(1, dtype=np.int64)
        there = times_around(left.there, start, nothing)[left.number[stays]]
        back = times_around(left.back, start, nothing)[left.number[stays]]
        assert there.tolist() == searched(n, tail, head, ms, node)[stays].tolist()
        assert back.tolist() == searched(n, head, tail, ms, node)[stays].tolist()


def test_a_chain_becomes_one_arc():
    ones = np.ones(4, dtype=np.int32)
    left = around_nodes(
        5, np.arange(4, dtype=np.int32), np.arange(1, 5, dtype=np.int32), ones, np.array([0, 4])
    )
    assert left.number.tolist() == [0, -1, -1, -1, 1]
    assert [left.tail.tolist(), left.head.tolist(), left.time_ms.tolist()] == [[0], [1], [4]]


def test_ways_longer_than_any_journey_are_no_ways():
    long = np.full(2, 2**30 - 1, dtype=np.int32)
    left = around_nodes(3, np.array([0, 1], np.int32), np.array([1, 2], np.int32), long, np.array([0, 2]))
    assert len(left.tail) == 0


def test_what_is_left_is_kept_for_whoever_asks_for_the_same_nodes_again():
    lon = np.linspace(106, 107, 200)
    road = build_network(lon, np.full(200, 29.5), Links(range(199), range(1, 200), [1e3] * 199, [60.0] * 199))
    some, more = np.array([3, 80]), np.array([3, 150])
    assert not is_worth_it(road, some, searches=1)
    assert is_worth_it(road, some, searches=100)
    first = kept_around(road, some)
    assert is_worth_it(road, some, searches=1)
    assert kept_around(road, some[:1]) is first
    second = kept_around(road, more)
    assert second is not first
    assert (second.number[[3, 80, 150]] >= 0).all()
