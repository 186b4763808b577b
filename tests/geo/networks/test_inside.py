"""Which nodes lie in which areas, against a tree of their points."""

from __future__ import annotations

import numpy as np
import shapely

from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._inside import nodes_inside

from ... import chance


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
