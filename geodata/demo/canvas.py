"""The canvas of one window of one date: colours, heights, noise, and what light does to them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.demo.plan import Rect
from geodata.demo.textures import Noise, Plane

PIXEL_M = 0.5
_SHIFT_BITS = 4


@dataclass(frozen=True)
class Sun:
    """Where the sun stands: azimuth clockwise from north, elevation above the horizon, in degrees."""

    azimuth_deg: float
    elevation_deg: float

    @property
    def towards(self) -> tuple[float, float]:
        """The horizontal unit vector towards the sun, in plan axes (y to the south)."""
        a = math.radians(self.azimuth_deg)
        return math.sin(a), -math.cos(a)

    @property
    def slope(self) -> float:
        """Metres of height for a metre of shadow."""
        return math.tan(math.radians(self.elevation_deg))

    def facing(self, direction: float, pitch: float) -> float:
        """Light on a slope that falls towards `direction` (radians in the plan), relative to flat ground."""
        x, y = self.towards
        along = x * math.cos(direction) + y * math.sin(direction)
        return max(0.15, math.cos(pitch) + math.sin(pitch) * along / self.slope)


@dataclass
class Canvas:
    """One window: `rgb` (h, w, 3) and `height` (h, w) in metres; `col`, `row` are its first pixel."""

    col: int
    row: int
    rgb: NDArray[np.float32]
    height: Plane
    noise: Noise
    sun: Sun
    date: int

    @classmethod
    def blank(cls, col: int, row: int, size: tuple[int, int], noise: Noise, sun: Sun, date: int) -> Canvas:
        """An empty canvas over a window of `size` (height, width) pixels."""
        h, w = size
        rgb = np.zeros((h, w, 3), np.float32)
        return cls(col, row, rgb, np.zeros((h, w), np.float32), noise.window(col, row, w, h), sun, date)

    def box(self, bounds: tuple[float, float, float, float], margin_px: int = 2) -> tuple[slice, slice] | None:
        """The rows and columns that bounds in plan metres touch; None outside the window."""
        h, w = self.height.shape
        c0 = max(0, math.floor(bounds[0] / PIXEL_M) - self.col - margin_px)
        r0 = max(0, math.floor(bounds[1] / PIXEL_M) - self.row - margin_px)
        c1 = min(w, math.ceil(bounds[2] / PIXEL_M) - self.col + margin_px)
        r1 = min(h, math.ceil(bounds[3] / PIXEL_M) - self.row + margin_px)
        return (slice(r0, r1), slice(c0, c1)) if c1 > c0 and r1 > r0 else None

    def coordinates(self, rows: slice, cols: slice) -> tuple[Plane, Plane]:
        """Plan x (1, w) and y (h, 1) of the pixel centres."""
        x = (np.arange(cols.start, cols.stop, dtype=np.float32) + np.float32(self.col + 0.5)) * np.float32(PIXEL_M)
        y = (np.arange(rows.start, rows.stop, dtype=np.float32) + np.float32(self.row + 0.5)) * np.float32(PIXEL_M)
        return x[None, :], y[:, None]

    def axes(self, rect: Rect, rows: slice, cols: slice) -> tuple[Plane, Plane]:
        """Positions along and across a rectangle's axes, in metres from its centre."""
        x, y = self.coordinates(rows, cols)
        c, s = np.float32(math.cos(rect.angle)), np.float32(math.sin(rect.angle))
        dx, dy = x - np.float32(rect.x), y - np.float32(rect.y)
        return dx * c + dy * s, dy * c - dx * s

    def coverage(self, shape: BaseGeometry, rows: slice, cols: slice) -> Plane:
        """How much of each pixel a geometry's polygons cover, 0 to 1, with soft edges."""
        mask = np.zeros((rows.stop - rows.start, cols.stop - cols.start), np.uint8)
        origin = np.array([self.col + cols.start, self.row + rows.start], np.float64)
        for part in getattr(shape, "geoms", [shape]):
            if isinstance(part, Polygon) and not part.is_empty:
                rings = [part.exterior, *part.interiors]
                points = [_fixed(np.asarray(r.coords) / PIXEL_M - origin) for r in rings]
                cv2.fillPoly(mask, points, (255,), lineType=cv2.LINE_AA, shift=_SHIFT_BITS)
        return mask.astype(np.float32) / np.float32(255)

    def blend(self, rows: slice, cols: slice, colour: NDArray[np.float32], alpha: Plane) -> None:
        """Lay a colour over the canvas, pixel by pixel as opaque as `alpha` says."""
        target = self.rgb[rows, cols]
        target += (colour - target) * alpha[..., None]

    def raise_to(self, rows: slice, cols: slice, height: Plane, alpha: Plane) -> None:
        """Let something of the given height stand where `alpha` covers more than half a pixel."""
        target = self.height[rows, cols]
        np.maximum(target, np.where(alpha > 0.5, height, 0), out=target)

    def shade(self) -> Plane:
        """The share of direct sun that each pixel loses to something higher, 0 to 1.

        The horizon towards the sun is found by doubling: after k passes every pixel knows the highest
        sun-ray over it from up to 2**k pixels away.
        """
        x, y = self.sun.towards
        horizon = self.height.copy()
        fall = self.sun.slope * PIXEL_M
        reach = float(self.height.max()) / fall
        step = 1.0
        while step < reach + 1:
            move = np.array([[1, 0, x * step], [0, 1, y * step]], np.float64)
            flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
            far = cv2.warpAffine(horizon, move, horizon.shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
            np.maximum(horizon, far - np.float32(fall * step), out=horizon)
            step *= 2
        above = horizon - self.height - np.float32(0.25)
        return np.asarray(np.clip(above / np.float32(0.7), 0, 1), np.float32)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    """Pixel positions as fixed-point numbers for the rasteriser (pixel centres at whole numbers)."""
    return np.round((points - 0.5) * (1 << _SHIFT_BITS)).astype(np.int32)
