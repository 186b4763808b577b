"""Masses and decays that can't be used: the same clear error from every indicator, never a silent zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.indicators._centrality import betweenness, daily_accessibility, day_return_reach
from borderreach.analysis.indicators._competition import hinterlands
from borderreach.analysis.indicators._decay import GaussianDecay, PowerDecay
from borderreach.analysis.indicators._floating_catchment import three_step_catchment, two_step_catchment
from borderreach.analysis.indicators._potential import (
    cumulative_opportunities,
    gravity,
    market_potential,
    weighted_mean_time,
)
from borderreach.analysis.indicators._transport_performance import (
    mean_by_region,
    rail_performance,
    transport_performance,
)
from borderreach.geo.errors import EmptyInputError, InputError

from ..tables import long_table

TIMES = long_table([[0, 10], [10, 0]])
PLACES = pd.DataFrame({"people": [1.0, 2.0], "lon": [106.0, 106.1], "lat": 29.0}, index=["a", "b"])
ONES = {"a": 1.0, "b": 1.0}


def placed(people: Any) -> pd.DataFrame:
    """PLACES with other people; those without a row keep none."""
    return PLACES.loc[list(people)].assign(people=list(people.values()))


#: Name of the argument the masses stand in, as errors give it, and the indicator.
INDICATORS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "cumulative_opportunities": ("opportunities", lambda m: cumulative_opportunities(TIMES, m, cutoffs_min=30)),
    "gravity": ("opportunities", lambda m: gravity(TIMES, m, GaussianDecay(30))),
    "market_potential": ("people", lambda m: market_potential(TIMES, m, own_time_min=5)),
    "weighted_mean_time": ("weights", lambda m: weighted_mean_time(TIMES, m)),
    "two_step_catchment, demand": ("demand", lambda m: two_step_catchment(TIMES, m, ONES)),
    "two_step_catchment, supply": ("supply", lambda m: two_step_catchment(TIMES, ONES, m)),
    "three_step_catchment, demand": (
        "demand", lambda m: three_step_catchment(TIMES, m, ONES, GaussianDecay(30))
    ),
    "three_step_catchment, supply": (
        "supply", lambda m: three_step_catchment(TIMES, ONES, m, GaussianDecay(30))
    ),
    "betweenness": ("people", lambda m: betweenness(TIMES, people=m)),
    "day_return_reach": ("people", lambda m: day_return_reach(TIMES, m)),
    "daily_accessibility": ("people", lambda m: daily_accessibility(TIMES, m)),
    "hinterlands": ("people", lambda m: hinterlands(TIMES, m)),
    "transport_performance": (r"places\['people'\]", lambda m: transport_performance(TIMES, placed(m))),
    "rail_performance": (
        r"places\['people'\]", lambda m: rail_performance(TIMES, placed(m), waiting_min=5)
    ),
    "mean_by_region": (
        "people", lambda m: mean_by_region(transport_performance(TIMES, PLACES), m, {"a": "x", "b": "y"})
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize(
    ("people", "error", "message"),
    [
        ({"a": -1.0, "b": 1.0}, InputError, "should be finite and zero or more, got -1 for 'a'"),
        ({"a": np.inf, "b": 1.0}, InputError, "should be finite and zero or more, got inf for 'a'"),
        ({"a": np.nan, "b": 1.0}, InputError, "is NaN for 'a'"),
        ({"a": 1.0}, InputError, "no value for 'b'"),
        ({"a": 0.0, "b": 0.0}, EmptyInputError, "is zero everywhere"),
    ],
    ids=["negative", "infinite", "missing", "unmatched", "empty"],
)
def test_masses_that_cannot_be_used(
    name: str, people: dict[str, float], error: type[Exception], message: str
) -> None:
    argument, indicator = INDICATORS[name]
    with pytest.raises(error, match=f"'{argument}' (has )?{message}"):
        indicator(people)


@pytest.mark.parametrize(
    ("decay", "what"),
    [
        (PowerDecay(1), r"inf at 0 min \(a → a\)"),
        (lambda minutes: np.where(minutes > 5, np.inf, 1.0), r"inf at 10 min \(a → b\)"),
        (lambda minutes: np.where(minutes > 5, np.nan, 1.0), r"nan at 10 min \(a → b\)"),
        (lambda minutes: 5 - minutes, r"-5 at 10 min \(a → b\)"),
    ],
    ids=["power of zero", "infinite", "not a number", "negative"],
)
@pytest.mark.parametrize(
    ("indicator", "remedy"),
    [
        (lambda decay: gravity(TIMES, ONES, decay), "minimum_min.*own_time_min.*own=False"),
        (lambda decay: two_step_catchment(TIMES, ONES, ONES, decay=decay), "minimum_min, or take a decay"),
        (lambda decay: three_step_catchment(TIMES, ONES, ONES, decay), "minimum_min, or take a decay"),
    ],
    ids=["gravity", "two_step_catchment", "three_step_catchment"],
)
def test_decays_that_diverge(indicator: Callable[[Any], Any], decay: Any, what: str, remedy: str) -> None:
    with pytest.raises(InputError, match=f"'decay' is {what}.*{remedy}"):
        indicator(decay)


def test_a_potential_that_diverges_names_what_its_own_arguments_can_do() -> None:
    with pytest.raises(InputError, match=r"'exponent' is inf at 0 min \(a → a\); give a place's own time"):
        market_potential(TIMES, ONES)
