"""The book of terms in use: its rows, ways of service, rates, bans, timers and settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from service.cases.clocks.rows import Mark, Name, Part, Pause, Statute, Term, Text, Version, Whose
from service.cases.events import METHODS

__all__ = ["Ban", "Book", "Delivery", "Level", "Rate", "Settings", "Term", "Timers", "Whose", "span_of"]


class Delivery(Part):
    """When a document served in some way is held to be served.

    Args:
        method: One of `events.METHODS`.
        days: Calendar days after the day told.
        note: What the day told is.
        note_zh: In Chinese.
        marks: How far to trust it.
    """

    method: Literal[METHODS]  # type: ignore[valid-type]
    days: int = Field(default=0, ge=0)
    note: Text
    note_zh: Text
    marks: tuple[Mark, ...] = ()


class Rate(Part):
    """A sum that grows by the day (行政处罚法 72, 73).

    Args:
        title: In English.
        title_zh: In Chinese.
        source: Statutes and articles.
        per_day: Share of the fine for each day.
        at_most: Share of the fine that it never exceeds.
        after: The term after which it begins.
        pauses: Names of the pauses during which it does not grow.
        marks: How far to trust it.
        note: For readers.
        note_zh: In Chinese.
    """

    title: Text
    title_zh: Text
    source: Mapping[Name, Annotated[str, BeforeValidator(str)]]
    per_day: Decimal
    at_most: Decimal
    after: Name
    pauses: tuple[Name, ...] = ()
    marks: tuple[Mark, ...] = ()
    note: str = ""
    note_zh: str = ""


class Ban(Part):
    """Times at which enforcement is not allowed unless it is urgent (行政强制法 43).

    Args:
        title: In English.
        title_zh: In Chinese.
        source: Statutes and articles.
        night_from: When the night begins; the statute names no hours.
        night_until: When it ends.
        on_statutory_holidays: Whether holidays are barred.
        marks: How far to trust it.
        note: For readers.
        note_zh: In Chinese.
    """

    title: Text
    title_zh: Text
    source: Mapping[Name, Annotated[str, BeforeValidator(str)]]
    night_from: time
    night_until: time
    on_statutory_holidays: bool = True
    marks: tuple[Mark, ...] = ()
    note: str = ""
    note_zh: str = ""


class Level(Part):
    """Whom an overdue term is told to.

    Args:
        after_working_days: So many working days after the end.
        to: Title of the level in the approval chain, in English.
        to_zh: In Chinese.
    """

    after_working_days: int = Field(ge=0)
    to: Text
    to_zh: Text


class Timers(Part):
    """When people are told of a term; settings of the bureau.

    Args:
        remind_working_days: So many working days before the end of a term of days, months or years.
        remind_hours: So many hours before the end of a term of hours.
        escalate: The chain.
    """

    remind_working_days: int = Field(ge=0)
    remind_hours: int = Field(ge=0)
    escalate: tuple[Level, ...] = ()


class Settings(Part):
    """Readings on which sources differ.

    Args:
        reminder_and_announcement: Which comes first of reminder (强制法 35) and announcement (44); the workflow asks.
    """

    reminder_and_announcement: Literal["reminder_first", "announcement_first", "free"] = "reminder_first"


class Book(Part):
    """The book of terms in use.

    Args:
        name: What it is called.
        statutes: By id.
        terms: The rows in use, in order.
        shelved: Rows of other places, rows switched off, and rows that wait for a length.
        pauses: By name.
        delivery: Ways of service.
        rates: By name.
        bans: By name.
        timers: When people are told.
        settings: Readings.
        checksum: SHA-256 of all of it.
    """

    name: str
    statutes: Mapping[Name, Statute]
    terms: tuple[Term, ...]
    shelved: tuple[Term, ...] = ()
    pauses: Mapping[Name, Pause]
    delivery: tuple[Delivery, ...]
    rates: Mapping[Name, Rate]
    bans: Mapping[Name, Ban]
    timers: Timers
    settings: Settings
    checksum: str = ""

    def term(self, name: str, day: date | None = None) -> Term | None:
        """The row of a name in use, the one in force on the day; None: there is none."""
        rows = [row for row in self.terms if row.id == name]
        return next((row for row in rows if day is None or self.in_force(row, day)), None)

    def statute_of(self, term: Term) -> Statute:
        """The statute whose way of counting holds for a term."""
        return self.statutes[term.statute]

    def version_of(self, term: Term, day: date) -> Version | None:
        """The version of that statute under which a term that starts on a day runs; None: none is in force."""
        versions = [v for v in self.statute_of(term).versions if term.version in (None, v.version)]
        return next((version for version in versions if version.in_force(day)), None)

    def in_force(self, term: Term, day: date) -> bool:
        """Whether a row holds for a term that starts on a day: the law in force on that day."""
        since, until = span_of(term, self.statutes)
        return since <= day <= until and self.version_of(term, day) is not None

    def cite_both(self, source: Mapping[str, str] | None) -> tuple[str, str]:
        """The same in English and Chinese; empty where there is no source."""
        return (self.cite(source, "en"), self.cite(source, "zh")) if source else ("", "")

    def cite(self, source: Mapping[str, str], language: str) -> str:
        """Statutes and articles as they are cited, in `en` or `zh`."""
        if language == "zh":
            parts = (f"{self.statutes[name].title_zh} {what}".strip() for name, what in source.items())
            return "、".join(parts)
        return "; ".join(f"{self.statutes[name].title} {what}".strip() for name, what in source.items())


def span_of(term: Term, statutes: Mapping[str, Statute]) -> tuple[date, date]:
    """First and last day on which a row holds: its own days, and those of the version that it names."""
    statute = statutes.get(term.statute)
    named = [v for v in statute.versions if v.version == term.version] if statute is not None else []
    parts = [(term.since, term.until), *((v.since, v.until) for v in named)]
    return max(since or date.min for since, _ in parts), min(until or date.max for _, until in parts)
