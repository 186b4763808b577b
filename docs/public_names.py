"""The reference's lists: docs/reference.md groups the public names by task, their lines are their docstrings'."""

from __future__ import annotations

import inspect
import re
from typing import Any, Final

import borderreach as br

#: A list of public names, as the page has it below the heading of a task.
MARK: Final = re.compile(r"<!-- names: ([^>]*) -->")
#: Where the entries in full go on their own page.
FULL: Final = "<!-- reference -->"


def by_task(page: str) -> dict[str, list[str]]:
    """Return the names below each heading of the page, in its order."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in page.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        for names in MARK.findall(line):
            found.setdefault(heading, []).extend(names.split())
    return found


def public(name: str) -> Any:
    """Return what a name such as "isochrones" or "indicators.gini" stands for."""
    found: Any = br
    for part in name.split("."):
        found = getattr(found, part)
    return found


def first_sentence(name: str) -> str:
    """Return the first sentence of a public name's docstring, as plain text in Markdown."""
    summary = (inspect.getdoc(public(name)) or "").split("\n\n")[0].replace("\n", " ")
    sentence = re.split(r"(?<=\.)\s+(?=[A-Z])", summary)[0]
    parts = sentence.split("`")  # what stands between backticks is code, and nothing in it is escaped
    return "`".join(
        part if k % 2 else re.sub(r"([\\*_\[\]<>#|])", r"\\\1", part) for k, part in enumerate(parts)
    )


def lists(page: str) -> str:
    """Return the page with one line for each name, which leads to its entry."""

    def lines(found: re.Match[str]) -> str:
        rows = [f"- [`br.{name}`][borderreach.{name}]: {first_sentence(name)}" for name in found[1].split()]
        return "\n".join(rows)

    return MARK.sub(lines, page)


def entries(page: str) -> str:
    """Return the entries in full for mkdocstrings, in the order of the page that groups them."""
    return "\n\n".join(
        f"## {task}\n\n" + "\n\n".join(f"::: borderreach.{name}" for name in names)
        for task, names in by_task(page).items()
    )
