"""The parts of a report on the borders: who lies on them, where they are crossed, and what they cost."""

from __future__ import annotations

from ..analysis.studies import StudyResults
from ._key_figures import ReportContext
from ._markdown import hours, km_range, rows_of, signed, table


def borders_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell each border, its length and the counties on its sides."""
    rows = [
        (
            f"{row.province_a}–{row.province_b}",
            km_range(float(row.length_low_km), float(row.length_high_km)),
            f"{row.n_counties_a}",
            f"{row.n_counties_b}",
        )
        for row in rows_of(results.borders)
    ]
    lines = [
        "## 省界与毗邻区县",
        "",
        *table(("省界", "长度（千米）", "前者一侧区县", "后者一侧区县"), rows, right=(1, 2, 3)),
        "",
        (
            f"“毗邻区县”指与另一省的区县共有一段陆地边界的区县，只在一点相接的不算。本研究共 {context.n_border} 个。"
            f"{_how_long(results)}"
        ),
    ]
    if len(results.junctions):
        meeting = "；".join(str(names) for names in results.junctions["provinces"])
        lines += ["", f"与此省界有关的三省交界点 {len(results.junctions)} 处：{meeting}。"]
    return lines


def _how_long(results: StudyResults) -> str:
    """Say what the lengths rest on."""
    low, high = results.borders["length_low_km"], results.borders["length_high_km"]
    if (low == high).all():
        return "长度在椭球面上量算，取决于边界画得多细。"
    return "长度在椭球面上量算，取决于边界画得多细：所列为天地图、高德两种边界数据之间的范围。"


def price_section(results: StudyResults) -> list[str]:
    """Say what the border costs: crossings, gaps, detours, and how sure the circle is."""
    if results.border_crossings.empty:
        return []
    rows = [
        (
            f"{row.province_a}–{row.province_b}",
            f"{row.border_km:,.0f}",
            f"{row.n_crossings}",
            f"{row.spacing_km:,.0f}" if row.n_crossings else "—",
            f"{row.longest_without_km:,.0f}",
        )
        for row in rows_of(results.border_crossings)
    ]
    header = (
        "省界",
        "长度（千米，本研究的边界）",
        "干线公路口子",
        "平均间距（千米）",
        "最长无口子一段（千米）",
    )
    lines = ["## 省界的代价", "", *table(header, rows, right=(1, 2, 3, 4)), ""]
    lines += [
        (
            f"- {row.province_a}–{row.province_b}：跨界县际路程是直线的 {row.detour_across:.2f} 倍，等距的省内县际为 "
            f"{row.detour_within:.2f} 倍，相差 {signed((row.detour_ratio - 1) * 100, digits=1)}%（95% 区间 "
            f"{signed((row.detour_ratio_low - 1) * 100, digits=1)}% 至 {signed((row.detour_ratio_high - 1) * 100, digits=1)}%）；"
            f"跨界{_extra(float(row.extra_min))}（{row.n_pairs} 对，平均直线距离 "
            f"{row.mean_straight_km:.0f} 千米）。"
        )
        for row in rows_of(results.border_effect)
    ]
    lines.append(f"- 断头路（距省界不远中断、对侧有路可接、绕行数倍的干线）：{len(results.gaps)} 处。")
    lines += _chance_lines(results)
    lines += [
        "",
        (
            "口子是连接两省的干线公路路段，本路网不含地方道路，实际口子更多。路程之比用两省县级驻地之间 20 至 150 千米的县对，"
            "每对跨界县配以直线距离相近的省内县对。"
        ),
    ]
    return lines


def _extra(minutes: float) -> str:
    """Say how many minutes more or less a journey across takes; in words where it's none that can be told."""
    if round(abs(minutes)) == 0:
        return "平均用时几乎相同"
    return f"平均{'多' if minutes > 0 else '少'} {abs(minutes):.0f} 分钟"


def _chance_lines(results: StudyResults) -> list[str]:
    """Border counties whose place inside or outside the circle isn't sure."""
    best = results.chances.groupby(["adcode", "name"], sort=False)["base_chance"].max().reset_index()
    unsure = best[best["base_chance"].between(0.05, 0.95)]
    if unsure.empty:
        return []
    named = "、".join(f"{row.name_of}（{row.base_chance * 100:.0f}%）" for row in rows_of(
        unsure.rename(columns={"name": "name_of"})
    ))  # fmt: skip
    return [
        f"- 模型的时间有误差，驻地在{hours(results.study.circle_min)}圈内与否因此并不都确定。不确定的毗邻区县及其在圈内的概率（现状）：{named}。"
    ]
