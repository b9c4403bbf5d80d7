"""What both dates show of the common ground, from the same patches of each: statistics, shares, the joint share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geodata.io.warp import GridReader
from geodata.pairing.patches import LOOK, Block, halved
from geodata.pairing.usable import (
    Code,
    Patch,
    SceneStatistics,
    classify,
    corners,
    count,
    seen,
    shares,
    statistics_of,
)


@dataclass(frozen=True)
class PairUsable:
    """What is seen of a pair, by samples.

    Args:
        statistics: Of each date on the common grid coarsened by `LOOK`; what `classify` needs.
        shares: Share of each code, per date.
        joint_share: Share of the sampled ground that both dates show.
    """

    statistics: tuple[SceneStatistics, SceneStatistics]
    shares: tuple[Mapping[str, float], Mapping[str, float]]
    joint_share: float

    @property
    def effective_bits(self) -> tuple[float, float]:
        """Binary logarithm of the grey levels in use, per date."""
        return self.statistics[0].effective_bits, self.statistics[1].effective_bits


def look_at_pair(blocks: list[Block], before: GridReader, after: GridReader) -> PairUsable:
    """Look at the blocks that alignment read: bounded work, whatever the size of the scenes.

    Args:
        blocks: See `read_blocks`.
        before: The first date on the common grid.
        after: The second date on the same grid; a shift of a few pixels does not matter here.
    """
    grid = before.grid.coarsened(LOOK)
    first, second = before.coarsened(LOOK), after.coarsened(LOOK)
    patches = [_both_halved(block) for block in blocks]
    gsd_m = float(np.sqrt(np.prod(grid.gsd_m())))
    told = tuple(
        statistics_of([pair[i] for pair in patches], corners(reader), reader.bands, gsd_m)
        for i, reader in enumerate((first, second))
    )
    counts = np.zeros((2, len(Code)), np.int64)
    common = total = 0
    for pair in patches:
        codes = [classify(*patch, statistics) for patch, statistics in zip(pair, told, strict=True)]
        counts += [count(c) for c in codes]
        common += int((seen(codes[0]) & seen(codes[1])).sum())
        total += codes[0].size
    return PairUsable((told[0], told[1]), (shares(counts[0]), shares(counts[1])), round(common / max(1, total), 4))


def _both_halved(block: Block) -> tuple[Patch, Patch]:
    rows, cols = block.core.inside(block.window)
    return (
        halved(block.before, block.before_valid),
        halved(block.after[:, rows, cols], block.after_valid[rows, cols]),
    )
