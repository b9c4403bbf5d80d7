"""What two images say of a known outline: the figures judged, with the share gone and what cannot be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from geodata.verify.judging import ImageModel, canopy, cell_features, whole_features
from geodata.verify.measures import Cell, Measures

Seen = Literal["gone", "partly_gone", "still_there", "covered", "refilled", "unknown"]
SEEN: tuple[Seen, ...] = ("gone", "partly_gone", "still_there", "covered", "refilled", "unknown")

LEAST_SEEN = 0.6
"""Share of an outline that both images must usably show before anything is said of it."""
_PART, _MOST_OF_IT = 0.25, 0.80
_SOIL, _SOIL_AROUND = 0.4, 0.35
_CANOPY = 0.4
_OUTLINE_STAYS = 0.6
_CELL_GONE = 0.35
"""A part is as good as gone from here on: most of what was fitted on stands, so that parts are told gone late."""
_RECOLOURED = 45.0
_UNALIKE = 0.6
_NO_PROOF = 0.79
"""Most that an image may be sure of where it cannot tell what lies beneath: below what closes a case (0.8)."""


@dataclass(frozen=True)
class Said:
    """What images say of an outline.

    Args:
        seen: One of `SEEN`.
        confidence: Probability that this holds, 0 to 1.
        gone_share: Share of the outline on which no roof is left.
        share_error: Its standard error.
        because: Codes of what decided, see `geodata.verify.wording`.
    """

    seen: Seen
    confidence: float
    gone_share: float
    share_error: float
    because: tuple[str, ...]


def judged_images(measures: Measures, cells: tuple[Cell, ...], model: ImageModel) -> Said:
    """Judge the figures of an outline.

    Nothing is called gone that the later image does not usably show. Where a sheet, crowns or bare soil lie just where
    the structure stood, an image cannot tell what is beneath: whatever it says then stays below what closes a case.

    Args:
        measures: Its figures.
        cells: The same of its parts.
        model: What judges.
    """
    if measures.seen_share < LEAST_SEEN:
        return Said("unknown", 0.0, 0.0, 1.0, ("unseen",))
    parts = [model.cell.probability(cell_features(cell)) for cell in cells]
    gone = model.whole.probability(whole_features(measures, parts))
    share, error = _share(cells, parts, gone)
    stays = measures.outline_later >= _OUTLINE_STAYS * measures.outline_earlier
    if canopy(measures) >= _CANOPY:
        # the ground is hidden; that its outline still shows through tells of something laid over a roof
        return Said("covered" if stays else "unknown", min(0.5, 1 - gone) if stays else 0.0, 0.0, error, ("crowns",))
    if gone >= 0.5:
        return _bare(measures, gone, max(share, _MOST_OF_IT), error)
    if _PART <= share <= _MOST_OF_IT:
        return Said("partly_gone", (1 - gone) * max(parts), share, error, ("parts_differ",))
    changed = measures.recoloured >= _RECOLOURED and measures.likeness < _UNALIKE
    if changed and (measures.vivid_later >= 0.5 or stays):
        return Said("covered", 1 - gone, 0.0, error, ("sheet",))
    return Said("still_there", 1 - gone, 0.0, error, ("roof_stands",))


def _share(cells: tuple[Cell, ...], parts: list[float], gone: float) -> tuple[float, float]:
    """Share gone and its standard error; parts that could be either way widen it."""
    total = sum(cell.share for cell in cells)
    if not total:
        return gone, (gone * (1 - gone)) ** 0.5
    share = sum(cell.share for cell, p in zip(cells, parts, strict=True) if p >= _CELL_GONE) / total
    variance = sum((cell.share / total) ** 2 * p * (1 - p) for cell, p in zip(cells, parts, strict=True))
    return share, float(variance**0.5)


def _bare(measures: Measures, gone: float, share: float, error: float) -> Said:
    """No roof is left: ground as it should be, or something laid over what stays."""
    if measures.vivid_later >= 0.5:
        return Said("covered", 1 - min(gone, _NO_PROOF), 0.0, error, ("sheet_or_ground",))
    if measures.soil_later < _SOIL:
        return Said("gone", gone, share, error, ("roof_left",))
    if measures.soil_around < _SOIL_AROUND:
        return Said("refilled", min(gone, _NO_PROOF), share, error, ("soil_in_outline",))
    return Said("gone", min(gone, _NO_PROOF), share, error, ("roof_left", "soil"))
