"""Market access after Donaldson and Hornbeck, with who gains and who loses by a change."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_flag, require_number
from ...geo.errors import InputError
from ..times import Pairs, by_origin, masses, read_pairs

#: Rounds in which the competing markets come to rest; half of each step is taken.
_MOST_ROUNDS: Final = 2000
_AT_REST: Final = 1e-12


def market_access(
    times: pd.DataFrame, markets: Any, *, theta: float, cost_doubles_min: float, competition: bool = False
) -> pd.DataFrame:
    """Compute market access: the size of all markets, each less the more it costs to get goods there.

    MA_i = Σ_j τ_ij^−θ N_j, with τ = 1 + t / `cost_doubles_min`, what a good costs delivered over what it costs at home. With
    `competition`, what is sold at j competes with all that gets there, MA_i = Σ_j τ_ij^−θ N_j MA_j^(−(1+θ)/θ), so that a
    market that others get better access to is worth less.

    Parameters
    ----------
    times : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, each place's own pair included; with `competition` between the same places
        both ways.
    markets : Series or mapping
        N_j by ``to_id``: people or, better, GDP.
    theta : float
        The trade elasticity, above 0. Donaldson and Hornbeck estimate 8.22 from railways and counties of the United
        States; it is not known for Chinese counties, so that results are worth showing for several.
    cost_doubles_min : float
        Minutes after which a good costs twice what it costs at home: an assumption of the user's.
    competition : bool

    Returns
    -------
    pandas.DataFrame
        ``from_id, market_access``.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    References
    ----------
    Donaldson, D., Hornbeck, R. (2016). Railroads and American economic growth: a "market access" approach. The Quarterly
    Journal of Economics 131(2), 799-858.

    Examples
    --------
    Goods cost twice as much at the other place, and θ is 1: half of its people count.

    >>> times = pd.DataFrame(
    ...     {"from_id": list("aabb"), "to_id": list("abab"), "travel_time_min": [0.0, 60.0, 60.0, 0.0]}
    ... )
    >>> found = br.indicators.market_access(times, {"a": 10, "b": 40}, theta=1, cost_doubles_min=60)
    >>> found["market_access"].tolist()
    [30.0, 45.0]
    """
    pairs, found = _access(times, "times", markets, theta, cost_doubles_min, competition)
    return by_origin(pairs, market_access=found)


def market_access_change(
    base: pd.DataFrame,
    scenario: pd.DataFrame,
    markets: Any,
    *,
    theta: float,
    cost_doubles_min: float,
    competition: bool = False,
) -> pd.DataFrame:
    """Compute how market access changes, and who gains and who loses by it.

    Shorter times raise nobody's costs, so that by the sums alone all gain or stay. Who loses does so against others: the
    share of a place in the market access of all falls; with `competition`, its access itself may.

    Parameters
    ----------
    base, scenario : pandas.DataFrame
        Times before and after, as `market_access` takes them, of the same places.
    markets, theta, cost_doubles_min, competition
        As in `market_access`.

    Returns
    -------
    pandas.DataFrame
        ``from_id, base_access, scenario_access, change_pct``, ``relative_pct`` (the change of its share in the sum over all
        places), ``side``: "gains", "loses" or "stays" by that share. Rows in the order of `base`.

    Raises
    ------
    InputError, InputTypeError, EmptyInputError, MissingColumnError

    Notes
    -----
    A change of market access isn't one of income. In China, peripheral counties that expressways connected to cores grew less
    in industry than those that weren't connected (Faber 2014), and where highways served regional primates, hinterlands
    grew less (Baum-Snow and others 2020): better access of a periphery may go with losses there, which no measure of
    access shows.

    References
    ----------
    Baum-Snow, N., Henderson, J. V., Turner, M. A., Zhang, Q., Brandt, L. (2020). Does investment in national highways help
    or hurt hinterland city growth? Journal of Urban Economics 115, 103124.

    Faber, B. (2014). Trade integration, market size, and industrialization: evidence from China's National Trunk Highway
    System. The Review of Economic Studies 81(3), 1046-1070.

    Examples
    --------
    >>> ids = {"from_id": list("aabb"), "to_id": list("abab")}
    >>> before = pd.DataFrame({**ids, "travel_time_min": [0.0, 60.0, 60.0, 0.0]})
    >>> after = pd.DataFrame({**ids, "travel_time_min": [0.0, 0.0, 60.0, 0.0]})
    >>> found = br.indicators.market_access_change(
    ...     before, after, {"a": 10, "b": 40}, theta=1, cost_doubles_min=60
    ... )
    >>> found[["base_access", "scenario_access", "side"]].values.tolist()
    [[30.0, 50.0, 'gains'], [45.0, 45.0, 'loses']]
    """
    pairs, before = _access(base, "base", markets, theta, cost_doubles_min, competition)
    other, after = _access(scenario, "scenario", markets, theta, cost_doubles_min, competition)
    if set(other.from_ids) != set(pairs.from_ids):
        raise InputError("'scenario' has other places than 'base'; compute both for the same")
    after = after[other.from_ids.get_indexer(pairs.from_ids)]
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (after / before - 1) * 100
        relative = (after / after.sum() / (before / before.sum()) - 1) * 100
    side = np.where(np.abs(relative) < 1e-9, "stays", np.where(relative > 0, "gains", "loses"))
    side[~np.isfinite(relative)] = "stays"
    return by_origin(
        pairs,
        base_access=before,
        scenario_access=after,
        change_pct=change,
        relative_pct=relative,
        side=side.astype(object),
    )


def _access(
    times: Any, argument: str, markets: Any, theta: Any, cost_doubles_min: Any, competition: Any
) -> tuple[Pairs, NDArray[np.float64]]:
    power = require_number(theta, "theta", above=0, maximum=100)
    doubles = require_number(cost_doubles_min, "cost_doubles_min", unit="minutes", above=0)
    compete = require_flag(competition, "competition")
    pairs = read_pairs(times, argument, cutoff_min=np.inf)
    size = masses(markets, pairs.to_ids, "markets")
    less = (1 + pairs.minutes / doubles) ** -power
    if not compete:
        return pairs, pairs.sum_by_origin(less * size[pairs.destination])
    if (pairs.itself < 0).any() or len(pairs.to_ids) != len(pairs.from_ids):
        raise InputError(
            f"'{argument}' should hold the times between the same places both ways where markets compete; compute it with "
            "the origins as destinations"
        )
    at = pairs.as_origin[pairs.destination]
    found = np.ones(len(pairs.from_ids))
    there = pairs.sum_by_origin(less * size[pairs.destination]) > 0
    for _ in range(_MOST_ROUNDS):
        worth = np.where(there[at], size[pairs.destination] * found[at] ** (-(1 + power) / power), 0.0)
        then = np.where(there, pairs.sum_by_origin(less * worth), 1.0)
        step = np.log(then) - np.log(found)
        found = found * np.exp(step / 3)
        if np.abs(step).max() < _AT_REST:
            break
    else:
        raise InputError("competing markets don't come to rest; give a larger 'theta'")
    return pairs, np.where(there, found, 0.0)
