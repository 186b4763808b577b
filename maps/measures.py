"""Figures that border counties are coloured by besides minutes: people in reach, potential, type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import pandas as pd

from ..analysis.borders import TYPES
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
