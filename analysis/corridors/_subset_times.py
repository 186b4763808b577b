"""Travel times with any subset of corridors, exact, from one set of searches on the base network.

Corridors meet the base network at a few nodes only. A journey that uses any of them is a way to a
stop, ways from stop to stop on corridors and between them on the base network, and a way from a stop
to the end. The ways on the base network don't depend on the subset and are searched once; the rest is
a closure over the stops of the corridors at hand. Times are whole milliseconds, so that the result is
that of a search on the subset's own network, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.compiling import compiled
from ...geo.networks import Access, TransportNetwork, access, ms_per_metre
from ...geo.places import origins_table
from ..times import (
    NO_LIMIT_MS,
    UNREACHED,
    AroundNodes,
    Origin,
    each,
    heap_pop,
    heap_push,
    kept_around,
    minutes_matrix,
    origin_list,
    times_around,
)
from ._joined import JoinedCorridors

#: Beyond any time; two of them can be added.
_NEVER: Final = np.int64(2**40)


class SubsetTimes:
    """Travel times between two sets of points, for any subset of joined corridors.

    Parameters
    ----------
    joined : JoinedCorridors
    starts, ends
        As `origins_table` takes them.
    """

    def __init__(self, joined: JoinedCorridors, starts: Any, ends: Any) -> None:
        self.joined = joined
        base = joined.base
        self._starts = origin_list(origins_table(starts))
        self._ends = origin_list(origins_table(ends, argument="destinations"), argument="destinations")
        ways_in = [_ways(base, one) for one in self._starts]
        ways_out = [_ways(base.reverse, one) for one in self._ends]
        self._near_start = np.array([not way.is_empty for way in ways_in], dtype=bool)
        self._near_end = np.array([not way.is_empty for way in ways_out], dtype=bool)
        self._direct = _direct(base, self._starts, self._ends)
        self._base = self._base_times()
        stops = _Stops(joined)
        self._stops = stops
        self._walk_in = _walks(joined, stops, self._starts)
        self._walk_out = _walks(joined, stops, self._ends)
        # the base network between its nodes that corridors meet, and from and to the points
        there, back, between = _ways_to_stops(base, stops.met, ways_in, ways_out)
        self._come = np.minimum(self._walk_in, _through(back.T, stops.get_on))
        self._leave = np.minimum(self._walk_out, _through(there.T, stops.get_off.T))
        self._between = np.minimum(stops.between, _through(_through(stops.get_off, between), stops.get_on))

    @property
    def n_starts(self) -> int:
        """Number of starts."""
        return len(self._starts)

    def minutes(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Return the times with the corridors of these ids, as `comparison.minutes_between` does.

        Returns
        -------
        ndarray of float, shape (number of starts, number of ends)
            Minutes; NaN where unreachable, or where one end is farther from the network than its reach.
        """
        chosen = self.joined.chosen(ids)
        stop = self._stops.of(chosen)
        walk_in, walk_out = self._walk_in[:, stop], self._walk_out[:, stop]
        near_start = self._near_start | (walk_in < _NEVER).any(axis=1)
        near_end = self._near_end | (walk_out < _NEVER).any(axis=1)
        best = np.minimum(self._base, self._direct)
        if len(stop):
            way = _through(self._come[:, stop], self._closure(stop))
            best = np.minimum(best, _through(way, self._leave[:, stop].T))
        known = near_start[:, None] & near_end[None, :] & (best <= NO_LIMIT_MS)
        return np.where(known, best / 60_000, np.nan)

    def first_stop_min(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Return the minutes from each start to the nearest stop of each corridor, infinite for the others.

        Returns
        -------
        ndarray of float, shape (number of starts, number of corridors)
        """
        chosen = self.joined.chosen(ids)
        stop = self._stops.of(chosen)
        found = np.full((len(self._starts), len(chosen)), np.inf)
        if len(stop):
            way = _through(self._come[:, stop], self._closure(stop))
            for k in np.flatnonzero(chosen):
                least = way[:, self._stops.owner[stop] == k].min(axis=1)
                found[:, k] = np.where(least <= NO_LIMIT_MS, least / 60_000, np.inf)
        return found

    def ways(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Return the journeys from a start that any subset of corridors may make the fastest.

        A journey needs the corridors at whose stops it gets on or off. One that takes no less time than another
        that needs no more corridors is left out, and so is one that is no faster than without any.

        Parameters
        ----------
        start : int
            Its position.

        Returns
        -------
        end : ndarray of int64, shape (k,)
            Positions, ascending; for each the fastest first.
        needs : ndarray of int64, shape (k,)
            Bit `c` is set where the journey needs corridor `c`, in the order of `joined.corridors`.
        time_ms : ndarray of int64, shape (k,)

        Notes
        -----
        Labels of several criteria, here of time and of a set (Hansen 1980; Martins 1984).
        """
        own = np.int64(1) << self._stops.owner.astype(np.int64)
        near = self._near_start[start] & self._near_end
        base = np.minimum(self._base[start], np.where(near, self._direct[start], _NEVER))
        node, needs, time = _labels(self._come[start], self._between, own)
        end, needs, time = _journeys(node, needs, time, self._leave, base)
        # straight to the end, where only corridors bring both into reach
        beside = np.flatnonzero(~near & (self._direct[start] < _NEVER))
        if len(beside):
            getting_on = (
                [0] if self._near_start[start] else sorted(set(own[self._walk_in[start] < _NEVER].tolist()))
            )
            more = [
                (int(k), int(a | b), int(self._direct[start, k]))
                for k in beside
                for a in getting_on
                for b in ([0] if self._near_end[k] else sorted(set(own[self._walk_out[k] < _NEVER].tolist())))
            ]
            found = np.array([*zip(end, needs, time, strict=True), *more], dtype=np.int64).reshape(-1, 3)
            order = np.lexsort((found[:, 1], found[:, 2], found[:, 0]))
            end, needs, time = found[order].T
        return end, needs, time

    def base_ms(self, start: int) -> NDArray[np.int64]:
        """Return the times from a start without any corridor, `NO_LIMIT_MS` and more where there is no way."""
        near = self._near_start[start] & self._near_end
        found: NDArray[np.int64] = np.minimum(self._base[start], np.where(near, self._direct[start], _NEVER))
        return found

    def _closure(self, stop: NDArray[np.int64]) -> NDArray[np.int64]:
        """Shortest times between some stops, on their corridors and on the base network."""
        return _closed(np.ascontiguousarray(self._between[np.ix_(stop, stop)]))

    def _base_times(self) -> NDArray[np.int64]:
        """Compute the times without any corridor; never where an end is out of reach."""
        found = np.full((len(self._starts), len(self._ends)), _NEVER)
        starts, ends = np.flatnonzero(self._near_start), np.flatnonzero(self._near_end)
        if len(starts) and len(ends):
            minutes = minutes_matrix(
                self.joined.base,
                [self._starts[k] for k in starts],
                [self._ends[k] for k in ends],
                limit_ms=NO_LIMIT_MS,
            )
            found[np.ix_(starts, ends)] = np.where(
                np.isfinite(minutes), np.rint(minutes * 60_000), _NEVER
            ).astype(np.int64)
        return found


class _Stops:
    """The stops of all corridors, and the ways between them that don't use the base network.

    Platforms lie behind their stations: ways over them are folded into ways between stations.
    """

    def __init__(self, joined: JoinedCorridors) -> None:
        full, first = joined.full, joined.base.n_nodes
        size = full.n_nodes - first
        is_stop = np.zeros(size, dtype=bool)
        for nodes in (*joined.stop_node, *joined.leave_node):
            is_stop[nodes - first] = True
        self.node = first + np.flatnonzero(is_stop)
        self.owner = joined.node_owner[is_stop]
        number = np.full(size, -1, dtype=np.int64)
        number[is_stop] = np.arange(len(self.node))
        added = np.flatnonzero((full.arc_tail >= first) | (full.arc_head >= first))
        tail, head = full.arc_tail[added].astype(np.int64), full.arc_head[added].astype(np.int64)
        time = full.arc_time_ms[added].astype(np.int64)
        owners = joined.arc_owners(added)
        inner = (tail >= first) & (head >= first)
        own = inner & (owners[:, 0] == owners[:, 1])
        n = len(self.node)
        self.between = np.full((n, n), _NEVER)
        for k in range(len(joined.corridors)):
            members = np.flatnonzero(joined.node_owner == k)
            place = np.full(size, -1, dtype=np.int64)
            place[members] = np.arange(len(members))
            ways = np.full((len(members), len(members)), _NEVER)
            arc = own & (owners[:, 0] == k)
            np.minimum.at(ways, (place[tail[arc] - first], place[head[arc] - first]), time[arc])
            stops = is_stop[members]
            mine = number[members[stops]]
            self.between[np.ix_(mine, mine)] = _closed(ways)[np.ix_(stops, stops)]
        across = inner & ~own
        np.minimum.at(
            self.between, (number[tail[across] - first], number[head[across] - first]), time[across]
        )
        on, off = (tail < first), (head < first)
        self.met = np.unique(np.concatenate([tail[on], head[off]]))
        self.get_on = np.full((len(self.met), n), _NEVER)
        self.get_off = np.full((n, len(self.met)), _NEVER)
        np.minimum.at(self.get_on, (np.searchsorted(self.met, tail[on]), number[head[on] - first]), time[on])
        np.minimum.at(
            self.get_off, (number[tail[off] - first], np.searchsorted(self.met, head[off])), time[off]
        )

    def of(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Positions of the stops of some corridors."""
        return np.flatnonzero(chosen[self.owner]) if len(self.owner) else np.zeros(0, dtype=np.int64)


def _ways(network: TransportNetwork, one: Origin) -> Access:
    return access(network, lon=one.lon, lat=one.lat, xyz=one.xyz)


def _direct(network: TransportNetwork, starts: Sequence[Origin], ends: Sequence[Origin]) -> NDArray[np.int64]:
    """Return the times straight off the network, where its reach allows them."""
    pace, reach = ms_per_metre(network), network.max_access_km * 1000
    xyz = np.array([one.xyz for one in ends]).reshape(-1, 3)
    rows = []
    for one in starts:
        straight = np.sqrt(((xyz - one.xyz) ** 2).sum(axis=1))
        rows.append(np.where(straight <= reach, np.rint(straight * pace), _NEVER))
    return np.array(rows, dtype=np.int64).reshape(len(starts), len(ends))


def _walks(joined: JoinedCorridors, stops: _Stops, points: Sequence[Origin]) -> NDArray[np.int64]:
    """Return the times off the network between points and the stops that one can leave at."""
    full = joined.full
    found = np.full((len(points), len(stops.node)), _NEVER)
    usable = np.flatnonzero(full.node_exit[stops.node])
    if len(usable) == 0:
        return found
    xyz = full.node_xyz[stops.node[usable]].reshape(-1, 3)
    tree = cKDTree(xyz)
    reach = full.max_access_km * 1000
    for k, one in enumerate(points):
        near = np.asarray(tree.query_ball_point(one.xyz, reach), dtype=np.int64)
        metres = np.sqrt(((xyz[near] - one.xyz) ** 2).sum(axis=1))
        found[k, usable[near]] = np.rint(metres * ms_per_metre(full)).astype(np.int64)
    return found


def _ways_to_stops(
    base: TransportNetwork, met: NDArray[np.int64], ways_in: Sequence[Access], ways_out: Sequence[Access]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the times from each of some nodes to each end, to each of them from each start, and between them."""
    if len(met) == 0:
        nothing = np.zeros((0, 0), dtype=np.int64)
        return nothing.reshape(0, len(ways_out)), nothing.reshape(0, len(ways_in)), nothing
    left = kept_around(base, np.concatenate([met, *(way.node for way in (*ways_in, *ways_out))]))
    there, between = _times(left, left.there, met, ways_out)
    back, _ = _times(left, left.back, met, ways_in)
    return there, back, between


def _times(
    left: AroundNodes,
    arcs: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]],
    nodes: NDArray[np.int64],
    points: Sequence[Access],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the times from each node to each point, and to each of the nodes."""
    nothing = np.zeros(1, dtype=np.int64)
    start = np.zeros(len(points) + 1, dtype=np.int64)
    np.cumsum([len(way.node) for way in points], out=start[1:])
    at = left.number[np.concatenate([nodes[:0], *(way.node for way in points)])]
    time = np.concatenate([nothing[:0], *(way.time_ms for way in points)])
    own = left.number[nodes]
    to_points = np.full((len(nodes), len(points)), _NEVER)
    to_nodes = np.full((len(nodes), len(nodes)), _NEVER)

    def fill_in(row: int) -> None:
        labels = times_around(arcs, own[row : row + 1], nothing)
        to_points[row] = _read(start, at, time, labels, int(UNREACHED), int(_NEVER))
        to_nodes[row] = np.where(labels[own] == UNREACHED, _NEVER, labels[own].astype(np.int64))

    for _ in each(fill_in, range(len(nodes)), progress=False, label=""):
        pass
    return to_points, to_nodes


def _through(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    return _min_plus(np.ascontiguousarray(left), np.ascontiguousarray(right))


@compiled
def _read(
    start: NDArray[np.int64],
    node: NDArray[np.int32],
    time: NDArray[np.int64],
    labels: NDArray[np.int32],
    unreached: int,
    never: int,
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    n = len(start) - 1
    found = np.full(n, never, dtype=np.int64)
    for k in range(n):
        for way in range(start[k], start[k + 1]):
            if labels[node[way]] != unreached:
                found[k] = min(found[k], labels[node[way]] + time[way])
    return found


@compiled
def _min_plus(
    left: NDArray[np.int64], right: NDArray[np.int64]
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Least sums over what lies between: the matrix product with (min, +) for (+, *)."""
    never = np.int64(1 << 40)
    found = np.full((left.shape[0], right.shape[1]), never, dtype=np.int64)
    for i in range(left.shape[0]):
        for k in range(left.shape[1]):
            first = left[i, k]
            if first < never:
                for j in range(right.shape[1]):
                    found[i, j] = min(found[i, j], first + right[k, j])
    return found


@compiled
def _closed(times: NDArray[np.int64]) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Shortest times between all pairs (Floyd 1962; Warshall 1962)."""
    never = np.int64(1 << 40)
    found = times.copy()
    n = len(found)
    for i in range(n):
        found[i, i] = 0
    for k in range(n):
        for i in range(n):
            first = found[i, k]
            if first < never:
                for j in range(n):
                    found[i, j] = min(found[i, j], first + found[k, j])
    return found


@compiled
def _labels(
    come: NDArray[np.int64], between: NDArray[np.int64], own: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Return stops, what is needed to be there, and times: of each stop those that no other there beats in both."""
    never = np.int64(1 << 40)
    n = len(come)
    room = 1024
    node, needs, time = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    before = np.empty(room, np.int64)  # settled label of the same stop
    last = np.full(n, -1, dtype=np.int64)
    settled = np.zeros(room, dtype=np.bool_)
    heap = np.empty(4 * room, dtype=np.int64)
    size, count = 0, 0
    for p in range(n):
        if come[p] < never:
            if count + 1 > room:
                room *= 2
                node, needs, time = _grown(node, room), _grown(needs, room), _grown(time, room)
                before = _grown(before, room)
                more = np.zeros(room, dtype=np.bool_)
                more[: len(settled)] = settled
                settled = more
                heap = _grown(heap, 4 * room)
            node[count], needs[count], time[count] = p, own[p], come[p]
            size = heap_push(heap, size, (come[p] << 24) | count)
            count += 1
    while size > 0:
        label = heap[0] & 0xFFFFFF
        size = heap_pop(heap, size)
        p = node[label]
        beaten = False
        other = last[p]
        while other >= 0:
            if needs[other] & ~needs[label] == 0:
                beaten = True
                break
            other = before[other]
        if beaten:
            continue
        settled[label] = True
        before[label] = last[p]
        last[p] = label
        for q in range(n):
            if between[p, q] >= never or q == p:
                continue
            now, need = time[label] + between[p, q], needs[label] | own[q]
            if now >= never:
                continue
            if come[q] <= now:
                continue  # its own stop alone is sooner there
            other = last[q]
            while other >= 0:
                if needs[other] & ~need == 0:
                    break
                other = before[other]
            if other >= 0:
                continue
            if count + 1 > room:
                room *= 2
                node, needs, time = _grown(node, room), _grown(needs, room), _grown(time, room)
                before = _grown(before, room)
                more = np.zeros(room, dtype=np.bool_)
                more[: len(settled)] = settled
                settled = more
                heap = _grown(heap, 4 * room)
            node[count], needs[count], time[count] = q, need, now
            size = heap_push(heap, size, (now << 24) | count)
            count += 1
    kept = np.flatnonzero(settled[:count])
    return node[kept], needs[kept], time[kept]


@compiled
def _grown(values: NDArray[np.int64], room: int) -> NDArray[np.int64]:  # pragma: no cover - compiled
    larger = np.empty(room, dtype=np.int64)
    larger[: len(values)] = values
    return larger


@compiled
def _journeys(
    node: NDArray[np.int64],
    needs: NDArray[np.int64],
    time: NDArray[np.int64],
    leave: NDArray[np.int64],
    base: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Return ends, needs and times of the journeys that no other to the same end beats in both."""
    room, count = 1024, 0
    end, need, took = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    at = np.empty(len(node), dtype=np.int64)
    total = np.empty(len(node), dtype=np.int64)
    for j in range(len(base)):
        n = 0
        for k in range(len(node)):
            then = time[k] + leave[j, node[k]]
            if then < base[j]:
                at[n], total[n] = k, then
                n += 1
        first = count
        # what needs less comes first among those that take as long
        order = np.argsort(total[:n] * 64 + _bits(needs[at[:n]]))
        for k in order:
            beaten = False
            for other in range(first, count):
                if need[other] & ~needs[at[k]] == 0:
                    beaten = True
                    break
            if beaten:
                continue
            if count == room:
                room *= 2
                end, need, took = _grown(end, room), _grown(need, room), _grown(took, room)
            end[count], need[count], took[count] = j, needs[at[k]], total[k]
            count += 1
    return end[:count].copy(), need[:count].copy(), took[:count].copy()


@compiled
def _bits(values: NDArray[np.int64]) -> NDArray[np.int64]:  # pragma: no cover - compiled
    found = np.zeros(len(values), dtype=np.int64)
    for k in range(len(values)):
        rest = values[k]
        while rest:
            rest &= rest - 1
            found[k] += 1
    return found
