"""Across 180 degrees everything is as anywhere else: the same ground moved there gives the same figures."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.indicators import people_within
from borderreach.analysis.isochrones import isochrones
from borderreach.analysis.isochrones._service_areas import service_areas
from borderreach.analysis.isochrones._shapes import clip_isochrones, simplify_isochrones
from borderreach.analysis.times import travel_times
from borderreach.geo.antimeridian import beside, cut_at_antimeridian, lies_across
from borderreach.geo.crs import WGS84
from borderreach.geo.networks import Links, TransportNetwork, build_network
from borderreach.geo.places import border_counties, borders, junctions

#: Roads round a place, as (east, north) in degrees; none of the places lies on its meridian.
PLACES = np.array([(-0.21, 0.0), (-0.05, 0.02), (0.06, 0.01), (0.22, -0.01), (0.013, 0.12)])
LINKS = [(0, 1), (1, 2), (2, 3), (1, 4), (4, 2)]


def wrapped(lon):
    return (np.asarray(lon, dtype=float) + 180) % 360 - 180


def roads(centre: float, lat: float, *, along: bool) -> TransportNetwork:
    east, north = PLACES.T
    tail, head = np.array(LINKS).T
    metres = np.hypot((east[tail] - east[head]) * np.cos(np.radians(lat)), north[tail] - north[head]) * 111e3
    lines = [
        np.column_stack([wrapped(centre + east[[a, b]]), lat + north[[a, b]]])
        for a, b in zip(tail, head, strict=True)
    ]
    return build_network(
        wrapped(centre + east), lat + north,
        Links(tail, head, metres, metres / 60 * 3.6, exit_along=along, geometry=lines),
        access_speed_kph=5, max_access_km=1,
    )  # fmt: skip


def spots(centre: float, lat: float, *points: tuple[float, float]) -> gpd.GeoDataFrame:
    east, north = np.array(points).T
    return gpd.GeoDataFrame(
        {"origin_id": [f"p{k}" for k in range(len(points))]},
        geometry=gpd.points_from_xy(wrapped(centre + east), lat + north), crs=WGS84,
    )  # fmt: skip


def assert_cut(shapes: gpd.GeoSeries) -> None:
    """Valid, within ±180, and no part wider than a degree."""
    assert shapes.is_valid.all()
    parts = shapely.get_parts(shapes.to_numpy())
    bounds = shapely.bounds(parts)
    assert (np.abs(bounds[:, [0, 2]]) <= 180).all()
    assert (bounds[:, 2] - bounds[:, 0] < 1).all()


@pytest.mark.parametrize("along", [False, True])
@pytest.mark.parametrize("lat", [-16.8, 66.5])
@pytest.mark.parametrize("shift", [0.0, 0.01, -0.013, 0.1])
def test_isochrones_are_those_of_the_same_roads_elsewhere(lat: float, along: bool, shift: float):
    centre, elsewhere = 180 + shift, 100 + shift
    start = (0.0, 0.0155) if along else (-0.05, 0.02)
    here, there = (
        isochrones(roads(x, lat, along=along), spots(x, lat, start), cutoffs_min=(5, 15), cell_m=100)
        for x in (centre, elsewhere)
    )
    assert_cut(here.geometry)
    assert here["area_km2"].to_numpy() == pytest.approx(there["area_km2"].to_numpy(), rel=1e-3)
    rng = np.random.default_rng(0)
    east, north = rng.uniform(-0.3, 0.3, 400), rng.uniform(-0.1, 0.2, 400)
    for a, b in zip(here.geometry, there.geometry, strict=True):
        inside = shapely.contains_xy(b, elsewhere + east, lat + north)
        found = shapely.contains_xy(a, wrapped(centre + east), lat + north)
        assert (found != inside).sum() <= 2  # on the edge, where degrees are rounded otherwise
    assert here.geometry.iloc[0].covers(here.geometry.iloc[1])


def test_times_across_are_those_elsewhere():
    points = [(-0.0004, 0.003), (0.0006, 0.004), (0.2, 0.0), (-0.2, 0.001)]
    for along in (False, True):
        here, there = (
            travel_times(
                roads(x, 66.5, along=along).with_access(max_access_km=3), *(spots(x, 66.5, *points),) * 2
            )
            for x in (180.0, 100.0)
        )
        for column in ("travel_time_min", "distance_km"):
            assert here[column].to_numpy() == pytest.approx(there[column].to_numpy(), abs=1e-3, nan_ok=True)


def test_people_live_where_they_live():
    """The road goes on for 10 km both ways; nobody in Finland's or Canada's longitudes is counted."""
    lat = 66.5
    network = roads(180.0, lat, along=True)
    reached = isochrones(network, spots(180.0, lat, (-0.01, 0.016)), cutoffs_min=15)
    people = gpd.GeoDataFrame(
        {"people": [100.0, 30.0, 7.0, 7.0]},
        geometry=gpd.points_from_xy([179.95, -179.95, 30.0, -100.0], [lat + 0.015] * 4), crs=WGS84,
    )  # fmt: skip
    assert people_within(reached, people)["people"].tolist() == [130]
    # an area whose longitudes go on beyond 180 is the same as one that is cut
    beyond = gpd.GeoDataFrame(geometry=[shapely.box(179.9, 66, 180.1, 67)], crs=WGS84)
    assert people_within(beyond, people)["people"].tolist() == [130]
    clipped = clip_isochrones(reached, beyond)
    assert_cut(clipped.geometry)
    assert 0 < clipped["area_km2"].iloc[0] < reached["area_km2"].iloc[0]
    simple = simplify_isochrones(clipped, tolerance_m=50)
    assert_cut(simple.geometry)


def test_service_areas_meet_on_the_line():
    here, there = (
        service_areas(roads(x, 66.5, along=True), spots(x, 66.5, (-0.2, 0.0), (0.21, -0.01)), cutoff_min=20)
        for x in (180.0, 100.0)
    )
    assert_cut(here.geometry)
    assert here["area_km2"].to_numpy() == pytest.approx(there["area_km2"].to_numpy(), rel=0.02)


def squares(west: float, owners: str) -> gpd.GeoDataFrame:
    """Squares of 0.2 degrees in rows of four from 66 N, cut at 180."""
    shapes = np.array(
        [shapely.box(west + 0.2 * (k % 4), 66 + 0.2 * (k // 4), west + 0.2 * (k % 4 + 1), 66.2 + 0.2 * (k // 4))
         for k in range(len(owners))]
    )  # fmt: skip
    return gpd.GeoDataFrame(
        {
            "adcode": np.arange(len(owners)) + 100_000,
            "name": [f"{name}{k}" for k, name in enumerate(owners)],
            "province": list(owners),
            "province_adcode": [ord(name) * 1000 for name in owners],
        },
        geometry=cut_at_antimeridian(shapes), crs=WGS84,
    )  # fmt: skip


@settings(max_examples=12, deadline=None)
@given(st.text("ABC", min_size=8, max_size=8), st.sampled_from([179.6, 179.5, 179.2, 179.3]))
def test_borders_across_are_those_elsewhere(owners: str, west: float):
    here, there = squares(west, owners), squares(100 + west - 179, owners)
    one, two = borders(here), borders(there)
    assert one[["province_a", "province_b", "n_counties"]].equals(
        two[["province_a", "province_b", "n_counties"]]
    )
    assert one["length_km"].to_numpy() == pytest.approx(two["length_km"].to_numpy(), rel=1e-6)
    if len(one):
        bounds = shapely.bounds(shapely.get_parts(one.geometry.to_numpy()))
        assert (np.abs(bounds[:, [0, 2]]) <= 180).all()
        assert (bounds[:, 2] - bounds[:, 0] < 1).all()
    assert border_counties(here)["name"].tolist() == border_counties(there)["name"].tolist()
    met, known = junctions(here), junctions(there)
    assert met["provinces"].tolist() == known["provinces"].tolist()
    order = [
        np.lexsort((f["lat"], beside(f["lon"].to_numpy(), x), f["provinces"]))
        for f, x in ((met, 180.0), (known, 100.0))
    ]
    assert wrapped(met["lon"].to_numpy()[order[0]] - west) == pytest.approx(
        known["lon"].to_numpy()[order[1]] - (100 + west - 179), abs=1e-6
    )


def test_what_lies_across():
    assert lies_across(cut_at_antimeridian(np.array([shapely.box(170, 60, 190, 70)])))
    assert not lies_across(np.array([shapely.box(-10, 60, 30, 70), shapely.box(100, 0, 179, 1)]))
    assert not lies_across(np.array([shapely.MultiPolygon()]))
    assert beside(np.array([-180.0, 180.0, 0.0]), -179.0).tolist() == [-180, -180, 0]
