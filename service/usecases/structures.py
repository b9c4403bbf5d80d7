"""Structures over time: one at a time with the looks at it, and what older scenes can still tell of its beginning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import shapely

from geodata.errors import KanchaError
from geodata.pairing.scene_mask import SceneMask
from geodata.types import ScanOptions
from service.errors import NotFoundError
from service.services import Services
from service.store.job_records import Job
from service.store.queries import FeaturePage, FeatureQuery
from service.store.records import Scene, StructureLook
from service.usecases.layers import newest_versions
from service.usecases.pairs import check_pair, is_model
from service.usecases.scans import ScanOrder, order_scan
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
        usable: Whether both scenes show the place; None: nobody knows, a mask is missing.
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
        """How many looks were usable: a look without a mask that told the structure showed it."""
        return sum(look.usable is True or (look.usable is None and look.seen) for look in self.looks)

    @property
    def unknown(self) -> int:
        """How many looks may have been usable or not, and told nothing."""
        return sum(look.usable is None and not look.seen for look in self.looks)


@dataclass(frozen=True)
class OlderScene:
    """A scene that may tell more of the beginning.

    Args:
        scene_id: The scene.
        acquired_at: When it was taken.
        usable: Whether it shows the place; None: nobody knows.
        compared: Whether it was compared with both ends already, and told nothing.
    """

    scene_id: str
    acquired_at: datetime
    usable: bool | None
    compared: bool


@dataclass(frozen=True)
class RefusedPair:
    """A comparison that could tell more and cannot be made.

    Args:
        before_scene: Its earlier scene.
        after_scene: Its later scene.
        code: The named refusal.
        message: The same in words, with what was measured.
        remedy: What to do.
    """

    before_scene: str
    after_scene: str
    code: str
    message: str
    remedy: str


@dataclass(frozen=True)
class Earliest:
    """What is known of the beginning of a structure, and which scenes could tell more.

    Args:
        structure_id: The structure.
        last_absent: When its place was last seen without it; None: never.
        first_seen: When it was first seen.
        scenes: Scenes between the two that show the place, by their dates.
        pairs: The comparisons that halve what is not known: (earlier scene, later scene).
        refused: Comparisons with scenes between that are not admissible.
    """

    structure_id: str
    last_absent: datetime | None
    first_seen: datetime
    scenes: Sequence[OlderScene]
    pairs: Sequence[tuple[str, str]]
    refused: Sequence[RefusedPair]


def list_structures(services: Services, query: FeatureQuery) -> FeaturePage:
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
    assert first is not None  # every structure was seen
    looks = []
    shows = _Shows(services, outline)
    for look in _looks(services, outline):
        comes = look.before_at < first <= look.after_at and (gone is None or look.after_at < gone)
        goes = gone is not None and first <= look.before_at < gone <= look.after_at
        if comes or goes or look.scan_id in own:
            usable = shows.pair(look)
            looks.append(Look(look.scan_id, look.before_at, look.after_at, usable, look.scan_id in own))
    return History(text, sorted(looks, key=lambda look: (look.after_at, look.before_at, look.scan_id)))


def earliest(services: Services, structure_id: str, scene_id: str | None = None) -> Earliest:
    """What older scenes can still tell of the beginning of a structure.

    Between the last date without it and the first with it nobody has compared, or the structure was missed: the scene
    in the middle, compared with both ends, halves what is not known. Where it was never seen absent, the oldest scene
    comes first. A scene that was compared and told nothing, or that cannot be compared, leaves its place to the next.

    Args:
        services: The service.
        structure_id: The structure.
        scene_id: The scene between to compare in place of the one in the middle.

    Raises:
        NotFoundError: Without the structure, or where the scene is none of those that can tell more.
    """
    feature = orjson.loads(services.store.structures.feature(structure_id))
    told = feature["properties"]
    outline = shapely.geometry.shape(feature["geometry"])
    first, absent = _moment(told["first_seen"]), _moment(told["last_absent"])
    assert first is not None  # every structure was seen
    here = [s for s in services.store.scenes.meeting(outline.bounds) if _frames(s, outline) and not is_model(s)]
    done = {(look.before_scene, look.after_scene) for look in _looks(services, outline)}
    shows = _Shows(services, outline)
    between: list[OlderScene] = []
    open_pairs: dict[str, list[tuple[str, str]]] = {}
    refused: list[RefusedPair] = []
    for scene in here:
        if not (absent is None or scene.acquired_at > absent) or scene.acquired_at >= first:
            continue
        if (usable := shows.scene(scene)) is False:
            continue
        pairs = _pairs(scene, here, (absent, first))
        ahead = [pair for pair in pairs if (pair[0].id, pair[1].id) not in done]
        between.append(OlderScene(scene.id, scene.acquired_at, usable, bool(pairs) and not ahead))
        no = [one for pair in ahead if (one := _refusal(pair)) is not None]
        refused += no
        barred = {(one.before_scene, one.after_scene) for one in no}
        able = [(a.id, b.id) for a, b in ahead if (a.id, b.id) not in barred]
        if able:
            open_pairs[scene.id] = able
    chosen = _chosen(open_pairs, scene_id, absent is not None)
    return Earliest(str(feature["id"]), absent, first, between, open_pairs.get(chosen or "", []), refused)


def _pairs(scene: Scene, here: Sequence[Scene], ends: tuple[datetime | None, datetime]) -> list[tuple[Scene, Scene]]:
    """A scene with the scene of the last absence, and with that of the first sighting."""
    absent, first = (next((s for s in here if s.acquired_at == end), None) for end in ends)
    pairs = [(absent, scene)] if absent is not None else []
    return [*pairs, (scene, first)] if first is not None else pairs


def _refusal(pair: tuple[Scene, Scene]) -> RefusedPair | None:
    try:
        check_pair(*pair, ScanOptions(), None)
    except KanchaError as error:
        return RefusedPair(pair[0].id, pair[1].id, error.code, error.message, error.remedy or "")
    return None


def _chosen(open_pairs: Mapping[str, object], wanted: str | None, halving: bool) -> str | None:
    """The scene to compare next: the wanted one, else that in the middle, or the oldest where there is no middle."""
    if wanted is not None and wanted not in open_pairs:
        raise NotFoundError(
            f"The scene {wanted[:80]!r} can tell nothing more of the beginning.",
            remedy=f"Those that can: {', '.join(open_pairs) or 'none'}.",
        )
    names = list(open_pairs)
    if wanted is not None or not names:
        return wanted
    return names[len(names) // 2 if halving else 0]


def order_earliest(services: Services, structure_id: str, scene_id: str | None = None) -> list[tuple[Job, bool]]:
    """Order the comparisons that `earliest` names; each with whether it is new.

    Raises:
        NotFoundError: Without the structure, or where no scene could tell more.
    """
    found = earliest(services, structure_id, scene_id)
    if not found.pairs:
        refused = f" {len(found.refused)} comparisons are refused: {found.refused[0].message}" if found.refused else ""
        raise NotFoundError(
            f"No stored scene can tell more of the beginning of {found.structure_id}.{refused}",
            remedy="Store older scenes of the place: POST /scenes.",
        )
    layers = newest_versions(services)
    return [order_scan(services, ScanOrder(before, after, layers=layers)) for before, after in found.pairs]


def _scans_of(services: Services, finding_ids: Sequence[str]) -> set[str]:
    found = set()
    for fid in finding_ids:
        # one of several sightings may lie beyond the ground that the caller sees
        with suppress(NotFoundError):
            found.add(orjson.loads(services.store.scans.finding(fid))["properties"].get("scan_id"))
    return found


def _looks(services: Services, outline: shapely.Geometry) -> list[StructureLook]:
    """The scans that looked at a place: those narrowed to an area elsewhere did not."""
    looks = services.store.structures.looks(outline.bounds)
    return [look for look in looks if look.area is None or shapely.from_wkt(look.area).intersects(outline)]


class _Shows:
    """Whether scenes show a place, by their stored masks; each is read once."""

    def __init__(self, services: Services, outline: shapely.Geometry) -> None:
        self._services, self._outline = services, outline
        self._known: dict[str, bool | None] = {}

    def scene(self, scene: Scene) -> bool | None:
        """Whether one does; None without a mask."""
        if scene.id not in self._known:
            share = None
            if scene.mask_sha256 is not None:
                share = SceneMask.read(mask_path(self._services, scene.id)).usable_within(self._outline) or 0.0
            self._known[scene.id] = None if share is None else share >= LEAST_USABLE
        return self._known[scene.id]

    def pair(self, look: StructureLook) -> bool | None:
        """Whether both of a scan do; None where a mask is missing."""
        sides = [self.scene(self._services.store.scenes.get(s)) for s in (look.before_scene, look.after_scene)]
        return False if False in sides else None if None in sides else True


def _frames(scene: Scene, outline: shapely.Geometry) -> bool:
    return bool(shapely.geometry.shape(scene.footprint).covers(outline.representative_point()))


def _moment(text: Any) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text)).astimezone(UTC)
