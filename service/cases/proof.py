"""What a later image or surface model means for a case: what is told of it, and what is only kept.

A look is told once. What it may tell depends on where the case stands and on what was proved before:

* an image that is older than the end that was reported, or than the last sure proof, proves nothing;
* of a case that is still worked on only that its structure is gone, wholly or in part, is news;
* the same result is not told again, sure or unsure, until something else was seen or the work was reported anew;
* on a day of which a surface model told, an image tells nothing, nor later, where the model saw it stand and nobody has
  reported its end anew: cloth over a house keeps its height;
* of a closed case whose structure was proved gone and that stands again, rebuilding is told, not a failed proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.cases.events import CaseEvent
from service.cases.workflow.standing import Options, Standing

ENDS = ("demolition_done", "correction_done", "confiscation_done")
"""Reports of the end; only the first can be seen from above."""
_BEGINNINGS = ("opened", "inspected", "demolition_started", *ENDS)
SHORT = ("partly_gone", "still_there", "covered", "refilled")
STANDS = ("still_there", "covered")
DEMOLISHED = ("demolished", "partly_demolished")

_ACTIVE_NEWS = ("gone", "partly_gone")


@dataclass(frozen=True)
class Shown:
    """What a look at a structure gave.

    Args:
        seen: `gone`, `partly_gone`, `still_there`, `covered`, `refilled` or `unknown`.
        confidence: Probability that this holds.
        proof: `image` or `surface_model`.
        at: When the later date was taken.
        day: The same as a day in Beijing, YYYY-MM-DD.
    """

    seen: str
    confidence: float
    proof: str
    at: datetime
    day: str


@dataclass(frozen=True)
class Meaning:
    """What is done about it.

    Args:
        event: Kind of the event to tell; None: it is only kept.
        effect: `proved`, `reopened`, `rebuilding`, `noted` (told, and the case stays) or `kept`.
        why: Why it is only kept, as a code of `WHY`; empty where it is told.
        seen: What the event says was seen.
    """

    event: str | None
    effect: str
    why: str
    seen: str


WHY = {
    "unseen": ("not usably seen", "影像不能判定"),
    "older": ("older than what was reported or proved", "早于已报告或已核验的时间"),
    "standing": ("it stands, and nobody has reported its end", "尚未报告拆除，建筑仍在"),
    "same": ("the same as was told before", "与上次核验结果相同"),
    "model_decides": ("a surface model of the same day or later decides", "以同日或之后的地表模型为准"),
    "not_watched": ("its end cannot be seen from above", "该处理结果无法由影像核验"),
}
"""Why a look is only kept: English and Chinese."""


def is_watched(standing: Standing) -> bool:
    """Whether a look from above can say anything of the end of a case."""
    state = standing.procedure
    if state in ("unopened", "declined", "excused", "transferred"):
        return False
    if state == "closed":
        closing = standing.last("closed")
        return closing is not None and closing.facts["outcome"] in DEMOLISHED
    end = standing.last(*ENDS)
    return end is None or end.kind == "demolition_done" or state not in ("done", "proved")


def shown_after(standing: Standing) -> datetime:
    """Only what was taken after this can prove an end: the opening, the last visit, the last report of an end."""
    return max(event.at for event in standing.all(*_BEGINNINGS))


def meaning(standing: Standing, shown: Shown, options: Options) -> Meaning:
    """What a look means for a case.

    Args:
        standing: Where the case stands.
        shown: What the look gave.
        options: How sure a proof must be.
    """
    seen = _as_ordered(standing, shown.seen)
    why = _kept(standing, shown, seen, options)
    if why:
        return Meaning(None, "kept", why, seen)
    sure = shown.confidence >= options.least_confidence
    before = _sure_proof(standing, options)
    if sure and seen in STANDS and before is not None and _ends_it(standing, str(before.facts["seen"])):
        return Meaning("rebuilding_seen", "rebuilding", "", seen)
    if not sure:
        return Meaning("proof_received", "noted", "", seen)
    if _ends_it(standing, seen):
        return Meaning("proof_received", "proved" if standing.procedure != "closed" else "noted", "", seen)
    effect = "reopened" if standing.procedure in ("done", "proved", "closed") else "noted"
    return Meaning("proof_received", effect, "", seen)


def _as_ordered(standing: Standing, seen: str) -> str:
    """What was seen of the part that was ordered down, in the words of the whole."""
    decision = standing.decision
    if decision is None or "part" not in decision.facts:
        return seen
    # the look was at the part alone
    return {"gone": "partly_gone", "partly_gone": "still_there"}.get(seen, seen)


def _ends_it(standing: Standing, seen: str) -> bool:
    return seen == "gone" or (seen == "partly_gone" and standing.outcome == "partly_demolished")


def _sure_proof(standing: Standing, options: Options) -> CaseEvent | None:
    """The last proof that was sure; None without one since the last report of an end."""
    end = standing.last("demolition_done")
    for event in reversed(standing.events):
        if end is not None and event.number <= end.number:
            return None
        if event.kind == "proof_received" and event.facts["confidence"] >= options.least_confidence:
            return event
    return None


def _kept(standing: Standing, shown: Shown, seen: str, options: Options) -> str:
    """Why a look is only kept; empty where it is told."""
    if shown.seen == "unknown":
        return "unseen"
    if not is_watched(standing):
        return "not_watched"
    if shown.at <= shown_after(standing):
        return "older"
    proof = _sure_proof(standing, options)
    if proof is not None:
        told_on = str(proof.facts["shown_on"])
        by_height = shown.proof == "image" and proof.facts["proof"] == "surface_model"
        if by_height and (shown.day <= told_on or proof.facts["seen"] in SHORT):
            return "model_decides"
        if shown.day < told_on or (shown.day == told_on and shown.proof == proof.facts["proof"]):
            return "older"
    if standing.procedure not in ("done", "proved", "closed") and seen not in _ACTIVE_NEWS:
        return "standing"
    return "same" if _told_before(standing, shown, seen, options) else ""


def _told_before(standing: Standing, shown: Shown, seen: str, options: Options) -> bool:
    """Whether the last proof since the last report said the same, as surely."""
    last, end = standing.last("proof_received", "rebuilding_seen"), standing.last("demolition_done")
    if last is None or (end is not None and last.number < end.number):
        return False
    sure = shown.confidence >= options.least_confidence
    if last.kind == "rebuilding_seen":
        return seen in STANDS
    return last.facts["seen"] == seen and (last.facts["confidence"] >= options.least_confidence) is sure


def proof_overdue(standing: Standing, term_days: int, now: datetime) -> bool:
    """Whether no proof came within the bureau's own term after a demolition was reported: time for one from the field.

    Args:
        standing: Where the case stands.
        term_days: The term, calendar days; a choice of the bureau, no statute sets it.
        now: Now.
    """
    end = standing.last("demolition_done")
    return standing.procedure == "done" and end is not None and now > end.at + timedelta(days=term_days)


def reuse_wanted(standing: Standing) -> dict[str, Any] | None:
    """The plan for the freed land that can be measured from images and is not fulfilled; None without one."""
    if standing.regions["land"] != "planned":
        return None
    plan = standing.last("reuse_planned")
    return None if plan is None or plan.facts["purpose"] != "green" else dict(plan.facts)
