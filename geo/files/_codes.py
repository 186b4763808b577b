"""Codes of administrative units as files hold them: one rule for all readers."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

#: Tianditu's prefix for China before a six-digit code.
_COUNTRY: Final = re.compile(r"156(\d{6})$")
#: The statistical offices' twelve digits: a county is followed by six zeros, a township by three.
_STATISTICAL: Final = re.compile(r"(\d{6})000000$")
_WHOLE: Final = re.compile(r"'?(\d+)(?:\.0*)?$")
_EXPONENT: Final = re.compile(r"\d(?:\.\d+)?[eE]\+?\d+$")
#: A county's code has so many digits, with nothing to take off.
_PLAIN: Final = 6
#: Longer numbers than this aren't codes, and don't fit 64 bits.
_LONGEST: Final = 18


def code_text(value: Any) -> str:
    """Return a code as text without what spreadsheets, country and statistics add; "" where there is none.

    Examples
    --------
    >>> [code_text(v) for v in (360302, "360302.0", "156360302", 360302000000, "'04015", "AT111", None)]
    ['360302', '360302', '360302', '360302', '04015', 'AT111', '']
    """
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return ""
    text = str(value).strip()
    if len(text) == _PLAIN and text.isdecimal():
        return text
    if _EXPONENT.fullmatch(text):
        number = float(text)
        text = str(int(number)) if number.is_integer() else text
    whole = _WHOLE.fullmatch(text)
    if not whole:
        return text
    digits = whole[1]
    for rule in (_COUNTRY, _STATISTICAL):
        found = rule.fullmatch(digits)
        if found:
            return found[1]
    return digits


def code_numbers(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return codes as numbers, missing where one isn't a whole number above zero.

    Parameters
    ----------
    values : pandas.Series
        Six digits; nine with Tianditu's 156 before them; twelve with six zeros after them; as numbers, as text,
        or as what a spreadsheet makes of either.

    Returns
    -------
    pandas.Series of Int64
        The same index.
    """
    texts = values.map(code_text)
    good = texts.str.fullmatch(r"\d+").to_numpy(dtype=bool) & (texts.str.len() <= _LONGEST).to_numpy(
        dtype=bool
    )
    numbers = pd.Series(pd.NA, index=values.index, dtype="Int64")
    numbers[good] = texts[good].map(int).astype("Int64")
    return numbers.where(numbers > 0)


def province_of(code: int) -> int:
    """Return the six-digit code of the province that a unit's code begins with.

    Examples
    --------
    >>> province_of(360302), province_of(360302001)
    (360000, 360000)
    """
    digits = str(code)
    return int(digits[:2]) * 10_000 if len(digits) in (6, 9, 12) else code // 10_000 * 10_000
