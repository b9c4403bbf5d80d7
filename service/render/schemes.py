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
    """How the ground is cut into tiles: powers of two.

    Args:
        id: Its name in addresses.
        epsg: Its system.
        first: Its first level. At level z it has 2 ** z tiles from west to east; from north to south as many in web
            mercator, half as many in degrees.
    """

    id: str
    epsg: int
    first: int

    def across(self, z: int) -> int:
        """Tiles from west to east."""
        return 1 << z

    def down(self, z: int) -> int:
        """Tiles from north to south."""
        return 1 << z if self.epsg == 3857 else max(1, (1 << z) // 2)

    def holds(self, z: int, x: int, y: int) -> bool:
        """Whether there is such a tile."""
        return self.first <= z <= MAX_ZOOM and 0 <= x < self.across(z) and 0 <= y < self.down(z)

    def bounds(self, z: int, x: int, y: int) -> Box:
        """A tile in lon-lat: west, south, east, north."""
        west, north = self.lonlat(np.array([float(x)]), np.array([float(y)]), z)
        east, south = self.lonlat(np.array([x + 1.0]), np.array([y + 1.0]), z)
        return float(west[0]), float(south[0]), float(east[0]), float(north[0])

    def lonlat(self, column: F64, row: F64, z: int) -> tuple[F64, F64]:
        """Places counted in tiles from the north west, in lon-lat."""
        side = self.across(z)
        lon = column / side * 360.0 - 180.0
        if self.epsg == 3857:
            return lon, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * row / side))))
        return lon, 90.0 - row / side * 360.0

    def tiles(self, lon: F64, lat: F64, z: int) -> tuple[F64, F64]:
        """Lon-lat counted in tiles from the north west."""
        side = self.across(z)
        column = (lon + 180.0) / 360.0 * side
        if self.epsg == 3857:
            bounded = np.radians(np.clip(lat, -_MERCATOR_LAT, _MERCATOR_LAT))
            return column, (1 - np.arcsinh(np.tan(bounded)) / np.pi) / 2 * side
        return column, (90.0 - lat) / 360.0 * side

    def scale_denominator(self, z: int) -> float:
        """Ground over picture where a pixel is 0.28 mm, as WMTS counts (OGC 07-057r7, 6.1)."""
        return _SCALE / (1 << z)

    @property
    def corner(self) -> str:
        """The upper left corner in the order of the system's axes."""
        return "-20037508.342789244 20037508.342789244" if self.epsg == 3857 else "90.0 -180.0"


_SCALE = 559_082_264.028_717_8
"""Of level 0: 256 px around the equator."""
SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        one.id: one
        for one in (
            Scheme("WebMercatorQuad", 3857, 0),
            # Tianditu's matrix set `c`, with its numbers of the levels: two tiles side by side at level 1
            Scheme("CGCS2000Quad", 4490, 1),
        )
    }
)
