"""A network of scheduled lines: its arcs, and which trains run over them, call and run on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ._network import TransportNetwork


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
    through: frozenset[tuple[int, str, str]] = frozenset()
    turns: Mapping[tuple[int, str, str], tuple[tuple[int, int, float], ...]] = field(
        default_factory=lambda: MappingProxyType({})
    )

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
