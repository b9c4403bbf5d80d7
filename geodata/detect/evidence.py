"""Evidence that a structure appeared: small kernels over an aligned, normalised pair at the first look's pixel size.

Each date is described on its own (`describe`), the pair by the gains between the two descriptions (`channels`).
A gain compares the second date with the largest value of the first within a few pixels, so that lean and a
residual shift of that size do not alarm (the robust change vector analysis of methods.md 6).

All sums are over whole numbers, so a pixel's value does not depend on the window it is computed in. Sizes are in
pixels of the first look (about 1 m where the working size is 0.5 m).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import cv2
import numba
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
F32 = npt.NDArray[np.float32]

TOLERANCE_PX = 2
PROFILE_SHORT_PX = 3
PROFILE_LONG_PX = 17
RUN_PX = 31
STRUCTURE_BOX_PX = 17
TEXTURE_BOX_PX = 5
TEXTURE_GAIN_BOX_PX = 9
CONTEXT_BOX_PX = 25
NEAR_BOX_PX = 3
SHADOW_LUMINANCE = 50

HALO_PX = 36
"""Pixels around a window that its evidence may depend on: run 30 + median 1 + tolerance 2 + box 1, rounded up."""


@dataclass(frozen=True)
class Description:
    """One date, described for structures; every array is (y, x), 0 to 255.

    Args:
        bright: Morphological building index, bright profile (Huang and Zhang 2011).
        dark: The same of the inverted picture: dark roofs.
        run_bright: What is left of the brightness after the best opening by a long line: low on roads, which run on.
        run_dark: The same of the inverted picture.
        right_angles: Strength of edges that run in two perpendicular directions.
        coherence: Share of the edge strength that agrees with these directions.
        green: Excess green relative to brightness (or the vegetation index where there is near infrared), mean over a
            small box, 128 is neutral.
        saturation: Colour saturation.
        warmth: Red minus blue, mean over a small box, 128 is neutral.
        luminance: Brightness.
        texture: Mean edge strength in a small box.
        contrast: Difference of luminance from its mean over a large box.
    """

    bright: U8
    dark: U8
    run_bright: U8
    run_dark: U8
    right_angles: U8
    coherence: U8
    green: U8
    saturation: U8
    warmth: U8
    luminance: U8
    texture: U8
    contrast: U8


DESCRIBED = tuple(field.name for field in fields(Description))


def _lines(length: int) -> list[U8]:
    """Structuring lines in four directions: horizontal, vertical and the two diagonals."""
    flat = np.ones((1, length), np.uint8)
    eye = np.eye(length, dtype=np.uint8)
    return [flat, flat.T.copy(), eye, eye[::-1].copy()]


def morphological_profile(brightness: U8) -> U8:
    """The morphological building index: mean over directions of the differential opening profile.

    Openings by longer lines never exceed those by shorter ones, so the sum of the differences over all scales
    telescopes to the first opening minus the last one: two openings a direction instead of one a scale.
    """
    total = np.zeros(brightness.shape, np.uint16)
    for short, long in zip(_lines(PROFILE_SHORT_PX), _lines(PROFILE_LONG_PX), strict=True):
        opened = cv2.morphologyEx(brightness, cv2.MORPH_OPEN, short)
        cv2.add(total, cv2.subtract(opened, cv2.morphologyEx(brightness, cv2.MORPH_OPEN, long)), total, None, 2)
    return (total >> 2).astype(np.uint8)


def long_run_residue(brightness: U8) -> U8:
    """Brightness minus its best opening by a long line: what runs on in some direction (a road, a verge) vanishes."""
    calm = cv2.medianBlur(brightness, 3)
    best = np.zeros_like(calm)
    for line in _lines(RUN_PX):
        best = np.maximum(best, cv2.morphologyEx(calm, cv2.MORPH_OPEN, line))
    return np.asarray(cv2.subtract(calm, best))


@numba.njit(cache=True, nogil=True)
def _colours(rgb, has_nir, bright, luminance, green, saturation, warmth):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = luminance.shape
    for i in range(rows):
        for j in range(cols):
            r, g, b = np.int32(rgb[0, i, j]), np.int32(rgb[1, i, j]), np.int32(rgb[2, i, j])
            top, low = max(r, max(g, b)), min(r, min(g, b))
            bright[i, j] = top
            luminance[i, j] = (r * 77 + g * 150 + b * 29) >> 8
            if has_nir:
                n = np.int32(rgb[3, i, j])
                # An index of 0.3 is vegetation as an excess of 15 is: both scales meet there.
                green[i, j] = ((n - r) * 100) // (n + r + 1) - 15
            else:
                green[i, j] = ((2 * g - r - b) * 256) // (r + g + b + 1)
            saturation[i, j] = ((top - low) * 255) // (top + 8)
            warmth[i, j] = r - b


@numba.njit(cache=True, nogil=True)
def edges(gx, gy, strength, c4, s4):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Edge strength and its fourth angular harmonic: directions that differ by 90° add up, others cancel."""
    rows, cols = gx.shape
    for i in range(rows):
        for j in range(cols):
            x, y = np.float64(gx[i, j]), np.float64(gy[i, j])
            m2 = x * x + y * y
            if m2 < 64.0:
                strength[i, j], c4[i, j], s4[i, j] = 0, 0, 0
                continue
            m = np.sqrt(m2)
            c2, s2 = (x * x - y * y) / m2, 2 * x * y / m2
            limited = min(m, 255.0 * 2)
            strength[i, j] = np.int16(limited + 0.5)
            c4[i, j] = np.int16(np.floor(limited * (c2 * c2 - s2 * s2) + 0.5))
            s4[i, j] = np.int16(np.floor(limited * (2 * c2 * s2) + 0.5))


@numba.njit(cache=True, nogil=True)
def _directed(c4, s4, total, area, right_angles, coherence):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = c4.shape
    for i in range(rows):
        for j in range(cols):
            x, y = np.float64(c4[i, j]), np.float64(s4[i, j])
            length = np.sqrt(x * x + y * y)
            right_angles[i, j] = np.uint8(min(255.0, length * 2 / area))
            coherence[i, j] = np.uint8(min(255.0, length * 255 / (np.float64(total[i, j]) + 6.0 * area)))


def box_sum(values: npt.NDArray[np.generic], size: int) -> npt.NDArray[np.int32]:
    """Exact whole-number sum over a square box (edges mirrored)."""
    return np.asarray(
        cv2.boxFilter(values, cv2.CV_32S, (size, size), normalize=False, borderType=cv2.BORDER_REFLECT_101)
    )


@numba.njit(cache=True, nogil=True)
def _scaled(total, factor, shift, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = total.shape
    for i in range(rows):
        for j in range(cols):
            out[i, j] = np.uint8(min(np.float32(255), max(np.float32(0), np.float32(total[i, j]) * factor + shift)))


def box_mean(values: npt.NDArray[np.generic], size: int, scale: int = 1, shift: int = 0) -> U8:
    """Mean over a square box, times `scale` plus `shift`, rounded, kept within 0 to 255."""
    out = np.empty(values.shape, np.uint8)
    _scaled(box_sum(values, size), np.float32(scale / (size * size)), np.float32(shift + 0.5), out)
    return out


def gradients(luminance: U8) -> tuple[I16, I16, I16]:
    """Edge strength and its fourth harmonic (cosine, sine) of a lightly smoothed picture, each (y, x)."""
    kernel = np.array([1, 2, 1], np.float32) / np.float32(4)
    smooth = cv2.sepFilter2D(luminance, cv2.CV_8U, kernel, kernel)
    gx = cv2.Sobel(smooth, cv2.CV_16S, 1, 0, ksize=3)
    gy = cv2.Sobel(smooth, cv2.CV_16S, 0, 1, ksize=3)
    strength, c4, s4 = (np.empty(luminance.shape, np.int16) for _ in range(3))
    edges(gx, gy, strength, c4, s4)
    return strength, c4, s4


@dataclass(frozen=True)
class Colours:
    """Simple colour measures of a picture, each (y, x)."""

    bright: U8
    luminance: U8
    green: I16
    saturation: U8
    warmth: I16


def colours(picture: U8) -> Colours:
    """Colour measures of normalised colours, shape (3 or 4, y, x): red, green, blue and perhaps near infrared."""
    shape = picture.shape[1:]
    bright, luminance, saturation = (np.empty(shape, np.uint8) for _ in range(3))
    green, warmth = np.empty(shape, np.int16), np.empty(shape, np.int16)
    _colours(picture, picture.shape[0] > 3, bright, luminance, green, saturation, warmth)
    return Colours(bright, luminance, green, saturation, warmth)


def describe(picture: U8) -> Description:
    """Describe one date.

    Args:
        picture: Normalised colours, shape (3 or 4, y, x).
    """
    colour = colours(picture)
    strength, c4, s4 = gradients(colour.luminance)
    area = STRUCTURE_BOX_PX * STRUCTURE_BOX_PX
    right_angles, coherence = np.empty_like(colour.bright), np.empty_like(colour.bright)
    _directed(
        box_sum(c4, STRUCTURE_BOX_PX), box_sum(s4, STRUCTURE_BOX_PX), box_sum(strength, STRUCTURE_BOX_PX), area,
        right_angles, coherence,
    )  # fmt: skip
    inverse = np.asarray(255 - colour.bright, np.uint8)
    return Description(
        bright=morphological_profile(colour.bright),
        dark=morphological_profile(inverse),
        run_bright=long_run_residue(colour.bright),
        run_dark=long_run_residue(inverse),
        right_angles=right_angles,
        coherence=coherence,
        green=box_mean(colour.green, TEXTURE_BOX_PX, shift=128),
        saturation=colour.saturation,
        warmth=box_mean(colour.warmth, TEXTURE_BOX_PX, shift=128),
        luminance=colour.luminance,
        texture=box_mean(strength, TEXTURE_BOX_PX),
        contrast=cv2.absdiff(colour.luminance, box_mean(colour.luminance, CONTEXT_BOX_PX)),
    )


CHANNELS = (
    "structure_gain",
    "right_angle_gain",
    "profile_gain",
    "bright_gain",
    "dark_gain",
    "run_bright_gain",
    "run_dark_gain",
    "texture_gain",
    "brighter",
    "darker",
    "green_loss",
    "green",
    "bright",
    "dark",
    "run_bright",
    "run_dark",
    "coherence",
    "texture",
    "contrast",
    "saturation",
    "warmth",
    "luminance",
    "green_before",
    "texture_before",
    "bright_before",
    "coherence_before",
)
"""What is known of a pixel: eleven gains, eleven values of the later date, four of the earlier one."""


def channels(before: Description, after: Description) -> dict[str, U8]:
    """Evidence that a structure stands in `after` which did not in `before`; swap them for what is gone.

    Returns:
        An array (y, x) of 0 to 255 for each of `CHANNELS`.
    """
    kernel = np.ones((2 * TOLERANCE_PX + 1, 2 * TOLERANCE_PX + 1), np.uint8)

    def gain(first: U8, second: U8) -> U8:
        return np.asarray(cv2.subtract(second, cv2.dilate(first, kernel)))

    def loss(first: U8, second: U8) -> U8:
        return np.asarray(cv2.subtract(cv2.erode(first, kernel), second))

    profiles = (np.maximum(d.bright, d.dark) for d in (before, after))
    return {
        "structure_gain": box_mean(gain(before.coherence, after.coherence), STRUCTURE_BOX_PX, 4),
        "right_angle_gain": box_mean(gain(before.right_angles, after.right_angles), STRUCTURE_BOX_PX, 4),
        "profile_gain": box_mean(gain(*profiles), STRUCTURE_BOX_PX, 4),
        "bright_gain": box_mean(gain(before.bright, after.bright), TEXTURE_BOX_PX, 2),
        "dark_gain": box_mean(gain(before.dark, after.dark), TEXTURE_BOX_PX, 2),
        "run_bright_gain": box_mean(gain(before.run_bright, after.run_bright), NEAR_BOX_PX, 2),
        "run_dark_gain": box_mean(gain(before.run_dark, after.run_dark), NEAR_BOX_PX, 2),
        "texture_gain": box_mean(gain(before.texture, after.texture), TEXTURE_GAIN_BOX_PX, 2),
        "brighter": box_mean(gain(before.luminance, after.luminance), NEAR_BOX_PX),
        "darker": box_mean(loss(before.luminance, after.luminance), NEAR_BOX_PX),
        "green_loss": box_mean(loss(before.green, after.green), NEAR_BOX_PX, 2),
        "green": after.green,
        "bright": box_mean(after.bright, TEXTURE_BOX_PX),
        "dark": box_mean(after.dark, TEXTURE_BOX_PX),
        "run_bright": box_mean(after.run_bright, NEAR_BOX_PX),
        "run_dark": box_mean(after.run_dark, NEAR_BOX_PX),
        "coherence": after.coherence,
        "texture": after.texture,
        "contrast": after.contrast,
        "saturation": after.saturation,
        "warmth": after.warmth,
        "luminance": after.luminance,
        "green_before": before.green,
        "texture_before": before.texture,
        "bright_before": box_mean(before.bright, TEXTURE_BOX_PX),
        "coherence_before": before.coherence,
    }
