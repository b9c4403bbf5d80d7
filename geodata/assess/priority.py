"""Which finding is worth an officer's visit first: the expected value of a visit, 0 to 1.

    priority = chance x worth
    chance   = confidence x P(status) x P(change)         that an offence is found there
    worth    = stage x size x youth, lifted by each flag  what a visit can still save

A building that is caught while it is built is stopped by an order; a finished one takes a year in court, so the
stage weighs most. The weights are set by hand, by the order in which the bureau works, not fitted: what they are
worth is measured by the precision of the first k that were judged. Every step is monotone, so that a reader can
say why one finding stands before another. Nothing but the finding itself decides, no clock and no neighbour: the
same finding has the same priority wherever it is computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

STATUS_CHANCE: Mapping[str, float] = MappingProxyType(
    {"suspected": 1.0, "unassessed": 0.5, "existing": 0.05, "permitted": 0.05}
)
"""How likely a real change is an offence. Not assessed: as likely as not; on file: only where the file is wrong."""

CHANGE_CHANCE: Mapping[str, float] = MappingProxyType({"appeared": 1.0, "altered": 0.8, "disappeared": 0.1})
"""What is gone calls for no order; what was altered is an addition or a new roof."""

STAGE_WORTH: Mapping[str, float] = MappingProxyType(
    {"under_construction": 1.0, "foundation": 0.95, "earthworks": 0.9, "unknown": 0.6, "finished": 0.45}
)
"""What can still be saved: all while it is built."""

FLAG_LIFT: Mapping[str, float] = MappingProxyType({"protected_land": 0.5, "concealment": 0.25, "rebuilt": 0.25})
"""Share of what lacks to the full worth that a flag makes good."""

_SMALLEST_SHARE = 0.4
_AREA_STEP_M2 = 10.0
_FULL_AREA_M2 = 1000.0
_OLDEST_SHARE = 0.5
_HALF_LIFE_DAYS = 365.0
_DIGITS = 6


@dataclass(frozen=True)
class Lead:
    """What the priority of a finding is made of.

    Args:
        confidence: Calibrated probability that a structure really changed.
        status: `suspected`, `unassessed`, `existing`, `permitted`.
        change: `appeared`, `altered`, `disappeared`.
        stage: `under_construction`, `foundation`, `earthworks`, `finished`, `unknown`.
        area_m2: Its area, m².
        flags: What calls for attention.
        age_days: Longest time that it can have stood when it was seen: from the first date to the second.
    """

    confidence: float
    status: str
    change: str
    stage: str = "unknown"
    area_m2: float = 0.0
    flags: tuple[str, ...] = ()
    age_days: float = 0.0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Lead:
        """From the properties of a detection feature."""
        dates = [datetime.fromisoformat(str(told[name])) for name in ("before_acquired_at", "after_acquired_at")]
        return cls(
            confidence=float(told["confidence"]),
            status=str(told["status"]),
            change=str(told["change"]),
            stage=str(told.get("stage") or "unknown"),
            area_m2=float(told["area_m2"]),
            flags=tuple(told.get("flags") or ()),
            age_days=(dates[1] - dates[0]).total_seconds() / 86400,
        )


def priority(lead: Lead) -> float:
    """The expected value of a visit, 0 to 1.

    Args:
        lead: The finding; words that are not known count as the least telling ones.

    >>> priority(Lead(1.0, "suspected", "appeared", "under_construction", 1000.0))
    1.0
    >>> priority(Lead(0.5, "suspected", "appeared", "finished", 1000.0))
    0.225
    """
    status = STATUS_CHANCE.get(lead.status, STATUS_CHANCE["unassessed"])
    chance = min(1.0, max(0.0, lead.confidence)) * status * CHANGE_CHANCE.get(lead.change, 1.0)
    stage = STAGE_WORTH.get(lead.stage, STAGE_WORTH["unknown"])
    worth = stage * _size(lead.area_m2) * _youth(lead.age_days)
    for flag in sorted(set(lead.flags)):
        worth += (1 - worth) * FLAG_LIFT.get(flag, 0.0)
    return round(chance * worth, _DIGITS)


def _size(area_m2: float) -> float:
    """From the smallest share to 1 at 1000 m², with the logarithm: ten times as large is one step more."""
    grown = math.log1p(max(0.0, area_m2) / _AREA_STEP_M2) / math.log1p(_FULL_AREA_M2 / _AREA_STEP_M2)
    return _SMALLEST_SHARE + (1 - _SMALLEST_SHARE) * min(1.0, grown)


def _youth(age_days: float) -> float:
    """From 1 for what can have stood for no time down to a half, half of the way in a year."""
    return float(_OLDEST_SHARE + (1 - _OLDEST_SHARE) * 2 ** (-max(0.0, age_days) / _HALF_LIFE_DAYS))
