"""The ledger as features: cells, blind spots, and what needs a look."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from geodata.coverage import REASONS, Cells, Ledger, tasks
from geodata.crs import CRS84
from geodata.repair import to_crs
from service.errors import NotFoundError
from service.services import Services
from service.store.records import Box, FeatureQuery, Page
from service.usecases.coverage import WHY, covered


def cell_features(services: Services, query: FeatureQuery, as_of: date | None = None) -> Page[str]:
    """The cells as GeoJSON texts, row by row from the north west; an id names a place of the lattice for ever."""
    ledger = covered(services, as_of).ledger
    rows, cols = np.nonzero((ledger.cells.share > 0) & _in_boxes(ledger.cells, query.boxes))
    reason = query.equals.get("reason")
    if reason is not None:
        keep = ledger.reason[rows, cols] == _reason_number(reason)
        rows, cols = rows[keep], cols[keep]
    return _page([(int(r), int(c)) for r, c in zip(rows, cols, strict=True)], query, lambda rc: _cell(ledger, *rc))


def cell_feature(services: Services, fid: str) -> str:
    """One cell by its id.

    Raises:
        NotFoundError: Without it.
    """
    ledger = covered(services).ledger
    grid = ledger.cells.grid
    try:
        east, north = (int(part) for part in fid.split("_"))
    except ValueError as error:
        raise NotFoundError(f"There is no cell {fid[:40]!r}.", remedy="GET /collections/coverage/items.") from error
    side = grid.pixel_size[0]
    col, row = east - round(grid.transform.c / side), round(grid.transform.f / side) - 1 - north
    if not (0 <= row < grid.height and 0 <= col < grid.width) or ledger.cells.share[row, col] == 0:
        raise NotFoundError(f"There is no cell {fid[:40]!r}.", remedy="GET /collections/coverage/items.")
    return _cell(ledger, row, col)


def _reason_number(reason: str) -> int:
    """Place of a reason in `REASONS`; `seen`: none."""
    return -1 if reason == "seen" else REASONS.index(reason) if reason in REASONS else len(REASONS)


def _in_boxes(cells: Cells, boxes: tuple[Box, ...]) -> npt.NDArray[np.bool_]:
    if not boxes:
        return np.ones(cells.grid.shape, bool)
    return np.asarray(
        sum(cells.share_in(shapely.box(*box)) for box in boxes) + np.zeros(cells.grid.shape) > 0, dtype=bool
    )


def _page(items: list[Any], query: FeatureQuery, text_of: Any) -> Page[str]:
    first = query.after_key
    some = items[first : first + query.limit]
    following = first + len(some)
    return Page([text_of(item) for item in some], len(items), following if following < len(items) else None)


def _cell(ledger: Ledger, row: int, col: int) -> str:
    grid = ledger.cells.grid
    outline = ledger.cells.squares(np.array([row]), np.array([col]))
    (lonlat,) = to_crs(outline, grid.crs, CRS84)
    found = ledger.of(row, col)
    days = [one for one in ledger.looks if found.last_seen is not None and one.scene in found.scenes]
    due = None if found.last_seen is None else found.last_seen + timedelta(days=found.due_days)
    told = {
        "seen": found.reason is None,
        "last_seen": _iso(found.last_seen),
        "scenes": list(found.scenes),
        "usable_share": round(float(min(1.0, sum(one.seen[row, col] for one in days))), 3),
        "age_days": None if found.age_days is None else round(found.age_days, 2),
        "due_days": found.due_days,
        "due_on": _iso(due),
        "reason": found.reason,
        "area_m2": round(float(ledger.cells.area_m2[row, col]), 1),
    }
    return _feature(cell_id(ledger, row, col), lonlat, told)


def cell_id(ledger: Ledger, row: int, col: int) -> str:
    """The id of a cell: its place in the lattice, which is the same for every area."""
    grid = ledger.cells.grid
    side = grid.pixel_size[0]
    return f"{round(grid.transform.c / side) + col}_{round(grid.transform.f / side) - 1 - row}"


def blind_features(services: Services, query: FeatureQuery, as_of: date | None = None) -> Page[str]:
    """Blind spots as GeoJSON texts, the largest first."""
    boxes = [shapely.box(*box) for box in query.boxes]
    spots = [
        spot
        for spot in covered(services, as_of).ledger.blind_spots()
        if (not boxes or any(spot.outline.intersects(box) for box in boxes))
        and query.equals.get("reason", spot.reason) == spot.reason
    ]

    def text(spot: Any) -> str:
        told = {
            "reason": spot.reason,
            "reason_zh": WHY[spot.reason][0],
            "last_seen": _iso(spot.last_seen),
            "area_m2": round(spot.area_m2, 1),
        }
        return _feature(_spot_id(spot.outline, spot.reason), spot.outline, told)

    return _page(spots, query, text)


def blind_feature(services: Services, fid: str) -> str:
    """One blind spot by its id, which lasts as long as its outline.

    Raises:
        NotFoundError: Without it.
    """
    page = blind_features(services, FeatureQuery(limit=10**9))
    for text in page.items:
        if orjson.loads(text)["id"] == fid:
            return text
    raise NotFoundError(f"There is no blind spot {fid[:40]!r}.", remedy="GET /collections/blind_spots/items.")


def _spot_id(outline: shapely.Geometry, reason: str) -> str:
    return hashlib.sha256(f"{reason}|{outline.wkt}".encode()).hexdigest()[:16]


def tasking(services: Services, as_of: date | None = None) -> dict[str, Any]:
    """What needs a flight or an image, the most pressing first, as a GeoJSON FeatureCollection."""
    told = covered(services, as_of)
    features = []
    for number, task in enumerate(tasks(told.ledger), start=1):
        never = np.isinf(task.overdue_days)
        properties = {
            "number": number,
            "reason": task.reason,
            "reason_zh": WHY[task.reason][0],
            "area_m2": round(task.area_m2, 1),
            "last_seen": _iso(task.last_seen),
            "due_on": _iso(task.due_on),
            "overdue_days": None if never else round(task.overdue_days, 1),
            "never_seen": bool(never),
            "priority": task.priority,
        }
        fid = _spot_id(task.outline, task.reason)
        features.append(orjson.Fragment(_feature(fid, task.outline, properties)))
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
