"""Times at the nodes of a network of which a search reaches a small part: which part, and room that's used again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.networks import TransportNetwork
from ._search import NODE_BLOCK, UNREACHED, bucketed_times

#: Arrays of times that are kept for later searches; more threads than that make their own.
_MOST_KEPT: Final = 8
#: What was cleared, of any length. To fetch and fill the room of four million times takes longer than an hour's search.
_KEPT: Final[list[NDArray[np.int32]]] = []


@dataclass(frozen=True, eq=False)
class NodeTimes:
    """Times at a network's nodes, and where there are any.

    Attributes
    ----------
    time_ms : ndarray of int32, shape (n,)
        `UNREACHED` where there is none.
    block : ndarray of int64
        Blocks of `NODE_BLOCK` nodes, ascending: nodes of no other block are reached.
    """

    time_ms: NDArray[np.int32]
    block: NDArray[np.int64]


def node_times(time_ms: NDArray[np.int32]) -> NodeTimes:
    """Return times with the blocks of nodes that have any, which takes a look at all of them.

    Parameters
    ----------
    time_ms : ndarray of int32, shape (n,)
    """
    return NodeTimes(time_ms, _blocks_with_times(time_ms, int(UNREACHED)))


@contextmanager
def times_in_kept_room(
    network: TransportNetwork, node: NDArray[np.int64], time_ms: NDArray[np.int64], *, limit_ms: int
) -> Iterator[NodeTimes]:
    """Yield the times of a search over a network's arcs. They are of use until the context ends: their room is taken again.

    Parameters
    ----------
    network : TransportNetwork
    node, time_ms : ndarray of int64, shape (k,)
        Where the search starts, and the time already spent there.
    limit_ms : int
    """
    room = _room(network.n_nodes)
    times = room[: network.n_nodes]
    marked = np.zeros(network.n_nodes // NODE_BLOCK + 1, dtype=np.bool_)
    bucketed_times(
        network.arc_start,
        network.arc_head,
        network.arc_time_ms,
        node,
        time_ms,
        limit_ms,
        times,
        marked=marked,
    )
    found = NodeTimes(times, np.flatnonzero(marked))
    try:
        yield found
    finally:
        _clear(times, found.block, int(UNREACHED))
        if len(_KEPT) < _MOST_KEPT:
            _KEPT.append(room)


def _room(n_nodes: int) -> NDArray[np.int32]:
    """Return room for so many times or more, `UNREACHED` everywhere; what is too short is let go."""
    while _KEPT:
        try:
            room = _KEPT.pop()
        except IndexError:  # another thread was quicker
            break
        if len(room) >= n_nodes:
            return room
    return np.full(n_nodes, UNREACHED, dtype=np.int32)


@compiled
def _blocks_with_times(
    time_ms: NDArray[np.int32], unreached: int
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    found = np.empty(len(time_ms) // NODE_BLOCK + 1, dtype=np.int64)
    n = 0
    # unsigned numbers need no look at whether they count from the end
    n_nodes, first, end = np.uint64(len(time_ms)), np.uint64(0), np.uint64(0)
    while first < n_nodes:
        end = min(first + np.uint64(NODE_BLOCK), n_nodes)
        least = time_ms[first]
        for k in range(end - first):
            least = min(least, time_ms[first + k])
        found[n] = first // np.uint64(NODE_BLOCK)
        n += least < unreached
        first = end
    return found[:n].copy()


@compiled
def _clear(
    time_ms: NDArray[np.int32], block: NDArray[np.int64], unreached: int
) -> None:  # pragma: no cover - compiled
    for k in range(len(block)):
        first = block[k] * NODE_BLOCK
        time_ms[first : min(first + NODE_BLOCK, len(time_ms))] = unreached
