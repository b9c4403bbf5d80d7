"""The nightly batch: new imagery in, findings and a morning report out.

Every step is kept before the next begins, so a run that is killed goes on where it stood: a file is `taken`
once its scene is stored and `done` once its scan has ended, and a run stays open until its report is written.
"""

from __future__ import annotations

import fcntl
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from geodata.errors import KanchaError
from geodata.types import ProgressHook
from service.arrivals.base import Sighting, Source
from service.arrivals.folder import Folder
from service.errors import InternalError, NightlyRunningError
from service.files import private_folder
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.intake_records import IntakeEntry, NightRun
from service.store.job_records import Job, Urgency
from service.usecases.layers import newest_versions
from service.usecases.models import detector_for
from service.usecases.morning import NightReport, write_report
from service.usecases.pairs import latest_earlier
from service.usecases.scans import ScanOrder, order_scan
from service.usecases.scenes import SceneFacts, add_scene

_POLL_S = 0.3


def run_night(services: Services, folder: Path, progress: ProgressHook) -> NightReport:
    """Take in what is new in a folder, scan it, write the morning report.

    Args:
        services: A service with a runner.
        folder: Watched folder.
        progress: Called while it works.

    Raises:
        NightlyRunningError: If another nightly run is at work on the data folder.
        MissingFileError: If there is no such folder.
        OptionError: If there is no such detector as the settings say.
    """
    home = folder.resolve()
    with _alone(services.settings.data):
        # asked before anything is taken: a model that is not there is no fault of the imagery
        detector = detector_for(services.settings, services.settings.nightly.detector)
        source = Folder(home, services.settings.data)
        sightings = source.look()
        now = datetime.now(UTC)
        fresh = NightRun(f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}", str(home), now, None)
        run = services.store.intake.open_run(fresh)
        for i, sighting in enumerate(sightings):
            progress(0.3 * i / len(sightings), f"taking {sighting.name}")
            _take(services, run, source, sighting)
        jobs = _order_all(services, run, detector)
        _await_all(services, run, jobs, progress)
        report = write_report(services, run)
        services.store.intake.close_run(run.id)
    return report


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    with (data / "nightly.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NightlyRunningError(
                f"Another nightly run is at work on {data}.",
                remedy="Nothing is to be done: it does the work.",
            ) from error
        yield


def _take(services: Services, run: NightRun, source: Source, sighting: Sighting) -> None:
    """Store the scene of a file that is new and complete; keep what came of it."""
    known = services.store.intake.entries(run.folder)
    before = known.get(sighting.name)
    if before is not None and sighting.same_as(before) and before.state != "waiting":
        return
    now = datetime.now(UTC)
    entry = sighting.remembered(run.folder, before, now)
    if not sighting.is_complete(before, now, timedelta(seconds=services.settings.nightly.stable_s)):
        services.store.intake.put(entry)
        return
    entry = replace(entry, run_id=run.id)
    try:
        scene_id = _store_scene(services, source, sighting)
    except KanchaError as error:
        outcome = {"result": "refused", "error": _plain(error)}
        services.store.intake.put(replace(entry, state="rejected", outcome=outcome))
        return
    twin = next((e.name for e in known.values() if e.scene_id == scene_id and e.name != entry.name), None)
    if twin is not None:
        outcome = {"result": "duplicate", "of": twin}
        services.store.intake.put(replace(entry, state="done", scene_id=scene_id, outcome=outcome))
        return
    services.store.intake.put(replace(entry, state="taken", scene_id=scene_id))


def _store_scene(services: Services, source: Source, sighting: Sighting) -> str:
    with private_folder(services.settings.data / "incoming") as folder:
        fetched = source.fetch(sighting, folder)
        facts = SceneFacts(acquired_at=fetched.acquired_at, attributes=dict(fetched.attributes) or None)
        return add_scene(services, fetched.upload, facts)[0].id


def _plain(error: KanchaError) -> dict[str, Any]:
    told = error.as_dict()
    return {**told, "measured": {name: str(value) for name, value in error.measured.items()}}


def _order_all(services: Services, run: NightRun, detector: str) -> list[tuple[IntakeEntry, Job]]:
    """Order a scan for every scene that is stored and not scanned, the earliest first."""
    entries = [e for e in services.store.intake.entries(run.folder).values() if e.state == "taken"]
    scenes = {e.name: services.store.scenes.get(e.scene_id or "") for e in entries}
    jobs: list[tuple[IntakeEntry, Job]] = []
    for entry in sorted(entries, key=lambda e: (scenes[e.name].acquired_at, e.name)):
        scene = scenes[entry.name]
        share = services.settings.nightly.min_overlap_share
        partner = latest_earlier(scene, services.store.scenes.meeting(scene.bbox), share)
        if partner is None:
            _done(services, run, entry, {"result": "first"})
            continue
        try:
            order = ScanOrder(partner.id, scene.id, layers=newest_versions(services), options={"detector": detector})
            job, _ = order_scan(services, order, Urgency.NIGHT)
        except KanchaError as error:
            _done(services, run, entry, {"result": "not-scanned", "before": partner.id, "error": _plain(error)})
            continue
        jobs.append((entry, job))
    return jobs


def _await_all(services: Services, run: NightRun, jobs: list[tuple[IntakeEntry, Job]], progress: ProgressHook) -> None:
    total = max(1, len(jobs))
    for done, (entry, ordered) in enumerate(jobs):
        while (job := services.store.jobs.get(ordered.id)).state in ACTIVE:
            progress(0.3 + 0.65 * (done + job.progress / 100) / total, f"scanning {entry.name}")
            if services.runner is None or not services.runner.alive:
                raise InternalError("The runner of the nightly batch has stopped.")
            time.sleep(_POLL_S)
        _done(services, run, entry, _outcome(services, job))
    progress(0.95, "writing the report")


def _outcome(services: Services, job: Job) -> dict[str, Any]:
    before = str(job.request["before_scene"])
    if job.state is JobState.SUCCESSFUL and job.scan_id is not None:
        counts = dict(services.store.scans.get(job.scan_id).counts)
        return {"result": "scanned", "before": before, "scan_id": job.scan_id, "counts": counts}
    error = dict(job.error or {})
    if job.state is JobState.DISMISSED:
        error = {"code": "scan-dismissed", "message": "The scan was stopped on request.", "remedy": ""}
    return {"result": "not-scanned", "before": before, "error": error}


def _done(services: Services, run: NightRun, entry: IntakeEntry, outcome: dict[str, Any]) -> None:
    services.store.intake.put(replace(entry, state="done", run_id=run.id, outcome=outcome))
