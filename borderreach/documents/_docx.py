"""A document as a Word file: headings as styles, numbered captions, three-line tables, Chinese fonts by Word's names."""

from __future__ import annotations

import io
from typing import Any, Final

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as WordParagraph

from ._packing import MADE, repacked, xml_text
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

#: Fonts as Word names them, which any Chinese Word has: (Western, Chinese).
_TEXT: Final = ("Times New Roman", "宋体")
_HEAD: Final = ("Arial", "黑体")
#: Sizes of styles by Word's name of them, points; 10.5 is 五号, 16 is 三号.
_SIZES: Final = {
    "Normal": 10.5, "Title": 18, "Subtitle": 10.5, "Heading 1": 14, "Heading 2": 12, "Heading 3": 10.5,
    "Caption": 9, "List Bullet": 10.5, "List Number": 10.5,
}  # fmt: skip
_HEADED: Final = ("Title", "Heading 1", "Heading 2", "Heading 3", "Caption")
_TEXT_WIDTH_CM: Final = 16.0
#: Rules of a three-line table, eighths of a point: 1.5 pt above and below, 0.75 pt under the head.
_THICK, _THIN = "12", "6"
#: Room beside the text of a cell, twentieths of a point; Word's own is 108.
_CELL_MARGIN: Final = "60"


def docx_bytes(document: Document, pictures: Pictures) -> bytes:
    """Return a document as a Word file with its pictures in it; the same document gives the same bytes."""
    numbers = Numbers(document)
    word = docx.Document()
    _set_up(word, document)
    word.add_paragraph(xml_text(document.title), style="Title")
    if document.subtitle:
        word.add_paragraph(xml_text(document.subtitle), style="Subtitle")
    for at, block in enumerate(document.blocks):
        if isinstance(block, Heading):
            word.add_paragraph(xml_text(numbers.headings[at]), style=f"Heading {block.level}")
        elif isinstance(block, Items):
            for n, line in enumerate(block.lines, start=1):
                _list_item(word, line, numbers, sign=f"{n}." if block.numbered else "•")
        elif isinstance(block, Table):
            _table(word, block, numbers)
        elif isinstance(block, Figure):
            _figure(word, block, numbers, pictures)
        elif isinstance(block, Paragraph):
            _paragraph(word, block.line, numbers, kind=block.kind)
        else:
            _paragraph(word, block, numbers)
    if numbers.sources:
        word.add_paragraph("参考文献与资料", style="Heading 1")
        for text, n in numbers.sources.items():
            _list_item(word, text, numbers, sign=f"[{n}]", size=9)
    made = io.BytesIO()
    word.save(made)
    return repacked(made.getvalue())


def _set_up(word: WordDocument, document: Document) -> None:
    """Set page, styles, page numbers and what the file says of itself."""
    about = word.core_properties
    about.title, about.author, about.comments = xml_text(document.title)[:255], "borderreach", ""
    about.created = about.modified = MADE.replace(tzinfo=None)
    about.last_modified_by, about.language = "borderreach", "zh-CN"
    page = word.sections[0]
    page.start_type = WD_SECTION.NEW_PAGE
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.left_margin = page.right_margin = Cm((21 - _TEXT_WIDTH_CM) / 2)
    page.top_margin, page.bottom_margin = Cm(2.2), Cm(2.0)
    for name, size in _SIZES.items():
        style = word.styles[name]
        assert isinstance(style, ParagraphStyle)  # noqa: S101 - for type checkers; the template has them all
        _font(style.element, _HEAD if name in _HEADED else _TEXT)
        style.font.size, style.font.italic = Pt(size), False
        style.font.bold = name in _HEADED
        style.font.color.rgb = RGBColor(0, 0, 0)
        form = style.paragraph_format
        form.line_spacing = 1.2 if name in {"Normal", "List Bullet", "List Number"} else 1.15
        form.space_after = Pt(6 if name in {"Title", "Caption"} else 3)
        form.space_before = Pt({"Heading 1": 12, "Heading 2": 8, "Caption": 4}.get(name, 0))
        form.keep_with_next = name.startswith("Heading")
    for name in ("Title", "Subtitle", "Caption"):
        word.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    borders = word.styles["Title"].element.find(f".//{qn('w:pBdr')}")
    if borders is not None:  # Word's own template draws a blue line under the title
        borders.getparent().remove(borders)
    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(foot, "PAGE", "1")


def _font(element: Any, names: tuple[str, str]) -> None:
    """Set the fonts of a style: Western letters and digits one, Chinese characters the other."""
    fonts = element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for key, name in (("ascii", names[0]), ("hAnsi", names[0]), ("cs", names[0]), ("eastAsia", names[1])):
        fonts.set(qn(f"w:{key}"), name)


def _field(paragraph: WordParagraph, code: str, shown: str) -> None:
    """Add a field that Word counts itself, with what it shows until then."""
    for kind, text in (("begin", None), (None, code), ("separate", None), ("shown", shown), ("end", None)):
        run = paragraph.add_run()
        if kind == "shown":
            run.text = shown
        elif kind is None:
            made = OxmlElement("w:instrText")
            made.set(qn("xml:space"), "preserve")
            made.text = f" {text} "
            run._r.append(made)  # noqa: SLF001 - python-docx has no fields
        else:
            made = OxmlElement("w:fldChar")
            made.set(qn("w:fldCharType"), kind)
            run._r.append(made)  # noqa: SLF001 - as above


def _add(paragraph: WordParagraph, line: Line, numbers: Numbers, *, bold: bool = False) -> None:
    for part in pieces(line):
        run = paragraph.add_run(xml_text(numbers.text(part)))
        if bold or isinstance(part, Strong):
            run.bold = True
        if isinstance(part, Source):
            run.font.superscript = True


def _paragraph(word: WordDocument, line: Line, numbers: Numbers, *, kind: str = "text") -> None:
    paragraph = word.add_paragraph()
    _add(paragraph, line, numbers, bold=kind == "headline")
    form = paragraph.paragraph_format
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    if kind == "note":
        _sized(paragraph, 9)
        form.space_after = Pt(8)
    else:
        form.first_line_indent = Pt(2 * _SIZES["Normal"])
    if kind == "headline":
        _sized(paragraph, 12)
        form.space_before = form.space_after = Pt(6)


def _sized(paragraph: WordParagraph, points: float) -> None:
    for run in paragraph.runs:
        run.font.size = Pt(points)


def _list_item(word: WordDocument, line: Line, numbers: Numbers, *, sign: str, size: float = 10.5) -> None:
    """Add an item with a sign of our own: numbers that Word counts go on from list to list."""
    paragraph = word.add_paragraph()
    paragraph.add_run(f"{sign}\t")
    _add(paragraph, line, numbers)
    _sized(paragraph, size)
    form = paragraph.paragraph_format
    form.left_indent, form.first_line_indent = Cm(0.75), Cm(-0.75)
    form.tab_stops.add_tab_stop(Cm(0.75))
    paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT


def _caption(word: WordDocument, label: str, caption: str, *, above: bool) -> None:
    """Add a caption whose number Word can count anew and list."""
    paragraph = word.add_paragraph(style="Caption")
    kind, number = label.split(" ")
    paragraph.add_run(f"{kind} ")
    _field(paragraph, f"SEQ {kind} \\* ARABIC", number)
    paragraph.add_run(f"　{xml_text(caption)}")
    paragraph.paragraph_format.keep_with_next = above


def _figure(word: WordDocument, figure: Figure, numbers: Numbers, pictures: Pictures) -> None:
    picture = pictures(figure.file)
    if picture is None:
        _paragraph(word, "（此图未能绘出，原因见 manifest.json。）", numbers)
    else:
        shape = word.add_picture(io.BytesIO(picture), width=Cm(figure.width_cm))
        if shape.height > Cm(figure.most_high_cm):
            share = Cm(figure.most_high_cm) / shape.height
            shape.width, shape.height = round(shape.width * share), Cm(figure.most_high_cm)
        paragraph = word.paragraphs[-1]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.keep_with_next = True
    _caption(word, numbers.labels[figure.key], figure.caption, above=False)


def _table(word: WordDocument, table: Table, numbers: Numbers) -> None:
    _caption(word, numbers.labels[table.key], table.caption, above=True)
    made = word.add_table(rows=1 + len(table.rows), cols=len(table.header))
    made.alignment, made.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _rule(made._tbl.tblPr, "w:tblBorders", top=_THICK, bottom=_THICK)  # noqa: SLF001 - python-docx has no rules
    _margins(made._tbl.tblPr)  # noqa: SLF001 - as above
    widths = [Cm(_TEXT_WIDTH_CM * share) for share in column_widths(table)]
    for column, width in zip(made.columns, widths, strict=True):
        column.width = width
    right = set(table.right)
    small = 9 if len(table.header) <= 6 else 8
    for at, (row, cells) in enumerate(zip(made.rows, (table.header, *table.rows), strict=True)):
        properties = row._tr.get_or_add_trPr()  # noqa: SLF001 - as above
        for name in ("w:cantSplit", *(("w:tblHeader",) if at == 0 else ())):
            properties.append(OxmlElement(name))
        # Of a row's own list: python-docx finds a table's single cells by counting all of them.
        for column, (cell, text) in enumerate(zip(row.cells, cells, strict=True)):
            cell.width = widths[column]
            if at == 0:
                _rule(cell._tc.get_or_add_tcPr(), "w:tcBorders", bottom=_THIN)  # noqa: SLF001 - as above
            paragraph = cell.paragraphs[0]
            run = paragraph.add_run(xml_text(text))
            run.font.size, run.bold = Pt(small), at == 0
            form = paragraph.paragraph_format
            form.space_after, form.line_spacing = Pt(0), 1.1
            if column in right:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if table.note:
        _paragraph(word, ("注：", *pieces(table.note)), numbers, kind="note")
    else:
        word.add_paragraph().paragraph_format.space_after = Pt(0)


def _margins(properties: Any) -> None:
    """Let columns stand nearer than Word's own."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), _CELL_MARGIN)
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    look = properties.find(qn("w:tblLook"))
    if look is None:
        properties.append(margins)
    else:
        look.addprevious(margins)


def _rule(properties: Any, name: str, **sides: str) -> None:
    """Draw rules on some sides: of a table on no others, of a cell whatever its table has on the others."""
    borders = OxmlElement(name)
    whole = ("top", "left", "bottom", "right", "insideH", "insideV")
    for side in whole if name == "w:tblBorders" else sides:
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:val"), "single" if side in sides else "nil")
        if side in sides:
            edge.set(qn("w:sz"), sides[side])
            edge.set(qn("w:color"), "000000")
        borders.append(edge)
    # Word wants a table's properties in the order of its schema: rules come before these.
    later = [properties.find(qn(each)) for each in ("w:tblLayout", "w:tblCellMar", "w:tblLook")]
    after = next((each for each in later if each is not None), None)
    if after is None:
        properties.append(borders)
    else:
        after.addprevious(borders)
