"""Scenes: taken in once, shown, listed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import orjson
import shapely
from shapely.geometry import shape

from geodata.crs import crs_label
from geodata.errors import MissingDateError, OptionError, RasterBombError, RasterError
from geodata.io.cogs import is_quick, write_cog
from geodata.io.dates import is_plausible
from geodata.io.decoding import decode_throughout
from geodata.io.guard import GuardLimits
from geodata.io.preview import read_preview
from geodata.io.rasters import RasterInfo, inspect_raster
from geodata.io.sidecars import acquisition_from_mapping, read_acquisition
from geodata.pairing.scene_mask import SceneMask, scene_mask
from service.auth.caller import parse_clearance
from service.errors import InternalError, NotFoundError
from service.files import Upload, private_folder, sha256_of
from service.render.ground import on_ground
from service.services import Services
from service.settings import Settings
from service.store.records import Box, Page, Scene
from service.usecases.coverage import keep_look
from service.usecases.pairs import as_raster
from service.usecases.sights import require_all_of, require_clearance, require_ground

_QUICK_PX = 100_000_000


@dataclass(frozen=True)
class SceneFacts:
    """What the sender says about a scene.

    Args:
        acquired_at: Time of acquisition, None: from the file or its name.
        crs: System of a file that declares none.
        attributes: Anything else, kept as it is; sun and view angles, sensor and date are understood in the words of a
            STAC item (`view:sun_elevation`, `view:off_nadir`, `platform`, `datetime`).
        secrecy: Who may see it: `public`, `internal` (default) or `secret`.
        arrived_at: When all of it was there, None: now. Whoever takes it in says so, not the sender.
    """

    acquired_at: datetime | None = None
    crs: str | None = None
    attributes: Mapping[str, Any] | None = None
    secrecy: str | None = None
    arrived_at: datetime | None = None


def add_scene(
    services: Services, upload: Upload, facts: SceneFacts, decode: Callable[[RasterInfo], None] | None = None
) -> tuple[Scene, bool]:
    """Check a raster and store it once.

    Args:
        services: The service.
        upload: The raster; it is moved.
        facts: What its sender says.
        decode: Reads all of it apart once everything else is well; None: done here, if that is quick.

    Returns:
        The scene, and whether it is new.

    Raises:
        RasterError: If the raster is refused; its subclasses say why.
        DamagedRasterError: If a block of it cannot be decoded.
        MissingDateError: If nothing tells the date.
        ForbiddenError: If it is too secret for the sender, or lies beyond their areas.
        OptionError: If it is stored already with another secrecy than it is sent with.
    """
    info = inspect_raster(upload.path, crs=facts.crs, sha256=upload.sha256)
    scene = _told_scene(services, upload, info, facts)
    require_clearance(services, scene.secrecy)
    require_ground(services, info.footprint)
    try:
        services.store.scenes.get(scene.id)
    except NotFoundError:
        (decode or partial(_decode_if_quick, services))(info)
        scene = _masked(services, _quick(services, scene, info), info)
    services.blobs.put(upload.path, upload.sha256)
    new = services.store.scenes.add(scene)
    stored = services.store.scenes.get(scene.id)
    if facts.secrecy is not None and stored.secrecy != scene.secrecy:
        raise OptionError(
            f"The scene is stored already, as {stored.secrecy}.",
            remedy="A grade does not change by sending the file again; leave `secrecy` out to get the stored scene.",
            scene=stored.id,
            secrecy=stored.secrecy,
        )
    if new:
        keep_look(services, stored)
    return stored, new


def draft_scene(services: Services, path: Path) -> Scene:
    """What a file would be as a scene, by its header and its name: nothing is stored, its content is not read.

    Raises:
        RasterError: If its header is refused.
        MissingDateError: If nothing tells the date.
    """
    size, beside = path.stat().st_size, read_acquisition(path).as_stac()
    # nobody reads the content for a checksum: its name and size stand for it
    name = hashlib.sha256(f"{path}|{size}".encode("utf-8", "surrogateescape")).hexdigest()
    info = inspect_raster(path, sha256=name)
    return _told_scene(services, Upload(path, name, size), info, SceneFacts(attributes=beside or None))


def _told_scene(services: Services, upload: Upload, info: RasterInfo, facts: SceneFacts) -> Scene:
    """The scene that a raster and its sender tell of.

    Raises:
        RasterBombError: If it is too large.
        MissingDateError: If nothing tells the date.
    """
    _check_size(services, info)
    told = acquisition_from_mapping(facts.attributes or {}, "attributes")
    acquired_at = facts.acquired_at or info.acquired_at or told.acquired_at
    if acquired_at is None:
        raise MissingDateError(
            f"Neither the TIFF tag DateTime nor the name of {upload.name} tells when it was taken.",
            remedy="Name the date (acquired_at=2025-04-12) or put it into the file's name.",
        )
    if not is_plausible(acquired_at):
        raise MissingDateError(
            f"{upload.name} is said to have been taken in the year {acquired_at.year}.",
            remedy="Name the date (acquired_at=2025-04-12), or correct it in the file.",
            year=acquired_at.year,
        )
    return _scene(upload, info, facts, acquired_at)


def guard_limits(settings: Settings) -> GuardLimits:
    """What the first decode of a raster may use."""
    return GuardLimits(memory_bytes=settings.uploads.decode_memory_bytes, seconds=settings.uploads.decode_s)


def _decode_if_quick(services: Services, info: RasterInfo) -> None:
    """Read all of a raster apart, unless a client would wait for it too long: those come as resumable uploads."""
    if info.width * info.height <= _QUICK_PX:
        decode_throughout(info.path, guard_limits(services.settings))


def _masked(services: Services, scene: Scene, info: RasterInfo) -> Scene:
    """The scene with its mask, which is stored beside it; without one where that would cost too much.

    A mosaic of a drone comes without overviews as a rule, and all of it would be decoded: its copy has them.
    """
    mask = scene_mask(info)
    if mask is None and scene.cog_sha256 is not None:
        mask = scene_mask(shown_raster(services, scene))
    if mask is None:
        return scene
    with private_folder(services.settings.data / "incoming") as folder:
        path = folder / "mask.tif"
        mask.write(path)
        sha256 = sha256_of(path)
        services.blobs.put(path, sha256)
    return replace(scene, shares=dict(mask.shares), mask_sha256=sha256)


def _quick(services: Services, scene: Scene, info: RasterInfo) -> Scene:
    """The scene with its copy in blocks with overviews, for tiles; without one where it needs none."""
    if is_quick(info) or info.width * info.height > services.settings.limits.max_cog_px:
        return scene
    with private_folder(services.settings.data / "incoming") as folder:
        path = folder / "scene.tif"
        try:
            overviews = write_cog(info, path)
        except RasterError:
            return scene  # a block that cannot be decoded: whoever reads it is told
        sha256 = sha256_of(path)
        services.blobs.put(path, sha256)
    return replace(scene, cog_sha256=sha256, cog_overviews=overviews)


def shown_raster(services: Services, scene: Scene) -> RasterInfo:
    """A scene as it is shown: its copy in blocks with overviews, or the source where that is so itself."""
    if scene.cog_sha256 is None:
        return as_raster(scene, services.blobs.path(scene.sha256))
    info = as_raster(scene, services.blobs.path(scene.cog_sha256))
    return replace(info, sha256=scene.cog_sha256, overviews=scene.cog_overviews or ())


def usable_within(services: Services, scene_id: str, boxes: Sequence[Box]) -> float | None:
    """Share of boxes (lon-lat; none: of all) that shows the ground; None where the scene shows nothing of them.

    Raises:
        NotFoundError: Without the scene, or where no mask was made for it.
    """
    mask = SceneMask.read(mask_path(services, scene_id))
    wanted = boxes or (services.store.scenes.get(scene_id).bbox,)
    return mask.usable_within(shapely.union_all([shapely.box(*box) for box in wanted]))


def mask_path(services: Services, scene_id: str) -> Path:
    """The file of a scene's mask.

    Raises:
        NotFoundError: Without the scene, or where no mask was made for it.
    """
    scene = services.store.scenes.get(scene_id)
    if scene.mask_sha256 is None:
        raise NotFoundError(
            f"The scene {scene_id} has no mask: looking at all of it would have taken too long.",
            remedy="Store it with overviews: gdal_translate -of COG INPUT output.tif",
        )
    return services.blobs.path(scene.mask_sha256)


def whole_mask_path(services: Services, scene_id: str) -> Path:
    """The same for those who may have all of it.

    Raises:
        NotFoundError: As `mask_path`.
        ForbiddenError: If the scene reaches beyond the caller's areas.
    """
    require_all_of(services, shape(services.store.scenes.get(scene_id).footprint), "The mask")
    return mask_path(services, scene_id)


def content_path(services: Services, scene_id: str, *, cog: bool = False) -> tuple[Scene, Path]:
    """A scene and its file: the source as it came, or its copy in blocks with overviews.

    Raises:
        NotFoundError: Without the scene, or where no copy was made of it.
        ForbiddenError: If the scene reaches beyond the caller's areas.
    """
    scene = services.store.scenes.get(scene_id)
    require_all_of(services, shape(scene.footprint), "The scene")
    if not cog:
        return scene, services.blobs.path(scene.sha256)
    if scene.cog_sha256 is None:
        raise NotFoundError(
            f"The scene {scene_id} has no copy with overviews: it needs none, or none could be made.",
            remedy=f"GET /scenes/{scene_id}/file gives the source.",
        )
    return scene, services.blobs.path(scene.cog_sha256)


def _check_size(services: Services, info: RasterInfo) -> None:
    pixels, most = info.width * info.height, services.settings.limits.max_scene_px
    if pixels > most:
        raise RasterBombError(
            f"{info.name} has {info.width:,} x {info.height:,} pixels; this service takes {most:,}.",
            remedy="Split the scene or raise KANCHA_LIMITS__MAX_SCENE_PX.",
            pixels=pixels,
            max_pixels=most,
        )


def _scene(upload: Upload, info: RasterInfo, facts: SceneFacts, acquired_at: datetime) -> Scene:
    footprint = orjson.loads(shapely.to_geojson(shapely.set_precision(info.footprint, 1e-9)))
    west, south, east, north = info.footprint.bounds
    return Scene(
        id=scene_id(upload.sha256, acquired_at, facts.crs),
        file_name=upload.name,
        sha256=upload.sha256,
        size_bytes=upload.size_bytes,
        acquired_at=acquired_at,
        declared_at=facts.acquired_at,
        declared_crs=facts.crs,
        crs=crs_label(info.grid.crs),
        crs_wkt=info.grid.crs.to_wkt(),
        transform=tuple(info.grid.transform)[:6],
        nodata=info.nodata,
        overviews=info.overviews,
        width=info.width,
        height=info.height,
        bands=info.bands,
        dtype=info.dtype,
        gsd_m=info.gsd_m,
        footprint=footprint,
        bbox=(west, south, east, north),
        attributes=dict(facts.attributes or {}),
        created_at=datetime.now(UTC),
        secrecy=_secrecy(facts.secrecy),
        arrived_at=facts.arrived_at,
    )


def _secrecy(told: str | None) -> str:
    return parse_clearance(told or "internal").word


def scene_id(sha256: str, acquired_at: datetime, declared_crs: str | None) -> str:
    """The id of a scene: the same content, date and declared system give the same scene."""
    told = "|".join([sha256, acquired_at.astimezone(UTC).isoformat(), declared_crs or ""])
    return hashlib.sha256(told.encode()).hexdigest()[:20]


def get_scene(services: Services, scene: str) -> Scene:
    """One scene; `NotFoundError` without it."""
    return services.store.scenes.get(scene)


def list_scenes(services: Services, limit: int, after_key: int) -> Page[Scene]:
    """A page of scenes."""
    return services.store.scenes.page(limit, after_key)


def preview(services: Services, scene_id: str, form: str, box: Box | None, max_px: int) -> bytes:
    """A picture of a scene in lon-lat, exactly of the wanted box.

    Args:
        services: The service.
        scene_id: Which scene.
        form: `png` (transparent where there is nothing) or `jpg`.
        box: Wanted part, None: all of it.
        max_px: Longer side, px.

    Raises:
        NotFoundError: Without the scene.
        NoOverlapError: If the box lies outside it.
        OptionError: If the size is out of range.
    """
    most = services.settings.limits.max_preview_px
    if not 1 <= max_px <= most:
        raise OptionError(f"The width {max_px} is outside 1 to {most}.", remedy="Choose another.", width=max_px)
    if box is not None and not (box[0] < box[2] and box[1] < box[3]):
        raise OptionError("The box of a preview must have an area.", remedy="west,south,east,north")
    scene = services.store.scenes.get(scene_id)
    picture = read_preview(shown_raster(services, scene), bounds_lonlat=box, max_px=max_px)
    seen = on_ground(services.sight, picture.grid)
    valid = picture.valid & seen
    pixels = np.moveaxis(np.where(seen, picture.array, 255)[::-1], 0, -1)
    if form == "png":
        alpha = np.where(valid, 255, 0).astype(np.uint8)
        pixels = np.dstack([pixels, alpha])
    ok, encoded = cv2.imencode(f".{form}", np.ascontiguousarray(pixels))
    if not ok:
        raise InternalError("The picture could not be encoded.")
    return encoded.tobytes()
