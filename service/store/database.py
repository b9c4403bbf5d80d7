"""One database: connections, transactions and the index of boxes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, TimeoutError

from service.errors import StoreBusyError
from service.store.records import Box

_INDEX_MARGIN = 1e-6
"""Degrees. The index rounds outwards, but not numbers too small for its precision."""


class Database:
    """Transactions over an engine.

    Args:
        engine: SQLAlchemy engine whose transactions begin with `BEGIN`, or as the option `begin` says.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that only reads: one consistent state."""
        with _named_errors(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that writes: all of it is stored or none."""
        with _named_errors(), self.engine.connect() as plain:
            # the write lock is taken at once: a lock asked for half way could be refused without waiting
            connection = plain.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield connection


@contextmanager
def _named_errors() -> Iterator[None]:
    try:
        yield
    except (OperationalError, TimeoutError) as error:
        raise StoreBusyError(
            f"The database did not answer: {getattr(error, 'orig', None) or error}.",
            remedy="Try again in a moment; see that the data folder is writable and has free space.",
        ) from error


def box_index(table: str) -> sa.TableClause:
    """The R*Tree of a table: single precision, rounded outwards, so it only pre-filters."""
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("seq", "west", "east", "south", "north")]
    return sa.table(f"{table}_rtree", *columns)


def index_rows(connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
    """Enter new rows of a table in its index of boxes."""
    index = box_index(table.name)
    wanted = sa.select(table.c.seq, table.c.west, table.c.east, table.c.south, table.c.north)
    wanted = wanted.where(where, table.c.west.is_not(None))
    connection.execute(sa.insert(index).from_select(["seq", "west", "east", "south", "north"], wanted))


def meets(table: sa.Table, boxes: Sequence[Box]) -> sa.ColumnElement[bool]:
    """Rows whose box may meet one of the boxes, found through the index, which errs on the wide side."""
    index, m = box_index(table.name), _INDEX_MARGIN
    hits = [
        sa.select(index.c.seq).where(
            index.c.east >= west - m, index.c.west <= east + m, index.c.north >= south - m, index.c.south <= north + m
        )
        for west, south, east, north in boxes
    ]
    # a search of its own for each box: of conditions that are joined by OR the index would be read from end to end
    return table.c.seq.in_(hits[0] if len(hits) == 1 else sa.union_all(*hits))


def contained(table: sa.Table, boxes: Sequence[Box]) -> sa.ColumnElement[bool]:
    """Rows whose box lies within one of the boxes: they surely meet it."""
    return sa.or_(
        *(
            sa.and_(table.c.west >= west, table.c.east <= east, table.c.south >= south, table.c.north <= north)
            for west, south, east, north in boxes
        )
    )
