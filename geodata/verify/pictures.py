"""Simple figures of pictures around an outline, each of which can be checked by hand on a drawn picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import shapely
from scipy.ndimage import map_coordinates

from geodata.detect.windows import BoolArray

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

AROUND_PX, BESIDE_PX = (4, 14), (2, 6)
"""The ground around an outline, and just beside it: from and to, px."""
LEAST_PX = 24
_REACH_PX, _NEAR_PX, _LEAST_SIDE_PX, _SHIFT_PX = 6, 2, 6.0, 2
_FLAT_PX = 25


def three_bands(picture: U8) -> U8:
    """Three bands for the networks: colours, or one band thrice."""
    return picture[:3] if picture.shape[0] >= 3 else np.repeat(picture[:1], 3, axis=0)


def brightness(picture: U8) -> F32:
    """Brightness of a picture (band, y, x), 0 to 255."""
    r, g, b = three_bands(picture).astype(np.float32)
    return np.asarray(0.299 * r + 0.587 * g + 0.114 * b, np.float32)


def without_light(picture: U8) -> F32:
    """Brightness without broad differences of light."""
    grey = brightness(picture)
    return np.asarray(grey - cv2.blur(grey, (_FLAT_PX, _FLAT_PX)), np.float32)


def moved_colour(before: U8, after: U8) -> F32:
    """By how much each colour of each pixel moved, (3, y, x)."""
    return np.asarray(three_bands(after).astype(np.float32) - three_bands(before), np.float32)


def around(mask: BoolArray, between: tuple[int, int] = AROUND_PX) -> BoolArray:
    """The ground around an outline, between two distances, px."""
    inner, outer = (
        cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)).astype(bool) for reach in between
    )
    return np.asarray(outer & ~inner)


def recoloured(dates: tuple[U8, U8], core: BoolArray, ring: BoolArray) -> float:
    """How much further the mean colour of the core moved than that of the ground around it, 0 to 255."""
    moved = moved_colour(*dates)
    own = moved[:, core].mean(axis=1)
    beside = moved[:, ring].mean(axis=1) if ring.any() else np.zeros(3)
    return float(np.linalg.norm(own - beside) / math.sqrt(3))


def looks_like(rgb: F32) -> tuple[BoolArray, BoolArray, BoolArray]:
    """(green as plants or nets are, bare soil, vivid) per pixel of normalised colours."""
    r, g, b = rgb
    total = np.maximum(r + g + b, 1)
    green = (2 * g - r - b) / total > 0.05
    spread = np.max(rgb, axis=0) - np.min(rgb, axis=0)
    # soil is brown: green lies well between red and blue; tiles are redder
    soil = ((r - b) / total > 0.04) & (g - b > 0.4 * (r - b)) & ~green
    # plants hold clearly more red than blue; nets and sheets are bluer, or of a colour that no ground has
    plants = green & (r >= 1.15 * b)
    vivid = (spread / np.maximum(np.max(rgb, axis=0), 1) > 0.25) & ~soil & ~plants
    return green, soil, vivid


def correlation(first: F32, second: F32) -> float:
    """Pearson correlation of two lists of values; 0 where one of them is plain."""
    spread = float(first.std() * second.std())
    return 0.0 if spread < 1e-3 else float(((first - first.mean()) * (second - second.mean())).mean() / spread)


def likeness(first: F32, second: F32, mask: BoolArray, seen: BoolArray) -> tuple[float, tuple[int, int]]:
    """Largest correlation of two pictures over a mask, the second moved by up to 2 px each way, and that move (y, x).

    Broad differences of light are taken off first: a box mean of 25 px.
    """
    flat = [grey - cv2.blur(grey, (_FLAT_PX, _FLAT_PX)) for grey in (first, second)]
    usable = mask & seen
    if usable.sum() < LEAST_PX:
        return 0.0, (0, 0)
    moves = range(-_SHIFT_PX, _SHIFT_PX + 1)
    tried = {
        (dy, dx): correlation(flat[0][usable], np.roll(flat[1], (dy, dx), axis=(0, 1))[usable])
        for dy in moves
        for dx in moves
    }
    best = max(tried, key=lambda move: tried[move])
    return tried[best], best


def shadow_beside(grey: F32, mask: BoolArray) -> float:
    """How much darker the darkest side just outside an outline is than what lies around it.

    What stands throws a shadow to one side, wherever the sun is. Of sixteen directions each gives a strip: the outline
    moved by 4 px, without the outline moved by 1 px.
    """
    reach = 6
    padded = np.pad(mask, reach).astype(np.uint8)
    ring = around(mask)
    if not ring.any():
        return 0.0
    level = float(np.median(grey[ring]))
    darkest = 0.0
    for angle in np.arange(16) * (math.pi / 8):
        near, far = (_moved(padded, angle, by) for by in (1, 4))
        strip = (far & ~near & ~padded.astype(bool))[reach:-reach, reach:-reach]
        if strip.sum() >= LEAST_PX // 2:
            darkest = max(darkest, level - float(grey[strip].mean()))
    return darkest


def _moved(mask: U8, angle: float, by: float) -> BoolArray:
    dx, dy = round(by * math.cos(angle)), round(by * math.sin(angle))
    return np.asarray(np.roll(mask, (dy, dx), axis=(0, 1)), bool)


def step_across(grey: F32, outline: shapely.Geometry, seen: BoolArray) -> float:
    """Step of brightness across an outline: its sides averaged along themselves, so that only straight edges remain.

    Of each side a profile across it is taken, from 6 px inside to 6 px outside, mean along the side; the side counts
    with its largest step between neighbours within 2 px of the outline. A rough edge smears out, a straight one stays.

    Args:
        grey: The picture, shape (y, x).
        outline: Polygon in pixels of the picture.
        seen: Where the picture is usable.

    Returns:
        Mean over the sides, weighted by their lengths, 0 to 255; 0 where no side is long enough.
    """
    total = weight = 0.0
    for start, stop in _sides(outline):
        along = stop - start
        length = float(np.hypot(*along))
        if length < _LEAST_SIDE_PX:
            continue
        step = along / length
        normal = np.array([-step[1], step[0]])
        places = start + np.linspace(0.15, 0.85, max(4, int(length)))[:, None] * along
        offsets = np.arange(-_REACH_PX, _REACH_PX + 1)
        points = places[:, None, :] + offsets[None, :, None] * normal - 0.5
        at = np.stack([points[..., 1], points[..., 0]])
        known = map_coordinates(seen.astype(np.float32), at, order=0, cval=0.0) > 0.5
        values = map_coordinates(grey, at, order=1, mode="nearest")
        lines = known.all(axis=1)
        if lines.sum() < 3:
            continue
        profile = np.median(values[lines], axis=0)
        steps = np.abs(profile[2:] - profile[:-2])
        middle = offsets[1:-1]
        total += length * float(steps[np.abs(middle) <= _NEAR_PX].max())
        weight += length
    return total / weight if weight else 0.0


def _sides(outline: shapely.Geometry) -> list[tuple[F64, F64]]:
    found = []
    for polygon in shapely.get_parts(outline):
        ring = np.asarray(polygon.simplify(0.7).exterior.coords)
        found += list(zip(ring[:-1], ring[1:], strict=True))
    return found
