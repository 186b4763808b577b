"""In which counties the nodes of a network lie: worked out once for the nodes that networks of several years share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from ...geo.networks import TransportNetwork, positions_inside


@dataclass(frozen=True, eq=False)
class Placed:
    """In which of some shapes the nodes of a network lie: the first row, -1 for none; and the nodes as points."""

    shapes: NDArray[Any]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    row: NDArray[np.int64]
    point: NDArray[np.object_]


#: The last nodes that were placed, in one entry: networks of other years, or with other lines, begin with the same ones.
#: Shapes can't change, so that the same objects hold the same nodes.
_PLACED: Final[list[Placed]] = []
#: Of larger networks, of which a study has one, no points are kept.
_MOST_PLACED: Final = 300_000


def nodes_placed(shapes: NDArray[Any], network: TransportNetwork) -> Placed:
    """Return in which shape each node lies; a node on a shared border is in the one that comes first."""
    lon, lat = network.node_lon, network.node_lat
    for known in tuple(_PLACED):
        if known.shapes.tobytes() != shapes.tobytes():
            continue
        most = min(len(lon), len(known.lon))
        other = (lon[:most] != known.lon[:most]) | (lat[:most] != known.lat[:most])
        same = int(np.argmax(other)) if other.any() else most
        break
    else:
        known = Placed(shapes, np.zeros(0), np.zeros(0), np.zeros(0, np.int64), np.zeros(0, object))
        same = 0
    row, node = positions_inside(lon[same:], lat[same:], shapes)
    new = np.full(len(lon) - same, -1, dtype=np.int64)
    new[node[::-1]] = row[::-1]
    found = Placed(
        shapes.copy(),
        lon,
        lat,
        np.concatenate([known.row[:same], new]),
        np.concatenate([known.point[:same], shapely.points(lon[same:], lat[same:])]),
    )
    if len(lon) <= _MOST_PLACED:
        _PLACED[:] = [found]
    return found
