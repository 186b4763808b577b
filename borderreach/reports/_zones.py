"""The part of a report on the commuting zones of the border counties."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ..analysis.studies import StudyResults
from ..documents import Block, Heading, Table
from ._key_figures import ReportContext
from ._roads import way_zh
from ._words import hours, join, rows_of

#: So many zones that reach across a border are listed.
_MOST: Final = 5
#: Circles of the national yardstick: one, two and three hours.
_CIRCLES: Final = 3
#: So many counties of another province are named of a zone.
_MOST_NAMED: Final = 8


def zones_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the zones, and which of them reach across a border."""
    if len(results.zones) == 0:
        return []
    study = results.study
    now, then = context.zone_cross_base, context.zone_cross_after
    largest, smallest = context.zone_largest, context.zone_smallest
    after = (
        f"，规划后{'仍为' if now == then else '为'} {then} 个{_newly_across(results)}"
        if context.after is not None
        else ""
    )
    blocks: list[Block] = [
        Heading(f"{hours(study.zone_min)}通勤圈跨不跨省界"),
        (
            f"毗邻区县的{hours(study.zone_min)}通勤圈是往返两个方向都不超过 {study.zone_min:g} 分钟的范围，面积过半在圈内的区县算作圈内区县。"
            f"最大的是{largest[0]}（{largest[1]:,.0f} 平方千米），最小的是{smallest[0]}（{smallest[1]:,.0f} 平方千米）；现状下 {now} 个"
            f"跨省界{after}。"
        ),
    ]
    rows = _across(results)
    if rows:
        shown = tuple(rows[:_MOST])
        rest = f"共 {len(rows)} 个，其余见 tables.xlsx 的“通勤圈”一表。" if len(rows) > _MOST else ""
        header = ("中心", "省级行政区", "面积（平方千米）", "圈内区县（个）", "其中另一省的")
        blocks.append(
            Table("zones", f"跨省界的{hours(study.zone_min)}通勤圈，现状", header, shown, (2, 3), rest)
        )
    return blocks


def _across(results: StudyResults) -> list[tuple[str, ...]]:
    """Return a row for each zone to which counties of another province belong, the most first."""
    home = results.border_counties.assign(key=results.border_counties["adcode"].astype(str)).set_index("key")
    base = results.zones[results.zones["scenario"] == "base"]
    table = results.zone_counties
    belongs = table[(table["scenario"] == "base") & table["belongs"]]
    named = told_apart(results.counties)
    found = []
    for row in rows_of(base):
        own = belongs[belongs["centre_id"] == row.centre_id]
        province = str(home["province"].get(row.centre_id, ""))
        across = own[own["province"] != province].rename(columns={"name": "county"})
        if len(across):
            names = [named.get(str(one.adcode), one.county) for one in rows_of(across)]
            rest = f"等 {len(names)} 个" if len(names) > _MOST_NAMED else ""
            listed = join(names[:_MOST_NAMED]) + rest
            name = named.get(str(row.centre_id), str(row.centre_name))
            found.append(
                (len(across), (name, province, f"{row.area_km2:,.0f}", f"{len(own)}", listed))
            )  # fmt: skip
    return [cells for _, cells in sorted(found, key=lambda item: -item[0])]


def told_apart(counties: pd.DataFrame) -> dict[str, str]:
    """Name the counties whose names others share, such as 鼓楼区, with the city before them, by code."""
    shared = counties[counties["name"].duplicated(keep=False) & (counties["city"] != counties["name"])]
    names = shared["city"] + shared["name"]
    return dict(zip(shared["adcode"].astype(str), names.astype(str), strict=True))


def _newly_across(results: StudyResults) -> str:
    """Name the zones to which corridors add a county of another province."""
    home = dict(
        zip(results.border_counties["adcode"].astype(str), results.border_counties["province"], strict=True)
    )
    rows = results.zone_counties[results.zone_counties["belongs"]]
    rows = rows[rows["province"].to_numpy() != rows["centre_id"].map(home).to_numpy()]
    held = {
        scenario: set(zip(some["centre_id"], some["adcode"], strict=True))
        for scenario, some in rows.groupby("scenario")
    }
    new = held.get("all", set()) - held.get("base", set())
    parts = [
        f"{row.centre_name}的圈新含{row.county}"
        for row in rows_of(rows[rows["scenario"] == "all"].rename(columns={"name": "county"}))
        if (row.centre_id, row.adcode) in new
    ]
    return f"（{'；'.join(parts[:8])}{'等' if len(parts) > 8 else ''}）" if parts else ""


def yardsticks_section(results: StudyResults) -> list[Block]:
    """Hold the border counties against the national circles of 1, 2 and 3 hours."""
    table = results.yardsticks
    if table.empty:
        return []
    base, after = (table[table["scenario"] == name] for name in ("base", "all"))

    def count(column: str) -> str:
        now, then = int(base[column].sum()), int(after[column].sum())
        return (
            f"{now} 个"
            if "all" not in results.scenario_names or now == then
            else f"{now} 个（规划后 {then} 个）"
        )

    far = base[base["n_missed"] == _CIRCLES].sort_values(
        "main_city_min", ascending=False, na_position="first"
    )
    names = (
        f"：{join(far['name'].head(_MOST_NAMED))}{'等' if len(far) > _MOST_NAMED else ''}" if len(far) else ""
    )
    return [
        Heading("对照“全国123出行交通圈”"),
        (
            "《交通强国建设纲要》（2019 年）提出都市区一小时通勤、城市群两小时通达、全国主要城市三小时覆盖；《关于培育发展现代化都市圈的指导意见》（2019 年）"
            f"以一小时通勤圈为都市圈的基本范围。{len(base)} 个毗邻区县中（{way_zh(results)}，往返中较长者），一小时内到所属地级市的 {count('within_1h')}，"
            f"两小时内到最近外省地级市的 {count('within_2h')}，三小时内到最近省会（首府）或直辖市的 {count('within_3h')}，其中一小时内（都市圈）的 "
            f"{count('metropolitan')}；三项都不达的 {len(far)} 个{names}。逐县见 tables.xlsx 的“123交通圈”一表和地图。"
        ),
    ]
