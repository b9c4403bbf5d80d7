"""Registers in: CSV and XLSX tables of permits and buildings, with a place for each row or none.

The header is looked for below title rows. A place is a `wkt` column, or `lon` and `lat` columns, told by their
names or by the mapping; it is in the system that the user names. Days that a workbook holds as numbers are counted
as the workbook counts them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from openpyxl.utils.datetime import from_excel

from geodata.column_names import guessed
from geodata.errors import EncodingError, LayerColumnsError, LayerError, LayerValueError
from geodata.features import SCHEMAS, sources_of
from geodata.io.encodings import TextEncoding, codec_named, decide_encoding
from geodata.io.workbooks import Row, Sheet, read_sheet
from geodata.repair import Geometries
from geodata.types import LayerKind
from geodata.values import is_missing

REGISTERS: tuple[LayerKind, ...] = ("permits", "buildings")
"""Layers that may come as a table."""
PLACES: Mapping[str, tuple[str, ...]] = {
    "wkt": ("wkt", "wkt_geom", "geometry", "geom", "the_geom"),
    "lon": ("lon", "lng", "long", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
}
"""Names of columns that hold a place; x and y are not guessed, since the X of Chinese surveyors is the northing."""

_SAMPLE_BYTES = 8 * 1024**2
HEADER_WITHIN = 30
_DELIMITERS = ",;\t|"
LAST_SERIAL = 2_958_465
"""Excel's number of 9999-12-31; 20240501 is beyond it, and a day by its digits."""
_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"}
_UTF8_BOM, _UTF16_BOMS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")


def detect_csv_encoding(path: Path, wanted: str | None = None) -> TextEncoding:
    """The encoding of a table of text, found as that of a shapefile, from its first 8 MiB.

    Raises:
        EncodingError: If the text fits neither what the user says nor any encoding that is tried.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if wanted:
        codec = codec_named(wanted)
        if codec is None:
            raise EncodingError(f"There is no text encoding {wanted!r}.", remedy="Use UTF-8, GBK or GB18030.")
        return TextEncoding("utf-8-sig" if codec == "utf-8" else codec, "as given")
    if sample.startswith(_UTF8_BOM):
        return TextEncoding("utf-8-sig", "by its byte order mark")
    if sample.startswith(_UTF16_BOMS):
        return TextEncoding("utf-16", "by its byte order mark")
    lines = sample.split(b"\n")
    texts = {(line.strip(), at == len(lines) - 1) for at, line in enumerate(lines) if not line.isascii()}
    return decide_encoding(texts, None, "byte order mark")


def place_mapping(mapping: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """A mapping parted in what names a place (`wkt`, `lon`, `lat`) and what names columns of the schema."""
    places = {target: source for target, source in mapping.items() if target in PLACES}
    return places, {target: source for target, source in mapping.items() if target not in PLACES}


def register_portions(
    path: Path, name: str, kind: LayerKind, mapping: Mapping[str, str], encoding: TextEncoding | None, rows: int | None
) -> Iterator[gpd.GeoDataFrame]:
    """The rows of a register as features, without a system.

    Args:
        path: The file.
        name: The user's name for it.
        kind: Which layer it is.
        mapping: Foreign column names, target to source, also `wkt`, `lon` and `lat`.
        encoding: Encoding of a CSV; None for a workbook.
        rows: Rows at a time; None: all at once.

    Raises:
        LayerError: If it cannot be read.
        LayerColumnsError: If no row holds the needed columns.
        LayerValueError: If a place cannot be read.
        EncodingError: If its text is of another encoding.
    """
    if encoding is None:
        sheet = read_sheet(path, name, kind)
        yield from _portions(_Table(name, kind, mapping, sheet.rows, sheet), rows)
        return
    with csv_rows(path, name, encoding) as lines:
        yield from _portions(_Table(name, kind, mapping, lines), rows)


def head_of_table(
    path: Path, name: str, kind: LayerKind, mapping: Mapping[str, str], encoding: TextEncoding | None, rows: int
) -> tuple[list[str], list[Row]]:
    """The columns of a table and its first rows, also where its columns have foreign names.

    The header is the first row in which the needed columns can be guessed, else the one in which the most can.

    Args:
        path: The file.
        name: The user's name for it.
        kind: Which layer it is.
        mapping: Foreign column names, target to source.
        encoding: Encoding of a CSV; None for a workbook.
        rows: So many rows.

    Raises:
        LayerError: If it cannot be read, or is empty.
        EncodingError: If its text is of another encoding.
    """
    with ExitStack() as stack:
        sheet = None
        if encoding is None:
            sheet = read_sheet(path, name, kind)
            lines = sheet.rows
        else:
            lines = stack.enter_context(csv_rows(path, name, encoding))
        head = list(islice(lines, HEADER_WITHIN + rows))
    best, most, columns = -1, (-1, -1), place_mapping(mapping)[1]
    names: list[str] = []
    for at, row in enumerate(head[:HEADER_WITHIN]):
        last = last_of_header(sheet, at)
        here = header_names(head[at : last + 1])
        told = guessed(here, kind, columns)
        needed = all(column.name in told for column in SCHEMAS[kind] if column.required)
        rank = (1_000 if needed else len(told), sum(not is_missing(value) for value in set(row)))
        if rank > most and (needed or rank[1]):
            best, most, names = last, rank, here
        if needed:
            break
    if best < 0:
        raise LayerColumnsError(f"{name!r} is an empty table.", remedy="Give a table with a header and rows.")
    below = [row for row in head[best + 1 :] if any(not is_missing(value) for value in row)]
    return names, [[*row[: len(names)], *[None] * (len(names) - len(row))] for row in below[:rows]]


def last_of_header(sheet: Sheet | None, at: int) -> int:
    """A header whose cells reach down over several rows ends with the last of them."""
    merged = sheet.merged if sheet is not None else ()
    return max((bottom - 1 for _, top, _, bottom in merged if top - 1 == at and bottom > top), default=at)


@contextmanager
def csv_rows(path: Path, name: str, encoding: TextEncoding) -> Iterator[Iterator[Row]]:
    """The rows of a table of text, while it is open.

    Raises:
        EncodingError: If its text is of another encoding.
        LayerError: If it is no table.
    """
    try:
        with path.open(encoding=encoding.name, newline="") as file:
            sample = file.read(64 * 1024)
            file.seek(0)
            yield iter(csv.reader(file, delimiter=_delimiter(sample), strict=False))
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{name!r}: the text is not {encoding.name.upper()}; the first that cannot be read: "
            f"{error.object[error.start : error.start + 16].hex(' ')}.",
            remedy="Name its encoding, or save it as UTF-8.",
            encoding=encoding.name,
        ) from error
    except csv.Error as error:
        raise LayerError(f"{name!r} is no table: {error}.", remedy="Save it as CSV again.") from error


def _delimiter(sample: str) -> str:
    """The sign between the values: what parts the most lines into the same number of values."""
    lines = sample.splitlines()[:50]
    best = max(_DELIMITERS, key=lambda sign: _agreement(lines, sign))
    return best if _agreement(lines, best) > (0, 0) else ","


def _agreement(lines: list[str], sign: str) -> tuple[int, int]:
    counts = [len(row) for row in csv.reader(lines, delimiter=sign)]
    widths = {width: counts.count(width) for width in set(counts) if width > 1}
    return max(((lines_of, width) for width, lines_of in widths.items()), default=(0, 0))


# --- rows ----------------------------------------------------------------------------------------


class _Table:
    """A table whose header has been found.

    Args:
        name: The user's name for the file.
        kind: Which layer it is.
        mapping: Foreign column names, target to source.
        rows: Its rows.
        sheet: The workbook's sheet that it is, None for text.
    """

    def __init__(
        self, name: str, kind: LayerKind, mapping: Mapping[str, str], rows: Iterator[Row], sheet: Sheet | None = None
    ) -> None:
        self.name, self._kind, self._sheet = name, kind, sheet
        places, columns = place_mapping(mapping)
        head = list(islice(rows, HEADER_WITHIN))
        self.names, below = self._header(head, columns)
        self.rows = chain(head[below:], rows)
        self.sources = sources_of(self.names, kind, columns)
        self.places = self._places(places)
        self._days = {self.sources[c.name] for c in SCHEMAS[kind] if c.holds == "day" and c.name in self.sources}

    def _header(self, head: list[Row], mapping: Mapping[str, str]) -> tuple[list[str], int]:
        """The names of the columns, and how many rows there are down to them."""
        best: LayerColumnsError | None = None
        widest = 0
        for at, row in enumerate(head):
            last = last_of_header(self._sheet, at)
            names = header_names(head[at : last + 1])
            try:
                sources_of(names, self._kind, mapping)
            except LayerColumnsError as error:
                filled = sum(not is_missing(value) for value in set(row))
                if filled > widest:
                    best, widest = error, filled
            else:
                return names, last + 1
        raise best or LayerColumnsError(
            f"{self.name!r} is an empty table.", remedy="Give a table with a header and rows."
        )

    def _places(self, mapped: Mapping[str, str]) -> dict[str, str]:
        """The columns that hold a place; those that the mapping names must be there."""
        absent = [source for source in mapped.values() if source not in self.names]
        if absent:
            raise LayerColumnsError(
                f"The mapping of the {self._kind} layer names absent {', '.join(absent)}.",
                remedy=f"The table has: {', '.join(self.names)}.",
                present=self.names,
            )
        own = {name.lower(): name for name in self.names if name not in self.sources.values()}
        found = {target: own[word] for target, words in PLACES.items() for word in words[::-1] if word in own}
        return {**found, **mapped}

    def value(self, value: object, name: str) -> object:
        """A cell; a day that is a number in a workbook becomes a day."""
        if self._sheet is None:
            return value
        if isinstance(value, str) and value in _ERRORS:
            if name in self.sources.values():
                raise LayerValueError(
                    f"{self.name!r}: a cell of {name} holds the error {value}.",
                    remedy="Correct the formula, or empty the cell.",
                    column=name,
                    value=value,
                )
            return None
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if name in self._days and number and 0 < float(value) <= LAST_SERIAL:  # type: ignore[arg-type]
            return day_of(float(value), self._sheet.epoch)  # type: ignore[arg-type]
        return value


def day_of(serial: float, epoch: datetime) -> object:
    """The day or moment that a workbook holds as a number."""
    moment = from_excel(serial, epoch)
    return moment if isinstance(moment, datetime) else str(moment)


def header_names(rows: Sequence[Row]) -> list[str]:
    """Names of columns out of the rows of a header: what stands above goes before what stands below."""
    width = max(len(row) for row in rows)
    names: list[str] = []
    for at in range(width):
        parts = [str(row[at]).strip() for row in rows if at < len(row) and not is_missing(row[at])]
        name = "".join(dict.fromkeys(parts)) or f"column {at + 1}"
        while name in names:
            name += "_"
        names.append(name)
    return names


def _portions(table: _Table, rows: int | None) -> Iterator[gpd.GeoDataFrame]:
    filled = (row for row in table.rows if any(not is_missing(value) for value in row))
    first = 1
    while True:
        part = list(islice(filled, rows))
        if part or first == 1:
            yield _features(table, part, first)
        if rows is None or len(part) < rows:
            return
        first += len(part)


def _features(table: _Table, part: list[Row], first: int) -> gpd.GeoDataFrame:
    width = len(table.names)
    cells = [[*row[:width], *[None] * (width - len(row))] for row in part]
    columns = {
        name: pd.Series([table.value(row[at], name) for row in cells], dtype=object)
        for at, name in enumerate(table.names)
    }
    shapes = _shapes(table, columns, first)
    kept = {name: values for name, values in columns.items() if name not in table.places.values()}
    return gpd.GeoDataFrame(pd.DataFrame(kept), geometry=gpd.GeoSeries(shapes))


def _shapes(table: _Table, columns: Mapping[str, pd.Series[Any]], first: int) -> Geometries:
    """The places of rows: of `wkt`, else of `lon` and `lat`, else none."""
    count = len(next(iter(columns.values()), ()))
    shapes = np.full(count, None, dtype=object)
    if "wkt" in table.places:
        texts = [None if is_missing(v) else str(v).strip() for v in columns[table.places["wkt"]]]
        shapes = np.asarray(shapely.from_wkt(texts, on_invalid="ignore"), dtype=object)
        for at, text in enumerate(texts):
            if text is not None and shapes[at] is None:
                raise _unreadable(table, "wkt", first + at, text)
    if "lon" in table.places and "lat" in table.places:
        x, y = (_coordinates(table, columns, target, first) for target in ("lon", "lat"))
        lone = np.flatnonzero(shapely.is_missing(shapes) & np.isfinite(x) & np.isfinite(y))
        shapes[lone] = shapely.points(x[lone], y[lone])
    return shapes


def _coordinates(
    table: _Table, columns: Mapping[str, pd.Series[Any]], target: str, first: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = []
    for at, value in enumerate(columns[table.places[target]]):
        try:
            found.append(np.nan if is_missing(value) else float(str(value).strip()))
        except ValueError as error:
            raise _unreadable(table, target, first + at, value) from error
    return np.array(found, dtype=np.float64)


def _unreadable(table: _Table, target: str, row: int, value: object) -> LayerValueError:
    return LayerValueError(
        f"Row {row} of {table.name!r}: {table.places[target]} is {str(value)[:60]!r}, which is no {target}.",
        remedy="Correct it, or leave it empty; a wkt is written POLYGON ((...)), lon and lat are numbers.",
        row=row,
        column=table.places[target],
        value=str(value)[:60],
    )
