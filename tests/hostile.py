"""Texts that do something where text isn't kept text, and results in which every text is one; not tests themselves."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel

#: Each computes, ends what it stands in, or moves what stands after it, in one output or another.
HOSTILE = {
    "formula": '=HYPERLINK("http://evil.example","x")',
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "jinja": "{{ 654*321 }}{{ cycler.__init__.__globals__.os.system('touch ran') }}",
    "raw": "{% raw %}{% for x in y %}",
    "comment": "{# no end",
    "script": "</script><script>window.ran = 1</script><!--<script>",
    "image": "<img src=x onerror='window.ran = 1'>",
    "entity": "&lt;b&gt;&#x41;&amp;",
    "dollars": "$\\frac{1}{$ ${window.ran = 1} $x$",
    "bar": "a|b||c\\|d\\",
    "link": "[x](javascript:window.ran=1) ![y](http://evil.example/z.png) <javascript:1>",
    "marks": "`c` *i* __b__ ~~s~~ _u_ # h #",
    "list": "- item\n\n1. one\n---\n> quote\n    code",
    "quotes": "\"'`\\\"\\'\\\\`",
    "lines": "a\r\nb\u2028c\u2029d\x0be",
    "overridden": "\u202e321 \u2067abc\u200f",
    "escape": "\x1b[31m\x07",
    "underscore": "_hidden",
    "folder": "tile-folder:/../../a",
}  # fmt: skip
LONG = "长" * 10_000
#: Stands in every hostile text, so that no place that one got to is overlooked.
MARK = "※"

#: Columns whose text has a fixed form: identifiers, dates, words of the package's own.
FIXED_COLUMNS = {
    "a_id", "b_id", "centre_id", "change_id", "claim_id", "compare", "core_id", "corridor_a", "corridor_b", "corridor_id", "corridors", "cost_unit",
    "county_type", "date", "direction", "from_id", "group_id", "kind", "links", "mark", "meant", "measure", "member_id", "mode", "option",
    "origin_id", "other_holds", "point_source", "position", "reported_holds", "role", "scenario", "scenario_county_type",
    "second_group_id", "sentence", "side", "stance", "status", "study", "to_id", "verdict",
}  # fmt: skip
#: Columns with text that comes from somebody's file, or is made of such.
FREE_COLUMNS = {
    "a_name", "a_province", "across_city", "assumptions", "b_name", "b_province", "beyond_county", "beyond_province", "by_class", "centre_name", "centres",
    "circle_of", "city", "counties_gained", "counties_lost", "county", "county_a", "county_b", "cut_off", "data", "detail", "flip",
    "from_name", "from_province", "from_stop", "group_name", "lines", "main_city", "member_name", "method", "name", "name_a", "name_b", "neighbour_provinces",
    "origin_name", "other_reading", "own_city", "province", "province_a", "province_b", "provinces", "reading", "reported_by",
    "road_class", "service", "short_name", "source", "stop_name", "strongest_name", "text", "to_name", "to_province", "to_stop", "unit",
    "verdict_text", "words", "worst_from", "worst_to",
}  # fmt: skip


def hostile(value: str) -> str:
    """All that is hostile, with another first for each value, and the value among it; a few have 10,000 letters."""
    listed = list(HOSTILE.values())
    number = zlib.crc32(value.encode())
    ordered = [*listed[number % len(listed) :], *listed[: number % len(listed)]]
    return f"{ordered[0]}{MARK}{value}{MARK}{' '.join(ordered[1:])}{LONG if number % 50 == 0 else ''}"


def spoiled_text(value: str) -> str:
    """A text, or each of the names that it joins, made hostile; the same one the same way, so that tables agree."""
    return "、".join(hostile(part) for part in value.split("、")) if value else value


def text_columns(table: pd.DataFrame) -> list[str]:
    return [
        str(name)
        for name in table.columns
        if table[name].dtype.kind == "O" and not hasattr(table[name], "geom_type") and name != "geometry"
    ]


def spoiled(value: Any) -> Any:
    """A table, text or list with all its free text made hostile; the original is left."""
    if isinstance(value, str):
        return spoiled_text(value)
    if isinstance(value, pd.DataFrame):
        known = value.copy()
        for name in text_columns(value):
            if name in FREE_COLUMNS:
                known[name] = [spoiled_text(each) if isinstance(each, str) else each for each in value[name]]
        return known
    if isinstance(value, Mapping):
        return {key: spoiled(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(spoiled(each) for each in value)
    return value


def spoiled_model(model: BaseModel, free: set[str]) -> Any:
    """A model in which the fields named (``Model.field``), and those of the models in it, are hostile."""

    def change(value: Any, name: str) -> Any:
        if isinstance(value, BaseModel):
            return spoiled_model(value, free)
        if isinstance(value, tuple):
            return tuple(change(each, name) for each in value)
        return spoiled_text(value) if isinstance(value, str) and name in free else value

    changed = {name: change(value, f"{type(model).__name__}.{name}") for name, value in model}
    return model.model_copy(update=changed)


def texts_of(value: Any) -> Iterator[str]:
    """Every text in JSON values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_of(each)
