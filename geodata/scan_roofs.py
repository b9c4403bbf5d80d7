"""What stands in one image: buildings as structures, ready to be assessed against what is on file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geodata.area import area_on
from geodata.crs import CRS84, crs_label
from geodata.detect.candidates import geodesic_area_m2
from geodata.detect.outlines import measure, on_the_ground
from geodata.detect.roofs import FoundRoofs, RoofModel, RoofPlan, find_roofs, measures_of, read_roof_model
from geodata.errors import EmptyRasterError, MissingDateError
from geodata.io.rasters import RasterInfo, inspect_raster, require_unchanged
from geodata.io.warp import GridReader
from geodata.pairing.patches import LOOK
from geodata.pairing.plan import plan_pair
from geodata.pairing.radiometry import own_contrast
from geodata.pairing.usable import sample_windows, scene_statistics


@dataclass(frozen=True)
class RoofOptions:
    """How the buildings of an image are found.

    Args:
        acquired_at: When it was taken; None: as the file says.
        crs: Its system, where it declares none.
        min_area_m2: Smallest building, m².
        min_confidence: Least probability, None: the model's own.
        window_px: Side of a window; does not change the result.
        workers: Threads; does not change the result.
    """

    acquired_at: datetime | None = None
    crs: str | None = None
    min_area_m2: float = 20.0
    min_confidence: float | None = None
    window_px: int = 1024
    workers: int = 2


@dataclass(frozen=True)
class Roofs:
    """The buildings of an image.

    Args:
        frame: `building_id`, `confidence`, `area_m2`, `area_error_m2`, `outline_error_m`, outlines in CRS84.
        acquired_at: When they stood.
        told: Image, model, usable share and area, as plain values.
    """

    frame: gpd.GeoDataFrame
    acquired_at: datetime
    told: dict[str, Any]


def roofs_of(
    path: Path,
    *,
    area: shapely.MultiPolygon | None = None,
    options: RoofOptions | None = None,
    model: RoofModel | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Roofs:
    """The buildings that an image shows.

    Args:
        path: GeoTIFF of one date, about 0.3 to 1 m.
        area: Area of interest in CRS84, None: everything.
        options: How.
        model: What judges, None: the shipped roof model.
        progress: Called with the share of the work done.

    Raises:
        MissingDateError: If nothing tells its date.
        EmptyRasterError: If it shows no ground.
        KanchaError: The named refusal of the file.
    """
    ask, judge = options or RoofOptions(), model or read_roof_model()
    info = inspect_raster(path, crs=ask.crs)
    acquired_at = ask.acquired_at or info.acquired_at
    if acquired_at is None:
        raise MissingDateError(
            f"{info.name} tells no acquisition date, neither in its TIFF tag nor in its name.",
            remedy="Give it with --as-of 2026-09-18, or put it into the name: district_20260918.tif.",
        )
    plan = planned(info, area, ask, judge)
    found = find_roofs(plan, ask.window_px, ask.workers, progress)
    if found.seen_px == 0:
        raise _shows_nothing(info)
    require_unchanged(info)
    m2 = float(np.prod(plan.grid.pixel_size))
    told = {
        "image": info.name,
        "sha256": info.sha256,
        "acquired_at": acquired_at.astimezone(UTC).isoformat(),
        "gsd_m": round(plan.grid.pixel_size[0], 4),
        "crs": crs_label(info.grid.crs),
        "model": judge.identity,
        "usable_share": round(found.seen_px / max(1, found.wanted_px), 4),
        "area_km2": round(found.seen_px * m2 / 1e6, 4),
    }
    return Roofs(_outlined(found, plan, ask), acquired_at, told)


def planned(info: RasterInfo, area: shapely.MultiPolygon | None, ask: RoofOptions, judge: RoofModel) -> RoofPlan:
    """The scene on a metric grid of the pixel size that the smallest building needs."""
    own = plan_pair(info, info, min_area_m2=ask.min_area_m2, area=area)
    reader = GridReader(info, own.bands, own.grid)
    patches = [reader.read(window) for window in sample_windows(own.grid.shape)]
    values = np.concatenate([pixels[:, valid] for pixels, valid in patches], axis=1).astype(np.float64)
    if values.size == 0:
        raise _shows_nothing(info)
    statistics = scene_statistics(reader.coarsened(LOOK), ask.workers)
    return RoofPlan(reader, own_contrast(values), statistics, area_on(own.grid, area), judge)


def _shows_nothing(info: RasterInfo) -> EmptyRasterError:
    return EmptyRasterError(
        f"{info.name} shows no ground where it was asked for.",
        remedy="Check the nodata value, and that the area lies in the image.",
        usable_share=0.0,
    )


def _outlined(found: FoundRoofs, plan: RoofPlan, ask: RoofOptions) -> gpd.GeoDataFrame:
    gsd_m = float(np.sqrt(np.prod(plan.grid.pixel_size)))
    least = plan.model.candidate if ask.min_confidence is None else ask.min_confidence
    rows: list[dict[str, Any]] = []
    for component in found.components:
        if component.pixels * gsd_m**2 < 0.8 * ask.min_area_m2:
            continue
        confidence = plan.model.calibration.probability(measures_of(component))
        polygon, perimeter_m = on_the_ground(measure(component.mask), plan.grid, component.row, component.col)
        area_m2 = geodesic_area_m2(polygon)
        if confidence < least or area_m2 < ask.min_area_m2:
            continue
        rows.append(
            {
                "building_id": f"seen-{sha256(polygon.wkb).hexdigest()[:12]}",
                "confidence": round(confidence, 3),
                "area_m2": round(area_m2, 1),
                # errors of opposite sides are half correlated: half the perimeter carries the outline's error
                "area_error_m2": round(0.5 * perimeter_m * gsd_m, 1),
                "outline_error_m": round(gsd_m, 2),
                "geometry": polygon,
            }
        )
    columns = ["building_id", "confidence", "area_m2", "area_error_m2", "outline_error_m", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=CRS84)
