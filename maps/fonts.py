"""The fonts of figures: the package's own, and others for characters that it lacks."""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import logging
import unicodedata
from collections.abc import Collection, Iterator
from functools import cache
from os import PathLike, fspath
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

from .. import data
from ..geo.errors import DataFileError, InputError, InputTypeError
from ..geo.text import one_line
from .style import CJK_FAMILIES

#: A subset of Noto Sans SC: GB 2312 and all that the package itself writes (data/build/font.py).
OWN_FONT: Final = "fonts/borderreach-sans-sc.otf"
#: Endings of font files that matplotlib reads.
_ENDINGS: Final = (".otf", ".ttf", ".ttc", ".otc")
#: Fonts that have a picture for every character, which says nothing.
_PLACEHOLDERS: Final = ("Last Resort", "Adobe Blank")
#: Begins the names that faces are registered by.
_PREFIX: Final = "borderreach:"

_log = logging.getLogger(__name__)


def drawable(text: str, *, most: int) -> str:
    r"""Return a text as a figure shows it: one line of so many characters at most, without marks that aren't drawn.

    Examples
    --------
    >>> drawable("\u202eName\nof two lines", most=11)
    'Name of tw…'
    """
    # matplotlib draws letters in the order they are written, and knows no direction.
    line = "".join(letter for letter in text if unicodedata.category(letter) != "Cf")
    return one_line(line, most=most)


def font_for(text: str, *, font: str | PathLike[str] | None = None) -> font_manager.FontProperties:
    """Return fonts that draw `text`, each character with the first that has it.

    They are, in order: the one that is asked for, the package's own, the one that comes with
    matplotlib, and, only for what these lack, installed ones. So a text that the package's own font
    has is drawn the same on every machine. A character that no font has becomes a box, and a
    warning in the log says so.

    Parameters
    ----------
    text : str
        Everything that will be drawn.
    font : str or path, optional
        Name of an installed family, or path of a font file.

    Returns
    -------
    matplotlib.font_manager.FontProperties

    Raises
    ------
    DataFileError
        If the package's own font is missing or damaged.
    InputError, InputTypeError
        If `font` can't be used.

    Examples
    --------
    >>> len(font_for("重庆—贵阳").get_family())  # the package's own, and matplotlib's
    2
    """
    families = [] if font is None else [require_font(font)]
    families.append(_own())
    with contextlib.suppress(OSError, RuntimeError):  # distributions move it among the installed ones
        families.append(_of_file(str(Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")))
    lacking = {ord(character) for character in text if not character.isspace()}
    for family in families:
        lacking -= _characters(_entries()[family].fname)
    for entry in _installed() if lacking else ():
        found = _drawn(entry.fname, lacking)
        if found:
            families.append(_registered(entry))
            lacking -= found
        if not lacking:
            break
    if lacking:
        shown = " ".join(f"{chr(code)} (U+{code:04X})" for code in sorted(lacking)[:12])
        _log.warning(
            "no font has %d character(s) of the figure, which are drawn as boxes: %s; a font that has them, "
            "installed or named by 'font', mends it",
            len(lacking),
            shown,
        )
    return font_manager.FontProperties(
        family=families, style="normal", variant="normal", weight="normal", stretch="normal"
    )


def _own() -> str:
    try:
        return _of_file(str(data.path(OWN_FONT)))
    except (OSError, RuntimeError) as error:
        raise DataFileError(
            f"the package's own font, {OWN_FONT!r}, can't be read ({error}); reinstall borderreach"
        ) from error


def require_font(font: object) -> str:
    """Return the name by which matplotlib finds a font that somebody asked for.

    Parameters
    ----------
    font : str or path
        Name of an installed family, or path of a font file.

    Raises
    ------
    InputError, InputTypeError
    """
    if not isinstance(font, str | PathLike):
        raise InputTypeError(
            f"'font' should be the name of an installed font or the path of a font file, got {font!r}"
        )
    name = str(fspath(font))
    faces = [entry for entry in font_manager.fontManager.ttflist if entry.name == name]
    if not isinstance(font, str) or name.lower().endswith(_ENDINGS):
        faces = [font_manager.FontEntry(fname=name)]
    if not faces:
        known = {entry.name for entry in font_manager.fontManager.ttflist} - set(_entries())
        close = difflib.get_close_matches(name, known, n=3)
        hint = f"; did you mean {' or '.join(close)}?" if close else "."
        raise InputError(
            f"'font': no font {name!r} is installed{hint} Give the name of an installed family, or the path "
            "of a font file. (One that was installed since needs matplotlib's font cache to be deleted: "
            "matplotlib.get_cachedir())"
        )
    face = next(filter(_is_regular, faces), faces[0])
    try:
        return _registered(face)
    except (OSError, RuntimeError) as error:
        raise InputError(
            f"'font': {face.fname!r} can't be read as a font ({error}); give another one, such as a file that "
            f"ends in {', '.join(_ENDINGS)}"
        ) from error


def _of_file(path: str) -> str:
    return _registered(font_manager.FontEntry(fname=path))


def _registered(entry: font_manager.FontEntry) -> str:
    """Return a name by which matplotlib finds this face, and no other of the same family."""
    _characters(entry.fname)  # raises where the file isn't a font
    name = f"{_PREFIX}{entry.fname}"
    if name not in _entries():
        one = dataclasses.replace(entry, name=name, style="normal", variant="normal", weight="normal",
                                  stretch="normal", size="scalable")  # fmt: skip
        font_manager.fontManager.ttflist.append(one)
    return name


def _entries() -> dict[str, font_manager.FontEntry]:
    """Return the faces that were registered, by name."""
    return {entry.name: entry for entry in font_manager.fontManager.ttflist if entry.name.startswith(_PREFIX)}


def _installed() -> Iterator[font_manager.FontEntry]:
    """Yield the regular faces that are installed: those with Chinese first, the others by name."""
    order = {family: rank for rank, family in enumerate(CJK_FAMILIES)}
    faces = filter(_is_regular, font_manager.fontManager.ttflist)
    yield from sorted(faces, key=lambda face: (order.get(face.name, len(order)), face.name, face.fname))


def _is_regular(entry: font_manager.FontEntry) -> bool:
    # A variable or bold file would draw everything bold.
    return (
        entry.style == "normal"
        and entry.weight in (400, "normal", "regular", "book")
        and not entry.name.startswith((_PREFIX, *_PLACEHOLDERS))
    )


def _drawn(path: str, codes: Collection[int]) -> set[int]:
    """Return those of the characters that a font has and draws; somebody's fonts may be of any kind."""
    found = set()
    try:
        there = _characters(path) & set(codes)
        if there:
            opened = FT2Font(path)
            opened.set_size(10, 72)
            for code in there:
                opened.load_char(code)
                found.add(code)
    except Exception as error:  # noqa: BLE001 - a damaged font, or one of pictures: it draws nothing
        _log.debug("%s draws nothing: %s", path, error)
        return set()
    return found


@cache
def _characters(path: str) -> frozenset[int]:
    return frozenset(FT2Font(path).get_charmap())
