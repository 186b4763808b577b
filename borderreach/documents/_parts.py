"""What a document consists of: headings, paragraphs, lists, numbered tables and figures, and sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

#: The picture of a figure as PNG by its file's name; None where there is none, which costs the document nothing else.
Pictures: TypeAlias = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Strong:
    """Words set bold: the package's own, which begin and end with a letter or digit, never a text from data."""

    text: str


@dataclass(frozen=True)
class See:
    """The number of a table or figure, where a text names it ("表 2"); by its key."""

    key: str


@dataclass(frozen=True)
class Source:
    """A source as the list at the end names it, and where a text quotes it ("［3］")."""

    text: str


#: A piece of a line: text as it stands, bold, a number of a table or figure, or that of a source.
Part: TypeAlias = str | Strong | See | Source
#: A line of text: one piece, or several.
Line: TypeAlias = str | tuple[Part, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is numbered 一、二、三…, and 附录 A, B… in the appendix."""

    text: str
    level: int = 1
    appendix: bool = False
    numbered: bool = True


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `kind` "headline" stands out, "note" is small."""

    line: Line
    kind: str = "text"


@dataclass(frozen=True)
class Items:
    """A list, with numbers or without."""

    lines: tuple[Line, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption above it; columns in `right` are set flush right, `note` stands below."""

    key: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    note: Line = ""
    #: Shares of the width by column; equal to what the columns hold when left out.
    widths: tuple[float, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A figure with its caption below it: the file that it lies in beside the document, and its width."""

    key: str
    caption: str
    file: str
    width_cm: float = 15.0
    most_high_cm: float = 20.0


#: A block of a document; a text or a tuple of pieces alone is a paragraph.
Block: TypeAlias = Heading | Paragraph | Items | Table | Figure | str | tuple[Part, ...]


@dataclass(frozen=True)
class Document:
    """A document: title, what stands below it, and its blocks in order; the sources that it quotes come last."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]
    #: Sources that stand in the list whether or not a text quotes them.
    sources: tuple[Source, ...] = ()


_NUMERALS: Final = "一二三四五六七八九十"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def chinese_number(n: int) -> str:
    """Return a number from 1 to 99 in Chinese.

    Examples
    --------
    >>> [chinese_number(n) for n in (1, 10, 11, 20, 23)]
    ['一', '十', '十一', '二十', '二十三']
    """
    tens, ones = divmod(n, 10)
    last = _NUMERALS[ones - 1] if ones else ""
    if tens == 0:
        return last
    return ("" if tens == 1 else _NUMERALS[tens - 1]) + "十" + last


def pieces(line: Line) -> tuple[Part, ...]:
    """Return the pieces of a line."""
    return (line,) if isinstance(line, str) else line


class Numbers:
    """The numbers of a document's headings, tables, figures and sources, in the order in which they stand."""

    def __init__(self, document: Document) -> None:
        self.headings: dict[int, str] = {}
        self.labels: dict[str, str] = {}
        self.sources: dict[str, int] = {}
        chapter = appendix = tables = figures = 0
        for at, block in enumerate(document.blocks):
            if isinstance(block, Heading) and block.level == 1 and block.appendix:
                appendix += 1
                self.headings[at] = f"附录 {_LETTERS[appendix - 1]} {block.text}"
            elif isinstance(block, Heading) and block.level == 1 and block.numbered:
                chapter += 1
                self.headings[at] = f"{chinese_number(chapter)}、{block.text}"
            elif isinstance(block, Heading):
                self.headings[at] = block.text
            elif isinstance(block, Table):
                tables += 1
                self._label(block.key, f"表 {tables}")
            elif isinstance(block, Figure):
                figures += 1
                self._label(block.key, f"图 {figures}")
        for line in lines_of(document):
            for part in pieces(line):
                if isinstance(part, Source):
                    self.source(part)
                elif isinstance(part, See) and part.key not in self.labels:
                    raise KeyError(f"no table or figure {part.key!r} in the document")
        for one in document.sources:
            self.source(one)

    def _label(self, key: str, label: str) -> None:
        if key in self.labels:
            raise ValueError(f"two tables or figures have the key {key!r}")
        self.labels[key] = label

    def source(self, one: Source) -> int:
        """Return the number of a source, the next one where it's new."""
        return self.sources.setdefault(one.text, len(self.sources) + 1)

    def text(self, part: Part) -> str:
        """Return a piece as text."""
        if isinstance(part, str):
            return part
        if isinstance(part, Strong):
            return part.text
        if isinstance(part, See):
            return self.labels[part.key]
        return f"［{self.source(part)}］"


def lines_of(document: Document) -> Iterator[Line]:
    """Yield the lines of a document in which numbers of tables, figures and sources may stand."""
    for block in document.blocks:
        if isinstance(block, str | tuple):
            yield block
        elif isinstance(block, Paragraph):
            yield block.line
        elif isinstance(block, Items):
            yield from block.lines
        elif isinstance(block, Table):
            yield block.note


def column_widths(table: Table) -> list[float]:
    """Return the share of the width that each column gets: what it holds, the longest cells cut short."""
    if table.widths:
        return [width / sum(table.widths) for width in table.widths]
    most: list[float] = []
    for column, head in enumerate(table.header):
        cells = [_length(row[column]) for row in table.rows]
        # A head may take two lines, a cell needn't be whole beyond some width.
        longest = max([*cells, _length(head) / 2], default=0.0)
        most.append(min(max(longest, 3.0), 40.0) + 3.0)
    return [width / sum(most) for width in most]


def _length(text: str) -> float:
    """Return how wide a text is, in Western letters."""
    return sum(2.0 if letter > "\u2000" else 1.0 for letter in text[:60])
