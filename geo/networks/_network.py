"""`TransportNetwork`: an immutable transport network in flat arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from numbers import Integral
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import require_number, require_numbers, require_texts
from ..crs import WGS84, to_ecef
from ..derived import Sealed, derived, derived_kept
from ..errors import NetworkError
from ..keeping import share_store, store_of
from ..sorting import distinct
from ._exit_lines import ExitLines, ExitTree
from ._ground_lines import arc_lines, link_lines
from ._links import Columns, Links, RaggedLines, arcs_of, by_head, check_links, with_more_arcs

if TYPE_CHECKING:
    import geopandas as gpd
    from scipy.spatial import cKDTree

#: What is the same whichever way a network is passed, and whatever is known of the ways onto it.
_UNDIRECTED: Final = (
    "node_xyz", "exit_nodes", "exit_node_tree", "link_length_m", "link_ends", "has_exits_along"
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class TransportNetwork(Sealed):
    """A directed transport network; make one with `build_network`, not directly.

    The arcs that leave node ``i`` are ``arc_start[i]:arc_start[i + 1]``. A *link* is the line on
    the ground that one arc, or two in opposite directions, run along. Where turns are restricted,
    several nodes lie at one place, and a link's two arcs may end at different ones of them. All
    arrays and mappings are read-only, also in a copy and in another process (`pickle` and
    `concurrent.futures.ProcessPoolExecutor` take a network along whole; processes that open one
    saved file with ``open_network(path, mapped=True)`` share its memory).

    Attributes
    ----------
    node_lon, node_lat : ndarray of float64, shape (n,)
        Degrees, WGS 84.
    node_exit : ndarray of bool, shape (n,)
        Whether one may enter and leave the network at the node.
    arc_start : ndarray of int64, shape (n + 1,)
    arc_head : ndarray of int32, shape (m,)
    arc_time_ms : ndarray of int32, shape (m,)
        Whole milliseconds: sums don't depend on their order, so that results are the same on
        every run, machine and number of threads.
    arc_length_m : ndarray of float64, shape (m,)
    arc_mode, arc_class : ndarray of uint8, shape (m,)
        Indices into `modes` and `classes`; of uint16 where there are more than 256 of them.
    arc_exit : ndarray of bool, shape (m,)
        Whether one may enter and leave part-way along the arc.
    arc_link : ndarray of int32, shape (m,)
    arc_reversed : ndarray of bool, shape (m,)
        Whether the arc runs against its link's geometry.
    link_offset : ndarray of int64, shape (number of links + 1,)
        Coordinates of link ``k`` are ``link_coords[link_offset[k]:link_offset[k + 1]]``; none
        means a straight line.
    link_coords : ndarray of float64, shape (c, 2)
        (lon, lat) in degrees.
    modes, classes : tuple of str
    access_speed_kph : float
        Speed off the network, km/h.
    max_access_km : float
        Reach off the network, km.
    node_names : mapping of int to str
        Names of the nodes that have one (stations, interchanges).
    provenance : mapping of str to str
        Source, licence, date and travel-time model, for reports.

    Examples
    --------
    >>> road = br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9.7e3], [600.0]))
    >>> isinstance(road, br.TransportNetwork), road.n_nodes, road.arc_time_ms.tolist()
    (True, 2, [600000, 600000])
    """

    node_lon: NDArray[np.float64]
    node_lat: NDArray[np.float64]
    node_exit: NDArray[np.bool_]
    arc_start: NDArray[np.int64]
    arc_head: NDArray[np.int32]
    arc_time_ms: NDArray[np.int32]
    arc_length_m: NDArray[np.float64]
    arc_mode: NDArray[Any]
    arc_class: NDArray[Any]
    arc_exit: NDArray[np.bool_]
    arc_link: NDArray[np.int32]
    arc_reversed: NDArray[np.bool_]
    link_offset: NDArray[np.int64]
    link_coords: NDArray[np.float64]
    modes: tuple[str, ...]
    classes: tuple[str, ...]
    access_speed_kph: float
    max_access_km: float
    node_names: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    provenance: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    is_scheduled: ClassVar[bool] = False  # whether trains run beside the arcs, as a timetable has them

    def __repr__(self) -> str:
        km = self.link_length_m.sum() / 1000
        return (
            f"<TransportNetwork {'+'.join(self.modes)}: {self.n_nodes:,} nodes, "
            f"{self.n_links:,} links, {self.n_arcs:,} arcs, {km:,.0f} km>"
        )

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_lon)

    @property
    def n_arcs(self) -> int:
        """Number of arcs (one per direction that can be passed)."""
        return len(self.arc_head)

    @property
    def n_links(self) -> int:
        """Number of links (one per line on the ground)."""
        return len(self.link_offset) - 1

    @derived
    def arc_tail(self) -> NDArray[np.int32]:
        """Node that each arc leaves, shape (m,)."""
        return np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.arc_start))

    @derived
    def link_length_m(self) -> NDArray[np.float64]:
        """Length of each link in metres, shape (number of links,)."""
        lengths = np.zeros(self.n_links)
        lengths[self.arc_link] = self.arc_length_m
        return lengths

    @derived_kept(np.ndarray)
    def node_xyz(self) -> NDArray[np.float64]:
        """Earth-centred coordinates of the nodes in metres, shape (n, 3)."""
        return to_ecef(self.node_lon, self.node_lat)

    @derived
    def exit_nodes(self) -> NDArray[np.int64]:
        """Numbers of the nodes where one may enter and leave."""
        return np.flatnonzero(self.node_exit)

    @derived_kept(object)
    def exit_node_tree(self) -> cKDTree | ExitTree:
        """Search tree over the earth-centred coordinates of `exit_nodes`."""
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 26 MB that reading a network does without

        # made in half the time like this, and asked in the same
        points = self.node_xyz[self.exit_nodes].reshape(-1, 3)
        return cKDTree(points, balanced_tree=False, compact_nodes=False)

    @derived
    def has_exits_along(self) -> bool:
        """Whether any arc can be left part-way."""
        return bool(self.arc_exit.any())

    @derived_kept(tuple)
    def link_arcs(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Arc that runs with each link's geometry, and arc that runs against it; -1 where there is none."""
        with_line = np.full(self.n_links, -1, dtype=np.int32)
        against = np.full(self.n_links, -1, dtype=np.int32)
        arcs = np.arange(self.n_arcs, dtype=np.int32)
        with_line[self.arc_link[~self.arc_reversed]] = arcs[~self.arc_reversed]
        against[self.arc_link[self.arc_reversed]] = arcs[self.arc_reversed]
        return with_line, against

    @derived_kept(ExitLines)
    def exit_lines(self) -> ExitLines:
        """Return the links that may be entered and left anywhere."""
        links = distinct(self.arc_link[self.arc_exit]).astype(np.int64)
        return ExitLines(links, *self.link_lines(links), cell_m=max(self.max_access_km * 1000, 500.0))

    def _turned_arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where the arcs of `reverse` begin by node, and the arc that each of them is, by head, then tail."""
        start = np.zeros(self.n_nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.arc_head, minlength=self.n_nodes), out=start[1:])
        return start, by_head(self.arc_head, start)

    @derived
    def reverse(self) -> TransportNetwork:
        """The same network with every arc turned round, for searches towards a place."""
        start, order = self._turned_arcs()
        turned = replace(
            self,
            arc_start=start,
            arc_head=self.arc_tail[order],
            arc_time_ms=self.arc_time_ms[order],
            arc_length_m=self.arc_length_m[order],
            arc_mode=self.arc_mode[order],
            arc_class=self.arc_class[order],
            arc_exit=self.arc_exit[order],
            arc_link=self.arc_link[order],
            # the arc that ran with the line now runs against it
            arc_reversed=~self.arc_reversed[order],
        )
        # what both directions are sure to ask for is worked out once, here
        for name in ("node_xyz", "exit_nodes", "exit_node_tree", "exit_lines"):
            getattr(TransportNetwork, name).give(turned, getattr(self, name))
        self._share(turned, _UNDIRECTED)
        share_store(self, turned, "reverse")
        return turned

    def with_access(
        self, *, access_speed_kph: float | None = None, max_access_km: float | None = None
    ) -> Self:
        """Return the same network with another speed or reach off it.

        Parameters
        ----------
        access_speed_kph : float, optional
            km/h, above 0.
        max_access_km : float, optional
            km, at least 0.
        """
        speed = self.access_speed_kph if access_speed_kph is None else access_speed_kph
        reach = self.max_access_km if max_access_km is None else max_access_km
        changed = replace(
            self,
            access_speed_kph=require_number(speed, "access_speed_kph", unit="km/h", above=0, maximum=400),
            max_access_km=require_number(reach, "max_access_km", unit="km", minimum=0, maximum=1000),
        )
        self._share(changed, (*_UNDIRECTED, "arc_tail", "link_arcs"))
        if changed.max_access_km <= self.max_access_km:  # an index of wider cells finds what is near as well
            self._share(changed, ("exit_lines",))
        return changed

    def with_times(self, arc_time_ms: ArrayLike) -> Self:
        """Return the same network with other times along its arcs, whole milliseconds, shape (m,).

        What was worked out and doesn't depend on times is handed on, both ways.
        """
        times = np.ascontiguousarray(arc_time_ms, dtype=np.int32)
        if times.shape != self.arc_time_ms.shape or (len(times) and times.min() < 0):
            raise NetworkError(
                f"'arc_time_ms' should be {self.n_arcs:,} times of 0 ms or more, got the shape {times.shape}"
            )
        changed = replace(self, arc_time_ms=times)
        untimed = (*_UNDIRECTED, "arc_tail", "link_arcs", "exit_lines")
        self._share(changed, untimed)
        turned = TransportNetwork.reverse.known(self)
        if turned is not None:
            back = replace(turned, arc_time_ms=times[self._turned_arcs()[1]])
            turned._share(back, untimed)  # noqa: SLF001 - its own
            TransportNetwork.reverse.give(changed, back)
        return changed

    def _share(self, other: TransportNetwork, names: tuple[str, ...]) -> None:
        """Hand on what was worked out and is the same for the other network."""
        for name in names:
            attribute = getattr(TransportNetwork, name)
            if (value := attribute.known(self)) is not None:
                attribute.give(other, value)

    def link_line(self, link: int) -> NDArray[np.float64]:
        """Return (lon, lat) along a link, ends included, shape (k, 2)."""
        start, stop = self.link_offset[link], self.link_offset[link + 1]
        if stop > start:
            return self.link_coords[start:stop]
        tail, head = self.link_ends
        ends = [tail[link], head[link]]
        return np.column_stack([self.node_lon[ends], self.node_lat[ends]])

    def link_lines(self, links: NDArray[np.int64]) -> RaggedLines:
        """Return (lon, lat) along links, ends included, those of straight ones too."""
        if not len(links):
            return RaggedLines(np.zeros(1, dtype=np.int64), np.zeros((0, 2)))
        return link_lines(
            np.column_stack([self.node_lon, self.node_lat]),
            self.link_ends,
            RaggedLines(self.link_offset, self.link_coords),
            links,
        )

    @derived
    def link_ends(self) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Nodes at the start and end of each link's geometry."""
        tail = np.zeros(self.n_links, dtype=np.int32)
        head = np.zeros(self.n_links, dtype=np.int32)
        forward, backward = ~self.arc_reversed, self.arc_reversed
        tail[self.arc_link[backward]] = self.arc_head[backward]
        head[self.arc_link[backward]] = self.arc_tail[backward]
        tail[self.arc_link[forward]] = self.arc_tail[forward]
        head[self.arc_link[forward]] = self.arc_head[forward]
        return tail, head

    def extended(
        self,
        links: Links,
        *,
        node_lon: ArrayLike = (),
        node_lat: ArrayLike = (),
        node_exit: bool | ArrayLike = True,
        node_names: Mapping[int, str] | None = None,
        provenance: Mapping[str, str] | None = None,
    ) -> TransportNetwork:
        """Return this network with nodes and links added; existing nodes keep their numbers.

        Parameters
        ----------
        links : Links
            Ends are node numbers; new nodes count on from `n_nodes`.
        node_lon, node_lat : array_like of float, shape (k,)
            New nodes.
        node_exit : bool or array_like of bool
            Whether the new nodes can be entered and left.
        node_names : mapping of int to str, optional
            Names to add, by node number.
        provenance : mapping of str to str, optional
            Entries to add or replace.
        """
        new = Columns.of(links)
        lon = np.concatenate([self.node_lon, np.asarray(node_lon, dtype=float)])
        lat = np.concatenate([self.node_lat, np.asarray(node_lat, dtype=float)])
        exits = np.concatenate(
            [self.node_exit, np.broadcast_to(np.asarray(node_exit, dtype=bool), len(lon) - self.n_nodes)]
        )
        check_links(lon, lat, new)
        has_lines = len(new.coords) > 0
        larger = TransportNetwork(
            node_lon=lon,
            node_lat=lat,
            node_exit=exits,
            **with_more_arcs(self, arcs_of(new, len(lon))),
            link_offset=np.concatenate([self.link_offset, new.offset[1:] + self.link_offset[-1]]),
            # where nothing is added, the lines of both are the same ones
            link_coords=np.concatenate([self.link_coords, new.coords]) if has_lines else self.link_coords,
            access_speed_kph=self.access_speed_kph,
            max_access_km=self.max_access_km,
            node_names=MappingProxyType({**self.node_names, **(node_names or {})}),
            provenance=MappingProxyType({**self.provenance, **(provenance or {})}),
        )
        is_known = TransportNetwork.exit_lines.known(self) is not None or store_of(self) is not None
        if is_known and self.has_exits_along and not new.exit_along.any():
            # the same lines may be entered and left anywhere, and all that follows from them is worked out once
            TransportNetwork.exit_lines.give(larger, self.exit_lines)
            self.share_tree(larger)
        return larger

    def share_tree(self, larger: TransportNetwork) -> None:
        """Have another network's search tree hold this one's, whose nodes come first in it, each an exit there if it is here."""
        more = larger.node_xyz[self.n_nodes :][larger.node_exit[self.n_nodes :]]
        TransportNetwork.exit_node_tree.give(larger, ExitTree(self.exit_node_tree, more))

    def to_geodataframes(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """Return nodes and edges in osmnx's column names.

        Returns
        -------
        nodes : geopandas.GeoDataFrame
            Index ``osmid`` (the node number), columns ``x, y, node_exit, geometry``.
        edges : geopandas.GeoDataFrame
            Index ``(u, v, key)``, columns ``length`` (m), ``highway`` (class), ``maxspeed``
            (mean km/h that the travel time implies), ``travel_time`` (s), ``mode``,
            ``exit_along``, ``geometry``; one row per arc, EPSG:4326. Lines across ±180° are cut
            there (RFC 7946, 3.1.9).
        """
        import geopandas as gpd  # noqa: PLC0415 - 95 MB that reading a network does without
        import pandas as pd  # noqa: PLC0415 - the same

        nodes = gpd.GeoDataFrame(
            {"x": self.node_lon, "y": self.node_lat, "node_exit": self.node_exit},
            geometry=gpd.points_from_xy(self.node_lon, self.node_lat),
            crs=WGS84,
            index=pd.RangeIndex(self.n_nodes, name="osmid"),
        )
        lines = arc_lines(
            np.column_stack([self.node_lon, self.node_lat]),
            (self.arc_tail, self.arc_head),
            (self.arc_link, self.arc_reversed),
            RaggedLines(self.link_offset, self.link_coords),
        )
        seconds = self.arc_time_ms / 1000
        with np.errstate(divide="ignore", invalid="ignore"):
            speed = self.arc_length_m / seconds * 3.6
        table = pd.DataFrame({"u": self.arc_tail, "v": self.arc_head})
        table["key"] = table.groupby(["u", "v"]).cumcount()
        edges = gpd.GeoDataFrame(
            {
                "length": self.arc_length_m,
                "highway": np.array(self.classes, dtype=object)[self.arc_class],
                "maxspeed": np.where(np.isfinite(speed), speed, np.nan),
                "travel_time": seconds,
                "mode": np.array(self.modes, dtype=object)[self.arc_mode],
                "exit_along": self.arc_exit,
            },
            geometry=lines,
            crs=WGS84,
            index=pd.MultiIndex.from_frame(table[["u", "v", "key"]]),
        )
        return nodes, edges


def build_network(
    node_lon: ArrayLike,
    node_lat: ArrayLike,
    links: Links,
    *,
    node_exit: bool | ArrayLike = True,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
    node_names: Mapping[int, str] | None = None,
    provenance: Mapping[str, str] | None = None,
) -> TransportNetwork:
    """Build a network from nodes and links.

    Parameters
    ----------
    node_lon, node_lat : array_like of float, shape (n,)
        Degrees, WGS 84.
    links : Links
        Lines between the nodes.
    node_exit : bool or array_like of bool
        Whether one may enter and leave at the nodes.
    access_speed_kph : float
        Speed off the network, km/h.
    max_access_km : float
        Reach off the network, km.
    node_names : mapping of int to str, optional
    provenance : mapping of str to str, optional

    Returns
    -------
    TransportNetwork

    Raises
    ------
    NetworkError
        If arrays differ in length, node numbers don't exist, a time or length is negative
        or not a number, or a link of more than 100 m takes no time.

    Examples
    --------
    Two nodes ten minutes apart:

    >>> br.build_network([106.5, 106.6], [29.5, 29.5], br.Links([0], [1], [9700.0], [600.0]))
    <TransportNetwork road: 2 nodes, 1 links, 2 arcs, 10 km>
    """
    lon = require_numbers(node_lon, "node_lon").reshape(-1).copy()
    lat = require_numbers(node_lat, "node_lat").reshape(-1).copy()
    exits = _exits(node_exit, len(lon))
    return _assemble(
        lon,
        lat,
        exits,
        Columns.of(links),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        node_names=require_texts(node_names, "node_names", keys=Integral),
        provenance=require_texts(provenance, "provenance", keys=str),
    )


def _exits(node_exit: Any, n: int) -> NDArray[np.bool_]:
    """Return for each node whether one may enter and leave there, shape (n,)."""
    given = require_numbers(node_exit, "node_exit")
    if given.shape not in ((), (n,)):
        raise NetworkError(
            f"'node_exit' has the shape {given.shape}; it should be one value, or one per node ({n})"
        )
    return np.broadcast_to(given != 0, (n,))


def _assemble(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    exits: NDArray[np.bool_],
    links: Columns,
    *,
    access_speed_kph: float,
    max_access_km: float,
    node_names: Mapping[int, str],
    provenance: Mapping[str, str],
) -> TransportNetwork:
    n = len(lon)
    check_links(lon, lat, links)
    return TransportNetwork(
        node_lon=lon,
        node_lat=lat,
        node_exit=exits.copy(),
        **arcs_of(links, n),
        access_speed_kph=require_number(
            access_speed_kph, "access_speed_kph", unit="km/h", above=0, maximum=400
        ),
        max_access_km=require_number(max_access_km, "max_access_km", unit="km", minimum=0, maximum=1000),
        node_names=MappingProxyType(dict(node_names)),
        provenance=MappingProxyType(dict(provenance)),
    )
