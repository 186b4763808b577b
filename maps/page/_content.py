"""What the page draws, as JSON values in a fixed order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from ...geo.places import english_name, national_lines, shows_china
from ...geo.text import closed
from ..classes import Classes
from ..layers import BASE, MapLayers, Reach, km_range, number
from ..measures import Measure, measures
from ..protocols import MapResults
from ..shapes import ALPHABET, BOUNDARY_TOLERANCE_DEG, QUANTUM_DEG, REACH_QUANTUM_DEG, metres, pack
from ..style import corridor_colours, page_style
from ..what_if_words import WHAT_IF_ZH
from ..wording import WORDS, Language, words_of
from ._base_maps import BaseMap
from ._claims import claims_content
from ._counties import counties_content
from ._places import at, core_of, parts_of, short_names, sign_at
from ._question_words import QUESTION_WORDS
from ._what_if import what_if_content
from ._years import years_content, years_left_out


def page_content(
    results: MapResults,
    layers: MapLayers,
    language: Language,
    *,
    tiles: BaseMap | None,
    classes: Mapping[str, Classes],
    china: bool,
    review_number: str = "",
) -> dict[str, Any]:
    """Return what the page's script draws, as JSON values in a fixed order.

    `china` says that provinces and surroundings are the whole of China, whose maps carry lines in the South China Sea;
    `review_number` is that of a reviewed base map.
    """
    west, south, east, north = _first_view(layers)
    figures = measures(layers.indicators, layers.answers)
    centres = [
        {"id": str(row.origin_id), "name": str(row.origin_name), "at": at(row)}
        for row in layers.centres.itertuples()
    ]
    years = years_content(results, layers)
    content = {
        "language": language,
        "words": None,  # below, by what the page has
        "style": page_style(),
        "classes": {name: _classes(each) for name, each in classes.items()} | _measure_classes(figures),
        "measures": [{"id": each.id, "key": each.key, "theta": number(each.theta, 3)} for each in figures],
        "circleMin": float(results.study.circle_min),
        "title": {"zh": str(results.study.title), "en": str(results.study.title_en)},
        "description": str(results.study.description),
        "attribution": [
            *(str(line) for line in results.attribution),
            *([closed(f"审图号 / map review number: {review_number}")] if review_number else []),
        ],
        "notes": [str(line) for line in results.notes],
        "baseMap": None if tiles is None else _tiles(tiles),
        "alphabet": ALPHABET,
        "quantum": QUANTUM_DEG,
        "reachQuantum": REACH_QUANTUM_DEG,
        "tolerances": {
            "boundary": metres(BOUNDARY_TOLERANCE_DEG),
            "circle": metres(max(layers.circle_tolerance_deg, layers.slider_tolerance_deg)),
            "zone": metres(layers.zone_tolerance_deg),
        },
        "bounds": [[south, west], [north, east]],
        "scenario": layers.scenario,
        "scenarioName": layers.scenario_name,
        "baseName": layers.base_name,
        "centres": centres,
        "provinces": _named(layers.provinces),
        "context": _named(layers.context),
        "nationalLines": [each for line in national_lines() for each in pack(line)] if china else [],
        "borders": _borders(layers),
        "crossings": _crossings(layers),
        "gaps": _gaps(layers),
        "critical": _critical(layers),
        "missing": _missing(layers),
        "links": _links(layers),
        "past": _past(layers),
        "years": years,
        "yearsLeftOut": years_left_out(results, layers),
        "changes": _changes(layers),
        "claims": claims_content(layers),
        "junctions": [{"names": str(row.provinces), "at": at(row)} for row in layers.junctions.itertuples()],
        **counties_content(layers, figures),
        "circles": [_circle(reach, layers.circle_people, layers.scenario) for reach in layers.circles],
        "slider": [_reach(reach) for reach in layers.slider],
        "railCircles": [
            _circle(reach, layers.road_circle_people, layers.scenario) for reach in layers.road_circles
        ],
        "centreCircles": [_reach(reach) for reach in layers.centre_circles],
        "zones": [_reach(reach) for reach in layers.zones],
        "allZones": _reach(layers.all_zones) if layers.all_zones else None,
        "corridors": _corridors(results, layers),
        # in WGS 84, also where the rest is shifted onto a base map in GCJ-02
        "whatIf": what_if_content(
            getattr(results, "what_if", None), results.scenario_names, years=years is not None
        ),
    }
    content["english"] = _english(content)
    content["short"] = _short(content)
    used = {
        "year_": content["years"] is not None,
        **{prefix: any(each.key == key for each in figures) for prefix, key in _ASKED.items()},
        "build_": any(row["build"] for row in content["corridors"]),
    }
    content["words"] = _words(
        results,
        asks=content["whatIf"] is not None,
        unused=tuple(prefix for prefix, is_used in used.items() if not is_used),
        answered={each.key for each in figures} | ({"links"} if content["links"] else set()),
    )
    return {key: _closed(value) for key, value in content.items()}


def _words(
    results: MapResults, *, asks: bool, unused: tuple[str, ...], answered: set[str]
) -> dict[str, dict[str, str]]:
    """Return the words of both languages that a page has a use for: without those of what-ifs, years and orders that it lacks."""
    left_out = set() if asks else WHAT_IF_ZH.keys()
    return {
        language: {
            key: text
            for key, text in words_of(results, language).items()
            if key not in left_out and not key.startswith(unused)
        }
        | {
            key: text
            for what, words in QUESTION_WORDS.items()
            if what in answered
            for key, text in words[language].items()
        }
        for language in WORDS
    }


#: Words that a page has no use for without a measure.
_ASKED: Final = {
    "measure_nearer": "yardsticks", "measure_cost": "cost", "unit_yuan": "cost",
    "measure_access": "access", "equity_": "equity", "measure_equity": "equity",
    "missed": "yardsticks",
    "measure_yardsticks": "yardsticks",
}  # fmt: skip
#: Stands between names in one text.
_BAR: Final = "|"
#: Where the page's content has names of places.
_PLACES: Final = frozenset(
    {"name", "names", "province", "provinces", "city", "neighbours", "members", "worstNames", "cutOff"}
)


def _english(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the names of places on the page in Latin letters: those of counties in their order, and others by name.

    A country has thousands of counties, whose Chinese names the page needn't hold twice.
    """
    found: dict[str, str] = {}

    def look(value: Any, *, named: bool = False) -> None:
        if isinstance(value, str):
            if named:
                for name in value.split("、"):
                    if (english := english_name(name)) != name:
                        found[name] = english
        elif isinstance(value, dict):
            for key, each in value.items():
                look(each, named=key in _PLACES or (named and isinstance(each, list)))
        elif isinstance(value, list | tuple):
            for each in value:
                look(each, named=named)

    for key in (
        "centres",
        "provinces",
        "context",
        "borders",
        "crossings",
        "gaps",
        "critical",
        "missing",
        "links",
        "junctions",
        "counties",
    ):
        look(content[key])
    for corridor in content["corridors"]:
        look(corridor["stops"])
    what_if = content["whatIf"]
    look([{"name": name} for name in (*content["cities"], *content["wayEnds"])])
    look([] if what_if is None else [{"name": name} for _, name, *_ in what_if["counties"]])
    counties = [row["name"] for row in content["counties"]]
    known = set(counties)
    return {
        "counties": _BAR.join(english_name(name).replace(_BAR, "¦") for name in counties),
        "others": {name: said for name, said in sorted(found.items()) if name not in known},
    }


def _short(content: Mapping[str, Any]) -> dict[str, str]:
    what_if = content["whatIf"]
    towns = [] if what_if is None else [name for _, name, *_ in what_if["counties"]]
    named = [row["name"] for key in ("centres", "counties") for row in content[key]]
    return short_names({*named, *towns})


def _closed(value: Any) -> Any:
    """Return a value in whose texts no change of direction reaches beyond them."""
    if isinstance(value, str):
        return closed(value)
    if isinstance(value, dict):
        return {key: _closed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_closed(each) for each in value]
    return value


def _first_view(layers: MapLayers) -> tuple[float, float, float, float]:
    """Return what is seen first: what the study is about, which may be less than its provinces or reach beyond them.

    A map of China shows all of it.
    """
    frames = (layers.counties, layers.borders, layers.centres, layers.corridors)
    shapes = [shape for frame in frames for shape in frame.geometry]
    shapes += [shape for reach in layers.circles for shape in (reach.base, reach.scenario)]
    bounds = shapely.total_bounds(shapely.GeometryCollection(shapes))
    # Without any shape, or any width, the provinces are seen.
    wide = not shows_china(layers.provinces) and bool((bounds[2:] > bounds[:2]).all())
    west, south, east, north = (float(value) for value in (bounds if wide else layers.provinces.total_bounds))
    return west, south, east, north


def _classes(classes: Classes) -> dict[str, Any]:
    labels = dict.fromkeys(WORDS, classes.labels)
    return {"breaks": classes.breaks, "colours": classes.colours, "labels": labels, "unit": "minutes"}


def _measure_classes(figures: Sequence[Measure]) -> dict[str, Any]:
    """Return the classes of each measure and, where there is one, of its change."""
    found: dict[str, Any] = {}
    for each in figures:
        for change in [side for side, held in ((False, each.base), (True, each.change)) if held]:
            classes = each.changes if change else each.levels
            found[f"~{each.id}" + ("-gain" if change else "")] = {
                "breaks": classes.breaks,
                "colours": classes.colours,
                "labels": {language: each.labels(language, change=change) for language in WORDS},
                "unit": each.change_unit if change else each.unit,
            }
    return found


def _borders(layers: MapLayers) -> list[dict[str, Any]]:
    known = {(str(row.province_a), str(row.province_b)): row for row in layers.border_crossings.itertuples()}
    rows = []
    for row in layers.borders.itertuples():
        names = str(row.province_a), str(row.province_b)
        crossed = known.get(names)
        rows.append(
            {
                "names": names,
                "km": km_range(row, "length"),
                "crossings": None if crossed is None else int(str(crossed.n_crossings)),
                "spacing": None if crossed is None else number(crossed.spacing_km),
                "without": None if crossed is None else number(crossed.longest_without_km),
                "shape": pack(row.geometry),
            }
        )
    return rows


def _crossings(layers: MapLayers) -> list[dict[str, Any]]:
    return [
        {
            "at": sign_at(row.geometry),
            "class": str(row.road_class),
            "names": [str(row.county_a), str(row.county_b)],
            "provinces": [str(row.province_a), str(row.province_b)],
        }
        for row in layers.crossings.itertuples()
    ]


def _gaps(layers: MapLayers) -> list[dict[str, Any]]:
    return [
        {
            "names": [str(row.county), str(row.beyond_county)],
            "km": number(row.gap_km),
            "roadKm": number(row.network_km),
            "minutes": number(row.network_min),
            "factor": number(row.detour_factor),
            "shape": pack(row.geometry),
        }
        for row in layers.gaps.itertuples()
    ]


#: Lines of crossings are so wide at most and at least, pixels; the width goes with the square root of the cost.
_WIDEST: Final = 9.0
_NARROWEST: Final = 2.0


def _critical(layers: MapLayers) -> list[dict[str, Any]]:
    """Return crossings as wide as their loss costs, those of the least first, so that the others lie above."""
    most = float(layers.critical["cost_person_min"].max()) if len(layers.critical) else 0.0
    rows = layers.critical.sort_values("cost_person_min", kind="stable")
    return [
        {
            "names": str(row.name).split("—"),
            "class": str(row.road_class),
            "trips": number(row.longer_trips, 0),
            "mean": number(row.mean_delay_min),
            "worst": number(row.worst_delay_min, 0),
            "worstNames": [str(row.worst_from), str(row.worst_to)],
            "cutOff": str(row.cut_off),
            "wide": round(
                _NARROWEST + (_WIDEST - _NARROWEST) * math.sqrt(float(str(row.cost_person_min)) / most), 1
            )
            if most > 0
            else _NARROWEST,
            "shape": pack(row.geometry),
        }
        for row in rows.itertuples()
    ]


def _missing(layers: MapLayers) -> list[dict[str, Any]]:
    return [
        {
            "names": [str(row.from_name), str(row.to_name)],
            "km": number(row.line_km, 0),
            "baseMin": number(row.base_min, 0),
            "lineMin": number(row.line_min, 0),
            "factor": number(row.detour_factor),
            "usual": number(row.usual_detour),
            "shape": pack(row.geometry),
        }
        for row in layers.missing.itertuples()
    ]


def _links(layers: MapLayers) -> list[dict[str, Any]]:
    """Return links between cities as wide as they are strong, with where along them the fields of both meet."""
    most = float(layers.links["share"].max()) if len(layers.links) else 1.0
    rows = []
    for row in layers.links.itertuples():
        (west, south), (east, north) = row.geometry.coords
        rows.append(
            {
                "names": [str(row.a_name), str(row.b_name)],
                "across": bool(row.across),
                "minutes": number(row.minutes, 0),
                "meets": number(row.breaking_min, 0),
                "share": number(100 * float(str(row.share))),
                "wide": round(1 + (_WIDEST - 1) * math.sqrt(float(str(row.share)) / most), 1),
                "ends": [[round(south, 3), round(west, 3)], [round(north, 3), round(east, 3)]],
            }
        )
    return rows


def _past(layers: MapLayers) -> list[dict[str, Any]]:
    return [
        {
            "year": int(str(row.year)),
            "cutoff": number(row.cutoff_min),
            "area": number(row.area_km2, 0),
            "n": int(str(row.n_counties)),
            "shape": pack(row.geometry),
        }
        for row in layers.past.itertuples()
    ]


def _changes(layers: MapLayers) -> list[dict[str, Any]]:
    """Return closed links and changed speeds; a sign stands in the middle of the longest stretch."""
    return [
        {
            "id": str(row.change_id),
            "name": str(row.name),
            "closed": bool(row.closed),
            "links": int(str(row.n_links)),
            "km": number(row.length_km),
            "baseKph": number(row.base_kph, 0),
            "afterKph": number(row.scenario_kph, 0),
            "at": sign_at(core_of([], parts_of(row.geometry), [])),
            "shape": pack(row.geometry),
        }
        for row in layers.changes.itertuples()
    ]


def _tiles(tiles: BaseMap) -> dict[str, Any]:
    return {
        "name": tiles.name,
        "addresses": tiles.addresses,
        "attribution": tiles.attribution,
        "subdomains": tiles.subdomains,
        "datum": tiles.datum,
        "minZoom": tiles.min_zoom,
        "maxZoom": tiles.max_zoom,
        "tms": tiles.tms,
    }


def _named(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    rows = []
    for row, point in zip(frame.itertuples(), frame.representative_point(), strict=True):
        rows.append(
            {
                "name": str(row.name),
                "at": [round(point.y, 4), round(point.x, 4)],
                "shape": pack(row.geometry),
            }
        )
    return rows


def _reach(reach: Reach) -> dict[str, Any]:
    """Return areas before and after; None for after where it is the same, so that it needn't be held twice."""
    base, after = (pack(area, REACH_QUANTUM_DEG) for area in (reach.base, reach.scenario))
    return {
        "key": reach.key,
        "name": reach.name,
        "minutes": reach.cutoff_min,
        "baseKm2": reach.base_km2,
        "afterKm2": reach.scenario_km2,
        "base": base,
        "after": None if after == base else after,
        "gained": pack(reach.gained, REACH_QUANTUM_DEG),
        "edge": pack(reach.edge, REACH_QUANTUM_DEG),
    }


def _circle(reach: Reach, people: pd.DataFrame, scenario: str | None) -> dict[str, Any]:
    """Return a circle with the people in it, today and with corridors; None where the table has no such row."""
    here = people[people["cutoff_min"] == reach.cutoff_min]
    inside = {str(row.scenario): number(row.people, 0) for row in here.itertuples()}
    return {**_reach(reach), "people": [inside.get(BASE), inside.get(scenario or "")]}


def _corridors(results: MapResults, layers: MapLayers) -> list[dict[str, Any]]:
    stops: dict[str, list[dict[str, Any]]] = {}
    for row in layers.corridor_stops.sort_values(["corridor_id", "stop_no"]).itertuples():
        stops.setdefault(str(row.corridor_id), []).append({"name": str(row.stop_name), "at": at(row)})
    colours = corridor_colours(layers.corridors)
    order = _build_order(results)
    return [
        {
            "id": str(row.corridor_id),
            "colour": colours[str(row.corridor_id)],
            "name": str(row.name),
            "nameEn": layers.corridor_names_en.get(str(row.corridor_id), ""),
            "mode": str(row.mode),
            "status": str(row.status),
            "kph": number(row.design_speed_kph, 0),
            "km": number(row.length_km),
            "source": str(row.source),
            "shape": pack(row.geometry),
            "stops": stops.get(str(row.corridor_id), []),
            "build": order.get(str(row.corridor_id)),
        }
        for row in layers.corridors.itertuples()
    ]


#: What values of an objective are divided by for readers; its unit stands in the words of the page.
_OBJECTIVES: Final = {
    "people": 1e4,
    "places": 1.0,
    "mean_time": 1.0,
    "potential": 1e4,
    "worst_province": 0.01,
    "poverty": 0.01,
    "palma": 1.0,
}


def _build_order(results: MapResults) -> dict[str, dict[str, Any]]:
    """Return for each corridor its step in the order of building, 0 where it isn't built, and what it adds."""
    table = getattr(results, "build_order", None)
    if table is None or len(table) == 0:
        return {}
    objective = str(results.study.questions.build_objective)  # type: ignore[attr-defined]
    over = _OBJECTIVES[objective]
    return {
        str(row.corridor_id): {
            "objective": objective,
            "step": int(str(row.step)),
            "value": number(float(str(row.value)) / over, 2),
            "adds": number(float(str(row.adds)) / over, 2),
            "alone": number(float(str(row.alone)) / over, 2),
        }
        for row in table.itertuples()
    }
