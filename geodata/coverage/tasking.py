"""What to fly or to order: overdue ground and ground that will be soon, merged, the most urgent first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import shapely

from geodata.coverage.ledger import Ledger
from geodata.coverage.looks import REASONS, Reason
from geodata.coverage.pieces import Piece, cell_id, outline_of_piece, pieces

Urgency = Literal["overdue", "due_soon"]


@dataclass(frozen=True)
class Task:
    """Ground that needs a flight or an image.

    Args:
        name: By its urgency and its northernmost cell.
        outline: In CRS84.
        urgency: `overdue`: not seen in time; `due_soon`: seen, and due within the days asked for.
        area_m2: Its ground in the area.
        reasons: Ground by what hid it since, the most first; empty for what is due soon.
        overdue_days: How long the longest overdue cell has been; None: some of it was never seen, or it is not overdue.
        never_m2: Ground that was never seen.
        until: Until when the first of it must be seen: the past for what is overdue, the day asked about for what was
            never seen.
    """

    name: str
    outline: shapely.Geometry
    urgency: Urgency
    area_m2: float
    reasons: Mapping[Reason, float]
    overdue_days: float | None
    never_m2: float
    until: datetime


def tasks(ledger: Ledger, within_days: float = 7.0) -> list[Task]:
    """What to fly or to order, the most urgent first: never seen, longest overdue, largest, due soonest.

    Ground that is excluded is no task. Pieces of several reasons are one task.

    Args:
        ledger: What is known.
        within_days: What becomes due within so many days is a task too; 0: nothing of it.
    """
    inside, left = ledger.cells.share > 0, ledger.due_days - ledger.age_days
    overdue = inside & (ledger.reason >= 0) & (ledger.reason != REASONS.index("excluded"))
    soon = inside & (ledger.reason < 0) & (left < within_days)
    found = [_task(ledger, piece, "overdue") for piece in pieces(overdue)]
    found += [_task(ledger, piece, "due_soon") for piece in pieces(soon)]
    return sorted(found, key=_urgent_first)


def _urgent_first(task: Task) -> tuple[bool, bool, float, float, datetime, str]:
    days = -(task.overdue_days or 0.0)
    return task.urgency != "overdue", task.never_m2 == 0, days, -task.area_m2, task.until, task.name


def _task(ledger: Ledger, piece: Piece, urgency: Urgency) -> Task:
    at, here = piece.slices, piece.here
    ground = ledger.cells.area_m2[at][here]
    reason, age, due = ledger.reason[at][here], ledger.age_days[at][here], ledger.due_days[at][here]
    sums = {name: float(ground[reason == k].sum()) for k, name in enumerate(REASONS) if (reason == k).any()}
    left = due - age
    never = ~np.isfinite(age)
    known = left[~never]
    least = min([float(known.min())] if known.size else [], default=0.0)
    return Task(
        name=f"{urgency}-{cell_id(ledger.cells, *piece.first)}",
        outline=outline_of_piece(ledger.cells, piece),
        urgency=urgency,
        area_m2=float(ground.sum()),
        reasons=dict(sorted(sums.items(), key=lambda pair: -pair[1])),
        overdue_days=None if never.any() or urgency == "due_soon" else -least,
        never_m2=float(ground[never].sum()),
        until=ledger.as_of + timedelta(days=least),
    )
