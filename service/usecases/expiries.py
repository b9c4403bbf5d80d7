"""Papers that run out: permits whose last day has passed or comes soon, and what stands on them.

A structure that a permit covers is no finding as long as the permit holds. No later scan would find it, since it does
not change: the day on which the permit ends must be watched by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import shapely

from geodata.values import parse_day
from service.services import Services
from service.store.queries import FeatureQuery

_PAGE = 1_000


@dataclass(frozen=True)
class Expiry:
    """A permit that ran out, or will soon.

    Args:
        permit_id: Its id.
        kind: `planning`, `village`, `temporary`; None where the register does not say.
        last_day: The last day on which it holds.
        place: Middle of it, lon and lat; None where it has no place.
        structures: Standing structures within it.
    """

    permit_id: str
    kind: str | None
    last_day: date
    place: tuple[float, float] | None
    structures: tuple[str, ...]


def ending(services: Services, since: date, until: date) -> Sequence[tuple[date, str]]:
    """Permits of the newest register whose last day lies within a time: the day and the id, the earliest first.

    Args:
        services: The service.
        since: First day.
        until: Last day, included.
    """
    version = services.store.layers.newest("permits")
    if version is None:
        return []
    found = set[tuple[date, str]]()
    for _, permit_id, told in services.store.layers.values(version.id, ("permit_id", "valid_to")):
        last = parse_day(told)
        if last is not None and since <= last <= until:
            found.add((last, str(permit_id)))
    return sorted(found)


def expiries(services: Services, some: Sequence[tuple[date, str]]) -> Sequence[Expiry]:
    """Permits that end (see `ending`), each with its place and with what stands on it."""
    version = services.store.layers.newest("permits")
    return [] if version is None else [_expiry(services, version.id, name, last) for last, name in some]


def _expiry(services: Services, version_id: str, permit_id: str, last: date) -> Expiry:
    rows = [orjson.loads(text) for text in services.store.layers.rows_with(version_id, "permit_id", permit_id)]
    outlines = [shapely.geometry.shape(row["geometry"]) for row in rows if row.get("geometry")]
    kind = next((row["properties"].get("kind") for row in rows), None)
    if not outlines:
        return Expiry(permit_id, kind, last, None, ())
    whole = shapely.make_valid(shapely.union_all(outlines))
    middle = whole.representative_point()
    standing = _standing_on(services, whole)
    return Expiry(permit_id, kind, last, (round(middle.x, 6), round(middle.y, 6)), tuple(standing))


def _standing_on(services: Services, outline: shapely.Geometry) -> list[str]:
    west, south, east, north = outline.bounds
    query = FeatureQuery(boxes=((west, south, east, north),), equals={"state": "standing"}, limit=_PAGE)
    features: list[dict[str, Any]] = [orjson.loads(t) for t in services.store.structures.features(query).items]
    return [
        str(one["id"])
        for one in features
        if outline.contains(shapely.geometry.shape(one["geometry"]).representative_point())
    ]
