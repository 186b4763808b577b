"""Isochrones with a timetable: the road's own without trains, and times at random points with them."""

from __future__ import annotations

from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import borderreach as br

PLACES = pd.DataFrame({"name": list("ABC"), "lon": [106.0, 106.5, 107.0], "lat": [29.0, 29.1, 29.0]})
HOME = (106.0, 29.0)
OPTIONS: dict[str, Any] = {
    "rules": br.TransferRules(boarding_min=5, alighting_min=2),
    "window": ("07:00", "10:00"),
}


@cache
def road() -> br.TransportNetwork:
    """A grid of slow roads, and one faster."""
    lon, lat = np.meshgrid(np.linspace(105.8, 107.2, 15), np.linspace(28.8, 29.2, 5))
    number = np.arange(lon.size).reshape(lon.shape)
    tail = np.r_[number[:, :-1].ravel(), number[:-1].ravel()]
    head = np.r_[number[:, 1:].ravel(), number[1:].ravel()]
    metres = np.hypot(
        (lon.ravel()[head] - lon.ravel()[tail]) * 97e3, (lat.ravel()[head] - lat.ravel()[tail]) * 111e3
    )
    return br.build_network(
        lon.ravel(),
        lat.ravel(),
        br.Links(tail, head, metres * 1.01, metres / 12),
        access_speed_kph=20,
        max_access_km=8,
    )


def trains() -> br.Timetable:
    rows = [
        (f"G{m}", n, name, "", f"{m // 60 + (m % 60 + 20 * n) // 60:02}:{(m % 60 + 20 * n) % 60:02}")
        for m in (6 * 60, 7 * 60 + 10, 7 * 60 + 50, 9 * 60 + 5, 10 * 60 + 40)
        for n, name in enumerate("ABC")
    ]
    calls = pd.DataFrame(rows, columns=["train", "stop_no", "station", "arrive", "depart"])
    return br.timetable(calls, stations=PLACES)


def test_trains_out_of_reach_change_nothing():
    away = PLACES.assign(lon=PLACES["lon"] + 5)
    calls = pd.DataFrame(
        {
            "train": ["G", "G"],
            "stop_no": [1, 2],
            "station": ["A", "B"],
            "arrive": ["", "9:00"],
            "depart": ["8:00", ""],
        }
    )
    found = br.timetable_isochrones(road(), br.timetable(calls, stations=away), HOME, cutoffs_min=(30, 60))
    alone = br.isochrones(road(), HOME, cutoffs_min=(30, 60))
    for a, b in zip(found.geometry, alone.geometry, strict=True):
        assert a.equals(b)


@pytest.mark.parametrize("statistic", ["fastest", "p20", "p50", "p90"])
def test_random_points_lie_inside_where_their_own_times_say_so(statistic: str):
    network, table = road(), trains()
    found = br.timetable_isochrones(
        network, table, HOME, cutoffs_min=60, statistic=statistic, cell_m=100, **OPTIONS
    )
    assert found["statistic"].tolist() == [statistic]
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(105.75, 107.25, 400), rng.uniform(28.75, 29.25, 400)
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)
    percentile = [float(statistic[1:])] if statistic[1:].isdigit() else [50]
    times = br.timetable_times(
        network, table, HOME, points, percentiles=percentile, off_network="unreachable", **OPTIONS
    )
    minutes = times[f"{statistic}_min"].to_numpy()
    inside = shapely.contains_xy(found.geometry.iloc[0], lon, lat)
    assert 20 < inside.sum() < 380
    # what is drawn is reached, but for the width of a cell at the edge
    assert (minutes[inside] <= 60.7).all()
    drawn = np.mean(inside[minutes <= 59.3])
    assert drawn == 1 if statistic == "fastest" else drawn > 0.97


def test_who_may_choose_the_moment_reaches_as_much_or_more():
    sizes = [
        br.timetable_isochrones(road(), trains(), HOME, cutoffs_min=60, statistic=one, **OPTIONS)[
            "area_km2"
        ].iloc[0]
        for one in ("fastest", "p10", "p50", "p90")
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]
    assert sizes[-1] >= br.isochrones(road(), HOME, cutoffs_min=60)["area_km2"].iloc[0] * 0.999
