"""What findings and layer features have in common: boxes, filters, paging by key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import orjson
import shapely
import sqlalchemy as sa
from psycopg import sql

from service.auth.sight import EVERYTHING, Sight
from service.errors import BadQueryError
from service.ogc.filters import Filter
from service.ogc.texts import geometries_of, row_of
from service.store.queries import FeaturePage, FeatureQuery, Key
from service.store.quick import Quick
from service.store.records import Box, FeatureRow
from service.store.spaces import Space, space_of
from service.store.sql_filters import SqlFilter

CHUNK = 5_000
"""Rows that are in memory at a time."""


@dataclass(frozen=True)
class Source:
    """Where features of a collection lie.

    Args:
        table: Their table.
        columns: Properties that have a column of their own, which is never null.
        wheres: What all of them meet.
        known: How many there are, where that is known.
        small: Whether they are so few that they are always counted.
        sight: Whose eyes they are seen with: nothing beyond their ground is told or counted.
        held: Whether the ground must hold them wholly, not only meet them.
    """

    table: sa.Table
    columns: Mapping[str, sa.ColumnElement[Any]]
    wheres: Sequence[sa.ColumnElement[bool]]
    known: int | None = None
    small: bool = False
    sight: Sight = EVERYTHING
    held: bool = False


def page_of(connection: sa.Connection, source: Source, query: FeatureQuery) -> FeaturePage:
    """A page of features; the database pre-filters, the geometry and the filter itself decide.

    Raises:
        BadQueryError: If the key of the page is none of this query.
    """
    search = _Search(connection, source, query)
    found = list(islice(search.rows(query.after, query.limit + 1), query.limit + 1))
    shown = found[: query.limit]
    after = search.key_of(shown[-1]) if len(found) > query.limit and shown else ()
    matched = None
    if not query.after and not after and query.limit:
        matched = len(shown)
    elif source.known is not None and query.whole and source.sight.ground is None:
        matched = source.known
    elif query.count or (source.small and search.unfiltered):
        matched = search.count()
    return FeaturePage([row.geojson for row in shown], matched, after)


def is_plain(query: FeatureQuery) -> bool:
    """Whether a query asks for no more than a box, in the order of coming."""
    more = (query.equals, query.interval, query.filter, query.sort, query.count)
    return not any(more) and query.min_confidence is None and len(query.boxes) < 2


def plain_page(quick: Quick, table: str, query: FeatureQuery, known: int | None) -> FeaturePage:
    """What `page_of` gives for a plain query, by plain statements.

    Args:
        quick: Asks the database.
        table: Where the features lie.
        query: See `is_plain`.
        known: How many there are in all, where that is known.
    """
    box = query.boxes[0] if query.boxes else None
    if len(query.after) > 1 or not all(_is(int, value) for value in query.after):
        raise BadQueryError("The cursor belongs to another query.", remedy="Follow the `next` links as they are.")
    wanted = query.limit + 1
    # some whose box meets the wanted one do not: a few more at once save a second question
    take = wanted if box is None else wanted + 8 + query.limit // 32
    key = query.after[0] if query.after else 0
    found: list[Any] = []
    while True:
        part = quick.page(table, query.within, box, key, take)
        found += part if box is None else _that_meet(part, box)
        if len(part) < take or len(found) >= wanted:
            break
        key, take = part[-1][0], min(2 * take + 32, CHUNK)
    shown = found[: query.limit]
    after: Key = (shown[-1][0],) if len(found) > query.limit and shown else ()
    matched = len(shown) if not query.after and not after else known if query.whole else None
    return FeaturePage([text for _, text, _ in shown], matched, after)


def _that_meet(part: Sequence[Any], box: Box) -> list[Any]:
    """Rows whose geometry meets a box.

    Those whose own box lies within surely do. So does a polygon whose box reaches over one side alone: it is of one
    piece, so it crosses that side. Only what reaches over a corner, or is of several pieces, has to be looked at.
    """
    sure = [inside == 2 or (inside == 1 and _POLYGON in text) for _, text, inside in part]
    edge = [row[1] for row, known in zip(part, sure, strict=True) if not known]
    if not edge:
        return list(part)
    hits = iter(shapely.intersects(shapely.box(*box), geometries_of(edge)).tolist())
    return [row for row, known in zip(part, sure, strict=True) if known or next(hits)]


_POLYGON = '"geometry":{"type":"Polygon"'


def stream_of(connection: sa.Connection, source: Source, query: FeatureQuery) -> Iterator[str]:
    """All features that a query wants, in its order, a portion at a time; its limit and key do not count."""
    return (row.geojson for row in _Search(connection, source, query).rows((), None))


class _Search:
    """One query on one table."""

    def __init__(self, connection: sa.Connection, source: Source, query: FeatureQuery) -> None:
        self._connection, self._source, self._query = connection, source, query
        table, space = source.table, space_of(connection)
        self._conditions = [*source.wheres]
        self._conditions += [
            source.columns[name] == value if name in source.columns else space.property_is(table, name, value)
            for name, value in query.equals.items()
        ]
        self._left: Filter | None = None
        if query.filter is not None:
            asked = SqlFilter(space, table, source.columns).asked(query.filter.node)
            self._conditions.append(asked.clause)
            self._left = None if asked.exact else query.filter
        if query.boxes:
            self._conditions.append(space.meets(table, query.boxes))
            self._area = shapely.union_all([shapely.box(*box) for box in query.boxes])
            shapely.prepare(self._area)
        if source.sight.ground is not None:
            ground = source.sight.ground
            self._conditions.append(sa.false() if ground.is_empty else space.meets(table, [ground.bounds]))
        self._order = self._ordered(space)

    @property
    def unfiltered(self) -> bool:
        """Whether no row has to be read only to know whether the filter wants it."""
        return self._left is None

    @property
    def exact(self) -> bool:
        """Whether the database decides, but for geometries at the edge of a box."""
        return self._left is None and self._source.sight.ground is None

    def rows(self, after: Key, least: int | None) -> Iterator[Any]:
        """The wanted rows behind a key; `least`: how many are taken at first, None for all of them."""
        query, table = self._query, self._source.table
        columns = [table.c.seq, table.c.geojson, *(one for one, _, _ in self._order[:-1])]
        if query.boxes:
            columns.append(_contained(table, query.boxes).label("inside"))
        order = [one.desc() if falling else one for one, falling, _ in self._order]
        base = sa.select(*columns).where(*self._conditions).order_by(*order)
        if least is None:
            for part in self._connection.execute(in_portions(base)).partitions(CHUNK):
                yield from self._kept(part)
            return
        take, key = least, after
        while True:
            wanted = base.where(self._behind(key)) if key else base
            part = self._connection.execute(wanted.limit(take)).all()
            yield from self._kept(part)
            if len(part) < take:
                return
            key, take = self.key_of(part[-1]), min(2 * take + 32, CHUNK)

    def key_of(self, row: Any) -> Key:
        """The key of the page behind a row."""
        return (*tuple(row)[2 : 1 + len(self._order)], row.seq)

    def count(self) -> int:
        """How many there are on all pages."""
        if not self.exact:
            return sum(1 for _ in self.rows((), None))
        table = self._source.table
        count = sa.select(sa.func.count()).select_from(table).where(*self._conditions)
        matched: int = self._connection.execute(count).scalar_one()
        if not self._query.boxes:
            return matched
        # a box within the wanted box surely meets it: only those across its edge need their geometry
        across = sa.select(table.c.geojson).where(*self._conditions, sa.not_(_contained(table, self._query.boxes)))
        for part in self._connection.execute(in_portions(across)).partitions(CHUNK):
            hits = shapely.intersects(self._area, geometries_of([row.geojson for row in part]))
            matched -= int((~hits).sum())
        return matched

    def _kept(self, part: Sequence[Any]) -> Iterable[Any]:
        """Those of some rows that are wanted indeed."""
        kept = list(part)
        if self._query.boxes:
            edge = [row for row in kept if not row.inside]
            hits = shapely.intersects(self._area, geometries_of([row.geojson for row in edge])) if edge else ()
            missed = {row.seq for row, hit in zip(edge, hits, strict=True) if not hit}
            kept = [row for row in kept if row.seq not in missed] if missed else kept
        if self._source.sight.ground is not None and kept:
            sight, held = self._source.sight, self._source.held
            shapes = geometries_of([row.geojson for row in kept])
            kept = [
                row
                for row, shape in zip(kept, shapes, strict=True)
                if (sight.holds(shape) or row_of(row.geojson).fid in sight.areas if held else sight.meets(shape))
            ]
        if self._left is not None:
            kept = [row for row in kept if self._left.matches(row_of(row.geojson))]
        return kept

    def _ordered(self, space: Space) -> list[tuple[sa.ColumnElement[Any], bool, type]]:
        """What rows are ordered by: expression, whether falling, type of its values; their coming is the last."""
        order: list[tuple[sa.ColumnElement[Any], bool, type]] = []
        for number, sort in enumerate(self._query.sort):
            own = self._source.columns.get(sort.name)
            own = self._source.table.c.fid if sort.name == "id" else own
            if own is not None:
                kind = str if isinstance(own.type, sa.String) else float
                order.append((own.label(f"by_{number}"), sort.falling, kind))
                continue
            for kind, one in ((float, _number(space, self._source.table, sort.name)),
                              (str, _text(space, self._source.table, sort.name))):  # fmt: skip
                order.append((one.label(f"by_{number}_{kind.__name__}"), sort.falling, kind))
        last = bool(self._query.sort) and self._query.sort[0].falling
        return [*order, (self._source.table.c.seq, last, int)]

    def _behind(self, key: Key) -> sa.ColumnElement[bool]:
        """The rows behind a key: the first value that differs decides."""
        kinds = [kind for _, _, kind in self._order]
        if len(key) != len(kinds) or not all(map(_is, kinds, key)):
            raise BadQueryError("The cursor belongs to another query.", remedy="Follow the `next` links as they are.")
        ways = []
        for k, (one, falling, _) in enumerate(self._order):
            tied = [_plain(self._order[n][0]) == key[n] for n in range(k)]
            ways.append(sa.and_(*tied, _plain(one) < key[k] if falling else _plain(one) > key[k]))
        first, falling, _ = self._order[0]
        # the same said once more, so that an index leads to the place
        bound = _plain(first) <= key[0] if falling else _plain(first) >= key[0]
        return sa.and_(bound, sa.or_(*ways)) if len(ways) > 1 else ways[0]


def _plain(one: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return one.element if isinstance(one, sa.Label) else one


def _is(kind: type, value: Any) -> bool:
    """Whether a value of a key is of a type; JSON knows one kind of numbers."""
    if kind is str:
        return isinstance(value, str)
    return isinstance(value, int if kind is int else (int, float)) and not isinstance(value, bool)


_LEAST = -1.5e308


def _number(space: Space, table: sa.Table, name: str) -> sa.ColumnElement[Any]:
    truth = sa.cast(space.typed(table, name, "truth"), sa.Integer)
    return sa.func.coalesce(space.typed(table, name, "number"), truth, sa.literal(_LEAST, sa.Double), type_=sa.Double)


def _text(space: Space, table: sa.Table, name: str) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(space.typed(table, name, "text"), sa.literal("", sa.Text), type_=sa.Text)


def extent_of(texts: Iterable[str], times: tuple[str, str]) -> tuple[Box | None, tuple[str, str] | None]:
    """Box and time span of some features, by the properties that say when each begins and ends."""
    listed = list(texts)
    if not listed:
        return None, None
    west, south, east, north = shapely.total_bounds(geometries_of(listed)).tolist()
    told = [orjson.loads(text)["properties"] for text in listed]
    first, last = (sorted(str(one[name]) for one in told if one.get(name)) for name in times)
    return (west, south, east, north), (first[0], last[-1]) if first and last else None


def geometry_of(geojson: str) -> shapely.Geometry:
    """The geometry of a stored feature."""
    return geometries_of([geojson])[0]


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
