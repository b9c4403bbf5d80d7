"""The second look: what one person has judged is judged again by another, blind; then both are told what both said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.review.second_look import Pair, blind, pair_of
from service.services import Services
from service.store.records import Page, Speaker, Verdict

_READ_AT_ONCE = 200


@dataclass(frozen=True)
class Awaiting:
    """A finding that waits for a second look, with all that it takes to look.

    Args:
        finding: As its scan left it.
        before_scene: Scene of its first date.
        after_scene: Scene of its second date.
    """

    finding: dict[str, Any]
    before_scene: str
    after_scene: str


@dataclass(frozen=True)
class Compared:
    """A finding at which two people have looked.

    Args:
        finding_id: Its id.
        pair: What both said.
    """

    finding_id: str
    pair: Pair


def list_awaiting(services: Services, limit: int, after_key: int) -> Page[Awaiting]:
    """Findings that wait for the caller's look: judged by one other person; what waits longest comes first.

    Nothing of a row follows from what was said. A key is nobody's eyes: it is told all that one person has judged.

    Args:
        services: The service.
        limit: Findings of the page.
        after_key: The key of the last one seen.
    """
    caller = services.caller
    who = Speaker(caller.id, caller.name) if caller.kind == "person" else None
    page = services.store.verdicts.awaiting(who, after_key, limit)
    rows = [Awaiting(blind(orjson.loads(row.geojson)), row.before_scene, row.after_scene) for row in page.items]
    return Page(rows, page.matched, page.next_key)


def list_compared(
    services: Services, limit: int, before_key: int | None, *, agreed: bool
) -> tuple[Sequence[Compared], int | None]:
    """Findings at which two people have looked, the latest first, and where to go on.

    Args:
        services: The service.
        limit: Findings of the page.
        before_key: The key of the last one seen; None: from the latest.
        agreed: Those on which both say the same; else those on which they do not.
    """
    found: list[tuple[int, Compared]] = []
    at = before_key
    while True:
        page = services.store.verdicts.twice(at, _READ_AT_ONCE)
        for row in page.items:
            pair = pair_of(row.told)
            if pair is not None and (pair.result == "same") is agreed:
                found.append((row.key, Compared(row.fid, pair)))
        if len(found) > limit or page.next_key is None:
            # one more than the page tells that there is more
            rows = found[:limit]
            return [one for _, one in rows], rows[-1][0] if len(found) > limit else None
        at = page.next_key


def pair_with(services: Services, mine: Verdict) -> Pair | None:
    """What another person said of a finding, beside one's own verdict on it; None while nobody else has judged it."""
    return pair_of(services.store.verdicts.of(mine.finding_id), mine)
