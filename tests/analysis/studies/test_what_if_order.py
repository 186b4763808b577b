"""Nodes and arcs of a part of a network are sorted as NumPy sorts them, also where they lie in order already."""

from __future__ import annotations

import numpy as np
import pytest

from borderreach.analysis.studies._what_if import _order

from ... import chance


@pytest.mark.parametrize("seed", chance.seeds(8))
def test_order_is_that_of_numpy(seed):
    rng = np.random.default_rng(seed)
    second, first = rng.integers(0, 9, 40).astype(np.uint64), rng.random(40) < 0.4
    order = np.lexsort((second, first))
    assert second[_order(second, first)].tolist() == second[order].tolist()
    assert np.arange(40)[_order(second, first)].tolist() == order.tolist()
    assert _order(second[order], first[order]) == slice(None)
    assert _order(second[:0], first[:0]) == slice(None)
