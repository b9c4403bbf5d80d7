"""The archive of a layer version is made by a job: at its import, or when its first tile is asked for."""

from __future__ import annotations

import hashlib

from service.render.archives import archive_path
from service.services import Services
from service.store.job_records import Urgency, new_job
from service.store.records import LayerVersion
from service.usecases.jobs import order

LEAST_FEATURES = 2_000
"""A smaller layer is put on tiles as quickly as its archive is read."""


def order_archive(services: Services, version: LayerVersion) -> None:
    """Store the job that makes the archive of a version, unless it is made, not worth it, or nothing runs jobs here."""
    if (
        services.runner is None
        or services.sight.ground is not None
        or version.features < LEAST_FEATURES
        or archive_path(services.settings.data, version.id).exists()
    ):
        return
    # an archive lies in a data folder: each that is asked for tiles makes its own
    place = services.runner.place
    key = hashlib.sha256(f"tiles|{version.id}|{place}".encode()).hexdigest()
    told = {"kind": version.kind, "version": version.id}
    order(
        services,
        new_job("tiles", told, key, secrecy=version.secrecy, urgency=Urgency.NIGHT, place=place),
    )
