"""Structures over time: one at a time with the looks at it, and what older scenes can still tell of its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.pairing.scene_mask import SceneMask
from service.errors import NotFoundError
from service.services import Services
from service.store.records import FeatureQuery, Job, Page, Scene, StructureLook
from service.usecases.scenes import mask_path

LEAST_USABLE = 0.5
"""Share of a structure's place that a scene must show for a look at it to count."""


@dataclass(frozen=True)
class Look:
    """A scan that could have seen a structure come, or go.

    Args:
        scan_id: The scan.
        before_at: Time of its earlier scene.
        after_at: Time of its later scene.
        usable: Whether both scenes show the place; None: nobody knows, they have no masks.
        seen: Whether it told the structure.
    """

    scan_id: str
    before_at: datetime
    after_at: datetime
    usable: bool | None
    seen: bool


@dataclass(frozen=True)
class History:
    """A structure with the looks at it.

    Args:
        geojson: The structure as finished GeoJSON.
        looks: Scans whose dates lie on both sides of its beginning or its end, by their dates.
    """

    geojson: str
    looks: Sequence[Look]

    @property
    def seen(self) -> int:
        """In how many of the usable looks it was seen."""
        return sum(look.seen for look in self.looks if look.usable is not False)

    @property
    def usable(self) -> int:
        """How many looks were usable."""
        return sum(look.usable is not False for look in self.looks)


@dataclass(frozen=True)
class OlderScene:
    """A scene that may tell more of the beginning.

    Args:
        scene_id: The scene.
        acquired_at: When it was taken.
        usable: Whether it shows the place; None: nobody knows.
    """

    scene_id: str
    acquired_at: datetime
    usable: bool | None


@dataclass(frozen=True)
class Earliest:
    """What is known of the beginning of a structure, and which scenes could tell more.

    Args:
        structure_id: The structure.
        last_absent: When its place was last seen without it; None: never.
        first_seen: When it was first seen.
        scenes: Scenes between the two that show the place, by their dates.
        pairs: The comparisons that halve what is not known: (earlier scene, later scene).
    """

    structure_id: str
    last_absent: datetime | None
    first_seen: datetime
    scenes: Sequence[OlderScene]
    pairs: Sequence[tuple[str, str]]


def list_structures(services: Services, query: FeatureQuery) -> Page[str]:
    """A page of structures as GeoJSON texts."""
    return services.store.structures.features(query)


def get_structure(services: Services, structure_id: str) -> History:
    """A structure with its growth curve, its findings and the looks at it; `NotFoundError` without it."""
    text = services.store.structures.feature(structure_id)
    feature = orjson.loads(text)
    told = feature["properties"]
    outline = shapely.geometry.shape(feature["geometry"])
    first, gone = _moment(told["first_seen"]), _moment(told["gone_on"])
    own = _scans_of(services, told["finding_ids"])
    shown: dict[str, bool | None] = {}
    assert first is not None  # every structure was seen
    looks = []
    for look in services.store.structures.looks(outline.bounds):
        comes = look.before_at < first <= look.after_at and (gone is None or look.after_at < gone)
        goes = gone is not None and first <= look.before_at < gone <= look.after_at
        if comes or goes or look.scan_id in own:
            usable = _usable_pair(services, look, outline, shown)
            looks.append(Look(look.scan_id, look.before_at, look.after_at, usable, look.scan_id in own))
    return History(text, sorted(looks, key=lambda look: (look.after_at, look.before_at, look.scan_id)))


def earliest(services: Services, structure_id: str) -> Earliest:
    """What older scenes can still tell of the beginning of a structure.

    Between the last date without it and the first with it nobody has compared, or the structure was missed: the scene
    in the middle, compared with both ends, halves what is not known.

    Raises:
        NotFoundError: Without the structure.
    """
    feature = orjson.loads(services.store.structures.feature(structure_id))
    told = feature["properties"]
    outline = shapely.geometry.shape(feature["geometry"])
    first, absent = _moment(told["first_seen"]), _moment(told["last_absent"])
    assert first is not None  # every structure was seen
    here = [s for s in services.store.scenes.meeting(outline.bounds) if _frames(s, outline) and _is_picture(s)]
    between = [
        OlderScene(scene.id, scene.acquired_at, usable)
        for scene in here
        if scene.acquired_at < first
        and (absent is None or scene.acquired_at > absent)
        and (usable := _usable(services, scene, outline)) is not False
    ]
    pairs: list[tuple[str, str]] = []
    if between:
        middle = between[len(between) // 2 if absent is not None else 0]
        ends = [s.id for s in here if s.acquired_at == absent][:1], [s.id for s in here if s.acquired_at == first][:1]
        pairs = [(end, middle.scene_id) for end in ends[0]] + [(middle.scene_id, end) for end in ends[1]]
    return Earliest(str(feature["id"]), absent, first, between, pairs)


def order_earliest(services: Services, structure_id: str) -> list[tuple[Job, bool]]:
    """Order the comparisons that `earliest` names; each with whether it is new.

    Raises:
        NotFoundError: Without the structure, or where no scene could tell more.
    """
    from service.usecases.layers import newest_versions
    from service.usecases.scans import ScanOrder, order_scan

    found = earliest(services, structure_id)
    if not found.pairs:
        raise NotFoundError(
            f"No stored scene can tell more of the beginning of {found.structure_id}.",
            remedy="Store older scenes of the place: POST /scenes.",
        )
    layers = newest_versions(services)
    return [order_scan(services, ScanOrder(before, after, layers=layers)) for before, after in found.pairs]


def _scans_of(services: Services, finding_ids: Sequence[str]) -> set[str]:
    return {orjson.loads(services.store.scans.finding(fid))["properties"].get("scan_id") for fid in finding_ids}


def _usable_pair(
    services: Services, look: StructureLook, outline: shapely.Geometry, shown: dict[str, bool | None]
) -> bool | None:
    """Whether both scenes of a look show a place; `shown` remembers each, since scenes stand in many looks."""
    for scene in (look.before_scene, look.after_scene):
        if scene not in shown:
            shown[scene] = _usable(services, services.store.scenes.get(scene), outline)
    sides = [shown[look.before_scene], shown[look.after_scene]]
    return False if False in sides else None if None in sides else True


def _usable(services: Services, scene: Scene, outline: shapely.Geometry) -> bool | None:
    """Whether a scene shows a place, by its stored mask; None without one."""
    if scene.mask_sha256 is None:
        return None
    share = SceneMask.read(mask_path(services, scene.id)).usable_within(outline)
    return share is not None and share >= LEAST_USABLE


def _frames(scene: Scene, outline: shapely.Geometry) -> bool:
    return bool(shapely.geometry.shape(scene.footprint).covers(outline.representative_point()))


def _is_picture(scene: Scene) -> bool:
    from service.usecases.pairs import is_model

    return not is_model(scene)


def _moment(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text)).astimezone(UTC)
