"""Compiled kernels that remove a network's nodes one by one and keep its shortest journeys with shortcuts.

They know arcs with whole-number costs only. The arcs between nodes still there hang in two linked lists
per node, by tail and by head; -1 ends a list.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]

#: Cost that stands for out of reach; two of them still fit 64 bits.
FAR: Final = 2**62 - 1

#: Nodes that the search for a way round settles at most. Too few costs needless shortcuts, never a
#: wrong cost.
_WITNESS_NODES: Final = 60
#: Keeps importance above zero.
_OFFSET: Final = 1 << 40


@njit(cache=True, nogil=True)
def contract(
    n: int, arc_tail: Ints, arc_head: Ints, arc_cost: Ints
) -> tuple[Ints, Ints, Ints, Ints]:  # pragma: no cover - compiled
    """Remove all nodes, the least important first.

    Important is a node whose removal needs more shortcuts than it takes arcs away, and one whose
    neighbourhood has been thinned out already.

    Parameters
    ----------
    n : int
        Number of nodes.
    arc_tail, arc_head, arc_cost : ndarray of int64, shape (m,)

    Returns
    -------
    rank : ndarray of int64, shape (n,)
        0 for the node removed first.
    tail, head, cost : ndarray of int64
        Arcs and shortcuts that a node had when it was removed; the other end has a higher rank.
    """
    m = len(arc_tail)
    tail, head, cost = np.empty(m + 16, np.int64), np.empty(m + 16, np.int64), np.empty(m + 16, np.int64)
    next_out, next_in = np.empty(m + 16, np.int64), np.empty(m + 16, np.int64)
    first_out, first_in = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    used = 0
    for arc in range(m):
        if arc_tail[arc] != arc_head[arc]:
            used = _link(
                arc_tail[arc], arc_head[arc], arc_cost[arc], used,
                tail, head, cost, next_out, next_in, first_out, first_in,
            )  # fmt: skip
    kept_tail, kept_head, kept_cost = np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    n_kept = 0
    cut_tail, cut_head, cut_cost = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    rank, depth = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    best, touched = np.full(n, FAR, np.int64), np.empty(n, np.int64)
    work_cost, work_node = np.empty(64, np.int64), np.empty(64, np.int64)
    queue_cost, queue_node = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    size, n_ranked, n_queued = 0, 0, 0
    while n_ranked < n:
        is_new = n_queued < n
        if is_new:
            node = n_queued
            n_queued += 1
        else:
            node = queue_node[0]
            size = _pop(queue_cost, queue_node, size)
        n_in, n_out = _degree(first_in, next_in, node), _degree(first_out, next_out, node)
        cut_tail, cut_head, cut_cost = (
            _grown(cut_tail, n_in * n_out), _grown(cut_head, n_in * n_out), _grown(cut_cost, n_in * n_out),
        )  # fmt: skip
        n_cuts, work_cost, work_node = _shortcuts(
            node, tail, head, cost, next_out, next_in, first_out, first_in,
            best, touched, work_cost, work_node, cut_tail, cut_head, cut_cost,
        )  # fmt: skip
        importance = _OFFSET + 4 * (n_cuts - n_in - n_out) + 2 * depth[node]
        if is_new or (size > 0 and importance > queue_cost[0]):
            # what was removed since may have made a node more important than the next: it waits
            size = _push(queue_cost, queue_node, size, importance, node)
            continue
        rank[node] = n_ranked
        n_ranked += 1
        needed = n_kept + n_in + n_out
        kept_tail, kept_head, kept_cost = (
            _grown(kept_tail, needed), _grown(kept_head, needed), _grown(kept_cost, needed),
        )  # fmt: skip
        arc = first_out[node]
        while arc >= 0:
            other = head[arc]
            kept_tail[n_kept], kept_head[n_kept], kept_cost[n_kept] = node, other, cost[arc]
            n_kept += 1
            depth[other] = max(depth[other], depth[node] + 1)
            _unlink(first_in, next_in, other, arc)
            arc = next_out[arc]
        arc = first_in[node]
        while arc >= 0:
            other = tail[arc]
            kept_tail[n_kept], kept_head[n_kept], kept_cost[n_kept] = other, node, cost[arc]
            n_kept += 1
            depth[other] = max(depth[other], depth[node] + 1)
            _unlink(first_out, next_out, other, arc)
            arc = next_in[arc]
        first_out[node], first_in[node] = -1, -1
        needed = used + n_cuts
        tail, head, cost = _grown(tail, needed), _grown(head, needed), _grown(cost, needed)
        next_out, next_in = _grown(next_out, needed), _grown(next_in, needed)
        for k in range(n_cuts):
            used = _link(
                cut_tail[k], cut_head[k], cut_cost[k], used,
                tail, head, cost, next_out, next_in, first_out, first_in,
            )  # fmt: skip
    return rank, kept_tail[:n_kept].copy(), kept_head[:n_kept].copy(), kept_cost[:n_kept].copy()


@njit(cache=True, nogil=True)
def _link(
    source: int, target: int, price: int, used: int,
    tail: Ints, head: Ints, cost: Ints, next_out: Ints, next_in: Ints, first_out: Ints, first_in: Ints,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Add an arc, or lower the cost of the one there, and return the number of slots used."""
    arc = first_out[source]
    while arc >= 0:
        if head[arc] == target:
            cost[arc] = min(cost[arc], price)
            return used
        arc = next_out[arc]
    tail[used], head[used], cost[used] = source, target, price
    next_out[used], first_out[source] = first_out[source], used
    next_in[used], first_in[target] = first_in[target], used
    return used + 1


@njit(cache=True, nogil=True)
def _unlink(first: Ints, following: Ints, node: int, gone: int) -> None:  # pragma: no cover - compiled
    """Take an arc out of a node's list."""
    arc = first[node]
    if arc == gone:
        first[node] = following[gone]
        return
    while following[arc] != gone:
        arc = following[arc]
    following[arc] = following[gone]


@njit(cache=True, nogil=True)
def _degree(first: Ints, following: Ints, node: int) -> int:  # pragma: no cover - compiled
    degree, arc = 0, first[node]
    while arc >= 0:
        degree += 1
        arc = following[arc]
    return degree


@njit(cache=True, nogil=True)
def _grown(array: Ints, size: int) -> Ints:  # pragma: no cover - compiled
    if size <= len(array):
        return array
    larger = np.empty(2 * size + 16, dtype=np.int64)
    larger[: len(array)] = array
    return larger


@njit(cache=True, nogil=True)
def _shortcuts(
    node: int, tail: Ints, head: Ints, cost: Ints, next_out: Ints, next_in: Ints, first_out: Ints, first_in: Ints,
    best: Ints, touched: Ints, work_cost: Ints, work_node: Ints,
    cut_tail: Ints, cut_head: Ints, cut_cost: Ints,
) -> tuple[int, Ints, Ints]:  # fmt: skip  # pragma: no cover - compiled
    """List the shortcuts that a node's removal needs: number of them, and the work space, maybe grown."""
    n_cuts = 0
    arriving = first_in[node]
    while arriving >= 0:
        source, longest = tail[arriving], -1
        arc = first_out[node]
        while arc >= 0:
            if head[arc] != source:
                longest = max(longest, cost[arriving] + cost[arc])
            arc = next_out[arc]
        if longest >= 0:
            n_touched, work_cost, work_node = _way_round(
                source, node, longest, head, cost, next_out, first_out, best, touched, work_cost, work_node
            )
            arc = first_out[node]
            while arc >= 0:
                through = cost[arriving] + cost[arc]
                if head[arc] != source and best[head[arc]] > through:
                    cut_tail[n_cuts], cut_head[n_cuts], cut_cost[n_cuts] = source, head[arc], through
                    n_cuts += 1
                arc = next_out[arc]
            for k in range(n_touched):
                best[touched[k]] = FAR
        arriving = next_in[arriving]
    return n_cuts, work_cost, work_node


@njit(cache=True, nogil=True)
def _way_round(
    source: int, avoided: int, longest: int,
    head: Ints, cost: Ints, next_out: Ints, first_out: Ints,
    best: Ints, touched: Ints, work_cost: Ints, work_node: Ints,
) -> tuple[int, Ints, Ints]:  # fmt: skip  # pragma: no cover - compiled
    """Search from a node without passing another: `best` holds costs, `touched` where it isn't `FAR`."""
    best[source], touched[0], n_touched = 0, source, 1
    size = _push(work_cost, work_node, 0, 0, source)
    settled = 0
    while size > 0 and settled < _WITNESS_NODES:
        so_far, node = work_cost[0], work_node[0]
        size = _pop(work_cost, work_node, size)
        if so_far > best[node]:
            continue
        if so_far > longest:
            break
        settled += 1
        arc = first_out[node]
        while arc >= 0:
            other, reached = head[arc], so_far + cost[arc]
            if other != avoided and reached <= longest and reached < best[other]:
                if best[other] == FAR:
                    touched[n_touched] = other
                    n_touched += 1
                best[other] = reached
                work_cost, work_node = _grown(work_cost, size + 1), _grown(work_node, size + 1)
                size = _push(work_cost, work_node, size, reached, other)
            arc = next_out[arc]
    return n_touched, work_cost, work_node


@njit(cache=True, nogil=True)
def _push(
    heap_cost: Ints, heap_node: Ints, size: int, price: int, node: int
) -> int:  # pragma: no cover - compiled
    child = size
    while child > 0:
        parent = (child - 1) >> 1
        if heap_cost[parent] <= price:
            break
        heap_cost[child], heap_node[child] = heap_cost[parent], heap_node[parent]
        child = parent
    heap_cost[child], heap_node[child] = price, node
    return size + 1


@njit(cache=True, nogil=True)
def _pop(heap_cost: Ints, heap_node: Ints, size: int) -> int:  # pragma: no cover - compiled
    """Remove the least entry (read it first) and return the new size."""
    size -= 1
    price, node = heap_cost[size], heap_node[size]
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= size:
            break
        if child + 1 < size and heap_cost[child + 1] < heap_cost[child]:
            child += 1
        if heap_cost[child] >= price:
            break
        heap_cost[parent], heap_node[parent] = heap_cost[child], heap_node[child]
        parent = child
    heap_cost[parent], heap_node[parent] = price, node
    return size
