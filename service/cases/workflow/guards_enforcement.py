"""Guards of what is done by force: stopping, sealing, reminding, the court, demolishing, closing."""

from __future__ import annotations

from geodata.io.dates import BEIJING
from service.cases.events import CaseEvent
from service.cases.workflow.context import Context, Guard, No, term_over
from service.cases.workflow.standing import Standing

_REMEDY_ZH = {"review": "行政复议", "suit": "行政诉讼"}
# the twenty years for real estate (复议法 21, 行诉 46) run for those who never heard of it: nobody waits for them
_REVIEW = ("review_right", "review_right_untold")


def _being_built(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.stage == "under_construction":
        return None
    return No(
        "The building was seen finished: there is nothing to stop.",
        "建筑已建成，不适用责令停止建设。",
        "Take the slow path: decision, reminder, announcement.",
    )


def _on_fast_path(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.path == "fast":
        return None
    return No(f"The case is on the path {s.path}.", "本案不属于快速办理路径。", "Tell classified, if it is wrong.")


def _seal_lawful(s: Standing, e: CaseEvent, _: Context) -> No | None:
    if s.regions["site"] == "instructed" or e.facts["urgent"] or e.facts.get("approved_by"):
        return None
    return No(
        "The sealing is neither instructed, nor approved, nor urgent.",
        "查封未经责成、批准，也非情况紧急。",
        "Name who approved it, or say that it is urgent: then it is approved within 24 hours.",
    )


def _extension_short(s: Standing, e: CaseEvent, _: Context) -> No | None:
    sealed = s.last("sealed")
    earlier = [event for event in s.all("sealing_extended") if sealed and event.number > sealed.number]
    if earlier or e.facts["days"] > 30:
        return No(
            f"A sealing is extended once, by 30 days at most; asked: {e.facts['days']}.",
            "查封期限只能延长一次，且不得超过三十日。",
            "Lift the sealing in time (sealing_lifted).",
        )
    return None


def _fine_decided(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.decision is not None and "fine_yuan" in s.decision.facts:
        return None
    return No("No fine was decided.", "决定中没有罚款。", "Correct the decision, if it orders one.")


def _order_lapsed(_: Standing, __: CaseEvent, c: Context) -> No | None:
    return term_over(c, ("order_term",), "the term of the decision", "决定确定的履行期限")


def _reminder_lapsed(_: Standing, __: CaseEvent, c: Context) -> No | None:
    return term_over(c, ("reminder_term",), "the term of the reminder", "催告期限")


def _statements_answered(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.regions["statement"] != "received":
        return None
    return No("A statement in defence is not answered.", "陈述、申辩意见尚未复核。", "Tell statement_answered first.")


def _own_power(s: Standing, _: CaseEvent, c: Context) -> No | None:
    if s.path in c.options.own_power:
        return None
    return No(
        f"On the path {s.path} the bureau does not enforce by itself.",
        "该路径应当申请人民法院强制执行。",
        "Tell court_application.",
    )


def _not_held(s: Standing, _: CaseEvent, __: Context) -> No | None:
    hold = s.regions["hold"]
    if hold == "free":
        return None
    zh = {"hardship": "困难暂缓", "suspended": "中止执行", "agreed": "执行协议"}[hold]
    return No(f"The case is held: {hold}.", f"案件处于{zh}状态。", "Release the hold first.")


def _court_free(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.regions["court"] == "free":
        return None
    return No("A court holds the execution.", "法院已裁定停止执行。", "Wait for court_hold_lifted.")


def _remedies_over(s: Standing, e: CaseEvent, c: Context) -> No | None:
    """A finished structure stands until review and suit are over (强制法 44; 土地 83)."""
    building = s.stage == "under_construction" and s.path == "fast" and e.kind == "demolition_started"
    if building and not c.options.wait_under_construction:
        return None
    pending = _no_remedy_pending(s, e, c)
    if pending is not None or s.regions["suit"] == "decided":
        return pending
    waits = c.clock("unknown_party_wait")
    if waits is not None and waits.open:
        return term_over(c, ("unknown_party_wait",), "the wait for an unknown party", "当事人不明的等待期限")
    if c.clock("suit_land") is not None:
        return term_over(c, ("suit_land",), "the time to sue", "起诉期限")
    if s.regions["review"] == "decided":
        return term_over(c, ("suit_after_review",), "the time to sue after the review", "复议后的起诉期限")
    review = term_over(c, _REVIEW, "the time to apply for review", "申请复议期限")
    return review or term_over(c, ("suit_right",), "the time to sue", "起诉期限")


def _announcement_order(s: Standing, _: CaseEvent, c: Context) -> No | None:
    order = c.book.settings.reminder_and_announcement
    if order != "reminder_first" or s.procedure in ("enforcement_served", "court_allowed"):
        return None
    return No(
        "The demolition is announced after the enforcement decision was served.",
        "应当在强制执行决定送达后公告。",
        "Serve it first; the bureau's book of terms may set another order (reminder_and_announcement).",
    )


def _announced_first(s: Standing, _: CaseEvent, c: Context) -> No | None:
    if s.regions["site"] == "instructed" and s.stage == "under_construction":
        return None
    if s.regions["announcement"] != "announced":
        return No("The demolition is not announced.", "尚未公告限期自行拆除。", "Tell announced first.")
    return term_over(c, ("announcement_term",), "the term of the announcement", "公告期限")


def _fast_or_served(s: Standing, _: CaseEvent, __: Context) -> No | None:
    """Without an enforcement decision only what is being built, and was not stopped, is removed (城规 68)."""
    if s.procedure in ("enforcement_served", "court_allowed", "demolishing"):
        return None
    if s.path == "fast" and s.stage == "under_construction":
        return None
    return No(
        f"The path is {s.path}, the building is {s.stage}, and no enforcement decision was served.",
        "建筑已建成或者非快速路径，且强制执行决定未送达。",
        "Decide, remind, decide on enforcement and announce first.",
    )


def _building_ordered_down(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.outcome in (None, "demolished", "partly_demolished", "corrected"):
        return None
    return No(f"The decision orders: {s.outcome}.", "决定内容并非拆除。", "Nothing is demolished that was not ordered.")


def _substitute_lapsed(_: Standing, e: CaseEvent, c: Context) -> No | None:
    if e.facts["by_whom"] != "substitute":
        return None
    return term_over(c, ("substitute_reminder",), "the reminder before substitute performance", "代履行催告期限")


def _civil_hour(_: Standing, e: CaseEvent, c: Context) -> No | None:
    """Not at night, nor on statutory holidays, unless urgent (强制法 43)."""
    if e.facts["urgent"]:
        return None if e.facts.get("reason") else No("The urgency has no reason.", "未说明紧急情况。", "Tell reason.")
    at, ban = e.at.astimezone(BEIJING), c.book.bans["quiet_times"]
    first, last = ban.night_from, ban.night_until
    at_night = at.time() >= first or at.time() < last if first > last else first <= at.time() < last
    if at_night:
        return No(f"{at:%H:%M} is night ({first:%H:%M} to {last:%H:%M}).", f"{at:%H:%M}属于夜间。", "Begin by day.")
    if ban.on_statutory_holidays and c.calendar.is_statutory_holiday(at.date()):
        return No(f"{at:%Y-%m-%d} is a statutory holiday.", f"{at:%Y-%m-%d}为法定节假日。", "Begin on another day.")
    return None


def _no_utilities_cut(_: Standing, e: CaseEvent, __: Context) -> No | None:
    if not e.facts["utilities_cut"]:
        return None
    return No(
        "Water, power, heat or gas is cut to make residents comply.",
        "不得对居民生活采取停止供水、供电、供热、供燃气等方式。",
        "Restore it.",
    )


def _witnessed(_: Standing, e: CaseEvent, __: Context) -> No | None:
    missing = [name for name in ("goods_list", "video") if not e.facts[name]]
    if not missing:
        return None
    return No(
        f"Missing: {', '.join(missing)}.",
        "缺少物品清单或者全过程音像记录。",
        "List the belongings, record the demolition, and name the witness.",
    )


def _court_reminder_lapsed(_: Standing, __: CaseEvent, c: Context) -> No | None:
    return term_over(c, ("court_reminder",), "the reminder before the court", "申请法院前的催告期限")


def _court_in_time(_: Standing, e: CaseEvent, c: Context) -> No | None:
    clock = c.clock("court_application_due")
    if clock is None or e.at <= clock.due_at:
        return None
    return No(
        f"The court could be asked until {clock.due_on}.",
        f"申请法院强制执行的期限已于{clock.due_on}届满。",
        "Tell terminated, or decide anew.",
    )


def _confiscation_decided(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.outcome == "confiscated":
        return None
    return No(f"The decision orders: {s.outcome or 'nothing'}.", "决定内容并非没收。", "Carry out what was decided.")


def _unsealed(s: Standing, _: CaseEvent, __: Context) -> No | None:
    return (
        No("The site is still sealed.", "查封尚未解除。", "Tell sealing_lifted.")
        if s.regions["seal"] == "sealed"
        else None
    )


def _goods_settled(s: Standing, _: CaseEvent, __: Context) -> No | None:
    if s.regions["goods"] == "free":
        return None
    return No("Preserved evidence is not decided on.", "登记保存的证据尚未处理。", "Tell preservation_decided.")


def _no_remedy_pending(s: Standing, _: CaseEvent, __: Context) -> No | None:
    for remedy, zh in _REMEDY_ZH.items():
        if s.regions[remedy] == "pending":
            return No(f"A {remedy} is pending.", f"{zh}尚未终结。", f"Wait for {remedy}_decided.")
    return None


def _fine_settled(s: Standing, _: CaseEvent, __: Context) -> No | None:
    fine = 0.0 if s.decision is None else float(s.decision.facts.get("fine_yuan", 0.0))
    paid = sum(float(event.facts["yuan"]) for event in s.all("fine_paid"))
    if paid >= fine or s.procedure in ("terminated", "overturned"):
        return None
    return No(
        f"Of the fine of {fine:g} yuan, {paid:g} are paid.", f"罚款{fine:g}元，已缴{paid:g}元。", "Tell fine_paid."
    )


def _objections_answered(s: Standing, _: CaseEvent, __: Context) -> No | None:
    answered = {event.facts["objection_id"] for event in s.all("objection_answered")}
    waiting = [e.facts["objection_id"] for e in s.all("objection_received") if e.facts["objection_id"] not in answered]
    if not waiting:
        return None
    return No(
        f"{len(waiting)} objection(s) are not answered.",
        f"有{len(waiting)}件异议尚未答复。",
        "Tell objection_answered.",
    )


def _objection_known(s: Standing, e: CaseEvent, _: Context) -> No | None:
    wanted = e.facts["objection_id"]
    known = {event.facts["objection_id"] for event in s.all("objection_received")}
    answered = {event.facts["objection_id"] for event in s.all("objection_answered")}
    if wanted in known - answered:
        return None
    return No(
        f"No objection {str(wanted)[:60]} waits for an answer.",
        "没有待答复的该异议。",
        "GET /cases/{id} lists those that wait.",
    )


GUARDS = (
    Guard("being_built", "the building is under construction", "在建", "城规 64, 68", _being_built),
    Guard("on_fast_path", "the case is on the fast path", "快速路径", "城规 68", _on_fast_path),
    Guard(
        "seal_lawful",
        "instructed, approved, or urgent",
        "经责成、批准或者情况紧急",
        "强制法 18; 城规 68",
        _seal_lawful,
        ("urgent",),
    ),
    Guard(
        "extension_short",
        "once, by thirty days at most",
        "延长一次不超过三十日",
        "强制法 25",
        _extension_short,
        ("days",),
    ),
    Guard("fine_decided", "a fine was decided", "已决定罚款", "处罚法 67", _fine_decided),
    Guard("order_lapsed", "the term of the decision is over", "履行期限届满", "强制法 34, 35", _order_lapsed),
    Guard("reminder_lapsed", "the term of the reminder is over", "催告期限届满", "强制法 35, 37", _reminder_lapsed),
    Guard("statements_answered", "statements are answered", "陈述申辩已复核", "强制法 36", _statements_answered),
    Guard("own_power", "the bureau enforces by itself", "本机关具有强制执行权", "强制法 53; 土地 83", _own_power),
    Guard("not_held", "nothing holds the case", "无中止、暂缓或协议", "强制法 39, 42; 浙江 20", _not_held),
    Guard("court_free", "no court holds the execution", "法院未停止执行", "行诉 56", _court_free),
    Guard("remedies_over", "review and suit are over", "复议、诉讼期限届满", "强制法 44; 土地 83", _remedies_over),
    Guard(
        "announcement_order",
        "after the enforcement decision",
        "强制执行决定之后公告",
        "强制法 37, 44",
        _announcement_order,
    ),
    Guard("announced_first", "the demolition was announced", "已公告限期自行拆除", "强制法 44", _announced_first),
    Guard(
        "fast_or_served",
        "enforcement was decided, or it is being built",
        "已作强制执行决定或者在建",
        "城规 68; 强制法 37",
        _fast_or_served,
    ),
    Guard("building_ordered_down", "demolition was ordered", "决定内容为拆除", "城规 64", _building_ordered_down),
    Guard(
        "substitute_lapsed",
        "three working days after the reminder",
        "代履行催告期满",
        "强制法 51, 69",
        _substitute_lapsed,
        ("by_whom",),
    ),
    Guard(
        "civil_hour",
        "neither night nor holiday, unless urgent",
        "非夜间、非法定节假日",
        "强制法 43",
        _civil_hour,
        ("urgent",),
    ),
    Guard(
        "no_utilities_cut",
        "water, power, heat stay on",
        "未停水电热气",
        "强制法 43",
        _no_utilities_cut,
        ("utilities_cut",),
    ),
    Guard(
        "witnessed",
        "goods are listed, all is recorded",
        "物品清单及全程记录",
        "浙江 15-21; 北京 69",
        _witnessed,
        ("goods_list", "video"),
    ),
    Guard(
        "court_reminder_lapsed",
        "ten working days after the reminder",
        "催告满十个工作日",
        "强制法 54, 69",
        _court_reminder_lapsed,
    ),
    Guard("court_in_time", "within three months", "三个月内申请", "强制法 53", _court_in_time),
    Guard("confiscation_decided", "confiscation was decided", "已决定没收", "城规 64; 土地 77", _confiscation_decided),
    Guard("unsealed", "the site is not sealed", "查封已解除", "强制法 25", _unsealed),
    Guard("goods_settled", "preserved evidence is decided on", "登记保存已处理", "处罚法 56", _goods_settled),
    Guard("no_remedy_pending", "no review or suit is pending", "无未决复议诉讼", "", _no_remedy_pending),
    Guard("fine_settled", "the fine is paid", "罚款已缴清", "处罚法 67", _fine_settled),
    Guard("objections_answered", "objections are answered", "异议已答复", "", _objections_answered),
    Guard("objection_known", "the objection waits", "异议待答复", "", _objection_known, ("objection_id",)),
)
