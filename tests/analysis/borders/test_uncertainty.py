"""The chance of lying inside a circle, and the error of the model behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.analysis.borders._uncertainty import (
    calibration_error,
    chances,
    inside_probability,
    trunk_error,
)
from borderreach.geo.errors import EmptyInputError, InputError


@given(st.floats(1, 500), st.floats(1, 500), st.floats(0.02, 0.5), st.floats(1, 300))  # times, error, cutoff
def test_probability_falls_with_time(a: float, b: float, spread: float, cutoff: float) -> None:
    low, high = sorted((a, b))
    near, far = inside_probability([low, high], cutoff, relative_error=spread)
    assert 0 <= far <= near <= 1
    assert (near >= 0.5) == (low <= cutoff)


def test_unreachable_places_are_never_inside() -> None:
    assert inside_probability([np.nan], 120, relative_error=0.1).tolist() == [0.0]


def test_calibration_error_counts_bias() -> None:
    assert calibration_error([1.0, 2.0], [1.1, 2.2]) == pytest.approx(np.log(1.1))


def test_the_trunk_network_is_off_by_less_than_a_tenth() -> None:
    assert 0.05 < trunk_error() < 0.1


def test_chances_follow_the_times_of_counties() -> None:
    times = pd.DataFrame(
        {
            "adcode": [1, 2],
            "name": ["甲", "乙"],
            "province": "省",
            "centre_id": "c",
            "centre_name": "心",
            "base_min": [120.0, np.nan],
            "scenario_min": [60.0, 132.0],
        }
    )
    table = chances(times, cutoff_min=120, relative_error=0.1)
    assert table["base_chance"].tolist() == [0.5, 0.0]
    assert table["scenario_chance"].tolist() == pytest.approx([1.0, 0.1703], abs=1e-4)  # Phi(-0.9531)


def test_bad_input_has_its_own_error() -> None:
    with pytest.raises(InputError, match="negative"):
        inside_probability([-1.0], 120, relative_error=0.1)
    with pytest.raises(EmptyInputError):
        calibration_error([1.0], [1.0])
    with pytest.raises(InputError, match="above 0"):
        calibration_error([1.0, 0.0], [1.0, 1.0])
