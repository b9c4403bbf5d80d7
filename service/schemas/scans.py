"""Scans over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.schemas.common import Answer, Link


def _codes(value: Any) -> Any:
    """A form sends codes as one text, parted by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


class ScanOptionsIn(BaseModel):
    """The options of a scan; a form sends them as texts."""

    model_config = ConfigDict(extra="forbid")

    min_area_m2: float | None = Field(default=None, description="Smallest structure reported, m2.")
    min_confidence: float | None = Field(default=None, description="Least confidence, 0 to 1.")
    false_alarms_per_km2: float | None = Field(
        default=None, description="Bearable false alarms per km2; else a fixed confidence decides."
    )
    min_gain_m: float | None = Field(default=None, description="Smallest height change, m, with surface models.")
    gsd_m: float | None = Field(default=None, description="Working pixel size, m.")
    window_px: int | None = Field(default=None, description="Side of a window, px; never changes the result.")
    thorough: bool | None = Field(
        default=None, description="Look at every pixel in full resolution; with a model the network judges everything."
    )
    workers: int | None = Field(default=None, description="Threads; never changes the result.")
    detector: str | None = Field(
        default=None, description="training-free, a model's name, or current: the model in use."
    )
    rules: str | None = Field(
        default=None, description="A rulebook by id, with or without its checksum, or current: the one in use."
    )
    terrain: str | None = Field(default=None, description="flat, hilly or mountain: how far pixel sizes may differ.")
    strict: bool | None = Field(default=None, description="Refuse a pair for every limit that it exceeds.")
    accept: Annotated[tuple[str, ...] | None, BeforeValidator(_codes)] = Field(
        default=None, description="Checks whose refusal is overridden: alignment,residual."
    )


class ScanOut(Answer):
    """A finished scan."""

    id: str
    before_scene: str
    after_scene: str
    layers: dict[str, str] = Field(description="Layer version per kind.")
    options: dict[str, Any]
    provenance: dict[str, Any]
    counts: dict[str, int] = Field(description="Findings per status.")
    bbox: tuple[float, float, float, float] | None
    secrecy: str = Field(description="The highest of its scenes and layers.")
    created_at: datetime
    links: list[Link] = []


class ScanList(Answer):
    """A page of scans."""

    scans: list[ScanOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]
