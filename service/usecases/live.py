"""What happens while somebody looks: events and moves of jobs, since a place in both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from service.services import Services
from service.store.alarm_base import Event
from service.store.job_records import Job
from service.usecases.channels import EVENTS
from service.usecases.events import list_events

_JOBS = 40
_EVENTS = 200


@dataclass(frozen=True)
class Seen:
    """Up to where somebody has heard.

    Args:
        key: Key of the last event of each type, in the order of `EVENTS`.
        jobs: The jobs that moved last, with when.
        newest: What the store had at the last look, so that nothing is asked where nothing came.
    """

    key: tuple[Any, ...]
    jobs: Mapping[str, datetime] = field(default_factory=dict)
    newest: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class News:
    """What came since.

    Args:
        events: Events in their order.
        jobs: Jobs that were ordered or moved.
        seen: Up to where one has heard now.
    """

    events: Sequence[Event]
    jobs: Sequence[Job]
    seen: Seen


def from_now(services: Services) -> Seen:
    """The place at which nothing is known of what comes."""
    newest = services.store.events.newest()
    return Seen(tuple(newest.get(name, -1) for name in EVENTS), _jobs(services), newest)


def from_key(key: tuple[Any, ...]) -> Seen:
    """The place behind a key, after a line that broke; jobs are told as they stand."""
    return Seen(key)


def news(services: Services, seen: Seen) -> News:
    """What came behind a place, as the caller sees it.

    Raises:
        BadQueryError: If the key belongs to another list.
    """
    newest = services.store.events.newest()
    events: Sequence[Event] = ()
    key = seen.key
    if newest != seen.newest:
        page = list_events(services, EVENTS, _EVENTS, key)
        events, key = page.events, page.after
        newest = {} if page.more else newest
    page_of_jobs = services.store.jobs.page(_JOBS).items
    moved = [job for job in page_of_jobs if seen.jobs.get(job.id) != job.updated_at]
    return News(events, moved, Seen(key, {job.id: job.updated_at for job in page_of_jobs}, newest))


def _jobs(services: Services) -> Mapping[str, datetime]:
    return {job.id: job.updated_at for job in services.store.jobs.page(_JOBS).items}
