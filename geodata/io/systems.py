"""The system of a vector file's coordinates: declared by it, named by the user, or one that has to be left first.

What the file declares goes first, as for rasters, unless its own coordinates contradict it. Coordinates of a web map
and of old datums are turned to longitude and latitude here, since no system of the registry says how.
"""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pyproj
import shapely

from geodata.china import turned_back, web_system
from geodata.crs import CRS84, check_bounds, crs_label, needs_declared_transformation, parse_crs
from geodata.datums import Transformation, declared_transformation
from geodata.errors import CRSMismatchError, MissingCRSError
from geodata.repair import Geometries, to_crs


class System:
    """The system of a file's coordinates, told by its first portion that has any.

    Args:
        given: The system that the user names; `GCJ-02` or `BD-09` for coordinates of a web map.
        transformation: How the user leaves Xian 1980 or Beijing 1954.
        name: The user's name for the file.
    """

    def __init__(self, given: str | None, transformation: str | None, name: str) -> None:
        self._web = web_system(given)
        self._given = None if given is None or self._web else parse_crs(given)
        self._declared, self._name = transformation, name
        self._way: Transformation | None = None
        self.chosen: pyproj.CRS | None = None
        self.words = "none"

    def given_to(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """A portion under the system, or in CRS84 where a system had to be left for it.

        Raises:
            MissingCRSError: If there are coordinates and no system.
            CRSMismatchError: If the coordinates of a system that has to be left contradict it.
            TransformationError: If the declared transformation cannot be used.
        """
        chosen = self.chosen or self._choose(frame)
        if chosen is None:
            return frame
        frame = frame.set_crs(chosen, allow_override=True)
        if self._web is None and self._way is None:
            return frame
        shapes = self._turned(np.array(frame.geometry.to_numpy(), dtype=object), chosen)
        return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=CRS84), crs=CRS84)

    def _choose(self, frame: gpd.GeoDataFrame) -> pyproj.CRS | None:
        declared = None if frame.crs is None else parse_crs(frame.crs)
        bare = bool(frame.geometry.isna().all())
        if declared is None and self._given is None and self._web is None:
            if bare:
                return None
            raise MissingCRSError(
                f"{self._name!r} declares no readable coordinate reference system (a shapefile keeps it in its .prj).",
                remedy="Name it, for example --crs EPSG:4547.",
            )
        chosen: pyproj.CRS | None
        if self._web is not None:
            chosen = declared or CRS84
            self.words = f"{self._web} (as given{_against(declared)}), turned back to CGCS2000"
        elif self._given is None or (declared is not None and _fits(declared, frame, self._name)):
            self.words = "none" if declared is None else crs_label(declared)
            chosen = declared
        else:
            self.words, chosen = f"{crs_label(self._given)} (as given{_against(declared)})", self._given
        if bare or chosen is None:
            return None
        self.chosen = chosen
        if self._declared is not None:
            self._leave(chosen, self._declared)
        return chosen

    def _leave(self, chosen: pyproj.CRS, declared: str) -> None:
        """Take the declared transformation, where the system has to be left by one."""
        if needs_declared_transformation(chosen):
            self._way = declared_transformation(declared, chosen)
            self.words += f", {self._way.words} (as given)"
        else:
            self.words += "; the declared transformation is not needed"

    def _turned(self, shapes: Geometries, chosen: pyproj.CRS) -> Geometries:
        """Shapes in longitude and latitude; those whose coordinates are not finite stay, to be told of later."""
        shapes = np.array(shapely.force_2d(shapes), dtype=object)
        xy, owner = shapely.get_coordinates(shapes, return_index=True)
        odd = np.unique(owner[~np.isfinite(xy).all(axis=1)])
        sound = np.setdiff1d(np.unique(owner), odd)
        if not len(sound):
            return shapes
        left, bottom, right, top = (float(v) for v in shapely.total_bounds(shapes[sound]))
        check_bounds(chosen, (left, bottom, right, top), self._name)
        way = self._way
        if way is None:
            shapes[sound] = turned_back(to_crs(shapes[sound], chosen, CRS84), self._web)
            return shapes
        way.require_small(np.array([left, right]), np.array([bottom, top]))
        shapes[sound] = shapely.transform(shapes[sound], lambda c: np.column_stack(way.to_lonlat(c[:, 0], c[:, 1])))
        return shapes


def _against(declared: pyproj.CRS | None) -> str:
    return "" if declared is None else f", against the file's {crs_label(declared)}"


def _fits(declared: pyproj.CRS, frame: gpd.GeoDataFrame, name: str) -> bool:
    left, bottom, right, top = (float(v) for v in frame.total_bounds)
    if not all(math.isfinite(v) for v in (left, bottom, right, top)):
        return True
    try:
        check_bounds(declared, (left, bottom, right, top), name)
    except CRSMismatchError:
        return False
    return True
