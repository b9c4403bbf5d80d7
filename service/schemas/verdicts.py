"""Verdicts over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from service.schemas.common import Answer, Link


class VerdictOut(Answer):
    """A verdict on a finding."""

    id: str
    finding_id: str
    verdict: bool = Field(description="Whether the finding is right.")
    reason: str | None = Field(description="What a dismissed finding was instead.")
    outline: dict[str, Any] | None = Field(description="Corrected outline, GeoJSON polygon.")
    judged_by: str
    judged_at: datetime
    note: str | None
    purpose: str = Field(description="Why it was looked at: enforce or learn.")
    created_at: datetime
    links: list[Link] = []


class VerdictList(Answer):
    """The verdicts on a finding, the one that counts last."""

    verdicts: list[VerdictOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]
