"""The end of a report: definitions, limits, data and licences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from ..analysis.studies import StudyResults
from ..documents import Block, Heading, Items, Line, Strong
from ._corridors import ASSUMED_ZH, assumed_values
from ._key_figures import ReportContext, results_corridors
from ._people import measures_zh
from ._roads import has_trains, roads_zh, zone_error_zh
from ._words import join, seat_zh

_CORRIDOR: Final = (
    "：只在互通、车站与路网相接；中途经过而不设站的区县不能上下。枢纽只连接高速公路，不能驶出到地方道路。"
)


def definitions_section(results: StudyResults) -> list[Block]:
    """Say what the words of the report mean."""
    network = results.parameters.get("network", {})
    speed, reach = network.get("access_speed_kph", math.nan), network.get("max_access_km", math.nan)
    lines: list[Line] = [
        (
            Strong("时间"),
            (
                "：从起点到终点的最短时间，由三段组成：到路网的接入、路网上的最短时间、离开路网到终点；或不经路网直接前往，取较短者。"
                "不含堵车、休息和收费站停留。"
            ),
        ),
        (
            Strong("路网之外"),
            f"：以时速 {speed:g} 千米沿直线移动，最远 {reach:g} 千米，代表未收入路网的地方道路。",
        ),
        (
            Strong("圈"),
            f"：从一个或几个中心出发、在给定分钟内能到达的全部地点。区县按{seat_zh(results)}是否在圈内计。",
        ),
        (
            Strong("通勤圈"),
            f"：到中心与从中心返回都不超过 {results.study.zone_min:g} 分钟的范围。",
        ),
    ]
    lines += measures_zh(results)
    if results_corridors(results):
        lines.append((Strong("廊道"), _CORRIDOR))
    return [Heading("定义", appendix=True), Items(tuple(lines))]


def limits_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Say what the figures leave out or take for granted."""
    network = results.parameters.get("network", {})
    lines: list[Line] = [
        "全部时间由模型估算，不是实测；适合比较，不宜当作单次出行的预报。",
        "文中与表中的数各自四舍五入，所列的差与所列两数之差可相差 1。",
    ]
    if network.get("travel_time_model"):
        lines.append(roads_zh(network["travel_time_model"]))
    if len(results.zones) and (off := zone_error_zh(results)):
        lines.append(off)
    if any(item.corridor.mode != "road" for item in context.corridors):
        lines.append(
            "一切比较以现状公路与列车为基准；规划的列车与现有列车之间、规划的各线之间经车站换乘，不计直通（尚无此图定列车）。"
            f"{_usual_trains_zh(results)}规划线路按所列的停站计时。"
            "省界通道、绕行与断头路只看公路。"
            if has_trains(results)
            else "基准路网只有公路，铁路廊道的增益是相对于驾车而言；新线之间只能经车站换乘。"
        )
    frequencies = sorted(
        {item.corridor.trains_per_day for item in context.corridors if item.corridor.trains_per_day}
    )
    if frequencies:
        listed = join(f"{number:g}" for number in frequencies)
        lines.append(
            f"铁路廊道的候车按假定的班次计：每类列车每日每方向 {listed} 列{_known_frequencies(frequencies)}，与现有列车用同一算法。"
        )
    for item, names in assumed_values(results, context):
        values = "，".join(ASSUMED_ZH[name].format(getattr(item.corridor, name)) for name in names)
        lines.append(f"{item.corridor.name}有几项未给出，取内置表中同方式、同设计时速线路的值：{values}。")
    if any(item.corridor.mode == "road" and item.corridor.status == "open" for item in context.corridors):
        lines.append("已通车的廊道若已在基准路网中，测得的增益会偏小；廊道逐条给出了两者的比较。")
    lines += _once_each(results.notes)
    return [Heading("说明与局限", appendix=True), Items(tuple(lines))]


def _once_each(notes: Iterable[str]) -> list[str]:
    """Return notes of which one that several corridors have stands once, with the names of all."""
    of: dict[str, list[str]] = {}
    for both in notes:
        chinese, _, english = both.partition(" / ")
        note = chinese if english.isascii() else both
        name, colon, text = note.partition(": ")
        of.setdefault(text if colon else note, []).extend([name] if colon else [])
    return [f"{join(names)}：{text}" if names else text for text, names in of.items()]


def _usual_trains_zh(results: StudyResults) -> str:
    """Say in Chinese what today's trains take beyond the fastest."""
    taken = results.parameters.get("railways", {})
    factor = float(taken.get("ride_factor", 1))
    said = "现有列车按最快列车的时间" + (f"的 {factor:g} 倍" if factor > 1 else "") + "计"
    if "stop_min" in taken:
        said += f"，沿途每停一站另加 {float(taken['stop_min']):g} 分钟（按停靠列车所占的比例折算）"
    return said + "；"


def _known_frequencies(frequencies: list[float]) -> str:
    known = {38.0: "38 列即现有渝贵铁路的班次", 16.0: "16 列即每小时一列"}
    told = [text for number, text in known.items() if number in frequencies]
    return f"（{'，'.join(told)}）" if told else ""


def data_section(results: StudyResults) -> list[Block]:
    """Name the data and their licences."""
    return [
        Heading("数据与许可", appendix=True),
        Items(
            (
                *results.attribution,
                *([f"审图号：{number}"] if (number := results.study.review_number) else []),
            )
        ),
        "运行的版本、参数和数据校验值见 manifest.json，全部表格见 tables.xlsx、各 CSV 与 results.gpkg。",
    ]
