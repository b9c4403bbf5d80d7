"""Alarms over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from service.alarms.values import Delivery, SystemAlarm
from service.schemas.common import Answer, Link
from service.usecases.alarms import Shown


class AlarmOut(BaseModel):
    """An alarm."""

    id: str
    rule_id: str
    person_id: str
    structure_id: str
    finding_id: str
    step: str = Field(description="Why: `first`, `rebuilt`, `protected_land`, `finished`.")
    grade: str = Field(description="`gravest`: being built on protected land; else `usual`.")
    place: tuple[float, float]
    status: str
    change: str
    stage: str
    confidence: float
    area_m2: float
    reasons: list[Any]
    uploaded_at: datetime = Field(description="When the later scene arrived.")
    raised_at: datetime
    due_at: datetime
    told_at: datetime | None = Field(description="When the first message of it was delivered.")
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    escalated_at: datetime | None = Field(description="When it was handed to the next person.")
    links: list[Link] = []

    @classmethod
    def of(cls, shown: Shown, links: list[Link]) -> AlarmOut:
        """The body of an alarm."""
        names = ("id", "rule_id", "person_id", "structure_id", "finding_id", "step", "grade", "uploaded_at",
                 "raised_at", "due_at", "told_at", "acknowledged_at", "acknowledged_by", "escalated_at")  # fmt: skip
        told = shown.told
        return cls(
            **{name: getattr(shown.alarm, name) for name in names},
            place=shown.place,
            status=told["status"],
            change=told["change"],
            stage=told.get("stage") or "unknown",
            confidence=told["confidence"],
            area_m2=told["area_m2"],
            reasons=told.get("reasons") or [],
            links=links,
        )


class AlarmsOut(BaseModel):
    """A page of alarms."""

    alarms: list[AlarmOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    links: list[Link]


class FiguresOut(Answer):
    """How long it took."""

    count: int
    median_s: float | None
    p95_s: float | None


class PeriodOut(Answer):
    """The clock of a period."""

    period: str = Field(description="Its first day in Beijing, or `all`.")
    raised: FiguresOut = Field(description="From the upload to the raising of the first alarm of each finding.")
    told: FiguresOut = Field(description="From the upload to the first message that was delivered.")
    gravest: FiguresOut = Field(description="The same of those of the gravest kind, which wait for no digest.")
    untold: int = Field(description="Findings that alarmed and of which no message was delivered yet.")


class ClockOut(BaseModel):
    """The clock from upload to alarm."""

    periods: list[PeriodOut]
    links: list[Link]


class DeliveryOut(BaseModel):
    """A message."""

    id: str
    channel_id: str
    person_id: str | None
    purpose: str
    state: str = Field(description="`waiting`, `sending`, `sent`, `failed` (given up), `withdrawn`.")
    attempts: int
    repeated: bool = Field(description="Whether an earlier try may have arrived.")
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None
    last_error: str | None
    alarms: list[str]

    @classmethod
    def of(cls, one: Delivery) -> DeliveryOut:
        """The body of a message: how it fared, not what it says."""
        told = {name: getattr(one, name) for name in cls.model_fields if name != "alarms"}
        return cls(**told, alarms=list(one.alarms))


class DeliveriesOut(BaseModel):
    """A page of messages."""

    deliveries: list[DeliveryOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    links: list[Link]


class ConditionOut(BaseModel):
    """A condition of the system."""

    code: str
    severity: str
    title: str
    title_zh: str
    measured: dict[str, Any]
    remedy: str
    raised_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, one: SystemAlarm) -> ConditionOut:
        """The body of a condition."""
        told = {name: one.told[name] for name in ("title", "title_zh", "measured", "remedy")}
        return cls(code=one.code, severity=one.severity, raised_at=one.raised_at, ended_at=one.ended_at, **told)


class ConditionsOut(BaseModel):
    """Conditions of the system."""

    conditions: list[ConditionOut]
    links: list[Link]
