"""How sure a comparison is: measures with their errors, and the grade of one thing exceeding another.

A measured excess counts by how many of its standard errors it is: above two it is certain, above one possible, less
is within the error. What is within the error is told as such and never called an overrun.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

Certainty = Literal["certain", "possible", "within_error"]
Unit = Literal["m", "m2", "share", "days", ""]

_ROUNDING = 1e-6


class Grade(IntEnum):
    """How surely a condition holds; of several the weakest counts."""

    NO = 0
    WITHIN_ERROR = 1
    POSSIBLE = 2
    CERTAIN = 3

    @property
    def certainty(self) -> Certainty:
        """The word for it.

        Raises:
            ValueError: For what does not hold at all.
        """
        if self is Grade.NO:
            raise ValueError("what does not hold has no certainty")
        return _WORDS[self]


_WORDS: dict[Grade, Certainty] = {
    Grade.WITHIN_ERROR: "within_error",
    Grade.POSSIBLE: "possible",
    Grade.CERTAIN: "certain",
}


@dataclass(frozen=True)
class Measure:
    """A number with its standard error.

    Args:
        value: The number.
        error: Its standard error, in the same unit; 0 where it is exact.
        unit: What it is measured in.
    """

    value: float
    error: float = 0.0
    unit: Unit = ""


@dataclass(frozen=True)
class Told:
    """A yes that is more or less sure; `NO` is a no."""

    grade: Grade

    def __bool__(self) -> bool:
        """Whether it is a yes at all."""
        return self.grade is not Grade.NO


def exceeds(value: Measure, limit: Measure) -> Grade:
    """How surely a value lies above a limit.

    >>> exceeds(Measure(3.0, 1.0), Measure(0.5)).certainty
    'certain'
    >>> exceeds(Measure(1.2, 1.0), Measure(0.0)).certainty, exceeds(Measure(0.8, 1.0), Measure(0.0)).certainty
    ('possible', 'within_error')
    """
    excess = value.value - limit.value
    if excess <= _ROUNDING * max(1.0, abs(limit.value)):
        return Grade.NO
    error = math.hypot(value.error, limit.error)
    if excess > 2 * error:
        return Grade.CERTAIN
    return Grade.POSSIBLE if excess > error else Grade.WITHIN_ERROR


def reaches(value: Measure, limit: Measure) -> Grade:
    """Whether a value is as large as a limit, its error left aside."""
    enough = value.value >= limit.value - _ROUNDING * max(1.0, abs(limit.value))
    return Grade.CERTAIN if enough else Grade.NO
