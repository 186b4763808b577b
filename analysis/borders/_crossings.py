"""Where roads cross provincial borders, and where they stop short of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.checks import require_frame, require_number
from ...geo.crs import CHINA_ALBERS, ELLIPSOID, WGS84, length_km
from ...geo.errors import InputError
from ...geo.networks import MAX_ARC_TIME_MS, Links, TransportNetwork
from .. import schemas
from ..times import UNREACHED, require_network, shortest_times_and_lengths

#: A road's last stretch is what lies at least so far before its end, or all of it.
_LAST_STRETCH_M: Final = 50.0
#: A line goes on where what is inside ends this near to a corner.
_AT_CORNER_DEG: Final = 1e-9
#: One row per link whose ends lie in different provinces.
CROSSINGS: Final[schemas.Schema] = {
    "link": "int64",
    "road_class": "str",
    "mode": "str",
    "province_a": "str",
    "province_b": "str",
    "adcode_a": "int64",
    "adcode_b": "int64",
    "county_a": "str",
    "county_b": "str",
    "length_km": "float64",
    "geometry": "geometry",
}
#: One row per province pair with a border.
BORDER_CROSSINGS: Final[schemas.Schema] = {
    "province_a": "str",
    "province_b": "str",
    "border_km": "float64",
    "n_crossings": "int64",
    "spacing_km": "float64",
    "longest_without_km": "float64",
    "by_class": "str",
    "geometry": "geometry",
}
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
_COUNTY_COLUMNS: Final = ("adcode", "name", "province", "province_adcode")


def node_counties(network: TransportNetwork, counties: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the row of the county that each node lies in, shape (n,); -1 outside all of them.

    Parameters
    ----------
    network : TransportNetwork
    counties : geopandas.GeoDataFrame
        Polygons. A node on the border of two goes to the first.
    """
    frame = require_frame(counties, "counties", geometry_types=("Polygon", "MultiPolygon"))
    points = shapely.points(network.node_lon, network.node_lat)
    node, county = shapely.STRtree(points).query(frame.geometry.to_numpy(), predicate="intersects")[::-1]
    found = np.full(network.n_nodes, len(frame), dtype=np.int64)
    np.minimum.at(found, node, county)
    found[found == len(frame)] = -1
    return found


def crossings(network: TransportNetwork, counties: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Find the links that cross from one province into another.

    Parameters
    ----------
    network : TransportNetwork
    counties : geopandas.GeoDataFrame
        As `counties` gives them.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns of `CROSSINGS`; (province_a, adcode_a, county_a) is the side with the smaller
        province code; the point is where the link first leaves the province it starts in. Where
        the course of a link isn't known, as on the trunk network, it is taken for straight.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError

    Notes
    -----
    A link that leaves a province and comes back into it between two junctions isn't counted.

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
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [3600.0]))
    >>> found = br.crossings(road, counties)
    >>> found[["province_a", "province_b"]].values.tolist(), found.geometry.x.round(3).tolist()
    ([['重庆市', '贵州省']], [107.0])
    """
    checked = require_network(network)
    frame = require_frame(counties, "counties", columns=_COUNTY_COLUMNS, allow_empty=False)
    inside = node_counties(checked, frame)
    province = np.append(frame["province_adcode"].to_numpy(dtype=np.int64), -1)[inside]
    tail, head = checked.link_ends
    across = (province[tail] != province[head]) & (province[tail] >= 0) & (province[head] >= 0)
    links = np.flatnonzero(across)
    if len(links) == 0:
        return gpd.GeoDataFrame(schemas.empty(CROSSINGS))
    arcs = np.maximum(*checked.link_arcs)[links]
    adcode, names = frame["adcode"].to_numpy(), frame["name"].to_numpy()
    provinces = frame["province"].to_numpy()
    turned = province[tail[links]] > province[head[links]]
    a = np.where(turned, inside[head[links]], inside[tail[links]])
    b = np.where(turned, inside[tail[links]], inside[head[links]])
    lines = np.array([shapely.LineString(checked.link_line(int(link))) for link in links], dtype=object)
    result = gpd.GeoDataFrame(
        {
            "link": links,
            "road_class": np.array(checked.classes, dtype=object)[checked.arc_class[arcs]],
            "mode": np.array(checked.modes, dtype=object)[checked.arc_mode[arcs]],
            "province_a": provinces[a],
            "province_b": provinces[b],
            "adcode_a": adcode[a],
            "adcode_b": adcode[b],
            "county_a": names[a],
            "county_b": names[b],
            "length_km": checked.link_length_m[links] / 1000,
        },
        geometry=_leaving_points(lines, province[tail[links]], frame),
        crs=WGS84,
    )
    order = ["province_a", "province_b", "adcode_a", "adcode_b", "link"]
    return result.sort_values(order, ignore_index=True)[list(CROSSINGS)]


def _leaving_points(
    lines: NDArray[np.object_], start_province: NDArray[np.int64], counties: gpd.GeoDataFrame
) -> NDArray[np.object_]:
    """Where each line first leaves the province that it starts in."""
    land = counties.dissolve("province_adcode").geometry
    points = np.empty(len(lines), dtype=object)
    for code in np.unique(start_province):
        rows = np.flatnonzero(start_province == code)
        within = shapely.intersection(lines[rows], land.loc[code])
        for row, part in zip(rows, within, strict=True):
            if not shapely.is_simple(lines[row]):
                points[row] = _leaves_at(lines[row], land.loc[code])
                continue
            pieces = [piece for piece in shapely.get_parts(part) if piece.geom_type == "LineString"]
            start = shapely.get_point(lines[row], 0)
            first = min(pieces, key=start.distance, default=None)
            points[row] = (
                shapely.line_interpolate_point(lines[row], 0.5, normalized=True)
                if first is None
                else shapely.get_point(first, -1)
            )
    return points


def _leaves_at(line: shapely.LineString, land: shapely.Geometry) -> shapely.Point:
    """Where a line that crosses itself first leaves its land: what is left of it inside is cut there as well."""
    corners = shapely.get_coordinates(line)
    steps = shapely.linestrings(np.stack([corners[:-1], corners[1:]], axis=1))
    last = None
    for step, inside in zip(steps, shapely.intersection(steps, land), strict=True):
        pieces = [piece for piece in shapely.get_parts(inside) if piece.geom_type == "LineString"]
        if not pieces:
            if last is not None:
                break
            continue
        start = shapely.get_point(step, 0)
        first = min(pieces, key=start.distance)
        if last is not None and first.distance(start) > 0:
            break  # it left at the corner, and came back
        last = max((shapely.get_point(first, k) for k in (0, -1)), key=start.distance)
        if last.distance(shapely.get_point(step, -1)) > _AT_CORNER_DEG:
            break
    return shapely.line_interpolate_point(line, 0.5, normalized=True) if last is None else last


def border_crossings(crossings: gpd.GeoDataFrame, borders: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Count the crossings of each border and measure their spacing along it.

    Parameters
    ----------
    crossings : geopandas.GeoDataFrame
        As `crossings` gives them.
    borders : geopandas.GeoDataFrame
        As `borders` gives them.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per border, with its line: length, number of crossings, mean spacing (length by
        number; infinite without any), the longest stretch of border without a crossing, and the
        number by road class, such as ``"motorway 3, trunk 5"``.

    Raises
    ------
    InputTypeError, MissingCRSError, MissingColumnError

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
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [3600.0]))
    >>> found = br.border_crossings(br.crossings(road, counties), br.borders(counties))
    >>> found[["n_crossings", "longest_without_km"]].round().values.tolist()
    [[1.0, 55.0]]
    """
    points = require_frame(crossings, "crossings", columns=("province_a", "province_b", "road_class"))
    lines = require_frame(borders, "borders", columns=("province_a", "province_b", "length_km"))
    rows = []
    for border in lines.itertuples(index=False):
        here = points[
            (points["province_a"] == border.province_a) & (points["province_b"] == border.province_b)
        ]
        count = len(here)
        by_class = here["road_class"].value_counts().sort_index()
        rows.append(
            {
                "province_a": border.province_a,
                "province_b": border.province_b,
                "border_km": border.length_km,
                "n_crossings": count,
                "spacing_km": border.length_km / count if count else np.inf,
                "longest_without_km": _longest_stretch(border.geometry, here.geometry),
                "by_class": ", ".join(f"{name} {number}" for name, number in by_class.items()),
                "geometry": border.geometry,
            }
        )
    return gpd.GeoDataFrame(schemas.conform(rows, BORDER_CROSSINGS))


def _longest_stretch(border: shapely.Geometry, points: gpd.GeoSeries) -> float:
    """Longest stretch of a border between neighbouring crossings or ends, km on the ellipsoid."""
    parts = shapely.get_parts(shapely.line_merge(border))
    shapes = points.to_numpy()
    nearest = shapely.STRtree(parts).nearest(shapes) if len(shapes) else np.zeros(0, dtype=np.int64)
    longest = 0.0
    for number, part in enumerate(parts):
        on_part = shapes[nearest == number]
        crossed = shapely.line_locate_point(part, on_part)
        at = np.unique(np.concatenate([[0.0, part.length], crossed]))
        pieces = [shapely.ops.substring(part, low, high) for low, high in pairwise(at)]
        if not pieces:
            continue
        km = np.asarray(length_km(gpd.GeoSeries(pieces, crs=WGS84)), dtype=float)
        if part.is_closed and len(km) > 1 and not np.isin(crossed, (0.0, part.length)).any():
            km = np.append(km[1:-1], km[0] + km[-1])  # a ring goes on where it's drawn from
        longest = max(longest, float(km.max()))
    return longest


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
    frame = require_frame(counties, "counties", columns=_COUNTY_COLUMNS, allow_empty=False)
    lines = require_frame(borders, "borders")
    near = require_number(within_km, "within_km", unit="km", above=0, maximum=100)
    far = require_number(gap_km, "gap_km", unit="km", above=0, maximum=200)
    factor = require_number(detour_factor, "detour_factor", minimum=1)
    turn = require_number(turn_deg, "turn_deg", unit="degrees", above=0, maximum=180)
    if len(lines) == 0:
        return gpd.GeoDataFrame(schemas.empty(GAPS))
    ends, before = _dead_ends(checked)
    flat = gpd.GeoSeries(
        gpd.points_from_xy(checked.node_lon[ends], checked.node_lat[ends]), crs=WGS84
    ).to_crs(CHINA_ALBERS)
    border = shapely.STRtree(lines.geometry.to_crs(CHINA_ALBERS).to_numpy())
    close, _ = border.query(flat.to_numpy(), predicate="dwithin", distance=near * 1000)
    keep = np.unique(close)
    ends, before, flat = ends[keep], before[keep], flat.iloc[keep]
    inside = node_counties(checked, frame)
    province = np.append(frame["province_adcode"].to_numpy(dtype=np.int64), -1)[inside]
    reachable = np.flatnonzero(checked.node_exit & (province >= 0))
    tree = cKDTree(checked.node_xyz[reachable])
    shapes = border.geometries
    rows = []
    for end, previous, point in zip(ends, before, flat, strict=True):
        if province[end] < 0:
            continue
        candidates = reachable[tree.query_ball_point(checked.node_xyz[end], far * 1000, return_sorted=True)]
        candidates = candidates[province[candidates] != province[end]]
        ahead = _last_bearing(checked, int(end), int(previous))
        beyond = _continuation(checked, int(end), ahead, candidates, factor, turn)
        if beyond is None:
            continue
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
                "geometry": shapely.LineString(
                    [
                        (checked.node_lon[end], checked.node_lat[end]),
                        (checked.node_lon[node], checked.node_lat[node]),
                    ]
                ),
            }
        )
    return gpd.GeoDataFrame(schemas.conform(_each_once(rows), GAPS))


def _dead_ends(network: TransportNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes with one neighbour that may be left, and that neighbour."""
    tail, head = network.link_ends
    used = np.maximum(*network.link_arcs) >= 0
    pairs = np.concatenate([np.stack([tail, head], 1)[used], np.stack([head, tail], 1)[used]])
    pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64), axis=0)
    degree = np.bincount(pairs[:, 0], minlength=network.n_nodes)
    single = (degree[pairs[:, 0]] == 1) & network.node_exit[pairs[:, 0]]
    return pairs[single, 0], pairs[single, 1]


def _last_bearing(network: TransportNetwork, end: int, previous: int) -> float:
    """Degrees from north in which the last stretch of the road from one node to another runs."""
    tail, head = network.link_ends
    first, last = network.arc_start[end], network.arc_start[end + 1]
    link = network.arc_link[first:last][network.arc_head[first:last] == previous]
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
    time = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    metres = np.full(network.n_nodes, np.inf)
    shortest_times_and_lengths(
        network.arc_start,
        network.arc_head,
        network.arc_time_ms,
        network.arc_length_m,
        np.array([end], dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros(1),
        MAX_ARC_TIME_MS,
        time,
        metres,
    )
    for pick in np.lexsort((candidates, straight)):
        node = int(candidates[pick])
        if metres[node] >= factor * straight[pick]:
            spent = np.inf if time[node] == UNREACHED else float(time[node])
            return node, float(straight[pick]), float(metres[node]), spent
    return None


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
    links = Links(nodes[:, 0], nodes[:, 1], metres, metres / speed * 3.6, road_class="gap closed")
    return checked.extended(links) if len(nodes) else checked


def with_border_penalty(
    network: TransportNetwork, crossings: gpd.GeoDataFrame, *, minutes: float
) -> TransportNetwork:
    """Return the network with time added to every link that crosses a provincial border.

    Parameters
    ----------
    network : TransportNetwork
        The one that `crossings` was computed on.
    crossings : geopandas.GeoDataFrame
        As `crossings` gives them.
    minutes : float
        What a crossing costs, in either direction, 0 or more.

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
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [3600.0]))
    >>> slower = br.with_border_penalty(road, br.crossings(road, counties), minutes=15)
    >>> ends = [(106.5, 29.5)], [(107.5, 29.5)]
    >>> [br.minutes_between(n, *ends).tolist() for n in (road, slower)]
    [[[60.0]], [[75.0]]]
    """
    checked = require_network(network)
    frame = require_frame(crossings, "crossings", columns=("link",))
    cost = round(require_number(minutes, "minutes", unit="minutes", minimum=0, maximum=24 * 60) * 60_000)
    links = frame["link"].to_numpy()
    if len(links) and (links.min() < 0 or links.max() >= checked.n_links):
        raise InputError("'crossings' names links that 'network' doesn't have; compute them on this network")
    crossing = np.zeros(checked.n_links, dtype=bool)
    crossing[links] = True
    time = checked.arc_time_ms.astype(np.int64) + cost * crossing[checked.arc_link]
    notes: Mapping[str, str] = {**checked.provenance, "border_penalty": f"{minutes:g} min per crossing"}
    return replace(checked, arc_time_ms=np.minimum(time, MAX_ARC_TIME_MS).astype(np.int32), provenance=notes)
