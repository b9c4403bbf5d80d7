"""Findings: one at a time."""

from __future__ import annotations

from service.services import Services


def get_finding(services: Services, finding_id: str) -> str:
    """One finding as GeoJSON text; `NotFoundError` without it."""
    return services.store.scans.finding(finding_id)
