"""Whether a detector still does what it did: the shares of dismissed findings and the scores, month by month.

Scores are compared by the population stability index over ten equal bins of the confidence,

    PSI = sum over bins of (q - p) ln(q / p),   p, q = (count + 1/2) / (total + K/2),

p of the reference, q of the month, over the K bins that either has something in. From 0.25 on a population counts as
moved (N. Siddiqi, Credit Risk Scorecards, Wiley 2006). With few findings chance alone gives as much: without a change
PSI / (1/N + 1/M) is distributed as chi square with K - 1 degrees of freedom (B. Yurdakul, J. Naranjo, Statistical
properties of the population stability index, Journal of Risk Model Validation 14 (2020)), so that it has to exceed what
chance reaches once in a thousand too. Findings of one scan are no independent draws: a month takes several scans.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from geodata.io.dates import BEIJING
from geodata.shares import Rate, rate
from service.watching.conditions import DISMISSALS, SCORES, SEVERITIES, Condition

BINS = 10
LEAST_RECENT, LEAST_REFERENCE, LEAST_SCANS, LEAST_JUDGED = 100, 300, 3, 30
"""Findings of the month, findings of the reference, scans of either, judged findings of either: with fewer no word."""
REFERENCE_MONTHS = 6
CHI2_999 = (0.0, 10.828, 13.816, 16.266, 18.467, 20.515, 22.458, 24.322, 26.124, 27.877)
"""What chi square of 0 to 9 degrees of freedom exceeds once in a thousand (any table of it)."""


@dataclass(frozen=True)
class Look:
    """One scan's findings, counted.

    Args:
        detector: What judged.
        at: When the scan ended.
        bins: Findings by confidence: 0 to 0.1, ..., 0.9 to 1.
    """

    detector: str
    at: datetime
    bins: tuple[int, ...]


@dataclass(frozen=True)
class Word:
    """What was said of a finding that was looked at to enforce.

    Args:
        detector: What found it.
        at: When its scan ended.
        dismissed: Whether it was none.
    """

    detector: str
    at: datetime
    dismissed: bool


@dataclass(frozen=True)
class Month:
    """A detector in a month of Beijing, by the end of its scans.

    Args:
        detector: Which.
        month: `2026-11`.
        scans: Its scans.
        bins: Their findings by confidence, in ten bins.
        dismissed: How many of the judged were dismissed (`right` counts the dismissed).
    """

    detector: str
    month: str
    scans: int
    bins: tuple[int, ...]
    dismissed: Rate

    @property
    def findings(self) -> int:
        """How many."""
        return sum(self.bins)


@dataclass(frozen=True)
class Drift:
    """A detector's latest month beside those before it.

    Args:
        recent: The month that is looked at.
        reference: The months before it, taken together; `month` tells the first and the last.
        psi: Population stability index of the scores; None with too few findings or scans.
        chance: What chance alone exceeds once in a thousand; None as well.
        scores_moved: Whether the scores have moved; None: cannot be told.
        dismissals_rose: Whether more is dismissed than before; None: cannot be told.
    """

    recent: Month
    reference: Month
    psi: float | None
    chance: float | None
    scores_moved: bool | None
    dismissals_rose: bool | None


def month_of(moment: datetime) -> str:
    """Month of a moment in Beijing."""
    return f"{moment.astimezone(BEIJING):%Y-%m}"


def months(looks: Iterable[Look], words: Iterable[Word]) -> list[Month]:
    """Detectors by month, in the order of their names and of time."""
    bins: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    said: dict[tuple[str, str], list[bool]] = {}
    for look in looks:
        bins.setdefault((look.detector, month_of(look.at)), []).append(look.bins)
    for word in words:
        said.setdefault((word.detector, month_of(word.at)), []).append(word.dismissed)
    return [
        Month(*place, len(bins.get(place, [])), _sum(bins.get(place, [])), rate(said.get(place, [])))
        for place in sorted(bins.keys() | said.keys())
    ]


def drifts(told: Sequence[Month], now: datetime, least_psi: float) -> list[Drift]:
    """Every detector that works: its latest month that has enough, of this and the last, beside the half year before.

    Args:
        told: Of `months`.
        now: The time.
        least_psi: From which index on scores count as moved.
    """
    this = month_of(now)
    found = []
    for detector in sorted({one.detector for one in told}):
        mine = {one.month: one for one in told if one.detector == detector}
        near = [mine[month] for month in (this, _earlier(this, 1)) if month in mine]
        if not near:
            continue
        recent = next((one for one in near if _is_enough(one, LEAST_RECENT)), near[0])
        before = [_earlier(recent.month, back) for back in range(REFERENCE_MONTHS, 0, -1)]
        found.append(_drift(recent, _together(detector, [mine[m] for m in before if m in mine]), least_psi))
    return found


def stability_index(reference: Sequence[int], recent: Sequence[int]) -> tuple[float, float]:
    """The population stability index of two rows of counts, and what chance alone exceeds once in a thousand.

    >>> psi, chance = stability_index([50, 50], [80, 20])
    >>> round(psi, 4), round(chance, 4)
    (0.4063, 0.2166)
    """
    pairs = [(p, q) for p, q in zip(reference, recent, strict=True) if p or q]
    k, n, m = len(pairs), sum(reference), sum(recent)
    shares = [((p + 0.5) / (n + k / 2), (q + 0.5) / (m + k / 2)) for p, q in pairs]
    return sum((q - p) * math.log(q / p) for p, q in shares), CHI2_999[k - 1] * (1 / n + 1 / m)


def conditions_of(found: Iterable[Drift]) -> list[Condition]:
    """What is to be told of detectors that drift."""
    told = []
    for one in found:
        name, month = one.recent.detector, one.recent.month
        counts = {"name": name, "month": month, "reference": one.reference.month}
        if one.scores_moved:
            told.append(
                Condition(
                    SCORES,
                    SEVERITIES[SCORES],
                    f"The scores of the detector {_short(name)} have moved in {month}: stability index {one.psi:.2f}.",
                    f"{month} 检测器 {_short(name)} 的置信度分布发生漂移：稳定性指标 {one.psi:.2f}。",
                    counts | {"psi": one.psi, "findings": one.recent.findings, "before": one.reference.findings},
                    _REMEDY,
                )
            )
        if one.dismissals_rose:
            now, before = one.recent.dismissed, one.reference.dismissed
            share, usual = (now.precision or 0.0) * 100, (before.precision or 0.0) * 100
            told.append(
                Condition(
                    DISMISSALS,
                    SEVERITIES[DISMISSALS],
                    f"Officers dismiss more findings of the detector {_short(name)}: {share:.0f} % in {month}, "
                    f"{usual:.0f} % before.",
                    f"检测器 {_short(name)} 的误报率上升：{month} 为 {share:.0f}%，此前 {usual:.0f}%。",
                    counts | {"judged": now.judged, "dismissed": now.right, "share": now.precision,
                              "share_before": before.precision},
                    _REMEDY,
                )
            )  # fmt: skip
    return told


_REMEDY = (
    "GET /status/detector shows the counts. Look whether sensor, season or ground have changed, look at what was "
    "dismissed and why (GET /queue/precision), then train or choose another model (docs/watching.md)."
)


def _drift(recent: Month, reference: Month, least_psi: float) -> Drift:
    psi = chance = moved = rose = None
    if _is_enough(recent, LEAST_RECENT) and _is_enough(reference, LEAST_REFERENCE):
        psi, chance = (round(value, 4) for value in stability_index(reference.bins, recent.bins))
        moved = psi >= least_psi and psi > chance
    if min(recent.dismissed.judged, reference.dismissed.judged) >= LEAST_JUDGED:
        rose = recent.dismissed.low > reference.dismissed.high
    return Drift(recent, reference, psi, chance, moved, rose)


def _is_enough(month: Month, findings: int) -> bool:
    return month.findings >= findings and month.scans >= LEAST_SCANS


def _together(detector: str, several: Sequence[Month]) -> Month:
    span = f"{several[0].month}/{several[-1].month}" if several else ""
    judged, dismissed = (sum(getattr(one.dismissed, name) for one in several) for name in ("judged", "right"))
    share = rate([True] * dismissed + [False] * (judged - dismissed))
    return Month(detector, span, sum(one.scans for one in several), _sum([one.bins for one in several]), share)


def _sum(rows: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True)) if rows else (0,) * BINS


def _earlier(month: str, back: int) -> str:
    """A month so many before another.

    >>> _earlier("2026-02", 3)
    '2025-11'
    """
    number = int(month[:4]) * 12 + int(month[5:]) - 1 - back
    return f"{number // 12}-{number % 12 + 1:02d}"


def _short(detector: str) -> str:
    """A detector as people say it: without the checksum."""
    return detector.partition("+")[0]


def by_detector(told: Iterable[Month]) -> Mapping[str, list[Month]]:
    """The months of each detector."""
    found: dict[str, list[Month]] = {}
    for one in told:
        found.setdefault(one.detector, []).append(one)
    return found
