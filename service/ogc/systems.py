"""Coordinate systems by reference (OGC API Features part 2): stored is CRS84, shown is what a client asks for.

Coordinates stand in the order of the axes of the system's authority: latitude first in EPSG:4490, northing first in
EPSG:4547, as the standard asks. GCJ-02 and BD-09, which Chinese web maps show, are a display of the answer and never
stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from geodata.china import from_bd09, from_gcj02, to_bd09, to_gcj02
from geodata.crs import CRS84, transform_xy
from geodata.errors import CRSError
from service.errors import UnknownSystemError

Coordinates = npt.NDArray[np.float64]
"""(point, 2)."""
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_SHOWN = {"GCJ-02": (to_gcj02, from_gcj02), "BD-09": (to_bd09, from_bd09)}
_URN = "urn:kancha:def:crs:"
_CODES = (4326, 4490, 3857, *range(4534, 4555))
"""WGS 84, CGCS2000, web mercator, and the 3-degree zones of CGCS2000 by central meridian."""
SYSTEMS: tuple[str, ...] = (CRS84_URI, *(f"{_EPSG}{code}" for code in _CODES), *(f"{_URN}{name}" for name in _SHOWN))
"""URIs of the systems that an answer can be in."""
_SAME_AS_STORED = (4326, 4490)


@dataclass(frozen=True)
class System:
    """A system that coordinates of a request or an answer are in.

    Args:
        uri: Its URI.
        from_stored: Brings lon-lat to it.
        to_stored: And back.
        decimals: Decimals that tell a millimetre.
        code: EPSG's number, None for what has none.
        x_last: Whether the authority puts north in front of east.
    """

    uri: str
    from_stored: Callable[[Coordinates], Coordinates]
    to_stored: Callable[[Coordinates], Coordinates]
    decimals: int
    code: int | None
    x_last: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether coordinates stay as they are."""
        return self.uri == CRS84_URI

    def shown(self, shape: shapely.Geometry) -> shapely.Geometry:
        """A stored geometry (or an array of them) in this system."""
        if self.is_stored:
            return shape
        return shapely.transform(shape, lambda xy: np.round(self.from_stored(xy), self.decimals))

    def stored(self, shape: shapely.Geometry) -> shapely.Geometry:
        """A geometry of this system in lon-lat."""
        return shape if self.is_stored else shapely.transform(shape, self.to_stored)


def system_of(told: str | None, parameter: str = "crs") -> System:
    """The system that a parameter names; CRS84 without one.

    Args:
        told: Its URI, `[EPSG:4490]` or `EPSG:4490`.
        parameter: Name of the parameter, for the refusal.

    Raises:
        UnknownSystemError: If the service does not know it.
    """
    uri = CRS84_URI if told is None else _uri(told)
    if uri not in SYSTEMS:
        raise UnknownSystemError(
            f"{parameter}={(told or '')[:120]} is no system that this service answers in.",
            remedy="The collection lists them as `crs`: " + ", ".join(SYSTEMS[:4]) + ", ...",
        )
    return _made(uri)


def _uri(told: str) -> str:
    plain = told.strip().removeprefix("[").removesuffix("]").replace("https://", "http://")
    name = plain.upper().removeprefix("EPSG:")
    if name != plain.upper() and name.isdigit():
        return f"{_EPSG}{int(name)}"
    if plain.upper() in ("OGC:CRS84", "CRS84"):
        return CRS84_URI
    if plain.upper() in _SHOWN:
        return f"{_URN}{plain.upper()}"
    return plain


@lru_cache(maxsize=64)
def _made(uri: str) -> System:
    """Looking a system up costs milliseconds: once is enough."""
    if uri == CRS84_URI:
        return System(uri, _same, _same, 8, None)
    if uri.startswith(_URN):
        shown, turned = _SHOWN[uri.removeprefix(_URN)]
        return System(uri, _by_columns(shown), _by_columns(turned), 8, None)
    code = int(uri.removeprefix(_EPSG))
    crs = pyproj.CRS.from_epsg(code)
    swapped = crs.axis_info[0].direction.lower() in ("north", "south")
    if code in _SAME_AS_STORED:
        return System(uri, _swap, _swap, 8, code, x_last=True)

    def there(xy: Coordinates) -> Coordinates:
        try:
            found = np.column_stack(transform_xy(CRS84, crs, xy[:, 0], xy[:, 1]))
        except CRSError as error:
            raise UnknownSystemError(
                f"Something lies where EPSG:{code} ends.", remedy="Ask for CRS84, or for a smaller bbox."
            ) from error
        return _swap(found) if swapped else found

    def back(xy: Coordinates) -> Coordinates:
        plain = _swap(xy) if swapped else xy
        try:
            return np.column_stack(transform_xy(crs, CRS84, plain[:, 0], plain[:, 1]))
        except CRSError as error:
            raise UnknownSystemError(
                f"A coordinate lies outside EPSG:{code}.", remedy="Look at the order of axes."
            ) from error

    return System(uri, there, back, 3, code, x_last=swapped)


def _same(xy: Coordinates) -> Coordinates:
    return xy


def _swap(xy: Coordinates) -> Coordinates:
    return xy[:, ::-1]


def _by_columns(how: Callable[..., Any]) -> Callable[[Coordinates], Coordinates]:
    return lambda xy: np.column_stack(how(xy[:, 0], xy[:, 1]))
