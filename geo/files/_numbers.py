"""Numbers and degrees as people write them in tables."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, Final

_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
_DMS: Final = re.compile(
    r"""(?P<before>[EWNS东西南北])?[经纬]?\s*(?P<sign>[+-])?
    (?P<d>\d+(?:\.\d+)?)\s*[°º度]\s*
    (?:(?P<m>\d+(?:\.\d+)?)\s*['′’分]\s*)?
    (?:(?P<s>\d+(?:\.\d+)?)\s*(?:["″”秒]|''|′′)\s*)?
    (?P<after>[EWNS])?""",
    re.VERBOSE | re.IGNORECASE,
)
#: A decimal with its side of the world beside it, E113.85 or 27.62N.
_SIDED: Final = re.compile(
    r"(?P<before>[EWNS东西南北])?[经纬]?\s*(?P<d>\d+(?:\.\d+)?)\s*[°º度]?\s*(?P<after>[EWNS])?", re.IGNORECASE
)
_NEGATIVE: Final = frozenset({"W", "S", "西", "南"})
_MOST: Final = 60


def to_number(value: Any) -> float:
    """Return a value of a table as a number, NaN where it is none.

    Examples
    --------
    >>> to_number("1,234.5"), to_number("５２０"), to_number("—")
    (1234.5, 520.0, nan)
    """
    if isinstance(value, bool) or value is None:
        return math.nan
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip().replace("−", "-")
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        value = "nan" if "_" in text else text  # Python reads 1_000, tables don't mean it
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def to_degrees(value: Any) -> float:
    r"""Return a longitude or latitude in degrees, NaN where it is none.

    Parameters
    ----------
    value : object
        A number, or text such as ``"113.85"``, ``"113°51′0″"``, ``"东经113度51分"``, ``"27°37.2'N"``.

    Examples
    --------
    >>> [to_degrees(v) for v in ("113.85", "113°51′0″", "27°37'12\"S", "北纬27度37分12秒", "27°71'", "E113.85")]
    [113.85, 113.85, -27.62, 27.62, nan, 113.85]
    """
    number = to_number(value)
    if not math.isnan(number) or not isinstance(value, str):
        return number
    # Not NFKC: it makes ′ and ″ into other marks.
    text = value.strip()
    sided = _SIDED.fullmatch(text)
    if sided is not None:
        side = (sided["before"] or sided["after"] or "").upper()
        return -float(sided["d"]) if side in _NEGATIVE else float(sided["d"])
    found = _DMS.fullmatch(text)
    if found is None:
        return math.nan
    minutes, seconds = float(found["m"] or 0), float(found["s"] or 0)
    if minutes >= _MOST or seconds >= _MOST:
        return math.nan
    degrees = float(found["d"]) + minutes / 60 + seconds / 3600
    side = (found["before"] or found["after"] or "").upper()
    return -degrees if found["sign"] == "-" or side in _NEGATIVE else degrees
