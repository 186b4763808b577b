"""The stages of a study: what each gives, and how it is computed from what they share.

A run goes through them in the order of `STAGES`; any one can be run alone, and then computes of what they share
only what it stands on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import geopandas as gpd
import pandas as pd

from .analysis.borders import (
    BORDER_CROSSINGS,
    BORDER_EFFECT,
    CROSSINGS,
    GAPS,
    YARDSTICKS,
    border_crossings,
    border_effect_on,
    chances,
    gaps,
    rail_error,
    trunk_error,
    yardsticks,
)
from .analysis.claims import (
    audit_claims,
    group_cohesion,
    group_times,
)
from .analysis.corridors import (
    Scenarios,
    change_table,
    compare,
    contributions,
    corridor_joins,
    corridor_overlap,
    corridor_replaces,
    corridor_segments,
    corridor_stops,
    corridors,
    county_times,
    gains,
    journeys,
)
from .analysis.decisions import (
    ACCESS_CHANGES,
    BUILD_FRONT,
    BUILD_ORDER,
    BUILD_PAIRS,
    CRITICAL_CROSSING_PAIRS,
    CRITICAL_CROSSINGS,
    EQUITY,
    MISSING_LINKS,
    WAY_COSTS,
    ClosedCrossings,
    access_changes,
    building_order,
    equity_of,
    missing_at_borders,
    ways_between,
)
from .analysis.isochrones import (
    audit_isochrones,
    commuting_zone,
    zone_counties,
)
from .analysis.schemas import COUNTY_TIMES, JOURNEYS, ZONE_COUNTIES, ZONES, empty
from .analysis.studies import (
    CITY_LINKS,
    CITY_TOTALS,
    MEASURES,
    PANEL_COUNTIES,
    YEAR_BORDERS,
    YEAR_CIRCLES,
    YEAR_COUNTIES,
    circle_people,
    linkages,
    panel_counties,
    year_borders,
    year_circles,
    year_counties,
)
from .analysis.times import within_reach
from .geo.places import SOURCES
from .stage_inputs import StageInputs, at_own_borders
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


def _borders(run: StageInputs) -> dict[str, pd.DataFrame]:
    ground = run.ground
    return {
        "provinces": ground.provinces,
        "counties": ground.counties,
        "border_counties": ground.border_counties,
        "borders": ground.borders,
        "junctions": ground.junctions,
        "centres": ground.centres,
    }


def _circles(run: StageInputs) -> dict[str, pd.DataFrame]:
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


def _audit(run: StageInputs) -> dict[str, pd.DataFrame]:
    base = run.reach.isochrones(())
    return {"audit": audit_isochrones(run.base, base, origins=run.ground.centres, samples=AUDIT_SAMPLES)}


def _zones(run: StageInputs) -> dict[str, pd.DataFrame]:
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


def _times(run: StageInputs) -> dict[str, pd.DataFrame]:
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
        "chances": chances(
            times,
            cutoff_min=cutoff_min,
            relative_error=trunk_error(cutoff_min),
            road_times=run.road_county_times if run.has_trains else None,
            train_error=rail_error(cutoff_min),
        ),
        "comparison": comparison,
    }


def _railways(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Today's journeys with trains, and circles and times by road alone to hold against those with them."""
    ground = run.ground
    if not run.has_trains:
        return {
            "road_circles": run.road_circles,
            "road_county_times": empty(COUNTY_TIMES),
            "journeys": empty(JOURNEYS),
        }
    return {
        "road_circles": run.road_circles,
        "road_county_times": run.road_county_times,
        "journeys": journeys(run.roads, run.base, ground.centres),
    }


def _people(run: StageInputs) -> dict[str, pd.DataFrame]:
    """People in the circles, and the indicators of the border counties."""
    residents = run.residents
    # counted together: where people live is the same for all circles
    together = pd.concat([run.scenario_circles, run.road_circles])
    counted = circle_people(gpd.GeoDataFrame(together), residents, run.roads)
    n_of_all = 0 if counted.empty else len(run.scenario_circles)
    return {
        "indicators": run.indicators,
        "circle_people": counted[:n_of_all].reset_index(drop=True),
        "road_circle_people": counted[n_of_all:].reset_index(drop=True),
    }


def _crossings(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Find where roads cross the study's borders, and where they stop short."""
    lines, places = run.ground.borders, run.both_sides
    if places.empty:
        none = [gpd.GeoDataFrame(empty(schema)) for schema in (CROSSINGS, BORDER_CROSSINGS, GAPS)]
        return {"crossings": none[0], "border_crossings": none[1], "gaps": none[2]}
    found = run.crossings
    return {
        "crossings": found,
        "border_crossings": border_crossings(found, lines),
        "gaps": gaps(run.roads, places, lines),
    }


def _effect(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Compare detours across the study's borders with those within."""
    places = run.both_sides
    if places.empty:
        return {"border_effect": empty(BORDER_EFFECT)}
    seats = places[within_reach(run.roads, places)]
    effect = border_effect_on(run.roads, seats)
    return {"border_effect": at_own_borders(effect, run.ground.borders)}


def _claims(run: StageInputs) -> dict[str, pd.DataFrame]:
    return {"claims": audit_claims(run.study, network=run.roads)}


def _groups(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Tell how the groups of the text hang together, today and with every corridor."""
    base, everything, members = run.base, run.everything, run.groups
    return {
        "group_cohesion": group_cohesion(base, members, scenario=everything),
        "group_times": group_times(base, members, scenario=everything),
        "group_overlap": group_overlap(base, everything, members),
        "nearest_groups": nearest_groups(base, run.ground, members),
    }


def _gains(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Tell what each scenario adds, and each corridor's share in it."""
    areas = {s: one.areas(ids) for s, (one, ids) in run.reached.items()}
    inside = {s: one.inside(ids) for s, (one, ids) in run.reached.items()}
    return {
        "gains": gains(areas, inside),
        "contributions": contributions(run.scenarios.ids, MEASURES, run.reach.measures),
    }


def _corridors(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Describe the corridors: lines, stops, how they join the network and run along it; and the changes."""
    own = list(run.scenarios.corridors)
    return {
        "corridors": corridors(own),
        "corridor_stops": corridor_stops(own),
        "corridor_segments": corridor_segments(own),
        "corridor_joins": corridor_joins(run.roads, own),
        "corridor_overlap": corridor_overlap(run.roads, own),
        "corridor_replaces": corridor_replaces(run.roads, own),
        "changes": change_table(run.roads, run.study.change),
    }


def _years(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Tell what the expressways of past years brought."""
    roads, ground, cutoff_min = run.roads_by_year, run.ground, run.study.circle_min
    if not roads:
        return {
            "year_circles": gpd.GeoDataFrame(empty(YEAR_CIRCLES)),
            "year_counties": empty(YEAR_COUNTIES),
            "year_borders": empty(YEAR_BORDERS),
        }
    return {
        "year_circles": year_circles(run.study, roads, ground, run.residents),
        "year_counties": year_counties(roads, ground, cutoff_min=cutoff_min),
        "year_borders": year_borders(
            roads, ground, run.facing, run.residents, cutoff_min=cutoff_min, zone_min=run.study.zone_min
        ),
    }


def _critical(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Close each crossing of the borders, one at a time."""
    if not run.study.questions.critical:
        return {
            "critical_links": gpd.GeoDataFrame(empty(CRITICAL_CROSSINGS)),
            "critical_pairs": gpd.GeoDataFrame(empty(CRITICAL_CROSSING_PAIRS)),
        }
    closed = ClosedCrossings(
        run.roads, run.both_sides_people, run.crossings, run.ground.borders, cutoff_min=run.study.circle_min
    )
    return {
        "critical_links": closed.alone,
        "critical_pairs": closed.pairs
        if run.study.questions.critical_pairs
        else gpd.GeoDataFrame(empty(CRITICAL_CROSSING_PAIRS)),
    }


def _missing(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Look for lines that are missing at the borders."""
    if not run.study.questions.missing:
        return {"missing_links": gpd.GeoDataFrame(empty(MISSING_LINKS))}
    return {"missing_links": missing_at_borders(run.roads, run.both_sides_people, run.ground.borders)}


def _order(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Choose which corridors to build first."""
    asked = run.study.questions
    if not asked.build_order or not run.scenarios.ids:
        return {
            "build_order": empty(BUILD_ORDER),
            "build_front": empty(BUILD_FRONT),
            "build_pairs": empty(BUILD_PAIRS),
        }
    return building_order(
        run.base_on_arcs,
        run.scenarios.corridors,
        run.peopled_counties,
        run.ground.centres,
        budget=asked.build_budget,
        objective=asked.build_objective,
        cutoff_min=run.study.circle_min,
    )


def _gainers(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Tell who gains and who loses market access, and how evenly people in reach are spread."""
    asked = run.study.questions
    gained = empty(ACCESS_CHANGES)
    if asked.cost_doubles_min is not None and run.scenarios.ids:
        gained = access_changes(
            run.base,
            run.everything,
            run.peopled_counties,
            thetas=asked.gains_theta,
            cost_doubles_min=asked.cost_doubles_min,
        )
    columns = {"base": "base_people_reached", "all": "scenario_people_reached"}
    spread = empty(EQUITY)
    if asked.equity:
        spread = equity_of(run.indicators, scenarios={one: columns[one] for one in run.base_and_all})
    return {"access_changes": gained, "equity": spread}


def _ways(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Set minutes and money of ways side by side, at the study's own prices."""
    asked = run.study.questions
    if asked.value_of_time_yuan_per_h is None:
        return {"way_costs": empty(WAY_COSTS)}
    roads, ground = run.roads, run.ground
    networks = {"road": roads}
    if run.has_trains:
        networks["rail"] = run.base_on_arcs
    if run.scenarios.ids:
        joined = (
            Scenarios(run.base_on_arcs, run.scenarios.corridors) if run.base.is_scheduled else run.scenarios
        )
        networks["after"] = joined.network(run.scenarios.ids)
    near = [frame[within_reach(roads, frame)] for frame in (ground.centres, ground.border_counties)]
    return {
        "way_costs": ways_between(
            networks,
            *near,
            road_yuan_per_km=asked.road_yuan_per_km,
            rail_yuan_per_km=asked.rail_yuan_per_km,
            value_of_time_yuan_per_h=asked.value_of_time_yuan_per_h,
        )
    }


def _yardsticks(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Hold the border counties against the national circles."""
    counties = run.ground.border_counties
    if not run.study.questions.yardsticks or counties.empty or run.study.boundary_source not in SOURCES:
        return {
            "yardsticks": empty(YARDSTICKS).assign(scenario=pd.Series(dtype="str"))[["scenario", *YARDSTICKS]]
        }
    networks = {"base": run.base, "all": run.everything}
    frames = [
        yardsticks(networks[name], counties).assign(scenario=name)[["scenario", *YARDSTICKS]]
        for name in run.base_and_all
    ]
    return {"yardsticks": pd.concat(frames, ignore_index=True)}


def _linkages(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Tell how strongly the cities of the study's provinces draw each other, and who is central among them."""
    chosen = run.study
    if not chosen.questions.linkages or chosen.boundary_source not in SOURCES:
        return {"city_links": empty(CITY_LINKS), "city_totals": empty(CITY_TOTALS)}
    networks = {"base": run.base, "all": run.everything}
    asked = {name: networks[name] for name in run.base_and_all}
    return linkages(asked, run.ground, run.residents, source=chosen.boundary_source)


def _panel(run: StageInputs) -> dict[str, pd.DataFrame]:
    """Tell how minutes and people in reach have changed, and will."""
    ground, cutoff_min = run.ground, run.study.circle_min
    if not run.panel:
        return {
            "panel_borders": empty(YEAR_BORDERS),
            "panel_counties": empty(PANEL_COUNTIES),
            "panel_circles": gpd.GeoDataFrame(empty(YEAR_CIRCLES)),
        }
    return {
        "panel_borders": year_borders(
            run.panel, ground, run.facing, run.residents, cutoff_min=cutoff_min, zone_min=run.study.zone_min
        ),
        "panel_counties": panel_counties(
            run.panel, ground.border_counties, ground.centres, run.residents, cutoff_min=cutoff_min
        ),
        "panel_circles": run.panel_circles,
    }


class Stage(NamedTuple):
    """A part of a study that can be run alone: what it is called, what it gives, and how."""

    title: str
    tables: tuple[str, ...]
    compute: Callable[[StageInputs], dict[str, pd.DataFrame]]


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
    "railways": Stage("railways", ("road_circles", "road_county_times", "journeys"), _railways),
    "people": Stage("people and indicators", ("indicators", "circle_people", "road_circle_people"), _people),
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
            "corridor_replaces",
            "changes",
        ),
        _corridors,
    ),
    "years": Stage("expressways of past years", ("year_circles", "year_counties", "year_borders"), _years),
    "critical": Stage("closed crossings", ("critical_links", "critical_pairs"), _critical),
    "missing": Stage("missing links", ("missing_links",), _missing),
    "order": Stage("building order", ("build_order", "build_front", "build_pairs"), _order),
    "gainers": Stage("winners and losers", ("access_changes", "equity"), _gainers),
    "ways": Stage("minutes and money", ("way_costs",), _ways),
    "yardsticks": Stage("national yardsticks", ("yardsticks",), _yardsticks),
    "linkages": Stage("links between cities", ("city_links", "city_totals"), _linkages),
    "panel": Stage("panel of years", ("panel_borders", "panel_counties", "panel_circles"), _panel),
}
