"""The stages of a study: what each needs, what it gives, and how they share what they need.

A run goes through them in the order of `STAGES`; any one can be run alone, and then computes of the others
only what it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from . import study_words
from .analysis.borders import (
    BORDER_CROSSINGS,
    BORDER_EFFECT,
    CROSSINGS,
    GAPS,
    border_crossings,
    border_effect,
    chances,
    crossings,
    gaps,
    trunk_error,
)
from .analysis.claims import (
    audit_claims,
    group_cohesion,
    group_times,
    groups,
)
from .analysis.corridors import (
    Scenarios,
    change_table,
    changed_by,
    compare,
    contributions,
    corridor_joins,
    corridor_overlap,
    corridor_segments,
    corridor_stops,
    corridors,
    county_times,
    gains,
    journeys,
    with_railways,
)
from .analysis.isochrones import (
    audit_isochrones,
    commuting_zone,
    zone_counties,
)
from .analysis.schemas import CIRCLES, COUNTY_TIMES, JOURNEYS, ZONE_COUNTIES, ZONES, empty
from .analysis.studies import (
    MEASURES,
    Ground,
    RailCoverage,
    Reach,
    StudyResults,
    circle_people,
    county_indicators,
    rail_coverage,
    study_people,
    study_rail,
)
from .analysis.study_file import Study
from .analysis.times import require_network, travel_times, within_reach
from .geo.errors import InputError
from .geo.networks import LineNetwork, TransportNetwork, trunk_network
from .study_tables import (
    change_times,
    group_overlap,
    nearest_groups,
    pair_times,
    slider_circles,
    with_scenario_first,
)

#: Random points per isochrone in the audit that every study carries.
AUDIT_SAMPLES: Final = 1000


_Table = TypeVar("_Table", bound=pd.DataFrame)


class StudyRun:
    """A study under way: what its stages share is computed once, when a stage first asks for it.

    Parameters
    ----------
    chosen : Study
    network : TransportNetwork, optional
        Base network; the embedded trunk roads when left out.

    Attributes
    ----------
    ground : Ground
        Boundaries, borders, border counties and centres.
    base : TransportNetwork
        What people have today.
    scenarios : Scenarios
        The base with any of the study's corridors.
    reach : Reach
        What the centres reach, with any of the corridors.

    Examples
    --------
    >>> run = br.study_run("guizhou")
    >>> isinstance(run, br.StudyRun), run.names["all"]
    (True, ('low-altitude-north-south', 'low-altitude-east-west'))
    """

    def __init__(self, chosen: Study, *, network: TransportNetwork | None = None) -> None:
        self.study = chosen
        self._network = None if network is None else require_network(network)
        self._tables: dict[str, Mapping[str, pd.DataFrame]] = {}

    @cached_property
    def ground(self) -> Ground:
        """Boundaries, borders, border counties and centres."""
        return Ground(self.study)

    @cached_property
    def base(self) -> TransportNetwork:
        """The network of today."""
        return trunk_network() if self._network is None else self._network

    @cached_property
    def scenarios(self) -> Scenarios:
        """The base with any of the study's corridors."""
        return Scenarios(self.base, self.study, years=self.study.years)

    @cached_property
    def everything(self) -> TransportNetwork:
        """The network with every corridor; the base itself where there is none."""
        return self.scenarios.network(self.scenarios.ids)

    @cached_property
    def names(self) -> Mapping[str, tuple[str, ...]]:
        """The corridors of each scenario by its name."""
        return self.scenarios.names()

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
        return {
            one.id: Reach(self.study, Scenarios(changed_by(self.base, one), ()), self.ground)
            for one in self.study.change
        }

    @cached_property
    def reached(self) -> Mapping[str, tuple[Reach, tuple[str, ...]]]:
        """Every scenario's reach and corridors: the base first, the one with every corridor last."""
        found = {s: (self.reach, ids) for s, ids in self.names.items() if s != "all"}
        found.update({identifier: (one, ()) for identifier, one in self.changed.items()})
        if "all" in self.names:
            found["all"] = (self.reach, self.names["all"])
        return found

    @cached_property
    def scenario_circles(self) -> gpd.GeoDataFrame:
        """Circles of every scenario, in every cutoff."""
        return gpd.GeoDataFrame(
            pd.concat([one.circles(ids, label=s) for s, (one, ids) in self.reached.items()])
        )

    @cached_property
    def with_trains(self) -> TransportNetwork:
        """The network of today with today's trains."""
        return with_railways(self.base, rail=self.rail)

    @cached_property
    def rail(self) -> LineNetwork:
        """Today's railways alone."""
        return study_rail(self.study)

    @cached_property
    def rail_coverage(self) -> RailCoverage | None:
        """How far the railway tables cover what is reached; None where the study leaves railways out."""
        if self.study.railways is False:
            return None
        return rail_coverage(self.ground, self.reach, self.rail, cutoff_min=self.study.circle_min)

    @property
    def has_trains(self) -> bool:
        """Whether today's trains are reckoned with: where the study says so, or the tables say enough of them."""
        found = self.rail_coverage
        return found is not None and (bool(self.study.railways) or found.covers)

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
    def groups(self) -> gpd.GeoDataFrame:
        """Groups of places that the study's text names."""
        return groups(self.study)

    def tables(self, stage: str) -> Mapping[str, pd.DataFrame]:
        """Return the tables of a stage, by name.

        Parameters
        ----------
        stage : str
            One of `STAGES`.

        Raises
        ------
        InputError
            If there is no such stage.

        Examples
        --------
        >>> from borderreach import StudyRun, study
        >>> run = StudyRun(study("guizhou"))
        >>> sorted(run.tables("borders"))
        ['border_counties', 'borders', 'centres', 'counties', 'junctions', 'provinces']
        """
        if stage not in STAGES:
            raise InputError(f"'stage' should be one of {', '.join(STAGES)}, got {stage!r}")
        if stage not in self._tables:
            found = STAGES[stage].compute(self)
            assert tuple(found) == STAGES[stage].tables, f"{stage} gives {list(found)}"  # noqa: S101
            self._tables[stage] = found
        return self._tables[stage]

    def results(self, step: Callable[[str], None] = lambda _: None) -> StudyResults:
        """Return what all stages give.

        Parameters
        ----------
        step : callable
            Is told the name of each stage before it begins.
        """
        tables: dict[str, Any] = {}
        for name, stage in STAGES.items():
            step(stage.title)
            tables.update(self.tables(name))
        return StudyResults(study=self.study, **tables, **self.words)

    @cached_property
    def words(self) -> dict[str, Any]:
        """What the results say of themselves: names, attribution, notes, parameters."""
        rail = self.with_trains.provenance if self.has_trains else {}
        covered = None if self.rail_coverage is None else self.rail_coverage.parameters()
        return {
            "scenario_names": study_words.scenario_names(self.scenarios, self.study),
            "attribution": study_words.attribution(self.study, self.base, trains=self.has_trains),
            "notes": study_words.notes(self.study, self.scenarios, self.ground),
            "parameters": {
                **study_words.parameters(self.study, self.base, self.scenarios, rail),
                "rail_coverage": covered,
            },
        }

    def results_on_demand(self) -> StudyResults:
        """Return results of which each stage is computed when one of its tables is first looked at."""
        return _OnDemand(self)


class _OnDemand(StudyResults):
    """Results that are computed as they are looked at; pickled and copied, they are computed whole."""

    def __init__(self, run: StudyRun) -> None:
        vars(self).update(_run=run, study=run.study)

    def __getattr__(self, name: str) -> Any:
        for stage_name, stage in STAGES.items():
            if name in stage.tables:
                vars(self).update(vars(self)["_run"].tables(stage_name))
                return vars(self)[name]
        if name in {"scenario_names", "attribution", "notes", "parameters"}:
            vars(self).update(vars(self)["_run"].words)
            return vars(self)[name]
        raise AttributeError(name)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return vars(self)["_run"].results().__reduce__()  # type: ignore[no-any-return]


# What each stage computes


def _borders(run: StudyRun) -> dict[str, pd.DataFrame]:
    ground = run.ground
    return {
        "provinces": ground.provinces,
        "counties": ground.counties,
        "border_counties": ground.border_counties,
        "borders": ground.borders,
        "junctions": ground.junctions,
        "centres": ground.centres,
    }


def _circles(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Isochrones and circles of the centres."""
    names, both = run.names, run.base_and_all
    found = pd.concat([run.reach.isochrones(names[s]).assign(scenario=s) for s in both])
    circles = pd.concat([run.reach.circles(names[s], label=s) for s in both])
    each = run.scenario_circles
    many = [slider_circles(run.scenarios, run.ground, names[s], label=s) for s in both]
    return {
        "isochrones": with_scenario_first(found),
        "circles": circles.reset_index(drop=True),
        "scenario_circles": each[each["cutoff_min"] == run.study.circle_min].reset_index(drop=True),
        "slider_circles": pd.concat(many, ignore_index=True),
    }


def _audit(run: StudyRun) -> dict[str, pd.DataFrame]:
    base = run.reach.isochrones(())
    return {"audit": audit_isochrones(run.base, base, origins=run.ground.centres, samples=AUDIT_SAMPLES)}


def _zones(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Commuting zones of the border counties, and the counties in them."""
    chosen, scenarios, ground = run.study, run.scenarios, run.ground
    if len(ground.border_counties) == 0:
        return {"zones": gpd.GeoDataFrame(empty(ZONES)), "zone_counties": empty(ZONE_COUNTIES)}
    centres = ground.border_counties[within_reach(run.base, ground.border_counties)]
    frames = [
        commuting_zone(scenarios.network(run.names[s]), centres, minutes=chosen.zone_min, scenario=s)
        for s in run.base_and_all
    ]
    members = [zone_counties(zones, ground.counties) for zones in frames]
    table = pd.concat(members, ignore_index=True)
    zones = pd.concat(frames, ignore_index=True)
    count = table[table["belongs"]].groupby(["scenario", "centre_id"]).size()
    keys = pd.MultiIndex.from_frame(zones[["scenario", "centre_id"]])
    zones["n_counties"] = count.reindex(keys, fill_value=0).to_numpy(dtype="int64")
    return {"zones": zones, "zone_counties": table}


def _times(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Minutes between centres, border counties and the other counties, before and after."""
    base, ground, cutoff_min = run.base, run.ground, run.study.circle_min
    times = county_times(base, run.everything, ground.border_counties, ground.centres, cutoff_min=cutoff_min)
    corridor_ids = run.scenarios.ids
    comparison = compare(
        base,
        None if corridor_ids else base,
        ground.counties,
        destinations=ground.centres,
        corridors=run.scenarios.corridors if corridor_ids else None,
    )
    return {
        "county_times": times,
        "pair_times": pair_times(run.reached, ground.centres),
        "change_times": change_times(base, run.changed, ground, cutoff_min=cutoff_min),
        "chances": chances(times, cutoff_min=cutoff_min, relative_error=trunk_error()),
        "comparison": comparison,
    }


def _railways(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Circles, times and journeys where today's trains may be used."""
    chosen, ground = run.study, run.ground
    if not run.has_trains:
        return {
            "rail_circles": gpd.GeoDataFrame(empty(CIRCLES)),
            "rail_county_times": empty(COUNTY_TIMES),
            "journeys": empty(JOURNEYS),
        }
    base = run.with_trains
    own = run.scenarios.corridors
    after = with_railways(run.base, corridors=own, rail=run.rail) if own else base
    circles = [Reach(chosen, Scenarios(base, ()), ground).circles((), label="base")]
    if own:
        circles.append(Reach(chosen, Scenarios(after, ()), ground).circles((), label="all"))
    return {
        "rail_circles": pd.concat(circles, ignore_index=True),
        "rail_county_times": county_times(
            base, after, ground.border_counties, ground.centres, cutoff_min=chosen.circle_min
        ),
        "journeys": journeys(run.base, base, ground.centres),
    }


def _people(run: StudyRun) -> dict[str, pd.DataFrame]:
    """People in the circles, and the indicators of the border counties."""
    ground, residents = run.ground, run.residents
    by_rail = run.tables("railways")["rail_circles"]
    return {
        "indicators": county_indicators(
            run.base,
            run.everything,
            ground.border_counties,
            residents,
            ground.centres,
            cutoff_min=run.study.circle_min,
        ),
        "circle_people": circle_people(run.scenario_circles, residents, run.base),
        "rail_circle_people": circle_people(by_rail, residents, run.base),
    }


def _crossings(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Find where roads cross the study's borders, and where they stop short."""
    lines, places = run.ground.borders, run.both_sides
    if places.empty:
        none = [gpd.GeoDataFrame(empty(schema)) for schema in (CROSSINGS, BORDER_CROSSINGS, GAPS)]
        return {"crossings": none[0], "border_crossings": none[1], "gaps": none[2]}
    found = _at_own_borders(crossings(run.base, places), lines)
    return {
        "crossings": found,
        "border_crossings": border_crossings(found, lines),
        "gaps": gaps(run.base, places, lines),
    }


def _effect(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Compare detours across the study's borders with those within."""
    places = run.both_sides
    if places.empty:
        return {"border_effect": empty(BORDER_EFFECT)}
    seats = places[within_reach(run.base, places)]
    effect = border_effect(travel_times(run.base, seats, seats), seats)
    return {"border_effect": _at_own_borders(effect, run.ground.borders)}


def _at_own_borders(table: _Table, lines: gpd.GeoDataFrame) -> _Table:
    """Return the rows of the study's own pairs of provinces."""
    pairs = set(zip(lines["province_a"], lines["province_b"], strict=True))
    own = [pair in pairs for pair in zip(table["province_a"], table["province_b"], strict=True)]
    found: _Table = table[np.array(own, dtype=bool)].reset_index(drop=True)
    return found


def _claims(run: StudyRun) -> dict[str, pd.DataFrame]:
    return {"claims": audit_claims(run.study, network=run.base)}


def _groups(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Tell how the groups of the text hang together, today and with every corridor."""
    base, everything, members = run.base, run.everything, run.groups
    return {
        "group_cohesion": group_cohesion(base, members, scenario=everything),
        "group_times": group_times(base, members, scenario=everything),
        "group_overlap": group_overlap(base, everything, members),
        "nearest_groups": nearest_groups(base, run.ground, members),
    }


def _gains(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Tell what each scenario adds, and each corridor's share in it."""
    areas = {s: one.areas(ids) for s, (one, ids) in run.reached.items()}
    inside = {s: one.inside(ids) for s, (one, ids) in run.reached.items()}
    return {
        "gains": gains(areas, inside),
        "contributions": contributions(run.scenarios.ids, MEASURES, run.reach.measures),
    }


def _corridors(run: StudyRun) -> dict[str, pd.DataFrame]:
    """Describe the corridors: lines, stops, how they join the network and run along it; and the changes."""
    own = list(run.scenarios.corridors)
    return {
        "corridors": corridors(own),
        "corridor_stops": corridor_stops(own),
        "corridor_segments": corridor_segments(own),
        "corridor_joins": corridor_joins(run.base, own),
        "corridor_overlap": corridor_overlap(run.base, own),
        "changes": change_table(run.base, run.study.change),
    }


class Stage(NamedTuple):
    """A part of a study that can be run alone: what it is called, what it gives, and how."""

    title: str
    tables: tuple[str, ...]
    compute: Callable[[StudyRun], dict[str, pd.DataFrame]]


#: The stages of a run in their order; every table of `StudyResults` comes from one of them.
STAGES: Final[Mapping[str, Stage]] = {
    "borders": Stage(
        "boundaries",
        ("provinces", "counties", "border_counties", "borders", "junctions", "centres"),
        _borders,
    ),
    "circles": Stage(
        "circles of the centres",
        ("isochrones", "circles", "scenario_circles", "slider_circles"),
        _circles,
    ),
    "audit": Stage("audit of the circles", ("audit",), _audit),
    "zones": Stage("commuting zones", ("zones", "zone_counties"), _zones),
    "times": Stage(
        "travel times", ("county_times", "pair_times", "change_times", "chances", "comparison"), _times
    ),
    "railways": Stage("railways", ("rail_circles", "rail_county_times", "journeys"), _railways),
    "people": Stage("people and indicators", ("indicators", "circle_people", "rail_circle_people"), _people),
    "crossings": Stage("crossings of the borders", ("crossings", "border_crossings", "gaps"), _crossings),
    "effect": Stage("detours at the borders", ("border_effect",), _effect),
    "claims": Stage("claims", ("claims",), _claims),
    "groups": Stage(
        "groups of places", ("group_cohesion", "group_times", "group_overlap", "nearest_groups"), _groups
    ),
    "gains": Stage("gains and contributions", ("gains", "contributions"), _gains),
    "corridors": Stage(
        "corridors",
        (
            "corridors",
            "corridor_stops",
            "corridor_segments",
            "corridor_joins",
            "corridor_overlap",
            "changes",
        ),
        _corridors,
    ),
}
