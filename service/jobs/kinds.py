"""What a durable run may be of, and what it takes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

TRAINING = "training"
NIGHT = "night"

OWN_SLOTS: tuple[tuple[str, ...], ...] = (("intake",), (NIGHT,))
"""Kinds that a slot of their own is kept for: an upload does not wait for a scan of hours, nor do the scans of a night
for the night that waits for them."""
NEVER_ELSEWHERE = (NIGHT,)
"""Kinds that are done in their own slot alone: they wait for others, and would keep the place of what they wait for."""
UNTIMED = (NIGHT,)
"""Kinds without a limit of time: they take as long as what they ordered."""


def time_limit_s(kind: str, request: Mapping[str, Any], usual_s: float) -> float:
    """How long one start of a job may take, s: a training says itself how long it works, and is measured beside that.

    Args:
        kind: What the job does.
        request: What was asked.
        usual_s: The setting.

    >>> time_limit_s("scan", {}, 60.0), time_limit_s("training", {"minutes": 60}, 60.0), time_limit_s("night", {}, 60.0)
    (60.0, 7260.0, inf)
    """
    if kind in UNTIMED:
        return math.inf
    return usual_s + (2 * 60.0 * float(request["minutes"]) if kind == TRAINING else 0.0)
