"""Gaps found all together are those that a search from each dead end to each node finds."""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders import _gaps, gaps
from borderreach.geo.crs import ELLIPSOID
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.places import borders

from ... import chance

COUNTIES = gpd.GeoDataFrame(
    {
        "adcode": [500101, 520101], "name": ["a", "b"], "province": ["A", "B"],
        "province_adcode": [500000, 520000], "lon": [106.5, 107.5], "lat": [29.5, 29.5],
    },
    geometry=[shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)], crs=4326,
)  # fmt: skip
BORDERS = borders(COUNTIES)
OPTIONS = {"within_km": 25.0, "gap_km": 14.0}


def ways(network: TransportNetwork, start: int) -> dict[int, tuple[int, float]]:
    """Milliseconds and metres of the fastest way to each node, of equally fast ones the shortest: by the textbook."""
    best: dict[int, tuple[int, float]] = {}
    heap = [(0, 0.0, start)]
    while heap:
        time, metres, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = time, metres
        for arc in range(network.arc_start[node], network.arc_start[node + 1]):
            there = time + int(network.arc_time_ms[arc]), metres + float(network.arc_length_m[arc])
            heapq.heappush(heap, (*there, int(network.arc_head[arc])))
    return best


def one_by_one(network: TransportNetwork, *, factor: float, turn_deg: float) -> list[tuple[Any, ...]]:
    """The gaps by their definition."""
    neighbours: dict[int, set[int]] = defaultdict(set)
    for a, b in zip(*(ends.tolist() for ends in network.link_ends), strict=True):
        neighbours[a].add(b)
        neighbours[b].add(a)
    lon, lat = network.node_lon, network.node_lat
    found: dict[int, tuple[Any, ...]] = {}
    pairs: set[frozenset[int]] = set()
    for end in sorted(neighbours):
        if len(neighbours[end]) != 1:
            continue
        (before,) = neighbours[end]
        side = lon[end] < 107
        ahead = ELLIPSOID.inv(lon[before], lat[before], lon[end], lat[end])[0]
        candidates = []
        for node in range(network.n_nodes):
            bearing, _, straight = ELLIPSOID.inv(lon[end], lat[end], lon[node], lat[node])
            off = abs((bearing - ahead + 180) % 360 - 180)
            if (lon[node] < 107) != side and off <= turn_deg and straight <= OPTIONS["gap_km"] * 1000:
                candidates.append((straight, node))
        by_road = ways(network, end)
        for straight, node in sorted(candidates):
            time, metres = by_road.get(node, (math.inf, math.inf))
            if metres >= factor * straight:
                pair = frozenset((end, node))
                if pair not in pairs and (node not in found or straight < found[node][2] * 1000):
                    found[node] = (end, node, straight / 1000, metres / 1000, time / 60_000)
                pairs.add(pair)
                break
    return sorted(found.values())


@st.composite
def networks(draw: st.DrawFn) -> TransportNetwork:
    """Roads between 40 places strewn on either side of the border, some in one direction only, some as fast as others."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    lon, lat = rng.uniform(106.8, 107.2, 40), rng.uniform(29.4, 29.6, 40)
    tail, head = [], []
    for node in range(40):
        near = np.argsort((lon - lon[node]) ** 2 + (lat - lat[node]) ** 2)[1:4]
        for other in near[: rng.integers(1, 4)].tolist():
            # few roads cross
            if (lon[node] < 107) == (lon[other] < 107) or rng.random() < 0.15:
                tail.append(node)
                head.append(other)
    k = len(tail)
    metres = np.abs(ELLIPSOID.inv(lon[tail], lat[tail], lon[head], lat[head])[2]) * rng.uniform(1, 2, k) + 1
    seconds = np.rint(metres / rng.choice([5.0, 10.0, 30.0], k) / 60) * 60 + 60
    back = np.where(rng.random(k) < 0.2, np.inf, seconds)
    return build_network(lon, lat, Links(tail, head, metres, seconds, back))


@pytest.mark.parametrize("per_mark", [1, 1000], ids=["towards marks", "to all sides"])
@settings(max_examples=chance.examples(60), deadline=None)
@given(
    network=networks(), factor=st.sampled_from([1.0, 2.0, 3.0, 8.0]), turn_deg=st.sampled_from([60.0, 170.0])
)
def test_gaps_are_those_that_a_search_from_each_dead_end_finds(
    per_mark: int, network: TransportNetwork, factor: float, turn_deg: float
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_gaps, "_GOALS_PER_MARK", per_mark)
        table = gaps(network, COUNTIES, BORDERS, detour_factor=factor, turn_deg=turn_deg, **OPTIONS)
    expected = one_by_one(network, factor=factor, turn_deg=turn_deg)
    rows = sorted(
        table[["node", "beyond_node", "gap_km", "network_km", "network_min"]].itertuples(index=False)
    )
    assert [row[:2] for row in rows] == [row[:2] for row in expected]
    np.testing.assert_allclose([row[2:] for row in rows], [row[2:] for row in expected], rtol=1e-12)
