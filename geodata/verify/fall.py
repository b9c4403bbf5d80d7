"""What surface models of two dates say of one known outline: how much of it fell, and what is left over the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import shapely

from geodata.detect.height import STANDING_CM
from geodata.detect.measured import Footprint, Pictures, measure_all
from geodata.detect.surfaces import BoolArray, Surface
from geodata.scan_height import MIN_SEEN_SHARE, SurfaceScan
from geodata.verify.measures import core_of, local, rastered, window_of

LEFT_M = 0.30
"""What stands less than this over the ground is ground; a slab with soil on it stands higher. Our own choice."""
_FELL, _STAYED = 0.85, 0.15
_LEVELLED_PX = 9
"""Pixels whose errors are as one: the mean over a roof errs by a third of a pixel's error, not by less."""
_MOST_SURE = 0.99
_GROUND_ERROR_M = 0.15
"""The ground beside a structure is not that beneath it: measured on Delft, whose ground model has both."""
_RING_M, _LOW_CM, _LEAST_RING_PX = 6.0, 100.0, 24


@dataclass(frozen=True)
class Fall:
    """What heights say of an outline.

    Args:
        seen_share: Share of it with heights of both dates.
        top_m: Height over the ground at the earlier date.
        left_m: Height over the ground at the later date, of the part that fell; of the whole where nothing did.
        fell_share: Share of what stood that lost at least half of its own height.
        error_m: Standard error of a height that is the mean over the outline.
        share_error: Standard error of the share.
    """

    seen_share: float
    top_m: float
    left_m: float
    fell_share: float
    error_m: float
    share_error: float

    @property
    def stood(self) -> bool:
        """Whether the earlier model shows it standing."""
        return 100 * self.top_m >= STANDING_CM

    @property
    def says(self) -> str | None:
        """`gone`, `partly_gone`, `refilled`, `stands`, or None where the models do not tell."""
        if self.seen_share < MIN_SEEN_SHARE or not self.stood:
            return None
        if self.fell_share <= _STAYED:
            return "stands"
        if self.fell_share < _FELL or 100 * self.left_m >= STANDING_CM:
            return "partly_gone"
        return "refilled" if self.left_m >= LEFT_M else "gone"

    @property
    def confidence(self) -> float:
        """Probability that what it says holds: how far the figures are from the limits, in their standard errors."""
        said = self.says
        if said is None:
            return 0.0
        over_ground = _normal((self.left_m - LEFT_M) / self.error_m)
        spread = max(self.share_error, 0.02)
        some, all_of_it = _normal((self.fell_share - _STAYED) / spread), _normal((self.fell_share - _FELL) / spread)
        sure = {
            "gone": all_of_it * (1 - over_ground),
            "refilled": all_of_it * over_ground,
            "stands": 1 - some,
            "partly_gone": some,
        }[said]
        # what was not measured may be otherwise
        return min(_MOST_SURE, sure * (0.5 + 0.5 * self.seen_share))


def _normal(z: float) -> float:
    """Distribution function of the normal distribution."""
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def fall_of(scan: SurfaceScan, outline: shapely.Geometry, pictures: Pictures | None = None) -> Fall | None:
    """Measure an outline in two surface models.

    Args:
        scan: The surface models.
        outline: Polygon in CRS84.
        pictures: The images on their grid, where there are any.

    Returns:
        The figures; None where the outline lies outside, or no height is known on it.
    """
    shape = local(outline, scan.plan.grid)
    window = window_of(shape, scan.plan.grid, 0)
    mask = None if window is None else rastered(shape, window)
    if window is None or mask is None or not mask.any():
        return None
    (heights,) = measure_all(scan.plan, [Footprint(window.row, window.col, mask, "loss")], 1, pictures)
    if heights is None:
        return None
    ring_px = max(2, round(_RING_M / scan.plan.gsd_m))
    wide = window.grown(ring_px, scan.plan.grid.shape)
    before, after = scan.plan.surfaces(wide)
    inside = np.zeros((wide.height, wide.width), bool)
    inside[window.inside(wide)] = mask
    core = core_of(inside) & before.valid & after.valid
    if not core.any():
        return None
    low_before = float(np.percentile(before.cm[core], 75)) - 100 * heights.top_m
    low_after = float(np.median(after.cm[core])) - 100 * heights.base_m
    grounds = (_ground(before, inside, low_before, ring_px), _ground(after, inside, low_after, ring_px))
    stood, left = before.cm - grounds[0], after.cm - grounds[1]
    # a low wing beside a high house counts by its own height
    whole = core & (stood >= STANDING_CM)
    whole = whole if whole.any() else core
    fell = whole & (left < stood / 2)
    part = fell if fell.sum() >= 0.1 * whole.sum() else whole
    lod_m, share = scan.levels.lod95_m, float(fell.sum() / whole.sum())
    return Fall(
        seen_share=heights.seen_share,
        top_m=heights.top_m,
        left_m=float(np.median(left[part])) / 100,
        fell_share=share,
        error_m=math.hypot(_GROUND_ERROR_M, lod_m / 1.96 / math.sqrt(_LEVELLED_PX)),
        share_error=math.sqrt(share * (1 - share) * _LEVELLED_PX / whole.sum()),
    )


def _ground(surface: Surface, inside: BoolArray, low_cm: float, ring_px: int) -> float:
    """The ground around an outline, cm: the middle of what lies low there.

    The ground of cells is a low height, as detection needs it; on a slope or rough land it lies decimetres below the
    middle, which is as much as a slab is high.
    """
    near, far = (
        cv2.dilate(inside.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)).astype(bool)
        for reach in (max(1, ring_px // 4), ring_px)
    )
    ring = surface.cm[far & ~near & surface.valid]
    ring = ring[ring - low_cm < _LOW_CM]
    return float(np.median(ring)) if ring.size >= _LEAST_RING_PX else low_cm
