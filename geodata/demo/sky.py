"""Between the ground and the pixel: cloud, haze, the sensor's response, blur, noise, mis-registration."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.demo.canvas import PIXEL_M, Sun
from geodata.demo.plan import AFTER, BEFORE
from geodata.demo.textures import Plane, smoothstep, torus_noise

_CLOUD_M = 8.0
"""Cell of the coarse grid on which the cloud is kept."""


@dataclass(frozen=True)
class Look:
    """Sun, atmosphere and sensor of one date."""

    sun: Sun
    gain: tuple[float, float, float]
    gamma: float
    haze: tuple[float, float, float]
    blur_px: float
    noise_dn: float
    shift_px: tuple[float, float]
    bend_px: float


LOOKS: dict[int, Look] = {
    BEFORE: Look(Sun(130, 51), (0.98, 0.96, 0.93), 1.06, (0.030, 0.034, 0.045), 0.55, 1.6, (0.0, 0.0), 0.0),
    AFTER: Look(Sun(153, 47), (0.92, 0.95, 0.96), 0.97, (0.034, 0.044, 0.062), 0.68, 2.1, (1.7, -1.2), 0.7),
}

AMBIENT = (0.37, 0.41, 0.50)
"""Light left in full shadow, by band: the sky's, so bluish."""


@dataclass(frozen=True)
class Cloud:
    """One soft cloud over the district: opacity on a coarse grid, and where its shadow falls."""

    opacity: Plane
    offset_m: tuple[float, float]

    @classmethod
    def drift(cls, rng: np.random.Generator, extent_m: float, keep_clear: list[BaseGeometry], sun: Sun) -> Cloud:
        """Draw a cloud that leaves the given places as clear as may be."""
        offset = tuple(-c * min(150.0, extent_m * 0.22) for c in sun.towards)
        n = math.ceil(extent_m / _CLOUD_M) + 2
        cells = np.indices((n, n))[::-1].reshape(2, -1).T * _CLOUD_M
        radius = min(75.0, extent_m * 0.11)
        # Cloud and shadow both lie in the image.
        low = np.array([max(0.0, -o) for o in offset]) + extent_m * 0.07
        high = np.array([extent_m - max(0.0, o) for o in offset]) - extent_m * 0.07
        tries = rng.uniform(low, high, (80, 2))
        points = np.array([(g.centroid.x, g.centroid.y) for g in keep_clear]).reshape(-1, 2)

        def distance(centre: NDArray[np.float64]) -> float:
            if not len(points):
                return 0.0
            near = np.linalg.norm(points - centre, axis=1).min()
            return float(min(near, np.linalg.norm(points - centre - np.array(offset), axis=1).min()))

        centre = max(tries, key=distance)
        stretch = (cells - centre) / np.array([radius * 1.35, radius * 0.85])
        puff = torus_noise(rng, 128, 1536)[::2, ::2][:n, :n] if n <= 768 else np.zeros((n, n), np.float32)
        swell = cv2.GaussianBlur(puff, (0, 0), 2.2)
        body = 1.05 - np.hypot(stretch[:, 0], stretch[:, 1]).reshape(n, n) + 0.55 * swell + 0.08 * puff
        opacity = smoothstep(body.astype(np.float32), 0.0, 0.9) * np.float32(0.88)
        return cls(opacity.astype(np.float32), (float(offset[0]), float(offset[1])))

    def window(self, col: int, row: int, shape: tuple[int, int], shadow: bool = False) -> Plane:
        """Opacity of the cloud (or of its shadow) over a window of pixels."""
        dx, dy = self.offset_m if shadow else (0.0, 0.0)
        scale = PIXEL_M / _CLOUD_M
        move = np.array(
            [[scale, 0, (col * PIXEL_M - dx) / _CLOUD_M], [0, scale, (row * PIXEL_M - dy) / _CLOUD_M]],
            np.float64,
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        out = cv2.warpAffine(self.opacity, move, shape[::-1], flags=flags, borderMode=cv2.BORDER_CONSTANT)
        return np.asarray(out, np.float32)

    def outlines(self, least: float = 0.15) -> list[tuple[str, BaseGeometry]]:
        """Cloud and shadow as polygons in plan metres."""
        mask = (self.opacity > least).astype(np.uint8)
        rings, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        found: list[tuple[str, BaseGeometry]] = []
        for ring in rings:
            if len(ring) < 4:
                continue
            body = shapely.make_valid(Polygon(np.asarray(ring)[:, 0, :] * _CLOUD_M).buffer(_CLOUD_M / 2))
            found.append(("cloud", body))
            found.append(("shadow", translate(body, *self.offset_m)))
        return found


def illuminate(rgb: NDArray[np.float32], shade: Plane) -> None:
    """Darken the shaded share of every pixel to the sky's light, in place."""
    for k, ambient in enumerate(AMBIENT):
        rgb[..., k] *= 1 - np.float32(1 - ambient) * shade


def overcast(rgb: NDArray[np.float32], cloud: Cloud, col: int, row: int) -> None:
    """Lay the cloud and its shadow over a window, in place."""
    shape = (rgb.shape[0], rgb.shape[1])
    below = cloud.window(col, row, shape, shadow=True)
    for k, ambient in enumerate((0.42, 0.45, 0.53)):
        rgb[..., k] *= 1 - np.float32(1 - ambient) * below
    veil = cloud.window(col, row, shape)
    for k, white in enumerate((0.93, 0.94, 0.96)):
        rgb[..., k] += (np.float32(white) - rgb[..., k]) * veil


def bend(col: int, row: int, shape: tuple[int, int], look: Look) -> tuple[Plane, Plane]:
    """Where each pixel of a window is read from: the date's shift and its small smooth distortion."""
    x = np.arange(col, col + shape[1], dtype=np.float32)[None, :]
    y = np.arange(row, row + shape[0], dtype=np.float32)[:, None]
    wave = np.float32(look.bend_px)
    dx = wave * (np.sin(x / 310 + y / 530) + np.sin(y / 210 + 1.1)) / 2
    dy = wave * (np.sin(y / 280 - x / 610 + 0.7) + np.sin(x / 190 + 2.3)) / 2
    from_x = x - np.float32(col + look.shift_px[0]) + dx
    from_y = y - np.float32(row + look.shift_px[1]) + dy
    return from_x.astype(np.float32), from_y.astype(np.float32)


def expose(rgb: NDArray[np.float32], look: Look, col: int, row: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Haze, optics, geometry, response and noise: the pixels as delivered."""
    shape = (rgb.shape[0], rgb.shape[1])
    image = cv2.GaussianBlur(rgb, (0, 0), look.blur_px)
    if any(look.shift_px) or look.bend_px:
        from_x, from_y = bend(col, row, shape, look)
        image = cv2.remap(image, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    gain, haze = np.array(look.gain, np.float32), np.array(look.haze, np.float32)
    image = np.clip(image * gain + haze, 0.004, 1.0)
    image = np.power(image, np.float32(look.gamma)) * np.float32(255)
    common = rng.standard_normal(shape, dtype=np.float32)[..., None] * np.float32(look.noise_dn * 0.7)
    own = rng.standard_normal((*shape, 3), dtype=np.float32) * np.float32(look.noise_dn * 0.7)
    return np.asarray(np.clip(np.round(image + common + own), 1, 255), np.uint8)
