from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from borderreach.maps.shapes import (
    ALPHABET,
    difference,
    metres,
    new_edge,
    pack,
    polygons_only,
    snapped,
    thin_coverage,
    thin_to_budget,
    union,
    vertices,
)


def numbers(text: str) -> list[int]:
    """As the page reads them: digits of five bits, lowest first, 32 added to all but a number's last."""
    found, value, weight = [], 0, 1
    for digit in map(ALPHABET.index, text):
        value += (digit & 31) * weight
        weight *= 32
        if digit < 32:
            found.append(-(value + 1) // 2 if value % 2 else value // 2)
            value, weight = 0, 1
    return found


def unpack(text: str) -> np.ndarray:
    return np.cumsum(np.array(numbers(text)).reshape(-1, 2), axis=0) * 1e-5


@given(
    st.lists(
        st.tuples(st.floats(-180, 180, allow_nan=False), st.floats(-90, 90, allow_nan=False)),
        min_size=2, max_size=40,
    )
)  # fmt: skip
def test_a_packed_line_is_the_line_on_the_grid(points: list[tuple[float, float]]) -> None:
    grid = np.rint(np.array(points) / 1e-5)
    grid = grid[[True, *(grid[1:] != grid[:-1]).any(axis=1)]]
    packed = pack(shapely.LineString(points))
    if len(grid) == 1:
        assert packed == []
        return
    assert np.allclose(unpack(packed[0]), grid * 1e-5, rtol=0, atol=1e-9)


def test_a_polygon_keeps_its_hole_and_its_area() -> None:
    shape = shapely.box(106, 29, 107, 30).difference(shapely.box(106.4, 29.4, 106.6, 29.6))
    ((outer, hole),) = pack(shape)
    area = shapely.Polygon(unpack(outer), [unpack(hole)]).area
    assert area == pytest.approx(shape.area, abs=1e-9)
    assert len(numbers(outer)) == len(numbers(hole)) == 8  # four corners, not closed


@pytest.mark.parametrize(
    "shape",
    [None, shapely.Point(), shapely.Point(1, 2), shapely.MultiPolygon(), shapely.Polygon(),
     shapely.box(106, 29, 106 + 1e-7, 29 + 1e-7)],
)  # fmt: skip
def test_nothing_to_draw_packs_to_nothing(shape: Any) -> None:
    assert pack(shape) == []


def test_a_hole_smaller_than_the_grid_is_left_out() -> None:
    shape = shapely.box(0, 0, 1, 1).difference(shapely.box(0.5, 0.5, 0.5 + 1e-7, 0.5 + 1e-7))
    assert len(pack(shape)[0]) == 1


def test_collections_are_packed_part_by_part() -> None:
    lines = shapely.GeometryCollection(
        [shapely.MultiLineString([[(0, 0), (1, 0)], [(2, 0), (3, 0)]]), shapely.LineString([(5, 5), (6, 6)])]
    )
    assert len(pack(lines)) == 3


def test_neighbours_still_share_their_edge_after_thinning() -> None:
    edge = [(0.5 + 0.01 * np.sin(40 * y), y) for y in np.linspace(0, 1, 400)]
    left = shapely.Polygon([(0, 0), *edge, (0, 1)])
    right = shapely.Polygon([(1, 0), *edge, (1, 1)])
    thin_left, thin_right = thin_coverage([left, right], 0.003)
    assert vertices([thin_left]) < vertices([left]) / 3
    assert shapely.intersection(thin_left, thin_right).area == 0
    assert shapely.union(thin_left, thin_right).equals(shapely.box(0, 0, 1, 1))


def test_thinning_nothing_gives_nothing() -> None:
    assert thin_coverage([], 0.1) == []
    assert thin_to_budget([], tolerance_deg=0.001, max_vertices=10) == ([], 0.001)


def test_the_budget_is_kept_by_a_coarser_tolerance() -> None:
    circle = shapely.Point(106, 29).buffer(1, quad_segs=2000)
    thin, tolerance = thin_to_budget([[circle]], tolerance_deg=1e-4, max_vertices=200)
    assert vertices(thin[0]) <= 200
    assert tolerance > 1e-4
    assert thin[0][0].area == pytest.approx(circle.area, rel=0.01)


def test_a_budget_out_of_reach_ends_with_the_coarsest_shapes() -> None:
    squares = [shapely.box(i, 0, i + 1, 1) for i in range(20)]
    thin, tolerance = thin_to_budget([squares], tolerance_deg=0.01, max_vertices=5)
    assert tolerance > 0.1
    assert len(thin[0]) == 20


def test_areas_on_the_grid_fit_without_slivers() -> None:
    inner = snapped(shapely.Point(106, 29).buffer(0.5))
    outer = snapped(shapely.Point(106.1, 29).buffer(0.9))
    gained = difference(outer, inner)
    assert gained.area == pytest.approx(outer.area - inner.area, rel=1e-6)
    assert union([inner, gained]).symmetric_difference(outer).area < 1e-8


def test_only_areas_are_kept() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(2, 2), (3, 3)])])
    assert polygons_only(mixed).area == 1
    assert polygons_only(None).is_empty
    bowtie = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    assert snapped(bowtie).is_valid


def test_metres_of_a_tolerance() -> None:
    assert metres(0.001) == 110.0


def test_a_new_edge_is_where_the_old_one_was_not() -> None:
    before = shapely.box(106, 29, 107, 30)
    after = shapely.union(before, shapely.box(106.4, 30, 106.6, 30.3))
    edge = new_edge(after, before)
    assert edge.length == pytest.approx(0.3 + 0.2 + 0.3, abs=0.001)
    assert new_edge(before, before).is_empty
    assert new_edge(before, shapely.MultiPolygon()).length == pytest.approx(4)
