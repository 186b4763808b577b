"""Links between cities: by hand, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import borderreach as br
from borderreach.geo.errors import InputError

from ..tables import long_table


def test_by_hand():
    minutes = [[0, 30, 60], [30, 0, 90], [60, 90, 0]]
    people, gdp = {"a": 100, "b": 25, "c": 4}, {"a": 400, "b": 100, "c": 16}
    found = br.indicators.city_links(long_table(minutes), people, gdp=gdp)
    # √(PG) is 200, 50, 8
    assert found[["a_id", "b_id"]].values.tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert found["strength"].tolist() == pytest.approx([10_000 / 900, 1600 / 3600, 400 / 8100])
    assert found["breaking_min"].tolist() == pytest.approx([20.0, 60 / 1.2, 90 / 1.4])
    totals = br.indicators.linkage_totals(found, {"a": "x", "b": "x", "c": "y"})
    assert totals["id"].tolist() == ["a", "b", "c"]
    assert totals["strongest_id"].tolist() == ["b", "a", "a"]
    assert totals["across_share"][2] == pytest.approx(1)
    assert totals["total"].sum() == pytest.approx(2 * found["strength"].sum())


@given(seed=st.integers(0, 500), power=st.sampled_from([1.0, 2.0]))
def test_shares_add_up_and_faster_ways_bind_more(seed: int, power: float):
    draw = np.random.default_rng(seed)
    minutes = draw.uniform(10, 200, (4, 4))
    people = dict(zip("abcd", draw.integers(1, 100, 4).tolist(), strict=True))
    before = br.indicators.city_links(long_table(minutes), people, exponent=power)
    after = br.indicators.city_links(long_table(minutes * 0.8), people, exponent=power)
    assert before["share"].sum() == pytest.approx(1)
    assert after["strength"].tolist() == pytest.approx((before["strength"] / 0.8**power).tolist())
    assert ((before["breaking_min"] > 0) & (before["breaking_min"] < before["minutes"])).all()
    assert br.indicators.linkage_totals(before)["share"].sum() == pytest.approx(1)


def test_arguments_that_cannot_be():
    with pytest.raises(InputError, match="a and b lie no time apart"):
        br.indicators.city_links(long_table([[0, 0], [0, 0]]), {"a": 1, "b": 1})
    with pytest.raises(InputError, match="'groups' lacks 'b'"):
        br.indicators.linkage_totals(
            br.indicators.city_links(long_table([[0, 5], [5, 0]]), {"a": 1, "b": 1}), {"a": 1}
        )
    with pytest.raises(InputError, match="'links' should be a table"):
        br.indicators.linkage_totals(long_table([[1]]))
