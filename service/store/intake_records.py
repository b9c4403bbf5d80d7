"""What the nightly batch remembers, as a store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class NightRun:
    """One run of the nightly batch over a folder; unfinished until its report is written."""

    id: str
    folder: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class IntakeEntry:
    """What the nightly batch knows of one file of the watched folder.

    Args:
        folder: The watched folder.
        name: Path within it.
        size_bytes: Size at the last look.
        mtime_ns: Time of change at the last look.
        seen_at: When it was first seen with this size and time.
        state: `waiting`, `rejected`, `taken` (stored, not yet scanned), `done`.
        run_id: The nightly run that took or refused it.
        scene_id: The scene it became.
        outcome: What came of it, as the report tells it.
    """

    folder: str
    name: str
    size_bytes: int
    mtime_ns: int
    seen_at: datetime
    state: str
    run_id: str | None = None
    scene_id: str | None = None
    outcome: Mapping[str, Any] = field(default_factory=dict)
