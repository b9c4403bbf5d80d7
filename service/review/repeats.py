"""Whether a finding is a dismissed one seen again, or the place has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely

CHANGED_SINCE = "changed_since_dismissal"
"""Flag of a finding that stands where another was dismissed and is worth another look."""

MIN_IOU = 0.5
MIN_COVERED = 0.8
CONFIDENCE_RISE = 0.2
AREA_FACTOR = 1.5
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Observation:
    """What of a finding decides whether it is another one seen again.

    Args:
        fid: Its id.
        change: `appeared`, `disappeared`, `altered`.
        confidence: Its confidence.
        area_m2: Its area, m².
        before_at: Time of the first date.
        after_at: Time of the second date.
        outline: Its geometry, in the same system as the others.
    """

    fid: str
    change: str
    confidence: float
    area_m2: float
    before_at: datetime
    after_at: datetime
    outline: shapely.Geometry


@dataclass(frozen=True)
class Settlement:
    """What dismissals mean for a finding.

    Args:
        suppressed_by: Id of the dismissed finding that it repeats; None: it stands.
        returned: Whether it stands where another was dismissed, and the place has changed since.
    """

    suppressed_by: str | None = None
    returned: bool = False


def settle(found: Observation, dismissed: Sequence[Observation]) -> Settlement:
    """Decide whether a finding stays out of the queue because officers have dismissed it before.

    It lies on a dismissed one if both changed in the same direction and their outlines share half of what they
    cover together, or 80 % of its own is covered. Then it is the same change seen again if the two spans of time
    overlap, unless it shows clearly more: a confidence 0.2 higher, an area 1.5 times as large. It has come anew
    if its first date is not before the second date of the dismissed one. Where it lies on several, one of which it
    repeats is enough to suppress it: the last that was dismissed already showed what the earlier ones did not.

    Args:
        found: The finding.
        dismissed: Findings whose last verdict is `false`; itself among them is passed over.

    Returns:
        `suppressed_by` names the one with the latest second date among those that it repeats.
    """
    on = [d for d in dismissed if d.fid != found.fid and d.change == found.change and _lies_on(found, d)]
    repeated = [d for d in on if _same_span(found, d) and not _shows_more(found, d)]
    if repeated:
        return Settlement(max(repeated, key=lambda d: (d.after_at, d.fid)).fid)
    return Settlement(returned=any(_same_span(found, d) or found.before_at >= d.after_at for d in on))


def _same_span(found: Observation, dismissed: Observation) -> bool:
    return found.before_at < dismissed.after_at and dismissed.before_at < found.after_at


def _shows_more(found: Observation, dismissed: Observation) -> bool:
    surer = found.confidence - dismissed.confidence >= CONFIDENCE_RISE - _ROUNDING
    return surer or found.area_m2 >= AREA_FACTOR * dismissed.area_m2 > 0


def _lies_on(found: Observation, dismissed: Observation) -> bool:
    # shares of areas in one small place are the same in degrees as in metres
    shared = shapely.area(shapely.intersection(found.outline, dismissed.outline))
    own, other = shapely.area(found.outline), shapely.area(dismissed.outline)
    if shared <= 0:
        return False
    covered, iou = shared / own, shared / (own + other - shared)
    return bool(iou >= MIN_IOU - _ROUNDING or covered >= MIN_COVERED - _ROUNDING)
