"""The part of a report on the borders: who lies on them, where they are crossed, and what they cost."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from ..analysis.studies import StudyResults
from ..documents import Block, Heading, Table
from ._key_figures import ReportContext
from ._words import join, km_range, rows_of, signed

#: So many borders stand in the table; those with the longest detours first.
_MOST: Final = 15


def borders_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell each border: its length and counties, where it is crossed, and the detours across it."""
    if results.borders.empty:
        return []
    table = _joined(results)
    full = len(table) > _MOST
    rows = tuple(_cells(row, results) for row in rows_of(table.head(_MOST)))
    header = ["省界", "长度（千米）", "两侧区县（个）"]
    if len(results.border_crossings):
        header += ["跨省通道（处）", "平均间距（千米）", "最长无通道（千米）"]
    if len(results.border_effect):
        header += ["跨界绕行比省内（%）", "跨界多用（分钟）"]
    note = _how_long(results) + _how_detours(results)
    if full:
        note += f"共 {len(table)} 段省界，列出跨界绕行最甚的 {_MOST} 段，其余见 tables.xlsx 的“省界”一表。"
    return [
        Heading("省界是不是障碍"),
        f"毗邻区县指与另一省的区县共有一段陆地边界的区县，只在一点相接的不算，本研究共 {context.n_border} 个。{_junctions(results)}",
        Table("borders", "省界、跨省通道与跨界绕行", tuple(header), rows, tuple(range(1, len(header))), note),
        *_gap_lines(results),
    ]


def _joined(results: StudyResults) -> pd.DataFrame:
    """Return the borders with their crossings and detours, the longest detours first."""
    keys = ["province_a", "province_b"]
    table = pd.DataFrame(results.borders.drop(columns="geometry"))
    if len(results.border_crossings):
        crossed = results.border_crossings.drop(columns=["geometry", "border_km"], errors="ignore")
        table = table.merge(crossed, on=keys, how="left")
    if len(results.border_effect):
        table = table.merge(results.border_effect, on=keys, how="left")
        table = table.sort_values("detour_ratio", ascending=False, kind="stable", na_position="last")
    return table


def _cells(row: Any, results: StudyResults) -> tuple[str, ...]:
    cells = [
        f"{row.province_a}–{row.province_b}",
        km_range(float(row.length_low_km), float(row.length_high_km)),
        f"{row.n_counties_a} + {row.n_counties_b}",
    ]
    if len(results.border_crossings):
        some = pd.notna(row.n_crossings) and row.n_crossings > 0
        cells += [
            f"{row.n_crossings:.0f}" if pd.notna(row.n_crossings) else "—",
            f"{row.spacing_km:,.0f}" if some else "—",
            f"{row.longest_without_km:,.0f}" if pd.notna(row.longest_without_km) else "—",
        ]
    if len(results.border_effect):
        if pd.notna(row.detour_ratio):
            low, high = ((x - 1) * 100 for x in (row.detour_ratio_low, row.detour_ratio_high))
            cells += [
                f"{signed((row.detour_ratio - 1) * 100)}（{signed(low)} 至 {signed(high)}）",
                signed(float(row.extra_min)),
            ]
        else:
            cells += ["—", "—"]
    return tuple(cells)


def _how_long(results: StudyResults) -> str:
    """Say what the lengths rest on."""
    low, high = results.borders["length_low_km"], results.borders["length_high_km"]
    if (low == high).all():
        return "长度在椭球面上量算，取决于边界画得多细。"
    return "长度在椭球面上量算，取决于边界画得多细：所列为天地图、高德两种边界数据之间的范围。"


def _how_detours(results: StudyResults) -> str:
    """Say what crossings and detours are."""
    text = ""
    if len(results.border_crossings):
        text += "跨省通道是连接两省的干线公路路段，路网不含地方道路，实际通道更多。"
    if len(results.border_effect):
        text += (
            "跨界绕行比省内：两省县级驻地之间 20 至 150 千米的县对，公路路程与直线之比，较直线距离相近的省内县对高出多少（括号内为 95% 区间）；"
            "跨界多用为这些县对平均多用的时间。"
        )
    return text


def _junctions(results: StudyResults) -> str:
    """Tell where three provinces meet; where there are many such points, how many."""
    n = len(results.junctions)
    if n == 0:
        return ""
    if n > 6:
        return f"三省交界点 {n} 处。"
    names = results.junctions["provinces"].astype(str).str.split("、")
    return f"与此省界有关的三省交界点 {n} 处：{'；'.join(join(each) for each in names)}。"


def _gap_lines(results: StudyResults) -> list[Block]:
    """Name the roads that stop short of a border."""
    if results.border_crossings.empty:
        return []
    what = "断头路（距省界不远中断、对侧有路可接、绕行数倍的干线公路）"
    if results.gaps.empty:
        return [f"{what}：未发现。"]
    most = 10
    parts = [
        f"{row.county}（{row.province}）与{row.beyond_county}（{row.beyond_province}）之间，缺 {row.gap_km:.1f} 千米，现须绕行 "
        f"{row.network_km:,.0f} 千米、{row.network_min:.0f} 分钟"
        for row in rows_of(results.gaps.sort_values("gap_km", kind="stable").head(most))
    ]
    rest = "；其余见 tables.xlsx 的“断头路”一表" if len(results.gaps) > most else ""
    return [f"{what} {len(results.gaps)} 处：{'；'.join(parts)}{rest}。"]
