"""Charts show what the tables hold, in any size and format, and only what there is to show."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from borderreach.analysis.indicators import gini
from borderreach.geo.errors import InputError
from borderreach.maps.charts import charts_of, study_chart
from borderreach.maps.fonts import OWN_FONT, font_for
from borderreach.maps.wording import publication_line


@pytest.fixture
def charted(results: SimpleNamespace) -> SimpleNamespace:
    """The made-up study with the tables that charts read besides those of maps."""
    ids = ["500000", "520100", "510100"]
    pairs = pd.DataFrame(
        [
            ("base", a, a, b, b, 100.0 + 10 * i + j)
            for i, a in enumerate(ids)
            for j, b in enumerate(ids)
            if a != b
        ],
        columns=["scenario", "from_id", "from_name", "to_id", "to_name", "travel_time_min"],
    )
    return SimpleNamespace(**{**vars(results), "pair_times": pairs.assign(delta_min=0.0)})


def texts(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_every_kind_is_drawn_and_saved(charted, tmp_path):
    assert set(charts_of(charted)) == {"minutes", "people", "gains", "maps", "lorenz", "centres"}
    for kind in charts_of(charted):
        figure = study_chart(charted, kind, tmp_path / "new" / f"{kind}.png", width_cm=8.5)
        assert figure.get_figwidth() == pytest.approx(8.5 / 2.54)
        assert (tmp_path / "new" / f"{kind}.png").read_bytes().startswith(b"\x89PNG")
    study_chart(charted, "minutes", tmp_path / "a.svg")
    study_chart(charted, "minutes", tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    study_chart(charted, "minutes", tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


def test_bars_of_gains_are_the_largest_savings(charted):
    figure = study_chart(charted, "gains")
    saved = (-charted.county_times.groupby("adcode")["delta_min"].min()).sort_values(ascending=False)
    saved = saved[saved >= 0.5].head(25)
    bars = [bar.get_width() for bar in figure.axes[0].patches if isinstance(bar, Rectangle)]
    assert bars == pytest.approx(saved.to_list())


def test_bars_of_minutes_count_every_county_in_reach(charted):
    figure = study_chart(charted, "minutes")
    near = charted.county_times.groupby("adcode")[["base_min", "scenario_min"]].min()
    bars = figure.axes[0].containers
    assert [sum(bar.get_height() for bar in each) for each in bars] == list(np.isfinite(near).sum())


def test_people_rise_to_all_that_can_reach_a_centre(charted):
    figure = study_chart(charted, "people")
    near = charted.county_times.groupby("adcode")["base_min"].min()
    people = charted.indicators.set_index("adcode")["people"].reindex(near.index)
    line = figure.axes[0].lines[0]
    x, y = np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(y) >= 0).all()
    for limit in (60.0, 120.0):
        share = people[near <= limit].sum() / people.sum() * 100
        assert y[x <= limit][-1] == pytest.approx(share)


def test_the_area_below_a_lorenz_curve_is_what_its_gini_says(charted):
    figure = study_chart(charted, "lorenz")
    table = charted.indicators[charted.indicators["people"] > 0]
    for line, column in zip(
        figure.axes[0].lines[1:], ["base_people_reached", "scenario_people_reached"], strict=True
    ):
        x, y = np.asarray(line.get_xdata()) / 100, np.asarray(line.get_ydata()) / 100
        below = float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())
        expected = gini(table[column].to_numpy(), table["people"].to_numpy())
        assert 1 - 2 * below == pytest.approx(expected)
        assert f"{expected:.3f}" in str(line.get_label())


def test_the_matrix_holds_the_minutes_between_centres(charted):
    charted.centres = pd.concat(
        [charted.centres, charted.centres.head(1).assign(origin_id="510100", origin_name="成都市")]
    )
    shown = texts(study_chart(charted, "centres"))
    for value in charted.pair_times["travel_time_min"]:
        assert f"{value:.0f}" in shown.split()


def test_what_there_is_nothing_to_show_of_is_an_error_that_says_what_there_is(charted):
    charted.pair_times = charted.pair_times.iloc[:0]
    charted.county_times = charted.county_times.assign(delta_min=0.0)
    assert "gains" not in charts_of(charted)
    with pytest.raises(InputError, match=r"'kind' 'centres' has nothing to show .* minutes, people"):
        study_chart(charted, "centres")


def test_a_study_without_corridors_shows_today_alone(charted):
    charted.scenario_names = {"base": "现状"}
    for kind in ("minutes", "people", "maps", "lorenz"):
        assert "规划后" not in texts(study_chart(charted, kind))


def test_words_are_drawn_in_the_own_font_and_in_either_language(charted):
    from borderreach.maps import charts

    for words in charts._WORDS.values():
        assert font_for("".join(words.values())).get_family()[0] == font_for("重庆").get_family()[0]
    assert str(OWN_FONT)
    own = font_for("重庆").get_family()
    assert font_for("".join(charts._WORDS["zh"].values())).get_family() == own, "a glyph is missing"
    for kind in charts_of(charted):
        english = texts(study_chart(charted, kind, language="en"))
        names = [*charted.border_counties["name"], *charted.centres["origin_name"]]
        for name in names:
            english = english.replace(str(name), "")
        assert not re.search("[一-鿿]", english), kind


def test_maps_before_and_after_say_what_publishing_them_needs(charted: SimpleNamespace) -> None:
    for number in ("", "GS（2024）0650号"):
        written = [text.get_text() for text in study_chart(charted, "maps", review_number=number).texts]
        assert publication_line("zh", number) in written
