"""What of leads is refused, in the same tree as the errors of the service."""

from __future__ import annotations

from service.errors import ConflictError, ServiceError


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
