"""The parts of a report on corridors: what they change for whom, what of them is assumed, and in which order to build them."""

from __future__ import annotations

import math
from typing import Final

import pandas as pd

from ..analysis.corridors import MAX_EXACT, Corridor
from ..analysis.decisions import MOST_ENUMERATED
from ..analysis.studies import StudyResults
from ..analysis.texts import citation
from ..documents import Block, Figure, Heading, Part, See, Source, Table
from ._circles import scenarios_section
from ._facts import savings
from ._key_figures import CorridorFigures, ReportContext
from ._pairs import centre_pairs_section, journeys_table, many_centres
from ._roads import classes_year, has_trains, today_zh, way_zh
from ._words import four_digits, hours, join, minutes, rows_of, signed

#: How values that a corridor file leaves unsaid are told, in English and Chinese.
ASSUMED_EN: Final = {
    "speed_factor": "running at {:.0%} of the design speed",
    "stop_penalty_min": "{:g} min lost per stop",
    "board_min": "{:g} min to board",
    "alight_min": "{:g} min to alight",
    "trains_per_day": "{:g} trains a day and direction",
    "sinuosity": "a line {:g} times as long as straight between stops",
}
ASSUMED_ZH: Final = {
    "speed_factor": "按设计时速的 {:.0%} 运行",
    "stop_penalty_min": "每停一站损失 {:g} 分钟",
    "board_min": "进站 {:g} 分钟",
    "alight_min": "出站 {:g} 分钟",
    "trains_per_day": "每日每方向 {:g} 列",
    "sinuosity": "线路长为站间直线的 {:g} 倍",
}
_MODES: Final = {"road": "公路", "rail": "铁路", "air": "航线"}
#: Classes of the embedded roads; others are told as they are called.
_CLASSES: Final = {
    "motorway": "高速公路",
    "ordinary": "普通公路",
    "join": "普通公路",
    "unknown": "等级不明的公路",
    "trunk": "干线公路",
    "primary": "主要公路",
    "secondary": "次要公路",
}
#: Kilometres of a class that aren't worth a word.
_TOLD_KM: Final = 0.5
_STATUS: Final = {"open": "已通车", "building": "在建", "planned": "规划", "proposed": "提议"}
#: So many counties stand in the table of gains.
_MOST_COUNTIES: Final = 6
#: What the time along a line is called by mode; before and after it comes what a journey needs besides.
_RUNNING: Final = {"road": "行车", "rail": "行车", "air": "飞行"}
_BEFORE_AFTER: Final = {"rail": ("进站候车", "出站"), "air": ("值机候机", "到达出港")}


def changed_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell the times between centres, and what the corridors change for whom."""
    pairs = [*centre_pairs_section(results), *journeys_table(results)]
    if not context.corridors:
        return [Heading("中心之间要多久"), *pairs] if pairs else []
    return [
        Heading("廊道改变什么，谁受益"),
        *_shares(results, context),
        *scenarios_section(results, context),
        *_gaining(results),
        *pairs,
    ]


def _shares(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell what share each corridor has in the gains."""
    rows = tuple(
        (
            item.corridor.name,
            _MODES[item.corridor.mode],
            _status(item.corridor),
            f"{sum(item.corridor.lengths_km):,.0f}",
            f"{item.corridor.design_speed_kph:g}",
            signed(item.contribution_km2),
            signed(item.contribution_counties, digits=1),
            signed(item.contribution_county_min, digits=1),
            signed(item.contribution_border_pair_min, digits=1),
        )
        for item in context.corridors
    )
    circle = hours(results.study.circle_min)
    header = (
        "廊道", "方式", "状态（通车年）", "长度（千米）", "设计时速", f"{circle}圈（平方千米）", "区县（个）",
        "至中心（分钟）", "毗邻区县之间（分钟）",
    )  # fmt: skip
    note = (
        "后四列是各廊道自身的贡献（沙普利值：在所有建设次序中新增量的平均），各廊道之和等于全部建成的变化；分钟数是驻地之间时间的平均"
        f"变化，负数为节省。以{today_zh(results)}为基准。"
    )
    error = max(item.standard_error_km2 for item in context.corridors)
    if error > 0:
        most = f"最大为 {error:,.0f} 平方千米" if error >= 0.5 else "可忽略"
        note += f"廊道多于 {MAX_EXACT} 条，贡献由随机次序抽样估计，圈面积一列的标准误{most}。"
    return [Table("corridors", "各廊道自身的贡献", header, rows, tuple(range(3, 9)), note)]


def _status(corridor: Corridor) -> str:
    """Return a corridor's status with the year it opened or is to open, if anybody has said."""
    named = _STATUS[corridor.status]
    if corridor.status == "open":
        return f"{named}（{corridor.opening_year or corridor.status_date.year}）"
    return f"{named}（{f'拟 {corridor.opening_year}' if corridor.opening_year else '未定'}）"


def _gaining(results: StudyResults) -> list[Block]:
    """List the counties that save most, and draw them."""
    saved = savings(results)
    if saved.empty:
        return [f"毗邻区县至各中心的{way_zh(results)}时间都不因廊道缩短。"]
    rows = tuple(
        (
            row.county,
            row.province,
            row.centre_name,
            minutes(float(row.base_min)),
            minutes(float(row.scenario_min)),
            signed(-float(row.saved_min)),
        )
        for row in rows_of(saved.head(_MOST_COUNTIES).rename(columns={"name": "county"}))
    )
    header = ("毗邻区县", "省级行政区", "中心", "现状（分钟）", "规划后（分钟）", "变化（分钟）")
    note = f"每个区县取省时最多的中心，{way_zh(results)}门到门；"
    note += (
        f"共 {len(saved)} 个区县省时，列出前 {_MOST_COUNTIES} 个，逐县见 tables.xlsx 的“区县”一表。"
        if len(saved) > _MOST_COUNTIES
        else "其余毗邻区县的时间不变。"
    )
    return [
        Table("gaining", "省时最多的毗邻区县", header, rows, (3, 4, 5), note),
        ("各毗邻区县省下的时间见", See("gains"), "，规划前后的地图见", See("maps"), "。"),
        Figure("gains", "毗邻区县至中心省下的时间（取省时最多的中心）", "chart_gains.png", 13.0, 12.0),
        Figure(
            "maps",
            f"毗邻区县至{_to_which(results)}{way_zh(results)}时间：现状与规划后",
            "chart_maps.png",
            16.0,
        ),
    ]


def _to_which(results: StudyResults) -> str:
    """Say to which centres the small maps have the minutes."""
    if many_centres(results):
        return "最近中心的"
    return "各中心的平均" if len(results.centres) > 1 else "中心的"


def corridors_section(results: StudyResults, context: ReportContext) -> list[Block]:
    """Tell of each corridor what it is, where the text speaks of it, and what is known of it."""
    if not context.corridors:
        return []
    blocks: list[Block] = [Heading("廊道逐条", appendix=True)]
    for item in context.corridors:
        one = item.corridor
        blocks.append(Heading(one.name, level=2))
        blocks.append(
            (_corridor_prose(item, results) + _without_effect(item, results), *_quoted(item, results))
        )
    return blocks


def _quoted(item: CorridorFigures, results: StudyResults) -> tuple[Part, ...]:
    """Quote where texts name the corridor, and the reports on it."""
    parts: list[Part] = []
    for mention in item.corridor.mentions:
        title = results.study.text_title if mention.text == results.study.text else ""
        parts += [f"文中写道：“……{mention.words}……”", Source(citation(mention.text, title)), "。"]
    sources = [
        Source(f"{source.title}{f'（{source.date.isoformat()}）' if source.date else ''}")
        for source in item.corridor.sources
    ]
    if sources:
        parts += ["资料：", *sources, "。"]
    return tuple(parts)


def _corridor_prose(item: CorridorFigures, results: StudyResults) -> str:
    one = item.corridor
    verb = _RUNNING[one.mode]
    run = (
        "，".join(f"{name}{verb} {value:.0f} 分钟" for name, value in item.line_haul_min.items())
        if one.mode != "road"
        else f"全程行车 {sum(item.line_haul_min.values()):.0f} 分钟"
    )
    stops, approximate = len(one.stops), sum(stop.position == "approximate" for stop in one.stops)
    joined = (
        f"{stops} 个站点都接入路网"
        if item.n_joined == stops
        else f"{stops} 个站点中 {item.n_joined} 个接入路网"
    )
    text = (
        f"{one.stops[0].name}至{one.stops[-1].name}，{sum(one.lengths_km):,.1f} 千米，设计时速 "
        f"{one.design_speed_kph:g} 千米，按其 {one.speed_factor:.0%} 运行，{run}。{joined}{f'，{approximate} 个的位置是近似的' if approximate else ''}。"
    )
    if one.mode in _BEFORE_AFTER:
        before, after = _BEFORE_AFTER[one.mode]
        text += f"乘坐它的门到门时间另含{before} {one.board_min + one.wait_min:.0f} 分钟、{after} {one.alight_min:g} 分钟和两端的路程。"
    if one.open_between is not None and has_trains(results):
        text += f"{one.open_between[0]}至{one.open_between[1]}已通车，其列车在现状之中：这里只计其余一段。"
    text += _shared_nodes(one.id, results)
    if item.met_km > 0 and math.isfinite(item.base_min):
        text += (
            f"在与现状路网相接的站点之间（{item.met_km:,.1f} 千米），沿廊道{verb} {item.corridor_min:.0f} 分钟，"
            f"现状公路 {item.base_min:.0f} 分钟{_replaced(one.id, results)}。"
        )
        if one.mode == "road":
            share = item.overlap_km / item.met_km
            if round(share, 2) > 0:
                text += f"其中 {share:.0%} 的长度上现状公路已同样快"
                text += "，即路网已含此线的大部分或有平行道路，测得的增益因此有限。" if share > 0.5 else "。"
    if one.mode == "road" and one.status == "open" and (year := classes_year(results)) is not None:
        opened = one.opening_year or one.status_date.year
        if opened <= year:
            text += f"此路 {opened} 年已通车"
            text += (
                f"，现状路网（截至 {year} 年年底）在一半以上的长度上已同样快：此路多已计入，所列变化不全是它带来的。"
                if item.met_km > 0 and item.overlap_km > item.met_km / 2
                else f"，现状路网（截至 {year} 年年底）却多半没有同样快的路：高速公路表或缺此线，所列变化或已实现。"
            )
    return text


def _without_effect(item: CorridorFigures, results: StudyResults) -> str:
    """Say why a corridor changes nothing; nothing where one of its figures in the table isn't zero."""
    told = (
        signed(item.contribution_km2),
        signed(item.contribution_counties, digits=1),
        signed(item.contribution_county_min, digits=1),
        signed(item.contribution_border_pair_min, digits=1),
    )
    if set(told) != {"0"}:
        return ""
    one = item.corridor
    text = "表中各项贡献都是零："
    if item.n_joined < 2 or item.met_km == 0:
        return text + "接入路网的站点不足两个，没有行程用得上它。"
    if item.base_min <= item.corridor_min:
        return (
            text
            + f"现状公路走完同样的站点只要 {item.base_min:.0f} 分钟，不比它慢，所列的行程没有因它更快的。"
        )
    whole = results.corridor_replaces[results.corridor_replaces["corridor_id"] == one.id]
    whole = whole[whole["whole"]]
    if len(whole) and (direct := float(whole["base_min"].sum())) <= item.corridor_min:
        return (
            text + f"首末两站之间今天另有一样快的走法（{_by_class(whole)}），{direct:.0f} 分钟，不比它的 "
            f"{item.corridor_min:.0f} 分钟慢；只有途中各站之间的行程因它更快，而所列的中心与区县之间没有走它的。"
        )
    extra = one.board_min + one.wait_min + one.alight_min if one.mode != "road" else 0.0
    if math.isfinite(item.base_min) and extra and item.corridor_min + extra >= item.base_min:
        return (
            text
            + f"它行车虽快，加上进站、候车和出站的 {extra:.0f} 分钟，全程 {item.corridor_min + extra:.0f} 分钟，"
            f"不比驾车的 {item.base_min:.0f} 分钟快。"
        )
    saved = item.base_min - item.corridor_min - extra
    least = f"沿途依次走完各站，它比现状公路快 {saved:.0f} 分钟，但" if saved >= 1 else ""
    return text + f"{least}中心到各区县、毗邻区县之间、中心之间，最快的走法都不经过它（或只差几秒）。"


def _replaced(corridor_id: str, results: StudyResults) -> str:
    """Say what one takes today between a corridor's stops: kilometres and mean speed by class."""
    own = results.corridor_replaces[results.corridor_replaces["corridor_id"] == corridor_id]
    told = _by_class(own[~own["whole"]])
    return f"，沿途依次走各段最快的现状道路：{told}" if told else ""


def _by_class(own: pd.DataFrame) -> str:
    """List kilometres and mean speed by class, the longest first."""
    named = [_CLASSES.get(name, name) for name in own["road_class"]]
    summed = own.groupby(pd.Index(named, name="class"), sort=False)[["length_km", "base_min"]].sum()
    summed = summed[summed["length_km"] >= _TOLD_KM].sort_values("length_km", ascending=False, kind="stable")
    return "、".join(
        f"{name} {km:,.0f} 千米（平均时速 {km / minutes * 60:.0f}）"
        for name, km, minutes in zip(summed.index, summed["length_km"], summed["base_min"], strict=True)
    )


def _shared_nodes(corridor_id: str, results: StudyResults) -> str:
    """Name the stops of a corridor that meet the network at one node; nothing where each has its own."""
    joins = results.corridor_joins
    joins = joins[(joins["corridor_id"] == corridor_id) & (joins["node"] >= 0)]
    groups = joins.groupby("node", sort=False)["stop_name"].unique()
    return "".join(
        f"站点{join(names)}接入路网的同一节点：其间往来可不经此线。" for names in groups if len(names) > 1
    )


def assumed_values(results: StudyResults, context: ReportContext) -> list[tuple[CorridorFigures, list[str]]]:
    """Return the corridors with assumed values, and the names of these that are told."""
    by_id = results.parameters.get("corridors_assumed") or {}
    return [
        (item, [name for name in by_id[item.corridor.id] if name in ASSUMED_EN])
        for item in context.corridors
        if item.corridor.id in by_id
    ]


#: What an objective is called, its unit, and what values are divided by.
_OBJECTIVES: Final = {
    "people": ("圈内人口", "万人", 1e4),
    "places": ("圈内区县", "个", 1.0),
    "mean_time": ("至各中心的平均时间", "分钟", 1.0),
    "potential": ("人均市场潜力", "万人", 1e4),
    "worst_province": ("各省圈内人口比例的最低者", "%", 0.01),
    "poverty": ("可达性贫困的缺口", "%", 0.01),
    "palma": ("可达人口的帕尔马比", "", 1.0),
}
#: Objectives that are better the smaller they are.
_LEAST: Final = ("mean_time", "poverty", "palma")
_SIDES_NAMED: Final = 3
#: A step that adds less than this share of what all corridors gain isn't worth its place in a text.
_NOTICEABLE: Final = 0.01
#: So many choices of growing cost are listed.
_MOST_CHOICES: Final = 8


def order_section(results: StudyResults) -> list[Block]:
    """Tell in which order corridors are best built, and who gains and loses market access by them."""
    told = [*_order_lines(results), *_gainer_lines(results)]
    return [Heading("先建哪一条，谁得谁失"), *told] if told else []


def _order_lines(results: StudyResults) -> list[Block]:
    table = results.build_order
    if table.empty:
        return []
    asked = results.study.questions
    word, unit, over = _OBJECTIVES[asked.build_objective]
    first = table.iloc[0]
    money = "亿元" if first["cost_unit"] == "100m_yuan" else "千米"
    stand = "" if money == "亿元" else "没有造价，以线路长度代替：一千米隧道与一千米平地、铁路与公路同等计。"
    limit = f"预算 {asked.build_budget:,g} {money}之内" if asked.build_budget is not None else "不设预算"
    how = (
        f"逐一比较 {len(table)} 条廊道的所有组合"
        if len(table) <= MOST_ENUMERATED
        else f"在 {len(table)} 条廊道中"
    )
    goal = f"目标是{word}{'最小' if asked.build_objective in _LEAST else '最大'}，{limit}，{how}。{stand}"
    whole = float(results.build_front["gain"].max()) if len(results.build_front) else 0.0
    chosen = table[table["chosen"]]
    if chosen.empty or not whole > 0:
        return [f"{goal}没有一条使之改善。"]
    told = _next_ones(chosen, whole, unit, over)
    idle = table[table["mean"].abs() < _NOTICEABLE * whole]
    if len(idle):
        told += (
            f"{join(idle['name'])}对这一目标几乎没有作用（平均不到改善的 {_NOTICEABLE:.0%}）：它们的理由在别处，如货运、中途各站或通道的保障，"
            "不能由此说不该建。"
        )
    told += _together(results, unit, over)
    return [
        told,
        goal,
        _order_table(table, money, word, unit, over, whole),
        *_front_table(results, money, word, unit, over, whole),
    ]


def order_answer(results: StudyResults) -> str:
    """Say in a sentence which corridor to build first; nothing where none helps."""
    table = results.build_order
    chosen = table[table["chosen"]] if len(table) else table
    whole = float(results.build_front["gain"].max()) if len(results.build_front) else 0.0
    if chosen.empty or not whole > 0:
        return ""
    word, unit, over = _OBJECTIVES[results.study.questions.build_objective]
    start = chosen.iloc[0]
    return (
        f"先建{start['name']}，{word}由现状 {four_digits(start['base_value'] / over)} {unit}变为 {four_digits(start['value'] / over)} {unit}，"
        f"占全部 {len(table)} 条建成后改善的 {start['adds'] / whole:.0%}。"
    )


def _next_ones(chosen: pd.DataFrame, whole: float, unit: str, over: float) -> str:
    """Say what is worth building after the first."""
    useful = chosen[chosen["adds"] >= _NOTICEABLE * whole]
    if len(useful) < 2:
        return (
            "" if useful.empty else f"先建{useful['name'].iloc[0]}，其余各步都不到改善的 {_NOTICEABLE:.0%}。"
        )
    return (
        f"先建{useful['name'].iloc[0]}，接着是{join(useful['name'].iloc[1:])}，到此为 {four_digits(useful['value'].iloc[-1] / over)} {unit}，占全部改善的 "
        f"{useful['adds'].sum() / whole:.0%}。"
    )


def _together(results: StudyResults, unit: str, over: float) -> str:
    """Name the two corridors that stand in most for each other, and the two that help each other most."""
    names = dict(zip(results.build_order["corridor_id"], results.build_order["name"], strict=True))
    parts = []
    for kind, verb, more in (("substitutes", "互相替代", "少"), ("complements", "互相补充", "多")):
        some = results.build_pairs[results.build_pairs["kind"] == kind]
        if len(some):
            most = some.iloc[int(some["interaction"].abs().argmax())]
            size = f"{abs(float(most['interaction'])) / over:,.2g} {unit}".strip()
            parts.append(
                f"{names[most['corridor_a']]}与{names[most['corridor_b']]}{verb}，同建比各自单建之和{more}改善 {size}"
            )
    return f"{'；'.join(parts)}。" if parts else ""


def _order_table(table: pd.DataFrame, money: str, word: str, unit: str, over: float, whole: float) -> Table:
    """List the corridors in the order of building, those left out last."""
    of = f"（{unit}）" if unit else ""

    def cell(value: float) -> str:
        return "—" if not math.isfinite(value) else four_digits(value / over)

    rows = tuple(
        (
            (f"{row.step}" + ("" if row.adds >= _NOTICEABLE * whole else "（可缓）")) if row.chosen else "—",
            row.corridor_name,
            f"{row.cost:,.0f}",
            f"{row.total_cost:,.0f}" if row.chosen else "—",
            cell(float(row.value)),
            *(
                signed(float(each) / over, digits=2) if math.isfinite(each) else "—"
                for each in (row.adds, row.alone, row.last)
            ),
        )
        for row in rows_of(table.rename(columns={"name": "corridor_name"}))
    )
    header = (
        "次序", "廊道", f"{'造价' if money == '亿元' else '长度'}（{money}）", f"累计（{money}）", f"建到此为止{of}", f"此步改善{of}",
        f"只建它{of}", f"最后建它{of}",
    )  # fmt: skip
    note = f"“建到此为止”是{word}；改善大于零为好。“—”为预算之内不建。只建它、最后建它：其余一条不建、其余全部建成时它的改善，相差越大越取决于别的线。"
    return Table("build-order", "先建哪一条：建设次序与每一步的改善", header, rows, tuple(range(2, 8)), note)


def _front_table(
    results: StudyResults, money: str, word: str, unit: str, over: float, whole: float
) -> list[Block]:
    """List what more money buys: the best choices of growing cost that are noticeably better than the one before."""
    names = dict(zip(results.build_order["corridor_id"], results.build_order["name"], strict=True))
    rows, last = [], 0.0
    for row in rows_of(results.build_front.sort_values("cost", kind="stable")):
        if row.gain < last + _NOTICEABLE * whole:
            continue
        last = float(row.gain)
        listed = join(names.get(each, each) for each in row.corridors.split(", "))
        rows.append((f"{row.cost:,.0f}", four_digits(row.value / over), f"{row.gain / whole:.0%}", listed))
    if len(rows) < 2:
        return []
    header = (f"至少要（{money}）", f"{word}{f'（{unit}）' if unit else ''}", "占全部改善", "建哪些")
    note = "花同样或更少的钱，没有更好的组合；只列比上一行明显更好的（多出全部改善的 1% 以上），其余见 tables.xlsx 的“预算与组合”一表。"
    return [Table("build-front", "多花一些，多得多少", header, tuple(rows[:_MOST_CHOICES]), (0, 1, 2), note)]


def _gainer_lines(results: StudyResults) -> list[Block]:
    table = results.access_changes
    if table.empty:
        return []
    rows = []
    parts = []
    for theta, one in table.groupby("theta", sort=True):
        up, down = one[one["side"] == "gains"], one[one["side"] == "loses"]
        parts.append(f"θ = {theta:g} 时 {len(up)} 个区县的份额上升、{len(down)} 个下降")
        for side, some in (("升", up), ("降", down.iloc[::-1])):
            rows += [
                (
                    f"{theta:g}", side, row.county, row.province, signed(row.change_pct, digits=1), signed(row.relative_pct, digits=1),
                )
                for row in rows_of(some.head(_SIDES_NAMED).rename(columns={"name": "county"}))
            ]  # fmt: skip
    asked = results.study.questions
    text = (
        f"市场可达性是一地能以多低的运费够到多少人（Donaldson 和 Hornbeck，2016；每远 {asked.cost_doubles_min:g} 分钟货物的价格多一倍；θ 为贸易弹性，越大远处越不重要）。"
        f"廊道建成后没有一处变差，但占全体的份额有升有降：{'；'.join(parts)}。可达性不等于增长：Faber（2014）发现"
        "国道主干线连通的外围县工业增长反而较慢，Baum-Snow 等（2020）发现公路使区域首位城市得益而腹地受损；本报告不推算这些后果。"
    )
    header = ("θ", "份额", "区县", "省级行政区", "市场可达性变化（%）", "份额变化（%）")
    note = (
        f"研究范围内的区县，各列升、降最多的 {_SIDES_NAMED} 个；其余见 tables.xlsx 的“市场可达性”一表和地图。"
    )
    return [text, Table("access", "谁的市场可达性份额升，谁的降", header, tuple(rows), (4, 5), note)]
