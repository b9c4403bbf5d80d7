"""A look at one known structure: gone, partly gone, still there, covered, refilled, or not usably seen.

    opened = open_comparison((earlier, later))
    found = look(opened, outline)
    found.seen, found.confidence, found.gone_m2, found.reasons

Surface models decide where there are any: cloth over a house keeps its height. Images decide else, and say what they
cannot tell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from geodata.crs import CGCS2000_GEOD
from geodata.verify.comparison import UNKNOWN_RESIDUAL_PX, Comparison
from geodata.verify.fall import Fall, fall_of
from geodata.verify.images import Said, Seen, judged_images
from geodata.verify.judging import ImageModel, shipped_model
from geodata.verify.measures import measured
from geodata.verify.wording import TITLES, reasons

_HEIGHT_SAYS: Mapping[str, tuple[str, ...]] = {
    "gone": ("fell",),
    "refilled": ("fell", "left_over"),
    "partly_gone": ("fell",),
    "stands": ("height_stays",),
}


@dataclass(frozen=True)
class Look:
    """What a later date shows of a structure.

    Args:
        seen: `gone`, `partly_gone`, `still_there`, `covered`, `refilled` or `unknown`.
        confidence: Probability that this holds, 0 to 1; 0 for `unknown`.
        proof: What it rests on: `image` or `surface_model`.
        shown_on: When the later date was taken.
        gone_share: Share of the outline that is gone.
        area_m2: Ellipsoidal area of the outline.
        gone_m2: Area that is gone.
        gone_error_m2: Its standard error.
        reasons: What was measured, in words.
        reasons_zh: The same in Chinese.
        source: Files and networks.
        figures: Every measure by name.
    """

    seen: Seen
    confidence: float
    proof: str
    shown_on: datetime
    gone_share: float
    area_m2: float
    gone_m2: float
    gone_error_m2: float
    reasons: tuple[str, ...]
    reasons_zh: tuple[str, ...]
    source: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def look(opened: Comparison, outline: shapely.Geometry, model: ImageModel | None = None) -> Look:
    """Look at a structure.

    Args:
        opened: The two dates.
        outline: Its polygon in CRS84, where the earlier image shows it.
        model: What judges the images, None: what Kancha ships.
    """
    said, figures = _by_images(opened, outline, model)
    fall = None if opened.heights is None else fall_of(opened.heights, outline, opened.pictures)
    proof = "image"
    if fall is not None:
        figures |= asdict(fall)
        if fall.says is not None:
            said, proof = _by_height(fall, said, figures), "surface_model"
    share = said.gone_share
    area_m2, perimeter_m = _size(outline)
    words, words_zh = reasons(said.because, figures | {"share": share})
    return Look(
        seen=said.seen,
        confidence=round(said.confidence, 3),
        proof=proof,
        shown_on=opened.dates[1],
        gone_share=round(share, 3),
        area_m2=round(area_m2, 1),
        gone_m2=round(area_m2 * share, 1),
        gone_error_m2=round(
            math.hypot(area_m2 * said.share_error, 0.5 * perimeter_m * outline_error_m(opened) * share), 1
        ),
        reasons=words,
        reasons_zh=words_zh,
        source=f"{', '.join(opened.names)} ({opened.eyes.identity})",
        figures={name: round(v, 3) if isinstance(v, float) else v for name, v in figures.items()},
    )


def outline_error_m(opened: Comparison) -> float:
    """Standard error of an outline's place: a pixel, and what the dates are still off each other."""
    if opened.plan is not None:
        gsd_m = float(np.sqrt(np.prod(opened.plan.grid.pixel_size)))
        return gsd_m * math.hypot(1.0, opened.residual_px / 2)
    assert opened.heights is not None
    return opened.heights.plan.gsd_m * math.hypot(1.0, UNKNOWN_RESIDUAL_PX / 2)


def _size(outline: shapely.Geometry) -> tuple[float, float]:
    """Ellipsoidal area, m², and perimeter, m, of a polygon or of several (TD/T 1055 annex D)."""
    told = [CGCS2000_GEOD.geometry_area_perimeter(part) for part in shapely.get_parts(outline)]
    return sum(abs(area) for area, _ in told), sum(perimeter for _, perimeter in told)


def _by_images(opened: Comparison, outline: shapely.Geometry, model: ImageModel | None) -> tuple[Said, dict[str, Any]]:
    nothing = Said("unknown", 0.0, 0.0, 0.0, ("outside",))
    if opened.plan is None or opened.alignment is None or opened.gate is None:
        return nothing, {}
    if opened.gate.outcome == "refused":
        why = "; ".join(check.message for check in opened.gate.checks if check.outcome == "refused")
        return Said("unknown", 0.0, 0.0, 0.0, ("refused",)), {"gate": why}
    if not opened.alignment.reliable:
        return Said("unknown", 0.0, 0.0, 0.0, ("unaligned",)), {}
    found = measured(opened.plan, outline, opened.eyes)
    if found is None:
        return nothing, {}
    said = judged_images(found.measures, found.cells, model or shipped_model())
    sure = opened.gate.lowered(said.confidence)
    return Said(said.seen, sure, said.gone_share, said.share_error, said.because), asdict(found.measures)


def _by_height(fall: Fall, said: Said, figures: dict[str, Any]) -> Said:
    """What the surface models say, whatever the picture looks like."""
    told = str(fall.says)
    because = _HEIGHT_SAYS[told]
    seen: Seen = "still_there"
    if told == "stands":
        hides = said.seen in ("gone", "partly_gone", "covered", "refilled")
        seen = "covered" if hides else "still_there"
        if hides:
            figures["said"], figures["said_zh"] = TITLES[said.seen]
            because = (*because, "picture_hides")
    elif told == "gone":
        seen = "gone"
    elif told == "refilled":
        seen = "refilled"
    else:
        seen = "partly_gone"
    share = 0.0 if told == "stands" else fall.fell_share
    return Said(seen, fall.confidence, share, fall.share_error, because)
