from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from borderreach.geo.crs import to_ecef
from borderreach.geo.plane import LocalPlane
from borderreach.geo.thinning import Corners, bends_along

QUANTUM_DEG = 1e-4


def coast(lon: float, lat: float, radius: float, *, n: int = 4000, seed: int = 0) -> shapely.Polygon:
    """An area with a rough edge, degrees."""
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    rough = np.random.default_rng(seed).normal(size=n).cumsum()
    rough -= np.linspace(0, rough[-1], n)
    far = radius * (1 + 0.0005 * rough + 0.05 * np.sin(7 * turn))
    return shapely.Polygon(np.column_stack([lon + far * np.cos(turn), lat + far * np.sin(turn)]))


def apart(one: shapely.Geometry, other: shapely.Geometry) -> float:
    return float(shapely.symmetric_difference(one, other).area)


@pytest.mark.parametrize("tolerance_deg", [0.001, 0.004, 0.016])
def test_thinned_areas_are_as_close_to_the_whole_ones_as_by_a_coverage(tolerance_deg: float) -> None:
    whole = coast(106, 29, 1.0)
    (thin,) = Corners([whole], QUANTUM_DEG).thinned(tolerance_deg)
    (other,) = shapely.coverage_simplify([whole], tolerance_deg)
    thin = shapely.make_valid(thin)
    assert shapely.get_num_coordinates(thin) <= 1.05 * shapely.get_num_coordinates(other)
    assert apart(thin, whole) <= 1.1 * apart(other, whole)
    assert shapely.hausdorff_distance(thin.boundary, whole.boundary) < 2 * tolerance_deg


def test_counts_are_those_of_what_is_left() -> None:
    areas = [coast(106, 29, 1.0), coast(106.5, 29, 0.2, seed=1)]
    corners = Corners(areas, QUANTUM_DEG)
    for tolerance_deg in (0.0005, 0.002, 0.01):
        thin = corners.thinned(tolerance_deg)
        # a ring's first corner is its last one
        assert corners.count(tolerance_deg).tolist() == [shapely.get_num_coordinates(one) - 1 for one in thin]


def test_what_two_areas_share_they_share_when_thinned() -> None:
    before = coast(106, 29, 1.0)
    after = shapely.union(before, coast(107, 29, 0.3, n=1500, seed=3))
    thin_before, thin_after = Corners([before, after], QUANTUM_DEG).thinned(0.01)
    assert thin_before.is_valid
    assert thin_after.is_valid
    rest = shapely.symmetric_difference(thin_before, thin_after)
    west = shapely.box(100, 20, 106.6, 40)  # where neither has what is gained
    assert shapely.intersection(rest, west).area == 0
    assert Corners([before, after], QUANTUM_DEG).count_together(0.01) < sum(
        Corners([before, after], QUANTUM_DEG).count(0.01)
    )


def test_an_island_that_is_smaller_than_a_corner_goes_like_one() -> None:
    islands = shapely.MultiPolygon([coast(106, 29, 1.0), shapely.box(110, 29, 110.01, 29.01)])
    corners = Corners([islands], QUANTUM_DEG)
    assert shapely.get_num_geometries(corners.thinned(0.009)[0]) == 2
    assert shapely.get_num_geometries(corners.thinned(0.011)[0]) == 1
    hole = shapely.difference(shapely.box(0, 0, 1, 1), shapely.box(0.5, 0.5, 0.51, 0.51))
    assert len(Corners([hole], QUANTUM_DEG).thinned(0.011)[0].geoms[0].interiors) == 0


def test_areas_without_anything_are_empty() -> None:
    nothing = [
        shapely.MultiPolygon(), shapely.Polygon(), shapely.Point(1, 2), shapely.box(1, 1, 1 + 1e-6, 1 + 1e-6),
    ]  # fmt: skip
    assert all(one.is_empty for one in Corners(nothing, QUANTUM_DEG).thinned(0.01))
    assert Corners([], QUANTUM_DEG).thinned(0.01) == []
    assert Corners(nothing, QUANTUM_DEG).count_together(0.0) == 0


def test_of_a_collection_its_areas_are_taken() -> None:
    square = shapely.box(106, 29, 107, 30)
    mixed = shapely.GeometryCollection([shapely.MultiPolygon([square]), shapely.Point(1, 2)])
    assert shapely.equals(Corners([mixed], QUANTUM_DEG).thinned(0.01)[0], square)


@given(st.integers(0, 2**16), st.integers(1, 200))
def test_a_ring_is_thinned_the_same_from_wherever_it_starts(seed: int, turned: int) -> None:
    ring = shapely.get_coordinates(coast(106, 29, 0.2, n=300, seed=seed))[:-1]
    other = np.roll(ring, turned % len(ring), axis=0)
    one, two = (
        Corners([shapely.Polygon(each)], QUANTUM_DEG).thinned(0.004)[0].normalize() for each in (ring, other)
    )
    assert shapely.equals_exact(one, two, 0)


def in_metres(lonlat: np.ndarray) -> np.ndarray:
    return LocalPlane(106.0, 29.0).project(to_ecef(lonlat[:, 0], lonlat[:, 1]))


@given(st.integers(0, 2**16), st.sampled_from([5.0, 30.0, 300.0]))
def test_a_line_without_points_that_do_not_matter_stays_where_it_was(seed: int, tolerance_m: float) -> None:
    some = np.random.default_rng(seed)
    # forth and back, with points at the same place
    turns = some.normal(0, 0.8, 200).cumsum()
    steps = np.column_stack([np.cos(turns), np.sin(turns)]) * some.choice([0, 1e-5, 2e-4, 2e-3], (200, 1))
    lonlat = np.array([106.0, 29.0]) + steps.cumsum(axis=0)
    offset = np.array([0, 2, 5, 120, 200])
    kept = bends_along(lonlat, offset, tolerance_m)
    for first, end in pairwise(offset):
        assert kept[first]
        assert kept[end - 1]
        whole, bends = in_metres(lonlat[first:end]), in_metres(lonlat[first:end][kept[first:end]])
        line = shapely.LineString(bends)
        assert shapely.distance(shapely.points(whole), line).max() <= 1.01 * tolerance_m + 1e-6
        # and in the same order, so that no way there and back is cut short
        assert shapely.hausdorff_distance(shapely.LineString(whole), line) <= 1.01 * tolerance_m + 1e-6


def test_bends_are_few_where_lines_are_nearly_straight() -> None:
    along = np.linspace(0, 0.1, 1000)
    lonlat = np.column_stack([106 + along, 29 + 1e-5 * np.sin(900 * along)])  # one metre to each side
    assert np.flatnonzero(bends_along(lonlat, np.array([0, 1000]), 10.0)).tolist() == [0, 999]
    assert bends_along(np.zeros((0, 2)), np.array([0]), 1.0).tolist() == []
