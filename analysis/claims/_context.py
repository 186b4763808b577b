"""What claims are checked on: places, people, and networks of any date with any corridors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.crs import ELLIPSOID
from ...geo.errors import InputError, UnknownPlaceError
from ...geo.networks import (
    EMBEDDED_AS_OF,
    LineNetwork,
    TransportNetwork,
    join_networks,
    journey_components,
    trunk_network,
)
from ...geo.places import (
    Place,
    border_counties,
    borders,
    cities,
    counties,
    junctions,
    origins_table,
    place,
    provinces,
)
from ..corridors import (
    Corridor,
    add_corridor_lines,
    add_corridors,
    corridor,
    embedded_railways,
    with_railways,
)
from ..indicators import people as census
from ..times import Origin, limit_to_ms, minutes_matrix, origin_list

#: Special administrative regions and Taiwan: provinces without a row in the census.
BEYOND_MAINLAND: tuple[int, ...] = (710000, 810000, 820000)


#: Networks with corridors, and frames of places, that are kept.
_KEPT: Final = 4


class ClaimContext:
    """Places, people and networks that claims are checked on; everything is made once, when needed.

    Parameters
    ----------
    source : {"tianditu", "amap"} or geopandas.GeoDataFrame
        Counties of one's own as `counties` returns them.
    network : TransportNetwork, optional
        Roads; the embedded trunk roads when left out.
    rail : LineNetwork, optional
        Railways; the embedded ones that were open on a claim's date when left out.
    trains : callable, optional
        Gets roads, returns them with trains as a timetable has them; for times from door to door.
    people : pandas.DataFrame, optional
        Columns ``adcode, people``; the embedded census of 2020 when left out.
    stations : mapping of str to sequence of str
        Where trains of a place are boarded.
    corridors : iterable of Corridor
        Corridors beside the embedded ones.
    """

    def __init__(
        self,
        *,
        source: str | gpd.GeoDataFrame = "tianditu",
        network: TransportNetwork | None = None,
        rail: LineNetwork | None = None,
        trains: Callable[[TransportNetwork], TransportNetwork] | None = None,
        people: pd.DataFrame | None = None,
        stations: Mapping[str, Sequence[str]] | None = None,
        corridors: Iterable[Corridor] = (),
    ) -> None:
        self.source = source
        self._network = network
        self._rail = rail
        self._trains = trains
        self._people = people
        self.stations = dict(stations or {})
        self._own = {one.id: one for one in corridors}
        self._known_points: list[tuple[gpd.GeoDataFrame, list[Origin]]] = []
        self._named_places: dict[str, gpd.GeoDataFrame] = {}
        self._rails: dict[tuple[dt.date | None, frozenset[str]], LineNetwork] = {}
        self._networks: dict[tuple[str, dt.date | None, frozenset[str]], TransportNetwork] = {}

    # places

    @property
    def _named(self) -> str:
        return repr(self.source) if isinstance(self.source, str) else "of the study's own"

    @cached_property
    def counties(self) -> gpd.GeoDataFrame:
        """Every county-level unit of the country."""
        return counties(self.source) if isinstance(self.source, str) else self.source

    @cached_property
    def cities(self) -> gpd.GeoDataFrame:
        """Every prefecture-level unit and municipality."""
        return cities(self.source)

    @cached_property
    def prefectures(self) -> gpd.GeoDataFrame:
        """Prefecture-level units and municipalities of the mainland, without counties directly under a province."""
        table = self.cities
        kept = (table["adcode"] % 100 == 0) & ~table["province_adcode"].isin(BEYOND_MAINLAND)
        return table[kept].reset_index(drop=True)

    @cached_property
    def provinces(self) -> gpd.GeoDataFrame:
        """Every provincial unit."""
        return provinces(self.source)

    @cached_property
    def borders(self) -> gpd.GeoDataFrame:
        """The shared line of each pair of provinces."""
        return borders(self.counties)

    @cached_property
    def border_counties(self) -> gpd.GeoDataFrame:
        """Counties on a border of their province with another."""
        return border_counties(self.counties)

    @cached_property
    def junctions(self) -> gpd.GeoDataFrame:
        """Points where three or more provinces meet."""
        return junctions(self.counties)

    def place(self, name: str) -> Place:
        """Return one place by name."""
        return place(name, source=self.source)

    def table(self, names: Iterable[str]) -> gpd.GeoDataFrame:
        """Return the places that names and selectors stand for.

        Parameters
        ----------
        names : iterable of str
            Names; ``border:A,B``, ``counties:X``, ``cities:X``.

        Returns
        -------
        geopandas.GeoDataFrame
            ``origin_id, origin_name, lon, lat, geometry`` and ``province``, each place once.

        Raises
        ------
        UnknownPlaceError, AmbiguousPlaceError
        """
        frames = []
        for name in names:
            if name not in self._named_places:
                self._named_places[name] = self._places(name)
            frames.append(self._named_places[name])
        table = pd.concat(frames, ignore_index=True).drop_duplicates("origin_id", ignore_index=True)
        return gpd.GeoDataFrame(table, geometry="geometry", crs=frames[0].crs)

    def _places(self, name: str) -> gpd.GeoDataFrame:
        """Return the places that a name or selector stands for; several claims ask for the same."""
        kind, _, rest = name.partition(":")
        if rest and kind == "border":
            pair = [self.place(part).name for part in rest.split(",")]
            found = border_counties(self.counties, between=tuple(pair))
        elif rest and kind == "counties":
            unit = self.place(rest)
            column = "province_adcode" if unit.level == "province" else "city_adcode"
            found = self.counties[self.counties[column] == unit.adcode]
            if len(found) == 0:
                raise UnknownPlaceError(f"'{name}': {unit.name} has no counties in the source {self._named}")
        elif rest and kind == "cities":
            unit = self.place(rest)
            found = self.prefectures[self.prefectures["province_adcode"] == unit.adcode]
        else:
            one = self.place(name)
            return origins_table([one]).assign(province=one.province)
        return origins_table(found).assign(province=found["province"].to_numpy())

    # people

    @cached_property
    def people(self) -> pd.Series[float]:
        """Residents of each county of the boundary source, by adcode; NaN where not counted."""
        known = self.source if isinstance(self.source, str) else "tianditu"
        table = census(known) if self._people is None else self._people
        counted = table.drop_duplicates("adcode").set_index("adcode")["people"].astype(float)
        return counted.reindex(self.counties["adcode"].to_numpy())

    def people_of(self, names: Iterable[str]) -> float:
        """Return the residents of places: counties, prefectures, provinces."""
        total = 0.0
        for name in names:
            total += float(self.people[self._counties_of(self.place(name))].sum())
        return total

    def _counties_of(self, one: Place) -> NDArray[np.int64]:
        table = self.counties
        for column in ("province_adcode", "city_adcode", "adcode"):
            inside = table[table[column] == one.adcode]
            if len(inside):
                codes: NDArray[np.int64] = inside["adcode"].to_numpy(dtype="int64")
                return codes
        raise UnknownPlaceError(f"{one.name} has no counties in the source {self._named}")

    # networks

    def corridor(self, identifier: str) -> Corridor:
        """Return a corridor by id: one of the user's own, or an embedded one."""
        return self._own.get(identifier) or corridor(identifier)

    @cached_property
    def roads(self) -> TransportNetwork:
        """The base network of roads."""
        return trunk_network() if self._network is None else self._network

    @property
    def has_embedded_roads(self) -> bool:
        """Whether the roads are the embedded ones, by class, whose error is known."""
        return str(self.roads.provenance.get("travel_time_model", "")).startswith("expressways at the end of")

    @property
    def has_embedded_rail(self) -> bool:
        """Whether the railways are the embedded ones, whose error is known."""
        return self._rail is None

    def rail(self, date: dt.date | None, ids: Iterable[str] = ()) -> LineNetwork:
        """Return the railways open on a day, with railway corridors added."""
        key = (date, frozenset(ids))
        if key not in self._rails:
            base = embedded_railways(date) if self._rail is None else self._rail
            lines = [self.corridor(identifier) for identifier in sorted(key[1])]
            _keep(self._rails, key, add_corridor_lines(base, lines) if lines else base)
        return self._rails[key]

    @property
    def rail_as_of(self) -> str:
        """Day that the railways stand for where a claim has none."""
        return "所给日期" if self._rail is not None else EMBEDDED_AS_OF.isoformat()

    def network(self, mode: str, date: dt.date | None, ids: Iterable[str] = ()) -> TransportNetwork:
        """Return the network that a mode uses: roads, or roads and railways together.

        Parameters
        ----------
        mode : {"road", "rail", "any"}
            "rail" and "any" are the same from door to door: one reaches the station by road.
        date : datetime.date or None
        ids : iterable of str
            Corridors added; railways only where the mode has them.
        """
        chosen = [self.corridor(identifier) for identifier in sorted(set(ids))]
        if mode == "road":
            chosen = [one for one in chosen if one.mode == "road"]
        key = (mode, date, frozenset(one.id for one in chosen))
        if key not in self._networks:
            base = self.roads
            if mode != "road":
                base = (
                    with_railways(self.roads, rail=self.rail(date, []))
                    if self._trains is None
                    else self._trains(self.roads)
                )
            _keep(self._networks, key, add_corridors(base, chosen))
        return self._networks[key]

    def usable(self, mode: str, meant: str, ids: Iterable[str]) -> list[Corridor]:
        """Return the corridors among `ids` that can change a claim of this mode."""
        found = [self.corridor(identifier) for identifier in ids]
        if meant == "line_haul":
            return [one for one in found if one.mode == "rail"]
        return [one for one in found if mode != "road" or one.mode == "road"]

    # times

    def minutes(
        self,
        origins: gpd.GeoDataFrame,
        destinations: gpd.GeoDataFrame,
        *,
        mode: str,
        date: dt.date | None,
        ids: Iterable[str] = (),
        faster: float = 1.0,
        limit_min: float | None = None,
    ) -> NDArray[np.float64]:
        """Return minutes from door to door, with everything that moves `faster` times as fast; NaN beyond a limit."""
        network = scaled(self.network(mode, date, ids), faster)
        starts, ends = self._points(origins, "origins"), self._points(destinations, "destinations")
        return minutes_matrix(network, starts, ends, limit_ms=limit_to_ms(limit_min, "limit_min"))

    def _points(self, places: gpd.GeoDataFrame, argument: str) -> list[Origin]:
        """Return places as points; those of the last few frames are kept, since a claim asks of one again and again."""
        for known, found in self._known_points:
            if known is places:
                return found
        found = origin_list(places, argument=argument)
        self._known_points = [*self._known_points[-_KEPT + 1 :], (places, found)]
        return found

    def line_haul_minutes(
        self, origin: str, destination: str, *, date: dt.date | None, ids: Iterable[str] = ()
    ) -> tuple[float, str]:
        """Return the minutes of the fastest train between two places' stations, and its stations.

        Raises
        ------
        InputError
            If no station of a place has trains on that day.
        """
        lines = self.rail(date, ids)
        trains = join_networks(None, lines, line_haul_only=True)
        there = set(lines.node_names.values())
        ends = []
        for name in (origin, destination):
            stations = [station for station in self.stations.get(name, ()) if station in there]
            if not stations:
                raise InputError(f"no station of {name} ({', '.join(self.stations.get(name, ())) or 'none given'}) "
                                 "has trains on that day")  # fmt: skip
            ends.append(stations)
        pairs = [(a, b) for a in ends[0] for b in ends[1]]
        table = journey_components(trains, pairs)
        found = table["total_min"].to_numpy(dtype=float)
        if not np.isfinite(found).any():
            return float("inf"), ""
        best = int(np.nanargmin(found))
        return float(found[best]), f"{pairs[best][0]}—{pairs[best][1]}"


def _keep(known: dict[Any, Any], key: tuple[Any, ...], value: Any) -> None:
    """Keep a network; of those with corridors the latest few, since many sets of these are tried."""
    old = [other for other in known if other[-1]]
    for other in old[: max(0, len(old) - _KEPT + 1)]:
        del known[other]
    known[key] = value


def scaled(network: TransportNetwork, faster: float) -> TransportNetwork:
    """Return the network with every arc that has a length `faster` times as fast.

    Boarding, waiting and changing have no length and stay as they are; so does movement off the
    network, and trains that run as a timetable says.
    """
    if faster == 1:
        return network
    moving = np.asarray(network.arc_length_m) > 0
    times = np.where(moving, np.maximum(1, np.rint(network.arc_time_ms / faster)), network.arc_time_ms)
    _ = network.reverse, network.exit_lines  # which the scaled ones take over
    return network.with_times(times)


def mean_speed_kph(network: TransportNetwork) -> float:
    """Return the mean speed of the network's roads, km/h: all kilometres over all hours."""
    road = np.isin(network.arc_mode, [code for code, name in enumerate(network.modes) if name == "road"])
    hours = network.arc_time_ms[road].sum(dtype=float) / 3_600_000
    return float(network.arc_length_m[road].sum(dtype=float) / 1000 / hours) if hours > 0 else float("nan")


def straight_km(lon: float, lat: float, table: pd.DataFrame) -> NDArray[np.float64]:
    """Return the ellipsoidal distance of each place of a table from a point, km."""
    n = len(table)
    return np.asarray(
        ELLIPSOID.inv(
            np.full(n, lon), np.full(n, lat), table["lon"].to_numpy(dtype=float), table["lat"].to_numpy(dtype=float)
        )[2],
        dtype=float,
    ) / 1000  # fmt: skip
