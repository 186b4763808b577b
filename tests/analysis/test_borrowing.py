"""Functions that borrow arrays count no references, and can't make any."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from borderreach.analysis.borrowing import borrowing
from borderreach.analysis.contours import _dominance, _leaves, _quadtree, _triangles
from borderreach.analysis.isochrones import _reach


def shifted(one: NDArray[np.float64], other: NDArray[np.float64], by: float) -> float:
    """Add to one array what the other holds, up to where that is negative."""
    for k in range(len(one)):
        if other[k] < 0.0:
            return float(one[k])
        one[k] += by * other[k]
    return float(by / other[0])


def made(n: int) -> float:
    return float(np.empty(n)[0])


def test_they_do_what_others_do_without_counting(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "numba.core.config.CACHE_DIR", str(tmp_path)
    )  # what comes from a cache can't be looked at
    borrowed: Any = borrowing(shifted)
    counted: Any = njit(shifted)
    for end in (2.0, -1.0):
        given = np.array([1.0, 2.0, end])
        one, two = np.ones(3), np.ones(3)
        assert borrowed(one, given, 0.5) == counted(two, given, 0.5)
        assert np.array_equal(one, two)
    assert all("NRT_incref" not in text for text in borrowed.inspect_asm().values())


def test_those_that_make_arrays_arent_compiled():
    with pytest.raises(NumbaError):
        borrowing(made)(3)


def test_the_innermost_functions_borrow():
    inner = (
        _dominance.best_value, _dominance.field_on, _dominance.tangents, _dominance.beaten, _dominance.unbeaten,
        _dominance.hand_down, _leaves.leaf_pieces, _triangles.cell_pieces, _triangles.triangle_piece,
        _quadtree._covered, _quadtree._append, _reach._taper, _reach._taper_line, _reach._place_line,
    )  # fmt: skip
    for function in inner:
        compiled: Any = function
        assert compiled.targetoptions["_nrt"] is False, function
