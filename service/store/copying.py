"""A whole store copied into another, whatever the two are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import sqlalchemy as sa

from service.errors import ConflictError, InternalError
from service.store.database import reading
from service.store.job_schema import job_steps, runners
from service.store.lead_schema import metadata
from service.store.schema import BOXED
from service.store.spaces import space_of
from service.store.sql_features import in_portions, insert_chunks

PASSING = (job_steps, runners)
"""What belongs to the processes that run just now: it is not copied, and does not make a database one in use."""
Progress = Callable[[str, int], None]
"""Told the name of a table and how many of its rows are copied."""


def copy_store(source: sa.Engine, target: sa.Engine, progress: Progress = lambda name, rows: None) -> dict[str, int]:
    """Copy every row, in one transaction on either side, and compare the checksums of what lies on both.

    Args:
        source: A database of which the tables are up to date. It may be in use: one state of it is copied.
        target: An empty database of which the tables are up to date.
        progress: Told how far it is.

    Returns:
        Rows by table.

    Raises:
        ConflictError: If the target holds rows already.
        InternalError: If the target does not hold what the source held; then it holds nothing.
    """
    counts: dict[str, int] = {}
    with reading(source) as old, target.begin() as new:
        _refuse_rows(new)
        new.execute(sa.delete(metadata.tables["changes"]))
        for table in _lasting():
            digest = hashlib.sha256()
            rows = _counted(_told(_rows(old, table), digest), str(table.name), counts, progress)
            insert_chunks(new, table, rows)
            _compare(new, table, digest.hexdigest(), counts[table.name])
        for name in BOXED:
            space_of(new).enter(new, metadata.tables[name], sa.true())
        _go_on_counting(new)
    return counts


def _lasting() -> list[sa.Table]:
    return [table for table in metadata.sorted_tables if table not in PASSING]


def _refuse_rows(target: sa.Connection) -> None:
    for table in _lasting():
        if table.name != "changes" and target.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise ConflictError(
                f"The database that is copied to holds rows already (table {table.name}).",
                remedy="Name an empty one: createdb, or another data folder.",
                table=table.name,
            )


def _rows(connection: sa.Connection, table: sa.Table) -> Iterator[dict[str, Any]]:
    # by key, and as far as texts are keys in the order of code points, which both databases know
    keys = [sa.collate(c, _BINARY[connection.dialect.name]) if isinstance(c.type, sa.String) else c
            for c in table.primary_key]  # fmt: skip
    for row in connection.execute(in_portions(sa.select(table).order_by(*keys))):
        yield dict(row._mapping)


_BINARY = {"sqlite": "BINARY", "postgresql": "C"}


def _told(rows: Iterator[dict[str, Any]], digest: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        digest.update(orjson.dumps(list(row.values()), default=str) + b"\n")
        yield row


def _counted(
    rows: Iterator[dict[str, Any]], name: str, counts: dict[str, int], progress: Progress
) -> Iterator[dict[str, Any]]:
    counts[name] = 0
    for row in rows:
        counts[name] += 1
        if counts[name] % 10_000 == 0:
            progress(name, counts[name])
        yield row
    progress(name, counts[name])


def _compare(target: sa.Connection, table: sa.Table, sha256: str, count: int) -> None:
    digest = hashlib.sha256()
    held = sum(1 for _ in _told(_rows(target, table), digest))
    if digest.hexdigest() != sha256:
        raise InternalError(
            f"The table {table.name} arrived changed: {held:,} of {count:,} rows, another checksum.",
            remedy="Nothing was copied. Please report it.",
            table=table.name,
        )


def _go_on_counting(target: sa.Connection) -> None:
    """Keys of later rows follow those that were copied; SQLite sees to that itself."""
    if target.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if "seq" in table.c:
            most = target.execute(sa.select(sa.func.max(table.c.seq))).scalar_one()
            if most is not None:
                target.execute(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(table.name, "seq"), most)))
