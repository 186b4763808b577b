"""Centres and pairs of them: listed where they are few, counted where they are many."""

from __future__ import annotations

from typing import Final

import pandas as pd

from ..analysis.studies import StudyResults
from ._markdown import hours

#: With more centres than this, they and their pairs are counted rather than listed.
_MANY_CENTRES: Final = 4


def many_centres(results: StudyResults) -> bool:
    """Tell whether there are too many centres to list them."""
    return len(results.centres) > _MANY_CENTRES


def near_pairs(results: StudyResults) -> tuple[int, int]:
    """Pairs of centres within the circle's minutes of each other in both directions, and all pairs."""
    base = results.pair_times[results.pair_times["scenario"] == "base"]
    ends = [tuple(sorted(pair)) for pair in zip(base["from_id"], base["to_id"], strict=True)]
    slower = base.groupby(pd.Index(ends, tupleize_cols=False))["travel_time_min"].max()
    return int((slower <= results.study.circle_min).sum()), len(slower)


def told_pairs(results: StudyResults, table_: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return all pairs of centres, or those within the circle's minutes where there are many centres."""
    return table_[table_[column] <= results.study.circle_min] if many_centres(results) else table_


def rest_of_pairs(results: StudyResults, file: str) -> list[str]:
    """Say where the pairs stand that are left out."""
    if not many_centres(results):
        return []
    return ["", f"只列出相互在{hours(results.study.circle_min)}之内的；其余见 {file}。"]
