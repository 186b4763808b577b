from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.osm._gathering import Rule
from borderreach.geo.osm._turns import Arcs, Course, expand_turns, find_courses

from ... import chance


def star(forward, backward):
    """Links of the ways 100, 101, ... that lead to node 0, each from a node of its own."""
    n = len(forward)
    way = np.arange(n, dtype=np.int64) + 100
    tail, head = np.arange(1, n + 1, dtype=np.int32), np.zeros(n, dtype=np.int32)
    return Arcs(tail, head, np.array(forward), np.array(backward), (way, way), n + 1)


def expand(arcs, rules):
    return expand_turns(arcs, rules, find_courses(rules, {}, {0: 0}))


def reachable(turns, source):
    """Links that can be left on after arriving along one, by what the turns allow."""
    steps: dict[int, set[int]] = {}
    for a, b in zip(turns.turn_tail.tolist(), turns.turn_head.tolist(), strict=True):
        steps.setdefault(a, set()).add(b)
    todo = [
        int(turns.head[i]) for i in range(len(turns.link)) if turns.forward[i] and turns.link[i] == source
    ]
    seen = set(todo)
    while todo:
        for b in steps.get(todo.pop(), ()):
            if b not in seen:
                seen.add(b)
                todo.append(b)
    return {
        int(turns.link[i]) for i in range(len(turns.link)) if turns.backward[i] and int(turns.head[i]) in seen
    }


@settings(max_examples=chance.examples(300), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=6),
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=4),
)
def test_turns_allow_what_the_restrictions_do(rules, directions):
    """At a star of four roads: who arrives along one may leave along which?"""
    forward, backward = [d[0] for d in directions], [d[1] for d in directions]
    turns = expand(star(forward, backward), [Rule(100 + a, 100 + b, 0, (), only) for a, b, only in rules])
    out = [b for b in range(4) if backward[b]]
    allowed = {(a, b) for a in range(4) for b in out if forward[a]}
    honoured = 0
    for a, b, only in rules:
        if forward[a] and backward[b]:
            taken = {(a, c) for c in out if c != b} if only else {(a, b)}
            honoured += bool(taken)
            allowed -= taken
    assert turns.n_honoured == honoured
    for a in range(4):
        onward = {b for x, b in allowed if x == a}
        if honoured:  # back only where there is nothing else
            onward = onward - {a} or onward
        if forward[a]:
            assert reachable(turns, a) == onward
    assert turns.forward.sum() == sum(forward)
    assert turns.backward.sum() == sum(backward)
    assert not turns.copy.any()


def test_unclear_and_idle_restrictions_are_counted():
    tail, head = np.array([0, 0], dtype=np.int32), np.array([1, 2], dtype=np.int32)
    yes, way = np.ones(2, dtype=bool), np.array([7, 7])
    arcs = Arcs(tail, head, yes, yes, (way, way), 6)
    rules = [Rule(7, 7, 0, (), False), Rule(7, 9, 5, (), True)]
    turns = expand_turns(arcs, rules, [[Course((7, 7), (0,))], [Course((7, 9), (5,))]])
    assert (turns.n_honoured, turns.n_idle, turns.n_unclear) == (0, 1, 1)
    assert len(turns.extra) == len(turns.turn_tail) == 0


def test_courses_of_restrictions_over_ways():
    runs = {1: [10, 11], 2: [11, 12], 3: [12, 13], 4: [13, 14], 5: [13, 11], 6: [11, 15]}
    over = Rule(1, 4, 0, (2, 3), False)
    assert find_courses([over], runs, {}) == [[Course((1, 2, 3, 4), (11, 12, 13))]]
    # Members in another order, a ring that comes back to its first node, ways that don't meet.
    assert find_courses([over._replace(via_ways=(3, 2))], runs, {}) == [[Course((1, 2, 3, 4), (11, 12, 13))]]
    ring = Rule(1, 6, 0, (2, 3, 5), False)
    assert find_courses([ring], runs, {}) == [[Course((1, 2, 3, 5, 6), (11, 12, 13, 11))]]
    assert find_courses([Rule(1, 4, 0, (3,), False), Rule(1, 4, 0, (99,), False)], runs, {}) == [[], []]
    assert find_courses([Rule(1, 2, 77, (), False), Rule(1, 2, 5, (), True)], {}, {5: 0}) == [
        [],
        [Course((1, 2), (0,))],
    ]


def test_a_way_between_two_turns_stands_twice():
    # 0 - 1 - 2 - 3, 1 - 4 and 2 - 5: from 0-1 over 1-2 one may not go on to 2-3.
    tail, head = np.array([0, 1, 2, 1, 2], dtype=np.int32), np.array([1, 2, 3, 4, 5], dtype=np.int32)
    yes, way = np.ones(5, dtype=bool), np.arange(5) + 10
    arcs = Arcs(tail, head, yes, yes, (way, way), 6)
    rule = Rule(10, 12, 0, (11,), False)
    turns = expand_turns(arcs, [rule], find_courses([rule], {10: [0, 1], 11: [1, 2], 12: [2, 3]}, {}))
    assert (turns.n_honoured, turns.n_over_ways) == (1, 1)
    assert turns.link[turns.copy].tolist() == [1]
    (copy,) = np.flatnonzero(turns.copy)
    onward = turns.turn_to[turns.turn_tail == turns.head[copy]]
    assert sorted(onward.tolist()) == [4]  # neither 2-3 nor back
    others = turns.turn_to[(turns.turn_from == 1) & (turns.turn_tail != turns.head[copy])]
    assert {2, 4} <= set(others.tolist())
