"""Lay the expressways of data/build/expressways along the trunk network.

Each line of places is laid as one way: its cheapest course past junctions near every place, where links
of a dual carriageway cost less, links that other roads cross often cost more, and passing a place at a
distance costs, too. Stretches that find no fair course are missing in the network and are added as
links. Roads that cross or end without a junction near get one (expressway_joints.py). Written are data/roads/links.npz,
routes.csv and sections.csv; kilometres per province are printed beside the published ones. Where it writes what is
embedded, it ends with 1 if roads are still not joined somewhere (check_joined.py).

    python data/build/expressways.py [--laid FILE] [--out FOLDER]
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path

import check_joined
import numpy as np
import pandas as pd
import shapely
from calibrate_classes import DETOUR_PER_100_M, STRAIGHT_M, STRAIGHT_SHARE
from expressway_joints import Joints, joints
from expressway_rows import Point, Stretch, distance_km, read_lines
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

ROADS = Path(__file__).parent.parent / "roads"
NETWORK = Path(__file__).parent.parent / "trunk_network.npz"
#: A road passes a county's seat within this, km.
NEAR_KM = 16.0
#: But no farther than this share of the way to its neighbour on the line.
NEAR_SHARE = 0.45
#: Each km between a place and the road that is said to pass it, in km of road.
AWAY_COST = 0.8
#: At the ends of a line it costs more than road does: where leaving out the last kilometres is cheaper than laying them,
#: a line ends in the country, before the junction that it comes from.
END_AWAY_COST = 1.1
#: An end of a line that meets no other expressway costs as much as this many km.
LOOSE_END_KM = 4.0
#: A link that is one of a dual carriageway's two costs less.
DUAL_FACTOR = 0.85
#: Each junction on the way, km: expressways have few.
JUNCTION_KM = 0.5
#: The ends of a dual carriageway's two links lie within, km.
DUAL_KM = 0.5
#: Roads that opened in or after this year are not in the network of April 2024.
NETWORK_YEAR = 2024
#: A course is fair when it is at most this many times as long as its places' distances.
FAIR = 1.55
#: A road of the years when the map was drawn isn't in it when its course is longer than this.
LATE_FAIR = 1.3
LATE_YEAR = 2020
#: A province is covered where this share of its published kilometres is told.
COVERED = 0.9
#: Kinds of links.
UNKNOWN, ORDINARY, MOTORWAY = 0, 1, 2
#: A stretch that is shorter, km, is left to its neighbours.
MIN_ADDED_KM = 8.0
#: Two roads on one course are two when this many years lie between them, and the later opened this late.
APART_YEARS = 4
APART_SINCE = 2019
APART_SHARE = 0.6
#: From an end that meets no other expressway a line runs on to the next one, if that is no farther, km,
RUN_ON_KM = 12.0
#: and over expressways so many times as far.
RUN_ON_FACTOR = 2.0
#: An added road's kilometres over the straight distance between its junctions.
ADDED_DETOUR = 1.18


class Network:
    """The trunk roads with what tells an expressway from an ordinary road."""

    def __init__(self) -> None:
        with np.load(NETWORK) as file:
            self.lon, self.lat = file["lon"] / 1000, file["lat"] / 1000
            self.tail = np.concatenate([file["tail"], file["join_tail"]])
            self.head = np.concatenate([file["head"], file["join_head"]])
            self.km = np.concatenate([file["length_m"], file["join_length_m"]]) / 1000
            self.n_roads = len(file["tail"])
        p = np.pi / 180
        self.x = self.lon * 111.2 * np.cos(35 * p)
        self.y = self.lat * 111.2
        self.xyz = 6371.0 * np.stack(
            [np.cos(self.lat * p) * np.cos(self.lon * p), np.cos(self.lat * p) * np.sin(self.lon * p), np.sin(self.lat * p)],
            axis=1,
        )
        self.tree = cKDTree(self.xyz)
        self.bent_km = self.km * self.detour()
        self.dual = self.duals()
        self.cost = np.where(self.dual >= 0, DUAL_FACTOR, 1.0) * self.km + JUNCTION_KM

    def detour(self) -> NDArray[np.float64]:
        """Return how many times as long links are as the network says: the bends that it lost (docs/roads.md, Lengths)."""
        with np.load(ROADS / "relief.npz") as file:
            relief_m = (file["relief_10m"].astype(float)[self.tail] + file["relief_10m"][self.head]) * 5
        gap = np.linalg.norm(self.xyz[self.tail] - self.xyz[self.head], axis=1)
        straight = abs(self.km - gap) < np.maximum(STRAIGHT_M / 1000, STRAIGHT_SHARE * gap)
        return np.where(straight, 1 + DETOUR_PER_100_M * relief_m / 100, 1.0)

    def near(self, lon: float, lat: float, km: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nodes within a distance of a point, and how far they are."""
        p = np.pi / 180
        at = 6371.0 * np.array([np.cos(lat * p) * np.cos(lon * p), np.cos(lat * p) * np.sin(lon * p), np.sin(lat * p)])
        found = np.array(self.tree.query_ball_point(at, km), dtype=np.int64)
        if not len(found):
            found = np.array([self.tree.query(at)[1]])
        return found, np.linalg.norm(self.xyz[found] - at, axis=1)

    def duals(self) -> NDArray[np.int64]:
        """Return for each link the other carriageway's link, or -1."""
        a, b = self.xyz[self.tail], self.xyz[self.head]
        tree = cKDTree(np.vstack([np.hstack([a, b]), np.hstack([b, a])]))
        n = len(self.km)
        result = np.full(n, -1)
        for i, near in enumerate(tree.query_ball_point(np.hstack([a, b]), DUAL_KM)):
            others = {j % n for j in near} - {i}
            others = {
                j for j in others
                if min(self.km[i], self.km[j]) > 0.6 and abs(self.km[i] - self.km[j]) < max(0.15, 0.06 * self.km[i])
            }
            if others:
                result[i] = min(others, key=lambda j: (abs(self.km[i] - self.km[j]), j))
        return result

    def lay(
        self, chain: list[Stretch], extra: NDArray[np.float64], met: NDArray[np.bool_]
    ) -> list[tuple[list[int], float, int, int]]:
        """Return the links of each stretch of a line, how far both of its places lie from it, km, and the junctions at its ends.

        ``met`` are the junctions of other lines: ends are looked for there first.
        """
        places = [chain[0].start, *(s.end for s in chain)]
        # two neighbours never share a junction: each looks no farther than a part of the way to the other
        gaps = [distance_km(a, b) for a, b in itertools.pairwise(places)]
        reach = [min(NEAR_KM, max(2.0, NEAR_SHARE * min(x))) for x in zip([1e9, *gaps], [*gaps, 1e9], strict=True)]
        near = [self.near(p.lon, p.lat, r) for p, r in zip(places, reach, strict=True)]
        start_cost = near[0][1] * END_AWAY_COST + np.where(met[near[0][0]], 0.0, LOOSE_END_KM)
        before: list[tuple[NDArray, NDArray, NDArray, NDArray]] = []
        for number_of, ((a, b), (na, _), (nb, db)) in enumerate(
            zip(itertools.pairwise(places), near[:-1], near[1:], strict=True), 1
        ):
            away_cost = END_AWAY_COST if number_of == len(chain) else AWAY_COST
            gap = distance_km(a, b)
            margin = (20 + 0.35 * gap) / 111.2
            ok = (
                (self.lat > min(a.lat, b.lat) - margin) & (self.lat < max(a.lat, b.lat) + margin)
                & (self.lon > min(a.lon, b.lon) - margin * 1.25) & (self.lon < max(a.lon, b.lon) + margin * 1.25)
            )
            ok[na] = True
            ok[nb] = True
            nodes = np.flatnonzero(ok)
            number = np.full(len(self.lon), -1)
            number[nodes] = np.arange(len(nodes))
            links = np.flatnonzero(ok[self.tail] & ok[self.head])
            t, h = number[self.tail[links]], number[self.head[links]]
            w = self.cost[links] * extra[links]
            m = len(nodes)
            graph = coo_matrix(
                (
                    np.concatenate([w, w, start_cost + 1e-6]),
                    (np.concatenate([t, h, np.full(len(na), m)]), np.concatenate([h, t, number[na]])),
                ),
                shape=(m + 1, m + 1),
            )
            graph = self.least(graph)
            cost, back = dijkstra(graph, indices=m, return_predecessors=True)
            order = np.lexsort((links, w))
            table = {}
            for k in order[::-1]:
                table[(t[k], h[k])] = table[(h[k], t[k])] = links[k]
            before.append((number, nodes, back, table))
            start_cost = cost[number[nb]] + db * away_cost
            if not np.isfinite(start_cost).any():  # nothing leads there: the line is laid in two
                k = len(before) - 1
                ahead = self.lay(chain[:k], extra, met) if k else []
                rest = self.lay(chain[k + 1 :], extra, met) if k + 1 < len(chain) else []
                return [*ahead, ([], 0.0, -1, -1), *rest]
        start_cost = start_cost + np.where(met[near[-1][0]], 0.0, LOOSE_END_KM)
        at = int(near[-1][0][int(np.argmin(start_cost))])
        ways: list[tuple[list[int], float, int, int]] = []
        away = [dict(zip(nodes.tolist(), d.tolist(), strict=True)) for nodes, d in near]
        for k in reversed(range(len(before))):
            number, nodes, back, table = before[k]
            off = away[k + 1][at]
            last = at
            way = []
            node = int(number[at])
            while back[node] != len(nodes) and back[node] >= 0:
                way.append(int(table[(back[node], node)]))
                node = int(back[node])
            at = int(nodes[node])
            ways.append((way[::-1], off + away[k][at], at, last))
        return ways[::-1]

    @staticmethod
    def least(graph: coo_matrix) -> coo_matrix:
        """Return the graph with the least of parallel links (a sparse matrix would add them up)."""
        order = np.lexsort((graph.data, graph.col, graph.row))
        row, col, data = graph.row[order], graph.col[order], graph.data[order]
        first = np.ones(len(row), dtype=bool)
        first[1:] = (row[1:] != row[:-1]) | (col[1:] != col[:-1])
        return coo_matrix((data[first], (row[first], col[first])), shape=graph.shape).tocsr()


def main() -> None:
    """Lay all, write links and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--laid", type=Path, help="where to write how each stretch was laid, as CSV")
    parser.add_argument("--out", type=Path, default=ROADS, help="where to write links.npz, routes.csv and sections.csv")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    everything, _ = read_lines()
    stretches = [s for s in everything if not s.doubtful]
    network = Network()
    print(f"dual carriageways: {network.km[network.dual >= 0].sum() / 2:,.0f} km")
    chains = ways(stretches)
    # national roads first: provincial lines that double one are told apart by what is taken
    chains.sort(key=lambda c: (c[0].route == "S", c[0].file, c[0].line))
    # twice: only then is it known where the lines meet
    laid = lay_all(network, chains, [set() for _ in network.lon])
    laid = lay_all(network, chains, laid.at)
    year, by, rows = laid.year, laid.by, laid.rows
    print(f"run on to the next expressway: {run_on(network, laid):,.0f} km")
    table = pd.DataFrame(
        [
            {
                "file": s.file, "line": s.line, "route": s.route, "name": s.name, "from": s.start.name, "to": s.end.name,
                "from_code": s.start.adcode, "to_code": s.end.adcode, "year": s.year, "year_status": s.year_status,
                "kph": s.design_speed_kph, "state": state, "laid_km": laid, "gap_km": gap,
            }
            for s, state, laid, gap in rows
        ]
    )
    if options.laid:
        table.to_csv(options.laid, index=False)
    new_links = added_links(network, laid)
    # sorted, so that the same roads make the same bytes
    met = joints(network, by >= 0, [(a, b, *new_links[a, b][:2]) for a, b in sorted(new_links)])
    print(f"junctions put on roads: {len(met.lon):,}; joins: {len(met.joins):,}, {sum(x[2] for x in met.joins):,.0f} km")
    print(table.groupby("state").size().to_string())
    told = province_km(network, by >= 0, year, met)
    print(told.to_string())
    uncovered = told.loc[told["then_km"] < COVERED * told["expressway_km"], "name"].tolist()
    print(f"not covered to {COVERED:.0%}: {'、'.join(uncovered)}")
    kind = np.where(by >= 0, MOTORWAY, np.where(within(network, uncovered)[network.tail], UNKNOWN, ORDINARY))
    np.savez_compressed(
        options.out / "links.npz",
        kind=kind.astype(np.int8),
        year=np.where(by >= 0, year, 0).astype(np.int16),
        **met.arrays(),
    )
    write_tables(options.out, rows + [(s, "doubtful", np.nan, np.nan) for s in everything if s.doubtful])
    if options.out.resolve() == ROADS.resolve():
        check_joined.main()


def ways(stretches: list[Stretch]) -> list[list[Stretch]]:
    """Return the stretches as ways that are laid in one: parts of a line, and lines of a route that go on in another file.

    Two lines of one route that meet at a place, laid one by one, would meet at two junctions of it.
    """
    chains: list[list[Stretch]] = []
    for _, group in itertools.groupby(stretches, key=lambda s: (s.file, s.line, s.part)):
        part = list(group)
        before = chains[-1][-1] if chains else None
        # parts that differ in their source only are one way, without a gap where they meet
        if before and (before.file, before.line, before.end) == (part[0].file, part[0].line, part[0].start):
            chains[-1] += part
        else:
            chains.append(part)
    for chain in list(chains):
        if not chain[0].route.startswith("G") or not any(one is chain for one in chains):
            continue
        while True:
            passed = {chain[0].start, *(s.end for s in chain)}
            onward = [
                one
                for one in chains
                if one is not chain and one[0].route == chain[0].route and one[0].start == chain[-1].end
                # a line that turns back is a second telling of the same road
                and passed.isdisjoint(s.end for s in one)
            ]
            if not onward:
                break
            longest = max(onward, key=len)
            chain += longest
            chains = [one for one in chains if one is not longest]
    return chains


@dataclass(frozen=True, slots=True)
class Added:
    """A stretch that the network lacks, with the junctions where the same line is laid up to it, or -1."""

    stretch: Stretch
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Laid:
    """What became of all lines: each link's year and row, the rows, what is to be added, and the lines at each junction.

    ``ends`` are the ends of what is laid of each line without a break: its number, the junction, and the year there.
    """

    year: NDArray[np.int64]
    by: NDArray[np.int64]
    rows: list[tuple[Stretch, str, float, float]]
    added: list[Added]
    at: list[set[int]]
    ends: list[tuple[int, int, int]]


def lay_all(network: Network, chains: list[list[Stretch]], users: list[set[int]]) -> Laid:
    """Lay all lines. ``users`` are the lines at each junction so far as they are known before."""
    n = len(network.km)
    year = np.full(n, 0)
    by = np.full(n, -1)
    rows: list[tuple[Stretch, str, float, float]] = []
    added: list[Added] = []
    ends: list[tuple[int, int, int]] = []
    at: list[set[int]] = [set() for _ in network.lon]
    count = np.array([len(x) for x in users])
    for number, chain in enumerate(chains):
        own = np.array([number in x for x in users])
        met = count - own > 0
        new = any(w in chain[0].name for w in ("复线", "扩", "二", "新线"))
        extra = np.where((by >= 0) & new, 1.6, 1.0)
        pieces: list[list[Stretch]] = [[]]
        for s in chain:  # a line breaks where a year after the network's begins
            if pieces[-1] and ((s.year or 0) >= NETWORK_YEAR) != ((pieces[-1][-1].year or 0) >= NETWORK_YEAR):
                pieces.append([])
            pieces[-1].append(s)
        told: list[tuple[Stretch, str, int, int]] = []
        for piece in pieces:
            if (piece[0].year or 0) >= NETWORK_YEAR:
                for s in piece:
                    told.append((s, "added", -1, -1))
                    rows.append((s, "added", np.nan, np.nan))
                continue
            for s, (way, off, first, last) in zip(piece, network.lay(piece, extra, met), strict=True):
                laid = network.km[way].sum()
                gap = distance_km(s.start, s.end)
                late = (s.year or 0) >= LATE_YEAR
                fair = bool(way) and laid + off <= (LATE_FAIR * gap + 10 if late else FAIR * gap + 16)
                # a late road whose course is that of a road opened years before is another one, not in the map
                old = sum(network.km[w] for w in way if by[w] >= 0 and 0 < year[w] <= (s.year or 0) - APART_YEARS)
                if s.year and s.year >= APART_SINCE and old > APART_SHARE * laid:
                    fair = False
                state = "laid" if fair else "missing"
                rows.append((s, state, laid, gap))
                # the two places share a junction: nothing is missing there
                told.append((s, "laid" if not way and first == last >= 0 else state, first, last))
                if not fair:
                    continue
                for link in [*way, *(network.dual[w] for w in way if network.dual[w] >= 0)]:
                    at[network.tail[link]].add(number)
                    at[network.head[link]].add(number)
                    if by[link] < 0 or (s.year and (year[link] == 0 or s.year < year[link])):
                        year[link] = s.year or year[link]
                        by[link] = len(rows) - 1
        for before, (s, state, first, last), after in zip(
            [None, *told[:-1]], told, [*told[1:], None], strict=True
        ):
            start = before[3] if before and before[1] == "laid" else -1
            end = after[2] if after and after[1] == "laid" else -1
            if state == "laid":
                ends += [
                    (number, junction, s.year or 0)
                    for beside, junction in ((before, first), (after, last))
                    if not beside
                ]
            # a short one is left to its neighbours, unless these are laid up to it on both sides and end apart
            elif distance_km(s.start, s.end) > MIN_ADDED_KM or (start >= 0 and end >= 0 and start != end):
                added.append(Added(s, start, end))
    return Laid(year, by, rows, added, at, ends)


def run_on(network: Network, laid: Laid) -> float:
    """Mark the roads between the ends of lines and the next expressway, and return how many km: expressways rarely end in the country."""
    n = len(network.lon)
    marked = laid.by >= 0
    taken = {junction for one in laid.added for junction in (one.start, one.end)}
    both = np.r_[network.tail, network.head], np.r_[network.head, network.tail]
    roads = Network.least(coo_matrix((np.r_[network.km, network.km], both), shape=(n, n)))
    cost = np.where(marked, 1e6, network.cost)
    away = Network.least(coo_matrix((np.r_[cost, cost], both), shape=(n, n)))
    km = np.where(marked, network.km, 1e6)
    fast = Network.least(coo_matrix((np.r_[km, km], both), shape=(n, n)))
    link_of: dict[tuple[int, int], int] = {}
    for link in np.lexsort((np.arange(len(cost)), cost))[::-1]:
        tail, head = int(network.tail[link]), int(network.head[link])
        link_of[tail, head] = link_of[head, tail] = int(link)
    added = 0.0
    for number, junction, year in laid.ends:
        if junction in taken or laid.at[junction] - {number}:
            continue
        near = np.flatnonzero(np.isfinite(dijkstra(roads, indices=junction, limit=RUN_ON_KM)))
        others = [int(x) for x in near if laid.at[x] and number not in laid.at[x]]
        if not others:
            continue
        least, back = dijkstra(away, indices=junction, limit=3 * RUN_ON_KM, return_predecessors=True)
        to = min(others, key=lambda x: (least[x], x))
        way, node = [], to
        while np.isfinite(least[to]) and node != junction:
            before = int(back[node])
            way.append(link_of[before, node])
            node = before
        length = network.km[way].sum()
        if not way or length > RUN_ON_KM:
            continue
        around = dijkstra(fast, indices=junction, limit=RUN_ON_FACTOR * length)[to]
        if np.isfinite(around):
            continue
        row = next(laid.by[x] for x in np.flatnonzero((network.tail == junction) | (network.head == junction)) if laid.by[x] >= 0)
        for link in [*way, *(network.dual[w] for w in way if network.dual[w] >= 0)]:
            if laid.by[link] < 0:
                laid.by[link], laid.year[link] = row, year
        added += length
    return added


def added_links(network: Network, laid: Laid) -> dict[tuple[int, int], tuple[float, int, int]]:
    """Return the links of added roads, from junction to junction: km, year and design speed.

    They begin where their own line is laid up to them, and else at the nearest junction, where an expressway's is preferred.
    """
    motorway_node = np.zeros(len(network.lon), dtype=bool)
    for end in (network.tail, network.head):
        motorway_node[end[laid.by >= 0]] = True
    at: dict[Point, int] = {}

    def junction(place: Point) -> int:
        if place not in at:
            nodes, d = network.near(place.lon, place.lat, NEAR_KM)
            at[place] = int(nodes[np.argmin(d + np.where(motorway_node[nodes], 0.0, 5.0))])
        return at[place]

    links: dict[tuple[int, int], tuple[float, int, int]] = {}
    for one in laid.added:
        s = one.stretch
        a = one.start if one.start >= 0 else junction(s.start)
        b = one.end if one.end >= 0 else junction(s.end)
        if a == b:
            continue
        gap = float(np.linalg.norm(network.xyz[a] - network.xyz[b]))
        key = (min(a, b), max(a, b))
        if key not in links:
            links[key] = (gap * ADDED_DETOUR, s.year or 0, s.design_speed_kph)
    return links


def within(network: Network, names: list[str]) -> NDArray[np.bool_]:
    """Say which nodes lie in provinces."""
    from borderreach.geo.places import provinces  # noqa: PLC0415

    land = provinces(source="tianditu")
    area = shapely.union_all(land.loc[land["name"].isin(names)].geometry.to_numpy())
    shapely.prepare(area)
    return shapely.contains_xy(area, network.lon, network.lat)


def write_tables(folder: Path, rows: list[tuple[Stretch, str, float, float]]) -> None:
    """Write routes.csv and sections.csv: neighbouring stretches alike in all but their places are one section.

    A stretch that an earlier line told already (the same two places, the same year) isn't told again.
    """
    told: set[tuple[str, str, int | None]] = set()
    sections: list[dict[str, object]] = []
    last = None
    order = {"G": 0, "S": 1}
    rows = sorted(rows, key=lambda r: (order[r[0].route[0]], r[0].file, r[0].line, r[0].part, r[0].place))
    for s, state, laid, _ in rows:
        ends = sorted([f"{s.start.name}{s.start.adcode}", f"{s.end.name}{s.end.adcode}"])
        key = (ends[0], ends[1], s.year)
        if key in told:
            last = None
            continue
        told.add(key)
        same = (s.file, s.line, s.part, s.year, s.year_status, s.design_speed_kph, state)
        if last == (*same, s.start):
            section = sections[-1]
            section["via"] = f"{section['via']}|{section['to']}".strip("|")
            section["to"], section["to_adcode"] = s.end.name, s.end.adcode or ""
            section["length_km"] += laid
        else:
            sections.append(
                {
                    "route": s.route, "name": s.name, "section": 0, "from": s.start.name, "from_adcode": s.start.adcode or "",
                    "to": s.end.name, "to_adcode": s.end.adcode or "", "via": "", "opened_year": s.year or "",
                    "year_status": s.year_status, "design_speed_kph": s.design_speed_kph, "speed_status": "recalled",
                    "length_km": laid, "length_status": "network" if state == "laid" else "unknown", "status": state,
                    "lines": f"{s.file}:{s.line}", "source_id": s.source_id,
                }
            )
        last = (*same, s.end)
    table = pd.DataFrame(sections)
    table["section"] = table.groupby(["route", "name"], sort=False).cumcount() + 1
    table["length_km"] = table["length_km"].where(table["status"] == "laid").round(1)
    table.to_csv(folder / "sections.csv", index=False, lineterminator="\n")
    routes = table.groupby(["route", "name"], sort=False).agg(
        sections=("section", "size"), laid_km=("length_km", "sum"), first_year=("opened_year", lambda x: min([y for y in x if y != ""], default=""))
    )
    routes["standard"] = "expressway"
    routes.round(1).to_csv(folder / "routes.csv", lineterminator="\n")
    print(f"{len(routes):,} routes, {len(table):,} sections; {table.groupby(['status', 'year_status']).size().to_string()}")


def province_km(
    network: Network, marked: NDArray[np.bool_], year: NDArray[np.int64], met: Joints
) -> pd.DataFrame:
    """Return each province's kilometres of expressway, a dual carriageway's two links counted once.

    Kilometres are with the bends that the network lost, since published ones are.
    ``then_km`` are those opened by the end of the year of the published total, and ``share`` is of them.
    """
    from borderreach.geo.places import provinces  # noqa: PLC0415

    land = provinces(source="tianditu")
    known = land[["name"]].merge(pd.read_csv(ROADS / "province_km.csv"), left_on="name", right_on="province", how="left")
    until = np.append(known["end_of"].fillna(0).to_numpy(), 0)
    tree = shapely.STRtree(land.geometry.to_numpy())
    lon, lat = np.concatenate([network.lon, met.lon]), np.concatenate([network.lat, met.lat])
    where = np.full(len(lon), -1)
    i, j = tree.query(shapely.points(lon, lat), predicate="within")
    where[i] = j
    ends = np.array([x[:2] for x in met.new]).reshape(-1, 2)
    length, opened = np.array([x[2] for x in met.new]), np.array([x[3] for x in met.new])
    once = np.where(marked & (network.dual >= 0) & marked[network.dual], 0.5, 1.0) * network.bent_km * marked
    laid, added, then = np.zeros(len(land) + 1), np.zeros(len(land) + 1), np.zeros(len(land) + 1)
    for end in (network.tail, network.head):
        np.add.at(laid, where[end], once / 2)
        np.add.at(then, where[end], np.where(year <= until[where[end]], once / 2, 0.0))
    for side in range(2):
        at = where[ends[:, side]]
        np.add.at(added, at, length / 2)
        np.add.at(then, at, np.where(opened <= until[at], length / 2, 0.0))
    result = known[["name", "expressway_km", "end_of", "status"]].copy()
    result["then_km"] = then[:-1].round()
    result["share"] = (result["then_km"] / result["expressway_km"]).round(2)
    result["laid_km"], result["added_km"] = laid[:-1].round(), added[:-1].round()
    result.loc[len(result)] = ["sum", known["expressway_km"].sum(), np.nan, "", then.sum(), np.nan, laid.sum(), added.sum()]
    return result


if __name__ == "__main__":
    main()
