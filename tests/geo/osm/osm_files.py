"""Write small OpenStreetMap files, read them, and search networks the plain way."""

from __future__ import annotations

import heapq
import math
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import pytest
from pyproj import Geod

from borderreach.geo.networks import TransportNetwork
from borderreach.geo.osm._pbf import pbf_network

#: Nodes by id: longitude, latitude and, for some, tags.
Nodes = Mapping[int, tuple[float, float] | tuple[float, float, Mapping[str, str]]]

GEOD = Geod(ellps="WGS84")
ROAD = {"highway": "primary", "maxspeed": "36"}  # 10 m/s
FAST = {**ROAD, "maxspeed": "72"}
#: A lattice of nodes 0.001 degrees apart: 1 at the south-west, 5 a row.
GRID = {1 + i + 5 * j: (10.0 + i / 1000, 50.0 + j / 1000) for j in range(5) for i in range(5)}
CROSS = [((3, 8), ROAD), ((8, 13), ROAD), ((7, 8), ROAD), ((8, 9), ROAD)]  # ways 1 to 4 meet at 8
mutable = osmium.osm.mutable
REFERENCE = Path(os.environ.get("BORDERREACH_REFERENCE", Path(__file__).parents[4] / "shared"))


def reference_file(name: str) -> Path:
    """A file of the reference folder; the test is skipped where it is absent."""
    path = REFERENCE / "osm" / name
    if not path.exists():
        pytest.skip(f"no {name} in the reference folder; set BORDERREACH_REFERENCE to where it lies")
    return path


def write_osm(
    path: Path,
    nodes: Nodes,
    ways: Sequence[tuple[Sequence[int], Mapping[str, str]]]
    | Mapping[int, tuple[Sequence[int], Mapping[str, str]]],
    relations: Sequence[tuple[Mapping[str, str], Sequence[tuple[str, int, str]]]] = (),
) -> Path:
    """Write nodes (lon, lat[, tags]), ways (nodes, tags; ids from 1) and relations (tags, members)."""
    numbered = ways if isinstance(ways, Mapping) else dict(enumerate(ways, start=1))
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for number, (lon, lat, *own) in sorted(nodes.items()):
            writer.add_node(mutable.Node(id=number, version=1, location=(lon, lat), tags=dict(*own)))
        for number, (refs, tags) in numbered.items():
            writer.add_way(mutable.Way(id=number, version=1, nodes=list(refs), tags=dict(tags)))
        for number, (tags, members) in enumerate(relations, start=1):
            writer.add_relation(
                mutable.Relation(
                    id=number, version=1, tags={"type": "restriction", **tags}, members=list(members)
                )
            )
    return path


def node_at(network: TransportNetwork, lon: float, lat: float) -> list[int]:
    """Numbers of the nodes at a place."""
    there = (np.abs(network.node_lon - lon) < 1e-9) & (np.abs(network.node_lat - lat) < 1e-9)
    return np.flatnonzero(there).tolist()


def times_from(network: TransportNetwork, sources: Sequence[int]) -> list[float]:
    """Seconds from the nearest of some nodes to every node, by Dijkstra with a heap."""
    best = [math.inf] * network.n_nodes
    heap = [(0, source) for source in sources]
    start, head, cost = network.arc_start.tolist(), network.arc_head.tolist(), network.arc_time_ms.tolist()
    while heap:
        time, node = heapq.heappop(heap)
        if time >= best[node]:
            continue
        best[node] = time
        for arc in range(start[node], start[node + 1]):
            if time + cost[arc] < best[head[arc]]:
                heapq.heappush(heap, (time + cost[arc], head[arc]))
    return [time / 1000 for time in best]


def links_by_class(network: TransportNetwork) -> dict[str, tuple[int, float]]:
    """Number of links and kilometres of each class."""
    of_link = np.zeros(network.n_links, dtype=int)
    of_link[network.arc_link] = network.arc_class
    counts = np.bincount(of_link, minlength=len(network.classes))
    km = np.bincount(of_link, weights=network.link_length_m, minlength=len(network.classes)) / 1000
    return {name: (int(counts[i]), float(km[i])) for i, name in enumerate(network.classes) if counts[i]}


def read(path, **options) -> TransportNetwork:
    return pbf_network(path, **{"keep": "all", **options})


def seconds(network, a, b):
    """From node a of the lattice to node b."""
    times = times_from(network, node_at(network, *GRID[a]))
    return min((times[n] for n in node_at(network, *GRID[b])), default=math.inf)


def metres(*nodes):
    return sum(GEOD.inv(*GRID[a], *GRID[b])[2] for a, b in pairwise(nodes))


def line_of(metres_apart):
    """Nodes along a parallel, some metres apart."""
    degree = GEOD.inv(10.0, 50.0, 11.0, 50.0)[2]
    places = np.cumsum([0.0, *metres_apart])
    return {i: (round(10.0 + m / degree, 7), 50.0) for i, m in enumerate(places, start=1)}


def restriction(kind, start, via, end, **tags):
    return ({"restriction": kind, **tags}, [("w", start, "from"), ("n", via, "via"), ("w", end, "to")])
