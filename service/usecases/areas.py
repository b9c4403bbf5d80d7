"""Areas of interest, as a client sends them."""

from __future__ import annotations

from pathlib import Path

import shapely

from geodata.errors import GeometryError
from service.layer_process import read_area_apart
from service.settings import Limits


def area_from_file(path: Path, limits: Limits, crs: str | None = None) -> str:
    """The area of a polygon file as GeoJSON text in lon-lat.

    Args:
        path: Any vector file that layers may come in, in a private folder.
        limits: What reading may use.
        crs: System of a file that declares none.

    Raises:
        LayerError: If the file cannot be read.
        GeometryError: If it holds no area.
    """
    return read_area_apart(path, limits, crs)


def area_from_text(geojson: str, limits: Limits, folder: Path) -> str:
    """The area of a GeoJSON text (geometry, feature or collection), checked as a file would be.

    Args:
        geojson: The text.
        limits: What reading may use.
        folder: A private folder for it.
    """
    path = folder / "aoi" / "aoi.geojson"
    path.parent.mkdir()
    path.write_text(geojson, encoding="utf-8")
    return area_from_file(path, limits)


def area_geometry(geojson: str | None) -> shapely.MultiPolygon | None:
    """The geometry of a stored area; None stays None."""
    if geojson is None:
        return None
    found = shapely.from_geojson(geojson)
    if isinstance(found, shapely.Polygon):
        return shapely.MultiPolygon([found])
    if not isinstance(found, shapely.MultiPolygon):
        raise GeometryError(f"The stored area is a {found.geom_type}, not an area.")
    return found
