from __future__ import annotations

import numpy as np
import pytest

from borderreach.geo.networks import Links, build_network, trunk_network
from borderreach.geo.sources import network_info


def test_kilometres_speeds_and_directions_by_class():
    network = build_network(
        [106.0, 106.1, 106.2, 106.3],
        [29.0, 29.0, 29.0, 29.0],
        Links(
            [0, 1, 2],
            [1, 2, 3],
            [10_000.0, 10_000.0, 30_000.0],
            [360.0, 720.0, 1800.0],
            back_time_s=[360.0, np.inf, 900.0],
            road_class=["primary", "primary", "motorway"],
            exit_along=[True, True, False],
        ),
        provenance={"date": "2024-01-01", "source": "mine"},
    )
    info = network_info(network)
    assert (info.n_nodes, info.n_links, info.n_arcs, info.km) == (4, 3, 5, 50.0)
    assert info.bounds == (106.0, 29.0, 106.3, 29.0)
    assert info.date == "2024-01-01"
    motorway, primary = info.classes.to_dict("records")
    assert motorway == {
        "mode": "road", "road_class": "motorway", "n_links": 1, "km": 30.0, "share": 0.6,
        "mean_kph": pytest.approx(60 / 0.75), "oneway_share": 0.0, "exit_share": 0.0,
    }  # fmt: skip
    assert primary == {
        "mode": "road", "road_class": "primary", "n_links": 2, "km": 20.0, "share": 0.4,
        "mean_kph": pytest.approx(30 / 0.4), "oneway_share": 0.5, "exit_share": 1.0,
    }  # fmt: skip
    # from 2 and 3 nobody comes back
    assert (info.n_parts, info.main_part) == (2, 0.5)
    assert "50.0% of the nodes" in info.unusual[0]


def test_what_is_unusual_is_told():
    network = build_network(
        [106.0, 106.1, 106.2],
        [29.0, 29.0, 29.0],
        Links([0, 1], [1, 2], [5_000.0, 10_000.0], [60.0, 18_000.0]),
        node_exit=False,
        provenance={"date": "2019-01-01 to 2024-01-01", "missing_nodes": "3 nodes lie outside"},
    )
    told = "\n".join(network_info(network).unusual)
    for words in (
        "slower than 3",
        "faster than 150",
        "1 links are shorter",
        "nowhere",
        "different days",
        "3 nodes lie",
    ):
        assert words in told
    assert len(network_info(network).unusual) == 6


def test_the_embedded_roads_are_described():
    network = trunk_network()
    info = network_info(network)
    assert info.classes["km"].sum() == pytest.approx(network.link_length_m.sum() / 1000)
    assert set(info.classes["road_class"]) == set(network.classes)
    assert info.classes["share"].sum() == pytest.approx(1)
    assert not [one for one in info.unusual if "nowhere" in one]


def test_an_empty_network_is_described():
    info = network_info(build_network([], [], Links([], [], [], [])))
    assert (info.km, info.n_parts, len(info.classes)) == (0, 0, 0)
