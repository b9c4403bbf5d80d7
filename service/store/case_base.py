"""What the use cases ask of a store about cases: their events, what is derived from them, papers and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from service.cases.events import CaseEvent
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Box, Page


@dataclass(frozen=True)
class CaseRow:
    """What of a case is kept beside its events, so that lists need not read them.

    Args:
        id: The case.
        serial: Its number among the cases of its year.
        number: Number of its last event.
        state: State of its procedure.
        path: Its lawful path.
        stage: How far the building is.
        outcome: What was decided, or how it ended; empty before.
        unit: To whom it is dispatched; empty: to nobody.
        structure_id: The structure that it is about; None: not known.
        opened_at: When it was opened.
        changed_at: When its last event was recorded.
        closed_at: When it was closed; None: it is not.
        due_at: The next moment at which something is due; None: nothing is.
        box: Around its place, lon-lat.
        geojson: The case as a finished feature.
        secrecy: That of what it rests on.
    """

    id: str
    serial: str
    number: int
    state: str
    path: str
    stage: str
    outcome: str
    unit: str
    structure_id: str | None
    opened_at: datetime
    changed_at: datetime
    closed_at: datetime | None
    due_at: datetime | None
    box: Box
    geojson: str
    secrecy: str = "internal"


@dataclass(frozen=True)
class Timer:
    """A moment of a term at which somebody must be told.

    Args:
        case_id: The case.
        term: The term.
        started: Number of the event that began it.
        step: `reminder`, `due`, `overdue` or a step of escalation.
        at: When.
        told: What the message says.
    """

    case_id: str
    term: str
    started: int
    step: str
    at: datetime
    told: Mapping[str, Any]


@dataclass(frozen=True)
class CaseNews:
    """That something happened to a case; what exactly is left to those who may read the case.

    Args:
        case_id: The case.
        key: Its place in the order of coming.
        at: When it was stored, or told.
        told: `serial`, `state`; of an event `event` and `number`, of a term `term` and `step`.
    """

    case_id: str
    key: int
    at: datetime
    told: Mapping[str, Any]


@dataclass(frozen=True)
class CasePaper:
    """A document of a case.

    Args:
        id: Its id.
        case_id: The case.
        kind: Its kind.
        series: In which numbers it is counted; the kinds that share a word share a series.
        year: Year of its number.
        place: Its number; None: kinds without one.
        serial: The number as it is printed; empty without one.
        day: Its day.
        template: Which template made it: name, version, checksum.
        files: Checksums of its files by form (`docx`, `pdf`), with the key that opens them.
        created_at: When.
        created_by: By whom.
        voided_at: When it was declared void: its number stays used.
        voided_why: Why.
    """

    id: str
    case_id: str
    kind: str
    series: str
    year: int
    place: int | None
    serial: str
    day: date
    template: Mapping[str, Any]
    files: Mapping[str, Any]
    created_at: datetime
    created_by: str
    voided_at: datetime | None = None
    voided_why: str | None = None


@dataclass(frozen=True)
class CaseFile:
    """A photograph or another file of a case.

    Args:
        id: Its id.
        case_id: The case.
        kind: `photo`, `recording`, `paper`, `receipt` ...
        name: Name of the file.
        media: Its media type.
        sha256: Its checksum.
        size_bytes: Its size.
        looks: Perceptual hashes by name.
        facts: What the file and the form say: time, position, bearing, camera.
        doubts: What speaks against it.
        taken_at: When it was taken, as far as known.
        received_at: When the service got it.
        received_by: From whom.
    """

    id: str
    case_id: str
    kind: str
    name: str
    media: str
    sha256: str
    size_bytes: int
    looks: Mapping[str, Any]
    facts: Mapping[str, Any]
    doubts: Sequence[Mapping[str, Any]]
    taken_at: datetime | None
    received_at: datetime
    received_by: str


@dataclass(frozen=True)
class Party:
    """Somebody a case is about; what is known of them is sealed.

    Args:
        id: Their id in the case.
        case_id: The case.
        sealed: What is known, sealed; None: erased.
        created_at: When.
        created_by: By whom.
        erased_at: When it was erased.
    """

    id: str
    case_id: str
    sealed: str | None
    created_at: datetime
    created_by: str
    erased_at: datetime | None = None


@dataclass(frozen=True)
class Number:
    """A number of a series.

    Args:
        series: The series.
        year: Its year; 0 where it never begins anew.
        place: The number.
    """

    series: str
    year: int
    place: int


@dataclass(frozen=True)
class Step:
    """What one telling changes: stored wholly or not at all.

    Args:
        row: The case behind it.
        expected: Number of the last event that the teller knew of.
        events: The new events.
        timers: All moments of the terms as they run now; those that were told already stay told.
        papers: New documents; their numbers must be the next ones of their series.
        files: New files.
        parties: New parties.
    """

    row: CaseRow
    expected: int
    events: Sequence[CaseEvent]
    timers: Sequence[Timer] = ()
    papers: Sequence[CasePaper] = ()
    files: Sequence[CaseFile] = ()
    parties: Sequence[Party] = field(default=())


@dataclass(frozen=True)
class Objection:
    """What a resident objects to.

    Args:
        id: Its id.
        digest: Of the word by which whoever objected asks how it stands.
        case_id: The case; None: nobody knows which.
        sealed: What was said, and by whom, sealed; None: erased.
        received_at: When.
        answer: What was answered, as the resident reads it.
        upheld: Whether it was right.
        answered_at: When.
        answered_by: By whom.
        key: Its place in the order of coming.
    """

    id: str
    digest: str
    case_id: str | None
    sealed: str | None
    received_at: datetime
    answer: str | None = None
    upheld: bool | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    key: int = 0


class ObjectionStore(Protocol):
    """Objections."""

    def add(self, objection: Objection) -> None:
        """Store an objection."""

    def get(self, objection_id: str) -> Objection:
        """One objection; `NotFoundError` without it, or where its case is not shown."""

    def of_digest(self, digest: str) -> Objection | None:
        """The objection of a word; None without one."""

    def page(self, limit: int, after_key: int, *, open_only: bool) -> Page[Objection]:
        """Objections about cases that are shown, and about none; the latest first."""

    def keep(self, objection: Objection) -> None:
        """Put an objection in the place of the stored one: placed, answered, sealed anew, erased."""


class CaseNewsStore(Protocol):
    """What happened to the cases that are shown."""

    def last(self) -> int:
        """Key of the last event of any case."""

    def events(self, after_key: int, limit: int) -> tuple[Sequence[CaseNews], int]:
        """Events behind a key, and the key that was looked at last."""

    def terms(self, since: datetime) -> Sequence[CaseNews]:
        """Moments of terms that were told since a time."""


class CaseStore(Protocol):
    """Cases."""

    def peek(self, series: str, year: int) -> int:
        """The next number of a series."""

    def open(self, step: Step, number: Number) -> None:
        """Store a new case with its first events.

        `SerialTakenError` where its number went to another meanwhile, `CaseOpenError` where its structure, by whatever
        id, has an open case that is shown: one under land law and one under the others may run beside each other.
        """

    def tell(self, step: Step) -> None:
        """Store what follows, all of it or nothing.

        `CaseBehindError` where the case went on meanwhile, `SerialTakenError` where the number of a document went to
        another: nobody waits while a document is written, and no number is lost.
        """

    def retime(self, row: CaseRow, timers: Sequence[Timer]) -> bool:
        """Put other moments of its terms in place of a case's; False where nothing differs, or it went on meanwhile."""

    def get(self, case_id: str) -> CaseRow:
        """One case; `NotFoundError` without it."""

    def events(self, case_id: str) -> Sequence[tuple[CaseEvent, str]]:
        """All events of a case with their seals, the first first."""

    def naming(self, word: str) -> set[str]:
        """Ids of cases where some event may name an officer in charge by this id; it need not hold any more."""

    def every(self) -> Iterator[tuple[CaseRow, Sequence[CaseEvent]]]:
        """All cases with their events, in the order of their coming, one at a time."""

    def of_structure(self, structure_ids: Sequence[str]) -> Sequence[CaseRow]:
        """The cases about structures, in the order of their coming."""

    def features(self, query: FeatureQuery) -> FeaturePage:
        """Cases as GeoJSON texts."""

    def all_features(self, query: FeatureQuery) -> Iterator[str]:
        """All cases that a query wants, a portion at a time."""

    def feature(self, case_id: str) -> str:
        """One case as GeoJSON text; `NotFoundError` without it."""

    def extent(self) -> tuple[Box | None, tuple[str, str] | None]:
        """Box and time span of all cases."""

    def due(self, now: datetime, limit: int = 100) -> Sequence[Timer]:
        """Moments that have come and were not told."""

    def done(self, timers: Sequence[Timer], at: datetime) -> Sequence[Timer]:
        """Note that moments were told; those that nobody else told before."""

    def papers(self, case_id: str) -> Sequence[CasePaper]:
        """The documents of a case, in the order of their making."""

    def void(self, paper_id: str, at: datetime, why: str) -> None:
        """Declare a document void: its number stays used."""

    def files(self, case_id: str) -> Sequence[CaseFile]:
        """The files of a case, in the order of their coming."""

    def looks(self) -> Iterator[CaseFile]:
        """Every file of every case that has perceptual hashes."""

    def parties(self, case_id: str) -> Sequence[Party]:
        """The parties of a case."""

    def all_parties(self) -> Iterator[Party]:
        """Every party of every case, for new seals."""

    def keep_party(self, party: Party) -> None:
        """Put another seal in the place of a party's, or erase it."""
