"""An unlawful lead becomes a case, or goes to the open case of its structure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from service.auth.sight import highest
from service.cases.errors import CaseOpenError, LeadBehindError, LeadStateError
from service.cases.events import Stage
from service.cases.leads.triage import VerdictCode
from service.cases.leads.values import SOURCES_ZH, SourceKind
from service.errors import NotFoundError
from service.services import Services
from service.store.lead_base import Telling
from service.usecases import cases
from service.usecases.cases import CaseView, Opening, teller
from service.usecases.leads import LeadView, view_lead

_ASKED = timedelta(minutes=2)
"""So long a lead waits for who opens its case; then another may."""
_BUILT = {"earthworks", "foundation", "under_construction"}


@dataclass(frozen=True)
class CaseAsked:
    """What an officer says of the case of a lead.

    Args:
        facts: Facts of the event `opened`: at least its path; what the lead tells need not be told.
        expected: Number of the last event of the lead that the officer knows of; None: whatever it is.
        at: When it was opened; None: now.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    expected: int | None = None
    at: datetime | None = None


def case_of_lead(services: Services, lead_id: str, asked: CaseAsked) -> tuple[LeadView, CaseView, bool]:
    """Open the case of an unlawful lead, or let it go to the open case of its structure.

    Args:
        services: The service.
        lead_id: The lead.
        asked: What the officer says.

    Returns:
        The lead, the case, and whether the case is new.

    Raises:
        NotFoundError: Without the lead.
        LeadStateError: If it was not judged unlawful, has an open case, or somebody else is opening one.
        LeadBehindError: If the lead went on since `expected`.
        CaseFactError: If the case does not tell what it must.
        ForbiddenError: If the caller may not open cases there.
    """
    view = view_lead(services, lead_id)
    if asked.expected is not None and asked.expected != view.row.number:
        raise LeadBehindError(
            f"The lead has gone on to event {view.row.number}; you knew it up to {asked.expected}.",
            remedy="Look at what happened, and say it again if it still holds.",
            expected=asked.expected,
            last=view.row.number,
        )
    _require_unlawful(services, view)
    now = datetime.now(UTC)
    _tell(services, view, "case_asked", {}, expected=view.row.number)
    with _dropped_where_refused(services, view):
        found = _open_case_of(services, view)
        case, new = _joined(services, view, found) if found is not None else _opened(services, view, asked, now)
    _tell(services, view, "case_opened" if new else "case_joined", {"case_id": case.row.id})
    return view_lead(services, view.row.id), case, new


def _opened(services: Services, view: LeadView, asked: CaseAsked, now: datetime) -> tuple[CaseView, bool]:
    """The case of a lead, and whether it is new: another lead of the structure may have opened it this very moment."""
    geometry = orjson.loads(view.row.geojson)["geometry"]
    facts = {**_told(view), **asked.facts, "lead_ids": [view.row.id]}
    secrecy = highest([one.secrecy for one in view.reports])
    try:
        return cases.open_case(services, Opening(facts, geometry, asked.at or now, secrecy)), True
    except CaseOpenError as taken:
        return _joined(services, view, str(taken.measured["case_id"]))


def _joined(services: Services, view: LeadView, case_id: str) -> tuple[CaseView, bool]:
    return cases.tell(services, case_id, cases.Telling("noted", {"text": _joining(view)})), False


def _require_unlawful(services: Services, view: LeadView) -> None:
    if view.row.verdict != VerdictCode.UNLAWFUL:
        raise LeadStateError(
            f"The lead is judged {view.row.verdict}; a case follows from 2 (违法) alone.",
            remedy="Judge it first: POST /leads/{id}/verdict.",
            verdict=view.row.verdict,
        )
    if view.row.case_id is not None and _is_open(services, view.row.case_id):
        raise LeadStateError(
            f"The lead has the open case {view.row.case_id}.", remedy="Go on there.", case_id=view.row.case_id
        )
    asked = view.standing.asked_at
    if asked is not None and datetime.now(UTC) - asked < _ASKED:
        raise LeadStateError("Somebody is opening the case of this lead.", remedy="Look again in a moment.")


def _is_open(services: Services, case_id: str) -> bool:
    try:
        return services.store.cases.get(case_id).closed_at is None
    except NotFoundError:
        return True  # not to be seen is not to be gone


def _open_case_of(services: Services, view: LeadView) -> str | None:
    """The open case of the lead's structure, whatever that was called when the case was opened."""
    if view.row.structure_id is None:
        return None
    names = services.store.leads.names_of(view.row.structure_id)
    open_ones = [row for row in services.store.cases.of_structure(names) if row.closed_at is None]
    return open_ones[-1].id if open_ones else None


def _told(view: LeadView) -> dict[str, Any]:
    """What the lead tells of its case."""
    told: dict[str, Any] = {
        "discovered_on": view.row.first_seen.isoformat(),
        "complaint": any(one.source is SourceKind.HOTLINE for one in view.reports),
        "categories": _categories(view),
    }
    if view.row.structure_id is not None:
        told["structure_id"] = view.row.structure_id
    stages = [one.stage for one in view.reports if one.stage is not None]
    if stages:
        told["stage"] = Stage.UNDER_CONSTRUCTION if stages[-1] in _BUILT else Stage.FINISHED
    return {name: value for name, value in told.items() if value not in ([], None)}


def _categories(view: LeadView) -> Sequence[str]:
    """What the findings allege, as the documents of a case name it; each once, the first first."""
    return list(dict.fromkeys(str(name) for one in view.reports for name in one.facts.get("categories", ())))


def _joining(view: LeadView) -> str:
    told = "、".join(dict.fromkeys(SOURCES_ZH[one.source] for one in view.reports))
    return f"线索 {view.row.id} 并入本案（{told}，{len(view.reports)} 条上报）。Lead {view.row.id} joins this case."


def _tell(services: Services, view: LeadView, kind: str, facts: Mapping[str, Any], expected: int | None = None) -> None:
    told = Telling(kind, datetime.now(UTC), teller(services), facts, expected)
    services.store.leads.tell(view.row.id, told)


@contextmanager
def _dropped_where_refused(services: Services, view: LeadView) -> Iterator[None]:
    """Let another open the case at once where this one was refused."""
    try:
        yield
    except BaseException:
        _tell(services, view, "case_dropped", {})
        raise
