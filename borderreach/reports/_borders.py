"""The part of a report on the borders: where they are crossed, what they cost, which are well connected, who is farthest."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from ..analysis.decisions import MENDED_WITHIN_KM, NEAR_BORDER_KM, PAIRED, TRIPS_HALVE_MIN
from ..analysis.studies import StudyResults
from ..documents import Block, Heading, Table
from ._key_figures import ReportContext
from ._words import hours, join, km_range, minutes, rows_of, signed

#: So many borders stand in the table; those with the longest detours first.
_MOST: Final = 15
#: With fewer borders they are listed rather than ranked.
MANY_BORDERS: Final = 10
#: So many stand at the upper end and at the lower end of the ranking.
_ENDS: Final = 8
#: So many counties are named as the farthest.
_FARTHEST: Final = 12
_CLASSES: Final = {"motorway": "高速公路", "ordinary": "普通公路", "unknown": "等级不明"}
#: So many crossings that can least be spared are told, and so many missing lines.
_CRITICAL: Final = 3
_MISSING: Final = 3
#: So many roads that stop short are all told; of more, one fewer.
_GAPS: Final = 3
#: Counties on the farther side of this share of people are told as the farthest tenth.
_TENTH: Final = 0.9


def borders_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell each border: its length and counties, where it is crossed, and the detours across it.

    Borders so many that they are ranked aren't listed again.
    """
    if results.borders.empty:
        return []
    table = borders_with_measures(results)
    full = len(table) > _MOST
    rows = tuple(_cells(row, results) for row in rows_of(table.head(_MOST)))
    header = ["省界", "长度（千米）", "两侧区县（个）"]
    if len(results.border_crossings):
        header += ["跨省通道（处）", "平均间距（千米）", "最长无通道（千米）"]
    if len(results.border_effect):
        header += ["跨界绕行比省内（%）", "跨界多用（分钟）"]
    note = _how_long(results) + _how_detours(results)
    if full:
        note += f"共 {len(table)} 段省界，列出跨界绕行最甚的 {_MOST} 段，其余见 tables.xlsx 的“省界”一表。"
    counted = f"毗邻区县指与另一省的区县共有一段陆地边界的区县，只在一点相接的不算，本研究共 {context.n_border} 个。{_junctions(results)}"
    if ranks_borders(results):
        return [
            Heading("省界与断头路"),
            counted,
            _how_long(results) + _how_detours(results),
            *_gap_lines(results),
        ]
    return [
        Heading("省界是不是障碍"),
        counted,
        Table("borders", "省界、跨省通道与跨界绕行", tuple(header), rows, tuple(range(1, len(header))), note),
        *_gap_lines(results),
    ]


def _way_round(row: Any) -> str:
    """Say how far it is around a gap."""
    if not np.isfinite(row.network_min):
        return "现无干线公路可绕行"
    return f"现须绕行 {row.network_km:,.0f} 千米、{row.network_min:.0f} 分钟"


def borders_with_measures(results: StudyResults) -> pd.DataFrame:
    """Return the borders with their crossings and detours, the longest detours first."""
    keys = ["province_a", "province_b"]
    table = pd.DataFrame(results.borders.drop(columns="geometry"))
    if len(results.border_crossings):
        crossed = results.border_crossings.drop(columns=["geometry", "border_km"], errors="ignore")
        table = table.merge(crossed, on=keys, how="left")
    if len(results.border_effect):
        table = table.merge(results.border_effect, on=keys, how="left")
        table = table.sort_values("detour_ratio", ascending=False, kind="stable", na_position="last")
    return table


def _cells(row: Any, results: StudyResults) -> tuple[str, ...]:
    cells = [
        f"{row.province_a}–{row.province_b}",
        km_range(float(row.length_low_km), float(row.length_high_km)),
        f"{row.n_counties_a} + {row.n_counties_b}",
    ]
    if len(results.border_crossings):
        some = pd.notna(row.n_crossings) and row.n_crossings > 0
        cells += [
            f"{row.n_crossings:.0f}" if pd.notna(row.n_crossings) else "—",
            f"{row.spacing_km:,.0f}" if some else "—",
            f"{row.longest_without_km:,.0f}" if pd.notna(row.longest_without_km) else "—",
        ]
    if len(results.border_effect):
        if pd.notna(row.detour_ratio):
            low, high = ((x - 1) * 100 for x in (row.detour_ratio_low, row.detour_ratio_high))
            cells += [
                f"{signed((row.detour_ratio - 1) * 100)}（{signed(low)} 至 {signed(high)}）",
                signed(float(row.extra_min)),
            ]
        else:
            cells += ["—", "—"]
    return tuple(cells)


def _how_long(results: StudyResults) -> str:
    """Say what the lengths rest on."""
    low, high = results.borders["length_low_km"], results.borders["length_high_km"]
    if (low == high).all():
        return "长度在椭球面上量算，取决于边界画得多细。"
    return "长度在椭球面上量算，取决于边界画得多细：所列为天地图、高德两种边界数据之间的范围。"


def _how_detours(results: StudyResults) -> str:
    """Say what crossings and detours are."""
    text = ""
    if len(results.border_crossings):
        text += "跨省通道是连接两省的干线公路路段，路网不含地方道路，实际通道更多。"
    if len(results.border_effect):
        text += (
            "跨界绕行比省内：两省县级驻地之间 20 至 150 千米的县对，公路路程与直线之比，较直线距离相近的省内县对高出多少（括号内为 95% 区间）；"
            "跨界多用为这些县对平均多用的时间。"
        )
    return text


def _junctions(results: StudyResults) -> str:
    """Tell where three provinces meet; where there are many such points, how many."""
    n = len(results.junctions)
    if n == 0:
        return ""
    if n > 3:
        return f"三省交界点 {n} 处。"
    names = results.junctions["provinces"].astype(str).str.split("、")
    return f"与此省界有关的三省交界点 {n} 处：{'；'.join(join(each) for each in names)}。"


def _gap_lines(results: StudyResults) -> list[Block]:
    """Name the roads that stop short of a border."""
    if results.border_crossings.empty:
        return []
    what = "断头路（距省界不远中断、对侧有路可接、绕行数倍的干线公路）"
    if results.gaps.empty:
        return [f"{what}：未发现。"]
    most = _GAPS if len(results.gaps) <= _GAPS else _GAPS - 1
    joined = np.isfinite(results.gaps["network_min"])
    first = results.gaps[joined].sort_values("network_min", ascending=False, kind="stable")
    parts = [
        f"{row.county}（{row.province}）至{row.beyond_county}（{row.beyond_province}），缺 {row.gap_km:.1f} 千米，{_way_round(row)}"
        for row in rows_of(pd.concat([first, results.gaps[~joined]]).head(most))
    ]
    rest = "；其余见 tables.xlsx 的“断头路”一表" if len(results.gaps) > most else ""
    order = "绕行最久的是" if len(results.gaps) > most and joined.any() else ""
    return [f"{what}共 {len(results.gaps)} 处：{order}{'；'.join(parts)}{rest}。"]


def ranks_borders(results: StudyResults) -> bool:
    """Say whether a study has so many borders that they are ranked, and the measures to rank them by."""
    return (
        len(results.borders) > MANY_BORDERS
        and len(results.border_crossings) > 0
        and len(results.border_effect) > 0
    )


def border_ranking(results: StudyResults) -> pd.DataFrame:
    """Rank the borders by how well they are connected.

    Returns
    -------
    DataFrame
        ``province_a, province_b, border_km, crossings_per_100km, detour_pct, detour_low_pct, detour_high_pct,
        inside_pct, rank_low, rank_high, mean_rank``: the crossings on a hundred kilometres of border, how much longer
        ways across are than matched ways within (with the interval of 95 %), the share of its border counties within
        the circle; the best and the worst rank among these measures and their mean. The best connected first; a border
        without a pair of counties for its detour is ranked by the other two.
    """
    table = borders_with_measures(results)
    km = (table["length_low_km"] + table["length_high_km"]) / 2
    found = pd.DataFrame({
        "province_a": table["province_a"], "province_b": table["province_b"], "border_km": km,
        "crossings_per_100km": table["n_crossings"].fillna(0) / km * 100,
        "detour_pct": (table["detour_ratio"] - 1) * 100,
        "detour_low_pct": (table["detour_ratio_low"] - 1) * 100,
        "detour_high_pct": (table["detour_ratio_high"] - 1) * 100,
        "inside_pct": _inside_shares(results, table),
    })  # fmt: skip
    ranks = pd.DataFrame({
        "crossings": found["crossings_per_100km"].rank(ascending=False),
        "detour": found["detour_pct"].rank(),
        "inside": found["inside_pct"].rank(ascending=False),
    })  # fmt: skip
    found["rank_low"], found["rank_high"] = ranks.min(axis=1), ranks.max(axis=1)
    found["mean_rank"] = ranks.mean(axis=1)
    return found.sort_values(["mean_rank", "province_a", "province_b"], kind="stable").reset_index(drop=True)


def _inside_shares(results: StudyResults, lines: pd.DataFrame) -> list[float]:
    """Per cent of the counties on both sides of each border whose seat lies in the circle of some centre."""
    facing: dict[tuple[str, str], list[int]] = {}
    counties = results.border_counties
    for code, province, neighbours in zip(
        counties["adcode"].tolist(), counties["province"], counties["neighbour_provinces"], strict=True
    ):
        for other in str(neighbours).split("、"):
            facing.setdefault((province, other), []).append(code)
    times = results.county_times
    inside = times.groupby("adcode")["base_inside"].any().to_dict()
    shares = []
    for a, b in zip(lines["province_a"], lines["province_b"], strict=True):
        known = [
            inside[code] for code in {*facing.get((a, b), ()), *facing.get((b, a), ())} if code in inside
        ]
        shares.append(float(np.mean(known) * 100) if known else float("nan"))
    return shares


def province_ranking(ranking: pd.DataFrame) -> pd.DataFrame:
    """Rank provinces by their borders, each border as heavy as it is long.

    Returns
    -------
    DataFrame
        ``province, n_borders, border_km, crossings_per_100km, detour_pct, inside_pct, mean_rank, best_rank, worst_rank``,
        the best connected first; the last two are the ranks of its best and of its worst border.
    """
    both = pd.concat([
        ranking.assign(province=ranking["province_a"], place=np.arange(1, len(ranking) + 1)),
        ranking.assign(province=ranking["province_b"], place=np.arange(1, len(ranking) + 1)),
    ])  # fmt: skip
    rows = []
    for province, own in both.groupby("province", sort=True):
        rows.append({
            "province": province, "n_borders": len(own), "border_km": own["border_km"].sum(),
            **{name: _weighted(own[name], own["border_km"])
               for name in ("crossings_per_100km", "detour_pct", "inside_pct", "mean_rank")},
            "best_rank": int(own["place"].min()), "worst_rank": int(own["place"].max()),
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values(["mean_rank", "province"], kind="stable").reset_index(drop=True)


def _weighted(values: pd.Series[float], weights: pd.Series[float]) -> float:
    known = values.notna()
    return float(np.average(values[known], weights=weights[known])) if known.any() else float("nan")


def ranking_section(results: StudyResults) -> list[Block]:
    """Tell which borders are well connected and which aren't; nothing where there are few."""
    if not ranks_borders(results):
        return []
    ranking = border_ranking(results)
    provinces = province_ranking(ranking)
    best, worst = ranking.iloc[0], ranking.iloc[-1]
    cutoff = hours(results.study.circle_min)
    header = (
        "名次",
        "省界",
        "长度（千米）",
        "通道（处/百千米）",
        "跨界绕行比省内（%）",
        f"{cutoff}圈内的毗邻区县（%）",
        "单项名次",
    )
    ends = [*range(_ENDS), *range(len(ranking) - _ENDS, len(ranking))]
    rows = tuple(_ranked_cells(k, ranking.iloc[k]) for k in ends)
    note = (
        f"共 {len(ranking)} 段省界，列出联系最好与最差的各 {_ENDS} 段，其余见 tables.xlsx 的“省界排名”一表。名次按三项指标各自名次的平均：每百千米省界的跨省通道，"
        f"跨界绕行比省内高出多少（括号内为 95% 区间），两侧毗邻区县在任一中心{cutoff}圈内的比例。“单项名次”是三项中最好与最差的名次，相差越大，名次越取决于看哪一项。"
    )
    own = (
        "名次",
        "省级行政区",
        "省界（段）",
        "通道（处/百千米）",
        "跨界绕行比省内（%）",
        f"{cutoff}圈内的毗邻区县（%）",
        "最好与最差的省界名次",
    )
    told = tuple(
        (
            str(k), str(row.province), str(row.n_borders), f"{row.crossings_per_100km:.1f}",
            signed(float(row.detour_pct)) if pd.notna(row.detour_pct) else "—", f"{row.inside_pct:.0f}",
            f"{row.best_rank}–{row.worst_rank}",
        )
        for k, row in enumerate(rows_of(provinces), start=1)
    )  # fmt: skip
    return [
        Heading("哪些省界联系紧密，哪些不紧密"),
        (
            f"联系最好的是{best['province_a']}与{best['province_b']}之间，最差的是{worst['province_a']}与{worst['province_b']}之间；"
            f"按省级行政区，省界联系最好的是{join(provinces['province'].head(3))}，最差的是{join(provinces['province'].tail(3)[::-1])}。"
        ),
        Table("ranking", "省界联系的名次：最好与最差", header, rows, (0, 2, 3, 4, 5, 6), note),
        Table("provinces", "各省级行政区的省界联系", own, told, (0, 2, 3, 4, 5, 6), "各指标按省界长度加权。"),
    ]


def _ranked_cells(place: int, row: Any) -> tuple[str, ...]:
    detour = "—"
    if pd.notna(row["detour_pct"]):
        detour = f"{signed(row['detour_pct'])}（{signed(row['detour_low_pct'])} 至 {signed(row['detour_high_pct'])}）"
    return (
        str(place + 1), f"{row['province_a']}–{row['province_b']}", f"{row['border_km']:,.0f}",
        f"{row['crossings_per_100km']:.1f}", detour, "—" if pd.isna(row["inside_pct"]) else f"{row['inside_pct']:.0f}",
        f"{row['rank_low']:.0f}–{row['rank_high']:.0f}",
    )  # fmt: skip


def farthest_counties(results: StudyResults) -> pd.DataFrame:
    """Return border counties with their people and minutes to the nearest centre, the farthest first."""
    times = results.county_times.sort_values(["base_min", "centre_id"], kind="stable").drop_duplicates(
        "adcode"
    )
    table = times[["adcode", "name", "province", "centre_name", "base_min"]]
    table = table.merge(results.indicators[["adcode", "people"]], on="adcode", how="left")
    # NaN is unreached: the farthest of all.
    return table.sort_values(
        ["base_min", "adcode"], ascending=[False, True], kind="stable", na_position="first"
    )


def farthest_section(results: StudyResults) -> list[Block]:
    """Tell where people are farthest from any centre; nothing where counties are few enough to be listed."""
    if not ranks_borders(results) or results.county_times.empty:
        return []
    table = farthest_counties(results)
    reached = table[np.isfinite(table["base_min"])]
    counted = bool(table["people"].notna().any())
    spread = reached["base_min"].quantile([0.5, _TENTH])
    text = f"毗邻区县驻地至最近中心，一半在 {spread.iloc[0]:.0f} 分钟以内，九成在 {spread.iloc[1]:.0f} 分钟以内。"
    if counted:
        order = reached.sort_values("base_min")
        share = order["people"].fillna(0).cumsum() / order["people"].sum()
        half, tenth = (float(order["base_min"][share >= part].iloc[0]) for part in (0.5, _TENTH))
        text += f"按人口计，一半人口在 {half:.0f} 分钟以内，九成在 {tenth:.0f} 分钟以内。"
    unreached = len(table) - len(reached)
    if unreached:
        text += f"{unreached} 个区县没有干线公路可达。"
    rows = tuple(
        (
            row.county, row.province, *([f"{row.people / 1e4:,.1f}"] if counted else []), row.centre_name,
            minutes(float(row.base_min)),
        )
        for row in rows_of(reached.head(_FARTHEST).rename(columns={"name": "county"}))
    )  # fmt: skip
    header = ("毗邻区县", "省级行政区", *(["人口（万）"] if counted else []), "最近的中心", "分钟")
    right = (2, 4) if counted else (3,)
    return [
        Heading("哪里的人最远"),
        text,
        Table("farthest", "离各中心最远的毗邻区县", header, rows, right,
              f"门到门，至最近的中心；共 {len(table)} 个毗邻区县，其余见 tables.xlsx 的“区县”一表。"),
    ]  # fmt: skip


def decisions_section(results: StudyResults) -> list[Block]:
    """Tell which crossing can least be spared, and between which towns a line is missing."""
    told = [*_critical(results), *_missing(results)]
    return [Heading("最断不得的通道与缺失的线路"), *told] if told else []


def _merged(results: StudyResults) -> str:
    """Say into how many the crossings are merged where carriageways side by side are closed together."""
    counted, closed = len(results.crossings), len(results.critical_links)
    return f"，{counted:,} 处因此合为 {closed:,} 处" if counted > closed else ""


def _critical(results: StudyResults) -> list[Block]:
    """Tell what the loss of a crossing costs."""
    lost = results.critical_links
    if lost.empty:
        return []
    counted, unit = (1e4, " 万") if len(results.indicators) else (1.0, " ")
    lost = pd.DataFrame(lost.drop(columns="geometry")).rename(columns={"name": "crossing"})
    first, *others = rows_of(lost.head(_CRITICAL))
    told = (
        f"逐处假设一处跨省通道中断（并行的车道一并中断{_merged(results)}），重算省界两侧 {NEAR_BORDER_KM:g} 千米内各区县之间的公路出行（每人一次，去向随对方人口增、"
        f"每远 {TRIPS_HALVE_MIN:g} 分钟减半）："
    )
    if not first.longer_trips > 0:
        told += f"{len(lost):,} 处中没有一处使出行变慢"
    else:
        told += (
            f"{'其' if _merged(results) else f'{len(lost):,} 处'}中损失最大的是{first.crossing}（{_CLASSES.get(first.road_class, first.road_class)}），{first.longer_trips / counted:,.0f}{unit}人次"
            f"平均多用 {first.mean_delay_min:.0f} 分钟，{first.worst_from}到{first.worst_to}多用 {first.worst_delay_min:.0f} 分钟"
        )
        if first.leaving_people > 0:
            told += f"，{first.circle_of}的{hours(results.study.circle_min)}圈少 {first.leaving_people / counted:,.0f}{unit}人"
        parts = [
            f"{row.crossing}（{row.longer_trips / counted:,.0f}{unit}人次，{row.mean_delay_min:.0f} 分钟）"
            for row in others
            if row.longer_trips > 0
        ]
        told += f"；其次是{join(parts)}" if parts else ""
    cut = lost[lost["places_cut_off"] > 0]
    names = "；".join(f"{row.crossing}（{row.cut_off}）" for row in rows_of(cut.head(_CRITICAL)))
    told += (
        f"。{len(cut)} 处中断会使区县失去一半以上的出行：{names}。"
        if len(cut)
        else "。没有一处使区县失去一半以上的出行。"
    )
    told += _two_at_a_time(results, counted, unit)
    return [told + ("其余见 tables.xlsx 的“通道中断”一表。" if len(lost) > _CRITICAL else "")]


def weak_points(results: StudyResults) -> str:
    """Say which crossing can least be spared, and between which towns a line is missing most; nothing where neither is known."""
    counted, unit = (1e4, " 万") if len(results.indicators) else (1.0, " ")
    told = []
    lost = results.critical_links
    if len(lost) and lost.iloc[0]["longer_trips"] > 0:
        first = lost.iloc[0]
        told.append(
            f"{first['name']}的{_CLASSES.get(first['road_class'], first['road_class'])}若中断，{first['longer_trips'] / counted:,.0f}{unit}人次平均多用 "
            f"{first['mean_delay_min']:.0f} 分钟，为各处通道之最"
        )
    if len(results.missing_links):
        line = results.missing_links.iloc[0]
        told.append(
            f"最缺的线路在{line['from_name']}与{line['to_name']}之间（绕行系数 {line['detour_factor']:.1f}）"
        )
    return f"{'；'.join(told)}。" if told else ""


def _two_at_a_time(results: StudyResults, counted: float, unit: str) -> str:
    """Tell which two crossings can least be lost together, and which two stand in for each other."""
    pairs = results.critical_pairs
    if pairs.empty:
        return ""
    first = pairs.iloc[0]
    told = (
        f"两处同时中断（每段省界取单独损失最大的 {PAIRED} 处），损失最大的是{first['name_a']}与{first['name_b']}，共 "
        f"{first['cost_person_min'] / counted:,.0f}{unit}人·分钟"
    )
    backed = pairs.iloc[int(pairs["excess_person_min"].argmax())]
    if backed["excess_person_min"] > 0.01 * backed["cost_person_min"]:
        told += (
            f"；最互为后备的是{backed['name_a']}与{backed['name_b']}，同断比各自单断之和多 "
            f"{backed['excess_person_min'] / counted:,.0f}{unit}人·分钟"
        )
    return f"{told}，见“两处中断”一表。"


def _missing(results: StudyResults) -> list[Block]:
    """Tell the lines that are missing."""
    if not results.study.questions.missing or results.borders.empty:
        return []
    lines = results.missing_links
    what = f"省界两侧 {MENDED_WITHIN_KM:g} 千米内、相距 10 至 80 千米的跨省县对，公路绕行达省内同距县对 1.5 倍以上的，可视为缺一条线"
    if lines.empty:
        return [f"{what}：没有这样的县对。"]
    parts = [
        f"{row.from_name}—{row.to_name}（绕行系数 {row.detour_factor:.1f}，省内通常 {row.usual_detour:.1f}；直接连通约 {row.line_km:.0f} 千米，"
        f"由 {minutes(float(row.base_min))} 分钟缩至 {row.line_min:.0f} 分钟）"
        for row in rows_of(lines.head(_MISSING))
    ]
    rest = (
        f"，共 {len(lines)} 条，其余见 tables.xlsx 的“缺失的线路”一表"
        if len(lines) > _MISSING
        else f"，共 {len(lines)} 条"
    )
    return [
        (
            f"{what}。按每千米为两侧居民省下的时间排序{rest}：{'；'.join(parts)}。线长按直线的 1.3 倍、时速按 80 千米估算；"
            "只说明去哪里找，不计地形、河流与造价。"
        )
    ]
