"""Which nodes lie in which areas, against a tree of their points; ways from many points, against one at a time."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings

from borderreach.geo.crs import to_ecef
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._near import nearest_access, nodes_inside, station_accesses

from ... import chance
from ...analysis.networks import Case, cases


def test_nodes_inside_are_those_that_a_tree_of_points_finds():
    for seed in chance.seeds(5):
        drawn = np.random.default_rng(seed)
        lon, lat = (
            drawn.integers(0, 12, (2, 300)) / 2 + 100
        )  # many on edges and corners, several at one place
        network = build_network(lon, lat - 70, Links([], [], [], []))
        squares = [shapely.box(100 + i, 30 + j, 101 + i, 31 + j) for i in range(5) for j in range(5)]
        odd = [
            shapely.Polygon(),
            shapely.union_all(squares[:7]).difference(shapely.box(100.5, 30.5, 101.5, 33)),
            shapely.MultiPolygon([squares[3], squares[20]]),
            shapely.Point(103, 33).buffer(1.3),
            shapely.box(0, 0, 1, 1),
        ]
        areas = np.array([*squares, *odd], dtype=object)
        which, node = nodes_inside(network, areas)
        expected = shapely.STRtree(shapely.points(network.node_lon, network.node_lat)).query(
            areas, predicate="intersects"
        )
        assert (np.diff(which) >= 0).all()
        assert sorted(zip(which.tolist(), node.tolist(), strict=True)) == sorted(
            map(tuple, expected.T.tolist())
        )


def test_ways_from_many_stations_are_those_from_each():
    """On a lattice with two or three nodes at a place, exits or not, many as far away as another."""
    for seed in chance.seeds(6):
        drawn = np.random.default_rng(seed)
        n = 400
        lon, lat = 106 + drawn.integers(0, 9, n) / 40, 29 + drawn.integers(0, 9, n) / 40
        free = drawn.random(n) < 0.3
        lon[free] += drawn.uniform(0, 0.02, free.sum())
        network = build_network(
            lon, lat, Links([], [], [], []), node_exit=drawn.random(n) < 0.7,
            max_access_km=float(drawn.choice([0.5, 4.0, 30.0])),
        )  # fmt: skip
        x = np.concatenate([lon[:20], 106 + drawn.integers(0, 17, 40) / 80, drawn.uniform(105.9, 106.4, 20)])
        y = np.concatenate([lat[:20], 29 + drawn.integers(0, 17, 40) / 80, drawn.uniform(28.9, 29.4, 20)])
        xyz = to_ecef(x, y)
        for k in (1, 3, 16):
            found = station_accesses(network, lon=x, lat=y, xyz=xyz, k=k)
            for i, both in enumerate(found):
                for way, turned in zip(both, (network, network.reverse), strict=True):
                    truth = nearest_access(turned, lon=x[i], lat=y[i], xyz=xyz[i], k=k)
                    for name in ("node", "time_ms", "length_m", "line", "pieces"):
                        np.testing.assert_array_equal(getattr(way, name), getattr(truth, name))


@settings(max_examples=chance.examples(20))
@given(case=cases())
def test_so_are_those_onto_lines(case: Case):
    lon, lat = (np.array([value]) for value in case.origin)
    (both,) = station_accesses(case.network, lon=lon, lat=lat, xyz=to_ecef(lon, lat), k=2)
    for way, turned in zip(both, (case.network, case.network.reverse), strict=True):
        truth = nearest_access(turned, lon=lon[0], lat=lat[0], xyz=to_ecef(lon, lat)[0], k=2)
        for name in ("node", "time_ms", "length_m"):
            np.testing.assert_array_equal(getattr(way, name), getattr(truth, name))
