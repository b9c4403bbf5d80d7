"""Resumable uploads over HTTP."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from service.schemas.common import Answer, Link
from service.schemas.problem import ToldError


class UploadOut(Answer):
    """Where an upload stands."""

    id: str
    state: str = Field(description="receiving, received, waiting, checking, stored, refused.")
    offset: int | None = Field(description="So many bytes are on disk; null while parts are not put together yet.")
    length: int | None = Field(description="Bytes it will have; null where not told yet.")
    metadata: dict[str, str] = Field(description="What its sender said.")
    awaited_sidecars: tuple[str, ...] = Field(description="Side files that were announced and have not come.")
    created: datetime
    expires: datetime = Field(description="When it will be removed.")
    progress: int | None = Field(description="Per cent of checking and storing; null before it begins.")
    message: str | None = Field(description="What its job does just now.")
    job_id: str | None
    scene_id: str | None = Field(description="The stored scene.")
    layer_kind: str | None
    layer_id: str | None = Field(description="The stored layer version.")
    new: bool | None = Field(description="Whether it was not there before; null before it is stored.")
    problem: ToldError | None = Field(description="The named error of a refused upload.")
    links: list[Link] = []
