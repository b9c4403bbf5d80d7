"""Scenes over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from service.schemas.common import Answer, Link


class SceneOut(Answer):
    """A stored scene."""

    id: str
    file_name: str = Field(description="Name under which it came, made safe.")
    sha256: str = Field(description="Checksum of the file.")
    size_bytes: int
    acquired_at: datetime = Field(description="Time of acquisition, UTC.")
    crs: str = Field(description="Its coordinate reference system.")
    width: int
    height: int
    bands: tuple[str, ...]
    dtype: str
    gsd_m: float = Field(description="Ground size of a pixel, m.")
    footprint: dict[str, Any] = Field(description="GeoJSON polygon, lon-lat.")
    bbox: tuple[float, float, float, float]
    attributes: dict[str, Any]
    created_at: datetime
    usable_share: float | None = Field(description="Share that shows the ground; null where no mask was made.")
    shares: dict[str, float] | None = Field(description="Share per kind: usable, nodata, saturated, cloud, haze, ...")
    secrecy: str = Field(description="Who may see it: public, internal or secret.")
    links: list[Link] = []


class SceneList(Answer):
    """A page of scenes."""

    scenes: list[SceneOut]
    numberMatched: int  # noqa: N815 - the name that OGC API uses
    numberReturned: int  # noqa: N815
    links: list[Link]


class UsableOut(Answer):
    """How much of a box shows the ground."""

    usable_share: float | None
    links: list[Link] = []
