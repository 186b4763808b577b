"""What the stages of a study share: each is computed once, when a stage first asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Final, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from .analysis.borders import CROSSINGS, crossings
from .analysis.claims import groups
from .analysis.corridors import Scenarios, changed_by, county_times, open_by, with_railways
from .analysis.schemas import CIRCLES, empty
from .analysis.studies import (
    Ground,
    RailCoverage,
    Reach,
    WhatIf,
    county_indicators,
    past_years,
    rail_coverage,
    require_rail_near,
    require_roads_alone,
    roads_and_trains,
    study_network,
    study_people,
    study_rail,
    study_timetable,
    what_if,
    year_circles,
)
from .analysis.study_file import Study
from .analysis.times import require_network, within_reach
from .geo.errors import EmptyInputError, InputError
from .geo.networks import TRUNK_YEARS, LineNetwork, TransportNetwork, trunk_network
from .geo.places import border_counties
from .geo.timetables import Timetable

#: With more centres the circles of each year aren't drawn: no page has room for those of a whole country.
MOST_CENTRES_BY_YEAR: Final = 12

_Table = TypeVar("_Table", bound=pd.DataFrame)


def at_own_borders(table: _Table, lines: gpd.GeoDataFrame) -> _Table:
    """Return the rows of the study's own pairs of provinces."""
    pairs = set(zip(lines["province_a"], lines["province_b"], strict=True))
    own = [pair in pairs for pair in zip(table["province_a"], table["province_b"], strict=True)]
    found: _Table = table[np.array(own, dtype=bool)].reset_index(drop=True)
    return found


class StageInputs:
    """What the stages of a study share; see `StudyRun`."""

    def __init__(self, chosen: Study, *, network: TransportNetwork | None = None) -> None:
        self.study = chosen
        self._network = None if network is None else require_network(network)
        if self._network is not None:
            require_roads_alone(self._network)
        if (network is not None or not chosen.network.is_embedded) and past_years(chosen):
            raise InputError(
                f"'years' has {chosen.years[0]}, but only the embedded roads know when each expressway opened; leave "
                f"'network' out, or years before {TRUNK_YEARS[1]}"
            )

    def let_go(self, *inputs: str) -> None:
        """Forget what stages have shared; whoever asks for it again has it worked out anew.

        Parameters
        ----------
        inputs : str
            Names of attributes.
        """
        for name in inputs:
            vars(self).pop(name, None)

    def let_go_of_subsets(self) -> None:
        """Forget networks with some of the corridors: of a stage that asks for others no later one asks again."""
        for name in ("scenarios", "road_scenarios"):
            if name in vars(self):
                vars(self)[name].let_go()

    @cached_property
    def ground(self) -> Ground:
        """Boundaries, borders, border counties and centres."""
        return Ground(self.study)

    @cached_property
    def roads(self) -> TransportNetwork:
        """The roads of today."""
        return study_network(self.study, self.ground) if self._network is None else self._network

    def require_sound(self) -> None:
        """Raise where the study's own roads or trains can't be read or lie elsewhere, before anything is computed.

        Raises
        ------
        ConfigError
        """
        if self._network is None and not self.study.network.is_plain:
            _ = self.roads
        if self.study.has_own_rail and self.study.railways is not False:
            require_rail_near(self.study, self.rail, self.ground)

    @cached_property
    def base(self) -> TransportNetwork:
        """The network of today: roads, and today's trains where the study reckons with them."""
        return self._with_trains(self.roads)

    def _with_trains(self, roads: TransportNetwork) -> TransportNetwork:
        """Return roads with today's trains where the study reckons with them."""
        if not self.has_trains:
            return roads
        return roads_and_trains(self.study, roads, rail=self.rail, trains=self.trains)

    @cached_property
    def base_on_arcs(self) -> TransportNetwork:
        """The base where single ways are compared: trains of a timetable by their number a day, as waiting is reckoned."""
        return with_railways(self.roads, rail=self.rail) if self.base.is_scheduled else self.base

    @cached_property
    def scenarios(self) -> Scenarios:
        """The base with any of the study's corridors."""
        return self._scenarios(self.base)

    @cached_property
    def road_scenarios(self) -> Scenarios:
        """Roads alone with any of the study's corridors."""
        return self._scenarios(self.roads) if self.has_trains else self.scenarios

    def _scenarios(self, base: TransportNetwork) -> Scenarios:
        past = past_years(self.study)
        found = Scenarios(base, self.study, years=[y for y in self.study.years if y not in past])
        last = str(TRUNK_YEARS[1])
        if past and not found.names().get(last, ("one",)):  # beside past years today's roads say the same
            return Scenarios(base, self.study, years=[y for y in found.years if str(y) != last])
        return found

    @cached_property
    def everything(self) -> TransportNetwork:
        """The network with every corridor; the base itself where there is none."""
        return self.scenarios.network(self.scenarios.ids)

    @cached_property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The corridors of each scenario by its name."""
        return self.scenarios.names()

    @cached_property
    def road_county_times(self) -> pd.DataFrame:
        """Minutes of border counties by road alone, before and after."""
        return county_times(
            self.roads,
            self.road_scenarios.network(self.road_scenarios.ids),
            self.ground.border_counties,
            self.ground.centres,
            cutoff_min=self.study.circle_min,
        )

    @property
    def base_and_all(self) -> list[str]:
        """The two scenarios that tables of isochrones are made for; the first alone without corridors."""
        return [name for name in ("base", "all") if name in self.names]

    @cached_property
    def reach(self) -> Reach:
        """What the centres reach with any of the corridors."""
        return Reach(self.study, self.scenarios, self.ground)

    @cached_property
    def changed(self) -> Mapping[str, Reach]:
        """What the centres reach after each change to the network of today, by its id."""
        found = {}
        for one in self.study.change:
            network = self._with_trains(changed_by(self.roads, one))
            found[one.id] = Reach(self.study, Scenarios(network, ()), self.ground)
        return found

    @cached_property
    def reached(self) -> Mapping[str, tuple[Reach, tuple[str, ...]]]:
        """Every scenario's reach and corridors: the base first, the one with every corridor last."""
        found = {s: (self.reach, ids) for s, ids in self.names.items() if s != "all"}
        found.update({identifier: (one, ()) for identifier, one in self.changed.items()})
        if "all" in self.names:
            found["all"] = (self.reach, self.names["all"])
        return found

    @cached_property
    def roads_by_year(self) -> Mapping[int, TransportNetwork]:
        """The embedded roads of each past year of the study and, last, of today; none where it names no past year."""
        past = past_years(self.study)
        if not past:
            return {}
        today = TRUNK_YEARS[1]
        as_they_are = self._network is None and self.study.network.is_plain
        now = self.roads if as_they_are else trunk_network(year=today)
        return {**{year: trunk_network(year=year) for year in past}, today: now}

    @cached_property
    def panel(self) -> Mapping[int, TransportNetwork]:
        """The network of each year of the panel; none where the roads aren't the embedded ones, which know their years."""
        asked = self.study.questions.over_time
        if not asked or self._network is not None or not self.study.network.is_plain:
            return {}
        today = TRUNK_YEARS[1]
        with_trains = self.has_trains and not self.study.gtfs  # a feed says nothing of other years
        found = {}
        for year in (year for year in asked if year < today):
            roads = trunk_network(year=year)
            found[year] = roads if not with_trains else self._with_trains_of(roads, year)
        found[today] = self.base if with_trains else self.roads
        scenarios = self.scenarios if with_trains else self.road_scenarios
        for year in (year for year in asked if year > today and scenarios.ids):
            found[year] = scenarios.network(one.id for one in open_by(scenarios.corridors, year))
        return found

    @cached_property
    def panel_circles(self) -> gpd.GeoDataFrame:
        """The circles on the network of each year of the panel; none where there are many centres, as of a whole country."""
        few = len(self.ground.centres) <= MOST_CENTRES_BY_YEAR
        return year_circles(self.study, self.panel if few else {}, self.ground, self.residents)

    def _with_trains_of(self, roads: TransportNetwork, year: int) -> TransportNetwork:
        try:
            rail = study_rail(self.study, date=f"{year}-12-31")
        except EmptyInputError:  # none of the lines was open
            return roads
        return with_railways(roads, rail=rail)

    @cached_property
    def scenario_circles(self) -> gpd.GeoDataFrame:
        """Circles of every scenario, in every cutoff."""
        return gpd.GeoDataFrame(
            pd.concat([one.circles(ids, label=s) for s, (one, ids) in self.reached.items()])
        )

    @cached_property
    def road_circles(self) -> gpd.GeoDataFrame:
        """Circles of the centres by road alone; none where today's trains aren't reckoned with."""
        if not self.has_trains:
            return gpd.GeoDataFrame(empty(CIRCLES))
        reach = Reach(self.study, self.road_scenarios, self.ground)
        names = self.road_scenarios.names()
        circles = [reach.circles(names[s], label=s) for s in self.base_and_all]
        return pd.concat(circles, ignore_index=True)

    @cached_property
    def rail(self) -> LineNetwork:
        """Today's railways alone."""
        return study_rail(self.study)

    @cached_property
    def trains(self) -> Timetable | None:
        """Today's trains as they run, where the study names a timetable."""
        return study_timetable(self.study)

    @cached_property
    def rail_coverage(self) -> RailCoverage | None:
        """How far the railway tables cover what is reached; None where the study leaves railways out."""
        if self.study.railways is False:
            return None
        by_road = Reach(self.study, Scenarios(self.roads, ()), self.ground)
        return rail_coverage(self.ground, by_road, self.rail, cutoff_min=self.study.circle_min)

    @property
    def has_trains(self) -> bool:
        """Whether today's trains are reckoned with: where the study says so or names them, or the tables say enough."""
        found = self.rail_coverage
        asked = bool(self.study.railways) or self.study.has_own_rail
        return found is not None and (asked or found.covers)

    @cached_property
    def residents(self) -> pd.DataFrame:
        """People of every county of the boundary source."""
        people: pd.DataFrame = study_people(self.study, self.ground.every)
        return people

    @cached_property
    def both_sides(self) -> gpd.GeoDataFrame:
        """Counties of the provinces on both sides of the study's borders."""
        lines, every = self.ground.borders, self.ground.every
        sides = {*lines["province_a"], *lines["province_b"]}
        return every[every["province"].isin(sides)].reset_index(drop=True)

    @cached_property
    def both_sides_people(self) -> gpd.GeoDataFrame:
        """The same with their people, where these are known; one each where nobody was counted."""
        if self.residents.empty:
            return self.both_sides.assign(people=1.0)
        known = self.both_sides["adcode"].map(self.residents.set_index("adcode")["people"])
        counted = self.both_sides.assign(people=known)
        return counted[known.notna()].reset_index(drop=True)

    @cached_property
    def peopled_counties(self) -> gpd.GeoDataFrame:
        """Counties of the study's provinces with people, in reach of the network; one each where nobody was counted."""
        counties = self.ground.counties
        if self.residents.empty:
            counted = counties.assign(people=1.0)
        else:
            counted = counties.assign(
                people=counties["adcode"].map(self.residents.set_index("adcode")["people"])
            )
            counted = counted[counted["people"].notna()]
        return counted[within_reach(self.base, counted)].reset_index(drop=True)

    @cached_property
    def indicators(self) -> pd.DataFrame:
        """Indicators of the border counties, before and with every corridor."""
        ground = self.ground
        return county_indicators(
            self.base,
            self.everything,
            ground.border_counties,
            self.residents,
            ground.centres,
            cutoff_min=self.study.circle_min,
        )

    @cached_property
    def crossings(self) -> gpd.GeoDataFrame:
        """Where roads cross the study's borders."""
        if self.both_sides.empty:
            return gpd.GeoDataFrame(empty(CROSSINGS))
        return at_own_borders(crossings(self.roads, self.both_sides), self.ground.borders)

    @cached_property
    def facing(self) -> gpd.GeoDataFrame:
        """Border counties of the provinces on both sides of the study's borders."""
        return border_counties(self.both_sides).reset_index(drop=True)

    @cached_property
    def named_groups(self) -> gpd.GeoDataFrame:
        """Groups of places that the study's text names."""
        return groups(self.study)

    @cached_property
    def groups(self) -> gpd.GeoDataFrame:
        """Of these, the places that the network comes to, where it comes to two of a group."""
        if self.named_groups.empty:
            return self.named_groups
        reached = self.named_groups[within_reach(self.base, self.named_groups)]
        size = reached.groupby("group_id")["member_id"].transform("size")
        return reached[size >= 2].reset_index(drop=True)

    @cached_property
    def what_if(self) -> WhatIf | None:
        """The network around the study, for what readers of its map ask of their own; None where trains have times."""
        ground = self.ground
        if self.base.is_scheduled:
            return None
        return what_if(
            self.scenarios.joined,
            self.residents,
            provinces=ground.provinces,
            counties=ground.counties,
            border_counties=ground.border_counties,
            centres=ground.centres,
            cutoffs_min=self.study.circle_cutoffs_min,
            scenarios=self.names,
            roads=self.roads,
            by_year={year: network for year, network in self.panel.items() if year <= TRUNK_YEARS[1]},
        )
