"""Contraction hierarchies: a network prepared once, so that searches from thousands of places are cheap.

Nodes are removed one by one, and shortcuts between the neighbours take their place. Fastest journeys then
first climb towards nodes removed later and after that only descend, so that two sweeps over the nodes in
the order of their removal, up from where a journey begins and down to where it may end, give the times from
a place to every other, for several places at once.

A journey's time and length are one 64-bit integer, milliseconds above and centimetres below: sums add
both, and the least sum is the fastest journey and of equally fast ones the shortest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled, inlined
from ...geo.derived import Sealed, derived, derived_kept
from ...geo.networks import Access, TransportNetwork
from ._contraction import FAR, arrange, contract, tighten

#: Bits for centimetres: journeys up to 42,949 km.
LENGTH_BITS: Final = 32
#: Places that one pair of sweeps serves: their keys fill a line of the processor's cache.
_WIDTH: Final = 8
#: The same for sweeps with a limit, which come to few nodes: they take more places, since neighbours come to the same.
_WIDTH_WITHIN: Final = 16
#: How often ways are compared along arcs, and into how many parts they're sorted before, nearest first.
_TURNS: Final = 2
_PARTS: Final = 256
#: Bits of a key that don't count there: products of what is left fit 64 bits.
_BITS_UNSORTED: Final = 20
#: Nodes that a sweep with a limit passes together where it comes to none of them.
_BLOCK: Final = 64


@dataclass(frozen=True, eq=False)
class Hierarchy(Sealed):
    """A network's nodes in the order of importance, and its arcs and shortcuts up and down.

    Attributes
    ----------
    number : ndarray of int64, shape (n,)
        New number of each of the network's nodes; 0 is the node that was removed last.
    up_start, up_head, up_key : ndarray
        Arcs from each node (new number) to more important ones, in CSR form.
    down_start, down_tail, down_key : ndarray
        Arcs into each node from more important ones.
    """

    number: NDArray[np.int64]
    up_start: NDArray[np.int64]
    up_head: NDArray[np.int32]
    up_key: NDArray[np.int64]
    down_start: NDArray[np.int64]
    down_tail: NDArray[np.int32]
    down_key: NDArray[np.int64]

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.number)

    @property
    def turned(self) -> Hierarchy:
        """The hierarchy of the reversed network."""
        up, down = (
            (self.up_start, self.up_head, self.up_key),
            (self.down_start, self.down_tail, self.down_key),
        )
        return Hierarchy(self.number, *down, *up)


@dataclass(frozen=True, eq=False)
class Ways:
    """Ways between places and a network's nodes.

    Attributes
    ----------
    start : ndarray of int64, shape (p + 1,)
        Those of place ``k`` are ``start[k]:start[k + 1]`` of the next two.
    node, key : ndarray of int64
    """

    start: NDArray[np.int64]
    node: NDArray[np.int64]
    key: NDArray[np.int64]

    @classmethod
    def of(cls, found: Sequence[Access | None]) -> Ways:
        """Gather what `access` says of each place; None is a place without any.

        Parameters
        ----------
        found : sequence of Access or None
        """
        start = np.zeros(len(found) + 1, dtype=np.int64)
        np.cumsum([0 if way is None else len(way.node) for way in found], out=start[1:])
        there = [way for way in found if way is not None]
        nothing = np.zeros(0, dtype=np.int64)
        return cls(
            start,
            np.concatenate([nothing, *(way.node for way in there)]),
            np.concatenate([nothing, *(key_of(way.time_ms, way.length_m) for way in there)]),
        )

    def without_detours(self, network: TransportNetwork) -> Ways:
        """Return the ways without those to nodes that another way and arcs between their nodes come to sooner.

        Most of them, to be exact: all that one arc passes, and of what longer ways along arcs pass nearly all.

        Parameters
        ----------
        network : TransportNetwork
            Its reverse for the ways from its nodes to places.
        """
        stays = _not_passed(
            network.arc_start, network.arc_head, _arc_keys(network), self.start, self.node, self.key
        )
        place = np.repeat(np.arange(len(self.start) - 1), np.diff(self.start))[stays]
        start = np.zeros_like(self.start)
        np.cumsum(np.bincount(place, minlength=len(start) - 1), out=start[1:])
        return Ways(start, self.node[stays], self.key[stays])


@dataclass(frozen=True, eq=False)
class Descent:
    """What a sweep down to some places passes, and nothing else.

    Attributes
    ----------
    node : ndarray of int32, shape (d,)
        Nodes (new numbers) that journeys to the places may descend through, rising.
    start, tail, key : ndarray
        Arcs into each of them, in CSR form; tails as positions in `node`.
    ways : Ways
        From those nodes, as positions in `node`, to the places.
    """

    node: NDArray[np.int32]
    start: NDArray[np.int64]
    tail: NDArray[np.int32]
    key: NDArray[np.int64]
    ways: Ways

    @derived
    def by_tail(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """The same arcs out of each node: start, head and key in CSR form."""
        head = np.repeat(np.arange(len(self.node), dtype=np.int32), np.diff(self.start))
        order = np.argsort(self.tail, kind="stable")
        start = np.zeros_like(self.start)
        np.cumsum(np.bincount(self.tail, minlength=len(self.node)), out=start[1:])
        return start, head[order], self.key[order]

    @derived
    def place_of(self) -> NDArray[np.int32]:
        """Position in `node` of each node up to the last of them, -1 for the others."""
        place = np.full(int(self.node[-1]) + 1 if len(self.node) else 0, -1, dtype=np.int32)
        place[self.node] = np.arange(len(self.node), dtype=np.int32)
        return place

    @derived
    def ways_by_node(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
        """The ways from each node to places: start, place and key in CSR form."""
        place = np.repeat(np.arange(len(self.ways.start) - 1, dtype=np.int32), np.diff(self.ways.start))
        order = np.argsort(self.ways.node, kind="stable")
        start = np.zeros_like(self.start)
        np.cumsum(np.bincount(self.ways.node, minlength=len(self.node)), out=start[1:])
        return start, place[order], self.ways.key[order]


@derived_kept(Hierarchy)
def hierarchy(network: TransportNetwork) -> Hierarchy:
    """Return a network's hierarchy, prepared at most once for each network.

    It suits networks that a few cuts take apart, as roads, railways and what joins them are. Where each
    few nodes are linked to all over the network, shortcuts grow with the square of its size.

    References
    ----------
    Dibbelt, J., Strasser, B., Wagner, D. (2016). Customizable contraction hierarchies. ACM Journal of
    Experimental Algorithmics 21, 1.5.

    Geisberger, R., Sanders, P., Schultes, D., Vetter, C. (2012). Exact routing in large road networks
    using contraction hierarchies. Transportation Science 46(3), 388-404.
    """
    return _prepare(network)


def key_of(time_ms: NDArray[np.int64], length_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return keys of times in ms and lengths in m, shape (n,)."""
    length_cm = np.rint(np.asarray(length_m) * 100).astype(np.int64)
    keys: NDArray[np.int64] = (np.asarray(time_ms, dtype=np.int64) << LENGTH_BITS) + length_cm
    return keys


def _arc_keys(network: TransportNetwork) -> NDArray[np.int64]:
    return key_of(network.arc_time_ms.astype(np.int64), network.arc_length_m)


def _prepare(network: TransportNetwork) -> Hierarchy:
    n = network.n_nodes
    removed = contract(n, network.arc_tail, network.arc_head, _arc_keys(network))
    number, first, above, up, down = arrange(*removed)
    least_up, least_down = tighten(first, above, up, down)
    node = np.repeat(np.arange(n), np.diff(first))
    arcs = []
    for cost, least in ((up, least_up), (down, least_down)):
        needed = (cost < FAR) & (cost == least)
        start = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(node[needed], minlength=n), out=start[1:])
        arcs += [start, above[needed], cost[needed]]
    return Hierarchy(number, *arcs)


def descent(prepared: Hierarchy, ways: Ways) -> Descent:
    """Return what a sweep down to places passes.

    Parameters
    ----------
    prepared : Hierarchy
    ways : Ways
        From the network's nodes to the places.

    References
    ----------
    Delling, D., Goldberg, A. V., Werneck, R. F. (2011). Faster batched shortest paths in road networks.
    ATMOS 2011, OASIcs 20, 52-63.
    """
    end = prepared.number[ways.node]
    passed = _passed(prepared.down_start, prepared.down_tail, end)
    position = np.cumsum(passed) - 1
    arcs = np.repeat(passed, np.diff(prepared.down_start))
    start = np.zeros(int(passed.sum()) + 1, dtype=np.int64)
    np.cumsum(np.diff(prepared.down_start)[passed], out=start[1:])
    return Descent(
        np.flatnonzero(passed).astype(np.int32),
        start,
        position[prepared.down_tail[arcs]].astype(np.int32),
        prepared.down_key[arcs],
        Ways(ways.start, position[end], ways.key),
    )


def least_keys(
    prepared: Hierarchy, entries: Ways, first: int, last: int, down: Descent, *, limit: int = FAR
) -> NDArray[np.int64]:
    """Return the least keys from some places to those of a descent, `contraction.FAR` for none, shape (s, p).

    Parameters
    ----------
    prepared : Hierarchy
    entries : Ways
        From places to the network's nodes.
    first, last : int
        Places ``first:last`` of them are wanted.
    down : Descent
    limit : int
        Keys above it needn't be found, nor be least.

    References
    ----------
    Delling, D., Goldberg, A. V., Nowatzyk, A., Werneck, R. F. (2013). PHAST: hardware-accelerated
    shortest path trees. Journal of Parallel and Distributed Computing 73(7), 940-952.
    """
    least = np.full((last - first, len(down.ways.start) - 1), FAR, dtype=np.int64)
    begin, end = entries.start[first], entries.start[last]
    up = prepared.up_start, prepared.up_head, prepared.up_key
    ways = (
        entries.start[first : last + 1] - begin,
        prepared.number[entries.node[begin:end]],
        entries.key[begin:end],
    )
    if limit >= FAR:
        _sweep(
            *up, *ways, down.node, down.start, down.tail, down.key,
            down.ways.start, down.ways.node, down.ways.key, least,
        )  # fmt: skip
    else:
        _sweep_within(*up, *ways, down.place_of, *down.by_tail, *down.ways_by_node, limit, least)
    return least


@compiled
def _not_passed(
    arc_start: NDArray[np.int64], arc_head: NDArray[np.int32], arc_key: NDArray[np.int64],
    start: NDArray[np.int64], node: NDArray[np.int64], key: NDArray[np.int64],
) -> NDArray[np.bool_]:  # fmt: skip  # pragma: no cover - compiled
    """Say which ways come to their nodes no later than others of the place and arcs between their nodes.

    Each place's ways hand on to their neighbours what they know, about the nearest first, so that a turn carries it
    outwards all the way.
    """
    way_to = np.full(len(arc_start) - 1, -1, np.int64)
    least = key.copy()
    most = 0
    for place in range(len(start) - 1):
        most = max(most, start[place + 1] - start[place])
    order, end = np.empty(most, np.int64), np.empty(_PARTS + 1, np.int64)
    for place in range(len(start) - 1):
        first, last = start[place], start[place + 1]
        longest = np.int64(1)
        for way in range(first, last):
            way_to[node[way]] = way
            longest = max(longest, key[way] >> _BITS_UNSORTED)
        end[:] = 0
        for way in range(first, last):
            end[(key[way] >> _BITS_UNSORTED) * (_PARTS - 1) // longest + 1] += 1
        for part in range(_PARTS):
            end[part + 1] += end[part]
        for way in range(first, last):
            part = (key[way] >> _BITS_UNSORTED) * (_PARTS - 1) // longest
            order[end[part]] = way
            end[part] += 1
        for _ in range(_TURNS):
            for at in range(last - first):
                way = order[at]
                for arc in range(arc_start[node[way]], arc_start[node[way] + 1]):
                    other = way_to[arc_head[arc]]
                    if other >= 0:
                        least[other] = min(least[other], least[way] + arc_key[arc])
        for way in range(first, last):
            way_to[node[way]] = -1
    stays: NDArray[np.bool_] = least == key
    return stays


@compiled
def _passed(
    down_start: NDArray[np.int64], down_tail: NDArray[np.int32], end: NDArray[np.int64]
) -> NDArray[np.bool_]:  # pragma: no cover - compiled
    """Say from which nodes one can descend to some of them."""
    passed = np.zeros(len(down_start) - 1, np.bool_)
    for k in range(len(end)):
        passed[end[k]] = True
    for node in range(len(passed) - 1, -1, -1):
        if passed[node]:
            for arc in range(down_start[node], down_start[node + 1]):
                passed[down_tail[arc]] = True
    return passed


@compiled
def _sweep(
    up_start: NDArray[np.int64], up_head: NDArray[np.int32], up_key: NDArray[np.int64],
    entry_start: NDArray[np.int64], entry_node: NDArray[np.int64], entry_key: NDArray[np.int64],
    down_node: NDArray[np.int32],
    down_start: NDArray[np.int64], down_tail: NDArray[np.int32], down_key: NDArray[np.int64],
    exit_start: NDArray[np.int64], exit_node: NDArray[np.int64], exit_key: NDArray[np.int64],
    least: NDArray[np.int64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Fill in least keys, a row per place, some places at a time."""
    n = len(up_start) - 1
    climbed, touched = np.empty((n, _WIDTH), np.int64), np.zeros(n, np.bool_)
    keys = np.empty((len(down_node), _WIDTH), np.int64)
    for row in range(0, len(least), _WIDTH):
        width = min(_WIDTH, len(least) - row)
        touched[:] = False
        deepest = -1
        for column in range(width):
            for way in range(entry_start[row + column], entry_start[row + column + 1]):
                node = entry_node[way]
                if not touched[node]:
                    touched[node] = True
                    climbed[node] = FAR
                climbed[node, column] = min(climbed[node, column], entry_key[way])
                deepest = max(deepest, node)
        for node in range(deepest, -1, -1):
            if touched[node]:
                for arc in range(up_start[node], up_start[node + 1]):
                    other, cost = up_head[arc], up_key[arc]
                    if not touched[other]:
                        touched[other] = True
                        climbed[other] = FAR
                    for k in range(_WIDTH):
                        climbed[other, k] = min(climbed[other, k], climbed[node, k] + cost)
        for node in range(len(down_node)):
            if touched[down_node[node]]:
                keys[node] = climbed[down_node[node]]
            else:
                keys[node] = FAR
            for arc in range(down_start[node], down_start[node + 1]):
                tail, cost = down_tail[arc], down_key[arc]
                for k in range(_WIDTH):
                    keys[node, k] = min(keys[node, k], keys[tail, k] + cost)
        for place in range(least.shape[1]):
            for way in range(exit_start[place], exit_start[place + 1]):
                for column in range(width):
                    there = keys[exit_node[way], column] + exit_key[way]
                    least[row + column, place] = min(least[row + column, place], there)


@compiled
def _sweep_within(
    up_start: NDArray[np.int64], up_head: NDArray[np.int32], up_key: NDArray[np.int64],
    entry_start: NDArray[np.int64], entry_node: NDArray[np.int64], entry_key: NDArray[np.int64],
    place_of: NDArray[np.int32],
    down_start: NDArray[np.int64], down_head: NDArray[np.int32], down_key: NDArray[np.int64],
    exit_start: NDArray[np.int64], exit_place: NDArray[np.int32], exit_key: NDArray[np.int64],
    limit: int, least: NDArray[np.int64],
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Do the same up to a limit, and look at nothing that isn't come to within it.

    Arcs down, and the ways to places, are those out of each node. Nodes come to are marked in blocks, most of
    which stay empty and are passed in one step.
    """
    n, n_down = len(up_start) - 1, len(down_start) - 1
    climbed, keys = np.empty((n, _WIDTH_WITHIN), np.int64), np.empty((n_down, _WIDTH_WITHIN), np.int64)
    up_seen, up_blocks = np.zeros(n, np.bool_), np.zeros(n // _BLOCK + 1, np.bool_)
    down_seen, down_blocks = np.zeros(n_down, np.bool_), np.zeros(n_down // _BLOCK + 1, np.bool_)
    for row in range(0, len(least), _WIDTH_WITHIN):
        width = min(_WIDTH_WITHIN, len(least) - row)
        for column in range(width):
            for way in range(entry_start[row + column], entry_start[row + column + 1]):
                if entry_key[way] <= limit:
                    node = entry_node[way]
                    _see(node, climbed, up_seen, up_blocks)
                    climbed[node, column] = min(climbed[node, column], entry_key[way])
        for block in range(len(up_blocks) - 1, -1, -1):
            if not up_blocks[block]:
                continue
            up_blocks[block] = False
            for node in range(min((block + 1) * _BLOCK, n) - 1, block * _BLOCK - 1, -1):
                if not up_seen[node]:
                    continue
                up_seen[node] = False
                if not _within(climbed, node, limit):
                    continue
                for arc in range(up_start[node], up_start[node + 1]):
                    other, cost = up_head[arc], up_key[arc]
                    _see(other, climbed, up_seen, up_blocks)
                    for k in range(_WIDTH_WITHIN):
                        climbed[other, k] = min(climbed[other, k], climbed[node, k] + cost)
                if node < len(place_of) and place_of[node] >= 0:
                    place = place_of[node]
                    _see(place, keys, down_seen, down_blocks)
                    keys[place] = climbed[node]
        for block in range(len(down_blocks)):
            if not down_blocks[block]:
                continue
            down_blocks[block] = False
            for node in range(block * _BLOCK, min((block + 1) * _BLOCK, n_down)):
                if not down_seen[node]:
                    continue
                down_seen[node] = False
                if not _within(keys, node, limit):
                    continue
                for arc in range(down_start[node], down_start[node + 1]):
                    other, cost = down_head[arc], down_key[arc]
                    _see(other, keys, down_seen, down_blocks)
                    for k in range(_WIDTH_WITHIN):
                        keys[other, k] = min(keys[other, k], keys[node, k] + cost)
                for way in range(exit_start[node], exit_start[node + 1]):
                    for column in range(width):
                        there = keys[node, column] + exit_key[way]
                        at = row + column, exit_place[way]
                        least[at] = min(least[at], there)


@inlined
def _see(
    node: int, keys: NDArray[np.int64], seen: NDArray[np.bool_], blocks: NDArray[np.bool_]
) -> None:  # pragma: no cover - compiled
    """Mark a node and its block; one that is new begins with no key."""
    if not seen[node]:
        seen[node] = True
        blocks[node // _BLOCK] = True
        keys[node] = FAR


@inlined
def _within(keys: NDArray[np.int64], node: int, limit: int) -> bool:  # pragma: no cover - compiled
    """Say whether any of a node's keys is within the limit."""
    lowest = keys[node, 0]
    for k in range(1, _WIDTH_WITHIN):
        lowest = min(lowest, keys[node, k])
    return bool(lowest <= limit)
