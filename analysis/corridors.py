"""Corridors: planned and built lines from data files, and how they join a transport network."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from .. import data
from ..geo.crs import ELLIPSOID, to_ecef
from ..geo.errors import ConfigError, InputError, InputTypeError, NetworkError
from ..geo.network import Links, TransportNetwork
from .config import Strict, read_toml
from .results import Study
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

#: Straight distances between neighbouring stops beyond these are taken for a slip, km.
MAX_GAP_KM: Final[Mapping[str, float]] = {"road": 150.0, "rail": 400.0, "air": 3000.0}
#: Stops are out of order where turning a stretch of the line round shortens it by more than this share.
DISORDER_SHARE: Final = 0.15

Positive = Annotated[float, Field(gt=0)]
Minutes = Annotated[float, Field(ge=0, le=240)]


class Stop(Strict):
    """Where a corridor can be entered and left.

    Attributes
    ----------
    name : str
    lon, lat : float
        Degrees, WGS 84.
    kind : {"interchange", "hub", "station", "airport"}
        A hub joins other expressways only: one can change there, but not leave to local roads.
    position : {"existing", "approximate"}
    note : str
    """

    name: Annotated[str, Field(min_length=1)]
    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    kind: Literal["interchange", "hub", "station", "airport"]
    position: Literal["existing", "approximate"]
    note: str = ""


class Service(Strict):
    """Trains or flights that call at some of the stops, in the corridor's order."""

    name: str
    calls: Annotated[tuple[str, ...], Field(min_length=2)]


class Mention(Strict):
    """Where a text names the corridor: the file and a few of its words."""

    text: str
    words: str


class Source(Strict):
    """A public report and what it says."""

    title: str
    date: dt.date | None = None
    says: str = ""


class Corridor(Strict):
    """A planned, proposed, building or open line with its stops.

    Attributes
    ----------
    id : str
        Stable; lower case letters, digits and hyphens.
    name, name_en : str
    mode : {"road", "rail", "air"}
    road_class : str
        Class of a road, such as ``"motorway"``.
    status : {"proposed", "planned", "building", "open"}
    status_date : date
        Day on which the status was reported.
    opening_year : int, optional
    design_speed_kph : float
        At most 400 km/h on rails and roads.
    speed_factor : float
        Running speed over design speed.
    length_km : float, optional
        Official length; without it, straight distances times `sinuosity`.
    sinuosity : float
        Length along the line over straight distance between stops.
    stop_penalty_min : float
        Minutes that a call under way costs (braking, standing, accelerating).
    board_min, alight_min : float
        Minutes from the station's door to the moving train, and back.
    join_km : float
        A stop is joined to the nearest network node within this distance.
    join_speed_kph : float
        Speed between an interchange or station and that node, along the straight line.
    stops : tuple of Stop
        In their order along the line.
    services : tuple of Service
        For railways and flights; one service with all stops where left out.
    mentions, sources, notes
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: str
    name_en: str = ""
    mode: Literal["road", "rail", "air"]
    road_class: str = ""
    status: Literal["proposed", "planned", "building", "open"]
    status_date: dt.date
    opening_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    design_speed_kph: Annotated[float, Field(gt=0, le=400)]
    speed_factor: Annotated[float, Field(gt=0, le=1)] = 1.0
    length_km: Positive | None = None
    sinuosity: Annotated[float, Field(ge=1, le=3)] = 1.2
    stop_penalty_min: Minutes = 0.0
    board_min: Minutes = 0.0
    alight_min: Minutes = 0.0
    join_km: Annotated[float, Field(ge=0, le=50)] = 5.0
    join_speed_kph: Annotated[float, Field(gt=0, le=120)] = 25.0
    stops: Annotated[tuple[Stop, ...], Field(min_length=2)]
    services: tuple[Service, ...] = ()
    mentions: tuple[Mention, ...] = ()
    sources: tuple[Source, ...] = ()
    notes: tuple[str, ...] = ()

    @field_validator("stops")
    @classmethod
    def _distinct_names(cls, stops: tuple[Stop, ...]) -> tuple[Stop, ...]:
        inner = [stop.name for stop in stops[:-1]]  # a ring ends where it began
        if len(set(inner)) < len(inner):
            twice = next(name for name in inner if inner.count(name) > 1)
            raise ValueError(f"the stop {twice} stands twice in the list")
        return stops

    @model_validator(mode="after")
    def _plausible_line(self) -> Self:
        straight = self.straight_km
        limit = MAX_GAP_KM[self.mode]
        for (a, b), km in zip(pairwise(self.stops), straight, strict=True):
            if km > limit:
                raise ValueError(
                    f"'{self.id}': {a.name} and {b.name} lie {km:.0f} km apart, more than the {limit:.0f} km "
                    f"that a {self.mode} corridor may go without a stop; check their coordinates"
                )
        swap = _disorder(self._points())
        if swap is not None:
            first, last, km = swap
            raise ValueError(
                f"'{self.id}': stops out of order: turning round the stretch from {self.stops[first].name} to "
                f"{self.stops[last].name} makes the line {km:.0f} km shorter; list them as they lie on the line"
            )
        if self.length_km is not None and self.length_km < 0.98 * straight.sum():
            raise ValueError(
                f"'{self.id}': length_km is {self.length_km:g}, but the stops alone lie "
                f"{straight.sum():.1f} km apart in a straight line; check length and coordinates"
            )
        if self.mode == "road" and self.services:
            raise ValueError(f"'{self.id}': a road has no services; remove the key 'services'")
        names = [stop.name for stop in self.stops]
        for service in self.services:
            unknown = [call for call in service.calls if call not in names]
            if unknown:
                raise ValueError(f"'{self.id}': service '{service.name}' calls at {unknown[0]}, not a stop")
            order = [names.index(call) for call in service.calls]
            if order != sorted(set(order)):
                raise ValueError(
                    f"'{self.id}': the calls of service '{service.name}' are out of the stops' order"
                )
        return self

    @property
    def straight_km(self) -> NDArray[np.float64]:
        """Ellipsoidal distance between consecutive stops, km, shape (number of stops - 1,)."""
        points = self._points()
        return np.asarray(ELLIPSOID.line_lengths(points[:, 0], points[:, 1]), dtype=float) / 1000

    @property
    def lengths_km(self) -> NDArray[np.float64]:
        """Length along the line between consecutive stops, km.

        An official length is shared out in proportion to the straight distances.
        """
        straight = self.straight_km
        if self.length_km is None:
            return straight * self.sinuosity
        return straight * (self.length_km / straight.sum())

    @property
    def running_speed_kph(self) -> float:
        """Speed between stops, km/h."""
        return self.design_speed_kph * self.speed_factor

    @property
    def line(self) -> shapely.LineString:
        """Straight lines from stop to stop, (lon, lat)."""
        return shapely.LineString(self._points())

    def all_services(self) -> tuple[Service, ...]:
        """Return the services, or one that calls everywhere where none is given."""
        return self.services or (Service(name="", calls=tuple(stop.name for stop in self.stops)),)

    def _points(self) -> NDArray[np.float64]:
        return np.array([(stop.lon, stop.lat) for stop in self.stops], dtype=float)


class _CorridorFile(Strict):
    corridor: Annotated[tuple[Corridor, ...], Field(min_length=1)]


def read_corridors(path: str | Path) -> list[Corridor]:
    """Read corridors from a TOML file with one ``[[corridor]]`` table each.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    list of Corridor

    Raises
    ------
    DataFileError, ConfigError
        With the file, the line and the key.
    """
    found = list(read_toml(Path(path), _CorridorFile).corridor)
    ids = [corridor.id for corridor in found]
    for identifier in ids:
        if ids.count(identifier) > 1:
            raise ConfigError(f"{path}: the corridor id '{identifier}' stands there more than once")
    return found


def corridor_ids() -> dict[str, str]:
    """Return the ids of the embedded corridors and their names."""
    return {identifier: corridor.name for identifier, corridor in _embedded()[0].items()}


def corridor(identifier: str) -> Corridor:
    """Return one embedded corridor.

    Raises
    ------
    InputError
        If there is none of that id; the message suggests the nearest ones.
    """
    known = _embedded()[0]
    if identifier not in known:
        close = difflib.get_close_matches(str(identifier), known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"known: {', '.join(known)}"
        raise InputError(f"no corridor has the id {identifier!r}; {hint}")
    return known[identifier]


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
    Every stop is a new node, linked with the nearest node that can be entered within `join_km`:
    interchanges and stations at `join_speed_kph` along the straight line, hubs (which join two
    expressways, so that the gap comes from simplified coordinates) at the corridor's own speed.
    One can leave to anywhere in reach at interchanges, stations and airports, not at hubs and
    nowhere along the line. On railways and in the air each service has platforms of its own
    behind the station: getting there takes `board_min`, getting out `alight_min`, and so changing
    between services costs both. Links are only added, so that no trip takes longer than before.
    """
    for one in resolve_corridors(corridors):
        network = _add(network, one)
    return network


def resolve_corridors(given: Any) -> list[Corridor]:
    """Return the corridors that an argument stands for.

    Parameters
    ----------
    given : Study, GeoDataFrame, str, Corridor, sequence of str and Corridor, or None
        A frame as `corridors` gives it stands for its rows, with the `design_speed_kph` and
        `length_km` that it holds; None for every embedded corridor.

    Returns
    -------
    list of Corridor
        Each once, in the order given.

    Raises
    ------
    InputError, InputTypeError
    """
    by_id, by_file = _embedded()
    if given is None:
        return list(by_id.values())
    if isinstance(given, Study):
        given = given.corridors
    if isinstance(given, pd.DataFrame):
        return _of_frame(given)
    if isinstance(given, (str, Corridor)):
        given = (given,)
    if not isinstance(given, Iterable):
        raise InputTypeError(
            f"'corridors' should be ids, Corridor objects, a study or a frame of corridors, got {given!r}"
        )
    found: dict[str, Corridor] = {}
    for item in given:
        if isinstance(item, Corridor):
            found[item.id] = item
        elif not isinstance(item, str):
            raise InputTypeError(f"'corridors' should hold ids or Corridor objects, got {item!r}")
        elif item in by_file and item not in by_id:
            found.update({identifier: by_id[identifier] for identifier in by_file[item]})
        else:
            found[item] = corridor(item)
    return list(found.values())


def _of_frame(frame: pd.DataFrame) -> list[Corridor]:
    if "corridor_id" not in frame:
        raise InputError(
            "'corridors' lacks the column 'corridor_id'; use the frame that corridors() returns, or "
            "read_corridors() for corridors of your own"
        )
    found = []
    for row in frame.to_dict("records"):
        one = corridor(str(row["corridor_id"]))
        changes = {
            name: float(row[name])
            for name, value in (
                ("design_speed_kph", one.design_speed_kph),
                ("length_km", float(one.lengths_km.sum())),
            )
            if name in row and not np.isclose(float(row[name]), value)
        }
        found.append(Corridor.model_validate({**dict(one), **changes}) if changes else one)
    return found


@cache
def _embedded() -> tuple[Mapping[str, Corridor], Mapping[str, tuple[str, ...]]]:
    """Embedded corridors by id, and the ids of each file."""
    by_id: dict[str, Corridor] = {}
    by_file: dict[str, tuple[str, ...]] = {}
    for path in sorted(data.path("corridors").glob("*.toml")):
        found = read_corridors(path)
        for one in found:
            if one.id in by_id:
                raise ConfigError(f"{path}: another file has a corridor of the id '{one.id}' already")
            by_id[one.id] = one
        by_file[path.stem] = tuple(one.id for one in found)
    return by_id, by_file


def _disorder(points: NDArray[np.float64]) -> tuple[int, int, float] | None:
    """Return the stretch of stops whose reversal shortens the line most, if by too much.

    Returns the numbers of its first and last stop and the km saved, or None.
    """
    xyz = to_ecef(points[:, 0], points[:, 1])
    distance = np.linalg.norm(xyz[:, None] - xyz[None, :], axis=2) / 1000
    n = len(points)
    total = float(distance[np.arange(n - 1), np.arange(1, n)].sum())
    ring = distance[0, -1] < 1e-6
    best: tuple[int, int, float] | None = None
    for first in range(1 if ring else 0, n):
        for last in range(first + 1, n - 1 if ring else n):
            before = distance[first - 1, first] if first > 0 else 0.0
            after = distance[last, last + 1] if last < n - 1 else 0.0
            new_before = distance[first - 1, last] if first > 0 else 0.0
            new_after = distance[first, last + 1] if last < n - 1 else 0.0
            saved = float(before + after - new_before - new_after)
            if saved > DISORDER_SHARE * total and (best is None or saved > best[2]):
                best = (first, last, saved)
    return best


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
        self, tail: int, head: int, length_m: float, minutes: float, back_min: float, mode: str, road_class: str
    ) -> None:
        self.links.append((tail, head, length_m, minutes * 60, back_min * 60, mode, road_class))


def _add(network: TransportNetwork, one: Corridor) -> TransportNetwork:
    nearest, metres = _nearest(network, one)
    joined = metres <= one.join_km * 1000
    if not joined.any():
        where = f"the nearest lies {metres.min() / 1000:.0f} km away" if np.isfinite(metres.min()) else "it has none"
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
            parts.link(stations[call], platform, 0.0, one.board_min, one.alight_min, one.mode, "platform")
    return found


def _nearest(
    network: TransportNetwork, one: Corridor
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Nearest node of the network for each stop, and its distance in metres."""
    points = one._points()  # noqa: SLF001 - the class is this module's own
    if len(network.exit_nodes) == 0:
        return np.full(len(points), -1), np.full(len(points), np.inf)
    metres, index = network.exit_node_tree.query(to_ecef(points[:, 0], points[:, 1]))
    return network.exit_nodes[index], np.asarray(metres, dtype=float)


def _join_min(one: Corridor, stop: Stop, metres: float) -> float:
    speed = one.running_speed_kph if stop.kind == "hub" else one.join_speed_kph
    return float(metres) / 1000 / speed * 60
