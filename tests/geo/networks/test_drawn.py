"""Roads that somebody drew become a network: where lines meet, how fast they are, which way they run."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.times import travel_times
from borderreach.geo.crs import length_km
from borderreach.geo.errors import (
    BorderReachError,
    GeometryTypeError,
    InputError,
    MissingColumnError,
    OffNetworkError,
)
from borderreach.geo.networks import network_from_lines


def roads(lines, **columns):
    return gpd.GeoDataFrame(columns, geometry=[shapely.LineString(line) for line in lines], crs=4326)


def minutes(network, a, b):
    return float(travel_times(network, [a], [b])["travel_time_min"].item())


CROSS = [[(113.0, 28.5), (113.2, 28.5)], [(113.1, 28.5), (113.1, 28.6)], [(113.05, 28.4), (113.05, 28.6)]]


def test_lines_meet_where_one_ends_on_another_and_not_where_they_cross():
    network = network_from_lines(roads(CROSS, 限速=[60, 60, 60]), speed_kph="限速", max_access_km=0.1)
    # the first is cut by the second, the third passes over it
    assert (network.n_nodes, network.n_links) == (6, 4)
    assert minutes(network, (113.0, 28.5), (113.1, 28.6)) == pytest.approx(9.79 + 11.08, rel=2e-3)
    assert np.isnan(minutes(network, (113.0, 28.5), (113.05, 28.6)))


@pytest.mark.parametrize(("gap_m", "joined"), [(0.5, True), (4.0, False)])
def test_ends_within_the_tolerance_meet(gap_m, joined):
    step = gap_m / 97_900
    lines = [[(113.0, 28.5), (113.1, 28.5)], [(113.1 + step, 28.5), (113.2, 28.5)]]
    network = network_from_lines(roads(lines), speed_kph=60, max_access_km=0.001, access_speed_kph=5)
    assert network.n_nodes == (3 if joined else 4)
    wide = network_from_lines(roads(lines), speed_kph=60, snap_m=5)
    assert wide.n_nodes == 3


@pytest.mark.parametrize(
    ("values", "there", "back"),
    [(["yes"], True, False), ([1], True, False), (["是"], True, False), (["-1"], False, True), (["F"], True, False),
     (["no"], True, True), ([None], True, True), ([0.0], True, True), (["B"], True, True)],
)  # fmt: skip
def test_one_ways(values, there, back):
    line = [[(113.0, 28.5), (113.1, 28.5)]]
    network = network_from_lines(roads(line, 单行=values), speed_kph=60, oneway="单行", max_access_km=0.1)
    a, b = (113.0, 28.5), (113.1, 28.5)
    assert np.isfinite(minutes(network, a, b)) == there
    assert np.isfinite(minutes(network, b, a)) == back


def test_the_t_of_geofabrik_is_not_a_yes():
    lines = [[(113.0, 28.5), (113.1, 28.5)], [(113.1, 28.5), (113.2, 28.5)]]
    network = network_from_lines(
        roads(lines, oneway=["T", "B"]), speed_kph=60, oneway="oneway", max_access_km=0.1
    )
    assert np.isnan(minutes(network, (113.0, 28.5), (113.1, 28.5)))
    assert np.isfinite(minutes(network, (113.1, 28.5), (113.0, 28.5)))


def test_speeds_by_class_and_roads_that_cannot_be_left_anywhere(tmp_path):
    frame = roads(CROSS[:2], 等级=["高速公路", "国道"])
    frame.to_file(tmp_path / "r.shp", encoding="GBK")
    network = network_from_lines(
        tmp_path / "r.shp", road_class="等级", speed_kph={"高速公路": 100, "国道": 60}, max_access_km=0.1
    )
    assert minutes(network, (113.0, 28.5), (113.1, 28.6)) == pytest.approx(9.79 * 0.6 + 11.08, rel=2e-3)
    with pytest.raises(OffNetworkError):  # a motorway can't be entered between its junctions
        minutes(network, (113.05, 28.5), (113.1, 28.5))
    assert np.isfinite(minutes(network, (113.1, 28.55), (113.1, 28.5)))


@pytest.mark.parametrize(
    ("columns", "options", "error", "words"),
    [
        ({"限速": [60, 0, 60]}, {"speed_kph": "限速"}, InputError, "row 2: the speed is 0"),
        ({"限速": ["60", "快", "60"]}, {"speed_kph": "限速"}, InputError, "row 2: the speed is '快'"),
        ({}, {"speed_kph": "限速"}, MissingColumnError, "'限速'"),
        ({}, {}, MissingColumnError, "'speed_kph'"),
        (
            {"c": ["a", "b", "a"]},
            {"road_class": "c", "speed_kph": {"a": 60}},
            InputError,
            r"no speed for the class\(es\) 'b'",
        ),
        ({"w": ["yes", "both", "no"]}, {"speed_kph": 60, "oneway": "w"}, InputError, "row 2: w is 'both'"),
    ],
)
def test_faults_name_the_row(columns, options, error, words):
    with pytest.raises(error, match=words):
        network_from_lines(roads(CROSS, **columns), **options)


def test_a_polygon_among_lines():
    frame = roads(CROSS[:1])
    frame.loc[1, "geometry"] = shapely.box(113, 28, 114, 29)
    with pytest.raises(GeometryTypeError, match="row 2: a Polygon"):
        network_from_lines(frame, speed_kph=60)


@given(st.lists(st.tuples(*(st.integers(0, 8),) * 4), min_size=1, max_size=12))
def test_every_metre_is_kept_and_every_end_is_a_node(ends):
    """On a grid, where lines often share ends and end on each other."""
    lines = [
        [(113 + a / 100, 28 + b / 100), (113 + c / 100, 28 + d / 100)]
        for a, b, c, d in ends
        if (a, b) != (c, d)
    ]
    frame = roads(lines)
    if not lines:
        with pytest.raises(BorderReachError):
            network_from_lines(frame, speed_kph=60)
        return
    network = network_from_lines(frame, speed_kph=60)
    kept = float(network.link_length_m.sum()) / 1000
    assert kept == pytest.approx(float(length_km(frame.geometry).sum()), rel=1e-5)
    points = {tuple(np.round(point, 6)) for line in lines for point in line}
    nodes = {tuple(np.round(point, 6)) for point in zip(network.node_lon, network.node_lat, strict=True)}
    assert nodes == points
