"""What needs a flight or an image: blind ground as a list of tasks, the most pressing first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np
import numpy.typing as npt
import shapely

from geodata.coverage.ledger import Ledger
from geodata.coverage.looks import REASONS, Reason
from geodata.crs import CRS84
from geodata.repair import to_crs

NEAR_CELLS = 3
"""Pieces so few cells apart make one task: one flight sees both."""


@dataclass(frozen=True)
class Task:
    """Ground that needs a look.

    Args:
        outline: The cells, in CRS84.
        area_m2: Their ground in the area.
        reason: Why most of it was not seen.
        last_seen: The oldest last look at any of it, None: some of it was never seen.
        due_on: When the first of it was due, None: some of it was never seen.
        overdue_days: How long that is ago; infinite where it was never seen.
        priority: Ground times how often its due time has passed, km²; what was never seen counts three times.
    """

    outline: shapely.Geometry
    area_m2: float
    reason: Reason
    last_seen: datetime | None
    due_on: datetime | None
    overdue_days: float
    priority: float


_NEVER = 3.0


def tasks(ledger: Ledger) -> list[Task]:
    """The tasks of a ledger, by priority; what is excluded is none."""
    blind = (ledger.reason >= 0) & (ledger.reason != REASONS.index("excluded")) & (ledger.cells.share > 0)
    if not blind.any():
        return []
    near = cv2.morphologyEx(blind.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((NEAR_CELLS, NEAR_CELLS), np.uint8))
    count, numbers = cv2.connectedComponents(near | blind.astype(np.uint8), connectivity=8)
    rows, cols = np.nonzero(blind)
    order = np.argsort(numbers[rows, cols], kind="stable")
    rows, cols = rows[order], cols[order]
    starts = np.searchsorted(numbers[rows, cols], np.arange(1, count + 1))
    parts = [slice(a, b) for a, b in zip(starts[:-1], starts[1:], strict=True) if a < b]
    found = [_task(ledger, rows[part], cols[part]) for part in parts]
    return sorted(found, key=lambda task: (-task.priority, task.outline.bounds))


def _task(ledger: Ledger, rows: npt.NDArray[np.intp], cols: npt.NDArray[np.intp]) -> Task:
    at = rows, cols
    ground = ledger.cells.area_m2[at]
    age, due = ledger.age_days[at], ledger.due_days[at]
    weight = np.bincount(ledger.reason[at], weights=ground, minlength=len(REASONS))
    (outline,) = to_crs(
        np.array([shapely.union_all(ledger.cells.squares(rows, cols))], object), ledger.cells.grid.crs, CRS84
    )
    never = bool(np.isinf(age).any())
    oldest = float(age.max())
    overdue = float((age - due).max())
    return Task(
        outline,
        float(ground.sum()),
        REASONS[int(weight.argmax())],
        None if never else ledger.as_of - timedelta(days=oldest),
        None if never else ledger.as_of - timedelta(days=overdue),
        overdue,
        round(float((ground / 1e6 * np.minimum(np.where(np.isinf(age), _NEVER, age / due), _NEVER)).sum()), 6),
    )
