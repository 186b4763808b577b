"""People in reach, potential and type as classes of colours."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders._typology import TYPES
from borderreach.maps import style
from borderreach.maps.classes import short_breaks
from borderreach.maps.measures import INDICATOR_COLUMNS, measures

from .. import chance


def table() -> pd.DataFrame:
    """Four counties; the last is off the network."""
    return pd.DataFrame(
        {
            "adcode": [1, 2, 3, 4], "people": [1e5] * 4, "efficiency": [0.5] * 4, "scenario_efficiency": [0.5] * 4,
            "base_people_reached": [1e6, 2e6, 4e6, np.nan], "scenario_people_reached": [1e6, 3e6, 4e6, np.nan],
            "base_potential": [1e5, 2e5, 4e5, np.nan], "scenario_potential": [1e5, 2.2e5, 4.001e5, np.nan],
            "potential_change": [0.0, 0.1, 0.00025, np.nan],
            "county_type": list(TYPES), "scenario_county_type": [TYPES[0], TYPES[0], TYPES[2], TYPES[3]],
        }
    )[list(INDICATOR_COLUMNS)]  # fmt: skip


def test_figures_and_their_changes() -> None:
    reached, potential, kind = measures(table())
    assert reached.base == {1: 1e6, 2: 2e6, 3: 4e6}  # unknown is left out, and isn't zero
    assert reached.change == {1: 0, 2: 1e6, 3: 0}
    assert potential.change == pytest.approx({1: 0, 2: 10, 3: 0.025})
    assert kind.base == {1: 0, 2: 1, 3: 2, 4: 3}
    assert kind.scenario == {1: 0, 2: 0, 3: 2, 4: 3}
    assert kind.change == {}


def test_a_change_too_small_to_speak_of_is_none() -> None:
    _, potential, _ = measures(table())
    assert potential.changes.breaks[0] == 0.5  # per cent
    assert style.class_of(potential.change[3], potential.changes.breaks) == 0
    assert style.class_of(potential.change[2], potential.changes.breaks) not in {0, None}


def test_labels_are_in_ten_thousands_or_millions() -> None:
    reached, potential, kind = measures(table())
    assert reached.labels("zh")[0] == f"≤ {reached.levels.breaks[0] / 1e4:g}"
    assert reached.labels("en")[0] == f"≤ {reached.levels.breaks[0] / 1e6:g}"
    assert potential.labels("en", change=True) == potential.labels("zh", change=True)
    assert kind.labels("zh") == ("邻近核心", "通道沿线", "通道外侧", "远离核心")
    assert kind.labels("en") == ("near a core", "on the way", "beside the way", "far from the cores")
    for each in (reached, potential):
        for change in (False, True):
            classes = each.changes if change else each.levels
            assert len(each.labels("zh", change=change)) == len(classes.colours) == len(classes.breaks) + 1


def test_each_type_has_a_class_of_its_own() -> None:
    *_, kind = measures(table())
    assert [style.class_of(kind.base[code], kind.levels.breaks) for code in (1, 2, 3, 4)] == [0, 1, 2, 3]


def test_a_study_without_people_has_no_measures() -> None:
    assert measures(table().iloc[:0]) == ()


def test_a_table_without_any_figure(results: SimpleNamespace) -> None:
    unknown = results.indicators.assign(base_people_reached=np.nan, scenario_people_reached=np.nan)
    reached, *_ = measures(unknown)
    assert reached.base == {}
    assert reached.levels.breaks == ()


@settings(max_examples=chance.examples(200), deadline=None)
@given(st.lists(st.floats(0.001, 1e9), max_size=40), st.integers(2, 7))
def test_no_class_is_empty(values: list[float], n_classes: int) -> None:
    breaks = short_breaks(np.array(values), n_classes=n_classes)
    assert len(breaks) < n_classes
    assert list(breaks) == sorted(set(breaks))
    assert all(float(f"{each:.2g}") == each for each in breaks)
    if values:
        classes = [style.class_of(value, breaks) for value in values]
        assert set(classes) == set(range(len(breaks) + 1))
