"""What the tables of a study's results hold for the numbers of its report.

A number is looked for among the values of its kind that the tables hold of the place that the sentence or row is about,
or among what is counted, added up and averaged a second time, without anything that the report uses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from borderreach.geo.networks import TRUNK_YEARS

from .derived import Said, derived
from .numbers import Number

#: Columns that count other things than counties.
_COUNTED: Final = {"n_crossings": "spots", "n_pairs": "pairs", "n_matched": "pairs"}
#: Tables that aren't of places or pairs of them: circles and people in them, by scenario, cutoff and year.
_OF_ALL: Final = ("circles", "circle_people", "gains", "road_circles", "road_circle_people", "year_circles")


def kind_of(column: str) -> tuple[str, float]:
    """What the numbers of a column count, by its name, and what brings them to one."""
    for end, kind in {"_km2": "km2", "_km": "km", "_min": "min", "_kph": "km", "_m": "m"}.items():
        if column.endswith(end):
            return kind, 1.0
    if column.endswith("_pct"):
        return "share", 0.01
    if column == "minutes":
        return "min", 1.0
    if "potential" in column and "change" not in column:
        return "potential", 1.0
    if "people" in column:
        return "people", 1.0
    if any(word in column for word in ("share", "chance", "cohesion", "efficiency", "change", "ratio")):
        return "share", 1.0
    if column == "year":
        return "year", 1.0
    if column in _COUNTED:
        return _COUNTED[column], 1.0
    return ("count", 1.0) if column.startswith("n_") or "counties" in column else ("", 1.0)


class Values:
    """What the tables of a study's results hold of each place, and what comes of all of them, by kind."""

    def __init__(self, results: Any) -> None:
        self._results = results
        self._of: dict[tuple[str, str], list[float]] = {}
        self._all: dict[str, list[float]] = {}
        self._said: dict[str, list[tuple[float, str]]] = {}
        self._stated = stated(results)
        for name, frame in results.tables():
            self._read(name, pd.DataFrame(frame))
        for kind, value, *names in derived(results):
            if np.isfinite(value):
                for name in names:
                    if isinstance(name, Said):
                        self._said.setdefault(kind, []).append((float(value), name.words))
                    else:
                        self._of.setdefault((kind, str(name)), []).append(float(value))
                if not names:
                    self._all.setdefault(kind, []).append(float(value))

    def _read(self, name: str, table: pd.DataFrame) -> None:
        numeric = [c for c in table if pd.api.types.is_numeric_dtype(table[c]) and table[c].dtype != bool]
        numeric = [c for c in numeric if kind_of(str(c))[0]]
        values = {c: table[c].to_numpy(dtype=float) * kind_of(str(c))[1] for c in numeric}
        if name in _OF_ALL:
            for column, cells in values.items():
                self._all.setdefault(kind_of(str(column))[0], []).extend(cells[np.isfinite(cells)])
        for names in self._names(table):
            for label, rows in pd.Series(np.arange(len(table))).groupby(
                np.asarray(names, dtype=object), sort=False
            ):
                for column, cells in values.items():
                    own = cells[rows.to_numpy()]
                    self._of.setdefault((kind_of(str(column))[0], str(label)), []).extend(
                        own[np.isfinite(own)]
                    )

    def _names(self, table: pd.DataFrame) -> Iterator[list[str]]:
        """The names by which rows of a table are told: places, and pairs of them in either direction."""
        for column in ("name", "county", "origin_name", "group_name", "centre_name", "area"):
            # A table of counties and centres is of the counties.
            if column in table and not (column == "centre_name" and "name" in table):
                yield table[column].astype(str).tolist()
        for a, b in (
            ("province_a", "province_b"),
            ("from_name", "to_name"),
            ("a_name", "b_name"),
            ("county", "beyond_county"),
            ("name", "centre_name"),
        ):
            if a in table and b in table:
                for one, other in ((a, b), (b, a)):
                    yield [
                        f"{x}+{y}"
                        for x, y in zip(table[one].astype(str), table[other].astype(str), strict=True)
                    ]

    @cached_property
    def _names_known(self) -> re.Pattern[str]:
        names = {name for _, label in self._of for name in label.split("+") if len(name) > 1}
        return re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))

    def _labels(self, number: Number) -> list[str]:
        """The labels of places that a number may be about: of a row its first, in a sentence the last two before it."""
        found = [one[0] for one in self._names_known.finditer(number.before)]
        if number.of_row:
            if re.match(r"[\d,.]+ \| [\d,.]+ \|", number.before):
                return []  # a row of a year, which names who came into the circle
            return [*(f"{a}+{b}" for a, b in pairwise(found)), *found[:1]]
        named = []
        for name in found:
            # A crossing is named by the two counties that it joins, as the pair of a missing line is.
            ends = name.split("—")
            joined = len(ends) == 2 and all(map(self._names_known.fullmatch, ends))
            named += [*ends, name] if joined else [name]
        near = list(dict.fromkeys(reversed(named)))[:4]
        return [*(f"{a}+{b}" for a, b in combinations(near, 2)), *near, *self._nearest(number)]

    def _nearest(self, number: Number) -> list[str]:
        """The last place before a number, the one before a bracket with its province, and whom a list is of: before a colon."""
        found = list(self._names_known.finditer(number.before))
        heads = [one for one in found if number.before[one.end() :].startswith("：")]
        within = [
            before
            for before, one in pairwise(found[-2:])
            if number.before[before.end() : one.start()] == "（"
        ]
        return [one[0] for one in (*found[-1:], *within, *heads[-1:])]

    def _of_places(self, number: Number, kind: str) -> list[float]:
        """The values of a kind of the pairs and the last place named before a number, and without pairs of all places named."""
        labels = self._labels(number)
        of_two = [label for label in labels if "+" in label or "—" in label]
        if not number.of_row and any((kind, label) in self._of for label in of_two):
            labels = [*of_two, *self._nearest(number)]
        return [value for label in labels for value in self._of.get((kind, label), ())]

    def has(self, number: Number) -> bool:
        """Whether a number is one of them, rounded as it is printed, or a constant that the report states."""
        text = number.text.lstrip("+").replace(",", "")
        if any(
            (kind, value) == (number.kind, text) and re.search(words, number.where)
            for kind, value, words in self._stated
        ):
            return True
        kinds = [number.kind] if number.kind else sorted({kind for kind, _ in self._of} | set(self._all))
        found = [value for kind in kinds for value in self._of_places(number, kind)]
        if not number.of_row or not found:
            found += [value for kind in kinds for value in self._all.get(kind, ())]
        found += [
            value
            for kind in kinds
            for value, words in self._said.get(kind, ())
            if re.search(words, number.told)
        ]
        values = np.abs(np.array(found, dtype=float)) / number.scale
        return bool((np.abs(values - abs(number.value)) <= 0.5 * 10.0**-number.digits * (1 + 1e-9)).any())


def stated(results: Any) -> set[tuple[str, str, str]]:
    """What a report states and nothing computes, each with what stands around it: what is asked for, and bounds of methods."""
    study = results.study
    cutoffs = {f"{value:g}" for value in (*study.circle_cutoffs_min, study.zone_min, study.circle_min)}
    found = {("min", text, "分钟圈|分钟以?内|^分钟: |不超过|两个方向") for text in cutoffs}
    # The census; past years that the study asks for.
    found |= {(kind, "2020", "普查|2020") for kind in ("year", "")}
    found |= {("year", str(year), "") for year in study.years}
    # Bounds of the methods: DG REGIO's 90 minutes and 120 km, pairs of counties from 20 to 150 km, intervals of 95 %,
    # chances from 5 to 95 %, types of counties (60, 180, 300 minutes, 15 % more), what is worth telling (10 minutes),
    # directions that are told as one (1 minute), errors up to 120 and from 240 minutes, efficiency above 100 %.
    for text, words in {
        "90": "", "60": "核心|每远|不超过", "180": "核心", "300": "核心", "10": "10 分钟以上|不到 10 分钟",
        "1": "不到 1 分钟|多用 1 分钟以上",
        "120": "分钟以内|120 分钟", "240": "240 分钟以上",
    }.items():  # fmt: skip
        found.add(("min", text, words))
    found |= {("km", text, "") for text in ("120", "20", "150")}
    found |= {("share", "95", "区间|之间"), ("share", "5", "概率在"), ("share", "15", "行程多 15%")}
    found |= {
        ("", "0", "0 (为|表示)|（0 "),
        ("", "100", "可超过"),
        ("min", "0", "0 表示"),
        ("", "1", "可差 1|^名次|^: "),
    }
    # What the sections of questions rest on: trips between counties within 150 km of a border that halve every hour, lines of
    # 1.3 times the straight one at 80 km/h between towns within 80 km of it and 10 to 80 km apart, whose detours are 1.5 times
    # those within; the years of the national outlines and of the literature.
    found |= {("km", "10", "相距"), ("km", "80", "省界两侧|时速按"), ("", "10", "相距")}
    found |= {("", "1.3", "按直线的"), ("", "1.5", "同距县对"), ("", "123", "123 ?(出行)?交通圈")}
    found |= {("", text, "Faber|Hornbeck|Baum-Snow") for text in ("2016", "2014", "2020")} | {
        ("year", "2019", "（2019")
    }
    # As of when the embedded roads are: OpenStreetMap of April 2024, expressways of the latest year.
    found |= {("year", "2024", "OpenStreetMap"), ("year", str(TRUNK_YEARS[1]), "")}
    # So many rows a table has at most, where its note says how many there are.
    return found | {
        (kind, text, "(最[^，；。]{1,3}的各?|列出前) \\d")
        for kind in ("count", "borders")
        for text in ("5", "6", "8", "15")
    }
