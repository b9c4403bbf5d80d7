"""Random variation of a picture: light, season, haze, blur, noise, and changes on the ground that are no building.

Every function takes and gives 8-bit RGB of shape (y, x, 3), as OpenCV wants it, and draws from a generator that is
handed in, so that a sample is a function of its seed. The ranges follow the published recipes (methods.md 3.1, 4):
each date is varied by itself, since two dates of one place differ by more than a common gain.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_GREY = np.full((3, 3), 1 / 3, np.float32)
GROUND_COLOURS = (
    (150, 130, 100), (170, 150, 125), (95, 115, 70), (70, 95, 55), (120, 120, 122), (75, 75, 80), (190, 180, 160),
    (60, 110, 140), (222, 218, 208), (185, 130, 105),
)  # fmt: skip
"""Soil, sand, grass, trees, concrete, asphalt, gravel, water, new concrete, red earth."""


@dataclass(frozen=True)
class Light:
    """How far a date's light may vary; 1 is the full range, 0 leaves it as it is.

    Args:
        strength: Scale of every photometric change.
    """

    strength: float = 1.0

    def relit(self, picture: U8, rng: np.random.Generator) -> U8:
        """Another light, season, sharpness and compression."""
        s = self.strength
        out = _tone(picture, rng, s)
        if rng.random() < 0.5:
            out = _saturated(out, rng.uniform(1 - 0.6 * s, 1 + 0.5 * s))
        if rng.random() < 0.35 * s:
            out = _season(out, rng, s)
        out = _sharpness(out, rng)
        if rng.random() < 0.15:
            quality = int(rng.uniform(30, 85))
            packed = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            out = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
        if rng.random() < 0.2:
            out = _noisy(out, rng)
        if rng.random() < 0.08 * s:
            out = _hazy(out, rng)
        if rng.random() < 0.12:
            out = _shaded(out, rng)
        return out


def _tone(picture: U8, rng: np.random.Generator, s: float) -> U8:
    """Gamma, gain and offset, common to the bands and a little by band, in one table."""
    x = np.arange(256, dtype=np.float32)[:, None] / 255
    gamma = np.exp(rng.normal(0, 0.2 * s) + rng.normal(0, 0.04 * s, 3))
    gain = np.exp(rng.normal(0, 0.15 * s) + rng.normal(0, 0.07 * s, 3))
    offset = rng.normal(0, 0.06 * s) + rng.normal(0, 0.03 * s, 3)
    table = np.clip(x**gamma * gain + offset, 0, 1) * 255
    return np.asarray(cv2.LUT(picture, np.round(table).astype(np.uint8)[None]))


def _saturated(picture: U8, factor: float) -> U8:
    return np.asarray(cv2.transform(picture, np.eye(3, dtype=np.float32) * np.float32(factor) + _GREY * (1 - factor)))


def _season(picture: U8, rng: np.random.Generator, s: float) -> U8:
    """Vegetation in another colour, the more the greener a pixel is."""
    green = cv2.transform(picture, np.array([[-1.0, 2.0, -1.0]], np.float32))
    change = rng.uniform(-40, 40, 3) * (1, 0.5, 0.5) * s
    parts = np.minimum(green, 60).astype(np.float32) / 60
    return np.asarray(np.clip(picture + parts[..., None] * change.astype(np.float32), 0, 255).astype(np.uint8))


def _sharpness(picture: U8, rng: np.random.Generator) -> U8:
    chance = rng.random()
    if chance < 0.35:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.3)))
    if chance < 0.5:
        return np.asarray(cv2.addWeighted(picture, 1.7, cv2.GaussianBlur(picture, (0, 0), 1.0), -0.7, 0))
    return picture


def _noisy(picture: U8, rng: np.random.Generator) -> U8:
    grain = np.empty(picture.shape[:2], np.int16)
    cv2.setRNGSeed(int(rng.integers(2**31)))
    cv2.randn(grain, 0, rng.uniform(2, 8))
    return np.asarray(np.clip(picture + grain[..., None], 0, 255).astype(np.uint8))


def _hazy(picture: U8, rng: np.random.Generator) -> U8:
    veil = _smooth_field(rng.uniform(0, 0.6, (3, 3)), picture.shape)[..., None]
    return np.asarray((picture * (1 - veil) + 230 * veil).clip(0, 255).astype(np.uint8))


def _shaded(picture: U8, rng: np.random.Generator) -> U8:
    shade = np.zeros(picture.shape[:2], np.float32)
    cv2.fillPoly(shade, [polygon(rng, picture.shape)], rng.uniform(0.3, 0.6))
    return np.asarray((picture * (1 - cv2.GaussianBlur(shade, (0, 0), 1.2)[..., None])).astype(np.uint8))


def _smooth_field(nodes: npt.NDArray[np.float64], shape: tuple[int, ...]) -> F32:
    field = cv2.resize(nodes.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(field, 0, 1), np.float32)


def matched(picture: U8, like: U8) -> U8:
    """The picture with the mean and spread of another, band by band (Reinhard et al. 2001)."""
    own, other = (p[::4, ::4].reshape(-1, 3).astype(np.float32) for p in (picture, like))
    gain = np.clip((other.std(0) + 4) / (own.std(0) + 4), 0.5, 2)
    x = np.arange(256, dtype=np.float32)[:, None]
    table = np.clip((x - own.mean(0)) * gain + other.mean(0), 0, 255)
    return np.asarray(cv2.LUT(picture, np.round(table).astype(np.uint8)[None]))


def polygon(
    rng: np.random.Generator, shape: tuple[int, ...], radius: tuple[float, float] = (8, 70)
) -> npt.NDArray[np.int32]:
    """A random star-shaped polygon, vertices (x, y)."""
    corners = rng.integers(4, 9)
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    reach = rng.uniform(*radius) * rng.uniform(0.6, 1.3, corners)
    centre = rng.uniform(0, (shape[1], shape[0]))
    return np.asarray(centre + reach[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)).astype(np.int32)


def rectangle(
    rng: np.random.Generator, centre: npt.NDArray[np.float64], length: float, width: float
) -> npt.NDArray[np.int32]:
    """A rectangle at a random angle, vertices (x, y)."""
    angle = rng.uniform(0, np.pi)
    along = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    across = np.array([-np.sin(angle), np.cos(angle)]) * width / 2
    return np.array(
        [centre + along + across, centre + along - across, centre - along - across, centre - along + across]
    ).astype(np.int32)


def cluttered(picture: U8, rng: np.random.Generator) -> U8:
    """Changes that are no building: vehicles, tarpaulins, bare soil, lawn, water, a new road."""
    out = picture.copy()
    for _ in range(rng.integers(1, 4)):
        if rng.random() < 0.45:
            _park(out, rng)
        else:
            out = _new_ground(out, rng)
    return out


def reroofed(picture: U8, roofs: U8, rng: np.random.Generator) -> U8:
    """Some roofs in another colour or under solar panels: what happens to a building that stands.

    Args:
        picture: A date.
        roofs: Its standing roofs, 1 where one is, shape (y, x).
        rng: Draws.
    """
    count, numbers, stats, centres = cv2.connectedComponentsWithStats((roofs == 1).astype(np.uint8))
    out = picture.copy()
    for k in range(1, count):
        if rng.random() > 0.3:
            continue
        x, y, width, height = stats[k, :4]
        part = out[y : y + height, x : x + width]
        roof = numbers[y : y + height, x : x + width] == k
        if rng.random() < 0.5:
            cover, own, colour = roof, rng.uniform(0.3, 0.9), rng.uniform(55, 215) + rng.normal(0, 9, 3)
        else:
            panels = np.zeros(roof.shape, np.uint8)
            long = max(width, height) * rng.uniform(0.25, 0.9)
            outline = rectangle(rng, centres[k] - (x, y), long, long * rng.uniform(0.3, 0.8))
            cv2.fillPoly(panels, [outline], 1)
            cover, own, colour = roof & (panels > 0), rng.uniform(0, 0.3), np.array([48.0, 56, 78]) + rng.normal(0, 12)
        part[cover] = np.clip((part[cover] - part[roof].mean(0)) * own + colour, 0, 255).astype(np.uint8)
    return out


def _park(picture: U8, rng: np.random.Generator) -> None:
    """Vehicles and containers about a place, each with a little shadow."""
    place = rng.uniform(0, (picture.shape[1], picture.shape[0]))
    for _ in range(rng.integers(1, 12)):
        box = rectangle(rng, place + rng.normal(0, 25, 2), rng.uniform(6, 11), rng.uniform(3, 4.5))
        colour = np.clip(rng.uniform(30, 240) + rng.normal(0, 15, 3), 0, 255)
        cv2.fillPoly(picture, [box + 1], (40, 40, 45))
        cv2.fillPoly(picture, [box], tuple(colour.tolist()))


def _new_ground(picture: U8, rng: np.random.Generator) -> U8:
    """A patch or a strip of another ground, with the texture of neither date."""
    height, width = picture.shape[:2]
    cover = np.zeros((height, width), np.float32)
    if rng.random() < 0.6:
        cv2.fillPoly(cover, [polygon(rng, picture.shape, (10, 60))], 1.0)
    else:
        line = np.cumsum(np.vstack([rng.uniform(0, (width, height)), rng.normal(0, 60, (3, 2))]), axis=0)
        cv2.polylines(cover, [line.astype(np.int32)], False, 1.0, int(rng.uniform(6, 18)))
    cover = (cv2.GaussianBlur(cover, (0, 0), rng.uniform(0.6, 3)) * rng.uniform(0.5, 1))[..., None]
    colour = np.array(GROUND_COLOURS[rng.integers(len(GROUND_COLOURS))]) + rng.normal(0, 12, 3)
    coarse = rng.normal(0, 8, (height // 4 + 1, width // 4 + 1)).astype(np.float32)
    texture = cv2.resize(coarse, (width, height))[..., None] + (picture - picture.mean((0, 1))) * rng.uniform(0, 0.4)
    return np.asarray(np.clip(picture * (1 - cover) + cover * (colour + texture), 0, 255).astype(np.uint8))
