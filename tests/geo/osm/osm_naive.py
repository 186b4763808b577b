"""Streets node by node, in plain Python: an independent account to hold the arrays against.

Every step from one node of a way to the next is an edge; nothing is contracted; a state of the
search is the step just made, and how far along which restrictions one has come.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import osmium
from pyproj import Geod

from borderreach.geo.osm._speeds import SpeedTable
from borderreach.geo.osm._tags import CARRIERS, RoadNode, read_node, read_restriction, read_road

GEOD = Geod(ellps="WGS84")
ACCESS = ("motorcar", "motor_vehicle", "vehicle", "access")


class Step(NamedTuple):
    """From the node that it is listed at to the next node of a way."""

    to: int
    seconds: float
    way: int
    ahead: bool
    length: float


class Rule(NamedTuple):
    """A restriction: from the first way over nodes to the next ones; there is one node fewer than ways."""

    word: str
    ways: tuple[int, ...]
    nodes: tuple[int, ...]


@dataclass
class Streets:
    """Steps from every node, and what is needed to count."""

    table: SpeedTable
    steps: dict[int, list[Step]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[int, list[tuple[object, object, str]]] = field(default_factory=lambda: defaultdict(list))
    where: dict[int, tuple[float, float]] = field(default_factory=dict)
    beside: dict[int, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    closed: set[int] = field(default_factory=set)
    marks: dict[int, RoadNode] = field(default_factory=dict)
    km: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    rules: list[Rule] = field(default_factory=list)
    relations: list[tuple[dict[str, str], list[tuple[str, str, int]]]] = field(default_factory=list)
    exit_along: dict[int, bool] = field(default_factory=dict)
    limited: dict[int, bool] = field(default_factory=dict)
    kph: dict[int, float] = field(default_factory=dict)
    nodes_of: dict[int, list[int]] = field(default_factory=dict)
    way_ends: set[int] = field(default_factory=set)

    @classmethod
    def read(cls, path: Path, table: SpeedTable) -> Streets:
        streets = cls(table)
        tagged: dict[int, dict[str, str]] = {}
        carriers: dict[int, dict[str, str]] = {}
        ways = []
        processor = (
            osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.EmptyTagFilter())
        )
        for entity in processor:
            tags = dict(entity.tags)
            if isinstance(entity, osmium.osm.Node):
                tagged[entity.id] = tags
            elif isinstance(entity, osmium.osm.Way) and {"highway", "route"} & set(tags):
                nodes = [(n.ref, (n.lon, n.lat) if n.location.valid() else None) for n in entity.nodes]
                ways.append((entity.id, tags, nodes))
            elif isinstance(entity, osmium.osm.Relation):
                members = [(m.role, m.type, m.ref) for m in entity.members]
                if tags.get("type") == "restriction":
                    streets.relations.append((tags, members))
                elif (
                    tags.get("route") in CARRIERS and tags.get("motor_vehicle", tags.get("motorcar")) == "yes"
                ):
                    carriers.update((way, tags) for _, kind, way in members if kind == "w")
        for way, tags, nodes in ways:
            own = carriers.get(way, {}) if "highway" not in tags else {}
            given = {} if set(ACCESS) & set(tags) else {k: own[k] for k in ("route", *ACCESS) if k in own}
            streets._add(way, {**given, **tags}, nodes)
        read = (streets.rule_for(tags, members) for tags, members in streets.relations)
        streets.rules = [rule for rule in read if rule is not None]
        for node in streets.where:
            streets.marks[node] = read_node(tagged.get(node, {}))
            if streets.marks[node].closed:
                streets.closed.add(node)
        return streets

    def _add(
        self, way: int, tags: dict[str, str], nodes: list[tuple[int, tuple[float, float] | None]]
    ) -> None:
        road = read_road(tags)
        kph = None if road is None else self.table.speeds_kph(tags, road.road_class)
        if road is None or kph is None:
            return
        self.exit_along[way], self.limited[way] = road.exit_along, road.limited
        steps = []
        for (a, here), (b, there) in pairwise(nodes):
            if a == b or here is None or there is None:
                self.way_ends |= {a, b} if a != b else set()
                continue
            self.where[a], self.where[b] = here, there
            steps.append((a, b, GEOD.inv(*here, *there)[2]))
        self.nodes_of[way] = [node for node, place in nodes if place is not None]
        self.way_ends |= {nodes[0][0], nodes[-1][0]} if nodes else set()
        total = sum(length for _, _, length in steps)
        if math.isfinite(road.duration_s) and total and total / road.duration_s * 3.6 <= 90:
            kph = (total / road.duration_s * 3.6,) * 2
        self.kph[way] = max(kph)
        ahead = (road.forward, round(kph[0], 6) if road.forward else 0)
        back = (road.backward, round(kph[1], 6) if road.backward else 0)
        both = (road.road_class, road.exit_along, road.limited)
        timed = way if math.isfinite(road.duration_s) else 0
        for a, b, length in steps:
            if road.forward:
                self.steps[a].append(Step(b, length * 3.6 / kph[0], way, True, length))
            if road.backward:
                self.steps[b].append(Step(a, length * 3.6 / kph[1], way, False, length))
            self.beside[a].append((b, length))
            self.beside[b].append((a, length))
            # What one sees on the way out of the node, and on the way in.
            self.ends[a].append(((*both, ahead, back, timed), (*both, back, ahead, timed), road.road_class))
            self.ends[b].append(((*both, back, ahead, timed), (*both, ahead, back, timed), road.road_class))
            self.km[road.road_class] += length / 1000

    def rule_for(self, tags: dict[str, str], members: Iterable[tuple[str, str, int]]) -> Rule | None:
        """What a restriction relation says; None where it says nothing or can't be understood."""
        word = read_restriction(tags).word
        by_role = defaultdict(list)
        for role, kind, ref in members:
            by_role[role].append((kind, ref))
        starts, vias, goals = (by_role[role] for role in ("from", "via", "to"))
        if not word or len(starts) != 1 or len(goals) != 1 or not vias:
            return None
        if vias[0][0] == "n":
            return Rule(word, (starts[0][1], goals[0][1]), (vias[0][1],))
        ways = (starts[0][1], *(ref for _, ref in vias), goals[0][1])
        met = [set(self.nodes_of.get(a, ())) & set(self.nodes_of.get(b, ())) for a, b in pairwise(ways)]
        if any(len(nodes) != 1 for nodes in met):
            return None
        return Rule(word, ways, tuple(node for (node,) in met))

    @property
    def kept(self) -> set[int]:
        """Nodes that restrictions name."""
        return {node for rule in self.rules for node in rule.nodes}

    def passed_through(self, node: int) -> bool:
        """Whether a node is only a bend: two ends meet that agree, and no restriction binds there."""
        ends = self.ends[node]
        return (
            len(ends) == 2 and ends[0][0] == ends[1][1] and node not in self.closed and node not in self.kept
        )

    def junctions(self) -> tuple[int, dict[str, float]]:
        """Nodes that stay after contraction, and links by class: half of the ends at them."""
        kept = self.kept
        n_nodes = 0
        halves: dict[str, int] = defaultdict(int)
        for node, ends in self.ends.items():
            if len(ends) == 2 and ends[0][0] == ends[1][1] and node not in kept | self.closed:
                continue
            n_nodes += len(ends) if node in self.closed else 1
            for _, _, road_class in ends:
                halves[road_class] += 1
        return n_nodes, {name: count / 2 for name, count in halves.items()}

    def _runs(self, rule: Rule) -> list[list[tuple[int, Step]]]:
        """All ways to drive along a restriction, from the step that arrives to the one that leaves."""
        found = [
            [(node, step)]
            for node, steps in self.steps.items()
            for step in steps
            if step.to == rule.nodes[0] and step.way == rule.ways[0]
        ]
        for goal, way in [*zip(rule.nodes[1:], rule.ways[1:-1], strict=True), (None, rule.ways[-1])]:
            onward = []
            for run in found:
                node = run[-1][1].to
                for step in self.steps[node]:
                    if step.way == way:
                        onward += [[*run, *more] for more in self._along(node, step, goal)]
            found = onward
        return found

    def _along(self, node: int, step: Step, goal: int | None) -> list[list[tuple[int, Step]]]:
        """Steps along one way to a node on it, without turning back."""
        run = [(node, step)]
        while goal is not None and run[-1][1].to != goal:
            before, last = run[-1]
            more = [s for s in self.steps[last.to] if s.way == step.way and s.to != before]
            if len(more) != 1 or len(run) > 99:
                return []
            run.append((last.to, more[0]))
        return [run]

    def is_sound(self, rule: Rule) -> bool:
        """Whether a restriction can be understood: it can be driven in at most one manner."""
        return len(self._runs(rule)) <= 1

    def _binding(self) -> list[Rule]:
        """Restrictions that forbid something that could be driven."""
        binding = []
        for rule in self.rules:
            runs = self._runs(rule)
            if runs and (rule.word == "no" or len(self.steps[rule.nodes[-1]]) > 1):
                binding.append(rule)
        return binding

    def _no_way_back(self, binding: list[Rule]) -> set[int]:
        """Nodes where one may turn back only if there is no other way on."""
        found = {node for rule in binding for node in rule.nodes}
        for rule in binding:  # and where a way between two turns is cut by others
            found |= {step.to for run in self._runs(rule) for _, step in run[:-1]} - {
                node for node in self.where if self.passed_through(node)
            }
        todo = list(found)
        while todo:
            start = todo.pop()
            for first in self.steps[start]:
                before, node = start, first.to
                while self.passed_through(node):
                    onward = [s.to for s in self.steps[node] if s.to != before]
                    if len(onward) != 1:
                        break
                    before, node = node, onward[0]
                lone = len(self.ends[node]) == 2 and node not in self.closed
                if lone and node not in found and not self.passed_through(node):
                    found.add(node)
                    todo.append(node)
        return found

    def times(self, source: int, targets: set[int]) -> dict[int, float]:
        """Seconds from one node to others, with delays and turn restrictions.

        A delay counts in full where one passes a node, and by half at both ends. One may turn
        round at nodes that aren't mere bends; near restrictions only where there is no other way on.
        """
        binding = self._binding()
        strict = self._no_way_back(binding)
        charge = self.table.delays["destination"] / 2
        State = tuple[int, Step, frozenset[tuple[int, int]]]

        def begun(way: int) -> set[tuple[int, int]]:
            return {(i, 0) for i, rule in enumerate(binding) if rule.ways[0] == way}

        def onward(state: State, step: Step) -> frozenset[tuple[int, int]] | None:
            """How far one has come along restrictions after a step; None where they forbid it."""
            before, last, progress = state
            node = last.to
            now = begun(step.way)
            for i, k in progress:
                rule = binding[i]
                at_turn = node == rule.nodes[k]
                is_last = k + 2 == len(rule.ways)
                goes = at_turn and step.way == rule.ways[k + 1]
                if is_last and at_turn and (goes if rule.word == "no" else not goes):
                    return None
                if goes and not is_last:
                    now.add((i, k + 1))
                elif k and not at_turn and step.way == rule.ways[k] and step.to != before:
                    now.add((i, k))
            return frozenset(now)

        found = {source: 0.0} if source in targets else {}
        heap: list[tuple[float, int, State]] = []
        for number, step in enumerate(self.steps[source]):
            cost = self._cost(source, step)
            heap.append((cost, number, (source, step, frozenset(begun(step.way)))))
        heapq.heapify(heap)
        number = len(heap)
        done = set()
        while heap and len(found) < len(targets):
            time, _, state = heapq.heappop(heap)
            if state in done:
                continue
            done.add(state)
            before, last, _ = state
            node = last.to
            if node in targets:
                found.setdefault(node, time)
            if node in self.closed:
                continue
            allowed = [(step, now) for step in self.steps[node] if (now := onward(state, step)) is not None]
            back = [pair for pair in allowed if pair[0].to == before and pair[0].way == last.way]
            others = [pair for pair in allowed if pair not in back]
            if self.passed_through(node) or (node in strict and others):
                back = []
            for step, now in others + back:
                after = (node, step, now)
                if after not in done:
                    number += 1
                    extra = charge if self.limited[step.way] != self.limited[last.way] else 0.0
                    heapq.heappush(heap, (time + extra + self._cost(node, step), number, after))
        return found

    def _cost(self, node: int, step: Step) -> float:
        seconds = step.seconds
        for end in (node, step.to):
            junction = (
                self.table.delays["junction"]
                if len(self.ends[end]) >= 3 and self.exit_along[step.way]
                else 0.0
            )
            delays = sum(self.table.delays.get(name, 0.0) for name in self.marks[end].delays)
            seconds += (delays + junction) / 2 + self._sign(node, step, end)
        return seconds

    def _sign(self, node: int, step: Step, end: int) -> float:
        """What the sign at one end of a step costs: half of it, or nothing if it faces others."""
        mark = self.marks[end]
        half = self.table.delays.get(mark.sign, 0.0) / 2
        n_ends = len(self.ends[end])
        arrives = end == step.to
        if mark.facing == "forward":
            return half if step.ahead else 0.0
        if mark.facing == "backward":
            return 0.0 if step.ahead else half
        if mark.facing == "minor" and n_ends >= 3:
            ways = {s.way for n in (end, *(b for b, _ in self.beside[end])) for s in self.steps[n]
                    if n == end or s.to == end}  # fmt: skip
            is_minor = self.kph[step.way] < max(self.kph[way] for way in ways)
            return 2 * half if arrives and is_minor else 0.0
        if mark.facing == "nearest" and n_ends == 2:
            (first, _), (second, _) = self.beside[end]
            reach = {first: self._to_junction(end, first), second: self._to_junction(end, second)}
            if first != second and min(reach.values()) <= 30 and reach[first] != reach[second]:
                toward = min(reach, key=lambda n: reach[n])
                return half if (node != toward if arrives else step.to == toward) else 0.0
        return half

    def _to_junction(self, node: int, towards: int) -> float:
        """Metres to where roads meet or end, infinite if the road is cut before."""
        total = 0.0
        before = node
        while True:
            total += next(length for other, length in self.beside[before] if other == towards)
            if len(self.ends[towards]) != 2 or towards in self.closed:
                return total
            if towards in self.way_ends or towards in self.kept:
                return math.inf
            before, towards = towards, next(n for n, _ in self.beside[towards] if n != before)
