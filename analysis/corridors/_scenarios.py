"""The scenarios that corridors make on a base network: subsets, opening years, and what they share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...geo.errors import InputError
from ...geo.networks import TransportNetwork
from ._files import Corridor, open_by, resolve_corridors
from ._joined import join_corridors
from ._subset_times import SubsetTimes

#: Networks of subsets that are kept beside those without any and with every corridor.
_KEPT = 2


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
        The base with every corridor, of which the subsets are taken.
    """

    def __init__(self, base: TransportNetwork, corridors: Any, *, years: Iterable[int] = ()) -> None:
        self.base = base
        self.corridors: tuple[Corridor, ...] = tuple(resolve_corridors(corridors))
        self.years = tuple(years)
        self.joined = join_corridors(base, self.corridors)
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
        if len(chosen) in (0, len(self.ids)):
            return self.joined.subset(chosen)
        if chosen not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[chosen] = self.joined.subset(chosen)
        return self._kept[chosen]

    def times(self, starts: Any, ends: Any) -> SubsetTimes:
        """Return what tells the travel times between points for any subset, see `SubsetTimes`."""
        return SubsetTimes(self.joined, starts, ends)

    def _known(self, ids: Iterable[str]) -> frozenset[str]:
        chosen = frozenset(ids)
        unknown = chosen - set(self.ids)
        if unknown:
            raise InputError(f"no corridor {min(unknown)!r} among {', '.join(self.ids)}")
        return chosen
