"""Changes to a network that is there: links closed, speeds changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from ...geo.antimeridian import cut_line
from ...geo.checks import require_flag, require_lonlat, require_number, require_numbers
from ...geo.crs import WGS84, to_ecef
from ...geo.derived import derived
from ...geo.errors import GeometryTypeError, InputError, InputTypeError, MissingCRSError
from ...geo.files import read_vector_file
from ...geo.networks import MAX_ARC_TIME_MS, TransportNetwork
from ...geo.places import Place, place
from ...geo.plane import LocalPlane
from ..schemas import Schema, conform
from ..study_file import Change
from ..times import require_network

#: Metres per degree of latitude, rounded down: for a first choice by bounding boxes.
_DEGREE_M: Final = 110_000.0
#: Stretches of the given lines are no longer than this where they are laid flat, degrees.
_STEP_DEG: Final = 0.1

#: One row per change.
CHANGES: Final[Schema] = {
    "change_id": "str",
    "name": "str",
    "closed": "bool",
    "n_links": "int64",
    "length_km": "float64",
    "base_kph": "float64",
    "scenario_kph": "float64",
    "geometry": "geometry",
}

_Done = TypeVar("_Done")


def changed_by(network: TransportNetwork, change: Change) -> TransportNetwork:
    """Return the network with a change of a study file.

    Raises
    ------
    InputError
        If it touches no link.
    """
    return _where(
        change,
        lambda **where: changed_network(
            network,
            close=change.close,
            speed_kph=change.speed_kph,
            speed_factor=change.speed_factor,
            **where,
        ),
    )


def links_changed_by(network: TransportNetwork, change: Change) -> NDArray[np.int64]:
    """Return the numbers of the links that a change of a study file touches.

    Raises
    ------
    InputError
        If there is none.
    """
    arcs = _where(change, lambda **where: _select(network, **where))
    return np.unique(network.arc_link[arcs]).astype(np.int64)


def _where(change: Change, what: Callable[..., _Done]) -> _Done:
    """Call `what` with the part of the network that a change names; errors name the change."""
    near: Any = change.near
    try:
        if change.file:
            near = read_vector_file(change.folder / change.file, argument="file")
        elif isinstance(near, tuple) and isinstance(near[0], tuple):
            near = shapely.LineString(near) if len(near) > 1 else near[0]
        return what(
            near=near,
            within_km=change.within_km,
            road_classes=change.road_classes or None,
            modes=change.modes or None,
        )
    except InputError as error:
        at = f"{change.where}: " if change.where else ""
        raise InputError(f"{at}change '{change.id}': {error}") from error


def change_table(network: TransportNetwork, changes: Iterable[Change]) -> gpd.GeoDataFrame:
    """Return what changes do to a network, with the lines of the links that they touch.

    Parameters
    ----------
    network : TransportNetwork
    changes : iterable of Change

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema `CHANGES`, one row per change; speeds are length-weighted means over the links,
        NaN where they are closed.

    Raises
    ------
    InputError
        If a change touches no link.
    """
    rows = []
    for one in changes:
        links = links_changed_by(network, one)
        touched = np.isin(network.arc_link, links)
        before = _mean_kph(network, touched)
        after = float("nan") if one.close else _mean_kph(changed_by(network, one), touched)
        lines = [cut_line(network.link_line(int(link))) for link in links]
        rows.append(
            {
                "change_id": one.id,
                "name": one.name,
                "closed": one.close,
                "n_links": len(links),
                "length_km": float(network.link_length_m[links].sum()) / 1000,
                "base_kph": before,
                "scenario_kph": after,
                "geometry": shapely.multilinestrings(shapely.get_parts(lines)),
            }
        )
    found: gpd.GeoDataFrame = conform(rows, CHANGES)
    return found


def _mean_kph(network: TransportNetwork, arcs: NDArray[np.bool_]) -> float:
    hours = network.arc_time_ms[arcs].sum() / 3_600_000
    return float(network.arc_length_m[arcs].sum() / 1000 / hours) if hours > 0 else float("nan")


def changed_network(
    network: TransportNetwork,
    *,
    near: Any = None,
    within_km: float = 1.0,
    road_classes: str | Iterable[str] | None = None,
    modes: str | Iterable[str] | None = None,
    arcs: ArrayLike | None = None,
    close: bool = False,
    speed_kph: float | None = None,
    speed_factor: float | None = None,
) -> TransportNetwork:
    """Return a network with some of its links closed, or at another speed.

    What is given of `near`, `road_classes`, `modes` and `arcs` must all hold of a link.

    Parameters
    ----------
    network : TransportNetwork
    near : (lon, lat), place, geometry, GeoSeries or GeoDataFrame, optional
        Links whose line comes within `within_km` of it. A bare shapely geometry is in degrees, WGS 84;
        a name or adcode stands for the place's seat.
    within_km : float
        Kilometres; 0 for links that touch `near`.
    road_classes, modes : str or iterable of str, optional
        Of the network's `classes` and `modes`.
    arcs : array_like of int or bool, optional
        Numbers of arcs, or one truth value per arc. A stretch of road that stands in the network more
        than once, for those who come under a restriction of turns and for others, is meant as a whole.
    close : bool
        Take the links away. Their ends stay where they are and can still be entered.
    speed_kph : float, optional
        Give them this speed.
    speed_factor : float, optional
        Or this many times the speed they have: 0.5 doubles their time.

    Returns
    -------
    TransportNetwork
        Nodes keep their numbers; `network` stays as it is.

    Raises
    ------
    InputError
        If no link is touched, a class, mode or arc unknown, or not exactly one change given.
    InputTypeError, MissingCRSError, UnknownPlaceError, AmbiguousPlaceError
        If an argument can't be used.

    See Also
    --------
    add_corridors : What is built anew.
    compare : Before against after.

    Notes
    -----
    Where links are closed or slower, times rise: they are searched anew, nothing is reckoned on from
    the network before. Without anything to choose by, every link is meant.

    Examples
    --------
    A landslide half-way between two towns that a longer road joins as well:

    >>> road = br.build_network(
    ...     [106.0, 106.2, 106.1],
    ...     [29.0, 29.0, 29.3],
    ...     br.Links([0, 0, 2], [1, 2, 1], [2e4, 4e4, 4e4], [900, 2400, 2400]),
    ... )
    >>> closed = br.changed_network(road, near=(106.1, 29.0), close=True)
    >>> [br.minutes_between(n, [(106.0, 29.0)], [(106.2, 29.0)]).tolist() for n in (road, closed)]
    [[[15.0]], [[80.0]]]
    """
    checked = require_network(network)
    if require_flag(close, "close") + (speed_kph is not None) + (speed_factor is not None) != 1:
        raise InputError("give exactly one of 'close=True', 'speed_kph' and 'speed_factor'")
    kph = None if speed_kph is None else require_number(
        speed_kph, "speed_kph", unit="km/h", above=0, maximum=400
    )  # fmt: skip
    factor = None if speed_factor is None else require_number(
        speed_factor, "speed_factor", above=0, maximum=100
    )  # fmt: skip
    chosen = _select(
        checked, near=near, within_km=within_km, road_classes=road_classes, modes=modes, arcs=arcs
    )
    n_links = len(np.unique(checked.arc_link[chosen]))
    if close:
        found = _without(checked, chosen)
        done = "closed"
    else:
        time = checked.arc_time_ms.astype(np.float64)
        if kph is not None:
            time[chosen] = checked.arc_length_m[chosen] / kph * 3600
            done = f"at {kph:g} km/h"
        else:
            assert factor is not None  # noqa: S101 - one of the three was given
            time[chosen] /= factor
            done = f"at {factor:g} times the speed"
        if time.max() > MAX_ARC_TIME_MS:
            raise InputError("so slow that a link takes more than 12 days; give a higher speed")
        found = replace(checked, arc_time_ms=np.rint(time).astype(np.int32))
    before = checked.provenance.get("changes")
    said = f"{n_links} links {done}"
    return replace(
        found,
        provenance=MappingProxyType(
            {**checked.provenance, "changes": f"{before}; {said}" if before else said}
        ),
    )


def _select(
    checked: TransportNetwork,
    *,
    near: Any,
    within_km: float,
    road_classes: str | Iterable[str] | None,
    modes: str | Iterable[str] | None,
    arcs: ArrayLike | None = None,
) -> NDArray[np.bool_]:
    """Say of each arc whether it is meant."""
    km = require_number(within_km, "within_km", unit="km", minimum=0, maximum=1000)
    chosen = np.ones(checked.n_arcs, dtype=bool)
    for given, names, codes, argument in (
        (road_classes, checked.classes, checked.arc_class, "road_classes"),
        (modes, checked.modes, checked.arc_mode, "modes"),
    ):
        if given is not None:
            chosen &= np.isin(codes, _codes(given, names, argument))
    if arcs is not None:
        chosen &= _with_copies(checked, _arc_mask(arcs, checked.n_arcs))
    if near is not None:
        shape = _geometry(near)
        chosen &= _links_near(checked, shape, km, chosen)[checked.arc_link]
    if not chosen.any():
        raise InputError(_nothing_touched(checked, None if near is None else _geometry(near), km))
    return chosen


def _nothing_touched(network: TransportNetwork, shape: _Shape | None, km: float) -> str:
    if shape is None:
        return "no link of the network is touched; choose other 'road_classes', 'modes' or 'arcs'"
    text = f"no link of the network is touched within {km:g} km of 'near'"
    if network.n_nodes:
        lonlat = np.concatenate([shapely.get_coordinates(part) for part in shape.parts])
        metres, _ = cKDTree(network.node_xyz).query(to_ecef(lonlat[:, 0], lonlat[:, 1]))
        text += f" (the nearest node of the network lies {metres.min() / 1000:,.1f} km away)"
    return text + "; check the position, raise 'within_km', or choose other classes or modes"


@dataclass(frozen=True)
class _Shape:
    """What links may be near to, in degrees."""

    parts: tuple[Any, ...]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        each = np.array([part.bounds for part in self.parts])
        return (*each[:, :2].min(axis=0), *each[:, 2:].max(axis=0))


def _geometry(near: Any) -> _Shape:
    if isinstance(near, (gpd.GeoDataFrame, gpd.GeoSeries)):
        try:
            series = near.geometry if isinstance(near, gpd.GeoDataFrame) else near
        except AttributeError as error:
            raise GeometryTypeError("'near' has no active geometry column; call set_geometry(...)") from error
        if series.crs is None:
            raise MissingCRSError("'near' has no CRS; set it with set_crs() to what its coordinates are in")
        parts = [part for part in series.to_crs(WGS84) if part is not None and not part.is_empty]
    elif isinstance(near, shapely.Geometry):
        parts = [] if near.is_empty else [near]
    elif isinstance(near, (str, int, Place)):
        one = near if isinstance(near, Place) else place(near)
        parts = [shapely.Point(one.lon, one.lat)]
    elif isinstance(near, (tuple, list, np.ndarray)) and len(near) == 2:
        parts = [shapely.Point(*require_lonlat(near[0], near[1], "near"))]
    else:
        raise InputTypeError(
            "'near' should be (lon, lat), a place, a shapely geometry in degrees or a GeoDataFrame, got "
            f"{type(near).__name__}"
        )
    if not parts:
        raise InputError("'near' is empty; give a point, a line or an area")
    shape = _Shape(tuple(shapely.force_2d(part) for part in parts))
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise InputError(
            f"'near' lies at ({west:g}, {south:g}); a geometry without CRS is taken in degrees: bring it to EPSG:4326"
        )
    return shape


def _links_near(
    network: TransportNetwork, shape: _Shape, km: float, arcs: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each link whether its line comes within so many km of a shape."""
    found = np.zeros(network.n_links, dtype=bool)
    wanted = np.zeros(network.n_links, dtype=bool)
    wanted[network.arc_link[arcs]] = True
    low, high = _boxes(network)
    for part in shape.parts:
        for piece in _pieces(part):
            west, south, east, north = piece.bounds
            margin_y = km * 1000 / _DEGREE_M + 1e-9
            lat = min(max(abs(south), abs(north)) + margin_y, 89.0)
            margin_x = margin_y / np.cos(np.radians(lat))
            beside = np.zeros(network.n_links, dtype=bool)
            for turn in (-360.0, 0.0, 360.0):  # what lies across 180 degrees is near, too
                beside |= (low[:, 0] + turn <= east + margin_x) & (high[:, 0] + turn >= west - margin_x)
            candidates = np.flatnonzero(
                wanted & ~found & beside & (low[:, 1] <= north + margin_y) & (high[:, 1] >= south - margin_y)
            )
            if len(candidates) == 0:
                continue
            plane = LocalPlane((west + east) / 2, (south + north) / 2)
            flat = shapely.transform(piece, lambda lonlat, plane=plane: _flat(plane, lonlat))
            lines = [shapely.LineString(_flat(plane, network.link_line(int(link)))) for link in candidates]
            found[candidates] = shapely.dwithin(np.array(lines, dtype=object), flat, km * 1000 + 1e-6)
    return found


def _pieces(part: Any) -> list[Any]:
    """Cut a geometry into pieces short enough to be laid flat one by one; areas stay whole."""
    pieces = []
    for one in shapely.get_parts(part):
        if one.geom_type in ("LineString", "LinearRing"):
            coords = shapely.get_coordinates(shapely.segmentize(one, _STEP_DEG))
            pieces += [shapely.LineString(pair) for pair in pairwise(coords)]
        elif one.geom_type == "GeometryCollection":
            pieces += [piece for inner in one.geoms for piece in _pieces(inner)]
        else:
            pieces.append(one)
    return pieces


def _boxes(network: TransportNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """South-west and north-east corners of the links, shape (number of links, 2) each."""
    tail, head = network.link_ends
    lonlat = np.column_stack([network.node_lon, network.node_lat])
    low, high = np.minimum(lonlat[tail], lonlat[head]), np.maximum(lonlat[tail], lonlat[head])
    bent = np.flatnonzero(np.diff(network.link_offset))
    if len(bent):
        first = network.link_offset[bent]  # straight links have no coordinates in between
        low[bent] = np.minimum(low[bent], np.minimum.reduceat(network.link_coords, first))
        high[bent] = np.maximum(high[bent], np.maximum.reduceat(network.link_coords, first))
    for link in np.flatnonzero(high[:, 0] - low[:, 0] > 180).tolist():  # across 180 degrees
        east = network.link_line(link)[:, 0] % 360
        low[link, 0], high[link, 0] = east.min(), east.max()
    return low, high


def _flat(plane: LocalPlane, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    return plane.project(to_ecef(lonlat[:, 0], lonlat[:, 1]))


def _codes(given: str | Iterable[str], names: tuple[str, ...], argument: str) -> list[int]:
    if not isinstance(given, Iterable):
        raise InputTypeError(f"'{argument}' should be names, got {given!r}")
    wanted = [given] if isinstance(given, str) else list(given)
    for name in wanted:
        if not isinstance(name, str):
            raise InputTypeError(f"'{argument}' should be names, got {name!r} among them")
        if name not in names:
            raise InputError(f"'{argument}' names {name!r}; the network has {', '.join(map(repr, names))}")
    return [names.index(name) for name in wanted]


def _arc_mask(arcs: ArrayLike, n: int) -> NDArray[np.bool_]:
    values = np.asarray(arcs)
    if values.dtype == bool:
        if values.shape != (n,):
            raise InputError(f"'arcs' has {values.size} truth values for {n} arcs")
        return values
    numbers = np.atleast_1d(np.asarray(require_numbers(arcs, "arcs")))
    if numbers.size and ((numbers != np.floor(numbers)).any() or numbers.min() < 0 or numbers.max() >= n):
        raise InputError(f"'arcs' should hold whole numbers from 0 to {n - 1}")
    mask = np.zeros(n, dtype=bool)
    mask[numbers.astype(np.int64)] = True
    return mask


def arcs_closed_with(network: TransportNetwork, links: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return for each link the arcs that go when it's closed, as `changed_network` closes them.

    Parameters
    ----------
    network : TransportNetwork
    links : ndarray of int64, shape (k,)
        Their numbers.
    """
    with_line, against = (arcs[links] for arcs in network.link_arcs)
    own = [np.array([a, b])[np.array([a, b]) >= 0] for a, b in zip(with_line, against, strict=True)]
    alike = _stretches(network)
    if alike is None:
        return own
    order = np.argsort(alike, kind="stable")
    start = np.searchsorted(alike[order], np.arange(alike.max() + 2)) if len(alike) else np.zeros(1, int)
    found = []
    for arcs in own:
        same = [order[start[alike[arc]] : start[alike[arc] + 1]] for arc in arcs]
        near = np.unique(np.concatenate([arcs, *same]))
        chosen = np.zeros(network.n_arcs, dtype=bool) if len(near) > len(arcs) else None
        if chosen is not None:
            chosen[arcs] = True
            near = near[_with_copies(network, chosen)[near]]
        found.append(near)
    return found


def _with_copies(network: TransportNetwork, arcs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the arcs with those that run along the same stretch of road the same way.

    A restriction over several ways makes copies of the arcs between: from and to the same places by
    other nodes, along the same line.
    """
    alike = _stretches(network)
    if alike is None:
        return arcs
    ends = network.arc_tail.astype(np.int64) * network.n_nodes + network.arc_head
    meant = arcs & (network.arc_length_m > 0)
    # those between the very same nodes are roads of their own
    copies = np.isin(alike, alike[meant]) & ~np.isin(ends, ends[meant])
    return arcs | (copies & (network.arc_length_m > 0))


@derived
def _stretches(network: TransportNetwork) -> NDArray[np.int64] | None:
    """Return a number for each arc, the same for those along one stretch; None where no two nodes lie at one place."""
    order = np.lexsort((network.node_lat, network.node_lon))
    lon, lat = network.node_lon[order], network.node_lat[order]
    place = np.zeros(network.n_nodes, dtype=np.int64)
    place[order[1:]] = np.cumsum((lon[1:] != lon[:-1]) | (lat[1:] != lat[:-1]))
    if network.n_nodes == 0 or place.max() + 1 == network.n_nodes:
        return None
    ends = place[network.arc_tail] * network.n_nodes + place[network.arc_head]
    order = np.argsort(ends, kind="stable")
    again = np.flatnonzero(ends[order[1:]] == ends[order[:-1]])
    some = np.zeros(network.n_arcs, dtype=bool)
    some[order[again]], some[order[again + 1]] = True, True
    # an arc that alone runs between its places is like no other
    alike, arcs = np.arange(network.n_arcs), np.flatnonzero(some)
    link, turned = network.arc_link[arcs], network.arc_reversed[arcs]
    first, last = network.link_offset[link], network.link_offset[link + 1] - 1
    inner = np.zeros((2, len(arcs), 2))  # the points of the line next to its ends
    bent = np.flatnonzero(last > first)
    if len(bent):
        inner[0, bent] = network.link_coords[first[bent] + 1]
        inner[1, bent] = network.link_coords[last[bent] - 1]
    inner[:, turned] = inner[::-1, turned]
    shape = np.column_stack([network.arc_length_m[arcs], inner[0], inner[1]])
    drawn: NDArray[np.int64] = shape.view(np.int64)
    named = np.empty((len(arcs), 5), dtype=np.int64)
    named[:, 0], named[:, 1] = place[network.arc_tail[arcs]], place[network.arc_head[arcs]]
    named[:, 2], named[:, 3], named[:, 4] = network.arc_mode[arcs], network.arc_class[arcs], last - first
    alike[arcs] = len(alike) + np.unique(np.hstack([named, drawn]), axis=0, return_inverse=True)[1].reshape(
        -1
    )
    return alike


def _without(network: TransportNetwork, arcs: NDArray[np.bool_]) -> TransportNetwork:
    keep = ~arcs
    start = np.zeros(network.n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(network.arc_tail[keep], minlength=network.n_nodes), out=start[1:])
    return replace(
        network,
        arc_start=start,
        arc_head=network.arc_head[keep],
        arc_time_ms=network.arc_time_ms[keep],
        arc_length_m=network.arc_length_m[keep],
        arc_mode=network.arc_mode[keep],
        arc_class=network.arc_class[keep],
        arc_exit=network.arc_exit[keep],
        arc_link=network.arc_link[keep],
        arc_reversed=network.arc_reversed[keep],
    )
