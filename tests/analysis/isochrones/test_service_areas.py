"""Service areas divide the union of the isochrones."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis import schemas
from borderreach.analysis.isochrones._isochrones import isochrones
from borderreach.analysis.isochrones._service_areas import service_areas
from borderreach.analysis.times import within_reach
from borderreach.analysis.times._travel_times import travel_times
from borderreach.geo.crs import area_km2
from borderreach.geo.networks import Links, build_network
from borderreach.geo.networks._trunk import trunk_network


@pytest.fixture(scope="module")
def trunk():
    return trunk_network(speed_kph=88)


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


def owners(network, centres, points) -> np.ndarray:
    """Minutes from each centre to each point; infinite where it isn't reached."""
    near = within_reach(network, [tuple(p) for p in points])
    minutes = np.full((len(centres), len(points)), np.inf)
    if near.any():
        table = travel_times(network, centres, [tuple(p) for p in points[near]])
        minutes[:, near] = table["travel_time_min"].fillna(np.inf).to_numpy().reshape(len(centres), -1)
    return minutes


def misassigned(network, centres, cutoff: float, cell_m: float, rng, samples: int) -> tuple[int, int]:
    """How many sampled points lie in an area of a centre that is first nowhere near, and how many lie in any."""
    areas = service_areas(network, centres, cutoff_min=cutoff, cell_m=cell_m)
    west, south, east, north = areas.total_bounds
    points = rng.uniform((west, south), (east, north), size=(samples, 2))
    step = np.array([(0, 0), *((math.cos(a), math.sin(a)) for a in np.arange(8) * math.pi / 4)])
    step = step * 1.5 * cell_m / 111_000 / [math.cos(math.radians((south + north) / 2)), 1.0]
    wrong, inside = 0, 0
    for point in points:
        holding = [k for k, area in enumerate(areas.geometry) if area.contains(shapely.Point(*point))]
        assert len(holding) <= 1
        if not holding:
            continue
        inside += 1
        minutes = owners(network, centres, point + step)
        first = minutes[holding[0]] <= minutes.min(axis=0) + 1e-3
        wrong += not (first & np.isfinite(minutes[holding[0]])).any()
    return wrong, inside


def sketch(seed: int):
    """A few roads, fast and slow, far enough apart that what one reaches another doesn't."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 9))
    lon, lat = 106 + 0.12 * rng.random(n), 29 + 0.1 * rng.random(n)
    tail = np.concatenate([np.arange(n - 1), rng.integers(0, n, 3)])
    head = np.concatenate([np.arange(1, n), rng.integers(0, n, 3)])
    tail, head = tail[tail != head], head[tail != head]
    metres = np.hypot((lon[tail] - lon[head]) * 97e3, (lat[tail] - lat[head]) * 111e3)
    network = build_network(
        lon, lat, Links(tail, head, metres, metres / rng.choice([3, 15], len(metres)), exit_along=rng.random() < 0.5),
        access_speed_kph=5, max_access_km=2,
    )  # fmt: skip
    centres = [(float(lon[k]), float(lat[k])) for k in rng.permutation(n)[: int(rng.integers(2, 4))]]
    return network, centres, float(rng.uniform(30, 120)), rng


@pytest.mark.parametrize("seed", range(2))
def test_points_drawn_at_random_lie_in_the_area_of_the_centre_first_there(seed: int):
    network, centres, cutoff, rng = sketch(seed)
    wrong, inside = misassigned(network, centres, cutoff, 100, rng, 60)
    assert inside > 5
    assert wrong == 0


@pytest.mark.slow
def test_areas_of_many_networks_are_those_of_the_centres_first_there():
    def counted(seed: int) -> tuple[int, int]:
        network, centres, cutoff, rng = sketch(seed)
        return misassigned(network, centres, cutoff, 100, rng, 300)

    counts = np.array([counted(seed) for seed in range(40)])
    assert counts[:, 1].sum() > 3000
    assert counts[:, 0].sum() <= counts[:, 1].sum() * 1e-3


KM = 1 / (111.32 * 0.8746)  # degrees of longitude at 29 N
#: A, a stop of its road 3 km west of x, one of B's road half a kilometre east of x, and B.
ROW = [106 - 30 * KM, 106 - 3 * KM, 106 + 0.5 * KM, 106 + 30 * KM]


def test_a_centre_does_not_win_by_a_walk_longer_than_allowed():
    """To x it's 76 minutes from A, by way of B's stop, and 51 from B: A's own stop is out of reach."""
    network = build_network(
        ROW, [29.0] * 4, Links([0, 1, 3], [1, 2, 2], [27e3, 3.5e3, 29.5e3], [300, 3900, 2700]),
        access_speed_kph=5, max_access_km=2,
    )  # fmt: skip
    areas = service_areas(network, [(ROW[0], 29.0), (ROW[3], 29.0)], cutoff_min=120)
    assert [area.contains(shapely.Point(106, 29)) for area in areas.geometry] == [False, True]


def test_a_centre_that_does_not_reach_a_point_has_no_say_between_those_that_do():
    """A doesn't reach x; B does in 66 minutes and C in 46."""
    lon, lat = [*ROW, ROW[2], ROW[2]], [29.0] * 4 + [29.05, 29.0]
    network = build_network(
        lon, lat, Links([0, 3, 4], [1, 2, 2], [27e3, 29.5e3, 6e3], [300, 3600, 2400]),
        access_speed_kph=5, max_access_km=2,
    )  # fmt: skip
    centres = [(ROW[0], 29.0), (ROW[3], 29.0), (ROW[2], 29.05)]
    areas = service_areas(network, centres, cutoff_min=120)
    assert [area.contains(shapely.Point(106, 29)) for area in areas.geometry] == [False, False, True]
