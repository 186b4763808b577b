"""Lines that are missing across a border: towns whose way to each other is far longer than such pairs have."""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.antimeridian import cut_line
from ...geo.checks import require_number, require_whole
from ...geo.crs import ELLIPSOID
from ...geo.errors import InputError, InputTypeError
from ...geo.networks import TransportNetwork
from ...geo.places import origins_table
from .. import schemas
from ..indicators import Decay, weigh_minutes
from ..times import od_matrix, require_times_on_arcs
from ._critical import place_weights, require_decay

#: One row per line, in the order in which they are best drawn.
MISSING_LINKS: Final[schemas.Schema] = {
    "rank": "int64",
    "from_id": "str",
    "to_id": "str",
    "from_name": "str",
    "to_name": "str",
    "from_province": "str",
    "to_province": "str",
    "straight_km": "float64",
    "road_km": "float64",
    "base_min": "float64",
    "detour_factor": "float64",
    "usual_detour": "float64",
    "line_km": "float64",
    "line_min": "float64",
    "saved_min": "float64",
    "gain_person_min": "float64",
    "gain_per_km": "float64",
    "geometry": "geometry",
}
#: Pairs whose detour is compared are alike in distance: within a third of each other's.
_ALIKE: Final = 1.33
#: With fewer pairs within provinces at a distance nobody can say what is usual there.
_FEWEST: Final = 5
#: A way through a third place that takes less than this share of the network's own shows roads that aren't joined.
_BRIDGED: Final = 0.8
#: Pairs held against all third places at a time.
_AT_ONCE: Final = 256


def missing_links(
    network: TransportNetwork,
    places: Any,
    *,
    provinces: Any = "province",
    weights: Any = None,
    decay: Decay | None = None,
    straight_km: tuple[float, float] = (10.0, 80.0),
    excess: float = 1.5,
    speed_kph: float = 80.0,
    sinuosity: float = 1.3,
    most: int = 10,
) -> gpd.GeoDataFrame:
    """Find pairs of towns across a border whose way is far longer than such pairs have, and the lines that would mend it.

    A pair's detour factor is its kilometres by road over those in a straight line. What is usual is the median of pairs
    within one province that lie about as far apart (three quarters to four thirds of the distance). Where a pair
    across the border has at least `excess` times that, a line between the two is tried: as long as the straight one times
    `sinuosity`, at `speed_kph`, to be got on and off in the two towns. Its gain is what everybody's trips become shorter, with
    trips as in `critical_links`. The line with the most gain per kilometre is drawn, the ways of all are looked at anew, and
    so on: of lines side by side that would do the same, one comes.

    Parameters
    ----------
    network : TransportNetwork
    places : GeoDataFrame or the like
        Towns, such as the seats that `counties` gives; at least two.
    provinces : str or array_like of str
        Province of each, or their column in `places`.
    weights : str or array_like of float, optional
        People of each, or their column; each counts 1 when left out.
    decay : callable, optional
        As in `critical_links`.
    straight_km : (float, float)
        How far apart the two towns may lie.
    excess : float
        How many times the usual detour is too much, above 1.
    speed_kph : float
        Speed on a line.
    sinuosity : float
        Length of a line over its straight length, at least 1.
    most : int
        Lines at most.

    Returns
    -------
    geopandas.GeoDataFrame
        One row per line, the most gain per kilometre first: ``rank, from_id, to_id, from_name, to_name, from_province,
        to_province, straight_km, road_km, base_min`` (infinite where there is no way), ``detour_factor`` and
        ``usual_detour``, ``line_km, line_min, saved_min`` of the pair itself, ``gain_person_min`` and ``gain_per_km`` of
        all, after the lines before it, and the straight line.

    Raises
    ------
    InputError, InputTypeError, MissingColumnError, EmptyInputError
        If an argument can't be used.

    See Also
    --------
    gaps : Roads that stop short of a border.
    best_corridors : Which of given lines to build.

    Notes
    -----
    A line says where to look, not where to build: rivers, slopes and what it costs aren't in it. Pairs without any way are
    taken for a detour without end, and trips that become possible by a line are no gain in minutes.

    Left out are pairs that a way through a third place joins in less than four fifths of the time: there roads of the network
    aren't joined that one can drive between, as the way off the network at that place shows. What is missing is a junction in
    the data.

    References
    ----------
    Gutiérrez, J., Monzón, A., Piñero, J. M. (1998). Accessibility, network efficiency, and transport infrastructure
    planning. Environment and Planning A 30(8), 1337-1350.

    Examples
    --------
    Two provinces with three towns each in a row, 20 km apart, and a road across at the western end alone: the towns at the
    eastern end, where all people live, lie 22 km apart and 102 km by road.

    >>> lon, lat = [106.0, 106.2, 106.4] * 2, [29.0] * 3 + [29.2] * 3
    >>> roads = br.Links([0, 1, 3, 4, 0], [1, 2, 4, 5, 3], [2e4] * 4 + [2.2e4], [1200] * 4 + [1320])
    >>> network = br.build_network(lon, lat, roads, max_access_km=1)
    >>> towns = gpd.GeoDataFrame({"name": list("abcdef"), "province": ["南"] * 3 + ["北"] * 3},
    ...     geometry=gpd.points_from_xy(lon, lat), crs=4326)
    >>> found = br.missing_links(network, towns, weights=[0, 0, 1, 0, 0, 1])
    >>> found[["from_name", "to_name", "straight_km", "road_km", "usual_detour"]].round(1).values.tolist()
    [['c', 'f', 22.2, 102.0, 1.0]]
    """
    checked = require_times_on_arcs(network)
    table = origins_table(places, argument="places")
    n = len(table)
    province = _provinces(provinces, places, n)
    people = place_weights(weights, places, n)
    falls_off = require_decay(decay)
    near, far = _range(straight_km)
    too_much = require_number(excess, "excess", above=1)
    speed = require_number(speed_kph, "speed_kph", unit="km/h", above=0, maximum=400)
    bend = require_number(sinuosity, "sinuosity", minimum=1, maximum=5)
    count = require_whole(most, "most", minimum=1)
    matrix = od_matrix(checked, table, off_network="unreachable")
    minutes = matrix["travel_time_min"].to_numpy(dtype=float).reshape(n, n)
    road = matrix["distance_km"].to_numpy(dtype=float).reshape(n, n)
    minutes, road = (np.where(np.isnan(one), np.inf, one) for one in (minutes, road))
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    a, b = np.triu_indices(n, 1)
    straight = np.asarray(ELLIPSOID.inv(lon[a], lat[a], lon[b], lat[b])[2]) / 1000
    # a way there may be another than that back: of the two the worse counts
    there = np.maximum(road[a, b], road[b, a])
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(straight > 0, there / straight, 1.0)
    across = province[a] != province[b]
    usual = _usual(straight, factor, ~across)
    fits = across & (straight >= near) & (straight <= far) & (factor >= too_much * usual)
    fits[fits] = ~_bridged(minutes, a[fits], b[fits])
    trips = _trips(minutes, people, falls_off, table["origin_name"].tolist())
    rows: list[dict[str, Any]] = []
    waiting = np.flatnonzero(fits)
    now = minutes.copy()
    while len(waiting) and len(rows) < count:
        km = straight[waiting] * bend
        took = km / speed * 60
        gains = np.array(
            [
                _gain(now, trips, int(a[pair]), int(b[pair]), time)
                for pair, time in zip(waiting, took, strict=True)
            ]
        )
        best = int(np.argmax(gains / km))
        if not gains[best] > 0:
            break
        pair = int(waiting[best])
        start, end = int(a[pair]), int(b[pair])
        rows.append(
            {
                "rank": len(rows) + 1,
                "from_id": table["origin_id"].iloc[start],
                "to_id": table["origin_id"].iloc[end],
                "from_name": table["origin_name"].iloc[start],
                "to_name": table["origin_name"].iloc[end],
                "from_province": province[start],
                "to_province": province[end],
                "straight_km": straight[pair],
                "road_km": there[pair],
                "base_min": max(minutes[start, end], minutes[end, start]),
                "detour_factor": factor[pair],
                "usual_detour": usual[pair],
                "line_km": km[best],
                "line_min": took[best],
                "saved_min": max(now[start, end], now[end, start]) - took[best],
                "gain_person_min": gains[best],
                "gain_per_km": gains[best] / km[best],
                "geometry": cut_line(np.column_stack([lon[[start, end]], lat[[start, end]]])),
            }
        )
        now = _with_line(now, start, end, float(took[best]))
        # a pair whose way is mended by the lines drawn so far needs no line of its own
        reach = np.maximum(now[a[waiting], b[waiting]], now[b[waiting], a[waiting]])
        waiting = waiting[reach > usual[waiting] * too_much * straight[waiting] * 60 / speed]
        waiting = waiting[waiting != pair]
    return gpd.GeoDataFrame(schemas.conform(rows, MISSING_LINKS))


def _range(straight_km: Any) -> tuple[float, float]:
    if not isinstance(straight_km, tuple | list) or len(straight_km) != 2:
        raise InputTypeError(f"'straight_km' should be two numbers such as (10, 80), got {straight_km!r}")
    near = require_number(straight_km[0], "straight_km[0]", unit="km", minimum=0)
    far = require_number(straight_km[1], "straight_km[1]", unit="km", above=near, maximum=1000)
    return near, far


def _provinces(provinces: Any, places: Any, n: int) -> NDArray[np.object_]:
    given = provinces
    if isinstance(provinces, str):
        if not isinstance(places, pd.DataFrame) or provinces not in places.columns:
            raise InputError(
                f"'places' has no column {provinces!r}, which 'provinces' names; give one name per place instead"
            )
        given = places[provinces]
    labels = np.asarray(given, dtype=object)
    if labels.shape != (n,) or any(not isinstance(label, str) for label in labels):
        raise InputError(f"'provinces' should be one name per place, got shape {labels.shape} for {n}")
    return labels


def _usual(
    straight: NDArray[np.float64], factor: NDArray[np.float64], within: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the median detour of pairs within provinces about as far apart, the nearest few where these are too few."""
    order = np.argsort(straight[within], kind="stable")
    known, detour = straight[within][order], factor[within][order]
    if len(known) == 0:
        raise InputError(
            "'places' has no two places of one province, so that nobody can say what detour is usual; add some"
        )
    low = np.searchsorted(known, straight / _ALIKE)
    high = np.searchsorted(known, straight * _ALIKE, side="right")
    few = high - low < _FEWEST
    at = np.searchsorted(known, straight)
    low = np.where(few, np.clip(at - _FEWEST, 0, max(len(known) - 2 * _FEWEST, 0)), low)
    high = np.where(few, np.minimum(low + 2 * _FEWEST, len(known)), high)
    return np.array([np.median(detour[i:j]) for i, j in zip(low, high, strict=True)])


def _trips(
    minutes: NDArray[np.float64], people: NDArray[np.float64], decay: Decay | None, names: list[str]
) -> NDArray[np.float64]:
    """Return where people go, as `critical_links` has it, shape (n, n)."""
    drawn = np.where(np.isfinite(minutes), people[None, :], 0.0)
    np.fill_diagonal(drawn, 0.0)
    if decay is not None:
        going = np.nonzero(drawn)
        drawn[going] *= weigh_minutes(
            decay,
            minutes[going],
            remedy="choose a decay that is finite there",
            name=lambda k: f"{names[going[0][k]]} → {names[going[1][k]]}",
        )
    total = drawn.sum(axis=1, keepdims=True)
    return np.asarray(people[:, None] * np.divide(drawn, total, out=np.zeros_like(drawn), where=total > 0))


def _with_line(minutes: NDArray[np.float64], a: int, b: int, takes: float) -> NDArray[np.float64]:
    """Return the times with a line between two places."""
    by = np.minimum(
        minutes[:, a, None] + takes + minutes[None, b, :], minutes[:, b, None] + takes + minutes[None, a, :]
    )
    return np.asarray(np.minimum(minutes, by))


def _bridged(minutes: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say between which places a way through a third one is much faster than the network's own: a junction is missing."""
    found = np.zeros(len(a), dtype=bool)
    for begin in range(0, len(a), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        i, j = a[part], b[part]
        for first, last in ((i, j), (j, i)):
            through = (minutes[first, :] + minutes[:, last].T).min(axis=1)
            found[part] |= through < _BRIDGED * minutes[first, last]
    return found


def _gain(minutes: NDArray[np.float64], trips: NDArray[np.float64], a: int, b: int, takes: float) -> float:
    going = trips > 0
    return float((trips[going] * (minutes - _with_line(minutes, a, b, takes))[going]).sum())
