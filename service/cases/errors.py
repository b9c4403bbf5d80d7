"""What is refused about cases, in the same tree as the other errors of the service."""

from __future__ import annotations

from geodata.errors import InputError
from service.errors import ConflictError, ForbiddenError, ServiceError


class WorkCalendarError(InputError):
    """A table of holidays and make-up workdays cannot be used."""

    code = "work-calendar-unusable"
    title = "The table of holidays cannot be used"
    title_zh = "节假日与调休表不可用"


class TermBookError(InputError):
    """A book of terms cannot be used; `measured["faults"]` holds every fault with its line."""

    code = "term-book-unusable"
    title = "The book of terms cannot be used"
    title_zh = "期限表不可用"


class CaseFactError(ServiceError):
    """What an event of a case tells is missing or not what it must be."""

    code = "case-facts"
    title = "The event does not tell what it must"
    title_zh = "事项内容不完整或不正确"


class CaseMoveError(ConflictError):
    """The law, or the order of the procedure, does not let an event follow; `measured` names articles and history."""

    code = "case-move"
    title = "The case cannot go that way"
    title_zh = "案件不能办理该事项"


class CaseTimeError(CaseMoveError):
    """An event lies in the future, or before what it follows."""

    code = "case-time"
    title = "The time of the event is wrong"
    title_zh = "事项时间不正确"


class CaseRightError(ForbiddenError):
    """An event is told by others than the caller."""

    code = "case-right"
    title = "Somebody else tells this event"
    title_zh = "无权办理该事项"


class CaseBehindError(ConflictError):
    """The case went on since the caller looked at it; `measured` has what happened."""

    code = "case-behind"
    title = "The case went on meanwhile"
    title_zh = "案件已有新进展"


class CaseOpenError(ConflictError):
    """The structure has an open case under the same law; `measured["case_id"]` names it."""

    code = "case-open"
    title = "The structure has an open case"
    title_zh = "该建筑已有在办案件"


class SerialTakenError(ConflictError):
    """A serial number went to another document while this one was written."""

    code = "serial-taken"
    title = "The serial number was drawn by another meanwhile"
    title_zh = "文号已被占用"


class PhotoReusedError(ConflictError):
    """The very same photograph stands in another case."""

    code = "photo-reused"
    title = "The photograph was used in another case"
    title_zh = "照片已用于其他案件"


class ReportError(ServiceError):
    """A report lacks what it must tell, or tells what cannot be."""

    code = "report-unusable"
    title = "The report cannot be taken"
    title_zh = "线索上报内容有误"


class LeadVerdictError(ServiceError):
    """A verdict on a lead has no such code or ground."""

    code = "lead-verdict"
    title = "The verdict on the lead cannot be taken"
    title_zh = "线索核查结论无效"


class LeadProofError(LeadVerdictError):
    """A verdict comes without the proof that its ground needs; `measured["needed"]` names the kinds."""

    code = "lead-proof"
    title = "The verdict lacks its proof"
    title_zh = "核查结论缺少举证材料"


class LeadStateError(ConflictError):
    """The lead is not so far, or too far, for what is asked."""

    code = "lead-state"
    title = "The lead does not allow this now"
    title_zh = "线索当前状态不允许此操作"


class LeadBehindError(ConflictError):
    """The lead went on since the caller looked at it."""

    code = "lead-behind"
    title = "The lead went on meanwhile"
    title_zh = "线索已有新进展"
