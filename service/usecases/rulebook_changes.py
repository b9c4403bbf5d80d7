"""Rulebooks as an administrator changes them over HTTP: looked at before, put in, put to use, each in the record.

Whoever changes the shelf says what they saw of it (`expected`): where two do so at once, the second is told instead of
undoing what the first did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from geodata.assess import Book, parse_book
from geodata.assess.differences import BookDifference, book_differences
from geodata.errors import RulebookError
from service.auth.record import entry_by
from service.errors import BehindError
from service.files import held_alone
from service.services import Services
from service.settings import Settings
from service.usecases.rulebooks import (
    CURRENT,
    BookEntry,
    entry_of,
    get_book,
    in_use,
    keep_new,
    list_books,
    lock_of,
    require_free,
    take_to_use,
)

WHAT = "rulebook"
"""What messages call a text that came without a file."""


@dataclass(frozen=True)
class Proposal:
    """What putting a rulebook in would do.

    Args:
        book: It, as it would be kept.
        entry: How it would stand in the list.
        is_new: Whether it is not kept already.
        holds_now: Whether scans of today would take it, were its id in use.
        against: The rulebook that it is compared with: of its id the version that holds when it begins, else the
            one in use.
        differences: What it says otherwise than that.
    """

    book: Book
    entry: BookEntry
    is_new: bool
    holds_now: bool
    against: Book
    differences: Sequence[BookDifference]


def state_of(settings: Settings) -> str:
    """What the shelf is like, as a word that another content changes: which rulebooks there are, which is in use."""
    told = [in_use(settings), *sorted(entry.name for entry in list_books(settings))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def propose(settings: Settings, text: str, since: date | None = None) -> Proposal:
    """Check a rulebook and say what it would change; nothing is kept.

    Args:
        settings: The settings.
        text: Its YAML.
        since: First day on which it holds; None: as the text says.

    Raises:
        RulebookError: With every fault and its line, or if its id and version are taken by another content.
    """
    book = parse_book(text, WHAT, since=since)
    require_free(settings, book)
    kept = [entry for entry in list_books(settings) if entry.fault is None]
    against = _against(settings, book, kept)
    rivals = [entry for entry in kept if entry.id == book.rules.id and entry.name != book.name]
    today = date.today()
    rank = (book.rules.since or date.min, book.rules.version)
    later = [one for one in rivals if _holds(one, today) and (one.since or date.min, one.version) > rank]
    return Proposal(
        book,
        entry_of(book, in_use(settings)),
        book.name not in {entry.name for entry in kept},
        book.rules.holds_on(today) and not later,
        against,
        book_differences(against.rules, book.rules),
    )


def put_in(
    services: Services, text: str, since: date | None = None, *, use: bool = False, expected: str | None = None
) -> tuple[BookEntry, bool]:
    """Keep a rulebook, and put it to use where that is asked.

    Args:
        services: The service; its caller stands in the record.
        text: Its YAML.
        since: First day on which it holds; None: as the text says.
        use: Whether scans take its id from now on where nobody says otherwise.
        expected: What the shelf was like when the caller looked; None: whatever it is.

    Returns:
        How it stands in the list, and whether it is new there.

    Raises:
        RulebookError: With every fault and its line, or if its id and version are taken by another content.
        BehindError: If the shelf is another by now.
    """
    settings = services.settings
    book = parse_book(text, WHAT, since=since)
    with held_alone(lock_of(settings)):
        _require_as(settings, expected)
        new = keep_new(settings, book)
        before = in_use(settings)
        if use and before != book.rules.id:
            take_to_use(settings, book.rules.id)
            _record(services, "rulebook-used", book.rules.id, before=before)
        if new:
            told = {"version": book.rules.version, "sha256": book.checksum}
            _record(services, "rulebook-added", book.name, since=_day(book.rules.since), **told)
        return entry_of(book, in_use(settings)), new


def put_to_use(services: Services, rulebook_id: str, expected: str | None = None) -> None:
    """Let scans take a rulebook where nobody says otherwise: of its versions the one that holds on their day.

    Args:
        services: The service; its caller stands in the record.
        rulebook_id: Its id, without a checksum.
        expected: What the shelf was like when the caller looked; None: whatever it is.

    Raises:
        NotFoundError: If there is none.
        BehindError: If the shelf is another by now.
    """
    settings = services.settings
    with held_alone(lock_of(settings)):
        _require_as(settings, expected)
        before = in_use(settings)
        take_to_use(settings, rulebook_id)
        if before != rulebook_id:
            _record(services, "rulebook-used", rulebook_id, before=before)


def differences(settings: Settings, name: str, other: str) -> tuple[Book, Book, Sequence[BookDifference]]:
    """Two rulebooks, by id with or without checksum, or `current`; and what the second says otherwise.

    Raises:
        NotFoundError: If there is no such rulebook.
    """
    before, after = get_book(settings, name), get_book(settings, other)
    return before, after, book_differences(before.rules, after.rules)


def _against(settings: Settings, book: Book, kept: Sequence[BookEntry]) -> Book:
    if all(entry.id != book.rules.id for entry in kept):
        return get_book(settings, CURRENT)
    try:
        return get_book(settings, book.rules.id, book.rules.since or date.today())
    except RulebookError:  # no version of it holds on that day: the last one is what readers know
        return get_book(settings, book.rules.id)


def _require_as(settings: Settings, expected: str | None) -> None:
    state = state_of(settings)
    if expected not in (None, state):
        raise BehindError(
            "The rulebooks are not what they were when you looked: somebody has put one in, or another to use.",
            remedy="Look at the list again, and say it again if it still holds.",
            expected=expected,
            state=state,
        )


def _holds(entry: BookEntry, day: date) -> bool:
    return (entry.since is None or entry.since <= day) and (entry.until is None or day <= entry.until)


def _day(day: date | None) -> str | None:
    return None if day is None else str(day)


def _record(services: Services, action: str, target: str, **details: Any) -> None:
    services.store.audit_log.append(entry_by(services.caller, datetime.now(UTC), action, target, **details))
