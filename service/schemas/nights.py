"""Nights over HTTP."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from service.schemas.common import Answer, Link


class NightOut(Answer):
    """A night."""

    id: str
    folder: str = Field(description="The watched folder; empty: all places of the settings.")
    due_at: datetime | None = Field(description="The moment of the schedule that it was begun for; null: by hand.")
    started_at: datetime
    finished_at: datetime | None = Field(description="When its report was written.")
    summary: str | None = Field(description="One line of its report.")
    links: list[Link] = []


class NightList(Answer):
    """A page of nights."""

    nights: list[NightOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    schedule: str = Field(description="When nights begin, cron syntax, Beijing time; empty: by hand alone.")
    next_due: datetime | None = Field(description="When the next one does.")
    links: list[Link]
