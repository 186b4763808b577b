"""Text from files, made fit for a line, a terminal or a spreadsheet, where some characters do something."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the command line reads this module before it knows whether a table is wanted
    import pandas as pd

#: Characters that begin an embedding or isolate of the bidirectional algorithm, and what ends each.
_OPEN: Final = {
    **dict.fromkeys("\u202a\u202b\u202d\u202e", "\u202c"),
    **dict.fromkeys("\u2066\u2067\u2068", "\u2069"),
}
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: What a spreadsheet takes for the beginning of a formula, full-width forms included, after apostrophes of ours.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
#: What begins like one and computes nothing: numbers, and signs alone.
_HARMLESS: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[=+\-@]+", re.ASCII)
_SPACES: Final = re.compile(r"\s+")
#: Kinds of characters that nobody sees and that move a terminal's cursor, or belong to nothing; joiners and
#: marks of direction are seen by their effect.
_UNSEEN: Final = frozenset({"Cc", "Cs"})
#: Kinds of numpy's types that hold numbers and moments.
_NUMERIC: Final = "biufcmM"


def closed(text: str) -> str:
    r"""Return a text whose changes of direction end with it.

    Without an end, a right-to-left override in a name would turn around the figures that stand after it.

    Examples
    --------
    >>> closed("plain"), closed("\u202eabc")
    ('plain', '\u202eabc\u202c')
    """
    if not _BIDI.search(text):
        return text
    ends: list[str] = []
    for letter in _BIDI.findall(text):
        if letter in _OPEN:
            ends.append(_OPEN[letter])
        elif letter in ends:
            # The end of an isolate ends the embeddings within it; the end of an embedding stays inside.
            last = len(ends) - 1 - ends[::-1].index(letter)
            if letter == "\u2069" or last == len(ends) - 1:
                del ends[last:]
    return text + "".join(reversed(ends))


def one_line(text: str, *, most: int | None = None) -> str:
    r"""Return a text as one line: no line breaks, nothing that moves a terminal's cursor, directions closed.

    Parameters
    ----------
    text : str
    most : int, optional
        Of so many characters at most; a longer one is cut and ends in an ellipsis.

    Examples
    --------
    >>> one_line(" two\nlines\x1b[31m"), one_line("0123456789", most=5)
    ('two lines[31m', '0123…')
    """
    line = _visible(_SPACES.sub(" ", text).strip())
    if most is not None and len(line) > most:
        line = line[: most - 1] + "…"
    return closed(line)


def printable(text: str) -> str:
    r"""Return a text of several lines without what moves a terminal's cursor; directions end with their line.

    Examples
    --------
    >>> printable("two\n lines\x1b[31m")
    'two\n lines[31m'
    """
    return "\n".join(closed(_visible(line)) for line in text.split("\n"))


def _visible(line: str) -> str:
    if line.isprintable():
        return line
    return "".join(letter for letter in line if unicodedata.category(letter) not in _UNSEEN)


def spreadsheet_text(text: str) -> str:
    r"""Return a text that a spreadsheet shows as it is, rather than computing it.

    A text that begins with ``=``, ``+``, ``-``, ``@``, a tab or a line break gets an apostrophe in front,
    unless it is a number or such signs alone; so does one that has apostrophes before such a sign already. Taking one apostrophe
    away from every text that begins with apostrophes and such a sign therefore gives the texts back.

    Examples
    --------
    >>> spreadsheet_text("=1+1"), spreadsheet_text("-5.2"), spreadsheet_text("=="), spreadsheet_text("綦江区")
    ("'=1+1", '-5.2', '==', '綦江区')

    References
    ----------
    OWASP, CSV Injection. https://owasp.org/www-community/attacks/CSV_Injection
    """
    if _FORMULA.match(text) and not _HARMLESS.fullmatch(text):
        return f"'{text}"
    return text


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV with lines that end in CR LF; no text in it is a formula, and numbers stay numbers.

    See Also
    --------
    spreadsheet_text : What becomes of a text.

    Examples
    --------
    >>> import pandas as pd
    >>> csv_text(pd.DataFrame({"name": ["=A1", "b"], "km": [-1.5, 2.0]})).split()
    ['name,km', "'=A1,-1.5", 'b,2.0']
    """
    plain = table.copy(deep=False)
    for position, dtype in enumerate(table.dtypes):
        if dtype.kind not in _NUMERIC:
            plain.isetitem(position, table.iloc[:, position].astype(object).map(_cell).to_numpy())
    plain.columns = [_cell(name) for name in table.columns]
    return plain.to_csv(index=False, lineterminator="\r\n")


def _cell(value: Any) -> Any:
    return spreadsheet_text(value) if isinstance(value, str) else value
