"""No sequence of events brings a case into an illegal state, past a guard, or loses a term."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from geodata.io.dates import BEIJING
from service.cases.clocks.clock import Clock, State
from service.cases.clocks.counting import add_months
from service.cases.clocks.reckoning import reckon
from service.cases.errors import CaseMoveError, CaseRightError
from service.cases.events import FLOWS, CaseEvent
from service.cases.workflow.machine import following, judge
from service.cases.workflow.regions import PROCEDURE, REGIONS
from service.cases.workflow.replay import stand, way_of
from service.cases.workflow.standing import Options, Standing
from service.cases.workflow.table import RULES
from tests.property.case_walk import START, draw_event
from tests.unit.cases.workflow.story_kit import (
    BOOK,
    CALENDAR,
    Story,
    decided,
    enforcing,
    filed,
    lives,
    notified,
    opened,
)

BEGINNINGS = (
    [],
    opened("fast", "under_construction", "2024-03-04"),
    filed("slow"),
    notified("village"),
    decided("slow"),
    enforcing("slow"),
    *lives().values(),
)


class Case(RuleBasedStateMachine):
    """Anybody tells anything at any time; what is accepted is looked at by other means than the guards."""

    def __init__(self) -> None:
        super().__init__()
        self.story, self.now = Story(), START
        self.clocks: dict[str, Clock] = {}
        self.refusals: list[CaseMoveError] = []

    @initialize(begun=st.integers(0, len(BEGINNINGS) - 1))
    def begin(self, begun: int) -> None:
        self.story.tell_all(BEGINNINGS[begun])
        if self.story.events:
            self.now = max(event.at for event in self.story.events)

    @rule(seed=st.integers(0, 2**32 - 1), wild=st.booleans())
    def tell(self, seed: int, wild: bool) -> None:
        pick, before = random.Random(seed), self.story.standing
        context = self.story.context("wang", self.now)
        near = [kind for kind in RULES if any(way_at(before, kind))] if not wild else list(RULES)
        event = draw_event(self.story, pick, near or list(RULES), self.now)
        try:
            after = judge(before, event, self.story.context(event.by, event.at))
        except CaseRightError:
            return
        except CaseMoveError as error:
            self.refusals.append(error)
            return
        assert following(before, context) or event.by != "wang"
        self.story.events.append(event)
        self.now = max(self.now, event.at)
        assert after.regions == self.story.standing.regions
        for check in CHECKS.get(event.kind, ()):
            check(before, event)

    @invariant()
    def every_region_is_in_one_of_its_states(self) -> None:
        standing = self.story.standing
        assert all(standing.regions[region] in states for region, states in REGIONS.items())
        assert standing.stray == () and [e.number for e in standing.events] == list(range(1, len(standing.events) + 1))

    @invariant()
    def a_refusal_says_why(self) -> None:
        assert all(e.remedy and ("history" in e.measured or e.code == "case-time") for e in self.refusals[-1:])

    @invariant()
    def no_term_is_lost(self) -> None:
        if not self.story.events:
            return
        told = {clock.key: clock for clock in reckon(self.story.events, BOOK, CALENDAR, self.now)}
        for key, old in self.clocks.items():
            row = BOOK.term(old.term_id)
            if key not in told and row is not None and row.follows is not None:
                # it runs behind others, and one of them runs anew: a review that was applied for late
                assert any(
                    one.open or one.state is State.OVERDUE for one in told.values() if one.term_id in row.follows.terms
                )
                continue
            assert key in told
            assert told[key].started_on == old.started_on
            if old.state in (State.LAPSED, State.MET):
                assert told[key].state is old.state or told[key].pauses, (key, old.state, told[key].state)
        self.clocks = told


def way_at(standing: Standing, kind: str) -> list[bool]:
    return [all(standing.regions[r] in states for r, states in way.at.items()) for way in RULES[kind].ways]


def day(event: CaseEvent) -> date:
    return event.at.astimezone(BEIJING).date()


def two_officers(_: Standing, event: CaseEvent) -> None:
    assert len(set(event.facts["officers"])) >= 2


def decided_after_all_that_must_be(before: Standing, event: CaseEvent) -> None:
    kinds = [one.kind for one in before.events]
    told = len(kinds) - 1 - kinds[::-1].index("rights_notice_served")
    passed = max(k for k, kind in enumerate(kinds) if kind == "legal_review_passed")
    assert before.events[passed].by not in before.investigators and "returned" not in kinds[passed:]
    waiting = [k for k in kinds[told:] if k in ("statement_received", "statement_answered", "rights_waived")]
    assert waiting[-1:] != ["statement_received"] and before.regions["penalty"] == "granted"
    notice = before.events[told]
    if (
        notice.facts["hearing_offered"]
        and before.regions["hearing"] != "settled"
        and "rights_waived" not in kinds[told:]
    ):
        last = CALENDAR.add_working_days(date.fromisoformat(notice.facts["served_on"]), 5)
        assert day(event) > last


def demolished_by_law(before: Standing, event: CaseEvent) -> None:
    facts, at = event.facts, event.at.astimezone(BEIJING)
    assert len(set(facts["officers"])) >= 2 and facts["goods_list"] and facts["video"] and not facts["utilities_cut"]
    if not facts["urgent"]:
        assert 6 <= at.hour < 22 and not CALENDAR.is_statutory_holiday(at.date())
    kinds = [one.kind for one in before.events]
    for held, freed in (("court_hold", "court_hold_lifted"), ("hardship_held", "hardship_released")):
        assert kinds.count(held) <= kinds.count(freed) + kinds.count("suspended") * (held == "hardship_held")
    if before.stage == "under_construction" and before.path == "fast":
        assert "stop_ignored" in kinds or "enforcement_decision_served" in kinds
        return
    assert "announced" in kinds and ("enforcement_decision_served" in kinds or "court_allowed" in kinds)
    assert kinds.count("review_applied") <= kinds.count("review_decided")
    served = [one for one in before.events if one.kind == "decision_served"][-1]
    since = date.fromisoformat(served.facts["served_on"])
    if not any(kind in kinds for kind in ("review_decided", "suit_decided")):
        wait = since + timedelta(days=15) if before.path == "land" else add_months(since, 6)
        assert day(event) > wait


def closed_with_proof(before: Standing, event: CaseEvent) -> None:
    if event.facts["outcome"] in ("demolished", "corrected", "partly_demolished"):
        last = [one for one in before.events if one.kind == "proof_received"][-1]
        assert last.facts["seen"] in ("gone", "corrected", "partly_gone") and last.facts["confidence"] >= 0.8
    assert before.regions["seal"] == "unsealed" and before.regions["closure"] == "granted"


CHECKS = {
    "decided": (decided_after_all_that_must_be,),
    "demolition_started": (demolished_by_law,),
    "closed": (closed_with_proof,),
    **dict.fromkeys(
        ("inspected", "stop_order_served", "sealed", "reminder_served", "decision_served"), (two_officers,)
    ),
}
TestCase = Case.TestCase
TestCase.settings = settings(
    max_examples=60, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_every_way_of_the_table_can_be_gone() -> None:
    wanted = {(kind, k) for kind, rule in RULES.items() for k in range(len(rule.ways))}
    gone: set[tuple[str, int]] = set()
    for walk in range(40 * len(BEGINNINGS)):
        options = Options(levels=dict.fromkeys(FLOWS, ("chief", "leader"))) if walk % 3 == 2 else Options()
        story = wander(BEGINNINGS[walk % len(BEGINNINGS)], options, random.Random(walk), wanted - gone)
        gone |= ways_of(story)
        if gone >= wanted:
            break
    assert sorted(wanted - gone) == []


def wander(begun: list[tuple[Any, ...]], options: Options, pick: random.Random, new: set[tuple[str, int]]) -> Story:
    """A case that goes on at random, along new ways where there are some."""
    story = Story(options)
    for line in begun:
        story.tell_all([line])
        if line[0] == "approved" and len(options.levels["filing"]) == 2:
            story.tell_all([("approved", line[1], {**line[2], "level": "leader"}, "zhou")])
    now = max((event.at for event in story.events), default=START)
    for _ in range(40):
        standing = story.standing
        near = [kind for kind in RULES if any(way_at(standing, kind))]
        fresh = [kind for kind in near if any(name == kind for name, _ in new)]
        event = draw_event(story, pick, fresh if fresh and pick.random() < 0.7 else near, now)
        try:
            judge(standing, event, story.context(event.by, event.at))
        except (CaseMoveError, CaseRightError):
            continue
        story.events.append(event)
        now = max(now, event.at)
    return story


def ways_of(story: Story) -> set[tuple[str, int]]:
    found = set()
    for place, event in enumerate(story.events):
        before = stand(story.events[:place], story.options) if place else Standing("c")
        way = way_of(before, event, story.options)
        assert way is not None
        found.add((event.kind, RULES[event.kind].ways.index(way)))
    return found


@pytest.mark.parametrize("state", [state for state in REGIONS[PROCEDURE] if state != "unopened"])
def test_no_state_of_the_procedure_is_a_dead_end_or_out_of_reach(state: str) -> None:
    ways = [way for one in RULES.values() for way in one.ways]
    into = [way for way in ways if way.to.get(PROCEDURE) == state]
    out = [way for way in ways if state in way.at.get(PROCEDURE, ()) and PROCEDURE in way.to]
    assert into and out
