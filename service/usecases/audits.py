"""Recall audits: cells without a finding, drawn for people to look at, and the share of those that hid something."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import shapely

from geodata.coverage import cell_id
from geodata.coverage.audit import audit_cells, miss_rate
from geodata.errors import OptionError
from geodata.shares import Rate
from service.ogc.texts import geometries_of
from service.services import Services
from service.store.audit_records import Audit, AuditAnswer
from service.store.queries import FeatureQuery
from service.store.records import Page
from service.usecases.coverage import covered
from service.usecases.judges import named_judge


@dataclass(frozen=True)
class AuditState:
    """An audit with what was said of it.

    Args:
        audit: The audit.
        answers: The latest answer of each cell that has one.
        rate: The share of answered cells that hid a structure, with Wilson's 95 % interval.
    """

    audit: Audit
    answers: Sequence[AuditAnswer]
    rate: Rate


def draw(services: Services, count: int, seed: int, as_of: date | None = None) -> tuple[AuditState, bool]:
    """Draw an audit and keep it; the same draw of one state of the store is one audit.

    Args:
        services: The service.
        count: How many cells; fewer are drawn where there are not so many.
        seed: What decides the draw.
        as_of: The day whose ledger is drawn from, None: today.

    Returns:
        The audit, and whether it is new.

    Raises:
        NotFoundError: Without an area of responsibility.
        OptionError: If no cell can be drawn.
    """
    told = covered(services, as_of)
    found = audit_cells(told.ledger, _outlines(services), count, seed)
    cells: dict[str, Mapping[str, Any]] = {
        cell_id(told.ledger.cells, one.row, one.col): shapely.geometry.mapping(one.outline) for one in found
    }
    named = hashlib.sha256(f"{told.as_of}|{seed}|{','.join(sorted(cells))}".encode()).hexdigest()[:16]
    new = services.store.audits.add(Audit(named, told.as_of, seed, cells, datetime.now(UTC)))
    return get(services, named), new


def get(services: Services, audit_id: str) -> AuditState:
    """One audit with its answers; `NotFoundError` without it."""
    audit = services.store.audits.get(audit_id)
    answers = services.store.audits.answers(audit_id)
    return AuditState(audit, answers, miss_rate([answer.missed for answer in answers]))


def list_audits(services: Services, limit: int, after_key: int) -> Page[AuditState]:
    """A page of audits, the latest first."""
    page = services.store.audits.page(limit, after_key)
    return Page([get(services, audit.id) for audit in page.items], page.matched, page.next_key)


def answer(services: Services, audit_id: str, told: AuditAnswer) -> AuditState:
    """Keep what was said of a cell; the latest counts.

    Raises:
        NotFoundError: Without the audit.
        OptionError: If the cell is none of it.
        VerdictError: If it is not said who looked (`named_judge`).
    """
    audit = services.store.audits.get(audit_id)
    if told.cell not in audit.cells:
        raise OptionError(
            f"The cell {told.cell[:40]!r} was not drawn for the audit {audit_id}.",
            remedy=f"Its cells: {', '.join(list(audit.cells)[:5])} ...",
        )
    who = named_judge(services.caller, told.judged_by)
    services.store.audits.answer(audit_id, replace(told, judged_by=who))
    return get(services, audit_id)


def _outlines(services: Services) -> Any:
    """Outlines of all findings."""
    return geometries_of(list(services.store.scans.all_findings(FeatureQuery())))
