"""Plain tables in: CSV and XLSX whose rows stand for themselves, with the number that each has in its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from geodata.errors import LayerColumnsError, LayerError
from geodata.io.registers import (
    HEADER_WITHIN,
    LAST_SERIAL,
    csv_rows,
    day_of,
    detect_csv_encoding,
    header_names,
    last_of_header,
)
from geodata.io.workbooks import Row, Sheet, is_workbook, read_sheet
from geodata.values import is_missing


@dataclass(frozen=True)
class Columns:
    """Which columns of a table are wanted.

    Args:
        names: Names that each wanted column may have, the likeliest first; its own name always counts.
        mapping: Columns of the file by wanted column, where they have other names.
        days: Wanted columns that hold days or moments: a workbook may hold these as numbers.
    """

    names: Mapping[str, Sequence[str]]
    mapping: Mapping[str, str] = field(default_factory=dict)
    days: Sequence[str] = ()


@dataclass(frozen=True)
class PlainTable:
    """A table.

    Args:
        encoding: Encoding of its text and how that was found; empty for a workbook.
        columns: The column of the file that each wanted one was read from.
        unread: Columns that nobody wants.
        rows: Number of each row in its file, from 1, and its values by wanted column; what is empty is left out.
    """

    encoding: str
    columns: Mapping[str, str]
    unread: Sequence[str]
    rows: Sequence[tuple[int, Mapping[str, Any]]]


def read_table(path: Path, wanted: Columns, encoding: str | None = None, most: int = 50_000) -> PlainTable:
    """Read a CSV or XLSX table whose header may stand below title rows.

    Args:
        path: The file.
        wanted: Its columns.
        encoding: Encoding of a CSV, None: it is found.
        most: Rows at most.

    Raises:
        LayerError: If it cannot be read, or is too long.
        LayerColumnsError: If no row names a wanted column, or the mapping names an absent one.
        EncodingError: If its text is of another encoding.
    """
    with ExitStack() as stack:
        sheet: Sheet | None = None
        told = ""
        if is_workbook(path):
            sheet = read_sheet(path, path.name, "reports")
            rows = sheet.rows
        else:
            found = detect_csv_encoding(path, encoding)
            told = str(found)
            rows = stack.enter_context(csv_rows(path, path.name, found))
        head = list(islice(rows, HEADER_WITHIN))
        below, names, columns = _header(head, sheet, wanted)
        listed = []
        for number, row in enumerate(chain(head[below:], rows), below + 1):
            values = _values(row, (names, columns), sheet, wanted.days)
            if values:
                listed.append((number, values))
            if len(listed) > most:
                raise LayerError(f"{path.name!r} has more than {most} rows.", remedy="Split it.", most=most)
    unread = [name for name in names if name not in columns.values() and not name.startswith("column ")]
    return PlainTable(told, columns, unread, listed)


def _header(head: Sequence[Row], sheet: Sheet | None, wanted: Columns) -> tuple[int, list[str], dict[str, str]]:
    """How many rows there are down to the header, its names, and the column for each wanted one."""
    best: tuple[int, list[str], dict[str, str]] = (0, [], {})
    seen: list[str] = []
    for at in range(len(head)):
        last = last_of_header(sheet, at)
        names = header_names(head[at : last + 1])
        seen = seen or [name for name in names if not name.startswith("column ")]
        columns = _columns(names, wanted)
        if len(columns) > len(best[2]):
            best = (last + 1, names, columns)
    absent = sorted(name for name in wanted.mapping.values() if name not in best[1])
    if absent or not best[2]:
        raise LayerColumnsError(
            f"The table lacks the column {', '.join(absent)}." if absent else "No row names a known column.",
            remedy="Map its columns: NAME=COLUMN. " + f"It has: {', '.join(best[1] or seen)[:600]}.",
            present=best[1] or seen,
        )
    return best


def _columns(names: Sequence[str], wanted: Columns) -> dict[str, str]:
    own = {name.strip().casefold(): name for name in reversed(names)}
    found: dict[str, str] = {}
    for target, words in wanted.names.items():
        if target in wanted.mapping:
            if wanted.mapping[target] in names:
                found[target] = wanted.mapping[target]
            continue
        known = next((own[word.casefold()] for word in (target, *words) if word.casefold() in own), None)
        if known is not None and known not in wanted.mapping.values():
            found[target] = known
    return found


def _values(
    row: Row, header: tuple[Sequence[str], Mapping[str, str]], sheet: Sheet | None, days: Sequence[str]
) -> dict[str, Any]:
    names, columns = header
    values = {}
    for target, name in columns.items():
        at = names.index(name)
        value = row[at] if at < len(row) else None
        if is_missing(value) or (isinstance(value, str) and not value.strip()):
            continue
        serial = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0
        if sheet is not None and target in days and 0 < serial <= LAST_SERIAL:
            value = day_of(serial, sheet.epoch)
        values[target] = value.isoformat() if isinstance(value, (date, datetime)) else value
    return values
