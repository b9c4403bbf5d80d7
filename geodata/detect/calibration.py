"""Confidence as a probability: logistic calibration of objects, and how well it holds.

A network's outputs rank objects; what share of them is real depends on the place. So the confidence of an object is a
logistic function (Platt 1999) of a few of its measures, fitted on objects of held-out places that somebody judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

MEASURES = ("logit", "peak", "size", "solidity", "plain")
"""What the confidence rests on: mean and largest log-odds of the network over the object, log2 of its pixels / 16, its
solidity, and the log-odds that the training-free detector gives the same object."""

_RIDGE = 1.0
_ROUNDS = 50


@dataclass(frozen=True)
class Calibration:
    """A logistic function of an object's measures.

    Args:
        intercept: Log-odds where every measure is zero.
        weights: Log-odds per unit of each of `MEASURES`.
        objects: How many judged objects it was fitted on.
    """

    intercept: float = 0.0
    weights: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0)
    objects: int = 0

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Calibration:
        """From the content of `model.json`."""
        weights = tuple(float(told["weights"].get(name, 0.0)) for name in MEASURES)
        return cls(float(told["intercept"]), weights, int(told.get("objects", 0)))

    def as_dict(self) -> dict[str, Any]:
        """Plain values for `model.json`."""
        named = {name: round(w, 5) for name, w in zip(MEASURES, self.weights, strict=True)}
        return {"intercept": round(self.intercept, 5), "weights": named, "objects": self.objects}

    def log_odds(self, measures: Sequence[float] | F64) -> float:
        """Log-odds that an object with these measures really changed."""
        return float(self.intercept + np.dot(self.weights, measures))

    def probability(self, measures: Sequence[float] | F64) -> float:
        """The same as a probability, 0 to 1."""
        return float(1 / (1 + np.exp(-np.clip(self.log_odds(measures), -30, 30))))


def fit(measures: F64, real: npt.NDArray[np.bool_], weights: F64 | None = None) -> Calibration:
    """Fit a calibration: logistic regression with a small ridge on standardised measures (Newton's method).

    Args:
        measures: `MEASURES` of each object, shape (n, 5).
        real: Whether it really changed.
        weights: How much each counts, None: all the same.

    Raises:
        ValueError: If there is no object of one of the two kinds.
    """
    if real.all() or not real.any():
        raise ValueError("a calibration needs objects of both kinds")
    mean, spread = measures.mean(axis=0), measures.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    x = np.hstack([np.ones((len(measures), 1)), (measures - mean) / spread])
    each = np.ones(len(measures)) if weights is None else weights
    penalty = np.diag([0.0, *[_RIDGE] * measures.shape[1]])
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        slope = x.T @ (each * (real - p)) - penalty @ beta
        curve = (x * (each * np.maximum(p * (1 - p), 1e-6))[:, None]).T @ x + penalty
        step = np.linalg.solve(curve, slope)
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    plain = beta[1:] / spread
    return Calibration(float(beta[0] - plain @ mean), tuple(plain.tolist()), len(measures))


@dataclass(frozen=True)
class Reliability:
    """One row of a reliability diagram.

    Args:
        low: Lower end of the confidence bin.
        high: Upper end.
        confidence: Mean confidence of its objects.
        share: Share of them that really changed.
        objects: Their number.
    """

    low: float
    high: float
    confidence: float
    share: float
    objects: int


def reliability(confidence: F64, real: npt.NDArray[np.bool_], bins: int = 10) -> list[Reliability]:
    """Reliability diagram in bins of equal width; empty bins are left out."""
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    rows = []
    for k in range(bins):
        here = number == k
        if here.any():
            mean, share = float(confidence[here].mean()), float(real[here].mean())
            rows.append(Reliability(k / bins, (k + 1) / bins, mean, share, int(here.sum())))
    return rows


def expected_error(rows: Sequence[Reliability]) -> float:
    """Expected calibration error: mean distance of confidence and share, weighted by objects (Naeini et al. 2015)."""
    total = sum(row.objects for row in rows)
    return sum(row.objects * abs(row.confidence - row.share) for row in rows) / total if total else 0.0
