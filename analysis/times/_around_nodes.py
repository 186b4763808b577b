"""What is left of a network where only the times between some of its nodes matter: a fiftieth of it, for many searches.

Streets have ten and more nodes for each that a journey between two of a few thousand places needs. All others that have
few neighbours are removed, with arcs in their place that take as long. Times are whole milliseconds, so that
those between the nodes that stay are the same to the bit.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...geo.derived import derived
from ...geo.networks import TransportNetwork
from ._contraction import contract
from ._origins import NO_LIMIT_MS
from ._search import UNREACHED, bucketed_times

#: Nodes with more neighbours stay: what removing them would add takes longer to search than they do.
_MOST_NEIGHBOURS: Final = 16
#: So many searches all over a network take longer than removing what they don't need.
MANY_SEARCHES: Final = 16
#: Of a network with fewer nodes than that for each that is asked for, too much would stay.
_NODES_PER_ASKED: Final = 8

#: Start, head and milliseconds of arcs in CSR form.
Arcs: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class AroundNodes:
    """Some nodes of a network, those that stay beside them, and arcs with the times between these.

    Attributes
    ----------
    number : ndarray of int32, shape (n,)
        New number of each of the network's nodes, -1 for those that were removed. They keep their order.
    n_nodes : int
        How many are left.
    tail, head, time_ms : ndarray of int32, shape (arcs,)
        By new numbers, rising by tail; of arcs between the same nodes the fastest, none from a node to itself.
    """

    number: NDArray[np.int32]
    n_nodes: int
    tail: NDArray[np.int32]
    head: NDArray[np.int32]
    time_ms: NDArray[np.int32]

    @derived
    def there(self) -> Arcs:
        """All arcs from tails to heads, as `arcs` gives them."""
        return self.arcs()

    @derived
    def back(self) -> Arcs:
        """All arcs from heads to tails."""
        return self.arcs(turned=True)

    def arcs(self, keep: NDArray[np.bool_] | None = None, *, turned: bool = False) -> Arcs:
        """Return start, head and time of arcs in CSR form, as searches take them.

        Parameters
        ----------
        keep : ndarray of bool, shape (arcs,), optional
            Those that are wanted.
        turned : bool
            Whether from heads to tails.
        """
        chosen = slice(None) if keep is None else np.flatnonzero(keep)
        tail, head, time = self.tail[chosen], self.head[chosen], self.time_ms[chosen]
        if turned:
            order = np.argsort(head, kind="stable")
            tail, head, time = head[order], tail[order], time[order]
        start = np.zeros(self.n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(tail, minlength=self.n_nodes), out=start[1:])
        return start, head, time


def around_nodes(
    n: int,
    tail: NDArray[np.int32],
    head: NDArray[np.int32],
    time_ms: NDArray[np.int32],
    stays: NDArray[np.int64],
) -> AroundNodes:
    """Return what is left of a network around some of its nodes.

    Parameters
    ----------
    n : int
        Number of nodes.
    tail, head, time_ms : ndarray of int32, shape (m,)
        Arcs.
    stays : ndarray of int64
        The nodes between which times are asked for.
    """
    asked = np.zeros(n, dtype=bool)
    asked[stays] = True
    order, start, degree, other, there, _ = contract(
        n, tail, head, time_ms.astype(np.int64), asked, _MOST_NEIGHBOURS
    )
    left = np.ones(n, dtype=bool)
    left[order] = False
    nodes = np.flatnonzero(left)
    number = np.full(n, -1, dtype=np.int32)
    number[nodes] = np.arange(len(nodes), dtype=np.int32)
    degree = degree[nodes]
    begin = np.cumsum(degree) - degree
    at = np.repeat(start[nodes] - begin, degree) + np.arange(degree.sum())
    at_tail = np.repeat(np.arange(len(nodes), dtype=np.int32), degree)
    usable = there[at] <= NO_LIMIT_MS
    at = at[usable]
    return AroundNodes(number, len(nodes), at_tail[usable], number[other[at]], there[at].astype(np.int32))


class _Kept:
    """What was left of a network the last time it was asked for."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.asked = np.zeros(0, dtype=np.int64)
        self.left: AroundNodes | None = None

    def holds(self, nodes: NDArray[np.int64]) -> bool:
        return self.left is not None and bool((self.left.number[nodes] >= 0).all())


@derived
def _kept(_network: TransportNetwork) -> _Kept:
    return _Kept()


def is_kept_around(network: TransportNetwork, nodes: NDArray[np.int64]) -> bool:
    """Say whether `kept_around` has what is left of a network around some nodes already.

    Parameters
    ----------
    network : TransportNetwork
    nodes : ndarray of int64
    """
    return _kept(network).holds(nodes)


def is_worth_it(network: TransportNetwork, nodes: NDArray[np.int64], *, searches: float) -> bool:
    """Say whether so many searches between some nodes of a network are sooner done on what is left around these.

    Parameters
    ----------
    network : TransportNetwork
    nodes : ndarray of int64
    searches : float
        All over the network; one that ends early counts by the share that it sees.
    """
    few = len(nodes) * _NODES_PER_ASKED <= network.n_nodes
    return is_kept_around(network, nodes) or (few and searches >= MANY_SEARCHES)


def kept_around(network: TransportNetwork, nodes: NDArray[np.int64]) -> AroundNodes:
    """Return what is left of a network around some nodes, and around those that were asked for before.

    Parameters
    ----------
    network : TransportNetwork
    nodes : ndarray of int64
    """
    kept = _kept(network)
    with kept.lock:
        if kept.left is None or not kept.holds(nodes):
            together = np.union1d(kept.asked, nodes)
            kept.asked = together if len(together) * _NODES_PER_ASKED <= network.n_nodes else nodes
            kept.left = around_nodes(
                network.n_nodes, network.arc_tail, network.arc_head, network.arc_time_ms, kept.asked
            )
        return kept.left


def times_around(
    arcs: Arcs,
    node: NDArray[np.int64] | NDArray[np.int32],
    time_ms: NDArray[np.int64] | NDArray[np.int32],
    *,
    limit_ms: int = NO_LIMIT_MS,
) -> NDArray[np.int32]:
    """Return the time at every node that is left in ms, `UNREACHED` where there is no way.

    Parameters
    ----------
    arcs : tuple of ndarray
        As `AroundNodes.arcs` gives them.
    node, time_ms : ndarray of int, shape (k,)
        Where the search starts, by new numbers, and the time already spent there.
    limit_ms : int
    """
    found = np.full(len(arcs[0]) - 1, UNREACHED, dtype=np.int32)
    if len(node):
        bucketed_times(*arcs, node.astype(np.int64), time_ms.astype(np.int64), limit_ms, found)
    return found
