"""Iceland's streets laid out side by side, any number of times, and linked: a large network of real streets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def positions(n: int) -> list[tuple[float, float]]:
    """Return by how many degrees each tile is moved east and north."""
    rows = -(-n // _MOST_IN_ROW)
    wide = -(-n // rows)
    return [(STEP_LON_DEG * (k % wide), -STEP_LAT_DEG * (k // wide)) for k in range(n)]


def tiled(network: TransportNetwork, n: int) -> TransportNetwork:
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
    if not tail:
        return laid
    at = to_ecef(lon, lat)
    metres = np.linalg.norm(at[tail] - at[head], axis=1)
    return laid.extended(
        Links(
            tail,
            head,
            metres,
            metres / (_LINK_KPH / 3.6),
            mode=[network.modes[0]] * len(tail),
            road_class=["link between tiles"] * len(tail),
            exit_along=[False] * len(tail),
        ),
        provenance={"tiles": str(n)},
    )


def _round(lon: NDArray[Any]) -> NDArray[Any]:
    return (lon + 180) % 360 - 180
