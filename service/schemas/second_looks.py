"""Second looks over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from service.schemas.common import Link
from service.schemas.verdicts import PairOut


class SecondLook(BaseModel):
    """A finding that waits for a second look, or was looked at twice."""

    finding_id: str
    finding: dict[str, Any] | None = Field(
        description="While it waits: the GeoJSON feature as its scan left it, without anything that a verdict decides."
    )
    before_scene: str | None = Field(description="While it waits: scene of its first date.")
    after_scene: str | None = Field(description="While it waits: scene of its second date.")
    pair: PairOut | None = Field(description="Once two have judged it; null while it waits.")
    links: list[Link] = []


class SecondLookList(BaseModel):
    """Second looks."""

    rows: list[SecondLook]
    numberMatched: int | None = Field(description="How many wait; null of those looked at twice.")  # noqa: N815
    numberReturned: int  # noqa: N815
    links: list[Link]
