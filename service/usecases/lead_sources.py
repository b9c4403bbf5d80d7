"""What the service itself knows and others handed down, as reports: findings, patches, papers that ran out.

Each is told once, however often it is looked for: after each scan, every night, and on demand.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from geodata.errors import KanchaError
from geodata.io.dates import BEIJING, parse_or_none
from geodata.values import parse_day
from service.cases.leads.intake import Said
from service.cases.leads.values import Report, SourceKind, Spot
from service.errors import NotFoundError
from service.services import Services
from service.store.records import LayerVersion
from service.usecases.expiries import ending, expiries
from service.usecases.leads import carry_over, view_lead
from service.usecases.reports import keep_reports, made, require_usable

_LOG = logging.getLogger(__name__)
_AT_ONCE = 5_000
_LOOK_BACK = timedelta(days=400)
"""So long ago a paper may have run out for its lead to be made: longer than any service stands still."""


@dataclass(frozen=True)
class Gathered:
    """What was gathered.

    Args:
        findings: Findings that became reports.
        patches: Patches that did.
        expiries: Structures on papers that ran out that did.
        leads: Leads that they made or joined.
    """

    findings: int
    patches: int
    expiries: int
    leads: int


def gather_leads(services: Services) -> Gathered:
    """Make reports of everything that is none yet, and bring leads whose structures moved up to date."""
    findings = leads_of_findings(services)
    patches, papers = leads_of_patches(services), leads_of_expiries(services)
    stale = services.store.leads.stale_boxes()
    if stale:
        services.store.leads.regroup(stale)
    leads = {one.lead_id for one in (*findings, *patches, *papers)}
    return Gathered(len(findings), len(patches), len(papers), len(leads - {None}))


def leads_after_scan(services: Services, scan_id: str) -> None:
    """Make reports of the findings of a scan that was just stored; what fails is made up for at night."""
    try:
        leads_of_scan(services, scan_id)
    except KanchaError as error:
        _LOG.warning("no leads of scan %s: %s", scan_id, error)


def leads_of_scan(services: Services, scan_id: str) -> Sequence[Report]:
    """Make reports of the suspected findings of a scan; those that are new.

    Args:
        services: The service.
        scan_id: A stored scan.
    """
    return leads_of_findings(services, scan_id)


def leads_of_findings(services: Services, scan_id: str | None = None) -> Sequence[Report]:
    """Make reports of suspected findings (of a scan, or all) that are none; those that are new."""
    found: list[Report] = []
    while some := services.store.leads.unreported(scan_id, _AT_ONCE):
        new = _keep(services, (_of_finding(text, secrecy) for text, secrecy in some))
        found += new
        if len(some) < _AT_ONCE or not new:
            break
    _settle(services, found)
    return found


def _settle(services: Services, some: Sequence[Report]) -> None:
    """A finding that came to a settled lead and says nothing new is judged as that was."""
    for lead_id in sorted({one.lead_id for one in some if one.lead_id is not None}):
        if services.store.leads.get(lead_id).verdict:
            carry_over(services, view_lead(services, lead_id))


def _of_finding(text: str, secrecy: str) -> Said:
    feature = orjson.loads(text)
    told: Mapping[str, Any] = feature["properties"]
    reasons = told.get("reasons") or []
    rebuilt = "rebuilt" in (told.get("flags") or ())
    stage = told.get("stage")
    return Said(
        source=SourceKind.REBUILDING if rebuilt else SourceKind.SCAN,
        number=str(feature["id"]),
        seen_at=datetime.fromisoformat(str(told["after_acquired_at"])),
        geometry=feature["geometry"],
        accuracy_m=float(told.get("outline_error_m") or 1.0),
        text=str((reasons[0] if reasons else {}).get("message_zh") or ""),
        category=str(told["change"]),
        stage=stage if stage not in (None, "unknown") else None,
        secrecy=secrecy,
        facts={
            "finding_id": str(feature["id"]),
            "scan_id": told.get("scan_id"),
            "priority": told.get("priority", 0.0),
            "confidence": told.get("confidence"),
            "area_m2": told.get("area_m2"),
            "categories": list(dict.fromkeys(_alleged(reasons))),
            "rebuilt": rebuilt,
        },
    )


def _alleged(reasons: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Categories of violation that reasons allege beyond their errors."""
    for reason in reasons:
        category = reason.get("category") or "none"
        if category != "none" and reason.get("certainty") != "within_error":
            yield str(category)


# --- patches of others ------------------------------------------------------------------------------


def leads_of_patches(services: Services, version_id: str | None = None) -> Sequence[Report]:
    """Make reports of the patches that others handed down; those that are new.

    Args:
        services: The service.
        version_id: A version of the layer of patches; None: the newest.

    Raises:
        NotFoundError: Without the version.
    """
    layers = services.store.layers
    version = layers.newest("patches") if version_id is None else layers.get(version_id)
    if version is None:
        return []
    if version.kind != "patches":
        raise NotFoundError(f"{version.id} is a layer of {version.kind}, not of patches.", remedy="Name another.")
    said = (_of_patch(orjson.loads(text), version) for text in layers.rows(version.id))
    return _keep(services, said)


def _of_patch(feature: Mapping[str, Any], version: LayerVersion) -> Said:
    told = feature["properties"]
    words = [f"{name} {told[name]}" for name in ("TBLX", "TZ", "BGDL", "BZ") if told.get(name)]
    return Said(
        source=SourceKind.BUREAU,
        number=str(told.get("JCBH") or feature["id"]),
        origin=version.source or "",
        seen_at=_moment(told.get("HSX")) or _day(version.as_of) or version.created_at,
        geometry=feature["geometry"],
        text="；".join(words),
        category=str(told.get("TBLX") or ""),
        secrecy=version.secrecy,
        facts={"layer": version.id},
    )


def _moment(value: object) -> datetime | None:
    """A date of the exchange form, of which no writing is laid down; None where it cannot be read, or is to come."""
    try:
        moment = _day(parse_day(value))
    except ValueError:
        moment = parse_or_none(str(value))
    return None if moment is None or moment > datetime.now(UTC) else moment


def _day(day: date | None) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=BEIJING)


# --- papers that ran out ----------------------------------------------------------------------------


def leads_of_expiries(services: Services) -> Sequence[Report]:
    """Make reports of the structures that stand on temporary permits that ran out; those that are new."""
    today = datetime.now(BEIJING).date()
    # a permit holds on its last day
    some = ending(services, today - _LOOK_BACK, today - timedelta(days=1))
    return _keep(services, _of_expiries(services, some))


def _of_expiries(services: Services, some: Sequence[tuple[date, str]]) -> Iterator[Said]:
    for one in expiries(services, some):
        if not (one.kind or "").startswith("temporary"):
            continue
        for structure_id in one.structures:
            feature = orjson.loads(services.store.structures.feature(structure_id))
            ended = _day(one.last_day + timedelta(days=1))
            yield Said(
                source=SourceKind.EXPIRY,
                number=f"{one.permit_id}/{structure_id}"[:120],
                seen_at=ended,
                geometry=feature["geometry"],
                text=f"临时许可 {one.permit_id} 于 {one.last_day.isoformat()} 到期，其上建筑仍在。",
                category="temporary_expired",
                facts={
                    "structure_id": structure_id,
                    "permit_id": one.permit_id,
                    "last_day": one.last_day.isoformat(),
                },
            )


def _keep(services: Services, some: Iterable[Said]) -> list[Report]:
    """Keep what is not kept yet; what cannot be taken is told in the log."""
    listed = {(one.source, one.origin.strip(), str(one.number)): one for one in some}
    known = services.store.leads.known(listed)
    reports = []
    for key, said in listed.items():
        if key in known:
            continue
        try:
            spot: Spot = require_usable(said)
            reports.append(made(services, said, spot))
        except KanchaError as error:
            _LOG.warning("%s %s is no report: %s", key[0], key[2], error.message)
    return [one.report for one in keep_reports(services, reports) if one.new] if reports else []
