"""Resumable uploads: created, written to, settled into a job, shown, removed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from geodata.errors import InputError
from geodata.io.dates import date_from_name
from geodata.io.guard import rebuild_error
from service.auth.roles import Permission
from service.errors import (
    ConflictError,
    DiskFullError,
    InternalError,
    NotFoundError,
    UploadGoneError,
    UploadHeaderError,
    UploadLockedError,
    UploadQuotaError,
)
from service.jobs.states import ACTIVE, JobState
from service.resumable.folder import UploadFolder, UploadInfo
from service.resumable.headers import Chunk, Creation, require_size
from service.resumable.receiving import Receiver, append
from service.services import Services
from service.store.job_records import Job, Urgency, new_job
from service.store.records import Scene
from service.usecases.jobs import order
from service.usecases.sights import require_clearance, require_permission
from service.usecases.upload_facts import UploadFacts, parse_facts

_LOG = logging.getLogger(__name__)
_TURN_S = 5.0


@dataclass(frozen=True)
class UploadState:
    """Where an upload stands.

    Args:
        info: What is known of it.
        state: `receiving`, `received` (a part, or a side file that waits for its raster), `waiting`, `checking`,
            `stored`, `refused`.
        offset: So many bytes are safely on disk; None while a final upload is not put together yet.
        job: The job that takes it in, None before there is one.
        problem: The named error of a refused one.
        awaited: Names of side files that have not come yet.
    """

    info: UploadInfo
    state: str
    offset: int | None
    job: Job | None = None
    problem: Mapping[str, Any] | None = None
    awaited: tuple[str, ...] = ()


def folder_of(services: Services) -> UploadFolder:
    """Where the uploads of a service lie."""
    return UploadFolder(services.settings.data / "uploads")


def _expiry(services: Services) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=services.settings.uploads.expire_s)


# --- creation ------------------------------------------------------------------------------------


def create_upload(services: Services, caller: str, wanted: Creation) -> UploadState:
    """Accept an upload before a byte of it is here.

    Args:
        services: A service with a runner.
        caller: Who sends it.
        wanted: What is asked.

    Returns:
        The upload; `stored` at once where a scene of the told checksum, date and system is there already.

    Raises:
        UploadHeaderError: If the metadata mean nothing.
        NotFoundError, ConflictError: If a part or the raster of a side file is not there, or not as it must be.
        UploadQuotaError: If the sender has too much unfinished.
        DiskFullError: If the disk has no space for it.
    """
    uploads = folder_of(services)
    info = UploadInfo(
        id=uuid.uuid4().hex,
        owner=caller,
        areas=None if services.caller.scope is None else tuple(sorted(services.caller.scope)),
        length=wanted.length,
        metadata=wanted.metadata,
        metadata_header=wanted.metadata_header,
        created_at=datetime.now(UTC),
        expires_at=_expiry(services),
        concat=wanted.concat,
        parts=wanted.parts,
    )
    if info.is_partial:
        facts = None
    else:
        facts = parse_facts(wanted.metadata)
        _check_rights(services, facts)
        _check_parent(services, caller, facts)
        known = _known_scene(services, facts)
        if known is not None and not wanted.is_final and wanted.length == known.size_bytes:
            info = replace(info, complete=True, result={"scene_id": known.id, "new": ""})
            uploads.create(info)
            return status(services, caller, info.id)
    with uploads.creating():
        if wanted.is_final:
            info = replace(info, length=_parts_length(services, caller, wanted), complete=True)
        _check_room(services, caller, info.length or 0)
        uploads.create(info)
    if info.complete or info.length == 0:
        with uploads.locked(info.id) as fresh:
            settle(services, fresh)
    return status(services, caller, info.id)


def _check_rights(services: Services, facts: UploadFacts) -> None:
    """See that the sender may store what it will be.

    Raises:
        ForbiddenError: If it is too secret for them, or a layer from somebody who may store none.
    """
    require_clearance(services, facts.secrecy)
    if facts.layer is None:
        return
    require_permission(services, Permission.LAYERS, everywhere=True)


def _parts_length(services: Services, caller: str, wanted: Creation) -> int:
    length = 0
    for part in wanted.parts:
        info = _mine(services, caller, part)
        if not info.is_partial or not info.complete:
            have = folder_of(services).offset(info)
            raise UploadHeaderError(
                f"The upload {part} is no partial upload that is complete ({have:,} of {info.length} bytes are here).",
                remedy="Create it with Upload-Concat: partial and send all of it first.",
                offset=have,
                length=info.length,
            )
        length += info.length or 0
    require_size(length, services.settings.uploads.max_bytes)
    return length


def _check_parent(services: Services, caller: str, facts: UploadFacts) -> None:
    if facts.sidecar_of is None:
        return
    parent = _mine(services, caller, facts.sidecar_of)
    if not parent.is_whole or parent.job_id is not None or parent.result:
        raise ConflictError(
            f"The upload {parent.id} takes no side files any more.",
            remedy="Name the awaited side files in its metadata `sidecars`, or send them before its last byte.",
        )


def _check_room(services: Services, caller: str, length: int) -> None:
    """Refuse what the sender's quota or the disk has no room for; what others still have to send is counted."""
    how, uploads = services.settings, folder_of(services)
    unfinished = [info for info in uploads.infos() if not _is_over(services, info)]
    mine = [info for info in unfinished if info.owner == caller]
    used = sum(info.length or uploads.offset(info) for info in mine)
    if used + length > how.uploads.quota_bytes or len(mine) >= how.uploads.max_open:
        raise UploadQuotaError(
            f"{len(mine)} unfinished uploads of {used:,} bytes and this one of {length:,} exceed "
            f"{how.uploads.max_open} uploads or {how.uploads.quota_bytes:,} bytes.",
            remedy="Finish or delete some of them, or raise KANCHA_UPLOADS__QUOTA_BYTES.",
            uploads=len(mine),
            used_bytes=used,
            quota_bytes=how.uploads.quota_bytes,
        )
    expected = sum(max(0, (info.length or 0) - uploads.offset(info)) for info in unfinished)
    free, least = services.blobs.free_bytes(), how.limits.min_free_bytes
    if free - expected - length < least:
        raise DiskFullError(
            f"The disk has {free:,} bytes left, {expected:,} of them for uploads that have begun; this one needs "
            f"{length:,}, and {least:,} must stay free.",
            remedy="Make space, or delete unfinished uploads.",
            free_bytes=free,
            expected_bytes=expected,
            needed_bytes=length,
            min_free_bytes=least,
        )


def _known_scene(services: Services, facts: UploadFacts) -> Scene | None:
    """The stored scene that this upload would give, where its sender told enough to know it."""
    if facts.sha256 is None or facts.scene is None or facts.sidecar_of is not None or facts.sidecars:
        return None
    named = date_from_name(facts.name)
    for scene in services.store.scenes.with_content(facts.sha256):
        if scene.declared_crs != facts.scene.crs:
            continue
        if facts.scene.acquired_at is not None:
            same = facts.scene.acquired_at == scene.acquired_at
        else:
            same = scene.declared_at is None and named in (None, scene.acquired_at)
        if same:
            return scene
    return None


# --- bytes ---------------------------------------------------------------------------------------


async def create(services: Services, caller: str, wanted: Creation) -> UploadState:
    """`create_upload`, off the event loop."""
    return await asyncio.to_thread(create_upload, services, caller, wanted)


async def state_of(services: Services, caller: str, upload_id: str) -> UploadState:
    """`status`, off the event loop."""
    return await asyncio.to_thread(status, services, caller, upload_id)


async def append_chunk(
    services: Services, caller: str, upload_id: str, chunk: Chunk, body: AsyncIterator[bytes]
) -> tuple[int, datetime]:
    """Put bytes to an upload; see `receiving.append`.

    Returns:
        Where it stands now, and when it expires.
    """
    uploads = folder_of(services)
    await asyncio.to_thread(_mine, services, caller, upload_id)
    receiver = Receiver(uploads, services.settings, lambda info: settle(services, info))
    offset = await append(receiver, upload_id, chunk, body)
    return offset, (await asyncio.to_thread(uploads.read, upload_id)).expires_at


async def append_first_chunk(
    services: Services, caller: str, upload_id: str, chunk: Chunk, body: AsyncIterator[bytes]
) -> None:
    """Put the bytes that came with a creation; where that fails its sender knows no address to go on at: it goes."""
    try:
        await append_chunk(services, caller, upload_id, chunk, body)
    except BaseException:
        folder_of(services).remove(upload_id)
        raise


def settle(services: Services, info: UploadInfo) -> None:
    """Do what follows once every byte of an upload is here; whoever calls holds its lock.

    The job is stored before the sender hears that the last byte has arrived.
    """
    uploads = folder_of(services)
    if not info.complete:
        info = uploads.write(replace(info, complete=True, expires_at=_expiry(services)))
    if info.result or info.is_partial:
        return
    if info.sidecar_of is not None:
        _give_to_parent(services, info)
        return
    order_if_ready(services, info)


def _give_to_parent(services: Services, info: UploadInfo) -> None:
    uploads, facts = folder_of(services), parse_facts(info.metadata)
    parent = uploads.read(info.sidecar_of or "")
    uploads.give_side(parent.id, uploads.data(info.id), facts.name)
    uploads.write(replace(info, result={"sidecar_of": parent.id}))
    uploads.drop_data(info.id)
    end = time.monotonic() + _TURN_S
    while uploads.read(parent.id).complete and time.monotonic() < end:
        # its own last request may just hold it, and may have looked for side files before this one was there
        with suppress(UploadLockedError), uploads.locked(parent.id) as fresh:
            order_if_ready(services, fresh)
            return
        time.sleep(0.05)


def awaited_sides(services: Services, info: UploadInfo) -> tuple[str, ...]:
    """Names of the side files that were announced and have not come."""
    here = {path.name for path in folder_of(services).sides(info.id)}
    return tuple(name for name in parse_facts(info.metadata).sidecars if name not in here)


def order_if_ready(services: Services, info: UploadInfo) -> None:
    """Store the job of an upload of which everything is here; again where its job failed for no fault of the file."""
    if services.runner is None:
        raise InternalError("This service runs no jobs.")
    if info.result or awaited_sides(services, info):
        return
    if info.job_id is not None:
        job = services.store.jobs.get(info.job_id)
        if job.state is not JobState.FAILED or _refused(job):
            return
    key = hashlib.sha256(f"intake|{info.id}".encode()).hexdigest()
    grade = parse_facts(info.metadata).secrecy
    job = new_job("intake", {"upload": info.id}, key, secrecy=grade, owner=info.owner, urgency=Urgency.OFFICER)
    stored, _ = order(services, replace(job, place=services.runner.place))
    folder_of(services).write(replace(info, job_id=stored.id, expires_at=_expiry(services)))


def _refused(job: Job) -> bool:
    """Whether a job failed because of what was sent."""
    return job.error is not None and isinstance(rebuild_error(dict(job.error)), InputError)


# --- seen and removed ----------------------------------------------------------------------------


def _mine(services: Services, caller: str, upload_id: str) -> UploadInfo:
    """What is known of an upload of the caller.

    Raises:
        NotFoundError: Without it, or if it is another's.
        UploadGoneError: If it has expired.
    """
    info = folder_of(services).read(upload_id)
    if info.owner != caller:
        raise NotFoundError(f"There is no upload {upload_id}.", remedy="Create one: POST /uploads.")
    if info.expires_at <= datetime.now(UTC) and not _is_busy(services, info):
        raise UploadGoneError(
            f"The upload {upload_id} expired at {info.expires_at:%Y-%m-%d %H:%M} UTC.", remedy="Begin anew."
        )
    return info


def _job_of(services: Services, info: UploadInfo) -> Job | None:
    if info.job_id is None:
        return None
    with suppress(NotFoundError):
        return services.store.jobs.get(info.job_id)
    return None


def _is_busy(services: Services, info: UploadInfo) -> bool:
    job = _job_of(services, info)
    return job is not None and job.state in ACTIVE


def _is_over(services: Services, info: UploadInfo) -> bool:
    """Whether an upload has come to its end and holds no bytes any more."""
    if info.result:
        return True
    job = _job_of(services, info)
    return job is not None and job.state not in ACTIVE and not folder_of(services).data(info.id).exists()


def status(services: Services, caller: str, upload_id: str) -> UploadState:
    """Where an upload stands.

    Raises:
        NotFoundError: Without it, or if it is another's.
        UploadGoneError: If it has expired.
    """
    info = _mine(services, caller, upload_id)
    job = _job_of(services, info)
    offset: int | None = folder_of(services).offset(info)
    if (
        info.parts
        and not info.result
        and job is not None
        and not (folder_of(services).place(info.id) / "joined").exists()
    ):
        offset = None
    if info.result:
        return UploadState(info, "received" if "sidecar_of" in info.result else "stored", offset, job)
    if not info.complete:
        return UploadState(info, "receiving", offset)
    if not info.is_whole:
        return UploadState(info, "received", offset)
    if job is None or job.state is JobState.ACCEPTED:
        return UploadState(info, "waiting", offset, job, awaited=awaited_sides(services, info))
    if job.state in (JobState.RUNNING, JobState.SUCCESSFUL):
        return UploadState(info, "checking", offset, job)
    dismissed = ConflictError("The job was stopped on request.", remedy="Upload the file again.").as_dict()
    return UploadState(info, "refused", offset, job, job.error or dismissed)


def delete_upload(services: Services, caller: str, upload_id: str) -> None:
    """Remove an upload and stop its job (termination).

    Raises:
        NotFoundError: Without it.
        UploadLockedError: If a request writes to it.
    """
    uploads = folder_of(services)
    _mine(services, caller, upload_id)
    with uploads.locked(upload_id) as info:
        if _is_busy(services, info) and info.job_id is not None:
            with suppress(ConflictError):
                services.store.jobs.dismiss(info.job_id)
            if services.runner is not None:
                services.runner.wake()
        uploads.remove(upload_id)


def sweep(services: Services) -> None:
    """Remove what has expired and the bytes of what was refused; order what is whole and has no job.

    What a power cut interrupted between the last byte and the answer goes on here.
    """
    uploads = folder_of(services)
    uploads.sweep_leftovers(older_than_s=services.settings.uploads.sweep_interval_s)
    for known in uploads.infos():
        with suppress(UploadLockedError, NotFoundError), uploads.locked(known.id) as info:
            _sweep_one(services, uploads, info)


def _sweep_one(services: Services, uploads: UploadFolder, info: UploadInfo) -> None:
    job = _job_of(services, info)
    if job is not None and job.state in ACTIVE:
        return
    if info.expires_at <= datetime.now(UTC):
        _LOG.info("upload %s has expired", info.id)
        uploads.remove(info.id)
    elif info.result or (job is not None and (job.state is JobState.DISMISSED or _refused(job))):
        uploads.drop_data(info.id)
    elif job is None and (info.complete or uploads.offset(info) == info.length):
        settle(services, info)
