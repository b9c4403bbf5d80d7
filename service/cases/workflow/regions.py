"""The states of a case: a few regions that move beside one another, each in one state at a time.

The procedure is one region. What is done on the site, the remedies of the party, holds, approvals are others, since
they go on whatever the procedure does: a sealed site stays sealed while the decision is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROCEDURE = "procedure"


def _states(*told: str) -> Mapping[str, tuple[str, str]]:
    """States from `name | English | Chinese`; the first is where a case begins."""
    found = {}
    for line in told:
        name, title, title_zh = (word.strip() for word in line.split("|"))
        found[name] = (title, title_zh)
    return MappingProxyType(found)


REGIONS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        PROCEDURE: _states(
            "unopened | not opened | 未受理",
            "open | open | 已受理",
            "filed | filed | 已立案",
            "investigated | investigated | 调查终结",
            "notified | rights told | 已告知权利",
            "decided | decided | 已作决定",
            "served | decision served | 决定已送达",
            "reminded | reminded | 已催告",
            "enforcement_decided | enforcement decided | 已作强制执行决定",
            "enforcement_served | enforcement decision served | 强制执行决定已送达",
            "court_asked | court asked | 已申请法院",
            "court_allowed | court allows | 法院准予执行",
            "demolishing | being demolished | 拆除中",
            "done | done, not proved | 已执行待核验",
            "proved | proved | 已核验",
            "excused | no penalty | 不予处罚",
            "declined | not filed | 不予立案",
            "transferred | transferred | 已移送",
            "overturned | overturned | 决定被撤销",
            "terminated | terminated | 终结执行",
            "closed | closed | 已结案",
        ),
        "site": _states(
            "untouched | nothing ordered | 未采取措施",
            "stop_ordered | stop ordered | 已责令停止",
            "stopped | work stopped | 已停工",
            "defied | work goes on | 拒不停止",
            "instructed | removal instructed | 已责成查封拆除",
        ),
        "seal": _states("unsealed | not sealed | 未查封", "sealed | sealed | 已查封"),
        "goods": _states("free | nothing kept | 无保存", "kept | evidence kept | 登记保存中"),
        "party": _states(
            "unnamed | not named | 未登记",
            "known | known | 已查明",
            "unknown | unknown | 不明",
            "called | called by public notice | 已公告",
        ),
        "legal": _states(
            "unreviewed | not reviewed | 未审核", "passed | passed | 审核通过", "returned | sent back | 审核退回"
        ),
        "statement": _states(
            "none | none | 无",
            "received | received | 已收到",
            "answered | answered | 已复核",
            "waived | waived | 已放弃",
        ),
        "hearing": _states(
            "none | none | 无",
            "asked | asked for | 已申请",
            "noticed | day told | 已通知",
            "settled | held or given up | 已了结",
        ),
        "appraisal": _states("none | none | 无", "running | running | 进行中"),
        "announcement": _states("none | none | 未公告", "announced | announced | 已公告"),
        "review": _states("none | none | 无", "pending | pending | 审理中", "decided | decided | 已决定"),
        "suit": _states("none | none | 无", "pending | pending | 审理中", "decided | decided | 已裁判"),
        "court": _states("free | execution free | 未停止", "held | execution held | 停止执行"),
        "hold": _states(
            "free | not held | 无",
            "hardship | held for hardship | 困难暂缓",
            "suspended | suspended | 中止执行",
            "agreed | agreement | 执行协议",
        ),
        "filing": _states("none | not asked | 未提请", "asked | asked | 审批中", "granted | granted | 已批准"),
        "penalty": _states("none | not asked | 未提请", "asked | asked | 审批中", "granted | granted | 已批准"),
        "closure": _states("none | not asked | 未提请", "asked | asked | 审批中", "granted | granted | 已批准"),
        "dispatch": _states(
            "none | not dispatched | 未派遣",
            "dispatched | dispatched | 已派遣",
            "accepted | accepted | 已接收",
            "longer | longer time asked | 申请延期中",
            "recheck | re-check | 复查中",
        ),
        "land": _states("none | no plan | 无", "planned | reuse planned | 已有利用计划", "reused | reused | 已利用"),
    }
)
"""Every region with its states: name, and what it is called in English and Chinese."""

UNDECIDED = ("open", "filed", "investigated", "notified")
DECIDED = (
    "decided",
    "served",
    "reminded",
    "enforcement_decided",
    "enforcement_served",
    "court_asked",
    "court_allowed",
)
ACTIVE = (*UNDECIDED, *DECIDED, "demolishing")
"""Where something is still to be done; a case that comes back comes back to one of these."""
ENDED = ("closed",)


def initial() -> dict[str, str]:
    """Where every region begins."""
    return {region: next(iter(states)) for region, states in REGIONS.items()}
