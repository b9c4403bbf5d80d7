"""Evaluation from files: detections as written by a scan, truth as polygons or as a label raster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio.errors

from geodata.crs import CRS84
from geodata.errors import LayerError, MissingCRSError, MissingFileError
from geodata.evaluate.measures import Evaluation, pool
from geodata.evaluate.overlaps import evaluate, evaluate_label

_GEOJSON = (".geojson", ".json")
_LAYERS = {".gpkg": "GPKG", ".fgb": "FlatGeobuf"}
_LABELS = (".tif", ".tiff")
_READ_FAILURES = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.GeometryError,
    UnicodeError,
    ValueError,
)


def evaluate_files(detections: Path, truth: Path) -> Evaluation:
    """Measure detections against the truth, from two files or from two folders.

    Files of two folders belong together by their names without the extension; the result is then pooled. The
    searched area comes from the label's known pixels, or from the `provenance` of the detections.

    Args:
        detections: GeoJSON, GeoPackage or FlatGeobuf, or a folder of them.
        truth: The same, or a label raster (GeoTIFF, 1 changed), or a folder.

    Raises:
        MissingFileError: If a file, or the partner of one, is not there.
        LayerError: If a file cannot be read or holds something else than polygons.
        RasterError: If a label raster cannot be used.
    """
    detections, truth = Path(detections), Path(truth)
    for path in (detections, truth):
        if not path.exists():
            raise MissingFileError(f"There is no {path}.", remedy="Check the path.")
    if detections.is_dir() != truth.is_dir():
        raise LayerError(
            f"{detections.name} and {truth.name} must be two files or two folders.",
            remedy="Give files of the same names in both folders.",
        )
    if not detections.is_dir():
        return _evaluate_file(detections, truth)
    pairs = _partners(detections, truth)
    return pool([_evaluate_file(a, b) for a, b in pairs], name=f"{detections.name}, {len(pairs)} pairs")


def _partners(detections: Path, truth: Path) -> list[tuple[Path, Path]]:
    """Pairs by name. Every truth needs detections: a scan that found nothing has a file too."""
    found = {p.stem: p for p in _known(detections, (*_GEOJSON, *_LAYERS))}
    true = {p.stem: p for p in _known(truth, (*_GEOJSON, *_LAYERS, *_LABELS))}
    if not true:
        raise MissingFileError(f"The folder {truth} holds no truth.", remedy="Check the path.")
    lonely = sorted(found.keys() ^ true.keys())
    if lonely:
        side = "detections" if lonely[0] in true else "truth"
        raise MissingFileError(
            f"{len(lonely)} files have no partner of the same name; {lonely[0]} lacks its {side}.",
            remedy="Complete the folders, or take the lonely files out.",
            lonely=lonely[:20],
        )
    return [(found[stem], true[stem]) for stem in sorted(true)]


def _known(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    return [p for p in sorted(folder.iterdir()) if p.suffix.lower() in suffixes and p.is_file()]


def _evaluate_file(detections: Path, truth: Path) -> Evaluation:
    found, area_km2 = read_polygons(detections)
    name = truth.stem
    if truth.suffix.lower() in _LABELS:
        return evaluate_label(found, truth, name=name)
    return evaluate(found, read_polygons(truth)[0], area_km2=area_km2, name=name)


def read_polygons(path: Path) -> tuple[gpd.GeoDataFrame, float | None]:
    """Read polygons with their columns, and the searched area in km² where a provenance states it.

    Raises:
        LayerError: If the file is of another format or cannot be read.
        MissingCRSError: If it declares no coordinate reference system.
    """
    suffix = path.suffix.lower()
    if suffix in _GEOJSON:
        return _read_geojson(path)
    if suffix not in _LAYERS:
        raise LayerError(
            f"{path.name} is neither GeoJSON nor GeoPackage nor FlatGeobuf.",
            remedy="Convert it, or give the truth as a label raster (.tif).",
        )
    try:
        frame = gpd.read_file(path, engine="pyogrio")
    except _READ_FAILURES as error:
        raise LayerError(f"{path.name} cannot be read: {str(error)[:200]}.", remedy="Export it again.") from error
    if "geometry" not in frame:
        raise LayerError(f"{path.name} holds no geometries.", remedy="Give a layer of polygons.")
    if frame.crs is None:
        raise MissingCRSError(f"{path.name} declares no coordinate reference system.", remedy="Declare it.")
    return frame, None


def _read_geojson(path: Path) -> tuple[gpd.GeoDataFrame, float | None]:
    """GeoJSON without a driver: an empty collection and the `provenance` member both have to survive."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
        features = content["features"]
        geometries = [f["geometry"] for f in features]
        frame = gpd.GeoDataFrame.from_features(features) if features else gpd.GeoDataFrame(geometry=[])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise LayerError(
            f"{path.name} is not a GeoJSON FeatureCollection.", remedy="Give what `kancha scan -o` writes."
        ) from error
    if any(g is None for g in geometries):
        raise LayerError(f"{path.name} has features without geometry.", remedy="Leave them out.")
    return frame.set_crs(_declared(content), allow_override=True), _area_km2(content)


def _declared(content: dict[str, Any]) -> Any:
    """CRS84, as RFC 7946 says, unless the older `crs` member names another system."""
    member = content.get("crs")
    name = member.get("properties", {}).get("name") if isinstance(member, dict) else None
    return name or CRS84


def _area_km2(content: dict[str, Any]) -> float | None:
    provenance = content.get("provenance")
    value = provenance.get("area_km2") if isinstance(provenance, dict) else None
    return float(value) if isinstance(value, int | float) and value > 0 else None
