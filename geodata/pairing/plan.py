"""Is the pair admissible, and on which grid do the two dates meet?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyproj
import shapely

from geodata.crs import CRS84, crs_label, is_metric, metric_crs_at, transform_xy
from geodata.errors import BandsError, DateOrderError, MissingDateError, NoOverlapError, PixelSizeError
from geodata.grid import Bounds, Grid
from geodata.io.dates import BEIJING
from geodata.io.rasters import RasterInfo
from geodata.types import ScanOptions

MIN_OVERLAP = 0.05
MAX_PIXEL_RATIO = 4.0
"""Beyond it the coarser date shows too little of the smallest structure: refused whatever is accepted."""
REFERENCE_AREA_M2 = 20.0
REFERENCE_GSD_M = 0.5
LEAST_SIDE_PX = 512
"""Pixels are not made larger than this many of them a side allow."""


@dataclass(frozen=True)
class PairPlan:
    """Where and how a pair is compared.

    Args:
        grid: The common grid: square metric pixels over the common ground.
        bands: Bands that both dates have.
        overlap_share: Common ground as a share of the smaller scene.
        pixel_ratio: Coarser over finer pixel size.
    """

    grid: Grid
    bands: tuple[str, ...]
    overlap_share: float
    pixel_ratio: float


def working_gsd_m(min_area_m2: float) -> float:
    """Pixel size that the smallest wanted structure needs: 0.5 m for 20 m², in proportion to its side."""
    return REFERENCE_GSD_M * math.sqrt(min_area_m2 / REFERENCE_AREA_M2)


def require_dates(
    before: RasterInfo, after: RasterInfo, before_date: datetime | None, after_date: datetime | None
) -> tuple[datetime, datetime]:
    """The two acquisition times in their right order: as told, else from the files.

    Raises:
        MissingDateError: If one is known neither way.
        DateOrderError: If they are equal or reversed.
    """
    first, second = before_date or before.acquired_at, after_date or after.acquired_at
    for moment, info, option in ((first, before, "--before-date"), (second, after, "--after-date")):
        if moment is None:
            raise MissingDateError(
                f"{info.name} tells no acquisition date, neither in its TIFF tag nor in its name.",
                remedy=f"Give it with {option} 2025-04-12, or put it into the name: district_20250412.tif.",
            )
    assert first is not None and second is not None
    if first >= second:
        word = "equal" if first == second else "reversed"
        raise DateOrderError(
            f"The dates are {word}: {before.name} is of {first.astimezone(BEIJING):%Y-%m-%d %H:%M}, "
            f"{after.name} of {second.astimezone(BEIJING):%Y-%m-%d %H:%M} (Beijing time).",
            remedy="Give the earlier scene first, or correct a date with --before-date / --after-date.",
            before=first.isoformat(),
            after=second.isoformat(),
        )
    return first, second


def common_bands(before: RasterInfo, after: RasterInfo) -> tuple[str, ...]:
    """Bands to compare: natural colours, with near infrared, where both have them, else what they share.

    Alpha is a mask, not a band.

    Raises:
        BandsError: If they share none.
    """
    shared = tuple(name for name in before.bands if name in after.bands and not name.startswith("alpha"))
    if not shared:
        raise BandsError(
            f"{before.name} has {', '.join(before.bands)}; {after.name} has {', '.join(after.bands)}: no common band.",
            remedy="Name the bands in the files (gdal_edit.py -colorinterp_1 red ...), or export both alike.",
            before=list(before.bands),
            after=list(after.bands),
        )
    return comparable_bands(shared)


def comparable_bands(bands: tuple[str, ...]) -> tuple[str, ...]:
    """Of some bands those that are looked at: natural colours, with near infrared, else the first."""
    known = tuple(name for name in bands if not name.startswith("alpha"))
    colours = tuple(name for name in ("red", "green", "blue") if name in known)
    if len(colours) < 3:
        return known[:1]
    return (*colours, "nir") if "nir" in known else colours


def overlap_share(before: RasterInfo, after: RasterInfo) -> float:
    """Common ground as a share of the smaller scene, 0 to 1."""
    common = before.footprint.intersection(after.footprint).area
    return float(common / min(before.footprint.area, after.footprint.area))


def least_overlap(options: ScanOptions) -> float:
    """The overlap that a pair needs: none but some where little overlap was accepted."""
    return 0.0 if "overlap" in options.accept else MIN_OVERLAP


def plan_pair(
    before: RasterInfo,
    after: RasterInfo,
    *,
    min_area_m2: float,
    gsd_m: float | None = None,
    area: shapely.MultiPolygon | None = None,
    min_overlap: float = MIN_OVERLAP,
) -> PairPlan:
    """Check a pair and lay out its common grid.

    Args:
        before: First date.
        after: Second date.
        min_area_m2: Smallest structure wanted, m².
        gsd_m: Working pixel size, m; None: what `min_area_m2` needs.
        area: Area of interest in CRS84; it must lie on common ground, and does not change the grid.
        min_overlap: Least common ground as a share of the smaller scene.

    Raises:
        NoOverlapError, PixelSizeError, BandsError: With the measured figure.
    """
    share = overlap_share(before, after)
    if share < min_overlap or share == 0:
        raise NoOverlapError(
            f"{before.name} and {after.name} share {share:.1%} of the smaller scene; at least {MIN_OVERLAP:.0%} is "
            f"needed.",
            remedy="Check that both show the same place and declare the right coordinate system."
            + (" To compare the little that is common: --accept overlap." if share else ""),
            overlap_share=share,
        )
    sizes = before.gsd_m, after.gsd_m
    ratio = max(sizes) / min(sizes)
    if ratio > MAX_PIXEL_RATIO:
        raise PixelSizeError(
            f"The pixels measure {sizes[0]:.2f} m and {sizes[1]:.2f} m, a ratio of {ratio:.1f}:1; "
            f"at most {MAX_PIXEL_RATIO:.0f}:1 can be compared.",
            remedy="Use a pair of like resolution.",
            before_gsd_m=sizes[0],
            after_gsd_m=sizes[1],
            ratio=ratio,
        )
    lon, lat = before.grid.centre_lonlat
    own = before.grid.crs
    crs = own if is_metric(own, lon, lat) else metric_crs_at(lon, lat)
    box = _common([before.grid.bounds_in(crs), after.grid.bounds_in(crs)], min(sizes), after.name, crs)
    if gsd_m is None:
        # Only large structures are wanted, but a small scene in large pixels has too few of them to be aligned by.
        side_m = min(box[2] - box[0], box[3] - box[1])
        gsd_m = min(working_gsd_m(min_area_m2), max(REFERENCE_GSD_M, side_m / LEAST_SIDE_PX))
    gsd_m = max(min(sizes), gsd_m)
    if area is not None:
        # The area narrows what is reported, not the ground that the dates are aligned and normalised by.
        x, y = transform_xy(CRS84, crs, *shapely.get_coordinates(area.segmentize(0.001)).T)
        asked = float(x.min()), float(y.min()), float(x.max()), float(y.max())
        _common([box, asked], gsd_m, "The area of interest", crs)
    # Rounded to whole millimetres: the edge of the grid must not hang on the last bit of a transformation.
    left, bottom, right, top = np.round(box, 3)
    grid = Grid.from_bounds(crs, (left, bottom, right, top), round(gsd_m, 4))
    return PairPlan(grid, common_bands(before, after), share, ratio)


def _common(boxes: list[Bounds], gsd_m: float, what: str, crs: pyproj.CRS) -> Bounds:
    """The ground that all boxes cover."""
    lows, highs = np.array(boxes)[:, :2].max(axis=0), np.array(boxes)[:, 2:].min(axis=0)
    if (highs - lows < gsd_m).any():
        raise NoOverlapError(
            f"{what} has no ground in common with the pair in {crs_label(crs)}.",
            remedy="Check the coordinate system of the area file.",
            overlap_share=0.0,
        )
    return float(lows[0]), float(lows[1]), float(highs[0]), float(highs[1])
