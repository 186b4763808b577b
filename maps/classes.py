"""Classes of minutes and of minutes saved, the same on the map and in the figure."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap, to_hex
from numpy.typing import NDArray

from ..geo.checks import require_choice, require_number
from ..geo.errors import InputError, InputTypeError, MissingDependencyError
from . import style

#: How classes are asked for: nothing (the package's own), a scheme of mapclassify, or upper bounds.
ClassChoice: TypeAlias = str | Sequence[float] | None

#: Names that `minute_classes` and `gain_classes` take, and the class of mapclassify that each stands for.
SCHEMES: Final = {
    "quantiles": "Quantiles",
    "natural_breaks": "FisherJenks",
    "equal_interval": "EqualInterval",
    "pretty_breaks": "PrettyBreaks",
    "head_tail": "HeadTailBreaks",
}
#: A change up to this many minutes counts as none, whatever the scheme.
NO_CHANGE_MIN: Final = style.GAIN_BREAKS[0]


@dataclass(frozen=True)
class Classes:
    """Upper bounds of classes, the last class open, and one colour for each.

    Attributes
    ----------
    breaks : tuple of float
        Ascending; a value equal to one belongs to the class below.
    colours : tuple of str
        One more than the breaks.
    """

    breaks: tuple[float, ...]
    colours: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """One label per class."""
        return style.class_labels(self.breaks)


def minute_classes(times: pd.DataFrame, choice: ClassChoice = None, *, n_classes: int = 6) -> Classes:
    """Return classes of the minutes to the centres, today and with corridors alike.

    Parameters
    ----------
    times : DataFrame
        With ``base_min`` and ``scenario_min``.
    choice : str, sequence of float or None
        One of `SCHEMES`, applied to both columns together; upper bounds, ascending; or None for
        `style.MINUTE_BREAKS`.
    n_classes : int
        For a scheme, 2 to 9; it may give fewer where there are few different values.

    Raises
    ------
    InputError, InputTypeError
        If `choice` or `n_classes` can't be used.
    MissingDependencyError
        If a scheme is asked for and mapclassify isn't installed.

    Examples
    --------
    >>> times = pd.DataFrame({"base_min": [10.0, 20, 30, 40], "scenario_min": [10.0, 20, 30, 40]})
    >>> minute_classes(times, "quantiles", n_classes=2).labels
    ('≤ 25', '> 25')
    >>> minute_classes(times, (30, 60)).labels
    ('≤ 30', '30–60', '> 60')
    """
    if choice is None:
        return Classes(style.MINUTE_BREAKS, style.MINUTE_COLOURS)
    values = times[["base_min", "scenario_min"]].to_numpy(dtype=float).ravel()
    breaks = _breaks(values, choice, n_classes, argument="minute_classes")
    return Classes(breaks, sampled(style.MINUTE_COLOURS, len(breaks) + 1))


def gain_classes(times: pd.DataFrame, choice: ClassChoice = None, *, n_classes: int = 6) -> Classes:
    """Return classes of minutes saved; the first is always "no change".

    Parameters
    ----------
    times : DataFrame
        With ``delta_min``, negative where time is saved.
    choice, n_classes
        As `minute_classes`; a scheme is applied to the gains above `NO_CHANGE_MIN`.

    Raises
    ------
    InputError, InputTypeError, MissingDependencyError
        As `minute_classes`.

    Examples
    --------
    >>> gain_classes(pd.DataFrame({"delta_min": [0.0, -10, -20, -30]}), "equal_interval", n_classes=3).labels
    ('≤ 0.5', '0.5–20', '> 20')
    """
    if choice is None:
        return Classes(style.GAIN_BREAKS, style.GAIN_COLOURS)
    values = -times["delta_min"].to_numpy(dtype=float)
    above = _breaks(values[values > NO_CHANGE_MIN], choice, n_classes, argument="gain_classes", fewer=1)
    breaks = (NO_CHANGE_MIN, *(value for value in above if value > NO_CHANGE_MIN))
    return Classes(breaks, sampled(style.GAIN_COLOURS, len(breaks) + 1))


def _breaks(
    values: NDArray[np.float64],
    choice: str | Sequence[float],
    n_classes: int,
    *,
    argument: str,
    fewer: int = 0,
) -> tuple[float, ...]:
    if not isinstance(choice, str):
        return _own_breaks(choice, argument)
    scheme = require_choice(choice, argument, SCHEMES)
    most = len(style.MINUTE_COLOURS) + 1
    count = int(require_number(n_classes, "n_classes", minimum=2, maximum=most)) - fewer
    values = np.unique(values[np.isfinite(values)].round(6))  # finer differences are none
    if len(values) <= 1 or count == 1:
        return ()
    options: dict[str, Any] = {} if scheme == "head_tail" else {"k": min(count, len(values))}
    bins = getattr(_mapclassify(), SCHEMES[scheme])(values, **options).bins
    return _rounded(np.asarray(bins, dtype=float)[:-1][: most - 1 - fewer], values)


def _rounded(breaks: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return breaks with few digits that put every value into the class that the given ones do."""
    found: list[float] = []
    for value in breaks:
        below, above = values[values <= value], values[values > value]
        if len(below) == 0 or len(above) == 0 or (found and found[-1] >= below[-1]):
            continue  # a class without values
        raised = (float(np.ceil(below[-1] * 10**digits) / 10**digits) for digits in range(4))
        near = (float(np.round(value, digits)) for digits in range(4))
        short = next((each for each in (*near, *raised) if below[-1] <= each < above[0]), float(below[-1]))
        found.append(short)
    return tuple(found)


def short_breaks(values: NDArray[np.float64], *, n_classes: int) -> tuple[float, ...]:
    """Return upper bounds of classes with about as many values each, in two significant digits.

    Fewer classes come out where values are few or alike; none is empty.

    Examples
    --------
    >>> short_breaks(np.array([11.0, 124, 251, 399]), n_classes=2)
    (190.0,)
    >>> short_breaks(np.array([7.0, 7]), n_classes=3)
    ()
    """
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return ()
    found: list[float] = []
    for value in np.quantile(values, np.arange(1, n_classes) / n_classes):
        short = float(f"{value:.2g}")
        lower = found[-1] if found else -np.inf
        if ((values > lower) & (values <= short)).any() and (values > short).any():
            found.append(short)
    return tuple(found)


def _own_breaks(choice: Any, argument: str) -> tuple[float, ...]:
    try:
        breaks = tuple(float(value) for value in choice)
    except (TypeError, ValueError) as error:
        raise InputTypeError(
            f"'{argument}' should be one of {', '.join(SCHEMES)}, or upper bounds in minutes, got {choice!r}"
        ) from error
    rising = all(a < b for a, b in pairwise(breaks))
    if not breaks or len(breaks) > len(style.MINUTE_COLOURS) or not rising or not np.isfinite(breaks).all():
        raise InputError(
            f"'{argument}' should be 1 to {len(style.MINUTE_COLOURS)} upper bounds in minutes, ascending, "
            f"got {list(breaks)}"
        )
    return breaks


def sampled(colours: Sequence[str], count: int) -> tuple[str, ...]:
    """Return so many colours along a sequence, its ends included."""
    if count == len(colours):
        return tuple(colours)
    ramp = LinearSegmentedColormap.from_list("classes", list(colours))
    return tuple(to_hex(ramp(position)) for position in np.linspace(0, 1, max(count, 2))[:count])


def _mapclassify() -> Any:
    try:
        return importlib.import_module("mapclassify")  # optional, and slow to import
    except ImportError as error:
        raise MissingDependencyError(
            "schemes of classes need mapclassify: pip install 'borderreach[classes]', or give the upper "
            "bounds yourself, such as (30, 60, 90)"
        ) from error
