"""The events of a case as the clocks read them: when each happened for a term, and how the case stood then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from geodata.io.dates import BEIJING
from service.cases.clocks.clock import Step, Stretch
from service.cases.clocks.rows import Pause, Ref, Situation
from service.cases.clocks.terms import Book, Delivery
from service.cases.events import CaseEvent, effective


@dataclass(frozen=True)
class Hit:
    """An event that a term looked for.

    Args:
        event: The event.
        at: When it happened for the term; the start of the day where only a day is told.
        past: Whether the event tells of something before it.
    """

    event: CaseEvent
    at: datetime
    past: bool = False

    @property
    def day(self) -> date:
        """The day in Beijing."""
        return self.at.astimezone(BEIJING).date()

    @property
    def key(self) -> tuple[date, int]:
        """Its place in time: by day, and within the day in the order in which they were told."""
        return self.day, 0 if self.past else self.event.number


@dataclass(frozen=True)
class Facing:
    """What a term starts on.

    Args:
        hit: The event.
        from_at: From when the term runs: later than the event where it was served by public notice.
        steps: What was said of that.
    """

    hit: Hit
    from_at: datetime
    steps: tuple[Step, ...]


class History:
    """The events of a case as they stand.

    Args:
        events: The events with their corrections.
        at: Now; what happened later is not there.
    """

    def __init__(self, events: Sequence[CaseEvent], at: datetime) -> None:
        self.events = tuple(sorted((e for e in effective(events) if e.at <= at), key=lambda e: e.number))

    def hits(self, refs: Sequence[Ref]) -> list[Hit]:
        """The events that one of some references means, in the order of time."""
        found = [
            Hit(event, _when(event, ref.day), ref.past) for event in self.events for ref in refs if _meant(event, ref)
        ]
        return sorted(found, key=lambda hit: hit.key)

    def stood(self, situation: Situation, number: int) -> bool:
        """Whether the case stood so when an event of that number was told."""
        past = [event for event in self.events if event.number <= number]
        decided = _last(past, "decided")
        fine = decided.get("fine_yuan")
        return (
            (not situation.path or _latest(past, "path") in situation.path)
            and (not situation.stage or _latest(past, "stage") in situation.stage)
            and (not situation.outcome or decided.get("outcome") in situation.outcome)
            and (situation.fined is None or situation.fined == bool(fine))
            and all(any(event.kind == kind for event in past) for kind in situation.happened)
        )

    def told(self, kind: str, name: str, number: int) -> Any:
        """A fact of the last event of a kind up to a number; None: not told."""
        return _last([event for event in self.events if event.number <= number], kind).get(name)

    def last_number(self, day: date) -> int:
        """Number of the last event up to and with a day, 0: none."""
        return max((event.number for event in self.events if event.day <= f"{day}"), default=0)

    def stretches(self, pause: Pause, cited: tuple[str, str]) -> Iterator[Stretch]:
        """When a pause held.

        Args:
            pause: The pause.
            cited: Its article in English and Chinese; empty: none.
        """
        marks = [(hit, True) for hit in self.hits(pause.starts)] + [(hit, False) for hit in self.hits(pause.ends)]
        begun: Hit | None = None
        until: datetime | None = None
        why = f"{pause.title} ({cited[0]})" if cited[0] else pause.title
        why_zh = f"{pause.title_zh}（{cited[1]}）" if cited[1] else pause.title_zh
        for hit, begins in sorted(marks, key=lambda mark: mark[0].key):
            if begun is not None and until is not None and until < hit.at:
                yield Stretch(begun.at, until, why, why_zh)
                begun = None
            if begins and begun is None:
                begun = hit
                named = hit.event.facts.get(pause.until) if pause.until else None
                until = None if named is None else day_at(named)
            elif not begins and begun is not None:
                yield Stretch(begun.at, hit.at, why, why_zh)
                begun = None
        if begun is not None:
            yield Stretch(begun.at, until, why, why_zh)


def day_at(text: str) -> datetime:
    """The beginning of a day in Beijing."""
    return datetime.combine(date.fromisoformat(text), time.min, BEIJING)


def facing(hit: Hit, ref_days: Sequence[str | None], book: Book) -> Facing:
    """From when a term runs that starts on an event: the day of service by its way of delivery.

    Args:
        hit: The event.
        ref_days: The facts by which the term reads the days of its starts.
        book: With the ways of delivery.
    """
    method = hit.event.facts.get("method")
    way = next((one for one in book.delivery if one.method == method), None)
    if way is None or "served_on" not in ref_days:
        return Facing(hit, hit.at, ())
    served = hit.at + timedelta(days=way.days)
    return Facing(hit, served, (_served(way, hit.day, served.date()),))


def _served(way: Delivery, told: date, served: date) -> Step:
    sure, sure_zh = (" (from memory: check)", "（凭记忆，须核对）") if "memory: check" in way.marks else ("", "")
    if way.days:
        return Step(
            f"Public notice posted on {told}; held to be served {way.days} days later, on {served}{sure}.",
            f"{told}张贴公告，经过{way.days}日，{served}视为送达{sure_zh}。",
        )
    how = way.method.replace("_", " ")
    return Step(f"Served ({how}): {way.note}, {told}{sure}.", f"送达日：{way.note_zh}，{told}{sure_zh}。")


def merged(stretches: Sequence[Stretch], start: datetime) -> tuple[Stretch, ...]:
    """Pauses in order and apart from each other; those over before the start left out, one that is open last."""
    ordered = sorted(
        (s for s in stretches if s.until is None or s.until > start), key=lambda s: (s.since, s.until is None)
    )
    found: list[Stretch] = []
    for one in ordered:
        last = found[-1] if found else None
        if last is None or (last.until is not None and last.until < one.since):
            found.append(one)
        elif last.until is not None:
            until = None if one.until is None else max(last.until, one.until)
            found[-1] = Stretch(last.since, until, _joined(last.why, one.why), _joined(last.why_zh, one.why_zh))
        else:
            found[-1] = Stretch(last.since, None, _joined(last.why, one.why), _joined(last.why_zh, one.why_zh))
    return tuple(found)


def _joined(one: str, other: str) -> str:
    return one if other in one.split("; ") else f"{one}; {other}"


def _meant(event: CaseEvent, ref: Ref) -> bool:
    untold = ref.past and event.facts.get(ref.day or "") is None
    return event.kind == ref.event and ref.meets(event.facts) and not untold


def _when(event: CaseEvent, fact: str | None) -> datetime:
    told = event.facts.get(fact) if fact else None
    if told is None:
        return event.at.astimezone(BEIJING)
    return day_at(told) if len(told) == len("2025-01-01") else datetime.fromisoformat(told).astimezone(BEIJING)


def _latest(past: Sequence[CaseEvent], name: str) -> Any:
    return next((event.facts[name] for event in reversed(past) if event.facts.get(name) is not None), None)


def _last(past: Sequence[CaseEvent], kind: str) -> Mapping[str, Any]:
    return next((event.facts for event in reversed(past) if event.kind == kind), {})
