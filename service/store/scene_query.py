"""What a search of scenes asks of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from service.store.records import Box


@dataclass(frozen=True)
class SceneQuery:
    """Which scenes are wanted.

    Args:
        limit: Items of the page.
        after_key: Key behind which the page begins (`Page.next_key` of the one before); None: at the latest.
        boxes: Meet one of these; empty: anywhere.
        interval: Taken from and to, both included; None at an end: open.
        ids: Of these ids; None: any.
    """

    limit: int
    after_key: int | None = None
    boxes: Sequence[Box] = ()
    interval: tuple[datetime | None, datetime | None] | None = None
    ids: Sequence[str] | None = None
