"""People in reach, potential, type and answers to questions as classes of colours."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.borders._typology import TYPES
from borderreach.geo.errors import InputError, MissingColumnError
from borderreach.maps import style
from borderreach.maps.classes import short_breaks
from borderreach.maps.measures import (
    INDICATOR_COLUMNS,
    answers_of,
    city_lines,
    ends_of,
    measure_shades,
    measures,
)

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


def access(theta: float, *shares: float) -> pd.DataFrame:
    codes = np.arange(1, len(shares) + 1)
    return pd.DataFrame(
        {"theta": theta, "adcode": codes, "change_pct": np.abs(shares), "relative_pct": shares}
    )


def circles(scenario: str, *inside: tuple[bool, bool, bool]) -> pd.DataFrame:
    """Counties by whether they lie inside the circles of 1, 2 and 3 hours."""
    frame = pd.DataFrame(list(inside), columns=["within_1h", "within_2h", "within_3h"])
    cities = {
        name: "遵义市" if name.endswith("city") else 50.0
        for kind in ("own", "across", "main")
        for name in (f"{kind}_city", f"{kind}_city_min")
    }
    return frame.assign(scenario=scenario, adcode=np.arange(1, len(inside) + 1), **cities)


def test_a_share_that_falls_lies_on_the_other_side_of_a_middle_that_stays() -> None:
    answers = {"access_changes": pd.concat([access(8.22, 0.05, -0.05), access(4.1, 9.0, -0.8, 0.1, -0.1)])}
    low, high = measures(table().iloc[:0], answers)
    assert (low.id, high.id) == ("access-4.1", "access-8.22")
    breaks, colours = low.changes.breaks, low.changes.colours
    assert breaks == tuple(-value for value in reversed(breaks))
    middle = len(colours) // 2
    assert colours[middle] == style.CHANGE_COLOURS[3]
    found = {code: style.class_of(value, breaks) for code, value in low.change.items()}
    assert found == {1: len(colours) - 1, 2: middle - 1, 3: middle, 4: middle - 1}
    assert {style.class_of(value, high.changes.breaks) for value in high.change.values()} == {1}
    assert low.labels("zh", change=True)[middle] == "−0.1 至 +0.1"
    assert low.labels("en", change=True)[-1].startswith("> +")
    assert low.base == low.scenario == {}


@settings(max_examples=chance.examples(100), deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30))
def test_less_is_never_drawn_as_more(shares: list[float]) -> None:
    (found,) = measures(table().iloc[:0], {"access_changes": access(4.0, *shares)})
    breaks, colours = found.changes.breaks, found.changes.colours
    assert len(colours) == len(breaks) + 1 == len(set(colours))
    middle = len(colours) // 2
    for value in shares:
        number = style.class_of(value, breaks)
        assert number is not None
        assert (number > middle) == (value > breaks[middle])
        assert (number < middle) == (value <= breaks[middle - 1])
        assert colours[number] in style.CHANGE_COLOURS or len(breaks) == 4


def test_each_county_misses_what_the_table_says() -> None:
    every = [(True, True, True), (False, True, True), (True, False, True), (True, True, False),
             (False, False, True), (False, True, False), (True, False, False), (False, False, False)]  # fmt: skip
    answers = {"yardsticks": pd.concat([circles("base", *every), circles("all", *[every[0]] * 8)])}
    found, _ = measures(table().iloc[:0], answers)
    assert found.base == {i + 1: float(i) for i in range(8)}
    assert set(found.scenario.values()) == {0.0}
    assert found.labels("zh")[:2] == ("都在圈内", "在 1 小时圈外")
    assert found.labels("en")[4:] == (
        "outside the 1 and 2 h circle", "outside the 1 and 3 h circle", "outside the 2 and 3 h circle",
        "outside the 1 and 2 and 3 h circle",
    )  # fmt: skip
    alone, _ = measures(table().iloc[:0], {"yardsticks": circles("base", *every)})
    assert alone.scenario == alone.base


def test_how_much_nearer_the_city_across_is() -> None:
    """Own cities 50 minutes away; those across 20, 45, 55 and 90: 30 less, 5 less and 5 more, which are none, and 40 more."""
    today = circles("base", *[(True, True, True)] * 4).assign(across_city_min=[20.0, 45.0, 55.0, 90.0])
    none = circles("all", *[(True, True, True)] * 4).assign(across_city_min=np.nan)
    _, found = measures(table().iloc[:0], {"yardsticks": today})
    assert found.base == found.scenario == {1: 30, 2: 5, 3: -5, 4: -40}
    middle = len(found.levels.colours) // 2
    classes = [style.class_of(value, found.levels.breaks) for value in found.base.values()]
    assert classes == [middle + 1, middle, middle, 0]
    assert found.labels("zh")[middle] == "−10 至 +10"
    _, found = measures(table().iloc[:0], {"yardsticks": none})
    assert found.base == {}


def test_the_least_cost_of_a_countys_ways() -> None:
    """By today's ways 100 yuan at least, with corridors 80; pairs of centres, and counties that aren't drawn, don't count."""
    ways = pd.DataFrame(
        {
            "from_id": ["1", "1", "1", "2", "500000", "9"], "to_name": "重庆市", "minutes": 60.0, "yuan": 50.0,
            "option": ["road", "rail", "after", "road", "road", "road"],
            "generalised_yuan": [120.4, 100.2, 80.4, 300.0, 5.0, 6.0],
        }
    )  # fmt: skip
    *_, found = measures(table(), {"way_costs": ways})
    assert found.key == "cost"
    assert found.base == {1: 100, 2: 300}
    assert found.scenario == {1: 80, 2: 300}
    assert found.labels("zh") == style.class_labels(found.levels.breaks)
    assert "cost" not in {each.key for each in measures(table(), {"way_costs": ways.iloc[4:]})}


def test_links_are_drawn_from_city_to_city() -> None:
    rows = [
        ("base", "重庆市", "重庆市", "遵义市", "贵州省", True, 150.0, 0.2, 100.0),
        ("base", "贵阳市", "贵州省", "遵义市", "贵州省", False, 100.0, 0.1, 60.0),
        ("base", "无此市", "贵州省", "遵义市", "贵州省", False, 100.0, 0.1, 60.0),
        ("all", "重庆市", "重庆市", "遵义市", "贵州省", True, 90.0, 0.5, 60.0),
    ]
    table = pd.DataFrame(
        rows,
        columns=["scenario", "a_name", "a_province", "b_name", "b_province", "across", "minutes", "share", "breaking_min"],
    )  # fmt: skip
    shown = SimpleNamespace(city_links=table, study=SimpleNamespace(boundary_source="tianditu"))
    found = city_lines(shown)
    assert found["a_name"].tolist() == ["重庆市", "贵阳市"]
    for (x, y), seat in zip(found.geometry.iloc[0].coords, [(106.55, 29.56), (106.93, 27.73)], strict=True):
        assert (x, y) == pytest.approx(seat, abs=0.1)
    many = pd.concat([table.iloc[:2]] * 50)
    assert city_lines(SimpleNamespace(city_links=many, study=shown.study))[
        "across"
    ].value_counts().tolist() == [20, 20]
    for nothing in (SimpleNamespace(city_links=table, study=SimpleNamespace(boundary_source="own.gpkg")),
                    SimpleNamespace(city_links=table.iloc[:0], study=shown.study), SimpleNamespace()):  # fmt: skip
        assert len(city_lines(nothing)) == 0


def test_who_stands_at_the_poor_end() -> None:
    """Ten counties of as many people each: below a line of 25 are two, four are among the poorest two fifths, one is the top tenth."""
    ten = pd.DataFrame(
        {
            "adcode": range(1, 11), "people": 1e5, "base_people_reached": np.arange(10.0, 110, 10),
            "scenario_people_reached": np.arange(10.0, 110, 10)[::-1],
        }
    ).reindex(columns=list(INDICATOR_COLUMNS))  # fmt: skip
    line = pd.DataFrame({"scenario": ["base"], "measure": ["poverty_line"], "value": [25.0]})
    found = {each.key: each for each in measures(ten, {"equity": line})}["equity"]
    assert list(found.base.values()) == [0, 0, 1, 1, 2, 2, 2, 2, 2, 3]
    assert list(found.scenario.values()) == [3, 2, 2, 2, 2, 2, 1, 1, 0, 0]


@settings(max_examples=chance.examples(100), deadline=None)
@given(st.lists(st.tuples(st.floats(1, 1e7), st.floats(0.01, 1e6)), min_size=1, max_size=30))
def test_nobody_below_a_line_stands_above_who_reaches_more(rows: list[tuple[float, float]]) -> None:
    reached, people = np.array(rows).T
    line = float(np.median(reached)) / 2
    ends = ends_of(reached, people, line)
    order = np.argsort(reached, kind="stable")
    assert (np.diff(ends[order]) >= 0).all()
    assert ((ends == 0) == (reached < line)).all()
    poor = people[ends <= 1].sum() / people.sum()
    below = people[ends == 0].sum() / people.sum()
    assert poor <= max(0.8, below)  # whole counties, whose middle person is among the two fifths


def test_a_county_without_people_stands_nowhere() -> None:
    assert np.isnan(ends_of(np.array([1.0, np.nan]), np.array([0.0, 5.0]), 2.0)).all()


def test_answers_that_lack_a_column_are_named() -> None:
    lacking = SimpleNamespace(yardsticks=circles("base", (True, True, True)).drop(columns="own_city"))
    with pytest.raises(MissingColumnError, match=r"results\.yardsticks.*own_city"):
        answers_of(lacking)
    assert answers_of(SimpleNamespace(yardsticks=circles("base").iloc[:0], equity=None)) == {}


def test_a_measure_that_a_study_doesnt_ask_for_says_so() -> None:
    found = measures(table())
    with pytest.raises(InputError, match=r"'access' has no gain here: the study doesn't ask"):
        measure_shades(found, "access", "gain", "zh", 120)
    asked = measures(table(), {"access_changes": access(4.1, 1.0, -1.0)})
    with pytest.raises(InputError, match="it is a change, which 'gain' shows"):
        measure_shades(asked, "access", "base", "zh", 120)
    shades = measure_shades(asked, "access", "gain", "en", 120)
    assert shades.title == "share in market access (θ=4.1), change"
    assert all(label.endswith("%") for label in shades.labels)
    with pytest.raises(InputError, match="table of indicators is empty"):
        measure_shades((), "access", "gain", "zh", 120)
