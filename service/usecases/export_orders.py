"""Exports as durable runs: ordered, made by a job, kept for a while, handed to those who may see what is in them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from geodata.crs import parse_crs
from geodata.errors import OptionError
from service.auth.caller import Caller, parse_clearance
from service.errors import ConflictError, ForbiddenError, InternalError, NotFoundError
from service.files import sha256_of
from service.jobs.states import ACTIVE, JobState
from service.services import Services
from service.store.job_records import Claim, Job, Urgency, new_job
from service.usecases import jobs
from service.usecases.exports import Selection, export_everything, export_ledger, export_patches, rows_of_everything
from service.usecases.scan_run import progress_hook
from service.usecases.sights import Sights
from service.version import code_version

EXPORT = "export"
FORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"ledger": ("xlsx",), "patches": ("zip", "gpkg", "db"), "package": ("gpkg",)}
)
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "zip": "application/zip",
        "gpkg": "application/geopackage+sqlite3",
        "db": "application/vnd.sqlite3",
    }
)
_NAMES = MappingProxyType({"ledger": "findings", "patches": "patches", "package": "kancha"})
_MADE_OF = ("scenes", "layers", "findings")
KEPT_S = 7 * 24 * 3600.0
"""So long the file of an export is kept: over a long holiday's weekend; the same order makes it again."""


@dataclass(frozen=True)
class ExportOrder:
    """What is to be exported.

    Args:
        kind: `ledger`, `patches` or `package`.
        form: Of the file, see `FORMS`.
        parameters: Of a ledger `scan`, `status`, `language`, `dismissed`; of patches `county`, `county_name`, `crs`,
            `scan`, `status`, `letters`, `first_serial`.
    """

    kind: str
    form: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the file."""
        return f"{_NAMES[self.kind]}.{self.form}"

    @property
    def selection(self) -> Selection:
        """Which findings; `OptionError` if a status is none."""
        statuses = tuple(word for word in (self.parameters.get("status") or "").split(",") if word)
        return Selection(self.parameters.get("scan"), statuses, bool(self.parameters.get("dismissed", False)))


def order_export(services: Services, order: ExportOrder) -> tuple[Job, bool]:
    """Order an export of what the caller sees.

    Args:
        services: The service as the caller sees it.
        order: What is asked.

    Returns:
        The job, stored, and whether it is new: the same order of a store that has not changed, by somebody who sees
        the same, gives the same job for as long as its file is kept.

    Raises:
        OptionError: If a parameter is not as it must be.
        CRSError: If there is no such system.
        NotFoundError: If there is no such scan.
    """
    _check(services, order)
    told = {
        "kind": order.kind,
        "format": order.form,
        "parameters": dict(order.parameters),
        "seen_by": _seen_by(services),
    }
    decides = [told["kind"], told["format"], told["parameters"], services.store.state(*_MADE_OF), services.sight.key]
    key = _hashed(decides, code_version())
    while True:
        job = new_job(
            EXPORT,
            told,
            key,
            # it holds what its caller may see: whoever may see less does not learn of it
            secrecy=services.caller.clearance.word,
            owner=services.caller.id,
            urgency=Urgency.OFFICER,
        )
        stored, new = jobs.order(services, job)
        if new or stored.state in ACTIVE or _is_kept(services, stored):
            return stored, new
        key = _hashed([key, stored.id], "again")


def export_job(services: Services, job_id: str) -> Job:
    """The job of an export that the caller may see.

    Raises:
        NotFoundError: Without it.
        ForbiddenError: If the caller does not see now what they saw when they ordered it.
    """
    job = services.store.jobs.get(job_id)
    if job.kind != EXPORT:
        raise NotFoundError(f"There is no export {job_id}.", remedy="POST /exports orders one.")
    # of those who work everywhere the grade of the job says it all; of others what they see must be just the same
    if services.sight.ground is not None and job.request["seen_by"]["key"] != services.sight.key:
        raise ForbiddenError(
            "The areas or the clearance that this export was made for are not yours any more.",
            remedy="Order it again: it is made of what you may see now.",
        )
    return job


def export_file(services: Services, job_id: str) -> tuple[Job, Path]:
    """The file of an export.

    Raises:
        NotFoundError: If there is no such export, it did not come to a good end, or its file is not kept any more.
        ConflictError: If it is not made yet.
        ForbiddenError: If the caller does not see now what they saw when they ordered it.
    """
    job = export_job(services, job_id)
    if job.state in ACTIVE:
        raise ConflictError(f"The export {job_id} is not made yet.", remedy=f"GET /jobs/{job_id} tells how far it is.")
    if job.state is not JobState.SUCCESSFUL or job.result is None:
        raise NotFoundError(f"The export {job_id} has no file.", remedy=f"GET /jobs/{job_id} tells why.")
    try:
        return job, services.blobs.passing().path(str(job.result["sha256"]))
    except NotFoundError as error:
        raise NotFoundError(
            f"The file of the export {job_id} is not kept any more.", remedy="Order it again with the same parameters."
        ) from error


def stop_export(services: Services, job_id: str) -> Job:
    """Stop an export that is not made yet.

    Raises:
        NotFoundError: Without it.
        IllegalMoveError: If it has come to another end.
        ForbiddenError: If it is of somebody else, or made for what the caller does not see any more.
    """
    job = export_job(services, job_id)
    if job.owner != services.caller.id:
        raise ForbiddenError("The export was ordered by somebody else.", remedy="Leave it to them.")
    return jobs.dismiss_job(services, job_id)


def run_export_job(services: Services, claim: Claim) -> None:
    """Make the file of a claimed job, of what its caller saw when they ordered it.

    Args:
        services: The service of a worker.
        claim: The right to do it.

    Raises:
        KanchaError: The named refusal of the export.
        ConflictError: If the layer of areas has changed, and with it what its caller sees.
        LostClaimError: If the job was taken away meanwhile.
    """
    job = services.store.jobs.get(claim.job_id)
    order = ExportOrder(job.request["kind"], job.request["format"], job.request["parameters"])
    seen = _as_caller(services, job)
    if seen.sight.key != job.request["seen_by"]["key"]:
        raise ConflictError(
            "The areas have changed since this export was ordered.",
            remedy="Order it again: it is made of the new ones.",
        )
    folder = work_folder(services, job.id)
    shutil.rmtree(folder, ignore_errors=True)  # of a start that was killed
    folder.mkdir(parents=True)
    try:
        path = folder / order.name
        rows = _write(seen, order, path, progress_hook(services, claim))
        told = {
            "name": order.name,
            "media_type": MEDIA_TYPES[order.form],
            "size_bytes": path.stat().st_size,
            "sha256": sha256_of(path),
            "rows": rows,
            "kept_until": (datetime.now(UTC) + timedelta(seconds=KEPT_S)).isoformat(timespec="seconds"),
        }
        # the file of a job that was stopped meanwhile is not kept
        services.store.jobs.progress(claim, 99, "keeping the file")
        services.blobs.passing().put(path, str(told["sha256"]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    services.store.jobs.succeed(claim, f"{order.name} with {rows} rows", told)


def work_folder(services: Services, job_id: str) -> Path:
    """Where the job of an export works; always the same, so that what a killed one left is found."""
    return services.settings.data / "work" / f"export-{job_id}"


def sweep(services: Services) -> None:
    """Let go of the files that were kept long enough, and of what killed jobs left that nobody goes on with."""
    services.blobs.passing().sweep(KEPT_S)
    for folder in (services.settings.data / "work").glob("export-*"):
        try:
            active = services.store.jobs.get(folder.name.removeprefix("export-")).state in ACTIVE
        except NotFoundError:
            active = False
        if not active:
            shutil.rmtree(folder, ignore_errors=True)


def _check(services: Services, order: ExportOrder) -> None:
    """Refuse at once what the job would refuse later."""
    from geodata.exchange import PatchOptions

    if order.form not in FORMS.get(order.kind, ()):
        raise OptionError(
            f"There is no export {order.kind[:40]!r} as {order.form[:40]!r}.",
            remedy="Known: " + "; ".join(f"{kind} as {', '.join(forms)}" for kind, forms in FORMS.items()) + ".",
        )
    if order.kind == "package":
        return
    if (scan := order.selection.scan_id) is not None:
        services.store.scans.get(scan)
    if order.kind == "patches":
        told = order.parameters
        parse_crs(told["crs"])
        PatchOptions(told["county"], told["county_name"], told["letters"], told["first_serial"])


def _write(seen: Services, order: ExportOrder, path: Path, tell: Any) -> int:
    told = order.parameters
    if order.kind == "ledger":
        tell(0.1, "writing the ledger")
        return export_ledger(seen, path, order.selection, told["language"])
    if order.kind == "patches":
        from geodata.exchange import PatchOptions

        tell(0.1, "writing patches")
        options = PatchOptions(told["county"], told["county_name"], told["letters"], told["first_serial"])
        return export_patches(seen, path, order.selection, options, told["crs"])
    total = max(1, rows_of_everything(seen))
    counts = export_everything(seen, path, lambda rows: tell(min(1.0, rows / total), f"{rows:,} rows written"))
    return sum(counts.values())


def _seen_by(services: Services) -> dict[str, Any]:
    """What decides what a caller sees."""
    scope = services.caller.scope
    return {
        "key": services.sight.key,
        "areas": None if scope is None else sorted(scope),
        "clearance": services.caller.clearance.word,
    }


def _as_caller(services: Services, job: Job) -> Services:
    """The service as the one who ordered a job saw it; it reads alone."""
    told = job.request["seen_by"]
    areas = None if told["areas"] is None else frozenset(told["areas"])
    if areas is None and parse_clearance(told["clearance"]) == Caller.local().clearance:
        return services
    seen = Caller(job.owner, job.owner, "person", frozenset(), areas, parse_clearance(told["clearance"]), frozenset())
    return Sights(services).services_for(seen)


def _is_kept(services: Services, job: Job) -> bool:
    if job.result is None:
        raise InternalError(f"The export {job.id} has no result.")
    try:
        services.blobs.passing().path(str(job.result["sha256"]))
    except NotFoundError:
        return False
    return True


def _hashed(decides: list[Any], more: str) -> str:
    return hashlib.sha256(orjson.dumps(["export", decides, more], option=orjson.OPT_SORT_KEYS)).hexdigest()
