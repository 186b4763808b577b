"""The network around a study as the numbers that its page unpacks (`maps/page/whatif_network.js`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...analysis.studies import WhatIf
from ...geo.networks import TransportNetwork
from ..shapes import QUANTUM_DEG, REACH_QUANTUM_DEG, pack_numbers

#: Off the network, eleven metres are less than a hundredth of a minute from this speed on.
_FAST_KPH: Final = 15.0
_ONE_WAY, _OTHER_BACK, _EXITS_ALONG, _SHAPED, _PAST = 1, 2, 4, 8, 16


def packed_network(what_if: WhatIf) -> dict[str, Any]:
    """Return nodes and links in the numbers of `maps.shapes.pack`.

    Nodes: steps in longitude and latitude from one to the next; people, each less those of the node before, up to the last that
    has any; runs of those without exit, and of those on the edge; numbers of those of corridors, each less the one before, and the corridor.
    Links, by their tails: three times the look, plus 0 where the tail is that of the link before, 1 where it's the next node and 2
    where it's farther, followed by how much; head less tail, milliseconds, and where they differ those back. A look, the most
    frequent first, is the number of a mode and class, and the flags `_ONE_WAY` to `_PAST` together. After them come the
    ways between roads and stations, see `_station_ways`.
    """
    network = what_if.network
    quantum = _quantum(network)
    lonlat = np.column_stack([network.node_lon, network.node_lat])
    grid = np.rint(lonlat / quantum).astype(np.int64)
    rows = _Links.of(what_if)
    n_classes = len(network.classes)
    kinds, kind = _kinds(network, rows.arc)
    listed = slice(None, rows.n_listed)
    forth_ms = network.arc_time_ms[rows.arc].astype(np.int64)
    back_ms = np.where(rows.back >= 0, network.arc_time_ms[rows.back], -1).astype(np.int64)
    links = network.arc_link[rows.arc]
    shaped = np.diff(network.link_offset)[links] > 0
    flags = (
        _ONE_WAY * (back_ms < 0)
        + _OTHER_BACK * ((back_ms >= 0) & (back_ms != forth_ms))
        + _EXITS_ALONG * network.arc_exit[rows.arc]
        + _SHAPED * shaped
        + _PAST * what_if.rides_past_stations[links]
    )
    looks, look = _by_frequency((kind + len(kinds) * flags)[listed])
    steps = np.diff(rows.tail[listed], prepend=0)
    far = steps > 1
    columns = [
        _unsigned(3 * look + np.where(far, 2, steps)),
        _unsigned(np.maximum(steps - 2, 0)),
        (rows.head - rows.tail)[listed],
        _unsigned(forth_ms[listed]),
        back_ms[listed],
    ]
    numbers = np.column_stack(columns)
    used = np.ones(numbers.shape, dtype=bool)
    used[:, 1], used[:, 4] = far, (flags[listed] & _OTHER_BACK) > 0
    owners = what_if.link_owners[links]
    owned = np.flatnonzero(owners[:, 0] >= 0)
    owned_nodes = np.flatnonzero(what_if.node_owner >= 0)
    people = np.rint(what_if.node_people).astype(np.int64)
    return {
        "quantum": quantum,
        "nodes": pack_numbers(np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel()),
        "people": pack_numbers(np.diff(np.trim_zeros(people, "b"), prepend=0)),
        "noExit": _runs(~network.node_exit),
        "edge": _runs(what_if.node_edge),
        "nodeOwners": pack_numbers(
            np.column_stack([np.diff(owned_nodes, prepend=0), what_if.node_owner[owned_nodes]]).ravel()
        ),
        "links": pack_numbers(numbers[used]),
        "stationWays": _station_ways(rows, forth_ms),
        "stationKind": int(kind[rows.n_listed]) if rows.n_listed < len(kind) else -1,
        "linkOwners": pack_numbers(np.column_stack([np.diff(owned, prepend=0), owners[owned]]).ravel()),
        "looks": [[look % len(kinds), look // len(kinds)] for look in looks.tolist()],
        "kinds": [
            [network.modes[pair // n_classes], network.classes[pair % n_classes]] for pair in kinds.tolist()
        ],
        "shapes": [_shape(network, int(arc), quantum) for arc in rows.arc[listed][shaped[listed]]],
    }


def packed_railways(what_if: WhatIf) -> str:
    """Return today's railways as lines alone, for a page whose network goes without trains.

    Of each: steps in longitude and latitude from where the one before begins, and from there to its end, and the position
    of the first year in which it's there.
    """
    network = what_if.network
    if not what_if.has_trains:
        return ""
    rows = _Links.of(what_if)
    links = network.arc_link[rows.arc]
    drawn = (network.arc_mode[rows.arc] == network.modes.index("rail")) & (
        what_if.link_owners[links] < 0
    ).all(axis=1)
    drawn &= ~what_if.rides_past_stations[links]
    grid = np.rint(np.column_stack([network.node_lon, network.node_lat]) / _quantum(network)).astype(np.int64)
    first, last = grid[rows.tail[drawn]], grid[rows.head[drawn]]
    moved = (first != last).any(axis=1)
    first, last, since = first[moved], last[moved], what_if.link_since[links[drawn]][moved]
    steps = np.diff(first, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    return pack_numbers(np.column_stack([steps, last - first, since]).ravel())


def packed_years(what_if: WhatIf) -> dict[str, Any] | None:
    """Return which links weren't always as they are today, in the order of `packed_network`; None where there are no years.

    Of the links of those kinds of which any wasn't, runs of alike ones: how many, less one, times twice the number of years,
    plus twice the position of the first year in which they're as today, plus one where they were of another class before.
    """
    n = len(what_if.years)
    if n < 2:
        return None
    arcs = _Links.of(what_if).arc
    links = what_if.network.arc_link[arcs]
    code = 2 * what_if.link_since[links] + what_if.link_before[links]
    _, kind = _kinds(what_if.network, arcs)
    place = what_if.network.node_lon + 1j * what_if.network.node_lat  # what stays in one place isn't drawn
    drawn = place[what_if.network.arc_tail[arcs]] != place[what_if.network.arc_head[arcs]]
    changed = np.unique(kind[drawn & (code > 0)])
    code = code[np.isin(kind, changed)]
    first = np.flatnonzero(np.diff(code, prepend=-1))
    runs = np.diff(first, append=len(code))
    return {
        "years": n,
        "kinds": changed.tolist(),
        "runs": pack_numbers(_unsigned(code[first] + 2 * n * (runs - 1))),
    }


def _kinds(network: TransportNetwork, arcs: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of mode and class that arcs have, as numbers, and the position of each arc's in them."""
    pairs = network.arc_mode[arcs].astype(np.int64) * len(network.classes) + network.arc_class[arcs]
    kinds, kind = np.unique(pairs, return_inverse=True)
    return kinds, kind.ravel()


def _runs(flags: NDArray[np.bool_]) -> str:
    """Return where flags are set: how many before aren't, and how many are, less one, by turns."""
    turns = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    first, after = turns[::2], turns[1::2]
    gaps = first - np.concatenate([[0], after[:-1]])[: len(first)]
    return pack_numbers(_unsigned(np.column_stack([gaps, after - first - 1]).ravel()))


def _by_frequency(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct ones of some numbers, the most frequent first, and the position of each number in them."""
    distinct, at, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return distinct[order], rank[at.ravel()]


@dataclass(frozen=True)
class _Links:
    """Links in the order in which a page has them: those that are listed one by one, then ways between roads and stations.

    Attributes
    ----------
    tail, head : ndarray of int64, shape (n,)
    arc, back : ndarray of int64, shape (n,)
        The arc there, and that back, -1 for none. An arc back that ends elsewhere than its link begins, as at junctions with
        banned turns, stands alone.
    n_listed : int
        How many come before the ways between roads and stations: pairs of links, from the road to the station's entrance and
        from its exit to the road, that take as long.
    """

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    arc: NDArray[np.int64]
    back: NDArray[np.int64]
    n_listed: int

    @classmethod
    def of(cls, what_if: WhatIf) -> _Links:
        network = what_if.network
        forth, back = (arcs.copy() for arcs in network.link_arcs)
        both = (forth >= 0) & (back >= 0)
        same = both.copy()
        a, b = forth[both], back[both]
        same[both] = (network.arc_tail[a] == network.arc_head[b]) & (
            network.arc_head[a] == network.arc_tail[b]
        )
        alone = np.concatenate([np.flatnonzero(both & ~same), np.flatnonzero((forth < 0) & (back >= 0))])
        first = np.concatenate([forth[forth >= 0], back[alone]])
        second = np.concatenate([np.where(same, back, -1)[forth >= 0], np.full(len(alone), -1)])
        order = np.lexsort((network.arc_head[first], network.arc_tail[first]))
        first, second = first[order], second[order]
        pairs = _way_pairs(network, first[second < 0])
        listed = ~np.isin(first, pairs)
        arc = np.concatenate([first[listed], pairs.ravel()])
        return cls(
            network.arc_tail[arc].astype(np.int64),
            network.arc_head[arc].astype(np.int64),
            arc,
            np.concatenate([second[listed], np.full(pairs.size, -1)]),
            int(listed.sum()),
        )


def _way_pairs(network: TransportNetwork, arcs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return arcs from a road to a station, each with the one from there to the road that takes as long.

    By station, then road; of arcs that lead one way. Shape (n, 2).
    """
    access = network.modes.index("access") if "access" in network.modes else -1
    plain = (network.arc_mode[arcs] == access) & ~network.arc_exit[arcs]
    plain &= np.diff(network.link_offset)[network.arc_link[arcs]] == 0
    arcs = arcs[plain]
    if not len(arcs):
        return np.zeros((0, 2), dtype=np.int64)
    arcs = arcs[network.arc_class[arcs] == network.arc_class[arcs[0]]]
    spots = network.node_lon + 1j * network.node_lat
    tail, head = network.arc_tail[arcs], network.arc_head[arcs]
    inward = network.node_exit[tail] & ~network.node_exit[head]
    outward = network.node_exit[head] & ~network.node_exit[tail]
    station, road = np.where(inward, head, tail), np.where(inward, tail, head)
    _, place = np.unique(spots[station], return_inverse=True)
    keys = np.column_stack([place.ravel(), road, network.arc_time_ms[arcs]]).astype(np.int64)
    _, key = np.unique(keys, axis=0, return_inverse=True)
    key = key.ravel()
    once = [np.bincount(key[way], minlength=len(arcs)) == 1 for way in (inward, outward)]
    both = (once[0] & once[1])[key]
    sides = [np.flatnonzero(way & both) for way in (inward, outward)]
    into, out = (side[np.argsort(key[side])] for side in sides)
    order = np.lexsort((road[into], tail[out], head[into]))
    return np.column_stack([arcs[into[order]], arcs[out[order]]])


def _station_ways(rows: _Links, ms: NDArray[np.int64]) -> str:
    """Return the pairs of ways between roads and stations.

    For each station: entrance less the one before, exit less entrance, and how many ways there are; then the roads' nodes, each less
    the one before, and milliseconds by turns.
    """
    into, out = rows.head[rows.n_listed :: 2], rows.tail[rows.n_listed + 1 :: 2]
    road, ms = rows.tail[rows.n_listed :: 2], ms[rows.n_listed :: 2]
    starts = np.flatnonzero((np.diff(into, prepend=-1) != 0) | (np.diff(out, prepend=-1) != 0))
    stations = [
        np.diff(into[starts], prepend=0),
        (out - into)[starts],
        _unsigned(np.diff(starts, append=len(into))),
    ]
    heads = np.column_stack(stations)
    ways = np.column_stack([np.diff(road, prepend=0), _unsigned(ms)]).ravel()
    return pack_numbers(np.insert(ways, np.repeat(2 * starts, 3), heads.ravel()))


def _quantum(network: TransportNetwork) -> float:
    return REACH_QUANTUM_DEG if network.access_speed_kph >= _FAST_KPH else QUANTUM_DEG


def _shape(network: TransportNetwork, arc: int, quantum: float) -> str:
    line = network.link_line(int(network.arc_link[arc]))
    grid = np.rint((line[::-1] if network.arc_reversed[arc] else line) / quantum).astype(np.int64)
    return pack_numbers(np.diff(grid, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel())


def _unsigned(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers from 0 on as `pack_numbers` writes them without a bit for the sign."""
    return np.where(numbers % 2 == 0, numbers // 2, -(numbers + 1) // 2)
