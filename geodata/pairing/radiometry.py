"""Bring the colours of two dates together: one gain and offset per band, from quantiles of common ground."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import GridReader
from geodata.pairing.coregister import patch_windows

Sample = npt.NDArray[np.float64]

SAMPLE_PX = 256
MAX_SAMPLES_PER_SIDE = 10
_STEP = 3
_QUANTILES = (10.0, 50.0, 90.0)
_DISPLAY_LOW, _DISPLAY_HIGH = 40.0, 200.0


@dataclass(frozen=True)
class Radiometry:
    """Linear map of a date's values to the common 8 bit scale: value × gain + offset, per band."""

    gain: tuple[float, ...]
    offset: tuple[float, ...]

    def apply(self, values: npt.NDArray[np.generic], window: Window, factor: int = 1) -> npt.NDArray[np.uint8]:
        """Values (band, y, x) on the common scale, three bands (a single band is repeated)."""
        gain = np.array(self.gain, np.float32)[:, None, None]
        offset = np.array(self.offset, np.float32)[:, None, None]
        out = np.clip(np.rint(values.astype(np.float32) * gain + offset), 0, 255).astype(np.uint8)
        return np.repeat(out, 3, axis=0) if out.shape[0] == 1 else out


def sample_pair(before: GridReader, after: GridReader, threads: int = 1) -> tuple[Sample, Sample]:
    """Values of both dates at common valid pixels of evenly spread patches, each of shape (band, n)."""

    def sample(window: Window) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
        (a, valid_a), (b, valid_b) = before.read(window), after.read(window)
        both = (valid_a & valid_b)[::_STEP, ::_STEP]
        return a[:, ::_STEP, ::_STEP][:, both], b[:, ::_STEP, ::_STEP][:, both]

    with ThreadPoolExecutor(threads) as pool:
        patches = patch_windows(before.grid.shape, SAMPLE_PX, MAX_SAMPLES_PER_SIDE)
        first, second = zip(*pool.map(sample, patches), strict=True)
    return np.concatenate(first, axis=1).astype(np.float64), np.concatenate(second, axis=1).astype(np.float64)


def normalise(before: npt.NDArray[np.float64], after: npt.NDArray[np.float64]) -> tuple[Radiometry, Radiometry]:
    """Maps of both dates to one 8 bit scale.

    The first date is brought to a fixed contrast (its luminance quantiles), the same for all bands, so that
    its colours stay; the second date follows band by band. Quantiles shrug off the few per cent that changed.

    Args:
        before: Sampled values of the first date, shape (band, n), n > 0.
        after: The same pixels of the second date.
    """
    low, _, high = np.percentile(before.mean(axis=0), _QUANTILES)
    gain = (_DISPLAY_HIGH - _DISPLAY_LOW) / max(float(high - low), 1e-6)
    gain = min(gain, 2.5) if before.max() <= 255 else gain
    offset = _DISPLAY_LOW - gain * float(low)
    gains, offsets = [], []
    for band_before, band_after in zip(before, after, strict=True):
        target = np.percentile(band_before * gain + offset, _QUANTILES)
        own = np.percentile(band_after, _QUANTILES)
        ratio = (target[2] - target[0]) / max(float(own[2] - own[0]), 1e-6)
        gains.append(float(ratio))
        offsets.append(float(target[1] - ratio * own[1]))
    bands = len(gains)
    return Radiometry((gain,) * bands, (offset,) * bands), Radiometry(tuple(gains), tuple(offsets))
