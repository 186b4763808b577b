"""What the departures of a window take by road and by trains as they run, as one time at every node of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.derived import derived
from ...geo.networks import TransportNetwork
from ...geo.timetables import Timetable, TimetableNetwork, require_window
from ._connections import FAR_S, Arrivals, Connections, arrivals, connections
from ._prepared import times_over_arcs
from ._search import UNREACHED

#: Departures lie so far apart, s.
STEP_S: Final = 60
#: Whoever hasn't arrived so long after setting out counts as never arriving, s.
LONGEST_S: Final = 24 * 3600
#: Kinds of statistics, as the kernel has them; a percentile is any other.
_FASTEST, _MEAN, _PLANNED, _PERCENTILE = range(4)


@dataclass(frozen=True, eq=False)
class LaidOut:
    """A timetable network's trains, laid out for the sweep; as they run, or backwards for one that is turned.

    Attributes
    ----------
    connections : Connections
    come : ndarray of int64, shape (stations,)
        Nodes from which trains are got on.
    on_s, off_s : int
        From there to the train, and from the train to the nodes of the ways, seconds.
    start : ndarray of int64, shape (nodes + 1,)
        The ways from stations to node ``k`` are ``start[k]:start[k + 1]``.
    station, seconds : ndarray of int64, shape (ways,)
    """

    connections: Connections
    come: NDArray[np.int64]
    on_s: int
    off_s: int
    start: NDArray[np.int64]
    station: NDArray[np.int64]
    seconds: NDArray[np.int64]


@derived
def laid_out(network: TimetableNetwork) -> LaidOut:
    """Lay out a timetable network's trains, once."""
    rules = network.rules
    on_s, off_s = round(rules.boarding_min * 60), round(rules.alighting_min * 60)
    come, leave = network.entrance, network.way_out
    trains = network.timetable
    if network.backwards:
        on_s, off_s, come, leave, trains = off_s, on_s, leave, come, _turned(trains)
    reach_ms = round(60_000 * max(network.station_reach_min, network.between_stations_min))
    node, seconds, station, walks = [], [], [], []
    entrance_of = {int(node): k for k, node in enumerate(come)}
    for k, begin in enumerate(leave.tolist()):
        time_ms = times_over_arcs(network, np.array([begin]), np.zeros(1, np.int64), limit_ms=reach_ms)
        # somebody's own station leads to no other train than by a change
        reached = np.flatnonzero(time_ms != UNREACHED)
        taken = np.rint(time_ms[reached] / 1000).astype(np.int64)
        near = taken <= 60 * network.station_reach_min
        node.append(reached[near])
        seconds.append(taken[near])
        station.append(np.full(int(near.sum()), k, dtype=np.int64))
        walks += [
            (k, entrance_of[at], s + off_s + on_s)
            for at, s in zip(reached.tolist(), taken.tolist(), strict=True)
            if at in entrance_of and entrance_of[at] != k and s <= 60 * network.between_stations_min
        ]
    nodes = np.concatenate(node) if node else np.zeros(0, dtype=np.int64)
    order = np.argsort(nodes, kind="stable")
    start = np.searchsorted(nodes[order], np.arange(network.n_nodes + 1))
    nothing = np.zeros(0, dtype=np.int64)
    return LaidOut(
        connections=connections(
            trains,
            change_s=round(rules.transfer_min * 60),
            walks=np.array(walks, dtype=np.int64).reshape(-1, 3),
        ),
        come=come,
        on_s=on_s,
        off_s=off_s,
        start=start.astype(np.int64),
        station=np.concatenate([nothing, *station])[order],
        seconds=np.concatenate([nothing, *seconds])[order] + off_s,
    )


def _turned(timetable: Timetable) -> Timetable:
    """Return a timetable in which time runs backwards: trains leave where they came, and are got on where got off."""
    calls = timetable.calls.iloc[::-1].reset_index(drop=True)
    turned = pd.DataFrame(
        {
            "run": calls["run"],
            "station": calls["station"],
            "arrive_s": -calls["depart_s"],
            "depart_s": -calls["arrive_s"],
            "board": calls["alight"],
            "alight": calls["board"],
        }
    )
    return Timetable(timetable.date, timetable.stations, timetable.runs, turned, timetable.provenance)


def departures_ms(
    network: TimetableNetwork,
    node: NDArray[np.int64],
    time_ms: NDArray[np.int64],
    *,
    limit_ms: int,
    at: NDArray[np.int64] | None = None,
) -> NDArray[np.int32]:
    """Return what a network's statistic says of its departures at every node, ms.

    Parameters
    ----------
    network : TimetableNetwork
    node, time_ms : ndarray of int64, shape (k,)
        Where one comes onto the network, and the time already spent there; on a turned network where one leaves it.
    limit_ms : int
        More than this isn't reached.
    at : ndarray of int64, optional
        The nodes that are asked for; the others have their times by road.

    Returns
    -------
    ndarray of int32, shape (nodes,)
        `UNREACHED` beyond the limit, and where the statistic is of departures that don't arrive.
    """
    kind, rank = _asked(network)
    laid = laid_out(network)
    # a mean takes in what is beyond the limit, and nobody waits for a train at home who is there sooner by road
    within = max(limit_ms, 1000 * LONGEST_S) if kind in (_MEAN, _PLANNED) else limit_ms
    road_ms = times_over_arcs(network, node, time_ms, limit_ms=within)
    come_ms = road_ms[laid.come]
    come_s = np.rint(come_ms / 1000)
    near = (come_ms != UNREACHED) & (come_s <= 60 * network.station_reach_min)
    access_s = np.where(near, np.where(near, come_s, 0) + laid.on_s, FAR_S).astype(np.int32)
    first_s, end_s = require_window(network.window)
    last_s = end_s - STEP_S
    if network.backwards:
        sweep = {"first_s": -(last_s + LONGEST_S), "last_s": -first_s + 1, "until_s": -first_s}
    else:
        sweep = {"first_s": first_s, "last_s": last_s, "until_s": last_s + LONGEST_S}
    found = arrivals(laid.connections, access_s, **sweep)
    # whoever comes to a station by road is there as well, and trains have to be better than that
    beside_ms = road_ms.copy()
    beside_ms[network.hall] = np.minimum(road_ms[network.hall], come_ms)
    out = _statistic(
        found.start, found.arrive_s, found.set_out_s,
        _least_s(found), laid.start, laid.station, laid.seconds, road_ms, beside_ms,
        np.arange(network.n_nodes) if at is None else at,
        first_s, (end_s - first_s) // STEP_S, kind, rank, limit_ms, network.backwards, int(UNREACHED),
    )  # fmt: skip
    return np.where(out > limit_ms, UNREACHED, out)


def _asked(network: TimetableNetwork) -> tuple[int, int]:
    """Return the kind of a network's statistic, and for a percentile which of the departures in order it is."""
    first_s, end_s = require_window(network.window)
    departures = (end_s - first_s) // STEP_S
    kinds = {"fastest": _FASTEST, "mean": _MEAN, "planned": _PLANNED}
    share = 50.0 if network.statistic in kinds else float(network.statistic[1:])
    rank = max(math.ceil(round(share / 100 * departures, 6)) - 1, 0)
    return kinds.get(network.statistic, _PERCENTILE), rank


def _least_s(found: Arrivals) -> NDArray[np.int64]:
    """Return the least seconds from setting out to the arrival at each station, `FAR_S` where there is none."""
    taken = np.append(found.arrive_s.astype(np.int64) - found.set_out_s, FAR_S)
    least = np.minimum.reduceat(taken, np.minimum(found.start[:-1], len(taken) - 1))
    return np.where(np.diff(found.start) > 0, least, FAR_S)


@compiled
def _statistic(
    start: NDArray[np.int64],
    arrive_s: NDArray[np.int32],
    set_out_s: NDArray[np.int32],
    least_s: NDArray[np.int64],
    way_start: NDArray[np.int64],
    way_station: NDArray[np.int64],
    way_s: NDArray[np.int64],
    road_ms: NDArray[np.int32],
    beside_ms: NDArray[np.int32],
    at: NDArray[np.int64],
    first_s: int,
    departures: int,
    kind: int,
    rank: int,
    limit_ms: int,
    backwards: bool,  # noqa: FBT001 - compiled
    unreached: int,
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    out = road_ms.copy()
    arrive = np.empty(departures)
    leave = np.empty(departures)
    taken = np.empty(departures)
    last_s = first_s + 60 * (departures - 1)
    for node in at:
        road = np.inf if beside_ms[node] == unreached else beside_ms[node] / 1000
        # for the fastest and percentiles nothing slower than the limit matters
        most = min(road, limit_ms / 1000) if kind in (0, 3) else road
        fastest = np.inf
        trains = False
        for way in range(way_start[node], way_start[node + 1]):
            s, more = way_station[way], way_s[way]
            if least_s[s] + more >= road or least_s[s] + more > most or least_s[s] == 2147483647:
                continue
            if not trains:
                trains = True
                arrive[:] = np.inf
                leave[:] = -np.inf
            for k in range(start[s], start[s + 1]):
                if backwards:
                    then, begin = -np.int64(set_out_s[k]), -np.int64(arrive_s[k]) - more
                else:
                    then, begin = np.int64(arrive_s[k]) + more, np.int64(set_out_s[k])
                if begin < first_s:
                    continue
                if begin <= last_s:
                    fastest = min(fastest, float(then - begin))
                # the last departure that may still set out for it
                m = min((begin - first_s) // 60, departures - 1)
                if then < arrive[m] or (then == arrive[m] and begin > leave[m]):
                    arrive[m], leave[m] = then, begin
        if not trains:
            continue
        total = 0.0
        for m in range(departures - 1, -1, -1):
            if m + 1 < departures and arrive[m + 1] <= arrive[m]:
                arrive[m], leave[m] = arrive[m + 1], leave[m + 1]
            now = first_s + 60 * m
            if arrive[m] < now + road:
                fastest = min(fastest, arrive[m] - now)
                taken[m] = arrive[m] - leave[m] if kind == 2 else arrive[m] - now
            else:
                taken[m] = road
            if taken[m] > 86400:
                taken[m] = np.inf
            total += taken[m]
        if kind == 0:
            value = min(fastest, road)
        elif kind == 1:
            value = total / departures
        else:
            value = np.partition(taken, rank)[rank]
        if value < road and value * 1000 <= limit_ms:
            out[node] = np.int32(np.rint(value * 1000))
    return out


def told_of(network: TransportNetwork) -> dict[str, str]:
    """Return what results say of a network's departures: ``statistic, window``; nothing where there are none."""
    if not isinstance(network, TimetableNetwork):
        return {}
    return {"statistic": network.statistic, "window": "-".join(network.window)}


def with_departures_told(frame: Any, network: TransportNetwork) -> Any:
    """Return a table with the columns ``statistic, window`` if it's of a timetable network, else the table itself."""
    told = told_of(network)
    return frame.assign(**told) if told else frame
