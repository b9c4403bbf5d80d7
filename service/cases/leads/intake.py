"""What a source tells, checked before it becomes a report."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely

from geodata.china import turned_back, web_system
from service.cases.leads.places import vagueness_m
from service.cases.leads.values import GRADES, MAX_ACCURACY_M, STAGES, SourceKind, Spot

USUAL_ACCURACY_M: Mapping[SourceKind, float] = MappingProxyType(
    {
        SourceKind.SCAN: 1.0,
        SourceKind.PATROL: 15.0,
        SourceKind.HOTLINE: 50.0,
        SourceKind.CAMERA: 30.0,
        SourceKind.DRONE: 5.0,
        SourceKind.BUREAU: 5.0,
        SourceKind.EXPIRY: 1.0,
        SourceKind.REBUILDING: 1.0,
    }
)
"""How far off a place may be where its source does not say, m. Our own choice."""
LONGEST_TEXT = 4_000
LONGEST_NAME = 120
MOST_PHOTOS = 12
_CLOCKS_DIFFER = timedelta(minutes=5)
_OLDEST = 1990
# mobile numbers, landlines with their area, identity numbers
_NUMBERS = re.compile(r"(?<!\d)(?:1[3-9]\d(?:[ -]?\d{4}){2}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx])(?!\d)")


@dataclass(frozen=True)
class Said:
    """What a source tells, unchecked.

    Args:
        source: A kind of source.
        number: The source's own number; None: it has none.
        origin: Which one of that kind.
        seen_at: When it was seen; None: now.
        geometry: Where: a GeoJSON geometry.
        accuracy_m: How far off that may be, m; None: as is usual for the source.
        system: Web map whose coordinates these are: `GCJ-02` or `BD-09`; None: longitude and latitude.
        address: Address.
        parcel_id: Number of the parcel.
        text: What was seen.
        category: What kind of thing.
        stage: How far the building is.
        anonymous: Whether nothing may be kept of who told it.
        reporter: `name` and `telephone` of who told it.
        secrecy: Grade of secrecy; None: internal.
        facts: What else the service knows itself.
    """

    source: str
    number: str | None = None
    origin: str = ""
    seen_at: datetime | None = None
    geometry: Mapping[str, Any] | None = None
    accuracy_m: float | None = None
    system: str | None = None
    address: str = ""
    parcel_id: str = ""
    text: str = ""
    category: str = ""
    stage: str | None = None
    anonymous: bool = False
    reporter: Mapping[str, str] = field(default_factory=dict)
    secrecy: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def faults_of(said: Said, now: datetime) -> list[str]:
    """Everything that is wrong with what a source tells, but its place; empty where it can be taken."""
    wrong = []
    if said.source not in list(SourceKind):
        wrong.append(f"there is no source {said.source[:40]!r}: {', '.join(SourceKind)}")
    if said.stage is not None and said.stage not in STAGES:
        wrong.append(f"there is no stage {said.stage[:40]!r}: {', '.join(STAGES)}")
    if said.secrecy is not None and said.secrecy not in GRADES:
        wrong.append(f"there is no grade {said.secrecy[:40]!r}: {', '.join(GRADES)}")
    for name in ("number", "origin", "category", "parcel_id"):
        if len(getattr(said, name) or "") > LONGEST_NAME:
            wrong.append(f"the {name} has more than {LONGEST_NAME} characters")
    if len(said.text) > LONGEST_TEXT or len(said.address) > LONGEST_TEXT:
        wrong.append(f"text or address has more than {LONGEST_TEXT} characters")
    unknown = sorted(set(said.reporter) - {"name", "telephone"})
    if unknown:
        wrong.append("of a reporter name and telephone are kept, nothing else")
    return [*wrong, *_faults_of_time(said.seen_at, now), *_faults_of_substance(said)]


def _faults_of_time(seen_at: datetime | None, now: datetime) -> list[str]:
    if seen_at is None:
        return []
    if seen_at.tzinfo is None:
        return ["the time has no zone"]
    if seen_at > now + _CLOCKS_DIFFER:
        return [f"it was seen at {seen_at.isoformat()}, which is still to come"]
    return [f"it was seen in {seen_at.year}"] if seen_at.year < _OLDEST else []


def _faults_of_substance(said: Said) -> list[str]:
    if said.accuracy_m is not None and not 0 <= said.accuracy_m < 1e7:
        return [f"an accuracy of {said.accuracy_m:g} m is none"]
    told = (said.geometry, said.address.strip(), said.parcel_id.strip(), said.text.strip())
    return [] if any(told) else ["it tells neither a place nor anything else"]


def spot_of(said: Said) -> tuple[Spot, str]:
    """The place that is told, and what is wrong with it (empty: nothing).

    One that is told too vaguely is none: the report waits until somebody places it.
    """
    if said.geometry is None:
        return Spot(), ""
    if said.system and web_system(said.system) is None:
        return Spot(), f"{said.system[:40]!r} is no web map's system: GCJ-02, BD-09"
    try:
        shape = shapely.force_2d(shapely.geometry.shape(dict(said.geometry)))
        west, south, east, north = shape.bounds
    except (AttributeError, KeyError, TypeError, ValueError, shapely.GEOSException):
        return Spot(), "the place is no GeoJSON geometry"
    inside = not shape.is_empty and shape.is_valid and west >= -180 and east <= 180 and south >= -90 and north <= 90
    if shape.geom_type not in ("Point", "Polygon", "MultiPolygon") or not inside:
        return Spot(), "the place is no valid point or polygon in longitude and latitude"
    shape = turned_back(np.array([shape], dtype=object), web_system(said.system))[0]
    accuracy = USUAL_ACCURACY_M[SourceKind(said.source)] if said.accuracy_m is None else said.accuracy_m
    return spot_at(shape, accuracy, "told"), ""


def spot_at(shape: shapely.Geometry, accuracy_m: float, found_by: str) -> Spot:
    """A place; none where it is too vague to tell one building from another."""
    vague = vagueness_m(shape, accuracy_m)
    if vague > MAX_ACCURACY_M:
        return Spot(note=f"the place is known to {vague:.0f} m only; more than {MAX_ACCURACY_M:.0f} m is no place")
    return Spot(shapely.geometry.mapping(shape), float(accuracy_m), found_by)


def words_of(said: Said) -> str:
    """What is kept of the words: of an anonymous report no telephone and identity numbers."""
    text = said.text.strip()
    return _NUMBERS.sub("***", text) if said.anonymous else text


def report_id(source: str, origin: str, number: str | None) -> tuple[str, str]:
    """Id and number of a report: the same for the same number of the same source; new ones where it has none."""
    if number:
        digest = hashlib.sha256("\x1f".join((source, origin, number)).encode()).hexdigest()
        return f"report-{digest[:16]}", number
    name = f"report-{uuid.uuid4().hex[:16]}"
    return name, name


def differing(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> Sequence[str]:
    """Names of what a number was sent with another time, and otherwise than it is stored."""
    return [name for name, value in sent.items() if value not in (None, "") and stored.get(name) != value]
