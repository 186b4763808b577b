"""The parts of a report on people: what each border county can reach, how unevenly, what kind of place it is."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from ..analysis.borders import TypologyRule
from ..analysis.indicators import gini
from ..analysis.studies import StudyResults
from ..documents import Block, Figure, Heading, Line, See, Strong, Table
from ..geo.places import SOURCES
from ._pairs import many_centres
from ._roads import way_zh
from ._words import hours, join, km_range, minutes, rows_of, seat_zh, signed

#: What each type is called; none is good or bad, and a line that is built makes no place worse.
TYPES: Final = {
    "core-adjacent": "邻近核心",
    "corridor": "通道沿线",
    "sag": "通道外侧",
    "remote": "远离核心",
}
#: Why corridors move a county from one type to another, where the names alone would mislead.
_WHY: Final = {
    ("remote", "sag"): "到核心或核心之间的时间缩短，但不在核心之间的路上",
}
#: Up to so many counties all stand in the table; of more, those that gain most, and the workbook has them all.
_FEW: Final = 15
_MOST: Final = 5
#: Gini coefficients that differ by less are told as nearly the same.
_SAME_GINI: Final = 0.005
#: So many of those who reach the least people are named.
_POOR_NAMED: Final = 8
#: With more border counties than this, the appendix leaves the list of them to the workbook.
_MOST_LISTED: Final = 40


def people_section(results: StudyResults) -> list[Block]:
    """Return what border counties reach, how evenly it is spread, and what kind of place each is."""
    indicators = results.indicators
    if indicators.empty:
        return []
    return [
        Heading("可达的人口与差距"),
        _table(results),
        *_spread(results),
        *_type_lines(indicators, after="all" in results.scenario_names),
    ]


def _table(results: StudyResults) -> Table:
    cutoff = hours(results.study.circle_min)
    after = "all" in results.scenario_names
    indicators = results.indicators
    order = ["potential_change", "people"] if after else ["base_people_reached", "people"]
    most = len(indicators) > _FEW
    told = indicators.sort_values(order, ascending=False, kind="stable").head(_MOST) if most else indicators
    rows = tuple(
        (
            str(row.county),
            f"{row.people / 1e4:,.1f}",
            f"{row.base_people_reached / 1e4:,.0f}",
            *([f"{row.scenario_people_reached / 1e4:,.0f}"] if after else []),
            f"{row.base_potential / 1e4:,.1f}",
            *([f"{signed(row.potential_change * 100, digits=1)}"] if after else []),
            _share(row.efficiency),
            *([_share(row.scenario_efficiency)] if after else []),
            _type(row, after=after),
        )
        for row in rows_of(told.rename(columns={"name": "county"}))
    )
    then = ("规划后",) if after else ()
    header = (
        "毗邻区县", "人口（万）", f"{cutoff}内人口（万）", *then, "市场潜力（万人/分钟）",
        *(("变化（%）",) if after else ()), "通行效率（%）", *then, "类型",
    )  # fmt: skip
    note = f"{cutoff}内人口是驻地在{cutoff}内{way_zh(results)}可达的区县（含本县）的人口之和，整县计入。市场潜力、通行效率（可超过 100）的定义见附录。"
    if most:
        which = "市场潜力增加最多的" if after else "可达人口最多的"
        note += f"列出{which} {_MOST} 个，其余见 tables.xlsx 的“区县”一表。"
    right = tuple(range(1, len(header) - 1))
    return Table("people-reached", "毗邻区县可达的人口与市场潜力", header, rows, right, note)


def unevenness(indicators: pd.DataFrame, column: str) -> float:
    """Return the Gini coefficient of what border counties reach, each counted by its people; NaN where nobody lives."""
    known = indicators[indicators["people"].gt(0) & indicators[column].notna()]
    if known.empty or known[column].sum() <= 0:
        return math.nan
    return gini(known[column].to_numpy(), known["people"].to_numpy())


def _spread(results: StudyResults) -> list[Block]:
    """Say how unevenly people in reach are spread over the border counties."""
    now = unevenness(results.indicators, "base_people_reached")
    if not math.isfinite(now):
        return []
    cutoff = hours(results.study.circle_min)
    text = f"按人口加权，毗邻区县{cutoff}内可达人口的基尼系数（0 为人人相同）现状为 {now:.3f}"
    if "all" in results.scenario_names:
        then = unevenness(results.indicators, "scenario_people_reached")
        more = "差距扩大" if then > now else "差距缩小"
        more = "几乎不变" if abs(then - now) < _SAME_GINI else more
        text += "，规划后不变" if f"{then:.3f}" == f"{now:.3f}" else f"，规划后为 {then:.3f}，{more}"
    return [
        (f"{text}。{_more_spread(results)}洛伦兹曲线见", See("lorenz"), "。"),
        Figure("lorenz", f"毗邻区县{cutoff}内可达人口的洛伦兹曲线", "chart_lorenz.png", 8.0),
    ]


def _more_spread(results: StudyResults) -> str:
    """Say the same by Palma's ratio and by poverty, where the study asks."""
    table = results.equity
    if table.empty:
        return ""
    value = table.set_index(["scenario", "measure"])["value"]
    after = ("all", "palma") in value.index

    def told(measure: str, shape: str) -> str:
        now = f"{value['base', measure]:{shape}}"
        return f"{now}（规划后 {value['all', measure]:{shape}}）" if after else now

    text = f"可达人口最多的一成人与最少的四成人，平均可达人口之比（帕尔马比）为 {told('palma', '.2f')}"
    if ("base", "poor_share") in value.index:
        text += (
            f"；可达人口不到现状中位数一半（{value['base', 'poverty_line'] / 1e4:,.0f} 万人）的{_poor(results, value['base', 'poverty_line'], after=after)}，"
            f"占毗邻区县人口的 {told('poor_share', '.1%')}，平均缺口为 {told('poverty_gap', '.1%')}"
        )
    return f"{text}。"


def _poor(results: StudyResults, line: float, *, after: bool) -> str:
    """Count the border counties that reach fewer people than a line, and name those that reach the least."""
    table = results.indicators[results.indicators["people"] > 0]
    poor = table[table["base_people_reached"] < line].sort_values("base_people_reached", kind="stable")
    text = f"区县有 {len(poor)} 个"
    if after:
        text += f"（规划后 {int((table['scenario_people_reached'] < line).sum())} 个）"
    if len(poor):
        text += f"，{'最少的是' if len(poor) > _POOR_NAMED else '即'}{join(poor['name'].head(_POOR_NAMED))}"
    return text


def measures_zh(results: StudyResults) -> list[Line]:
    """Say what potential and efficiency are; nothing where nobody is counted."""
    if results.indicators.empty:
        return []
    everywhere = "全国" if results.study.boundary_source in SOURCES else "边界数据内"
    return [
        (Strong("市场潜力"), f"：按哈里斯公式，{everywhere}各区县的人口除以到那里的分钟数之和。"),
        (
            Strong("通行效率"),
            "：90 分钟内可达人口与 120 千米直线范围内人口之比（欧盟 DG REGIO 的定义）；90 分钟走出 120 千米以外的地方，可超过 100%。",
        ),
    ]


def _type_lines(indicators: pd.DataFrame, *, after: bool) -> list[Block]:
    """Say what the types mean, how many counties are of each, and which change theirs and why."""
    rule = TypologyRule()
    count = indicators["county_type"].value_counts()
    n = {key: int(count.get(key, 0)) for key in TYPES}
    lines: list[Block] = [
        (
            "类型看区县与核心（本研究的中心和所在各省的省会）的关系，按门到门时间依次取第一条成立的：",
            Strong(TYPES["core-adjacent"]),
            f"（{n['core-adjacent']} 个），{rule.adjacent_min:g} 分钟内可到一个核心；",
            Strong(TYPES["corridor"]),
            f"（{n['corridor']} 个），从此地经过只使两个核心之间的行程多 {rule.corridor_ratio - 1:.0%} 以内；",
            Strong(TYPES["sag"]),
            f"（{n['sag']} 个），{rule.sag_min:g} 分钟内可到两个核心，但不在它们之间的路上；",
            Strong(TYPES["remote"]),
            f"（{n['remote']} 个），其余。相距超过 {rule.pair_max_min:g} 分钟的两个核心不算"
            + ("；到各核心都不变慢的，规划后不降类。" if after else "。"),
        )
    ]
    moved = indicators[indicators["county_type"] != indicators["scenario_county_type"]]
    if moved.empty or not after:
        return lines
    parts = []
    for (before, then), some in moved.groupby(["county_type", "scenario_county_type"], sort=True):
        why = _WHY.get((str(before), str(then)), "")
        parts.append(
            f"{join(some['name'].head(12))}{f'等 {len(some)} 个' if len(some) > 12 else ''}由“{TYPES[str(before)]}”变为"
            f"“{TYPES[str(then)]}”{f'（{why}）' if why else ''}"
        )
    return [*lines, f"规划后有 {len(moved)} 个毗邻区县换了类型：{'；'.join(parts)}。"]


def _type(row: Any, *, after: bool) -> str:
    before, then = TYPES[row.county_type], TYPES[row.scenario_county_type]
    return before if before == then or not after else f"{before} → {then}"


def _share(value: float) -> str:
    return f"{value * 100:.0f}" if math.isfinite(value) else "—"


def people_source(results: StudyResults) -> tuple[str, str]:
    """Where people are counted from, in Chinese and English."""
    own = results.study.people_file
    return (f"据 {own}", f"from {own}") if own else ("2020 年普查", "census of 2020")


def counties_section(results: StudyResults) -> list[Block]:
    """Tell the minutes of each border county, where they are few enough for a page."""
    times = results.county_times
    if len(times) == 0:
        return []
    head = Heading("毗邻区县逐一", appendix=True)
    if many_centres(results) or len(results.border_counties) > _MOST_LISTED:
        return [
            head,
            f"{len(results.border_counties)} 个毗邻区县至各中心的时间、在圈内与否及其概率、人口与各项指标，逐县见 tables.xlsx 的“区县”一表，可按列筛选。",
        ]
    after = "all" in results.scenario_names
    centres = list(zip(results.centres["origin_id"], results.centres["origin_name"], strict=True))
    header = ["毗邻区县", "省级行政区", "省界长（千米）"]
    for _, name in centres:
        header += [f"至{name}", *((f"至{name}，规划后",) if after else ())]
    by_county = times.set_index(["adcode", "centre_id"])
    rows = []
    for county in rows_of(results.border_counties.rename(columns={"name": "county"})):
        length = km_range(float(county.border_low_km), float(county.border_high_km))
        cells = [str(county.county), str(county.province), length]
        for centre, _ in centres:
            row = by_county.loc[(county.adcode, centre)]
            for column, inside in (("base_min", "base_inside"), ("scenario_min", "scenario_inside")):
                if after or column == "base_min":
                    cells.append(f"{minutes(float(row[column]))}{'●' if row[inside] else ''}")
        rows.append(tuple(cells))
    note = f"单位为分钟，{way_zh(results)}门到门，从中心的{seat_zh(results)}到区县的{seat_zh(results)}；● 表示在{hours(results.study.circle_min)}之内。"
    right = tuple(range(2, len(header)))
    return [
        head,
        Table("counties", "毗邻区县至各中心的时间", tuple(header), tuple(rows), right, note),
    ]
