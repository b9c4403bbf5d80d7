"""Vector files in: GeoJSON, GeoPackage, FlatGeobuf and shapefiles (plain or zipped), told by their content.

What a file is and holds is `sources`' part. Here its features come under their system, which the coordinates are
held against, and to the schema of their layer: at once, or in portions where a layer may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import pyproj
import shapely

from geodata.errors import GeometryError
from geodata.features import Conformer
from geodata.io.registers import place_mapping, register_portions
from geodata.io.sources import Source, opened, portions
from geodata.io.systems import System
from geodata.repair import place, polygonal, repair_polygons
from geodata.types import LayerKind, LayerReport


@dataclass(frozen=True)
class ReadAs:
    """What is said of a file for its reading.

    Args:
        crs: System of the coordinates, where the file declares none or one that they contradict; `GCJ-02` or `BD-09`:
            they are a web map's, whatever the file declares, and are turned back.
        mapping: Foreign column names, target to source: `{"parcel_id": "DKBM"}`.
        encoding: Text encoding of a shapefile, where it should not be found from the text.
        transformation: From Xian 1980 or Beijing 1954 to CGCS2000; see `datums`.
    """

    crs: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    transformation: str | None = None


class LayerReader:
    """One of the input layers, brought to its schema in CRS84 in portions; see `read_layer`.

    Args:
        path: The file.
        kind: Which layer it is.
        how: What is said of it.
        rows: Features at a time; None: all at once.
    """

    def __init__(self, path: Path, kind: LayerKind, how: ReadAs, rows: int | None = None) -> None:
        self._path, self._kind, self._how, self._rows = path, kind, how, rows
        self._report: LayerReport | None = None
        self._system: System | None = None

    @property
    def system(self) -> pyproj.CRS | None:
        """The system of the coordinates in the file, once something was read; None without any."""
        return None if self._system is None else self._system.chosen

    @property
    def report(self) -> LayerReport:
        """What reading did to the layer, once all of it is read."""
        if self._report is None:
            raise ValueError("the layer is not read to its end")
        return self._report

    def frames(self) -> Iterator[gpd.GeoDataFrame]:
        """The portions that hold something. Raises as `read_layer` does."""
        with opened(self._path, self._kind, self._how.encoding) as source:
            columns = place_mapping(self._how.mapping)[1] if source.is_register else self._how.mapping
            conformer = Conformer(self._kind, columns, register=source.is_register)
            self._system = system = System(self._how.crs, self._how.transformation, source.name)
            for raw in self._portions(source):
                frame = conformer.take(system.given_to(raw))
                if len(frame):
                    yield frame
        conformer.require_some()
        self._report = LayerReport(
            source=source.name,
            kind=self._kind,
            sha256=source.sha256,
            crs=system.words,
            encoding=str(source.encoding or "UTF-8 (fixed by the format)"),
            rows=conformer.rows,
            kept=conformer.kept,
            repaired=conformer.repaired,
            dropped=conformer.dropped,
            duplicated=conformer.duplicated,
        )

    def _portions(self, source: Source) -> Iterator[gpd.GeoDataFrame]:
        if not source.is_register:
            return portions(source, self._kind, self._rows)
        mapping, text = self._how.mapping, source.encoding
        return register_portions(source.path, source.name, self._kind, mapping, text, self._rows)


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
        path: GeoJSON, GeoPackage, FlatGeobuf, or a shapefile (.shp with side files, or all in a .zip); permits and
            buildings also as CSV or XLSX.
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
    reader = LayerReader(Path(path), kind, ReadAs(crs, mapping or {}, encoding))
    (frame,) = reader.frames()
    return frame, reader.report


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
    with opened(Path(path), wanted, encoding) as source:
        (raw,) = portions(source, wanted)
    return System(crs, None, source.name).given_to(raw)


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
