"""Which pixels did not change: iteratively re-weighted multivariate alteration detection (Nielsen 2007).

Both dates are turned into pairs of canonical variates, most correlated first; the squared differences of the pairs,
each in units of its spread, sum to a chi-square number for pixels that did not change. Its tail probability weighs
the pixels of the next round.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

_ROUNDS = 12


def chi_square_tail(value: F64, freedom: int) -> F64:
    """Probability that a chi-square number of `freedom` degrees exceeds a value (error below 2e-7)."""
    half = np.maximum(value, 0.0) / 2
    start = 2 - freedom % 2
    tail = np.exp(-half) if start == 2 else _erfc(np.sqrt(half))
    for k in range(start, freedom, 2):
        tail = tail + half ** (k / 2) * np.exp(-half) / math.gamma(k / 2 + 1)
    return np.asarray(tail)


def _erfc(x: F64) -> F64:
    """Complementary error function of x >= 0 (Abramowitz and Stegun 7.1.26)."""
    t = 1 / (1 + 0.3275911 * x)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return np.asarray(series * np.exp(-x * x))


def unchanged_weights(before: F64, after: F64) -> F64 | None:
    """Weight of each pixel for not having changed, 0 to 1, shape (n,); None where the dates have nothing in common.

    Args:
        before: Values of the first date, shape (band, n).
        after: The same pixels of the second date.
    """
    bands, count = before.shape
    if count < 50 * bands:
        return None
    weight = np.ones(count)
    for _ in range(_ROUNDS):
        total = weight.sum()
        if total < 10 * bands:
            return None
        both = np.vstack([before, after])
        centred = both - (both @ weight / total)[:, None]
        cov = (centred * weight) @ centred.T / total
        found = _canonical(cov, bands)
        if found is None:
            return None
        to_u, to_v, correlation = found
        difference = to_u.T @ centred[:bands] - to_v.T @ centred[bands:]
        spread = np.maximum(2 * (1 - correlation), 1e-6)
        fresh = chi_square_tail((difference**2 / spread[:, None]).sum(axis=0), bands)
        settled = float(np.abs(fresh - weight).mean()) < 2e-3
        weight = fresh
        if settled:
            break
    return weight


def _canonical(cov: F64, bands: int) -> tuple[F64, F64, F64] | None:
    """Canonical vectors of both dates (unit variance, positive correlation) and their correlations."""
    first, second, cross = cov[:bands, :bands], cov[bands:, bands:], cov[:bands, bands:]
    try:
        left, right = (np.linalg.cholesky(c + 1e-9 * np.trace(c) * np.eye(bands)) for c in (first, second))
    except np.linalg.LinAlgError:
        return None
    inner = np.linalg.solve(left, np.linalg.solve(right, cross.T).T)
    u, correlation, v = np.linalg.svd(inner)
    return np.linalg.solve(left.T, u), np.linalg.solve(right.T, v.T), np.minimum(correlation, 1.0)


def orthogonal_line(x: F64, y: F64, weight: F64) -> tuple[float, float] | None:
    """Robust orthogonal regression: slope and offset of y = slope * x + offset.

    None where the values do not vary together. Three rounds drop what lies beyond three robust standard deviations.
    """
    keep = np.ones(x.size, bool)
    slope = offset = 0.0
    for _ in range(3):
        w = weight * keep
        total = w.sum()
        if total <= 0:
            return None
        mx, my = float(x @ w / total), float(y @ w / total)
        dx, dy = x - mx, y - my
        xx, yy, xy = (float((a * b) @ w / total) for a, b in ((dx, dx), (dy, dy), (dx, dy)))
        if xy <= 0 or xx <= 1e-9 or yy <= 1e-9:
            return None
        slope = (yy - xx + math.hypot(yy - xx, 2 * xy)) / (2 * xy)
        offset = my - slope * mx
        residual = np.abs(dy - slope * dx)
        spread = 1.4826 * float(np.median(residual[w > 0.01])) if (w > 0.01).any() else 0.0
        keep = residual <= 3 * spread + 1e-6
    return slope, offset
