from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components

from borderreach.geo.crs import ELLIPSOID, to_ecef
from borderreach.geo.osm._topology import (
    GAP,
    chain_lines,
    join_chains,
    measure,
    split_ways,
    strong_components,
)

from ... import chance


def ways_of(*runs):
    offset = np.concatenate([[0], np.cumsum([len(run) for run in runs])]).astype(np.int64)
    return offset, np.array([node for run in runs for node in run], dtype=np.int32)


def split(*runs, n=10, closed=(), vertex=()):
    flags = [np.isin(np.arange(n), list(nodes)) for nodes in (closed, vertex)]
    return split_ways(*ways_of(*runs), *flags)


def ends(pieces):
    return list(zip(pieces.tail.tolist(), pieces.head.tolist(), strict=True))


def test_split_at_shared_nodes_and_ends():
    assert ends(split([0, 1, 2, 3], [4, 2, 5])) == [(0, 2), (2, 3), (4, 2), (2, 5)]
    assert ends(split([0, 1, 2], [2, 3])) == [(0, 2), (2, 3)]
    assert ends(split([0, 1, 2, 1, 3])) == [(0, 1), (1, 1), (1, 3)]
    assert ends(split([0, 1, 2, 0])) == [(0, 0)]
    assert ends(split([0, 1, 2], vertex=[1])) == [(0, 1), (1, 2)]


def test_split_at_gaps_and_repeats():
    assert ends(split([0, 1, GAP, 2, 3], [GAP, 4, GAP])) == [(0, 1), (2, 3)]
    assert ends(split([0, 0, 1, 1, 2])) == [(0, 2)]
    assert ends(split([3, 3], [4], [])) == []


def test_closed_nodes_come_apart():
    pieces = split([0, 1, 2], [1, 3], closed=[1])
    assert ends(pieces) == [(0, 10), (11, 2), (12, 3)]
    assert pieces.extra.tolist() == [1, 1, 1]


@settings(max_examples=chance.examples(200), deadline=None)
@given(st.lists(st.lists(st.integers(-1, 7), max_size=8), min_size=1, max_size=6))
def test_pieces_cover_every_step_once(runs):
    offset, nodes = ways_of(*runs)
    pieces = split_ways(offset, nodes, np.zeros(8, dtype=bool), np.zeros(8, dtype=bool))
    covered = np.zeros(len(nodes), dtype=int)
    for first, last in zip(pieces.first, pieces.last, strict=True):
        covered[first:last] += 1
    for way, run in enumerate(runs):
        for i, (a, b) in enumerate(pairwise(run)):
            count = covered[offset[way] + i]
            assert count <= 1
            if a >= 0 and b >= 0 and a != b:
                assert count == 1
    uses: dict[int, int] = {}
    for first, last in zip(pieces.first, pieces.last, strict=True):
        for node in set(nodes[first + 1 : last].tolist()) - {nodes[first], nodes[last]}:
            uses[node] = uses.get(node, 0) + 1
    assert all(count == 1 for count in uses.values())  # nodes inside pieces belong to one alone


def test_measure():
    lon, lat = np.array([106.0, 106.01, 106.02]), np.array([29.0, 29.0, 29.01])
    nodes = np.array([0, 1, 2], dtype=np.int32)
    delay = np.array([5.0, 7.0, 9.0])
    length, delays = measure(np.array([0]), np.array([2]), nodes, lon, lat, delay)
    assert length[0] == pytest.approx(ELLIPSOID.line_length(lon, lat), rel=1e-7)
    xyz = to_ecef(lon, lat)
    assert length[0] == pytest.approx(np.sqrt((np.diff(xyz, axis=0) ** 2).sum(axis=1)).sum(), abs=1e-6)
    assert delays[0] == 7.0


def join(links, kinds, back=None, keep=(), n=8):
    tail, head = (np.array(column, dtype=np.int32) for column in zip(*links, strict=True))
    kind = np.array(kinds, dtype=np.int32)
    kind_back = kind if back is None else np.array(back, dtype=np.int32)
    chains = join_chains(tail, head, kind, kind_back, np.isin(np.arange(n), list(keep)))
    parts = np.split(chains.link, chains.offset[1:-1])
    return chains, sorted(sorted(part.tolist()) for part in parts)


def test_join_two_of_a_kind():
    assert join([(0, 1), (1, 2)], [1, 1])[1] == [[0, 1]]
    assert join([(0, 1), (1, 2)], [1, 2])[1] == [[0], [1]]
    assert join([(0, 1), (1, 2)], [1, 1], keep=[1])[1] == [[0], [1]]
    assert join([(0, 1), (1, 2), (1, 3)], [1, 1, 1])[1] == [[0], [1], [2]]
    assert join([(0, 1), (1, 0)], [1, 1])[1] == [[0, 1]]
    assert join([(0, 0)], [1])[1] == [[0]]


def test_one_ways_join_only_head_to_tail():
    # Kind 1 is a one-way as drawn, 2 the same turned round.
    assert join([(0, 1), (1, 2)], [1, 1], [2, 2])[1] == [[0, 1]]
    assert join([(0, 1), (2, 1)], [1, 1], [2, 2])[1] == [[0], [1]]
    chains, parts = join([(0, 1), (2, 1)], [1, 2], [2, 1])
    assert parts == [[0, 1]]
    assert sorted(zip(chains.link.tolist(), chains.reverse.tolist(), strict=True)) == [(0, False), (1, True)]


def test_lines_of_chains():
    nodes = np.array([0, 1, 2, 4, 3, 2], dtype=np.int32)  # 0-1-2 and 4-3-2
    lon, lat = np.arange(5.0), np.zeros(5)
    first, last = np.array([0, 3]), np.array([2, 5])
    offset, coords = chain_lines(
        np.array([-1, 0]),
        np.array([0, 2]),
        np.array([0, 1], dtype=np.int32),
        np.array([False, True]),
        first,
        last,
        nodes,
        lon,
        lat,
    )
    assert offset.tolist() == [0, 0, 5]
    assert coords[:, 0].tolist() == [0, 1, 2, 3, 4]
    offset, coords = chain_lines(
        np.array([0]),
        np.array([0, 1]),
        np.array([0], dtype=np.int32),
        np.array([False]),
        np.array([0]),
        np.array([1]),
        nodes,
        lon,
        lat,
    )
    assert (offset.tolist(), len(coords)) == ([0, 0], 0)  # straight


@settings(max_examples=chance.examples(200), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 1)), min_size=1, max_size=14),
    st.sets(st.integers(0, 7)),
)
def test_chains_cover_every_link_once(links, keep):
    chains, parts = join([link[:2] for link in links], [link[2] for link in links], keep=keep)
    assert sorted(k for part in parts for k in part) == list(range(len(links)))
    for c in range(len(chains.tail)):
        at = chains.tail[c]
        kinds = set()
        for i in range(chains.offset[c], chains.offset[c + 1]):
            a, b, kind = links[chains.link[i]]
            assert at == (b if chains.reverse[i] else a)
            at = a if chains.reverse[i] else b
            kinds.add(kind)
            if i > chains.offset[c]:
                assert (b if chains.reverse[i] else a) not in keep
        assert at == chains.head[c]
        assert len(kinds) == 1


def test_strong_components():
    tail, head = np.array([0, 1, 2, 3]), np.array([1, 2, 0, 0])
    one_way, yes, no = np.ones(4, dtype=bool), np.ones(4, dtype=bool), np.zeros(4, dtype=bool)
    number = strong_components(tail, head, one_way, no, 5)
    assert number[0] == number[1] == number[2] != number[3]
    assert len(set(strong_components(tail, head, yes, yes, 5)[:4])) == 1
    assert len(set(number)) == 3


@settings(max_examples=chance.examples(200), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans(), st.booleans()), max_size=25))
def test_strong_components_are_scipys(links):
    tail, head = (np.array([link[i] for link in links], dtype=np.int32) for i in (0, 1))
    forward, backward = (np.array([link[i] for link in links], dtype=bool) for i in (2, 3))
    number = strong_components(tail, head, forward, backward, 10)
    arcs = [(a, b) for a, b, ahead, back in links for a, b in [(a, b)] * ahead + [(b, a)] * back]
    graph = np.zeros((10, 10))
    for a, b in arcs:
        graph[a, b] = 1
    count, expected = connected_components(graph, directed=True, connection="strong")
    assert len(set(number)) == count
    assert len(set(zip(number.tolist(), expected.tolist(), strict=True))) == count
