"""What came of a training, as plain values: nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from geodata.detect.calibration import Reliability
from geodata.detect.models import Model
from geodata.learn.figures import Figures

U8 = npt.NDArray[np.uint8]
Kind = Literal["found", "false", "missed"]
KINDS: tuple[Kind, ...] = ("found", "false", "missed")


@dataclass(frozen=True)
class Example:
    """A structure with its surroundings in both dates.

    Args:
        kind: `found`, `missed` or `false`.
        before: First date, RGB, shape (y, x, 3).
        after: Second date.
        claimed: What the model says changed, 0 or 1, shape (y, x).
        truth: What changed: 0, 1, or 255 where nobody judged.
        confidence: What the model says of it; None for a missed one.
        area_m2: Its size.
    """

    kind: Kind
    before: U8
    after: U8
    claimed: U8
    truth: U8
    confidence: float | None = None
    area_m2: float = 0.0


@dataclass(frozen=True)
class LeftOut:
    """A case that could not be used.

    Args:
        name: Its name.
        title: What is the matter, in English.
        title_zh: The same in Chinese.
        why: With the measured values and the way out.
    """

    name: str
    title: str
    title_zh: str
    why: str


@dataclass(frozen=True)
class Outcome:
    """What came of a training.

    Args:
        model: The new model.
        figures: The challenger's figures on the places to compare by.
        champion: Those of the model in use.
        difference: How much better the challenger is, with its 95 % interval.
        reliability: Confidence against truth on the same places.
        refused: Cases that could not be used.
        history: The course of the training.
        split: How many places were on each side.
        examples: Structures found, missed and wrongly claimed on those places.
    """

    model: Model
    figures: Figures
    champion: Figures
    difference: tuple[float, float, float]
    reliability: tuple[Reliability, ...]
    refused: tuple[LeftOut, ...]
    history: tuple[dict[str, Any], ...] = ()
    split: dict[str, int] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()

    @property
    def better(self) -> bool:
        """Whether it may replace the model in use."""
        return self.difference[0] > 0
