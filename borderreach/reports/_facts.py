"""The figures of the first page, each computed once: findings, summary and workbook quote them from here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import pandas as pd

from ..analysis.claims import claim_sentences, verdict_name
from ..analysis.studies import StudyResults
from ._key_figures import ReportContext, people_inside, road_areas
from ._pairs import many_centres, mean_of_pairs, near_pairs
from ._roads import way_zh
from ._words import hours

#: Minutes that a county has to save for the first page to count it.
WORTH_TELLING_MIN: Final = 10.0


@dataclass(frozen=True)
class Fact:
    """A figure: what it is called, its value, unit and decimals, and how it comes out of which table."""

    name: str
    value: float
    unit: str = ""
    digits: int = 0
    how: str = ""

    def __str__(self) -> str:
        """Return the value as it is shown everywhere."""
        return f"{self.value:,.{self.digits}f}"

    @property
    def same_as_zero(self) -> bool:
        """Whether it is shown as zero."""
        return round(self.value, self.digits) == 0


def facts(results: StudyResults, context: ReportContext) -> dict[str, Fact]:
    """Return the figures of the first page by key; one that a study has no tables for is left out.

    A figure that is to be told in several places is added here, and quoted by its key.
    """
    found = {**_places(results, context), **_circle(results, context), **_pairs(results, context)}
    return {key: fact for key, fact in {**found, **_borders(results, context)}.items() if _known(fact)}


def _known(fact: Fact) -> bool:
    return math.isfinite(fact.value)


def _places(results: StudyResults, context: ReportContext) -> dict[str, Fact]:
    borders = results.borders
    return {
        "border_counties": Fact(
            "毗邻区县", context.n_border, "个", how="border_counties 的行数"
        ),
        "border_low": Fact(
            "省界长（两种边界数据之小者）", float(borders["length_low_km"].sum()), "千米", how="borders 的 length_low_km 之和"
        ),
        "border_high": Fact(
            "省界长（两种边界数据之大者）", float(borders["length_high_km"].sum()), "千米", how="borders 的 length_high_km 之和"
        ),
        "study_counties": Fact(
            "研究范围的区县", context.n_study_counties, "个", how="counties 的行数"
        ),
    }  # fmt: skip


def _circle(results: StudyResults, context: ReportContext) -> dict[str, Fact]:
    circle = f"{hours(results.study.circle_min)}圈"
    base, after = context.base, context.after
    people, roads = people_inside(results), road_areas(results)
    found = {
        "area": Fact(
            f"{circle}面积，现状", base.area_km2, "平方千米", how="circles，base，最大的 cutoff_min"
        ),
        "seats": Fact(f"{circle}内的区县驻地，现状", base.n_counties, "个", how="gains 的 base_counties"),
        "inside": Fact(
            f"{circle}内的毗邻区县，现状", context.n_inside_base, "个", how="county_times 的 base_inside"
        ),
    }
    if people:
        found["people"] = Fact(
            f"{circle}内人口，现状", people["base"] / 1e4, "万人", how="circle_people，base 的 people"
        )
    if roads:
        found["road_area"] = Fact(
            f"{circle}面积，只走公路，现状", roads["base"], "平方千米", how="road_circles，base"
        )
    if after is None:
        return found
    saved = savings(results)
    most = saved.iloc[0] if len(saved) else None
    found |= {
        "area_after": Fact(f"{circle}面积，规划后", after.area_km2, "平方千米", how="gains，all 的 scenario_area_km2"),
        "area_gain": Fact(f"{circle}面积增加", after.delta_area_km2, "平方千米", how="gains，all 的 delta_area_km2"),
        "seats_gain": Fact(f"{circle}内的区县驻地增加", after.delta_counties, "个", how="gains，all 的 delta_counties"),
        "inside_after": Fact(
            f"{circle}内的毗邻区县，规划后", context.n_inside_after, "个", how="county_times 的 scenario_inside"
        ),
        "savers": Fact(
            f"至某一中心省时 {WORTH_TELLING_MIN:g} 分钟以上的毗邻区县",
            int((saved["saved_min"] >= WORTH_TELLING_MIN).sum()), "个", how="county_times 的 delta_min，每区县取省时最多的中心",
        ),
        "most_saved": Fact(
            "省时最多的毗邻区县省下", math.nan if most is None else float(most["saved_min"]), "分钟", how="county_times 的 delta_min"
        ),
    }  # fmt: skip
    if "all" in people:
        found["people_after"] = Fact(
            f"{circle}内人口，规划后", people["all"] / 1e4, "万人", how="circle_people，all 的 people"
        )
    return found


def savings(results: StudyResults) -> pd.DataFrame:
    """Return what each border county saves to the centre that it saves most to, the largest first.

    Columns ``adcode, name, province, centre_name, base_min, scenario_min, saved_min``; counties that save nothing
    that can be seen are left out.
    """
    times = results.county_times
    saved = times.assign(saved_min=-times["delta_min"])
    saved = saved[saved["saved_min"] >= 0.5].sort_values(
        ["saved_min", "adcode", "centre_id"], ascending=[False, True, True]
    )
    columns = ["adcode", "name", "province", "centre_name", "base_min", "scenario_min", "saved_min"]
    return saved.drop_duplicates("adcode")[columns].reset_index(drop=True)


def _pairs(results: StudyResults, context: ReportContext) -> dict[str, Fact]:
    if not math.isfinite(context.base.pair_min):
        return {}
    if many_centres(results):
        near, pairs = near_pairs(results)
        what = f"相互在{hours(results.study.circle_min)}之内的中心对"
        return {
            "pairs": Fact("中心对", pairs, "对", how="pair_times，base，两个方向合为一对"),
            "near_pairs": Fact(what, near, "对", how="pair_times，base，两个方向都不超过"),
        }
    found = {
        "pair": Fact(
            f"中心之间，{way_zh(results)}，现状",
            context.base.pair_min,
            "分钟",
            how="pair_times，base，每对取较慢的方向，再平均",
        )
    }
    if len(results.journeys):
        found["pair_road"] = Fact(
            "中心之间，只走公路，现状",
            mean_of_pairs(results.journeys, "road_only_min"),
            "分钟",
            how="journeys 的 road_only_min，每对取较慢的方向，再平均",
        )
    if context.after is not None:
        found["pair_after"] = Fact(
            "中心之间，规划后",
            context.after.pair_min,
            "分钟",
            how="pair_times，all，每对取较慢的方向，再平均",
        )
    return found


def _borders(results: StudyResults, context: ReportContext) -> dict[str, Fact]:
    zone = f"{hours(results.study.zone_min)}通勤圈"
    found = {
        "zone_area": Fact(f"毗邻区县的{zone}平均，现状", context.zone_area_base, "平方千米", how="zones，base 的平均"),
        "zone_cross": Fact(f"跨省界的{zone}，现状", context.zone_cross_base, "个", how="zone_counties 的 belongs"),
    }  # fmt: skip
    if math.isnan(context.zone_area_base):
        found = {}
    elif context.after is not None:
        found["zone_cross_after"] = Fact(
            f"跨省界的{zone}，规划后", context.zone_cross_after, "个", how="zone_counties 的 belongs"
        )
    if len(results.border_crossings):
        crossed = results.border_crossings
        found["crossings"] = Fact(
            "跨省通道（干线公路跨省界处）", int(crossed["n_crossings"].sum()), "处", how="border_crossings 的 n_crossings 之和"
        )  # fmt: skip
        if crossed["n_crossings"].sum():
            found["longest_without"] = Fact(
                "最长的无跨省通道省界", float(crossed["longest_without_km"].max()), "千米", how="border_crossings"
            )  # fmt: skip
    if len(results.claims):
        sentences = claim_sentences(results.claims)
        found["claims"] = Fact("文中列入检验的话", len(sentences), "句", how="claims 的 sentence")
        for stance, what in (("fact", "陈述"), ("goal", "目标与规划")):
            own = sentences.loc[sentences["stance"] == stance, "verdict"]
            if len(own):
                found[f"claims_{stance}"] = Fact(what, len(own), "句", how="claims 的 stance")
            for verdict, n in own.value_counts(sort=False).items():
                name = f"{what}：{verdict_name(str(verdict), stance)}"
                found[f"claims_{stance}_{verdict}"] = Fact(
                    name, int(n), "句", how="claims 的 verdict，每句一个"
                )
    return found
