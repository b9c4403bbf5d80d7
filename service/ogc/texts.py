"""Finished GeoJSON texts, changed without being read: another geometry, fewer properties.

A stored feature is `{"type":"Feature","id":...,"bbox":[...],"geometry":...,"properties":{...}}`. No text within it can
look like one of these names: a quotation mark in a string is written with a backslash.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
import shapely

from service.ogc.asking import Row
from service.ogc.systems import System

_GEOMETRY, _PROPERTIES, _BBOX = '"geometry":', ',"properties":', '"bbox":['


@dataclass(frozen=True)
class Parts:
    """A feature taken apart.

    Args:
        head: Up to the geometry, with the id and without a box: `{"type":"Feature","id":"a",`.
        geometry: Its geometry as text; `null` without one.
        properties: Its properties as text.
    """

    head: str
    geometry: str
    properties: str

    def joined(self) -> str:
        """The feature again."""
        return f'{self.head}"geometry":{self.geometry},"properties":{self.properties}}}'


def parts_of(text: str) -> Parts:
    """Take a finished feature apart."""
    at = text.find(_GEOMETRY)
    end = text.find(_PROPERTIES, at)
    if at < 0 or end < 0 or not text.startswith('{"type":"Feature","id":'):
        return parts_of(_canonical(text))
    head = text[:at]
    box = head.find(_BBOX)
    if box >= 0:
        head = head[:box] + head[head.index("]", box) + 2 :]
    return Parts(head, text[at + len(_GEOMETRY) : end], text[end + len(_PROPERTIES) : -1])


def _canonical(text: str) -> str:
    told = orjson.loads(text)
    names = ("type", "id", "geometry", "properties")
    return orjson.dumps({name: told.get(name) for name in names}).decode()


def geometry_text(text: str) -> str | None:
    """The geometry of a finished feature as text; None without one."""
    at = text.find(_GEOMETRY)
    end = text.find(_PROPERTIES, at)
    if at < 0 or end < 0:
        found = orjson.loads(text)["geometry"]
        return None if found is None else orjson.dumps(found).decode()
    cut = text[at + len(_GEOMETRY) : end]
    return None if cut == "null" else cut


def geometries_of(texts: Sequence[str]) -> np.ndarray:
    """The geometries of finished features, None without one."""
    told = np.array([geometry_text(text) for text in texts], dtype=object)
    found: np.ndarray = shapely.from_geojson(told)
    return found


def row_of(text: str) -> Row:
    """A finished feature as a filter sees it."""
    parts = parts_of(text)
    fid = orjson.loads(parts.head + '"geometry":null}')["id"]
    return Row(str(fid), orjson.loads(parts.properties), None if parts.geometry == "null" else parts.geometry)


@dataclass(frozen=True)
class Shown:
    """How features are shown.

    Args:
        system: In which system.
        properties: With which properties only; None: all.
        geometry: Whether with their geometry.
    """

    system: System
    properties: tuple[str, ...] | None = None
    geometry: bool = True

    @property
    def as_stored(self) -> bool:
        """Whether texts stay as they are."""
        return self.system.is_stored and self.properties is None and self.geometry

    def of(self, texts: Sequence[str]) -> list[str]:
        """Finished features as they are shown."""
        if self.as_stored:
            return list(texts)
        parts = [parts_of(text) for text in texts]
        shapes = [part.geometry for part in parts]
        if not self.geometry:
            shapes = ["null"] * len(parts)
        elif not self.system.is_stored:
            shapes = self._moved(shapes)
        return [
            Parts(part.head, shape, self._properties(part.properties)).joined()
            for part, shape in zip(parts, shapes, strict=True)
        ]

    def _moved(self, shapes: Iterable[str]) -> list[str]:
        told = np.array([None if shape == "null" else shape for shape in shapes], dtype=object)
        moved = self.system.shown(shapely.from_geojson(told))
        return ["null" if text is None else text for text in shapely.to_geojson(moved)]

    def _properties(self, text: str) -> str:
        if self.properties is None:
            return text
        told = orjson.loads(text)
        return orjson.dumps({name: told[name] for name in self.properties if name in told}).decode()
