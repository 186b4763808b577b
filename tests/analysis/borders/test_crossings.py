"""Crossings, gaps and penalties on made-up networks whose answers are known."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders._crossings import (
    border_crossings,
    crossings,
    node_counties,
    with_border_penalty,
)
from borderreach.analysis.borders._gaps import close_gaps, gaps
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.errors import InputError, MissingCRSError
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.osm._pbf import pbf_network
from borderreach.geo.places._borders import borders

from ... import chance
from ...geo.osm.osm_files import reference_file

KM = 1 / 111.2  # degrees of latitude per km


@pytest.fixture
def counties() -> gpd.GeoDataFrame:
    """Two provinces of two counties each, side by side; their border is the meridian 106.5."""
    squares = [(106.0, 29.0), (106.0, 29.5), (106.5, 29.0), (106.5, 29.5)]
    return gpd.GeoDataFrame(
        {
            "adcode": [500101, 500102, 520101, 520102],
            "name": ["西南", "西北", "东南", "东北"],
            "city": "市",
            "city_adcode": [500100, 500100, 520100, 520100],
            "province": ["重庆市", "重庆市", "贵州省", "贵州省"],
            "province_adcode": [500000, 500000, 520000, 520000],
            "lon": [x + 0.25 for x, _ in squares],
            "lat": [y + 0.25 for _, y in squares],
            "point_source": "surface",
        },
        geometry=[shapely.box(x, y, x + 0.5, y + 0.5) for x, y in squares],
        crs="EPSG:4326",
    )


def straight_road(stops: list[tuple[float, float]], links: list[tuple[int, int]]) -> TransportNetwork:
    """Roads at 60 km/h between places, as long as the straight line on a sphere is."""
    lon, lat = np.array(stops).T
    tail, head = np.array(links).T
    x = (lon[head] - lon[tail]) * np.cos(np.radians(29.5)) * 111_200
    y = (lat[head] - lat[tail]) * 111_200
    metres = np.hypot(x, y)
    return build_network(lon, lat, Links(tail, head, metres, metres / 60 * 3.6, road_class="primary"))


@pytest.fixture
def crossing_road() -> TransportNetwork:
    """One road across the border in the south, one dead end on each side in the north, 4 km apart."""
    stops = [
        (106.3, 29.1), (106.7, 29.1),  # 0-1 cross in the south
        (106.3, 29.8), (106.48, 29.8),  # 3 is a dead end 1.9 km short of the border
        (106.52, 29.8), (106.7, 29.8),  # 4 is a dead end beyond it
    ]  # fmt: skip
    return straight_road(stops, [(0, 1), (0, 2), (2, 3), (4, 5), (5, 1)])


def test_nodes_lie_in_their_counties(crossing_road: TransportNetwork, counties: gpd.GeoDataFrame) -> None:
    assert node_counties(crossing_road, counties).tolist() == [0, 2, 1, 1, 3, 3]
    outside = straight_road([(100.0, 29.1), (106.3, 29.1)], [(0, 1)])
    assert node_counties(outside, counties).tolist() == [-1, 0]


def test_the_one_crossing_is_found_at_the_border(
    crossing_road: TransportNetwork, counties: gpd.GeoDataFrame
) -> None:
    found = crossings(crossing_road, counties)
    assert len(found) == 1
    row = found.iloc[0]
    assert (row.province_a, row.province_b) == ("重庆市", "贵州省")
    assert (row.county_a, row.county_b, row.road_class) == ("西南", "东南", "primary")
    assert row.geometry.x == pytest.approx(106.5)
    assert row.geometry.y == pytest.approx(29.1)


def test_spacing_and_longest_stretch_along_the_border(
    crossing_road: TransportNetwork, counties: gpd.GeoDataFrame
) -> None:
    (row,) = border_crossings(crossings(crossing_road, counties), borders(counties)).itertuples()
    assert row.n_crossings == 1
    assert row.by_class == "primary 1"
    # the border runs from 29.0 to 30.0 N: 110.85 km on the ellipsoid; the crossing lies at 29.1
    assert row.border_km == pytest.approx(110.85, abs=0.1)
    assert row.spacing_km == row.border_km
    assert row.longest_without_km == pytest.approx(0.9 * 110.85, abs=0.1)


def test_a_border_without_a_crossing_is_all_one_stretch(counties: gpd.GeoDataFrame) -> None:
    inside = straight_road([(106.1, 29.1), (106.3, 29.1)], [(0, 1)])
    (row,) = border_crossings(crossings(inside, counties), borders(counties)).itertuples()
    assert row.n_crossings == 0
    assert row.spacing_km == np.inf
    assert row.longest_without_km == pytest.approx(row.border_km)


def test_the_gap_in_the_north_is_found_once(
    crossing_road: TransportNetwork, counties: gpd.GeoDataFrame
) -> None:
    found = gaps(crossing_road, counties, borders(counties))
    assert len(found) == 1
    row = found.iloc[0]
    assert {row.node, row.beyond_node} == {3, 4}
    # 0.04 degrees of longitude at 29.8 N
    assert row.gap_km == pytest.approx(3.87, abs=0.02)
    assert row.border_distance_km == pytest.approx(1.93, abs=0.02)
    # round by the south: 0.18 + 0.4 + 0.18 degrees of longitude and twice 0.7 of latitude
    around = 0.76 * np.cos(np.radians(29.5)) * 111.2 + 2 * 0.7 * 111.2
    assert row.network_km == pytest.approx(around, rel=1e-3)
    assert row.network_min == pytest.approx(around, rel=1e-3)  # at 60 km/h
    assert row.detour_factor == pytest.approx(around / row.gap_km, rel=1e-3)


@pytest.mark.parametrize(
    "options", [{"within_km": 1.0}, {"gap_km": 3.0}, {"detour_factor": 70.0}], ids=lambda o: next(iter(o))
)
def test_a_condition_that_fails_hides_the_gap(
    crossing_road: TransportNetwork, counties: gpd.GeoDataFrame, options: dict[str, float]
) -> None:
    assert gaps(crossing_road, counties, borders(counties), **options).empty


def test_a_road_that_turns_away_from_the_border_is_no_gap(counties: gpd.GeoDataFrame) -> None:
    # the dead end at (106.48, 29.8) is come to from the east side, heading west
    stops = [(106.49, 29.8), (106.48, 29.8), (106.3, 29.1), (106.7, 29.1), (106.52, 29.8)]
    network = straight_road(stops, [(0, 1), (0, 2), (2, 3), (3, 4)])
    found = gaps(network, counties, borders(counties))
    assert 1 not in found["node"].tolist()


def test_unconnected_sides_have_an_infinite_detour(counties: gpd.GeoDataFrame) -> None:
    stops = [(106.3, 29.8), (106.48, 29.8), (106.52, 29.8), (106.7, 29.8)]
    found = gaps(straight_road(stops, [(0, 1), (2, 3)]), counties, borders(counties))
    assert found["detour_factor"].tolist() == [np.inf]
    assert found["network_min"].tolist() == [np.inf]


def test_closing_the_gap_makes_it_a_straight_way(
    crossing_road: TransportNetwork, counties: gpd.GeoDataFrame
) -> None:
    found = gaps(crossing_road, counties, borders(counties))
    closed = close_gaps(crossing_road, found, speed_kph=60, sinuosity=1.0)
    ends = ((106.48, 29.8), (106.52, 29.8))
    minutes = travel_times(closed, *ends)["travel_time_min"].iloc[0]
    assert minutes == pytest.approx(found["gap_km"].iloc[0], rel=1e-3)
    assert gaps(closed, counties, borders(counties)).empty


def test_a_penalty_is_paid_at_each_crossing_only(
    crossing_road: TransportNetwork, counties: gpd.GeoDataFrame
) -> None:
    found = crossings(crossing_road, counties)
    dear = with_border_penalty(crossing_road, found, minutes=15)
    places = [(106.3, 29.1), (106.3, 29.8), (106.7, 29.1)]
    before = travel_times(crossing_road, places, places)["travel_time_min"].to_numpy()
    after = travel_times(dear, places, places)["travel_time_min"].to_numpy()
    assert (after - before).round(9).tolist() == [0, 0, 15, 0, 0, 15, 15, 15, 0]
    assert (
        with_border_penalty(crossing_road, found, minutes=0).arc_time_ms == crossing_road.arc_time_ms
    ).all()


def test_bad_input_has_its_own_error(crossing_road: TransportNetwork, counties: gpd.GeoDataFrame) -> None:
    with pytest.raises(MissingCRSError, match="counties"):
        crossings(crossing_road, counties.set_crs(None, allow_override=True))
    with pytest.raises(InputError, match="minutes"):
        with_border_penalty(crossing_road, crossings(crossing_road, counties), minutes=-1)
    strange = crossings(crossing_road, counties).assign(link=99)
    with pytest.raises(InputError, match="compute them on this network"):
        with_border_penalty(crossing_road, strange, minutes=1)


def test_no_crossings_and_no_gaps_are_typed_empty_frames(counties: gpd.GeoDataFrame) -> None:
    inside = straight_road([(106.1, 29.1), (106.3, 29.1)], [(0, 1)])
    for frame in (crossings(inside, counties), gaps(inside, counties, borders(counties))):
        assert frame.empty
        assert frame.crs == "EPSG:4326"
        assert "geometry" in frame.columns


def test_streets_of_openstreetmap_cross_a_made_up_border_by_class() -> None:
    streets = pbf_network(reference_file("isle-of-wight-2020-04-22.osm.pbf"))
    meridian = -1.3
    west, east = (shapely.box(*box) for box in ((-1.7, 50.5, meridian, 50.8), (meridian, 50.5, -1.0, 50.8)))
    halves = gpd.GeoDataFrame(
        {
            "adcode": [110101, 120101],
            "name": ["West", "East"],
            "city": "city",
            "city_adcode": [110100, 120100],
            "province": ["W", "E"],
            "province_adcode": [110000, 120000],
            "lon": [-1.5, -1.15],
            "lat": 50.65,
            "point_source": "surface",
        },
        geometry=[west, east],
        crs="EPSG:4326",
    )
    found = crossings(streets, halves)
    # counted apart from it: links whose ends lie on two sides, by class
    tail, head = streets.link_ends
    across = (streets.node_lon[tail] < meridian) != (streets.node_lon[head] < meridian)
    across &= (
        np.maximum(streets.node_lat[tail], streets.node_lat[head]) < 50.8
    )  # but for a ferry to the mainland
    classes = np.array(streets.classes)[streets.arc_class[np.maximum(*streets.link_arcs)[across]]]
    assert found["road_class"].value_counts().to_dict() == dict(
        zip(*np.unique(classes, return_counts=True), strict=True)
    )
    assert {"primary", "residential"} <= set(classes)
    assert shapely.get_x(found.geometry.to_numpy()) == pytest.approx(meridian, abs=1e-3)
    # dead ends that face each other across it, and where each is continued
    dead = gaps(streets, halves, borders(halves))
    assert len(dead) > 0
    assert (streets.node_lon[dead["node"]] < meridian).tolist() == (dead["province"] == "W").tolist()
    assert (dead["province"] != dead["beyond_province"]).all()


def one_link(line: list[tuple[float, float]]) -> TransportNetwork:
    """A road of one link along a line."""
    (x0, y0), (x1, y1) = line[0], line[-1]
    return build_network([x0, x1], [y0, y1], Links([0], [1], [1e5], [3600], geometry=[line]))


def test_a_spiral_crosses_where_it_comes_to_the_border(counties: gpd.GeoDataFrame) -> None:
    """It turns round once over itself at (106.2, 29.5) and crosses 106.5 at 29.4."""
    spiral = [(106.1, 29.5), (106.3, 29.5), (106.3, 29.6), (106.2, 29.6), (106.2, 29.4), (106.8, 29.4)]
    point = crossings(one_link(spiral), counties).geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((106.5, 29.4))


@settings(max_examples=chance.examples(40), deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_crossing_is_the_first_point_of_a_line_on_the_border(counties: gpd.GeoDataFrame, seed: int) -> None:
    """By the definition: along the line's steps, the first that goes over the meridian 106.5, wherever it winds."""
    rng = np.random.default_rng(seed)
    west = rng.uniform((106.05, 29.1), (106.45, 29.9), (int(rng.integers(2, 7)), 2))
    east = rng.uniform((106.55, 29.1), (106.95, 29.9), (int(rng.integers(1, 4)), 2))
    line = np.vstack([west, east, rng.permutation(np.vstack([west, east]))[:3], east[-1:] + 0.01])
    k = int(np.argmax(line[:, 0] > 106.5))
    share = (106.5 - line[k - 1, 0]) / (line[k, 0] - line[k - 1, 0])
    expected = line[k - 1] + share * (line[k] - line[k - 1])
    point = crossings(one_link([tuple(p) for p in line.tolist()]), counties).geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx(tuple(expected), abs=1e-8)


def test_a_road_that_comes_in_a_bend_goes_on_as_it_ends(counties: gpd.GeoDataFrame) -> None:
    """It comes from the north and ends heading east, 2 km before the border; a road goes on 2 km beyond."""
    bend = [(106.48, 29.60), (106.30, 29.60), (106.30, 29.50), (106.48, 29.50)]
    lon, lat = [106.48, 106.48, 106.40, 106.52, 106.60, 106.60], [29.60, 29.50, 29.70, 29.50, 29.49, 29.52]
    km = [4.6e4, 1.4e4, 8e3, 8e3]
    links = [(0, 1), (0, 2), (3, 4), (3, 5)]
    for turned in (False, True):
        tail, head = np.array([links[0][::-1] if turned else links[0], *links[1:]]).T
        road = Links(
            tail, head, km, [2000, 600, 400, 400], geometry=[bend[::-1] if turned else bend, None, None, None]
        )
        found = gaps(build_network(lon, lat, road), counties, borders(counties))
        assert found[["node", "beyond_node"]].to_numpy().tolist() == [[1, 3]]


@pytest.mark.parametrize("first", range(4))
def test_a_ring_s_stretches_do_not_depend_on_where_it_is_drawn_from(first: int) -> None:
    """An enclave of 0.2 by 0.2 degrees, its border crossed in the middle of the west and of the south side."""
    corners = [(106.4, 29.4), (106.6, 29.4), (106.6, 29.6), (106.4, 29.6)]
    ring = shapely.LineString([*corners[first:], *corners[: first + 1]])
    frame = gpd.GeoDataFrame(
        {"province_a": ["P"], "province_b": ["Q"], "length_km": [83.0]},
        geometry=[shapely.MultiLineString([ring])],
        crs="EPSG:4326",
    )
    at = gpd.GeoDataFrame(
        {"province_a": "P", "province_b": "Q", "road_class": "trunk"},
        geometry=gpd.points_from_xy([106.4, 106.5], [29.5, 29.4]),
        crs="EPSG:4326",
        index=[0, 1],
    )
    # half of the south side, the east, the north and half of the west: 9.7, 22.2, 19.4 and 11.1 km
    (row,) = border_crossings(at, frame).itertuples()
    assert row.longest_without_km == pytest.approx(9.71 + 22.17 + 19.37 + 11.08, abs=0.1)
    (one,) = border_crossings(at.iloc[:1], frame).itertuples()
    assert one.longest_without_km == pytest.approx(2 * (22.17 + 19.4), abs=0.1)


def test_a_corner_that_touches_the_border_is_no_crossing(counties: gpd.GeoDataFrame) -> None:
    """From the west to the border and back, and over it farther north: on either side, whichever way it's drawn."""
    line = [(106.2, 29.2), (106.5, 29.3), (106.3, 29.4), (106.7, 29.4)]
    for drawn in (line, [(213.0 - lon, lat) for lon, lat in line]):
        point = crossings(one_link(drawn), counties).geometry.iloc[0]
        assert (round(point.x, 9), round(point.y, 9)) == (106.5, 29.4)
