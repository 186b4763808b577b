"""Who is dropped in a square is the best at none of its points that matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.contours._dominance import (
    FLAT,
    TANGENT,
    beaten,
    best_value,
    hand_down,
    tangents,
    unbeaten,
)
from borderreach.analysis.contours._tapers import SHAPE, field_at, prepare_tapers

REACH = 700.0


@st.composite
def cases(draw: st.DrawFn):
    """Flat sources, tapers, and a square somewhere among them."""
    rows = []
    for _ in range(draw(st.integers(1, 12))):
        x, y = draw(st.floats(-900, 900)), draw(st.floats(-900, 900))
        length, angle = draw(st.sampled_from([0.0, 1e-3, 50.0, 400.0])), draw(st.floats(0, 6.28))
        end = (x + length * math.cos(angle), y + length * math.sin(angle))
        if draw(st.booleans()):
            rows.append((0, [x, y, REACH, *end, REACH]))
        else:
            radius, fall = draw(st.floats(1, REACH)), draw(st.sampled_from([0.0, 0.1, 0.5, 0.95]))
            rows.append((1, [x, y, radius, *end, max(radius - fall * length, 0.0)]))
    rows.sort(key=lambda row: row[0])
    n_flat = sum(kind == 0 for kind, _ in rows)
    sources = np.array([row for _, row in rows])
    on_a_line = draw(st.booleans())  # where tangents are many
    centre = sources[0, :2] if on_a_line else [draw(st.floats(-900, 900)), draw(st.floats(-900, 900))]
    return sources, n_flat, centre, draw(st.sampled_from([50.0, 200.0, 600.0]))


def lists(sources, n_flat):
    shapes = prepare_tapers(sources, np.inf)[0][:SHAPE]
    flat, taper = np.zeros((2, FLAT, len(sources))), np.zeros((2, SHAPE, len(sources)))
    flat[0, :, :n_flat] = shapes[:FLAT, :n_flat]
    taper[0, :, : len(sources) - n_flat] = shapes[:, n_flat:]
    return flat, taper


@given(case=cases(), told_by_centre=st.booleans())
def test_nobody_is_missed(case, told_by_centre):
    sources, n_flat, (x, y), half_side = case
    n = len(sources)
    flat, taper = lists(sources, n_flat)
    planes, behind = np.empty((TANGENT, n)), np.empty(n)
    kept = np.empty(n, dtype=np.int32)
    tangents(flat, taper, 0, n_flat, n - n_flat, REACH, x, y, planes)
    nearest = -math.sqrt(2) * 40.0
    half = math.sqrt(2) * half_side + 1e-6 if told_by_centre else np.inf
    none = beaten(flat, taper, 0, n_flat, REACH, x, y, planes, n, half_side, half, nearest, behind)
    axis = np.linspace(-half_side, half_side, 9)
    points = np.column_stack([a.ravel() for a in np.meshgrid(x + axis, y + axis)])
    field = field_at(points, sources)
    if none:
        assert (field > 0).all() or (half < np.inf and (field < 0).all())
        return
    m = unbeaten(behind, n, kept)
    left = field_at(points, sources[kept[:m]]) if m else np.full(len(points), -np.inf)
    assert np.array_equal(left[field >= nearest], field[field >= nearest])
    # and those left are handed down as they are
    k_flat, k_taper = hand_down(flat, taper, 0, n_flat, kept, m, 1)
    assert k_flat + k_taper == m
    if m:
        value = best_value(flat, taper, 1, k_flat, k_taper, REACH, points[0, 0], points[0, 1], np.empty(n))
        assert value == pytest.approx(left[0], abs=1e-9)


def test_a_near_source_beats_a_far_one_behind_it():
    sources = np.array([[0.0, 0, REACH, 0, 0, REACH], [-500.0, 0, REACH, -500, 0, REACH]])
    flat, taper = lists(sources, 2)
    planes, behind = np.empty((TANGENT, 2)), np.empty(2)
    number = np.arange(2, dtype=np.int32)
    tangents(flat, taper, 0, 2, 0, REACH, 800.0, 0.0, planes)
    # values 700 - 800 and 700 - 1300, both falling to the east
    assert planes.tolist() == [pytest.approx([-100, -600]), pytest.approx([1, 1]), pytest.approx([0, 0])]
    assert not beaten(flat, taper, 0, 2, REACH, 800.0, 0.0, planes, 2, 100.0, np.inf, -300.0, behind)
    # ahead by 500 on the line, and less beside it: by 1302 - 806 at the eastern corners
    assert behind[0] <= 0 < behind[1]
    assert unbeaten(behind, 2, number) == 1
    assert number[0] == 0


def test_a_square_inside_is_covered():
    sources = np.array([[0.0, 0, REACH, 0, 0, REACH]])
    flat, taper = lists(sources, 1)
    planes = np.empty((TANGENT, 1))
    tangents(flat, taper, 0, 1, 0, REACH, 300.0, 0.0, planes)
    # the farthest corner, (x + a, a), is inside while (300 + a)² + a² < 700²
    for half_side, inside in ((300.0, True), (330.0, False)):
        found = beaten(
            flat,
            taper,
            0,
            1,
            REACH,
            300.0,
            0.0,
            planes,
            1,
            half_side,
            np.inf,
            -1.0,
            np.empty(1),
        )
        assert found is inside
    half = math.sqrt(2) * 200 + 1e-6
    for x, none in ((300.0, True), (800.0, False), (1100.0, True)):
        tangents(flat, taper, 0, 1, 0, REACH, x, 0.0, planes)
        found = beaten(flat, taper, 0, 1, REACH, x, 0.0, planes, 1, 200.0, half, -1.0, np.empty(1))
        assert found is none
