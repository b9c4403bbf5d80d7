"""Features as a vector tile (Mapbox Vector Tile 2.1), whole arrays at a time."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import shapely

from service.ogc.texts import geometries_of, parts_of
from service.render.schemes import Scheme

EXTENT = 4096
_BUFFER = 64
"""Units beyond the edge, so that outlines do not show where tiles meet."""
_LEAST_AREA = 16.0
"""Square units: a sixteenth of a pixel where a tile is drawn on 256 of them. What is smaller shows as nothing."""
MOST = 20_000
"""Polygons of a tile; of more the largest are kept: as many as nobody can tell apart on a screen."""
Shapes = npt.NDArray[np.object_]
I64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Place:
    """Which tile.

    Args:
        scheme: Its scheme.
        z: Level.
        x: Column.
        y: Row.
    """

    scheme: Scheme
    z: int
    x: int
    y: int

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """The ground that it needs, lon-lat, with what lies just beyond its edge."""
        beyond = _BUFFER / EXTENT
        columns = np.array([self.x - beyond, self.x + 1 + beyond])
        rows = np.array([self.y - beyond, self.y + 1 + beyond])
        lon, lat = self.scheme.lonlat(columns, rows, self.z)
        return max(lon[0], -180.0), max(lat[1], -90.0), min(lon[1], 180.0), min(lat[0], 90.0)


@dataclass(frozen=True)
class Drawn:
    """Features ready to be put on tiles.

    Args:
        shapes: Their geometries, lon-lat; None without one.
        told: Names and encoded values of their properties.
    """

    shapes: Shapes
    told: Sequence[Sequence[tuple[str, bytes]]]

    def some(self, numbers: I64) -> Drawn:
        """A part of them."""
        return Drawn(self.shapes[numbers], [self.told[k] for k in numbers.tolist()])


def drawn(texts: Sequence[str], hidden: Sequence[str] = ()) -> Drawn:
    """Finished features, read once for any number of tiles.

    Args:
        texts: Finished features.
        hidden: Properties that are left out.
    """
    parts = [parts_of(text) for text in texts]
    shapes = shapely.from_geojson(
        np.array([None if part.geometry == "null" else part.geometry for part in parts], dtype=object)
    )
    told = []
    same: dict[bytes, bytes] = {}  # most values come over and over: each is kept once
    for part in parts:
        fid = orjson.loads(part.head + '"geometry":null}')["id"]
        values = {"id": fid, **orjson.loads(part.properties)}
        encoded = [(name, _value(v)) for name, v in values.items() if v is not None and name not in hidden]
        told.append([(sys.intern(name), same.setdefault(value, value)) for name, value in encoded])
    return Drawn(shapes, told)


def encode(name: str, features: Drawn, place: Place) -> bytes:
    """A tile of one layer.

    Args:
        name: Name of the layer.
        features: What may meet it.
        place: Which tile.

    Returns:
        The tile; empty where nothing shows.
    """
    polygons, owner, area = _on_tile(features.shapes, place)
    kept = _largest(area)
    return _layer(name, polygons[kept], [features.told[k] for k in owner[kept].tolist()])


def encode_portions(name: str, portions: Iterable[Sequence[str]], place: Place) -> bytes:
    """The same tile from more features than there is memory for: what shows nothing is let go at once.

    Args:
        name: Name of the layer.
        portions: Finished features that may meet it, in their order.
        place: Which tile.
    """
    polygons: Shapes = np.empty(0, object)
    area, texts = np.empty(0), np.empty(0, object)
    for some in portions:
        shapes = geometries_of(some)
        more, owner, size = _on_tile(shapes, place)
        polygons, area = np.concatenate([polygons, more]), np.concatenate([area, size])
        texts = np.concatenate([texts, np.array(some, object)[owner]])
        if len(area) > 2 * MOST:
            kept = _largest(area)
            polygons, area, texts = polygons[kept], area[kept], texts[kept]
    kept = _largest(area)
    return _layer(name, polygons[kept], drawn(texts[kept].tolist()).told)


def _largest(area: npt.NDArray[np.float64]) -> I64:
    """Which polygons of a tile are shown: all, or the `MOST` largest, in their order."""
    if len(area) <= MOST:
        return np.arange(len(area))
    return np.sort(np.argsort(-area, kind="stable")[:MOST])


def _layer(name: str, polygons: Shapes, told: Sequence[Sequence[tuple[str, bytes]]]) -> bytes:
    """A layer of polygons in units of the tile, each with its properties."""
    if not len(polygons):
        return b""
    # the rings of the outside run so that their area is positive with rows growing downwards, holes the other way
    polygons = shapely.orient_polygons(polygons, exterior_cw=False)
    keys: dict[str, int] = {}
    values: dict[bytes, int] = {}
    bodies = []
    for stream, properties in zip(_geometries(polygons), told, strict=True):
        if stream:
            tags = _tags(properties, keys, values)
            bodies.append(_field(2, _field(2, tags) + b"\x18\x03" + _field(4, stream)))
    if not bodies:
        return b""
    layer = [b"\x78\x02", _field(1, name.encode()), *bodies]
    layer += [_field(3, key.encode()) for key in keys]
    layer += [_field(4, value) for value in values]
    layer.append(b"\x28" + _varint(EXTENT))
    return _field(3, b"".join(layer))


def _on_tile(shapes: Shapes, place: Place) -> tuple[Shapes, I64, npt.NDArray[np.float64]]:
    """Polygons in units of the tile, cut at its edge; the number of the feature, and the area, of each."""
    owner = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    if not len(owner):
        return shapes[owner], owner, np.empty(0)

    def onto(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        column, row = place.scheme.tiles(xy[:, 0], xy[:, 1], place.z)
        return np.column_stack([(column - place.x) * EXTENT, (row - place.y) * EXTENT])

    moved = shapely.transform(shapes[owner], onto)
    low, high = float(-_BUFFER), float(EXTENT + _BUFFER)
    bounds = shapely.bounds(moved)
    across = (bounds[:, :2] < low).any(1) | (bounds[:, 2:] > high).any(1)
    if across.any():
        moved[across] = shapely.clip_by_rect(moved[across], low, low, high, high)
    polygons, index = shapely.get_parts(moved, return_index=True)
    area = shapely.area(polygons)
    kept = np.flatnonzero((shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON) & (area >= _LEAST_AREA))
    return polygons[kept], owner[index[kept]], area[kept]


def _geometries(polygons: Shapes) -> list[bytes]:
    """The command streams of polygons (4.3 of the specification), all at once.

    For each ring: MoveTo, its first point; LineTo, the others but the last, which repeats the first; ClosePath. Points
    are told as differences from the one before, zigzag, as varints.
    """
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    xy = np.rint(xy).astype(np.int64)
    # points that fall onto the one before, and the last of each ring, are left out
    first = np.r_[True, of_ring[1:] != of_ring[:-1]]
    same = np.r_[False, (xy[1:] == xy[:-1]).all(1)] & ~first
    last = np.r_[of_ring[1:] != of_ring[:-1], True]
    kept = ~same & ~last
    start = xy[first][of_ring]
    # what now ends where its ring begins says nothing either
    kept &= first | ~(xy == start).all(1)
    counts = np.bincount(of_ring[kept], minlength=len(rings))
    whole = counts >= 3
    kept &= whole[of_ring]
    xy, of_ring, counts = xy[kept], of_ring[kept], np.where(whole, counts, 0)
    if not len(xy):
        return [b""] * len(polygons)
    owner = of_polygon[of_ring]
    begins = np.r_[True, owner[1:] != owner[:-1]]
    delta = np.diff(xy, axis=0, prepend=0)
    delta[begins] = xy[begins]
    zigzag = (delta << 1) ^ (delta >> 63)
    return _streams(zigzag, of_ring, counts, of_polygon, len(polygons))


def _streams(zigzag: I64, of_ring: I64, counts: I64, of_polygon: I64, polygons: int) -> list[bytes]:
    """Lay out the integers of every ring and write them as varints."""
    used = np.flatnonzero(counts)
    sizes = 2 * counts[used] + 3
    starts = np.r_[0, np.cumsum(sizes)]
    stream = np.empty(starts[-1], dtype=np.int64)
    stream[starts[:-1]] = 9
    stream[starts[:-1] + 3] = ((counts[used] - 1) << 3) | 2
    stream[starts[1:] - 1] = 15
    number = np.zeros(len(counts), dtype=np.int64)
    number[used] = np.arange(len(used))
    ring = number[of_ring]
    within = np.arange(len(of_ring)) - np.r_[0, np.cumsum(counts[used])][ring]
    at = starts[ring] + np.where(within == 0, 1, 2 + 2 * within)
    stream[at], stream[at + 1] = zigzag[:, 0], zigzag[:, 1]
    data, ends = _varints(stream)
    by_polygon = np.bincount(of_polygon[used], weights=sizes, minlength=polygons).astype(np.int64)
    edges = np.r_[0, ends][np.r_[0, np.cumsum(by_polygon)]]
    return [data[a:b] for a, b in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)]


def _varints(numbers: I64) -> tuple[bytes, I64]:
    """Numbers as varints behind each other, and where each ends."""
    lengths = 1 + (numbers >= 1 << 7) + (numbers >= 1 << 14) + (numbers >= 1 << 21) + (numbers >= 1 << 28)
    ends = np.cumsum(lengths)
    data = np.empty(int(ends[-1]), dtype=np.uint8)
    for place in range(int(lengths.max())):
        longer = lengths > place
        more = np.where(lengths[longer] - 1 > place, 0x80, 0)
        data[ends[longer] - lengths[longer] + place] = ((numbers[longer] >> (7 * place)) & 0x7F) | more
    return data.tobytes(), ends


def _tags(told: Sequence[tuple[str, bytes]], keys: dict[str, int], values: dict[bytes, int]) -> bytes:
    """Pairs of numbers of key and value; both are told once for the layer."""
    numbers: list[int] = []
    for name, value in told:
        numbers += (keys.setdefault(name, len(keys)), values.setdefault(value, len(values)))
    return bytes(numbers) if max(numbers, default=0) < 0x80 else b"".join(map(_varint, numbers))


def _value(value: Any) -> bytes:
    """A value of a tile: text, number or truth; anything else as JSON."""
    if isinstance(value, bool):
        return b"\x38" + _varint(value)
    if isinstance(value, int) and abs(value) < 1 << 62:
        return b"\x30" + _varint((value << 1) ^ (value >> 63))
    if isinstance(value, (int, float)):
        return b"\x19" + struct.pack("<d", value)
    return _field(1, value.encode() if isinstance(value, str) else orjson.dumps(value))


def _field(number: int, content: bytes) -> bytes:
    """A field of length-delimited content."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    told = bytearray()
    while number > 0x7F:
        told.append(number & 0x7F | 0x80)
        number >>= 7
    told.append(number)
    return bytes(told)
