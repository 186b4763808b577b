"""How unevenly accessibility is spread: Gini, Theil and their parts within and between provinces; rank and size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ...geo.checks import require_number
from ...geo.errors import EmptyInputError, InputError, InputTypeError


def gini(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute the Gini coefficient: half the mean difference of two people over the mean.

    G = Σ_i Σ_j w_i w_j |x_i − x_j| / (2 μ W²), with W = Σ w and μ the weighted mean.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        At least 0, one per place.
    weights : array_like of float, shape (n,), optional
        People of each place; each place counts 1 when left out.

    Returns
    -------
    float
        0 where all are the same, near 1 where one has all.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError
        If there are no values, all are zero, or one is missing or negative.

    References
    ----------
    Gini, C. (1912). Variabilità e mutabilità. Bologna: Cuppini.

    Examples
    --------
    >>> br.indicators.gini([1, 1, 1, 1]), br.indicators.gini([0, 0, 0, 1])
    (0.0, 0.75)
    """
    x, w = checked_values(values, weights)
    return _gini(x, w)


def theil(values: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Compute Theil's T index: T = Σ_i (w_i/W) (x_i/μ) ln(x_i/μ), where 0 ln 0 = 0.

    Parameters
    ----------
    values, weights
        As in `gini`.

    Returns
    -------
    float
        0 where all are the same, ln n where one of n has all.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Theil, H. (1967). Economics and information theory. Amsterdam: North-Holland.

    Examples
    --------
    >>> round(br.indicators.theil([0, 0, 0, 1]) / float(np.log(4)), 12)
    1.0
    """
    x, w = checked_values(values, weights)
    return _theil(x, w)


def theil_by_group(values: ArrayLike, groups: Any, weights: ArrayLike | None = None) -> pd.DataFrame:
    """Divide Theil's T into inequality within groups and between them; the parts add up exactly.

    T = Σ_g s_g T_g + Σ_g s_g ln(μ_g / μ), with s_g the group's share of the weighted sum of values.

    Parameters
    ----------
    values, weights
        As in `gini`.
    groups : array_like, shape (n,)
        Province of each place.

    Returns
    -------
    pandas.DataFrame
        ``group, n_places, weight_share, value_share, mean, theil, within, between, contribution``,
        one row per group that has weight, in the order of names, `within` and `between` being its two terms above
        (the second may be negative), and a last row ``total`` with their sums. `contribution` is the
        share of within + between in T, NaN where all values are the same.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Shorrocks, A. F. (1980). The class of additively decomposable inequality measures. Econometrica
    48(3), 613-625.

    Examples
    --------
    >>> found = br.indicators.theil_by_group([1, 3, 2, 2], ["west", "west", "east", "east"])
    >>> found[["group", "theil", "within", "between"]].round(4)
       group   theil  within  between
    0   east  0.0000  0.0000      0.0
    1   west  0.1308  0.0654      0.0
    2  total  0.0654  0.0654      0.0
    """
    x, w = checked_values(values, weights)
    labels = _labels(groups, len(x))
    total, mean = _theil(x, w), float(np.average(x, weights=w))
    rows = []
    for label in sorted(set(labels), key=str):
        own = labels == label
        if w[own].sum() == 0:
            continue
        part = float((w[own] * x[own]).sum() / (w * x).sum())
        own_mean = float(np.average(x[own], weights=w[own]))
        inner = _theil(x[own], w[own]) if own_mean > 0 else 0.0
        rows.append(
            {
                "group": label,
                "n_places": int(own.sum()),
                "weight_share": float(w[own].sum() / w.sum()),
                "value_share": part,
                "mean": own_mean,
                "theil": inner,
                "within": part * inner,
                "between": part * float(np.log(own_mean / mean)) if own_mean > 0 else 0.0,
            }
        )
    table = pd.DataFrame(rows)
    sums = {
        name: table[name].sum() for name in ("n_places", "weight_share", "value_share", "within", "between")
    }
    table.loc[len(table)] = {"group": "total", **sums, "mean": mean, "theil": total}
    table["n_places"] = table["n_places"].astype("int64")
    table["contribution"] = (table["within"] + table["between"]) / total if total > 0 else np.nan
    return table


def gini_by_group(values: ArrayLike, groups: Any, weights: ArrayLike | None = None) -> pd.Series[float]:
    """Divide the Gini coefficient into parts within groups, between them, and from their overlap.

    G = Σ_g p_g s_g G_g + G_b + G_o, with p_g the group's share of weights, s_g that of the weighted sum,
    G_b the Gini coefficient of group means, and G_o what is left, because the groups' ranges overlap
    (0 where they don't).

    Parameters
    ----------
    values, weights
        As in `gini`.
    groups : array_like, shape (n,)

    Returns
    -------
    pandas.Series
        ``gini, within, between, overlap``.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Bhattacharya, N., Mahalanobis, B. (1967). Regional disparities in household consumption in
    India. Journal of the American Statistical Association 62(317), 143-161.

    Lambert, P. J., Aronson, J. R. (1993). Inequality decomposition analysis and the Gini coefficient
    revisited. The Economic Journal 103(420), 1221-1227.

    Examples
    --------
    >>> br.indicators.gini_by_group([1, 3, 5, 7], ["west", "west", "east", "east"]).to_dict()
    {'gini': 0.3125, 'within': 0.0625, 'between': 0.25, 'overlap': 0.0}
    """
    x, w = checked_values(values, weights)
    labels = _labels(groups, len(x))
    total = _gini(x, w)
    within, means, sizes = 0.0, [], []
    for label in sorted(set(labels), key=str):
        own = labels == label
        if w[own].sum() == 0:
            continue
        size, sums = float(w[own].sum()), float((w[own] * x[own]).sum())
        means.append(sums / size)
        sizes.append(size)
        if sums > 0:
            within += size / w.sum() * sums / (w * x).sum() * _gini(x[own], w[own])
    between = _gini(np.array(means), np.array(sizes))
    return pd.Series(
        {"gini": total, "within": within, "between": between, "overlap": total - within - between}
    )


@dataclass(frozen=True)
class RankSize:
    """Result of `rank_size`.

    Attributes
    ----------
    slope : float
        −1 under Zipf's law; flatter (−0.5) where cities are more alike, steeper (−1.5) where they are less.
    standard_error : float
        |slope| √(2/n).
    r_squared : float
    n : int
        Number of places.
    primacy : float
        Size of the first over that of the second; NaN for one place.

    Examples
    --------
    >>> found = br.indicators.rank_size([800, 400, 200, 100])
    >>> isinstance(found, br.indicators.RankSize), found.n, found.primacy
    (True, 4, 2.0)
    """

    slope: float
    standard_error: float
    r_squared: float
    n: int
    primacy: float


def rank_size(values: ArrayLike, *, shift: float = 0.5) -> RankSize:
    """Fit ln(rank − shift) = a + b ln(size) by least squares, and report b.

    Parameters
    ----------
    values : array_like of float, shape (n,)
        Sizes (people, accessibility), above 0; at least three that aren't all the same.
    shift : float
        1/2 removes most of the bias of small samples; 0 gives the classic fit.

    Returns
    -------
    RankSize
        With the slope b: minus the exponent of a Pareto distribution of sizes.

    Raises
    ------
    EmptyInputError, InputTypeError, InputError

    References
    ----------
    Zipf, G. K. (1949). Human behavior and the principle of least effort. Cambridge: Addison-Wesley.

    Gabaix, X., Ibragimov, R. (2011). Rank − 1/2: a simple way to improve the OLS estimation of
    tail exponents. Journal of Business & Economic Statistics 29(1), 24-39.

    Examples
    --------
    >>> sizes = [100 / rank for rank in range(1, 50)]
    >>> round(br.indicators.rank_size(sizes, shift=0).slope, 9)
    -1.0
    """
    less = require_number(shift, "shift", minimum=0, maximum=0.99)
    x, _ = checked_values(values, None)
    if (x <= 0).any():
        raise InputError("'values' has sizes of zero, which have no logarithm; leave these places out")
    if len(x) < 3 or np.ptp(x) == 0:
        raise InputError(f"'values' should hold at least three sizes that aren't all the same, got {len(x)}")
    size = np.sort(x)[::-1]
    log_size, log_rank = np.log(size), np.log(np.arange(1, len(size) + 1) - less)
    slope, constant = np.polyfit(log_size, log_rank, 1)
    rest = log_rank - (constant + slope * log_size)
    fit = 1 - (rest**2).sum() / ((log_rank - log_rank.mean()) ** 2).sum()
    return RankSize(
        slope=float(slope),
        standard_error=float(abs(slope) * np.sqrt(2 / len(size))),
        r_squared=float(fit),
        n=len(size),
        primacy=float(size[0] / size[1]),
    )


def checked_values(values: Any, weights: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = finite_numbers(values, "values")
    w = np.ones(len(x)) if weights is None else finite_numbers(weights, "weights")
    if len(w) != len(x):
        raise InputError(f"'weights' should be one per value, got {len(w)} for {len(x)}")
    if w.sum() == 0:
        raise EmptyInputError("'weights' are zero everywhere")
    if (w * x).sum() == 0:
        raise EmptyInputError("'values' are zero everywhere: there is nothing that could be shared unevenly")
    return x, w


def finite_numbers(values: Any, argument: str) -> NDArray[np.float64]:
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputTypeError(f"'{argument}' should hold numbers") from error
    if numbers.ndim != 1:
        raise InputTypeError(f"'{argument}' should have one dimension, got {numbers.ndim}")
    if len(numbers) == 0:
        raise EmptyInputError(f"'{argument}' is empty")
    bad = ~np.isfinite(numbers) | (numbers < 0)
    if bad.any():
        at = int(np.argmax(bad))
        raise InputError(
            f"'{argument}' should be finite and at least 0, got {numbers[at]:g} at position {at} "
            f"({int(bad.sum())} such in all)"
        )
    return numbers


def _labels(groups: Any, n: int) -> NDArray[np.object_]:
    labels = np.asarray(groups, dtype=object)
    if labels.shape != (n,):
        raise InputError(f"'groups' should be one per value got shape {labels.shape} for {n}")
    if pd.isna(labels).any():
        raise InputError(f"'groups' has {int(pd.isna(labels).sum())} missing value(s)")
    return labels


def _gini(x: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    order = np.argsort(x, kind="stable")
    share = w[order] / w.sum()
    relative = x[order] / np.average(x, weights=w)
    # Σ_ij w_i w_j |x_i − x_j| = 4 Σ_i w_i x_i (F_i − 1/2), with F_i the share below the middle of i
    middle = np.cumsum(share) - share / 2
    return max(0.0, 2 * float((share * relative * (middle - 0.5)).sum()))


def _theil(x: NDArray[np.float64], w: NDArray[np.float64]) -> float:
    share = x / np.average(x, weights=w)
    logs = np.log(np.where(share > 0, share, 1.0))
    return max(0.0, float(np.average(share * logs, weights=w)))
