"""The head of a vector file or a register: what it is and its first rows, before anything is asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.column_names import By, guessed
from geodata.crs import crs_label, parse_crs
from geodata.errors import CRSError
from geodata.io.registers import head_of_table, place_mapping
from geodata.io.sources import Source, opened, portions
from geodata.io.vectors import ReadAs
from geodata.types import LayerKind
from geodata.values import is_missing

_LONGEST = 200


@dataclass(frozen=True)
class HeadColumn:
    """A column of a file.

    Args:
        name: Its name.
        target: The column of the schema that it is for, None where none could be told.
        by: What that is told by: the mapping, its own name, or a guess at its usual names.
    """

    name: str
    target: str | None
    by: By | None


@dataclass(frozen=True)
class Head:
    """What can be told of a file from its head.

    Args:
        format: What it is: the driver, `csv` or `xlsx`.
        sha256: Checksum of what was given.
        encoding: Encoding of its text, with how it was found.
        declared_crs: The system that it declares; None: none that can be read.
        mapping: The mapping under which its columns are those of the schema as far as could be told.
        columns: Its columns.
        rows: Its first rows as text, in the order of the columns; None where there is no value.
        geometry: What each of these rows has for geometry: `Polygon`, ...; None for none.
        first: The first coordinate, x and y as they are in the file; None without any.
    """

    format: str
    sha256: str
    encoding: str
    declared_crs: str | None
    mapping: Mapping[str, str]
    columns: Sequence[HeadColumn]
    rows: Sequence[Sequence[str | None]]
    geometry: Sequence[str | None]
    first: tuple[float, float] | None

    def as_dict(self) -> dict[str, Any]:
        """The head as plain values."""
        return asdict(self)


def read_head(path: Path, kind: LayerKind, how: ReadAs, rows: int) -> Head:
    """The head of a file that is meant to be a layer; nothing is asked of its columns, values or system.

    Args:
        path: As for `vectors.read_layer`.
        kind: Which layer it is meant to be.
        how: What is said of it.
        rows: So many rows.

    Raises:
        MissingFileError: If there is no such file.
        LayerError: If it cannot be read.
        EncodingError: If its text cannot be decoded.
    """
    with opened(path, kind, how.encoding) as source:
        if source.is_register:
            names, cells = head_of_table(source.path, source.name, kind, how.mapping, source.encoding, rows)
            return _head(source, kind, how, names, cells)
        frame = next(portions(source, kind, rows)).iloc[:rows]
        names = [str(name) for name in frame.columns if name != frame.geometry.name]
        cells = [list(row) for row in zip(*(frame[name] for name in names), strict=True)] or [[] for _ in frame.index]
        return _head(source, kind, how, names, cells, frame)


def _head(
    source: Source,
    kind: LayerKind,
    how: ReadAs,
    names: Sequence[str],
    cells: Sequence[Sequence[object]],
    frame: gpd.GeoDataFrame | None = None,
) -> Head:
    places, mapped = place_mapping(how.mapping) if source.is_register else ({}, dict(how.mapping))
    found = guessed(names, kind, mapped)
    by_source = {guess.source: (target, guess.by) for target, guess in found.items()}
    foreign = {target: guess.source for target, guess in found.items() if guess.by != "name"}
    shapes = np.array([None] * len(cells), dtype=object) if frame is None else frame.geometry.to_numpy()
    xy = shapely.get_coordinates(shapes)
    return Head(
        format=source.driver,
        sha256=source.sha256,
        encoding=str(source.encoding or "UTF-8 (fixed by the format)"),
        declared_crs=None if frame is None else _label(frame),
        mapping={**places, **foreign},
        columns=[HeadColumn(name, *by_source.get(name, (None, None))) for name in names],
        rows=[[_shown(value) for value in row] for row in cells],
        geometry=[None if shape is None else str(shape.geom_type) for shape in shapes],
        first=next(((float(x), float(y)) for x, y in islice(xy, 1)), None),
    )


def _label(frame: gpd.GeoDataFrame) -> str | None:
    try:
        return None if frame.crs is None else crs_label(parse_crs(frame.crs))
    except CRSError:
        return None


def _shown(value: object) -> str | None:
    return None if is_missing(value) else str(value)[:_LONGEST]
