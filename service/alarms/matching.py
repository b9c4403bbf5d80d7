"""Which findings a rule means, which are of the gravest kind, and what makes a structure alarm once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import shapely

from service.alarms.values import Grade, Wanted

IN_PROGRESS = frozenset({"earthworks", "foundation", "under_construction"})
"""Stages in which an order still stops a building."""
PROTECTED = "protected_land"
"""Flag of findings on permanent basic farmland or within an ecological redline: see the rulebook."""
REBUILT = "rebuilt"
FIRST = "first"
GRAVER: tuple[str, ...] = (REBUILT, PROTECTED, "finished")
"""What makes a structure alarm once more, the gravest first: it was pulled down and stands again; it reaches onto
protected land, which it did not; it was being built and is finished now."""


@dataclass(frozen=True)
class Facts:
    """What of a finding decides whether its structure alarms once more.

    Args:
        stage: Stage of the building.
        protected: Whether it lies on protected land.
        rebuilt: Whether it stands where one was gone.
    """

    stage: str
    protected: bool
    rebuilt: bool

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Facts:
        """Those of the properties of a detection feature."""
        flags = told.get("flags") or ()
        return cls(str(told.get("stage") or "unknown"), PROTECTED in flags, REBUILT in flags)

    @classmethod
    def stored(cls, told: Mapping[str, Any]) -> Facts:
        """As they were kept with an alarm."""
        return cls(str(told["stage"]), bool(told["protected"]), bool(told["rebuilt"]))

    def as_dict(self) -> dict[str, Any]:
        """As they are kept."""
        return asdict(self)


def grade_of(told: Mapping[str, Any]) -> Grade:
    """Whether a finding is of the gravest kind: being built, on protected land, and nothing on file allows it."""
    facts = Facts.of(told)
    open_case = told.get("status") in ("suspected", "unassessed") and told.get("change") in ("appeared", "altered")
    return "gravest" if open_case and facts.protected and facts.stage in IN_PROGRESS else "usual"


def matches(wanted: Wanted, told: Mapping[str, Any], shape: shapely.Geometry, ground: shapely.Geometry | None) -> bool:
    """Whether a rule means a finding.

    Args:
        wanted: What the rule wants.
        told: The properties of the finding.
        shape: Its outline in lon-lat.
        ground: The ground of the rule's areas; None: everywhere.
    """
    codes = {reason.get("code") for reason in told.get("reasons") or ()}
    return (
        _among(wanted.statuses, [told.get("status")])
        and _among(wanted.changes, [told.get("change")])
        and _among(wanted.stages, [told.get("stage") or "unknown"])
        and _among(wanted.flags, told.get("flags") or ())
        and _among(wanted.codes, codes)
        and float(told.get("confidence") or 0) >= wanted.min_confidence
        and float(told.get("area_m2") or 0) >= wanted.min_area_m2
        and float(told.get("priority") or 0) >= wanted.min_priority
        and (ground is None or bool(shapely.intersects(ground, shape)))
    )


def _among(wanted: tuple[str, ...], told: Iterable[Any]) -> bool:
    return not wanted or not set(wanted).isdisjoint(told)


def step_of(now: Facts, before: Mapping[str, Facts]) -> str | None:
    """Why a structure alarms now.

    Args:
        now: What its new finding says.
        before: What those said for which it alarmed already, by step.

    Returns:
        `first`, the gravest step that is new, or None: it says nothing that was not told.
    """
    if not before:
        return FIRST
    told = before.values()
    new = {
        REBUILT: now.rebuilt and not any(one.rebuilt for one in told),
        PROTECTED: now.protected and not any(one.protected for one in told),
        "finished": now.stage == "finished" and any(one.stage in IN_PROGRESS for one in told)
        and not any(one.stage == "finished" for one in told),
    }  # fmt: skip
    return next((step for step in GRAVER if new[step] and step not in before), None)
