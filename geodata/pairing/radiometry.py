"""Bring the colours of two dates together: one line per band, through pixels that did not change."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numba
import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import ShiftField
from geodata.pairing.invariant import orthogonal_line, unchanged_weights
from geodata.pairing.patches import Block

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

MAX_SAMPLES = 40_000
_MIN_STEP = 3
_QUANTILES = (10.0, 50.0, 90.0)
_DISPLAY_LOW, _DISPLAY_HIGH = 40.0, 200.0
MIN_CORRELATION = 0.8
"""Correlation of a band between the dates, over all pixels, from which the unchanged ones can be told; below it
quantiles are matched, see decisions/0006."""
SEAM_LEVELS = 6.0
"""Spread of the differences between parts of a scene, 8 bit levels, from which it counts as a mosaic."""
_PART_PX = 256
_MIN_PART_SAMPLES = 60
_STEPS = 256


@dataclass(frozen=True)
class Sample:
    """Pixels that both dates see.

    Args:
        before: Values of the first date, shape (band, n).
        after: The same ground in the second date.
        x: Columns on the common grid, shape (n,).
        y: Rows.
    """

    before: F64
    after: F64
    x: F64
    y: F64


@dataclass(frozen=True)
class Parts:
    """What is added to the common scale from place to place, where a scene is a mosaic.

    Args:
        levels: Levels at each node, whole multiples of 1/16, shape (band, node_y, node_x).
        spacing_px: Distance of the nodes; node (0, 0) lies half of it inside the grid's upper left corner.
    """

    levels: F64
    spacing_px: int

    def add(self, lines: tuple[F64, F64], values: npt.NDArray[np.generic], window: Window, factor: int) -> U8:
        """Values times gain plus offset plus the levels of the place, rounded, kept within 0 to 255.

        Bilinear with whole weights, so a pixel has one value in any window.

        Args:
            lines: Gain and offset of each band.
            values: Pixels of the window, shape (band, y, x).
            window: The window in pixels of the full grid.
            factor: Decimation of the values.
        """
        rows, cols = (
            self._between(start, count, factor, nodes)
            for start, count, nodes in (
                (window.row, values.shape[1], self.levels.shape[1]),
                (window.col, values.shape[2], self.levels.shape[2]),
            )
        )
        out = np.empty(values.shape, np.uint8)
        _with_levels(values, *lines, self.levels, rows, cols, out)
        return out

    def _between(self, start: int, count: int, factor: int, nodes: int) -> tuple[npt.NDArray[np.intp], ...]:
        at = (start + (np.arange(count) + 0.5) * factor) / self.spacing_px - 0.5
        whole = np.clip(np.rint(at * _STEPS).astype(np.intp), 0, (nodes - 1) * _STEPS)
        low = np.minimum(whole // _STEPS, max(0, nodes - 2))
        return low, np.minimum(low + 1, nodes - 1), (whole - low * _STEPS) / _STEPS


@numba.njit(cache=True, nogil=True)
def _with_levels(values, gain, offset, levels, rows, cols, out):  # type: ignore[no-untyped-def]  # pragma: no cover
    r0, r1, fr = rows
    c0, c1, fc = cols
    bands, height, width = values.shape
    line = np.empty(levels.shape[2])
    for b in range(bands):
        for i in range(height):
            for k in range(line.size):
                line[k] = offset[b] + levels[b, r0[i], k] * (1 - fr[i]) + levels[b, r1[i], k] * fr[i]
            for j in range(width):
                level = line[c0[j]] * (1 - fc[j]) + line[c1[j]] * fc[j]
                out[b, i, j] = np.uint8(min(255.0, max(0.0, np.floor(values[b, i, j] * gain[b] + level + 0.5))))


@dataclass(frozen=True)
class Radiometry:
    """Linear map of a date's values to the common 8 bit scale: value x gain + offset, per band.

    Args:
        gain: Of each band.
        offset: Of each band.
        parts: What is added in parts of a mosaic, None for a scene of one piece.
    """

    gain: tuple[float, ...]
    offset: tuple[float, ...]
    parts: Parts | None = None

    def apply(self, values: npt.NDArray[np.generic], window: Window, factor: int = 1) -> U8:
        """Values (band, y, x) on the common scale, three bands (a single band is repeated).

        Args:
            values: Pixels of a window, on the common grid coarsened by `factor`.
            window: The window in pixels of the full common grid.
            factor: Decimation of the values.
        """
        if self.parts is None and values.dtype == np.uint8:
            out: U8 = np.empty(values.shape, np.uint8)
            for band, gain, offset, target in zip(values, self.gain, self.offset, out, strict=True):
                cv2.LUT(np.ascontiguousarray(band, np.uint8), _table(gain, offset), target)
        elif self.parts is not None:
            out = self.parts.add((np.array(self.gain), np.array(self.offset)), values, window, factor)
        else:
            scaled = values.astype(np.float32)
            scaled *= np.array(self.gain, np.float32)[:, None, None]
            scaled += np.array(self.offset, np.float32)[:, None, None]
            out = np.asarray(np.clip(np.rint(scaled), 0, 255), np.uint8)
        return np.asarray(np.repeat(out, 3, axis=0) if out.shape[0] == 1 else out, np.uint8)


def _table(gain: float, offset: float) -> U8:
    levels = np.arange(256, dtype=np.float32) * np.float32(gain) + np.float32(offset)
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def sample_pair(blocks: list[Block], field: ShiftField | None) -> Sample:
    """Values of both dates at ground that both see, from the blocks that alignment read already.

    Args:
        blocks: See `read_blocks`.
        field: Where the second date lies; its nearest pixel is taken. None: unshifted.
    """
    pixels = sum(block.core.height * block.core.width for block in blocks)
    step = max(_MIN_STEP, int(np.ceil(np.sqrt(pixels / MAX_SAMPLES))))
    parts = [_sample_block(block, field, step) for block in blocks]
    return Sample(*(np.concatenate(members, axis=-1) for members in zip(*parts, strict=True)))


def _sample_block(block: Block, field: ShiftField | None, step: int) -> tuple[F64, F64, F64, F64]:
    rows, cols = np.arange(0, block.core.height, step), np.arange(0, block.core.width, step)
    y, x = (rows + block.core.row).astype(np.float64), (cols + block.core.col).astype(np.float64)
    dx, dy = field.at(y, x) if field is not None else (np.zeros((y.size, x.size)), np.zeros((y.size, x.size)))
    there_row = np.rint(y[:, None] + dy).astype(np.intp) - block.window.row
    there_col = np.rint(x[None, :] + dx).astype(np.intp) - block.window.col
    height, width = block.after_valid.shape
    inside = (there_row >= 0) & (there_row < height) & (there_col >= 0) & (there_col < width)
    there_row, there_col = there_row.clip(0, height - 1), there_col.clip(0, width - 1)
    seen = inside & block.before_valid[::step, ::step] & block.after_valid[there_row, there_col]
    before = block.before[:, ::step, ::step][:, seen].astype(np.float64)
    after = block.after[:, there_row[seen], there_col[seen]].astype(np.float64)
    return before, after, np.broadcast_to(x, seen.shape)[seen], np.broadcast_to(y[:, None], seen.shape)[seen]


def normalise(sample: Sample, shape: tuple[int, int]) -> tuple[Radiometry, Radiometry]:
    """Maps of both dates to one 8 bit scale.

    The first date is brought to a fixed contrast (its luminance quantiles), the same for all bands, so that its
    colours stay. The second follows band by band: the line through the pixels that did not change, or, where too
    little is common, the line through the quantiles. A mosaic's parts are then levelled each by itself.

    Args:
        sample: Pixels of both dates, at least one.
        shape: Height and width of the common grid, px.
    """
    before, after = sample.before, sample.after
    gain, offset = _contrast(before)
    target = before * gain + offset
    alike = min(_correlation(a, b) for a, b in zip(before, after, strict=True))
    weight = unchanged_weights(before, after) if alike >= MIN_CORRELATION else None
    lines = [_line(own, wanted, weight) for own, wanted in zip(after, target, strict=True)]
    gains, offsets = (tuple(column) for column in zip(*lines, strict=True))
    bands = len(lines)
    second = Radiometry(gains, offsets, _parts(sample, target, Radiometry(gains, offsets), weight, shape))
    return Radiometry((gain,) * bands, (offset,) * bands), second


def own_contrast(values: F64) -> Radiometry:
    """Map of a single date to the 8 bit scale, as of the first date of a pair.

    Args:
        values: Pixels of the scene, shape (band, n), at least one.
    """
    gain, offset = _contrast(values)
    return Radiometry((gain,) * len(values), (offset,) * len(values))


def _contrast(values: F64) -> tuple[float, float]:
    """(gain, offset) that brings the luminance to a fixed contrast."""
    low, _, high = np.percentile(values.mean(axis=0), _QUANTILES)
    gain = (_DISPLAY_HIGH - _DISPLAY_LOW) / max(float(high - low), 1e-6)
    gain = min(gain, 2.5) if values.max() <= 255 else gain
    return gain, _DISPLAY_LOW - gain * float(low)


def _correlation(first: F64, second: F64) -> float:
    """Pearson's correlation, 0 where a band is flat."""
    a, b = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / spread if spread > 0 else 0.0


def _line(own: F64, wanted: F64, weight: F64 | None) -> tuple[float, float]:
    """(gain, offset) that brings a band of the second date to the common scale."""
    target, mine = np.percentile(wanted, _QUANTILES), np.percentile(own, _QUANTILES)
    ratio = float((target[2] - target[0]) / max(float(mine[2] - mine[0]), 1e-6))
    if weight is not None:
        # In units of the quantile match, so that both axes have like spread.
        line = orthogonal_line(ratio * own, wanted, weight)
        if line is not None:
            return line[0] * ratio, line[1]
    return ratio, float(target[1] - ratio * mine[1])


def _parts(sample: Sample, target: F64, second: Radiometry, weight: F64 | None, shape: tuple[int, int]) -> Parts | None:
    """Levels to add in parts of the scene, or None where the parts differ no more than one piece does."""
    if weight is None:
        return None
    spacing = max(_PART_PX, -(-max(shape) // 12 // 2) * 2)
    nodes = tuple(max(1, round(length / spacing)) for length in shape)
    row = np.minimum((sample.y / spacing).astype(np.intp), nodes[0] - 1)
    col = np.minimum((sample.x / spacing).astype(np.intp), nodes[1] - 1)
    sure = weight > 0.5
    beside = target - (sample.after * np.array(second.gain)[:, None] + np.array(second.offset)[:, None])
    levels = np.full((len(target), *nodes), np.nan)
    for i, j in np.ndindex(*nodes):
        here = sure & (row == i) & (col == j)
        if here.sum() >= _MIN_PART_SAMPLES:
            levels[:, i, j] = np.median(beside[:, here], axis=1)
    known = np.isfinite(levels[0])
    if known.sum() < 2 or levels[:, known].std(axis=1).max() < SEAM_LEVELS:
        return None
    levels[:, ~known] = np.median(levels[:, known], axis=1)[:, None]
    return Parts(np.rint(levels * 16) / 16, spacing)
