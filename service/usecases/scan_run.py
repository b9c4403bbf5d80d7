"""One scan from its stored order to its stored findings: what the process of a job does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import shapely

from geodata.errors import ScanCancelledError
from geodata.steps import Steps
from geodata.types import ProgressHook, ScanOptions, SurfaceFiles
from service.errors import LostClaimError, StoreBusyError
from service.files import link_or_copy, private_folder
from service.services import Services
from service.store.job_records import Claim, Job
from service.store.records import FindingRow, Scan, Scene
from service.usecases.areas import area_geometry
from service.usecases.layer_loading import load_layers, near
from service.usecases.lead_sources import leads_after_scan
from service.usecases.models import judge_for
from service.usecases.rulebooks import get_book
from service.usecases.scans import ScanOrder, from_request, options_for, secrecy_of

if TYPE_CHECKING:
    from geodata.detect.crews import Crew
    from geodata.scan import ScanResult

_PROGRESS_S = 1.0
_SMALL_WINDOW_PX = 1024
_LARGE_PX = 64 * 2048**2
"""From here on a scene has windows enough for 64 groups."""


def run_scan_job(
    services: Services, claim: Claim, crew_for: Callable[[Services, Job], Crew | None] | None = None
) -> None:
    """Do a claimed job and store its result, all of it or nothing.

    Args:
        services: The service of a worker.
        claim: The right to do it.
        crew_for: Who works on the windows of its images; None: threads of this process.

    Raises:
        KanchaError: The named refusal of the scan.
        LostClaimError: If the job was taken away meanwhile.
    """
    job = services.store.jobs.get(claim.job_id)
    order = from_request(job.request)
    before = services.store.scenes.get(order.before_scene)
    after = services.store.scenes.get(order.after_scene)
    steps = JobSteps(services, claim, job.inputs_key)
    hands = Hands(progress_hook(services, claim), steps, None if crew_for is None else crew_for(services, job))
    result = scan_again(services, order, hands)
    options = options_for(order, before, after)
    scan = scan_record(job, order, options, result, secrecy_of(services, order))
    services.store.scans.complete(claim, scan, finding_rows(result, before, after))
    leads_after_scan(services, scan.id)


@dataclass(frozen=True)
class JobSteps:
    """The steps of a job in the store: a start of it goes on where the one before ended.

    Args:
        services: The service of a worker.
        claim: The right to do the job.
        inputs_key: Of the job.
    """

    services: Services
    claim: Claim
    inputs_key: str

    def kept(self, name: str) -> bytes | None:
        """What a step gave, None where it was not done."""
        return self.services.store.steps.kept(self.inputs_key, name)

    def keep(self, name: str, content: bytes) -> None:
        """Keep what a step gave.

        Raises:
            ScanCancelledError: If the job was taken away meanwhile.
        """
        try:
            self.services.store.steps.keep(self.claim, name, content)
        except LostClaimError as error:
            raise ScanCancelledError("The scan was stopped on request.") from error


@dataclass(frozen=True)
class Hands:
    """How a scan is done; none of it changes the result.

    Args:
        progress: Hears of the work's progress and may stop it.
        steps: Where what is done is kept.
        crew: Who works on the windows of its images; None: threads of this process.
    """

    progress: ProgressHook | None = None
    steps: Steps | None = None
    crew: Crew | None = None


def scan_again(services: Services, order: ScanOrder, hands: Hands | None = None) -> ScanResult:
    """Do what an order asks, with the scenes, the layer versions and the model that it names.

    All of these never change: the same order gives the same findings, whatever was stored since.

    Args:
        services: The service.
        order: What is asked, as it was stored.
        hands: How it is done.

    Raises:
        KanchaError: The named refusal of the scan.
    """
    from geodata.scan import scan

    hands = hands or Hands()
    pair = services.store.scenes.get(order.before_scene), services.store.scenes.get(order.after_scene)
    options = options_for(order, *pair)
    options = replace(options, workers=max(options.workers, services.settings.jobs.threads_per_scan))
    if hands.crew is not None and pair[0].width * pair[0].height < _LARGE_PX:
        # more and smaller groups, so that many workers have something to do; it costs 3 % of the work
        options = replace(options, window_px=min(options.window_px, _SMALL_WINDOW_PX))
    roles = {role: services.store.scenes.get(scene) for role, scene in order.surfaces.items()}
    layers, reports = load_layers(services, order.layers, near(pair, roles))
    with private_folder(services.settings.data / "work") as folder:
        # each under its own name, which may carry its date and stands in the provenance
        before, after = (
            laid_out(services, scene, folder / part) for scene, part in zip(pair, ("before", "after"), strict=True)
        )
        models = {
            role: link_or_copy(services.blobs.path(scene.sha256), folder / role / scene.file_name)
            for role, scene in roles.items()
        }
        surfaces = None
        if models:
            surfaces = SurfaceFiles(
                models["before_dsm"], models["after_dsm"], models.get("before_dtm"), models.get("after_dtm")
            )
        return scan(
            None if order.heights_only else before,
            None if order.heights_only else after,
            surfaces=surfaces,
            layers=layers,
            aoi=area_geometry(order.aoi),
            options=options,
            progress=hands.progress,
            layer_reports=reports,
            judge=judge_for(services.settings, options.detector),
            book=get_book(services.settings, options.rules),
            steps=hands.steps,
            crew=hands.crew,
        )


def laid_out(services: Services, scene: Scene, folder: Path) -> Path:
    """The scene's file under its own name, with what its sender told of it in a side file."""
    path = link_or_copy(services.blobs.path(scene.sha256), folder / scene.file_name)
    if scene.attributes:
        item = {"type": "Feature", "properties": dict(scene.attributes)}
        path.with_suffix(".stac.json").write_bytes(orjson.dumps(item, default=str))
    return path


def progress_hook(services: Services, claim: Claim) -> ProgressHook:
    """A hook that notes the progress at most once a second, and stops the scan when its job is gone."""
    last = [0.0]

    def note(share: float, message: str) -> None:
        now = time.monotonic()
        if now - last[0] < _PROGRESS_S:
            return
        last[0] = now
        try:
            services.store.jobs.progress(claim, min(99, int(share * 100)), message)
        except LostClaimError as error:
            raise ScanCancelledError("The scan was stopped on request.") from error
        except StoreBusyError:
            return

    return note


def scan_record(job: Job, order: ScanOrder, options: ScanOptions, result: ScanResult, secrecy: str) -> Scan:
    """The row of a finished scan."""
    findings = result.findings
    bounds = [float(v) for v in findings.total_bounds] if len(findings) else None
    counts = Counter(str(status) for status in findings["status"]) if len(findings) else Counter[str]()
    return Scan(
        id=str(result.provenance["scan_id"]),
        inputs_key=job.inputs_key,
        before_scene=order.before_scene,
        after_scene=order.after_scene,
        layers=dict(order.layers),
        options=options.result_parameters(),
        provenance=_json_values(result.provenance),
        counts=dict(sorted(counts.items())),
        bbox=None if bounds is None else (bounds[0], bounds[1], bounds[2], bounds[3]),
        created_at=datetime.now(UTC),
        secrecy=secrecy,
    )


def _json_values(value: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=str))
    return plain


def finding_rows(result: ScanResult, before: Scene, after: Scene) -> Sequence[FindingRow]:
    """The findings as finished GeoJSON with the columns that lists are filtered and sorted by."""
    rows = []
    for feature in result.feature_collection()["features"]:
        told = feature["properties"]
        west, south, east, north = shapely.geometry.shape(feature["geometry"]).bounds
        rows.append(
            FindingRow(
                fid=str(feature["id"]),
                bbox=(west, south, east, north),
                geojson=orjson.dumps(feature, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
                status=told["status"],
                change=told["change"],
                confidence=float(told["confidence"]),
                before_at=before.acquired_at,
                after_at=after.acquired_at,
                priority=float(told["priority"]),
            )
        )
    return rows
