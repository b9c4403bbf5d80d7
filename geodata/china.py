"""What is measured otherwise in China: the mu, and the coordinates of Chinese web maps.

GCJ-02 moves every place by some hundred metres, BD-09 once more; no file says so. Both are display systems: they are
recognised, told and turned back, never stored. The formulas are the published ones of the reverse-engineered
obfuscation (eviltransform); turning back is by iteration, to a millimetre.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import shapely

F64 = npt.NDArray[np.float64]
WebSystem = Literal["GCJ-02", "BD-09"]

M2_PER_MU = 10_000 / 15
"""Square metres of a mu (亩)."""

_AXIS_M, _E2 = 6_378_245.0, 0.006_693_421_622_965_943
"""Krasovsky's ellipsoid, which the obfuscation computes with."""
_BD_PI = np.pi * 3000 / 180
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""Where the obfuscation applies: west, south, east, north."""
_ROUNDS = 8
READINGS: tuple[WebSystem | None, ...] = (None, "GCJ-02", "BD-09")
"""How coordinates in degrees may be meant: as they are, or as a web map shows them."""
SAMPLE = 400
"""So many features decide whether a layer is in a web map's system."""
BETTER = 0.25
"""How much more of the features must fit their parcels when they are turned back."""


def to_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[F64, F64]:
    """Longitude and latitude (WGS 84, CGCS2000) as GCJ-02 shows them; outside China they stay.

    >>> [round(float(v), 6) for v in to_gcj02(121.5272106, 31.1774276)]
    [121.531542, 31.175304]
    """
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    u, v = x - 105.0, y - 35.0
    root = np.sqrt(np.abs(u))
    common = (20 * np.sin(6 * u * np.pi) + 20 * np.sin(2 * u * np.pi)) * 2 / 3
    dy = -100 + 2 * u + 3 * v + 0.2 * v * v + 0.1 * u * v + 0.2 * root + common
    dy += (20 * np.sin(v * np.pi) + 40 * np.sin(v / 3 * np.pi)) * 2 / 3
    dy += (160 * np.sin(v / 12 * np.pi) + 320 * np.sin(v * np.pi / 30)) * 2 / 3
    dx = 300 + u + 2 * v + 0.1 * u * u + 0.1 * u * v + 0.1 * root + common
    dx += (20 * np.sin(u * np.pi) + 40 * np.sin(u / 3 * np.pi)) * 2 / 3
    dx += (150 * np.sin(u / 12 * np.pi) + 300 * np.sin(u / 30 * np.pi)) * 2 / 3
    angle = np.radians(y)
    flat = 1 - _E2 * np.sin(angle) ** 2
    north = dy * 180 / (_AXIS_M * (1 - _E2) / (flat * np.sqrt(flat)) * np.pi)
    east = dx * 180 / (_AXIS_M / np.sqrt(flat) * np.cos(angle) * np.pi)
    west, south, right, top = _CHINA
    inside = (x >= west) & (x <= right) & (y >= south) & (y <= top)
    return np.where(inside, x + east, x), np.where(inside, y + north, y)


def from_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[F64, F64]:
    """The place that GCJ-02 shows at a longitude and latitude."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    own_x, own_y = x, y
    for _ in range(_ROUNDS):
        shown_x, shown_y = to_gcj02(own_x, own_y)
        own_x, own_y = own_x - (shown_x - x), own_y - (shown_y - y)
    return own_x, own_y


def to_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[F64, F64]:
    """Longitude and latitude (WGS 84, CGCS2000) as BD-09 shows them."""
    x, y = to_gcj02(lon, lat)
    reach = np.hypot(x, y) + 2e-5 * np.sin(y * _BD_PI)
    angle = np.arctan2(y, x) + 3e-6 * np.cos(x * _BD_PI)
    return reach * np.cos(angle) + 0.0065, reach * np.sin(angle) + 0.006


def from_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[F64, F64]:
    """The place that BD-09 shows at a longitude and latitude."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    own_x, own_y = from_gcj02(x - 0.0065, y - 0.006)
    for _ in range(_ROUNDS):
        shown_x, shown_y = to_bd09(own_x, own_y)
        own_x, own_y = own_x - (shown_x - x), own_y - (shown_y - y)
    return own_x, own_y


def web_system(text: str | None) -> WebSystem | None:
    """The web map's system that a word names, None for any other.

    >>> web_system("gcj02"), web_system("BD-09"), web_system("EPSG:4490")
    ('GCJ-02', 'BD-09', None)
    """
    word = (text or "").strip().upper().replace("-", "").replace("_", "")
    names: dict[str, WebSystem] = {"GCJ02": "GCJ-02", "BD09": "BD-09"}
    return names.get(word)


def turned_back(shapes: npt.NDArray[np.object_], system: WebSystem | None) -> npt.NDArray[np.object_]:
    """Geometries that a web map's system shows, at their own places; None: they are there already."""
    back = {"GCJ-02": from_gcj02, "BD-09": from_bd09, None: None}[system]
    return shapes if back is None else _moved(shapes, back)


def as_shown(shapes: npt.NDArray[np.object_], system: WebSystem | None) -> npt.NDArray[np.object_]:
    """Geometries as a web map's system shows them; None: as they are."""
    forth = {"GCJ-02": to_gcj02, "BD-09": to_bd09, None: None}[system]
    return shapes if forth is None else _moved(shapes, forth)


def _moved(
    shapes: npt.NDArray[np.object_], way: Callable[[npt.ArrayLike, npt.ArrayLike], tuple[F64, F64]]
) -> npt.NDArray[np.object_]:
    moved = shapely.transform(shapes, lambda c: np.column_stack(way(c[:, 0], c[:, 1])))
    return np.asarray(moved, dtype=object)


def chosen_evenly(count: int, sample: int = SAMPLE) -> npt.NDArray[np.intp]:
    """Which of so many features are compared, spread evenly."""
    return np.unique(np.linspace(0, max(count - 1, 0), min(sample, count)).astype(np.intp))


def fits_of(shown: npt.NDArray[np.object_], parcels: npt.NDArray[np.object_]) -> dict[WebSystem | None, float]:
    """How well polygons fit a cadastre by each way of reading their coordinates; see `suspected_system`.

    Args:
        shown: Polygons as their file has them, in degrees.
        parcels: The cadastre in CRS84.

    Returns:
        Mean share of each that its best parcel holds: as they are (None), and turned back from each system.
    """
    tree = shapely.STRtree(parcels)
    return {system: _fit(turned_back(shown, system), parcels, tree) for system in READINGS}


def suspected_system(
    shapes: npt.NDArray[np.object_], parcels: npt.NDArray[np.object_], sample: int = SAMPLE
) -> tuple[WebSystem, float, float] | None:
    """Whether polygons fit a cadastre only after they are turned back from a web map's system.

    A building or a permit lies within one parcel, seldom across two. So of a sample of the polygons the share of each
    that its best parcel holds is compared: as they are, and turned back. Where turning back is plainly better, the
    polygons came from a web map, whatever their file says.

    Args:
        shapes: Polygons in what is declared as CRS84, none missing.
        parcels: The cadastre in CRS84, none missing.
        sample: Polygons that are compared, spread evenly.

    Returns:
        The system, and the mean fit as they are and turned back; None where they fit as they are, or nowhere.
    """
    if not len(shapes) or not len(parcels):
        return None
    fits = fits_of(shapes[chosen_evenly(len(shapes), sample)], parcels)
    plain = fits[None]
    best: WebSystem = "GCJ-02" if fits["GCJ-02"] >= fits["BD-09"] else "BD-09"
    return (best, plain, fits[best]) if fits[best] >= plain + BETTER else None


def _fit(shapes: npt.NDArray[np.object_], parcels: npt.NDArray[np.object_], tree: shapely.STRtree) -> float:
    """Mean over the shapes of the share that the parcel holds which holds most of it."""
    row, parcel = tree.query(shapes)
    shared = shapely.area(shapely.intersection(shapes[row], parcels[parcel]))
    most = np.zeros(len(shapes))
    np.maximum.at(most, row, shared)
    return float((most / np.maximum(shapely.area(shapes), 1e-18)).mean())
