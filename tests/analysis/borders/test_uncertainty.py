"""The chance of lying inside a circle, and the error of the model behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach import data
from borderreach.analysis.borders._uncertainty import (
    calibration_error,
    chances,
    inside_probability,
    trunk_error,
)
from borderreach.analysis.corridors import minutes_between
from borderreach.geo.errors import EmptyInputError, InputError
from borderreach.geo.networks import trunk_network


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


def test_long_trips_are_off_by_less_than_short_ones() -> None:
    assert [trunk_error(minutes) for minutes in (1, 120, 121, 240, 241, 1e6)] == [
        0.2,
        0.2,
        0.16,
        0.16,
        0.11,
        0.11,
    ]


def test_the_hours_to_zunyi_are_off_by_no_more_than_is_said() -> None:
    known = pd.read_csv(data.path("zunyi_road_hours.csv"))
    minutes = minutes_between(trunk_network(), "遵义市", known["city"].tolist())[0]
    assert calibration_error(known["hours"], minutes / 60) < trunk_error(known["hours"].mean() * 60)


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


def test_journeys_by_train_have_their_own_error() -> None:
    columns = ["adcode", "name", "province", "centre_id", "centre_name", "base_min", "scenario_min"]
    times = pd.DataFrame(
        [(1, "甲", "省", "c", "心", 100.0, 100.0), (2, "乙", "省", "c", "心", 100.0, 100.0)], columns=columns
    )
    # county 1 drives today and takes the train later; county 2 can't be driven to
    roads = times.assign(base_min=[100.0, np.nan], scenario_min=[150.0, np.nan]).iloc[::-1]
    table = chances(times, cutoff_min=120, relative_error=0.1, road_times=roads, train_error=0.3)
    by_road, by_train = (inside_probability(100.0, 120, relative_error=error).item() for error in (0.1, 0.3))
    assert table["base_chance"].tolist() == [by_road, by_train]
    assert table["scenario_chance"].tolist() == [by_train, by_train]


def test_bad_input_has_its_own_error() -> None:
    with pytest.raises(InputError, match="negative"):
        inside_probability([-1.0], 120, relative_error=0.1)
    with pytest.raises(EmptyInputError):
        calibration_error([1.0], [1.0])
    with pytest.raises(InputError, match="above 0"):
        calibration_error([1.0, 0.0], [1.0, 1.0])
