"""Corridors joined to a network: one network with all of them, and that of any subset by masks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.crs import to_ecef
from ...geo.errors import NetworkError
from ...geo.networks import Links, TransportNetwork
from ...geo.sorting import distinct
from ._files import Corridor
from ._parts import Stop


@dataclass(frozen=True)
class Leg:
    """A stretch of a service between two calls; `first` and `last` number the corridor's stops."""

    service: str
    number: int
    first: int
    last: int
    length_km: float
    run_min: float
    stop_min: float


def legs(one: Corridor) -> list[Leg]:
    """Return the stretches of a corridor's services, in order."""
    names = [stop.name for stop in one.stops]
    along = np.concatenate([[0.0], np.cumsum(one.lengths_km)])
    ring = names[0] == names[-1]
    found = []
    for service in one.all_services():
        order = list(range(len(names))) if service.calls == tuple(names) else [
            names.index(call) for call in service.calls
        ]  # fmt: skip
        for number, (first, last) in enumerate(pairwise(order), start=1):
            under_way = (number > 1 or ring) + (number < len(order) - 1 or ring)
            length = float(along[last] - along[first])
            found.append(
                Leg(
                    service=service.name,
                    number=number,
                    first=first,
                    last=last,
                    length_km=length,
                    run_min=length / one.running_speed_kph * 60,
                    stop_min=one.stop_penalty_min / 2 * under_way,
                )
            )
    return found


@dataclass(frozen=True, eq=False)
class JoinedCorridors:
    """A network with corridors added, of which any subset can be had.

    Attributes
    ----------
    base, full : TransportNetwork
        Without any corridor, and with all. The nodes of `base` come first in `full`.
    corridors : tuple of Corridor
    node_owner : ndarray of int64, shape (added nodes,)
        Position of the corridor that each added node belongs to.
    link_owners : ndarray of int64, shape (added links, 2)
        Positions of the two corridors that an added link needs; twice the same for its own links.
    stop_node : tuple of ndarray of int64
        For each corridor the nodes, in `full`, of its stops in their order.
    leave_node : tuple of ndarray of int64
        The nodes where one comes off the corridor, one for each stop: the same, unless the network has
        junctions with banned turns. Then they are others, so that nobody gets past a ban by way of a stop.
    """

    base: TransportNetwork
    full: TransportNetwork
    corridors: tuple[Corridor, ...]
    node_owner: NDArray[np.int64]
    link_owners: NDArray[np.int64]
    stop_node: tuple[NDArray[np.int64], ...]
    leave_node: tuple[NDArray[np.int64], ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the corridors."""
        return tuple(one.id for one in self.corridors)

    def chosen(self, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Say of each corridor whether it is among `ids`."""
        wanted = set(ids)
        return np.array([identifier in wanted for identifier in self.ids], dtype=bool)

    def arc_owners(self, arcs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the two corridors that each of some arcs of `full` needs, -1 for none, shape (arcs, 2)."""
        owners = np.full((len(arcs), 2), -1, dtype=np.int64)
        link = self.full.arc_link[arcs] - (self.full.n_links - len(self.link_owners))
        added = link >= 0
        owners[added] = self.link_owners[link[added]]
        return owners

    def subset(self, ids: Iterable[str]) -> TransportNetwork:
        """Return the network with some of the corridors.

        Node numbers are those of `full`; nodes of the corridors left out can be neither reached nor
        entered. All of them give `full`, none gives `base`.
        """
        chosen = self.chosen(ids)
        if chosen.all():
            return self.full if len(chosen) else self.base
        if not chosen.any():
            return self.base
        full = self.full
        there = np.append(chosen, True)
        added = np.flatnonzero(full.arc_link >= full.n_links - len(self.link_owners))
        keep = np.ones(full.n_arcs, dtype=bool)
        keep[added] = there[self.arc_owners(added)].all(axis=1)
        node = there[np.concatenate([np.full(self.base.n_nodes, -1), self.node_owner])]
        start = np.zeros(full.n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(full.arc_tail[keep], minlength=full.n_nodes), out=start[1:])
        found = replace(
            full,
            node_exit=full.node_exit & node,
            arc_start=start,
            **{name: getattr(full, name)[keep] for name in _ARC_ARRAYS},
            node_names=MappingProxyType({k: name for k, name in full.node_names.items() if node[k]}),
            provenance=MappingProxyType({**full.provenance, "corridors": self._named(chosen)}),
        )
        TransportNetwork.node_xyz.give(found, full.node_xyz)
        if full.has_exits_along:  # corridors add none
            TransportNetwork.exit_lines.give(found, full.exit_lines)
            self.base.share_tree(found)
        return found

    def _named(self, chosen: NDArray[np.bool_]) -> str:
        known = self.base.provenance.get("corridors")
        own = [one.id for one, use in zip(self.corridors, chosen, strict=True) if use]
        return ", ".join([known, *own] if known else own)


#: Nodes of a junction with banned turns lie at one place, to the bit.
_SAME_PLACE_M = 1e-3

_ARC_ARRAYS = (
    "arc_head", "arc_time_ms", "arc_length_m", "arc_mode", "arc_class", "arc_exit", "arc_link", "arc_reversed",
)  # fmt: skip


def join_corridors(network: TransportNetwork, given: Sequence[Corridor]) -> JoinedCorridors:
    """Join corridors to a network and to each other; see `corridors.add_corridors` for the rules.

    Parameters
    ----------
    network : TransportNetwork
    given : sequence of Corridor

    Raises
    ------
    NetworkError
        If a corridor touches neither the network nor, through others, what touches it.
    """
    if not given:
        none = np.zeros(0, dtype=np.int64)
        return JoinedCorridors(network, network, (), none, none.reshape(0, 2), (), ())
    parts = _Parts(
        first=network.n_nodes,
        has_trains="rail" in network.modes,
        ride_factor=float(network.provenance.get("ride_factor", 1)),
    )
    meets = nearest_nodes(network, given)
    near = _neighbours(given)
    _require_joined(given, meets, {pair for pair, found in near.items() if found})
    apart = has_split_junctions(network)
    numbers = []
    for k, (one, met) in enumerate(zip(given, meets, strict=True)):
        parts.owner = k
        numbers.append(_add(parts, one, met, apart=apart))
    _link_neighbours(parts, given, numbers, near)
    tail, head, length_m, time_s, back_time_s, mode, road_class = zip(*parts.links, strict=True)
    known = network.provenance.get("corridors", "")
    own = ", ".join(one.id for one in given)
    full = network.extended(
        Links(
            tail=tail,
            head=head,
            length_m=length_m,
            time_s=time_s,
            back_time_s=back_time_s,
            mode=mode,
            road_class=road_class,
            exit_along=False,
        ),
        node_lon=parts.lon,
        node_lat=parts.lat,
        node_exit=parts.exits,
        node_names=parts.names,
        provenance={"corridors": f"{known}, {own}" if known else own},
    )
    return JoinedCorridors(
        base=network,
        full=full,
        corridors=tuple(given),
        node_owner=np.array(parts.node_owner, dtype=np.int64),
        link_owners=np.array(parts.link_owners, dtype=np.int64),
        stop_node=tuple(
            np.array([number[stop.name].on for stop in one.stops], dtype=np.int64)
            for one, number in zip(given, numbers, strict=True)
        ),
        leave_node=tuple(
            np.array([number[stop.name].off for stop in one.stops], dtype=np.int64)
            for one, number in zip(given, numbers, strict=True)
        ),
    )


class _Ends(NamedTuple):
    """Nodes of a stop: where one gets on, and where one gets off; mostly one and the same."""

    on: int
    off: int


@dataclass
class _Parts:
    """Nodes and links that corridors add; lists that grow together."""

    first: int
    has_trains: bool = False
    ride_factor: float = 1.0
    owner: int = 0
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    exits: list[bool] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    links: list[tuple[int, int, float, float, float, str, str]] = field(default_factory=list)
    node_owner: list[int] = field(default_factory=list)
    link_owners: list[tuple[int, int]] = field(default_factory=list)

    def node(self, stop: Stop, *, can_leave: bool, name: str) -> int:
        number = self.first + len(self.lon)
        self.lon.append(stop.lon)
        self.lat.append(stop.lat)
        self.exits.append(can_leave)
        self.names[number] = name
        self.node_owner.append(self.owner)
        return number

    def link(
        self,
        tail: int,
        head: int,
        length_m: float,
        minutes: float,
        back_min: float,
        mode: str,
        road_class: str,
        *,
        other: int | None = None,
    ) -> None:
        self.links.append((tail, head, length_m, minutes * 60, back_min * 60, mode, road_class))
        self.link_owners.append((self.owner, self.owner if other is None else other))

    def ride(
        self, start: _Ends, end: _Ends, length_m: float, minutes: float, back_min: float, *kind: str
    ) -> None:
        """Link where one gets on to where one gets off, there and back."""
        if (start.on, end.on) == (start.off, end.off):
            self.link(start.on, end.on, length_m, minutes, back_min, *kind)
        else:
            self.link(start.on, end.off, length_m, minutes, np.inf, *kind)
            self.link(end.on, start.off, length_m, back_min, np.inf, *kind)


def _add(parts: _Parts, one: Corridor, met: Meets, *, apart: bool) -> dict[str, _Ends]:
    """Add one corridor's nodes and links; return the nodes of its stops by name."""
    numbers: dict[str, _Ends] = {}  # a ring's last stop is its first
    for index, stop in enumerate(one.stops):
        if stop.name in numbers:
            continue
        number = parts.node(stop, can_leave=stop.kind != "hub", name=stop.name)
        ends = _Ends(number, number)
        if apart:
            ends = _Ends(number, parts.node(stop, can_leave=stop.kind != "hub", name=stop.name))
            parts.link(ends.off, ends.on, 0.0, 0.0, np.inf, one.mode, "platform")
        numbers[stop.name] = ends
        metres = float(met.metres[index])
        if metres <= one.join_km * 1000:
            minutes = join_min(one, stop, metres)
            for node in met.nodes[index].tolist():
                # one gets off the corridor onto the roads, and from these gets on
                parts.ride(
                    _Ends(ends.off, ends.on), _Ends(node, node), metres, minutes, minutes, "road", "connector"
                )
    if one.mode == "road":
        calls = {("", name): ends for name, ends in numbers.items()}
    else:
        calls = _platforms(parts, one, numbers)
    opened = _open_platforms(parts, one, numbers)
    for leg in legs(one):
        service = "" if one.mode == "road" else leg.service
        minutes = (leg.run_min + leg.stop_min) * (parts.ride_factor if one.mode == "rail" else 1.0)
        both = [(service, one.stops[stop].name) for stop in (leg.first, leg.last)]
        run = (leg.length_km * 1000, minutes)
        kind = (one.mode, one.road_class)
        if not opened.keys() & set(both):
            parts.ride(calls[both[0]], calls[both[1]], *run, minutes, *kind)
            continue
        for a, b in (both, both[::-1]):
            # whoever got on where it is open stays aboard until it isn't; whoever comes from beyond may get off
            if a in opened and b in opened:
                for here, there in zip(opened[a], opened[b], strict=True):
                    parts.link(here, there, *run, np.inf, *kind)
            elif a in opened:
                for here in opened[a]:
                    parts.link(here, calls[b].off, *run, np.inf, *kind)
            else:
                parts.link(calls[a].on, opened[b][1], *run, np.inf, *kind)
    return numbers


def _open_platforms(
    parts: _Parts, one: Corridor, stations: Mapping[str, _Ends]
) -> dict[tuple[str, str], tuple[int, int]]:
    """Add platforms of the stretch that is open already: one to get on at, and one to get off at.

    Between its stops today's trains run, which the network has: the corridor's bring nobody from one to another.
    """
    found: dict[tuple[str, str], tuple[int, int]] = {}
    if not parts.has_trains or one.open_between is None:
        return found
    by_name = {stop.name: stop for stop in one.stops}
    number = {stop.name: k for k, stop in enumerate(one.stops)}
    for service in one.all_services():
        for call in dict.fromkeys(service.calls):
            if one.is_open_between(number[call], number[call]):
                name = f"{call} {service.name}".rstrip()
                on, off = (parts.node(by_name[call], can_leave=False, name=name) for _ in range(2))
                parts.link(
                    stations[call].on, on, 0.0, one.board_min + one.wait_min, np.inf, one.mode, "platform"
                )
                parts.link(off, stations[call].off, 0.0, one.alight_min, np.inf, one.mode, "platform")
                found[service.name, call] = (on, off)
    return found


def _platforms(parts: _Parts, one: Corridor, stations: Mapping[str, _Ends]) -> dict[tuple[str, str], _Ends]:
    found = {}
    by_name = {stop.name: stop for stop in one.stops}
    for service in one.all_services():
        for call in dict.fromkeys(service.calls):
            name = f"{call} {service.name}".rstrip()
            on = off = parts.node(by_name[call], can_leave=False, name=name)
            if stations[call].on != stations[call].off:
                off = parts.node(by_name[call], can_leave=False, name=name)
                parts.link(off, on, 0.0, 0.0, np.inf, one.mode, "platform")
            found[service.name, call] = _Ends(on, off)
            parts.ride(
                stations[call],
                _Ends(off, on),
                0.0,
                one.board_min + one.wait_min,
                one.alight_min,
                one.mode,
                "platform",
            )
    return found


#: Stops of two corridors that lie near each other: their positions, and metres between them.
_Near = dict[tuple[int, int], list[tuple[int, int, float]]]


def _neighbours(given: Sequence[Corridor]) -> _Near:
    """Return for each pair of corridors which of their stops are joined."""
    xyz = [to_ecef(one.points[:, 0], one.points[:, 1]) for one in given]
    found: _Near = {}
    for a, b in combinations(range(len(given)), 2):
        one, other = given[a], given[b]
        metres = np.linalg.norm(xyz[a][:, None] - xyz[b][None, :], axis=2)
        for i, stop in enumerate(one.stops):
            for j, second in enumerate(other.stops):
                if _speed_between(one, stop, other, second) is None:
                    metres[i, j] = np.inf
        metres[metres > min(one.join_km, other.join_km) * 1000] = np.inf
        nearest = {(i, int(j)) for i, j in enumerate(metres.argmin(axis=1))}
        nearest |= {(int(i), j) for j, i in enumerate(metres.argmin(axis=0))}
        found[a, b] = [(i, j, float(metres[i, j])) for i, j in sorted(nearest) if np.isfinite(metres[i, j])]
    return found


def _link_neighbours(
    parts: _Parts, given: Sequence[Corridor], numbers: Sequence[Mapping[str, _Ends]], near: _Near
) -> None:
    """Link stops of different corridors that lie near each other."""
    for (a, b), found in near.items():
        one, other = given[a], given[b]
        parts.owner = a
        pairs = {(one.stops[i].name, other.stops[j].name): (i, j, metres) for i, j, metres in found}
        for (name, second), (i, j, metres) in pairs.items():
            speed = _speed_between(one, one.stops[i], other, other.stops[j])
            minutes = metres / 1000 / (speed or np.nan) * 60
            here, there = numbers[a][name], numbers[b][second]
            for tail, head in dict.fromkeys([(here.on, there.on), (here.off, there.off)]):
                parts.link(tail, head, metres, minutes, minutes, "road", "connector", other=b)


def _speed_between(one: Corridor, stop: Stop, other: Corridor, second: Stop) -> float | None:
    """Speed between stops of two corridors; None where a hub faces what isn't an expressway."""
    if "hub" not in (stop.kind, second.kind):
        return min(one.join_speed_kph, other.join_speed_kph)
    if one.mode == other.mode == "road":
        return min(one.running_speed_kph, other.running_speed_kph)
    return None


def _require_joined(
    given: Sequence[Corridor],
    meets: Sequence[Meets],
    touching: Iterable[tuple[int, int]],
) -> None:
    reached = {
        k for k, (one, met) in enumerate(zip(given, meets, strict=True))
        if (met.metres <= one.join_km * 1000).any()
    }  # fmt: skip
    while True:
        more = {b for a, b in touching if a in reached} | {a for a, b in touching if b in reached}
        if more <= reached:
            break
        reached |= more
    for k, one in enumerate(given):
        if k not in reached:
            least = float(meets[k].metres.min())
            where = f"the nearest lies {least / 1000:.0f} km away" if np.isfinite(least) else "it has none"
            at = f"{one.where}: " if one.where else ""
            raise NetworkError(
                f"{at}corridor '{one.id}' touches nothing: no stop lies within join_km = {one.join_km:g} km of a "
                f"node where the network can be entered ({where}); check its coordinates or raise join_km"
            )


@dataclass(frozen=True, eq=False)
class Meets:
    """Where the stops of a corridor meet the roads.

    Attributes
    ----------
    node : ndarray of int64, shape (stops,)
        The nearest node, -1 for none.
    metres : ndarray of float64, shape (stops,)
        Its distance.
    nodes : tuple of ndarray of int64
        For each stop all nodes at that place: where turns are banned, one comes and goes by others.
    """

    node: NDArray[np.int64]
    metres: NDArray[np.float64]
    nodes: tuple[NDArray[np.int64], ...]


def _entries(network: TransportNetwork) -> NDArray[np.int64]:
    """Return the nodes that a stop may be joined to."""
    nodes = network.exit_nodes
    if "road" in network.modes and len(network.modes) > 1:
        on_road = np.zeros(network.n_nodes, dtype=bool)
        roads = network.arc_mode == network.modes.index("road")
        on_road[network.arc_tail[roads]] = on_road[network.arc_head[roads]] = True
        nodes = nodes[on_road[nodes]]
    return nodes


def has_split_junctions(network: TransportNetwork) -> bool:
    """Whether one comes to some places at one node and leaves them from another, as where turns are banned.

    It is asked of the whole network, not of the stops at hand: what a corridor adds mustn't depend on
    which others are added.
    """
    nodes = _entries(network)
    places = distinct(network.node_lon[nodes] + 1j * network.node_lat[nodes])
    return len(places) < len(nodes)


def nearest_nodes(network: TransportNetwork, given: Sequence[Corridor]) -> list[Meets]:
    """Return for each corridor where its stops meet the roads.

    In a network with railways a station isn't such a node: one doesn't drive through its hall.
    """
    nodes = _entries(network)
    tree = network.exit_node_tree
    if len(nodes) < len(network.exit_nodes):
        tree = cKDTree(network.node_xyz[nodes].reshape(-1, 3))
    found = []
    for one in given:
        points = one.points
        if len(nodes) == 0:
            none = np.zeros(0, dtype=np.int64)
            found.append(Meets(np.full(len(points), -1), np.full(len(points), np.inf), (none,) * len(points)))
            continue
        metres, index = tree.query(to_ecef(points[:, 0], points[:, 1]))
        beside = tree.query_ball_point(network.node_xyz[nodes[index]], _SAME_PLACE_M, return_sorted=True)
        found.append(
            Meets(nodes[index], np.asarray(metres, dtype=float), tuple(nodes[one] for one in beside))
        )
    return found


def join_min(one: Corridor, stop: Stop, metres: float) -> float:
    """Return the minutes between a stop and the node that it is joined to."""
    speed = one.running_speed_kph if stop.kind == "hub" else one.join_speed_kph
    return float(metres) / 1000 / speed * 60
