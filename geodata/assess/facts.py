"""What the layers say of the structures of one place, as facts of the vocabulary, before any rule is asked.

Facts are computed for all structures of a place together and handed out one structure at a time. Ground is compared
in metres; areas in m² follow from the structures' ellipsoidal areas, so that they add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import isnan
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from geodata.assess.conditions import Later
from geodata.assess.grades import Grade, Measure, Told
from geodata.assess.overlay import FloatArray, IntArray, Outlines, Overlaps, joint_share, overlap
from geodata.assess.register import Permits
from geodata.assess.rulebook import Rulebook
from geodata.assess.tables import column, days, in_force, numbers, shapes_of
from geodata.crs import CRS84
from geodata.detect.thresholds import Areas
from geodata.features import parse_day
from geodata.repair import to_crs

COVERED = 0.8
"""Share of the outline from which on a permit or a building covers it."""
TOUCHED = 0.05
"""Share above which a permit has something to do with a structure."""
BESIDE = 0.02
"""Share of the outline below which an overlap with a parcel means nothing."""
ADJOINS_M = 1.0
"""How near a structure stands to a building that it is built onto."""
NEAR_M = 30.0
"""How far neighbours are looked for, m."""
DEPTH_STEP_M = 0.02
"""How finely a depth is measured."""
_LEAST_M2 = 1.0
_ROUNDING = 1e-6
_NONE = np.empty(0, dtype=np.intp)

BoolArray = npt.NDArray[np.bool_]
Facts = dict[str, Any]
"""Facts by name; what is not known is not in it."""


@dataclass(frozen=True)
class Subjects:
    """Everything that is known of one structure.

    Args:
        structure: Facts of itself.
        permits: Facts of each permit that shares ground with it, greatest share first.
        parcels: The parcel with most of it, alone.
        zones: One entry for each kind of zone in which it stands.
        lines: One entry for each zone that keeps a distance.
        buildings: One entry for each building near it, nearest first.
        registered: Whether known buildings cover it.
        parcel_ids: Parcels under at least 1 m² and 2 % of it, the one with most of it first.
    """

    structure: Facts
    permits: Sequence[Facts] = ()
    parcels: Sequence[Facts] = ()
    zones: Sequence[Facts] = ()
    lines: Sequence[Facts] = ()
    buildings: Sequence[Facts] = ()
    registered: Told = field(default_factory=lambda: Told(Grade.NO))
    parcel_ids: Sequence[str] = ()

    def of(self, subject: str) -> Sequence[Facts]:
        """The subjects that a rule may be about."""
        if subject == "structure":
            return [self.structure]
        return list(getattr(self, f"{subject}s"))


def covered(share: float, core_share: float) -> Told:
    """Whether ground covers a structure: certainly as it was measured, within its error if its core is covered."""
    if share >= COVERED - _ROUNDING:
        return Told(Grade.CERTAIN)
    return Told(Grade.WITHIN_ERROR if core_share >= COVERED - _ROUNDING else Grade.NO)


def known(facts: Facts) -> Facts:
    """Facts without those that nobody told."""
    return {k: v for k, v in facts.items() if v is not None and not (type(v) is Measure and isnan(v.value))}


def depth_m(part: shapely.Geometry) -> float:
    """How wide a part is, m: the diameter of the greatest circle that fits into it."""
    pieces = [p for p in getattr(part, "geoms", [part]) if isinstance(p, shapely.Polygon) and p.area > 0]
    if not pieces:
        return 0.0
    return max(2 * float(shapely.maximum_inscribed_circle(p, tolerance=DEPTH_STEP_M).length) for p in pieces)


def ground(part: shapely.Geometry, error_m: float, scale: float) -> tuple[Measure, Later]:
    """Area and depth of a part that a line cuts off, with their errors; the depth is measured when it is asked for.

    Args:
        part: The part, metres.
        error_m: Standard error of the line, m; it moves the part's border on about half of its length.
        scale: From plane to ellipsoidal area.
    """
    area = Measure(float(part.area) * scale, error_m * float(part.length) / 2 * scale, "m2")
    return area, Later(lambda: Measure(depth_m(part), error_m, "m"))


@dataclass(frozen=True)
class Place:
    """Structures of one place with what scales them.

    Args:
        here: Their outlines in metres.
        scale: Ellipsoidal by plane area, shape (n,).
        day: The day of the assessment.
    """

    here: Outlines
    scale: FloatArray
    day: date


# --- permits -------------------------------------------------------------------------------------


def permit_facts(at: Place, permits: Permits) -> tuple[dict[int, list[Facts]], int]:
    """Permits of any date over the structures of a place, and how many in force have no known ground."""
    frame, found = permits.frame, overlap(at.here, permits.ground, cores=True)
    valid = in_force(frame, at.day)
    since, until = days(frame, "valid_from"), days(frame, "valid_to")
    told = {name: column(frame, name) for name in ("permit_id", "kind", "use")}
    area, height = numbers(frame, "area_m2"), numbers(frame, "height_m")
    out: dict[int, list[Facts]] = {}
    for row, pairs in found.of().items():
        best = next((p for p in pairs.tolist() if valid[found.feature[p]]), None)
        for p in pairs.tolist():
            one = int(found.feature[p])
            first, last = since[one], until[one]
            facts = {
                "permit.id": str(told["permit_id"][one]),
                "permit.kind": told["kind"][one],
                "permit.use": told["use"][one],
                "permit.valid_from": first,
                "permit.valid_to": last,
                "permit.in_force": bool(valid[one]),
                "permit.expired": last is not None and last < at.day,
                "permit.early": first is not None and first > at.day,
                "permit.best": p == best,
                "permit.covers": covered(float(found.share[p]), float(found.core_share[p])),
                "permit.share": Measure(float(max(found.share[p], found.core_share[p])), unit="share"),
                "permit.area_m2": Measure(area[one], unit="m2"),
                "permit.height_m": Measure(height[one], unit="m"),
                "permit.match": permits.match[one],
                "permit.match_score": Measure(float(permits.score[one])),
            }
            if found.share[p] < 1 - _ROUNDING:
                outside = shapely.difference(at.here.shapes[row], found.part[p])
                facts["permit.outside_m2"], facts["permit.outside_depth_m"] = ground(
                    outside, float(at.here.error_m[row]), float(at.scale[row])
                )
            out.setdefault(row, []).append(known(facts))
    return out, int((permits.unplaced & valid).sum())


# --- parcels -------------------------------------------------------------------------------------


def parcel_facts(at: Place, parcels: gpd.GeoDataFrame) -> tuple[dict[int, Facts], dict[int, list[str]]]:
    """The main parcel of every structure, and all that it stands on."""
    here, found = at.here, overlap(at.here, shapes_of(parcels))
    names = [str(value) for value in column(parcels, "parcel_id")]
    use, owner = column(parcels, "land_use"), column(parcels, "owner_kind")
    accuracy = np.nan_to_num(numbers(parcels, "accuracy_m"))
    main: dict[int, Facts] = {}
    ids: dict[int, list[str]] = {}
    for row, pairs in found.of().items():
        first = int(found.feature[pairs[0]])
        same = [p for p in pairs if names[int(found.feature[p])] == names[first]]
        plane = here.shapes[row].area
        under = [p for p in pairs if found.share[p] >= BESIDE and found.share[p] * plane >= _LEAST_M2]
        ids[row] = list(dict.fromkeys(names[int(found.feature[p])] for p in under))
        share = float(found.share[same].sum())
        facts = {
            "parcel.id": names[first],
            "parcel.land_use": use[first],
            "parcel.owner_kind": owner[first],
            "parcel.share": Measure(min(1.0, share), unit="share"),
        }
        if share < 1 - _ROUNDING:
            outside = shapely.difference(here.shapes[row], shapely.union_all(found.part[same]))
            error_m = float(np.hypot(here.error_m[row], accuracy[first]))
            area, depth = ground(outside, error_m, float(at.scale[row]))
            facts["parcel.outside_share"] = Measure(float(outside.area / plane), unit="share")
            facts["parcel.outside_m2"], facts["parcel.outside_depth_m"] = area, depth
        main[row] = known(facts)
    return main, ids


# --- zones ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ZoneFacts:
    """Zones in force under and beside the structures.

    Args:
        zones: By structure, one entry for each kind.
        lines: By structure, one entry for each zone that keeps a distance.
        village: Whether most of each lies outside the urban development boundary, None where none was given.
    """

    zones: dict[int, list[Facts]]
    lines: dict[int, list[Facts]]
    village: BoolArray | None


def zone_facts(at: Place, zones: gpd.GeoDataFrame) -> ZoneFacts:
    """Zones of one kind count together, so that ground under two of them counts once."""
    valid = in_force(zones, at.day)
    kinds = np.array([str(kind) for kind in column(zones, "kind")], dtype=object)
    found = overlap(at.here, shapes_of(zones, valid & (kinds != "urban_development_boundary")))
    names = [str(name) for name in column(zones, "zone_id")]
    use, height = column(zones, "use"), numbers(zones, "max_height_m")
    out: dict[int, list[Facts]] = {}
    for row, pairs in found.of().items():
        shape = at.here.shapes[row]
        for kind in dict.fromkeys(kinds[found.feature[pairs]]):
            of_kind = pairs[kinds[found.feature[pairs]] == kind]
            part = shapely.union_all(found.part[of_kind])
            area, depth = ground(part, float(at.here.error_m[row]), float(at.scale[row]))
            heights = height[found.feature[of_kind]]
            lowest = float(np.nanmin(heights)) if not np.isnan(heights).all() else np.nan
            main = int(found.feature[of_kind[0]])
            facts = {
                "zone.kind": str(kind),
                "zone.id": names[main],
                "zone.use": use[main],
                "zone.share": Measure(min(1.0, float(part.area / shape.area)), unit="share"),
                "zone.area_m2": area,
                "zone.depth_m": depth,
                "zone.max_height_m": Measure(lowest, unit="m"),
            }
            out.setdefault(row, []).append(known(facts))
    boundary = valid & (kinds == "urban_development_boundary")
    village = None
    if boundary.any():
        urban = overlap(at.here, shapes_of(zones, boundary))
        village = joint_share(urban.part, urban, at.here.shapes) < 0.5
    return ZoneFacts(out, _line_facts(at, zones, valid, names), village)


def _line_facts(at: Place, zones: gpd.GeoDataFrame, valid: BoolArray, names: list[str]) -> dict[int, list[Facts]]:
    """Zones with a setback near the structures."""
    setback = numbers(zones, "setback_m")
    rows = np.flatnonzero(valid & (setback > 0))
    out: dict[int, list[Facts]] = {}
    if not len(rows):
        return out
    kinds = column(zones, "kind")
    grounds = to_crs(shapes_of(zones)[rows], CRS84, at.here.metric)
    tree = shapely.STRtree(at.here.shapes)
    one, structure = tree.query(grounds, predicate="dwithin", distance=setback[rows])
    gaps = shapely.distance(grounds[one], at.here.shapes[structure])
    for k in np.lexsort((gaps, structure)).tolist():
        zone, row = int(rows[one[k]]), int(structure[k])
        facts = {
            "line.kind": kinds[zone],
            "line.id": names[zone],
            "line.distance_m": Measure(float(gaps[k]), float(at.here.error_m[row]), "m"),
            "line.setback_m": Measure(float(setback[zone]), unit="m"),
        }
        out.setdefault(row, []).append(known(facts))
    return out


# --- buildings -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class BuildingFacts:
    """Known buildings under and beside the structures.

    Args:
        registered: Whether known buildings together cover each.
        near: By structure, one entry for each building, nearest first.
    """

    registered: list[Told]
    near: dict[int, list[Facts]]


def building_facts(at: Place, buildings: gpd.GeoDataFrame) -> BuildingFacts:
    """Known buildings count together; one built after the day does not count."""
    here = at.here
    built = np.array([b is None or b <= at.day for b in days(buildings, "built_on")], dtype=bool)
    shapes = shapes_of(buildings, built)
    found = overlap(here, shapes, cores=True)
    share, core = joint_share(found.part, found, here.shapes), joint_share(found.core, found, here.cores)
    registered = [covered(float(s), float(c)) for s, c in zip(share, core, strict=True)]
    return BuildingFacts(registered, _near_facts(at, buildings, shapes, found))


def _near_facts(
    at: Place, buildings: gpd.GeoDataFrame, shapes: npt.NDArray[np.object_], found: Overlaps
) -> dict[int, list[Facts]]:
    here = at.here
    box = shapely.box(*shapely.total_bounds(here.lonlat)).buffer(0.01)
    rows = np.flatnonzero(~shapely.is_missing(shapes) & shapely.intersects(shapes, box))
    out: dict[int, list[Facts]] = {}
    if not len(rows):
        return out
    names = [str(value) for value in column(buildings, "building_id")]
    grounds = to_crs(shapes[rows], CRS84, here.metric)
    one, structure = shapely.STRtree(here.shapes).query(grounds, predicate="dwithin", distance=NEAR_M)
    gaps = shapely.distance(grounds[one], here.shapes[structure])
    for k in np.lexsort((rows[one], gaps, structure)).tolist():
        row = int(structure[k])
        facts = {
            "building.id": names[int(rows[one[k]])],
            "building.distance_m": Measure(float(gaps[k]), float(here.error_m[row]), "m"),
            "building.adjoins": bool(gaps[k] <= ADJOINS_M),
        }
        out.setdefault(row, []).append(facts)
    return out


def watched_areas(zones: gpd.GeoDataFrame | None, as_of: datetime, rules: Rulebook) -> Areas:
    """The zones in force that say from which confidence or area a structure is reported there.

    Args:
        zones: The zones, None: there are none.
        as_of: When the structures stood; its day in Beijing counts.
        rules: Its least areas hold for zones that have none of their own.
    """
    day = parse_day(as_of)
    if zones is None or day is None:
        return Areas.none()
    candidate, confirmed, least_m2 = (
        numbers(zones, name) for name in ("min_confidence", "confirmed_from", "min_area_m2")
    )
    by_kind = np.array([rules.minimum_area_m2.get(str(kind), np.nan) for kind in column(zones, "kind")])
    least_m2 = np.where(np.isnan(least_m2), by_kind, least_m2)
    keep = in_force(zones, day) & ~(np.isnan(candidate) & np.isnan(confirmed) & np.isnan(least_m2))
    return Areas(shapes_of(zones)[keep], candidate[keep], confirmed[keep], least_m2[keep])


__all__ = ["BuildingFacts", "Facts", "IntArray", "Place", "Subjects", "ZoneFacts"]
