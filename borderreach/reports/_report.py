"""The report of a study: prose whose every figure comes from the results' tables."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.studies import StudyResults
from ._borders import borders_section, price_section
from ._circles import audit_section, centre_pairs_section, circles_section
from ._claims import claims_section, groups_section
from ._corridors import changes_section, corridors_section
from ._counties import counties_section
from ._findings import findings_section
from ._key_figures import ReportContext, results_corridors
from ._markdown import with_plain_texts
from ._method import definitions_section, limits_section, sources_section
from ._people import people_section
from ._railways import railways_section
from ._summary import summary_section
from ._years import years_section
from ._zones import zones_section


def report(results: StudyResults) -> str:
    """Write the report of a study: an English summary, then the findings in Chinese.

    Parameters
    ----------
    results : StudyResults

    Returns
    -------
    str
        Markdown, in which every text of the results is shown as it stands. The same results give the same text.
    """
    # What a report tells of its corridors comes from the parameters, so that they hold them.
    known = {
        **results.parameters,
        "corridors": [one.model_dump(mode="json") for one in results_corridors(results)],
    }
    results = with_plain_texts(replace(results, parameters=known))
    context = ReportContext.of(results)
    sections = [
        _title(results),
        summary_section(results, context),
        findings_section(results, context),
        borders_section(results, context),
        circles_section(results, context),
        audit_section(results),
        centre_pairs_section(results, context),
        railways_section(results, context),
        zones_section(results, context),
        people_section(results),
        price_section(results),
        changes_section(results, context),
        years_section(results),
        groups_section(results),
        claims_section(results),
        corridors_section(results, context),
        counties_section(results),
        definitions_section(results),
        limits_section(results, context),
        sources_section(results),
    ]
    return "\n\n".join("\n".join(section).rstrip() for section in sections if section) + "\n"


def _title(results: StudyResults) -> list[str]:
    study = results.study
    lines = [f"# {study.title}", "", f"*{study.title_en}*", ""]
    if study.description:
        lines += [study.description, ""]
    if study.text:
        named = f"《{study.text_title}》（{study.text}）" if study.text_title else study.text
        lines += [f"所据文本：{named}。"]
    return lines
