"""From a whole upload to a stored scene or layer: what the process of an intake job does."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from geodata.errors import ChecksumError, InputError, MissingFileError
from geodata.io.decoding import decode_throughout
from geodata.io.rasters import RasterInfo
from geodata.io.sidecars import read_acquisition
from geodata.types import ProgressHook
from service.errors import ForbiddenError, NotFoundError
from service.files import Upload, link_or_copy
from service.jobs.states import ACTIVE
from service.resumable.folder import UploadFolder, UploadInfo
from service.services import Services
from service.settings import Settings
from service.store.job_records import Claim
from service.usecases.layers import add_layer
from service.usecases.scan_run import progress_hook
from service.usecases.scenes import SceneFacts, add_scene, guard_limits
from service.usecases.sights import Sights
from service.usecases.upload_facts import UploadFacts, parse_facts
from service.usecases.uploads import folder_of

_BLOCK = 4 * 1024**2


@dataclass(frozen=True)
class _Stage:
    """A stretch of the bar."""

    hook: ProgressHook
    begin: float
    end: float
    message: str

    def __call__(self, share: float) -> None:
        self.hook(self.begin + share * (self.end - self.begin), self.message)


def run_intake_job(services: Services, claim: Claim) -> None:
    """Check an upload and store what it is; its files are gone afterwards, whether it was stored or refused.

    Every step may be done again: the bytes of the upload stay as they came until the end is in the store.

    Args:
        services: The service of a worker.
        claim: The right to do it.

    Raises:
        KanchaError: What is not the file's fault; the job may be tried again then.
        LostClaimError: If the job was taken away meanwhile.
    """
    uploads = folder_of(services)
    job = services.store.jobs.get(claim.job_id)
    upload_id = str(job.request["upload"])
    info = uploads.read(upload_id)
    if not info.result:
        try:
            with _own_folder(services.settings, upload_id) as folder:
                facts = _with_arrival(parse_facts(info.metadata), job.created_at)
                result = _take_in(services, (uploads, info, facts), folder, progress_hook(services, claim))
        except (InputError, ForbiddenError) as error:
            services.store.jobs.fail(claim, error.as_dict())
            uploads.drop_data(upload_id)
            return
        info = uploads.change(upload_id, result=result)
    services.store.jobs.succeed(claim, f"stored {info.result.get('scene_id') or info.result.get('layer_id')}")
    uploads.drop_data(upload_id)


def work_folder(settings: Settings, upload_id: str) -> Path:
    """Where the job of an upload works; always the same, so that what a killed one left is found."""
    return settings.data / "work" / f"intake-{upload_id}"


def stale_work(services: Services) -> list[Path]:
    """Work folders of intake jobs that nothing works in any more."""
    uploads, stale = folder_of(services), []
    for folder in (services.settings.data / "work").glob("intake-*"):
        try:
            job_id = uploads.read(folder.name.removeprefix("intake-")).job_id
            active = job_id is not None and services.store.jobs.get(job_id).state in ACTIVE
        except NotFoundError:
            active = False
        if not active:
            stale.append(folder)
    return stale


@contextmanager
def _own_folder(settings: Settings, upload_id: str) -> Iterator[Path]:
    folder = work_folder(settings, upload_id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_arrival(facts: UploadFacts, at: datetime) -> UploadFacts:
    """The facts with the moment of the last byte: the job is stored then, and may wait."""
    return facts if facts.scene is None else replace(facts, scene=replace(facts.scene, arrived_at=at))


def _take_in(
    services: Services, sent: tuple[UploadFolder, UploadInfo, UploadFacts], folder: Path, hook: ProgressHook
) -> dict[str, str]:
    uploads, info, facts = sent
    if info.parts:
        join_parts(uploads, info, _Stage(hook, 0.0, 0.1, "joining"))
    path = _laid_out(uploads, info, facts, folder)
    sha256 = _hashed(path, _Stage(hook, 0.1, 0.3, "hashing"))
    if facts.sha256 is not None and sha256 != facts.sha256:
        raise ChecksumError(
            f"{facts.name} has the SHA-256 {sha256}; {facts.sha256} was told.",
            remedy="Upload the file again; if it fails again, see whether the file itself has changed.",
            sha256=sha256,
            told=facts.sha256,
            size_bytes=path.stat().st_size,
        )
    upload = Upload(path, sha256, path.stat().st_size)
    if facts.layer is not None:
        hook(0.4, "reading the layer")
        version, new = add_layer(services, facts.kind, upload, facts.layer)
        return {"layer_kind": version.kind, "layer_id": version.id, "new": "yes" if new else ""}
    assert facts.scene is not None  # it is no layer

    def decode(raster: RasterInfo) -> None:
        decode_throughout(raster.path, guard_limits(services.settings), _Stage(hook, 0.3, 0.8, "decoding"))
        hook(0.8, "making the mask")

    scene, new = add_scene(_as_sent(services, info), upload, _with_sides(uploads, info, facts.scene, path), decode)
    return {"scene_id": scene.id, "new": "yes" if new else ""}


def _as_sent(services: Services, info: UploadInfo) -> Services:
    """The service as the sender sees it: what lies beyond their areas is refused, whichever way it comes."""
    if info.areas is None:
        return services
    sender = replace(services.caller, id=info.owner, name=info.owner, scope=frozenset(info.areas))
    return Sights(services).services_for(sender)


def _laid_out(uploads: UploadFolder, info: UploadInfo, facts: UploadFacts, folder: Path) -> Path:
    """The bytes under the file's own name; as another name of the same bytes, so that they stay in the upload too."""
    data = uploads.data(info.id)
    if not data.exists():
        raise MissingFileError(
            f"The bytes of the upload {info.id} are not on disk any more.", remedy="Upload the file again."
        )
    return link_or_copy(data, folder / facts.name)


def _with_sides(uploads: UploadFolder, info: UploadInfo, facts: SceneFacts, path: Path) -> SceneFacts:
    """The facts with what the side files tell of how the scene was taken; what the sender says goes before it."""
    for side in uploads.sides(info.id):
        # under its own name beside the raster, where readers look for it; never in the raster's place
        if side.name != path.name:
            link_or_copy(side, path.parent / side.name)
    return replace(facts, attributes=read_acquisition(path).as_stac() | dict(facts.attributes or {}) or None)


def _hashed(path: Path, told: Callable[[float], None]) -> str:
    digest, size, done = hashlib.sha256(), max(1, path.stat().st_size), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            told(done / size)
    return digest.hexdigest()


def join_parts(uploads: UploadFolder, info: UploadInfo, told: Callable[[float], None]) -> None:
    """Put an upload together from its parts; the parts are removed afterwards (concatenation)."""
    data = uploads.data(info.id)
    if not uploads.is_joined(info.id):
        length, done = max(1, info.length or 0), 0
        with data.open("wb") as whole:
            for part in info.parts:
                with _part(uploads, part).open("rb") as file:
                    while count := os.copy_file_range(file.fileno(), whole.fileno(), 16 * _BLOCK):
                        done += count
                        told(done / length)
            os.fsync(whole.fileno())
        if done != info.length:
            raise MissingFileError(
                f"The parts of the upload {info.id} have {done:,} bytes, not {info.length:,}.",
                remedy="Upload the file again.",
                length=info.length,
                joined=done,
            )
        uploads.mark_joined(info.id)
    for part in info.parts:
        uploads.remove(part)


def _part(uploads: UploadFolder, part: str) -> Path:
    path = uploads.data(part)
    if not path.exists():
        raise MissingFileError(
            f"The partial upload {part} is not there any more.",
            remedy="It expired, was removed or went into another upload: upload the file again.",
        )
    return path
