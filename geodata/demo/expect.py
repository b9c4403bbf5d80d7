"""What an assessment should say of every true change, worked out from the plan itself."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.demo.plan import Event, Permit, Plan
from geodata.demo.scenarios import RESTRICTING

AFTER_DAY = "2026-09-18"
_COVERED = 0.8
_CROSSING = 0.02
_IN_ZONE = 0.05
_ADJOINS_M = 1.0
_CULTIVATED = "01"
"""First-level class of cultivated land, GB/T 21010."""


@dataclass(frozen=True)
class Expectation:
    """The status and the reasons that an assessment as of the later date should give."""

    status: str
    reasons: tuple[str, ...]


class Assessor:
    """Holds the plan's papers, indexed, and answers what they say of one change."""

    def __init__(self, plan: Plan) -> None:
        """Index parcels, permits, zones and registered buildings."""
        self._parcels = [p.shape for p in plan.parcels]
        self._land_use = [p.land_use for p in plan.parcels]
        self._parcel_tree = shapely.STRtree(self._parcels)
        by_id = {p.parcel_id: p.shape for p in plan.parcels}
        self._permits = [(p, p.shape if p.shape is not None else by_id[p.parcel_id or ""]) for p in plan.permits]
        self._zones = [z.ground for z in plan.zones if z.kind in RESTRICTING]
        self._farmland = [z.ground for z in plan.zones if z.kind == "permanent_basic_farmland"]
        self._registered = plan.registered
        self._register_tree = shapely.STRtree(plan.registered)

    def expect(self, event: Event) -> Expectation:
        """The expected status and reasons of one true change."""
        if event.change == "disappeared":
            return Expectation("unassessed", ("gone",))
        shape = event.shape
        known = [self._registered[i] for i in self._register_tree.query(shape, predicate="intersects")]
        if known and _share(shape, shapely.union_all(known)) >= _COVERED:
            return Expectation("existing", ())
        place = self._place(shape)
        papers = [p for p, ground in self._permits if _share(shape, ground) >= _COVERED]
        if any(_valid(p) for p in papers):
            return Expectation("permitted", place)
        added = ("addition",) if len(self._register_tree.query(shape, "dwithin", _ADJOINS_M)) else ()
        crossing = tuple(code for code in place if code == "beyond_parcel")
        zoned = tuple(code for code in place if code == "in_zone")
        return Expectation("suspected", (_missing(papers), *crossing, *self._cultivated(shape), *zoned, *added))

    def _cultivated(self, shape: Polygon) -> tuple[str, ...]:
        """Whether most of it stands on a parcel of cultivated land that is not permanent basic farmland."""
        inside = self._parcel_tree.query(shape, predicate="intersects")
        share, main = max(((_share(shape, self._parcels[i]), i) for i in inside), default=(0.0, -1))
        if share < 0.5 or any(_share(shape, zone) > _IN_ZONE for zone in self._farmland):
            return ()
        return ("on_cultivated_land",) if self._land_use[main].startswith(_CULTIVATED) else ()

    def _place(self, shape: Polygon) -> tuple[str, ...]:
        """Reasons that lie in where it stands."""
        inside = [self._parcels[i] for i in self._parcel_tree.query(shape, predicate="intersects")]
        most = max((_share(shape, p) for p in inside), default=1.0)
        reasons = ["beyond_parcel"] if most < 1 - _CROSSING else []
        if any(_share(shape, z) > _IN_ZONE for z in self._zones):
            reasons.append("in_zone")
        return tuple(reasons)


def _share(shape: Polygon, ground: BaseGeometry) -> float:
    """The share of a shape that lies on some ground."""
    return float(shape.intersection(ground).area / shape.area)


def _valid(permit: Permit) -> bool:
    """Whether a permit is in force on the later date; its last day counts."""
    return permit.valid_from <= AFTER_DAY and (permit.valid_to is None or permit.valid_to >= AFTER_DAY)


def _missing(papers: list[Permit]) -> str:
    """Why papers that cover the place do not help, or that there are none."""
    if any(p.valid_to is not None and p.valid_to < AFTER_DAY for p in papers):
        return "permit_expired"
    return "permit_not_yet_valid" if papers else "no_permit"
