"""Reports: what the duty desk, patrols, the hotline and other systems tell, kept once each and merged into leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.errors import OptionError
from service.auth.record import entry_by
from service.cases.errors import ReportError
from service.cases.evidence.photos import PhotoFacts, facts_of, read_photo
from service.cases.leads.intake import MOST_PHOTOS, Said, differing, faults_of, report_id, spot_at, spot_of, words_of
from service.cases.leads.values import OWN, Attachment, Report, SourceKind, Spot
from service.errors import NotFoundError
from service.files import Upload
from service.privacy.keyring import keyring, read_keyring
from service.services import Services
from service.store.lead_base import Placing, Taken
from service.store.records import Page
from service.usecases.cases import teller
from service.usecases.layer_sealing import key_file
from service.usecases.lead_places import spots_of
from service.usecases.sights import require_clearance, require_ground

PHOTO_M = 30.0
"""Error of the position of a photograph that tells none, m."""
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Kept:
    """What became of what a source told.

    Args:
        report: The stored report.
        new: Whether it was stored just now; else its number was known.
        differs: Where its number was known: names of what was sent otherwise than it is stored.
    """

    report: Report
    new: bool
    differs: Sequence[str] = field(default=())


@dataclass(frozen=True)
class Reporter:
    """Who told a report.

    Args:
        report_id: The report.
        name: Their name; empty: not told.
        telephone: Their number.
        kept: Whether anything is kept of them.
    """

    report_id: str
    name: str
    telephone: str
    kept: bool


def take_report(services: Services, said: Said, photos: Sequence[Upload] = ()) -> Kept:
    """Keep what a source told.

    Args:
        services: The service.
        said: What it told.
        photos: Photographs, in a private folder; they are taken over.

    Raises:
        ReportError: If it cannot be taken; everything that is wrong is named.
        PhotoError: If a photograph cannot be read.
        ForbiddenError: If it lies beyond the caller's areas, or is above their clearance.
    """
    if len(photos) > MOST_PHOTOS:
        raise ReportError(f"{len(photos)} photographs came; {MOST_PHOTOS} are taken at most.", remedy="Send fewer.")
    require_outside(said)
    spot = require_usable(said)
    attachments = [keep_photo(services, photo) for photo in photos]
    if spot.geometry is None and not spot.note:
        spot = spots_of(services, [(said.parcel_id, said.address)])[0]
    if spot.geometry is None:
        spot = _spot_of_photos(attachments) or spot
    return keep_reports(services, [made(services, said, spot, attachments)])[0]


def require_outside(said: Said) -> None:
    """See that nobody sends from outside what the service tells itself.

    Raises:
        ReportError: If somebody does.
    """
    if said.source in OWN:
        outside = ", ".join(kind for kind in SourceKind if kind not in OWN)
        raise ReportError(
            f"What {said.source} tells comes from the service itself.", remedy=f"Name another source: {outside}."
        )


def require_usable(said: Said) -> Spot:
    """See that what a source tells can be taken.

    Returns:
        Its place, as far as that is told.

    Raises:
        ReportError: If it cannot; everything that is wrong is named.
    """
    wrong = faults_of(said, datetime.now(UTC))
    spot = Spot()
    if said.source in list(SourceKind):
        spot, fault = spot_of(said)
        wrong += [fault] if fault else []
    if wrong:
        raise ReportError(f"The report cannot be taken: {'; '.join(wrong)}.", remedy="Correct it.", wrong=wrong)
    return spot


def made(services: Services, said: Said, spot: Spot, attachments: Sequence[Attachment] = ()) -> Report:
    """The report of what a source told; who told it is sealed, of an anonymous one nothing is kept.

    Raises:
        ForbiddenError: If it lies beyond the caller's areas, or is above their clearance.
    """
    now, secrecy = datetime.now(UTC), said.secrecy or "internal"
    require_clearance(services, secrecy)
    if spot.geometry is not None:
        require_ground(services, shapely.geometry.shape(dict(spot.geometry)))
    name, number = report_id(said.source, said.origin.strip(), (said.number or "").strip() or None)
    return Report(
        id=name,
        source=SourceKind(said.source),
        origin=said.origin.strip(),
        number=number,
        seen_at=(said.seen_at or now).astimezone(UTC),
        received_at=now,
        received_by=teller(services),
        spot=spot,
        address=said.address.strip(),
        parcel_id=said.parcel_id.strip(),
        text=words_of(said),
        category=said.category.strip(),
        stage=said.stage,
        attachments=tuple(attachments),
        anonymous=said.anonymous,
        facts=dict(said.facts),
        secrecy=secrecy,
        reporter=_sealed(services, name, said),
    )


def keep_reports(services: Services, some: Sequence[Report]) -> Sequence[Kept]:
    """Store reports, and say of each whether it is new."""
    return [_kept(taken, sent) for taken, sent in zip(services.store.leads.add(some), some, strict=True)]


def _kept(taken: Taken, sent: Report) -> Kept:
    if taken.new:
        return Kept(taken.report, True)
    # the moment counts only where the source told it: a report without one is of now
    told = {name: getattr(sent, name) for name in ("text", "address", "parcel_id", "category", "stage")}
    if sent.seen_at != sent.received_at and abs((sent.seen_at - sent.received_at).total_seconds()) > 1:
        told["seen_at"] = sent.seen_at
    return Kept(taken.report, False, differing(vars(taken.report), told))


def keep_photo(services: Services, upload: Upload) -> Attachment:
    """Read a photograph apart and store it.

    Raises:
        PhotoError: If it cannot be read.
    """
    facts = read_photo(upload.path)
    services.blobs.put(upload.path, facts.sha256)
    told = orjson.loads(orjson.dumps(facts.as_dict(), option=orjson.OPT_SERIALIZE_NUMPY))
    return Attachment(facts.sha256, upload.name, facts.format, facts.size_bytes, told)


def _spot_of_photos(attachments: Sequence[Attachment]) -> Spot | None:
    """Where the first photograph says that it was taken."""
    for one in attachments:
        facts: PhotoFacts = facts_of(one.facts)
        exif = facts.exif
        if exif is not None and exif.lon is not None and exif.lat is not None and "position_zero" not in exif.faults:
            return spot_at(shapely.Point(exif.lon, exif.lat), exif.position_error_m or PHOTO_M, "photo")
    return None


# --- where it lies ----------------------------------------------------------------------------------


def place_report(services: Services, report_id: str, said: Said, reason: str) -> Report:
    """Say where a report without a place lies.

    Args:
        services: The service.
        report_id: The report.
        said: Its place: geometry, or number of a parcel or an address that is on file.
        reason: Why there.

    Raises:
        NotFoundError: Without the report.
        ReportError: If that is no place.
        ConflictError: If it has one already.
        ForbiddenError: If it lies beyond the caller's areas.
    """
    report = services.store.leads.report(report_id)
    spot, fault = spot_of(replace(said, source=report.source.value))
    if spot.geometry is None and not fault and not spot.note:
        spot = spots_of(services, [(said.parcel_id, said.address)])[0]
    if spot.geometry is None:
        why = fault or spot.note or "no place is told"
        raise ReportError(
            f"The report cannot be placed: {why}.", remedy="Send a point or polygon, or a parcel on file."
        )
    require_ground(services, shapely.geometry.shape(dict(spot.geometry)))
    by_hand = replace(spot, found_by="hand") if spot.found_by == "told" else spot
    now = datetime.now(UTC)
    return services.store.leads.place(Placing(report_id, by_hand, _said(reason, "reason"), now, teller(services)))


def get_report(services: Services, report_id: str) -> Report:
    """One report; `NotFoundError` without it."""
    return services.store.leads.report(report_id)


def list_reports(services: Services, limit: int, after_key: int = 0, *, unplaced: bool = False) -> Page[Report]:
    """Reports, the latest first; those alone that wait for a place, if wanted."""
    return services.store.leads.reports(limit, after_key, unplaced=unplaced)


def photo_of(services: Services, report_id: str, sha256: str) -> Attachment:
    """A photograph of a report; `NotFoundError` without it."""
    for one in services.store.leads.report(report_id).attachments:
        if one.sha256 == sha256:
            return one
    raise NotFoundError(f"The report has no photograph {sha256[:64]!r}.", remedy="GET /reports/{id} names them.")


# --- who told it ------------------------------------------------------------------------------------


def about_report(report_id: str) -> str:
    """What the seal of a reporter is bound to."""
    return f"report|{report_id}"


def _sealed(services: Services, report_id: str, said: Said) -> str | None:
    told = {name: " ".join(value.split())[:200] for name, value in said.reporter.items() if value.strip()}
    if said.anonymous or not told:
        return None
    ring = keyring(key_file(services.settings))
    return ring.seal(orjson.dumps(told), about_report(report_id))


def read_reporter(services: Services, report_id: str, purpose: str, address: str = "") -> Reporter:
    """Who told a report; the look is recorded before it is granted.

    Raises:
        OptionError: If no purpose is told.
        NotFoundError: Without the report.
        SealError: If the keys are not here.
    """
    purpose = _said(purpose, "purpose")
    report = services.store.leads.report(report_id)
    told: dict[str, Any] = {}
    if report.reporter is not None:
        ring = read_keyring(key_file(services.settings))
        told = orjson.loads(ring.open(report.reporter, about_report(report_id)))
    entry = entry_by(
        services.caller, datetime.now(UTC), "personal-read", f"report/{report_id}", address=address, purpose=purpose,
        columns=sorted(told),
    )  # fmt: skip
    services.store.audit_log.append(entry)
    return Reporter(report_id, str(told.get("name", "")), str(told.get("telephone", "")), bool(told))


def erase_reporter(services: Services, report_id: str, reason: str, address: str = "") -> None:
    """Erase who told a report.

    Raises:
        OptionError: If no reason is told.
        NotFoundError: Without the report, or where nothing is kept of them.
    """
    reason = _said(reason, "reason")
    now = datetime.now(UTC)
    entry = entry_by(services.caller, now, "personal-erased", f"report/{report_id}", address=address, reason=reason)
    if not services.store.leads.erase_reporter(report_id, entry):
        raise NotFoundError(f"Nothing is kept of who told {report_id[:80]!r}.", remedy="Check the id.")


def reseal_reporters(services: Services, opening: Any, sealing: Any) -> int:
    """Seal every reporter anew, as `privacy.rotate` does with personal data; how many."""
    count, after = 0, 0
    while part := services.store.leads.sealed(after, _AT_ONCE):
        anew = {key: sealing(opening(text, about_report(name)), about_report(name)) for key, name, text in part}
        services.store.leads.reseal(anew)
        count, after = count + len(part), part[-1][0]
    return count


def _said(text: str, what: str) -> str:
    told = " ".join(text.split())
    if not 4 <= len(told) <= 300 or not told.isprintable():
        raise OptionError(
            f"The {what} has {len(told)} characters.", remedy="Say it in 4 to 300 characters; it is recorded."
        )
    return told
