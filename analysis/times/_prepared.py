"""A network prepared for many searches: dead ends and chains set aside, the rest in spatial order.

Nearly half of a street network's nodes lie on dead ends, and many of the others have two neighbours
only. A search needs neither: dead ends hang from one node each, and along a chain times are sums. So
the search runs on the *core* that is left, and the times of all other nodes follow in one sweep.
Times are the same to the bit as those of `_search.bucketed_times`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.crs import along_curve
from ...geo.derived import Sealed, derived_kept
from ...geo.networks import TransportNetwork
from ._search import UNREACHED, Wanted, bucketed_times, go_on

#: Stands for "can't be passed that way" in sums of milliseconds.
_NEVER: Final = 2**40


@dataclass(frozen=True, eq=False)
class Prepared(Sealed):
    """A network's core, its chains and its dead ends; make one with `prepared`.

    Attributes
    ----------
    core : ndarray of int32, shape (c,)
        Nodes of the core, in spatial order; their positions are the core's own node numbers.
    core_start : ndarray of int32, shape (c + 1,)
    core_arcs : ndarray of int32, shape (a, 2)
        Head, as a core number, and milliseconds of each arc of the core.
    chain_start : ndarray of int32, shape (k + 1,)
        Inner nodes of chain ``k`` are ``chain_start[k]:chain_start[k + 1]`` of the three next arrays.
    chain_node : ndarray of int32
    chain_ms : ndarray of int64, shape (., 6)
        From the chain's first end to the node, from its last end; from the node to the first end,
        to the last; from the node before it, and back.
    chain_ends : ndarray of int32, shape (k, 2)
        Core numbers of the ends.
    tree : ndarray of int32, shape (t, 2)
        Nodes on dead ends and the neighbour nearer to the core; each after its neighbour.
    tree_ms : ndarray of int64, shape (t, 2)
        Milliseconds to the node from that neighbour, and back.
    place : ndarray of int32, shape (n, 2)
        What each node is (0 core, 1 on a chain, 2 on a dead end), and where in the arrays above.
    chain_of : ndarray of int32
        Chain of each entry of `chain_node`.
    """

    core: NDArray[np.int32]
    core_start: NDArray[np.int32]
    core_arcs: NDArray[np.int32]
    chain_start: NDArray[np.int32]
    chain_node: NDArray[np.int32]
    chain_ms: NDArray[np.int64]
    chain_ends: NDArray[np.int32]
    chain_of: NDArray[np.int32]
    tree: NDArray[np.int32]
    tree_ms: NDArray[np.int64]
    place: NDArray[np.int32]

    def times(
        self, seed_node: NDArray[np.int64], seed_time_ms: NDArray[np.int64], *, limit_ms: int
    ) -> NDArray[np.int32]:
        """Return the time at every node in ms, `UNREACHED` beyond the limit, shape (n,).

        Parameters
        ----------
        seed_node, seed_time_ms : ndarray of int64, shape (k,)
            Where the search starts, and the time already spent there.
        limit_ms : int
        """
        out = np.full(len(self.place), UNREACHED, dtype=np.int32)
        _times(
            self.core, self.core_start, self.core_arcs, self.chain_start, self.chain_node, self.chain_ms,
            self.chain_ends, self.chain_of, self.tree, self.tree_ms, self.place,
            seed_node, seed_time_ms, limit_ms, int(UNREACHED), out,
        )  # fmt: skip
        return out


@derived_kept(Prepared)
def prepared(network: TransportNetwork) -> Prepared:
    """Return a network's core, chains and dead ends, found once."""
    n = network.n_nodes
    ends, there, back = _edges(network)
    # each edge twice, sorted by the node it's seen from
    seen_from = np.concatenate([ends[:, 0], ends[:, 1]])
    order = np.argsort(seen_from, kind="stable")
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(seen_from, minlength=n), out=start[1:])
    other = np.concatenate([ends[:, 1], ends[:, 0]])[order]
    out_ms = np.concatenate([there, back])[order]
    in_ms = np.concatenate([back, there])[order]
    tree, tree_ms, kind, degree = _peel(start, other, out_ms, in_ms)
    spatial = np.argsort(along_curve(network.node_lon, network.node_lat), kind="stable")
    chains = _chains(start, other, out_ms, in_ms, kind, degree, spatial)
    core, chain_start, chain_node, chain_ms, chain_ends, arcs = chains
    number = np.full(n, -1, dtype=np.int32)
    core = spatial[np.isin(spatial, core)].astype(np.int32)
    number[core] = np.arange(len(core))
    arcs = arcs[arcs[:, 2] < int(UNREACHED)]
    arcs[:, :2] = number[arcs[:, :2]]
    arcs = arcs[np.lexsort((arcs[:, 2], arcs[:, 1], arcs[:, 0]))]
    first = np.ones(len(arcs), dtype=bool)  # of parallel arcs the fastest
    first[1:] = (arcs[1:, 0] != arcs[:-1, 0]) | (arcs[1:, 1] != arcs[:-1, 1])
    arcs = arcs[first]
    core_start = np.zeros(len(core) + 1, dtype=np.int32)
    np.cumsum(np.bincount(arcs[:, 0], minlength=len(core)), out=core_start[1:])
    place = np.zeros((n, 2), dtype=np.int32)
    place[core, 1] = number[core]
    place[chain_node, 0], place[chain_node, 1] = 1, np.arange(len(chain_node))
    place[tree[:, 0], 0], place[tree[:, 0], 1] = 2, np.arange(len(tree))
    return Prepared(
        core=core,
        core_start=core_start,
        core_arcs=np.ascontiguousarray(arcs[:, 1:]).astype(np.int32),
        chain_start=chain_start,
        chain_node=chain_node,
        chain_ms=chain_ms,
        chain_ends=number[chain_ends],
        chain_of=np.repeat(np.arange(len(chain_ends), dtype=np.int32), np.diff(chain_start)),
        tree=tree,
        tree_ms=tree_ms,
        place=place,
    )


def times_over_arcs(
    network: TransportNetwork,
    node: NDArray[np.int64],
    time_ms: NDArray[np.int64],
    *,
    limit_ms: int,
    wanted: Wanted | None = None,
) -> NDArray[np.int32]:
    """Return the time at every node over a network's arcs in ms, `UNREACHED` beyond the limit, shape (n,).

    Parameters
    ----------
    network : TransportNetwork
    node, time_ms : ndarray of int64, shape (k,)
        Where the search starts, and the time already spent there.
    limit_ms : int
    wanted : tuple of ndarray, optional
        As `bucketed_times` takes it.
    """
    ready = prepared.known(network) if wanted is None else None
    if ready is not None:
        return ready.times(node, time_ms, limit_ms=limit_ms)
    found = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    bucketed_times(
        network.arc_start, network.arc_head, network.arc_time_ms, node, time_ms, limit_ms, found, wanted
    )
    return found


def _edges(
    network: TransportNetwork,
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of neighbours (the lesser number first) and the least time each way."""
    tail, head = network.arc_tail.astype(np.int64), network.arc_head.astype(np.int64)
    joins = tail != head
    tail, head, time = tail[joins], head[joins], network.arc_time_ms[joins].astype(np.int64)
    key = np.minimum(tail, head) * network.n_nodes + np.maximum(tail, head)
    pairs, pair = np.unique(key, return_inverse=True)
    times = np.full((2, len(pairs)), _NEVER, dtype=np.int64)
    for way, along in enumerate((tail < head, tail > head)):
        order = np.lexsort((-time[along], pair[along]))  # the fastest last, which stays
        times[way][pair[along][order]] = time[along][order]
    ends = np.column_stack([pairs // network.n_nodes, pairs % network.n_nodes]).astype(np.int32)
    return ends, times[0], times[1]


@compiled
def _peel(
    start: NDArray[np.int64], other: NDArray[np.int32], out_ms: NDArray[np.int64], in_ms: NDArray[np.int64]
) -> tuple[
    NDArray[np.int32], NDArray[np.int64], NDArray[np.int8], NDArray[np.int32]
]:  # pragma: no cover - compiled
    """Take off nodes with one neighbour until there are none; the last taken comes first."""
    n = len(start) - 1
    degree = np.empty(n, dtype=np.int32)
    kind = np.zeros(n, dtype=np.int8)  # 2 once taken off
    queue = np.empty(n, dtype=np.int32)
    size = 0
    for node in range(n):
        degree[node] = start[node + 1] - start[node]
        if degree[node] == 1:
            queue[size] = node
            size += 1
    tree = np.empty((n, 2), dtype=np.int32)
    ms = np.empty((n, 2), dtype=np.int64)
    at = n
    done = 0
    while done < size:
        node = queue[done]
        done += 1
        if degree[node] != 1:
            continue  # the last of a tree that hangs from nothing
        for k in range(start[node], start[node + 1]):
            parent = other[k]
            if kind[parent] == 2:
                continue
            at -= 1
            tree[at, 0], tree[at, 1] = node, parent
            ms[at, 0], ms[at, 1] = in_ms[k], out_ms[k]
            kind[node] = 2
            degree[node] = 0
            degree[parent] -= 1
            if degree[parent] == 1:
                queue[size] = parent
                size += 1
            break
    return tree[at:].copy(), ms[at:].copy(), kind, degree


@compiled
def _chains(
    start: NDArray[np.int64],
    other: NDArray[np.int32],
    out_ms: NDArray[np.int64],
    in_ms: NDArray[np.int64],
    kind: NDArray[np.int8],
    degree: NDArray[np.int32],
    spatial: NDArray[np.int64],
) -> tuple[
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.int32],
    NDArray[np.int64],
    NDArray[np.int32],
    NDArray[np.int64],
]:  # pragma: no cover - compiled
    """Follow nodes with two neighbours from end to end; what is left is the core."""
    n = len(start) - 1
    core = np.empty(n, dtype=np.int32)
    n_core = 0
    chain_start = np.zeros(n + 1, dtype=np.int32)
    chain_node = np.empty(n, dtype=np.int32)
    ms = np.empty((n, 6), dtype=np.int64)
    ends = np.empty((n, 2), dtype=np.int32)
    arcs = np.empty((len(other) + 2 * n, 3), dtype=np.int64)
    n_chains, n_inner, n_arcs = 0, 0, 0
    inner = np.zeros(n, dtype=np.bool_)
    # nodes with more than two neighbours (or none) first, then one of each ring that has no such node
    for ring in range(2):
        for turn in range(n):
            first = spatial[turn]
            if kind[first] == 2 or inner[first] or (degree[first] == 2) != (ring == 1):
                continue
            core[n_core] = first
            n_core += 1
            for k in range(start[first], start[first + 1]):
                node = other[k]
                if kind[node] == 2 or inner[node]:
                    continue
                if degree[node] != 2 or node == first:
                    # a neighbour in the core: it adds its own arc when its turn comes
                    arcs[n_arcs, 0], arcs[n_arcs, 1], arcs[n_arcs, 2] = first, node, out_ms[k]
                    n_arcs += 1
                    continue
                begin = n_inner
                before, forth, back = first, out_ms[k], in_ms[k]
                step_forth, step_back = out_ms[k], in_ms[k]
                while degree[node] == 2 and node != first:
                    inner[node] = True
                    chain_node[n_inner] = node
                    ms[n_inner, 0], ms[n_inner, 2] = min(forth, _NEVER), min(back, _NEVER)
                    ms[n_inner, 4], ms[n_inner, 5] = step_forth, step_back
                    n_inner += 1
                    step = start[node]
                    while kind[other[step]] == 2 or other[step] == before:
                        step += 1
                    before, node = node, other[step]
                    step_forth, step_back = out_ms[step], in_ms[step]
                    forth += step_forth
                    back += step_back
                # and the same from the other end
                ahead, behind = np.int64(0), np.int64(0)
                for i in range(n_inner - 1, begin - 1, -1):
                    here = chain_node[i]
                    after = chain_node[i + 1] if i + 1 < n_inner else node
                    step = start[here]
                    while other[step] != after:
                        step += 1
                    ahead += out_ms[step]
                    behind += in_ms[step]
                    ms[i, 1], ms[i, 3] = min(behind, _NEVER), min(ahead, _NEVER)
                ends[n_chains, 0], ends[n_chains, 1] = first, node
                n_chains += 1
                chain_start[n_chains] = n_inner
                if node != first:
                    arcs[n_arcs, 0], arcs[n_arcs, 1], arcs[n_arcs, 2] = first, node, forth
                    arcs[n_arcs + 1, 0], arcs[n_arcs + 1, 1], arcs[n_arcs + 1, 2] = node, first, back
                    n_arcs += 2
    return (
        core[:n_core].copy(),
        chain_start[: n_chains + 1].copy(),
        chain_node[:n_inner].copy(),
        ms[:n_inner].copy(),
        ends[:n_chains].copy(),
        arcs[:n_arcs].copy(),
    )


@compiled
def _times(
    core: NDArray[np.int32],
    core_start: NDArray[np.int32],
    core_arcs: NDArray[np.int32],
    chain_start: NDArray[np.int32],
    chain_node: NDArray[np.int32],
    chain_ms: NDArray[np.int64],
    chain_ends: NDArray[np.int32],
    chain_of: NDArray[np.int32],
    tree: NDArray[np.int32],
    tree_ms: NDArray[np.int64],
    place: NDArray[np.int32],
    seed_node: NDArray[np.int64],
    seed_time_ms: NDArray[np.int64],
    limit_ms: int,
    unreached: int,
    out: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """Carry seeds from dead ends and chains into the core, search it, and carry times out again."""
    in_core = np.full(len(core), unreached, dtype=np.int32)
    waiting = np.empty(3 * len(seed_node), dtype=np.int32)
    n = 0
    for k in range(len(seed_node)):
        node, time = seed_node[k], seed_time_ms[k]
        while time <= limit_ms and place[node, 0] == 2:
            out[node] = min(out[node], time)
            at = place[node, 1]
            node = np.int64(tree[at, 1])
            time = time + tree_ms[at, 1]
        if time > limit_ms:
            continue
        if place[node, 0] == 1:
            at = place[node, 1]
            chain = chain_of[at]
            _along_chain(chain_start, chain_node, chain_ms, chain, at, int(time), limit_ms, out)
            for end in range(2):
                there = time + chain_ms[at, 2 + end]
                goal = chain_ends[chain, end]
                if there <= limit_ms and there < in_core[goal]:
                    in_core[goal] = there
                    waiting[n] = goal
                    n += 1
        elif time < in_core[place[node, 1]]:
            in_core[place[node, 1]] = time
            waiting[n] = place[node, 1]
            n += 1
    go_on(core_start, core_arcs[:, 0], core_arcs[:, 1], waiting[:n], limit_ms, in_core)
    for k in range(len(core)):
        out[core[k]] = in_core[k]
    for chain in range(len(chain_ends)):
        one, two = np.int64(in_core[chain_ends[chain, 0]]), np.int64(in_core[chain_ends[chain, 1]])
        if one == unreached and two == unreached:
            continue
        for at in range(chain_start[chain], chain_start[chain + 1]):
            time = min(one + chain_ms[at, 0], two + chain_ms[at, 1])
            if time <= limit_ms and time < out[chain_node[at]]:
                out[chain_node[at]] = time
    for at in range(len(tree)):
        above = np.int64(out[tree[at, 1]])
        if above <= limit_ms:
            time = above + tree_ms[at, 0]
            if time <= limit_ms and time < out[tree[at, 0]]:
                out[tree[at, 0]] = time


@compiled
def _along_chain(
    chain_start: NDArray[np.int32],
    chain_node: NDArray[np.int32],
    chain_ms: NDArray[np.int64],
    chain: int,
    seed: int,
    time: int,
    limit_ms: int,
    out: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """Carry a seed on a chain to the chain's other nodes, without leaving the chain."""
    then = time
    for at in range(seed, chain_start[chain + 1]):
        then += chain_ms[at, 4] if at > seed else 0
        if then > limit_ms:
            break
        out[chain_node[at]] = min(out[chain_node[at]], then)
    then = time
    for at in range(seed - 1, chain_start[chain] - 1, -1):
        then += chain_ms[at + 1, 5]
        if then > limit_ms:
            break
        out[chain_node[at]] = min(out[chain_node[at]], then)
