"""The ledger of cases and the look at even treatment over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from service.schemas.common import Answer, Link


class FigureOut(Answer):
    """A figure with its definition."""

    name: str
    title: str
    title_zh: str
    value: float | None = Field(description="None where there is nothing to tell it from.")
    unit: str
    count: int
    of: int | None
    low: float | None = Field(description="95 % interval of a share (Wilson).")
    high: float | None
    definition: str
    definition_zh: str


class CaseLedgerOut(Answer):
    """The ledger of the cases that were opened in a time."""

    since: datetime
    until: datetime
    cases: int
    figures: list[FigureOut]
    groups: dict[str, dict[str, list[FigureOut]]]
    links: list[Link] = []


class GroupOut(Answer):
    """The cases of a group."""

    dimension: str
    name: str
    cases: int
    ended: int
    outcomes: dict[str, int]
    days_to_decision: float | None
    days_to_end: float | None
    yuan_per_m2: float | None
    hardship: int


class OutlierOut(Answer):
    """A case that went another way than those alike."""

    case_id: str
    serial: str
    what: str
    value: str
    usual: str
    alike: int
    sentence: str
    sentence_zh: str
    hardship: bool


class EqualTreatmentOut(Answer):
    """How evenly cases were treated."""

    groups: list[GroupOut]
    outliers: list[OutlierOut]
    links: list[Link] = []


class AlikeOut(Answer):
    """A case in one line; nobody is named."""

    case_id: str
    serial: str
    category: str
    path: str
    stage: str
    size: str
    area_m2: float | None
    village: str
    outcome: str
    fine_yuan: float | None
    days_to_decision: float | None
    days_to_end: float | None
    hardship: bool
    rulebook: str = Field(description="Version of the rules that its finding was assessed by.")

    @classmethod
    def of(cls, history: Any) -> AlikeOut:
        """The wire form of a history."""
        names = ("case_id", "category", "path", "stage", "size", "outcome", "fine_yuan", "days_to_decision",
                 "days_to_end", "hardship")  # fmt: skip
        around = history.around
        return cls(
            **{name: getattr(history, name) for name in names},
            serial=around.serial,
            area_m2=around.area_m2,
            village=around.village,
            rulebook=around.rulebook,
        )


class ComparableOut(Answer):
    """A case, and the decided ones most like it."""

    case: AlikeOut
    alike: list[AlikeOut]
    links: list[Link]
