"""What was seen of each parcel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import orjson
import shapely

from geodata.coverage import REASONS, Ledger
from geodata.crs import CRS84
from geodata.repair import to_crs
from service.errors import NotFoundError
from service.services import Services
from service.store.queries import FeatureQuery
from service.store.records import Page
from service.usecases.coverage import covered


@dataclass(frozen=True)
class ParcelSeen:
    """What is known of a parcel.

    Args:
        id: The parcel.
        state: `seen` in time, `overdue`, `never` (some of it), `excluded`, or `outside` the area of responsibility.
        last_seen: The oldest last look at a cell that it meets; None: some were never seen, or it lies outside.
        reason: Why most of what is not seen is not.
    """

    id: str
    state: str
    last_seen: datetime | None
    reason: str | None


def parcels(services: Services, limit: int, after_key: int, as_of: date | None = None) -> Page[ParcelSeen]:
    """A page of the newest parcels with what is known of each.

    Raises:
        NotFoundError: Without parcels.
    """
    version = services.store.layers.newest("parcels")
    if version is None:
        raise NotFoundError("There is no parcels layer.", remedy="Store one: POST /layers/parcels.")
    page = services.store.layers.features(
        FeatureQuery(version.id, limit=limit, after=(after_key,) if after_key else ())
    )
    ledger = covered(services, as_of).ledger
    found = []
    for text in page.items:
        feature = orjson.loads(text)
        outline = shapely.geometry.shape(feature["geometry"])
        found.append(_parcel(ledger, str(feature["id"]), outline))
    return Page(found, version.features, page.after[0] if page.after else None)


def _parcel(ledger: Ledger, fid: str, outline: shapely.Geometry) -> ParcelSeen:
    grid = ledger.cells.grid
    (local,) = to_crs(np.array([outline], dtype=object), CRS84, grid.crs)
    left, bottom, right, top = local.bounds
    t = grid.transform
    rows = np.arange(max(0, int((t.f - top) // -t.e)), min(grid.height, int((t.f - bottom) // -t.e) + 1))
    cols = np.arange(max(0, int((left - t.c) // t.a)), min(grid.width, int((right - t.c) // t.a) + 1))
    if not len(rows) or not len(cols):
        return ParcelSeen(fid, "outside", None, None)
    row, col = (part.ravel() for part in np.meshgrid(rows, cols, indexing="ij"))
    meets = shapely.intersects(ledger.cells.squares(row, col), local) & (ledger.cells.share[row, col] > 0)
    row, col = row[meets], col[meets]
    if not len(row):
        return ParcelSeen(fid, "outside", None, None)
    reasons, ages = ledger.reason[row, col], ledger.age_days[row, col]
    last = None if np.isinf(ages).any() else ledger.as_of - timedelta(days=float(ages.max()))
    blind = reasons[reasons >= 0]
    if not len(blind):
        return ParcelSeen(fid, "seen", last, None)
    reason = REASONS[int(np.bincount(blind).argmax())]
    wanted = reasons != REASONS.index("excluded")
    if not (wanted & (reasons >= 0)).any():
        return ParcelSeen(fid, "excluded", last, reason)
    never = bool(np.isinf(ages[wanted & (reasons >= 0)]).any())
    return ParcelSeen(fid, "never" if never else "overdue", last, reason)
