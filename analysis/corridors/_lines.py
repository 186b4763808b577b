"""Railway corridors as lines of a railway network, so that trains run through between old and new."""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from scipy.spatial import cKDTree

from ...geo.crs import to_ecef
from ...geo.errors import InputError
from ...geo.networks import LineNetwork, Links, TransportNetwork
from ._corridors import corridor_segments
from ._files import Corridor, resolve_corridors

#: A stop is the station of the same name within this distance, or any station within the second, km.
SAME_NAME_KM: Final = 25.0
SAME_PLACE_KM: Final = 1.0


def add_corridor_lines(rail: LineNetwork, corridors: Any) -> LineNetwork:
    """Return a railway network with railway corridors as further lines.

    Parameters
    ----------
    rail : LineNetwork
        As `rail_network` builds it.
    corridors
        As `analysis.corridors.resolve_corridors` takes it; railways only.

    Returns
    -------
    LineNetwork
        Nodes of `rail` keep their numbers. Every service is a line of its own, named after the
        corridor's id and the service.

    Raises
    ------
    InputError
        If a corridor isn't a railway, or its id unknown.

    Notes
    -----
    A stop is the station of the same name within 25 km, else any station within 1 km, else a new
    station. Trains are assumed to run on between the corridor and every other line that meets it
    at a stop: the times are those of through trains, which nobody has scheduled yet. Boarding,
    waiting and alighting are left to `join_networks`.
    """
    for one in resolve_corridors(corridors):
        if one.mode != "rail":
            raise InputError(
                f"corridor '{one.id}' is a {one.mode} corridor; only railways become railway lines"
            )
        rail = _add_lines(rail, one)
    return rail


def _add_lines(rail: LineNetwork, one: Corridor) -> LineNetwork:
    node, lon, lat, names = _stations(rail, one)
    lines_at: dict[int, set[str]] = {}
    for ends in (rail.arc_tail, rail.arc_head):
        for end, code in zip(ends.tolist(), rail.arc_class.tolist(), strict=True):
            lines_at.setdefault(end, set()).add(rail.classes[code])
    number = dict(zip((stop.name for stop in one.stops), node, strict=True))
    legs = corridor_segments(one)
    tail = legs["from_stop"].map(number).to_numpy()
    head = legs["to_stop"].map(number).to_numpy()
    line = [f"{one.id} {service}".rstrip() for service in legs["service"]]
    through = set(rail.through)
    for end, name in {*zip(tail.tolist(), line, strict=True), *zip(head.tolist(), line, strict=True)}:
        for other in lines_at.get(end, ()):
            through |= {(end, name, other), (end, other, name)}
    plain = rail.extended(
        Links(
            tail,
            head,
            legs["length_km"].to_numpy() * 1000,
            legs["line_haul_min"].to_numpy() * 60,
            mode="rail",
            road_class=line,
        ),
        node_lon=lon,
        node_lat=lat,
        node_exit=True,
        node_names=names,
        provenance={
            "rail_corridors": ", ".join(filter(None, (rail.provenance.get("rail_corridors"), one.id)))
        },
    )
    per_day = dict(rail.departures_per_day)
    if one.trains_per_day is not None:
        for a, b, name in zip(tail.tolist(), head.tolist(), line, strict=True):
            per_day[a, b, name] = per_day[b, a, name] = one.trains_per_day
    own = {field.name: getattr(plain, field.name) for field in fields(TransportNetwork)}
    return LineNetwork(
        **own,
        departures_per_day=MappingProxyType(per_day),
        passing_per_day=rail.passing_per_day,
        arrivals_per_day=rail.arrivals_per_day,
        direct_per_day=rail.direct_per_day,
        ride_factor=rail.ride_factor,
        stop_min=rail.stop_min,
        line_km=rail.line_km,
        through=frozenset(through),
        turns=rail.turns,
    )


def _stations(rail: LineNetwork, one: Corridor) -> tuple[list[int], list[float], list[float], dict[int, str]]:
    """Node of each stop, and the positions and names of the stations that are new."""
    tree = cKDTree(rail.node_xyz) if rail.n_nodes else None
    by_name: dict[str, list[int]] = {}
    for number, name in rail.node_names.items():
        by_name.setdefault(name, []).append(number)
    node: list[int] = []
    lon: list[float] = []
    lat: list[float] = []
    names: dict[int, str] = {}
    placed: dict[str, int] = {}
    for stop in one.stops:
        if stop.name not in placed:
            xyz = to_ecef(np.array([stop.lon]), np.array([stop.lat]))[0]
            near = [
                number
                for number in by_name.get(stop.name, [])
                if np.linalg.norm(rail.node_xyz[number] - xyz) <= SAME_NAME_KM * 1000
            ]
            if not near and tree is not None:
                metres, nearest = tree.query(xyz)
                near = [int(nearest)] if metres <= SAME_PLACE_KM * 1000 else []
            if not near:
                near = [rail.n_nodes + len(lon)]
                lon.append(stop.lon)
                lat.append(stop.lat)
                names[near[0]] = stop.name
            placed[stop.name] = near[0]
        node.append(placed[stop.name])
    return node, lon, lat, names
