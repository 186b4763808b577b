"""Pieces of Markdown and of wording that the parts of a report share."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import pandas as pd
from pydantic import BaseModel

from ..analysis.studies import StudyResults
from ..geo.text import one_line

#: Characters that Markdown takes for markup wherever they stand; an underscore only at the edge of a word.
_MARKUP: Final = re.compile(r"[\\`*\[\]~$#]|(?<![^\W_])_|_(?![^\W_])")
#: What only begins a list, a quotation or a line under a heading.
_AT_START: Final = re.compile(r"([-+](?=[\s-]|$)|[>=]|\d+(?=[.)](\s|$)))")
#: What programs that publish Markdown take for a template, before anything else.
_TEMPLATE_SIGN: Final = re.compile(r"\{(?=[{%#])")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")


def plain(text: str) -> str:
    r"""Return a text as Markdown that shows it as it stands, on one line.

    Bars are left to `table`, which alone gives them a meaning.

    Examples
    --------
    >>> print(plain("[a](javascript:b) <b>*c*</b>"), plain("snake_case _d_"), plain("# 1\n2"))
    \[a\](javascript:b) &lt;b>\*c\*&lt;/b> snake_case \_d\_ \# 1 2
    """
    line = _MARKUP.sub(r"\\\g<0>", _ENTITY.sub("&amp;", one_line(text)))
    begun = _AT_START.match(line)
    if begun:  # the sign itself, or that which follows a number
        at = begun.end() if begun[0].isdigit() else 0
        line = f"{line[:at]}\\{line[at:]}"
    return without_html(_TEMPLATE_SIGN.sub("&#123;", line))


def with_plain_texts(results: StudyResults) -> StudyResults:
    """Return results in which every text is Markdown that shows it as it stands.

    Whatever a report quotes of them, in whatever place, is then text. Identifiers and the names of
    scenarios, modes and verdicts have nothing to be escaped, and stay what they are.
    """
    return replace(results, **{each.name: _plain(getattr(results, each.name)) for each in fields(results)})


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, pd.DataFrame):
        return _plain_table(value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={name: _plain(each) for name, each in value})
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_plain(each) for each in value)
    return value


def _plain_table(table: pd.DataFrame) -> pd.DataFrame:
    found = table.copy(deep=False)
    for name in table.columns:
        if pd.api.types.is_object_dtype(table[name]) or pd.api.types.is_string_dtype(table[name]):
            known = {each: plain(each) for each in table[name].unique() if isinstance(each, str)}
            if any(text != each for each, text in known.items()):
                found[name] = table[name].map(lambda each, known=known: known.get(each, each))
    return found


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
