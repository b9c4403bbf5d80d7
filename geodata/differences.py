"""What became of a feature from one version of a layer to another: added, removed, moved or changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import shapely

from geodata.crs import CGCS2000_GEOD
from geodata.repair import polygonal

Difference = Literal["added", "removed", "moved", "changed"]
DIFFERENCES: tuple[Difference, ...] = ("added", "removed", "moved", "changed")

_SAME_DEGREES = 1e-9
"""Coordinates that differ by less (0.1 mm) are the same."""


def difference(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A GeoJSON feature that tells how a feature differs between two versions.

    Args:
        old: The feature of the first version as GeoJSON values in CRS84, None where it had none of this id.
        new: That of the second version.

    Returns:
        None where the two say the same. Otherwise the newer feature (of a removed one the old) with the further
        properties `difference` (`added`, `removed`, `moved`: its geometry is another, `changed`: its attributes alone
        are others), `difference_m2` (with `moved`: ellipsoidal area of what only one of the two covers, m²; 0 where
        neither covers any) and `changes` (of moved and changed ones: `{column, old, new}`).
    """
    if old is None or new is None:
        only = new if old is None else old
        return None if only is None else _told(only, "added" if old is None else "removed")
    changes = _changes(old.get("properties") or {}, new.get("properties") or {})
    before, after = (_shape(feature.get("geometry")) for feature in (old, new))
    if not _same(before, after):
        return _told(new, "moved", difference_m2=round(_apart_m2(before, after), 2), changes=changes)
    return _told(new, "changed", changes=changes) if changes else None


def _told(feature: Mapping[str, Any], what: Difference, **more: Any) -> dict[str, Any]:
    return {**feature, "properties": {**(feature.get("properties") or {}), "difference": what, **more}}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The columns whose values differ; one that a version lacks is empty there."""
    names = [*old, *(name for name in new if name not in old)]
    return [
        {"column": name, "old": old.get(name), "new": new.get(name)} for name in names if old.get(name) != new.get(name)
    ]


def _shape(geometry: Any) -> shapely.Geometry | None:
    return None if geometry is None else shapely.geometry.shape(geometry)


def _same(old: shapely.Geometry | None, new: shapely.Geometry | None) -> bool:
    if old is None or new is None:
        return old is new
    return bool(shapely.equals_exact(shapely.normalize(old), shapely.normalize(new), tolerance=_SAME_DEGREES))


def _apart_m2(old: shapely.Geometry | None, new: shapely.Geometry | None) -> float:
    """Ellipsoidal area of the symmetric difference, m²."""
    shapes = [shape for shape in (old, new) if shape is not None]
    apart = polygonal(shapely.symmetric_difference(*shapes) if len(shapes) == 2 else shapes[0])
    if apart is None:
        return 0.0
    parts = shapely.get_parts(shapely.orient_polygons(apart))
    return float(sum(abs(CGCS2000_GEOD.geometry_area_perimeter(part)[0]) for part in parts))
