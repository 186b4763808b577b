"""The wide sheet of border counties: one row each, minutes to each centre, inside or not, people, indicators."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from ..analysis.studies import StudyResults
from ..documents import Column, Sheet
from ..reports import way_zh
from ._dictionary import WORDS, column, tidy

#: With more centres than this, each has one column of minutes, and the nearest has all.
_MOST_CENTRES: Final = 6
_INDICATORS: Final = (
    "people", "base_people_reached", "scenario_people_reached", "base_potential", "scenario_potential",
    "potential_change", "efficiency", "scenario_efficiency", "efficiency_own", "efficiency_across", "county_type",
    "scenario_county_type", "core_min",
)  # fmt: skip
#: Columns of tables of counties and centres: which table, column, how it's called, its meaning, decimals.
_OF_CENTRES: Final = (
    ("county_times", "base_min", "{way}，现状", "分钟", "门到门", 1),
    ("county_times", "scenario_min", "{way}，规划后", "分钟", "门到门，加上全部廊道", 1),
    ("county_times", "delta_min", "变化", "分钟", "负数为节省", 1),
    ("road_county_times", "base_min", "只走公路，现状", "分钟", "门到门，不乘车", 1),
    ("road_county_times", "scenario_min", "只走公路，规划后", "分钟", "门到门，不乘现有列车", 1),
    ("county_times", "base_inside", "圈内，现状", "", "驻地在圈内", 0),
    ("county_times", "scenario_inside", "圈内，规划后", "", "驻地在圈内", 0),
    ("chances", "base_chance", "在圈内的概率，现状", "概率", "时间误差下的概率", 3),
    ("chances", "scenario_chance", "在圈内的概率，规划后", "概率", "", 3),
)


def counties_sheet(results: StudyResults) -> Sheet:
    """Return the sheet of border counties."""
    counties = pd.DataFrame(results.border_counties.drop(columns="geometry")).reset_index(drop=True)
    columns = [
        column(counties, name) for name in ("name", "adcode", "city", "province", "neighbour_provinces")
    ]
    columns.append(column(counties, "border_km"))
    columns += _nearest(results, counties)
    few = len(results.centres) <= _MOST_CENTRES
    for centre, name in zip(results.centres["origin_id"], results.centres["origin_name"], strict=True):
        for table, source, head, unit, meaning, digits in _OF_CENTRES if few else _OF_CENTRES[:1]:
            columns += _of_centre(
                getattr(results, table), source, (str(centre), str(name)), counties,
                (head.format(way=way_zh(results)), unit, meaning, digits),
            )  # fmt: skip
    if len(results.indicators):
        known = results.indicators.set_index("adcode").reindex(counties["adcode"]).reset_index()
        columns += [column(known, name) for name in _INDICATORS]
    columns += _zones(results, counties)
    if "all" not in results.scenario_names:
        columns = [each for each in columns if "规划后" not in each.head and not each.head.endswith("：变化")]
    return Sheet(
        "区县", "每个毗邻区县一行：至各中心的时间、在圈内与否及其概率、人口与指标", tuple(columns), frozen=2
    )


def _nearest(results: StudyResults, counties: pd.DataFrame) -> list[Column]:
    """Return the nearest centre of each county and the minutes to it."""
    times = results.county_times.dropna(subset="base_min").sort_values(
        ["base_min", "centre_id"], kind="stable"
    )
    near = times.drop_duplicates("adcode").set_index("adcode").reindex(counties["adcode"])
    soonest = results.county_times.groupby("adcode")["scenario_min"].min().reindex(counties["adcode"])
    meaning = f"{way_zh(results)}门到门，各中心中最近者"
    return [
        Column("最近的中心", tidy(near["centre_name"])),
        Column("至最近中心，现状", tidy(near["base_min"]), "分钟", meaning, 1),
        Column("至最近中心，规划后", tidy(soonest), "分钟", meaning, 1),
    ]


def _of_centre(
    table: pd.DataFrame,
    source: str,
    centre: tuple[str, str],
    counties: pd.DataFrame,
    told: tuple[str, str, str, int],
) -> list[Column]:
    rows = table[table["centre_id"].astype(str) == centre[0]]
    if rows.empty:
        return []
    head, unit, meaning, digits = told
    cells: pd.Series[Any] = rows.set_index("adcode")[source].reindex(counties["adcode"])
    return [Column(f"至{centre[1]}：{head}", tidy(cells), unit, meaning, digits)]


def _zones(results: StudyResults, counties: pd.DataFrame) -> list[Column]:
    """Return the area of each county's commuting zone and the counties of other provinces in it."""
    if results.zones.empty:
        return []
    code = counties["adcode"].astype(str)
    found = []
    for scenario, word in (("base", "现状"), ("all", "规划后")):
        zones = results.zones[results.zones["scenario"] == scenario].set_index("centre_id")["area_km2"]
        members = results.zone_counties
        members = members[(members["scenario"] == scenario) & members["belongs"]]
        home = members["centre_id"].map(dict(zip(code, counties["province"], strict=True)))
        across = members[members["province"] != home].groupby("centre_id")["name"].agg("、".join)
        found += [
            Column(f"通勤圈面积，{word}", tidy(zones.reindex(code)), "平方千米", "往返都不超过时限的范围", 1),
            Column(f"通勤圈内另一省的区县，{word}", tidy(across.reindex(code)), "", WORDS["counties_across"].meaning),
        ]  # fmt: skip
    return found
