"""Evidence that a structure appeared: small kernels over an aligned, normalised pair.

Each date is described on its own (`describe`), the pair by the gains between the two descriptions (`gains`).
A gain compares the second date with the largest value of the first within a few pixels, so that lean and a
residual shift of that size do not alarm (the robust change vector analysis of methods.md 6).

All sums are over whole numbers, so a pixel's value does not depend on the window it is computed in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
I16 = npt.NDArray[np.int16]
F32 = npt.NDArray[np.float32]

TOLERANCE_PX = 3
PROFILE_SHORT_PX = 3
PROFILE_LONG_PX = 33
STRUCTURE_BOX_PX = 33
TEXTURE_BOX_PX = 9
CONTEXT_BOX_PX = 49

HALO_PX = 128
"""Pixels around a window that its evidence may depend on: profile 32 + tolerance 3 + boxes 16 + 24, rounded up."""


@dataclass(frozen=True)
class Description:
    """One date, described for structures; every array is (y, x).

    Args:
        bright: Morphological building index, bright profile (Huang and Zhang 2011), 0 to 255.
        dark: The same of the inverted picture: dark roofs.
        right_angles: Strength of edges that run in two perpendicular directions, 0 to 255.
        coherence: Share of the edge strength that agrees with these directions, 0 to 255.
        green: Excess green relative to brightness, -128 to 127, mean over a small box.
        saturation: 0 to 255.
        luminance: 0 to 255.
        texture: Mean edge strength in a small box, 0 to 255.
        contrast: Difference of luminance from its mean over a large box, 0 to 255.
    """

    bright: U8
    dark: U8
    right_angles: U8
    coherence: U8
    green: I16
    saturation: U8
    luminance: U8
    texture: U8
    contrast: U8


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
        total += opened - np.minimum(opened, cv2.morphologyEx(brightness, cv2.MORPH_OPEN, long))
    return (total >> 2).astype(np.uint8)


@numba.njit(cache=True, nogil=True)
def _colours(rgb, bright, luminance, green, saturation):  # type: ignore[no-untyped-def]  # pragma: no cover
    rows, cols = luminance.shape
    for i in range(rows):
        for j in range(cols):
            r, g, b = np.int32(rgb[0, i, j]), np.int32(rgb[1, i, j]), np.int32(rgb[2, i, j])
            top, low = max(r, max(g, b)), min(r, min(g, b))
            bright[i, j] = top
            luminance[i, j] = (r * 77 + g * 150 + b * 29) >> 8
            green[i, j] = ((2 * g - r - b) * 256) // (r + g + b + 1)
            saturation[i, j] = ((top - low) * 255) // (top + 8)


@numba.njit(cache=True, nogil=True)
def _edges(gx, gy, strength, c4, s4):  # type: ignore[no-untyped-def]  # pragma: no cover
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


def box_sum(values: npt.NDArray[np.generic], size: int) -> npt.NDArray[np.int32]:
    """Exact whole-number sum over a square box (edges mirrored)."""
    return np.asarray(
        cv2.boxFilter(values, cv2.CV_32S, (size, size), normalize=False, borderType=cv2.BORDER_REFLECT_101)
    )


def describe(rgb: U8) -> Description:
    """Describe one date.

    Args:
        rgb: Normalised colours, shape (3, y, x).
    """
    shape = rgb.shape[1:]
    bright, luminance, saturation = (np.empty(shape, np.uint8) for _ in range(3))
    green = np.empty(shape, np.int16)
    _colours(rgb, bright, luminance, green, saturation)
    smooth = cv2.sepFilter2D(luminance, cv2.CV_8U, *_binomial())
    gx = cv2.Sobel(smooth, cv2.CV_16S, 1, 0, ksize=3)
    gy = cv2.Sobel(smooth, cv2.CV_16S, 0, 1, ksize=3)
    strength, c4, s4 = (np.empty(shape, np.int16) for _ in range(3))
    _edges(gx, gy, strength, c4, s4)
    area = STRUCTURE_BOX_PX * STRUCTURE_BOX_PX
    total = box_sum(strength, STRUCTURE_BOX_PX).astype(np.float32)
    directed = np.sqrt(
        box_sum(c4, STRUCTURE_BOX_PX).astype(np.float64) ** 2 + box_sum(s4, STRUCTURE_BOX_PX).astype(np.float64) ** 2
    ).astype(np.float32)
    green_mean = box_sum(green, TEXTURE_BOX_PX) // (TEXTURE_BOX_PX * TEXTURE_BOX_PX)
    return Description(
        bright=morphological_profile(bright),
        dark=morphological_profile(np.asarray(255 - bright, np.uint8)),
        right_angles=np.clip(directed * (2.0 / area), 0, 255).astype(np.uint8),
        coherence=np.clip(directed * 255 / (total + 6.0 * area), 0, 255).astype(np.uint8),
        green=green_mean.astype(np.int16),
        saturation=saturation,
        luminance=luminance,
        texture=np.clip(box_sum(strength, TEXTURE_BOX_PX) // (TEXTURE_BOX_PX**2), 0, 255).astype(np.uint8),
        contrast=cv2.absdiff(luminance, box_mean(luminance, CONTEXT_BOX_PX)),
    )


def box_mean(values: U8, size: int, scale: int = 1) -> U8:
    """Mean over a square box in whole numbers, times `scale`, at most 255."""
    return np.minimum(box_sum(values, size) * scale // (size * size), 255).astype(np.uint8)


CHANNELS = (
    "structure_gain",
    "right_angle_gain",
    "profile_gain",
    "bright_gain",
    "dark_gain",
    "texture_gain",
    "brighter",
    "darker",
    "green_loss",
    "green",
    "bright",
    "dark",
    "texture",
    "contrast",
    "saturation",
)
"""What is known of a pixel: nine gains, then six values of the later date."""


def channels(before: Description, after: Description) -> dict[str, U8]:
    """Evidence that a structure stands in `after` which did not in `before`; swap them for what is gone.

    Returns:
        An array (y, x) of 0 to 255 for each of `CHANNELS`.
    """
    kernel = np.ones((2 * TOLERANCE_PX + 1, 2 * TOLERANCE_PX + 1), np.uint8)

    def gain(name: str) -> U8:
        return np.asarray(cv2.subtract(getattr(after, name), cv2.dilate(getattr(before, name), kernel)))

    profile_before = np.maximum(before.bright, before.dark)
    profile_after = np.maximum(after.bright, after.dark)
    green_before, green_after = (np.clip(d.green + 128, 0, 255).astype(np.uint8) for d in (before, after))
    lowest = cv2.erode(before.luminance, kernel)
    return {
        "structure_gain": box_mean(gain("coherence"), STRUCTURE_BOX_PX, 4),
        "right_angle_gain": box_mean(gain("right_angles"), STRUCTURE_BOX_PX, 4),
        "profile_gain": box_mean(
            np.asarray(cv2.subtract(profile_after, cv2.dilate(profile_before, kernel))), STRUCTURE_BOX_PX, 4
        ),
        "bright_gain": box_mean(gain("bright"), TEXTURE_BOX_PX, 2),
        "dark_gain": box_mean(gain("dark"), TEXTURE_BOX_PX, 2),
        "texture_gain": box_mean(gain("texture"), 17, 2),
        "brighter": box_mean(gain("luminance"), 5),
        "darker": box_mean(np.asarray(cv2.subtract(lowest, after.luminance)), 5),
        "green_loss": box_mean(np.asarray(cv2.subtract(cv2.erode(green_before, kernel), green_after)), 5, 2),
        "green": green_after,
        "bright": box_mean(after.bright, TEXTURE_BOX_PX),
        "dark": box_mean(after.dark, TEXTURE_BOX_PX),
        "texture": after.texture,
        "contrast": after.contrast,
        "saturation": after.saturation,
    }


def _binomial() -> tuple[F32, F32]:
    kernel = np.array([1, 4, 6, 4, 1], np.float32) / np.float32(16)
    return kernel, kernel
