"""Rows in one of two tables and not in the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.isochrones._rows import odd_rows

rows = st.lists(st.tuples(*[st.integers(0, 3).map(float)] * 3), max_size=30)


def table(values) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 3)


@given(one=rows, other=rows)
def test_none_is_missed(one, other):
    odd = [tuple(row) for row in odd_rows(table(one), table(other)).tolist()]
    assert set(one) ^ set(other) <= set(odd) <= set(one) | set(other)


@given(both=st.sets(st.tuples(*[st.integers(0, 9).map(float)] * 3), max_size=40), data=st.data())
def test_in_the_same_order_it_is_exact(both, data):
    """Each place has one row, or another value in the other table, or none."""
    places = {row[:2]: row for row in sorted(both)}
    one, other = [], []
    for row in places.values():
        fate = data.draw(st.sampled_from(["same", "same", "changed", "one", "other"]))
        one += [row] if fate != "other" else []
        other += [row] if fate in ("same", "other") else []
        other += [(*row[:2], row[2] + 1)] if fate == "changed" else []
    odd = [tuple(row) for row in odd_rows(table(one), table(other)).tolist()]
    assert sorted(odd) == sorted(
        [row for row in one if row not in other] + [row for row in other if row not in one]
    )
