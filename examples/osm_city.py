"""Streets of a real city from OpenStreetMap: download once, save, search.

Needs the network (Overpass) on its first run; afterwards osmnx's cache and the saved file do.
Without a network, read a downloaded extract: `pbf_network("guizhou.osm.pbf", area=...)`.

    python examples/osm_city.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from borderreach.geo.osm import osm_network
from borderreach.geo.timetables import open_network, save_network

#: Zunyi's centre: west, south, east, north in degrees.
AREA = (106.88, 27.66, 106.97, 27.74)
FILE = Path("zunyi.brn")
START = (106.927, 27.694)  # Zunyi Conference site
#: Asked in this order; add a server of your own, or a mirror nearer to you.
SERVERS = ["https://overpass-api.de/api", "https://overpass.kumi.systems/api"]


def main() -> None:
    """Print how many crossings lie within five and ten minutes by car."""
    if FILE.exists():
        network = open_network(FILE)
    else:
        network = osm_network(AREA, overpass_urls=SERVERS, speeds="CN-mountain")
        save_network(network, FILE)
    print(network)
    for key, value in network.provenance.items():
        print(f"  {key}: {value}")
    distance = np.hypot(
        (network.node_lon - START[0]) * np.cos(np.radians(START[1])), network.node_lat - START[1]
    )
    start = int(np.argmin(np.where(network.node_exit, distance, np.inf)))
    # One arc per pair of nodes, the quickest: a sparse matrix would add parallel ones up.
    order = np.argsort(-network.arc_time_ms, kind="stable")
    quickest = {
        (int(network.arc_tail[arc]), int(network.arc_head[arc])): network.arc_time_ms[arc] / 60_000
        for arc in order
    }
    rows, columns = np.array(list(quickest), dtype=np.int64).T
    graph = csr_array((list(quickest.values()), (rows, columns)), shape=(network.n_nodes, network.n_nodes))
    minutes = dijkstra(graph, indices=start)
    for cutoff in (5, 10):
        print(
            f"within {cutoff} minutes: {np.count_nonzero(minutes <= cutoff):,} of {network.n_nodes:,} nodes"
        )


if __name__ == "__main__":
    main()
