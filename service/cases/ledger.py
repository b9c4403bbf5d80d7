"""The ledger of cases (台账): rates, medians and areas, each with the words that define it.

A figure without its definition is no figure: the same word (立案率, 结案率) means other things in other places, so what
was divided by what is printed beside it, with the numbers themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from geodata.shares import Rate, rate
from service.cases.histories import CaseHistory, middle

MU_M2 = 10_000 / 15
_HOUR = 3600.0


@dataclass(frozen=True)
class Figure:
    """A figure of the ledger.

    Args:
        name: Its name.
        title: In English.
        title_zh: In Chinese.
        value: Its value; None where there is nothing to tell it from.
        unit: `share`, `hours`, `days`, `m2`, `mu` or `cases`.
        count: How many cases it counts.
        of: Of how many; None for what is no share.
        low: Lower end of the 95 % interval of a share (Wilson); None for others.
        high: Upper end.
        definition: What was divided by what.
        definition_zh: In Chinese.
    """

    name: str
    title: str
    title_zh: str
    value: float | None
    unit: str
    count: int
    of: int | None
    low: float | None
    high: float | None
    definition: str
    definition_zh: str


@dataclass(frozen=True)
class LeadCounts:
    """What is known of leads in the same time.

    Args:
        came: How many came.
        illegal: How many were found illegal (违法).
        checked: How many have a verdict.
    """

    came: int
    illegal: int
    checked: int


@dataclass(frozen=True)
class Ledger:
    """The ledger of a time.

    Args:
        since: From when on cases were opened.
        until: Until when.
        cases: How many were opened.
        figures: Its figures, in order.
        groups: The same figures by unit, village, category and month of opening, each by name.
    """

    since: datetime
    until: datetime
    cases: int
    figures: Sequence[Figure]
    groups: Mapping[str, Mapping[str, Sequence[Figure]]]


_GROUPS: Mapping[str, Callable[[CaseHistory], str]] = {
    "unit": lambda one: one.unit or "-",
    "village": lambda one: one.around.village or "-",
    "category": lambda one: one.category,
    "month": lambda one: f"{one.opened_at:%Y-%m}",
}


def ledger(
    histories: Iterable[CaseHistory], since: datetime, until: datetime, leads: LeadCounts | None = None
) -> Ledger:
    """The ledger of the cases that were opened in a time.

    Args:
        histories: Cases.
        since: From when on.
        until: Until when, excluded.
        leads: What is known of leads in the same time; None: nothing.
    """
    counted = [one for one in histories if since <= one.opened_at < until]
    groups = {
        name: {key: figures_of(some) for key, some in sorted(_by(counted, key_of).items())}
        for name, key_of in _GROUPS.items()
    }
    return Ledger(since, until, len(counted), figures_of(counted, leads), groups)


def figures_of(cases: Sequence[CaseHistory], leads: LeadCounts | None = None) -> Sequence[Figure]:
    """The figures of some cases."""
    filed = [one for one in cases if one.filed_at is not None]
    built = [one for one in cases if one.stage == "under_construction"]
    closed = [one for one in cases if one.closed_at is not None]
    late = [one for one in cases if one.overdue]
    ordered = [
        (one.ordered_at - one.around.uploaded_at).total_seconds() / _HOUR
        for one in built
        if one.ordered_at is not None and one.around.uploaded_at is not None
    ]
    freed, greened = sum(one.freed_m2 for one in cases), sum(one.greened_m2 for one in cases)
    return (
        _filing(filed, cases, leads),
        _share("stop_rate", "Stopped", "制止率", [one for one in built if one.stopped_at is not None], built,
               "cases under construction when opened, of which the work was stopped (order obeyed, site sealed, taken "
               "down) and not gone on with, of all under construction when opened",
               "受理时在建、已停工（服从责令、已查封或已拆除）且未再施工的案件数 ÷ 受理时在建的案件数"),
        _share("closure_rate", "Closed", "结案率", [one for one in filed if one.closed_at is not None], filed,
               "filed cases that are closed, of all filed", "已立案且已结案的案件数 ÷ 已立案的案件数"),
        _share("clear_rate", "Cleared", "清零率", closed, cases,
               "cases with nothing left to do (closed), of all opened in the time",
               "期间内受理、已无待办事项（已结案）的案件数 ÷ 期间内受理的案件数"),
        _share("overdue_rate", "Overdue", "逾期率", late, cases,
               "cases with a term of the bureau that is over and not met now, of all",
               "目前有本机关期限逾期未办的案件数 ÷ 案件数"),
        _middle("hours_to_stop", "Upload to stop order", "影像上传至责令停止（中位数）", "hours", ordered,
                "median hours from the arrival of the picture that first showed the structure to the service of the "
                "stop order, of cases under construction that have both",
                "首次显示该建筑的影像入库至责令停止通知书送达的小时数的中位数（在建且两者皆有的案件）"),
        _middle("days_to_decision", "Opening to decision", "受理至决定（中位数）", "days",
                [one.days_to_decision for one in cases if one.days_to_decision is not None],
                "median days from the opening to the decision that holds, of cases that have one",
                "受理至现行有效决定的天数的中位数（已作决定的案件）"),
        _middle("days_to_end", "Opening to closing", "受理至结案（中位数）", "days",
                [one.days_to_end for one in closed if one.days_to_end is not None],
                "median days from the opening to the closing, of closed cases", "受理至结案天数的中位数（已结案件）"),
        _sum("freed_area", "Freed area", "腾退面积", freed, [one for one in cases if one.freed_m2],
             "area of structures whose demolition is proved by a later image, a surface model or dated field proof",
             "已由后期影像、表面模型或有日期的现场证明核验拆除的建筑面积之和（椭球面积）"),
        _sum("greened_area", "Greened area", "增绿面积", greened, [one for one in cases if one.greened_m2],
             "largest area measured as planted on the land of each case", "各案腾退土地上量测的最大绿化面积之和"),
    )  # fmt: skip


def _filing(filed: Sequence[CaseHistory], cases: Sequence[CaseHistory], leads: LeadCounts | None) -> Figure:
    if leads is None:
        return _share(
            "filing_rate", "Filed", "立案率", filed, cases,
            "cases that were filed, of all opened", "已立案的案件数 ÷ 受理的案件数",
        )  # fmt: skip
    found = _rate(min(len(filed), leads.illegal), leads.illegal)
    return Figure(
        "filing_rate", "Filed", "立案率", found.precision, "share", len(filed), leads.illegal, found.low, found.high,
        "filed cases, of leads of the same time that were found illegal", "已立案的案件数 ÷ 同期核定为违法的线索数",
    )  # fmt: skip


def _rate(hits: int, of: int) -> Rate:
    return rate([True] * hits + [False] * (of - hits))


def _share(
    name: str, title: str, title_zh: str, some: Sequence[CaseHistory], of: Sequence[CaseHistory], *words: str
) -> Figure:
    found = _rate(len(some), len(of))
    return Figure(
        name, title, title_zh, found.precision, "share", len(some), len(of), found.low, found.high, words[0], words[1]
    )


def _middle(name: str, title: str, title_zh: str, unit: str, values: Sequence[float], *words: str) -> Figure:
    value = middle(values)
    return Figure(name, title, title_zh, value, unit, len(values), None, None, None, words[0], words[1])


def _sum(name: str, title: str, title_zh: str, value: float, some: Sequence[CaseHistory], *words: str) -> Figure:
    return Figure(name, title, title_zh, value, "m2", len(some), None, None, None, words[0], words[1])


def _by(cases: Sequence[CaseHistory], key_of: Callable[[CaseHistory], str]) -> dict[str, list[CaseHistory]]:
    found: dict[str, list[CaseHistory]] = {}
    for one in cases:
        found.setdefault(key_of(one), []).append(one)
    return found
