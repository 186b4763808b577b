"""What a map needs to answer its reader's own what-ifs: the network around a study, its people, its corridors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.crs import along_curve
from ...geo.derived import Sealed
from ...geo.networks import TransportNetwork, least_access
from ..corridors import Corridor, JoinedCorridors, has_split_junctions
from ..indicators import people_points
from ..times import UNREACHED, enter, origin_list, search, within_reach
from ._what_if_trains import join_steps, node_places, rides_past_stations, train_nodes

#: Beyond the provinces' frame, degrees: roads that lead around a corner of it belong to what is asked of them.
_MARGIN_DEG: Final = 0.25
#: What stands in `WhatIf.left_out` for today's trains.
TRAINS: Final = "trains"
#: Modes of today's trains: of their rides and stations, and with the ways there.
_RIDE_MODES: Final = ("rail",)
_TRAIN_MODES: Final = (*_RIDE_MODES, "access")
_ARC_ARRAYS: Final = ("arc_time_ms", "arc_length_m", "arc_mode", "arc_class", "arc_exit", "arc_reversed")


@dataclass(frozen=True, eq=False)
class WhatIf(Sealed):
    """The part of a study's network that its centres and border counties have to do with.

    Attributes
    ----------
    network : TransportNetwork
        With every corridor of the study; nodes in spatial order.
    node_edge : ndarray of bool, shape (n,)
        Nodes from which a link leads out of the part: whatever takes longer than the way to the nearest of
        them may be faster outside.
    node_people : ndarray of float64, shape (n,)
        Residents, spread over the nodes of their counties as `analysis.indicators.people_points` does.
    node_owner : ndarray of int64, shape (n,)
        Position of the corridor that a node belongs to, -1 for none.
    link_owners : ndarray of int64, shape (number of links, 2)
        Positions of the two corridors that a link needs, -1 for none.
    link_since : ndarray of int64, shape (number of links,)
        Position in `years` of the first one at whose end the link is there as it is today; 0 without years.
    link_before : ndarray of bool, shape (number of links,)
        Whether a link of another class was there in the year before that.
    counties : geopandas.GeoDataFrame
        ``adcode, name, province, lon, lat``: the counties of the study, border counties first.
    n_border : int
        How many of them are border counties.
    corridors : tuple of Corridor
    stop_node, leave_node : tuple of ndarray of int64
        For each corridor the nodes of its stops, where one gets on and where one gets off; -1 outside the part.
    cutoffs_min : tuple of float
        Ascending.
    apart : bool
        Whether one comes to junctions at other nodes than one leaves them from, see `add_corridors`.
    scenarios : mapping of str to tuple of str
        The corridors' ids in each of the study's scenarios.
    left_out : tuple of str
        Classes of roads that were left out to keep it small, and `TRAINS` where today's trains were.
    years : tuple of int
        Ascending, the last one is today; empty where the network is known for no other year.
    """

    network: TransportNetwork
    node_edge: NDArray[np.bool_]
    node_people: NDArray[np.float64]
    node_owner: NDArray[np.int64]
    link_owners: NDArray[np.int64]
    link_since: NDArray[np.int64]
    link_before: NDArray[np.bool_]
    counties: gpd.GeoDataFrame
    n_border: int
    corridors: tuple[Corridor, ...]
    stop_node: tuple[NDArray[np.int64], ...]
    leave_node: tuple[NDArray[np.int64], ...]
    cutoffs_min: tuple[float, ...]
    apart: bool
    scenarios: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    years: tuple[int, ...] = ()

    def with_years(self, networks: Mapping[int, TransportNetwork]) -> WhatIf:
        """Return the same with what was there at the end of earlier years.

        Parameters
        ----------
        networks : mapping of int to TransportNetwork
            Of each year, ascending, the last one of today: with the nodes of this network where these were there.
        """
        if len(networks) < 2:
            return self
        links = _LinkKeys(self.network)
        own = np.all(self.link_owners < 0, axis=1)  # lines of corridors are there when they're switched on
        since = np.full(self.network.n_links, len(networks) - 1, dtype=np.int64)
        before = np.zeros(self.network.n_links, dtype=bool)
        for at, network in reversed(list(enumerate(list(networks.values())[:-1]))):
            as_today, somehow = links.found_in(network)
            last = since == at + 1
            before[last] = somehow[last]
            since[last & as_today] = at
        before &= own & (since > 0)
        return replace(self, years=tuple(networks), link_since=np.where(own, since, 0), link_before=before)

    def without(self, road_class: str) -> WhatIf:
        """Return the same without the roads of a class and what led over these alone.

        Parameters
        ----------
        road_class : str
        """
        network = self.network
        code = network.classes.index(road_class)
        gone = np.zeros(network.n_links, dtype=bool)
        gone[network.arc_link[network.arc_class == code]] = True
        return self._without(gone, road_class)

    @property
    def has_trains(self) -> bool:
        """Whether today's trains are in it."""
        return bool(self._of_trains().any())

    def without_trains(self) -> WhatIf:
        """Return the same without today's trains and the ways to their stations; lines of corridors stay."""
        return self._without(self._of_trains(), TRAINS)

    @property
    def rides_past_stations(self) -> NDArray[np.bool_]:
        """Which links are rides past a station to which other rides of the line go: these show the way that they take.

        Those are as long together: a ride from one end of a line to the other is no line on the ground. Neither is the
        same way a second time, as of trains back, or of those that come from another line.
        """
        return rides_past_stations(self.network)

    def with_steps_joined(self) -> WhatIf:
        """Return the same with today's trains in as few links as tell every journey's minutes.

        A journey by train is a row of steps: boarding, waiting for a train that calls at the other station, the ride, what usual
        trains take longer, getting off. Where one step has but one other before or behind it, the two are one; nodes of
        trains alone come last, in spatial order. Times between all nodes that are left stay the same to the millisecond.
        """
        free = ~self.network.node_exit & (self.node_people == 0) & (self.node_owner < 0) & ~self.node_edge
        for nodes in (*self.stop_node, *self.leave_node):
            free[nodes[nodes >= 0]] = False
        network, keep, keep_link = join_steps(self.network, free, self._of_trains(_RIDE_MODES))
        return _part(replace(self, network=network), keep, keep_link)

    def _of_trains(self, modes: tuple[str, ...] = _TRAIN_MODES) -> NDArray[np.bool_]:
        network = self.network
        codes = [network.modes.index(mode) for mode in modes if mode in network.modes]
        found = np.zeros(network.n_links, dtype=bool)
        found[network.arc_link[np.isin(network.arc_mode, codes)]] = True
        found &= np.all(self.link_owners < 0, axis=1)
        return found

    def _without(self, gone: NDArray[np.bool_], name: str) -> WhatIf:
        network = self.network
        tail, head = network.link_ends
        touched = np.zeros(network.n_nodes, dtype=bool)
        touched[tail[~gone]] = touched[head[~gone]] = True
        left = ~touched & (self.node_people > 0)
        people = self.node_people.copy()
        if touched.any() and left.any():
            # people stay: those at the nodes that go are counted at the nearest that is left
            nearest = cKDTree(network.node_xyz[touched]).query(network.node_xyz[left])[1]
            np.add.at(people, np.flatnonzero(touched)[nearest], people[left])
        found = _part(replace(self, node_people=people), touched, ~gone)
        return replace(found, left_out=(*self.left_out, name))


class _LinkKeys:
    """Links by where they begin and end, so that those of one network are found in another."""

    def __init__(self, network: TransportNetwork) -> None:
        self._places = np.unique(node_places(network))
        self._names = {name: code for code, name in enumerate(network.classes)}
        self._modes = {name: code for code, name in enumerate(network.modes)}
        self._way, self._kind = self._keys(network)

    def found_in(self, network: TransportNetwork) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which links another network has in their class, and which in any class of their mode."""
        way, kind = self._keys(network)
        return np.isin(self._kind, kind), np.isin(self._way, way)

    def _keys(self, network: TransportNetwork) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return a number of the ends and mode of each link, and one of ends, mode and class."""
        places = node_places(network)
        at = np.minimum(np.searchsorted(self._places, places), len(self._places) - 1)
        at[self._places[at] != places] = -1
        forth, back = network.link_arcs
        arc = np.where(forth >= 0, forth, back)
        tail, head = at[network.arc_tail[arc]], at[network.arc_head[arc]]
        modes = np.array([self._modes.get(name, -1) for name in network.modes])[network.arc_mode[arc]]
        names = np.array([self._names.get(name, -1) for name in network.classes])[network.arc_class[arc]]
        known = (tail >= 0) & (head >= 0) & (modes >= 0)
        n = len(self._places)
        way = (np.minimum(tail, head) * n + np.maximum(tail, head)) * len(self._modes) + modes
        kind = np.where(known & (names >= 0), way * len(self._names) + names, -1)
        return np.where(known, way, -1), kind


def what_if(
    joined: JoinedCorridors,
    residents: gpd.GeoDataFrame,
    *,
    provinces: gpd.GeoDataFrame,
    counties: gpd.GeoDataFrame,
    border_counties: gpd.GeoDataFrame,
    centres: gpd.GeoDataFrame,
    cutoffs_min: Iterable[float],
    scenarios: Mapping[str, Sequence[str]] = MappingProxyType({}),
    roads: TransportNetwork | None = None,
    by_year: Mapping[int, TransportNetwork] = MappingProxyType({}),
) -> WhatIf:
    """Return the part of a study's network that lies in its provinces, or within its circles' minutes of its places.

    Parameters
    ----------
    joined : JoinedCorridors
        The study's network with its corridors.
    residents : geopandas.GeoDataFrame
        Counties with people; empty where nobody has counted them.
    provinces, counties, border_counties, centres : geopandas.GeoDataFrame
        Of the study.
    cutoffs_min : iterable of float
    scenarios : mapping of str to sequence of str
        The corridors' ids in each of the study's scenarios, the base first.
    roads : TransportNetwork, optional
        The roads of the network alone, whose nodes come first in it and stand for where people live.
    by_year : mapping of int to TransportNetwork
        The network of earlier years and, last, of today; see `WhatIf.with_years`.
    """
    network = joined.full
    cutoffs = tuple(sorted(float(value) for value in cutoffs_min))
    west, south, east, north = provinces.total_bounds
    lon, lat = network.node_lon, network.node_lat
    keep = (west - _MARGIN_DEG <= lon) & (lon <= east + _MARGIN_DEG)
    keep &= (south - _MARGIN_DEG <= lat) & (lat <= north + _MARGIN_DEG)
    keep |= _reached(network, (centres, border_counties), limit_min=cutoffs[-1])
    others = counties[~counties["adcode"].isin(border_counties["adcode"])]
    columns = ["adcode", "name", "province", "lon", "lat", "geometry"]
    places = pd.concat([border_counties[columns], others[columns]], ignore_index=True)
    owners = np.full((network.n_links, 2), -1, dtype=np.int64)
    if len(joined.link_owners):
        owners[-len(joined.link_owners) :] = joined.link_owners
    whole = WhatIf(
        network=network,
        node_edge=np.zeros(network.n_nodes, dtype=bool),
        node_people=_people_at_nodes(joined.base if roads is None else roads, network.n_nodes, residents),
        node_owner=np.concatenate([np.full(joined.base.n_nodes, -1, dtype=np.int64), joined.node_owner]),
        link_owners=owners,
        link_since=np.zeros(network.n_links, dtype=np.int64),
        link_before=np.zeros(network.n_links, dtype=bool),
        counties=gpd.GeoDataFrame(places),
        n_border=len(border_counties),
        corridors=joined.corridors,
        stop_node=joined.stop_node,
        leave_node=joined.leave_node,
        cutoffs_min=cutoffs,
        apart=has_split_junctions(joined.base),
        scenarios={name: tuple(ids) for name, ids in scenarios.items()},
    )
    return _part(whole, keep, np.ones(network.n_links, dtype=bool)).with_years(by_year)


def _reached(
    network: TransportNetwork, places: Iterable[gpd.GeoDataFrame], *, limit_min: float
) -> NDArray[np.bool_]:
    """Say which nodes lie within so many minutes of any of the places."""
    ways = []
    for frame in places:
        near = frame[within_reach(network, frame)] if len(frame) else frame
        ways += [enter(network, origin) for origin in (origin_list(near) if len(near) else ())]
    if not ways:
        return np.zeros(network.n_nodes, dtype=bool)
    entry = least_access(
        np.concatenate([way.node for way in ways]),
        np.concatenate([way.time_ms for way in ways]),
        np.concatenate([way.length_m for way in ways]),
        np.zeros(0, dtype=np.int64),
        ways[0].pieces_on,
    )
    found: NDArray[np.bool_] = search(network, entry, limit_ms=round(limit_min * 60_000)) != UNREACHED
    return found


def _people_at_nodes(
    base: TransportNetwork, n_nodes: int, residents: gpd.GeoDataFrame
) -> NDArray[np.float64]:
    """Return the residents at each node; those of counties without any node are left aside."""
    people = np.zeros(n_nodes)
    if residents.empty:
        return people
    points = people_points(residents, rule="nodes", network=base)
    points = points[points["rule"] == "nodes"]
    spots = base.node_lon + 1j * base.node_lat
    order = np.argsort(spots, kind="stable")
    at = np.searchsorted(spots[order], points["lon"].to_numpy() + 1j * points["lat"].to_numpy())
    np.add.at(people, order[at], points["people"].to_numpy())
    return people


def _part(whole: WhatIf, keep: NDArray[np.bool_], keep_link: NDArray[np.bool_]) -> WhatIf:
    """Return what is left of a network with some of its nodes and links."""
    network = whole.network
    edge = whole.node_edge.copy()
    there, begins = keep[network.arc_head], keep[network.arc_tail] & keep_link[network.arc_link]
    edge[network.arc_tail[begins & ~there]] = True
    old = np.flatnonzero(keep)
    # trains' nodes last, so that what is told of roads' nodes alone is told without them
    old = old[_order(along_curve(network.node_lon[old], network.node_lat[old]), train_nodes(network)[old])]
    new = np.full(network.n_nodes, -1, dtype=np.int64)
    new[old] = np.arange(len(old))
    arcs = np.flatnonzero(begins & there)
    arcs = arcs[_order(new[network.arc_head[arcs]], new[network.arc_tail[arcs]])]
    tail, head = new[network.arc_tail[arcs]], new[network.arc_head[arcs]]
    linked = np.zeros(network.n_links, dtype=bool)
    linked[network.arc_link[arcs]] = True
    links, sizes = np.flatnonzero(linked), np.diff(network.link_offset)
    offset = np.concatenate([[0], np.cumsum(sizes[links])]).astype(np.int64)
    part = replace(
        network,
        node_lon=network.node_lon[old],
        node_lat=network.node_lat[old],
        node_exit=network.node_exit[old],
        arc_start=np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=len(old)))]).astype(np.int64),
        arc_head=head.astype(np.int32),
        arc_link=(np.cumsum(linked) - 1)[network.arc_link[arcs]].astype(np.int32),
        link_offset=offset,
        link_coords=network.link_coords[np.repeat(linked, sizes)],
        node_names=MappingProxyType({int(new[k]): name for k, name in network.node_names.items() if keep[k]}),
        **{name: getattr(network, name)[arcs] for name in _ARC_ARRAYS},
    )
    return replace(
        whole,
        network=part,
        node_edge=edge[old],
        node_people=whole.node_people[old],
        node_owner=whole.node_owner[old],
        link_owners=whole.link_owners[links],
        link_since=whole.link_since[links],
        link_before=whole.link_before[links],
        stop_node=tuple(new[nodes] for nodes in whole.stop_node),
        leave_node=tuple(new[nodes] for nodes in whole.leave_node),
    )


def _order(second: NDArray[Any], first: NDArray[Any]) -> NDArray[np.int64] | slice:
    """Return what sorts by one row of values, then by another, as `numpy.lexsort` takes them; most often they are sorted."""
    up, level = first[1:] > first[:-1], first[1:] == first[:-1]
    if (up | (level & (second[1:] >= second[:-1]))).all():
        return slice(None)
    return np.lexsort((second, first))
