"""Compiled kernels that remove a network's nodes one by one and keep its shortest journeys with shortcuts.

They know arcs with whole-number costs only. Where a node is removed, a shortcut joins each two of its
neighbours, whether or not there is a way round it: on networks that a few cuts take apart, as those on the
ground are, looking for ways round takes far longer than it saves. Shortcuts that no shortest journey needs
are found afterwards, from the node removed last down, where all costs above a node are known already.

Neighbours are kept once for both directions, with the cost of going there and of coming back.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled

Ints = NDArray[np.int64]
Nodes = NDArray[np.int32]

#: Cost that stands for out of reach; two of them still fit 64 bits.
FAR: Final = 2**62 - 1


@compiled
def contract(
    n: int,
    arc_tail: NDArray[np.int32],
    arc_head: NDArray[np.int32],
    arc_cost: Ints,
    stays: NDArray[np.bool_] | None = None,
    most: int = -1,
) -> tuple[Nodes, Ints, Nodes, Nodes, Ints, Ints]:  # pragma: no cover - compiled
    """Remove nodes, always one of those with the fewest neighbours left.

    Parameters
    ----------
    n : int
        Number of nodes.
    arc_tail, arc_head : ndarray of int32, shape (m,)
    arc_cost : ndarray of int64, shape (m,)
    stays : ndarray of bool, shape (n,), optional
        Nodes that aren't removed.
    most : int
        Nor are those with more neighbours than that; -1 for no limit.

    Returns
    -------
    order : ndarray of int32
        The nodes that were removed, the first in front.
    start : ndarray of int64, shape (n,)
    degree : ndarray of int32, shape (n,)
        What a node had when it was removed, or has, is ``start:start + degree`` of the next three.
    other : ndarray of int32
        Its neighbours, all removed later or never.
    there, back : ndarray of int64
        Cost to the neighbour and from it, `FAR` for none.
    """
    start, room, degree, other, there, back = _neighbours(n, arc_tail, arc_head, arc_cost)
    used = len(other)
    # nodes of one degree in a list, linked both ways
    first = np.full(n + 1, -1, np.int32)
    before, after = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    goes = np.ones(n, np.bool_)
    if stays is not None:
        goes[:] = ~stays
    n_going = 0
    for node in range(n - 1, -1, -1):
        if goes[node]:
            _enlist(first, before, after, degree[node], node)
            n_going += 1
    order = np.empty(n_going, np.int32)
    at = np.full(n, -1, np.int64)
    least = 0
    for turn in range(n_going):
        while first[least] < 0:
            least += 1
        if 0 <= most < least:
            order = order[:turn].copy()
            break
        gone = first[least]
        order[turn] = gone
        _delist(first, before, after, least, gone)
        begin, n_others = start[gone], degree[gone]
        for i in range(begin, begin + n_others):
            node = other[i]
            needed = degree[node] - 1 + n_others - 1
            if needed > room[node]:
                moved, room[node] = used, 2 * needed
                used += room[node]
                other, there, back = _grown(other, used), _grown(there, used), _grown(back, used)
                for k in range(degree[node]):
                    source, target = start[node] + k, moved + k
                    other[target], there[target], back[target] = other[source], there[source], back[source]
                start[node] = moved
            low = start[node]
            high = low + degree[node] - 1
            k = low
            while other[k] != gone:
                k += 1
            other[k], there[k], back[k] = other[high], there[high], back[high]
            for k in range(low, high):
                at[other[k]] = k
            to, fro = back[i], there[i]  # from the neighbour to the node that goes, and from there
            for j in range(begin, begin + n_others):
                if j == i:
                    continue
                k = at[other[j]]
                if k < 0:
                    other[high], there[high], back[high] = (
                        other[j],
                        min(to + there[j], FAR),
                        min(back[j] + fro, FAR),
                    )
                    high += 1
                else:
                    there[k], back[k] = min(there[k], to + there[j]), min(back[k], back[j] + fro)
            for k in range(low, high):
                at[other[k]] = -1
            if high - low != degree[node]:
                if goes[node]:
                    _delist(first, before, after, degree[node], node)
                    _enlist(first, before, after, high - low, node)
                    least = min(least, high - low)
                degree[node] = high - low
    return order, start, degree, other, there, back


@compiled
def _neighbours(
    n: int, arc_tail: NDArray[np.int32], arc_head: NDArray[np.int32], arc_cost: Ints
) -> tuple[Ints, Ints, Nodes, Nodes, Ints, Ints]:  # pragma: no cover - compiled
    """List each node's neighbours with the least costs there and back, and some room behind them."""
    start, room, degree = np.zeros(n, np.int64), np.full(n, 2, np.int64), np.zeros(n, np.int32)
    for arc in range(len(arc_tail)):
        room[arc_tail[arc]] += 1
        room[arc_head[arc]] += 1
    used = 0
    for node in range(n):
        start[node] = used
        used += room[node]
    other, there, back = np.empty(used, np.int32), np.full(used, FAR, np.int64), np.full(used, FAR, np.int64)
    for arc in range(len(arc_tail)):
        for node, neighbour, leaves in (
            (arc_tail[arc], arc_head[arc], True), (arc_head[arc], arc_tail[arc], False),
        ):  # fmt: skip
            if node == neighbour:
                continue
            k, end = start[node], start[node] + degree[node]
            while k < end and other[k] != neighbour:
                k += 1
            if k == end:
                other[k] = neighbour
                degree[node] += 1
            if leaves:
                there[k] = min(there[k], arc_cost[arc])
            else:
                back[k] = min(back[k], arc_cost[arc])
    return start, room, degree, other, there, back


@compiled
def _enlist(
    first: Nodes, before: Nodes, after: Nodes, degree: int, node: int
) -> None:  # pragma: no cover - compiled
    """Put a node in front of the list of its degree."""
    following = first[degree]
    before[node], after[node], first[degree] = -1, following, node
    if following >= 0:
        before[following] = node


@compiled
def _delist(
    first: Nodes, before: Nodes, after: Nodes, degree: int, node: int
) -> None:  # pragma: no cover - compiled
    """Take a node out of the list of its degree."""
    if before[node] < 0:
        first[degree] = after[node]
    else:
        after[before[node]] = after[node]
    if after[node] >= 0:
        before[after[node]] = before[node]


@compiled
def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:  # pragma: no cover - compiled
    if size <= len(array):
        return array
    larger = np.empty(2 * size, dtype=array.dtype)
    larger[: len(array)] = array
    return larger


@compiled
def arrange(
    order: Nodes, start: Ints, degree: Nodes, other: Nodes, there: Ints, back: Ints
) -> tuple[Ints, Ints, Nodes, Ints, Ints]:  # pragma: no cover - compiled
    """Give the nodes new numbers, so that those above a node come before it and near it.

    All that a node had when it was removed lies on one path of the tree in which each node hangs from
    the first of its neighbours to be removed after it; numbers follow that tree downwards, branch by
    branch, which keeps what a sweep needs in the processor's cache.

    Parameters
    ----------
    order, start, degree, other, there, back : ndarray
        What `contract` returned.

    Returns
    -------
    number : ndarray of int64, shape (n,)
        New number of each node.
    first : ndarray of int64, shape (n + 1,)
        Those above node ``i`` (new number) are ``first[i]:first[i + 1]`` of the next three.
    above : ndarray of int32
        New numbers, rising within a node.
    up, down : ndarray of int64
        Cost to the node above and from it.
    """
    n = len(order)
    rank = np.empty(n, np.int64)
    for turn in range(n):
        rank[order[turn]] = turn
    parent, branch = np.full(n, -1, np.int64), np.ones(n, np.int64)
    for turn in range(n):
        node = order[turn]
        soonest = n
        for k in range(start[node], start[node] + degree[node]):
            soonest = min(soonest, rank[other[k]])
        if soonest < n:
            parent[node] = order[soonest]
            branch[parent[node]] += branch[node]
    number, free = np.empty(n, np.int64), np.empty(n, np.int64)
    roots = 0
    for turn in range(n - 1, -1, -1):
        node = order[turn]
        if parent[node] < 0:
            number[node] = roots
            roots += branch[node]
        else:
            number[node] = free[parent[node]]
            free[parent[node]] += branch[node]
        free[node] = number[node] + 1
    first = np.zeros(n + 1, np.int64)
    for node in range(n):
        first[number[node] + 1] = degree[node]
    for node in range(n):
        first[node + 1] += first[node]
    above = np.empty(first[n], np.int32)
    up, down = np.empty(first[n], np.int64), np.empty(first[n], np.int64)
    for node in range(n):
        low = first[number[node]]
        for j in range(degree[node]):
            k = start[node] + j
            place = low + j
            while place > low and above[place - 1] > number[other[k]]:
                above[place], up[place], down[place] = above[place - 1], up[place - 1], down[place - 1]
                place -= 1
            above[place], up[place], down[place] = number[other[k]], there[k], back[k]
    return number, first, above, up, down


@compiled
def tighten(
    first: Ints, above: Nodes, up: Ints, down: Ints
) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
    """Return the least costs between each node and those above it, by whatever way.

    An arc or shortcut that costs more than that is on no shortest journey.

    Parameters
    ----------
    first, above, up, down : ndarray
        What `arrange` returned.

    Returns
    -------
    up, down : ndarray of int64

    References
    ----------
    Dibbelt, J., Strasser, B., Wagner, D. (2016). Customizable contraction hierarchies. ACM Journal of
    Experimental Algorithmics 21, 1.5.
    """
    least_up, least_down = up.copy(), down.copy()
    at = np.full(len(first) - 1, -1, np.int64)
    for node in range(len(first) - 1):
        for k in range(first[node], first[node + 1]):
            at[above[k]] = k
        for k in range(first[node], first[node + 1]):
            for j in range(first[above[k]], first[above[k] + 1]):
                other = at[above[j]]
                if other >= 0:  # costs between the two above the node are least already
                    least_up[other] = min(least_up[other], least_up[k] + least_up[j])
                    least_up[k] = min(least_up[k], least_up[other] + least_down[j])
                    least_down[other] = min(least_down[other], least_down[j] + least_down[k])
                    least_down[k] = min(least_down[k], least_up[j] + least_down[other])
        for k in range(first[node], first[node + 1]):
            at[above[k]] = -1
    return least_up, least_down
