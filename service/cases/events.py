"""What can happen to a case: the vocabulary of events, and the facts that each must tell.

A case is what its events say. An event is never changed: a correction is a further event that names the one it corrects
(`effective` reads them so).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from geodata.io.dates import BEIJING


class Path(StrEnum):
    """The lawful path of a case (the ways of 城乡规划法 64 to 68 and 土地管理法 77, 78, 83)."""

    FAST = "fast"
    """City or town, being built: stop order, then sealing or removal at once."""
    SLOW = "slow"
    """City or town, finished: decision, reminder, announcement, the terms of review and suit."""
    VILLAGE = "village"
    """Village planning area: the township orders and may demolish."""
    LAND = "land"
    """Illegal occupation of land: order, fifteen days to sue, then the court."""


class Stage(StrEnum):
    """How far the building is; of the words of findings those that a case needs."""

    UNDER_CONSTRUCTION = "under_construction"
    FINISHED = "finished"


class Outcome(StrEnum):
    """How a case ends, or what its decision orders."""

    CORRECTED = "corrected"
    DEMOLISHED = "demolished"
    PARTLY_DEMOLISHED = "partly_demolished"
    CONFISCATED = "confiscated"
    FINED = "fined"
    NO_PENALTY = "no_penalty"
    NOT_FILED = "not_filed"
    TRANSFERRED = "transferred"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"


METHODS = ("in_person", "left_in_place", "post", "entrusted", "electronic", "public_notice")
"""Ways of delivery: 直接, 留置, 邮寄, 委托, 电子, 公告送达 (民事诉讼法 87 to 95)."""

FLOWS = ("filing", "penalty", "closure")
"""The three flows of approval: 立案, 处罚, 结案."""

DEMOLISHERS = ("self", "assisted", "forced", "substitute")
"""Who takes a structure down: 自行拆除, 申请拆除, 强制拆除, 代履行."""

PROOFS = ("image", "surface_model", "field")
"""What a proof of the end rests on: a later picture, a later surface model, dated photographs."""

SEEN = ("gone", "partly_gone", "still_there", "covered", "refilled", "corrected")
"""What a proof shows."""


@dataclass(frozen=True)
class Fact:
    """Something that an event tells.

    Args:
        name: Its name in the event.
        form: `text`, `day` (YYYY-MM-DD, a day in Beijing), `moment` (with zone), `truth`, `number`, `count`, `people`
            (ids of persons), `ids`, `geometry` (GeoJSON), `choice`.
        needed: Whether the event is refused without it.
        choices: What a choice may be.
    """

    name: str
    form: str
    needed: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventKind:
    """A kind of event.

    Args:
        name: Its name.
        title: In English.
        title_zh: In Chinese.
        facts: What it tells.
    """

    name: str
    title: str
    title_zh: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class CaseEvent:
    """Something that happened to a case.

    Args:
        case_id: The case.
        number: Its place in the case, from 1 without gaps.
        kind: Name of its kind, a key of `KINDS`.
        at: When it happened, as the officer tells it; terms run from this.
        recorded_at: When the service was told.
        by: Id of the person who told it; `kancha` for the service itself.
        facts: What it tells, as JSON.
        corrects: Number of the event whose facts and time these replace; only for kind `corrected`.
    """

    case_id: str
    number: int
    kind: str
    at: datetime
    recorded_at: datetime
    by: str
    facts: Mapping[str, Any]
    corrects: int | None = None

    @property
    def title(self) -> str:
        """What its kind is called."""
        return KINDS[self.kind].title

    @property
    def day(self) -> str:
        """The day in Beijing on which it happened, as YYYY-MM-DD."""
        return f"{self.at.astimezone(BEIJING):%Y-%m-%d}"


def _facts(told: str) -> tuple[Fact, ...]:
    """Facts from `name:form` separated by blanks; `?` behind a name: not needed; `choice` names its list."""
    found = []
    for word in told.split():
        name, _, form = word.partition(":")
        choices = _CHOICES.get(form, ())
        found.append(Fact(name.rstrip("?"), "choice" if choices else form, not name.endswith("?"), choices))
    return tuple(found)


_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "path": tuple(Path),
        "stage": tuple(Stage),
        "outcome": tuple(Outcome),
        "method": METHODS,
        "flow": FLOWS,
        "demolisher": DEMOLISHERS,
        "proof": PROOFS,
        "seen": SEEN,
        "extent": ("full", "part"),
        "reviewed": ("upheld", "revoked", "changed", "withdrawn"),
        "reuse": ("road", "green", "square", "construction"),
        "preserved": ("returned", "seized", "transferred", "lifted"),
        "unit": ("team", "subdistrict", "township"),
    }
)
_SERVED = "method:method served_on:day officers:people document_id?:text"
_TABLE = f"""
opened | Case opened | 受理 | lead_ids:ids structure_id?:text stage:stage path:path categories:ids \
discovered_on?:moment complaint?:truth act_ended_on?:day endangers?:truth
classified | Path and categories set | 确定办理路径 | path:path stage:stage categories:ids reason:text
complaint_answered | Complaint answered | 答复举报人 | result:text
party_known | Party known | 查明当事人 | party_id:text
party_unknown | Party not found | 当事人不明 | search:text
handler_set | Handler named | 确定承办人 | handlers:people
noted | Note | 备注 | text:text
corrected | Correction | 更正 | reason:text
document_made | Document made | 制作文书 | document_id:text kind:text serial:text sha256:text
evidence_added | Evidence added | 补充证据 | evidence_id:text kind:text sha256:text
dispatched | Dispatched | 派遣 | unit:unit to:text term_days?:count
accepted | Dispatch accepted | 接收 | by_unit?:text
returned | Dispatch returned | 退回 | reason:text
extension_asked | Extension asked | 申请延期 | days:count reason:text
extension_granted | Extension granted | 同意延期 | days:count
extension_refused | Extension refused | 不同意延期 | reason:text
recheck_ordered | Re-check ordered | 责令复查 | reason:text
recheck_done | Re-check done | 复查完成 | result:text
inspected | Inspected on site | 现场勘验 | officers:people stage:stage result:text measured_m2?:number
stop_order_served | Stop order served | 责令停止通知书送达 | {_SERVED}
stop_obeyed | Work stopped | 已停止施工 | officers:people
stop_ignored | Work went on | 拒不停止 | officers:people built_after_order_m2?:number
stop_ignored_reported | Refusal to stop reported | 报告拒不停止 | to:text
removal_instructed | Sealing or removal instructed | 政府责成查封或拆除 | by_government:text document?:text
sealed | Site sealed | 查封施工现场 | officers:people urgent:truth approved_by?:text
sealing_approved | Sealing approved | 查封补办批准 | approved_by:text
sealing_extended | Sealing extended | 延长查封 | days:count approved_by:text
sealing_lifted | Sealing lifted | 解除查封 | reason:text
evidence_preserved | Evidence preserved | 先行登记保存 | officers:people items:text approved_by:text
preservation_decided | Preserved evidence decided on | 登记保存处理 | result:preserved
interviewed | Interview | 询问 | officers:people
appraisal_started | Test or appraisal begun | 开始鉴定 | subject:text
appraisal_ended | Test or appraisal ended | 鉴定结束 | result:text
approval_asked | Approval asked | 提请审批 | flow:flow
approved | Approved | 审批同意 | flow:flow level:text
rejected | Approval refused | 审批不同意 | flow:flow level:text reason:text
filed | Filed | 立案 | basis:ids
filing_declined | Not filed | 不予立案 | reason:text
investigated | Investigation finished | 调查终结 | facts:text proposal:outcome cost_yuan?:number \
act_ended_on?:day endangers?:truth
legal_review_passed | Legal review passed | 法制审核通过 | opinion:text
legal_review_returned | Legal review sent back | 法制审核退回 | opinion:text
rights_notice_served | Rights notice served | 权利告知书送达 | {_SERVED} hearing_offered:truth proposal:outcome
statement_received | Statement received | 收到陈述申辩 | summary:text
statement_answered | Statement answered | 复核陈述申辩 | accepted:truth answer:text
rights_waived | Statement waived | 放弃陈述申辩 | signed_on:day
hearing_asked | Hearing asked for | 申请听证 | asked_on:day
hearing_refused | Hearing refused as late | 逾期听证不予受理 | reason:text
hearing_notice_served | Hearing notice served | 听证通知书送达 | {_SERVED} hearing_on:day
hearing_held | Hearing held | 举行听证 | chair:text record:text
hearing_withdrawn | Hearing withdrawn | 撤回听证申请 | reason:text
decided | Decided | 作出决定 | outcome:outcome term_days?:count fine_yuan?:number part?:geometry reason:text
decision_served | Decision served | 决定书送达 | {_SERVED} rights_told:truth
decision_published | Decision published | 公开决定 | where:text
fine_paid | Fine paid | 缴纳罚款 | paid_on:day yuan:number
decision_overturned | Decision overturned | 决定被撤销或变更 | by_whom:text reason:text
decision_withdrawn | Overturned decision withdrawn from publication | 撤回公开的决定 | where:text
public_notice_posted | Public notice posted | 公告当事人 | where:text posted_on:day term_days:count
owner_appeared | Party came forward | 当事人出现 | party_id?:text
review_applied | Review applied for | 申请行政复议 | applied_on:day summary_procedure?:truth
review_extended | Review extended | 复议延期 | days:count
review_decided | Review decided | 复议决定 | result:reviewed served_on:day
suit_filed | Suit filed | 提起行政诉讼 | filed_on:day
suit_decided | Suit decided | 行政诉讼裁判 | result:reviewed final:truth
court_hold | Court holds execution | 法院裁定停止执行 | order:text
court_hold_lifted | Court hold lifted | 停止执行解除 | order:text
reminder_served | Reminder served | 催告书送达 | {_SERVED} term_days:count
enforcement_decided | Enforcement decided | 作出强制执行决定 | reason:text
enforcement_decision_served | Enforcement decision served | 强制执行决定书送达 | {_SERVED}
removal_reported | Failure to demolish reported | 报告逾期不拆除 | to:text
announced | Demolition announced | 拆除公告 | where:text term_days:count
substitute_reminded | Reminder before substitute performance | 代履行催告 | {_SERVED} demolition_on:day
court_application | Applied to the court | 申请法院强制执行 | court:text applied_on:day
court_allowed | Court allows | 法院准予执行 | order:text
court_refused | Court refuses | 法院不准予执行 | order:text reason:text
agreement_made | Agreement on execution | 达成执行协议 | text:text until:day
agreement_broken | Agreement broken | 不履行执行协议 | reason:text
suspended | Suspended | 中止执行 | ground:text
resumed | Resumed | 恢复执行 | reason:text
terminated | Terminated | 终结执行 | ground:text
hardship_held | Held for hardship | 困难暂缓 | reason:text until?:day
hardship_released | Hardship hold ended | 解除暂缓 | reason:text
demolition_started | Demolition begun | 开始拆除 | {{demolition}}
demolition_done | Demolition finished | 拆除完成 | by_whom:demolisher extent:extent
correction_done | Correction finished | 改正完成 | what:text
confiscation_done | Confiscated and handed over | 没收移交 | to:text
handed_over | Sealed goods returned | 财物返还 | to:text
proof_received | Proof of the end | 核验结果 | proof:proof seen:seen confidence:number shown_on:day source:text
reopened | Reopened | 重新办理 | reason:text
no_penalty | No penalty | 不予处罚 | reason:text
transferred | Transferred | 移送 | to:text reason:text
transfer_returned | Transfer sent back | 移送退回 | reason:text
closed | Closed | 结案 | outcome:outcome summary:text
rebuilding_seen | Rebuilding seen | 发现重建 | source:text seen_on:day
objection_received | Objection received | 收到异议 | objection_id:text
objection_answered | Objection answered | 答复异议 | objection_id:text upheld:truth answer:text
reuse_planned | Reuse of the land planned | 土地利用计划 | purpose:reuse area_m2:number due_on:day area?:geometry
reuse_measured | Reuse measured | 利用核测 | purpose:reuse area_m2:number error_m2:number measured_on:day source:text
reuse_done | Reuse done | 利用完成 | purpose:reuse area_m2:number done_on:day photo?:text
escalated | Escalated | 督办 | to:text clock:text
"""
_DEMOLITION = (
    "by_whom:demolisher officers:people urgent:truth utilities_cut:truth witness:text goods_list:truth video:truth"
    " reason?:text"
)


def _kinds() -> Mapping[str, EventKind]:
    found = {}
    for line in _TABLE.replace("{demolition}", _DEMOLITION).strip().splitlines():
        name, title, title_zh, *facts = (word.strip() for word in line.split("|"))
        found[name] = EventKind(name, title, title_zh, _facts(facts[0] if facts else ""))
    return MappingProxyType(found)


KINDS: Mapping[str, EventKind] = _kinds()
"""Every kind of event by name."""


def effective(events: Iterable[CaseEvent]) -> Sequence[CaseEvent]:
    """The events as they stand today: each with the facts and the time of its last correction.

    Corrections are left out, and so is what one of them says did not happen (`void`).
    """
    stand: dict[int, CaseEvent] = {}
    for event in events:
        if event.corrects is None:
            stand[event.number] = event
        elif event.facts.get("void"):
            stand.pop(event.corrects, None)
        elif event.corrects in stand:
            old = stand[event.corrects]
            facts = {**old.facts, **event.facts.get("facts", {})}
            stand[event.corrects] = replace(old, at=event.at, facts=facts)
    return list(stand.values())
