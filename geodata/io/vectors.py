"""Vector files in: GeoJSON, GeoPackage, FlatGeobuf and shapefiles (plain or zipped), told by their content.

Nothing is believed unseen: the format by the first bytes rather than the extension, the text encoding by the
text, the coordinate system by the coordinates. A file is opened under a fixed name in a folder of its own, so
that its name can neither choose a driver nor lead elsewhere.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError

from geodata.crs import check_bounds, crs_label, parse_crs
from geodata.errors import (
    CRSError,
    CRSMismatchError,
    EncodingError,
    GeometryError,
    LayerError,
    MissingCRSError,
    MissingFileError,
)
from geodata.features import conform
from geodata.io.encodings import TextEncoding, detect_dbf_encoding
from geodata.io.shapefiles import PARTS, check_parts, declared_encoding, gather_parts, prj_text, unpack_zip
from geodata.repair import place, polygonal, repair_polygons
from geodata.types import LayerKind, LayerReport

_DRIVERS = {"geojson": "GeoJSON", "gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}
_ACCEPTED = "GeoJSON, GeoPackage, FlatGeobuf, or a shapefile (.shp with its side files, or all in a .zip)"
_SIDE_FILES = (".dbf", ".shx", ".prj", ".cpg", ".qmd", ".sbn", ".sbx")
_BYTES_AS_TEXT = "ISO-8859-1"
"""Maps each byte to one character and back, so that text can be taken out undecoded."""
_BLOCK = 1024**2


@dataclass(frozen=True)
class _Source:
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


def read_layer(
    path: Path,
    kind: LayerKind,
    *,
    crs: str | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> tuple[gpd.GeoDataFrame, LayerReport]:
    """Read one of the input layers and bring it to its schema, in CRS84.

    Args:
        path: GeoJSON, GeoPackage, FlatGeobuf, or a shapefile (.shp with side files, or all in a .zip).
        kind: Which layer it is.
        crs: System of the coordinates, where the file declares none or one that they contradict.
        mapping: Foreign column names, target to source: `{"parcel_id": "DKBM"}`.
        encoding: Text encoding of a shapefile, where it should not be found from the text.

    Returns:
        The layer (see `features.SCHEMAS`) and what reading did to it.

    Raises:
        MissingFileError: If there is no such file.
        LayerError: If it is of another format, damaged, incomplete, or holds several layers and none is
            named like `kind`.
        EncodingError: If its text cannot be decoded.
        CRSError: If the system is missing, unreadable or contradicted by the coordinates.
        LayerColumnsError: If a needed column is missing.
        LayerValueError: If a value cannot be read.
        GeometryError: If no usable feature is left.
    """
    with _prepared(Path(path), kind, encoding) as source:
        raw = _read(source, kind)
    raw, system = _with_crs(raw, crs, source.name)
    done = conform(raw, kind, mapping=mapping)
    report = LayerReport(
        source=source.name,
        kind=kind,
        sha256=source.sha256,
        crs=system,
        encoding=str(source.encoding or "UTF-8 (fixed by the format)"),
        rows=len(raw),
        kept=len(done.frame),
        repaired=done.repaired,
        dropped=done.dropped,
        duplicated=done.duplicated,
    )
    return done.frame, report


def read_features(path: Path, wanted: str, *, crs: str | None = None, encoding: str | None = None) -> gpd.GeoDataFrame:
    """Read the features of a file as they are, with their text decoded, in their own system.

    Args:
        path: As for `read_layer`.
        wanted: Name of the layer to take where a file holds several.
        crs: As for `read_layer`.
        encoding: As for `read_layer`.

    Raises:
        MissingFileError: If there is no such file.
        LayerError: If it cannot be read.
        EncodingError: If its text cannot be decoded.
        CRSError: If the system is missing, unreadable or contradicted by the coordinates.
    """
    with _prepared(Path(path), wanted, encoding) as source:
        return _with_crs(_read(source, wanted), crs, source.name)[0]


def read_area(path: Path, *, crs: str | None = None) -> shapely.MultiPolygon:
    """Read the polygons of a file as one area, for example the area of interest.

    Args:
        path: As for `read_layer`; columns do not matter.
        crs: As for `read_layer`.

    Returns:
        The union of all polygons, in CRS84.

    Raises:
        GeometryError: If there is no polygon in it.
        MissingFileError: If there is no such file.
        LayerError: If it cannot be read.
        CRSError: If the system is missing, unreadable or contradicted by the coordinates.
    """
    name = Path(path).name
    raw = read_features(path, "area", crs=crs)
    shapes, reasons = place(raw.geometry.to_numpy(), raw.crs, name)
    shapes, _ = repair_polygons(shapes, reasons)
    usable = [shape for shape in shapes if shape is not None]
    area = polygonal(shapely.union_all(usable)) if usable else None
    if area is None:
        first = f"; the first is {next(iter(reasons.values()))}" if reasons else ""
        raise GeometryError(
            f"{name!r} holds {len(raw)} features and no polygon{first}.",
            remedy="Give a file with at least one polygon.",
            rows=len(raw),
        )
    return area if isinstance(area, shapely.MultiPolygon) else shapely.MultiPolygon([area])


# --- what it is ----------------------------------------------------------------------------------


def _sniff(path: Path) -> str:
    """The format by the first bytes: `geojson`, `gpkg`, `fgb`, `shp` or `zip`."""
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"SQLite format 3\0"):
        return "gpkg"
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
    what = "is empty" if not head.strip() else f"begins with {bytes(head[:8])!r}"
    raise LayerError(
        f"{path.name!r} is none of the accepted vector formats: it {what}.", remedy=f"Accepted: {_ACCEPTED}."
    )


@contextmanager
def _prepared(path: Path, wanted: str, encoding: str | None) -> Iterator[_Source]:
    """The file, recognised and laid out under a fixed name in a folder that goes away afterwards."""
    if not path.is_file():
        raise MissingFileError(
            f"There is no file {str(path)!r}." if not path.exists() else f"{str(path)!r} is a folder, not a file.",
            remedy="Check the path.",
        )
    kind = _sniff(path)
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
            yield _Source(place_of / "layer.shp", path.name, _DRIVERS["shp"], digest, text)
            return
        link = place_of / f"layer.{kind}"
        link.symlink_to(path.resolve())
        yield _Source(link, path.name, _DRIVERS[kind], digest, None)


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


def _read(source: _Source, wanted: str) -> gpd.GeoDataFrame:
    """The features of the one layer to take, as they are, in their declared system.

    Warnings are silenced here alone: what they tell (a ring closed, a value cut) the checks that follow find
    and report in our own words.
    """
    options: dict[str, Any] = {}
    if source.encoding is not None:
        options["encoding"] = _BYTES_AS_TEXT
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = _choose_layer(source, wanted)
            info = pyogrio.read_info(source.path, layer=layer, force_feature_count=True, **options)
            _check_driver(source, str(info["driver"]))
            frame = pyogrio.read_dataframe(source.path, layer=layer, **options)
    except LayerError:
        raise
    except Exception as error:  # over a damaged file the library raises nearly anything, NameError included
        raise LayerError(
            f"{source.name!r} cannot be read as {source.driver}: {_plain(error, source)}.",
            remedy="It is damaged or cut off: copy it again, or export the layer again.",
        ) from error
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame)))
    if len(frame) != info["features"]:
        raise LayerError(
            f"{source.name!r} ends early: {len(frame)} of {info['features']} features can be read.",
            remedy="It is damaged or cut off: copy it again, or export the layer again.",
            rows=len(frame),
            expected=int(info["features"]),
        )
    return frame if source.encoding is None else _decoded(frame, source.encoding)


def _choose_layer(source: _Source, wanted: str) -> str:
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


def _check_driver(source: _Source, driver: str) -> None:
    """The content may still be something else of one outer form: TopoJSON is JSON, MBTiles is SQLite."""
    if driver != source.driver:
        raise LayerError(f"{source.name!r} is {driver}, which is not accepted.", remedy=f"Accepted: {_ACCEPTED}.")


def _plain(error: Exception, source: _Source) -> str:
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


def _with_crs(frame: gpd.GeoDataFrame, given: str | None, name: str) -> tuple[gpd.GeoDataFrame, str]:
    """The frame under its declared system, else under the given one, and words for the report.

    What the file declares goes first, as for rasters, unless its own coordinates contradict it.
    """
    declared = None if frame.crs is None else parse_crs(frame.crs)
    wanted = None if given is None else parse_crs(given)
    if declared is None and wanted is None and not frame.geometry.isna().all():
        raise MissingCRSError(
            f"{name!r} declares no readable coordinate reference system (a shapefile keeps it in its .prj).",
            remedy="Name it, for example --crs EPSG:4547.",
        )
    if wanted is None or (declared is not None and _fits(declared, frame, name)):
        return frame, "none" if declared is None else crs_label(declared)
    contradicted = "" if declared is None else f", against the file's {crs_label(declared)}"
    return frame.set_crs(wanted, allow_override=True), f"{crs_label(wanted)} (as given{contradicted})"


def _fits(declared: pyproj.CRS, frame: gpd.GeoDataFrame, name: str) -> bool:
    left, bottom, right, top = (float(v) for v in frame.total_bounds)
    if not all(math.isfinite(v) for v in (left, bottom, right, top)):
        return True
    try:
        check_bounds(declared, (left, bottom, right, top), name)
    except CRSMismatchError:
        return False
    return True
