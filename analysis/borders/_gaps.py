"""Roads that stop short of a border, and what they would be with the gap closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.antimeridian import cut_line
from ...geo.checks import require_frame, require_number
from ...geo.crs import ELLIPSOID, WGS84, along_curve, equal_area_crs
from ...geo.errors import InputError
from ...geo.networks import MAX_ARC_TIME_MS, Links, TransportNetwork
from ...geo.sorting import distinct
from .. import schemas
from ..times import UNREACHED, bucketed_times, each, require_network
from ._crossings import COUNTY_COLUMNS, node_counties
from ._ways_round import fastest_ways, first_detours

#: A road's last stretch is what lies at least so far before its end, or all of it.
_LAST_STRETCH_M: Final = 50.0


#: Dead ends whose continuations are looked for together, on one work space.
_TOGETHER: Final = 256
#: Marks that long ways round are searched towards, and for how many ways it takes one.
_MOST_MARKS: Final = 32
_GOALS_PER_MARK: Final = 16
#: One row per dead end near a border that the road beyond would continue.
GAPS: Final[schemas.Schema] = {
    "node": "int64",
    "beyond_node": "int64",
    "province": "str",
    "county": "str",
    "beyond_province": "str",
    "beyond_county": "str",
    "border_distance_km": "float64",
    "gap_km": "float64",
    "network_km": "float64",
    "network_min": "float64",
    "detour_factor": "float64",
    "geometry": "geometry",
}


def gaps(
    network: TransportNetwork,
    counties: gpd.GeoDataFrame,
    borders: gpd.GeoDataFrame,
    *,
    within_km: float = 5.0,
    gap_km: float = 10.0,
    detour_factor: float = 3.0,
    turn_deg: float = 60.0,
) -> gpd.GeoDataFrame:
    """Find gaps (断头路): roads that end near a border though a road beyond would continue them.

    Parameters
    ----------
    network : TransportNetwork
    counties, borders : geopandas.GeoDataFrame
        As `counties` and `borders` give them.
    within_km : float
        How near to the border a road has to end.
    gap_km : float
        How far away the road beyond may be.
    detour_factor : float
        How many times as long as the gap the way between the two over the network has to be.
    turn_deg : float
        How far the way across may turn off the road's last direction: that of its last 50 metres or more,
        to the next corner of its line.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `GAPS`; the line runs from the dead end to the nearest node beyond the border that
        meets the conditions. ``network_km``, ``network_min`` and ``detour_factor`` are infinite where
        the two aren't connected. Of several dead ends that lead to one another the shortest gap
        stays.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError, InputError

    Notes
    -----
    A dead end is a node with one neighbour. Nodes at which the network was cut off (the edge of an
    extract) are dead ends too: cut extracts wider than the border.

    Examples
    --------
    Two roads that end 2 km short of a border, with no other way between them:

    >>> counties = gpd.GeoDataFrame(
    ...     {
    ...         "adcode": [500101, 520101],
    ...         "name": ["甲县", "乙县"],
    ...         "province": ["重庆市", "贵州省"],
    ...         "province_adcode": [500000, 520000],
    ...         "lon": [106.5, 107.5],
    ...         "lat": [29.5, 29.5],
    ...     },
    ...     geometry=[shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)],
    ...     crs=4326,
    ... )
    >>> road = br.build_network(
    ...     [106.5, 106.98, 107.02, 107.5], [29.5] * 4, br.Links([0, 2], [1, 3], [46e3, 46e3], [3e3, 3e3])
    ... )
    >>> br.gaps(road, counties, br.borders(counties))[["province", "beyond_province", "gap_km"]].round(1)
      province beyond_province  gap_km
    0      重庆市             贵州省     3.9
    """
    checked = require_network(network)
    frame = require_frame(counties, "counties", columns=COUNTY_COLUMNS, allow_empty=False)
    lines = require_frame(borders, "borders")
    near = require_number(within_km, "within_km", unit="km", above=0, maximum=100)
    far = require_number(gap_km, "gap_km", unit="km", above=0, maximum=200)
    factor = require_number(detour_factor, "detour_factor", minimum=1)
    turn = require_number(turn_deg, "turn_deg", unit="degrees", above=0, maximum=180)
    if len(lines) == 0:
        return gpd.GeoDataFrame(schemas.empty(GAPS))
    places = _Places(checked)
    ends, before = _dead_ends(checked, places)
    plane = equal_area_crs(lines.geometry)
    points = gpd.GeoSeries(gpd.points_from_xy(checked.node_lon[ends], checked.node_lat[ends]), crs=WGS84)
    flat = points.to_crs(plane)
    border = shapely.STRtree(lines.geometry.to_crs(plane).to_numpy())
    close, _ = border.query(flat.to_numpy(), predicate="dwithin", distance=near * 1000)
    keep = np.unique(close)
    ends, before, flat = ends[keep], before[keep], flat.iloc[keep]
    inside = node_counties(checked, frame)
    province = np.append(frame["province_adcode"].to_numpy(dtype=np.int64), -1)[inside]
    reachable = np.flatnonzero(checked.node_exit & (province >= 0))
    search = _Search(checked, places, province, reachable, factor=factor, turn_deg=turn)
    on_land = np.flatnonzero(province[ends] >= 0)
    rows = [
        {
            "node": int(ends[k]),
            "beyond_node": int(beyond),
            "province": frame["province"].iloc[inside[ends[k]]],
            "gap_km": straight / 1000,
            "straight_m": straight,
            "near": flat.iloc[k],
        }
        for k, beyond, straight in search.continuations(ends, before, on_land, far_m=far * 1000)
    ]
    kept = _each_once(rows)
    milliseconds, metres = search.ways([row["node"] for row in kept], [row["beyond_node"] for row in kept])
    shapes = border.geometries
    for row, time, length in zip(kept, milliseconds, metres, strict=True):
        node, other, point = row["node"], row["beyond_node"], row.pop("near")
        row.update(
            county=frame["name"].iloc[inside[node]],
            beyond_province=frame["province"].iloc[inside[other]],
            beyond_county=frame["name"].iloc[inside[other]],
            border_distance_km=point.distance(shapes[border.nearest(point)]) / 1000,
            network_km=length / 1000,
            network_min=np.inf if time == UNREACHED else float(time) / 60_000,
            detour_factor=length / row["straight_m"],
            geometry=cut_line(
                np.column_stack([checked.node_lon[[node, other]], checked.node_lat[[node, other]]])
            ),
        )
    return gpd.GeoDataFrame(schemas.conform(kept, GAPS))


class _Places:
    """Which nodes lie at one place: where turns are banned, one comes and goes by others."""

    def __init__(self, network: TransportNetwork) -> None:
        at = network.node_lon + 1j * network.node_lat
        self.of = np.unique(at, return_inverse=True)[1].reshape(-1)
        order = np.argsort(self.of, kind="stable")
        self.by_place = np.concatenate([[0], np.cumsum(np.bincount(self.of))]).astype(np.int64), order

    def nodes(self, node: int) -> NDArray[np.int64]:
        """Return all nodes at the place of one, ascending."""
        start, order = self.by_place
        place = self.of[node]
        return order[start[place] : start[place + 1]]


def _dead_ends(network: TransportNetwork, places: _Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes at places with one neighbouring place that may be left, one each, and a node of that neighbour's."""
    tail, head = network.link_ends
    used = np.maximum(*network.link_arcs) >= 0
    pairs = np.concatenate([np.stack([tail, head], 1)[used], np.stack([head, tail], 1)[used]]).astype(
        np.int64
    )
    apart = places.of[pairs]
    pairs, apart = pairs[apart[:, 0] != apart[:, 1]], apart[apart[:, 0] != apart[:, 1]]
    n = network.n_nodes
    near = distinct(apart[:, 0] * n + apart[:, 1]) // n
    single = np.bincount(near, minlength=n) == 1
    pairs = np.unique(pairs[single[apart[:, 0]] & network.node_exit[pairs[:, 0]]], axis=0)
    _, first = np.unique(places.of[pairs[:, 0]], return_index=True)
    pairs = pairs[np.sort(first)]
    return pairs[:, 0], pairs[:, 1]


def _last_bearing(network: TransportNetwork, places: _Places, end: int, previous: int) -> float:
    """Degrees from north in which the last stretch of the road from one node to another runs."""
    tail, head = network.link_ends
    link = np.zeros(0, dtype=np.int64)
    for node in places.nodes(end).tolist():
        first, last = network.arc_start[node], network.arc_start[node + 1]
        there = places.of[network.arc_head[first:last]] == places.of[previous]
        link = np.concatenate([link, network.arc_link[first:last][there]])
    if not len(link):  # a road that leads here only
        link = np.flatnonzero((tail == previous) & (head == end))
    line = network.link_line(int(link[0])) if len(link) else np.zeros((0, 2))
    if len(line) == 0:
        line = np.array([[network.node_lon[n], network.node_lat[n]] for n in (previous, end)])
    here = (network.node_lon[end], network.node_lat[end])
    if np.abs(line[0] - here).max() < np.abs(line[-1] - here).max():
        line = line[::-1]
    k = len(line) - 1
    bearing, _, metres = ELLIPSOID.inv(line[:-1, 0], line[:-1, 1], np.full(k, here[0]), np.full(k, here[1]))
    far = np.flatnonzero(np.asarray(metres) >= _LAST_STRETCH_M)
    return float(bearing[far[-1] if len(far) else 0])


class _Search:
    """What continues dead ends, and the ways round to it."""

    def __init__(
        self,
        network: TransportNetwork,
        places: _Places,
        province: NDArray[np.int64],
        beyond: NDArray[np.int64],
        *,
        factor: float,
        turn_deg: float,
    ) -> None:
        self._network = network
        self._places = places
        self._province = province
        self._beyond = beyond  # nodes that can continue a road
        self._tree = cKDTree(network.node_xyz[beyond])
        self._factor, self._turn_deg = factor, turn_deg
        self._arcs = network.arc_start, network.arc_head, network.arc_time_ms, network.arc_length_m

    def continuations(
        self, ends: NDArray[np.int64], before: NDArray[np.int64], which: NDArray[np.int64], *, far_m: float
    ) -> list[tuple[int, int, float]]:
        """Return the nearest node that continues each dead end that has one: (which, node, gap m).

        Most are near: each turn looks twice as far for those that still have none.
        """
        found: list[tuple[int, int, float]] = []
        nearer = 0.0
        for reach_m in (far_m / 8, far_m / 4, far_m / 2, far_m):
            # the ground is a little longer than the straight line, by which the last turn is meant
            ring = nearer, np.inf if reach_m == far_m else reach_m

            def of_group(
                group: NDArray[np.int64],
                reach_m: float = reach_m,
                ring: tuple[float, float] = ring,
            ) -> list[tuple[int, int, float]]:
                ahead = [self._ahead(int(ends[k]), int(before[k]), reach_m, ring) for k in group.tolist()]
                return self._first(ends[group], group, ahead)

            groups = [which[k : k + _TOGETHER] for k in range(0, len(which), _TOGETHER)]
            for some in each(of_group, groups, progress=False, label=""):
                found += some
            which = np.setdiff1d(which, [k for k, _, _ in found])
            nearer = reach_m
        return sorted(found)

    def _ahead(
        self, end: int, previous: int, reach_m: float, ring_m: tuple[float, float]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the nodes of other provinces ahead of a dead end, the nearest first, and how far they are.

        Those within reach in a straight line, and on the ground farther than a ring's inner and as far as its outer edge.
        """
        network = self._network
        near = self._tree.query_ball_point(network.node_xyz[end], reach_m)
        nodes = self._beyond[near]
        nodes = nodes[self._province[nodes] != self._province[end]]
        if len(nodes) == 0:
            return nodes, np.zeros(0)
        lon, lat, k = network.node_lon, network.node_lat, len(nodes)
        bearing, _, found_m = ELLIPSOID.inv(
            np.full(k, lon[end]), np.full(k, lat[end]), lon[nodes], lat[nodes]
        )
        straight = np.asarray(found_m)
        fits = (straight > ring_m[0]) & (straight <= ring_m[1])
        if fits.any():
            ahead = _last_bearing(network, self._places, end, previous)
            fits &= np.abs((np.asarray(bearing) - ahead + 180) % 360 - 180) <= self._turn_deg
        nodes, straight = nodes[fits], straight[fits]
        order = np.lexsort((nodes, straight))
        return nodes[order], straight[order]

    def _first(
        self,
        ends: NDArray[np.int64],
        names: NDArray[np.int64],
        ahead: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
    ) -> list[tuple[int, int, float]]:
        """Return the first of the nodes ahead of each dead end to which the way round is long enough."""
        start = np.zeros(len(ends) + 1, dtype=np.int64)
        np.cumsum([len(nodes) for nodes, _ in ahead], out=start[1:])
        if start[-1] == 0:
            return []
        nodes = np.concatenate([nodes for nodes, _ in ahead])
        straight = np.concatenate([metres for _, metres in ahead])
        place = self._places.of
        picks = first_detours(
            self._arcs, self._places.by_place, place[ends], start, place[nodes], self._factor * straight
        )
        return [
            (int(name), int(nodes[pick]), float(straight[pick]))
            for name, pick in zip(names, picks, strict=True)
            if pick >= 0
        ]

    def ways(
        self, origins: Sequence[int], goals: Sequence[int]
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Return ms and m of the fastest ways from nodes' places to as many others, shape (k,) each."""
        place = self._places.of
        begin, end = (np.asarray(nodes, dtype=np.int64) for nodes in (origins, goals))
        marks = self._times_to_marks(end)
        groups = [slice(k, k + _TOGETHER // 4) for k in range(0, len(begin), _TOGETHER // 4)]
        found = each(
            lambda some: fastest_ways(
                self._arcs, self._places.by_place, place[begin[some]], place[end[some]], marks
            ),
            groups,
            progress=False,
            label="",
        )
        times, lengths = [np.zeros(0, dtype=np.int32)], [np.zeros(0)]
        for time, length in found:
            times.append(time)
            lengths.append(length)
        return np.concatenate(times), np.concatenate(lengths)

    def _times_to_marks(self, goals: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the time from each node to some of the goals, evenly strewn among them, shape (n, marks).

        Many ways round are long, and lead to goals near each other: one search to one of these shows all the way.
        """
        network = self._network
        n = min(_MOST_MARKS, len(goals) // _GOALS_PER_MARK)
        found = np.empty((network.n_nodes, n), dtype=np.int32)
        if n == 0:
            return found
        reverse = network.reverse
        spread = goals[
            np.argsort(along_curve(network.node_lon[goals], network.node_lat[goals]), kind="stable")
        ]

        def to_mark(k: int) -> None:
            times = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
            bucketed_times(
                reverse.arc_start,
                reverse.arc_head,
                reverse.arc_time_ms,
                spread[[k * len(spread) // n]],
                np.zeros(1, dtype=np.int64),
                MAX_ARC_TIME_MS,
                times,
            )
            found[:, k] = times

        for _ in each(to_mark, range(n), progress=False, label=""):
            pass
        return found


def _each_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one of the gaps between the same two nodes, and the shortest of those to one node."""
    best: dict[frozenset[int], dict[str, Any]] = {}
    for row in rows:
        best.setdefault(frozenset((row["node"], row["beyond_node"])), row)
    to: dict[int, dict[str, Any]] = {}
    for row in best.values():
        other = to.get(row["beyond_node"])
        if other is None or row["gap_km"] < other["gap_km"]:
            to[row["beyond_node"]] = row
    return sorted(to.values(), key=lambda row: (row["province"], row["node"]))


def close_gaps(
    network: TransportNetwork, gaps: gpd.GeoDataFrame, *, speed_kph: float, sinuosity: float = 1.3
) -> TransportNetwork:
    """Return the network with its gaps closed: the counterfactual of roads that don't stop at borders.

    Parameters
    ----------
    network : TransportNetwork
        The one that `gaps` was computed on.
    gaps : geopandas.GeoDataFrame
        As `gaps` gives them.
    speed_kph : float
        Speed on the new links.
    sinuosity : float
        Length of a new link over its straight length, at least 1.

    Raises
    ------
    InputTypeError, InputError, MissingColumnError

    Examples
    --------
    >>> counties = gpd.GeoDataFrame(
    ...     {
    ...         "adcode": [500101, 520101],
    ...         "name": ["甲县", "乙县"],
    ...         "province": ["重庆市", "贵州省"],
    ...         "province_adcode": [500000, 520000],
    ...         "lon": [106.5, 107.5],
    ...         "lat": [29.5, 29.5],
    ...     },
    ...     geometry=[shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)],
    ...     crs=4326,
    ... )
    >>> road = br.build_network(
    ...     [106.5, 106.98, 107.02, 107.5], [29.5] * 4, br.Links([0, 2], [1, 3], [46e3, 46e3], [3e3, 3e3])
    ... )
    >>> closed = br.close_gaps(road, br.gaps(road, counties, br.borders(counties)), speed_kph=60)
    >>> ends = [(106.5, 29.5)], [(107.5, 29.5)]
    >>> [br.minutes_between(n, *ends).round(1).tolist() for n in (road, closed)]
    [[[nan]], [[105.0]]]
    """
    checked = require_network(network)
    frame = require_frame(gaps, "gaps", columns=("node", "beyond_node", "gap_km"))
    speed = require_number(speed_kph, "speed_kph", unit="km/h", above=0, maximum=200)
    metres = frame["gap_km"].to_numpy() * 1000 * require_number(sinuosity, "sinuosity", minimum=1, maximum=5)
    nodes = frame[["node", "beyond_node"]].to_numpy()
    if len(nodes) and (nodes.min() < 0 or nodes.max() >= checked.n_nodes):
        raise InputError("'gaps' names nodes that 'network' doesn't have; compute them on this network")
    if not len(nodes):
        return checked
    places = _Places(checked)
    # where turns are banned, the new road is come to and left by all the nodes at its end
    rows = [
        (a, b, row)
        for row, (node, other) in enumerate(nodes.tolist())
        for a in places.nodes(node).tolist()
        for b in places.nodes(other).tolist()
    ]
    tail, head, row = np.array(rows, dtype=np.int64).T
    length = metres[row]
    return checked.extended(Links(tail, head, length, length / speed * 3.6, road_class="gap closed"))
