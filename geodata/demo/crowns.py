"""Tree crowns: a small set of sunlit sprites a date, stamped with each tree's own tone and height."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from geodata.demo.canvas import PIXEL_M, Canvas, Sun
from geodata.demo.plan import BEFORE, Tree
from geodata.demo.textures import Plane, smoothstep

_VARIANTS = 8
_MASTER_PX = 48

_TONES: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float]] = {
    # species: colour in April, colour in September, how closed the crown is in April
    "poplar": ((0.37, 0.41, 0.26), (0.24, 0.33, 0.17), 0.72),
    "willow": ((0.41, 0.46, 0.26), (0.28, 0.37, 0.19), 0.85),
    "sophora": ((0.40, 0.40, 0.29), (0.25, 0.34, 0.18), 0.55),
    "plane": ((0.38, 0.40, 0.27), (0.23, 0.32, 0.17), 0.65),
    "fruit": ((0.44, 0.43, 0.33), (0.26, 0.34, 0.18), 0.65),
    "pine": ((0.24, 0.31, 0.20), (0.21, 0.29, 0.18), 1.0),
    "bush": ((0.33, 0.39, 0.24), (0.25, 0.34, 0.18), 0.9),
}


class Crowns:
    """Sprites of one date: light and coverage of a crown, by variant and radius in pixels."""

    def __init__(self, seed: int, sun: Sun) -> None:
        """Draw the master crowns under the given sun."""
        rng = np.random.default_rng([seed, 90])
        self._masters = [_master(rng, sun) for _ in range(_VARIANTS)]
        self._cache: dict[tuple[int, int], tuple[Plane, Plane, Plane]] = {}

    def sprite(self, variant: int, radius_px: int) -> tuple[Plane, Plane, Plane]:
        """Light, coverage and dome (0 to 1) of one crown, as square arrays."""
        key = (variant, radius_px)
        if key not in self._cache:
            size = 2 * radius_px + 3
            small = [cv2.resize(m, (size, size), interpolation=cv2.INTER_AREA) for m in self._masters[variant]]
            self._cache[key] = (small[0], small[1], small[2])
        return self._cache[key]


def _master(rng: np.random.Generator, sun: Sun) -> tuple[Plane, Plane, Plane]:
    """One crown at high resolution: lumps of leaves, each lit from the sun's side."""
    n = 2 * _MASTER_PX
    y, x = (np.mgrid[0:n, 0:n].astype(np.float32) + 0.5) / np.float32(_MASTER_PX) - 1
    dome = np.zeros((n, n), np.float32)
    for k in range(16):
        angle, away = rng.uniform(0, 2 * math.pi), 0.62 * math.sqrt(rng.uniform(0, 1))
        size = rng.uniform(0.22, 0.4) if k else 0.62
        cx, cy = (away * math.cos(angle), away * math.sin(angle)) if k else (0.0, 0.0)
        lump = np.sqrt(np.clip(1 - ((x - cx) ** 2 + (y - cy) ** 2) / size**2, 0, None)) * size
        dome = np.maximum(dome, (lump + 0.5 * (1 - away)) * (lump > 0))
    grain = cv2.GaussianBlur(rng.standard_normal((n, n)).astype(np.float32), (0, 0), 2.2) * 2.2
    dome = cv2.GaussianBlur(dome + np.float32(0.10) * grain * (dome > 0), (0, 0), 1.2).astype(np.float32)
    gy, gx = np.gradient(dome * _MASTER_PX)
    to_x, to_y = sun.towards
    light = np.clip(1 - np.float32(0.36) * (gx * to_x + gy * to_y), 0.45, 1.6) * (0.82 + 0.28 * dome)
    cover = smoothstep(dome, 0.06, 0.34)
    return light.astype(np.float32), cover, np.clip(dome, 0, 1).astype(np.float32)


def paint_tree(canvas: Canvas, tree: Tree, crowns: Crowns) -> None:
    """Stamp one tree where it meets the canvas."""
    radius = max(1, round(tree.radius_m / PIXEL_M))
    light, cover, dome = crowns.sprite(tree.seed % _VARIANTS, radius)
    size = light.shape[0]
    c0 = round(tree.x / PIXEL_M) - canvas.col - size // 2
    r0 = round(tree.y / PIXEL_M) - canvas.row - size // 2
    h, w = canvas.height.shape
    top, left, bottom, right = max(r0, 0), max(c0, 0), min(r0 + size, h), min(c0 + size, w)
    if top >= bottom or left >= right:
        return
    cut = (slice(top - r0, bottom - r0), slice(left - c0, right - c0))
    spring, autumn, closed = _TONES[tree.species]
    wobble = (tree.seed >> 4) % 97 / 97 - 0.5, (tree.seed >> 12) % 89 / 89 - 0.5
    tone = np.array(spring if canvas.date == BEFORE else autumn, np.float32)
    tone = tone * np.float32(1 + 0.22 * wobble[0]) + np.array([0.05, 0.01, -0.02], np.float32) * np.float32(wobble[1])
    opacity = np.float32(closed if canvas.date == BEFORE else 0.97)
    rows, cols = slice(top, bottom), slice(left, right)
    alpha = cover[cut] * opacity
    canvas.blend(rows, cols, tone * light[cut][..., None], alpha)
    rise: NDArray[np.float32] = dome[cut] * np.float32(tree.height_m) * np.float32(0.75 + 0.25 * opacity)
    canvas.raise_to(rows, cols, rise, cover[cut])
