from __future__ import annotations

import math
from itertools import pairwise

import pytest

from borderreach.maps import style
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
