"""The settings of cases."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from service.cases.documents.numbering import DEFAULT_PATTERN
from service.cases.events import FLOWS


def _one_level() -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(FLOWS, ("chief",))


class Cases(BaseModel):
    """How the bureau works its cases."""

    bureau: str = Field(default="", description="Name of the bureau, as its documents bear it.")
    address: str = Field(default="", description="Its address.")
    contact: str = Field(default="", description="Who answers questions about its documents.")
    phone: str = Field(default="", description="By which telephone number.")
    review_body: str = Field(default="", description="Where review is applied for, as documents tell it.")
    court: str = Field(default="", description="Which court is competent, as documents tell it.")
    pay_to: str = Field(default="", description="Bank and account to which fines are paid.")
    place: str = Field(default="", description="First sign of its serial numbers (垦 in 垦执停字〔2026〕第3号).")
    serial_pattern: str = Field(default=DEFAULT_PATTERN, description="How serial numbers are written.")
    serial_words: dict[str, str] | None = Field(
        default=None, description="Middle word of the numbers by kind of document, as JSON; empty: those of Kancha."
    )
    certificates: dict[str, str] = Field(
        default_factory=dict, description="Numbers of the officers' certificates by their ids, as JSON."
    )
    templates: Path | None = Field(
        default=None, description="Folder of the bureau's own templates, KIND@YYYY-MM-DD.docx; empty: those of Kancha."
    )
    levels: dict[str, tuple[str, ...]] = Field(
        default_factory=_one_level,
        description="Levels of approval by flow (filing, penalty, closure), in their order; as JSON.",
    )
    approvers: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Ids of those who approve at a level; a level not named: every approver."
    )
    jurisdictions: tuple[str, ...] = Field(
        default=(), description="Local rules that hold besides the national ones: `kancha clocks terms` lists them."
    )
    terms_file: Path | None = Field(default=None, description="The bureau's own book of terms (YAML).")
    holidays_file: Path | None = Field(default=None, description="Holidays and make-up workdays of its own (YAML).")
    public: Literal["nothing", "figures", "cases"] = Field(
        default="nothing", description="What the public page tells: nothing, figures, or figures and cases."
    )
    public_days: int = Field(
        default=0, ge=0, description="A closed case leaves the public page after so many days; 0: never."
    )
    stamp_url: str = Field(
        default="", description="Time-stamp authority (RFC 3161) that stamps evidence packages; empty: none."
    )
    wait_under_construction: bool = Field(
        default=False, description="A building under construction, too, waits for the terms of review and suit."
    )
    own_power: tuple[Literal["fast", "slow", "village", "land"], ...] = Field(
        default=("fast", "slow", "village"), description="Paths on which the bureau enforces itself; else the court."
    )
    least_confidence: float = Field(
        default=0.8, ge=0.5, le=1.0, description="A proof of the end that is less sure leaves a case as it is."
    )
    proof_days: int = Field(
        default=30, ge=1, le=365, description="Days after a demolition was reported until proof from the field is due."
    )
    interval_s: float = Field(default=30.0, gt=0, description="Pause between two looks at terms that fall due, s.")

    @field_validator("levels")
    @classmethod
    def _flows(cls, told: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        unknown = sorted(set(told) - set(FLOWS))
        if unknown:
            raise ValueError(f"there is no flow of approval {', '.join(unknown)}; known: {', '.join(FLOWS)}")
        return {**_one_level(), **told}
