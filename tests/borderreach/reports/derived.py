"""What is counted, added up and averaged from the tables of a study's results a second time, without anything that the report uses."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy.stats import rankdata

from borderreach.analysis.corridors import MAX_EXACT
from borderreach.analysis.indicators import gini


@dataclass(frozen=True)
class Said:
    """What the text before a number, or the head of its column, says where a value stands, as a regular expression."""

    words: str


def derived(results: Any) -> Iterator[tuple[Any, ...]]:
    """What is counted, added up and averaged of the tables: kind, value, and whose it is where it's somebody's own."""
    yield from _of_border_counties(results)
    yield from _of_circles(results)
    yield from _of_pairs(results)
    yield from _of_borders(results)
    yield from _of_ranks(results)
    yield from _of_zones(results)
    yield from _of_people(results)
    yield from _of_corridors(results)
    yield from _of_claims(results)
    yield from _of_groups(results)
    yield from _of_years(results)
    yield from _of_questions(results)
    yield from _of_errors(results)


def _of_questions(results: Any) -> Iterator[tuple[Any, ...]]:
    """What closed crossings, missing lines, national circles, years, building orders and gains come to."""
    lost = results.critical_links
    yield "spots", len(lost)
    yield "spots", (lost["places_cut_off"] > 0).sum()
    for row in lost.itertuples():
        yield "people", row.longer_trips, row.name
    yield "lines", len(results.missing_links)
    for row in results.missing_links.itertuples():
        for label in (f"{row.from_name}+{row.to_name}", f"{row.to_name}+{row.from_name}"):
            yield "", row.detour_factor, label
            yield "", row.usual_detour, label
    for _, one in results.yardsticks.groupby("scenario"):
        for column, limit, words in (
            ("own_city_min", 60, "一小时内到所属"),
            ("across_city_min", 120, "两小时内到最近外省"),
            ("main_city_min", 180, "三小时内到最近省会"),
            ("main_city_min", 60, "其中一小时内"),
        ):
            yield "count", (one[column] <= limit).sum(), Said(words + "[^，。；]*$")
        none = ~(one["within_1h"] | one["within_2h"] | one["within_3h"])
        yield "count", none.sum(), Said("三项都不达[^，。；]*$")
    for year, one in results.panel_counties.groupby("year"):
        yield "year", year
        yield "min", one["travel_time_min"].mean(), Said("平均 ?(时间由[^，。；]*)?$")
        yield "count", one["inside"].sum(), Said("(圈内的由[^，。；]*|平均 [^。；]*，)$")
        yield "people", one["people_reached"].mean(), Said("可达人口由平均[^，。；]*$")
    for _, one in results.panel_borders.groupby("year"):
        yield "min", one["across_min"].mean(), Said("到省界对侧最近区县驻地由[^，。；]*$")
    yield "lines", len(results.build_order)
    for row in results.build_order.itertuples():
        for kind in ("", "people", "min", "share", "count"):
            yield kind, row.value, Said("，至 $")
            yield kind, row.base_value, Said("由现状 $")
        yield "", row.step, Said("(最好的建设次序是：|；)$")
        yield "km", row.cost
    yield from _of_build_order(results)
    yield from _of_ways(results)
    yield from _of_cities(results)
    for theta, one in results.access_changes.groupby("theta"):
        yield "", theta
        yield "", theta, Said("^θ: ")
        yield "count", 3, Said("各列升、降最多的 $")
        for row in one.itertuples():
            yield "share", row.change_pct / 100, row.name
            yield "share", row.relative_pct / 100, row.name
        yield from (("count", (one["side"] == side).sum()) for side in ("gains", "loses"))
    yield from _of_spread(results.indicators)


def _of_build_order(results: Any) -> Iterator[tuple[Any, ...]]:
    """What each step and each choice of corridors comes to, in all and of what all of them gain."""
    order, front = results.build_order, results.build_front
    if order.empty:
        return
    kinds = ("", "people", "min", "share", "count")
    whole = front["gain"].max()
    yield "lines", MAX_EXACT, Said("廊道多于 $")
    yield "share", 0.01, Said("(平均不到改善的|都不到改善的|多出全部改善的) $")
    if results.study.questions.build_budget is not None:
        yield "km", results.study.questions.build_budget, Said("预算 $")
    for row in order.itertuples():
        name = re.escape(row.name)
        yield "", row.step, Said(f"^次序: .*{name}")
        yield "km", row.total_cost, Said(f"^累计.*{name}")
        for kind in kinds:
            yield kind, row.value, Said(f"^建到此为止.*{name}")
            yield kind, row.adds, Said(f"^此步改善.*{name}")
            yield kind, row.alone, Said(f"^只建它.*{name}")
            yield kind, row.last, Said(f"^最后建它.*{name}")
    useful = order[order["chosen"] & (order["adds"] >= 0.01 * whole)]
    for kind in kinds:
        yield kind, order["value"].iloc[0], Said("变为 $")
        if len(useful):
            yield kind, useful["value"].iloc[-1], Said("到此为 $")
        for _, pair in results.build_pairs.iterrows():
            yield kind, abs(pair["interaction"]), Said("同建比各自单建之和[多少]改善 $")
        for choice in front.itertuples():
            yield kind, choice.value, Said("^[^:]*: [^|]*\\| [^|]*\\| \\d+%")
    yield "share", order["adds"].iloc[0] / whole, Said("建成后改善的 $")
    yield "share", useful["adds"].sum() / whole, Said("占全部改善的 $")
    for choice in front.itertuples():
        yield "km", choice.cost, Said("^至少要")
        yield "share", choice.gain / whole, Said("^占全部改善")


def _of_ways(results: Any) -> Iterator[tuple[Any, ...]]:
    """For how many counties a road without tolls is worth taking; the table of ways has the rest."""
    table = results.way_costs
    if table.empty:
        return
    own = table[table["from_id"].isin(results.border_counties["adcode"].astype(str))]
    road = own[own["option"] == "road"].set_index("from_id")
    free = own[own["option"] == "free"].set_index("from_id")
    yield "count", own["from_id"].nunique(), Said("其中[^，]*$|^[^，]*$|元，[^，]*$")
    yield (
        "count",
        (free["generalised_yuan"] < road["generalised_yuan"].reindex(free.index)).sum(),
        Said("其中 $"),
    )
    yield "", road.loc[road["from_value"] > 0, "from_value"].median(), Said("每小时 $")


def _of_cities(results: Any) -> Iterator[tuple[Any, ...]]:
    """How much of all links crosses provinces, before and with corridors, and where fields meet."""
    totals, links = results.city_totals, results.city_links
    if totals.empty:
        return
    by_scenario = dict(iter(totals.groupby("scenario")))
    base = by_scenario["base"]
    yield "count", len(base)
    yield "", 1.0, Said("（$")
    for one in by_scenario.values():
        across = (one["total"] * one["across_share"]).sum() / one["total"].sum()
        yield "share", across, Said("(联系占全部联系的|规划后) $")
        yield "share", one["share"].max(), Said("（占 $")
        yield "share", one["total"].sum() / base["total"].sum() - 1, Said("联系总量增加 $")
    apart = [a != b for a, b in combinations(base["province"], 2)]
    yield "share", sum(apart) / len(apart), Said("跨省的对数占 $")
    for row in links[links["scenario"] == "base"].head(3).itertuples():
        yield "share", row.share, Said("（$")
    first = links[(links["scenario"] == "base") & links["across"]].head(1)
    for at in (*first["breaking_min"], *(first["minutes"] - first["breaking_min"])):
        yield "min", at, Said("、?距[^，]* $")
    widest = base.sort_values("hinterland_people").iloc[-1]
    yield "count", widest["hinterland_counties"], Said("（$")
    yield "people", widest["hinterland_people"], Said("个区县，$")
    people = np.sort(base["people"].to_numpy())[::-1]
    if len(people) >= 8:
        rank = np.arange(1, len(people) + 1) - 0.5
        yield "", -np.polyfit(np.log(people), np.log(rank), 1)[0], Said("系数为 $")


def _of_spread(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """How far the best tenth of people is from the worst two fifths, and who is below half of the counties' median."""
    if table.empty:
        return
    line = table.loc[table["people"] > 0, "base_people_reached"].median() / 2
    yield "people", line, Said("一半（$")
    for scenario in ("base", "scenario"):
        below = (table.loc[table["people"] > 0, f"{scenario}_people_reached"] < line).sum()
        yield "count", below, Said("一半（[^；。]*）的区县有 [^；。]*$")
        own = table[table["people"] > 0].sort_values(f"{scenario}_people_reached")
        reached, people = own[f"{scenario}_people_reached"].to_numpy(), own["people"].to_numpy()
        upper = people.cumsum() / people.sum()
        lower = upper - people / people.sum()
        best, worst = (
            np.clip(upper - np.maximum(lower, 0.9), 0, None),
            np.clip(np.minimum(upper, 0.4) - lower, 0, None),
        )
        yield (
            "",
            np.average(reached, weights=best) / np.average(reached, weights=worst),
            Said("帕尔马比）[^；。]*$"),
        )
        short = np.clip(1 - reached / line, 0, None)
        yield "share", people[short > 0].sum() / people.sum(), Said("占毗邻区县人口的[^；。]*$")
        yield "share", np.average(short, weights=people), Said("平均缺口[^；。]*$")


def _of_border_counties(results: Any) -> Iterator[tuple[Any, ...]]:
    counties, times = results.border_counties, results.county_times
    yield "count", len(counties)
    yield "count", len(results.counties)
    yield "count", counties["province"].nunique()
    for province, n in counties["province"].value_counts().items():
        yield "count", n, province
    for scenario in ("base", "scenario"):
        yield "count", times.groupby("adcode")[f"{scenario}_inside"].any().sum()
    if len(results.road_county_times):
        yield "count", results.road_county_times.groupby("adcode")["base_inside"].any().sum()
    best = times.groupby("adcode")["delta_min"].min()
    yield "count", (best <= -10).sum()
    yield "count", (best <= -0.5).sum()
    for _, one in times.groupby("adcode"):
        least = one.loc[one["delta_min"].idxmin()] if one["delta_min"].notna().any() else one.iloc[0]
        yield "min", least["delta_min"], least["name"]
    chance = (
        results.chances.groupby("adcode")["base_chance"].max()
        if len(results.chances)
        else pd.Series(dtype=float)
    )
    yield "count", chance.between(0.05, 0.95).sum()
    # Of counties so many that they are ranked: how far they are from the nearest centre, and their people.
    near = times.groupby("adcode")["base_min"].min()
    finite = near[np.isfinite(near)]
    yield "count", len(near) - len(finite)
    for part in (0.5, 0.9):
        yield "min", finite.quantile(part) if len(finite) else np.nan
    people = results.indicators.set_index("adcode")["people"].reindex(finite.index).fillna(0)
    order = finite.sort_values()
    if people.sum():
        share = people[order.index].cumsum() / people.sum()
        for part in (0.5, 0.9):
            yield "min", order[share >= part].iloc[0]


def _of_circles(results: Any) -> Iterator[tuple[Any, ...]]:
    cutoff = results.study.circle_min
    seats = gpd.GeoSeries(gpd.points_from_xy(results.counties["lon"], results.counties["lat"]), crs=4326)
    for row in results.circles.itertuples():
        yield "count", seats.intersects(row.geometry).sum()
    single = results.isochrones.query("scenario == 'base'")
    single = single[single["cutoff_min"] == cutoff]
    whole = results.circles.query("scenario == 'base'")
    yield "km2", single["area_km2"].sum() - whole.loc[whole["cutoff_min"] == cutoff, "area_km2"].sum()
    for row in single.itertuples():
        yield "km2", row.area_km2, row.origin_name
    for row in results.gains.itertuples():
        name = results.scenario_names[row.scenario]
        for kind, column in (
            ("km2", "scenario_area_km2"),
            ("km2", "delta_area_km2"),
            ("count", "scenario_counties"),
            ("count", "delta_counties"),
        ):
            yield kind, getattr(row, column), name
        yield "count", len([one for one in row.counties_gained.split("、") if one]), name
    coverage = results.parameters.get("rail_coverage") or {}
    yield "count", len(coverage.get("prefectures", ()))
    yield "count", len(coverage.get("without_station", ()))


def _slower(table: pd.DataFrame, column: str) -> pd.Series[float]:
    """The slower direction of each pair."""
    ends = ["+".join(sorted(pair)) for pair in zip(table["from_id"], table["to_id"], strict=True)]
    return table.groupby(np.array(ends, dtype=object))[column].max()


def _of_pairs(results: Any) -> Iterator[tuple[Any, ...]]:
    n = len(results.centres)
    yield "count", n
    yield "pairs", n * (n - 1) / 2
    if results.pair_times.empty:
        return
    for _, own in results.pair_times.groupby("scenario"):
        yield "min", _slower(own, "travel_time_min").mean()
    base = results.pair_times.query("scenario == 'base'")
    yield "pairs", (_slower(base, "travel_time_min") <= results.study.circle_min).sum()
    after = results.pair_times.query("scenario == 'all'").set_index(["from_id", "to_id"])["travel_time_min"]
    for row in base.itertuples():
        if len(after):
            change = after[row.from_id, row.to_id] - row.travel_time_min
            yield "min", change, f"{row.from_name}+{row.to_name}"
    for _, own in results.pair_times.groupby("scenario"):
        yield "min", _slower(own, "travel_time_min").mean() - _slower(base, "travel_time_min").mean()
    if len(results.journeys):
        yield "min", _slower(results.journeys, "road_only_min").mean()
        for row in results.journeys.itertuples():
            # one row stands for both directions, and is named as the first of them
            for label in (f"{row.from_name}+{row.to_name}", f"{row.to_name}+{row.from_name}"):
                yield "min", row.waiting_min + row.boarding_min + row.transfer_min + row.alighting_min, label
                yield "min", row.road_min + row.access_min, label
        for mark in ("roundabout", "night", "rare trains"):
            yield "pairs", (results.journeys["mark"] == mark).sum()


def _of_borders(results: Any) -> Iterator[tuple[Any, ...]]:
    borders, crossed = results.borders, results.border_crossings
    yield "borders", len(borders)
    yield "spots", len(results.junctions)
    yield "spots", len(results.gaps)
    for column in ("length_low_km", "length_high_km"):
        yield "km", borders[column].sum()
    if len(crossed):
        yield "spots", crossed["n_crossings"].sum()
        yield "km", crossed["longest_without_km"].max()
    for row in results.border_effect.itertuples():
        for ratio in (row.detour_ratio, row.detour_ratio_low, row.detour_ratio_high):
            yield "share", ratio - 1, f"{row.province_a}+{row.province_b}"
    if len(results.border_effect):
        effect = results.border_effect
        yield "borders", (effect["detour_ratio_low"] > 1).sum()
        yield "borders", (effect["detour_ratio_high"] < 1).sum()
        yield "borders", len(effect)


def _of_ranks(results: Any) -> Iterator[tuple[Any, ...]]:
    """Borders and provinces by how well they are connected, ranked here by hand."""
    crossed = {
        (row.province_a, row.province_b): row.n_crossings for row in results.border_crossings.itertuples()
    }
    effect = {
        (row.province_a, row.province_b): row.detour_ratio - 1 for row in results.border_effect.itertuples()
    }
    inside = results.county_times.groupby("adcode")["base_inside"].any()
    rows = []
    for row in results.borders.itertuples():
        a, b = row.province_a, row.province_b
        facing = [
            one.adcode for one in results.border_counties.itertuples()
            if (one.province == a and b in one.neighbour_provinces.split("、"))
            or (one.province == b and a in one.neighbour_provinces.split("、"))
        ]  # fmt: skip
        km = (row.length_low_km + row.length_high_km) / 2
        share = float(np.mean([bool(inside.get(code, False)) for code in facing])) if facing else math.nan
        rows.append((a, b, km, crossed.get((a, b), 0) / km * 100, effect.get((a, b), np.nan), share))
    if not rows:
        return
    ranks = np.array([
        rankdata([-row[3] for row in rows]),
        rankdata([row[4] for row in rows], nan_policy="omit"),
        rankdata([-row[5] for row in rows], nan_policy="omit"),
    ])  # fmt: skip
    mean = np.nanmean(ranks, axis=0)
    order = sorted(range(len(rows)), key=lambda k: (mean[k], rows[k][0], rows[k][1]))
    place = {k: at for at, k in enumerate(order, start=1)}
    for k, (a, b, km, density, _, share) in enumerate(rows):
        label = f"{a}+{b}"
        yield "km", km, label
        yield "density", density, label
        yield "share", share, label
        for number in (place[k], np.nanmin(ranks[:, k]), np.nanmax(ranks[:, k])):
            yield "", number, label
    own = {
        name: [k for k, row in enumerate(rows) if name in row[:2]]
        for name in {one for row in rows for one in row[:2]}
    }

    def weighted(values: list[float], name: str) -> float:
        known = [(values[k], rows[k][2]) for k in own[name] if np.isfinite(values[k])]
        return (
            float(sum(value * km for value, km in known) / sum(km for _, km in known)) if known else math.nan
        )

    by_rank = sorted(own, key=lambda name: (weighted(list(mean), name), name))
    for at, name in enumerate(by_rank, start=1):
        yield "density", weighted([row[3] for row in rows], name), name
        yield "share", weighted([row[4] for row in rows], name), name
        yield "share", weighted([row[5] for row in rows], name), name
        yield "borders", len(own[name]), name
        for number in (at, min(place[k] for k in own[name]), max(place[k] for k in own[name])):
            yield "", number, name


def _of_zones(results: Any) -> Iterator[tuple[Any, ...]]:
    home = dict(
        zip(results.border_counties["adcode"].astype(str), results.border_counties["province"], strict=True)
    )
    for scenario, zones in results.zones.groupby("scenario"):
        yield "km2", zones["area_km2"].mean()
        members = results.zone_counties
        members = members[(members["scenario"] == scenario) & members["belongs"]]
        across = members[members["province"] != members["centre_id"].map(home)]
        yield "count", across["centre_id"].nunique()
        names = dict(zip(zones["centre_id"], zones["centre_name"], strict=True))
        for centre, n in across.groupby("centre_id").size().items():
            yield "count", n, names[centre]


def _of_people(results: Any) -> Iterator[tuple[Any, ...]]:
    table = results.indicators
    if table.empty:
        return
    for scenario in ("base", "scenario"):
        known = table[table["people"].gt(0) & table[f"{scenario}_people_reached"].notna()]
        yield "", gini(known[f"{scenario}_people_reached"].to_numpy(), known["people"].to_numpy())
    for n in table["county_type"].value_counts():
        yield "count", n
    moved = table[table["county_type"] != table["scenario_county_type"]]
    yield "count", len(moved)
    for n in moved.groupby(["county_type", "scenario_county_type"]).size():
        yield "count", n


def _of_corridors(results: Any) -> Iterator[tuple[Any, ...]]:
    same = [
        one for one in results.gains.itertuples()
        if one.cutoff_min == results.study.circle_min and one.scenario != "all" and not one.delta_counties
        and abs(one.delta_area_km2) < 0.5 and one.scenario not in {each.id for each in results.study.change}
    ]  # fmt: skip
    yield "", len(same)
    yield "lines", len(results.corridors)
    kinds = {"circle_km2": "km2", "circle_counties": "count", "county_min": "min", "border_pair_min": "min"}
    names = dict(zip(results.corridors["corridor_id"], results.corridors["name"], strict=True))
    for row in results.contributions.itertuples():
        if row.measure in kinds and row.corridor_id in names:
            yield kinds[row.measure], row.contribution, names[row.corridor_id]
    for one in results.parameters.get("corridors", ()):
        yield "year", int(str(one["status_date"])[:4]), one["name"]
        if year := one.get("opening_year"):
            yield "year", year, one["name"]
            known = results.parameters["corridors"]
            yield (
                "lines",
                sum((each["opening_year"] or year + 1) <= year for each in known),
                Said(f"到{year}年（建成"),
            )
    errors = results.contributions.query("measure == 'circle_km2'")["standard_error"]
    yield "km2", errors.max() if len(errors) else np.nan
    for row in results.changes.itertuples():
        own = results.gains[results.gains["scenario"] == row.change_id]
        own = own[own["cutoff_min"] == results.study.circle_min].iloc[0]
        times = results.change_times[results.change_times["change_id"] == row.change_id]
        slower = times[times["delta_min"] >= 1]
        yield "count", row.n_links, row.name
        yield "km", row.length_km, row.name
        yield "km2", own["delta_area_km2"], row.name
        yield "count", own["delta_counties"], row.name
        yield "count", slower["adcode"].nunique()
        for one in slower.itertuples():
            yield "min", one.delta_min, f"{one.centre_name}+{one.name}", f"{one.name}+{one.centre_name}"


def _of_claims(results: Any) -> Iterator[tuple[Any, ...]]:
    claims = results.claims
    if claims.empty:
        return
    worst = ["fails", "undecided", "differs", "holds_with", "holds", "not_checkable"]
    parts = claims[claims["role"] == "part"]
    ranked = parts.assign(rank=parts["verdict"].map(worst.index)).sort_values("rank", kind="stable")
    each = ranked.drop_duplicates("sentence")
    yield "sentences", len(each)
    yield "sentences", (each["verdict"] == "not_checkable").sum()
    for _, own in each.groupby("stance"):
        yield "sentences", len(own)
        for n in own["verdict"].value_counts():
            yield "sentences", n


def _of_groups(results: Any) -> Iterator[tuple[Any, ...]]:
    base = results.group_overlap.query("scenario == 'base'")
    yield "pairs", len(base)
    yield "pairs", (base["overlap_km2"] > 0).sum()
    for name, n in results.nearest_groups["group_name"].value_counts().items():
        yield "count", n, name


def _of_years(results: Any) -> Iterator[tuple[Any, ...]]:
    years = sorted(results.year_circles["year"].unique())
    for year in years:
        yield "year", year
        yield "", year
    yield "borders", len(results.year_borders.groupby(["province_a", "province_b"]))
    if not years:
        return
    inside = results.year_counties[results.year_counties["inside"]]
    of_year = {year: set(inside.loc[inside["year"] == year, "adcode"]) for year in years}
    for before, after in pairwise(years):
        yield "count", len(of_year[after] - of_year[before])
    own = results.year_counties[results.year_counties["adcode"].isin(results.border_counties["adcode"])]
    own = own[own["nearest"]].drop_duplicates(["adcode", "year"]).set_index("adcode")
    saved = (
        own.query("year == @years[0]")["travel_time_min"] - own.query("year == @years[-1]")["travel_time_min"]
    )
    saved = saved[saved >= 0.5]
    yield "count", len(saved)
    yield "min", saved.mean()
    for row in results.year_borders.itertuples():
        label = f"{row.province_a}+{row.province_b}"
        for kind, value in (
            ("count", row.n_across),
            ("count", row.n_inside),
            ("count", row.n_counties),
            ("people", row.people_across),
            ("people", row.people_inside),
        ):
            yield kind, value, label


def _of_errors(results: Any) -> Iterator[tuple[Any, ...]]:
    """The errors that the package's networks were measured to have."""
    from borderreach.geo.networks import RAIL_TIME_ERRORS, TRUNK_HOUR_ERROR, TRUNK_TIME_ERRORS

    del results
    for _, error in (*TRUNK_TIME_ERRORS, *RAIL_TIME_ERRORS):
        yield "share", error
    yield "share", TRUNK_HOUR_ERROR
