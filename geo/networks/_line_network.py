"""A network of scheduled lines: its arcs, which trains run over them, call and run on, and what a journey waits for them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..checks import require_number
from ..errors import InputError
from ._links import Links
from ._network import TransportNetwork, build_network

#: The embedded tables hold the minutes of the fastest trains; a usual one takes so much longer for each station on the way
#: at which it calls: braking, standing, being overtaken. Fitted on the timetable of March 2016: data/build/calibrate_trains.py.
RAIL_STOP_MIN: Final = 5.5
#: How far their times from door to door are off: up to so many minutes, the root mean square of ln(true / modelled) where a
#: train runs without a change. Beyond the second, a night on the way, or none, makes some much longer or shorter.
RAIL_TIME_ERRORS: Final = ((120.0, 0.24), (360.0, 0.18), (math.inf, 0.25))
#: Of a journey's minutes on the way and of those of waiting, so much is one standard error. With these, two in three of all
#: pairs of the timetable that half reach within eight hours lie within one: 63 % with one or two trains a day on one line,
#: 68 to 83 % with more.
RAIL_RIDE_ERROR, RAIL_WAIT_ERROR = 0.05, 0.4
#: Of the trains that pass a station in the middle of a line, so many call there: median of the embedded tables.
_USUAL_SHARE: Final = 0.42
#: With so many departures a day, one waits half the headway however unevenly trains leave.
EVEN_PER_DAY: Final = 14.0
#: Length of a line whose trains bunch as their number alone says, km.
EVEN_KM: Final = 300.0
#: Most departures a day of a line at a station in the timetable on which waiting was fitted. Beyond, trains can't bunch more and
#: more, as one follows another at a distance: the wait stays the same share of the headway.
FITTED_PER_DAY: Final = 126.0
#: What it may hold beside: of the trains a day, those that call at its first and at its last station.
CALL_COLUMNS: Final = ("calls_from", "calls_to")
#: What a table of through trains must hold.
THROUGH_COLUMNS: Final = ("station_id", "line_a", "line_b")
#: What it may hold beside: the next station on either line, and the minutes that trains stay.
TURN_COLUMNS: Final = ("next_a", "next_b", "minutes")
#: What a table of the trains between two stations of a line must hold.
DIRECT_COLUMNS: Final = ("line_id", "from_station", "to_station", "trains_there", "trains_back")
#: Number of a station that has no section on the day asked for.
_NOWHERE: Final = -2


@dataclass(frozen=True, eq=False, repr=False)
class LineNetwork(TransportNetwork):
    """A network of scheduled lines; each arc's class is the line that it belongs to.

    What `join_networks` needs beside the arcs. Everything else is as in `TransportNetwork`.

    Attributes
    ----------
    departures_per_day : mapping of (int, int, str) to float
        Trains or flights per day from one node to the next on a line that one can get on, where known.
    passing_per_day : mapping of (int, int, str) to float
        Those that run over the section, whether they call at its ends or not; where some don't.
    arrivals_per_day : mapping of (int, int, str) to float
        Those of them that one can get off at the second node.
    direct_per_day : mapping of (int, int, str) to float
        Trains per day from a node to another of a line, neighbours or not, that call at both. A line of which any pair is
        here has none on the other pairs; of the other lines only those that call at each are known.
    ride_factor : float
        What trains take over what the arcs say: more than 1 where these are the minutes of the fastest.
    stop_min : float
        What a usual train takes longer for each station on the way at which it calls and the fastest don't, minutes.
    line_km : mapping of str to float
        Length of each line, where waiting depends on it (`TransferRules.wait_min`), km.
    through : frozenset of (int, str, str)
        Nodes where trains run on from one line to another, with the two lines in both orders.
    turns : mapping of (int, str, str) to tuple of (int, int, float)
        For a member of `through` whose trains don't run on from every direction into every other,
        or stay for a while: the node before on the first line, the node after on the second
        (-1: any), and the minutes that the train stays.
    """

    departures_per_day: Mapping[tuple[int, int, str], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    passing_per_day: Mapping[tuple[int, int, str], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    arrivals_per_day: Mapping[tuple[int, int, str], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    direct_per_day: Mapping[tuple[int, int, str], float] = field(default_factory=lambda: MappingProxyType({}))
    ride_factor: float = 1.0
    stop_min: float = 0.0
    line_km: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    through: frozenset[tuple[int, str, str]] = frozenset()
    turns: Mapping[tuple[int, str, str], tuple[tuple[int, int, float], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def calling_share(self, before: int, station: int, after: int, line: str) -> float:
        """Return the share of the trains that run past a station on a line that call there.

        Parameters
        ----------
        before, station, after : int
            Nodes: where the train comes from, the station, where it goes.
        line : str

        Returns
        -------
        float
            0.42, the median of the embedded tables, where trains aren't known.
        """
        shares = []
        for key, calling in (
            ((before, station, line), self.arrivals_per_day),
            ((station, after, line), self.departures_per_day),
        ):
            if (
                key in self.departures_per_day
            ):  # where all trains of a section call, its passing trains aren't kept
                shares.append(
                    calling[key] / self.passing_per_day[key] if key in self.passing_per_day else 1.0
                )
        return sum(shares) / len(shares) if shares else _USUAL_SHARE

    def stay_min(self, before: int, line: str, station: int, other: str, after: int) -> float | None:
        """Return how long trains stay where they run on from one line to another.

        Parameters
        ----------
        before, station, after : int
            Nodes: the one that the train comes from on `line`, where it runs on, and the next one
            on `other`.
        line, other : str

        Returns
        -------
        float or None
            Minutes beyond those of the sections; None where no train runs on.
        """
        if (station, line, other) not in self.through:
            return None
        turns = self.turns.get((station, line, other))
        if turns is None:
            return 0.0
        return min((stay for a, b, stay in turns if a in (-1, before) and b in (-1, after)), default=None)


@dataclass(frozen=True, kw_only=True)
class TransferRules:
    """What a journey spends outside the train or the plane.

    Waiting is half the headway, the hours of service over the departures per day, times
    ``(departures / 14 * sqrt(line_km / 300)) ** unevenness``: trains leave in bunches, the more so the more there
    are and the longer their line, as trains that run far leave within fewer hours of the day; where few
    run, one sets out by the timetable. The factor grows up to 126 departures, the most of a line at a station
    where it was fitted; a line of unknown length, and a planned one, counts as 300 km long. The wait is at most
    `max_wait_min`. Where not every train calls at the
    destination, what one would wait longer for those that do comes on top; where it is known how many call at both
    stations, one waits for these, at most twice as long. These are the assumptions of a
    result, and are written into the joined network's provenance; they were fitted on the timetable of March
    2016 (docs/rail-tables.md).

    Attributes
    ----------
    boarding_min : float
        From the station's door to the platform: ticket and security checks, stairs. Minutes.
    alighting_min : float
        From the platform to the station's door. Minutes.
    transfer_min : float
        From one line's platform to another's, in one station, before waiting. Minutes.
    through_min : float
        Staying aboard a train that runs on to another line, on top of what the table of through
        trains says. Minutes.
    through_wait_min : float
        Waiting longer for a train that runs on, where others end or run elsewhere. Minutes.
    service_day_h : float
        Hours per day in which trains or planes leave.
    unevenness : float
        How unevenly trains leave, as above; 0 for equal intervals. Planes' waits are half the headway.
    default_headway_min : float
        Headway where the departures per day aren't known. Minutes.
    max_wait_min : float
        Longest wait counted, and the longest for a train that calls at the destination. Minutes.
    air_boarding_min, air_alighting_min : float
        The same for airports. Minutes.
    air_default_headway_min, air_max_wait_min : float
        The same for flights. Minutes.
    station_access_kph : float, optional
        Speed from the road to a station, km/h; the road network's speed off the network when None.
    station_access_km : float, optional
        Farthest road that a station is reached from, km; the road network's reach when None.
    n_access_points : int
        How many of the nearest roads each station is tied to.

    Examples
    --------
    >>> rules = br.TransferRules(boarding_min=20)
    >>> rules.boarding_min, rules.default_headway_min
    (20, 60.0)
    >>> trains = br.join_networks(None, br.rail_network(), line_haul_only=True, rules=rules)
    """

    boarding_min: float = 10.0
    alighting_min: float = 5.0
    transfer_min: float = 10.0
    through_min: float = 0.0
    through_wait_min: float = 25.0
    service_day_h: float = 16.0
    unevenness: float = 0.2
    default_headway_min: float = 60.0
    max_wait_min: float = 120.0
    air_boarding_min: float = 60.0
    air_alighting_min: float = 20.0
    air_default_headway_min: float = 240.0
    air_max_wait_min: float = 60.0
    station_access_kph: float | None = None
    station_access_km: float | None = None
    n_access_points: int = 16

    def __post_init__(self) -> None:
        for name in (
            "boarding_min", "alighting_min", "transfer_min", "through_min", "through_wait_min",
            "max_wait_min", "air_boarding_min", "air_alighting_min", "air_max_wait_min",
        ):  # fmt: skip
            require_number(getattr(self, name), name, unit="minutes", minimum=0, maximum=24 * 60)
        for name in ("default_headway_min", "air_default_headway_min"):
            require_number(getattr(self, name), name, unit="minutes", above=0, maximum=7 * 24 * 60)
        require_number(self.service_day_h, "service_day_h", unit="hours", above=0, maximum=24)
        require_number(self.unevenness, "unevenness", minimum=0, maximum=0.9)
        if self.station_access_kph is not None:
            require_number(self.station_access_kph, "station_access_kph", unit="km/h", above=0, maximum=400)
        if self.station_access_km is not None:
            require_number(self.station_access_km, "station_access_km", unit="km", minimum=0, maximum=1000)
        if self.n_access_points < 1:
            raise InputError(f"'n_access_points' should be 1 or more, got {self.n_access_points!r}")

    def wait_min(
        self, departures_per_day: float | None, *, air: bool = False, line_km: float | None = None
    ) -> float:
        """Return the minutes of waiting for a line with so many departures per day, of this length if given.

        Examples
        --------
        >>> round(TransferRules().wait_min(64), 1), round(TransferRules().wait_min(5), 1)
        (10.2, 78.1)
        >>> round(TransferRules().wait_min(64, line_km=100), 1)
        9.1
        >>> TransferRules(unevenness=0).wait_min(64)
        7.5
        >>> TransferRules(unevenness=0).wait_min(None)
        30.0
        """
        day = self.service_day_h * 60
        if air:
            headway = day / departures_per_day if departures_per_day else self.air_default_headway_min
            return min(headway / 2, self.air_max_wait_min)
        departures = departures_per_day or day / self.default_headway_min
        return min(self._uncut_min(departures, line_km), self.max_wait_min)

    def _uncut_min(self, departures_per_day: float, line_km: float | None) -> float:
        half = self.service_day_h * 60 / departures_per_day / 2
        uneven = min(departures_per_day, FITTED_PER_DAY) / EVEN_PER_DAY
        if line_km:
            uneven *= math.sqrt(line_km / EVEN_KM)
        return half * float(uneven**self.unevenness)

    def direct_wait_min(self, trains_per_day: float, *, line_km: float | None = None) -> float:
        """Return the minutes of waiting for a train that calls at two stations, of so many per day.

        At most as long as for one that leaves and for one that calls at the destination together.

        Parameters
        ----------
        trains_per_day : float
        line_km : float, optional
            Length of their line.

        Examples
        --------
        >>> TransferRules(unevenness=0).direct_wait_min(4)
        120.0
        """
        return min(self._uncut_min(trains_per_day, line_km), 2 * self.max_wait_min)

    def calling_min(
        self, passing: float | None, calling: float | None, *, line_km: float | None = None
    ) -> float:
        """Return what one waits longer for a train that calls at the destination, minutes.

        Parameters
        ----------
        passing, calling : float, optional
            Trains per day that run there, and those of them that call; 0 minutes where one isn't known.
        line_km : float, optional
            Length of their line.

        Examples
        --------
        >>> TransferRules(unevenness=0).calling_min(32, 8)
        45.0
        """
        if not passing or not calling:
            return 0.0
        longer = self._uncut_min(calling, line_km) - self._uncut_min(passing, line_km)
        return min(max(longer, 0.0), self.max_wait_min)

    def describe(self) -> str:
        """Return every component with its value, for reports."""
        return "; ".join(f"{item.name}={getattr(self, item.name)}" for item in dataclasses.fields(self))


def network_from_sections(
    stations: pd.DataFrame,
    sections: pd.DataFrame,
    through: pd.DataFrame,
    *,
    direct: pd.DataFrame | None = None,
    ride_factor: float = 1.0,
    stop_min: float = 0.0,
    provenance: Mapping[str, str],
    access_speed_kph: float,
    max_access_km: float,
) -> LineNetwork:
    """Build a `LineNetwork` from checked tables; stations without a section are left out."""
    used = stations["station_id"].isin({*sections["from_station"], *sections["to_station"]})
    points = stations[used].reset_index(drop=True)
    number = {station: node for node, station in enumerate(points["station_id"])}
    tail, head = (
        np.array([number[station] for station in sections[column]], dtype=np.int64)
        for column in ("from_station", "to_station")
    )
    line = sections["line_id"].to_numpy(dtype=object)
    plain = build_network(
        points["lon"].to_numpy(dtype=float),
        points["lat"].to_numpy(dtype=float),
        Links(
            tail,
            head,
            sections["length_km"].to_numpy(dtype=float) * 1000,
            sections["minutes"].to_numpy(dtype=float) * 60,
            mode="rail",
            road_class=cast("Any", line),
        ),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        node_names=dict(enumerate(points["name"])),
        provenance=provenance,
    )
    line_km = cast("dict[str, float]", sections["length_km"].astype(float).groupby(line).sum().to_dict())
    leaving, passing, coming = _trains(tail, head, line, sections)
    pairs: set[tuple[int, str, str]] = set()
    turns: dict[tuple[int, str, str], list[tuple[int, int, float]]] = {}
    wide = through.reindex(columns=[*THROUGH_COLUMNS, *TURN_COLUMNS])
    rows = wide.astype(object).where(wide.notna(), "").astype(str)
    for station, a, b, *ends, minutes in rows.itertuples(index=False, name=None):
        if station not in number or not {a, b} <= line_km.keys():
            continue
        node = number[station]
        pairs |= {(node, a, b), (node, b, a)}
        stay = float(minutes) if minutes else 0.0
        sides = [number.get(name, _NOWHERE) if name else -1 for name in ends]
        if stay or sides != [-1, -1]:
            turns.setdefault((node, a, b), []).append((sides[0], sides[1], stay))
            turns.setdefault((node, b, a), []).append((sides[1], sides[0], stay))
    both: dict[tuple[int, int, str], float] = {}
    if direct is not None:
        of_lines = direct[direct["line_id"].isin(list(line_km))]
        for line_id, a, b, there, back in of_lines[list(DIRECT_COLUMNS)].itertuples(index=False, name=None):
            if a in number and b in number:
                i, j = number[a], number[b]
                both |= {key: n for key, n in (((i, j, line_id), there), ((j, i, line_id), back)) if n}
    own = {item.name: getattr(plain, item.name) for item in fields(TransportNetwork)}
    return LineNetwork(
        **own,
        departures_per_day=leaving,
        passing_per_day=passing,
        arrivals_per_day=coming,
        direct_per_day=MappingProxyType(both),
        ride_factor=ride_factor,
        stop_min=stop_min,
        line_km=MappingProxyType(line_km),
        through=frozenset(pairs),
        turns=MappingProxyType({key: tuple(found) for key, found in turns.items()}),
    )


def _trains(
    tail: NDArray[np.int64], head: NDArray[np.int64], line: NDArray[np.object_], sections: pd.DataFrame
) -> list[Mapping[tuple[int, int, str], float]]:
    """Return trains a day of each section in both directions: that one can get on, that pass, that one can get off."""
    leaving: dict[tuple[int, int, str], float] = {}
    passing: dict[tuple[int, int, str], float] = {}
    coming: dict[tuple[int, int, str], float] = {}
    wide = sections.reindex(columns=["trains_per_day", *CALL_COLUMNS]).to_numpy(dtype=float)
    for a, b, line_id, (trains, first, last) in zip(
        tail.tolist(), head.tolist(), line, wide.tolist(), strict=True
    ):
        if math.isnan(trains):
            continue
        ends = [trains if math.isnan(calls) else calls for calls in (first, last)]
        for one, other, (here, there) in ((a, b, ends), (b, a, ends[::-1])):
            leaving[one, other, line_id] = here
            if min(ends) < trains:
                passing[one, other, line_id], coming[one, other, line_id] = trains, there
    return [MappingProxyType(found) for found in (leaving, passing, coming)]
