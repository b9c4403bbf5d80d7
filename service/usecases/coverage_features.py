"""The ledger as features: cells, blind spots, and what needs a look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from geodata.coverage import REASONS, WORDS, BlindSpot, Cells, Ledger, cell_at, cell_id, tasks
from geodata.crs import CRS84
from geodata.repair import to_crs
from service.errors import NotFoundError
from service.ogc.lists import page_of_list
from service.services import Services
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box
from service.usecases.coverage import covered


def cell_features(services: Services, query: FeatureQuery, as_of: date | None = None) -> FeaturePage:
    """The cells as GeoJSON texts, row by row from the north west; an id names a place of the lattice for ever."""
    ledger = covered(services, as_of).ledger
    rows, cols = np.nonzero((ledger.cells.share > 0) & _in_boxes(ledger.cells, query.boxes))
    reason = query.equals.get("reason")
    if reason is not None:
        keep = ledger.reason[rows, cols] == _reason_number(reason)
        rows, cols = rows[keep], cols[keep]
    places = list(zip(rows.tolist(), cols.tolist(), strict=True))
    return page_of_list(places, query, lambda place: _cell(ledger, *place))


def cell_feature(services: Services, fid: str) -> str:
    """One cell by its id.

    Raises:
        NotFoundError: Without it.
    """
    ledger = covered(services).ledger
    at = cell_at(ledger.cells, fid)
    if at is None:
        raise NotFoundError(f"There is no cell {fid[:40]!r}.", remedy="GET /collections/coverage/items.")
    return _cell(ledger, *at)


def _reason_number(reason: str) -> int:
    """Place of a reason in `REASONS`; `seen`: none."""
    return -1 if reason == "seen" else REASONS.index(reason) if reason in REASONS else len(REASONS)


def _in_boxes(cells: Cells, boxes: tuple[Box, ...]) -> npt.NDArray[np.bool_]:
    if not boxes:
        return np.ones(cells.grid.shape, bool)
    return np.asarray(
        sum(cells.share_in(shapely.box(*box)) for box in boxes) + np.zeros(cells.grid.shape) > 0, dtype=bool
    )


def _cell(ledger: Ledger, row: int, col: int) -> str:
    grid = ledger.cells.grid
    outline = ledger.cells.squares(np.array([row]), np.array([col]))
    (lonlat,) = to_crs(outline, grid.crs, CRS84)
    found = ledger.of(row, col)
    due = None if found.last_seen is None else found.last_seen + timedelta(days=found.due_days)
    told = {
        "seen": found.reason is None,
        "last_seen": _iso(found.last_seen),
        "scenes": list(found.scenes),
        "age_days": None if found.age_days is None else round(found.age_days, 2),
        "due_days": found.due_days,
        "due_on": _iso(due),
        "reason": found.reason,
        "area_m2": round(float(ledger.cells.area_m2[row, col]), 1),
    }
    return _feature(cell_id(ledger.cells, row, col), lonlat, told)


def blind_features(services: Services, query: FeatureQuery, as_of: date | None = None) -> FeaturePage:
    """Blind spots as GeoJSON texts, the largest first."""
    boxes = [shapely.box(*box) for box in query.boxes]
    spots = [
        spot
        for spot in covered(services, as_of).ledger.blind_spots()
        if (not boxes or any(spot.outline.intersects(box) for box in boxes))
        and query.equals.get("reason", spot.reason) == spot.reason
    ]
    return page_of_list(spots, query, _spot)


def _spot(spot: BlindSpot) -> str:
    told = {
        "reason": spot.reason,
        "reason_zh": WORDS[spot.reason][1],
        "last_seen": _iso(spot.last_seen),
        "area_m2": round(spot.area_m2, 1),
    }
    return _feature(spot.name, spot.outline, told)


def blind_feature(services: Services, fid: str) -> str:
    """One blind spot by its id, which lasts as long as its outline.

    Raises:
        NotFoundError: Without it.
    """
    for spot in covered(services).ledger.blind_spots():
        if spot.name == fid:
            return _spot(spot)
    raise NotFoundError(f"There is no blind spot {fid[:40]!r}.", remedy="GET /collections/blind_spots/items.")


def tasking(services: Services, as_of: date | None = None, within_days: float = 7.0) -> dict[str, Any]:
    """What needs a flight or an image, the most urgent first, as a GeoJSON FeatureCollection.

    Args:
        services: The service.
        as_of: The day, None: today.
        within_days: What becomes due within so many days is told as well.
    """
    told = covered(services, as_of)
    features = []
    for number, task in enumerate(tasks(told.ledger, within_days), start=1):
        properties = {
            "number": number,
            "urgency": task.urgency,
            "area_m2": round(task.area_m2, 1),
            "reasons_m2": {reason: round(m2, 1) for reason, m2 in task.reasons.items()},
            "reasons_zh": "、".join(WORDS[reason][1] for reason in task.reasons),
            "overdue_days": None if task.overdue_days is None else round(task.overdue_days, 1),
            "never_m2": round(task.never_m2, 1),
            "until": _iso(task.until),
        }
        features.append(orjson.Fragment(_feature(task.name, task.outline, properties)))
    return {"type": "FeatureCollection", "as_of": told.as_of.isoformat(), "features": features}


def _feature(fid: str, outline: shapely.Geometry, told: Mapping[str, Any]) -> str:
    rounded = shapely.transform(outline, lambda c: np.round(c, 8))
    return orjson.dumps(
        {
            "type": "Feature",
            "id": fid,
            "bbox": rounded.bounds,
            "geometry": orjson.Fragment(shapely.to_geojson(rounded)),
            "properties": told,
        }
    ).decode()


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
