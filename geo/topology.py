"""From ways with shared nodes to links between junctions, in arrays.

A way is a run of node numbers. It is cut where ways meet or end (`split_ways`); links that meet
two by two and agree in everything that matters are then joined again (`join_chains`), so that
what is left between two junctions is one link with all its bends. Where turns are restricted,
the ends of links at a node are pulled apart and connected by the turns that are allowed
(`expand_turns`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from numba import njit
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

#: The ellipsoid, as in `crs.to_ecef`.
WGS84_A_M: Final = 6378137.0
WGS84_E2: Final = 0.0066943799901413165
#: A place in a run of nodes where the way is interrupted (its node is missing or outside).
GAP: Final = -1


class Pieces(NamedTuple):
    """Parts of ways between two vertices.

    Attributes
    ----------
    way : ndarray of int32, shape (k,)
        The way that each belongs to.
    first, last : ndarray of int64, shape (k,)
        Positions in the runs of nodes, both inclusive.
    tail, head : ndarray of int32, shape (k,)
        Nodes at the ends. Ends at closed nodes have numbers of their own, from the number of
        nodes on, so that nothing passes there.
    extra : ndarray of int32
        The closed nodes that these numbers stand for.
    """

    way: NDArray[np.int32]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    extra: NDArray[np.int32]


class Chains(NamedTuple):
    """Links joined where two of a kind meet.

    Attributes
    ----------
    offset : ndarray of int64, shape (c + 1,)
        Links of chain ``i`` are ``link[offset[i]:offset[i + 1]]``, in their order along it.
    link : ndarray of int32
    reverse : ndarray of bool
        Whether the chain runs against the link.
    tail, head : ndarray of int32, shape (c,)
        Nodes at the chain's ends.
    """

    offset: NDArray[np.int64]
    link: NDArray[np.int32]
    reverse: NDArray[np.bool_]
    tail: NDArray[np.int32]
    head: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Turns:
    """What `expand_turns` found.

    Attributes
    ----------
    tail, head : ndarray of int32, shape (c,)
        The links' ends, with nodes added from the number of nodes on.
    extra : ndarray of int32
        The nodes that the added ones were split from.
    turn_tail, turn_head : ndarray of int32
        Allowed turns: links without length from one of these nodes to another.
    n_honoured, n_idle, n_unclear : int
        How many restrictions were put into effect, forbid what can't be driven anyway, and name
        ways that don't meet at the node in exactly one end each.
    """

    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    extra: NDArray[np.int32]
    turn_tail: NDArray[np.int32]
    turn_head: NDArray[np.int32]
    n_honoured: int
    n_idle: int
    n_unclear: int


def split_ways(
    offset: NDArray[np.int64],
    nodes: NDArray[np.int32],
    closed: NDArray[np.bool_],
    vertex: NDArray[np.bool_],
) -> Pieces:
    """Cut ways where they meet, end, are interrupted or closed.

    Parameters
    ----------
    offset : ndarray of int64, shape (w + 1,)
        Nodes of way ``i`` are ``nodes[offset[i]:offset[i + 1]]``.
    nodes : ndarray of int32
        Node numbers, or `GAP`.
    closed : ndarray of bool, shape (n,)
        Nodes that nobody passes.
    vertex : ndarray of bool, shape (n,)
        Nodes to cut at in any case.

    Returns
    -------
    Pieces
    """
    n_pieces, cut = _mark_vertices(offset, nodes, vertex | closed)
    return Pieces(*_cut_ways(offset, nodes, closed, cut, n_pieces))


@njit(cache=True, nogil=True)
def _mark_vertices(offset, nodes, vertex):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    n_nodes = len(vertex)
    uses = np.zeros(n_nodes, dtype=np.int32)
    for way in range(len(offset) - 1):
        start, stop = offset[way], offset[way + 1]
        for i in range(start, stop):
            node = nodes[i]
            if node < 0 or (i > start and nodes[i - 1] == node):
                continue
            at_end = i == start or nodes[i - 1] < 0
            # Look past repeats of the same node for what follows.
            after = i + 1
            while after < stop and nodes[after] == node:
                after += 1
            at_end = at_end or after == stop or nodes[after] < 0
            uses[node] += 2 if at_end else 1
    cut = vertex | (uses > 1)
    pieces = 0
    for way in range(len(offset) - 1):
        start, stop = offset[way], offset[way + 1]
        last = np.int64(-1)
        for i in range(start, stop):
            node = nodes[i]
            if node < 0:
                last = -1
                continue
            if last >= 0 and cut[node] and nodes[i - 1] != node:
                pieces += 1
            last = i
    return pieces, cut


@njit(cache=True, nogil=True)
def _cut_ways(offset, nodes, closed, cut, n_pieces):  # type: ignore[no-untyped-def] # pragma: no cover
    n_nodes = len(closed)
    way_of = np.zeros(n_pieces, dtype=np.int32)
    first = np.zeros(n_pieces, dtype=np.int64)
    last = np.zeros(n_pieces, dtype=np.int64)
    tail = np.zeros(n_pieces, dtype=np.int32)
    head = np.zeros(n_pieces, dtype=np.int32)
    extra = np.zeros(2 * n_pieces, dtype=np.int32)
    n_extra = 0
    k = 0
    for way in range(len(offset) - 1):
        begin = np.int64(-1)
        for i in range(offset[way], offset[way + 1]):
            node = nodes[i]
            if node < 0:
                begin = -1
                continue
            if begin < 0:
                begin = i
                continue
            if not cut[node] or nodes[i - 1] == node:
                continue
            way_of[k], first[k], last[k] = way, begin, i
            tail[k], head[k] = nodes[begin], node
            if closed[tail[k]]:
                extra[n_extra] = tail[k]
                tail[k] = n_nodes + n_extra
                n_extra += 1
            if closed[node]:
                extra[n_extra] = node
                head[k] = n_nodes + n_extra
                n_extra += 1
            k += 1
            begin = i
    return way_of[:k], first[:k], last[:k], tail[:k], head[:k], extra[:n_extra].copy()


@njit(cache=True, nogil=True)
def _ecef(lon, lat):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    """As `crs.to_ecef`, for one point."""
    phi, lam = np.radians(lat), np.radians(lon)
    normal = WGS84_A_M / np.sqrt(1 - WGS84_E2 * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    return flat * np.cos(lam), flat * np.sin(lam), normal * (1 - WGS84_E2) * np.sin(phi)


@njit(cache=True, nogil=True)
def measure(first, last, nodes, lon, lat, delay_s):  # type: ignore[no-untyped-def] # pragma: no cover
    """Length of pieces in metres, and the delays at the nodes inside them (ends excluded)."""
    lengths = np.zeros(len(first))
    delays = np.zeros(len(first))
    for k in range(len(first)):
        node = nodes[first[k]]
        x, y, z = _ecef(lon[node], lat[node])
        for i in range(first[k] + 1, last[k] + 1):
            node = nodes[i]
            x2, y2, z2 = _ecef(lon[node], lat[node])
            lengths[k] += np.sqrt((x2 - x) ** 2 + (y2 - y) ** 2 + (z2 - z) ** 2)
            x, y, z = x2, y2, z2
            if i < last[k] and nodes[i - 1] != node:
                delays[k] += delay_s[node]
    return lengths, delays


def strong_components(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    forward: NDArray[np.bool_],
    backward: NDArray[np.bool_],
    n_nodes: int,
) -> NDArray[np.int32]:
    """Number of the strongly connected component of every node, shape (n_nodes,)."""
    rows = np.concatenate([tail[forward], head[backward]])
    columns = np.concatenate([head[forward], tail[backward]])
    graph = sp.csr_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(n_nodes, n_nodes))
    component: NDArray[np.int32] = connected_components(graph, directed=True, connection="strong")[1]
    return component


def join_chains(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    kind: NDArray[np.int32],
    kind_back: NDArray[np.int32],
    keep: NDArray[np.bool_],
) -> Chains:
    """Join links at nodes where exactly two meet that agree.

    Parameters
    ----------
    tail, head : ndarray of int32, shape (k,)
    kind : ndarray of int32, shape (k,)
        Number of what matters about a link in the direction it is drawn: class, speeds, open
        directions, exits.
    kind_back : ndarray of int32, shape (k,)
        The same for the link turned round. Links of one kind, one drawn the other way, can be
        joined because the one's kind is the other's kind turned round.
    keep : ndarray of bool, shape (n,)
        Nodes at which links aren't joined.

    Returns
    -------
    Chains
        Every link is in exactly one. A ring without a junction keeps one of its nodes.
    """
    return Chains(*_join_chains(tail, head, kind, kind_back, keep))


@njit(cache=True, nogil=True)
def _join_chains(tail, head, kind, kind_back, keep):  # type: ignore[no-untyped-def] # pragma: no cover
    n_links, n_nodes = len(tail), len(keep)
    degree = np.zeros(n_nodes, dtype=np.int32)
    # End e of link k is 2k + e; each node remembers its last two.
    ends = np.full((n_nodes, 2), -1, dtype=np.int64)
    for k in range(n_links):
        for e in range(2):
            node = tail[k] if e == 0 else head[k]
            if degree[node] < 2:
                ends[node, degree[node]] = 2 * k + e
            degree[node] += 1
    through = np.zeros(n_nodes, dtype=np.bool_)
    for node in range(n_nodes):
        if degree[node] != 2 or keep[node]:
            continue
        a, b = ends[node, 0], ends[node, 1]
        if a // 2 == b // 2:
            continue
        arriving = kind[a // 2] if a % 2 == 1 else kind_back[a // 2]
        leaving = kind[b // 2] if b % 2 == 0 else kind_back[b // 2]
        through[node] = arriving == leaving
    offset = np.zeros(n_links + 1, dtype=np.int64)
    link = np.zeros(n_links, dtype=np.int32)
    reverse = np.zeros(n_links, dtype=np.bool_)
    chain_tail = np.zeros(n_links, dtype=np.int32)
    chain_head = np.zeros(n_links, dtype=np.int32)
    done = np.zeros(n_links, dtype=np.bool_)
    n_chains = 0
    filled = 0
    for rings in range(2):
        for k in range(n_links):
            if done[k]:
                continue
            if rings:  # all its nodes are passed through: cut the ring open here
                through[tail[k]] = False
            for e in range(2):
                start = tail[k] if e == 0 else head[k]
                if through[start] or done[k]:
                    continue
                chain_tail[n_chains] = start
                current, backwards = k, e == 1
                while True:
                    done[current] = True
                    link[filled] = current
                    reverse[filled] = backwards
                    filled += 1
                    node = tail[current] if backwards else head[current]
                    if not through[node]:
                        break
                    arrived = 2 * current + (0 if backwards else 1)
                    leave = ends[node, 0] if ends[node, 1] == arrived else ends[node, 1]
                    current, backwards = leave // 2, leave % 2 == 1
                chain_head[n_chains] = node
                n_chains += 1
                offset[n_chains] = filled
    return (
        offset[: n_chains + 1].copy(),
        link,
        reverse,
        chain_tail[:n_chains].copy(),
        chain_head[:n_chains].copy(),
    )


@njit(cache=True, nogil=True)
def chain_lines(offset, link, reverse, first, last, nodes, lon, lat):  # type: ignore[no-untyped-def] # pragma: no cover
    """Coordinates along chains: offsets and (lon, lat) rows; straight ones get none."""
    n_chains = len(offset) - 1
    line_offset = np.zeros(n_chains + 1, dtype=np.int64)
    for c in range(n_chains):
        count = 1
        for i in range(offset[c], offset[c + 1]):
            count += last[link[i]] - first[link[i]]
        line_offset[c + 1] = line_offset[c] + (count if count > 2 else 0)
    coords = np.zeros((line_offset[n_chains], 2))
    for c in range(n_chains):
        at = line_offset[c]
        if line_offset[c + 1] == at:
            continue
        for i in range(offset[c], offset[c + 1]):
            k = link[i]
            if i > offset[c]:
                at -= 1  # the point that this link shares with the one before
            for j in range(last[k] - first[k] + 1):
                node = nodes[last[k] - j] if reverse[i] else nodes[first[k] + j]
                coords[at, 0], coords[at, 1] = lon[node], lat[node]
                at += 1
    return line_offset, coords


def expand_turns(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    forward: NDArray[np.bool_],
    backward: NDArray[np.bool_],
    end_ways: tuple[NDArray[np.int64], NDArray[np.int64]],
    restrictions: Iterable[tuple[int, int, int, bool]],
    n_nodes: int,
) -> Turns:
    """Pull links apart at the nodes where turns are restricted.

    Each end of a link at such a node gets a node of its own; the allowed turns become links
    without length between these. Lengths and classes of the roads stay as they are.

    Parameters
    ----------
    tail, head : ndarray of int32, shape (k,)
    forward, backward : ndarray of bool, shape (k,)
        Whether the link is open in each direction.
    end_ways : tuple of two ndarrays of int64, shape (k,)
        Id of the way at the link's tail and at its head.
    restrictions : iterable of (from way, to way, node, only)
        Ways by id, nodes by number.
    n_nodes : int

    Returns
    -------
    Turns
    """
    rules = list(restrictions)
    ends_at = _ends_at(tail, head, {node for _, _, node, _ in rules})
    n_honoured = n_idle = n_unclear = 0
    forbidden: dict[int, set[tuple[int, int]]] = {}
    only: dict[int, dict[int, set[int]]] = {}
    for from_way, to_way, node, is_only in rules:
        ends = ends_at.get(node, [])
        # An end arrives where its link can be driven towards the node, leaves where away from it.
        arriving = [e for e in ends if end_ways[e % 2][e // 2] == from_way and (forward, backward)[1 - e % 2][e // 2]]
        leaving = [e for e in ends if end_ways[e % 2][e // 2] == to_way and (forward, backward)[e % 2][e // 2]]
        if len(arriving) > 1 or len(leaving) > 1:
            n_unclear += 1
        elif not arriving or not leaving or arriving == leaving:
            n_idle += 1
        else:
            n_honoured += 1
            if is_only:
                only.setdefault(node, {}).setdefault(arriving[0], set()).add(leaving[0])
            else:
                forbidden.setdefault(node, set()).add((arriving[0], leaving[0]))
    new_tail, new_head = tail.copy(), head.copy()
    extra: list[int] = []
    turns: list[tuple[int, int]] = []
    for node in sorted({*forbidden, *only}):
        port: dict[int, int] = {}
        for end in ends_at[node]:
            number = node if not port else n_nodes + len(extra)
            if port:
                extra.append(node)
            port[end] = number
            (new_tail if end % 2 == 0 else new_head)[end // 2] = number
        for a in port:
            for b in port:
                if a == b or not (forward, backward)[1 - a % 2][a // 2] or not (forward, backward)[b % 2][b // 2]:
                    continue
                required = only.get(node, {}).get(a)
                if (a, b) in forbidden.get(node, ()) or (required is not None and b not in required):
                    continue
                turns.append((port[a], port[b]))
    pairs = np.array(turns, dtype=np.int32).reshape(-1, 2)
    return Turns(
        tail=new_tail,
        head=new_head,
        extra=np.array(extra, dtype=np.int32),
        turn_tail=pairs[:, 0],
        turn_head=pairs[:, 1],
        n_honoured=n_honoured,
        n_idle=n_idle,
        n_unclear=n_unclear,
    )


def _ends_at(tail: NDArray[np.int32], head: NDArray[np.int32], nodes: set[int]) -> dict[int, list[int]]:
    """Ends of links (2k at the tail, 2k + 1 at the head) at each of some nodes."""
    wanted = np.fromiter(nodes, dtype=np.int64, count=len(nodes))
    found: dict[int, list[int]] = {}
    for side, column in enumerate((tail, head)):
        for k in np.flatnonzero(np.isin(column, wanted)).tolist():
            found.setdefault(int(column[k]), []).append(2 * k + side)
    return found
