"""Streets node by node, in plain Python: an independent account to hold the arrays against.

Every step from one node of a way to the next is an edge; nothing is contracted; a state of the
search is the step just made, so that turn restrictions can be looked up.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import osmium
from pyproj import Geod

from borderreach.geo.osm._speeds import SpeedTable
from borderreach.geo.osm._tags import FERRY, ROAD_CLASSES, read_node, read_restriction, read_road

GEOD = Geod(ellps="WGS84")


@dataclass
class Streets:
    """Steps as (from node, to node, way) with seconds, and what is needed to count."""

    table: SpeedTable
    steps: dict[int, list[tuple[int, float, int]]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[int, list[tuple[object, object, str]]] = field(default_factory=lambda: defaultdict(list))
    where: dict[int, tuple[float, float]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    delay: dict[int, float] = field(default_factory=dict)
    km: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    rules: list[tuple[str, int, int, int]] = field(default_factory=list)
    exit_along: dict[int, bool] = field(default_factory=dict)

    @property
    def junction_s(self) -> float:
        return self.table.delays["junction"]

    @classmethod
    def read(cls, path: Path, table: SpeedTable) -> Streets:
        streets = cls(table)
        tagged: dict[int, dict[str, str]] = {}
        processor = (
            osmium.FileProcessor(str(path)).with_locations().with_filter(osmium.filter.EmptyTagFilter())
        )
        for entity in processor:
            if isinstance(entity, osmium.osm.Node):
                tagged[entity.id] = dict(entity.tags)
            elif isinstance(entity, osmium.osm.Way):
                tags = dict(entity.tags)
                if tags.get("highway") in ROAD_CLASSES or tags.get("route") == FERRY:
                    nodes = [(n.ref, (n.lon, n.lat) if n.location.valid() else None) for n in entity.nodes]
                    streets._add(entity.id, tags, nodes)
            elif isinstance(entity, osmium.osm.Relation) and entity.tags.get("type") == "restriction":
                streets._restrict(dict(entity.tags), [(m.role, m.type, m.ref) for m in entity.members])
        for node in streets.where:
            closed, names = read_node(tagged.get(node, {}))
            if closed:
                streets.closed.add(node)
            streets.delay[node] = sum(table.delays.get(name, 0.0) for name in names)
        return streets

    def _add(
        self, way: int, tags: dict[str, str], nodes: list[tuple[int, tuple[float, float] | None]]
    ) -> None:
        road = read_road(tags)
        kph = None if road is None else self.table.speeds_kph(tags, road.road_class)
        if road is None or kph is None:
            return
        self.exit_along[way] = road.exit_along
        steps = []
        for (a, here), (b, there) in pairwise(nodes):
            if a == b or here is None or there is None:
                continue
            self.where[a], self.where[b] = here, there
            steps.append((a, b, GEOD.inv(*here, *there)[2]))
        total = sum(length for _, _, length in steps)
        if math.isfinite(road.duration_s) and total and total / road.duration_s * 3.6 <= 90:
            kph = (total / road.duration_s * 3.6,) * 2
        ahead = (road.forward, round(kph[0], 6) if road.forward else 0)
        back = (road.backward, round(kph[1], 6) if road.backward else 0)
        both = (road.road_class, road.exit_along)
        timed = way if math.isfinite(road.duration_s) else 0
        for a, b, length in steps:
            if road.forward:
                self.steps[a].append((b, length * 3.6 / kph[0], way))
            if road.backward:
                self.steps[b].append((a, length * 3.6 / kph[1], way))
            # What one sees on the way out of the node, and on the way in.
            self.ends[a].append(((*both, ahead, back, timed), (*both, back, ahead, timed), road.road_class))
            self.ends[b].append(((*both, back, ahead, timed), (*both, ahead, back, timed), road.road_class))
            self.km[road.road_class] += length / 1000

    def _restrict(self, tags: dict[str, str], members: Iterable[tuple[str, str, int]]) -> None:
        word = read_restriction(tags)
        by_role = defaultdict(list)
        for role, kind, ref in members:
            by_role[role].append((kind, ref))
        if word and all(len(by_role[role]) == 1 for role in ("from", "via", "to")):
            (_, start), (kind, via), (_, end) = (by_role[role][0] for role in ("from", "via", "to"))
            if kind == "n":
                self.rules.append((word, start, via, end))

    def passed_through(self, node: int) -> bool:
        """Whether a node is only a bend: two ends meet that agree, and no restriction binds there."""
        ends = self.ends[node]
        return (
            len(ends) == 2
            and ends[0][0] == ends[1][1]
            and node not in self.closed
            and all(via != node for _, _, via, _ in self.rules)
        )

    def junctions(self) -> tuple[int, dict[str, float]]:
        """Nodes that stay after contraction, and links by class: half of the ends at them."""
        vias = {via for _, _, via, _ in self.rules}
        n_nodes = 0
        halves: dict[str, int] = defaultdict(int)
        for node, ends in self.ends.items():
            if len(ends) == 2 and ends[0][0] == ends[1][1] and node not in vias | self.closed:
                continue
            n_nodes += len(ends) if node in self.closed else 1
            for _, _, road_class in ends:
                halves[road_class] += 1
        return n_nodes, {name: count / 2 for name, count in halves.items()}

    def times(self, source: int, targets: set[int]) -> dict[int, float]:
        """Seconds from one node to others, with delays and turn restrictions.

        A delay counts in full where one passes a node, and by half at both ends. One may turn
        round at nodes that aren't mere bends.
        """
        leaving = {
            (node, way)
            for _, _, node, way in self.rules
            if any(way == onto for _, _, onto in self.steps[node])
        }
        forbidden: dict[tuple[int, int], set[int]] = defaultdict(set)
        only: dict[tuple[int, int], set[int]] = defaultdict(set)
        for word, start, via, end in self.rules:
            if (via, end) in leaving:
                (only if word == "only" else forbidden)[start, via].add(end)
        done: set[tuple[int, int, int]] = set()
        found = {source: 0.0} if source in targets else {}
        heap = [(self._cost(source, *step), source, step[0], step[2]) for step in self.steps[source]]
        heapq.heapify(heap)
        while heap and len(found) < len(targets):
            time, a, b, way = heapq.heappop(heap)
            if (a, b, way) in done:
                continue
            done.add((a, b, way))
            if b in targets:
                found.setdefault(b, time)
            if b in self.closed:
                continue
            for c, seconds, onto in self.steps[b]:
                if c == a and onto == way:
                    if self.passed_through(b):
                        continue
                elif onto in forbidden[way, b] or (only[way, b] and onto not in only[way, b]):
                    continue
                if (b, c, onto) not in done:
                    heapq.heappush(heap, (time + self._cost(b, c, seconds, onto), b, c, onto))
        return found

    def _cost(self, a: int, b: int, seconds: float, way: int) -> float:
        for node in (a, b):
            junction = self.junction_s if len(self.ends[node]) >= 3 and self.exit_along[way] else 0.0
            seconds += (self.delay[node] + junction) / 2
        return seconds
