"""Verdicts, what they are called, and the one that each sentence of a text gets from the claims that it makes."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ...geo.errors import InputTypeError
from ..schemas import Schema

VERDICTS: Final = ("holds", "holds_with", "differs", "undecided", "fails", "not_checkable")
#: How each verdict is called in the report.
VERDICT_NAMES: Final = {
    "holds": "成立",
    "holds_with": "建成廊道后成立",
    "differs": "口径不同",
    "undecided": "不能判定",
    "fails": "不成立",
    "not_checkable": "无法检验",
}
#: By what a sentence is told first: one part that fails makes it fail.
_DECISIVE: Final = ("fails", "undecided", "differs", "holds_with", "holds", "not_checkable")
#: One row per sentence, in the order of its first claim.
SENTENCES: Final[Schema] = {
    "sentence": "str",
    "words": "str",
    "stance": "str",
    "verdict": "str",
    "n_parts": "int64",
    "n_readings": "int64",
}


def claim_sentences(table: pd.DataFrame) -> pd.DataFrame:
    """Give each sentence of a text one verdict, from the claims that it makes.

    Parameters
    ----------
    table : DataFrame
        As `audit_claims` returns it.

    Returns
    -------
    pandas.DataFrame
        One row per sentence in the order of the claims: ``sentence``, ``words`` (of its first claim), ``stance``,
        ``verdict``, ``n_parts``, ``n_readings``. The verdict is the worst of the parts that can be checked: "fails",
        else "undecided", "differs", "holds_with", "holds"; other readings don't decide.

    Raises
    ------
    InputTypeError
        If it isn't a table of claims.

    Examples
    --------
    >>> from pathlib import Path
    >>> written = Path("claims.toml").write_text(
    ...     '''
    ...     study = "mine"
    ...     text = "mine.txt"
    ...
    ...     [[claim]]
    ...     id = "provinces"
    ...     words = "中国有34个省级行政区"
    ...     reading = "省级行政区共34个"
    ...     kind = "count"
    ...     of = "provinces"
    ...     limit = 34
    ...     ''',
    ...     encoding="utf-8",
    ... )
    >>> found = br.audit_claims("yuqian", claims=br.read_claims("claims.toml"))
    >>> br.claim_sentences(found)[["words", "verdict", "n_parts"]].values.tolist()
    [['中国有34个省级行政区', 'holds', 1]]
    """
    if not isinstance(table, pd.DataFrame) or "sentence" not in table:  # type: ignore[redundant-expr] # callers aren't all typed
        raise InputTypeError(f"'table' should be what audit_claims returns, got {type(table).__name__}")
    rows = []
    for sentence, claims in table.groupby("sentence", sort=False):
        parts = claims[claims["role"] != "reading"]
        parts = claims if parts.empty else parts
        rows.append(
            {
                "sentence": str(sentence),
                "words": str(parts["words"].iloc[0]),
                "stance": str(parts["stance"].iloc[0]),
                "verdict": next(each for each in _DECISIVE if (parts["verdict"] == each).any()),
                "n_parts": len(parts),
                "n_readings": len(claims) - len(parts),
            }
        )
    return pd.DataFrame(rows, columns=list(SENTENCES)).astype(dict(SENTENCES))


def verdict_name(verdict: str, stance: str) -> str:
    """Return how a verdict is called: a goal isn't right or wrong, but reached or not yet."""
    of_goals = {"holds": "已达到", "holds_with": "建成廊道后可达到", "fails": "尚未达到"}
    return of_goals.get(verdict, VERDICT_NAMES[verdict]) if stance == "goal" else VERDICT_NAMES[verdict]


def counted(sentences: pd.DataFrame) -> str:
    """Say how many sentences there are of each verdict: statements, then goals and plans."""
    said = []
    for stance, what in (("fact", "陈述"), ("goal", "目标与规划")):
        count = sentences.loc[sentences["stance"] == stance, "verdict"].value_counts()
        parts = [f"{verdict_name(name, stance)} {count[name]} 句" for name in VERDICTS if name in count]
        if parts:
            said.append(f"{what} {int(count.sum())} 句，{'，'.join(parts)}")
    return "；".join(said)
