"""Verdicts: what officers say of findings."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import shapely

from geodata.errors import GeometryError, MissingFileError
from geodata.types import DISMISSAL_REASONS
from service.errors import ForbiddenError, VerdictError
from service.services import Services
from service.store.records import PURPOSES, Purpose, Verdict
from service.usecases.judges import named_judge

_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Judgement:
    """What an officer says, unchecked.

    Args:
        finding_id: What it is about.
        verdict: Whether the finding is right.
        judged_by: Who says so: needed from a key and on the command line; of a person who has signed in, nobody else.
        reason: What it was instead, one of `DISMISSAL_REASONS`: needed for a wrong finding, refused for a right one.
        outline: Corrected outline of a right finding: a GeoJSON polygon in lon-lat, or a feature of one.
        judged_at: When it was judged; None: now.
        note: Anything else.
        purpose: `enforce` or `learn`, as the queue said; None: as with the verdict before, else `enforce`.
    """

    finding_id: str
    verdict: bool
    judged_by: str | None
    reason: str | None = None
    outline: Mapping[str, Any] | None = None
    judged_at: datetime | None = None
    note: str | None = None
    purpose: str | None = None


def judge(services: Services, told: Judgement) -> tuple[Verdict, bool]:
    """Store a verdict; the latest one of a finding counts, the others are its history.

    Args:
        services: The service.
        told: What the officer says.

    Returns:
        The verdict, and whether it is new: the same one sent again is stored once.

    Raises:
        VerdictError: If reason, judge, time or purpose are missing or not what they must be, or the judge is another
            than who has signed in.
        GeometryError: If the corrected outline is no valid polygon or lies elsewhere.
        NotFoundError: Without the finding.
    """
    finding = services.store.scans.finding(told.finding_id)
    now = datetime.now(UTC)
    _check_reason(told)
    values: dict[str, Any] = {
        "finding_id": told.finding_id,
        "verdict": told.verdict,
        "reason": told.reason,
        "outline": None if told.outline is None else _outline(told, finding),
        "judged_by": named_judge(services.caller, told.judged_by),
        "judged_at": _moment(told, now),
        "note": (told.note or "").strip() or None,
        "purpose": _purpose(told),
        "person_id": services.caller.id if services.caller.kind == "person" else None,
    }
    text = orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
    # without a time it is a new one, unless the store finds it to say what the latest says
    name = uuid.uuid4().hex[:16] if told.judged_at is None else hashlib.sha256(text).hexdigest()[:16]
    verdict = Verdict(id=name, created_at=now, **values)
    stored, new = services.store.verdicts.add(verdict, timed=told.judged_at is not None)
    if new:
        # a dismissed finding is of no structure any more, and a lead that rests on nothing else leaves the queue
        services.store.leads.regroup([_place(finding).bounds])
    return stored, new


def verdicts_of(services: Services, finding_id: str) -> Sequence[Verdict]:
    """The verdicts on a finding that stand, the one that counts last; `NotFoundError` without the finding."""
    return services.store.verdicts.of(finding_id)


def withdraw(services: Services, finding_id: str, verdict_id: str) -> tuple[Verdict, Verdict | None]:
    """Take back a verdict of one's own: a slip of the key leaves no trace in the queue, and stays in the record.

    Args:
        services: The service.
        finding_id: The finding.
        verdict_id: The verdict; taken back twice is taken back once.

    Returns:
        The verdict, and the one that counts now; None: the finding is open again.

    Raises:
        NotFoundError: Without the finding, or without this verdict on it.
        ForbiddenError: If somebody else gave it.
    """
    store, caller = services.store, services.caller
    found = store.verdicts.one(finding_id, verdict_id)
    if found.person_id != (caller.id if caller.kind == "person" else None):
        raise ForbiddenError(
            f"The verdict is of {found.judged_by!r}, and {caller.name!r} would take it back.",
            remedy="Give a verdict of your own: the latest counts.",
            verdict_id=verdict_id,
        )
    taken = store.verdicts.withdraw(finding_id, verdict_id, datetime.now(UTC))
    left = store.verdicts.of(finding_id)
    store.leads.regroup([_place(store.scans.finding(finding_id)).bounds])
    return taken, left[-1] if left else None


def read_outline(path: Path) -> Mapping[str, Any]:
    """A corrected outline from a GeoJSON file: a polygon, a feature of one, or a collection of one such feature.

    Raises:
        MissingFileError: Without the file.
        GeometryError: If it is no GeoJSON of one outline.
    """
    try:
        told = orjson.loads(path.read_bytes())
    except OSError as error:
        raise MissingFileError(f"{path} cannot be read: {error.strerror}.", remedy="Name a GeoJSON file.") from error
    except orjson.JSONDecodeError as error:
        raise _no_outline(f"{path.name} is not JSON: {error}") from error
    features = told.get("features") if isinstance(told, dict) else None
    if isinstance(features, list) and len(features) == 1:
        told = features[0]
    if not isinstance(told, dict):
        raise _no_outline(f"{path.name} holds no single outline")
    return told


def _place(finding: str) -> shapely.Geometry:
    return shapely.from_geojson(orjson.dumps(orjson.loads(finding)["geometry"]).decode())


def _check_reason(told: Judgement) -> None:
    known = f"Known: {', '.join(DISMISSAL_REASONS)}."
    if told.verdict and told.reason is not None:
        raise VerdictError(
            f"A right finding has no reason, and {told.reason[:40]!r} is given.",
            remedy="Leave the reason out, or give the verdict false.",
        )
    if not told.verdict and told.reason is None:
        raise VerdictError("A dismissal needs a reason: what it was instead.", remedy=known)
    if not told.verdict and told.reason not in DISMISSAL_REASONS:
        raise VerdictError(f"There is no reason {(told.reason or '')[:40]!r}.", remedy=known)


def _moment(told: Judgement, now: datetime) -> datetime:
    at = now if told.judged_at is None else told.judged_at
    if at.tzinfo is None:
        raise VerdictError("The time of the verdict has no zone.", remedy="Write it as 2025-04-12T10:30:00+08:00.")
    if at > now + _CLOCKS_DIFFER:
        # it would count before every verdict that follows
        raise VerdictError(
            f"The verdict is of {at.isoformat()}, which is still to come.",
            remedy="Leave the time out, or correct it.",
            ahead_s=round((at - now).total_seconds()),
        )
    return at.astimezone(UTC)


def _purpose(told: Judgement) -> Purpose | None:
    if told.purpose is not None and told.purpose not in PURPOSES:
        raise VerdictError(f"There is no purpose {told.purpose[:40]!r}.", remedy=f"Known: {', '.join(PURPOSES)}.")
    return told.purpose


def _no_outline(message: str, **measured: object) -> GeometryError:
    return GeometryError(f"{message}.", remedy="Give one valid GeoJSON polygon in longitude and latitude.", **measured)


def _outline(told: Judgement, finding: str) -> dict[str, Any]:
    """The corrected outline as a plain polygon of two dimensions."""
    if not told.verdict:
        raise VerdictError("A dismissed finding has no outline.", remedy="Leave the outline out.")
    given = told.outline or {}
    geometry = given.get("geometry") if given.get("type") == "Feature" else given
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind != "Polygon":
        raise _no_outline(f"The corrected outline is a {str(kind)[:40]}, not a polygon")
    try:
        outline = shapely.force_2d(shapely.from_geojson(orjson.dumps(geometry).decode()))
    except (shapely.GEOSException, TypeError, ValueError) as error:
        raise _no_outline(f"The corrected outline cannot be read: {error}") from error
    if outline.is_empty or not outline.is_valid:
        raise _no_outline(f"The corrected outline is not valid: {shapely.is_valid_reason(outline)}")
    west, south, east, north = outline.bounds
    if west < -180 or south < -90 or east > 180 or north > 90:
        raise _no_outline(f"The corrected outline reaches to {west:g}, {south:g}, {east:g}, {north:g}")
    own = shapely.make_valid(_place(finding))
    if shapely.area(shapely.intersection(outline, own)) <= 0:
        raise GeometryError(
            f"The corrected outline lies at {west:.6f}, {south:.6f} and does not meet the finding.",
            remedy="Give the outline of this structure in longitude and latitude (WGS 84, CGCS2000).",
            distance_deg=round(float(shapely.distance(outline, own)), 6),
        )
    plain: dict[str, Any] = orjson.loads(shapely.to_geojson(outline))
    return plain
