"""Roads, railways and flights joined into one network: access, waiting, boarding, changing."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..checks import require_flag
from ..crs import to_ecef
from ..errors import EmptyInputError, InputTypeError
from ._line_network import LineNetwork, TransferRules
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
#: What the name of a node to arrive at ends with, where departures have a node of their own.
ARRIVALS: Final = " (arrivals)"


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
    boarding, alighting = rules.air_boarding_min, rules.air_alighting_min
    per_day: Mapping[tuple[int, int, str], float] = (
        part.departures_per_day if isinstance(part, LineNetwork) else {}
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

    _add_trains(build, part, arcs, rules, entrance, way_out, alone=alone)
    return stations


#: Which journeys an arrival or departure of a section is for: all, those that got on along this line (whose ride ends where
#: trains call at both stations, and is there as one), and those whose train has run on from another.
_ALL, _GOT_ON, _RAN_ON = 0, 1, 2


def _add_trains(
    build: LinkBuilder,
    part: TransportNetwork,
    arcs: Sequence[tuple[int, int, str, float, float]],
    rules: TransferRules,
    entrance: Mapping[int, int],
    way_out: Mapping[int, int],
    *,
    alone: bool,
) -> None:
    """Add the lines of a railway to its stations.

    Each section has its own departure and arrival: nobody passes a station's gates without riding, and no train turns back to
    where it came from. Where it is known how many trains call at two stations, each such pair has a ride of its own, with
    its own wait, and section by section go only those who come from another line or are bound for one.
    """
    mode = "rail"
    lines = (
        part
        if isinstance(part, LineNetwork)
        else LineNetwork(**{item.name: getattr(part, item.name) for item in fields(TransportNetwork)})
    )
    slower = 0.0 if alone else lines.ride_factor - 1
    per_stop = 0.0 if alone else lines.stop_min
    in_pairs = frozenset(() if alone else (line for _, _, line in lines.direct_per_day))
    run_on = {line for _, line, _ in lines.through}
    place = {node: (part.node_lon[node], part.node_lat[node]) for node in range(part.n_nodes)}
    queue: dict[int, dict[str, int]] = {}
    leaving: dict[int, list[tuple[str, int, int, int]]] = {}
    arriving: list[tuple[int, int, str, int, int | None, int]] = []
    platforms: dict[tuple[int, str], int] = {}
    for tail, head, line, seconds, length in arcs:
        for node in (tail, head):
            if line not in queue.setdefault(node, {}):
                queue[node][line] = build.node(*place[node])
                if not alone:
                    build.link(entrance[node], queue[node][line], rules.boarding_min * 60, mode, BOARDING)
                if line in in_pairs:
                    platforms[node, line] = build.node(*place[node])
                    build.link(
                        platforms[node, line], way_out[node], rules.alighting_min * 60, mode, ALIGHTING
                    )
        key = (tail, head, line)
        if line not in in_pairs:
            kinds: tuple[int, ...] = (_ALL,)
        else:
            kinds = (_GOT_ON, _RAN_ON) if line in run_on else ()
        for kind in kinds:
            start, stop = build.node(*place[tail]), build.node(*place[head])
            if kind != _RAN_ON:
                wait = rules.wait_min(lines.departures_per_day.get(key), line_km=lines.line_km.get(line))
                build.link(queue[tail][line], start, wait * 60, mode, WAITING)
            there = build.node(*place[head]) if slower else stop
            build.link(start, there, seconds, mode, line, length_m=length)
            if slower:
                build.link(there, stop, seconds * slower, mode, SLOWER)
            off: int | None = None
            if kind != _GOT_ON:
                # Not every train calls where one gets off: one has waited for one that does.
                off = stop
                calling = 0.0 if alone else rules.calling_min(
                    lines.passing_per_day.get(key), lines.arrivals_per_day.get(key), line_km=lines.line_km.get(line)
                )  # fmt: skip
                if kind == _RAN_ON:
                    off = platforms[head, line]
                    build.link(stop, off, calling * 60, mode, CALLING)
                else:
                    if calling:
                        off = build.node(*place[head])
                        build.link(stop, off, calling * 60, mode, CALLING)
                    build.link(off, way_out[head], 0 if alone else rules.alighting_min * 60, mode, ALIGHTING)
            if alone:
                build.link(entrance[tail], start, 0, mode, BOARDING)
            leaving.setdefault(tail, []).append((line, head, start, kind))
            arriving.append((tail, head, line, stop, off if kind == _ALL else None, kind))
    for origin, node, line, stop, off, kind in arriving:
        aboard: int | None = None
        for other, onward, start, its_kind in leaving.get(node, []):
            if onward == origin:
                continue
            if other == line:
                if its_kind == kind:
                    share = lines.calling_share(origin, node, onward, line) if per_stop else 0.0
                    build.link(stop, start, per_stop * share * 60, mode, SLOWER if share else THROUGH)
                continue
            stay = None if its_kind == _GOT_ON else lines.stay_min(origin, line, node, other, onward)
            if stay is None:
                continue
            if rules.through_wait_min and not alone:
                if aboard is None:
                    aboard = build.node(*place[node])
                    build.link(stop, aboard, rules.through_wait_min * 60, mode, CALLING)
                build.link(aboard, start, (rules.through_min + stay) * 60, mode, THROUGH)
            else:
                build.link(stop, start, (rules.through_min + stay) * 60, mode, THROUGH)
        for other, waiting in queue[node].items():
            if other != line and off is not None:
                build.link(off, waiting, rules.transfer_min * 60, mode, TRANSFER)
    for (node, _), platform in platforms.items():
        for waiting in queue[
            node
        ].values():  # of the same line too: no train may call at both ends of a journey
            build.link(platform, waiting, rules.transfer_min * 60, mode, TRANSFER)
    waits: dict[tuple[int, float], int] = {}
    for a, b, line, seconds, metres, stops in _rides(lines, arcs, in_pairs):
        trains, waiting = lines.direct_per_day[a, b, line], queue[a][line]
        if (waiting, trains) not in waits:
            waits[waiting, trains] = build.node(*place[a])
            wait = rules.direct_wait_min(trains, line_km=lines.line_km.get(line))
            build.link(waiting, waits[waiting, trains], wait * 60, mode, WAITING)
        longer = seconds * slower + stops * per_stop * 60
        there = build.node(*place[b]) if longer else platforms[b, line]
        build.link(waits[waiting, trains], there, seconds, mode, line, length_m=metres)
        if longer:
            build.link(there, platforms[b, line], longer, mode, SLOWER)


def _rides(
    lines: LineNetwork, arcs: Sequence[tuple[int, int, str, float, float]], in_pairs: frozenset[str]
) -> Iterator[tuple[int, int, str, float, float, float]]:
    """Yield the rides of trains that call at two stations of a line.

    From where, to where, on which line, its seconds and metres, and at how many stations in between a usual train calls.
    """
    onward: dict[tuple[str, int], list[tuple[int, float, float]]] = {}
    for tail, head, line, seconds, metres in arcs:
        if line in in_pairs:
            onward.setdefault((line, tail), []).append((head, seconds, metres))
    for line, a in onward:
        best: dict[int, float] = {}
        ahead = [(0.0, a, a, 0.0, 0.0)]
        while ahead:
            seconds, node, before, metres, stops = heapq.heappop(ahead)
            if node in best:
                continue
            best[node] = seconds
            if lines.direct_per_day.get((a, node, line)):
                yield a, node, line, seconds, metres, stops
            for head, more_s, more_m in onward.get((line, node), []):
                if head not in best:
                    calls = 0.0 if node == a else lines.calling_share(before, node, head, line)
                    heapq.heappush(ahead, (seconds + more_s, head, node, metres + more_m, stops + calls))


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
