"""A scan from files to files, without a store: what `kancha scan` does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from geodata.errors import MissingFileError, OptionError
from geodata.types import (
    SCAN_KINDS,
    LayerContent,
    LayerKind,
    LayerReport,
    Layers,
    ProgressHook,
    ScanOptions,
    SurfaceFiles,
)
from service.files import write_beside

if TYPE_CHECKING:
    from geodata.assess import Book
    from geodata.scan import ScanResult
    from geodata.scan_images import Judge


@dataclass(frozen=True)
class ScanFiles:
    """What a scan is made of.

    Args:
        before: GeoTIFF of the earlier date; None: the surface models alone are compared.
        after: GeoTIFF of the later date.
        options: The options of the scan.
        layers: File per layer kind.
        mapping: Column names per layer kind, wanted to given.
        crs: System of any layer or area that declares none.
        encoding: Text encoding of a layer that does not tell it.
        aoi: Polygon file of the area of interest.
        surfaces: Surface models of the two dates.
        judge: What `options.detector` names; None: the training-free detector.
        book: The rulebook that `options.rules` names; None: the shipped one of that id.
    """

    before: Path | None
    after: Path | None
    options: ScanOptions
    layers: Mapping[LayerKind, Path] = field(default_factory=dict)
    mapping: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    crs: str | None = None
    encoding: str | None = None
    aoi: Path | None = None
    surfaces: SurfaceFiles | None = None
    judge: Judge | None = None
    book: Book | None = None

    @property
    def shown(self) -> tuple[Path, Path]:
        """The two rasters that a report shows: the images, else the surface models."""
        if self.before is not None and self.after is not None:
            return self.before, self.after
        assert self.surfaces is not None  # a scan without either is refused
        return self.surfaces.before, self.surfaces.after


@dataclass(frozen=True)
class ScanOutputs:
    """What is written.

    Args:
        geojson: Every detection as GeoJSON; None: not written.
        report: One HTML file; None: not written.
    """

    geojson: Path | None = None
    report: Path | None = None


def scan_files(files: ScanFiles, outputs: ScanOutputs, progress: ProgressHook | None = None) -> ScanResult:
    """Read the layers, scan, write what is wanted; nothing is written unless all went well.

    Args:
        files: What the scan is made of.
        outputs: What is written.
        progress: Called while it works.

    Returns:
        The findings with their provenance.

    Raises:
        KanchaError: The named refusal of an input or an option.
    """
    from geodata.io.vectors import read_area
    from geodata.scan import scan

    _check_targets(files, outputs)
    layers, reports = read_layers(files)
    aoi = None if files.aoi is None else read_area(files.aoi, crs=files.crs)
    result = scan(
        files.before,
        files.after,
        surfaces=files.surfaces,
        layers=layers,
        aoi=aoi,
        options=files.options,
        progress=progress,
        layer_reports=reports,
        judge=files.judge,
        book=files.book,
    )
    if outputs.geojson is not None:
        write_beside(outputs.geojson, as_bytes(result.feature_collection()))
    if outputs.report is not None:
        from geodata.report import write_report

        write_report(result, *files.shown, outputs.report)
    return result


def read_layers(files: ScanFiles) -> tuple[Layers, list[LayerReport]]:
    """The layers of a scan from their files, with what reading did to each."""
    from geodata.io.vectors import read_layer
    from service.usecases.layer_rows import content_sha256

    frames: dict[str, Any] = {}
    contents: dict[str, LayerContent] = {}
    reports: list[LayerReport] = []
    for kind in SCAN_KINDS:
        if kind in files.layers:
            frames[kind], report = read_layer(
                files.layers[kind],
                kind,
                crs=files.crs,
                mapping=files.mapping.get(kind) or None,
                encoding=files.encoding,
            )
            reports.append(report)
            contents[kind] = LayerContent(content_sha256(frames[kind], kind))
    return Layers(**frames, contents=contents), reports


def as_bytes(collection: Mapping[str, Any]) -> bytes:
    """GeoJSON as it is written."""
    return orjson.dumps(collection, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


def _check_targets(files: ScanFiles, outputs: ScanOutputs) -> None:
    # found out before the work, not after it
    targets = [path for path in (outputs.geojson, outputs.report) if path is not None]
    told = files.surfaces
    heights = () if told is None else (told.before, told.after, told.before_terrain, told.after_terrain)
    inputs = [p for p in (files.before, files.after, *heights, files.aoi, *files.layers.values()) if p is not None]
    for path in targets:
        folder = path.absolute().parent
        if path.is_dir() or not folder.is_dir():
            raise MissingFileError(
                f"{path} is a folder." if path.is_dir() else f"{path} cannot be written: there is no folder {folder}.",
                remedy="Name a file in a folder that is there.",
            )
        if not os.access(folder, os.W_OK) or (path.exists() and not path.is_file()):
            raise OptionError(
                f"{path} cannot be written: "
                + (f"{folder} is read-only." if not os.access(folder, os.W_OK) else "it is no plain file."),
                remedy="Name a file in a folder that may be written to.",
            )
        if any(path.resolve() == given.resolve() for given in inputs):
            raise OptionError(
                f"{path} is an input of the scan; writing there would destroy it.", remedy="Name another file."
            )
    if len({path.resolve() for path in targets}) < len(targets):
        raise OptionError(f"{targets[0]} is named for two outputs.", remedy="Name two files.")
