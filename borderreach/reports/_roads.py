"""What a report says of its roads: what they are, as of when, and how far off their times."""

from __future__ import annotations

import re

from ..analysis.studies import StudyResults
from ..geo.networks import RAIL_TIME_ERRORS, TRUNK_HOUR_ERROR, TRUNK_TIME_ERRORS


def roads_zh(model: str) -> str:
    """Say in Chinese what the roads are, as of when, and how far off their times; a user's own words stay."""
    one_speed = re.fullmatch(r"([\d.]+) km/h on every link", model)
    if one_speed:
        return (
            f"路网不分道路等级，所用速度：每个路段一律时速 {one_speed[1]} 千米。山区道路因此偏快，平原高速公路偏慢；"
            "新建公路相对于现状的增益可能被低估。"
        )
    classes = _CLASSES.match(model)
    if not classes:
        return f"所用速度：{model}。"
    kph = dict(re.findall(r"(\w+) ([\d.]+)", model.split("by class: ")[1].split(";", maxsplit=1)[0]))
    extra = re.search(r"([\d.]+) s more", model)
    return (
        f"路网：OpenStreetMap 2024 年 4 月的干线公路，加上图上没有的高速公路，分级截至 {classes[1]} 年年底。时速：高速公路 "
        f"{kph['motorway']} 千米，每经一个路段另加 {extra[1] if extra else 0} 秒；普通公路 {kph['ordinary']} 千米；"
        f"等级不明的 {kph['unknown']} 千米。高速公路的通车年份多未逐条核对文献，可差两三年；来源见软件文档 docs/roads.md。"
    )


def errors_zh(results: StudyResults) -> str:
    """Say in Chinese what the embedded roads are, as of when, and how far off their times; nothing for a user's own."""
    year = classes_year(results)
    if year is None:
        return ""
    (short, low), *_, (_, long) = TRUNK_TIME_ERRORS
    rail = ""
    if has_trains(results) and not results.study.has_own_rail:
        (until, near), (_, far), *_ = RAIL_TIME_ERRORS
        rail = f"列车行程与时刻表相比：{until:g} 分钟以内约 {near:.0%}，以上约 {far:.0%}。"
    return (
        f"路网为 OpenStreetMap 2024 年 4 月的干线公路，高速公路截至 {year} 年年底。"
        f"与公布的用时相比，未参加拟合的一组误差（对数的均方根）：公路 {short:g} 分钟以内约 {low:.0%}，"
        f"{TRUNK_TIME_ERRORS[-2][0]:g} 分钟以上约 {long:.0%}。{rail}"
    )


def roads_en(results: StudyResults) -> str:
    """Say in English as of when the roads are and how far off their times, or nothing for a user's own."""
    year = classes_year(results)
    if year is None:
        return ""
    (short, low), *_, (_, long) = TRUNK_TIME_ERRORS
    return (
        f" (OpenStreetMap, April 2024, with the expressways open at the end of {year}; held against published "
        f"times, off by about {low:.0%} up to {short:g} min and {long:.0%} beyond {TRUNK_TIME_ERRORS[-2][0]:g} min)"
    )


def has_trains(results: StudyResults) -> bool:
    """Tell whether today's trains are in what everything is compared with."""
    return not results.road_circles.empty


def way_zh(results: StudyResults) -> str:
    """Say in Chinese by what one travels today."""
    return "公铁联程" if has_trains(results) else "公路"


def today_zh(results: StudyResults) -> str:
    """Say in Chinese what everything is compared with."""
    return "现状公路与列车" if has_trains(results) else "现状公路"


def zone_error_zh(results: StudyResults) -> str:
    """Say in Chinese how far off what lies within an hour, or nothing for roads of the user's own."""
    if classes_year(results) is None:
        return ""
    return f"路网之外按直线移动，代替地方道路：在全部街道已知的冰岛，一小时圈的面积因此平均相差 {TRUNK_HOUR_ERROR:.0%}，多为偏大。"


def classes_year(results: StudyResults) -> int | None:
    """Return the year of the embedded roads by class, None for other roads."""
    found = _CLASSES.match(results.parameters.get("network", {}).get("travel_time_model", ""))
    return int(found[1]) if found else None


#: How `trunk_network` names its model.
_CLASSES = re.compile(r"expressways at the end of (\d+);")
