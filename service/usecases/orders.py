"""A scan order from what a client sent: files are stored first, the order names only stored things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from service.errors import BadRequestBodyError
from service.files import Upload
from service.services import Services
from service.store.records import Job
from service.usecases.areas import area_from_file, area_from_text
from service.usecases.layers import LayerFacts, add_layer
from service.usecases.scans import ScanOrder, order_scan
from service.usecases.scenes import SceneFacts, add_scene


@dataclass(frozen=True)
class OrderParts:
    """What a client sent.

    Args:
        folder: A private folder for what must be written.
        before: The earlier date: a file or the id of a scene.
        after: The later date.
        before_date: Its acquisition time, for a file.
        after_date: Its acquisition time, for a file.
        crs: System of any sent file that declares none.
        layers: Per kind a file or the id of a version.
        mapping: Column names per kind, for files.
        encoding: Text encoding of the sent layers.
        aoi: Area of interest: a file or GeoJSON text.
        options: Values of `ScanOptions` by name.
    """

    folder: Path
    before: Upload | str
    after: Upload | str
    before_date: datetime | None = None
    after_date: datetime | None = None
    crs: str | None = None
    layers: Mapping[str, Upload | str] = field(default_factory=dict)
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
    order = ScanOrder(
        before_scene=_scene(services, parts, parts.before, parts.before_date, "before"),
        after_scene=_scene(services, parts, parts.after, parts.after_date, "after"),
        layers=layers,
        aoi=aoi,
        options=parts.options,
    )
    return order_scan(services, order)


def _scene(services: Services, parts: OrderParts, given: Upload | str, acquired_at: datetime | None, which: str) -> str:
    if isinstance(given, Upload):
        return add_scene(services, given, SceneFacts(acquired_at=acquired_at, crs=parts.crs))[0].id
    if acquired_at is not None:
        raise BadRequestBodyError(
            f"The stored scene {given} has its date already.",
            remedy=f"Leave {which}_date out, or send the file again with the right date.",
        )
    return given


def _layer(services: Services, parts: OrderParts, kind: str, given: Upload | str) -> str:
    if isinstance(given, str):
        return given
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
