"""Who has the accessibility: concentration over a ranking, Palma's ratio, poverty; and shares of what is contested."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ...geo.checks import require_choice, require_number
from ...geo.errors import EmptyInputError, InputError
from ..times import by_origin, masses, read_pairs
from ._decay import Decay, weigh
from ._inequality import checked_values, finite_numbers


def concentration_curve(
    values: ArrayLike, rank_by: ArrayLike, weights: ArrayLike | None = None
) -> pd.DataFrame:
    """Compute the concentration curve: which share of accessibility the poorest share of people has.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Accessibility of each place, at least 0.
    rank_by : array_like of float, shape (n,)
        What places are ranked by, the least first: income, distance from the capital ... Places of the same rank make one
        step.
    weights : array_like of float, shape (n,), optional
        People of each place; each place counts 1 when left out.

    Returns
    -------
    pandas.DataFrame
        ``people_share, value_share``, from (0, 0) to (1, 1), one row more than there are ranks. Below the diagonal those
        who rank high have more than their share.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Wagstaff, A., Paci, P., van Doorslaer, E. (1991). On the measurement of inequalities in health. Social Science &
    Medicine 33(5), 545-557.

    Examples
    --------
    >>> br.indicators.concentration_curve([10, 30], rank_by=[1, 2]).values.tolist()
    [[0.0, 0.0], [0.5, 0.25], [1.0, 1.0]]
    """
    x, w, rank = _ranked(values, rank_by, weights)
    step = np.unique(rank, return_inverse=True)[1].reshape(-1)
    people, value = np.bincount(step, w), np.bincount(step, w * x)
    return pd.DataFrame(
        {
            "people_share": np.concatenate([[0.0], np.cumsum(people) / people.sum()]),
            "value_share": np.concatenate([[0.0], np.cumsum(value) / value.sum()]),
        }
    )


def concentration_index(
    values: ArrayLike, rank_by: ArrayLike, weights: ArrayLike | None = None, *, corrected: bool = False
) -> float:
    """Compute the concentration index: twice the area between the diagonal and the concentration curve.

    C = (2 / μ) Σ_i (w_i / W) (x_i − μ) (R_i − 1/2), with R_i the share of people that rank below the middle of i's rank.

    Parameters
    ----------
    values, rank_by, weights
        As in `concentration_curve`.
    corrected : bool
        Give Erreygers' index for values that have bounds, E = 4 μ C / (max x − min x), instead.

    Returns
    -------
    float
        From −1 to 1; above 0 those who rank high have more. Ranked by the values themselves, C is the Gini coefficient.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Kakwani, N., Wagstaff, A., van Doorslaer, E. (1997). Socioeconomic inequalities in health: measurement, computation,
    and statistical inference. Journal of Econometrics 77(1), 87-103.

    Erreygers, G. (2009). Correcting the concentration index. Journal of Health Economics 28(2), 504-515.

    Pereira, R. H. M., Herszenhut, D. (2023). accessibility: transport accessibility measures (R package), whose function
    of this name gives the same two indices.

    Examples
    --------
    >>> br.indicators.concentration_index([10, 30], rank_by=[1, 2])
    0.25
    >>> br.indicators.concentration_index([30, 10], rank_by=[1, 2])
    -0.25
    """
    curve = concentration_curve(values, rank_by, weights)
    p, share = curve["people_share"].to_numpy(), curve["value_share"].to_numpy()
    index = 1 - float(((p[1:] - p[:-1]) * (share[1:] + share[:-1])).sum())
    if not corrected:
        return index
    x, w, _ = _ranked(values, rank_by, weights)
    spread = float(np.ptp(x[w > 0]))
    return 4 * float(np.average(x, weights=w)) * index / spread if spread > 0 else 0.0


def palma_ratio(
    values: ArrayLike, weights: ArrayLike | None = None, *, rank_by: ArrayLike | None = None
) -> float:
    """Compute Palma's ratio: the mean of the tenth of people at the top over that of the two fifths at the bottom.

    Parameters
    ----------
    values, weights
        As in `gini`.
    rank_by : array_like of float, shape (n,), optional
        What people are ranked by, such as income; the values themselves when left out.

    Returns
    -------
    float
        1 where both have the same; infinite where those at the bottom have nothing. A place whose people lie on both sides
        of a bound counts on each side with its part.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Palma, J. G. (2011). Homogeneous middles vs. heterogeneous tails, and the end of the 'inverted-U'. Development and
    Change 42(1), 87-153.

    Pereira, R. H. M., Herszenhut, D. (2023). accessibility (R package), which ranks by income, as `rank_by` does.

    Examples
    --------
    >>> round(br.indicators.palma_ratio([1, 1, 1, 1, 2, 2, 2, 2, 2, 5]), 9)
    5.0
    """
    x, w, rank = _ranked(values, values if rank_by is None else rank_by, weights)
    step = np.unique(rank, return_inverse=True)[1].reshape(-1)
    people = np.bincount(step, w)
    mean = np.divide(np.bincount(step, w * x), people, out=np.zeros(len(people)), where=people > 0)
    upper = np.cumsum(people) / people.sum()
    lower = np.concatenate([[0.0], upper[:-1]])
    bottom = float(((np.clip(upper, 0, 0.4) - np.clip(lower, 0, 0.4)) * mean).sum()) / 0.4
    top = float(((np.clip(upper, 0.9, 1) - np.clip(lower, 0.9, 1)) * mean).sum()) / 0.1
    return top / bottom if bottom > 0 else float("inf")


def fgt_poverty(values: ArrayLike, weights: ArrayLike | None = None, *, line: float) -> pd.Series[float]:
    """Compute accessibility poverty: how many have less than a line, how much less, and how unevenly.

    FGT_α = Σ_i (w_i / W) ((z − x_i) / z)^α [x_i < z], with z the line.

    Parameters
    ----------
    values, weights
        As in `gini`; values may all be zero.
    line : float
        Above 0, in the unit of the values.

    Returns
    -------
    pandas.Series
        ``FGT0`` (share of people below the line), ``FGT1`` (mean gap), ``FGT2`` (mean squared gap, which weighs those far
        below more).

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Foster, J., Greer, J., Thorbecke, E. (1984). A class of decomposable poverty measures. Econometrica 52(3), 761-766.

    Examples
    --------
    >>> br.indicators.fgt_poverty([0, 5, 20, 20], line=10).to_dict()
    {'FGT0': 0.5, 'FGT1': 0.375, 'FGT2': 0.3125}
    """
    z = require_number(line, "line", above=0)
    x = finite_numbers(values, "values")
    w = np.ones(len(x)) if weights is None else finite_numbers(weights, "weights")
    if len(w) != len(x):
        raise InputError(f"'weights' should be one per value, got {len(w)} for {len(x)}")
    if w.sum() == 0:
        raise EmptyInputError("'weights' are zero everywhere")
    gap = np.where(x < z, (z - x) / z, 0.0)
    return pd.Series(
        {
            "FGT0": float(np.average((x < z).astype(float), weights=w)),
            "FGT1": float(np.average(gap, weights=w)),
            "FGT2": float(np.average(gap**2, weights=w)),
        }
    )


def constrained_accessibility(
    times: pd.DataFrame, opportunities: Any, demand: Any, decay: Decay, *, kind: str = "singly"
) -> pd.DataFrame:
    """Share out opportunities among the places that contest them, so that the shares add up to what there is.

    ``"singly"``: A_i = Σ_j m_j P_i f(t_ij) / Σ_k P_k f(t_kj): each opportunity is shared out by people and time.
    ``"total"``: A_i = M · Σ_j m_j f(t_ij) / Σ_k Σ_j m_j f(t_kj), with M the sum of all that anyone can reach: Hansen's
    accessibility in units of opportunities.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``.
    opportunities : Series or mapping
        m_j by ``to_id``.
    demand : Series or mapping
        P_i by ``from_id``, people. For ``"total"`` it tells what there is per head alone.
    decay : callable
        f, such as ``br.indicators.ExponentialDecay(...)``.
    kind : {"singly", "total"}

    Returns
    -------
    pandas.DataFrame
        ``from_id, opportunities, per_head, share``, one row per origin. Opportunities that nobody reaches are left out of
        the sums.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Soukhov, A., Páez, A., Higgins, C. D., Mohamed, M. (2023). Introducing spatial availability, a singly-constrained
    measure of competitive accessibility. PLoS ONE 18(1), e0278468.

    Soukhov, A., Pereira, R. H. M., Higgins, C. D., Páez, A. (2025). A family of accessibility measures derived from
    spatial interaction principles. PLoS ONE 20.

    Examples
    --------
    >>> times = pd.DataFrame(
    ...     {"from_id": ["a", "b"], "to_id": ["school"] * 2, "travel_time_min": [10.0, 10.0]}
    ... )
    >>> decay = br.indicators.ExponentialDecay(0.1)
    >>> found = br.indicators.constrained_accessibility(times, {"school": 100}, {"a": 1, "b": 3}, decay)
    >>> found[["opportunities", "per_head"]].values.tolist()
    [[25.0, 25.0], [75.0, 25.0]]
    """
    how = require_choice(kind, "kind", ("singly", "total"))
    pairs = read_pairs(times, cutoff_min=np.inf)
    mass = masses(opportunities, pairs.to_ids, "opportunities")
    people = masses(demand, pairs.from_ids, "demand")
    f = weigh(decay, pairs, remedy="choose a decay that is finite there")
    pull = f if how == "total" else f * people[pairs.origin]
    if how == "total":
        reached = pairs.sum_by_destination(f) > 0
        total = (pull * mass[pairs.destination]).sum()
        got = pull * mass[pairs.destination] * (mass[reached].sum() / total if total > 0 else 0.0)
    else:
        contest = pairs.sum_by_destination(pull)[pairs.destination]
        got = np.divide(pull * mass[pairs.destination], contest, out=np.zeros(len(pull)), where=contest > 0)
    found = pairs.sum_by_origin(got)
    everything = found.sum()
    return by_origin(
        pairs,
        opportunities=found,
        per_head=np.divide(found, people, out=np.full(len(found), np.nan), where=people > 0),
        share=found / everything if everything > 0 else found,
    )


def _ranked(
    values: Any, rank_by: Any, weights: Any
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, w = checked_values(values, weights)
    try:
        rank = np.asarray(rank_by, dtype=float)
    except (TypeError, ValueError):
        rank = np.full(1, np.nan)
    if rank.shape != x.shape or not np.isfinite(rank).all():
        raise InputError(f"'rank_by' should be a finite number per value, {len(x)} in all")
    return x, w, rank
