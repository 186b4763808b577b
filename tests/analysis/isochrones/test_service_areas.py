"""Service areas divide the union of the isochrones."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis import schemas
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._service_areas import service_areas
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.crs import area_km2
from borderreach.geo.networks._network import Links, build_network
from borderreach.geo.networks._trunk import trunk_network


@pytest.fixture(scope="module")
def trunk():
    return trunk_network()


def test_areas_add_up_to_the_union(trunk):
    centres = ["遵义市", "綦江区", "南川区"]
    areas = service_areas(trunk, centres, cutoff_min=60)
    assert list(areas.columns) == list(schemas.SERVICE_AREAS)
    single = isochrones(trunk, centres, cutoffs_min=60)
    union = shapely.union_all(single.geometry.to_numpy())
    whole = area_km2(gpd.GeoSeries([union], crs=single.crs))[0]
    assert areas["area_km2"].sum() == pytest.approx(whole, rel=1e-4)
    for a in range(3):
        for b in range(a):
            assert shapely.intersection(areas.geometry.iloc[a], areas.geometry.iloc[b]).area < 1e-9


def test_each_point_belongs_to_the_centre_first_there(trunk):
    centres = ["遵义市", "綦江区", "南川区"]
    areas = service_areas(trunk, centres, cutoff_min=60)
    union = shapely.union_all(areas.geometry.to_numpy())
    draw = np.random.default_rng(1)
    points = draw.uniform(union.bounds[:2], union.bounds[2:], size=(150, 2))
    points = points[shapely.contains_xy(union, points[:, 0], points[:, 1])]
    times = travel_times(trunk, centres, [tuple(p) for p in points])["travel_time_min"]
    square = times.fillna(np.inf).to_numpy().reshape(len(centres), -1)
    best, second = np.sort(square, axis=0)[:2]
    clear = second - best > 2.5  # the dividing line is drawn on cells of 500 m: 1.2 minutes
    assert clear.sum() > 30
    for k, (x, y) in enumerate(points):
        if clear[k] and best[k] < 60:
            assert areas.geometry.iloc[int(square[:, k].argmin())].covers(shapely.Point(x, y))


def test_equal_centres_share_down_the_middle():
    network = build_network([106.5, 106.6], [29.5, 29.5], Links([0], [1], [9690.0], [600.0], exit_along=True))
    areas = service_areas(network, [(106.5, 29.5), (106.6, 29.5)], cutoff_min=15)
    assert areas["area_km2"].iloc[0] == pytest.approx(areas["area_km2"].iloc[1], rel=0.02)
    assert areas.geometry.iloc[0].bounds[2] == pytest.approx(106.55, abs=2e-3)


def test_one_centre_has_its_whole_isochrone(trunk):
    area = service_areas(trunk, "綦江区", cutoff_min=30)
    assert area["area_km2"].iloc[0] == pytest.approx(
        isochrones(trunk, "綦江区", cutoffs_min=30)["area_km2"].iloc[0], rel=1e-6
    )
