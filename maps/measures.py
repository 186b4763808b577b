"""Figures that border counties are coloured by besides minutes: people in reach, potential, type, and answers to a study's questions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ..analysis.borders import TYPES
from ..geo.crs import WGS84
from ..geo.errors import InputError, MissingColumnError
from ..geo.places import SOURCES, cities
from . import style
from .classes import Classes, sampled, short_breaks
from .wording import WORDS, Language

#: Names of the measures.
MeasureKey: TypeAlias = Literal[
    "reached", "potential", "type", "access", "equity", "yardsticks", "nearer", "cost"
]
MEASURES: Final[tuple[MeasureKey, ...]] = (
    "reached",
    "potential",
    "type",
    "access",
    "equity",
    "yardsticks",
    "nearer",
    "cost",
)
#: A column of today's figures, one with corridors, and one of the change, in the table of indicators.
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "reached": ("base_people_reached", "scenario_people_reached"),
    "potential": ("base_potential", "scenario_potential", "potential_change"),
    "type": ("county_type", "scenario_county_type"),
}
INDICATOR_COLUMNS: Final = (
    "adcode", "people", "efficiency", "scenario_efficiency",
    *(column for columns in _COLUMNS.values() for column in columns),
)  # fmt: skip
#: Tables that answer a study's questions, with what is read of each; a study that doesn't ask has none.
ANSWER_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "access_changes": ("theta", "adcode", "change_pct", "relative_pct"),
    "equity": ("scenario", "measure", "value"),
    "way_costs": ("from_id", "to_name", "option", "minutes", "yuan", "generalised_yuan"),
    "yardsticks": (
        "scenario", "adcode", "own_city", "own_city_min", "across_city", "across_city_min", "main_city", "main_city_min",
        "within_1h", "within_2h", "within_3h",
    ),
}  # fmt: skip
#: What figures are divided by in each language: 万 is ten thousand.
_DIVISORS: Final[dict[str, dict[Language, float]]] = {
    "unit_people": {"zh": 1e4, "en": 1e6},
    "unit_potential": {"zh": 1e4, "en": 1e6},
}
#: Classes that a measure is sorted into.
_N_CLASSES: Final = 6
#: A relative change up to this counts as none.
_NO_CHANGE_PERCENT: Final = 0.5
#: A share of everybody's market access that changes by up to this much, per cent, stays.
_SAME_SHARE_PERCENT: Final = 0.1
#: So many minutes more or less are none.
_SAME_MINUTES: Final = 10.0
#: Ways by which one goes today; with corridors it's these and "after".
_TODAYS_WAYS: Final = ("road", "free", "rail")
#: Columns of the table of links between cities that are drawn, and how many are at most, across provinces and within.
_LINKS: Final = (
    "a_name", "a_province", "b_name", "b_province", "across", "minutes", "share", "breaking_min",
)  # fmt: skip
_MOST_LINKS: Final = 20
#: Classes on either side of "stays".
_N_SIDES: Final = 3
#: Which of the three circles a county lies outside of, by class; the order is that of `style.MISSED_COLOURS`.
MISSED: Final = ((), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3))
#: Palma's two fifths at the poor end, and where the tenth at the other begins.
_POOR_SHARE: Final = 0.4
_RICH_SHARE: Final = 0.9


@dataclass(frozen=True)
class Measure:
    """One figure of border counties, today and with corridors, and its classes.

    Attributes
    ----------
    key : MeasureKey
    base, scenario, change : mapping of int to float
        By adcode; a county without a figure is missing. The change of "potential" is in per cent; classes that have names
        have no change. "access" has a change alone: of each county's share in the market access of all, per cent.
    levels, changes : Classes
        Of `base` and `scenario` alike, and of `change`.
    unit, change_unit : str
        Words of `wording.WORDS`; empty for none.
    names : tuple of str
        Of classes that have names: words of `wording.WORDS`.
    theta : float
        The elasticity that "access" is computed with.
    """

    key: MeasureKey
    base: Mapping[int, float]
    scenario: Mapping[int, float]
    change: Mapping[int, float]
    levels: Classes
    changes: Classes
    unit: str = ""
    change_unit: str = ""
    names: tuple[str, ...] = ()
    theta: float = math.nan

    @property
    def id(self) -> str:
        """What it is called where there may be several of its key."""
        return self.key if math.isnan(self.theta) else f"{self.key}-{self.theta:g}"

    def title(self, language: Language, minutes: float) -> str:
        """Return what it is, of a circle of so many minutes."""
        return WORDS[language][f"measure_{self.key}"].format(minutes=f"{minutes:g}", theta=f"{self.theta:g}")

    def labels(self, language: Language, *, change: bool = False) -> tuple[str, ...]:
        """Return one label per class, without the unit."""
        if self.key == "yardsticks":
            return tuple(_missed(hours, WORDS[language]) for hours in MISSED)
        if self.names:
            return tuple(WORDS[language][name] for name in self.names)
        classes, unit = (self.changes, self.change_unit) if change else (self.levels, self.unit)
        if classes.breaks and classes.breaks[0] < 0:
            return _signed_labels(classes.breaks, WORDS[language]["range"])
        divisor = _DIVISORS.get(unit, {}).get(language, 1.0)
        return style.class_labels(tuple(value / divisor for value in classes.breaks))


def answers_of(results: object) -> dict[str, pd.DataFrame]:
    """Return the tables that answer a study's questions, those that are empty left out.

    Raises
    ------
    InputTypeError, MissingColumnError
    """
    found = {}
    for name, columns in ANSWER_COLUMNS.items():
        table = getattr(results, name, None)
        if table is None or len(table) == 0:
            continue
        if missing := [column for column in columns if column not in table.columns]:
            raise MissingColumnError(f"'results.{name}' lacks the column(s) {', '.join(map(repr, missing))}")
        found[name] = table
    return found


def measures(
    indicators: pd.DataFrame, answers: Mapping[str, pd.DataFrame] | None = None
) -> tuple[Measure, ...]:
    """Return the measures that a table of indicators, and the answers to a study's questions, have figures of.

    Parameters
    ----------
    indicators : DataFrame
        Columns of `INDICATOR_COLUMNS`, one row per county.
    answers : mapping of str to DataFrame, optional
        As `answers_of` gives them.
    """
    tables = answers or {}
    none = Classes((), (style.NO_VALUE_COLOUR,))
    found: list[Measure] = []
    if len(indicators):
        by_code = indicators.set_index(indicators["adcode"].astype("int64"))
        reached, after = (_figures(by_code[name]) for name in _COLUMNS["reached"])
        gain = {code: after[code] - value for code, value in reached.items() if code in after}
        now, then, grown = (_figures(by_code[name]) for name in _COLUMNS["potential"])
        percent = {code: 100 * value for code, value in grown.items()}
        numbers = {name: float(i) for i, name in enumerate(TYPES)}
        kind, later = (_figures(by_code[name].map(numbers)) for name in _COLUMNS["type"])
        found += [
            Measure("reached", reached, after, gain, _levels(reached, after), _changes(gain, 0.0),
                    "unit_people", "unit_people"),
            Measure("potential", now, then, percent, _levels(now, then), _changes(percent, _NO_CHANGE_PERCENT),
                    "unit_potential", "unit_percent"),
            Measure("type", kind, later, {}, _named(style.TYPE_COLOURS), none,
                    names=tuple(f"type_{name}" for name in TYPES)),
        ]  # fmt: skip
        if "equity" in tables:
            found += _ends(by_code, tables["equity"], none)
    if "access_changes" in tables:
        table = tables["access_changes"]
        if len(indicators):  # those that are drawn
            table = table[table["adcode"].isin(indicators["adcode"])]
        for theta, some in table.groupby("theta", sort=True):
            share = _figures(some.set_index("adcode")["relative_pct"])
            found.append(
                Measure(
                    "access", {}, {}, share, none, _both_ways(share, none=_SAME_SHARE_PERCENT),
                    change_unit="unit_percent", theta=float(str(theta)),
                )
            )  # fmt: skip
    if "yardsticks" in tables:
        each = {
            str(name): some.set_index("adcode") for name, some in tables["yardsticks"].groupby("scenario")
        }
        sides = [_circles_missed(each[name]) if name in each else {} for name in ("base", "all")]
        nearer = [_nearer(each[name]) if name in each else {} for name in ("base", "all")]
        then = nearer[1] or nearer[0]
        bounds = _both_ways(nearer[0], then, none=_SAME_MINUTES)
        found += [
            Measure("yardsticks", sides[0], sides[1] or sides[0], {}, _named(style.MISSED_COLOURS), none),
            Measure("nearer", nearer[0], then, {}, bounds, none, "unit_min"),
        ]
    if "way_costs" in tables:
        found += _costs(tables["way_costs"], indicators["adcode"], none)
    return tuple(found)


def _figures(column: pd.Series) -> dict[int, float]:
    return {int(str(code)): float(value) for code, value in column.items() if math.isfinite(float(value))}


def _named(colours: Sequence[str]) -> Classes:
    """Return classes that are numbered from 0."""
    return Classes(tuple(i + 0.5 for i in range(len(colours) - 1)), tuple(colours))


def _circles_missed(table: pd.DataFrame) -> dict[int, float]:
    """Return the place in `MISSED` of the circles that each county lies outside of."""
    inside = table[["within_1h", "within_2h", "within_3h"]].to_numpy(dtype=bool)
    return {
        int(str(code)): float(
            MISSED.index(tuple(hour for hour, is_in in enumerate(row, start=1) if not is_in))
        )
        for code, row in zip(table.index, inside, strict=True)
    }


def _nearer(table: pd.DataFrame) -> dict[int, float]:
    """Return how many minutes less each county takes to the nearest city of another province than to its own."""
    return _figures((table["own_city_min"] - table["across_city_min"]).round())


def _costs(table: pd.DataFrame, codes: pd.Series[int], none: Classes) -> list[Measure]:
    """Return the least generalised cost of each county's ways to the centre that is nearest by road, in whole yuan."""
    own = table[table["from_id"].isin(codes.astype(str))]
    cost = own.assign(code=own["from_id"].astype("int64"), yuan=own["generalised_yuan"].round())
    now = _figures(cost[cost["option"].isin(_TODAYS_WAYS)].groupby("code")["yuan"].min())
    then = _figures(cost.groupby("code")["yuan"].min())
    breaks = short_breaks(np.array([*now.values(), *then.values()]), n_classes=_N_CLASSES)
    levels = Classes(breaks, sampled(style.MINUTE_COLOURS, len(breaks) + 1))
    return [Measure("cost", now, then, {}, levels, none, "unit_yuan")] if now else []


def city_lines(results: object) -> gpd.GeoDataFrame:
    """Return the strongest links of today between cities as straight lines, the strongest first; none where a study has none.

    Columns of the table ``city_links``; cities are looked up by name and province in the study's own boundaries.
    """
    table = getattr(results, "city_links", None)
    source = str(getattr(getattr(results, "study", None), "boundary_source", ""))
    if table is None or len(table) == 0 or source not in SOURCES:
        return gpd.GeoDataFrame(columns=[*_LINKS, "geometry"], geometry="geometry", crs=WGS84)
    today = table[table["scenario"] == "base"]
    kept = pd.concat([today[today["across"]].head(_MOST_LINKS), today[~today["across"]].head(_MOST_LINKS)])
    places = cities(source)
    at = {
        (row.name, row.province): (row.lon, row.lat)
        for row in places[["name", "province", "lon", "lat"]].itertuples(index=False)
    }
    ends = [
        [at.get((row.a_name, row.a_province)), at.get((row.b_name, row.b_province))]
        for row in kept.itertuples()
    ]
    known = [None not in pair for pair in ends]
    lines = [shapely.LineString(pair) for pair, is_known in zip(ends, known, strict=True) if is_known]
    found = kept.loc[known, list(_LINKS)].assign(geometry=lines)
    return gpd.GeoDataFrame(found, geometry="geometry", crs=WGS84).reset_index(drop=True)


def _signed_labels(breaks: Sequence[float], between: str) -> tuple[str, ...]:
    """Return labels of classes on both sides of zero, with signs.

    Examples
    --------
    >>> _signed_labels((-2.0, -0.1, 0.1, 2.0), "{low} to {high}")
    ('≤ −2', '−2 to −0.1', '−0.1 to +0.1', '+0.1 to +2', '> +2')
    """
    said = [f"{value:+g}".replace("-", "−") for value in breaks]
    return (
        f"≤ {said[0]}",
        *(between.format(low=low, high=high) for low, high in pairwise(said)),
        f"> {said[-1]}",
    )


def _missed(hours: tuple[int, ...], words: Mapping[str, str]) -> str:
    if not hours:
        return words["missed_none"]
    return words["missed"].format(hours=words["missed_and"].join(map(str, hours)))


def _ends(by_code: pd.DataFrame, equity: pd.DataFrame, none: Classes) -> list[Measure]:
    """Return at which end of people in reach each county stands: below the poverty line, in Palma's fifths and tenth, between."""
    lines = equity.loc[equity["measure"] == "poverty_line", "value"]
    line = float(lines.iloc[0]) if len(lines) else math.nan
    people = by_code["people"].to_numpy(dtype=float)
    sides = [
        _figures(pd.Series(ends_of(by_code[name].to_numpy(dtype=float), people, line), by_code.index))
        for name in _COLUMNS["reached"]
    ]
    names = ("equity_below", "equity_poor", "equity_middle", "equity_rich")
    return [Measure("equity", sides[0], sides[1], {}, _named(style.EQUITY_COLOURS), none, names=names)]


def ends_of(reached: NDArray[np.float64], people: NDArray[np.float64], line: float) -> NDArray[np.float64]:
    """Return 0 for who reaches less than a line, 1 for others among the poorest two fifths, 3 for the tenth that reaches most, 2 between.

    A county stands where the middle one of its people does; without people or a figure it stands nowhere (NaN).

    Examples
    --------
    >>> ends_of(np.array([5.0, 20, 30, 90]), np.array([30.0, 10, 50, 10]), 10).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    known = np.isfinite(reached) & (people > 0)
    found = np.full(len(reached), np.nan)
    value, weight = reached[known], people[known]
    if weight.sum() <= 0:
        return found
    step = np.unique(value, return_inverse=True)[1].reshape(-1)  # those who reach the same stand together
    of_step = np.bincount(step, weight)
    middle = ((np.cumsum(of_step) - of_step / 2) / of_step.sum())[step]
    found[known] = np.select(
        [value < line, middle < _POOR_SHARE, middle < _RICH_SHARE], [0.0, 1.0, 2.0], default=3.0
    )
    return found


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


def _both_ways(*figures: Mapping[int, float], none: float) -> Classes:
    """Return classes of what goes either way: the same bounds on both sides of a middle that counts as none."""
    sizes = np.array([abs(value) for each in figures for value in each.values() if abs(value) > none])
    up = (none, *(value for value in short_breaks(sizes, n_classes=_N_SIDES) if value > none))
    middle = len(style.CHANGE_COLOURS) // 2
    less = sampled(style.CHANGE_COLOURS[:middle], len(up)) if len(up) > 1 else style.CHANGE_COLOURS[:1]
    more = sampled(style.CHANGE_COLOURS[middle + 1 :], len(up)) if len(up) > 1 else style.CHANGE_COLOURS[-1:]
    breaks = (*(-value for value in reversed(up)), *up)
    return Classes(breaks, (*less, style.CHANGE_COLOURS[middle], *more))


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
    found: Sequence[Measure], key: MeasureKey, colour_by: str, language: Language, minutes: float
) -> Shades:
    """Return what border counties are filled with by a measure, or its change; of several elasticities, the least one's."""
    words = WORDS[language]
    measure = next((each for each in found if each.key == key), None)
    kind = {"base": "base", "after": "scenario", "gain": "change"}[colour_by]
    figures: Mapping[int, float] = {} if measure is None else getattr(measure, kind)
    lacks = (key == "access") != (colour_by == "gain") and not figures
    if measure is None or (lacks and (measure.change or colour_by == "gain")):
        why = "the study's table of indicators is empty"
        if measure is not None:
            why = (
                "it is a change, which 'gain' shows"
                if key == "access"
                else "a type doesn't change by an amount"
            )
        elif any(each.key == "reached" for each in found):
            why = "the study doesn't ask for it; see 'questions' in its file"
        raise InputError(f"'measure' {key!r} has no {colour_by} here: {why}")
    gain = colour_by == "gain"
    classes, unit = (measure.changes, measure.change_unit) if gain else (measure.levels, measure.unit)
    return Shades(
        title=words[f"figure_{colour_by}"].format(
            figure=measure.title(language, minutes), scenario=words["after"]
        ),
        classes=classes,
        labels=tuple(
            f"{label} {words[unit]}" if unit else label for label in measure.labels(language, change=gain)
        ),
        class_of={code: style.class_of(value, classes.breaks) for code, value in figures.items()},
    )
