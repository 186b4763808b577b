"""The part of a report on journeys by road and rail."""

from __future__ import annotations

from ..analysis.studies import StudyResults
from ._key_figures import ReportContext, rail_areas
from ._markdown import hours, join, minutes, rows_of, table
from ._pairs import rest_of_pairs, told_pairs


def railways_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell what today's trains add, or why they are left out."""
    coverage = _coverage_zh(results)
    if results.rail_circles.empty:
        found = results.parameters.get("rail_coverage") or {}
        if not found or found["covers"]:
            return []
        return [
            "## 公路与铁路联程",
            "",
            f"未计列车：{coverage}所以本研究只按公路计算；这不表示当地没有列车。",
        ]
    cutoff = hours(results.study.circle_min)
    area = rail_areas(results)
    gained = f"，{results.scenario_names['all']}后 {area['all']:,.0f} 平方千米" if "all" in area else ""
    times = results.rail_county_times
    inside = times.loc[times["base_inside"], "adcode"].nunique()
    after = times.loc[times["scenario_inside"], "adcode"].nunique()
    lines = [
        "## 公路与铁路联程",
        "",
        (
            f"允许在表内的现有车站换乘列车（驾车到站，乘车，再驾车）时，{cutoff}圈为 {area['base']:,.0f} 平方千米{gained}；"
            f"{context.n_border} 个毗邻区县中有 {inside} 个在圈内"
            + (
                f"，{results.scenario_names['all']}后{'仍为' if after == inside else ''} {after} 个"
                if "all" in area
                else ""
            )
            + f"。只走公路时为 {context.base.area_km2:,.0f} 平方千米。"
        ),
    ]
    if coverage:
        lines += ["", f"{coverage}那里的列车没有计入，联程的圈因此可能偏小。"]
    if len(results.journeys):
        rows = [
            (
                f"{row.from_name} → {row.to_name}",
                minutes(row.line_haul_min) if row.n_boardings else "不乘车",
                minutes(row.waiting_min + row.boarding_min + row.transfer_min + row.alighting_min),
                minutes(row.road_min + row.access_min),
                minutes(row.door_to_door_min),
                minutes(row.road_only_min),
            )
            for row in rows_of(told_pairs(results, results.journeys, "door_to_door_min"))
        ]
        header = ("起讫", "行车时间", "候车、进出站与换乘", "两端公路", "门到门", "全程公路")
        lines += [
            "",
            *table(header, rows, right=(1, 2, 3, 4, 5)),
            *rest_of_pairs(results, "journeys.csv"),
            "",
            (
                "单位为分钟，均为现状。**行车时间**（line-haul）只是列车上的时间，文本和新闻所说的“两小时”多指它；**门到门**"
                "另含候车、进出站、换乘与两端的路程。候车按平均发车间隔的一半计，设上限；各项取值见 manifest.json。"
            ),
        ]
    return lines


def _coverage_zh(results: StudyResults) -> str:
    """Say how far the railway tables cover what the study reaches."""
    found = results.parameters.get("rail_coverage") or {}
    missing = found.get("without_station") or []
    if not missing:
        return ""
    most = 12
    if len(missing) == len(found["prefectures"]):
        return f"中心与圈内所及的 {len(missing)} 个地级单元中，所用的铁路表没有一个车站。"
    listed = join(missing[:most]) + (f"等 {len(missing)} 个" if len(missing) > most else "")
    return f"中心与圈内所及的 {len(found['prefectures'])} 个地级单元中，所用的铁路表在{listed}没有车站。"
