"""Gini, Theil and rank-size: by hand, against PySAL's `inequality`, and what always holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.indicators._inequality import gini, gini_by_group, rank_size, theil, theil_by_group
from borderreach.geo.errors import EmptyInputError, InputError, InputTypeError

from ... import chance

values = st.lists(st.floats(0.01, 1e6), min_size=2, max_size=30)


def test_gini_by_hand():
    # differences 1, 2 and 1 between three people with mean 2: 2 · 4 / (2 · 2 · 9)
    assert gini([1, 2, 3]) == pytest.approx(8 / 36)
    assert gini([5]) == 0


def test_weights_stand_for_people():
    assert gini([1, 2, 3], [2, 1, 3]) == pytest.approx(gini([1, 1, 2, 3, 3, 3]))
    assert theil([1, 2, 3], [2, 1, 3]) == pytest.approx(theil([1, 1, 2, 3, 3, 3]))
    assert gini([1, 2, 99], [1, 1, 0]) == pytest.approx(gini([1, 2]))


def test_theil_by_hand():
    assert theil([1, 3]) == pytest.approx(0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5)))
    assert theil([2, 2, 2]) == 0


@given(values, st.floats(0.01, 100))
def test_bounds_and_scale(x, scale):
    n = len(x)
    assert -1e-12 <= gini(x) <= 1 - 1 / n + 1e-12
    assert -1e-12 <= theil(x) <= np.log(n) + 1e-12
    assert gini(np.array(x) * scale) == pytest.approx(gini(x), abs=1e-9)
    assert theil(np.array(x) * scale) == pytest.approx(theil(x), abs=1e-9)


@given(values, st.data())
def test_a_transfer_from_rich_to_poor_lessens_both(x, data):
    poor, rich = int(np.argmin(x)), int(np.argmax(x))
    given_away = data.draw(st.floats(0, 0.5)) * (x[rich] - x[poor])
    after = np.array(x)
    after[rich] -= given_away
    after[poor] += given_away
    assert gini(after) <= gini(x) + 1e-9
    assert theil(after) <= theil(x) + 1e-9


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from("川渝黔")),
        min_size=2,
        max_size=30,
    )
)
def test_parts_add_up(rows):
    x, w, groups = (list(column) for column in zip(*rows, strict=True))
    if np.dot(x, w) == 0:
        return
    table = theil_by_group(x, groups, w)
    total = table.iloc[-1]
    assert total["group"] == "total"
    assert total["within"] + total["between"] == pytest.approx(theil(x, w), abs=1e-9)
    assert (table["within"] >= 0).all()
    assert total["between"] >= -1e-9
    assert table["value_share"].iloc[:-1].sum() == pytest.approx(1)
    parts = gini_by_group(x, groups, w)
    assert parts["within"] + parts["between"] + parts["overlap"] == pytest.approx(gini(x, w), abs=1e-12)
    assert parts["overlap"] >= -1e-9


def test_parts_by_hand():
    table = theil_by_group([1, 1, 3, 3], ["黔", "黔", "渝", "渝"])
    assert table["within"].tolist() == [0, 0, 0]
    assert table["contribution"].iloc[-1] == pytest.approx(1)
    assert table["between"].iloc[-1] == pytest.approx(theil([1, 3]))
    parts = gini_by_group([1, 1, 3, 3], ["黔", "黔", "渝", "渝"])
    assert parts["between"] == pytest.approx(parts["gini"])
    # ranges that don't overlap leave nothing over
    parts = gini_by_group([1, 2, 5, 9], ["a", "a", "b", "b"])
    assert parts["overlap"] == pytest.approx(0, abs=1e-12)
    assert parts["within"] > 0


def test_parts_of_groups_that_overlap_by_hand():
    x, groups = [1, 3, 2, 4], ["a", "a", "b", "b"]
    # differences 2, 1, 3, 1, 1 and 2 between four with mean 2.5: 2 · 10 / (2 · 2.5 · 16)
    parts = gini_by_group(x, groups)
    assert parts["gini"] == pytest.approx(0.25)
    # half the people with 0.4 and 0.6 of the value, each group's own 1/4 and 1/6: 0.2 / 4 + 0.3 / 6
    assert parts["within"] == pytest.approx(0.1)
    # means 2 and 3, half the people each: 2 · 1 / (2 · 2.5 · 4)
    assert parts["between"] == pytest.approx(0.1)
    assert parts["overlap"] == pytest.approx(0.05)


def test_theil_within_and_between_by_hand():
    # means 2 and 4 of 3, a third and two thirds of the value; each group is half and half again its mean
    table = theil_by_group([1, 3, 2, 6], ["a", "a", "b", "b"]).set_index("group")
    own = 0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5))
    between = np.log(2 / 3) / 3 + np.log(4 / 3) * 2 / 3
    assert table["value_share"].tolist()[:2] == pytest.approx([1 / 3, 2 / 3])
    assert table.loc["total", "within"] == pytest.approx(own)
    assert table.loc["total", "between"] == pytest.approx(between)
    assert table.loc[["a", "b"], "within"].tolist() == pytest.approx([own / 3, own * 2 / 3])


@pytest.mark.filterwarnings("ignore")  # of the peer's dependencies
def test_agrees_with_pysal():
    peer = pytest.importorskip("inequality")
    rng = np.random.default_rng(chance.seed(3))
    x, groups = rng.lognormal(3, 1, 60), rng.integers(0, 5, 60)
    assert gini(x) == pytest.approx(peer.gini.Gini(x).g)
    assert theil(x) == pytest.approx(peer.theil.Theil(x).T)
    theirs, ours = peer.theil.TheilD(x, groups), theil_by_group(x, groups).iloc[-1]
    assert ours["between"] == pytest.approx(float(np.squeeze(theirs.bg)))
    assert ours["within"] == pytest.approx(float(np.squeeze(theirs.wg)))


def test_rank_size_finds_the_exponent():
    sizes = 1e6 * np.arange(1, 200) ** (-1 / 1.3)
    result = rank_size(sizes, shift=0)
    assert result.slope == pytest.approx(-1.3)
    assert result.r_squared == pytest.approx(1)
    assert result.n == 199
    assert result.primacy == pytest.approx(2 ** (1 / 1.3))
    assert result.standard_error == pytest.approx(1.3 * np.sqrt(2 / 199))


def test_rank_size_by_hand():
    # sizes 100, 10 and 1 against ranks 0.5, 1.5 and 2.5: the outer two alone set the slope, log 0.2 / 2
    result = rank_size([10, 100, 1])
    assert result.slope == pytest.approx(np.log10(0.2) / 2)
    assert result.primacy == pytest.approx(10)
    # without the shift ranks 1, 2 and 3
    assert rank_size([10, 100, 1], shift=0).slope == pytest.approx(-np.log10(3) / 2)


def test_the_shift_takes_the_bias_of_small_samples_away():
    rng = np.random.default_rng(11)
    samples = [rng.pareto(1.0, 50) + 1 for _ in range(400)]
    with_shift = np.mean([rank_size(sample).slope for sample in samples])
    without = np.mean([rank_size(sample, shift=0).slope for sample in samples])
    assert abs(with_shift + 1) < 0.03 < abs(without + 1)


@pytest.mark.parametrize(
    "function", [gini, theil, lambda x: theil_by_group(x, x), lambda x: gini_by_group(x, x), rank_size]
)
@pytest.mark.parametrize(
    ("x", "error"),
    [
        ([], EmptyInputError),
        ([1, np.nan], InputError),
        ([1, -1], InputError),
        ([0, 0], EmptyInputError),
        (["x"], InputTypeError),
    ],
)
def test_values_that_cannot_be_used(function, x, error):
    with pytest.raises(error):
        function(x)


def test_other_arguments_that_cannot_be_used():
    with pytest.raises(InputError, match="'weights' should be one per value"):
        gini([1, 2], [1])
    with pytest.raises(EmptyInputError, match="'weights' are zero"):
        gini([1, 2], [0, 0])
    with pytest.raises(InputError, match="'groups' should be one per value"):
        theil_by_group([1, 2], ["a"])
    with pytest.raises(InputError, match="1 missing value"):
        theil_by_group([1, 2], ["a", None])
    with pytest.raises(InputError, match="no logarithm"):
        rank_size([0, 1, 2])
    with pytest.raises(InputError, match="at least three sizes"):
        rank_size([1, 1, 1])
