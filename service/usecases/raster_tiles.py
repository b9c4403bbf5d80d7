"""Tiles of scenes, of their masks, and of the two dates of a scan as they lie on each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geodata.errors import CRSMismatchError
from geodata.grid import Grid
from geodata.io.warp import ShiftField
from geodata.pairing.scene_mask import SceneMask
from service.errors import NotFoundError
from service.render.ground import on_ground
from service.render.raster_tiles import Form, Look, Picture, Renderer, encoded, grid_of, parse_look
from service.render.shifts import PairShift, constant
from service.render.vector_tiles import Place
from service.services import Services
from service.store.records import Scene
from service.usecases.scenes import mask_path, shown_raster
from service.usecases.vector_tiles import place_of, scheme_of

_LEAST_PX = 2.0
"""A scene whose longer side is shorter on a tile does not show."""

__all__ = ["Wanted", "mask_tile", "place_of", "scan_tile", "scene_tile", "scheme_of"]


@dataclass(frozen=True)
class Wanted:
    """A tile that is asked for.

    Args:
        place: Which tile.
        form: Form of the picture.
        bands: Bands as they were asked for.
        stretch: Stretch as it was asked for.
        scale: 1 for 256 px, 2 for 512.
    """

    place: Place
    form: Form
    bands: str | None = None
    stretch: str | None = None
    scale: int = 1


def scene_tile(services: Services, renderer: Renderer, scene: Scene, wanted: Wanted) -> bytes:
    """A tile of a scene; an empty picture where it shows nothing: a missing one is a failed tile to map clients.

    Args:
        services: The service.
        renderer: Draws.
        scene: The scene.
        wanted: The tile.

    Raises:
        OptionError: If the scene cannot be shown so.
        RasterError: If its file cannot be decoded there.
    """
    info = shown_raster(services, scene)
    look = parse_look(info, wanted.bands, wanted.stretch, wanted.scale)
    if not _shows(scene, wanted.place):
        return _nothing(look.scale).encoded(wanted.form)
    try:
        picture = renderer.tile(info, wanted.place, look)
    except CRSMismatchError:
        # from afar a tile reaches where the scene's own system has no coordinates
        return _nothing(look.scale).encoded(wanted.form)
    return _seen(services, picture, grid_of(wanted.place, look.scale), wanted.form)


def scan_tile(services: Services, renderer: Renderer, scan_id: str, side: str, wanted: Wanted) -> bytes:
    """A tile of one date of a scan; the earlier is moved to where the later lies.

    Args:
        services: The service.
        renderer: Draws.
        scan_id: The scan.
        side: `before` or `after`.
        wanted: The tile.

    Raises:
        NotFoundError: Without the scan.
    """
    scan = services.store.scans.get(scan_id)
    scene = services.store.scenes.get(scan.before_scene if side == "before" else scan.after_scene)
    info = shown_raster(services, scene)
    if not _shows(scene, wanted.place):
        return _nothing(1).encoded(wanted.form)
    grid = grid_of(wanted.place)
    shift = _shift(scan.provenance, grid) if side == "before" else None
    return _seen(services, renderer.tile(info, wanted.place, Look(), shift), grid, wanted.form)


def _shift(provenance: Mapping[str, Any], grid: Grid) -> ShiftField | None:
    """Where the earlier date is read so that it lies where the later does; None: as it is."""
    pair = PairShift.of(provenance)
    if pair is not None:
        return pair.on(grid)
    told = provenance.get("alignment") or {}
    if not told.get("reliable") or not told.get("shift_px"):
        return None
    # an earlier release kept one shift for the whole scene
    step = float((provenance.get("grid") or {}).get("gsd_m") or 0.0)
    dx, dy = grid.gsd_m()
    return constant(-float(told["shift_px"][0]) * step / dx, -float(told["shift_px"][1]) * step / dy)


def shift_tile(services: Services, scan_id: str, place: Place) -> bytes:
    """A tile of the shift field of a scan, PNG with transparency.

    Raises:
        NotFoundError: Without the scan, or where its dates were not aligned.
    """
    pair = PairShift.of(services.store.scans.get(scan_id).provenance)
    if pair is None:
        raise NotFoundError(
            f"The scan {scan_id} has no shift field: its dates were not aligned, or an earlier release made it.",
            remedy="Order the scan anew.",
        )
    drawn = pair.drawn(grid_of(place))
    if services.sight.ground is not None:
        drawn = np.where(on_ground(services.sight, grid_of(place))[..., None], drawn, 0).astype(np.uint8)
    return encoded(drawn, "png")


def mask_tile(services: Services, scene: Scene, place: Place) -> bytes:
    """A tile of a scene's mask in its colours, PNG with transparency.

    Raises:
        NotFoundError: If no mask was made for the scene.
    """
    drawn = SceneMask.read(mask_path(services, scene.id)).drawn_on(grid_of(place))
    if services.sight.ground is not None:
        drawn = np.where(on_ground(services.sight, grid_of(place))[..., None], drawn, 0).astype(np.uint8)
    return encoded(np.ascontiguousarray(drawn[..., [2, 1, 0, 3]]), "png")


def _seen(services: Services, picture: Picture, grid: Grid, form: Form) -> bytes:
    """A picture without what lies beyond the ground that the caller sees."""
    if services.sight.ground is not None:
        seen = on_ground(services.sight, grid)
        picture = Picture(np.where(seen, picture.values, 0).astype(np.uint8), picture.valid & seen)
    return picture.encoded(form)


def _shows(scene: Scene, place: Place) -> bool:
    """Whether a tile shows something of a scene: it meets it, and the scene is more than a speck there."""
    west, south, east, north = place.bounds
    meets = scene.bbox[0] <= east and scene.bbox[2] >= west and scene.bbox[1] <= north and scene.bbox[3] >= south
    side = max((scene.bbox[2] - scene.bbox[0]) / (east - west), (scene.bbox[3] - scene.bbox[1]) / (north - south))
    return meets and side * 256 >= _LEAST_PX


def _nothing(scale: int) -> Picture:
    side = 256 * scale
    return Picture(np.zeros((3, side, side), np.uint8), np.zeros((side, side), bool))
