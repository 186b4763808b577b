"""Market access: by hand, in equilibrium, and who gains and loses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import borderreach as br
from borderreach.geo.errors import InputError

from ..tables import long_table

MARKETS = {"a": 10.0, "b": 40.0, "c": 5.0}


def times(seed: int) -> np.ndarray:
    minutes = np.random.default_rng(seed).uniform(10, 300, (3, 3))
    np.fill_diagonal(minutes, 5)
    return minutes


@given(seed=st.integers(0, 500), theta=st.sampled_from([1.0, 3.0, 8.22]))
def test_in_equilibrium_the_equation_holds(seed: int, theta: float):
    minutes = times(seed)
    found = br.indicators.market_access(
        long_table(minutes), MARKETS, theta=theta, cost_doubles_min=120, competition=True
    )["market_access"].to_numpy()
    size = np.array(list(MARKETS.values()))
    right = ((1 + minutes / 120) ** -theta) @ (size * found ** (-(1 + theta) / theta))
    np.testing.assert_allclose(found, right, rtol=1e-8)


@given(seed=st.integers(0, 500))
def test_shorter_times_cost_nobody_access_and_shares_add_up(seed: int):
    before = times(seed)
    after = before * np.random.default_rng(seed + 1).uniform(0.5, 1, before.shape)
    found = br.indicators.market_access_change(
        long_table(before), long_table(after), MARKETS, theta=4, cost_doubles_min=120
    )
    assert (found["change_pct"] >= -1e-9).all()
    share = found["base_access"] / found["base_access"].sum()
    assert (share * found["relative_pct"]).sum() == pytest.approx(0, abs=1e-8)
    assert set(found["side"]) <= {"gains", "loses", "stays"}


def test_nothing_changed_all_stay():
    found = br.indicators.market_access_change(
        long_table(times(1)), long_table(times(1)), MARKETS, theta=4, cost_doubles_min=120
    )
    assert found["side"].tolist() == ["stays"] * 3
    assert found["change_pct"].tolist() == [0, 0, 0]


def test_competing_markets_can_cost_access_too():
    """a gets to b's market faster, and c, who sells there already, has less of it."""
    before = np.array([[1.0, 300, 900], [300, 1, 30], [900, 30, 1]])
    after = before.copy()
    after[0, 1] = after[1, 0] = 30
    after[0, 2] = after[2, 0] = 900
    found = br.indicators.market_access_change(
        long_table(before), long_table(after), {"a": 30, "b": 40, "c": 1}, theta=4, cost_doubles_min=60,
        competition=True,
    )  # fmt: skip
    assert found["change_pct"][0] > 0
    assert found["change_pct"][2] < 0


def test_arguments_that_cannot_be():
    with pytest.raises(InputError, match="'theta' should be above 0"):
        br.indicators.market_access(long_table(times(1)), MARKETS, theta=0, cost_doubles_min=60)
    with pytest.raises(InputError, match="both ways where markets compete"):
        br.indicators.market_access(
            long_table(times(1), to_ids=list("xyz")), {"x": 1, "y": 1, "z": 1}, theta=1, cost_doubles_min=60,
            competition=True,
        )  # fmt: skip
    with pytest.raises(InputError, match="other places than 'base'"):
        br.indicators.market_access_change(
            long_table(times(1)), long_table(times(1)[:2, :]), MARKETS, theta=1, cost_doubles_min=60
        )
