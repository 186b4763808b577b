"""From roads as ways over nodes to a `TransportNetwork`: speeds, junctions, turns, components."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ..checks import require_choice, require_frame
from ..crs import along_curve, to_ecef
from ..errors import EmptyInputError, GeometryTypeError, InputTypeError
from ..networks import Links, RaggedLines, TransportNetwork, build_network
from ._extract import OsmExtract, Restrictions
from ._speeds import MAX_FERRY_KPH, SpeedTable
from ._tags import FERRY, Road, read_node, read_road
from ._topology import (
    GAP,
    Chains,
    chain_lines,
    expand_turns,
    join_chains,
    measure,
    split_ways,
    strong_components,
)

logger = logging.getLogger(__name__)

KEEP: Final = ("largest", "all")
#: Class of the links without length that stand for the allowed turns at restricted junctions.
TURN: Final = "turn"
OSM_LICENCE: Final = "© OpenStreetMap contributors, ODbL 1.0"


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
    vertex : ndarray of int64
        Nodes that must stay nodes.
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
    vertex: NDArray[np.int64]


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
    closed, delay = np.zeros(len(extract.lon), dtype=bool), np.zeros(len(extract.lon))
    meanings = [read_node(tags) for tags in extract.node_tag_sets]
    if meanings:
        closed_by_set = np.array([is_closed for is_closed, _ in meanings])
        delay_by_set = np.array(
            [sum(speeds.delays.get(name, 0.0) for name in names) for _, names in meanings]
        )
        closed[extract.tagged_node] = closed_by_set[extract.tagged_node_tags]
        delay[extract.tagged_node] = delay_by_set[extract.tagged_node_tags]
    via = find_nodes(extract.node_id, extract.restrictions.via_node)
    return Ways(
        offset=offset,
        nodes=nodes,
        way_id=extract.way_id[use],
        kind=kind[use],
        kinds=kinds,
        lon=extract.lon,
        lat=extract.lat,
        closed=closed,
        delay_s=delay,
        vertex=via[via >= 0],
    )


def _time_ferries(extract: OsmExtract, kind: NDArray[np.int32], kinds: list[Kind]) -> None:
    """Turn the durations that ferries state into a kind of its own speed for each way.

    The duration belongs to the whole way, so this comes before any clipping.
    """
    timed = np.array([np.isfinite(k.road.duration_s) for k in kinds], dtype=bool)
    for way in np.flatnonzero((kind >= 0) & timed[kind] if len(kinds) else kind >= 0).tolist():
        nodes = extract.way_nodes[extract.way_offset[way] : extract.way_offset[way + 1]]
        xyz = to_ecef(extract.lon[nodes], extract.lat[nodes])
        length = float(np.nansum(np.sqrt((np.diff(xyz, axis=0) ** 2).sum(axis=1))))
        road = kinds[kind[way]].road
        kph = length / road.duration_s * 3.6
        if 0 < kph <= MAX_FERRY_KPH:
            kind[way] = len(kinds)
            kinds.append(Kind(road, kph, kph))


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
    via: NDArray[np.int64] | None = None,
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
        With `via`, the numbers of their nodes (-1 where no road passes them).
    """
    require_choice(keep, "keep", KEEP)
    links, lon, lat = _links(ways)
    if not len(links.tail):
        raise EmptyInputError("there is no road for cars in the data; check the file and the area")
    n_nodes = len(lon)
    report = {**provenance, "speeds": speeds.name}
    is_ferry = np.array([kind.road.road_class == FERRY for kind in ways.kinds])
    total_m = float(links.length_m[~is_ferry[links.way_kind]].sum())
    n_components, largest = _largest(links.tail, links.head, links.forward, links.backward, n_nodes)
    if keep == "largest":
        links = links.take(largest)
    links = links.delayed(_end_delays(links, ways.delay_s, n_nodes, speeds.delays["junction"]))

    fixed = np.zeros(n_nodes, dtype=bool)
    rules: list[tuple[int, int, int, bool]] = []
    if restrictions is not None and via is not None:
        known = via >= 0
        rules = list(
            zip(
                restrictions.from_way[known].tolist(), restrictions.to_way[known].tolist(),
                via[known].tolist(), restrictions.only[known].tolist(), strict=True,
            )
        )  # fmt: skip
        fixed[via[known]] = True
    chains = join_chains(links.tail, links.head, links.kind, links.kind_back, fixed)
    joined = links.joined(chains)
    first, last = links.first, links.last
    del links  # a big network's are worth their room
    turns = expand_turns(
        joined.tail, joined.head, joined.forward, joined.backward, joined.end_ways, rules, n_nodes
    )
    if restrictions is not None:
        report["turn_restrictions"] = (
            f"{turns.n_honoured:,} honoured; {turns.n_idle:,} forbid what can't be driven anyway; not honoured: "
            f"{restrictions.n_other:,} over ways or incomplete, {turns.n_unclear:,} unclear"
        )
    # All links, then the turns, which have neither length nor line.
    n_turns = len(turns.turn_tail)
    link = turns.link
    tail = np.concatenate([turns.tail, turns.turn_tail])
    head = np.concatenate([turns.head, turns.turn_head])
    length = np.append(joined.length_m[link], np.zeros(n_turns))
    time_s = np.append(np.where(turns.forward, joined.time_s[link], np.inf), np.zeros(n_turns))
    back_s = np.append(np.where(turns.backward, joined.back_s[link], np.inf), np.full(n_turns, np.inf))
    exit_along = np.append(joined.exit_along[link], np.zeros(n_turns, dtype=bool))
    road_class = np.append(joined.way_kind[link], np.full(n_turns, len(ways.kinds)))
    origin = np.concatenate([np.arange(n_nodes), turns.extra])  # the node that each comes from
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
    # A link that was taken apart stays one link on the ground: its second arc is put back below.
    n_used = len(rows)
    twin = np.arange(n_used)
    line_of = link[rows[:first_turn]]
    _, row, number_of = np.unique(line_of, return_index=True, return_inverse=True)
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

    def delayed(self, seconds: NDArray[np.float64]) -> _Links:
        return replace(self, time_s=self.time_s + seconds, back_s=self.back_s + seconds)

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


def _links(ways: Ways) -> tuple[_Links, NDArray[np.float64], NDArray[np.float64]]:
    """Links of the ways before any are joined, and where their nodes lie."""
    vertex = np.zeros(len(ways.lon), dtype=bool)
    vertex[ways.vertex] = True
    pieces = split_ways(ways.offset, ways.nodes, ways.closed, vertex)
    length, delay = measure(pieces.first, pieces.last, ways.nodes, ways.lon, ways.lat, ways.delay_s)
    kind = ways.kind[pieces.way]
    kph = np.array([k.kph if k.road.forward else 0.0 for k in ways.kinds])
    back_kph = np.array([k.back_kph if k.road.backward else 0.0 for k in ways.kinds])
    with np.errstate(divide="ignore", invalid="ignore"):
        time_s = np.where(kph[kind] > 0, length * 3.6 / kph[kind] + delay, np.inf)
        back_s = np.where(back_kph[kind] > 0, length * 3.6 / back_kph[kind] + delay, np.inf)
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
        fixed = (k.road.road_class, k.road.exit_along)
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
    links: _Links, delay_s: NDArray[np.float64], n_nodes: int, junction_s: float
) -> NDArray[np.float64]:
    """Seconds that each link loses at its two ends: half of what passing the node costs.

    Where three or more links meet, those that can be left along lose the junction's delay too:
    slip roads join and leave a motorway without one.
    """
    arms = np.bincount(np.concatenate([links.tail, links.head]), minlength=n_nodes)
    at_node = np.zeros(n_nodes)
    at_node[: len(delay_s)] = delay_s
    junction = np.where(arms >= 3, junction_s, 0.0)
    return sum(
        at_node[ends] / 2 + np.where(links.exit_along, junction[ends] / 2, 0.0)
        for ends in (links.tail, links.head)
    )  # type: ignore[return-value]


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
