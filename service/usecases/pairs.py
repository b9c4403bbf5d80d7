"""Which two scenes belong together: what the catalogue can tell before a pixel is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyproj
import shapely
from affine import Affine

from geodata.errors import OptionError
from geodata.grid import Grid
from geodata.io.rasters import RasterInfo
from geodata.io.sidecars import acquisition_from_mapping
from geodata.pairing.admissible import Admissibility, judge_pair
from geodata.pairing.checks import PairFacts
from geodata.pairing.plan import least_overlap, overlap_share, plan_pair, require_dates
from geodata.types import ScanOptions
from service.store.records import Scene


def as_raster(scene: Scene, path: Path | None = None) -> RasterInfo:
    """A stored scene as an accepted raster: it was checked when it came in and has not changed since.

    Args:
        scene: The scene.
        path: Where its content lies; None: it is only talked about, under its own name.
    """
    grid = Grid(pyproj.CRS.from_wkt(scene.crs_wkt), Affine(*scene.transform), (scene.height, scene.width))
    return RasterInfo(
        path=path or Path(scene.file_name),
        sha256=scene.sha256,
        size_bytes=scene.size_bytes,
        grid=grid,
        bands=scene.bands,
        dtype=scene.dtype,
        nodata=scene.nodata,
        overviews=scene.overviews,
        acquired_at=scene.acquired_at,
        acquisition=acquisition_from_mapping(scene.attributes, "attributes"),
    )


def check_pair(before: Scene, after: Scene, options: ScanOptions, area: shapely.MultiPolygon | None) -> Admissibility:
    """Refuse at once a pair that the scan would refuse later, in the same words.

    Args:
        before: The earlier scene.
        after: The later scene.
        options: The options of the scan.
        area: Area of interest.

    Returns:
        What the gate says of it, as far as can be told without a pixel.

    Raises:
        PairError: If the two cannot be compared; its subclasses say why.
        BandsError: If they share no band.
    """
    first, second = as_raster(before), as_raster(after)
    dates = require_dates(first, second, None, None)
    least = least_overlap(options)
    plan = plan_pair(first, second, min_area_m2=options.min_area_m2, gsd_m=options.gsd_m, area=area, min_overlap=least)
    judged = judge_pair(PairFacts(first, second, dates, plan), options)
    judged.require()
    return judged


def check_surfaces(models: Mapping[str, Scene], options: ScanOptions) -> None:
    """Refuse at once surface and terrain models that the scan would refuse later.

    Args:
        models: Scene per role; the two surface models or none at all.
        options: The options of the scan.

    Raises:
        OptionError: If a surface model is missing.
        BandsError: If one of them is a picture.
        PairError: If the two surface models cannot be compared.
    """
    if not models:
        return
    # loaded on demand: most orders need none of it
    from geodata.scan_height import require_heights

    if not {"before_dsm", "after_dsm"} <= models.keys():
        raise OptionError(
            f"{', '.join(models)} is given, but heights need the surface models of both dates.",
            remedy="Send before_dsm and after_dsm.",
        )
    for model in models.values():
        require_heights(as_raster(model))
    pair = as_raster(models["before_dsm"]), as_raster(models["after_dsm"])
    plan_pair(*pair, min_area_m2=options.min_area_m2, gsd_m=options.gsd_m)


def is_model(scene: Scene) -> bool:
    """Whether a scene was sent as a surface or terrain model: no partner for a picture."""
    return scene.attributes.get("kind") in ("surface", "terrain")


def latest_earlier(scene: Scene, candidates: Sequence[Scene], min_overlap_share: float) -> Scene | None:
    """The latest earlier picture of the same place; of two of one time the one that shares more ground."""
    here = as_raster(scene)
    earlier = [
        (other.acquired_at, share, other.id, other)
        for other in candidates
        if other.acquired_at < scene.acquired_at
        and not is_model(other)
        and (share := overlap_share(here, as_raster(other))) >= min_overlap_share
    ]
    return max(earlier, key=lambda entry: entry[:3])[3] if earlier else None
