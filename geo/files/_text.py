"""Bytes to text where nobody says in what encoding: UTF-8, UTF-16 and the Chinese ones, told apart by content."""

from __future__ import annotations

import codecs
from typing import Final

from ..errors import DataFileError, InputError

#: Of text in GBK so much of what isn't ASCII consists of two bytes of GB2312, and of these so much of its
#: 3,755 common characters; Latin-1 and Cyrillic stay far below.
_PAIRS_SHARE: Final = 0.8
_COMMON_SHARE: Final = 0.5


def decode(content: bytes, where: str, encoding: str | None = None) -> tuple[str, str]:
    r"""Return text and the encoding that it is in.

    Parameters
    ----------
    content : bytes
    where : str
        What to call it in messages.
    encoding : str, optional
        What the caller says; else UTF-8 and UTF-16 by mark or content, then GB18030, of which GBK is a part.

    Raises
    ------
    DataFileError
        If it is in none of these, or isn't text.
    InputError
        If Python knows no such encoding.

    Examples
    --------
    >>> decode("县名,人口\n安源区,520000".encode("gbk"), "the table")[1]
    'gb18030'
    """
    if encoding is not None:
        try:
            # A name that Excel's users give for what they saved; a mark at the beginning is no part of the text.
            return content.decode(encoding).removeprefix("\ufeff"), encoding
        except LookupError as error:
            raise InputError(f"'encoding': {error}; use 'utf-8', 'gbk' or 'utf-16'") from error
        except UnicodeError as error:
            raise DataFileError(
                f"{where} can't be read in {encoding} ({error}); leave encoding out, or save it as UTF-8"
            ) from error
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        guess = "utf-16"
    elif b"\0" in content[:4096]:
        guess = _utf16_without_mark(content[:4096])
        if not guess:
            raise DataFileError(f"{where} isn't text; save the table as .csv in UTF-8, or as .xlsx")
    else:
        guess = "utf-8-sig"
    try:
        return content.decode(guess), guess
    except UnicodeError as error:
        if guess == "utf-8-sig" and is_gbk(content):
            return content.decode("gb18030"), "gb18030"
        raise DataFileError(
            f"{where} is text neither in UTF-8 nor in UTF-16 or GBK ({error}); save it as UTF-8, or give encoding="
        ) from error


def is_gbk(content: bytes) -> bool:
    """Tell Chinese text in GBK from text of one byte a letter that merely happens to decode.

    Parameters
    ----------
    content : bytes
        Text that isn't UTF-8.

    Examples
    --------
    >>> is_gbk("安源区".encode("gbk")), is_gbk("Köln, Düsseldorf".encode("latin-1"))
    (True, False)
    >>> is_gbk("Москва, Тула".encode("cp1251"))
    False
    """
    try:
        content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    high = pairs = common = position = 0
    while position < len(content):
        first = content[position]
        if first < 0x80:
            position += 1
            continue
        second = content[position + 1] if position + 1 < len(content) else 0
        high += 1
        if 0xA1 <= first <= 0xF7 and second >= 0xA1:
            pairs += 1
            common += first <= 0xD7
        position += 2
    return high > 0 and pairs >= _PAIRS_SHARE * high and common >= _COMMON_SHARE * pairs


def _utf16_without_mark(head: bytes) -> str:
    """Return which UTF-16 has its zeros where these bytes have them; empty for neither."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else ""
