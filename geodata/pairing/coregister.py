"""Find how the second date lies on the first: tie points, a robust plane, a smooth field, an honest residual.

The number of tie points is bounded, so the cost does not grow with the scene. The field is applied once, in the warp
that brings the second date to the grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geodata.io.warp import GridReader, ShiftField
from geodata.pairing.field import fit, hold_out, plane_at, refine, to_field
from geodata.pairing.patches import Block, read_blocks
from geodata.pairing.ties import Pictures, Ties, correlate, correlate_finely, fine_tie_points, tie_points

BoolArray = npt.NDArray[np.bool_]

MIN_TIES = 4
MIN_AGREEMENT = 5.0
MIN_SCENE_PEAK = 6.0
"""An alignment is trusted where held-out places agree 5 standard deviations beyond chance, or one shift of the whole
scene stands out by 6 and the places do not contradict it. Different places reached 3.7 and 4.8, real pairs of Texas
at least 7.5 and 8.8."""
MAX_TIE_ROWS = 400


@dataclass(frozen=True)
class Alignment:
    """How the dates were brought together.

    Args:
        field: Shift to apply to the second date.
        global_px: (dx, dy) of the whole scene, px of the common grid.
        points: Tie points used.
        residual_median_px: Median distance of tie points that were not used in fitting, px.
        residual_p90_px: 90th percentile of the same, px.
        reliable: Whether the dates show the same ground; otherwise the field is zero.
        gsd_m: Pixel size of the common grid, m.
        ties: All tie points found.
        used: Which of them the field follows, shape (n,).
    """

    field: ShiftField
    global_px: tuple[float, float]
    points: int
    residual_median_px: float
    residual_p90_px: float
    reliable: bool
    gsd_m: float
    ties: Ties
    used: BoolArray

    def tie_rows(self) -> list[list[float]]:
        """Tie points for a picture, at most `MAX_TIE_ROWS`: x, y (px), dx, dy (px), 1 where used, confidence."""
        step = max(1, -(-self.ties.x.size // MAX_TIE_ROWS))
        columns = (self.ties.x, self.ties.y, self.ties.dx, self.ties.dy, self.used, self.ties.confidence)
        digits = (0, 0, 2, 2, 0, 1)
        return [[round(float(v), d) for v, d in zip(row, digits, strict=True)] for row in zip(*columns, strict=True)][
            ::step
        ]

    @property
    def residual_median_m(self) -> float:
        """Median residual, m."""
        return self.residual_median_px * self.gsd_m

    @property
    def residual_p90_m(self) -> float:
        """90th percentile of the residual, m."""
        return self.residual_p90_px * self.gsd_m


def align(before: GridReader, after: GridReader, threads: int = 1) -> Alignment:
    """Find the shift field of the second date.

    Args:
        before: The first date on the common grid.
        after: The second date on the same grid, unshifted.
        threads: Patches that are read at once; does not change the result.
    """
    return align_blocks(read_blocks(before, after, threads), before)


def align_blocks(blocks: list[Block], before: GridReader) -> Alignment:
    """Find the shift field from blocks that were read already.

    Args:
        blocks: See `read_blocks`.
        before: The first date on the common grid.
    """
    shape = before.grid.shape
    gsd_m = float(np.sqrt(np.prod(before.grid.gsd_m())))
    pictures = Pictures(blocks)
    found = correlate(pictures)
    scale, spacing, seen = float(max(shape)), found.surfaces.spacing_px, found.surfaces.seen
    if int(seen.sum()) < MIN_TIES:
        return _unaligned(Ties.none(), gsd_m)
    unseen = hold_out(found, scale)
    first = fit(tie_points(found.surfaces, seen), scale, spacing)
    fine = correlate_finely(pictures, to_field(first, shape, spacing))
    ties = fine_tie_points(fine).where(fine.seen.ravel())
    trusted = unseen.agreement >= MIN_AGREEMENT or (found.scene.peak >= MIN_SCENE_PEAK and unseen.agreement >= 1.0)
    if not trusted or ties.x.size < MIN_TIES:
        return _unaligned(ties, gsd_m)
    model = refine(first, ties, fine.spacing_px)
    used = model.weight > 0
    if int(used.sum()) < MIN_TIES:
        return _unaligned(ties, gsd_m)
    return Alignment(
        field=to_field(model, shape, fine.spacing_px),
        global_px=plane_at(first, shape[1] / 2, shape[0] / 2),
        points=int(used.sum()),
        residual_median_px=float(np.median(unseen.residual)),
        residual_p90_px=float(np.percentile(unseen.residual, 90)),
        reliable=True,
        gsd_m=gsd_m,
        ties=ties,
        used=used,
    )


def _unaligned(ties: Ties, gsd_m: float) -> Alignment:
    zero, nothing = np.zeros((2, 2)), np.zeros(ties.x.size, bool)
    field = ShiftField(zero, zero, 1 << 20)
    return Alignment(field, (0.0, 0.0), 0, float("nan"), float("nan"), False, gsd_m, ties, nothing)
