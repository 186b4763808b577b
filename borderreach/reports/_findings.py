"""The main findings of a report, in Chinese."""

from __future__ import annotations

import math
from typing import Final

from ..analysis.studies import StudyResults
from ._claims import claims_summary
from ._key_figures import ReportContext, ScenarioFigures, people_inside, rail_areas
from ._markdown import hours, join, signed
from ._pairs import many_centres, near_pairs
from ._people import people_source

#: A circle that grows by a smaller share than this, and by no county, is told as unchanged.
_NEGLIGIBLE: Final = 0.0005
#: Minutes that change by less are told as unchanged.
_UNCHANGED_MIN: Final = 0.5


def findings_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell what a reader should know who reads no further."""
    study, base = results.study, context.base
    cutoff = hours(study.circle_min)
    lines = [
        "## 主要结论",
        "",
        f"1. **毗邻区县**：所研究的省界{_which_borders(results)}上有 {context.n_border} 个区县（"
        + "，".join(f"{name} {n} 个" for name, n in context.n_border_by_province.items())
        + f"），省界长 {context.border_km} 千米。",
        (
            f"2. **{cutoff}圈**：现状路网下，{_centres_zh(results)}的{cutoff}圈合计 "
            f"{base.area_km2:,.0f} 平方千米，覆盖研究范围 {context.n_study_counties} 个区县中 {base.n_counties} 个的政府"
            f"驻地；{context.n_border} 个毗邻区县中有 {context.n_inside_base} 个在圈内。"
        ),
    ]
    number = 3
    if math.isfinite(base.pair_min) and many_centres(results):
        near, pairs = near_pairs(results)
        lines.append(
            f"{number}. **中心之间**：沿现状公路门到门，{pairs:,} 对中心中有 {near} 对相互在{cutoff}之内。"
        )
        number += 1
    elif math.isfinite(base.pair_min):
        verdict = (
            f"在{cutoff}之内"
            if base.pair_min <= study.circle_min
            else f"比{cutoff}多 {base.pair_min - study.circle_min:.0f} 分钟"
        )
        lines.append(f"{number}. **中心之间**：沿现状公路门到门平均 {base.pair_min:.0f} 分钟，{verdict}。")
        number += 1
    last = context.after
    if last is not None:
        lines.append(
            f"{number}. **廊道**：{last.name}后，{cutoff}圈{_growth(last)}"
            + (f"（新增{join(last.gained)}）" if last.gained else "")
            + _pair_change(results, last)
            + f"；毗邻区县在圈内的{_from_to(context.n_inside_base, context.n_inside_after)}"
            + _rail_growth(results)
            + "。"
        )
        number += 1
    if math.isfinite(context.zone_area_base):
        lines.append(
            f"{number}. **{hours(study.zone_min)}通勤圈**：毗邻区县的通勤圈平均 {context.zone_area_base:,.0f} 平方千米"
            + (f"（{last.name}后{_area_then(context)}）" if last is not None else "")
            + f"，其中 {context.zone_cross_base} 个跨越省界，即另一省有区县过半面积在圈内。"
        )
        number += 1
    people = people_inside(results)
    if people:
        lines.append(
            f"{number}. **人口**：{cutoff}圈内有 {people['base'] / 1e4:,.0f} 万人（{people_source(results)[0]}）"
            + (f"，{last.name}后{_people_then(people)}" if last is not None and "all" in people else "")
            + "。"
        )
        number += 1
    if len(results.claims):
        lines.append(f"{number}. **文中论断**：{claims_summary(results.claims)}")
    return lines


def _which_borders(results: StudyResults) -> str:
    """Say what counts as a border where a study doesn't name the sides."""
    if results.study.between is not None:
        return ""
    return f"（{join(results.provinces['name'])}的全部陆上省界，含与研究范围以外各省的）"


def _area_then(context: ReportContext) -> str:
    now, then = (f"{area:,.0f}" for area in (context.zone_area_base, context.zone_area_after))
    return "几乎不变" if now == then else f" {then}"


def _people_then(people: dict[str, float]) -> str:
    now, then = (f"{people[scenario] / 1e4:,.0f}" for scenario in ("base", "all"))
    return "几乎不变" if now == then else f"为 {then} 万人"


def _centres_zh(results: StudyResults) -> str:
    return f"{len(results.centres)} 座中心" if many_centres(results) else join(results.centres["origin_name"])


def _pair_change(results: StudyResults, item: ScenarioFigures) -> str:
    if not math.isfinite(item.pair_min) or many_centres(results):
        return ""
    kept = abs(item.pair_delta_min) < _UNCHANGED_MIN
    return f"；中心之间{'仍为' if kept else '变为'} {item.pair_min:.0f} 分钟"


def _growth(item: ScenarioFigures) -> str:
    """Tell a change of the circle in words where it is too small to be told in figures."""
    if item.delta_counties == 0 and abs(item.delta_area_km2) < _NEGLIGIBLE * item.area_km2:
        return "几乎不变"
    return f"变化 {signed(item.delta_area_km2)} 平方千米、{signed(item.delta_counties)} 个区县"


def _from_to(before: int, after: int) -> str:
    return f"仍为 {after} 个" if before == after else f"由 {before} 个变为 {after} 个"


def _rail_growth(results: StudyResults) -> str:
    """Tell the circle with trains, in which a railway counts against railways rather than against driving."""
    if results.rail_circles.empty:
        return ""
    area = rail_areas(results)
    if "all" not in area:
        return ""
    before, after = (f"{area[scenario]:,.0f}" for scenario in ("base", "all"))
    told = f"仍为 {after}" if before == after else f"由 {before} 变为 {after}"
    return f"；以现有列车为基准（公路与铁路联程），圈{told} 平方千米"
