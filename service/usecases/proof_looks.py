"""Looks with the stored scenes: which earlier scene shows a structure standing, and what the later one shows of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely

from geodata.errors import KanchaError
from geodata.io.dates import BEIJING
from geodata.pairing.scene_mask import SceneMask
from geodata.types import ScanOptions, SurfaceFiles
from geodata.verify.comparison import Comparison, Eyes, open_comparison, shipped_eyes
from geodata.verify.greening import Greened, greened
from geodata.verify.look import Look, look
from service.files import private_folder
from service.services import Services
from service.store.records import Scene
from service.usecases.pairs import is_model
from service.usecases.scan_run import laid_out
from service.usecases.structures import LEAST_USABLE

SURFACE = "surface"


@dataclass(frozen=True)
class Place:
    """Where a case is.

    Args:
        outline: Polygon in CRS84.
        first_seen: When its structure was first seen; None: nobody knows.
        stood_until: Up to here it stood, as far as is known.
    """

    outline: shapely.Geometry
    first_seen: datetime | None
    stood_until: datetime


@dataclass(frozen=True)
class Found:
    """What a look with stored scenes gave.

    Args:
        seen: What was seen; `unknown` too where the scenes cannot be compared.
        confidence: How surely.
        proof: `image` or `surface_model`.
        earlier_id: The scene in which it stood.
        told: Reasons, figures, areas, networks.
    """

    seen: str
    confidence: float
    proof: str
    earlier_id: str | None
    told: Mapping[str, Any]


def frames(scene: Scene, outline: shapely.Geometry) -> bool:
    """Whether a scene frames all of an outline."""
    return bool(shapely.geometry.shape(scene.footprint).covers(outline))


def shows(services: Services, scene: Scene, outline: shapely.Geometry) -> bool:
    """Whether a scene frames a place and its mask, where it has one, lets it be seen."""
    if not frames(scene, outline):
        return False
    if scene.mask_sha256 is None:
        return True
    share = SceneMask.read(services.blobs.path(scene.mask_sha256)).usable_within(outline)
    return share is not None and share >= LEAST_USABLE


def earlier_scene(services: Services, place: Place, later: Scene) -> Scene | None:
    """The scene that shows the structure standing, of the kind of the later one; None without any.

    That of its first sighting, since the outline lies as that one shows it; else the latest before its end was told.
    """
    until = min(place.stood_until, later.acquired_at)
    fits = [
        scene
        for scene in services.store.scenes.meeting(place.outline.bounds)
        if _alike(scene, later) and scene.acquired_at < until and shows(services, scene, place.outline)
    ]
    if place.first_seen is not None:
        fits = [scene for scene in fits if scene.acquired_at >= place.first_seen]
        if fits and not is_model(later):
            return fits[0]
    return fits[-1] if fits else None


def _alike(scene: Scene, later: Scene) -> bool:
    return scene.attributes.get("kind") == later.attributes.get("kind") if is_model(later) else not is_model(scene)


class Looker:
    """Looks at places with the files of stored scenes; a pair is opened once for all places.

    Args:
        services: The service.
        folder: Where files are laid out.
    """

    def __init__(self, services: Services, folder: Path) -> None:
        self._services, self._folder = services, folder
        self._paths: dict[str, Path] = {}
        self._opened: dict[tuple[str, str], Comparison | KanchaError] = {}
        self._eyes: Eyes | None = None

    def look(self, place: Place, later: Scene) -> Found:
        """Look at a place.

        Args:
            place: The place.
            later: The scene to look at.
        """
        proof = "surface_model" if is_model(later) else "image"
        earlier = earlier_scene(self._services, place, later)
        if earlier is None:
            return _nothing(proof, None, "No stored scene shows it standing.", "没有显示该建筑存在的历史影像。")
        opened = self._open(earlier, later)
        if isinstance(opened, KanchaError):
            return _nothing(proof, earlier.id, opened.message, opened.title_zh)
        seen = look(opened, place.outline)
        return Found(seen.seen, seen.confidence, seen.proof, earlier.id, _told(seen))

    def green(self, area: shapely.Geometry, scene: Scene) -> Greened:
        """Measure the green of an area in a scene.

        Raises:
            KanchaError: If the scene cannot be measured.
        """
        return greened(self._path(scene), area, acquired_at=scene.acquired_at, crs=scene.declared_crs)

    def _open(self, earlier: Scene, later: Scene) -> Comparison | KanchaError:
        key = earlier.id, later.id
        if key not in self._opened:
            try:
                self._opened[key] = self._pair(earlier, later)
            except KanchaError as error:
                self._opened[key] = error
        return self._opened[key]

    def _pair(self, earlier: Scene, later: Scene) -> Comparison:
        self._eyes = self._eyes or shipped_eyes()
        options = ScanOptions(
            before_date=earlier.acquired_at,
            after_date=later.acquired_at,
            before_crs=earlier.declared_crs,
            after_crs=later.declared_crs,
            workers=self._services.settings.jobs.threads_per_scan,
        )
        paths = self._path(earlier), self._path(later)
        if is_model(later):
            return open_comparison(None, SurfaceFiles(*paths), options, self._eyes)
        return open_comparison(paths, None, options, self._eyes)

    def _path(self, scene: Scene) -> Path:
        if scene.id not in self._paths:
            self._paths[scene.id] = laid_out(self._services, scene, self._folder / scene.id)
        return self._paths[scene.id]


@contextmanager
def looking(services: Services) -> Iterator[Looker]:
    """Somebody who looks, with a folder of their own."""
    with private_folder(services.settings.data / "work") as folder:
        yield Looker(services, folder)


def day_of(moment: datetime) -> str:
    """The day in Beijing."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d}"


def _nothing(proof: str, earlier: str | None, why: str, why_zh: str) -> Found:
    return Found("unknown", 0.0, proof, earlier, {"reasons": [why], "reasons_zh": [why_zh]})


def _told(seen: Look) -> dict[str, Any]:
    return {
        "reasons": list(seen.reasons),
        "reasons_zh": list(seen.reasons_zh),
        "gone_share": seen.gone_share,
        "area_m2": seen.area_m2,
        "gone_m2": seen.gone_m2,
        "gone_error_m2": seen.gone_error_m2,
        "source": seen.source,
        "figures": dict(seen.figures),
    }


def words_of(told: Mapping[str, Any]) -> str:
    """The reasons of a look in one line, Chinese."""
    reasons: Sequence[str] = told.get("reasons_zh", ())
    return " ".join(str(one) for one in reasons)
