"""What figures and charts share: matplotlib's settings, sizes of type, and how a drawing becomes a file."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import Any, Final

import matplotlib as mpl
import matplotlib.style
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke

from ..geo.checks import require_path
from ..geo.errors import OutputError
from .files import write_atomically

#: File endings that a figure can be saved as, with metadata that would differ from run to run off.
FORMATS: Final[dict[str, dict[str, Any]]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None, "ModDate": None},
}
#: What journals ask of halftones.
DPI: Final = 300
HALO: Final = [withStroke(linewidth=2.2, foreground="white")]
_SETTINGS: Final[dict[Any, Any]] = {
    "svg.hashsalt": "borderreach",
    "svg.fonttype": "path",
    "hatch.linewidth": 0.7,
    "text.parse_math": False,  # a name with dollars in it is no formula
    "axes.unicode_minus": True,
}


@contextmanager
def own_settings() -> Iterator[None]:
    """Set matplotlib as it comes, and ours: somebody's own settings would make other bytes of the same results."""
    with mpl.style.context("default"), mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # `font_for` has said which characters no font has; matplotlib says it again for each.
        warnings.filterwarnings(
            "ignore", message="Glyph .* missing from|Matplotlib currently does not support"
        )
        yield


def require_figure_path(path: str | PathLike[str]) -> str:
    """Return the ending of a path that a figure can be saved to.

    Raises
    ------
    OutputError
        If it is none of `FORMATS`.
    """
    suffix = require_path(path, "path").suffix.lower()
    if suffix not in FORMATS:
        raise OutputError(f"'path' should end in {', '.join(FORMATS)}, got {str(path)!r}")
    return suffix


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """Return a figure as a file of the format that an ending names; the same figure gives the same bytes."""
    content = io.BytesIO()
    with own_settings():
        figure.savefig(content, format=suffix[1:], dpi=DPI, metadata=FORMATS[suffix])
    return content.getvalue()


def save_figure(figure: Figure, path: str | PathLike[str], suffix: str) -> None:
    """Save a figure; the file is replaced whole or not touched."""
    write_atomically(path, figure_bytes(figure, suffix))


def sized(font: FontProperties, size: float) -> FontProperties:
    """Return a font in another size, points."""
    copy = font.copy()
    copy.set_size(size)
    return copy
