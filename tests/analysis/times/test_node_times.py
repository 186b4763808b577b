"""Times in room that is used again: those of a search in new room, whoever had it before."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from borderreach.analysis.times._node_times import node_times
from borderreach.analysis.times._origins import enter, origin_list, searched
from borderreach.analysis.times._prepared import prepared
from borderreach.analysis.times._search import NODE_BLOCK, UNREACHED, bucketed_times
from borderreach.geo.networks import Links, TransportNetwork, build_network

from ... import chance


def chain(n: int) -> TransportNetwork:
    """A road from west to east, a minute from node to node."""
    lon = 106 + 0.002 * np.arange(n)
    tail = np.arange(n - 1)
    return build_network(
        lon, np.full(n, 29.5), Links(tail, tail + 1, [200.0] * (n - 1), [60.0] * (n - 1)), max_access_km=0.05
    )


def in_new_room(network: TransportNetwork, entry, limit_ms: int) -> np.ndarray:
    time_ms = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    bucketed_times(
        network.arc_start, network.arc_head, network.arc_time_ms, entry.node, entry.time_ms, limit_ms, time_ms
    )
    return time_ms


def blocks(time_ms: np.ndarray) -> list[int]:
    return sorted({int(node) // NODE_BLOCK for node in np.flatnonzero(time_ms != UNREACHED)})


def test_times_and_blocks_whichever_network_came_before():
    networks = [chain(n) for n in (1000, 64, 65, 300, 7)]
    draw = np.random.default_rng(chance.seed(4))
    for _ in range(60):
        network = networks[draw.integers(len(networks))]
        (place,) = origin_list((float(network.node_lon[draw.integers(network.n_nodes)]), 29.5))
        entry, limit_ms = enter(network, place), int(draw.integers(1, 200)) * 60_000
        wanted = in_new_room(network, entry, limit_ms)
        with searched(network, entry, limit_ms=limit_ms) as found:
            assert found.time_ms.tolist() == wanted.tolist()
            assert found.block.tolist() == blocks(wanted)
        assert node_times(wanted).block.tolist() == blocks(wanted)


def test_room_is_clean_after_an_error():
    network = chain(500)
    (place,) = origin_list((106.3, 29.5))
    entry = enter(network, place)
    with pytest.raises(ZeroDivisionError), searched(network, entry, limit_ms=6_000_000):
        raise ZeroDivisionError
    with searched(network, entry, limit_ms=60_000) as found:
        assert found.time_ms.tolist() == in_new_room(network, entry, 60_000).tolist()


def test_searches_within_searches_and_beside_them_have_room_of_their_own():
    network = chain(2000)
    points = origin_list([(float(network.node_lon[k]), 29.5) for k in range(0, 2000, 50)])

    def right(k: int) -> bool:
        entry, other = enter(network, points[k]), enter(network, points[-k])
        with searched(network, entry, limit_ms=6_000_000) as one:
            with searched(network, other, limit_ms=3_000_000) as two:
                inner = (two.time_ms == in_new_room(network, other, 3_000_000)).all()
            return bool(inner and (one.time_ms == in_new_room(network, entry, 6_000_000)).all())

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(right, range(len(points))))


def test_a_prepared_network_is_searched_as_it_is():
    network = chain(300)
    prepared(network)
    (place,) = origin_list((106.2, 29.5))
    entry = enter(network, place)
    with searched(network, entry, limit_ms=1_200_000) as found:
        wanted = in_new_room(network, entry, 1_200_000)
        assert found.time_ms.tolist() == wanted.tolist()
        assert found.block.tolist() == blocks(wanted)
