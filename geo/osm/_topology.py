"""From ways with shared nodes to links between junctions, in arrays.

A way is a run of node numbers. It is cut where ways meet or end (`split_ways`); links that meet
two by two and agree in everything that matters are then joined again (`join_chains`), so that
what is left between two junctions is one link with all its bends.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiling import compiled

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


@compiled
def _mark_vertices(
    offset: NDArray[Any], nodes: NDArray[Any], vertex: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
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
        last = -1
        for i in range(start, stop):
            node = nodes[i]
            if node < 0:
                last = -1
                continue
            if last >= 0 and cut[node] and nodes[i - 1] != node:
                pieces += 1
            last = i
    return pieces, cut


@compiled
def _cut_ways(
    offset: NDArray[Any], nodes: NDArray[Any], closed: NDArray[Any], cut: NDArray[Any], n_pieces: int,
) -> Any:  # fmt: skip  # pragma: no cover - compiled
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
        begin = -1
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


@compiled
def _ecef(lon: float, lat: float) -> Any:  # pragma: no cover - compiled
    """As `crs.to_ecef`, for one point."""
    phi, lam = np.radians(lat), np.radians(lon)
    normal = WGS84_A_M / np.sqrt(1 - WGS84_E2 * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    return flat * np.cos(lam), flat * np.sin(lam), normal * (1 - WGS84_E2) * np.sin(phi)


@compiled
def measure(
    first: NDArray[Any], last: NDArray[Any], nodes: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any],
    delay_s: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
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


@compiled
def face_signs(
    first: NDArray[Any], last: NDArray[Any], tail: NDArray[Any], head: NDArray[Any], nodes: NDArray[Any],
    lon: NDArray[Any], lat: NDArray[Any], sign_s: NDArray[Any], facing: NDArray[Any], meets: NDArray[Any],
    reach_m: float,
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Delays at the signs inside pieces (ends excluded): along the piece, and against it.

    `facing` of a node is 0 for a sign that faces both ways, 1 for one that faces those who drive
    along the piece, 2 against it, and 3 where nothing is said: then it faces those who come up to
    the nearer end if that is within `reach_m` and a place where roads meet (`meets`), else both.
    """
    ahead = np.zeros(len(first))
    back = np.zeros(len(first))
    for k in range(len(first)):
        total = 0.0
        found = False
        for step in range(2):
            if step == 1 and not found:
                break
            node = nodes[first[k]]
            x, y, z = _ecef(lon[node], lat[node])
            along = 0.0
            for i in range(first[k] + 1, last[k] + 1):
                node = nodes[i]
                if step == 0 and not found and sign_s[node] > 0 and i < last[k]:
                    found = True
                x2, y2, z2 = _ecef(lon[node], lat[node])
                along += np.sqrt((x2 - x) ** 2 + (y2 - y) ** 2 + (z2 - z) ** 2)
                x, y, z = x2, y2, z2
                if step == 0 or i == last[k] or sign_s[node] == 0 or nodes[i - 1] == node:
                    continue
                way = facing[node]
                if way == 3:
                    from_tail = along if meets[tail[k]] else np.inf
                    from_head = total - along if meets[head[k]] else np.inf
                    way = 0
                    if min(from_tail, from_head) <= reach_m and from_tail != from_head:
                        way = 1 if from_head < from_tail else 2
                if way != 2:
                    ahead[k] += sign_s[node]
                if way != 1:
                    back[k] += sign_s[node]
            total = along
    return ahead, back


def strong_components(
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    forward: NDArray[np.bool_],
    backward: NDArray[np.bool_],
    n_nodes: int,
) -> NDArray[np.int32]:
    """Return the number of every node's strongly connected component, shape (n_nodes,)."""
    number: NDArray[np.int32] = _strong_components(tail, head, forward, backward, n_nodes)
    return number


@compiled
def _strong_components(
    tail: NDArray[Any], head: NDArray[Any], forward: NDArray[Any], backward: NDArray[Any], n_nodes: int,
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Tarjan's algorithm with a stack of its own, over arcs sorted by the node they leave."""
    start = np.zeros(n_nodes + 1, dtype=np.int64)
    for k in range(len(tail)):
        if forward[k]:
            start[tail[k] + 1] += 1
        if backward[k]:
            start[head[k] + 1] += 1
    for node in range(n_nodes):
        start[node + 1] += start[node]
    at = start[:-1].copy()
    goal = np.zeros(start[n_nodes], dtype=np.int32)
    for k in range(len(tail)):
        if forward[k]:
            goal[at[tail[k]]] = head[k]
            at[tail[k]] += 1
        if backward[k]:
            goal[at[head[k]]] = tail[k]
            at[head[k]] += 1
    at[:] = start[:-1]  # the next arc to look at
    number = np.full(n_nodes, -1, dtype=np.int32)
    order = np.full(n_nodes, -1, dtype=np.int32)  # when a node was first seen
    low = np.zeros(n_nodes, dtype=np.int32)
    path = np.zeros(n_nodes, dtype=np.int32)
    waiting = np.zeros(n_nodes, dtype=np.int32)
    n_path = n_waiting = n_seen = n_components = 0
    for root in range(n_nodes):
        if order[root] >= 0:
            continue
        path[0], n_path = root, 1
        while n_path:
            node = path[n_path - 1]
            if order[node] < 0:
                order[node] = low[node] = n_seen
                n_seen += 1
                waiting[n_waiting] = node
                n_waiting += 1
            if at[node] < start[node + 1]:
                other = goal[at[node]]
                at[node] += 1
                if order[other] < 0:
                    path[n_path] = other
                    n_path += 1
                elif number[other] < 0:
                    low[node] = min(low[node], order[other])
                continue
            n_path -= 1
            if n_path:
                low[path[n_path - 1]] = min(low[path[n_path - 1]], low[node])
            if low[node] == order[node]:
                while True:
                    n_waiting -= 1
                    other = waiting[n_waiting]
                    number[other] = n_components
                    if other == node:
                        break
                n_components += 1
    return number


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


@compiled
def _join_chains(
    tail: NDArray[Any], head: NDArray[Any], kind: NDArray[Any], kind_back: NDArray[Any],
    keep: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
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


@compiled
def chain_lines(
    rows: NDArray[Any], offset: NDArray[Any], link: NDArray[Any], reverse: NDArray[Any],
    first: NDArray[Any], last: NDArray[Any], nodes: NDArray[Any], lon: NDArray[Any], lat: NDArray[Any],
) -> Any:  # fmt: skip  # pragma: no cover - compiled
    """Coordinates along the chains `rows`: offsets and (lon, lat); straight ones and -1 get none."""
    line_offset = np.zeros(len(rows) + 1, dtype=np.int64)
    for r in range(len(rows)):
        count = 1
        if rows[r] >= 0:
            for i in range(offset[rows[r]], offset[rows[r] + 1]):
                count += last[link[i]] - first[link[i]]
        line_offset[r + 1] = line_offset[r] + (count if count > 2 else 0)
    coords = np.zeros((line_offset[-1], 2))
    for r in range(len(rows)):
        at = line_offset[r]
        if line_offset[r + 1] == at:
            continue
        for i in range(offset[rows[r]], offset[rows[r] + 1]):
            k = link[i]
            if i > offset[rows[r]]:
                at -= 1  # the point that this link shares with the one before
            for j in range(last[k] - first[k] + 1):
                node = nodes[last[k] - j] if reverse[i] else nodes[first[k] + j]
                coords[at, 0], coords[at, 1] = lon[node], lat[node]
                at += 1
    return line_offset, coords
