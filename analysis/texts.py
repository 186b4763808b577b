"""How texts are cited that studies, claims and corridors name by their files."""

from __future__ import annotations

import tomllib
from functools import cache

from .. import data


def citation(text: str, title: str = "") -> str:
    """Return how a text is cited: authors, title, journal where they are known.

    Parameters
    ----------
    text : str
        The text's file, as a study or a corridor names it.
    title : str
        What it's called where nothing more is known.

    Returns
    -------
    str
        The title, or at last the file's name, for a text that the package doesn't know.

    Examples
    --------
    >>> citation("003_ab47a2aae3fd0867.txt")[:3], citation("mine.docx", "我的文章"), citation("mine.docx")
    ('李良彬', '我的文章', 'mine.docx')
    """
    return _citations().get(text) or title or text


@cache
def _citations() -> dict[str, str]:
    with data.path("texts.toml").open("rb") as file:
        return {name: str(entry["citation"]) for name, entry in tomllib.load(file).items()}
