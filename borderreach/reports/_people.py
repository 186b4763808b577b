"""The part of a report on people, and on what kind of place each border county is."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from ..analysis.borders import TypologyRule
from ..analysis.studies import StudyResults
from ..geo.places import SOURCES
from ._markdown import hours, join, rows_of, signed, table

_TYPES: Final = {"core-adjacent": "核心毗连", "corridor": "通道", "sag": "塌陷", "remote": "边远"}


#: Why corridors move a county from one type to another, where the names alone would mislead.
_WHY: Final = {
    ("corridor", "sag"): "到各核心并不更慢，而是核心之间因廊道变快，经由此地不再顺路",
    ("remote", "sag"): "到核心的时间缩短，或核心之间的联系进入可比范围，但仍不在两个核心之间的路上",
}


def people_section(results: StudyResults) -> list[str]:
    """Return the people in the circles, and the border counties' indicators."""
    if results.circle_people.empty:
        return []
    rows = []
    for counted, label in ((results.circle_people, "公路"), (results.rail_circle_people, "公路与铁路")):
        rows += [
            (
                label,
                results.scenario_names[row.scenario],
                f"{row.cutoff_min:g}",
                f"{row.people / 1e4:,.0f}",
                f"{row.people_by_seat / 1e4:,.0f}",
            )
            for row in rows_of(
                counted[counted["scenario"].isin(("base", "all"))].sort_values(
                    ["scenario", "cutoff_min"], ascending=[False, True]
                )
            )
        ]
    header = ("方式", "情景", "分钟", "人口（万）", "按驻地计（万）")
    lines = [
        "## 人口与可达性指标",
        "",
        *table(header, rows, right=(2, 3, 4)),
        "",
        (
            f"人口{_counted(results)}，县内按路网节点分摊（“按驻地计”则全部记在政府驻地，两者之差即这一假定的影响）。"
        ),
    ]
    if results.indicators.empty:
        return lines
    cutoff = hours(results.study.circle_min)
    after = "all" in results.scenario_names
    by_county = [
        (
            str(row.name_of),
            f"{row.people / 1e4:,.1f}",
            _type(row.county_type, row.scenario_county_type),
            f"{row.base_people_reached / 1e4:,.0f}",
            *([f"{row.scenario_people_reached / 1e4:,.0f}"] if after else []),
            f"{row.base_potential / 1e4:,.1f}",
            *([f"{signed(row.potential_change * 100, digits=1)}%"] if after else []),
            _share(row.efficiency),
            *([_share(row.scenario_efficiency)] if after else []),
            _share(row.efficiency_own),
            _share(row.efficiency_across),
        )
        for row in rows_of(results.indicators.rename(columns={"name": "name_of"}))
    ]
    then, change = (["廊道建成后"], ["变化"]) if after else ([], [])
    columns = (
        "区县", "人口（万）", "类型", f"{cutoff}内人口（万）", *then, "市场潜力（万人/分钟）", *change,
        "通行效率", *then, "现状省内", "现状跨省",
    )  # fmt: skip
    lines += [
        "",
        *table(columns, by_county, right=(1, *range(3, len(columns)))),
        "",
        (
            f"{cutoff}内人口是驻地在{cutoff}内可达的区县（含本县）的人口之和，整县计入。市场潜力按哈里斯公式，是{_everywhere(results)}各区县的人口"
            "除以到那里的分钟数之和，本县按面积估计的县内时间计。通行效率是 90 分钟内可达人口与 120 千米直线范围内人口之比"
            "（欧盟 DG REGIO 的定义），分本省与外省两部分；“—”表示该侧没有人口。"
        ),
        *_type_lines(results.indicators),
    ]
    return lines


def _counted(results: StudyResults) -> str:
    """Say who counted."""
    own = results.study.people_file
    return f"据 {own}" if own else "为第七次全国人口普查常住人口"


def _everywhere(results: StudyResults) -> str:
    """Say what all counties are that a potential adds up."""
    return "全国" if results.study.boundary_source in SOURCES else "边界数据内"


def _type_lines(indicators: pd.DataFrame) -> list[str]:
    """Say what the types mean, and which counties change theirs and why."""
    rule = TypologyRule()
    lines = [
        "",
        (
            "类型看区县与核心的关系，核心是本研究的中心和毗邻区县所在各省的省会（直辖市即其本身）。按公路门到门时间，依次取第一条成立的："
            f"**核心毗连**，{rule.adjacent_min:g} 分钟内可到一个核心；**通道**，从此地经过只使两个核心之间的行程多 "
            f"{rule.corridor_ratio - 1:.0%} 以内；**塌陷**，{rule.sag_min:g} 分钟内可到两个核心，却不在它们之间的路上；"
            f"**边远**，其余。相距超过 {rule.pair_max_min:g} 分钟的两个核心不算。"
        ),
    ]
    moved = indicators[indicators["county_type"] != indicators["scenario_county_type"]]
    if moved.empty:
        return lines
    parts = []
    for (before, after), some in moved.groupby(["county_type", "scenario_county_type"], sort=True):
        why = _WHY.get((str(before), str(after)), "")
        parts.append(
            f"{join(some['name'].head(12))}{f'等 {len(some)} 个' if len(some) > 12 else ''}由“{_TYPES[str(before)]}”变为"
            f"“{_TYPES[str(after)]}”{f'（{why}）' if why else ''}"
        )
    return [*lines, "", f"廊道建成后有 {len(moved)} 个毗邻区县换了类型：{'；'.join(parts)}。"]


def _type(base: str, after: str) -> str:
    return _TYPES[base] if base == after else f"{_TYPES[base]} → {_TYPES[after]}"


def _share(value: float) -> str:
    return f"{value * 100:.0f}%" if math.isfinite(value) else "—"


def people_source(results: StudyResults) -> tuple[str, str]:
    """Where people are counted from, in Chinese and English."""
    own = results.study.people_file
    return (f"据 {own}", f"from {own}") if own else ("2020 年普查", "census of 2020")
