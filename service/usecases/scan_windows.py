"""The windows of a scan elsewhere: what a worker of an executor is told, and how it finds the rest by itself.

A worker is told the job, and the windows. Everything else it reads from the store and the storage that it shares with
whoever runs the job: the order, how the two dates were brought together, the scenes, the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from geodata.steps import recall
from service.errors import ClusterSetupError, NotFoundError
from service.services import Services
from service.store.job_records import Job
from service.usecases.areas import area_geometry
from service.usecases.model_parcels import is_own, pack_model, unpack_model
from service.usecases.models import judge_for
from service.usecases.scans import from_request, options_for
from service.version import code_version

if TYPE_CHECKING:
    from geodata.detect.windows import WindowPlan
    from geodata.scan_images import Judge


@dataclass(frozen=True)
class Ticket:
    """What a worker elsewhere is told besides the windows: ids, no settings and no secrets.

    Args:
        job_id: The job.
        code: Version of the code that sends it; results are those of one version.
        model: Checksum of the file that holds the model, where Kancha ships none of that name; else empty.
    """

    job_id: str
    code: str
    model: str = ""


def ticket_for(services: Services, job: Job) -> Ticket:
    """The ticket of a job; a model of the bureau's own is stored as a file first.

    Args:
        services: The service of a worker.
        job: A scan.

    Raises:
        KanchaError: If the model cannot be used, or the storage does not answer.
    """
    detector = str(job.request["options"]["detector"])
    parcel = ""
    if is_own(detector):
        model = judge_for(services.settings, detector).model
        assert model is not None  # the training-free detector is nobody's own
        parcel = pack_model(services, model)
    return Ticket(job.id, code_version(), parcel)


def files_of(services: Services, ticket: Ticket) -> tuple[str, str]:
    """Checksums of the two images of a job.

    Raises:
        ClusterSetupError: If the store does not know the job.
    """
    order = from_request(_job(services, ticket).request)
    before, after = (services.store.scenes.get(scene).sha256 for scene in (order.before_scene, order.after_scene))
    return before, after


def plan_for(services: Services, ticket: Ticket, judge_of: Callable[[str, str], Judge] | None = None) -> WindowPlan:
    """All that is needed to work on any window of a job.

    Args:
        services: The service of a worker.
        ticket: The job.
        judge_of: What judges, by the detector's name and the file of its model; None: it is read anew.

    Raises:
        ClusterSetupError: If the store does not know the job, or this is another version of the code.
        StoreBusyError: If the store or the storage does not answer.
        KanchaError: If the model cannot be used.
    """
    # loaded on demand: who only sends tickets needs none of it
    from geodata.scan import READ
    from geodata.scan_images import Readings

    if ticket.code != code_version():
        raise ClusterSetupError(
            f"This worker runs Kancha {code_version()}, the job was sent by {ticket.code}.",
            remedy="Run one version everywhere.",
        )
    job = _job(services, ticket)
    order = from_request(job.request)
    before, after = services.store.scenes.get(order.before_scene), services.store.scenes.get(order.after_scene)
    options = options_for(order, before, after)
    readings = recall(_Kept(services, job.inputs_key), READ, Readings)
    if readings is None:
        raise ClusterSetupError(
            f"How the dates of the job {job.id} lie on each other is not kept.", remedy="Order the scan again."
        )
    here = readings.moved(services.blobs.path(before.sha256), services.blobs.path(after.sha256))
    judge = (judge_of or partial(read_judge, services))(options.detector, ticket.model)
    return here.plan(area_geometry(order.aoi), judge, thorough=options.thorough)


def read_judge(services: Services, detector: str, parcel: str) -> Judge:
    """What judges.

    Args:
        services: The service of a worker.
        detector: As the options of a scan name it.
        parcel: Checksum of the file that holds its model; empty: Kancha ships it.

    Raises:
        KanchaError: If the model cannot be used.
    """
    from geodata.detect.detector import shipped
    from geodata.scan_images import Judge

    if not parcel:
        return judge_for(services.settings, detector)
    return Judge(shipped(), unpack_model(services, parcel, detector))


def _job(services: Services, ticket: Ticket) -> Job:
    try:
        return services.store.jobs.get(ticket.job_id)
    except NotFoundError as error:
        raise ClusterSetupError(
            f"The store of this worker does not know the job {ticket.job_id}.",
            remedy="Give it the KANCHA_STORE and KANCHA_STORAGE__ settings of the service, or its KANCHA_DATA.",
        ) from error


@dataclass(frozen=True)
class _Kept:
    """The steps of a job, to read."""

    services: Services
    inputs_key: str

    def kept(self, name: str) -> bytes | None:
        return self.services.store.steps.kept(self.inputs_key, name)

    def keep(self, name: str, content: bytes) -> None:
        raise NotImplementedError("who sent the windows keeps what they give")
