"""Vector tiles of every collection: layers from their archive, everything else as it is stored."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt
import shapely

from geodata.types import LAYER_KINDS
from service.errors import NotFoundError
from service.ogc.texts import geometries_of
from service.render.archives import DEEPEST, LEVEL, SCHEME, Archive, archive_path, write_archive
from service.render.schemes import SCHEMES, Scheme
from service.render.vector_tiles import Place, drawn, encode, encode_portions
from service.services import Services
from service.store.queries import FeatureQuery
from service.store.records import Box, LayerVersion
from service.usecases import collections

_MOST_FEATURES = 60_000
"""Features that are looked at for one tile; a tile of more shows nothing to anybody."""
_KEPT_ARCHIVES, _KEPT_TILES, _AT_ONCE = 64, 512, 5_000
_BLOCK = 13
"""Level whose tiles are made one after the other, each with all below it: 4 km a side at 36 degrees."""
F64 = npt.NDArray[np.float64]
_archives: OrderedDict[Path, Archive] = OrderedDict()
_tiles: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
_lock = Lock()
_looked_up: Counter[bool] = Counter()


def scheme_of(name: str) -> Scheme:
    """A tile scheme.

    Raises:
        NotFoundError: Without it.
    """
    if name not in SCHEMES:
        raise NotFoundError(f"There is no tile scheme {name[:60]!r}.", remedy=f"Known: {', '.join(SCHEMES)}.")
    return SCHEMES[name]


def cache_counts() -> dict[str, tuple[int, int]]:
    """(hits, misses) of the tiles that this process keeps, by the name of what is kept."""
    with _lock:
        return {"vector_tiles": (_looked_up[True], _looked_up[False])}


def first_level(name: str) -> int:
    """The first level that shows something of a collection."""
    return LEVEL if name in LAYER_KINDS else 1


def place_of(scheme: str, z: int, x: int, y: int) -> Place:
    """A tile by its numbers.

    Raises:
        NotFoundError: If there is none.
    """
    found = scheme_of(scheme)
    if not found.holds(z, x, y):
        raise NotFoundError(f"There is no tile {z}/{x}/{y} in {scheme}.", remedy="Look at the tile matrix set.")
    return Place(found, z, x, y)


def tile(services: Services, name: str, place: Place) -> tuple[bytes, bool]:
    """A tile of a collection, and whether it is compressed by gzip.

    Args:
        services: The service.
        name: The collection; also the name of the tile's layer.
        place: Which tile.

    Raises:
        NotFoundError: Without the collection.
    """
    if place.z < first_level(name):
        collections.state(services, name)
        return b"", False
    # an archive knows nobody's areas: for those who see a part of the ground tiles are put together one by one
    archived = services.sight.ground is None and place.scheme is SCHEME and place.z <= DEEPEST
    if archived and name in LAYER_KINDS:
        archive = _archive(services, collections.newest(services, name))
        if archive is not None:
            return archive.tile(place.z, place.x, place.y), True
    state = collections.state(services, name)
    key = (services.settings.data, services.settings.store, name, state, place, services.sight.key)
    with _lock:
        known = _tiles.get(key)
        _looked_up[known is not None] += 1
    if known is None:
        known = encode(name, drawn(_meeting(services, name, place)), place)
        with _lock:
            _tiles[key] = known
            while len(_tiles) > _KEPT_TILES:
                _tiles.popitem(last=False)
    return known, False


def _meeting(services: Services, name: str, place: Place) -> list[str]:
    page = collections.items(services, name, FeatureQuery(boxes=(place.bounds,), limit=_MOST_FEATURES))
    return list(page.items)


# --- archives ------------------------------------------------------------------------------------


def _archive(services: Services, version: LayerVersion) -> Archive | None:
    path = archive_path(services.settings.data, version.id)
    with _lock:
        known = _archives.get(path)
        if known is None:
            if not path.exists():
                return None
            known = _archives[path] = Archive(path)
            while len(_archives) > _KEPT_ARCHIVES:
                _archives.popitem(last=False)
        _archives.move_to_end(path)
        return known


def make_archive(services: Services, version: LayerVersion, told: Callable[[int], None] = lambda percent: None) -> int:
    """Make the archive of a layer version; how many tiles it has is told.

    Args:
        services: The service.
        version: The version.
        told: Told the percentage that is done.
    """
    bounds = _bounds(services, version)
    path = archive_path(services.settings.data, version.id)
    if version.bbox is None or not len(bounds):
        return write_archive(path, version.kind, [], (0.0, 0.0, 0.0, 0.0))
    far = [(z, x, y) for z in range(LEVEL, _BLOCK) for x, y in _covered(bounds, z)]
    blocks = _covered(bounds, _BLOCK)

    def made() -> Iterator[tuple[int, int, int, bytes]]:
        # tiles from afar are read through in portions; a tile of the level of blocks holds all that those below show
        for number, (z, x, y) in enumerate([*far, *((_BLOCK, x, y) for x, y in blocks)]):
            told(number * 100 // (len(far) + len(blocks)))
            place = Place(SCHEME, z, x, y)
            if z == _BLOCK:
                yield from _block(services, version, place)
            else:
                yield z, x, y, encode_portions(version.kind, _portions(services, version, place.bounds), place)

    return write_archive(path, version.kind, made(), version.bbox)


def _portions(services: Services, version: LayerVersion, box: Box | None = None) -> Iterator[list[str]]:
    """The features of a version, those that meet a box if wanted, some at a time."""
    texts = services.store.layers.rows(version.id, box, unplaced=False)
    while some := list(islice(texts, _AT_ONCE)):
        yield some


def _bounds(services: Services, version: LayerVersion) -> F64:
    """The box of each feature that has one, (n, 4)."""
    parts = [shapely.bounds(geometries_of(some)) for some in _portions(services, version)]
    return np.concatenate([np.empty((0, 4)), *parts])


def _block(services: Services, version: LayerVersion, block: Place) -> Iterator[tuple[int, int, int, bytes]]:
    """A tile of the level of blocks, and all below it."""
    features = drawn(list(services.store.layers.rows(version.id, block.bounds, unplaced=False)))
    bounds = shapely.bounds(features.shapes)
    tree = shapely.STRtree(shapely.box(*bounds.T))
    for z in range(_BLOCK, DEEPEST + 1):
        for x, y in _covered(bounds, z):
            if (x >> (z - _BLOCK), y >> (z - _BLOCK)) != (block.x, block.y):
                continue
            place = Place(SCHEME, z, x, y)
            near = np.sort(tree.query(shapely.box(*place.bounds)))
            yield z, x, y, encode(version.kind, features.some(near), place)


def _covered(bounds: F64, z: int) -> list[tuple[int, int]]:
    """The tiles that boxes meet."""
    west, north = SCHEME.tiles(bounds[:, 0], bounds[:, 3], z)
    east, south = SCHEME.tiles(bounds[:, 2], bounds[:, 1], z)
    found: set[tuple[int, int]] = set()
    edges = np.floor(np.column_stack([west, east, north, south])).astype(int)
    for x0, x1, y0, y1 in np.unique(edges, axis=0).tolist():
        found |= {(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)}
    return sorted((x, y) for x, y in found if SCHEME.holds(z, x, y))
