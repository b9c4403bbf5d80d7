"""A filter asked of one feature: CQL2 (OGC 21-065r2) as closures, with the three truths of the standard."""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cached_property
from types import MappingProxyType
from typing import Any

import orjson
import shapely

from service.errors import FilterError
from service.ogc.times import RELATIONS, Span, between, day, relation, span_of

Node = Any
"""CQL2 as JSON: a literal, `{"property": name}`, or `{"op": name, "args": [...]}` with names in small letters."""
GEOMETRY = frozenset({"geometry", "geom"})
"""How a filter may call the geometry of a feature."""
SPATIAL: Mapping[str, Callable[[Any, Any], Any]] = MappingProxyType(
    {
        "s_intersects": shapely.intersects,
        "s_contains": shapely.contains,
        "s_within": shapely.within,
        "s_touches": shapely.touches,
        "s_crosses": shapely.crosses,
        "s_disjoint": shapely.disjoint,
        "s_equals": shapely.equals,
        "s_overlaps": shapely.overlaps,
    }
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "=": operator.eq,
        "<>": operator.ne,
        "<": operator.lt,
        ">": operator.gt,
        "<=": operator.le,
        ">=": operator.ge,
    }
)
_ARITHMETIC: Mapping[str, Callable[[float, float], float]] = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "%": operator.mod,
        "div": operator.floordiv,
        "^": operator.pow,
    }
)
_ARRAYS: Mapping[str, Callable[[set[Any], set[Any]], bool]] = MappingProxyType(
    {
        "a_equals": operator.eq,
        "a_contains": operator.ge,
        "a_containedby": operator.le,
        "a_overlaps": lambda a, b: not a.isdisjoint(b),
    }
)
_FUNCTIONS = frozenset({"casei", "accenti"})


class Row:
    """A feature as a filter sees it.

    Args:
        fid: Its id.
        properties: Its properties.
        geometry: Its geometry as GeoJSON text or value, None without one.
    """

    def __init__(self, fid: str, properties: Mapping[str, Any], geometry: Any) -> None:
        self.fid, self.properties, self._geometry = fid, properties, geometry

    @cached_property
    def geometry(self) -> shapely.Geometry | None:
        """Its geometry."""
        told = self._geometry
        if told is None:
            return None
        return shapely.from_geojson(told if isinstance(told, (str, bytes)) else orjson.dumps(told))


def asker(node: Node) -> Callable[[Row], Any]:
    """What asks a feature a filter."""
    if isinstance(node, dict):
        if "op" in node:
            return _operation(node["op"], node["args"])
        if "property" in node:
            return _property(node["property"])
        literal = _literal(node)
        return literal if callable(literal) else lambda row: literal
    if isinstance(node, list):
        parts = [asker(one) for one in node]
        return lambda row: [part(row) for part in parts]
    return lambda row: node


def _property(name: str) -> Callable[[Row], Any]:
    if name in GEOMETRY:
        return lambda row: row.geometry
    if name == "id":
        return lambda row: row.fid
    return lambda row: row.properties.get(name)


def _literal(node: Mapping[str, Any]) -> Any:
    """A geometry, a day, a moment or a span."""
    if "geometry" in node:
        return node["geometry"]
    try:
        if "date" in node:
            return day(date.fromisoformat(node["date"]))
        if "timestamp" in node:
            found = span_of(node["timestamp"])
            if found is not None and len(node["timestamp"]) > len("2025-01-01"):
                return found
        if "interval" in node:
            start, end = (asker(one) for one in node["interval"])
            return lambda row: between(start(row), end(row))
    except (ValueError, TypeError) as error:
        raise _no_time(node) from error
    raise _no_time(node)


def _no_time(node: Node) -> FilterError:
    return FilterError(
        f"{str(node)[:120]} is no time.", remedy="Write DATE('2025-04-12') or TIMESTAMP('2025-04-12T10:30:00Z')."
    )


def _operation(name: str, args: list[Node]) -> Callable[[Row], Any]:
    least, most = OPERATIONS[name]
    if not least <= len(args) <= most:
        raise FilterError(f"{name} takes {least} arguments, not {len(args)}.", remedy="See the standard, OGC 21-065r2.")
    made = [asker(one) for one in args]
    if name in ("and", "or"):
        return _joined(made, stops_at=name == "or")
    if name == "like":
        return _like(made[0], args[1])
    if name == "in":
        equal = _COMPARE["="]
        return lambda row: _any(_compared(equal, made[0](row), one) for one in made[1](row))
    return _plain_operation(name, made)


def _plain_operation(name: str, made: list[Callable[[Row], Any]]) -> Callable[[Row], Any]:
    """An operation of the values of its arguments alone."""
    one = made[0]
    if name == "not":
        return lambda row: None if (told := one(row)) is None else not told if isinstance(told, bool) else None
    if name == "isnull":
        return lambda row: one(row) is None
    if name in _FUNCTIONS:
        fold = _FOLDS[name]
        return lambda row: fold(told) if isinstance(told := one(row), str) else None
    two = made[1]
    if name == "between":
        three, ge, le = made[2], _COMPARE[">="], _COMPARE["<="]
        return lambda row: _all((_compared(ge, one(row), two(row)), _compared(le, one(row), three(row))))
    if name in _COMPARE:
        how = _COMPARE[name]
        return lambda row: _compared(how, one(row), two(row))
    if name in SPATIAL:
        return _spatial(name, one, two)
    if name in RELATIONS:
        return _temporal(name, one, two)
    if name in _ARRAYS:
        return _array(name, one, two)
    return _arithmetic(name, one, two)


def _joined(made: list[Callable[[Row], Any]], *, stops_at: bool) -> Callable[[Row], Any]:
    """AND (which a false ends) and OR (which a true ends); unknown beside nothing that ends it is unknown."""

    def asked(row: Row) -> Any:
        known: Any = not stops_at
        for one in made:
            told = one(row)
            if told is stops_at:
                return stops_at
            if told is not (not stops_at):
                known = None
        return known

    return asked


def _any(told: Iterable[Any]) -> Any:
    unknown = False
    for one in told:
        if one is True:
            return True
        unknown = unknown or one is None
    return None if unknown else False


def _all(told: Iterable[Any]) -> Any:
    unknown = False
    for one in told:
        if one is False:
            return False
        unknown = unknown or one is None
    return None if unknown else True


def _compared(how: Callable[[Any, Any], bool], a: Any, b: Any) -> Any:
    if isinstance(a, Span) or isinstance(b, Span):
        a, b = span_of(a), span_of(b)
        return None if a is None or b is None else _in_time(how, a, b)
    kinds = (_kind(a), _kind(b))
    if kinds[0] is None or kinds[0] != kinds[1]:
        return None
    return how(a, b)


def _kind(value: Any) -> str | None:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else None


def _in_time(how: Callable[[Any, Any], bool], a: Span, b: Span) -> bool:
    """A moment within a day is neither before nor behind the day."""
    if how in (operator.eq, operator.ne):
        return how(a, b)
    if how is operator.lt:
        return a.start < b.start
    if how is operator.gt:
        return a.end > b.end
    return a.end <= b.end if how is operator.le else a.start >= b.start


def _like(one: Callable[[Row], Any], pattern: Node) -> Callable[[Row], Any]:
    folded: list[str] = []
    while isinstance(pattern, dict) and pattern.get("op") in _FUNCTIONS:
        folded.append(pattern["op"])
        pattern = pattern["args"][0]
    if not isinstance(pattern, str):
        raise FilterError("The pattern of LIKE must be a text.", remedy="name LIKE '东%'")
    for name in reversed(folded):
        pattern = _FOLDS[name](pattern)
    pieces = _pieces(like_parts(pattern))
    return lambda row: _is_like(told, pieces) if isinstance(told := one(row), str) else None


def like_parts(pattern: str) -> list[tuple[str, str]]:
    r"""The signs of a pattern of LIKE: (`any`, ``), (`one`, ``) or (`sign`, itself); `\` takes the next as it is."""
    parts: list[tuple[str, str]] = []
    signs = iter(pattern)
    for sign in signs:
        if sign == "\\":
            parts.append(("sign", next(signs, "\\")))
        else:
            parts.append({"%": ("any", ""), "_": ("one", "")}.get(sign, ("sign", sign)))
    return parts


def _pieces(parts: list[tuple[str, str]]) -> list[re.Pattern[str]]:
    """What stands between the signs for anything, in order; without such a sign there is one piece."""
    pieces = [""]
    for kind, sign in parts:
        if kind == "any":
            pieces.append("")
        else:
            pieces[-1] += "." if kind == "one" else re.escape(sign)
    return [re.compile(piece, re.DOTALL) for piece in pieces]


def _is_like(text: str, pieces: list[re.Pattern[str]]) -> bool:
    """Whether a text is like a pattern; each piece is looked for once, so that no pattern makes it slow."""
    first, *middle = pieces
    if not middle:
        return first.fullmatch(text) is not None
    found = first.match(text)
    for piece in middle[:-1]:
        if found is None:
            return False
        found = piece.search(text, found.end())
    if found is None:
        return False
    last = middle[-1]
    # pieces are of fixed length, so the last one has one place where it can end the text
    length = _length(last)
    return len(text) - length >= found.end() and last.match(text, len(text) - length) is not None


def _length(piece: re.Pattern[str]) -> int:
    """How many signs a piece matches: it holds single signs and dots alone."""
    return len(re.sub(r"\\(.)", r"\1", piece.pattern, flags=re.DOTALL))


def _spatial(name: str, one: Callable[[Row], Any], two: Callable[[Row], Any]) -> Callable[[Row], Any]:
    how = SPATIAL[name]

    def asked(row: Row) -> Any:
        a, b = one(row), two(row)
        if not isinstance(a, shapely.Geometry) or not isinstance(b, shapely.Geometry):
            return None
        return bool(how(a, b))

    return asked


def _temporal(name: str, one: Callable[[Row], Any], two: Callable[[Row], Any]) -> Callable[[Row], Any]:
    def asked(row: Row) -> Any:
        a, b = span_of(one(row)), span_of(two(row))
        return None if a is None or b is None else relation(name, a, b)

    return asked


def _array(name: str, one: Callable[[Row], Any], two: Callable[[Row], Any]) -> Callable[[Row], Any]:
    how = _ARRAYS[name]

    def asked(row: Row) -> Any:
        a, b = one(row), two(row)
        if not isinstance(a, list) or not isinstance(b, list):
            return None
        return how({_hashable(x) for x in a}, {_hashable(x) for x in b})

    return asked


def _hashable(value: Any) -> Any:
    # 1 and true are one in Python and two in JSON
    return (isinstance(value, bool), value) if isinstance(value, (bool, int, float, str)) else orjson.dumps(value)


def _arithmetic(name: str, one: Callable[[Row], Any], two: Callable[[Row], Any]) -> Callable[[Row], Any]:
    how = _ARITHMETIC[name]

    def asked(row: Row) -> Any:
        a, b = one(row), two(row)
        if _kind(a) != "number" or _kind(b) != "number":
            return None
        try:
            found = how(float(a), float(b))
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        return None if isinstance(found, complex) else found

    return asked


def _accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


_FOLDS: Mapping[str, Callable[[str], str]] = MappingProxyType({"casei": str.casefold, "accenti": _accents})
OPERATIONS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "and": (2, 10_000),
        "or": (2, 10_000),
        "not": (1, 1),
        "isnull": (1, 1),
        "between": (3, 3),
        **dict.fromkeys(("in", "like", *_COMPARE, *SPATIAL, *RELATIONS, *_ARRAYS, *_ARITHMETIC), (2, 2)),
        **dict.fromkeys(_FUNCTIONS, (1, 1)),
    }
)
"""How many arguments an operation takes: at least, at most."""
