"""Opportunities, gravity, potential and mean time against sums done by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.indicators._decay import ExponentialDecay, GaussianDecay, PowerDecay, StepDecay
from borderreach.analysis.indicators._potential import (
    cumulative_opportunities,
    gravity,
    internal_time_min,
    market_potential,
    weighted_mean_time,
)
from borderreach.geo.errors import EmptyInputError, InputError, InputTypeError

from ..tables import long_table

#: a reaches b in 30 and c in 60; b has no way to c; c is an island but for a way to a.
MATRIX = [[0, 30, 60], [20, 0, np.nan], [60, np.nan, 0]]
PEOPLE = {"a": 100.0, "b": 40.0, "c": 5.0}


def test_opportunities_by_hand():
    result = cumulative_opportunities(long_table(MATRIX), PEOPLE, cutoffs_min=(30, 60))
    assert result["from_id"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert result["cutoff_min"].tolist() == [30.0, 60.0] * 3
    assert result["opportunities"].tolist() == [140, 145, 140, 140, 5, 105]
    assert result["n_places"].tolist() == [2, 3, 2, 2, 1, 2]
    assert result["share"].tolist() == pytest.approx([140 / 145, 1, 140 / 145, 140 / 145, 5 / 145, 105 / 145])


def test_a_place_off_the_network_is_unknown_and_not_zero():
    table = long_table([[0, np.nan], [np.nan, np.nan]])
    people = {"a": 1, "b": 1}
    result = cumulative_opportunities(table, people, cutoffs_min=60)
    assert result["opportunities"][0] == 1
    assert np.isnan(result["opportunities"][1])
    assert result["n_places"].tolist() == [1, 0]
    assert np.isnan(gravity(table, people, GaussianDecay(30))["accessibility"][1])


def test_opportunities_without_the_place_itself():
    result = cumulative_opportunities(long_table(MATRIX), PEOPLE, cutoffs_min=30, own=False)
    assert result["opportunities"].tolist() == [40, 100, 0]


@pytest.mark.parametrize(
    ("decay", "at_30", "at_60"),
    [
        (PowerDecay(2), 1 / 900, 1 / 3600),
        (ExponentialDecay(0.01), np.exp(-0.3), np.exp(-0.6)),
        (ExponentialDecay.half_life(30), 0.5, 0.25),
        (GaussianDecay(30), np.exp(-0.5), np.exp(-2)),
        (StepDecay((30, 45), (1, 0.5)), 1, 0),
        (lambda minutes: 1 / (1 + minutes), 1 / 31, 1 / 61),
    ],
)
def test_gravity_by_hand(decay, at_30, at_60):
    result = gravity(long_table(MATRIX), PEOPLE, decay, own=False)
    assert result["accessibility"][0] == pytest.approx(40 * at_30 + 5 * at_60)


def test_market_potential_by_hand():
    result = market_potential(long_table(MATRIX), PEOPLE, own_time_min={"a": 10, "b": 20, "c": 5})
    assert result["potential"].tolist() == pytest.approx(
        [100 / 10 + 40 / 30 + 5 / 60, 100 / 20 + 40 / 20, 100 / 60 + 5 / 5]
    )
    assert result["own_share"][1] == pytest.approx(2 / 7)
    without = market_potential(long_table(MATRIX), PEOPLE, own=False)
    assert without["potential"][0] == pytest.approx(40 / 30 + 5 / 60)
    assert without["own_share"][0] == 0


def test_mean_time_by_hand():
    result = weighted_mean_time(long_table(MATRIX), PEOPLE)
    assert result["mean_time_min"].tolist() == pytest.approx([(40 * 30 + 5 * 60) / 45, 20, 60])
    assert result["share_reached"].tolist() == pytest.approx([1, 100 / 105, 100 / 140])


def test_a_place_that_reaches_nothing_has_no_mean_time():
    result = weighted_mean_time(long_table([[np.nan, np.nan], [5, np.nan]]), {"a": 1, "b": 1})
    assert result[["mean_time_min", "share_reached"]].iloc[0].isna().all()
    assert result["share_reached"][1] == 1


@pytest.mark.parametrize(
    "function", [lambda t: gravity(t, PEOPLE, PowerDecay(1)), lambda t: market_potential(t, PEOPLE)]
)
def test_a_power_of_zero_minutes_diverges(function):
    with pytest.raises(InputError, match=r"is inf at 0 min \(a → a\).*own_time_min"):
        function(long_table(MATRIX))


def test_a_floor_keeps_the_power_finite():
    table = long_table(MATRIX)
    result = gravity(table, PEOPLE, PowerDecay(1, minimum_min=10))
    assert result["accessibility"][0] == pytest.approx(100 / 10 + 40 / 30 + 5 / 60)


@pytest.mark.parametrize(
    ("decay", "error", "message"),
    [
        ("power", InputTypeError, "should be a decay such as"),
        (lambda minutes: -minutes - 1, InputError, "is -1 at 0 min"),
        (lambda minutes: minutes.sum(), InputTypeError, "one weight per time"),
    ],
)
def test_decays_that_cannot_be_used(decay, error, message):
    with pytest.raises(error, match=message):
        gravity(long_table(MATRIX), PEOPLE, decay)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PowerDecay(0),
        lambda: PowerDecay(1, minimum_min=-1),
        lambda: ExponentialDecay(-0.1),
        lambda: GaussianDecay(0),
        lambda: StepDecay((30, 20), (1, 1)),
        lambda: StepDecay((10, 20), (1,)),
        lambda: StepDecay((10,), (-1,)),
    ],
)
def test_parameters_of_decays_are_checked(make):
    with pytest.raises(InputError):
        make()


def test_nothing_to_reach_is_an_error():
    with pytest.raises(EmptyInputError, match="zero everywhere"):
        cumulative_opportunities(long_table(MATRIX), dict.fromkeys("abc", 0))
    with pytest.raises(InputError, match="'own_time_min' is given, and own=False"):
        gravity(long_table(MATRIX), PEOPLE, PowerDecay(1), own=False, own_time_min=5)


def test_internal_time_is_the_mean_way_to_the_middle_of_a_disc():
    rng = np.random.default_rng(7)
    radius = np.sqrt(rng.random(200_000)) * 10
    assert internal_time_min([np.pi * 100], speed_kph=60)[0] == pytest.approx(radius.mean(), rel=2e-3)
    with pytest.raises(InputError, match="above zero everywhere"):
        internal_time_min([1.0, 0.0])


times = st.lists(st.floats(1, 500), min_size=9, max_size=9)
sizes = st.lists(st.floats(1, 1e6), min_size=3, max_size=3)


@given(times, sizes, st.floats(0, 1e5), st.integers(0, 2))
def test_more_opportunities_never_lower_access(minutes, people, more, where):
    table = long_table(np.reshape(minutes, (3, 3)))
    before = dict(zip("abc", people, strict=True))
    after = before | {"abc"[where]: before["abc"[where]] + more}
    for function in (
        lambda mass: gravity(table, mass, ExponentialDecay(0.02))["accessibility"],
        lambda mass: market_potential(table, mass)["potential"],
        lambda mass: cumulative_opportunities(table, mass, cutoffs_min=120)["opportunities"],
    ):
        assert (function(after) >= function(before) * (1 - 1e-12)).all()


@given(times, sizes, st.floats(0.1, 1))
def test_faster_journeys_never_lower_access(minutes, people, faster):
    mass = dict(zip("abc", people, strict=True))
    slow, fast = long_table(np.reshape(minutes, (3, 3))), long_table(np.reshape(minutes, (3, 3)) * faster)
    for decay in (PowerDecay(1.5), ExponentialDecay(0.02), GaussianDecay(60), StepDecay((60, 120), (1, 0.3))):
        before, after = (gravity(table, mass, decay)["accessibility"] for table in (slow, fast))
        assert (after >= before * (1 - 1e-12)).all()
    mean = [weighted_mean_time(table, mass, own=True)["mean_time_min"] for table in (slow, fast)]
    assert (mean[1] <= mean[0] * (1 + 1e-12)).all()


def test_the_callers_table_is_left_alone():
    table = long_table(MATRIX)
    copy = table.copy()
    market_potential(table, PEOPLE, own_time_min=5)
    pd.testing.assert_frame_equal(table, copy)
