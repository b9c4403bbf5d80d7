"""`kancha nightly`: a night, now."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.opened import Data, opened
from scripts.terminal import progress_bar

if TYPE_CHECKING:
    from service.services import Services
    from service.usecases.night_pairs import Pairing

_POLL_S = 0.2


def nightly(
    folder: Annotated[
        Path | None, typer.Argument(help="Watched folder; without it the places of KANCHA_NIGHTLY__SOURCES.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    data: Data = None,
) -> None:
    """Take new imagery, scan it against the stored layers, send the alarms, write the morning report."""
    if dry_run:
        with opened(data) as services:
            _tell_plan(services, folder)
        return
    from service.settings import read_settings
    from service.watching.logs import configure

    settings = read_settings(data=data)
    configure(settings.log.format, settings.log.level if settings.log.format == "json" else "warning")
    with opened(data, runner=True) as services:
        _run(services, folder)


def _run(services: Services, folder: Path | None) -> None:
    # loaded on demand: the other commands need none of it
    from service.auth.record import entry_by
    from service.errors import NightlyRunningError
    from service.jobs.states import ACTIVE, JobState
    from service.usecases.nightly import order_night

    try:
        job, new = order_night(services, folder)
    except NightlyRunningError as error:
        # two cron lines that meet are no fault: the other one does the work
        typer.echo(f"{error.message} {error.remedy}", err=True)
        return
    # a night that was left in the line may be in the hands of our own runner by now: then it is ours
    ours = services.runner is not None and job.runner == services.runner.id
    if not new and job.state is JobState.RUNNING and not ours:
        typer.echo("Another nightly run is at work. Nothing is to be done: it does the work.", err=True)
        return
    with progress_bar("nightly") as progress:
        while job.state in ACTIVE:
            progress(job.progress / 100, job.message)
            time.sleep(_POLL_S)
            job = services.store.jobs.get(job.id)
    if job.state is not JobState.SUCCESSFUL:
        why = job.error or {"code": "night-stopped", "message": "The night was stopped on request.", "remedy": ""}
        typer.echo(f"{why['code']}: {why['message']} {why['remedy']}", err=True)
        raise typer.Exit(2)
    result = job.result or {}
    entry = entry_by(services.caller, datetime.now(UTC), "command", "nightly", run=str(result["run"]))
    services.store.audit_log.append(entry)
    report = services.settings.data / "reports" / f"{result['run']}.html"
    typer.echo(f"{result['summary']}\nreport: {report}")


def _tell_plan(services: Services, folder: Path | None) -> None:
    from service.files import storable
    from service.usecases.night_plan import plan_night

    plan = plan_night(services, folder)
    typer.echo(f"nothing is done; what a night would do now, judged by {plan.detector}:")
    for look in plan.sources:
        state = f"{look.files} files, {look.new} new" if look.error is None else f"{look.error.message}"
        typer.echo(f"source {look.name}: {state}")
    for file in plan.files:
        why = "" if file.why is None else f": {file.why.code} {storable(file.why.message)}"
        typer.echo(f"{file.what} {file.name}{why}")
    for pairing, pairs in plan.comparisons:
        typer.echo(_told_pairing(pairing))
        for before, after in pairs[len(pairing.choice.partners) :]:
            typer.echo(f"scan {after.file_name} with {before.file_name}, which came late")
    if plan.left:
        typer.echo(f"left for the next night: {plan.left} scenes (KANCHA_NIGHTLY__MAX_SCANS)")
    for paper in plan.expired:
        typer.echo(f"expired permit {paper.permit_id}, last day {paper.last_day}, structures {len(paper.structures)}")
    scans = sum(len(pairs) for _, pairs in plan.comparisons)
    typer.echo(f"{sum(file.what == 'take' for file in plan.files)} files to take, {scans} scans to order")


def _told_pairing(pairing: Pairing) -> str:
    scene, choice = pairing.scene, pairing.choice
    if choice.partners:
        partners = ", ".join(
            f"{pairing.scenes[one.scene].file_name} ({one.told_km2:.3f} km2, owed {one.debt_km2:.3f})"
            for one in choice.partners
        )
        return f"scan {scene.file_name} with {partners}; not shown before: {choice.alone_km2:.3f} km2"
    if not pairing.met:
        return f"first {scene.file_name}: no earlier scene of this place"
    reasons = "; ".join(f"{one.scene.file_name}: {one.error.code} {one.error.message}" for one in pairing.refused)
    return f"not scanned {scene.file_name}: {reasons or 'no earlier scene shows what it shows'}"
