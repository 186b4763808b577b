"""Text for a line, a terminal, a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from borderreach.geo.text import closed, csv_text, one_line, printable, spreadsheet_text

DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def open_at_end(text: str) -> list[str]:
    """What is still open at the end of a line by rules X1 to X8 of the bidirectional algorithm (UAX 9)."""
    stack: list[str] = []
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"LRE", "RLE", "LRO", "RLO", "LRI", "RLI", "FSI"}:
            stack.append(kind)
        elif kind == "PDF" and stack and not stack[-1].endswith("I"):
            stack.pop()
        elif kind == "PDI" and any(each.endswith("I") for each in stack):
            while not stack.pop().endswith("I"):
                pass
    return stack


@given(st.text(DIRECTIONS + "ab"))
def test_no_direction_outlives_its_text(text: str):
    assert closed(text).startswith(text)
    assert open_at_end(closed(text)) == []
    if not open_at_end(text):
        assert closed(text) == text


@given(st.text(), st.none() | st.integers(2, 20))
def test_a_line_has_no_break_and_moves_no_cursor(text: str, most: int | None):
    line = one_line(text, most=most)
    assert len(f"{line}.".splitlines()) == 1
    assert not any(unicodedata.category(letter) == "Cc" for letter in line)
    assert most is None or len(line.rstrip("\u202c\u2069")) <= most


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_several_lines_stay_so_many(text: str):
    assert printable(text).count("\n") == text.count("\n")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", printable(text))


@given(st.text(st.sampled_from("'=+-@\t\r\n＝＋a1. ") | st.characters(exclude_categories=["Cs"])))
def test_texts_come_back_from_a_spreadsheet(text: str):
    written = spreadsheet_text(text)
    back = written[1:] if re.match("'+[=+\\-@\t\r\n＝＋－＠]", written) else written
    assert back == text


@pytest.mark.parametrize(
    "text", ["-5", "+3.25", "-1e-5", "12", ".5", "-", "==", "@", "", "a=b", "重庆", "−5"]
)
def test_numbers_and_signs_are_left(text: str):
    assert spreadsheet_text(text) == text


def test_a_table_keeps_its_numbers_and_its_frame():
    table = pd.DataFrame(
        {
            "name": ["=1+1", None], "km": [-1.5, float("nan")], "n": [-3, 4], "inside": [True, False],
            "kind": pd.Categorical(["@a", "b"]), "@day": pd.to_datetime(["2020-01-01", "2021-01-01"]),
        }
    )  # fmt: skip
    before = table.copy()
    rows = list(csv.reader(io.StringIO(csv_text(table), newline="")))
    assert rows == [
        ["name", "km", "n", "inside", "kind", "'@day"],
        ["'=1+1", "-1.5", "-3", "True", "'@a", "2020-01-01"],
        ["", "", "4", "False", "b", "2021-01-01"],
    ]
    pd.testing.assert_frame_equal(table, before)
    assert csv_text(table.iloc[:0]) == "name,km,n,inside,kind,'@day\r\n"
