"""The archive of a layer version is made by a job: at its import, or when its first tile is asked for."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime

from service.jobs.states import JobState
from service.render.archives import archive_path
from service.services import Services
from service.store.records import Job, LayerVersion

LEAST_FEATURES = 2_000
"""A smaller layer is put on tiles as quickly as its archive is read."""


def order_archive(services: Services, version: LayerVersion) -> None:
    """Store the job that makes the archive of a version, unless it is made, not worth it, or nothing runs jobs here."""
    if (
        services.runner is None
        or version.features < LEAST_FEATURES
        or archive_path(services.settings.data, version.id).exists()
    ):
        return
    now = datetime.now(UTC)
    job = Job(
        id=uuid.uuid4().hex,
        kind="tiles",
        state=JobState.ACCEPTED,
        progress=0,
        message="waiting for a start",
        request={"kind": version.kind, "version": version.id},
        inputs_key=hashlib.sha256(f"tiles|{version.id}".encode()).hexdigest(),
        scan_id=None,
        error=None,
        runner=services.runner.id,
        attempts=0,
        created_at=now,
        updated_at=now,
        started_at=None,
        finished_at=None,
    )
    if services.store.jobs.submit(job)[1]:
        services.runner.wake()
