"""The record of what was done, read and checked."""

from __future__ import annotations

from service.auth.record import Break, Sealed
from service.services import Services
from service.store.records import Page


def list_entries(
    services: Services, limit: int, after_key: int = 0, *, action: str | None = None, actor: str | None = None
) -> Page[Sealed]:
    """Entries, the latest first."""
    return services.store.audit_log.page(limit, after_key, action=action, actor=actor)


def verify(services: Services) -> tuple[int, str, Break | None]:
    """How many entries hold, the hash of the last, and the first that does not hold."""
    held, found = services.store.audit_log.verify()
    return held, services.store.audit_log.head().hash, found
