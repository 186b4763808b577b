"""What the columns of a study's tables are called in its workbook, in which unit, and what they mean."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from ..analysis.claims import VERDICT_NAMES
from ..documents import Column


class Word(NamedTuple):
    """How a column is told: its head, unit, meaning and decimals; -1 for codes, whose digits nobody groups."""

    head: str
    unit: str = ""
    meaning: str = ""
    digits: int = 0


#: By the tables' own names of columns, which the other files have.
WORDS: Final[dict[str, Word]] = {
    "adcode": Word("代码", "", "行政区划代码", -1),
    "name": Word("区县", "", "县级行政区名称"),
    "city": Word("地级", "", "所属地级行政区"),
    "province": Word("省级行政区"),
    "neighbour_provinces": Word("邻省", "", "与之共有陆地边界的其他省级行政区"),
    "border_km": Word("省界长", "千米", "该区县（或该段省界）的长度，椭球面上量算", 1),
    "people": Word("人口", "人", "第七次全国人口普查常住人口，或研究自带的人口表"),
    "county_type": Word("类型，现状", "", "邻近核心、通道沿线、通道外侧、远离核心，定义见报告"),
    "scenario_county_type": Word("类型，规划后", "", "同上，全部廊道建成后"),
    "core_min": Word("至最近核心", "分钟", "至本研究的中心或所在各省省会中最近者的时间", 1),
    "base_people_reached": Word("可达人口，现状", "人", "驻地在圈的分钟数内可达的区县（含本县）人口之和"),
    "scenario_people_reached": Word("可达人口，规划后", "人", "同上，全部廊道建成后"),
    "base_potential": Word("市场潜力，现状", "人/分钟", "哈里斯市场潜力：各区县人口除以到那里的分钟数之和"),
    "scenario_potential": Word("市场潜力，规划后", "人/分钟", "同上，全部廊道建成后"),
    "potential_change": Word("市场潜力变化", "比例", "规划后相对于现状，0.05 即增加 5%", 4),
    "efficiency": Word("通行效率，现状", "比例", "90 分钟内可达人口与 120 千米直线范围内人口之比", 3),
    "scenario_efficiency": Word("通行效率，规划后", "比例", "同上，全部廊道建成后", 3),
    "efficiency_own": Word("通行效率，省内", "比例", "只计本省", 3),
    "efficiency_across": Word("通行效率，跨省", "比例", "只计外省", 3),
    "scenario": Word("情景", "", "现状、各廊道单独、全部廊道（规划后）、年份、线路中断"),
    "cutoff_min": Word("时限", "分钟", "圈的分钟数"),
    "area_km2": Word("面积", "平方千米", "圈的面积", 1),
    "base_area_km2": Word("面积，现状", "平方千米", "圈的面积", 1),
    "scenario_area_km2": Word("面积，该情景", "平方千米", "", 1),
    "delta_area_km2": Word("面积变化", "平方千米", "", 1),
    "base_counties": Word("区县驻地，现状", "个", "政府驻地在圈内的研究范围区县"),
    "scenario_counties": Word("区县驻地，该情景", "个"),
    "delta_counties": Word("区县驻地变化", "个"),
    "counties_gained": Word("进圈的区县"),
    "counties_lost": Word("出圈的区县"),
    "people_by_seat": Word("人口，按驻地计", "人", "全部人口记在政府驻地"),
    "from_name": Word("起点"),
    "to_name": Word("终点"),
    "travel_time_min": Word("时间", "分钟", "门到门的最短时间", 1),
    "delta_min": Word("变化", "分钟", "相对于现状，负数为节省", 1),
    "road_only_min": Word("全程公路", "分钟", "", 1),
    "door_to_door_min": Word("公铁联程门到门", "分钟", "", 1),
    "line_haul_min": Word("行车时间", "分钟", "列车上的时间", 1),
    "slower_trains_min": Word("慢于最快列车", "分钟", "一般列车沿途停站，比最快列车多用的时间", 1),
    "low_min": Word("门到门下限", "分钟", "约三分之二的实际用时在上下限之内", 1),
    "high_min": Word("门到门上限", "分钟", "约三分之二的实际用时在上下限之内", 1),
    "waiting_min": Word("候车", "分钟", "按停靠列车的班次估算，列车多时略长于平均间隔的一半，设上限", 1),
    "night_min": Word("途中过夜", "分钟", "乘车当天到不了的行程，次日早晨再走；不计入门到门时间", 1),
    "boarding_min": Word("进站", "分钟", "", 1),
    "alighting_min": Word("出站", "分钟", "", 1),
    "transfer_min": Word("换乘", "分钟", "", 1),
    "road_min": Word("两端公路", "分钟", "", 1),
    "access_min": Word("进出路网", "分钟", "", 1),
    "n_boardings": Word("乘车次数", "次"),
    "corridor": Word("廊道"),
    "measure": Word("指标", "", "两小时圈等面积、区县、毗邻区县至中心、毗邻区县之间"),
    "contribution": Word("自身贡献", "", "沙普利值：在所有建设次序中新增量的平均", 2),
    "standard_error": Word("标准误", "", "抽样估计时大于零", 2),
    "alone": Word("单独建成", "", "只建此廊道时的变化", 2),
    "last": Word("最后建成", "", "其余都已建成时它的新增", 2),
    "province_a": Word("省级行政区甲"),
    "province_b": Word("省级行政区乙"),
    "length_low_km": Word("省界长，小者", "千米", "两种边界数据中较短的长度", 1),
    "length_high_km": Word("省界长，大者", "千米", "两种边界数据中较长的长度", 1),
    "n_counties_a": Word("甲侧毗邻区县", "个"),
    "n_counties_b": Word("乙侧毗邻区县", "个"),
    "n_crossings": Word("跨省通道", "处", "连接两省的干线公路路段"),
    "spacing_km": Word("平均间距", "千米", "省界长除以跨省通道数", 1),
    "longest_without_km": Word("最长无通道", "千米", "相邻通道之间最长的一段省界", 1),
    "crossings_per_100km": Word("通道密度", "处/百千米", "每百千米省界的跨省通道", 2),
    "detour_pct": Word("跨界绕行比省内", "%", "公路路程与直线之比，较直线距离相近的省内县对高出", 1),
    "detour_low_pct": Word("跨界绕行下限", "%", "95% 区间", 1),
    "detour_high_pct": Word("跨界绕行上限", "%", "95% 区间", 1),
    "inside_pct": Word("圈内的毗邻区县", "%", "两侧毗邻区县中驻地在任一中心圈内的", 1),
    "rank_low": Word("最好的单项名次", "", "通道密度、跨界绕行、圈内比例三项中最好的名次", 1),
    "rank_high": Word("最差的单项名次", "", "三项中最差的名次", 1),
    "mean_rank": Word("平均名次", "", "三项名次的平均，越小联系越好", 1),
    "n_borders": Word("省界", "段"),
    "best_rank": Word("最好的省界", "", "该省最好一段省界的名次"),
    "worst_rank": Word("最差的省界", "", "该省最差一段省界的名次"),
    "n_pairs": Word("跨界县对", "对", "县级驻地相距 20 至 150 千米的跨界县对"),
    "mean_straight_km": Word("平均直线距离", "千米", "", 1),
    "detour_across": Word("跨界绕行系数", "", "公路路程与直线之比", 3),
    "detour_within": Word("省内绕行系数", "", "直线距离相近的省内县对", 3),
    "detour_ratio": Word("跨界与省内之比", "", "", 3),
    "detour_ratio_low": Word("比值下限", "", "95% 区间", 3),
    "detour_ratio_high": Word("比值上限", "", "95% 区间", 3),
    "extra_min": Word("跨界多用", "分钟", "与省内同距县对相比", 1),
    "across_median_min": Word("跨界一对用时的中位数", "分钟", "", 1),
    "centre_name": Word("中心"),
    "n_counties": Word("圈内区县", "个", "面积过半在圈内"),
    "n_seats": Word("圈内区县驻地", "个", "政府驻地在圈内的研究范围区县"),
    "counties_across": Word("其中另一省的"),
    "n_across": Word("另一省的区县", "个"),
    "county": Word("区县"),
    "beyond_county": Word("对侧区县"),
    "beyond_province": Word("对侧省级行政区"),
    "gap_km": Word("缺口", "千米", "", 1),
    "network_km": Word("现须绕行", "千米", "", 1),
    "network_min": Word("绕行用时", "分钟", "", 1),
    "road_class": Word("道路等级"),
    "county_a": Word("甲侧区县"),
    "county_b": Word("乙侧区县"),
    "length_km": Word("路段长", "千米", "", 2),
    "sentence": Word("句", "", "属于列入检验的第几句，一句话一个结论", -1),
    "role": Word("部分或读法", "", "一句话的一部分，或另一种读法"),
    "words": Word("文中的话"),
    "reading": Word("如何理解"),
    "verdict": Word("结论"),
    "verdict_text": Word("依据"),
    "limit": Word("界限", "", "单位见“单位”一列", 2),
    "value": Word("算得", "", "单位见“单位”一列", 2),
    "unit": Word("单位"),
    "chance": Word("成立的可能性", "概率", "", 3),
    "detail": Word("明细"),
    "flip": Word("怎样才会改变结论"),
    "assumptions": Word("假设"),
    "group_name": Word("组团"),
    "n_members": Word("成员", "个"),
    "limit_min": Word("阈值", "分钟"),
    "base_mean_min": Word("平均，现状", "分钟", "成员两两之间", 1),
    "base_max_min": Word("最长，现状", "分钟", "", 1),
    "base_cohesion": Word("凝聚度，现状", "比例", "相互时间在阈值之内的成员对所占比例", 3),
    "scenario_mean_min": Word("平均，规划后", "分钟", "", 1),
    "scenario_max_min": Word("最长，规划后", "分钟", "", 1),
    "scenario_cohesion": Word("凝聚度，规划后", "比例", "", 3),
    "a_name": Word("组团甲"),
    "b_name": Word("组团乙"),
    "overlap_km2": Word("重叠", "平方千米", "", 1),
    "share_of_smaller": Word("占较小一圈", "比例", "", 3),
    "change_name": Word("线路中断或变速"),
    "base_min": Word("现状", "分钟", "门到门", 1),
    "scenario_min": Word("该情景", "分钟", "门到门", 1),
    "year": Word("年底", "", "当年年底已通车的路", -1),
    "across_min": Word("到对侧最近的毗邻区县", "分钟", "毗邻区县的平均", 1),
    "n_near": Word("通勤圈时限内到对侧的区县", "个", "驻地在时限内可到对侧某个毗邻区县的驻地"),
    "people_near": Word("其人口", "人"),
    "n_inside": Word("圈内的毗邻区县", "个", "驻地在任一中心的圈内"),
    "people_inside": Word("圈内毗邻区县的人口", "人"),
    "inside": Word("在圈内"),
    "origin_name": Word("毗邻区县"),
    "minutes": Word("至最近的成员", "分钟", "0 表示本身是成员", 1),
    "crossing": Word("跨省通道", "", "两端所在的区县"),
    "cost_person_min": Word("损失", "人·分钟", "中断后所有人多用的时间之和；不再能到的一次出行按 1440 分钟计"),
    "delay_person_min": Word("其中绕行", "人·分钟", "仍能到达的出行多用的时间"),
    "longer_trips": Word("受影响的出行", "人次", "每人一次，去向随对方人口增、随时间减"),
    "mean_delay_min": Word("平均多用", "分钟", "受影响的出行", 1),
    "worst_delay_min": Word("最多多用", "分钟", "", 1),
    "worst_from": Word("多用最多：从"),
    "worst_to": Word("多用最多：到"),
    "cut_off_trips": Word("不再能到的出行", "人次"),
    "places_cut_off": Word("隔断的区县", "个", "失去一半以上的出行"),
    "cut_off": Word("隔断的是"),
    "leaving_people": Word("圈内最多减少", "人", "各区县的圈中减少最多的一个"),
    "circle_of": Word("减少最多的圈", "", "其中心"),
    "rank": Word("名次"),
    "from_province": Word("起点所在"),
    "to_province": Word("终点所在"),
    "straight_km": Word("直线距离", "千米", "", 1),
    "road_km": Word("公路路程", "千米", "", 1),
    "detour_factor": Word("绕行系数", "", "公路路程与直线之比", 2),
    "usual_detour": Word("省内通常", "", "直线距离相近的省内县对的中位数", 2),
    "line_km": Word("线长", "千米", "直线的 1.3 倍", 1),
    "line_min": Word("线上用时", "分钟", "时速 80 千米", 1),
    "saved_min": Word("两地省时", "分钟", "前面各条已建成时", 1),
    "gain_person_min": Word("总省时", "人·分钟", "每人出行一次"),
    "gain_per_km": Word("每千米省时", "人·分钟/千米"),
    "corridor_name": Word("廊道"),
    "step": Word("次序", "", "0 为不建"),
    "cost": Word("造价或长度", "", "单位见“单位”一列；亿元，或千米", 1),
    "total_cost": Word("累计", "", "同上", 1),
    "cost_unit": Word("单位"),
    "adds": Word("此步新增", "", "目标的改善", 2),
    "mean": Word("平均新增", "", "沙普利值：对其余廊道的所有组合取平均", 2),
    "chosen": Word("入选"),
    "base_value": Word("目标，现状", "", "", 2),
    "gain": Word("改善", "", "相对于现状", 2),
    "corridors": Word("廊道组合"),
    "n": Word("条数", "条"),
    "corridor_a": Word("廊道甲"),
    "corridor_b": Word("廊道乙"),
    "interaction": Word("相互作用", "", "两条同建比各自单建之和多出的，对其余廊道的所有组合取平均", 2),
    "kind": Word("关系"),
    "theta": Word("贸易弹性 θ", "", "", 2),
    "base_access": Word("市场可达性，现状", "人", "各区县人口按 (1 + 分钟/倍增分钟)^−θ 折算之和"),
    "scenario_access": Word("市场可达性，规划后", "人", "同上"),
    "change_pct": Word("变化", "%", "", 2),
    "relative_pct": Word("份额变化", "%", "占全体之和的份额", 2),
    "side": Word("得失", "", "按份额"),
    "own_city": Word("所属地级市", "", "没有所属的取本省最近的"),
    "own_city_min": Word("至所属地级市", "分钟", "往返中较长者", 1),
    "within_1h": Word("1 小时通勤", "", "至所属地级市不超过 60 分钟"),
    "across_city": Word("最近的外省地级市"),
    "across_city_min": Word("至外省地级市", "分钟", "往返中较长者", 1),
    "within_2h": Word("2 小时通达", "", "至最近的外省地级市不超过 120 分钟"),
    "main_city": Word("最近的主要城市", "", "省会、首府与直辖市"),
    "main_city_min": Word("至主要城市", "分钟", "往返中较长者", 1),
    "within_3h": Word("3 小时覆盖", "", "至最近的主要城市不超过 180 分钟"),
    "metropolitan": Word("都市圈 1 小时", "", "至最近的主要城市不超过 60 分钟"),
    "n_missed": Word("未达到", "项", "三个圈中"),
    "people_reached": Word("可达人口", "人", "驻地在圈的分钟数内可达的区县人口之和，今天的人口"),
    "name_a": Word("通道甲", "", "两端所在的区县"),
    "name_b": Word("通道乙", "", "两端所在的区县"),
    "cost_a_person_min": Word("甲单独中断", "人·分钟"),
    "cost_b_person_min": Word("乙单独中断", "人·分钟"),
    "excess_person_min": Word("同断多出", "人·分钟", "两处同时中断比各自单断之和多出的；大于零为互为后备"),
    "option": Word("走法"),
    "minutes_all": Word("全程", "分钟", "门到门", 1),
    "km_all": Word("路程", "千米", "", 1),
    "yuan": Word("花费", "元", "按研究文件给的价格", 1),
    "generalised_yuan": Word("广义费用", "元", "花费加时间的价值", 1),
    "generalised_min": Word("广义时间", "分钟", "同上，折成分钟", 1),
    "best": Word("最省", "", "广义费用最低"),
    "efficient": Word("不被胜过", "", "没有别的走法既不更慢也不更贵"),
    "from_value": Word("时间值多少起最省", "元/小时", "", 1),
    "to_value": Word("到多少为止", "元/小时", "空为不设上限，或从不最省", 1),
    "city_a": Word("城市甲"),
    "city_b": Word("城市乙"),
    "a_province": Word("甲所在"),
    "b_province": Word("乙所在"),
    "across": Word("跨省"),
    "mean_min": Word("用时", "分钟", "往返平均", 1),
    "strength": Word("引力强度", "万人²/分钟²", "两地人口之积除以用时的平方", 3),
    "share": Word("占全部联系", "比例", "", 4),
    "breaking_min": Word("断裂点", "分钟", "距城市甲：两地引力在此相等", 1),
    "total": Word("联系总量", "万人²/分钟²", "与其余各城市引力强度之和", 2),
    "strongest_name": Word("联系最强的"),
    "across_share": Word("跨省所占", "比例", "", 3),
    "hinterland_counties": Word("腹地区县", "个", "到它最近的区县"),
    "hinterland_people": Word("腹地人口", "人"),
    "hinterland_min": Word("腹地到它", "分钟", "按人口平均", 1),
    "figure": Word("数字"),
    "shown": Word("值"),
    "how": Word("怎样得来", "", "所在的表与列"),
}  # fmt: skip

_TYPES: Final = {"core-adjacent": "邻近核心", "corridor": "通道沿线", "sag": "通道外侧", "remote": "远离核心"}
_MEASURES: Final = {
    "circle_km2": "圈的面积（平方千米）",
    "circle_counties": "圈内区县驻地（个）",
    "county_min": "毗邻区县至中心的平均时间（分钟）",
    "border_pair_min": "毗邻区县之间的平均时间（分钟）",
    "pair_min": "中心之间的平均时间（分钟）",
    "people": "圈内人口（人）",
    "gini": "基尼系数",
    "palma": "帕尔马比",
    "poverty_line": "可达性贫困线（人）",
    "poor_share": "贫困线以下的人口比例",
    "poverty_gap": "平均缺口",
}
_CLASSES: Final = {"motorway": "高速公路", "ordinary": "普通公路", "unknown": "等级不明"}
#: Values that tables hold in words of their own.
VALUES: Final[dict[str, dict[str, str]]] = {
    "county_type": _TYPES,
    "scenario_county_type": _TYPES,
    "measure": _MEASURES,
    "verdict": dict(VERDICT_NAMES),
    "role": {"part": "部分", "reading": "另一种读法"},
    "road_class": _CLASSES,
    "unit": {"min": "分钟", "km": "千米"},
    "cost_unit": {"100m_yuan": "亿元", "km": "千米"},
    "kind": {"complements": "互相补充", "substitutes": "互相替代", "independent": "互不相干"},
    "option": {
        "road": "最快的公路",
        "free": "不走高速",
        "rail": "公铁联程，现状",
        "after": "公铁联程，规划后",
    },
    "side": {"gains": "升", "loses": "降", "stays": "不变"},
}


def column(table: pd.DataFrame, name: str, *, head: str | None = None) -> Column:
    """Return a column of a table as the workbook has it."""
    word = WORDS[name]
    cells = table[name]
    if name in VALUES:
        known = VALUES[name]
        cells = cells.map(lambda value: known.get(value, value))
    return Column(head or word.head, tidy(cells), word.unit, word.meaning, word.digits)


def tidy(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells as plain Python values: booleans, whole numbers, numbers, texts, None."""
    found = [each.item() if isinstance(each, np.generic) else each for each in cells]
    return pd.Series(found, index=cells.index, dtype=object)


def column_words(table: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return what the columns of a table are called, with what they mean and their unit, where that is known."""
    found = {}
    for name in map(str, table.columns):
        if name in WORDS:
            word = WORDS[name]
            unit = (
                f"，单位：{word.unit}" if word.unit and word.meaning else word.unit and f"单位：{word.unit}"
            )
            found[name] = (word.head, word.meaning + unit)
    return found
