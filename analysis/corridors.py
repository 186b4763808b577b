"""Corridors as tables, and how they join a transport network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..geo.crs import to_ecef
from ..geo.errors import NetworkError
from ..geo.network import Links, TransportNetwork
from .corridor_files import Corridor, Stop, resolve_corridors
from .origins import require_network
from .schemas import Schema, conform

CORRIDORS: Final[Schema] = {
    "corridor_id": "str",
    "name": "str",
    "mode": "str",
    "status": "str",
    "design_speed_kph": "float64",
    "length_km": "float64",
    "n_stops": "int64",
    "source": "str",
    "geometry": "geometry",
}
CORRIDOR_STOPS: Final[Schema] = {
    "corridor_id": "str",
    "stop_no": "int64",
    "stop_name": "str",
    "kind": "str",
    "position": "str",
    "lon": "float64",
    "lat": "float64",
    "geometry": "geometry",
}
#: One row per service and pair of consecutive calls; `run_min` at running speed, `line_haul_min`
#: with the time lost at stops, without boarding and alighting.
CORRIDOR_SEGMENTS: Final[Schema] = {
    "corridor_id": "str",
    "service": "str",
    "segment_no": "int64",
    "from_stop": "str",
    "to_stop": "str",
    "length_km": "float64",
    "run_min": "float64",
    "stop_min": "float64",
    "line_haul_min": "float64",
}
#: How each stop meets the network: the node's distance and the minutes between the two; NaN
#: where no node lies within the corridor's `join_km`.
CORRIDOR_JOINS: Final[Schema] = {
    "corridor_id": "str",
    "stop_no": "int64",
    "stop_name": "str",
    "node": "int64",
    "distance_km": "float64",
    "join_min": "float64",
}


def corridors(study_or_ids: Any = None) -> gpd.GeoDataFrame:
    """Return corridors as a table of lines.

    Parameters
    ----------
    study_or_ids : Study, str, Corridor or sequence of these, optional
        A study; an id such as ``"yugui-hsr"``; the name of an embedded file such as ``"yuqian"``,
        which stands for all of its corridors; every embedded corridor when left out.

    Returns
    -------
    geopandas.GeoDataFrame
        ``corridor_id, name, mode, status, design_speed_kph, length_km, n_stops, source, geometry``,
        EPSG:4326. The line runs straight from stop to stop; `length_km` is the length along the
        real line.

    Raises
    ------
    InputError
        If an id is unknown.

    Examples
    --------
    >>> corridors("yuqian")[["corridor_id", "length_km"]]
                corridor_id  length_km
    0  yanyinsong-expressway      117.9
    1             yugui-hsr      345.0
    """
    rows = [
        {
            "corridor_id": one.id,
            "name": one.name,
            "mode": one.mode,
            "status": one.status,
            "design_speed_kph": one.design_speed_kph,
            "length_km": float(one.lengths_km.sum()),
            "n_stops": len(one.stops),
            "source": "; ".join(source.title for source in one.sources),
            "geometry": one.line,
        }
        for one in resolve_corridors(study_or_ids)
    ]
    return conform(rows, CORRIDORS)


def corridor_stops(study_or_ids: Any = None) -> gpd.GeoDataFrame:
    """Return the stops of corridors as a table of points.

    Parameters
    ----------
    study_or_ids
        As `corridors` takes it.

    Returns
    -------
    geopandas.GeoDataFrame
        ``corridor_id, stop_no, stop_name, kind, position, lon, lat, geometry``; `stop_no` counts
        from 1 along the line.
    """
    rows = [
        {
            "corridor_id": one.id,
            "stop_no": number,
            "stop_name": stop.name,
            "kind": stop.kind,
            "position": stop.position,
            "lon": stop.lon,
            "lat": stop.lat,
            "geometry": shapely.Point(stop.lon, stop.lat),
        }
        for one in resolve_corridors(study_or_ids)
        for number, stop in enumerate(one.stops, start=1)
    ]
    return conform(rows, CORRIDOR_STOPS)


def corridor_segments(study_or_ids: Any = None) -> pd.DataFrame:
    """Return the line-haul minutes between consecutive calls of each service.

    Parameters
    ----------
    study_or_ids
        As `corridors` takes it.

    Returns
    -------
    pandas.DataFrame
        ``corridor_id, service, segment_no, from_stop, to_stop, length_km, run_min, stop_min,
        line_haul_min``. A call under way costs `stop_penalty_min`, half of which falls on the
        segment before it and half on the one after.
    """
    rows = [
        {
            "corridor_id": one.id,
            "service": leg.service,
            "segment_no": leg.number,
            "from_stop": one.stops[leg.first].name,
            "to_stop": one.stops[leg.last].name,
            "length_km": leg.length_km,
            "run_min": leg.run_min,
            "stop_min": leg.stop_min,
            "line_haul_min": leg.run_min + leg.stop_min,
        }
        for one in resolve_corridors(study_or_ids)
        for leg in _legs(one)
    ]
    return conform(rows, CORRIDOR_SEGMENTS)


def corridor_joins(network: TransportNetwork, study_or_ids: Any) -> pd.DataFrame:
    """Return where each stop meets the network.

    Parameters
    ----------
    network : TransportNetwork
    study_or_ids
        As `corridors` takes it.

    Returns
    -------
    pandas.DataFrame
        ``corridor_id, stop_no, stop_name, node, distance_km, join_min``; node -1 and NaN where no
        node that can be entered lies within the corridor's `join_km`.
    """
    rows = []
    for one in resolve_corridors(study_or_ids):
        node, metres = _nearest(network, one)
        for number, stop in enumerate(one.stops):
            joined = bool(metres[number] <= one.join_km * 1000)
            rows.append(
                {
                    "corridor_id": one.id,
                    "stop_no": number + 1,
                    "stop_name": stop.name,
                    "node": int(node[number]) if joined else -1,
                    "distance_km": metres[number] / 1000 if joined else np.nan,
                    "join_min": _join_min(one, stop, metres[number]) if joined else np.nan,
                }
            )
    return conform(rows, CORRIDOR_JOINS)


def add_corridors(network: TransportNetwork, corridors: Any) -> TransportNetwork:
    """Return the network with corridors joined to it at their interchanges and stations only.

    Parameters
    ----------
    network : TransportNetwork
    corridors : GeoDataFrame, Study, str, Corridor or sequence
        As `resolve_corridors` takes it; none leaves the network as it is.

    Returns
    -------
    TransportNetwork
        Nodes of `network` keep their numbers.

    Raises
    ------
    InputError
        If an id is unknown.
    NetworkError
        If no stop of a corridor lies within its `join_km` of a network node.

    Notes
    -----
    Every stop is a new node, linked with the nearest road node that can be entered within `join_km`:
    interchanges and stations at `join_speed_kph` along the straight line, hubs (which join two
    expressways, so that the gap comes from simplified coordinates) at the corridor's own speed.
    One can leave to anywhere in reach at interchanges, stations and airports, not at hubs and
    nowhere along the line. On railways and in the air each service has platforms of its own
    behind the station: getting there takes `board_min` and the wait, getting out `alight_min`, and so changing
    between services costs both. Links are only added, so that no trip takes longer than before.
    """
    joined = require_network(network)
    for one in resolve_corridors(corridors):
        joined = _add(joined, one)
    return joined


@dataclass(frozen=True)
class _Leg:
    service: str
    number: int
    first: int
    last: int
    length_km: float
    run_min: float
    stop_min: float


def _legs(one: Corridor) -> list[_Leg]:
    names = [stop.name for stop in one.stops]
    along = np.concatenate([[0.0], np.cumsum(one.lengths_km)])
    ring = names[0] == names[-1]
    found = []
    for service in one.all_services():
        order = list(range(len(names))) if service.calls == tuple(names) else [
            names.index(call) for call in service.calls
        ]  # fmt: skip
        for number, (first, last) in enumerate(pairwise(order), start=1):
            under_way = (number > 1 or ring) + (number < len(order) - 1 or ring)
            length = float(along[last] - along[first])
            found.append(
                _Leg(
                    service=service.name,
                    number=number,
                    first=first,
                    last=last,
                    length_km=length,
                    run_min=length / one.running_speed_kph * 60,
                    stop_min=one.stop_penalty_min / 2 * under_way,
                )
            )
    return found


@dataclass
class _Parts:
    """Nodes and links that a corridor adds; lists that grow together."""

    first: int
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    exits: list[bool] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    links: list[tuple[int, int, float, float, float, str, str]] = field(default_factory=list)

    def node(self, stop: Stop, *, can_leave: bool, name: str) -> int:
        number = self.first + len(self.lon)
        self.lon.append(stop.lon)
        self.lat.append(stop.lat)
        self.exits.append(can_leave)
        self.names[number] = name
        return number

    def link(
        self,
        tail: int,
        head: int,
        length_m: float,
        minutes: float,
        back_min: float,
        mode: str,
        road_class: str,
    ) -> None:
        self.links.append((tail, head, length_m, minutes * 60, back_min * 60, mode, road_class))


def _add(network: TransportNetwork, one: Corridor) -> TransportNetwork:
    nearest, metres = _nearest(network, one)
    joined = metres <= one.join_km * 1000
    if not joined.any():
        where = (
            f"the nearest lies {metres.min() / 1000:.0f} km away"
            if np.isfinite(metres.min())
            else "it has none"
        )
        raise NetworkError(
            f"corridor '{one.id}' touches nothing: no stop lies within join_km = {one.join_km:g} km of a "
            f"node where the network can be entered ({where}); check its coordinates or raise join_km"
        )
    parts = _Parts(first=network.n_nodes)
    numbers: dict[str, int] = {}  # a ring's last stop is its first
    for index, stop in enumerate(one.stops):
        if stop.name in numbers:
            continue
        number = parts.node(stop, can_leave=stop.kind != "hub", name=stop.name)
        numbers[stop.name] = number
        if joined[index]:
            minutes = _join_min(one, stop, metres[index])
            parts.link(number, int(nearest[index]), metres[index], minutes, minutes, "road", "connector")
    if one.mode == "road":
        ends = {("", name): number for name, number in numbers.items()}
    else:
        ends = _platforms(parts, one, numbers)
    for leg in _legs(one):
        service = "" if one.mode == "road" else leg.service
        minutes = leg.run_min + leg.stop_min
        parts.link(
            ends[service, one.stops[leg.first].name],
            ends[service, one.stops[leg.last].name],
            leg.length_km * 1000,
            minutes,
            minutes,
            one.mode,
            one.road_class,
        )
    tail, head, length_m, time_s, back_time_s, mode, road_class = zip(*parts.links, strict=True)
    known = network.provenance.get("corridors", "")
    return network.extended(
        Links(
            tail=tail,
            head=head,
            length_m=length_m,
            time_s=time_s,
            back_time_s=back_time_s,
            mode=mode,
            road_class=road_class,
            exit_along=False,
        ),
        node_lon=parts.lon,
        node_lat=parts.lat,
        node_exit=parts.exits,
        node_names=parts.names,
        provenance={"corridors": f"{known}, {one.id}" if known else one.id},
    )


def _platforms(parts: _Parts, one: Corridor, stations: Mapping[str, int]) -> dict[tuple[str, str], int]:
    found = {}
    by_name = {stop.name: stop for stop in one.stops}
    for service in one.all_services():
        for call in dict.fromkeys(service.calls):
            platform = parts.node(by_name[call], can_leave=False, name=f"{call} {service.name}".rstrip())
            found[service.name, call] = platform
            parts.link(
                stations[call],
                platform,
                0.0,
                one.board_min + one.wait_min,
                one.alight_min,
                one.mode,
                "platform",
            )
    return found


def _nearest(network: TransportNetwork, one: Corridor) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Nearest node of the roads for each stop, and its distance in metres.

    In a network with railways a station isn't such a node: one doesn't drive through its hall.
    """
    points = one.points
    nodes = network.exit_nodes
    if "road" in network.modes and len(network.modes) > 1:
        on_road = np.zeros(network.n_nodes, dtype=bool)
        roads = network.arc_mode == network.modes.index("road")
        on_road[network.arc_tail[roads]] = on_road[network.arc_head[roads]] = True
        nodes = nodes[on_road[nodes]]
    if len(nodes) == 0:
        return np.full(len(points), -1), np.full(len(points), np.inf)
    metres, index = cKDTree(network.node_xyz[nodes]).query(to_ecef(points[:, 0], points[:, 1]))
    return nodes[index], np.asarray(metres, dtype=float)


def _join_min(one: Corridor, stop: Stop, metres: float) -> float:
    speed = one.running_speed_kph if stop.kind == "hub" else one.join_speed_kph
    return float(metres) / 1000 / speed * 60
