"""The part of a report on what the expressways of past years brought to circles, borders and counties."""

from __future__ import annotations

from typing import Final

from ..analysis.studies import StudyResults
from ..documents import Block, Figure, Heading, Table
from ..geo.networks import TRUNK_YEARS
from ._roads import has_trains
from ._words import hours, join, minutes, rows_of

#: Counties that gained most are named up to here, and counties that came into the circle.
_MOST_NAMED: Final = 8
_MOST_LISTED: Final = 10
#: So many borders stand in the table, those that came nearest first.
_MOST_BORDERS: Final = 15
#: Counties that save less aren't told, minutes.
_NOTICEABLE_MIN: Final = 0.5


def years_section(results: StudyResults) -> list[Block]:
    """Tell circles, borders and counties on the roads of each year; nothing where no past year is asked for."""
    circles = results.year_circles[results.year_circles["cutoff_min"] == results.study.circle_min]
    if circles.empty:
        return []
    cutoff, years = hours(results.study.circle_min), [int(year) for year in circles["year"]]
    counted = bool(circles["people"].notna().all())
    rows = tuple(
        (
            f"{row.year}",
            f"{row.area_km2:,.0f}",
            f"{row.n_counties:,}",
            *([f"{row.people / 1e4:,.0f}"] if counted else []),
            _entered(results, before, int(row.year)) if before is not None else "",
        )
        for before, row in zip([None, *years], rows_of(circles), strict=False)
    )
    header = (
        "年底",
        f"{cutoff}圈（平方千米）",
        "区县驻地（个）",
        *(["人口（万人）"] if counted else []),
        "新进圈的区县",
    )
    note = (
        f"只按各年年底已通车的高速公路重算，普通公路一律按今天的路网，不计廊道与铁路{'；人口一律为今天的' if counted else ''}：差别全部来自高速公路。"
        "高速公路的通车年份可差两三年（见说明与局限）：相隔几年的两年之间的变化，不宜细到个别路段。"
    )
    right = tuple(range(1, 4 if counted else 3))
    return [
        Heading(f"{years[0]} 年以来的高速公路带来了什么"),
        *_counties(results, years),
        Table("years", f"各年高速公路下的{cutoff}圈", header, rows, right, note),
        *_borders(results, years, counted=counted),
        *_to_come(results),
    ]


def _to_come(results: StudyResults) -> list[Block]:
    """Say of what is to come that a study without corridors can't tell it."""
    if "all" in results.scenario_names:
        return []
    return [
        (
            "以后十年的变化取决于规划线路：内置数据没有覆盖全部研究范围的规划路网，本研究因此不作推算；已列出规划线路的地区见各区域研究，"
            "其他地区可在研究文件的 corridors 中列出线路后重算。"
        )
    ]


def _borders(results: StudyResults, years: list[int], *, counted: bool) -> list[Block]:
    """Tell for each border how near its two sides were in each year."""
    found = results.year_borders
    if found.empty:
        return []
    first, last = years[0], years[-1]
    rows: list[tuple[float, tuple[str, ...]]] = []
    for (a, b), one in found.groupby(["province_a", "province_b"], sort=False):
        of_year = {int(row.year): row for row in rows_of(one)}
        then, now = of_year[first], of_year[last]
        cells = (
            f"{a}–{b}",
            *(minutes(float(of_year[year].across_min)) for year in years),
            f"{then.n_across} → {now.n_across}",
            *([f"{then.people_across / 1e4:,.0f} → {now.people_across / 1e4:,.0f}"] if counted else []),
            f"{then.n_inside} → {now.n_inside}（共 {now.n_counties}）",
            *([f"{then.people_inside / 1e4:,.0f} → {now.people_inside / 1e4:,.0f}"] if counted else []),
        )
        rows.append((float(now.across_min - then.across_min), cells))
    zone, circle = hours(results.study.zone_min), hours(results.study.circle_min)
    header = (
        "省界",
        *(f"{year} 年（分钟）" for year in years),
        f"{zone}内到对侧的区县",
        *(["其人口（万人）"] if counted else []),
        f"{circle}圈内的毗邻区县",
        *(["其人口（万人）"] if counted else []),
    )
    note = f"每个毗邻区县的驻地到对侧最近的毗邻区县驻地，平均分钟数；箭头为 {first} 年至 {last} 年。" + (
        f"共 {len(rows)} 段省界，列出变化最大的 {_MOST_BORDERS} 段，其余见 tables.xlsx 的“各年的省界”一表。"
        if len(rows) > _MOST_BORDERS
        else ""
    )
    told = tuple(cells for _, cells in sorted(rows, key=lambda row: row[0])[:_MOST_BORDERS])
    return [Table("year-borders", "各条省界两侧有多近", header, told, tuple(range(1, len(header))), note)]


def _counties(results: StudyResults, years: list[int]) -> list[Block]:
    """Name the border counties that gained most on their way to the nearest centre."""
    own = results.year_counties[
        results.year_counties["adcode"].isin(results.border_counties["adcode"])
        & results.year_counties["nearest"]
    ].drop_duplicates(["adcode", "year"])
    first, last = (own[own["year"] == year] for year in (years[0], years[-1]))
    both = first.merge(last, on="adcode", suffixes=("_then", ""))
    both["saved_min"] = both["travel_time_min_then"] - both["travel_time_min"]
    gained = both[both["saved_min"] >= _NOTICEABLE_MIN].sort_values(
        "saved_min", ascending=False, kind="stable"
    )
    if gained.empty:
        return ["毗邻区县到最近的中心，用时都没有变化。"]
    most = "、".join(
        f"{row.county} {row.travel_time_min_then:.0f} → {row.travel_time_min:.0f}（{row.centre_name}）"
        for row in rows_of(gained.head(_MOST_NAMED).rename(columns={"name": "county"}))
    )
    told = (
        f"{years[0]} 年至 {years[-1]} 年，{len(gained)} 个毗邻区县到最近的中心快了，平均快 {gained['saved_min'].mean():.0f} 分钟；"
        f"最多的是（分钟，括号内为今天最近的中心）：{most}。各区县各年的分钟数见 tables.xlsx 的“各年的区县”一表。"
    )
    return [told]


def _entered(results: StudyResults, before: int, year: int) -> str:
    """Name the counties that came into the circle between two years."""
    inside = results.year_counties[results.year_counties["inside"]]
    then = set(inside.loc[inside["year"] == before, "adcode"])
    came = inside[(inside["year"] == year) & ~inside["adcode"].isin(then)].drop_duplicates("adcode")
    names = list(came["name"])
    if not names:
        return "无"
    return join(names[:_MOST_LISTED]) + (f"等 {len(names)} 个" if len(names) > _MOST_LISTED else "")


def panel_section(results: StudyResults) -> list[Block]:
    """Tell how near borders and centres have come over the years of the panel, and what is to come."""
    counties, borders = results.panel_counties, results.panel_borders
    if counties.empty:
        return []
    by_year = counties.groupby("year")
    listed = sorted(int(year) for year in counties["year"].unique())
    past = [year for year in listed if year <= TRUNK_YEARS[1]]
    then, now = past[0], past[-1]
    mean, inside = by_year["travel_time_min"].mean(), by_year["inside"].sum()
    circle = hours(results.study.circle_min)
    told = (
        f"{then} 年至 {now} 年，毗邻区县到最近中心的平均时间由 {mean[then]:.0f} 分钟变为 {mean[now]:.0f} 分钟，在{circle}圈内的由 "
        f"{inside[then]} 个变为 {inside[now]} 个"
    )
    if len(borders):
        across = borders.groupby("year")["across_min"].mean()
        told += f"，到省界对侧最近区县驻地由 {across[then]:.0f} 分钟变为 {across[now]:.0f} 分钟"
    people = by_year["people_reached"].mean()
    if people.notna().all():
        told += f"，{circle}内可达人口由平均 {people[then] / 1e4:,.0f} 万人变为 {people[now] / 1e4:,.0f} 万人"
    for year in listed[len(past) :] if "all" in results.scenario_names else ():
        told += f"；{year} 年，加上届时开通的廊道，平均 {mean[year]:.0f} 分钟，{inside[year]} 个在圈内"
    by_rail = has_trains(results)
    trains = "和铁路" if by_rail and not results.study.gtfs else ""
    fixed = f"普通公路、{'列车班次' if trains else '列车'}和人口" if by_rail else "普通公路和人口"
    note = "" if len(results.year_circles) else "，通车年份可差两三年"
    return [
        *([] if len(results.year_circles) else [Heading("历年的变化")]),
        f"{told}。按各年年底已开通的高速公路{trains}，{fixed}一律按今天计{note}。逐界逐县见 tables.xlsx 的“历年省界”“历年区县”两表。",
        *(
            [Figure("panel", "各条省界两侧区县驻地之间的平均时间", "chart_years.png", 12.0)]
            if len(borders)
            else []
        ),
    ]
