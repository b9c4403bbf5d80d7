"""OGC API Features: landing page, conformance, collections."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from service.schemas.common import Link


class Landing(BaseModel):
    """The landing page."""

    title: str
    description: str
    links: list[Link]


class Conformance(BaseModel):
    """The classes that this service keeps."""

    conformsTo: list[str]  # noqa: N815 - the name that OGC API uses


class Collection(BaseModel):
    """One collection."""

    id: str
    title: str
    description: str
    itemType: str = "feature"  # noqa: N815
    extent: dict[str, Any] | None = None
    crs: list[str]
    storageCrs: str  # noqa: N815
    links: list[Link]


class Collections(BaseModel):
    """All collections."""

    collections: list[Collection]
    crs: list[str]
    links: list[Link]
