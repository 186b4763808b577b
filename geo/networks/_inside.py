"""Which nodes of a network lie in which areas, without making a shape of each node."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ._network import TransportNetwork


def nodes_inside(
    network: TransportNetwork, areas: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return areas and nodes that lie in them or on their edges, as pairs of positions in order of the areas.

    Parameters
    ----------
    network : TransportNetwork
    areas : ndarray of shapely geometry, shape (k,)
        In degrees.
    """
    by_lon = np.argsort(network.node_lon, kind="stable")
    lon, lat = network.node_lon[by_lon], network.node_lat[by_lon]
    west, south, east, north = shapely.bounds(areas).T
    first, last = np.searchsorted(lon, west, side="left"), np.searchsorted(lon, east, side="right")
    which, found = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for k, area in enumerate(areas):
        near = first[k] + np.flatnonzero(
            (lat[first[k] : last[k]] >= south[k]) & (lat[first[k] : last[k]] <= north[k])
        )
        if len(near) == 0:
            continue
        shapely.prepare(area)
        inside = near[shapely.intersects_xy(area, lon[near], lat[near])]
        found.append(np.sort(by_lon[inside]))
        which.append(np.full(len(inside), k, dtype=np.int64))
    return np.concatenate(which), np.concatenate(found)
