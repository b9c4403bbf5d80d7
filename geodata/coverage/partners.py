"""Which earlier scenes a new one is compared with: few, recent, alike, and together all that can be told of it.

The choice is greedy. The first partner is the one that tells most: ground that both scenes show, less for every day
between them, less for what the gate of pairs warns of. The next tells most of the ground that is left. Ground that was
hidden under a cloud at the latest date is so compared with the date before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from geodata.coverage.looks import F32, Look

F64 = npt.NDArray[np.float64]

HALF_WORTH_DAYS = 30.0
"""A partner of so many days ago tells half as much: what changed is dated worse, and seasons differ. By the monthly
patrol; a rule of ours."""
MOST = 4
"""Partners of one scene: the fifth would tell a sliver."""


@dataclass(frozen=True)
class Earlier:
    """An earlier scene that may be compared with the new one.

    Args:
        look: What it shows of the new scene's cells.
        ground_m2: Ground of all of it, m².
        penalty: What the gate's warnings take from the log-odds of findings, at least 0.
    """

    look: Look
    ground_m2: float
    penalty: float = 0.0


@dataclass(frozen=True)
class Partner:
    """A scene to compare the new one with.

    Args:
        scene: Its id.
        told_km2: Ground that the comparison tells of and none before it does, km².
        debt_km2: The same ground, counted once for every time that its term has passed since: what is owed most.
    """

    scene: str
    told_km2: float
    debt_km2: float


@dataclass(frozen=True)
class Choice:
    """With what a new scene is compared.

    Args:
        partners: The scenes, the one that tells most first.
        shown_km2: Ground that the new scene shows, km².
        hidden_km2: Ground in its frame that it does not show.
        alone_km2: Ground that it shows and no partner does.
    """

    partners: tuple[Partner, ...]
    shown_km2: float
    hidden_km2: float
    alone_km2: float


def choose(new: Look, earlier: Sequence[Earlier], due_days: F64, cell_m2: float, least_share: float = 0.05) -> Choice:
    """The scenes to compare a new one with.

    Args:
        new: What the new scene shows of its cells, shape (y, x).
        earlier: Scenes that may be compared with it.
        due_days: How old a look at each cell may be, shape (y, x).
        cell_m2: Ground of a cell, m².
        least_share: A partner tells of at least this share of the smaller of the two scenes.
    """
    left: F32 = new.seen.copy()
    framed_m2 = float(new.framed.sum()) * cell_m2
    partners: list[Partner] = []
    rest = sorted(earlier, key=lambda one: (one.look.on, one.look.scene), reverse=True)
    while rest and len(partners) < MOST:
        told = [(_told(left, one.look) * cell_m2, one) for one in rest]
        fit = [pair for pair in told if pair[0] > 0 and pair[0] >= least_share * min(framed_m2, pair[1].ground_m2)]
        if not fit:
            break
        _, best = max(fit, key=lambda pair: pair[0] * _worth(new, pair[1]))
        here = _joint(left, best.look)
        owed = here * _age_days(new, best) / due_days[best.look.slices]
        partners.append(Partner(best.look.scene, _km2(here, cell_m2), _km2(owed, cell_m2)))
        left[best.look.slices] -= here
        rest.remove(best)
    hidden = _km2(new.framed, cell_m2) - _km2(new.seen, cell_m2)
    return Choice(tuple(partners), _km2(new.seen, cell_m2), max(0.0, hidden), _km2(left, cell_m2))


def _joint(left: F32, look: Look) -> F32:
    """Share of each cell that is left and that a look shows: at the most, for nobody knows which part it is."""
    return np.minimum(left[look.slices], look.seen)


def _told(left: F32, look: Look) -> float:
    return float(_joint(left, look).sum())


def _age_days(new: Look, one: Earlier) -> float:
    return max(0.0, (new.on - one.look.on) / timedelta(days=1))


def _worth(new: Look, one: Earlier) -> float:
    return math.exp(-one.penalty) / (1 + _age_days(new, one) / HALF_WORTH_DAYS)


def _km2(share: npt.NDArray[np.floating], cell_m2: float) -> float:
    return float(share.sum() * cell_m2 / 1e6)
