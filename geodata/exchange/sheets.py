"""Sheets of a workbook that an office opens: a head that stays, a filter, texts that are never formulas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

_MOST_TEXT = 32_767
"""What a cell holds at most (Excel)."""
_HEAD = PatternFill("solid", fgColor="DDE6EE")


def add_sheet(
    book: Workbook, title: str, columns: Sequence[tuple[str, int, str]], rows: Iterable[Iterable[Any]]
) -> None:
    """Add a sheet.

    Args:
        book: A write-only workbook.
        title: Name of the sheet.
        columns: Title, width and number format of each column.
        rows: Values of each row, as many as there are columns.
    """
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for k, (_, width, _form) in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(k)].width = width
    sheet.append([_cell(sheet, name, head=True) for name, _, _ in columns])
    count = 1
    for row in rows:
        count += 1
        sheet.append([_cell(sheet, value, form) for value, (_, _, form) in zip(row, columns, strict=True)])
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{count}"


def _cell(sheet: Worksheet, value: Any, form: str = "General", *, head: bool = False) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, value=value[:_MOST_TEXT] if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins with an equals sign is no formula
    elif value is not None:
        cell.number_format = form
    cell.alignment = Alignment(vertical="top", wrap_text=isinstance(value, str))
    if head:
        cell.font, cell.fill = Font(bold=True), _HEAD
    return cell
