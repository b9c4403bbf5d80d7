"""The SQLite package of the national exchange form: a plain table, outlines as text."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geodata.crs import parse_crs
from geodata.errors import LayerError, MissingFileError

TABLE = "JCTB"
OUTLINE = "TBFW"


def is_package(path: Path) -> bool:
    """Whether an SQLite file is such a package, and no GeoPackage."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            names = _tables(connection)
        except sqlite3.DatabaseError:
            return False
    return TABLE in names and "gpkg_contents" not in names


def read_package(path: Path) -> gpd.GeoDataFrame:
    """The patches of a package; without a system where it tells none.

    Raises:
        MissingFileError: If there is no such file.
        LayerError: If it holds no patches, or an outline cannot be read.
    """
    if not path.is_file():
        raise MissingFileError(f"There is no file {path}.", remedy="Check the name.")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = _tables(connection)
        if TABLE not in tables:
            raise LayerError(
                f"{path.name} has no table {TABLE}; it has: {', '.join(sorted(tables)) or 'none'}.",
                remedy="Give a package of the patch schema.",
            )
        table = pd.read_sql_query(f"SELECT * FROM {TABLE}", connection)
        row = connection.execute("SELECT value FROM META WHERE name = 'crs'").fetchone() if "META" in tables else None
    if OUTLINE not in table.columns:
        raise LayerError(f"{path.name} has no outlines ({OUTLINE}).", remedy="Give a package with outlines.")
    try:
        outlines = gpd.GeoSeries(shapely.from_wkt(table[OUTLINE].to_numpy()))
    except shapely.errors.ShapelyError as error:
        raise LayerError(
            f"{path.name} holds an outline that is no WKT: {str(error)[:120]}.", remedy="Write the outlines as WKT."
        ) from error
    return gpd.GeoDataFrame(table, geometry=outlines, crs=None if row is None else parse_crs(row[0]))


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
