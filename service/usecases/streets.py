"""In which street something lies, by the newest layer of administrative areas."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
import shapely

from service.ogc.texts import row_of
from service.services import Services

_STREET = frozenset({"street", "town", "township", "街道", "镇", "乡"})


class Streets:
    """Names of the streets that places lie in, by the newest layer of areas.

    Args:
        seen: The service as somebody sees it.
        places: The places, lon and lat.
    """

    def __init__(self, seen: Services, places: Sequence[tuple[float, float]]) -> None:
        self._areas: list[tuple[bool, float, str, shapely.Geometry]] = []
        version = seen.store.layers.newest("areas") if places else None
        if version is None:
            return
        west, south, east, north = shapely.total_bounds(shapely.points(places)).tolist()
        for text in seen.store.layers.rows(version.id, (west, south, east, north), unplaced=False):
            told = orjson.loads(text)["properties"]
            shape = row_of(text).geometry
            if shape is not None:
                street = str(told.get("level") or "") in _STREET
                self._areas.append((not street, shape.area, str(told.get("name") or ""), shape))
        # a street where one is told, else the smallest area there is
        self._areas.sort(key=lambda one: one[:3])

    def at(self, place: tuple[float, float]) -> str:
        """Name of the street of a place; empty where nobody knows."""
        point = shapely.Point(place)
        return next((name for _, _, name, shape in self._areas if shapely.intersects(shape, point)), "")
