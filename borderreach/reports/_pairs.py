"""Centres and pairs of them, by road and with trains: listed where they are few, counted where they are many."""

from __future__ import annotations

import math
from typing import Any, Final

import pandas as pd

from ..analysis.indicators import rank_size
from ..analysis.studies import StudyResults
from ..documents import Block, Figure, Heading, See, Table
from ._roads import today_zh, way_zh
from ._words import hours, join, minutes, rows_of

#: With more centres than this, they and their pairs are counted rather than listed.
_MANY_CENTRES: Final = 4
#: Both directions of a pair are told once where they differ by less, minutes.
_SAME_MIN: Final = 1.0
#: What the ways of `way_costs` are called.
_WAYS: Final = {
    "road": "最快的公路",
    "free": "不走高速",
    "rail": "公铁联程，现状",
    "after": "公铁联程，规划后",
}
#: More pairs of centres than this aren't listed.
_MOST_PRICED: Final = 6
_PRICED: Final = {
    "motorway": "高速公路", "ordinary": "普通公路", "high_speed": "高速列车", "slow": "普通列车",
}  # fmt: skip
#: So many links are named; a slope over fewer cities than this says nothing.
_STRONGEST: Final = 3
_ENOUGH_TO_FIT: Final = 8


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
    if len(told) and not told["n_boardings"].any():
        return [_drives_table(results, told)]
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
        "单位为分钟；往返相差不到 1 分钟的只列一次。行车时间按最快列车，新闻所说的“两小时”多指它；一般列车停站更多，另列；"
        "门到门另含候车、进出站、换乘与两端的路程，约三分之二的实际用时在最后一栏之内。"
        f"{_marks_zh(results)}{rest_of_pairs(results, '中心之间')}"
    )
    return [Table("journeys", "中心之间公铁联程的构成，现状", header, rows, (1, 2, 3, 4, 5, 6, 7), note)]


def _drives_table(results: StudyResults, told: pd.DataFrame) -> Table:
    """Tell the spread of journeys none of which takes a train."""
    rows = tuple(
        (row.between, minutes(row.door_to_door_min), f"{minutes(row.low_min)}–{minutes(row.high_min)}")
        for row in rows_of(told)
    )
    note = (
        "单位为分钟，均为现状；往返相差不到 1 分钟的只列一次。各对都是驾车比乘列车快，约三分之二的实际用时在最后一栏之内。"
        f"{rest_of_pairs(results, '中心之间')}"
    )
    header = ("起讫", "公铁联程门到门", "门到门的范围")
    return Table("journeys", "中心之间用时的范围，现状", header, rows, (1, 2), note)


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


def ways_section(results: StudyResults) -> list[Block]:
    """Set minutes and money side by side; nothing where the study has no prices."""
    table = results.way_costs
    if table.empty:
        return []
    asked = results.study.questions
    prices = [f"{_PRICED.get(name, name)} {price:g}" for name, price in asked.road_yuan_per_km.items()] + [
        f"{_PRICED['slow'] if name == 'ordinary' else _PRICED.get(name, name)} {price:g}"
        for name, price in asked.rail_yuan_per_km.items()
    ]
    told = (
        f"广义费用是花的钱加时间的价值（Small 和 Verhoef，2007）。价格是本研究自己给的：时间每小时 {asked.value_of_time_yuan_per_h:g} 元，每千米{'、'.join(prices)} 元，"
        f"没有给价的不计钱。{_free_or_tolled(results)}"
    )
    ids = set(results.centres["origin_id"].astype(str))
    of_centres = table[table["from_id"].isin(ids) & table["to_id"].isin(ids)]
    blocks: list[Block] = [
        Heading("时间与费用"),
        f"{told}逐对见 tables.xlsx 的“时间与费用”一表和地图。",
    ]
    n_pairs = len(of_centres.groupby(["from_id", "to_id"]))
    if 0 < n_pairs <= _MOST_PRICED:
        rows = tuple(
            (
                f"{row.from_name}—{row.to_name}", _WAYS[row.option], f"{row.minutes:.0f}", f"{row.km:,.0f}", f"{row.yuan:,.0f}",
                f"{row.generalised_yuan:,.0f}", _worth(row),
            )
            for row in rows_of(of_centres.sort_values(["from_id", "to_id", "minutes"], kind="stable"))
        )  # fmt: skip
        header = ("起讫", "走法", "分钟", "千米", "元", "广义费用（元）", "时间值多少时最合算（元/小时）")
        note = "门到门。“—”为在任何时间价值下都不是最合算的：另有走法既不更慢也不更贵，或两种走法夹着它。"
        blocks.append(Table("ways", "中心之间各种走法的时间与费用", header, rows, (2, 3, 4, 5), note))
    return blocks


def _worth(row: Any) -> str:
    """Say at what values of time a way is the best."""
    if not math.isfinite(row.from_value):
        return "—"
    if not math.isfinite(row.to_value):
        return f"{row.from_value:,.0f} 以上" if row.from_value > 0 else "任何"
    return f"{row.from_value:,.0f}–{row.to_value:,.0f}" if row.from_value > 0 else f"不到 {row.to_value:,.0f}"


def _free_or_tolled(results: StudyResults) -> str:
    """Tell for how many border counties the fastest road isn't the one of the least generalised cost."""
    codes = set(results.border_counties["adcode"].astype(str))
    own = results.way_costs[
        results.way_costs["from_id"].isin(codes) & results.way_costs["option"].isin(["road", "free"])
    ]
    if own.empty:
        return ""
    n = own["from_id"].nunique()
    both = own.pivot_table(
        index="from_id",
        columns="option",
        values=["minutes", "generalised_yuan", "from_value"],
        aggfunc="first",
    )
    if "free" not in both["minutes"]:
        return f"{n} 个毗邻区县到最近的中心，最快的公路都不收费或别无他路。"
    parted = both[both["generalised_yuan"]["free"] < both["generalised_yuan"]["road"]]
    told = f"{n} 个毗邻区县到最近的中心，最快的走高速，其中 {len(parted)} 个按广义费用不如走不收费的路"
    worth = both["from_value"]["road"].dropna()
    worth = worth[worth > 0]
    return told + (
        f"；时间的价值要高到每小时 {worth.median():,.0f} 元（中位），走高速才合算。" if len(worth) else "。"
    )


def links_section(results: StudyResults) -> list[Block]:
    """Tell how strongly the cities draw each other, within and across provinces, and what lies around them."""
    links, totals = results.city_links, results.city_totals
    if totals.empty:
        return []
    base, cities = links[links["scenario"] == "base"], totals[totals["scenario"] == "base"]
    strongest = join(
        f"{row.a_name}—{row.b_name}（{row.share:.0%}）" for row in rows_of(base.head(_STRONGEST))
    )
    told = (
        f"{len(cities)} 个地级单元两两之间，联系强度按两地人口之积除以用时的平方（引力模型，{way_zh(results)}，往返平均）：最强的是{strongest}；"
        f"跨省的对数占 {_across_pairs(cities):.0%}，联系占全部联系的 {_across_share(cities):.0%}"
    )
    after = totals[(totals["scenario"] == "all") & ("all" in results.scenario_names)]
    if len(after):
        told += f"，规划后 {_across_share(after):.0%}，联系总量增加 {after['total'].sum() / cities['total'].sum() - 1:.0%}"
    across = base[base["across"]]
    if len(across):
        first = across.iloc[0]
        told += (
            f"。跨省最强的是{first['a_name']}—{first['b_name']}，引力的断裂点距{first['a_name']} {first['breaking_min']:.0f} 分钟、距{first['b_name']} "
            f"{first['minutes'] - first['breaking_min']:.0f} 分钟"
        )
    most = cities.iloc[0]
    told += f"。在联系网络中最居中的是{most['name']}（占 {most['share']:.0%}）"
    if len(after) and after.iloc[0]["name"] != most["name"]:
        told += f"，规划后是{after.iloc[0]['name']}（占 {after.iloc[0]['share']:.0%}）"
    widest = cities.iloc[int(cities["hinterland_people"].argmax())]
    told += f"；以到哪个地级驻地最近划分腹地，腹地人口最多的是{widest['name']}（{widest['hinterland_counties']} 个区县，{widest['hinterland_people'] / 1e4:,.0f} 万人）"
    if len(cities) >= _ENOUGH_TO_FIT:
        fitted = rank_size(cities["people"])
        told += f"；人口的位序—规模系数为 {-fitted.slope:.2f}（1 为齐普夫定律，更小则更集中于大城市）"
    return [
        Heading("城市之间的联系"),
        f"{told}。见 tables.xlsx 的“城市联系”“城市中心度”两表和地图。",
    ]


def _across_pairs(cities: pd.DataFrame) -> float:
    """Part of all pairs of cities that lies in two provinces."""
    own, n = cities["province"].value_counts(), len(cities)
    return 1 - float((own * (own - 1)).sum() / (n * (n - 1)))


def _across_share(totals: pd.DataFrame) -> float:
    """Part of all links that crosses provinces."""
    return float((totals["across_share"] * totals["total"]).sum() / totals["total"].sum())
