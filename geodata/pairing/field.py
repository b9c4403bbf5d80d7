"""From tie points to a smooth shift field: a robust plane, then what the points say beside it; and how good it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.io.warp import ShiftField
from geodata.pairing.ties import Correlations, Ties, single_ties, tie_points

F64 = npt.NDArray[np.float64]

BANDWIDTH = 0.5
"""Width of the smoothing kernel (standard deviation), in distances of neighbouring places."""
SEARCH_PX = 8.0
AGREE_PX = 2.0
CLEAR_CONFIDENCE = 1.0
MIN_CLEAR = 6
_ANCHOR = 0.05
_FINE_ANCHOR = 4.0
_RIDGE = 0.02
_LIMIT_PX = 4.0
_FULL_CONFIDENCE = 10.0


@dataclass(frozen=True)
class Model:
    """A plane per axis plus Gaussian-smoothed residuals of the points that agree with it.

    Args:
        ties: The points it was fitted to.
        weight: Their final weights, 0 where a point was rejected or says nothing.
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
        ties = self.ties
        beside = _shifts(ties) - _basis(ties.x, ties.y, self.scale) @ self.plane
        kernel = _kernel(x, y, ties, self.width) * self.weight
        anchor = _ANCHOR * float(self.weight.max(initial=1e-12))
        return np.asarray(
            _basis(x, y, self.scale) @ self.plane + (kernel @ beside) / (kernel.sum(axis=1) + anchor)[:, None]
        )


def plane_at(model: Model, x: float, y: float) -> tuple[float, float]:
    """The model's plane at a point, (dx, dy), without what lies beside it."""
    dx, dy = (_basis(np.array([x]), np.array([y]), model.scale) @ model.plane)[0]
    return float(dx), float(dy)


def _kernel(x: F64, y: F64, ties: Ties, width: float) -> F64:
    distance2 = (x[:, None] - ties.x) ** 2 + (y[:, None] - ties.y) ** 2
    return np.asarray(np.exp(-distance2 / (2 * width**2)))


def _shifts(ties: Ties) -> F64:
    return np.column_stack([ties.dx, ties.dy])


def _basis(x: F64, y: F64, scale: float) -> F64:
    return np.column_stack([np.ones_like(x), x / scale - 0.5, y / scale - 0.5])


def fit(ties: Ties, scale: float, spacing: float) -> Model:
    """Fit by iteratively re-weighted least squares with Tukey's biweight.

    Args:
        ties: At least one tie point.
        scale: Longer side of the scene, px.
        spacing: Distance of neighbouring places, px.
    """
    prior = np.minimum(ties.confidence, _FULL_CONFIDENCE) ** 2
    basis, shifts = _basis(ties.x, ties.y, scale), _shifts(ties)
    weight, plane = prior, np.zeros((3, 2))
    for _ in range(15):
        # A faint pull of the slopes towards zero keeps a handful of points from inventing a tilt.
        pull = np.diag([1e-9, _RIDGE, _RIDGE]) * (weight.sum() + 1e-9)
        plane = np.linalg.solve(basis.T @ (basis * weight[:, None]) + pull, basis.T @ (shifts * weight[:, None]))
        beside = np.hypot(*(shifts - basis @ plane).T)
        telling = beside[prior > 0]
        limit = max(_LIMIT_PX, 4 * float(np.median(telling))) if telling.size else _LIMIT_PX
        weight = prior * np.where(beside < limit, (1 - (beside / limit) ** 2) ** 2, 0.0)
    return Model(ties, weight, plane, scale, BANDWIDTH * spacing)


@dataclass(frozen=True)
class Refined:
    """A model and what smaller places say beside it.

    Args:
        first: The model of the larger places.
        ties: Tie points of the smaller ones.
        beside: What they leave of the first model, px, shape (n, 2).
        weight: Their weights, 0 where a point was rejected or says nothing.
        width: Standard deviation of the smoothing kernel, px.
    """

    first: Model
    ties: Ties
    beside: F64
    weight: F64
    width: float

    def at(self, x: F64, y: F64) -> F64:
        """Shift (n, 2) at points, as (dx, dy)."""
        kernel = _kernel(x, y, self.ties, self.width) * self.weight
        told = (kernel @ self.beside) / (kernel.sum(axis=1) + _FINE_ANCHOR)[:, None]
        return np.asarray(self.first.at(x, y) + told)


def refine(first: Model, ties: Ties, spacing: float) -> Refined:
    """Add to a model what smaller places say beside it; where they say little it stays.

    Args:
        first: The model of the larger places.
        ties: Tie points of smaller ones.
        spacing: Distance of the smaller ones, px.
    """
    beside = _shifts(ties) - first.at(ties.x, ties.y)
    distance = np.hypot(*beside.T)
    weight = np.minimum(ties.confidence, _FULL_CONFIDENCE) ** 2 * (1 - np.minimum(distance / _LIMIT_PX, 1) ** 2) ** 2
    return Refined(first, ties, beside, weight, BANDWIDTH * spacing)


@dataclass(frozen=True)
class HeldOut:
    """What places that the field has not seen say of it.

    Args:
        residual: Distance of the clear ones from the field, px, shape (n,).
        agreement: By how many standard deviations more of all places agree than would by chance.
    """

    residual: F64
    agreement: float


def hold_out(found: Correlations, scale: float) -> HeldOut:
    """Measure a field by places that it has not seen.

    Four times every other place of every other row is held out, until each was. What is held out is measured alone:
    its highest peak within 8 px of the one shift of the whole scene, whatever the field says there. Clear peaks make
    the residual (all, where fewer than six are clear); whether they agree with the field plays no part. For the
    agreement every place counts: one that falls anywhere in the searched disc is within 2 px by chance in 1 of 16.

    Args:
        found: Correlation surfaces of all places.
        scale: Longer side of the scene, px.
    """
    surfaces = found.surfaces
    rows, cols = np.indices(surfaces.x.shape)
    seen = surfaces.seen & found.alone.seen
    single = single_ties(found.alone, found.scene, SEARCH_PX)
    distance = np.full(seen.size, np.nan)
    for quarter in range(4):
        held = (rows % 2 == quarter // 2) & (cols % 2 == quarter % 2)
        use, test = seen & ~held, (seen & held).ravel()
        if use.any() and test.any():
            model = fit(tie_points(surfaces, use), scale, surfaces.spacing_px)
            own = single.where(test)
            distance[test] = np.hypot(*(_shifts(own) - model.at(own.x, own.y)).T)
    measured = np.isfinite(distance)
    count, chance = int(measured.sum()), (AGREE_PX / SEARCH_PX) ** 2
    agreeing = int((distance[measured] < AGREE_PX).sum())
    agreement = (agreeing - count * chance) / np.sqrt(max(1.0, count * chance * (1 - chance)))
    clear = measured & (single.confidence > CLEAR_CONFIDENCE)
    return HeldOut(distance[clear if clear.sum() >= MIN_CLEAR else measured], float(agreement))


def to_field(model: Model | Refined, shape: tuple[int, int], spacing: float) -> ShiftField:
    """The model at nodes an even number of pixels apart, half the distance of the places."""
    step = max(32, 2 * round(spacing / 4))
    rows = np.arange(0, shape[0] + step, step, dtype=np.float64)
    cols = np.arange(0, shape[1] + step, step, dtype=np.float64)
    x, y = (v.ravel() for v in np.meshgrid(cols, rows))
    shift = model.at(x, y).reshape(rows.size, cols.size, 2)
    return ShiftField(shift[..., 0].copy(), shift[..., 1].copy(), step)
