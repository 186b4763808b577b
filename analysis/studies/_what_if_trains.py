"""Today's trains in a what-if: which rides show the way of their line, and journeys in as few links as tell their minutes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.networks import TransportNetwork

#: Ways along the same railway differ by less, metres.
_SAME_M: Final = 2.0


def node_places(network: TransportNetwork) -> NDArray[np.int64]:
    """Return a number for where each node is, to a millionth of a degree."""
    lon, lat = (np.rint(values * 1e6).astype(np.int64) for values in (network.node_lon, network.node_lat))
    places: NDArray[np.int64] = lon * 10**9 + lat
    return places


def train_nodes(network: TransportNetwork) -> NDArray[np.bool_]:
    """Say which nodes are trains' alone: one gets neither on nor off the network there, and no road comes to them."""
    if "rail" not in network.modes:
        return np.zeros(network.n_nodes, dtype=bool)
    others = network.arc_mode != network.modes.index("rail")
    if "access" in network.modes:
        others &= network.arc_mode != network.modes.index("access")
    found: NDArray[np.bool_] = ~network.node_exit
    found[network.arc_tail[others]] = found[network.arc_head[others]] = False
    return found


def rides_past_stations(network: TransportNetwork) -> NDArray[np.bool_]:
    """Return what `WhatIf.rides_past_stations` does."""
    forth, back = network.link_arcs
    arc = np.where(forth >= 0, forth, back)
    metres = network.arc_length_m[arc]
    place = node_places(network)
    tail, head = place[network.arc_tail[arc]], place[network.arc_head[arc]]
    trains = network.modes.index("rail") if "rail" in network.modes else -1
    rides = np.flatnonzero((network.arc_mode[arc] == trains) & (tail != head))
    ways: dict[int, dict[int, dict[int, float]]] = {}
    listed = list(zip(network.arc_class[arc[rides]].tolist(), tail[rides].tolist(), head[rides].tolist(),
                      metres[rides].tolist(), strict=True))  # fmt: skip
    for line, a, b, length in listed:
        for one, other in ((a, b), (b, a)):
            known = ways.setdefault(line, {}).setdefault(one, {})
            known[other] = min(length, known.get(other, np.inf))
    found = np.zeros(network.n_links, dtype=bool)
    shown: set[tuple[int, int, int]] = set()
    for link, (line, a, b, length) in zip(rides.tolist(), listed, strict=True):
        onward, way = ways[line], (line, min(a, b), max(a, b))
        found[link] = way in shown or any(
            abs(first + onward[via].get(b, np.inf) - length) <= _SAME_M
            for via, first in onward[a].items()
            if via != b
        )
        if not found[link]:
            shown.add(way)
    return found


def join_steps(
    network: TransportNetwork, free: NDArray[np.bool_], of_trains: NDArray[np.bool_]
) -> tuple[TransportNetwork, NDArray[np.bool_], NDArray[np.bool_]]:
    """Join the steps of journeys by train where one has but one other before or behind it.

    Parameters
    ----------
    network : TransportNetwork
    free : ndarray of bool, shape (n,)
        Nodes that may go.
    of_trains : ndarray of bool, shape (number of links,)

    Returns
    -------
    network : TransportNetwork
        With the same nodes and links; a step that stays has the minutes and ends of all that it stands for.
    nodes, links : ndarray of bool
        Those that stay.

    Notes
    -----
    Of the steps at a node the one before is added to each behind it, or the one behind to each before, so that there are
    fewer than before. A ride stays one: it is what is drawn, and what can be closed.
    """
    rail = network.modes.index("rail") if "rail" in network.modes else -1
    place, tail, head = node_places(network), network.arc_tail.tolist(), network.arc_head.tolist()
    time_ms, length_m = network.arc_time_ms.copy(), network.arc_length_m.copy()
    one_way = np.bincount(network.arc_link, minlength=network.n_links)[network.arc_link] == 1
    step = of_trains[network.arc_link] & one_way
    ride = step & (network.arc_mode == rail) & (place[network.arc_tail] != place[network.arc_head])
    may_go = free.copy()
    may_go[network.arc_tail[~step]] = may_go[network.arc_head[~step]] = False
    steps = np.flatnonzero(step).tolist()
    into: defaultdict[int, set[int]] = defaultdict(set)
    out_of: defaultdict[int, set[int]] = defaultdict(set)

    def put(arc: int) -> None:
        into[head[arc]].add(arc)
        out_of[tail[arc]].add(arc)

    def take(arc: int) -> None:
        into[head[arc]].discard(arc)
        out_of[tail[arc]].discard(arc)

    for arc in steps:
        put(arc)
    gone = np.zeros(network.n_nodes, dtype=bool)
    ahead = np.flatnonzero(may_go).tolist()
    while ahead:
        node = ahead.pop()
        ins, outs = sorted(into[node]), sorted(out_of[node])
        if gone[node] or not may_go[node]:
            continue
        if len(outs) == 1 and not ride[outs[0]]:
            (one,), others, ends, end = outs, ins, head, head[outs[0]]
        elif len(ins) == 1 and not ride[ins[0]]:
            (one,), others, ends, end = ins, outs, tail, tail[ins[0]]
        elif ins and outs:
            continue
        else:  # nobody passes it
            one, others, ends, end = -1, [*ins, *outs], head, -1
        gone[node] = True
        ahead += [tail[arc] for arc in ins] + [head[arc] for arc in outs]
        for arc in [*ins, *outs]:
            take(arc)
        if one < 0:
            step[others] = False
            continue
        step[one] = False
        for arc in others:
            time_ms[arc] += time_ms[one]
            length_m[arc] += length_m[one]
            ends[arc] = end
            if tail[arc] == head[arc]:
                step[arc] = False
            else:
                put(arc)
    _leave_out_slower(step, ride, tail, head, network.arc_class, time_ms)
    arcs = np.flatnonzero(step | ~of_trains[network.arc_link] | ~one_way)
    starts, goals = np.array(tail, dtype=np.int64)[arcs], np.array(head, dtype=np.int32)[arcs]
    order = np.lexsort((goals, starts))
    arcs, counts = arcs[order], np.bincount(starts, minlength=network.n_nodes)
    links = np.zeros(network.n_links, dtype=bool)
    links[network.arc_link[arcs]] = True
    joined = replace(
        network,
        arc_start=np.concatenate([[0], np.cumsum(counts)]).astype(network.arc_start.dtype),
        arc_head=goals[order],
        arc_link=network.arc_link[arcs],
        arc_time_ms=time_ms[arcs],
        arc_length_m=length_m[arcs],
        arc_mode=network.arc_mode[arcs],
        arc_class=network.arc_class[arcs],
        arc_exit=network.arc_exit[arcs],
        arc_reversed=network.arc_reversed[arcs],
    )
    return joined, ~gone, links


def _leave_out_slower(
    step: NDArray[np.bool_],
    ride: NDArray[np.bool_],
    tail: list[int],
    head: list[int],
    line: NDArray[np.integer],
    time_ms: NDArray[np.integer],
) -> None:
    """Of steps between the same two nodes, rides of the same line, keep the fastest."""
    arcs = np.flatnonzero(step)
    kind = np.where(ride[arcs], line[arcs].astype(np.int64), -1)
    keys = np.column_stack([np.array(tail)[arcs], np.array(head)[arcs], kind])
    order = np.lexsort((time_ms[arcs], *keys.T[::-1]))
    again = np.zeros(len(arcs), dtype=bool)
    again[1:] = (keys[order][1:] == keys[order][:-1]).all(axis=1)
    step[arcs[order[again]]] = False
