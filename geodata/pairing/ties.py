"""Tie points: where places of the first date lie in the second.

A place is compared by correlating pictures of its gradients. They are vectors, so that an edge only fits an edge of
the same direction, and their length is the square root of the gradient's, so that no roof or road rules (between plain
gradients and the mere direction of Fitch et al. 2002). The cross-power spectrum is whitened by half (between
correlation and phase correlation, Kuglin and Hines 1975) and rolls off towards the frequencies that sampling blurs.

Coarse to fine: a single place is often ambiguous (a season, new roofs, rows of equal houses), so the surfaces of
neighbouring places are added up before a peak is looked for, first those of the whole scene, then of ever smaller
neighbourhoods near the shift of the larger one. The height of the peak over the noise is the point's confidence.
Smaller places then look again at what a first field leaves, so that a field that bends within a place is followed.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import ShiftField
from geodata.pairing.patches import PATCH_PX, Block

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MAX_SHIFT_PX = 44
"""Largest shift of the whole scene that is looked for, px along an axis."""
REACH_PX = 16
"""Largest deviation of a place from it, px along an axis."""
NOISE_HEIGHT = 4.0
"""Peaks of noise reach about this many standard deviations; only what stands above it speaks."""
LEVELS = ((2.0, 8.0, 3.0), (1.0, 4.0, 2.0), (0.6, 3.0, 1.0))
FINE_LEVELS = ((1.5, 4.0, 2.0), (0.8, 3.0, 1.0))
"""Neighbourhood (lattice steps), search radius (px) and the deviation expected from the larger one (px)."""
_FINE_REACH_PX, _FINE_SIDE_PX, _MIN_SIDE = 8, 96, 64
_MIN_VALID = 0.6
_BLUR_PX = 1.5
_ROLL_OFF = 0.2
_LOWEST = 0.01


@dataclass(frozen=True)
class Ties:
    """Tie points, each member of shape (n,).

    Args:
        x: Column of the centre of the place on the common grid, px.
        y: Row of the same.
        dx: The content lies this many columns further right in the second date.
        dy: Likewise downwards.
        confidence: Height of the correlation peak above that of noise, standard deviations; 0 says nothing.
    """

    x: F64
    y: F64
    dx: F64
    dy: F64
    confidence: F64

    @classmethod
    def none(cls) -> Ties:
        """No tie points."""
        return cls(*(np.empty(0) for _ in cls.__dataclass_fields__))

    def where(self, keep: BoolArray) -> Ties:
        """Some of the points."""
        return Ties(*(getattr(self, name)[keep] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class SceneShift:
    """One shift for many places.

    Args:
        dx: Columns that the content lies further right in the second date, px.
        dy: Rows further down.
        peak: How far it stands out among all shifts searched, standard deviations.
    """

    dx: float
    dy: float
    peak: float


@dataclass(frozen=True)
class Surfaces:
    """Correlation surfaces of a lattice of places.

    Args:
        x: Column of the centre of each place on the common grid, px, shape (rows, cols) of the lattice.
        y: Row of the same.
        values: Correlation by shift in standard deviations, shape (rows, cols, side, side); zero where unseen.
        centre: Shift (dx, dy) in the middle of each surface, px, shape (rows, cols, 2).
        spacing_px: Distance of neighbouring places, px.
    """

    x: F64
    y: F64
    values: F32
    centre: F64
    spacing_px: float

    @property
    def seen(self) -> BoolArray:
        """Places that both dates show, shape (rows, cols)."""
        return np.asarray(self.values.any(axis=(2, 3)))

    def constant(self, shift: SceneShift) -> F64:
        """One shift at every place, relative to the middle of the surfaces, shape (rows, cols, 2)."""
        return np.array((shift.dx, shift.dy)) - self.centre

    def ties(self, dx: F64, dy: F64, height: F64) -> Ties:
        """Tie points of all places, from peaks relative to the middle."""
        shift_x, shift_y = (dx + self.centre[..., 0]).ravel(), (dy + self.centre[..., 1]).ravel()
        return Ties(self.x.ravel(), self.y.ravel(), shift_x, shift_y, np.maximum(height.ravel() - NOISE_HEIGHT, 0.0))


def gradient_picture(values: npt.NDArray[np.generic], valid: BoolArray) -> F32:
    """Gradients (y, x, 2) of the mean over bands, their length square-rooted; zero beside what is not valid.

    Args:
        values: Shape (band, y, x).
        valid: Shape (y, x).
    """
    grey = values.sum(axis=0, dtype=np.float32) / len(values) if len(values) > 1 else values[0].astype(np.float32)
    grey = cv2.GaussianBlur(grey, (0, 0), 1.0)
    gx, gy = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    # Not cv2.magnitude: its last bit depends on where the array lies in memory, and so would the field.
    length = np.sqrt(gx * gx + gy * gy)
    # What is as faint as the rounding of the blur is no edge: a flat scene must stay flat.
    faint = length <= 1e-4 * float(np.abs(grey).max())
    weight = 1.0 / cv2.sqrt(np.maximum(length, 1e-12))
    weight[faint] = 0
    if not valid.all():
        weight[cv2.dilate((~valid).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0] = 0
    return np.asarray(cv2.merge([gx * weight, gy * weight]))


@cache
def _taper(side: int, power: int) -> F32:
    ramp = np.sin(np.pi * (np.arange(side) + 0.5) / side) ** power
    return np.repeat(np.outer(ramp, ramp)[:, :, None], 2, axis=2).astype(np.float32)


@cache
def _band(side: int) -> F32:
    """Weight of each frequency."""
    f = np.fft.fftfreq(side)
    square = f[:, None] ** 2 + f[None] ** 2
    return ((1 - np.exp(-square / (2 * _LOWEST**2))) * np.exp(-square / (2 * _ROLL_OFF**2))).astype(np.float32)


def correlation(before: F32, after: F32, reach: int, power: int = 1) -> F32:
    """How well the second picture fits the first at each shift, in standard deviations of the surface.

    Args:
        before: Gradient picture of a square place, shape (side, side, 2).
        after: The same of the second date.
        reach: Largest shift, px, below half the side.
        power: Of the sine that the place is faded out with towards its edges.

    Returns:
        Shape (2 reach + 1, 2 reach + 1), no shift in the middle; zero where a picture is empty.
    """
    side = before.shape[0]
    taper = _taper(side, power)
    first, second = cv2.dft(before * taper), cv2.dft(after * taper)
    cross = cv2.mulSpectrums(second, first, 0, conjB=True)
    strength = np.sqrt(cross[..., 0] ** 2 + cross[..., 1] ** 2)
    weight = _band(side) / cv2.sqrt(strength + (1e-6 * float(strength.mean()) + 1e-12))
    surface = cv2.dft(cross * weight[..., None], flags=cv2.DFT_INVERSE)[..., 0]
    at = np.arange(-reach, reach + 1)
    surface = surface[np.ix_(at, at)]
    spread = float(surface.std())
    if spread < 1e-6:
        return np.zeros_like(surface)
    return np.asarray((surface - surface.mean()) / spread, np.float32)


def peaks(values: F32, near: F64, radius: float, deviation: float) -> tuple[F64, F64, F64]:
    """Peak of each surface to a fraction of a pixel.

    Args:
        values: Surfaces, shape (rows, cols, side, side), odd side, no shift in the middle.
        near: Shift (dx, dy) about which it is looked for, shape (rows, cols, 2).
        radius: How far from there, px.
        deviation: Standard deviation of what is expected there, px; weighs near peaks against far ones.

    Returns:
        dx, dy and the surface's value at the peak, each of shape (rows, cols).
    """
    reach = values.shape[2] // 2
    at = np.arange(-reach, reach + 1, dtype=np.float64)
    square = (at - near[..., 0:1])[..., None, :] ** 2 + (at - near[..., 1:2])[..., :, None] ** 2
    inner = (np.abs(at) < reach)[:, None] & (np.abs(at) < reach)[None]
    judged = np.where((square <= radius**2) & inner, values - square / (2 * deviation**2), -np.inf)
    best = judged.reshape(*values.shape[:2], -1).argmax(axis=2)
    row, col = np.clip(best // at.size, 1, at.size - 2), np.clip(best % at.size, 1, at.size - 2)
    i, j = np.indices(row.shape)
    off_x = _between(*(values[i, j, row, col + k].astype(np.float64) for k in (-1, 0, 1)))
    off_y = _between(*(values[i, j, row + k, col].astype(np.float64) for k in (-1, 0, 1)))
    return at[col] + off_x, at[row] + off_y, values[i, j, row, col].astype(np.float64)


def _between(low: F64, top: F64, high: F64) -> F64:
    """Place of the top of a Gaussian through three values one pixel apart, -0.5 to 0.5."""
    floor = np.minimum(np.minimum(low, high), 0.0) - 1.0
    a, b, c = (np.log(np.maximum(v - floor, 1e-3)) for v in (low, top, high))
    bend = 2 * b - a - c
    return np.asarray(np.clip(np.where(bend > 1e-9, (c - a) / np.maximum(2 * bend, 1e-9), 0.0), -0.5, 0.5))


def scene_shift(surfaces: Surfaces, use: BoolArray) -> SceneShift:
    """The shift at which the most places fit, of those in use (rows, cols)."""
    total = np.asarray(cv2.GaussianBlur(surfaces.values[use].sum(axis=0), (0, 0), _BLUR_PX))
    total = (total - total.mean()) / max(float(total.std()), 1e-9)
    dx, dy, height = (float(v[0, 0]) for v in peaks(total[None, None], np.zeros((1, 1, 2)), len(total), np.inf))
    return SceneShift(dx + float(surfaces.centre[0, 0, 0]), dy + float(surfaces.centre[0, 0, 1]), height)


def neighbourhood_sum(values: F32, use: BoolArray, sigma: float) -> F32:
    """Surfaces added up over a Gaussian neighbourhood of places in use, in standard deviations of their own noise."""
    total, energy = values * use[:, :, None, None].astype(np.float32), use.astype(np.float32)
    for axis in (0, 1):
        length = use.shape[axis]
        reach = min(int(np.ceil(2.5 * sigma)), length - 1)
        summed, noise = np.zeros_like(total), np.zeros_like(energy)
        for step in range(-reach, reach + 1):
            weight = np.float32(np.exp(-(step**2) / (2 * sigma**2)))
            to = (slice(None),) * axis + (slice(max(0, -step), length - max(0, step)),)
            of = (slice(None),) * axis + (slice(max(0, step), length - max(0, -step)),)
            summed[to] += weight * total[of]
            noise[to] += weight**2 * energy[of]
        total, energy = summed, noise
    return np.asarray(total / np.sqrt(np.maximum(energy, 1e-6))[:, :, None, None])


def tie_points(surfaces: Surfaces, use: BoolArray) -> Ties:
    """Tie points of all places from the surfaces of those in use: the whole scene first, the place last."""
    return _descend(surfaces, use, surfaces.constant(scene_shift(surfaces, use)), LEVELS)


def fine_tie_points(surfaces: Surfaces) -> Ties:
    """Tie points of all places from surfaces about a field that is nearly right."""
    return _descend(surfaces, surfaces.seen, np.zeros((*surfaces.x.shape, 2)), FINE_LEVELS)


def _descend(surfaces: Surfaces, use: BoolArray, near: F64, levels: tuple[tuple[float, float, float], ...]) -> Ties:
    height = np.zeros(use.shape)
    for sigma, radius, deviation in levels:
        summed = neighbourhood_sum(surfaces.values, use, sigma)
        near[..., 0], near[..., 1], height = peaks(summed, near, radius, deviation)
    return surfaces.ties(near[..., 0], near[..., 1], height)


def single_ties(surfaces: Surfaces, about: SceneShift, radius: float) -> Ties:
    """Tie points of each place alone, nothing added up: its highest peak within `radius` of one shift for all."""
    return surfaces.ties(*peaks(surfaces.values, surfaces.constant(about), radius, np.inf))


class Pictures:
    """Gradient pictures of the blocks of a pair at both dates, and the surfaces of places in them."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self._before = [gradient_picture(b.before, b.before_valid) for b in blocks]
        self._after = [gradient_picture(b.after, b.after_valid) for b in blocks]
        self._field: ShiftField | None = None

    @property
    def shorter_px(self) -> int:
        """Shorter side of the smallest block, px."""
        return min(min(b.core.height, b.core.width) for b in self.blocks)

    @property
    def many(self) -> bool:
        """Whether the scene is seen through patches."""
        return len(self.blocks) > 1

    def moved(self, field: ShiftField) -> Pictures:
        """The same with the second date brought to the first by a field; surfaces then hold what it leaves."""
        moved = copy(self)
        moved._field = field
        moved._after = [_moved(p, b.window, field) for p, b in zip(self._after, self.blocks, strict=True)]
        return moved

    def surfaces(self, side: int, reach: int, shift: tuple[int, int], power: int = 1) -> Surfaces:
        """Correlation surfaces of all places.

        Args:
            side: Side of a place, px; in a scene that was read whole they overlap by half.
            reach: Largest shift, px.
            shift: Where the second date is taken, whole px.
            power: See `correlation`.
        """
        places = self._places(side)
        rows, cols = (1 + max(p[axis] for p in places) for axis in (0, 1))
        values = np.stack([self._surface(i, square, reach, (shift, power)) for i, square in places.values()])
        x, y = (np.array([[v[1].col, v[1].row][k] + side / 2 for v in places.values()]) for k in (0, 1))
        x, y = x.reshape(rows, cols), y.reshape(rows, cols)
        known = np.zeros((rows, cols, 2))
        if self._field is not None:
            for at in np.ndindex(rows, cols):
                known[at] = [float(v[0, 0]) for v in self._field.at(y[at][None], x[at][None])]
        steps = [float(np.diff(v, axis=axis).mean()) for v, axis in ((x, 1), (y, 0)) if v.shape[axis] > 1]
        return Surfaces(x, y, values.reshape(rows, cols, *values.shape[1:]), known + shift, max([*steps, side / 2]))

    def _places(self, side: int) -> dict[tuple[int, int], tuple[int, Window]]:
        """(row, column) of each place on the lattice -> block and square on the grid, row by row."""
        if len(self.blocks) > 1:
            return {b.place: (i, Window(b.core.row, b.core.col, side, side)) for i, b in enumerate(self.blocks)}
        core = self.blocks[0].core
        return {
            (i, j): (0, Window(core.row + row, core.col + col, side, side))
            for i, row in enumerate(_starts(core.height, side))
            for j, col in enumerate(_starts(core.width, side))
        }

    def _surface(self, index: int, square: Window, reach: int, how: tuple[tuple[int, int], int]) -> F32:
        (right, down), power = how
        core, window = self.blocks[index].core, self.blocks[index].window
        first = _cut(self._before[index], square.row - core.row, square.col - core.col, square.height)
        second = _cut(
            self._after[index], square.row - window.row + down, square.col - window.col + right, square.height
        )
        if min(float(p[::4, ::4].any(axis=2).mean()) for p in (first, second)) < _MIN_VALID:
            return np.zeros((2 * reach + 1,) * 2, np.float32)
        return correlation(first, second, reach, power)


def _cut(picture: F32, top: int, left: int, side: int) -> F32:
    """A square of a picture; what lies outside is zero."""
    height, width = picture.shape[:2]
    if top >= 0 and left >= 0 and top + side <= height and left + side <= width:
        return picture[top : top + side, left : left + side]
    out = np.zeros((side, side, 2), np.float32)
    rows = slice(max(0, top), max(0, min(height, top + side)))
    cols = slice(max(0, left), max(0, min(width, left + side)))
    part = picture[rows, cols]
    if part.size:
        out[rows.start - top : rows.stop - top, cols.start - left : cols.stop - left] = part
    return out


def _starts(length: int, side: int) -> list[int]:
    """Starts of places that overlap by half and reach both ends."""
    count = max(1, round(2 * (length - side) / side) + 1) if length > side else 1
    return [round(v) for v in np.linspace(0, length - side, count)]


def _moved(picture: F32, window: Window, field: ShiftField) -> F32:
    """A picture of the second date as the field brings it to the first."""
    y, x = np.indices(picture.shape[:2], dtype=np.float32)
    # The field is evaluated every 8 px, between which it is all but plane.
    rows, cols = (8.0 * np.arange(length // 8 + 2) for length in picture.shape[:2])
    nodes = [v.astype(np.float32) for v in field.at(rows + window.row, cols + window.col)]
    dx, dy = (cv2.remap(v, x / 8, y / 8, cv2.INTER_LINEAR) for v in nodes)
    return np.asarray(cv2.remap(picture, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT))


@dataclass(frozen=True)
class Correlations:
    """What the places of a pair say about the shift between its dates.

    Args:
        surfaces: Surfaces of all places about the shift of the whole scene.
        alone: The same of narrower tapers, for measuring with: a place shares less than a tenth of its energy with the
            wider tapers of its neighbours.
        scene: Shift of the whole scene.
    """

    surfaces: Surfaces
    alone: Surfaces
    scene: SceneShift


def correlate(pictures: Pictures) -> Correlations:
    """Correlate all places: squares of 256 px, or of a third of a small scene's side, that overlap by half."""
    shorter = pictures.shorter_px
    wide = min(PATCH_PX, shorter // 2 * 2)
    coarse = pictures.surfaces(wide, min(MAX_SHIFT_PX, wide // 2 - 1), (0, 0))
    scene = scene_shift(coarse, np.ones(coarse.x.shape, bool))
    whole = round(scene.dx), round(scene.dy)
    side = wide if pictures.many else int(np.clip(shorter // 3 // 8 * 8, min(_MIN_SIDE, wide), PATCH_PX))
    reach = min(REACH_PX, side // 2 - 1)
    return Correlations(pictures.surfaces(side, reach, whole), pictures.surfaces(side, reach, whole, power=2), scene)


def correlate_finely(pictures: Pictures, field: ShiftField) -> Surfaces:
    """Correlate smaller places after the second date was brought to the first by a field."""
    side = PATCH_PX if pictures.many else min(_FINE_SIDE_PX, max(_MIN_SIDE, pictures.shorter_px // 6 // 8 * 8))
    side = min(side, pictures.shorter_px // 2 * 2)
    return pictures.moved(field).surfaces(side, min(_FINE_REACH_PX, side // 2 - 1), (0, 0))
