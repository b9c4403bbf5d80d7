"""CQL2 (OGC 21-065r2), read from text or JSON and asked of one feature at a time.

Truth has three values, as the standard and SQL have it: a comparison with a property that is missing, null or of
another type is unknown, and a feature is wanted where the whole is true. `service.store.sql_filters` asks the database
the same where it can; the tests hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
import shapely

from service.errors import FilterError
from service.ogc.asking import GEOMETRY, OPERATIONS, Node, Row, asker

_MAX_LENGTH, _MAX_DEPTH = 16_384, 60


@dataclass(frozen=True)
class Filter:
    """A checked filter.

    Args:
        node: CQL2 as JSON; geometries in CRS84.
    """

    node: Node

    @cached_property
    def _asked(self) -> Callable[[Row], Any]:
        return asker(self.node)

    def matches(self, row: Row) -> bool:
        """Whether a feature is wanted."""
        return self._asked(row) is True


def read_filter(
    told: str, lang: str, known: Iterable[str], to_crs84: Callable[[shapely.Geometry], shapely.Geometry]
) -> Filter:
    """A filter from a request.

    Args:
        told: CQL2 as text or JSON.
        lang: `cql2-text` or `cql2-json`.
        known: Names of the properties that it may ask for.
        to_crs84: Brings its geometries to CRS84.

    Raises:
        FilterError: If it cannot be read, or asks for what there is not.
    """
    import cql2

    if len(told) > _MAX_LENGTH or _depth(told) > _MAX_DEPTH:
        raise FilterError(
            f"The filter is too long or too deep: {len(told):,} characters, {_depth(told)} levels.",
            remedy=f"At most {_MAX_LENGTH:,} characters and {_MAX_DEPTH} levels.",
            length=len(told),
        )
    try:
        parsed = cql2.parse_text(told) if lang == "cql2-text" else cql2.parse_json(told)
        node = parsed.to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError, TypeError) as error:
        raise FilterError(
            f"The filter cannot be read: {_first_lines(error)}.", remedy="Write CQL2, as status = 'suspected'."
        ) from error
    checked = _Checker(frozenset(known), to_crs84).node(node)
    found = Filter(checked)
    found._asked  # noqa: B018 - what cannot be asked is refused here, not with the first feature
    return found


def _depth(told: str) -> int:
    """How deep brackets are nested; signs and NOTs in front of one another count as such."""
    deep = most = 0
    for sign in told:
        deep += (sign in "([{") - (sign in ")]}")
        most = max(most, deep)
    return most + max(len(re.findall(r"\bnot\b", told, re.IGNORECASE)), told.count("- "), told.count("--"))


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


class _Checker:
    """Names in small letters, geometries as shapes in CRS84, nothing that is unknown."""

    def __init__(self, known: frozenset[str], to_crs84: Callable[[shapely.Geometry], shapely.Geometry]) -> None:
        self._known, self._to_crs84 = known, to_crs84

    def node(self, node: Node) -> Node:
        if isinstance(node, list):
            return [self.node(one) for one in node]
        if not isinstance(node, dict):
            return node
        if "op" in node:
            name = str(node["op"]).lower()
            if name not in OPERATIONS:
                raise FilterError(
                    f"There is no function {name[:60]!r}.", remedy=f"Known: {', '.join(sorted(OPERATIONS))}."
                )
            return {"op": name, "args": [self.node(one) for one in node.get("args", [])]}
        if "property" in node:
            return self._property(str(node["property"]))
        if "type" in node or "bbox" in node:
            return {"geometry": self._geometry(node)}
        return {name: [self.node(one) for one in told] if isinstance(told, list) else told
                for name, told in node.items()}  # fmt: skip

    def _property(self, name: str) -> Node:
        if name not in self._known and name != "id" and name not in GEOMETRY:
            raise FilterError(
                f"There is no property {name[:80]!r}.", remedy=f"Known: {', '.join(sorted(self._known))[:600]}."
            )
        return {"property": name}

    def _geometry(self, node: Node) -> shapely.Geometry:
        try:
            if "bbox" in node:
                box = [float(n) for n in node["bbox"]]
                west, south, east, north = box if len(box) == 4 else (box[0], box[1], box[3], box[4])
                shape = shapely.box(west, south, east, north)
            else:
                shape = shapely.from_geojson(orjson.dumps(node))
            if not shape.is_empty and not shape.is_valid:
                shape = shapely.make_valid(shape)
            return self._to_crs84(shape)
        except (shapely.GEOSException, ValueError, IndexError, TypeError) as error:
            raise FilterError(
                f"A geometry of the filter cannot be read: {_first_lines(error)}.",
                remedy="Write POLYGON((x y, x y, x y, x y)) or BBOX(west, south, east, north).",
            ) from error
