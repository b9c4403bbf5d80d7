"""What the layers and the rulebook say of every structure on a day: status, reasons, who is competent, what follows.

The status is tried in the order existing, permitted, suspected. Covered means that at least 80 % of the
outline, within its error, lies in the building or permit polygon: of the outline as it was measured
(certain), or of its core that is left when it is shrunk by its own error (flag `within_error`). A permit does not
excuse everything: what a rule does not let it excuse (`excused_by`) makes a structure suspected all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.assess.books import Book, shipped_book
from geodata.assess.conditions import View
from geodata.assess.facts import (
    TOUCHED,
    BuildingFacts,
    Place,
    Subjects,
    ZoneFacts,
    building_facts,
    known,
    parcel_facts,
    permit_facts,
    zone_facts,
)
from geodata.assess.grades import Grade, Measure, Told
from geodata.assess.judging import Judge, Reason, Trial
from geodata.assess.overlay import outlines, places
from geodata.assess.register import SCORES, Permits, resolve_permits
from geodata.assess.rulebook import SEVERITIES, Severity
from geodata.crs import CRS84, parse_crs, require_same
from geodata.errors import GeometryError, LayerColumnsError
from geodata.features import parse_day
from geodata.types import SCAN_KINDS, Layers, Status

_NEEDED = ("change", "area_m2", "outline_error_m")
ADDED = (
    "status",
    "reasons",
    "severity",
    "consequence",
    "parcel_ids",
    "permit_ids",
    "permit_matches",
    "authority",
    "flags",
)
"""The columns that an assessment adds."""
PARTLY = 0.2
"""Share from which on a permit is named for a structure."""
HEIGHT_ERROR_M = 1.0
"""Standard error of a height from surface models where nobody tells another."""


@dataclass(frozen=True)
class Assessment:
    """What is said of one structure: a lead with its reasons, never a verdict.

    Args:
        status: `suspected`, `permitted`, `existing` or `unassessed`.
        reasons: What speaks against it, what concerns its papers first.
        severity: The gravest of the reasons that make it suspected, None where it is not.
        consequence: What follows of that reason.
        parcel_ids: Parcels it stands on, the one with most of it first.
        permit_ids: Permits that cover it, or cover it in part or at another time.
        permit_matches: What the ground of each of these was found by, and how well: `permit_id`, `match`, `score`.
        authority: Who is competent.
        flags: What calls for attention.
    """

    status: Status
    reasons: list[Reason] = field(default_factory=list)
    severity: Severity | None = None
    consequence: str | None = None
    parcel_ids: list[str] = field(default_factory=list)
    permit_ids: list[str] = field(default_factory=list)
    permit_matches: list[dict[str, Any]] = field(default_factory=list)
    authority: str = ""
    flags: list[str] = field(default_factory=list)


def assess(
    structures: gpd.GeoDataFrame, layers: Layers, *, as_of: datetime, book: Book | None = None
) -> gpd.GeoDataFrame:
    """Say of every structure what is on file for it.

    Args:
        structures: Polygons in CRS84 with the columns `change` (appeared, altered, disappeared), `area_m2`
            (ellipsoidal) and `outline_error_m` (standard error of the outline's position). `area_error_m2`, `stage`,
            `height_gain_m`, `height_m`, `use`, `titled`, `before_acquired_at` and `first_seen_on` are used where they
            are there. Further columns are kept; words in a column `flags` stay in front.
        layers: What to assess against (see `features.SCHEMAS`), each in CRS84 or absent.
        as_of: When the structures stood; its day in Beijing counts.
        book: The rulebook, None: the national base.

    Returns:
        The structures with the columns of `ADDED`; `reasons` holds lists of
        `{code, message, message_zh, basis, area_m2, certainty, category, severity, measured}`, and what names the
        zone, permit, parcel or building that a reason is about.

    Raises:
        LayerColumnsError: If the structures lack a column.
        GeometryError: If a structure has no area.
        MissingCRSError: If the structures or a layer declare no system.
        CRSMismatchError: If one of them is not in CRS84.
        RulebookError: If the rulebook does not hold on the day.
    """
    judge, found = _prepared(structures, layers, as_of, book)
    findings = [Assessment("unassessed")] * len(structures)
    for row, subjects in found:
        findings[row] = judged(judge, subjects)
    return _with_columns(structures, findings)


def explain(
    structure: gpd.GeoDataFrame, layers: Layers, *, as_of: datetime, book: Book | None = None
) -> tuple[Assessment, list[Trial], Subjects]:
    """Every rule tried on one structure, with its conditions and what was measured.

    Args:
        structure: One row, as for `assess`; the other arguments likewise.
        layers: What to assess against.
        as_of: When the structure stood.
        book: The rulebook, None: the national base.
    """
    judge, found = _prepared(structure, layers, as_of, book)
    ((_, subjects),) = list(found)
    return judged(judge, subjects), judge.trials(_by_subject(subjects)), subjects


def _prepared(
    structures: gpd.GeoDataFrame, layers: Layers, as_of: datetime, book: Book | None
) -> tuple[Judge, Iterator[tuple[int, Subjects]]]:
    _check(structures, layers)
    book = book or shipped_book()
    day = book.require_in_effect(as_of)
    return Judge(book.rules, day), subjects_of(structures, layers, day)


def _check(structures: gpd.GeoDataFrame, layers: Layers) -> None:
    missing = [name for name in _NEEDED if name not in structures.columns]
    if missing:
        raise LayerColumnsError(
            f"The structures lack {', '.join(missing)}.",
            remedy=f"An assessment needs {', '.join(_NEEDED)} and polygons.",
            missing=missing,
        )
    if len(structures):
        if not (shapely.area(structures.geometry.to_numpy()) > 0).all():
            raise GeometryError(
                "A structure has no area.", remedy="Leave out structures without a polygon before assessing."
            )
        require_same(parse_crs(structures.crs), CRS84, "The structures")
    for kind in SCAN_KINDS:
        layer = getattr(layers, kind)
        if layer is not None and len(layer) and not layer.geometry.isna().all():
            require_same(parse_crs(layer.crs), CRS84, f"The {kind} layer")


# --- facts ---------------------------------------------------------------------------------------


def subjects_of(structures: gpd.GeoDataFrame, layers: Layers, day: date) -> Iterator[tuple[int, Subjects]]:
    """Row and facts of every structure, place by place."""
    lonlat = structures.geometry.to_numpy()
    errors_m = np.nan_to_num(structures["outline_error_m"].to_numpy(dtype=np.float64))
    area_m2 = structures["area_m2"].to_numpy(dtype=np.float64)
    permits = resolve_permits(layers.permits, layers.parcels)
    told = structures.drop(columns=structures.geometry.name).to_dict("records")
    for metric, rows in places(lonlat):
        here = outlines(lonlat[rows], errors_m[rows], metric)
        at = Place(here, area_m2[rows] / shapely.area(here.shapes), day)
        facts = _Facts.of(at, layers, permits)
        for i, row in enumerate(rows.tolist()):
            yield row, facts.of_one(i, told[row], day)


@dataclass(frozen=True)
class _Facts:
    """All that the layers say of the structures of one place; None where there is no such layer."""

    parcels: tuple[dict[int, dict[str, Any]], dict[int, list[str]]] | None
    permits: tuple[dict[int, list[dict[str, Any]]], int] | None
    zones: ZoneFacts | None
    buildings: BuildingFacts | None

    @classmethod
    def of(cls, at: Place, layers: Layers, permits: Permits | None) -> _Facts:
        return cls(
            None if layers.parcels is None else parcel_facts(at, layers.parcels),
            None if permits is None else permit_facts(at, permits),
            None if layers.zones is None else zone_facts(at, layers.zones),
            None if layers.buildings is None else building_facts(at, layers.buildings),
        )

    def of_one(self, i: int, row: Any, day: date) -> Subjects:
        """Everything that is known of the structure `i` of the place."""
        main, ids = self.parcels or ({}, {})
        permits, unplaced = self.permits or ({}, 0)
        papers, zones = permits.get(i, []), self.zones.zones.get(i, []) if self.zones else []
        valid = [p for p in papers if p["permit.in_force"]]
        village = None if self.zones is None or self.zones.village is None else bool(self.zones.village[i])
        any_layer = any(f is not None for f in (self.parcels, self.permits, self.zones, self.buildings))
        structure = known(
            {
                **_own_facts(row, day),
                "structure.assessed": any_layer,
                "structure.register": self.permits is not None,
                "structure.permitted": max((p["permit.covers"] for p in valid), key=lambda t: t.grade, default=_NO),
                "structure.touched": any(p["permit.share"].value > TOUCHED for p in valid),
                "structure.unplaced_permits": Measure(unplaced),
                "structure.village": bool(village),
                "structure.boundary_known": village is not None,
                "structure.farmland": any(_in_farmland(z) for z in zones),
            }
        )
        return Subjects(
            structure,
            papers,
            [main[i]] if i in main else [],
            zones,
            self.zones.lines.get(i, []) if self.zones else [],
            self.buildings.near.get(i, []) if self.buildings else [],
            self.buildings.registered[i] if self.buildings else _NO,
            ids.get(i, []),
        )


_NO = Told(Grade.NO)


def _in_farmland(zone: dict[str, Any]) -> bool:
    """Whether a structure stands in farmland beyond a mere touch within the error."""
    if zone["zone.kind"] != "permanent_basic_farmland":
        return False
    if zone["zone.share"].value > TOUCHED:
        return True
    depth = View(zone).get("zone.depth_m")
    return bool(depth.value > 2 * depth.error)


def _own_facts(row: Any, day: date) -> dict[str, Any]:
    """What a structure tells of itself; heights, stage, dates and flags may be missing."""
    change = str(row["change"])
    gain, height = _number(row.get("height_gain_m")), _number(row.get("height_m"))
    # The gain of what was altered is that of the addition alone.
    if height is None and change == "appeared" and gain is not None and gain > 0:
        height = gain
    flags = row.get("flags")
    before = row.get("before_acquired_at") if change == "appeared" else None
    absent = row.get("absent_on")
    return {
        "structure.change": change,
        "structure.stage": row.get("stage") or "unknown",
        "structure.area_m2": Measure(float(row["area_m2"]), _number(row.get("area_error_m2")) or 0.0, "m2"),
        "structure.height_m": None
        if height is None
        else Measure(height, _first(_number(row.get("height_error_m")), HEIGHT_ERROR_M), "m"),
        "structure.lower": change == "altered" and gain is not None and gain < 0,
        "structure.hidden": isinstance(flags, (list, tuple)) and "concealment" in flags,
        "structure.use": row.get("use"),
        "structure.titled": bool(row.get("titled", False)),
        "structure.seen_on": day,
        "structure.first_seen_on": min(day, parse_day(row.get("first_seen_on")) or day),
        "structure.absent_on": parse_day(absent if absent is not None else before),
    }


def _number(value: Any) -> float | None:
    return None if value is None or np.isnan(float(value)) else float(value)


def _first(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


# --- judging -------------------------------------------------------------------------------------


def _by_subject(subjects: Subjects) -> dict[str, Any]:
    return {name: subjects.of(name) for name in ("structure", "permit", "parcel", "zone", "line", "building")}


def judged(judge: Judge, subjects: Subjects) -> Assessment:
    """The assessment of one structure by the order existing, permitted, suspected."""
    own = subjects.structure
    reasons = judge.reasons(_by_subject(subjects))
    authority, parcels = judge.authority(own), list(subjects.parcel_ids)
    if not own["structure.assessed"] or own["structure.change"] == "disappeared" or own["structure.lower"]:
        neutral = [r for r in reasons if not r.rule.alleges]
        return Assessment("unassessed", neutral, parcel_ids=parcels, authority=authority)
    # What was put on top of a registered building is not what is registered.
    registered = _NO if own["structure.change"] == "altered" else subjects.registered
    titled = Told(Grade.CERTAIN) if own["structure.titled"] else registered
    papers: set[str] = {"building"} if titled else set()
    papers |= {"permit"} if own["structure.permitted"] else set()
    if registered:
        reasons = [r for r in reasons if "building" not in r.rule.excused_by or not r.rule.alleges]
    counting = [r for r in reasons if r.counts and not papers & set(r.rule.excused_by)]
    status = _status(counting, titled, subjects, reasons)
    leading = max(counting, key=lambda r: SEVERITIES.index(r.rule.severity), default=None)
    follows = None if leading is None or leading.rule.consequence is None else leading.rule.consequence
    permits = _named_permits(subjects, status)
    return Assessment(
        status,
        reasons,
        None if leading is None else leading.rule.severity,
        None if follows is None else judge.consequence(follows, own),
        parcels,
        list(permits),
        [_match(permit) for permit in permits.values()],
        authority,
        [*_flags(status, reasons, titled, own["structure.permitted"]), *_inferred(permits)],
    )


def _status(counting: list[Reason], registered: Told, subjects: Subjects, reasons: list[Reason]) -> Status:
    if counting:
        return "suspected"
    if registered:
        return "existing"
    alleged = [r for r in reasons if r.rule.alleges and "permit" in r.rule.excused_by]
    by_paper = subjects.structure["structure.permitted"] or any(r.certainty == "within_error" for r in alleged)
    return "permitted" if by_paper else "unassessed"


def _flags(status: Status, reasons: list[Reason], registered: Told, permitted: Told) -> list[str]:
    flags = [r.rule.flag for r in reasons if r.rule.flag is not None and r.counts]
    sure = {"existing": registered, "permitted": permitted}.get(status)
    if sure is not None and sure.grade is not Grade.CERTAIN:
        flags.append("within_error")
    return list(dict.fromkeys(flags))


def _named_permits(subjects: Subjects, status: Status) -> dict[str, dict[str, Any]]:
    """Permits by id that cover it in place and time; else those that cover it in part or at another time."""
    if status == "existing":
        return {}
    covering = [p for p in subjects.permits if p["permit.in_force"] and p["permit.covers"]]
    partly = [
        p
        for p in subjects.permits
        if p["permit.covers"] or (p["permit.in_force"] and p["permit.share"].value >= PARTLY)
    ]
    named: dict[str, dict[str, Any]] = {}
    for permit in covering or partly:
        named.setdefault(permit["permit.id"], permit)
    return named


def _match(permit: dict[str, Any]) -> dict[str, Any]:
    return {
        "permit_id": permit["permit.id"],
        "match": permit["permit.match"],
        "score": permit["permit.match_score"].value,
    }


def _inferred(permits: Mapping[str, dict[str, Any]]) -> list[str]:
    """A flag where a permit has its place by an address or a mere point."""
    sure = SCORES["parcel_number_normalised"]
    return ["permit_place_inferred"] if any(_match(p)["score"] < sure for p in permits.values()) else []


def _with_columns(structures: gpd.GeoDataFrame, findings: list[Assessment]) -> gpd.GeoDataFrame:
    given = list(structures["flags"]) if "flags" in structures.columns else [None] * len(structures)
    flags = [
        list(dict.fromkeys([*(before if isinstance(before, (list, tuple)) else ()), *f.flags]))
        for before, f in zip(given, findings, strict=True)
    ]
    columns: Mapping[str, list[Any]] = {
        "status": [f.status for f in findings],
        "reasons": [[reason.as_dict() for reason in f.reasons] for f in findings],
        "severity": [f.severity for f in findings],
        "consequence": [f.consequence for f in findings],
        "parcel_ids": [f.parcel_ids for f in findings],
        "permit_ids": [f.permit_ids for f in findings],
        "permit_matches": [f.permit_matches for f in findings],
        "authority": [f.authority for f in findings],
        "flags": flags,
    }
    result = structures.copy()
    for name, values in columns.items():
        column = np.empty(len(values), dtype=object)
        column[:] = values
        result[name] = column
    return result
