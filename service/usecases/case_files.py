"""Photographs and other files of a case: kept as they came, with what speaks against them beside them."""

from __future__ import annotations

import mimetypes
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import shapely

from service.cases.errors import CaseFactError, PhotoReusedError
from service.cases.events import KINDS as EVENTS
from service.cases.evidence.doubts import Severity
from service.cases.evidence.judging import judge_photo
from service.cases.evidence.matching import KnownPhoto
from service.cases.evidence.photos import PhotoFacts, read_photo, small_photo
from service.cases.evidence.places import sighting_of
from service.cases.evidence.told import Place, Position, Told
from service.errors import NotFoundError
from service.files import Upload
from service.services import Services
from service.store.case_base import CaseFile
from service.usecases.cases import CaseView, Enclosed, Telling, tell, view_case

PHOTO = "photo"
KINDS = (PHOTO, "recording", "video", "paper", "receipt", "other")
_MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_OUTLINE_ERROR_M = 2.0
_SMALL_PX = 480


@dataclass(frozen=True)
class FileTold:
    """What the form tells of a file.

    Args:
        kind: One of `KINDS`.
        taken_at: When it was taken.
        position: Longitude, latitude and error (m) of who took it.
        bearing_deg: Where the camera looked.
        from_camera: Whether it comes straight from the camera.
        phone_clock: What the phone's clock showed when it was sent.
        proves: Number of the event whose outcome it shall show.
        note: In words.
        key: A word of the sender's own: what comes twice with the same one, as from a phone that did not hear the
            answer, is stored once.
    """

    kind: str = PHOTO
    taken_at: datetime | None = None
    position: tuple[float, float, float | None] | None = None
    bearing_deg: float | None = None
    from_camera: bool = False
    phone_clock: datetime | None = None
    proves: int | None = None
    note: str = ""
    key: str = ""


def add_file(services: Services, case_id: str, upload: Upload, told: FileTold) -> tuple[CaseFile, bool]:
    """Keep a file of a case (event `evidence_added`).

    Args:
        services: The service.
        case_id: The case.
        upload: The file, in a private folder.
        told: What the form tells of it.

    Returns:
        The file as it is kept, and whether it is new: one that is there already under the same key stays as it is.

    Raises:
        CaseFactError: If the kind is none, or the event that it shall prove is not there.
        PhotoReusedError: If the very same photograph stands in another case.
        PhotoError: If a photograph cannot be read.
    """
    if told.kind not in KINDS:
        raise CaseFactError(f"There is no kind of file {told.kind[:40]!r}.", remedy=f"Known: {', '.join(KINDS)}.")
    view, now = view_case(services, case_id), datetime.now(UTC)
    file_id = _id(case_id, told.key)
    if (known := _kept(services, case_id, file_id)) is not None:
        return known, False
    made = _photo(services, view, upload, told, now) if told.kind == PHOTO else _other(view, upload, told)
    made = replace(made, id=file_id, received_at=now, received_by=services.caller.owner_id or services.caller.id)
    services.blobs.put(upload.path, upload.sha256)
    facts = {"evidence_id": made.id, "kind": made.kind, "sha256": made.sha256}

    def enclose(_: CaseView) -> Enclosed:
        # a phone that gave up waiting sends it again while the first is still at work: the case went on by it
        if (there := _kept(services, case_id, file_id)) is not None:
            raise _ThereError(there)
        return Enclosed(files=[made])

    try:
        tell(services, case_id, Telling("evidence_added", facts, now), enclose)
    except _ThereError as there:
        return there.file, False
    return made, True


class _ThereError(Exception):
    """The file is kept already."""

    def __init__(self, file: CaseFile) -> None:
        super().__init__(file.id)
        self.file = file


def _kept(services: Services, case_id: str, file_id: str) -> CaseFile | None:
    return next((one for one in services.store.cases.files(case_id) if one.id == file_id), None)


def get_file(services: Services, case_id: str, file_id: str) -> tuple[CaseFile, Path]:
    """A file of a case and where it lies.

    Raises:
        NotFoundError: Without it.
    """
    found = _kept(services, case_id, file_id)
    if found is None:
        raise NotFoundError(f"The case has no file {file_id[:80]!r}.", remedy=f"GET /cases/{case_id}/files")
    return found, services.blobs.path(found.sha256)


def small_picture(services: Services, case_id: str, file_id: str) -> tuple[CaseFile, bytes]:
    """A photograph of a case made small, upright and without EXIF: JPEG.

    Raises:
        NotFoundError: Without it, or where the file is no photograph.
    """
    file, path = get_file(services, case_id, file_id)
    if file.kind != PHOTO:
        raise NotFoundError(f"The file {file_id[:80]!r} is no photograph.", remedy=f"GET /cases/{case_id}/files")
    return file, small_photo(path, _SMALL_PX)


def _id(case_id: str, key: str) -> str:
    if not key:
        return f"file-{uuid.uuid4().hex[:16]}"
    return f"file-{uuid.uuid5(uuid.NAMESPACE_URL, f'{case_id}|{key}').hex[:16]}"


def _photo(services: Services, view: CaseView, upload: Upload, told: FileTold, now: datetime) -> CaseFile:
    facts = read_photo(upload.path)
    words = _told(view, told)
    place = _place(view)
    doubts = judge_photo(facts, words, _known(services), place, now)
    refused = next((one for one in doubts if one.severity is Severity.REFUSE), None)
    if refused is not None:
        raise PhotoReusedError(
            refused.sentence,
            remedy="Send a photograph of this site.",
            other=refused.measured.get("case"),
            message_zh=refused.sentence_zh,
        )
    sighting = None if place is None else sighting_of(facts.exif, words, place)
    kept = {
        "photo": facts.as_dict() | {"hashes": {}},
        "told": _plain(told),
        "sighting": None if sighting is None else orjson.loads(orjson.dumps(sighting, default=str)),
    }
    return CaseFile(
        id="", case_id=view.row.id, kind=PHOTO, name=upload.name, media=_MEDIA.get(facts.format, "image/*"),
        sha256=facts.sha256, size_bytes=facts.size_bytes, looks=dict(facts.hashes), facts=kept,
        doubts=[one.as_dict() for one in doubts], taken_at=_taken(facts, told), received_at=now, received_by="",
    )  # fmt: skip


def _other(view: CaseView, upload: Upload, told: FileTold) -> CaseFile:
    media = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
    now = datetime.now(UTC)
    return CaseFile(
        id="", case_id=view.row.id, kind=told.kind, name=upload.name, media=media, sha256=upload.sha256,
        size_bytes=upload.size_bytes, looks={}, facts={"told": _plain(told)}, doubts=[], taken_at=told.taken_at,
        received_at=now, received_by="",
    )  # fmt: skip


def _known(services: Services) -> Iterator[KnownPhoto]:
    # every photograph of the bureau, whoever asks: a picture out of a case that one does not see is used before, too
    return (KnownPhoto(one.id, one.case_id, one.sha256, one.looks) for one in services.store.cases.looks())


def _told(view: CaseView, told: FileTold) -> Told:
    event = next((one for one in view.standing.events if one.number == told.proves), None)
    if told.proves is not None and event is None:
        raise CaseFactError(f"The case has no event {told.proves}.", remedy="Name the event that it shall prove.")
    position = None if told.position is None else Position(*told.position)
    words = Told(
        case_id=view.row.id,
        taken_at=told.taken_at,
        position=position,
        bearing_deg=told.bearing_deg,
        from_camera=told.from_camera,
        phone_clock=told.phone_clock,
    )
    if event is None:
        return words
    return replace(words, proves_after=event.at, proves=(event.title, EVENTS[event.kind].title_zh))


def _place(view: CaseView) -> Place | None:
    geometry = orjson.loads(view.row.geojson)["geometry"]
    return None if geometry is None else Place(shapely.geometry.shape(geometry), _OUTLINE_ERROR_M)


def _taken(facts: PhotoFacts, told: FileTold) -> datetime | None:
    return told.taken_at or (facts.exif.satellite_moment if facts.exif is not None else None)


def _plain(told: FileTold) -> Mapping[str, Any]:
    found: Mapping[str, Any] = orjson.loads(orjson.dumps(told))
    return {name: value for name, value in found.items() if value not in (None, "", False)}


def doubts_of(files: Sequence[CaseFile]) -> list[Mapping[str, Any]]:
    """Every doubt about some files that somebody has to look at."""
    return [doubt for one in files for doubt in one.doubts if doubt["severity"] in ("grave", "doubt")]
