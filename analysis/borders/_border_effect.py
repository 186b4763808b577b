"""What a provincial border costs: detours and times across it against matched pairs within provinces."""

from __future__ import annotations

import math
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geo.checks import require_frame, require_number, require_whole
from ...geo.crs import ELLIPSOID, chord_m, to_ecef
from ...geo.errors import InputError, InputTypeError, MissingColumnError
from ...geo.networks import TransportNetwork
from .. import schemas
from ..times import (
    NO_LIMIT_MS,
    Origin,
    Targets,
    each,
    enter,
    origin_list,
    read_pairs,
    require_network,
    times_from,
)

_PLACE_COLUMNS: Final = ("adcode", "name", "province", "lon", "lat")
_TIME_COLUMNS: Final = ("from_id", "to_id", "travel_time_min", "distance_km")

#: One row per province pair: pairs of places across the border and matched pairs within.
BORDER_EFFECT: Final[schemas.Schema] = {
    "province_a": "str",
    "province_b": "str",
    "n_pairs": "int64",
    "n_matched": "int64",
    "mean_straight_km": "float64",
    "detour_across": "float64",
    "detour_within": "float64",
    "detour_ratio": "float64",
    "detour_ratio_low": "float64",
    "detour_ratio_high": "float64",
    "kph_across": "float64",
    "kph_within": "float64",
    "extra_min": "float64",
}
#: One row per place: who can be reached, in the own province and across its border.
EFFICIENCY: Final[schemas.Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "people_near_own": "float64",
    "people_near_across": "float64",
    "people_reached_own": "float64",
    "people_reached_across": "float64",
    "efficiency": "float64",
    "efficiency_own": "float64",
    "efficiency_across": "float64",
}


def place_pairs(times: pd.DataFrame, places: gpd.GeoDataFrame) -> pd.DataFrame:
    """Join travel times with the provinces of both ends and the straight distance between them.

    Parameters
    ----------
    times : pandas.DataFrame
        As `travel_times` gives them, between places named by adcode.
    places : geopandas.GeoDataFrame
        Counties as `counties` gives them.

    Returns
    -------
    pandas.DataFrame
        ``from_id, to_id, province_from, province_to, straight_km, travel_time_min, distance_km,
        detour``; pairs of a place with itself are left out, and so are those not connected.

    Raises
    ------
    InputTypeError, MissingColumnError, InputError
    """
    table = _require_times(times)
    frame = require_frame(places, "places", columns=_PLACE_COLUMNS)
    index = pd.Series(np.arange(len(frame)), index=frame["adcode"].astype(str))
    if index.index.has_duplicates:
        raise InputError("'places' has adcodes that occur twice; keep one row of each")
    unknown = ~(table["from_id"].isin(index.index) & table["to_id"].isin(index.index))
    if unknown.any():
        raise InputError(
            f"'times' has {int(unknown.sum())} rows whose ends aren't in 'places' "
            f"(first: {table.loc[unknown, 'from_id'].iloc[0]}); give the places that the times are of"
        )
    table = table[(table["from_id"] != table["to_id"]) & table["travel_time_min"].notna()]
    return _joined(
        frame,
        index.loc[table["from_id"]].to_numpy(),
        index.loc[table["to_id"]].to_numpy(),
        table["travel_time_min"].to_numpy(dtype=float),
        table["distance_km"].to_numpy(dtype=float),
    )


def _joined(
    places: gpd.GeoDataFrame,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    minutes: NDArray[np.float64],
    km: NDArray[np.float64],
) -> pd.DataFrame:
    """Return pairs of rows of places as `place_pairs` does."""
    lon, lat = places["lon"].to_numpy(dtype=float), places["lat"].to_numpy(dtype=float)
    _, _, metres = ELLIPSOID.inv(lon[a], lat[a], lon[b], lat[b])
    province, code = places["province"].to_numpy(), places["adcode"].astype(str).to_numpy()
    straight = np.asarray(metres, dtype=float) / 1000
    pairs = pd.DataFrame(
        {
            "from_id": code[a],
            "to_id": code[b],
            "province_from": province[a],
            "province_to": province[b],
            "straight_km": straight,
            "travel_time_min": minutes,
            "distance_km": km,
        }
    )
    with np.errstate(divide="ignore"):
        pairs["detour"] = pairs["distance_km"] / pairs["straight_km"]
    return pairs[pairs["straight_km"] > 0].reset_index(drop=True)


def border_effect(
    times: pd.DataFrame,
    places: gpd.GeoDataFrame,
    *,
    straight_km: tuple[float, float] = (20.0, 150.0),
    matches: int = 5,
    tolerance: float = 0.1,
    draws: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Compare pairs of places across each border with pairs of equal distance within a province.

    For each pair across a border, the `matches` pairs inside either of the two provinces whose
    straight distance is nearest, and within `tolerance` of it, stand for what the way would be like without
    the border. The detour factor is network distance by straight distance.

    Parameters
    ----------
    times : pandas.DataFrame
        As `travel_times` gives them, between all places.
    places : geopandas.GeoDataFrame
        Counties; their seats are the ends of the pairs.
    straight_km : tuple of two float
        Shortest and longest straight distance of the pairs, km.
    matches : int
        Matched pairs per pair.
    tolerance : float
        Largest relative difference in straight distance, 0 to 1.
    draws : int
        Bootstrap draws for the interval, over the pairs across the border.
    seed : int
        Of the draws.

    Returns
    -------
    pandas.DataFrame
        Columns of `BORDER_EFFECT`, one row per province pair with matched pairs (``province_a`` is
        the one with the smaller codes, as in `borders`): detour factors,
        their ratio with a 95 % bootstrap interval (above 1: the border costs detours), straight
        speeds, and how many minutes longer a pair across takes than its matches.

    Raises
    ------
    InputTypeError, MissingColumnError, InputError

    References
    ----------
    Detour (circuity) factor: Ballou, R., Rahardja, H., Sakai, N. (2002). Selected country circuity
    factors for road travel distance estimation. Transportation Research A 36(9), 843-848.
    Bootstrap: Efron, B., Tibshirani, R. (1993). An Introduction to the Bootstrap, ch. 13.

    Examples
    --------
    On open ground, where every way is straight, a border costs nothing:

    >>> counties = br.counties(provinces=["重庆", "贵州"])
    >>> near = br.border_counties(counties)
    >>> lon, lat = near["lon"].to_numpy(), near["lat"].to_numpy()
    >>> plain = br.build_network(
    ...     lon, lat, br.Links([0], [0], [0.0], [0.0]), access_speed_kph=60, max_access_km=1000
    ... )
    >>> times = br.travel_times(plain, near, near)
    >>> br.border_effect(times, near)[["detour_across", "detour_within", "detour_ratio"]].round(2)
       detour_across  detour_within  detour_ratio
    0            1.0            1.0           1.0
    """
    low, high = _require_distances(straight_km)
    near = require_number(tolerance, "tolerance", above=0, maximum=1)
    count = require_whole(matches, "matches", minimum=1, maximum=100)
    draws = require_whole(draws, "draws", minimum=1, maximum=1_000_000)
    seed = require_whole(seed, "seed", minimum=0)
    read_pairs(times, cutoff_min=math.inf)  # slow pairs that were left out would flatter the border
    pairs = place_pairs(times, places)
    pairs = pairs[pairs["straight_km"].between(low, high)]
    return _effect(pairs, places, count=count, tolerance=near, draws=draws, seed=seed)


def border_effect_on(
    network: TransportNetwork, places: gpd.GeoDataFrame, *, straight_km: tuple[float, float] = (20.0, 150.0)
) -> pd.DataFrame:
    """Compare as `border_effect` does, with times of a network between those places alone that lie so near each other.

    Parameters
    ----------
    network : TransportNetwork
    places : geopandas.GeoDataFrame
        Counties; their seats are the ends of the pairs, and within reach of the network.
    straight_km : tuple of two float
        Shortest and longest straight distance of the pairs, km.

    Returns
    -------
    pandas.DataFrame
        Columns of `BORDER_EFFECT`.

    Raises
    ------
    InputTypeError, MissingColumnError, InputError
    OffNetworkError
        If a place is farther from the network than its reach.
    """
    low, high = _require_distances(straight_km)
    frame = require_frame(places, "places", columns=_PLACE_COLUMNS)
    a, b, minutes, km = _near_times(require_network(network), origin_list(frame), high)
    pairs = _joined(frame, a, b, minutes, km)
    pairs = pairs[pairs["straight_km"].between(low, high)]
    return _effect(pairs, frame, count=5, tolerance=0.1, draws=1000, seed=0)


def _near_times(
    network: TransportNetwork, places: list[Origin], within_km: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return rows of places that lie near each other and are connected, with minutes and km from one to the other."""
    ways = [enter(network.reverse, place) for place in places]
    xyz = np.array([place.xyz for place in places]).reshape(-1, 3)
    tree = cKDTree(xyz)  # a chord is never longer than the way over the ground

    def row(start: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        found = np.sort(np.array(tree.query_ball_point(xyz[start], within_km * 1000), dtype=np.int64))
        ends = found[found != start]
        targets = Targets.of([ways[end] for end in ends], [xyz[end] for end in ends])
        time_ms, length_m = times_from(network, places[start], targets, limit_ms=NO_LIMIT_MS)
        there = np.isfinite(time_ms)
        return ends[there], time_ms[there] / 60_000, length_m[there] / 1000

    rows = list(each(row, range(len(places)), progress=False, label=""))
    none = (np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))
    ends, minutes, km = (np.concatenate(part) for part in zip(none, *rows, strict=True))
    return np.repeat(np.arange(len(places)), [len(one) for one, _, _ in rows]), ends, minutes, km


def _require_distances(given: object) -> tuple[float, float]:
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise InputTypeError(f"'straight_km' should be two distances such as (20, 150), got {given!r}")
    low = require_number(given[0], "straight_km[0]", unit="km", minimum=0)
    return low, require_number(given[1], "straight_km[1]", unit="km", above=low)


def _effect(
    pairs: pd.DataFrame, places: gpd.GeoDataFrame, *, count: int, tolerance: float, draws: int, seed: int
) -> pd.DataFrame:
    """Compare the pairs across each border with those within its provinces."""
    across = pairs[pairs["province_from"] != pairs["province_to"]].copy()
    within = pairs[pairs["province_from"] == pairs["province_to"]]
    code = places.groupby("province")["adcode"].min()
    swap = across["province_from"].map(code).to_numpy() > across["province_to"].map(code).to_numpy()
    across["province_a"] = np.where(swap, across["province_to"], across["province_from"])
    across["province_b"] = np.where(swap, across["province_from"], across["province_to"])
    generator = np.random.default_rng(seed)
    rows = []
    for (a, b), some in across.groupby(["province_a", "province_b"], sort=True):
        pool = within[within["province_from"].isin([a, b])].sort_values(["straight_km", "from_id", "to_id"])
        rows.append(_compare(str(a), str(b), some, pool, count, tolerance, draws, generator))
    return schemas.conform([row for row in rows if row is not None], BORDER_EFFECT)


def _compare(
    a: str,
    b: str,
    across: pd.DataFrame,
    pool: pd.DataFrame,
    count: int,
    tolerance: float,
    draws: int,
    generator: np.random.Generator,
) -> dict[str, Any] | None:
    straight = pool["straight_km"].to_numpy()
    detour, minutes = pool["detour"].to_numpy(), pool["travel_time_min"].to_numpy()
    own: list[NDArray[np.float64]] = []
    used: set[int] = set()
    columns = across[["straight_km", "detour", "travel_time_min"]].to_numpy(dtype=float)
    for km_across, detour_across, minutes_across in columns:
        picks = _nearest(straight, km_across, count, tolerance)
        if len(picks) == 0:
            continue
        used.update(picks.tolist())
        # the matches' times are scaled to the pair's own distance
        scaled = minutes[picks] * km_across / straight[picks]
        own.append(np.array([km_across, detour_across, detour[picks].mean(), minutes_across, scaled.mean()]))
    if not own:
        return None
    table = np.stack(own)
    km, here, there, time_here, time_there = table.T
    samples = generator.integers(0, len(table), size=(draws, len(table)))
    ratios = here[samples].mean(axis=1) / there[samples].mean(axis=1)
    bounds = np.quantile(ratios, [0.025, 0.975])
    return {
        "province_a": a,
        "province_b": b,
        "n_pairs": len(table),
        "n_matched": len(used),
        "mean_straight_km": km.mean(),
        "detour_across": here.mean(),
        "detour_within": there.mean(),
        "detour_ratio": here.mean() / there.mean(),
        "detour_ratio_low": bounds[0],
        "detour_ratio_high": bounds[1],
        "kph_across": km.sum() / time_here.sum() * 60,
        "kph_within": km.sum() / time_there.sum() * 60,
        "extra_min": (time_here - time_there).mean(),
    }


def _nearest(ascending: NDArray[np.float64], value: float, count: int, tolerance: float) -> NDArray[np.int64]:
    """Positions of the `count` entries nearest to a value, within a relative tolerance."""
    first = np.searchsorted(ascending, value * (1 - tolerance), side="left")
    last = np.searchsorted(ascending, value * (1 + tolerance), side="right")
    # those farther away on either side than `count` others aren't among them; of equals the first ones are
    at = np.searchsorted(ascending, value)
    if at - count > first:
        first = max(first, np.searchsorted(ascending, ascending[at - count], side="left"))
    picks = np.arange(first, min(last, at + count))
    order = np.argsort(np.abs(ascending[picks] - value), kind="stable")[:count]
    return picks[order]


def efficiency_across_borders(
    times: pd.DataFrame,
    places: gpd.GeoDataFrame,
    *,
    minutes: float = 90.0,
    radius_km: float = 120.0,
) -> pd.DataFrame:
    """Measure how well the network serves the neighbourhood, in the own province and across borders.

    Efficiency is the number of people within `minutes` by network, by the number of people within
    `radius_km` as the crow flies; a value of 1 means that all the neighbours can be reached.

    Parameters
    ----------
    times : pandas.DataFrame
        As `travel_times` gives them, from every place to every place in its neighbourhood. Pairs
        that are missing count as not reached.
    places : geopandas.GeoDataFrame
        Counties with a column ``people``.
    minutes : float
    radius_km : float

    Returns
    -------
    pandas.DataFrame
        Columns of `EFFICIENCY`, one row per place in the order given. A place's own people count on
        both sides. NaN where nobody lives near on that side.

    Raises
    ------
    InputTypeError, MissingColumnError, InputError

    References
    ----------
    Dijkstra, L., Poelman, H., Ackermans, L. (2019). Road transport performance in Europe. European
    Commission, DG REGIO working paper 01/2019: accessibility within 90 minutes over proximity
    within 120 km.

    Examples
    --------
    >>> counties = gpd.GeoDataFrame(
    ...     {
    ...         "adcode": [500101, 520101],
    ...         "name": ["甲县", "乙县"],
    ...         "province": ["重庆市", "贵州省"],
    ...         "province_adcode": [500000, 520000],
    ...         "lon": [106.5, 107.5],
    ...         "lat": [29.5, 29.5],
    ...         "people": [200, 100],
    ...     },
    ...     geometry=[shapely.box(106, 29, 107, 30), shapely.box(107, 29, 108, 30)],
    ...     crs=4326,
    ... )
    >>> road = br.build_network([106.5, 107.5], [29.5, 29.5], br.Links([0], [1], [97e3], [3600.0]))
    >>> times = br.travel_times(road, counties, counties)
    >>> found = br.efficiency_across_borders(times, counties, minutes=45)
    >>> found[["name", "efficiency_own", "efficiency_across"]]
      name  efficiency_own  efficiency_across
    0   甲县             1.0                0.0
    1   乙县             1.0                0.0
    """
    limit = require_number(minutes, "minutes", unit="minutes", above=0, maximum=7 * 24 * 60)
    radius = require_number(radius_km, "radius_km", unit="km", above=0, maximum=5000)
    frame = require_frame(places, "places", columns=(*_PLACE_COLUMNS, "people"))
    people = frame["people"].to_numpy(dtype=float)
    if not (np.isfinite(people) & (people >= 0)).all():
        raise InputError("'places' has people that are missing or negative; complete the column 'people'")
    table = _require_times(times)
    read_pairs(table, cutoff_min=limit)  # refuses a table that was cut below the limit
    ids = frame["adcode"].astype(str).to_numpy()
    province = frame["province"].to_numpy()
    index = pd.Index(ids)
    if index.has_duplicates:
        raise InputError("'places' has adcodes that occur twice; keep one row of each")
    origin, end = index.get_indexer(table["from_id"]), index.get_indexer(table["to_id"])
    reached = (table["travel_time_min"] <= limit).to_numpy() & (origin >= 0) & (end >= 0) & (origin != end)
    itself = np.arange(len(frame))  # a place's own people count, whatever the table says of it
    found = _people_on_both_sides(
        people,
        province,
        near=_near(frame, radius),
        reached=(np.concatenate([itself, origin[reached]]), np.concatenate([itself, end[reached]])),
    )
    near = found["people_near_own"] + found["people_near_across"]
    whole = (found["people_reached_own"] + found["people_reached_across"]) / near.where(near > 0)
    named = pd.DataFrame(frame[["adcode", "name", "province"]]).reset_index(drop=True)
    rows: pd.DataFrame = pd.concat([named, found.assign(efficiency=whole)], axis=1)[list(EFFICIENCY)]
    return rows.astype(dict(EFFICIENCY))


def _near(places: gpd.GeoDataFrame, radius_km: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows of places that lie within a radius of each other as the crow flies."""
    xyz = to_ecef(places["lon"].to_numpy(dtype=float), places["lat"].to_numpy(dtype=float))
    tree = cKDTree(xyz)
    found = [
        np.sort(np.array(one, dtype=np.int64))
        for one in tree.query_ball_point(xyz, chord_m(radius_km * 1000))
    ]
    start = np.repeat(np.arange(len(found)), [len(one) for one in found])
    return start, np.concatenate([np.zeros(0, dtype=np.int64), *found])


def _people_on_both_sides(
    people: NDArray[np.float64],
    province: NDArray[np.object_],
    *,
    near: tuple[NDArray[np.int64], NDArray[np.int64]],
    reached: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> pd.DataFrame:
    """Count people near and reached from each place, in its own province and in others, and the ratios of these."""
    found = {}
    for what, (start, end) in (("near", near), ("reached", reached)):
        own = province[start] == province[end]
        for side, which in (("own", own), ("across", ~own)):
            sums = np.bincount(start[which], people[end[which]], minlength=len(people))
            found[f"people_{what}_{side}"] = np.asarray(sums, dtype=float)
    for side in ("own", "across"):
        nearby = found[f"people_near_{side}"]
        ratio = np.full(len(people), np.nan)
        np.divide(found[f"people_reached_{side}"], nearby, out=ratio, where=nearby > 0)
        found[f"efficiency_{side}"] = ratio
    return pd.DataFrame(found)


def _require_times(times: object) -> pd.DataFrame:
    if not isinstance(times, pd.DataFrame):
        raise InputTypeError(
            f"'times' should be a DataFrame as travel_times gives it, got {type(times).__name__}"
        )
    missing = [name for name in _TIME_COLUMNS if name not in times.columns]
    if missing:
        raise MissingColumnError(f"'times' lacks the column(s) {', '.join(map(repr, missing))}")
    return times
