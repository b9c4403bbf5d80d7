"""Which two scenes belong together: what can be told from the catalogue before a pixel is read."""

from __future__ import annotations

from collections.abc import Sequence

import shapely

from geodata.errors import DateOrderError, NoOverlapError, PixelSizeError
from service.store.records import Scene

_MAX_GSD_RATIO = 10.0


def overlap_share(a: Scene, b: Scene) -> float:
    """Common area of two footprints as a share of the smaller one, 0 to 1."""
    one, two = shapely.geometry.shape(dict(a.footprint)), shapely.geometry.shape(dict(b.footprint))
    smaller = min(one.area, two.area)
    return float(one.intersection(two).area / smaller) if smaller > 0 else 0.0


def check_pair(before: Scene, after: Scene, min_overlap_share: float) -> None:
    """Refuse a pair that cannot be compared.

    Args:
        before: The earlier scene.
        after: The later scene.
        min_overlap_share: Least share of the smaller scene that both must cover.

    Raises:
        DateOrderError: If the dates are equal or reversed.
        NoOverlapError: If they share too little ground.
        PixelSizeError: If their pixel sizes are too different.
    """
    if before.acquired_at >= after.acquired_at:
        raise DateOrderError(
            f"{before.file_name} was taken at {before.acquired_at.isoformat()}, {after.file_name} at "
            f"{after.acquired_at.isoformat()}: the first must be the earlier one.",
            remedy="Swap them or correct the dates.",
            before=before.acquired_at.isoformat(),
            after=after.acquired_at.isoformat(),
        )
    share = overlap_share(before, after)
    if share < min_overlap_share:
        raise NoOverlapError(
            f"{before.file_name} and {after.file_name} share {share:.1%} of the smaller one; "
            f"{min_overlap_share:.0%} are needed.",
            remedy="Choose two scenes of the same place.",
            overlap_share=share,
            needed_share=min_overlap_share,
        )
    ratio = max(before.gsd_m, after.gsd_m) / min(before.gsd_m, after.gsd_m)
    if ratio >= _MAX_GSD_RATIO * (1 - 1e-6):
        raise PixelSizeError(
            f"The pixel sizes are {before.gsd_m:.2f} m and {after.gsd_m:.2f} m, {ratio:.1f} to 1.",
            remedy="Choose scenes of more alike pixel sizes, less than 10 to 1.",
            ratio=ratio,
        )


def latest_earlier(scene: Scene, candidates: Sequence[Scene], min_overlap_share: float) -> Scene | None:
    """The latest earlier scene of the same place; of two of one time the one that shares more ground."""
    earlier = [
        (other.acquired_at, share, other.id, other)
        for other in candidates
        if other.acquired_at < scene.acquired_at and (share := overlap_share(scene, other)) >= min_overlap_share
    ]
    return max(earlier, key=lambda entry: entry[:3])[3] if earlier else None
