"""Noise that repeats: four octaves over a torus, so that any window of the district reads the same values."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]

PERIOD_PX = 1536
_CELLS = {"grain": 1536, "soft": 384, "mid": 64, "broad": 12}
_OWN = {"grain": 1.0, "soft": 0.75, "mid": 0.4, "broad": 0.15}


def torus_noise(rng: np.random.Generator, cells: int, period: int = PERIOD_PX) -> Plane:
    """Smooth noise of mean 0 and deviation 1 that tiles without a seam."""
    grid = rng.standard_normal((cells, cells)).astype(np.float32)
    if cells < period:
        pad, scale = 3, period // cells
        grid = np.pad(grid, pad, mode="wrap")
        size = grid.shape[0] * scale
        grid = cv2.resize(grid, (size, size), interpolation=cv2.INTER_CUBIC)
        grid = grid[pad * scale : pad * scale + period, pad * scale : pad * scale + period]
    else:
        grid = cv2.GaussianBlur(np.pad(grid, 4, mode="wrap"), (0, 0), 0.6)[4:-4, 4:-4]
    return np.asarray((grid - grid.mean()) / grid.std(), np.float32)


@dataclass(frozen=True)
class Noise:
    """The octaves: `grain` (a pixel or two), `soft` (2 m), `mid` (12 m), `broad` (64 m)."""

    grain: Plane
    soft: Plane
    mid: Plane
    broad: Plane

    @classmethod
    def draw(cls, seed: int, date: int) -> Noise:
        """The octaves of one date: the coarse ones largely shared by both, the fine ones its own."""
        planes = {}
        for number, (name, cells) in enumerate(_CELLS.items()):
            shared = torus_noise(np.random.default_rng([seed, 50 + number]), cells)
            own = torus_noise(np.random.default_rng([seed, 60 + number, date]), cells)
            weight = _OWN[name]
            plane = np.float32((1 - weight**2) ** 0.5) * shared + np.float32(weight) * own
            planes[name] = plane.astype(np.float32)
        # Half an octave of each fine plane in the next coarser one hides the lattice they were drawn on.
        planes["soft"] = np.float32(0.8) * planes["soft"] + np.float32(0.6) * torus_noise(
            np.random.default_rng([seed, 70, date]), 192
        )
        return cls(**planes)

    def window(self, col: int, row: int, width: int, height: int) -> Noise:
        """The octaves over one window, given in pixels of the whole district."""
        rows = np.arange(row, row + height) % PERIOD_PX
        cols = np.arange(col, col + width) % PERIOD_PX

        def cut(plane: Plane) -> Plane:
            return plane[rows[:, None], cols[None, :]]

        return Noise(cut(self.grain), cut(self.soft), cut(self.mid), cut(self.broad))

    def crop(self, rows: slice, cols: slice) -> Noise:
        """Views of a part of a window."""
        return Noise(self.grain[rows, cols], self.soft[rows, cols], self.mid[rows, cols], self.broad[rows, cols])


def stripes(position: Plane, spacing: float, sharpness: float = 1.0) -> Plane:
    """A periodic profile between -1 and 1; a higher sharpness flattens crest and trough."""
    wave = np.sin(position * np.float32(2 * np.pi / spacing))
    return np.asarray(np.clip(wave * np.float32(sharpness), -1, 1), np.float32)


def band(distance: NDArray[np.floating], half_width: float, pixel_m: float = 0.5) -> Plane:
    """Coverage (0 to 1) of a line of the given half width at a distance in metres, antialiased."""
    reach = np.float32(half_width) - np.abs(distance)
    return np.asarray(np.clip(np.float32(0.5) + reach / np.float32(pixel_m), 0, 1), np.float32)


def smoothstep(value: Plane, low: float, high: float) -> Plane:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
