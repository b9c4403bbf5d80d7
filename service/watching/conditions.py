"""A condition of the system that somebody has to know of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True)
class Condition:
    """Something that is not as it should be.

    Args:
        code: Which condition, `disk-low`: the same as long as it lasts.
        severity: How bad it is.
        title: In a few words.
        title_zh: The same in Chinese.
        measured: The figures.
        remedy: What to do.
        since: Since when it is so, None: not known.
    """

    code: str
    severity: Literal["warning", "critical"]
    title: str
    title_zh: str
    measured: Mapping[str, Any]
    remedy: str
    since: datetime | None = None
