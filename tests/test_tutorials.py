"""The tutorials run, and print what they say they print.

After a change that is meant to change figures: ``BORDERREACH_WRITE_TUTORIALS=1 python -m pytest tests/test_tutorials.py``,
and read what changed.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
from pathlib import Path
from typing import Any

import pytest

TUTORIALS = ("borders", "isochrones", "corridors", "timetables", "decisions")
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


def run(text: str) -> str:
    """Return the page with what its blocks print, run one after the other in one namespace."""
    names: dict[str, Any] = {"__name__": "tutorial"}

    def printed(match: re.Match[str]) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(match[1], "tutorial", "exec"), names)  # noqa: S102 (the project's own pages)
        shown = f"\n```text\n{out.getvalue()}```\n" if out.getvalue() or match[2] is not None else ""
        return f"```python\n{match[1]}```\n{shown}"

    return BLOCK.sub(printed, text)


def with_blocks_of(english: str, text: str) -> str:
    """Return a page with the blocks of another, the first for the first."""
    blocks = [match[0] for match in BLOCK.finditer(english)]
    assert len(BLOCK.findall(text)) == len(blocks)
    found = iter(blocks)
    return BLOCK.sub(lambda _: next(found), text)


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_prints_what_it_says(
    checkout: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where files that it writes lie
    page = checkout / "docs" / "tutorials" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    found = run(text)
    if os.environ.get("BORDERREACH_WRITE_TUTORIALS"):
        page.write_text(found, encoding="utf-8", newline="\n")
    assert found == text


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_page_in_chinese_runs_and_prints_the_same(checkout: Path, name: str) -> None:
    folder = checkout / "docs" / "tutorials"
    english = (folder / f"{name}.md").read_text(encoding="utf-8")
    page = folder / "zh" / f"{name}.md"
    text = page.read_text(encoding="utf-8")
    found = with_blocks_of(english, text)
    if os.environ.get("BORDERREACH_WRITE_TUTORIALS"):
        page.write_text(found, encoding="utf-8", newline="\n")
    assert found == text
    told = BLOCK.sub("", text)
    assert told.count("\n## ") == BLOCK.sub("", english).count("\n## ")
    # Its sentences are Chinese: English stands in names of things and in code only.
    assert (
        re.findall(r"(?:\b[a-z]{2,}\b ){3,}", re.sub(r"`[^`]*`|```.*?```", "", told, flags=re.DOTALL)) == []
    )


def test_every_page_is_tested(checkout: Path) -> None:
    assert {path.stem for path in (checkout / "docs" / "tutorials" / "zh").glob("*.md")} == set(TUTORIALS)
    assert {path.stem for path in (checkout / "docs" / "tutorials").glob("*.md")} == set(TUTORIALS)
    text = "".join((checkout / "docs" / "tutorials" / f"{name}.md").read_text("utf-8") for name in TUTORIALS)
    assert len(BLOCK.findall(text)) == text.count("```python")


def test_a_page_that_lies_is_seen() -> None:
    page = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    assert run(page) != page
    assert run(page) == page.replace("3", "2")
