"""Vector tiles of every collection: layers from their archive, everything else as it is stored."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

import numpy as np
import shapely

from geodata.types import LAYER_KINDS
from service.errors import NotFoundError
from service.render.archives import DEEPEST, LEVEL, SCHEME, Archive, archive_path, write_archive
from service.render.schemes import SCHEMES, Scheme
from service.render.vector_tiles import Place, drawn, encode
from service.services import Services
from service.store.queries import FeatureQuery
from service.store.records import LayerVersion
from service.usecases import collections

_MOST_FEATURES = 60_000
"""Features that are looked at for one tile; a tile of more shows nothing to anybody."""
_KEPT_ARCHIVES, _KEPT_TILES = 64, 512
_archives: OrderedDict[Path, Archive] = OrderedDict()
_tiles: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
_lock = Lock()


def scheme_of(name: str) -> Scheme:
    """A tile scheme.

    Raises:
        NotFoundError: Without it.
    """
    if name not in SCHEMES:
        raise NotFoundError(f"There is no tile scheme {name[:60]!r}.", remedy=f"Known: {', '.join(SCHEMES)}.")
    return SCHEMES[name]


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
    texts = list(services.store.layers.rows(version.id, unplaced=False))
    if version.bbox is None or not texts:
        return write_archive(archive_path(services.settings.data, version.id), version.kind, [], (0.0, 0.0, 0.0, 0.0))
    features = drawn(texts)
    del texts
    bounds = shapely.bounds(features.shapes)
    tree = shapely.STRtree(shapely.box(*bounds.T))

    def made() -> Iterator[tuple[int, int, int, bytes]]:
        for z in range(LEVEL, DEEPEST + 1):
            told((z - LEVEL) * 100 // (DEEPEST + 1 - LEVEL))
            for x, y in _covered(bounds, z):
                place = Place(SCHEME, z, x, y)
                near = np.sort(tree.query(shapely.box(*place.bounds)))
                yield z, x, y, encode(version.kind, features.some(near), place)

    return write_archive(archive_path(services.settings.data, version.id), version.kind, made(), version.bbox)


def _covered(bounds: np.ndarray[tuple[int, ...], np.dtype[np.float64]], z: int) -> list[tuple[int, int]]:
    """The tiles that boxes meet."""
    west, north = SCHEME.tiles(bounds[:, 0], bounds[:, 3], z)
    east, south = SCHEME.tiles(bounds[:, 2], bounds[:, 1], z)
    found: set[tuple[int, int]] = set()
    edges = np.floor(np.column_stack([west, east, north, south])).astype(int)
    for x0, x1, y0, y1 in np.unique(edges, axis=0).tolist():
        found |= {(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)}
    return sorted((x, y) for x, y in found if SCHEME.holds(z, x, y))
