"""From roads as ways over nodes to a `TransportNetwork`: junctions, turns, delays, components."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import require_choice
from ..crs import along_curve
from ..errors import EmptyInputError
from ..networks import Links, RaggedLines, TransportNetwork, build_network
from ..sorting import distinct
from ._gathering import Restrictions, Rule
from ._speeds import SpeedTable
from ._tags import CARRIERS
from ._topology import (
    Chains,
    chain_lines,
    face_signs,
    join_chains,
    measure,
    split_ways,
    strong_components,
)
from ._turns import Arcs, Course, expand_turns, find_courses
from ._ways import FACING, Kind, Ways, join_date_line

logger = logging.getLogger(__name__)

KEEP: Final = ("largest", "all")
#: Class of the links without length that stand for the allowed turns at restricted junctions, and for
#: where roads for those alone who have to do with them begin.
TURN: Final = "turn"
OSM_LICENCE: Final = "© OpenStreetMap contributors, ODbL 1.0"
#: How far before a junction a signal or sign may stand that doesn't say whom it faces, metres.
SIGN_REACH_M: Final = 30.0


def road_network(
    ways: Ways,
    speeds: SpeedTable,
    *,
    keep: str,
    access_speed_kph: float,
    max_access_km: float,
    provenance: Mapping[str, str],
    restrictions: Restrictions | None = None,
    node_id: NDArray[np.int64] | None = None,
) -> TransportNetwork:
    """Build the network of some ways.

    Parameters
    ----------
    ways : Ways
    speeds : SpeedTable
        For the delay at junctions and the report.
    keep : {"largest", "all"}
        Whether only the largest strongly connected component stays.
    access_speed_kph, max_access_km : float
    provenance : mapping of str to str
    restrictions : Restrictions, optional
        With `node_id`, the ids of the nodes, ascending.
    """
    require_choice(keep, "keep", KEEP)
    ways = join_date_line(ways)
    rules = [] if restrictions is None else list(restrictions.rules)
    courses = find_courses(rules, *_named(ways, rules, node_id))
    fixed_nodes = [node for readings in courses for course in readings for node in course.nodes]
    links, ends = _links(ways, fixed_nodes)
    if not len(links.tail):
        raise EmptyInputError("there is no road for cars in the data; check the file and the area")
    n_nodes = len(ends.at)
    courses = [[ends.renumbered(course) for course in readings] for readings in courses]
    report = {**provenance, "speeds": speeds.name}
    is_ferry = np.array([kind.road.road_class in CARRIERS for kind in ways.kinds])
    total_m = float(links.length_m[~is_ferry[links.way_kind]].sum())
    n_components, largest = _largest(links.tail, links.head, links.forward, links.backward, n_nodes)
    if keep == "largest":
        links = links.take(largest)
    links = links.delayed(*_end_delays(links, ways, ends, speeds))

    fixed = np.zeros(n_nodes, dtype=bool)
    fixed[[node for readings in courses for course in readings for node in course.nodes]] = True
    chains = join_chains(links.tail, links.head, links.kind, links.kind_back, fixed)
    joined = links.joined(chains)
    first, last = links.first, links.last
    del links  # a big network's are worth their room
    arcs = Arcs(joined.tail, joined.head, joined.forward, joined.backward, joined.end_ways, n_nodes)
    turns = expand_turns(arcs, rules, courses)
    if restrictions is not None:
        report["turn_restrictions"] = (
            f"{turns.n_honoured:,} honoured, {turns.n_over_ways:,} of them over ways; {turns.n_idle:,} forbid what "
            f"can't be driven anyway; not honoured: {restrictions.n_conditional:,} at certain hours or for certain "
            f"vehicles, {restrictions.n_incomplete:,} incomplete, {turns.n_unclear:,} unclear"
        )
    link = turns.link
    limited = np.array([kind.road.limited for kind in ways.kinds], dtype=bool)[joined.way_kind]
    gates = _gates(turns.tail, turns.head, limited[link], n_nodes + len(turns.extra))
    # All links, then the turns and the gates of limited roads, which have neither length nor line.
    n_turns = len(turns.turn_tail) + len(gates.inner)
    tail = np.concatenate([gates.tail, turns.turn_tail, gates.outer])
    head = np.concatenate([gates.head, turns.turn_head, gates.inner])
    length = np.append(joined.length_m[link], np.zeros(n_turns))
    half_s = speeds.delays["destination"] / 2
    half = np.full(len(gates.inner), half_s)
    turn_s = np.where(limited[turns.turn_from] != limited[turns.turn_to], half_s, 0.0)
    turn_back_s = np.full(len(turn_s), np.inf)
    time_s = np.concatenate([np.where(turns.forward, joined.time_s[link], np.inf), turn_s, half])
    back_s = np.concatenate([np.where(turns.backward, joined.back_s[link], np.inf), turn_back_s, half])
    exit_along = np.append(joined.exit_along[link], np.zeros(n_turns, dtype=bool))
    road_class = np.append(joined.way_kind[link], np.full(n_turns, len(ways.kinds)))
    origin = np.concatenate([np.arange(n_nodes), turns.extra])  # the node that each comes from
    origin = np.concatenate([origin, origin[gates.outer]])
    use = np.ones(len(tail), dtype=bool)
    if keep == "largest" and n_turns:
        # Restrictions may leave a corner that can't be left or reached any more.
        _, use = _largest(tail, head, np.isfinite(time_s), np.isfinite(back_s), len(origin))
    kept = distinct(link[use[: len(link)]])
    left_out_m = total_m - float(joined.length_m[kept[~is_ferry[joined.way_kind[kept]]]].sum())
    report["components"] = f"{n_components:,} strongly connected; " + (
        f"the largest kept, {left_out_m / 1000:,.1f} km of road ({left_out_m / max(total_m, 1):.1%}) left out"
        if keep == "largest"
        else "all kept"
    )
    logger.info("components: %s", report["components"])
    exits = np.zeros(n_nodes, dtype=bool)
    exits[origin[tail[exit_along]]] = True
    exits[origin[head[exit_along]]] = True

    # Neighbours on the ground lie near each other in memory, too: searches find them in the processor's cache.
    used = distinct(np.concatenate([tail[use], head[use]]))
    at = ends.at[origin[used]]
    nearby = np.argsort(along_curve(ways.lon[at], ways.lat[at]), kind="stable")
    used, at = used[nearby], at[nearby]
    place = np.empty(len(origin), dtype=np.int64)
    place[used] = np.arange(len(used))
    rows = np.flatnonzero(use)
    first_turn = np.searchsorted(rows, len(link))
    rows[:first_turn] = rows[:first_turn][np.argsort(place[tail[rows[:first_turn]]], kind="stable")]
    # A link that was taken apart stays one link on the ground: its second arc is put back below. Not so
    # the copies for those who have come along the first way of a restriction: they have exits of their own.
    n_used = len(rows)
    twin = np.arange(n_used)
    line_of = link[rows[:first_turn]]
    is_copy = turns.copy[rows[:first_turn]]
    same = np.where(is_copy, len(joined.tail) + np.arange(len(line_of)), line_of)
    _, row, number_of = np.unique(same, return_index=True, return_inverse=True)
    twin[: len(line_of)] = row[number_of]
    alone = twin == np.arange(n_used)
    chain_of = np.full(n_used, -1)
    chain_of[: len(line_of)] = line_of
    chain_of[~alone] = -1
    lines = RaggedLines(
        *chain_lines(
            chain_of, chains.offset, chains.link, chains.reverse, first, last, ways.nodes, ways.lon, ways.lat
        )
    )
    classes = np.array([*(kind.road.road_class for kind in ways.kinds), TURN], dtype=object)
    network = build_network(
        ways.lon[at],
        ways.lat[at],
        Links(
            tail=place[tail[rows]],
            head=place[head[rows]],
            length_m=length[rows],
            time_s=time_s[rows],
            back_time_s=back_s[rows],
            mode="road",
            road_class=classes[road_class[rows]],
            exit_along=exit_along[rows],
            geometry=lines,
        ),
        node_exit=exits[origin[used]],
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=report,
    )
    if alone.all():
        return network
    number = (np.cumsum(alone) - 1)[twin]
    return replace(
        network,
        arc_link=number[network.arc_link].astype(np.int32),
        link_offset=np.append(network.link_offset[:-1][alone], network.link_offset[-1]),
    )


class _Gates(NamedTuple):
    """Where roads that are only for those who have to do with them meet others.

    `tail` and `head` are the ends of all links, at such places moved to the nodes `inner`, which
    lie where the nodes `outer` do.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    outer: NDArray[np.int64]
    inner: NDArray[np.int64]


def _gates(
    tail: NDArray[np.int64], head: NDArray[np.int64], limited: NDArray[np.bool_], n_nodes: int
) -> _Gates:
    """Pull limited roads apart from others."""
    inside, outside = np.zeros(n_nodes, dtype=bool), np.zeros(n_nodes, dtype=bool)
    for ends in (tail, head):
        inside[ends[limited]] = True
        outside[ends[~limited]] = True
    outer = np.flatnonzero(inside & outside)
    into = np.arange(n_nodes)
    into[outer] = n_nodes + np.arange(len(outer))
    return _Gates(
        np.where(limited, into[tail], tail), np.where(limited, into[head], head), outer, into[outer]
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Links:
    """Links between nodes while they are put together; times are infinite where closed."""

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    length_m: NDArray[np.float64]
    time_s: NDArray[np.float64]
    back_s: NDArray[np.float64]
    kind: NDArray[np.int32]
    kind_back: NDArray[np.int32]
    way_kind: NDArray[np.int32]
    exit_along: NDArray[np.bool_]
    end_ways: tuple[NDArray[np.int64], NDArray[np.int64]]

    @property
    def forward(self) -> NDArray[np.bool_]:
        return np.isfinite(self.time_s)

    @property
    def backward(self) -> NDArray[np.bool_]:
        return np.isfinite(self.back_s)

    def take(self, rows: NDArray[np.bool_]) -> _Links:
        columns = {name: value[rows] for name, value in self.__dict__.items() if name != "end_ways"}
        return _Links(**columns, end_ways=(self.end_ways[0][rows], self.end_ways[1][rows]))

    def delayed(self, seconds: NDArray[np.float64], back_seconds: NDArray[np.float64]) -> _Links:
        return replace(self, time_s=self.time_s + seconds, back_s=self.back_s + back_seconds)

    def joined(self, chains: Chains) -> _Links:
        """One link per chain: lengths and times are sums, the rest is the first's."""
        start = chains.offset[:-1]
        link, turned = chains.link, chains.reverse

        def along(values: NDArray[Any], against: NDArray[Any], at: NDArray[Any]) -> NDArray[Any]:
            chosen: NDArray[Any] = np.where(turned[at], against[link[at]], values[link[at]])
            return chosen

        every = np.arange(len(link))
        last = chains.offset[1:] - 1
        tail_way, head_way = self.end_ways
        return replace(
            self,
            tail=chains.tail,
            head=chains.head,
            length_m=np.add.reduceat(self.length_m[link], start),
            time_s=np.add.reduceat(along(self.time_s, self.back_s, every), start),
            back_s=np.add.reduceat(along(self.back_s, self.time_s, every), start),
            kind=along(self.kind, self.kind_back, start),
            kind_back=along(self.kind_back, self.kind, start),
            way_kind=self.way_kind[link[start]],
            exit_along=self.exit_along[link[start]],
            end_ways=(along(tail_way, head_way, start), along(head_way, tail_way, last)),
        )


def _named(
    ways: Ways, rules: Sequence[Rule], node_id: NDArray[np.int64] | None
) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Nodes of the ways that rules over ways name, and numbers of the nodes that others name."""
    named = {way for rule in rules if rule.via_ways for way in (rule.from_way, *rule.via_ways, rule.to_way)}
    rows = np.flatnonzero(np.isin(ways.way_id, np.array(sorted(named), dtype=np.int64)))
    runs = {
        int(ways.way_id[i]): ways.nodes[ways.offset[i] : ways.offset[i + 1]].tolist() for i in rows.tolist()
    }
    wanted = np.array(sorted({rule.via_node for rule in rules if not rule.via_ways}), dtype=np.int64)
    at = find_nodes(np.zeros(0, dtype=np.int64) if node_id is None else node_id, wanted)
    return runs, {int(node): int(i) for node, i in zip(wanted, at, strict=True) if i >= 0}


@dataclass(frozen=True, eq=False)
class _Ends:
    """Nodes that links end at, numbered in the order of those of the ways: the others are bends.

    Attributes
    ----------
    at : ndarray of int64, shape (n,)
        The node of the ways that each lies at, ascending but for those that lie where another one does.
    own : ndarray of bool, shape (n,)
        Whether it is that one; those at its place are cut off from it by what closes it.
    """

    at: NDArray[np.int64]
    own: NDArray[np.bool_]

    @classmethod
    def of(
        cls, tail: NDArray[np.int32], head: NDArray[np.int32], fixed: NDArray[np.int64], n_nodes: int,
        extra: NDArray[np.int32],
    ) -> tuple[_Ends, NDArray[np.int32], NDArray[np.int32]]:  # fmt: skip
        """Give numbers to the ends of links and to `fixed` nodes; with them come the links' tails and heads."""
        is_end = np.zeros(n_nodes + len(extra), dtype=bool)
        for nodes in (tail, head, fixed):
            is_end[nodes] = True
        node = np.flatnonzero(is_end)
        number = np.cumsum(is_end, dtype=np.int32) - np.int32(1)
        own = node < n_nodes
        at = np.concatenate([node[own], extra[node[~own] - n_nodes]])
        return cls(at, own), number[tail], number[head]

    def renumbered(self, course: Course) -> Course:
        """Return a course over nodes of the ways, over these."""
        nodes = np.searchsorted(self.at[: int(self.own.sum())], course.nodes)
        return course._replace(nodes=tuple(nodes.tolist()))


def _links(ways: Ways, fixed: Sequence[int]) -> tuple[_Links, _Ends]:
    """Links of the ways before any are joined, and their nodes; `fixed` ones stay nodes."""
    fixed_nodes = np.array(fixed, dtype=np.int64)
    vertex = np.zeros(len(ways.lon), dtype=bool)
    vertex[fixed_nodes] = True
    pieces = split_ways(ways.offset, ways.nodes, ways.closed, vertex)
    length, delay = measure(pieces.first, pieces.last, ways.nodes, ways.lon, ways.lat, ways.delay_s)
    n_nodes = len(ways.lon) + len(pieces.extra)
    is_junction = np.bincount(np.concatenate([pieces.tail, pieces.head]), minlength=n_nodes) != 2
    ahead, back = face_signs(
        pieces.first, pieces.last, pieces.tail, pieces.head, ways.nodes, ways.lon, ways.lat, ways.sign_s,
        ways.facing, is_junction, SIGN_REACH_M,
    )  # fmt: skip
    ends, tail, head = _Ends.of(pieces.tail, pieces.head, fixed_nodes, len(ways.lon), pieces.extra)
    kind = ways.kind[pieces.way]
    kph = np.array([k.kph if k.road.forward else 0.0 for k in ways.kinds])
    back_kph = np.array([k.back_kph if k.road.backward else 0.0 for k in ways.kinds])
    with np.errstate(divide="ignore", invalid="ignore"):
        time_s = np.where(kph[kind] > 0, length * 3.6 / kph[kind] + delay + ahead, np.inf)
        back_s = np.where(back_kph[kind] > 0, length * 3.6 / back_kph[kind] + delay + back, np.inf)
    number, number_back = _numbers(ways.kinds)
    links = _Links(
        tail=tail,
        head=head,
        first=pieces.first,
        last=pieces.last,
        length_m=length,
        time_s=time_s,
        back_s=back_s,
        kind=number[kind],
        kind_back=number_back[kind],
        way_kind=kind,
        exit_along=np.array([k.road.exit_along for k in ways.kinds], dtype=bool)[kind],
        end_ways=(ways.way_id[pieces.way], ways.way_id[pieces.way]),
    )
    return links, ends


def _numbers(kinds: Sequence[Kind]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Numbers of what matters about each kind, as drawn and turned round."""
    number: dict[tuple[Any, ...], int] = {}
    both = []
    for k in kinds:
        fixed = (k.road.road_class, k.road.exit_along, k.road.limited)
        ahead = (k.road.forward, k.kph if k.road.forward else 0.0)
        back = (k.road.backward, k.back_kph if k.road.backward else 0.0)
        both.append(
            (
                number.setdefault((*fixed, *ahead, *back), len(number)),
                number.setdefault((*fixed, *back, *ahead), len(number)),
            )
        )
    table = np.array(both, dtype=np.int32).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _end_delays(
    links: _Links, ways: Ways, ends: _Ends, speeds: SpeedTable
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds that each link loses at its two ends, along it and against it: half of what passing costs.

    Where three or more links meet, those that can be left along lose the junction's delay too:
    slip roads join and leave a motorway without one.
    """
    both = (links.tail, links.head)
    arms = np.bincount(np.concatenate(both), minlength=len(ends.at))
    sign_s = np.where(ends.own, ways.sign_s[ends.at], 0.0)
    facing = ways.facing[ends.at]
    at_node = np.where(ends.own, ways.delay_s[ends.at], 0.0)
    at_node += np.where(facing == 0, sign_s, 0.0)
    junction = np.where(arms >= 3, speeds.delays["junction"], 0.0)
    seconds = sum(at_node[ends] / 2 + np.where(links.exit_along, junction[ends] / 2, 0.0) for ends in both)
    ahead, back = np.array(seconds), np.array(seconds)
    kph = np.array([max(kind.kph, kind.back_kph) for kind in ways.kinds])[links.way_kind]
    _face_ends(links, kph, sign_s, facing, arms, ahead, back)
    return ahead, back


def _face_ends(
    links: _Links,
    kph: NDArray[np.float64],
    sign_s: NDArray[np.float64],
    facing_of: NDArray[np.int8],
    arms: NDArray[np.int64],
    ahead: NDArray[np.float64],
    back: NDArray[np.float64],
) -> None:
    """Add what signs at the ends of links cost those whom they face."""
    signed = (sign_s > 0) & (facing_of > 0)
    rows = np.flatnonzero(signed[links.tail] | signed[links.head])
    at: dict[int, list[tuple[int, bool]]] = {}
    for row in rows.tolist():
        for node, is_head in ((int(links.tail[row]), False), (int(links.head[row]), True)):
            if signed[node]:
                at.setdefault(node, []).append((row, is_head))
    for node, ends in at.items():
        half, facing = sign_s[node] / 2, facing_of[node]
        fastest = max(kph[row] for row, _ in ends)
        near = _nearer(links, arms, ends) if facing == FACING["nearest"] else None
        for row, is_head in ends:
            into, out_of = (ahead, back) if is_head else (back, ahead)
            if facing == FACING["forward"]:
                ahead[row] += half
            elif facing == FACING["backward"]:
                back[row] += half
            elif facing == FACING["minor"] and arms[node] >= 3:
                into[row] += 2 * half if kph[row] < fastest else 0.0
            elif near is None:
                into[row] += half
                out_of[row] += half
            elif (row, is_head) == near:
                out_of[row] += half
            else:
                into[row] += half


def _nearer(
    links: _Links, arms: NDArray[np.int64], ends: Sequence[tuple[int, bool]]
) -> tuple[int, bool] | None:
    """Of the two links that meet at a sign, the one that leads to the nearer junction, if that is near."""
    if len(ends) != 2:
        return None
    reach = [
        float(links.length_m[row]) if arms[(links.tail if is_head else links.head)[row]] != 2 else np.inf
        for row, is_head in ends
    ]
    return ends[int(np.argmin(reach))] if min(reach) <= SIGN_REACH_M and reach[0] != reach[1] else None


def _largest(
    tail: NDArray[Any],
    head: NDArray[Any],
    forward: NDArray[np.bool_],
    backward: NDArray[np.bool_],
    n_nodes: int,
) -> tuple[int, NDArray[np.bool_]]:
    """Count strongly connected components, and say which links lie in the one with most nodes."""
    number = strong_components(tail, head, forward, backward, n_nodes)
    size = np.bincount(number[distinct(np.concatenate([tail, head]))])
    return int(np.count_nonzero(size)), (number[tail] == number[head]) & (number[tail] == np.argmax(size))


def find_nodes(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of some ids among ascending ones, -1 where they aren't."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)
