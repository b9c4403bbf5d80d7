"""Structures over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field, computed_field

from service.chinese.refusals import both, in_chinese
from service.schemas.common import Answer, Link
from service.schemas.jobs import JobOut


class LookOut(Answer):
    """A scan that could have seen the structure come, or go."""

    scan_id: str
    before_at: datetime
    after_at: datetime
    usable: bool | None = Field(description="Whether both scenes show the place, null: a mask is missing.")
    seen: bool = Field(description="Whether it told the structure.")


class StructureOut(BaseModel):
    """A structure with the looks at it."""

    structure: dict[str, Any] = Field(description="GeoJSON Feature: dates, state, growth curve, links, findings.")
    seen: int = Field(description="In how many of the usable looks it was seen.")
    usable_looks: int = Field(description="How many looks were usable.")
    unknown_looks: int = Field(description="How many told nothing, of scenes without a mask: usable or not.")
    looks: list[LookOut]
    links: list[Link]


class OlderSceneOut(Answer):
    """A scene that may tell more of the beginning."""

    scene_id: str
    acquired_at: datetime
    usable: bool | None = Field(description="Whether it shows the place, null: it has no mask.")
    compared: bool = Field(description="Whether it was compared with both ends already, and told nothing.")


class RefusedPairOut(Answer):
    """A comparison that could tell more and cannot be made."""

    before_scene: str
    after_scene: str
    code: str
    message: str
    remedy: str

    @computed_field(description="The message in Chinese, null where nobody wrote it.")  # type: ignore[prop-decorator]
    @property
    def message_zh(self) -> str | None:
        """What was found, in Chinese."""
        return in_chinese(self.message)

    @computed_field(description="The remedy in Chinese, or that of its kind.")  # type: ignore[prop-decorator]
    @property
    def remedy_zh(self) -> str:
        """What can be done about it, in Chinese."""
        told: str = both({"code": self.code, "message": self.message, "remedy": self.remedy})["remedy_zh"]
        return told


class EarliestOut(Answer):
    """What is known of the beginning, and what could tell more."""

    structure_id: str
    last_absent: datetime | None = Field(description="When its place was last seen without it, null: never.")
    first_seen: datetime
    scenes: list[OlderSceneOut] = Field(description="Scenes between the two that show the place.")
    pairs: list[tuple[str, str]] = Field(description="Comparisons that halve what is not known: two scene ids.")
    refused: list[RefusedPairOut] = Field(description="Comparisons with scenes between that are not admissible.")
    links: list[Link] = []


class EarliestOrdered(BaseModel):
    """The ordered comparisons."""

    jobs: list[JobOut]
