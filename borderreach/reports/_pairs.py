"""Centres and pairs of them, by road and with trains: listed where they are few, counted where they are many."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from ..analysis.studies import StudyResults
from ..documents import Block, Figure, See, Table
from ._roads import today_zh, way_zh
from ._words import hours, join, minutes, rows_of

#: With more centres than this, they and their pairs are counted rather than listed.
_MANY_CENTRES: Final = 4
#: Both directions of a pair are told once where they differ by less, minutes.
_SAME_MIN: Final = 1.0


def many_centres(results: StudyResults) -> bool:
    """Tell whether there are too many centres to list them."""
    return len(results.centres) > _MANY_CENTRES


def near_pairs(results: StudyResults) -> tuple[int, int]:
    """Pairs of centres within the circle's minutes of each other in both directions, and all pairs."""
    base = results.pair_times[results.pair_times["scenario"] == "base"]
    ends = [tuple(sorted(pair)) for pair in zip(base["from_id"], base["to_id"], strict=True)]
    slower = base.groupby(pd.Index(ends, tupleize_cols=False))["travel_time_min"].max()
    return int((slower <= results.study.circle_min).sum()), len(slower)


def told_pairs(results: StudyResults, table_: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return all pairs of centres, or those within the circle's minutes where there are many centres."""
    return table_[table_[column] <= results.study.circle_min] if many_centres(results) else table_


def rest_of_pairs(results: StudyResults, sheet: str) -> str:
    """Say where the pairs stand that are left out."""
    if not many_centres(results):
        return ""
    return f"只列出相互在{hours(results.study.circle_min)}之内的；其余见 tables.xlsx 的“{sheet}”一表。"


def one_way(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return pairs with a column ``between``: both directions as one row where they take the same time.

    Of such a pair the slower row stays, as a claim about both directions takes it.
    """
    ends = [tuple(sorted(pair)) for pair in zip(table["from_id"], table["to_id"], strict=True)]
    found = table.assign(ends=pd.Series(ends, index=table.index, dtype=object))
    spread = found.groupby("ends", sort=False)[column].transform(lambda each: each.max() - each.min())
    alone = (spread >= _SAME_MIN) | (found.groupby("ends")[column].transform("size") == 1)
    sign = alone.map({True: " → ", False: "—"})
    found["between"] = found["from_name"].astype(str) + sign + found["to_name"].astype(str)
    # Named as the table names it first, whichever direction is the slower.
    found["between"] = found["between"].where(
        alone, found.groupby("ends", sort=False)["between"].transform("first")
    )
    slower = found.index.isin(found.groupby("ends", sort=False)[column].idxmax())
    kept: pd.DataFrame = found[alone | slower]
    return kept.drop(columns="ends")


def mean_of_pairs(table: pd.DataFrame, column: str) -> float:
    """Return the mean over pairs of centres, the slower direction of each; NaN without any."""
    if table.empty:
        return math.nan
    ends = [tuple(sorted(pair)) for pair in zip(table["from_id"], table["to_id"], strict=True)]
    return float(table.groupby(pd.Index(ends, tupleize_cols=False))[column].max().mean())


def centre_pairs_section(results: StudyResults) -> list[Block]:
    """Tell the times between centres by road, with today's trains, and with every corridor."""
    pairs = results.pair_times
    if len(pairs) == 0:
        return []
    keys = ["from_id", "to_id"]
    base = told_pairs(results, pairs[pairs["scenario"] == "base"], "travel_time_min")
    base = base.sort_values("travel_time_min", kind="stable") if many_centres(results) else base
    told = one_way(base, "travel_time_min")
    after = pairs[pairs["scenario"] == "all"].set_index(keys)["travel_time_min"]
    road = results.journeys.set_index(keys)["road_only_min"] if len(results.journeys) else None
    rows = []
    for row in rows_of(told.head(30)):
        key = (row.from_id, row.to_id)
        rows.append(
            (
                row.between,
                minutes(float(row.travel_time_min)),
                *([minutes(float(road[key]))] if road is not None else []),
                *(
                    [
                        minutes(float(after[key])),
                        minutes(float(after[key] - row.travel_time_min), with_sign=True),
                    ]
                    if len(after)
                    else []
                ),
            )
        )
    if not rows:
        return []
    header = (
        "起讫",
        f"{way_zh(results)}，现状",
        *(("只走公路，现状",) if road is not None else ()),
        *(("规划后", "变化") if len(after) else ()),
    )
    note = (
        "单位为分钟，门到门。"
        + (
            f"规划后指加上全部廊道，变化相对于{today_zh(results)}。"
            if len(after)
            else ""
        )
        + rest_of_pairs(results, "中心之间")
    )  # fmt: skip
    blocks: list[Block] = [
        Table("pairs", "中心之间的时间", header, tuple(rows), tuple(range(1, len(header))), note)
    ]
    if many_centres(results):
        blocks += [
            (f"中心两两之间{way_zh(results)}的时间见", See("matrix"), "。"),
            Figure("matrix", f"中心之间的{way_zh(results)}时间矩阵，现状", "chart_centres.png", 12.0),
        ]
    return blocks


def journeys_table(results: StudyResults) -> list[Block]:
    """Tell today's journeys between centres by road and rail, taken apart."""
    if results.road_circles.empty or results.journeys.empty:
        return []
    told = one_way(told_pairs(results, results.journeys, "door_to_door_min"), "door_to_door_min")
    if len(told) and told["line_haul_min"].isna().all():  # trains run as a timetable says: no single journey
        return [_departures_table(results, told)]
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
        "单位为分钟，均为现状；往返相差不到 1 分钟的只列一次。行车时间是最快列车上的时间，新闻所说的“两小时”多指它；一般列车停站更多，多用的另列；"
        "门到门另含候车、进出站、换乘与两端的路程，约三分之二的实际用时在最后一栏之内。候车按班次估算，即随时出发时的中位水平。"
        f"{_marks_zh(results)}{rest_of_pairs(results, '中心之间')}"
    )
    return [Table("journeys", "中心之间公铁联程的构成，现状", header, rows, (1, 2, 3, 4, 5, 6, 7), note)]


def _departures_table(results: StudyResults, told: pd.DataFrame) -> Table:
    """Tell what the departures of a timetable's window take between centres."""
    rows = tuple(
        (
            row.between,
            minutes(row.door_to_door_min),
            minutes(row.road_only_min),
            f"{minutes(row.low_min)}–{minutes(row.high_min)}",
        )
        for row in rows_of(told)
    )
    note = (
        "单位为分钟，均为现状；往返相差不到 1 分钟的只列一次。最后一栏：一成的出发者不超过前一个数，九成不超过后一个数。"
        f"{rest_of_pairs(results, '中心之间')}"
    )
    header = ("起讫", "公铁联程门到门", "全程公路", "一成与九成的出发者")
    return Table("journeys", "中心之间公铁联程的用时，现状", header, rows, (1, 2, 3), note)


def _marks_zh(results: StudyResults) -> str:
    """Name the journeys by train that are to be taken with care."""
    said = ""
    for mark, what in (
        ("roundabout", "的路程超过直线距离的两倍：或是确须绕行，或是铁路表缺线，用时可能偏大"),
        (
            "night",
            "乘车要九个半小时以上，随时出发的人半数当天到不了，途中过夜至多另加 8 小时，各表都没有计入",
        ),
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
