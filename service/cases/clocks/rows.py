"""What a row of the book of terms is made of: statutes with their way of counting, events, pauses, terms.

Values only; `book` reads them from YAML and checks them, `reckoning` runs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.cases.events import Outcome, Path, Stage

NATIONAL = "national"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=10_000)]
Unit = Literal["working_days", "calendar_days", "hours", "months", "years", "by_law"]
Mark = Literal["memory: check", "reading", "setting"]
"""`memory: check`: not read in a source; `reading`: our reading of the source; `setting`: of the bureau, not law."""


class Whose(StrEnum):
    """Who is concerned by a term, and how."""

    BUREAU = "bureau"
    """The bureau must act."""
    AUTHORITY = "authority"
    """Another authority must act."""
    PARTY_DUTY = "party_duty"
    """The party must act."""
    PARTY = "party"
    """The party has a right until then."""
    BAR = "bar"
    """Something is not allowed before then."""


TITLES: Mapping[Whose, tuple[str, str]] = {
    Whose.BUREAU: ("the bureau must act", "本机关应当办理"),
    Whose.AUTHORITY: ("another authority must act", "其他机关应当办理"),
    Whose.PARTY_DUTY: ("the party must act", "当事人应当履行"),
    Whose.PARTY: ("a right of the party", "当事人的权利"),
    Whose.BAR: ("not allowed before", "期满前不得实施"),
}


class Part(BaseModel):
    """What every part keeps: no unknown keys, no changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Version(Part):
    """A version of a statute.

    Args:
        version: Its name, as a rule the year.
        since: First day on which it is in force; None: not told by our sources, held to be always.
        until: Last day; None: no end known.
    """

    version: Annotated[str, BeforeValidator(str)]
    since: date | None = None
    until: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


class Statute(Part):
    """A statute, and how days are counted under it.

    Args:
        title: In English.
        title_zh: As it is cited.
        place: `national` or a place.
        versions: Its versions.
        working_up_to: Periods of up to so many days are working days.
        working_lengths: Periods of just these days are working days.
        days_source: The article that says so, empty: no clause seen, days are calendar days.
        start_day_counted: Whether the day of the start counts.
        rolls_over: Whether a period that ends on a rest day ends on the first day after.
        counting_source: Statutes and articles that say so.
        counting_mark: `reading` where that article is not this statute's own.
    """

    title: Text
    title_zh: Text
    place: Name = NATIONAL
    versions: tuple[Version, ...] = Field(min_length=1)
    working_up_to: int = 0
    working_lengths: tuple[int, ...] = ()
    days_source: str = ""
    start_day_counted: bool = False
    rolls_over: bool = True
    counting_source: Mapping[Name, str] = Field(default_factory=dict)
    counting_mark: Mark | None = None

    def unit_of(self, days: int) -> Unit:
        """Whether so many days are working days or calendar days under this statute."""
        working = days <= self.working_up_to or days in self.working_lengths
        return "working_days" if working else "calendar_days"


class Ref(Part):
    """An event that a term looks for.

    Args:
        event: Kind of the event.
        day: The fact that tells the day; None, or not told: when the event happened.
        where: What its facts must be; a list: one of these.
        past: The fact tells of a day before the event: untold, nothing starts; and the event itself may end the term.
    """

    event: str
    day: str | None = None
    where: Mapping[str, Any] = Field(default_factory=dict)
    past: bool = False

    def meets(self, facts: Mapping[str, Any]) -> bool:
        """Whether the facts of an event are those wanted; a truth that nobody told is no."""
        for name, wanted in self.where.items():
            told = facts.get(name, False) if isinstance(wanted, bool) else facts.get(name)
            if told not in (wanted if isinstance(wanted, list | tuple) else [wanted]):
                return False
        return True


class Situation(Part):
    """How a case must stand when a term starts; whatever is not told holds.

    Args:
        path: One of these paths.
        stage: One of these stages.
        outcome: What the last decision orders.
        fined: Whether the last decision names a fine.
        happened: All of these have happened before.
    """

    path: tuple[Path, ...] = ()
    stage: tuple[Stage, ...] = ()
    outcome: tuple[Outcome, ...] = ()
    fined: bool | None = None
    happened: tuple[str, ...] = ()


class Extension(Part):
    """An event that makes a term longer.

    Args:
        event: Kind of the event.
        days: Its fact that tells by how many days.
        at_most: The most that all of them together may add; None: no limit known.
    """

    event: str
    days: str
    at_most: int | None = None


class Follows(Part):
    """A term that starts when others have run out.

    Args:
        terms: When every clock of these is over, and the last of them ran out.
        unless_met: And none of these rights was used.
    """

    terms: tuple[Name, ...] = Field(min_length=1)
    unless_met: tuple[Name, ...] = ()


class Pause(Part):
    """What stops a clock.

    Args:
        title: In English.
        title_zh: In Chinese.
        source: The statute and its articles; None: only a switch of the bureau.
        starts: Events that begin it.
        ends: Events that end it.
        until: Fact of the beginning that tells the day on which it ends by itself.
    """

    title: Text
    title_zh: Text
    source: Mapping[Name, str] | None = None
    starts: tuple[Ref, ...] = Field(min_length=1)
    ends: tuple[Ref, ...] = Field(min_length=1)
    until: str | None = None


class Term(Part):
    """A row of the book.

    Args:
        id: Its name; rows of one name must be in force at different times.
        title: In English.
        title_zh: In Chinese.
        source: Statutes and articles; the first one's way of counting holds.
        version: The version of that statute; None: its only one.
        since: First day on which the row holds, besides the version's own.
        until: Last day.
        places: `national`, or the places where it holds.
        length: How long.
        length_from: Fact that tells how long.
        length_of: The kind of event that tells it, the last one before the start; None: the starting event.
        until_fact: Fact of the starting event that tells the last day itself.
        at_least: The shortest length that counts, for a length told by an event.
        unit: Of the length; `by_law`: working or calendar days as the statute says of that number.
        whose: Who is concerned.
        starts: Events that start it.
        follows: Or the terms after which it starts.
        when: How the case must stand at the start.
        unless: How it must not stand.
        ends: What the term is about: the act due, the use of the right, the act that is barred.
        cancelled_by: Events that make it pointless.
        extended_by: Events that make it longer.
        pauses: Names of the pauses that hold it.
        switches: Names of pauses that the bureau may switch on; no source says so.
        rolls_over: Whether the end moves off a rest day; None: as the statute says.
        same: Fact that must be the same in the event that ends it as in the one that started it.
        planned: Fact of the start that tells the day on which the barred act is planned.
        note: For readers, in English.
        note_zh: In Chinese.
        marks: How far to trust it.
        changed_by: Where the bureau's own book says that it is other than Kancha ships it.
    """

    id: Name
    title: Text
    title_zh: Text
    source: Mapping[Name, Annotated[str, BeforeValidator(str)]] = Field(min_length=1)
    version: str | None = None
    since: date | None = None
    until: date | None = None
    places: tuple[Name, ...] = (NATIONAL,)
    length: Count | None = None
    length_from: str | None = None
    length_of: str | None = None
    until_fact: str | None = None
    at_least: Count | None = None
    unit: Unit = "by_law"
    whose: Whose
    starts: tuple[Ref, ...] = ()
    follows: Follows | None = None
    when: Situation = Situation()
    unless: Situation | None = None
    ends: tuple[Ref, ...] = Field(min_length=1)
    cancelled_by: tuple[Ref, ...] = ()
    extended_by: tuple[Extension, ...] = ()
    pauses: tuple[Name, ...] = ()
    switches: tuple[Name, ...] = ()
    rolls_over: bool | None = None
    same: str | None = None
    planned: str | None = None
    note: str = ""
    note_zh: str = ""
    marks: tuple[Mark, ...] = ()
    changed_by: str = ""

    @property
    def statute(self) -> str:
        """Id of the statute whose way of counting holds."""
        return next(iter(self.source))

    @property
    def has_length(self) -> bool:
        """Whether it can run; a row without a length waits for the bureau to set it."""
        return any(told is not None for told in (self.length, self.length_from, self.until_fact))
