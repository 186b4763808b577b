"""Sources that decide in a square: with these alone, and with any others beside them, its edge is the same."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from borderreach.analysis.contours import (
    DRAW,
    SKIP,
    Frame,
    decisive_sources,
    draw,
    far_from_root,
    levels_of,
    prepare_tapers,
    root_side_m,
    sort_sources,
)

REACH_M = 1000.0


def frame_of(rows, cell_m: float) -> Frame:
    levels = levels_of(REACH_M / cell_m)
    root = root_side_m(levels, cell_m)
    shapes, far = prepare_tapers(rows, 0.5 * root)
    far = far_from_root(far, root, cell_m)
    around = math.floor(far / root + 0.5)
    low, high = (np.floor(bound / root).astype(int) for bound in (shapes[8:10].min(1), shapes[8:10].max(1)))
    first_x, first_y = (int(n) for n in low - around)
    n_x, n_y = (int(n) for n in high - low + 2 * around + 1)
    return Frame(
        first_x, first_y, n_x, n_y, levels, cell_m, REACH_M, far,
        *sort_sources(shapes, REACH_M, root, first_x, first_y, n_x, n_y), np.full(n_x * n_y, DRAW, dtype=np.uint8),
    )  # fmt: skip


def streets(seed: int, n: int):
    """Lines in two clusters, some of them points."""
    rng = np.random.default_rng(seed)
    start = rng.normal(scale=1500.0, size=(n, 2)) + rng.choice([-4000.0, 4000.0], size=(n, 1))
    end = start + rng.normal(scale=300.0, size=(n, 2)) * rng.choice([0.0, 1.0], size=(n, 1))
    full = np.full(n, REACH_M)
    return np.column_stack([start, full, end, full])


def only(frame: Frame, kept) -> Frame:
    """The frame with some of its flat sources alone."""
    before = np.concatenate([[0], np.cumsum(kept)])
    return dataclasses.replace(
        frame, flat=np.ascontiguousarray(frame.flat[:, kept]), flat_start=before[frame.flat_start]
    )


@pytest.mark.parametrize(
    ("seed", "n", "cell_m"), [(1, 60, 100.0), (2, 5, 100.0), (3, 40, 25.0), (4, 300, 200.0)]
)
def test_others_change_nothing(seed, n, cell_m):
    frame = frame_of(streets(seed, n), cell_m)
    whole = draw(frame)
    start, source = decisive_sources(frame)
    rng = np.random.default_rng(seed)
    n_edge, n_inside = 0, 0
    for square in range(frame.n_x * frame.n_y):
        own = source[start[square] : start[square + 1]]
        assert len(set(own)) == len(own)
        pieces = slice(whole.begin[square], whole.begin[square + 1])
        n_edge += pieces.stop > pieces.start
        n_inside += pieces.stop == pieces.start and len(own) > 0
        for share in (0.0, 0.5):
            kept = np.asarray(rng.random(frame.flat.shape[1]) < share)
            kept[own] = True
            state = np.full_like(frame.state, SKIP)
            state[square] = DRAW
            if not kept.any():
                continue
            alone = draw(dataclasses.replace(only(frame, kept), state=state)).edge
            assert np.array_equal(alone.xy, whole.edge.xy[pieces])
            assert np.array_equal(alone.side_from, whole.edge.side_from[pieces])
    assert n_edge > 5
    assert n_inside > 0
    # few decide: of many streets in a town, those at its edge
    assert len(source) < 12 * (n_edge + n_inside)


def test_nothing_decides_where_nothing_is_drawn():
    frame = frame_of(streets(5, 20), 100.0)
    skipped = dataclasses.replace(frame, state=np.full_like(frame.state, SKIP))
    start, source = decisive_sources(skipped)
    assert len(source) == 0
    assert not start.any()
