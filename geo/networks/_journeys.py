"""A journey by road and rail or air, taken apart into what each part takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ..checks import require_lonlat, require_whole
from ..compiling import compiled
from ..crs import ELLIPSOID
from ..errors import (
    AmbiguousPlaceError,
    InputTypeError,
    OffNetworkError,
    UnknownPlaceError,
)
from ._joining import (
    ACCESS,
    ALIGHTING,
    ARRIVALS,
    BOARDING,
    CALLING,
    JOURNEY_COLUMNS,
    SLOWER,
    THROUGH,
    TRANSFER,
    WAITING,
    connect_points,
)
from ._links import LinkBuilder
from ._network import TransportNetwork

#: A journey by train is roundabout if its way is longer than the straight line by more than this factor.
ROUNDABOUT: Final = 2.0
#: Its trains are rare if waiting takes more than this share of it.
RARE: Final = 0.4
#: Trains leave between 6:30 and 22:30. Of who sets out between 7:00 and 19:00, half leave after 13:00: if a journey takes
#: longer than the 9.5 hours that are left, they go on next morning, eight hours later.
DAY_LEFT_MIN: Final = 570.0
NIGHT_MIN: Final = 480.0
#: A train that makes so much between two stops is a fast one: on lines for 200 km/h or more.
FAST_KPH: Final = 150.0
#: To so many of the nearest exits a place is tied, where the way is wanted and not the time alone.
_ACCESS_POINTS: Final = 4096


def journey_components(
    network: TransportNetwork, pairs: Iterable[tuple[Any, Any]], *, n_access_points: int = 16
) -> pd.DataFrame:
    """Take the fastest journeys apart: what is spent on the road, waiting, in the train.

    Use it on a joined network for door-to-door times and on ``join_networks(..., line_haul_only=
    True)`` for the train alone, and set both side by side.

    Parameters
    ----------
    network : TransportNetwork
    pairs : iterable of pairs
        Origin and destination, each a node number, the name of a station, or (lon, lat). A point
        reaches the network like any place: off the network, within its reach.
    n_access_points : int
        How many of the nearest exits a point is tied to.

    Returns
    -------
    pandas.DataFrame
        Columns `JOURNEY_COLUMNS`, one row per pair; minutes are NaN where there is no way.
        ``line_haul_min`` is the time in the fastest trains and in planes, dwell of through trains included,
        ``slower_trains_min`` what usual trains take longer;
        ``access_min`` is off the network and between roads and stations. Where a journey by train from door to door
        takes more than 9.5 hours, half of those who set out between 7:00 and 19:00 can't arrive the same day:
        ``night_min`` is what the night costs them beside ``total_min``, which holds none, as `travel_times` doesn't:
        480, or less where driving all the way is only that much slower than the train.
        ``mark`` tells of a journey by train to be taken with care: ``roundabout`` where its way is more than
        twice as long as the straight line (a line is missing, or really is), ``night`` where it has one, ``rare
        trains`` where two fifths of it are waiting; else empty.

    Raises
    ------
    UnknownPlaceError, AmbiguousPlaceError
        If no node, or more than one, has the name.
    OffNetworkError
        If a point is farther from the network than its reach.
    InputTypeError
        If an origin or destination is none of the three.

    Examples
    --------
    >>> trains = br.join_networks(None, br.rail_network(), line_haul_only=True)
    >>> br.journey_components(trains, [("重庆西", "贵阳北")])["total_min"].round().tolist()
    [118.0]
    """
    if not isinstance(network, TransportNetwork):
        raise InputTypeError(f"'network' should be a TransportNetwork, got {type(network).__name__}")
    if network.is_scheduled:
        raise InputTypeError(
            "'network' has trains as a timetable has them, and no single journey; timetable_times() tells its departures"
        )
    if isinstance(pairs, str) or not isinstance(pairs, Iterable):  # type: ignore[redundant-expr] # callers aren't all typed
        raise InputTypeError(f"'pairs' should be pairs of places, got {pairs!r}")
    wanted = list(pairs)
    for pair in wanted:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:  # type: ignore[redundant-expr] # callers aren't all typed
            raise InputTypeError(f"'pairs' should hold (origin, destination), got {pair!r}")
    n_access_points = require_whole(n_access_points, "n_access_points", minimum=1)
    full, numbered = _tied(network, wanted, n_access_points)
    origins = sorted({a for a, _ in numbered})
    rows: list[dict[str, Any]] = []
    if origins:
        graph = _graph(full)
        times, before = dijkstra(graph, indices=origins, return_predecessors=True)
        for (a, b), (origin, destination) in zip(numbered, wanted, strict=True):
            row = origins.index(a)
            spent = _spent(full, times[row, b], before[row], a, b)
            rows.append({"from": _label(origin), "to": _label(destination), **spent})
        if "line_haul_only" not in network.provenance:
            _add_nights(full, graph, numbered, rows)
        first, last = (np.array(ends) for ends in zip(*numbered, strict=True))
        lon, lat = full.node_lon, full.node_lat
        metres = ELLIPSOID.inv(lon[first], lat[first], lon[last], lat[last])[2]
        for spent, straight_m in zip(rows, metres, strict=True):
            spent["straight_km"] = straight_m / 1000
            spent["mark"] = _mark(spent)
    return pd.DataFrame(rows, columns=list(JOURNEY_COLUMNS))


def journey_legs(network: TransportNetwork, pairs: Sequence[tuple[Any, Any]]) -> pd.DataFrame:
    """Take the fastest journeys apart by the kinds of ways that they run along.

    Parameters
    ----------
    network : TransportNetwork
        Whose times stand on its arcs.
    pairs : sequence of pairs
        Origin and destination, as `journey_components` takes them.

    Returns
    -------
    pandas.DataFrame
        ``pair`` (its number), ``mode, kind`` (class of road, line of railway, or what is done at stations), ``minutes, km,
        fast_km``: of the kilometres those along arcs on which `FAST_KPH` or more are made. Pairs without a way have no row.

    Raises
    ------
    OffNetworkError
        If a point is farther from the network than its reach.
    """
    full, numbered = _tied(network, list(pairs), _ACCESS_POINTS)
    origins = sorted({a for a, _ in numbered})
    rows: list[dict[str, Any]] = []
    if origins:
        graph = _graph(full)
        times, before = dijkstra(graph, indices=origins, return_predecessors=True)
        for number, (a, b) in enumerate(numbered):
            row = origins.index(a)
            if not np.isfinite(times[row, b]):
                continue
            arcs = np.array(_back(full, before[row], a, b), dtype=np.int64)
            kinds = np.stack([full.arc_mode[arcs], full.arc_class[arcs]], axis=1)
            for mode, kind in np.unique(kinds, axis=0).tolist():
                own = arcs[(kinds == (mode, kind)).all(axis=1)]
                metres, ms = full.arc_length_m[own].astype(float), full.arc_time_ms[own].astype(float)
                fast = metres * 3600 >= FAST_KPH * ms  # 1 m/ms is 3600 km/h
                rows.append({
                    "pair": number, "mode": full.modes[mode], "kind": full.classes[kind], "minutes": ms.sum() / 60_000,
                    "km": metres.sum() / 1000, "fast_km": metres[fast].sum() / 1000,
                })  # fmt: skip
    return pd.DataFrame(rows, columns=["pair", "mode", "kind", "minutes", "km", "fast_km"])


def _tied(
    network: TransportNetwork, wanted: Sequence[Any], n_access_points: int
) -> tuple[TransportNetwork, list[tuple[int, ...]]]:
    """Return a network with the points of pairs tied to it, and the nodes of each pair."""
    names = _names(network)
    build = LinkBuilder(network.n_nodes)
    ends: dict[tuple[float, float], tuple[int, int]] = {}
    numbered = [
        tuple(
            _end(place, network, names, build, ends, side, n_access_points) for side, place in enumerate(pair)
        )
        for pair in wanted
    ]
    full = network if not build.lon else network.extended(
        build.links(), node_lon=build.lon, node_lat=build.lat, node_exit=build.exit
    )  # fmt: skip
    return full, numbered


def _graph(network: TransportNetwork) -> csr_array:
    return csr_array(
        # scipy 1.12 takes 32-bit numbers only
        (network.arc_time_ms.astype(float), network.arc_head, network.arc_start.astype(np.int32)),
        shape=(network.n_nodes, network.n_nodes),
    )


def _back(network: TransportNetwork, before: NDArray[np.int32], origin: int, destination: int) -> list[int]:
    """Return the arcs of the fastest way, the last one first."""
    found: list[int] = _arcs_back(
        network.arc_start, network.arc_head, network.arc_time_ms, before, origin, destination
    ).tolist()
    return found


@compiled
def _arcs_back(
    arc_start: NDArray[np.int64],
    arc_head: NDArray[np.int32],
    arc_time_ms: NDArray[np.int32],
    before: NDArray[np.int32],
    origin: int,
    destination: int,
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    found = np.empty(len(arc_start), dtype=np.int64)
    count, head = 0, destination
    while head != origin:
        tail = before[head]
        best = -1
        for arc in range(arc_start[tail], arc_start[tail + 1]):
            if arc_head[arc] == head and (best < 0 or arc_time_ms[arc] < arc_time_ms[best]):
                best = arc
        found[count] = best
        count, head = count + 1, tail
    return found[:count].copy()


def _add_nights(
    network: TransportNetwork,
    graph: csr_array,
    numbered: Sequence[tuple[int, ...]],
    rows: list[dict[str, Any]],
) -> None:
    """Tell what a night on the way costs beside the time of journeys by train that can't end the same day."""
    long = [
        k
        for k, spent in enumerate(rows)
        if spent["rail_min"] > 0 and not spent["air_min"] and spent["total_min"] > DAY_LEFT_MIN
    ]
    if not long:
        return
    trains = network.arc_mode == network.modes.index("rail")
    origins = sorted({numbered[k][0] for k in long})
    roads = graph.copy()
    roads.data = np.where(trains, np.inf, graph.data)
    # a night costs no more than that, however long driving takes
    farthest = max(rows[k]["total_min"] for k in long) + NIGHT_MIN + 1
    times = dijkstra(roads, indices=origins, limit=farthest * 60_000)
    for k in long:
        a, b = numbered[k]
        by_road = times[origins.index(a), b] / 60_000
        rows[k]["night_min"] = min(NIGHT_MIN, by_road - rows[k]["total_min"])


def _mark(spent: Mapping[str, Any]) -> str:
    """Say what makes a journey by train doubtful: a way far longer than the straight line, or hardly any trains."""
    if not spent["n_boardings"]:
        return ""
    if spent["way_km"] > ROUNDABOUT * spent["straight_km"]:
        return "roundabout"
    if spent["night_min"]:
        return "night"
    return "rare trains" if spent["waiting_min"] > RARE * spent["total_min"] else ""


def _names(network: TransportNetwork) -> dict[str, list[int]]:
    names: dict[str, list[int]] = {}
    for node, name in network.node_names.items():
        names.setdefault(name, []).append(node)
    return names


def _label(place: Any) -> str:
    if isinstance(place, (tuple, list)):
        return f"{place[0]:.4f}, {place[1]:.4f}"
    return str(place)


def _end(
    place: Any,
    network: TransportNetwork,
    names: Mapping[str, list[int]],
    build: LinkBuilder,
    ends: dict[tuple[float, float], tuple[int, int]],
    side: int,
    k: int,
) -> int:
    if isinstance(place, str):
        found = names.get(place + ARRIVALS, []) if side else []
        found = found or names.get(place, [])
        if not found:
            raise UnknownPlaceError(f"no node of the network is called {place!r}")
        if len(found) > 1:
            raise AmbiguousPlaceError(
                f"{len(found)} nodes are called {place!r}; give one of the node numbers",
                [f"node {node}" for node in found],
            )
        return found[0]
    if isinstance(place, (int, np.integer)) and not isinstance(place, bool):
        if not 0 <= place < network.n_nodes:
            raise UnknownPlaceError(f"the network has no node {place}; it has {network.n_nodes}")
        return int(place)
    if not isinstance(place, (tuple, list)) or len(place) != 2:
        raise InputTypeError(f"'pairs' should hold names, node numbers or (lon, lat), got {place!r}")
    point = require_lonlat(place[0], place[1], "pairs")
    if point not in ends:
        ends[point] = (build.node(*point), build.node(*point))
        lonely = connect_points(
            build, network, np.array([point[0]]), np.array([point[1]]), [ends[point][1]], [ends[point][0]],
            speed_kph=network.access_speed_kph, reach_km=network.max_access_km, k=k,
        )  # fmt: skip
        if lonely:
            raise OffNetworkError(
                f"{_label(point)} is farther than {network.max_access_km:g} km from the network; "
                "raise its reach with network.with_access(max_access_km=...)"
            )
    return ends[point][side]


def _spent(
    network: TransportNetwork, total_ms: float, before: NDArray[np.int32], origin: int, destination: int
) -> dict[str, Any]:
    if not np.isfinite(total_ms):
        return {"n_boardings": 0, "lines": "", "way_km": np.nan} | {
            name: np.nan for name in JOURNEY_COLUMNS if name.endswith("_min")
        }
    spent = dict.fromkeys((name for name in JOURNEY_COLUMNS if name.endswith("_min")), 0.0)
    kinds = {
        ACCESS: "access_min",
        BOARDING: "boarding_min",
        WAITING: "waiting_min",
        CALLING: "waiting_min",
        SLOWER: "slower_trains_min",
        TRANSFER: "transfer_min",
        ALIGHTING: "alighting_min",
    }
    lines: list[str] = []
    boardings, metres = 0, 0.0
    for arc in _back(network, before, origin, destination):
        minutes = network.arc_time_ms[arc] / 60_000
        kind, mode = network.classes[network.arc_class[arc]], network.modes[network.arc_mode[arc]]
        if kind in kinds:
            spent[kinds[kind]] += minutes
        elif mode in {"rail", "air"}:
            spent[f"{mode}_min"] += minutes
            if kind != THROUGH and (not lines or lines[-1] != kind):
                lines.append(kind)
        else:
            spent["road_min"] += minutes
        boardings += kind == WAITING
        metres += float(network.arc_length_m[arc])
    spent["line_haul_min"] = spent["rail_min"] + spent["air_min"]
    spent["total_min"] = total_ms / 60_000
    return spent | {"n_boardings": boardings, "lines": " > ".join(lines[::-1]), "way_km": metres / 1000}
