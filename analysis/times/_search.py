"""Compiled shortest-path kernels over plain arrays; they know nothing of places or polygons.

Times are whole milliseconds in 32-bit integers. Integer sums don't depend on the order of
addition, so that results are the same to the bit on every run, machine and number of threads.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled

#: Time of a node that wasn't reached.
UNREACHED: Final = np.int32(2**31 - 1)
#: Nodes looked at together: a power of two.
NODE_BLOCK: Final = 64

#: Buckets at most; longer limits get wider ones.
_MOST_BUCKETS: Final = 1 << 15

#: Places whose times alone are asked for: the ways to place ``k`` are ``start[k]:start[k + 1]`` of nodes, and of
#: milliseconds from there on.
Wanted: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]

#: Beyond any time.
_NEVER: Final = np.int64(2**62)


@compiled
def heap_push(heap: NDArray[np.int64], size: int, key: int) -> int:  # pragma: no cover - compiled
    """Put a key into a four-ary heap, which needs room for it, and return the new size."""
    child = size
    while child > 0:
        parent = (child - 1) >> 2
        if heap[parent] <= key:
            break
        heap[child] = heap[parent]
        child = parent
    heap[child] = key
    return size + 1


@compiled
def heap_pop(heap: NDArray[np.int64], size: int) -> int:  # pragma: no cover - compiled
    """Remove the least key (read `heap[0]` first) and return the new size."""
    size -= 1
    key = heap[size]
    parent = 0
    while True:
        first = 4 * parent + 1
        if first >= size:
            break
        least = first
        for child in range(first + 1, min(first + 4, size)):
            if heap[child] < heap[least]:
                least = child
        if heap[least] >= key:
            break
        heap[parent] = heap[least]
        parent = least
    heap[parent] = key
    return size


@compiled
def bucketed_times(
    arc_start: NDArray[np.int64],
    arc_head: NDArray[np.int32],
    arc_time_ms: NDArray[np.int32],
    seed_node: NDArray[np.int64],
    seed_time_ms: NDArray[np.int64],
    limit_ms: int,
    time_ms: NDArray[np.int32],
    wanted: Wanted | None = None,
    marked: NDArray[np.bool_] | None = None,
) -> None:  # pragma: no cover - compiled
    """Compute shortest times from weighted seeds to every node within a limit.

    Nodes wait in buckets of about a second, each a linked list; within a bucket they're taken in any
    order, and one that is reached again in less time is taken again (Dial 1969; Cherkassky,
    Goldberg and Radzik 1996). Shortest times are what they are: the result is the same to the bit.

    Parameters
    ----------
    arc_start, arc_head, arc_time_ms : ndarray
        The network's arcs in CSR form.
    seed_node, seed_time_ms : ndarray of int64, shape (k,)
        Where the search starts, and the time already spent there.
    limit_ms : int
        Nodes beyond it are not reached; a node exactly at it is.
    time_ms : ndarray of int32, shape (n,)
        Work space and result: `UNREACHED` everywhere on entry, times on return.
    wanted : tuple of ndarray of int64, optional
        Only the times to these places are asked for (see `Wanted`): the search ends when no later node can lie on the
        fastest way to one. What it says of nodes that don't is of no use.
    marked : ndarray of bool, optional
        Becomes true for each block of `NODE_BLOCK` nodes of which one has a time now. To return such nodes instead
        takes longer than a short search: numba counts who holds what they're listed in.

    References
    ----------
    Dial, R. B. (1969). Algorithm 360: shortest-path forest with topological ordering.
    Communications of the ACM 12(11), 632-633.
    Cherkassky, B. V., Goldberg, A. V., Radzik, T. (1996). Shortest paths algorithms: theory and
    experimental evaluation. Mathematical Programming 73, 129-174.
    """
    waiting = np.empty(len(seed_node), dtype=np.int32)
    n = 0
    for k in range(len(seed_node)):
        node, time = seed_node[k], seed_time_ms[k]
        if time <= limit_ms and time < time_ms[node]:
            time_ms[node] = time
            waiting[n] = node
            n += 1
    go_on(arc_start, arc_head, arc_time_ms, waiting[:n], limit_ms, time_ms, wanted, marked)


@compiled
def _ways_by_node(
    wanted: Wanted, n_nodes: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:  # pragma: no cover - compiled
    """Return the last way at each node, the way before each at its node (-1 for none), and each way's place."""
    start, node, _ = wanted
    way_at = np.full(n_nodes, -1, dtype=np.int32)
    next_way = np.empty(len(node), dtype=np.int32)
    place_of = np.empty(len(node), dtype=np.int32)
    for place in range(len(start) - 1):
        for way in range(start[place], start[place + 1]):
            place_of[way] = place
            next_way[way] = way_at[node[way]]
            way_at[node[way]] = way
    return way_at, next_way, place_of


@compiled
def _open_places(wanted: Wanted, best: NDArray[np.int64]) -> int:  # pragma: no cover - compiled
    """Return how many places a way leads to; those without any needn't be waited for."""
    n = 0
    for place in range(len(best)):
        if wanted[0][place + 1] > wanted[0][place]:
            n += 1
        else:
            best[place] = -1
    return n


@compiled
def _arrive(
    node: int,
    time: int,
    way_ms: NDArray[np.int64],
    way_at: NDArray[np.int32],
    next_way: NDArray[np.int32],
    place_of: NDArray[np.int32],
    best: NDArray[np.int64],
) -> int:  # pragma: no cover - compiled
    """Note the times to the places that a node leads to, and return for how many it's the first."""
    n = 0
    way = way_at[node]
    while way >= 0:
        place = place_of[way]
        n += best[place] == _NEVER
        best[place] = min(best[place], time + way_ms[way])
        way = next_way[way]
    return n


@compiled
def _last(best: NDArray[np.int64]) -> int:  # pragma: no cover - compiled
    """Return the latest of the times to places; -1 where there is no place."""
    found = -1
    for time in best:
        found = max(found, int(time))
    return found


@compiled
def go_on(
    arc_start: NDArray[np.int64] | NDArray[np.int32],
    arc_head: NDArray[np.int32],
    arc_time_ms: NDArray[np.int32],
    waiting: NDArray[np.int32],
    limit_ms: int,
    time_ms: NDArray[np.int32],
    wanted: Wanted | None = None,
    marked: NDArray[np.bool_] | None = None,
) -> None:  # pragma: no cover - compiled
    """Search on from nodes whose times are known, with buckets.

    Parameters
    ----------
    arc_start, arc_head, arc_time_ms, limit_ms, wanted, marked
        As for `bucketed_times`.
    waiting : ndarray of int32, shape (k,)
        Nodes whose arcs are to be looked at; one may stand in it more than once.
    time_ms : ndarray of int32, shape (n,)
        Times of these, within the limit, on entry; of all on return.
    """
    shift = 9
    while (limit_ms >> shift) >= _MOST_BUCKETS:
        shift += 1
    first = np.full((limit_ms >> shift) + 1, -1, dtype=np.int32)
    capacity = 1024 + len(waiting)
    entries = np.empty((capacity, 3), dtype=np.int32)  # node, time, next in the bucket
    n = 0
    last = np.int64(-1)  # last bucket that holds anything
    for k in range(len(waiting)):
        node = waiting[k]
        bucket = np.int64(time_ms[node]) >> shift
        entries[n, 0], entries[n, 1], entries[n, 2] = node, time_ms[node], first[bucket]
        first[bucket] = n
        last = max(last, bucket)
        n += 1
        if marked is not None:
            marked[node // NODE_BLOCK] = True
    if wanted is not None:
        way_at, next_way, place_of = _ways_by_node(wanted, len(time_ms))
        best = np.full(len(wanted[0]) - 1, _NEVER)
        n_open = _open_places(wanted, best)
    latest = int(limit_ms)
    bucket = np.int64(0)
    while bucket <= last:
        entry = first[bucket]
        if entry < 0:
            bucket += 1
            if wanted is not None and n_open == 0:
                latest = min(latest, _last(best))
                if (bucket << shift) > latest:
                    break
            continue
        first[bucket] = entries[entry, 2]
        node, time = entries[entry, 0], np.int64(entries[entry, 1])
        if time > time_ms[node]:
            continue
        if wanted is not None:
            n_open -= _arrive(node, int(time), wanted[2], way_at, next_way, place_of, best)
        begin, end = arc_start[node], arc_start[node + 1]
        if n + end - begin > capacity:
            capacity = 2 * capacity + end - begin
            larger = np.empty((capacity, 3), dtype=np.int32)
            larger[:n] = entries[:n]
            entries = larger
        for arc in range(begin, end):
            head = arc_head[arc]
            reached = time + arc_time_ms[arc]
            if reached < time_ms[head] and reached <= limit_ms:
                time_ms[head] = reached
                into = reached >> shift
                entries[n, 0], entries[n, 1], entries[n, 2] = head, reached, first[into]
                first[into] = n
                last = max(last, into)
                n += 1
                if marked is not None:
                    marked[head // NODE_BLOCK] = True


@compiled
def shortest_times_and_lengths(
    arc_start: NDArray[np.int64],
    arc_head: NDArray[np.int32],
    arc_time_ms: NDArray[np.int32],
    arc_length_m: NDArray[np.float64],
    seed_node: NDArray[np.int64],
    seed_time_ms: NDArray[np.int64],
    seed_length_m: NDArray[np.float64],
    limit_ms: int,
    time_ms: NDArray[np.int32],
    length_m: NDArray[np.float64],
    wanted: Wanted | None = None,
) -> None:  # pragma: no cover - compiled
    """Compute shortest times as `bucketed_times` does, and the length along the fastest path.

    Of equally fast paths it's that of the shorter: a node that is come to again as fast on a shorter way is taken again,
    so that lengths don't depend on the order either.

    Parameters
    ----------
    arc_start, arc_head, arc_time_ms, seed_node, seed_time_ms, limit_ms, time_ms, wanted
        As for `bucketed_times`.
    arc_length_m, seed_length_m : ndarray of float64
    length_m : ndarray of float64, shape (n,)
        Work space and result; infinite everywhere on entry.
    """
    shift = 9
    while (limit_ms >> shift) >= _MOST_BUCKETS:
        shift += 1
    first = np.full((limit_ms >> shift) + 1, -1, dtype=np.int32)
    capacity = 1024 + len(seed_node)
    entries = np.empty((capacity, 3), dtype=np.int32)  # node, time, next in the bucket
    handed_on = np.full(len(time_ms), np.inf)  # length with which a node's arcs were looked at
    n = 0
    last = np.int64(-1)  # last bucket that holds anything
    for k in range(len(seed_node)):
        node, time, far = seed_node[k], seed_time_ms[k], seed_length_m[k]
        if time > limit_ms or time > time_ms[node] or (time == time_ms[node] and far >= length_m[node]):
            continue
        time_ms[node], length_m[node] = time, far
        bucket = np.int64(time) >> shift
        entries[n, 0], entries[n, 1], entries[n, 2] = node, time, first[bucket]
        first[bucket] = n
        last = max(last, bucket)
        n += 1
    if wanted is not None:
        way_at, next_way, place_of = _ways_by_node(wanted, len(time_ms))
        best = np.full(len(wanted[0]) - 1, _NEVER)
        n_open = _open_places(wanted, best)
    latest = int(limit_ms)
    bucket = np.int64(0)
    while bucket <= last:
        entry = first[bucket]
        if entry < 0:
            bucket += 1
            if wanted is not None and n_open == 0:
                latest = min(latest, _last(best))
                if (bucket << shift) > latest:
                    break
            continue
        first[bucket] = entries[entry, 2]
        node, time = entries[entry, 0], np.int64(entries[entry, 1])
        far = length_m[node]
        if time > time_ms[node] or far >= handed_on[node]:
            continue
        handed_on[node] = far
        if wanted is not None:
            n_open -= _arrive(node, int(time), wanted[2], way_at, next_way, place_of, best)
        begin, end = arc_start[node], arc_start[node + 1]
        if n + end - begin > capacity:
            capacity = 2 * capacity + end - begin
            larger = np.empty((capacity, 3), dtype=np.int32)
            larger[:n] = entries[:n]
            entries = larger
        for arc in range(begin, end):
            head = arc_head[arc]
            reached = time + arc_time_ms[arc]
            if reached > limit_ms or reached > time_ms[head]:
                continue
            there = far + arc_length_m[arc]
            if reached < time_ms[head]:
                handed_on[head] = np.inf
            elif there >= length_m[head]:
                continue
            time_ms[head], length_m[head] = reached, there
            into = reached >> shift
            entries[n, 0], entries[n, 1], entries[n, 2] = head, reached, first[into]
            first[into] = n
            last = max(last, into)
            n += 1
