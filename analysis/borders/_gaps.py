"""Roads that stop short of a border, and what they would be with the gap closed."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.antimeridian import cut_line
from ...geo.checks import require_frame, require_number
from ...geo.crs import ELLIPSOID, WGS84, equal_area_crs
from ...geo.errors import InputError
from ...geo.networks import MAX_ARC_TIME_MS, Links, TransportNetwork
from .. import schemas
from ..times import UNREACHED, Wanted, each, require_network, shortest_times_and_lengths
from ._crossings import COUNTY_COLUMNS, node_counties

#: A road's last stretch is what lies at least so far before its end, or all of it.
_LAST_STRETCH_M: Final = 50.0


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
    tree = cKDTree(checked.node_xyz[reachable])
    shapes = border.geometries
    on_land = np.flatnonzero(province[ends] >= 0).tolist()

    def beyond_of(k: int) -> tuple[int, float, float, float] | None:
        end = int(ends[k])
        candidates = reachable[tree.query_ball_point(checked.node_xyz[end], far * 1000, return_sorted=True)]
        candidates = candidates[province[candidates] != province[end]]
        ahead = _last_bearing(checked, places, end, int(before[k]))
        return _continuation(checked, places, end, ahead, candidates, factor, turn)

    rows = []
    found = each(beyond_of, on_land, progress=False, label="")
    for k, beyond in zip(on_land, found, strict=True):
        if beyond is None:
            continue
        end, point = ends[k], flat.iloc[k]
        node, straight, metres, milliseconds = beyond
        rows.append(
            {
                "node": end,
                "beyond_node": node,
                "province": frame["province"].iloc[inside[end]],
                "county": frame["name"].iloc[inside[end]],
                "beyond_province": frame["province"].iloc[inside[node]],
                "beyond_county": frame["name"].iloc[inside[node]],
                "border_distance_km": point.distance(shapes[border.nearest(point)]) / 1000,
                "gap_km": straight / 1000,
                "network_km": metres / 1000,
                "network_min": milliseconds / 60_000,
                "detour_factor": metres / straight,
                "geometry": cut_line(
                    np.column_stack([checked.node_lon[[end, node]], checked.node_lat[[end, node]]])
                ),
            }
        )
    return gpd.GeoDataFrame(schemas.conform(_each_once(rows), GAPS))


class _Places:
    """Which nodes lie at one place: where turns are banned, one comes and goes by others."""

    def __init__(self, network: TransportNetwork) -> None:
        at = network.node_lon + 1j * network.node_lat
        self.of = np.unique(at, return_inverse=True)[1].reshape(-1)
        self._order = np.argsort(self.of, kind="stable")
        self._start = np.concatenate([[0], np.cumsum(np.bincount(self.of))])

    def nodes(self, node: int) -> NDArray[np.int64]:
        """Return all nodes at the place of one, ascending."""
        place = self.of[node]
        return self._order[self._start[place] : self._start[place + 1]]


def _dead_ends(network: TransportNetwork, places: _Places) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes at places with one neighbouring place that may be left, one each, and a node of that neighbour's."""
    tail, head = network.link_ends
    used = np.maximum(*network.link_arcs) >= 0
    pairs = np.concatenate([np.stack([tail, head], 1)[used], np.stack([head, tail], 1)[used]]).astype(
        np.int64
    )
    apart = places.of[pairs]
    pairs, apart = pairs[apart[:, 0] != apart[:, 1]], apart[apart[:, 0] != apart[:, 1]]
    near = np.unique(apart, axis=0)
    single = np.bincount(near[:, 0], minlength=network.n_nodes) == 1
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


def _continuation(
    network: TransportNetwork,
    places: _Places,
    end: int,
    ahead: float,
    candidates: NDArray[np.int64],
    factor: float,
    turn_deg: float,
) -> tuple[int, float, float, float] | None:
    """Nearest node that continues a dead end: (node, gap m, network m, network ms)."""
    if len(candidates) == 0:
        return None
    lon, lat = network.node_lon, network.node_lat
    k = len(candidates)
    bearing, _, straight = ELLIPSOID.inv(
        np.full(k, lon[end]), np.full(k, lat[end]), lon[candidates], lat[candidates]
    )
    off = np.abs((np.asarray(bearing) - ahead + 180) % 360 - 180)
    fits = (off <= turn_deg) & (np.asarray(straight) > 0)
    candidates, straight = candidates[fits], np.asarray(straight)[fits]
    if len(candidates) == 0:
        return None
    order = np.lexsort((candidates, straight))
    # the nearest one is mostly the one, or so near by road that a short search says no
    for some in (order[:1], order[1:]):
        if len(some) == 0:
            break
        time, metres = _ways_from(network, places, end, candidates[some])
        for pick in some:
            node = int(candidates[pick])
            there = places.nodes(node)
            first = there[np.lexsort((metres[there], time[there]))[0]]
            far = float(metres[first])
            if far >= factor * straight[pick]:
                spent = np.inf if time[first] == UNREACHED else float(time[first])
                return node, float(straight[pick]), far, spent
    return None


def _ways_from(
    network: TransportNetwork, places: _Places, node: int, to: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return times and lengths of the fastest ways from a node's place to other nodes' places, shape (n,) each."""
    time = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    metres = np.full(network.n_nodes, np.inf)
    here = places.nodes(node)
    shortest_times_and_lengths(
        network.arc_start,
        network.arc_head,
        network.arc_time_ms,
        network.arc_length_m,
        here,
        np.zeros(len(here), dtype=np.int64),
        np.zeros(len(here)),
        MAX_ARC_TIME_MS,
        time,
        metres,
        _wanted(places, to),
    )
    return time, metres


def _wanted(places: _Places, nodes: NDArray[np.int64]) -> Wanted:
    """Return nodes as what a search is for: each may be come to at any node of its place."""
    ways = [places.nodes(int(node)) for node in nodes]
    start = np.zeros(len(ways) + 1, dtype=np.int64)
    np.cumsum([len(way) for way in ways], out=start[1:])
    return start, np.concatenate(ways), np.zeros(start[-1], dtype=np.int64)


def _each_once(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Keep one of the gaps between the same two nodes, and the shortest of those to one node."""
    best: dict[frozenset[object], dict[str, object]] = {}
    for row in rows:
        best.setdefault(frozenset((row["node"], row["beyond_node"])), row)
    to: dict[object, dict[str, object]] = {}
    for row in best.values():
        other = to.get(row["beyond_node"])
        if other is None or float(str(row["gap_km"])) < float(str(other["gap_km"])):
            to[row["beyond_node"]] = row
    return sorted(to.values(), key=lambda row: (str(row["province"]), int(str(row["node"]))))


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
