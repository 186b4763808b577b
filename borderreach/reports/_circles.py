"""The parts of a report on the circles of the centres: who is in them, in which scenario, after which change, and how exactly they are drawn."""

from __future__ import annotations

import math
from typing import Any, Final

from ..analysis.studies import StudyResults
from ..documents import Block, Figure, Heading, Items, Line, See, Table
from ._key_figures import ReportContext, ScenarioFigures, seats_inside
from ._pairs import coverage_zh, many_centres
from ._roads import has_trains, today_zh, way_zh
from ._words import hours, join, rows_of, seat_zh, signed

#: So many scenarios that change nothing are named.
_FEW_SAME: Final = 2


def circles_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the circles of the centres today and with every corridor: area, seats, people, by road and with trains."""
    blocks: list[Block] = [
        Heading(f"谁在{hours(results.study.circle_min)}圈内"),
        _table(results, context),
    ]
    blocks += _apart(results, context)
    blocks += _trains(results, context)
    blocks += _unsure(results)
    if len(results.county_times):
        blocks += [
            (
                "毗邻区县至最近中心的时间分布见",
                See("minutes"),
                "，多少人口在若干分钟内可到最近的中心见",
                See("people"),
                "。",
            ),
            Figure(
                "minutes", f"毗邻区县驻地至最近中心的{way_zh(results)}时间分布", "chart_minutes.png", 12.0
            ),
            Figure("people", "毗邻区县人口中至最近中心不超过某一时间的比例", "chart_people.png", 12.0),
        ]
    return blocks


def _table(results: StudyResults, context: ReportContext) -> Table:
    people = {
        (str(row.scenario), float(row.cutoff_min)): row.people for row in rows_of(results.circle_people)
    }
    rows = []
    for row in rows_of(results.circles.sort_values(["cutoff_min", "scenario"], ascending=[True, False])):
        key = (str(row.scenario), float(row.cutoff_min))
        rows.append(
            (
                f"{row.cutoff_min:g}",
                "现状" if row.scenario == "base" else "规划后",
                f"{row.area_km2:,.0f}",
                f"{_seats(results, row):,}",
                *([f"{people[key] / 1e4:,.0f}"] if people else []),
            )
        )
    header = (
        "分钟",
        "情景",
        f"{way_zh(results)}圈（平方千米）",
        "区县驻地（个）",
        *(("人口（万）",) if people else ()),
    )
    note = f"区县驻地按研究范围 {context.n_study_counties:,} 个区县计。"
    if people:
        largest = results.circle_people[
            (results.circle_people["cutoff_min"] == results.study.circle_min)
            & (results.circle_people["scenario"] == "base")
        ].iloc[0]
        note += (
            f"人口{_counted(results)}，县内按路网节点分摊；若全部记在{seat_zh(results)}，现状{hours(results.study.circle_min)}圈为 "
            f"{largest['people_by_seat'] / 1e4:,.0f} 万。"
        )
    return Table(
        "circles", "各中心时间圈的面积、区县与人口", header, tuple(rows), (0, *range(2, len(header))), note
    )


def _seats(results: StudyResults, row: Any) -> int:
    """Count the seats in a circle, as the table of gains has them where there is one."""
    known = results.gains[results.gains["cutoff_min"] == row.cutoff_min]
    if row.scenario == "base":
        return int(known["base_counties"].iloc[0]) if len(known) else seats_inside(results, row.geometry)
    known = known[known["scenario"] == row.scenario]
    return int(known["scenario_counties"].iloc[0]) if len(known) else seats_inside(results, row.geometry)


def _counted(results: StudyResults) -> str:
    """Say who counted."""
    own = results.study.people_file
    return f"据 {own}" if own else "为第七次全国人口普查常住人口"


def _apart(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the circle of each centre by itself, and whether they meet."""
    single = results.isochrones[
        (results.isochrones["scenario"] == "base")
        & (results.isochrones["cutoff_min"] == results.study.circle_min)
    ]
    if len(single) < 2 or many_centres(results):
        return []
    each = "，".join(f"{row.origin_name} {row.area_km2:,.0f}" for row in rows_of(single))
    overlap = float(single["area_km2"].sum()) - context.base.area_km2
    met = f"两圈以上重叠约 {overlap:,.0f} 平方千米" if overlap >= 1 else "各圈尚不相接"
    return [f"现状下各中心单独的{way_zh(results)}圈（平方千米）：{each}；{met}。"]


def _trains(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the border counties inside when trains may be used, and where trains are missing."""
    coverage = coverage_zh(results)
    if results.road_circles.empty:
        found = results.parameters.get("rail_coverage") or {}
        if not found or found["covers"]:
            return []
        return [f"未计列车：{coverage}所以本研究只按公路计算；这不表示当地没有列车。"]
    times = results.road_county_times
    inside = times.loc[times["base_inside"], "adcode"].nunique()
    told = (
        f"在圈内的毗邻区县同为 {inside} 个"
        if inside == context.n_inside_base
        else f"在圈内的毗邻区县为 {inside} 个"
    )
    text = (
        "公铁联程指既可驾车，也可在表内的现有车站换乘列车，取较快者；候车按班次、随时出发计。"
        f"只走公路时，{told}，见附录“只走公路”。"
    )
    return [text + (f"{coverage}公铁联程的圈因此可能偏小。" if coverage else "")]


def road_alone_section(results: StudyResults) -> list[Block]:
    """Tell the circles by road alone, where everything else reckons with today's trains."""
    if not has_trains(results):
        return []
    people = {
        (str(row.scenario), float(row.cutoff_min)): row.people for row in rows_of(results.road_circle_people)
    }
    rows = tuple(
        (
            f"{row.cutoff_min:g}",
            "现状" if row.scenario == "base" else "规划后",
            f"{row.area_km2:,.0f}",
            *([f"{people[str(row.scenario), float(row.cutoff_min)] / 1e4:,.0f}"] if people else []),
        )
        for row in rows_of(
            results.road_circles.sort_values(["cutoff_min", "scenario"], ascending=[True, False])
        )
    )
    header = ("分钟", "情景", "公路圈（平方千米）", *(("人口（万）",) if people else ()))
    with_rail = (results.corridors["mode"] != "road").any()
    compared = "，规划的铁路在此是与驾车相比，增益因此偏大" if with_rail else ""
    note = f"不计现有列车：基准只有公路{compared}。正文一律以现状公路与列车为基准。"
    right = (0, *range(2, len(header)))
    return [
        Heading("只走公路", appendix=True),
        Table("road-alone", "只走公路时各中心的时间圈", header, rows, right, note),
    ]


def _unsure(results: StudyResults) -> list[Block]:
    """Border counties whose place inside or outside the circle isn't sure."""
    best = results.chances.groupby(["adcode", "name"], sort=False)["base_chance"].max().reset_index()
    unsure = best[best["base_chance"].between(0.05, 0.95)].assign(
        doubt=lambda table: (table["base_chance"] - 0.5).abs()
    )
    if unsure.empty:
        return []
    most = 6
    nearest = unsure.sort_values(["doubt", "adcode"]).head(most).rename(columns={"name": "county"})
    named = "、".join(f"{row.county}（{row.base_chance * 100:.0f}%）" for row in rows_of(nearest))
    rest = f"等 {len(unsure)} 个" if len(unsure) > most else ""
    return [(f"最难断定在圈内与否的毗邻区县及其在圈内的概率（现状）为：{named}{rest}。")]


def scenarios_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the circle in every scenario, where there are others than all corridors together."""
    others = [item for item in context.scenarios if item.scenario != "all"]
    others = [item for item in others if not any(one.id == item.scenario for one in results.study.change)]
    if len(context.corridors) < 2 and not any(item.scenario.isdigit() for item in others):
        return []
    items = [*others, *([context.after] if context.after is not None else [])]
    # A scenario that changes nothing is named beneath, with the others of its kind.
    same = [item for item in others if _changes_nothing(item)]
    items = [item for item in items if item not in same]
    rows = tuple(
        (
            item.name,
            f"{item.area_km2:,.0f}",
            signed(item.delta_area_km2),
            f"{item.n_counties:,}",
            signed(item.delta_counties),
            _moved(item.gained, item.lost),
        )
        for item in items
    )
    header = ("情景", "面积（平方千米）", "变化", "区县驻地（个）", "变化", "进出圈的区县")
    caption = f"各情景下的{way_zh(results)}{hours(results.study.circle_min)}圈"
    told = join(item.name for item in same) if len(same) <= _FEW_SAME else f"其余 {len(same)} 种情景"
    note = f"{told}：与现状相同。" if same else ""
    return [Table("scenarios", caption, header, rows, (1, 2, 3, 4), note, widths=(30, 13, 10, 10, 8, 29))]


def _changes_nothing(item: ScenarioFigures) -> bool:
    return signed(item.delta_area_km2) == signed(item.delta_counties) == "0" and not (
        item.gained or item.lost
    )


def _moved(gained: tuple[str, ...], lost: tuple[str, ...]) -> str:
    most = 6
    parts = [join(gained[:most]) + (f"等 {len(gained)} 个" if len(gained) > most else "")] if gained else []
    if lost:
        parts.append("失去" + join(lost[:most]) + (f"等 {len(lost)} 个" if len(lost) > most else ""))
    return "；".join(parts) or "无"


def audit_section(results: StudyResults) -> list[Block]:
    """Say how exact the drawn circles are: random points, each routed again."""
    if results.audit.empty:
        return []
    audit = results.audit
    worst = audit[audit["cutoff_min"] == results.study.circle_min] if many_centres(results) else audit
    worst = worst.sort_values("false_inclusion_high_pct", ascending=False, kind="stable").head(8)
    rows = tuple(
        (
            str(row.origin_name),
            f"{row.cutoff_min:g}",
            f"{row.samples}",
            f"{row.false_inclusion_pct:.2f}（≤ {row.false_inclusion_high_pct:.2f}）",
            f"{row.false_exclusion_pct:.2f}（≤ {row.false_exclusion_high_pct:.2f}）",
            f"{row.worst_distance_m:,.0f}",
        )
        for row in rows_of(worst)
    )
    header = ("中心", "分钟", "随机点", "误入（面积 %）", "误出（面积 %）", "最远偏离（米）")
    note = (
        "在每个圈内和圈外近旁随机取点，逐点重新精确计算时间：圈内而实际到不了的为误入，圈外而实际到得了的为误出；括号内为 95% 置信上限。"
        "这检验的是图形与模型的一致，不是模型与现实的一致。"
    )
    return [
        Heading("圈画得有多准", appendix=True),
        Table("audit", "时间圈的图形检验", header, rows, (1, 2, 3, 4, 5), note),
    ]


def changes_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell what closed links and changed speeds do."""
    if results.changes.empty:
        return []
    figures = {item.scenario: item for item in context.scenarios}
    cutoff = hours(results.study.circle_min)
    lines: list[Line] = []
    for row in rows_of(results.changes):
        item = figures[row.change_id]
        times = results.change_times[results.change_times["change_id"] == row.change_id]
        slower = times[times["delta_min"] >= 1].sort_values(["delta_min", "adcode"], ascending=[False, True])
        cut = times[times["base_min"].notna() & times["scenario_min"].isna()]
        what = (
            f"{row.n_links} 个路段（{row.length_km:,.1f} 千米）中断"
            if row.closed
            else f"{row.n_links} 个路段（{row.length_km:,.1f} 千米）的平均时速由 {row.base_kph:.0f} 变为 {row.scenario_kph:.0f} 千米"
        )
        text = (
            f"{row.name}：{what}。{cutoff}圈{_change_zh(item.delta_area_km2, '扩大', '缩小', '平方千米')}，圈内区县驻地"
            f"{_change_zh(item.delta_counties, '增加', '减少', '个')}"
            + (f"（失去{join(item.lost)}）" if item.lost else "")
        )
        if math.isfinite(item.pair_min):
            same = signed(item.pair_delta_min) == "0"
            text += f"；中心之间{'仍为' if same else '变为'} {item.pair_min:.0f} 分钟"
            text += "" if same else f"（{signed(item.pair_delta_min)}）"
        if len(slower):
            most = "、".join(
                f"{one.from_name}至{one.to_name} {signed(one.delta_min)} 分钟"
                for one in rows_of(
                    slower.head(5).rename(columns={"centre_name": "from_name", "name": "to_name"})
                )
            )
            text += f"；{slower['adcode'].nunique()} 个毗邻区县至中心多用 1 分钟以上，最多的是{most}"
        if len(cut):
            text += f"；{join(dict.fromkeys(cut['name']))}不再可达"
        lines.append(f"{text}。")
    return [
        Heading("线路中断或变速会怎样"),
        Items(tuple(lines)),
        f"以{today_zh(results)}为基准，逐项单独计算，不加任何廊道。",
    ]


def _change_zh(value: float, more: str, less: str, unit: str) -> str:
    """Return a change in words."""
    return "不变" if signed(value) == "0" else f"{more if value > 0 else less} {abs(value):,.0f} {unit}"
