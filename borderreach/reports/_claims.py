"""The parts of a report on the text's claims and groups."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import pandas as pd

from ..analysis.claims import VERDICT_NAMES, claim_paragraphs, claim_sentences, claims_of, verdict_name
from ..analysis.studies import StudyResults
from ..documents import Block, Heading, Items, Paragraph, Table
from ._roads import way_zh
from ._words import change, hours, minutes, rows_of

#: Heading of the sentences that can't be checked.
_UNCHECKED: Final = "文中无法检验的话"
#: Heading of what the others were checked by.
_METHODS: Final = "论断检验的口径与数据"
#: What assumptions begin with.
_ASSUMED: Final = "假设："
#: What the texts of verdicts say of sentences that count otherwise; the table says it once.
_NEITHER: Final = "不作对错之分"
_BEGINNINGS: Final = (_NEITHER, "检验的只是必要条件")
_VERDICTS_EN: Final = {
    "holds": ("holds", "hold"),
    "holds_with": ("holds only with corridors", "hold only with corridors"),
    "differs": ("counts by another definition or year", "count by another definition or year"),
    "undecided": ("can't be decided", "can't be decided"),
    "fails": ("doesn't hold", "don't hold"),
}


def claims_section(results: StudyResults) -> list[Block]:
    """Return the audit of the text's claims: what each says, what comes out, what would turn it."""
    claims = results.claims
    if claims.empty:
        return []
    sentences = claim_sentences(claims)
    checked = sentences[sentences["verdict"] != "not_checkable"]
    rows: list[tuple[str, ...]] = []
    for number, sentence in enumerate(rows_of(checked), start=1):
        rows += _sentence_rows(number, sentence, claims[claims["sentence"] == sentence.sentence])
    blocks: list[Block] = [Heading("文中论断的检验")]
    if rows:
        header = ("", "文中的话（如何理解）", "结论", "依据")
        note = f"一句话一个结论，由其各部分中最不利的决定；另一种读法列在其下，不影响结论；“口径不同”的{_NEITHER}。依据见附录“{_METHODS}”。"
        blocks.append(
            Table("claims", "逐句检验的结果", header, tuple(rows), (0,), note, widths=(5, 37, 13, 45))
        )
    others = len(sentences) - len(checked)
    if others:
        blocks.append(Paragraph(f"无法检验的 {others} 句及其原因，见附录“{_UNCHECKED}”。", kind="note"))
    return blocks


def methods_section(results: StudyResults) -> list[Block]:
    """Say how the sentences were checked, and by which data."""
    claims = results.claims
    if claims.empty:
        return []
    methods = claim_paragraphs(claims)[1 + len(claims) :]
    return [Heading(_METHODS, appendix=True), Items(tuple(methods))] if methods else []


def unchecked_section(results: StudyResults) -> list[Block]:
    """Tell which sentences of the text can't be checked, and why."""
    claims = results.claims
    if claims.empty:
        return []
    sentences = claim_sentences(claims)
    those = sentences.loc[sentences["verdict"] == "not_checkable", "sentence"]
    lines = tuple(
        f"“{row.words}”（{row.reading}）：{_without_verdict(row)}。"
        for row in rows_of(claims[claims["sentence"].isin(those)])
    )
    return [Heading(_UNCHECKED, appendix=True), Items(lines)] if lines else []


def _sentence_rows(number: int, sentence: Any, claims: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows of a sentence: one, or its verdict and beneath it the parts and readings, each by its own."""
    verdict = verdict_name(sentence.verdict, sentence.stance)
    if len(claims) == 1:
        (row,) = rows_of(claims)
        return [(str(number), f"{row.words}（{row.reading}）", verdict, _line(_told(row)))]
    told = [_told(row) for row in rows_of(claims)]
    count = Counter(text for texts in told for text in dict.fromkeys(texts))
    # What several of them say stands once, beside the sentence.
    shared = [text for text in count if count[text] > 1]
    head = _counted_parts(sentence) + "。" + _shared_line(shared)
    rows: list[tuple[str, ...]] = [(str(number), str(sentence.words), verdict, head)]
    quoted_before = {str(sentence.words)}
    for row, texts in zip(rows_of(claims), told, strict=True):
        what = "另一种读法：" if row.role == "reading" else ""
        quoted = "" if row.words in quoted_before else f"“{row.words}”："
        quoted_before.add(str(row.words))
        rows.append(
            (
                "",
                f"{what}{quoted}{row.reading}",
                verdict_name(str(row.verdict), str(row.stance)),
                _line([text for text in texts if text not in shared]),
            )
        )
    return rows


def _shared_line(texts: list[str]) -> str:
    """Return what parts and readings share."""
    if not texts:
        return ""
    assumed = all(text.startswith(_ASSUMED) for text in texts)
    return f"共同的{_line(texts)}" if assumed else f"共同的依据：{_line(texts)}"


def _counted_parts(sentence: Any) -> str:
    parts = [f"{sentence.n_parts} 个部分" if sentence.n_parts > 1 else ""]
    parts.append(f"{sentence.n_readings} 种另外的读法" if sentence.n_readings else "")
    return f"见下列 {'、'.join(filter(None, parts))}"


def _told(row: Any) -> list[str]:
    """Return what a verdict rests on, text by text: what came out, what would turn it, the other reading."""
    verdict = _without_verdict(row).strip("。")
    # What several verdicts begin with, or end with, can stand once for all of them.
    begun = next((each for each in _BEGINNINGS if verdict.startswith(f"{each}。")), "")
    rest = verdict.removeprefix(f"{begun}。") if begun else verdict
    parts = rest.split("。", 1) if begun else [rest]
    if row.kind == "status" and row.flip:  # how many lines are open, and which must open
        parts[-1] += f"，{row.flip}"
    else:
        parts += [str(row.detail), str(row.flip)]
    texts = [*([begun] if begun != _NEITHER else []), *parts]
    if row.other_reading:
        outcome = "成立" if row.other_holds == "yes" else "不成立"
        texts.append(f"若按{row.other_reading}理解，{outcome}")
    if row.assumptions:
        texts.append(f"{_ASSUMED}{row.assumptions}")
    return [text for text in (each.strip("。") for each in texts) if text]


def _line(texts: Iterable[str]) -> str:
    """Return texts as sentences."""
    return "".join(f"{text}。" for text in texts)


def _without_verdict(row: Any) -> str:
    """Return a verdict's text without the verdict, which stands in a column of its own."""
    text = str(row.verdict_text)
    for name in (VERDICT_NAMES[row.verdict], verdict_name(str(row.verdict), "goal")):
        text = text.removeprefix(name)
    return text.lstrip("。：，") or str(row.verdict_text)


def claims_summary(claims: pd.DataFrame) -> str:
    """Return how many of the text's sentences hold, in one Chinese sentence."""
    return claim_paragraphs(claims)[0]


def claims_summary_en(claims: pd.DataFrame) -> str:
    """Return the same in one English sentence."""
    sentences = claim_sentences(claims)
    count = sentences["verdict"].value_counts()
    checked = len(sentences) - int(count.get("not_checkable", 0))
    parts = [
        f"{count[name]} {words[int(count[name] > 1)]}"
        for name, words in _VERDICTS_EN.items()
        if name in count
    ]
    found = f": {', '.join(parts)}" if parts else ""
    return f"Of {len(sentences)} sentences listed from the text, {checked} can be checked{found}."


def groups_section(results: StudyResults) -> list[Block]:
    """Return the groups of places that the text names, and how they hang together."""
    groups = results.group_cohesion
    if groups.empty:
        return []
    after = "all" in results.scenario_names
    rows = tuple(
        (
            row.group_name,
            str(row.n_members),
            f"{row.limit_min:g}",
            minutes(row.base_mean_min),
            minutes(row.base_max_min),
            _share(row.base_cohesion),
            *((_share(row.scenario_cohesion),) if after else ()),
            *((change(row.delta_mean_min) if math.isfinite(row.delta_mean_min) else "—",) if after else ()),
        )
        for row in rows_of(groups)
    )
    header = (
        "组团", "成员（个）", "阈值（分钟）", "平均（分钟）", "最长（分钟）", "凝聚度",
        *(("规划后", "平均变化（分钟）") if after else ()),
    )  # fmt: skip
    note = f"成员两两之间的{way_zh(results)}门到门时间，以成员自身的政府驻地计；凝聚度是相互时间在阈值之内的成员对所占比例。"
    taken = [f"{group.name}：{group.note}" for group in claims_of(results.study).group if group.note]
    if taken:
        note += f"{'；'.join(taken)}。"
    return [
        Heading("文中的组团连得紧不紧"),
        Table("groups", "组团内部的联系", header, rows, tuple(range(1, len(header))), note),
        *_overlap_lines(results),
        *_nearest_lines(results),
    ]


def _overlap_lines(results: StudyResults) -> list[Block]:
    """Tell whose circles overlap, and what corridors change about it."""
    table_ = results.group_overlap
    base = table_[table_["scenario"] == "base"]
    if base.empty:
        return []
    after = table_[table_["scenario"] == "all"].set_index(["a_id", "b_id"])["share_of_smaller"]
    touching = base[base["overlap_km2"] > 0].sort_values("share_of_smaller", ascending=False, kind="stable")
    cutoff = hours(float(base["cutoff_min"].iloc[0]))
    text = f"各组团的{cutoff}圈（成员之圈的并集）两两之间，{len(base)} 对中有 {len(touching)} 对重叠" + (
        "（占较小一圈的比例）：" if len(touching) else "。"
    )
    parts = []
    for row in rows_of(touching.head(6)):
        then = after.get((row.a_id, row.b_id), math.nan)
        more = (
            f"，规划后 {_share(then)}"
            if math.isfinite(then) and _share(then) != _share(row.share_of_smaller)
            else ""
        )
        parts.append(f"{row.a_name}与{row.b_name} {_share(row.share_of_smaller)}{more}")
    if parts:
        text += "；".join(parts) + (
            "；其余见 tables.xlsx 的“组团的圈”一表。" if len(touching) > len(parts) else "。"
        )
    return [text]


def _nearest_lines(results: StudyResults) -> list[Block]:
    """Tell which group the border counties are nearest to."""
    near = results.nearest_groups
    known = near[near["group_id"] != ""]
    if known.empty:
        return []
    parts = []
    for _, some in known.groupby("group_id", sort=False):
        listed = "、".join(
            f"{row.origin_name}（{row.minutes:.0f}）" for row in rows_of(some.sort_values("minutes").head(3))
        )
        more = f"等 {len(some)} 个" if len(some) > 3 else ""
        parts.append(f"{some['group_name'].iloc[0]}：{listed}{more}")
    return ["毗邻区县最近的组团（至其最近成员的分钟数，0 表示本身是成员）：" + "；".join(parts) + "。"]


def _share(value: float) -> str:
    return f"{value * 100:.0f}%" if math.isfinite(value) else "—"
