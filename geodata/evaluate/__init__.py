"""How good detections are, measured against the truth: pixels, objects, false alarms, curves, intervals."""

from geodata.evaluate.files import evaluate_files
from geodata.evaluate.measures import (
    Alarm,
    Evaluation,
    PixelAreas,
    TrueObject,
    pool,
)
from geodata.evaluate.overlaps import evaluate, evaluate_label

__all__ = [
    "Alarm",
    "Evaluation",
    "PixelAreas",
    "TrueObject",
    "evaluate",
    "evaluate_files",
    "evaluate_label",
    "pool",
]
