"""From roads as ways over nodes to a `TransportNetwork`: speeds, junctions, turns, components."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ..checks import require_choice, require_frame
from ..crs import along_curve, to_ecef
from ..errors import EmptyInputError, GeometryTypeError, InputTypeError
from ..networks import Links, RaggedLines, TransportNetwork, build_network
from ._extract import OsmExtract, Restrictions, Rule
from ._speeds import MAX_FERRY_KPH, SpeedTable
from ._tags import CARRIERS, Road, RoadNode, read_node, read_road
from ._topology import (
    GAP,
    Chains,
    chain_lines,
    face_signs,
    join_chains,
    measure,
    split_ways,
    strong_components,
)
from ._turns import Arcs, expand_turns, find_courses

logger = logging.getLogger(__name__)

KEEP: Final = ("largest", "all")
#: Class of the links without length that stand for the allowed turns at restricted junctions.
TURN: Final = "turn"
OSM_LICENCE: Final = "© OpenStreetMap contributors, ODbL 1.0"
#: How far before a junction a signal or sign may stand that doesn't say whom it faces, metres.
SIGN_REACH_M: Final = 30.0
#: Whom a sign faces, by number: see `_topology.face_signs`; 4 are those on a junction's smaller roads.
_FACING: Final = {"both": 0, "forward": 1, "backward": 2, "nearest": 3, "minor": 4}
#: Nodes this near to the 180th meridian lie on it, degrees.
_DATE_LINE_DEG: Final = 1e-7


@dataclass(frozen=True, eq=False)
class Ways:
    """Roads as runs of nodes, with what their tags mean.

    Attributes
    ----------
    offset, nodes : ndarray
        Nodes of way ``i`` are ``nodes[offset[i]:offset[i + 1]]``; `GAP` where it's interrupted.
    way_id : ndarray of int64, shape (w,)
    kind : ndarray of int32, shape (w,)
        Index into `kinds`.
    kinds : sequence of Kind
    lon, lat : ndarray of float64, shape (n,)
    closed : ndarray of bool, shape (n,)
        Nodes that nobody passes.
    delay_s : ndarray of float64, shape (n,)
        Seconds that passing a node costs whichever way one comes.
    sign_s : ndarray of float64, shape (n,)
        Seconds that the signal or sign there costs those whom it faces.
    facing : ndarray of int8, shape (n,)
        Whom it faces; see `_topology.face_signs`.
    """

    offset: NDArray[np.int64]
    nodes: NDArray[np.int32]
    way_id: NDArray[np.int64]
    kind: NDArray[np.int32]
    kinds: Sequence[Kind]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    closed: NDArray[np.bool_]
    delay_s: NDArray[np.float64]
    sign_s: NDArray[np.float64]
    facing: NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class NodeCosts:
    """What stands on nodes: whether it closes them, and what it costs; as in `Ways`."""

    closed: NDArray[np.bool_]
    delay_s: NDArray[np.float64]
    sign_s: NDArray[np.float64]
    facing: NDArray[np.int8]

    @classmethod
    def of(
        cls, n_nodes: int, number: NDArray[np.int64], kind: NDArray[Any], meanings: Sequence[RoadNode],
        speeds: SpeedTable,
    ) -> NodeCosts:  # fmt: skip
        """Look up what some nodes cost: `kind` says for each of them which of the meanings is its own."""
        costs = cls(
            np.zeros(n_nodes, dtype=bool), np.zeros(n_nodes), np.zeros(n_nodes), np.zeros(n_nodes, dtype=np.int8)
        )  # fmt: skip
        if meanings:
            delays = [sum(speeds.delays.get(name, 0.0) for name in each.delays) for each in meanings]
            costs.closed[number] = np.array([each.closed for each in meanings])[kind]
            costs.delay_s[number] = np.array(delays, dtype=float)[kind]
            costs.sign_s[number] = np.array([speeds.delays.get(each.sign, 0.0) for each in meanings])[kind]
            costs.facing[number] = np.array([_FACING[each.facing] for each in meanings], dtype=np.int8)[kind]
        return costs


@dataclass(frozen=True)
class Kind:
    """A road and its speeds in km/h in the direction it is drawn and against it."""

    road: Road
    kph: float
    back_kph: float


def ways_of(extract: OsmExtract, speeds: SpeedTable) -> Ways:
    """Say what the tags of an extract mean.

    Ways of a class that the speed table leaves out are dropped.
    """
    kinds: list[Kind] = []
    kind_of = np.full(len(extract.way_tag_sets), -1, dtype=np.int32)
    for i, tags in enumerate(extract.way_tag_sets):
        road = read_road(tags)
        kph = None if road is None else speeds.speeds_kph(tags, road.road_class)
        if road is not None and kph is not None:
            kind_of[i] = len(kinds)
            kinds.append(Kind(road, *kph))
    kind = kind_of[extract.way_tags]
    _time_ferries(extract, kind, kinds)
    use = kind >= 0
    sizes = np.diff(extract.way_offset)
    offset = np.concatenate([[0], np.cumsum(sizes[use])]).astype(np.int64)
    nodes = extract.way_nodes if use.all() else extract.way_nodes[np.repeat(use, sizes)]
    nodes = np.where(np.isnan(extract.lon)[nodes], np.int32(GAP), nodes)
    costs = NodeCosts.of(
        len(extract.lon),
        extract.tagged_node,
        extract.tagged_node_tags,
        [read_node(tags) for tags in extract.node_tag_sets],
        speeds,
    )
    return Ways(
        offset=offset,
        nodes=nodes,
        way_id=extract.way_id[use],
        kind=kind[use],
        kinds=kinds,
        lon=extract.lon,
        lat=extract.lat,
        **costs.__dict__,
    )


def _time_ferries(extract: OsmExtract, kind: NDArray[np.int32], kinds: list[Kind]) -> None:
    """Turn the durations that ferries state into a kind of its own speed for each way.

    The duration belongs to the whole way, or to all the ways of a relation, so this comes before
    any clipping.
    """
    timed = np.array([np.isfinite(k.road.duration_s) for k in kinds], dtype=bool)
    own = np.flatnonzero((kind >= 0) & timed[kind]).tolist() if len(kinds) else []
    groups: list[tuple[tuple[int, ...], float]] = [((way,), kinds[kind[way]].road.duration_s) for way in own]
    for crossing in extract.crossings:
        ways = tuple(way for way in crossing.ways if kind[way] >= 0)
        if ways and all(kinds[kind[way]].road.road_class in CARRIERS for way in ways):
            groups.append((ways, crossing.duration_s))
    for ways, seconds in groups:
        length = sum(_length_m(extract, way) for way in ways)
        kph = length / seconds * 3.6
        if 0 < kph <= MAX_FERRY_KPH:
            for way in ways:
                kinds.append(Kind(kinds[kind[way]].road, kph, kph))
                kind[way] = len(kinds) - 1


def _length_m(extract: OsmExtract, way: int) -> float:
    nodes = extract.way_nodes[extract.way_offset[way] : extract.way_offset[way + 1]]
    xyz = to_ecef(extract.lon[nodes], extract.lat[nodes])
    return float(np.nansum(np.sqrt((np.diff(xyz, axis=0) ** 2).sum(axis=1))))


def join_date_line(ways: Ways) -> Ways:
    """Make one node of two at the same place on the 180th meridian, where OpenStreetMap cuts roads."""
    on_line = np.flatnonzero(np.abs(np.abs(ways.lon) - 180.0) <= _DATE_LINE_DEG)
    lat = np.rint(ways.lat[on_line] / _DATE_LINE_DEG)
    _, first, number = np.unique(lat, return_index=True, return_inverse=True)
    same = on_line[first][number.reshape(-1)]
    moved = same != on_line
    if not moved.any():
        return ways
    into = np.append(np.arange(len(ways.lon), dtype=np.int32), np.int32(GAP))  # the last stands for a gap
    into[on_line] = same
    closed, delay_s, sign_s = ways.closed.copy(), ways.delay_s.copy(), ways.sign_s.copy()
    np.logical_or.at(closed, same, ways.closed[on_line])
    np.maximum.at(delay_s, same, ways.delay_s[on_line])
    np.maximum.at(sign_s, same, ways.sign_s[on_line])
    return replace(ways, nodes=into[ways.nodes], closed=closed, delay_s=delay_s, sign_s=sign_s)


def clip_ways(ways: Ways, area: BaseGeometry) -> Ways:
    """Cut ways at the edge of an area.

    A piece of road between two neighbouring nodes is cut where it crosses the edge if exactly
    one of the nodes lies inside; it is kept if both do, and left out if none does.
    """
    shapely.prepare(area)
    inside = shapely.contains_xy(area, ways.lon, ways.lat)
    here = (ways.nodes >= 0) & inside[ways.nodes]
    known = ways.nodes >= 0
    same_way = np.ones(len(ways.nodes), dtype=bool)
    starts = ways.offset[1:-1]
    same_way[starts[starts < len(same_way)]] = False
    crossing = np.flatnonzero((here[:-1] != here[1:]) & known[:-1] & known[1:] & same_way[1:])
    cuts = np.zeros((len(crossing), 2))
    edge = area.boundary
    for k, i in enumerate(crossing.tolist()):
        a, b = ways.nodes[i], ways.nodes[i + 1]
        out, into = (b, a) if here[i] else (a, b)
        segment = shapely.linestrings([[ways.lon[into], ways.lat[into]], [ways.lon[out], ways.lat[out]]])
        met = shapely.get_coordinates(shapely.intersection(segment, edge))
        start = np.array([ways.lon[into], ways.lat[into]])
        # The first crossing on the way out; a node that touches the edge from within is its own.
        cuts[k] = met[np.argmin(((met - start) ** 2).sum(axis=1))] if len(met) else start
    n = len(ways.lon)
    nodes = np.where(here, ways.nodes, np.int32(GAP))
    nodes = np.insert(nodes, crossing + 1, np.arange(n, n + len(crossing), dtype=np.int32))
    offset = ways.offset + np.searchsorted(crossing + 1, ways.offset)
    return replace(
        ways,
        offset=offset,
        nodes=nodes,
        lon=np.concatenate([ways.lon, cuts[:, 0]]),
        lat=np.concatenate([ways.lat, cuts[:, 1]]),
        closed=np.concatenate([ways.closed, np.zeros(len(crossing), dtype=bool)]),
        delay_s=np.concatenate([ways.delay_s, np.zeros(len(crossing))]),
        sign_s=np.concatenate([ways.sign_s, np.zeros(len(crossing))]),
        facing=np.concatenate([ways.facing, np.zeros(len(crossing), dtype=np.int8)]),
    )


def require_area(area: Any, argument: str = "area") -> BaseGeometry:
    """Return polygons, in degrees, as one geometry.

    Raises
    ------
    InputTypeError, GeometryTypeError, MissingCRSError
    """
    if not isinstance(area, BaseGeometry):
        import geopandas as gpd  # noqa: PLC0415 - whoever gives a frame has it loaded

        if isinstance(area, gpd.GeoSeries):
            area = gpd.GeoDataFrame(geometry=area)
        if isinstance(area, gpd.GeoDataFrame):
            polygons = ("Polygon", "MultiPolygon")
            area = require_frame(area, argument, geometry_types=polygons, allow_empty=False)
            area = area.geometry.union_all()
    if not isinstance(area, BaseGeometry):
        raise InputTypeError(
            f"'{argument}' should be a shapely polygon in degrees or a GeoDataFrame of polygons, "
            f"got {type(area).__name__}"
        )
    if area.geom_type not in {"Polygon", "MultiPolygon"} or area.is_empty or not area.is_valid:
        raise GeometryTypeError(
            f"'{argument}' should be a valid polygon that isn't empty, got "
            f"{'an empty' if area.is_empty else 'an invalid' if not area.is_valid else 'a'} {area.geom_type}"
        )
    west, south, east, north = area.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise GeometryTypeError(
            f"'{argument}' reaches ({west:g}, {south:g}) to ({east:g}, {north:g}); it needs longitude and "
            "latitude in degrees: bring it to EPSG:4326"
        )
    return area


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
    links, lon, lat = _links(ways, fixed_nodes)
    if not len(links.tail):
        raise EmptyInputError("there is no road for cars in the data; check the file and the area")
    n_nodes = len(lon)
    report = {**provenance, "speeds": speeds.name}
    is_ferry = np.array([kind.road.road_class in CARRIERS for kind in ways.kinds])
    total_m = float(links.length_m[~is_ferry[links.way_kind]].sum())
    n_components, largest = _largest(links.tail, links.head, links.forward, links.backward, n_nodes)
    if keep == "largest":
        links = links.take(largest)
    links = links.delayed(*_end_delays(links, ways, n_nodes, speeds))

    fixed = np.zeros(n_nodes, dtype=bool)
    fixed[fixed_nodes] = True
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
    kept = np.unique(link[use[: len(link)]])
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
    used = np.unique(np.concatenate([tail[use], head[use]]))
    used = used[np.argsort(along_curve(lon[origin[used]], lat[origin[used]]), kind="stable")]
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
        lon[origin[used]],
        lat[origin[used]],
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


def _links(ways: Ways, fixed: Sequence[int]) -> tuple[_Links, NDArray[np.float64], NDArray[np.float64]]:
    """Links of the ways before any are joined, and where their nodes lie; `fixed` ones stay nodes."""
    vertex = np.zeros(len(ways.lon), dtype=bool)
    vertex[np.array(fixed, dtype=np.int64)] = True
    pieces = split_ways(ways.offset, ways.nodes, ways.closed, vertex)
    length, delay = measure(pieces.first, pieces.last, ways.nodes, ways.lon, ways.lat, ways.delay_s)
    n_nodes = len(ways.lon) + len(pieces.extra)
    arms = np.bincount(np.concatenate([pieces.tail, pieces.head]), minlength=n_nodes)
    ahead, back = face_signs(
        pieces.first, pieces.last, pieces.tail, pieces.head, ways.nodes, ways.lon, ways.lat, ways.sign_s,
        ways.facing, arms != 2, SIGN_REACH_M,
    )  # fmt: skip
    kind = ways.kind[pieces.way]
    kph = np.array([k.kph if k.road.forward else 0.0 for k in ways.kinds])
    back_kph = np.array([k.back_kph if k.road.backward else 0.0 for k in ways.kinds])
    with np.errstate(divide="ignore", invalid="ignore"):
        time_s = np.where(kph[kind] > 0, length * 3.6 / kph[kind] + delay + ahead, np.inf)
        back_s = np.where(back_kph[kind] > 0, length * 3.6 / back_kph[kind] + delay + back, np.inf)
    number, number_back = _numbers(ways.kinds)
    links = _Links(
        tail=pieces.tail,
        head=pieces.head,
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
    return (
        links,
        np.concatenate([ways.lon, ways.lon[pieces.extra]]),
        np.concatenate([ways.lat, ways.lat[pieces.extra]]),
    )


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
    links: _Links, ways: Ways, n_nodes: int, speeds: SpeedTable
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds that each link loses at its two ends, along it and against it: half of what passing costs.

    Where three or more links meet, those that can be left along lose the junction's delay too:
    slip roads join and leave a motorway without one.
    """
    both = (links.tail, links.head)
    arms = np.bincount(np.concatenate(both), minlength=n_nodes)
    at_node = np.zeros(n_nodes)
    at_node[: len(ways.delay_s)] = ways.delay_s
    at_node[: len(ways.sign_s)] += np.where(ways.facing == 0, ways.sign_s, 0.0)
    junction = np.where(arms >= 3, speeds.delays["junction"], 0.0)
    seconds = sum(at_node[ends] / 2 + np.where(links.exit_along, junction[ends] / 2, 0.0) for ends in both)
    ahead, back = np.array(seconds), np.array(seconds)
    _face_ends(links, ways, arms, ahead, back)
    return ahead, back


def _face_ends(
    links: _Links,
    ways: Ways,
    arms: NDArray[np.int64],
    ahead: NDArray[np.float64],
    back: NDArray[np.float64],
) -> None:
    """Add what signs at the ends of links cost those whom they face."""
    kph = np.array([max(kind.kph, kind.back_kph) for kind in ways.kinds])[links.way_kind]
    signed = np.zeros(len(arms), dtype=bool)
    signed[: len(ways.sign_s)] = (ways.sign_s > 0) & (ways.facing > 0)
    rows = np.flatnonzero(signed[links.tail] | signed[links.head])
    at: dict[int, list[tuple[int, bool]]] = {}
    for row in rows.tolist():
        for node, is_head in ((int(links.tail[row]), False), (int(links.head[row]), True)):
            if signed[node]:
                at.setdefault(node, []).append((row, is_head))
    for node, ends in at.items():
        half, facing = ways.sign_s[node] / 2, ways.facing[node]
        fastest = max(kph[row] for row, _ in ends)
        near = _nearer(links, arms, ends) if facing == _FACING["nearest"] else None
        for row, is_head in ends:
            into, out_of = (ahead, back) if is_head else (back, ahead)
            if facing == _FACING["forward"]:
                ahead[row] += half
            elif facing == _FACING["backward"]:
                back[row] += half
            elif facing == _FACING["minor"] and arms[node] >= 3:
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
    size = np.bincount(number[np.unique(np.concatenate([tail, head]))])
    return int(np.count_nonzero(size)), (number[tail] == number[head]) & (number[tail] == np.argmax(size))


def find_nodes(ids: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of some ids among ascending ones, -1 where they aren't."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)
