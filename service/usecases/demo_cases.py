"""Cases of the demonstration: one begun today, one whose term runs out this week, one that is late; and a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from service.auth.people import Person, caller_of_person
from service.cases.leads.triage import Proof
from service.errors import ConflictError
from service.services import Services
from service.store.queries import FeatureQuery
from service.usecases.campaigns import Beginning, begin, list_campaigns
from service.usecases.case_parties import name_party
from service.usecases.cases import Telling, tell
from service.usecases.demo_people import stand_in
from service.usecases.lead_cases import CaseAsked, case_of_lead
from service.usecases.lead_sources import gather_leads
from service.usecases.leads import LeadJudgement, judge_lead, lead_queue

_STOPPED = ("inspected", "stop_order_served", "stop_obeyed")
_FILED = ("approval_asked", "approved", "filed")


@dataclass(frozen=True)
class _Plan:
    """A case as far as it has come.

    Args:
        days: Opened so many days ago; each event follows a day after the one before.
        path: How it is dealt with.
        stage: What stood there.
        events: What happened since.
    """

    days: int
    path: str
    stage: str
    events: Sequence[str]


# a decision is due 90 days after the filing (行政处罚法 60), which comes six days after the opening, or four
_PLANS = (
    _Plan(0, "fast", "under_construction", ()),
    _Plan(93, "slow", "under_construction", (*_STOPPED, *_FILED)),
    _Plan(120, "slow", "finished", ("inspected", *_FILED)),
)


def open_demo_cases(services: Services) -> int:
    """Judge the first leads of the demonstration unlawful, and let their cases come as far as their plans say.

    Nothing is done where a case is stored already, or where fewer leads wait.

    Returns:
        How many were opened.
    """
    if services.store.cases.features(FeatureQuery(limit=1)).items:
        return 0
    # a scan's findings become leads a moment after it
    gather_leads(services)
    queue = lead_queue(services, FeatureQuery(equals={"state": "open"}, limit=len(_PLANS)))
    leads = [str(orjson.loads(one)["id"]) for one in queue.items]
    if len(leads) < len(_PLANS):
        return 0
    people = {name: stand_in(services, name) for name in ("wang", "li", "sun")}
    now = datetime.now(UTC)
    for lead, plan in zip(leads, _PLANS, strict=True):
        _Case(services, people, plan, now).opened(lead)
    if not list_campaigns(services, 1).items:
        by = (now + timedelta(days=60)).date().isoformat()
        begin(services, Beginning("违法建设清零行动", targets=[{"village": "", "open_at_most": 0, "by": by}]))
    return len(_PLANS)


class _Case:
    def __init__(self, services: Services, people: Mapping[str, Person], plan: _Plan, now: datetime) -> None:
        self._services, self._people, self._plan = services, people, plan
        # no event may lie ahead of now: a case that begins today began an hour ago
        self._at = now - timedelta(days=plan.days, hours=1)

    def opened(self, lead: str) -> None:
        """The lead judged, its case opened, and all that followed."""
        wang = self._as("wang")
        proof = Proof("evidence", "现场检查记录（演示）")
        judge_lead(wang, lead, LeadJudgement(2, "unlawful", "现场核实，无规划许可（演示）", (proof,)))
        facts = {"path": self._plan.path, "stage": self._plan.stage, "categories": ["no_permit"]}
        _, view, new = case_of_lead(wang, lead, CaseAsked(facts, at=self._at))
        if not new:
            raise ConflictError("The structure of the demonstration has a case.", remedy="Choose another data folder.")
        self._case = view.row.id
        name_party(wang, self._case, {"name": "赵某某（示例）", "address": "示范路8号"}, self._next(minutes=10))
        self._tell("handler_set", {"handlers": self._two}, minutes=20)
        for kind in self._plan.events:
            self._tell(kind, self._facts(kind), days=1)

    def _facts(self, kind: str) -> dict[str, Any]:
        served = {"method": "in_person", "served_on": (self._at + timedelta(days=1, hours=8)).date().isoformat()}
        told: dict[str, dict[str, Any]] = {
            "inspected": {
                "officers": self._two,
                "stage": self._plan.stage,
                "result": "现场有一处彩钢结构，当事人不能提供规划许可。",
            },
            "stop_order_served": {**served, "officers": self._two},
            "stop_obeyed": {"officers": self._two},
            "approval_asked": {"flow": "filing"},
            "approved": {"flow": "filing", "level": "chief"},
            "filed": {"basis": ["城规 64"]},
        }
        return told[kind]

    def _tell(self, kind: str, facts: Mapping[str, Any], **after: int) -> None:
        who = "sun" if kind == "approved" else "wang"
        tell(self._as(who), self._case, Telling(kind, dict(facts), self._next(**after)))

    def _next(self, **after: int) -> datetime:
        self._at += timedelta(**after)
        return self._at

    def _as(self, name: str) -> Services:
        return replace(self._services, caller=caller_of_person(self._people[name]))

    @property
    def _two(self) -> list[str]:
        return [self._people["wang"].id, self._people["li"].id]
