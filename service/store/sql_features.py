"""What findings and layer features have in common: boxes, filters, paging by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import shapely
import sqlalchemy as sa

from service.store.database import contained, meets
from service.store.records import Box, FeatureQuery, FeatureRow, Page

_CHUNK = 5_000


def page_of(
    connection: sa.Connection, table: sa.Table, query: FeatureQuery, wheres: Sequence[sa.ColumnElement[bool]]
) -> Page[str]:
    """A page of features; the index pre-filters by box, the geometry itself decides."""
    conditions = list(wheres)
    missed: set[int] = set()
    if query.boxes:
        conditions.append(meets(table, query.boxes))
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
        sa.select(table.c.seq, table.c.geojson).where(*conditions, sa.not_(contained(table, boxes)))
    )
    missed: set[int] = set()
    for part in rows.partitions(_CHUNK):
        geometries = [geometry_of(text) for _, text in part]
        hits = shapely.intersects(area, geometries)
        missed.update(row.seq for row, hit in zip(part, hits, strict=True) if not hit)
    return missed


def geometry_of(geojson: str) -> shapely.Geometry:
    """The geometry of a stored feature."""
    return shapely.from_geojson(orjson.dumps(orjson.loads(geojson)["geometry"]).decode())


def insert_chunks(connection: sa.Connection, table: sa.Table, rows: Iterable[dict[str, object]]) -> None:
    """Insert many rows in bounded portions."""
    batch: list[dict[str, object]] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= _CHUNK:
            connection.execute(sa.insert(table), batch)
            batch = []
    if batch:
        connection.execute(sa.insert(table), batch)


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


def property_is(table: sa.Table, name: str, value: str) -> sa.ColumnElement[bool]:
    """Rows whose property has a value, compared as text."""
    return sa.cast(property_of(table, name), sa.Text) == value


def property_of(table: sa.Table, name: str) -> sa.ColumnElement[Any]:
    """A property of each row."""
    return sa.func.json_extract(table.c.geojson, '$.properties."' + name.replace('"', "") + '"')
