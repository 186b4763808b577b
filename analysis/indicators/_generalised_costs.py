"""Generalised cost: minutes and money of alternatives side by side, and which are worth taking at some value of time."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from ...geo.checks import require_number
from ...geo.errors import InputError, InputTypeError, MissingColumnError

_LEGS: Final = ("from_id", "to_id", "option", "class", "minutes", "km")
_PRICES: Final = ("class", "yuan_per_km", "yuan_per_trip")


def generalised_costs(legs: Any, prices: Any, *, value_of_time_yuan_per_h: float) -> pd.DataFrame:
    """Compute minutes, money and generalised cost of the alternatives between places, and which of them are worth taking.

    An alternative takes Σ_l t_l minutes and costs m = Σ_l (c_l · km_l + f_l) yuan over its legs l, with c yuan per kilometre
    and f per trip of the leg's class: tolls of expressways, fares of trains. Its generalised cost is
    g = m + v · t / 60, with v the value of time.

    Parameters
    ----------
    legs : pandas.DataFrame
        One row per leg: ``from_id, to_id, option`` (what the alternative is called), ``class`` (of road or train), ``minutes,
        km``.
    prices : pandas.DataFrame
        One row per class: ``class, yuan_per_km`` and, where there is one, ``yuan_per_trip``. Every class of `legs` has to be in
        it; what costs nothing has 0.
    value_of_time_yuan_per_h : float
        v, above 0: a study's own, such as the wage per hour, since no figure holds for everybody.

    Returns
    -------
    pandas.DataFrame
        One row per alternative, those of a pair of places together, the least generalised cost first: ``from_id, to_id, option,
        minutes, km, yuan, generalised_yuan, generalised_min`` (the same in minutes), ``best`` (the least generalised cost),
        ``efficient`` (none other is as fast and as cheap, and better in one), ``from_value`` and ``to_value``, yuan per
        hour: between these values of time it's the best; NaN where it is at none.

    Raises
    ------
    InputError, InputTypeError, MissingColumnError

    References
    ----------
    Small, K. A., Verhoef, E. T. (2007). The economics of urban transportation. London: Routledge.

    Examples
    --------
    By expressway 120 minutes and 200 km at 0.5 yuan; by train 90 minutes and 250 km at 0.6. Half an hour is saved for 50
    yuan, so that the train is better from 100 yuan per hour on:

    >>> legs = pd.DataFrame(
    ...     {
    ...         "from_id": "a",
    ...         "to_id": "b",
    ...         "option": ["road", "train"],
    ...         "class": ["motorway", "G"],
    ...         "minutes": [120, 90],
    ...         "km": [200, 250],
    ...     }
    ... )
    >>> prices = pd.DataFrame({"class": ["motorway", "G"], "yuan_per_km": [0.5, 0.6]})
    >>> found = br.indicators.generalised_costs(legs, prices, value_of_time_yuan_per_h=40)
    >>> found[["option", "yuan", "generalised_yuan", "efficient", "from_value"]].values.tolist()
    [['road', 100.0, 180.0, True, 0.0], ['train', 150.0, 210.0, True, 100.0]]
    """
    value = require_number(value_of_time_yuan_per_h, "value_of_time_yuan_per_h", above=0)
    rows = _table(legs, "legs", _LEGS, ("minutes", "km"))
    known = _table(prices, "prices", _PRICES[:2], ("yuan_per_km",))
    if "yuan_per_trip" in prices:
        known = _table(prices, "prices", _PRICES, _PRICES[1:])
    else:
        known = known.assign(yuan_per_trip=0.0)
    if known["class"].duplicated().any():
        raise InputError(
            f"'prices' has the class {known['class'][known['class'].duplicated()].iloc[0]!r} twice"
        )
    lacking = sorted(set(rows["class"]) - set(known["class"]))
    if lacking:
        raise InputError(
            f"'prices' lacks the class {lacking[0]!r} of 'legs'; give its yuan_per_km, 0 where it's free"
        )
    of_class = known.set_index("class")
    per_km, per_trip = (rows["class"].map(of_class[name]).astype(float) for name in _PRICES[1:])
    rows["yuan"] = rows["km"] * per_km + per_trip
    keys = ["from_id", "to_id", "option"]
    found = rows.groupby(keys, sort=False)[["minutes", "km", "yuan"]].sum().reset_index()
    found["generalised_yuan"] = found["yuan"] + value * found["minutes"] / 60
    found["generalised_min"] = found["minutes"] + found["yuan"] / value * 60
    frames = [_compared(one) for _, one in found.groupby(keys[:2], sort=False)]
    if not frames:
        return found.assign(best=False, efficient=False, from_value=0.0, to_value=0.0)
    return pd.concat(frames, ignore_index=True)


def _compared(one: pd.DataFrame) -> pd.DataFrame:
    """Return the alternatives of one pair, with which are best and efficient, and at what values of time."""
    one = one.sort_values(["generalised_yuan", "minutes", "option"], ignore_index=True)
    minutes, yuan = one["minutes"].to_numpy(), one["yuan"].to_numpy()
    no_worse = (minutes[None, :] <= minutes[:, None]) & (yuan[None, :] <= yuan[:, None])
    better = (minutes[None, :] < minutes[:, None]) | (yuan[None, :] < yuan[:, None])
    low, high = np.zeros(len(one)), np.full(len(one), np.inf)
    for k in range(len(one)):
        saved, dearer = (minutes - minutes[k]) / 60, yuan[k] - yuan
        with np.errstate(divide="ignore", invalid="ignore"):
            at = dearer / saved  # the value of time at which both cost the same
        low[k] = max(0.0, at[saved > 0].max(initial=0.0))
        high[k] = at[saved < 0].min(initial=np.inf)
        if ((saved == 0) & (dearer > 0)).any() or high[k] < low[k]:
            low[k] = high[k] = np.nan
    return one.assign(
        best=one["generalised_yuan"] == one["generalised_yuan"].iloc[0],
        efficient=np.asarray(~(no_worse & better).any(axis=1)),
        from_value=low,
        to_value=high,
    )


def _table(frame: Any, argument: str, columns: tuple[str, ...], numbers: tuple[str, ...]) -> pd.DataFrame:
    """Return a table's columns, whose numbers are finite and at least 0."""
    if not isinstance(frame, pd.DataFrame):
        raise InputTypeError(f"'{argument}' should be a DataFrame, got {type(frame).__name__}")
    missing = [name for name in columns if name not in frame]
    if missing:
        raise MissingColumnError(
            f"'{argument}' lacks the column {missing[0]!r}; it needs {', '.join(columns)}"
        )
    found = frame[list(columns)].reset_index(drop=True)
    for name in numbers:
        values = pd.to_numeric(found[name], errors="coerce").astype(float)
        bad = ~np.isfinite(values) | (values < 0)
        if bad.any():
            raise InputError(
                f"'{argument}' has {found[name][bad].iloc[0]!r} for {name!r}; give numbers of at least 0"
            )
        found[name] = values
    return found
