"""Everything of a store as one GeoPackage that a desktop GIS opens: layers, tables and how they are drawn."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geodata.crs import CRS84
from geodata.errors import OptionError
from geodata.exchange.files import in_one_go
from geodata.exchange.styles import STYLES, Style, qml

_STYLE_TABLE = """CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT, f_table_catalog TEXT(256), f_table_schema TEXT(256),
    f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
    useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
    update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')))"""
"""As QGIS makes it: https://docs.qgis.org, "Save in database (GeoPackage)"."""


@dataclass(frozen=True)
class Table:
    """A layer or a table of a package.

    Args:
        name: Its name in the package.
        parts: Its rows, part by part, all with the same columns; without geometry for a mere table.
        title: For people.
    """

    name: str
    parts: Iterable[pd.DataFrame]
    title: str = ""


def write_package(tables: Iterable[Table], path: Path) -> dict[str, int]:
    """Write layers and tables as one GeoPackage, whole or not at all.

    Lists and mappings become JSON text, moments ISO text in UTC, days ISO text. Layers of `STYLES` come with their
    default style. A table without rows and columns is left out.

    Args:
        tables: What to write, in order; read part by part, so that a large layer need not fit in memory.
        path: A file that ends in .gpkg.

    Returns:
        Rows by table.

    Raises:
        OptionError: If the name does not end in .gpkg.
    """
    if path.suffix.lower() != ".gpkg":
        raise OptionError(f"{path.name} is not named as a GeoPackage.", remedy="End it in .gpkg.")
    path.parent.mkdir(parents=True, exist_ok=True)
    counts: dict[str, int] = {}
    with in_one_go(path) as target:
        for table in tables:
            for part in table.parts:
                if not len(part.columns) or (not len(part) and table.name in counts):
                    continue
                _append(plain(part), target, table, first=table.name not in counts)
                counts[table.name] = counts.get(table.name, 0) + len(part)
        if not counts:
            raise OptionError("There is nothing to write.", remedy="Import layers or scan a pair first.")
        _add_styles(target, {name: STYLES[name] for name in counts if name in STYLES})
    return counts


def _append(part: pd.DataFrame, target: Path, table: Table, *, first: bool) -> None:
    options: dict[str, Any] = {"layer_options": {"IDENTIFIER": table.title or table.name}} if first else {}
    if not target.exists():
        options["dataset_options"] = {"VERSION": "1.2"}  # older programs warn of, or refuse, later ones
    if isinstance(part, gpd.GeoDataFrame):
        options["geometry_type"] = "Unknown"
        if part.crs is not None and part.crs.equals(CRS84):
            # a GeoPackage has x before y whatever the system says, and every program knows this one
            part = part.set_crs("EPSG:4326", allow_override=True)
    pyogrio.write_dataframe(part, target, layer=table.name, driver="GPKG", append=target.exists(), **options)


def plain(part: pd.DataFrame) -> pd.DataFrame:
    """A table with values that a file of features can hold.

    Columns that hold nothing become text, so that each part of a table has the same types.
    """
    made = part.copy()
    for name in made.columns:
        values = made[name]
        if name == getattr(made, "_geometry_column_name", None):
            continue
        if values.dtype == object or values.dtype.kind == "M":
            made[name] = pd.Series([_plain(value) for value in values], index=made.index, dtype=object)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime | date):
        return None if value is pd.NaT else value.isoformat()
    if value is None or value is pd.NA or value != value:
        return None
    return value


def _add_styles(target: Path, styles: Mapping[str, Style]) -> None:
    with closing(sqlite3.connect(target)) as connection, connection:
        connection.execute(_STYLE_TABLE)
        connection.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('layer_styles', 'attributes', '')"
        )
        for name, style in styles.items():
            found = connection.execute(
                "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", (name,)
            ).fetchone()
            if found is not None:
                connection.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, useAsDefault, description) VALUES ('', '', ?, ?, 'kancha', ?, 1, '')",
                    (name, found[0], qml(style)),
                )
