"""Office files: zip archives whose bytes are the same for the same content, and texts that XML can hold."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from typing import Final

from ..geo.text import one_line

#: When a file of ours was made, as it says itself: one fixed moment keeps two runs byte-identical.
MADE: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
#: What XML 1.0 can't hold, besides the control characters and surrogates that no line has.
_NOT_IN_XML: Final = re.compile("[\ufffe\uffff]")
_DOS_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def xml_text(text: str) -> str:
    r"""Return a text as one line that XML can hold, spaces at its edges kept.

    Examples
    --------
    >>> xml_text("two\nlines\x00\ud800\uffff "), xml_text(" ")
    ('two lines ', ' ')
    """
    inner = _NOT_IN_XML.sub("", one_line(text))
    if not inner:
        return " " if text[:1].isspace() else ""
    return (" " if text[:1].isspace() else "") + inner + (" " if text[-1:].isspace() else "")


def repacked(archive: bytes) -> bytes:
    """Return a zip archive with the same files in the same order, without the moment at which it was made."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            fixed = zipfile.ZipInfo(entry.filename, date_time=_DOS_EPOCH)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(fixed, old.read(entry))
    return made.getvalue()
