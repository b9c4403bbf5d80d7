"""What the process of a job for tiles does."""

from __future__ import annotations

from service.services import Services
from service.store.job_records import Claim
from service.usecases.scan_run import progress_hook
from service.usecases.vector_tiles import make_archive


def run_tiles_job(services: Services, claim: Claim) -> None:
    """Make an archive.

    Args:
        services: The service of a worker.
        claim: The right to do it.

    Raises:
        LostClaimError: If the job was taken away meanwhile.
    """
    version = services.store.layers.get(str(services.store.jobs.get(claim.job_id).request["version"]))
    tell = progress_hook(services, claim)
    count = make_archive(services, version, lambda percent: tell(percent / 100, "drawing tiles"))
    services.store.jobs.succeed(claim, f"{count} tiles of {version.kind}")
