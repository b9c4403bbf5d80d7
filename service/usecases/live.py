"""What happens while somebody looks: events, what happens to cases and their terms, moves of jobs, since a place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from service.services import Services
from service.store.alarm_base import Event
from service.store.case_base import CaseNews
from service.store.job_records import Job
from service.usecases.channels import EVENTS
from service.usecases.events import list_events

CASE_OPENED, CASE_EVENT, CASE_CLOSED, CASE_TERM = "case.opened", "case.event", "case.closed", "case.term"
JOB_CHANGED = "job.changed"
_CASE_KINDS = {"opened": CASE_OPENED, "closed": CASE_CLOSED}
_JOBS = 40
_EVENTS = 200
_TERMS = timedelta(minutes=10)
"""How far back terms that were told are looked for: they are told in rounds, and stored one after the other."""


@dataclass(frozen=True)
class Seen:
    """Up to where somebody has heard.

    Args:
        key: Key of the last event of each type, in the order of `EVENTS`.
        case: Key of the last event of a case; None: nothing is known of what comes.
        terms: Keys of the terms that were heard of, of those that were told lately.
        term: When the last of them was told, us since 1970.
        jobs: The jobs that moved last, with when.
        newest: What the store had at the last look, so that nothing is asked where nothing came.
    """

    key: tuple[Any, ...]
    case: int | None = None
    terms: frozenset[int] = frozenset()
    term: int = 0
    jobs: Mapping[str, datetime] = field(default_factory=dict)
    newest: Mapping[str, int] = field(default_factory=dict)

    @property
    def place(self) -> tuple[Any, ...]:
        """The key by which somebody goes on after a line that broke."""
        return self.key if self.case is None else (*self.key, self.case, self.term)


@dataclass(frozen=True)
class Message:
    """Something that happened.

    Args:
        type: What.
        subject: Id of what it is about.
        told: What is told of it.
    """

    type: str
    subject: str
    told: Mapping[str, Any]


@dataclass(frozen=True)
class News:
    """What came since.

    Args:
        messages: In their order.
        seen: Up to where one has heard now.
    """

    messages: Sequence[Message]
    seen: Seen


def from_now(services: Services) -> Seen:
    """The place at which nothing is known of what comes."""
    newest = services.store.events.newest()
    terms, last = _terms(services), services.store.case_news.last()
    key = tuple(newest.get(name, -1) for name in EVENTS)
    return Seen(key, last, _keys(terms), _latest_term(terms), _moved(_latest(services)), newest)


def from_key(services: Services, key: tuple[Any, ...]) -> Seen:
    """The place behind a key, after a line that broke; jobs are told as they stand.

    A key without a place in the cases is of a release before they were told: they are told from now on.
    """
    if len(key) <= len(EVENTS):
        return Seen(key, services.store.case_news.last())
    *events, case, term = key
    if not all(isinstance(one, int) and 0 <= one < 1 << 62 for one in (case, term)):
        return Seen(key)  # no place: refused by the list of events
    heard = [one for one in _terms(services) if _us(one.at) <= term]
    return Seen(tuple(events), case, _keys(heard), term)


def news(services: Services, seen: Seen) -> News:
    """What came behind a place, as the caller sees it.

    Raises:
        BadQueryError: If the key belongs to another list.
    """
    newest = services.store.events.newest()
    key, found = seen.key, list[Message]()
    if newest != seen.newest:
        page = list_events(services, EVENTS, _EVENTS, key)
        found += [Message(one.type, one.subject, _blind(one)) for one in page.events]
        key = page.after
        newest = {} if page.more else newest
    told, case = services.store.case_news.events(seen.case or 0, _EVENTS)
    found += [_of_case(one, _CASE_KINDS.get(str(one.told["event"]), CASE_EVENT)) for one in told]
    terms = _terms(services)
    found += [_of_case(one, CASE_TERM) for one in terms if one.key not in seen.terms]
    jobs = _latest(services)
    found += [Message(JOB_CHANGED, job.id, _of_job(job)) for job in jobs if seen.jobs.get(job.id) != job.updated_at]
    term = max(seen.term, _latest_term(terms))
    return News(found, Seen(key, case, _keys(terms), term, _moved(jobs), newest))


def _terms(services: Services) -> Sequence[CaseNews]:
    return services.store.case_news.terms(datetime.now(UTC) - _TERMS)


def _blind(event: Event) -> Mapping[str, Any]:
    """What is told as it happens: that a finding was judged, not how, for who is to judge it second hears it too."""
    if event.type != "finding.judged":
        return event.told
    return {name: event.told[name] for name in ("finding_id", "scan_id", "judged_at")}


def _keys(terms: Sequence[CaseNews]) -> frozenset[int]:
    return frozenset(one.key for one in terms)


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _latest_term(terms: Sequence[CaseNews]) -> int:
    return max((_us(one.at) for one in terms), default=0)


def _of_case(one: CaseNews, kind: str) -> Message:
    return Message(kind, one.case_id, {**one.told, "at": one.at.isoformat()})


def _of_job(job: Job) -> dict[str, Any]:
    return {"kind": job.kind, "state": job.state, "percent": job.progress, "message": job.message}


def _latest(services: Services) -> Sequence[Job]:
    return services.store.jobs.page(_JOBS).items


def _moved(jobs: Sequence[Job]) -> Mapping[str, datetime]:
    return {job.id: job.updated_at for job in jobs}
