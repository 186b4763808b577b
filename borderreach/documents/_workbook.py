"""Tables as an Excel workbook: numbers as numbers, texts never formulas, heads that stay, filters."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import xlsxwriter

from ._packing import MADE, xml_text

#: Characters that Excel allows in a cell, and rows in a sheet besides its head.
_MOST_LETTERS: Final = 32_767
_MOST_ROWS: Final = 1_048_570


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its head, what it holds, its unit, what it means, and how many decimals are shown."""

    head: str
    cells: pd.Series[Any]
    unit: str = ""
    meaning: str = ""
    digits: int = 0


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook: its name, what it tells, its columns, and how many of the first stay in sight."""

    name: str
    tells: str
    columns: tuple[Column, ...]
    frozen: int = 1
    #: Columns coloured by their values, by their heads, as a heat map.
    heat: tuple[str, ...] = ()


def workbook_bytes(sheets: tuple[Sheet, ...], *, title: str) -> bytes:
    """Return tables as an Excel workbook; the same tables give the same bytes."""
    made = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        book.set_properties(
            {"title": xml_text(title)[:255], "author": "borderreach", "created": MADE.replace(tzinfo=None)}
        )
        book.formats[0].set_font_name("宋体")
        looks = _Looks(book)
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, looks)
    return made.getvalue()


class _Looks:
    """The formats of a workbook's cells."""

    def __init__(self, book: Any) -> None:
        own = {"font_name": "宋体", "font_size": 10}
        self._book, self._own = book, own
        self.head = book.add_format(
            {
                **own,
                "font_name": "黑体",
                "bold": True,
                "text_wrap": True,
                "valign": "vcenter",
                "top": 2,
                "bottom": 1,
            }
        )
        self.text = book.add_format({**own, "valign": "top"})
        self._numbers: dict[int, Any] = {}

    def number(self, digits: int) -> Any:
        """Return the format of numbers with so many decimals."""
        if digits not in self._numbers:
            shown = "#,##0" + ("." + "0" * digits if digits else "")
            # Codes are numbers that nobody groups or rounds.
            self._numbers[digits] = self._book.add_format(
                {**self._own, "num_format": "0" if digits < 0 else shown}
            )
        return self._numbers[digits]


def _write(sheet: Any, content: Sheet, looks: _Looks) -> None:
    """Write a sheet: a head, a row for each value of the columns."""
    columns = content.columns
    rows = min(max((len(column.cells) for column in columns), default=0), _MOST_ROWS)
    for at, column in enumerate(columns):
        unit = f"（{xml_text(column.unit).strip()}）" if column.unit else ""
        sheet.write_string(0, at, _cell_text(f"{xml_text(column.head).strip()}{unit}"), looks.head)
        widest = 2 * len(column.head)
        for row, value in enumerate(column.cells.head(rows).tolist(), start=1):
            widest = max(widest, _write_cell(sheet, row, at, value, column.digits, looks))
        sheet.set_column(at, at, min(max(widest, 6), 60) + 2)
    sheet.set_row(0, 32)
    sheet.freeze_panes(1, content.frozen)
    if columns and rows:
        sheet.autofilter(0, 0, rows, len(columns) - 1)
        for at, column in enumerate(columns):
            if column.head in content.heat:
                sheet.conditional_format(
                    1, at, rows, at,
                    {"type": "3_color_scale", "min_color": "#63BE7B", "mid_color": "#FFEB84", "max_color": "#F8696B"},
                )  # fmt: skip
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _write_cell(sheet: Any, row: int, at: int, value: Any, digits: int, looks: _Looks) -> int:
    """Write a value as what it is, nothing where there is none; return how wide it is."""
    if isinstance(value, bool):
        value = "是" if value else "否"
    if isinstance(value, str):
        text = _cell_text(value)
        if text:
            sheet.write_string(row, at, text, looks.text)
        return sum(2 if letter > "\u2000" else 1 for letter in text[:60])
    if value is None or not isinstance(value, int | float) or not math.isfinite(value):
        if isinstance(value, float) and math.isinf(value):
            sheet.write_string(row, at, "不可达", looks.text)
        return 0
    sheet.write_number(row, at, value, looks.number(digits))
    return len(f"{value:,.{max(digits, 0)}f}")


def _cell_text(text: str) -> str:
    """Return a text that a cell can hold."""
    line = xml_text(text).strip()
    return line if len(line) <= _MOST_LETTERS else line[: _MOST_LETTERS - 1] + "…"
