"""Corridors as tables, and how they join a transport network."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from ...geo.networks import TransportNetwork
from ...geo.timetables import TimetableNetwork
from ..schemas import Schema, conform
from ..times import require_network
from ._files import Corridor, open_by, resolve_corridors
from ._joined import join_corridors, join_min, legs, nearest_nodes
from ._trains import with_trains

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
    >>> br.corridors("yuqian")[["corridor_id", "length_km"]]
                 corridor_id  length_km
    0  yanyinsong-expressway      117.9
    1              yugui-hsr      345.0
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

    Examples
    --------
    >>> br.corridor_stops("yugui-hsr")["stop_name"].tolist()[:3]
    ['重庆东', '綦江', '万盛']
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

    Examples
    --------
    >>> segments = br.corridor_segments("yugui-hsr")
    >>> segments[["from_stop", "to_stop"]].head(2).values.tolist()
    [['重庆东', '遵义东'], ['遵义东', '贵阳东']]
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
        for leg in legs(one)
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

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> line = br.Corridor(
    ...     id="new-road",
    ...     name="新路",
    ...     mode="road",
    ...     status="planned",
    ...     status_date="2025-01-01",
    ...     design_speed_kph=100,
    ...     stops=[
    ...         {"name": "甲", "lon": 106.5, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...         {"name": "乙", "lon": 106.6, "lat": 29.5, "kind": "interchange", "position": "approximate"},
    ...     ],
    ... )
    >>> br.corridor_joins(road, line)[["stop_name", "node", "distance_km"]].values.tolist()
    [['甲', 0, 0.0], ['乙', 1, 0.0]]
    """
    require_network(network)
    rows = []
    given = resolve_corridors(study_or_ids)
    for one, met in zip(given, nearest_nodes(network, given), strict=True):
        node, metres = met.node, met.metres
        for number, stop in enumerate(one.stops):
            joined = bool(metres[number] <= one.join_km * 1000)
            rows.append(
                {
                    "corridor_id": one.id,
                    "stop_no": number + 1,
                    "stop_name": stop.name,
                    "node": int(node[number]) if joined else -1,
                    "distance_km": metres[number] / 1000 if joined else np.nan,
                    "join_min": join_min(one, stop, metres[number]) if joined else np.nan,
                }
            )
    return conform(rows, CORRIDOR_JOINS)


class MetStop(NamedTuple):
    """A stop that meets the network: its place among the corridor's stops, and the node."""

    number: int
    node: int


def met_stops(network: TransportNetwork, one: Corridor) -> list[MetStop]:
    """Return a corridor's stops that meet the network, in their order; of several at one node the nearest."""
    joins = corridor_joins(network, one)
    met = joins[joins["node"] >= 0].sort_values("distance_km", kind="stable")
    met = met.drop_duplicates("node").sort_values("stop_no")
    return [
        MetStop(int(number) - 1, int(node)) for number, node in zip(met["stop_no"], met["node"], strict=True)
    ]


def add_corridors(network: TransportNetwork, corridors: Any, *, year: int | None = None) -> TransportNetwork:
    """Return the network with corridors joined to it at their interchanges and stations only.

    Parameters
    ----------
    network : TransportNetwork
    corridors : GeoDataFrame, Study, str, Corridor or sequence
        As `resolve_corridors` takes it; none leaves the network as it is.
    year : int, optional
        Only those that are open by the end of that year, see `open_by`; all of them
        when left out.

    Returns
    -------
    TransportNetwork
        Nodes of `network` keep their numbers.

    Raises
    ------
    InputError
        If an id is unknown.
    NetworkError
        If no stop of a corridor lies within its `join_km` of a network node, or of a stop of
        another corridor that is joined itself.

    Notes
    -----
    Every stop is a new node, linked with the nearest road node that can be entered within `join_km`:
    interchanges and stations at `join_speed_kph` along the straight line, hubs (which join two
    expressways, so that the gap comes from simplified coordinates) at the corridor's own speed.
    One can leave to anywhere in reach at interchanges, stations and airports, not at hubs and
    nowhere along the line. On railways and in the air each service has platforms of its own
    behind the station: getting there takes `board_min` and the wait, getting out `alight_min`, and so changing
    between services costs both.

    Two corridors that are added together are linked where they meet: each stop with the nearest
    one of the other within both their `join_km`, at the slower `join_speed_kph`; hubs with stops of
    roads only, at the slower running speed. What a corridor adds thus depends neither on their
    order nor on which others are added. Links are only added, so that no trip takes longer than
    before, nor longer than with fewer of the corridors.

    On a timetable network railways are trains of its timetable, as `with_corridor_trains` adds them, got on and off
    under the network's rules.

    In a network with banned turns every stop is two nodes, one to get on at and one to get off at:
    nobody gets past a ban by driving to a stop and back.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.6], br.Links([0], [1], [15e3], [900.0]))
    >>> br.add_corridors(road, "yugui-hsr", year=2024) is road  # not open by then
    True
    """
    checked = require_network(network)
    chosen = open_by(resolve_corridors(corridors), year)
    if isinstance(checked, TimetableNetwork):
        lines = join_corridors(checked, [one for one in chosen if one.mode != "rail"]).full
        return with_trains(lines, chosen)
    return join_corridors(checked, chosen).full
