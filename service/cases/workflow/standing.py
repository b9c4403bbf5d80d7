"""Where a case stands: what its events, one after the other, have made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from service.cases.events import FLOWS, CaseEvent
from service.cases.workflow.regions import PROCEDURE, initial


@dataclass(frozen=True)
class Options:
    """What a bureau decides of the procedure.

    Args:
        levels: For each flow of approval, its levels in order.
        approvers: For a level, the ids of those who may approve it; a level that is not named: every approver.
        wait_under_construction: Whether a building under construction, too, waits until the terms of review and suit
            are over (强制法 44); courts have it otherwise, the statute's wording says nothing of it.
        own_power: Paths on which the bureau enforces by itself; the others go to the court.
        least_confidence: A proof of less leaves a case as it is.
    """

    levels: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict.fromkeys(FLOWS, ("chief",)))
    approvers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wait_under_construction: bool = False
    own_power: tuple[str, ...] = ("fast", "slow", "village")
    least_confidence: float = 0.8


@dataclass(frozen=True)
class Standing:
    """Where a case stands.

    Args:
        case_id: The case.
        number: Number of its last event, corrections included: what the next one must follow.
        regions: The state of each region.
        origin: The active state that the procedure left last: where a case that comes back comes back to.
        events: Its events as they stand, corrections applied.
        entered: For each region, the number of the event that brought it to where it is.
        stray: Events that fit nowhere, since a correction took away what they rested on.
    """

    case_id: str
    number: int = 0
    regions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType(initial()))
    origin: str = "open"
    events: tuple[CaseEvent, ...] = ()
    entered: Mapping[str, int] = field(default_factory=dict)
    stray: tuple[CaseEvent, ...] = ()

    @property
    def procedure(self) -> str:
        """The state of the procedure."""
        return self.regions[PROCEDURE]

    def all(self, *kinds: str) -> Iterator[CaseEvent]:
        """The events of some kinds, the first first."""
        return (event for event in self.events if event.kind in kinds)

    def last(self, *kinds: str) -> CaseEvent | None:
        """The latest event of some kinds; None without one."""
        return next((event for event in reversed(self.events) if event.kind in kinds), None)

    def last_fact(self, name: str, *kinds: str) -> Any:
        """A fact of the latest event of some kinds that tells it; None without one."""
        return next(
            (event.facts[name] for event in reversed(self.events) if event.kind in kinds and name in event.facts), None
        )

    @property
    def stage(self) -> str:
        """How far the building is, as it was seen last."""
        return str(self.last_fact("stage", "opened", "classified", "inspected"))

    @property
    def path(self) -> str:
        """Its lawful path."""
        return str(self.last_fact("path", "opened", "classified"))

    @property
    def categories(self) -> Sequence[str]:
        """What is wrong with the structure, by the codes of the rulebook."""
        return list(self.last_fact("categories", "opened", "classified") or ())

    @property
    def handlers(self) -> Sequence[str]:
        """The officers in charge (承办人)."""
        return list(self.last_fact("handlers", "handler_set") or ())

    @property
    def decision(self) -> CaseEvent | None:
        """The decision that holds; None without one, or after it was overturned."""
        decided = self.last("decided")
        gone = self.last("decision_overturned", "court_refused")
        overturned = self.last("review_decided", "suit_decided")
        for other in (gone, overturned if overturned is not None and overturns(overturned) else None):
            if decided is not None and other is not None and other.number > decided.number:
                return None
        return decided

    @property
    def outcome(self) -> str | None:
        """What its decision orders; None without one."""
        return None if self.decision is None else str(self.decision.facts["outcome"])

    def granted(self, flow: str) -> Sequence[CaseEvent]:
        """The approvals of a flow since it was asked for last."""
        asked = max((event.number for event in self.all("approval_asked") if event.facts["flow"] == flow), default=0)
        return [event for event in self.all("approved") if event.facts["flow"] == flow and event.number > asked]

    @property
    def investigators(self) -> set[str]:
        """Everybody who handled or inspected: they review, approve and chair nothing of this case."""
        found = set(self.handlers)
        for event in self.events:
            if event.kind in ("inspected", "interviewed", "evidence_preserved"):
                found.update(event.facts.get("officers", ()))
            if event.kind == "handler_set":
                found.update(event.facts["handlers"])
        return found


def overturns(event: CaseEvent) -> bool:
    """Whether a decision of review or suit takes the bureau's decision away."""
    turned = event.facts.get("result") in ("revoked", "changed")
    return turned and (event.kind != "suit_decided" or bool(event.facts.get("final")))
