"""Tables that people hold, as text under our headers: CSV in any of the usual encodings, Excel, Parquet."""

from __future__ import annotations

import csv
import datetime as dt
import io
import logging
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ..checks import require_path, unsound_text
from ..errors import DataFileError, EmptyInputError, InputError, InputTypeError
from ._headers import find_columns, parse, unit_factor, units_said
from ._numbers import to_number
from ._text import decode

EXCEL_SUFFIXES: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")
TEXT_SUFFIXES: Final = (".csv", ".txt", ".tsv")
TABLE_SUFFIXES: Final = (*TEXT_SUFFIXES, *EXCEL_SUFFIXES, ".parquet", ".pq")
#: A header stands below a title and a note or two at most.
_HEADER_WITHIN: Final = 10
_DELIMITERS: Final = (",", "\t", ";", "|", "，")
#: Larger tables than this aren't read as text.
_MOST_BYTES: Final = 2**31

_log = logging.getLogger(__name__)


def read_table(
    path: str | PathLike[str],
    *,
    wanted: Iterable[str],
    needed: Iterable[str] = (),
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    argument: str = "source",
) -> pd.DataFrame:
    """Read a table and give its columns our names.

    Parameters
    ----------
    path : str or path
        .csv, .txt, .tsv (UTF-8, UTF-16, GBK or GB18030; separated by commas, tabs or semicolons), .xlsx, .xls,
        .ods, or .parquet.
    wanted : iterable of str
        Our names, see `HEADERS`; headers are matched as `find_columns` does.
    needed : iterable of str
        Those of them that have to be there.
    columns : mapping of str to str, optional
        Our name -> the file's header.
    encoding : str, optional
        Of text; found out when left out.
    argument : str
        Name of the caller's argument, for messages.

    Returns
    -------
    pandas.DataFrame
        All columns of the file, those wanted under our names; text without spaces around it, "" where there is
        nothing, except that a Parquet file's values stay as they are. The index, ``row``, counts as a spreadsheet
        does: the file's first row is 1. Columns whose header gives another unit than ours are multiplied.

    Raises
    ------
    DataFileError
        If the file is missing, of another kind, or can't be read; with the row where there is one.
    MissingColumnError, InputError
        As in `find_columns`.
    EmptyInputError
        If there are no rows.
    """
    file = require_path(path, argument)
    where = f"'{argument}': {file.name}"
    known, must = list(wanted), list(needed)
    if columns is not None and not isinstance(columns, Mapping):
        raise InputTypeError(f"'columns' should map our columns to the file's, got {columns!r}")
    if not file.exists():
        raise DataFileError(f"'{argument}': there is no file {file}")
    if not file.is_file():
        raise DataFileError(f"'{argument}': {file} isn't a file; give a .csv, .xlsx or .parquet")
    if encoding is not None and not isinstance(encoding, str):
        raise InputTypeError(f"'encoding' should be the name of one, such as 'gbk', got {encoding!r}")
    suffix = file.suffix.lower()
    if suffix in (".parquet", ".pq"):
        frame = _parquet(file, where)
    elif suffix in EXCEL_SUFFIXES:
        frame = _excel(file, where, known, must, columns)
    else:
        frame = _framed(_csv_rows(file, where, encoding), where, known, must, columns)
    return _renamed(frame, where, known, must, columns)


def _csv_rows(file: Path, where: str, encoding: str | None) -> list[tuple[int, list[str]]]:
    try:
        with file.open("rb") as opened:  # not by name, by which pandas would unpack archives
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise DataFileError(f"{where} can't be read ({error.strerror})") from error
    if len(content) > _MOST_BYTES:
        raise DataFileError(f"{where} is larger than {_MOST_BYTES:,} bytes; save it as .parquet")
    text, _ = decode(content, where, encoding)
    first = next(
        (line for line in text.splitlines()[:_HEADER_WITHIN] if any(d in line for d in _DELIMITERS)), ""
    )
    delimiter = max(_DELIMITERS, key=first.count) if first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows, line = [], 1
    try:
        for row in reader:
            rows.append((line, [cell.strip() for cell in row]))
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataFileError(f"{where}, row {line}, can't be read as CSV: {error}") from error
    return rows


def _excel(
    file: Path, where: str, known: Sequence[str], needed: Sequence[str], columns: Mapping[str, str] | None
) -> pd.DataFrame:
    """Read the one sheet that has what is wanted."""
    import python_calamine  # noqa: PLC0415 - most tables are text

    try:
        book = python_calamine.load_workbook(str(file))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names
        }
    except Exception as error:  # the library has a kind of its own for each format
        raise DataFileError(
            f"{where} can't be read as a workbook ({type(error).__name__}: {error}); open it in a spreadsheet "
            "and save it anew, without a password"
        ) from error
    faults: list[Exception] = []
    found: dict[str, tuple[int, pd.DataFrame]] = {}
    for name, cells in sheets.items():
        rows = [(number, [_text(cell) for cell in row]) for number, row in enumerate(cells, start=1)]
        if not any(any(row) for _, row in rows):
            continue
        try:
            frame = _framed(rows, f"{where}, sheet {name!r}", known, needed, columns)
            names = find_columns(
                frame.columns, known, f"{where}, sheet {name!r}", columns=columns, needed=needed
            )
        except (InputError, LookupError, DataFileError) as error:
            faults.append(error)
        else:
            found[name] = len(names), frame
    if not found:
        raise faults[0] if faults else EmptyInputError(f"{where} has no rows")
    most = max(number for number, _ in found.values())
    fits = [name for name, (number, _) in found.items() if number == most]
    if len(fits) > 1:
        _log.warning(
            "%s: %d sheets have these columns; read %r, the first (the others: %s)",
            where, len(fits), fits[0], "、".join(fits[1:]),
        )  # fmt: skip
    return found[fits[0]][1]


def _text(cell: Any) -> str:
    """Return what a spreadsheet shows: whole numbers without decimals, days without midnight."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell).strip()


def _parquet(file: Path, where: str) -> pd.DataFrame:
    try:
        frame = pd.read_parquet(file)
    except Exception as error:  # Arrow's kinds
        raise DataFileError(f"{where} can't be read as Parquet ({type(error).__name__}: {error})") from error
    column = unsound_text(frame)
    if column is not None:
        raise DataFileError(
            f"{where} is damaged: it holds text in {column!r} that isn't UTF-8; write it anew"
        )
    frame.columns = [str(name) for name in frame.columns]
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="row"))


def _framed(
    rows: list[tuple[int, list[str]]],
    where: str,
    known: Sequence[str],
    needed: Sequence[str],
    columns: Mapping[str, str] | None,
) -> pd.DataFrame:
    """Find the header, and put what stands below it under it."""
    filled = [(number, row) for number, row in rows if any(row)]
    if not filled:
        raise EmptyInputError(f"{where} has no rows")
    at = _header_at([row for _, row in filled[:_HEADER_WITHIN]], known, needed, columns)
    header = filled[at][1]
    while header and not header[-1]:
        header = header[:-1]
    named = [name or f"column {number}" for number, name in enumerate(header, start=1)]
    width = len(named)
    numbers, values = [], []
    for number, row in filled[at + 1 :]:
        if any(row[width:]):
            raise DataFileError(
                f"{where}, row {number}: rows have more values than the header has names; name every column, "
                "and quote values that hold a comma"
            )
        numbers.append(number)
        values.append([*row[:width], *[""] * (width - len(row))])
    frame = pd.DataFrame(values, columns=_told_apart(named), index=pd.Index(numbers, name="row"), dtype="str")
    frame.attrs["units"] = [unit for _, row in filled[:at] for cell in row for unit in units_said(cell)]
    return frame


def _header_at(
    rows: Sequence[Sequence[str]],
    known: Sequence[str],
    needed: Sequence[str],
    columns: Mapping[str, str] | None,
) -> int:
    """Return which row names what is wanted; the first where none names all that is needed."""
    said = set((columns or {}).values())
    must = max(1, len(set(needed)))
    for number, row in enumerate(rows):
        names = [cell for cell in row if cell]
        try:
            found = find_columns(names, known, "")
        except (InputError, LookupError):
            found = {}
        if len(names) > 1 and (set(needed) - set(columns or {}) <= set(found)) and said <= set(names):
            return number
        if number == 0 and len(names) > 1 and len(found) >= must:
            return 0
    return 0


def _told_apart(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    told = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        told.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return told


def _renamed(
    frame: pd.DataFrame,
    where: str,
    known: Sequence[str],
    needed: Sequence[str],
    columns: Mapping[str, str] | None,
) -> pd.DataFrame:
    found = find_columns(frame.columns, known, where, columns=columns, needed=needed)
    if len(frame) == 0:
        raise EmptyInputError(f"{where} has no rows")
    named = frame.rename(columns={header: own for own, header in found.items()})
    named = named.loc[:, ~named.columns.duplicated()]
    for own, header in found.items():
        factor = unit_factor(own, header, where, above=frame.attrs.get("units", ()))
        if factor != 1.0:
            values = named[own]
            scaled = [to_number(value) * factor for value in values]
            named[own] = [
                value if number != number else round(number, 9)  # noqa: PLR0124 - what is no number is told later
                for value, number in zip(values, scaled, strict=True)
            ]
    datums = {parse(found[own]).datum for own in ("lon", "lat") if own in found} - {""}
    if datums:
        named.attrs["datum"] = "/".join(sorted(datums))
    return named
