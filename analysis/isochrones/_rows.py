"""Rows of numbers in two tables."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled

#: How many rows further on to look for one that the other table has next.
_LOOK_AHEAD: Final = 1000


def odd_rows(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows that are in one of two tables and not in the other, shape (m, columns).

    Both have their rows in the same order. Of those that aren't, some may be returned though they are in both.

    Parameters
    ----------
    one, other : ndarray of float64, shapes (k, columns) and (n, columns)
        The first two columns tell what a row is about.
    """
    only_one, only_other = _odd(one, other)
    return np.concatenate([one[only_one], other[only_other]])


@compiled
def _odd(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # pragma: no cover - compiled
    """Go through both tables side by side; where they part, look ahead for where they meet again."""
    only_one = np.ones(len(one), dtype=np.bool_)
    only_other = np.ones(len(other), dtype=np.bool_)
    i, j = 0, 0
    while i < len(one) and j < len(other):
        if one[i, 0] == other[j, 0] and one[i, 1] == other[j, 1]:
            same = True
            for c in range(2, one.shape[1]):
                same = same and one[i, c] == other[j, c]
            only_one[i], only_other[j] = not same, not same
            i, j = i + 1, j + 1
            continue
        skip = 1
        while True:
            if i + skip < len(one) and one[i + skip, 0] == other[j, 0] and one[i + skip, 1] == other[j, 1]:
                i += skip
                break
            if j + skip < len(other) and one[i, 0] == other[j + skip, 0] and one[i, 1] == other[j + skip, 1]:
                j += skip
                break
            skip += 1
            if skip > _LOOK_AHEAD:
                i, j = i + 1, j + 1
                break
    return only_one, only_other
