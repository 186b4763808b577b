"""Distinct values are those of NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from borderreach.geo.sorting import distinct

from .. import chance


@pytest.mark.parametrize("n", [0, 1, 2, 500])
def test_distinct_values_are_those_of_numpy(n):
    rng = np.random.default_rng(chance.seed(18))
    whole = rng.integers(-40, 40, n)
    for values in (whole, whole.astype(np.int32), rng.choice([1.5, -2.0], n) + 1j * whole):
        before = values.copy()
        found = distinct(values)
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found, np.unique(values))
        np.testing.assert_array_equal(values, before)
