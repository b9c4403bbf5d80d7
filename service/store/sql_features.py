"""What findings and layer features have in common: boxes, filters, paging by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import orjson
import shapely
import sqlalchemy as sa
from psycopg import sql

from service.store.records import Box, FeatureQuery, FeatureRow, Page
from service.store.spaces import space_of

CHUNK = 5_000
"""Rows that are in memory at a time."""


def page_of(
    connection: sa.Connection, table: sa.Table, query: FeatureQuery, wheres: Sequence[sa.ColumnElement[bool]]
) -> Page[str]:
    """A page of features; the index pre-filters by box, the geometry itself decides."""
    conditions = list(wheres)
    missed: set[int] = set()
    if query.boxes:
        conditions.append(space_of(connection).meets(table, query.boxes))
        missed = _straddlers_that_miss(connection, table, query.boxes, conditions)
    count = sa.select(sa.func.count()).select_from(table).where(*conditions)
    matched = connection.execute(count).scalar_one() - len(missed)
    wanted = _in_order(sa.select(table.c.seq, table.c.geojson).where(*conditions), table, query)
    items: list[str] = []
    last = 0
    for seq, text in connection.execute(wanted.limit(query.limit + len(missed) + 1)):
        if seq in missed:
            continue
        if len(items) == query.limit:
            return Page(items, matched, last)
        items.append(text)
        last = seq
    return Page(items, matched, None)


def _in_order(wanted: sa.Select[Any], table: sa.Table, query: FeatureQuery) -> sa.Select[Any]:
    """The rows behind the key of a page, in the wanted order.

    The key is the row that ended the page before: its value, which never changes, tells where to go on. Rows of
    equal value stand in the order of their coming, and the two directions are each other's reverse.
    """
    seq, key = table.c.seq, query.after_key
    if query.sortby is None:
        return wanted.where(seq > key).order_by(seq)
    falling = query.sortby.startswith("-")
    value = table.c[query.sortby.removeprefix("-")]
    if key:
        at = sa.select(value).where(seq == key).scalar_subquery()
        tied = sa.and_(value == at, seq < key if falling else seq > key)
        wanted = wanted.where(sa.or_(value < at if falling else value > at, tied))
    return wanted.order_by(value.desc(), seq.desc()) if falling else wanted.order_by(value, seq)


def _straddlers_that_miss(
    connection: sa.Connection,
    table: sa.Table,
    boxes: Sequence[Box],
    conditions: Sequence[sa.ColumnElement[bool]],
) -> set[int]:
    area = shapely.union_all([shapely.box(*box) for box in boxes])
    shapely.prepare(area)
    # a box within the wanted box surely meets it: only those across its edge need their geometry
    rows = connection.execute(
        in_portions(sa.select(table.c.seq, table.c.geojson).where(*conditions, sa.not_(_contained(table, boxes))))
    )
    missed: set[int] = set()
    for part in rows.partitions(CHUNK):
        geometries = [geometry_of(text) for _, text in part]
        hits = shapely.intersects(area, geometries)
        missed.update(row.seq for row, hit in zip(part, hits, strict=True) if not hit)
    return missed


def geometry_of(geojson: str) -> shapely.Geometry:
    """The geometry of a stored feature."""
    return shapely.from_geojson(orjson.dumps(orjson.loads(geojson)["geometry"]).decode())


def in_portions(wanted: sa.Select[Any]) -> sa.Select[Any]:
    """A query whose rows come from the database a portion at a time, as its reader takes them."""
    return wanted.execution_options(yield_per=CHUNK)


def insert_chunks(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, object]]) -> None:
    """Insert many rows in bounded portions."""
    told = iter(rows)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, told)
        return
    while batch := list(islice(told, CHUNK)):
        connection.execute(sa.insert(table), batch)


def _copy(connection: sa.Connection, table: sa.Table, rows: Iterator[dict[str, object]]) -> None:
    """The same by COPY, which takes a fifth of the time."""
    first = next(rows, None)
    if first is None:
        return
    names = list(first)
    makers = [table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names]
    driver: Any = connection.connection.driver_connection
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    with driver.cursor() as cursor, cursor.copy(into) as copy:
        for row in chain([first], rows):
            copy.write_row(
                [row[name] if make is None else make(row[name]) for name, make in zip(names, makers, strict=True)]
            )


def feature_values(row: FeatureRow) -> dict[str, object]:
    """The columns that every feature has."""
    west, south, east, north = row.bbox or (None, None, None, None)
    return {
        "fid": row.fid,
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "geojson": row.geojson,
    }


def _contained(table: sa.Table, boxes: Sequence[Box]) -> sa.ColumnElement[bool]:
    """Rows whose box lies within one of the boxes: they surely meet it."""
    return sa.or_(
        *(
            sa.and_(table.c.west >= west, table.c.east <= east, table.c.south >= south, table.c.north <= north)
            for west, south, east, north in boxes
        )
    )


def property_filters(
    connection: sa.Connection, table: sa.Table, query: FeatureQuery, columns: Mapping[str, sa.ColumnElement[Any]]
) -> list[sa.ColumnElement[bool]]:
    """The conditions of a query on values, by column where there is one."""
    space = space_of(connection)
    return [
        columns[name] == value if name in columns else space.property_is(table, name, value)
        for name, value in query.equals.items()
    ]
