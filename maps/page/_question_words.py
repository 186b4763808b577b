"""Words that the page alone has for answers to a study's questions, Chinese and English."""

from __future__ import annotations

from typing import Final

from ..wording import Language

#: By what is asked: a page without the answer has none of its words.
QUESTION_WORDS: Final[dict[str, dict[Language, dict[str, str]]]] = {
    "yardsticks": {
        "zh": {
            "circle_own": "1 小时：本市",
            "circle_across": "2 小时：外省最近的市",
            "circle_main": "3 小时：主要城市",
        },
        "en": {
            "circle_own": "1 h: own city",
            "circle_across": "2 h: nearest city of another province",
            "circle_main": "3 h: main city",
        },
    },
    "links": {
        "zh": {
            "links_across": "跨省的城市联系（线宽）",
            "links_within": "省内的城市联系（线宽）",
            "link_share": "占全部城市联系的 {share}%，现状 {minutes} 分钟",
            "link_meets": "两市的吸引力在距{place} {minutes} 分钟处相等（断裂点）",
        },
        "en": {
            "links_across": "Links of cities across provinces (width)",
            "links_within": "Links of cities within provinces (width)",
            "link_share": "{share}% of all links between cities, {minutes} min today",
            "link_meets": "both draw alike {minutes} min from {place} (breaking point)",
        },
    },
    "cost": {
        "zh": {
            "ways_to": "到{centre}的走法",
            "way_road": "最快的公路",
            "way_free": "不走高速",
            "way_rail": "公铁联程，现状",
            "way_after": "公铁联程，规划后",
            "way_yuan": "元",
            "way_generalised": "广义费用（元）",
        },
        "en": {
            "ways_to": "Ways to {centre}",
            "way_road": "fastest road",
            "way_free": "without expressways",
            "way_rail": "by road and rail, today",
            "way_after": "by road and rail, with corridors",
            "way_yuan": "yuan",
            "way_generalised": "generalised cost (yuan)",
        },
    },
}
