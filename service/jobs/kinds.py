"""What a durable run may be of, and what it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TRAINING = "training"

LIGHT = ("intake",)
"""Work that a slot of its own is kept for: an upload does not wait for a scan of hours."""


def time_limit_s(kind: str, request: Mapping[str, Any], usual_s: float) -> float:
    """How long one start of a job may take, s: a training says itself how long it works, and is measured beside that.

    Args:
        kind: What the job does.
        request: What was asked.
        usual_s: The setting.

    >>> time_limit_s("scan", {}, 60.0), time_limit_s("training", {"minutes": 60}, 60.0)
    (60.0, 7260.0)
    """
    return usual_s + (2 * 60.0 * float(request["minutes"]) if kind == TRAINING else 0.0)
