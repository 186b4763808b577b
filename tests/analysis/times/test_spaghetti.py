"""What PySAL's `spaghetti` computes too, from the same streets: distances over a network, nearest centres."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from borderreach.analysis.indicators._competition import competing_centres
from borderreach.analysis.times._matrices import od_matrix
from borderreach.geo.networks._network import Links, build_network

pytestmark = pytest.mark.filterwarnings("ignore")  # of the peer's dependencies

SIDE = 6
N = SIDE * SIDE
SPEED_KPH = 60.0
CENTRES = [2, 11, 23]


@pytest.fixture(scope="module", params=range(2))
def both(request: pytest.FixtureRequest) -> tuple[Any, Any, list[tuple[float, float]]]:
    """A grid of bent streets, a fifth of them missing: our network, the peer's, and places for ours.

    spaghetti measures lines in the units of their coordinates, which are kilometres on a plane; ours is
    told the same lengths, and has its nodes a tenth of a degree apart.
    """
    spaghetti = pytest.importorskip("spaghetti")
    rng = np.random.default_rng(request.param)
    node = np.arange(N).reshape(SIDE, SIDE)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    keep = rng.random(len(tail)) < 0.8
    tail, head = tail[keep], head[keep]
    xy = np.column_stack([node.ravel() % SIDE, node.ravel() // SIDE]) * 10 + rng.uniform(-3, 3, (N, 2))
    bend = (xy[tail] + xy[head]) / 2 + rng.uniform(-2, 2, (len(tail), 2))
    lines = shapely.linestrings(np.stack([xy[tail], bend, xy[head]], axis=1))
    km = shapely.length(lines)
    lon, lat = 106 + 0.1 * (np.arange(N) % SIDE), 29 + 0.1 * (np.arange(N) // SIDE)
    links = Links(tail, head, km * 1000, km / SPEED_KPH * 3600)
    used = np.unique(np.concatenate([tail, head]))
    places = list(zip(lon[used].tolist(), lat[used].tolist(), strict=True))
    ours = build_network(lon, lat, links, max_access_km=1)
    theirs = spaghetti.Network(in_data=gpd.GeoDataFrame(geometry=lines))
    points = gpd.GeoDataFrame(geometry=shapely.points(xy[used]))
    theirs.snapobservations(points, "places")
    theirs.snapobservations(points.iloc[CENTRES].reset_index(drop=True), "centres")
    return ours, theirs, places


def test_distances(both: tuple[Any, Any, list[tuple[float, float]]]) -> None:
    ours, theirs, places = both
    wanted = theirs.allneighbordistances("places", fill_diagonal=0.0)
    found = od_matrix(ours, places)["distance_km"].to_numpy().reshape(len(places), -1)
    assert np.array_equal(np.isnan(found), ~np.isfinite(wanted))
    # ours rounds each street to a centimetre
    assert np.nan_to_num(found) == pytest.approx(np.where(np.isfinite(wanted), wanted, 0), abs=1e-3)


def test_nearest_centres(both: tuple[Any, Any, list[tuple[float, float]]]) -> None:
    ours, theirs, places = both
    wanted = theirs.nearestneighbordistances("places", "centres", keep_zero_dist=True)
    times = od_matrix(ours, places, [places[k] for k in CENTRES])
    number = {name: k for k, name in enumerate(dict.fromkeys(times["to_id"]))}
    found = competing_centres(times)
    reached = 0
    for k, (name, minutes) in enumerate(zip(found["centre_id"], found["centre_min"], strict=True)):
        nearest, km = wanted[k]
        if name == "":
            assert not np.isfinite(km)
            continue
        reached += 1
        assert number[name] in nearest
        assert minutes / 60 * SPEED_KPH == pytest.approx(km, abs=1e-3)  # each street a whole millisecond
    assert reached > 25
