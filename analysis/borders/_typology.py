"""Types of border counties by where they lie between the cores: beside one, on the way, in the sag, remote."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...geo.checks import require_number
from ...geo.errors import EmptyInputError, InputError, InputTypeError, MissingColumnError
from .. import schemas
from ..schemas import Schema
from ..times import Pairs, listed, read_pairs

TYPES: Final = ("core-adjacent", "corridor", "sag", "remote")

TYPOLOGY: Final[Schema] = {
    "adcode": "int64",
    "name": "str",
    "province": "str",
    "county_type": "str",
    "core_id": "str",
    "core_min": "float64",
    "second_core_id": "str",
    "second_core_min": "float64",
    "via_a": "str",
    "via_b": "str",
    "detour_ratio": "float64",
}


@dataclass(frozen=True)
class TypologyRule:
    """Thresholds of `classify_counties`.

    Attributes
    ----------
    adjacent_min : float
        Up to here a core's daily life reaches: a one-hour commuting zone.
    corridor_ratio : float
        A county lies on the way between two cores if stopping there makes the journey at most this
        many times as long.
    pair_max_min : float
        Cores that are farther apart than this don't make a corridor or a sag.
    sag_min : float
        A county within this time of two cores, beside neither and on the way of none, lies in the sag.

    Examples
    --------
    >>> strict = br.TypologyRule(adjacent_min=45)
    >>> strict.adjacent_min, strict.sag_min
    (45, 180.0)
    """

    adjacent_min: float = 60.0
    corridor_ratio: float = 1.15
    pair_max_min: float = 300.0
    sag_min: float = 180.0

    def __post_init__(self) -> None:
        require_number(self.adjacent_min, "adjacent_min", unit="minutes", above=0)
        require_number(self.corridor_ratio, "corridor_ratio", minimum=1)
        require_number(self.pair_max_min, "pair_max_min", unit="minutes", above=0)
        require_number(self.sag_min, "sag_min", unit="minutes", above=0)
        if self.sag_min < self.adjacent_min:
            raise InputError(
                f"'sag_min' should be at least 'adjacent_min', got {self.sag_min:g} and {self.adjacent_min:g}"
            )


def classify_counties(
    counties: pd.DataFrame,
    to_cores: pd.DataFrame,
    between_cores: pd.DataFrame,
    *,
    rule: TypologyRule | None = None,
) -> pd.DataFrame:
    """Sort border counties into core-adjacent, corridor, sag and remote ones.

    The first that holds, with t in minutes and cores a, b:

    1. *core-adjacent*: min_a t(county, a) <= `adjacent_min`.
    2. *corridor*: for some pair with t(a, b) <= `pair_max_min`, the county lies on the way:
       (t(county, a) + t(county, b)) / t(a, b) <= `corridor_ratio`.
    3. *sag*: two cores with t(a, b) <= `pair_max_min` are within `sag_min`: the county lies between
       cores that it could serve, and their traffic passes it by.
    4. *remote*: all others, also those that reach no core.

    Times to and from a county are taken to be the same.

    Parameters
    ----------
    counties : pandas.DataFrame
        ``adcode, name, province``.
    to_cores : pandas.DataFrame
        ``from_id, to_id, travel_time_min``, from the counties (adcodes) to the cores.
    between_cores : pandas.DataFrame
        The same between the cores.
    rule : TypologyRule, optional
        The thresholds.

    Returns
    -------
    pandas.DataFrame
        ``adcode, name, province, county_type, core_id, core_min, second_core_id, second_core_min,
        via_a, via_b, detour_ratio``, in the order of the counties: the two nearest cores, and the pair
        of cores on whose way the county lies most nearly, with the ratio of the journey over the
        county. Empty text and NaN where there is none.

    Raises
    ------
    InputError
        If the table has no times from a county, or cores lie zero minutes apart.
    InputTypeError, EmptyInputError, MissingColumnError

    Examples
    --------
    >>> county = pd.DataFrame({"adcode": [500110], "name": ["綦江区"], "province": ["重庆市"]})
    >>> to_cores = pd.DataFrame(
    ...     {"from_id": ["500110"] * 2, "to_id": ["500000", "520100"], "travel_time_min": [70.0, 200.0]}
    ... )
    >>> between = pd.DataFrame({"from_id": ["500000"], "to_id": ["520100"], "travel_time_min": [250.0]})
    >>> br.classify_counties(county, to_cores, between)[["county_type", "core_id", "detour_ratio"]]
      county_type core_id  detour_ratio
    0    corridor  500000          1.08
    """
    thresholds = TypologyRule() if rule is None else rule
    if not isinstance(counties, pd.DataFrame):
        raise InputTypeError(f"'counties' should be a DataFrame, got {type(counties).__name__}")
    missing = [name for name in ("adcode", "name", "province") if name not in counties.columns]
    if missing:
        raise MissingColumnError(f"'counties' lacks the column(s) {', '.join(map(repr, missing))}")
    if len(counties) == 0:
        return schemas.empty(TYPOLOGY)
    # a corridor's two cores may lie as far away as they like, as long as they lie near each other
    out = read_pairs(to_cores, "to_cores", cutoff_min=math.inf)
    cores = read_pairs(between_cores, "between_cores", cutoff_min=thresholds.pair_max_min)
    absent = [code for code in counties["adcode"] if str(code) not in out.from_ids]
    if absent:
        raise InputError(f"'to_cores' has no journeys from {listed(absent)} of 'counties'; add them")
    if len(out.to_ids) == 0:
        raise EmptyInputError("'to_cores' names no core")
    minutes = _matrix(out, [str(code) for code in counties["adcode"]], out.to_ids)
    apart = _matrix(cores, out.to_ids, out.to_ids)
    np.fill_diagonal(apart, np.inf)
    if (apart == 0).any():
        a, b = np.argwhere(apart == 0)[0]
        raise InputError(
            f"'between_cores' has zero minutes between {out.to_ids[a]} and {out.to_ids[b]}; merge them"
        )
    linked = np.where(apart <= thresholds.pair_max_min, apart, np.inf)
    rows = [
        _row(county, own, linked, out.to_ids, thresholds)
        for county, own in zip(counties.itertuples(index=False), minutes, strict=True)
    ]
    return schemas.conform(rows, TYPOLOGY)


def _row(
    county: Any,
    minutes: NDArray[np.float64],
    linked: NDArray[np.float64],
    ids: pd.Index[str],
    rule: TypologyRule,
) -> dict[str, Any]:
    order = np.argsort(minutes, kind="stable")
    near = [(ids[k], minutes[k]) for k in order[:2] if np.isfinite(minutes[k])]
    near += [("", np.nan)] * (2 - len(near))
    ratio = np.full(linked.shape, np.inf)
    np.divide(minutes[:, None] + minutes[None, :], linked, out=ratio, where=np.isfinite(linked))
    a, b = (int(k) for k in np.unravel_index(int(np.argmin(ratio)), ratio.shape))
    best = float(ratio[a, b])
    within = minutes <= rule.sag_min
    if near[0][1] <= rule.adjacent_min:
        kind = "core-adjacent"
    elif best <= rule.corridor_ratio:
        kind = "corridor"
    elif np.isfinite(linked[np.ix_(within, within)]).any():
        kind = "sag"
    else:
        kind = "remote"
    return {
        "adcode": county.adcode,
        "name": county.name,
        "province": county.province,
        "county_type": kind,
        "core_id": near[0][0],
        "core_min": near[0][1],
        "second_core_id": near[1][0],
        "second_core_min": near[1][1],
        "via_a": ids[a] if np.isfinite(best) else "",
        "via_b": ids[b] if np.isfinite(best) else "",
        "detour_ratio": best if np.isfinite(best) else np.nan,
    }


def _matrix(pairs: Pairs, from_ids: Any, to_ids: Any) -> NDArray[np.float64]:
    """Return times as a matrix with these rows and columns; infinite where there is no journey."""
    row = pd.Index(from_ids).get_indexer(pairs.from_ids)[pairs.origin]
    column = pd.Index(to_ids).get_indexer(pairs.to_ids)[pairs.destination]
    known = (row >= 0) & (column >= 0)
    matrix = np.full((len(from_ids), len(to_ids)), np.inf)
    matrix[row[known], column[known]] = pairs.minutes[known]
    return matrix
