"""The report of a study: answers first, a body by question, and what they rest on; every figure from the results' tables.

A section is a function `(results, context) -> list[Block]` in the module of its subject; `document` below says where it
stands. A text alone is a paragraph, a tuple of pieces one with bold words (`Strong`), numbers of tables (`See`) or sources
(`Source`) in it; `Heading`, `Items`, `Table` and `Figure` are the other blocks. Texts are plain text: no markup, no escapes,
each writer of `documents` has its own. To add

- a paragraph: put it into the list of the section whose question it answers, or write a function of your own, name it in
  `_body`, and it is in report.md, report.html and report.docx;
- a table: a `Table` with a key of its own, referred to by `See(key)`; it is numbered by where it stands, and one too long
  for a page gets a sheet in `borderreach/workbook` instead;
- a figure of the first page: an entry in `_facts.facts`, quoted by its key, so that text, summary and workbook agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar

from ..analysis.levels import Levels, levels_of
from ..analysis.studies import StudyResults
from ..analysis.texts import citation
from ..documents import Block, Document, Pictures, See, Source, docx_bytes, html_text, markdown_text
from ._borders import borders_section, decisions_section, farthest_section, ranking_section
from ._circles import audit_section, changes_section, circles_section, road_alone_section
from ._claims import claims_section, groups_section, methods_section, unchecked_section
from ._corridors import changed_section, corridors_section, order_section
from ._facts import Fact, facts
from ._findings import findings_section
from ._key_figures import ReportContext, results_corridors
from ._method import data_section, definitions_section, limits_section
from ._pairs import links_section, ways_section
from ._people import counties_section, people_section
from ._summary import summary_section
from ._words import with_lines
from ._years import panel_section, years_section
from ._zones import yardsticks_section, zones_section

_Made = TypeVar("_Made")


def document(results: StudyResults) -> Document:
    """Put the report of a study together.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    Document
        Its first page, body by question, appendices and summary in English; the same results give the same.
    """
    return _once(results, "document", lambda: _document(results))


def _document(results: StudyResults) -> Document:
    results, context, figures = _figures(results)
    study = results.study
    quoted = [Source(_text_quoted(results))] if study.text or study.text_title else []
    intro: list[Block] = [study.description] if study.description else []
    if quoted:
        intro.append(("所据文本：", study.text_title or study.text, quoted[0], "。"))
    blocks = (
        *findings_section(results, context, figures),
        *_body(results, context),
        *_appendices(results, context),
        *summary_section(results, context),
    )
    say = levels_of(results)
    return Document(title=study.title, subtitle="", blocks=(*intro, *(_said(block, say) for block in blocks)))


def _said(value: Any, say: Levels) -> Any:
    """Return a block, or a part of one, with the study's words for levels; sources are others' words."""
    if say.as_they_are or isinstance(value, See | Source):
        return value
    if isinstance(value, str):
        return say(value)
    if isinstance(value, tuple):
        return tuple(_said(each, say) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {one.name: _said(getattr(value, one.name), say) for one in fields(value) if one.name in _TOLD}
        return replace(value, **told)
    return value


#: What readers see of a block.
_TOLD: Final = frozenset({"text", "line", "lines", "caption", "header", "rows", "note"})


def _body(results: StudyResults, context: ReportContext) -> list[Block]:
    """Return the answers, question by question."""
    return [
        *circles_section(results, context),
        *changed_section(results, context),
        *order_section(results),
        *ways_section(results),
        *people_section(results),
        *zones_section(results, context),
        *yardsticks_section(results),
        *farthest_section(results),
        *ranking_section(results),
        *borders_section(results, context),
        *decisions_section(results),
        *links_section(results),
        *years_section(results),
        *panel_section(results),
        *changes_section(results, context),
        *groups_section(results),
        *claims_section(results),
    ]


def _appendices(results: StudyResults, context: ReportContext) -> list[Block]:
    return [
        *counties_section(results),
        *unchecked_section(results),
        *methods_section(results),
        *corridors_section(results, context),
        *road_alone_section(results),
        *audit_section(results),
        *definitions_section(results),
        *limits_section(results, context),
        *data_section(results),
    ]


def _told(results: StudyResults) -> StudyResults:
    """Return results whose texts are lines, with the corridors that they were computed with."""
    # What a report tells of its corridors comes from the parameters, so that they hold them.
    known = {
        **results.parameters,
        "corridors": [one.model_dump(mode="json") for one in results_corridors(results)],
    }
    return with_lines(replace(results, parameters=known))


def _text_quoted(results: StudyResults) -> str:
    """Return how the study's text is quoted."""
    return citation(results.study.text, results.study.text_title)


def key_figures(results: StudyResults) -> dict[str, Fact]:
    """Return the figures of the first page by key, each computed once."""
    return _figures(results)[2]


def _figures(results: StudyResults) -> tuple[StudyResults, ReportContext, dict[str, Fact]]:
    """Return results as a report tells them, all its figures, and those of its first page."""

    def worked_out() -> tuple[StudyResults, ReportContext, dict[str, Fact]]:
        told = _told(results)
        context = ReportContext.of(told)
        return told, context, facts(told, context)

    return _once(results, "figures", worked_out)


#: The results that several files are being written of, with what was put together for the first of them.
_AT_WORK: Final[ContextVar[tuple[StudyResults, dict[str, Any]] | None]] = ContextVar("_AT_WORK", default=None)


@contextmanager
def put_together_once(results: StudyResults) -> Iterator[None]:
    """Have all reports and figures of results that are asked for in the block made from one; nobody may change these meanwhile."""
    token = _AT_WORK.set((results, {}))
    try:
        yield
    finally:
        _AT_WORK.reset(token)


def _once(results: StudyResults, what: str, make: Callable[[], _Made]) -> _Made:
    at_work = _AT_WORK.get()
    if at_work is None or at_work[0] is not results:
        return make()
    if what not in at_work[1]:
        at_work[1][what] = make()
    found: _Made = at_work[1][what]
    return found


def report(results: StudyResults) -> str:
    """Write the report of a study as Markdown.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    str
        Markdown, in which every text of the results is shown as it stands. The same results give the same text.
    """
    return markdown_text(document(results))


def report_html(results: StudyResults, pictures: Pictures) -> str:
    """Write the report of a study as one HTML page, with the pictures that `pictures` gives by their files' names."""
    return html_text(document(results), pictures)


def report_docx(results: StudyResults, pictures: Pictures) -> bytes:
    """Write the report of a study as a Word file, with the pictures that `pictures` gives by their files' names."""
    return docx_bytes(document(results), pictures)
