import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from borderreach.geo.crs import (
    ELLIPSOID,
    area_km2,
    gcj02_to_wgs84,
    geometry_gcj02_to_wgs84,
    length_km,
    local_crs,
    to_ecef,
    wgs84_to_gcj02,
)

CHINA_LON = st.floats(74, 134)
CHINA_LAT = st.floats(18, 53)


def metres(lon_a, lat_a, lon_b, lat_b):
    return float(np.max(ELLIPSOID.inv(lon_a, lat_a, lon_b, lat_b)[2]))


@given(CHINA_LON, CHINA_LAT)
def test_gcj02_round_trip_is_below_a_centimetre(lon, lat):
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))
    assert metres(lon, lat, *map(float, back)) < 0.01


def test_gcj02_shift_is_some_hundred_metres():
    lon, lat = (axis.ravel() for axis in np.meshgrid(np.arange(75, 134, 0.7), np.arange(18, 53, 0.7)))
    distance = ELLIPSOID.inv(lon, lat, *wgs84_to_gcj02(lon, lat))[2]
    assert distance.max() < 1000
    assert 400 < np.median(distance) < 600


def test_gcj02_leaves_the_world_outside_its_rectangle_alone():
    lon, lat = wgs84_to_gcj02([2.35, 140.0, 100.0], [48.85, 35.0, -5.0])
    assert lon.tolist() == [2.35, 140.0, 100.0]
    assert lat.tolist() == [48.85, 35.0, -5.0]


def test_gcj02_of_tiananmen():
    # The gate stands at 116.39133 E, 39.90733 N (OpenStreetMap); AMap shows it at 116.39747, 39.90882.
    lon, lat = wgs84_to_gcj02(116.39133, 39.90733)
    assert metres(float(lon), float(lat), 116.39747, 39.90882) < 30


def test_geometry_shift_moves_every_vertex_and_keeps_the_index():
    square = gpd.GeoSeries([shapely.box(106, 29, 107, 30)], index=["a"])
    moved = geometry_gcj02_to_wgs84(square)
    lon, lat = wgs84_to_gcj02(*shapely.get_coordinates(moved.iloc[0]).T)
    assert np.abs(np.column_stack([lon, lat]) - shapely.get_coordinates(square.iloc[0])).max() < 1e-8
    assert moved.index.tolist() == ["a"]
    assert moved.crs == "EPSG:4326"


def test_area_of_one_degree_squares_by_the_closed_form():
    # Area between two parallels on the ellipsoid: b²/2 · Δλ · [sin/(1−e²sin²) + atanh(e sin)/e].
    a, e2 = 6378137.0, 0.0066943799901413165
    e, b2 = np.sqrt(e2), a * a * (1 - e2)

    def zone(lat):
        s = np.sin(np.radians(lat))
        return b2 / 2 * (s / (1 - e2 * s * s) + np.arctanh(e * s) / e)

    for west, south in ((106, 29), (80, 40), (-60, 10)):
        lats = np.linspace(south, south + 1, 200)  # meridians are straight in Albers, parallels aren't
        lons = np.linspace(west, west + 1, 200)
        ring = (
            [(x, south) for x in lons]
            + [(west + 1, y) for y in lats]
            + [(x, south + 1) for x in lons[::-1]]
            + [(west, y) for y in lats[::-1]]
        )
        got = area_km2(gpd.GeoSeries([shapely.Polygon(ring)], crs="EPSG:4326"))[0]
        expected = (zone(south + 1) - zone(south)) * np.radians(1) / 1e6
        assert got == pytest.approx(expected, rel=2e-5)


def test_area_and_length_of_nothing():
    empty = gpd.GeoSeries([], crs="EPSG:4326")
    assert area_km2(empty).shape == (0,)
    assert length_km(empty).shape == (0,)
    assert area_km2(gpd.GeoSeries([shapely.Polygon()], crs="EPSG:4326")).tolist() == [0.0]


def test_length_of_a_degree_of_meridian_at_the_equator():
    line = gpd.GeoSeries([shapely.LineString([(100, -0.5), (100, 0.5)])], crs="EPSG:4326")
    assert length_km(line)[0] == pytest.approx(110.574, abs=0.001)  # textbook value


@given(CHINA_LON, CHINA_LAT, st.floats(0, 360), st.floats(1, 30_000))
def test_ecef_chord_falls_short_of_the_geodesic_by_centimetres(lon, lat, bearing, distance):
    there = ELLIPSOID.fwd(lon, lat, bearing, distance)
    a, b = to_ecef([lon, there[0]], [lat, there[1]])
    assert distance - 0.04 < np.linalg.norm(b - a) < distance + 1e-3


def test_local_crs_keeps_distances_from_its_centre():
    there = ELLIPSOID.fwd(106.5, 29.5, 37.0, 250_000.0)
    points = gpd.GeoSeries(gpd.points_from_xy([106.5, there[0]], [29.5, there[1]]), crs="EPSG:4326")
    here, far = points.to_crs(local_crs(lon=106.5, lat=29.5))
    assert here.distance(far) == pytest.approx(250_000, abs=1)
