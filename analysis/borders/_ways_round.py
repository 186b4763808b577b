"""Compiled searches for ways round a gap, each only as far as its question takes, many on the same work space."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled, inlined
from ...geo.networks import MAX_ARC_TIME_MS
from ..times import UNREACHED, heap_pop, heap_push

#: A network's arcs in CSR form: start, head, milliseconds, metres.
Arcs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]
#: Nodes at places: those of place ``k`` are ``start[k]:start[k + 1]`` of the nodes.
PlaceNodes: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]

#: Marks that bound what is left of one way; others tell hardly more.
_BEST_MARKS: Final = 4
_NODE_BITS = 32
_NODE_MASK = (1 << _NODE_BITS) - 1
_UNREACHED = int(UNREACHED)
_MOST_MM = 2.0**31 - 1


@compiled
def first_detours(
    arcs: Arcs,
    places: PlaceNodes,
    origin: NDArray[np.int64],
    start: NDArray[np.int64],
    goal: NDArray[np.int64],
    least_m: NDArray[np.float64],
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Find for each place the first of its goals to which the fastest way is at least so long.

    A goal that no way comes to within that length needs a search as far as this length only; one that has a shorter
    way, a search as far as the time that this way takes.

    Parameters
    ----------
    arcs, places
        As `Arcs` and `PlaceNodes` tell.
    origin : ndarray of int64, shape (s,)
        Places to start from.
    start : ndarray of int64, shape (s + 1,)
        Goals of origin ``k`` are ``start[k]:start[k + 1]`` of the next two.
    goal : ndarray of int64
        Places.
    least_m : ndarray of float64
        How long the fastest way has to be, rising within an origin.

    Returns
    -------
    ndarray of int64, shape (s,)
        Positions in `goal`, -1 for none. A goal that can't be come to is one.
    """
    arc_start, arc_head, arc_time_ms, arc_length_m = arcs
    place_start, place_node = places
    n = len(arc_start) - 1
    found = np.full(len(origin), -1, dtype=np.int64)
    # the shortest way to each node so far, and how long it was when the node's arcs were looked at; then the fastest
    short, short_done = np.full(n, np.inf), np.full(n, np.inf)
    time, metres, done = np.full(n, _UNREACHED, dtype=np.int32), np.full(n, np.inf), np.full(n, np.inf)
    short_heap, heap = np.empty(1024, dtype=np.int64), np.empty(1024, dtype=np.int64)
    seen, timed = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    for k in range(len(origin)):
        n_short, n_heap, n_seen, n_timed = 0, 0, 0, 0
        if start[k + 1] == start[k]:
            continue
        most = least_m[start[k + 1] - 1]
        for at in range(place_start[origin[k]], place_start[origin[k] + 1]):
            node = place_node[at]
            short[node], time[node], metres[node] = 0.0, 0, 0.0
            seen[n_seen], timed[n_timed] = node, node
            n_seen, n_timed = n_seen + 1, n_timed + 1
            short_heap, heap = _roomy(short_heap, n_short), _roomy(heap, n_heap)
            n_short = heap_push(short_heap, n_short, node)
            n_heap = heap_push(heap, n_heap, node)
        for pick in range(start[k], start[k + 1]):
            first, last = place_start[goal[pick]], place_start[goal[pick] + 1]
            bound = least_m[pick]
            while n_short > 0 and (short_heap[0] >> _NODE_BITS) <= _mm(bound):
                node = short_heap[0] & _NODE_MASK
                n_short = heap_pop(short_heap, n_short)
                if short[node] >= short_done[node]:
                    continue
                short_done[node] = short[node]
                for arc in range(arc_start[node], arc_start[node + 1]):
                    head, far = arc_head[arc], short[node] + arc_length_m[arc]
                    if far < short[head] and far < most:
                        if short[head] == np.inf:
                            seen[n_seen] = head
                            n_seen += 1
                        short[head] = far
                        short_heap = _roomy(short_heap, n_short)
                        n_short = heap_push(short_heap, n_short, (_mm(far) << _NODE_BITS) | head)
            if _shortest(short, place_node[first:last]) >= bound:
                found[k] = pick
                break
            while n_heap > 0:
                key = heap[0]
                if (key >> _NODE_BITS) > _soonest(time, place_node[first:last]):
                    break
                n_heap = heap_pop(heap, n_heap)
                node = key & _NODE_MASK
                if (key >> _NODE_BITS) > time[node] or metres[node] >= done[node]:
                    continue
                done[node] = metres[node]
                for arc in range(arc_start[node], arc_start[node + 1]):
                    head, far = arc_head[arc], metres[node] + arc_length_m[arc]
                    reached = (key >> _NODE_BITS) + arc_time_ms[arc]
                    if reached > MAX_ARC_TIME_MS or not _better(reached, far, time[head], metres[head]):
                        continue
                    if time[head] == _UNREACHED:
                        timed[n_timed] = head
                        n_timed += 1
                    time[head], metres[head] = reached, far
                    heap = _roomy(heap, n_heap)
                    n_heap = heap_push(heap, n_heap, (reached << _NODE_BITS) | head)
            if _best(time, metres, place_node[first:last])[1] >= bound:
                found[k] = pick
                break
        for at in range(n_seen):
            short[seen[at]], short_done[seen[at]] = np.inf, np.inf
        for at in range(n_timed):
            time[timed[at]], metres[timed[at]], done[timed[at]] = _UNREACHED, np.inf, np.inf
    return found


@compiled
def fastest_ways(
    arcs: Arcs,
    places: PlaceNodes,
    origin: NDArray[np.int64],
    goal: NDArray[np.int64],
    to_mark_ms: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Return times and lengths of the fastest ways from places to as many others, of equally fast ones the shortest.

    Each search goes towards its goal: what is left of a way from a node is at least the time from there to a mark less
    the time from the goal to this mark.

    Parameters
    ----------
    arcs, places
        As `Arcs` and `PlaceNodes` tell.
    origin, goal : ndarray of int64, shape (s,)
        Places.
    to_mark_ms : ndarray of int32, shape (n, k)
        Time from each node to each mark; without any marks, searches go to all sides.

    Returns
    -------
    tuple of ndarray, shape (s,)
        Milliseconds (`UNREACHED` where there is no way) and metres (infinite).

    References
    ----------
    Goldberg, A. V., Harrelson, C. (2005). Computing the shortest path: A* search meets graph theory. SODA 2005, 156-165.
    """
    arc_start, arc_head, arc_time_ms, arc_length_m = arcs
    place_start, place_node = places
    n = len(arc_start) - 1
    found_ms, found_m = np.empty(len(origin), dtype=np.int32), np.empty(len(origin))
    time, metres, done = np.full(n, _UNREACHED, dtype=np.int32), np.full(n, np.inf), np.full(n, np.inf)
    heap, timed = np.empty(1024, dtype=np.int64), np.empty(n, dtype=np.int32)
    for k in range(len(origin)):
        begin = place_node[place_start[origin[k]] : place_start[origin[k] + 1]]
        end = place_node[place_start[goal[k]] : place_start[goal[k] + 1]]
        marks, behind = _marks_for(to_mark_ms, begin, end)
        n_heap, n_timed = 0, 0
        for node in begin:
            left = _left(to_mark_ms[node], marks, behind)
            if left > MAX_ARC_TIME_MS:
                continue
            time[node], metres[node] = 0, 0.0
            timed[n_timed] = node
            n_timed += 1
            heap = _roomy(heap, n_heap)
            n_heap = heap_push(heap, n_heap, (left << _NODE_BITS) | node)
        while n_heap > 0:
            if (heap[0] >> _NODE_BITS) > _soonest(time, end):
                break
            node = heap[0] & _NODE_MASK
            n_heap = heap_pop(heap, n_heap)
            if metres[node] >= done[node]:
                continue
            done[node] = metres[node]
            for arc in range(arc_start[node], arc_start[node + 1]):
                head, far = arc_head[arc], metres[node] + arc_length_m[arc]
                reached = np.int64(time[node]) + arc_time_ms[arc]
                if not _better(reached, far, time[head], metres[head]):
                    continue
                total = reached + _left(to_mark_ms[head], marks, behind)
                if total > MAX_ARC_TIME_MS:
                    continue
                if time[head] == _UNREACHED:
                    timed[n_timed] = head
                    n_timed += 1
                elif reached < time[head]:
                    done[head] = np.inf
                time[head], metres[head] = reached, far
                heap = _roomy(heap, n_heap)
                n_heap = heap_push(heap, n_heap, (total << _NODE_BITS) | head)
        found_ms[k], found_m[k] = _best(time, metres, end)
        for at in range(n_timed):
            time[timed[at]], metres[timed[at]], done[timed[at]] = _UNREACHED, np.inf, np.inf
    return found_ms, found_m


@compiled
def _marks_for(
    to_mark_ms: NDArray[np.int32], begin: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Choose the marks that say most of the way between two places, and the times to them from its end."""
    n = to_mark_ms.shape[1]
    behind, gain = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    for mark in range(n):
        for node in end:
            behind[mark] = max(behind[mark], np.int64(to_mark_ms[node, mark]))
        if behind[mark] == _UNREACHED:
            continue  # says nothing of the way to where one can't come from to the mark
        gain[mark] = _UNREACHED
        for node in begin:
            gain[mark] = min(gain[mark], np.int64(to_mark_ms[node, mark]) - behind[mark])
    chosen = np.empty(_BEST_MARKS, dtype=np.int64)
    n_chosen = 0
    while n_chosen < min(_BEST_MARKS, n):
        mark = int(np.argmax(gain))
        if gain[mark] <= 0:
            break
        chosen[n_chosen] = mark
        gain[mark] = 0
        n_chosen += 1
    return chosen[:n_chosen], behind


@inlined
def _left(
    to_mark_ms: NDArray[np.int32], marks: NDArray[np.int64], behind: NDArray[np.int64]
) -> int:  # pragma: no cover - compiled
    """Return what a way from a node still takes at least; beyond any limit where none leads on to a mark."""
    least = np.int64(0)
    for mark in marks:
        if to_mark_ms[mark] == _UNREACHED:
            return _UNREACHED
        least = max(least, np.int64(to_mark_ms[mark]) - behind[mark])
    return int(least)


@inlined
def _better(reached: int, far: float, time_ms: int, length_m: float) -> bool:  # pragma: no cover - compiled
    """Say whether a way is faster than another, or as fast and shorter."""
    return bool(reached < time_ms or (reached == time_ms and far < length_m))


@inlined
def _soonest(time_ms: NDArray[np.int32], nodes: NDArray[np.int64]) -> int:  # pragma: no cover - compiled
    """Return the least time at some nodes."""
    least = np.int64(_UNREACHED)
    for node in nodes:
        least = min(least, np.int64(time_ms[node]))
    return int(least)


@inlined
def _shortest(
    length_m: NDArray[np.float64], nodes: NDArray[np.int64]
) -> float:  # pragma: no cover - compiled
    """Return the least length at some nodes."""
    least = np.inf
    for node in nodes:
        least = min(least, length_m[node])
    return float(least)


@inlined
def _best(
    time_ms: NDArray[np.int32], length_m: NDArray[np.float64], nodes: NDArray[np.int64]
) -> tuple[int, float]:  # pragma: no cover - compiled
    """Return the time and length of the fastest way to one of some nodes."""
    time, far = _UNREACHED, np.inf
    for node in nodes:
        if _better(int(time_ms[node]), length_m[node], time, far):
            time, far = int(time_ms[node]), length_m[node]
    return time, far


@inlined
def _mm(metres: float) -> int:  # pragma: no cover - compiled
    """Return whole millimetres, as many as fit above a node's number."""
    return int(min(metres * 1000.0, _MOST_MM))


@inlined
def _roomy(heap: NDArray[np.int64], size: int) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Return a heap with room for one key more."""
    if size < len(heap):
        return heap
    larger = np.empty(2 * size, dtype=np.int64)
    larger[:size] = heap
    return larger
