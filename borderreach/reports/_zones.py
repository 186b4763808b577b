"""The part of a report on the commuting zones of the border counties."""

from __future__ import annotations

import math

from ..analysis.studies import StudyResults
from ._key_figures import ReportContext
from ._markdown import hours, join, rows_of, table
from ._roads import zone_error_zh


def zones_section(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell the zones, and which of them reach across a border."""
    if len(results.zones) == 0:
        return []
    study = results.study
    base = results.zones[results.zones["scenario"] == "base"]
    after = results.zones[results.zones["scenario"] == "all"].set_index("centre_id")
    home = results.border_counties.assign(key=results.border_counties["adcode"].astype(str)).set_index("key")[
        "province"
    ]
    belongs = results.zone_counties[
        (results.zone_counties["scenario"] == "base") & results.zone_counties["belongs"]
    ]
    named = _told_apart(results)
    rows = []
    for row in rows_of(base):
        own = belongs[belongs["centre_id"] == row.centre_id]
        across = own[own["province"] != home.get(row.centre_id)]
        rows.append(
            (
                named.get(str(row.centre_id), str(row.centre_name)),
                f"{row.area_km2:,.0f}",
                *([f"{after['area_km2'].get(row.centre_id, math.nan):,.0f}"] if len(after) else []),
                f"{len(own)}",
                join(named.get(str(one.adcode), one.name_of) for one in rows_of(
                    across.rename(columns={"name": "name_of"})
                )) if len(across) else "无",
            )
        )  # fmt: skip
    now, then = context.zone_cross_base, context.zone_cross_after
    largest, smallest = context.zone_largest, context.zone_smallest
    return [
        f"## {hours(study.zone_min)}通勤圈",
        "",
        f"往返两个方向都不超过 {study.zone_min:g} 分钟的范围。最大的是{largest[0]}（{largest[1]:,.0f} 平方千米），最小的是"
        f"{smallest[0]}（{smallest[1]:,.0f} 平方千米）；现状下 {context.zone_cross_base} 个跨越省界"
        + (
            f"，{context.after.name}后{'仍为' if now == then else ''} {then} 个{_newly_across(results)}。"
            if context.after is not None
            else "。"
        ),
        "",
        *table(
            (
                "中心",
                "现状（平方千米）",
                *(["全部廊道建成"] if len(after) else []),
                "圈内区县",
                "其中另一省的",
            ),
            rows,
            right=(1, 2, 3) if len(after) else (1, 2),
        ),
        "",
        f"面积过半在圈内的区县算作圈内区县。{zone_error_zh(results)}",
    ]


def _told_apart(results: StudyResults) -> dict[str, str]:
    """Name the counties whose names others share, such as 鼓楼区, with the city before them, by code."""
    counties = results.counties
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
        f"{row.centre_name}的圈新含{row.county_name}"
        for row in rows_of(rows[rows["scenario"] == "all"].rename(columns={"name": "county_name"}))
        if (row.centre_id, row.adcode) in new
    ]
    return f"（{'；'.join(parts[:8])}{'等' if len(parts) > 8 else ''}）" if parts else ""
