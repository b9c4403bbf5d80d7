"""A scan order from what a client sent: files are stored first, the order names only stored things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.io.rasters import inspect_raster
from service.auth.roles import Permission
from service.errors import BadRequestBodyError
from service.files import Upload
from service.services import Services
from service.store.job_records import Job
from service.usecases.areas import area_from_file, area_from_text
from service.usecases.layer_facts import LayerFacts
from service.usecases.layers import add_layer
from service.usecases.scans import ScanOrder, order_scan
from service.usecases.scenes import SceneFacts, add_scene
from service.usecases.sights import require_permission


@dataclass(frozen=True)
class OrderParts:
    """What a client sent.

    Args:
        folder: A private folder for what must be written.
        before: The earlier date: a file or the id of a scene; None: the surface models alone are compared.
        after: The later date.
        before_date: Its acquisition time, for a file.
        after_date: Its acquisition time, for a file.
        crs: System of any sent file that declares none.
        layers: Per kind a file or the id of a version.
        surfaces: Per role of a surface or terrain model a file or the id of a scene.
        mapping: Column names per kind, for files.
        encoding: Text encoding of the sent layers.
        aoi: Area of interest: a file or GeoJSON text.
        options: Values of `ScanOptions` by name.
    """

    folder: Path
    before: Upload | str | None
    after: Upload | str | None
    before_date: datetime | None = None
    after_date: datetime | None = None
    crs: str | None = None
    layers: Mapping[str, Upload | str] = field(default_factory=dict)
    surfaces: Mapping[str, Upload | str] = field(default_factory=dict)
    mapping: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encoding: str | None = None
    aoi: Upload | str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


def take_order(services: Services, parts: OrderParts) -> tuple[Job, bool]:
    """Store what was sent and order the scan; see `order_scan`.

    Raises:
        KanchaError: The named refusal of a file, of the pair or of an option.
    """
    aoi = _area(services, parts)
    layers = {kind: _layer(services, parts, kind, given) for kind, given in parts.layers.items()}
    if parts.before is None or parts.after is None:
        surfaces = {role: _model(services, parts, role, None) for role in parts.surfaces}
        before, after = surfaces["before_dsm"], surfaces["after_dsm"]
    else:
        before = _scene(services, parts, parts.before, parts.before_date, "before")
        after = _scene(services, parts, parts.after, parts.after_date, "after")
        surfaces = {
            role: _model(services, parts, role, before if role.startswith("before") else after)
            for role in parts.surfaces
        }
    order = ScanOrder(
        before_scene=before,
        after_scene=after,
        layers=layers,
        surfaces=surfaces,
        aoi=aoi,
        options=parts.options,
    )
    return order_scan(services, order)


def _scene(services: Services, parts: OrderParts, given: Upload | str, acquired_at: datetime | None, which: str) -> str:
    if isinstance(given, Upload):
        require_permission(services, Permission.UPLOAD)
        return add_scene(services, given, SceneFacts(acquired_at=acquired_at, crs=parts.crs))[0].id
    if acquired_at is not None:
        raise BadRequestBodyError(
            f"The stored scene {given} has its date already.",
            remedy=f"Leave {which}_date out, or send the file again with the right date.",
        )
    return given


def _model(services: Services, parts: OrderParts, role: str, picture: str | None) -> str:
    """The scene of a surface or terrain model; one that tells no date is of the date of its picture."""
    given = parts.surfaces[role]
    if isinstance(given, str):
        return given
    require_permission(services, Permission.UPLOAD)
    acquired_at = parts.before_date if role.startswith("before") else parts.after_date
    if picture is not None:
        own = inspect_raster(given.path, crs=parts.crs).acquired_at
        acquired_at = None if own is not None else services.store.scenes.get(picture).acquired_at
    kind = "terrain" if role.endswith("dtm") else "surface"
    facts = SceneFacts(acquired_at=acquired_at, crs=parts.crs, attributes={"kind": kind})
    return add_scene(services, given, facts)[0].id


def _layer(services: Services, parts: OrderParts, kind: str, given: Upload | str) -> str:
    if isinstance(given, str):
        return given
    require_permission(services, Permission.LAYERS, everywhere=True)
    # sent with one scan: it holds for that scan, and does not become the bureau's newest layer
    facts = LayerFacts(
        crs=parts.crs, mapping=dict(parts.mapping.get(kind, {})), encoding=parts.encoding, standing=False
    )
    return add_layer(services, kind, given, facts)[0].id


def _area(services: Services, parts: OrderParts) -> str | None:
    limits = services.settings.limits
    if isinstance(parts.aoi, Upload):
        return area_from_file(parts.aoi.path, limits, parts.crs)
    return None if parts.aoi is None else area_from_text(parts.aoi, limits, parts.folder)
