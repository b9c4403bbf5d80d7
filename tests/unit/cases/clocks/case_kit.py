"""The cases of `cases.yaml` as events, and what must come of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from geodata.io.dates import BEIJING
from service.cases.clocks import Book, Clock, WorkCalendar, reckon
from service.cases.clocks.book import parse_book
from service.cases.events import KINDS, CaseEvent

_OPENED = {"lead_ids": [], "stage": "finished", "path": "slow", "categories": []}


@dataclass(frozen=True)
class Case:
    """One case of the table."""

    given: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.given["case"])

    @property
    def events(self) -> list[CaseEvent]:
        return events_of(self.given["events"])

    @property
    def at(self) -> datetime:
        return moment(str(self.given["at"]))

    @property
    def book(self) -> Book:
        return _book(tuple(self.given.get("places", ())), self.given.get("own"))

    @property
    def calendar(self) -> WorkCalendar:
        name = self.given.get("table")
        return WorkCalendar().with_table(yaml.safe_dump(_file()["tables"][name])) if name else WorkCalendar()

    @property
    def expected(self) -> dict[str, list[str]]:
        """What is expected of each term, a line a clock."""
        found: dict[str, list[str]] = {}
        for line in self.given["expect"]:
            term, rest = line.split(" ", 1)
            found.setdefault(term, [])
            found[term] += [] if rest == "none" else [rest]
        return found

    def clocks(self) -> tuple[Clock, ...]:
        return reckon(self.events, self.book, self.calendar, self.at)


def told(clock: Clock, *, hours: bool) -> str:
    """A clock as the table writes it."""
    due = f"{clock.due_at.astimezone(BEIJING):%Y-%m-%dT%H:%M}" if hours else str(clock.due_on)
    by = "" if clock.ended_by is None else f" by={clock.ended_by}"
    return f"{due} {clock.state}{' provisional' if clock.provisional else ''}{by}"


def moment(text: str) -> datetime:
    """A day, at nine or at the time behind it, in Beijing."""
    day, _, at = text.strip().partition(" ")
    return datetime.fromisoformat(f"{day}T{at[:5] or '09:00'}").replace(tzinfo=BEIJING)


def event(number: int, line: str) -> CaseEvent:
    """An event from `day [time] kind [#N] fact=value ...`."""
    day, *words = line.split()
    clock = words.pop(0) if ":" in words[0] and "=" not in words[0] else "09:00"
    kind, corrects = words.pop(0), None
    assert kind in KINDS, kind
    if words and words[0].startswith("#"):
        corrects = int(words.pop(0)[1:])
    facts: dict[str, Any] = {name: _value(value) for name, _, value in (word.partition("=") for word in words)}
    if corrects is not None:
        facts = {"reason": "told wrongly", "facts": facts}
    else:
        unknown = set(facts) - {fact.name for fact in KINDS[kind].facts}
        assert not unknown, (kind, unknown)
        served = {"method": "in_person", "served_on": day} if kind.endswith(("_served", "_reminded")) else {}
        facts = {**served, **(_OPENED if kind == "opened" else {}), **facts}
    at = moment(f"{day} {clock}")
    return CaseEvent("case", number, kind, at, at, "officer", facts, corrects)


def events_of(lines: Sequence[str]) -> list[CaseEvent]:
    """Events from their lines, numbered from 1."""
    return [event(number, line) for number, line in enumerate(lines, 1)]


def _value(text: str) -> Any:
    value = yaml.safe_load(text)
    return text if isinstance(value, date) else value


@cache
def _book(places: tuple[str, ...], own: str | None) -> Book:
    return parse_book(places, yaml.safe_dump(_file()["books"][own]) if own else None)


@cache
def _file() -> dict[str, Any]:
    text = (Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)  # type: ignore[no-any-return]


def cases() -> list[Case]:
    """All cases."""
    return [Case(one) for one in _file()["cases"]]
