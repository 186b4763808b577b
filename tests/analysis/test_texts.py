"""Texts are cited as their title pages say; of others, what the study says."""

from __future__ import annotations

import pytest

from borderreach.analysis.corridors._files import read_corridors
from borderreach.analysis.texts import citation
from borderreach.data import path
from borderreach.studies import study, study_names


@pytest.mark.parametrize("name", study_names())
def test_no_study_of_ours_cites_a_file(name: str):
    named = {study(name).text} - {""}  # a study of no text cites none
    for file in path("corridors").glob("*.toml"):
        named |= {mention.text for one in read_corridors(file) for mention in one.mentions}
    assert len(named) > 1
    assert [text for text in named if citation(text) == text] == []


def test_another_text_is_cited_by_its_title_or_its_file():
    assert citation("plan.docx", "规划") == "规划"
    assert citation("plan.docx") == "plan.docx"
