"""Even treatment: how long and to what end cases of one kind went, and which of them went another way.

What is compared is alike by law: the same category, lawful path and stage. Beside it stand village and size, which must
make no difference. A case that stands out is not wrong: it is to be looked at, and its reason may be a good one
(hardship, a suit); that it is shown is the point.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from service.cases.histories import CaseHistory, middle

LEAST = 8
"""Fewer cases of a kind tell nothing of what is usual among them."""
_RARE = 0.1
_FAR = 3.0
"""What stands out lies so many standard deviations off, by the median absolute deviation (Iglewicz, Hoaglin 1993)."""
_SIGMA = 1.4826

DIMENSIONS: Mapping[str, Callable[[CaseHistory], str]] = {
    "category": lambda one: one.category,
    "village": lambda one: one.around.village or "-",
    "size": lambda one: one.size,
    "path": lambda one: one.path,
}


@dataclass(frozen=True)
class GroupRow:
    """The cases of a group.

    Args:
        dimension: By what they are grouped.
        name: The group.
        cases: How many.
        ended: How many are closed.
        outcomes: How many by outcome, of those that have one.
        days_to_decision: Median days from the opening to the decision.
        days_to_end: Median days from the opening to the closing.
        yuan_per_m2: Median fine by area, of those fined.
        hardship: How many were held for hardship.
    """

    dimension: str
    name: str
    cases: int
    ended: int
    outcomes: Mapping[str, int]
    days_to_decision: float | None
    days_to_end: float | None
    yuan_per_m2: float | None
    hardship: int


@dataclass(frozen=True)
class Outlier:
    """A case that went another way than those like it.

    Args:
        case_id: The case.
        serial: Its number.
        what: `days_to_decision`, `days_to_end`, `yuan_per_m2` or `outcome`.
        value: What it has.
        usual: What those like it have.
        alike: How many those are.
        sentence: In words.
        sentence_zh: In Chinese.
        hardship: Whether it was held for hardship.
    """

    case_id: str
    serial: str
    what: str
    value: str
    usual: str
    alike: int
    sentence: str
    sentence_zh: str
    hardship: bool


@dataclass(frozen=True)
class EqualTreatment:
    """The report.

    Args:
        groups: By dimension and name.
        outliers: Cases to be looked at.
    """

    groups: Sequence[GroupRow]
    outliers: Sequence[Outlier]


def equal_treatment(cases: Sequence[CaseHistory]) -> EqualTreatment:
    """How evenly cases were treated."""
    groups = [
        _group(dimension, name, some)
        for dimension, key_of in DIMENSIONS.items()
        for name, some in sorted(_by(cases, key_of).items())
    ]
    outliers = [one for some in _by(cases, _kind).values() for one in _outliers(some)]
    return EqualTreatment(groups, sorted(outliers, key=lambda one: (one.what, one.serial)))


def comparable(case: CaseHistory, others: Sequence[CaseHistory], limit: int = 10) -> Sequence[CaseHistory]:
    """The decided cases most like one: of its category, path and stage, by size, the nearest first.

    Args:
        case: The case.
        others: All cases.
        limit: How many at most.
    """
    alike = [one for one in others if one.case_id != case.case_id and one.outcome and _kind(one) == _kind(case)]
    return sorted(alike, key=lambda one: (_unlike(case, one), one.around.serial))[:limit]


def _kind(case: CaseHistory) -> str:
    return f"{case.category}|{case.path}|{case.stage}"


def _unlike(one: CaseHistory, other: CaseHistory) -> float:
    """How far apart two sizes are, in octaves; those of unknown size come last."""
    a, b = one.around.area_m2, other.around.area_m2
    return abs(math.log2(a / b)) if a and b else math.inf


def _yuan(case: CaseHistory) -> float | None:
    area = case.around.area_m2
    return case.fine_yuan / area if case.fine_yuan is not None and area else None


def _group(dimension: str, name: str, some: Sequence[CaseHistory]) -> GroupRow:
    return GroupRow(
        dimension=dimension,
        name=name,
        cases=len(some),
        ended=sum(one.closed_at is not None for one in some),
        outcomes=dict(Counter(one.outcome for one in some if one.outcome).most_common()),
        days_to_decision=middle([d for one in some if (d := one.days_to_decision) is not None]),
        days_to_end=middle([d for one in some if (d := one.days_to_end) is not None]),
        yuan_per_m2=middle([y for one in some if (y := _yuan(one)) is not None]),
        hardship=sum(one.hardship for one in some),
    )


_MEASURES: Mapping[str, tuple[Callable[[CaseHistory], float | None], str, str]] = {
    "days_to_decision": (lambda one: one.days_to_decision, "days from the opening to the decision", "受理至决定的天数"),
    "days_to_end": (lambda one: one.days_to_end, "days from the opening to the closing", "受理至结案的天数"),
    "yuan_per_m2": (_yuan, "yuan of fine a square metre", "每平方米罚款（元）"),
}


def _outliers(some: Sequence[CaseHistory]) -> list[Outlier]:
    found = []
    for what, (measure, words, words_zh) in _MEASURES.items():
        told = [(one, value) for one in some if (value := measure(one)) is not None and value > 0]
        if len(told) < LEAST:
            continue
        # times and fines spread by factors, so their logarithms are compared
        logs = [math.log(value) for _, value in told]
        mid = median(logs)
        spread = max(_SIGMA * median(abs(one - mid) for one in logs), 0.1)
        for (one, value), log in zip(told, logs, strict=True):
            if abs(log - mid) > _FAR * spread:
                usual = f"{math.exp(mid - _FAR * spread):.3g} to {math.exp(mid + _FAR * spread):.3g}"
                zh = usual.replace(" to ", "至")
                found.append(
                    _outlier(
                        one, what, (f"{value:.3g}", usual, len(told)),
                        f"{value:.3g} {words}; of {len(told)} cases alike nearly all have {usual}.",
                        f"{words_zh}为{value:.3g}，同类{len(told)}件案件几乎均在{zh}之间。",
                    )
                )  # fmt: skip
    return found + _rare(some)


def _rare(some: Sequence[CaseHistory]) -> list[Outlier]:
    counts = Counter(one.outcome for one in some if one.outcome)
    total = sum(counts.values())
    if total < LEAST:
        return []
    usual, most = counts.most_common(1)[0]
    found = []
    for one in some:
        if one.outcome and one.outcome != usual and counts[one.outcome] <= _RARE * total:
            found.append(
                _outlier(
                    one, "outcome", (one.outcome, usual, total),
                    f"It ended as {one.outcome}; {most} of {total} cases alike ended as {usual}.",
                    f"处理结果为“{one.outcome}”，同类{total}件案件中{most}件为“{usual}”。",
                )
            )  # fmt: skip
    return found


def _outlier(case: CaseHistory, what: str, told: tuple[str, str, int], sentence: str, sentence_zh: str) -> Outlier:
    value, usual, alike = told
    return Outlier(case.case_id, case.around.serial, what, value, usual, alike, sentence, sentence_zh, case.hardship)


def _by(cases: Sequence[CaseHistory], key_of: Callable[[CaseHistory], str]) -> dict[str, list[CaseHistory]]:
    found: dict[str, list[CaseHistory]] = {}
    for one in cases:
        found.setdefault(key_of(one), []).append(one)
    return found
