"""What each layer says of the structures of one place, before any status is drawn from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geodata.assess import rules
from geodata.assess.overlay import (
    Certainty,
    FloatArray,
    IntArray,
    Outlines,
    Overlaps,
    depth_certainty,
    joint_share,
    overlap,
)
from geodata.assess.register import Permits
from geodata.assess.rules import Reason
from geodata.detect.thresholds import Areas
from geodata.features import parse_day
from geodata.repair import Geometries

COVERED = 0.8
"""Share of the outline from which on a permit or a building covers it."""
_ROUNDING = 1e-6
PARTLY = 0.2
"""Share from which on a permit covers it in part."""
BESIDE = 0.02
"""Share of the outline below which an overlap with a parcel means nothing."""
IN_ZONE = 0.05
"""Share of the outline above which it stands in a zone."""
_TOUCHED = 0.05
_LEAST_M2 = 1.0

BoolArray = npt.NDArray[np.bool_]
_NONE = np.empty(0, dtype=np.intp)


def enough(share: float) -> bool:
    """Whether a share counts as covered; exactly 80 % does, whatever rounding makes of it."""
    return bool(share >= COVERED - _ROUNDING)


def column(frame: gpd.GeoDataFrame, name: str) -> list[Any]:
    """The values of a column, None for all rows where the layer has none of that name."""
    return list(frame[name]) if name in frame.columns else [None] * len(frame)


def days(frame: gpd.GeoDataFrame, name: str) -> list[date | None]:
    """The days of a column, whatever date type they are in."""
    return [parse_day(value) for value in column(frame, name)]


def in_force(frame: gpd.GeoDataFrame, day: date) -> BoolArray:
    """Which rows are valid on a day; `valid_to` is inclusive, an open end never ends."""
    spans = zip(days(frame, "valid_from"), days(frame, "valid_to"), strict=True)
    return np.array([(a is None or a <= day) and (b is None or day <= b) for a, b in spans], dtype=bool)


def _shapes(frame: gpd.GeoDataFrame, keep: BoolArray | None = None) -> Geometries:
    """The polygons of a layer, None for the rows that are not to be kept."""
    shapes = np.array(frame.geometry.to_numpy(), dtype=object)
    if keep is not None:
        shapes[~keep] = None
    return shapes


# --- buildings -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class BuildingFacts:
    """How much of every structure lies in known buildings: of its outline and of its core."""

    share: FloatArray
    core_share: FloatArray

    def certain(self, i: int) -> bool:
        """Whether the outline is covered as it was measured."""
        return enough(self.share[i])

    def covered(self, i: int) -> bool:
        """Whether it is covered within its error."""
        return self.certain(i) or enough(self.core_share[i])


def building_facts(here: Outlines, buildings: gpd.GeoDataFrame, day: date) -> BuildingFacts:
    """Known buildings count together; one built after the day does not count."""
    built = np.array([b is None or b <= day for b in days(buildings, "built_on")], dtype=bool)
    found = overlap(here, _shapes(buildings, built))
    core_share = joint_share(found.core, found, here.cores)
    return BuildingFacts(joint_share(found.part, found, here.shapes), core_share)


# --- permits -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PermitFacts:
    """Which permits touch every structure, how much of it, and whether they are in force on the day.

    Args:
        ids: Per permit, as `kinds`, `valid_from` and `valid_to`.
        kinds: planning, village, temporary, or None.
        valid_from: First day.
        valid_to: Last day, inclusive; None: open-ended.
        day: The day of the assessment.
        unplaced: Permits in force whose ground is unknown.
        found: Pairs of structure and permit.
        by_row: Positions of the pairs by structure.
    """

    ids: list[str]
    kinds: list[str | None]
    valid_from: list[date | None]
    valid_to: list[date | None]
    day: date
    unplaced: int
    found: Overlaps
    by_row: dict[int, IntArray]

    def _select(self, i: int, test: Callable[[int], bool]) -> list[int]:
        """Pairs of structure `i` that pass a test of their permit, greatest share first."""
        return [int(p) for p in self.by_row.get(i, _NONE) if test(int(self.found.feature[p]))]

    def _covers(self, pair: int) -> bool:
        return enough(self._best(pair))

    def _expired(self, permit: int) -> bool:
        until = self.valid_to[permit]
        return until is not None and until < self.day

    def _early(self, permit: int) -> bool:
        since = self.valid_from[permit]
        return since is not None and since > self.day

    def _valid(self, permit: int) -> bool:
        return not self._expired(permit) and not self._early(permit)

    def _names(self, pairs: list[int]) -> list[str]:
        return list(dict.fromkeys(self.ids[int(self.found.feature[p])] for p in pairs))

    def covering(self, i: int) -> list[str]:
        """Ids of the permits that cover a structure in place and time."""
        return self._names([p for p in self._select(i, self._valid) if self._covers(p)])

    def certain(self, i: int) -> bool:
        """Whether one of them covers the outline as it was measured."""
        return any(enough(self.found.share[p]) for p in self._select(i, self._valid))

    def reasons(self, i: int, area_m2: float, here: Outlines, village: bool) -> tuple[list[Reason], list[str]]:
        """Why the papers do not cover a structure, and the permits that this is said of."""
        reasons: list[Reason] = []
        named: list[int] = []
        valid = self._select(i, self._valid)
        partly = [p for p in valid if self._best(p) >= PARTLY]
        if partly:
            reasons.append(self._partial(partly[0], area_m2, here, village))
            named += partly
        for test, late in ((self._expired, True), (self._early, False)):
            covering = [p for p in self._select(i, test) if self._covers(p)]
            if covering:
                reasons.append(self._untimely(covering[0], area_m2, village, late))
                named += covering
        if not reasons:
            touched = any(self._best(p) > _TOUCHED for p in valid)
            sure: Certainty = "possible" if touched or self.unplaced else "certain"
            basis = rules.planning_basis(village=village)
            reasons.append(rules.no_permit(area_m2, basis, sure, self.unplaced))
        return reasons, self._names(named)

    def _best(self, pair: int) -> float:
        return float(max(self.found.share[pair], self.found.core_share[pair]))

    def _partial(self, pair: int, area_m2: float, here: Outlines, village: bool) -> Reason:
        permit, row = int(self.found.feature[pair]), int(self.found.structure[pair])
        outside = shapely.difference(here.shapes[row], self.found.part[pair])
        share = float(self.found.share[pair])
        return rules.beyond_permit(
            self.ids[permit],
            area_m2 * (1 - share),
            share,
            rules.planning_basis(village=village, permit_kind=self.kinds[permit]),
            depth_certainty(outside, float(here.error_m[row])),
        )

    def _untimely(self, pair: int, area_m2: float, village: bool, late: bool) -> Reason:
        permit = int(self.found.feature[pair])
        say = rules.permit_expired if late else rules.permit_not_yet_valid
        when = (self.valid_to if late else self.valid_from)[permit]
        basis = rules.planning_basis(village=village, permit_kind=self.kinds[permit])
        sure: Certainty = "certain" if enough(self.found.share[pair]) else "within_error"
        return say(self.ids[permit], str(when), area_m2, basis, sure)


def permit_facts(here: Outlines, permits: Permits, day: date) -> PermitFacts:
    """Permits of any date over the structures of a place."""
    frame = permits.frame
    found = overlap(here, permits.ground)
    return PermitFacts(
        ids=[str(value) for value in column(frame, "permit_id")],
        kinds=[value if isinstance(value, str) else None for value in column(frame, "kind")],
        valid_from=days(frame, "valid_from"),
        valid_to=days(frame, "valid_to"),
        day=day,
        unplaced=int((permits.unplaced & in_force(frame, day)).sum()),
        found=found,
        by_row=found.of(),
    )


# --- parcels -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ParcelFacts:
    """Which parcels every structure stands on."""

    names: list[str]
    accuracy_m: FloatArray
    found: Overlaps
    by_row: dict[int, IntArray]

    def ids(self, i: int, area_m2: float) -> list[str]:
        """Parcels under at least 1 m² and 2 % of a structure, the one with most of it first."""
        pairs = [
            p
            for p in self.by_row.get(i, _NONE)
            if self.found.share[p] >= BESIDE and self.found.share[p] * area_m2 >= _LEAST_M2
        ]
        return list(dict.fromkeys(self.names[int(self.found.feature[p])] for p in pairs))

    def reasons(self, i: int, area_m2: float, here: Outlines) -> list[Reason]:
        """Whether a structure crosses the line of its main parcel by at least 2 % of itself."""
        pairs = self.by_row.get(i, _NONE)
        if not len(pairs):
            return []
        main = int(self.found.feature[pairs[0]])
        same = [p for p in pairs if self.names[int(self.found.feature[p])] == self.names[main]]
        outside = shapely.difference(here.shapes[i], shapely.union_all(self.found.part[same]))
        share = float(outside.area / here.shapes[i].area)
        if share < BESIDE:
            return []
        error_m = float(np.hypot(here.error_m[i], self.accuracy_m[main]))
        return [rules.beyond_parcel(self.names[main], share * area_m2, depth_certainty(outside, error_m))]


def parcel_facts(here: Outlines, parcels: gpd.GeoDataFrame) -> ParcelFacts:
    """Parcels under the structures of a place."""
    found = overlap(here, _shapes(parcels))
    accuracy = [np.nan if v is None else v for v in column(parcels, "accuracy_m")]
    return ParcelFacts(
        [str(value) for value in column(parcels, "parcel_id")],
        np.nan_to_num(np.array(accuracy, dtype=np.float64)),
        found,
        found.of(),
    )


# --- zones ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ZoneFacts:
    """Zones in force under the structures.

    Args:
        found_in: Per structure: (kind, id of the zone with most of it, share in the kind, certainty).
        farmland: Whether it stands in permanent basic farmland.
        village: Whether most of it lies outside the urban development boundary, where that is known.
    """

    found_in: dict[int, list[tuple[str, str, float, Certainty]]]
    farmland: BoolArray
    village: BoolArray

    def reasons(self, i: int, area_m2: float) -> list[Reason]:
        """One reason for every kind of protective zone that a structure stands in."""
        return [
            rules.in_zone(kind, name, share * area_m2, sure) for kind, name, share, sure in self.found_in.get(i, [])
        ]


def watched_areas(zones: gpd.GeoDataFrame | None, as_of: datetime) -> Areas:
    """The zones in force that say from which confidence a structure is reported or called a strong lead there.

    Args:
        zones: The zones, None: there are none.
        as_of: When the structures stood; its day in Beijing counts.
    """
    day = parse_day(as_of)
    if zones is None or day is None:
        return Areas.none()
    candidate, confirmed = (
        np.array([np.nan if v is None else v for v in column(zones, name)], float)
        for name in ("min_confidence", "confirmed_from")
    )
    keep = in_force(zones, day) & ~(np.isnan(candidate) & np.isnan(confirmed))
    return Areas(_shapes(zones)[keep], candidate[keep], confirmed[keep])


def zone_facts(here: Outlines, zones: gpd.GeoDataFrame, day: date) -> ZoneFacts:
    """Zones of one kind count together, so that ground under two of them counts once."""
    valid = in_force(zones, day)
    kinds = np.array([str(kind) for kind in column(zones, "kind")], dtype=object)
    names = [str(name) for name in column(zones, "zone_id")]
    found_in: dict[int, list[tuple[str, str, float, Certainty]]] = {}
    farmland, village = np.zeros(len(here), dtype=bool), np.zeros(len(here), dtype=bool)
    protective = valid & np.isin(kinds, list(rules.PROTECTIVE_KINDS))
    found = overlap(here, _shapes(zones, protective))
    for row, pairs in found.of().items():
        error_m = float(here.error_m[row])
        for kind in dict.fromkeys(kinds[found.feature[pairs]]):
            of_kind = pairs[kinds[found.feature[pairs]] == kind]
            part = shapely.union_all(found.part[of_kind])
            share = min(1.0, part.area / here.shapes[row].area)
            sure = depth_certainty(part, error_m)
            if share > IN_ZONE or (sure == "certain" and part.area >= _LEAST_M2):
                main = names[int(found.feature[of_kind[0]])]
                found_in.setdefault(row, []).append((kind, main, share, sure))
                farmland[row] |= kind == "permanent_basic_farmland"
    boundary = valid & (kinds == "urban_development_boundary")
    if boundary.any():
        urban = overlap(here, _shapes(zones, boundary))
        village = joint_share(urban.part, urban, here.shapes) < 0.5
    return ZoneFacts(found_in, farmland, village)
