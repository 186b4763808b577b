"""Join roads where the network lacks a junction: expressways that cross, crossings far from any other, ends of roads beside others."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

if TYPE_CHECKING:
    from expressways import Network

#: Crossings of one added road that lie within this are one junction, km (those with both carriageways);
#: so are a crossing and an end of the road, and the place where a join meets a road and a junction of that road.
ONE_JUNCTION_KM = 1.0
#: Roads that cross have a junction at or near their crossing; where the way from one to the other is longer than this, km, it
#: is missing. So long it is at one in ten of the crossings with expressways that the source itself has; and expressways have
#: an exit every 10 to 20 km.
CROSSING_KM = 30.0
#: A road that ends goes on as a local road, to the nearest road ahead, if that is no farther, km,
JOIN_KM = 3.0
#: and an expressway farther: none ends without a road.
JOIN_MOTORWAY_KM = 12.0
#: and if the way there over the network is longer than this, km.
AROUND_KM = 20.0
#: A join's kilometres over straight ones: at the speed of ordinary roads (46 km/h) as slow as off the network (35 km/h).
JOIN_DETOUR = 1.31


@dataclass(frozen=True, slots=True)
class Joints:
    """Added links, cut at their junctions, what becomes of the links that get junctions, and joins.

    ``lon`` and ``lat`` are those of the junctions, whose numbers follow the network's. ``new`` are tail, head, km and
    year. A link of the network that is cut is replaced by its pieces: link, tail, head, and the share of it. ``joins`` are
    tail, head and km.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    new: list[tuple[int, int, float, int]]
    pieces: list[tuple[int, int, int, float]]
    joins: list[tuple[int, int, float]] = field(default_factory=list)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays as links.npz holds them."""
        new, pieces, joins = sorted(self.new), sorted(self.pieces), sorted(self.joins)
        return {
            "node_lon": np.rint(self.lon * 1000).astype(np.int32),
            "node_lat": np.rint(self.lat * 1000).astype(np.int32),
            "new_tail": np.array([x[0] for x in new], dtype=np.int32),
            "new_head": np.array([x[1] for x in new], dtype=np.int32),
            "new_length_m": np.array([round(x[2] * 1000) for x in new], dtype=np.int32),
            "new_year": np.array([x[3] for x in new], dtype=np.int16),
            "cut_link": np.array([x[0] for x in pieces], dtype=np.int32),
            "cut_tail": np.array([x[1] for x in pieces], dtype=np.int32),
            "cut_head": np.array([x[2] for x in pieces], dtype=np.int32),
            "cut_share": np.array([x[3] for x in pieces], dtype=np.float32),
            "join_tail": np.array([x[0] for x in joins], dtype=np.int32),
            "join_head": np.array([x[1] for x in joins], dtype=np.int32),
            "join_length_m": np.array([round(x[2] * 1000) for x in joins], dtype=np.int32),
        }


class Plan:
    """The network's links and the added ones (tail, head, km, year), with the junctions that they get: a graph that grows."""

    def __init__(self, network: Network, marked: NDArray[np.bool_], added: list[tuple[int, int, float, int]]) -> None:
        self.roads, self.base, self.added = network.n_roads, len(network.km), added
        self.tail = np.concatenate([network.tail, [x[0] for x in added]]).astype(int)
        self.head = np.concatenate([network.head, [x[1] for x in added]]).astype(int)
        self.km = np.concatenate([network.km, [x[2] for x in added]])
        self.fast = np.concatenate([marked, np.full(len(added), True)])
        self.place = np.stack([network.lon, network.lat], axis=1)
        self.source = len(self.place)
        self.fast_node = np.zeros(self.source, dtype=bool)
        for ends in (self.tail, self.head):
            self.fast_node[ends[self.fast]] = True
        self.lines = shapely.linestrings(np.stack([self.place[self.tail], self.place[self.head]], axis=1))
        self.lon: list[float] = []
        self.lat: list[float] = []
        self.joins: list[tuple[int, int, float]] = []
        #: for each line the junctions on it: share of the way, number
        self.on: dict[int, list[tuple[float, int]]] = {}
        self.beside: list[dict[int, float]] = [{} for _ in self.place]
        for a, b, km in zip(self.tail.tolist(), self.head.tolist(), self.km.tolist(), strict=True):
            self.tie(a, b, km)

    def tie(self, a: int, b: int, km: float) -> None:
        """Put a link into the graph: the shortest of parallel ones counts."""
        self.beside[a][b] = self.beside[b][a] = min(km, self.beside[a].get(b, np.inf))

    def stops(self, line: int) -> list[tuple[float, int]]:
        """Return the junctions along a line, its ends among them: share of the way, number."""
        return [(0.0, int(self.tail[line])), *sorted(self.on.get(line, [])), (1.0, int(self.head[line]))]

    def number(self, lon: float, lat: float) -> int:
        """Return the number of a new junction."""
        self.lon.append(lon)
        self.lat.append(lat)
        self.beside.append({})
        return self.source + len(self.lon) - 1

    def put(self, line: int, share: float, node: int) -> None:
        """Put a junction on a line, if it isn't there yet."""
        stops = self.stops(line)
        if any(one == node for _, one in stops):
            return
        self.on.setdefault(line, []).append((share, node))
        for at, other in (
            max((x for x in stops if x[0] <= share), key=lambda x: x[0]),
            min((x for x in stops if x[0] > share), key=lambda x: x[0]),
        ):
            self.tie(node, other, abs(share - at) * float(self.km[line]))

    def nearest(self, line: int, share: float) -> tuple[float, int]:
        """Return how far, km, the nearest junction of a line is from a place on it, and its number."""
        return min((abs(at - share) * float(self.km[line]), node) for at, node in self.stops(line))

    def meet(self, i: int, j: int) -> None:
        """Give two lines that cross a junction there."""
        at = shapely.intersection(self.lines[i], self.lines[j])
        away, number = self.nearest(i, self.share(i, at))
        if away >= ONE_JUNCTION_KM:
            number = self.number(float(at.x), float(at.y))
            self.put(i, self.share(i, at), number)
        self.put(j, self.share(j, at), number)

    def share(self, line: int, at: shapely.Point) -> float:
        """Return how far along a line a point on it is."""
        start, end = self.place[self.tail[line]], self.place[self.head[line]]
        way = end - start
        return float(np.dot([at.x - start[0], at.y - start[1]], way) / np.dot(way, way))

    def crossing(self) -> list[tuple[int, int]]:
        """Return the pairs of lines that cross and have no end in common."""
        i, j = shapely.STRtree(self.lines).query(self.lines, predicate="crosses")
        i, j = i[i < j], j[i < j]
        apart = np.ones(len(i), dtype=bool)
        for a in (self.tail, self.head):
            for b in (self.tail, self.head):
                apart &= a[i] != b[j]
        return sorted(zip(i[apart].tolist(), j[apart].tolist(), strict=True))

    def around(self, starts: dict[int, float], goals: dict[int, float], most_km: float) -> bool:
        """Say whether the way over the network from one place to another is longer than so many km.

        Places are told by the junctions next to them, each with the km to it.
        """
        least = dict(starts)
        heap = [(km, node) for node, km in starts.items()]
        heapq.heapify(heap)
        while heap:
            km, node = heapq.heappop(heap)
            if km > least[node]:
                continue
            if km > most_km:
                return True
            if node in goals and km + goals[node] <= most_km:
                return False
            for other, length in self.beside[node].items():
                if km + length < least.get(other, np.inf):
                    least[other] = km + length
                    heapq.heappush(heap, (km + length, other))
        return True

    def next_to(self, line: int, share: float) -> dict[int, float]:
        """Return the junctions before and after a place on a line, and the km to them."""
        stops = self.stops(line)
        before = max((x for x in stops if x[0] <= share), key=lambda x: x[0])
        after = min((x for x in stops if x[0] >= share), key=lambda x: x[0])
        return {node: abs(at - share) * float(self.km[line]) for at, node in (before, after)}

    def result(self) -> Joints:
        """Return what links.npz holds."""
        new: list[tuple[int, int, float, int]] = []
        pieces: list[tuple[int, int, int, float]] = []
        for line in range(len(self.km)):
            if line < self.base and line not in self.on:
                continue
            stops = self.stops(line)
            for (a, start), (b, end) in zip(stops[:-1], stops[1:], strict=True):
                if line < self.base:
                    pieces.append((line, start, end, b - a))
                else:
                    _, _, km, year = self.added[line - self.base]
                    new.append((min(start, end), max(start, end), km * (b - a), year))
        return Joints(np.array(self.lon), np.array(self.lat), new, pieces, self.joins)


def joints(network: Network, marked: NDArray[np.bool_], added: list[tuple[int, int, float, int]]) -> Joints:
    """Return junctions and joins that the network lacks: of the expressways that are marked, those that are added (tail, head, km, year), and all other roads."""
    plan = Plan(network, marked, added)
    pairs = plan.crossing()
    met = 0
    for i, j in pairs:
        if plan.fast[i] and plan.fast[j] and j >= plan.base:
            # an added road first: what is near its ends is one with them
            plan.meet(j, i) if i < plan.base else plan.meet(i, j)
            met += 1
    print(f"crossings of added expressways with others: {met:,}")
    far = 0
    for i, j in pairs:
        at = shapely.intersection(plan.lines[i], plan.lines[j])
        one, other = plan.next_to(i, plan.share(i, at)), plan.next_to(j, plan.share(j, at))
        if plan.around(one, other, CROSSING_KM):
            plan.meet(j, i) if j >= plan.base else plan.meet(i, j)
            far += 1
    print(f"other crossings without a junction within {CROSSING_KM:g} km: {far:,}")
    ends = sum(join_end(plan, *one) for one in sorted(ahead(plan)))
    print(f"ends of roads joined to the next: {ends:,}")
    print(f"islands joined to the next road: {join_islands(plan):,}")
    return plan.result()


def ahead(plan: Plan) -> Iterator[tuple[float, int, int, float]]:
    """Give for each end of a road the nearest place ahead on another road: km, the end, the road and the share of it."""
    tree = shapely.STRtree(plan.lines[: plan.base])
    # of the source's roads: its joins may tie the two carriageways of one road that ends, and what is added may begin there
    roads: list[set[int]] = [set() for _ in range(plan.source)]
    for a, b in zip(plan.tail[: plan.roads].tolist(), plan.head[: plan.roads].tolist(), strict=True):
        roads[a].add(b)
        roads[b].add(a)
    for end in range(plan.source):
        if len(roads[end]) != 1:
            continue
        (before,) = roads[end]
        reach = JOIN_MOTORWAY_KM if plan.fast_node[end] else JOIN_KM
        found = nearest_road(plan, tree, end, reach, way=plan.place[end] - plan.place[before])
        if found:
            yield found[0], end, found[1], found[2]


def nearest_road(
    plan: Plan,
    tree: shapely.STRtree,
    node: int,
    reach_km: float,
    *,
    way: NDArray[np.float64] | None = None,
    apart: NDArray[np.int64] | None = None,
) -> tuple[float, int, float] | None:
    """Return the nearest place on a road that doesn't end at a node: km, the road, and the share of it.

    It lies ahead, where a ``way`` to the node is given, and on another of the parts that ``apart`` numbers, where given.
    """
    here = plan.place[node]
    scale = np.array([111.2 * np.cos(np.radians(here[1])), 111.2])
    corner = reach_km / scale
    near = np.sort(tree.query(shapely.box(*(here - corner), *(here + corner))))
    near = near[(plan.tail[near] != node) & (plan.head[near] != node)]
    if apart is not None:
        near = near[apart[plan.tail[near]] != apart[node]]
    start, end = (plan.place[ends[near]] - here for ends in (plan.tail, plan.head))
    start, line = start * scale, (end - start) * scale
    share = np.clip(-(start * line).sum(axis=1) / np.maximum((line * line).sum(axis=1), 1e-12), 0, 1)
    foot = start + line * share[:, None]
    away = np.hypot(foot[:, 0], foot[:, 1])
    away[away > reach_km] = np.inf
    if way is not None:
        away[foot @ (way * scale) <= 0] = np.inf
    if not np.isfinite(away).any():
        return None
    least = int(np.argmin(away))
    return round(float(away[least]), 6), int(near[least]), float(share[least])


def join_end(plan: Plan, gap: float, end: int, line: int, share: float, around_km: float = AROUND_KM) -> bool:
    """Join a node to a place on a road, if it is far from it over the network; say whether it was.

    Not over a county's boundary or the coast, since wide rivers are boundaries; but an expressway doesn't end at one.
    """
    if not plan.around({end: 0.0}, plan.next_to(line, share), around_km):
        return False
    at = plan.place[plan.tail[line]] * (1 - share) + plan.place[plan.head[line]] * share
    if not plan.fast_node[end] and not within_one_county(plan.place[end], at):
        return False
    away, to = plan.nearest(line, share)
    if away >= ONE_JUNCTION_KM:
        to = plan.number(*at.tolist())
        plan.put(line, share, to)
    elif to < plan.source:
        step = (plan.place[to] - plan.place[end]) * [111.2 * np.cos(np.radians(at[1])), 111.2]
        gap = float(np.hypot(*step))
    plan.joins.append((min(end, to), max(end, to), gap * JOIN_DETOUR))
    plan.tie(end, to, gap * JOIN_DETOUR)
    return True


def join_islands(plan: Plan) -> int:
    """Join each part of the network that nothing leads to with the nearest road of another part; return how many were."""
    tree = shapely.STRtree(plan.lines[: plan.base])
    part = np.full(len(plan.beside), -1)
    for seed in range(len(part)):
        todo = [seed] if part[seed] < 0 else []
        while todo:
            node = todo.pop()
            if part[node] < 0:
                part[node] = seed
                todo += [other for other in plan.beside[node] if part[other] < 0]
    names, size = np.unique(part, return_counts=True)
    islands = names[size < size.max()]
    best: dict[int, tuple[float, int, int, float]] = {}
    for node in np.flatnonzero(np.isin(part[: plan.source], islands)).tolist():
        found = nearest_road(plan, tree, node, JOIN_KM, apart=part)
        if found:
            one = (found[0], node, found[1], found[2])
            best[int(part[node])] = min(best.get(int(part[node]), (np.inf, 0, 0, 0.0)), one)
    return sum(join_end(plan, *one) for one in sorted(best.values()))


@cache
def land() -> tuple[shapely.STRtree, NDArray[np.int64]]:
    """Return the counties' areas, and their codes."""
    from borderreach.geo.places import counties  # noqa: PLC0415 - the package must be installed

    table = counties()
    return shapely.STRtree(table.geometry.to_numpy()), table["adcode"].astype(int).to_numpy()


def within_one_county(a: NDArray[np.float64], b: NDArray[np.float64]) -> bool:
    """Say whether a straight line lies within one county."""
    tree, codes = land()
    here = [set(codes[tree.query(shapely.Point(*at), predicate="within")].tolist()) for at in (a, b, (a + b) / 2)]
    return bool(set.intersection(*here))
