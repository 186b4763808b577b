"""The end of a report: definitions, limits, data and licences."""

from __future__ import annotations

import math
from typing import Final

from ..analysis.studies import StudyResults
from ._corridors import ASSUMED_ZH, assumed_values
from ._key_figures import ReportContext, results_corridors
from ._markdown import join
from ._roads import roads_zh

_CORRIDOR: Final = "- **廊道**：只在互通、车站与路网相接；中途经过而不设站的区县不能上下。枢纽只连接高速公路，不能驶出到地方道路。"


def definitions_section(results: StudyResults) -> list[str]:
    """Say what the words of the report mean."""
    network = results.parameters.get("network", {})
    speed, reach = network.get("access_speed_kph", math.nan), network.get("max_access_km", math.nan)
    return [
        "## 定义",
        "",
        (
            "- **时间**：从起点到终点的最短时间，由三段组成：到路网的接入、路网上的最短时间、离开路网到终点；或不经路网直接前往，"
            "取较短者。不含堵车、休息和收费站停留。"
        ),
        f"- **路网之外**：以时速 {speed:g} 千米沿直线移动，最远 {reach:g} 千米，代表未收入路网的地方道路。",
        "- **圈**：从一个或几个中心出发、在给定分钟内能到达的全部地点。区县按政府驻地是否在圈内计。",
        f"- **通勤圈**：到中心与从中心返回都不超过 {results.study.zone_min:g} 分钟的范围。",
        *([_CORRIDOR] if results_corridors(results) else []),
    ]


def limits_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Say what the figures leave out or take for granted."""
    network = results.parameters.get("network", {})
    lines = [
        "## 说明与局限",
        "",
        "- 全部时间由模型估算，不是实测；适合比较，不宜当作单次出行的预报。",
    ]
    if network.get("travel_time_model"):
        lines.append(f"- {roads_zh(network['travel_time_model'])}")
    if any(item.corridor.mode != "road" for item in context.corridors):
        lines.append(
            "- 除“公路与铁路联程”一节外，基准路网只有公路，铁路廊道的增益是相对于驾车而言；联程一节以现有列车为基准。"
            "联程一节假定列车可在新线与既有线路之间直通运行（尚无此图定列车）；其余各节中新线之间只能经车站换乘。"
        )
    frequencies = sorted(
        {item.corridor.trains_per_day for item in context.corridors if item.corridor.trains_per_day}
    )
    if frequencies:
        listed = join(f"{number:g}" for number in frequencies)
        lines.append(
            f"- 铁路廊道的候车按假定的班次计：每类列车每日每方向 {listed} 列{_known_frequencies(frequencies)}，取间隔的一半。"
        )
    for item, names in assumed_values(results, context):
        values = "，".join(ASSUMED_ZH[name].format(getattr(item.corridor, name)) for name in names)
        lines.append(f"- {item.corridor.name}有几项未给出，取内置表中同方式、同设计时速线路的值：{values}。")
    if any(item.corridor.mode == "road" and item.corridor.status == "open" for item in context.corridors):
        lines.append("- 已通车的廊道若已在基准路网中，测得的增益会偏小；各廊道一节给出了两者的比较。")
    lines += [f"- {note}" for note in results.notes]
    return lines


def _known_frequencies(frequencies: list[float]) -> str:
    known = {38.0: "38 列即现有渝贵铁路的班次", 16.0: "16 列即每小时一列"}
    told = [text for number, text in known.items() if number in frequencies]
    return f"（{'，'.join(told)}）" if told else ""


def sources_section(results: StudyResults) -> list[str]:
    """Name data, their licences, and the sources of the corridors."""
    lines = ["## 数据与许可", ""]
    lines += [f"- {line}" for line in results.attribution]
    for one in results_corridors(results):
        for source in one.sources:
            date = f"（{source.date.isoformat()}）" if source.date else ""
            lines.append(f"- {one.name}：{source.title}{date}")
    lines += ["", "运行的版本、参数和数据校验值见 manifest.json，全部表格见各 CSV 与 results.gpkg。"]
    return lines
