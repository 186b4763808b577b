"""Roads and a timetable laid out together: ways to stations, arrivals by train, what a window of departures gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geo.checks import require_number
from ...geo.compiling import compiled
from ...geo.errors import InputError, InputTypeError
from ...geo.networks import TransferRules
from ...geo.timetables import Timetable, require_window
from ._connections import FAR_S, Arrivals, Connections, arrivals, connections
from ._departures import LONGEST_S, STEP_S
from ._matrices import od_matrix
from ._origins import origin_list, require_network


def _require_timetable(timetable: object) -> Timetable:
    if not isinstance(timetable, Timetable):
        raise InputTypeError(
            f"'timetable' should be a Timetable, got {type(timetable).__name__}; make one with timetable(path)"
        )
    return timetable


def _require_rules(rules: object) -> TransferRules:
    if rules is None:
        return TransferRules()
    if not isinstance(rules, TransferRules):
        raise InputTypeError(f"'rules' should be TransferRules, got {type(rules).__name__}")
    return rules


def require_percentiles(percentiles: object) -> tuple[float, ...]:
    if isinstance(percentiles, str) or not isinstance(percentiles, Iterable):
        raise InputTypeError(f"'percentiles' should be numbers such as (10, 50, 90), got {percentiles!r}")
    asked = [require_number(p, "percentiles", minimum=0, maximum=100) for p in percentiles]
    if len(set(asked)) < len(asked):
        raise InputError(f"'percentiles' should each be given once, got {asked}")
    return tuple(asked)


@dataclass(frozen=True, eq=False)
class Egress:
    """The ways from stations' trains to destinations.

    Attributes
    ----------
    start : ndarray of int64, shape (destinations + 1,)
        Those to destination ``k`` are ``start[k]:start[k + 1]``.
    station, seconds : ndarray of int64, shape (ways,)
    """

    start: NDArray[np.int64]
    station: NDArray[np.int64]
    seconds: NDArray[np.int64]


class RoadsAndTrains:
    """Roads and trains laid out for one origin after the other."""

    def __init__(
        self,
        network: object,
        timetable: object,
        *,
        rules: object,
        window: object,
        window_argument: str = "window",
        station_reach_min: object,
        between_stations_min: object,
    ) -> None:
        self.network = require_network(network)
        trains = _require_timetable(timetable)
        allowed = _require_rules(rules)
        self.first_s, self.end_s = require_window(window, window_argument)
        self.reach_s = 60 * require_number(station_reach_min, "station_reach_min", minimum=0)
        between_s = 60 * require_number(between_stations_min, "between_stations_min", minimum=0)
        self.stations = trains.stations[["geometry"]]
        self.boarding_s, self.alighting_s = (
            round(allowed.boarding_min * 60),
            round(allowed.alighting_min * 60),
        )
        self.change_s = round(allowed.transfer_min * 60)
        self.walks = self._walks(between_s)
        self.connections: Connections = connections(trains, change_s=self.change_s, walks=self.walks)

    @property
    def last_s(self) -> int:
        """The last moment of setting out."""
        return self.end_s - STEP_S

    def road_s(
        self, origins: Any, destinations: Any, *, off_network: str = "unreachable"
    ) -> NDArray[np.float64]:
        """Return seconds by road between places, infinite where there is no way, shape (origins, destinations)."""
        starts = origin_list(origins)
        found = od_matrix(self.network, origins, destinations, off_network=off_network)  # type: ignore[arg-type] # checked
        minutes = found["travel_time_min"].to_numpy().reshape(len(starts), -1)
        seconds: NDArray[np.float64] = np.where(np.isfinite(minutes), np.rint(minutes * 60), np.inf)
        return seconds

    def _walks(self, limit_s: float) -> NDArray[np.int64]:
        """Return ways from station to station by road: both, and the seconds from train to train."""
        seconds = self.road_s(self.stations, self.stations)
        np.fill_diagonal(seconds, np.inf)
        a, b = np.nonzero(seconds <= limit_s)
        whole = seconds[a, b].astype(np.int64) + self.alighting_s + self.boarding_s
        return np.column_stack([a, b, whole]).astype(np.int64)

    def access_s(self, origins: Any) -> NDArray[np.int32]:
        """Return seconds from origins to the trains of stations, `FAR_S` beyond reach."""
        seconds = self.road_s(origins, self.stations)
        within = seconds <= self.reach_s
        return np.where(within, np.where(within, seconds, 0) + self.boarding_s, FAR_S).astype(np.int32)

    def egress(self, destinations: Any) -> Egress:
        """Return from which stations each destination is reached."""
        seconds = self.road_s(self.stations, destinations).T
        end, station = np.nonzero(seconds <= self.reach_s)
        start = np.searchsorted(end, np.arange(len(seconds) + 1))
        return Egress(start, station, seconds[end, station].astype(np.int64) + self.alighting_s)

    def arrivals(self, access_s: NDArray[np.int32]) -> Arrivals:
        """Return arrivals at stations from an origin."""
        until = self.last_s + LONGEST_S
        return arrivals(self.connections, access_s, first_s=self.first_s, last_s=self.last_s, until_s=until)

    def statistics(
        self,
        found: Arrivals,
        egress: Egress,
        road_s: NDArray[np.float64],
        *,
        percentiles: Sequence[float],
        within_min: Sequence[float] = (),
    ) -> NDArray[np.float64]:
        """Return what the departures of the window give, by destination.

        Parameters
        ----------
        found : Arrivals
            From the origin.
        egress : Egress
            To the destinations.
        road_s : ndarray of float64, shape (n,)
            The whole way by road, infinite where there is none.
        percentiles, within_min : sequence of float

        Returns
        -------
        ndarray of float64, shape (n, 4 + percentiles + limits)
            Seconds by road, fastest, planned, the percentiles; share by train, shares within the limits.
        """
        departures = (self.end_s - self.first_s) // STEP_S
        rank = [max(math.ceil(round(p / 100 * departures, 6)) - 1, 0) for p in percentiles]
        limits = [round(minutes * 60) for minutes in within_min]
        rows: NDArray[np.float64] = _statistics(
            found.start,
            found.arrive_s,
            found.set_out_s,
            egress.start,
            egress.station,
            egress.seconds,
            road_s,
            self.first_s,
            departures,
            np.array(rank, dtype=np.int64),
            np.array(limits, dtype=np.int64),
        )
        return rows


@compiled
def _statistics(
    start: NDArray[np.int64],
    arrive_s: NDArray[np.int32],
    set_out_s: NDArray[np.int32],
    end_start: NDArray[np.int64],
    end_station: NDArray[np.int64],
    end_s: NDArray[np.int64],
    road_s: NDArray[np.float64],
    first_s: int,
    departures: int,
    rank: NDArray[np.int64],
    limits_s: NDArray[np.int64],
) -> NDArray[np.float64]:  # pragma: no cover - compiled
    """Per destination: road, fastest, planned, percentiles (s); share by train, shares within limits."""
    n = len(road_s)
    out = np.empty((n, 4 + len(rank) + len(limits_s)))
    arrive = np.empty(departures)
    leave = np.empty(departures)
    taken = np.empty(departures)
    planned = np.empty(departures)
    last_s = first_s + 60 * (departures - 1)
    middle = max(int(np.ceil(0.5 * departures)) - 1, 0)
    for j in range(n):
        arrive[:] = np.inf
        leave[:] = -np.inf
        road = road_s[j]
        fastest = road
        for e in range(end_start[j], end_start[j + 1]):
            s, egress = end_station[e], end_s[e]
            for k in range(start[s], start[s + 1]):
                at = arrive_s[k] + egress
                # the last departure that may still set out for it
                m = min((set_out_s[k] - first_s) // 60, departures - 1)
                if at < arrive[m] or (at == arrive[m] and set_out_s[k] > leave[m]):
                    arrive[m], leave[m] = at, set_out_s[k]
                if set_out_s[k] <= last_s:
                    fastest = min(fastest, float(at - set_out_s[k]))
        trains = 0
        for m in range(departures - 1, -1, -1):
            if m + 1 < departures and arrive[m + 1] <= arrive[m]:
                arrive[m], leave[m] = arrive[m + 1], leave[m + 1]
            now = first_s + 60 * m
            if arrive[m] < now + road:
                trains += 1
                taken[m], planned[m] = arrive[m] - now, arrive[m] - leave[m]
            else:
                taken[m] = planned[m] = road
            fastest = min(fastest, taken[m])
            if taken[m] > LONGEST_S:
                taken[m] = np.inf
            if planned[m] > LONGEST_S:
                planned[m] = np.inf
        out[j, 0], out[j, 1] = road, fastest
        first_share = 3 + len(rank)
        out[j, first_share] = trains / departures
        if trains:
            taken.sort()
            planned.sort()
        out[j, 2] = planned[middle]
        for k in range(len(rank)):
            out[j, 3 + k] = taken[rank[k]]
        for k in range(len(limits_s)):
            out[j, first_share + 1 + k] = np.searchsorted(taken, limits_s[k], side="right") / departures
    return out
