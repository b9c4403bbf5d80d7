"""The rows of an XLSX workbook's sheet, one after the other, as a clerk sees them.

A merged cell has its value in all of its cells; a formula has the value that was stored with it.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
from openpyxl.utils.cell import range_boundaries

from geodata.errors import LayerError
from geodata.io.shapefiles import guard_zip

_MAX_MERGED = 200_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

Row = list[Any]


@dataclass(frozen=True)
class Sheet:
    """A sheet that is open.

    Args:
        rows: Its rows, from the first; cells without a value are None.
        merged: Merged ranges: (first column, first row, last column, last row), from 1.
        epoch: The day that a day written as a number is counted from.
    """

    rows: Iterator[Row]
    merged: tuple[tuple[int, int, int, int], ...]
    epoch: datetime


def is_workbook(path: Path) -> bool:
    """Whether a .zip is an XLSX workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def read_sheet(path: Path, name: str, wanted: str) -> Sheet:
    """The sheet named like the wanted layer, else the only visible one.

    Args:
        path: The workbook.
        name: The user's name for it.
        wanted: Name of the sheet to take where it has several.

    Raises:
        LayerError: If it cannot be read, would unpack to an implausible size, has no or several sheets, or holds a
            formula without a stored value.
    """
    book: Any = None
    try:
        with zipfile.ZipFile(path) as archive:
            guard_zip(name, [entry for entry in archive.infolist() if not entry.is_dir()])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that say nothing of the values
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
        sheet = _choose(book, name, wanted)
        merged = _scan_sheet(path, sheet._worksheet_path, name)
    except LayerError:
        _close(book)
        raise
    except Exception as error:  # over a damaged workbook the library raises nearly anything
        _close(book)
        raise LayerError(
            f"{name!r} cannot be read as a workbook: {type(error).__name__}.",
            remedy="It is damaged or protected: open it, and save it again as .xlsx without a password.",
        ) from error
    sheet.reset_dimensions()
    return Sheet(_until_read(book, _filled(sheet.iter_rows(values_only=True), merged)), merged, book.epoch)


def _close(book: Any) -> None:
    if book is not None:
        book.close()


def _until_read(book: Any, rows: Iterator[Any]) -> Iterator[Any]:
    """Rows of a workbook that is closed after the last of them."""
    try:
        yield from rows
    finally:
        book.close()


def _choose(book: Any, name: str, wanted: str) -> Any:
    sheets = list(book.worksheets)
    named = [sheet for sheet in sheets if sheet.title.strip().lower() == wanted]
    visible = named or [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if len(visible) != 1:
        titles = ", ".join(sheet.title for sheet in visible) or "none"
        raise LayerError(
            f"{name!r} holds {len(visible)} sheets ({titles[:300]}) and none is called {wanted!r}.",
            remedy=f"Call the sheet to use {wanted!r}, or give a workbook with one sheet.",
            sheets=[sheet.title for sheet in visible],
        )
    return visible[0]


def _scan_sheet(path: Path, part: str, name: str) -> tuple[tuple[int, int, int, int], ...]:
    """Merged ranges of a sheet, seeing on the way that every formula has a stored value."""
    merged: list[tuple[int, int, int, int]] = []
    cells = 0
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as xml:
        for _, element in ElementTree.iterparse(xml):
            if element.tag == f"{_MAIN}mergeCell":
                left, top, right, bottom = range_boundaries(element.get("ref", ""))
                merged.append((left, top, right, bottom))
                cells += (right - left + 1) * (bottom - top + 1)
            elif element.tag == f"{_MAIN}c":
                _require_value(element, name)
            elif element.tag == f"{_MAIN}row":
                element.clear()
    if cells > _MAX_MERGED:
        raise LayerError(
            f"{name!r} has merged cells over {cells} places.",
            remedy=f"At most {_MAX_MERGED} are filled: take the merging away where it says nothing.",
            cells=cells,
        )
    return tuple(merged)


def _require_value(cell: ElementTree.Element, name: str) -> None:
    value = cell.find(f"{_MAIN}v")
    if cell.find(f"{_MAIN}f") is not None and (value is None or value.text is None) and cell.get("t") != "str":
        raise LayerError(
            f"{name!r}: the formula in {cell.get('r')} has no stored value.",
            remedy="Open the workbook in a spreadsheet program and save it, so that its formulas are computed.",
            cell=cell.get("r"),
        )


def _filled(rows: Iterator[tuple[Any, ...]], merged: tuple[tuple[int, int, int, int], ...]) -> Iterator[Row]:
    """Rows in which every cell of a merged range has its value."""
    begins: dict[int, list[tuple[int, int, int, int]]] = {}
    for area in merged:
        begins.setdefault(area[1], []).append(area)
    open_ones: list[tuple[tuple[int, int, int, int], Any]] = []
    for number, values in enumerate(rows, 1):
        row = list(values)
        open_ones = [(area, value) for area, value in open_ones if area[3] >= number]
        for area in begins.get(number, ()):
            open_ones.append((area, row[area[0] - 1] if len(row) >= area[0] else None))
        for (left, _, right, _), value in open_ones:
            row += [None] * (right - len(row))
            row[left - 1 : right] = [value] * (right - left + 1)
        yield row
