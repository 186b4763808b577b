"""What readers are told units and provinces are called where a study's boundaries aren't China's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

import pandas as pd

from ..geo.places import SOURCES
from .study_file import LevelKey

#: What `boundary_levels` may name, and what is said where it doesn't.
DEFAULTS: Final[Mapping[LevelKey, str]] = {
    "unit": "单元",
    "unit_en": "unit",
    "units_en": "",
    "province": "区域",
    "province_en": "region",
    "provinces_en": "",
}
#: How provinces of China end, also in a user's own file of them: there what the package says is right as it is.
_CHINESE: Final = ("省", "市", "自治区", "特别行政区")
#: Words for levels and their borders, and what becomes of them; U is a unit, P what it belongs to.
_ZH: Final = {
    "第七次全国人口普查常住人口，或研究自带的人口表": "研究自带的人口表",
    "第七次全国人口普查常住人口": "人口",
    "在全国的位置": "所处位置",
    "放不进全国的一页": "放不进这样大的一页",
    "在中国公开出版须换用经审核、标有审图号的底图": "出版前请核对当地规定",
    "南海诸岛": "",
    "所在各省的省会": "所在各{P}的首府",
    "省级行政区划": "{P}区划",
    "省级行政区": "{P}",
    "县级行政区": "{U}",
    "省级排名": "{P}排名",
    "所属地级行政区": "所属的中间一级",
    "地级": "中间一级",
    "省会、首府与直辖市": "首府",
    "省会": "首府",
    "跨省县对": "跨{P}的{U}对",
    "省内县对": "{P}内的{U}对",
    "同距县对": "同距的{U}对",
    "县对": "{U}对",
    "三省交界点": "三个{P}的交界点",
    "多省交界点": "多个{P}的交界点",
    "与另一省的区县": "与另一个{P}的{U}",
    "区县驻地": "{U}所在点",
    "县级驻地": "{U}所在点",
    "政府驻地": "所在点",
    "驻地": "所在点",
    "区县": "{U}",
    "个县": "个{U}",
    "个省": "个{P}",
    "逐县": "逐个{U}",
    "县内": "{U}内",
    "各县": "各{U}",
    "县城": "{U}所在点",
    "本县": "本{U}",
    "整县": "整个{U}",
    "省界": "{P}界",
    "省域": "{P}",
    "跨省": "跨{P}",
    "省内": "{P}内",
    "邻省": "相邻{P}",
    "外省": "其他{P}",
    "两省": "两个{P}",
    "三省": "三个{P}",
    "另一省": "另一个{P}",
    "各省": "各{P}",
    "该省": "该{P}",
    "本省": "本{P}",
}
#: The same in English, by the words' singular and plural.
_EN: Final = {
    "county": "unit_en",
    "counties": "units_en",
    "province": "province_en",
    "provinces": "provinces_en",
}
#: Not as a placeholder, such as {county}, whose name is nobody's to read.
_ENGLISH: Final = re.compile(r"(?<![{\w])(count(?:y|ies)|provinces?)(?![}\w])", re.IGNORECASE)
_SEATS: Final = re.compile(r"\bseats?\b")
_PUBLISHED: Final = re.compile(r"; to be published in China, [^.]*")
_HAN: Final = re.compile("[\u4e00-\u9fff]")
#: Between a text and its English.
_BOTH: Final = " / "


class Levels:
    """Says words for the levels of boundaries as a study has them.

    Parameters
    ----------
    named : mapping of str to str, optional
        A study's `boundary_levels`; None where what the package says is right as it is.
    kept : iterable of str
        A user's own texts, which stay as they are.

    Examples
    --------
    >>> say = Levels({"unit": "县", "province": "州", "unit_en": "county", "province_en": "state"})
    >>> say("毗邻区县与省界"), say("Province border"), say("Border counties")
    ('毗邻县与州界', 'State border', 'Border counties')
    >>> Levels({})("{county}, 3 provinces"), Levels(None)("3 provinces")
    ('{county}, 3 regions', '3 provinces')
    """

    def __init__(self, named: Mapping[LevelKey, str] | None, kept: Iterable[str] = ()) -> None:
        self.as_they_are = named is None
        said = {**DEFAULTS, **(named or {})}
        words = {str(key): word for key, word in said.items()}
        words["units_en"] = words["units_en"] or _plural(words["unit_en"])
        words["provinces_en"] = words["provinces_en"] or _plural(words["province_en"])
        self._english = {word: words[key] for word, key in _EN.items()}
        self._said = {word: said.format(U=words["unit"], P=words["province"]) for word, said in _ZH.items()}
        own = {text for text in kept if _has_term(text)} if not self.as_they_are else set()
        # a user's text first, then the longest word
        known = [*sorted(own, key=len, reverse=True), *sorted(_ZH, key=len, reverse=True)]
        self._chinese = re.compile("|".join(map(re.escape, known)))
        self._kept = re.compile("|".join(map(re.escape, sorted(own, key=len, reverse=True)))) if own else None

    def __call__(self, text: str) -> str:
        """Return a text of the package's own with the study's words in it."""
        if self.as_they_are:
            return text
        return _BOTH.join(
            self._chinese.sub(lambda found: self._said.get(found[0], found[0]), part)
            if _HAN.search(part)
            else self._in_english(part)
            for part in text.split(_BOTH)
        )

    def _in_english(self, text: str) -> str:
        if self._kept is None:
            return self._say(text)
        ends = [0, *(end for found in self._kept.finditer(text) for end in found.span()), len(text)]
        parts = [text[start:end] for start, end in pairwise(ends)]
        return "".join(part if at % 2 else self._say(part) for at, part in enumerate(parts))

    def _say(self, text: str) -> str:
        def said(found: re.Match[str]) -> str:
            word = self._english[found[0].lower()]
            return word[:1].upper() + word[1:] if found[0][0].isupper() else word

        text = _PUBLISHED.sub("", text)
        return _ENGLISH.sub(said, _SEATS.sub(lambda found: found[0].replace("seat", "point"), text))


def levels_of(results: Any) -> Levels:
    """Return how the results of a study, or what else has its ``study`` and ``provinces``, say levels."""
    known = getattr(results, "levels", None)
    if isinstance(known, Levels):  # a part of some results
        return known
    chosen = getattr(results, "study", None)
    if getattr(chosen, "boundary_source", SOURCES[0]) in SOURCES:
        return Levels(None)
    named: dict[LevelKey, str] = dict(getattr(chosen, "boundary_levels", {}))
    provinces = [str(name) for name in results.provinces["name"]]
    if not named and all(name.endswith(_CHINESE) for name in provinces):
        return Levels(None)
    return Levels(named, _own_texts(results))


def _own_texts(results: Any) -> set[str]:
    """Return the texts that a user brought: the study's, and names in the tables."""
    found: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for each in value.values():
                look(each)
        elif isinstance(value, list | tuple):
            for each in value:
                look(each)

    look(results.study.model_dump(mode="json", exclude={"boundary_levels"}))
    for table in (
        "provinces",
        "counties",
        "border_counties",
        "centres",
        "corridors",
        "corridor_stops",
        "claims",
    ):
        frame = getattr(results, table, None)
        if isinstance(frame, pd.DataFrame):
            for column in frame.select_dtypes(["object", "string"]).columns:
                if column != "geometry":
                    found.update(value for value in frame[column].dropna().unique() if isinstance(value, str))
    found.discard("")
    return found


def _has_term(text: str) -> bool:
    return any(word in text for word in _ZH) or bool(_ENGLISH.search(text) or _SEATS.search(text))


def _plural(word: str) -> str:
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"
