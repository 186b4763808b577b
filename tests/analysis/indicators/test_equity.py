"""Concentration, Palma, poverty and contested opportunities: by hand, published figures, and what must always hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import borderreach as br
from borderreach.geo.errors import EmptyInputError, InputError

from ..tables import long_table

NUMBERS = st.lists(st.integers(0, 50), min_size=2, max_size=8).filter(any)


@given(values=NUMBERS, data=st.data())
def test_ranked_by_itself_the_concentration_index_is_ginis(values: list[int], data: st.DataObject):
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(values), max_size=len(values)))
    gini = br.indicators.gini(values, weights)
    assert br.indicators.concentration_index(values, values, weights) == pytest.approx(gini, abs=1e-9)
    turned = br.indicators.concentration_index(values, [-x for x in values], weights)
    assert turned == pytest.approx(-gini, abs=1e-9)


@given(values=NUMBERS, data=st.data())
def test_by_covariance_it_is_the_same(values: list[int], data: st.DataObject):
    """As Kakwani, Wagstaff and van Doorslaer (1997) write it; Erreygers' index from that."""
    size: dict[str, Any] = {"min_size": len(values), "max_size": len(values)}
    people = data.draw(st.lists(st.integers(1, 9), **size))
    rank = data.draw(st.lists(st.integers(0, 3), **size))
    each_value, each_rank = np.repeat(values, people).astype(float), np.repeat(rank, people)
    below = np.array([(each_rank < r).mean() + (each_rank == r).mean() / 2 for r in each_rank])
    by_hand = 2 / each_value.mean() * ((each_value - each_value.mean()) * (below - 0.5)).mean()
    found = br.indicators.concentration_index(values, rank, people)
    assert found == pytest.approx(by_hand, abs=1e-9)
    spread = max(values) - min(values)
    corrected = br.indicators.concentration_index(values, rank, people, corrected=True)
    expected = 4 * each_value.mean() * by_hand / spread if spread else 0.0
    assert corrected == pytest.approx(expected, abs=1e-9)


def test_palma_by_hand():
    # of 20 people the richest two have 12 each, the poorest eight 2 each
    assert br.indicators.palma_ratio([2, 5, 12], [8, 10, 2]) == pytest.approx(6.0)
    # ten people in two places: the upper tenth is one of the six, the two fifths at the bottom are the other four
    assert br.indicators.palma_ratio([1, 4], [4, 6]) == pytest.approx(4.0)
    # ranked by income, the rich have less
    assert br.indicators.palma_ratio([4, 1], [4, 6], rank_by=[10, 20]) == pytest.approx(0.25)
    assert br.indicators.palma_ratio([0, 1], [4, 6]) == float("inf")


@given(values=NUMBERS, more=st.integers(0, 20))
def test_more_accessibility_is_never_more_poverty(values: list[int], more: int):
    before = br.indicators.fgt_poverty(values, line=25)
    after = br.indicators.fgt_poverty([x + more for x in values], line=25)
    assert (after <= before + 1e-12).all()
    assert (before.to_numpy()[:-1] >= before.to_numpy()[1:] - 1e-12).all()


def test_poverty_by_hand():
    found = br.indicators.fgt_poverty([0, 50, 100], [1, 2, 7], line=100)
    assert found.tolist() == pytest.approx([0.3, 0.2, 0.15])
    assert br.indicators.fgt_poverty([0, 0], line=1).tolist() == [1, 1, 1]
    with pytest.raises(InputError, match="'line' should be above 0"):
        br.indicators.fgt_poverty([1], line=0)


def test_the_published_example_of_spatial_availability():
    """Table of Soukhov et al. (2023), as the R package accessibility 1.4 tests it: 66,833, 133,203 and 9,963 jobs."""
    times = long_table(
        [[15, 30, 100], [30, 15, 100], [100, 100, 15]], from_ids=["A", "B", "C"], to_ids=["1", "2", "3"]
    )
    people = {"A": 50_000, "B": 150_000, "C": 10_000}
    jobs = {"1": 100_000, "2": 100_000, "3": 10_000}
    decay = br.indicators.ExponentialDecay(0.1)
    found = br.indicators.constrained_accessibility(times, jobs, people, decay)
    assert found["opportunities"].round().tolist() == [66_833, 133_203, 9_963]
    assert found["opportunities"].sum() == pytest.approx(210_000)
    total = br.indicators.constrained_accessibility(times, jobs, people, decay, kind="total")
    assert total["opportunities"].sum() == pytest.approx(210_000)


@given(seed=st.integers(0, 1000))
def test_shares_add_up_to_what_there_is(seed: int):
    draw = np.random.default_rng(seed)
    times = long_table(draw.uniform(1, 90, (4, 3)), to_ids=["x", "y", "z"])
    jobs = dict(zip("xyz", draw.integers(1, 100, 3).tolist(), strict=True))
    people = dict(zip("abcd", draw.integers(0, 100, 4).tolist(), strict=True))
    if not any(people.values()):
        people["a"] = 1
    decay = br.indicators.ExponentialDecay.half_life(30)
    for kind in ("singly", "total"):
        found = br.indicators.constrained_accessibility(times, jobs, people, decay, kind=kind)
        assert found["opportunities"].sum() == pytest.approx(sum(jobs.values()))
        assert found["share"].sum() == pytest.approx(1)


def test_arguments_that_cannot_be():
    with pytest.raises(InputError, match="'rank_by' should be a finite number per value, 2"):
        br.indicators.concentration_index([1, 2], [1])
    with pytest.raises(EmptyInputError, match="'values' are zero everywhere"):
        br.indicators.palma_ratio([0, 0])
    with pytest.raises(InputError, match="'kind' should be one of 'singly', 'total'"):
        br.indicators.constrained_accessibility(
            long_table([[1]]), {"a": 1}, {"a": 1}, br.indicators.ExponentialDecay(1), kind="doubly"
        )
