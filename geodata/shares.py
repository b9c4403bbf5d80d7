"""A share with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_Z95 = 1.959963984540054


@dataclass(frozen=True)
class Rate:
    """How many of those judged were right.

    Args:
        judged: How many were judged.
        right: How many of them were right.
        precision: Their share, None where nothing was judged.
        low: Lower end of its 95 % interval.
        high: Upper end.
    """

    judged: int
    right: int
    precision: float | None
    low: float
    high: float


def rate(verdicts: Iterable[bool]) -> Rate:
    """The share of right ones with Wilson's 95 % interval, which holds for few and for shares near 0 and 1 too.

    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927).

    >>> rate([True] * 8 + [False] * 2)
    Rate(judged=10, right=8, precision=0.8, low=0.4902, high=0.9433)
    >>> rate([])
    Rate(judged=0, right=0, precision=None, low=0.0, high=1.0)
    """
    told = list(verdicts)
    n, right = len(told), sum(told)
    if n == 0:
        return Rate(0, 0, None, 0.0, 1.0)
    low, high = wilson(right / n, n)
    return Rate(n, right, round(right / n, 4), round(low, 4), round(high, 4))


def wilson(share: float, count: int) -> tuple[float, float]:
    """95 % interval of a share.

    >>> [round(v, 3) for v in wilson(0.5, 10)]
    [0.237, 0.763]
    """
    z2 = _Z95 * _Z95
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    half = _Z95 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return max(0.0, middle - half), min(1.0, middle + half)
