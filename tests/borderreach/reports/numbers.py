"""Numbers of a report as they are printed, each with what it counts.

A number stands for something: kilometres, minutes, people. What it counts is read from the word after it, from the head
of its column, or from the brackets before a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

#: What numbers count, by the word behind them or in the brackets of a column's head, and its scale.
KINDS: Final = {
    "平方千米": ("km2", 1.0), "千米": ("km", 1.0), "米": ("m", 1.0), "万人/分钟": ("potential", 1e4), "分钟": ("min", 1.0),
    "万人": ("people", 1e4), "万": ("people", 1e4), "%": ("share", 0.01), "个": ("count", 1.0), "座": ("count", 1.0),
    "处": ("spots", 1.0), "对": ("pairs", 1.0), "句": ("sentences", 1.0), "段": ("borders", 1.0), "条": ("lines", 1.0),
    "处/百千米": ("density", 1.0), "年": ("year", 1.0),
}  # fmt: skip
_UNIT: Final = "|".join(sorted(map(re.escape, KINDS), key=len, reverse=True))
_NUMBER: Final = re.compile(
    rf"(?P<sign>[+−])?(?<![A-Za-z\d.,])(?P<digits>\d[\d,]*(?:\.\d+)?)(?:\s?(?P<unit>{_UNIT}))?"
)
#: What isn't a figure: numbers of tables, figures, sources, chapters and items, names of roads, days.
_LABELS: Final = re.compile(
    r"[表图] \d+|［\d+］|!\[[^\]]*\]\([^)]*\)|(?m:^\d+\. )|\b[GS]\d+|\d{4}-\d{2}-\d{2}"
)
#: Heads of columns that go on with the unit of the column before.
_GOES_ON: Final = {"规划后", "变化"}


@dataclass(frozen=True)
class Number:
    """A number of a report as it is printed: of which kind, in which sentence or row, and whether it's the row of a table."""

    text: str
    kind: str
    scale: float
    before: str
    of_row: bool
    where: str

    @property
    def value(self) -> float:
        return float(self.text.replace(",", "").replace("−", "-").replace("+", ""))

    @property
    def told(self) -> str:
        """What the report says up to the number in its sentence, or the head and the cells of its row."""
        return self.where if self.of_row else self.before

    @property
    def digits(self) -> int:
        return len(self.text.partition(".")[2])


def body_of(report: str) -> str:
    """The report before its appendices."""
    return report.split("## 附录", maxsplit=1)[0]


def numbers_of(text: str) -> Iterator[Number]:
    """Every number of a part of a report."""
    header: list[str] = []
    unit = ""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if not line.startswith("|"):
            yield from _prose(line)
            continue
        cells = cells_of(line)
        if not lines[at - 1].startswith("|"):
            header, unit = cells, _unit_beneath(lines[at:])
        elif not set("".join(cells)) <= set("-: "):
            yield from _row(header, cells, unit)


def cells_of(line: str) -> list[str]:
    """The cells of a row of a table in Markdown."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _unit_beneath(lines: list[str]) -> str:
    """What the note of a table says of all its cells."""
    note = next((line for line in lines if line and not line.startswith("|")), "")
    found = re.match(r"注：单位为(\S+?)[，。]", note)
    return found[1] if found else ""


def _row(header: list[str], cells: list[str], unit: str) -> Iterator[Number]:
    default = unit
    for head, cell in zip(header, cells, strict=True):
        own = re.search(rf"（({_UNIT})(?:）|，)", head) or re.fullmatch(rf"({_UNIT})", head)
        if own or head not in _GOES_ON:
            default = own[1] if own else unit
        if head == "设计时速":
            default = "千米"
        elif head.endswith("区县"):
            default = "个"
        for number in _prose(cell, default):
            yield Number(
                number.text,
                number.kind,
                number.scale,
                " | ".join(cells),
                True,
                f"{head}: {' | '.join(cells)[:160]}",
            )


def _prose(line: str, default: str = "") -> Iterator[Number]:
    raw, line = line, _LABELS.sub(lambda found: "＃" * len(found[0]), line)
    line = re.sub(r"(?<=\d)–(?=\d)", "～", line)
    listed = [(found.end(), found[1]) for found in re.finditer(rf"（[^（）\d]*?({_UNIT})(?=数?[，）])", line)]
    found = list(_NUMBER.finditer(line))
    for k, one in enumerate(found):
        unit = one["unit"] or _unit_of_list(line, found[k:]) or default
        if not unit:
            before = [word for end, word in listed if end <= one.start()]
            unit = before[-1] if before else ""
        kind, scale = KINDS.get(unit, ("", 1.0))
        yield Number(
            (one["sign"] or "") + one["digits"].rstrip(","), kind, scale, raw[: one.start()], False,
            line[max(one.start() - 40, 0) : one.end() + 20],
        )  # fmt: skip


def _unit_of_list(line: str, found: list[re.Match[str]]) -> str:
    """The unit of "5～8 千米" stands behind the 8, and that of "60、120 分钟" behind the 120."""
    for one, after in pairwise(found):
        if line[one.end() : after.start()].strip() not in {"～", "、", "减至", "至", "→"}:
            return ""
        if after["unit"]:
            return after["unit"]
    return ""
