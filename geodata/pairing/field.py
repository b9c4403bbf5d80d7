"""From tie points to a smooth shift field: a robust plane, then what the neighbours agree on beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.io.warp import ShiftField
from geodata.pairing.ties import MIN_PEAK, Ties

F64 = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

BANDWIDTH = 0.5
"""Width of the smoothing kernel (standard deviation), in distances of neighbouring patches."""
_ANCHOR = 0.02
_RIDGE = 0.005
_PLANE_LIMIT_PX = 6.0
_LOCAL_LIMIT_PX = 1.5
_FULL_CONFIDENCE = 8.0


@dataclass(frozen=True)
class Model:
    """A plane per axis plus Gaussian-smoothed residuals of the points that agree with it.

    Args:
        ties: The points it was fitted to.
        weight: Their final weights, 0 where a point was rejected.
        plane: Coefficients (3, 2) of 1, x and y for dx and dy, of positions in units of `scale`.
        scale: Longer side of the scene, px.
        width: Standard deviation of the smoothing kernel, px.
    """

    ties: Ties
    weight: F64
    plane: F64
    scale: float
    width: float

    def at(self, x: F64, y: F64) -> F64:
        """Shift (n, 2) at points, as (dx, dy)."""
        return _basis(x, y, self.scale) @ self.plane + self._smooth(_kernel(x, y, self.ties, self.width))

    def apart(self) -> F64:
        """Distance of each tie point from what the others say of its place, px."""
        kernel = _kernel(self.ties.x, self.ties.y, self.ties, self.width)
        np.fill_diagonal(kernel, 0.0)
        said = _basis(self.ties.x, self.ties.y, self.scale) @ self.plane + self._smooth(kernel)
        return np.asarray(np.hypot(*(_shifts(self.ties) - said).T))

    def _smooth(self, kernel: F64) -> F64:
        beside = _shifts(self.ties) - _basis(self.ties.x, self.ties.y, self.scale) @ self.plane
        weighted = kernel * self.weight
        some = self.weight[self.weight > 0]
        anchor = _ANCHOR * float(np.median(some)) if some.size else 1.0
        return np.asarray((weighted @ beside) / (weighted.sum(axis=1) + anchor)[:, None])


def _shifts(ties: Ties) -> F64:
    return np.column_stack([ties.dx, ties.dy])


def _basis(x: F64, y: F64, scale: float) -> F64:
    return np.column_stack([np.ones_like(x), x / scale - 0.5, y / scale - 0.5])


def _kernel(x: F64, y: F64, ties: Ties, width: float) -> F64:
    distance2 = (x[:, None] - ties.x) ** 2 + (y[:, None] - ties.y) ** 2
    return np.asarray(np.exp(-distance2 / (2 * width**2)))


def _biweight(residual: F64, least: float) -> F64:
    """Tukey's biweight with a limit of three medians, but not below `least`."""
    limit = max(least, 3 * float(np.median(residual)))
    return np.where(residual < limit, (1 - (residual / limit) ** 2) ** 2, 0.0)


def fit(ties: Ties, scale: float, spacing: float) -> Model:
    """Fit by iteratively re-weighted least squares, first the plane, then with the neighbours' word.

    Args:
        ties: At least one tie point.
        scale: Longer side of the scene, px.
        spacing: Distance of neighbouring patches, px.
    """
    prior = np.minimum(ties.confidence - MIN_PEAK + 0.5, _FULL_CONFIDENCE)
    basis, shifts = _basis(ties.x, ties.y, scale), _shifts(ties)
    weight, plane = prior, np.zeros((3, 2))
    for _ in range(15):
        # A faint pull of the slopes towards zero keeps a handful of points from inventing a tilt.
        pull = np.diag([1e-9, _RIDGE, _RIDGE]) * weight.sum()
        plane = np.linalg.solve(basis.T @ (basis * weight[:, None]) + pull, basis.T @ (shifts * weight[:, None]))
        weight = prior * _biweight(np.hypot(*(shifts - basis @ plane).T), _PLANE_LIMIT_PX)
    # What bends away from the plane together with its neighbours is taken back; what stands alone stays out.
    model = Model(ties, weight, plane, scale, BANDWIDTH * spacing)
    for _ in range(5):
        agreed = prior * _biweight(model.apart(), _LOCAL_LIMIT_PX)
        model = Model(ties, agreed, plane, scale, BANDWIDTH * spacing)
    return model


def held_out_residuals(ties: Ties, scale: float, spacing: float) -> F64:
    """Distance of tie points from fits that did not see them, px.

    Four fits; each leaves out the points of every second row and every second column of patches (a quarter of
    them, spread over the scene). Neighbouring patches of a small scene overlap by half; as both fade towards
    their edges they share a twelfth of their weight. Points beyond three medians (at least 1 px) are changed
    ground, no measure of alignment, and left out.
    """
    out: list[F64] = []
    for quarter in range(4):
        held = (ties.row % 2 == quarter // 2) & (ties.col % 2 == quarter % 2)
        rest = ties.where(~held)
        if rest.x.size >= 3 and held.any():
            own = ties.where(held)
            out.append(np.hypot(*(_shifts(own) - fit(rest, scale, spacing).at(own.x, own.y)).T))
    if not out:
        return np.zeros(0)
    residual = np.concatenate(out)
    return np.asarray(residual[residual < max(1.0, 3 * float(np.median(residual)))])


def to_field(model: Model, shape: tuple[int, int], spacing: float) -> ShiftField:
    """The model at nodes an even number of pixels apart, half the distance of the patches."""
    step = max(32, 2 * round(spacing / 4))
    rows = np.arange(0, shape[0] + step, step, dtype=np.float64)
    cols = np.arange(0, shape[1] + step, step, dtype=np.float64)
    x, y = (v.ravel() for v in np.meshgrid(cols, rows))
    shift = model.at(x, y).reshape(rows.size, cols.size, 2)
    return ShiftField(shift[..., 0].copy(), shift[..., 1].copy(), step)
