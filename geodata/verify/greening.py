"""What became of freed land, from one image: how much of it is green, and what a picture cannot tell."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import shapely

from geodata.detect.candidates import geodesic_area_m2
from geodata.detect.measured import Greenness, greenness
from geodata.detect.windows import BoolArray, doubled
from geodata.errors import BandsError, MissingDateError, NoOverlapError
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.io.warp import GridReader
from geodata.pairing.patches import LOOK, halved
from geodata.pairing.plan import PairPlan, plan_pair
from geodata.pairing.usable import classify, scene_statistics
from geodata.pairing.usable import seen as can_be_seen
from geodata.verify.measures import local, rastered, window_of

_HALO_PX = 128
_SPREAD = {"ndvi": 0.05, "excess_green": 0.02}
"""By so much the index of the same plants differs between images of one place: half the area between the two limits is
the error of where green begins. Our own choice, told in docs/proof.md."""
SEALED_EN = (
    "The share of sealed ground is not told: in colours and near infrared, concrete, gravel and dry soil look alike. "
    "Have a road or a square checked on site, and enclose the photograph."
)
SEALED_ZH = "影像不能区分硬化地面与裸土、砂石，硬化面积不予给出；道路、广场请现场核实并附照片。"


@dataclass(frozen=True)
class Greened:
    """How green an area is in one image.

    Args:
        index: `ndvi` or `excess_green`.
        acquired_at: When the image was taken.
        area_m2: Ellipsoidal area of the whole.
        seen_share: Share of it that the image usably shows; all that follows is about that part.
        green_m2: Green area.
        error_m2: Its standard error.
        sealed_share: Share of sealed ground: None, since a picture cannot tell it.
        reasons: What was measured and what cannot be told, in words.
        reasons_zh: The same in Chinese.
    """

    index: str
    acquired_at: datetime
    area_m2: float
    seen_share: float
    green_m2: float
    error_m2: float
    sealed_share: None
    reasons: tuple[str, ...]
    reasons_zh: tuple[str, ...]

    @property
    def share(self) -> float:
        """Green share of what was seen, 0 to 1."""
        seen = self.area_m2 * self.seen_share
        return self.green_m2 / seen if seen > 0 else 0.0


def greened(
    image: Path,
    area: shapely.Geometry,
    *,
    acquired_at: datetime | None = None,
    crs: str | None = None,
    outline_error_m: float = 0.0,
) -> Greened:
    """Measure the green of an area.

    Vegetation by NDVI above 0.30 where the image has near infrared, else by excess green above 0.08 of the brightness
    (Woebbecke et al. 1995). The standard error joins three parts: where green begins, pixels on the border of green
    and other ground, and the position of the area's own outline.

    Args:
        image: The image.
        area: Polygon in CRS84.
        acquired_at: When it was taken; None: as the file says.
        crs: Its system, where it declares none.
        outline_error_m: Standard error of the area's outline.

    Raises:
        MissingDateError: If nothing tells when the image was taken.
        BandsError: If it has neither colours nor near infrared.
        NoOverlapError: If it does not show the area.
        KanchaError: The named refusal of the file.
    """
    info = inspect_raster(image, crs=crs)
    moment = acquired_at or info.acquired_at
    if moment is None:
        raise MissingDateError(f"{info.name} tells no acquisition date.", remedy="Give it, or put it into the name.")
    found, mask, seen, perimeter_m = _read(info, area)
    usable = mask & seen
    area_m2 = geodesic_area_m2(area) if isinstance(area, shapely.Polygon) else _parts_m2(area)
    pixel_m2 = area_m2 / max(1, int(mask.sum()))
    seen_share = float(usable.sum() / max(1, mask.sum()))
    green = (found.index > found.least) & usable
    green_m2 = float(green.sum()) * pixel_m2
    error_m2 = _error(found, green, usable, pixel_m2)
    share = green.sum() / max(1, usable.sum())
    error_m2 = math.hypot(error_m2, 0.5 * perimeter_m * outline_error_m * float(share))
    words, words_zh = _words(found.name, green_m2, error_m2, seen_share)
    return Greened(
        found.name, moment, round(area_m2, 1), round(seen_share, 3), round(green_m2, 1), round(error_m2, 1), None,
        words, words_zh,
    )  # fmt: skip


def _parts_m2(area: shapely.Geometry) -> float:
    return sum(geodesic_area_m2(part) for part in shapely.get_parts(area))


def _read(info: RasterInfo, area: shapely.Geometry) -> tuple[Greenness, BoolArray, BoolArray, float]:
    """The index around an area, its pixels, what is seen of them, and its perimeter in m."""
    plan: PairPlan = plan_pair(info, info, min_area_m2=20.0)
    reader = GridReader(info, plan.bands, plan.grid)
    shape = local(area, plan.grid)
    window = window_of(shape, plan.grid, _HALO_PX)
    mask = None if window is None else rastered(shape, window)
    if window is None or mask is None or not mask.any():
        raise NoOverlapError(
            f"{info.name} does not show the area.", remedy="Choose an image of this place.", overlap_share=0.0
        )
    values, valid = reader.read(window)
    found = greenness(values.astype(np.float64), plan.bands)
    if found is None:
        raise BandsError(
            f"{info.name} has {', '.join(plan.bands)}: neither colours nor near infrared.",
            remedy="Choose an image with red, green and blue, or with red and near infrared.",
            bands=list(plan.bands),
        )
    codes = classify(*halved(values, valid), scene_statistics(reader.coarsened(LOOK)))
    return found, mask, doubled(can_be_seen(codes), valid.shape) & valid, shape.length * plan.grid.pixel_size[0]


def _error(found: Greenness, green: BoolArray, usable: BoolArray, pixel_m2: float) -> float:
    """Standard error of a green area: half of what lies between the two limits; mixed pixels along its border."""
    spread = _SPREAD[found.name]
    low, high = (int(((found.index > found.least + by) & usable).sum()) for by in (-spread, spread))
    inner = cv2.erode(green.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(bool)
    border = int((green & ~inner).sum())
    # a mixed pixel is green by anything from none to all: standard deviation of a uniform share, 1 / sqrt(12)
    return pixel_m2 * math.hypot((low - high) / 2, math.sqrt(border / 12))


def _words(index: str, green_m2: float, error_m2: float, seen: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    name = "NDVI above 0.30" if index == "ndvi" else "excess green above 0.08 (no near infrared)"
    name_zh = "NDVI大于0.30" if index == "ndvi" else "超绿指数大于0.08（影像无近红外波段）"
    words = (f"{green_m2:.0f} m² ± {error_m2:.0f} m² are green ({name}); {seen:.0%} of the area was usably seen.",)
    words_zh = (f"绿化{green_m2:.0f}平方米±{error_m2:.0f}平方米（{name_zh}）；可用影像覆盖该地块{seen:.0%}。",)
    return (*words, SEALED_EN), (*words_zh, SEALED_ZH)
