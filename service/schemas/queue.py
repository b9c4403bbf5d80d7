"""The review queue over HTTP."""

from __future__ import annotations

from pydantic import BaseModel, Field

from service.schemas.common import Answer, Link


class QueueRow(BaseModel):
    """A finding that waits for a verdict."""

    rank: int
    id: str
    purpose: str = Field(description="enforce: by priority; learn: drawn because there is something to learn.")
    why: str = Field(description="Why it is in the queue.")
    priority: float
    change: str
    confidence: float
    area_m2: float
    status: str
    stage: str
    flags: list[str]
    cues: list[str]
    reason: str = Field(description="The first of its reasons.")
    place: tuple[float, float] = Field(description="Middle of its box, longitude and latitude.")
    after_acquired_at: str
    scan_id: str
    links: list[Link] = []


class Queue(BaseModel):
    """What officers look at."""

    capacity: int
    learn_share: float
    rows: list[QueueRow]
    links: list[Link]


class RateOut(Answer):
    """How many of those judged were right."""

    judged: int
    right: int
    precision: float | None = Field(description="Their share, null where nothing was judged.")
    low: float = Field(description="Lower end of its 95 % interval (Wilson).")
    high: float = Field(description="Upper end.")


class AtKOut(Answer):
    """Precision of the first k."""

    k: int
    rate: RateOut


class GroupOut(Answer):
    """Precision of a group."""

    name: str
    purpose: str
    rate: RateOut


class PrecisionOut(Answer):
    """How right the judged findings are."""

    overall: dict[str, RateOut] = Field(description="By purpose.")
    at_k: list[AtKOut] = Field(description="Of the first k looked at to enforce, in the order of priority.")
    groups: dict[str, list[GroupOut]] = Field(description="By change, stage, sensor, season and month.")
    reasons: dict[str, int] = Field(description="How often each reason stands for a dismissal.")
    links: list[Link] = []
