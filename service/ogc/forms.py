"""The forms in which features leave: GeoJSON, lines of GeoJSON, CSV, FlatGeobuf, GeoPackage."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import orjson
import shapely

from service.ogc.properties import Property
from service.ogc.systems import System
from service.ogc.texts import parts_of

Form = Literal["geojson", "geojsonl", "csv", "fgb", "gpkg"]
FORMS: Mapping[str, str] = MappingProxyType(
    {
        "geojson": "application/geo+json",
        "geojsonl": "application/geo+json-seq",
        "csv": "text/csv; charset=utf-8",
        "fgb": "application/vnd.flatgeobuf",
        "gpkg": "application/geopackage+sqlite3",
    }
)
"""Media type of each form."""
FILES = ("fgb", "gpkg")
"""Forms that are written as a whole file."""
_PART = 2_000
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def parts_of_geojson(texts: Iterable[str], members: Mapping[str, Any]) -> Iterator[bytes]:
    """A FeatureCollection, a portion at a time."""
    yield orjson.dumps({"type": "FeatureCollection", **members})[:-1] + b',"features":['
    first = True
    for some in _portions(texts):
        yield (b"" if first else b",\n") + ",\n".join(some).encode()
        first = False
    yield b"]}"


def parts_of_lines(texts: Iterable[str]) -> Iterator[bytes]:
    """A feature a line (RFC 8142, with the record separator)."""
    for some in _portions(texts):
        yield "".join(f"\x1e{text}\n" for text in some).encode()


def parts_of_csv(texts: Iterable[str], names: Sequence[str], *, geometry: bool) -> Iterator[bytes]:
    """A table with the outline as WKT; a mark at its beginning tells spreadsheets that it is UTF-8.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", *names, *(["geometry"] if geometry else [])])
    yield b"\xef\xbb\xbf"
    for some in _portions(texts):
        writer.writerows(_csv_rows(some, names, geometry=geometry))
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    if out.getvalue():
        yield out.getvalue().encode()


def _csv_rows(some: Sequence[str], names: Sequence[str], *, geometry: bool) -> Iterator[list[Any]]:
    parts = [parts_of(text) for text in some]
    shapes: Sequence[Any] = [""] * len(some)
    if geometry:
        told = shapely.from_geojson([None if part.geometry == "null" else part.geometry for part in parts])
        shapes = shapely.to_wkt(told, rounding_precision=9)
    for part, shape in zip(parts, shapes, strict=True):
        values = orjson.loads(part.properties)
        fid = orjson.loads(part.head + '"geometry":null}')["id"]
        yield [_cell(fid), *(_cell(values.get(name)) for name in names), *([shape or ""] if geometry else [])]


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, dict)):
        return orjson.dumps(value).decode()
    if isinstance(value, str) and value.startswith(_RISKY):
        return f"'{value}"
    return value


def write_file(texts: Iterable[str], path: Path, properties: Mapping[str, Property], system: System) -> int:
    """Write a FlatGeobuf or GeoPackage; how many features it has is told.

    Lists and objects are kept as JSON. In a file x comes first in every system, as its form has it. A GeoPackage is
    written a portion at a time; a FlatGeobuf needs all features at once for its index.

    Args:
        texts: Finished features in lon-lat.
        path: `.fgb` or `.gpkg`.
        properties: What its columns are.
        system: System of its geometries.
    """
    whole = path.suffix == ".fgb"
    count = 0
    portions = _portions(texts, 10**9 if whole else 20_000)
    for number, some in enumerate(chain([next(portions, [])], portions)):
        table = _table(some, properties, system)
        table.to_file(
            path,
            engine="pyogrio",
            mode="a" if number else "w",
            layer=path.stem,
            driver="FlatGeobuf" if whole else "GPKG",
        )
        count += len(some)
    return count


def _table(texts: Sequence[str], properties: Mapping[str, Property], system: System) -> Any:
    import geopandas as gpd
    import pandas as pd

    parts = [parts_of(text) for text in texts]
    told = [orjson.loads(part.properties) for part in parts]
    columns: dict[str, Any] = {"id": _texts([orjson.loads(part.head + '"geometry":null}')["id"] for part in parts])}
    for name, what in properties.items():
        columns[_free(name, columns)] = _column([one.get(name) for one in told], what)
    shapes = shapely.from_geojson([None if part.geometry == "null" else part.geometry for part in parts])
    if not system.is_stored and len(shapes):
        shapes = shapely.transform(shapes, lambda xy: _x_first(system.from_stored(xy), system))
    return gpd.GeoDataFrame(pd.DataFrame(columns), geometry=shapes, crs=f"EPSG:{system.code or 4326}")


def _x_first(xy: Any, system: System) -> Any:
    return xy[:, ::-1] if system.x_last else xy


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """A name that no column has yet; GeoPackage keeps `fid` for itself and knows no capitals."""
    lower = {one.lower() for one in taken} | {"fid", "geometry", "geom"}
    while name.lower() in lower:
        name += "_"
    return name


def _column(values: list[Any], what: Property) -> Any:
    import pandas as pd

    kind = {"number": "Float64", "integer": "Int64", "boolean": "boolean"}.get(what.kind)
    if kind is None:
        return _texts(values)
    plain: Any = pd.Series([v if isinstance(v, (int, float)) else None for v in values], dtype=object)
    return plain.astype(kind)


def _texts(values: list[Any]) -> Any:
    import pandas as pd

    told = [orjson.dumps(v).decode() if isinstance(v, (list, dict)) else None if v is None else str(v) for v in values]
    return pd.Series(told, dtype=object)


def _portions(texts: Iterable[str], most: int = _PART) -> Iterator[list[str]]:
    left = iter(texts)
    while some := list(islice(left, most)):
        yield some
