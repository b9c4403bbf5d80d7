"""Find how the second date lies on the first: a few hundred tie points, a robust plane, a smooth field.

Tie points are phase correlations of gradient pictures (Foroosh et al. 2002 for the sub-pixel peak, as OpenCV
implements it). Their number is bounded, so the cost does not grow with the scene. The field is applied once,
in the warp that brings the second date to the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from geodata.grid import Window
from geodata.io.warp import GridReader, ShiftField

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

COARSE_PX = 512
LOCAL_PX = 256
MAX_COARSE_PER_SIDE = 5
MAX_LOCAL_PER_SIDE = 14
MIN_SPACING_PX = 64
MAX_LOCAL_PX = 10.0
_MODE_WIDTH_PX = 1.5
_MIN_RESPONSE = 0.02
_SMOOTHING = 2.0
_ANCHOR_WEIGHT = 0.02
_KEEP_PIXELS = 6_000_000


@dataclass(frozen=True)
class Alignment:
    """How the dates were brought together.

    Args:
        field: Shift to apply to the second date.
        global_px: (dx, dy) of the whole scene, px of the common grid.
        points: Tie points used.
        residual_median_px: Median distance of tie points that were not used in fitting, px.
        residual_p90_px: 90th percentile of the same, px.
        reliable: Whether enough tie points agreed; otherwise the field is zero.
    """

    field: ShiftField
    global_px: tuple[float, float]
    points: int
    residual_median_px: float
    residual_p90_px: float
    reliable: bool


@dataclass(frozen=True)
class _Ties:
    """Tie points: centre (x, y), shift (dx, dy) and response, each of shape (n,)."""

    x: F64
    y: F64
    dx: F64
    dy: F64
    response: F64

    def where(self, keep: npt.NDArray[np.bool_]) -> _Ties:
        return _Ties(*(getattr(self, name)[keep] for name in ("x", "y", "dx", "dy", "response")))


def patch_windows(shape: tuple[int, int], side: int, per_side: int) -> Iterator[Window]:
    """At most `per_side` × `per_side` patches spread evenly over a grid, anchored to its size alone."""
    side = min(side, shape[0], shape[1])
    counts = [min(per_side, max(1, (length - side) // MIN_SPACING_PX + 1)) for length in shape]
    rows = np.linspace(0, shape[0] - side, counts[0]).astype(int)
    cols = np.linspace(0, shape[1] - side, counts[1]).astype(int)
    for row in rows:
        for col in cols:
            yield Window(int(row), int(col), side, side)


def gradient_picture(values: npt.NDArray[np.generic]) -> F32:
    """Edge strength of the mean over bands, capped at its 95th percentile so that no roof or road rules."""
    grey = cv2.GaussianBlur(values.astype(np.float32).mean(axis=0), (0, 0), 1.0)
    strength = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return np.asarray(np.minimum(strength, np.percentile(strength, 95)), np.float32)


def _correlate(before: F32, after: F32) -> tuple[float, float, float] | None:
    if before.std() < 1e-3 or after.std() < 1e-3:
        return None
    window = cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F)
    normal = [np.ascontiguousarray((p - p.mean()) / p.std(), np.float32) for p in (before, after)]
    (dx, dy), response = cv2.phaseCorrelate(normal[0], normal[1], window)
    return float(dx), float(dy), float(response)


def _tie(before: _Patches, after: _Patches, window: Window, shift: tuple[int, int]) -> tuple[float, ...] | None:
    """One tie point; the second date is read at `shift` (whole pixels), so that a small one remains."""
    row, col = window.row + shift[1], window.col + shift[0]
    height, width = before.shape
    if row < 0 or col < 0 or row + window.height > height or col + window.width > width:
        return None
    first, valid1 = before.read(window)
    second, valid2 = after.read(Window(row, col, window.height, window.width))
    if valid1.mean() < 0.9 or valid2.mean() < 0.9:
        return None
    peak = _correlate(gradient_picture(first), gradient_picture(second))
    if peak is None:
        return None
    x, y = window.col + window.width / 2, window.row + window.height / 2
    return x, y, peak[0] + shift[0], peak[1] + shift[1], max(0.0, peak[2])


def _ties(before: _Patches, after: _Patches, windows: list[Window], shift: tuple[float, float], threads: int) -> _Ties:
    """Tie points of patches, in the order of the patches."""
    whole = round(shift[0]), round(shift[1])
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(lambda window: _tie(before, after, window, whole), windows))
    return _Ties(*np.array([tie for tie in found if tie is not None], np.float64).reshape(-1, 5).T)


def _mode(ties: _Ties) -> tuple[float, float, float]:
    """The shift that most of the weight agrees on, and its share of the weight."""
    distance2 = (ties.dx[:, None] - ties.dx) ** 2 + (ties.dy[:, None] - ties.dy) ** 2
    weight = ties.response**2 + 1e-12
    density = np.exp(-distance2 / (2 * _MODE_WIDTH_PX**2)) @ weight
    best = int(density.argmax())
    return float(ties.dx[best]), float(ties.dy[best]), float(density[best] / weight.sum())


@dataclass(frozen=True)
class _Fit:
    """A robust plane per axis plus Gaussian-smoothed residuals of the points that agree with it."""

    ties: _Ties
    weight: F64
    plane_x: F64
    plane_y: F64
    scale: float
    spacing: float

    def at(self, x: F64, y: F64) -> tuple[F64, F64]:
        """Shift (dx, dy) at points."""
        basis = np.column_stack([np.ones_like(x), x / self.scale, y / self.scale])
        own = np.column_stack([np.ones_like(self.ties.x), self.ties.x / self.scale, self.ties.y / self.scale])
        distance2 = (x[:, None] - self.ties.x) ** 2 + (y[:, None] - self.ties.y) ** 2
        kernel = np.exp(-distance2 / (2 * (_SMOOTHING * self.spacing) ** 2)) * self.weight
        norm = kernel.sum(axis=1) + _ANCHOR_WEIGHT * self.weight.max()
        dx = basis @ self.plane_x + (kernel @ (self.ties.dx - own @ self.plane_x)) / norm
        dy = basis @ self.plane_y + (kernel @ (self.ties.dy - own @ self.plane_y)) / norm
        return dx, dy


def _fit(ties: _Ties, scale: float, spacing: float) -> _Fit:
    """Iteratively re-weighted least squares with Tukey's biweight."""
    basis = np.column_stack([np.ones_like(ties.x), ties.x / scale, ties.y / scale])
    prior = ties.response**2
    weight = prior
    plane_x = plane_y = np.zeros(3)
    for _ in range(20):
        root = np.sqrt(weight)[:, None]
        # A faint pull of the slopes towards zero keeps a handful of points from inventing a tilt.
        ridge = np.diag([0.0, 1.0, 1.0]) * np.sqrt(0.05 * weight.sum() + 1e-12)
        design = np.vstack([basis * root, ridge])
        plane_x = np.linalg.lstsq(design, np.append(ties.dx * root[:, 0], [0, 0, 0]), rcond=None)[0]
        plane_y = np.linalg.lstsq(design, np.append(ties.dy * root[:, 0], [0, 0, 0]), rcond=None)[0]
        residual = np.hypot(ties.dx - basis @ plane_x, ties.dy - basis @ plane_y)
        limit = max(1.0, 3 * float(np.median(residual)))
        weight = prior * np.where(residual < limit, (1 - (residual / limit) ** 2) ** 2, 0.0)
    return _Fit(ties, weight, plane_x, plane_y, scale, spacing)


class _Patches:
    """Patch reads of one date; a small scene is read once and kept, for its patches overlap."""

    def __init__(self, reader: GridReader) -> None:
        self._reader = reader
        self._whole = None
        self.shape = reader.grid.shape
        if reader.grid.height * reader.grid.width <= _KEEP_PIXELS:
            self._whole = reader.read(reader.grid.full_window)

    def read(self, window: Window) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_]]:
        """Pixels and mask of a window."""
        if self._whole is None:
            return self._reader.read(window)
        rows, cols = window.slices
        return self._whole[0][:, rows, cols], self._whole[1][rows, cols]


def align(before_reader: GridReader, after_reader: GridReader, threads: int = 1) -> Alignment:
    """Find the shift field of the second date.

    Args:
        before_reader: The first date on the common grid.
        after_reader: The second date on the same grid, unshifted.
        threads: Patches that are read at once; does not change the result.
    """
    shape = before_reader.grid.shape
    before, after = _Patches(before_reader), _Patches(after_reader)
    coarse = _ties(before, after, list(patch_windows(shape, COARSE_PX, MAX_COARSE_PER_SIDE)), (0.0, 0.0), threads)
    if coarse.x.size == 0:
        return _unaligned(0)
    dx, dy, _ = _mode(coarse)
    side = min(LOCAL_PX, max(MIN_SPACING_PX, min(shape) // 2))
    windows = list(patch_windows(shape, side, MAX_LOCAL_PER_SIDE))
    local = _ties(before, after, windows, (dx, dy), threads)
    local = local.where((np.hypot(local.dx - dx, local.dy - dy) < MAX_LOCAL_PX) & (local.response > _MIN_RESPONSE))
    if local.x.size < 4:
        return _unaligned(local.x.size)
    scale = float(max(shape))
    spacing = max(float(MIN_SPACING_PX), scale / MAX_LOCAL_PER_SIDE)
    fit = _fit(local, scale, spacing)
    residual = _held_out_residual(local, scale, spacing)
    # Points that agree by chance spread evenly over the search radius; ones that lie on the ground do not.
    agreeing = float((fit.weight > 0).mean())
    if agreeing < 0.25:
        return _unaligned(local.x.size)
    return Alignment(
        field=_field(fit, shape, spacing),
        global_px=(float(fit.plane_x[0] + fit.plane_x[1] / 2), float(fit.plane_y[0] + fit.plane_y[2] / 2)),
        points=int((fit.weight > 0).sum()),
        residual_median_px=float(np.median(residual)),
        residual_p90_px=float(np.percentile(residual, 90)),
        reliable=True,
    )


def _held_out_residual(ties: _Ties, scale: float, spacing: float) -> F64:
    """Distance of each tie point that agrees with its neighbours from a fit that did not see it (two halves)."""
    even = np.arange(ties.x.size) % 2 == 0
    out: list[F64] = []
    for part in (even, ~even):
        fit = _fit(ties.where(part), scale, spacing)
        rest = ties.where(~part)
        dx, dy = fit.at(rest.x, rest.y)
        out.append(np.hypot(rest.dx - dx, rest.dy - dy))
    residual = np.concatenate(out)
    # Outliers (changed ground) are no measure of alignment: what lies beyond the robust limit is left out.
    return residual[residual < max(1.0, 3 * float(np.median(residual)))]


def _field(fit: _Fit, shape: tuple[int, int], spacing: float) -> ShiftField:
    step = int(max(32, spacing // 4 * 2))  # even, so that the field also serves pixels twice as large
    rows = np.arange(0, shape[0] + step, step, dtype=np.float64)
    cols = np.arange(0, shape[1] + step, step, dtype=np.float64)
    x, y = (v.ravel() for v in np.meshgrid(cols, rows))
    dx, dy = fit.at(x, y)
    return ShiftField(dx.reshape(rows.size, cols.size), dy.reshape(rows.size, cols.size), step)


def _unaligned(points: int) -> Alignment:
    zero = np.zeros((2, 2))
    return Alignment(ShiftField(zero, zero, 1 << 20), (0.0, 0.0), points, float("nan"), float("nan"), False)
