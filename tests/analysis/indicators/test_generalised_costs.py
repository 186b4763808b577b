"""Generalised cost: by hand, and by trying every value of time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.indicators import generalised_costs
from borderreach.geo.errors import InputError, InputTypeError, MissingColumnError

PRICES = pd.DataFrame(
    {"class": ["free", "toll", "train"], "yuan_per_km": [0.0, 0.5, 0.6], "yuan_per_trip": [0.0, 0.0, 10.0]}
)


def legs(*rows):
    return pd.DataFrame(rows, columns=["from_id", "to_id", "option", "class", "minutes", "km"])


def test_legs_add_up():
    table = legs(
        ("a", "b", "road", "free", 30, 20),
        ("a", "b", "road", "toll", 60, 100),
        ("a", "b", "rail", "train", 50, 110),
    )
    found = generalised_costs(table, PRICES, value_of_time_yuan_per_h=60).set_index("option")
    assert found[["minutes", "km", "yuan", "generalised_yuan"]].loc[["road"]].to_numpy()[0].tolist() == [
        90,
        120,
        50,
        140,
    ]
    assert found[["minutes", "km", "yuan", "generalised_yuan"]].loc[["rail"]].to_numpy()[0].tolist() == [
        50,
        110,
        76,
        126,
    ]
    assert found["best"].to_dict() == {"rail": True, "road": False}
    # 40 minutes for 26 yuan
    assert found.loc["rail", "from_value"] == pytest.approx(39)
    assert found[["from_value", "to_value"]].loc[["road"]].to_numpy()[0].tolist() == pytest.approx([0, 39])
    assert found.loc["rail", "generalised_min"] == pytest.approx(126)


def test_what_is_slower_and_dearer_is_never_best():
    table = legs(
        ("a", "b", "x", "free", 30, 20), ("a", "b", "y", "toll", 40, 20), ("a", "b", "z", "toll", 30, 20)
    )
    found = generalised_costs(table, PRICES, value_of_time_yuan_per_h=10).set_index("option")
    assert found["efficient"].to_dict() == {"x": True, "y": False, "z": False}
    assert found.loc[["y", "z"], ["from_value", "to_value"]].isna().to_numpy().all()
    assert found[["from_value", "to_value"]].loc[["x"]].to_numpy()[0].tolist() == [0, np.inf]


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=6, unique=True),
    st.integers(1, 200),
)
def test_values_of_time_are_where_an_alternative_costs_least(options, value):
    table = legs(
        *[("a", "b", f"{k}", "toll", minutes, 2.0 * yuan) for k, (minutes, yuan) in enumerate(options)]
    )
    found = generalised_costs(table, PRICES, value_of_time_yuan_per_h=value)
    least = found["generalised_yuan"].min()
    row: Any
    for row in found.itertuples():
        inside = row.from_value - 1e-9 <= value <= row.to_value + 1e-9
        assert inside == (row.generalised_yuan <= least + 1e-9)
        assert row.best <= row.efficient
        dominated = any(
            m <= row.minutes and y <= row.yuan and (m, y) != (row.minutes, row.yuan) for m, y in options
        )
        assert row.efficient != dominated


def test_pairs_are_told_apart():
    table = legs(("a", "b", "road", "free", 30, 20), ("b", "a", "road", "free", 40, 20))
    found = generalised_costs(table, PRICES, value_of_time_yuan_per_h=10)
    assert found["best"].all()
    assert generalised_costs(table.iloc[:0], PRICES, value_of_time_yuan_per_h=10).empty


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"legs": 3}, InputTypeError, "'legs'"),
        ({"legs": pd.DataFrame({"from_id": ["a"]})}, MissingColumnError, "'legs' lacks the column 'to_id'"),
        ({"prices": 3}, InputTypeError, "'prices'"),
        ({"prices": PRICES[["class"]]}, MissingColumnError, "'yuan_per_km'"),
        ({"prices": PRICES.iloc[1:]}, InputError, "lacks the class 'free'"),
        ({"prices": pd.concat([PRICES, PRICES])}, InputError, "'free' twice"),
        ({"prices": PRICES.assign(yuan_per_km=-1.0)}, InputError, "-1.0"),
        ({"value_of_time_yuan_per_h": 0}, InputError, "'value_of_time_yuan_per_h'"),
    ],
)
def test_arguments_that_cannot_be(changes, error, words):
    good = {
        "legs": legs(("a", "b", "road", "free", 30, 20)),
        "prices": PRICES,
        "value_of_time_yuan_per_h": 10,
    }
    with pytest.raises(error, match=words):
        generalised_costs(**{**good, **changes})
