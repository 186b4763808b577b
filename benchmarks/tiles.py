"""Iceland's streets laid out side by side, any number of times, and linked: a large network of real streets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from borderreach.geo.crs import to_ecef
from borderreach.geo.networks import Links, TransportNetwork

#: Degrees from a tile to the next one east of it; Iceland is eleven degrees wide.
STEP_LON_DEG = 12.5
#: Degrees from a row of tiles to the next one south of it.
STEP_LAT_DEG = 3.5
#: Tiles in a row, short of once around.
_MOST_IN_ROW = 28
#: Speed of the links between tiles, km/h.
_LINK_KPH = 60.0
#: Links between two tiles that lie over each other, where their nodes come nearest: streets that cross are joined.
_LINKS = 5000


def positions(n: int) -> list[tuple[float, float]]:
    """Return by how many degrees each tile is moved east and north."""
    rows = -(-n // _MOST_IN_ROW)
    wide = -(-n // rows)
    return [(STEP_LON_DEG * (k % wide), -STEP_LAT_DEG * (k // wide)) for k in range(n)]


def tiled(network: TransportNetwork, n: int, *, linked: bool = True) -> TransportNetwork:
    """Return a network laid out `n` times, each tile linked to the one before it and to the one above it.

    Lengths and times are those of the original everywhere.
    """
    moves = positions(n)
    nodes, arcs, links, points = network.n_nodes, network.n_arcs, network.n_links, len(network.link_coords)
    tile = np.repeat(np.arange(n), nodes)
    moved = np.array(moves)
    lon = _round(np.tile(network.node_lon, n) + moved[tile, 0])
    lat = np.tile(network.node_lat, n) + moved[tile, 1]
    of_point = np.repeat(np.arange(n), points)
    coords = np.tile(network.link_coords, (n, 1)) + moved[of_point]
    coords[:, 0] = _round(coords[:, 0])

    def starts(one: NDArray[Any], size: int) -> NDArray[Any]:
        return np.concatenate([*(one[:-1] + k * size for k in range(n)), [n * size]]).astype(np.int64)

    more: dict[str, Any] = {
        name: np.tile(getattr(network, name), n)
        for name in ("arc_time_ms", "arc_length_m", "arc_mode", "arc_class", "arc_exit", "arc_reversed")
    }
    laid = replace(
        network,
        node_lon=lon,
        node_lat=lat,
        node_exit=np.tile(network.node_exit, n),
        arc_start=starts(network.arc_start, arcs),
        arc_head=(np.tile(network.arc_head, n) + np.repeat(np.arange(n), arcs) * nodes).astype(np.int32),
        arc_link=(np.tile(network.arc_link, n) + np.repeat(np.arange(n), arcs) * links).astype(np.int32),
        link_offset=starts(network.link_offset, points),
        link_coords=coords,
        **more,
        node_names={},
    )
    east, west = int(np.argmax(network.node_lon)), int(np.argmin(network.node_lon))
    south, north = int(np.argmin(network.node_lat)), int(np.argmax(network.node_lat))
    tail, head = [], []
    for k, (_, down) in enumerate(moves):
        if k and moves[k - 1][1] == down:
            tail.append((k - 1) * nodes + east)
            head.append(k * nodes + west)
        above = [j for j in range(k) if moves[j][0] == moves[k][0] and moves[j][1] > down]
        if above:
            tail.append(above[-1] * nodes + south)
            head.append(k * nodes + north)
    if not tail or not linked:
        return laid
    return _with_links(laid, tail, head, n)


def laid_around(
    network: TransportNetwork, n: int, *, lon: float, lat: float, step_km: float
) -> TransportNetwork:
    """Return a network laid out `n` times in a square around a place, its tiles over each other and linked.

    Each tile keeps its shape in kilometres, and its lengths and times.
    """
    wide = round(n**0.5)
    middle_lon, middle_lat = float(np.median(network.node_lon)), float(np.median(network.node_lat))
    tiles = []
    for k in range(n):
        to_lat = lat + (k // wide - (wide - 1) / 2) * step_km / 111.2
        to_lon = lon + (k % wide - (wide - 1) / 2) * step_km / (111.2 * np.cos(np.radians(lat)))
        narrow = np.cos(np.radians(middle_lat)) / np.cos(np.radians(to_lat))
        shapes = [
            (to_lon + (degrees - middle_lon) * narrow, to_lat + other - middle_lat)
            for degrees, other in (
                (network.node_lon, network.node_lat),
                (network.link_coords[:, 0], network.link_coords[:, 1]),
            )
        ]
        tiles.append(shapes)
    flat = tiled(network, n, linked=False)
    moved = replace(
        flat,
        node_lon=np.concatenate([tile[0][0] for tile in tiles]),
        node_lat=np.concatenate([tile[0][1] for tile in tiles]),
        link_coords=np.concatenate([np.column_stack(tile[1]) for tile in tiles]),
    )
    at = to_ecef(moved.node_lon, moved.node_lat)
    size, tail, head = network.n_nodes, [], []
    for k in range(1, n):
        other = k - wide if k >= wide else k - 1
        away, near = cKDTree(at[other * size : (other + 1) * size]).query(at[k * size : (k + 1) * size])
        for node in np.argsort(away, kind="stable")[:_LINKS]:
            tail.append(other * size + int(near[node]))
            head.append(k * size + int(node))
    return _with_links(moved, tail, head, n)


def _with_links(network: TransportNetwork, tail: list[int], head: list[int], n: int) -> TransportNetwork:
    at = to_ecef(network.node_lon, network.node_lat)
    metres = np.linalg.norm(at[tail] - at[head], axis=1)
    return network.extended(
        Links(
            tail,
            head,
            metres,
            metres / (_LINK_KPH / 3.6) + 0.001,
            mode=[network.modes[0]] * len(tail),
            road_class=["link between tiles"] * len(tail),
            exit_along=[False] * len(tail),
        ),
        provenance={"tiles": str(n)},
    )


def _round(lon: NDArray[Any]) -> NDArray[Any]:
    return (lon + 180) % 360 - 180
