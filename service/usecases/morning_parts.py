"""The parts of the morning report, as plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import orjson

from geodata.errors import KanchaError
from geodata.io.dates import BEIJING
from service.errors import NotFoundError
from service.jobs.kinds import NIGHT as NIGHT_JOB
from service.jobs.states import ACTIVE
from service.review.draw import draw
from service.services import Services
from service.store.intake_records import CATALOGUE, IntakeEntry, NightRun
from service.store.queries import FeatureQuery
from service.store.records import JudgedRow
from service.usecases import coverage, coverage_features, watching
from service.usecases.alarm_clock import clock
from service.usecases.alarm_sending import Round
from service.usecases.arrivals import SourceLook
from service.usecases.case_proof import overdue_count
from service.usecases.expiries import Expiry, ending, expiries
from service.usecases.night_sites import Sites
from service.usecases.queue import row_values
from service.watching.conditions import NIGHT
from service.watching.drift import conditions_of

_MOST_LISTED = 50
_MOST_QUEUED = 10
_SOON_DAYS = 30
_WITHHELD: Mapping[str, str] = MappingProxyType(
    {"code": "withheld", "title_zh": "涉密", "message": "The other scene is secret and not told of here."}
)


def balance(sites: Sites, judged: Sequence[JudgedRow], since: datetime) -> dict[str, Any]:
    """Found, stopped, closed: what came up, what officers did about findings, what is gone and what came back.

    Args:
        sites: The structures that the night's scans looked at.
        judged: What officers said.
        since: Since when it counts.
    """
    words = [one.verdict.verdict for one in judged if one.verdict.created_at >= since]
    return {
        "new": list(sites.new[:_MOST_LISTED]),
        "new_count": len(sites.new),
        "confirmed": sum(words),
        "dismissed": len(words) - sum(words),
        "gone": list(sites.gone[:_MOST_LISTED]),
        "gone_count": len(sites.gone),
        "demolished_count": sum(one["confirmed"] for one in sites.gone),
        "rebuilt": list(sites.rebuilt[:_MOST_LISTED]),
        "rebuilt_count": len(sites.rebuilt),
        "standing": sites.standing,
        "clear": sites.clear,
        "hidden": sites.hidden,
    }


def cases(services: Services, since: datetime) -> dict[str, Any]:
    """What images and surface models proved of cases since the night before.

    Args:
        services: The service, as the report sees it.
        since: Since when it counts.
    """
    told = Counter(one.effect for one in services.store.proofs.since(since) if one.event is not None)
    names = ("proved", "reopened", "rebuilding", "noted", "measured")
    return {**{name: told[name] for name in names}, "overdue": overdue_count(services)}


def source(look: SourceLook, mine: Sequence[IntakeEntry]) -> dict[str, Any]:
    """A place where imagery arrives, and how many files the run took or refused there, whichever start of it did."""
    error = None if look.error is None else {"code": look.error.code, "message": look.error.message,
                                             "remedy": look.error.remedy}  # fmt: skip
    return {"name": look.name, "files": look.files, "new": sum(e.folder == look.name for e in mine), "error": error}


def left(services: Services, entry: IntakeEntry) -> dict[str, Any]:
    """A scene that waits for the next night."""
    return {"file": _name(services, entry), "debt_km2": round(float(entry.outcome["debt_km2"]), 3)}


def unseen(services: Services, entry: IntakeEntry) -> dict[str, Any]:
    """A scene that shows nothing that an earlier one shows too."""
    told = entry.outcome
    return {"file": _name(services, entry), "shown_km2": told["shown_km2"], "hidden_km2": told["hidden_km2"]}


def failed(services: Services, entry: IntakeEntry) -> list[dict[str, Any]]:
    """The comparisons of a file that were not made, and why; not with what, where that may not be told of."""
    lines = []
    for one in entry.outcome.get("failed", []):
        try:
            before = services.store.scenes.get(one["before"])
            services.store.scenes.get(one["after"])
        except NotFoundError:
            lines.append(error_of(entry, _WITHHELD) | {"file": _name(services, entry)})
            continue
        # of a scene that cannot be compared with any, it stands on both sides
        name = None if one["before"] == one["after"] else before.file_name
        lines.append(error_of(entry, one["error"]) | {"file": _name(services, entry), "before": name})
    return lines


def papers(services: Services, since: datetime, now: datetime) -> dict[str, Any]:
    """Permits that ran out since the night before, and those that will."""
    today = now.astimezone(BEIJING).date()
    all_ = ending(services, since.astimezone(BEIJING).date(), today + timedelta(days=_SOON_DAYS))
    # a permit holds on its last day
    expired, soon = [one for one in all_ if one[0] < today], [one for one in all_ if one[0] >= today]
    return {
        "expired": [_expiry(one) for one in expiries(services, expired[:_MOST_LISTED])],
        "expired_count": len(expired),
        "soon": [_expiry(one) for one in expiries(services, soon[:_MOST_QUEUED])],
        "soon_count": len(soon),
        "soon_days": _SOON_DAYS,
    }


def _expiry(one: Expiry) -> dict[str, Any]:
    place = None if one.place is None else f"{one.place[0]:.6f}, {one.place[1]:.6f}"
    told = {"permit_id": one.permit_id, "kind": one.kind, "last_day": one.last_day.isoformat()}
    return told | {"place": place, "structures": list(one.structures)}


def alarms(services: Services, sent: Round, now: datetime) -> dict[str, Any]:
    """What was told to people in this night, and how long it takes from an upload to an alarm."""
    week = clock(services, "week", 7.0, now)[0]
    return {
        "raised": sent.raised,
        "sent": sent.sent,
        "failed": sent.failed,
        "escalated": sent.escalated,
        "median_s": week.raised.median_s,
        "p95_s": week.raised.p95_s,
        "untold": week.untold,
    }


def queue(services: Services, judged: Sequence[JudgedRow]) -> dict[str, Any]:
    """What officers look at first today.

    Args:
        services: The service.
        judged: What they have said.
    """
    waiting = services.store.verdicts.open()
    rows = [row_values(one) for one in draw(waiting, [one.row for one in judged], _MOST_QUEUED, 0.0)]
    for row in rows:
        reasons = orjson.loads(services.store.scans.finding(row["id"]))["properties"].get("reasons") or [{}]
        row["reason_zh"] = str(reasons[0].get("message_zh") or "")
    return {"open": len(waiting), "rows": rows}


def health(services: Services, now: datetime) -> dict[str, Any]:
    """How the system is."""
    # that this night has not ended yet is no news in its own report
    told = [one for one in watching.conditions(services, now) if one.code != NIGHT]
    told += conditions_of(watching.detectors(services, now).drifts)
    others = [one.count for one in services.store.watching.jobs() if one.state in ACTIVE and one.kind != NIGHT_JOB]
    return {
        "conditions": [
            {"code": one.code, "severity": one.severity, "title": one.title, "title_zh": one.title_zh,
             "remedy": one.remedy}
            for one in told
        ],
        "free_bytes": watching.free_bytes(services),
        "jobs_active": sum(others),
    }  # fmt: skip


def _name(services: Services, entry: IntakeEntry) -> str:
    """Name of a file; of a scene that was uploaded, the one that it came with."""
    return services.store.scenes.get(entry.name).file_name if entry.folder == CATALOGUE else entry.name


_MOST_TASKS = 5


def coverage_of(services: Services, run: NightRun) -> dict[str, Any] | None:
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


def scanned(services: Services, entry: IntakeEntry, told: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison with what it found.

    Args:
        services: The service.
        entry: The file that it was made for.
        told: The comparison, as the night keeps it.
    """
    scan = services.store.scans.get(str(told["scan_id"]))
    before, after = services.store.scenes.get(scan.before_scene), services.store.scenes.get(scan.after_scene)
    query = FeatureQuery(within=scan.id, limit=services.settings.limits.max_page_size)
    features = [orjson.loads(text) for text in services.store.scans.findings(query).items]
    leads = [f for f in features if f["properties"]["status"] in ("suspected", "unassessed")]
    # what officers have dismissed before is counted, not listed again
    wanted = [f for f in leads if f["properties"]["suppressed_by"] is None]
    wanted.sort(key=lambda f: (-f["properties"]["priority"], str(f["id"])))
    return {
        "file": _name(services, entry),
        "scan": scan.id,
        "late": told["late"],
        "hidden_km2": round(float(entry.outcome["hidden_km2"]), 4),
        "alone_km2": round(float(entry.outcome["alone_km2"]), 4),
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
        "reasons_zh": [str(reason.get("message_zh") or "") for reason in told.get("reasons") or []],
    }


def _place(geometry: dict[str, Any]) -> str:
    ring = geometry["coordinates"][0]
    lon, lat = (ring[0] if geometry["type"] == "MultiPolygon" else ring)[0][:2]
    return f"{lon:.6f}, {lat:.6f}"


def first(services: Services, entry: IntakeEntry) -> dict[str, Any]:
    """A scene of a place that no earlier one shows."""
    scene = services.store.scenes.get(entry.scene_id or "")
    return {"file": _name(services, entry), "scene": scene.id, "acquired_at": _day(scene.acquired_at)}


def error_of(entry: IntakeEntry, error: Mapping[str, Any]) -> dict[str, Any]:
    """A file that was refused, or a comparison of it, and what to do."""
    told = {name: error.get(name, "") for name in ("title_zh", "message", "remedy")}
    return {"file": entry.name, "before": None, "code": error.get("code", "error"), **told}


def _day(moment: datetime) -> str:
    return moment.astimezone(BEIJING).isoformat(timespec="minutes")
