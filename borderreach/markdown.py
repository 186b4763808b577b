"""Pieces of Markdown and of wording that the parts of a report share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a table as named tuples, whose fields pandas doesn't type."""
    yield from frame.itertuples()


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> list[str]:
    """Return a Markdown table: header, rule and rows; columns in `right` are set flush right."""
    numeric = set(right)
    rule = ["---:" if column in numeric else "---" for column in range(len(header))]
    cells = [header, rule, *rows]
    return ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells]


def without_html(text: str) -> str:
    """Return a text in which nothing is HTML, so that a name with markup in it is shown as it stands.

    Examples
    --------
    >>> without_html("<b>綦江</b>")
    '&lt;b>綦江&lt;/b>'
    """
    return text.replace("<", "&lt;")


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


def km(value: float) -> str:
    """Return kilometres without decimals."""
    return f"{value:,.0f}"


def join(names: Iterable[Any]) -> str:
    """Return names joined as in Chinese."""
    return "、".join(str(name) for name in names)


def and_(names: Iterable[Any]) -> str:
    """Return names joined as in English."""
    listed = [str(name) for name in names]
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} and {listed[-1]}"
