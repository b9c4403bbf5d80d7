"""The book of terms from its files: what Kancha ships, and a bureau's own book on top of it.

Everything is checked before anything runs, and every fault is told with its line.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from geodata.yaml_lines import Lines, read_yaml
from service.cases.clocks.faults import Fault, faults_of
from service.cases.clocks.rows import NATIONAL, Count, Name, Pause, Statute, Term, Text, Version
from service.cases.clocks.terms import Ban, Book, Delivery, Rate, Settings, Timers, span_of
from service.cases.errors import TermBookError

_REMEDY = "Put it right as docs/clocks.md describes, then try `kancha clocks check FILE`."


_DAY = timedelta(days=1)
_T = TypeVar("_T", bound=BaseModel)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shipped(_File):
    """The file that Kancha ships."""

    statutes: Mapping[Name, Statute]
    delivery: tuple[Delivery, ...]
    pauses: Mapping[Name, Pause]
    terms: tuple[Term, ...]
    rates: Mapping[Name, Rate]
    bans: Mapping[Name, Ban]
    timers: Timers
    settings: Settings


class Counting(_File):
    """How days are counted under a statute, where the bureau reads it otherwise."""

    start_day_counted: bool | None = None
    rolls_over: bool | None = None


class Change(_File):
    """A row that Kancha ships, as the bureau has it.

    Args:
        term: Name of the row.
        source: Where it is written.
        length: The length instead.
        at_least: The shortest length instead.
        unit: The unit instead.
        rolls_over: Whether the end moves off a rest day.
        pauses: Pauses switched on, of those that the row offers.
    """

    term: Name
    source: Text
    length: Count | None = None
    at_least: Count | None = None
    unit: str | None = None
    rolls_over: bool | None = None
    pauses: tuple[Name, ...] = ()


class Night(_File):
    """The hours of the night."""

    night_from: time
    night_until: time


class Own(_File):
    """A bureau's own book."""

    name: Annotated[str, BeforeValidator(str), Field(min_length=1)]
    places: tuple[Name, ...] = ()
    switch_on: tuple[Name, ...] = ()
    switch_off: tuple[Name, ...] = ()
    counting: Mapping[Name, Counting] = Field(default_factory=dict)
    versions: Mapping[Name, tuple[Version, ...]] = Field(default_factory=dict)
    statutes: Mapping[Name, Statute] = Field(default_factory=dict)
    pauses: Mapping[Name, Pause] = Field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    terms: tuple[Term, ...] = ()
    delivery: tuple[Delivery, ...] = ()
    quiet_times: Night | None = None
    timers: Timers | None = None
    settings: Settings | None = None


def load_book(jurisdictions: Iterable[str] = (), own_file: Path | None = None) -> Book:
    """The book of terms in use.

    Args:
        jurisdictions: Places whose local rows hold besides the national ones.
        own_file: A bureau's own book.

    Raises:
        TermBookError: If a place is unknown or the file cannot be used, with every fault and its line.
    """
    if own_file is None:
        return parse_book(jurisdictions)
    try:
        text = own_file.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise TermBookError(f"The book {own_file.name} cannot be read: {error}.", remedy=_REMEDY) from error
    return parse_book(jurisdictions, text, own_file.name)


def parse_book(jurisdictions: Iterable[str] = (), own: str | None = None, what: str = "own book") -> Book:
    """As `load_book`, from the text of a bureau's own book.

    Raises:
        TermBookError: As there.
    """
    base = _shipped()
    lines, told = (None, None) if own is None else _read(own, what)
    mine = Own(name=NATIONAL) if told is None else _valid(Own, told, what, lines)
    statutes = {**base.statutes, **mine.statutes}
    known = {NATIONAL} | {s.place for s in statutes.values()}
    places = [*jurisdictions, *mine.places]
    faults = [
        Fault(("places",), f"there are no rules of {place!r}; known: {', '.join(sorted(known))}")
        for place in places
        if place not in known
    ]
    for part, names, there in (("counting", mine.counting, statutes), ("versions", mine.versions, statutes)):
        faults += [Fault((part, name), f"there is no statute {name!r}") for name in names if name not in there]
    rows, some = _rows(base.terms, mine, {name: _counted(s, name, mine) for name, s in statutes.items()})
    faults += some
    book = _composed(base, mine, rows, {NATIONAL, *places})
    faults += faults_of(book, {id(row): ("terms", n) for n, row in enumerate(mine.terms)})
    if faults:
        raise _refused(what, [fault.text(lines) for fault in faults])
    return book.model_copy(update={"checksum": _checksum(book)})


def own_template() -> str:
    """The template of a bureau's own book: comments, and no term of its own."""
    return _text("template.yaml")


def _composed(base: Shipped, mine: Own, rows: list[Term], places: set[str]) -> Book:
    used: list[Term] = []
    shelved: list[Term] = []
    for row in rows:
        here = bool(places & set(row.places)) or row.id in mine.switch_on or row in mine.terms
        runs = here and row.id not in mine.switch_off and row.has_length
        (used if runs else shelved).append(row)
    bans = dict(base.bans)
    if mine.quiet_times is not None:
        night = {**mine.quiet_times.model_dump(), "marks": ("setting",)}
        bans = {name: ban.model_copy(update=night) for name, ban in bans.items()}
    delivery = {one.method: one for one in (*base.delivery, *mine.delivery)}
    return Book(
        name=mine.name,
        statutes={name: _counted(s, name, mine) for name, s in {**base.statutes, **mine.statutes}.items()},
        terms=tuple(used),
        shelved=tuple(shelved),
        pauses={**base.pauses, **mine.pauses},
        delivery=tuple(delivery.values()),
        rates=base.rates,
        bans=bans,
        timers=mine.timers or base.timers,
        settings=mine.settings or base.settings,
    )


def _counted(statute: Statute, name: str, mine: Own) -> Statute:
    told: dict[str, Any] = {}
    if name in mine.counting:
        told = mine.counting[name].model_dump(exclude_none=True)
        told["counting_mark"] = "setting"
    if name in mine.versions:
        told["versions"] = mine.versions[name]
    return statute.model_copy(update=told) if told else statute


def _rows(shipped: tuple[Term, ...], mine: Own, statutes: Mapping[str, Statute]) -> tuple[list[Term], list[Fault]]:
    """The rows with the bureau's changes, and what is wrong with these."""
    kept = [piece for row in shipped for piece in _around(row, mine.terms, statutes)]
    rows = [*kept, *mine.terms]
    known = {row.id for row in rows}
    faults = [
        Fault((part,), f"there is no term {name!r}")
        for part, names in (("switch_on", mine.switch_on), ("switch_off", mine.switch_off))
        for name in names
        if name not in known
    ]
    for number, change in enumerate(mine.changes):
        at = [n for n, row in enumerate(rows[: len(kept)]) if row.id == change.term]
        if not at:
            faults.append(Fault(("changes", number, "term"), f"Kancha ships no term {change.term!r}"))
        for n in at:
            rows[n], wrong = _changed(rows[n], change)
            faults += [Fault(("changes", number), f"{change.term}: {one}") for one in wrong]
    return rows, faults


def _around(row: Term, own: tuple[Term, ...], statutes: Mapping[str, Statute]) -> list[Term]:
    """A shipped row without the days on which a row of the bureau of the same name holds; none: it has always."""
    pieces = [span_of(row, statutes)]
    for since, until in (span_of(one, statutes) for one in own if one.id == row.id):
        left = [(begins, min(ends, since - _DAY)) for begins, ends in pieces if begins < since]
        right = [(max(begins, until + _DAY), ends) for begins, ends in pieces if until < ends]
        pieces = left + right
    if pieces == [span_of(row, statutes)]:
        return [row]
    # the first and the last of all days stand for "ever"
    return [
        row.model_copy(
            update={"since": None if since == date.min else since, "until": None if until == date.max else until}
        )
        for since, until in pieces
    ]


def _changed(row: Term, change: Change) -> tuple[Term, list[str]]:
    told = {name: getattr(change, name) for name in ("length", "at_least", "unit", "rolls_over")}
    told = {name: value for name, value in told.items() if value is not None}
    faults = [f"pause {name!r} is none that the row offers" for name in change.pauses if name not in row.switches]
    if not told and not change.pauses:
        faults.append("nothing is changed")
    if "length" in told and (row.length_from or row.until_fact):
        faults.append("its length is told by an event; at_least may change, length may not")
    if faults:
        return row, faults
    update = {**told, "pauses": (*row.pauses, *change.pauses), "changed_by": change.source}
    try:
        return Term.model_validate({**row.model_dump(), **update}), []
    except ValidationError as error:
        return row, [_words(e) for e in error.errors()]


@cache
def _shipped() -> Shipped:
    text = _text("terms.yaml")
    lines, told = _read(text, "terms.yaml")
    return _valid(Shipped, told, "terms.yaml", lines)


def _text(name: str) -> str:
    return resources.files("service.cases.clocks").joinpath("books", name).read_text(encoding="utf-8")


def _read(text: str, what: str) -> tuple[Lines, Any]:
    try:
        lines, told = read_yaml(text)
    except ValueError as error:
        raise _refused(what, [str(error)]) from error
    if not isinstance(told, dict):
        raise _refused(what, ["it must hold names with values"])
    return lines, told


def _valid(model: type[_T], told: Any, what: str, lines: Lines | None) -> _T:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        faults = [Fault(tuple(e["loc"]), _words(e)).text(lines) for e in error.errors()]
        raise _refused(what, faults) from error


def _words(error: Any) -> str:
    named = {"extra_forbidden": "is not known here", "missing": "is missing"}
    return named.get(error["type"], str(error["msg"]))


def _refused(what: str, faults: list[str]) -> TermBookError:
    shown = "; ".join(faults)
    return TermBookError(f"The book of terms {what} cannot be used: {shown}.", remedy=_REMEDY, faults=faults)


def _checksum(book: Book) -> str:
    told = book.model_dump(mode="json", exclude={"checksum"})
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
