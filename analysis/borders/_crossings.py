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

from ...geo.checks import require_frame, require_number
from ...geo.crs import WGS84, length_km
from ...geo.errors import InputError
from ...geo.networks import MAX_ARC_TIME_MS, TransportNetwork, nodes_inside
from .. import schemas
from ..times import require_network

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
COUNTY_COLUMNS: Final = ("adcode", "name", "province", "province_adcode")


def node_counties(network: TransportNetwork, counties: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Return the row of the county that each node lies in, shape (n,); -1 outside all of them.

    Parameters
    ----------
    network : TransportNetwork
    counties : geopandas.GeoDataFrame
        Polygons. A node on the border of two goes to the first.
    """
    frame = require_frame(counties, "counties", geometry_types=("Polygon", "MultiPolygon"))
    county, node = nodes_inside(network, frame.geometry.to_numpy())
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
    frame = require_frame(counties, "counties", columns=COUNTY_COLUMNS, allow_empty=False)
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
    lines = np.array([_without_jumps(checked.link_line(int(link))) for link in links], dtype=object)
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


def _without_jumps(lonlat: NDArray[np.float64]) -> shapely.LineString:
    """Return a line whose longitudes go on beyond 180 degrees where it leads across."""
    return shapely.LineString(np.column_stack([np.unwrap(lonlat[:, 0], period=360), lonlat[:, 1]]))


def _leaving_points(
    lines: NDArray[np.object_], start_province: NDArray[np.int64], counties: gpd.GeoDataFrame
) -> NDArray[np.object_]:
    """Where each line first leaves the province that it starts in."""
    land = counties.dissolve("province_adcode").geometry
    points = np.empty(len(lines), dtype=object)
    beyond = np.abs(shapely.bounds(lines)[:, [0, 2]]).max(axis=1) > 180
    for code in np.unique(start_province):
        ground = land.loc[code]
        rows = np.flatnonzero(start_province == code)
        if beyond[rows].any():  # the same land again, a turn of the globe to either side
            ground = shapely.union_all(
                [
                    shapely.transform(ground, lambda xy, turn=turn: xy + np.array([turn, 0.0]))
                    for turn in (-360.0, 0.0, 360.0)
                ]
            )
        within = shapely.intersection(lines[rows], ground)
        for row, part in zip(rows, within, strict=True):
            if not shapely.is_simple(lines[row]):
                points[row] = _leaves_at(lines[row], ground)
                continue
            points[row] = _end_of_first(lines[row], part)
    for k in np.flatnonzero(beyond).tolist():
        points[k] = shapely.Point((points[k].x + 180) % 360 - 180, points[k].y)
    return points


def _end_of_first(line: shapely.LineString, inside: shapely.Geometry) -> shapely.Point:
    """Where the first piece of a line within its land ends; a corner that only touches the edge of the land ends none."""
    pieces = [piece for piece in shapely.get_parts(inside) if piece.geom_type == "LineString"]
    start = shapely.get_point(line, 0)
    merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(pieces)))
    first = min(merged, key=start.distance, default=None)
    if first is None:
        return shapely.line_interpolate_point(line, 0.5, normalized=True)
    ends = (shapely.get_point(first, 0), shapely.get_point(first, -1))
    return max(ends, key=lambda end: float(shapely.line_locate_point(line, end)))


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
