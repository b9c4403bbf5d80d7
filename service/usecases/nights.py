"""Nights as they are shown: which there were, and what each reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from service.errors import ForbiddenError, NotFoundError
from service.services import Services
from service.store.intake_records import NightRun
from service.store.records import Page
from service.usecases.morning import REPORT_GRADE, render

REPORT_FORMS: Mapping[str, tuple[str, str]] = {
    "html": ("morning.html", "text/html; charset=utf-8"),
    "md": ("morning.md", "text/markdown; charset=utf-8"),
}
LATEST = "latest"


def list_nights(services: Services, limit: int, after_key: int) -> Page[NightRun]:
    """A page of nights, the latest first; without what was reported where that is too secret for the caller."""
    found = services.store.intake.runs(limit, after_key)
    if REPORT_GRADE.word not in services.sight.hidden:
        return found
    return replace(found, items=[replace(run, report=None) for run in found.items])


def get_night(services: Services, night_id: str) -> NightRun:
    """One night; `latest` is the last that has ended.

    Raises:
        NotFoundError: Without it.
        ForbiddenError: If its report tells of what is too secret for the caller.
    """
    run = _latest(services) if night_id == LATEST else services.store.intake.run(night_id)
    if run.report is not None and REPORT_GRADE.word in services.sight.hidden:
        raise ForbiddenError(
            f"Morning reports are {REPORT_GRADE.word}, which is above your clearance.",
            remedy="GET /scans shows what you may see.",
        )
    return run


def report_of(run: NightRun, form: str) -> bytes:
    """The morning report of a night in words.

    Raises:
        NotFoundError: If it has none yet.
    """
    return render(REPORT_FORMS[form][0], whole_report(run))


def whole_report(run: NightRun) -> Mapping[str, Any]:
    """The morning report of a night as plain values.

    Raises:
        NotFoundError: If it has none yet.
    """
    if run.report is None:
        raise NotFoundError(f"The night {run.id} has not ended yet.", remedy="Ask again later; GET /jobs tells of it.")
    return run.report


def _latest(services: Services) -> NightRun:
    found = next((run for run in services.store.intake.runs(_FEW).items if run.report is not None), None)
    if found is None:
        raise NotFoundError("No night has ended yet.", remedy="POST /nights begins one.")
    return found


_FEW = 50
