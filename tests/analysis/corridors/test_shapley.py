"""Shapley values: against their definition, and sampled against exact."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.corridors._shapley import MAX_EXACT, contributions, sampled_shapley, shapley
from borderreach.geo.errors import InputError

from ... import chance


@settings(max_examples=chance.examples(40), deadline=None)
@given(data=st.data(), n=st.integers(1, 4))
def test_shapley_is_the_mean_over_all_orders(data, n):
    players = list(range(n))
    worth = {}

    def value(group):
        if group not in worth:
            worth[group] = data.draw(st.floats(-100, 100))
        return np.array(worth[group])

    shares = shapley(players, value)
    expected = dict.fromkeys(players, 0.0)
    for order in permutations(players):
        for k, player in enumerate(order):
            gain = worth[frozenset(order[: k + 1])] - worth[frozenset(order[:k])]
            expected[player] += gain / math.factorial(n)
    for player in players:
        assert float(shares[player]) == pytest.approx(expected[player], abs=1e-9)
    total = worth[frozenset(players)] - worth[frozenset()]
    assert sum(float(s) for s in shares.values()) == pytest.approx(total, abs=1e-9)


@settings(max_examples=chance.examples(25), deadline=None)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 6))
def test_sampled_shapley_lies_within_its_error_and_adds_up(seed, n):
    generator = np.random.default_rng(seed)
    worth = {}

    def value(group):
        if group not in worth:
            worth[group] = generator.normal(size=3)
        return worth[group]

    players = list(range(n))
    exact = shapley(players, value)
    found = sampled_shapley(players, value, pairs=200, seed=seed)
    total = sum(share for share, _ in found.values())
    assert total == pytest.approx(worth[frozenset(players)] - worth[frozenset()], abs=1e-9)
    for player in players:
        share, error = found[player]
        # six standard errors: once in a billion, and a little for where the error is all but 0
        assert (np.abs(share - exact[player]) <= 6 * error + 1e-9).all()


def test_sampling_errors_shrink_with_the_square_root_of_the_orders():
    def value(group):
        return np.array(float(1 in group and 3 in group) * 10 + 3 * float({0, 2, 5} <= group))

    few, many = (
        np.mean([error for _, error in sampled_shapley(range(6), value, pairs=pairs).values()])
        for pairs in (100, 1600)
    )
    assert few / many == pytest.approx(4, rel=0.15)


def test_sampling_is_the_same_for_the_same_seed():
    def value(group):
        return np.array(float(len(group) > 5))

    first, again, other = (sampled_shapley(range(10), value, pairs=4, seed=seed) for seed in (1, 1, 2))
    assert all(first[k][0] == again[k][0] for k in range(10))
    assert any(first[k][0] != other[k][0] for k in range(10))
    with pytest.raises(InputError, match="'pairs'"):
        sampled_shapley(range(3), value, pairs=1)


def test_contributions_of_many_corridors_are_sampled_and_add_up():
    ids = [f"c{k}" for k in range(MAX_EXACT + 2)]
    table = contributions(ids, ["km2"], lambda group: [float(len(group)) ** 2], pairs=4).set_index(
        "corridor_id"
    )
    assert table.loc[ids, "contribution"].sum() == pytest.approx(table.loc["total", "contribution"])
    assert table.loc["total", "standard_error"] == 0
    # a square of the position, averaged with that in the reversed order, is nearly the same for all
    assert table.loc[ids, "contribution"].to_numpy() == pytest.approx(10.0, abs=1e-9)


def test_shapley_has_a_limit():
    with pytest.raises(InputError, match="8 at most"):
        shapley(list(range(9)), lambda _: np.array(0.0))


def test_contributions_table_adds_up():
    worth = {(): 0.0, ("a",): 10.0, ("b",): 4.0, ("a", "b"): 11.0}
    table = contributions(["a", "b"], ["km2"], lambda group: [worth[tuple(sorted(group))]])
    found = table.set_index("corridor_id")
    assert found.loc["a", "contribution"] == pytest.approx((10 + 7) / 2)
    assert found.loc["b", "contribution"] == pytest.approx((4 + 1) / 2)
    assert (found.loc["a", "alone"], found.loc["a", "last"]) == (10, 7)
    assert found.loc["total", "contribution"] == 11
    assert contributions([], ["km2"], lambda _: [0.0]).empty
