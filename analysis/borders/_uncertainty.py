"""How far results move when modelled times are off: the chance that a place lies inside a circle."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from ...geo.checks import require_number, require_numbers
from ...geo.errors import EmptyInputError, InputError
from ...geo.networks import RAIL_TIME_ERRORS, TRUNK_TIME_ERRORS
from .. import schemas

#: Times that differ by less are the same, minutes.
_SAME_MIN: Final = 0.01

#: One row per row of `schemas.COUNTY_TIMES`: the chance of lying inside the circle.
CHANCES: Final[schemas.Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "centre_id": "str",
    "centre_name": "str",
    "cutoff_min": "float64",
    "base_min": "float64",
    "base_chance": "float64",
    "scenario_min": "float64",
    "scenario_chance": "float64",
}


def inside_probability(minutes: Any, cutoff_min: float, *, relative_error: float) -> NDArray[np.float64]:
    """Return the probability that a place lies inside a circle, given how far modelled times are off.

    The true time is taken as the modelled one times a log-normal error with median 1, so that the
    probability is Phi(ln(cutoff / time) / s), with s the standard deviation of the error's logarithm.

    Parameters
    ----------
    minutes : array_like of float
        Modelled times; NaN (unreachable) gives 0.
    cutoff_min : float
        Cutoff of the circle.
    relative_error : float
        s: standard deviation of ln(true / modelled), such as 0.12; `calibration_error` measures it.

    Returns
    -------
    ndarray of float, the shape of `minutes`

    Raises
    ------
    InputError, InputTypeError

    Examples
    --------
    >>> br.inside_probability([60.0, 120.0, 180.0], 120, relative_error=0.1).round(3).tolist()
    [1.0, 0.5, 0.0]
    """
    limit = require_number(cutoff_min, "cutoff_min", unit="minutes", above=0)
    spread = require_number(relative_error, "relative_error", above=0, maximum=2)
    values = require_numbers(minutes, "minutes")
    if (values < 0).any():
        raise InputError("'minutes' has negative times; times are 0 or more")
    with np.errstate(divide="ignore"):
        chance = ndtr(np.log(limit / values) / spread)
    return np.asarray(np.where(np.isnan(values), 0.0, chance), dtype=float)


def calibration_error(known_hours: Any, modelled_hours: Any) -> float:
    """Return the standard deviation of ln(known / modelled) around zero: bias counts as error.

    Parameters
    ----------
    known_hours, modelled_hours : array_like of float, shape (n,)
        Positive, two at least.

    Raises
    ------
    EmptyInputError, InputError

    Examples
    --------
    >>> known, modelled = [1.0, 2.0, 4.0], [1.1, 2.0, 3.8]
    >>> round(br.calibration_error(known, modelled), 3)
    0.062
    """
    known = require_numbers(known_hours, "known_hours")
    modelled = require_numbers(modelled_hours, "modelled_hours")
    if known.shape != modelled.shape:
        raise InputError(
            f"'known_hours' has {known.size} entries and 'modelled_hours' {modelled.size}; give one each"
        )
    if known.size < 2:
        raise EmptyInputError("'known_hours' needs two entries at least")
    if not ((known > 0).all() and (modelled > 0).all()):
        raise InputError("'known_hours' and 'modelled_hours' should be above 0 and not missing")
    return float(np.sqrt(np.mean(np.log(known / modelled) ** 2)))


def trunk_error(minutes: float) -> float:
    """Return the relative error of the trunk roads' times around so many minutes, as found out of sample.

    Published times were held out in turn, each with all others to the same place: see ``docs/roads.md``.
    """
    return next(error for until, error in TRUNK_TIME_ERRORS if minutes <= until)


def rail_error(minutes: float) -> float:
    """Return the relative error of the embedded trains' times from door to door around so many minutes.

    Held against a timetable: see ``docs/rail-tables.md``.
    """
    return next(error for until, error in RAIL_TIME_ERRORS if minutes <= until)


def chances(
    county_times: pd.DataFrame,
    *,
    cutoff_min: float,
    relative_error: float,
    road_times: pd.DataFrame | None = None,
    train_error: float | None = None,
) -> pd.DataFrame:
    """Return the chance of each county to lie inside a circle, before and with corridors.

    Parameters
    ----------
    county_times : pandas.DataFrame
        Columns of `schemas.COUNTY_TIMES`.
    cutoff_min : float
    relative_error : float
        As for `inside_probability`.
    road_times : pandas.DataFrame, optional
        The same by road alone: where this takes longer, one goes by train.
    train_error : float, optional
        The error of times by train, `relative_error` when left out.

    Returns
    -------
    pandas.DataFrame
        Columns of `CHANCES`.
    """
    keys = ["adcode", "centre_id"]
    by_road = (
        county_times if road_times is None else county_times[keys].merge(road_times, how="left", on=keys)
    )
    table = county_times[["adcode", "name", "province", "centre_id", "centre_name"]].copy()
    table["cutoff_min"] = float(cutoff_min)
    for label in ("base", "scenario"):
        table[f"{label}_min"] = county_times[f"{label}_min"]
        minutes = county_times[f"{label}_min"].to_numpy(dtype=float)
        driving = by_road[f"{label}_min"].to_numpy(dtype=float)
        by_train = minutes < np.nan_to_num(driving, nan=np.inf) - _SAME_MIN
        table[f"{label}_chance"] = np.where(
            by_train,
            inside_probability(minutes, cutoff_min, relative_error=train_error or relative_error),
            inside_probability(minutes, cutoff_min, relative_error=relative_error),
        )
    return table[list(CHANCES)].astype(dict(CHANCES)).reset_index(drop=True)
