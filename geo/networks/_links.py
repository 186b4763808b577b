"""Links: the raw material of a network, as given and as columns of arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import require_numbers
from ..compiling import compiled
from ..errors import InputError, InputTypeError, NetworkError

#: Longest time that fits the search's 32-bit milliseconds, with room for adding two of them.
MAX_ARC_TIME_MS: Final = 2**30 - 1

_NAMED: Final = {"modes": "mode", "classes": "road_class"}

#: Longer links take some time: a missing one reads as 0 in many a table.
LONGEST_IN_NO_TIME_M: Final = 100.0


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


@dataclass(frozen=True, eq=False)
class Columns:
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
    def of(cls, links: Links) -> Columns:
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
    if geometry is None:
        return RaggedLines(np.zeros(k + 1, dtype=np.int64), np.zeros((0, 2)))
    lines = list(geometry)
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


def check_links(lon: NDArray[np.float64], lat: NDArray[np.float64], links: Columns) -> None:
    """Refuse links whose ends, times or lengths no network can have."""
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
    for name in ("time_s", "back_time_s"):
        at_once = (np.rint(getattr(links, name) * 1000) == 0) & (length > LONGEST_IN_NO_TIME_M)
        if at_once.any():
            first = int(np.flatnonzero(at_once)[0])
            raise NetworkError(
                f"'{name}' of link {first} is {getattr(links, name)[first]:g} s for {length[first]:,.0f} m; "
                "give the time that it takes, or drop the link"
            )


def codes(labels: NDArray[np.object_], name: str) -> tuple[tuple[str, ...], NDArray[Any]]:
    """Return the different labels in order, and of each link the number of its own."""
    listed = labels.tolist()
    values = sorted(set(listed), key=str)
    _require_few(values, name)
    code = {value: i for i, value in enumerate(values)}
    numbers = np.fromiter(map(code.__getitem__, listed), code_type(len(values)), len(listed))
    return tuple(map(str, values)), numbers


def code_type(n_names: int) -> type[np.uint8 | np.uint16]:
    """Return what numbers that many modes or classes: one byte where it does, because large networks have many arcs."""
    return np.uint8 if n_names <= 2**8 else np.uint16


def _require_few(values: Sequence[str], name: str) -> None:
    """Refuse more modes or classes than two bytes number."""
    if len(values) > 2**16:
        raise NetworkError(f"'{name}' has {len(values)} different values; 65,536 at most")


def arcs_of(links: Columns, n_nodes: int) -> dict[str, Any]:
    """Return the arcs of links in CSR form, by the names of the network's own arrays; see `TransportNetwork`.

    A link gives an arc for each direction that can be passed. Arcs lie in the order of their tails, then heads, links.
    """
    modes, mode = codes(links.mode, "mode")
    classes, road_class = codes(links.road_class, "road_class")
    forward = np.flatnonzero(np.isfinite(links.time_s))
    backward = np.flatnonzero(np.isfinite(links.back_time_s))
    link = np.concatenate([forward, backward])
    reverse = np.concatenate([np.zeros(len(forward), dtype=bool), np.ones(len(backward), dtype=bool)])
    tail = np.where(reverse, links.head[link], links.tail[link])
    head = np.where(reverse, links.tail[link], links.head[link])
    seconds = np.where(reverse, links.back_time_s[link], links.time_s[link])
    order = np.lexsort((reverse, link, head, tail))
    link, reverse, tail = link[order], reverse[order], tail[order]
    start = np.zeros(n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=n_nodes), out=start[1:])
    return {
        "arc_start": start,
        "arc_head": head[order].astype(np.int32),
        "arc_time_ms": np.rint(seconds[order] * 1000).astype(np.int32),
        "arc_length_m": links.length_m[link],
        "arc_mode": mode[link],
        "arc_class": road_class[link],
        "arc_exit": links.exit_along[link],
        "arc_link": link.astype(np.int32),
        "arc_reversed": reverse,
        "link_offset": links.offset,
        "link_coords": links.coords,
        "modes": modes,
        "classes": classes,
    }


@compiled
def by_head(
    head: NDArray[np.int32], start: NDArray[np.int64]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Return the arcs in the order of their heads, those with one head in the order that they have.

    Parameters
    ----------
    head : ndarray of int32, shape (m,)
    start : ndarray of int64, shape (n + 1,)
        Where the arcs to each node begin.
    """
    order = np.empty(len(head), dtype=np.int32)
    at = start[:-1].copy()
    for arc in range(len(head)):
        order[at[head[arc]]] = arc
        at[head[arc]] += 1
    return order


class HasArcs(Protocol):
    """What has the arrays of arcs that `arcs_of` names."""

    @property
    def arc_start(self) -> NDArray[np.int64]: ...
    @property
    def arc_head(self) -> NDArray[np.int32]: ...
    @property
    def arc_link(self) -> NDArray[np.int32]: ...
    @property
    def arc_mode(self) -> NDArray[Any]: ...
    @property
    def arc_class(self) -> NDArray[Any]: ...
    @property
    def modes(self) -> tuple[str, ...]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def arc_tail(self) -> NDArray[np.int32]: ...
    @property
    def n_links(self) -> int: ...


def with_more_arcs(own: HasArcs, more: dict[str, Any]) -> dict[str, Any]:
    """Return the arcs of a network and of further links, numbered after its own, as `arcs_of` gives them, but for lines.

    Parameters
    ----------
    own : TransportNetwork
    more : dict of str to ndarray
        Arcs of the further links, of as many nodes as both have together.
    """
    start = more["arc_start"].copy()
    start[: len(own.arc_start)] += own.arc_start
    start[len(own.arc_start) :] += own.arc_start[-1]
    n_nodes = len(start) - 1
    tail = np.repeat(np.arange(n_nodes), np.diff(more["arc_start"]))
    # a further arc stands behind those between the same nodes: its link has a higher number
    between = own.arc_tail.astype(np.int64) * n_nodes + own.arc_head
    place = np.searchsorted(between, tail * n_nodes + more["arc_head"], side="right")
    if (np.diff(between) < 0).any():  # arcs from a node that somebody ordered otherwise
        place = np.append(own.arc_start, np.full(n_nodes, own.arc_start[-1]))[tail + 1]
    arcs = {
        name: np.insert(getattr(own, name), place, more[name])
        for name in ("arc_head", "arc_time_ms", "arc_length_m", "arc_exit", "arc_reversed")
    }
    named: dict[str, tuple[str, ...]] = {}
    arcs["arc_link"] = np.insert(own.arc_link, place, more["arc_link"] + own.n_links)
    for column, names in (("arc_mode", "modes"), ("arc_class", "classes")):
        known: tuple[str, ...] = getattr(own, names)
        # names that no arc has go
        used = [
            known[code] for code in np.flatnonzero(np.bincount(getattr(own, column), minlength=len(known)))
        ]
        every = tuple(sorted({*used, *more[names]}))
        _require_few(every, _NAMED[names])
        number = {name: code for code, name in enumerate(every)}
        codes_of = [
            np.array([number.get(name, 0) for name in listed], dtype=code_type(len(every)))
            for listed in (known, more[names])
        ]
        arcs[column] = np.insert(codes_of[0][getattr(own, column)], place, codes_of[1][more[column]])
        named[names] = every
    return {**arcs, **named, "arc_start": start}


@dataclass
class LinkBuilder:
    """Nodes and directed links on top of a road network, gathered one by one."""

    base: int
    lon: list[float] = field(default_factory=list)
    lat: list[float] = field(default_factory=list)
    exit: list[bool] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    rows: list[tuple[int, int, float, float, str, str]] = field(default_factory=list)

    def node(self, lon: float, lat: float, *, name: str = "", is_exit: bool = False) -> int:
        self.lon.append(float(lon))
        self.lat.append(float(lat))
        self.exit.append(is_exit)
        number = self.base + len(self.lon) - 1
        if name:
            self.names[number] = name
        return number

    def link(
        self, tail: int, head: int, seconds: float, mode: str, kind: str, *, length_m: float = 0.0
    ) -> None:
        self.rows.append((tail, head, length_m, seconds, mode, kind))

    def links(self) -> Links:
        tail, head, length, seconds, mode, kind = zip(*self.rows, strict=True) if self.rows else ((),) * 6
        return Links(
            tail, head, length, seconds,
            back_time_s=np.full(len(self.rows), np.inf), mode=list(mode), road_class=list(kind),
        )  # fmt: skip
