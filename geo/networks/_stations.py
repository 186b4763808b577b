"""Stations tied to roads: where trains are got on and off, without a way through them from road to road."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._joining import ACCESS, connect_points
from ._line_network import TransferRules
from ._links import LinkBuilder
from ._network import TransportNetwork


class StationNodes(NamedTuple):
    """Nodes of stations, shape (stations,) each.

    `hall` is the station itself, got to and left off the network as any exit; from there and from roads one comes to
    `entrance`, and from `way_out` to both.
    """

    hall: NDArray[np.int64]
    entrance: NDArray[np.int64]
    way_out: NDArray[np.int64]


def with_stations(
    network: TransportNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    names: Sequence[str],
    *,
    rules: TransferRules,
    closed: NDArray[np.int64] | None = None,
) -> tuple[TransportNetwork, StationNodes, list[str]]:
    """Tie stations to a network, as `join_networks` does.

    Parameters
    ----------
    network : TransportNetwork
    lon, lat : ndarray of float64, shape (stations,)
    names : sequence of str
    rules : TransferRules
        Of which speed, reach and number of the ways to roads are taken.
    closed : ndarray of int64, optional
        Exits that stations aren't tied to: those of other stations.

    Returns
    -------
    network : TransportNetwork
        Its nodes keep their numbers.
    nodes : StationNodes
    lonely : list of str
        Stations without a road within reach.
    """
    build = LinkBuilder(network.n_nodes)
    rows = []
    for x, y, name in zip(lon.tolist(), lat.tolist(), names, strict=True):
        hall = build.node(x, y, name=name, is_exit=True)
        entrance, way_out = build.node(x, y), build.node(x, y)
        build.link(hall, entrance, 0, "rail", ACCESS)
        build.link(way_out, hall, 0, "rail", ACCESS)
        rows.append((hall, entrance, way_out))
    nodes = StationNodes(*np.array(rows, dtype=np.int64).reshape(-1, 3).T)
    speed = rules.station_access_kph or network.access_speed_kph
    reach = network.max_access_km if rules.station_access_km is None else rules.station_access_km
    open_to = network if closed is None else _without_exits(network, closed)
    lonely = connect_points(
        build, open_to, lon, lat, nodes.entrance.tolist(), nodes.way_out.tolist(),
        speed_kph=speed, reach_km=reach, k=rules.n_access_points,
    )  # fmt: skip
    whole = network.extended(
        build.links(),
        node_lon=build.lon,
        node_lat=build.lat,
        node_exit=build.exit,
        node_names=build.names,
        provenance={
            "transfer_rules": rules.describe(),
            "station_access": f"{speed:g} km/h within {reach:g} km",
        },
    )
    return whole, nodes, [names[k] for k in lonely]


def _without_exits(network: TransportNetwork, nodes: NDArray[np.int64]) -> TransportNetwork:
    exits = network.node_exit.copy()
    exits[nodes] = False
    changed = replace(network, node_exit=exits)
    TransportNetwork.node_xyz.give(changed, network.node_xyz)
    if network.has_exits_along:
        TransportNetwork.exit_lines.give(changed, network.exit_lines)
    return changed
