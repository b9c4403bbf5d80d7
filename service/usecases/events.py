"""What happened, for other systems: a feed to go on from where one was, and the latest first."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.auth.roles import Permission
from service.errors import BadQueryError
from service.services import Services
from service.store.alarm_base import Event
from service.store.queries import Key
from service.usecases.channels import EVENTS, person_of


@dataclass(frozen=True)
class EventPage:
    """A part of the feed.

    Args:
        events: The events.
        after: Key of what follows: the key of the last event of each type, in the order of `EVENTS`.
        more: Whether there is more now.
    """

    events: Sequence[Event]
    after: Key
    more: bool


def parse_types(text: str | None) -> tuple[str, ...]:
    """The types that a query asks for; all where it names none.

    Raises:
        BadQueryError: If there is no such type.
    """
    wanted = tuple(dict.fromkeys(word.strip() for word in text.split(","))) if text else EVENTS
    unknown = [name for name in wanted if name not in EVENTS]
    if unknown:
        raise BadQueryError(f"There are no events {unknown[0][:40]!r}.", remedy=f"Known: {', '.join(EVENTS)}.")
    return wanted


def list_events(
    services: Services, types: Sequence[str], limit: int, after: Key = (), *, falling: bool = False
) -> EventPage:
    """A page of events, in time as far as those of one type keep their own order.

    The key holds a place in the stream of each type, so that nothing is left out or told twice, whatever comes in the
    meantime: times of two streams may come in another order than their events became visible.

    Args:
        services: The service as the caller sees it.
        types: Types of events.
        limit: Events at most.
        after: Key that the page begins behind; empty: at the beginning, or the end.
        falling: The latest first.

    Raises:
        BadQueryError: If the key belongs to another list.
    """
    at = _places(after)
    # whoever works everywhere reads of everybody's alarms, others of their own
    whole = services.caller.may(Permission.PEOPLE) and services.sight.ground is None
    person = None if whole else person_of(services.caller) or ""
    streams = []
    for name in types:
        found, _ = services.store.events.of_type(name, at[name], limit + 1, falling=falling, person_id=person)
        streams.append(list(found))
    merged = list(heapq.merge(*streams, key=lambda one: one.at, reverse=falling))
    shown = merged[:limit]
    reached = dict(at)
    for one in shown:
        reached[one.type] = one.key
    return EventPage(shown, tuple(-1 if reached[name] is None else reached[name] for name in EVENTS),
                     len(merged) > limit)  # fmt: skip


def _places(after: Key) -> Mapping[str, int | None]:
    if not after:
        return dict.fromkeys(EVENTS)
    good = len(after) == len(EVENTS) and all(isinstance(one, int) and -1 <= one < 1 << 62 for one in after)
    if not good:
        raise BadQueryError("The cursor belongs to another list.", remedy="Follow the links as they are.")
    return {name: None if key < 0 else int(key) for name, key in zip(EVENTS, after, strict=True)}
