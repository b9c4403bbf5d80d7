"""Verdicts over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

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
    person_id: str | None = Field(description="The person who had signed in; null where the name was written by hand.")
    judged_at: datetime
    note: str | None
    purpose: str = Field(description="Why it was looked at: enforce or learn.")
    created_at: datetime
    withdrawn_at: datetime | None = Field(description="When its judge took it back.")
    links: list[Link] = []


class VerdictList(Answer):
    """The verdicts on a finding that stand, the one that counts last."""

    verdicts: list[VerdictOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class Withdrawn(Answer):
    """A verdict that was taken back."""

    withdrawn: VerdictOut
    counts: VerdictOut | None = Field(description="The verdict that counts now; null: the finding is open again.")


class PairOut(Answer):
    """What two people said of a finding."""

    result: Literal["same", "other_reason", "disagree"] = Field(
        description="other_reason: both dismiss it, as different things."
    )
    first: VerdictOut = Field(description="The latest of who judged first.")
    second: VerdictOut = Field(description="The latest of who judged next.")


class Judged(VerdictOut):
    """A verdict that was given just now."""

    pair: PairOut | None = Field(
        default=None, description="What another person said of it, beside this; null while nobody else has judged it."
    )
