"""Scans: asked for, listed, their findings served."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from geodata.features import parse_day
from geodata.types import LayerKind, ScanOptions
from service.auth.sight import highest
from service.errors import NotFoundError
from service.services import Services
from service.store.job_records import Job, Urgency, new_job
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Page, Scan, Scene
from service.usecases import jobs
from service.usecases.areas import area_geometry
from service.usecases.layers import check_versions
from service.usecases.model_parcels import is_own
from service.usecases.models import CURRENT, detector_for, require_background
from service.usecases.pairs import check_pair, check_surfaces
from service.usecases.rulebooks import is_own_book, rules_for
from service.usecases.streets import Streets
from service.version import code_version


@dataclass(frozen=True)
class ScanOrder:
    """What a client asks for.

    Args:
        before_scene: Id of the earlier scene.
        after_scene: Id of the later scene.
        layers: Layer version per kind.
        surfaces: Id of a scene per role of a surface or terrain model. Where `before_scene` and `after_scene` are
            the surface models themselves, they alone are compared.
        aoi: Area of interest as GeoJSON text in lon-lat; None: all that both scenes cover.
        options: Values of `ScanOptions` by name; dates and systems come from the scenes. The detector and the rules
            may be `current` or a name here; the stored order names them with their checksums.
    """

    before_scene: str
    after_scene: str
    layers: Mapping[str, str] = field(default_factory=dict)
    surfaces: Mapping[str, str] = field(default_factory=dict)
    aoi: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def heights_only(self) -> bool:
        """Whether surface models are compared without imagery."""
        return self.surfaces.get("before_dsm") == self.before_scene


def order_scan(services: Services, order: ScanOrder, urgency: Urgency = Urgency.NORMAL) -> tuple[Job, bool]:
    """Check what can be told without a pixel, and store a job.

    Args:
        services: A service with a runner.
        order: What is asked.
        urgency: Which of the waiting goes first.

    Returns:
        The job, stored and committed, and whether it is new: the same order gives the job that runs or has
        succeeded already.

    Raises:
        NotFoundError: Without a scene or layer version.
        PairError: If the two scenes cannot be compared.
        OptionError: If an option is out of range, or there is no such detector.
        ModelError: If the model cannot be used.
        RulebookError: If no version of the rulebook holds on the day of the later scene.
    """
    before = services.store.scenes.get(order.before_scene)
    after = services.store.scenes.get(order.after_scene)
    order = _with_rules(services, _with_detector(services, order), after)
    options = options_for(order, before, after)
    check_pair(before, after, options, area_geometry(order.aoi))
    surfaces = {role: services.store.scenes.get(scene) for role, scene in order.surfaces.items()}
    check_surfaces(surfaces, options)
    check_versions(services, order.layers)
    job = new_job(
        "scan",
        as_request(order),
        inputs_key(order, options),
        secrecy=secrecy_of(services, order),
        owner=services.caller.id,
        urgency=urgency,
        area=_area_of(services, before, after),
        place=_shelf_of(services, order),
    )
    return jobs.order(services, job)


def _shelf_of(services: Services, order: ScanOrder) -> str:
    """The data folder on whose shelves alone a model or rulebook of the order lies; empty: Kancha ships both."""
    own = is_own(str(order.options["detector"])) or is_own_book(str(order.options["rules"]))
    return services.runner.place if own and services.runner is not None else ""


def _area_of(services: Services, before: Scene, after: Scene) -> str:
    """The administrative area in the middle of what two scenes share; of one that spans several, the one there."""
    boxes = zip(before.bbox, after.bbox, strict=True)
    west, south, east, north = (pick(pair) for pick, pair in zip((max, max, min, min), boxes, strict=True))
    middle = (west + east) / 2, (south + north) / 2
    return Streets(services, [middle]).at(middle)


def _with_detector(services: Services, order: ScanOrder) -> ScanOrder:
    """The same order with the detector that is meant now, so that it means the same whenever it is done."""
    given = str(order.options.get("detector", CURRENT))
    detector = detector_for(services.settings, given, images=not order.heights_only)
    if order.options.get("false_alarms_per_km2") is not None:
        require_background(services.settings, detector)
    return replace(order, options={**order.options, "detector": detector})


def _with_rules(services: Services, order: ScanOrder, after: Scene) -> ScanOrder:
    """The same order with the rulebook that is meant now, of the version that holds on the day of the later scene."""
    given = str(order.options.get("rules", CURRENT))
    day = parse_day(after.acquired_at)
    assert day is not None  # a scene has its date
    return replace(order, options={**order.options, "rules": rules_for(services.settings, given, day)})


def options_for(order: ScanOrder, before: Scene, after: Scene) -> ScanOptions:
    """The options of a scan; a scene's date and system are told only where its sender told them."""
    return ScanOptions(
        **order.options,
        before_date=before.declared_at,
        after_date=after.declared_at,
        before_crs=before.declared_crs,
        after_crs=after.declared_crs,
    )


def inputs_key(order: ScanOrder, options: ScanOptions) -> str:
    """A hash of everything that decides the result, the code included."""
    told = {
        "before": order.before_scene,
        "after": order.after_scene,
        "layers": dict(order.layers),
        "surfaces": dict(order.surfaces),
        "aoi": None if order.aoi is None else orjson.loads(order.aoi),
        "options": options.result_parameters(),
        "code": code_version(),
    }
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def secrecy_of(services: Services, order: ScanOrder) -> str:
    """How secret what a scan finds is: as the most secret of what it compares."""
    scenes = (order.before_scene, order.after_scene, *order.surfaces.values())
    grades = [services.store.scenes.get(scene).secrecy for scene in scenes]
    return highest([*grades, *(services.store.layers.get(version).secrecy for version in order.layers.values())])


def as_request(order: ScanOrder) -> dict[str, Any]:
    """An order as plain values."""
    return {
        "before_scene": order.before_scene,
        "after_scene": order.after_scene,
        "layers": dict(order.layers),
        "surfaces": dict(order.surfaces),
        "aoi": order.aoi,
        "options": dict(order.options),
    }


def from_request(request: Mapping[str, Any]) -> ScanOrder:
    """An order from its plain values."""
    return ScanOrder(**request)


def get_scan(services: Services, scan_id: str) -> Scan:
    """One scan; `NotFoundError` without it."""
    return services.store.scans.get(scan_id)


def list_scans(services: Services, limit: int, after_key: int) -> Page[Scan]:
    """A page of scans, the latest first."""
    return services.store.scans.page(limit, after_key)


def findings_of(services: Services, query: FeatureQuery) -> FeaturePage:
    """A page of the findings of one scan or of all."""
    return services.store.scans.findings(query)


def resolve_layer(services: Services, kind: LayerKind, given: str) -> str:
    """The version that an id or the word `newest` means.

    Raises:
        NotFoundError: If `newest` is wanted of a kind that has none.
    """
    if given != "newest":
        return given
    version = services.store.layers.newest(kind)
    if version is None:
        raise NotFoundError(f"There is no {kind} layer.", remedy=f"Store one: POST /layers/{kind}.")
    return version.id
