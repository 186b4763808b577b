"""What PySAL's `momepy` and networkx find on the same streets: distances over a network, nearest centres."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely

from borderreach.analysis.indicators._competition import competing_centres
from borderreach.analysis.times._matrices import od_matrix
from borderreach.geo.networks import Links, build_network

from ... import chance

pytestmark = pytest.mark.filterwarnings("ignore")  # of the peer's dependencies

SIDE = 6
N = SIDE * SIDE
SPEED_KPH = 60.0
CENTRES = [2, 11, 23]


@pytest.fixture(scope="module", params=chance.seeds(2))
def both(request: pytest.FixtureRequest) -> tuple[Any, Any, list[tuple[float, float]], list[Any]]:
    """A grid of bent streets, a fifth of them missing: our network, the peer's, and the places of both.

    momepy makes a graph of the lines themselves and measures them in the units of their coordinates, which
    are kilometres on a plane; ours is told the same lengths, and has its nodes a tenth of a degree apart.
    """
    momepy = pytest.importorskip("momepy")
    rng = np.random.default_rng(request.param)
    node = np.arange(N).reshape(SIDE, SIDE)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    keep = rng.random(len(tail)) < 0.8
    tail, head = tail[keep], head[keep]
    xy = np.column_stack([node.ravel() % SIDE, node.ravel() // SIDE]) * 10 + rng.uniform(-3, 3, (N, 2))
    bend = (xy[tail] + xy[head]) / 2 + rng.uniform(-2, 2, (len(tail), 2))
    lines = shapely.linestrings(np.stack([xy[tail], bend, xy[head]], axis=1))
    km = shapely.length(lines)
    lon, lat = 106 + 0.1 * (np.arange(N) % SIDE), 29 + 0.1 * (np.arange(N) // SIDE)
    links = Links(tail, head, km * 1000, km / SPEED_KPH * 3600)
    used = np.unique(np.concatenate([tail, head]))
    places = list(zip(lon[used].tolist(), lat[used].tolist(), strict=True))
    ours = build_network(lon, lat, links, max_access_km=1)
    streets = gpd.GeoDataFrame(geometry=lines, crs=32648)
    theirs = momepy.gdf_to_nx(streets, approach="primal", length="km")
    return ours, theirs, places, [tuple(point) for point in xy[used].tolist()]


def test_distances(both: tuple[Any, Any, list[tuple[float, float]], list[Any]]) -> None:
    ours, theirs, places, nodes = both
    ways = dict(nx.all_pairs_dijkstra_path_length(theirs, weight="km"))
    wanted = np.array([[ways[a].get(b, np.inf) for b in nodes] for a in nodes])
    found = od_matrix(ours, places)["distance_km"].to_numpy().reshape(len(places), -1)
    assert np.array_equal(np.isnan(found), ~np.isfinite(wanted))
    # ours rounds each street to a centimetre
    assert np.nan_to_num(found) == pytest.approx(np.where(np.isfinite(wanted), wanted, 0), abs=1e-3)


def test_nearest_centres(both: tuple[Any, Any, list[tuple[float, float]], list[Any]]) -> None:
    ours, theirs, places, nodes = both
    wanted = nx.multi_source_dijkstra_path_length(theirs, [nodes[k] for k in CENTRES], weight="km")
    from_each = [nx.single_source_dijkstra_path_length(theirs, nodes[k], weight="km") for k in CENTRES]
    times = od_matrix(ours, places, [places[k] for k in CENTRES])
    number = {name: k for k, name in enumerate(dict.fromkeys(times["to_id"]))}
    found = competing_centres(times)
    reached = 0
    for node, name, minutes in zip(nodes, found["centre_id"], found["centre_min"], strict=True):
        if name == "":
            assert node not in wanted
            continue
        reached += 1
        assert from_each[number[name]][node] == pytest.approx(wanted[node])
        assert minutes / 60 * SPEED_KPH == pytest.approx(wanted[node], abs=1e-3)  # whole milliseconds
    assert reached > 25
