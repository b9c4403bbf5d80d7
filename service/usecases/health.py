"""Whether the service can work."""

from __future__ import annotations

from dataclasses import dataclass

from geodata.errors import KanchaError
from service.services import Services


@dataclass(frozen=True)
class Check:
    """One thing that must be well."""

    name: str
    good: bool
    detail: str


def readiness(services: Services) -> list[Check]:
    """The store answers, the runner takes jobs, the disk has space."""
    try:
        services.store.ping()
        store = Check("store", True, "answers")
    except KanchaError as error:
        store = Check("store", False, error.message)
    alive = services.runner is not None and services.runner.alive
    free, least = services.blobs.free_bytes(), services.settings.limits.min_free_bytes
    return [
        store,
        Check("runner", alive, "takes jobs" if alive else "takes no jobs"),
        Check("disk", free >= least, f"{free / 1024**3:.1f} GiB free, {least / 1024**3:.1f} GiB needed"),
    ]
