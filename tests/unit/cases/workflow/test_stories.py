"""Whole cases on each lawful path, and what refuses a step that comes too early."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from service.cases.clocks.book import load_book
from service.cases.errors import CaseFactError, CaseMoveError, CaseRightError, CaseTimeError
from service.cases.workflow.standing import Options
from tests.unit.cases.workflow.story_kit import (
    DEMOLITION,
    SERVED,
    TWO,
    Story,
    approval,
    closing,
    decided,
    enforcing,
    filed,
    notified,
    opened,
    proof,
)


def refused(story: Story, kind: str, at: str, *words: str, by: str = "wang", **facts: Any) -> CaseMoveError:
    """Telling it is refused, and the refusal names these articles or words; nothing changes."""
    known = len(story.events)
    with pytest.raises(CaseMoveError) as caught:
        story.tell(kind, at, by, **facts)
    assert len(story.events) == known
    for word in words:
        assert word in str(caught.value) or word in str(caught.value.measured), (word, str(caught.value))
    return caught.value


def due(story: Story) -> object:
    clock = story.clock("order_term", "2025-03-01")
    return None if clock is None else clock.due_on


def test_a_finished_building_waits_for_review_and_suit() -> None:
    story = Story().tell_all(enforcing())
    # 60 days from 20 February end on 21 April; six months on 20 August
    refused(story, "demolition_started", "2025-04-10 10:00", "强制法 44", "2025-04-21", **DEMOLITION)
    refused(story, "demolition_started", "2025-08-20 10:00", "强制法 44", "2025-08-20", **DEMOLITION)
    story.tell("demolition_started", "2025-08-21 10:00", **DEMOLITION)
    story.tell("demolition_done", "2025-08-21 16:00", by_whom="forced", extent="full")
    refused(story, "closed", "2025-08-22", outcome="demolished", summary="已拆除")
    story.tell_all([proof("2025-09-18"), *closing("2025-09-20")])
    assert story.standing.procedure == "closed" and story.standing.outcome == "demolished"


def test_while_it_is_built_the_stop_order_comes_first_and_nothing_waits() -> None:
    story = Story().tell_all(opened("fast", "under_construction"))
    refused(story, "demolition_started", "2025-01-07 10:00", "site", **DEMOLITION)
    story.tell("stop_order_served", "2025-01-06 14:00", **SERVED, served_on="2025-01-06")
    refused(story, "removal_instructed", "2025-01-08", "城规 68", by_government="县人民政府")
    story.tell("stop_ignored", "2025-01-08", officers=TWO, built_after_order_m2=40.0)
    story.tell("removal_instructed", "2025-01-09", by_government="县人民政府")
    story.tell("sealed", "2025-01-09 15:00", officers=TWO, urgent=False)
    story.tell("demolition_started", "2025-01-10 10:00", **DEMOLITION)
    story.tell_all([("demolition_done", "2025-01-10 15:00", {"by_whom": "forced", "extent": "full"})])
    story.tell_all([proof("2025-01-20"), *approval("closure", "2025-01-21")])
    refused(story, "closed", "2025-01-21", "强制法 25", "sealed", outcome="demolished", summary="已拆除")
    story.tell_all([("sealing_lifted", "2025-01-21", {"reason": "已拆除"})])
    story.tell("closed", "2025-01-22", outcome="demolished", summary="已拆除")


def test_the_bureau_may_have_the_fast_path_wait_too() -> None:
    story = Story(Options(wait_under_construction=True)).tell_all(opened("fast", "under_construction"))
    story.tell("stop_order_served", "2025-01-06 14:00", **SERVED, served_on="2025-01-06")
    story.tell("stop_ignored", "2025-01-08", officers=TWO)
    story.tell("removal_instructed", "2025-01-09", by_government="县人民政府")
    refused(story, "demolition_started", "2025-01-10 10:00", "强制法 44", **DEMOLITION)


def test_a_building_that_was_finished_meanwhile_leaves_the_fast_path() -> None:
    story = Story().tell_all(opened("fast", "under_construction"))
    story.tell("stop_order_served", "2025-01-06 14:00", **SERVED, served_on="2025-01-06")
    story.tell("stop_ignored", "2025-01-08", officers=TWO)
    story.tell("removal_instructed", "2025-01-09", by_government="县人民政府")
    story.tell("inspected", "2025-02-01", officers=TWO, stage="finished", result="已完工")
    refused(story, "demolition_started", "2025-02-03 10:00", "城规 68", "finished", **DEMOLITION)


def test_the_land_path_goes_to_the_court() -> None:
    story = Story().tell_all(decided("land"))
    story.tell("reminder_served", "2025-03-10", **SERVED, served_on="2025-03-10", term_days=10)
    refused(story, "enforcement_decided", "2025-03-25", "强制法 53", reason="逾期")
    # fifteen days to sue end on 7 March; ten working days after the reminder end on 24 March
    court = {"court": "区人民法院", "applied_on": "2025-03-24"}
    refused(story, "court_application", "2025-03-24", "强制法 54", **court)
    story.tell("court_application", "2025-03-25", **court | {"applied_on": "2025-03-25"})
    refused(story, "demolition_started", "2025-03-26 10:00", **DEMOLITION)
    story.tell("court_allowed", "2025-04-02", order="（2025）行审1号")
    story.tell("announced", "2025-04-03", where="现场", term_days=5)
    story.tell("demolition_started", "2025-04-14 10:00", **DEMOLITION)
    assert story.standing.procedure == "demolishing"


def test_a_village_case_ends_by_the_partys_own_hands() -> None:
    story = Story().tell_all(decided("village"))
    story.tell("demolition_done", "2025-03-01", by_whom="self", extent="full")
    story.tell_all([proof("2025-03-10"), *closing("2025-03-12")])
    assert story.standing.procedure == "closed"
    with pytest.raises(CaseMoveError, match="village"):
        Story().tell_all(decided("village", outcome="confiscated"))


def test_a_hearing_that_is_asked_for_in_time_is_held_before_the_decision() -> None:
    story = Story().tell_all(notified())
    refused(story, "decided", "2025-02-13", "处罚法 58", outcome="demolished", term_days=15, reason="x")
    story.tell_all(
        [("legal_review_passed", "2025-02-12", {"opinion": "同意"}, "zhao"), *approval("penalty", "2025-02-12")]
    )
    decision = {"outcome": "demolished", "term_days": 15, "reason": "无法改正"}
    # five working days from Monday the 10th end on Monday the 17th
    refused(story, "decided", "2025-02-17", "处罚法 44", "2025-02-17", **decision)
    refused(story, "hearing_refused", "2025-02-17", "2025-02-17", reason="逾期")
    story.tell("hearing_asked", "2025-02-17", asked_on="2025-02-17")
    refused(story, "decided", "2025-02-18", "hearing", **decision)
    # seven working days after 18 February end on the 27th
    refused(
        story,
        "hearing_notice_served",
        "2025-02-18",
        "2025-02-27",
        **SERVED,
        served_on="2025-02-18",
        hearing_on="2025-02-26",
    )
    story.tell("hearing_notice_served", "2025-02-18", **SERVED, served_on="2025-02-18", hearing_on="2025-02-28")
    refused(story, "hearing_held", "2025-02-27", "2025-02-28", chair="qian", record="笔录")
    refused(story, "hearing_held", "2025-02-28", "处罚法 64", chair="li", record="笔录")
    story.tell("hearing_held", "2025-02-28", chair="qian", record="笔录")
    story.tell("decided", "2025-03-03", **decision)


def test_a_late_wish_for_a_hearing_is_refused_and_the_decision_follows() -> None:
    story = Story().tell_all(notified())
    refused(story, "hearing_asked", "2025-02-18", "2025-02-17", asked_on="2025-02-18")
    story.tell("hearing_refused", "2025-02-18", reason="逾期")
    story.tell_all(
        [("legal_review_passed", "2025-02-18", {"opinion": "同意"}, "zhao"), *approval("penalty", "2025-02-18")]
    )
    story.tell("decided", "2025-02-19", outcome="demolished", term_days=15, reason="无法改正")


def test_a_statement_that_is_accepted_sends_the_case_back_to_a_new_review() -> None:
    story = Story().tell_all(notified())
    story.tell_all(
        [("legal_review_passed", "2025-02-11", {"opinion": "同意"}, "zhao"), *approval("penalty", "2025-02-11")]
    )
    story.tell("statement_received", "2025-02-12", summary="有审批")
    refused(story, "decided", "2025-02-19", "statement", outcome="demolished", term_days=15, reason="x")
    story.tell("statement_answered", "2025-02-13", accepted=True, answer="部分采纳")
    now = story.standing
    assert (now.procedure, now.regions["legal"], now.regions["penalty"]) == ("investigated", "unreviewed", "none")


def test_nobody_reviews_or_approves_what_he_handled() -> None:
    story = Story().tell_all(notified())
    with pytest.raises(CaseRightError, match="legal reviewer"):
        story.tell("legal_review_passed", "2025-02-12", "wang", opinion="同意")
    story = Story().tell_all(opened())
    story.tell("handler_set", "2025-01-06", handlers=["sun", "zhao"])
    story.tell("approval_asked", "2025-01-07", flow="filing")
    refused(story, "approved", "2025-01-07", "处罚法 57", by="sun", flow="filing", level="chief")
    refused(story, "filed", "2025-01-08", "approval", basis=["城规 64"])
    refused(story, "handler_set", "2025-01-08", "处罚法 42", handlers=["wang", "wang"])


def test_levels_of_approval_come_in_their_order_each_by_another_person() -> None:
    story = Story(
        Options(
            levels={"filing": ("section", "leader"), "penalty": (), "closure": ()}, approvers={"leader": ("zheng",)}
        )
    )
    story.tell_all(opened())
    story.tell("approval_asked", "2025-01-07", flow="filing")
    refused(story, "approved", "2025-01-07", "section", by="sun", flow="filing", level="leader")
    story.tell("approved", "2025-01-07", "sun", flow="filing", level="section")
    refused(story, "approved", "2025-01-07", "leader", by="sun", flow="filing", level="leader")
    with pytest.raises(CaseRightError):
        story.tell("approved", "2025-01-07", "zheng", flow="filing", level="leader")
    refused(story, "filed", "2025-01-07", "section", basis=["城规 64"])


def test_nothing_is_demolished_at_night_on_holidays_or_without_witnesses() -> None:
    story = Story().tell_all(enforcing())
    refused(story, "demolition_started", "2025-08-21 22:30", "强制法 43", "22:30", **DEMOLITION)
    refused(story, "demolition_started", "2025-10-01 10:00", "强制法 43", "2025-10-01", **DEMOLITION)
    refused(story, "demolition_started", "2025-08-21 10:00", "强制法 43", **DEMOLITION | {"utilities_cut": True})
    refused(
        story, "demolition_started", "2025-08-21 10:00", "北京 69", "goods_list", **DEMOLITION | {"goods_list": False}
    )
    refused(story, "demolition_started", "2025-08-21 22:30", "urgency", **DEMOLITION | {"urgent": True})
    refused(story, "demolition_started", "2025-08-21 10:00", "处罚法 42", **DEMOLITION | {"officers": ["wang"]})
    with pytest.raises(CaseFactError, match="witness is missing"):
        story.tell("demolition_started", "2025-08-21 10:00", **{k: v for k, v in DEMOLITION.items() if k != "witness"})
    story.tell("demolition_started", "2025-08-21 22:30", **DEMOLITION | {"urgent": True, "reason": "随时可能倒塌"})


@pytest.mark.parametrize(
    ("hold", "release", "what"),
    [
        (("court_hold", {"order": "停止执行"}), ("court_hold_lifted", {"order": "恢复"}), "行诉 56"),
        (("hardship_held", {"reason": "无其他住房"}), ("hardship_released", {"reason": "已安置"}), "浙江 20"),
        (("suspended", {"ground": "案外人主张权利"}), ("resumed", {"reason": "异议不成立"}), "强制法 39"),
        (
            ("agreement_made", {"text": "分期", "until": "2025-12-01"}),
            ("agreement_broken", {"reason": "未履行"}),
            "强制法 39",
        ),
    ],
)
def test_what_holds_a_case_holds_the_demolition(
    hold: tuple[str, dict[str, Any]], release: tuple[str, dict[str, Any]], what: str
) -> None:
    story = Story().tell_all(enforcing())
    story.tell(hold[0], "2025-08-01", **hold[1])
    refused(story, "demolition_started", "2025-08-21 10:00", what, **DEMOLITION)
    story.tell(release[0], "2025-08-25", **release[1])
    story.tell("demolition_started", "2025-08-26 10:00", **DEMOLITION)


def test_a_pending_suit_stops_it_and_one_that_is_lost_lets_it_go_on() -> None:
    story = Story().tell_all(enforcing())
    story.tell("suit_filed", "2025-08-10", filed_on="2025-08-10")
    refused(story, "demolition_started", "2025-09-01 10:00", "强制法 44", "suit", **DEMOLITION)
    story.tell("suit_decided", "2025-10-20", result="upheld", final=True)
    story.tell("demolition_started", "2025-10-21 10:00", **DEMOLITION)


def test_a_revoked_decision_is_no_decision_and_the_case_begins_anew() -> None:
    story = Story().tell_all(decided())
    story.tell("review_applied", "2025-03-01", applied_on="2025-03-01")
    story.tell("review_decided", "2025-04-25", result="revoked", served_on="2025-04-25")
    assert story.standing.procedure == "overturned" and story.standing.decision is None
    story.tell("decision_withdrawn", "2025-04-27", where="网站")
    story.tell("reopened", "2025-04-28", reason="重新调查")
    now = story.standing
    assert now.procedure == "filed" and now.regions["legal"] == "unreviewed" and now.regions["review"] == "none"


@pytest.mark.parametrize("seen", ["still_there", "covered", "refilled", "partly_gone"])
def test_a_proof_that_falls_short_brings_the_case_back(seen: str) -> None:
    story = Story().tell_all(enforcing())
    story.tell("demolition_started", "2025-08-21 10:00", **DEMOLITION)
    story.tell("demolition_done", "2025-08-21 16:00", by_whom="forced", extent="full")
    story.tell_all([proof("2025-09-01", seen, 0.5)])
    assert story.standing.procedure == "done"
    story.tell_all([proof("2025-09-18", seen)])
    assert story.standing.procedure == "demolishing"
    story.tell("demolition_done", "2025-09-20 16:00", by_whom="forced", extent="full")
    story.tell_all([proof("2025-10-18"), *closing("2025-10-20")])
    # soil on concrete for the photograph, seen in spring
    story.tell_all([proof("2026-03-01", "refilled")])
    assert story.standing.procedure == "demolishing" and story.standing.regions["closure"] == "none"


def test_what_is_ordered_in_part_is_proved_in_part() -> None:
    part = {"type": "Polygon", "coordinates": [[[114, 36], [114.1, 36], [114.1, 36.1], [114, 36]]]}
    with pytest.raises(CaseMoveError, match="which part"):
        Story().tell_all(decided(outcome="partly_demolished"))
    story = Story().tell_all(decided(outcome="partly_demolished", part=part))
    story.tell("demolition_done", "2025-03-01", by_whom="self", extent="part")
    story.tell_all([proof("2025-03-10", "partly_gone"), *closing("2025-03-12", "partly_demolished")])
    assert story.standing.procedure == "closed"


def test_slight_and_corrected_in_time_is_not_punished() -> None:
    story = Story().tell_all(notified())
    story.tell("legal_review_passed", "2025-02-12", "zhao", opinion="轻微")
    refused(story, "no_penalty", "2025-02-12", "处罚法 33", reason="轻微")
    story.tell("correction_done", "2025-02-14", what="拆除超出部分")
    story.tell_all([proof("2025-02-20", "corrected")])
    story.tell("no_penalty", "2025-02-21", reason="轻微并及时改正")
    story.tell_all(closing("2025-02-22", "no_penalty"))
    assert story.standing.procedure == "closed"


def test_a_fine_is_paid_before_the_case_is_closed() -> None:
    story = Story().tell_all(decided(outcome="fined", fine_yuan=5000.0))
    story.tell_all(approval("closure", "2025-02-25"))
    refused(story, "closed", "2025-02-25", "处罚法 67", outcome="fined", summary="x")
    story.tell("fine_paid", "2025-02-26", paid_on="2025-02-26", yuan=5000.0)
    story.tell("closed", "2025-02-27", outcome="fined", summary="已缴纳")
    with pytest.raises(CaseMoveError, match="No fine"):
        Story().tell_all([*decided(), ("fine_paid", "2025-03-01", {"paid_on": "2025-03-01", "yuan": 1.0})])


def test_an_unknown_party_is_called_by_public_notice() -> None:
    story = Story().tell_all(decided()[:-1])
    story.tell("party_unknown", "2025-02-19", search="走访、查询登记")
    served = {**SERVED, "served_on": "2025-02-20", "rights_told": True}
    refused(story, "decision_served", "2025-02-20", "上海 9", **served)
    story.tell("public_notice_posted", "2025-02-20", where="现场及网站", posted_on="2025-02-20", term_days=10)
    refused(story, "decision_served", "2025-03-03", "public notice", **served)
    by_notice = {**served, "method": "public_notice"}
    refused(story, "decision_served", "2025-03-02", "上海 9", "2025-03-02", **by_notice)
    at_shanghai = replace(story, book=load_book(["shanghai"]))
    refused(at_shanghai, "decision_served", "2025-03-02", "上海 9", "2025-03-03", **by_notice)
    story.tell("decision_served", "2025-03-04", **by_notice | {"served_on": "2025-03-04"})


def test_transferred_declined_and_terminated_cases_close_as_what_they_are() -> None:
    moved = Story().tell_all([*filed(), ("transferred", "2025-01-10", {"to": "自然资源局", "reason": "占用耕地"})])
    moved.tell("transfer_returned", "2025-01-20", reason="不属管辖")
    assert moved.standing.procedure == "filed"
    moved.tell("transferred", "2025-01-21", to="自然资源局", reason="占用耕地")
    refused(moved, "closed", "2025-01-22", outcome="demolished", summary="x")
    moved.tell_all(closing("2025-01-22", "transferred"))
    none = Story().tell_all([*opened(), ("filing_declined", "2025-01-08", {"reason": "有许可"})])
    none.tell_all(closing("2025-01-09", "not_filed"))
    none.tell("reopened", "2025-02-09", reason="许可系伪造")
    assert none.standing.procedure == "open"
    over = Story().tell_all([*enforcing(), ("terminated", "2025-04-01", {"ground": "标的灭失"})])
    over.tell_all(closing("2025-04-02", "terminated"))
    assert {s.standing.procedure for s in (moved, over)} == {"closed"}


def test_what_is_told_for_the_future_or_before_what_it_follows_is_refused() -> None:
    story = Story().tell_all(filed())
    with pytest.raises(CaseTimeError, match="still to come"):
        story.tell("noted", "2031-01-01", text="x")
    with pytest.raises(CaseTimeError, match="before Filed"):
        story.tell("investigated", "2025-01-07", facts="x", proposal="demolished")
    # what moves nothing may be told afterwards
    story.tell("interviewed", "2025-01-07", officers=TWO)


def test_a_refusal_names_the_history_of_the_case() -> None:
    error = refused(Story().tell_all(filed()), "closed", "2025-01-09", outcome="demolished", summary="x")
    told: Any = error.measured["history"]
    assert [one["event"] for one in told][-1] == "filed" and told[0]["title_zh"] == "受理"
    assert error.title_zh == "案件不能办理该事项"


def test_a_correction_moves_what_follows_and_shows_what_was_too_early() -> None:
    story = Story().tell_all(decided())
    assert str(due(story)) == "2025-03-07"
    served = next(e.number for e in story.events if e.kind == "decision_served")
    story.correct(served, served_on="2025-02-25")
    assert str(due(story)) == "2025-03-12"
    assert story.standing.procedure == "served" and story.standing.stray == ()
    # who takes back the decision takes away what its service rests on
    decision = next(e.number for e in story.events if e.kind == "decided")
    story.correct(decision, void=True)
    assert [e.kind for e in story.standing.stray] == ["decision_served"]
