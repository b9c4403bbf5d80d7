"""Filters as SQL, where a database asks the same as `service.ogc.filters`; elsewhere it errs on the wide side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import shapely
import sqlalchemy as sa

from service.ogc.asking import GEOMETRY, SPATIAL, Node
from service.store.spaces import Space

_COMPARE = {"=": "__eq__", "<>": "__ne__", "<": "__lt__", ">": "__gt__", "<=": "__le__", ">=": "__ge__"}

_MANY = 4


@dataclass(frozen=True)
class Asked:
    """What the database is asked of a filter.

    Args:
        clause: A condition that everything wanted meets.
        exact: Whether everything that meets it is wanted.
    """

    clause: sa.ColumnElement[bool]
    exact: bool


_ALL = Asked(sa.true(), exact=False)


@dataclass(frozen=True)
class SqlFilter:
    """Turns filters on a table into conditions.

    Args:
        space: How its database finds properties and boxes.
        table: The table.
        columns: Properties that have a column of their own, which is never null.
    """

    space: Space
    table: sa.Table
    columns: Mapping[str, sa.ColumnElement[Any]]

    def asked(self, node: Node) -> Asked:
        """What the database is asked of a filter."""
        op = node.get("op") if isinstance(node, dict) else None
        args = node["args"] if op else []
        if op in ("and", "or"):
            return self._joined(op, [self.asked(one) for one in args])
        if op == "not":
            inner = self.asked(args[0])
            return Asked(sa.not_(inner.clause), exact=True) if inner.exact else _ALL
        if op is not None and op in SPATIAL:
            return self._near(op, args)
        clause = self._exactly(op, args) if op else None
        return _ALL if clause is None else Asked(clause, exact=True)

    def _joined(self, op: str, parts: list[Asked]) -> Asked:
        exact = all(part.exact for part in parts)
        how = sa.and_ if op == "and" else sa.or_
        return Asked(how(*(part.clause for part in parts)), exact)

    def _near(self, op: str, args: list[Node]) -> Asked:
        """Boxes tell where the geometry must be looked at."""
        shapes = [one["geometry"] for one in args if isinstance(one, dict) and "geometry" in one]
        named = [one for one in args if isinstance(one, dict) and one.get("property") in GEOMETRY]
        if op == "s_disjoint" or len(shapes) != 1 or len(named) != 1:
            return _ALL
        shape: shapely.Geometry = shapes[0]
        if shape.is_empty:
            return Asked(sa.false(), exact=False)
        return Asked(self.space.meets(self.table, [shape.bounds]), exact=False)

    def _exactly(self, op: str, args: list[Node]) -> sa.ColumnElement[bool] | None:
        """The conditions on one property and plain values; None for all others."""
        name = args[0].get("property") if isinstance(args[0], dict) else None
        if name is None or name in GEOMETRY:
            return None
        if op == "isnull":
            return sa.false() if name in self.columns else self.space.missing(self.table, name)
        values = args[1] if op == "in" and isinstance(args[1], list) else args[1:]
        kind = _kind(values)
        if kind is None:
            return None
        if kind == "number":
            values = [float(value) for value in values]
        column = self._column(name, kind)
        if op == "in":
            return column.in_(values) if kind != "truth" else None
        if op == "between":
            return sa.and_(column >= values[0], column <= values[1]) if kind != "truth" else None
        if op == "like":
            # a database tries again and again where many signs stand for anything: then the filter itself is faster
            plain = kind == "text" and values[0].count("%") <= _MANY
            return self.space.like(column, values[0]) if plain else None
        if op not in _COMPARE or (kind == "truth" and op not in ("=", "<>")):
            return None
        compared: sa.ColumnElement[bool] = getattr(column, _COMPARE[op])(values[0])
        return compared

    def _column(self, name: str, kind: str) -> sa.ColumnElement[Any]:
        """The values of a property of one type, null where it is of another."""
        own = self.columns.get(name)
        if own is not None:
            native = "text" if isinstance(own.type, sa.String) else "number"
            return own if native == kind else sa.null()
        return self.space.typed(self.table, name, kind)


def _kind(values: list[Any]) -> str | None:
    """The one type of plain values; None where they are of several, or something else."""
    kinds = {
        "truth" if isinstance(v, bool) else "number" if isinstance(v, (int, float)) else
        "text" if isinstance(v, str) and "\x00" not in v else None
        for v in values
    }  # fmt: skip
    return kinds.pop() if len(kinds) == 1 else None
