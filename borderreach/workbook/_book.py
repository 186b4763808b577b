"""The sheets of a study's workbook, in the order in which a reader wants them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from ..analysis.claims import verdict_name
from ..analysis.levels import Levels, levels_of
from ..analysis.studies import StudyResults
from ..documents import Column, Sheet, workbook_bytes
from ..reports import border_ranking, key_figures, province_ranking, ranks_borders, way_zh
from ._counties import counties_sheet
from ._dictionary import column, tidy


def workbook(results: StudyResults) -> bytes:
    """Return the tables of a study as an Excel workbook; the same results give the same bytes.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    bytes
        An .xlsx file. First the border counties, then the matrix of centres and the figures of the report's first
        page, a sheet per table that matters, last a dictionary of all columns. Tables without rows are left out.
    """
    say = levels_of(results)
    sheets = [sheet for sheet in _sheets(results) if sheet.columns and len(sheet.columns[0].cells)]
    sheets = [_said(sheet, say) for sheet in sheets]
    return workbook_bytes((*sheets, _dictionary(sheets)), title=results.study.title)


def _said(sheet: Sheet, say: Levels) -> Sheet:
    """Return a sheet with the study's words for levels; a user's own texts stay as they are."""
    if say.as_they_are:
        return sheet
    columns = tuple(
        replace(
            each,
            head=say(each.head),
            meaning=say(each.meaning),
            unit=say(each.unit),
            cells=each.cells.map(lambda cell: say(cell) if isinstance(cell, str) else cell),
        )
        for each in sheet.columns
    )
    return replace(
        sheet, name=say(sheet.name), tells=say(sheet.tells), columns=columns, heat=tuple(map(say, sheet.heat))
    )


def _sheets(results: StudyResults) -> list[Sheet]:
    named = results.scenario_names
    pairs = _with_scenario(results.pair_times, results)
    gains = _with_scenario(results.gains, results)
    people = _with_scenario(results.circle_people, results)
    corridors = dict(zip(results.corridors["corridor_id"], results.corridors["name"], strict=True))
    changes = {one.id: one.name for one in results.study.change}
    after = "all" in named
    return [
        counties_sheet(results),
        _matrix(results),
        _facts(results),
        _sheet(pairs, "中心之间", f"各情景下中心两两之间的{way_zh(results)}时间", "scenario from_name to_name travel_time_min", *(["delta_min"] if len(named) > 1 else [])),
        _sheet(results.journeys, "公铁联程", "中心之间公铁联程的构成，现状", "from_name to_name door_to_door_min low_min high_min line_haul_min slower_trains_min waiting_min night_min boarding_min "
               "alighting_min transfer_min road_min access_min n_boardings road_only_min"),
        _sheet(gains, "时间圈", "各情景下的圈与现状相比", "scenario cutoff_min base_area_km2 scenario_area_km2 delta_area_km2 base_counties "
               "scenario_counties delta_counties counties_gained counties_lost"),
        _sheet(_with_scenario(results.circles, results), "圈的面积", "现状与规划后", "scenario cutoff_min area_km2"),
        _sheet(people, "圈内人口", "圈内的人口", "scenario cutoff_min people people_by_seat"),
        _sheet(_with_scenario(results.road_circles, results), "只走公路的圈", "不乘列车时的圈", "scenario cutoff_min area_km2"),
        _sheet(_with_scenario(results.road_circle_people, results), "只走公路的圈内人口", "不乘列车时的圈", "scenario cutoff_min people people_by_seat"),
        _sheet(results.contributions.assign(corridor=results.contributions["corridor_id"].map(corridors)), "廊道贡献",
               "各廊道自身的贡献", "corridor measure contribution standard_error alone last"),
        _borders(results),
        *_ranking(results),
        _sheet(results.crossings, "跨省通道", "连接两省的干线公路路段", "province_a county_a province_b county_b road_class length_km"),
        _sheet(results.gaps, "断头路", "距省界不远中断、对侧有路可接的干线公路",
               "county province beyond_county beyond_province gap_km network_km network_min"),
        _sheet(results.build_order.rename(columns={"name": "corridor_name"}), "建设次序", "一定预算内最好的廊道，按最好的次序",
               "step corridor_name cost cost_unit total_cost base_value value adds alone last mean chosen"),
        _sheet(results.build_front.assign(corridors=[_named(each, corridors) for each in results.build_front["corridors"]]), "预算与组合", "花同样或更少的钱没有更好的组合", "cost value gain corridors n"),
        _sheet(results.build_pairs.assign(**{each: results.build_pairs[each].map(corridors) for each in ("corridor_a", "corridor_b")}), "廊道之间", "两条廊道同建的相互作用", "corridor_a corridor_b alone interaction kind"),
        _sheet(results.access_changes, "市场可达性", "份额上升最多的在前", "theta name adcode province base_access scenario_access change_pct relative_pct side"),
        _sheet(results.way_costs.rename(columns={"minutes": "minutes_all", "km": "km_all"}), "时间与费用", "各种走法的分钟、费用与广义费用，最省的在前", "from_name to_name option minutes_all km_all yuan generalised_yuan generalised_min "
               "best efficient from_value to_value"),
        _sheet(_with_scenario(results.equity, results), "均等", "毗邻区县可达人口的分布，按人口加权", "scenario measure value"),
        _sheet(pd.DataFrame(results.critical_links).rename(columns={"name": "crossing"}), "通道中断", "逐处中断一处跨省通道的损失，最大的在前",
               "crossing province_a province_b road_class cost_person_min delay_person_min longer_trips mean_delay_min worst_delay_min worst_from "
               "worst_to cut_off_trips places_cut_off cut_off leaving_people circle_of"),
        _sheet(pd.DataFrame(results.critical_pairs), "两处中断", "一段省界上单独损失最大的通道，两处同时中断", "province_a province_b name_a name_b cost_person_min "
               "cost_a_person_min cost_b_person_min excess_person_min cut_off_trips places_cut_off cut_off leaving_people circle_of"),
        _sheet(results.missing_links, "缺失的线路", "跨省绕行过甚的县对与直接相连的线，每千米省时最多的在前",
               "rank from_name from_province to_name to_province straight_km road_km base_min detour_factor usual_detour line_km line_min saved_min "
               "gain_person_min gain_per_km"),
        _sheet(_with_scenario(results.yardsticks, results), "123交通圈", "毗邻区县对照全国123出行交通圈与都市圈 1 小时",
               "scenario name adcode province own_city own_city_min within_1h across_city across_city_min within_2h main_city main_city_min "
               "within_3h metropolitan n_missed"),
        _sheet(_with_scenario(results.city_links.rename(columns={"minutes": "mean_min", "a_name": "city_a", "b_name": "city_b"}), results), "城市联系",
               "地级单元之间的引力强度与断裂点，最强的在前", "scenario rank city_a a_province city_b b_province across mean_min strength share breaking_min"),
        _sheet(_with_scenario(results.city_totals.rename(columns={"name": "city"}), results), "城市中心度", "各地级单元的联系总量、跨省所占与腹地", "scenario rank city province people total share "
               "strongest_name across_share hinterland_counties hinterland_people hinterland_min"),
        _sheet(results.panel_borders.rename(columns={"n_across": "n_near", "people_across": "people_near"}), "历年省界", "每段省界在各年的路网上",
               "province_a province_b year across_min delta_min n_near people_near n_inside people_inside", frozen=2),
        _sheet(results.panel_counties, "历年区县", "每个毗邻区县在各年的路网上", "name adcode province year centre_name travel_time_min delta_min inside "
               "people_reached"),
        _sheet(results.panel_circles.rename(columns={"n_counties": "n_seats"}), "历年的圈", "各中心合起来的圈，在各年的路网上",
               "year cutoff_min area_km2 n_seats people"),
        _zones(results),
        _sheet(_claims(results), "论断", "文中论断的检验",
               "sentence role words reading verdict verdict_text limit value unit chance detail flip assumptions"),
        _sheet(results.group_cohesion, "组团", f"文中的组团，成员两两之间的{way_zh(results)}时间", "group_name n_members limit_min base_mean_min base_max_min "
               "base_cohesion", *(["scenario_mean_min", "scenario_max_min", "scenario_cohesion"] if after else [])),
        _sheet(_with_scenario(results.group_overlap, results), "组团的圈", "各组团一小时圈两两重叠", "scenario a_name b_name overlap_km2 share_of_smaller"),
        _sheet(results.change_times.assign(change_name=results.change_times["change_id"].map(changes)), "线路中断",
               "毗邻区县至各中心的时间", "change_name name adcode province centre_name base_min scenario_min delta_min"),
        _sheet(results.nearest_groups, "最近的组团", "毗邻区县至最近组团的最近成员", "origin_name group_name minutes"),
        _sheet(results.year_circles.rename(columns={"n_counties": "n_seats"}), "各年的圈", "按各年年底已通车的高速公路",
               "year cutoff_min area_km2 n_seats people"),
        _sheet(results.year_borders.rename(columns={"n_across": "n_near", "people_across": "people_near"}), "各年的省界", "省界两侧的毗邻区县，按各年年底已通车的高速公路",
               "province_a province_b year across_min n_near people_near n_inside people_inside"),
        _sheet(results.year_counties[results.year_counties["nearest"]], "各年的区县", "各区县至最近的中心，按各年年底已通车的高速公路",
               "name adcode province year centre_name travel_time_min inside"),
    ]  # fmt: skip


def _sheet(table: pd.DataFrame, name: str, tells: str, columns: str, *more: str, frozen: int = 1) -> Sheet:
    """Return a table as a sheet with some of its columns, named by blanks between."""
    plain = table.reset_index(drop=True)
    return Sheet(name, tells, tuple(column(plain, each) for each in (*columns.split(), *more)), frozen=frozen)


def _named(ids: str, names: dict[str, str]) -> str:
    """Return corridors that are listed by their ids by their names."""
    return "、".join(names.get(each, each) for each in ids.split(", ") if each)


def _with_scenario(table: pd.DataFrame, results: StudyResults) -> pd.DataFrame:
    """Return a table whose scenarios have the names that readers are shown."""
    shown = dict(results.scenario_names)
    return table.assign(scenario=table["scenario"].map(lambda each: shown.get(each, each)))


def _matrix(results: StudyResults) -> Sheet:
    """Return the minutes between centres as a matrix, from the rows to the columns."""
    base = results.pair_times[results.pair_times["scenario"] == "base"]
    named = dict(zip(results.centres["origin_id"].astype(str), results.centres["origin_name"], strict=True))
    ids = [each for each in named if each in set(base["from_id"].astype(str))]
    square = base.pivot_table(index="from_id", columns="to_id", values="travel_time_min").reindex(
        index=ids, columns=ids
    )
    columns = [Column("起点＼终点", tidy(pd.Series([named[each] for each in ids], dtype=object)))]
    columns += [
        Column(
            f"至{named[each]}",
            tidy(square[each].reset_index(drop=True)),
            "分钟",
            f"{way_zh(results)}门到门，现状",
            1,
        )
        for each in ids
    ]
    return Sheet(
        "中心矩阵",
        f"中心之间的{way_zh(results)}时间，现状",
        tuple(columns),
        heat=tuple(each.head for each in columns[1:]),
    )


def _facts(results: StudyResults) -> Sheet:
    """Return the figures of the report's first page."""
    found = list(key_figures(results).values())
    return Sheet(
        "要点",
        "报告首页的数字",
        (
            Column("数字", pd.Series([fact.name for fact in found], dtype=object)),
            Column(
                "值",
                pd.Series([round(fact.value, 4) for fact in found], dtype=object),
                "",
                "报告按整数引用",
                2,
            ),
            Column("单位", pd.Series([fact.unit for fact in found], dtype=object)),
            Column("怎样得来", pd.Series([fact.how for fact in found], dtype=object), "", "所在的表与列"),
        ),
    )


def _claims(results: StudyResults) -> pd.DataFrame:
    """Return the claims with the numbers of their sentences, and with verdicts called as the report calls them."""
    claims = results.claims
    named = [
        verdict_name(str(verdict), str(stance))
        for verdict, stance in zip(claims["verdict"], claims["stance"], strict=True)
    ]
    return pd.DataFrame(claims).assign(sentence=pd.factorize(claims["sentence"])[0] + 1, verdict=named)


def _ranking(results: StudyResults) -> list[Sheet]:
    """Return borders and provinces by how well they are connected, where they are ranked."""
    if not ranks_borders(results):
        return []
    ranking = border_ranking(results)
    measures = "crossings_per_100km detour_pct detour_low_pct detour_high_pct inside_pct"
    return [
        _sheet(ranking, "省界排名", "联系最好的在前", f"province_a province_b border_km {measures} rank_low rank_high mean_rank"),
        _sheet(province_ranking(ranking), "省级排名", "各段省界按长度加权，联系最好的在前",
               "province n_borders border_km crossings_per_100km detour_pct inside_pct mean_rank best_rank worst_rank"),
    ]  # fmt: skip


def _borders(results: StudyResults) -> Sheet:
    """Return the borders with their crossings and detours."""
    keys = ["province_a", "province_b"]
    table = pd.DataFrame(results.borders.drop(columns="geometry"))
    names = "province_a province_b length_low_km length_high_km n_counties_a n_counties_b"
    if len(results.border_crossings):
        crossed = results.border_crossings.drop(columns=["geometry", "border_km"], errors="ignore")
        table = table.merge(crossed, on=keys, how="left")
        names += " n_crossings spacing_km longest_without_km"
    if len(results.border_effect):
        table = table.merge(results.border_effect, on=keys, how="left")
        names += " n_pairs mean_straight_km detour_across detour_within detour_ratio detour_ratio_low detour_ratio_high extra_min"
    return _sheet(table, "省界", "每段省界的长度、跨省通道与跨界绕行", names, frozen=2)


def _zones(results: StudyResults) -> Sheet:
    """Return the commuting zones with the counties in them."""
    members = results.zone_counties[results.zone_counties["belongs"]]
    home = dict(
        zip(results.border_counties["adcode"].astype(str), results.border_counties["province"], strict=True)
    )
    across = members[members["province"] != members["centre_id"].map(home)]
    keys = ["scenario", "centre_id"]
    named = across.groupby(keys)["name"].agg(counties_across="、".join, n_across="size").reset_index()
    table = results.zones.drop(columns="geometry").merge(named, on=keys, how="left")
    table["n_across"] = table["n_across"].fillna(0).astype(int)
    table = _with_scenario(pd.DataFrame(table), results)
    names = "scenario centre_name area_km2 n_counties n_across counties_across"
    return _sheet(table, "通勤圈", "毗邻区县的通勤圈，面积过半在圈内的区县算作圈内区县", names)


def _dictionary(sheets: Iterable[Sheet]) -> Sheet:
    """Return what every column of the workbook is."""
    rows = [
        (sheet.name, sheet.tells, each.head, each.unit, each.meaning) for sheet in sheets for each in sheet.columns
    ]  # fmt: skip
    heads = ("工作表", "内容", "列", "单位", "含义")
    columns = (
        Column(head, pd.Series(cells, dtype=object))
        for head, cells in zip(heads, zip(*rows, strict=True), strict=True)
    )
    return Sheet("数据字典", "每一列的单位与含义", tuple(columns))
