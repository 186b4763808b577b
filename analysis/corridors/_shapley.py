"""Each corridor's own share of what all of them bring: Shapley values, exact or sampled."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_numbers, require_whole
from ...geo.errors import InputError, InputTypeError
from ..schemas import Schema, conform

Player = TypeVar("Player", bound=Hashable)

#: Shapley values are exact up to this many corridors: 2 to its power subsets are measured.
MAX_EXACT: Final = 8
#: Orders that are drawn above that, each with its reverse.
ORDER_PAIRS: Final = 32

#: One row per corridor and measure; over all corridors they add up to the row "total". The
#: standard error is that of sampling, 0 where all subsets were measured.
CONTRIBUTIONS: Final[Schema] = {
    "corridor_id": "str",
    "measure": "str",
    "contribution": "float64",
    "standard_error": "float64",
    "alone": "float64",
    "last": "float64",
}


def shapley(
    players: Sequence[Player], value: Callable[[frozenset[Player]], NDArray[np.float64]]
) -> dict[Player, NDArray[np.float64]]:
    """Return each player's share of what all of them gain together.

    The share is the mean, over all orders in which the players may come, of what a player adds
    to those before it: it doesn't depend on an order, gives equal shares to equal players,
    nothing to one who never adds anything, and the shares add up to the total.

    Parameters
    ----------
    players : sequence
        At most 8.
    value : callable
        Gets a frozenset of players, returns numbers (always in the same shape).

    Returns
    -------
    dict
        Player to share, in the shape that `value` returns.

    Raises
    ------
    InputError
        If there are more than 8 players; see `sampled_shapley`.

    References
    ----------
    Shapley, L. S. (1953). A value for n-person games. Contributions to the Theory of Games 2.

    Examples
    --------
    Two lines that only together make a link worth 10:

    >>> shares = shapley(["a", "b"], lambda s: np.array(10.0 if len(s) == 2 else 0.0))
    >>> float(shares["a"]), float(shares["b"])
    (5.0, 5.0)
    """
    n = len(players)
    if n > MAX_EXACT:
        raise InputError(
            f"exact contributions need {2**n} subsets of {n} corridors; give {MAX_EXACT} at most, or use "
            "sampled_shapley()"
        )
    known = {
        frozenset(group): np.asarray(value(frozenset(group)), dtype=float)
        for size in range(n + 1)
        for group in combinations(players, size)
    }
    shares = {}
    for player in players:
        share = np.zeros_like(known[frozenset()])
        for group, worth in known.items():
            if player in group:
                continue
            k = len(group)
            weight = math.factorial(k) * math.factorial(n - k - 1) / math.factorial(n)
            share = share + weight * (known[group | {player}] - worth)
        shares[player] = share
    return shares


def sampled_shapley(
    players: Sequence[Player],
    value: Callable[[frozenset[Player]], NDArray[np.float64]],
    *,
    pairs: int = ORDER_PAIRS,
    seed: int = 0,
) -> dict[Player, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Estimate Shapley values from random orders of the players.

    Each order is drawn together with its reverse: where players take from each other, one who does
    well in one does badly in the other, and their mean varies less.

    Parameters
    ----------
    players : sequence
    value : callable
        As for `shapley`; asked for each subset once.
    pairs : int
        Orders drawn, each with its reverse; 2 at least.
    seed : int
        Of the random numbers: the same seed gives the same result.

    Returns
    -------
    dict
        Player to (share, standard error). In every order what the players add makes up the total, and
        so the shares add up to it as well.

    Raises
    ------
    InputTypeError, InputError
        If `pairs` or `seed` isn't a whole number in its range.

    References
    ----------
    Castro, J., Gómez, D., Tejada, J. (2009). Polynomial calculation of the Shapley value based on
    sampling. Computers & Operations Research 36(5), 1726-1730.
    Lomeli, M., Rowland, M., Gretton, A., Ghahramani, Z. (2019). Antithetic and Monte Carlo kernel
    estimators for partial rankings. Statistics and Computing 29, 1127-1147.

    Examples
    --------
    >>> found = sampled_shapley("abc", lambda group: np.array(float(len(group) ** 2)), pairs=8)
    >>> round(float(sum(share for share, _ in found.values())), 9)
    9.0
    """
    count = require_whole(pairs, "pairs", minimum=2, maximum=100_000)
    generator = np.random.default_rng(require_whole(seed, "seed"))
    known: dict[frozenset[Player], NDArray[np.float64]] = {}

    def worth(group: frozenset[Player]) -> NDArray[np.float64]:
        if group not in known:
            known[group] = np.asarray(value(group), dtype=float)
        return known[group]

    n = len(players)
    shape = worth(frozenset()).shape
    means = np.zeros((count, n, *shape))
    for draw in range(count):
        order = generator.permutation(n)
        for way in (order, order[::-1]):
            before: frozenset[Player] = frozenset()
            for k in way:
                after = before | {players[k]}
                means[draw, k] += (worth(after) - worth(before)) / 2
                before = after
    share = means.mean(axis=0)
    error = means.std(axis=0, ddof=1) / math.sqrt(count)
    return {player: (share[k], error[k]) for k, player in enumerate(players)}


def shares_of(
    players: Sequence[Player],
    value: Callable[[frozenset[Player]], NDArray[np.float64]],
    *,
    pairs: int = ORDER_PAIRS,
    seed: int = 0,
) -> dict[Player, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return shares and their standard errors: exact up to `MAX_EXACT` players, sampled above."""
    if len(players) > MAX_EXACT:
        return sampled_shapley(players, value, pairs=pairs, seed=seed)
    found = shapley(players, value)
    return {player: (share, np.zeros_like(share)) for player, share in found.items()}


def contributions(
    ids: Sequence[str],
    measures: Sequence[str],
    value: Callable[[frozenset[str]], Sequence[float]],
    *,
    pairs: int = ORDER_PAIRS,
    seed: int = 0,
) -> pd.DataFrame:
    """Return each corridor's own contribution to several measures.

    Parameters
    ----------
    ids : sequence of str
        Corridors; with more than 8, contributions are sampled.
    measures : sequence of str
        Names of the measures, with their unit.
    value : callable
        Gets a frozenset of ids, returns one number per measure; asked for each subset once.
    pairs, seed : int
        Of the sampling, see `sampled_shapley`.

    Returns
    -------
    pandas.DataFrame
        ``corridor_id, measure, contribution, standard_error, alone, last``: the Shapley value and its
        sampling error (0 where exact), what the corridor changes when it is the first to be added, and
        when it is the last; under the id "total" what all of them change together, which the
        contributions add up to.

    Examples
    --------
    Two lines that bring 4 and 2 minutes alone, and 10 together:

    >>> saved = {"": 0, "a": 4, "b": 2, "ab": 10}
    >>> found = br.contributions(["a", "b"], ["saved_min"], lambda ids: [saved["".join(sorted(ids))]])
    >>> found[["corridor_id", "contribution", "alone", "last"]]
      corridor_id  contribution  alone  last
    0           a           6.0    4.0   8.0
    1           b           4.0    2.0   6.0
    2       total          10.0   10.0  10.0
    """
    for given, argument in ((ids, "ids"), (measures, "measures")):
        if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
            raise InputTypeError(f"'{argument}' should be a list of texts, got {given!r}")
    if not callable(value):
        raise InputTypeError(f"'value' should be a function of the ids that are built, got {value!r}")
    require_whole(pairs, "pairs", minimum=1)
    require_whole(seed, "seed")
    cache: dict[frozenset[str], NDArray[np.float64]] = {}

    def known(group: frozenset[str]) -> NDArray[np.float64]:
        if group not in cache:
            cache[group] = require_numbers(value(group), "value")
            if cache[group].shape != (len(measures),):
                raise InputError(f"'value' should give {len(measures)} numbers, one per measure")
        return cache[group]

    if not ids:
        return conform([], CONTRIBUTIONS)
    shares = shares_of(list(ids), known, pairs=pairs, seed=seed)
    everything, nothing = frozenset(ids), frozenset[str]()
    rows = [
        {
            "corridor_id": identifier,
            "measure": measure,
            "contribution": shares[identifier][0][m],
            "standard_error": shares[identifier][1][m],
            "alone": known(frozenset({identifier}))[m] - known(nothing)[m],
            "last": known(everything)[m] - known(everything - {identifier})[m],
        }
        for m, measure in enumerate(measures)
        for identifier in ids
    ]
    total = known(everything) - known(nothing)
    rows += [
        {
            "corridor_id": "total",
            "measure": measure,
            "contribution": total[m],
            "standard_error": 0.0,
            "alone": total[m],
            "last": total[m],
        }
        for m, measure in enumerate(measures)
    ]
    return conform(rows, CONTRIBUTIONS)
