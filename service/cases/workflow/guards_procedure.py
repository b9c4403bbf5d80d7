"""Guards of the procedure up to the decision: approvals, review, rights, hearing, what may be decided."""

from __future__ import annotations

from datetime import date, timedelta

from service.cases.events import CaseEvent
from service.cases.workflow.context import Check, Context, Guard, No, term_over
from service.cases.workflow.standing import Standing

_OUTCOMES = {
    "fast": ("corrected", "demolished", "partly_demolished", "confiscated", "fined"),
    "slow": ("corrected", "demolished", "partly_demolished", "confiscated", "fined"),
    # 城规 65: the township orders to stop and correct, and may demolish; it neither fines nor confiscates
    "village": ("corrected", "demolished", "partly_demolished"),
    "land": ("corrected", "demolished", "partly_demolished", "confiscated", "fined"),
}


def _is_open(s: Standing, _: CaseEvent, __: Context) -> No | None:
    return (
        No("The case is not opened.", "案件尚未受理。", "Open it from a lead.") if s.procedure == "unopened" else None
    )


def _leads_named(_: Standing, e: CaseEvent, __: Context) -> No | None:
    return (
        None if e.facts["lead_ids"] else No("No lead is named.", "未载明线索。", "Name the lead that it begins with.")
    )


def _granted(flow: str, flow_zh: str) -> Check:
    def check(s: Standing, _: CaseEvent, c: Context) -> No | None:
        if s.regions[flow] == "granted" or not c.options.levels.get(flow):
            return None
        given = [str(event.facts["level"]) for event in s.granted(flow)]
        return No(
            f"The approval of {flow} is not complete: {', '.join(given) or 'no level'} of "
            f"{', '.join(c.options.levels[flow])}.",
            f"{flow_zh}审批未完成。",
            "Tell approval_asked, and approved at every level.",
        )

    return check


def _legal_passed(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.regions["legal"] == "passed":
        return None
    return No(
        f"The legal review is: {s.regions['legal']}.",
        "未经法制审核或者审核未通过。",
        "Another person reviews it (legal_review_passed).",
    )


def _no_appraisal(s: Standing, _: CaseEvent, __: Context) -> No | None:
    return (
        No("A test or appraisal is running.", "鉴定尚未结束。", "Tell appraisal_ended first.")
        if s.regions["appraisal"] == "running"
        else None
    )


def _rights_exercised(s: Standing, _: CaseEvent, c: Context) -> No | None:
    """The rights were told, and used, waived, or their term is over (处罚法 44, 45, 63, 64)."""
    if s.regions["statement"] == "received":
        return No(
            "A statement in defence is not answered.", "陈述、申辩意见尚未复核。", "Tell statement_answered first."
        )
    if s.regions["hearing"] in ("asked", "noticed"):
        return No(
            "A hearing is asked for and not held.", "听证尚未举行。", "Hold the hearing, or record its withdrawal."
        )
    settled = s.regions["hearing"] == "settled" or s.regions["statement"] in ("waived", "answered")
    notice = s.last("rights_notice_served")
    offered = notice is not None and notice.facts["hearing_offered"]
    if offered and s.regions["hearing"] != "settled" and s.regions["statement"] != "waived":
        return term_over(c, ("hearing_request",), "the time to ask for a hearing", "申请听证的期限")
    return (
        None
        if settled or notice is not None
        else No("The rights were not told.", "未告知权利。", "Serve the rights notice first.")
    )


def _hearing_in_time(_: Standing, e: CaseEvent, c: Context) -> No | None:
    clock = c.clock("hearing_request")
    if clock is None:
        return No("No hearing was offered.", "未告知听证权利。", "Serve a rights notice that offers one.")
    # asked on the last day is in time: the term runs to the end of that day
    asked, last = date.fromisoformat(str(e.facts["asked_on"])), clock.due_on
    if asked > last:
        return No(
            f"The hearing was asked for on {asked}, after {last}.",
            f"申请日期{asked}已超过期限{last}。",
            "Tell hearing_refused, or hold it all the same after a new notice.",
        )
    return None


def _hearing_late(s: Standing, _: CaseEvent, c: Context) -> No | None:
    if s.regions["hearing"] == "asked":
        return No(
            "The hearing was asked for in time.", "听证申请未逾期，不得拒绝。", "Serve the notice of the hearing."
        )
    return term_over(c, ("hearing_request",), "the time to ask for a hearing", "申请听证的期限")


def _hearing_day_far(_: Standing, e: CaseEvent, c: Context) -> No | None:
    hearing = date.fromisoformat(str(e.facts["hearing_on"]))
    served = date.fromisoformat(str(e.facts["served_on"]))
    earliest = c.calendar.add_working_days(served, 7)
    if hearing < earliest:
        return No(
            f"The hearing is on {hearing}, and seven working days after {served} end on {earliest}.",
            f"听证日期{hearing}早于通知后七个工作日（{earliest}）。",
            "Set a later day.",
        )
    return None


def _hearing_day_came(s: Standing, e: CaseEvent, _: Context) -> No | None:
    notice = s.last("hearing_notice_served")
    if notice is not None and e.day < str(notice.facts["hearing_on"]):
        return No(
            f"The hearing is on {notice.facts['hearing_on']}.",
            f"听证日期为{notice.facts['hearing_on']}。",
            "Hold it then.",
        )
    return None


def _outcome_allowed(s: Standing, e: CaseEvent, _: Context) -> No | None:
    allowed = _OUTCOMES.get(s.path, ())
    if e.facts["outcome"] not in allowed:
        return No(
            f"On the path {s.path} nothing is decided as {e.facts['outcome']}.",
            f"该办理路径不得作出“{e.facts['outcome']}”的决定。",
            f"Possible: {', '.join(allowed)}; no_penalty is an event of its own.",
        )
    return None


def _outcome_told(_: Standing, e: CaseEvent, __: Context) -> No | None:
    facts, outcome = e.facts, e.facts["outcome"]
    if outcome in ("corrected", "demolished", "partly_demolished") and "term_days" not in facts:
        return No("The decision gives no term.", "决定未载明期限。", "Tell term_days.")
    if outcome == "partly_demolished" and "part" not in facts:
        return No("The decision does not say which part.", "决定未载明拆除部分。", "Tell part, a polygon.")
    if outcome == "fined" and "fine_yuan" not in facts:
        return No("The decision gives no fine.", "决定未载明罚款数额。", "Tell fine_yuan.")
    return None


def _unknown_called(s: Standing, e: CaseEvent, c: Context) -> No | None:
    """A party that nobody knows is called by public notice, and served so (上海 9; 北京 78)."""
    if s.regions["party"] == "unknown":
        return No(
            "The party is unknown and was not called.", "当事人不明且未公告。", "Tell public_notice_posted first."
        )
    if s.regions["party"] != "called":
        return None
    if e.facts["method"] != "public_notice":
        return No(
            "An unknown party is served by public notice.",
            "当事人不明的，应当公告送达。",
            "Tell method: public_notice.",
        )
    if c.clock("unknown_party_notice") is not None:
        return term_over(c, ("unknown_party_notice",), "the public notice", "公告期")
    # no rule in use says how long: what the notice itself says holds
    posted = s.last("public_notice_posted")
    ends = (
        None if posted is None else date.fromisoformat(posted.facts["posted_on"]) + timedelta(posted.facts["term_days"])
    )
    if ends is not None and date.fromisoformat(e.day) <= ends:
        return No(
            f"The public notice runs until {ends}.", f"公告期至{ends}届满，目前尚未届满。", "Wait until it is over."
        )
    return None


def _slight_and_corrected(s: Standing, _: CaseEvent, __: Context) -> No | None:
    proof = s.last("proof_received")
    if proof is not None and proof.facts["seen"] in ("gone", "corrected"):
        return None
    return No(
        "Nothing proves that it was corrected in time.",
        "没有及时改正的证明。",
        "Record the proof (proof_received) first.",
    )


GUARDS = (
    Guard("is_open", "the case is opened", "案件已受理", "", _is_open),
    Guard("leads_named", "a lead is named", "载明线索", "", _leads_named, ("lead_ids",)),
    Guard("filing_granted", "the filing is approved at all levels", "立案审批完成", "", _granted("filing", "立案")),
    Guard(
        "penalty_granted",
        "the decision is approved at all levels",
        "处罚审批完成",
        "处罚法 57",
        _granted("penalty", "处罚"),
    ),
    Guard("closure_granted", "the closing is approved at all levels", "结案审批完成", "", _granted("closure", "结案")),
    Guard("legal_passed", "the legal review was passed", "法制审核通过", "处罚法 58", _legal_passed),
    Guard("no_appraisal", "no test or appraisal is running", "无进行中的鉴定", "", _no_appraisal),
    Guard(
        "rights_exercised",
        "statement and hearing were answered, waived, or their term is over",
        "陈述申辩及听证权利已行使、放弃或逾期",
        "处罚法 44, 45, 63, 64",
        _rights_exercised,
    ),
    Guard(
        "hearing_in_time",
        "asked for in five working days",
        "五个工作日内申请",
        "处罚法 64, 85",
        _hearing_in_time,
        ("asked_on",),
    ),
    Guard("hearing_late", "the term to ask is over", "申请期限已过", "处罚法 64, 85", _hearing_late),
    Guard(
        "hearing_day_far",
        "seven working days before the hearing",
        "听证七个工作日前通知",
        "处罚法 64, 85",
        _hearing_day_far,
        ("hearing_on", "served_on"),
    ),
    Guard("hearing_day_came", "the day of the hearing has come", "已到听证日期", "处罚法 64", _hearing_day_came),
    Guard(
        "outcome_allowed",
        "the path knows this outcome",
        "该路径允许的决定",
        "城规 64, 65; 土地 77",
        _outcome_allowed,
        ("outcome",),
    ),
    Guard("outcome_told", "the decision says what it orders", "决定内容完整", "处罚法 59", _outcome_told, ("outcome",)),
    Guard(
        "unknown_called",
        "an unknown party was called",
        "当事人不明已公告",
        "上海 9; 北京 78",
        _unknown_called,
        ("method",),
    ),
    Guard("slight_and_corrected", "it was corrected", "已及时改正", "处罚法 33", _slight_and_corrected),
)
