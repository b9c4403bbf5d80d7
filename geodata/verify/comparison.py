"""Two dates opened once, so that any number of known structures can be looked at in them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from geodata.detect.detector import shipped
from geodata.detect.measured import Pictures
from geodata.detect.models import SHIPPED, Model, read_model
from geodata.detect.roofs import RoofModel, read_roof_model
from geodata.detect.windows import WindowPlan
from geodata.errors import OptionError
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.pairing.admissible import Admissibility, judge_pair
from geodata.pairing.checks import PairFacts
from geodata.pairing.coregister import Alignment
from geodata.pairing.plan import least_overlap, plan_pair, require_dates
from geodata.scan_height import SurfaceScan, open_surfaces, pictures_on
from geodata.scan_images import Judge, read_pair
from geodata.types import ScanOptions, SurfaceFiles

CHANGE_MODEL = "starter-2"
"""The shipped network that tells what disappeared. The coefficients of a look belong to it, whatever model the bureau
uses for its scans."""
UNKNOWN_RESIDUAL_PX = 2.0


@dataclass(frozen=True)
class Eyes:
    """The networks that look: their outputs are measures of a structure, not yet a judgement.

    Args:
        change: What tells what disappeared between two dates.
        roofs: What tells the roofs of one date.
    """

    change: Model
    roofs: RoofModel

    @property
    def identity(self) -> str:
        """Names and checksums, as results name them."""
        return f"{self.change.identity}, {self.roofs.identity}"


def shipped_eyes() -> Eyes:
    """The networks that Kancha ships."""
    return Eyes(read_model(SHIPPED / CHANGE_MODEL), read_roof_model())


@dataclass(frozen=True)
class Comparison:
    """Two dates, ready to be looked at.

    Args:
        dates: When they were taken.
        names: Names of the files that show them.
        eyes: What looks at the images.
        plan: What is done to a window of the images; None without images.
        alignment: How the images lie on each other.
        gate: How far the pair of images is to be trusted.
        heights: The surface models of both dates; None without.
        pictures: The images on the grid of the surface models.
    """

    dates: tuple[datetime, datetime]
    names: tuple[str, ...]
    eyes: Eyes
    plan: WindowPlan | None = None
    alignment: Alignment | None = None
    gate: Admissibility | None = None
    heights: SurfaceScan | None = None
    pictures: Pictures | None = None

    @property
    def residual_px(self) -> float:
        """How far the images are still off each other, p90, px."""
        reliable = self.alignment is not None and self.alignment.reliable
        return self.alignment.residual_p90_px if reliable and self.alignment else UNKNOWN_RESIDUAL_PX


def open_comparison(
    images: tuple[Path, Path] | None,
    surfaces: SurfaceFiles | None = None,
    options: ScanOptions | None = None,
    eyes: Eyes | None = None,
) -> Comparison:
    """Open two dates: images, surface models, or both.

    Args:
        images: The earlier image, in which the structures stood, and the later one.
        surfaces: Surface models of both dates.
        options: Dates, systems and accepted checks, as for a scan; its pixel size is that of its smallest structure.
        eyes: What looks, None: what Kancha ships.

    Raises:
        OptionError: If there is nothing to open.
        KanchaError: A named refusal of a file or of the pair.
    """
    ask = options or ScanOptions()
    if images is None and surfaces is None:
        raise OptionError("There is nothing to look at.", remedy="Give two images, two surface models, or both.")
    heights = None if surfaces is None else open_surfaces(surfaces, ask)
    seen = eyes or shipped_eyes()
    if images is None:
        assert heights is not None
        dates = require_dates(heights.before, heights.after, ask.before_date, ask.after_date)
        return Comparison(dates, (heights.before.name, heights.after.name), seen, heights=heights)
    first, second = (
        inspect_raster(path, crs=crs) for path, crs in zip(images, (ask.before_crs, ask.after_crs), strict=True)
    )
    opened = _with_images(first, second, ask, seen)
    if heights is None:
        return opened
    assert opened.alignment is not None and opened.plan is not None
    shift = opened.alignment.global_px if opened.alignment.reliable else (0.0, 0.0)
    gsd_m = opened.plan.grid.pixel_size[0]
    pictures = pictures_on(heights, first, second, (shift[0] * gsd_m, shift[1] * gsd_m))
    names = (*opened.names, heights.before.name, heights.after.name)
    return replace(opened, names=names, heights=heights, pictures=pictures)


def _with_images(first: RasterInfo, second: RasterInfo, ask: ScanOptions, eyes: Eyes) -> Comparison:
    dates = require_dates(first, second, ask.before_date, ask.after_date)
    pair = plan_pair(first, second, min_area_m2=ask.min_area_m2, gsd_m=ask.gsd_m, min_overlap=least_overlap(ask))
    readings = read_pair(first, second, pair, ask.workers)
    usable = readings.usable
    facts = PairFacts(first, second, dates, pair)
    facts = replace(
        facts,
        alignment=readings.alignment,
        effective_bits=usable.effective_bits,
        usable_share=usable.joint_share,
    )
    plan = readings.plan(None, Judge(shipped()))
    names = (first.name, second.name)
    return Comparison(dates, names, eyes, plan, readings.alignment, judge_pair(facts, ask))
