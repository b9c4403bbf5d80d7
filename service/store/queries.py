"""Which features of a collection are wanted, and a page of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.ogc.filters import Filter
from service.store.records import Box

Key = tuple[Any, ...]
"""Where a page begins: the values by which the feature before it was sorted, and its place in the order of coming."""


@dataclass(frozen=True)
class Sort:
    """By what features are sorted.

    Args:
        name: A property, or `id`. What lacks it comes first, then texts by code point, then numbers.
        falling: The highest first.
    """

    name: str
    falling: bool = False


@dataclass(frozen=True)
class FeatureQuery:
    """Which features of a collection are wanted.

    Args:
        within: Id of the scan or layer version; None: all findings.
        boxes: Boxes of which one must be met; two where a box crosses the antimeridian; none: everywhere.
        limit: Features of the page at most.
        after: Key after which the page begins; empty: at the beginning.
        equals: Values that properties must have, written as text.
        min_confidence: Least confidence (findings).
        interval: Time span that must be met (findings, structures), each end may be open.
        filter: What else must be true.
        sort: Order; then, and without one, as they came.
        count: Whether to count what is on all pages also where that takes long.
    """

    within: str | None = None
    boxes: tuple[Box, ...] = ()
    limit: int = 100
    after: Key = ()
    equals: Mapping[str, str] = field(default_factory=dict)
    min_confidence: float | None = None
    interval: tuple[datetime | None, datetime | None] | None = None
    filter: Filter | None = None
    sort: tuple[Sort, ...] = ()
    count: bool = False

    @property
    def whole(self) -> bool:
        """Whether it wants all there is (of a scan or version)."""
        asked = (self.boxes, self.equals, self.min_confidence is not None, self.interval, self.filter)
        return not any(asked)


@dataclass(frozen=True)
class FeaturePage:
    """A page of features.

    Args:
        items: Finished GeoJSON texts.
        matched: How many there are on all pages; None where nobody counted.
        after: Key of the following page; empty on the last.
    """

    items: Sequence[str]
    matched: int | None
    after: Key
