"""Border counties sorted by the rule: one of each kind, and what the thresholds do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.borders._typology import TYPES, TYPOLOGY, TypologyRule, classify_counties
from borderreach.geo.errors import InputError

from ..tables import long_table

COUNTIES = pd.DataFrame({"adcode": [1, 2, 3, 4, 5], "name": list("甲乙丙丁戊"), "province": "渝"})
#: Cores p and q four hours apart, r ten hours from both.
BETWEEN = [[0, 240, 600], [240, 0, 600], [600, 600, 0]]
TO_CORES = [
    [40, 210, 600],  # beside p
    [120, 130, 600],  # 250 of 240: on the way
    [170, 160, 600],  # 330 of 240: within three hours of both, but off the way
    [300, 400, 500],  # far from all
    [np.nan, np.nan, np.nan],  # cut off
]


def tables():
    return long_table(TO_CORES, COUNTIES["adcode"], "pqr"), long_table(BETWEEN, "pqr", "pqr")


def test_one_of_each():
    result = classify_counties(COUNTIES, *tables())
    assert list(result.columns) == list(TYPOLOGY)
    assert result["county_type"].tolist() == ["core-adjacent", "corridor", "sag", "remote", "remote"]
    assert result["core_id"].tolist() == ["p", "p", "q", "p", ""]
    assert result["second_core_min"].iloc[:4].tolist() == [210, 130, 170, 400]
    assert {result["via_a"][1], result["via_b"][1]} == {"p", "q"}
    assert result["detour_ratio"][1] == pytest.approx(250 / 240)
    assert np.isnan(result["detour_ratio"][4])


def test_thresholds_move_the_lines():
    def kinds(**changes):
        return classify_counties(COUNTIES, *tables(), rule=TypologyRule(**changes))["county_type"].tolist()

    assert kinds(adjacent_min=39)[0] == "corridor"  # 40 + 210 of 240
    assert kinds(corridor_ratio=1.01)[1] == "sag"
    assert kinds(sag_min=165)[2] == "remote"
    assert kinds(pair_max_min=200)[1:3] == ["remote", "remote"]


def test_thresholds_are_checked():
    with pytest.raises(InputError, match="'sag_min' should be at least 'adjacent_min'"):
        TypologyRule(sag_min=30)
    with pytest.raises(InputError, match="'corridor_ratio'"):
        TypologyRule(corridor_ratio=0.9)


def test_counties_without_times_and_cores_at_one_point():
    to_cores, between = tables()
    with pytest.raises(InputError, match="no journeys from '9'"):
        classify_counties(COUNTIES.assign(adcode=[1, 2, 3, 4, 9]), to_cores, between)
    with pytest.raises(InputError, match="zero minutes between p and q"):
        classify_counties(COUNTIES, to_cores, between.assign(travel_time_min=0.0))
    assert list(classify_counties(COUNTIES.iloc[:0], to_cores, between).columns) == list(TYPOLOGY)


@given(st.lists(st.floats(1, 500), min_size=6, max_size=6), st.floats(0.2, 1))
def test_faster_roads_to_the_cores_never_make_a_county_less_connected(minutes, faster):
    counties = COUNTIES.iloc[:2]
    between = long_table(BETWEEN, "pqr", "pqr")

    def rank(scale):
        to_cores = long_table(np.reshape(minutes, (2, 3)) * scale, counties["adcode"], "pqr")
        return [TYPES.index(kind) for kind in classify_counties(counties, to_cores, between)["county_type"]]

    assert all(after <= before for after, before in zip(rank(faster), rank(1.0), strict=True))
