"""Ways that extracts cut short at their edge, put together again from the pieces in several of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pieces(NamedTuple):
    """Ways put together from pieces.

    Attributes
    ----------
    rows : ndarray of int64, shape (k,)
        For each a row that it has its id and tags from.
    sizes : ndarray of int64, shape (k,)
        How many nodes each has.
    positions : ndarray of int64
        Where in all rows' nodes these stand, one way after the other.
    replaced : ndarray of bool
        Rows that they stand for.
    """

    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]
    positions: NDArray[np.int64]
    replaced: NDArray[np.bool_]


def cut_ways(
    ids: NDArray[np.int64],
    versions: NDArray[np.int32],
    tags: NDArray[np.int32],
    n_refs: NDArray[np.int32],
    refs: NDArray[np.int64],
    keep: NDArray[np.bool_],
) -> Pieces:
    """Find ways that stand in several files with the same version and tags, but not the same nodes.

    Most programs that cut extracts leave each way its whole list of nodes. Some cut the list at the edge: pieces that
    overlap become one way again; those that don't stay ways of their own.

    Parameters
    ----------
    ids, versions, tags, n_refs : ndarray, shape (w,)
    refs : ndarray of int64
        Nodes of all ways, one after the other.
    keep : ndarray of bool, shape (w,)
        The row of each id that counts.

    Returns
    -------
    Pieces
    """
    nothing = np.zeros(0, dtype=np.int64)
    none = Pieces(nothing, nothing, nothing, np.zeros(len(ids), dtype=bool))
    order = np.lexsort((~keep, ids))  # of each id the row that counts first
    first = np.ones(len(ids), dtype=bool)
    first[1:] = ids[order[1:]] != ids[order[:-1]]
    if first.all():
        return none
    head = order[np.maximum.accumulate(np.where(first, np.arange(len(ids)), 0))]
    stop = np.cumsum(n_refs, dtype=np.int64)
    start = stop - n_refs
    total = np.concatenate([[0], np.cumsum(refs)])
    total = total[stop] - total[start]
    # without versions, another list of nodes may as well be of another day
    same = (versions[order] == versions[head]) & (versions[head] > 0)
    same &= (tags[order] == tags[head]) & keep[head]
    other = (n_refs[order] != n_refs[head]) | (total[order] != total[head])
    found = np.flatnonzero(~first & same & other)
    if not len(found):
        return none
    runs: dict[int, list[list[int]]] = {}
    for row, counts in zip(order[found].tolist(), head[found].tolist(), strict=True):
        known = runs.setdefault(counts, [list(range(start[counts], stop[counts]))])
        _add(known, list(range(start[row], stop[row])), refs)
    rows = [row for row, parts in runs.items() for _ in parts]
    parts = [part for known in runs.values() for part in known]
    replaced = none.replaced
    replaced[list(runs)] = True
    return Pieces(
        np.array(rows, dtype=np.int64),
        np.array([len(part) for part in parts], dtype=np.int64),
        np.array([position for part in parts for position in part], dtype=np.int64),
        replaced,
    )


def _add(known: list[list[int]], more: list[int], refs: NDArray[Any]) -> None:
    """Put a piece together with those that it overlaps; all are positions in `refs`."""
    for i, one in enumerate(known):
        joined = _joined(one, more, refs)
        if joined is not None:
            del known[i]
            _add(known, joined, refs)  # which may close the gap to another
            return
    known.append(more)


def _joined(one: list[int], other: list[int], refs: NDArray[Any]) -> list[int] | None:
    """Return two pieces as one; None where they share no run of nodes."""
    a, b = refs[one].tolist(), refs[other].tolist()
    if len(b) > len(a):
        return _joined(other, one, refs)
    if any(a[i : i + len(b)] == b for i in range(len(a) - len(b) + 1)):
        return one
    for size in range(len(b), 0, -1):
        if a[-size:] == b[:size]:
            return one + other[size:]
        if b[-size:] == a[:size]:
            return other + one[size:]
    return None
