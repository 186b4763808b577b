"""The first page of a report: one headline, the findings, one figure, and what the figures rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ..analysis.studies import StudyResults
from ..documents import Block, Figure, Heading, Items, Line, Paragraph, Part, See, Strong
from ..geo.crs import equal_area_crs
from ._borders import border_ranking, farthest_counties, ranks_borders, weak_points
from ._claims import claims_summary
from ._corridors import order_answer
from ._facts import WORTH_TELLING_MIN, Fact, savings
from ._key_figures import ReportContext, results_corridors
from ._pairs import many_centres
from ._people import people_source
from ._roads import errors_zh, today_zh, way_zh
from ._words import hours, join, km_range, minutes, rows_of, seat_zh

#: A circle that grows by a smaller share than this, and by no county, is told as unchanged.
_NEGLIGIBLE: Final = 0.0005
#: So many corridors are named on the first page; of more, it says how many.
_FEW_CORRIDORS: Final = 3
#: A page with so many characters and the figure has room for a lower one only.
_MUCH_TEXT: Final = 1030
#: So many names stand in a finding.
_MOST_NAMED: Final = 5


def findings_section(results: StudyResults, context: ReportContext, found: Mapping[str, Fact]) -> list[Block]:
    """Tell what a reader should know who reads no further."""
    lines = list(_findings(results, context, found))
    headline, rests_on = _headline(results, context, found), _rests_on(results, context)
    written = sum(map(_characters, (headline, *lines, rests_on)))
    return [
        Heading("摘要", numbered=False),
        Paragraph(headline, kind="headline"),
        Items(tuple(lines), numbered=True),
        Figure(
            "overview", _overview(results), "figure.png", most_high_cm=6.4 if written < _MUCH_TEXT else 5.2
        ),
        Paragraph(rests_on, kind="note"),
    ]


def _characters(line: Line) -> int:
    """How many characters a line has, without its numbers of tables and figures."""
    parts = (line,) if isinstance(line, str) else line
    return sum(
        len(part if isinstance(part, str) else part.text) for part in parts if not isinstance(part, See)
    )


def _headline(results: StudyResults, context: ReportContext, found: Mapping[str, Fact]) -> str:
    """Say in one sentence what the corridors change for whom, or how things stand."""
    cutoff = hours(results.study.circle_min)
    stand = f"{found['border_counties']} 个毗邻区县中有 {found['inside']} 个的{seat_zh(results)}在{' ' if many_centres(results) else ''}{_centres_zh(results)}的{way_zh(results)}{cutoff}圈内"
    if context.after is None:
        return f"{stand}{_best_and_worst(results)}。"
    saved = savings(results)
    if saved.empty:
        return f"{stand}；{_planned(results)}建成后，毗邻区县至中心的时间都不缩短。"
    first = saved.iloc[0]
    if found["savers"].same_as_zero:
        most = f"毗邻区县至中心较{today_zh(results)}省时都不到 {WORTH_TELLING_MIN:g} 分钟，最多的是{first['name']}（{found['most_saved']} 分钟）"
    else:
        most = (
            f"{found['border_counties']} 个毗邻区县中有 {found['savers']} 个至中心较{today_zh(results)}省时 {WORTH_TELLING_MIN:g} 分钟以上，"
            f"最多的是{first['name']}（至{first['centre_name']}省 {found['most_saved']} 分钟）"
        )
    return f"{_planned(results)}建成后，{most}；在{cutoff}圈内的毗邻区县{_from_to(found)}。"


def _from_to(found: Mapping[str, Fact]) -> str:
    before, after = str(found["inside"]), str(found["inside_after"])
    return f"仍为 {before} 个" if before == after else f"由 {before} 个增至 {after} 个"


def _planned(results: StudyResults) -> str:
    """Name the corridors where they are few, else count them."""
    names = [one.name for one in results_corridors(results)]
    return join(names) if len(names) <= 2 else f"所列 {len(names)} 条廊道"


def _findings(results: StudyResults, context: ReportContext, found: Mapping[str, Fact]) -> Iterator[Line]:
    study = results.study
    cutoff = hours(study.circle_min)
    people = f"，圈内有 {found['people']} 万人（{people_source(results)[0]}）" if "people" in found else ""
    roads = f"；只走公路为 {found['road_area']} 平方千米" if "road_area" in found else ""
    yield (
        Strong("现状"),
        f"：{_centres_zh(results)}的{way_zh(results)}{cutoff}圈合计 {found['area']} 平方千米，研究范围 {found['study_counties']} 个区县中有 "
        f"{found['seats']} 个的{seat_zh(results)}在圈内；{found['border_counties']} 个毗邻区县（"
        + _by_province(context)
        + f"）中有 {found['inside']} 个在圈内{people}{roads}。",
    )
    if context.after is not None:
        yield Strong("规划后的圈"), _growth(results, context, found)
        yield Strong("谁受益"), _who_gains(results, found)
    if first := order_answer(results):
        yield Strong("先建哪一条"), f"：{first}"
    if "near_pairs" in found:
        yield (
            Strong("中心之间"),
            f"：按{today_zh(results)}门到门，{found['pairs']} 对中心中有 {found['near_pairs']} 对相互在{cutoff}之内。",
        )
    elif "pair" in found:
        yield Strong("中心之间"), _between(results, found)
    if "zone_area" in found:
        after = ""
        if "zone_cross_after" in found:
            same = str(found["zone_cross"]) == str(found["zone_cross_after"])
            after = f"，规划后{'仍为' if same else '为'} {found['zone_cross_after']} 个"
        yield (
            Strong("通勤圈"),
            (
                f"：毗邻区县的{hours(study.zone_min)}通勤圈平均 {found['zone_area']} 平方千米，其中跨省界的"
                f"现状 {found['zone_cross']} 个{after}。"
            ),
        )
    if "crossings" in found:
        yield Strong("省界"), _border(context, found) + weak_points(results)
    if ranks_borders(results):
        yield Strong("联系与差距"), _connected(results)
    if "claims" in found:
        yield Strong("文中论断"), f"：{claims_summary(results.claims)}"


def _best_and_worst(results: StudyResults) -> str:
    """Name the borders that are connected best and worst, where they are ranked."""
    if not ranks_borders(results):
        return ""
    best, worst = (border_ranking(results).iloc[k] for k in (0, -1))
    return (
        f"；省界两侧联系最紧的是{best['province_a']}与{best['province_b']}，"
        f"最松的是{worst['province_a']}与{worst['province_b']}"
    )


def _connected(results: StudyResults) -> str:
    """Say which borders are connected best and worst, and which counties are farthest."""
    ranking, far = border_ranking(results), farthest_counties(results)
    pairs = [f"{row.province_a}–{row.province_b}" for row in rows_of(ranking)]
    farthest = "、".join(
        f"{row.county}（{row.province}，{minutes(float(row.base_min))} 分钟）"
        for row in rows_of(far[far["base_min"].notna()].head(3).rename(columns={"name": "county"}))
    )
    return (
        f"：{len(ranking)} 段省界中联系最好的依次是{join(pairs[:3])}，最差的是{join(pairs[:-4:-1])}；"
        f"离中心最远的毗邻区县是{farthest}。"
    )


def _by_province(context: ReportContext) -> str:
    """Count the border counties of each province; where there are many provinces, only these."""
    named = context.n_border_by_province
    if len(named) > _MOST_NAMED + 1:
        return f"分属 {len(named)} 个省级行政区"
    return "，".join(f"{name} {n} 个" for name, n in named.items())


def _growth(results: StudyResults, context: ReportContext, found: Mapping[str, Fact]) -> str:
    after = context.after
    assert after is not None  # noqa: S101 - asked for with corridors only
    cutoff = hours(results.study.circle_min)
    if after.delta_counties == 0 and abs(after.delta_area_km2) < _NEGLIGIBLE * after.area_km2:
        text = f"：{cutoff}圈几乎不变"
    else:
        text = f"：{cutoff}圈扩大 {found['area_gain']} 平方千米，至 {found['area_after']} 平方千米"
        if found["seats_gain"].same_as_zero:
            text += f"，圈内的区县驻地不增加{'（新增的面积多在所研究的区县之外）' if _gain_lies_beyond(results) else ''}"
        else:
            listed = join(after.gained[:_MOST_NAMED]) + ("等" if len(after.gained) > _MOST_NAMED else "")
            text += f"，新增 {found['seats_gain']} 个区县驻地（{listed}）"
    if "people_after" in found:
        same = str(found["people"]) == str(found["people_after"])
        text += "，人口几乎不变" if same else f"，圈内人口增至 {found['people_after']} 万人"
    return text + "。"


def _gain_lies_beyond(results: StudyResults) -> bool:
    """Tell whether more than half of what the circle gains lies beyond the counties studied."""
    circles = results.scenario_circles[results.scenario_circles["cutoff_min"] == results.study.circle_min]
    circles = circles.to_crs(equal_area_crs(circles.geometry))
    before, after = (
        circles.loc[circles["scenario"] == name, "geometry"].union_all() for name in ("base", "all")
    )
    gained = after.difference(before)
    within = results.counties.to_crs(circles.crs).intersection(gained)
    return bool(within.area.sum() < gained.area / 2)


def _who_gains(results: StudyResults, found: Mapping[str, Fact]) -> str:
    saved = savings(results)
    if saved.empty:
        return f"：毗邻区县至各中心的{way_zh(results)}时间都不缩短。"
    top = "、".join(
        f"{row.county}（至{row.centre_name}由 {minutes(float(row.base_min))} 减至 {minutes(float(row.scenario_min))} 分钟）"
        for row in rows_of(saved.head(3).rename(columns={"name": "county"}))
    )
    return f"：至某一中心省时 {WORTH_TELLING_MIN:g} 分钟以上的毗邻区县 {found['savers']} 个；省时最多的依次为{top}。"


def _between(results: StudyResults, found: Mapping[str, Fact]) -> str:
    pair = join(results.centres["origin_name"]) if len(results.centres) == 2 else "各中心"
    text = f"：{pair}之间门到门{'' if len(results.centres) == 2 else '平均'}，现状{way_zh(results)} {found['pair']} 分钟"
    if "pair_road" in found:
        text += f"，只走公路 {found['pair_road']} 分钟"
    if "pair_after" in found:
        same = str(found["pair"]) == str(found["pair_after"])
        text += "；规划后不变" if same else f"；规划后 {found['pair_after']} 分钟"
    return text + "。"


def _border(context: ReportContext, found: Mapping[str, Fact]) -> str:
    length = km_range(found["border_low"].value, found["border_high"].value)
    without = f"，最长的一段 {found['longest_without']} 千米没有通道" if "longest_without" in found else ""
    which = f"（{context.which_borders}）" if context.which_borders else ""
    return f"：所研究的省界{which}长 {length} 千米，有跨省通道（干线公路）{found['crossings']} 处{without}。"


def _centres_zh(results: StudyResults) -> str:
    return f"{len(results.centres)} 座中心" if many_centres(results) else join(results.centres["origin_name"])


def _overview(results: StudyResults) -> str:
    after = "，以及规划后的变化" if "all" in results.scenario_names else ""
    cutoffs = join(f"{cutoff:g}" for cutoff in sorted(results.study.circle_cutoffs_min))
    return f"研究范围、毗邻区县与各中心 {cutoffs} 分钟圈{after}"


def _rests_on(results: StudyResults, context: ReportContext) -> Line:
    """Say in small print what the figures rest on and how far off they may be."""
    after: tuple[Part, ...] = ()
    if context.after is not None:
        names = [one.name for one in results_corridors(results)]
        which = (
            (join(names),)
            if len(names) <= _FEW_CORRIDORS
            else (See("corridors"), f" 所列 {len(names)} 条廊道")
        )
        after = ("“规划后”指", *which, "全部建成。")
    best = results.chances.groupby("adcode")["base_chance"].max() if len(results.chances) else None
    unsure = 0 if best is None else int(best.between(0.05, 0.95).sum())
    doubt = (
        f"因此有 {unsure} 个毗邻区县在圈内与否不能确定（{hours(results.study.circle_min)}圈，概率在 5% 至 95% 之间）。"
        if unsure
        else ""
    )
    errors = errors_zh(results)
    return (
        f"依据与误差：时间由模型估算，门到门，不含堵车与休息，适合比较，不宜当作单次出行的预报。{errors}{doubt}",
        *after,
        "各数分别取整，相减可差 1。定义、局限与数据来源见附录。",
    )
