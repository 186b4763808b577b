"""What a terminal is asked and told: columns that line up, questions, and in which characters."""

from __future__ import annotations

import io
import sys
import unicodedata
from collections.abc import Iterable, Sequence

from .geo.errors import InputError
from .geo.text import one_line


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int] = ()) -> None:
    """Print columns that line up on a terminal, where Chinese characters take two places each."""
    lines = [tuple(header), *(tuple(map(one_line, row)) for row in rows)]
    widths = [max(text_width(line[column]) for line in lines) for column in range(len(header))]
    numeric = set(right)
    for line in lines:
        cells = []
        for column, (text, width) in enumerate(zip(line, widths, strict=True)):
            space = " " * (width - text_width(text))
            cells.append(space + text if column in numeric else text + space)
        print("  ".join(cells).rstrip())


def text_width(text: str) -> int:
    """Return the places that a text takes on a terminal.

    Examples
    --------
    >>> text_width("重庆 a")
    6
    """
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def on_terminal() -> bool:
    """Tell whether progress is seen by somebody."""
    return sys.stderr.isatty()


def asked(question: str, option: str) -> list[str]:
    """Return the words that somebody at a terminal answers with."""
    if not sys.stdin.isatty():
        raise InputError(f"{option} is missing, and there is no terminal to ask at; give it")
    print(f"{question}: ", end="", file=sys.stderr, flush=True)
    words = sys.stdin.readline().replace("、", " ").replace(",", " ").replace("，", " ").split()
    if not words:
        raise InputError(f"{option} is missing; give it")
    return words


def speak_utf8() -> None:
    """Windows consoles and pipes may be in a code page that lacks characters; never fail over that."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
