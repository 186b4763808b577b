"""Networks from nodes and edges in geopandas' frames, and lines fitted to their ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ..checks import require_frame
from ..crs import to_ecef
from ..errors import NetworkError
from ._links import Links
from ._network import TransportNetwork, build_network

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from shapely.geometry.base import BaseGeometry

#: How far from its node a line may begin or end: metres, and share of its length.
LINE_GAP_M: Final = 100.0
LINE_GAP_SHARE: Final = 0.05


def network_from_geodataframes(
    nodes: gpd.GeoDataFrame,
    edges: gpd.GeoDataFrame,
    *,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
    provenance: Mapping[str, str] | None = None,
) -> TransportNetwork:
    """Build a network from nodes and edges in osmnx's column names.

    A line that runs from ``v`` to ``u`` is turned round, the parts of a MultiLineString (also one that is
    cut at ±180°) are put in their order; one that doesn't lead from node to node is refused.

    Parameters
    ----------
    nodes : geopandas.GeoDataFrame
        Index: node ids. Points; the optional column ``node_exit`` says where one may enter
        and leave (everywhere when it is absent).
    edges : geopandas.GeoDataFrame
        Index or columns ``u, v``; columns ``length`` (m) and ``travel_time`` (s); optionally
        ``highway``, ``mode``, ``exit_along`` and lines as geometry. One row per direction.
    access_speed_kph, max_access_km : float
        Speed and reach off the network.
    provenance : mapping of str to str, optional

    Returns
    -------
    TransportNetwork

    Raises
    ------
    MissingCRSError, MissingColumnError, GeometryTypeError
    NetworkError
        If an end isn't among the nodes, an id comes twice, or a line doesn't lead from its node
        to the other.

    Examples
    --------
    >>> nodes = gpd.GeoDataFrame(geometry=gpd.points_from_xy([106.5, 106.6], [29.5, 29.5]), crs=4326)
    >>> edges = gpd.GeoDataFrame(
    ...     {"u": [0, 1], "v": [1, 0], "length": 9700.0, "travel_time": 600.0, "highway": "trunk"},
    ...     geometry=[shapely.LineString([(106.5, 29.5), (106.6, 29.5)])] * 2,
    ...     crs=4326,
    ... )
    >>> br.network_from_geodataframes(nodes, edges)
    <TransportNetwork road: 2 nodes, 2 links, 2 arcs, 19 km>
    """
    import pandas as pd  # noqa: PLC0415 - as in to_geodataframes

    points = require_frame(nodes, "nodes", geometry_types=("Point",), allow_empty=False)
    if isinstance(edges, pd.DataFrame) and {"u", "v"} & set(edges.index.names):
        twice = [name for name in edges.index.names if name in edges.columns]
        edges = edges.reset_index(level=[name for name in edges.index.names if name not in twice])
        edges = edges.reset_index(drop=True) if twice else edges
    table = require_frame(
        edges,
        "edges",
        columns=("u", "v", "length", "travel_time"),
        geometry_types=("LineString", "MultiLineString"),
    )
    if not points.index.is_unique:
        again = points.index[points.index.duplicated()][0]
        raise NetworkError(f"'nodes' has the id {str(again)!r} more than once; keep one row of each")
    number = pd.Series(np.arange(len(points)), index=points.index)
    unknown = ~(table["u"].isin(number.index) & table["v"].isin(number.index))
    if unknown.any():
        row = table[unknown].iloc[0]
        raise NetworkError(
            f"'edges' has {int(unknown.sum())} rows whose ends aren't in 'nodes' "
            f"(first: u={row['u']}, v={row['v']})"
        )
    links = Links(
        tail=number.loc[table["u"]].to_numpy(),
        head=number.loc[table["v"]].to_numpy(),
        length_m=table["length"].to_numpy(dtype=float),
        time_s=table["travel_time"].to_numpy(dtype=float),
        back_time_s=np.full(len(table), np.inf),
        mode=table["mode"].astype(str).to_numpy(dtype=object) if "mode" in table else "road",
        road_class=(table["highway"].map(_first_of).to_numpy(dtype=object) if "highway" in table else ""),
        exit_along=table["exit_along"].to_numpy(dtype=bool) if "exit_along" in table else True,
        geometry=_lines_of(points, table, number),
    )
    return build_network(
        points.geometry.x.to_numpy(),
        points.geometry.y.to_numpy(),
        links,
        node_exit=points["node_exit"].to_numpy(dtype=bool) if "node_exit" in points else True,
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=provenance,
    )


def _lines_of(
    points: gpd.GeoDataFrame, table: gpd.GeoDataFrame, number: pd.Series
) -> list[NDArray[np.float64]]:
    """Coordinates of the edges' lines from ``u`` to ``v``."""
    xy = np.column_stack([points.geometry.x, points.geometry.y])
    starts, stops = (xy[number.loc[table[end]].to_numpy()].tolist() for end in ("u", "v"))
    rows = zip(table.geometry, starts, stops, table["u"], table["v"], strict=True)
    return [
        fitted_line(line, start, stop, f"'edges' row {row} (u={u}, v={v})")
        for row, (line, start, stop, u, v) in enumerate(rows)
    ]


def fitted_line(
    line: BaseGeometry, start: Sequence[float], stop: Sequence[float], whose: str
) -> NDArray[np.float64]:
    """Return (lon, lat) along a line from its one end to the other, turned round if it must be.

    Parameters
    ----------
    line : shapely LineString or MultiLineString
        Degrees.
    start, stop : sequence of float
        (lon, lat) where it should begin and end. It may miss them by `LINE_GAP_M` or by
        `LINE_GAP_SHARE` of its length.
    whose : str
        What the error is about.

    Raises
    ------
    NetworkError
        If it is empty, in pieces that don't join, or begins or ends elsewhere.
    """
    if line.is_empty:
        raise NetworkError(f"the line of {whose} is empty; give one with two points, or none at all")
    if line.geom_type != "LineString":
        merged = _merged(line)
        if merged.geom_type != "LineString":
            raise NetworkError(
                f"the line of {whose} is in {shapely.get_num_geometries(merged)} pieces that don't join; give one line"
            )
        line = merged
    coords: NDArray[np.float64] = shapely.get_coordinates(line)
    coords[:, 0] = np.where(coords[:, 0] > 180, coords[:, 0] - 360, coords[:, 0])
    xyz = to_ecef(coords[:, 0], coords[:, 1])
    begin, end = to_ecef(*np.array([start, stop], dtype=float).T)
    as_drawn = max(np.linalg.norm(xyz[0] - begin), np.linalg.norm(xyz[-1] - end))
    turned = max(np.linalg.norm(xyz[0] - end), np.linalg.norm(xyz[-1] - begin))
    gap = float(min(as_drawn, turned))
    length = float(np.linalg.norm(np.diff(xyz, axis=0), axis=1).sum())
    if gap > max(LINE_GAP_M, LINE_GAP_SHARE * length):
        raise NetworkError(
            f"the line of {whose} ends {gap / 1000:,.1f} km from its node; check that lines and nodes belong together"
        )
    return coords[::-1].copy() if turned < as_drawn else coords


def _merged(line: BaseGeometry) -> BaseGeometry:
    """Put a line's parts together, also those that meet at ±180°."""
    west, _, east, _ = line.bounds
    if (west, east) == (-180, 180):
        line = shapely.transform(line, lambda xy: np.column_stack([xy[:, 0] % 360, xy[:, 1]]))
    tracks = [shapely.get_coordinates(part) for part in shapely.get_parts(line)]
    if all((a[-1] == b[0]).all() for a, b in pairwise(tracks)):  # also where it comes back to a place
        return shapely.LineString(np.concatenate([tracks[0], *(track[1:] for track in tracks[1:])]))
    return shapely.line_merge(line)


def _first_of(value: Any) -> str:
    """OSM tags of merged edges come as lists; the first stands for all."""
    if isinstance(value, (list, tuple)):
        return str(value[0]) if value else ""
    return value if isinstance(value, str) else ""
