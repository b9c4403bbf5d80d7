"""How a place where imagery arrives is named in the settings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.secret import Secret

_ONLY = {
    "folder": frozenset[str](),
    "s3": frozenset({"endpoint", "region", "access_key", "secret_key", "timeout_s"}),
    "stac": frozenset(
        {"endpoint", "region", "access_key", "secret_key", "timeout_s", "collections", "bbox", "assets", "hosts"}
        | {"token", "header", "since_days", "max_items"}
    ),
}
"""What may be said of each kind of source; anything else there is a mistake."""


class Arrival(BaseModel):
    """A place where imagery arrives: a folder, object storage or the STAC API of a provider."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    folder: Path | None = Field(default=None, description="A folder, as this machine sees it.")
    s3: str = Field(default="", description="Object storage, s3://bucket/prefix.")
    stac: str = Field(default="", description="Root of a STAC API, https://host/path, without /search.")
    endpoint: str = Field(default="", description="Address of the object storage, http://host:9000.")
    region: str = Field(default="us-east-1", description="Region of the bucket.")
    access_key: Secret | None = Field(default=None, description="Access key; none: from the machine.")
    secret_key: Secret | None = Field(default=None, description="Secret key.")
    collections: tuple[str, ...] = Field(default=(), description="Collections of the catalogue.")
    bbox: tuple[float, float, float, float] | None = Field(default=None, description="West, south, east, north, deg.")
    assets: tuple[str, ...] = Field(
        default=(), description="Keys of the asset that is the imagery, the first that an item has; none: its only one."
    )
    hosts: tuple[str, ...] = Field(
        default=(), description="Hosts beside the catalogue's that assets may lie on: host, host:port or s3://bucket."
    )
    token: Secret | None = Field(default=None, description="What the catalogue asks for; sent to it alone.")
    header: str = Field(default="authorization", description="Header of the token; authorization: as a bearer's.")
    since_days: float = Field(default=400.0, gt=0, description="How far back items are asked for, days.")
    max_items: int = Field(default=10_000, ge=1, description="Items of one look at most; more is a mistake.")
    timeout_s: float = Field(default=60.0, gt=0, description="A source that is silent for so long is away, s.")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [kind for kind in _ONLY if getattr(self, kind)]
        if len(kinds) != 1:
            raise ValueError("a source is one of folder, s3 and stac")
        # what stands at its default says nothing: a dump that is read again names everything
        said = {name for name, told in type(self).model_fields.items() if getattr(self, name) != told.default}
        strange = sorted(said - _ONLY[kinds[0]] - set(_ONLY))
        if strange:
            raise ValueError(f"{', '.join(strange)} says nothing about a source that is {kinds[0]}")
        if bool(self.access_key) != bool(self.secret_key):
            raise ValueError("access_key and secret_key are needed together")
        return self

    @model_validator(mode="after")
    def _usable(self) -> Self:
        if self.s3 and not re.fullmatch(r"s3://[^/]+(/.*)?", self.s3):
            raise ValueError("s3 is written s3://bucket or s3://bucket/prefix")
        if self.stac and (not re.fullmatch(r"https?://[^/\s@?#]+(/[^\s?#]*)?", self.stac) or not self.collections):
            raise ValueError("stac is written https://host/path, with at least one of its collections")
        if self.token and not re.fullmatch(r"[\x21-\x7e][\x20-\x7e]*", self.token.get_secret_value()):
            raise ValueError("token is a text of one line in ASCII")
        if not re.fullmatch(r"[A-Za-z0-9-]+", self.header):
            raise ValueError("header is a name of letters, digits and hyphens")
        if self.bbox and not (-180 <= self.bbox[0] < self.bbox[2] <= 180 and -90 <= self.bbox[1] < self.bbox[3] <= 90):
            raise ValueError("bbox is west, south, east, north in degrees")
        return self
