"""The evidence package of a case: everything it rests on, gathered, sealed and signed, with the history of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from geodata.errors import KanchaError
from service.alarms.targets import target_of
from service.auth.record import Sealed as AuditEntry
from service.auth.record import entry_by
from service.cases.clocks.explaining import explain
from service.cases.documents import KINDS
from service.cases.evidence.manifest import Contents, Part
from service.cases.evidence.package import Sealed, write_package
from service.cases.evidence.timestamp import Stamper, over_http, stamper
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.errors import NotFoundError
from service.services import Services
from service.store.records import Scan
from service.usecases.case_papers import opened_paper
from service.usecases.cases import CaseView, Telling, tell, view_case
from service.usecases.channels import line_of
from service.usecases.chips import finding_chip
from service.usecases.evidence_keys import bureau_key
from service.usecases.models import get_model
from service.version import code_version

_FEATURES = ("parcels", "permits")


def seal_evidence(services: Services, case_id: str, target: Path, address: str = "") -> Sealed:
    """Write the evidence package of a case and note in the case that it was (event `evidence_added`).

    Args:
        services: The service as the caller sees it.
        case_id: The case.
        target: The file to write; never seen half-written.
        address: From where it is asked.

    Raises:
        NotFoundError: Without the case.
        SealError: If the keys that sign, or that open documents, cannot be used.
        StampError: If a time stamp is wanted and the authority does not give one.
    """
    view, now = view_case(services, case_id), datetime.now(UTC)
    services.store.audit_log.append(
        entry_by(services.caller, now, "evidence-sealed", f"case/{case_id}", address=address)
    )
    with ExitStack() as stack:
        parts = [*_of_findings(services, view), *_of_case(services, view), *_of_files(services, view, stack, address)]
        contents = Contents(
            case_id=case_id,
            created_at=now,
            creator=f"{services.settings.cases.bureau or 'Kancha'} ({services.caller.name}), Kancha {code_version()}",
            parts=parts,
            events=view.events,
            about=_about(view),
        )
        sealed = write_package(target, contents, bureau_key(services.settings), _stamper(services))
    facts = {"evidence_id": sealed.fingerprint[:32], "kind": "package", "sha256": sealed.sha256}
    tell(services, case_id, Telling("evidence_added", facts, now))
    return sealed


def _about(view: CaseView) -> dict[str, Any]:
    row = view.row
    return {
        "serial": row.serial,
        "state": row.state,
        "state_zh": REGIONS[PROCEDURE][row.state][1],
        "path": row.path,
        "stage": row.stage,
        "outcome": row.outcome,
        "structure_id": row.structure_id,
        "regions": dict(view.standing.regions),
    }


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z, default=str)


# --- what was seen from above --------------------------------------------------------------------


def _of_findings(services: Services, view: CaseView) -> Iterator[Part]:
    structure = _structure(services, view)
    if structure is None:
        return
    yield Part("structure.geojson", "measurement", _json(structure), {"structure_id": structure["id"]})
    seen: set[str] = set()
    for finding_id in structure["properties"]["finding_ids"]:
        try:
            feature = orjson.loads(services.store.scans.finding(finding_id))
            scan = services.store.scans.get(str(feature["properties"]["scan_id"]))
        except NotFoundError:
            continue  # of a scan that the caller may not see
        yield Part(f"{finding_id}.geojson", "measurement", _json(feature), _provenance(scan))
        picture = _chip(services, finding_id)
        if picture is not None:
            yield Part(f"{finding_id}.png", "chip", picture, _provenance(scan) | {"finding_id": finding_id})
        yield from _layers(services, feature, scan)
        if scan.id not in seen:
            seen.add(scan.id)
            yield from _of_scan(services, scan)


def _structure(services: Services, view: CaseView) -> dict[str, Any] | None:
    if view.row.structure_id is None:
        return None
    try:
        found: dict[str, Any] = orjson.loads(services.store.structures.feature(view.row.structure_id))
    except NotFoundError:
        return None
    return found


def _provenance(scan: Scan) -> dict[str, Any]:
    told = scan.provenance
    names = ("inputs", "alignment", "usable_share", "model", "code_version", "grid", "parameters_sha256")
    return {"scan_id": scan.id, **{name: told[name] for name in names if name in told}}


def _chip(services: Services, finding_id: str) -> bytes | None:
    try:
        return finding_chip(services, finding_id)
    except KanchaError:
        return None  # the imagery is gone, or a part of it cannot be decoded: the figures stand without it


def _of_scan(services: Services, scan: Scan) -> Iterator[Part]:
    yield Part(f"{scan.id}.json", "parameters", _json(dict(scan.provenance)), {"scan_id": scan.id})
    names = {one.strip().split("+")[0] for one in str(scan.provenance.get("model", "")).split(",")}
    for name in sorted(names - {""}):
        try:
            card = get_model(services.settings, name)
        except KanchaError:
            continue
        yield Part(f"{name}.json", "model_card", _json(card), {"model": scan.provenance["model"]})
    book = scan.provenance.get("rulebook")
    if book:
        yield Part(f"{scan.id}.json", "rulebook", _json(book), {"scan_id": scan.id})


def _layers(services: Services, feature: Mapping[str, Any], scan: Scan) -> Iterator[Part]:
    """What of the layers the finding rests on, out of the very versions that its scan read."""
    versions = scan.provenance.get("layers") or {}
    for kind in _FEATURES:
        ids = feature["properties"].get(f"{kind.removesuffix('s')}_ids") or []
        told = versions.get(kind)
        if not ids or not isinstance(told, Mapping):
            continue
        rows = [orjson.loads(text) for text in services.store.layers.named(str(told["version"]), ids)]
        name = f"{feature['id']}-{kind}.geojson"
        yield Part(name, "layer", _json({"type": "FeatureCollection", "features": rows}), dict(told))


# --- what was done -------------------------------------------------------------------------------


def _of_case(services: Services, view: CaseView) -> Iterator[Part]:
    yield Part("case.geojson", "measurement", view.row.geojson.encode())
    lines = [line for clock in view.clocks for line in [*explain(clock, "zh"), *explain(clock, "en"), ""]]
    yield Part("clocks.txt", "other", "\n".join(lines).encode(), {"as_of": datetime.now(UTC).isoformat()})
    told = [
        {"number": e.number, "event": e.kind, "title": e.title, "at": e.at, "by": e.by, "facts": dict(e.facts)}
        for e in view.events
    ]
    yield Part("events.json", "event_history", _json(told))
    entries = [_entry(one) for one in services.store.audit_log.about(view.row.id)]
    yield Part("audit.json", "audit_extract", _json(entries), {"head": services.store.audit_log.head().hash})


def _entry(sealed: AuditEntry) -> dict[str, Any]:
    entry = sealed.entry
    return {
        "number": sealed.number,
        "at": entry.at,
        "actor": [entry.actor_id, entry.actor_name, entry.actor_kind],
        "action": entry.action,
        "target": entry.target,
        "details": dict(entry.details),
        "previous": sealed.previous,
        "hash": sealed.hash,
    }


def _of_files(services: Services, view: CaseView, stack: ExitStack, address: str) -> Iterator[Part]:
    for file in services.store.cases.files(view.row.id):
        about: dict[str, Any] = {
            "kind": file.kind, "received_at": file.received_at.isoformat(), "received_by": file.received_by,
            "facts": dict(file.facts), "doubts": list(file.doubts),
        }  # fmt: skip
        kind = "photo" if file.kind == "photo" else "other"
        yield Part(f"{file.id}-{file.name}", kind, services.blobs.path(file.sha256), about)
    for paper in services.store.cases.papers(view.row.id):
        path = stack.enter_context(opened_paper(services, view.row.id, paper.id, "docx", address))
        about = {
            "serial": paper.serial,
            "kind": paper.kind,
            "title_zh": KINDS[paper.kind].title_zh,
            "day": paper.day.isoformat(),
            "template": dict(paper.template),
            "void": None if paper.voided_at is None else {"at": paper.voided_at.isoformat(), "why": paper.voided_why},
        }
        yield Part(path.name, "document", path, about)


def _stamper(services: Services) -> Stamper | None:
    url = services.settings.cases.stamp_url
    if not url:
        return None
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = target_of(parts.hostname or "", port, line_of(services.settings).networks)
    return stamper(over_http(url, target.address))
