"""Places in the network of all: closeness, betweenness, detours, and what a day allows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_number
from ...geo.compiling import compiled
from ...geo.crs import ELLIPSOID
from ...geo.errors import InputError, InputTypeError, MissingColumnError
from ..times import Pairs, by_origin, listed, masses, read_pairs


def closeness(times: pd.DataFrame) -> pd.DataFrame:
    """Compute how close each place is to all others in time.

    C_i = (r / Σ_j t_ij) (r / (n − 1)) over the r other places that i reaches of the n − 1 others of
    the table (Wasserman and Faust's form, which stays comparable where not all are reached), and the
    harmonic form H_i = Σ_j (1 / t_ij) / (n − 1). Journeys lead away from i.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``.

    Returns
    -------
    pandas.DataFrame
        ``from_id, closeness, harmonic_closeness, n_reached``: per minute; 0 where nothing is reached.

    Raises
    ------
    InputError
        If two different places lie zero minutes apart, where the harmonic form diverges.
    InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Freeman, L. C. (1979). Centrality in social networks: conceptual clarification. Social Networks
    1(3), 215-239.

    Marchiori, M., Latora, V. (2000). Harmony in the small-world. Physica A 285(3-4), 539-546.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    ...         "to_id": ["a", "b", "c"] * 3,
    ...         "travel_time_min": [0, 30, 60, 30, 0, 30, 60, 30, 0],
    ...     }
    ... )
    >>> br.indicators.closeness(times).round(4)
      from_id  closeness  harmonic_closeness  n_reached
    0       a     0.0222              0.0250          2
    1       b     0.0333              0.0333          2
    2       c     0.0222              0.0250          2
    """
    pairs = read_pairs(times, cutoff_min=math.inf)
    others = _number_of_others(pairs)
    pairs = pairs.without(pairs.own)
    if (pairs.minutes == 0).any():
        at = int(np.argmax(pairs.minutes == 0))
        raise InputError(
            f"'times' has zero minutes for {pairs.name(at)}: closeness diverges; merge places at one point"
        )
    reached = pairs.sum_by_origin(np.ones(len(pairs.minutes)))
    total = pairs.sum_by_origin(pairs.minutes)
    with np.errstate(invalid="ignore", divide="ignore"):
        close = np.where(reached > 0, reached / total * (reached / others), 0.0)
        harmonic = np.where(others > 0, pairs.sum_by_origin(1 / pairs.minutes) / others, 0.0)
    return by_origin(pairs, closeness=close, harmonic_closeness=harmonic, n_reached=reached.astype(np.int64))


def betweenness(times: pd.DataFrame, *, people: Any = None, tolerance: float = 0.02) -> pd.DataFrame:
    """Compute the share of journeys between other places that lead through each place.

    A journey from s to t leads through v if the stop costs next to nothing:
    t_sv + t_vt <= (1 + tolerance) t_st. Without tolerance, and where fastest paths are unique, this
    is Freeman's betweenness; a tolerance is needed for places on the map, whose seats lie off the road
    that the journey takes.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, all places to all places.
    people : Series or mapping, optional
        Counts a journey from s to t with people_s · people_t; each with 1 when left out.
    tolerance : float
        Share by which the journey over v may be longer.

    Returns
    -------
    pandas.DataFrame
        ``from_id, betweenness, n_journeys``: the share (0 to 1) of all journeys between two other
        places that can be made, and how many of them lead through.

    Raises
    ------
    InputError
        If origins and destinations aren't the same places.
    InputTypeError, EmptyInputError, MissingColumnError

    Notes
    -----
    Takes n³ steps: a second for 1,000 places, half a minute for 2,891.

    References
    ----------
    Freeman, L. C. (1977). A set of measures of centrality based on betweenness. Sociometry 40(1),
    35-41.

    Examples
    --------
    Of three towns in a row, journeys between the outer two lead through the one between them:

    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    ...         "to_id": ["a", "b", "c"] * 3,
    ...         "travel_time_min": [0, 30, 60, 30, 0, 30, 60, 30, 0],
    ...     }
    ... )
    >>> br.indicators.betweenness(times)
      from_id  betweenness  n_journeys
    0       a          0.0           0
    1       b          1.0           2
    2       c          0.0           0
    """
    slack = require_number(tolerance, "tolerance", minimum=0, maximum=1)
    pairs = read_pairs(times, cutoff_min=math.inf)
    minutes = _square(pairs)
    size = np.ones(len(minutes)) if people is None else masses(people, pairs.from_ids, "people")
    through, number, total = _between(minutes, size, 1 + slack)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, through / total, 0.0)
    return by_origin(pairs, betweenness=share, n_journeys=number)


def detour_factors(times: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    """Compute how much longer journeys are than the straight line, and how fast along it.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min, distance_km``.
    places : pandas.DataFrame
        Index: the ids of the table; columns ``lon, lat`` (degrees, WGS 84).

    Returns
    -------
    pandas.DataFrame
        ``from_id, to_id, straight_km, distance_km, detour_factor, airline_speed_kph``, one row per
        pair of different places that can be travelled. The detour factor is network distance over
        geodesic distance; the airline speed is geodesic distance over travel time. NaN for places
        at one point.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Barthélemy, M. (2011). Spatial networks. Physics Reports 499(1-3), 1-101, section 3.2.

    Gutiérrez, J., Monzón, A., Piñero, J. M. (1998). Accessibility, network efficiency, and
    transport infrastructure planning. Environment and Planning A 30(8), 1337-1350.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {"from_id": ["a"], "to_id": ["b"], "travel_time_min": [60.0], "distance_km": [60.0]}
    ... )
    >>> places = pd.DataFrame({"lon": [106.0, 106.5], "lat": 29.5}, index=["a", "b"])
    >>> br.indicators.detour_factors(times, places)[["straight_km", "detour_factor", "airline_speed_kph"]].round(2)
       straight_km  detour_factor  airline_speed_kph
    0        48.48           1.24              48.48
    """
    pairs = read_pairs(times, distances=True)
    pairs = pairs.without(pairs.own)
    if np.isnan(pairs.km).any():
        at = int(np.argmax(np.isnan(pairs.km)))
        raise InputError(f"'times' has a travel time but no distance_km for {pairs.name(at)}")
    lon_a, lat_a = _lonlat(places, pairs.from_ids)
    lon_b, lat_b = _lonlat(places, pairs.to_ids)
    a, b = pairs.origin, pairs.destination
    straight = np.asarray(ELLIPSOID.inv(lon_a[a], lat_a[a], lon_b[b], lat_b[b])[2]) / 1000
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = np.where(straight > 0, pairs.km / straight, np.nan)
        speed = np.where((straight > 0) & (pairs.minutes > 0), straight / pairs.minutes * 60, np.nan)
    return pd.DataFrame(
        {
            "from_id": pairs.from_ids[a].astype("str"),
            "to_id": pairs.to_ids[b].astype("str"),
            "straight_km": straight,
            "distance_km": pairs.km,
            "detour_factor": factor,
            "airline_speed_kph": speed,
        }
    )


def day_return_reach(
    times: pd.DataFrame, people: Any, *, day_min: float = 14 * 60, stay_min: float = 6 * 60
) -> pd.DataFrame:
    """Count the places and people that one can visit and be back on the same day.

    j is within a day's return of i if t_ij + stay + t_ji <= day.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``; both directions are needed, and one that isn't there
        can't be travelled.
    people : Series or mapping
        By ``to_id``.
    day_min : float
        From leaving home to being back; 14 hours by default.
    stay_min : float
        Time needed there; 6 hours by default.

    Returns
    -------
    pandas.DataFrame
        ``from_id, n_places, people``, the place itself not counted.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Törnqvist, G. (1970). Contact systems and regional development. Lund Studies in Geography B 35.

    Spiekermann, K., Wegener, M. (2006). Accessibility and spatial development in Europe. Scienze
    Regionali 5(2), 15-46 (daily accessibility).

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    ...         "to_id": ["a", "b", "c"] * 3,
    ...         "travel_time_min": [0, 30, 60, 30, 0, 30, 60, 30, 0],
    ...     }
    ... )
    >>> people = {"a": 10, "b": 20, "c": 70}
    >>> br.indicators.day_return_reach(times, people, day_min=9 * 60, stay_min=7.5 * 60)
      from_id  n_places  people
    0       a         1    20.0
    1       b         2    80.0
    2       c         1    20.0
    """
    day = require_number(day_min, "day_min", unit="minutes", above=0, maximum=24 * 60)
    stay = require_number(stay_min, "stay_min", unit="minutes", minimum=0, maximum=24 * 60)
    if stay >= day:
        raise InputError(f"'stay_min' is {stay:g} and leaves no time to travel in a day of {day:g} min")
    pairs = read_pairs(times, cutoff_min=day - stay)
    mass = masses(people, pairs.to_ids, "people")
    pairs = pairs.without(pairs.own)
    inside = pairs.minutes + _return_minutes(pairs) + stay <= day
    return by_origin(
        pairs,
        n_places=pairs.sum_by_origin(inside.astype(float)).astype(np.int64),
        people=pairs.sum_by_origin(mass[pairs.destination] * inside),
    )


def daily_accessibility(times: pd.DataFrame, people: Any = None, *, minutes: float = 240) -> pd.DataFrame:
    """Compute what each centre reaches of the others within a business day's journey.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min`` between centres.
    people : Series or mapping, optional
        By ``to_id``; each centre counts 1 when left out.
    minutes : float
        Longest single journey: 3 to 4 hours by road or rail in the literature.

    Returns
    -------
    pandas.DataFrame
        ``from_id, n_centres, share_of_centres, people, share_of_people``, the centre itself not
        counted; the last two are those of the number of centres where no people are given.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Gutiérrez, J. (2001). Location, economic potential and daily accessibility: an analysis of the
    accessibility impact of the high-speed line Madrid-Barcelona-French border. Journal of
    Transport Geography 9(4), 229-242.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {
    ...         "from_id": ["a", "a", "a", "b", "b", "b", "c", "c", "c"],
    ...         "to_id": ["a", "b", "c"] * 3,
    ...         "travel_time_min": [0, 30, 60, 30, 0, 30, 60, 30, 0],
    ...     }
    ... )
    >>> found = br.indicators.daily_accessibility(times, {"a": 10, "b": 20, "c": 70}, minutes=45)
    >>> found[["from_id", "n_centres", "people", "share_of_people"]].round(3)
      from_id  n_centres  people  share_of_people
    0       a          1    20.0            0.222
    1       b          2    80.0            1.000
    2       c          1    20.0            0.667
    """
    limit = require_number(minutes, "minutes", unit="minutes", above=0, maximum=24 * 60)
    pairs = read_pairs(times, cutoff_min=limit)
    mass = np.ones(len(pairs.to_ids)) if people is None else masses(people, pairs.to_ids, "people")
    others = _number_of_others(pairs)
    elsewhere = mass.sum() - np.where(pairs.itself >= 0, mass[pairs.itself], 0.0)
    pairs = pairs.without(pairs.own | (pairs.minutes > limit))
    number = pairs.sum_by_origin(np.ones(len(pairs.minutes)))
    reached = pairs.sum_by_origin(mass[pairs.destination])
    with np.errstate(invalid="ignore", divide="ignore"):
        return by_origin(
            pairs,
            n_centres=number.astype(np.int64),
            share_of_centres=np.where(others > 0, number / others, 0.0),
            people=reached,
            share_of_people=np.where(elsewhere > 0, reached / elsewhere, 0.0),
        )


def _number_of_others(pairs: Pairs) -> NDArray[np.int64]:
    """Count the destinations that aren't the origin itself, by origin."""
    return np.asarray(len(pairs.to_ids) - (pairs.itself >= 0), dtype=np.int64)


def _return_minutes(pairs: Pairs) -> NDArray[np.float64]:
    """Time of each pair's way back; infinite where the table doesn't have it."""
    back = pd.Series(pairs.minutes, index=pd.MultiIndex.from_arrays([pairs.origin, pairs.destination]))
    # where an end isn't the other's as well there is no way back: -1 is no one's number
    ends = [pairs.as_origin[pairs.destination], pairs.itself[pairs.origin]]
    found = back.reindex(pd.MultiIndex.from_arrays(ends)).to_numpy()
    return np.where(np.isnan(found), np.inf, found)


def _square(pairs: Pairs) -> NDArray[np.float64]:
    """Return times as a matrix over `from_ids` in both directions; infinite where there is no journey."""
    as_origin = pairs.as_origin
    if (pairs.itself < 0).any() or (as_origin < 0).any():
        only = sorted({*pairs.from_ids[pairs.itself < 0], *pairs.to_ids[as_origin < 0]})
        raise InputError(
            f"'times' should lead from all places to all of them, but {listed(only)} stand at one end only"
        )
    matrix = np.full((len(pairs.from_ids),) * 2, np.inf)
    matrix[pairs.origin, as_origin[pairs.destination]] = pairs.minutes
    return matrix


def _lonlat(places: Any, ids: pd.Index[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not isinstance(places, pd.DataFrame):
        raise InputTypeError(f"'places' should be a DataFrame of lon, lat by id, got {type(places).__name__}")
    missing = [name for name in ("lon", "lat") if name not in places.columns]
    if missing:
        raise MissingColumnError(f"'places' lacks the column(s) {', '.join(map(repr, missing))}")
    table = places[["lon", "lat"]].set_axis([str(label) for label in places.index])
    unknown = [label for label in ids if label not in table.index]
    if unknown:
        raise InputError(f"'places' has no row for {listed(unknown)} of the table of times; add them")
    found = table.loc[list(ids)].to_numpy(dtype=float)
    return found[:, 0], found[:, 1]


@compiled
def _between(
    minutes: NDArray[np.float64], size: NDArray[np.float64], factor: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Weight and number of journeys through each place, and weight of all journeys between others."""
    n = len(minutes)
    there = minutes.copy()
    for v in range(n):
        there[v, v] = np.inf  # an end isn't on the way
    back = there.T.copy()
    through = np.zeros(n)
    number = np.zeros(n, dtype=np.int64)
    whole = 0.0
    at_end = np.zeros(n)
    for s in range(n):
        for t in range(n):
            longest = factor * there[s, t] * (1 + 1e-12)
            if not math.isfinite(longest):  # no journey, or that of a place to itself
                continue
            weight = size[s] * size[t]
            whole += weight
            at_end[s] += weight
            at_end[t] += weight
            for v in range(n):
                passes = there[s, v] + back[t, v] <= longest
                through[v] += weight * passes
                number[v] += passes
    return through, number, whole - at_end
