"""Floating catchment areas: supply per person where both supply and demand compete over distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_number
from ..times import Pairs, by_origin, masses, read_pairs
from ._decay import Decay, StepDecay, weigh


def two_step_catchment(
    times: pd.DataFrame, demand: Any, supply: Any, *, minutes: float = 60, decay: Decay | None = None
) -> pd.DataFrame:
    """Compute 2SFCA accessibility, and with a decay its enhanced form (E2SFCA).

    Step 1, at each supply: R_j = S_j / Σ_i D_i W(t_ij) over the demand within the catchment.
    Step 2, at each demand: A_i = Σ_j R_j W(t_ij) over the supply within the catchment. In both steps
    t_ij is the time from the demand to the supply, so that asymmetric times are right.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, from demand to supply.
    demand : Series or mapping
        D_i by ``from_id``: people.
    supply : Series or mapping
        S_j by ``to_id``: beds, physicians, seats.
    minutes : float
        Size of the catchment; a journey of exactly so long is inside.
    decay : Decay, optional
        W; the same weight 1 everywhere in the catchment when left out. `StepDecay` is that of Luo
        and Qi, `GaussianDecay` that of Dai.

    Returns
    -------
    pandas.DataFrame
        ``from_id, access``: supply per person, 0 where no supply is within the catchment. Supply
        that no one can reach is no one's: Σ_i D_i A_i is the supply with demand in its catchment.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Luo, W., Wang, F. (2003). Measures of spatial accessibility to health care in a GIS
    environment: synthesis and a case study in the Chicago region. Environment and Planning B
    30(6), 865-884.

    Luo, W., Qi, Y. (2009). An enhanced two-step floating catchment area (E2SFCA) method for
    measuring spatial accessibility to primary care physicians. Health & Place 15(4), 1100-1107.

    Examples
    --------
    >>> times = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["h", "h"], "travel_time_min": [10.0, 20.0]})
    >>> found = br.indicators.two_step_catchment(times, {"a": 30, "b": 20}, {"h": 100}, minutes=30)
    >>> found["access"].tolist()
    [2.0, 2.0]
    """
    pairs, people, there, weight = _catchments(times, demand, supply, minutes, decay)
    return _steps(pairs, people, there, weight)


def three_step_catchment(
    times: pd.DataFrame, demand: Any, supply: Any, decay: Decay, *, minutes: float = 60
) -> pd.DataFrame:
    """Compute 3SFCA accessibility: demand is first divided between the supplies it can choose from.

    Step 1: G_ij = W(t_ij) / Σ_k W(t_ik) over the supplies within the catchment of i. Steps 2 and 3
    are those of `two_step_catchment` with G_ij W(t_ij) for W(t_ij).

    Parameters
    ----------
    times, demand, supply, minutes
        As in `two_step_catchment`.
    decay : Decay
        W.

    Returns
    -------
    pandas.DataFrame
        ``from_id, access``.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Wan, N., Zou, B., Sternberg, T. (2012). A three-step floating catchment area method for
    analyzing spatial access to health services. International Journal of Geographical Information
    Science 26(6), 1073-1089.

    Examples
    --------
    >>> times = pd.DataFrame({"from_id": ["a", "b"], "to_id": ["h", "h"], "travel_time_min": [10.0, 20.0]})
    >>> decay = br.indicators.StepDecay((15, 30), (1, 0.5))
    >>> found = br.indicators.three_step_catchment(times, {"a": 30, "b": 20}, {"h": 100}, decay, minutes=30)
    >>> found["access"].round(3).tolist()
    [2.5, 1.25]
    """
    pairs, people, there, weight = _catchments(times, demand, supply, minutes, decay)
    choices = pairs.sum_by_origin(weight)[pairs.origin]
    with np.errstate(invalid="ignore"):
        choice = np.where(choices > 0, weight / choices, 0.0)
    return _steps(pairs, people, there, weight * choice)


def _catchments(
    times: pd.DataFrame, demand: Any, supply: Any, minutes: Any, decay: Decay | None
) -> tuple[Pairs, NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the pairs within the catchment, demand by origin, supply by destination, weight by pair."""
    size = require_number(minutes, "minutes", unit="minutes", above=0, maximum=7 * 24 * 60)
    pairs = read_pairs(times, cutoff_min=size)
    people = masses(demand, pairs.from_ids, "demand")
    there = masses(supply, pairs.to_ids, "supply")
    pairs = pairs.without(pairs.minutes > size)
    weights = weigh(
        StepDecay((size,), (1,)) if decay is None else decay,
        pairs,
        remedy="give PowerDecay a minimum_min, or take a decay that is finite at zero",
    )
    return pairs, people, there, weights


def _steps(
    pairs: Pairs,
    people: NDArray[np.float64],
    there: NDArray[np.float64],
    weight: NDArray[np.float64],
) -> pd.DataFrame:
    wanted = pairs.sum_by_destination(people[pairs.origin] * weight)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(wanted > 0, there / wanted, 0.0)
    return by_origin(pairs, access=pairs.sum_by_origin(ratio[pairs.destination] * weight))
