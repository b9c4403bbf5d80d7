"""A clock in words: how it stands, and the arithmetic that led there."""

from __future__ import annotations

from geodata.io.dates import BEIJING
from service.cases.clocks.clock import Clock, State
from service.cases.clocks.rows import TITLES

STATES = {
    State.RUNNING: ("running", "计时中"),
    State.PAUSED: ("paused", "暂停"),
    State.MET: ("met in time", "按期"),
    State.MET_LATE: ("met late", "逾期完成"),
    State.OVERDUE: ("overdue", "逾期"),
    State.LAPSED: ("lapsed", "已届满"),
    State.BREACHED: ("done before it was allowed", "期满前实施"),
    State.CANCELLED: ("cancelled", "不再适用"),
}
_MARKS = {
    "memory: check": ("from memory: check", "凭记忆，须核对"),
    "reading": ("our reading", "我方理解"),
    "setting": ("setting of the bureau", "本机关设定"),
}


def explain(clock: Clock, language: str = "en") -> list[str]:
    """A clock with its arithmetic, a line each.

    Args:
        clock: The clock.
        language: `en` or `zh`.
    """
    chinese = language == "zh"
    pick = 1 if chinese else 0
    due = f"{clock.due_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    marks = "".join(_bracket(_MARKS[mark][pick], chinese) for mark in clock.marks)
    provisional = _bracket(("provisional", "暂定")[pick], chinese) if clock.provisional else ""
    title, whose = (clock.title, clock.title_zh)[pick], TITLES[clock.whose][pick]
    state = STATES[clock.state][pick]
    if chinese:
        head = f"{title}（{clock.term_id}）：{state}，期满 {due}{provisional}；{whose}{marks}"
    else:
        head = f"{title} ({clock.term_id}): {state}, ends {due}{provisional}; {whose}{marks}"
    return [head, *(f"  {step.zh if chinese else step.en}" for step in clock.steps)]


def _bracket(words: str, chinese: bool) -> str:
    return f"（{words}）" if chinese else f" ({words})"
