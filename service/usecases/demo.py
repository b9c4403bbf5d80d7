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
from service.auth.caller import Caller
from service.errors import ConflictError
from service.files import private_folder, take_copy
from service.jobs.states import JobState
from service.services import Services
from service.usecases.demo_cases import open_demo_cases
from service.usecases.demo_people import stand_in
from service.usecases.jobs import wait_for
from service.usecases.layer_facts import LayerFacts
from service.usecases.layer_files import add_layer_file
from service.usecases.layers import newest_versions
from service.usecases.people import make_link
from service.usecases.scan_files import ScanFiles, ScanOutputs, scan_files
from service.usecases.scans import ScanOrder, order_scan
from service.usecases.scenes import SceneFacts, add_scene

_DEMO = "demo"


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


def fill(services: Services, files: DemoFiles, detector: str, progress: ProgressHook) -> None:
    """Store a drawn district in a service, scan it there and open cases; what is stored already is not stored again.

    Args:
        services: A service with a runner.
        files: The district.
        detector: Name of what judges the scan.
        progress: Called while it works.

    Raises:
        ConflictError: If the scan failed.
    """
    layers = ("areas", "parcels", "permits", "zones", "buildings")
    for k, kind in enumerate(layers):
        progress(0.1 * k / len(layers), f"storing {kind}")
        add_layer_file(services, kind, getattr(files, kind), LayerFacts(source=_DEMO))
    scenes = []
    for k, path in enumerate((files.before, files.after)):
        progress(0.1 + 0.1 * k, f"storing {path.name}")
        with private_folder(services.settings.data / "incoming") as folder:
            scenes.append(add_scene(services, take_copy(path, folder), SceneFacts())[0].id)
    progress(0.3, "scanning what was stored")
    order = ScanOrder(scenes[0], scenes[1], layers=newest_versions(services), options={"detector": detector})
    job, _ = order_scan(services, order)
    (done,) = wait_for(services, [job.id])
    if done.state is not JobState.SUCCESSFUL:
        raise ConflictError(f"The scan ended as {done.state}: {done.message}.", remedy="`kancha serve` tells more.")
    progress(0.95, "opening cases")
    open_demo_cases(services)
    progress(1.0, "done")


def demo_link(services: Services) -> str:
    """The secret of a link that works once and signs in as the person of the demonstration, who may do everything."""
    return make_link(services, Caller.local(), "demo", stand_in(services, _DEMO).id)
