"""A document as Markdown, in which every text is shown as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ..geo.text import one_line
from ._parts import Document, Figure, Heading, Items, Line, Numbers, Paragraph, Strong, Table, pieces

#: Characters that Markdown takes for markup wherever they stand; an underscore only at the edge of a word.
_MARKUP: Final = re.compile(r"[\\`*\[\]~$#]|(?<![^\W_])_|_(?![^\W_])")
#: What only begins a list, a quotation or a line under a heading.
_AT_START: Final = re.compile(r"([-+](?=[\s-]|$)|[>=]|\d+(?=[.)](\s|$)))")
#: What programs that publish Markdown take for a template, before anything else.
_TEMPLATE_SIGN: Final = re.compile(r"\{(?=[{%#])")
_ENTITY: Final = re.compile(r"&(?=#?\w+;)")


def markdown_text(document: Document) -> str:
    """Return a document as Markdown; its figures are files beside it."""
    numbers = Numbers(document)
    parts = [[f"# {plain(document.title)}"]]
    if document.subtitle:
        parts.append([f"*{plain(document.subtitle)}*"])
    for at, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            parts.append([f"{'#' * (block.level + 1)} {plain(numbers.headings[at])}"])
        elif isinstance(block, Items):
            signs = (f"{n}." if block.numbered else "-" for n in range(1, len(block.lines) + 1))
            parts.append(
                [f"{sign} {_line(line, numbers)}" for sign, line in zip(signs, block.lines, strict=True)]
            )
        elif isinstance(block, Table):
            parts += _table(block, numbers)
        elif isinstance(block, Figure):
            label = numbers.labels[block.key]
            parts += [[f"![{label}]({block.file})"], [f"**{label}**　{plain(block.caption)}"]]
        elif isinstance(block, Paragraph):
            line = _line(block.line, numbers)
            parts.append([f"**{line}**" if block.kind == "headline" else line])
        else:
            parts.append([_line(block, numbers)])
    if numbers.sources:
        parts += [["## 参考文献与资料"]]
        parts.append([f"{n}. {plain(text)}" for text, n in numbers.sources.items()])
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _table(table: Table, numbers: Numbers) -> Iterator[list[str]]:
    yield [f"**{numbers.labels[table.key]}**　{plain(table.caption)}"]
    yield _rows(
        tuple(map(plain, table.header)), [tuple(map(plain, row)) for row in table.rows], right=table.right
    )
    if table.note:
        yield [f"注：{_line(table.note, numbers)}"]


def _line(line: Line, numbers: Numbers) -> str:
    """Return a line; only its beginning begins a list or quotation."""
    parts: list[str] = []
    for part in pieces(line):
        text = _inline(numbers.text(part))
        if isinstance(part, Strong):
            text = f"**{text}**"
        elif not parts:
            text = _begun(text.lstrip())
        parts.append(text)
    return "".join(parts).rstrip()


def plain(text: str) -> str:
    r"""Return a text as Markdown that shows it as it stands, on one line.

    Bars are left to tables, which alone give them a meaning.

    Examples
    --------
    >>> print(plain("[a](javascript:b) <b>*c*</b>"), plain("snake_case _d_"), plain("# 1\n2"))
    \[a\](javascript:b) &lt;b>\*c\*&lt;/b> snake_case \_d\_ \# 1 2
    """
    return _begun(_inline(text).strip())


def _begun(line: str) -> str:
    """Return a line whose first sign begins nothing."""
    begun = _AT_START.match(line)
    if begun:  # the sign itself, or that which follows a number
        at = begun.end() if begun[0].isdigit() else 0
        line = f"{line[:at]}\\{line[at:]}"
    return line


def _inline(text: str) -> str:
    """Return a text that stands in a line, whose spaces at its edges part it from what is beside it."""
    inner = one_line(text)
    before = " " if text[:1].isspace() and inner else ""
    after = " " if text[-1:].isspace() and inner else ""
    line = _MARKUP.sub(r"\\\g<0>", _ENTITY.sub("&amp;", inner))
    return before + _TEMPLATE_SIGN.sub("&#123;", line).replace("<", "&lt;") + after


def _rows(header: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[int]) -> list[str]:
    """Return a Markdown table: header, rule and rows; columns in `right` are set flush right."""
    numeric = set(right)
    rule = ["---:" if column in numeric else "---" for column in range(len(header))]
    cells = [header, rule, *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells]
