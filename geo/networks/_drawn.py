"""A road network from lines that somebody drew: a Shapefile or GeoPackage with classes or speeds."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from itertools import pairwise
from os import PathLike
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ..antimeridian import beside
from ..checks import require_frame, require_number, require_text
from ..crs import ELLIPSOID
from ..errors import EmptyInputError, GeometryTypeError, InputError, InputTypeError, MissingColumnError
from ..files import find_columns, read_vector_file, to_number
from ._links import Links
from ._network import TransportNetwork, build_network

#: Classes of roads that are left at junctions only.
CONTROLLED: Final = ("motorway", "motorway_link", "高速", "高速公路", "国家高速公路", "省级高速公路")
_YES: Final = frozenset({"yes", "true", "1", "是", "单行", "f", "ft", "y"})
_BACK: Final = frozenset({"-1", "reverse", "tf"})
_NO: Final = frozenset({"", "no", "false", "0", "否", "双向", "b", "n", "nan", "none", "<na>"})
_FASTEST_KPH: Final = 400.0

_log = logging.getLogger(__name__)


def network_from_lines(
    roads: gpd.GeoDataFrame | str | PathLike[str],
    *,
    speed_kph: str | float | Mapping[str, float] = "speed_kph",
    road_class: str | None = None,
    oneway: str | None = None,
    snap_m: float = 1.0,
    controlled: tuple[str, ...] = CONTROLLED,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
    provenance: Mapping[str, str] | None = None,
) -> TransportNetwork:
    """Build a road network from a layer of lines.

    Lines meet where their ends do, and where one ends on another: the other is cut there. Lines that
    merely cross don't meet, as on a bridge.

    Parameters
    ----------
    roads : GeoDataFrame or path
        Lines with a CRS: a frame, a Shapefile, a GeoPackage ...
    speed_kph : str, float or mapping of str to float
        The column with the speed in km/h, such as ``"限速"``; one speed for all; or the speed of each
        class in `road_class`, such as ``{"高速公路": 100, "国道": 60}``.
    road_class : str, optional
        The column with the class.
    oneway : str, optional
        The column that says where traffic runs: yes, 1, 是 (as drawn), -1 (against it), no, 0 or empty; or the F,
        T, B of Geofabrik's Shapefiles.
    snap_m : float
        Ends within so many metres of each other, or of a line, meet.
    controlled : tuple of str
        Classes that can be left at junctions only, not anywhere along them.
    access_speed_kph, max_access_km : float
        Speed and reach off the network.
    provenance : mapping of str to str, optional

    Returns
    -------
    TransportNetwork

    Raises
    ------
    InputError
        If a speed, a class or a direction can't be used; with the row, counted from 1.
    GeometryTypeError
        If a row is anything but a line.
    DataFileError, MissingCRSError, MissingColumnError, EmptyInputError, InputTypeError

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> lines = [shapely.LineString([(113.0, 27.0), (113.2, 27.0)]), shapely.LineString([(113.1, 27.0), (113.1, 27.1)])]
    >>> br.network_from_lines(gpd.GeoDataFrame({"限速": [80, 40]}, geometry=lines, crs=4326), speed_kph="限速")
    <TransportNetwork road: 4 nodes, 3 links, 6 arcs, 31 km>
    """
    for name, given in (("road_class", road_class), ("oneway", oneway)):
        if given is not None:
            require_text(given, name)
    listed: Any = controlled
    if not isinstance(listed, list | tuple | set | frozenset) or not all(
        isinstance(one, str) for one in listed
    ):
        raise InputTypeError(f"'controlled' should be a tuple of classes, got {type(controlled).__name__}")
    if provenance is not None and not isinstance(provenance, Mapping):
        raise InputTypeError(f"'provenance' should be a mapping, got {type(provenance).__name__}")
    snap = require_number(snap_m, "snap_m", unit="metres", minimum=0, maximum=1000)
    frame = _lines(roads)
    classes = _classes(frame, road_class)
    speeds = _speeds(frame, speed_kph, classes)
    forward, backward = _directions(frame, oneway)
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    parts, row = shapely.get_parts(shapes, return_index=True)
    keep = shapely.length(parts) > 0
    parts, row = parts[keep], row[keep]
    if len(parts) == 0:
        raise EmptyInputError("'roads' has no line with a length")
    pieces, piece_row, tail, head, lonlat = _noded(parts, row, snap)
    metres = np.array([ELLIPSOID.line_length(piece[:, 0], piece[:, 1]) for piece in pieces])
    seconds = metres / (speeds[piece_row] / 3.6)
    there = np.where(forward[piece_row], seconds, np.inf)
    back = np.where(backward[piece_row], seconds, np.inf)
    against = ~forward[piece_row]  # a link runs as its first time does
    links = Links(
        np.where(against, head, tail),
        np.where(against, tail, head),
        metres,
        np.where(against, back, there),
        back_time_s=np.where(against, there, back),
        road_class=classes[piece_row].tolist(),
        exit_along=~np.isin(classes[piece_row].astype(str), list(controlled)),
        geometry=[piece[::-1] if turned else piece for piece, turned in zip(pieces, against, strict=True)],
    )
    said = {"source": "lines given by the user", "lines": f"{len(frame):,}, ends within {snap:g} m joined"}
    return build_network(
        lonlat[:, 0],
        lonlat[:, 1],
        links,
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance={**said, **(provenance or {})},
    )


def _lines(roads: Any) -> gpd.GeoDataFrame:
    frame = roads if isinstance(roads, gpd.GeoDataFrame) else read_vector_file(roads, argument="roads")
    if getattr(frame, "_geometry_column_name", None) not in frame.columns:
        raise MissingColumnError("'roads' has no column with lines; name it with set_geometry")
    frame = frame.set_index(pd.RangeIndex(1, len(frame) + 1))
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if empty.any():
        _log.warning(
            "'roads': %d row(s) without geometry left out, the first: row %d",
            int(empty.sum()), int(frame.index[empty.to_numpy()][0]),
        )  # fmt: skip
    frame = require_frame(frame[~empty], "roads", allow_empty=False)
    other = ~frame.geom_type.isin(("LineString", "MultiLineString"))
    if other.any():
        first = frame.index[other.to_numpy()][0]
        raise GeometryTypeError(
            f"'roads', row {first}: a {frame.geom_type.loc[first]}; expected lines, drop it"
        )
    return frame


def _classes(frame: gpd.GeoDataFrame, road_class: str | None) -> NDArray[np.object_]:
    if road_class is None:
        return np.full(len(frame), "", dtype=object)
    column = find_columns(frame.columns, ["road_class"], "'roads'", columns={"road_class": road_class})[
        "road_class"
    ]
    values = frame[column]
    plain = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    return np.asarray(plain.to_numpy(dtype=object), dtype=object)


def _speeds(frame: gpd.GeoDataFrame, given: Any, classes: NDArray[np.object_]) -> NDArray[np.float64]:
    if isinstance(given, Mapping):
        unknown = [name for name in dict.fromkeys(classes.tolist()) if name not in given]
        if unknown:
            raise InputError(
                f"'speed_kph' has no speed for the class(es) {', '.join(map(repr, unknown[:8]))}; name the column with "
                "road_class=, and give each class a speed"
            )
        values = np.array([to_number(given[name]) for name in classes], dtype=float)
        seen: list[Any] = classes.tolist()
    elif isinstance(given, str):
        column = find_columns(
            frame.columns, ["speed_kph"], "'roads'",
            columns=None if given == "speed_kph" else {"speed_kph": given}, needed=["speed_kph"],
        )["speed_kph"]  # fmt: skip
        values = np.array([to_number(value) for value in frame[column]], dtype=float)
        seen = frame[column].tolist()
    elif isinstance(given, (int, float)) and not isinstance(given, bool):
        one = require_number(given, "speed_kph", unit="km/h")
        values, seen = np.full(len(frame), one), [one] * len(frame)
    else:
        raise InputTypeError(f"'speed_kph' should be a column, a number or speeds by class, got {given!r}")
    bad = ~((values > 0) & (values <= _FASTEST_KPH))
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f"'roads', row {frame.index[row]}: the speed is {seen[row]!r}; expected km/h above 0 and up to "
            f"{_FASTEST_KPH:g}; mend the {int(bad.sum())} such row(s), or give speeds by class"
        )
    return values


def _directions(frame: gpd.GeoDataFrame, oneway: str | None) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each row can be driven as it is drawn, and against it."""
    n = len(frame)
    if oneway is None:
        return np.ones(n, dtype=bool), np.ones(n, dtype=bool)
    column = find_columns(frame.columns, ["oneway"], "'roads'", columns={"oneway": oneway})["oneway"]
    texts = [str(value).strip().casefold().removesuffix(".0") for value in frame[column]]
    geofabrik = bool({"b", "f"} & set(texts))
    along, against = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
    for row, text in enumerate(texts):
        back = text in _BACK or (text == "t" and geofabrik)
        yes = text in _YES or (text == "t" and not geofabrik)
        if not (back or yes or text in _NO):
            raise InputError(
                f"'roads', row {frame.index[row]}: {oneway} is {frame[column].iloc[row]!r}; expected yes, no or -1"
            )
        along[row], against[row] = not back, not yes
    return along, against


def _noded(
    parts: NDArray[Any], row: NDArray[Any], snap_m: float
) -> tuple[
    list[NDArray[np.float64]], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]
]:
    """Cut lines where others end on them, and number the ends.

    Returns the pieces' (lon, lat), each one's row, its first and last node, and the nodes' (lon, lat).
    """
    coordinates, owner = shapely.get_coordinates(parts, return_index=True)
    # A plane in which straight lines between degrees stay straight: lines are drawn so, and end on each other so.
    # Longitudes don't jump in it: what is cut at 180 degrees is joined there.
    coordinates[:, 0] = beside(coordinates[:, 0], float(coordinates[0, 0]))
    middle = coordinates.mean(axis=0)
    flat = (coordinates - middle) * (111_320.0 * np.cos(np.radians(middle[1])), 110_900.0)
    first = np.searchsorted(owner, np.arange(len(parts)))
    last = np.append(first[1:], len(coordinates)) - 1
    ends, end_lonlat = flat[np.r_[first, last]], coordinates[np.r_[first, last]]
    node = _clusters(ends, snap_m)
    n_nodes = int(node.max()) + 1
    lonlat, place = np.empty((n_nodes, 2)), np.empty((n_nodes, 2))
    lonlat[node[::-1]], place[node[::-1]] = (
        end_lonlat[::-1],
        ends[::-1],
    )  # the first end of each names its place
    plane = shapely.linestrings(flat, indices=owner)
    at, line = shapely.STRtree(plane).query(
        shapely.points(place), predicate="dwithin", distance=max(snap_m, 1e-6)
    )
    own = (node[line] == at) | (node[line + len(parts)] == at)
    cuts: dict[int, list[tuple[float, int]]] = {}
    for point, k in zip(at[~own].tolist(), line[~own].tolist(), strict=True):
        along = float(shapely.line_locate_point(plane[k], shapely.Point(place[point])))
        cuts.setdefault(k, []).append((along, point))
    pieces: list[NDArray[np.float64]] = []
    rows, tails, heads = [], [], []
    for k in range(len(parts)):
        track = slice(int(first[k]), int(last[k]) + 1)
        km = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(flat[track], axis=0), axis=1))])
        stops = [(0.0, int(node[k])), *sorted(cuts.get(k, ())), (float(km[-1]), int(node[k + len(parts)]))]
        for (a, start), (b, end) in pairwise(stops):
            inside = (km > a) & (km < b)
            piece = np.concatenate([lonlat[[start]], coordinates[track][inside], lonlat[[end]]])
            if start == end and not inside.any():
                continue  # shorter than what is snapped
            pieces.append(piece)
            rows.append(int(row[k]))
            tails.append(start)
            heads.append(end)
    if not pieces:
        raise EmptyInputError(
            f"'roads' has no line longer than the {snap_m:g} m within which ends are joined"
        )
    for points in (*pieces, lonlat):
        lon = points[:, 0]
        points[:, 0] = np.where(np.abs(lon) > 180, lon - np.copysign(360, lon), lon)
    return pieces, np.array(rows), np.array(tails), np.array(heads), lonlat


def _clusters(points: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    """Return numbers of points; those within reach of each other share one."""
    pairs = cKDTree(points).query_pairs(max(reach, 1e-6), output_type="ndarray")
    ones = np.ones(len(pairs), dtype=np.int8)
    graph = coo_matrix((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(points), len(points)))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
