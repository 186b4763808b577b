"""Times between places with some links closed, for many such closures, exact, from one set of searches.

Links that are ever closed meet the rest of the network at a few nodes, their *ports*. Ways that pass no port
don't depend on what is closed and are searched once: between places, from places to ports, between ports, from
ports to places. What is left is a small network of ports. For each place there is one search in it, and a closure
changes the times of those ports alone whose every fastest way leads over what is closed; they're searched anew
from their neighbours that aren't (Ramalingam and Reps 1996). Times are whole milliseconds, so that the result is
that of a search on the closed network, to the bit.

One network of ports does for the closures of many borders: the more may be closed, the less is left around a place that
can be come to past no port, a province at last. Trips are summed in the order of the places that they go to, so that sums
don't depend on what else may be closed either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.networks import Access, TransportNetwork, access, past_no_node
from ..times import (
    NO_LIMIT_MS,
    UNREACHED,
    Origin,
    Targets,
    around_nodes,
    each,
    heap_pop,
    heap_push,
    times_around,
)

#: Beyond any time; two of them can be added.
NEVER: Final = np.int64(2**40)
#: So many ports next to one are looked at for ways that spare it an arc.
_NEXT_PORTS: Final = 16


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


@dataclass(frozen=True, eq=False)
class Row:
    """What a search from one place found.

    Attributes
    ----------
    labels : ndarray of int32, shape (number of nodes that are left,)
        Times to be there by ways that pass no port.
    seed, times : ndarray of int64, shape (number of ports,)
        Times to be at each port before any other, and after all.
    """

    labels: NDArray[np.int32]
    seed: NDArray[np.int64]
    times: NDArray[np.int64]


class Ports:
    """The small network of ports that is left of a network where some arcs may be closed.

    Parameters
    ----------
    network : TransportNetwork
    places : sequence of Origin
    closable : ndarray of int64
        All arcs that are ever closed.
    workers : int, optional
    """

    def __init__(
        self,
        network: TransportNetwork,
        places: Sequence[Origin],
        closable: NDArray[np.int64],
        *,
        workers: int | None = None,
    ) -> None:
        self.network = network
        self.places = places
        self.entries = [_ways(network, one) for one in places]
        self.exits = [_ways(network.reverse, one) for one in places]
        self._workers = workers
        closed = np.unique(closable)
        self._lay_out(closed)
        #: Ports from which each place is come to past no other, and the time that takes.
        self.last = list(each(self._to_place, range(len(places)), progress=False, label="", workers=workers))

    def _lay_out(self, closed: NDArray[np.int64]) -> None:
        network = self.network
        tail, head = network.arc_tail.astype(np.int64), network.arc_head.astype(np.int64)
        ports = np.unique(np.concatenate([tail[closed], head[closed]]))
        kept = np.ones(network.n_arcs, dtype=bool)
        kept[closed] = False
        #: What is left of the network around ports and the nodes where places are left and come to.
        self.left = left = around_nodes(
            network.n_nodes,
            network.arc_tail[kept],
            network.arc_head[kept],
            network.arc_time_ms[kept],
            np.concatenate([ports, *(way.node for way in (*self.entries, *self.exits))]),
        )
        self._ports = left.number[ports]
        number = np.full(left.n_nodes, -1, dtype=np.int64)
        number[self._ports] = np.arange(len(ports))
        from_port, to_port = number[left.tail] >= 0, number[left.head] >= 0
        # nobody goes on from a port here: beyond it, the network of ports says how
        self._there = left.arcs(~from_port)
        self._back = left.arcs(~to_port, turned=True)
        first, onto, takes = left.arcs()

        def from_one(port: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
            own = slice(first[self._ports[port]], first[self._ports[port] + 1])
            labels = times_around(self._there, onto[own], takes[own])[self._ports]
            reached = np.flatnonzero(labels != UNREACHED)
            reached = reached[reached != port]
            return reached.astype(np.int32), labels[reached]

        between = list(each(from_one, range(len(ports)), progress=False, label="", workers=self._workers))
        start = np.concatenate([[0], np.cumsum([len(to) for to, _ in between])]).astype(np.int64)
        nothing = np.zeros(0, dtype=np.int32)
        to = np.concatenate([nothing, *(to for to, _ in between)])
        to_ms = np.concatenate([nothing, *(ms for _, ms in between)])
        needed = _needed(start, to, to_ms)
        tails = np.repeat(np.arange(len(ports)), np.diff(start))[needed]
        port_of = number[left.number[np.concatenate([tail[closed], head[closed]])]]
        arc_tail = np.concatenate([tails, port_of[: len(closed)]])
        arc_head = np.concatenate([to[needed], port_of[len(closed) :]])
        arc_ms = np.concatenate([to_ms[needed], network.arc_time_ms[closed]])
        order = np.argsort(arc_tail, kind="stable")
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        self.tail, self.head = arc_tail[order], arc_head[order].astype(np.int32)
        self.ms = arc_ms[order].astype(np.int32)
        self.start = np.searchsorted(self.tail, np.arange(len(ports) + 1)).astype(np.int64)
        self.by_head = np.argsort(self.head, kind="stable")
        self.into = np.searchsorted(self.head[self.by_head], np.arange(len(ports) + 1)).astype(np.int64)
        #: Arcs of this network that arcs of the other one are; -1 for those that are never closed.
        self.arc_of = np.full(network.n_arcs, -1, dtype=np.int64)
        self.arc_of[closed] = place[len(tails) :]

    def _to_place(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        exits = self.exits[k]
        labels = times_around(self._back, self.left.number[exits.node], exits.time_ms)[self._ports]
        found = np.flatnonzero(labels != UNREACHED)
        return found, labels[found].astype(np.int64)

    @property
    def n_ports(self) -> int:
        """Number of ports."""
        return len(self._ports)

    def row(self, k: int) -> Row:
        """Search from a place, with nothing closed."""
        entry = self.entries[k]
        labels = times_around(self._there, self.left.number[entry.node], entry.time_ms)
        seed = np.where(labels[self._ports] == UNREACHED, NEVER, labels[self._ports].astype(np.int64))
        there = np.flatnonzero(seed < NEVER)
        found = times_around((self.start, self.head, self.ms), there, seed[there])
        return Row(labels, seed, np.where(found == UNREACHED, NEVER, found.astype(np.int64)))


class Closures:
    """What closures cost some of the places of a network of ports, whose trips go to each other.

    Parameters
    ----------
    ports : Ports
    rows : ndarray of int64, shape (number of these places,)
        Which of its places.
    closures : sequence of ndarray of int64
        Arcs of the network that are closed together; each is one that may be closed.
    """

    def __init__(self, ports: Ports, rows: NDArray[np.int64], closures: Sequence[NDArray[np.int64]]) -> None:
        self._ports = ports
        self._rows = rows
        self._closures = closures
        self._targets = Targets.of([ports.exits[k] for k in rows], [ports.places[k].xyz for k in rows])
        nothing = np.zeros(0, dtype=np.int64)
        self._set_start = np.concatenate([[0], np.cumsum([len(arcs) for arcs in closures])]).astype(np.int64)
        self._set_arc = ports.arc_of[np.concatenate([nothing, *closures])]
        ways = [ports.last[k] for k in rows]
        self._end_start = np.concatenate([[0], np.cumsum([len(port) for port, _ in ways])]).astype(np.int64)
        self._end_port = np.concatenate([nothing, *(port for port, _ in ways)])
        self._end_ms = np.concatenate([nothing, *(ms for _, ms in ways)])
        end = np.repeat(np.arange(len(ways)), np.diff(self._end_start))
        order = np.argsort(self._end_port, kind="stable")
        self._of_port = np.searchsorted(self._end_port[order], np.arange(ports.n_ports + 1)).astype(np.int64)
        self._port_end, self._port_ms = end[order], self._end_ms[order]

    def times(self, k: int, row: Row) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the times from a place, the `k`-th of these, to all of them in ms with nothing closed.

        Returns
        -------
        base : ndarray of int64, shape (number of these places,)
            `NEVER` where there is no way.
        fixed : ndarray of int64, shape (number of these places,)
            The same by ways that pass no port.
        """
        ports, targets = self._ports, self._targets
        entry = ports.entries[self._rows[k]]
        left = ports.left.number[targets.node]
        fixed = _read(targets.start, left, targets.time_ms, row.labels, int(UNREACHED))
        if entry.is_empty:
            fixed[:] = NEVER
        else:
            beside, _ = past_no_node(ports.network, entry.pieces, targets.xyz[k], targets.xyz)
            near = np.isfinite(beside) & (np.diff(targets.start) > 0)
            fixed[near] = np.minimum(fixed[near], beside[near].astype(np.int64))
        base = _arrive(self._end_start, self._end_port, self._end_ms, row.times, fixed)
        return np.where(base > NO_LIMIT_MS, NEVER, base), fixed

    def entered_part_way(self) -> list[int]:
        """Return the closures of links that a place enters or leaves part-way: its own ways aren't what they were."""
        network = self._ports.network
        if not network.has_exits_along:
            return []
        ways = [side[k] for side in (self._ports.entries, self._ports.exits) for k in self._rows]
        entered_lines = np.concatenate([np.zeros(0, dtype=np.int64), *(way.line for way in ways)])
        links = network.exit_lines.link[np.unique(entered_lines.astype(np.int64))]
        entered = np.isin(network.arc_link, links)
        return [k for k, arcs in enumerate(self._closures) if entered[arcs].any()]

    def lost(
        self,
        row: Row,
        times: tuple[NDArray[np.int64], NDArray[np.int64]],
        trips: NDArray[np.float64],
        people: NDArray[np.float64],
        *,
        cutoff_ms: int,
    ) -> Lost:
        """Return what each closure costs a place.

        Parameters
        ----------
        row : Row
            From it.
        times
            As `times` gives them.
        trips : ndarray of float64, shape (number of these places,)
            To each of the others.
        people : ndarray of float64, shape (number of these places,)
            Of each place.
        cutoff_ms : int
            Of its circle.
        """
        base, fixed = times
        ports = self._ports
        found = _losses(
            ports.start, ports.tail, ports.head, ports.ms, ports.into, ports.by_head,
            self._set_start, self._set_arc, row.seed, row.times,
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


@compiled
def _needed(
    start: NDArray[np.int64], to: NDArray[np.int32], ms: NDArray[np.int32]
) -> NDArray[np.bool_]:  # pragma: no cover - compiled
    """Say which arcs between ports aren't longer than two others past one of the ports that come next.

    None of these arcs is ever closed, so that one that is longer is on no fastest way, whatever is.
    """
    needed = np.ones(len(to), dtype=np.bool_)
    n = len(start) - 1
    least = np.full(n, np.int64(1 << 40), dtype=np.int64)
    for u in range(n):
        first, last = start[u], start[u + 1]
        order = np.argsort(ms[first:last])
        for k in range(min(_NEXT_PORTS, last - first)):
            w = to[first + order[k]]
            so_far = np.int64(ms[first + order[k]])
            for arc in range(start[w], start[w + 1]):
                least[to[arc]] = min(least[to[arc]], so_far + ms[arc])
        for arc in range(first, last):
            needed[arc] = ms[arc] <= least[to[arc]]
        least[:] = np.int64(1 << 40)
    return needed


@compiled
def _read(
    start: NDArray[np.int64], node: NDArray[np.int32], time: NDArray[np.int64], labels: NDArray[np.int32],
    unreached: int,
) -> NDArray[np.int64]:  # fmt: skip  # pragma: no cover - compiled
    found = np.full(len(start) - 1, np.int64(1 << 40), dtype=np.int64)
    for k in range(len(found)):
        for way in range(start[k], start[k + 1]):
            if labels[node[way]] != unreached:
                found[k] = min(found[k], labels[node[way]] + time[way])
    return found


@compiled
def _arrive(
    start: NDArray[np.int64], port: NDArray[np.int64], ms: NDArray[np.int64], times: NDArray[np.int64],
    fixed: NDArray[np.int64],
) -> NDArray[np.int64]:  # fmt: skip  # pragma: no cover - compiled
    found = fixed.copy()
    for k in range(len(found)):
        for way in range(start[k], start[k + 1]):
            found[k] = min(found[k], times[port[way]] + ms[way])
    return found


@compiled
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
    searched anew that needn't be. What the ends lose is summed in their order.
    """
    never = np.int64(1 << 40)
    n, n_sets = len(times), len(set_start) - 1
    seen, lost = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    done = np.zeros(len(base), dtype=np.int64)
    closed = np.zeros(len(head), dtype=np.bool_)
    later = times.copy()
    members, hit = np.empty(n, dtype=np.int64), np.empty(len(base), dtype=np.int64)
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
        n_hit = 0
        for m in range(n_lost):
            v = members[m]
            for k in range(of_port[v], of_port[v + 1]):
                j = port_end[k]
                if done[j] != stamp and times[v] + port_ms[k] == base[j] and fixed[j] != base[j]:
                    done[j] = stamp
                    hit[n_hit] = j
                    n_hit += 1
        hit[:n_hit].sort()
        delay, longer, cut, worst, leaving, at = 0.0, 0.0, 0.0, np.int64(0), 0.0, np.int64(-1)
        for j in hit[:n_hit]:
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
            if now - base[j] > worst:
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
