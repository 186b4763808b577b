"""One search from one origin: the step that travel times, isochrones and zones share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ...geo.checks import require_choice, require_flag, require_number, require_whole
from ...geo.crs import to_ecef
from ...geo.errors import InputTypeError, OffNetworkError
from ...geo.networks import Access, TransportNetwork, access
from ...geo.places import Boundaries, origin_points
from ...geo.timetables import TimetableNetwork
from ._departures import departures_ms
from ._node_times import NodeTimes, node_times, times_in_kept_room
from ._prepared import prepared, times_over_arcs
from ._search import Wanted

Direction = Literal["from", "to"]
DIRECTIONS: Final = ("from", "to")
#: Cutoff that stands for none: above any journey, and still a 32-bit number of milliseconds.
NO_LIMIT_MS: Final = 2**30

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class Origin:
    """A point that searches start from.

    Attributes
    ----------
    id, name : str
    lon, lat : float
        Degrees.
    xyz : ndarray of float64, shape (3,)
        Earth-centred metres.
    code : str
        By which `geo.places.same_places` knows it; empty where its id is a position or a row number.
    """

    id: str
    name: str
    lon: float
    lat: float
    xyz: NDArray[np.float64]
    code: str = ""


def origin_list(origins: Any, *, argument: str = "origins", source: Boundaries = "tianditu") -> list[Origin]:
    """Return anything that names points as a list of `Origin`; see `geo.places.origin_points`.

    Raises
    ------
    EmptyInputError, MissingCRSError, InputError, UnknownPlaceError, AmbiguousPlaceError
        As `geo.places.origin_points`.
    """
    points = origin_points(origins, argument=argument, source=source)
    xyz = to_ecef([point[2] for point in points], [point[3] for point in points])
    return [Origin(*point[:4], xyz[k], point[4]) for k, point in enumerate(points)]


def require_network(network: object, argument: str = "network") -> TransportNetwork:
    """Return `network` if it is one.

    Raises
    ------
    InputTypeError
    """
    if not isinstance(network, TransportNetwork):
        raise InputTypeError(
            f"'{argument}' should be a TransportNetwork, got {type(network).__name__}; "
            "make one with trunk_network(), osm_network(), pbf_network() or build_network()"
        )
    return network


def require_times_on_arcs(network: object, argument: str = "network") -> TransportNetwork:
    """Return `network` if it is one whose times all lie on its arcs.

    Raises
    ------
    InputTypeError
    """
    checked = require_network(network, argument)
    if checked.is_scheduled:
        raise InputTypeError(
            f"'{argument}' is a TimetableNetwork, whose times are those of many departures; give roads, or roads joined with "
            "railways by join_networks()"
        )
    return checked


def directed(network: object, direction: object) -> TransportNetwork:
    """Return the network to search: itself from a place, its reverse towards a place.

    Raises
    ------
    InputTypeError, InputError
    """
    checked = require_network(network)
    return checked if require_choice(direction, "direction", DIRECTIONS) == "from" else checked.reverse


def enter(network: TransportNetwork, origin: Origin) -> Access:
    """Return the ways from an origin onto the network.

    Raises
    ------
    OffNetworkError
        If there is none within the network's reach.
    """
    entry = access(network, lon=origin.lon, lat=origin.lat, xyz=origin.xyz)
    if not entry.is_empty:
        return entry
    where = f"'{origin.name}' ({origin.lon:.4f}, {origin.lat:.4f})"
    if len(network.exit_nodes) == 0 and not network.has_exits_along:
        raise OffNetworkError(f"origin {where}: the network has no place where one may enter or leave")
    nearest = ""
    if len(network.exit_nodes):
        distance = float(network.exit_node_tree.query(origin.xyz)[0]) / 1000
        nearest = f"; the nearest node of the network is {distance:,.1f} km away"
    raise OffNetworkError(
        f"origin {where} is farther from the network than its reach of "
        f"{network.max_access_km:g} km{nearest}; move the origin to a road, "
        "or raise the reach with network.with_access(max_access_km=...)"
    )


def within_reach(network: TransportNetwork, points: Any) -> NDArray[np.bool_]:
    """Say which points lie within a network's reach, shape (n,).

    Parameters
    ----------
    network : TransportNetwork
    points
        As `origins_table` takes them.
    """
    return np.array(
        [
            not access(network, lon=point.lon, lat=point.lat, xyz=point.xyz).is_empty
            for point in origin_list(points, argument="points")
        ],
        dtype=bool,
    )


def search(
    network: TransportNetwork, entry: Access, *, limit_ms: int, wanted: Wanted | None = None
) -> NDArray[np.int32]:
    """Return the time at every node in ms, `UNREACHED` beyond the limit, shape (n,).

    On a timetable network it's what its statistic says of its departures. Where only the times to some places are
    `wanted`, the search ends when they are known; see `bucketed_times`.
    """
    if isinstance(network, TimetableNetwork):
        at = None if wanted is None else np.unique(wanted[1])
        return departures_ms(network, entry.node, entry.time_ms, limit_ms=limit_ms, at=at)
    return times_over_arcs(network, entry.node, entry.time_ms, limit_ms=limit_ms, wanted=wanted)


@contextmanager
def searched(network: TransportNetwork, entry: Access, *, limit_ms: int) -> Iterator[NodeTimes]:
    """Yield what `search` returns, and where on the network there are any times, until the context ends."""
    if isinstance(network, TimetableNetwork) or prepared.known(network) is not None:
        yield node_times(search(network, entry, limit_ms=limit_ms))
        return
    with times_in_kept_room(network, entry.node, entry.time_ms, limit_ms=limit_ms) as found:
        yield found


def limit_to_ms(minutes: Any, argument: str) -> int:
    """Return a limit in minutes as milliseconds; none, as `NO_LIMIT_MS`.

    Raises
    ------
    InputTypeError, InputError
    """
    if minutes is None:
        return NO_LIMIT_MS
    checked = require_number(minutes, argument, unit="minutes", above=0, maximum=7 * 24 * 60)
    return round(checked * 60_000)


def each(
    function: Callable[[_Item], _Result],
    items: Sequence[_Item],
    *,
    progress: bool,
    label: str,
    workers: int | None = None,
) -> Iterator[_Result]:
    """Apply a function to items on several threads and give the results in the items' order.

    The compiled kernels and GEOS release the interpreter's lock; results don't depend on the
    number of threads, since nothing is shared between items.

    Parameters
    ----------
    function : callable
    items : sequence
    progress : bool
        Whether to show a progress bar on standard error; checked here.
    label : str
        What the bar says.
    workers : int, optional
        Threads; one per processor when left out.
    """
    if workers is not None:
        workers = require_whole(workers, "workers", minimum=1)
    require_flag(progress, "progress")

    def shown(results: Iterable[_Result]) -> Iterable[_Result]:
        return tqdm(results, total=len(items), desc=label, leave=False) if progress else results

    if len(items) <= 1 or workers == 1:
        yield from shown(map(function, items))
        return
    with ThreadPoolExecutor(max_workers=workers or os.cpu_count() or 1) as pool:
        yield from shown(pool.map(function, items))
