"""Bring two surface models onto each other: offset, tilt and horizontal shift from stable ground.

What is plane in both dates (ground, roofs, roads) is stable unless it changed, and what changed is an outlier to a
robust fit. On slopes a horizontal shift shows as a height difference that goes with the slope (Nuth and Kääb
2011, here in its linear form dh = c + s · grad h with a plane for c); where nothing slopes, walls tell the shift.
The sample is bounded and anchored to the grid, so neither cost nor result depend on windows or workers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from geodata.detect.surfaces import NO_PLANE, BoolArray, Surface, SurfaceReader, planes, shifted
from geodata.errors import EmptyRasterError, SurfaceLevelError
from geodata.grid import Window
from geodata.io.warp import GridReader, ShiftField

F64 = npt.NDArray[np.float64]

PATCH_PX = 256
MAX_PATCHES_PER_SIDE = 8
SEARCH_PX = 6
STABLE_RESIDUAL_CM = 15
FLAT_SLOPE = 0.18
"""Tangent of 10 degrees."""
MAX_NMAD_M = 5.0
LOD_FACTOR = 1.96
ROOF_RESIDUAL_CM = 20
"""Standard residual to the best 3 × 3 plane up to which a surface of 0.5 m pixels is roof-like."""

_MIN_STABLE_PX = 400
_MAX_SAMPLE_PX = 300_000
_MAX_SLOPE = 1.5
_CAP_CM = 100
_BIN_CM = 5
_MODE_BINS = 5
_FIRST_LIMIT_CM, _LAST_LIMIT_CM = 200.0, 20.0
_MOST_ROOF_RESIDUAL_CM = 100
_MAX_SHIFT_ERROR_PX = 0.1
# Neighbouring heights share their errors: n pixels are worth about n / 25.
_CORRELATION = 5.0


@dataclass(frozen=True)
class Levels:
    """How two surface models lie on each other.

    Args:
        shift_px: (dx, dy): the content of a grid pixel is found `dx` columns further right and `dy` rows further
            down in the second surface; as it was found.
        applied_px: The shift that is applied: whole pixels where the second surface is read unresampled.
        shift_from: What told the shift: `slopes`, `walls`, or `none`.
        tilt: Plane to add to the first surface: cm, cm per row, cm per column.
        offset_m: That plane in the middle of the grid.
        nmad_m: 1.4826 times the median absolute residual on stable ground after the correction.
        nmad_by_slope_m: The same of flat (below 10 degrees) and of sloped ground; None where there is too little.
        roof_residual_cm: Largest residual to a plane that is roof-like at this noise.
        stable_px: Pixels of stable ground in the sample.
    """

    shift_px: tuple[float, float]
    applied_px: tuple[float, float]
    shift_from: str
    tilt: tuple[float, float, float]
    offset_m: float
    nmad_m: float
    nmad_by_slope_m: dict[str, float | None]
    roof_residual_cm: int
    stable_px: int

    @property
    def lod95_m(self) -> float:
        """Level of detection: 1.96 times the standard error of a height difference (95 %)."""
        return LOD_FACTOR * self.nmad_m

    def field(self) -> ShiftField | None:
        """The shift to apply to the second surface."""
        if self.applied_px == (0.0, 0.0):
            return None
        dx, dy = self.applied_px
        return ShiftField(np.full((2, 2), dx), np.full((2, 2), dy), 1 << 20)

    def as_dict(self, gsd_m: float) -> dict[str, Any]:
        """The figures as plain values for the provenance."""
        return {
            "shift_m": [round(self.shift_px[0] * gsd_m, 3), round(-self.shift_px[1] * gsd_m, 3)],
            "applied_shift_m": [round(self.applied_px[0] * gsd_m, 3), round(-self.applied_px[1] * gsd_m, 3)],
            "shift_from": self.shift_from,
            "offset_m": round(self.offset_m, 3),
            "tilt_m_per_km": [round(self.tilt[2] / gsd_m * 10, 3), round(-self.tilt[1] / gsd_m * 10, 3)],
            "nmad_m": round(self.nmad_m, 3),
            "nmad_by_slope_m": {k: None if v is None else round(v, 3) for k, v in self.nmad_by_slope_m.items()},
            "lod95_m": round(self.lod95_m, 3),
            "roof_residual_m": self.roof_residual_cm / 100,
            "stable_px": self.stable_px,
        }


@dataclass(frozen=True)
class _Patch:
    row: int
    col: int
    before: Surface
    after: Surface


@dataclass(frozen=True)
class _Sample:
    """Stable pixels, each of shape (n,): place, height difference (cm), slopes (cm per px) and residual (cm)."""

    row: F64
    col: F64
    dh: F64
    slope_x: F64
    slope_y: F64
    residual: F64

    @property
    def size(self) -> int:
        return int(self.dh.size)

    def where(self, keep: BoolArray) -> _Sample:
        return _Sample(*(getattr(self, f.name)[keep] for f in fields(self)))


@dataclass(frozen=True)
class _Fit:
    """A plane, with slopes a shift too: dh = plane + shift · slope + residual.

    Args:
        tilt: Plane, cm, cm per row and column.
        shift: px.
        shift_error: Its standard error, px.
        agrees: Which pixels of the sample agree with it, and so did not change.
        residual: What is left at these, cm.
    """

    tilt: tuple[float, float, float]
    shift: tuple[float, float]
    shift_error: float
    agrees: BoolArray
    residual: F64


def level(before: GridReader, after: GridReader, threads: int = 1) -> Levels:
    """Find offset, tilt and shift of the second surface, and how well heights can be compared.

    Args:
        before: The first surface on the common grid.
        after: The second one, unshifted.
        threads: Patches read at once; does not change the result.

    Raises:
        EmptyRasterError: If no height is known in both.
        SurfaceLevelError: If there is too little stable ground, or the two do not resemble each other.
    """
    names = f"{before.info.name} and {after.info.name}"
    patches = _read(before, after, threads)
    if not any((p.before.valid & p.after.valid).any() for p in patches):
        raise EmptyRasterError(
            f"{names} have no height that is known in both.",
            remedy="Check the nodata values and the overlap of the two surface models.",
            usable_share=0.0,
        )
    shape = before.grid.shape
    gsd_cm = 100 * float(np.sqrt(np.prod(before.grid.pixel_size)))
    tilt = _fit(_stable(patches, (0.0, 0.0), gsd_cm, names), shape).tilt
    shift, told_by = _refined(patches, _coarse(patches, tilt), shape, gsd_cm, names)
    applied = _applied(shift, after)
    sample = _stable(patches, applied, gsd_cm, names)
    fit = _fit(sample, shape)
    sample = sample.where(fit.agrees)
    nmad_cm = _nmad(fit.residual)
    if nmad_cm > 100 * MAX_NMAD_M:
        raise SurfaceLevelError(
            f"{names} differ by {nmad_cm / 100:.1f} m on ground that should be stable; at most {MAX_NMAD_M:.0f} m is "
            f"accepted.",
            remedy="Check that both are surface models of the same place with heights in metres.",
            nmad_m=nmad_cm / 100,
        )
    flat = np.hypot(sample.slope_x, sample.slope_y) <= FLAT_SLOPE * gsd_cm
    classes = {"flat": fit.residual[flat], "sloped": fit.residual[~flat]}
    middle = fit.tilt[0] + fit.tilt[1] * shape[0] / 2 + fit.tilt[2] * shape[1] / 2
    return Levels(
        shift_px=shift,
        applied_px=applied,
        shift_from=told_by,
        tilt=fit.tilt,
        offset_m=middle / 100,
        nmad_m=nmad_cm / 100,
        nmad_by_slope_m={k: _nmad(v) / 100 if v.size >= _MIN_STABLE_PX else None for k, v in classes.items()},
        roof_residual_cm=_roof_residual_cm(patches, gsd_cm),
        stable_px=sample.size,
    )


def _applied(shift: tuple[float, float], after: GridReader) -> tuple[float, float]:
    """Whole pixels where nothing else resamples the surface.

    Interpolation smooths crowns until they pass as roofs, and half a pixel is within what the comparison tolerates.
    """
    if after.info.grid.aligned_with(after.grid):
        return float(round(shift[0])), float(round(shift[1]))
    return shift


def _read(before: GridReader, after: GridReader, threads: int) -> list[_Patch]:
    def read(window: Window) -> _Patch:
        first, second = (SurfaceReader(reader).read(window) for reader in (before, after))
        return _Patch(window.row, window.col, first, second)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(read, _patch_windows(before.grid.shape)))


def _patch_windows(shape: tuple[int, int]) -> list[Window]:
    """Patches that never overlap: all of a small grid, at most 8 × 8 spread evenly over a large one."""
    sides = []
    for length in shape:
        count = min(MAX_PATCHES_PER_SIDE, -(-length // PATCH_PX))
        side = min(PATCH_PX, -(-length // count))
        starts = np.linspace(0, length - side, count).astype(int) if count * side < length else side * np.arange(count)
        sides.append([(int(start), min(side, length - int(start))) for start in starts])
    return [Window(row, col, height, width) for row, height in sides[0] for col, width in sides[1]]


def _stable(patches: Sequence[_Patch], shift: tuple[float, float], gsd_cm: float, names: str) -> _Sample:
    """Pixels that are plane and not steep in both dates, evenly thinned to a bounded number.

    Plane means 15 cm of residual, or the planer half of all where the surfaces are noisier than that.
    """
    step = max(1, math.ceil(math.sqrt(sum(p.before.cm.size for p in patches) / _MAX_SAMPLE_PX)))
    columns: list[list[F64]] = []
    for patch in patches:
        after = shifted(patch.after, shift)
        (rough, *_), (residual, x, y) = (
            tuple(v[::step, ::step] for v in planes(surface)) for surface in (patch.before, after)
        )
        known = (rough < NO_PLANE) & (residual < NO_PLANE) & (np.hypot(x, y) < _MAX_SLOPE * gsd_cm)
        rows, cols = np.nonzero(known)
        dh = (after.cm - patch.before.cm)[::step, ::step]
        worst = np.maximum(rough, residual)
        values = (rows * step + patch.row, cols * step + patch.col, *(v[known] for v in (dh, x, y, worst)))
        columns.append([np.asarray(v, np.float64) for v in values])
    sample = _Sample(*(np.concatenate(parts) for parts in zip(*columns, strict=True)))
    if sample.size:
        sample = sample.where(sample.residual <= max(STABLE_RESIDUAL_CM, float(np.median(sample.residual))))
    if sample.size < _MIN_STABLE_PX:
        raise SurfaceLevelError(
            f"{names} share {sample.size} sampled pixels of stable plane ground; at least {_MIN_STABLE_PX} are needed "
            f"to bring them onto each other.",
            remedy="Check that both are surface models of the same place with heights in metres.",
            stable_px=sample.size,
        )
    return sample


def _nmad(residual: F64) -> float:
    """Normalised median absolute deviation: the standard deviation that outliers do not move."""
    return 1.4826 * float(np.median(np.abs(residual - np.median(residual)))) if residual.size else 0.0


def _mode_cm(dh: F64) -> float:
    """The height difference that most pixels are within 25 cm of."""
    low = int(dh.min())
    counts = np.bincount((dh - low).astype(np.int64) // _BIN_CM)
    near = np.convolve(counts, np.ones(2 * _MODE_BINS + 1), mode="same")
    return low + (int(np.argmax(near)) + 0.5) * _BIN_CM


def _fit(sample: _Sample, shape: tuple[int, int], *, with_shift: bool = False) -> _Fit:
    """Iteratively re-weighted least squares with Tukey's biweight, begun at the mode of the differences."""
    scale = float(max(shape))
    columns = [np.ones(sample.size), sample.row / scale, sample.col / scale]
    columns += [sample.slope_x, sample.slope_y] if with_shift else []
    design = np.column_stack(columns)
    found = np.zeros(len(columns))
    found[0] = _mode_cm(sample.dh)
    limit = _FIRST_LIMIT_CM
    for _ in range(15):
        residual = sample.dh - design @ found
        weight = np.where(np.abs(residual) < limit, (1 - (residual / limit) ** 2) ** 2, 0.0)
        weighted = design * weight[:, None]
        normal = weighted.T @ design
        # A faint pull towards no tilt and no shift keeps a degenerate sample solvable.
        normal += np.diag(np.append(0.0, np.full(len(columns) - 1, 1e-6 * weight.sum() + 1e-9)))
        found = np.linalg.solve(normal, weighted.T @ sample.dh)
        residual = sample.dh - design @ found
        limit = max(_LAST_LIMIT_CM, 4.685 * _nmad(residual[np.abs(residual) < limit]))
    agrees, error = weight > 0, 0.0
    if with_shift:
        # What noise alone would show as slopes (its variance over six a pixel) tells no shift.
        false_slopes = float((weight * sample.residual**2).sum()) / 6
        told = float(np.linalg.eigvalsh(normal[3:, 3:])[0]) - false_slopes
        error = _CORRELATION * _nmad(residual[agrees]) / math.sqrt(told) if told > 0 else math.inf
    shift = (float(found[3]), float(found[4])) if with_shift else (0.0, 0.0)
    tilt = (float(found[0]), float(found[1] / scale), float(found[2] / scale))
    return _Fit(tilt, shift, error, agrees, residual[agrees])


@numba.njit(cache=True, nogil=True)
def _shift_costs(before, valid_before, after, valid_after, tilt, place, reach, total, count):  # type: ignore[no-untyped-def]  # pragma: no cover
    """Sum of the height differences, each at most `_CAP_CM`, at every whole-pixel shift within reach."""
    rows, cols = before.shape
    # Every fourth pixel along diagonals: walls of either direction are met on every row and column.
    for i in range(reach, rows - reach):
        for j in range(reach + i % 4, cols - reach, 4):
            if not valid_before[i, j]:
                continue
            level = tilt[0] + tilt[1] * (place[0] + i) + tilt[2] * (place[1] + j)
            here = before[i, j] + int(np.floor(level + 0.5))
            for dy in range(-reach, reach + 1):
                for dx in range(-reach, reach + 1):
                    if valid_after[i + dy, j + dx]:
                        total[dy + reach, dx + reach] += min(_CAP_CM, abs(after[i + dy, j + dx] - here))
                        count[dy + reach, dx + reach] += 1


def _coarse(patches: Sequence[_Patch], tilt: tuple[float, float, float]) -> tuple[float, float]:
    """Shift at which the walls fall onto each other, to a fraction of a pixel by a parabola through the costs."""
    reach = min(SEARCH_PX, min(min(p.before.cm.shape) for p in patches) // 4)
    side = 2 * reach + 1
    total, count = np.zeros((side, side), np.int64), np.zeros((side, side), np.int64)
    for p in patches:
        _shift_costs(p.before.cm, p.before.valid, p.after.cm, p.after.valid, tilt, (p.row, p.col), reach, total, count)
    cost = total / np.maximum(count, 1) + np.where(count < count.max() // 2, np.inf, 0.0)
    dy, dx = (int(v) for v in np.unravel_index(int(np.argmin(cost)), cost.shape))
    if not (0 < dy < side - 1 and 0 < dx < side - 1):
        return 0.0, 0.0
    return dx - reach + _vertex(cost[dy, dx - 1 : dx + 2]), dy - reach + _vertex(cost[dy - 1 : dy + 2, dx])


def _vertex(three: F64) -> float:
    """Where a V through three costs has its lowest point, in steps from the middle one, -0.5 to 0.5."""
    left, middle, right = (float(v) for v in three)
    steeper = max(left, right) - middle
    return 0.0 if not 0 < steeper < math.inf else 0.5 * (left - right) / steeper


def _refined(
    patches: Sequence[_Patch], start: tuple[float, float], shape: tuple[int, int], gsd_cm: float, names: str
) -> tuple[tuple[float, float], str]:
    """The shift by slopes where the ground has them in two directions, else by walls."""
    shift = start
    for _ in range(6):
        sample = _stable(patches, shift, gsd_cm, names)
        fit = _fit(sample, shape, with_shift=True)
        if fit.shift_error > _MAX_SHIFT_ERROR_PX:
            return _rounded(start), "walls"
        shift = shift[0] - fit.shift[0], shift[1] - fit.shift[1]
        if max(abs(shift[0] - start[0]), abs(shift[1] - start[1])) > 1.5:
            return _rounded(start), "walls"
        if max(abs(fit.shift[0]), abs(fit.shift[1])) < 0.01:
            break
    return _rounded(shift), "slopes"


def _rounded(shift: tuple[float, float]) -> tuple[float, float]:
    """A shift in the 1/32 px that pixels are interpolated at; a smaller one is none."""
    return round(shift[0] * 32) / 32, round(shift[1] * 32) / 32


def _roof_residual_cm(patches: Sequence[_Patch], gsd_cm: float) -> int:
    """Residual up to which a surface is roof-like.

    20 cm at pixels of 0.5 m, in proportion more for coarser ones (a plane over nine of them spans more of a roof),
    and more where a date's planest quarter is noisy itself.
    """
    noise = 0.0
    for name in ("before", "after"):
        residual = np.concatenate([planes(getattr(p, name))[0][::2, ::2].ravel() for p in patches])
        known = residual[residual < NO_PLANE]
        noise = max(noise, float(np.percentile(known, 25)) if known.size else 0.0)
    limit = max(ROOF_RESIDUAL_CM * max(1.0, gsd_cm / 50), 2.5 * noise)
    return math.ceil(min(_MOST_ROOF_RESIDUAL_CM, limit))
