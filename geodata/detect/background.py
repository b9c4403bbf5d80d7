"""The threshold from the background's own distribution: so many false alarms a square kilometre, and no more.

On ground where nothing was built the detector still sees weak objects, many of little confidence and few of much.
How many a square kilometre, by confidence, was measured on real unchanged pairs (`model.json`). A scene has more or
fewer than these according to its season, its haze and its roofs; its own weak objects, which are background almost
without exception, tell by what factor. New buildings are far too few among them to move it (a constant false alarm
rate, as in radar detection).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WEAK = (0.06, 0.15)
"""Confidences between which an object counts as background."""
_FEWEST, _MOST = 0.5, 4.0
_FEW_OBJECTS = 10.0


@dataclass(frozen=True)
class Background:
    """How many objects a square kilometre of unchanged ground gives above each confidence.

    Args:
        confidence: Rising confidences.
        per_km2: Objects above each, falling.
    """

    confidence: tuple[float, ...]
    per_km2: tuple[float, ...]


def background_factor(told: Background, confidences: Sequence[float], area_km2: float) -> float:
    """How many times as many weak objects a scene has as the reference.

    Args:
        told: The reference.
        confidences: Of all objects of the scene, down to the weakest.
        area_km2: Ground that was seen.

    Returns:
        Between 0.5 and 4; a scene that is too small to tell counts as the reference.
    """
    expected = (_reference(told, WEAK[0]) - _reference(told, WEAK[1])) * area_km2
    weak = sum(WEAK[0] <= c < WEAK[1] for c in confidences)
    # Ten objects of the reference are added to both: a small scene says little.
    return float(np.clip((weak + _FEW_OBJECTS) / (expected + _FEW_OBJECTS), _FEWEST, _MOST))


def confidence_floor(told: Background, false_alarms_per_km2: float, factor: float) -> float:
    """The confidence above which a scene gives about the wanted number of false alarms a square kilometre."""
    rates = factor * np.array(told.per_km2)
    # Rates fall with confidence: from the end, the first one that is still small enough.
    return float(np.interp(-false_alarms_per_km2, -rates, told.confidence))


def _reference(told: Background, confidence: float) -> float:
    return float(np.interp(confidence, told.confidence, told.per_km2))
