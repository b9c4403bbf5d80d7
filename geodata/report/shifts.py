"""The picture of the shift field: an arrow at each tie point, exaggerated by a named scale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from geodata.report.pictures import Colour, Picture, data_uri, nice_length_m

SIDE_PX = 640
_PAPER: Colour = (245, 248, 250)
_FRAME: Colour = (150, 163, 175)
_USED: Colour = (24, 98, 168)
_REJECTED: Colour = (214, 120, 60)
_INK: Colour = (16, 24, 32)
_MARGIN_PX, _FOOT_PX = 28, 44
_LONGEST_PX = 46.0


@dataclass(frozen=True)
class ShiftPicture:
    """The picture and what its caption says.

    Args:
        uri: The picture as a data URI.
        times: How many times longer the arrows are than the shifts they stand for.
        used: Tie points that the field follows.
        rejected: Tie points that were rejected.
    """

    uri: str
    times: float
    used: int
    rejected: int


def draw_shifts(provenance: Mapping[str, Any]) -> ShiftPicture | None:
    """The tie points of a scan as arrows from the first date to the second, north up as the grid; None without any."""
    ties = np.array(provenance.get("alignment", {}).get("ties", []), np.float64).reshape(-1, 6)
    height, width = provenance.get("grid", {}).get("shape", (0, 0))
    gsd_m = provenance.get("grid", {}).get("gsd_m") or 0.0
    if ties.size == 0 or min(height, width) < 1 or gsd_m <= 0:
        return None
    per_px = (SIDE_PX - 2 * _MARGIN_PX) / max(height, width)
    size = round(height * per_px) + 2 * _MARGIN_PX + _FOOT_PX, SIDE_PX
    picture: Picture = np.full((*size, 3), _PAPER, np.uint8)
    corner = _MARGIN_PX + round(width * per_px), _MARGIN_PX + round(height * per_px)
    cv2.rectangle(picture, (_MARGIN_PX, _MARGIN_PX), corner, _FRAME, 1)
    used = ties[:, 4] > 0
    lengths = np.hypot(ties[:, 2], ties[:, 3])
    longest = max(0.5, float(np.percentile(lengths[used] if used.any() else lengths, 95)))
    arrow_px = _LONGEST_PX / longest
    for rows, colour in ((ties[~used], _REJECTED), (ties[used], _USED)):
        for x, y, dx, dy, *_ in rows:
            # A rejected point may lie anywhere: its arrow is cut so that it hides nothing.
            cut = min(1.0, 1.5 * longest / max(1e-6, float(np.hypot(dx, dy))))
            start = _MARGIN_PX + x * per_px, _MARGIN_PX + y * per_px
            _arrow(picture, start, (dx * cut * arrow_px, dy * cut * arrow_px), colour)
    _legend(picture, arrow_px / gsd_m)
    return ShiftPicture(data_uri(picture, 90), arrow_px / per_px, int(used.sum()), int((~used).sum()))


def _arrow(picture: Picture, start: tuple[float, float], way: tuple[float, float], colour: Colour) -> None:
    first = round(start[0]), round(start[1])
    last = round(start[0] + way[0]), round(start[1] + way[1])
    cv2.circle(picture, first, 2, colour, -1, cv2.LINE_AA)
    cv2.arrowedLine(picture, first, last, colour, 1, cv2.LINE_AA, tipLength=0.25)


def _legend(picture: Picture, arrow_px_per_m: float) -> None:
    """An arrow of a round length in metres at the foot."""
    length_m = nice_length_m(2.2 * _LONGEST_PX / arrow_px_per_m)
    base = picture.shape[0] - 24
    _arrow(picture, (_MARGIN_PX, base), (length_m * arrow_px_per_m, 0.0), _INK)
    at = round(_MARGIN_PX + length_m * arrow_px_per_m) + 12, base + 5
    cv2.putText(picture, f"{length_m:g} m", at, cv2.FONT_HERSHEY_DUPLEX, 0.5, _INK, 1, cv2.LINE_AA)
