"""A case as one line: when what happened and how it ended, for ledgers and for the look at even treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import median

from service.cases.clocks.clock import Clock, State
from service.cases.clocks.terms import Whose
from service.cases.events import CaseEvent
from service.cases.workflow.standing import Standing

SIZES = ((50.0, "<50"), (200.0, "50-200"), (1000.0, "200-1000"))
"""Upper ends of the classes of size, m2, and what they are called; beyond them: `>1000`."""
_NOTHING_LEFT = ("gone", "partly_gone")


@dataclass(frozen=True)
class Around:
    """What is known of a case besides its events.

    Args:
        serial: Its number.
        village: Village or street that it lies in; empty: not known.
        area_m2: Area of its structure: as officers measured it on site, else as it was seen; None: not known.
        uploaded_at: When the picture that first showed it arrived; None: it does not come from a picture.
        rulebook: Version of the rulebook that its finding was assessed by; empty: none was.
    """

    serial: str
    village: str = ""
    area_m2: float | None = None
    uploaded_at: datetime | None = None
    rulebook: str = ""


@dataclass(frozen=True)
class CaseHistory:
    """A case as one line.

    Args:
        case_id: The case.
        around: What is known besides its events.
        state: State of its procedure.
        path: Its lawful path.
        stage: How far the building was when it was opened.
        categories: What is wrong.
        unit: To whom it was dispatched last; empty: to nobody.
        opened_at: When it was opened.
        filed_at: When it was filed.
        ordered_at: When a stop order was served first.
        stopped_at: When the work was stopped: obeyed, sealed, or taken down while it was being built.
        decided_at: When it was decided.
        proved_at: When its end was proved, while that stands.
        closed_at: When it was closed.
        outcome: What was decided, or how it ended; empty before.
        fine_yuan: The fine that was decided.
        hardship: Whether it was held for hardship.
        overdue: Terms of the bureau that are over and not met.
        freed_m2: Ground that its proved demolition freed.
        greened_m2: Ground that was measured as planted since.
        reused: What the freed land became: `road`, `green`, `square`, `construction`; empty: nothing yet.
    """

    case_id: str
    around: Around
    state: str
    path: str
    stage: str
    categories: tuple[str, ...]
    unit: str
    opened_at: datetime
    filed_at: datetime | None
    ordered_at: datetime | None
    stopped_at: datetime | None
    decided_at: datetime | None
    proved_at: datetime | None
    closed_at: datetime | None
    outcome: str
    fine_yuan: float | None
    hardship: bool
    overdue: tuple[str, ...]
    freed_m2: float
    greened_m2: float
    reused: str

    @property
    def category(self) -> str:
        """The first of its categories; `none` without one."""
        return self.categories[0] if self.categories else "none"

    @property
    def size(self) -> str:
        """Its class of size; `unknown` where nobody knows."""
        area = self.around.area_m2
        if area is None:
            return "unknown"
        return next((name for end, name in SIZES if area < end), ">1000")

    @property
    def days_to_decision(self) -> float | None:
        """Days from the opening to the decision."""
        return _days(self.opened_at, self.decided_at)

    @property
    def days_to_end(self) -> float | None:
        """Days from the opening to the closing."""
        return _days(self.opened_at, self.closed_at)


def history_of(standing: Standing, clocks: Sequence[Clock], around: Around) -> CaseHistory:
    """A case as one line.

    Args:
        standing: Where it stands, with its events.
        clocks: Its terms as of now.
        around: What is known besides.
    """
    first = standing.events[0]
    decision = standing.decision
    closing = standing.last("closed") if standing.procedure == "closed" else None
    proof = _proof(standing)
    around = replace(around, area_m2=standing.last_fact("measured_m2", "inspected") or around.area_m2)
    done = standing.last("reuse_done")
    green = [e for e in standing.all("reuse_measured", "reuse_done") if e.facts["purpose"] == "green"]
    dispatch = standing.last("dispatched", "returned")
    return CaseHistory(
        case_id=first.case_id,
        around=around,
        state=standing.procedure,
        path=standing.path,
        stage=str(first.facts.get("stage", "")),
        categories=tuple(standing.categories),
        unit=str(dispatch.facts["to"]) if dispatch is not None and dispatch.kind == "dispatched" else "",
        opened_at=first.at,
        filed_at=_first(standing, "filed"),
        ordered_at=_first(standing, "stop_order_served"),
        stopped_at=_stopped(standing),
        decided_at=None if decision is None else decision.at,
        proved_at=None if proof is None else proof.at,
        closed_at=None if closing is None else closing.at,
        outcome=str(closing.facts["outcome"]) if closing is not None else standing.outcome or "",
        fine_yuan=None if decision is None else decision.facts.get("fine_yuan"),
        hardship=standing.last("hardship_held") is not None,
        overdue=tuple(c.term_id for c in clocks if c.state is State.OVERDUE and c.whose is Whose.BUREAU),
        freed_m2=_freed(standing, around),
        greened_m2=max((float(e.facts["area_m2"]) for e in green), default=0.0),
        reused="" if done is None else str(done.facts["purpose"]),
    )


def middle(values: Sequence[float]) -> float | None:
    """The median; None of nothing."""
    return median(values) if values else None


def _first(standing: Standing, *kinds: str) -> datetime | None:
    return min((event.at for event in standing.all(*kinds)), default=None)


def _stopped(standing: Standing) -> datetime | None:
    """When nothing was built any more: what was obeyed and later ignored counts no longer."""
    ignored = standing.last("stop_ignored")
    since = 0 if ignored is None else ignored.number
    ends = ("stop_obeyed", "sealed", "demolition_started", "demolition_done")
    return min((event.at for event in standing.all(*ends) if event.number > since), default=None)


def _proof(standing: Standing) -> CaseEvent | None:
    """What proved the end, while it stands: a later look that was unsure takes nothing back."""
    if standing.procedure not in ("proved", "closed"):
        return None
    told = [event for event in standing.all("proof_received") if event.facts["seen"] in _NOTHING_LEFT]
    return told[-1] if told else None


def _freed(standing: Standing, around: Around) -> float:
    """Ground that is proved to be free: all of it, or the part that the decision named."""
    proof = _proof(standing)
    if proof is None:
        return 0.0
    share = proof.facts.get("share_gone")
    return (around.area_m2 or 0.0) * (1.0 if share is None else float(share))


def _days(start: datetime, end: datetime | None) -> float | None:
    return None if end is None else (end - start).total_seconds() / 86400.0
