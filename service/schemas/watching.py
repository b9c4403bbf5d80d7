"""What the service tells of itself over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, computed_field

from service.chinese.refusals import in_chinese
from service.schemas.common import Answer


class ConditionOut(Answer):
    """Something that is not well."""

    code: str = Field(description="Which one.")
    severity: str = Field(description="warning or critical.")
    title: str = Field(description="What is wrong, with the figure.")
    title_zh: str = Field(description="The same in Chinese.")
    measured: Mapping[str, Any] = Field(description="The figures behind it.")
    remedy: str = Field(description="What can be done about it.")
    since: datetime | None = Field(description="Since when, as far as it is known.")
    blocking: bool = Field(description="Whether the service cannot do its work: /readyz answers 503.")

    @computed_field(description="The same in Chinese.")  # type: ignore[prop-decorator]
    @property
    def remedy_zh(self) -> str:
        """What can be done about it, in Chinese; in English where nobody wrote it."""
        return in_chinese(self.remedy) or self.remedy


class ConditionList(Answer):
    """What is not well."""

    looked_at: datetime | None = Field(description="When the service last looked at itself.")
    conditions: list[ConditionOut]


class ShareOut(Answer):
    """A share with its 95 % interval (Wilson)."""

    judged: int
    dismissed: int
    share: float | None = Field(description="None where nothing was judged.")
    low: float
    high: float


class MonthOut(Answer):
    """A detector in a month."""

    month: str = Field(description="Month of Beijing in which the scans ended; of several the first and the last.")
    scans: int
    findings: int
    bins: list[int] = Field(description="Findings by confidence: 0 to 0.1, ..., 0.9 to 1.")
    dismissals: ShareOut = Field(description="Of those that were judged, looked at to enforce.")


class DriftOut(Answer):
    """The latest month beside the half year before it."""

    recent: MonthOut
    reference: MonthOut
    psi: float | None = Field(description="Population stability index of the scores; null with too few.")
    chance: float | None = Field(description="What chance alone exceeds once in a thousand.")
    scores_moved: bool | None = Field(description="Null: cannot be told.")
    dismissals_rose: bool | None = Field(description="Null: cannot be told.")


class DetectorOut(Answer):
    """A detector over time."""

    detector: str = Field(description="A model with its checksum, `training-free` or `surfaces`.")
    months: list[MonthOut]
    drift: DriftOut | None = Field(description="Null for one that has not worked lately.")


class DetectorList(Answer):
    """The detectors over time."""

    looked_at: datetime
    detectors: list[DetectorOut]
