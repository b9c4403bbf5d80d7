"""The figures that networks and models are judged by while they are made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figures:
    """Pooled figures at one point of decision (definitions: `evaluate.measures`).

    Args:
        pixel_f1: F1 of the change class.
        object_recall: Share of the true objects that are found.
        object_precision: Share of the claimed objects that are real.
        false_per_km2: Claimed objects that are not, by ground looked at.
    """

    pixel_f1: float
    object_recall: float
    object_precision: float
    false_per_km2: float

    @property
    def object_f1(self) -> float:
        """Harmonic mean of recall and precision."""
        total = self.object_recall + self.object_precision
        return 2 * self.object_recall * self.object_precision / total if total else 0.0

    @property
    def value(self) -> float:
        """What networks are stopped and models compared by: pixels and objects alike."""
        return 0.5 * (self.pixel_f1 + self.object_f1)

    def as_dict(self) -> dict[str, float]:
        """The figures by name, rounded."""
        names = ("pixel_f1", "object_recall", "object_precision", "object_f1", "false_per_km2")
        return {name: round(float(getattr(self, name)), 4) for name in names}
