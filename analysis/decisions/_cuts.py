"""Where roads are cut: a link, and the carriageways beside it that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...geo.checks import require_numbers
from ...geo.crs import to_ecef
from ...geo.errors import EmptyInputError, InputError, MissingColumnError
from ...geo.networks import TransportNetwork
from ...geo.plane import LocalPlane

#: Carriageways of one road run so nearly the same way.
_SAME_WAY_DEG: Final = 30.0
#: Metres per degree of latitude, rounded down: for a first choice by bounding boxes.
_DEGREE_M: Final = 110_000.0
#: Degrees of latitude that few links lie on more of.
_TALL_DEG: Final = 0.05


@dataclass(frozen=True)
class Cut:
    """Links that are lost together.

    Attributes
    ----------
    links : tuple of int
        The one that was given first, then those beside it, ascending.
    name : str
        Empty where it has none.
    """

    links: tuple[int, ...]
    name: str


def cuts_of(
    network: TransportNetwork, links: Any, *, within_km: float, beside: Beside | None = None
) -> list[Cut]:
    """Return the cuts that some links make, each once.

    Parameters
    ----------
    network : TransportNetwork
    links : object
        As `critical_links` takes them.
    within_km : float
        As there.
    beside : Beside, optional
        Of the same network and distance, for who asks more than once.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError
    """
    given, names, points = _given(network, links)
    if within_km == 0:
        return [Cut((int(link),), name) for link, name in zip(given, names, strict=True)]
    index = Beside(network, within_km * 1000) if beside is None else beside
    found: dict[frozenset[int], Cut] = {}
    for link, name, point in zip(given.tolist(), names, points, strict=True):
        more = index.of(link, point)
        found.setdefault(frozenset((link, *more)), Cut((link, *more), name))
    return list(found.values())


def _given(
    network: TransportNetwork, links: Any
) -> tuple[NDArray[np.int64], list[str], list[tuple[float, float] | None]]:
    """Return numbers, names and places of the links that are meant, each once."""
    if links is None:
        n = network.n_links
        return np.arange(n), [""] * n, [None] * n
    given, names, points = links, None, None
    if isinstance(links, pd.DataFrame):
        if "link" not in links.columns:
            raise MissingColumnError(
                "'links' lacks the column 'link'; give a table as crossings() makes it, or numbers of links"
            )
        given = links["link"]
        if {"county_a", "county_b"} <= set(links.columns):
            names = [f"{a}—{b}" for a, b in zip(links["county_a"], links["county_b"], strict=True)]
        if "geometry" in links.columns and (shapely.get_type_id(links["geometry"].to_numpy()) == 0).all():
            points = [(point.x, point.y) for point in links["geometry"]]
    numbers = np.atleast_1d(require_numbers(given, "links"))
    if numbers.ndim != 1 or len(numbers) == 0:
        raise EmptyInputError("'links' is empty; give at least one link, or leave it out for all")
    whole = np.isfinite(numbers) & (numbers == np.floor(numbers))
    if not whole.all() or numbers.min() < 0 or numbers.max() >= network.n_links:
        raise InputError(f"'links' should hold whole numbers from 0 to {network.n_links - 1}")
    found, first = np.unique(numbers.astype(np.int64), return_index=True)
    return (
        found,
        [""] * len(found) if names is None else [names[k] for k in first],
        [None] * len(found) if points is None else [points[k] for k in first],
    )


class Beside:
    """Which links run beside another, as the other carriageway of its road does.

    Parameters
    ----------
    network : TransportNetwork
    metres : float
        How near.
    """

    def __init__(self, network: TransportNetwork, metres: float) -> None:
        self._network = network
        self._metres = metres
        self._west, self._south, self._east, self._north = boxes = _boxes(network)
        # from south to north: of those that aren't tall, what comes to a latitude is one short stretch
        tall = boxes[3] - boxes[1] > _TALL_DEG
        self._tall, self._others = np.flatnonzero(tall), np.flatnonzero(~tall)
        self._others = self._others[np.argsort(boxes[1, self._others], kind="stable")]
        self._others_south = boxes[1, self._others]
        arc = np.maximum(*network.link_arcs)
        self._class = np.where(arc >= 0, network.arc_class[arc].astype(int), -1)
        self._mode = np.where(arc >= 0, network.arc_mode[arc].astype(int), -1)

    def of(self, link: int, point: tuple[float, float] | None) -> tuple[int, ...]:
        """Return the links beside one, where a point of it is; its middle, if that isn't given."""
        line = self._network.link_line(link)
        if point is None:
            middle = shapely.line_interpolate_point(shapely.LineString(line), 0.5, normalized=True)
            point = (middle.x, middle.y)
        lon, lat = point
        high = self._metres / _DEGREE_M
        wide = high / max(0.01, float(np.cos(np.radians(lat))))
        first = int(np.searchsorted(self._others_south, lat - high - _TALL_DEG))
        last = int(np.searchsorted(self._others_south, lat + high, side="right"))
        near = np.concatenate([self._others[first:last], self._tall])
        near = near[
            (self._west[near] <= lon + wide)
            & (self._east[near] >= lon - wide)
            & (self._south[near] <= lat + high)
            & (self._north[near] >= lat - high)
        ]
        near = near[
            (near != link) & (self._class[near] == self._class[link]) & (self._mode[near] == self._mode[link])
        ]
        if len(near) == 0:
            return ()
        plane = LocalPlane(lon, lat)
        own = _passing(plane, line)
        return tuple(
            sorted(
                int(other)
                for other in near
                for found in [_passing(plane, self._network.link_line(int(other)))]
                if found[2] and found[0] <= self._metres and _turn(own[1], found[1]) <= _SAME_WAY_DEG
            )
        )


def _boxes(network: TransportNetwork) -> NDArray[np.float64]:
    """Return west, south, east and north of each link, shape (4, number of links); across ±180°, all longitudes."""
    lonlat = np.column_stack([network.node_lon, network.node_lat])
    ends = lonlat[np.stack(network.link_ends)]
    low, high = ends.min(axis=0), ends.max(axis=0)
    drawn = np.flatnonzero(np.diff(network.link_offset) > 0)
    if len(drawn):
        first = network.link_offset[drawn]
        low[drawn] = np.minimum.reduceat(network.link_coords, first)
        high[drawn] = np.maximum.reduceat(network.link_coords, first)
    across = high[:, 0] - low[:, 0] > 180
    low[across, 0], high[across, 0] = -180.0, 180.0
    return np.concatenate([low.T, high.T])


def _passing(plane: LocalPlane, lonlat: NDArray[np.float64]) -> tuple[float, float, bool]:
    """How far a line passes from a plane's middle, in which direction in degrees, and whether it goes on either way."""
    xy = plane.project(to_ecef(lonlat[:, 0], lonlat[:, 1]))
    start, step = xy[:-1], np.diff(xy, axis=0)
    square = (step**2).sum(axis=1)
    share = np.clip(-(start * step).sum(axis=1) / np.where(square > 0, square, 1.0), 0.0, 1.0)
    away = np.sqrt(((start + share[:, None] * step) ** 2).sum(axis=1))
    k = int(np.argmin(away))
    goes_on = (k > 0 or share[k] > 0) and (k < len(step) - 1 or share[k] < 1)
    return float(away[k]), float(np.degrees(np.arctan2(step[k, 1], step[k, 0]))), bool(goes_on)


def _turn(one: float, other: float) -> float:
    """Degrees between two directions, either way along each."""
    return abs((one - other + 90) % 180 - 90)
