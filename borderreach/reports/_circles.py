"""The parts of a report on the circles of the centres, how exactly they are drawn, and the times between centres."""

from __future__ import annotations

from ..analysis.studies import StudyResults
from ._key_figures import ReportContext, seats_inside
from ._markdown import hours, minutes, rows_of, signed, table
from ._pairs import many_centres, rest_of_pairs, told_pairs


def circles_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell the circles of the centres in every scenario, and who comes into them."""
    study = results.study
    lines = [f"## {hours(study.circle_min)}圈", ""]
    base_rows = results.circles[results.circles["scenario"] == "base"].sort_values("cutoff_min")
    rows = []
    for row in rows_of(base_rows):
        known = results.gains[(results.gains["cutoff_min"] == row.cutoff_min)]
        n = int(known["base_counties"].iloc[0]) if len(known) else seats_inside(results, row.geometry)
        rows.append(
            (
                results.scenario_names["base"],
                f"{row.cutoff_min:g}",
                f"{row.area_km2:,.0f}",
                "",
                f"{n}",
                "",
                "",
            )
        )
    rows += [
        (
            results.scenario_names[str(row.scenario)],
            f"{row.cutoff_min:g}",
            f"{row.scenario_area_km2:,.0f}",
            signed(float(row.delta_area_km2)),
            f"{row.scenario_counties}",
            signed(int(row.delta_counties)),
            _moved(str(row.counties_gained), str(row.counties_lost)),
        )
        for row in rows_of(results.gains)
    ]
    if len(results.gains):
        header = ("情景", "分钟", "面积（平方千米）", "增加", "区县驻地", "增加", "进出圈的区县")
        lines += table(header, rows, right=(1, 2, 3, 4, 5))
    else:  # without another scenario nothing comes or goes
        few = [(row[0], row[1], row[2], row[4]) for row in rows]
        lines += table(("情景", "分钟", "面积（平方千米）", "区县驻地"), few, right=(1, 2, 3))
    single = results.isochrones[
        (results.isochrones["scenario"] == "base") & (results.isochrones["cutoff_min"] == study.circle_min)
    ]
    if len(single) > 1 and not many_centres(results):
        total = float(single["area_km2"].sum())
        each = "，".join(f"{row.origin_name} {row.area_km2:,.0f}" for row in rows_of(single))
        overlap = total - context.base.area_km2
        lines += [
            "",
            f"现状下各中心单独的圈（平方千米）：{each}；两圈以上重叠的面积约 {overlap:,.0f} 平方千米"
            + ("，即圈已相接。" if overlap >= 1 else "，即圈尚不相接。"),
        ]
    return lines


def _moved(gained: str, lost: str) -> str:
    parts = [gained] if gained else []
    if lost:
        parts.append(f"失去{lost}")
    return "；".join(parts) or "无"


def audit_section(results: StudyResults) -> list[str]:
    """Say how exact the drawn circles are: random points, each routed again."""
    if results.audit.empty:
        return []
    rows = [
        (
            str(row.origin_name),
            f"{row.cutoff_min:g}",
            f"{row.samples}",
            f"{row.false_inclusion_pct:.2f}（≤ {row.false_inclusion_high_pct:.2f}）",
            f"{row.false_exclusion_pct:.2f}（≤ {row.false_exclusion_high_pct:.2f}）",
            f"{row.worst_distance_m:,.0f}",
        )
        for row in rows_of(results.audit)
    ]
    header = ("中心", "分钟", "随机点", "误入（面积 %）", "误出（面积 %）", "最远偏离（米）")
    return [
        "### 圈画得有多准",
        "",
        *table(header, rows, right=(1, 2, 3, 4, 5)),
        "",
        (
            "在每个圈内和圈外近旁随机取点，逐点重新精确计算时间：圈内而实际到不了的为误入，圈外而实际到得了的为误出；括号内为 95% 置信上限。"
            "这检验的是图形与模型的一致，不是模型与现实的一致。"
        ),
    ]


def centre_pairs_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell the times between centres, and what of them is spent aboard a train."""
    if len(results.pair_times) == 0:
        return []
    rows = [
        (
            results.scenario_names[str(row.scenario)],
            f"{row.from_name} → {row.to_name}",
            minutes(float(row.travel_time_min)),
            "" if row.scenario == "base" else minutes(float(row.delta_min), with_sign=True),
        )
        for row in rows_of(told_pairs(results, results.pair_times, "travel_time_min"))
    ]
    header = ("情景", "起讫", "门到门（分钟）", "变化")
    alone = len(results.scenario_names) == 1  # then nothing changes
    shown = (
        table(header[:3], [row[:3] for row in rows], right=(2,))
        if alone
        else table(header, rows, right=(2, 3))
    )
    lines = [
        "## 中心之间的时间",
        "",
        *shown,
        *rest_of_pairs(results, "pair_times.csv"),
    ]
    for item in context.corridors:
        if item.corridor.mode == "road":
            continue
        spans = "，".join(f"{name or '全程'} {value:.0f} 分钟" for name, value in item.line_haul_min.items())
        lines += [
            "",
            (
                f"{item.corridor.name}起讫站之间的**行车时间**为{spans}；乘坐它的**门到门**时间另含进站候车 "
                f"{item.corridor.board_min + item.corridor.wait_min:.0f} 分钟、出站 {item.corridor.alight_min:g} 分钟和两端到车站的路程。"
                "文本和新闻中的“两小时”多指行车时间，两者不可混用。"
            ),
        ]
    return lines
