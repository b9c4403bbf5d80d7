"""A drawing of outlines, for a page without a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

_WIDTH, _HEIGHT, _MARGIN = 640.0, 400.0, 16.0


@dataclass(frozen=True)
class Sketch:
    """Outlines as paths of SVG.

    Args:
        width: Width of the drawing.
        height: Its height.
        paths: The path of each geometry that there is; lines and points as far as they show.
        points: Middle of each, for what is too small to be seen.
    """

    width: float
    height: float
    paths: list[str]
    points: list[tuple[float, float]]


def sketch(geometries: Sequence[Any]) -> Sketch | None:
    """A drawing of GeoJSON geometries in true proportions; None where there are none."""
    shapes = [shapely.geometry.shape(one) for one in geometries if one is not None]
    shapes = [one for one in shapes if not one.is_empty]
    if not shapes:
        return None
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    flat = np.cos(np.radians((south + north) / 2)) if max(abs(south), abs(north)) <= 90 else 1.0
    width, height = max((east - west) * flat, 1e-9), max(north - south, 1e-9)
    scale = min((_WIDTH - 2 * _MARGIN) / width, (_HEIGHT - 2 * _MARGIN) / height)
    tall = height * scale + 2 * _MARGIN

    def onto(xy: Any) -> Any:
        return np.column_stack(
            [(xy[:, 0] - west) * flat * scale + _MARGIN, tall - (xy[:, 1] - south) * scale - _MARGIN]
        )

    drawn = [shapely.transform(one, onto) for one in shapes]
    middles = [(round(one.centroid.x, 1), round(one.centroid.y, 1)) for one in drawn]
    return Sketch(_WIDTH, round(tall, 1), [_path(one) for one in drawn], middles)


def _path(shape: shapely.Geometry) -> str:
    rings = shapely.get_parts(shape)
    told = []
    for part in rings:
        for ring in [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]:
            if ring.geom_type == "Point":
                continue
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in np.asarray(ring.coords)[:, :2])
            told.append(f"M{points}" + ("Z" if part.geom_type == "Polygon" else ""))
    return "".join(told)
