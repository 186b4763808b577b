"""The local plane against PROJ's."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.geo.crs import WGS84, local_crs, to_ecef
from borderreach.geo.plane import LocalPlane

from .. import chance

CENTRES = [(106.5, 29.5), (87.6, 43.8), (-18.1, 65.7), (0.0, 0.0), (179.9, -10.0)]


@pytest.mark.parametrize(("lon", "lat"), CENTRES)
def test_there_and_back(lon, lat):
    draw = np.random.default_rng(chance.seed(0))
    xy = draw.uniform(-300_000, 300_000, size=(500, 2))
    plane = LocalPlane(lon, lat)
    back = plane.project(to_ecef(*plane.to_lonlat(xy).T))
    # out and back meet to a metre at 400 km: one inverts the other on the sphere that fits here best
    assert np.abs(back - xy).max() < 1.5


@pytest.mark.parametrize(("lon", "lat"), CENTRES[:4])
def test_agrees_with_proj(lon, lat):
    to_plane = pyproj.Transformer.from_crs(WGS84, local_crs(lon=lon, lat=lat), always_xy=True)
    draw = np.random.default_rng(chance.seed(1))
    angle, radius = draw.uniform(0, 2 * np.pi, 500), draw.uniform(0, 300_000, 500)
    xy = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    lonlat = LocalPlane(lon, lat).to_lonlat(xy)
    theirs = np.column_stack(to_plane.transform(lonlat[:, 0], lonlat[:, 1]))
    assert np.linalg.norm(theirs - xy, axis=1).max() < 1.0
    assert np.linalg.norm(theirs - xy, axis=1)[radius < 50_000].max() < 0.05


@settings(max_examples=chance.examples(100), deadline=None)
@given(bearing=st.floats(0, 360), metres=st.floats(1, 250_000), lon=st.floats(75, 130), lat=st.floats(18, 53))
def test_distances_from_the_centre_are_geodesics(bearing, metres, lon, lat):
    geod = pyproj.Geod(ellps="WGS84")
    there = geod.fwd(lon, lat, bearing, metres)
    (xy,) = LocalPlane(lon, lat).project(to_ecef([there[0]], [there[1]]))
    assert np.hypot(*xy) == pytest.approx(metres, abs=0.6)


def test_the_centre_is_the_origin():
    plane = LocalPlane(106.5, 29.5)
    assert np.abs(plane.project(to_ecef([106.5], [29.5]))).max() < 1e-9
    assert plane.to_lonlat(np.zeros((1, 2)))[0] == pytest.approx((106.5, 29.5), abs=1e-12)
