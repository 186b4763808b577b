"""What a set of corridors is worth: the objectives, of what every place gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...geo.errors import InputError
from ..corridors import SubsetTimes
from ..indicators import weigh_minutes
from ..times import NO_LIMIT_MS
from ._subset_values import Dividends, dividends

#: Objectives: whether more is better, and whether a corridor can only help.
OBJECTIVES: Final[Mapping[str, tuple[bool, bool]]] = {
    "people": (True, True),
    "places": (True, True),
    "mean_time": (False, True),
    "potential": (True, True),
    "worst_province": (True, True),
    "poverty": (False, True),
    "palma": (False, False),
}
#: A way that takes longer, or none, counts as so many minutes in a mean.
LONGEST_MIN: Final = 24 * 60.0


class Measure:
    """An objective, with what every place gets from any subset."""

    def __init__(
        self,
        objective: str,
        times: SubsetTimes,
        n_corridors: int,
        *,
        people: NDArray[np.float64],
        mass: NDArray[np.float64],
        cutoff_ms: int,
        provinces: NDArray[np.int64] | None,
        decay: Any,
        poverty_line: float | None,
    ) -> None:
        self.objective = objective
        self.sign = 1.0 if OBJECTIVES[objective][0] else -1.0
        self._people, self._provinces = people, provinces
        total = float(people.sum())
        if total == 0:
            raise InputError("'weights' are zero everywhere")

        def within(ms: NDArray[np.int64]) -> NDArray[np.float64]:
            return (ms <= cutoff_ms).astype(float)

        def minutes(ms: NDArray[np.int64]) -> NDArray[np.float64]:
            return np.minimum(ms / 60_000, LONGEST_MIN)

        def decayed(ms: NDArray[np.int64]) -> NDArray[np.float64]:
            found = np.zeros(len(ms))
            there = ms <= NO_LIMIT_MS
            found[there] = weigh_minutes(
                decay,
                ms[there] / 60_000,
                remedy="choose a decay that is finite there",
                name=lambda _: "a pair",
            )
            return found

        worth: Callable[[NDArray[np.int64]], NDArray[np.float64]]
        of_ends: NDArray[np.float64] | None = mass
        if objective in ("people", "places", "worst_province"):
            worth, of_ends = within, None
        elif objective == "mean_time":
            if mass.sum() == 0:
                raise InputError("'masses' are zero everywhere")
            worth, of_ends = minutes, mass / mass.sum()
        elif objective == "potential":
            worth = decayed
        else:
            worth = within
        self.gets: Dividends = dividends(times, n_corridors, worth, of_ends)
        self._line = poverty_line
        if objective == "poverty" and poverty_line is None:
            self._line = float(np.median(self.gets.of(0))) / 2
            if self._line == 0:
                raise InputError(
                    "half of the places reach nothing within the cutoff, so that the poverty line would be 0; "
                    "give 'poverty_line'"
                )

    def values(self, gets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the objective of what places get in each of some subsets, shape (p, s) -> (s,)."""
        people = self._people
        if self.objective == "people":
            return np.asarray(people @ gets)
        if self.objective == "places":
            return np.asarray(gets.sum(axis=0))
        if self.objective in ("mean_time", "potential"):
            return np.asarray(people @ gets / people.sum())
        if self.objective == "worst_province":
            assert self._provinces is not None  # noqa: S101 - checked before
            shares = [
                people[here] @ gets[here] / people[here].sum()
                for number in range(int(self._provinces.max()) + 1)
                for here in [self._provinces == number]
                if people[here].sum() > 0
            ]
            return np.asarray(np.min(shares, axis=0))
        if self.objective == "poverty":
            assert self._line is not None  # noqa: S101 - set before
            gap = np.maximum(0.0, 1 - gets / self._line)
            return np.asarray(people @ gap / people.sum())
        return _palma(gets, people)

    def all_values(self) -> NDArray[np.float64]:
        """Return the objective of every subset, by its bits."""
        return np.concatenate([self.values(block) for block in self.gets.all_subsets()])

    def value(self, subset: int) -> float:
        """Return the objective of one subset."""
        return float(self.values(self.gets.of(subset)[:, None])[0])


def _palma(gets: NDArray[np.float64], people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of the tenth with the most over that of the two fifths with the least, shape (s,)."""
    order = np.argsort(gets, axis=0, kind="stable")
    sorted_gets = np.take_along_axis(gets, order, axis=0)
    upper = np.cumsum(people[order], axis=0) / people.sum()
    lower = np.vstack([np.zeros((1, gets.shape[1])), upper[:-1]])
    poor = (np.clip(upper, 0, 0.4) - np.clip(lower, 0, 0.4)) * sorted_gets
    rich = (np.clip(upper, 0.9, 1) - np.clip(lower, 0.9, 1)) * sorted_gets
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((rich.sum(axis=0) / 0.1) / (poor.sum(axis=0) / 0.4))
