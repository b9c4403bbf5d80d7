"""Cases told event by event, without a store: what a test tells is checked and judged as the service does it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from geodata.io.dates import BEIJING
from service.cases.clocks.book import load_book
from service.cases.clocks.calendar import WorkCalendar
from service.cases.clocks.clock import Clock, clock_of
from service.cases.clocks.reckoning import reckon
from service.cases.clocks.terms import Book
from service.cases.events import CaseEvent
from service.cases.facts import check_facts
from service.cases.workflow.context import Actor, Context
from service.cases.workflow.machine import judge
from service.cases.workflow.replay import stand
from service.cases.workflow.standing import Options, Standing

NOW = datetime(2030, 1, 1, tzinfo=UTC)
CALENDAR = WorkCalendar()
BOOK = load_book()
TWO = ["wang", "li"]
SERVED = {"method": "in_person", "officers": TWO}
DEMOLITION: dict[str, Any] = {
    "by_whom": "forced", "officers": TWO, "urgent": False, "utilities_cut": False, "witness": "村委会 张某",
    "goods_list": True, "video": True,
}  # fmt: skip
POWERS = {
    "wang": {"officer"},
    "li": {"officer"},
    "zhao": {"legal"},
    "sun": {"approver"},
    "zhou": {"approver"},
    "kancha": {"system"},
}


def beijing(text: str) -> datetime:
    """A time in Beijing: `2025-03-03` (nine in the morning) or `2025-03-03 22:30`."""
    moment = datetime.fromisoformat(text)
    if len(text) == 10:
        moment = moment.replace(hour=9)
    return moment.replace(tzinfo=BEIJING)


@dataclass
class Story:
    """A case as it is told."""

    options: Options = field(default_factory=Options)
    book: Book = BOOK
    events: list[CaseEvent] = field(default_factory=list)

    @property
    def standing(self) -> Standing:
        return stand(self.events, self.options) if self.events else Standing("c")

    def context(self, by: str, at: datetime) -> Context:
        powers = frozenset(POWERS.get(by, {"officer"}))
        clocks = reckon(self.events, self.book, CALENDAR, at) if self.events else ()
        return Context(Actor(by, powers), NOW, self.options, clocks, self.book, CALENDAR)

    def event(self, kind: str, at: str, by: str, facts: dict[str, Any]) -> CaseEvent:
        told = check_facts(kind, facts)
        return CaseEvent("c", len(self.events) + 1, kind, beijing(at), NOW, by, told)

    def tell(self, kind: str, at: str, by: str = "wang", **facts: Any) -> Standing:
        """Tell an event, or be refused."""
        event = self.event(kind, at, by, facts)
        found = judge(self.standing, event, self.context(by, event.at))
        self.events.append(event)
        return found

    def correct(self, number: int, reason: str = "写错", **changed: Any) -> None:
        """Correct what an event told, unchecked; `void=True` takes it back, `at` moves it."""
        old = self.events[number - 1]
        at = beijing(changed.pop("at")) if "at" in changed else old.at
        facts = {"reason": reason, **({"void": True} if changed.pop("void", False) else {"facts": changed})}
        self.events.append(
            replace(old, number=len(self.events) + 1, kind="corrected", at=at, facts=facts, corrects=number)
        )

    def tell_all(self, lines: Iterable[tuple[Any, ...]]) -> Story:
        """Tell many: `(kind, at)` or `(kind, at, facts)` or `(kind, at, facts, by)`."""
        for kind, at, *more in lines:
            facts = more[0] if more else {}
            self.tell(kind, at, more[1] if len(more) > 1 else "wang", **facts)
        return self

    def clock(self, term: str, at: str) -> Clock | None:
        return clock_of(reckon(self.events, self.book, CALENDAR, beijing(at)), term)


def approval(flow: str, at: str) -> list[tuple[Any, ...]]:
    """A flow of approval by one chief."""
    return [("approval_asked", at, {"flow": flow}), ("approved", at, {"flow": flow, "level": "chief"}, "sun")]


def opened(path: str = "slow", stage: str = "finished", at: str = "2025-01-06") -> list[tuple[Any, ...]]:
    """Opened and two officers in charge."""
    facts = {"lead_ids": ["l1"], "path": path, "stage": stage, "categories": ["no_permit"]}
    return [("opened", at, facts), ("handler_set", at, {"handlers": TWO})]


def filed(path: str = "slow", stage: str = "finished") -> list[tuple[Any, ...]]:
    """Filed on 8 January 2025."""
    return [
        *opened(path, stage),
        ("inspected", "2025-01-07", {"officers": TWO, "stage": stage, "result": "一层彩钢房"}),
        *approval("filing", "2025-01-08"),
        ("filed", "2025-01-08", {"basis": ["城规 64"]}),
    ]


def notified(path: str = "slow", stage: str = "finished", *, hearing: bool = True) -> list[tuple[Any, ...]]:
    """Rights told on 10 February 2025, a Monday."""
    return [
        *filed(path, stage),
        ("investigated", "2025-02-05", {"facts": "无规划许可", "proposal": "demolished"}),
        (
            "rights_notice_served",
            "2025-02-10",
            {**SERVED, "served_on": "2025-02-10", "hearing_offered": hearing, "proposal": "demolished"},
        ),
    ]


def decided(path: str = "slow", stage: str = "finished", **decision: Any) -> list[tuple[Any, ...]]:
    """Decided on 19 February 2025 and served on the 20th."""
    facts = {"outcome": "demolished", "term_days": 15, "reason": "无法采取改正措施消除影响", **decision}
    return [
        *notified(path, stage),
        ("legal_review_passed", "2025-02-18", {"opinion": "同意"}, "zhao"),
        *approval("penalty", "2025-02-18"),
        ("decided", "2025-02-19", facts),
        ("decision_served", "2025-02-20", {**SERVED, "served_on": "2025-02-20", "rights_told": True}),
    ]


def enforcing(path: str = "slow", **decision: Any) -> list[tuple[Any, ...]]:
    """Reminded, enforcement decided, served and announced by 21 March 2025."""
    return [
        *decided(path, **decision),
        ("reminder_served", "2025-03-10", {**SERVED, "served_on": "2025-03-10", "term_days": 10}),
        ("enforcement_decided", "2025-03-25", {"reason": "逾期不拆除"}),
        ("enforcement_decision_served", "2025-03-26", {**SERVED, "served_on": "2025-03-26"}),
        ("announced", "2025-03-27", {"where": "现场及网站", "term_days": 7}),
    ]


def proof(at: str, seen: str = "gone", confidence: float = 0.95) -> tuple[Any, ...]:
    """A proof of the end by a later image."""
    facts = {"proof": "image", "seen": seen, "confidence": confidence, "shown_on": at[:10], "source": "scan s9"}
    return ("proof_received", at, facts, "kancha")


def closing(at: str, outcome: str = "demolished") -> list[tuple[Any, ...]]:
    """Approved and closed."""
    return [*approval("closure", at), ("closed", at, {"outcome": outcome, "summary": "已拆除"})]


def lives() -> dict[str, list[tuple[Any, ...]]]:
    """Whole cases, each to another end."""
    fast = [
        *opened("fast", "under_construction"),
        ("stop_order_served", "2025-01-06 14:00", {**SERVED, "served_on": "2025-01-06"}),
        ("stop_ignored", "2025-01-08", {"officers": TWO}),
        ("stop_ignored_reported", "2025-01-08", {"to": "市人民政府"}),
        ("removal_instructed", "2025-01-09", {"by_government": "县人民政府"}),
        ("sealed", "2025-01-09 15:00", {"officers": TWO, "urgent": False}),
        ("sealing_approved", "2025-01-10", {"approved_by": "局长"}, "sun"),
        ("sealing_extended", "2025-02-07", {"days": 30, "approved_by": "局长"}),
        ("demolition_started", "2025-02-10 10:00", DEMOLITION),
        ("demolition_done", "2025-02-10 15:00", {"by_whom": "forced", "extent": "full"}),
        ("sealing_lifted", "2025-02-11", {"reason": "已拆除"}),
        proof("2025-02-20"),
        *closing("2025-02-21"),
    ]
    slow = [
        *enforcing(),
        ("substitute_reminded", "2025-08-12", {**SERVED, "served_on": "2025-08-12", "demolition_on": "2025-08-21"}),
        ("demolition_started", "2025-08-21 10:00", {**DEMOLITION, "by_whom": "substitute"}),
        ("demolition_done", "2025-08-21 16:00", {"by_whom": "substitute", "extent": "full"}),
        proof("2025-09-18"),
        ("reuse_planned", "2025-09-19", {"purpose": "green", "area_m2": 200.0, "due_on": "2026-05-01"}),
        *closing("2025-09-20"),
    ]
    land = [
        *decided("land"),
        ("reminder_served", "2025-03-10", {**SERVED, "served_on": "2025-03-10", "term_days": 10}),
        ("court_application", "2025-03-25", {"court": "区人民法院", "applied_on": "2025-03-25"}),
    ]
    allowed = [*land, ("court_allowed", "2025-04-02", {"order": "（2025）行审1号"})]
    heard = [
        *notified(),
        ("hearing_asked", "2025-02-12", {"asked_on": "2025-02-12"}),
        ("hearing_notice_served", "2025-02-13", {**SERVED, "served_on": "2025-02-13", "hearing_on": "2025-02-26"}),
        ("hearing_held", "2025-02-26", {"chair": "qian", "record": "笔录"}),
    ]
    excused = [
        *notified(),
        ("legal_review_passed", "2025-02-12", {"opinion": "轻微"}, "zhao"),
        ("correction_done", "2025-02-14", {"what": "拆除超出部分"}),
        proof("2025-02-20", "corrected"),
        ("no_penalty", "2025-02-21", {"reason": "轻微并及时改正"}),
        *closing("2025-02-22", "no_penalty"),
    ]
    fined = [
        *decided(outcome="fined", fine_yuan=5000.0),
        ("fine_paid", "2025-02-26", {"paid_on": "2025-02-26", "yuan": 5000.0}),
        *closing("2025-02-27", "fined"),
    ]
    taken = [
        *decided("land", outcome="confiscated"),
        ("confiscation_done", "2025-08-21", {"to": "财政局"}),
        *closing("2025-08-22", "confiscated"),
    ]
    return {
        "fast": fast,
        "slow": slow,
        "court allows": allowed,
        "court refuses": [*land, ("court_refused", "2025-04-02", {"order": "（2025）行审1号", "reason": "程序违法"})],
        "heard": heard,
        "excused": excused,
        "fined": fined,
        "confiscated": taken,
        "transferred": [
            *filed(),
            ("transferred", "2025-01-10", {"to": "自然资源局", "reason": "占用耕地"}),
            *closing("2025-01-22", "transferred"),
        ],
        "declined": [
            *opened(),
            ("filing_declined", "2025-01-08", {"reason": "有许可"}),
            *closing("2025-01-09", "not_filed"),
        ],
        "terminated": [
            *enforcing(),
            ("terminated", "2025-04-01", {"ground": "标的灭失"}),
            *closing("2025-04-02", "terminated"),
        ],
        "withdrawn": [
            *decided(),
            ("decision_overturned", "2025-03-01", {"by_whom": "本机关", "reason": "认定有误"}),
            *closing("2025-03-02", "withdrawn"),
        ],
        "refused": [
            *notified(),
            ("approval_asked", "2025-02-11", {"flow": "penalty"}),
            ("rejected", "2025-02-11", {"flow": "penalty", "level": "chief", "reason": "证据不足"}, "sun"),
        ],
    }
