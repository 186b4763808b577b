"""`TransportNetwork`: an immutable transport network in flat arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from numbers import Integral
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from ..checks import require_frame, require_number, require_numbers
from ..crs import WGS84, to_ecef
from ..errors import InputError, InputTypeError, NetworkError
from ..sealed import Sealed
from ._exit_lines import ExitLines

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    from scipy.spatial import cKDTree
    from shapely.geometry.base import BaseGeometry

#: Longest time that fits the search's 32-bit milliseconds, with room for adding two of them.
MAX_ARC_TIME_MS: Final = 2**30 - 1

#: How far from its node a line may begin or end: metres, and share of its length.
LINE_GAP_M: Final = 100.0
LINE_GAP_SHARE: Final = 0.05

NODE_COLUMNS: Final = ("x", "y", "node_exit", "geometry")
EDGE_COLUMNS: Final = (
    "length",
    "highway",
    "maxspeed",
    "travel_time",
    "mode",
    "exit_along",
    "geometry",
)


class RaggedLines(NamedTuple):
    """Coordinates along lines, one after the other: quicker than a sequence of arrays.

    A network that is built from them takes the arrays over, and makes them read-only.

    Attributes
    ----------
    offset : ndarray of int64, shape (k + 1,)
        Line ``i`` is ``coords[offset[i]:offset[i + 1]]``; none for a straight line.
    coords : ndarray of float64, shape (c, 2)
        (lon, lat) in degrees.
    """

    offset: NDArray[np.int64]
    coords: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Links:
    """Lines between nodes, each passable in one or both directions: the raw material of a network.

    Parameters
    ----------
    tail, head : array_like of int, shape (k,)
        Node numbers at the two ends; the line runs from tail to head.
    length_m : array_like of float, shape (k,)
        Length along the line, metres.
    time_s : array_like of float, shape (k,)
        Seconds from tail to head; infinite where it can't be passed that way.
    back_time_s : array_like of float, shape (k,), optional
        Seconds from head to tail; the same as `time_s` when left out.
    mode, road_class : str or sequence of str
        Mode ("road", "rail", ...) and class ("motorway", ...) of all or of each line.
    exit_along : bool or array_like of bool
        Whether one may enter and leave the network anywhere along the line.
    geometry : sequence of array_like or RaggedLines, optional
        Coordinates (lon, lat) along each line, ends included; ``None`` for a straight line.

    Examples
    --------
    A road of 9.7 km between two nodes, and a ferry that takes longer on the way back:

    >>> links = br.Links(
    ...     [0, 1], [1, 2], [9.7e3, 2e3], [600.0, 900.0], back_time_s=[600.0, 1200.0], mode=["road", "ferry"]
    ... )
    >>> br.build_network([106.5, 106.6, 106.62], [29.5] * 3, links)
    <TransportNetwork ferry+road: 3 nodes, 2 links, 4 arcs, 12 km>
    """

    tail: ArrayLike
    head: ArrayLike
    length_m: ArrayLike
    time_s: ArrayLike
    back_time_s: ArrayLike | None = None
    mode: str | Sequence[str] = "road"
    road_class: str | Sequence[str] = ""
    exit_along: bool | ArrayLike = False
    geometry: Sequence[ArrayLike | None] | RaggedLines | None = None


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
        Indices into `modes` and `classes`.
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
    arc_mode: NDArray[np.uint8]
    arc_class: NDArray[np.uint8]
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

    @cached_property
    def arc_tail(self) -> NDArray[np.int32]:
        """Node that each arc leaves, shape (m,)."""
        tails = np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.arc_start))
        tails.setflags(write=False)
        return tails

    @cached_property
    def link_length_m(self) -> NDArray[np.float64]:
        """Length of each link in metres, shape (number of links,)."""
        lengths = np.zeros(self.n_links)
        lengths[self.arc_link] = self.arc_length_m
        return lengths

    @cached_property
    def node_xyz(self) -> NDArray[np.float64]:
        """Earth-centred coordinates of the nodes in metres, shape (n, 3)."""
        return to_ecef(self.node_lon, self.node_lat)

    @cached_property
    def exit_nodes(self) -> NDArray[np.int64]:
        """Numbers of the nodes where one may enter and leave."""
        return np.flatnonzero(self.node_exit)

    @cached_property
    def exit_node_tree(self) -> cKDTree:
        """Search tree over the earth-centred coordinates of `exit_nodes`."""
        from scipy.spatial import cKDTree  # noqa: PLC0415 - 26 MB that reading a network does without

        # made in half the time like this, and asked in the same
        return cKDTree(
            self.node_xyz[self.exit_nodes].reshape(-1, 3), balanced_tree=False, compact_nodes=False
        )

    @cached_property
    def has_exits_along(self) -> bool:
        """Whether any arc can be left part-way."""
        return bool(self.arc_exit.any())

    @cached_property
    def link_arcs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Arc that runs with each link's geometry, and arc that runs against it; -1 where there is none."""
        with_line = np.full(self.n_links, -1, dtype=np.int64)
        against = np.full(self.n_links, -1, dtype=np.int64)
        arcs = np.arange(self.n_arcs)
        with_line[self.arc_link[~self.arc_reversed]] = arcs[~self.arc_reversed]
        against[self.arc_link[self.arc_reversed]] = arcs[self.arc_reversed]
        return with_line, against

    @cached_property
    def exit_lines(self) -> ExitLines:
        """The links that may be entered and left anywhere."""
        links = np.unique(self.arc_link[self.arc_exit]).astype(np.int64)
        tail, head = self.link_ends
        sizes = np.diff(self.link_offset)[links]
        straight = sizes == 0
        offset = np.zeros(len(links) + 1, dtype=np.int64)
        np.cumsum(np.where(straight, 2, sizes), out=offset[1:])
        lonlat = np.empty((offset[-1], 2))
        for ends, at in ((tail, offset[:-1]), (head, offset[1:] - 1)):
            nodes = ends[links[straight]]
            lonlat[at[straight]] = np.column_stack([self.node_lon[nodes], self.node_lat[nodes]])
        bent = np.flatnonzero(~straight)
        into = _ranges(offset[bent], sizes[bent])
        lonlat[into] = self.link_coords[_ranges(self.link_offset[links[bent]], sizes[bent])]
        return ExitLines(links, offset, lonlat, cell_m=max(self.max_access_km * 1000, 500.0))

    @cached_property
    def reverse(self) -> TransportNetwork:
        """The same network with every arc turned round, for searches towards a place."""
        order = np.lexsort((self.arc_tail, self.arc_head))
        counts = np.bincount(self.arc_head, minlength=self.n_nodes)
        turned = replace(
            self,
            arc_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
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
        # what doesn't depend on direction is reckoned once
        for name in ("node_xyz", "exit_nodes", "exit_node_tree", "exit_lines"):
            turned.__dict__[name] = getattr(self, name)
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
        return replace(
            self,
            access_speed_kph=require_number(speed, "access_speed_kph", unit="km/h", above=0, maximum=400),
            max_access_km=require_number(reach, "max_access_km", unit="km", minimum=0, maximum=1000),
        )

    def link_line(self, link: int) -> NDArray[np.float64]:
        """Return (lon, lat) along a link, ends included, shape (k, 2)."""
        start, stop = self.link_offset[link], self.link_offset[link + 1]
        if stop > start:
            return self.link_coords[start:stop]
        tail, head = self.link_ends
        ends = [tail[link], head[link]]
        return np.column_stack([self.node_lon[ends], self.node_lat[ends]])

    @cached_property
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
        own = self._as_links()
        new = _Columns.of(links)
        lon = np.concatenate([self.node_lon, np.asarray(node_lon, dtype=float)])
        exits = np.concatenate(
            [self.node_exit, np.broadcast_to(np.asarray(node_exit, dtype=bool), len(lon) - self.n_nodes)]
        )
        return _assemble(
            lon,
            np.concatenate([self.node_lat, np.asarray(node_lat, dtype=float)]),
            exits,
            own.joined(new),
            access_speed_kph=self.access_speed_kph,
            max_access_km=self.max_access_km,
            node_names={**self.node_names, **(node_names or {})},
            provenance={**self.provenance, **(provenance or {})},
        )

    def to_geodataframes(self) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
        """Return nodes and edges in osmnx's column names.

        Returns
        -------
        nodes : geopandas.GeoDataFrame
            Index ``osmid`` (the node number), columns ``x, y, node_exit, geometry``.
        edges : geopandas.GeoDataFrame
            Index ``(u, v, key)``, columns ``length`` (m), ``highway`` (class), ``maxspeed``
            (mean km/h that the travel time implies), ``travel_time`` (s), ``mode``,
            ``exit_along``, ``geometry``; one row per arc, EPSG:4326.
        """
        import geopandas as gpd  # noqa: PLC0415 - 95 MB that reading a network does without
        import pandas as pd  # noqa: PLC0415 - the same

        nodes = gpd.GeoDataFrame(
            {"x": self.node_lon, "y": self.node_lat, "node_exit": self.node_exit},
            geometry=gpd.points_from_xy(self.node_lon, self.node_lat),
            crs=WGS84,
            index=pd.RangeIndex(self.n_nodes, name="osmid"),
        )
        lines = self._arc_lines()
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

    def _arc_lines(self) -> NDArray[np.object_]:
        lines = np.empty(self.n_arcs, dtype=object)
        sizes = np.diff(self.link_offset)[self.arc_link]
        straight = np.flatnonzero(sizes == 0)
        if len(straight):
            tail, head = self.arc_tail[straight], self.arc_head[straight]
            ends = np.stack(
                [
                    np.column_stack([self.node_lon[tail], self.node_lat[tail]]),
                    np.column_stack([self.node_lon[head], self.node_lat[head]]),
                ],
                axis=1,
            )
            lines[straight] = shapely.linestrings(ends)
        for arc in np.flatnonzero(sizes):
            coords = self.link_line(int(self.arc_link[arc]))
            lines[arc] = shapely.LineString(coords[::-1] if self.arc_reversed[arc] else coords)
        return lines

    def _as_links(self) -> _Columns:
        tail, head = self.link_ends
        k = self.n_links
        time = np.full(k, np.inf)
        back = np.full(k, np.inf)
        forward, backward = ~self.arc_reversed, self.arc_reversed
        # An arc back that ends elsewhere than its link begins (at restricted junctions) stands alone.
        link = self.arc_link
        apart = backward & ((self.arc_head != tail[link]) | (self.arc_tail != head[link]))
        back_arcs, own = backward & ~apart, np.flatnonzero(apart)
        time[link[forward]] = self.arc_time_ms[forward] / 1000
        back[link[back_arcs]] = self.arc_time_ms[back_arcs] / 1000
        exits = np.zeros(k, dtype=bool)
        exits[link] = self.arc_exit
        mode = np.zeros(k, dtype=np.int64)
        mode[link] = self.arc_mode
        road_class = np.zeros(k, dtype=np.int64)
        road_class[link] = self.arc_class
        columns = _Columns(
            tail=tail.astype(np.int64),
            head=head.astype(np.int64),
            length_m=self.link_length_m,
            time_s=time,
            back_time_s=back,
            mode=np.array(self.modes, dtype=object)[mode],
            road_class=np.array(self.classes, dtype=object)[road_class],
            exit_along=exits,
            offset=self.link_offset,
            coords=self.link_coords,
        )
        if not len(own):
            return columns
        lines = [self.link_line(int(i)) for i in link[own]]
        return columns.joined(
            _Columns.of(
                Links(
                    tail=self.arc_head[own],
                    head=self.arc_tail[own],
                    length_m=self.arc_length_m[own],
                    time_s=np.full(len(own), np.inf),
                    back_time_s=self.arc_time_ms[own] / 1000,
                    mode=columns.mode[link[own]].tolist(),
                    road_class=columns.road_class[link[own]].tolist(),
                    exit_along=self.arc_exit[own],
                    geometry=lines,
                )
            )
        )


@dataclass(frozen=True, eq=False)
class _Columns:
    """`Links` with every column an array of its full length."""

    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    length_m: NDArray[np.float64]
    time_s: NDArray[np.float64]
    back_time_s: NDArray[np.float64]
    mode: NDArray[np.object_]
    road_class: NDArray[np.object_]
    exit_along: NDArray[np.bool_]
    offset: NDArray[np.int64]
    coords: NDArray[np.float64]

    @classmethod
    def of(cls, links: Links) -> _Columns:
        if not isinstance(links, Links):
            raise InputTypeError(f"'links' should be Links, got {type(links).__name__}")
        tail = _whole(links.tail, "tail").reshape(-1)
        k = len(tail)

        def column(value: Any, name: str, dtype: Any) -> NDArray[Any]:
            array = np.asarray(require_numbers(value, name) if dtype is float else value, dtype=dtype)
            if array.ndim == 0:
                return np.full(k, array[()], dtype=dtype)
            if array.shape != (k,):
                raise NetworkError(f"'{name}' has shape {array.shape}, but 'tail' has {k} entries")
            return array

        time_s = column(links.time_s, "time_s", float)
        back = time_s if links.back_time_s is None else column(links.back_time_s, "back_time_s", float)
        lines = _ragged(links.geometry, k)
        return cls(
            tail=tail,
            head=column(_whole(links.head, "head"), "head", np.int64),
            length_m=column(links.length_m, "length_m", float),
            time_s=time_s,
            back_time_s=back,
            mode=column(links.mode, "mode", object),
            road_class=column(links.road_class, "road_class", object),
            exit_along=column(links.exit_along, "exit_along", bool),
            offset=lines.offset,
            coords=lines.coords,
        )

    def joined(self, other: _Columns) -> _Columns:
        both = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in (
                "tail", "head", "length_m", "time_s", "back_time_s", "mode", "road_class", "exit_along", "coords",
            )
        }  # fmt: skip
        return _Columns(**both, offset=np.concatenate([self.offset, other.offset[1:] + self.offset[-1]]))


def _whole(numbers: Any, name: str) -> NDArray[np.int64]:
    """Node numbers as an array; an empty list has no type of its own."""
    values = np.asarray(require_numbers(numbers, name))
    if values.size and not (np.isfinite(values) & (values == np.floor(values))).all():
        raise NetworkError(f"'{name}' should hold node numbers, which are whole")
    return values.astype(np.int64)


def _ragged(geometry: Sequence[ArrayLike | None] | RaggedLines | None, k: int) -> RaggedLines:
    if isinstance(geometry, RaggedLines):
        offset = np.asarray(geometry.offset, dtype=np.int64)
        coords = np.asarray(geometry.coords, dtype=float).reshape(-1, 2)
        if len(offset) != k + 1 or offset[0] != 0 or offset[-1] != len(coords) or (np.diff(offset) < 0).any():
            raise NetworkError(
                f"'geometry' has {len(offset) - 1} lines of {offset[-1]} points for {k} links and "
                f"{len(coords)} coordinates"
            )
        return RaggedLines(offset, coords)
    lines = [None] * k if geometry is None else list(geometry)
    if len(lines) != k:
        raise NetworkError(f"'geometry' has {len(lines)} entries, but 'tail' has {k}")
    arrays = [np.zeros((0, 2)) if line is None else require_numbers(line, "geometry") for line in lines]
    for number, array in enumerate(arrays):
        if array.ndim != 2 or array.shape[1] != 2:
            raise NetworkError(
                f"'geometry' of link {number} has shape {array.shape}; it takes rows of (lon, lat)"
            )
    offset = np.zeros(k + 1, dtype=np.int64)
    np.cumsum([len(a) for a in arrays], out=offset[1:])
    return RaggedLines(offset, np.concatenate(arrays) if k else np.zeros((0, 2)))


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
        If arrays differ in length, node numbers don't exist, or a time or length is negative
        or not a number.

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
        _Columns.of(links),
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        node_names=_mapping(node_names, "node_names", Integral),
        provenance=_mapping(provenance, "provenance", str),
    )


def network_from_geodataframes(
    nodes: gpd.GeoDataFrame,
    edges: gpd.GeoDataFrame,
    *,
    access_speed_kph: float = 5.0,
    max_access_km: float = 2.0,
    provenance: Mapping[str, str] | None = None,
) -> TransportNetwork:
    """Build a network from nodes and edges in osmnx's column names.

    A line that runs from ``v`` to ``u`` is turned round, the parts of a MultiLineString are put in
    their order; one that doesn't lead from node to node is refused.

    Parameters
    ----------
    nodes : geopandas.GeoDataFrame
        Index: node ids. Points; the optional column ``node_exit`` says where one may enter
        and leave (everywhere when it is absent).
    edges : geopandas.GeoDataFrame
        Index or columns ``u, v``; columns ``length`` (m) and ``travel_time`` (s); optionally
        ``highway``, ``mode``, ``exit_along`` and lines as geometry. One row per direction.
    access_speed_kph, max_access_km : float
        Speed and reach off the network.
    provenance : mapping of str to str, optional

    Returns
    -------
    TransportNetwork

    Raises
    ------
    MissingCRSError, MissingColumnError, GeometryTypeError
    NetworkError
        If an end isn't among the nodes, an id comes twice, or a line doesn't lead from its node
        to the other.

    Examples
    --------
    >>> nodes = gpd.GeoDataFrame(geometry=gpd.points_from_xy([106.5, 106.6], [29.5, 29.5]), crs=4326)
    >>> edges = gpd.GeoDataFrame(
    ...     {"u": [0, 1], "v": [1, 0], "length": 9700.0, "travel_time": 600.0, "highway": "trunk"},
    ...     geometry=[shapely.LineString([(106.5, 29.5), (106.6, 29.5)])] * 2,
    ...     crs=4326,
    ... )
    >>> br.network_from_geodataframes(nodes, edges)
    <TransportNetwork road: 2 nodes, 2 links, 2 arcs, 19 km>
    """
    import pandas as pd  # noqa: PLC0415 - as in to_geodataframes

    points = require_frame(nodes, "nodes", geometry_types=("Point",), allow_empty=False)
    if isinstance(edges, pd.DataFrame) and {"u", "v"} & set(edges.index.names):
        twice = [name for name in edges.index.names if name in edges.columns]
        edges = edges.reset_index(level=[name for name in edges.index.names if name not in twice])
        edges = edges.reset_index(drop=True) if twice else edges
    table = require_frame(
        edges,
        "edges",
        columns=("u", "v", "length", "travel_time"),
        geometry_types=("LineString", "MultiLineString"),
    )
    if not points.index.is_unique:
        again = points.index[points.index.duplicated()][0]
        raise NetworkError(f"'nodes' has the id {str(again)!r} more than once; keep one row of each")
    number = pd.Series(np.arange(len(points)), index=points.index)
    unknown = ~(table["u"].isin(number.index) & table["v"].isin(number.index))
    if unknown.any():
        row = table[unknown].iloc[0]
        raise NetworkError(
            f"'edges' has {int(unknown.sum())} rows whose ends aren't in 'nodes' "
            f"(first: u={row['u']}, v={row['v']})"
        )
    links = Links(
        tail=number.loc[table["u"]].to_numpy(),
        head=number.loc[table["v"]].to_numpy(),
        length_m=table["length"].to_numpy(dtype=float),
        time_s=table["travel_time"].to_numpy(dtype=float),
        back_time_s=np.full(len(table), np.inf),
        mode=table["mode"].astype(str).to_numpy(dtype=object) if "mode" in table else "road",
        road_class=(table["highway"].map(_first_of).to_numpy(dtype=object) if "highway" in table else ""),
        exit_along=table["exit_along"].to_numpy(dtype=bool) if "exit_along" in table else True,
        geometry=_lines_of(points, table, number),
    )
    return build_network(
        points.geometry.x.to_numpy(),
        points.geometry.y.to_numpy(),
        links,
        node_exit=points["node_exit"].to_numpy(dtype=bool) if "node_exit" in points else True,
        access_speed_kph=access_speed_kph,
        max_access_km=max_access_km,
        provenance=provenance,
    )


def _lines_of(
    points: gpd.GeoDataFrame, table: gpd.GeoDataFrame, number: pd.Series
) -> list[NDArray[np.float64]]:
    """Coordinates of the edges' lines from ``u`` to ``v``."""
    xy = np.column_stack([points.geometry.x, points.geometry.y])
    starts, stops = (xy[number.loc[table[end]].to_numpy()].tolist() for end in ("u", "v"))
    rows = zip(table.geometry, starts, stops, table["u"], table["v"], strict=True)
    return [
        fitted_line(line, start, stop, f"'edges' row {row} (u={u}, v={v})")
        for row, (line, start, stop, u, v) in enumerate(rows)
    ]


def fitted_line(
    line: BaseGeometry, start: Sequence[float], stop: Sequence[float], whose: str
) -> NDArray[np.float64]:
    """Return (lon, lat) along a line from its one end to the other, turned round if it must be.

    Parameters
    ----------
    line : shapely LineString or MultiLineString
        Degrees.
    start, stop : sequence of float
        (lon, lat) where it should begin and end. It may miss them by `LINE_GAP_M` or by
        `LINE_GAP_SHARE` of its length.
    whose : str
        What the error is about.

    Raises
    ------
    NetworkError
        If it is in pieces that don't join, or begins or ends elsewhere.
    """
    if line.geom_type != "LineString":
        merged = shapely.line_merge(line)
        if merged.geom_type != "LineString":
            raise NetworkError(
                f"the line of {whose} is in {shapely.get_num_geometries(merged)} pieces that don't join; give one line"
            )
        line = merged
    coords: NDArray[np.float64] = shapely.get_coordinates(line)
    xyz = to_ecef(coords[:, 0], coords[:, 1])
    begin, end = to_ecef(*np.array([start, stop], dtype=float).T)
    as_drawn = max(np.linalg.norm(xyz[0] - begin), np.linalg.norm(xyz[-1] - end))
    turned = max(np.linalg.norm(xyz[0] - end), np.linalg.norm(xyz[-1] - begin))
    gap = float(min(as_drawn, turned))
    length = float(np.linalg.norm(np.diff(xyz, axis=0), axis=1).sum())
    if gap > max(LINE_GAP_M, LINE_GAP_SHARE * length):
        raise NetworkError(
            f"the line of {whose} ends {gap / 1000:,.1f} km from its node; check that lines and nodes belong together"
        )
    return coords[::-1].copy() if turned < as_drawn else coords


def _exits(node_exit: Any, n: int) -> NDArray[np.bool_]:
    """Return for each node whether one may enter and leave there, shape (n,)."""
    given = require_numbers(node_exit, "node_exit")
    if given.shape not in ((), (n,)):
        raise NetworkError(
            f"'node_exit' has the shape {given.shape}; it should be one value, or one per node ({n})"
        )
    return np.broadcast_to(given != 0, (n,))


def _mapping(given: Any, argument: str, keys: type) -> dict[Any, Any]:
    """Return a mapping to texts as a dictionary, empty for None."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(
        isinstance(key, keys) and isinstance(value, str) for key, value in given.items()
    ):
        kind = "nodes' numbers" if keys is Integral else "texts"
        raise InputTypeError(f"'{argument}' should map {kind} to texts, got {type(given).__name__}")
    return dict(given)


def _ranges(start: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate the ranges start[k], ..., start[k] + size[k] - 1."""
    total = np.cumsum(size)
    within = np.arange(total[-1] if len(total) else 0) - np.repeat(total - size, size)
    ranges: NDArray[np.int64] = np.repeat(start, size) + within
    return ranges


def _first_of(value: Any) -> str:
    """OSM tags of merged edges come as lists; the first stands for all."""
    if isinstance(value, (list, tuple)):
        return str(value[0]) if value else ""
    return value if isinstance(value, str) else ""


def _assemble(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    exits: NDArray[np.bool_],
    links: _Columns,
    *,
    access_speed_kph: float,
    max_access_km: float,
    node_names: Mapping[int, str],
    provenance: Mapping[str, str],
) -> TransportNetwork:
    n = len(lon)
    _check(lon, lat, links)
    modes, mode = _codes(links.mode, "mode")
    classes, road_class = _codes(links.road_class, "road_class")
    forward = np.flatnonzero(np.isfinite(links.time_s))
    backward = np.flatnonzero(np.isfinite(links.back_time_s))
    link = np.concatenate([forward, backward])
    reverse = np.concatenate([np.zeros(len(forward), dtype=bool), np.ones(len(backward), dtype=bool)])
    tail = np.where(reverse, links.head[link], links.tail[link])
    head = np.where(reverse, links.tail[link], links.head[link])
    seconds = np.where(reverse, links.back_time_s[link], links.time_s[link])
    order = np.lexsort((reverse, link, head, tail))
    link, reverse, tail = link[order], reverse[order], tail[order]
    start = np.zeros(n + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=n), out=start[1:])
    return TransportNetwork(
        node_lon=lon,
        node_lat=lat,
        node_exit=exits.copy(),
        arc_start=start,
        arc_head=head[order].astype(np.int32),
        arc_time_ms=np.rint(seconds[order] * 1000).astype(np.int32),
        arc_length_m=links.length_m[link],
        arc_mode=mode[link],
        arc_class=road_class[link],
        arc_exit=links.exit_along[link],
        arc_link=link.astype(np.int32),
        arc_reversed=reverse,
        link_offset=links.offset,
        link_coords=links.coords,
        modes=modes,
        classes=classes,
        access_speed_kph=require_number(
            access_speed_kph, "access_speed_kph", unit="km/h", above=0, maximum=400
        ),
        max_access_km=require_number(max_access_km, "max_access_km", unit="km", minimum=0, maximum=1000),
        node_names=MappingProxyType(dict(node_names)),
        provenance=MappingProxyType(dict(provenance)),
    )


def _check(lon: NDArray[np.float64], lat: NDArray[np.float64], links: _Columns) -> None:
    n = len(lon)
    if lat.shape != lon.shape:
        raise NetworkError(f"'node_lon' has {len(lon)} entries and 'node_lat' {len(lat)}")
    inside = (np.abs(lon) <= 180) & (np.abs(lat) <= 90)
    if not inside.all():
        bad = int(np.flatnonzero(~inside)[0])
        raise InputError(
            f"node {bad} lies at ({lon[bad]}, {lat[bad]}); nodes need longitude and latitude in "
            "degrees, not metres: bring them to EPSG:4326"
        )
    for name, ends in (("tail", links.tail), ("head", links.head)):
        if len(ends) and (ends.min() < 0 or ends.max() >= n):
            raise NetworkError(f"'{name}' names node {ends.max()}, but there are {n} nodes")
    for name in ("time_s", "back_time_s"):
        seconds = getattr(links, name)
        bad_time = np.isnan(seconds) | (seconds < 0)
        if bad_time.any():
            first = int(np.flatnonzero(bad_time)[0])
            raise NetworkError(f"'{name}' of link {first} is {seconds[first]}; it must be 0 s or more")
        finite = seconds[np.isfinite(seconds)]
        if len(finite) and finite.max() * 1000 > MAX_ARC_TIME_MS:
            raise NetworkError(f"'{name}' reaches {finite.max():.0f} s; a link may take 12 days at most")
    length = links.length_m
    if not (np.isfinite(length) & (length >= 0)).all():
        raise NetworkError("'length_m' must be finite and 0 or more")


def _codes(labels: NDArray[np.object_], name: str) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    listed = labels.tolist()
    values = sorted(set(listed), key=str)
    if len(values) > 256:
        raise NetworkError(f"'{name}' has {len(values)} different values; 256 at most")
    code = {value: i for i, value in enumerate(values)}
    return tuple(map(str, values)), np.fromiter((code[value] for value in listed), np.uint8, len(listed))
