"""What closures cost all of some places together: who makes which trip, and what each closure takes from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from ...geo.antimeridian import cut_line
from ...geo.errors import OffNetworkError
from ...geo.networks import TransportNetwork
from ..corridors import arcs_closed_with, changed_network, minutes_between
from ..indicators import Decay, weigh_minutes
from ..times import Origin, each
from ._closures import NEVER, Closures, Lost, Ports, lost_between
from ._cuts import Cut


@dataclass(frozen=True, eq=False)
class Trips:
    """Who goes where.

    Attributes
    ----------
    table : pandas.DataFrame
        The places that trips are made between, as `geo.places.origins_table` has them.
    places : sequence of Origin
        The same.
    people : ndarray of float64, shape (number of places,)
    decay : callable, optional
        Of how many go how far.
    cutoff_ms : int
        Of the circles that people may leave.
    cut_off_min : float
        Minutes as which a trip counts that can't be made any more.
    """

    table: pd.DataFrame
    places: Sequence[Origin]
    people: NDArray[np.float64]
    decay: Decay | None
    cutoff_ms: int
    cut_off_min: float

    def of_place(self, k: int, base: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where the people of a place go, from the times from there to all."""
        drawn = self.people.copy()
        drawn[base >= NEVER] = 0.0
        drawn[k] = 0.0
        if self.decay is not None:
            going = np.flatnonzero(drawn > 0)
            drawn[going] *= weigh_minutes(
                self.decay,
                base[going] / 60_000,
                remedy="choose a decay that is finite there",
                name=lambda at: f"{self.places[k].name} → {self.places[going[at]].name}",
            )
        total = drawn.sum()
        return drawn / total * self.people[k] if total > 0 else np.zeros_like(drawn)


@dataclass(frozen=True, eq=False)
class Roads:
    """Roads that may be lost, of a network.

    Attributes
    ----------
    network : TransportNetwork
    cuts : sequence of Cut
    """

    network: TransportNetwork
    cuts: Sequence[Cut]

    @cached_property
    def arcs(self) -> list[NDArray[np.int64]]:
        """The arcs that go with each cut."""
        if not self.cuts:
            return []
        every = np.unique(np.concatenate([cut.links for cut in self.cuts]))
        arcs = arcs_closed_with(self.network, every)
        number = {int(link): k for k, link in enumerate(every)}
        return [np.unique(np.concatenate([arcs[number[link]] for link in cut.links])) for cut in self.cuts]

    def lines(self, k: int) -> shapely.Geometry:
        """Return the lines of a cut's links."""
        lines = [cut_line(self.network.link_line(link)) for link in self.cuts[k].links]
        return lines[0] if len(lines) == 1 else shapely.multilinestrings(shapely.get_parts(lines))


@dataclass(frozen=True, eq=False)
class Question:
    """What some closures cost those who make some trips.

    Attributes
    ----------
    trips : Trips
    rows : ndarray of int64, shape (number of its places,)
        Their numbers among the places of the network of ports.
    closures : sequence of ndarray of int64
        Arcs that are closed together.
    """

    trips: Trips
    rows: NDArray[np.int64]
    closures: Sequence[NDArray[np.int64]]


def answers(
    ports: Ports, questions: Sequence[Question], *, workers: int | None, progress: bool
) -> list[Total]:
    """Return what the closures of each question cost, with one search from each place for all of them.

    Parameters
    ----------
    ports : Ports
        With all places and arcs of the questions.
    questions : sequence of Question
    workers, progress
        As `critical_links` takes them.
    """
    engines = [Closures(ports, one.rows, one.closures) for one in questions]
    apart = [engine.entered_part_way() for engine in engines]
    anew = [
        {k: _times_without(ports.network, one.trips, one.closures[k]) for k in some}
        for one, some in zip(questions, apart, strict=True)
    ]
    asked_by: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for q, one in enumerate(questions):
        for k, row in enumerate(one.rows.tolist()):
            asked_by[row].append((q, k))

    def of_place(place: int) -> list[tuple[int, int, list[Lost], float]]:
        row = ports.row(place)
        found = []
        for q, k in asked_by[place]:
            trips, cutoff_ms = questions[q].trips, questions[q].trips.cutoff_ms
            times = engines[q].times(k, row)
            going = trips.of_place(k, times[0])
            lost = engines[q].lost(row, times, going, trips.people, cutoff_ms=cutoff_ms)
            if anew[q]:
                other = ~np.isin(lost.closure, apart[q])
                lost = Lost(*(getattr(lost, name)[other] for name in Lost.__dataclass_fields__))
            more = [
                lost_between(times[0], closed[k], going, trips.people, closure=closure, cutoff_ms=cutoff_ms)
                for closure, closed in anew[q].items()
            ]
            found.append((q, k, [lost, *more], float(going.sum())))
        return found

    totals = [
        Total(len(one.closures), [place.name for place in one.trips.places], one.trips.cut_off_min)
        for one in questions
    ]
    for found in each(of_place, sorted(asked_by), progress=progress, label="critical links", workers=workers):
        for q, k, parts, going in found:
            for lost in parts:
                totals[q].add(k, lost, going)
    return totals


def _times_without(network: TransportNetwork, trips: Trips, arcs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the times between all places with some arcs closed, in ms."""
    closed = changed_network(network, arcs=arcs, close=True)
    # lines stay where they are: one without arcs is neither entered nor left
    for name in ("node_xyz", "exit_nodes", "exit_node_tree", "exit_lines"):
        getattr(TransportNetwork, name).give(closed, getattr(network, name))
    try:
        minutes = minutes_between(closed, trips.table, trips.table)
    except OffNetworkError:  # all of them went by the link itself
        minutes = np.full((len(trips.places), len(trips.places)), np.nan)
    return np.where(np.isnan(minutes), NEVER, np.rint(minutes * 60_000)).astype(np.int64)


class Total:
    """What closures cost all places together."""

    def __init__(self, n: int, names: Sequence[str], cut_off_min: float) -> None:
        self._names = names
        self._cut_off_min = cut_off_min
        self._delay, self._longer, self._cut = np.zeros(n), np.zeros(n), np.zeros(n)
        self._worst, self._leaving = np.zeros(n), np.zeros(n)
        self._from, self._to = np.full(n, -1), np.full(n, -1)
        self._circle = np.full(n, -1)
        self._cut_off: list[list[int]] = [[] for _ in range(n)]

    def add(self, place: int, lost: Lost, trips: float) -> None:
        """Add what one place loses, of so many trips."""
        at = lost.closure
        self._delay[at] += lost.delay_min
        self._longer[at] += lost.longer
        self._cut[at] += lost.cut
        worse = lost.worst_min > self._worst[at]
        self._worst[at[worse]] = lost.worst_min[worse]
        self._from[at[worse]], self._to[at[worse]] = place, lost.worst_to[worse]
        more = lost.leaving > self._leaving[at]
        self._leaving[at[more]], self._circle[at[more]] = lost.leaving[more], place
        for closure in at[lost.cut > trips / 2].tolist():
            self._cut_off[closure].append(place)

    def cost(self) -> NDArray[np.float64]:
        """Return the person-minutes of each closure, trips that are cut off included."""
        return self._delay + self._cut_off_min * self._cut

    def figures(self, k: int) -> dict[str, Any]:
        """Return the columns of `CRITICAL_LINKS` that say what a closure costs."""
        return {
            "cost_person_min": self.cost()[k],
            "delay_person_min": self._delay[k],
            "longer_trips": self._longer[k],
            "mean_delay_min": self._delay[k] / self._longer[k] if self._longer[k] > 0 else np.nan,
            "worst_delay_min": self._worst[k],
            "worst_from": self._name(self._from[k]),
            "worst_to": self._name(self._to[k]),
            "cut_off_trips": self._cut[k],
            "places_cut_off": len(self._cut_off[k]),
            "cut_off": "、".join(self._names[one] for one in self._cut_off[k]),
            "leaving_people": self._leaving[k],
            "circle_of": self._name(self._circle[k]),
        }

    def _name(self, place: int) -> str:
        return self._names[place] if place >= 0 else ""
