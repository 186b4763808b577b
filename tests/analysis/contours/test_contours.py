"""Pieces of an edge become valid polygons in degrees, with holes in the right shells."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.contours._contours import polygons_in_degrees, ring_coordinates, rings_of
from borderreach.analysis.contours._quadtree import isochrone_edge
from borderreach.geo.crs import WGS84, area_km2
from borderreach.geo.plane import LocalPlane

from ... import chance


def circle(radius: float, reach: float, *, n: int = 60, x: float = 0.0, y: float = 0.0) -> np.ndarray:
    """Discs around a circle: a ring road."""
    angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
    ends = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle), np.full(n, reach)])
    return np.hstack([ends, np.roll(ends, -1, axis=0)])


def test_an_island_in_a_hole_in_a_shell():
    sources = np.concatenate([circle(10_000, 800), circle(3000, 500), [[0, 0, 400, 0, 0, 400]]])
    edge = isochrone_edge(sources, cell_m=100)
    rings = rings_of(edge)
    assert len(rings.shell) == 5
    assert len(set(rings.shell)) == 3
    shape, size = polygons_in_degrees(edge, LocalPlane(106.5, 29.5))
    assert sorted(len(p.interiors) for p in shape.geoms) == [0, 1, 1]
    assert shape.is_valid
    true = np.pi * (2 * 10_000 * 2 * 800 + 2 * 3000 * 2 * 500 + 400**2) / 1e6
    assert size == pytest.approx(true, rel=5e-3)


def test_many_holes_of_one_shell():
    lattice = [
        [x, y, 420.0, x, y + 1000, 420.0] for x in range(0, 9000, 1000) for y in range(0, 8000, 1000)
    ] + [[x, y, 420.0, x + 1000, y, 420.0] for x in range(0, 8000, 1000) for y in range(0, 9000, 1000)]
    shape, _ = polygons_in_degrees(
        isochrone_edge(np.array(lattice, dtype=float), cell_m=40), LocalPlane(87.6, 43.8)
    )
    assert [len(p.interiors) for p in shape.geoms] == [64]
    assert shape.is_valid


@settings(max_examples=chance.examples(60), deadline=None)
@given(
    places=st.lists(
        st.tuples(st.floats(-4000, 4000), st.floats(-4000, 4000), st.floats(1, 900)), min_size=1, max_size=40
    ),
    cell=st.sampled_from([50.0, 200.0, 1000.0]),
    centre=st.sampled_from([(106.5, 29.5), (-18.1, 65.7), (179.99, 52.0), (0.0, -1.0), (20.0, 84.0)]),
)
def test_always_valid_and_of_the_right_size(places, cell, centre):
    sources = np.array([[x, y, r, x, y, r] for x, y, r in places])
    edge = isochrone_edge(sources, cell_m=cell)
    plane = LocalPlane(*centre)
    shape, size = polygons_in_degrees(edge, plane)
    flat = shapely.MultiPolygon()
    for ring in ring_coordinates(edge):
        flat = shapely.symmetric_difference(flat, shapely.Polygon(ring))
    # edges of a kilometre near the pole: straight lines differ from one projection to the next
    assert size * 1e6 == pytest.approx(flat.area, rel=1e-3, abs=1)
    if abs(centre[0]) < 179:
        assert shape.is_valid
        assert shape.is_empty == (flat.area == 0)
        assert size == pytest.approx(
            area_km2(gpd.GeoSeries([shape], crs=WGS84))[0], rel=1e-3 if centre[1] > 80 else 1e-4, abs=1e-9
        )


def test_degrees_are_those_of_the_plane():
    edge = isochrone_edge(circle(150_000, 20_000, n=200), cell_m=500)
    for lon, lat in ((106.5, 29.5), (125.0, 53.0)):
        plane = LocalPlane(lon, lat)
        shape, _ = polygons_in_degrees(edge, plane)
        got = shapely.get_coordinates(shape)
        exact = plane.to_lonlat(np.concatenate(ring_coordinates(edge)))
        metres = np.abs(got - exact) * [111_000 * np.cos(np.radians(lat)), 111_000]
        assert metres.max() < 0.02


def test_nothing_is_an_empty_multipolygon():
    shape, size = polygons_in_degrees(isochrone_edge(np.zeros((0, 6)), cell_m=100), LocalPlane(0, 0))
    assert shape.is_empty
    assert shape.geom_type == "MultiPolygon"
    assert size == 0
