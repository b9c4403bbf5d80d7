"""What several answers share."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer


class Link(BaseModel):
    """A link, as OGC API and GeoJSON clients read it."""

    href: str = Field(description="Address.")
    rel: str = Field(description="Relation.")
    type: str | None = Field(default=None, description="Media type.")
    title: str | None = Field(default=None, description="For people.")

    @model_serializer(mode="wrap")
    def _without_nulls(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in plain(self).items() if value is not None}


class Answer(BaseModel):
    """Base of the answers: read from records, nothing unknown passes."""

    model_config = ConfigDict(from_attributes=True)
