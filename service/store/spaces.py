"""How rows are found by box: on SQLite through an R*Tree beside the table, on PostGIS by a column of geometry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from service.ogc.asking import like_parts
from service.store.records import Box

_MARGIN = 1e-6
"""Degrees. Both indexes round outwards, but not numbers too small for their precision."""
_PART = 500


class Space(Protocol):
    """The index of boxes of one kind of database. It only pre-filters, and errs on the wide side."""

    def enter(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
        """Enter new rows of a table."""

    def forget(self, connection: sa.Connection, table: sa.Table, seqs: Iterable[int]) -> None:
        """Take rows out."""

    def meets(self, table: sa.Table, boxes: Sequence[Box]) -> sa.ColumnElement[bool]:
        """Rows whose box may meet one of the boxes."""

    def property_of(self, table: sa.Table, name: str) -> sa.ColumnElement[Any]:
        """A property of each row, as the database sees it."""

    def property_is(self, table: sa.Table, name: str, value: str) -> sa.ColumnElement[bool]:
        """Rows whose property is a text, or a number or truth value written so."""

    def typed(self, table: sa.Table, name: str, kind: str) -> sa.ColumnElement[Any]:
        """The values of a property that are of a type (`text`, `number`, `truth`); null elsewhere."""

    def missing(self, table: sa.Table, name: str) -> sa.ColumnElement[bool]:
        """Rows that lack a property, or have null there."""

    def like(self, column: sa.ColumnElement[Any], pattern: str) -> sa.ColumnElement[bool]:
        """Texts like a pattern of SQL, capitals and small letters apart."""


class RTree:
    """SQLite: the virtual table `<table>_rtree`, single precision."""

    def enter(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
        """Enter new rows of a table."""
        wanted = sa.select(table.c.seq, table.c.west, table.c.east, table.c.south, table.c.north)
        wanted = wanted.where(where, table.c.west.is_not(None))
        names = ["seq", "west", "east", "south", "north"]
        connection.execute(sa.insert(self._index(table)).from_select(names, wanted))

    def forget(self, connection: sa.Connection, table: sa.Table, seqs: Iterable[int]) -> None:
        """Take rows out."""
        index, listed = self._index(table), list(seqs)
        for first in range(0, len(listed), _PART):
            connection.execute(sa.delete(index).where(index.c.seq.in_(listed[first : first + _PART])))

    def meets(self, table: sa.Table, boxes: Sequence[Box]) -> sa.ColumnElement[bool]:
        """Rows whose box may meet one of the boxes."""
        index, m = self._index(table), _MARGIN
        hits = [
            sa.select(index.c.seq).where(
                index.c.east >= west - m,
                index.c.west <= east + m,
                index.c.north >= south - m,
                index.c.south <= north + m,
            )
            for west, south, east, north in boxes
        ]
        # a search of its own for each box: of conditions joined by OR the index would be read from end to end
        return table.c.seq.in_(hits[0] if len(hits) == 1 else sa.union_all(*hits))

    def property_of(self, table: sa.Table, name: str) -> sa.ColumnElement[Any]:
        """A property of each row; truth values are 1 and 0."""
        if _odd(name):
            return sa.null()
        return sa.func.json_extract(table.c.geojson, self._path(name))

    def property_is(self, table: sa.Table, name: str, value: str) -> sa.ColumnElement[bool]:
        """Rows whose property is a text, or a number or truth value written so."""
        if _odd(name):
            return sa.false()
        found, kind = self.property_of(table, name), sa.func.json_type(table.c.geojson, self._path(name))
        ways = [sa.and_(kind == "text", found == value)]
        if value in ("true", "false"):
            ways.append(kind == value)
        number = number_of(value)
        if number is not None:
            ways.append(sa.and_(kind.in_(("integer", "real")), found == number))
        return sa.or_(*ways)

    def typed(self, table: sa.Table, name: str, kind: str) -> sa.ColumnElement[Any]:
        """The values of a property that are of a type; truth is compared as truth."""
        if _odd(name):
            return sa.null()
        told = sa.func.json_type(table.c.geojson, self._path(name))
        if kind == "truth":
            return sa.case((told == "true", sa.true()), (told == "false", sa.false()))
        names = ("text",) if kind == "text" else ("integer", "real")
        return sa.case((told.in_(names), self.property_of(table, name)))

    def missing(self, table: sa.Table, name: str) -> sa.ColumnElement[bool]:
        """Rows that lack a property, or have null there."""
        return sa.true() if _odd(name) else self.property_of(table, name).is_(None)

    def like(self, column: sa.ColumnElement[Any], pattern: str) -> sa.ColumnElement[bool]:
        """Texts like a pattern: GLOB, since LIKE of SQLite knows no capitals."""
        signs = {"any": "*", "one": "?"}
        told = [signs.get(kind) or (f"[{sign}]" if sign in "*?[" else sign) for kind, sign in like_parts(pattern)]
        return column.op("GLOB", is_comparison=True)("".join(told))

    @staticmethod
    def _index(table: sa.Table) -> sa.TableClause:
        columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("seq", "west", "east", "south", "north")]
        return sa.table(f"{table.name}_rtree", *columns)

    @staticmethod
    def _path(name: str) -> str:
        return f'$.properties."{name}"'


class Gist:
    """PostGIS: the generated columns `geom`, with its GiST index, and `properties`; they follow the row themselves."""

    def enter(self, connection: sa.Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> None:
        """Nothing to do."""

    def forget(self, connection: sa.Connection, table: sa.Table, seqs: Iterable[int]) -> None:
        """Nothing to do."""

    def meets(self, table: sa.Table, boxes: Sequence[Box]) -> sa.ColumnElement[bool]:
        """Rows whose box may meet one of the boxes."""
        geom, m = self._column(table, "geom"), _MARGIN
        hits = [
            geom.op("&&", is_comparison=True)(
                sa.func.ST_MakeEnvelope(west - m, south - m, east + m, north + m, sa.literal_column("4326"))
            )
            for west, south, east, north in boxes
        ]
        return sa.or_(*hits)

    def property_of(self, table: sa.Table, name: str) -> sa.ColumnElement[Any]:
        """A property of each row, as JSON."""
        if _odd(name):
            return sa.null()
        found: sa.ColumnElement[Any] = self._properties(table)[name]
        return found

    def property_is(self, table: sa.Table, name: str, value: str) -> sa.ColumnElement[bool]:
        """Rows whose property is a text, or a number or truth value written so."""
        if "\x00" in value or _odd(name):
            return sa.false()  # JSON in PostgreSQL knows no such character
        held: list[Any] = [value]
        if value in ("true", "false"):
            held.append(value == "true")
        number = number_of(value)
        if number is not None:
            held.append(number)
        return sa.or_(*(self._properties(table).contains({name: one}) for one in held))

    def typed(self, table: sa.Table, name: str, kind: str) -> sa.ColumnElement[Any]:
        """The values of a property that are of a type; texts in the order of code points."""
        if _odd(name):
            return sa.null()
        found = self._properties(table)[name]
        told, text = sa.func.jsonb_typeof(found), found.op("#>>")(sa.text("'{}'"))
        if kind == "text":
            return sa.case((told == "string", sa.type_coerce(text, sa.Text))).collate("C")
        if kind == "truth":
            return sa.case((told == "boolean", sa.cast(text, sa.Boolean)))
        return sa.case((told == "number", sa.cast(text, sa.Double)))

    def missing(self, table: sa.Table, name: str) -> sa.ColumnElement[bool]:
        """Rows that lack a property, or have null there."""
        if _odd(name):
            return sa.true()
        return sa.func.coalesce(sa.func.jsonb_typeof(self._properties(table)[name]), "null") == "null"

    def like(self, column: sa.ColumnElement[Any], pattern: str) -> sa.ColumnElement[bool]:
        """Texts like a pattern."""
        signs = {"any": "%", "one": "_"}
        told = [signs.get(kind) or (f"\\{sign}" if sign in "%_\\" else sign) for kind, sign in like_parts(pattern)]
        return column.like("".join(told), escape="\\")

    def _properties(self, table: sa.Table) -> Any:
        from sqlalchemy.dialects.postgresql import JSONB

        return self._column(table, "properties", JSONB())

    @staticmethod
    def _column(table: sa.Table, name: str, kind: Any = None) -> sa.ColumnClause[Any]:
        return sa.literal_column(f"{table.name}.{name}", kind)


def _odd(name: str) -> bool:
    """Whether no database can look for a property of this name; no column of a layer is called so."""
    return any(c in '"\\' or c < " " for c in name)


def number_of(text: str) -> float | int | None:
    """The number that a text writes as JSON would; None where it writes none."""
    try:
        number = float(text)
    except ValueError:
        return None
    # 0701 is a code of land use, not seven hundred and one
    plain = text.lstrip("-")
    if not plain[:1].isdigit() or (plain[0] == "0" and plain[1:2].isdigit()) or number in (float("inf"), -float("inf")):
        return None
    return int(text) if plain.isdigit() else number


_SPACES: dict[str, Space] = {"sqlite": RTree(), "postgresql": Gist()}


def space_of(connection: sa.Connection) -> Space:
    """The index of boxes of the database at the other end."""
    return _SPACES[connection.dialect.name]
