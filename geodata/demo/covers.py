"""What lies on the ground: the colours and grain of every cover in both seasons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from geodata.demo.canvas import PIXEL_M, Canvas
from geodata.demo.plan import BEFORE, Patch
from geodata.demo.textures import Noise, Plane, smoothstep, stripes

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Cover:
    """How a cover looks: two colours mixed by patches of noise, grain, and rows.

    `rows_m` is the distance between rows (0: none), `row` how strongly they show the second colour.
    """

    base: Colour
    other: Colour
    mottle: float = 0.35
    grain: float = 0.04
    soft: float = 0.04
    broad: float = 0.03
    rows_m: float = 0.0
    row: float = 0.0
    vary: float = 0.04


_WHEAT = Cover((0.34, 0.43, 0.25), (0.42, 0.46, 0.30), 0.25, 0.028, 0.03, 0.05, 2.6, 0.16, 0.075)
_MAIZE = Cover((0.29, 0.37, 0.21), (0.38, 0.42, 0.25), 0.3, 0.075, 0.055, 0.05, 2.0, 0.14, 0.08)
_TILLED = Cover((0.54, 0.47, 0.38), (0.46, 0.39, 0.31), 0.35, 0.035, 0.035, 0.05, 2.4, 0.3, 0.05)
_STUBBLE = Cover((0.60, 0.54, 0.40), (0.50, 0.46, 0.33), 0.3, 0.045, 0.045, 0.05, 2.8, 0.28, 0.04)
_BARE = Cover((0.63, 0.55, 0.44), (0.53, 0.45, 0.36), 0.45, 0.04, 0.06, 0.05, vary=0.03)

_SAME: dict[str, Cover] = {
    "asphalt": Cover((0.40, 0.405, 0.41), (0.44, 0.44, 0.435), 0.4, 0.02, 0.016, 0.02, vary=0),
    "concrete_road": Cover((0.62, 0.61, 0.58), (0.56, 0.55, 0.52), 0.5, 0.03, 0.03, 0.02, vary=0.03),
    "concrete": Cover((0.62, 0.61, 0.585), (0.54, 0.53, 0.51), 0.45, 0.025, 0.035, 0.02, 6.0, 0.12, 0.035),
    "concrete_light": Cover((0.74, 0.73, 0.70), (0.68, 0.67, 0.65), 0.4, 0.03, 0.03),
    "pavement": Cover((0.57, 0.545, 0.52), (0.51, 0.49, 0.46), 0.4, 0.035, 0.03, 0.02),
    "parking": Cover((0.52, 0.52, 0.50), (0.64, 0.63, 0.60), 0.2, 0.03, 0.03, 0.02, 2.7, 0.25),
    "yard": Cover((0.59, 0.57, 0.54), (0.50, 0.48, 0.44), 0.5, 0.04, 0.05, 0.02, vary=0.05),
    "brick": Cover((0.50, 0.42, 0.37), (0.45, 0.39, 0.34), 0.5, 0.05, 0.05, 0.02, vary=0.04),
    "earth": Cover((0.57, 0.50, 0.41), (0.49, 0.44, 0.34), 0.5, 0.045, 0.06, 0.04, vary=0.04),
    "dirt": Cover((0.60, 0.53, 0.43), (0.53, 0.47, 0.38), 0.5, 0.04, 0.05, 0.03),
    "track": Cover((0.62, 0.55, 0.44), (0.50, 0.48, 0.35), 0.55, 0.04, 0.06, 0.03),
    "village_ground": Cover((0.53, 0.48, 0.39), (0.45, 0.44, 0.32), 0.55, 0.05, 0.06, 0.04),
    "sand": Cover((0.60, 0.55, 0.44), (0.48, 0.46, 0.35), 0.5, 0.04, 0.07, 0.03),
    "bare": _BARE,
    "graded": Cover((0.68, 0.60, 0.49), (0.58, 0.50, 0.40), 0.4, 0.03, 0.05, 0.04, 3.2, 0.2),
    "rubble": Cover((0.60, 0.57, 0.52), (0.46, 0.42, 0.38), 0.6, 0.14, 0.12, 0.02),
    "heap_dark": Cover((0.27, 0.26, 0.26), (0.34, 0.33, 0.32), 0.5, 0.05, 0.06),
    "heap_light": Cover((0.66, 0.61, 0.53), (0.56, 0.50, 0.42), 0.5, 0.06, 0.09),
    "dust_net": Cover((0.29, 0.43, 0.34), (0.37, 0.46, 0.37), 0.4, 0.025, 0.05, 0.03, 8.0, 0.25),
    "track_red": Cover((0.55, 0.30, 0.25), (0.52, 0.32, 0.27), 0.3, 0.02, 0.02, 0.01),
    "mark": Cover((0.86, 0.86, 0.84), (0.80, 0.80, 0.78), 0.3, 0.03, 0.05),
    "mark_yellow": Cover((0.80, 0.70, 0.36), (0.76, 0.68, 0.40), 0.3, 0.03, 0.05),
    "zebra": Cover((0.44, 0.44, 0.44), (0.84, 0.84, 0.82), 0.05, 0.02, 0.04, 0.0, 1.5, 1.0, 0),
}

_SPRING: dict[str, Cover] = {
    "weeds": Cover((0.46, 0.44, 0.32), (0.55, 0.49, 0.38), 0.6, 0.055, 0.06, 0.05),
    "verge": Cover((0.47, 0.46, 0.34), (0.55, 0.50, 0.40), 0.6, 0.05, 0.06, 0.03),
    "vacant": Cover((0.52, 0.47, 0.36), (0.60, 0.53, 0.42), 0.6, 0.05, 0.07, 0.06),
    "bank": Cover((0.43, 0.43, 0.30), (0.53, 0.48, 0.36), 0.5, 0.055, 0.07, 0.04),
    "lawn": Cover((0.42, 0.45, 0.29), (0.50, 0.48, 0.34), 0.4, 0.04, 0.04, 0.03),
    "pitch": Cover((0.31, 0.43, 0.25), (0.35, 0.47, 0.28), 0.1, 0.02, 0.02, 0.02, 14.0, 0.5),
    "hedge": Cover((0.31, 0.38, 0.24), (0.40, 0.43, 0.29), 0.4, 0.08, 0.07, 0.02),
    "garden": Cover((0.37, 0.43, 0.27), (0.55, 0.48, 0.38), 0.75, 0.05, 0.08, 0.02, 1.9, 0.4),
    "orchard_floor": Cover((0.50, 0.46, 0.34), (0.44, 0.44, 0.31), 0.5, 0.04, 0.05, 0.03, 4.6, 0.3),
    "water": Cover((0.27, 0.335, 0.30), (0.31, 0.36, 0.31), 0.5, 0.010, 0.012, 0.02, vary=0),
    "pond": Cover((0.26, 0.33, 0.28), (0.31, 0.36, 0.28), 0.5, 0.010, 0.012, 0.02, vary=0.03),
    "wheat_maize": _WHEAT,
    "wheat_stubble": _WHEAT,
    "soil_maize": _TILLED,
    "cotton": Cover((0.57, 0.51, 0.43), (0.66, 0.64, 0.60), 0.3, 0.03, 0.03, 0.04, 2.2, 0.55, 0.04),
    "mulch": Cover((0.50, 0.44, 0.36), (0.74, 0.74, 0.73), 0.2, 0.03, 0.03, 0.03, 2.4, 0.75, 0.03),
    "vegetable": Cover((0.36, 0.42, 0.26), (0.53, 0.46, 0.37), 0.5, 0.05, 0.06, 0.03, 3.4, 0.55, 0.05),
    "rape": Cover((0.58, 0.56, 0.25), (0.45, 0.49, 0.26), 0.4, 0.04, 0.05, 0.04, 2.6, 0.15, 0.03),
    "crop_soil": _WHEAT,
}

_AUTUMN: dict[str, Cover] = {
    "weeds": Cover((0.34, 0.38, 0.24), (0.46, 0.44, 0.32), 0.55, 0.06, 0.06, 0.05),
    "verge": Cover((0.36, 0.39, 0.26), (0.46, 0.44, 0.33), 0.55, 0.05, 0.06, 0.03),
    "vacant": Cover((0.40, 0.41, 0.28), (0.54, 0.48, 0.37), 0.7, 0.055, 0.07, 0.06),
    "bank": Cover((0.31, 0.36, 0.22), (0.42, 0.42, 0.29), 0.5, 0.06, 0.07, 0.04),
    "lawn": Cover((0.33, 0.40, 0.23), (0.39, 0.43, 0.27), 0.4, 0.04, 0.04, 0.03),
    "pitch": Cover((0.31, 0.43, 0.25), (0.35, 0.47, 0.28), 0.1, 0.02, 0.02, 0.02, 14.0, 0.5),
    "hedge": Cover((0.25, 0.34, 0.20), (0.33, 0.39, 0.25), 0.4, 0.08, 0.07, 0.02),
    "garden": Cover((0.29, 0.38, 0.21), (0.48, 0.43, 0.32), 0.6, 0.06, 0.08, 0.02, 1.9, 0.3),
    "orchard_floor": Cover((0.38, 0.40, 0.26), (0.46, 0.43, 0.31), 0.5, 0.045, 0.05, 0.03, 4.6, 0.3),
    "water": Cover((0.28, 0.32, 0.25), (0.32, 0.35, 0.27), 0.5, 0.010, 0.014, 0.02, vary=0),
    "pond": Cover((0.25, 0.32, 0.22), (0.33, 0.38, 0.24), 0.5, 0.010, 0.014, 0.02, vary=0.03),
    "wheat_maize": _MAIZE,
    "wheat_stubble": _STUBBLE,
    "soil_maize": _MAIZE,
    "cotton": Cover((0.36, 0.42, 0.28), (0.46, 0.45, 0.35), 0.3, 0.06, 0.05, 0.05, 2.2, 0.3, 0.04),
    "mulch": Cover((0.32, 0.41, 0.22), (0.44, 0.44, 0.30), 0.3, 0.05, 0.05, 0.04, 2.4, 0.35, 0.03),
    "vegetable": Cover((0.30, 0.41, 0.22), (0.52, 0.46, 0.36), 0.5, 0.06, 0.06, 0.03, 3.4, 0.45, 0.05),
    "rape": _MAIZE,
    "crop_soil": _TILLED,
}


def cover_of(name: str, date: int) -> Cover:
    """The look of a cover on one date."""
    return _SAME.get(name) or (_SPRING if date == BEFORE else _AUTUMN)[name]


def paint_patch(canvas: Canvas, patch: Patch) -> None:
    """Paint one piece of ground where it meets the canvas."""
    window = canvas.box(patch.shape.bounds, 2 + math.ceil(patch.rough_m / PIXEL_M))
    if window is None:
        return
    rows, cols = window
    noise = canvas.noise.crop(rows, cols)
    alpha = canvas.coverage(patch.shape, rows, cols)
    if patch.rough_m:
        alpha = _roughen(alpha, patch.rough_m, noise)
    if not alpha.any():
        return
    colour = _colour(canvas, patch, noise, rows, cols)
    canvas.blend(rows, cols, colour, alpha * np.float32(patch.opacity))


def _roughen(alpha: Plane, rough_m: float, noise: Noise) -> Plane:
    """Let noise push an edge in and out by about `rough_m`."""
    sigma = max(0.6, rough_m / PIXEL_M * 0.5)
    wide = cv2.GaussianBlur(alpha, (0, 0), sigma).astype(np.float32)
    push = np.float32(0.14) * noise.soft + np.float32(0.05) * noise.grain
    if rough_m > 2:
        push = push + np.float32(0.1) * noise.mid
    inner = np.clip(np.minimum(wide, 1 - wide) * 6, 0, 1)
    return smoothstep(wide + push * inner, 0.3, 0.7)


def _colour(canvas: Canvas, patch: Patch, noise: Noise, rows: slice, cols: slice) -> NDArray[np.float32]:
    """The cover's colour over a window."""
    cover = cover_of(patch.cover, canvas.date)
    rng = np.random.default_rng(patch.seed)
    light, warm = rng.normal(0, cover.vary, 2) if cover.vary else (0.0, 0.0)
    mix = np.clip(np.float32(0.35) + np.float32(cover.mottle * 0.5) * (noise.mid + np.float32(0.6) * noise.soft), 0, 1)
    mix = mix * np.float32(cover.mottle * 1.6)
    if cover.rows_m:
        x, y = canvas.coordinates(rows, cols)
        across = -x * np.float32(math.sin(patch.angle)) + y * np.float32(math.cos(patch.angle))
        spacing = cover.rows_m * float(1 + 0.08 * rng.standard_normal()) if cover.vary else cover.rows_m
        wave = stripes(across + np.float32(0.12) * noise.soft, spacing, 1.6)
        fade = np.float32(cover.row) * np.clip(1 + np.float32(0.35) * noise.mid, 0.2, 1.6)
        mix = mix + fade * (wave * np.float32(0.5) + np.float32(0.5))
    mix = np.clip(mix, 0, 1)[..., None]
    base, other = np.array(cover.base, np.float32), np.array(cover.other, np.float32)
    tint = np.array([1 + light + warm * 0.4, 1 + light, 1 + light - warm * 0.5], np.float32)
    gain = 1 + np.float32(cover.grain) * noise.grain + np.float32(cover.soft) * noise.soft
    gain = gain + np.float32(cover.broad) * noise.broad
    out: NDArray[np.float32] = (base + (other - base) * mix) * tint * gain[..., None]
    return out
