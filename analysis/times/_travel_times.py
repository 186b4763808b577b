"""Travel times and distances between places over a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.networks import Access, TransportNetwork, past_no_node
from .. import schemas
from ._departures import told_of
from ._origins import Origin, each, enter, limit_to_ms, origin_list, require_network, search
from ._search import UNREACHED, Wanted, shortest_times_and_lengths
from ._tables import cut_attrs


def travel_times(
    network: TransportNetwork,
    origins: Any,
    destinations: Any,
    *,
    limit_min: float | None = None,
    workers: int | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Compute the travel time and distance from every origin to every destination.

    t is defined as for `isochrones`: access, the shortest time on the network, egress; or
    straight off the network where that is faster and within its reach. Exact to a millisecond per
    link: no surface is involved.

    Parameters
    ----------
    network : TransportNetwork
    origins, destinations : GeoDataFrame, Place, name, adcode, (lon, lat), or a list of these
    limit_min : float, optional
        Journeys longer than this count as unreachable.
    workers : int, optional
        Threads; one per processor when left out.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    pandas.DataFrame
        ``from_id, to_id, travel_time_min, distance_km``, origins in order and, for each, the
        destinations in order; NaN where unreachable. The distance is that of the fastest
        journey, off-network parts included; NaN where a timetable network's trains are used. `attrs` says up to
        which time it holds all, and on a timetable network ``statistic`` and ``window``.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingCRSError
        If an argument can't be used.
    UnknownPlaceError, AmbiguousPlaceError
        If a name isn't that of exactly one place.
    OffNetworkError
        If an origin or a destination is farther from the network than its reach.

    See Also
    --------
    isochrones

    References
    ----------
    Dijkstra, E. W. (1959). A note on two problems in connexion with graphs. Numerische
    Mathematik 1, 269-271.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> float(br.travel_times(road, (106.5, 29.5), (106.6, 29.5))["travel_time_min"][0])
    10.0
    """
    checked = require_network(network)
    limit = limit_to_ms(limit_min, "limit_min")
    starts = origin_list(origins)
    ends = origin_list(destinations, argument="destinations")
    targets = Targets.of([enter(checked.reverse, end) for end in ends], [end.xyz for end in ends])

    def row(origin: Origin) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return times_from(checked, origin, targets, limit_ms=limit)

    found = list(each(row, starts, progress=progress, label="travel times", workers=workers))
    minutes = np.concatenate([time for time, _ in found]) / 60_000
    km = np.concatenate([length for _, length in found]) / 1000
    frame = pd.DataFrame(
        {
            "from_id": np.repeat([start.id for start in starts], len(ends)),
            "to_id": np.tile([end.id for end in ends], len(starts)),
            "travel_time_min": np.where(np.isfinite(minutes), minutes, np.nan),
            "distance_km": np.where(np.isfinite(minutes), km, np.nan),
        }
    )
    frame = frame.astype(dict(schemas.TRAVEL_TIMES))
    frame.attrs.update(cut_attrs(starts, ends, limit_min=None if limit_min is None else float(limit_min)))
    frame.attrs.update(told_of(checked))
    return frame


@dataclass(frozen=True, eq=False)
class Targets:
    """Points to be routed to, and the ways from the network to them.

    Attributes
    ----------
    xyz : ndarray of float64, shape (n, 3)
        Earth-centred metres.
    start : ndarray of int64, shape (n + 1,)
        The ways to target ``k`` are ``start[k]:start[k + 1]``; none where the network is out of reach.
    node, time_ms : ndarray of int64, shape (ways,)
        Where the network is left, and the time from there.
    length_m : ndarray of float64, shape (ways,)
    """

    xyz: NDArray[np.float64]
    start: NDArray[np.int64]
    node: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    length_m: NDArray[np.float64]

    @property
    def ways(self) -> Wanted:
        """The ways, as a search takes them that ends when the times to all points are known."""
        return self.start, self.node, self.time_ms

    @classmethod
    def of(cls, ways: Sequence[Access], xyz: Sequence[NDArray[np.float64]]) -> Targets:
        """Gather what `access` on the reversed network says of each point.

        Parameters
        ----------
        ways : sequence of Access
        xyz : sequence of ndarray of float64, shape (3,)
        """
        start = np.zeros(len(ways) + 1, dtype=np.int64)
        np.cumsum([len(way.node) for way in ways], out=start[1:])
        return cls(
            np.asarray(xyz, dtype=np.float64).reshape(-1, 3),
            start,
            np.concatenate([np.zeros(0, dtype=np.int64), *(way.node for way in ways)]),
            np.concatenate([np.zeros(0, dtype=np.int64), *(way.time_ms for way in ways)]),
            np.concatenate([np.zeros(0), *(way.length_m for way in ways)]),
        )


def times_from(
    network: TransportNetwork, origin: Origin, targets: Targets, *, limit_ms: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return time in ms and length in m from an origin to every target; infinite where unreachable.

    Parameters
    ----------
    network : TransportNetwork
        Its reverse, for the way to the origin with the ways of the targets turned round as well.
    origin : Origin
    targets : Targets
    limit_ms : int
        Journeys longer than this count as unreachable.

    Raises
    ------
    OffNetworkError
        If the origin is farther from the network than its reach.
    """
    entry = enter(network, origin)
    time_ms = np.full(network.n_nodes, UNREACHED, dtype=np.int32)
    length_m = np.full(network.n_nodes, np.inf)
    shortest_times_and_lengths(
        network.arc_start,
        network.arc_head,
        network.arc_time_ms,
        network.arc_length_m,
        entry.node,
        entry.time_ms,
        entry.length_m,
        limit_ms,
        time_ms,
        length_m,
        None if network.is_scheduled else targets.ways,
    )
    if network.is_scheduled:
        by_road, time_ms = time_ms, search(network, entry, limit_ms=limit_ms, wanted=targets.ways)
        length_m[time_ms < by_road] = np.nan  # departures take different ways
    times, lengths = _leave(
        targets.start, targets.node, targets.time_ms, targets.length_m, time_ms, length_m, int(UNREACHED)
    )
    beside, straight = past_no_node(network, entry.pieces, origin.xyz, targets.xyz)
    faster = (beside < times) | ((beside == times) & (straight < lengths))
    times, lengths = np.where(faster, beside, times), np.where(faster, straight, lengths)
    beyond = times > limit_ms
    return np.where(beyond, np.inf, times), np.where(beyond, np.inf, lengths)


@compiled
def _leave(
    start: NDArray[np.int64],
    node: NDArray[np.int64],
    egress_ms: NDArray[np.int64],
    egress_m: NDArray[np.float64],
    time_ms: NDArray[np.int32],
    length_m: NDArray[np.float64],
    unreached: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # pragma: no cover - compiled
    n = len(start) - 1
    times = np.full(n, np.inf)
    lengths = np.full(n, np.inf)
    for k in range(n):
        for way in range(start[k], start[k + 1]):
            at = node[way]
            if time_ms[at] == unreached:
                continue
            total = float(time_ms[at] + egress_ms[way])
            long = length_m[at] + egress_m[way]
            if total < times[k] or (total == times[k] and long < lengths[k]):
                times[k], lengths[k] = total, long
    return times, lengths
