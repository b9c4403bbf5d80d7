"""From the figures of an outline to a probability that nothing of its roof is left: two small logistic models.

Their coefficients were fitted by `tools/fit_proof.py` on drawn districts and on roofs of California that stand; real
pairs of Texas and France, turned round in time, were only measured on (docs/proof.md). They are never written by hand.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from geodata.verify.measures import Cell, Measures

F64 = npt.NDArray[np.float64]
MODEL = "image_model.json"
CELL_NAMES = ("change", "roof_later", "roof_loss", "likeness", "recoloured")
WHOLE_NAMES = ("change", "roof_later", "likeness", "outline", "shadow", "canopy", "least_cell")
_RIDGE, _ROUNDS = 3.0, 60
_MOST_SURE = 0.999


def cell_features(cell: Cell) -> F64:
    """`CELL_NAMES` of a part of an outline."""
    loss = cell.roof_later - cell.roof_earlier
    return np.array([cell.change, cell.roof_later, loss, cell.likeness, math.log1p(cell.recoloured)])


def whole_features(measures: Measures, cells_gone: Sequence[float]) -> F64:
    """`WHOLE_NAMES` of an outline.

    Args:
        measures: Its figures.
        cells_gone: Probability of each of its parts that it is gone.
    """
    outline = math.log((measures.outline_later + 10) / (measures.outline_earlier + 10))
    shadow = (min(80.0, measures.shadow_later) - min(80.0, measures.shadow_earlier)) / 30
    return np.array(
        [measures.change, measures.roof_later, measures.likeness, outline, shadow, canopy(measures), _least(cells_gone)]
    )


def canopy(measures: Measures) -> float:
    """How far the later image shows crowns or branches there: green and rough, 0 to 1."""
    return measures.green_later * min(1.0, max(0.0, (measures.texture_later - 8) / 5))


def _least(cells_gone: Sequence[float]) -> float:
    least = min(_MOST_SURE, max(1 - _MOST_SURE, min(cells_gone, default=0.5)))
    return math.log(least / (1 - least))


@dataclass(frozen=True)
class Logistic:
    """A logistic model.

    Args:
        intercept: Log-odds where every feature is zero.
        weights: Log-odds per unit of each feature.
    """

    intercept: float
    weights: tuple[float, ...]

    def probability(self, features: F64) -> float:
        """Probability, 0 to 1."""
        return float(1 / (1 + math.exp(-max(-30.0, min(30.0, self.intercept + float(np.dot(self.weights, features)))))))


@dataclass(frozen=True)
class ImageModel:
    """What judges the figures of an outline.

    Args:
        cell: Whether a part of it is gone.
        whole: Whether nothing of its roof is left.
        told: What it was fitted on.
    """

    cell: Logistic
    whole: Logistic
    told: Mapping[str, Any]


def shipped_model() -> ImageModel:
    """The model that Kancha ships."""
    told = json.loads(files("geodata.verify").joinpath(MODEL).read_text("utf-8"))
    parts = [
        Logistic(told[part]["intercept"], tuple(told[part]["weights"][name] for name in names))
        for part, names in (("cell", CELL_NAMES), ("whole", WHOLE_NAMES))
    ]
    return ImageModel(parts[0], parts[1], told["fitted_on"])


def fitted(features: F64, holds: npt.NDArray[np.bool_]) -> Logistic:
    """Logistic regression with a small ridge on standardised features (Newton's method).

    Args:
        features: Of each sample, shape (n, k).
        holds: What is true of each.
    """
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    x = np.hstack([np.ones((len(features), 1)), (features - mean) / spread])
    penalty = np.diag([0.0, *[_RIDGE] * features.shape[1]])
    beta = np.zeros(x.shape[1])
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-np.clip(x @ beta, -30, 30)))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + penalty
        beta += np.linalg.solve(curvature, x.T @ (holds - p) - penalty @ beta)
    weights = beta[1:] / spread
    return Logistic(float(beta[0] - weights @ mean), tuple(float(w) for w in weights))
