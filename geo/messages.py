"""Messages of errors in the language that is wanted: templates with their translations, and values filled in as they are.

An error is raised with its English text. To tell it in Chinese, the text is held against the templates of
`data/messages/zh`, `{}` standing for a value; the values are put into the translation, `{0}` being the first, and are told in
Chinese themselves where they are messages or pieces of such. `tests/geo/test_messages.py` holds that every message in the
source has its translation.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

from .. import data

#: Languages that the package speaks.
LANGUAGES: Final = ("en", "zh")
#: Where the wanted language stands, so that other processes have it, too.
LANGUAGE_VARIABLE: Final = "BORDERREACH_LANGUAGE"
_SLOT: Final = re.compile(r"\{\}")
#: A value: quoted, a number, or whatever stands there.
_VALUE: Final = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[-+]?\d+(?:[.,]\d+)*|.*?)"""
_LETTER: Final = re.compile("[A-Za-z]{2}")
_FILLED: Final = re.compile(r"\{(\d+)\}")
#: Values within values so deep are told as they are.
_DEEPEST: Final = 4
#: Rows of so many messages are told as they are.
_MOST_PARTS: Final = 60


def in_language(text: str, language: str | None = None) -> str:
    """Return a message in a language, or in the one that the environment asks for.

    Parameters
    ----------
    text : str
        An English message, with its values in it; each line is one.
    language : {"en", "zh"}, optional
        `BORDERREACH_LANGUAGE` where left out; anything else is English.

    Returns
    -------
    str
        The same text where no translation is known.

    Examples
    --------
    >>> in_language("there is no file a.gpkg", "zh")
    '没有文件 a.gpkg'
    """
    wanted = os.environ.get(LANGUAGE_VARIABLE) if language is None else language
    if wanted != "zh":
        return text
    return "\n".join(_translated(line, 0) for line in text.split("\n"))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Tell messages in a language as long as this lasts, in processes that begin meanwhile as well."""
    before = os.environ.get(LANGUAGE_VARIABLE)
    os.environ[LANGUAGE_VARIABLE] = language
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(LANGUAGE_VARIABLE, None)
        else:
            os.environ[LANGUAGE_VARIABLE] = before


@cache
def translations() -> Mapping[str, str]:
    """Return every template with its translation."""
    found: dict[str, str] = {}
    for path in sorted(data.path("messages/zh").glob("*.toml")):
        with path.open("rb") as file:
            found |= tomllib.load(file)
    return found


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Return the templates with values: the longest piece of each, its pattern, its translation; the most literal first."""
    found = []
    for template, told in translations().items():
        pieces = _SLOT.split(template)
        if len(pieces) > 1:
            pattern = re.compile(_VALUE.join(map(re.escape, pieces)), re.DOTALL)
            found.append((sum(map(len, pieces)), max(pieces, key=len), pattern, told))
    ordered = sorted(found, key=lambda one: -one[0])
    return tuple((piece, pattern, told) for _, piece, pattern, told in ordered)


def _translated(text: str, depth: int) -> str:
    """Return a text in Chinese, whole or message by message, or as it is."""
    if depth > _DEEPEST or not _LETTER.search(text):
        return text
    told = _as_one(text, depth)
    if told is not None:
        return told
    # Several messages in a row, each of which may have such a mark in it.
    parts = text.split("; ")
    if len(parts) > _MOST_PARTS:
        return text
    found: list[str] = []
    at = 0
    while at < len(parts):
        for end in range(len(parts), at, -1):
            told = _as_one("; ".join(parts[at:end]), depth) if end - at < len(parts) else None
            if told is not None:
                break
        found.append(parts[at] if told is None else told)
        at = at + 1 if told is None else end
    if found != parts:
        return "；".join(found)
    return _filled(text, depth, worded=False) or text


def _as_one(text: str, depth: int) -> str | None:
    """Return a text by its own translation, by that of its template, or with what stands before it; None without one."""
    whole = translations().get(text)
    if whole is not None:
        return whole
    filled = _filled(text, depth, worded=True)
    if filled is not None:
        return filled
    before, colon, after = text.partition(": ")
    told_after = _as_one(after, depth + 1) if colon and depth < _DEEPEST else None
    return None if told_after is None else f"{before}：{told_after}"


def _filled(text: str, depth: int, *, worded: bool) -> str | None:
    """Return a text by the first template that it may be of, with or without words of its own; None where it's of none."""
    for piece, pattern, told in _patterns():
        if piece not in text or (_LETTER.search(piece) is not None) != worded:
            continue
        found = pattern.fullmatch(text)
        if found is not None:
            values = [_translated(value, depth + 1) for value in found.groups()]
            return _FILLED.sub(lambda slot, values=values: values[int(slot[1])], told)  # type: ignore[misc] # bound at once
    return None
