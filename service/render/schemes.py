"""Tile schemes: web mercator, and the geographic one of Tianditu in CGCS2000."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from service.store.records import Box

F64 = npt.NDArray[np.float64]
MAX_ZOOM = 24
_MERCATOR_LAT = 85.051128779806604


@dataclass(frozen=True)
class Scheme:
    """How the ground is cut into tiles.

    Args:
        id: Its name in addresses.
        uri: Its URI where it is registered, else its system.
        epsg: Its system.
        columns: Tiles from west to east at level 0.
        rows: Tiles from north to south at level 0.
    """

    id: str
    uri: str
    epsg: int
    columns: int
    rows: int

    def holds(self, z: int, x: int, y: int) -> bool:
        """Whether there is such a tile."""
        return 0 <= z <= MAX_ZOOM and 0 <= x < self.columns << z and 0 <= y < self.rows << z

    def bounds(self, z: int, x: int, y: int) -> Box:
        """A tile in lon-lat: west, south, east, north."""
        west, north = self.lonlat(np.array([float(x)]), np.array([float(y)]), z)
        east, south = self.lonlat(np.array([x + 1.0]), np.array([y + 1.0]), z)
        return float(west[0]), float(south[0]), float(east[0]), float(north[0])

    def lonlat(self, column: F64, row: F64, z: int) -> tuple[F64, F64]:
        """Places counted in tiles from the north west, in lon-lat."""
        lon = column / (self.columns << z) * 360.0 - 180.0
        if self.epsg == 3857:
            return lon, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / (self.rows << z)))))
        return lon, 90.0 - row / (self.rows << z) * 180.0

    def tiles(self, lon: F64, lat: F64, z: int) -> tuple[F64, F64]:
        """Lon-lat counted in tiles from the north west."""
        column = (lon + 180.0) / 360.0 * (self.columns << z)
        if self.epsg == 3857:
            bounded = np.radians(np.clip(lat, -_MERCATOR_LAT, _MERCATOR_LAT))
            return column, (1 - np.arcsinh(np.tan(bounded)) / np.pi) / 2 * (self.rows << z)
        return column, (90.0 - lat) / 180.0 * (self.rows << z)


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        one.id: one
        for one in (
            Scheme("WebMercatorQuad", "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad", 3857, 1, 1),
            # Tianditu's set `c`: two tiles side by side at level 0 here, which Tianditu counts as level 1
            Scheme("CGCS2000Quad", "http://www.opengis.net/def/crs/EPSG/0/4490", 4490, 2, 1),
        )
    }
)
