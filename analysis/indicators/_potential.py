"""Location-based accessibility: opportunities within a time, gravity, market potential, mean time.

Every function takes a long table of travel times and the masses of its destinations, and
returns one row per origin in the table's order.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ...geo.checks import require_cutoffs, require_number
from ...geo.errors import InputError
from ..times import Pairs, by_origin, masses, read_pairs
from ._decay import Decay, PowerDecay, weigh

_OWN_TIMES: Final = (
    "give a place's own time with own_time_min, or leave its pair with itself out with own=False"
)


def cumulative_opportunities(
    times: pd.DataFrame, opportunities: Any, *, cutoffs_min: Any = (60, 120), own: bool = True
) -> pd.DataFrame:
    """Sum the opportunities within a travel time: A_i(T) = Σ_j m_j [t_ij <= T].

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``.
    opportunities : Series or mapping
        m_j by ``to_id``: people, jobs, beds ...
    cutoffs_min : number or sequence of numbers
        T, minutes, ascending.
    own : bool
        Whether a place's own opportunities count.

    Returns
    -------
    pandas.DataFrame
        ``from_id, cutoff_min, opportunities, share, n_places``, one row per origin and cutoff, the
        cutoffs ascending; `share` of all opportunities of the table's destinations.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError
        If there is nothing to reach, or masses are missing or negative.

    References
    ----------
    Ingram, D. R. (1971). The concept of accessibility: a search for an operational form. Regional
    Studies 5(2), 101-107.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {"from_id": ["a"] * 3, "to_id": ["a", "b", "c"], "travel_time_min": [0.0, 60.0, 61.0]}
    ... )
    >>> found = br.indicators.cumulative_opportunities(times, {"a": 1, "b": 10, "c": 100}, cutoffs_min=60)
    >>> float(found["opportunities"][0])
    11.0
    """
    cutoffs = require_cutoffs(cutoffs_min)
    pairs = read_pairs(times, cutoff_min=cutoffs[-1])
    mass = masses(opportunities, pairs.to_ids, "opportunities")
    pairs = pairs if own else pairs.without(pairs.own)
    parts = []
    for cutoff in cutoffs:
        inside = (pairs.minutes <= cutoff).astype(float)
        found = pairs.sum_by_origin(mass[pairs.destination] * inside)
        parts.append(
            by_origin(
                pairs,
                cutoff_min=cutoff,
                opportunities=found,
                share=found / mass.sum(),
                n_places=pairs.sum_by_origin(inside).astype(np.int64),
            )
        )
    table = pd.concat(parts, ignore_index=True)
    order = np.arange(len(table)).reshape(len(cutoffs), -1).T.ravel()
    return table.iloc[order].reset_index(drop=True)


def gravity(
    times: pd.DataFrame,
    opportunities: Any,
    decay: Decay,
    *,
    own: bool = True,
    own_time_min: Any = None,
) -> pd.DataFrame:
    """Compute Hansen's accessibility: A_i = Σ_j m_j f(t_ij).

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``.
    opportunities : Series or mapping
        m_j by ``to_id``.
    decay : Decay
        f: `PowerDecay`, `ExponentialDecay`, `GaussianDecay`, `StepDecay`, or any function from
        minutes to weights.
    own : bool
        Whether a place's pair with itself counts.
    own_time_min : number, Series or mapping, optional
        Time within a place, by ``from_id``, in place of the table's (which is 0 or nearly so);
        `internal_time_min` estimates it from the area.

    Returns
    -------
    pandas.DataFrame
        ``from_id, accessibility`` (unit of the masses times that of f).

    Raises
    ------
    InputError
        If the decay diverges (a power of zero minutes), or masses are missing or negative.
    InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Hansen, W. G. (1959). How accessibility shapes land use. Journal of the American Institute of
    Planners 25(2), 73-76.

    Examples
    --------
    >>> times = pd.DataFrame({"from_id": ["a", "a"], "to_id": ["b", "c"], "travel_time_min": [10.0, 20.0]})
    >>> found = br.indicators.gravity(times, {"b": 100, "c": 400}, br.indicators.PowerDecay(2))
    >>> float(found["accessibility"][0])
    2.0
    """
    pairs = with_own_times(read_pairs(times, cutoff_min=math.inf), own=own, own_time_min=own_time_min)
    mass = masses(opportunities, pairs.to_ids, "opportunities")
    weights = weigh(decay, pairs, remedy=f"give PowerDecay a minimum_min, {_OWN_TIMES}")
    return by_origin(pairs, accessibility=pairs.sum_by_origin(mass[pairs.destination] * weights))


def market_potential(
    times: pd.DataFrame, people: Any, *, exponent: float = 1, own: bool = True, own_time_min: Any = None
) -> pd.DataFrame:
    """Compute Harris' market potential: P_i = Σ_j m_j / t_ij^α, and what of it is a place's own.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``.
    people : Series or mapping
        m_j by ``to_id``: people, or spending power.
    exponent : float
        α.
    own : bool
        Whether the place's own market counts. It dominates the potential of cities: leave it in
        with a sensible `own_time_min`, or say that it is left out.
    own_time_min : number, Series or mapping, optional
        t_ii by ``from_id``; see `internal_time_min`.

    Returns
    -------
    pandas.DataFrame
        ``from_id, potential, own_share`` (masses per minute^α; share of the own market, 0 to 1,
        NaN where nothing is reached).

    Raises
    ------
    InputError
        If a time is zero, where the potential diverges.
    InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Harris, C. D. (1954). The market as a factor in the localization of industry in the United
    States. Annals of the Association of American Geographers 44(4), 315-348.

    Examples
    --------
    >>> times = pd.DataFrame({"from_id": ["a", "a"], "to_id": ["a", "b"], "travel_time_min": [0.0, 50.0]})
    >>> br.indicators.market_potential(times, {"a": 300, "b": 500}, own_time_min=10)
      from_id  potential  own_share
    0       a       40.0       0.75
    """
    pairs = with_own_times(read_pairs(times, cutoff_min=math.inf), own=own, own_time_min=own_time_min)
    mass = masses(people, pairs.to_ids, "people")
    parts = mass[pairs.destination] * weigh(PowerDecay(exponent), pairs, "exponent", remedy=_OWN_TIMES)
    potential = pairs.sum_by_origin(parts)
    with np.errstate(invalid="ignore"):
        own_share = pairs.sum_by_origin(parts * pairs.own) / potential
    return by_origin(pairs, potential=potential, own_share=own_share)


def weighted_mean_time(
    times: pd.DataFrame, weights: Any, *, own: bool = False, own_time_min: Any = None
) -> pd.DataFrame:
    """Compute the mean travel time to all destinations: Σ_j m_j t_ij / Σ_j m_j over those reached.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``.
    weights : Series or mapping
        m_j by ``to_id``: people or output of the centres.
    own : bool
        Whether the pair of a place with itself counts.
    own_time_min : number, Series or mapping, optional
        Time within a place, by ``from_id``.

    Returns
    -------
    pandas.DataFrame
        ``from_id, mean_time_min, share_reached``: NaN and 0 where nothing is reached. Means of two
        scenarios compare only where the same destinations are reached (the same `share_reached`).

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
    ...     {"from_id": ["a", "a", "b"], "to_id": ["b", "c", "c"], "travel_time_min": [30.0, 60.0, 40.0]}
    ... )
    >>> br.indicators.weighted_mean_time(times, {"b": 100, "c": 200})
      from_id  mean_time_min  share_reached
    0       a           50.0            1.0
    1       b           40.0            1.0
    """
    pairs = with_own_times(read_pairs(times, cutoff_min=math.inf), own=own, own_time_min=own_time_min)
    mass = masses(weights, pairs.to_ids, "weights")
    reached = pairs.sum_by_origin(mass[pairs.destination])
    total = np.full(len(pairs.from_ids), mass.sum())
    if not own:
        total -= np.where(pairs.itself >= 0, mass[pairs.itself], 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = pairs.sum_by_origin(mass[pairs.destination] * pairs.minutes) / reached
        share = np.where(total > 0, reached / total, 0.0)
    return by_origin(pairs, mean_time_min=np.where(reached > 0, mean, np.nan), share_reached=share)


def internal_time_min(area_km2: ArrayLike, *, speed_kph: float = 25) -> NDArray[np.float64]:
    """Estimate the time of journeys within places from their areas: (2/3) √(area/π) / speed.

    Parameters
    ----------
    area_km2 : array_like of float, shape (n,)
    speed_kph : float
        Speed of local journeys; 25 km/h is what the trunk network assumes off its roads.

    Returns
    -------
    ndarray of float64, shape (n,)
        Minutes: the mean distance from the centre of a disc of that area, at that speed.

    Raises
    ------
    InputError, InputTypeError

    References
    ----------
    Redding, S., Venables, A. J. (2004). Economic geography and international inequality. Journal
    of International Economics 62(1), 53-82.

    Examples
    --------
    >>> br.indicators.internal_time_min([np.pi * 900], speed_kph=60).round(6).tolist()
    [20.0]
    """
    speed = require_number(speed_kph, "speed_kph", unit="km/h", above=0, maximum=400)
    area = np.asarray(area_km2, dtype=float)
    if not (np.isfinite(area) & (area > 0)).all():
        raise InputError("'area_km2' should be finite and above zero everywhere; drop places without an area")
    minutes: NDArray[np.float64] = np.sqrt(area / np.pi) * (2 / 3) / speed * 60
    return minutes


def with_own_times(pairs: Pairs, *, own: bool, own_time_min: Any) -> Pairs:
    """Return pairs without those of a place with itself, or with the times given for them.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError
        If a time is negative, or `own_time_min` is given and own pairs are left out.
    """
    is_own = pairs.own
    if not own:
        if own_time_min is not None:
            raise InputError("'own_time_min' is given, and own=False leaves these pairs out; choose one")
        return pairs.without(is_own)
    if own_time_min is None:
        return pairs
    if not isinstance(own_time_min, (pd.Series, dict)):
        number = require_number(own_time_min, "own_time_min", unit="minutes", minimum=0)
        return pairs.with_minutes(np.where(is_own, number, pairs.minutes))
    places = pairs.from_ids[np.unique(pairs.origin[is_own])]
    given = pd.Series(masses(own_time_min, places, "own_time_min", some=False), index=places)
    minutes = pairs.minutes.copy()
    minutes[is_own] = given.loc[pairs.from_ids[pairs.origin[is_own]]].to_numpy()
    return pairs.with_minutes(minutes)
