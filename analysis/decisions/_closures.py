"""Times between places with some links closed, for many such closures, exact, from one set of searches.

Links that are ever closed meet the rest of the network at a few nodes, their *ports*. Ways that pass no port
don't depend on what is closed and are searched once: between places, from places to ports, between ports, from
ports to places. What is left is a small network of ports. For each place there is one search in it, and a closure
changes the times of those ports alone whose every fastest way leads over what is closed; they're searched anew
from their neighbours that aren't (Ramalingam and Reps 1996). Times are whole milliseconds, so that the result is
that of a search on the closed network, to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...geo.errors import OffNetworkError
from ...geo.networks import Access, TransportNetwork, access, past_no_node
from ..times import NO_LIMIT_MS, UNREACHED, Origin, Targets, bucketed_times, each, enter, heap_pop, heap_push

#: Beyond any time; two of them can be added.
NEVER: Final = np.int64(2**40)


@dataclass(frozen=True, eq=False)
class Lost:
    """What closures cost one place; those that cost it nothing have no entry.

    Attributes
    ----------
    closure : ndarray of int64, shape (k,)
        Ascending.
    delay_min : ndarray of float64, shape (k,)
        Minutes lost by all its trips that can still be made.
    longer, cut : ndarray of float64, shape (k,)
        Trips that take longer, and that can't be made any more.
    worst_min : ndarray of float64, shape (k,)
        Minutes by which the worst of them is longer; 0 where none is.
    worst_to : ndarray of int64, shape (k,)
        Its end; -1 for none.
    leaving : ndarray of float64, shape (k,)
        People who leave the place's circle.
    """

    closure: NDArray[np.int64]
    delay_min: NDArray[np.float64]
    longer: NDArray[np.float64]
    cut: NDArray[np.float64]
    worst_min: NDArray[np.float64]
    worst_to: NDArray[np.int64]
    leaving: NDArray[np.float64]


class Closures:
    """A network of ports, and what closures cost places on it.

    Parameters
    ----------
    network : TransportNetwork
    places : sequence of Origin
    closures : sequence of ndarray of int64
        Arcs that are closed together.
    workers : int, optional

    Raises
    ------
    OffNetworkError
        If all places are out of the network's reach.
    """

    def __init__(
        self,
        network: TransportNetwork,
        places: Sequence[Origin],
        closures: Sequence[NDArray[np.int64]],
        *,
        workers: int | None = None,
    ) -> None:
        self.network = network
        self.places = places
        self.closures = closures
        self._workers = workers
        self._in = [_ways(network, one) for one in places]
        self._out = [_ways(network.reverse, one) for one in places]
        if all(way.is_empty for way in self._in):
            enter(network, places[0])  # says how far off it is
            raise OffNetworkError("'places' are all out of the network's reach")
        self._targets = Targets.of(self._out, [one.xyz for one in places])
        closable = np.zeros(network.n_arcs, dtype=bool)
        for arcs in closures:
            closable[arcs] = True
        self._lay_out(closable)

    def _lay_out(self, closable: NDArray[np.bool_]) -> None:
        network = self.network
        tail, head = network.arc_tail.astype(np.int64), network.arc_head.astype(np.int64)
        ports = np.unique(np.concatenate([tail[closable], head[closable]]))
        number = np.full(network.n_nodes, -1, dtype=np.int64)
        number[ports] = np.arange(len(ports))
        self._ports = ports
        kept = ~closable
        from_port, to_port = number[tail] >= 0, number[head] >= 0
        # nobody goes on from a port here: beyond it, the network of ports says how
        self._there = _csr(network.n_nodes, tail, head, network.arc_time_ms, kept & ~from_port)
        self._back = _csr(network.n_nodes, head, tail, network.arc_time_ms, kept & ~to_port)
        outgoing = np.flatnonzero(kept & from_port)
        order = outgoing[np.argsort(number[tail[outgoing]], kind="stable")]
        first = np.searchsorted(number[tail[order]], np.arange(len(ports) + 1))

        def from_one(port: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            arcs = order[first[port] : first[port + 1]]
            labels = _search(self._there, head[arcs], network.arc_time_ms[arcs].astype(np.int64))[ports]
            reached = np.flatnonzero(labels != UNREACHED)
            reached = reached[reached != port]
            return reached, labels[reached].astype(np.int64)

        between = list(each(from_one, range(len(ports)), progress=False, label="", workers=self._workers))
        closed = np.flatnonzero(closable)
        starts = np.repeat(np.arange(len(ports)), [len(to) for to, _ in between])
        nothing = np.zeros(0, dtype=np.int64)
        arc_tail = np.concatenate([starts, number[tail[closed]]])
        arc_head = np.concatenate([nothing, *(to for to, _ in between), number[head[closed]]])
        arc_ms = np.concatenate([nothing, *(ms for _, ms in between), network.arc_time_ms[closed]])
        order = np.argsort(arc_tail, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        self._tail, self._head = arc_tail[order], arc_head[order].astype(np.int32)
        self._ms = arc_ms[order].astype(np.int32)
        self._start = np.searchsorted(self._tail, np.arange(len(ports) + 1)).astype(np.int64)
        self._by_head = np.argsort(self._head, kind="stable")
        self._into = np.searchsorted(self._head[self._by_head], np.arange(len(ports) + 1)).astype(np.int64)
        arc_of = np.full(network.n_arcs, -1, dtype=np.int64)
        arc_of[closed] = place[len(starts) :]
        sizes = [len(arcs) for arcs in self.closures]
        self._set_start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._set_arc = arc_of[np.concatenate([nothing, *self.closures])]
        self._ways_from_ports()

    def _ways_from_ports(self) -> None:
        def to_one(k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            labels = _search(self._back, self._out[k].node, self._out[k].time_ms)[self._ports]
            found = np.flatnonzero(labels != UNREACHED)
            return found, labels[found].astype(np.int64)

        ways = list(each(to_one, range(len(self.places)), progress=False, label="", workers=self._workers))
        nothing = np.zeros(0, dtype=np.int64)
        self._end_start = np.concatenate([[0], np.cumsum([len(port) for port, _ in ways])]).astype(np.int64)
        self._end_port = np.concatenate([nothing, *(port for port, _ in ways)])
        self._end_ms = np.concatenate([nothing, *(ms for _, ms in ways)])
        end = np.repeat(np.arange(len(ways)), np.diff(self._end_start))
        order = np.argsort(self._end_port, kind="stable")
        self._of_port = np.searchsorted(self._end_port[order], np.arange(len(self._ports) + 1)).astype(
            np.int64
        )
        self._port_end, self._port_ms = end[order], self._end_ms[order]

    def row(
        self, k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the times from a place to all in ms with nothing closed, and what `lost` needs of its search.

        Returns
        -------
        base : ndarray of int64, shape (number of places,)
            `NEVER` where there is no way.
        fixed : ndarray of int64, shape (number of places,)
            The same by ways that pass no port.
        seed, times : ndarray of int64, shape (number of ports,)
            Times to be at each port before any other, and after all.
        """
        entry = self._in[k]
        labels = _search(self._there, entry.node, entry.time_ms)
        targets = self._targets
        fixed = _read(targets.start, targets.node, targets.time_ms, labels, int(UNREACHED))
        if entry.is_empty:
            fixed[:] = NEVER
        else:
            beside, _ = past_no_node(self.network, entry.pieces, self.places[k].xyz, targets.xyz)
            near = np.isfinite(beside) & (np.diff(targets.start) > 0)
            fixed[near] = np.minimum(fixed[near], beside[near].astype(np.int64))
        seed = np.where(labels[self._ports] == UNREACHED, NEVER, labels[self._ports].astype(np.int64))
        there = np.flatnonzero(seed < NEVER)
        found = _search((self._start, self._head, self._ms), there, seed[there])
        times = np.where(found == UNREACHED, NEVER, found.astype(np.int64))
        base = _arrive(self._end_start, self._end_port, self._end_ms, times, fixed)
        return np.where(base > NO_LIMIT_MS, NEVER, base), fixed, seed, times

    def entered_part_way(self) -> list[int]:
        """Return the closures of links that a place enters or leaves part-way: its own ways aren't what they were."""
        if not self.network.has_exits_along:
            return []
        lines = [way.line for way in (*self._in, *self._out)]
        links = self.network.exit_lines.link[np.unique(np.concatenate(lines).astype(np.int64))]
        entered = np.isin(self.network.arc_link, links)
        return [k for k, arcs in enumerate(self.closures) if entered[arcs].any()]

    def lost(
        self,
        row: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]],
        trips: NDArray[np.float64],
        people: NDArray[np.float64],
        *,
        cutoff_ms: int,
    ) -> Lost:
        """Return what each closure costs a place.

        Parameters
        ----------
        row
            As `row` gives it.
        trips : ndarray of float64, shape (number of places,)
            To each of the others.
        people : ndarray of float64, shape (number of places,)
            Of each place.
        cutoff_ms : int
            Of its circle.
        """
        base, fixed, seed, times = row
        found = _losses(
            self._start, self._tail, self._head, self._ms, self._into, self._by_head,
            self._set_start, self._set_arc, seed, times,
            self._of_port, self._port_end, self._port_ms, self._end_start, self._end_port, self._end_ms,
            fixed, base, trips, people, cutoff_ms, NO_LIMIT_MS,
        )  # fmt: skip
        return Lost(*found)


def lost_between(
    base: NDArray[np.int64],
    closed: NDArray[np.int64],
    trips: NDArray[np.float64],
    people: NDArray[np.float64],
    *,
    closure: int,
    cutoff_ms: int,
) -> Lost:
    """Return the same from the times before and after one closure, shape (number of places,) each."""
    cut = (base < NEVER) & (closed >= NEVER)
    later = np.where((base < NEVER) & ~cut, closed - base, 0) / 60_000
    worst = int(np.argmax(later)) if len(later) and later.max() > 0 else -1
    leaving = (base <= cutoff_ms) & (closed > cutoff_ms)
    return Lost(
        np.array([closure]),
        np.array([(trips * later).sum()]),
        np.array([trips[later > 0].sum()]),
        np.array([trips[cut].sum()]),
        np.array([later[worst] if worst >= 0 else 0.0]),
        np.array([worst]),
        np.array([people[leaving].sum()]),
    )


def _ways(network: TransportNetwork, one: Origin) -> Access:
    return access(network, lon=one.lon, lat=one.lat, xyz=one.xyz)


def _csr(
    n: int, tail: NDArray[np.int64], head: NDArray[np.int64], ms: NDArray[np.int32], keep: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    arcs = np.flatnonzero(keep)
    order = arcs[np.argsort(tail[arcs], kind="stable")]
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail[arcs], minlength=n), out=start[1:])
    return start, head[order].astype(np.int32), ms[order]


def _search(
    csr: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]],
    node: NDArray[np.int64],
    time_ms: NDArray[np.int64],
) -> NDArray[np.int32]:
    labels = np.full(len(csr[0]) - 1, UNREACHED, dtype=np.int32)
    if len(node):
        bucketed_times(*csr, node.astype(np.int64), time_ms.astype(np.int64), NO_LIMIT_MS, labels)
    return labels


@njit(cache=True, nogil=True)
def _read(
    start: NDArray[np.int64], node: NDArray[np.int64], time: NDArray[np.int64], labels: NDArray[np.int32],
    unreached: int,
) -> NDArray[np.int64]:  # fmt: skip  # pragma: no cover - compiled
    found = np.full(len(start) - 1, np.int64(1 << 40), dtype=np.int64)
    for k in range(len(found)):
        for way in range(start[k], start[k + 1]):
            if labels[node[way]] != unreached:
                found[k] = min(found[k], labels[node[way]] + time[way])
    return found


@njit(cache=True, nogil=True)
def _arrive(
    start: NDArray[np.int64], port: NDArray[np.int64], ms: NDArray[np.int64], times: NDArray[np.int64],
    fixed: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip  # pragma: no cover - compiled
    found = fixed.copy()
    for k in range(len(found)):
        for way in range(start[k], start[k + 1]):
            found[k] = min(found[k], times[port[way]] + ms[way])
    return found


@njit(cache=True, nogil=True)
def _losses(
    start: NDArray[np.int64], tail: NDArray[np.int64], head: NDArray[np.int32], ms: NDArray[np.int32],
    into: NDArray[np.int64], by_head: NDArray[np.int64],
    set_start: NDArray[np.int64], set_arc: NDArray[np.int64],
    seed: NDArray[np.int64], times: NDArray[np.int64],
    of_port: NDArray[np.int64], port_end: NDArray[np.int64], port_ms: NDArray[np.int64],
    end_start: NDArray[np.int64], end_port: NDArray[np.int64], end_ms: NDArray[np.int64],
    fixed: NDArray[np.int64], base: NDArray[np.int64], trips: NDArray[np.float64], people: NDArray[np.float64],
    cutoff_ms: int, limit_ms: int,
) -> tuple[
    NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64],
    NDArray[np.int64], NDArray[np.float64],
]:  # fmt: skip  # pragma: no cover - compiled
    """For each closure: ports that lose their time, their new times, and what that means for the ends.

    A port keeps its time where it's a place's own first port, or where an arc leads to it just in time from one
    that is there earlier and keeps its own. Arcs that take no time don't count for that: at worst a port is
    searched anew that needn't be.
    """
    never = np.int64(1 << 40)
    n, n_sets = len(times), len(set_start) - 1
    seen, lost = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    done = np.zeros(len(base), dtype=np.int64)
    closed = np.zeros(len(head), dtype=np.bool_)
    later = times.copy()
    members = np.empty(n, dtype=np.int64)
    heap = np.empty(len(head) + len(set_arc) + n + 1, dtype=np.int64)
    which = np.empty(n_sets, dtype=np.int64)
    figures = np.zeros((n_sets, 5))
    worst_to = np.empty(n_sets, dtype=np.int64)
    count = 0
    for s in range(n_sets):
        stamp = s + 1
        size = 0
        for k in range(set_start[s], set_start[s + 1]):
            arc = set_arc[k]
            u, v = tail[arc], np.int64(head[arc])
            if times[u] < never and times[u] + ms[arc] == times[v]:
                size = heap_push(heap, size, (times[v] << 32) | v)
        if size == 0:
            continue
        for k in range(set_start[s], set_start[s + 1]):
            closed[set_arc[k]] = True
        n_lost = 0
        while size > 0:
            v = heap[0] & 0xFFFFFFFF
            size = heap_pop(heap, size)
            if seen[v] == stamp:
                continue
            seen[v] = stamp
            kept = seed[v] == times[v]
            for k in range(into[v], into[v + 1]):
                if kept:
                    break
                arc = by_head[k]
                u = tail[arc]
                kept = (
                    not closed[arc]
                    and times[u] < times[v]
                    and times[u] + ms[arc] == times[v]
                    and lost[u] != stamp
                )
            if kept:
                continue
            lost[v] = stamp
            members[n_lost] = v
            n_lost += 1
            for arc in range(start[v], start[v + 1]):
                w = np.int64(head[arc])
                if seen[w] != stamp and times[v] + ms[arc] == times[w]:
                    size = heap_push(heap, size, (times[w] << 32) | w)
        for m in range(n_lost):
            v = members[m]
            best = seed[v]
            for k in range(into[v], into[v + 1]):
                arc = by_head[k]
                u = tail[arc]
                if not closed[arc] and lost[u] != stamp and times[u] < never:
                    best = min(best, times[u] + ms[arc])
            later[v] = best
            if best <= limit_ms:
                size = heap_push(heap, size, (best << 32) | v)
        while size > 0:
            key = heap[0]
            size = heap_pop(heap, size)
            v, now = key & 0xFFFFFFFF, key >> 32
            if now > later[v]:
                continue
            for arc in range(start[v], start[v + 1]):
                w = np.int64(head[arc])
                if not closed[arc] and lost[w] == stamp and now + ms[arc] < later[w]:
                    later[w] = now + ms[arc]
                    if later[w] <= limit_ms:
                        if size == len(heap):
                            larger = np.empty(2 * size, dtype=np.int64)
                            larger[:size] = heap
                            heap = larger
                        size = heap_push(heap, size, (later[w] << 32) | w)
        delay, longer, cut, worst, leaving, at = 0.0, 0.0, 0.0, np.int64(0), 0.0, np.int64(-1)
        for m in range(n_lost):
            v = members[m]
            for k in range(of_port[v], of_port[v + 1]):
                j = port_end[k]
                if done[j] == stamp or times[v] + port_ms[k] != base[j] or fixed[j] == base[j]:
                    continue
                done[j] = stamp
                now = fixed[j]
                for way in range(end_start[j], end_start[j + 1]):
                    q = end_port[way]
                    now = min(now, (later[q] if lost[q] == stamp else times[q]) + end_ms[way])
                if now == base[j]:
                    continue
                if base[j] <= cutoff_ms and now > cutoff_ms:
                    leaving += people[j]
                if now > limit_ms:
                    cut += trips[j]
                    continue
                delay += trips[j] * ((now - base[j]) / 60_000)
                longer += trips[j]
                if now - base[j] > worst or (now - base[j] == worst and j < at):
                    worst, at = now - base[j], j
        for m in range(n_lost):
            later[members[m]] = times[members[m]]
        for k in range(set_start[s], set_start[s + 1]):
            closed[set_arc[k]] = False
        if delay > 0 or longer > 0 or cut > 0 or leaving > 0 or worst > 0:
            which[count], worst_to[count] = s, at
            figures[count, 0], figures[count, 1], figures[count, 2] = delay, longer, cut
            figures[count, 3], figures[count, 4] = worst / 60_000, leaving
            count += 1
    return (
        which[:count].copy(), figures[:count, 0].copy(), figures[:count, 1].copy(), figures[:count, 2].copy(),
        figures[:count, 3].copy(), worst_to[:count].copy(), figures[:count, 4].copy(),
    )  # fmt: skip
