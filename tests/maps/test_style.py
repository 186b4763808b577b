from __future__ import annotations

import math
import re
from importlib import resources
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest

from borderreach.analysis.borders._typology import TYPES
from borderreach.analysis.claims._sentences import VERDICTS
from borderreach.maps import style
from borderreach.maps.measures import MISSED
from borderreach.maps.wording import EN, WORDS, ZH


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("colours", "rising"),
    [
        (style.MINUTE_COLOURS, True),
        (style.GAIN_COLOURS, False),
        (style.CIRCLE_FILLS, True),
        (style.GAIN_LINES, True),
        (style.LEVEL_COLOURS, False),
        (style.RAIL_FILLS, True),
        (style.TYPE_COLOURS, True),
        (style.EQUITY_COLOURS, True),
    ],
)
def test_a_sequence_keeps_its_order_in_greyscale(colours: tuple[str, ...], rising: bool) -> None:
    greys = [luminance(colour) for colour in colours]
    assert greys == sorted(greys, reverse=not rising)
    assert min(abs(b - a) for a, b in pairwise(greys)) > 0.004


def test_what_is_gained_differs_from_the_circles_in_greyscale() -> None:
    for fill in style.CIRCLE_FILLS[1:]:
        for line in style.GAIN_LINES[:2]:
            light, dark = sorted((luminance(fill), luminance(line)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) > 1.8


def test_classes_are_as_many_as_colours_and_labels() -> None:
    for breaks, colours in (
        (style.MINUTE_BREAKS, style.MINUTE_COLOURS),
        (style.GAIN_BREAKS, style.GAIN_COLOURS),
    ):
        assert len(breaks) + 1 == len(colours) == len(style.class_labels(breaks))


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (30, 0), (30.01, 1), (240, 6), (241, 7), (None, None), (math.inf, None)]
)
def test_a_break_belongs_to_the_class_below(value: float | None, expected: int | None) -> None:
    assert style.class_of(value, style.MINUTE_BREAKS) == expected


def test_a_rank_beyond_the_colours_takes_the_last() -> None:
    assert style.ranked(("#a", "#b"), 9) == "#b"


def test_both_languages_have_the_same_words_and_places_for_values() -> None:
    assert ZH.keys() == EN.keys()
    for key in ZH:
        for place in ("{minutes}", "{centre}", "{n}", "{boundary}", "{circle}", "{zone}"):
            assert (place in ZH[key]) == (place in EN[key]), key
    for mode in style.MODE_COLOURS:
        assert all(f"mode_{mode}" in words for words in WORDS.values())
    for status in style.STATUS_DASHES:
        assert all(f"status_{status}" in words for words in WORDS.values())


# Colour-blindness: what a reader without one kind of cone sees (Machado, Oliveira and Fernandes 2009,
# severity 1), and how far apart two colours are then (CIE 1976, where about 2.3 is just seen).
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(colour: str) -> np.ndarray:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    ratio = to_xyz @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen_apart(one: str, other: str, kind: str) -> float:
    sight = np.array(BLINDNESS[kind]) if kind in BLINDNESS else np.eye(3)
    if kind == "greyscale":
        sight = np.array([[0.2126, 0.7152, 0.0722]] * 3)
    return float(np.linalg.norm(lab(sight @ linear(one)) - lab(sight @ linear(other))))


@pytest.mark.parametrize("kind", ["none", *BLINDNESS])
@pytest.mark.parametrize("colours", [style.MISSED_COLOURS, style.CHANGE_COLOURS, style.EQUITY_COLOURS])
def test_any_two_of_classes_that_aren_t_a_sequence_are_told_apart(
    colours: tuple[str, ...], kind: str
) -> None:
    for one, other in combinations(colours, 2):
        assert seen_apart(one, other, kind) > 10, (one, other)


def test_the_more_circles_are_missed_the_darker() -> None:
    greys: dict[int, list[float]] = {}
    for missed, colour in zip(MISSED, style.MISSED_COLOURS, strict=True):
        greys.setdefault(len(missed), []).append(luminance(colour))
    for fewer, more in pairwise(sorted(greys)):
        assert min(greys[fewer]) > max(greys[more]) + 0.05


def test_a_change_grows_darker_on_both_sides_of_a_pale_middle() -> None:
    greys = [luminance(colour) for colour in style.CHANGE_COLOURS]
    middle = len(greys) // 2
    assert greys[: middle + 1] == sorted(greys[: middle + 1])
    assert greys[middle:] == sorted(greys[middle:], reverse=True)


@pytest.mark.parametrize("kind", [*BLINDNESS, "greyscale"])
@pytest.mark.parametrize(
    "colours",
    [
        style.MINUTE_COLOURS,
        style.GAIN_COLOURS,
        style.CIRCLE_FILLS[:3],
        style.GAIN_LINES,
        style.LEVEL_COLOURS,
        style.RAIL_FILLS[:2],
        style.CHANGE_COLOURS,
        style.EQUITY_COLOURS,
    ],
)
def test_neighbouring_classes_are_told_apart_by_everybody(colours: tuple[str, ...], kind: str) -> None:
    for one, other in pairwise(colours):
        assert seen_apart(one, other, kind) > 5, (one, other)


@pytest.mark.parametrize("kind", BLINDNESS)
def test_before_and_after_are_told_apart_by_everybody(kind: str) -> None:
    for line in (style.SCENARIO_LINE, *style.GAIN_LINES):
        for fill in style.CIRCLE_FILLS:
            assert seen_apart(line, fill, kind) > 20, (line, fill)
    for mode, other in pairwise(style.MODE_COLOURS.values()):
        assert seen_apart(mode, other, kind) > 15, (mode, other)


@pytest.mark.parametrize("kind", [*BLINDNESS, "greyscale"])
def test_any_two_types_are_told_apart_by_everybody(kind: str) -> None:
    # Types lie side by side in any order, and beside counties without one.
    for one, other in combinations((*style.TYPE_COLOURS, style.LAND), 2):
        assert seen_apart(one, other, kind) > 5, (one, other)
    for one, other in combinations(style.TYPE_COLOURS, 2):
        assert seen_apart(one, other, kind) > 10, (one, other)


@pytest.mark.parametrize("kind", BLINDNESS)
def test_circles_by_rail_are_told_from_those_by_road(kind: str) -> None:
    for rail, road in zip(style.RAIL_FILLS[:2], style.CIRCLE_FILLS, strict=False):
        assert seen_apart(rail, road, kind) > 10, (rail, road)


def test_signs_differ_by_shape_and_have_text_that_can_be_read() -> None:
    signs = resources.files("borderreach.maps").joinpath("page", "signs.js").read_text("utf-8")
    written = re.search(r"VERDICT_SHAPES = \{(.*?)\}", signs)
    assert written is not None
    shapes = dict(re.findall(r"(\w+): \"(\w+)\"", written[1]))
    assert shapes.keys() == style.VERDICT_FILLS.keys() == set(VERDICTS)
    assert len(set(shapes.values())) == len(shapes)
    for fill in style.VERDICT_FILLS.values():
        light = luminance(fill)
        assert max((1.05) / (light + 0.05), (light + 0.05) / 0.05) > 4.5  # the number in the sign
    for words in WORDS.values():
        assert all(f"verdict_{name}" in words for name in VERDICTS)
        assert all(f"type_{name}" in words for name in TYPES)


def test_panels_have_text_that_can_be_read() -> None:
    css = resources.files("borderreach.maps").joinpath("page", "study_map.css").read_text("utf-8")
    for rule in re.findall(r"[^{}]+\{[^{}]*\}", css):
        text, ground = (
            re.search(rf"(?<![-\w]){name}: (#\w{{3,6}})", rule) for name in ("color", "background")
        )
        if text is None:
            continue
        pair = [full(found[1]) if found else "#ffffff" for found in (text, ground)]
        light, dark = sorted((luminance(colour) for colour in pair), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, rule


def full(colour: str) -> str:
    return colour if len(colour) == 7 else "#" + "".join(2 * digit for digit in colour[1:])


def test_corridors_differ_by_more_than_colour() -> None:
    # Two modes may be alike in greyscale: the status is told by dashes, and the name by the label.
    assert len(set(style.STATUS_DASHES.values())) == len(style.STATUS_DASHES)


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("mode", style.MODE_SHADES)
def test_corridors_of_one_mode_are_told_apart_by_everybody(mode: str, kind: str) -> None:
    for one, other in combinations(style.MODE_SHADES[mode], 2):
        assert seen_apart(one, other, kind) > 14, (one, other)


def test_each_corridor_has_a_colour_of_its_mode() -> None:
    rows = pd.DataFrame({"corridor_id": list("abcdefgh"), "mode": ["road"] * 6 + ["rail", "boat"]})
    found = style.corridor_colours(rows)
    assert [found[key] for key in "abcde"] == list(style.MODE_SHADES["road"])
    assert found["f"] == found["a"]
    assert found["g"] == style.MODE_COLOURS["rail"]
    assert found["h"] == style.OTHER_MODE_COLOUR


def test_every_mode_has_several_shades_its_own_first() -> None:
    assert {mode: shades[0] for mode, shades in style.MODE_SHADES.items()} == style.MODE_COLOURS
    assert all(len(set(shades)) == len(shades) > 1 for shades in style.MODE_SHADES.values())
