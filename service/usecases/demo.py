"""The demonstration: a drawn district goes the way of real imagery, and the truth judges."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd

from geodata.demo import DemoFiles
from geodata.demo.compare import Comparison, compare
from geodata.scan import ScanResult
from geodata.scan_images import Judge
from geodata.types import ProgressHook, ScanOptions
from service.usecases.scan_files import ScanFiles, ScanOutputs, scan_files


@dataclass(frozen=True)
class Demonstration:
    """What `demonstrate` made.

    Args:
        files: Imagery, layers and truth.
        result: The findings.
        comparison: Findings beside the truth.
        geojson: Where the findings lie.
        report: Where the report lies.
    """

    files: DemoFiles
    result: ScanResult
    comparison: Comparison
    geojson: Path
    report: Path


def demonstrate(files: DemoFiles, folder: Path, *, judge: Judge, workers: int, progress: ProgressHook) -> Demonstration:
    """Scan a drawn district against its layers, compare with its truth.

    Args:
        files: The district.
        folder: Where the findings and the report go.
        judge: What judges the scan.
        workers: Threads of the scan.
        progress: Called while it works.
    """
    geojson, report = folder / "findings.geojson", folder / "report.html"
    options = ScanOptions(workers=workers, detector=judge.name)
    layers = {"parcels": files.parcels, "permits": files.permits, "zones": files.zones, "buildings": files.buildings}
    result = scan_files(
        ScanFiles(files.before, files.after, options, layers=layers, judge=judge),  # type: ignore[arg-type]
        ScanOutputs(geojson, report),
        progress,
    )
    comparison = compare(result.findings, gpd.read_file(files.truth), gpd.read_file(files.distractors))
    return Demonstration(files, result, comparison, geojson, report)
