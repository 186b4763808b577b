from ._docx import docx_bytes
from ._html import html_text
from ._markdown import markdown_text
from ._parts import (
    Block,
    Document,
    Figure,
    Heading,
    Items,
    Line,
    Paragraph,
    Part,
    Pictures,
    See,
    Source,
    Strong,
    Table,
)
from ._workbook import Column, Sheet, workbook_bytes

__all__ = [
    "Block",
    "Column",
    "Document",
    "Figure",
    "Heading",
    "Items",
    "Line",
    "Paragraph",
    "Part",
    "Pictures",
    "See",
    "Sheet",
    "Source",
    "Strong",
    "Table",
    "docx_bytes",
    "html_text",
    "markdown_text",
    "workbook_bytes",
]
