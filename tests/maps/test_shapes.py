from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
import shapely.affinity
from hypothesis import given
from hypothesis import strategies as st

from borderreach.maps.shapes import (
    ALPHABET,
    REACH_QUANTUM_DEG,
    Undrawn,
    difference,
    metres,
    new_edge,
    pack,
    pieces,
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


def coast(lon: float, lat: float, radius: float, *, n: int, seed: int = 0) -> shapely.Polygon:
    """An area with a rough edge, degrees."""
    turn = np.linspace(0, 2 * np.pi, n, endpoint=False)
    rough = np.random.default_rng(seed).normal(size=n).cumsum()
    rough -= np.linspace(0, rough[-1], n)
    far = radius * (1 + 0.02 * rough / np.sqrt(n) + 0.05 * np.sin(7 * turn))
    return shapely.Polygon(np.column_stack([lon + far * np.cos(turn), lat + far * np.sin(turn)]))


def away(drawn: Any, whole: Any) -> tuple[float, float]:
    """The area that two shapes don't share, and how far the edge of one is from that of the other."""
    apart = shapely.symmetric_difference(drawn, whole).area
    corners = shapely.points(shapely.get_coordinates(drawn.boundary))
    edge = shapely.get_parts(shapely.boundary(whole))
    return apart, float(shapely.STRtree(edge).query_nearest(corners, return_distance=True)[1].max())


def test_areas_thinned_at_once_are_drawn_as_truly_as_step_by_step() -> None:
    before = coast(106, 29, 1.0, n=40_000)
    after = shapely.union(before, coast(107, 29, 0.4, n=15_000, seed=3))
    budget = 900
    drawn, wanted = Undrawn([(before, after)]).drawn(0.001, budget)
    assert wanted > 0.001
    at_once = pieces(*drawn[0], whole=(before, after), thinned_deg=wanted / 2)
    ((lost, stays, gained),), tolerance = thin_to_budget([at_once], tolerance_deg=wanted, max_vertices=budget)
    assert lost.is_empty
    assert vertices([lost, stays, gained]) <= budget
    # as it was: a little first, then coarser until it fits
    little = [snapped(thin_coverage([each], 0.0005)[0]) for each in (before, after)]
    stepwise = pieces(*little, whole=(before, after))
    (old,), old_tolerance = thin_to_budget([stepwise], tolerance_deg=0.001, max_vertices=budget)
    assert tolerance == old_tolerance
    for new, former, whole in ((stays, old[1], before), (union([stays, gained]), union(old[1:]), after)):
        apart, farthest = away(new, whole)
        former_apart, former_farthest = away(former, whole)
        assert apart <= 1.05 * former_apart
        assert farthest <= 1.25 * former_farthest
        assert apart < 0.01 * whole.area


def test_areas_that_fit_are_drawn_as_finely_as_the_grid_allows() -> None:
    area = coast(106, 29, 1.0, n=5000)
    ((drawn,),), tolerance = Undrawn([(area,)]).drawn(0.001, 100_000)
    assert tolerance == 0.001
    assert shapely.equals_exact(drawn, snapped(thin_coverage([polygons_only(area)], 0.0005)[0]), 0)


def test_edges_that_run_close_to_each_other_lose_nothing() -> None:
    before = coast(106, 29, 1.0, n=40_000)
    after = shapely.union(before, shapely.affinity.scale(before, 1.0005, 1.0005))  # 50 m around it
    drawn, wanted = Undrawn([(before, after)]).drawn(0.001, 200)
    assert not difference(*drawn[0]).is_empty  # by itself thinning would lose some
    lost, stays, gained = pieces(*drawn[0], whole=(before, after), thinned_deg=wanted / 2)
    assert lost.is_empty
    assert not gained.is_empty
    assert shapely.equals(stays, drawn[0][0])


def test_a_new_edge_is_the_same_where_only_sides_that_differ_are_looked_at() -> None:
    before = snapped(coast(106, 29, 1.0, n=2000))
    after = union([before, snapped(coast(107, 29, 0.4, n=700, seed=3))])
    kept = shapely.buffer(shapely.boundary(before), 1.5 * REACH_QUANTUM_DEG, quad_segs=1)
    rest = shapely.get_parts(shapely.line_merge(shapely.difference(shapely.boundary(after), kept)))
    whole = shapely.multilinestrings(rest[shapely.length(rest) >= 5e-3])
    assert shapely.hausdorff_distance(new_edge(after, before), whole) < 0.1 * REACH_QUANTUM_DEG
