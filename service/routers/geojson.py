"""Stored GeoJSON texts as one collection, without reading them again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson

from service.schemas.common import Link
from service.store.records import Page


def feature_collection(page: Page[str], links: list[Link], *, stamped: bool = False, **members: Any) -> bytes:
    """A FeatureCollection with what OGC API Features adds to it.

    Args:
        page: Finished GeoJSON texts.
        links: `self`, `next` and others.
        stamped: Whether to tell the time of the answer; not where the answer must stay the same.
        members: Further members.
    """
    told: dict[str, Any] = {
        "type": "FeatureCollection",
        **members,
        "numberMatched": page.matched,
        "numberReturned": len(page.items),
        "links": [link.model_dump(exclude_none=True) for link in links],
    }
    if stamped:
        told["timeStamp"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    told["features"] = [orjson.Fragment(text) for text in page.items]
    return orjson.dumps(told)


def feature(text: str, links: list[Link]) -> bytes:
    """One stored feature with its links."""
    told = orjson.loads(text)
    told["links"] = [link.model_dump(exclude_none=True) for link in links]
    return orjson.dumps(told)
