"""Models over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.schemas.common import Answer, Link


class ModelOut(Answer):
    """A model, or the training-free detector."""

    name: str
    checksum: str | None = Field(description="Eight hexadecimal digits over its content, null where it is damaged.")
    in_use: bool = Field(description="Whether scans take it where nobody says otherwise.")
    input: dict[str, Any] = Field(description="What it takes: bands, dates, pixel size.")
    points: dict[str, Any] = Field(description="Where it decides.")
    figures: dict[str, Any] = Field(description="What it reached, by group.")
    training: dict[str, Any] = Field(description="What it was trained on; data, with licences.")
    fault: str | None = Field(description="Why it cannot be used, null: it can.")
    links: list[Link] = []


class ModelCard(ModelOut):
    """A model with its card."""

    card: str = Field(description="The same for people, Markdown.")


class ModelList(BaseModel):
    """All models."""

    models: list[ModelOut]
    state: str = Field(description="What the list is like: send it as `expected` with a change.")
    links: list[Link]


class ModelUse(BaseModel):
    """Which model scans take where nobody says otherwise."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=80, description="A model's name, or training-free: none.")
    expected: str | None = Field(None, max_length=64, description="The `state` that you saw; else whatever it is.")
