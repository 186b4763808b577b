"""The report says what the tables hold."""

from __future__ import annotations

import dataclasses
import math
import re
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from borderreach.analysis.claims import claim_sentences
from borderreach.analysis.claims._files import claims_of
from borderreach.analysis.corridors import resolve_corridors
from borderreach.analysis.studies import StudyResults
from borderreach.geo.places import place
from borderreach.reports import ReportContext, border_ranking, province_ranking, report
from borderreach.reports._corridors import _corridor_prose, _without_effect
from borderreach.reports._pairs import mean_of_pairs


def test_key_figures_are_those_of_the_tables(yuqian):
    text = report(yuqian)
    base = yuqian.circles[
        (yuqian.circles["scenario"] == "base") & (yuqian.circles["cutoff_min"] == 120)
    ].iloc[0]
    assert text.count(f"{base['area_km2']:,.0f}") >= 3  # findings, table, summary
    gained = yuqian.gains[(yuqian.gains["scenario"] == "all") & (yuqian.gains["cutoff_min"] == 120)].iloc[0]
    for name in gained["counties_gained"].split("、"):
        assert name in text
    for row in yuqian.county_times.itertuples():
        assert f"{row.base_min:.0f}" in text
    for name in yuqian.border_counties["name"]:
        assert f"| {name} |" in text


def test_other_tables_give_other_figures(yuqian):
    circles = yuqian.circles.assign(area_km2=yuqian.circles["area_km2"] + 1_000_000)
    changed = report(dataclasses.replace(yuqian, circles=circles))
    area = yuqian.circles.query("scenario == 'base' and cutoff_min == 120")["area_km2"].item()
    assert f"{area + 1_000_000:,.0f}" in changed
    assert f"covers {area:,.0f} km²" in report(yuqian)
    assert f"covers {area:,.0f} km²" not in changed


def test_context_counts_border_counties_inside(yuqian):
    context = ReportContext.of(yuqian)
    times = yuqian.county_times.groupby("adcode")[["base_inside", "scenario_inside"]].any()
    assert context.n_inside_base == times["base_inside"].sum()
    assert context.n_inside_after == times["scenario_inside"].sum() >= context.n_inside_base
    assert sum(context.n_border_by_province.values()) == context.n_border == len(yuqian.border_counties)


def test_it_states_its_limits_and_sources(yuqian):
    text = report(yuqian)
    for words in (
        "corridors are compared with both",
        "一切比较以现状公路与列车为基准",
        "由模型估算",
        "OpenStreetMap contributors",
        "ODbL",
        "时速 35 千米",
        "行车时间",
        "门到门",
    ):
        assert words in text
    assert not re.search("(?<![a-z])nan(?![a-z])", text.lower())  # names such as Nanchuan aside
    assert "None" not in text


@pytest.mark.parametrize(("share", "words"), [(0.9, "此路多已计入"), (0.1, "高速公路表或缺此线")])
def test_an_open_road_is_told_from_what_it_would_change(yuqian, share, words):
    """沿印松 opened in 2021: its gain is none of a road to come."""
    (item,) = [one for one in ReportContext.of(yuqian).corridors if one.corridor.mode == "road"]
    assert item.corridor.status == "open"
    prose = _corridor_prose(dataclasses.replace(item, met_km=100.0, overlap_km=100 * share), yuqian)
    assert "此路 2021 年已通车" in prose
    assert "截至 2025 年年底" in prose
    assert words in prose
    building = item.corridor.model_copy(update={"status": "building"})
    assert "已通车" not in _corridor_prose(dataclasses.replace(item, corridor=building), yuqian)


def test_borders_are_as_long_as_either_of_two_boundaries_says(yuqian):
    row = yuqian.borders.iloc[0]
    ends = f"{row['length_low_km']:,.0f}–{row['length_high_km']:,.0f}"
    assert row["length_low_km"] < row["length_km"] + 1e-9 < row["length_high_km"]
    text = report(yuqian)
    assert f"省界长 {ends} 千米" in text
    assert f"border studied ({ends} km)" in text
    assert f"| {row['province_a']}–{row['province_b']} | {ends} |" in text
    assert "天地图、高德两种边界数据之间的范围" in text
    alone = yuqian.borders.assign(length_low_km=700.4, length_high_km=700.4)
    text = report(dataclasses.replace(yuqian, borders=alone))
    assert "省界长 700 千米" in text
    assert "天地图、高德两种边界数据" not in text


def test_stops_that_meet_the_network_at_one_node_are_named(yuqian):
    joined = yuqian.corridor_joins[yuqian.corridor_joins["node"] >= 0]
    shared = joined.groupby(["corridor_id", "node"])["stop_name"].agg("、".join)
    shared = shared[shared.str.contains("、")]
    assert len(shared)
    text = report(yuqian)
    for names in shared:
        assert f"站点{names}接入路网的同一节点" in text
    apart = yuqian.corridor_joins.assign(node=range(len(yuqian.corridor_joins)))
    assert "接入路网的同一节点" not in report(dataclasses.replace(yuqian, corridor_joins=apart))


def test_tables_are_well_formed(yuqian):
    block: list[int] = []
    for line in [*report(yuqian).splitlines(), ""]:
        if line.startswith("|"):
            block.append(len(re.findall(r"(?<!\\)\|", line)))
        else:
            assert len(set(block)) <= 1, line
            block = []


def test_a_regional_report_is_short_and_answers_first(yuqian):
    text = report(yuqian)
    body = text.split("## 附录")[0]
    assert len(body) <= 12_000
    first = body.split("## 一、")[0]
    assert first.index("## 摘要") < first.index("![图 1](figure.png)")
    findings = re.findall(r"(?m)^\d\. \*\*", first)
    assert 5 <= len(findings) <= 7
    headline = first.split("## 摘要")[1].strip().split("\n")[0]
    assert re.fullmatch(r"\*\*[^。]+。\*\*", headline), "one sentence"
    assert "Summary in English" not in body


def test_one_figure_has_one_value_everywhere(yuqian):
    """Whatever pair of centres a table, finding or summary tells takes the same minutes in all of them."""
    text = report(yuqian)
    pair = yuqian.pair_times.query("scenario == 'base'")["travel_time_min"].mean()
    found = re.findall(r"现状公铁联程 (\d+) 分钟，只走公路 (\d+) 分钟；规划后 (\d+) 分钟", text)
    (row,) = re.findall(r"\| 重庆市—贵阳市 \| (\d+) \| (\d+) \| (\d+) \| −\d+ \|", text)
    assert found == [row]
    assert row[0] == f"{pair:.0f}"
    (taken_apart,) = re.findall(r"\| 重庆市—贵阳市 \| 118 \| \d+ \| \d+ \| \d+ \| (\d+) \| (\d+) \|", text)
    assert taken_apart == row[:2]
    assert f"centres lie {row[0]} minutes apart" in text


def test_the_same_results_give_the_same_text(yuqian):
    assert report(yuqian) == report(yuqian)


def test_line_haul_and_door_to_door_stand_side_by_side(yuqian):
    trip = yuqian.journeys.iloc[0]
    # the fastest train takes 1 h 58; a journey holds it and everything before and after
    assert trip["line_haul_min"] == pytest.approx(118, abs=0.5)
    parts = [
        "line_haul_min",
        "slower_trains_min",
        "waiting_min",
        "boarding_min",
        "alighting_min",
        "transfer_min",
        "road_min",
        "access_min",
    ]
    assert trip["door_to_door_min"] == pytest.approx(trip[parts].sum(), abs=0.01)
    assert trip["line_haul_min"] + 30 < trip["door_to_door_min"] < trip["road_only_min"]
    (row,) = [line for line in report(yuqian).splitlines() if line.startswith("| 重庆市—贵阳市 | 118 ")]
    assert f"| {trip['door_to_door_min']:.0f} | {trip['road_only_min']:.0f} |" in row


def test_trains_never_shrink_a_circle(yuqian):
    rail = yuqian.circles.set_index(["scenario", "cutoff_min"])["area_km2"]
    road = yuqian.road_circles.set_index(["scenario", "cutoff_min"])["area_km2"]
    assert (rail.loc[road.index] >= road).all()
    # who sets out at any moment waits, and usual trains are slower than the fastest: in two hours trains add little
    assert 1.5 * road["base", 120] > rail["base", 120] > road["base", 120]


def test_a_study_that_leaves_railways_out(yuqian):
    without = dataclasses.replace(
        yuqian, road_circles=yuqian.road_circles.iloc[:0], journeys=yuqian.journeys.iloc[:0]
    )
    assert "联程" not in report(without).split("说明与局限")[0]


def test_where_the_tables_have_no_trains_it_says_so(yuqian):
    """A figure "with today's trains" never stands where the tables know of none."""
    gaps = {
        "covers": False,
        "prefectures": ["徐州市", "商丘市", "宿州市"],
        "without_station": ["徐州市", "商丘市"],
        "centres_without_station": ["徐州市"],
    }
    without = dataclasses.replace(
        yuqian,
        road_circles=yuqian.road_circles.iloc[:0],
        journeys=yuqian.journeys.iloc[:0],
        parameters={**yuqian.parameters, "rail_coverage": gaps},
    )
    text = report(without)
    assert "Trains are left out: the railway tables have a station in 1 of the 3 prefectures in reach" in text
    assert "铁路表在徐州市、商丘市没有车站" in text
    assert "today's trains as well" not in text
    some = dataclasses.replace(
        yuqian, parameters={**yuqian.parameters, "rail_coverage": {**gaps, "covers": True}}
    )
    text = report(some)
    assert "have no station in 2 of the 3 prefectures in reach, whose trains are missing" in text
    assert "公铁联程的圈因此可能偏小" in text


def test_what_was_assumed_of_a_corridor_is_named_in_both_languages(yuqian):
    keys = ["speed_factor", "board_min", "trains_per_day", "sinuosity"]
    told = report(
        dataclasses.replace(
            yuqian, parameters={**yuqian.parameters, "corridors_assumed": {"yugui-hsr": keys}}
        )
    )
    rest, summary = told.split("## Summary in English")
    assert "running at 88% of the design speed, 10 min to board, 38 trains a day and direction" in summary
    assert (
        "取内置表中同方式、同设计时速线路的值：按设计时速的 88% 运行，进站 10 分钟，每日每方向 38 列" in rest
    )
    assert "assumed" not in report(yuqian)
    assert "Not given for these corridors" not in report(yuqian)


def test_which_borders_count_stands_on_the_first_page(yuqian):
    every = dataclasses.replace(yuqian, study=yuqian.study.model_copy(update={"between": None}))
    first = report(every).split("## 一、")[0]
    assert "all land borders of the provinces studied, also those with provinces outside the study" in report(
        every
    )
    assert "的全部陆上省界，含与研究范围以外各省的" in first
    assert "全部陆上省界" not in report(yuqian)


def test_a_study_without_corridors_has_a_report_too(yuqian):
    none = dataclasses.replace(
        yuqian,
        scenario_names={"base": "现状"},
        gains=yuqian.gains.iloc[:0],
        contributions=yuqian.contributions.iloc[:0],
        corridors=yuqian.corridors.iloc[:0],
        parameters={**yuqian.parameters, "corridors": []},
        isochrones=yuqian.isochrones.query("scenario == 'base'"),
        circles=yuqian.circles.query("scenario == 'base'"),
        road_circles=yuqian.road_circles.query("scenario == 'base'"),
        circle_people=yuqian.circle_people.query("scenario == 'base'"),
        road_circle_people=yuqian.road_circle_people.query("scenario == 'base'"),
        claims=yuqian.claims.iloc[:0],
        changes=yuqian.changes.iloc[:0],
        change_times=yuqian.change_times.iloc[:0],
        group_overlap=yuqian.group_overlap.query("scenario == 'base'"),
        zones=yuqian.zones.query("scenario == 'base'"),
        pair_times=yuqian.pair_times.query("scenario == 'base'"),
        county_times=yuqian.county_times.assign(delta_min=0.0),
    )
    text = report(none)
    assert "廊道" not in text.split("## 摘要")[1].split("说明与局限")[0].replace("两条廊道", "")
    assert "规划后" not in text
    assert "线路中断" not in text
    assert "渝贵高铁" not in text.split("说明与局限")[0].split("## 摘要")[1]
    base = ReportContext.of(none).base
    assert base.n_counties == pytest.approx(ReportContext.of(yuqian).base.n_counties, abs=1)


def test_a_name_with_markup_stays_text(yuqian):
    evil = "<img src=x onerror=alert(1)>"

    def renamed(table, *columns):
        return table.assign(**dict.fromkeys(columns, evil))

    text = report(
        dataclasses.replace(
            yuqian,
            border_counties=renamed(yuqian.border_counties, "name"),
            county_times=renamed(yuqian.county_times, "name", "centre_name"),
            corridors=renamed(yuqian.corridors, "name"),
            indicators=renamed(yuqian.indicators, "name"),
            claims=renamed(yuqian.claims, "words"),
        )
    )
    assert "<" not in text
    assert "&lt;img src=x onerror=alert(1)>" in text


def test_indicators_stand_before_and_with_corridors(yuqian):
    text = report(yuqian)
    for row in yuqian.indicators.itertuples(index=False):
        line = next(
            line for line in text.splitlines() if line.startswith(f"| {row.name} | {row.people / 1e4:,.1f} |")
        )
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[2:4] == [
            f"{x / 1e4:,.0f}" for x in (row.base_people_reached, row.scenario_people_reached)
        ]
        assert cells[4] == f"{row.base_potential / 1e4:,.1f}"
        assert cells[6:8] == [f"{x * 100:.0f}" for x in (row.efficiency, row.scenario_efficiency)]
    assert (yuqian.indicators["scenario_people_reached"] >= yuqian.indicators["base_people_reached"]).all()
    assert (yuqian.indicators["scenario_efficiency"] >= yuqian.indicators["efficiency"]).all()
    assert (yuqian.indicators["scenario_potential"] >= yuqian.indicators["base_potential"]).all()
    assert set(yuqian.indicators["scenario_county_type"]) <= {"core-adjacent", "corridor", "sag", "remote"}


def test_a_county_whose_type_changes_has_its_sentence(yuqian):
    table = yuqian.indicators.copy()
    remote = table.index[table["county_type"] == "remote"][:2]
    table.loc[remote, "scenario_county_type"] = "sag"
    moved = table.query("county_type != scenario_county_type")
    assert len(moved) >= 2
    text = report(dataclasses.replace(yuqian, indicators=table))
    (sentence,) = [line for line in text.splitlines() if "个毗邻区县换了类型" in line]
    assert sentence.startswith(f"规划后有 {len(moved)} 个")
    for name in moved["name"]:
        assert name in sentence
    assert "但不在核心之间的路上" in sentence
    same = yuqian.indicators.assign(scenario_county_type=yuqian.indicators["county_type"])
    assert "换了类型" not in report(dataclasses.replace(yuqian, indicators=same))


def test_lines_that_bring_no_county_farther_lower_no_type(yuqian):
    kinds = ["core-adjacent", "corridor", "sag", "remote"]
    before, after = (
        yuqian.indicators[column].map(kinds.index) for column in ("county_type", "scenario_county_type")
    )
    assert (yuqian.county_times["delta_min"].fillna(0) <= 1e-6).all()
    assert (after <= before).all()


def test_both_languages_tell_people_zones_and_claims(yuqian):
    text = report(yuqian)
    english, findings = text.split("## Summary in English")[1], text.split("## 摘要")[1].split("\n## ")[0]
    sentences = claim_sentences(yuqian.claims)
    checked = int((sentences["verdict"] != "not_checkable").sum())
    assert f"{len(sentences)} sentences listed from the text, {checked} can be checked" in english
    facts = sentences[sentences["stance"] == "fact"]
    held = int((facts["verdict"] == "holds").sum())
    assert f"共 {len(sentences)} 句：陈述 {len(facts)} 句，成立 {held} 句" in findings
    people = yuqian.circle_people.query("cutoff_min == 120").set_index("scenario")["people"]
    assert f"{people['base'] / 1e6:,.1f} million people" in english
    assert f"{people['base'] / 1e4:,.0f} 万人" in findings
    zones = yuqian.zones.query("scenario == 'base'")["area_km2"].mean()
    assert f"average {zones:,.0f} km²" in english
    assert f"平均 {zones:,.0f} 平方千米" in findings


def test_it_speaks_one_language_outside_the_summary(yuqian):
    chinese = report(yuqian).split("## 摘要")[1].split("数据与许可")[0]
    assert re.findall(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}", chinese) == []


def test_many_centres_are_counted_rather_than_listed(yuqian, monkeypatch):
    monkeypatch.setattr("borderreach.reports._pairs._MANY_CENTRES", 1)
    text = report(yuqian)
    assert "2 座中心的公铁联程两小时圈合计" in text
    assert "1 对中心中有 0 对相互在两小时之内" in text
    assert "Of the 1 pairs of centres, 0 lie within 120 minutes" in text
    assert "见 tables.xlsx 的“区县”一表" in text.split("毗邻区县逐一")[1].split("\n## ")[0]


def test_claims_of_one_sentence_are_told_apart(yuqian):
    claims = yuqian.claims.head(3).copy()
    claims["verdict"] = "holds"
    claims["sentence"] = ["a", "b", "c"]
    claims["words"] = ["常住人口", "常住人口", "六个市"]
    claims["reading"] = ["甲市九百万人", "乙市八百万人", "市有六个"]
    rows = [
        line
        for line in report(dataclasses.replace(yuqian, claims=claims)).splitlines()
        if line.startswith("|")
    ]
    assert sum("| 常住人口（甲市九百万人） |" in row for row in rows) == 1
    assert sum("| 常住人口（乙市八百万人） |" in row for row in rows) == 1
    assert sum("| 六个市（市有六个） |" in row for row in rows) == 1


@given(
    n_joined=st.integers(0, 5),
    met_km=st.sampled_from([0.0, 300.0]),
    base_min=st.one_of(st.just(math.nan), st.floats(1, 500)),
    corridor_min=st.floats(1, 500),
    share=st.floats(-0.04, 0.04),
)
@settings(max_examples=30)
def test_no_effect_ever_stands_without_a_reason(yuqian, n_joined, met_km, base_min, corridor_min, share):
    figures = {"n_joined": n_joined, "met_km": met_km, "base_min": base_min, "corridor_min": corridor_min}
    why = without_effect(yuqian, contribution_county_min=share, **figures)
    assert why.startswith("表中各项贡献都是零：")
    assert why.endswith("。")
    assert "nan" not in why
    if n_joined < 2 or met_km == 0:
        assert "不足两个" in why
    if "不比它慢" in why:
        assert base_min <= corridor_min
    if (said := re.search(r"它比现状公路快 (\d+) 分钟", why)) is not None:
        assert int(said[1]) < base_min - corridor_min


def test_the_report_tells_what_a_corridor_replaces(yuqian):
    own = yuqian.corridor_replaces
    own = own[(own["corridor_id"] == "yanyinsong-expressway") & ~own["whole"]]
    fast = own[own["road_class"] == "motorway"][["length_km", "base_min"]].sum()
    words = (
        f"高速公路 {fast['length_km']:,.0f} 千米（平均时速 {fast['length_km'] / fast['base_min'] * 60:.0f}）"
    )
    assert words in report(yuqian).split("### 沿印松高速")[1].split("\n#")[0]


def without_effect(yuqian, **changes):
    corridor = next(one for one in resolve_corridors(yuqian.study) if one.id == "yugui-hsr")
    item: Any = SimpleNamespace(
        corridor=corridor, contribution_km2=0.2, contribution_counties=0.0, contribution_county_min=-0.01,
        contribution_border_pair_min=0.0, n_joined=6, met_km=300.0, base_min=300.0, corridor_min=80.0,
    )  # fmt: skip
    vars(item).update(changes)
    rows = yuqian.corridor_replaces
    rows = rows[(rows["corridor_id"] == "yugui-hsr") & rows["whole"]].assign(base_min=250.0)
    return _without_effect(item, dataclasses.replace(yuqian, corridor_replaces=rows))


def test_the_reason_for_no_effect_is_that_of_the_figures(yuqian):
    assert without_effect(yuqian, contribution_km2=12.0) == ""
    assert "不足两个" in without_effect(yuqian, n_joined=1)
    assert "只要 70 分钟" in without_effect(yuqian, base_min=70.0)
    n_rows = int(
        (yuqian.corridor_replaces["corridor_id"].eq("yugui-hsr") & yuqian.corridor_replaces["whole"]).sum()
    )
    assert "另有一样快的走法" in without_effect(
        yuqian, corridor_min=250.0 * n_rows + 1, base_min=250.0 * n_rows + 2
    )
    assert "进站、候车和出站" in without_effect(yuqian, base_min=100.0)
    assert "最快的走法都不经过它" in without_effect(yuqian)


def test_a_countys_border_is_told_by_both_boundaries(yuqian):
    rows = [line for line in report(yuqian).splitlines() if line.startswith("| ")]
    for county in yuqian.border_counties.itertuples():
        low, high = round(county.border_low_km), round(county.border_high_km)
        told = f"{low:,}–{high:,}" if low != high else f"{low:,}"
        assert any(f"| {county.name} | {county.province} | {told} |" in " ".join(row.split()) for row in rows)


def test_a_sentence_stands_once_and_its_readings_beneath(yuqian):
    part = report(yuqian).split("、文中论断的检验")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    for sentence, claims in yuqian.claims.groupby("sentence", sort=False):
        checked = claims[claims["verdict"] != "not_checkable"]
        if len(checked) > 1:
            assert (
                sum(line.startswith("| ") and f"| {claims['words'].iloc[0]} |" in line for line in rows) == 1
            ), sentence
            for row in checked.itertuples():
                mark = "另一种读法：" if row.role == "reading" else ""
                said = "" if row.words == claims["words"].iloc[0] else f"“{row.words}”："
                assert sum(f"|  | {mark}{said}{row.reading} |" in line for line in rows) == 1


def test_sentences_that_cannot_be_checked_stand_in_the_appendix_with_the_reason(yuqian):
    text = report(yuqian)
    body, appendix = text.split("## 附录", 1)
    sentences = claim_sentences(yuqian.claims)
    those = sentences.loc[sentences["verdict"] == "not_checkable", "sentence"]
    assert len(those) >= 5
    assert f"无法检验的 {len(those)} 句" in body
    part = appendix.split("文中无法检验的话\n")[1].split("\n## ")[0]
    rows = yuqian.claims[yuqian.claims["sentence"].isin(those)]
    assert part.count("\n- ") == len(rows)
    for row in rows.itertuples():
        reason = row.verdict_text.removeprefix("无法检验：")
        assert f"“{row.words}”（{row.reading}）：{reason}。" in part
    checked = yuqian.claims[~yuqian.claims["sentence"].isin(those)]
    assert "无法检验的话" not in report(dataclasses.replace(yuqian, claims=checked))


def ranked(yuqian: StudyResults) -> StudyResults:
    """The study with a dozen made-up borders among the provinces of a square, each between two of its counties."""
    n = 12
    names = [f"省{k:02}" for k in range(n + 1)]
    pairs = {"province_a": names[:n], "province_b": names[1:]}
    lines = pd.concat([yuqian.borders.iloc[[0]]] * n, ignore_index=True).assign(
        **pairs, length_low_km=90.0, length_high_km=110.0
    )
    crossings = pd.concat([yuqian.border_crossings.iloc[[0]]] * n, ignore_index=True).assign(
        **pairs, n_crossings=range(n, 0, -1)
    )
    effect = pd.concat([yuqian.border_effect.iloc[[0]]] * n, ignore_index=True).assign(
        **pairs, detour_ratio=[1 + 0.02 * k for k in range(n)], detour_ratio_low=1.0, detour_ratio_high=1.5
    )
    counties = pd.concat([yuqian.border_counties.iloc[[0]]] * (n + 1), ignore_index=True).assign(
        adcode=range(n + 1),
        province=names,
        neighbour_provinces=["、".join(names[max(k - 1, 0) : k + 2]) for k in range(n + 1)],
    )
    times = pd.concat([yuqian.county_times.iloc[[0]]] * (n + 1), ignore_index=True).assign(
        adcode=range(n + 1), province=names, base_min=[30.0 * k for k in range(n + 1)],
        base_inside=[30.0 * k <= 120 for k in range(n + 1)],
    )  # fmt: skip
    other = yuqian.centres.iloc[1]
    farther = times.assign(
        centre_id=other["origin_id"], centre_name=other["origin_name"], base_inside=False, base_min=999.0
    )
    times = pd.concat([times, farther], ignore_index=True)
    return dataclasses.replace(
        yuqian,
        borders=lines,
        border_crossings=crossings,
        border_effect=effect,
        border_counties=counties,
        county_times=times,
    )


def test_borders_are_ranked_by_what_the_tables_say(yuqian):
    results = ranked(yuqian)
    ranking = border_ranking(results)
    # Crossings fall, detours grow and fewer are inside from the first border to the last.
    assert ranking["province_a"].tolist() == [f"省{k:02}" for k in range(12)]
    assert ranking["crossings_per_100km"].tolist() == pytest.approx(list(range(12, 0, -1)))
    assert ranking["detour_pct"].tolist() == pytest.approx([2.0 * k for k in range(12)])
    # The fourth county (120 minutes) is the last one inside: of borders 0 to 3 both sides, of border 4 one.
    assert ranking["inside_pct"].tolist() == pytest.approx([100.0] * 4 + [50.0] + [0.0] * 7)
    assert ranking["rank_low"].iloc[0] == 1
    assert ranking["rank_high"].iloc[-1] == 12
    provinces = province_ranking(ranking)
    assert provinces["province"].iloc[0] == "省00"
    assert provinces["n_borders"].sum() == 24
    one = provinces.set_index("province").loc["省05"]
    assert one["detour_pct"] == pytest.approx((8 + 10) / 2)  # borders 4 and 5, as long as each other
    assert (one["best_rank"], one["worst_rank"]) == (5, 6)
    text = report(results)
    assert "| 1 | 省00–省01 | 100 | 12.0 |" in text
    assert "联系最好的依次是省00–省01、省01–省02" in text
    assert "离中心最远的毗邻区县是" in text


def test_few_borders_are_listed_rather_than_ranked(yuqian):
    text = report(yuqian)
    assert "名次" not in text
    assert "哪里的人最远" not in text


def test_journeys_without_a_train_are_not_taken_apart(yuqian):
    driven = yuqian.journeys.assign(
        n_boardings=0,
        line_haul_min=0.0,
        slower_trains_min=0.0,
        door_to_door_min=yuqian.journeys["road_only_min"],
    )
    text = report(dataclasses.replace(yuqian, journeys=driven))
    assert "中心之间用时的范围，现状" in text
    assert "各对都是驾车比乘列车快" in text
    assert "不乘车" not in text
    assert "中心之间公铁联程的构成，现状" in report(yuqian)


def test_directions_that_differ_are_told_by_the_slower_one_everywhere(yuqian):
    """A claim is about both directions, so that a pair that is told once takes as long as the slower one."""
    pairs = yuqian.pair_times.copy()
    pairs["travel_time_min"] += [0.8 if name == "贵阳市" else 0.0 for name in pairs["from_name"]]
    journeys = yuqian.journeys.copy()
    journeys["door_to_door_min"] += [0.8 if name == "贵阳市" else 0.0 for name in journeys["from_name"]]
    results = dataclasses.replace(yuqian, pair_times=pairs, journeys=journeys)
    base = pairs[pairs["scenario"] == "base"]["travel_time_min"].max()
    assert mean_of_pairs(pairs[pairs["scenario"] == "base"], "travel_time_min") == base
    text = report(results)
    assert f"现状公铁联程 {base:.0f} 分钟" in text
    assert f"| 重庆市—贵阳市 | {base:.0f} |" in text
    assert f"centres lie {base:.0f} minutes apart" in text


def test_claims_and_tables_of_the_same_pair_agree(yuqian):
    """What a claim computes of the study's own centres, door to door, is what the tables have."""
    base = yuqian.pair_times[yuqian.pair_times["scenario"] == "base"]
    all_ = yuqian.pair_times[yuqian.pair_times["scenario"] == "all"]
    names = set(yuqian.centres["origin_name"])
    found = 0
    for claim in claims_of("yuqian").claim:
        if (
            claim.kind != "pair"
            or claim.meant == "line_haul"
            or claim.mode == "road"
            or claim.date is not None
        ):
            continue
        places = {place(name).name for name in claim.places}
        if not places <= names:
            continue
        row = yuqian.claims.set_index("claim_id").loc[claim.id]
        for table, value in ((base, row["value"]), (all_, row["value_with"])):
            own = table[table["from_name"].isin(places) & table["to_name"].isin(places)]
            assert value == pytest.approx(own["travel_time_min"].max(), abs=0.05), claim.id
        found += 1
    assert found
