"""The book of terms as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from service.cases.clocks.counting import length_words
from service.cases.clocks.rows import NATIONAL, TITLES, Ref, Term
from service.cases.clocks.terms import Book
from service.cases.events import KINDS

COLUMNS = ("term", "title", "题名", "how long", "starts", "whose", "source", "依据", "where", "trust")


def table_of(book: Book, rows: Sequence[Term] | None = None) -> list[tuple[str, ...]]:
    """The rows of a book in words, one cell for each of `COLUMNS`.

    Args:
        book: The book.
        rows: Which of its rows; None: those in use.
    """
    return [_cells(book, row) for row in (book.terms if rows is None else rows)]


def markdown_of(book: Book) -> str:
    """All rows, those not in use last, as a table in Markdown."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += [
        "| " + " | ".join((f"`{row[0]}`", *row[1:])) + " |" for row in table_of(book, (*book.terms, *book.shelved))
    ]
    return "\n".join(lines) + "\n"


def _cells(book: Book, row: Term) -> tuple[str, ...]:
    places = ", ".join("" if place == NATIONAL else place for place in row.places)
    return (
        row.id,
        row.title,
        row.title_zh,
        _long(book, row),
        _starts(row),
        TITLES[row.whose][0],
        book.cite(row.source, "en") + (f" (changed: {row.changed_by})" if row.changed_by else ""),
        book.cite(row.source, "zh"),
        places,
        ", ".join(mark.replace(": ", ", ") for mark in row.marks),
    )


def _long(book: Book, row: Term) -> str:
    if row.length is not None:
        unit = book.statute_of(row).unit_of(row.length) if row.unit == "by_law" else row.unit
        told = length_words(row.length, unit, "en")
    elif row.length_from is not None:
        told = "as told" + (f", at least {row.at_least} days" if row.at_least else "")
    else:
        told = "to the day named" if row.until_fact else "not set"
    more = [f"+ up to {one.at_most} days" if one.at_most else "+ extensions" for one in row.extended_by]
    held = [f"paused: {book.pauses[name].title}" for name in row.pauses]
    return "; ".join([" ".join([told, *more]), *held])


def _starts(row: Term) -> str:
    if row.follows is not None:
        return "after " + ", ".join(row.follows.terms)
    return " or ".join(_event(ref) for ref in row.starts)


def _event(ref: Ref) -> str:
    title = KINDS[ref.event].title
    named = {"act_ended_on": "end of the act", "discovered_on": "discovery"}.get(ref.day or "")
    return f"{named} ({title.lower()})" if named else title
