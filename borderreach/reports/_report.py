"""The report of a study: prose whose every figure comes from the results' tables."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Final

import pandas as pd

from ..analysis.corridors import MAX_EXACT
from ..analysis.studies import StudyResults
from ._claims import claims_section, claims_summary, claims_summary_en, groups_section
from ._key_figures import CorridorFigures, ReportContext, ScenarioFigures, results_corridors
from ._markdown import and_, hours, join, km, minutes, rows_of, signed, table, with_plain_texts
from ._people import people_section

#: A circle that grows by a smaller share than this, and by no county, is told as unchanged.
_NEGLIGIBLE: Final = 0.0005
#: With more centres than this, they and their pairs are counted rather than listed.
_MANY_CENTRES: Final = 4
#: Minutes that change by less are told as unchanged.
_UNCHANGED_MIN: Final = 0.5
#: How values that a corridor file leaves unsaid are told, in English and Chinese.
_ASSUMED_EN: Final = {
    "speed_factor": "running at {:.0%} of the design speed",
    "stop_penalty_min": "{:g} min lost per stop",
    "board_min": "{:g} min to board",
    "alight_min": "{:g} min to alight",
    "trains_per_day": "{:g} trains a day and direction",
    "sinuosity": "a line {:g} times as long as straight between stops",
}
_ASSUMED_ZH: Final = {
    "speed_factor": "按设计时速的 {:.0%} 运行",
    "stop_penalty_min": "每停一站损失 {:g} 分钟",
    "board_min": "进站 {:g} 分钟",
    "alight_min": "出站 {:g} 分钟",
    "trains_per_day": "每日每方向 {:g} 列",
    "sinuosity": "线路长为站间直线的 {:g} 倍",
}
_MODES: Final = {"road": "公路", "rail": "铁路", "air": "航线"}
_STATUS: Final = {"open": "已通车", "building": "在建", "planned": "规划", "proposed": "提议"}


def report(results: StudyResults) -> str:
    """Write the report of a study: an English summary, then the findings in Chinese.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    str
        Markdown, in which every text of the results is shown as it stands. The same results give the same text.
    """
    # What a report tells of its corridors comes from the parameters, so that they hold them.
    known = {
        **results.parameters,
        "corridors": [one.model_dump(mode="json") for one in results_corridors(results)],
    }
    results = with_plain_texts(replace(results, parameters=known))
    context = ReportContext.of(results)
    sections = [
        _title(results),
        _summary_en(results, context),
        _findings(results, context),
        _borders(results, context),
        _circles(results, context),
        _audit(results),
        _centre_pairs(results, context),
        _railways(results, context),
        _zones(results, context),
        people_section(results),
        _price(results),
        _changes(results, context),
        groups_section(results),
        claims_section(results),
        _corridors(results, context),
        _counties(results),
        _definitions(results),
        _limits(results, context),
        _sources(results),
    ]
    return "\n\n".join("\n".join(section).rstrip() for section in sections if section) + "\n"


def _title(results: StudyResults) -> list[str]:
    study = results.study
    lines = [f"# {study.title}", "", f"*{study.title_en}*", ""]
    if study.description:
        lines += [study.description, ""]
    if study.text:
        named = f"《{study.text_title}》（{study.text}）" if study.text_title else study.text
        lines += [f"所据文本：{named}。"]
    return lines


def _summary_en(results: StudyResults, context: ReportContext) -> list[str]:
    study, base = results.study, context.base
    hours = f"{study.circle_min:g}-minute"
    n_centres = len(results.centres)
    centres = f"{n_centres} centres" if _many(results) else and_(results.centres["origin_name"])
    lines = [
        "## Summary in English",
        "",
        f"{context.n_border} counties lie on the border studied ({km(context.border_km)} km)"
        f"{_which_borders_en(results)}. The {hours} circle of "
        f"{centres} covers {base.area_km2:,.0f} km² in the road network of today and holds the seats of "
        f"{base.n_counties} of the {context.n_study_counties} counties studied; "
        f"{context.n_inside_base} of the {context.n_border} border counties are among them."
        + _pair_sentence_en(results, base),
    ]
    for item in context.scenarios:
        named = _scenario_en(results, item.scenario)
        pair = ""
        if math.isfinite(item.pair_min):
            pair = f", and the centres lie {item.pair_min:.0f} min apart ({signed(item.pair_delta_min)} min)"
        lines.append(
            f"- {named}: {item.area_km2:,.0f} km² ({signed(item.delta_area_km2)}), {item.n_counties} counties "
            f"({signed(item.delta_counties)}){pair}."
        )
    lines += ["", *_more_en(results, context)]
    lines += [
        "",
        (
            "All these times are modelled, door to door, by car on today's trunk roads"
            + (
                "; corridors are added to these roads, so that a railway's gain is measured against driving."
                if context.corridors
                else "."
            )
            + _rail_sentence_en(results)
            + _assumed_en(results, context)
        ),
        "",
        "Definitions and limits stand at the end.",
    ]
    return lines


def _more_en(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell in English what else the findings hold: border counties inside, zones, people, claims."""
    study, sentences = results.study, []
    if context.after is not None:
        sentences.append(
            f"With every corridor, {context.n_inside_after} of the {context.n_border} border counties lie in the "
            f"circle ({context.n_inside_base} today)."
        )
    if math.isfinite(context.zone_area_base):
        after = f" ({context.zone_area_after:,.0f} with every corridor)" if context.after is not None else ""
        sentences.append(
            f"The {study.zone_min:g}-minute commuting zones of the border counties average "
            f"{context.zone_area_base:,.0f} km²{after}; {context.zone_cross_base} of them reach over more than half "
            "of a county of another province."
        )
    people = _people_inside(results)
    if people:
        now, then = (f"{people.get(scenario, people['base']) / 1e6:,.1f}" for scenario in ("base", "all"))
        after = "" if now == then else f", {then} million with every corridor"
        sentences.append(f"{now} million people live in the circle{after} ({_people_source(results)[1]}).")
    if len(results.claims):
        sentences.append(claims_summary_en(results.claims))
    return [" ".join(sentences)] if sentences else []


def _scenario_en(results: StudyResults, scenario: str) -> str:
    if scenario == "all":
        return "with every corridor"
    if scenario.isdigit():
        return f"with the corridors open by {scenario}"
    if any(one.id == scenario for one in results.study.change):
        return f"change '{scenario}' ({results.scenario_names[scenario]})"
    return f"with {_name_en(results, scenario)} alone"


def _rail_sentence_en(results: StudyResults) -> str:
    """Tell what today's trains make of it, line haul and door to door."""
    gaps = results.parameters.get("rail_coverage") or {}
    if results.rail_circles.empty:
        if not gaps or gaps["covers"]:
            return ""
        return (
            f" Trains are left out: the railway tables have a station in "
            f"{len(gaps['prefectures']) - len(gaps['without_station'])} of the {len(gaps['prefectures'])} prefectures in "
            "reach, too few to say anything about today's trains."
        )
    area = _rail_areas(results)
    least = "at least " if gaps.get("without_station") else ""
    text = f" With the trains in the tables as well, the circle covers {least}{area['base']:,.0f} km² today"
    text += f" and {area['all']:,.0f} km² with every corridor" if "all" in area else ""
    trips = results.journeys[results.journeys["line_haul_min"] > 0]
    if len(trips) and not _many(results):
        first = trips.iloc[0]
        text += (
            f"; from {first['from_name']} to {first['to_name']} it takes {first['line_haul_min']:.0f} minutes on the "
            f"train and {first['door_to_door_min']:.0f} from door to door"
        )
    if gaps.get("without_station"):
        text += (
            f"; the tables have no station in {len(gaps['without_station'])} of the {len(gaps['prefectures'])} "
            "prefectures in reach, whose trains are missing"
        )
    return text + "."


def _assumed_en(results: StudyResults, context: ReportContext) -> str:
    """Name the values of corridors that nobody has given."""
    told = _assumed(results, context)
    if not told:
        return ""
    parts = [
        f"{item.corridor.name_en or item.corridor.name}: "
        + ", ".join(_ASSUMED_EN[name].format(getattr(item.corridor, name)) for name in names)
        for item, names in told
    ]
    return (
        " Not given for these corridors, and taken from what the embedded lines of their mode and design speed have: "
        + "; ".join(parts)
        + "."
    )


def _assumed(results: StudyResults, context: ReportContext) -> list[tuple[CorridorFigures, list[str]]]:
    """Return the corridors with assumed values, and the names of these that are told."""
    by_id = results.parameters.get("corridors_assumed") or {}
    return [
        (item, [name for name in by_id[item.corridor.id] if name in _ASSUMED_EN])
        for item in context.corridors
        if item.corridor.id in by_id
    ]


def _pair_sentence_en(results: StudyResults, base: ScenarioFigures) -> str:
    if not math.isfinite(base.pair_min):
        return ""
    if _many(results):
        near, pairs = _near_pairs(results)
        return f" Of the {pairs:,} pairs of centres, {near} lie within {results.study.circle_min:g} minutes of each other by road."
    inside = "inside" if base.pair_min <= results.study.circle_min else "outside"
    return (
        f" The centres lie {base.pair_min:.0f} minutes apart by road, {inside} "
        f"the {results.study.circle_min:g} minutes."
    )


def _findings(results: StudyResults, context: ReportContext) -> list[str]:
    study, base = results.study, context.base
    cutoff = hours(study.circle_min)
    lines = [
        "## 主要结论",
        "",
        f"1. **毗邻区县**：所研究的省界{_which_borders(results)}上有 {context.n_border} 个区县（"
        + "，".join(f"{name} {n} 个" for name, n in context.n_border_by_province.items())
        + f"），省界长 {km(context.border_km)} 千米。",
        (
            f"2. **{cutoff}圈**：现状路网下，{_centres_zh(results)}的{cutoff}圈合计 "
            f"{base.area_km2:,.0f} 平方千米，覆盖研究范围 {context.n_study_counties} 个区县中 {base.n_counties} 个的政府"
            f"驻地；{context.n_border} 个毗邻区县中有 {context.n_inside_base} 个在圈内。"
        ),
    ]
    number = 3
    if math.isfinite(base.pair_min) and _many(results):
        near, pairs = _near_pairs(results)
        lines.append(
            f"{number}. **中心之间**：沿现状公路门到门，{pairs:,} 对中心中有 {near} 对相互在{cutoff}之内。"
        )
        number += 1
    elif math.isfinite(base.pair_min):
        verdict = (
            f"在{cutoff}之内"
            if base.pair_min <= study.circle_min
            else f"比{cutoff}多 {base.pair_min - study.circle_min:.0f} 分钟"
        )
        lines.append(f"{number}. **中心之间**：沿现状公路门到门平均 {base.pair_min:.0f} 分钟，{verdict}。")
        number += 1
    last = context.after
    if last is not None:
        lines.append(
            f"{number}. **廊道**：{last.name}后，{cutoff}圈{_growth(last)}"
            + (f"（新增{join(last.gained)}）" if last.gained else "")
            + _pair_change(results, last)
            + f"；毗邻区县在圈内的{_from_to(context.n_inside_base, context.n_inside_after)}"
            + _rail_growth(results)
            + "。"
        )
        number += 1
    if math.isfinite(context.zone_area_base):
        lines.append(
            f"{number}. **{hours(study.zone_min)}通勤圈**：毗邻区县的通勤圈平均 {context.zone_area_base:,.0f} 平方千米"
            + (f"（{last.name}后 {context.zone_area_after:,.0f}）" if last is not None else "")
            + f"，其中 {context.zone_cross_base} 个跨越省界，即另一省有区县过半面积在圈内。"
        )
        number += 1
    people = _people_inside(results)
    if people:
        lines.append(
            f"{number}. **人口**：{cutoff}圈内有 {people['base'] / 1e4:,.0f} 万人（{_people_source(results)[0]}）"
            + (f"，{last.name}后{_people_then(people)}" if last is not None and "all" in people else "")
            + "。"
        )
        number += 1
    if len(results.claims):
        lines.append(f"{number}. **文中论断**：{claims_summary(results.claims)}")
    return lines


def _which_borders(results: StudyResults) -> str:
    """Say what counts as a border where a study doesn't name the sides."""
    if results.study.between is not None:
        return ""
    return f"（{join(results.provinces['name'])}的全部陆上省界，含与研究范围以外各省的）"


def _which_borders_en(results: StudyResults) -> str:
    if results.study.between is not None:
        return ""
    return ", all land borders of the provinces studied, also those with provinces outside the study"


def _people_source(results: StudyResults) -> tuple[str, str]:
    """Where people are counted from, in Chinese and English."""
    own = results.study.people_file
    return (f"据 {own}", f"from {own}") if own else ("2020 年普查", "census of 2020")


def _people_then(people: dict[str, float]) -> str:
    now, then = (f"{people[scenario] / 1e4:,.0f}" for scenario in ("base", "all"))
    return "几乎不变" if now == then else f"为 {then} 万人"


def _many(results: StudyResults) -> bool:
    return len(results.centres) > _MANY_CENTRES


def _centres_zh(results: StudyResults) -> str:
    return f"{len(results.centres)} 座中心" if _many(results) else join(results.centres["origin_name"])


def _near_pairs(results: StudyResults) -> tuple[int, int]:
    """Pairs of centres within the circle's minutes of each other in both directions, and all pairs."""
    base = results.pair_times[results.pair_times["scenario"] == "base"]
    ends = [tuple(sorted(pair)) for pair in zip(base["from_id"], base["to_id"], strict=True)]
    slower = base.groupby(pd.Index(ends, tupleize_cols=False))["travel_time_min"].max()
    return int((slower <= results.study.circle_min).sum()), len(slower)


def _pair_change(results: StudyResults, item: ScenarioFigures) -> str:
    if not math.isfinite(item.pair_min) or _many(results):
        return ""
    kept = abs(item.pair_delta_min) < _UNCHANGED_MIN
    return f"；中心之间{'仍为' if kept else '变为'} {item.pair_min:.0f} 分钟"


def _growth(item: ScenarioFigures) -> str:
    """Tell a change of the circle in words where it is too small to be told in figures."""
    if item.delta_counties == 0 and abs(item.delta_area_km2) < _NEGLIGIBLE * item.area_km2:
        return "几乎不变"
    return f"变化 {signed(item.delta_area_km2)} 平方千米、{signed(item.delta_counties)} 个区县"


def _from_to(before: int, after: int) -> str:
    return f"仍为 {after} 个" if before == after else f"由 {before} 个变为 {after} 个"


def _rail_growth(results: StudyResults) -> str:
    """Tell the circle with trains, in which a railway counts against railways rather than against driving."""
    if results.rail_circles.empty:
        return ""
    area = _rail_areas(results)
    if "all" not in area:
        return ""
    return f"；以现有列车为基准（公路与铁路联程），圈由 {area['base']:,.0f} 变为 {area['all']:,.0f} 平方千米"


def _people_inside(results: StudyResults) -> dict[str, float]:
    """People in the largest circle by road, by scenario."""
    largest = results.circle_people[results.circle_people["cutoff_min"] == results.study.circle_min]
    return dict(zip(largest["scenario"], largest["people"].astype(float), strict=True))


def _borders(results: StudyResults, context: ReportContext) -> list[str]:
    rows = [
        (
            f"{row.province_a}–{row.province_b}",
            f"{row.length_km:,.1f}",
            f"{row.n_counties_a}",
            f"{row.n_counties_b}",
        )
        for row in rows_of(results.borders)
    ]
    lines = [
        "## 省界与毗邻区县",
        "",
        *table(("省界", "长度（千米）", "前者一侧区县", "后者一侧区县"), rows, right=(1, 2, 3)),
        "",
        (
            f"“毗邻区县”指与另一省的区县共有一段陆地边界的区县，只在一点相接的不算。本研究共 {context.n_border} 个。"
            "长度在椭球面上量算，取决于边界画得多细。"
        ),
    ]
    if len(results.junctions):
        meeting = "；".join(str(names) for names in results.junctions["provinces"])
        lines += ["", f"与此省界有关的三省交界点 {len(results.junctions)} 处：{meeting}。"]
    return lines


def _circles(results: StudyResults, context: ReportContext) -> list[str]:
    study = results.study
    lines = [f"## {hours(study.circle_min)}圈", ""]
    base_rows = results.circles[results.circles["scenario"] == "base"].sort_values("cutoff_min")
    rows = []
    for row in rows_of(base_rows):
        known = results.gains[(results.gains["cutoff_min"] == row.cutoff_min)]
        n = str(int(known["base_counties"].iloc[0])) if len(known) else "—"
        rows.append(
            (results.scenario_names["base"], f"{row.cutoff_min:g}", f"{row.area_km2:,.0f}", "", n, "", "")
        )
    rows += [
        (
            results.scenario_names[str(row.scenario)],
            f"{row.cutoff_min:g}",
            f"{row.scenario_area_km2:,.0f}",
            signed(float(row.delta_area_km2)),
            f"{row.scenario_counties}",
            signed(int(row.delta_counties)),
            _moved(str(row.counties_gained), str(row.counties_lost)),
        )
        for row in rows_of(results.gains)
    ]
    lines += table(
        ("情景", "分钟", "面积（平方千米）", "增加", "区县驻地", "增加", "进出圈的区县"),
        rows,
        right=(1, 2, 3, 4, 5),
    )
    single = results.isochrones[
        (results.isochrones["scenario"] == "base") & (results.isochrones["cutoff_min"] == study.circle_min)
    ]
    if len(single) > 1 and not _many(results):
        total = float(single["area_km2"].sum())
        each = "，".join(f"{row.origin_name} {row.area_km2:,.0f}" for row in rows_of(single))
        overlap = total - context.base.area_km2
        lines += [
            "",
            f"现状下各中心单独的圈（平方千米）：{each}；两圈以上重叠的面积约 {overlap:,.0f} 平方千米"
            + ("，即圈已相接。" if overlap >= 1 else "，即圈尚不相接。"),
        ]
    return lines


def _moved(gained: str, lost: str) -> str:
    parts = [gained] if gained else []
    if lost:
        parts.append(f"失去{lost}")
    return "；".join(parts) or "无"


def _audit(results: StudyResults) -> list[str]:
    """Say how exact the drawn circles are: random points, each routed again."""
    if results.audit.empty:
        return []
    rows = [
        (
            str(row.origin_name),
            f"{row.cutoff_min:g}",
            f"{row.samples}",
            f"{row.false_inclusion_pct:.2f}（≤ {row.false_inclusion_high_pct:.2f}）",
            f"{row.false_exclusion_pct:.2f}（≤ {row.false_exclusion_high_pct:.2f}）",
            f"{row.worst_distance_m:,.0f}",
        )
        for row in rows_of(results.audit)
    ]
    header = ("中心", "分钟", "随机点", "误入（面积 %）", "误出（面积 %）", "最远偏离（米）")
    return [
        "### 圈画得有多准",
        "",
        *table(header, rows, right=(1, 2, 3, 4, 5)),
        "",
        (
            "在每个圈内和圈外近旁随机取点，逐点重新精确计算时间：圈内而实际到不了的为误入，圈外而实际到得了的为误出；括号内为 95% 置信上限。"
            "这检验的是图形与模型的一致，不是模型与现实的一致。"
        ),
    ]


def _centre_pairs(results: StudyResults, context: ReportContext) -> list[str]:
    if len(results.pair_times) == 0:
        return []
    rows = [
        (
            results.scenario_names[str(row.scenario)],
            f"{row.from_name} → {row.to_name}",
            minutes(float(row.travel_time_min)),
            "" if row.scenario == "base" else minutes(float(row.delta_min), with_sign=True),
        )
        for row in rows_of(_told_pairs(results, results.pair_times, "travel_time_min"))
    ]
    lines = [
        "## 中心之间的时间",
        "",
        *table(("情景", "起讫", "门到门（分钟）", "变化"), rows, right=(2, 3)),
        *_rest_of_pairs(results, "pair_times.csv"),
    ]
    for item in context.corridors:
        if item.corridor.mode == "road":
            continue
        spans = "，".join(f"{name or '全程'} {value:.0f} 分钟" for name, value in item.line_haul_min.items())
        lines += [
            "",
            (
                f"{item.corridor.name}起讫站之间的**行车时间**为{spans}；上表是**门到门**时间，另含进站候车 "
                f"{item.corridor.board_min + item.corridor.wait_min:.0f} 分钟、出站 {item.corridor.alight_min:g} 分钟和两端到车站的路程。"
                "文本和新闻中的“两小时”多指行车时间，两者不可混用。"
            ),
        ]
    return lines


def _told_pairs(results: StudyResults, table_: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return all pairs of centres, or those within the circle's minutes where there are many centres."""
    return table_[table_[column] <= results.study.circle_min] if _many(results) else table_


def _rest_of_pairs(results: StudyResults, file: str) -> list[str]:
    if not _many(results):
        return []
    return ["", f"只列出相互在{hours(results.study.circle_min)}之内的；其余见 {file}。"]


def _rail_areas(results: StudyResults) -> dict[str, float]:
    """Area of the largest circle with today's trains, by scenario."""
    largest = results.rail_circles[results.rail_circles["cutoff_min"] == results.study.circle_min]
    return dict(zip(largest["scenario"], largest["area_km2"].astype(float), strict=True))


def _coverage_zh(results: StudyResults) -> str:
    """Say how far the railway tables cover what the study reaches."""
    found = results.parameters.get("rail_coverage") or {}
    missing = found.get("without_station") or []
    if not missing:
        return ""
    most = 12
    listed = join(missing[:most]) + (f"等 {len(missing)} 个" if len(missing) > most else "")
    return f"中心与圈内所及的 {len(found['prefectures'])} 个地级单元中，所用的铁路表在{listed}没有车站。"


def _railways(results: StudyResults, context: ReportContext) -> list[str]:
    coverage = _coverage_zh(results)
    if results.rail_circles.empty:
        found = results.parameters.get("rail_coverage") or {}
        if not found or found["covers"]:
            return []
        return [
            "## 公路与铁路联程",
            "",
            f"未计列车：{coverage}所以本研究只按公路计算；这不表示当地没有列车。",
        ]
    cutoff = hours(results.study.circle_min)
    area = _rail_areas(results)
    gained = f"，{_scenario_of(results, 'all')}后 {area['all']:,.0f} 平方千米" if "all" in area else ""
    times = results.rail_county_times
    inside = times.loc[times["base_inside"], "adcode"].nunique()
    after = times.loc[times["scenario_inside"], "adcode"].nunique()
    lines = [
        "## 公路与铁路联程",
        "",
        (
            f"允许在表内的现有车站换乘列车（驾车到站，乘车，再驾车）时，{cutoff}圈为 {area['base']:,.0f} 平方千米{gained}；"
            f"{context.n_border} 个毗邻区县中有 {inside} 个在圈内"
            + (f"，{_scenario_of(results, 'all')}后 {after} 个" if "all" in area else "")
            + f"。只走公路时为 {context.base.area_km2:,.0f} 平方千米。"
        ),
    ]
    if coverage:
        lines += ["", f"{coverage}那里的列车没有计入，联程的圈因此可能偏小。"]
    if len(results.journeys):
        rows = [
            (
                f"{row.from_name} → {row.to_name}",
                minutes(row.line_haul_min) if row.n_boardings else "不乘车",
                minutes(row.waiting_min + row.boarding_min + row.transfer_min + row.alighting_min),
                minutes(row.road_min + row.access_min),
                minutes(row.door_to_door_min),
                minutes(row.road_only_min),
            )
            for row in rows_of(_told_pairs(results, results.journeys, "door_to_door_min"))
        ]
        header = ("起讫", "行车时间", "候车、进出站与换乘", "两端公路", "门到门", "全程公路")
        lines += [
            "",
            *table(header, rows, right=(1, 2, 3, 4, 5)),
            *_rest_of_pairs(results, "journeys.csv"),
            "",
            (
                "单位为分钟，均为现状。**行车时间**（line-haul）只是列车上的时间，文本和新闻所说的“两小时”多指它；**门到门**"
                "另含候车、进出站、换乘与两端的路程。候车按平均发车间隔的一半计，设上限；各项取值见 manifest.json。"
            ),
        ]
    return lines


def _scenario_of(results: StudyResults, scenario: str) -> str:
    return results.scenario_names[scenario]


def _zones(results: StudyResults, context: ReportContext) -> list[str]:
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
    rows = []
    for row in rows_of(base):
        own = belongs[belongs["centre_id"] == row.centre_id]
        across = own[own["province"] != home.get(row.centre_id)]["name"]
        rows.append(
            (
                str(row.centre_name),
                f"{row.area_km2:,.0f}",
                f"{after['area_km2'].get(row.centre_id, math.nan):,.0f}" if len(after) else "—",
                f"{len(own)}",
                join(across) if len(across) else "无",
            )
        )
    largest, smallest = context.zone_largest, context.zone_smallest
    return [
        f"## {hours(study.zone_min)}通勤圈",
        "",
        f"往返两个方向都不超过 {study.zone_min:g} 分钟的范围。最大的是{largest[0]}（{largest[1]:,.0f} 平方千米），最小的是"
        f"{smallest[0]}（{smallest[1]:,.0f} 平方千米）；现状下 {context.zone_cross_base} 个跨越省界"
        + (
            f"，{context.after.name}后 {context.zone_cross_after} 个{_newly_across(results)}。"
            if context.after is not None
            else "。"
        ),
        "",
        *table(
            ("中心", "现状（平方千米）", "全部廊道建成", "圈内区县", "其中另一省的"), rows, right=(1, 2, 3)
        ),
        "",
        "面积过半在圈内的区县算作圈内区县。",
    ]


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


def _price(results: StudyResults) -> list[str]:
    """Say what the border costs: crossings, gaps, detours, and how sure the circle is."""
    if results.border_crossings.empty:
        return []
    rows = [
        (
            f"{row.province_a}–{row.province_b}",
            f"{row.border_km:,.0f}",
            f"{row.n_crossings}",
            f"{row.spacing_km:,.0f}" if row.n_crossings else "—",
            f"{row.longest_without_km:,.0f}",
        )
        for row in rows_of(results.border_crossings)
    ]
    header = ("省界", "长度（千米）", "干线公路口子", "平均间距（千米）", "最长无口子一段（千米）")
    lines = ["## 省界的代价", "", *table(header, rows, right=(1, 2, 3, 4)), ""]
    lines += [
        (
            f"- {row.province_a}–{row.province_b}：跨界县际路程是直线的 {row.detour_across:.2f} 倍，等距的省内县际为 "
            f"{row.detour_within:.2f} 倍，相差 {signed((row.detour_ratio - 1) * 100, digits=0)}%（95% 区间 "
            f"{signed((row.detour_ratio_low - 1) * 100, digits=0)}% 至 {signed((row.detour_ratio_high - 1) * 100, digits=0)}%）；"
            f"跨界平均{'多' if row.extra_min >= 0 else '少'} {abs(row.extra_min):.0f} 分钟（{row.n_pairs} 对，平均直线距离 "
            f"{row.mean_straight_km:.0f} 千米）。"
        )
        for row in rows_of(results.border_effect)
    ]
    lines.append(f"- 断头路（距省界不远中断、对侧有路可接、绕行数倍的干线）：{len(results.gaps)} 处。")
    lines += _chance_lines(results)
    lines += [
        "",
        (
            "口子是连接两省的干线公路路段，本路网不含地方道路，实际口子更多。路程之比用两省县级驻地之间 20 至 150 千米的县对，"
            "每对跨界县配以直线距离相近的省内县对。"
        ),
    ]
    return lines


def _chance_lines(results: StudyResults) -> list[str]:
    """Border counties whose place inside or outside the circle isn't sure."""
    best = results.chances.groupby(["adcode", "name"], sort=False)["base_chance"].max().reset_index()
    unsure = best[best["base_chance"].between(0.05, 0.95)]
    if unsure.empty:
        return []
    named = "、".join(f"{row.name_of}（{row.base_chance * 100:.0f}%）" for row in rows_of(
        unsure.rename(columns={"name": "name_of"})
    ))  # fmt: skip
    return [
        f"- 模型的时间有误差，驻地在{hours(results.study.circle_min)}圈内与否因此并不都确定。不确定的毗邻区县及其在圈内的概率（现状）：{named}。"
    ]


def _changes(results: StudyResults, context: ReportContext) -> list[str]:
    """Tell what closed links and changed speeds do."""
    if results.changes.empty:
        return []
    figures = {item.scenario: item for item in context.scenarios}
    cutoff = hours(results.study.circle_min)
    lines = ["## 线路中断与变速", ""]
    for row in rows_of(results.changes):
        item = figures[row.change_id]
        times = results.change_times[results.change_times["change_id"] == row.change_id]
        slower = times[times["delta_min"] >= 1].sort_values(["delta_min", "adcode"], ascending=[False, True])
        cut = times[times["base_min"].notna() & times["scenario_min"].isna()]
        what = (
            f"{row.n_links} 个路段（{row.length_km:,.1f} 千米）中断"
            if row.closed
            else f"{row.n_links} 个路段（{row.length_km:,.1f} 千米）的平均时速由 {row.base_kph:.0f} 变为 {row.scenario_kph:.0f} 千米"
        )
        text = (
            f"- **{row.name}**：{what}。{cutoff}圈变化 {signed(item.delta_area_km2)} 平方千米、"
            f"{signed(item.delta_counties)} 个区县" + (f"（失去{join(item.lost)}）" if item.lost else "")
        )
        if math.isfinite(item.pair_min):
            text += f"；中心之间变为 {item.pair_min:.0f} 分钟（{signed(item.pair_delta_min)}）"
        if len(slower):
            most = "、".join(
                f"{one.from_name}至{one.to_name} {signed(one.delta_min)} 分钟"
                for one in rows_of(
                    slower.head(5).rename(columns={"centre_name": "from_name", "name": "to_name"})
                )
            )
            text += f"；{slower['adcode'].nunique()} 个毗邻区县至中心多用 1 分钟以上，最多的是{most}"
        if len(cut):
            text += f"；{join(dict.fromkeys(cut['name']))}不再可达"
        lines.append(text + "。")
    lines += ["", "以现状路网为基准，逐项单独计算，不加任何廊道。"]
    return lines


def _corridors(results: StudyResults, context: ReportContext) -> list[str]:
    if not context.corridors:
        return []
    lines = ["## 廊道及其贡献", ""]
    rows = [
        (
            item.corridor.name,
            _MODES[item.corridor.mode],
            f"{_STATUS[item.corridor.status]}（{item.corridor.status_date.isoformat()}）",
            f"{sum(item.corridor.lengths_km):,.1f}",
            f"{item.corridor.design_speed_kph:g}",
            f"{item.n_joined}/{len(item.corridor.stops)}",
            signed(item.contribution_km2),
            signed(item.contribution_counties, digits=1),
            signed(item.contribution_county_min, digits=1),
            signed(item.contribution_border_pair_min, digits=1),
        )
        for item in context.corridors
    ]
    lines += [
        *table(
            (
                "廊道", "方式", "状态（截至）", "长度（千米）", "设计时速", "接入路网的站点",
                f"{hours(results.study.circle_min)}圈（平方千米）", "区县", "毗邻区县至中心（分钟）", "毗邻区县之间（分钟）",
            ),
            rows,
            right=(3, 4, 5, 6, 7, 8, 9),
        ),
        "",
        ("最后四列是各廊道自身的贡献（沙普利值：在所有建设次序中新增量的平均），各廊道之和等于全部建成的变化。"
        "分钟数是驻地之间时间的平均变化，负数为节省。"),
    ]  # fmt: skip
    error = max(item.standard_error_km2 for item in context.corridors)
    if error > 0:
        lines.append(
            f"廊道多于 {MAX_EXACT} 条，贡献由随机次序抽样估计（正反成对），圈面积一列的标准误最大为 {error:,.0f} 平方千米；"
            "各廊道之和仍等于总变化。逐项的标准误见 contributions.csv。"
        )
    for item in context.corridors:
        lines += ["", f"### {item.corridor.name}", "", _corridor_prose(item)]
        lines += [f"- {mention.text}：……{mention.words}……" for mention in item.corridor.mentions]
    return lines


def _corridor_prose(item: CorridorFigures) -> str:
    one = item.corridor
    run = (
        "，".join(
            f"{name}{'飞行' if one.mode == 'air' else '行车'} {value:.0f} 分钟"
            for name, value in item.line_haul_min.items()
        )
        if one.mode != "road"
        else f"全程行车 {sum(item.line_haul_min.values()):.0f} 分钟"
    )
    approximate = sum(stop.position == "approximate" for stop in one.stops)
    text = (
        f"{one.stops[0].name}至{one.stops[-1].name}，{sum(one.lengths_km):,.1f} 千米，设计时速 "
        f"{one.design_speed_kph:g} 千米，按其 {one.speed_factor:.0%} 运行，{run}。{len(one.stops)} 个站点中 "
        f"{approximate} 个的位置是近似的。"
    )
    if item.met_km > 0 and math.isfinite(item.base_min):
        text += (
            f"在与现状路网相接的站点之间（{item.met_km:,.1f} 千米），廊道行车 {item.corridor_min:.0f} 分钟，"
            f"现状公路 {item.base_min:.0f} 分钟。"
        )
        if one.mode == "road":
            share = item.overlap_km / item.met_km
            text += f"其中 {share:.0%} 的长度上现状公路已同样快"
            text += "，即路网已含此线的大部分或有平行道路，测得的增益因此有限。" if share > 0.5 else "。"
    return text


def _counties(results: StudyResults) -> list[str]:
    times = results.county_times
    if len(times) == 0:
        return []
    if _many(results):
        return _counties_nearest(results)
    header = ["区县", "省份", "省界长（千米）"]
    centres = results.centres["origin_name"].to_list()
    ids = results.centres["origin_id"].to_list()
    after = "all" in results.scenario_names
    for name in centres:
        header += [f"至{name}（分钟）", *(("廊道建成后",) if after else ())]
    rows = []
    by_county = times.set_index(["adcode", "centre_id"])
    for county in rows_of(results.border_counties):
        cells = [str(county.name), str(county.province), f"{county.border_km:,.1f}"]
        for centre in ids:
            row = by_county.loc[(county.adcode, centre)]
            mark = "●" if row["base_inside"] else ""
            cells.append(f"{minutes(float(row['base_min']))}{mark}")
            if after:
                mark = "●" if row["scenario_inside"] else ""
                cells.append(f"{minutes(float(row['scenario_min']))}{mark}")
        rows.append(tuple(cells))
    return [
        "## 毗邻区县逐一",
        "",
        *table(header, rows, right=range(2, len(header))),
        "",
        f"● 表示在{hours(results.study.circle_min)}之内。时间从中心的政府驻地到区县的政府驻地。",
    ]


def _counties_nearest(results: StudyResults) -> list[str]:
    """Return each border county's nearest centre, where columns for all centres would be too many."""
    after = "all" in results.scenario_names
    reached = results.county_times.dropna(subset="base_min").sort_values(["base_min", "centre_id"])
    nearest = reached.drop_duplicates("adcode").set_index("adcode")
    soonest = results.county_times.groupby("adcode")["scenario_min"].min()
    rows = []
    for county in rows_of(results.border_counties):
        cells = [str(county.name), str(county.province), f"{county.border_km:,.1f}"]
        if county.adcode in nearest.index:
            row = nearest.loc[county.adcode]
            cells += [
                str(row["centre_name"]),
                f"{minutes(float(row['base_min']))}{'●' if row['base_inside'] else ''}",
            ]
        else:
            cells += ["—", "不可达"]
        rows.append((*cells, *((minutes(float(soonest[county.adcode])),) if after else ())))
    header = ("区县", "省份", "省界长（千米）", "最近的中心", "分钟", *(("廊道建成后",) if after else ()))
    return [
        "## 毗邻区县逐一",
        "",
        *table(header, rows, right=(2, 4, 5)[: 3 if after else 2]),
        "",
        f"● 表示在{hours(results.study.circle_min)}之内。时间从中心的政府驻地到区县的政府驻地；至各中心的时间见 county_times.csv。",
    ]


def _definitions(results: StudyResults) -> list[str]:
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
        "- **廊道**：只在互通、车站与路网相接；中途经过而不设站的区县不能上下。枢纽只连接高速公路，不能驶出到地方道路。",
    ]


def _limits(results: StudyResults, context: ReportContext) -> list[str]:
    network = results.parameters.get("network", {})
    lines = [
        "## 说明与局限",
        "",
        "- 全部时间由模型估算，不是实测；适合比较，不宜当作单次出行的预报。",
    ]
    if network.get("travel_time_model"):
        lines.append(
            f"- 路网不分道路等级，所用速度：{_speed_zh(network['travel_time_model'])}。山区道路因此偏快，平原高速公路偏慢；"
            "新建公路相对于现状的增益可能被低估。"
        )
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
    for item, names in _assumed(results, context):
        values = "，".join(_ASSUMED_ZH[name].format(getattr(item.corridor, name)) for name in names)
        lines.append(f"- {item.corridor.name}有几项未给出，取内置表中同方式、同设计时速线路的值：{values}。")
    if any(item.corridor.mode == "road" and item.corridor.status == "open" for item in context.corridors):
        lines.append("- 已通车的廊道若已在基准路网中，测得的增益会偏小；各廊道一节给出了两者的比较。")
    lines += [f"- {note}" for note in results.notes]
    return lines


def _known_frequencies(frequencies: list[float]) -> str:
    known = {38.0: "38 列即现有渝贵铁路的班次", 16.0: "16 列即每小时一列"}
    told = [text for number, text in known.items() if number in frequencies]
    return f"（{'，'.join(told)}）" if told else ""


def _sources(results: StudyResults) -> list[str]:
    lines = ["## 数据与许可", ""]
    lines += [f"- {line}" for line in results.attribution]
    for one in results_corridors(results):
        for source in one.sources:
            date = f"（{source.date.isoformat()}）" if source.date else ""
            lines.append(f"- {one.name}：{source.title}{date}")
    lines += ["", "运行的版本、参数和数据校验值见 manifest.json，全部表格见各 CSV 与 results.gpkg。"]
    return lines


def _speed_zh(model: str) -> str:
    """Return the embedded roads' one speed in Chinese; a user's own words stay as they are."""
    found = re.fullmatch(r"([\d.]+) km/h on every link", model)
    return f"每个路段一律时速 {found[1]} 千米" if found else model


def _name_en(results: StudyResults, identifier: str) -> str:
    return next(
        (one.name_en or one.name for one in results_corridors(results) if one.id == identifier), identifier
    )
