"""Leads: read, judged with their proof, split and merged by hand, and made a case."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from geodata.types import DISMISSAL_REASONS
from service.cases.errors import LeadBehindError, LeadProofError, LeadStateError, LeadVerdictError, ReportError
from service.cases.leads.standing import Standing, standing_of
from service.cases.leads.triage import PROOFS, VERDICTS, Proof, VerdictCode, as_told, faults_of, finding_verdict
from service.cases.leads.values import SOURCES_ZH, LeadEvent, LeadRow, Report, SourceKind
from service.errors import NotFoundError, VerdictError
from service.files import Upload
from service.services import Services
from service.store.lead_base import Telling
from service.store.queries import FeaturePage, FeatureQuery, Sort
from service.usecases import verdicts
from service.usecases.cases import teller
from service.usecases.reports import keep_photo

_TRIES = 10
QUEUE_ORDER = (Sort("priority", falling=True), Sort("first_seen"))
_SHORTEST, _LONGEST = 2, 1_000


@dataclass(frozen=True)
class LeadView:
    """A lead with all that is known of it.

    Args:
        row: What is kept beside reports and events.
        reports: Its reports by when they were seen.
        events: What happened to it and to those that became part of it.
        standing: Where it stands.
    """

    row: LeadRow
    reports: Sequence[Report]
    events: Sequence[LeadEvent]
    standing: Standing


@dataclass(frozen=True)
class LeadJudgement:
    """A verdict on a lead, unchecked.

    Args:
        verdict: 1 lawful, 2 unlawful, 3 false change on site.
        ground: Its ground; see `service.cases.leads.triage`.
        reason: In words.
        proofs: Papers and stored photographs.
        dismissal: With a false change: what the findings showed instead, one of `DISMISSAL_REASONS`.
        expected: Number of the last event that the judge knows of; None: whatever it is.
    """

    verdict: int
    ground: str
    reason: str
    proofs: Sequence[Proof] = ()
    dismissal: str | None = None
    expected: int | None = None


def view_lead(services: Services, lead_id: str) -> LeadView:
    """A lead, also by an id that leads to it; `NotFoundError` without it."""
    row = services.store.leads.get(lead_id)
    events = services.store.leads.events(row.id)
    return LeadView(row, services.store.leads.reports_of(row.id), events, standing_of(events))


def lead_queue(services: Services, query: FeatureQuery) -> FeaturePage:
    """Leads as features, what is to be looked at first first."""
    return services.store.leads.features(
        FeatureQuery(equals=query.equals, sort=QUEUE_ORDER, limit=query.limit, after=query.after, boxes=query.boxes)
    )


# --- the verdict ------------------------------------------------------------------------------------


def judge_lead(services: Services, lead_id: str, told: LeadJudgement, photos: Sequence[Upload] = ()) -> LeadView:
    """Give a verdict on a lead; the latest one counts, the others stay. It goes over to the findings of the lead.

    Args:
        services: The service.
        lead_id: The lead.
        told: The verdict.
        photos: Photographs of the site, in a private folder; they are taken over.

    Raises:
        NotFoundError: Without the lead.
        LeadVerdictError: If there is no such verdict or ground, or a reason is missing.
        LeadProofError: If the proof is missing that the ground needs.
        LeadBehindError: If the lead went on since `expected`.
        PhotoError: If a photograph cannot be read.
    """
    reason = _words(told.reason)
    if told.dismissal is not None and (told.dismissal not in DISMISSAL_REASONS or told.verdict != 3):
        raise LeadVerdictError(
            f"{told.dismissal[:40]!r} does not say what a finding showed instead.",
            remedy=f"With a false change, one of: {', '.join(DISMISSAL_REASONS)}.",
        )
    services.store.leads.get(lead_id)
    kept = [keep_photo(services, photo) for photo in photos]
    proofs = [*told.proofs, *(Proof("site_photo", sha256=one.sha256) for one in kept)]
    wrong, needed = faults_of(told.verdict, told.ground, proofs)
    if wrong:
        raise LeadVerdictError(f"The verdict cannot be taken: {'; '.join(wrong)}.", remedy="GET /leads/grounds")
    if needed:
        names = " or ".join(f"{PROOFS[kind][0]} {PROOFS[kind][1]} ({kind})" for kind in needed)
        raise LeadProofError(
            f"The ground {told.ground} needs its proof: {names}.",
            remedy="Send it with the verdict: number of the paper, or a photograph.",
            needed=needed,
            ground=told.ground,
        )

    def facts(view: LeadView) -> dict[str, Any]:
        _require_photos(view, proofs, {one.sha256 for one in kept})
        return {
            "verdict": told.verdict,
            "ground": told.ground,
            "reason": reason,
            "proofs": [proof.as_dict() for proof in proofs],
            "photos": [{"sha256": one.sha256, "name": one.name, "format": one.format} for one in kept],
            "dismissal": told.dismissal,
            "reports": [one.id for one in view.reports],
            "judge": services.caller.name,
        }

    _tell(services, lead_id, "judged", facts, told.expected)
    carry_over(services, view_lead(services, lead_id))
    return view_lead(services, lead_id)


def _require_photos(view: LeadView, proofs: Sequence[Proof], fresh: set[str]) -> None:
    """See that photographs that a verdict names are there: with a report, or with a verdict."""
    known = fresh | {photo.sha256 for one in view.reports for photo in one.attachments}
    known |= {str(photo["sha256"]) for event in view.events for photo in event.facts.get("photos", ())}
    missing = sorted({proof.sha256 for proof in proofs if proof.sha256} - known)
    if missing:
        raise LeadProofError(
            f"The lead has no photograph {missing[0][:64]}.",
            remedy="Send it with the verdict, or name one of its reports' photographs.",
            missing=missing,
        )


def carry_over(services: Services, view: LeadView) -> int:
    """Let the verdict on a lead be that on its findings, so that nothing is judged twice; how many are judged by it.

    Of a finding that came to a settled lead later, too: it says nothing new, else it were another lead.
    """
    judged = [event for event in view.events if event.kind == "judged"]
    if not judged:
        return 0
    last, count = judged[-1], 0
    right, dismissal = finding_verdict(int(last.facts["verdict"]), last.facts.get("dismissal"))
    _, title_zh = VERDICTS[VerdictCode(int(last.facts["verdict"]))]
    note = f"线索 {view.row.id}：{title_zh}，{last.facts['reason']}"
    for finding_id in (one.finding_id for one in view.reports):
        if finding_id is None:
            continue
        told = verdicts.Judgement(
            finding_id, right, str(last.facts.get("judge") or last.by), dismissal, judged_at=last.at, note=note
        )
        try:
            count += verdicts.judge(services, told)[1]
        except (NotFoundError, VerdictError):
            continue  # of a scan that the judge may not see: whoever may, judges it there
    return count


# --- by hand ----------------------------------------------------------------------------------------


def split_lead(
    services: Services, lead_id: str, reports: Sequence[str], reason: str, expected: int | None = None
) -> LeadView:
    """Let reports leave a lead for one of their own.

    Raises:
        NotFoundError: Without the lead.
        ReportError: If one is not of this lead, or none would stay.
        LeadBehindError: If the lead went on since `expected`.
    """
    words, leaving = _words(reason), sorted(set(reports))

    def facts(view: LeadView) -> dict[str, Any]:
        own = {one.id for one in view.reports}
        if not leaving or not own.issuperset(leaving) or len(leaving) == len(own):
            raise ReportError(
                f"{len(leaving)} reports cannot leave the {len(own)} of the lead.",
                remedy="Name some of its reports, and leave at least one.",
                own=sorted(own),
            )
        return {"act": uuid.uuid4().hex[:16], "reports": leaving, "reason": words}

    _tell(services, lead_id, "split_ordered", facts, expected)
    return view_lead(services, services.store.leads.report(leaving[0]).lead_id or lead_id)


def merge_leads(
    services: Services, lead_id: str, others: Sequence[str], reason: str, expected: int | None = None
) -> LeadView:
    """Make several leads one.

    Raises:
        NotFoundError: Without one of them.
        ReportError: If no other is named.
        LeadStateError: If two of them have each a case.
        LeadBehindError: If the lead went on since `expected`.
    """
    words = _words(reason)

    def facts(view: LeadView) -> dict[str, Any]:
        rows = {row.id: row for row in (services.store.leads.get(name) for name in others)}
        rows.pop(view.row.id, None)
        if not rows:
            raise ReportError("No other lead is named.", remedy="Name the leads that are about the same thing.")
        cases = {row.case_id for row in (view.row, *rows.values()) if row.case_id is not None}
        if len(cases) > 1:
            raise LeadStateError(
                f"They have {len(cases)} cases: {', '.join(sorted(cases))}.",
                remedy="Close or transfer one of the cases first.",
                case_ids=sorted(cases),
            )
        own = [one.id for one in view.reports]
        own += [one.id for name in rows for one in services.store.leads.reports_of(name)]
        return {"act": uuid.uuid4().hex[:16], "reports": sorted(own), "leads": sorted(rows), "reason": words}

    _tell(services, lead_id, "merge_ordered", facts, expected)
    return view_lead(services, lead_id)


def note_lead(services: Services, lead_id: str, text: str) -> LeadView:
    """Put a note to a lead; `NotFoundError` without it."""
    words = _words(text)
    _tell(services, lead_id, "noted", lambda view: {"text": words}, None)
    return view_lead(services, lead_id)


def _tell(
    services: Services,
    lead_id: str,
    kind: str,
    facts: Callable[[LeadView], Mapping[str, Any]],
    expected: int | None,
) -> LeadRow:
    """Let something happen to a lead as it is; where it went on meanwhile and nobody minds, it is looked at again."""
    for _ in range(_TRIES):
        view = view_lead(services, lead_id)
        known = view.row.number if expected is None else expected
        told = Telling(kind, datetime.now(UTC), teller(services), facts(view), known)
        try:
            return services.store.leads.tell(view.row.id, told)
        except LeadBehindError:
            if expected is not None:
                raise
    raise LeadStateError("Too many work on this lead at this moment.", remedy="Try again.")


def _words(text: str) -> str:
    told = " ".join(text.split())
    if not _SHORTEST <= len(told) <= _LONGEST or not told.isprintable():
        raise LeadVerdictError(
            f"The reason has {len(told)} characters.", remedy=f"Say it in {_SHORTEST} to {_LONGEST} characters."
        )
    return told


def row_values(view: LeadView) -> dict[str, Any]:
    """A lead as plain values, the same in a file and over HTTP; nobody is named."""
    row = view.row
    names = ("id", "number", "state", "priority", "structure_id", "follows", "case_id", "first_seen", "last_seen")
    kinds = sorted({one.source for one in view.reports}, key=list(SourceKind).index)
    return {
        **{name: getattr(row, name) for name in names},
        **as_told(row.verdict, row.ground),
        "sources": [kind.value for kind in kinds],
        "sources_zh": [SOURCES_ZH[kind] for kind in kinds],
        "opened_at": row.opened_at,
        "changed_at": row.changed_at,
        "triaged_at": row.triaged_at,
        "secrecy": row.secrecy,
    }
