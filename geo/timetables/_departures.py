"""Windows of departures, and what is told of the departures in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from ..errors import InputError, InputTypeError

_DAY_S: Final = 24 * 3600


class Window(NamedTuple):
    """Moments of setting out: the first, and where they end, seconds after midnight."""

    first_s: int
    end_s: int


def require_window(window: object, argument: str = "window") -> Window:
    """Return a window of departures in seconds.

    Raises
    ------
    InputError, InputTypeError
    """
    if isinstance(window, str) or not isinstance(window, Sequence) or len(window) != 2:
        raise InputTypeError(f"'{argument}' should be two times such as ('07:00', '19:00'), got {window!r}")
    ends = []
    for said in window:
        parts = re.fullmatch(r"\s*(\d{1,2}):([0-5]\d)\s*", said) if isinstance(said, str) else None
        if parts is None:
            raise InputError(f"'{argument}' should be two times such as ('07:00', '19:00'), got {said!r}")
        ends.append(int(parts[1]) * 3600 + int(parts[2]) * 60)
    if not 0 <= ends[0] < ends[1] <= ends[0] + _DAY_S or ends[0] >= _DAY_S:
        raise InputError(
            f"'{argument}' should begin before 24:00 and end after it begins, at most a day later, got {tuple(window)!r}"
        )
    return Window(*ends)


def window_text(window: Window) -> tuple[str, str]:
    """Return a window as `require_window` takes it."""
    first, end = (f"{seconds // 3600:02}:{seconds // 60 % 60:02}" for seconds in window)
    return first, end


def require_statistic(statistic: object, argument: str = "statistic") -> str:
    """Return a statistic of departures by the name that results have it under; "median" is "p50".

    Raises
    ------
    InputError
    """
    if isinstance(statistic, str):
        if statistic == "median":
            return "p50"
        if statistic in ("fastest", "mean", "planned"):
            return statistic
        found = re.fullmatch(r"p(\d{1,3}(?:\.\d+)?)", statistic)
        if found is not None and float(found[1]) <= 100:
            return f"p{float(found[1]):g}"
    raise InputError(
        f"'{argument}' should be 'median', another percentile such as 'p90', 'mean', 'fastest' or 'planned', got "
        f"{statistic!r}"
    )
