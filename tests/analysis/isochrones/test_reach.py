"""What is reached, by a look at blocks of nodes and lines, is what a look at all of them finds."""

from __future__ import annotations

import numpy as np
import pytest

from borderreach.analysis.isochrones._reach import line_table, reached_within
from borderreach.analysis.times import UNREACHED, enter, node_times, origin_list, search, searched
from borderreach.geo.networks import Links, TransportNetwork, build_network

from ... import chance


def streets(seed: int, *, n_nodes: int = 700) -> TransportNetwork:
    """Nodes in no order, each joined with near ones; one-ways, links that can't be left, nodes without an exit."""
    draw = np.random.default_rng(seed)
    lon, lat = 106.5 + draw.uniform(0, 0.3, n_nodes), 29.5 + draw.uniform(0, 0.3, n_nodes)
    away = np.hypot(lon[:, None] - lon, lat[:, None] - lat)
    near = np.argsort(away, axis=1)[:, 1:3]
    tail, head = np.repeat(np.arange(n_nodes), 2), near.ravel()
    metres = 105_000 * away[tail, head]
    back = np.where(draw.random(len(tail)) < 0.2, np.inf, metres / 8)
    return build_network(
        lon, lat,
        Links(tail, head, metres, metres / 8, back, exit_along=draw.random(len(tail)) < 0.8),
        node_exit=draw.random(n_nodes) < 0.9, access_speed_kph=5, max_access_km=1.5,
    )  # fmt: skip


def by_looking_at_all(network: TransportNetwork, entry, time_ms, cutoff_ms: int):
    """Nodes that no line stands for, and lines with the times at which each way along begins."""
    speaks, found = set(), {}
    for line, link in enumerate(network.exit_lines.link):
        begins = []
        for arcs in network.link_arcs:
            arc = arcs[link]
            if arc < 0 or not network.arc_exit[arc]:
                begins.append((np.inf, -1))
                continue
            node = int(network.arc_tail[arc])
            speaks.add(node)
            begins.append(
                (
                    float(time_ms[node]) if time_ms[node] <= cutoff_ms else np.inf,
                    int(network.arc_time_ms[arc]),
                )
            )
        if min(begins)[0] < np.inf or line in entry.line:
            found[line] = [begins[0][0], begins[1][0], begins[0][1], begins[1][1]]
    nodes = [k for k in range(network.n_nodes) if network.node_exit[k] and time_ms[k] <= cutoff_ms]
    return [k for k in nodes if k not in speaks], found


@pytest.mark.parametrize("seed", chance.seeds(3))
def test_reached_as_by_a_look_at_all(seed):
    network = streets(seed)
    exits = np.flatnonzero(network.node_exit)[[0, -1]]
    for place in origin_list([(network.node_lon[k] + 0.001, network.node_lat[k]) for k in exits]):
        entry = enter(network, place)
        time_ms = search(network, entry, limit_ms=3_600_000)
        assert (time_ms != UNREACHED).any()
        for cutoff_ms in (300_000, 1_200_000, 3_600_000):
            nodes, lines = by_looking_at_all(network, entry, time_ms, cutoff_ms)
            with searched(network, entry, limit_ms=3_600_000) as times:
                one = reached_within(network, entry, times, cutoff_ms=cutoff_ms)
            for found in (one, reached_within(network, entry, node_times(time_ms), cutoff_ms=cutoff_ms)):
                assert found.node.tolist() == nodes
                assert found.line.tolist() == list(lines)
                assert found.line_times.tolist() == list(lines.values())


def test_tables_of_the_same_lines_are_held_once():
    network = streets(1)
    table = line_table(network)
    more = network.extended(Links([0], [network.n_nodes], [5e4], [600.0]), node_lon=[108.0], node_lat=[30.0])
    larger, slower = line_table(more), line_table(more.with_times(more.arc_time_ms + 1))
    assert larger.tail is table.tail
    assert larger.takes is table.takes
    assert larger.alone.tolist() == [*table.alone, True]
    assert slower.takes is not table.takes
    assert set((slower.takes - table.takes).ravel().tolist()) <= {0, 1}
