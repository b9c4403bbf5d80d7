"""A night: what arrived is taken in, compared and followed, alarms go out, and the morning report is written.

A night is a durable run like any other. Whatever it does is kept before the next begins: a file is `taken` once its
scene is stored and `done` once its scans have ended, and a run stays open until its report is written. Started twice it
is one run; killed, it goes on where it was; begun late, it does what there is to do.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from geodata.errors import KanchaError
from geodata.types import ProgressHook
from service.errors import NightlyRunningError, StoreBusyError
from service.jobs.base import Line
from service.jobs.kinds import NIGHT
from service.jobs.liveness import place_of
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.intake_records import NightRun
from service.store.job_records import Claim, Job, Urgency, new_job
from service.usecases import jobs
from service.usecases.alarm_sending import send_round
from service.usecases.arrivals import sources_of, take_in
from service.usecases.case_proof import look_after_scenes
from service.usecases.lead_sources import gather_leads
from service.usecases.models import detector_for
from service.usecases.morning import NightReport, Told, write_report
from service.usecases.night_scans import await_scans, order_at_once, order_scans
from service.usecases.scan_run import JobSteps, progress_hook
from service.usecases.schedule import last_due

_LOG = logging.getLogger(__name__)


def order_night(services: Services, folder: Path | None = None, due_at: datetime | None = None) -> tuple[Job, bool]:
    """Order a night, or find the one that is under way.

    Args:
        services: A service with a runner.
        folder: Watched folder, None: all places of the settings.
        due_at: The moment of the schedule that it is for, None: by hand.

    Returns:
        Its job, and whether it is new.

    Raises:
        NightlyRunningError: If a night over other places is at work.
        MissingFileError: If there is no such folder.
        OptionError: If there is no such detector as the settings say.
    """
    home = "" if folder is None else str(folder.resolve())
    # asked before anything is taken: a model that is not there is no fault of the imagery
    detector_for(services.settings, services.settings.nightly.detector)
    if home:
        sources_of(services, home)[0].look()
    now = datetime.now(UTC)
    _require_alone(services, home)
    fresh = NightRun(f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:6]}", home, now, None, due_at)
    run = services.store.intake.open_run(fresh)
    # a folder lies on the machine that names it
    place = services.runner.place if home and services.runner is not None else ""
    request = {"run": run.id, "folder": home}
    job = new_job(NIGHT, request, f"night:{run.id}", urgency=Urgency.NIGHT, place=place, owner=services.caller.id)
    return jobs.order(services, job)


def begin_due(services: Services, since: datetime, now: datetime) -> Job | None:
    """Begin the night that is due and was not begun yet; of several that were missed, one does the work of all.

    Any number of processes may ask: of each moment there is one night. One that was given up goes on after a while.

    Args:
        services: A service with a runner.
        since: Where no night was ever due, moments before this do not count: a schedule begins when it is set.
        now: The time.

    Returns:
        Its job; None where nothing is due.

    Raises:
        NightlyRunningError: If a night over other places is at work; it is due again at the next look.
    """
    schedule = services.settings.nightly.schedule
    if not schedule:
        return None
    due = last_due(schedule, now)
    last = services.store.intake.last_scheduled()
    begun = since if last is None or last.due_at is None else last.due_at
    if due > begun:
        return order_night(services, due_at=due)[0]
    if last is not None and last.finished_at is None and _was_given_up(services, last, now):
        return order_night(services, due_at=last.due_at)[0]
    return None


_REST = timedelta(minutes=30)
"""So long after it was given up a night is tried again: what ended it may have passed."""


def _was_given_up(services: Services, run: NightRun, now: datetime) -> bool:
    """Whether nobody works any more on a night that has not ended."""
    job = next(iter(services.store.jobs.page(1, kind=NIGHT).items), None)
    if job is None or job.request["run"] != run.id or job.state is not JobState.FAILED:
        return False
    return job.finished_at is not None and now - job.finished_at >= _REST


@dataclass
class Seen:
    """What was looked at already by who compares at once.

    Args:
        state: Of the catalogue at the last look.
        scenes: The scenes.
    """

    state: str = ""
    scenes: set[str] = field(default_factory=set)


def begin_at_once(services: Services, seen: Seen) -> None:
    """Order the scans of the scenes that came since the last look.

    Args:
        services: A service with a runner.
        seen: What was looked at; what is new is added.

    Raises:
        OptionError: If there is no such detector as the settings say.
    """
    if not services.settings.nightly.at_once:
        return
    # asked every second: nothing is searched where nothing came
    state = services.store.state("scenes")
    if state == seen.state:
        return
    new = [scene_id for scene_id in services.store.intake.unheard() if scene_id not in seen.scenes]
    detector = detector_for(services.settings, services.settings.nightly.detector) if new else ""
    for scene_id in new:
        try:
            order_at_once(services, detector, scene_id)
        except StoreBusyError:
            raise  # no fault of the scene: it is looked at again
        except KanchaError as error:
            # the night hears of it too; those behind it are not to wait for that
            _LOG.warning("comparing %s at once: %s", scene_id, error)
        seen.scenes.add(scene_id)
    seen.state = state


def _require_alone(services: Services, home: str) -> None:
    for state in ACTIVE:
        for job in services.store.jobs.page(_MOST_ACTIVE, state=state, kind=NIGHT).items:
            if job.request["folder"] != home:
                raise NightlyRunningError(
                    f"A nightly run over {job.request['folder'] or 'the places of the settings'} is at work.",
                    remedy="Begin another when it has ended.",
                )


_MOST_ACTIVE = 10


def run_night_job(services: Services, claim: Claim) -> None:
    """Do a night.

    Args:
        services: The service of a worker.
        claim: The right to do it.

    Raises:
        KanchaError: What keeps the whole night from its work; what is wrong with a file is told in the report.
        LostClaimError: If the job was taken away meanwhile.
    """
    job = services.store.jobs.get(claim.job_id)
    run = services.store.intake.run(str(job.request["run"]))
    if run.finished_at is None:
        steps = JobSteps(services, claim, job.inputs_key)
        services = replace(services, runner=Line(job.place or place_of(services.settings.data)))
        report = run_night(services, run, progress_hook(services, claim), steps)
        result = report.as_result()
    else:
        # its report was written, and then the power went
        result = {"run": run.id, "summary": str((run.report or {}).get("summary", ""))}
    services.store.jobs.succeed(claim, result["summary"], result)


def run_night(services: Services, run: NightRun, progress: ProgressHook, steps: JobSteps) -> NightReport:
    """Take in what is new, scan it, send the alarms, write the morning report.

    Args:
        services: A service with a line of jobs.
        run: The run.
        progress: Called while it works.
        steps: Where it is kept that it gets on.

    Raises:
        OptionError: If there is no such detector as the settings say.
    """

    def mark(what: str) -> None:
        steps.keep(f"{run.id}/{what}"[-_LONGEST:], b"")

    detector = detector_for(services.settings, services.settings.nightly.detector)
    sources = take_in(services, run.id, run.folder, _part(progress, 0.0, 0.2))
    mark("taken")
    ordered = order_scans(services, run.id, detector, _part(progress, 0.2, 0.3))
    mark("ordered")
    await_scans(services, ordered, _part(progress, 0.3, 0.9), mark)
    progress(0.9, "looking at the cases")
    arrived = {entry.scene_id for entry in services.store.intake.of_run(run.id) if entry.scene_id is not None}
    look_after_scenes(services, arrived)
    mark("cases")
    progress(0.94, "gathering the leads")
    gather_leads(services)
    progress(0.95, "sending the alarms")
    sent = send_round(services)
    progress(0.97, "writing the report")
    report = write_report(services, run, Told(sources, sent))
    services.store.intake.close_run(run.id, report.body)
    return report


_LONGEST = 200


def _part(progress: ProgressHook, begin: float, end: float) -> ProgressHook:
    return lambda share, message: progress(begin + share * (end - begin), message)
