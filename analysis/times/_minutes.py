"""Minutes from many places to many, without kilometres: by whatever takes the least time for so many searches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.networks import Access, TransportNetwork, access, past_no_node
from ._around_nodes import MANY_SEARCHES, is_kept_around, is_worth_it, kept_around, times_around
from ._contraction import FAR
from ._hierarchy import LENGTH_BITS, Ways, descent, hierarchy, least_keys
from ._origins import NO_LIMIT_MS, Origin, each, enter, search
from ._search import UNREACHED

#: So many searches all over a network take longer than preparing its hierarchy, on which each takes a fortieth.
_WORTH_A_HIERARCHY: Final = 200
#: Places that a thread sweeps from at a time.
_BATCH: Final = 64
#: Searches that are tried to tell how much of a network each sees.
_TRIED: Final = 3


def minutes_matrix(
    network: TransportNetwork, starts: Sequence[Origin], ends: Sequence[Origin], *, limit_ms: int
) -> NDArray[np.float64]:
    """Return the minutes from each place to each other, without the kilometres that `travel_times` tells as well.

    Parameters
    ----------
    network : TransportNetwork
    starts, ends : sequence of Origin
    limit_ms : int
        Journeys longer than this count as unreachable.

    Returns
    -------
    ndarray of float64, shape (number of starts, number of ends)
        NaN where unreachable, or where one end is farther from the network than its reach.

    Raises
    ------
    OffNetworkError
        If all starts or all ends are out of reach.
    """
    onto, off = (
        [access(one, lon=place.lon, lat=place.lat, xyz=place.xyz) for place in places]
        for one, places in ((network, starts), (network.reverse, ends))
    )
    for ways, places in ((onto, starts), (off, ends)):
        if all(way.is_empty for way in ways) and len(places):
            enter(network, places[0])  # tells how far off the network it is
    if len(starts) > len(ends) and not network.is_scheduled:
        # one search per start: begin from the few
        return _minutes(_Ways(network, ends, starts, off, onto, turned=True), limit_ms=limit_ms).T
    return _minutes(_Ways(network, starts, ends, onto, off, turned=False), limit_ms=limit_ms)


class _Ways(NamedTuple):
    """Places that one starts from and ends at, and the ways between them and a network, or its reverse."""

    network: TransportNetwork
    starts: Sequence[Origin]
    ends: Sequence[Origin]
    onto: Sequence[Access]
    off: Sequence[Access]
    turned: bool

    @property
    def searched(self) -> TransportNetwork:
        return self.network.reverse if self.turned else self.network

    @property
    def other(self) -> TransportNetwork:
        return self.network if self.turned else self.network.reverse


def _minutes(ways: _Ways, *, limit_ms: int) -> NDArray[np.float64]:
    """Return `minutes_matrix`, with one search per start."""
    network, ends = ways.searched, ways.ends
    if network.is_scheduled:
        entries, exits = Ways.of(ways.onto), Ways.of(ways.off)
    else:
        # what another way and arcs come to sooner leads nowhere in less time
        entries = Ways.of(ways.onto).without_detours(network)
        exits = Ways.of(ways.off).without_detours(ways.other)
    by_network = _ways_to_search(ways, entries, exits, limit_ms=limit_ms)
    beyond = np.array([way.is_empty for way in ways.off], dtype=bool)
    xyz = np.array([end.xyz for end in ends], dtype=np.float64).reshape(-1, 3)

    minutes = np.empty((len(ways.starts), len(ends)))  # a nation's are large: filled in place

    def fill(part: slice) -> None:
        found = by_network(part.start, part.stop)
        for row, start in enumerate(range(part.start, part.stop)):
            entry = ways.onto[start]
            if entry.is_empty:
                minutes[start] = np.nan
                continue
            beside, _ = past_no_node(network, entry.pieces, ways.starts[start].xyz, xyz)
            times = np.minimum(found[row], beside)
            minutes[start] = np.where(beyond | (times > limit_ms), np.nan, times) / 60_000

    size = max(1, min(_BATCH, len(minutes) // 8))
    parts = [slice(first, min(first + size, len(minutes))) for first in range(0, len(minutes), size)]
    for _ in each(fill, parts, progress=False, label="", workers=None):
        pass
    return minutes


def _ways_to_search(
    ways: _Ways, entries: Ways, exits: Ways, *, limit_ms: int
) -> Callable[[int, int], NDArray[np.float64]]:
    """Return what gives the milliseconds over the network from some of the starts to all ends, infinite for none."""
    network, known = ways.searched, ways.network
    exit_node, egress_ms = exits.node, exits.key >> LENGTH_BITS
    wanted = exits.start, exit_node, egress_ms

    def all_over(start: int, own: slice) -> NDArray[np.int32]:
        entry = replace(ways.onto[start], node=entries.node[own], time_ms=entries.key[own] >> LENGTH_BITS)
        return search(network, entry, limit_ms=limit_ms, wanted=wanted)

    times_at: Callable[[int, slice], NDArray[np.int32]] = all_over
    if not network.is_scheduled:
        nodes = np.union1d(entries.node, exits.node)
        there = hierarchy.known(known) is not None
        kept = there or is_kept_around(known, nodes)
        searches = 0.0 if kept else _searches_all_over(entries, all_over)
        worth_it = not there and is_worth_it(known, nodes, searches=searches)
        many = searches >= _WORTH_A_HIERARCHY and limit_ms >= NO_LIMIT_MS  # those within a limit see a part
        if there or (many and not worth_it):
            return _by_sweeps(ways, entries, exits, limit_ms=limit_ms)
        if worth_it:
            left = kept_around(known, nodes)
            arcs, number = (left.back if ways.turned else left.there), left.number
            exit_node = number[exit_node].astype(np.int64)

            def around(_: int, own: slice) -> NDArray[np.int32]:
                node, time_ms = number[entries.node[own]], entries.key[own] >> LENGTH_BITS
                return times_around(arcs, node, time_ms, limit_ms=limit_ms)

            times_at = around

    def by_searches(first: int, last: int) -> NDArray[np.float64]:
        found = np.full((last - first, len(ways.ends)), np.inf)
        for row, start in enumerate(range(first, last)):
            own = slice(entries.start[start], entries.start[start + 1])
            if own.start < own.stop:
                _leave(exits.start, exit_node, egress_ms, times_at(start, own), int(UNREACHED), found[row])
        return found

    return by_searches


def _searches_all_over(entries: Ways, search_from: Callable[[int, slice], NDArray[np.int32]]) -> float:
    """Return how many searches all over a network those from all starts amount to: each may end early.

    What they see is told from a few of them, by the one that sees most.
    """
    starts = np.flatnonzero(np.diff(entries.start))
    if len(starts) < MANY_SEARCHES:
        return float(len(starts))
    tried = starts[np.linspace(0, len(starts) - 1, _TRIED).astype(int)].tolist()
    found = [search_from(start, slice(entries.start[start], entries.start[start + 1])) for start in tried]
    return len(starts) * max(np.count_nonzero(times != UNREACHED) / len(times) for times in found)


def _by_sweeps(
    ways: _Ways, entries: Ways, exits: Ways, *, limit_ms: int
) -> Callable[[int, int], NDArray[np.float64]]:
    """Return the same by sweeps over the network's hierarchy, which serve several starts at once."""
    prepared = hierarchy(ways.network)
    if ways.turned:
        prepared = prepared.turned
    down = descent(prepared, exits)
    limit = min(((limit_ms + 1) << LENGTH_BITS) - 1, FAR)

    def by_sweeps(first: int, last: int) -> NDArray[np.float64]:
        least = least_keys(prepared, entries, first, last, down, limit=limit)
        return np.where(least < FAR, least >> LENGTH_BITS, np.inf)

    return by_sweeps


@compiled
def _leave(
    start: NDArray[np.int64],
    node: NDArray[np.int64],
    egress_ms: NDArray[np.int64],
    time_ms: NDArray[np.int32],
    unreached: int,
    times: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Write the least time to each place; infinite stays where none of its nodes is reached."""
    for k in range(len(start) - 1):
        for way in range(start[k], start[k + 1]):
            if time_ms[node[way]] != unreached:
                times[k] = min(times[k], float(time_ms[node[way]] + egress_ms[way]))
