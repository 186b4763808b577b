"""Tables of times and masses are checked before anything is computed from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.times._tables import masses, read_pairs
from borderreach.geo.errors import EmptyInputError, InputError, InputTypeError, MissingColumnError

from ..tables import long_table


def test_pairs_that_cannot_be_travelled_are_left_out_and_ids_stay():
    pairs = read_pairs(long_table([[0, np.nan], [np.nan, np.nan]]))
    assert list(pairs.from_ids) == ["a", "b"]
    assert list(pairs.to_ids) == ["a", "b"]
    assert pairs.minutes.tolist() == [0.0]
    assert pairs.own.tolist() == [True]


def test_categories_and_numbers_serve_as_ids():
    table = long_table([[1, 2]], [500110], [1, 2]).astype({"to_id": "category"})
    pairs = read_pairs(table)
    assert list(pairs.from_ids) == ["500110"]
    assert list(pairs.to_ids) == ["1", "2"]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda t: t.to_numpy(), InputTypeError, "'times' should be a DataFrame"),
        (lambda t: t.drop(columns="to_id"), MissingColumnError, "lacks the column.*'to_id'"),
        (lambda t: t.iloc[:0], EmptyInputError, "'times' has no rows"),
        (lambda t: t.assign(travel_time_min=-1.0), InputError, "negative travel_time_min: -1 for a → a"),
        (lambda t: pd.concat([t, t]), InputError, "the pair a → a more than once"),
        (lambda t: t.assign(to_id=None), InputError, "4 missing id"),
        (lambda t: t.assign(travel_time_min="x"), InputTypeError, "should hold numbers"),
    ],
)
def test_tables_that_cannot_be_used(change, error, message):
    with pytest.raises(error, match=message):
        read_pairs(change(long_table([[0, 1], [1, 0]])))


def test_a_table_cut_off_too_early_is_refused():
    table = long_table([[0, 1]])
    table.attrs = {"limit_min": 60.0, "k_nearest": None}
    assert len(read_pairs(table, cutoff_min=60).minutes) == 2
    with pytest.raises(InputError, match="up to 60 min only, and journeys up to 90 min"):
        read_pairs(table, cutoff_min=90)
    with pytest.raises(InputError, match="all journeys"):
        read_pairs(table, cutoff_min=np.inf)
    table.attrs = {"limit_min": None, "k_nearest": 3}
    with pytest.raises(InputError, match="3 nearest destinations"):
        read_pairs(table, cutoff_min=60)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([1, 2], InputTypeError, "should be a Series whose index"),
        (pd.Series(dtype=float), EmptyInputError, "'people' is empty"),
        ({"a": 1}, InputError, "no value for 'b'"),
        ({"a": 1, "b": np.nan}, InputError, "NaN for 'b'"),
        ({"a": 1, "b": -2}, InputError, "zero or more, got -2 for 'b'"),
        ({"a": 0, "b": 0}, EmptyInputError, "zero everywhere"),
        (pd.Series([1, 2, 3], index=["a", "b", "b"]), InputError, "'b' more than once"),
        (pd.Series(["x", "y"], index=["a", "b"]), InputTypeError, "should hold numbers"),
    ],
)
def test_masses_that_cannot_be_used(values, error, message):
    with pytest.raises(error, match=message):
        masses(values, ["a", "b"], "people")


def test_masses_follow_the_ids():
    assert masses(pd.Series([3, 5, 7], index=[1, 2, 3]), ["3", "1"], "people").tolist() == [7.0, 3.0]
