"""Contraction hierarchies: a network prepared once, so that searches from thousands of places are cheap.

Nodes are removed one by one, least important first; where the removal would lengthen a journey between
two neighbours, a shortcut takes its place. Fastest journeys then first climb towards nodes removed later
and after that only descend, so that two linear sweeps over the nodes in the order of their removal give
the times from a place to every node, for several places at once.

A journey's time and length are one 64-bit integer, milliseconds above and centimetres below: sums add
both, and the least sum is the fastest journey and of equally fast ones the shortest.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..geo.network import TransportNetwork
from .contraction import contract

#: Bits for centimetres: journeys up to 42,949 km.
LENGTH_BITS: Final = 32
#: Places that one pair of sweeps serves.
BATCH: Final = 8


@dataclass(frozen=True, eq=False)
class Hierarchy:
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


_prepared: weakref.WeakKeyDictionary[TransportNetwork, Hierarchy] = weakref.WeakKeyDictionary()


def hierarchy(network: TransportNetwork) -> Hierarchy:
    """Return a network's hierarchy, prepared at most once for each network.

    References
    ----------
    Geisberger, R., Sanders, P., Schultes, D., Vetter, C. (2012). Exact routing in large road networks
    using contraction hierarchies. Transportation Science 46(3), 388-404.

    Delling, D., Goldberg, A. V., Nowatzyk, A., Werneck, R. F. (2013). PHAST: hardware-accelerated
    shortest path trees. Journal of Parallel and Distributed Computing 73(7), 940-952.
    """
    if network not in _prepared:
        _prepared[network] = _prepare(network)
    return _prepared[network]


def key_of(time_ms: NDArray[np.int64], length_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return keys of times in ms and lengths in m, shape (n,)."""
    length_cm = np.rint(np.asarray(length_m) * 100).astype(np.int64)
    keys: NDArray[np.int64] = (np.asarray(time_ms, dtype=np.int64) << LENGTH_BITS) + length_cm
    return keys


def _prepare(network: TransportNetwork) -> Hierarchy:
    n = network.n_nodes
    rank, tails, heads, keys = contract(
        n,
        network.arc_tail.astype(np.int64),
        network.arc_head.astype(np.int64),
        key_of(network.arc_time_ms.astype(np.int64), network.arc_length_m),
    )
    number = n - 1 - rank
    tail, head = number[tails], number[heads]
    up = head < tail
    up_start, up_head, up_key = _csr(n, tail[up], head[up], keys[up])
    down_start, down_tail, down_key = _csr(n, head[~up], tail[~up], keys[~up])
    return Hierarchy(number, up_start, up_head, up_key, down_start, down_tail, down_key)


def _csr(
    n: int, node: NDArray[np.int64], other: NDArray[np.int64], key: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    order = np.lexsort((other, node))
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(node, minlength=n), out=start[1:])
    return start, other[order].astype(np.int32), key[order]


@njit(cache=True, nogil=True)
def sweep(
    up_start: NDArray[np.int64],
    up_head: NDArray[np.int32],
    up_key: NDArray[np.int64],
    down_start: NDArray[np.int64],
    down_tail: NDArray[np.int32],
    down_key: NDArray[np.int64],
    keys: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Complete the keys of every node from those of the nodes where journeys enter, in place.

    Parameters
    ----------
    up_start ... down_key : ndarray
        Of a `Hierarchy`.
    keys : ndarray of int64, shape (n, b)
        One column per place: keys at its entries, `contraction.FAR` elsewhere.
    """
    n, width = keys.shape
    for node in range(n - 1, -1, -1):
        for arc in range(up_start[node], up_start[node + 1]):
            head, cost = up_head[arc], up_key[arc]
            for k in range(width):
                keys[head, k] = min(keys[head, k], keys[node, k] + cost)
    for node in range(n):
        for arc in range(down_start[node], down_start[node + 1]):
            tail, cost = down_tail[arc], down_key[arc]
            for k in range(width):
                keys[node, k] = min(keys[node, k], keys[tail, k] + cost)
