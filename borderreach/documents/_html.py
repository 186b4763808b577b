"""A document as one HTML page that asks for nothing from outside, holds no scripts, and whose every text is escaped."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from typing import Final

from ..geo.text import one_line
from ._parts import (
    Document,
    Figure,
    Heading,
    Items,
    Line,
    Numbers,
    Paragraph,
    Pictures,
    Source,
    Strong,
    Table,
    column_widths,
    pieces,
)

_STYLE: Final = """
body{max-width:50em;margin:2em auto;padding:0 1.2em;color:#111;background:#fff;line-height:1.75;
font-family:"Times New Roman",SimSun,"Songti SC","Noto Serif CJK SC",serif}
h1,h2,h3,th,figcaption,caption,.headline{font-family:Arial,SimHei,"Heiti SC","Noto Sans CJK SC",sans-serif}
h1{text-align:center;font-size:1.6em;margin-bottom:.2em}.subtitle{text-align:center;color:#444;margin-top:0}
h2{font-size:1.25em;margin-top:1.8em}h3{font-size:1.05em}
p{text-align:justify}.headline{font-weight:bold;font-size:1.1em}.note{font-size:.85em;color:#333}
table{border-collapse:collapse;width:100%;margin:.4em 0;font-size:.86em;line-height:1.45;
border-top:2px solid #000;border-bottom:2px solid #000}
caption{caption-side:top;font-weight:bold;padding:.3em}
th{border-bottom:1px solid #000;font-weight:bold}th,td{padding:.2em .5em;vertical-align:top;text-align:left}
.r{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:1.2em 0;text-align:center}figure img{max-width:100%;max-height:40em}
figcaption{font-weight:bold;font-size:.9em;margin-top:.4em}
.missing{border:1px dashed #999;color:#666;padding:2em}sup{line-height:0}
@media print{body{max-width:none;margin:0}h2,h3,caption{break-after:avoid}tr,figure{break-inside:avoid}}
"""
_NONCHARACTER: Final = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")


def html_text(document: Document, pictures: Pictures) -> str:
    """Return a document as an HTML page with its pictures in it."""
    numbers = Numbers(document)
    body = "\n".join(_body(document, numbers, pictures))
    return (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{_escaped(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _body(document: Document, numbers: Numbers, pictures: Pictures) -> Iterator[str]:
    yield f"<h1>{_escaped(document.title)}</h1>"
    if document.subtitle:
        yield f'<p class="subtitle">{_escaped(document.subtitle)}</p>'
    for at, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            level = block.level + 1
            yield f"<h{level}>{_escaped(numbers.headings[at])}</h{level}>"
        elif isinstance(block, Items):
            tag = "ol" if block.numbered else "ul"
            rows = "\n".join(f"<li>{_line(line, numbers)}</li>" for line in block.lines)
            yield f"<{tag}>\n{rows}\n</{tag}>"
        elif isinstance(block, Table):
            yield from _table(block, numbers)
        elif isinstance(block, Figure):
            yield _figure(block, numbers, pictures)
        elif isinstance(block, Paragraph):
            kind = "" if block.kind == "text" else f' class="{block.kind}"'
            yield f"<p{kind}>{_line(block.line, numbers)}</p>"
        else:
            yield f"<p>{_line(block, numbers)}</p>"
    if numbers.sources:
        listed = "\n".join(
            f'<li id="source-{n}">{_escaped(text)}</li>' for text, n in numbers.sources.items()
        )
        yield f"<h2>参考文献与资料</h2>\n<ol>\n{listed}\n</ol>"


def _table(table: Table, numbers: Numbers) -> Iterator[str]:
    right = set(table.right)

    def row(cells: tuple[str, ...], tag: str) -> str:
        looks = (' class="r"' if column in right else "" for column in range(len(cells)))
        made = (f"<{tag}{look}>{_escaped(cell)}</{tag}>" for look, cell in zip(looks, cells, strict=True))
        return f"<tr>{''.join(made)}</tr>"

    widths = "".join(f'<col style="width:{share:.1%}">' for share in column_widths(table))
    yield f'<table id="{table.key}">'
    yield f"<caption>{_escaped(f'{numbers.labels[table.key]}　{table.caption}')}</caption>"
    yield f"<colgroup>{widths}</colgroup><thead>{row(table.header, 'th')}</thead>"
    yield "<tbody>" + "\n".join(row(cells, "td") for cells in table.rows) + "</tbody>\n</table>"
    if table.note:
        yield f'<p class="note">注：{_line(table.note, numbers)}</p>'


def _figure(figure: Figure, numbers: Numbers, pictures: Pictures) -> str:
    label, picture = numbers.labels[figure.key], pictures(figure.file)
    shown = (
        '<p class="missing">此图未能绘出，原因见 manifest.json。</p>'
        if picture is None
        else f'<img alt="{label}" src="data:image/png;base64,{base64.b64encode(picture).decode("ascii")}">'
    )
    caption = f"<figcaption>{_escaped(f'{label}　{figure.caption}')}</figcaption>"
    return f'<figure id="{figure.key}">{shown}\n{caption}</figure>'


def _line(line: Line, numbers: Numbers) -> str:
    made = []
    for part in pieces(line):
        text = _escaped(numbers.text(part))
        if isinstance(part, Strong):
            text = f"<strong>{text}</strong>"
        elif isinstance(part, Source):
            text = f'<sup><a href="#source-{numbers.source(part)}">{text}</a></sup>'
        made.append(text)
    return "".join(made)


def _escaped(text: str) -> str:
    """Return a text that a page shows as it stands, its spaces at its edges kept."""
    inner = one_line(text)
    before = " " if text[:1].isspace() and inner else ""
    after = " " if text[-1:].isspace() and inner else ""
    return html.escape(_NONCHARACTER.sub("", before + inner + after))
