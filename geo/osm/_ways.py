"""Roads as runs of nodes, with what their tags mean; clipped to an area, joined at the date line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from ..checks import require_frame
from ..crs import to_ecef
from ..errors import GeometryTypeError, InputTypeError
from ._gathering import OsmExtract
from ._speeds import MAX_FERRY_KPH, SpeedTable
from ._tags import CARRIERS, Road, RoadNode, read_node, read_road
from ._topology import GAP

#: Whom a sign faces, by number: see `_topology.face_signs`; 4 are those on a junction's smaller roads.
FACING: Final = {"both": 0, "forward": 1, "backward": 2, "nearest": 3, "minor": 4}
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
            costs.facing[number] = np.array([FACING[each.facing] for each in meanings], dtype=np.int8)[kind]
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
