"""A network of scheduled lines: its arcs, and which trains run over them, call and run on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from ._network import TransportNetwork

#: The embedded tables hold the minutes of the fastest trains; a usual one takes so much longer for each station on the way
#: at which it calls: braking, standing, being overtaken. Fitted on the timetable of March 2016: data/build/calibrate_trains.py.
RAIL_STOP_MIN: Final = 6.5
#: How far their times from door to door are off: up to so many minutes, the root mean square of ln(true / modelled) where a
#: train runs without a change. Beyond the second, a night on the way, or none, makes some much longer or shorter.
RAIL_TIME_ERRORS: Final = ((120.0, 0.24), (360.0, 0.18), (math.inf, 0.25))
#: Of a journey's minutes on the way and of those of waiting, so much is one standard error. With these, two in three of all
#: pairs of the timetable that half reach within eight hours lie within one: 63 % with one or two trains a day on one line,
#: 68 to 83 % with more.
RAIL_RIDE_ERROR, RAIL_WAIT_ERROR = 0.05, 0.4
#: Of the trains that pass a station in the middle of a line, so many call there: median of the embedded tables.
_USUAL_SHARE: Final = 0.42


@dataclass(frozen=True, eq=False, repr=False)
class LineNetwork(TransportNetwork):
    """A network of scheduled lines; each arc's class is the line that it belongs to.

    What `join_networks` needs beside the arcs. Everything else is as in `TransportNetwork`.

    Attributes
    ----------
    departures_per_day : mapping of (int, int, str) to float
        Trains or flights per day from one node to the next on a line that one can get on, where known.
    passing_per_day : mapping of (int, int, str) to float
        Those that run over the section, whether they call at its ends or not; where some don't.
    arrivals_per_day : mapping of (int, int, str) to float
        Those of them that one can get off at the second node.
    ride_factor : float
        What trains take over what the arcs say: more than 1 where these are the minutes of the fastest.
    stop_min : float
        What a usual train takes longer for each station on the way at which it calls and the fastest don't, minutes.
    line_km : mapping of str to float
        Length of each line, where waiting depends on it (`TransferRules.wait_min`), km.
    through : frozenset of (int, str, str)
        Nodes where trains run on from one line to another, with the two lines in both orders.
    turns : mapping of (int, str, str) to tuple of (int, int, float)
        For a member of `through` whose trains don't run on from every direction into every other,
        or stay for a while: the node before on the first line, the node after on the second
        (-1: any), and the minutes that the train stays.
    """

    departures_per_day: Mapping[tuple[int, int, str], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    passing_per_day: Mapping[tuple[int, int, str], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    arrivals_per_day: Mapping[tuple[int, int, str], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    ride_factor: float = 1.0
    stop_min: float = 0.0
    line_km: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    through: frozenset[tuple[int, str, str]] = frozenset()
    turns: Mapping[tuple[int, str, str], tuple[tuple[int, int, float], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def calling_share(self, before: int, station: int, after: int, line: str) -> float:
        """Return the share of the trains that run past a station on a line that call there.

        Parameters
        ----------
        before, station, after : int
            Nodes: where the train comes from, the station, where it goes.
        line : str

        Returns
        -------
        float
            0.42, the median of the embedded tables, where trains aren't known.
        """
        shares = []
        for key, calling in (
            ((before, station, line), self.arrivals_per_day),
            ((station, after, line), self.departures_per_day),
        ):
            if (
                key in self.departures_per_day
            ):  # where all trains of a section call, its passing trains aren't kept
                shares.append(
                    calling[key] / self.passing_per_day[key] if key in self.passing_per_day else 1.0
                )
        return sum(shares) / len(shares) if shares else _USUAL_SHARE

    def stay_min(self, before: int, line: str, station: int, other: str, after: int) -> float | None:
        """Return how long trains stay where they run on from one line to another.

        Parameters
        ----------
        before, station, after : int
            Nodes: the one that the train comes from on `line`, where it runs on, and the next one
            on `other`.
        line, other : str

        Returns
        -------
        float or None
            Minutes beyond those of the sections; None where no train runs on.
        """
        if (station, line, other) not in self.through:
            return None
        turns = self.turns.get((station, line, other))
        if turns is None:
            return 0.0
        return min((stay for a, b, stay in turns if a in (-1, before) and b in (-1, after)), default=None)
