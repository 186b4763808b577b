"""The summary of a report in English, at its end."""

from __future__ import annotations

import math
from typing import Final

from .. import data
from ..analysis.studies import StudyResults
from ..documents import Block, Heading, Items
from ..geo.places import english_name
from ._claims import claims_summary_en
from ._corridors import ASSUMED_EN, assumed_values
from ._key_figures import ReportContext, ScenarioFigures, people_inside, results_corridors, road_areas
from ._pairs import many_centres, near_pairs
from ._people import people_source
from ._roads import has_trains, roads_en
from ._words import and_, four_digits, signed


def summary_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the findings in English."""
    study, base = results.study, context.base
    hours = f"{study.circle_min:g}-minute"
    n_centres = len(results.centres)
    own = map(english_name, results.centres["origin_name"].astype(str))
    centres = f"{n_centres} centres" if many_centres(results) else and_(own)
    opening = (
        f"{context.n_border} counties lie on the border studied ({context.border_km} km)"
        f"{_which_borders_en(results)}. The {hours} circle of "
        f"{centres} covers {base.area_km2:,.0f} km² by {_way_en(results)} today and holds the seats of "
        f"{base.n_counties:,} of the {context.n_study_counties:,} counties studied; "
        f"{context.n_inside_base} of the {context.n_border} border counties are among them."
        + _pair_sentence_en(results, base)
    )
    lines, idle = [], []
    for item in context.scenarios:
        named = _scenario_en(results, item.scenario)
        if named.endswith(" alone") and not (
            round(item.delta_area_km2)
            or item.delta_counties
            or (math.isfinite(item.pair_delta_min) and round(item.pair_delta_min))
        ):
            idle.append(named.removeprefix("with ").removesuffix(" alone"))
            continue
        pair = ""
        if math.isfinite(item.pair_min) and not many_centres(results):
            pair = f", and the centres lie {item.pair_min:.0f} min apart ({_change(item.pair_delta_min, ' min')})"
        lines.append(
            f"{named}: {item.area_km2:,.0f} km² ({_change(item.delta_area_km2)}), {item.n_counties} counties "
            f"({_change(item.delta_counties)}){pair}."
        )
    if idle:
        alone, verb = ("alone", "changes") if len(idle) == 1 else ("each alone", "change")
        nothing = (
            "neither the circle nor the time between the centres"
            if n_centres > 1
            else "nothing about the circle"
        )
        lines.append(f"{and_(idle)}, {alone}, {verb} {nothing}.")
    closing = (
        f"All these times are modelled, door to door, on today's {_roads_en(results)}"
        + roads_en(results)
        + _compared_en(results, context)
        + _rail_sentence_en(results)
        + _assumed_en(results, context)
    )
    return [
        Heading("Summary in English", numbered=False),
        *([study.title_en] if study.title_en else []),
        opening,
        *([Items(tuple(lines))] if lines else []),
        *_more_en(results, context),
        closing,
    ]


def _change(value: float, unit: str = "") -> str:
    """Return a change with its sign; in a word where there is none."""
    return "unchanged" if round(value) == 0 else f"{signed(value)}{unit}"


def _way_en(results: StudyResults) -> str:
    return "road and rail" if has_trains(results) else "road"


def _compared_en(results: StudyResults, context: ReportContext) -> str:
    """Say what corridors are compared with."""
    if has_trains(results):
        both = ": corridors are compared with both" if context.corridors else ""
        return f" and with the trains that run today{both}."
    if any(item.corridor.mode != "road" for item in context.corridors):
        return ", by car; corridors are added to these roads, so that a railway's gain is measured against driving."
    return ", by car."


def _roads_en(results: StudyResults) -> str:
    """Say which roads: the embedded ones are trunk roads, others are their owner's."""
    network = results.parameters.get("network", {})
    return "trunk roads" if network.get("title") == data.catalog()["trunk_network"]["title"] else "roads"


def _more_en(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell in English what else the findings hold: border counties inside, zones, people, claims."""
    study, sentences = results.study, []
    if context.after is not None:
        sentences.append(
            f"With every corridor, {context.n_inside_after} of the {context.n_border} border counties lie in the "
            f"circle ({'as' if context.n_inside_after == context.n_inside_base else context.n_inside_base} today)."
        )
    if math.isfinite(context.zone_area_base):
        now, then = (f"{area:,.0f}" for area in (context.zone_area_base, context.zone_area_after))
        after = (
            "" if context.after is None else f" ({'the same' if now == then else then} with every corridor)"
        )
        sentences.append(
            f"The {study.zone_min:g}-minute commuting zones of the border counties average "
            f"{now} km²{after}; {context.zone_cross_base} of them reach over more than half "
            "of a county of another province."
        )
    people = people_inside(results)
    if people:
        now, then = (f"{people.get(scenario, people['base']) / 1e6:,.1f}" for scenario in ("base", "all"))
        after = "" if now == then else f", {then} million with every corridor"
        sentences.append(f"{now} million people live in the circle{after} ({people_source(results)[1]}).")
    sentences += [*_weak_en(results), *_order_en(results)]
    if len(results.claims):
        sentences.append(claims_summary_en(results.claims))
    return [" ".join(sentences)] if sentences else []


_OBJECTIVES_EN: Final = {
    "people": ("people in the circle", 1e6, " million"),
    "places": ("counties in the circle", 1.0, ""),
    "mean_time": ("the mean time to the centres", 1.0, " min"),
    "potential": ("market potential per head", 1e6, " million"),
    "worst_province": ("the worst province's share of people in the circle", 0.01, "%"),
    "poverty": ("the gap of access poverty", 0.01, "%"),
    "palma": ("the Palma ratio of people in reach", 1.0, ""),
}


def _trips_en(trips: float) -> str:
    """Return a number of trips as it is read: in millions where it has them."""
    return f"{trips / 1e6:.2f} million" if trips >= 1e6 else f"{trips:,.0f}"


def _weak_en(results: StudyResults) -> list[str]:
    """Tell which crossing can least be spared, where a line is missing most, and how much of the cities' links crosses borders."""
    told = []
    lost, lines, cities = results.critical_links, results.missing_links, results.city_totals
    if len(lost) and lost.iloc[0]["longer_trips"] > 0:
        first = lost.iloc[0]
        ends = and_(english_name(each) for each in first["name"].split("—"))
        told.append(
            f"Of the {len(lost):,} crossings, the loss of the one between {ends} costs most: {_trips_en(first['longer_trips'])} trips take "
            f"{first['mean_delay_min']:.0f} minutes longer."
        )
    if len(lines):
        ends = and_(english_name(str(lines.iloc[0][each])) for each in ("from_name", "to_name"))
        told.append(
            f"A line is missing most between {ends}, {lines.iloc[0]['detour_factor']:.1f} times the straight distance apart by road."
        )
    base = cities[cities["scenario"] == "base"] if len(cities) else cities
    if len(base):
        across = float((base["across_share"] * base["total"]).sum() / base["total"].sum())
        told.append(
            f"By the gravity of people over the square of time, {across:.0%} of the links between the {len(base)} cities cross provinces."
        )
    return told


def _order_en(results: StudyResults) -> list[str]:
    """Tell what to build first, and how many counties gain and lose market access."""
    told = []
    order = (
        results.build_order[results.build_order["chosen"]]
        if len(results.build_order)
        else results.build_order
    )
    whole = float(results.build_front["gain"].max()) if len(results.build_front) else 0.0
    if len(order) and whole > 0:
        asked, first = results.study.questions, order.iloc[0]
        word, over, unit = _OBJECTIVES_EN[asked.build_objective]
        money = "100 million yuan" if first["cost_unit"] == "100m_yuan" else "km"
        within = f" within {asked.build_budget:,g} {money}" if asked.build_budget is not None else ""
        told.append(
            f"Of the {len(results.build_order)} corridors one would build {_name_en(results, first['corridor_id'])} first{within}: "
            f"{word} goes from {four_digits(first['base_value'] / over)}{unit} to {four_digits(first['value'] / over)}{unit}, "
            f"{first['adds'] / whole:.0%} of what all of them gain together."
        )
    for theta, one in results.access_changes.groupby("theta", sort=True):
        up, down = ((one["side"] == side).sum() for side in ("gains", "loses"))
        told.append(
            f"With a trade elasticity of {theta:g}, {up} counties gain in market access relative to all others and {down} lose."
        )
    return told


def _scenario_en(results: StudyResults, scenario: str) -> str:
    if scenario == "all":
        return "with every corridor"
    if scenario.isdigit():
        return f"with the corridors open by {scenario}"
    if any(one.id == scenario for one in results.study.change):
        return f"change '{scenario}' ({results.scenario_names[scenario]})"
    return f"with {_name_en(results, scenario)} alone"


def _rail_sentence_en(results: StudyResults) -> str:
    """Tell what today's trains make of it, line haul and door to door."""
    gaps = results.parameters.get("rail_coverage") or {}
    if results.road_circles.empty:
        if not gaps or gaps["covers"]:
            return ""
        there = len(gaps["prefectures"]) - len(gaps["without_station"])
        return (
            f" Trains are left out: the railway tables have a station in {there or 'none'} of the "
            f"{len(gaps['prefectures'])} prefectures in reach, too few to say anything about today's trains."
        )
    area = road_areas(results)
    text = f" By road alone the circle would cover {area['base']:,.0f} km² today"
    trips = results.journeys[results.journeys["line_haul_min"] > 0]
    if len(trips) and not many_centres(results):
        first = trips.iloc[0]
        text += (
            f"; from {english_name(str(first['from_name']))} to {english_name(str(first['to_name']))} the fastest trains take {first['line_haul_min']:.0f} minutes, and "
            f"it takes {first['door_to_door_min']:.0f} from door to door"
        )
    if gaps.get("without_station"):
        text += (
            f"; the tables have no station in {len(gaps['without_station'])} of the {len(gaps['prefectures'])} "
            "prefectures in reach, whose trains are missing"
        )
    return text + "."


def _assumed_en(results: StudyResults, context: ReportContext) -> str:
    """Name the values of corridors that nobody has given."""
    told = assumed_values(results, context)
    if not told:
        return ""
    parts = [
        f"{item.corridor.name_en or item.corridor.name}: "
        + ", ".join(ASSUMED_EN[name].format(getattr(item.corridor, name)) for name in names)
        for item, names in told
    ]
    return (
        " Not given for these corridors, and taken from what the embedded lines of their mode and design speed have: "
        + "; ".join(parts)
        + "."
    )


def _pair_sentence_en(results: StudyResults, base: ScenarioFigures) -> str:
    if not math.isfinite(base.pair_min):
        return ""
    if many_centres(results):
        near, pairs = near_pairs(results)
        return f" Of the {pairs:,} pairs of centres, {near} lie within {results.study.circle_min:g} minutes of each other by {_way_en(results)}."
    inside = "inside" if base.pair_min <= results.study.circle_min else "outside"
    return (
        f" The centres lie {base.pair_min:.0f} minutes apart by {_way_en(results)}, {inside} "
        f"the {results.study.circle_min:g} minutes."
    )


def _which_borders_en(results: StudyResults) -> str:
    if results.study.between is not None:
        return ""
    return ", all land borders of the provinces studied, also those with provinces outside the study"


def _name_en(results: StudyResults, identifier: str) -> str:
    return next(
        (one.name_en or one.name for one in results_corridors(results) if one.id == identifier), identifier
    )
