"""The morning report: found, stopped, closed; what was not scanned and why; blind spots; the queue; system health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from geodata.io.dates import BEIJING
from geodata.report.words import CHANGE, STATUS
from service.auth.caller import Clearance
from service.auth.sight import Sight
from service.errors import NotFoundError
from service.files import write_beside
from service.render.templates import filled
from service.services import Services
from service.store.intake_records import IntakeEntry, NightRun
from service.usecases import morning_parts as parts
from service.usecases.alarm_sending import Round
from service.usecases.arrivals import AWAY, SourceLook
from service.usecases.layers import newest_versions
from service.usecases.morning_leads import leads_part
from service.usecases.night_sites import sites_of

REPORT_GRADE = Clearance.INTERNAL
"""A report goes to many, as a page and in messages: of what is secret it tells only how much there is."""


@dataclass(frozen=True)
class Told:
    """What a night knows of itself and no table keeps.

    Args:
        sources: The places as they were found.
        sent: What was done about alarms.
    """

    sources: Sequence[SourceLook]
    sent: Round


@dataclass(frozen=True)
class NightReport:
    """A written report.

    Args:
        run_id: The run it tells of.
        summary: One line.
        html: For people.
        json: For programs.
        markdown: For messages.
        body: What it says, as plain values.
    """

    run_id: str
    summary: str
    html: Path
    json: Path
    markdown: Path
    body: dict[str, Any]

    def as_result(self) -> dict[str, Any]:
        """What its job gives."""
        return {"run": self.run_id, "summary": self.summary, "html": str(self.html)}


def write_report(services: Services, run: NightRun, told: Told) -> NightReport:
    """Write the report of a run as HTML, JSON and Markdown into `reports` of the data folder.

    Args:
        services: The service.
        run: The run; what a killed start of it did is told as well.
        told: What the run knows of itself.

    Returns:
        The report and where it lies.
    """
    # plain values throughout: the same from the store, from the file and here
    sight = Sight.of(None, REPORT_GRADE)
    seen = replace(services, store=services.store.seen_by(sight), sight=sight)
    body: dict[str, Any] = orjson.loads(orjson.dumps(_body(seen, run, told), option=orjson.OPT_SERIALIZE_NUMPY))
    folder = services.settings.data / "reports"
    files = {kind: folder / f"{run.id}.{kind}" for kind in ("html", "json", "md")}
    contents = {
        "html": render("morning.html", body),
        "json": orjson.dumps(body, option=orjson.OPT_INDENT_2),
        "md": render("morning.md", body),
    }
    for kind, content in contents.items():
        write_beside(files[kind], content)
        write_beside(folder / f"latest.{kind}", content)
    return NightReport(run.id, body["summary"], files["html"], files["json"], files["md"], body)


def render(template: str, body: Mapping[str, Any]) -> bytes:
    """A report in words."""
    return filled(template, body, {"word": _word}).encode()


def _word(name: str) -> str:
    """A status or change in Chinese, with the name that programs use."""
    known = {**STATUS, **CHANGE}.get(name)
    return name if known is None else f"{known.zh} {name}"


def _body(services: Services, run: NightRun, told: Told) -> dict[str, Any]:
    now = datetime.now(UTC)
    every = sorted(services.store.intake.of_run(run.id), key=lambda e: e.name)
    mine = [entry for entry in every if _is_shown(services, entry)]
    withheld = len(every) - len(mine)
    by_result: dict[str, list[IntakeEntry]] = {}
    for entry in mine:
        by_result.setdefault(str(entry.outcome.get("result", "unfinished")), []).append(entry)
    since = _since(services, run)
    scans = [(entry, scan) for entry in by_result.get("scanned", []) for scan in entry.outcome["scans"]]
    scanned = [parts.scanned(services, entry, scan) for entry, scan in scans]
    waiting = [entry for entry in services.store.intake.in_state("waiting") if entry.outcome.get("result") != AWAY]
    waiting_names = sorted(entry.name for entry in waiting if _is_of(entry, told))
    refused = [parts.error_of(e, e.outcome["error"]) for e in by_result.get("refused", [])]
    refused += [line for e in [*by_result.get("not-scanned", []), *by_result.get("scanned", [])] for line in
                parts.failed(services, e)]  # fmt: skip
    suspected = sum(scan["counts"].get("suspected", 0) for scan in scanned)
    findings = sum(sum(scan["counts"].values()) for scan in scanned)
    judged = services.store.verdicts.judged()
    sites = sites_of(services, [scan["scan_id"] for _, scan in scans], judged)
    return {
        "run": run.id,
        "folder": run.folder or ", ".join(look.name for look in told.sources),
        "started_at": run.started_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        "due_at": None if run.due_at is None else run.due_at.astimezone(BEIJING).isoformat(timespec="minutes"),
        "written_at": now.astimezone(BEIJING).isoformat(timespec="seconds"),
        "since": since.astimezone(BEIJING).isoformat(timespec="minutes"),
        "summary": f"{len(scanned)} scanned, {findings} findings, {suspected} suspected, "
        f"{len(refused)} refused, {len(waiting_names)} not yet complete",
        "withheld": withheld,
        "balance": parts.balance(sites, judged, since),
        "cases": parts.cases(services, since),
        "scanned": scanned,
        "sources": [parts.source(look, mine) for look in told.sources],
        "first": [parts.first(services, entry) for entry in by_result.get("first", [])],
        "unseen": [parts.unseen(services, entry) for entry in by_result.get("unseen", [])],
        "left": [parts.left(services, entry) for entry in by_result.get("left", [])],
        "refused": sorted(refused, key=lambda line: str(line["file"])),
        "duplicates": [{"file": e.name, "of": e.outcome["of"]} for e in by_result.get("duplicate", [])],
        "waiting": waiting_names,
        "coverage": parts.coverage_of(services, run),
        "papers": parts.papers(services, since, now),
        "leads": leads_part(services, since, now),
        "alarms": parts.alarms(services, told.sent, now),
        "queue": parts.queue(services, judged),
        "health": parts.health(services, now),
        "layers": {
            kind: services.store.layers.get(version).file_name for kind, version in newest_versions(services).items()
        },
    }


def _is_shown(services: Services, entry: IntakeEntry) -> bool:
    """Whether what became of a file may be told: its scene, and the scans of it."""
    try:
        if entry.scene_id is not None:
            services.store.scenes.get(entry.scene_id)
        for scan in entry.outcome.get("scans", ()):
            services.store.scans.get(scan["scan_id"])
    except NotFoundError:
        return False
    return True


def _is_of(entry: IntakeEntry, told: Told) -> bool:
    return any(entry.folder == look.name for look in told.sources)


def _since(services: Services, run: NightRun) -> datetime:
    """Since when a report tells: the start of the night before."""
    before = [one for one in services.store.intake.runs(_FEW).items if one.finished_at and one.id != run.id]
    earlier = [one.started_at for one in before if one.started_at < run.started_at]
    return max(earlier, default=run.started_at - timedelta(days=1))


_FEW = 20
