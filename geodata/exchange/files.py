"""Patches as files: shapefile in GBK, GeoPackage, and the SQLite package with its table JCTB."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pyogrio

from geodata.crs import parse_crs
from geodata.errors import LayerError, MissingCRSError, OptionError
from geodata.exchange.patches import FIELDS, OWN
from geodata.io.packages import TABLE, read_package
from geodata.io.vectors import read_features

Format = Literal["shp", "gpkg", "db"]
SUFFIXES: dict[str, Format] = {".zip": "shp", ".gpkg": "gpkg", ".db": "db"}


def write_patches(patches: gpd.GeoDataFrame, path: Path) -> Path:
    """Write patches, whole or not at all; the suffix says how.

    Args:
        patches: Of `to_patches`; further columns are written as they are.
        path: `.zip` (a zipped shapefile in GBK), `.gpkg`, or `.db` (the SQLite package, outlines as WKT).

    Raises:
        OptionError: If the suffix says nothing.
    """
    how = SUFFIXES.get(path.suffix.lower())
    if how is None:
        raise OptionError(f"{path.name} does not say how to write patches.", remedy="End it in .zip, .gpkg or .db.")
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_one_go(path) as target:
        if how == "gpkg":
            pyogrio.write_dataframe(patches, target, driver="GPKG", layer=TABLE)
        elif how == "db":
            _write_package(patches, target)
        else:
            _write_shapefile(patches, target)
    return path


@contextmanager
def in_one_go(path: Path) -> Iterator[Path]:
    """Where to write a file that then takes its place whole, or not at all."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
        part = Path(folder) / path.name
        yield part
        part.replace(path)


def _write_shapefile(patches: gpd.GeoDataFrame, target: Path) -> None:
    """A shapefile in GBK with its `.cpg`, zipped; it has no place for the longer fields."""
    absent = {field.name for field in FIELDS if not field.in_shapefile}
    kept = patches[[name for name in patches.columns if name not in absent]]
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        shp = Path(folder) / f"{target.stem}.shp"
        pyogrio.write_dataframe(kept, shp, driver="ESRI Shapefile", encoding="GBK")
        shutil.make_archive(str(target.with_suffix("")), "zip", folder)


def _write_package(patches: gpd.GeoDataFrame, target: Path) -> None:
    told = {field.name: field for field in (*FIELDS, *OWN)}
    names = [name for name in patches.columns if name != patches.geometry.name]
    columns = ", ".join(
        f'"{name.replace(chr(34), "")}" {"REAL" if name in told and told[name].number else "TEXT"}'
        + (" PRIMARY KEY" if name == "JCBH" else "")
        for name in names
    )
    rows = patches[names].astype(object).where(patches[names].notna(), None).itertuples(index=False, name=None)
    with closing(sqlite3.connect(target)) as connection, connection:
        connection.execute(f"CREATE TABLE {TABLE} ({columns})")
        connection.execute("CREATE TABLE META (name TEXT PRIMARY KEY, value TEXT)")
        connection.execute("INSERT INTO META VALUES ('crs', ?)", (patches.crs.to_wkt(),))
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(names))})", rows)


def read_patches(path: Path, *, crs: str | None = None, encoding: str | None = None) -> gpd.GeoDataFrame:
    """Read patches, in their own system; unknown columns are kept, absent ones filled with nothing.

    Args:
        path: A shapefile (.shp with side files, or all in a .zip), a GeoPackage, or an SQLite package (.db).
        crs: System of a file that does not tell its own.
        encoding: Encoding of a shapefile's text, where it should not be found from the text.

    Raises:
        LayerError: If it holds no patches, or cannot be read.
        MissingCRSError: If nobody tells the system.
        MissingFileError: If there is no such file.
    """
    if path.suffix.lower() == ".db":
        frame = read_package(path)
        if crs is not None:
            frame = frame.set_crs(parse_crs(crs), allow_override=True)
        if frame.crs is None:
            raise MissingCRSError(
                f"{path.name} does not tell its coordinate system.", remedy="Name it: --crs EPSG:4547."
            )
    else:
        frame = read_features(path, TABLE, crs=crs, encoding=encoding)
    if "JCBH" not in frame.columns:
        raise LayerError(
            f"{path.name} has no patch numbers (JCBH); it has: {', '.join(map(str, frame.columns))[:200]}.",
            remedy="Give a file of the patch schema.",
        )
    for field in FIELDS:
        if field.name not in frame.columns:
            frame[field.name] = None
    return frame
