"""One sweep through a timetable's calls: for each arrival, how late one may have set out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...geo.compiling import compiled
from ...geo.timetables import Timetable

#: Nobody can be here.
NEVER: Final = -(2**31)
#: A time that no journey ends at.
FAR_S: Final = 2**31 - 1


@dataclass(frozen=True, eq=False)
class Connections:
    """A timetable laid out for the sweep.

    A connection is a train's way from one call to the next. What happens in order of time is that connections leave,
    and that those who came by one are ready to leave from a station: their own after a change, or one that they reach
    by road.

    Attributes
    ----------
    n_stations, n_runs : int
    origin, target : ndarray of int32, shape (connections,)
        Stations.
    leave_s, arrive_s : ndarray of int32, shape (connections,)
    run : ndarray of int32, shape (connections,)
    board, alight : ndarray of bool, shape (connections,)
    event : ndarray of int32, shape (events,)
        The connection; those that leave as ``-1 - connection``.
    event_station : ndarray of int32, shape (events,)
        Where one is ready to leave.
    event_time_s : ndarray of int32, shape (events,)
    """

    n_stations: int
    n_runs: int
    origin: NDArray[np.int32]
    target: NDArray[np.int32]
    leave_s: NDArray[np.int32]
    arrive_s: NDArray[np.int32]
    run: NDArray[np.int32]
    board: NDArray[np.bool_]
    alight: NDArray[np.bool_]
    event: NDArray[np.int32]
    event_station: NDArray[np.int32]
    event_time_s: NDArray[np.int32]


def connections(timetable: Timetable, *, change_s: int, walks: NDArray[np.int64]) -> Connections:
    """Lay out a timetable.

    Parameters
    ----------
    timetable : Timetable
    change_s : int
        From one train to another in a station, seconds; less than a second counts as one.
    walks : ndarray of int64, shape (walks, 3)
        From one station to another: both, and the seconds from train to train. Ways over several stations have to be
        among them.
    """
    calls = timetable.calls
    run = calls["run"].to_numpy()
    first = np.flatnonzero(run[1:] == run[:-1])
    station, arrive, depart = (calls[name].to_numpy() for name in ("station", "arrive_s", "depart_s"))
    origin, target = station[first], station[first + 1]
    leave, come = depart[first], arrive[first + 1]
    board, alight = calls["board"].to_numpy()[first], calls["alight"].to_numpy()[first + 1]
    n = len(first)
    number = np.arange(n, dtype=np.int64)
    # ready at the own station, and at those that can be reached from it
    change = max(int(change_s), 1)
    order = np.argsort(walks[:, 0], kind="stable")
    by_station = walks[order]
    start = np.searchsorted(by_station[:, 0], np.arange(len(timetable.stations) + 1))
    count = np.where(alight, start[target + 1] - start[target], 0)
    of = np.repeat(number, count)
    offset = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    walk = by_station[start[target[of]] + offset]
    getting_off = number[alight]
    event = np.concatenate([getting_off, of, -1 - number])
    where = np.concatenate([target[getting_off], walk[:, 1], origin])
    when = np.concatenate([come[getting_off] + change, come[of] + np.maximum(walk[:, 2], 1), leave])
    # of equal times those who come are ready before trains leave; a run's calls keep their order
    leaves = event < 0
    key = np.lexsort((np.where(leaves, -1 - event, event), leaves, when))
    return Connections(
        n_stations=len(timetable.stations),
        n_runs=len(timetable.runs),
        origin=origin.astype(np.int32),
        target=target.astype(np.int32),
        leave_s=leave.astype(np.int32),
        arrive_s=come.astype(np.int32),
        run=run[first].astype(np.int32),
        board=board,
        alight=alight,
        event=event[key].astype(np.int32),
        event_station=where[key].astype(np.int32),
        event_time_s=when[key].astype(np.int32),
    )


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Arrivals at stations that no other beats: who sets out later arrives later.

    Attributes
    ----------
    start : ndarray of int64, shape (stations + 1,)
        Those of station ``k`` are ``start[k]:start[k + 1]``, in order of time.
    arrive_s : ndarray of int32, shape (arrivals,)
        When the train arrives.
    set_out_s : ndarray of int32, shape (arrivals,)
        The latest moment to set out for it.
    """

    start: NDArray[np.int64]
    arrive_s: NDArray[np.int32]
    set_out_s: NDArray[np.int32]


def arrivals(
    timetable: Connections, access_s: NDArray[np.int32], *, first_s: int, last_s: int, until_s: int
) -> Arrivals:
    """Sweep once for all moments of setting out between two.

    Parameters
    ----------
    timetable : Connections
    access_s : ndarray of int32, shape (stations,)
        From the origin to a platform; `FAR_S` where it isn't reached.
    first_s, last_s : int
        Between which one sets out; an arrival may be kept that lets one set out later still.
    until_s : int
        Trains that leave later aren't looked at.

    Notes
    -----
    A connection scan (Dibbelt and others 2018) whose labels are turned round: instead of a profile of arrivals per
    departure, each run and each station carries the latest moment at which one may have set out to be there by now.
    That is one number, since who sets out earlier can wait; so one sweep answers every departure.

    References
    ----------
    Dibbelt, J., Pajor, T., Strasser, B., Wagner, D. (2018). Connection scan algorithm. ACM Journal of Experimental
    Algorithmics 23, 1.7.
    """
    connection, set_out = _sweep(
        timetable.event,
        timetable.event_station,
        timetable.event_time_s,
        timetable.origin,
        timetable.leave_s,
        timetable.run,
        timetable.board,
        timetable.alight,
        np.full(timetable.n_runs, NEVER, dtype=np.int32),
        np.full(timetable.n_stations, NEVER, dtype=np.int32),
        access_s,
        first_s,
        until_s,
    )
    station, arrive = timetable.target[connection], timetable.arrive_s[connection]
    order = np.lexsort((-set_out.astype(np.int64), arrive, station))
    station, arrive, set_out = station[order], arrive[order], set_out[order]
    kept = _undominated(station, set_out, last_s)
    station = station[kept]
    start = np.searchsorted(station, np.arange(timetable.n_stations + 1))
    return Arrivals(start.astype(np.int64), arrive[kept], set_out[kept])


@compiled
def _sweep(
    event: NDArray[np.int32],
    event_station: NDArray[np.int32],
    event_time_s: NDArray[np.int32],
    origin: NDArray[np.int32],
    leave_s: NDArray[np.int32],
    run: NDArray[np.int32],
    board: NDArray[np.bool_],
    alight: NDArray[np.bool_],
    on_run: NDArray[np.int32],
    at_station: NDArray[np.int32],
    access_s: NDArray[np.int32],
    first_s: int,
    until_s: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:  # pragma: no cover - compiled
    on_connection = np.full(len(leave_s), NEVER, dtype=np.int32)
    found = np.empty(len(leave_s), dtype=np.int32)
    n = 0
    for k in range(np.searchsorted(event_time_s, first_s), len(event)):
        if event_time_s[k] > until_s:
            break
        if event[k] >= 0:
            latest = on_connection[event[k]]
            at_station[event_station[k]] = max(at_station[event_station[k]], latest)
            continue
        c = -1 - event[k]
        latest = on_run[run[c]]
        if board[c]:
            station = origin[c]
            latest = max(latest, at_station[station])
            if access_s[station] != FAR_S:
                own = leave_s[c] - access_s[station]
                if own >= first_s:
                    latest = max(latest, own)
            on_run[run[c]] = latest
        if latest == NEVER:
            continue
        on_connection[c] = latest
        if alight[c]:
            found[n] = c
            n += 1
    return found[:n], on_connection[found[:n]]


@compiled
def _undominated(
    station: NDArray[np.int32], set_out_s: NDArray[np.int32], last_s: int
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Which of arrivals, by station and in order of time, let one set out later than those before.

    Where one may already set out at the end of what is asked for, later arrivals don't matter.
    """
    kept = np.empty(len(station), dtype=np.int64)
    n = 0
    latest = NEVER
    for k in range(len(station)):
        if k == 0 or station[k] != station[k - 1]:
            latest = NEVER
        if set_out_s[k] > latest and latest < last_s:
            latest = set_out_s[k]
            kept[n] = k
            n += 1
    return kept[:n]
