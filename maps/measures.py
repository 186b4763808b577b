"""Figures that border counties are coloured by besides minutes: people in reach, potential, type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from ..analysis.borders import TYPES
from ..geo.errors import InputError
from . import style
from .classes import Classes, sampled, short_breaks
from .wording import WORDS, Language

#: Names of the measures.
MeasureKey: TypeAlias = Literal["reached", "potential", "type"]
MEASURES: Final[tuple[MeasureKey, ...]] = ("reached", "potential", "type")
#: A column of today's figures, one with corridors, and one of the change, in the table of indicators.
_COLUMNS: Final[dict[MeasureKey, tuple[str, ...]]] = {
    "reached": ("base_people_reached", "scenario_people_reached"),
    "potential": ("base_potential", "scenario_potential", "potential_change"),
    "type": ("county_type", "scenario_county_type"),
}
INDICATOR_COLUMNS: Final = (
    "adcode", "people", "efficiency", "scenario_efficiency",
    *(column for columns in _COLUMNS.values() for column in columns),
)  # fmt: skip
#: What figures are divided by in each language: 万 is ten thousand.
_DIVISORS: Final[dict[str, dict[Language, float]]] = {
    "unit_people": {"zh": 1e4, "en": 1e6},
    "unit_potential": {"zh": 1e4, "en": 1e6},
}
#: Classes that a measure is sorted into.
_N_CLASSES: Final = 6
#: A relative change up to this counts as none.
_NO_CHANGE_PERCENT: Final = 0.5


@dataclass(frozen=True)
class Measure:
    """One figure of border counties, today and with corridors, and its classes.

    Attributes
    ----------
    key : {"reached", "potential", "type"}
    base, scenario, change : mapping of int to float
        By adcode; a county without a figure is missing. The change of "potential" is in per cent, that of
        "type" is empty; types are numbered as in `analysis.borders.TYPES`.
    levels, changes : Classes
        Of `base` and `scenario` alike, and of `change`.
    unit, change_unit : str
        Words of `wording.WORDS`; empty for none.
    """

    key: MeasureKey
    base: Mapping[int, float]
    scenario: Mapping[int, float]
    change: Mapping[int, float]
    levels: Classes
    changes: Classes
    unit: str
    change_unit: str

    def labels(self, language: Language, *, change: bool = False) -> tuple[str, ...]:
        """Return one label per class, without the unit."""
        if self.key == "type":
            return tuple(WORDS[language][f"type_{name}"] for name in TYPES)
        classes, unit = (self.changes, self.change_unit) if change else (self.levels, self.unit)
        divisor = _DIVISORS.get(unit, {}).get(language, 1.0)
        return style.class_labels(tuple(value / divisor for value in classes.breaks))


def measures(indicators: pd.DataFrame) -> tuple[Measure, ...]:
    """Return the measures that a table of indicators has figures of.

    Parameters
    ----------
    indicators : DataFrame
        Columns of `INDICATOR_COLUMNS`, one row per county.
    """
    if len(indicators) == 0:
        return ()
    by_code = indicators.set_index(indicators["adcode"].astype("int64"))
    reached, after = (_figures(by_code[name]) for name in _COLUMNS["reached"])
    gain = {code: after[code] - value for code, value in reached.items() if code in after}
    now, then, grown = (_figures(by_code[name]) for name in _COLUMNS["potential"])
    percent = {code: 100 * value for code, value in grown.items()}
    numbers = {name: float(i) for i, name in enumerate(TYPES)}
    kind, later = (_figures(by_code[name].map(numbers)) for name in _COLUMNS["type"])
    none = Classes((), (style.NO_VALUE_COLOUR,))
    return (
        Measure("reached", reached, after, gain, _levels(reached, after), _changes(gain, 0.0),
                "unit_people", "unit_people"),
        Measure("potential", now, then, percent, _levels(now, then), _changes(percent, _NO_CHANGE_PERCENT),
                "unit_potential", "unit_percent"),
        Measure("type", kind, later, {}, Classes((0.5, 1.5, 2.5), style.TYPE_COLOURS), none, "", ""),
    )  # fmt: skip


def _figures(column: pd.Series) -> dict[int, float]:
    return {int(str(code)): float(value) for code, value in column.items() if math.isfinite(float(value))}


def _levels(*figures: Mapping[int, float]) -> Classes:
    """Return classes of about as many counties each, dark where there is much."""
    values = np.array([value for each in figures for value in each.values()])
    breaks = short_breaks(values, n_classes=_N_CLASSES)
    return Classes(breaks, sampled(style.LEVEL_COLOURS, len(breaks) + 1))


def _changes(figures: Mapping[int, float], none: float) -> Classes:
    """Return classes of a change, the first of which is "no change"."""
    values = np.array([value for value in figures.values() if value > none])
    breaks = (none, *(value for value in short_breaks(values, n_classes=_N_CLASSES - 1) if value > none))
    return Classes(breaks, sampled(style.GAIN_COLOURS, len(breaks) + 1))


@dataclass(frozen=True)
class Shades:
    """What border counties are filled with: a title, classes with their labels, and the class of each county."""

    title: str
    classes: Classes
    labels: tuple[str, ...]
    class_of: dict[int, int | None]


def minute_shades(
    county_times: pd.DataFrame, colour_by: str, centre: str | None, classes: Classes, words: dict[str, str]
) -> Shades:
    """Return what border counties are filled with by their minutes to a centre, or what they save of them."""
    times = county_times
    name = words["nearest"]
    if centre is not None:
        times = times[(times["centre_id"].astype(str) == centre) | (times["centre_name"] == centre)]
        if len(times) == 0:
            known = ", ".join(sorted(set(county_times["centre_name"].astype(str))))
            raise InputError(f"'centre' should be the id or name of a centre ({known}), got {centre!r}")
        name = str(times["centre_name"].iloc[0])
    by_county = times.groupby("adcode")
    column = {"base": "base_min", "after": "scenario_min", "gain": "delta_min"}[colour_by]
    values = by_county[column].min() * (-1 if colour_by == "gain" else 1)
    key = "colour_gain_most" if colour_by == "gain" and centre is None else f"colour_{colour_by}"
    return Shades(
        title=words[key].format(centre=name, scenario=words["after"]),
        classes=classes,
        labels=tuple(f"{label} {words['minutes']}" for label in classes.labels),
        class_of={
            int(str(code)): style.class_of(float(value), classes.breaks) for code, value in values.items()
        },
    )


def measure_shades(
    indicators: pd.DataFrame, key: MeasureKey, colour_by: str, language: Language, minutes: float
) -> Shades:
    """Return what border counties are filled with by a measure, or its change."""
    found = next((each for each in measures(indicators) if each.key == key), None)
    gain = colour_by == "gain"
    if found is None or (gain and not found.change):
        raise InputError(
            f"'measure' {key!r} has no {colour_by} here: "
            + ("a type doesn't change by an amount" if found else "the study's table of indicators is empty")
        )
    words = WORDS[language]
    figures = {"base": found.base, "after": found.scenario, "gain": found.change}[colour_by]
    classes, unit = (found.changes, found.change_unit) if gain else (found.levels, found.unit)
    figure = words[f"measure_{key}"].format(minutes=f"{minutes:g}")
    return Shades(
        title=words[f"figure_{colour_by}"].format(figure=figure, scenario=words["after"]),
        classes=classes,
        labels=tuple(
            f"{label} {words[unit]}" if unit else label for label in found.labels(language, change=gain)
        ),
        class_of={code: style.class_of(value, classes.breaks) for code, value in figures.items()},
    )
