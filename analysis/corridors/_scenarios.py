"""The scenarios that corridors make on a base network: subsets, opening years, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ...geo.errors import InputError
from ...geo.networks import TransportNetwork
from ...geo.places import origins_table
from ...geo.timetables import TimetableNetwork
from ..times import NO_LIMIT_MS, minutes_matrix, origin_list
from ._files import Corridor, open_by, resolve_corridors
from ._joined import join_corridors
from ._subset_times import SubsetTimes
from ._trains import with_trains

#: Networks of subsets that are kept beside those without any and with every corridor.
_KEPT = 2
#: Subsets on a timetable network whose times are kept: all of eight corridors.
_KEPT_TIMES: Final = 256
_NO_WAYS: Final = (
    "on a timetable network a time is that of many departures and no single way; give roads, or roads joined with "
    "railways by join_networks()"
)


class Scenarios:
    """The networks and times that subsets of corridors make on one base.

    All corridors are joined to the base once; a subset is a mask over the result, so that memory
    doesn't grow with the number of subsets.

    Parameters
    ----------
    base : TransportNetwork
    corridors
        As `analysis.corridors.resolve_corridors` takes it.
    years : iterable of int
        For each a scenario of its own: the corridors open by the end of that year, see
        `analysis.corridors.open_by`.

    Attributes
    ----------
    base : TransportNetwork
    corridors : tuple of Corridor
    years : tuple of int
    joined : JoinedCorridors
        The base with every corridor, of which the subsets are taken; on a timetable network without railways, whose
        trains are added to each subset's timetable.
    """

    def __init__(self, base: TransportNetwork, corridors: Any, *, years: Iterable[int] = ()) -> None:
        self.base = base
        self.corridors: tuple[Corridor, ...] = tuple(resolve_corridors(corridors))
        self.years = tuple(years)
        # on a timetable network railways are trains, the others lines as anywhere
        self._by_train = isinstance(base, TimetableNetwork)
        self.joined = join_corridors(base, [one for one in self.corridors if not self._runs(one)])
        self._kept: dict[frozenset[str], TransportNetwork] = {}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the corridors, in the order given."""
        return tuple(one.id for one in self.corridors)

    def names(self) -> dict[str, tuple[str, ...]]:
        """Return the ids in each scenario.

        "base"; every corridor alone under its id; the years; and "all". With one corridor, "all" is
        that corridor alone; without any, there are "base" and the years only.
        """
        found: dict[str, tuple[str, ...]] = {"base": ()}
        if len(self.corridors) > 1:
            found.update({identifier: (identifier,) for identifier in self.ids})
        for year in self.years:
            found[str(year)] = tuple(one.id for one in open_by(self.corridors, year))
        if self.corridors:
            found["all"] = self.ids
        return found

    def network(self, ids: Iterable[str]) -> TransportNetwork:
        """Return the network with the corridors of these ids.

        Node numbers are the same in the networks of all subsets but the empty one, which is the base.

        Raises
        ------
        InputError
            If one isn't among `corridors`.
        """
        chosen = self._known(ids)
        trains = [one for one in self.corridors if one.id in chosen and self._runs(one)]
        if not trains and len(chosen) in (0, len(self.ids)):
            return self.joined.subset(chosen)
        if chosen not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[chosen] = with_trains(self.joined.subset(chosen), trains)
        return self._kept[chosen]

    def let_go(self) -> None:
        """Forget the networks of subsets; that with every corridor, and the base, stay."""
        self._kept.clear()

    def times(self, starts: Any, ends: Any) -> SubsetTimes:
        """Return what tells the travel times between points for any subset, see `SubsetTimes`."""
        if self._by_train:
            return _SubsetSearches(self.network, self.corridors, starts, ends)
        return SubsetTimes(self.joined, starts, ends)

    def _runs(self, one: Corridor) -> bool:
        """Whether a corridor is trains of the base's timetable."""
        return self._by_train and one.mode == "rail"

    def _known(self, ids: Iterable[str]) -> frozenset[str]:
        chosen = frozenset(ids)
        unknown = chosen - set(self.ids)
        if unknown:
            raise InputError(f"no corridor {min(unknown)!r} among {', '.join(self.ids)}")
        return chosen


class _SubsetSearches(SubsetTimes):
    """Travel times between two sets of points, for any subset of corridors on a timetable network.

    Where trains run as a timetable says, a statistic of many departures isn't put together from parts: each subset has
    its own searches.

    Parameters
    ----------
    network : callable
        Gets ids, returns the network with these corridors.
    corridors : sequence of Corridor
    starts, ends
        As `origins_table` takes them.
    """

    def __init__(  # its times aren't put together from parts
        self,
        network: Callable[[Iterable[str]], TransportNetwork],
        corridors: Sequence[Corridor],
        starts: Any,
        ends: Any,
    ) -> None:
        self._network = network
        self._corridors = corridors
        self._starts = origin_list(origins_table(starts))
        self._ends = origin_list(origins_table(ends, argument="destinations"), argument="destinations")
        self._known: dict[frozenset[str], NDArray[np.float64]] = {}

    @property
    def n_starts(self) -> int:
        """Number of starts."""
        return len(self._starts)

    def minutes(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Return the times with the corridors of these ids, as `SubsetTimes.minutes` does."""
        chosen = frozenset(ids)
        if chosen not in self._known:
            if len(self._known) >= _KEPT_TIMES:
                del self._known[next(iter(self._known))]
            self._known[chosen] = minutes_matrix(
                self._network(chosen), self._starts, self._ends, limit_ms=NO_LIMIT_MS
            )
        return self._known[chosen]

    def first_stop_min(self, ids: Iterable[str]) -> NDArray[np.float64]:
        """Return the minutes from each start to the nearest stop of each corridor, as `SubsetTimes.first_stop_min`."""
        chosen = frozenset(ids)
        network = self._network(chosen)
        found = np.full((len(self._starts), len(self._corridors)), np.inf)
        for k, one in enumerate(self._corridors):
            if one.id in chosen:
                stops = origin_list([(stop.lon, stop.lat) for stop in one.stops])
                minutes = minutes_matrix(network, self._starts, stops, limit_ms=NO_LIMIT_MS)
                found[:, k] = np.where(np.isnan(minutes), np.inf, minutes).min(axis=1)
        return found

    def ways(self, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:  # noqa: ARG002
        """Raise: a statistic of departures is no single journey."""
        raise InputError(_NO_WAYS)

    def base_ms(self, start: int) -> NDArray[np.int64]:  # noqa: ARG002
        """Raise as `ways` does."""
        raise InputError(_NO_WAYS)
