"""The morning report: what was scanned, what was found, what was not scanned and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2
import orjson

from geodata.errors import KanchaError
from geodata.io.dates import BEIJING
from service.errors import NotFoundError
from service.files import write_beside
from service.services import Services
from service.store.intake_records import IntakeEntry, NightRun
from service.store.queries import FeatureQuery
from service.usecases import coverage, coverage_features
from service.usecases.layers import newest_versions

_MOST_LISTED = 50


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


def write_report(services: Services, run: NightRun) -> NightReport:
    """Write the report of a run as HTML, JSON and Markdown into `reports` of the data folder.

    Args:
        services: The service.
        run: The run; what a killed start of it did is told as well.

    Returns:
        The report and where it lies.
    """
    body = _body(services, run)
    folder = services.settings.data / "reports"
    files = {kind: folder / f"{run.id}.{kind}" for kind in ("html", "json", "md")}
    contents = {
        "html": _render("morning.html", body),
        "json": orjson.dumps(body, option=orjson.OPT_INDENT_2),
        "md": _render("morning.md", body),
    }
    for kind, content in contents.items():
        write_beside(files[kind], content)
        write_beside(folder / f"latest.{kind}", content)
    return NightReport(run.id, body["summary"], files["html"], files["json"], files["md"], body)


def _render(template: str, body: dict[str, Any]) -> bytes:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("service", "templates"),
        autoescape=template.endswith(".html"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**body).encode()


def _body(services: Services, run: NightRun) -> dict[str, Any]:
    entries = services.store.intake.entries(run.folder).values()
    mine = sorted((e for e in entries if e.run_id == run.id), key=lambda e: e.name)
    by_result: dict[str, list[IntakeEntry]] = {}
    for entry in mine:
        by_result.setdefault(str(entry.outcome.get("result", "unfinished")), []).append(entry)
    scanned = [_scanned(services, entry) for entry in by_result.get("scanned", [])]
    waiting = sorted(entry.name for entry in entries if entry.state == "waiting")
    refused = [_error(e) for kind in ("refused", "not-scanned") for e in by_result.get(kind, [])]
    suspected = sum(scan["counts"].get("suspected", 0) for scan in scanned)
    findings = sum(sum(scan["counts"].values()) for scan in scanned)
    return {
        "run": run.id,
        "folder": run.folder,
        "started_at": run.started_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        "written_at": datetime.now(UTC).astimezone(BEIJING).isoformat(timespec="seconds"),
        "summary": f"{len(scanned)} scanned, {findings} findings, {suspected} suspected, "
        f"{len(refused)} refused, {len(waiting)} not yet complete",
        "scanned": scanned,
        "first": [_first(services, entry) for entry in by_result.get("first", [])],
        "refused": sorted(refused, key=lambda told: str(told["file"])),
        "duplicates": [{"file": e.name, "of": e.outcome["of"]} for e in by_result.get("duplicate", [])],
        "waiting": waiting,
        "coverage": _coverage(services, run),
        "layers": {
            kind: services.store.layers.get(version).file_name for kind, version in newest_versions(services).items()
        },
    }


_MOST_TASKS = 5


def _coverage(services: Services, run: NightRun) -> dict[str, Any] | None:
    """What was seen in time, what became overdue since the night before, and what needs a look; None without an area.

    Without administrative areas the area is what the scenes cover, of which nothing is blind but by age and cloud.
    """
    try:
        told = coverage.summary(services)
        before = run.started_at.astimezone(BEIJING).date() - timedelta(days=1)
        lost = coverage.newly_overdue_km2(services, before)
        tasks = coverage_features.tasking(services, within_days=0)["features"][:_MOST_TASKS]
        wanted = orjson.loads(orjson.dumps(tasks))
    except KanchaError as error:
        # a report is written all the same; who keeps no areas is told nothing of them
        return None if isinstance(error, NotFoundError) else {"error": error.message, "remedy": error.remedy}
    return {
        "error": None,
        "sentence": told.sentence,
        "sentence_zh": told.sentence_zh,
        "seen_share": round(told.all.seen_share, 4),
        "newly_overdue_km2": round(lost, 4),
        "without_mask": len(told.without_mask),
        "tasks": [
            {"place": f"{(f['bbox'][0] + f['bbox'][2]) / 2:.5f}, {(f['bbox'][1] + f['bbox'][3]) / 2:.5f}",
             **{name: f["properties"][name] for name in ("area_m2", "reasons_zh", "overdue_days")}}
            for f in wanted
        ],
    }  # fmt: skip


def _scanned(services: Services, entry: IntakeEntry) -> dict[str, Any]:
    scan = services.store.scans.get(str(entry.outcome["scan_id"]))
    before, after = services.store.scenes.get(scan.before_scene), services.store.scenes.get(scan.after_scene)
    query = FeatureQuery(within=scan.id, limit=services.settings.limits.max_page_size)
    features = [orjson.loads(text) for text in services.store.scans.findings(query).items]
    leads = [f for f in features if f["properties"]["status"] in ("suspected", "unassessed")]
    # what officers have dismissed before is counted, not listed again
    wanted = [f for f in leads if f["properties"]["suppressed_by"] is None]
    wanted.sort(key=lambda f: (-f["properties"]["priority"], str(f["id"])))
    return {
        "file": entry.name,
        "scan": scan.id,
        "before": {"file": before.file_name, "acquired_at": _day(before.acquired_at)},
        "after": {"file": after.file_name, "acquired_at": _day(after.acquired_at)},
        "counts": dict(scan.counts),
        "findings": [_finding(f) for f in wanted[:_MOST_LISTED]],
        "further": max(0, len(wanted) - _MOST_LISTED),
        "dismissed_before": len(leads) - len(wanted),
    }


def _finding(feature: dict[str, Any]) -> dict[str, Any]:
    told = feature["properties"]
    return {
        "id": feature["id"],
        "status": told["status"],
        "change": told["change"],
        "confidence": round(float(told["confidence"]), 3),
        "priority": round(float(told["priority"]), 3),
        "area_m2": round(float(told["area_m2"])),
        "place": _place(feature["geometry"]),
        "parcel_ids": told.get("parcel_ids") or [],
        "reasons": [str(reason.get("message", reason.get("code", ""))) for reason in told.get("reasons") or []],
    }


def _place(geometry: dict[str, Any]) -> str:
    ring = geometry["coordinates"][0]
    lon, lat = (ring[0] if geometry["type"] == "MultiPolygon" else ring)[0][:2]
    return f"{lon:.6f}, {lat:.6f}"


def _first(services: Services, entry: IntakeEntry) -> dict[str, Any]:
    scene = services.store.scenes.get(entry.scene_id or "")
    return {"file": entry.name, "scene": scene.id, "acquired_at": _day(scene.acquired_at)}


def _error(entry: IntakeEntry) -> dict[str, Any]:
    error = dict(entry.outcome["error"])
    return {
        "file": entry.name,
        "code": error.get("code", "error"),
        "title_zh": error.get("title_zh", ""),
        "message": error.get("message", ""),
        "remedy": error.get("remedy", ""),
    }


def _day(moment: datetime) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="minutes")
