from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from borderreach.geo.errors import InputError, InputTypeError, MissingDependencyError
from borderreach.maps import style
from borderreach.maps.classes import SCHEMES, gain_classes, minute_classes
from borderreach.maps.figures import study_figure
from borderreach.maps.page._leaflet import study_map

from .. import chance


def table(minutes: list[float]) -> pd.DataFrame:
    values = np.array(minutes)
    return pd.DataFrame({"base_min": values, "scenario_min": values, "delta_min": -values})


@settings(max_examples=chance.examples(40), deadline=None)
@given(
    st.lists(st.floats(0, 600) | st.just(float("nan")), max_size=40),
    st.sampled_from(sorted(set(SCHEMES) - {"head_tail"})),
    st.integers(2, 9),
)
@example([0.0, 5e-324], "pretty_breaks", 2)
@example([0.0, 5e-324], "equal_interval", 2)
def test_every_value_has_a_class_and_every_class_a_colour(values: list[float], scheme: str, n: int) -> None:
    pytest.importorskip("mapclassify")
    for classes in (
        minute_classes(table(values), scheme, n_classes=n),
        gain_classes(table(values), scheme, n_classes=n),
    ):
        assert len(classes.colours) == len(classes.breaks) + 1 == len(classes.labels)
        assert list(classes.breaks) == sorted(set(classes.breaks))
        for value in values:
            number = style.class_of(value, classes.breaks)
            assert number in range(len(classes.colours)) or (number is None and np.isnan(value))


def test_quantiles_are_those_of_numpy() -> None:
    pytest.importorskip("mapclassify")
    values = [10.0, 20, 35, 50, 80, 130]
    breaks = minute_classes(table(values), "quantiles", n_classes=3).breaks
    low, high = np.quantile(values, [1 / 3, 2 / 3])
    assert breaks == (np.ceil(low), np.ceil(high))
    assert [style.class_of(value, breaks) for value in values] == [0, 0, 1, 1, 2, 2]


def test_rounding_moves_no_value_into_another_class() -> None:
    pytest.importorskip("mapclassify")
    found = minute_classes(table([10.0, 10.2, 10.4, 10.6]), "quantiles", n_classes=4)
    assert [style.class_of(value, found.breaks) for value in (10.0, 10.2, 10.4, 10.6)] == [0, 1, 2, 3]


def test_the_packages_own_classes_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mapclassify", None)
    assert minute_classes(table([1.0])).breaks == style.MINUTE_BREAKS
    assert gain_classes(table([1.0]), (5, 10)).labels == ("≤ 0.5", "0.5–5", "5–10", "> 10")
    with pytest.raises(MissingDependencyError, match=r"borderreach\[classes\]"):
        minute_classes(table([1.0, 2.0]), "quantiles")


@pytest.mark.parametrize(
    ("choice", "error"),
    [("jenks?", InputError), ((60, 30), InputError), ((), InputError), (("a",), InputTypeError), (3, InputTypeError),
     ((1, float("nan")), InputError)],
)  # fmt: skip
def test_a_choice_that_cannot_be_used_is_named(choice: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="minute_classes"):
        minute_classes(table([1.0]), choice)
    with pytest.raises((InputError, InputTypeError), match="n_classes"):
        minute_classes(table([1.0]), "quantiles", n_classes=99)


def test_map_and_figure_have_the_same_classes(results: SimpleNamespace) -> None:
    pytest.importorskip("mapclassify")
    options: dict[str, Any] = {"minute_classes": "natural_breaks", "n_classes": 5}
    overlay = next(c for c in study_map(results, **options)._children.values() if hasattr(c, "content"))
    wanted = overlay.content["classes"]["minute"]
    figure = study_figure(results, colour_by="base", **options)
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    for label in wanted["labels"]["zh"]:
        assert any(text.startswith(label) for text in entries), label
    drawn = {tuple(np.round(to_rgb(patch.get_facecolor()), 3)) for patch in figure.legends[0].get_patches()}
    for colour in wanted["colours"]:
        rgb = tuple(np.round([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)], 3))
        assert rgb in drawn
