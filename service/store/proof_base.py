"""Looks at the places of cases as a store keeps them: what every later scene showed, told or only kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class CaseLook:
    """What a scene showed of the place of a case. Only what was told of it may still change: see `ProofStore.settle`.

    Args:
        case_id: The case.
        scene_id: The later scene.
        kind: `structure`, or `green` for land that is to be planted.
        earlier_id: The scene in which the structure stood; None where none is compared.
        shown_at: When the later scene was taken.
        looked_at: When it was looked at.
        seen: What was seen.
        confidence: How surely.
        effect: `proved`, `reopened`, `rebuilding`, `noted`, `measured` or `kept`.
        event: Number of the event that told it; None: it was only kept.
        told: Reasons in words, figures, areas, networks.
    """

    case_id: str
    scene_id: str
    kind: str
    earlier_id: str | None
    shown_at: datetime
    looked_at: datetime
    seen: str
    confidence: float
    effect: str
    event: int | None
    told: Mapping[str, Any]


class ProofStore(Protocol):
    """Looks at the places of cases. Whoever sees a case sees the looks at it."""

    def put(self, look: CaseLook) -> bool:
        """Keep a look; False where this scene was looked at for this case already."""

    def settle(self, look: CaseLook) -> None:
        """Note that a look which was only kept has been told: its effect, its event and what is told of it."""

    def known(self, case_id: str, scene_id: str, kind: str) -> bool:
        """Whether a scene was looked at for a case."""

    def of_case(self, case_id: str) -> Sequence[CaseLook]:
        """The looks at a case, by the dates of what they showed."""

    def since(self, moment: datetime) -> Sequence[CaseLook]:
        """The looks that were taken since a moment, those of cases that the caller sees."""
