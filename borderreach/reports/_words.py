"""Wording that the parts of a report share: minutes, hours, changes, lists of names; and texts made fit for a line."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pandas as pd
from pydantic import BaseModel

from ..analysis.studies import StudyResults
from ..geo.text import one_line


def with_lines(results: StudyResults) -> StudyResults:
    """Return results in which every text is one line, whose changes of direction end with it.

    Whatever a report quotes of them then moves nothing that stands after it; what a format takes for markup is the
    business of who writes it.
    """
    return replace(results, **{each.name: _lines(getattr(results, each.name)) for each in fields(results)})


def _lines(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, pd.DataFrame):
        return _table_of_lines(value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: _lines(each) for name, each in value})
    if isinstance(value, Mapping):
        return {key: _lines(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_lines(each) for each in value)
    return value


def _table_of_lines(table: pd.DataFrame) -> pd.DataFrame:
    found = table.copy(deep=False)
    for name in table.columns:
        if pd.api.types.is_object_dtype(table[name]) or pd.api.types.is_string_dtype(table[name]):
            known = {each: one_line(each) for each in table[name].unique() if isinstance(each, str)}
            if any(text != each for each, text in known.items()):
                found[name] = table[name].map(lambda each, known=known: known.get(each, each))
    return found


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a table as named tuples, whose fields pandas doesn't type."""
    yield from frame.itertuples()


def seat_zh(results: StudyResults) -> str:
    """Name the point that stands for a unit: its seat of government where that is known, else the point that it is given."""
    seats = (results.counties["point_source"] == "seat").any()
    return "政府驻地" if seats or len(results.counties) == 0 else "所在点"


def hours(minutes: float) -> str:
    """Return minutes as Chinese hours where they are whole."""
    if minutes % 60 == 0:
        whole = int(minutes // 60)
        return f"{ {1: '一', 2: '两', 3: '三', 4: '四', 5: '五'}.get(whole, whole) }小时"
    return f"{minutes:g} 分钟"


def minutes(value: float, *, with_sign: bool = False) -> str:
    """Return minutes without decimals; in words where there is no way."""
    if not math.isfinite(value):
        return "不可达"
    return change(value) if with_sign else f"{value:.0f}"


def change(value: float) -> str:
    """Return a change of minutes with its sign: whole minutes, tenths only where it is below ten.

    Examples
    --------
    >>> change(-115.8), change(-9.5), change(0.04)
    ('−116', '−9.5', '0')
    """
    return signed(value, digits=0 if abs(value) >= 10 else 1)


def signed(value: float, *, digits: int = 0) -> str:
    """Return a number with its sign; 0 without one."""
    rounded = round(value, digits)
    if rounded == 0:
        return "0"
    return f"{rounded:+,.{digits}f}".replace("-", "−")


def four_digits(value: float) -> str:
    """Return a value to four digits, and never as a power of ten.

    Examples
    --------
    >>> four_digits(279.0), four_digits(12911.3), four_digits(0.0356), four_digits(0.0)
    ('279.0', '12,911', '0.03560', '0')
    """
    places = 0 if value == 0 else max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{places}f}"


def km(value: float) -> str:
    """Return kilometres without decimals."""
    return f"{value:,.0f}"


def km_range(low: float, high: float) -> str:
    """Return a range of kilometres, or one number where both round to it."""
    return km(low) if km(low) == km(high) else f"{km(low)}–{km(high)}"


def join(names: Iterable[Any]) -> str:
    """Return names joined as in Chinese."""
    return "、".join(str(name) for name in names)


def and_(names: Iterable[Any]) -> str:
    """Return names joined as in English."""
    listed = [str(name) for name in names]
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
