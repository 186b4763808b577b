"""Restrictions of turns: from ways and nodes to arcs, and a network in which they hold.

A restriction forbids a run of arcs: the one that arrives, those of the ways between, and the one that
leaves. What is forbidden depends on where one has come from, so that nodes and arcs are split by it:
the ends of links at a node with a forbidden turn are pulled apart and connected by the turns that are
allowed; the arcs of ways between two turns stand once more, for those who have come along the first.

Arcs are numbered 2k (along link k) and 2k + 1 (against it), ends of links 2k (its tail) and 2k + 1
(its head): arc a leaves through end a and arrives at end a ^ 1, and a ^ 1 is also the arc back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._gathering import Rule


class Course(NamedTuple):
    """Where a restriction leads: from the first of its ways over nodes to the next ways.

    There is one node fewer than ways.
    """

    ways: tuple[int, ...]
    nodes: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Arcs:
    """The links of a network as arcs.

    Attributes
    ----------
    tail, head : ndarray of int32, shape (k,)
    forward, backward : ndarray of bool, shape (k,)
        Whether the link is open in each direction.
    end_ways : tuple of two ndarrays of int64, shape (k,)
        Id of the way at the link's tail and at its head.
    n_nodes : int
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    end_ways: tuple[NDArray[np.int64], NDArray[np.int64]]
    n_nodes: int

    @cached_property
    def node_of(self) -> NDArray[np.int64]:
        """Node of each end, shape (2k,)."""
        return np.column_stack([self.tail, self.head]).reshape(-1).astype(np.int64)

    @cached_property
    def way_of(self) -> NDArray[np.int64]:
        """Way of each end, shape (2k,)."""
        return np.column_stack(self.end_ways).reshape(-1).astype(np.int64)

    @cached_property
    def is_open(self) -> NDArray[np.bool_]:
        """Whether each arc can be driven, shape (2k,)."""
        return np.column_stack([self.forward, self.backward]).reshape(-1)

    @cached_property
    def _order(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        start = np.zeros(self.n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.node_of, minlength=self.n_nodes), out=start[1:])
        return np.argsort(self.node_of, kind="stable"), start

    def ends_at(self, node: int) -> list[int]:
        """Return the ends of links at a node."""
        order, start = self._order
        ends: list[int] = order[start[node] : start[node + 1]].tolist()
        return ends

    def leaving(self, node: int) -> list[int]:
        """Return the arcs that leave a node."""
        return [end for end in self.ends_at(node) if self.is_open[end]]

    def arriving(self, node: int) -> list[int]:
        """Return the arcs that arrive at a node."""
        return [end ^ 1 for end in self.ends_at(node) if self.is_open[end ^ 1]]


@dataclass(frozen=True, eq=False)
class Turns:
    """A network in which restrictions hold.

    Attributes
    ----------
    link : ndarray of int64, shape (c,)
        The link that each of the new links runs along: first all of them, then some once more.
    forward, backward : ndarray of bool, shape (c,)
        Directions in which the new links are open.
    copy : ndarray of bool, shape (c,)
        Whether the new link is for those who have come along the first way of a restriction over
        ways; what comes twice otherwise has one direction each.
    tail, head : ndarray of int64, shape (c,)
        Their ends, with nodes added from the number of nodes on.
    extra : ndarray of int64
        The nodes that the added ones were split from.
    turn_tail, turn_head : ndarray of int64
        Allowed turns: links without length from one of these nodes to another.
    turn_from, turn_to : ndarray of int64
        The links that they lead from and to.
    n_honoured, n_over_ways, n_idle, n_unclear : int
        How many restrictions were put into effect, how many of these lead over ways; forbid what
        can't be driven anyway; and name ways that don't meet in exactly one end each.
    """

    link: NDArray[np.int64]
    forward: NDArray[np.bool_]
    backward: NDArray[np.bool_]
    copy: NDArray[np.bool_]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    extra: NDArray[np.int64]
    turn_tail: NDArray[np.int64]
    turn_head: NDArray[np.int64]
    turn_from: NDArray[np.int64]
    turn_to: NDArray[np.int64]
    n_honoured: int = 0
    n_over_ways: int = 0
    n_idle: int = 0
    n_unclear: int = 0


def find_courses(
    rules: Iterable[Rule], runs: Mapping[int, Sequence[int]], number_of: Mapping[int, int]
) -> list[list[Course]]:
    """Say where restrictions lead.

    Parameters
    ----------
    rules : iterable of Rule
    runs : mapping of int to sequence of int
        Numbers of the nodes of each way that a rule names, by the way's id.
    number_of : mapping of int to int
        Numbers of the nodes that a rule names, by id; a node that no road passes is missing.

    Returns
    -------
    list of list of Course
        For each rule all readings: none where its ways don't meet, several where they meet more
        than once.
    """
    return [_courses(rule, runs, number_of) for rule in rules]


def _courses(rule: Rule, runs: Mapping[int, Sequence[int]], number_of: Mapping[int, int]) -> list[Course]:
    if not rule.via_ways:
        node = number_of.get(rule.via_node)
        return [] if node is None else [Course((rule.from_way, rule.to_way), (node,))]
    places = {way: set(runs.get(way, ())) - {-1} for way in (rule.from_way, *rule.via_ways, rule.to_way)}

    def onward(ways: tuple[int, ...], nodes: tuple[int, ...], rest: tuple[int, ...]) -> Iterator[Course]:
        for way in rest or (rule.to_way,):
            for node in sorted(places[ways[-1]] & places[way]):
                if nodes and node == nodes[-1]:
                    continue
                if not rest:
                    yield Course((*ways, way), (*nodes, node))
                else:
                    left = tuple(other for other in rest if other != way)
                    yield from onward((*ways, way), (*nodes, node), left)

    # Members may stand in any order, but where they stand in that of the road it is the one meant.
    found = list(onward((rule.from_way,), (), rule.via_ways))
    listed = [course for course in found if course.ways[1:-1] == rule.via_ways]
    return listed or found


def expand_turns(arcs: Arcs, rules: Sequence[Rule], courses: Sequence[Sequence[Course]]) -> Turns:
    """Make a network in which the restrictions hold.

    At nodes with a forbidden turn, and at the nodes between two links that these lead to, one
    can't turn back unless there is no other way on; elsewhere one can.

    Parameters
    ----------
    arcs : Arcs
    rules : sequence of Rule
    courses : sequence of sequence of Course
        As `find_courses` gives them.

    Returns
    -------
    Turns
    """
    runs: set[tuple[int, ...]] = set()
    count = {"honoured": 0, "over": 0, "idle": 0, "unclear": 0}
    for rule, readings in zip(rules, courses, strict=True):
        found = [run for course in readings for run in _arc_runs(arcs, course)]
        if len(found) > 1:
            count["unclear"] += 1
            continue
        forbidden = _forbidden(arcs, found[0], only=rule.only) if found else set()
        if not forbidden:
            count["idle"] += 1
            continue
        count["honoured"] += 1
        count["over"] += bool(rule.via_ways)
        runs |= forbidden
    expansion = _Expansion(arcs, runs)
    return expansion.turns(count)


def _arc_runs(arcs: Arcs, course: Course) -> list[tuple[int, ...]]:
    """Arcs from the one that arrives at the course's first node to the one that leaves its last."""
    first, last = course.nodes[0], course.nodes[-1]
    found: list[tuple[int, ...]] = [
        (arc,) for arc in arcs.arriving(first) if arcs.way_of[arc ^ 1] == course.ways[0]
    ]
    for (a, b), way in zip(pairwise(course.nodes), course.ways[1:-1], strict=True):
        found = [run + leg for run in found for leg in _legs(arcs, a, b, way)]
    leaving = [arc for arc in arcs.leaving(last) if arcs.way_of[arc] == course.ways[-1]]
    return [(*run, arc) for run in found for arc in leaving]


def _legs(arcs: Arcs, start: int, goal: int, way: int) -> Iterator[tuple[int, ...]]:
    """Arcs along a way from one of its nodes to another."""
    for arc in arcs.leaving(start):
        leg: list[int] = []
        onward = [arc] if arcs.way_of[arc] == way else []
        while len(onward) == 1 and onward[0] not in leg:
            leg.append(onward[0])
            end = onward[0] ^ 1
            node = int(arcs.node_of[end])
            if node == goal:
                yield tuple(leg)
                break
            here = arcs.leaving(node) if arcs.way_of[end] == way else []
            onward = [other for other in here if other != end and arcs.way_of[other] == way]


def _forbidden(arcs: Arcs, run: tuple[int, ...], *, only: bool) -> set[tuple[int, ...]]:
    """Return the runs of arcs that are forbidden by one that is, or that is the only one allowed."""
    if not only:
        return {run}
    node = int(arcs.node_of[run[-1]])
    return {(*run[:-1], arc) for arc in arcs.leaving(node) if arc != run[-1]}


@dataclass
class _Expansion:
    """Arcs by where one has come from: the arcs last driven, as far as they begin a forbidden run.

    Such a beginning of two arcs and more has an arc of its own, a copy of its last one.
    """

    arcs: Arcs
    runs: set[tuple[int, ...]]
    extra: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._beginnings = {run[:i] for run in self.runs for i in range(1, len(run))}
        self._copies = sorted(run for run in self._beginnings if len(run) > 1)

    def _state(self, driven: tuple[int, ...]) -> tuple[int, ...]:
        """Return the longest end of what was driven that begins a forbidden run."""
        ends = (driven[i:] for i in range(len(driven)))
        return next((end for end in ends if end in self._beginnings), ())

    def _is_forbidden(self, driven: tuple[int, ...]) -> bool:
        return any(driven[i:] in self.runs for i in range(len(driven)))

    def _nodes(self) -> list[int]:
        """Nodes where turns depend on where one comes from, and those that merely lead on from them."""
        arcs = self.arcs
        found = {int(arcs.node_of[arc ^ 1]) for run in self.runs for arc in run[:-1]}
        todo = sorted(found)
        while todo:
            for arc in arcs.leaving(todo.pop()):
                node = int(arcs.node_of[arc ^ 1])
                if node not in found and len(arcs.ends_at(node)) == 2:
                    found.add(node)
                    todo.append(node)
        return sorted(found)

    def turns(self, count: Mapping[str, int]) -> Turns:
        arcs, n_links = self.arcs, len(self.arcs.tail)
        nodes = self._nodes()
        go: dict[tuple[int, ...], int] = {}  # the node from which one leaves along an arc or a copy
        come: dict[tuple[int, ...], int] = {}  # and at which one arrives
        pairs: list[tuple[int, int, int, int]] = []
        at: dict[int, list[list[tuple[int, ...]]]] = {node: [[], []] for node in nodes}
        for run in self._copies:
            at[int(arcs.node_of[run[-1]])][0].append(run)
            at[int(arcs.node_of[run[-1] ^ 1])][1].append(run)
        for node in nodes:
            leaving, arriving = arcs.leaving(node), arcs.arriving(node)
            used = False
            for table, ways in ((go, leaving), (come, arriving)):
                for run in (*((arc,) for arc in ways), *at[node][table is come]):
                    table[run] = self._add(node) if used else node
                    used = True
            for run in (*((arc,) for arc in arriving), *at[node][1]):
                pairs += [
                    (come[run], go[goal], run[-1] // 2, goal[-1] // 2) for goal in self._onward(run, leaving)
                ]
        tail, head = arcs.tail.astype(np.int64), arcs.head.astype(np.int64)
        split = np.zeros(arcs.n_nodes, dtype=bool)
        split[nodes] = True
        apart = np.flatnonzero((split[tail] | split[head]) & arcs.forward & arcs.backward)
        copied = np.array([run[-1] for run in self._copies], dtype=np.int64)
        link = np.concatenate([np.arange(n_links), apart, copied // 2])
        is_copy = np.arange(len(link)) >= n_links + len(apart)
        forward = np.concatenate([arcs.forward, np.zeros(len(apart), dtype=bool), copied % 2 == 0])
        backward = np.concatenate([arcs.backward, np.ones(len(apart), dtype=bool), copied % 2 == 1])
        backward[apart] = False
        sides = [tail[link], head[link]]
        rows = np.flatnonzero((split[tail[link]] | split[head[link]]) & ~is_copy)
        for row in rows.tolist():
            against = int(not forward[row])
            arc = (2 * int(link[row]) + against,)
            sides[against][row] = go.get(arc, sides[against][row])
            sides[1 - against][row] = come.get(arc, sides[1 - against][row])
        for row, run in enumerate(self._copies, start=n_links + len(apart)):
            against = run[-1] % 2
            sides[against][row], sides[1 - against][row] = go[run], come[run]
        turns = np.array(pairs, dtype=np.int64).reshape(-1, 4)
        return Turns(
            link=link,
            forward=forward,
            backward=backward,
            copy=is_copy,
            tail=sides[0],
            head=sides[1],
            extra=np.array(self.extra, dtype=np.int64),
            turn_tail=turns[:, 0],
            turn_head=turns[:, 1],
            turn_from=turns[:, 2],
            turn_to=turns[:, 3],
            n_honoured=count["honoured"],
            n_over_ways=count["over"],
            n_idle=count["idle"],
            n_unclear=count["unclear"],
        )

    def _add(self, node: int) -> int:
        self.extra.append(node)
        return self.arcs.n_nodes + len(self.extra) - 1

    def _onward(self, run: tuple[int, ...], leaving: Iterable[int]) -> list[tuple[int, ...]]:
        """Arcs and copies that one may go on along; back only where there is nothing else."""
        back = run[-1] ^ 1
        allowed = [arc for arc in leaving if not self._is_forbidden((*run, arc))]
        others = [arc for arc in allowed if arc != back] or allowed
        goals = (self._state((*run, arc)) for arc in others)
        return [goal if len(goal) > 1 else (arc,) for arc, goal in zip(others, goals, strict=True)]
