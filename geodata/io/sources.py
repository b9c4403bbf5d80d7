"""What a vector file is, opened safely: told by its content, under a fixed name, in portions.

Nothing is believed unseen: the format by the first bytes rather than the extension, the text encoding by the
text. A file is opened under a fixed name in a folder of its own, so that its name can neither choose a driver
nor lead elsewhere.
"""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from geodata.crs import parse_crs
from geodata.errors import CRSError, EncodingError, LayerError, MissingFileError
from geodata.io.encodings import TextEncoding, detect_dbf_encoding
from geodata.io.packages import is_package, read_package
from geodata.io.registers import REGISTERS, detect_csv_encoding
from geodata.io.shapefiles import PARTS, check_parts, declared_encoding, gather_parts, prj_text, unpack_zip
from geodata.io.workbooks import is_workbook

_TABLES = ("csv", "xlsx")
_DRIVERS = {"geojson": "GeoJSON", "gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}
_ACCEPTED = (
    "GeoJSON, GeoPackage, FlatGeobuf, a shapefile (.shp with its side files, or all in a .zip); "
    "registers also CSV, XLSX"
)
_SIDE_FILES = (".dbf", ".shx", ".prj", ".cpg", ".qmd", ".sbn", ".sbx")
_BYTES_AS_TEXT = "ISO-8859-1"
"""Maps each byte to one character and back, so that text can be taken out undecoded."""
_BLOCK = 1024**2
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LEAST_ROWS = {"GeoJSON": 250_000}
"""GeoJSON can only be read from its beginning: it is gone through in few portions."""


@dataclass(frozen=True)
class Source:
    """A file that is ready to be opened.

    Args:
        path: Where it is opened, under a fixed name.
        name: The user's name for it.
        driver: The one driver it may be opened with.
        sha256: Checksum of what was given.
        encoding: Encoding of its text; None where the format fixes it to UTF-8.
    """

    path: Path
    name: str
    driver: str
    sha256: str
    encoding: TextEncoding | None

    @property
    def is_register(self) -> bool:
        """Whether it is a table, to be read by `registers`."""
        return self.driver in _TABLES


# --- what it is ----------------------------------------------------------------------------------


def _sniff(path: Path) -> str:
    """The format by the first bytes: `geojson`, `gpkg`, `fgb`, `shp` or `zip`."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        return "xlsx" if is_workbook(path) else "zip"
    if head.startswith(b"SQLite format 3\0"):
        return "package" if is_package(path) else "gpkg"
    if head[:3] == b"fgb" and head[4:7] == b"fgb":
        return "fgb"
    if head.startswith(b"\x00\x00\x27\x0a") and path.suffix.lower() != ".shx":
        return "shp"
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return "geojson"
    if path.suffix.lower() in _SIDE_FILES:
        raise LayerError(
            f"{path.name!r} is only a part of a shapefile.",
            remedy=f"Give {path.stem}.shp, the parts beside it.",
        )
    if head.startswith(_OLD_WORKBOOK):
        raise LayerError(f"{path.name!r} is a workbook of the old form (.xls).", remedy="Save it as .xlsx, or as CSV.")
    if path.suffix.lower() in (".csv", ".tsv", ".txt") and head.strip() and (b"\0" not in head or head[:2] in _UTF16):
        return "csv"
    what = "is empty" if not head.strip() else f"begins with {bytes(head[:8])!r}"
    raise LayerError(
        f"{path.name!r} is none of the accepted vector formats: it {what}.", remedy=f"Accepted: {_ACCEPTED}."
    )


@contextmanager
def opened(path: Path, wanted: str, encoding: str | None) -> Iterator[Source]:
    """The file, recognised and laid out under a fixed name in a folder that goes away afterwards."""
    if not path.is_file():
        raise MissingFileError(
            f"There is no file {str(path)!r}." if not path.exists() else f"{str(path)!r} is a folder, not a file.",
            remedy="Check the path.",
        )
    kind = _sniff(path)
    if kind in _TABLES and wanted not in REGISTERS:
        raise LayerError(
            f"{path.name!r} is none of the accepted vector formats: it is a table, which only registers may be.",
            remedy=f"As a table only {' and '.join(REGISTERS)} are taken. Accepted: {_ACCEPTED}.",
        )
    with tempfile.TemporaryDirectory(prefix="kancha-") as folder:
        place_of = Path(folder)
        if kind == "zip":
            given = [path]
            unpacked = place_of / "unpacked"
            unpacked.mkdir()
            shp = unpack_zip(path, wanted, unpacked)
        else:
            shp = path
            given = list(_in_order(gather_parts(path))) if kind == "shp" else [path]
        digest = _sha256(given)
        if kind in ("shp", "zip"):
            text = _lay_out_shapefile(shp, place_of, encoding, path.name)
            yield Source(place_of / "layer.shp", path.name, _DRIVERS["shp"], digest, text)
            return
        if kind == "package":
            # GDAL knows no outlines as text in a plain table
            pyogrio.write_dataframe(read_package(path), place_of / "layer.gpkg", driver="GPKG", layer=wanted)
            yield Source(place_of / "layer.gpkg", path.name, _DRIVERS["gpkg"], digest, None)
            return
        link = place_of / f"layer.{kind}"
        link.symlink_to(path.resolve())
        found = detect_csv_encoding(path, encoding) if kind == "csv" else None
        yield Source(link, path.name, _DRIVERS.get(kind, kind), digest, found)


def _lay_out_shapefile(shp: Path, folder: Path, encoding: str | None, name: str) -> TextEncoding:
    """Link the parts under fixed names, without the .cpg, and find their text encoding."""
    parts = gather_parts(shp)
    check_parts(parts)
    try:
        text = detect_dbf_encoding(parts[".dbf"], declared_encoding(parts), encoding)
    except EncodingError as error:
        raise EncodingError(f"{name!r}: {error.message}", remedy=error.remedy, **error.measured) from error
    for suffix, part in parts.items():
        if suffix in (".shp", ".shx", ".dbf"):
            (folder / f"layer{suffix}").symlink_to(part.resolve())
    if ".prj" in parts:
        # An unreadable .prj counts as none at all, so that --crs is a way out of it.
        with suppress(CRSError):
            system = prj_text(parts[".prj"])
            parse_crs(system)
            (folder / "layer.prj").write_text(system, encoding="utf-8")
    return text


def _in_order(parts: dict[str, Path]) -> Iterator[Path]:
    return (parts[suffix] for suffix in PARTS if suffix in parts)


def _sha256(paths: list[Path]) -> str:
    """Checksum of the bytes of files one after the other (of one file: its own checksum)."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()


# --- what is in it -------------------------------------------------------------------------------


def portions(source: Source, wanted: str, rows: int | None = None) -> Iterator[gpd.GeoDataFrame]:
    """The features of the one layer to take, as they are, in their declared system.

    Warnings are silenced here alone: what they tell (a ring closed, a value cut) the checks that follow find
    and report in our own words.

    Args:
        source: An opened file.
        wanted: Name of the layer to take where it holds several.
        rows: Features at a time; None: all at once.

    Raises:
        LayerError: If it cannot be read, or ends early.
    """
    options: dict[str, Any] = {} if source.encoding is None else {"encoding": _BYTES_AS_TEXT}
    with _named_errors(source):
        layer = _choose_layer(source, wanted)
        info = pyogrio.read_info(source.path, layer=layer, force_feature_count=True, **options)
        _check_driver(source, str(info["driver"]))
    expected, got = int(info["features"]), 0
    least = _LEAST_ROWS.get(source.driver, 1)
    step = max(expected, 1) if rows is None else max(rows, least)
    while got == 0 or got < expected:
        part = {} if step >= expected else {"skip_features": got, "max_features": step}
        with _named_errors(source):
            frame = pyogrio.read_dataframe(source.path, layer=layer, **part, **options)
        got += len(frame)
        if len(frame) != min(step, expected - got + len(frame)):
            raise LayerError(
                f"{source.name!r} ends early: {got} of {expected} features can be read.",
                remedy="It is damaged or cut off: copy it again, or export the layer again.",
                rows=got,
                expected=expected,
            )
        if not isinstance(frame, gpd.GeoDataFrame):
            frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame)))
        yield frame if source.encoding is None else _decoded(frame, source.encoding)
        if not len(frame):
            return


@contextmanager
def _named_errors(source: Source) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except LayerError:
        raise
    except Exception as error:  # over a damaged file the library raises nearly anything, NameError included
        raise LayerError(
            f"{source.name!r} cannot be read as {source.driver}: {_plain(error, source)}.",
            remedy="It is damaged or cut off: copy it again, or export the layer again.",
        ) from error


def _choose_layer(source: Source, wanted: str) -> str:
    """The layer named like the kind, else the only one that holds geometry."""
    layers = [(str(name), geometry) for name, geometry in pyogrio.list_layers(source.path)]
    for name, _ in layers:
        if name.lower() == wanted:
            return name
    spatial = [name for name, geometry in layers if geometry is not None] or [name for name, _ in layers]
    if not layers:
        raise LayerError(
            f"{source.name!r} cannot be read as {source.driver}: no layer can be found in it.",
            remedy="It is empty, damaged or cut off: copy it again, or export the layer again.",
        )
    if len(spatial) != 1:
        names = ", ".join(name for name, _ in layers) or "none"
        raise LayerError(
            f"{source.name!r} holds {len(layers)} layers ({names[:300]}) and none is called {wanted!r}.",
            remedy=f"Name the layer to use {wanted!r}, or give a file with one layer.",
            layers=[name for name, _ in layers],
        )
    return spatial[0]


def _check_driver(source: Source, driver: str) -> None:
    """The content may still be something else of one outer form: TopoJSON is JSON, MBTiles is SQLite."""
    if driver != source.driver:
        raise LayerError(f"{source.name!r} is {driver}, which is not accepted.", remedy=f"Accepted: {_ACCEPTED}.")


def _plain(error: Exception, source: Source) -> str:
    """The library's words, where it meant them, without the place where the file was laid out."""
    if not isinstance(error, (DataSourceError, DataLayerError, FeatureError, FieldError)):
        return "its content is malformed"
    words = str(error).replace(str(source.path), source.name).replace(str(source.path.parent), "")
    return " ".join(words.split()).rstrip(".")[:300] or type(error).__name__


def _decoded(frame: gpd.GeoDataFrame, encoding: TextEncoding) -> gpd.GeoDataFrame:
    """Names and text values, taken out byte by byte, in their real encoding."""

    def text(value: object) -> object:
        return encoding.decode(value.encode(_BYTES_AS_TEXT)) if isinstance(value, str) else value

    geometry = frame.geometry.name
    for name in frame.columns:
        if name != geometry and pd.api.types.is_string_dtype(frame[name].dtype):
            frame[name] = frame[name].astype(object)
        if name != geometry and frame[name].dtype == object:
            frame[name] = frame[name].map(text)
    return frame.rename(columns={name: text(name) for name in frame.columns if name != geometry})
