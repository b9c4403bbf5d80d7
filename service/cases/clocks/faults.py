"""What can be wrong with a book of terms beyond its form: events, facts, statutes and terms that there are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from geodata.yaml_lines import Lines, Place
from service.cases.clocks.rows import Ref, Situation, Statute, Term
from service.cases.clocks.terms import Book, span_of
from service.cases.events import KINDS, Fact


@dataclass(frozen=True)
class Fault:
    """Something wrong.

    Args:
        place: Where, as names and numbers from the top of the file.
        words: What.
    """

    place: Place
    words: str

    def text(self, lines: Lines | None) -> str:
        """The fault with its line, where the file is at hand."""
        where = ".".join(str(part) for part in self.place)
        line = f"line {lines.at(self.place)}, " if lines is not None else ""
        return f"{line}{where}: {self.words}"


def faults_of(book: Book, places: Mapping[int, Place]) -> list[Fault]:
    """Everything wrong with a book.

    Args:
        book: The book.
        places: Where a row stands in the bureau's own file, by the identity of the row.
    """
    rows = [*book.terms, *book.shelved]
    found = []
    for row in rows:
        place = places.get(id(row), ("terms", row.id))
        found += [Fault(place, f"{row.id}: {words}") for words in _row(row, book)]
    for name, pause in book.pauses.items():
        for words in _refs((*pause.starts, *pause.ends)):
            found.append(Fault(("pauses", name), words))
        if pause.until is not None:
            found += [Fault(("pauses", name), w) for r in pause.starts for w in _fact(r.event, pause.until, "day")]
        found += [Fault(("pauses", name), f"no statute {s!r}") for s in pause.source or () if s not in book.statutes]
    for name, statute in book.statutes.items():
        wrong = [s for s in statute.counting_source if s not in book.statutes]
        found += [Fault(("statutes", name), f"there is no statute {one!r}") for one in wrong]
    found += [Fault(places.get(id(row), ("terms", row.id)), words) for row, words in _overlaps(rows, book)]
    return found


def _row(row: Term, book: Book) -> Iterator[str]:
    yield from (f"there is no statute {name!r}" for name in row.source if name not in book.statutes)
    if row.statute in book.statutes:
        statute = book.statutes[row.statute]
        if row.version is not None and row.version not in [v.version for v in statute.versions]:
            yield f"{row.statute} has no version {row.version!r}"
        yield from _unit(row, statute)
    yield from _length(row)
    yield from _refs((*row.starts, *row.ends, *row.cancelled_by))
    for extension in row.extended_by:
        yield from _fact(extension.event, extension.days, "count")
    yield from _situation(row.when)
    yield from _situation(row.unless or Situation())
    if bool(row.starts) == (row.follows is not None):
        yield "it starts by events (starts) or after terms (follows), one of the two"
    yield from _followed(row, book)
    yield from (f"there is no pause {name!r}" for name in (*row.pauses, *row.switches) if name not in book.pauses)


def _unit(row: Term, statute: Statute) -> Iterator[str]:
    if row.length is None or row.unit not in ("working_days", "calendar_days"):
        return
    # a statute with a rule of its own leaves no choice
    wanted = statute.unit_of(row.length)
    if statute.days_source and row.unit != wanted:
        yield f"{row.length} days are {wanted} by {statute.title_zh} {statute.days_source}, not {row.unit}"


def _length(row: Term) -> Iterator[str]:
    told = [name for name in ("length", "length_from", "until_fact") if getattr(row, name) is not None]
    if len(told) > 1:
        yield f"only one of {', '.join(told)} can tell how long it is"
    if row.length_from is not None and row.unit not in ("working_days", "calendar_days", "by_law"):
        yield "a length told by an event is one of days"
    kinds = [row.length_of] if row.length_of else [ref.event for ref in row.starts]
    for kind in kinds if row.length_from is not None else ():
        yield from _fact(kind, str(row.length_from), "count")
    for name in (row.until_fact, row.planned):
        for ref in row.starts if name is not None else ():
            yield from _fact(ref.event, str(name), "day")
    if row.extended_by and row.unit in ("hours", "months", "years"):
        yield "only a term of days can be extended by days"


def _refs(refs: tuple[Ref, ...]) -> Iterator[str]:
    for ref in refs:
        if ref.event not in KINDS:
            yield f"there is no event {ref.event!r}"
            continue
        facts = {fact.name: fact for fact in KINDS[ref.event].facts}
        if ref.day is not None:
            yield from _fact(ref.event, ref.day, "day", "moment")
        for name, wanted in ref.where.items():
            if name not in facts:
                yield f"event {ref.event} tells no {name!r}"
            else:
                yield from _value(ref.event, facts[name], wanted)


def _value(event: str, fact: Fact, wanted: object) -> Iterator[str]:
    if fact.form == "truth" and not isinstance(wanted, bool):
        yield f"{event}.{fact.name} is true or false, not {wanted!r}"
    if fact.form == "choice":
        for one in wanted if isinstance(wanted, list | tuple) else [wanted]:
            if one not in fact.choices:
                yield f"{event}.{fact.name} is one of {', '.join(fact.choices)}, not {one!r}"


def _fact(event: str, name: str, *forms: str) -> Iterator[str]:
    if event not in KINDS:
        yield f"there is no event {event!r}"
        return
    form = next((fact.form for fact in KINDS[event].facts if fact.name == name), None)
    if form is None:
        yield f"event {event} tells no {name!r}"
    elif form not in forms:
        yield f"{event}.{name} is a {form}, not a {' or '.join(forms)}"


def _situation(situation: Situation) -> Iterator[str]:
    yield from (f"there is no event {kind!r}" for kind in situation.happened if kind not in KINDS)


def _followed(row: Term, book: Book) -> Iterator[str]:
    rows = [*book.terms, *book.shelved]
    known = {one.id for one in rows}
    starting = {one.id for one in rows if one.starts}
    for name in (*row.follows.terms, *row.follows.unless_met) if row.follows else ():
        if name not in known:
            yield f"there is no term {name!r} to follow"
        elif name not in starting:
            yield f"{name!r} follows other terms itself; only terms that events start can be followed"


def _overlaps(rows: list[Term], book: Book) -> Iterator[tuple[Term, str]]:
    """Rows of one name of which two would hold on one day."""
    for n, row in enumerate(rows):
        for other in rows[n + 1 :]:
            if other.id != row.id or {row.statute, other.statute} - set(book.statutes):
                continue
            (since, until), (begins, ends) = span_of(row, book.statutes), span_of(other, book.statutes)
            if since <= ends and begins <= until:
                yield other, f"{row.id}: two rows of this name hold at one time; give since and until"
