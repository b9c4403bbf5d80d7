"""What officers look at this week: the first by priority, and a share that is drawn for learning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from service.store.records import Purpose, ReviewRow

TELLS_MOST = 0.5
"""The confidence at which a verdict tells most.

The confidence is a calibrated probability, and the answer to a question of yes or no tells most (1 bit) where both are
equally likely. The share of right ones among what was judged would be another point; but the judged come from the
top of the queue, so that it would chase the choice itself.
"""

Features = npt.NDArray[np.float64]
"""One row per finding, shape (n, features)."""


@dataclass(frozen=True)
class Drawn:
    """A row of the queue.

    Args:
        rank: Its place, from 1.
        row: The finding.
        purpose: `enforce` or `learn`.
        why: Why it is here, in words.
    """

    rank: int
    row: ReviewRow
    purpose: Purpose
    why: str


def draw(rows: Sequence[ReviewRow], judged: Sequence[ReviewRow], capacity: int, learn_share: float) -> list[Drawn]:
    """Choose what officers look at. The same rows always give the same queue.

    Args:
        rows: What is open, the highest priority first.
        judged: What was judged, whatever the verdict.
        capacity: How many can be looked at.
        learn_share: Share of them that is drawn for learning, rounded down: the first half (rounded up) is the most
            uncertain, the other half lies farthest from everything that is judged or chosen already.

    Returns:
        At most `capacity` rows: those to enforce by priority, then those to learn from.
    """
    # 0.29 * 100 is a little less than 29
    learning = int(round(learn_share * capacity, 9))
    first, rest = list(rows[: capacity - learning]), list(rows[capacity - learning :])
    uncertain = sorted(rest, key=lambda r: (round(abs(r.confidence - TELLS_MOST), 9), -r.priority, -r.key))
    uncertain = uncertain[: learning - learning // 2]
    taken = {row.key for row in uncertain}
    rest = [row for row in rest if row.key not in taken]
    new = farthest(rest, [*judged, *first, *uncertain], learning // 2)
    chosen: list[tuple[ReviewRow, Purpose, str]] = [
        *((row, "enforce", _worth(row)) for row in first),
        *(
            (row, "learn", f"uncertain: confidence {row.confidence:.2f}, a verdict tells most near {TELLS_MOST}")
            for row in uncertain
        ),
        *((row, "learn", f"a new kind of place: {away:.1f} from all that is judged or chosen") for row, away in new),
    ]
    return [Drawn(rank, row, purpose, why) for rank, (row, purpose, why) in enumerate(chosen, 1)]


def farthest(rows: Sequence[ReviewRow], known: Sequence[ReviewRow], count: int) -> list[tuple[ReviewRow, float]]:
    """Rows that lie farthest from what is known, each one known as soon as it is chosen, with their distance.

    Args:
        rows: To choose from.
        known: What is known; without any the first is farthest from the middle of all.
        count: How many are wanted.
    """
    if not rows or count <= 0:
        return []
    features = standardised([*rows, *known])
    own, others = features[: len(rows)], features[len(rows) :]
    reference = others if len(others) else np.zeros((1, own.shape[1]))
    away = np.asarray(cKDTree(reference).query(own)[0], dtype=np.float64)
    chosen: list[tuple[ReviewRow, float]] = []
    for _ in range(min(count, len(rows))):
        # the first of equals is the one of the highest priority; rounding is no difference
        at = int(np.argmax(np.round(away, 9)))
        chosen.append((rows[at], float(away[at])))
        away = np.minimum(away, np.linalg.norm(own - own[at], axis=1))
        away[at] = -1.0
    return chosen


def standardised(rows: Sequence[ReviewRow]) -> Features:
    """What kind of place each finding is, shape (n, features).

    Numbers (logarithm of the area, confidence, location) have mean 0 and standard deviation 1. Words (stage,
    change, each cue) are 0 or 1: two findings of another stage differ as much as two of a number usually do, by
    the root of 2.
    """
    lon, lat = np.array([row.place for row in rows], dtype=np.float64).T
    numbers = np.column_stack(
        [
            np.log1p([max(0.0, row.area_m2) for row in rows]),
            [row.confidence for row in rows],
            lon * np.cos(np.radians(lat.mean())),
            lat,
        ]
    )
    # from the first row, so that what is the same everywhere is 0 exactly and not the rounding of a mean
    numbers -= numbers[0]
    # one measure for both directions of the ground, else a long narrow district would be stretched to a square
    spread = numbers.std(axis=0)
    spread[2:] = np.hypot(*spread[2:]) / np.sqrt(2)
    numbers = (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    words = [{f"stage {row.stage}", f"change {row.change}", *(f"cue {cue}" for cue in row.cues)} for row in rows]
    known = sorted(set().union(*words))
    flags = np.array([[word in mine for word in known] for mine in words], dtype=np.float64)
    return np.hstack([numbers, flags - flags.mean(axis=0)])


def _worth(row: ReviewRow) -> str:
    stage = [] if row.stage == "unknown" else [row.stage]
    return f"priority {row.priority:.2f}: {', '.join([row.status, *stage, *row.flags])}".replace("_", " ")
