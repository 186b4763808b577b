"""What a report says of today's trains, and journeys by road and rail."""

from __future__ import annotations

from ..analysis.studies import StudyResults
from ..documents import Block, Table
from ._pairs import one_way, rest_of_pairs, told_pairs
from ._words import join, minutes, rows_of


def journeys_table(results: StudyResults) -> list[Block]:
    """Tell today's journeys between centres by road and rail, taken apart."""
    if results.rail_circles.empty or results.journeys.empty:
        return []
    told = one_way(told_pairs(results, results.journeys, "door_to_door_min"), "door_to_door_min")
    rows = tuple(
        (
            row.between,
            minutes(row.line_haul_min) if row.n_boardings else "不乘车",
            minutes(row.slower_trains_min) if row.n_boardings else "",
            minutes(row.waiting_min + row.boarding_min + row.transfer_min + row.alighting_min),
            minutes(row.road_min + row.access_min),
            minutes(row.door_to_door_min),
            minutes(row.road_only_min),
            f"{minutes(row.low_min)}–{minutes(row.high_min)}",
        )
        for row in rows_of(told)
    )
    if not rows:
        return []
    header = (
        "起讫", "行车时间", "慢于最快列车", "候车、进出站与换乘", "两端公路", "公铁联程门到门", "全程公路", "门到门的范围",
    )  # fmt: skip
    note = (
        "单位为分钟，均为现状；往返相差不到 1 分钟的只列一次。行车时间是最快列车上的时间，文本和新闻所说的“两小时”多指它；一般列车更慢，多用的另列一栏；"
        "门到门另含候车、进出站、换乘与两端的路程，约三分之二的实际用时在最后一栏之内。候车按停靠列车间隔的一半计，设上限，即随时出发的平均。"
        f"{_marks_zh(results)}{rest_of_pairs(results, '中心之间')}"
    )
    return [Table("journeys", "中心之间公铁联程的构成，现状", header, rows, (1, 2, 3, 4, 5, 6, 7), note)]


def _marks_zh(results: StudyResults) -> str:
    """Name the journeys by train that are to be taken with care."""
    said = ""
    for mark, what in (
        ("roundabout", "的路程超过直线距离的两倍：或是确须绕行，或是铁路表缺线，用时可能偏大"),
        ("rare trains", "的列车很少，用时的五分之二以上是候车：看准时刻出发要快得多"),
    ):
        some = results.journeys[results.journeys["mark"] == mark]
        if len(some):
            named = [f"{row.from_name}至{row.to_name}" for row in rows_of(some.head(6))]
            said += f"{join(named)}{f'等 {len(some)} 对' if len(some) > 6 else ''}{what}。"
    return said


def coverage_zh(results: StudyResults) -> str:
    """Say how far the railway tables cover what the study reaches."""
    found = results.parameters.get("rail_coverage") or {}
    missing = found.get("without_station") or []
    if not missing:
        return ""
    most = 12
    if len(missing) == len(found["prefectures"]):
        return f"中心与圈内所及的 {len(missing)} 个地级单元中，所用的铁路表没有一个车站。"
    listed = join(missing[:most]) + (f"等 {len(missing)} 个" if len(missing) > most else "")
    return f"中心与圈内所及的 {len(found['prefectures'])} 个地级单元中，所用的铁路表在{listed}没有车站。"
