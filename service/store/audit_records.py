"""Recall audits as a store keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Audit:
    """A recall audit: cells that were seen and hold no finding, drawn for people to look at. Never changes.

    Args:
        id: Its id.
        as_of: The day whose ledger it was drawn from.
        seed: What decided the draw.
        cells: Outline as a GeoJSON polygon by the id of the cell.
        created_at: When it was drawn.
    """

    id: str
    as_of: date
    seed: int
    cells: Mapping[str, Mapping[str, Any]]
    created_at: datetime


@dataclass(frozen=True)
class AuditAnswer:
    """What was said of a cell of an audit. Never changes: another is added, and the latest counts.

    Args:
        cell: The cell.
        missed: Whether it holds a structure that nobody reported.
        judged_by: Who says so.
        note: Anything else.
        created_at: When it was said.
    """

    cell: str
    missed: bool
    judged_by: str
    note: str | None
    created_at: datetime
