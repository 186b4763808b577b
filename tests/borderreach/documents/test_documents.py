"""One document, three formats: the same words, numbers and tables in each, whatever stands in the texts."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser
from typing import Any

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from borderreach.documents import (
    Document,
    Figure,
    Heading,
    Items,
    Paragraph,
    See,
    Source,
    Strong,
    Table,
    docx_bytes,
    html_text,
    markdown_text,
)
from borderreach.documents._packing import xml_text
from borderreach.documents._parts import chinese_number
from borderreach.geo.text import one_line

from ...hostile import HOSTILE

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def sample(text: str = "綦江区") -> Document:
    """A document with a block of each kind, a text in every place that takes one."""
    quoted = Source(f"作者. {text}[J].")
    return Document(
        title=f"题{text}",
        subtitle=f"副{text}",
        blocks=(
            f"起{text}",
            Heading("摘要", numbered=False),
            Paragraph(f"头{text}", kind="headline"),
            Heading("谁在圈内"),
            ("见", See("b"), "与", See("a"), "，据", quoted, "。"),
            Table("a", f"表名{text}", ("区县", "分钟"), ((f"甲{text}", "5"), ("乙", "1,234")), (1,), f"表注{text}"),
            Heading("细分", level=2),
            Items((f"项{text}", (Strong("要点"), f"：{text}")), numbered=True),
            Items((text,)),
            Figure("b", f"图名{text}", "chart.png"),
            Table("c", "第二张", ("一",), (("x",),)),
            Heading("定义", appendix=True),
            Paragraph(f"注{text}", kind="note"),
        ),
        sources=(Source("另一个来源"),),
    )  # fmt: skip


class Page(HTMLParser):
    """The tags of a page and what it shows."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def words_of(content: bytes) -> list[str]:
    """Every paragraph of a Word file, those in tables after the others."""
    word = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    return [*(paragraph.text for paragraph in word.paragraphs), *cells]


def markdown_shown(text: str) -> str:
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    lines = ("".join(child.content for child in token.children or ()) for token in tokens)
    return "\n".join(line for line in lines if line)


def test_numbers_are_counted_by_where_a_block_stands():
    for shown in (
        markdown_shown(markdown_text(sample())),
        Page(html_text(sample(), lambda _: PIXEL)).text,
        "\n".join(words_of(docx_bytes(sample(), lambda _: PIXEL))),
    ):
        flat = re.sub(r"\s+", " ", shown)
        for words in ("一、谁在圈内", "附录 A 定义", "见图 1与表 1，据［1］。", "摘要"):
            assert words in flat
        assert "、摘要" not in flat
        for label in ("表 1", "表 2", "图 1"):
            assert label in flat
        for source in ("作者. 綦江区[J].", "另一个来源"):
            assert source in shown


def test_what_is_referred_to_exists_once():
    with pytest.raises(KeyError, match="nothing"):
        markdown_text(Document("t", "", (("见", See("nothing")),)))
    table = Table("a", "", ("x",), ())
    with pytest.raises(ValueError, match="two tables or figures"):
        markdown_text(Document("t", "", (table, table)))


@pytest.mark.parametrize(("n", "words"), [(1, "一"), (10, "十"), (12, "十二"), (20, "二十"), (35, "三十五")])
def test_chapters_are_numbered_in_chinese(n: int, words: str):
    assert chinese_number(n) == words


def test_a_word_file_has_what_word_works_with():
    """Headings as styles, captions that Word counts, three-line tables, fonts that Word names."""
    content = docx_bytes(sample(), lambda _: PIXEL)
    word = docx.Document(io.BytesIO(content))
    styles = {paragraph.text: paragraph.style.name for paragraph in word.paragraphs if paragraph.style}
    assert styles["一、谁在圈内"] == styles["附录 A 定义"] == "Heading 1"
    assert styles["细分"] == "Heading 2"
    assert styles["题綦江区"] == "Title"
    captions = [p for p in word.paragraphs if p.style is not None and p.style.name == "Caption"]
    assert [p.text for p in captions] == ["表 1　表名綦江区", "图 1　图名綦江区", "表 2　第二张"]
    codes = [code.text.split()[:2] for p in captions for code in p._p.iter(qn("w:instrText"))]
    assert codes == [["SEQ", "表"], ["SEQ", "图"], ["SEQ", "表"]]
    fonts = {
        name: word.styles[name].element.rPr.rFonts.get(qn("w:eastAsia"))
        for name in ("Normal", "Heading 1", "Caption")
    }
    assert fonts == {"Normal": "宋体", "Heading 1": "黑体", "Caption": "黑体"}
    table = word.tables[0]
    borders = table._tbl.tblPr.find(qn("w:tblBorders"))
    kinds = {edge.tag.split("}")[1]: edge.get(qn("w:val")) for edge in borders}
    assert kinds == {
        "top": "single", "bottom": "single", "left": "nil", "right": "nil", "insideH": "nil", "insideV": "nil",
    }  # fmt: skip
    for cell in table.rows[0].cells:
        properties: Any = cell._tc.tcPr
        edges = properties.find(qn("w:tcBorders"))
        assert edges.find(qn("w:bottom")).get(qn("w:val")) == "single"
    row: Any = table.rows[0]._tr.trPr
    assert row.find(qn("w:tblHeader")) is not None
    assert len(word.inline_shapes) == 1


def test_a_word_file_keeps_to_the_order_that_its_schema_prescribes():
    """Word refuses a file whose properties stand in another order than ISO/IEC 29500 has them."""
    xml = (
        zipfile.ZipFile(io.BytesIO(docx_bytes(sample(), lambda _: PIXEL))).read("word/document.xml").decode()
    )
    order = ("tblStyle", "tblW", "jc", "tblBorders", "tblLayout", "tblLook")
    for properties in re.findall(r"<w:tblPr>(.*?)</w:tblPr>", xml, re.DOTALL):
        found = [name for name in re.findall(r"<w:(\w+)", properties) if name in order]
        assert found == sorted(found, key=order.index)
    for properties in re.findall(r"<w:tcPr>(.*?)</w:tcPr>", xml, re.DOTALL):
        found = [name for name in re.findall(r"<w:(\w+)", properties) if name in {"tcW", "tcBorders"}]
        assert found == sorted(found, reverse=True)


def test_the_same_document_gives_the_same_bytes():
    first = docx_bytes(sample(), lambda _: PIXEL)
    assert first == docx_bytes(sample(), lambda _: PIXEL)
    dates = {entry.date_time for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()}
    assert dates == {(1980, 1, 1, 0, 0, 0)}


def test_a_picture_that_is_missing_costs_the_rest_nothing():
    page = html_text(sample(), lambda _: None)
    assert "此图未能绘出" in page
    assert "<img" not in page
    shown = words_of(docx_bytes(sample(), lambda _: None))
    assert any("此图未能绘出" in line for line in shown)
    assert "图 1　图名綦江区" in shown


def test_a_page_asks_for_nothing_from_outside_and_runs_nothing():
    page = html_text(sample(), lambda _: PIXEL)
    known = Page(page)
    assert "script" not in known.tags
    assert "default-src 'none'" in page
    addresses = [value for name, value in known.attributes if name in {"src", "href"} and value]
    assert all(address.startswith(("data:image/png;base64,", "#source-")) for address in addresses)


def no_less(text: str, shown: str) -> bool:
    """Whether what is shown holds a text, spaces aside, which formats fold."""
    return re.sub(r"\s", "", text) in re.sub(r"\s", "", shown)


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_are_shown_as_they_stand(name: str):
    text = HOSTILE[name]
    document, expected = sample(text), sample("x")
    line = one_line(text)
    page = html_text(document, lambda _: PIXEL)
    assert Page(page).tags == Page(html_text(expected, lambda _: PIXEL)).tags
    assert no_less(line, Page(page).text)
    assert not [key for key, _ in Page(page).attributes if key.startswith("on")]
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens, others = (markdown.parse(markdown_text(each)) for each in (document, expected))
    assert [token.type for token in tokens] == [token.type for token in others]
    assert no_less(line, markdown_shown(markdown_text(document)))
    shown = words_of(docx_bytes(document, lambda _: PIXEL))
    assert len(shown) == len(words_of(docx_bytes(expected, lambda _: PIXEL)))
    for words in ("题", "起", "头", "甲", "项", "表注", "注"):
        assert any(no_less(f"{words}{line}", each) for each in shown), words


@given(st.text())
@example("\x00\x0b\ud800\ufffe￿")
def test_xml_can_hold_any_text(text: str):
    """Characters that XML 1.0 has no place for are left out; all others stay."""
    from xml.etree.ElementTree import fromstring
    from xml.sax.saxutils import escape

    held = xml_text(text)
    found = fromstring(f"<a>{escape(held)}</a>").text or ""  # noqa: S314 - as above
    assert found == held
    assert (
        held.strip() == "".join(letter for letter in one_line(text) if letter not in "\ufffe\uffff").strip()
    )
