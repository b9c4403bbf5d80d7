"""Looks at the places of cases over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from geodata.verify.wording import TITLES
from service.cases.proof import WHY
from service.schemas.common import Answer, Link
from service.store.proof_base import CaseLook
from service.usecases.case_proof import Proof


class CaseLookOut(Answer):
    """What a scene showed of the place of a case."""

    scene_id: str
    earlier_id: str | None = Field(description="The scene in which the structure stood.")
    kind: str = Field(description="`structure`, or `green` for land that is to be planted.")
    shown_at: datetime = Field(description="When the scene was taken.")
    looked_at: datetime
    seen: str
    seen_en: str
    seen_zh: str
    confidence: float
    effect: str = Field(description="`proved`, `reopened`, `rebuilding`, `noted`, `measured`, or `kept`: nothing told.")
    event: int | None = Field(description="Number of the event that told it.")
    why: str = Field(description="Why it was only kept; empty where it was told.")
    why_zh: str
    told: dict[str, Any] = Field(description="Reasons in words, areas with their errors, figures, networks.")

    @classmethod
    def of(cls, look: CaseLook) -> Self:
        """The wire form of a look."""
        told = dict(look.told)
        why = WHY.get(str(told.pop("why", "")), ("", ""))
        title = TITLES.get(look.seen, (look.seen, "绿化" if look.kind == "green" else look.seen))
        return cls(
            scene_id=look.scene_id,
            earlier_id=look.earlier_id,
            kind=look.kind,
            shown_at=look.shown_at,
            looked_at=look.looked_at,
            seen=look.seen,
            seen_en=title[0],
            seen_zh=title[1],
            confidence=look.confidence,
            effect=look.effect,
            event=look.event,
            why=why[0],
            why_zh=why[1],
            told=told,
        )


class CaseProofOut(Answer):
    """What was seen of a case from above."""

    watched: bool = Field(description="Whether images can say anything of its end.")
    overdue: bool = Field(description="A demolition was reported and no proof came in time: field proof is due.")
    looks: list[CaseLookOut]
    links: list[Link]

    @classmethod
    def of(cls, proof: Proof, links: list[Link]) -> Self:
        """The wire form of what was seen."""
        looks = [CaseLookOut.of(one) for one in proof.looks]
        return cls(watched=proof.watched, overdue=proof.overdue, looks=looks, links=links)
