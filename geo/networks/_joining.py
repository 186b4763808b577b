"""Roads, railways and flights joined into one network: access, waiting, boarding, changing."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..checks import require_flag, require_number
from ..crs import to_ecef
from ..errors import (
    EmptyInputError,
    InputError,
    InputTypeError,
)
from ._line_network import LineNetwork
from ._links import LinkBuilder
from ._near import station_accesses
from ._network import TransportNetwork, build_network

_LOG = logging.getLogger(__name__)

#: Class of the arcs that make up a station, in the order in which a journey meets them.
ACCESS, BOARDING, WAITING, SLOWER, CALLING, THROUGH, TRANSFER, ALIGHTING = (
    "station access",
    "boarding",
    "waiting",
    "slower trains",
    "waiting for a train that calls",
    "through train",
    "transfer",
    "alighting",
)
JOURNEY_COLUMNS: Final = (
    "from",
    "to",
    "total_min",
    "line_haul_min",
    "rail_min",
    "air_min",
    "slower_trains_min",
    "road_min",
    "access_min",
    "boarding_min",
    "waiting_min",
    "night_min",
    "transfer_min",
    "alighting_min",
    "n_boardings",
    "lines",
    "way_km",
    "straight_km",
    "mark",
)
#: With so many departures a day, one waits half the headway however unevenly trains leave.
EVEN_PER_DAY: Final = 5.0
#: Length of a line whose trains bunch as their number alone says, km.
EVEN_KM: Final = 300.0
#: Most departures a day of a line at a station in the timetable on which waiting was fitted. Beyond, trains can't bunch more and
#: more, as one follows another at a distance: the wait stays the same share of the headway.
FITTED_PER_DAY: Final = 126.0
#: What the name of a node to arrive at ends with, where departures have a node of their own.
ARRIVALS: Final = " (arrivals)"


@dataclass(frozen=True, kw_only=True)
class TransferRules:
    """What a journey spends outside the train or the plane.

    Waiting is half the headway, the hours of service over the departures per day, times
    ``(departures / 5 * sqrt(line_km / 300)) ** unevenness``: trains leave in bunches, the more so the more there
    are and the longer their line, as trains that run far leave within fewer hours of the day; where few
    run, one sets out by the timetable. The factor grows up to 126 departures, the most of a line at a station
    where it was fitted; a line of unknown length, and a planned one, counts as 300 km long. The wait is at most
    `max_wait_min`. Where not every train calls at the
    destination, what one would wait longer for those that do comes on top. These are the assumptions of a
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
    through_wait_min: float = 15.0
    service_day_h: float = 16.0
    unevenness: float = 0.25
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
        (14.2, 96.0)
        >>> round(TransferRules().wait_min(64, line_km=100), 1)
        12.4
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


def join_networks(
    road: TransportNetwork | None,
    rail: TransportNetwork | None = None,
    air: TransportNetwork | None = None,
    *,
    line_haul_only: bool = False,
    rules: TransferRules | None = None,
) -> TransportNetwork:
    """Join roads, railways and flights into one network.

    Parameters
    ----------
    road : TransportNetwork or None
        Roads; its speed and reach off the network are the joined network's. None is allowed with
        `line_haul_only`.
    rail, air : TransportNetwork, optional
        From `rail_network`, `gtfs_rail_network`, `air_network`. At least one.
    line_haul_only : bool
        Return the trains and flights alone: no roads, and no boarding, waiting or alighting at
        the ends of a journey; changing on the way costs what `rules` say. For claims that mean
        the train alone, with stations as origins and destinations.
    rules : TransferRules, optional

    Returns
    -------
    TransportNetwork
        The road network's nodes keep their numbers. Every station becomes

        - its named node, reached and left off the network like any exit of the road network;
        - an entrance that roads lead to, and an exit that leads to roads, so that nobody crosses
          a station to get from one road to another;
        - per line a queue (after boarding), and per section a departure (after waiting) and an
          arrival. Through trains link an arrival to a departure; other changes lead from an
          arrival to another line's queue.

        Flights leave from a gate of their own, and arrivals always pass the exit: connecting
        means alighting, boarding and waiting again. With `line_haul_only` every station is two
        nodes, one to set out from, with its name, and one to arrive at, with its name and
        `ARRIVALS`.

    Raises
    ------
    EmptyInputError
        If neither `rail` nor `air` is given.
    InputTypeError
        If one of them is no network, or `road` is missing.

    Notes
    -----
    No train goes straight back to where it came from. Beyond that a fork is told from a straight
    run only where the table of through trains names the next stations: elsewhere trains of line A
    that run on to line B do so from both of A's directions.

    Examples
    --------
    >>> trains = br.join_networks(None, br.rail_network(), line_haul_only=True)
    >>> trains.modes
    ('rail',)
    """
    parts = [("rail", rail), ("air", air)]
    for name, part in (("road", road), *parts):
        if part is not None and not isinstance(part, TransportNetwork):
            raise InputTypeError(f"'{name}' should be a TransportNetwork, got {type(part).__name__}")
    if rules is not None and not isinstance(rules, TransferRules):
        raise InputTypeError(f"'rules' should be TransferRules, got {type(rules).__name__}")
    given = [(name, part) for name, part in parts if part is not None]
    if not given:
        raise EmptyInputError("give at least one of 'rail' and 'air'")
    rules = TransferRules() if rules is None else rules
    if require_flag(line_haul_only, "line_haul_only"):
        return _line_haul(given, rules)
    if road is None:
        raise InputTypeError("'road' should be a TransportNetwork, got None; or set line_haul_only=True")
    speed = rules.station_access_kph or road.access_speed_kph
    reach = road.max_access_km if rules.station_access_km is None else rules.station_access_km
    build = LinkBuilder(road.n_nodes)
    stations: list[tuple[str, float, float, int, int]] = []
    for name, part in given:
        stations += _add_lines(build, part, rules, air=name == "air")
    lon = np.array([s[1] for s in stations])
    lat = np.array([s[2] for s in stations])
    lonely = connect_points(build, road, lon, lat, [s[3] for s in stations], [s[4] for s in stations],
                      speed_kph=speed, reach_km=reach, k=rules.n_access_points)  # fmt: skip
    provenance = {
        **{key: text for _, part in given for key, text in part.provenance.items()},
        "transfer_rules": rules.describe(),
        "station_access": f"{speed:g} km/h within {reach:g} km",
    }
    if isinstance(rail, LineNetwork) and rail.ride_factor > 1:
        provenance["ride_factor"] = f"{rail.ride_factor:g}"
    if isinstance(rail, LineNetwork) and rail.stop_min:
        provenance["stop_min"] = f"{rail.stop_min:g}"
    if lonely:
        names = ", ".join(stations[i][0] for i in lonely)
        provenance["stations_without_road"] = names
        _LOG.warning("%d stations have no road within %g km: %s", len(lonely), reach, names)
    return road.extended(
        build.links(),
        node_lon=build.lon,
        node_lat=build.lat,
        node_exit=build.exit,
        node_names=build.names,
        provenance=provenance,
    )


def _line_haul(given: Sequence[tuple[str, TransportNetwork]], rules: TransferRules) -> TransportNetwork:
    build = LinkBuilder(0)
    provenance = {key: text for _, part in given for key, text in part.provenance.items()}
    for name, part in given:
        _add_lines(build, part, rules, air=name == "air", alone=True)
    return build_network(
        build.lon,
        build.lat,
        build.links(),
        node_exit=build.exit,
        access_speed_kph=given[0][1].access_speed_kph,
        max_access_km=given[0][1].max_access_km,
        node_names=build.names,
        provenance=provenance
        | {
            "line_haul_only": "no roads; no boarding, waiting or alighting at the ends of a journey",
            "transfer_rules": rules.describe(),
        },
    )


def _add_lines(
    build: LinkBuilder, part: TransportNetwork, rules: TransferRules, *, air: bool, alone: bool = False
) -> list[tuple[str, float, float, int, int]]:
    """Add stations and lines; return name, lon, lat, entrance and exit of each station.

    With `alone`, a journey starts on the platform and ends there, at no cost.
    """
    per_day: Mapping[tuple[int, int, str], float] = {}
    lines = part if isinstance(part, LineNetwork) else None
    if lines is not None:
        per_day = lines.departures_per_day
    line_km: Mapping[str, float] = {} if lines is None else lines.line_km
    slower = 0.0 if lines is None or alone else lines.ride_factor - 1
    per_stop = 0.0 if lines is None or alone else lines.stop_min
    boarding, alighting = (
        (rules.air_boarding_min, rules.air_alighting_min)
        if air
        else (rules.boarding_min, rules.alighting_min)
    )
    mode = "air" if air else "rail"
    stations, entrance, way_out = [], {}, {}
    for node in range(part.n_nodes):
        lon, lat = float(part.node_lon[node]), float(part.node_lat[node])
        name = part.node_names.get(node, f"{mode} {node}")
        if alone:
            entrance[node] = build.node(lon, lat, name=name, is_exit=True)
            way_out[node] = build.node(lon, lat, name=name + ARRIVALS, is_exit=True)
        else:
            hall = build.node(lon, lat, name=name, is_exit=True)
            entrance[node], way_out[node] = build.node(lon, lat), build.node(lon, lat)
            build.link(hall, entrance[node], 0, mode, ACCESS)
            build.link(way_out[node], hall, 0, mode, ACCESS)
        stations.append((name, lon, lat, entrance[node], way_out[node]))

    arcs = list(
        zip(
            part.arc_tail.tolist(),
            part.arc_head.tolist(),
            [part.classes[code] for code in part.arc_class],
            (part.arc_time_ms / 1000).tolist(),
            part.arc_length_m.tolist(),
            strict=True,
        )
    )
    if air:
        connecting: list[tuple[int, int, int, int]] = []
        for tail, head, line, seconds, length in arcs:
            wait = rules.wait_min(per_day.get((tail, head, line)), air=True)
            gate = [build.node(part.node_lon[tail], part.node_lat[tail]) for _ in range(2)]
            landed = build.node(part.node_lon[head], part.node_lat[head])
            if not alone:
                build.link(entrance[tail], gate[0], boarding * 60, mode, BOARDING)
            build.link(gate[0], gate[1], wait * 60, mode, WAITING)
            build.link(gate[1], landed, seconds, mode, line, length_m=length)
            build.link(landed, way_out[head], 0 if alone else alighting * 60, mode, ALIGHTING)
            if alone:
                build.link(entrance[tail], gate[1], 0, mode, BOARDING)
                connecting.append((head, landed, tail, gate[0]))
        for head, landed, _, _ in connecting:
            for _, _, tail, gate_in in connecting:
                if tail == head:
                    build.link(landed, gate_in, (alighting + boarding) * 60, mode, TRANSFER)
        return stations

    # Each section has its own departure and arrival: nobody passes a station's gates without
    # riding, and no train turns back to where it came from.
    queue: dict[int, dict[str, int]] = {}
    leaving: dict[int, list[tuple[str, int, int]]] = {}
    arriving: list[tuple[int, int, str, int, int]] = []
    for tail, head, line, seconds, length in arcs:
        for node in (tail, head):
            if line not in queue.setdefault(node, {}):
                queue[node][line] = build.node(part.node_lon[node], part.node_lat[node])
                if not alone:
                    build.link(entrance[node], queue[node][line], boarding * 60, mode, BOARDING)
        start = build.node(part.node_lon[tail], part.node_lat[tail])
        stop = build.node(part.node_lon[head], part.node_lat[head])
        wait = rules.wait_min(per_day.get((tail, head, line)), line_km=line_km.get(line))
        build.link(queue[tail][line], start, wait * 60, mode, WAITING)
        there = build.node(part.node_lon[head], part.node_lat[head]) if slower else stop
        build.link(start, there, seconds, mode, line, length_m=length)
        if slower:
            build.link(there, stop, seconds * slower, mode, SLOWER)
        # Not every train calls where one gets off: one has waited for one that does.
        off = stop
        calling = 0.0
        if lines is not None and not alone:
            key = (tail, head, line)
            calling = rules.calling_min(
                lines.passing_per_day.get(key), lines.arrivals_per_day.get(key), line_km=line_km.get(line)
            )
        if calling:
            off = build.node(part.node_lon[head], part.node_lat[head])
            build.link(stop, off, calling * 60, mode, CALLING)
        build.link(off, way_out[head], 0 if alone else alighting * 60, mode, ALIGHTING)
        if alone:
            build.link(entrance[tail], start, 0, mode, BOARDING)
        leaving.setdefault(tail, []).append((line, head, start))
        arriving.append((tail, head, line, stop, off))
    for origin, node, line, stop, off in arriving:
        aboard: int | None = None
        for other, onward, start in leaving.get(node, []):
            if onward == origin:
                continue
            if other == line:
                share = (
                    lines.calling_share(origin, node, onward, line) if lines is not None and per_stop else 0.0
                )
                build.link(stop, start, per_stop * share * 60, mode, SLOWER if share else THROUGH)
                continue
            stay = lines.stay_min(origin, line, node, other, onward) if lines is not None else None
            if stay is None:
                continue
            if rules.through_wait_min and not alone:
                if aboard is None:
                    aboard = build.node(part.node_lon[node], part.node_lat[node])
                    build.link(stop, aboard, rules.through_wait_min * 60, mode, CALLING)
                build.link(aboard, start, (rules.through_min + stay) * 60, mode, THROUGH)
            else:
                build.link(stop, start, (rules.through_min + stay) * 60, mode, THROUGH)
        for other, place in queue[node].items():
            if other != line:
                build.link(off, place, rules.transfer_min * 60, mode, TRANSFER)
    return stations


def connect_points(
    build: LinkBuilder,
    network: TransportNetwork,
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    inward: Sequence[int],
    outward: Sequence[int],
    *,
    speed_kph: float,
    reach_km: float,
    k: int,
) -> list[int]:
    """Tie points to the nearest exits of a network; return the points that have none.

    ``inward[i]`` is reached from the network, ``outward[i]`` leads to it, in the ways that an origin at the
    point would come onto the network and a journey's end be come to.
    """
    if (speed_kph, reach_km) != (network.access_speed_kph, network.max_access_km):
        network = network.with_access(access_speed_kph=speed_kph, max_access_km=reach_km)
    lonely = []
    xyz = to_ecef(lon, lat).reshape(-1, 3)
    for i, (onto, off) in enumerate(station_accesses(network, lon=lon, lat=lat, xyz=xyz, k=k)):
        if onto.is_empty and off.is_empty:
            lonely.append(i)
        for node, ms, metres in zip(onto.node.tolist(), onto.time_ms, onto.length_m, strict=True):
            build.link(outward[i], node, ms / 1000, "access", ACCESS, length_m=float(metres))
        for node, ms, metres in zip(off.node.tolist(), off.time_ms, off.length_m, strict=True):
            build.link(node, inward[i], ms / 1000, "access", ACCESS, length_m=float(metres))
    return lonely
