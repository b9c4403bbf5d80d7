"""What the nightly batch remembers, as a store keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CATALOGUE = "catalogue"
"""Source of the scenes that came another way, by an upload: each is named by its id."""


@dataclass(frozen=True)
class NightRun:
    """One run of the nightly batch; unfinished until its report is written.

    Args:
        id: Its id.
        folder: The watched folder, or empty: all places that the settings name.
        started_at: When it was begun.
        finished_at: When its report was written.
        due_at: The moment of the schedule that it was begun for; None: by hand.
        report: What it reported, as plain values.
    """

    id: str
    folder: str
    started_at: datetime
    finished_at: datetime | None
    due_at: datetime | None = None
    report: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class IntakeEntry:
    """What the nightly batch knows of one file of a source.

    Args:
        folder: Name of the source.
        name: Name within it.
        size_bytes: Size at the last look.
        mtime_ns: Time of change at the last look.
        seen_at: When it was first seen with this size and time.
        state: `waiting`, `rejected`, `taken` (stored, not yet compared), `done`.
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
