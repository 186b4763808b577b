"""The parts of a report on the text's claims and groups."""

from __future__ import annotations

import math

from .analysis.claims import VERDICT_NAMES, claim_paragraphs
from .analysis.results import StudyResults
from .markdown import minutes, rows_of, signed, table


def claims_section(results: StudyResults) -> list[str]:
    """Return the audit of the text's claims: what each says, what comes out, what would turn it."""
    claims = results.claims
    if claims.empty:
        return []
    head, *paragraphs = claim_paragraphs(claims)
    methods = paragraphs[len(claims) :]
    rows = [
        (str(number), row.words, VERDICT_NAMES[row.verdict], row.verdict_text)
        for number, row in enumerate(rows_of(claims), start=1)
    ]
    return [
        "## 文中论断的检验",
        "",
        head,
        "",
        *table(("", "文中的话", "结论", "说明"), rows, right=(0,)),
        "",
        *(f"{number}. {paragraph}" for number, paragraph in enumerate(paragraphs[: len(claims)], start=1)),
        "",
        *methods,
    ]


def groups_section(results: StudyResults) -> list[str]:
    """Return the groups of places that the text names, and how they hang together."""
    groups = results.group_cohesion
    if groups.empty:
        return []
    rows = [
        (
            row.group_name,
            str(row.n_members),
            f"{row.limit_min:g}",
            minutes(row.base_mean_min),
            minutes(row.base_max_min),
            _share(row.base_cohesion),
            _share(row.scenario_cohesion),
            signed(row.delta_mean_min, digits=1) if math.isfinite(row.delta_mean_min) else "—",
        )
        for row in rows_of(groups)
    ]
    header = ("组团", "成员", "阈值（分钟）", "平均（分钟）", "最长", "凝聚度", "廊道建成后", "平均变化")
    return [
        "## 组团内部的联系",
        "",
        *table(header, rows, right=(1, 2, 3, 4, 5, 6, 7)),
        "",
        "按公路门到门时间；凝聚度是组团内相互时间在阈值之内的成员对所占比例。",
    ]


def _share(value: float) -> str:
    return f"{value * 100:.0f}%" if math.isfinite(value) else "—"
